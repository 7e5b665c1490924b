//! Ways out of `try`, `with` and loops.

use super::world::{check_lines, run};

#[test]
fn errors_are_caught_by_kind() {
    check_lines(
        "try { print 1 // 0 } catch Empty { print 1 } catch ZeroDivision as e { print e.kind, e.line, e.actor }",
        &["ZeroDivision 2 main"],
    );
    check_lines("try { raise Custom(\"x\") } catch { print \"any\" }", &["any"]);
    check_lines("try { try { raise A(\"1\") } catch B { } } catch A as e { print e.message }", &["1"]);
    check_lines("try { try { raise A(\"1\") } catch A { raise } } catch A as e { print e.message, e.line }", &["1 2"]);
    check_lines("let x = 1\ntry { x = x + none } catch TypeError { }\nprint x", &["1"]);
    check_lines("let x = [1]\ntry { x += 2 } catch TypeError { }\nprint x", &["[1]"]);
}

#[test]
fn finally_runs_on_every_way_out() {
    check_lines("try { print 1 } finally { print 2 }", &["1", "2"]);
    check_lines("try { try { raise A } finally { print 1 } } catch A { print 2 }", &["1", "2"]);
    check_lines("for i in 0..3 { try { if i == 1 { break }\nprint i } finally { print \"f\" } }", &["0", "f", "f"]);
    check_lines("for i in 0..2 { try { continue } finally { print i } }", &["0", "1"]);
    check_lines("loop { try { try { break } finally { print 1 } } finally { print 2 } }", &["1", "2"]);
    check_lines("try { raise A } catch A { print 1 } finally { print 2 }", &["1", "2"]);
    check_lines("try { try { raise A } finally { raise B } } catch B { print \"b\" }", &["b"]);
    check_lines("loop { try { raise A } finally { break } }\nprint 1", &["1"]);
}

#[test]
fn a_return_passes_through_finally() {
    let run = run("task f(x) { try { return x } finally { print \"f\" } }
        task g { try { try { return 1 } finally { print \"inner\" } } finally { print \"outer\" } }
        task h { for i in 0..3 { try { return i } finally { return 9 } } }
        main { print f(3)\nprint g()\nprint h() }");
    assert_eq!(run.lines, ["f", "3", "inner", "outer", "1", "9"], "{}", run.error());
}

#[test]
fn exit_passes_through_finally_but_no_catch() {
    let run = run("main { try { try { exit(3) } catch { print \"caught\" } } finally { print \"f\" } }");
    assert_eq!(run.lines, ["f"]);
    assert_eq!(run.error(), "exit at 1: ");
}

#[test]
fn with_releases_in_reverse_whatever_happens() {
    let text = "lock a\nsemaphore s(2)\nrwlock rw
        main {
            try { with a, s, rw.read { raise Oops(\"x\") } } catch Oops { print \"caught\" }
            for i in 0..2 { with a { if i == 0 { continue }\nbreak } }
        }";
    let run = run(text);
    assert_eq!(run.lines, ["caught"], "{}", run.error());
    assert_eq!(
        run.ops,
        [
            "#0 LockAcquire true, none",
            "#1 SemaphoreAcquire true, none",
            "#2 RwAcquire true, none",
            "#2 RwRelease",
            "#1 SemaphoreRelease 1",
            "#0 LockRelease",
            "#0 LockAcquire true, none",
            "#0 LockRelease",
            "#0 LockAcquire true, none",
            "#0 LockRelease",
        ]
    );
}

#[test]
fn recursion_ends_in_an_error() {
    let run = run("task f(n) { return f(n + 1) }\nmain { try { f(0) } catch RecursionError { print \"deep\" } }");
    assert_eq!(run.lines, ["deep"], "{}", run.error());
}

#[test]
fn values_nest_to_a_limit() {
    for (start, step) in [("[]", "x = [x]"), ("[]", "x = [x, x]"), ("{}", "x.k = x"), ("[]", "x = enumerate([x])")] {
        let body = format!("let x = {start}\ntry {{ loop {{ {step} }} }} catch ValueError as e {{ print e.message }}");
        check_lines(&body, &["values nest at most 512 deep"]);
    }
}
