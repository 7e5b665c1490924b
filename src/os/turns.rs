//! Turns: in a deterministic run every step of every actor is granted by the driver, one at a time.
//!
//! An actor asks before each visible operation, and in the middle of those that are several steps; the driver says
//! which step it is to take. What was done is told by the events that are noted, and by [`report`] where there is none.
//!
//! Answers for: the actor's side of it. Never decides whose turn it is (see `driver`).

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};

use super::arena::{Arena, Off};
use super::layout::Slot;
use super::park::Ctx;
use super::{duty, sys, values};
use crate::value::Value;

/// What an actor is to do in its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Turn {
    /// Perform its next operation, or begin to wait in it.
    Go = 1,
    /// Leave the operation, out of time.
    TimeOut = 2,
    /// At its end: terminate its daemon children.
    Dismiss = 3,
    /// Of main, at its end: run `finally`.
    Finally = 4,
    /// At its end: let go of its pipes.
    LetGo = 5,
    /// End.
    End = 6,
    /// Start a worker in place of one that died, whatever else it is doing.
    Replace = 7,
    /// Begin to wait in its operation: it goes on waiting for its turn.
    Arrive = 8,
    /// Come out of a condition's wait, though nobody notified it.
    Wake = 9,
}

const TURNS: [Turn; 9] = [
    Turn::Go,
    Turn::TimeOut,
    Turn::Dismiss,
    Turn::Finally,
    Turn::LetGo,
    Turn::End,
    Turn::Replace,
    Turn::Arrive,
    Turn::Wake,
];

/// Looks at its turn before an actor sleeps: as long as the driver takes where the same one goes on.
const ACTOR_LOOKS: u32 = 100;

thread_local! {
    /// The turn that the calling actor has; none in a free run.
    static MINE: Cell<Option<Turn>> = const { Cell::new(None) };
    /// Whom it is to serve among those who wait, before others.
    static SERVED: RefCell<VecDeque<u32>> = const { RefCell::new(VecDeque::new()) };
    /// The case of a `select` that it is to go on with; -1: with none, by its `else`.
    static CASE: Cell<Option<i64>> = const { Cell::new(None) };
    /// What it is to draw.
    static DRAWN: RefCell<Option<Value>> = const { RefCell::new(None) };
}

/// Whether the run is a deterministic one.
pub(super) fn are_on(arena: Arena) -> bool {
    arena.header().turns.load(Relaxed) != 0
}

/// Waits for the calling actor's turn, if the run is a deterministic one.
pub(super) fn take(ctx: &Ctx) -> Option<Turn> {
    if !are_on(ctx.arena) {
        return None;
    }
    loop {
        match taken(ctx.slot) {
            Some(Turn::Replace) => duty::replace_one_in_turn(ctx),
            Some(turn) => {
                read_order(ctx);
                MINE.set(Some(turn));
                return Some(turn);
            }
            None if comes_in_a_moment(ctx.arena, ACTOR_LOOKS, || ctx.slot.turn.load(Acquire) != 0) => {}
            None => {
                sys::futex_wait(&ctx.slot.turn, 0, None, false);
            }
        }
    }
}

/// Looks so many times whether something has come, where there is a processor for who looks and for who is looked for.
pub(super) fn comes_in_a_moment(arena: Arena, looks: u32, has_come: impl Fn() -> bool) -> bool {
    if arena.header().processors.load(Relaxed) < 2 {
        return false;
    }
    (0..looks).any(|_| {
        std::hint::spin_loop();
        has_come()
    })
}

fn taken(slot: &Slot) -> Option<Turn> {
    let turn = slot.turn.load(Acquire);
    let known = TURNS.into_iter().find(|known| *known as u32 == turn)?;
    slot.turn.store(0, Relaxed);
    Some(known)
}

/// What comes with a turn: what is drawn, or who is served.
fn read_order(ctx: &Ctx) {
    let block = Off(ctx.slot.turn_order.swap(0, Relaxed));
    SERVED.with_borrow_mut(VecDeque::clear);
    DRAWN.set(None);
    CASE.set(None);
    if block.is_null() {
        return;
    }
    let order = values::decode(&ctx.arena.read(block, 0, ctx.slot.turn_order_len.load(Relaxed) as usize));
    ctx.arena.free(block);
    let Value::List(order) = order else { return };
    match order.as_slice() {
        [Value::Bool(true), drawn] => DRAWN.set(Some(drawn.clone())),
        [case, Value::List(served)] => {
            if let Value::Int(case) = case {
                CASE.set(Some(*case));
            }
            SERVED.with_borrow_mut(|queue| {
                queue.extend(served.iter().filter_map(|actor| match actor {
                    Value::Int(actor) => u32::try_from(*actor).ok(),
                    _ => None,
                }));
            });
        }
        _ => {}
    }
}

/// The pool that goes with a [`Turn::Replace`].
pub(super) fn order_of_replacement(ctx: &Ctx) -> Option<Value> {
    read_order(ctx);
    drawn()
}

/// An order that goes with a turn, as [`read_order`] reads it.
pub(super) fn drawn_order(value: &Value) -> Value {
    values::pair(Value::Bool(true), value.clone())
}

/// The same: whom to serve.
pub(super) fn served_order(actors: &[u32]) -> Value {
    values::pair(Value::Bool(false), Value::list(actors.iter().map(|actor| Value::Int(i64::from(*actor))).collect()))
}

/// The same of a `select`: with which case to go on, and whom to serve there.
pub(super) fn case_order(case: i64, actors: &[u32]) -> Value {
    let served = actors.iter().map(|actor| Value::Int(i64::from(*actor))).collect();
    values::pair(Value::Int(case), Value::list(served))
}

/// The case that the calling actor is to go on with.
pub(super) fn case() -> Option<i64> {
    CASE.take()
}

/// The turn that the calling actor has; none in a free run.
pub(super) fn mine() -> Option<Turn> {
    MINE.get()
}

/// What the calling actor is to draw.
pub(super) fn drawn() -> Option<Value> {
    DRAWN.take()
}

/// The numbers that came with its turn.
pub(super) fn drawn_numbers() -> Vec<usize> {
    let Some(Value::List(numbers)) = drawn() else { return Vec::new() };
    let number = |value: &Value| match value {
        Value::Int(number) => usize::try_from(*number).ok(),
        _ => None,
    };
    numbers.iter().filter_map(number).collect()
}

/// Whom the calling actor is to serve next.
pub(super) fn served_next() -> Option<u32> {
    SERVED.with_borrow_mut(VecDeque::pop_front)
}

/// Of a parked actor: whether its wait is to end now: out of time, or for no reason, or, in several objects, since it
/// is to go on with one of them.
pub(super) fn is_called_away(ctx: &Ctx) -> bool {
    let turn = match ctx.slot.turn.load(Acquire) {
        turn if turn == Turn::TimeOut as u32 => Turn::TimeOut,
        turn if turn == Turn::Wake as u32 => Turn::Wake,
        turn if turn == Turn::Go as u32 && ctx.slot.cases.load(Relaxed) != 0 => Turn::Go,
        _ => return false,
    };
    ctx.slot.turn.store(0, Relaxed);
    read_order(ctx);
    MINE.set(Some(turn));
    true
}

/// Of a parked actor: whether it is to start a worker meanwhile.
pub(super) fn look_while_parked(ctx: &Ctx) {
    if ctx.slot.turn.load(Acquire) == Turn::Replace as u32 {
        ctx.slot.turn.store(0, Relaxed);
        duty::replace_one_in_turn(ctx);
    }
}

/// Tells the driver that something was done, or that an actor waits.
pub(super) fn tell(arena: Arena) {
    let header = arena.header();
    header.reports.fetch_add(1, SeqCst);
    sys::futex_wake(&header.reports, 1, false);
}

/// Tells the driver that a step is done of which no event is noted.
pub(super) fn report(ctx: &Ctx) {
    if are_on(ctx.arena) {
        ctx.slot.reported.fetch_add(1, Release);
        tell(ctx.arena);
    }
}

/// The time of the calling actor: virtual, since the run began.
pub(super) fn now_ns(ctx: &Ctx) -> u64 {
    ctx.slot.now_ns.load(Relaxed)
}
