//! Waiting in several objects at once: for whichever lets its actor go on first.
//!
//! All small locks are taken, in one order for everybody; where no object lets the actor go on, a node of its own goes
//! on a list of each, and one claim word decides who completes the wait, as for a wait in one object (see `park`).
//! Which locks and nodes there are stands in the actor's slot before they are taken, so that a death can be cleared up.
//!
//! Answers for: the locks, the nodes, leaving them all again. Never knows what an object is.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use super::alloc::OutOfMemory;
use super::arena::{Arena, Off, Shared, UNIT};
use super::claim::{Claim, next_epoch};
use super::layout::{Node, Slot, slot_at};
use super::park::{Ctx, Entered, Verdict};
use super::small_lock::Locked;
use crate::program::op::OpCode;

/// One of the objects that an actor waits in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) off: Off,
    pub(super) list: usize,
    pub(super) payload: u64,
    /// Whether to wait there at all, or only to hold its lock meanwhile.
    pub(super) waits: bool,
    /// The operation that waits there.
    pub(super) op: OpCode,
}

/// A case as it lies in the arena.
#[repr(C, align(16))]
pub(super) struct CaseNode {
    node: Node,
    off: AtomicU32,
    list: AtomicU32,
    op: AtomicU32,
    pad: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for CaseNode {}

const CASE_UNITS: u32 = (size_of::<CaseNode>() / UNIT) as u32;
const _: () = assert!(size_of::<CaseNode>().is_multiple_of(UNIT));

/// Several objects, noted in the calling actor's slot until this is dropped.
pub(super) struct Several<'a> {
    ctx: &'a Ctx,
    places: Vec<Place>,
    block: Off,
    epoch: u32,
}

/// How a wait in several objects ended.
pub(super) enum Ended {
    /// It was completed in this case (by number), or nobody knows in which: see the verdict.
    By(Verdict, Option<usize>),
    /// It was left while nobody had completed it: its time was over, or it was called away.
    Left,
}

impl<'a> Several<'a> {
    pub(super) fn new(ctx: &'a Ctx, places: Vec<Place>) -> Result<Several<'a>, OutOfMemory> {
        let block = ctx.arena.alloc_zeroed(places.len().max(1) * size_of::<CaseNode>())?;
        for (at, place) in (0..).zip(&places) {
            let case = case_at(ctx.arena, block, at);
            case.off.store(place.off.0, Relaxed);
            case.list.store(place.list as u32, Relaxed);
            case.op.store(place.op as u32, Relaxed);
        }
        ctx.slot.cases_len.store(places.len() as u32, SeqCst);
        ctx.slot.cases.store(block.0, SeqCst);
        Ok(Several { ctx, places, block, epoch: 0 })
    }

    /// Takes every small lock, each once.
    pub(super) fn lock(&self) -> Vec<Locked<'a>> {
        let mut offs: Vec<u32> = self.places.iter().map(|place| place.off.0).collect();
        offs.sort_unstable();
        offs.dedup();
        offs.into_iter().map(|off| self.ctx.lock_one_of_several(Off(off))).collect()
    }

    /// Enters the wait, with every lock held.
    pub(super) fn enter(&mut self, locked: &[Locked<'_>], op: OpCode, deadline: Option<u64>) -> Entered {
        let slot = self.ctx.slot;
        self.epoch = next_epoch(slot);
        slot.waits.store(slot.waits.load(Relaxed).wrapping_add(1), SeqCst);
        slot.blocked_op.store(op as u32 + 1, Relaxed);
        slot.blocked_on.store(0, Relaxed);
        Claim::waiting(self.epoch).set(slot);
        for (at, place) in (0..).zip(&self.places).filter(|(_, place)| place.waits) {
            let case = case_at(self.ctx.arena, self.block, at);
            case.node.actor.store(self.ctx.me, Relaxed);
            case.node.epoch.store(self.epoch, Relaxed);
            case.node.payload.store(place.payload, Relaxed);
            case.node.case.store(at + 1, Relaxed);
            if let Some(locked) = locked.iter().find(|locked| locked.off == place.off) {
                locked.push(place.list, self.node(at));
                self.ctx.point();
            }
        }
        let last_to_block = deadline.is_none() && self.ctx.count_out();
        Entered { epoch: self.epoch, deadline, off: Off::NULL, last_to_block, company: 1, has_looked: false }
    }

    /// Sleeps until the wait has been completed by another, its deadline has passed, or it is called away.
    pub(super) fn park(&self, entered: &Entered) -> Ended {
        let slept = self.ctx.sleep(entered, false, || {
            // Under all locks: at this moment none of the objects lets it go on, or it would have been claimed.
            let _locked = self.lock();
            Claim::waiting(self.epoch).change(self.ctx.slot, Claim::idle(self.epoch)).then_some(())
        });
        self.leave();
        self.ctx.slot.blocked_op.store(0, Relaxed);
        match slept {
            Ok(verdict) => {
                let case = self.ctx.slot.case.load(Relaxed).checked_sub(1);
                Ended::By(verdict, case.map(|case| case as usize))
            }
            Err(()) => Ended::Left,
        }
    }

    fn leave(&self) {
        for (at, place) in (0..).zip(&self.places).filter(|(_, place)| place.waits) {
            self.ctx.lock(place.off).unlink(place.list, self.node(at));
            self.ctx.point();
        }
    }

    fn node(&self, at: u32) -> Off {
        Off(self.block.0 + at * CASE_UNITS)
    }
}

impl Drop for Several<'_> {
    fn drop(&mut self) {
        self.ctx.slot.cases.store(0, SeqCst);
        self.ctx.slot.cases_len.store(0, Relaxed);
        self.ctx.arena.free(self.block);
    }
}

fn case_at(arena: Arena, block: Off, at: u32) -> &'static CaseNode {
    arena.at(Off(block.0 + at * CASE_UNITS))
}

fn cases_of(arena: Arena, slot: &Slot) -> impl Iterator<Item = (Off, Off, usize)> {
    let block = Off(slot.cases.load(SeqCst));
    let len = if block.is_null() { 0 } else { slot.cases_len.load(SeqCst) };
    (0..len).map(move |at| {
        let case = case_at(arena, block, at);
        (Off(block.0 + at * CASE_UNITS), Off(case.off.load(Relaxed)), case.list.load(Relaxed) as usize)
    })
}

/// The objects in which an actor waits at once, or of which it is about to take the small locks; each once.
pub(super) fn objects_of(arena: Arena, slot: &Slot) -> Vec<Off> {
    let mut offs: Vec<u32> = cases_of(arena, slot).map(|(_, off, _)| off.0).collect();
    offs.sort_unstable();
    offs.dedup();
    offs.into_iter().map(Off).collect()
}

/// The operations in which an actor waits at once, each with its object.
pub(super) fn waits_of(arena: Arena, slot: &Slot) -> Vec<(OpCode, Off)> {
    let block = Off(slot.cases.load(SeqCst));
    let len = if block.is_null() { 0 } else { slot.cases_len.load(SeqCst) };
    let wait = |at: u32| {
        let case = case_at(arena, block, at);
        Some((OpCode::from_number(case.op.load(Relaxed) as u8)?, Off(case.off.load(Relaxed))))
    };
    (0..len).filter_map(wait).collect()
}

/// A case of a wait that was taken off its list to be completed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    pub(super) off: Off,
    pub(super) list: usize,
    pub(super) payload: u64,
}

/// A case (its number plus 1) of a wait of an actor, if it has been taken off its list.
pub(super) fn taken(arena: Arena, slot: &Slot, wait: u32, case: u32) -> Option<Taken> {
    let (at, off, list) = cases_of(arena, slot).nth(case.checked_sub(1)? as usize)?;
    let node: &Node = arena.at(at);
    let is_taken = node.epoch.load(Relaxed) == wait && node.linked.load(Relaxed) == 0;
    is_taken.then(|| Taken { off, list, payload: node.payload.load(Relaxed) })
}

/// Takes a dead actor off the lists of the objects that it waits in. For the supervisor.
pub(super) fn leave_all(ctx: &Ctx, dead: u32) {
    let slot: &Slot = ctx.arena.at(slot_at(dead));
    for (node, off, list) in cases_of(ctx.arena, slot) {
        ctx.lock(off).unlink(list, node);
    }
    slot.cases.store(0, SeqCst);
}
