//! Snapshots beside scenarios: taken, compared, renewed.

use super::folder::{Folder, HELLO, HELLO_OUTLINE};

#[test]
fn a_new_snapshot_waits_until_it_is_accepted() {
    let folder = Folder::with(&[("hello.conc", HELLO)]);
    let out = folder.ends_with(1, &[]);
    assert!(out.contains("no snapshot yet"), "{out}");
    assert_eq!(folder.read("hello.outline.new"), HELLO_OUTLINE);
    assert_eq!(folder.names(), ["hello.conc", "hello.outline.new"]);
    let out = folder.ends_with(0, &["--accept"]);
    assert!(out.contains("accepted"), "{out}");
    assert_eq!(folder.names(), ["hello.conc", "hello.outline"]);
    assert_eq!(folder.read("hello.outline"), HELLO_OUTLINE);
    let out = folder.ends_with(0, &[]);
    assert!(out.contains("1 passed of 1 scenario"), "{out}");
}

#[test]
fn a_difference_is_shown_and_waits() {
    let old = HELLO_OUTLINE.replace("hello", "good morning");
    let folder = Folder::with(&[("hello.conc", HELLO), ("hello.outline", &old)]);
    let out = folder.ends_with(1, &[]);
    crate::assert_said!(out);
    assert_eq!(folder.read("hello.outline"), old);
    assert_eq!(folder.read("hello.outline.new"), HELLO_OUTLINE);
    assert!(folder.ends_with(1, &["--color", "always"]).contains("\u{1b}[32m+main  print"));
    folder.ends_with(0, &["--accept"]);
    assert_eq!(folder.read("hello.outline"), HELLO_OUTLINE);
    assert_eq!(folder.names(), ["hello.conc", "hello.outline"]);
}

#[test]
fn a_run_that_passes_takes_away_what_waited() {
    let folder = Folder::with(&[("hello.conc", HELLO), ("hello.outline", HELLO_OUTLINE), ("hello.outline.new", "old")]);
    folder.ends_with(0, &[]);
    assert_eq!(folder.names(), ["hello.conc", "hello.outline"]);
}

#[test]
fn every_snapshot_of_a_scenario_is_a_run() {
    let random = HELLO_OUTLINE.replace("fifo", "random").replace("seed: 0", "seed: 7");
    let changed = HELLO_OUTLINE.replace("fifo", "pct 3").replace("hello", "bye");
    let folder = Folder::with(&[
        ("hello.conc", HELLO),
        ("hello.outline", HELLO_OUTLINE),
        ("hello.random.outline", &random),
        ("hello.pct.outline", &changed),
        ("hello.other.conc", HELLO),
        ("hello.other.outline", HELLO_OUTLINE),
        ("hello.other.random.outline", &random),
        ("hello.empty.outline", "# conc outline 1\n# schedule: random\n# seed: 8\n"),
    ]);
    let out = folder.ends_with(1, &[]);
    assert!(
        out.contains("hello.conc: [fifo, seed 0]") || out.contains("[random, seed 8] the outline differs"),
        "{out}"
    );
    assert!(out.contains("[pct 3, seed 0] the outline differs in 2 lines"), "{out}");
    assert!(out.contains("1 failed, 1 passed of 2 scenarios"), "{out}");
    assert_eq!(folder.read("hello.pct.outline.new"), changed.replace("bye", "hello"));
    folder.ends_with(0, &["--accept"]);
    assert_eq!(folder.read("hello.empty.outline"), random.replace("seed: 7", "seed: 8"));
    folder.ends_with(0, &[]);
    assert!(folder.names().iter().all(|name| !name.ends_with(".new")), "{:?}", folder.names());
}

#[test]
fn labels_alone_do_not_ask_for_an_unlabelled_snapshot() {
    let folder = Folder::with(&[("hello.conc", HELLO), ("hello.plain.outline", HELLO_OUTLINE)]);
    folder.ends_with(0, &[]);
    assert_eq!(folder.names(), ["hello.conc", "hello.plain.outline"]);
}

#[test]
fn a_header_that_cannot_be_read_is_an_error_with_its_line() {
    let wrong = HELLO_OUTLINE.replace("seed: 0", "seed: many");
    let folder = Folder::with(&[("hello.conc", HELLO), ("hello.outline", &wrong)]);
    for args in [&[][..], &["--accept"]] {
        let out = folder.ends_with(1, args);
        assert!(out.contains("hello.outline:3: `many` is no seed"), "{out}");
        assert_eq!(folder.read("hello.outline"), wrong);
    }
    folder.write("hello.outline", "main  begin\n");
    assert!(folder.ends_with(1, &[]).contains("hello.outline:1: not a snapshot"));
}

#[test]
fn a_huge_difference_is_cut() {
    let folder = Folder::with(&[("long.conc", "# Counts.\nmain { for i in 0..500 { print i } }\n")]);
    folder.ends_with(0, &["--accept"]);
    folder.write("long.conc", "# Counts.\nmain { for i in 0..500 { print -i } }\n");
    let out = folder.ends_with(1, &[]);
    assert!(out.contains("more lines"), "{out}");
    assert!(out.lines().count() < 80, "{out}");
}
