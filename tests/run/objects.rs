//! Locks, conditions, semaphores, events, barriers and shared variables, in both roads.

use super::harness::{check, check_both_roads};

#[test]
fn locks() {
    check_both_roads(
        &["lock m", "rlock r"],
        r#"
    print m.locked(), m.acquire(), m.locked(), m.acquire(false), m.acquire(timeout: 10ms)
    m.release()
    try { m.release() } catch NotHeld { print "not held" }
    print r.acquire(), r.acquire(), r.locked()
    r.release(); r.release()
    try { r.release() } catch NotHeld { print "not held" }
    try { m.acquire(timeout: -1s) } catch ValueError { print "never negative" }
    try { with m { raise Oops("out") } } catch Oops { print m.locked() }
"#,
        "
        false true true false false
        not held
        true true true
        not held
        never negative
        false
        ",
    );
}

#[test]
fn a_lock_excludes() {
    for kind in ["process", "thread"] {
        check(
            &format!(
                r#"
lock m
shared n = 0
{kind} adder[i in 0..4] {{ for _ in 0..100 {{ with m {{ n = n + 1 }} }} }}
main {{ join start adder; print n }}
"#
            ),
            "400",
        );
    }
}

#[test]
fn anyone_may_release_a_lock_but_not_an_rlock() {
    for kind in ["process", "thread"] {
        check(
            &format!(
                r#"
lock m
rlock r
{kind} other {{ m.release(); try {{ r.release() }} catch NotHeld {{ print "not mine" }}; print r.acquire(false) }}
main {{ m.acquire(); r.acquire(); (start other).join(); print m.locked(), r.locked() }}
"#
            ),
            "
            not mine
            false
            false true
            ",
        );
    }
}

#[test]
fn a_killed_holders_lock_is_handed_over_once() {
    check(
        r#"
lock m
event held
process holder { m.acquire(); held.set(); sleep 1h }
main {
    let h = start holder
    held.wait()
    h.kill()
    h.join()
    try { m.acquire() } catch OwnerDied { print "owner died" }
    print m.locked()
    m.release()
    print m.acquire(false)
}
"#,
        "
        owner died
        true
        true
        ",
    );
}

#[test]
fn one_that_waits_for_a_killed_holder_gets_the_lock() {
    check(
        r#"
lock m
event held
process holder { m.acquire(); held.set(); sleep 1h }
process waiter { try { m.acquire() } catch OwnerDied { print "mine now" } }
main {
    let h = start holder
    held.wait()
    let w = start waiter
    while m.waiting() == 0 { sleep 1ms }
    h.kill()
    w.join()
}
"#,
        "mine now",
    );
}

#[test]
fn conditions() {
    check_both_roads(
        &["condition c"],
        r#"
    try { c.wait() } catch NotHeld { print "wait needs the lock" }
    try { c.notify() } catch NotHeld { print "notify too" }
    with c { print c.wait(timeout: 10ms), c.wait(timeout: 0s) }
    with c { with c { print c.wait(timeout: 10ms) } }
    with c { c.notify(3); c.notify_all() }
    print c.locked()
"#,
        "
        wait needs the lock
        notify too
        false false
        false
        false
        ",
    );
}

#[test]
fn notify_wakes_as_many_as_it_says() {
    for kind in ["process", "thread"] {
        check(
            &format!(
                r#"
condition c
atomic woken = 0
{kind} sleeper[i in 0..5] {{ with c {{ print c.wait() }}; woken.add(1) }}
main {{
    let hs = start sleeper
    while c.waiting() < 5 {{ sleep 1ms }}
    with c {{ c.notify(3) }}
    while woken < 3 {{ sleep 1ms }}
    sleep 20ms
    print woken, c.waiting()
    with c {{ c.notify_all() }}
    join hs
    print woken
}}
"#
            ),
            "
            true
            true
            true
            3 2
            true
            true
            5
            ",
        );
    }
}

/// Whoever notifies wakes its waiters when it lets the lock go, and here another lets it go while it computes.
#[test]
fn whoever_was_notified_goes_on_when_another_lets_the_lock_go() {
    let text = r#"
lock m
condition c(m)
atomic stage = 0
thread waiter { with m { stage = 1; c.wait(); stage = 3 } }
thread holder {
    while stage != 1 { yield }
    m.acquire()
    c.notify()
    stage = 2
    while stage != 3 { }
}
thread other {
    while stage != 2 { }
    m.release()
}
main {
    let all = [start waiter, start holder, start other]
    for one in all { one.join() }
    print stage
}
"#;
    check(text, "3");
    check(&text.replace("thread ", "process "), "3");
}

#[test]
fn wait_for_and_conditions_over_a_named_lock() {
    for kind in ["process", "thread"] {
        check(
            &format!(
                r#"
lock m
condition c(m)
shared ready = 0
{kind} setter {{ for i in 1..=3 {{ with m {{ ready = i; c.notify_all() }} }} }}
main {{
    let s = start setter
    with c {{ print m.locked(), c.wait_for(ready == 3), c.wait_for(ready == 4, timeout: 20ms) }}
    s.join()
}}
"#
            ),
            "true true false",
        );
    }
}

#[test]
fn semaphores() {
    check_both_roads(
        &["semaphore s(2)", "bounded semaphore b(1)"],
        r#"
    print s.value(), s.acquire(), s.acquire(), s.acquire(false), s.acquire(timeout: 10ms), s.value()
    s.release(n: 3)
    print s.value()
    with b { print b.value() }
    try { b.release() } catch Overflow { print "overflow", b.value() }
    try { s.release(0) } catch ValueError { print "at least one" }
"#,
        "
        2 true true false false 0
        3
        0
        overflow 1
        at least one
        ",
    );
}

#[test]
fn no_more_than_the_permits_are_inside() {
    for kind in ["process", "thread"] {
        check(
            &format!(
                r#"
semaphore s(3)
atomic inside = 0
atomic most = 0
{kind} guest[i in 0..10] {{
    for _ in 0..5 {{
        with s {{
            let n = inside.add(1)
            let m = most
            while n > m {{ if most.cas(m, n) {{ break }}; m = most }}
            yield
            inside.sub(1)
        }}
    }}
}}
main {{ join start guest; print most <= 3, most >= 1, s.value() }}
"#
            ),
            "true true 3",
        );
    }
}

#[test]
fn events() {
    check_both_roads(
        &["event e"],
        r#"
    print e.is_set(), e.wait(timeout: 10ms), e.wait(0s)
    e.set(); e.set()
    print e.is_set(), e.wait(), e.wait(0s)
    e.clear(); e.clear()
    print e.is_set()
"#,
        "
        false false false
        true true true
        false
        ",
    );
}

#[test]
fn a_waiter_sees_a_set_that_was_cleared_at_once() {
    for kind in ["process", "thread"] {
        check(
            &format!(
                r#"
event e
{kind} waiter[i in 0..3] {{ print e.wait() }}
main {{
    let hs = start waiter
    while e.waiting() < 3 {{ sleep 1ms }}
    e.set(); e.clear()
    join hs
    print e.is_set()
}}
"#
            ),
            "
            true
            true
            true
            false
            ",
        );
    }
}

#[test]
fn barriers() {
    for kind in ["process", "thread"] {
        check(
            &format!(
                r#"
barrier b(3)
queue q
{kind} party[i in 0..3] {{ for round in 0..10 {{ q.put([round, b.wait()]) }} }}
main {{
    join start party
    let seen = [q.get() for _ in 0..30]
    print sorted(seen) == [[r, i] for r in 0..10 for_each]
}}
"#
            )
            .replace(
                "sorted(seen) == [[r, i] for r in 0..10 for_each]",
                "sum([s[1] for s in seen]), b.waiting(), b.parties(), b.broken()",
            ),
            "30 0 3 false",
        );
    }
}

#[test]
fn broken_barriers() {
    for kind in ["process", "thread"] {
        check(
            &format!(
                r#"
barrier b(2)
{kind} party {{ try {{ b.wait() }} catch BrokenBarrier {{ print "broken" }} }}
main {{
    let p = start party
    while b.waiting() < 1 {{ sleep 1ms }}
    b.abort()
    p.join()
    try {{ b.wait() }} catch BrokenBarrier {{ print "stays broken", b.broken() }}
    b.reset()
    try {{ b.wait(timeout: 10ms) }} catch BrokenBarrier {{ print "timed out", b.broken() }}
    b.reset()
    let q = start party
    print b.wait() in [0, 1]
    q.join()
}}
"#
            ),
            "
            broken
            stays broken true
            timed out true
            true
            ",
        );
    }
}

#[test]
fn a_killed_party_breaks_the_barrier() {
    check(
        r#"
barrier b(3)
process party { b.wait() }
process other { try { b.wait() } catch BrokenBarrier { print "broken" } }
main {
    let p = start party
    let o = start other
    while b.waiting() < 2 { sleep 1ms }
    p.kill()
    o.join()
}
"#,
        "broken",
    );
}

#[test]
fn a_killed_waiter_takes_no_wake_up_with_it() {
    check(
        r#"
semaphore s(0)
condition c
process a { s.acquire() }
process w { with c { c.wait() } }
main {
    let x = start a
    let y = start w
    while s.waiting() + c.waiting() < 2 { sleep 1ms }
    x.kill(); y.kill()
    join x, y
    s.release()
    print s.value(), s.waiting(), c.waiting()
    with c { c.notify() }
}
"#,
        "1 0 0",
    );
}

#[test]
fn shared_and_atomic_variables() {
    check_both_roads(
        &[
            "shared n = 1",
            "shared cells = [0; 3]",
            "shared log = []",
            "shared m = {}",
            "atomic a = 10",
            "atomic flag[2] = [5, 6]",
        ],
        r#"
    n += 1
    cells[1] = 7
    log.push("x"); log.push([1])
    m.key = "v"; m[2] = 3
    log[1][0] = 9
    print n, cells, cells[1], log, m, len(log)
    print a.add(5), a.sub(1), a.swap(3), a, a.cas(3, 4), a.cas(3, 5), a
    flag[1] += 1
    print flag[0], flag[1], flag[0].add(1), len(flag)
    try { cells[3] = 1 } catch IndexError { print "no such cell" }
    try { a.add("x") } catch TypeError { print "not a number" }
"#,
        r#"
        2 [0, 7, 0] 7 ["x", [9]] {[2]: 3, key: "v"} 2
        15 14 14 3 true false 4
        5 7 6 2
        no such cell
        not a number
        "#,
    );
}

#[test]
fn a_variable_has_its_room() {
    check(
        r#"
shared small(100) = []
main { try { loop { small.push("0123456789") } } catch TooLarge { print "full" }; print len(small) > 3 }
"#,
        "
        full
        true
        ",
    );
}

#[test]
fn objects_declared_in_a_body_are_the_instances_own() {
    check(
        r#"
process p[i in 0..2] {
    queue q(2)
    lock m
    condition c(m)
    shared n = i
    atomic hits[2] = 0
    semaphore s
    thread t { with m { n = n + 10 }; hits[1].add(1); q.put("from thread"); with s { with c { c.notify() } } }
    let h = start t
    h.join()
    print n, hits[1], q.get(), s.value()
}
main { for i in 0..2 { let h = start p[i]; h.join() } }
"#,
        "
        10 1 from thread 1
        11 1 from thread 1
        ",
    )
}
