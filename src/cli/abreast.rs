//! Work on many things side by side.
//!
//! Answers for: who takes which, and that they are told of in their order. Never says what the work is.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Does the work on each, so many at a time; `told` hears of each once it and all before it are done.
pub(super) fn abreast<T: Sync, R: Send>(
    items: &[T],
    jobs: usize,
    work: impl Fn(&T) -> R + Sync,
    told: &mut dyn FnMut(&R),
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let (send, done) = crossbeam_channel::unbounded();
    let mut slots: Vec<Option<R>> = items.iter().map(|_| None).collect();
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            let (next, send, work) = (&next, send.clone(), &work);
            scope.spawn(move || {
                while let Some((at, item)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, items.get(at)?)))
                {
                    let _ = send.send((at, work(item)));
                }
            });
        }
        drop(send);
        let mut in_order = 0;
        for (at, result) in done {
            if let Some(slot) = slots.get_mut(at) {
                *slot = Some(result);
            }
            while let Some(Some(result)) = slots.get(in_order) {
                told(result);
                in_order += 1;
            }
        }
    });
    slots.into_iter().flatten().collect()
}

/// So many at a time at most.
const JOBS_MAX: u16 = 1024;

/// What is said of how many at a time.
pub(super) fn count() -> clap::builder::RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(1..=i64::from(JOBS_MAX))
}

/// How many at a time, unless something else is said.
pub(super) fn jobs(given: Option<u16>) -> usize {
    given.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}
