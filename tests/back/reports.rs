//! What is said of errors and deadlocks.

use conc::program::op::OpCode;
use conc::report;
use conc::source::{Source, Span};
use conc::trace::{Blocked, Uncaught};
use conc::value::ObjectKind;

const TEXT: &str = "lock a\nlock b\nprocess p {\n    with a { with b { } }\n}\nmain {\n    start p\n    é.join()\n}\n";

fn source() -> Source {
    Source::new("two.conc", TEXT)
}

fn span(part: &str) -> Span {
    let start = TEXT.find(part).unwrap();
    Span::new(start, start + part.len())
}

fn blocked(actor: &str, part: &str, op: OpCode, target: &str, held_by: &[&str]) -> Blocked {
    let held_by = held_by.iter().map(|name| (*name).to_owned()).collect();
    let kind = (op == OpCode::LockAcquire).then_some(ObjectKind::Lock);
    Blocked {
        actor: actor.into(),
        span: span(part),
        op,
        target: Some(target.into()),
        kind,
        held_by,
        holder_ended: false,
        gathered: None,
    }
}

#[test]
fn uncaught() {
    let error = Uncaught {
        actor: "p#2".into(),
        kind: "ValueError".into(),
        message: "7 is odd".into(),
        span: span("with b { }"),
    };
    insta::assert_snapshot!(report::uncaught(&source(), &error, false));
}

#[test]
fn uncaught_over_lines_and_beyond_the_end() {
    let error =
        Uncaught { actor: "main".into(), kind: "Oops".into(), message: String::new(), span: Span::new(15, 4000) };
    insta::assert_snapshot!(report::uncaught(&source(), &error, false));
    for start in 0..TEXT.len() + 2 {
        let error = Uncaught { span: Span::new(start, start + 3), ..error.clone() };
        assert!(report::uncaught(&source(), &error, true).contains("two.conc"));
    }
}

#[test]
fn deadlock_in_a_circle() {
    let circle = [
        blocked("p[0]", "with b { }", OpCode::LockAcquire, "b", &["p[1]"]),
        blocked("p[1]", "with a {", OpCode::LockAcquire, "a", &["p[0]"]),
        blocked("main", "é.join()", OpCode::Join, "p[0]", &["p[0]"]),
    ];
    insta::assert_snapshot!(report::deadlock(&source(), &circle, false));
}

#[test]
fn deadlock_with_nobody_left() {
    let alone = [
        blocked("main", "é.join()", OpCode::QueueGet, "q", &[]),
        blocked("p", "with a {", OpCode::LockAcquire, "a", &["p"]),
    ];
    insta::assert_snapshot!(report::deadlock(&source(), &alone, false));
}
