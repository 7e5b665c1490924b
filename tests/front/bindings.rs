//! What names refer to.

use conc::analysis::{Binding, Checked};
use conc::source::Source;
use conc::syntax::ast::{Expr, ExprKind, StmtKind};

fn resolved(text: &str) -> (Checked, Vec<&'static str>) {
    let source = Source::new("b.conc", text);
    let (file, parsed) = conc::syntax::parse(&source);
    let (checked, found) = conc::analysis::resolve(&source, file);
    let ids = parsed.iter().chain(&found).map(|diagnostic| diagnostic.code.id()).collect();
    (checked, ids)
}

/// The codes that are reported for a text.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(resolved(text).1, expected, "{text}");
}

/// What the names that `main` prints refer to, in order.
fn printed(checked: &Checked) -> Vec<Binding> {
    let Some(main) = &checked.main else { return Vec::new() };
    let prints = main.stmts.iter().filter_map(|stmt| match &stmt.kind {
        StmtKind::Print(values) => Some(values),
        _ => None,
    });
    let name = |value: &Expr| match &value.kind {
        ExprKind::Name(name) => Some(checked.binding(name)),
        ExprKind::Call(callee, _) => match &callee.kind {
            ExprKind::Name(name) => Some(checked.binding(name)),
            _ => None,
        },
        _ => None,
    };
    prints.flatten().filter_map(name).collect()
}

#[test]
fn nearer_names_hide_farther_ones() {
    let (checked, ids) = resolved(
        "shared x = 1\nconst len = 3\nmain {\n queue x\n x.put(1)\n print x, len\n let x = 2\n print x\n let x = 3\n print x\n}",
    );
    assert_eq!(ids, ["W0001"]);
    let shown: Vec<String> = printed(&checked).iter().map(|binding| format!("{binding:?}")).collect();
    assert_eq!(shown, ["Object(DeclId(1))", "Const(ConstId(0))", "Local(LocalId(0))", "Local(LocalId(1))"]);
}

#[test]
fn constants_come_after_those_they_use() {
    let (checked, ids) = resolved("const A = B + C\nconst B = C * 2\nconst C = 1\nmain { print A, C }");
    assert_eq!(ids, [""; 0]);
    let names: Vec<&str> = checked.consts.iter().map(|decl| &*decl.name.text).collect();
    assert_eq!(names, ["C", "B", "A"]);
    let shown: Vec<String> = printed(&checked).iter().map(|binding| format!("{binding:?}")).collect();
    assert_eq!(shown, ["Const(ConstId(2))", "Const(ConstId(0))"]);
}

#[test]
fn a_pipe_is_two_objects() {
    let (checked, _) = resolved("lock m\npipe a <-> b\nqueue q");
    let shown: Vec<(String, Option<u32>)> =
        checked.objects.iter().map(|object| (object.name.text.to_string(), object.peer.map(|peer| peer.0))).collect();
    let expected = [("m", None), ("a", Some(2)), ("b", Some(1)), ("q", None)];
    assert_eq!(shown, expected.map(|(name, peer)| (name.to_owned(), peer)));
}

#[test]
fn bodies_see_what_they_may() {
    check(
        "process p(_n) {\n lock m\n thread t { with m { } }\n let h = start t\n h.join()\n}\nmain { start p(1) }",
        &[],
    );
    check("process p {\n let n = 1\n thread t { print n }\n start t\n}", &["E0128", "E0150"]);
    check("process p {\n thread t { print n }\n let n = 1\n start t\n print n\n}", &["E0150"]);
    check("thread t { with m { } }\nmain {\n lock m\n start t\n}", &[]);
    check("main { for _ in 0..3 { } print _ }", &["E0007"]);
    check("main { for _ in 0..3 { }; print _ }", &["E0101"]);
    check("main { let [a, _, _] = [1, 2, 3]; print a }", &[]);
    check("main { let [a, a] = [1, 2]; print a }", &["E0102"]);
    check("pool w(2) {\n lock m\n with m { }\n}\nmain { w.close(); w.join() }", &[]);
    check("queue q\nmain { select { case x = q.get() { print x } after 1s { print x } } }", &["E0101"]);
    check("main { try { } catch Full as e { print e.kind } print 1 }", &["E0007"]);
    check("main { let f = [x for x in [1] if x > 0]; print f, x }", &["E0101"]);
}

#[test]
fn operations_are_known_where_the_object_is() {
    check("lock forks[3]\nmain { for f in forks { f.aquire() } }", &["E0103"]);
    check("process p[i in 0..2] { print i }\nmain { for h in start p { h.get() } }", &["E0103"]);
    check("process p { }\nmain { let h = start p; h.joine() }", &["E0103"]);
    check("process p { }\nmain { let h = none; loop { h = start p; if h.x() { break } } }", &[]);
    check("pool w\ntask f(x) { return x }\nmain { let r = w.apply_async(f, 1); r.put() }", &["E0103"]);
    check("pool w\ntask f(x) { return x }\nmain { print w.apply(f), w.apply(f, 1, 2) }", &["E0108", "E0105"]);
    check("pool w\ntask f(x) { return x }\nmain { w.apply_async(f, x: 1, callback: f, error_callback: f) }", &[]);
    check("condition c\nshared n = 0\nmain { with c { c.wait_for(n == 1, timeout: 1s) } }", &[]);
    check("shared xs = []\nmain { xs.push(1); xs.sort(); print xs.len }", &[]);
    check("atomic n = 0\nmain { n.add(1); n.ad(1) }", &["E0103"]);
    check("rwlock rw\nmain { with rw.read { }; rw.write.acquire(); rw.write.release(); rw.acquire() }", &["E0138"]);
    check("atomic flag[3] = 0\nmain { flag[1].add(1); flag[0] = 2; await flag[0] == 2 }", &[]);
    check("once setup { print 1 }\nbarrier b(1) { print 2 }\nmain { setup.run(); b.wait() }", &[]);
}

#[test]
fn free_functions_take_what_they_take() {
    check("main { print sorted([2, 1], reverse: true), sum([1], 2), enumerate([1], 1) }", &[]);
    check("main { print min(1, 2, 3), zip([1], [2]), str(), list(), range(1, 2, 3) }", &[]);
    check("main { print sorted([1], revers: true) }", &["E0106"]);
    check("main { print min() }", &["E0105"]);
    check("main { print pid(1) }", &["E0105"]);
    check("main { print len(x: [1]) }", &[]);
}

#[test]
fn what_is_normal_is_not_warned_of() {
    check("main { let _unused = 1; for i in 0..3 { pass } }", &[]);
    check("pipe a <-> _b\nmain { a.send(1) }", &[]);
    check("pipe a <-> b\nmain { a.send(1) }", &["W0008"]);
    check("main { loop { break } print 1 }", &["E0007"]);
    check("main { loop { if true { break } }; print 1 }", &[]);
    check("shared n = 0\nmain { n }", &[]);
    check("task f { return }\nmain { f(); return }", &[]);
}
