//! The limits among threads: the crates that one would take without conc.
//!
//! Answers for: what is sent through crossbeam's channel, and nanoseconds of a task of rayon's, whose threads are there
//! before it counts.
#![expect(clippy::expect_used, reason = "what cannot be measured here ends the program")]

use std::hint::black_box;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::shared::ROOM;

/// From one thread to another.
pub(super) fn channel(count: usize) {
    let (sender, receiver) = crossbeam_channel::bounded(ROOM);
    std::thread::scope(|scope| {
        scope.spawn(move || (0..count).for_each(|item| sender.send(item).expect("a receiver")));
        scope.spawn(move || receiver.iter().for_each(|item| _ = black_box(item)));
    });
}

/// Tasks handed over one by one, each with a place for what it gives.
pub(super) fn tasks(workers: usize, count: usize) -> f64 {
    let pool = pool(workers);
    let results: Vec<AtomicU64> = (0..count).map(|_| AtomicU64::new(0)).collect();
    let begun = Instant::now();
    pool.in_place_scope(|scope| {
        for (task, result) in results.iter().enumerate() {
            scope.spawn(move |_| result.store(task as u64 + 1, Relaxed));
        }
    });
    each(begun, count)
}

/// Tasks handed over all at once.
pub(super) fn map(workers: usize, count: usize) -> f64 {
    let pool = pool(workers);
    let begun = Instant::now();
    let results: Vec<usize> = pool.install(|| (0..count).into_par_iter().map(|task| task + 1).collect());
    let ns = each(begun, count);
    black_box(results);
    ns
}

fn each(begun: Instant, count: usize) -> f64 {
    begun.elapsed().as_nanos() as f64 / count as f64
}

/// A pool whose threads have begun.
fn pool(workers: usize) -> ThreadPool {
    let pool = ThreadPoolBuilder::new().num_threads(workers).build().expect("threads");
    pool.broadcast(|_| {});
    pool
}
