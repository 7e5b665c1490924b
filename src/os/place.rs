//! Where an actor stands in its bodies, for the supervisor to read while the actor runs.
//!
//! Answers for: that what is read is one place, at which the actor has been: whatever it comes to later is ahead of
//! that. Never says what is ahead.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::fence;

use super::layout::Slot;
use crate::plan::Stand;
use crate::program::op::Site;

/// How often reading is tried.
const TRIES: usize = 100;
/// The number of frames of one whose body has ended.
const OVER: u32 = u32::MAX;

/// A place that was read.
pub(super) enum Place {
    Before,
    At(Vec<Site>),
    Over,
}

impl Place {
    pub(super) fn stand(&self) -> Stand<'_> {
        match self {
            Place::Before => Stand::Before,
            Place::At(frames) => Stand::At(frames),
            Place::Over => Stand::Over,
        }
    }
}

/// Publishes where the calling actor is about to perform an operation: its outermost frames, as many as there is room
/// for. What the frames further in do, the last of those has ahead as well.
pub(super) fn publish(slot: &Slot, frames: impl Iterator<Item = Site>) {
    change(slot, || {
        let mut len = 0;
        for (word, frame) in slot.frames.iter().zip(frames) {
            word.store(word_of(frame), Relaxed);
            len += 1;
        }
        len
    });
}

/// The same of one with a single frame. Where it had one before, it is one word that changes, and needs no guard.
#[inline]
pub(super) fn publish_only(slot: &Slot, frame: Site) {
    if slot.frames_len.load(Relaxed) == 1 {
        slot.frames[0].store(word_of(frame), Release);
    } else {
        publish(slot, std::iter::once(frame));
    }
}

fn word_of(frame: Site) -> u64 {
    (u64::from(frame.code) << 32) | u64::from(frame.pc)
}

/// Publishes that the calling actor's body has ended.
pub(super) fn publish_over(slot: &Slot) {
    change(slot, || OVER);
}

fn change(slot: &Slot, frames: impl FnOnce() -> u32) {
    let version = slot.frames_version.load(Relaxed);
    slot.frames_version.store(version.wrapping_add(1), Relaxed);
    fence(Release);
    slot.frames_len.store(frames(), Relaxed);
    slot.frames_version.store(version.wrapping_add(2), Release);
}

/// Where an actor stands, or stood a moment ago; none where it moves too fast to tell.
pub(super) fn read(slot: &Slot) -> Option<Place> {
    for _ in 0..TRIES {
        let version = slot.frames_version.load(Acquire);
        let frames: Vec<u64> = slot.frames.iter().map(|word| word.load(Relaxed)).collect();
        let len = slot.frames_len.load(Relaxed);
        fence(Acquire);
        if version.is_multiple_of(2) && slot.frames_version.load(Relaxed) == version {
            let site = |word: &u64| Site { code: (*word >> 32) as u32, pc: *word as u32 };
            return Some(match len {
                0 => Place::Before,
                OVER => Place::Over,
                len => Place::At(frames.iter().take(len as usize).map(site).collect()),
            });
        }
        std::hint::spin_loop();
    }
    None
}
