//! The memory of processes, as the system counts it.
//!
//! Answers for: KiB of one process, or the mean of some of many.

/// KiB.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// What nobody else has.
    pub(crate) private: f64,
    /// With what is shared, divided by those who share it.
    pub(crate) pss: f64,
    /// Of so many it is a mean.
    pub(crate) of: usize,
}

impl Memory {
    /// Of one of so many parts.
    pub(crate) fn parts(self, of: usize) -> Self {
        Self { private: self.private / of as f64, pss: self.pss / of as f64, of }
    }
}

/// None where it has ended, or is somebody else's.
pub(crate) fn of_process(pid: u32) -> Option<Memory> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let kib = |name: &str| -> Option<f64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    };
    Some(Memory { private: kib("Private_Clean")? + kib("Private_Dirty")?, pss: kib("Pss")?, of: 1 })
}

/// The mean of at most so many of them, evenly chosen.
pub(crate) fn mean(pids: &[u32], samples: usize) -> Option<Memory> {
    let each = pids.len().div_ceil(samples).max(1);
    let read: Vec<Memory> = pids.iter().step_by(each).filter_map(|pid| of_process(*pid)).collect();
    (!read.is_empty()).then(|| {
        let sum = |of: fn(&Memory) -> f64| read.iter().map(of).sum();
        Memory { private: sum(|one| one.private), pss: sum(|one| one.pss), of: 1 }.parts(read.len())
    })
}
