//! The same operations without conc, as near to the kernel as Rust goes.
//!
//! Answers for: nanoseconds of one operation. Each is measured in a process of its own, which has touched little.
#![expect(clippy::expect_used, reason = "what cannot be measured here ends the program")]

use std::hint::black_box;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering::{Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::time::Instant;

use nix::sys::wait::waitpid;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::pipe;

use super::crates;
use super::shared::{Condition, Lock, Ring, await_value, child, children, shared, sleep_on, wake};

/// Workers of the pools.
const WORKERS: usize = 2;

/// Nanoseconds of one of so many operations of a row; none where there is no such row.
pub(crate) fn measure(row: &str, count: usize) -> Option<f64> {
    let begun = Instant::now();
    match row {
        "start_process" => (0..count).for_each(|_| children(1, |_| {})),
        "start_process_100" => (0..count / 100).for_each(|_| children(100, |_| {})),
        "start_thread" => (0..count).for_each(|_| drop(std::thread::spawn(|| {}).join())),
        "queue_processes" => queue(count, 1),
        "queue_processes_2" => queue(count, 2),
        "queue_threads" => crates::channel(count),
        "rendezvous" | "semaphore" => hand_offs(count),
        "condition" => conditions(count),
        "pipe" => pipes(count, 8),
        "pipe_64k" => pipes(count, 64 << 10),
        "pool" => pool(count),
        "pool_map" => map(count),
        "pool_threads" => return Some(crates::tasks(WORKERS, count)),
        "pool_map_threads" => return Some(crates::map(WORKERS, count)),
        "lock" => lock(count, 1),
        "lock_contended" => lock(count / 2, 2),
        "barrier_2" => barrier(count, 2),
        "barrier_8" => barrier(count, 8),
        "barrier_64" => barrier(count, 64),
        "event_64" => event(count, 64),
        "recording" => record(count),
        _ => return None,
    }
    Some(begun.elapsed().as_nanos() as f64 / count as f64)
}

/// What a whole run of the smallest scenario is held against: one child, which says something.
pub(crate) fn hello() {
    children(1, |_| println!("hello"));
}

fn queue(count: usize, sides: usize) {
    let ring: &Ring = shared();
    ring.begin();
    children(2 * sides, |at| {
        for item in 0..count / sides {
            if at < sides {
                ring.put(item as u32)
            } else {
                let _ = black_box(ring.get());
            }
        }
    });
}

/// There and back, by a word on which each sleeps until it is its turn.
fn hand_offs(count: usize) {
    let turn: &AtomicU32 = shared();
    children(2, |me| {
        let me = me as u32;
        for _ in 0..count {
            await_value(turn, me);
            turn.store(1 - me, SeqCst);
            wake(turn, 1);
        }
    });
}

/// There and back, by a word that is looked at under a lock, and a condition.
fn conditions(count: usize) {
    let (condition, turn): (&Condition, &AtomicU32) = (shared(), shared());
    children(2, |me| {
        let me = me as u32;
        for _ in 0..count {
            condition.lock.acquire();
            while turn.load(Relaxed) != me {
                condition.wait();
            }
            turn.store(1 - me, Relaxed);
            condition.notify();
            condition.lock.release();
        }
    });
}

fn pipes(count: usize, size: usize) {
    let end = |fd: OwnedFd| std::fs::File::from(fd);
    let (there, back) = (pipe().expect("a pipe"), pipe().expect("a pipe"));
    let (there, back) = ((end(there.0), end(there.1)), (end(back.0), end(back.1)));
    let message = vec![7u8; size];
    let goes = |(mut from, mut to): (&std::fs::File, &std::fs::File), first: bool| {
        let mut got = vec![0u8; size];
        for _ in 0..count {
            if first {
                to.write_all(&message).expect("room");
            }
            from.read_exact(&mut got).expect("a message");
            if !first {
                to.write_all(&got).expect("room");
            }
        }
    };
    children(2, |at| if at == 0 { goes((&back.0, &there.1), true) } else { goes((&there.0, &back.1), false) });
}

fn pool(count: usize) {
    let (tasks, results): (&Ring, &Ring) = (shared(), shared());
    tasks.begin();
    results.begin();
    let body = |_| {
        loop {
            match tasks.get() {
                u32::MAX => return,
                task => results.put(task + 1),
            }
        }
    };
    let giver = child(|| (0..count).for_each(|task| tasks.put(task as u32)));
    let workers: Vec<_> = (0..WORKERS).map(|at| child(|| body(at))).collect();
    (0..count).for_each(|_| _ = black_box(results.get()));
    (0..WORKERS).for_each(|_| tasks.put(u32::MAX));
    workers.into_iter().chain([giver]).for_each(|pid| _ = waitpid(pid, None));
}

/// Numbers that a map has room for.
const NUMBERS: usize = 1 << 20;

fn map(count: usize) {
    let (next, numbers): (&AtomicU32, &[AtomicU32; NUMBERS]) = (shared(), shared());
    let chunk = count.div_ceil(4 * WORKERS).max(1);
    children(WORKERS, |_| {
        loop {
            let from = next.fetch_add(chunk as u32, SeqCst) as usize;
            if from >= count {
                return;
            }
            for (at, number) in numbers.iter().enumerate().take(count.min(from + chunk)).skip(from) {
                number.store(at as u32 + 1, Relaxed);
            }
        }
    });
}

fn lock(count: usize, sides: usize) {
    let lock: &Lock = shared();
    children(sides, |_| {
        for _ in 0..count {
            lock.acquire();
            lock.release();
        }
    });
}

fn barrier(count: usize, parties: u32) {
    let (arrived, phase): (&AtomicU32, &AtomicU32) = (shared(), shared());
    children(parties as usize, |_| {
        for round in 0..count as u32 {
            if arrived.fetch_add(1, SeqCst) + 1 == parties {
                arrived.store(0, SeqCst);
                phase.store(round + 1, SeqCst);
                wake(phase, u32::MAX >> 1);
            } else {
                while phase.load(SeqCst) == round {
                    sleep_on(phase, round);
                }
            }
        }
    });
}

/// One wakes all others at once, and sleeps until each of them has been awake.
fn event(count: usize, waiters: u32) {
    let (set, seen): (&AtomicU32, &AtomicU32) = (shared(), shared());
    children(waiters as usize + 1, |at| {
        for round in 1..=count as u32 {
            if at == 0 {
                set.store(round, SeqCst);
                wake(set, u32::MAX >> 1);
                await_value(seen, round * waiters);
            } else {
                await_value(set, round);
                if seen.fetch_add(1, SeqCst) + 1 == round * waiters {
                    wake(seen, 1);
                }
            }
        }
    });
}

/// Places of the ring in which events are recorded.
const EVENTS: usize = 1 << 14;

/// When, who and what, in 32 bytes of memory that is shared.
fn record(count: usize) {
    let ring: &[[AtomicU64; 4]; EVENTS] = shared();
    for event in 0..count {
        let Ok(now) = clock_gettime(ClockId::CLOCK_MONOTONIC) else { return };
        let [when, who, what, number] = &ring[event % EVENTS];
        when.store(now.tv_sec() as u64 * 1_000_000_000 + now.tv_nsec() as u64, Relaxed);
        who.store(1, Relaxed);
        what.store(2, Relaxed);
        number.store(event as u64 + 1, Release);
    }
}
