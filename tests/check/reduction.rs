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

/// Of all searches of a kind.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    states: usize,
    steps: usize,
}

impl std::ops::Add<(usize, usize)> for Extent {
    type Output = Extent;

    fn add(self, (states, steps): (usize, usize)) -> Extent {
        Extent { states: self.states + states, steps: self.steps + steps }
    }
}

#[derive(Debug, Default)]
struct Sums {
    scenarios: usize,
    whole: Extent,
    asleep: Extent,
    reduced: Extent,
}

#[test]
fn nothing_is_lost() {
    let files = scenarios();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let lost = std::sync::Mutex::new(Vec::new());
    let sums = std::sync::Mutex::new(Sums::default());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    let Some(whole) = checked(file, Reduction::None).filter(|whole| whole.complete) else { continue };
                    let Some(reduced) = checked(file, Reduction::All) else { continue };
                    let Some(asleep) = checked(file, Reduction::Sleep) else { continue };
                    if let Ok(mut sums) = sums.lock() {
                        sums.scenarios += 1;
                        sums.whole = sums.whole + (whole.states, whole.transitions);
                        sums.reduced = sums.reduced + (reduced.states, reduced.transitions);
                        sums.asleep = sums.asleep + (asleep.states, asleep.transitions);
                    }
                    // Who sleeps leaves out steps, never states.
                    if asleep.states != whole.states || essence(&whole) != essence(&asleep) {
                        let line = format!("{}: {} and {} states", file.display(), whole.states, asleep.states);
                        lost.lock().into_iter().for_each(|mut lost| lost.push(line.clone()));
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
    let sums = sums.into_inner().unwrap_or_default();
    println!("{sums:?}");
    let lost = lost.into_inner().unwrap_or_default();
    assert!(lost.is_empty(), "{}", lost.join("\n"));
    assert!(sums.scenarios >= COMPARED_MIN, "only {} were compared", sums.scenarios);
    assert!(sums.asleep.steps < sums.whole.steps && sums.reduced.states < sums.whole.states, "{sums:?}");
}
