//! Pipes: messages, who holds which end, end of file, broken pipes.

use super::harness::{check, run, run_with};

#[test]
fn messages_of_every_kind_and_size() {
    check(
        r#"
pipe near <-> far
process echo { for x in far { far.send(x) } }
main {
    start echo
    for x in [none, true, 42, 1.5, 10ms, "text", [1, [2]], {a: 1}, {1, 2}, 0..3, ""] {
        near.send(x)
        print near.recv() == x
    }
    near.send([7; 200000])
    print len(near.recv())
    near.close()
}
"#,
        &format!("{}200000\n", "true\n".repeat(11)),
    );
}

#[test]
fn two_that_send_first_and_read_later() {
    check(
        r#"
pipe a <-> b
process other { b.send([1; 5000]); print len(b.recv()) }
main { let o = start other; a.send([2; 5000]); print len(a.recv()); o.join() }
"#,
        "
        5000
        5000
        ",
    );
}

#[test]
fn end_of_file_comes_when_the_last_writer_lets_go() {
    check(
        r#"
pipe reader <- writer
process w[i in 0..3] { writer.send(i) }
main { start w; print sorted([x for x in reader]); try { reader.recv() } catch EOF { print "end" } }
"#,
        "
        [0, 1, 2]
        end
        ",
    );
}

#[test]
fn passing_an_end_on_is_not_holding_it() {
    check(
        r#"
pipe reader <- writer
process w(end) { end.send("x") }
main { start w(writer); print reader.recv(); try { reader.recv() } catch EOF { print "end" } }
"#,
        "
        x
        end
        ",
    );
}

#[test]
fn an_end_that_travelled_is_held_from_its_receipt() {
    check(
        r#"
pipe reader <- writer
queue q
process w { let end = q.get(); end.send("through {1 + 1}"); end.close() }
main { start w; q.put(writer); print reader.recv(); try { reader.recv() } catch EOF { print "end" } }
"#,
        "
        through 2
        end
        ",
    );
}

#[test]
fn a_killed_writer_is_end_of_file_and_a_killed_reader_a_broken_pipe() {
    check(
        r#"
pipe reader <- writer
pipe sink <- source
process w { writer.send("one"); sleep 1h }
process r { sink.recv(); sleep 1h }
main {
    let a = start w
    print reader.recv()
    a.kill()
    try { reader.recv() } catch EOF { print "end" }
    let b = start r
    source.send("x")
    b.terminate()
    b.join()
    try { source.send("y") } catch BrokenPipe { print "broken" }
}
"#,
        "
        one
        end
        broken
        ",
    );
}

#[test]
fn what_was_sent_stays_readable() {
    check(
        r#"
pipe reader <- writer
process w { for i in 0..3 { writer.send(i) } }
main { (start w).join(); print reader.poll(), [x for x in reader], reader.poll() }
"#,
        "true [0, 1, 2] true",
    );
}

#[test]
fn polling() {
    check(
        r#"
pipe near <-> far
event go
process late { go.wait(); far.send("x"); far.recv() }
main {
    start late
    print near.poll(), near.poll(timeout: 1ms)
    go.set()
    print near.poll(timeout: none), near.poll(), near.recv()
    near.send("bye")
}
"#,
        "
        false false
        true true x
        ",
    );
}

// conformance: 230, 235
#[test]
fn ends_closed_here_and_used_the_wrong_way() {
    check(
        r#"
pipe near <-> far
pipe reader <- writer
queue ways
task wrong(end) { try { end.recv() } catch TypeError { print "only sends" } }
main {
    near.close()
    try { near.send(1) } catch Closed { print "closed" }
    try { near.close() } catch Closed { print "closed" }
    ways.put(writer)
    wrong(ways.get())
    reader.poll()
    far.close()
}
"#,
        "
        closed
        closed
        only sends
        ",
    );
}

#[test]
fn a_pipe_of_threads() {
    check(
        r#"
main {
    pipe near <-> far
    thread echo { for x in [1, 2] { far.send(far.recv() * 10) } }
    let e = start echo
    near.send(1); near.send(2)
    print near.recv(), near.recv()
    e.join()
}
"#,
        "10 20",
    );
}

// conformance: 199
#[test]
fn no_descriptor_leaks_to_who_does_not_hold_the_end() {
    let seen = run(r#"
pipe reader <- writer
process bystander { sleep 1h }
process w { writer.send("x") }
main { let b = start bystander; start w; for x in reader { print x }; print "end"; b.kill() }
"#);
    assert_eq!((seen.stdout.as_str(), seen.code), ("x\nend\n", Some(0)), "{}", seen.stderr);
}

#[test]
fn a_direction_holds_so_much_and_more_goes_alone() {
    check(
        r#"
pipe reader <- writer
event sent
process w {
    for k in 0..3 { writer.send([k; 9000]) }
    sent.set()
    writer.send([3; 9000])
    writer.send([4; 90000])
    writer.send("end")
}
main {
    start w
    sent.wait()
    for k in 0..4 { print reader.recv()[0] }
    print len(reader.recv()), reader.recv()
}
"#,
        "
        0
        1
        2
        3
        90000 end
        ",
    );
}

#[test]
fn who_is_killed_in_a_pipe_leaves_it_whole() {
    let text = r#"
pipe a <-> b
process w { for k in 0..1000000 { b.send([k; k % 50 * 40]) } }
process r { loop { a.recv() } }
main {
    for round in 0..15 {
        let hs = [start w, start r, start w, start r]
        for h in shuffle(hs) { sleep random(0ms..3ms); h.kill() }
        join hs
        while a.poll() { a.recv() }
        b.send("mark")
        let x = none
        while x != "mark" { x = a.recv() }
        assert not a.poll()
    }
    print "usable"
}
"#;
    for seed in 0..6 {
        let seen = run_with(&["--seed", &seed.to_string()], text);
        assert_eq!((seen.stdout.as_str(), seen.code), ("usable\n", Some(0)), "seed {seed}: {}", seen.stderr);
    }
}

// conformance: 228
#[test]
fn sixteen_mebibytes_pass_in_one_piece() {
    check(
        r#"
pipe near <-> far
process echo { far.send(far.recv()) }
main {
    start echo
    let long = "0123456789abcdef".repeat(1MiB)
    near.send(long)
    print near.recv() == long, len(long)
}
"#,
        "true 16777216",
    );
}

// conformance: 243
#[test]
fn a_wait_for_four_pipes_gets_all_there_is() {
    check(
        r#"
pipe r[4] <- w[4]
process writer[n in 0..4] { for i in 0..10 { w[n].send([n, i]) } }
main {
    start writer
    let open = [end for end in r]
    let seen = [[], [], [], []]
    let ends = 0
    while len(open) > 0 {
        try {
            select { for end in open case m = end.recv() { seen[m[0]].push(m[1]) } }
        } catch EOF {
            let still = []
            for end in open {
                try {
                    if end.poll() { let [n, i] = end.recv(); seen[n].push(i) }
                    still.push(end)
                } catch EOF { ends += 1 }
            }
            open = still
        }
    }
    print [xs == list(0..10) for xs in seen], ends
}
"#,
        "[true, true, true, true] 4",
    );
}

/// Several who read what lies there, in a `select` that would do something else: a message whose reader has yet to get
/// its turn is there all the same; and so is room for a message that waits only for others to be written.
#[test]
fn what_is_there_is_there_whoever_has_the_turn() {
    for _ in 0..10 {
        check(
            r#"
const EACH = 12
pipe x <-> y
atomic left = 3 * EACH
process reader[i in 0..3] {
    for _ in 0..EACH { select { case v = y.recv() { left.sub(1) } ; else { raise Missed(str(left)) } } }
}
process sender[i in 0..3] {
    for k in 0..EACH { select { case y.send(k) { left.add(1) } ; else { raise Refused(str(k)) } } }
}
main {
    for k in 0..3 * EACH { x.send(k) }
    let rs = start reader
    let ss = start sender
    join rs, ss
    print left
}
"#,
            "
            36
            ",
        );
    }
}
