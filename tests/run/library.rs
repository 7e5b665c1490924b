//! The library, from a test harness with threads; and a crate of a user's own.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use conc::judge::{Judgement, judge};
use conc::trace::{Trace, TraceData, TraceError};
use conc::{RunOptions, Scenario, Schedule};

#[track_caller]
fn trace_of(text: &str) -> Trace {
    let plan = Scenario::from_str(text).plan(&[]).unwrap_or_else(|found| panic!("{found:?}"));
    let run = plan.run(&RunOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    assert!(run.passed(), "{:?}", run.errors());
    run.trace().clone()
}

#[test]
fn a_run_gives_status_output_and_trace() {
    let text = "queue q\nprocess p { q.put(1) }\nmain { start p; print q.get() }";
    let plan = Scenario::from_str(text).plan(&[]).unwrap_or_else(|found| panic!("{found:?}"));
    let run = plan.run(&RunOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    assert!(run.passed());
    assert_eq!(run.output(), "1\n");
    insta::assert_snapshot!(run.trace().outline());
}

#[test]
fn a_scenario_without_races_on_messages_has_one_outline() {
    let text = "queue a\nqueue b\nprocess left { for i in 0..20 { a.put(i) } }\nprocess right { for i in 0..20 { b.put(a.get() * 2) } }\nthread sink { for i in 0..20 { print b.get() } }\nmain { start left; start right; (start sink).join() }";
    let first = trace_of(text).outline();
    for _ in 0..10 {
        assert_eq!(trace_of(text).outline(), first);
    }
}

#[test]
fn pauses_change_nothing_that_is_fixed() {
    let text = "queue a(1)\nqueue b\nprocess left { for i in 0..20 { a.put(i) } }\nthread right { for i in 0..20 { b.put(a.get() * 2) } }\nmain { start left; start right; for i in 0..20 { print b.get() } }";
    let plan = Scenario::from_str(text).plan(&[]).unwrap_or_else(|found| panic!("{found:?}"));
    let expected: String = (0..20).map(|i| format!("{}\n", i * 2)).collect();
    let outline = trace_of(text).outline();
    for seed in 0..5 {
        let options = RunOptions { perturb: Some(seed), ..RunOptions::default() };
        let run = plan.run(&options).unwrap_or_else(|error| panic!("{error}"));
        assert!(run.passed(), "{:?}", run.errors());
        assert_eq!(run.output(), expected);
        assert_eq!(run.trace().outline(), outline);
    }
}

#[test]
fn the_number_of_processors_is_that_of_the_host_in_a_free_run_and_fixed_in_others() {
    let text = "const N = cpu_count()\npool w\ntask count() { return cpu_count() }\nprocess p[i in 0..N] { assert N == cpu_count() }\nmain { thread t { sleep 1ms }\nstart t; start p; print N, cpu_count(), w.apply(count) }";
    let plan = Arc::new(Scenario::from_str(text).plan(&[]).unwrap_or_else(|found| panic!("{found:?}")));
    let host = std::thread::available_parallelism().map_or(1, usize::from);
    for (schedule, cores) in [(Schedule::Fifo, 4), (Schedule::Random, 4), (Schedule::Free, host)] {
        let options = RunOptions { seed: Some(0), schedule, ..RunOptions::default() };
        let run = plan.run(&options).unwrap_or_else(|error| panic!("{error}"));
        assert!(run.passed(), "{:?}", run.errors());
        assert_eq!(run.output(), format!("{cores} {cores} {cores}\n"));
        let data = run.trace().data();
        let of = |name: &str| data.actors.iter().filter(|actor| actor.name.starts_with(name)).count();
        assert_eq!((data.cores as usize, of("w/"), of("p[")), (cores, cores, cores));
        let judgement = judge(&plan, data, Some(&run.ending));
        assert!(matches!(judgement, Judgement::Possible { .. }), "{judgement:?}");
        // The judge takes the number of the run, and no other.
        let other = TraceData { cores: data.cores + 1, ..data.clone() };
        let judgement = judge(&plan, &other, Some(&run.ending));
        assert!(!matches!(judgement, Judgement::Possible { .. }), "{judgement:?}");
    }
}

#[test]
fn a_trace_takes_values_as_deep_as_a_scenario_makes_them() {
    let text = "queue q
main {
    let list = [1]
    let map = {\"x\": 0..3}
    for _ in 0..500 { list = [list]; map = {\"x\": map} }
    q.put(list)
    q.put(map)
    print q.get() == list, q.get() == map
}";
    let trace = trace_of(text);
    assert_eq!(trace.prints(), ["true true"]);
    let to_lines = |trace: &Trace| trace.to_ron_lines().unwrap_or_else(|error| panic!("{error}"));
    let to_json = |trace: &Trace| trace.to_json().unwrap_or_else(|error| panic!("{error}"));
    let read = |read: Result<Trace, TraceError>| read.unwrap_or_else(|error| panic!("{error}"));
    let refusal = |read: Result<Trace, TraceError>| read.err().map_or_else(String::new, |error| error.to_string());
    let (lines, json) = (to_lines(&trace), to_json(&trace));
    assert_eq!(to_lines(&read(Trace::from_ron_lines(&lines))), lines);
    assert_eq!(to_json(&read(Trace::from_json(&json))), json);
    // What nests deeper than any value is refused, before the stack runs out.
    let hostile = json.replacen("[{\"Int\":1}]", &"{\"List\":[".repeat(200_000), 1);
    assert_ne!(hostile, json);
    let refused = refusal(Trace::from_json(&hostile));
    assert!(refused.contains("nests more than"), "{refused}");
    let [open, close] = ["{\"List\":[", "]}"].map(|bracket| bracket.repeat(1000));
    let unlikely = json.replacen("[{\"Int\":1}]", &format!("[{open}{close}]"), 1);
    assert_eq!(to_json(&read(Trace::from_json(&unlikely))), unlikely);
    let hostile = lines.replacen("[Int(1)]", &"[List(".repeat(200_000), 1);
    assert_ne!(hostile, lines);
    let refused = refusal(Trace::from_ron_lines(&hostile));
    assert!(refused.contains("recursion limit"), "{refused}");
}

#[test]
fn runs_side_by_side_in_threads_of_one_harness() {
    let threads: Vec<_> = (0..4)
        .map(|n| {
            std::thread::spawn(move || {
                trace_of(&format!("process p {{ print {n} }}\nmain {{ (start p).join() }}")).prints()
            })
        })
        .collect();
    for (n, thread) in threads.into_iter().enumerate() {
        assert_eq!(thread.join().unwrap_or_default(), [n.to_string()]);
    }
}

#[test]
fn pids_and_times_are_masked() {
    let outline = trace_of("event asked\nprocess p { print \"I am {pid()}, child of {ppid()}\"; sleep 1ms; asked.wait(); print now() > 0s, \"{now()}\" }\nmain { let h = start p; print h.pid(), pid(); asked.set(); h.join() }").outline();
    insta::assert_snapshot!(outline);
}

#[test]
fn a_crate_of_a_users_own_tests_a_scenario() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO"))
        .args(["test", "--quiet", "--manifest-path"])
        .arg(root.join("tests/user_crate/Cargo.toml"))
        .env("CARGO_TARGET_DIR", root.join("target/user_crate"))
        .env("INSTA_UPDATE", "no")
        .env_remove("RUSTFLAGS")
        .output()
        .unwrap_or_else(|error| panic!("cargo does not start: {error}"));
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    assert!(said.contains("6 passed"), "{said}");
}
