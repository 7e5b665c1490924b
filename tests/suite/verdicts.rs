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
