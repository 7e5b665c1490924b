//! What the reference says of Python's primitives, line by line, and which tests show it here.
//!
//! `tests/conformance/lines.ron` has a verdict on each line. A scenario in `tests/meaning` or `tests/wrong` says in its
//! header which lines it shows (`# conformance: 17, 18`), a test in Rust in the line above its attribute
//! (`// conformance: 131`). `docs/conformance.md` is made from both; `CONC_UPDATE_DOCS=1` writes it anew.

#[path = "conformance/page.rs"]
mod page;

#[path = "conformance/shown.rs"]
mod shown;

#[path = "meaning/form.rs"]
mod form;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use shown::{Shown, shown};

/// Lines of the reference.
const LINES: u16 = 350;

/// The verdicts.
#[derive(Deserialize)]
struct Table {
    sections: Vec<Section>,
    /// Lines whose tests come with what is being built.
    pending: Vec<u16>,
    /// What Python does that surprises, what happens here, and the tests that show it.
    surprises: Vec<(String, String, Vec<String>)>,
}

/// Lines on one subject.
#[derive(Deserialize)]
struct Section {
    letter: char,
    title: String,
    /// Number, what is said there, verdict.
    lines: Vec<(u16, String, Verdict)>,
}

/// What becomes of a line.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    /// It holds.
    Kept,
    /// Something else holds: what and why, and the section of `docs/language.md` that says so.
    Otherwise(String, String),
    /// Nothing here corresponds to it: why.
    None(String),
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_default()
}

fn table() -> Table {
    ron::from_str(&read("tests/conformance/lines.ron")).unwrap_or_else(|error| panic!("lines.ron: {error}"))
}

impl Table {
    fn lines(&self) -> impl Iterator<Item = &(u16, String, Verdict)> {
        self.sections.iter().flat_map(|section| &section.lines)
    }

    fn is_pending(&self, number: u16) -> bool {
        self.pending.contains(&number)
    }
}

/// The names that the headings of a page have as targets of links.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter_map(|line| line.strip_prefix('#')).map(|line| line.trim_start_matches('#'));
    let plain = |heading: &str| {
        let lower = heading.trim().to_lowercase();
        let kept = lower.chars().filter(|sign| sign.is_alphanumeric() || *sign == ' ' || *sign == '-');
        kept.map(|sign| if sign == ' ' { '-' } else { sign }).collect()
    };
    headings.map(plain).collect()
}

#[test]
fn every_line_has_one_verdict() {
    let numbers: Vec<u16> = table().lines().map(|(number, ..)| *number).collect();
    assert_eq!(numbers, (1..=LINES).collect::<Vec<_>>());
}

#[test]
fn what_is_decided_otherwise_is_said() {
    let anchors = anchors(&read("docs/language.md"));
    for (number, said, verdict) in table().lines() {
        assert!(said.ends_with('.'), "line {number} is a sentence");
        match verdict {
            Verdict::Otherwise(why, place) => {
                assert!(!why.is_empty(), "line {number} says why");
                assert!(anchors.contains(place), "line {number}: language.md has no section {place:?}");
            }
            Verdict::None(why) => assert!(!why.is_empty(), "line {number} says why"),
            Verdict::Kept => {}
        }
    }
}

#[test]
fn every_line_is_shown() {
    let (table, shown) = (table(), shown(&root()));
    let mut wrong = Vec::new();
    for (number, said, verdict) in table.lines() {
        let tests: &[Shown] = shown.get(number).map_or(&[], Vec::as_slice);
        match (verdict, tests) {
            (Verdict::None(_), [test, ..]) => wrong.push(format!("{} names {number}: {said}", test.file)),
            (Verdict::Kept | Verdict::Otherwise(..), []) if !table.is_pending(*number) => {
                wrong.push(format!("nothing shows {number}: {said}"));
            }
            _ => {}
        }
    }
    let known: BTreeMap<u16, ()> = table.lines().map(|(number, ..)| (*number, ())).collect();
    for (number, tests) in shown.iter().filter(|(number, _)| !known.contains_key(number)) {
        wrong.push(format!("{} names {number}, and there is no such line", tests[0].file));
    }
    for number in table.pending.iter().filter(|number| !known.contains_key(number)) {
        wrong.push(format!("{number} is pending, and there is no such line"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_surprise_is_shown() {
    let runs: String = ["processes", "pools"].map(|file| read(&format!("tests/run/{file}.rs"))).concat();
    for (python, _, tests) in table().surprises {
        for test in tests {
            let is_there = root().join(format!("tests/meaning/{test}.conc")).exists();
            assert!(is_there || runs.contains(&format!("fn {test}()")), "{test} is to show: {python}");
        }
    }
}

#[test]
fn the_page_is_what_the_tests_say() {
    let page = page::page(&table(), &shown(&root()));
    let file = Path::new("docs/conformance.md");
    if std::env::var_os("CONC_UPDATE_DOCS").is_some() {
        std::fs::write(root().join(file), &page).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
    let stands = read("docs/conformance.md");
    let differ = page.lines().zip(stands.lines()).find(|(made, there)| made != there);
    assert!(page == stands, "docs/conformance.md is out of date (CONC_UPDATE_DOCS=1 writes it), at {differ:?}");
}
