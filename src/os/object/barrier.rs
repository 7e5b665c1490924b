//! Barriers: the last party to arrive lets all go; a timeout, an abort or a party's death breaks it for everyone.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use super::{Done, Identity, Patience, Refused, Result, kind_number, make, say, waiting};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::ObjectHeader;
use crate::os::park::{Ctx, Locked, Verdict};
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::{ObjectKind, Value};

const PARTIES: usize = 0;

#[repr(C)]
struct BarrierState {
    header: ObjectHeader,
    parties: AtomicU32,
    /// How many have arrived in this round.
    inside: AtomicU32,
    broken: AtomicU32,
    /// 1: all have arrived, and those who waited are being told.
    passing: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for BarrierState {}

pub(in crate::os) fn create(arena: Arena, who: Identity, parties: i64) -> Result<u32> {
    let parties = u32::try_from(parties).ok().filter(|parties| *parties > 0);
    let parties = parties.ok_or_else(fault::no_parties)?;
    let (id, off) = make::<BarrierState>(arena, kind_number(ObjectKind::Barrier), who)?;
    arena.at::<BarrierState>(off).parties.store(parties, Relaxed);
    Ok(id)
}

fn broken() -> Refused {
    fault::barrier_broken().into()
}

/// Arrives and waits; `arrived` is told the place of the arrival, a step of its own.
pub(in crate::os) fn wait(ctx: &Ctx, off: Off, patience: Patience, arrived: impl FnOnce(u64)) -> Result {
    let state: &BarrierState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if state.broken.load(Relaxed) != 0 {
        return Err(broken().at(locked.tick()).because(state.header.last.load(Relaxed)));
    }
    let arrival = locked.tick();
    let index = state.inside.load(Relaxed);
    if index + 1 == state.parties.load(Relaxed) {
        arrived(arrival);
        state.passing.store(1, Relaxed);
        state.inside.store(0, Relaxed);
        let ticket = locked.tick();
        let_pass(ctx, &locked, state);
        return Ok(Done::new(Value::Int(index as i64), ticket, 0));
    }
    let Patience::Until(deadline) = patience else {
        let ticket = locked.tick();
        break_it(ctx, &locked, state);
        return Err(broken().at(ticket));
    };
    state.inside.store(index + 1, Relaxed);
    let entered = ctx.enter(&locked, PARTIES, index as u64, &waiting(OpCode::BarrierWait, deadline));
    // Told once it is so: one that is killed meanwhile has arrived, or has not.
    arrived(arrival);
    drop(locked);
    let over = |locked: &Locked<'_>| {
        let ticket = locked.tick();
        break_it(ctx, locked, state);
        ticket
    };
    match ctx.park_or(entered, over) {
        Ok(verdict) if verdict.code == say::DONE => {
            Ok(Done::new(Value::Int(verdict.given as i64), verdict.ticket, verdict.cause))
        }
        Ok(verdict) => Err(broken().at(verdict.ticket).because(verdict.cause)),
        Err(ticket) => Err(Refused::from(fault::barrier_late()).at(ticket)),
    }
}

/// Everyone has arrived: all who wait pass.
fn let_pass(ctx: &Ctx, locked: &Locked<'_>, state: &BarrierState) {
    while let Some(party) = ctx.claim_first(locked, PARTIES) {
        // It passes, whatever happens to this actor.
        ctx.slot.completed.store(1, Relaxed);
        let ticket = locked.tick();
        let given = party.payload;
        ctx.finish(party, Verdict { code: say::DONE, given, ticket, cause: ctx.place() });
    }
    state.passing.store(0, Relaxed);
}

/// Goes on with what a dead actor was about to do for the others. For the supervisor.
pub(super) fn resume(ctx: &Ctx, off: Off) {
    let state: &BarrierState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if state.passing.load(Relaxed) != 0 {
        state.inside.store(0, Relaxed);
        let_pass(ctx, &locked, state);
    } else if state.broken.load(Relaxed) != 0 {
        release_all(ctx, &locked, state);
    }
}

/// What to tell a party whose waker died.
pub(super) fn rescued(ctx: &Ctx, off: Off, payload: u64) -> Option<Verdict> {
    let state: &BarrierState = ctx.arena.at(off);
    let _locked = ctx.lock(off);
    Some(match state.passing.load(Relaxed) {
        0 => Verdict { code: say::BROKEN, ..Verdict::default() },
        _ => Verdict { code: say::DONE, given: payload, ..Verdict::default() },
    })
}

fn release_all(ctx: &Ctx, locked: &Locked<'_>, state: &BarrierState) {
    state.inside.store(0, Relaxed);
    while let Some(party) = ctx.claim_first(locked, PARTIES) {
        let ticket = locked.tick();
        ctx.finish(party, Verdict { code: say::BROKEN, given: 0, ticket, cause: ctx.place() });
    }
}

fn break_it(ctx: &Ctx, locked: &Locked<'_>, state: &BarrierState) {
    if state.broken.swap(1, Relaxed) == 0 {
        state.header.last.store(ctx.place(), Relaxed);
    }
    release_all(ctx, locked, state);
}

pub(in crate::os) fn abort(ctx: &Ctx, off: Off) -> Result {
    let state: &BarrierState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let ticket = locked.tick();
    break_it(ctx, &locked, state);
    Ok(Done::new(Value::None, ticket, 0))
}

pub(in crate::os) fn reset(ctx: &Ctx, off: Off) -> Result {
    let state: &BarrierState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let ticket = locked.tick();
    release_all(ctx, &locked, state);
    state.broken.store(0, Relaxed);
    Ok(Done::new(Value::None, ticket, 0))
}

pub(in crate::os) fn parties(ctx: &Ctx, off: Off) -> Result {
    let state: &BarrierState = ctx.arena.at(off);
    Ok(Done::new(Value::Int(state.parties.load(Relaxed) as i64), ctx.lock(off).tick(), 0))
}

pub(in crate::os) fn is_broken(ctx: &Ctx, off: Off) -> Result {
    let state: &BarrierState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    Ok(Done::new(Value::Bool(state.broken.load(Relaxed) != 0), locked.tick(), 0))
}

/// Breaks a barrier in which a party that was killed had arrived. For the supervisor.
pub(in crate::os) fn party_died(ctx: &Ctx, off: Off) {
    let state: &BarrierState = ctx.arena.at(off);
    break_it(ctx, &ctx.lock(off), state);
}

/// How many must arrive.
pub(in crate::os) fn parties_of(arena: Arena, off: Off) -> i64 {
    arena.at::<BarrierState>(off).parties.load(Relaxed) as i64
}
