//! Pools: results, errors, order, workers that die.

use super::harness::{check, run, run_with};

#[test]
fn results_in_all_forms() {
    check(
        r#"
pool w(2)
task add(a, b: 10) { return a + b }
task twice(x) { return x * 2 }
main {
    print w.apply(add, 1, 2), w.apply(add, 1), w.apply(add, b: 5, a: 1)
    print w.map(twice, 0..7), w.map(twice, []), w.map(twice, [1, 2, 3], chunk: 1)
    print w.starmap(add, [[1, 2], [3, 4]])
    let r = w.apply_async(twice, 21)
    r.wait()
    print r.ready(), r.successful(), r.get(), r.get(timeout: 1s)
    print w.map_async(twice, [5, 6]).get()
    w.close()
    w.join()
}
"#,
        "
        3 11 6
        [0, 2, 4, 6, 8, 10, 12] [] [2, 4, 6]
        [3, 7]
        true true 42 42
        [10, 12]
        ",
    );
}

#[test]
fn errors_come_back() {
    check(
        r#"
pool w(2)
task picky(n) { if n % 2 == 1 { raise Odd("{n} is odd") }; return n }
main {
    let r = w.apply_async(picky, 3)
    try { r.get() } catch Odd as e { print e.message, e.kind, e.line }
    print r.ready(), r.successful()
    try { w.map(picky, [2, 5, 4, 3], chunk: 1) } catch Odd as e { print "first in order: {e.message}" }
    print w.apply(picky, 4)
    w.close(); w.join()
}
"#,
        "
        3 is odd Odd 3
        true false
        first in order: 5 is odd
        4
        ",
    );
}

#[test]
fn what_a_pool_refuses() {
    check(
        r#"
pool w(1)
event go
task slow { go.wait(); return 1 }
main {
    let r = w.apply_async(slow)
    try { r.successful() } catch ValueError { print "not ready" }
    try { r.get(timeout: 1ms) } catch Timeout { print "not in time" }
    try { w.join() } catch PoolRunning { print "still open" }
    go.set()
    w.close(); w.close()
    try { w.apply(slow) } catch PoolClosed { print "closed" }
    w.join()
    print r.get()
}
"#,
        "
        not ready
        not in time
        still open
        closed
        1
        ",
    );
}

#[test]
fn a_worker_that_dies_fails_its_task_and_is_replaced() {
    check(
        r#"
pool w(1)
queue pids
task suicidal { pids.put(pid()); exit(3) }
task fine { return pid() }
main {
    let r = w.apply_async(suicidal)
    try { r.get() } catch WorkerDied { print "worker died" }
    print w.apply(fine) != pids.get()
    w.close()
    w.join()
}
"#,
        "
        worker died
        true
        ",
    );
}

#[test]
fn terminate_cuts_off() {
    check(
        r#"
pool w(2)
event running
task endless { running.set(); sleep 1h }
main {
    let rs = [w.apply_async(endless) for _ in 0..10]
    running.wait()
    w.terminate()
    for r in rs { try { r.get() } catch PoolClosed { pass } }
    w.join()
    print "cut off"
}
"#,
        "cut off",
    );
}

#[test]
fn cancel_reaches_what_has_not_begun() {
    check(
        r#"
pool w(1)
event go
event begun
task waits { begun.set(); go.wait(); return 1 }
main {
    let a = w.apply_async(waits)
    let b = w.apply_async(waits)
    begun.wait()
    print a.cancel(), b.cancel(), b.cancelled()
    go.set()
    print a.get()
    try { b.get() } catch Cancelled { print "cancelled" }
    w.close(); w.join()
}
"#,
        "
        false true true
        1
        cancelled
        ",
    );
}

#[test]
fn a_pool_that_stays_open_holds_nobody_up() {
    check("pool w(3)\ntask f { return 1 }\nmain { print w.apply(f) }", "1");
}

#[test]
fn tasks_use_objects_and_are_values() {
    check(
        r#"
pool w(3)
atomic n = 0
lock m
task count(k) { with m { n.add(k) }; return n >= k }
main {
    let f = count
    let all = w.map(f, [1 for _ in 0..50])
    print n, len(all), all[0]
    print f(5), n
    w.close(); w.join()
}
"#,
        "
        50 50 true
        true 55
        ",
    );
}

#[test]
fn a_pool_belongs_to_the_process_that_declares_it() {
    check(
        r#"
task parent { return ppid() }
process p { pool w(2); print w.apply(parent) == pid(); w.close(); w.join() }
main { (start p).join() }
"#,
        "true",
    );
}

// conformance: 287
#[test]
fn a_pool_of_many_workers() {
    for workers in ["200", "threads: 200"] {
        let text = "pool w(WORKERS)
barrier all(200)
task meet(x) { all.wait(); return x }
main { print w.map(meet, 0..200, chunk: 1) == list(0..200); w.close(); w.join() }
";
        let seen = run(&text.replace("WORKERS", workers));
        assert_eq!((seen.stdout.as_str(), seen.code), ("true\n", Some(0)), "{}", seen.stderr);
    }
}

// conformance: 285
#[test]
fn where_there_is_no_room_for_all_workers_none_is_started() {
    let at_file_level = "pool w(4)\ntask f { print 1 }\nmain { print 2; w.apply(f) }\nfinally { print 3 }";
    let in_a_body = "
task same(x) { return x }
process host(n) { pool w(n); print w.map(same, [1, 2]); w.close(); w.join() }
main { let h = start host(3); h.join(); print h.exitcode(); let g = start host(2); g.join(); print g.exitcode() }
";
    for schedule in ["free", "fifo", "random", "pct"] {
        let args = ["--schedule", schedule, "--verify", "--max-processes", "4"];
        let seen = run_with(&args, at_file_level);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{schedule}: {}", seen.stderr);
        assert!(seen.stderr.contains("`w` (line 1): more than 4 processes"), "{schedule}: {}", seen.stderr);
        let seen = run_with(&args, in_a_body);
        assert_eq!((seen.stdout.as_str(), seen.code), ("1\n[1, 2]\n0\n", Some(1)), "{schedule}: {}", seen.stderr);
        assert!(seen.stderr.contains("raised in host"), "{schedule}: {}", seen.stderr);
        assert!(!seen.stderr.contains("impossible"), "{schedule}: {}", seen.stderr);
    }
}

#[test]
fn workers_that_are_threads_count_as_threads() {
    let too_many = "pool w(threads: 1025)\ntask f { print 1 }\nmain { w.apply(f) }";
    let in_a_body = "
task f { pass }
process p { pool w(threads: 1025); w.apply(f) }
thread t { pass }
main { let h = start p; h.join(); print h.exitcode(); join start t }
";
    let one_after_another = "
pool w(threads: 2, tasks_per_child: 1)
task f(x) { return x }
thread t { pass }
main { print len(w.map(f, 0..9, chunk: 1)); w.close(); w.join(); for _ in 0..3 { join start t } }
";
    for schedule in ["free", "fifo", "random"] {
        let args = ["--schedule", schedule, "--verify"];
        let seen = run_with(&args, too_many);
        assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{schedule}: {}", seen.stderr);
        assert!(seen.stderr.contains("more than 1024 threads"), "{schedule}: {}", seen.stderr);
        let seen = run_with(&args, in_a_body);
        assert_eq!((seen.stdout.as_str(), seen.code), ("1\n", Some(1)), "{schedule}: {}", seen.stderr);
        let seen = run_with(&args, one_after_another);
        assert_eq!((seen.stdout.as_str(), seen.code), ("9\n", Some(0)), "{schedule}: {}", seen.stderr);
    }
}

#[test]
fn a_start_for_which_there_is_no_room_takes_no_number() {
    let text = "
event go
process p { go.wait() }
main {
    let a = start p
    try { start p } catch TooLarge { print \"no room\" }
    go.set()
    a.join()
    let b = start p
    print b.name()
    b.join()
}
";
    for schedule in ["free", "fifo", "random"] {
        let seen = run_with(&["--schedule", schedule, "--verify", "--max-processes", "2"], text);
        assert_eq!((seen.stdout.as_str(), seen.code), ("no room\np#2\n", Some(0)), "{schedule}: {}", seen.stderr);
    }
}

#[test]
fn what_nests_too_deep_for_a_pool_is_told_to_who_asks() {
    let text = "pool w(2)
task same(v) { return v }
task grow(n) { let v = []; for _ in 0..n { v = [v] }; return v }
main {
    let v = []
    for _ in 0..507 { v = [v] }
    try { w.apply(same, v) } catch ValueError as e { print e.message }
    try { w.map(same, [v[0][0], v]) } catch ValueError as e { print e.message }
    try { w.apply(grow, 507) } catch ValueError as e { print e.message }
    print w.apply(grow, 500) == w.map(same, [w.apply(grow, 500)], chunk: 1)[0]
    w.close()
    w.join()
}";
    let deep = "values nest at most 512 deep\n";
    check(text, &format!("{deep}{deep}{deep}true"));
}
