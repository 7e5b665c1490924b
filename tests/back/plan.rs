//! Plans: transports and their reasons, ids, who uses what, and what is refused.

use std::path::Path;

use conc::Scenario;
use conc::plan::{Plan, Reason, Transport, User};
use conc::report;

#[track_caller]
fn planned(text: &str) -> Plan {
    let scenario = Scenario::from_str(text);
    match scenario.plan(&[]) {
        Ok(plan) => plan,
        Err(found) => panic!("{}", report::diagnostic::render(scenario.source(), &found, false)),
    }
}

#[track_caller]
fn transport(text: &str, object: &str) -> (Transport, Reason) {
    let plan = planned(text);
    let decl = plan.image.program.objects.iter().position(|spec| &*spec.name == object).unwrap();
    plan.transports[decl].clone()
}

/// What is said about a text that cannot be planned.
#[track_caller]
fn refused(text: &str, sets: &[(&str, &str)]) -> String {
    let sets: Vec<_> = sets.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let scenario = Scenario::from_str(text);
    let found = match scenario.plan(&sets) {
        Ok(_) => Vec::new(),
        Err(found) => found,
    };
    report::diagnostic::render(scenario.source(), &found, false)
}

/// Every scenario of the tutorial. `INSTA_UPDATE=always cargo test --test back plan` takes new ones.
#[test]
fn tutorial() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/tutorial");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "conc"));
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let plan = Scenario::from_path(&file).unwrap().plan(&[]).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        insta::assert_snapshot!(format!("{name}.text"), report::plan::text(&plan));
        insta::assert_snapshot!(format!("{name}.dot"), report::plan::dot(&plan));
    }
}

#[test]
fn mermaid() {
    let text = "pipe a <- b\nqueue q(2, order: lifo)\nprocess p(x) { b.send(x) }\nmain { start p(1); q.put(a.recv()) }";
    insta::assert_snapshot!(report::plan::mermaid(&planned(text)));
}

#[test]
fn transports() {
    let channel = |reason| (Transport::Channel, reason);
    let inside = |reason| (Transport::InProcess, reason);
    let arena = |reason| (Transport::Arena, reason);
    for (text, object, expected) in [
        ("queue q\nmain { q.put(1) }", "q", channel(Reason::OnlyMain)),
        ("lock m\nthread t { with m { } }\nmain { start t; m.acquire() }", "m", inside(Reason::OnlyMain)),
        ("queue q(order: lifo)\nmain { q.put(1) }", "q", inside(Reason::Order)),
        ("queue q\nprocess p { q.put(1) }\nmain { start p; q.get() }", "q", arena(processes("main", "p"))),
        ("queue q\nprocess p { q.put(1) }\nmain { start p }", "q", arena(Reason::Replicated("p".into()))),
        ("queue q\nprocess p { q.put(1) }", "q", channel(Reason::OnlyProcess("p".into()))),
        ("queue q\nprocess p[i in 0..2] { q.put(i) }", "q", arena(Reason::Replicated("p".into()))),
        ("queue q\ntask f { q.put(1) }\nprocess p { f() }\nmain { start p; f() }", "q", arena(processes("main", "p"))),
        ("queue q\npool w(2)\ntask f { q.put(1) }\nmain { w.apply(f) }", "q", arena(Reason::Replicated("w".into()))),
        ("pool w(2)\nmain { w.close() }", "w", arena(Reason::Pool)),
        ("process p { queue q; thread t { q.put(1) }; start t; q.get() }", "q", channel(Reason::Private)),
        // A thread's parameter on which only operations are done keeps what it is given.
        ("queue q\nthread t(x) { x.put(1) }\nmain { start t(q) }", "q", channel(Reason::OnlyMain)),
        ("queue q\ntask f(x) { x.put(1) }\nmain { f(q) }", "q", channel(Reason::OnlyMain)),
        ("shared n = 0\nprocess p(x) { print x }\nmain { start p(n) }", "n", inside(Reason::OnlyMain)),
        ("lock m[3]\nmain { print len(m); with m[0] { } }", "m", inside(Reason::OnlyMain)),
        ("queue q[2]\nmain { for one in q { one.put(1) } }", "q", channel(Reason::OnlyMain)),
        ("lock m[2]\nmain { let one = m[0]; with one { } }", "m", inside(Reason::OnlyMain)),
        // A condition and its lock live in one place.
        (
            "lock m\ncondition c(m)\nprocess p { with c { } }\nmain { start p; with m { } }",
            "m",
            arena(processes("main", "p")),
        ),
    ] {
        assert_eq!(transport(text, object), expected, "{text}");
    }
    for (text, object) in [
        ("queue q\nprocess p(x) { x.put(1) }\nmain { start p(q) }", "q"),
        ("queue q\nthread t(x) { let y = x; y.put(1) }\nmain { start t(q) }", "q"),
        ("queue q\nqueue r\nmain { r.put(q) }", "q"),
        ("queue q[2]\nqueue r\nmain { for one in q { r.put(one) } }", "q"),
        ("queue q\npool w(1)\ntask f(x) { x.put(1) }\nmain { w.apply(f, q) }", "q"),
    ] {
        let (transport, reason) = transport(text, object);
        assert!(matches!((transport, &reason), (Transport::Arena, Reason::Escapes(_))), "{text}: {reason:?}");
    }
    assert_eq!(transport("pipe a <- b\nmain { b.send(1); a.recv() }", "a"), (Transport::KernelPipe, Reason::Pipe));
}

fn processes(one: &str, other: &str) -> Reason {
    Reason::Processes(one.into(), other.into())
}

#[test]
fn ids_are_dense_and_conditions_come_after_their_locks() {
    let plan = planned(
        "const N = 2\ncondition c(m)\nlock m\npipe r[N] <- w[N]\natomic a[N] = [5, 6]\nmain { with c { }; r[0].poll(); w[1].close(); a[0].add(1) }",
    );
    let names: Vec<_> = plan.objects.iter().map(|object| &*object.name).collect();
    assert_eq!(names, ["m", "r[0]", "r[1]", "w[0]", "w[1]", "a[0]", "a[1]", "c"]);
    let peers: Vec<_> = plan.objects.iter().map(|object| object.peer).collect();
    assert_eq!(peers, [None, Some(3), Some(4), Some(1), Some(2), None, None, None]);
    let start = |id: usize| format!("{:?}", plan.objects[id].setup);
    assert_eq!((start(5), start(6)), ("[Int(5)]".into(), "[Int(6)]".into()));
    assert!(start(7).contains("id: 0"), "{}", start(7));
}

#[test]
fn who_holds_which_end() {
    let plan = planned(
        "pipe a <- b\npipe c <-> d\ntask f { b.send(1) }\nthread t { c.recv() }\nprocess p { f(); start q(d) }\nprocess q(x) { x.recv() }\nmain { start p; start t; a.recv() }",
    );
    let held = |user| {
        let name = |decl: &u32| plan.image.program.objects[*decl as usize].name.to_string();
        plan.ends_held_by(user).iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(held(User::Main), ["a", "c"]);
    // Naming `d` to pass it on is not holding it.
    assert_eq!(held(User::Template(1)), ["b"]);
    assert_eq!(held(User::Template(2)), Vec::<String>::new());
}

#[test]
fn values_that_no_object_can_have() {
    insta::assert_snapshot!(refused(
        "const N = 0\nbarrier b(N)\nsemaphore s(N - 1)\nqueue q(N - 5)\nlock m[N - 2]\natomic a[2] = [1]\npool w(N)\nmain { print 1 }",
        &[],
    ));
    insta::assert_snapshot!(refused("const N = 70_000\nlock m[N]\nmain { m[0].acquire() }", &[]));
    insta::assert_snapshot!(refused(
        "const T = -5ms\nbarrier b(2, timeout: T)\nbarrier c(2, 3)\nmain { print 1 }",
        &[]
    ));
    insta::assert_snapshot!(refused("const A = 1 // 0\nconst B = A + 1\nmain { print B }", &[]));
}

#[test]
fn settings() {
    let text = "const SIZE = 2\nqueue q(SIZE)\nmain { q.put(SIZE) }";
    insta::assert_snapshot!(refused(text, &[("SIZ", "3"), ("SIZE", "3 + 4"), ("OTHER", "1")]));
    let sets = [("SIZE".to_owned(), "7".to_owned())];
    let plan = Scenario::from_str(text).plan(&sets).unwrap();
    assert!(report::plan::text(&plan).contains("queue of 7"));
}

#[test]
fn it_is_known_of_some_that_no_state_is_come_back_to() {
    let comes_back = |text: &str| planned(text).may_come_back(false);
    for text in [
        "atomic n = 0\nthread t[i in 0..2] { for _ in 0..3 { n.add(1) } }",
        "queue q\nprocess p { for k in 0..3 { q.put(k) } ; q.close() }\nprocess c { for x in q { print x } }",
        "queue q\nprocess p { for k in 0..3 { q.put(k) } }\nprocess c { loop { let x = q.get() ; if x == 2 { break } } }",
        // Each notification lets one turn be, and there are only so many.
        "condition c\nshared full = false\nprocess p { for _ in 0..2 { with c { full = true ; c.notify() } } }\n\
         process w { with c { while not full { c.wait() } } }",
        // The second goes round for what the first gives, of whom it is known that it counts.
        "queue a\nqueue b\nprocess p { a.put(1) }\nprocess q { for x in a { b.put(x) } }\nprocess r { for x in b { pass } }",
        "semaphore s(2)\nprocess p { loop { s.acquire() } }",
        "queue a\nqueue b\nmain { a.put(1) ; a.close() ; let all = [b.put(x) for x in a] }",
        "queue q\nmain { let all = [1, 2] ; for x in all { q.put(x) } }",
        "task f(n) { print n }\nmain { for k in 0..3 { f(k) } }",
    ] {
        assert!(!comes_back(text), "{text}");
    }
    for text in [
        "atomic n = 0\nthread t { while n == 0 { yield } }",
        "main { loop { pass } }",
        "queue q\nprocess p { loop { q.put(q.get()) } }",
        "queue a\nqueue b\nprocess p { for x in a { b.put(x) } }\nprocess q { for x in b { a.put(x) } }",
        "queue a\nqueue b\nprocess p { let _ = {b.put(x) for x in a} }\nprocess q { for x in b { a.put(x) } }",
        // What gives may be a case, or a handle.
        "queue a\nqueue b\nprocess p { loop { let x = a.get() ; select { case b.put(x) { } } } }\n\
         process q { for x in b { a.put(x) } }",
        "queue a\nqueue b\ntask give(to, x) { to.put(x) }\nprocess p { for x in a { give(b, x) } }\n\
         process q { for x in b { a.put(x) } }",
        "queue a\nqueue b\nprocess p { for x in a { let to = {q: b} ; to.q.put(x) } }\nprocess q { for x in b { a.put(x) } }",
        "pipe l <-> r\nprocess p { loop { l.send(l.recv()) } }\nprocess q { loop { r.send(r.recv()) } }",
        "semaphore s(1)\nprocess p { loop { with s { pass } } }",
        "semaphore s(1)\nprocess p { loop { s.acquire() ; s.release() } }",
        "condition c\nprocess p[i in 0..2] { with c { loop { c.notify() ; c.wait() } } }",
        // It may go round without taking any.
        "queue q\nprocess p { loop { if q.empty() { continue } ; q.get() } }",
        "queue q\nprocess p { loop { if q.empty() { q.get() } } }",
        "queue q\nprocess p { loop { try { q.get(timeout: 1ms) } catch Empty { pass } } }",
        "event e\nprocess p { loop { e.wait() } }\nmain { e.set() }",
        "lock m\nprocess p { loop { with m { pass } } }",
        "process p { start p }",
        "task f(n) { f(n) }\nmain { f(1) }",
        // Who takes has it made anew.
        "process p { semaphore s(1) ; loop { s.acquire() } }\nmain { loop { start p } }",
        // What is gone through may be a queue.
        "queue q\nqueue r\nmain { r.put(q) ; for x in r.get() { q.put(x) } }",
        "pool w(2)\ntask f(n) { return n }\nmain { print w.map(f, [1, 2]) }",
    ] {
        assert!(comes_back(text), "{text}");
    }
    let waits = "condition c\nprocess w { with c { loop { c.wait() } } }";
    assert!(!planned(waits).may_come_back(false) && planned(waits).may_come_back(true));
}

#[test]
fn it_is_known_of_most_scenarios() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = walkdir::WalkDir::new(root).into_iter().flatten().map(walkdir::DirEntry::into_path);
    let is_scenario = |path: &std::path::PathBuf| path.extension().is_some_and(|ending| ending == "conc");
    let plans = files.filter(is_scenario).filter_map(|path| Scenario::from_path(path).ok()?.plan(&[]).ok());
    let (open, known): (Vec<Plan>, Vec<Plan>) = plans.partition(|plan| plan.may_come_back(false));
    println!("no state is come back to in {} scenarios, in {} one may be", known.len(), open.len());
    assert!(known.len() > 2 * open.len(), "{} and {}", known.len(), open.len());
}
