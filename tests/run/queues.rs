//! Queues, in a process and across processes.

use super::harness::{check, check_both_roads, run, run_with};

#[test]
fn first_in_first_out_and_sizes() {
    check_both_roads(
        &["queue q(3)"],
        r#"
    print q.empty(), q.full(), q.len()
    for i in 0..3 { q.put(i) }
    print q.empty(), q.full(), q.len()
    print q.get(), q.get(), q.get()
    try { q.get_nowait() } catch Empty { print "empty" }
"#,
        "
        true false 0
        false true 3
        0 1 2
        empty
        ",
    );
}

#[test]
fn full_and_empty_in_all_forms() {
    check_both_roads(
        &["queue q(1)"],
        r#"
    q.put(1)
    try { q.put(2, false) } catch Full { print "full" }
    try { q.put(2, block: false, timeout: 1h) } catch Full { print "full" }
    try { q.put(2, timeout: 10ms) } catch Full { print "full" }
    try { q.put_nowait(2) } catch Full { print "full" }
    print q.get(true, 1s)
    try { q.get(false) } catch Empty { print "empty" }
    try { q.get(timeout: 10ms) } catch Empty { print "empty" }
    try { q.get(timeout: -1s) } catch ValueError { print "never negative" }
    try { q.put(1, timeout: -1s) } catch ValueError { print "never negative" }
"#,
        "
        full
        full
        full
        full
        1
        empty
        empty
        never negative
        never negative
        ",
    );
}

#[test]
fn close_gives_what_is_left_and_then_closed() {
    check_both_roads(
        &["queue q"],
        r#"
    q.put("a"); q.put("b")
    q.close()
    try { q.put("c") } catch Closed { print "no more" }
    for x in q { print x }
    try { q.get() } catch Closed { print "drained" }
    try { q.close() } catch Closed { print "closed once" }
"#,
        "
        no more
        a
        b
        drained
        closed once
        ",
    );
}

#[test]
fn lifo_and_priority() {
    check_both_roads(
        &["queue l(order: lifo)", "queue p(order: priority)"],
        r#"
    for x in [111, 333, 222] { l.put(x); p.put(x) }
    print l.get(), l.get(), l.get()
    print p.get(), p.get(), p.get()
    p.put(1)
    try { p.put("a") } catch TypeError { print "cannot be compared", p.len() }
"#,
        "
        222 333 111
        111 222 333
        cannot be compared 1
        ",
    );
}

#[test]
fn task_done_and_join() {
    check_both_roads(
        &["queue q"],
        r#"
    q.join()
    q.put(1); q.put(2)
    q.get(); q.task_done(); q.get(); q.task_done()
    q.join()
    try { q.task_done() } catch ValueError { print "one too many" }
"#,
        "one too many",
    );
}

#[test]
fn a_blocked_put_goes_on_when_an_item_is_taken() {
    for kind in ["process", "thread"] {
        check(
            &format!(
                r#"
queue q(1)
{kind} producer {{ for i in 0..100 {{ q.put(i) }}; q.close() }}
main {{ start producer; let got = [x for x in q]; print len(got), got == list(0..100) }}
"#
            ),
            "100 true",
        );
    }
}

#[test]
fn a_rendezvous_waits_for_its_get() {
    for kind in ["process", "thread"] {
        check(
            &format!(
                r#"
queue q(0)
event taken
{kind} producer {{ q.put("x"); print taken.is_set() }}
main {{
    let p = start producer
    print q.empty(), q.len()
    sleep 50ms
    taken.set()
    let x = q.get()
    p.join()
    print x
}}
"#
            ),
            "
            true 0
            true
            x
            ",
        );
    }
}

#[test]
fn waiting_counts_who_is_parked() {
    check(
        r#"
queue q
process p { q.get() }
main {
    let hs = [start p for _ in 0..3]
    while q.waiting() < 3 { sleep 1ms }
    print q.waiting()
    for _ in hs { q.put(1) }
    join hs
    print q.waiting()
}
"#,
        "
        3
        0
        ",
    );
}

#[test]
fn a_close_wakes_those_who_wait() {
    for kind in ["process", "thread"] {
        check(
            &format!(
                r#"
queue q
queue answers
{kind} reader {{ try {{ q.get() }} catch Closed {{ answers.put("closed") }} }}
main {{
    let r = start reader
    while q.waiting() == 0 and "{kind}" == "process" {{ sleep 1ms }}
    sleep 20ms
    q.close()
    print answers.get()
    r.join()
}}
"#
            ),
            "closed",
        );
    }
}

// conformance: 158
#[test]
fn every_item_arrives_once() {
    for kind in ["process", "thread"] {
        check(
            &format!(
                r#"
queue q(5)
queue sums
{kind} producer[i in 0..4] {{ for n in 0..250 {{ q.put(i * 250 + n) }} }}
{kind} consumer[i in 0..4] {{
    let sum = 0; let count = 0
    for x in q {{ sum += x; count += 1 }}
    sums.put([sum, count])
}}
main {{
    let cs = start consumer
    join start producer
    q.close()
    let all = [sums.get() for _ in 0..4]
    print sum([s[0] for s in all]), sum([s[1] for s in all])
    join cs
}}
"#
            ),
            "499500 1000",
        );
    }
}

#[test]
fn a_terminated_reader_takes_nothing_with_it() {
    check(
        r#"
queue q
process reader { q.get() }
main {
    let r = start reader
    while q.waiting() == 0 { sleep 1ms }
    r.terminate()
    r.join()
    q.put("kept")
    print q.get(timeout: 1s), q.waiting()
}
"#,
        "kept 0",
    );
}

#[test]
fn objects_and_large_values_travel() {
    check(
        r#"
queue q
lock m
queue answers
process p { let [lock_sent, big] = q.get(); with lock_sent { answers.put(len(big)) } }
main { start p; q.put([m, [0; 100000]]); print answers.get() }
"#,
        "100000",
    );
}

#[test]
fn an_error_in_a_loop_over_a_queue_has_its_place() {
    let seen = run("queue q\nmain {\n    q.put(1)\n    q.close()\n    for x in q { print x // 0 }\n}\n");
    assert_eq!(seen.code, Some(1));
    assert!(seen.stderr.contains("ZeroDivision") && seen.stderr.contains(":5:"), "{}", seen.stderr);
}

// conformance: 211
#[test]
fn a_get_is_not_given_up_before_its_time() {
    let text =
        "queue q\nmain { let begun = now(); try { q.get(timeout: 30ms) } catch Empty { print now() - begun >= 30ms } }";
    for schedule in ["free", "fifo", "random"] {
        let seen = run_with(&["--schedule", schedule], text);
        assert_eq!((seen.stdout.as_str(), seen.code), ("true\n", Some(0)), "{schedule}: {}", seen.stderr);
    }
}
