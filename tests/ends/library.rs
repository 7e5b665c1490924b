//! Runs of the library: nothing is left in the process that asked for them.

use std::sync::PoisonError;
use std::time::Duration;

use conc::{RunOptions, Scenario, Schedule};

use super::kinds::ALONE;
use super::place::processes;
use super::scenario::{BOMB, HOARD, STUCK, busy, with_failing_child};

/// What this process has: open descriptors, threads, children.
fn held() -> (Vec<String>, usize, Vec<i32>) {
    let list = |folder: &str| std::fs::read_dir(folder).into_iter().flatten().flatten().collect::<Vec<_>>();
    let target = |entry: std::fs::DirEntry| std::fs::read_link(entry.path()).ok();
    let open = list("/proc/self/fd").into_iter().filter_map(target).map(|path| path.display().to_string());
    // The directory itself is open while it is read.
    let mut open: Vec<String> = open.filter(|path| !path.ends_with("/fd")).collect();
    open.sort();
    let own = std::process::id() as i32;
    let children = processes().into_iter().filter(|process| process.parent == own).map(|process| process.pid).collect();
    (open, list("/proc/self/task").len(), children)
}

#[test]
fn runs_of_the_library_leave_nothing_in_their_process() {
    let _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
    let before = held();
    let texts = [busy("raise Oops(\"in main\")"), with_failing_child(), busy("dead.get()")];
    let texts = texts.into_iter().chain([STUCK, BOMB, HOARD].map(str::to_owned));
    for (seed, text) in (0..).zip(texts) {
        let plan = Scenario::from_str(&text).plan(&[]).unwrap_or_else(|found| panic!("{found:?}"));
        for schedule in [Schedule::Free, Schedule::Random] {
            for timeout in [Duration::from_millis(1), Duration::from_millis(40), Duration::from_secs(60)] {
                let options = RunOptions {
                    seed: Some(seed),
                    schedule: schedule.clone(),
                    timeout: Some(timeout),
                    processes_max: 20,
                    memory_max: Some(24 << 20),
                    trace: text != HOARD,
                    ..RunOptions::default()
                };
                // How it ends is not the question.
                let _ = plan.run(&options).map(|run| run.ending);
                assert_eq!(held(), before, "after {text}");
            }
        }
    }
}
