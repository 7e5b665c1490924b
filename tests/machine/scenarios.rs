//! Small scenarios: some for each kind of object, and any number made of single operations.

use proptest::prelude::*;

/// With every kind of object, and every way to live and to die.
pub(crate) const SCENARIOS: &[&str] = &[
    // Queues.
    "queue q(1)\nprocess a { for i in 0..3 { q.put(i) }\n q.close() }\n\
     process b[i in 0..2] { for x in q { print x } }",
    "queue q(0)\nprocess a[i in 0..2] { q.put(i, timeout: 1s) }\nprocess b[i in 0..2] { print q.get() }",
    "queue q(0)\nprocess a { q.put(1) }\nprocess b { for x in q { print x } }\nprocess c { q.close() }",
    "queue q(1, order: lifo)\nthread a { q.put(1)\n q.put(2)\n q.task_done() }\nthread b { q.get()\n\
     print q.waiting() }
     thread c { q.join() }",
    "queue q(order: priority)\nprocess a { q.put(2)\n q.put(1) }\nprocess b { q.put(1) }\nprocess c { q.get()\n\
     q.len() }",
    // Locks and conditions.
    "lock l\nlock m\nprocess a { with l, m { yield } }\nprocess b { with m, l { yield } }\n\
     process c { l.acquire(timeout: 1s) }",
    "rlock r\natomic n = 0\nthread a { with r { with r { n.add(1) } } }\nprocess b { with r { n.add(1) } }",
    "lock l\nprocess a { l.acquire() }\nprocess b { l.acquire() }\nprocess c { l.release() }",
    "condition c\nshared s = 0\nprocess a[i in 0..2] { with c { while s == 0 { c.wait() }\n s -= 1 } }
     process b { with c { s += 2\n c.notify()\n c.notify() } }",
    "lock m\ncondition c(m)\ncondition d(m)\nthread a { with c { c.wait(timeout: 1s) } }\n\
     thread b { with m { d.notify_all() } }
     thread e { with d { c.notify(2) } }",
    // Semaphores, events, barriers.
    "bounded semaphore s(1)\nevent e\nprocess a[i in 0..2] { s.acquire()\n e.wait()\n s.release() }\n\
     process b { e.set() }",
    "event e\nthread a[i in 0..2] { print e.wait() }\nthread b { e.set()\n e.clear() }\n\
     thread c { print e.waiting() }",
    "barrier b(2)\nprocess a[i in 0..3] { print b.wait(timeout: 1s) }\nprocess c { b.broken()\n b.abort() }",
    "barrier b(2)\nthread a[i in 0..2] { b.wait()\n b.wait() }\nthread c { b.waiting()\n b.reset() }",
    "barrier b(2) { n.add(1) }\natomic n = 0\nprocess a[i in 0..2] { print b.wait(timeout: 1s) }\n\
     process c { b.reset() }",
    "barrier b(2) { e.wait()\n raise Oops(\"\") }\nevent e\nthread a[i in 0..2] { b.wait() }\n\
     process c { b.abort()\n e.set() }",
    // Rwlocks, latches, what is done once.
    "rwlock rw\nprocess a { with rw.read { yield } }\nprocess b { with rw.write { yield } }\n\
     thread c { rw.write.acquire(timeout: 1s)\n print rw.read.acquire(block: false) }",
    "rwlock rw\nthread a[i in 0..2] { with rw.write { } }\n\
     thread c { print rw.write.waiting(), rw.read.acquire(timeout: 1s) }",
    "rwlock rw\nprocess a { rw.write.acquire()\n yield }\nprocess b { rw.read.acquire()\n yield }\n\
     main { let a = start a()\n let b = start b()\n a.kill()\n b.kill()\n rw.write.acquire() }",
    "latch l(1)\nprocess a { l.count_down() }\nthread b { print l.wait(timeout: 1s) }\n\
     thread c { l.add()\n l.count_down(2) }",
    "once o { n += 1 }\natomic n = 0\nprocess a { o.run()\n print n }\nthread b { print o.waiting()\n o.run() }",
    "once o { if n.add(1) == 1 { raise Oops(\"\") } }\natomic n = 0\nprocess a { o.run() }\nprocess b { o.run() }\n\
     main { let h = start a()\n start b()\n h.kill()\n o.run() }",
    // Variables.
    "shared x = [0, 0]\natomic n = 0\nprocess a[i in 0..2] { x[i] = 1\n n += 1\n n.cas(1, 5) }\n\
     thread b { print x, n\n x.push(3) }",
    // Pipes.
    "pipe r <- w\nprocess a { w.send(1)\n w.send(2) }\nprocess b { for x in r { print x } }",
    "pipe near <-> far\nprocess a { near.send(1)\n print near.recv()\n near.close() }
     process b { print far.recv()\n far.send(2)\n far.close() }\nprocess c { near.poll(timeout: 1s) }",
    "pipe r <- w\nqueue q\nprocess a { q.put(w) }\nprocess b { let e = q.get()\n e.send(1) }\n\
     thread c { print r.recv() }",
    "pipe r <- w\nprocess a { w.send(1)\n w.send(\"x\" * 70000) }\nprocess b { r.recv()\n r.recv() }\n\
     process c { w.close() }",
    // Processes and threads.
    "process w(n) { thread t(k) { print k }\n start t(n) }\nmain { let a = start w(1)\n let b = start w(2)\n\
     b.join()\n a.join() }",
    "process w { daemon thread t { loop { yield } }\n start t }\nmain { let a = start w()\n a.join()\n\
     print a.exitcode() }",
    "daemon process d { queue q\n q.get() }\nprocess w { start d }\nmain { let a = start w()\n a.join() }",
    "lock l\nprocess w { l.acquire()\n sleep 1s }\nthread t { try { l.acquire() } catch OwnerDied { print 1 } }
     main { let a = start w()\n start t()\n a.terminate()\n a.kill()\n a.join() }",
    "queue q\nprocess k { let h = q.get()\n h.kill() }\nprocess v { q.get() }\nprocess p { q.put(start v()) }
     main { let h = start p()\n start k()\n h.kill() }\nfinally { outcome 1 }",
    "barrier b(3)\nprocess a { thread t { b.wait() }\n start t()\n b.wait() }\nmain { let h = start a()\n\
     h.kill()\n b.wait(timeout: 1s) }",
    "condition c\nprocess a { with c { c.wait() } }\nmain { let h = start a()\n h.terminate()\n\
     with c { c.notify() } }",
    "process w { thread t { yield }\n let h = start t()\n h.join() }\nmain { let a = start w()\n a.kill()\n\
     a.join()\n print a.is_alive() }",
    "timer t(1s) { print 1 }\nmain { let h = start t\n h.cancel()\n h.join(timeout: 2s) }",
    "process v { sleep 1s }\nprocess p { start v() }\nmain { let h = start p()\n h.kill() }\nfinally { outcome 3 }",
    "shared seen = 0\nqueue q\nprocess v { }\nthread a { let h = start v()\n q.put(h)\n seen = h.pid() }\n\
     thread b { let h = start v()\n seen = h.pid() }\n\
     main { start a\n start b\n let m = q.get()\n if seen == m.pid() { raise Same(\"\") } }",
    // Pools.
    "pool w(2)\ntask f(n) { return n }\nmain { let r = w.apply_async(f, 1)\n let s = w.apply_async(f, 2)\n\
     print s.cancel()
     w.close()\n w.join()\n print r.get() }",
    "pool w(1)\ntask f(n) { if n == 1 { exit(3) }\n return n }\n\
     main { try { w.map(f, [1, 2]) } catch WorkerDied { print 1 } }",
    "pool w(threads: 2)\ntask f(n) { return n }\nthread t { w.terminate() }\nmain { start t()\n\
     try { w.map(f, [1, 2]) } catch { } }",
    // Objects that are made otherwise in different runs.
    "main { semaphore s(choose([1, 2]))\n outcome_of(s) }\ntask outcome_of(s) { s.acquire()\n\
     print s.acquire(block: false) }",
    "main { queue q(choose([1, 2]))\n q.put(1)\n try { q.put_nowait(2) } catch Full { raise Small(\"\") } }",
    "main { barrier b(choose([1, 2]))\n print b.wait(timeout: 1s) }",
    "main { bounded semaphore s(choose([1, 2]))\n s.acquire()\n s.acquire(block: false)\n s.release()\n\
     s.release() }",
    // Time and chance.
    "main { if choose([true, false]) { sleep 1s }\n if now() < 500ms { raise Early(\"\") } }",
    "event e\nprocess a { sleep 1s\n e.set() }\nprocess b { print e.wait(timeout: 2s) }\n\
     process c { print e.wait(timeout: 500ms) }",
    "process a { print choose([1, 2]) }\nprocess b { print random(0..2), shuffle([1, 2]) }",
];

/// Single operations, with what they need. `K` is another number each time.
const OPERATIONS: &[&str] = &[
    "q.put(K)",
    "q.put_nowait(K)",
    "q.get()",
    "q.get(timeout: 1s)",
    "q.len()",
    "q.waiting()",
    "q.task_done()",
    "q.join()",
    "q.close()",
    "li.put(K)",
    "li.get()",
    "pr.put(K % 3)",
    "pr.get()",
    "z.put(K)",
    "z.put(K, timeout: 1s)",
    "z.get()",
    "z.get(timeout: 1s)",
    "z.close()",
    "with m { a.add(1) }",
    "m.acquire()",
    "m.acquire(timeout: 1s)",
    "m.release()",
    "with r { with r { a.add(1) } }",
    "r.release()",
    "r.acquire(block: false)",
    "with c { c.wait() }",
    "with c { c.wait(timeout: 1s) }",
    "with c { c.notify() }",
    "with c { c.notify_all() }",
    "with d { d.wait() }",
    "with m { d.notify(2) }",
    "s.acquire()",
    "s.acquire(timeout: 1s)",
    "s.release()",
    "bs.acquire()",
    "bs.release()",
    "b.wait()",
    "b.wait(timeout: 1s)",
    "b.abort()",
    "b.reset()",
    "ba.wait()",
    "ba.wait(timeout: 1s)",
    "ba.abort()",
    "ba.reset()",
    "with rw.read { yield }",
    "with rw.write { a.add(1) }",
    "rw.read.acquire()",
    "rw.read.acquire(timeout: 1s)",
    "rw.write.acquire(timeout: 1s)",
    "rw.read.release()",
    "rw.write.release()",
    "rw.read.waiting()",
    "la.count_down()",
    "la.add()",
    "la.wait()",
    "la.wait(timeout: 1s)",
    "o.run()",
    "e.set()",
    "e.clear()",
    "e.wait()",
    "e.wait(timeout: 1s)",
    "e.waiting()",
    "x += 1",
    "x = K",
    "a.cas(0, K)",
    "send.send(K)",
    "recv.recv()",
    "recv.poll()",
    "recv.poll(timeout: 1s)",
    "send.close()",
    "recv.close()",
    "q.put(send)",
    "q.put(start other())",
    "let h = start other()\n h.join(timeout: 1s)",
    "sleep 1s",
    "yield",
    "print choose([1, 2])",
    "w.apply_async(f, K)",
    "print w.map(f, [K, 0])",
    "w.close()",
    "w.terminate()",
    "w.close()\n w.join()",
    "let g = w.apply_async(f, K)\n g.cancel()\n g.get(timeout: 1s)",
    "exit(1)",
];

const DECLARED: &[(&str, &str)] = &[
    ("q.", "queue q(2)"),
    ("li.", "queue li(2, order: lifo)"),
    ("pr.", "queue pr(order: priority)"),
    ("z.", "queue z(0)"),
    ("m", "lock m"),
    ("r", "rlock r"),
    ("c", "condition c"),
    ("d", "condition d(m)"),
    ("s.", "semaphore s(1)"),
    ("bs.", "bounded semaphore bs(1)"),
    ("b.", "barrier b(2)"),
    ("ba.", "barrier ba(2) { e.wait()\n a.add(1) }"),
    ("rw.", "rwlock rw"),
    ("la.", "latch la(2)"),
    ("o.", "once o { if a.add(1) == 1 { raise Odd(\"once\") }\n e.wait() }"),
    ("e.", "event e"),
    ("x", "shared x = 0"),
    ("a.", "atomic a = 0"),
    ("send", "pipe recv <- send"),
    ("other", "process other { yield\n q.put(0) }"),
    ("f", "task f(n) { if n == 1 { raise Odd(\"one\") }\n return n }"),
    ("w.", "pool w(1)"),
];

/// An actor of a scenario: whether it is a thread, its operations, and what main does to it.
type Part = (bool, Vec<usize>, u8);

fn body(operations: &[usize], next: &mut u32) -> String {
    let one = |at: &usize| {
        *next += 1;
        OPERATIONS[*at].replace('K', &next.to_string())
    };
    operations.iter().map(one).map(|text| format!(" {text}\n")).collect()
}

fn text(parts: &[Part], caught: bool) -> String {
    let (mut bodies, mut main, mut next) = (String::new(), String::new(), 0);
    for (at, (is_thread, operations, fate)) in parts.iter().enumerate() {
        let kind = if *is_thread { "thread" } else { "process" };
        let body = body(operations, &mut next);
        let body = if caught { format!(" try {{\n{body} }} catch {{ }}\n") } else { body };
        bodies += &format!("{kind} p{at} {{\n{body}}}\n");
        main += &format!(" let h{at} = start p{at}()\n");
        if !is_thread {
            main += [String::new(), String::new(), format!(" h{at}.kill()\n"), format!(" h{at}.terminate()\n")]
                [*fate as usize]
                .as_str();
        }
    }
    (0..parts.len()).for_each(|at| main += &format!(" h{at}.join(timeout: 3s)\n"));
    // What is there is there for all of them, but a pool's workers only where they are wanted.
    let wanted = |(name, _): &&(&str, &str)| *name != "w." || bodies.contains(" w.");
    let declared: String = DECLARED.iter().filter(wanted).map(|(_, line)| format!("{line}\n")).collect();
    format!("{declared}{bodies}main {{\n{main}}}\n")
}

/// Scenarios of a few actors with a few operations each.
pub(crate) fn any_scenario(most: usize) -> impl Strategy<Value = String> {
    let part = (any::<bool>(), prop::collection::vec(0..OPERATIONS.len(), 1..most), 0u8..4);
    (prop::collection::vec(part, 2..4), any::<bool>()).prop_map(|(parts, caught)| text(&parts, caught))
}
