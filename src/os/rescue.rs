//! Waits that a death left behind: those of the dead, and those that the dead were about to complete. For the
//! supervisor, and for a process that cuts its threads off.
//!
//! Answers for: that nobody sleeps for good over a death. Never knows what an object is (see `death`).

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

use super::arena::Off;
use super::layout::{Slot, slot_at, state};
use super::park::{CLAIM_BITS, CLAIMED, Claimed, Ctx, IDLE, LISTS, Locked, Verdict, WAITING, is_private, node_of};
use super::sys;

impl Ctx {
    /// Sees to a waiter whose waker died between taking it off its list and waking it: completes the wait as `decide`
    /// says from the object, the list and the payload, or puts it back on its list. For the supervisor.
    pub(super) fn rescue(&self, actor: u32, wait: u32, decide: impl FnOnce(Off, usize, u64) -> Option<Verdict>) {
        let slot: &Slot = self.arena.at(slot_at(actor));
        let off = Off(slot.blocked_on.load(SeqCst));
        let list = slot.blocked_list.load(Relaxed) as usize;
        // Back on a list, a dead waiter would be handed what others wait for.
        if off.is_null() || list >= LISTS || slot.state.load(Acquire) == state::ENDED {
            return;
        }
        let payload = slot.node.payload.load(Relaxed);
        let done = slot.done.load(SeqCst) == slot.claim.load(SeqCst) >> CLAIM_BITS;
        // Decided before the lock is taken: deciding looks at the object under its lock.
        let verdict = if done { None } else { decide(off, list, payload) };
        let locked = self.lock(off);
        let claim = slot.claim.load(SeqCst);
        let (epoch, state) = (claim >> CLAIM_BITS, claim & ((1 << CLAIM_BITS) - 1));
        let private = is_private(locked.header, slot);
        if slot.done.load(SeqCst) == epoch {
            // It was told; perhaps not woken.
            sys::futex_wake(&slot.done, 1, private);
            return;
        }
        let node = node_of(actor);
        // Its time may have been over meanwhile: what it waits for now is no business of the dead one's.
        if state == IDLE || epoch != wait || locked.contains(list, node) {
            return;
        }
        match verdict {
            Some(verdict) => {
                // It comes before whatever others do once the death is known.
                let ticket = if verdict.ticket == 0 { locked.tick() } else { verdict.ticket };
                let verdict = Verdict { ticket, ..verdict };
                let claimed = (epoch << CLAIM_BITS) | CLAIMED;
                if claim == claimed || slot.claim.compare_exchange(claim, claimed, AcqRel, Acquire).is_ok() {
                    self.finish(Claimed::new(actor, payload, (epoch, 0), (slot, private)), verdict);
                }
            }
            None => {
                slot.claim.store((epoch << CLAIM_BITS) | WAITING, Release);
                // It was the first.
                locked.push_front(list, node);
            }
        }
    }

    /// The same of an actor that waits in several objects: completes the wait in the case that the dead one had taken
    /// off its list, or has the actor look at all of them again. For the supervisor.
    pub(super) fn rescue_in_cases(
        &self,
        actor: u32,
        wait: u32,
        decide: impl FnOnce(Off, usize, u64) -> Option<Verdict>,
    ) {
        let slot: &Slot = self.arena.at(slot_at(actor));
        let claim = slot.claim.load(SeqCst);
        let (epoch, state) = (claim >> CLAIM_BITS, claim & ((1 << CLAIM_BITS) - 1));
        if slot.done.load(SeqCst) == epoch {
            sys::futex_wake(&slot.done, 1, false);
            return;
        }
        if state == IDLE || epoch != wait {
            return;
        }
        let taken = super::cases::taken(self.arena, slot);
        let decided = taken.and_then(|taken| Some((taken.case, decide(taken.off, taken.list, taken.payload)?)));
        let again = Verdict { code: super::object::say::RETRY, ..Verdict::default() };
        let (case, verdict) = decided.unwrap_or((0, again));
        let claimed = (epoch << CLAIM_BITS) | CLAIMED;
        if claim == claimed || slot.claim.compare_exchange(claim, claimed, AcqRel, Acquire).is_ok() {
            self.finish(Claimed::new(actor, 0, (epoch, case), (slot, false)), verdict);
        }
    }

    /// Claims the wait of an actor that is dead, or is being cut off, so that nobody hands it anything, and takes it
    /// off its list; if it waited there and nobody had claimed it, `left` sees to the object that it leaves, in the
    /// same step. Whether it waited; one that lives and does not is left alone.
    pub(super) fn bury(&self, actor: u32, lives: bool, left: impl FnOnce(&Locked<'_>, usize)) -> bool {
        let slot: &Slot = self.arena.at(slot_at(actor));
        // First: where it is as it was in the end, the rest belongs to the same wait.
        let claim = slot.claim.load(Acquire);
        let is_waiting = claim & ((1 << CLAIM_BITS) - 1) == WAITING;
        if lives && !is_waiting {
            return false;
        }
        let blocked_on = Off(slot.blocked_on.load(Relaxed));
        let list = slot.blocked_list.load(Relaxed) as usize;
        let is_blocked = !blocked_on.is_null() && slot.blocked_op.load(Relaxed) != 0;
        let in_one = is_blocked && slot.cases.load(SeqCst) == 0;
        let locked = in_one.then(|| self.lock(blocked_on));
        let idle = claim & !WAITING;
        let waited = is_waiting && slot.claim.compare_exchange(claim, idle, AcqRel, Acquire).is_ok();
        if lives && !waited {
            return false;
        }
        if let Some(locked) = locked {
            locked.unlink(list, node_of(actor));
            if waited {
                left(&locked, list);
            }
        }
        super::cases::leave_all(self, actor);
        waited
    }

    /// Wakes everybody who was told: the dead one may not have come to it, or another keeps them asleep.
    pub(super) fn wake_told(&self) {
        let actors = self.arena.header().actors.load(SeqCst).min(super::layout::ACTORS_MAX);
        for actor in 0..actors {
            let slot: &Slot = self.arena.at(slot_at(actor));
            let is_told = slot.done.load(SeqCst) == slot.claim.load(SeqCst) >> CLAIM_BITS;
            if is_told && slot.state.load(Acquire) == state::RUNNING {
                // Some sleep where only their own process reaches them: it may be this one.
                sys::futex_wake(&slot.done, 1, false);
                sys::futex_wake(&slot.done, 1, true);
            }
        }
    }
}
