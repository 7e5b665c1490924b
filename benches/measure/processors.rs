//! On how many processors a measurement may run.
//!
//! Answers for: this thread, and every program that it starts meanwhile, with all that those start. A hand-off takes
//! several times as long where the two ends are on different processors, so it is measured both ways.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// This thread.
const SELF: Pid = Pid::from_raw(0);

/// Holds this thread where it is, until dropped.
pub(crate) struct Pinned {
    before: CpuSet,
}

impl Pinned {
    /// Holds it on so many processors: the last that it may use, since the first often has the interrupts. None where
    /// it may not use so many.
    pub(crate) fn to(count: usize) -> Option<Self> {
        let before = sched_getaffinity(SELF).ok()?;
        let usable = (0..CpuSet::count()).rev().filter(|cpu| before.is_set(*cpu).unwrap_or(false));
        let mut chosen = CpuSet::new();
        let mut found = 0;
        for cpu in usable.take(count) {
            chosen.set(cpu).ok()?;
            found += 1;
        }
        (found == count).then_some(())?;
        sched_setaffinity(SELF, &chosen).ok()?;
        Some(Self { before })
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        let _ = sched_setaffinity(SELF, &self.before);
    }
}

/// So many processors, in words.
pub(crate) fn said(count: usize) -> String {
    match count {
        1 => "one processor".to_owned(),
        2 => "two processors".to_owned(),
        _ => format!("{count} processors"),
    }
}
