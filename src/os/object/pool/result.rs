//! Results of tasks: what came of each part, and who waits for it.
//!
//! Answers for: when a result is there, and what it gives. Never runs a task.
#![expect(unsafe_code, reason = "marks shapes that lie in shared memory")]

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};

use super::part::{Kept, PART_UNITS, Part};
use super::{PoolState, call, retire};
use crate::os::arena::{Arena, Off, Shared, UNIT};
use crate::os::layout::ObjectHeader;
use crate::os::object::{Done, Identity, KIND_RESULT, Patience, Refused, Result, find, make_hidden, say, waiting};
use crate::os::park::{Ctx, Verdict, Woken};
use crate::os::small_lock::Locked;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::{Error, Value};

/// Who waits for a result.
pub(in crate::os) const GETTERS: usize = 0;

const PENDING: u32 = 0;
const RUNNING: u32 = 1;
/// Whole, but for its callback.
const CALLING: u32 = 2;
const SUCCEEDED: u32 = 3;
const FAILED: u32 = 4;

/// What a result is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Shape {
    /// One value.
    One = 0,
    /// A list made of parts.
    List = 1,
    /// Items, taken one after the other in order.
    InOrder = 2,
    /// The same, as they come.
    AsTheyCome = 3,
}

#[repr(C)]
pub(super) struct ResultState {
    pub(super) header: ObjectHeader,
    state: AtomicU32,
    /// A [`Shape`].
    shape: AtomicU32,
    parts: AtomicU32,
    /// How many parts have come to their ends.
    ended: AtomicU32,
    /// The parts: a block.
    table: AtomicU32,
    /// 1: a part failed.
    failed: AtomicU32,
    /// 1: cancelled before it began.
    cancelled: AtomicU32,
    /// Where its pool lies, under whose small lock it is decided whether a task begins, is done or is cancelled.
    pub(super) pool: AtomicU32,
    /// The event that completed it.
    pub(super) done: AtomicU64,
    /// The tasks that are called with its value, and with its error, plus 1 each; 0 for none.
    callbacks: [AtomicU32; 2],
    /// The next result whose callback is to run.
    pub(super) next_call: AtomicU32,
    pad: AtomicU32,
    /// Of one whose items are taken: the part that is next (in order, or in the order of their ends) above, its item
    /// below.
    next: AtomicU64,
    /// The part of one that has no more: the table, then.
    own: Part,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for ResultState {}

impl ResultState {
    fn shape(&self) -> Shape {
        let known = [Shape::One, Shape::List, Shape::InOrder, Shape::AsTheyCome];
        let shape = self.shape.load(Relaxed);
        known.into_iter().find(|known| *known as u32 == shape).unwrap_or(Shape::One)
    }

    fn is_taken_by_items(&self) -> bool {
        matches!(self.shape(), Shape::InOrder | Shape::AsTheyCome)
    }

    fn part(&self, arena: Arena, index: u32) -> &'static Part {
        arena.at(Off(self.table.load(Relaxed) + index * PART_UNITS))
    }

    /// The task that is to be called with its value, or with its error.
    pub(super) fn callback(&self, with_error: bool) -> Option<u32> {
        self.callbacks[usize::from(with_error)].load(Relaxed).checked_sub(1)
    }

    /// Takes away what it is made of, and gives it. Under its small lock.
    pub(super) fn empty(&self, arena: Arena) -> Vec<Off> {
        let parts = 0..self.parts.load(Relaxed);
        let mut left: Vec<Off> = parts.map(|part| self.part(arena, part).block()).collect();
        if self.parts.swap(0, Relaxed) > 1 {
            left.push(Off(self.table.load(Relaxed)));
        }
        left
    }

    /// Forgets whose it was.
    fn renew(&self) {
        let all = [&self.state, &self.shape, &self.ended, &self.failed, &self.cancelled, &self.next_call];
        all.into_iter().chain(&self.callbacks).for_each(|field| field.store(0, Relaxed));
        [&self.header.ticket, &self.header.last, &self.done, &self.next]
            .into_iter()
            .for_each(|field| field.store(0, Relaxed));
        self.own.reopen();
    }

    fn is_complete(&self) -> bool {
        self.state.load(Acquire) >= SUCCEEDED
    }

    /// Whether a part of it is still to be made.
    pub(super) fn wants(&self, arena: Arena, part: u32) -> bool {
        self.cancelled.load(Relaxed) == 0 && self.part(arena, part).is_open()
    }
}

/// Where a result's own part lies in it.
const OWN_PART: usize = std::mem::offset_of!(ResultState, own);
const _: () = assert!(OWN_PART.is_multiple_of(UNIT));

/// Makes the result of some tasks of a pool, not yet enrolled: `parts` says how many tasks each part has.
pub(super) fn create(ctx: &Ctx, pool: Off, parts: &[usize], shape: Shape, callbacks: [&Value; 2]) -> Result<Off> {
    let table = match parts.len() {
        0 | 1 => None,
        several => Some(ctx.arena.alloc_zeroed(several * size_of::<Part>())?),
    };
    let off = match retire::reuse(ctx, pool) {
        Some(off) => off,
        None => make_hidden::<ResultState>(ctx.arena, KIND_RESULT, Identity::default())?,
    };
    let result: &ResultState = ctx.arena.at(off);
    let _locked = ctx.lock(off);
    result.renew();
    result.pool.store(pool.0, Relaxed);
    result.shape.store(shape as u32, Relaxed);
    result.parts.store(parts.len() as u32, Relaxed);
    result.table.store(table.unwrap_or(Off(off.0 + (OWN_PART / UNIT) as u32)).0, Relaxed);
    for (index, items) in (0..).zip(parts) {
        result.part(ctx.arena, index).items.store(*items as u32, Relaxed);
    }
    for (kept, callback) in result.callbacks.iter().zip(callbacks) {
        if let Value::Task(task) = callback {
            kept.store(task + 1, Relaxed);
        }
    }
    Ok(off)
}

/// One of its tasks begins: from now on it cannot be cancelled. Under the small lock of the pool.
pub(super) fn begin(result: &ResultState) {
    // It may be past that, for another part of it or because the pool was cut off.
    let _ = result.state.compare_exchange(PENDING, RUNNING, Relaxed, Relaxed);
}

/// Enters what came of a part; the last part lets everyone go who waits. Under the small lock of the pool. Gives its
/// place in the order of the result; none where the part had come to its end before.
pub(super) fn settle(ctx: &Ctx, off: Off, part: u32, kept: Kept) -> Option<u64> {
    let result: &ResultState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    let is_wanted = result.wants(ctx.arena, part);
    let ticket = if is_wanted {
        begin(result);
        enter(ctx, result, part, kept);
        Some(locked.tick())
    } else {
        kept.drop_it(ctx.arena);
        None
    };
    // Also where one who died had entered it: it may not have come to telling.
    tell(ctx, &locked, result);
    ticket
}

fn enter(ctx: &Ctx, result: &ResultState, part: u32, kept: Kept) {
    let entry = result.part(ctx.arena, part);
    if kept.is_error() {
        result.failed.store(1, Relaxed);
    }
    entry.done.store(ctx.place(), Relaxed);
    let ended = result.ended.load(Relaxed);
    result.part(ctx.arena, ended).nth.store(part + 1, Relaxed);
    entry.enter(kept);
    result.ended.store(ended + 1, Relaxed);
}

/// Has the memory at hand of a part that is about to be entered.
pub(super) fn touch(ctx: &Ctx, off: Off, part: u32) {
    ctx.arena.at::<ResultState>(off).part(ctx.arena, part).touch();
}

/// Lets those go on who wait, where there is something for them.
fn tell(ctx: &Ctx, locked: &Locked<'_>, result: &ResultState) {
    let state = result.state.load(Relaxed);
    if state < CALLING && result.ended.load(Relaxed) == result.parts.load(Relaxed) {
        let pool: &PoolState = ctx.arena.at(Off(result.pool.load(Relaxed)));
        let failed = result.failed.load(Relaxed) != 0;
        if result.callback(failed).is_some() && call::is_possible(pool) {
            result.done.store(ctx.place(), Relaxed);
            call::await_call(ctx, pool, locked.off);
            result.state.store(CALLING, Release);
        } else {
            complete(ctx, locked, result);
        }
    } else if result.is_complete() || result.is_taken_by_items() {
        wake_all(ctx, locked, result);
    }
}

/// A result of which nothing is left to be done is there.
pub(super) fn complete(ctx: &Ctx, locked: &Locked<'_>, result: &ResultState) {
    if !result.is_complete() {
        let state = if result.failed.load(Relaxed) != 0 { FAILED } else { SUCCEEDED };
        result.done.store(ctx.place(), Relaxed);
        result.state.store(state, Release);
    }
    wake_all(ctx, locked, result);
}

/// Completes a result that consists of nothing. Under the small lock of the pool.
pub(super) fn settle_empty(ctx: &Ctx, off: Off) {
    let locked = ctx.lock(off);
    tell(ctx, &locked, ctx.arena.at(off));
}

/// Whoever waits for one of several items looks again; whoever waits for the whole has it.
fn wake_all(ctx: &Ctx, locked: &Locked<'_>, result: &ResultState) {
    while let Some(getter) = ctx.claim_first(locked, GETTERS) {
        let ticket = if result.is_taken_by_items() { 0 } else { locked.tick() };
        ctx.finish(getter, Verdict { code: say::DONE, given: 0, ticket, cause: ctx.place() });
    }
}

/// Counts anew what has come to its end, where one who died may not have.
pub(in crate::os) fn mend(arena: Arena, off: Off) {
    let result: &ResultState = arena.at(off);
    let parts = 0..result.parts.load(Relaxed);
    let ended = parts.filter(|part| !result.part(arena, *part).is_open()).count();
    result.ended.store(ended as u32, Relaxed);
}

/// Tells those who wait of what has come to its end, where one who died may not have. For the supervisor.
pub(in crate::os) fn resume(ctx: &Ctx, off: Off) {
    let result: &ResultState = ctx.arena.at(off);
    let pool = Off(result.pool.load(Relaxed));
    if pool.is_null() {
        // It was being made.
        return;
    }
    // Others may be putting results among those whose callbacks are to run.
    let of_pool = ctx.lock(pool);
    tell(ctx, &ctx.lock(off), result);
    call::wake_caller(ctx, &of_pool, pool, ctx.arena.at(pool));
}

/// How a wait for a result ended.
enum Awaited {
    There { ticket: u64, cause: u64 },
    TimedOut { ticket: u64 },
}

fn await_result(ctx: &Ctx, off: Off, patience: Patience, op: OpCode) -> Awaited {
    let result: &ResultState = ctx.arena.at(off);
    let locked = ctx.lock(off);
    if result.is_complete() {
        return Awaited::There { ticket: locked.tick(), cause: result.done.load(Relaxed) };
    }
    let Patience::Until(deadline) = patience else { return Awaited::TimedOut { ticket: locked.tick() } };
    let entered = ctx.enter(&locked, GETTERS, 0, &waiting(op, deadline));
    drop(locked);
    match ctx.park(entered) {
        Woken::By(Verdict { ticket, cause, .. }) => Awaited::There { ticket, cause },
        Woken::TimedOut { ticket } => Awaited::TimedOut { ticket },
    }
}

/// The result with an id, of which the whole is asked for.
fn whole(ctx: &Ctx, id: u32) -> Result<(Off, &'static ResultState)> {
    let off = find(ctx.arena, id);
    let result: &ResultState = ctx.arena.at(off);
    if result.is_taken_by_items() { Err(fault::taken_by_items().into()) } else { Ok((off, result)) }
}

/// Waits for a result, and gives it; `last`: nobody asks for it again.
pub(in crate::os) fn get(ctx: &Ctx, id: u32, patience: Patience, last: bool) -> Result {
    let (off, result) = whole(ctx, id)?;
    let (ticket, cause) = match await_result(ctx, off, patience, OpCode::ResultGet) {
        Awaited::There { ticket, cause } => (ticket, cause),
        Awaited::TimedOut { ticket } => {
            return Err(Refused::from(fault::result_late()).at(ticket));
        }
    };
    let came = value(ctx, result);
    if last {
        retire::retire(ctx, off);
    }
    came.map(|value| Done::new(value, ticket, cause)).map_err(|error| Refused { error, ticket, cause })
}

/// The value of a result that is there, or the first error in order.
pub(super) fn value(ctx: &Ctx, result: &ResultState) -> std::result::Result<Value, Error> {
    if result.cancelled.load(Relaxed) != 0 {
        return Err(fault::cancelled());
    }
    if result.shape() == Shape::One {
        return result.part(ctx.arena, 0).came(ctx);
    }
    let parts = || (0..result.parts.load(Relaxed)).map(|part| result.part(ctx.arena, part));
    let mut all = Vec::with_capacity(parts().map(|part| part.items.load(Relaxed) as usize).sum());
    for part in parts() {
        part.append_to(ctx, &mut all)?;
    }
    Ok(Value::list(all))
}

/// What there is for one who takes items.
enum Offer {
    /// An item of a part.
    Item { part: u32, item: u32 },
    /// Nothing yet.
    Nothing,
    /// Nothing any more.
    Over,
}

fn offer(ctx: &Ctx, result: &ResultState) -> Offer {
    let next = result.next.load(Relaxed);
    let (at, item) = ((next >> 32) as u32, next as u32);
    if at >= result.parts.load(Relaxed) {
        return Offer::Over;
    }
    let part = match result.shape() {
        Shape::AsTheyCome if at >= result.ended.load(Relaxed) => return Offer::Nothing,
        Shape::AsTheyCome => result.part(ctx.arena, at).nth.load(Relaxed).saturating_sub(1),
        _ => at,
    };
    if result.part(ctx.arena, part).is_open() { Offer::Nothing } else { Offer::Item { part, item } }
}

/// Whether an operation would not wait now. A look without a place in the result's order.
pub(in crate::os) fn is_there(ctx: &Ctx, off: Off, code: OpCode) -> bool {
    let result: &ResultState = ctx.arena.at(off);
    match code {
        OpCode::ResultNext => !result.is_taken_by_items() || !matches!(offer(ctx, result), Offer::Nothing),
        _ => result.is_complete() || result.is_taken_by_items(),
    }
}

/// The part of which an actor took an item, decoded: the others are likely to be asked for next.
#[derive(Debug, Default)]
pub(in crate::os) struct Opened {
    /// The id of the result, and which part.
    of: Option<(u32, u32)>,
    items: Vec<Value>,
}

impl Opened {
    /// Takes an item of a part out of it. Each is taken once.
    fn take(
        &mut self,
        ctx: &Ctx,
        id: u32,
        (number, item): (u32, u32),
        part: &Part,
    ) -> std::result::Result<Value, Error> {
        if self.of != Some((id, number)) {
            self.of = None;
            self.items.clear();
            part.append_to(ctx, &mut self.items)?;
            self.of = Some((id, number));
        }
        let taken = self.items.get_mut(item as usize).map(std::mem::take).unwrap_or_default();
        if item as usize + 1 >= self.items.len() {
            *self = Opened::default();
        }
        Ok(taken)
    }
}

/// Takes the next item of one whose items are taken.
pub(in crate::os) fn next(ctx: &Ctx, id: u32, patience: Patience, opened: &mut Opened) -> Result {
    let off = find(ctx.arena, id);
    let result: &ResultState = ctx.arena.at(off);
    if !result.is_taken_by_items() {
        return Err(fault::taken_whole().into());
    }
    loop {
        let locked = ctx.lock(off);
        let (part, item) = match offer(ctx, result) {
            Offer::Item { part, item } => (part, item),
            Offer::Over => {
                let ticket = locked.tick();
                return Err(Refused { error: fault::no_more_results(), ticket, cause: result.done.load(Relaxed) });
            }
            Offer::Nothing => {
                let late = |ticket| Err(Refused::from(fault::result_late()).at(ticket));
                let Patience::Until(deadline) = patience else { return late(locked.tick()) };
                let entered = ctx.enter(&locked, GETTERS, 0, &waiting(OpCode::ResultNext, deadline));
                drop(locked);
                match ctx.park(entered) {
                    Woken::By(_) => continue,
                    Woken::TimedOut { ticket } => return late(ticket),
                }
            }
        };
        let entry = result.part(ctx.arena, part);
        let is_last = entry.has_failed() || item + 1 >= entry.items.load(Relaxed);
        let at = result.next.load(Relaxed);
        result.next.store(if is_last { ((at >> 32) + 1) << 32 } else { at + 1 }, Relaxed);
        let (ticket, cause) = (locked.tick(), entry.done.load(Relaxed));
        if matches!(offer(ctx, result), Offer::Over) {
            wake_all(ctx, &locked, result);
        }
        drop(locked);
        return match opened.take(ctx, id, (part, item), entry) {
            Ok(value) => Ok(Done::new(value, ticket, cause)),
            Err(error) => Err(Refused { error, ticket, cause }),
        };
    }
}

pub(in crate::os) fn wait(ctx: &Ctx, id: u32, patience: Patience) -> Result {
    let (off, _) = whole(ctx, id)?;
    Ok(match await_result(ctx, off, patience, OpCode::ResultWait) {
        Awaited::There { ticket, cause } => Done::new(Value::None, ticket, cause),
        Awaited::TimedOut { ticket } => Done::new(Value::None, ticket, 0),
    })
}

pub(in crate::os) fn is_ready(ctx: &Ctx, id: u32) -> Result {
    let (off, result) = whole(ctx, id)?;
    let locked = ctx.lock(off);
    let ready = result.is_complete();
    let cause = if ready { result.done.load(Relaxed) } else { 0 };
    Ok(Done::new(Value::Bool(ready), locked.tick(), cause))
}

pub(in crate::os) fn successful(ctx: &Ctx, id: u32) -> Result {
    let (off, result) = whole(ctx, id)?;
    let locked = ctx.lock(off);
    match result.state.load(Relaxed) {
        SUCCEEDED | FAILED => {
            let succeeded = result.state.load(Relaxed) == SUCCEEDED;
            Ok(Done::new(Value::Bool(succeeded), locked.tick(), result.done.load(Relaxed)))
        }
        _ => Err(Refused::from(fault::not_ready()).at(locked.tick())),
    }
}

/// Cancels a task that has not begun; true where it had not.
pub(in crate::os) fn cancel(ctx: &Ctx, id: u32) -> Result {
    let (off, result) = whole(ctx, id)?;
    // Under the pool's lock no task begins.
    let _pool = ctx.lock(Off(result.pool.load(Relaxed)));
    let locked = ctx.lock(off);
    let ticket = locked.tick();
    if result.state.load(Relaxed) == PENDING {
        result.cancelled.store(1, Relaxed);
        result.done.store(ctx.place(), Relaxed);
        result.state.store(FAILED, Release);
        wake_all(ctx, &locked, result);
        return Ok(Done::new(Value::Bool(true), ticket, 0));
    }
    Ok(Done::new(Value::Bool(result.cancelled.load(Relaxed) != 0), ticket, 0))
}

pub(in crate::os) fn cancelled(ctx: &Ctx, id: u32) -> Result {
    let (off, result) = whole(ctx, id)?;
    let locked = ctx.lock(off);
    Ok(Done::new(Value::Bool(result.cancelled.load(Relaxed) != 0), locked.tick(), 0))
}

/// Whether whoever waits for a result may look: it is there, or its items are taken one by one.
pub(in crate::os) fn may_look(ctx: &Ctx, off: Off) -> bool {
    let _locked = ctx.lock(off);
    let result: &ResultState = ctx.arena.at(off);
    result.is_complete() || result.is_taken_by_items()
}
