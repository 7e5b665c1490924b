//! However a run ends, nothing of it is left.

use nix::sys::signal::Signal;

use super::harness::{run, run_with, start};

/// A process with a process of its own and a thread, all of which wait, but one that computes for ever.
const ENDLESS: &str = r#"
queue q
process child { print "child"; q.get() }
process parent {
    thread busy { loop { pass } }
    start busy
    let c = start child
    c.join()
}
main { start parent; loop { sleep 1h; q.put(1) } }
"#;

// conformance: 67
#[test]
fn an_interrupt_ends_all() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143), (Signal::SIGHUP, 129)] {
        let mut running = start(&["run", "-"], ENDLESS);
        assert_eq!(running.next_line(), "child");
        assert!(running.processes().len() >= 4, "{:?}", running.processes());
        running.signal(signal);
        assert_eq!(running.finish().code, Some(code), "{signal}");
    }
}

// conformance: 201
#[test]
fn a_killed_supervisor_takes_all_with_it() {
    let mut running = start(&["run", "-"], ENDLESS);
    assert_eq!(running.next_line(), "child");
    running.signal(Signal::SIGKILL);
    let _ = running.child.wait();
    running.wait_until_gone();
}

/// Whatever can run: a pool, a daemon, threads, and processes that start others all the time.
const BUSY: &str = r#"
pool w(2)
queue q(4)
task f(x) { return x }
daemon process idle { sleep 1h }
process leaf(n) { q.put(n) }
process parent {
    thread t { loop { q.get() } }
    start t
    for n in 0..1000000 { start leaf(n) }
}
main { start idle; start parent; loop { w.map(f, 0..4) } }
"#;

#[test]
fn a_supervisor_that_is_killed_at_any_moment_takes_all_with_it() {
    // More by hand: `LIFETIME_MOMENTS=1000`.
    let moments = std::env::var("LIFETIME_MOMENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(30);
    for moment in 0..moments {
        let schedule = if moment % 3 == 0 { "random" } else { "free" };
        let mut running = start(&["run", "--schedule", schedule, "-"], BUSY);
        std::thread::sleep(std::time::Duration::from_micros(moment * 7919 % 120_000));
        running.signal(Signal::SIGKILL);
        let _ = running.child.wait();
        running.wait_until_gone();
    }
}

#[test]
fn a_lost_reader_ends_the_run() {
    let mut running = start(&["run", "-"], "main { loop { print \"line\" } }");
    assert_eq!(running.next_line(), "line");
    drop(running.child.stdout.take());
    assert_eq!(running.finish().code, Some(141));
}

#[test]
fn a_time_limit_ends_all() {
    let seen = run_with(&["--timeout", "300ms"], ENDLESS);
    assert_eq!(seen.code, Some(4), "{}", seen.stderr);
}

#[test]
fn deadlock_is_noticed_and_reported() {
    let seen = run(r#"
lock a
lock b
event first
event second
process one { with a { first.set(); second.wait(); with b { print "never" } } }
process two { with b { second.set(); first.wait(); with a { print "never" } } }
main { let p = start one; let q = start two; join p, q }
"#);
    assert_eq!(seen.code, Some(3), "{}", seen.stderr);
    assert_eq!(seen.stdout, "");
    for part in ["one", "two", "main", "a", "b"] {
        assert!(seen.stderr.contains(part), "{part} in {}", seen.stderr);
    }
}

#[test]
fn a_deadlock_tells_who_holds_what_is_waited_for() {
    let upgrade = "rwlock rw\nsemaphore reads(0)\n\
         process p { rw.read.acquire(); reads.release(); rw.write.acquire() }\n\
         main { start p; reads.acquire(); rw.write.acquire() }";
    let reads_again = "rwlock rw\nprocess p { rw.write.acquire() }\n\
         main { rw.read.acquire(); start p; while rw.waiting() == 0 { yield }; rw.read.acquire()\n\
         rw.read.release(); rw.read.release() }";
    let once = "queue q\nsemaphore begun(0)\nonce setup { begun.release(); q.get() }\n\
         process p { begun.acquire(); setup.run(); q.put(1) }\nmain { start p; setup.run() }";
    let action = "queue q\nbarrier b(2) { q.get() }\nprocess p { b.wait(); q.put(1) }\n\
         main { start p; while b.waiting() == 0 { yield }; b.wait() }";
    let latch = "latch l(2)\nmain { l.count_down(); l.wait() }";
    let one_permit = "semaphore s(1)\nprocess keeper { s.acquire() }\nprocess comer { sleep 20ms; s.acquire() }";
    // Who could help does until main waits, which does so last: all are found at once.
    let permits = "semaphore s(2)\nbarrier all(3)\nevent go\nprocess helper { go.wait(); s.release() }\n\
         process p[i in 0..2] { s.acquire(); all.wait(); s.acquire() }\n\
         main { start p; start helper; all.wait(); while s.waiting() < 2 { yield }; s.acquire(); go.set() }";
    let signal = "semaphore s(1)\nprocess p { s.release() }\nmain { s.acquire(); join start p\n\
         s.acquire(); s.acquire() }";
    for (text, said) in [
        (upgrade, &["p waits in rw.write.acquire()", "it holds it itself"][..]),
        (reads_again, &["main waits in rw.read.acquire()", "p waits to write, and goes first", "held by main"]),
        (once, &["p waits in setup.run()", "main is running it"]),
        (action, &["p waits in b.wait()", "main is running the action"]),
        (latch, &["main waits in l.wait()", "nobody is left who could count down"]),
        (one_permit, &["main waits in comer.join() at line 3", "comer waits in s.acquire() at line 3"]),
        (one_permit, &["no permit is left: taken by keeper, which has ended and did not release it"]),
        (permits, &["main waits in s.acquire()", "no permit is left: taken by p[0] and p[1]"]),
        (permits, &["p[0] waits in s.acquire()", "no permit is left: taken by itself and p[1]"]),
        // Who takes what others give has nothing of its own.
        (signal, &["no permit is left, and nobody who could release one"]),
    ] {
        for options in [&[][..], &["--schedule", "fifo"]] {
            let seen = run_with(options, text);
            assert_eq!(seen.code, Some(3), "{}", seen.stderr);
            for part in said {
                assert!(seen.stderr.contains(part), "{part} in {}", seen.stderr);
            }
        }
    }
}

#[test]
fn who_is_killed_at_any_moment_leaves_objects_usable() {
    let text = r#"
queue q(4)
lock m
semaphore s(2)
condition c
shared n = 0
task count { try { with m { n = n + 1 } } catch OwnerDied { m.release() } }
process a { loop { q.put(1); count(); s.acquire(); s.release() } }
process b { loop { q.get(); count(); try { with c { c.notify_all() } } catch OwnerDied { c.release() } } }
main {
    for round in 0..20 {
        let hs = [start a, start b, start b]
        for h in hs { sleep random(0ms..4ms); h.kill() }
        join hs
        try { assert m.acquire(timeout: 5s); m.release() } catch OwnerDied { m.release() }
        try { assert c.acquire(timeout: 5s); c.release() } catch OwnerDied { c.release() }
        while q.len() > 0 { q.get(timeout: 5s) }
        q.put(round, timeout: 5s)
        assert q.get(timeout: 5s) == round
    }
    print "usable"
}
"#;
    for seed in 0..10 {
        let seen = run_with(&["--seed", &seed.to_string()], text);
        assert_eq!((seen.stdout.as_str(), seen.code), ("usable\n", Some(0)), "seed {seed}: {}", seen.stderr);
    }
}

#[test]
fn wakers_that_are_killed_leave_nobody_asleep() {
    let text = r#"
queue q(2)
lock m
semaphore s(0)
condition c
pool workers(2)
process put_ { loop { q.put(1) } }
process get_ { loop { q.get() } }
process rel { loop { s.release(); sleep 100us } }
process acq { loop { s.acquire() } }
process note { loop { try { c.acquire(); c.notify_all(); c.release() } catch OwnerDied { c.release() } } }
process wait_ { loop { try { c.acquire(); c.wait(timeout: 9ms); c.release() } catch OwnerDied { c.release() } } }
process lk { loop { try { m.acquire() } catch OwnerDied { pass }; m.release() } }
task work(n) { return n }
main {
    for round in 0..20 {
        let hs = [start put_, start get_, start get_, start rel, start acq, start note, start wait_, start lk, start lk]
        for h in shuffle(hs) { sleep random(0ms..3ms); h.kill() }
        join hs
        try { assert m.acquire(timeout: 5s); m.release() } catch OwnerDied { m.release() }
        try { assert c.acquire(timeout: 5s); c.release() } catch OwnerDied { c.release() }
        while q.len() > 0 { q.get(timeout: 5s) }
        q.put(round, timeout: 5s)
        assert q.get(timeout: 5s) == round
        s.release()
        assert s.acquire(timeout: 5s)
        assert q.waiting() + s.waiting() + c.waiting() + m.waiting() == 0
        assert workers.map(work, 0..10) == list(0..10)
    }
    print "usable"
}
"#;
    for seed in 0..5 {
        let seen = run_with(&["--seed", &seed.to_string()], text);
        assert_eq!((seen.stdout.as_str(), seen.code), ("usable\n", Some(0)), "seed {seed}: {}", seen.stderr);
    }
}

#[test]
fn an_expected_deadlock_is_no_failure() {
    let seen = run("queue q\nmain { q.get() }\nexpect deadlock\n");
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
}

#[test]
fn a_sleeper_is_no_deadlock() {
    let seen = run("queue q\nprocess p { sleep 200ms; q.put(1) }\nmain { start p; print q.get() }\n");
    assert_eq!((seen.stdout.as_str(), seen.code), ("1\n", Some(0)), "{}", seen.stderr);
}

#[test]
fn a_deadlock_of_threads_over_a_channel_is_noticed() {
    let seen = run("queue q\nthread t { q.get() }\nmain { let h = start t; h.join() }\n");
    assert_eq!(seen.code, Some(3), "{}", seen.stderr);
}

// conformance: 201
#[test]
fn no_file_or_shared_memory_is_left() {
    let shown = |folder: &str| {
        let entries = std::fs::read_dir(folder).map(|entries| entries.filter_map(Result::ok).collect::<Vec<_>>());
        let names =
            entries.unwrap_or_default().into_iter().map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.contains("conc-")).collect::<Vec<_>>()
    };
    let before = (shown("/dev/shm"), shown("/tmp"));
    run("queue q\nprocess p { q.put([0; 1000]) }\nmain { start p; print len(q.get()) }\n");
    assert_eq!((shown("/dev/shm"), shown("/tmp")), before);
}
