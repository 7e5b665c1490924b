//! Objects in the arena, one file a kind. Each is a state behind a small lock and up to three lists of waiting actors;
//! what they share (making, finding, results, timeouts) is here.
//!
//! Answers for: what each operation does to its object. Never sleeps or wakes but through `park`, never records events.

pub(super) mod barrier;
pub(super) mod cell;
pub(super) mod channel;
pub(super) mod condition;
pub(super) mod event;
pub(super) mod frame;
pub(super) mod latch;
pub(super) mod lock;
pub(super) mod once;
pub(super) mod pipe;
pub(super) mod pool;
pub(super) mod queue;
pub(super) mod rwlock;
pub(super) mod semaphore;

use std::num::NonZeroU64;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use super::alloc::OutOfMemory;
use super::arena::{Arena, Off, Shared, UNIT};
use super::layout::{OBJECTS_AT, OBJECTS_MAX, ObjectHeader, Slot, slot_at};
use super::park::{Ctx, Verdict, Waiting};
use super::small_lock::{self, Held};
use super::turns::Turn;
use super::{sys, turns};
use crate::program::fault;
use crate::program::op::OpCode;
use crate::value::{Error, ErrorKind, ObjectKind, ObjectRef, Value};

/// Kinds beside those of the language, for objects that nobody declares.
pub(super) const KIND_RESULT: u32 = 100;
pub(super) const KIND_HIDDEN_LOCK: u32 = 101;
pub(super) const KIND_HIDDEN: u32 = 102;

/// The kinds of the language.
pub(super) const KINDS: [ObjectKind; 15] = [
    ObjectKind::Queue,
    ObjectKind::PipeEnd,
    ObjectKind::Lock,
    ObjectKind::Rlock,
    ObjectKind::Rwlock,
    ObjectKind::Condition,
    ObjectKind::Semaphore,
    ObjectKind::BoundedSemaphore,
    ObjectKind::Event,
    ObjectKind::Barrier,
    ObjectKind::Latch,
    ObjectKind::Once,
    ObjectKind::Shared,
    ObjectKind::Atomic,
    ObjectKind::Pool,
];

/// Whether an object of a kind has the state of a lock.
pub(super) fn is_lock(kind: u32) -> bool {
    kind == KIND_HIDDEN_LOCK || kind == kind_number(ObjectKind::Lock) || kind == kind_number(ObjectKind::Rlock)
}

/// Words in [`super::park::Verdict::code`] that several kinds use.
pub(super) mod say {
    /// The operation is complete.
    pub(in super::super) const DONE: u32 = 1;
    /// It may succeed now: try again.
    pub(in super::super) const RETRY: u32 = 2;
    /// The object was closed.
    pub(in super::super) const CLOSED: u32 = 3;
    /// The object is broken.
    pub(in super::super) const BROKEN: u32 = 4;
    /// The waiter's own process closed it.
    pub(in super::super) const CLOSED_HERE: u32 = 6;
    /// The operation raises the error that is given.
    pub(in super::super) const REFUSED: u32 = 5;
}

/// What came of an operation, with what its event needs.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) value: Value,
    /// Place in the object's order; 0 for none.
    pub(super) ticket: u64,
    /// The event that made it possible; 0 for none.
    pub(super) cause: u64,
    /// The index of the code of a body that is to be run first, and the operation that follows it.
    pub(super) call: Option<(u32, OpCode)>,
}

impl Done {
    pub(super) fn new(value: Value, ticket: u64, cause: u64) -> Done {
        Done { value, ticket, cause, call: None }
    }

    pub(super) fn value(value: Value) -> Done {
        Done { value, ..Done::default() }
    }
}

/// What the event of an operation that was performed at once needs: its places, as in [`Done`]. Small enough for two
/// machine registers, with nothing as well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    ticket: NonZeroU64,
    pub(super) cause: u64,
}

impl Stamp {
    pub(super) fn new(ticket: u64, cause: u64) -> Stamp {
        Stamp { ticket: NonZeroU64::new(ticket).unwrap_or(NonZeroU64::MIN), cause }
    }

    pub(super) fn ticket(self) -> u64 {
        self.ticket.get()
    }

    /// With what the operation gives.
    pub(super) fn with(self, value: Value) -> Done {
        Done::new(value, self.ticket(), self.cause)
    }
}

/// What an operation gives.
pub(super) type Result<T = Done> = std::result::Result<T, Refused>;

/// An error that an operation raises, with what its event needs.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) error: Error,
    /// Place in the object's order; 0 for none.
    pub(super) ticket: u64,
    /// The event that brought it about; 0 for none.
    pub(super) cause: u64,
}

impl Refused {
    /// The same with its place in the object's order.
    pub(super) fn at(self, ticket: u64) -> Refused {
        Refused { ticket, ..self }
    }

    /// The same with the event that brought it about.
    pub(super) fn because(self, cause: u64) -> Refused {
        Refused { cause, ..self }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Refused {
        Refused { error, ticket: 0, cause: 0 }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Error {
        refused.error
    }
}

/// An error of the scenario; the VM fills in where, the world who.
pub(super) fn fail(kind: ErrorKind, message: &str) -> Refused {
    Error::new(kind, message).into()
}

impl From<OutOfMemory> for Refused {
    fn from(_: OutOfMemory) -> Refused {
        fail(ErrorKind::TooLarge, "the memory that the actors of this run share is used up")
    }
}

/// How long an operation is prepared to wait.
#[derive(Clone, Copy, Debug)]
pub(super) enum Patience {
    /// Not at all.
    No,
    /// Until then (CLOCK_MONOTONIC, nanoseconds), or for ever.
    Until(Option<u64>),
}

impl Patience {
    /// From the arguments `block` and `timeout`.
    pub(super) fn from_args(block: &Value, timeout: &Value) -> Result<Patience> {
        let until = deadline(timeout)?;
        match block {
            Value::Bool(true) => Ok(Patience::Until(until)),
            Value::Bool(false) => Ok(Patience::No),
            _ => Err(fail(ErrorKind::TypeError, "`block` is true or false")),
        }
    }

    /// From the argument `timeout`.
    pub(super) fn from_timeout(timeout: &Value) -> Result<Patience> {
        deadline(timeout).map(Patience::Until)
    }

    /// The same of an operation that always begins to wait in a step of its own: in a deterministic run its time is
    /// over when the driver says so.
    pub(super) fn arriving(timeout: &Value) -> Result<Patience> {
        let until = deadline(timeout)?;
        Ok(Patience::Until(until.filter(|_| turns::mine().is_none())))
    }
}

/// When a timeout that begins now has passed.
pub(super) fn deadline(timeout: &Value) -> Result<Option<u64>> {
    match timeout {
        Value::None => Ok(None),
        Value::Duration(ns) | Value::Elapsed(ns) => match u64::try_from(*ns) {
            Ok(ns) => Ok(match turns::mine() {
                None => Some(sys::now_ns().saturating_add(ns)),
                // Its turn comes when it can go on, or when its time is over.
                Some(Turn::TimeOut) => Some(0),
                Some(_) if ns == 0 => Some(0),
                Some(_) => None,
            }),
            Err(_) => Err(fail(ErrorKind::ValueError, "a timeout cannot be negative")),
        },
        _ => Err(fail(ErrorKind::TypeError, "a timeout is a duration, such as `5s`, or none")),
    }
}

/// What an actor publishes while it waits.
pub(super) fn waiting(op: OpCode, deadline: Option<u64>) -> Waiting {
    Waiting { op, deadline }
}

/// A count that was given as an argument.
pub(super) fn count_arg(value: &Value, what: &str) -> Result<i64> {
    match value {
        Value::Int(n) | Value::Pid(n) => Ok(*n),
        _ => Err(fault::not_a_count(what).into()),
    }
}

/// Where an object of the run lies, by its id.
pub(super) fn find(arena: Arena, id: u32) -> Off {
    Off(entry(arena, id).load(Relaxed))
}

fn entry(arena: Arena, id: u32) -> &'static AtomicU32 {
    let row: &TableRow = arena.at(Off((OBJECTS_AT / UNIT) as u32 + id / 4));
    &row.0[(id % 4) as usize]
}

/// Who an object is, for traces and reports.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Identity {
    /// Its declaration.
    pub(super) decl: Option<u32>,
    /// Its index in an array.
    pub(super) index: Option<u32>,
    /// For a private one, the actor in whose body it was declared.
    pub(super) owner: Option<u32>,
    /// Whether only threads of one process use it.
    pub(super) private: bool,
}

/// Makes an object with a zeroed state `T` (which begins with an [`ObjectHeader`]) and gives it an id.
pub(super) fn make<T: Shared>(arena: Arena, kind: u32, who: Identity) -> Result<(u32, Off)> {
    let off = make_hidden::<T>(arena, kind, who)?;
    Ok((enrol(arena, off)?, off))
}

/// Makes an object without an id: one that nothing of the scenario names, or one that is not whole yet.
pub(super) fn make_hidden<T: Shared>(arena: Arena, kind: u32, who: Identity) -> Result<Off> {
    let off = arena.alloc_zeroed(size_of::<T>())?;
    let header: &ObjectHeader = arena.at(off);
    header.kind.store(kind, Relaxed);
    // The driver of a deterministic run wakes actors of other processes than its own.
    let private = who.private && !turns::are_on(arena);
    header.private.store(private as u32, Relaxed);
    header.decl.store(who.decl.map_or(0, |decl| decl + 1), Relaxed);
    header.index.store(who.index.map_or(0, |index| index + 1), Relaxed);
    header.owner.store(who.owner.map_or(0, |owner| owner + 1), Relaxed);
    Ok(off)
}

/// Gives an object the next id.
pub(super) fn enrol(arena: Arena, off: Off) -> Result<u32> {
    let id = arena.header().objects.fetch_add(1, Relaxed);
    if id >= OBJECTS_MAX {
        return Err(OutOfMemory.into());
    }
    arena.at::<ObjectHeader>(off).id.store(id, Relaxed);
    entry(arena, id).store(off.0, std::sync::atomic::Ordering::Release);
    Ok(id)
}

/// In the place of an object: there was one with this id, and nobody names it any more.
const STRUCK_OUT: u32 = u32::MAX;

/// Takes an object its id. It stays an object of its kind.
pub(super) fn strike_out(arena: Arena, header: &ObjectHeader) {
    entry(arena, header.id.load(Relaxed)).store(STRUCK_OUT, Relaxed);
}

/// What an id stands for.
pub(super) enum Named {
    /// An object that is being made.
    Coming,
    /// The object that lies there.
    There(Off),
    /// None any more.
    StruckOut,
}

/// Looks an id up that may be anything's.
pub(super) fn look_up(arena: Arena, id: u32) -> Named {
    match entry(arena, id).load(std::sync::atomic::Ordering::Acquire) {
        0 => Named::Coming,
        STRUCK_OUT => Named::StruckOut,
        off => Named::There(Off(off)),
    }
}

/// The kind of an object of the language as the arena keeps it.
pub(super) fn kind_number(kind: ObjectKind) -> u32 {
    kind as u32
}

/// Makes an object whole again whose small lock is held by an actor that died, and frees the lock. For the supervisor.
pub(super) fn mend(ctx: &Ctx, off: Off, dead: u32) {
    let arena = ctx.arena;
    let held = Held::by(arena, off, dead);
    if held.is_nothing() {
        // It was about to take it, or had let it go and not woken the next.
        small_lock::stir(arena, off);
        return;
    }
    if !held.is_whole() {
        // It was at one end of a queue.
        queue::mend(ctx, off, held, dead);
        held.free(arena, off);
        return;
    }
    match language_kind(arena, off) {
        Some(ObjectKind::Queue) => queue::mend(ctx, off, held, dead),
        Some(ObjectKind::Pool) => pool::mend(arena, off),
        Some(ObjectKind::PipeEnd) => pipe::mend(ctx, off, dead),
        Some(ObjectKind::Semaphore | ObjectKind::BoundedSemaphore) => semaphore::mend(arena, off, dead),
        None if is_result(arena, off) => pool::result::mend(arena, off),
        _ => {}
    }
    super::lists::mend(arena, off);
    reserve(ctx, off, dead);
    held.free(arena, off);
}

/// Whoever's wait the dead one was completing has its place in the order now: once the lock is free, others may build
/// on what was done for it, before it can be told.
fn reserve(ctx: &Ctx, off: Off, dead: u32) {
    let dead: &Slot = ctx.arena.at(slot_at(dead));
    if dead.completing.load(Relaxed) != 0 && !turns::are_on(ctx.arena) {
        dead.reserved.store(place_in(ctx, off, || ctx.arena.at::<ObjectHeader>(off).tick()), Relaxed);
        dead.reserved_in.store(off.0, Relaxed);
    }
}

/// Goes on with what an actor that died was about to do for those who wait in an object. For the supervisor.
pub(super) fn resume(ctx: &Ctx, off: Off) {
    match language_kind(ctx.arena, off) {
        Some(ObjectKind::Queue) => queue::resume(ctx, off),
        Some(ObjectKind::Semaphore | ObjectKind::BoundedSemaphore) => semaphore::resume(ctx, off),
        Some(ObjectKind::Event) => event::resume(ctx, off),
        Some(ObjectKind::Barrier) => barrier::resume(ctx, off),
        Some(ObjectKind::PipeEnd) => pipe::hold::resume(ctx, off),
        Some(ObjectKind::Atomic | ObjectKind::Shared) => cell::resume(ctx, off),
        None if is_result(ctx.arena, off) => pool::result::resume(ctx, off),
        _ => {}
    }
}

/// A place in the order of the object, or the actor, that lies there; 0 of a condition, whose order is its lock's.
pub(super) fn next_place(ctx: &Ctx, off: Off) -> u64 {
    let locked = ctx.lock(off);
    place_in(ctx, off, || locked.tick())
}

fn place_in(ctx: &Ctx, off: Off, own: impl FnOnce() -> u64) -> u64 {
    match language_kind(ctx.arena, off) {
        Some(ObjectKind::PipeEnd) => pipe::tick(ctx.arena, off),
        Some(ObjectKind::Condition) => 0,
        _ => own(),
    }
}

/// Puts a message back that an actor had in hand when it died. For the supervisor.
pub(super) fn take_back(ctx: &Ctx, off: Off, message: Off) {
    match language_kind(ctx.arena, off) {
        Some(ObjectKind::Queue) => {
            queue::take_back(ctx, off, message);
            queue::resume(ctx, off);
        }
        Some(ObjectKind::PipeEnd) => pipe::take_back(ctx, off, message),
        _ => {}
    }
}

fn is_result(arena: Arena, off: Off) -> bool {
    !super::actor::is_slot(off) && kind_at(arena, off) == KIND_RESULT
}

fn language_kind(arena: Arena, off: Off) -> Option<ObjectKind> {
    // The slot of an actor is none.
    if super::actor::is_slot(off) {
        return None;
    }
    let kind = kind_at(arena, off);
    KINDS.into_iter().find(|known| kind_number(*known) == kind)
}

/// The kind of the object that lies there, as a number.
pub(super) fn kind_at(arena: Arena, off: Off) -> u32 {
    arena.at::<ObjectHeader>(off).kind.load(Relaxed)
}

/// What to tell an actor that waits in an object and whose waker died before it told; nothing: it goes on waiting.
///
/// What the dead one had not completed did not happen: so a waiter is told only what the state of the object already
/// says. A notification, a try for a lock that is free, and a look at a pipe may come once too often.
pub(super) fn rescued(ctx: &Ctx, off: Off, list: usize, (waiter, dead): (u32, u32), payload: u64) -> Option<Verdict> {
    let say = |code: u32| Some(Verdict { code, ..Verdict::default() });
    let kind = kind_at(ctx.arena, off);
    if is_lock(kind) {
        // One to which it was handed over holds it; any other may try.
        let holds = lock::holder(ctx.arena, off) == Some(waiter);
        return say(if holds { say::DONE } else { say::RETRY });
    }
    if kind == KIND_RESULT {
        return pool::result::may_look(ctx, off).then(|| Verdict { code: say::DONE, ..Verdict::default() });
    }
    match KINDS.into_iter().find(|known| kind_number(*known) == kind)? {
        ObjectKind::Queue => queue::rescued(ctx, off, list, (waiter, dead), payload),
        ObjectKind::Condition | ObjectKind::Event | ObjectKind::Latch => say(say::DONE),
        ObjectKind::Barrier => Some(barrier::rescued(list)),
        ObjectKind::Rwlock => rwlock::rescued(ctx, off, list, waiter),
        ObjectKind::Once | ObjectKind::Atomic | ObjectKind::Shared => say(say::RETRY),
        ObjectKind::Pool => pool::rescued(ctx, off, list, waiter),
        ObjectKind::PipeEnd => pipe::rescued(ctx, off, list, (waiter, dead), payload),
        _ => None,
    }
}

/// How many actors wait in an object, or a side of one, over all its lists.
pub(super) fn waiting_in(ctx: &Ctx, off: Off, object: ObjectRef) -> Done {
    if kind_at(ctx.arena, off) == kind_number(ObjectKind::PipeEnd) {
        return pipe::waiting_in(ctx, off);
    }
    let is_condition = kind_at(ctx.arena, off) == kind_number(ObjectKind::Condition);
    let under = is_condition.then(|| ctx.lock(condition::lock_of(ctx.arena, off)));
    let locked = if object.kind == ObjectKind::Barrier { barrier::look(ctx, off) } else { ctx.lock(off) };
    if matches!(object.kind, ObjectKind::Lock | ObjectKind::Rlock) {
        let (count, ticket) = lock::waiting_in(ctx, &locked);
        return Done::new(Value::Int(i64::from(count)), ticket, 0);
    }
    let count: u32 = match object.kind {
        ObjectKind::Rwlock => rwlock::waiting_in(ctx, &locked, object.side()),
        ObjectKind::Once => once::waiting_in(ctx, &locked),
        ObjectKind::Pool => pool::worker::waiting_in(ctx, &locked),
        ObjectKind::Barrier => locked.waiting(barrier::PARTIES),
        _ => (0..3).map(|list| locked.waiting(list)).sum(),
    };
    let ticket = under.as_ref().unwrap_or(&locked).tick();
    Done::new(Value::Int(count as i64), ticket, 0)
}

/// Four entries of the table of objects.
#[repr(C)]
struct TableRow([AtomicU32; 4]);

#[expect(unsafe_code, reason = "marks a shape that lies in shared memory")]
// SAFETY: repr(C), atomics only.
unsafe impl Shared for TableRow {}
