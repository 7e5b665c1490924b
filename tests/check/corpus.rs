//! The catalogue of published cases: each has the verdict that was published for it, with no more preemptions.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use conc::Scenario;
use conc::check::{Checked, Compared, Options, check, compare};
use conc::syntax::ast::Expect;

/// How many cases the catalogue has.
const CASES: usize = 190;

/// A case of the catalogue.
#[derive(Debug, serde::Deserialize)]
struct Case {
    case: String,
    file: String,
    verdict: String,
    preemptions: Option<u32>,
    /// Where our verdict differs from the published one: why, and which is right.
    differs: Option<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cases() -> Vec<Case> {
    let tables = std::fs::read_dir(root().join("tests/corpus")).expect("the tables").flatten();
    let mut tables: Vec<PathBuf> = tables.map(|entry| entry.path()).collect();
    tables.sort();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("a table");
        ron::from_str::<Vec<Case>>(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    tables.iter().flat_map(read).collect()
}

fn checked(file: &Path) -> (Checked, Compared) {
    let scenario = Scenario::from_path(file).unwrap_or_else(|error| panic!("{error}"));
    assert!(scenario.is_correct(), "{}: {:?}", file.display(), scenario.diagnostics());
    let plan = Arc::new(scenario.plan(&[]).unwrap_or_else(|found| panic!("{}: {found:?}", file.display())));
    let checked = check(&plan, &Options::new(512), &mut |_| {}).unwrap_or_else(|error| panic!("{error}"));
    let expects: Vec<&Expect> = scenario.checked().expects.iter().map(|(expect, _)| expect).collect();
    let compared = compare(&plan, &expects, &checked);
    (checked, compared)
}

fn wrong(case: &Case, checked: &Checked, compared: &Compared) -> Option<String> {
    let own = checked.verdict.name();
    let found: BTreeSet<&str> = checked.failures().map(|failure| failure.verdict().name()).chain([own]).collect();
    let cost = checked.counterexample.as_ref().map(|counterexample| counterexample.cost.preemptions);
    if !compared.as_expected {
        return Some(format!("{own}, and expected are {:?}", compared.expected));
    }
    if !checked.complete {
        return Some("not every schedule was covered".into());
    }
    if case.differs.is_none() && !found.contains(case.verdict.as_str()) {
        return Some(format!("{own}, published as {}", case.verdict));
    }
    match (cost, case.preemptions) {
        (Some(cost), Some(published)) if cost > published => Some(format!("{cost} preemptions, {published} published")),
        _ => None,
    }
}

/// Checks all files, two at a time; gives what `tell` makes of each, in their order.
fn each<T: Send>(files: &[PathBuf], tell: impl Fn(usize, &Checked, &Compared) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let told = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(file) = files.get(at) else { break };
                    let (checked, compared) = checked(file);
                    told.lock().expect("the list").push((at, tell(at, &checked, &compared)));
                }
            });
        }
    });
    let mut told = told.into_inner().expect("the list");
    told.sort_by_key(|(at, _)| *at);
    told.into_iter().map(|(_, told)| told).collect()
}

#[test]
fn every_case_has_its_published_verdict() {
    let cases = cases();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.case.as_str()).collect();
    assert_eq!(names.len(), CASES, "cases of the catalogue that have a scenario");
    let files: Vec<PathBuf> = cases.iter().map(|case| root().join(&case.file)).collect();
    let found = each(&files, |at, checked, compared| {
        wrong(&cases[at], checked, compared).map(|why| format!("{} ({}): {why}", cases[at].file, cases[at].case))
    });
    let found: Vec<String> = found.into_iter().flatten().collect();
    assert!(found.is_empty(), "{} are wrong:\n{}", found.len(), found.join("\n"));
}

/// One line a scenario: verdict, preemptions and switches of the best counterexample, states.
#[test]
fn every_scenario_is_checked_as_before() {
    let folders = std::fs::read_dir(root().join("scenarios")).expect("the scenarios").flatten();
    let mut folders: Vec<PathBuf> = folders.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    for folder in folders {
        let files = conc::suite::discover(std::slice::from_ref(&folder), None).expect("scenarios");
        let lines = each(&files, |at, checked, compared| {
            let name = files[at].file_stem().expect("a name").to_string_lossy();
            let cost = checked.counterexample.as_ref().map_or_else(String::new, |counterexample| {
                format!(" {}/{}", counterexample.cost.preemptions, counterexample.cost.switches)
            });
            let expected = if compared.as_expected { "" } else { ", NOT AS EXPECTED" };
            format!("{name}: {}{cost}, {} states{expected}\n", checked.verdict.name(), checked.states)
        });
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        insta::assert_snapshot!(format!("checked_{name}"), lines.concat());
    }
}

#[test]
fn the_models_with_a_twin_in_promela_come_out_as_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/twins");
    let files = conc::suite::discover(&[folder], None).expect("scenarios");
    assert_eq!(files.len(), 9, "{files:?}");
    for file in files {
        assert!(file.with_extension("pml").is_file(), "{}", file.display());
        let (checked, compared) = self::checked(&file);
        assert!(compared.as_expected, "{}: {:?}", file.display(), checked.verdict);
    }
}
