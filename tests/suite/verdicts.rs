//! How a run ended, and what the scenario expects.

use super::folder::{Folder, HELLO, HELLO_OUTLINE};

/// Waits for ever.
const STUCK: &str = "# Waits for ever.\nqueue q\nmain { q.get() }\n";
/// Raises what nobody catches.
const RAISES: &str = "# Raises.\nmain { raise ValueError(\"no\") }\n";

#[test]
fn what_is_expected_passes() {
    let folder = Folder::with(&[
        ("stuck.conc", &format!("{STUCK}expect deadlock\n")),
        ("raises.conc", &format!("{RAISES}expect error ValueError in main\n")),
        ("asserts.conc", "# Asserts.\nmain { assert 1 > 2 }\nexpect assertion\n"),
        ("fine.conc", "# Is fine.\nmain { pass }\nexpect pass\n"),
    ]);
    folder.ends_with(0, &["--accept"]);
    folder.ends_with(0, &[]);
}

#[test]
fn what_is_not_expected_fails() {
    let folder = Folder::with(&[("stuck.conc", STUCK), ("raises.conc", RAISES), ("exits.conc", "main { exit(3) }\n")]);
    let out = folder.ends_with(1, &["--accept"]);
    crate::assert_said!(out);
    assert!(folder.names().iter().all(|name| !name.ends_with(".outline")), "{:?}", folder.names());
}

#[test]
fn what_is_expected_and_does_not_come_fails() {
    let text = format!("{HELLO}expect deadlock\n");
    let folder = Folder::with(&[("hello.conc", &text), ("hello.outline", HELLO_OUTLINE)]);
    let out = folder.ends_with(1, &[]);
    assert!(out.contains("no run ended as `expect deadlock` says"), "{out}");
}

#[test]
fn what_no_run_can_show_is_not_asked_for() {
    let text = "# Counts.\nshared n = 0\nthread t { n += 1 }\nmain { let h = start t; h.join() }\nexpect race on n\n";
    let folder = Folder::with(&[("race.conc", text)]);
    folder.ends_with(0, &["--accept"]);
}

#[test]
fn a_run_out_of_time_fails_and_has_no_outline() {
    let folder = Folder::with(&[("slow.conc", "# Spins.\nmain { loop { pass } }\n")]);
    let out = folder.ends_with(1, &["--timeout", "200ms", "--accept"]);
    assert!(out.contains("out of time"), "{out}");
    assert_eq!(folder.names(), ["slow.conc"]);
}

#[test]
fn what_cannot_be_run_fails_with_its_diagnostics() {
    let folder = Folder::with(&[
        ("hello.conc", HELLO),
        ("hello.outline", HELLO_OUTLINE),
        ("wrong.conc", "# Wrong.\nmain { q.get() }\n"),
    ]);
    std::fs::write(folder.path().join("bytes.conc"), b"\xff\xfe").unwrap();
    let out = folder.ends_with(1, &[]);
    crate::assert_said!(out);
}

/// Two increments of one variable, of which one may get lost.
const LOSES: &str =
    "# Loses one.\nshared n = 0\nprocess p[i in 0..2] { n = n + 1 }\nfinally { outcome n }\nexpect outcomes ";

#[test]
fn the_expected_outcomes_are_those_of_all_schedules() {
    let folder = Folder::with(&[("loses.conc", &format!("{LOSES}{{ 1, 2 }}\n"))]);
    folder.ends_with(0, &["--accept"]);
    folder.ends_with(0, &[]);
}

#[test]
fn an_outcome_that_is_not_expected_fails() {
    let folder = Folder::with(&[
        (
            "seen.conc",
            "# Counts.\nconst N = 1\nfinally { outcome N }\nmain { pass }\nexpect outcomes { 2 - 2, N + 1 }\n",
        ),
        ("missed.conc", &format!("{LOSES}{{ 2, 3 }}\n")),
    ]);
    let out = folder.ends_with(1, &["--accept"]);
    assert!(out.contains("seen.conc: the outcome 1 is not among the expected ones: 0, 2"), "{out}");
    assert!(out.contains("seen in the run by fifo, seed 0"), "{out}");
    assert!(out.contains("the outcome 1 of another schedule is not among the expected ones: 2, 3"), "{out}");
    assert!(out.contains("no schedule comes to the outcome 3"), "{out}");
    assert!(!folder.names().contains(&"seen.outline".to_owned()), "{:?}", folder.names());
}

#[test]
fn what_no_run_can_see_is_said() {
    let text = "# Counts.\nshared n = 0\nthread t { n += 1 }\nmain { let h = start t; h.join() }\n\
        expect race on n\neventually done: n == 1\ninvariant small: n < 2\n";
    let folder = Folder::with(&[("race.conc", text)]);
    let out = folder.ends_with(0, &["--accept"]);
    let line = "not seen by a run: `expect race on n`, `eventually done`; `conc check` looks for it";
    assert!(out.contains(line), "{out}");
    let out = folder.ends_with(0, &["--format", "json"]);
    assert!(out.contains("\"unseen\":[\"expect race on n\",\"eventually done\"]"), "{out}");
}

#[test]
fn a_run_that_takes_too_much_memory_fails() {
    let folder = Folder::with(&[("grows.conc", "# Grows.\nshared n = 0\nmain { while true { n += 1 } }\n")]);
    let out = folder.ends_with(1, &["--max-memory", "16MiB"]);
    assert!(out.contains("16 MiB of memory"), "{out}");
}
