//! The processes of a run.
//!
//! Answers for: those below the one that was started, by what the system says of parents.

use std::collections::BTreeMap;

/// The processes below this one that have none below them, in order of number.
pub(crate) fn leaves(root: u32) -> Vec<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (pid, parent) in processes() {
        children.entry(parent).or_default().push(pid);
    }
    let mut found = Vec::new();
    let mut ahead = vec![root];
    while let Some(pid) = ahead.pop() {
        match children.get(&pid) {
            Some(below) => ahead.extend(below),
            None if pid != root => found.push(pid),
            None => {}
        }
    }
    found.sort_unstable();
    found
}

/// All processes and their parents.
fn processes() -> Vec<(u32, u32)> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, parent(pid)?))).collect()
}

/// The name of a program, in brackets, may be anything; the parent is the second behind it.
fn parent(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}
