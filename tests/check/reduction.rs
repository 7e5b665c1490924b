//! Leaving states out must not lose anything: failures and outcomes are the same with and without.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use conc::Scenario;
use conc::check::{Checked, Failure, Limits, Options, Reduction, check};

/// States of the whole search at most; what has more is passed over here.
const STATES_MAX: usize = 6_000;
/// Of so many scenarios at least the whole search must have come to its end.
const COMPARED_MIN: usize = 150;

fn scenarios() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["tests/meaning", "scenarios"] {
        for entry in walkdir::WalkDir::new(root.join(folder)).into_iter().flatten() {
            if entry.path().extension().is_some_and(|ending| ending == "conc") {
                files.push(entry.into_path());
            }
        }
    }
    files.sort();
    files
}

fn checked(file: &Path, reduction: Reduction) -> Option<Checked> {
    let scenario = Scenario::from_path(file).ok()?;
    let plan = Arc::new(scenario.plan(&[]).ok()?);
    let limits =
        Limits { states: STATES_MAX, states_failed: STATES_MAX, states_best: 2_000, walked: 0, ..Limits::default() };
    let options = Options { reduction, limits, ..Options::new(512) };
    check(&plan, &options, &mut |_| {}).ok()
}

/// What must be the same. Of deadlocks that there are some: the reduced search may first see a larger one.
fn essence(checked: &Checked) -> (BTreeSet<String>, Vec<String>) {
    let failures = checked.failures().map(|failure| match failure {
        Failure::Deadlock(_) => "deadlock".to_owned(),
        other => format!("{:?}", other.key()),
    });
    (failures.collect(), checked.outcomes.clone())
}

#[test]
fn nothing_is_lost() {
    let files = scenarios();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let lost = std::sync::Mutex::new(Vec::new());
    let sums = std::sync::Mutex::new((0usize, 0usize, 0usize));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    let Some(whole) = checked(file, Reduction::None).filter(|whole| whole.complete) else { continue };
                    let Some(reduced) = checked(file, Reduction::All) else { continue };
                    if let Ok(mut sums) = sums.lock() {
                        *sums = (sums.0 + 1, sums.1 + whole.states, sums.2 + reduced.states);
                    }
                    let (all, some) = (essence(&whole), essence(&reduced));
                    if all != some || reduced.states > whole.states {
                        let line = format!(
                            "{}: {all:?} and {some:?}, {} and {} states",
                            file.display(),
                            whole.states,
                            reduced.states
                        );
                        lost.lock().into_iter().for_each(|mut lost| lost.push(line.clone()));
                    }
                }
            });
        }
    });
    let (compared, whole, reduced) = sums.into_inner().unwrap_or_default();
    println!("{compared} scenarios compared: {whole} states without, {reduced} with reduction");
    let lost = lost.into_inner().unwrap_or_default();
    assert!(lost.is_empty(), "{}", lost.join("\n"));
    assert!(compared >= COMPARED_MIN, "only {compared} were compared");
}
