//! Random scenarios in both worlds: whatever they do, the machine can do it too. Some do much of all there is, once;
//! in others many do the same few things again and again.
//!
//! `RANDOM_SCENARIOS=n` makes n of them, `RANDOM_FROM=seed` begins with another one.

#[expect(dead_code, reason = "other tests use more of it")]
#[path = "common/chance.rs"]
mod chance;

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use chance::Chance;
use conc::judge::{Judgement, judge};
use conc::trace::Ending;
use conc::{RunOptions, Scenario, Schedule};

/// Scenarios, unless the environment asks for more.
const SCENARIOS: u64 = 20;
/// Longer than any of them takes on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

const DECLARATIONS: &str = "
queue q
queue b(1)
queue z(0)
queue l(order: lifo)
lock m
rlock r
condition c
semaphore s(1)
bounded semaphore t(1)
event e
barrier g(2)
barrier ga(2) { n.add(1) }
rwlock rw
latch la(2)
once o {
    if n.add(1) > 5 { raise Oops(str(n)) }
    q.get_nowait()
}
pipe x <-> y
shared cells = [0, 0]
atomic n = 0
pool w(2)
task half(k) {
    if k % 2 == 1 { raise Odd(str(k)) }
    if k == 4 { exit(2) }
    return k // 2
}
";

/// Statements that need nothing around them.
const STATEMENTS: &[&str] = &[
    "q.put(1)",
    "q.put([1, \"two\"])",
    "print q.get(timeout: 3ms)",
    "q.get_nowait()",
    "b.put(2, timeout: 2ms)",
    "b.put(3)",
    "b.get()",
    "z.put(4, timeout: 2ms)",
    "z.get(timeout: 2ms)",
    "z.put_nowait(5)",
    "z.get_nowait()",
    "l.put(6)",
    "print l.get(timeout: 1ms)",
    "q.close()",
    "print q.len(), b.full(), l.empty()",
    "q.task_done()",
    "if m.acquire(timeout: 1ms) { n.add(1) ; m.release() }",
    "with m { n.add(2) }",
    "with m { sleep 1ms }",
    "m.acquire()",
    "m.release()",
    "print m.locked()",
    "with r { with r { n.sub(1) } }",
    "r.release()",
    "with c { print c.wait(timeout: 1ms) }",
    "with c { c.notify() }",
    "with c { c.notify_all() }",
    "with c { c.wait_for(n > 3, timeout: 2ms) }",
    "c.notify()",
    "with s { yield }",
    "s.release()",
    "print s.acquire(block: false), s.value()",
    "t.release()",
    "if t.acquire(timeout: 1ms) { t.release() }",
    "e.set()",
    "e.clear()",
    "print e.wait(timeout: 2ms), e.is_set()",
    "print g.wait(timeout: 2ms) >= 0",
    "g.abort()",
    "g.reset()",
    "print g.broken()",
    "print ga.wait(timeout: 3ms) >= 0",
    "ga.wait()",
    "ga.abort()",
    "ga.reset()",
    "with rw.read { yield }",
    "with rw.write { n.add(1) }",
    "with rw.read { sleep 1ms }",
    "print rw.write.acquire(timeout: 1ms)",
    "print rw.read.acquire(timeout: 1ms), rw.locked()",
    "rw.read.acquire()",
    "rw.read.release()",
    "rw.write.release()",
    "la.count_down()",
    "la.add()",
    "print la.wait(timeout: 2ms), la.count()",
    "o.run()",
    "o.run()",
    "cells[0] += 1",
    "print cells, n",
    "print n.cas(0, 7), n.swap(3)",
    "n = n + 1",
    "sleep 1ms",
    "yield",
    "print half(3)",
    "raise Oops(\"oops\")",
    "exit(1)",
    "print w.apply(half, 2)",
    "print w.map(half, [0, 2, 6])",
    "w.apply(half, 4)",
    "print w.apply_async(half, 5).get(timeout: 5ms)",
    "let h = w.apply_async(half, 8) ; print type(h.cancel())",
    "w.close()",
    "await n >= 0",
    "await n > 1",
];

/// Statements of whoever has an end of the pipe.
const ON_ENDS: &[&str] = &["send(1)", "send(\"text\")", "recv()", "poll(timeout: 2ms)", "poll()", "close()"];

/// Cases of a `select`; `END` is an end of the pipe.
const CASES: &[&str] = &[
    "v = q.get() { print v }",
    "q.put(7) { n.add(1) }",
    "b.put(8) { }",
    "v = b.get() { print v }",
    "z.put(9) { print \"put\" }",
    "v = z.get() { print v }",
    "v = l.get() { }",
    "e.wait() { e.clear() }",
    "q.join() { }",
    "END.send(2) { }",
    "END.send(\"y\".repeat(70_000)) { print \"sent\" }",
    "v = END.recv() { print type(v) }",
    "v = done.get() { print v }",
    "done.wait() { }",
];

/// What a `select` does when no case can go on.
const OTHERWISE: &[&str] = &["after 2ms { print \"after\" }", "else { print \"else\" }", "after 1ms { n.add(1) }"];

fn select(chance: &mut Chance, end: &str) -> String {
    let mut text = "let done = w.apply_async(half, 2) ; select {".to_owned();
    for _ in 0..=chance.below(3) {
        let case = chance.one_of(CASES).replace("END", end);
        let _ = write!(text, " case {case} ;");
    }
    // Without any it may wait for good.
    if chance.below(6) > 0 {
        let _ = write!(text, " {}", chance.one_of(OTHERWISE));
    }
    text + " }"
}

/// Statements of main about its children.
const ON_CHILDREN: &[&str] = &[
    "p0.join(timeout: 3ms)",
    "p0.join()",
    "print p0.is_alive()",
    "print p0.exitcode()",
    "p0.terminate()",
    "p1.kill()",
    "p1.join()",
    "print p1.exitcode() == none",
    "u.join(timeout: 1ms)",
    "k.cancel()",
];

fn scenario(seed: u64) -> String {
    let chance = &mut Chance(seed);
    let mut text = DECLARATIONS.to_owned();
    let body = |chance: &mut Chance, end: &str, children: bool| {
        let mut lines = String::new();
        for _ in 0..=chance.below(5) {
            let statement = match chance.below(10) {
                0 | 1 => format!("{end}.{}", chance.one_of(ON_ENDS)),
                5 | 6 => select(chance, end),
                2..=4 if children => chance.one_of(ON_CHILDREN).to_owned(),
                _ => chance.one_of(STATEMENTS).to_owned(),
            };
            // What fails is passed over now and then; `exit` is not.
            if chance.below(3) > 0 {
                let _ = writeln!(lines, "    try {{ {statement} }} catch {{ print \"caught\" }}");
            } else {
                let _ = writeln!(lines, "    {statement}");
            }
        }
        lines
    };
    let _ = writeln!(text, "process p0 {{\n{}}}", body(chance, "x", false));
    let _ = writeln!(text, "process p1(end) {{\n{}}}", body(chance, "end", false));
    let _ = writeln!(text, "thread u {{\n{}}}", body(chance, "x", false));
    let _ = writeln!(text, "timer k(2ms) {{\n{}}}", body(chance, "x", false));
    let main = body(chance, "x", true);
    let starts = "    let p0 = start p0\n    let p1 = start p1(y)\n    let u = start u\n    let k = start k\n";
    let _ = writeln!(text, "main {{\n{starts}{main}    w.terminate()\n}}");
    text
}

/// Statements that many do again and again.
const IN_CROWDS: &[&str] = &[
    "q.put([i, k])",
    "print q.get(timeout: 3ms)",
    "b.put([i, k], timeout: 3ms)",
    "b.put([i, k])",
    "print b.get(timeout: 3ms)",
    "b.put_nowait(k)",
    "z.put([i, k], timeout: 3ms)",
    "print z.get(timeout: 3ms)",
    "print z.get()",
    "l.put([i, k])",
    "print l.get(timeout: 3ms)",
    "print q.len(), b.full(), z.empty()",
    "q.task_done()",
    "with m { n.add(1) }",
    "with m { cells[0] += 1 }",
    "with r { with r { n.sub(1) } }",
    "with c { print c.wait(timeout: 2ms) }",
    "with c { c.notify() }",
    "with c { c.notify_all() }",
    "with c { while n < 4 { c.wait(timeout: 2ms) ; n.add(1) } }",
    "with s { yield }",
    "if s.acquire(timeout: 2ms) { s.release() }",
    "t.acquire(timeout: 2ms) ; t.release()",
    "e.set()",
    "e.wait(timeout: 2ms) ; e.clear()",
    "print g.wait(timeout: 3ms) >= 0",
    "print ga.wait(timeout: 3ms) >= 0",
    "with rw.read { yield }",
    "with rw.write { n.add(1) }",
    "la.count_down()",
    "print n.cas(0, 7), n.swap(3)",
    "w.apply_async(half, 2 * k)",
    "print w.map(half, [0, 2, 6])",
    "x.send([i, k])",
    "print y.recv()",
    "await n > 1",
    "yield",
];

/// Cases of what they wait for.
const CASES_IN_CROWDS: &[&str] = &[
    "q.put([i, k]) { }",
    "v = q.get() { print v }",
    "b.put([i, k]) { n.add(1) }",
    "v = b.get() { print v }",
    "z.put([i, k]) { print \"put\" }",
    "v = z.get() { print v }",
    "l.put([i, k]) { }",
    "v = l.get() { print v }",
    "e.wait() { e.clear() }",
    "x.send([i, k]) { }",
    "v = y.recv() { print v }",
];

fn crowd(seed: u64) -> String {
    let chance = &mut Chance(seed);
    let mut things = Vec::new();
    for _ in 0..=2 + chance.below(3) {
        if chance.below(2) == 0 {
            things.push(chance.one_of(IN_CROWDS).to_owned());
            continue;
        }
        let cases = (0..=1 + chance.below(2)).map(|_| format!("case {} ; ", chance.one_of(CASES_IN_CROWDS)));
        let cases: String = cases.collect();
        let otherwise = if chance.below(3) > 0 { "after 3ms { }" } else { "" };
        things.push(format!("select {{ {cases}{otherwise} }}"));
    }
    let mut text = DECLARATIONS.to_owned();
    let mut body = |head: &str, indent: &str| {
        let _ = writeln!(text, "{indent}{head} {{ for k in 0..{} {{", 2 + chance.below(5));
        for _ in 0..=chance.below(2) {
            let thing = &things[chance.below(things.len() as u64) as usize];
            let _ = writeln!(text, "{indent}    try {{ {thing} }} catch {{ print \"caught\" }}");
        }
        let _ = writeln!(text, "{indent}}} }}");
    };
    body("process a[i in 0..3]", "");
    body("process d[i in 0..2]", "");
    body("thread u[i in 0..3]", "");
    let _ = writeln!(text, "main {{\n    let i = 9 ; let aa = start a ; let dd = start d ; let uu = start u");
    for _ in 0..chance.below(4) {
        let thing = &things[chance.below(things.len() as u64) as usize];
        let _ = writeln!(text, "    for k in 0..3 {{ try {{ {thing} }} catch {{ print \"caught\" }} }}");
    }
    text + "    join aa, dd, uu\n}\n"
}

/// Runs one scenario of each kind in several ways.
fn check(seed: u64) -> Result<(), String> {
    check_one(seed, scenario(seed))?;
    check_one(seed, crowd(seed))
}

fn check_one(seed: u64, text: String) -> Result<(), String> {
    let said = |what: &dyn std::fmt::Debug, how: &str| format!("scenario {seed}, {how}: {what:?}\n{text}");
    let plan = Scenario::from_str(&text).plan(&[]).map_err(|found| said(&found, "plan"))?;
    let plan = Arc::new(plan);
    let ways = [(Schedule::Free, 1), (Schedule::Free, 2), (Schedule::Fifo, 0), (Schedule::Random, 1)];
    let ways = ways.into_iter().chain([(Schedule::Random, 2), (Schedule::Pct { depth: 3 }, 1)]);
    for (schedule, run) in ways {
        let how = format!("{schedule:?} {run}");
        let perturb = (schedule == Schedule::Free && run > 1).then_some(run);
        let options =
            RunOptions { seed: Some(run), timeout: Some(TIMEOUT), schedule, perturb, ..RunOptions::default() };
        let run = plan.run(&options).map_err(|error| said(&error, &how))?;
        if !matches!(run.ending, Ending::Finished | Ending::Exited(_) | Ending::Deadlock(_)) {
            return Err(said(&run.ending, &how) + &run.trace.outline());
        }
        match judge(&plan, run.trace.data(), Some(&run.ending)) {
            Judgement::Possible { .. } => {}
            judgement => {
                let words = conc::report::judgement(&run.trace, &judgement);
                return Err(said(&run.ending, &how) + &words + &run.trace.outline());
            }
        }
    }
    Ok(())
}

#[test]
fn the_machine_can_do_what_the_system_does() {
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let (from, count) = (number("RANDOM_FROM").unwrap_or(0), number("RANDOM_SCENARIOS").unwrap_or(SCENARIOS));
    let next = std::sync::atomic::AtomicU64::new(from);
    let failed = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if seed >= from + count {
                        return;
                    }
                    if let Err(message) = check(seed) {
                        failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(message);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    assert!(failed.is_empty(), "{} of {count}:\n{}", failed.len(), failed.join("\n"));
}
