//! Waits that a death left behind: those of the dead, and those that the dead were about to complete. For the
//! supervisor, and for a process that cuts its threads off.
//!
//! Answers for: that nobody sleeps for good over a death. Never knows what an object is (see `death`).

use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};

use super::arena::{Arena, Off};
use super::cases::{self, Taken};
use super::claim::Claim;
use super::layout::{Slot, slot_at, state};
use super::park::{Claimed, Ctx, LISTS, Verdict, is_private, node_of};
use super::small_lock::Locked;
use super::sys;

/// A wait that an actor was about to complete when it died.
#[derive(Clone, Copy, Debug)]
pub(super) struct Completing {
    pub(super) dead: u32,
    /// Whose wait, and which of that actor's.
    pub(super) waiter: u32,
    pub(super) wait: u32,
    /// Which case of a wait in several objects, plus 1.
    case: u32,
}

impl Completing {
    /// What an actor that is dead was about to complete, if it was.
    pub(super) fn of(arena: Arena, dead: u32) -> Option<Completing> {
        let slot: &Slot = arena.at(slot_at(dead));
        let waiter = slot.completing.load(SeqCst).checked_sub(1)?;
        let (wait, case) = (slot.completing_wait.load(Relaxed), slot.completing_case.load(Relaxed));
        Some(Completing { dead, waiter, wait, case })
    }

    /// Whether the waiter was told of its end, be it that it has gone on since.
    fn is_told(self, arena: Arena) -> bool {
        let slot: &Slot = arena.at(slot_at(self.waiter));
        slot.done.load(SeqCst) == Claim::of(slot).epoch()
    }

    /// Whether it is the dead one's or nobody's to complete: its time may have been over meanwhile, or another may have
    /// completed it, and what the waiter waits for now is no business of the dead one's.
    fn is_open(self, arena: Arena) -> bool {
        let claim = Claim::of(arena.at(slot_at(self.waiter)));
        claim.epoch() == self.wait && claim.is_open_to(self.dead) && !self.is_told(arena)
    }

    /// In which object and list the waiter waits, and with what, if it still does and was taken off that list.
    pub(super) fn taken(self, arena: Arena) -> Option<Taken> {
        let slot: &Slot = arena.at(slot_at(self.waiter));
        if self.case != 0 {
            return cases::taken(arena, slot, self.wait, self.case);
        }
        let (off, list) = (Off(slot.blocked_on.load(SeqCst)), slot.blocked_list.load(Relaxed) as usize);
        let is_it = Claim::of(slot).epoch() == self.wait && slot.node.linked.load(Relaxed) == 0;
        is_it.then(|| Taken { off, list, payload: slot.node.payload.load(Relaxed) })
    }
}

impl Ctx {
    /// Sees to a waiter whose waker died between taking it off its list and waking it: completes the wait as `decide`
    /// says from the object, the list and the payload, or puts it back on its list. For the supervisor.
    pub(super) fn rescue(&self, completing: Completing, decide: impl FnOnce(Off, usize, u64) -> Option<Verdict>) {
        let slot: &Slot = self.arena.at(slot_at(completing.waiter));
        let off = Off(slot.blocked_on.load(SeqCst));
        let list = slot.blocked_list.load(Relaxed) as usize;
        // Back on a list, a dead waiter would be handed what others wait for.
        if off.is_null() || list >= LISTS || slot.state.load(Acquire) == state::ENDED {
            return;
        }
        let payload = slot.node.payload.load(Relaxed);
        // Decided before the lock is taken: deciding looks at the object under its lock.
        let verdict = if completing.is_open(self.arena) { decide(off, list, payload) } else { None };
        let locked = self.lock(off);
        let private = is_private(locked.header, slot);
        if completing.is_told(self.arena) {
            // Perhaps not woken.
            sys::futex_wake(&slot.done, 1, private);
            return;
        }
        let node = node_of(completing.waiter);
        if !completing.is_open(self.arena) || locked.contains(list, node) {
            return;
        }
        match verdict {
            Some(verdict) => {
                // It comes before whatever others do once the death is known.
                let ticket = if verdict.ticket == 0 { locked.tick() } else { verdict.ticket };
                self.complete(completing, payload, private, Verdict { ticket, ..verdict });
            }
            None => {
                Claim::waiting(completing.wait).set(slot);
                // It was the first.
                locked.push_front(list, node);
            }
        }
    }

    /// The same of an actor that waits in several objects: completes the wait in the case that the dead one had taken
    /// off its list, or has the actor look at all of them again. For the supervisor.
    pub(super) fn rescue_in_cases(
        &self,
        completing: Completing,
        decide: impl FnOnce(Off, usize, u64) -> Option<Verdict>,
    ) {
        if completing.is_told(self.arena) {
            let slot: &Slot = self.arena.at(slot_at(completing.waiter));
            sys::futex_wake(&slot.done, 1, false);
        } else if completing.is_open(self.arena) {
            let taken = completing.taken(self.arena);
            let decided = taken.and_then(|taken| decide(taken.off, taken.list, taken.payload));
            let again = Verdict { code: super::object::say::RETRY, ..Verdict::default() };
            let case = if decided.is_some() { completing.case } else { 0 };
            self.complete(Completing { case, ..completing }, 0, false, decided.unwrap_or(again));
        }
    }

    /// Completes a wait for the dead one, unless another has claimed it.
    fn complete(&self, completing: Completing, payload: u64, private: bool, verdict: Verdict) {
        let Completing { dead, waiter, wait, case } = completing;
        let slot: &Slot = self.arena.at(slot_at(waiter));
        let mine = Claim::claimed(wait, self.me);
        if Claim::claimed(wait, dead).change(slot, mine) || Claim::waiting(wait).change(slot, mine) {
            self.finish(Claimed::new(waiter, payload, (wait, case), (slot, private)), verdict);
        }
    }

    /// Claims the wait of an actor that is dead, or is being cut off, so that nobody hands it anything, and takes it
    /// off its list; if it waited there and nobody had claimed it, `left` sees to the object that it leaves, in the
    /// same step. Whether it waited; one that lives and does not is left alone.
    pub(super) fn bury(&self, actor: u32, lives: bool, left: impl FnOnce(&Locked<'_>, usize)) -> bool {
        let slot: &Slot = self.arena.at(slot_at(actor));
        // First: where it is as it was in the end, the rest belongs to the same wait.
        let claim = Claim::of(slot);
        if lives && !claim.is_waiting() {
            return false;
        }
        let blocked_on = Off(slot.blocked_on.load(Relaxed));
        let list = slot.blocked_list.load(Relaxed) as usize;
        let is_blocked = !blocked_on.is_null() && slot.blocked_op.load(Relaxed) != 0;
        let in_one = is_blocked && slot.cases.load(SeqCst) == 0;
        let locked = in_one.then(|| self.lock(blocked_on));
        let waited = claim.is_waiting() && claim.change(slot, Claim::idle(claim.epoch()));
        if lives && !waited {
            return false;
        }
        if let Some(locked) = locked {
            locked.unlink(list, node_of(actor));
            if waited {
                left(&locked, list);
            }
        }
        cases::leave_all(self, actor);
        waited
    }

    /// Wakes everybody who was told: the dead one may not have come to it, or another keeps them asleep.
    pub(super) fn wake_told(&self) {
        let actors = self.arena.header().actors.load(SeqCst).min(super::layout::ACTORS_MAX);
        for actor in 0..actors {
            let slot: &Slot = self.arena.at(slot_at(actor));
            if slot.done.load(SeqCst) == Claim::of(slot).epoch() && slot.state.load(Acquire) == state::RUNNING {
                // Some sleep where only their own process reaches them: it may be this one.
                sys::futex_wake(&slot.done, 1, false);
                sys::futex_wake(&slot.done, 1, true);
            }
        }
    }
}
