//! Scenarios with every kind of object, busy until they are to end.

/// Everything there is, and actors that use it, `EACH` times each; they print now and then.
const BUSY: &str = r#"
const ROUNDS = 5
const EACH = 3
queue q(4)
queue unbounded
queue z(0)
queue dead
pipe reader <- writer
pipe left <-> right
lock m
rlock r
rwlock rw
condition c
semaphore s(1)
event bell
barrier b(2) { n.add(1) }
latch l(2)
once o { n.add(1) }
shared log = [0]
atomic n = 0
pool w(2)
pool helpers(threads: 2)
task f(x) { with s { return x + 1 } }
task note(x) { n.add(x) }
daemon process idle { sleep 1h }
daemon thread hum { loop { sleep 1ms ; n.add(1) } }
timer late(1h) { print "late" }
timer soon(2ms) { print "soon" }
process leaf(k) {
    q.put(k)
    o.run()
    with rw.read { yield }
    with rw.write { log = [k] }
}
process parent {
    queue inner
    thread drain { for k in inner { with r { unbounded.put(k) } } }
    start drain
    for round in 0..EACH {
        start leaf(1)
        let two = start leaf(2)
        inner.put([q.get(), q.get()])
        unbounded.get()
        two.join()
        print "leaves"
    }
    inner.close()
}
process talk {
    for k in 0..EACH {
        writer.send("x".repeat(k % 3 * 70_000))
        left.send(k)
        left.poll(timeout: 1ms)
    }
    writer.close()
}
process listen {
    for text in reader {
        with c { c.notify_all() }
        select { case k = right.recv() { print "heard", k } after 1ms { pass } }
    }
}
process one { for k in 0..EACH { try { z.put(1, timeout: 1ms) } catch Full { pass } ; meet() } }
process other { for k in 0..EACH { try { z.get(timeout: 1ms) } catch Empty { pass } ; meet() } }
task meet() {
    try { b.wait(timeout: 1ms) } catch BrokenBarrier { b.reset() }
    bell.set()
    bell.clear()
}
task begin() {
    start idle
    start hum
    start parent
    start talk
    start listen
    start one
    start other
    let never = start late
    start soon
    never.cancel()
}
task busy() {
    for k in 0..ROUNDS {
        print "round", k
        w.map(f, 0..4)
        helpers.apply_async(f, k, callback: note).wait(timeout: 5ms)
        for x in helpers.imap(f, 0..2) { n.add(x) }
        with c { c.wait(timeout: 1ms) }
        if l.count() > 0 { l.count_down() }
        bell.wait(timeout: 1ms)
        with m { yield }
    }
}
"#;

/// The busy scenario; after its rounds main does what ends it, if anything does.
pub(super) fn busy(end: &str) -> String {
    format!("{BUSY}\nmain {{\n    begin()\n    busy()\n    {end}\n}}\n")
}

/// The same, in which a child ends with an error after as many rounds of its own.
pub(super) fn with_failing_child() -> String {
    let child = "process failing { for k in 0..ROUNDS { print \"still\", k ; n.add(1) } ; raise Oops(\"in a child\") }";
    format!("{BUSY}\n{child}\nmain {{\n    begin()\n    start failing\n    busy()\n}}\n")
}

/// Nobody can go on: processes, threads and workers, each in another object.
pub(super) const STUCK: &str = r#"
const ROUNDS = 5
queue q
queue z(0)
pipe reader <- writer
pipe left <-> right
lock m
rwlock rw
condition c
semaphore s(0)
event e
barrier b(40)
latch l(1)
atomic n = 0
pool w(2)
task block(k) { s.acquire() ; e.set() ; l.count_down() ; z.put(k) ; writer.send(k) ; right.send(k) ; rw.write.release() }
process a { thread t { e.wait() }
    start t
    l.wait() }
process d { b.wait() }
process f { with c { c.wait() } }
process g { z.get() }
process h { reader.recv() }
process i { select { case q.get() { } case left.recv() { } } }
process k { rw.read.acquire() }
thread t { m.acquire() }
main {
    m.acquire()
    rw.write.acquire()
    for round in 0..ROUNDS { print "round", round ; n.add(1) }
    start a
    start d
    start f
    start g
    start h
    start i
    start k
    start t
    w.map(block, 0..2)
}
"#;

/// Processes that start processes, without end.
pub(super) const BOMB: &str = "process p { loop { start p ; print \"p\" } }\nmain { start p ; print \"main\" }\n";

/// Memory that grows without end, in a process and in the arena.
pub(super) const HOARD: &str = r#"
queue q
daemon process idle { sleep 1h }
process p { let xs = [0] ; loop { xs.extend(xs) ; print len(xs) ; q.put(xs) } }
main { start idle ; start p ; q.put(1) ; sleep 1h ; q.get() }
"#;
