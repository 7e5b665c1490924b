//! Errors while a scenario runs, and command lines that cannot be.

use super::harness::{check, run, run_with, start};

#[test]
fn finally_and_with_see_every_way_out() {
    check(
        r#"
lock m
task leave(how) {
    for i in 0..3 {
        try {
            with m {
                if how == "return" { return "returned" }
                if how == "break" { break }
                if how == "continue" { continue }
                if how == "raise" { raise Oops("raised") }
            }
        } finally { print "finally {m.locked()}" }
    }
    return "left {how}"
}
main {
    for how in ["return", "break", "continue"] { print leave(how) }
    try { leave("raise") } catch Oops as e { print e.message, e.kind, e.line, e.actor }
}
"#,
        "
        finally false
        returned
        finally false
        left break
        finally false
        finally false
        finally false
        left continue
        finally false
        raised Oops 10 main
        ",
    );
}

#[test]
fn an_assertion_fails_the_run_with_its_place() {
    let seen = run("main {\n    let x = 1\n    assert x == 2, \"x is {x}\"\n}\n");
    assert_eq!(seen.code, Some(1));
    for part in ["AssertionFailed", "x is 1", ":3:"] {
        assert!(seen.stderr.contains(part), "{part} in {}", seen.stderr);
    }
}

#[test]
fn an_error_of_an_operation_has_its_place_and_actor() {
    let seen = run("queue q(1)\nmain {\n    q.put(1)\n    q.put_nowait(2)\n}\n");
    assert_eq!(seen.code, Some(1));
    for part in ["Full", ":4:5", "main"] {
        assert!(seen.stderr.contains(part), "{part} in {}", seen.stderr);
    }
    check(
        "queue q(1)\nthread t {\n    try { q.get(timeout: 1ms) } catch Empty as e { print e.line, e.actor }\n}\nmain { (start t).join() }",
        "3 t",
    );
}

#[test]
fn a_workers_error_keeps_its_own_place_and_actor() {
    check(
        "pool w(1)\ntask f {\n    raise Oops(\"no\")\n}\nmain { try { w.apply(f) } catch Oops as e { print e.line, e.actor } }",
        "3 w/1",
    );
}

#[test]
fn an_error_in_a_process_started_from_a_threaded_one_has_its_place_too() {
    let seen = run(
        "event go\nprocess bad { [1][2] }\nprocess p {\n    thread t { go.wait() }\n    start t\n    let b = start bad\n    b.join()\n    go.set()\n}\nmain { start p }\n",
    );
    assert_eq!(seen.code, Some(1));
    for part in ["IndexError", ":2:", "bad"] {
        assert!(seen.stderr.contains(part), "{part} in {}", seen.stderr);
    }
}

// conformance: 136
#[test]
fn runaway_recursion_is_an_error_at_a_line() {
    let seen = run("task f(n) { return f(n + 1) }\nmain { f(0) }");
    assert_eq!(seen.code, Some(1), "{}", seen.stderr);
    assert!(seen.stderr.contains("RecursionError") && seen.stderr.contains(":1:"), "{}", seen.stderr);
}

// conformance: 114
#[test]
fn too_many_processes_are_refused() {
    let text = "process p(n) { if n < 40 { (start p(n + 1)).join() } }\nmain { (start p(0)).join() }";
    for schedule in ["free", "fifo"] {
        let seen = run_with(&["--max-processes", "20", "--verify", "--schedule", schedule], text);
        assert_eq!(seen.code, Some(1), "{}", seen.stderr);
        assert!(seen.stderr.contains("more than 20 processes"), "{}", seen.stderr);
    }
    assert_eq!(run_with(&[], text).code, Some(0));
}

#[test]
fn a_wrong_file_starts_nothing() {
    let seen = run("main { print \"started\"; q.put(1) }");
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)));
    assert!(seen.stderr.contains('q'), "{}", seen.stderr);
}

#[test]
fn wrong_command_lines() {
    for args in [&["run", "no/such/file.conc"][..], &["run"], &["frobnicate"], &["run", "-", "--timeout", "soon"]] {
        let seen = start(args, "").finish();
        assert_eq!(seen.code, Some(2), "{args:?}: {}", seen.stderr);
        assert_ne!(seen.stderr, "", "{args:?}");
    }
}

#[test]
fn constants_from_the_command_line() {
    let text = "const N = 2\nconst NAME = \"x\"\nmain { print N * 2, NAME }";
    let seen = run_with(&["--set", "N=21", "--set", "NAME=\"y\""], text);
    assert_eq!((seen.stdout.as_str(), seen.code), ("42 y\n", Some(0)), "{}", seen.stderr);
    let seen = run_with(&["--set", "M=21"], text);
    assert_eq!((seen.stdout.as_str(), seen.code), ("", Some(2)), "{}", seen.stderr);
}

#[test]
fn a_seed_fixes_what_is_drawn() {
    let text = "process p { print [random(0..1000) for _ in 0..5], choose([1, 2, 3]), shuffle(0..5) }\nmain { (start p).join(); print random(0..1000) }";
    let first = run_with(&["--seed", "7"], text);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert_eq!(run_with(&["--seed", "7"], text).stdout, first.stdout);
    assert_ne!(run_with(&["--seed", "8"], text).stdout, first.stdout);
}

#[test]
fn a_variable_nests_no_deeper_than_a_value() {
    let text = "shared m = {}
shared xs = [[]]
main {
    let deep = []
    for _ in 0..500 { deep = [deep] }
    for kept in 0..9 { try { for _ in 0..600 { m[\"in\"] = m } } catch ValueError as e { assert \"nest at most\" in e.message } }
    print type(m), type(m[\"in\"])
    try { for _ in 0..20 { deep = [deep]; xs[0].push(deep) } } catch ValueError as e { print e.message }
    print len(xs[0]) > 0
}";
    let seen = run_with(&[], text);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    assert_eq!(seen.stdout, "map map\nvalues nest at most 512 deep\ntrue\n");
}
