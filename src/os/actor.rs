//! Actors as the arena knows them: slots, names, states, ends, joins.
//!
//! Answers for: the life of an actor apart from running it. Never starts or runs one (see `process` and `thread`).

use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

use super::arena::{Arena, Off};
use super::layout::{ACTORS_MAX, Slot, TICKET, slot_at, state};
use super::object::{Done, Patience, Result, fail, say, waiting};
use super::park::{Ctx, Verdict};
use super::small_lock::Locked;
use super::{turns, values};
use crate::program::ActorKind;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::trace::recorded::Note;
use crate::value::{ErrorKind, Shared, Value};

/// Who waits for the end of an actor, and, of a timer, its own delay.
pub(super) const JOINERS: usize = 0;
const DELAY: usize = 1;

/// How far what follows from an end has come: counted; everyone told.
const COUNTED: u32 = 1;
const SETTLED: u32 = 2;

/// The place of its start in an actor's order.
pub(super) const START_TICKET: u64 = 1;

/// Of the first actor of a process, in [`Slot::first`]: it is not counted among the processes of the run any more.
const LEFT: u32 = 2;

const CANCELLED: u32 = 1;
const BEGUN: u32 = 2;

/// What is known of an actor before it runs.
pub(super) struct Birth<'a> {
    pub(super) kind: ActorKind,
    /// Template; for a worker the declaration of its pool.
    pub(super) template: Option<u32>,
    /// The actor whose process it joins; none begins a process of its own.
    pub(super) process: Option<u32>,
    /// The actor that starts it; none for main.
    pub(super) parent: Option<u32>,
    pub(super) daemon: bool,
    pub(super) name: &'a str,
    /// Index value and arguments.
    pub(super) args: &'a [Value],
    /// The place of the start.
    pub(super) started: u64,
}

pub(super) fn kind_number(kind: ActorKind) -> u32 {
    match kind {
        ActorKind::Main => 0,
        ActorKind::Process => 1,
        ActorKind::Thread => 2,
        ActorKind::Timer => 3,
        ActorKind::Worker => 4,
    }
}

pub(super) fn kind_of(slot: &Slot) -> ActorKind {
    match slot.kind.load(Relaxed) {
        0 => ActorKind::Main,
        1 => ActorKind::Process,
        2 => ActorKind::Thread,
        3 => ActorKind::Timer,
        _ => ActorKind::Worker,
    }
}

/// Whether an actor is the first of a process.
pub(super) fn is_process(slot: &Slot) -> bool {
    slot.first.load(Relaxed) != 0
}

pub(super) fn slot(arena: Arena, actor: u32) -> &'static Slot {
    arena.at(slot_at(actor))
}

/// The name of an actor.
pub(super) fn name(arena: Arena, actor: u32) -> String {
    let slot = slot(arena, actor);
    let bytes = arena.read(Off(slot.name.load(Acquire)), 0, slot.name_len.load(Relaxed) as usize);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Index value and arguments of an actor.
pub(super) fn args(arena: Arena, actor: u32) -> Vec<Value> {
    let slot = slot(arena, actor);
    let bytes = arena.read(Off(slot.args.load(Acquire)), 0, slot.args_len.load(Relaxed) as usize);
    match values::decode(&bytes) {
        Value::List(args) => args.to_vec(),
        _ => Vec::new(),
    }
}

/// Gives an actor its slot and counts it as one that can go on.
pub(super) fn register(arena: Arena, birth: &Birth<'_>) -> Result<u32> {
    let header = arena.header();
    let encoded = values::encode(&Value::List(Shared::new(birth.args.to_vec())))?;
    let args = arena.alloc_bytes(&encoded)?;
    let name = arena.alloc_bytes(birth.name.as_bytes())?;
    let actor = header.actors.fetch_add(1, SeqCst);
    if actor >= ACTORS_MAX {
        return Err(fail(ErrorKind::TooLarge, "more actors were started than a run can have"));
    }
    let slot = slot(arena, actor);
    slot.kind.store(kind_number(birth.kind), Relaxed);
    slot.template.store(birth.template.map_or(0, |template| template + 1), Relaxed);
    slot.process.store(birth.process.unwrap_or(actor), Relaxed);
    slot.first.store(birth.process.is_none().into(), Relaxed);
    slot.parent.store(birth.parent.map_or(0, |parent| parent + 1), Relaxed);
    slot.daemon.store(birth.daemon as u32, Relaxed);
    slot.name.store(name.0, Release);
    slot.name_len.store(birth.name.len() as u32, Relaxed);
    slot.args.store(args.0, Release);
    slot.args_len.store(encoded.len() as u32, Relaxed);
    slot.started.store(birth.started, Relaxed);
    // The start is the first thing in the actor's order.
    slot.header.ticket.store(START_TICKET * TICKET, Relaxed);
    slot.now_ns.store(header.virtual_ns.load(Relaxed), Relaxed);
    slot.born_ns.store(header.virtual_ns.load(Relaxed), Relaxed);
    super::doom::befall(arena, slot, birth.name);
    header.running.fetch_add(1, SeqCst);
    if is_awaited(slot) {
        header.alive.fetch_add(1, SeqCst);
    }
    slot.state.store(state::STARTING, Release);
    Ok(actor)
}

/// Takes back what [`register`] gave, where the kernel refused to start the actor.
pub(super) fn refuse(ctx: &Ctx, actor: u32) {
    end(ctx, actor, 1);
}

/// Ends an actor that did not do so itself, once: its exit code, and everyone who waits for it goes on.
pub(super) fn end(ctx: &Ctx, actor: u32, code: i32) {
    let slot = slot(ctx.arena, actor);
    let locked = ctx.lock(slot_at(actor));
    if slot.state.load(Acquire) != state::ENDED {
        locked.tick();
        slot.exit.store(code, Relaxed);
        slot.ended.store(super::layout::pack_place(actor, slot.seq.load(Relaxed).saturating_sub(1)), Relaxed);
        slot.state.store(state::ENDED, Release);
    }
    drop(locked);
    settle(ctx, actor);
}

/// Ends the calling actor: its last event and its new state are one step in its order.
pub(super) fn end_myself(ctx: &Ctx, code: i32) {
    ctx.keep_no_longer();
    let slot = ctx.slot;
    let locked = ctx.lock(slot_at(ctx.me));
    let ticket = locked.tick();
    slot.exit.store(code, Relaxed);
    slot.ended.store(ctx.place(), Relaxed);
    let came = Value::Int(code as i64);
    ctx.note(&Note {
        op: OpCode::End,
        line: 0,
        object: None,
        actor: Some(ctx.me),
        ticket,
        cause: 0,
        args: &[],
        came: Ok(&came),
    });
    slot.state.store(state::ENDED, Release);
    drop(locked);
    if kind_of(slot) == ActorKind::Worker {
        // Before others can take the run for over.
        super::duty::worker_ended(ctx, Off(slot.pool.load(Relaxed)));
    }
    settle(ctx, ctx.me);
}

/// Whether an actor's record ends with its end: it may not have come to saying so in its state.
pub(super) fn has_told_of_its_end(arena: Arena, actor: u32) -> bool {
    let slot = slot(arena, actor);
    let (ended, seq) = (slot.ended.load(Acquire), slot.seq.load(Acquire));
    seq > 0 && ended == super::layout::pack_place(actor, seq - 1)
}

/// Of the first actor of a process: it counts no more among those of the run, whoever notices that first.
pub(super) fn leave_processes(arena: Arena, slot: &Slot) {
    if slot.first.swap(LEFT, SeqCst) == 1 {
        arena.header().processes.fetch_sub(1, SeqCst);
    }
}

/// What follows from the end of an actor. Each part happens once, however often this is called: the process of a thread
/// may be gone before the thread has done it all, and the supervisor then does the rest.
///
/// Those who join come last: what they do next may be to end the process.
pub(super) fn settle(ctx: &Ctx, actor: u32) {
    let slot = slot(ctx.arena, actor);
    let header = ctx.arena.header();
    // What it owed its pools, it owes no more.
    let counted = i64::from(slot.uncounted.swap(1, SeqCst) == 0) + i64::from(slot.duty.swap(0, SeqCst) != 0);
    header.running.fetch_sub(counted, SeqCst);
    if slot.settled.compare_exchange(0, COUNTED, SeqCst, SeqCst).is_ok() {
        if !is_process(slot) {
            header.threads.fetch_sub(1, SeqCst);
        }
        if is_awaited(slot) && header.alive.fetch_sub(1, SeqCst) == 2 {
            wake_last(ctx);
        }
    }
    let locked = ctx.lock(slot_at(actor));
    let cause = slot.ended.load(Relaxed);
    while let Some(joiner) = ctx.claim_first(&locked, JOINERS) {
        let ticket = locked.tick();
        ctx.finish(joiner, Verdict { code: say::DONE, given: 0, ticket, cause });
    }
    slot.settled.store(SETTLED, SeqCst);
    drop(locked);
    // Whoever joined it goes on, and there is nothing to look at.
    if counted != 0 && header.running.load(SeqCst) <= 0 {
        ctx.kick();
    }
    ctx.tell_of_a_stop();
    if turns::are_on(ctx.arena) {
        turns::tell(ctx.arena);
    }
}

/// Whether main awaits its end before `finally`: the daemon threads of main's own process end with it.
fn is_awaited(slot: &Slot) -> bool {
    is_process(slot) || slot.daemon.load(Relaxed) == 0 || slot.process.load(Relaxed) != super::supervisor::MAIN
}

/// Whether everyone who waited for an actor's end has been told.
pub(super) fn is_settled(slot: &Slot) -> bool {
    slot.state.load(Acquire) == state::ENDED && slot.settled.load(SeqCst) == SETTLED
}

/// Wakes main, which waits for every other actor to have ended.
fn wake_last(ctx: &Ctx) {
    let waiter = ctx.arena.header().last_waiter.load(SeqCst);
    if let Some(main) = waiter.checked_sub(1) {
        let locked = ctx.lock(slot_at(main));
        if let Some(main) = ctx.claim_first(&locked, DELAY) {
            ctx.finish(main, Verdict { code: say::DONE, ..Verdict::default() });
        }
    }
}

/// Of main: waits until every other actor has ended.
pub(super) fn await_all(ctx: &Ctx) {
    let header = ctx.arena.header();
    header.last_waiter.store(ctx.me + 1, SeqCst);
    let locked = ctx.lock(slot_at(ctx.me));
    if header.alive.load(SeqCst) <= 1 {
        return;
    }
    let entered = ctx.enter(&locked, DELAY, 0, &waiting(OpCode::Join, None));
    drop(locked);
    ctx.park(entered);
}

/// Waits for the end of an actor; true when it has ended.
pub(super) fn join(ctx: &Ctx, actor: u32, patience: Patience) -> Result {
    if actor == ctx.me {
        return Err(fault::joins_itself().into());
    }
    let slot = slot(ctx.arena, actor);
    let locked = ctx.lock(slot_at(actor));
    if slot.state.load(Acquire) == state::ENDED {
        return Ok(Done::new(Value::Bool(true), locked.tick(), slot.ended.load(Relaxed)));
    }
    let Patience::Until(deadline) = patience else {
        return Ok(Done::new(Value::Bool(false), locked.tick(), 0));
    };
    let entered = ctx.enter(&locked, JOINERS, 0, &waiting(OpCode::Join, deadline));
    drop(locked);
    // It may have ended and not have come to telling.
    let over = |locked: &Locked<'_>| {
        let ended = slot.state.load(Acquire) == state::ENDED;
        Done::new(Value::Bool(ended), locked.tick(), if ended { slot.ended.load(Relaxed) } else { 0 })
    };
    Ok(match ctx.park_or(entered, over) {
        Ok(verdict) => Done::new(Value::Bool(true), verdict.ticket, verdict.cause),
        Err(done) => done,
    })
}

/// Whether an actor has ended.
pub(super) fn has_ended(arena: Arena, actor: u32) -> bool {
    slot(arena, actor).state.load(Acquire) == state::ENDED
}

/// Whether the process of an actor runs no more.
pub(super) fn is_gone(arena: Arena, actor: u32) -> bool {
    let process = slot(arena, slot(arena, actor).process.load(Relaxed));
    super::sys::is_gone(process.pid.load(SeqCst))
}

/// Whether an actor has not ended, as a step in its order.
pub(super) fn is_alive(ctx: &Ctx, actor: u32) -> Done {
    let locked = ctx.lock(slot_at(actor));
    let slot = slot(ctx.arena, actor);
    let ended = slot.state.load(Acquire) == state::ENDED;
    Done::new(Value::Bool(!ended), locked.tick(), if ended { slot.ended.load(Relaxed) } else { 0 })
}

/// The exit code of a process that has ended.
pub(super) fn exit_code(ctx: &Ctx, actor: u32) -> Done {
    let locked = ctx.lock(slot_at(actor));
    let slot = slot(ctx.arena, actor);
    let ended = slot.state.load(Acquire) == state::ENDED;
    let code = if ended && is_process(slot) { Value::Int(slot.exit.load(Relaxed) as i64) } else { Value::None };
    Done::new(code, locked.tick(), if ended { slot.ended.load(Relaxed) } else { 0 })
}

/// Sends a signal to a process, unless it has ended.
pub(super) fn signal(ctx: &Ctx, actor: u32, signal: nix::sys::signal::Signal) -> Result {
    let slot = slot(ctx.arena, actor);
    if !is_process(slot) {
        return Err(fault::only_processes().into());
    }
    // Under the lock, under which its parent notes that it reaps it: the pid is still its own.
    let locked = ctx.lock(slot_at(actor));
    let pid = slot.pid.load(Acquire);
    // In a deterministic run the driver sends it, in a step of its own.
    let is_sent = !turns::are_on(ctx.arena);
    if is_sent && slot.state.load(Acquire) != state::ENDED && slot.reaped.load(Relaxed) == 0 && pid != 0 {
        // It may have ended this moment, which is as good.
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid as i32), signal);
    }
    Ok(Done::new(Value::None, locked.tick(), 0))
}

/// Of the process that started it: takes an ended child's entry out of the kernel's table.
pub(super) fn reap(ctx: &Ctx, child: u32) {
    let slot = slot(ctx.arena, child);
    let pid = {
        let _locked = ctx.lock(slot_at(child));
        if slot.reaped.swap(1, AcqRel) != 0 {
            return;
        }
        slot.pid.load(Acquire)
    };
    let pid = nix::unistd::Pid::from_raw(pid as i32);
    // It has noted its end, so it is gone or about to be.
    while nix::sys::wait::waitpid(pid, None) == Err(nix::Error::EINTR) {}
}

/// Of a timer's thread: waits for its delay; false when it was cancelled first.
pub(super) fn timer_wait(ctx: &Ctx, delay: &Value) -> Result {
    let deadline = match delay {
        Value::Duration(ns) | Value::Elapsed(ns) => super::sys::now_ns().saturating_add_signed((*ns).max(0)),
        _ => return Err(fail(ErrorKind::TypeError, "a timer's delay is a duration, such as `2s`")),
    };
    let slot = ctx.slot;
    let locked = ctx.lock(slot_at(ctx.me));
    if slot.timer.load(Relaxed) == CANCELLED {
        return Ok(Done::new(Value::Bool(false), locked.tick(), slot.header.last.load(Relaxed)));
    }
    if turns::are_on(ctx.arena) {
        slot.timer.store(BEGUN, Relaxed);
        return Ok(Done::new(Value::Bool(true), locked.tick(), 0));
    }
    let entered = ctx.enter(&locked, DELAY, 0, &waiting(OpCode::TimerWait, Some(deadline)));
    drop(locked);
    let over = |locked: &Locked<'_>| {
        slot.timer.store(BEGUN, Relaxed);
        locked.tick()
    };
    Ok(match ctx.park_or(entered, over) {
        Ok(verdict) => Done::new(Value::Bool(false), verdict.ticket, verdict.cause),
        Err(ticket) => Done::new(Value::Bool(true), ticket, 0),
    })
}

/// Cancels a timer that has not begun to run its body.
pub(super) fn timer_cancel(ctx: &Ctx, actor: u32) -> Result {
    let slot = slot(ctx.arena, actor);
    if kind_of(slot) != ActorKind::Timer {
        return Err(fault::only_timers().into());
    }
    let locked = ctx.lock(slot_at(actor));
    let ticket = locked.tick();
    if slot.timer.load(Relaxed) == 0 {
        slot.timer.store(CANCELLED, Relaxed);
        slot.header.last.store(ctx.place(), Relaxed);
        if let Some(timer) = ctx.claim_first(&locked, DELAY) {
            let theirs = locked.tick();
            ctx.finish(timer, Verdict { code: say::CLOSED, given: 0, ticket: theirs, cause: ctx.place() });
        }
    }
    Ok(Done::new(Value::None, ticket, 0))
}

/// Sleeps: waits in its own slot for nobody.
pub(super) fn sleep(ctx: &Ctx, duration: &Value) -> Result {
    let ns = match duration {
        Value::Duration(ns) | Value::Elapsed(ns) => *ns,
        _ => return Err(fail(ErrorKind::TypeError, "one sleeps for a duration, such as `1s`")),
    };
    let ns = u64::try_from(ns).map_err(|_| fail(ErrorKind::ValueError, "one cannot sleep for a negative time"))?;
    if turns::are_on(ctx.arena) {
        // Its turn came when its time was over.
        return Ok(Done::default());
    }
    let deadline = super::sys::now_ns().saturating_add(ns);
    let locked = ctx.lock(slot_at(ctx.me));
    let entered = ctx.enter(&locked, 2, 0, &waiting(OpCode::Sleep, Some(deadline)));
    drop(locked);
    ctx.park(entered);
    Ok(Done::default())
}

/// Whether what lies there is an actor, seen as an object.
pub(super) fn is_slot(off: Off) -> bool {
    (super::layout::ACTORS_AT..super::layout::OBJECTS_AT).contains(&off.bytes())
}

/// The actor whose slot lies there.
pub(super) fn number_at(off: Off) -> u32 {
    ((off.bytes() - super::layout::ACTORS_AT) / size_of::<Slot>()) as u32
}

/// What to tell an actor that waits in a slot and whose waker died; nothing: it goes on waiting.
pub(super) fn rescued(ctx: &Ctx, off: Off, list: usize, waiter: u32) -> Option<Verdict> {
    let slot: &Slot = ctx.arena.at(off);
    let done = match list {
        JOINERS => slot.state.load(Acquire) == state::ENDED,
        _ if slot.timer.load(Relaxed) == CANCELLED => true,
        _ => waiter + 1 == ctx.arena.header().last_waiter.load(SeqCst) && ctx.arena.header().alive.load(SeqCst) <= 1,
    };
    done.then(|| Verdict { code: say::DONE, cause: slot.ended.load(Relaxed), ..Verdict::default() })
}
