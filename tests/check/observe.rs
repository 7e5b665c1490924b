//! `conc check --observe`: what real runs come to is among what some schedule comes to, and what is not is told.

use std::collections::BTreeSet;
use std::sync::Arc;

use conc::Scenario;
use conc::check::{Checked, End, Observed, Options, check};
use conc::report::check::observed;
use conc::trace::Ending;

use super::folder::Folder;

const BOTH: &str = "atomic n = 0\nthread a { n = 1 }\nthread b { n = 2 }\nfinally { outcome n }\n";
const EXITS: &str = "main { exit(3) }\n";
const RAISES: &str = "process p[i in 0..2] { raise Oops(str(i)) }\n";
const STUCK: &str = "queue q\nprocess p { q.get() }\n";
const ENDS_OR_NOT: &str = "lock a\nlock b\nexpect deadlock\n\
                           thread one { with a { with b { pass } } }\n\
                           thread two { with b { with a { pass } } }\n";

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn every_kind_of_end_is_known_to_the_checker() {
    for (text, end, status) in [
        (EXITS, "exit(3)", 0),
        (RAISES, "Oops in p at line 1", 1),
        (STUCK, "deadlock", 3),
        ("main { pass }\n", "ends well", 0),
        ("main { pass }\nfinally { outcome [1, \"two\"] }\n", "[1, \"two\"]", 0),
    ] {
        let folder = Folder::with(&[("it.conc", text)]);
        let out = folder.conc("check", &["it.conc", "--observe", "3", "--format", "json"]);
        assert_eq!(out.code, Some(status), "{text}{}{}", out.out, out.err);
        let seen = &json(&out.out)["observed"];
        assert_eq!(
            (&seen["runs"], &seen["seen"], &seen["reachable"], &seen["excluded"]),
            (&3.into(), &1.into(), &1.into(), &0.into()),
            "{text}{seen:#}"
        );
        assert_eq!((&seen["outcomes"][0]["value"], &seen["outcomes"][0]["runs"]), (&end.into(), &3.into()), "{seen:#}");
        assert_eq!(seen["outcomes"][0]["first_seed"], 1, "{seen:#}");
    }
}

#[test]
fn what_was_seen_is_told_beside_what_could_have_been() {
    let folder = Folder::with(&[("both.conc", BOTH), ("stuck.conc", ENDS_OR_NOT)]);
    let out = folder.conc("check", &["both.conc", "--observe", "4"]);
    assert_eq!(out.code, Some(0), "{}", out.err);
    assert!(out.out.contains("of 2 outcomes seen in 4 runs\n"), "{}", out.out);
    assert!(out.out.contains("  outcome 1") && out.out.contains("  outcome 2"), "{}", out.out);
    let out = folder.conc("check", &[".", "--observe", "2"]);
    assert_eq!(out.code, Some(0), "{}", out.err);
    let rows: Vec<Vec<&str>> = out.out.lines().map(|line| line.split_whitespace().collect()).collect();
    let columns = ["verdict", "cost", "states", "time", "seen", "reachable", "excluded", "scenario"];
    assert_eq!(rows[0][..columns.len()], columns);
    for (row, name) in rows[1..3].iter().zip(["both.conc", "stuck.conc"]) {
        let at = row.iter().position(|word| *word == name).expect("its line");
        assert!(["1", "2"].contains(&row[at - 3]) && row[at - 2..at] == ["2", "0"], "{}", out.out);
    }
    assert!(out.out.contains(" of 4 outcomes seen in 4 runs; 0 that the checker excludes\n"), "{}", out.out);
    let out = folder.conc("check", &[".", "--observe", "1", "--max-states", "2"]);
    assert_eq!(out.code, Some(1), "{}", out.out);
    assert!(out.out.contains(" of at least ") && out.out.contains("excluded, and seen: outcome "), "{}", out.out);
    let out = folder.conc("check", &[".", "--observe", "2", "--format", "json"]);
    assert!(out.out.lines().all(|line| json(line)["observed"]["reachable"] == 2), "{}", out.out);
    let out = folder.conc("check", &["both.conc", "--observe", "2", "--format", "sarif"]);
    assert_eq!(out.code, Some(2), "{}", out.out);
}

#[test]
fn what_an_incomplete_check_did_not_come_to_is_an_error() {
    let folder = Folder::with(&[("both.conc", BOTH)]);
    let out = folder.conc("check", &["both.conc", "--observe", "1", "--max-states", "2"]);
    assert_eq!(out.code, Some(1), "{}", out.err);
    assert!(out.out.contains("0 of at least 0 outcomes seen in 1 run\n"), "{}", out.out);
    assert!(out.out.contains("excluded, and seen: outcome "), "{}", out.out);
    assert!(out.out.contains(": not every schedule was covered\n"), "{}", out.out);
}

fn checked(text: &str) -> (Scenario, Checked) {
    let scenario = Scenario::from_str(text);
    let plan = Arc::new(scenario.plan(&[]).expect("a plan"));
    let checked = check(&plan, &Options::new(512), &mut |_| {}).expect("objects");
    (scenario, checked)
}

#[test]
fn what_a_whole_check_excludes_is_a_bug() {
    let (scenario, checked) = checked(BOTH);
    let mut seen = Observed::new(&checked);
    let ends =
        |values: &[&str]| End::of_run(&Ending::Finished, &[], values.iter().map(|&value| value.into()).collect());
    seen.count(1, ends(&["1"]));
    seen.count(2, ends(&["3"]));
    seen.count(3, ends(&["1"]));
    seen.count(4, End::of_run(&Ending::TimedOut, &[], Vec::new()));
    seen.conclude();
    assert_eq!((seen.runs, seen.cut_off, seen.share()), (3, 1, (1, 2)));
    insta::assert_snapshot!(observed(scenario.source(), &checked, &seen, false), @r"
    on real processes: 1 of 2 outcomes seen in 3 runs; 1 more had to be ended
           2  outcome 1 (first with --perturb 1)
           1  outcome 3, which the checker excludes (first with --perturb 2)
           0  outcome 2
    excluded, and seen: outcome 3: this is a bug in conc
    ");
}

#[test]
fn what_fails_in_a_way_that_no_schedule_does_is_excluded() {
    let (_, good) = checked("main { pass }\n");
    let (_, bad) = checked(STUCK);
    let deadlock = End::of_run(&Ending::Deadlock(Vec::new()), &[], Vec::new());
    let finished = End::of_run(&Ending::Finished, &[], Vec::new());
    for (checked, ends, excluded) in [
        (&good, &finished, BTreeSet::new()),
        (&good, &deadlock, BTreeSet::from([End::Deadlock])),
        (&bad, &deadlock, BTreeSet::new()),
        (&bad, &finished, BTreeSet::from([End::Passed])),
    ] {
        let mut seen = Observed::new(checked);
        seen.count(1, ends.clone());
        seen.conclude();
        assert_eq!(seen.excluded().map(|seen| seen.end.clone()).collect::<BTreeSet<End>>(), excluded);
    }
}
