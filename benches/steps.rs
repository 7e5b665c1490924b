//! What a step of a deterministic run costs, beside the least that it can: two hand-offs between processes by futex.
//! `cargo bench --bench steps`. Measured twice: with everything on one processor, and on two.
//!
//! A step is the difference between whole runs of N and 3N steps, divided by 2N, so that starting up does not count.
#![expect(unsafe_code, reason = "two processes on a shared page are what is measured")]

mod measure;
#[path = "measure/processors.rs"]
mod processors;

use std::path::Path;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::time::Instant;

use measure::{CONC, quartiles, time};
use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use nix::unistd::{ForkResult, fork};
use processors::Pinned;
use rustix::thread::futex;

/// Rounds, in each of which everything is measured once; the first warms up and does not count.
const ROUNDS: usize = 10;
/// Steps of the short run; the long one has three times as many.
const STEPS: u32 = 16_000;
/// Two hand-offs each.
const PING_PONGS: u32 = STEPS;
/// What is measured, and how.
const PROGRAMS: [(&str, &str, &str); 3] = [
    ("alone", "fifo", "one actor alone"),
    ("by_turns", "fifo", "two processes by turns"),
    ("at_random", "random", "eight threads at random"),
];

fn main() {
    println!("{STEPS} and {} steps, {PING_PONGS} times two hand-offs, {ROUNDS} rounds: quartiles", 3 * STEPS);
    for count in [1, 2] {
        let on = processors::said(count);
        println!("\n{:<40} {:^23}   {:^20}", "", "microseconds", "times the limit");
        match Pinned::to(count) {
            Some(_pinned) => table(&on),
            None => println!("not measured: there are not {on} here"),
        }
    }
}

/// Measures everything where it is, and prints it.
fn table(on: &str) {
    let mut limits = Vec::new();
    let mut steps = PROGRAMS.map(|_| Vec::new());
    for round in 0..=ROUNDS {
        let Some(limit) = ping_pong_us() else { return println!("not measured: no two processes here") };
        let measured = PROGRAMS.map(|(name, schedule, _)| step_us(name, schedule));
        if round == 0 {
            continue;
        }
        limits.push(limit);
        for (all, step) in steps.iter_mut().zip(measured) {
            all.extend(step.map(|step| (step, step / limit)));
        }
    }
    println!("{:<40} {}", format!("two hand-offs by futex, {on}"), row(limits, 7));
    for ((.., what), all) in PROGRAMS.iter().zip(steps) {
        let (us, ratios) = all.into_iter().unzip();
        println!("{:<40} {}   {}", format!("{what}, {on}"), row(us, 7), row(ratios, 6));
    }
}

fn row(values: Vec<f64>, width: usize) -> String {
    quartiles(values).map(|value| format!("{value:>width$.2}")).join(" ")
}

/// Microseconds of a step; none where the program does not run.
fn step_us(name: &str, schedule: &str) -> Option<f64> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("benches/steps/{name}.conc"));
    let run = |steps: u32| {
        let file = file.display().to_string();
        let set = format!("N={steps}");
        time(&[CONC, "run", "--schedule", schedule, "--seed", "1", "--set", &set, &file].map(str::to_owned))
    };
    let (short, long) = (run(STEPS)?, run(3 * STEPS)?);
    Some((long - short) * 1e3 / f64::from(2 * STEPS))
}

/// Microseconds that two hand-offs take between two processes that sleep in between.
fn ping_pong_us() -> Option<f64> {
    let size = std::num::NonZeroUsize::new(size_of::<AtomicU32>() * 2)?;
    // SAFETY: a new anonymous mapping; it is never unmapped.
    let page =
        unsafe { mmap_anonymous(None, size, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_SHARED).ok()? };
    // SAFETY: the mapping is zeroed, aligned to a page, large enough for two words, and stays.
    let [ball, back]: &'static [AtomicU32; 2] = unsafe { page.cast().as_ref() };
    // SAFETY: this process has one thread; the child only touches the page and ends without unwinding.
    match unsafe { fork() }.ok()? {
        ForkResult::Child => {
            for turn in 0..PING_PONGS {
                await_word(ball, turn);
                hand_over(back);
            }
            // SAFETY: _exit has no preconditions.
            unsafe { libc::_exit(0) }
        }
        ForkResult::Parent { child } => {
            let begun = Instant::now();
            for turn in 0..PING_PONGS {
                hand_over(ball);
                await_word(back, turn);
            }
            let us = begun.elapsed().as_secs_f64() * 1e6 / f64::from(PING_PONGS);
            nix::sys::wait::waitpid(child, None).ok()?;
            Some(us)
        }
    }
}

fn hand_over(word: &AtomicU32) {
    word.fetch_add(1, Release);
    let _ = futex::wake(word, futex::Flags::empty(), 1);
}

/// Sleeps until the word is past `seen`.
fn await_word(word: &AtomicU32, seen: u32) {
    while word.load(Acquire) == seen {
        let _ = futex::wait(word, futex::Flags::empty(), seen, None);
    }
}
