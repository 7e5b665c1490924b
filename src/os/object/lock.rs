//! Locks, reentrant or not. A released lock is free for whoever comes first; one that has waited long gets it handed.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst};

use super::{Done, Identity, KIND_HIDDEN_LOCK, Patience, Refused, Result, Stamp, make, make_hidden, say, waiting};
use crate::os::arena::{Arena, Off, Shared};
use crate::os::layout::{ACTORS_MAX, ObjectHeader, Slot, TICKET, slot_at};
use crate::os::park::{Ctx, Verdict};
use crate::os::small_lock::Locked;
use crate::os::sys;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::Value;

const WAITERS: usize = 0;
/// After so long a waiter asks to have the lock handed to it (eventual fairness, as in parking_lot).
const PATIENT_NS: u64 = 500_000;
/// The payload of a waiter that asks for it.
const HAND_OVER: u64 = 1;
/// The payload of one that comes back from a condition's wait.
const AGAIN: u64 = 2;

/// The low bits of a lock's word: its holder plus 1 (0: it is free), whether there may be somebody on its list, and
/// whether its holder was killed and nobody has been told. Tickets stand above them, so that each change of the lock
/// and its place in the order are one step.
const HOLDER: u64 = (1 << 22) - 1;
const WAITED: u64 = 1 << 22;
const DIED: u64 = 1 << 23;

const _: () = assert!((ACTORS_MAX as u64) < HOLDER && DIED < TICKET);

#[repr(C)]
struct LockState {
    header: ObjectHeader,
    /// How often its holder has it. Nobody else writes it but who hands it over.
    depth: AtomicU32,
    reentrant: AtomicU32,
    pad: [AtomicU32; 2],
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for LockState {}

impl LockState {
    fn word(&self) -> u64 {
        self.header.ticket.load(Acquire)
    }

    /// Changes the word, which takes a place in the order, unless `change` gives nothing: what it was.
    fn step(&self, change: impl Fn(u64) -> Option<u64>) -> Option<u64> {
        self.steps(1, change)
    }

    /// The same, as several steps.
    fn steps(&self, count: u64, change: impl Fn(u64) -> Option<u64>) -> Option<u64> {
        let after = |word: u64| (word & !(TICKET - 1)).wrapping_add(count * TICKET);
        let step = |word: u64| change(word).map(|state| after(word) | state);
        self.header.ticket.fetch_update(AcqRel, Acquire, step).ok()
    }

    /// Takes a place in the order if the word is so.
    fn look(&self, is_so: impl Fn(u64) -> bool) -> Option<u64> {
        self.step(|word| is_so(word).then_some(word & (TICKET - 1)))
    }

    fn is_reentrant(&self) -> bool {
        self.reentrant.load(Relaxed) != 0
    }
}

fn is_free(word: u64) -> bool {
    word & HOLDER == 0
}

fn is_held_by(word: u64, actor: u32) -> bool {
    word & HOLDER == u64::from(actor) + 1
}

/// The place that a step took which found the word so.
fn ticket_after(word: u64) -> u64 {
    (word / TICKET).wrapping_add(1)
}

/// How an acquisition ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Acquired {
    Yes { ticket: u64, cause: u64, orphaned: bool },
    No { ticket: u64 },
}

pub(in crate::os) fn create(arena: Arena, kind: u32, who: Identity, reentrant: bool) -> Result<u32> {
    let (id, off) = make::<LockState>(arena, kind, who)?;
    arena.at::<LockState>(off).reentrant.store(reentrant as u32, Relaxed);
    Ok(id)
}

/// Makes the lock of a condition that names none: reentrant, and without an id.
pub(super) fn create_hidden(arena: Arena, who: Identity) -> Result<Off> {
    let off = make_hidden::<LockState>(arena, KIND_HIDDEN_LOCK, who)?;
    arena.at::<LockState>(off).reentrant.store(1, Relaxed);
    Ok(off)
}

pub(in crate::os) fn acquire(ctx: &Ctx, off: Off, patience: Patience) -> Result {
    if let Some(stamp) = acquire_at_once(ctx, off) {
        return Ok(stamp.with(Value::Bool(true)));
    }
    match acquire_for(ctx, off, patience, OpCode::LockAcquire) {
        Acquired::Yes { orphaned: true, ticket, cause } => Err(orphaned().at(ticket).because(cause)),
        Acquired::Yes { ticket, cause, .. } => Ok(Done::new(Value::Bool(true), ticket, cause)),
        Acquired::No { ticket } => Ok(Done::new(Value::Bool(false), ticket, 0)),
    }
}

/// The error of an acquisition that finds its holder dead.
pub(super) fn orphaned() -> Refused {
    fault::owner_died().into()
}

/// Acquires it if that needs no wait and there is nothing to tell of.
pub(in crate::os) fn acquire_at_once(ctx: &Ctx, off: Off) -> Option<Stamp> {
    let state: &LockState = ctx.arena.at(off);
    ctx.point();
    let acquired = take(ctx, state, DIED).or_else(|| take_again(ctx, state));
    ctx.point();
    match acquired? {
        Acquired::Yes { ticket, cause, .. } => Some(Stamp::new(ticket, cause)),
        Acquired::No { .. } => None,
    }
}

/// Releases it if the calling actor holds it and nobody waits.
pub(in crate::os) fn release_at_once(ctx: &Ctx, off: Off) -> Option<Stamp> {
    let state: &LockState = ctx.arena.at(off);
    if !is_held_by(state.word(), ctx.me) {
        return None;
    }
    let found = if state.is_reentrant() && state.depth.load(Relaxed) > 1 {
        leave_level(state)
    } else {
        state.header.last.store(ctx.place(), Relaxed);
        ctx.point();
        let found = state.step(|word| (is_held_by(word, ctx.me) && word & WAITED == 0).then_some(0));
        if found.is_some() {
            ctx.keep_no_longer();
        }
        found
    };
    ctx.point();
    Some(Stamp::new(ticket_after(found?), 0))
}

/// Takes the lock if it is free and its word has none of these bits.
fn take(ctx: &Ctx, state: &LockState, unless: u64) -> Option<Acquired> {
    let mine = u64::from(ctx.me) + 1;
    let found = state.step(|word| (is_free(word) && word & unless == 0).then_some(word & WAITED | mine))?;
    state.depth.store(1, Relaxed);
    let cause = state.header.last.load(Relaxed);
    Some(Acquired::Yes { ticket: ticket_after(found), cause, orphaned: found & DIED != 0 })
}

/// Takes a reentrant lock that the calling actor holds once more.
fn take_again(ctx: &Ctx, state: &LockState) -> Option<Acquired> {
    if !state.is_reentrant() {
        return None;
    }
    let found = state.look(|word| is_held_by(word, ctx.me))?;
    state.depth.store(state.depth.load(Relaxed) + 1, Relaxed);
    Some(Acquired::Yes { ticket: ticket_after(found), cause: 0, orphaned: false })
}

/// Of the holder of a reentrant lock that has it more than once: has it once less.
fn leave_level(state: &LockState) -> Option<u64> {
    state.depth.store(state.depth.load(Relaxed).saturating_sub(1), Relaxed);
    state.look(|_| true)
}

fn acquire_for(ctx: &Ctx, off: Off, patience: Patience, op: OpCode) -> Acquired {
    let state: &LockState = ctx.arena.at(off);
    let mut since = None;
    loop {
        let locked = ctx.lock(off);
        ctx.slot.beside.store(0, Relaxed);
        if let Some(acquired) = take(ctx, state, 0).or_else(|| take_again(ctx, state)) {
            return acquired;
        }
        let Patience::Until(deadline) = patience else {
            match state.look(|word| !is_free(word)) {
                Some(found) => return Acquired::No { ticket: ticket_after(found) },
                None => continue,
            }
        };
        // From here on it is not released without a look at the list.
        let wait = |word: u64| (!is_free(word)).then_some(word | WAITED);
        if state.header.ticket.fetch_update(AcqRel, Acquire, wait).is_err() {
            continue;
        }
        let now = sys::now_ns();
        let insists = now.saturating_sub(*since.get_or_insert(now)) > PATIENT_NS;
        let again = if op == OpCode::ConditionWait { AGAIN } else { 0 };
        let payload = if insists { HAND_OVER | again } else { again };
        let entered = ctx.enter(&locked, WAITERS, payload, &waiting(op, deadline));
        drop(locked);
        // A lock may be free while others than the first are still on the list.
        let over = |_: &Locked<'_>| loop {
            if let Some(acquired) = take(ctx, state, 0) {
                return acquired;
            }
            if let Some(found) = state.look(|word| !is_free(word)) {
                return Acquired::No { ticket: ticket_after(found) };
            }
        };
        match ctx.park_or(entered, over) {
            Ok(verdict) if verdict.code == say::DONE => {
                let orphaned = state.header.ticket.fetch_and(!DIED, AcqRel) & DIED != 0;
                return Acquired::Yes { ticket: verdict.ticket, cause: verdict.cause, orphaned };
            }
            Ok(_) => {}
            Err(acquired) => return acquired,
        }
    }
}

pub(in crate::os) fn release(ctx: &Ctx, off: Off) -> Result {
    if let Some(stamp) = release_at_once(ctx, off) {
        return Ok(stamp.with(Value::None));
    }
    let state: &LockState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    loop {
        if let Some(refused) = refusal(ctx, state) {
            return Err(refused);
        }
        let found = if state.is_reentrant() && state.depth.load(Relaxed) > 1 {
            leave_level(state)
        } else {
            free(ctx, &locked, state, 0)
        };
        // A lock that is not reentrant may be released by another than its holder, while that one does.
        if let Some(found) = found {
            return Ok(Done::new(Value::None, ticket_after(found), 0));
        }
    }
}

/// Why the calling actor cannot release it, if it cannot.
fn refusal(ctx: &Ctx, state: &LockState) -> Option<Refused> {
    let only_holder = state.is_reentrant();
    let found = state.look(|word| is_free(word) || only_holder && !is_held_by(word, ctx.me))?;
    let fault = if is_free(found) { fault::not_held() } else { fault::held_by_another() };
    Some(Refused::from(fault).at(ticket_after(found)))
}

/// Frees the lock and lets the first waiter try, or hands it over where that one has waited long; `mark` is left in the
/// word. What the word was; nothing where it was free.
fn free(ctx: &Ctx, locked: &Locked<'_>, state: &LockState, mark: u64) -> Option<u64> {
    state.header.last.store(ctx.place(), Relaxed);
    // Where somebody waits, nobody else frees it: that takes the small lock.
    let next = ctx.claim_first(locked, WAITERS);
    let waited = if locked.waiting(WAITERS) > 0 { WAITED } else { 0 };
    let heir = next.as_ref().filter(|next| next.payload & HAND_OVER != 0).map(|next| next.actor);
    if heir.is_some() {
        state.depth.store(1, Relaxed);
    }
    // To hand it over is the heir's step as well, and nobody comes between the two.
    let (steps, holder) = heir.map_or((1, 0), |heir| (2, u64::from(heir) + 1));
    let found = state.steps(steps, |word| (!is_free(word)).then_some(mark | waited | holder));
    ctx.point();
    ctx.keep_no_longer();
    if let Some(other) = found.and_then(holder_in).filter(|holder| *holder != ctx.me)
        && ctx.arena.at::<Slot>(slot_at(other)).waking.load(SeqCst) != 0
    {
        // Those whom it notified wait for it to let the lock go.
        ctx.wake_told();
    }
    match (next, heir.and(found)) {
        (Some(next), Some(found)) => {
            let ticket = ticket_after(found).wrapping_add(1);
            ctx.finish(next, Verdict { code: say::DONE, given: 0, ticket, cause: ctx.place() });
        }
        (Some(next), None) => ctx.finish(next, Verdict { code: say::RETRY, ..Verdict::default() }),
        (None, _) => {}
    }
    found
}

pub(in crate::os) fn locked(ctx: &Ctx, off: Off) -> Result {
    let state: &LockState = ctx.arena.at(off);
    let found = state.look(|_| true).unwrap_or_default();
    Ok(Done::new(Value::Bool(!is_free(found)), ticket_after(found), 0))
}

/// How many wait to acquire it, and the place of looking; whoever comes back from a condition's wait is not among them,
/// nor is one of them while it is free.
pub(super) fn waiting_in(ctx: &Ctx, locked: &Locked<'_>) -> (u32, u64) {
    let listed: u32 = locked.payloads(WAITERS).map(|payload| u32::from(payload & AGAIN == 0)).sum();
    let beside = ctx.beside(locked.off);
    let found = ctx.arena.at::<LockState>(locked.off).look(|_| true).unwrap_or_default();
    ((listed + beside).saturating_sub(is_free(found).into()), ticket_after(found))
}

/// Whether the actor is the one that acquired it last and has not released it.
pub(super) fn is_held_by_me(ctx: &Ctx, locked: &Locked<'_>) -> bool {
    is_held_by(ctx.arena.at::<LockState>(locked.off).word(), ctx.me)
}

/// Of its holder: releases all levels, for a condition's wait; gives the place of that, and the depth to come back to.
pub(super) fn release_all(ctx: &Ctx, locked: &Locked<'_>) -> (u64, u32) {
    let state: &LockState = ctx.arena.at(locked.off);
    let depth = state.depth.load(Relaxed);
    (free(ctx, locked, state, 0).map_or(0, ticket_after), depth)
}

/// Takes it again at a depth, after a condition's wait: the place in the lock's order, and whether its holder was
/// killed meanwhile.
pub(super) fn acquire_again(ctx: &Ctx, off: Off, depth: u32) -> (u64, bool) {
    let acquired = acquire_for(ctx, off, Patience::Until(None), OpCode::ConditionWait);
    ctx.arena.at::<LockState>(off).depth.store(depth, Relaxed);
    match acquired {
        Acquired::Yes { ticket, orphaned, .. } => (ticket, orphaned),
        Acquired::No { ticket } => (ticket, false),
    }
}

/// Marks a lock whose holder was killed, and lets the next one try. For the supervisor.
pub(in crate::os) fn orphan(ctx: &Ctx, off: Off, dead: u32) {
    let state: &LockState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if is_held_by(state.word(), dead) {
        free(ctx, &locked, state, DIED);
    } else if is_free(state.word())
        && let Some(waiter) = ctx.claim_first(&locked, WAITERS)
    {
        // The dead one may have been the waiter that was told to try.
        ctx.finish(waiter, Verdict { code: say::RETRY, ..Verdict::default() });
    }
}

/// The actor that holds it.
pub(in crate::os) fn holder(arena: Arena, off: Off) -> Option<u32> {
    holder_in(arena.at::<LockState>(off).word())
}

fn holder_in(word: u64) -> Option<u32> {
    ((word & HOLDER) as u32).checked_sub(1)
}

/// Whether its holder may take it again, and nobody else release it.
pub(in crate::os) fn is_reentrant(arena: Arena, off: Off) -> bool {
    arena.at::<LockState>(off).is_reentrant()
}
