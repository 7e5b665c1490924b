//! Warnings over the whole file: where they are due, and above all where they are not.

use std::path::{Path, PathBuf};

use conc::Scenario;

fn warned(text: &str) -> Vec<&'static str> {
    Scenario::from_str(text).diagnostics().iter().map(|found| found.code.id()).collect()
}

#[track_caller]
fn silent(text: &str) {
    assert_eq!(warned(text), [""; 0], "{text}");
}

#[track_caller]
fn warns(id: &str, text: &str) {
    assert_eq!(warned(text), [id], "{text}");
}

fn scenarios(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            scenarios(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "conc") {
            found.push(path);
        }
    }
}

#[test]
fn scenarios_of_the_repository_deserve_theirs() {
    let mut files = Vec::new();
    for folder in ["scenarios", "benches", "tests/meaning"] {
        scenarios(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    files.sort();
    let mut said = Vec::new();
    for file in &files {
        let scenario = Scenario::from_path(file).unwrap_or_else(|error| panic!("{error}"));
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        said.extend(scenario.diagnostics().iter().map(|found| format!("{name}: {}", found.code.id())));
    }
    assert!(files.len() > 100);
    // Both are about what the warning says.
    assert_eq!(said, ["bank_transfer: W0011", "philosophers: W0011"]);
}

#[test]
fn locks_that_are_handed_over_are_not_kept() {
    silent("lock m\nprocess p { m.release() }\nmain { m.acquire(); start p }");
    silent("lock m\ntask open { m.release() }\ntask shut { m.acquire() }\nmain { shut(); open() }");
    silent("lock ms[2]\nmain { for i in 0..2 { ms[i].acquire() }\nfor i in 0..2 { ms[i].release() } }");
    silent("lock m\nprocess p(l) { l.release() }\nmain { m.acquire(); start p(m) }");
    silent("condition c\nmain { c.acquire(); c.notify(); c.release() }");
    silent("lock m\ncondition c(m)\nmain { c.acquire(); c.notify(); m.release() }");
}

#[test]
fn every_way_out_is_followed() {
    silent("lock m\nmain { m.acquire(); try { print 1 } finally { m.release() } }");
    silent(
        "lock m\ntask f(n) { m.acquire(); try { if n == 0 { return 1 }; return 2 } finally { m.release() } }\nmain { print f(0) }",
    );
    silent("lock m\nmain { if m.acquire(timeout: 1s) { print 1; m.release() } }");
    silent("lock m\nmain { if not m.acquire(block: false) { return }; m.release() }");
    silent("lock m\nmain { let ok = m.acquire(timeout: 1s); if ok { m.release() } }");
    silent("lock m\nmain { while not m.acquire(block: false) { yield }; m.release() }");
    silent("lock m\nmain { assert m.acquire(timeout: 1s); m.release() }");
    silent(
        "lock m\nqueue q\nmain { q.put(0); for x in q { m.acquire(); if x == 0 { m.release(); break }; m.release() } }",
    );
    // Errors that no `raise` of the text makes are not counted.
    silent(
        "lock m\nqueue q(1)\nmain { try { m.acquire(); q.put_nowait(1); m.release(); print q.get() } catch Full { pass } }",
    );
    warns("W0010", "lock m\nmain { m.acquire(); try { raise Oops } catch Oops { return }; m.release() }");
    warns("W0010", "lock m\nmain { if m.acquire(timeout: 1s) { return }; print 1 }");
    warns(
        "W0010",
        "lock m\nprocess p(n) { loop { m.acquire(); if n > 2 { break }; m.release() } }\nmain { start p(1) }",
    );
    warns("W0010", "lock ms[2]\nmain { ms[0].acquire(); ms[1].acquire(); ms[0].release() }");
}

#[test]
fn permits_and_sides_are_given_back() {
    let leaves = |object: &str, it: &str| {
        format!(
            "{object}\nprocess p(n) {{ {it}.acquire(); if n > 2 {{ return }}; {it}.release() }}\nmain {{ start p(1) }}"
        )
    };
    warns("W0010", &leaves("semaphore s(2)", "s"));
    warns("W0010", &leaves("rwlock rw", "rw.read"));
    warns("W0010", &leaves("rwlock rw", "rw.write"));
    warns("W0010", &leaves("lock ms[9]", "ms[n]"));
    warns("W0010", &leaves("semaphore ss[9]", "ss[n]"));
    // Signals.
    silent("semaphore s(0)\nprocess p { s.acquire() }\nmain { start p; s.release() }");
    silent("semaphore s(2)\nprocess p { s.acquire() }\nmain { start p }");
    silent(
        &format!("{}\nprocess q {{ s.release() }}", leaves("semaphore s(2)", "s"))
            .replace("start p", "start q; start p"),
    );
    silent("semaphore s(2)\nmain { s.acquire(); s.acquire(); s.release(2) }");
    silent("rwlock rw\nmain { rw.read.acquire(); rw.read.release(); with rw.write { pass } }");
    silent(
        "rwlock rw\nmain { let side = rw.read; rw.read.acquire(); if side.locked() { side.release() } else { rw.read.release() } }",
    );
    // Which one it is changes.
    silent(
        "lock ms[3]\nmain { let i = 0; ms[i].acquire(); i += 1; ms[i].acquire(); ms[i - 1].release(); ms[i].release() }",
    );
    silent("lock ms[3]\nprocess p(i, j) { ms[i].acquire(); ms[j].release() }\nmain { start p(1, 1) }");
    silent(
        "lock ms[3]\nprocess p(n) { for i in 0..n { ms[i].acquire() }; for i in 0..n { ms[i].release() } }\nmain { start p(2) }",
    );
}

#[test]
fn readers_do_not_keep_readers_out() {
    let two = |one: &str, other: &str| {
        format!(
            "rwlock a\nrwlock b\nthread x {{ with a.{one}, b.{other} {{ pass }} }}\nthread y {{ with b.read, a.read {{ pass }} }}\nthread z {{ with a.write {{ pass }} }}"
        )
    };
    silent(&two("read", "read"));
    silent(&two("read", "write"));
    silent(&two("write", "read"));
    warns("W0011", &two("write", "write"));
    warns("W0011", "rwlock a\nlock b\nthread x { with a.write, b { pass } }\nthread y { with b, a.read { pass } }");
    silent("rwlock a\nlock b\nthread x { with a.read, b { pass } }\nthread y { with b, a.read { pass } }");
    // Both read the third one.
    warns(
        "W0011",
        "rwlock g\nlock a\nlock b\nthread x { with g.read, a, b { pass } }\nthread y { with g.read, b, a { pass } }",
    );
    silent(
        "rwlock g\nlock a\nlock b\nthread x { with g.read, a, b { pass } }\nthread y { with g.write, b, a { pass } }",
    );
}

const BOTH_ORDERS: &str = "lock a\nlock b\nthread x { with a, b { pass } }\nthread y { with b, a { pass } }\n";

#[test]
fn orders_count_among_actors_that_meet() {
    warns("W0011", BOTH_ORDERS);
    warns("W0011", &format!("{BOTH_ORDERS}main {{ start x; start y }}"));
    warns("W0011", &format!("{BOTH_ORDERS}main {{ let xs = [start x]; start y; join xs }}"));
    silent(&format!("{BOTH_ORDERS}main {{ join start x; join start y }}"));
    silent(&format!("{BOTH_ORDERS}main {{ let h = start x; h.join(); start y }}"));
    // One actor alone.
    silent("lock a\nlock b\nmain { with a, b { pass }; with b, a { pass } }");
    // The starter, before it starts and after it has waited.
    silent("lock a\nlock b\nthread x { with a, b { pass } }\nmain { with b, a { pass }; start x }");
    silent("lock a\nlock b\nthread x { with a, b { pass } }\nmain { join start x; with b, a { pass } }");
    warns("W0011", "lock a\nlock b\nthread x { with a, b { pass } }\nmain { start x; with b, a { pass } }");
    // One template, both orders.
    let both = "lock a\nlock b\nthread x { with a, b { pass }; with b, a { pass } }\n";
    silent(&format!("{both}main {{ start x }}"));
    warns("W0011", &format!("{both}main {{ start x; start x }}"));
    silent(&format!("{both}main {{ for _ in 0..3 {{ join start x }} }}"));
}

#[test]
fn tasks_of_pools_meet_where_several_can_be_run() {
    let pool = |workers: &str, main: &str| {
        let tasks = "task f(_n) { with a, b { pass } }\ntask g(_n) { with b, a { pass } }";
        format!("lock a\nlock b\npool w({workers})\n{tasks}\nmain {{ {main} ; w.close() }}")
    };
    let both = "let x = w.apply_async(f, 1); let y = w.map_async(g, [1, 2]); x.get(); y.get()";
    warns("W0011", &pool("2", both));
    warns("W0011", &pool("", both));
    silent(&pool("1", both));
    silent(&pool("2", "w.apply(f, 1); w.apply(g, 2)"));
    silent(&pool("2", "w.map(f, [1, 2]); w.map(g, [1, 2])"));
    silent(&pool("2", "w.apply_async(f, 1).get(); w.apply(g, 2)"));
    silent(&pool("2", "let x = w.apply_async(f, 1); x.wait(); w.apply(g, 2)"));
    // Whoever submits it goes on.
    warns("W0011", &pool("1", "let x = w.apply_async(f, 1); with b, a { pass }; x.get(); w.apply(f, 2); g(1)"));
    silent(&pool("1", "w.apply(f, 1); g(2)"));
    // One task, both orders.
    let one = |workers: &str, main: &str| {
        let task = "task f(_n) { with a, b { pass }; with b, a { pass } }";
        format!("lock a\nlock b\npool w({workers})\n{task}\nmain {{ {main} ; w.close() }}")
    };
    warns("W0011", &one("2", "w.map(f, [1, 2])"));
    warns("W0011", &one("2", "let all = [w.apply_async(f, n) for n in 0..3]; for r in all { r.get() }"));
    silent(&one("1", "w.map(f, [1, 2])"));
    silent(&one("2", "w.apply(f, 1)"));
    silent(&one("2", "for n in 0..3 { w.apply_async(f, n).get() }"));
    // Several submit, each waits for its own.
    let several = |main: &str| {
        let task = "task f { with a, b { pass } }\ntask g { with b, a { pass } }\nthread x { w.apply(f) }\nthread y { w.apply(g) }";
        format!("lock a\nlock b\npool w(2)\n{task}\nmain {{ {main} ; w.close() }}")
    };
    warns("W0011", &several("let s = start x; start y; s.join()"));
    silent(&several("join start x; join start y"));
    // What a task calls.
    warns(
        "W0011",
        "lock a\nlock b\npool w(2)\ntask g { with b { pass } }\ntask f { with a { g() } }\nthread t { with b, a { pass } }\nmain { start t; w.apply(f) }",
    );
}

#[test]
fn a_third_lock_keeps_two_apart() {
    silent("lock g\nlock a\nlock b\nthread x { with g, a, b { pass } }\nthread y { with g { with b, a { pass } } }");
    silent(
        "lock a\nlock b\nthread x { with a { if b.acquire(timeout: 1ms) { b.release() } } }\nthread y { with b, a { pass } }",
    );
    // Of each process its own.
    silent("process p { lock a; lock b\nwith a, b { pass }; with b, a { pass } }\nmain { start p; start p }");
    warns(
        "W0011",
        "process p { lock a; lock b\nthread t { with b, a { pass } }\nstart t; with a, b { pass } }\nmain { start p }",
    );
}

#[test]
fn arrays_are_told_apart_by_indices_that_are_known() {
    let table = |right: &str| {
        format!("const N = 3\nlock forks[N]\nprocess p[i in 0..N] {{ with forks[i], forks[{right}] {{ pass }} }}")
    };
    warns("W0011", &table("(i + 1) % N"));
    warns("W0011", &table("(i + 1) % len(forks)"));
    silent(&table("i + 1 if i < 2 else 0"));
    silent(
        "const N = 3\nlock forks[N]\nprocess p[i in 0..N] { let [l, r] = [min(i, (i + 1) % N), max(i, (i + 1) % N)]; with forks[l], forks[r] { pass } }",
    );
    silent(
        "const N = 3\nlock forks[N]\nprocess p[i in 0..N] { with forks[min(i, (i + 1) % N)], forks[max(i, (i + 1) % N)] { pass } }",
    );
    silent(
        "lock forks[3]\nprocess p(i) { with forks[i], forks[(i + 1) % 3] { pass } }\nmain { for i in 0..3 { start p(i) } }",
    );
}

#[test]
fn queues_have_two_sides() {
    silent("queue q(1)\nmain { q.put(1); try { q.put_nowait(2) } catch Full { print q.full() } }");
    silent("queue q\nmain { try { q.get(timeout: 1ms) } catch Empty { pass } }");
    silent("queue q\nmain { q.close(); for x in q { print x } }");
    silent("queue q\nprocess p(out) { out.put(1) }\nmain { start p(q); print q.get() }");
    silent("queue qs[2]\nmain { qs[0].put(1); for q in qs { print q.get() } }");
    silent("queue q\nmain { q.put(1); print [x for x in q] }");
    silent("queue _kept\nmain { _kept.put(1) }");
    warns("W0007", "queue q\nmain { q.put(1) }");
    warns("W0007", "queue q\nmain { for x in q { print x } }");
}

#[test]
fn barriers_count_those_who_may_come() {
    warns("W0009", "const N = 3\nbarrier gate(N + 1)\nprocess p[i in 0..N] { gate.wait() }\nmain { start p }");
    silent("const N = 3\nbarrier gate(N)\nprocess p[i in 0..N] { gate.wait() }\nmain { start p }");
    silent("barrier gate(3)\nprocess p { gate.wait() }\nmain { for i in 0..3 { start p } }");
    silent("barrier gate(3)\nprocess p { gate.wait() }\nmain { let hs = [start p for i in 0..3]; join hs }");
    silent("barrier gate(3)\nprocess p { gate.wait() }\nmain { let n = 0; while n < 3 { start p; n += 1 } }");
    warns("W0009", "barrier gate(4)\nprocess p { gate.wait() }\nmain { for i in 0..3 { start p } }");
    silent("barrier gate(2)\ntask meet { gate.wait() }\nthread t { meet() }\nmain { start t; meet() }");
    warns("W0009", "barrier gate(2)\ntask meet { gate.wait() }\nmain { meet() }");
    silent("barrier gate(2)\nmain { try { gate.wait(timeout: 1ms) } catch BrokenBarrier { pass } }");
    silent("barrier gate(2, timeout: 1ms)\nmain { try { gate.wait() } catch BrokenBarrier { pass } }");
    silent(
        "barrier gate(2)\npool w(2)\ntask meet(_n) { gate.wait() }\nmain { w.map(meet, [1, 2]); w.close(); w.join() }",
    );
    warns("W0009", "process p { barrier gate(2)\nthread t { gate.wait() }\nstart t }\nmain { start p; start p }");
}

#[test]
fn a_lock_is_taken_once() {
    warns("W0012", "lock m\nmain { with m { m.acquire() } }");
    warns("W0012", "lock m\ntask f { with m { pass } }\ntask g { f() }\nmain { with m { g() } }");
    silent("rlock m\ntask f { with m { pass } }\nmain { with m { f() } }");
    silent("lock m\nprocess p { m.release() }\nmain { m.acquire(); start p; m.acquire(); m.release() }");
}

#[test]
fn comments_allow_warnings() {
    silent("lock m # conc: allow W0001\nmain { print 1 }");
    silent("# conc: allow W0001: kept for later\nlock m\nmain { print 1 }");
    silent(
        "main { print 1 }\n# conc: allow W0001, W0007 everywhere\nlock m\nqueue q\nqueue r\nthread t { q.put(1) }\nlock n",
    );
    warns("W0001", "# conc: allow W0007\nlock m\nmain { print 1 }");
    warns("W0001", "# conc: allow W0001\n\nlock m\nmain { print 1 }");
    // Errors cannot be allowed.
    assert_eq!(warned("main { nothing() } # conc: allow E0101"), ["E0101", "W0006"]);
}

#[test]
fn deep_nesting_is_not_followed_for_ever() {
    let nested = "while true { m.acquire(); if true { break }; m.release(); ".repeat(40);
    let body = format!("lock m\nmain {{ {nested} {} }}", "}".repeat(40));
    let _ = warned(&body);
    let tries = "try { m.acquire() } finally { m.release(); ".repeat(40);
    let _ = warned(&format!("lock m\nmain {{ {tries} {} }}", "}".repeat(40)));
}
