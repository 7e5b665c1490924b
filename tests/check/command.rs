//! `conc check` as a user sees it: what is said, in which format, with which exit status; and the replay of what it
//! found.

use conc::check::{Bound, Limits, Options, Reduction, Verdict, check};

use super::folder::Folder;

const CROSSED: &str = r#"scenario "crossed"
lock a
lock b
thread one { with a { with b { pass } } }
thread two { with b { with a { pass } } }
"#;

const SLEPT_PAST: &str = r#"scenario "slept past it"
atomic n = 0
thread sleeper { sleep 1ms; n = 1 }
thread reader { let a = n; assert n == a }
"#;

const RACE: &str = r#"scenario "two writers"
shared n = 0
process writer[i in 0..2] { n = i }
"#;

const SPINS: &str = r#"scenario "spins"
atomic go = false
thread spinner { while not go { pass } }
thread setter { go = true; go = false }
"#;

const INVARIANT: &str = r#"scenario "not both"
atomic a = 0
atomic b = 0
thread one { a = 1; a = 0 }
thread two { b = 1; b = 0 }
invariant apart: a + b < 2
"#;

#[test]
fn a_deadlock_is_told_and_replayed() {
    let folder = Folder::with(&[("crossed.conc", CROSSED)]);
    let out = folder.conc("check", &["crossed.conc"]);
    assert_eq!(out.code, Some(3));
    insta::assert_snapshot!("deadlock", out.out);
    let replayed = folder.conc("run", &["crossed.conc", "--replay", "crossed.replay.ron"]);
    assert_eq!(replayed.code, Some(3), "{}", replayed.err);
    let said = replayed.err;
    assert!(said.contains("each waits for the next: one -> two -> one"), "{said}");
}

#[test]
fn a_failure_that_rests_on_timing_is_told_and_replayed() {
    let folder = Folder::with(&[("slept.conc", SLEPT_PAST)]);
    let out = folder.conc("check", &["slept.conc"]);
    assert_eq!(out.code, Some(1));
    insta::assert_snapshot!("timing", out.out);
    let replayed = folder.conc("run", &["slept.conc", "--replay", "slept.replay.ron"]);
    assert_eq!(replayed.code, Some(1), "{}{}", replayed.out, replayed.err);
    assert!(replayed.err.contains("AssertionFailed"), "{}", replayed.err);
}

#[test]
fn races_livelocks_and_invariants_are_told() {
    let folder = Folder::with(&[("race.conc", RACE), ("spins.conc", SPINS), ("invariant.conc", INVARIANT)]);
    for (file, status) in [("race.conc", 1), ("spins.conc", 1), ("invariant.conc", 1)] {
        let out = folder.conc("check", &[file]);
        assert_eq!(out.code, Some(status), "{file}: {}", out.err);
        insta::assert_snapshot!(file.trim_end_matches(".conc"), out.out);
    }
}

#[test]
fn several_files_make_a_table_and_machine_formats_are_valid() {
    let folder =
        Folder::with(&[("crossed.conc", CROSSED), ("race.conc", RACE), ("wrong.conc", "process p { q.put(1) }\n")]);
    let out = folder.conc("check", &["."]);
    assert_eq!(out.code, Some(2));
    assert!(out.err.contains("E0101"), "{}", out.err);
    assert!(out.out.contains("0 scenarios as expected, 2 not, 1 that cannot be checked"), "{}", out.out);
    let json = folder.conc("check", &["crossed.conc", "--format", "json"]);
    let mut object: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    object["seconds"] = 0.into();
    object["bytes"] = 0.into();
    insta::assert_snapshot!("json", format!("{object:#}"));
    let sarif = folder.conc("check", &["crossed.conc", "race.conc", "--format", "sarif"]);
    let log: serde_json::Value = serde_json::from_str(&sarif.out).expect("JSON");
    assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(2));
    let mermaid = folder.conc("check", &["crossed.conc", "--format", "mermaid"]);
    insta::assert_snapshot!("mermaid", mermaid.out);
}

#[test]
fn checks_are_one_page_of_html() {
    let folder =
        Folder::with(&[("crossed.conc", CROSSED), ("less.conc", "main { assert 1 < 2 and \"<b>\" != \"&\" }\n")]);
    let one = folder.conc("check", &["crossed.conc", "--format", "html"]);
    insta::assert_snapshot!("html", one.out);
    let several = folder.conc("check", &["crossed.conc", "less.conc", "--format", "html"]);
    assert!(several.out.contains("<h1>1 of 2 as expected</h1>"), "{}", several.out);
    assert!(several.out.contains("1 &lt; 2 and &quot;&lt;b&gt;&quot; != &quot;&amp;&quot;"), "{}", several.out);
    assert!(!several.out.contains("<b>"), "{}", several.out);
}

#[test]
fn a_limit_is_never_a_pass() {
    let many = "atomic n = 0\nthread t[i in 0..4] { for _ in 0..6 { n += 1 } }\n";
    let folder = Folder::with(&[("many.conc", many)]);
    let out = folder.conc("check", &["many.conc", "--max-states", "50", "--reduction", "none"]);
    assert_eq!(out.code, Some(4), "{}", out.out);
    assert!(out.out.starts_with("limit many.conc"), "{}", out.out);
}

#[test]
fn a_search_takes_no_more_memory_than_it_may() {
    const MEMORY: u64 = 256 << 10;
    let many = "atomic n = 0\nthread t[i in 0..4] { for _ in 0..8 { n.add(i + 1) } }\n";
    let scenario = conc::Scenario::from_str(many);
    let plan = std::sync::Arc::new(scenario.plan(&[]).expect("a plan"));
    let limits = Limits { memory: Some(MEMORY), walked: 0, ..Limits::default() };
    let options = Options { limits, reduction: Reduction::None, ..Options::new(8) };
    let checked = check(&plan, &options, &mut |_| {}).expect("objects");
    assert_eq!((checked.verdict, checked.bound), (Verdict::Limit, Some(Bound::Memory)));
    assert!(checked.states > 500 && checked.bytes <= MEMORY + MEMORY / 2, "{} {}", checked.states, checked.bytes);
    let folder = Folder::with(&[("few.conc", "atomic n = 0\nthread t { n.add(1) }\n")]);
    assert_eq!(folder.conc("check", &["few.conc", "--max-memory", "16MiB"]).code, Some(0));
    assert_eq!(folder.conc("check", &["few.conc", "--max-memory", "16"]).code, Some(2));
}

#[test]
fn crashes_and_wake_ups_are_looked_at_where_asked_for() {
    let crash = "lock m\nprocess p { with m { pass } }\nmain { let p = start p; p.join(); assert p.exitcode() == 0 }\n";
    let wakes = "condition c\natomic told = false\nthread waiter { with c { c.wait() }; assert told }\n\
                 thread teller { with c { told = true; c.notify() } }\nexpect deadlock\nexpect assertion\n";
    let folder = Folder::with(&[("crash.conc", crash), ("wakes.conc", wakes)]);
    assert_eq!(folder.conc("check", &["crash.conc"]).code, Some(0));
    let out = folder.conc("check", &["crash.conc", "--crashes", "1"]);
    assert_eq!(out.code, Some(1), "{}", out.out);
    let replayed = folder.conc("run", &["crash.conc", "--replay", "crash.replay.ron"]);
    assert_eq!(replayed.code, Some(1), "{}", replayed.err);
    let out = folder.conc("check", &["wakes.conc"]);
    assert!(out.out.contains("expected and not found: assertion"), "{}", out.out);
    let out = folder.conc("check", &["wakes.conc", "--spurious"]);
    assert_eq!(out.code, Some(0), "{}", out.out);
}

#[test]
fn a_race_is_replayed_to_where_both_accesses_are_next() {
    let expected = format!("{RACE}expect race on n\n");
    let folder = Folder::with(&[("race.conc", RACE), ("expected.conc", &expected)]);
    assert_eq!(folder.conc("check", &["race.conc"]).code, Some(1));
    let replayed = folder.conc("run", &["race.conc", "--replay", "race.replay.ron"]);
    assert_eq!(replayed.code, Some(1), "{}{}", replayed.out, replayed.err);
    insta::assert_snapshot!("race_replayed", replayed.err);
    assert_eq!(folder.conc("check", &["expected.conc"]).code, Some(0));
    let replayed = folder.conc("run", &["expected.conc", "--replay", "expected.replay.ron"]);
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.err);
    assert!(replayed.err.contains("a race on `n`") && !replayed.err.contains("not seen"), "{}", replayed.err);
}

#[test]
fn states_kept_whole_are_as_many() {
    let folder = Folder::with(&[("crossed.conc", CROSSED), ("invariant.conc", INVARIANT)]);
    for file in ["crossed.conc", "invariant.conc"] {
        let count = |out: &str| {
            let value: serde_json::Value = serde_json::from_str(out).expect("an object");
            (value["states"].as_u64(), value["transitions"].as_u64(), value["collisions"].as_u64())
        };
        let (states, transitions, unknown) = count(&folder.conc("check", &[file, "--format", "json"]).out);
        let whole = count(&folder.conc("check", &[file, "--format", "json", "--exact"]).out);
        assert!(states > Some(1));
        assert_eq!(((states, transitions, Some(0)), None), (whole, unknown), "{file}");
    }
    assert!(folder.conc("check", &["crossed.conc", "--exact"]).out.contains("no two of them have one fingerprint"));
}

#[test]
fn a_wake_up_that_nobody_caused_is_replayed() {
    let wakes = "condition c\nevent waits\natomic told = false\n\
                 process waiter { with c { waits.set(); c.wait(); assert told } }\n\
                 process teller { waits.wait(); with c { told = true; c.notify() } }\n";
    let folder = Folder::with(&[("wakes.conc", wakes)]);
    assert_eq!(folder.conc("check", &["wakes.conc"]).code, Some(0));
    let out = folder.conc("check", &["wakes.conc", "--spurious"]);
    assert_eq!(out.code, Some(1), "{}", out.out);
    assert!(out.out.contains("wakes up by itself"), "{}", out.out);
    let args = ["wakes.conc", "--replay", "wakes.replay.ron", "--verify", "--trace", "wakes.ron"];
    let replayed = folder.conc("run", &args);
    assert_eq!(replayed.code, Some(1), "{}{}", replayed.out, replayed.err);
    assert!(replayed.err.contains("raised in waiter"), "{}", replayed.err);
    // The trace says that it was meant to be.
    assert_eq!(folder.conc("trace", &["verify", "wakes.ron"]).code, Some(0));
    let trace = std::fs::read_to_string(folder.path().join("wakes.ron")).expect("a trace");
    std::fs::write(folder.path().join("wakes.ron"), trace.replace("spurious:true,", "")).expect("a file");
    assert_eq!(folder.conc("trace", &["verify", "wakes.ron"]).code, Some(5));
}

#[test]
fn who_might_wake_up_by_itself_waits_all_the_same() {
    let lost =
        "condition c\nthread w { with c { c.wait() } }\nmain { let w = start w; with c { c.notify() }; w.join() }\n";
    let folder = Folder::with(&[("lost.conc", lost)]);
    for args in [&["lost.conc"][..], &["lost.conc", "--spurious"]] {
        let out = folder.conc("check", args);
        assert!(out.out.starts_with("deadlock lost.conc: a lost wake-up: when step 3 came"), "{}", out.out);
        assert!(out.out.contains("w waits in c.wait()"), "{}", out.out);
    }
}

#[test]
fn a_livelock_is_replayed_to_where_it_comes_round() {
    // The waiter can go on now and then only: nobody has to let it.
    let missed = "atomic flag = false\natomic seen = false\nthread flashes { loop { flag = true; flag = false } }\n\
                  thread waiter { await flag; seen = true }\neventually it_is_seen: seen\n";
    let both = "atomic n = 0\nthread one { loop { n = 1 } }\nthread two { loop { n = 2 } }\nexpect livelock\n";
    let folder = Folder::with(&[("spins.conc", SPINS), ("missed.conc", missed), ("both.conc", both)]);
    for (file, status, said) in [
        ("spins.conc", 1, "livelock: spinner goes on for ever: after one step all is as it was before it\n"),
        ("missed.conc", 1, "livelock: flashes goes on for ever: after 2 steps all is as it was before them\n"),
        ("both.conc", 0, "livelock: one, two go on for ever: after 3 steps all is as it was before them\n"),
    ] {
        let checked = folder.conc("check", &[file]);
        assert_eq!(checked.code, Some(status), "{}", checked.out);
        assert!(checked.out.starts_with("livelock "), "{}", checked.out);
        let replay = file.replace(".conc", ".replay.ron");
        let replayed = folder.conc("run", &[file, "--replay", &replay, "--verify", "--timeout", "60s"]);
        assert_eq!(replayed.code, Some(status), "{}{}", replayed.out, replayed.err);
        assert!(replayed.err.contains(said) && !replayed.err.contains("not seen"), "{}", replayed.err);
    }
}

#[test]
fn who_is_in_the_livelock_is_who_goes_round() {
    // Whoever comes first leaves two others to spin.
    let three = "atomic turn = 0\nthread t[me in 0..3] { if turn.add(1) == 1 { return }; while turn < 9 { pass } }\n";
    let folder = Folder::with(&[("three.conc", three)]);
    let json = folder.conc("check", &["three.conc", "--format", "json"]).out;
    let object: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let counterexample = &object["counterexample"];
    let left = counterexample["steps"].as_array().and_then(|steps| {
        let first = steps.iter().find(|step| step["operation"].as_str().is_some_and(|op| op.contains("add")))?;
        first["actor"].as_str()
    });
    let message = counterexample["message"].as_str().unwrap_or_default();
    assert!(left.is_some_and(|left| !message.contains(left)), "{left:?} {message}");
}

#[test]
fn all_invariants_that_a_state_breaks_are_told() {
    let two = "atomic n = 0\nthread t { n = 1 }\ninvariant first: n < 1\ninvariant holds: n < 2\n\
               invariant last: n == 0\n";
    let folder = Folder::with(&[("two.conc", two)]);
    for args in [&["two.conc"][..], &["two.conc", "--preemptions", "0"]] {
        let out = folder.conc("check", args);
        assert!(out.out.contains("two.conc: the invariant first does not hold"), "{}", out.out);
        assert!(out.out.contains("also: the invariant last does not hold"), "{}", out.out);
        assert!(!out.out.contains("invariant holds"), "{}", out.out);
    }
}

#[test]
fn all_claims_that_a_schedule_never_fulfils_are_told() {
    // More than the bits of a word.
    let claims: String = (0..70).map(|at| format!("eventually c{at}: n != {}\n", at % 65)).collect();
    let folder = Folder::with(&[("many.conc", &format!("atomic n = 70\nthread t {{ n = 64 }}\n{claims}"))]);
    let out = folder.conc("check", &["many.conc"]);
    assert_eq!(out.code, Some(0), "{}", out.out);
    let never: String = [3, 64, 69].map(|at| format!("eventually d{at}: n == {at}\n")).concat();
    let folder = Folder::with(&[("some.conc", &format!("atomic n = 70\nthread t {{ n = 64 }}\n{claims}{never}"))]);
    let out = folder.conc("check", &["some.conc"]);
    assert!(out.out.contains("some.conc: d3 need never become true"), "{}", out.out);
    assert!(out.out.contains("also: d69 need never become true"), "{}", out.out);
    assert_eq!(out.out.matches("need never become true").count(), 2, "{}", out.out);
}

#[test]
fn actors_that_wait_alike_are_told_together() {
    let alike = |count: usize| {
        format!("semaphore s(1)\nevent e\nthread p[i in 0..{count}] {{\n    s.acquire()\n    s.acquire()\n}}\n")
    };
    let groups = alike(3) + "thread q[i in 0..5] { e.wait() }\n";
    let folder = Folder::with(&[("many.conc", &alike(24)), ("groups.conc", &groups)]);
    let out = folder.conc("check", &["many.conc", "--format", "json"]);
    let object: serde_json::Value = serde_json::from_str(&out.out).expect("JSON");
    assert_eq!(object["counterexample"]["blocked"].as_array().map(Vec::len), Some(25));
    for (file, replay, lines) in [
        (
            "many.conc",
            "many.replay.ron",
            &["p[1], p[2], p[3] and 20 others wait in s.acquire() at line 4", "p[0] waits in s.acquire() at line 5"][..],
        ),
        ("groups.conc", "groups.replay.ron", &["q[0], q[1], q[2], q[3] and q[4] wait in e.wait() at line 7"]),
    ] {
        let checked = folder.conc("check", &[file]).out;
        let replayed = folder.conc("run", &[file, "--replay", replay]).err;
        for line in lines {
            assert!(checked.contains(&format!("  {line}: ")), "{checked}");
            assert!(replayed.contains(&format!("error: deadlock: {line}\n")), "{replayed}");
        }
    }
}

#[test]
fn what_goes_on_for_ever_is_shown() {
    let folder = Folder::with(&[("spins.conc", SPINS)]);
    let json = folder.conc("check", &["spins.conc", "--format", "json"]).out;
    let object: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let round = serde_json::json!([{ "actor": "spinner", "operation": "reads go -> false", "line": 3 }]);
    assert_eq!(object["counterexample"]["round"], round);
    let drawn = folder.conc("check", &["spins.conc", "--format", "mermaid"]).out;
    assert!(drawn.contains("    loop for ever\n    p2->>p3: line 3: reads go -> false\n    end\n"), "{drawn}");
    let log = folder.conc("check", &["spins.conc", "--format", "sarif"]).out;
    let object: serde_json::Value = serde_json::from_str(&log).expect("SARIF");
    let result = &object["runs"][0]["results"][0];
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 3);
    assert!(log.contains("spinner: reads go -> false, again and again"), "{log}");
    let page = folder.conc("check", &["spins.conc", "--format", "html"]).out;
    assert!(
        page.contains("again and again, for ever:</p>\n<table>\n<tr><th>step<th>line<th>spinner<th>source"),
        "{page}"
    );
}

#[test]
fn other_deadlocks_are_told_with_their_places() {
    let two =
        "queue q\nlock m\nthread a {\n    with m { q.get() }\n}\nthread b {\n    with m {\n        q.get()\n    }\n}\n";
    let folder = Folder::with(&[("two.conc", two)]);
    let out = folder.conc("check", &["two.conc"]).out;
    let also = out.lines().filter(|line| line.starts_with("  also: "));
    assert!(also.clone().count() > 0 && also.clone().all(|line| line.contains(" at line ")), "{out}");
}

#[test]
fn wrong_outcomes_are_told_wherever_a_verdict_is() {
    let wrong =
        "expect outcomes { 1, 2 }\natomic n = 0\nthread a { n = 1 }\nthread b { n = 3 }\nfinally { outcome n }\n";
    let folder = Folder::with(&[("wrong.conc", wrong), ("crossed.conc", CROSSED)]);
    let said = "outcomes that nobody expects: 3; expected outcomes that no schedule reaches: 2";
    let table = folder.conc("check", &["."]).out;
    assert!(table.starts_with("     verdict    cost   states      time  scenario"), "{table}");
    assert!(table.contains(said) && table.contains("(expected: pass)"), "{table}");
    for format in ["sarif", "html"] {
        let out = folder.conc("check", &["wrong.conc", "--format", format]);
        assert_eq!(out.code, Some(1));
        assert!(out.out.contains(said), "{}", out.out);
    }
}

#[test]
fn what_cannot_be_read_or_drawn_is_told() {
    let folder = Folder::with(&[("crossed.conc", CROSSED), ("race.conc", RACE)]);
    let out = folder.conc("check", &["crossed.conc", "none.conc"]);
    assert_eq!((out.code, out.out.as_str()), (Some(2), ""));
    assert!(out.err.starts_with("error: none.conc: No such file"), "{}", out.err);
    let out = folder.conc("check", &["crossed.conc", "race.conc", "--format", "mermaid"]);
    assert_eq!((out.code, out.out.as_str()), (Some(2), ""));
    assert!(out.err.contains("one scenario"), "{}", out.err);
}

#[test]
fn somebody_must_search() {
    let folder = Folder::with(&[("spins.conc", SPINS)]);
    for jobs in ["0", "1025", "-1"] {
        let out = folder.conc("check", &["spins.conc", &format!("--jobs={jobs}")]);
        assert_eq!(out.code, Some(2), "{}{}", out.out, out.err);
        assert!(out.err.contains("1..=1024"), "{}", out.err);
    }
}

#[test]
fn only_schedules_with_so_few_preemptions_are_looked_at() {
    let lost = "atomic n = 0\nthread t[i in 0..2] { let x = n ; n = x + 1 }\nfinally { assert n == 2 }\n";
    let folder = Folder::with(&[("lost.conc", lost)]);
    let none = folder.conc("check", &["lost.conc", "--preemptions", "0"]);
    assert_eq!(none.code, Some(4), "{}", none.out);
    assert!(none.out.starts_with("limit lost.conc: no schedule with so few preemptions fails\n"), "{}", none.out);
    assert!(none.out.contains(": all with so few preemptions\n"), "{}", none.out);
    assert!(!none.out.contains(" 0 states") && !none.out.contains("at random"), "{}", none.out);
    let json = folder.conc("check", &["lost.conc", "--preemptions", "0", "--format", "json"]).out;
    let object: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((&object["bound"], &object["verdict"]), (&"preemptions".into(), &"limit".into()));
    let one = folder.conc("check", &["lost.conc", "--preemptions", "1"]);
    assert_eq!(one.code, Some(1), "{}", one.out);
    assert!(one.out.contains("  1 preemption, ") && one.out.contains("no schedule fails with fewer"), "{}", one.out);
    let few = folder.conc("check", &["lost.conc", "--preemptions", "1", "--max-states", "5"]);
    assert!(few.out.contains("not all there are"), "{}", few.out);
}
