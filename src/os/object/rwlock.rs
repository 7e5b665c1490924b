//! Locks with two sides: many read, or one writes. A writer that waits goes before new readers and is handed the lock;
//! readers try again when they may.
#![expect(unsafe_code, reason = "marks shapes that lie in shared memory")]

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use super::{Done, Identity, Patience, Refused, Result, kind_number, make, say, waiting};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::ObjectHeader;
use crate::os::park::{Ctx, Verdict};
use crate::os::small_lock::Locked;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::{ObjectKind, Side, Value};

const READERS: usize = 0;
const WRITERS: usize = 1;

#[repr(C)]
struct RwState {
    header: ObjectHeader,
    /// The actor that writes, plus 1.
    writer: AtomicU32,
    /// 1: a writer was killed while it held it, and nobody has been told.
    died: AtomicU32,
    /// Who reads: a chain of [`Share`]s that only grows.
    shares: AtomicU32,
    /// 1: a writer is being handed it, so that no reader goes before it.
    handing: AtomicU32,
    pad: [AtomicU32; 3],
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for RwState {}

/// What a reader holds; free for another where the count is 0.
#[repr(C)]
struct Share {
    next: AtomicU32,
    /// Whose, plus 1.
    actor: AtomicU32,
    /// How often it has acquired and not released.
    count: AtomicU32,
    pad: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for Share {}

/// How an acquisition ended.
enum Acquired {
    Yes { ticket: u64, cause: u64, orphaned: bool },
    No { ticket: u64 },
}

impl Acquired {
    fn done(self) -> Result {
        match self {
            Acquired::Yes { ticket, cause, orphaned: true } => {
                Err(Refused::from(fault::owner_died()).at(ticket).because(cause))
            }
            Acquired::Yes { ticket, cause, .. } => Ok(Done::new(Value::Bool(true), ticket, cause)),
            Acquired::No { ticket } => Ok(Done::new(Value::Bool(false), ticket, 0)),
        }
    }
}

pub(in crate::os) fn create(arena: Arena, who: Identity) -> Result<u32> {
    make::<RwState>(arena, kind_number(ObjectKind::Rwlock), who).map(|(id, _)| id)
}

/// The side that those want who wait on a list.
pub(in crate::os) fn side_of(list: u32) -> Side {
    if list as usize == WRITERS { Side::Write } else { Side::Read }
}

fn shares(arena: Arena, state: &RwState) -> impl Iterator<Item = &'static Share> {
    let mut at = Off(state.shares.load(Relaxed));
    std::iter::from_fn(move || {
        let share: &'static Share = (!at.is_null()).then(|| arena.at(at))?;
        at = Off(share.next.load(Relaxed));
        Some(share)
    })
}

fn is_read(arena: Arena, state: &RwState) -> bool {
    shares(arena, state).any(|share| share.count.load(Relaxed) > 0)
}

fn share_of(arena: Arena, state: &RwState, actor: u32) -> Option<&'static Share> {
    shares(arena, state).find(|share| share.count.load(Relaxed) > 0 && share.actor.load(Relaxed) == actor + 1)
}

fn is_open(ctx: &Ctx, locked: &Locked<'_>, state: &RwState, side: Side) -> bool {
    state.writer.load(Relaxed) == 0
        && match side {
            Side::Read => locked.waiting(WRITERS) == 0 && state.handing.load(Relaxed) == 0,
            Side::Write => !is_read(ctx.arena, state),
        }
}

/// Takes a side that is open.
fn taken(ctx: &Ctx, locked: &Locked<'_>, state: &RwState, side: Side) -> Result<Acquired> {
    match side {
        Side::Write => state.writer.store(ctx.me + 1, Relaxed),
        Side::Read => match share_of(ctx.arena, state, ctx.me) {
            Some(share) => drop(share.count.fetch_add(1, Relaxed)),
            None => add_share(ctx, state)?,
        },
    }
    let orphaned = state.died.swap(0, Relaxed) != 0;
    Ok(Acquired::Yes { ticket: locked.tick(), cause: state.header.last.load(Relaxed), orphaned })
}

fn add_share(ctx: &Ctx, state: &RwState) -> Result<()> {
    if let Some(free) = shares(ctx.arena, state).find(|share| share.count.load(Relaxed) == 0) {
        free.actor.store(ctx.me + 1, Relaxed);
        free.count.store(1, Relaxed);
        return Ok(());
    }
    let off = ctx.arena.alloc_zeroed(size_of::<Share>())?;
    let share: &Share = ctx.arena.at(off);
    share.actor.store(ctx.me + 1, Relaxed);
    share.count.store(1, Relaxed);
    share.next.store(state.shares.load(Relaxed), Relaxed);
    state.shares.store(off.0, Relaxed);
    Ok(())
}

/// Acquires a side; `arrived` is told the place at which a writer begins to wait, a step of its own.
pub(in crate::os) fn acquire(ctx: &Ctx, off: Off, side: Side, patience: Patience, arrived: impl FnOnce(u64)) -> Result {
    let acquired = match side {
        Side::Read => read(ctx, off, patience),
        Side::Write => write(ctx, off, patience, arrived),
    };
    acquired?.done()
}

fn read(ctx: &Ctx, off: Off, patience: Patience) -> Result<Acquired> {
    let state: &RwState = ctx.arena.at(off);
    loop {
        let locked = ctx.lock(off);
        ctx.slot.beside.store(0, Relaxed);
        if is_open(ctx, &locked, state, Side::Read) {
            return taken(ctx, &locked, state, Side::Read);
        }
        let Patience::Until(deadline) = patience else { return Ok(Acquired::No { ticket: locked.tick() }) };
        let entered = ctx.enter(&locked, READERS, 0, &waiting(OpCode::RwAcquire, deadline));
        drop(locked);
        let over = |locked: &Locked<'_>| Acquired::No { ticket: locked.tick() };
        if let Err(late) = ctx.park_or(entered, over) {
            return Ok(late);
        }
    }
}

fn write(ctx: &Ctx, off: Off, patience: Patience, arrived: impl FnOnce(u64)) -> Result<Acquired> {
    let state: &RwState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if is_open(ctx, &locked, state, Side::Write) {
        return taken(ctx, &locked, state, Side::Write);
    }
    let Patience::Until(deadline) = patience else { return Ok(Acquired::No { ticket: locked.tick() }) };
    let entered = ctx.enter(&locked, WRITERS, 0, &waiting(OpCode::RwAcquire, deadline));
    arrived(locked.tick());
    drop(locked);
    let over = |locked: &Locked<'_>| {
        let ticket = locked.tick();
        hand_on(ctx, locked, state);
        Acquired::No { ticket }
    };
    Ok(match ctx.park_or(entered, over) {
        Ok(verdict) => {
            let orphaned = state.died.swap(0, Relaxed) != 0;
            Acquired::Yes { ticket: verdict.ticket, cause: verdict.cause, orphaned }
        }
        Err(late) => late,
    })
}

pub(in crate::os) fn release(ctx: &Ctx, off: Off, side: Side) -> Result {
    let state: &RwState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let refuse = |held: bool| {
        let error = if held { fault::held_by_another() } else { fault::not_held() };
        Err(Refused::from(error).at(locked.tick()))
    };
    match side {
        Side::Write => match state.writer.load(Relaxed) {
            writer if writer == ctx.me + 1 => state.writer.store(0, Relaxed),
            writer => return refuse(writer != 0),
        },
        Side::Read => match share_of(ctx.arena, state, ctx.me) {
            Some(share) => drop(share.count.fetch_sub(1, Relaxed)),
            None => return refuse(is_read(ctx.arena, state)),
        },
    }
    state.header.last.store(ctx.place(), Relaxed);
    let ticket = locked.tick();
    hand_on(ctx, &locked, state);
    Ok(Done::new(Value::None, ticket, 0))
}

/// How many wait on a side, or on both.
pub(super) fn waiting_in(ctx: &Ctx, locked: &Locked<'_>, side: Option<Side>) -> u32 {
    let state: &RwState = ctx.arena.at(locked.off);
    let readers =
        if is_open(ctx, locked, state, Side::Read) { 0 } else { locked.waiting(READERS) + ctx.beside(locked.off) };
    match side {
        Some(Side::Read) => readers,
        Some(Side::Write) => locked.waiting(WRITERS),
        None => readers + locked.waiting(WRITERS),
    }
}

/// Where it is free, the first writer that waits has it; where none waits, readers may try.
fn hand_on(ctx: &Ctx, locked: &Locked<'_>, state: &RwState) {
    if is_open(ctx, locked, state, Side::Write) {
        state.handing.store(1, Relaxed);
        if let Some(writer) = ctx.claim_first(locked, WRITERS) {
            state.writer.store(writer.actor + 1, Relaxed);
            state.handing.store(0, Relaxed);
            let ticket = locked.tick();
            ctx.finish(writer, Verdict { code: say::DONE, given: 0, ticket, cause: ctx.place() });
        }
        state.handing.store(0, Relaxed);
    }
    while is_open(ctx, locked, state, Side::Read)
        && let Some(reader) = ctx.claim_first(locked, READERS)
    {
        ctx.finish(reader, Verdict { code: say::RETRY, ..Verdict::default() });
    }
}

pub(in crate::os) fn locked(ctx: &Ctx, off: Off, side: Option<Side>) -> Result {
    let state: &RwState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let written = side != Some(Side::Read) && state.writer.load(Relaxed) != 0;
    let is_held = written || side != Some(Side::Write) && is_read(ctx.arena, state);
    Ok(Done::new(Value::Bool(is_held), locked.tick(), 0))
}

/// Gives back what an actor that was killed held, and lets the next go on. For the supervisor.
pub(in crate::os) fn orphan(ctx: &Ctx, off: Off, dead: u32) {
    let state: &RwState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if state.writer.load(Relaxed) == dead + 1 {
        state.died.store(1, Relaxed);
        state.writer.store(0, Relaxed);
    }
    if let Some(share) = share_of(ctx.arena, state, dead) {
        share.count.store(0, Relaxed);
    }
    // Whatever else: the dead one may have been the one who was to let others go on.
    state.handing.store(0, Relaxed);
    hand_on(ctx, &locked, state);
}

/// What to tell one who waits there and whose waker died: a writer may hold it already, a reader tries.
pub(super) fn rescued(ctx: &Ctx, off: Off, list: usize, waiter: u32) -> Option<Verdict> {
    let state: &RwState = ctx.arena.at(off);
    let code = match list {
        WRITERS if state.writer.load(Relaxed) == waiter + 1 => say::DONE,
        WRITERS => return None,
        _ => say::RETRY,
    };
    Some(Verdict { code, ..Verdict::default() })
}

/// Who holds it.
pub(in crate::os) fn holders(arena: Arena, off: Off) -> Vec<u32> {
    let state: &RwState = arena.at(off);
    let reading = shares(arena, state).filter(|share| share.count.load(Relaxed) > 0);
    let held = reading.map(|share| share.actor.load(Relaxed)).chain([state.writer.load(Relaxed)]);
    let mut holders: Vec<u32> = held.filter_map(|actor| actor.checked_sub(1)).collect();
    holders.sort_unstable();
    holders
}

/// Who holds it for writing.
pub(in crate::os) fn writer(arena: Arena, off: Off) -> Option<u32> {
    arena.at::<RwState>(off).writer.load(Relaxed).checked_sub(1)
}
