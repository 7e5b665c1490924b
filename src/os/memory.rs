//! The memory of a run: how much it may take, and how much it takes.
//!
//! What actors share is in the arena, which never grows over the limit. What each computes for itself the kernel
//! counts: a process alone is held back by it, and the sum is looked at now and then.
//!
//! Answers for: figures. Never ends a run.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::arena::Arena;
use super::layout::BLOCKS_AT;
use super::sys;

/// The kernel's unit in `statm`.
const PAGE_BYTES: u64 = 4096;
/// Between two looks at the sum; and so much more for each process.
const PERIOD_NS: u64 = 100_000_000;
const PERIOD_PER_PROCESS_NS: u64 = 1_000_000;
/// A trace, and what was printed in a run whose output is kept, are read and worded at the end: that takes so many
/// times what they take before.
const WORDED: u64 = 8;
/// A trace has at most so many bytes.
const TRACE_MAX: u64 = 256 << 20;

/// Why a run is over its limit, as it stands in the header.
pub(super) const SHARED: u32 = 1;
pub(super) const TRACE: u32 = 2;
/// The file that events are streamed to cannot be written.
pub(super) const STREAM: u32 = 3;

/// A quarter of the memory that the system has to give at this moment: several runs may be under way.
pub fn quarter_of_memory() -> u64 {
    const UNKNOWN: u64 = 1 << 30;
    let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = info.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|line| line.trim().strip_suffix("kB")).and_then(|kib| kib.trim().parse::<u64>().ok());
    kib.map_or(UNKNOWN, |kib| kib * 1024 / 4)
}

/// Sets the limits of the arena.
pub(super) fn limit_arena(arena: Arena, max: u64) {
    let header = arena.header();
    let end = (BLOCKS_AT as u64).saturating_add(max).min(super::arena::ARENA_BYTES as u64);
    header.bump_max.store(end, Relaxed);
    header.trace_max.store((max / WORDED).min(TRACE_MAX), Relaxed);
    header.memory_max.store(max, Relaxed);
}

/// Of a process of a run: the kernel refuses it more than the whole run may have.
pub(super) fn limit_process(arena: Arena) {
    // The looks at the sum come first; this is for what grows faster.
    const SLACK: u64 = 512 << 20;
    let max = arena.header().memory_max.load(Relaxed).saturating_mul(2).saturating_add(SLACK);
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_DATA) {
        let _ = setrlimit(Resource::RLIMIT_DATA, max.min(hard), hard);
    }
}

/// Looks at the sum now and then.
pub(super) struct Watch {
    max: u64,
    next_ns: u64,
    /// Where what is printed is kept in memory.
    keeps_output: bool,
}

impl Watch {
    pub(super) fn new(max: u64, keeps_output: bool) -> Watch {
        Watch { max, next_ns: sys::now_ns() + PERIOD_NS, keeps_output }
    }

    /// When to look again.
    pub(super) fn next_ns(&self) -> u64 {
        self.next_ns
    }

    /// What a process came to that the kernel gave no more.
    pub(super) fn refused(&self) -> String {
        format!("a process takes more than {} of memory", shown(self.max))
    }

    /// Why the run is over its limit, if it is.
    pub(super) fn look(&mut self, arena: Arena, processes: impl Iterator<Item = u32>) -> Option<String> {
        let max = shown(self.max);
        match arena.header().over_limit.load(SeqCst) {
            0 => {}
            TRACE => {
                return Some(format!(
                    "the trace is longer than fits into {max} of memory; one that ends in .trace is streamed"
                ));
            }
            STREAM => return Some("the trace cannot be written".to_owned()),
            _ => return Some(format!("what the actors share takes more than {max} of memory")),
        }
        let now = sys::now_ns();
        if now < self.next_ns {
            return None;
        }
        let mut count = 0;
        let own: u64 = processes.chain([std::process::id()]).inspect(|_| count += 1).map(private_bytes).sum();
        self.next_ns = sys::now_ns() + PERIOD_NS + PERIOD_PER_PROCESS_NS * count;
        let output = if self.keeps_output { file_bytes(std::io::stdout().as_fd()) * WORDED } else { 0 };
        let all = own + output + arena.file_bytes();
        (all > self.max).then(|| format!("the run takes more than {max} of memory"))
    }
}

/// What a process has that no other has.
fn private_bytes(pid: u32) -> u64 {
    let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let mut pages = statm.split(' ').skip(1).map(|field| field.parse::<u64>().unwrap_or(0));
    let (resident, shared) = (pages.next().unwrap_or(0), pages.next().unwrap_or(0));
    resident.saturating_sub(shared) * PAGE_BYTES
}

/// What a file in memory takes.
pub(super) fn file_bytes(fd: BorrowedFd<'_>) -> u64 {
    const SECTOR_BYTES: u64 = 512;
    nix::sys::stat::fstat(fd).map_or(0, |stat| stat.st_blocks.max(0) as u64 * SECTOR_BYTES)
}

/// `512 MiB`
fn shown(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    if bytes >= MIB { format!("{} MiB", bytes / MIB) } else { format!("{} KiB", bytes >> 10) }
}
