//! The one way of waiting: every blocking operation of every object parks its actor here.
//!
//! An operation takes its object's small lock and either completes, or puts its actor's node on one of the object's
//! lists, lets the lock go and sleeps on the actor's own futex word. Whoever makes the operation possible takes the
//! node off, *claims* the actor's wait (a timeout and a death claim the same word, so exactly one wins), completes the
//! operation for it, and wakes it: nothing to retry, nothing lost.
//!
//! Answers for: claims, lists, sleeping, the count of actors that can go on. Never knows what an object is.

use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};
use std::sync::atomic::compiler_fence;

use super::arena::{Arena, Off};
use super::claim::{Claim, next_epoch};
use super::layout::{Node, ObjectHeader, Slot, TICKET, pack_place, slot_at, state};
use super::small_lock::Locked;
use super::wake::Told;
use super::{sys, turns};
use crate::program::op::OpCode;

/// How long to wait for what takes another a moment, before looking whether that one is alive.
const PATIENCE_NS: u64 = 1_000_000;
/// Looks at a wait before sleeping, and how long between two: twenty microseconds in all, which is what it takes to
/// wake somebody on another processor. Who looks for so long loses at most as much again.
const WAIT_LOOKS: u32 = 150;
const FEW_LOOKS: u32 = 25;
const LOOK_EVERY: u32 = 4;

/// Lists of an object.
pub(super) const LISTS: usize = 3;

/// An actor as it acts on the arena.
#[derive(Clone)]
pub(super) struct Ctx {
    pub(super) arena: Arena,
    /// Its number; the supervisor is 0.
    pub(super) me: u32,
    pub(super) slot: &'static Slot,
    /// The eventfd that makes the supervisor look.
    pub(super) kick: i32,
}

/// What a waker tells a waiter.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Verdict {
    /// What happened, in terms of the object.
    pub(super) code: u32,
    /// A message, an index, …
    pub(super) given: u64,
    /// The place of the waiter's operation in the object's order.
    pub(super) ticket: u64,
    /// The event that made it possible.
    pub(super) cause: u64,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Woken {
    By(Verdict),
    /// The time was over while it still waited: the place of that in the object's order.
    TimedOut {
        ticket: u64,
    },
}

/// What an actor publishes while it waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) op: OpCode,
    /// CLOCK_MONOTONIC, nanoseconds; none waits for ever.
    pub(super) deadline: Option<u64>,
}

/// A wait that has been entered but not slept on.
#[must_use = "a wait that was entered must be parked on"]
pub(super) struct Entered {
    pub(super) epoch: u32,
    pub(super) deadline: Option<u64>,
    pub(super) off: Off,
    pub(super) last_to_block: bool,
    /// How many wait there for the same, itself included.
    pub(super) company: u32,
    /// It has looked whether it need not wait; see [`Ctx::look_before_waiting`].
    pub(super) has_looked: bool,
}

/// A waiter whose wait is the claimer's to complete.
#[must_use = "a claimed waiter sleeps until it is told"]
pub(super) struct Claimed {
    pub(super) actor: u32,
    pub(super) payload: u64,
    slot: &'static Slot,
    epoch: u32,
    case: u32,
    private: bool,
}

impl Claimed {
    pub(super) fn new(
        actor: u32,
        payload: u64,
        (epoch, case): (u32, u32),
        (slot, private): (&'static Slot, bool),
    ) -> Self {
        Claimed { actor, payload, slot, epoch, case, private }
    }
}

impl Ctx {
    pub(super) fn new(arena: Arena, me: u32, kick: i32) -> Ctx {
        Ctx { arena, me, slot: arena.at(slot_at(me)), kick }
    }

    /// The place of the event that this actor records next.
    pub(super) fn place(&self) -> u64 {
        pack_place(self.me, self.slot.seq.load(Relaxed))
    }

    /// The place of the event that this actor recorded last.
    pub(super) fn last_place(&self) -> u64 {
        pack_place(self.me, self.slot.seq.load(Relaxed).saturating_sub(1))
    }

    /// A moment at which a test may have the process die.
    #[inline]
    pub(super) fn point(&self) {
        super::doom::point(self.slot);
    }

    /// Enters a wait on a list of the locked object. The caller then lets the lock go and parks.
    pub(super) fn enter(&self, locked: &Locked<'_>, list: usize, payload: u64, waiting: &Waiting) -> Entered {
        let slot = self.slot;
        let epoch = next_epoch(slot);
        slot.waits.store(slot.waits.load(Relaxed).wrapping_add(1), SeqCst);
        slot.blocked_op.store(waiting.op as u32 + 1, Relaxed);
        slot.blocked_on.store(locked.off.0, Relaxed);
        slot.blocked_list.store(list as u32, Relaxed);
        slot.node.actor.store(self.me, Relaxed);
        slot.node.epoch.store(epoch, Relaxed);
        slot.node.payload.store(payload, Relaxed);
        Claim::waiting(epoch).set(slot);
        self.point();
        locked.push(list, self.node_off());
        self.point();
        let last_to_block = waiting.deadline.is_none() && self.count_out();
        let company = locked.waiting(list);
        let has_looked = false;
        Entered { epoch, deadline: waiting.deadline, off: locked.off, last_to_block, company, has_looked }
    }

    /// Counts the calling actor among those that cannot go on by themselves; true where it is the last.
    pub(super) fn count_out(&self) -> bool {
        self.slot.uncounted.store(1, SeqCst);
        self.arena.header().running.fetch_sub(1, SeqCst) == 1
    }

    /// Sleeps until the wait has been completed by another, or its deadline has passed.
    pub(super) fn park(&self, entered: Entered) -> Woken {
        match self.park_or(entered, |locked| locked.tick()) {
            Ok(verdict) => Woken::By(verdict),
            Err(ticket) => Woken::TimedOut { ticket },
        }
    }

    /// The same, with what follows when the deadline has passed: it is one step with leaving the list.
    pub(super) fn park_or<T>(&self, entered: Entered, over: impl FnOnce(&Locked<'_>) -> T) -> Result<Verdict, T> {
        let slot = self.slot;
        let private = is_private(self.arena.at(entered.off), slot);
        let mut over = Some(over);
        self.sleep(&entered, private, || {
            let locked = self.lock(entered.off);
            if !Claim::waiting(entered.epoch).change(slot, Claim::idle(entered.epoch)) {
                return None;
            }
            locked.unlink(slot.blocked_list.load(Relaxed) as usize, self.node_off());
            slot.blocked_op.store(0, Relaxed);
            over.take().map(|over| over(&locked))
        })
    }

    /// Sleeps until the wait has been completed by another, or `leave`, which is asked when its time is over, says that
    /// it has been left; `leave` gives nothing where someone is completing it.
    pub(super) fn sleep<T>(
        &self,
        entered: &Entered,
        private: bool,
        mut leave: impl FnMut() -> Option<T>,
    ) -> Result<Verdict, T> {
        let slot = self.slot;
        self.keep_no_longer();
        if entered.last_to_block {
            self.kick();
        } else {
            // Also where it goes on by itself: it may have come past what others wait for.
            self.tell_of_a_stop();
        }
        let mut deadline = entered.deadline;
        let in_turns = turns::are_on(self.arena);
        if in_turns {
            turns::tell(self.arena);
        }
        if !in_turns && !entered.has_looked {
            self.await_a_moment(entered);
        }
        loop {
            let done = slot.done.load(SeqCst);
            if done == entered.epoch {
                break;
            }
            if slot.asleep.swap(1, SeqCst) == 0 {
                // What came before this is seen now.
                continue;
            }
            super::duty::look_while_parked(self);
            let mut timed_out = false;
            if in_turns {
                turns::look_while_parked(self);
                timed_out = turns::is_called_away(self);
            }
            if timed_out || sys::futex_wait(&slot.done, done, deadline, private) == sys::FutexWait::TimedOut {
                if let Some(left) = leave() {
                    slot.asleep.store(0, Relaxed);
                    return Err(left);
                }
                // Someone is completing it, which takes a moment; if that one dies over it, it may be waiting again.
                deadline = Some(sys::now_ns() + PATIENCE_NS);
            }
        }
        slot.asleep.store(0, Relaxed);
        slot.blocked_op.store(0, Relaxed);
        Ok(Verdict {
            code: slot.verdict.load(Relaxed),
            given: slot.given.load(Relaxed),
            ticket: slot.ticket.load(Relaxed),
            cause: slot.cause.load(Relaxed),
        })
    }

    /// Looks for a moment whether the wait is completed, where there is a processor that nobody else needs and somebody
    /// who may complete it: to sleep, and to be woken, takes longer than that. Where many wait for the same, and may go
    /// on all at once, they are about to need the processor.
    fn await_a_moment(&self, entered: &Entered) {
        self.look_for_a_moment(entered.company, 0, || self.slot.done.load(Relaxed) == entered.epoch);
    }

    /// The same of an actor that has not begun to wait, and of anything that another may bring about.
    pub(super) fn look_before_waiting(&self, has_come: impl Fn() -> bool) {
        if !turns::are_on(self.arena) {
            self.look_for_a_moment(1, 1, has_come);
        }
    }

    /// Looks where so many wait for the same, this actor among them, of whom some count as running.
    fn look_for_a_moment(&self, company: u32, counted: i64, has_come: impl Fn() -> bool) {
        let header = self.arena.header();
        let processors = header.processors.load(Relaxed);
        for look in 0..WAIT_LOOKS {
            let others = header.running.load(Relaxed) - counted;
            let is_crowded = others + i64::from(company) > processors;
            if has_come() || others < 1 || others >= processors {
                return;
            }
            if is_crowded && look >= FEW_LOOKS {
                return;
            }
            for _ in 0..LOOK_EVERY {
                std::hint::spin_loop();
            }
        }
    }

    /// Takes waiters off a list until one is still waiting, and claims it.
    pub(super) fn claim_first(&self, locked: &Locked<'_>, list: usize) -> Option<Claimed> {
        self.claim(locked, list, |_| true, false)
    }

    /// The same; from the moment it is off its list its wait is complete, with its payload, whatever happens to this
    /// actor.
    pub(super) fn claim_first_complete(&self, locked: &Locked<'_>, list: usize) -> Option<Claimed> {
        self.claim(locked, list, |_| true, true)
    }

    /// The same, passing over those that are not wanted.
    pub(super) fn claim_where(
        &self,
        locked: &Locked<'_>,
        list: usize,
        wanted: impl Fn(&Node) -> bool,
    ) -> Option<Claimed> {
        self.claim(locked, list, wanted, false)
    }

    fn claim(
        &self,
        locked: &Locked<'_>,
        list: usize,
        wanted: impl Fn(&Node) -> bool,
        complete: bool,
    ) -> Option<Claimed> {
        loop {
            let mut node_off = Off(locked.header.lists[list].head.load(Relaxed));
            while !node_off.is_null() {
                let node: &Node = self.arena.at(node_off);
                if wanted(node) {
                    break;
                }
                node_off = Off(node.next.load(Relaxed));
            }
            if node_off.is_null() {
                return None;
            }
            if turns::are_on(self.arena)
                && let Some(wanted) = turns::served_next()
                && let Some(of_it) = locked.node_of(list, wanted)
            {
                node_off = of_it;
            }
            let node: &Node = self.arena.at(node_off);
            let actor = node.actor.load(Relaxed);
            let epoch = node.epoch.load(Relaxed);
            // Noted before it is taken off: from here on the waiter depends on this actor's living (see `rescue`).
            self.slot.completed.store(complete.into(), Relaxed);
            self.slot.completing_wait.store(epoch, Relaxed);
            let case = node.case.load(Relaxed);
            self.slot.completing_case.store(case, Relaxed);
            self.slot.completing.store(actor + 1, Relaxed);
            compiler_fence(SeqCst);
            self.point();
            locked.unlink(list, node_off);
            self.point();
            let slot: &Slot = self.arena.at(slot_at(actor));
            if Claim::waiting(epoch).change(slot, Claim::claimed(epoch, self.me)) {
                self.point();
                // Who waits in several objects sleeps where all of them can wake it.
                let private = case == 0 && is_private(locked.header, slot);
                return Some(Claimed { actor, payload: node.payload.load(Relaxed), slot, epoch, case, private });
            }
            self.slot.completing.store(0, Relaxed);
        }
    }

    /// Completes a claimed wait; its actor is woken when no small lock is held any more.
    pub(super) fn finish(&self, claimed: Claimed, verdict: Verdict) {
        let told = self.tell(claimed, verdict);
        // From here on a death is seen to by `wake_told`.
        self.slot.waking.store(1, Relaxed);
        compiler_fence(SeqCst);
        self.slot.completing.store(0, Relaxed);
        self.point();
        self.wake_later(told);
        self.point();
    }

    /// Completes a claimed wait, whose actor sleeps on.
    fn tell(&self, claimed: Claimed, verdict: Verdict) -> Told {
        let slot = claimed.slot;
        self.point();
        slot.verdict.store(verdict.code, Relaxed);
        slot.given.store(verdict.given, Relaxed);
        slot.ticket.store(verdict.ticket, Relaxed);
        slot.cause.store(verdict.cause, Relaxed);
        slot.case.store(claimed.case, Relaxed);
        if verdict.code == super::object::say::RETRY {
            self.keep_beside(slot);
        }
        self.count_again(slot);
        slot.now_ns.store(self.arena.header().virtual_ns.load(Relaxed), Relaxed);
        self.point();
        slot.done.store(claimed.epoch, SeqCst);
        self.point();
        Told { slot, private: claimed.private }
    }

    /// Whoever is told to look again still waits in its object: it may find that another was faster.
    fn keep_beside(&self, slot: &Slot) {
        let op = OpCode::from_number(slot.blocked_op.load(Relaxed).wrapping_sub(1) as u8);
        if matches!(op, Some(OpCode::LockAcquire | OpCode::RwAcquire | OpCode::OnceRun)) {
            slot.beside.store(slot.blocked_on.load(Relaxed), Relaxed);
        }
    }

    /// How many wait in an object without standing on one of its lists.
    pub(super) fn beside(&self, off: Off) -> u32 {
        let actors = self.arena.header().actors.load(SeqCst).min(super::layout::ACTORS_MAX);
        let waits = |slot: &&Slot| slot.beside.load(Relaxed) == off.0 && slot.state.load(Acquire) != state::ENDED;
        (1..actors).map(|actor| self.arena.at::<Slot>(slot_at(actor))).filter(waits).count() as u32
    }

    /// Counts an actor among those that can go on, if its wait had taken it off.
    pub(super) fn count_again(&self, slot: &Slot) {
        if slot.uncounted.swap(0, SeqCst) == 1 {
            self.arena.header().running.fetch_add(1, SeqCst);
        }
    }

    /// Makes the supervisor look.
    pub(super) fn kick(&self) {
        if self.arena.header().kicked.swap(1, SeqCst) == 0 {
            sys::eventfd_add(self.kick);
        }
    }

    /// Tells the supervisor, if it wants to know, that one actor less goes on.
    pub(super) fn tell_of_a_stop(&self) {
        let watching = &self.arena.header().watching;
        if watching.load(SeqCst) == 1 && watching.swap(0, SeqCst) == 1 {
            self.kick();
        }
    }

    fn node_off(&self) -> Off {
        node_of(self.me)
    }
}

/// Where an actor's node for waits in one object lies.
pub(super) fn node_of(actor: u32) -> Off {
    Off(slot_at(actor).0 + (std::mem::offset_of!(Slot, node) / super::arena::UNIT) as u32)
}

const _: () = assert!(std::mem::offset_of!(Slot, node) % super::arena::UNIT == 0);

impl Locked<'_> {
    /// The next place in the object's own order.
    pub(super) fn tick(&self) -> u64 {
        self.ctx.point();
        if super::object::is_lock(self.header.kind.load(Relaxed)) {
            // Others take places without the small lock.
            return self.header.tick();
        }
        let ticket = self.header.ticket.load(Relaxed).wrapping_add(TICKET);
        self.header.ticket.store(ticket, Relaxed);
        ticket / TICKET
    }

    /// How many wait in a list.
    pub(super) fn waiting(&self, list: usize) -> u32 {
        self.header.lists[list].len.load(Relaxed)
    }

    /// The payloads of a list, the first first.
    pub(super) fn payloads(&self, list: usize) -> impl Iterator<Item = u64> {
        let mut at = self.header.lists[list].head.load(Relaxed);
        std::iter::from_fn(move || {
            let node = (at != 0).then(|| self.node(at))?;
            at = node.next.load(Relaxed);
            Some(node.payload.load(Relaxed))
        })
    }

    /// Counts a waiter that waits elsewhere for what this list is for.
    pub(super) fn count_in(&self, list: usize) {
        let len = &self.header.lists[list].len;
        len.store(len.load(Relaxed) + 1, Relaxed);
    }

    /// The reverse of [`Locked::count_in`].
    pub(super) fn count_out(&self, list: usize) {
        let len = &self.header.lists[list].len;
        len.store(len.load(Relaxed).saturating_sub(1), Relaxed);
    }

    fn node(&self, off: u32) -> &'static Node {
        self.ctx.arena.at(Off(off))
    }

    // The forward chain is whole at every instant, and what is not on it is never said to be linked, or a second
    // unlinking would cut off others: a death in the middle is repaired by walking it (`mend`).
    pub(super) fn push(&self, list: usize, off: Off) {
        let list = &self.header.lists[list];
        let node = self.node(off.0);
        let tail = list.tail.load(Relaxed);
        node.next.store(0, Relaxed);
        node.prev.store(tail, Relaxed);
        compiler_fence(SeqCst);
        if tail == 0 {
            list.head.store(off.0, Relaxed);
        } else {
            self.node(tail).next.store(off.0, Relaxed);
        }
        self.ctx.point();
        node.linked.store(1, Relaxed);
        list.tail.store(off.0, Relaxed);
        list.len.store(list.len.load(Relaxed) + 1, Relaxed);
    }

    pub(super) fn push_front(&self, list: usize, off: Off) {
        let list = &self.header.lists[list];
        let node = self.node(off.0);
        let head = list.head.load(Relaxed);
        node.prev.store(0, Relaxed);
        node.next.store(head, Relaxed);
        node.linked.store(1, Relaxed);
        list.head.store(off.0, Relaxed);
        match head {
            0 => list.tail.store(off.0, Relaxed),
            head => self.node(head).prev.store(off.0, Relaxed),
        }
        list.len.store(list.len.load(Relaxed) + 1, Relaxed);
    }

    /// The node of an actor in a list.
    fn node_of(&self, list: usize, actor: u32) -> Option<Off> {
        let mut at = self.header.lists[list].head.load(Relaxed);
        while at != 0 && self.node(at).actor.load(Relaxed) != actor {
            at = self.node(at).next.load(Relaxed);
        }
        (at != 0).then_some(Off(at))
    }

    pub(super) fn contains(&self, list: usize, off: Off) -> bool {
        let mut at = self.header.lists[list].head.load(Relaxed);
        while at != 0 && at != off.0 {
            at = self.node(at).next.load(Relaxed);
        }
        at == off.0
    }

    pub(super) fn unlink(&self, list: usize, off: Off) {
        let node = self.node(off.0);
        if node.linked.load(Relaxed) == 0 {
            return;
        }
        let list = &self.header.lists[list];
        let (next, prev) = (node.next.load(Relaxed), node.prev.load(Relaxed));
        node.linked.store(0, Relaxed);
        self.ctx.point();
        compiler_fence(SeqCst);
        match prev {
            0 => list.head.store(next, Relaxed),
            prev => self.node(prev).next.store(next, Relaxed),
        }
        self.ctx.point();
        match next {
            0 => list.tail.store(prev, Relaxed),
            next => self.node(next).prev.store(prev, Relaxed),
        }
        list.len.store(list.len.load(Relaxed).saturating_sub(1), Relaxed);
    }
}

/// Whether an actor that waits in an object does so on a futex that only its own process reaches.
pub(super) fn is_private(header: &ObjectHeader, slot: &Slot) -> bool {
    header.private.load(Relaxed) != 0 && slot.keeps_pools.load(Relaxed) == 0
}
