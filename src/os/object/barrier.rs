//! Barriers: the last party to arrive lets all go, once it has run the action where there is one; a timeout, an abort
//! or a party's death breaks it for everyone.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64};

use super::{Done, Identity, Patience, Refused, Result, kind_number, make, say, waiting};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::ObjectHeader;
use crate::os::park::{Ctx, Entered, Verdict, Woken};
use crate::os::small_lock::Locked;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::{Error, ObjectKind, Value};

/// Who has arrived.
pub(in crate::os) const PARTIES: usize = 0;
/// Who is to arrive in the round after the one whose action is being run.
const LATER: usize = 1;

/// What is being told to all who have arrived: a step that is gone on with where the one who takes it dies.
const NOTHING: u32 = 0;
/// All have come.
const PASSING: u32 = 1;
/// It is broken.
const BREAKING: u32 = 2;
/// It is broken for them, and whole for those who come.
const RESETTING: u32 = 3;

#[repr(C)]
struct BarrierState {
    header: ObjectHeader,
    parties: AtomicU32,
    broken: AtomicU32,
    /// The actor that runs the action, plus 1.
    acting: AtomicU32,
    /// 1: the others have been sent away while the action is being run.
    cut: AtomicU32,
    telling: AtomicU32,
    pad: AtomicU32,
    /// The event by which it is told.
    told_by: AtomicU64,
    /// How long a wait without a timeout of its own waits at most, in nanoseconds, plus 1; 0: for ever.
    timeout: AtomicU64,
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

pub(in crate::os) fn create(arena: Arena, who: Identity, parties: i64, timeout: Option<u64>) -> Result<u32> {
    let given = parties;
    let parties = u32::try_from(parties).ok().filter(|parties| *parties > 0);
    let parties = parties.ok_or_else(|| fault::no_parties(given))?;
    let (id, off) = make::<BarrierState>(arena, kind_number(ObjectKind::Barrier), who)?;
    let state: &BarrierState = arena.at(off);
    state.parties.store(parties, Relaxed);
    state.timeout.store(timeout.map_or(0, |ns| ns.saturating_add(1)), Relaxed);
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
        let locked = enter(ctx, off, state);
        if state.broken.load(Relaxed) != 0 {
            return Err(broken().at(locked.tick()).because(state.header.last.load(Relaxed)));
        }
        if state.acting.load(Relaxed) == 0 {
            break locked;
        }
        let entered = ctx.enter(&locked, LATER, 0, &waiting(OpCode::BarrierWait, None));
        drop(locked);
        ctx.park(entered);
    };
    let index = locked.waiting(PARTIES);
    if index + 1 == state.parties.load(Relaxed) {
        // Said first: should it be killed now, it is known how far it has come.
        match action {
            Some(_) => {
                state.cut.store(0, Relaxed);
                state.acting.store(ctx.me + 1, Relaxed);
            }
            // The arrival is an event before it.
            None => begin_telling(state, PASSING, ctx.place() + 1),
        }
        arrived(locked.tick());
        if let Some(code) = action {
            return Ok(Done { call: Some((code, OpCode::BarrierActed)), ..Done::default() });
        }
        let ticket = locked.tick();
        tell(ctx, &locked, state);
        return Ok(Done::new(Value::Int(index as i64), ticket, 0));
    }
    let Patience::Until(deadline) = patience else {
        let ticket = locked.tick();
        break_it(ctx, &locked, state);
        return Err(broken().at(ticket));
    };
    let entered = ctx.enter(&locked, PARTIES, index as u64, &waiting(OpCode::BarrierWait, deadline));
    // Told once it is so: one that is killed meanwhile has arrived, or has not.
    arrived(locked.tick());
    drop(locked);
    let over = |locked: &Locked<'_>| {
        if state.acting.load(Relaxed) != 0 || state.telling.load(Relaxed) == PASSING {
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

/// Takes the small lock, and goes on with what a dead actor was telling.
fn enter<'a>(ctx: &'a Ctx, off: Off, state: &BarrierState) -> Locked<'a> {
    let locked = ctx.lock(off);
    tell(ctx, &locked, state);
    locked
}

fn begin_telling(state: &BarrierState, what: u32, by: u64) {
    state.told_by.store(by, Relaxed);
    state.telling.store(what, Relaxed);
}

/// Tells everyone who has arrived what there is to tell.
fn tell(ctx: &Ctx, locked: &Locked<'_>, state: &BarrierState) {
    let cause = state.told_by.load(Relaxed);
    match state.telling.load(Relaxed) {
        NOTHING => return,
        PASSING => {
            state.acting.store(0, Relaxed);
            while let Some(party) = ctx.claim_first_complete(locked, PARTIES) {
                let (given, ticket) = (party.payload, locked.tick());
                ctx.finish(party, Verdict { code: say::DONE, given, ticket, cause });
            }
        }
        what => {
            let is_broken = what == BREAKING;
            if is_broken && state.broken.swap(1, Relaxed) == 0 {
                state.header.last.store(cause, Relaxed);
            }
            state.cut.store(1, Relaxed);
            while let Some(party) = ctx.claim_first(locked, PARTIES) {
                let ticket = locked.tick();
                ctx.finish(party, Verdict { code: say::BROKEN, given: 0, ticket, cause });
            }
            state.broken.store(is_broken.into(), Relaxed);
        }
    }
    admit(ctx, locked, state);
    state.telling.store(NOTHING, Relaxed);
}

/// Lets those arrive who were kept from it, where they may.
fn admit(ctx: &Ctx, locked: &Locked<'_>, state: &BarrierState) {
    while (state.acting.load(Relaxed) == 0 || state.broken.load(Relaxed) != 0)
        && let Some(newcomer) = ctx.claim_first(locked, LATER)
    {
        ctx.finish(newcomer, Verdict { code: say::RETRY, ..Verdict::default() });
    }
}

/// The action has ended, perhaps with an error.
pub(in crate::os) fn acted(ctx: &Ctx, off: Off, error: Option<&Error>) -> Result {
    let state: &BarrierState = ctx.arena.at(off);
    let locked = enter(ctx, off, state);
    let ticket = locked.tick();
    let is_cut = state.cut.load(Relaxed) != 0;
    if let (None, false) = (error, is_cut) {
        begin_telling(state, PASSING, ctx.place());
        tell(ctx, &locked, state);
        return Ok(Done::new(Value::Int(i64::from(state.parties.load(Relaxed)) - 1), ticket, 0));
    }
    if !is_cut {
        break_it(ctx, &locked, state);
    }
    state.acting.store(0, Relaxed);
    admit(ctx, &locked, state);
    Err(error.map_or_else(broken, |error| error.clone().into()).at(ticket))
}

/// Goes on with what a dead actor was about to do for the others. For the supervisor.
pub(super) fn resume(ctx: &Ctx, off: Off) {
    let state: &BarrierState = ctx.arena.at(off);
    admit(ctx, &enter(ctx, off, state), state);
}

fn break_it(ctx: &Ctx, locked: &Locked<'_>, state: &BarrierState) {
    begin_telling(state, BREAKING, ctx.place());
    tell(ctx, locked, state);
}

pub(in crate::os) fn abort(ctx: &Ctx, off: Off) -> Result {
    let state: &BarrierState = ctx.arena.at(off);
    let locked = enter(ctx, off, state);
    let ticket = locked.tick();
    break_it(ctx, &locked, state);
    Ok(Done::new(Value::None, ticket, 0))
}

pub(in crate::os) fn reset(ctx: &Ctx, off: Off) -> Result {
    let state: &BarrierState = ctx.arena.at(off);
    let locked = enter(ctx, off, state);
    let ticket = locked.tick();
    begin_telling(state, RESETTING, ctx.place());
    tell(ctx, &locked, state);
    Ok(Done::new(Value::None, ticket, 0))
}

pub(in crate::os) fn parties(ctx: &Ctx, off: Off) -> Result {
    let state: &BarrierState = ctx.arena.at(off);
    Ok(Done::new(Value::Int(state.parties.load(Relaxed) as i64), ctx.lock(off).tick(), 0))
}

pub(in crate::os) fn is_broken(ctx: &Ctx, off: Off) -> Result {
    let state: &BarrierState = ctx.arena.at(off);
    let locked = enter(ctx, off, state);
    Ok(Done::new(Value::Bool(state.broken.load(Relaxed) != 0), locked.tick(), 0))
}

/// One of those who waited in it was killed, and has just left its list: it breaks. For the supervisor.
pub(in crate::os) fn party_left(ctx: &Ctx, locked: &Locked<'_>) {
    let state: &BarrierState = ctx.arena.at(locked.off);
    if state.telling.load(Relaxed) == NOTHING {
        break_it(ctx, locked, state);
    }
}

/// An actor was killed. Where it ran the action, the barrier breaks. For the supervisor.
pub(in crate::os) fn runner_died(ctx: &Ctx, off: Off, dead: u32) {
    let state: &BarrierState = ctx.arena.at(off);
    let locked = enter(ctx, off, state);
    if state.acting.load(Relaxed) == dead + 1 {
        if state.cut.load(Relaxed) == 0 {
            break_it(ctx, &locked, state);
        }
        state.acting.store(0, Relaxed);
    }
    admit(ctx, &locked, state);
}

/// What to tell one who waits there and whose waker died.
pub(super) fn rescued(list: usize) -> Verdict {
    // Those who pass were complete when they were taken off their list.
    Verdict { code: if list == LATER { say::RETRY } else { say::BROKEN }, ..Verdict::default() }
}

/// Of a look at who waits: what a dead actor was telling comes before it.
pub(super) fn look<'a>(ctx: &'a Ctx, off: Off) -> Locked<'a> {
    enter(ctx, off, ctx.arena.at(off))
}

/// Who runs its action.
pub(in crate::os) fn acting(arena: Arena, off: Off) -> Option<u32> {
    arena.at::<BarrierState>(off).acting.load(Relaxed).checked_sub(1)
}

/// How long a wait without a timeout of its own waits at most, in nanoseconds.
pub(in crate::os) fn timeout_of(arena: Arena, off: Off) -> Option<u64> {
    arena.at::<BarrierState>(off).timeout.load(Relaxed).checked_sub(1)
}

/// How many must arrive.
pub(in crate::os) fn parties_of(arena: Arena, off: Off) -> i64 {
    arena.at::<BarrierState>(off).parties.load(Relaxed) as i64
}

/// Those who wait in it, the first first. For when nothing moves any more.
pub(in crate::os) fn inside(arena: Arena, off: Off) -> impl Iterator<Item = u32> {
    crate::os::lists::listed(arena, off, PARTIES)
}
