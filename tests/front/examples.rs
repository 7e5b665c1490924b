//! The example of each code yields the code and nothing else; mended, it yields nothing.

use conc::diagnostic::{Severity, example, explanations};
use conc::source::Source;
use conc::{pipeline, plan};

/// Needs more than a megabyte of text; needs a text that takes a second to read; changes with what can be run.
const WITHOUT: [&str; 2] = ["E0001", "E0035"];

/// The codes of everything that is said of a scenario up to its plan.
fn said(text: &str) -> Vec<&'static str> {
    let source = Source::new("example.conc", text);
    let (_, mut found) = pipeline::check(&source);
    if !pipeline::has_errors(&found)
        && let Err(planning) = pipeline::plan(&source, &sets(text), plan::CORES)
    {
        found.extend(planning);
    }
    found.iter().map(|diagnostic| diagnostic.code.id()).collect()
}

/// What the first line sets: `# conc plan --set N=7`.
fn sets(text: &str) -> Vec<(String, String)> {
    let first = text.lines().next().and_then(|line| line.strip_prefix("# conc plan --set "));
    let pair = first.and_then(|set| set.split_once('='));
    pair.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect()
}

#[test]
fn every_example_yields_its_code_and_mended_nothing() {
    let mut wrong = Vec::new();
    for code in explanations() {
        let Some(example) = example(code.id) else {
            if !WITHOUT.contains(&code.id) {
                wrong.push(format!("{} has no example", code.id));
            }
            continue;
        };
        let (before, after) = (said(example.wrong), said(example.mended));
        if before.is_empty() || before.iter().any(|id| *id != code.id) {
            wrong.push(format!("{} yields {before:?}", code.id));
        }
        if !after.is_empty() {
            wrong.push(format!("{} mended yields {after:?}", code.id));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn warnings_keep_nothing_from_running() {
    for code in explanations().iter().filter(|code| code.severity == Severity::Warning) {
        let Some(example) = example(code.id) else { continue };
        let source = Source::new("example.conc", example.wrong);
        assert!(pipeline::plan(&source, &[], plan::CORES).is_ok(), "{}", code.id);
    }
}
