//! A death at a chosen moment, for tests: an actor kills its own process when it comes to its n-th *point*.
//!
//! Points stand wherever a step of an operation begins or ends that others may see half done. Answers for: counting
//! them down. Never does anything in a run that names nobody.

use std::sync::atomic::Ordering::Relaxed;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::alloc::OutOfMemory;
use super::arena::{Arena, Off};
use super::layout::Slot;

/// Whose process is to die, by name, and at which of its points, from 1.
pub(super) fn impose(arena: Arena, name: &str, point: u32) -> Result<(), OutOfMemory> {
    let header = arena.header();
    header.doomed.store(arena.alloc_bytes(name.as_bytes())?.0, Relaxed);
    header.doomed_len.store(name.len() as u32, Relaxed);
    header.doomed_at.store(point, Relaxed);
    Ok(())
}

/// Of an actor that is about to be started: whether it is the one.
pub(super) fn befall(arena: Arena, slot: &Slot, name: &str) {
    let header = arena.header();
    let doomed = Off(header.doomed.load(Relaxed));
    if !doomed.is_null() && arena.read(doomed, 0, header.doomed_len.load(Relaxed) as usize) == name.as_bytes() {
        slot.doom.store(header.doomed_at.load(Relaxed), Relaxed);
    }
}

/// A point.
#[inline]
pub(super) fn point(slot: &Slot) {
    if slot.doom.load(Relaxed) != 0 {
        count_down(slot);
    }
}

#[cold]
fn count_down(slot: &Slot) {
    if slot.doom.fetch_sub(1, Relaxed) == 1 {
        let _ = kill(Pid::this(), Signal::SIGKILL);
        // It is delivered within a moment.
        loop {
            std::thread::park();
        }
    }
}
