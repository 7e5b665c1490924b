//! Who decides how a wait ends: one word in the slot of the actor that waits, which a waker, a timeout and a death all
//! try to change.
//!
//! A claim names its claimer, as whoever sees to a death must know which waits the dead one had claimed: one that it
//! had only taken off a list, or was about to, may be another's by then. Answers for: that exactly one wins. Never
//! completes anything.

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

use super::layout::Slot;

/// The low bits of the word; above them stands the number of the wait, and in its upper half the claimer.
const STATE_BITS: u32 = 2;
const IDLE: u32 = 0;
const WAITING: u32 = 1;
const CLAIMED: u32 = 2;

/// A wait of an actor, and how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim(u64);

impl Claim {
    /// The wait has begun, and nobody has claimed it.
    pub(super) fn waiting(epoch: u32) -> Claim {
        Claim::new(epoch, WAITING, 0)
    }

    /// The wait was left.
    pub(super) fn idle(epoch: u32) -> Claim {
        Claim::new(epoch, IDLE, 0)
    }

    /// It is this actor's to complete.
    pub(super) fn claimed(epoch: u32, by: u32) -> Claim {
        Claim::new(epoch, CLAIMED, by)
    }

    fn new(epoch: u32, state: u32, by: u32) -> Claim {
        Claim(u64::from(by) << u32::BITS | u64::from(epoch << STATE_BITS | state))
    }

    /// How it stands with the last wait of an actor.
    pub(super) fn of(slot: &Slot) -> Claim {
        Claim(slot.claim.load(SeqCst))
    }

    pub(super) fn epoch(self) -> u32 {
        self.0 as u32 >> STATE_BITS
    }

    pub(super) fn is_waiting(self) -> bool {
        self.state() == WAITING
    }

    pub(super) fn is_claimed(self) -> bool {
        self.state() == CLAIMED
    }

    /// Whether it is nobody's, or this actor's to complete.
    pub(super) fn is_open_to(self, actor: u32) -> bool {
        self.is_waiting() || self == Claim::claimed(self.epoch(), actor)
    }

    fn state(self) -> u32 {
        self.0 as u32 & ((1 << STATE_BITS) - 1)
    }

    /// Has this be how it stands, unless it has changed meanwhile.
    pub(super) fn change(self, slot: &Slot, to: Claim) -> bool {
        slot.claim.compare_exchange(self.0, to.0, AcqRel, Acquire).is_ok()
    }

    /// Has this be how it stands: for who alone may change it.
    pub(super) fn set(self, slot: &Slot) {
        slot.claim.store(self.0, Release);
    }
}

/// The number of the wait that an actor enters next.
pub(super) fn next_epoch(slot: &Slot) -> u32 {
    (Claim(slot.claim.load(Relaxed)).epoch() + 1) & (u32::MAX >> STATE_BITS)
}
