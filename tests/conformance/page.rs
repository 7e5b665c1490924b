//! The page that tells what becomes of each line.
//!
//! Answers for: its words and its form. Never decides anything.

use std::collections::BTreeMap;

use super::shown::{By, Shown};
use super::{Section, Table, Verdict};

const HEAD: &str = "# Conformance

What `threading`, `multiprocessing` and `concurrent.futures` of Python do at their edges, in 350 lines, and what becomes
of each here: it is *kept*, it is decided *otherwise*, or *nothing* here corresponds to it. Each line that has a
counterpart is shown by tests, which run in every world: free, in turns, in the machine, and are judged by it.

This page is made from `tests/conformance/lines.ron` and from the tests by `tests/conformance.rs`.
\"With\" says whether a line is shown with threads of one process (main alone is one), across processes, or with both;
objects that main alone uses are also shown as such that processes share. *run* is a test of the command as a whole, or
of what is said before anything starts.

";

/// The whole page.
pub(crate) fn page(table: &Table, shown: &BTreeMap<u16, Vec<Shown>>) -> String {
    let mut page = HEAD.to_owned();
    page += &counts(table, shown);
    for section in &table.sections {
        page += &format!("\n## {}. {}\n\n", section.letter, section.title);
        page += "| | what | verdict | with | shown by |\n|---|---|---|---|---|\n";
        for line in &section.lines {
            page += &row(table, line, shown.get(&line.0).map_or(&[], Vec::as_slice));
        }
    }
    page += "\n## Where Python surprises\n\n| Python | here | shown by |\n|---|---|---|\n";
    for (python, here, tests) in &table.surprises {
        let tests = if tests.is_empty() { "pending".to_owned() } else { tests.join(", ") };
        page += &format!("| {python} | {here} | {tests} |\n");
    }
    page
}

fn counts(table: &Table, shown: &BTreeMap<u16, Vec<Shown>>) -> String {
    let mut text = "| | lines | kept | otherwise | nothing | threads | processes | both | run |\n".to_owned();
    text += "|---|---|---|---|---|---|---|---|---|\n";
    let all: Vec<&Section> = table.sections.iter().collect();
    for section in &table.sections {
        text += &count(&format!("{}. {}", section.letter, section.title), &[section], shown);
    }
    text += &count("all", &all, shown);
    if !table.pending.is_empty() {
        text += &format!("\n{} lines wait for what is being built.\n", table.pending.len());
    }
    text
}

fn count(name: &str, sections: &[&Section], shown: &BTreeMap<u16, Vec<Shown>>) -> String {
    let lines = || sections.iter().flat_map(|section| &section.lines);
    let of = |wanted: fn(&Verdict) -> bool| lines().filter(|(_, _, verdict)| wanted(verdict)).count();
    let with = |wanted: &str| {
        let how = lines().filter_map(|(number, ..)| shown.get(number)).map(|tests| with(tests));
        how.filter(|how| how == wanted).count()
    };
    format!(
        "| {name} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
        lines().count(),
        of(|verdict| matches!(verdict, Verdict::Kept)),
        of(|verdict| matches!(verdict, Verdict::Otherwise(..))),
        of(|verdict| matches!(verdict, Verdict::None(_))),
        with("threads"),
        with("processes"),
        with("both"),
        with("run"),
    )
}

fn row(table: &Table, (number, said, verdict): &(u16, String, Verdict), tests: &[Shown]) -> String {
    let verdict = match verdict {
        Verdict::Kept => "kept".to_owned(),
        Verdict::Otherwise(why, place) => format!("otherwise: {why} ([language](language.md#{place}))"),
        Verdict::None(why) => format!("nothing: {why}"),
    };
    let links = tests.iter().map(|test| format!("[{}](../{})", test.name, test.file)).collect::<Vec<_>>().join(", ");
    let links = if tests.is_empty() && table.is_pending(*number) { "pending".to_owned() } else { links };
    format!("| {number} | {said} | {verdict} | {} | {links} |\n", with(tests))
}

/// What the tests of a line show it with.
fn with(tests: &[Shown]) -> String {
    let any = |wanted: fn(&By) -> bool| tests.iter().any(|test| wanted(&test.by));
    match (any(|by| by.threads), any(|by| by.processes), any(|by| by.outside)) {
        (true, true, _) => "both",
        (true, false, _) => "threads",
        (false, true, _) => "processes",
        (false, false, true) => "run",
        (false, false, false) => "",
    }
    .to_owned()
}
