//! Barriers: the last party to arrive lets all go, once it has run the action where there is one; a timeout, an abort
//! or a party's death breaks it for everyone.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use super::{Done, Identity, Patience, Refused, Result, kind_number, make, say, waiting};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::ObjectHeader;
use crate::os::park::{Ctx, Entered, Locked, Verdict, Woken};
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::{Error, ObjectKind, Value};

/// Who has arrived.
pub(in crate::os) const PARTIES: usize = 0;
/// Who is to arrive in the round after the one whose action is being run.
const LATER: usize = 1;

#[repr(C)]
struct BarrierState {
    header: ObjectHeader,
    parties: AtomicU32,
    /// How many have arrived in this round.
    inside: AtomicU32,
    broken: AtomicU32,
    /// The actor that runs the action, plus 1.
    acting: AtomicU32,
    /// 1: the others have been sent away while the action is being run.
    cut: AtomicU32,
    /// 1: all have come, and are being told so.
    passing: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for BarrierState {}

/// How a wait ended whose time was over.
enum Late {
    /// The others have not come: the place of that.
    Broken(u64),
    /// All have come, and the action is being run: it waits on.
    Decided(Entered),
}

pub(in crate::os) fn create(arena: Arena, who: Identity, parties: i64) -> Result<u32> {
    let given = parties;
    let parties = u32::try_from(parties).ok().filter(|parties| *parties > 0);
    let parties = parties.ok_or_else(|| fault::no_parties(given))?;
    let (id, off) = make::<BarrierState>(arena, kind_number(ObjectKind::Barrier), who)?;
    arena.at::<BarrierState>(off).parties.store(parties, Relaxed);
    Ok(id)
}

fn broken() -> Refused {
    fault::barrier_broken().into()
}

/// Arrives and waits; `arrived` is told the place of the arrival, a step of its own. The last to arrive is to run the
/// action, where there is one.
pub(in crate::os) fn wait(
    ctx: &Ctx,
    off: Off,
    patience: Patience,
    action: Option<u32>,
    arrived: impl FnOnce(u64),
) -> Result {
    let state: &BarrierState = ctx.arena.at(off);
    let locked = loop {
        let locked = ctx.lock(off);
        if state.broken.load(Relaxed) != 0 {
            return Err(broken().at(locked.tick()).because(state.header.last.load(Relaxed)));
        }
        if !is_decided(state) {
            break locked;
        }
        let entered = ctx.enter(&locked, LATER, 0, &waiting(OpCode::BarrierWait, None));
        drop(locked);
        ctx.park(entered);
    };
    let index = state.inside.load(Relaxed);
    if index + 1 == state.parties.load(Relaxed) {
        // Said first: should it be killed now, it is known how far it has come.
        match action {
            Some(_) => {
                state.cut.store(0, Relaxed);
                state.acting.store(ctx.me + 1, Relaxed);
            }
            None => state.passing.store(1, Relaxed),
        }
        arrived(locked.tick());
        if let Some(code) = action {
            return Ok(Done { call: Some((code, OpCode::BarrierActed)), ..Done::default() });
        }
        let ticket = locked.tick();
        pass(ctx, &locked, state);
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
    arrived(locked.tick());
    drop(locked);
    let over = |locked: &Locked<'_>| {
        if is_decided(state) {
            return Late::Decided(ctx.enter(locked, PARTIES, index as u64, &waiting(OpCode::BarrierWait, None)));
        }
        let ticket = locked.tick();
        break_it(ctx, locked, state);
        Late::Broken(ticket)
    };
    let verdict = match ctx.park_or(entered, over) {
        Ok(verdict) => verdict,
        Err(Late::Broken(ticket)) => return Err(Refused::from(fault::barrier_late()).at(ticket)),
        Err(Late::Decided(entered)) => match ctx.park(entered) {
            Woken::By(verdict) => verdict,
            Woken::TimedOut { ticket } => return Err(Refused::from(fault::barrier_late()).at(ticket)),
        },
    };
    if verdict.code == say::DONE {
        return Ok(Done::new(Value::Int(verdict.given as i64), verdict.ticket, verdict.cause));
    }
    Err(broken().at(verdict.ticket).because(verdict.cause))
}

/// Whether all have come of the round: its action is being run, or they are being told.
fn is_decided(state: &BarrierState) -> bool {
    state.acting.load(Relaxed) != 0 || state.passing.load(Relaxed) != 0
}

/// Lets everyone go who has arrived, with their indices.
fn pass(ctx: &Ctx, locked: &Locked<'_>, state: &BarrierState) {
    state.passing.store(1, Relaxed);
    state.inside.store(0, Relaxed);
    state.acting.store(0, Relaxed);
    while let Some(party) = ctx.claim_first(locked, PARTIES) {
        // It passes, whatever happens to this actor.
        ctx.slot.completed.store(1, Relaxed);
        let ticket = locked.tick();
        let given = party.payload;
        ctx.finish(party, Verdict { code: say::DONE, given, ticket, cause: ctx.place() });
    }
    state.passing.store(0, Relaxed);
    admit(ctx, locked);
}

/// Lets those arrive who were kept from it.
fn admit(ctx: &Ctx, locked: &Locked<'_>) {
    while let Some(newcomer) = ctx.claim_first(locked, LATER) {
        ctx.finish(newcomer, Verdict { code: say::RETRY, ..Verdict::default() });
    }
}

/// The action has ended, perhaps with an error.
pub(in crate::os) fn acted(ctx: &Ctx, off: Off, error: Option<&Error>) -> Result {
    let state: &BarrierState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let ticket = locked.tick();
    let is_cut = state.cut.load(Relaxed) != 0;
    if let (None, false) = (error, is_cut) {
        pass(ctx, &locked, state);
        return Ok(Done::new(Value::Int(i64::from(state.parties.load(Relaxed)) - 1), ticket, 0));
    }
    if !is_cut {
        break_it(ctx, &locked, state);
    }
    state.acting.store(0, Relaxed);
    admit(ctx, &locked);
    Err(error.map_or_else(broken, |error| error.clone().into()).at(ticket))
}

/// Goes on with what a dead actor was about to do for the others. For the supervisor.
pub(super) fn resume(ctx: &Ctx, off: Off) {
    let state: &BarrierState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if state.passing.load(Relaxed) != 0 {
        pass(ctx, &locked, state);
    } else if state.broken.load(Relaxed) != 0 {
        send_away(ctx, &locked, state);
    }
}

fn send_away(ctx: &Ctx, locked: &Locked<'_>, state: &BarrierState) {
    state.inside.store(0, Relaxed);
    state.cut.store(1, Relaxed);
    while let Some(party) = ctx.claim_first(locked, PARTIES) {
        let ticket = locked.tick();
        ctx.finish(party, Verdict { code: say::BROKEN, given: 0, ticket, cause: ctx.place() });
    }
}

fn break_it(ctx: &Ctx, locked: &Locked<'_>, state: &BarrierState) {
    if state.broken.swap(1, Relaxed) == 0 {
        state.header.last.store(ctx.place(), Relaxed);
    }
    send_away(ctx, locked, state);
    admit(ctx, locked);
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
    send_away(ctx, &locked, state);
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

/// An actor was killed: `inside` if it had arrived and waited. What it was about to tell the others they are told;
/// where it ran the action, or was one of those who wait, the barrier breaks. For the supervisor.
pub(in crate::os) fn party_died(ctx: &Ctx, off: Off, dead: u32, inside: bool) {
    let state: &BarrierState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if state.passing.load(Relaxed) != 0 {
        pass(ctx, &locked, state);
        return;
    }
    if state.acting.load(Relaxed) == dead + 1 {
        if state.cut.load(Relaxed) == 0 {
            break_it(ctx, &locked, state);
        }
        state.acting.store(0, Relaxed);
    } else if inside {
        break_it(ctx, &locked, state);
    }
    if !is_decided(state) {
        admit(ctx, &locked);
    }
}

/// What to tell one who waits there and whose waker died.
pub(super) fn rescued(arena: Arena, off: Off, list: usize, payload: u64) -> Verdict {
    let state: &BarrierState = arena.at(off);
    let code = match list {
        LATER => say::RETRY,
        _ if state.passing.load(Relaxed) != 0 => say::DONE,
        _ => say::BROKEN,
    };
    Verdict { code, given: payload, ..Verdict::default() }
}

/// Who runs its action.
pub(in crate::os) fn acting(arena: Arena, off: Off) -> Option<u32> {
    arena.at::<BarrierState>(off).acting.load(Relaxed).checked_sub(1)
}

/// How many must arrive.
pub(in crate::os) fn parties_of(arena: Arena, off: Off) -> i64 {
    arena.at::<BarrierState>(off).parties.load(Relaxed) as i64
}

/// Those who wait in it, the first first. For when nothing moves any more.
pub(in crate::os) fn inside(arena: Arena, off: Off) -> impl Iterator<Item = u32> {
    crate::os::park::listed(arena, off, PARTIES)
}
