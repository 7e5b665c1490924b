//! What grows without end is ended: with status 4, or with an error at a line; and nothing is left.

use super::harness::{Seen, run_with};

/// Small limits, so that they are reached soon; out of time only where that is the limit.
fn bounded(args: &[&str], text: &str) -> Seen {
    let mut all = vec!["--max-processes", "20"];
    if !args.contains(&"--timeout") {
        all.extend(["--timeout", "60s"]);
    }
    if !args.contains(&"--max-memory") {
        all.extend(["--max-memory", "64MiB"]);
    }
    all.extend(args);
    run_with(&all, text)
}

#[track_caller]
fn over_a_limit(args: &[&str], text: &str, words: &str) {
    let seen = bounded(args, text);
    assert_eq!(seen.code, Some(4), "{}", seen.stderr);
    assert!(seen.stderr.contains(words), "{}", seen.stderr);
}

#[track_caller]
fn error_at_a_line(args: &[&str], text: &str, words: &str) {
    let seen = bounded(args, text);
    assert_eq!(seen.code, Some(1), "{}", seen.stderr);
    assert!(seen.stderr.contains(words) && seen.stderr.contains("-->"), "{}", seen.stderr);
}

/// Free, and one step at a time.
const WORLDS: [&[&str]; 2] = [&[], &["--schedule", "random", "--seed", "3"]];

#[test]
fn processes_that_start_processes() {
    for world in WORLDS {
        error_at_a_line(world, "process p { start p }\nmain { start p }", "more than 20 processes at a time");
    }
    // Each that ends with the error makes room for another.
    let bomb = "process p { loop { start p } }\nmain { start p }";
    over_a_limit(WORLDS[0], bomb, "starts found no room for more than 20 processes");
    error_at_a_line(WORLDS[1], bomb, "more than 20 processes at a time");
}

#[test]
fn threads_that_start_threads() {
    let text = "thread t { start t; sleep 1h }\nmain { start t }";
    let seen = bounded(&["--max-memory", "2GiB", "--timeout", "5s"], text);
    assert_eq!(seen.code, Some(4), "{}", seen.stderr);
    assert!(seen.stderr.contains("more than 1024 threads at a time"), "{}", seen.stderr);
}

#[test]
fn as_many_threads_as_are_allowed() {
    let text = "const N = 1100\nlatch here(N)\nevent go\nthread t[_i in 0..N] { here.count_down(); go.wait() }\nmain { start t; here.wait(); go.set(); print \"all\" }";
    let roomy = |most: &str| bounded(&["--max-memory", "4GiB", "--max-threads", most, "--verify"], text);
    let seen = roomy("1100");
    assert_eq!((seen.code, seen.stdout.as_str()), (Some(0), "all\n"), "{}", seen.stderr);
    for world in WORLDS {
        let all = [world, &["--max-memory", "4GiB", "--max-threads", "9"]].concat();
        let text = "thread t[_i in 0..20] { sleep 200ms }\nmain { start t }";
        error_at_a_line(&all, text, "more than 9 threads at a time; `conc run --max-threads` allows more");
    }
}

/// What a pool was asked and has answered takes no memory: more goes through it than may be used at a time.
#[test]
fn a_pool_that_is_asked_again_and_again() {
    for workers in ["2", "threads: 2"] {
        let text = format!(
            "pool w({workers})
task long(n) {{ if n == 3 {{ raise ValueError(\"x\".repeat(100000)) }}; return \"x\".repeat(n) }}
main {{
    let total = 0
    for _ in 0..50 {{
        total += len(w.apply(long, 500000))
        for one in w.map(long, [400000, 300000]) {{ total += len(one) }}
        for one in w.starmap(long, [[400000], [300000], [100000]], chunk: 1) {{ total += len(one) }}
        try {{ w.apply(long, 3) }} catch ValueError as e {{ total += len(e.message) }}
        try {{ w.map(long, [300000, 3], chunk: 1) }} catch ValueError as e {{ total += len(e.message) }}
    }}
    print total
    w.close()
    for _ in 0..3000 {{ try {{ w.map(long, 0..20) }} catch PoolClosed {{ total += 1 }} }}
    w.join()
}}"
        );
        let seen = bounded(&[], &text);
        assert_eq!((seen.code, seen.stdout.as_str()), (Some(0), "110000000\n"), "{}", seen.stderr);
    }
}

#[test]
fn a_queue_that_grows() {
    let text = "queue q\nprocess p { loop { q.put(\"x\".repeat(1000)) } }\nmain { start p; sleep 1h; q.get() }";
    over_a_limit(&[], text, "64 MiB of memory");
    let text = "queue q\nprocess p { loop { q.put(\"x\".repeat(100000)) } }\nmain { start p }";
    over_a_limit(WORLDS[1], text, "64 MiB of memory");
}

#[test]
fn a_queue_of_threads_that_grows() {
    let text = "queue q\nthread t { loop { q.put([1, 2, 3, 4, 5, 6, 7, 8]) } }\nmain { start t }";
    over_a_limit(&[], text, "64 MiB of memory");
}

#[test]
fn values_that_double() {
    let list = "main { let xs = [1]; loop { xs = xs + xs } }";
    for world in WORLDS {
        // It may reach the longest list that there is before anybody has looked.
        let seen = bounded(world, list);
        let too_large = seen.code == Some(1) && seen.stderr.contains("larger than 256 MiB");
        assert!(too_large || seen.code == Some(4), "{:?}: {}", seen.code, seen.stderr);
    }
    let texts = "main { let all = []; loop { all.push(\"x\".repeat(1000000)) } }";
    over_a_limit(&[], texts, "64 MiB of memory");
}

#[test]
fn values_that_double_where_there_is_memory() {
    error_at_a_line(&["--max-memory", "3GiB"], "main { let s = \"ab\"; loop { s = s + s } }", "larger than 256 MiB");
}

#[test]
fn lists_that_grow_in_many_processes() {
    let text = "process p[i in 0..10] { let xs = []; loop { xs.push(i) } }\nmain { start p }";
    over_a_limit(&[], text, "64 MiB of memory");
}

#[test]
fn recursion_without_end() {
    for world in WORLDS {
        error_at_a_line(world, "task f(n) { return f(n + 1) }\nmain { f(0) }", "RecursionError");
    }
}

#[test]
fn a_trace_without_end() {
    for world in WORLDS {
        let text = "shared n = 0\nmain { while true { n += 1 } }";
        over_a_limit(&[world, &["--outline", "--max-memory", "16MiB"]].concat(), text, "16 MiB of memory");
    }
}

#[test]
fn output_without_end() {
    let text = "main { let s = \"x\".repeat(10000); loop { print s } }";
    over_a_limit(&["--repeat", "1"], text, "");
}

#[test]
fn a_loop_without_end() {
    for world in WORLDS {
        let seen = run_with(&[world, &["--timeout", "300ms"]].concat(), "main { loop { pass } }");
        assert_eq!(seen.code, Some(4), "{}", seen.stderr);
        assert!(seen.stderr.contains("out of time"), "{}", seen.stderr);
    }
}
