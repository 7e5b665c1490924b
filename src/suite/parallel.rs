//! Many scenarios side by side.
//!
//! Answers for: who takes which, and the order in which they are told of. Never examines one itself.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::examine::{Orders, examine};
use super::outcome::Outcome;

/// What is told while scenarios are examined.
#[derive(Clone, Copy, Debug)]
pub enum Told<'a> {
    /// One is done; others before it may not be.
    Done(&'a Outcome),
    /// One is done, and so are all before it.
    Next(&'a Outcome),
}

/// Examines scenarios, so many at a time; gives what became of them, in their order.
pub fn examine_all(paths: &[PathBuf], jobs: usize, orders: &Orders, told: &mut dyn FnMut(Told<'_>)) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let (done, outcomes) = crossbeam_channel::unbounded();
    let mut slots: Vec<Option<Outcome>> = paths.iter().map(|_| None).collect();
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, paths.len().max(1)) {
            let (next, done) = (&next, done.clone());
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(path) = paths.get(index) else { break };
                    let _ = done.send((index, examine(path, orders)));
                }
            });
        }
        drop(done);
        let mut in_order = 0;
        for (index, outcome) in outcomes {
            told(Told::Done(&outcome));
            slots[index] = Some(outcome);
            while let Some(Some(outcome)) = slots.get(in_order) {
                told(Told::Next(outcome));
                in_order += 1;
            }
        }
    });
    slots.into_iter().flatten().collect()
}
