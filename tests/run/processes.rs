//! Processes and threads: parents, names, ends, exit codes, daemons, timers.

use super::harness::{check, run, start};

#[test]
fn the_parent_is_who_started_it() {
    check(
        r#"
queue q
process grandchild { q.put([pid(), ppid()]) }
process child { let g = start grandchild; q.put([pid(), ppid()]); g.join(); q.put(g.pid()) }
main {
    let c = start child
    c.join()
    let seen = [q.get(), q.get(), q.get()]
    let pairs = [pair for pair in seen if type(pair) == "list"]
    let by_parent = {pair[1]: pair[0] for pair in pairs}
    print by_parent[pid()] == c.pid()
    print by_parent[c.pid()] == [g for g in seen if type(g) == "int"][0]
}
"#,
        "
        true
        true
        ",
    );
}

#[test]
fn a_process_with_threads_starts_children_that_are_its_own() {
    check(
        r#"
event go
process child(parent) { go.wait(); print ppid() == parent }
process starter {
    thread idle { go.wait() }
    start idle
    let c = start child(pid())
    go.set()
    c.join()
    print c.exitcode()
}
main { (start starter).join() }
"#,
        "
        true
        0
        ",
    );
}

#[test]
fn exit_codes() {
    check(
        r#"
process returns { return }
process leaves(n) { try { exit(n) } catch { print "not caught" } finally { print "finally {n}" } }
process endless { loop { sleep 1h } }
main {
    let codes = []
    let r = start returns
    r.join(); codes.push(r.exitcode())
    for n in [3, 256, -1] { let h = start leaves(n); h.join(); codes.push(h.exitcode()) }
    print codes
    let e = start endless
    print e.exitcode(), e.is_alive(), e.join(timeout: 0s)
    e.terminate()
    print e.join(), e.exitcode(), e.is_alive()
    let k = start endless
    k.kill()
    k.join()
    print k.exitcode()
    k.terminate()
}
"#,
        "
        finally 3
        finally 256
        finally -1
        [0, 3, 0, 255]
        none true false
        true -15 false
        -9
        ",
    );
}

// conformance: 131, 191
#[test]
fn an_uncaught_error_ends_its_actor_and_fails_the_run() {
    let seen = run("process p { raise ValueError(\"no\") }\nmain { let h = start p; h.join(); print h.exitcode() }\n");
    assert_eq!(seen.stdout, "1\n");
    assert_eq!(seen.code, Some(1));
    for part in ["ValueError", "no", ":1:13", "p"] {
        assert!(seen.stderr.contains(part), "{part} in {}", seen.stderr);
    }
}

// conformance: 192
#[test]
fn exit_with_a_text_says_it_and_gives_one() {
    let seen = run("process p { exit(\"sorry\") }\nmain { let h = start p; h.join(); print h.exitcode() }\n");
    assert_eq!((seen.stdout.as_str(), seen.stderr.as_str(), seen.code), ("1\n", "sorry\n", Some(0)));
}

#[test]
fn exit_of_main_makes_the_run_end_with_one() {
    let seen = run("main { print \"a\"; exit(3) }");
    assert_eq!((seen.stdout.as_str(), seen.code), ("a\n", Some(1)));
    assert!(seen.stderr.contains('3'), "{}", seen.stderr);
}

#[test]
fn daemons_are_ended_and_others_awaited() {
    check(
        r#"
daemon process endless { loop { sleep 1h } }
daemon thread busy { loop { sleep 1h } }
event go
process short { go.wait(); print "short ended" }
main { start endless; start busy; start short; print "main ended"; go.set() }
"#,
        "
        main ended
        short ended
        ",
    );
}

#[test]
fn without_main_everything_starts_once() {
    check(
        r#"
queue q
process a { q.put("a") }
thread b[i in 0..2] { q.put("b{i}") }
finally { print sorted([q.get(), q.get(), q.get()]) }
"#,
        r#"["a", "b0", "b1"]"#,
    );
}

#[test]
fn names() {
    check(
        r#"
process p[i in 0..2] { print name() }
process q as "Shown" { print name() }
thread t { print name() }
main {
    for i in 0..2 { let h = start p[i]; h.join() }
    (start q).join()
    (start t).join()
    let again = start t
    again.join()
    print again.name(), name()
}
"#,
        "
        p[0]
        p[1]
        Shown
        t
        t#2
        t#2 main
        ",
    );
}

#[test]
fn the_kernel_knows_the_names() {
    let mut running = start(
        &["run", "-"],
        "process writer {\n    thread helper { print \"up\"; sleep 1h }\n    start helper\n    sleep 1h\n}\nmain { start writer }",
    );
    assert_eq!(running.next_line(), "up");
    let names: Vec<String> =
        running.processes().iter().filter_map(|shown| shown.split(' ').nth(1).map(str::to_owned)).collect();
    let pid = running
        .processes()
        .iter()
        .find(|shown| shown.ends_with(" writer"))
        .and_then(|shown| shown.split(' ').next().map(str::to_owned));
    let pid = pid.unwrap_or_else(|| panic!("no process is called writer: {names:?}"));
    let read = |path: String| std::fs::read_to_string(path).unwrap_or_default();
    assert!(read(format!("/proc/{pid}/cmdline")).starts_with("conc: writer"));
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap_or_else(|error| panic!("{error}"));
    let threads: Vec<String> = threads
        .filter_map(Result::ok)
        .map(|thread| read(thread.path().join("comm").display().to_string()).trim().to_owned())
        .collect();
    // The kernel keeps fifteen bytes of a name.
    assert!(threads.contains(&"writer.helper".to_owned()), "{threads:?}");
    running.signal(nix::sys::signal::Signal::SIGINT);
    assert_eq!(running.finish().code, Some(130));
}

#[test]
fn timers() {
    check(
        r#"
event done
timer soon(50ms) { print "fired"; done.set() }
timer scaled(10ms * k, k, label) { print "{label} {k}" }
timer never(1h) { print "not printed" }
main {
    let n = start never
    n.cancel()
    n.join()
    start soon
    done.wait()
    (start scaled(3, "scaled")).join()
    n.cancel()
}
"#,
        "
        fired
        scaled 3
        ",
    );
}

#[test]
fn joining_oneself_is_refused_and_terminating_a_thread_too() {
    check(
        r#"
queue q
thread t { let me = q.get(); try { me.join() } catch ValueError { print "no" } }
main {
    let h = start t
    q.put(h)
    h.join()
    try { h.terminate() } catch TypeError { print "no thread is terminated" }
    print h.exitcode()
}
"#,
        "
        no
        no thread is terminated
        none
        ",
    );
}

#[test]
fn arguments_are_copies_and_handles_work_anywhere() {
    check(
        r#"
queue q
process changes(list, answer) { list.push(4); answer.put(list) }
process waits(other) { print other.join() }
main {
    let list = [1, 2, 3]
    let c = start changes(list, q)
    print q.get(), list
    (start waits(c)).join()
}
"#,
        "
        [1, 2, 3, 4] [1, 2, 3]
        true
        ",
    );
}

// conformance: 140, 185
#[test]
fn a_hundred_processes_and_a_thousand_threads() {
    check(
        r#"
atomic n = 0
process p { n.add(1) }
thread t { n.add(1) }
main {
    let ps = [start p for _ in 0..100]
    let ts = [start t for _ in 0..1000]
    join ps, ts
    print n
}
"#,
        "1100",
    );
}

// conformance: 132, 188
#[test]
fn a_standard_stream_that_is_closed_disturbs_nobody() {
    let file = std::env::temp_dir().join(format!("conc-closed-{}.conc", std::process::id()));
    let text = "process p { raise Odd(\"no\") }\nmain { let h = start p; h.join(); assert h.exitcode() == 1 }";
    std::fs::write(&file, text).unwrap_or_else(|error| panic!("{error}"));
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let line = format!("exec \"$0\" run \"$1\" {closed}");
        let mut shell = std::process::Command::new("sh");
        let output = shell.args(["-c", &line, env!("CARGO_BIN_EXE_conc")]).arg(&file).output();
        let output = output.unwrap_or_else(|error| panic!("{error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{closed}: {said}");
        assert_eq!(said.contains("Odd: no"), !closed.contains("2>"), "{closed}: {said}");
    }
    let _ = std::fs::remove_file(&file);
}

#[test]
fn lines_of_several_processes_come_out_whole() {
    let seen = run(r#"
process p[i in 0..4] {
    for n in 0..50 { print str(i).repeat(3000) }
}
main { start p }
"#);
    let mut lines: Vec<&str> = seen.stdout.lines().collect();
    lines.sort_unstable();
    let expected: Vec<String> = (0..200).map(|at| (at / 50).to_string().repeat(3000)).collect();
    assert!(lines == expected, "{} lines, and not all are of one process", lines.len());
}
