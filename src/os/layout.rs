//! What lies where in the arena: the header, the table of actors, the table of objects, then blocks.
//!
//! Answers for: the shapes. Never blocks, wakes or allocates.
#![expect(unsafe_code, reason = "marks the shapes that may lie in shared memory")]

use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicI32, AtomicI64, AtomicU32, AtomicU64};

use super::arena::{Off, Shared, UNIT};
pub(super) use crate::trace::recorded::{ACTORS_MAX, pack_place};

/// Most objects that a run can have, results of tasks included.
pub(super) const OBJECTS_MAX: u32 = 1 << 24;
/// Size classes of the allocator: 32 bytes, then each twice the one before.
pub(super) const CLASSES: usize = 26;

pub(super) const HEADER_AT: usize = 0;
pub(super) const ACTORS_AT: usize = 1 << 16;
pub(super) const OBJECTS_AT: usize = ACTORS_AT + ACTORS_MAX as usize * size_of::<Slot>();
pub(super) const BLOCKS_AT: usize = OBJECTS_AT + OBJECTS_MAX as usize * 4;

/// One operation in an object's count of them.
pub(super) const TICKET: u64 = 1 << 24;

/// The start of the arena.
#[repr(C)]
pub(super) struct Header {
    /// CLOCK_MONOTONIC when the run began, nanoseconds.
    pub(super) epoch_ns: AtomicU64,
    /// Byte position from which blocks have not been given out yet.
    pub(super) bump: AtomicU64,
    /// Byte position that blocks do not go beyond.
    pub(super) bump_max: AtomicU64,
    /// How many bytes of events may be noted, and how many bytes the run may take in all.
    pub(super) trace_max: AtomicU64,
    pub(super) memory_max: AtomicU64,
    /// Bytes of the chunks that events are in.
    pub(super) trace_bytes: AtomicU64,
    /// Free blocks by size class: a stack, its top in the low half, a count against ABA in the high half.
    pub(super) free: [AtomicU64; CLASSES],
    /// Seed of the run.
    pub(super) seed: AtomicU64,
    /// Seed of the pauses before operations.
    pub(super) perturb_seed: AtomicU64,
    /// Actors that can go on by themselves: running, or waiting with a deadline.
    pub(super) running: AtomicI64,
    /// Processors that this run may use.
    pub(super) processors: AtomicI64,
    /// Actors given out.
    pub(super) actors: AtomicU32,
    /// Objects given out.
    pub(super) objects: AtomicU32,
    /// Processes that have been started and have not ended.
    pub(super) processes: AtomicU32,
    /// Most processes at a time.
    pub(super) processes_max: AtomicU32,
    /// Most threads at a time, those that processes begin with left out.
    pub(super) threads_max: AtomicU32,
    /// 1: a waiter may be woken by nobody, in a step of its own.
    pub(super) spurious: AtomicU32,
    /// Starts for which there was no room.
    pub(super) refused: AtomicU32,
    /// Threads that have been started and have not ended, those that processes begin with left out.
    pub(super) threads: AtomicU32,
    /// Pid of the supervisor.
    pub(super) supervisor: AtomicU32,
    /// 1: the run is being ended; nothing is started any more.
    pub(super) quitting: AtomicU32,
    /// 1: events are recorded.
    pub(super) tracing: AtomicU32,
    /// 1: events are collected while the run goes on, and their chunks given back; see `collect`.
    pub(super) streaming: AtomicU32,
    /// Chunks that have been filled, the word on which the collector waits; and 1 while it may be asleep there.
    pub(super) filled: AtomicU32,
    pub(super) collector_sleeps: AtomicU32,
    /// How often chunks have been given back: the word on which actors wait for room.
    pub(super) collected: AtomicU32,
    /// 1: actors pause before some of their operations.
    pub(super) perturbed: AtomicU32,
    /// Uncaught errors so far.
    pub(super) failures: AtomicU32,
    /// Panics of conc's own code in a process of the run.
    pub(super) bugs: AtomicU32,
    /// Which limit was gone over, if one was; see `memory`.
    pub(super) over_limit: AtomicU32,
    /// 1: standard output is gone.
    pub(super) output_lost: AtomicU32,
    /// 1: the supervisor has been asked to look and has not begun to.
    pub(super) kicked: AtomicU32,
    /// Whose process is to die at one of its points: a block with the name, its length, which point; see `doom`.
    pub(super) doomed: AtomicU32,
    pub(super) doomed_len: AtomicU32,
    pub(super) doomed_at: AtomicU32,
    /// 1: the supervisor wants to know when the next actor begins to wait, or ends.
    pub(super) watching: AtomicU32,
    /// Actors that have not ended, main included.
    pub(super) alive: AtomicI32,
    /// 1: the run is deterministic: every step is granted by the driver (see `turns`).
    pub(super) turns: AtomicU32,
    /// Things told to the driver so far: the futex word on which it waits.
    pub(super) reports: AtomicU32,
    /// Virtual time, nanoseconds since the run began.
    pub(super) virtual_ns: AtomicU64,
    /// Standard output, as an object: serialises lines.
    pub(super) stdout: AtomicU32,
    /// The request: what is run, encoded, so that a child that starts by exec can plan it again; and its length.
    pub(super) request: AtomicU32,
    pub(super) request_len: AtomicU32,
    /// By template and index: how many instances have been named.
    pub(super) instances: AtomicU32,
    /// Errors that ended actors: a chain of blocks for the supervisor, the latest first.
    pub(super) errors: AtomicU32,
    /// Who waits for every other actor to have ended (main, before `finally`): its actor, plus 1.
    pub(super) last_waiter: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for Header {}

/// A list of waiting actors: a chain of nodes, first come first served.
#[repr(C)]
pub(super) struct WaitList {
    pub(super) head: AtomicU32,
    pub(super) tail: AtomicU32,
    pub(super) len: AtomicU32,
    pub(super) pad: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for WaitList {}

/// One actor waiting in one list.
#[repr(C, align(16))]
pub(super) struct Node {
    pub(super) next: AtomicU32,
    pub(super) prev: AtomicU32,
    /// Whose.
    pub(super) actor: AtomicU32,
    /// Which wait of that actor.
    pub(super) epoch: AtomicU32,
    /// What the waker needs to know: a message, a number, flags.
    pub(super) payload: AtomicU64,
    /// 1 while in a list.
    pub(super) linked: AtomicU32,
    /// Which case of a wait in several objects, plus 1; 0 of a wait in one.
    pub(super) case: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for Node {}

/// What every object begins with.
#[repr(C)]
pub(super) struct ObjectHeader {
    /// The small lock over the object's state: 0, or the holder's actor plus 1, with a bit for "someone sleeps on it".
    pub(super) lock: AtomicU32,
    /// The object's kind, as a number; see `object::KIND_*`.
    pub(super) kind: AtomicU32,
    /// Its own id.
    pub(super) id: AtomicU32,
    /// 1: only threads of one process use it, so futexes on its behalf are private.
    pub(super) private: AtomicU32,
    /// Operations completed on it, in units of [`TICKET`]; what is below, its kind keeps in the same word (see `lock`).
    pub(super) ticket: AtomicU64,
    /// Its declaration plus 1 (0 for what nobody declared), and index in an array plus 1.
    pub(super) decl: AtomicU32,
    pub(super) index: AtomicU32,
    /// For a private one: the actor in whose body it was declared, plus 1.
    pub(super) owner: AtomicU32,
    /// Where its two ends lie, if it has such; see `small_lock`.
    pub(super) ends: AtomicU32,
    /// The place of the last event that later ones may depend on.
    pub(super) last: AtomicU64,
    /// Who waits.
    pub(super) lists: [WaitList; 3],
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for ObjectHeader {}

impl ObjectHeader {
    /// The next place in the object's own order, whoever else takes one.
    pub(super) fn tick(&self) -> u64 {
        (self.ticket.fetch_add(TICKET, SeqCst) / TICKET).wrapping_add(1)
    }
}

/// An actor.
#[repr(C, align(16))]
pub(super) struct Slot {
    /// As an object: its lock, and who waits for its end (list 0) or, for a timer, its delay (list 1).
    pub(super) header: ObjectHeader,
    /// See [`state`].
    pub(super) state: AtomicU32,
    /// `ActorKind` as a number.
    pub(super) kind: AtomicU32,
    /// Template plus 1; 0 for main. For a worker: the pool's declaration plus 1.
    pub(super) template: AtomicU32,
    /// The actor whose process it belongs to (itself, for a process).
    pub(super) process: AtomicU32,
    /// The actor that started it, plus 1; 0 for main.
    pub(super) parent: AtomicU32,
    /// 1: a daemon.
    pub(super) daemon: AtomicU32,
    pub(super) pid: AtomicU32,
    pub(super) tid: AtomicU32,
    /// Exit code once ended; negative signal number when killed.
    pub(super) exit: AtomicI32,
    /// 1 once the parent has begun to reap it.
    pub(super) reaped: AtomicU32,
    /// Name: a block, and its length in bytes.
    pub(super) name: AtomicU32,
    pub(super) name_len: AtomicU32,
    /// Index value and arguments, encoded: a block, and its length in bytes.
    pub(super) args: AtomicU32,
    pub(super) args_len: AtomicU32,
    /// The place of the start.
    pub(super) started: AtomicU64,
    /// The place of its last event, once ended.
    pub(super) ended: AtomicU64,

    /// Parking: which wait it is in and who decides it; see `claim`.
    pub(super) claim: AtomicU64,
    /// The wait that was completed last: the futex word.
    pub(super) done: AtomicU32,
    /// 1: it has been taken off `Header::running`.
    pub(super) uncounted: AtomicU32,
    /// How often it has begun to wait.
    pub(super) waits: AtomicU32,
    /// 1 during an operation, of an actor that may be cut off; see `cutoff`.
    pub(super) at_work: AtomicU32,
    /// What the waker says.
    pub(super) verdict: AtomicU32,
    /// In which case of a wait in several objects it was completed, plus 1.
    pub(super) case: AtomicU32,
    pub(super) given: AtomicU64,
    pub(super) ticket: AtomicU64,
    pub(super) cause: AtomicU64,
    /// The cases of such a wait: a block of [`super::cases::CaseNode`]s, and how many there are.
    pub(super) cases: AtomicU32,
    pub(super) cases_len: AtomicU32,
    /// An object in which it waits without standing on one of its lists: it was told to look again, or joins a pool.
    pub(super) beside: AtomicU32,
    /// Its node for waits on one object.
    pub(super) node: Node,
    /// The place in the text of the operation that it performs: first byte, one past the last.
    pub(super) span: [AtomicU32; 2],
    /// Its outermost frames, code and instruction, how many of them, and how often they were changed (odd: they are
    /// being); see `place`.
    pub(super) frames: [AtomicU64; 6],
    pub(super) frames_len: AtomicU32,
    pub(super) frames_version: AtomicU32,
    /// What it is blocked on: operation plus 1, object.
    pub(super) blocked_op: AtomicU32,
    pub(super) blocked_on: AtomicU32,
    /// Which list of that object.
    pub(super) blocked_list: AtomicU32,
    /// Object locks (the small ones) that it holds or is about to take.
    pub(super) holding: [AtomicU32; 2],

    /// Events: the oldest chunk not collected, the chunk being written, events written.
    pub(super) chunk_first: AtomicU32,
    pub(super) chunk_last: AtomicU32,
    pub(super) seq: AtomicU32,
    /// For a timer: 1 cancelled, 2 begun.
    pub(super) timer: AtomicU32,
    /// For a worker: the task in hand.
    pub(super) task: AtomicU32,
    /// Ends of pipes that the process holds: a chain of blocks.
    pub(super) ends: AtomicU32,
    /// For a worker, and for the thread that runs a pool's callbacks: the pool.
    pub(super) pool: AtomicU32,
    /// Not 0: it is the first of a process; see `actor::leave_processes`.
    pub(super) first: AtomicU32,
    /// 1: it runs a pool's callbacks.
    pub(super) calls_back: AtomicU32,
    /// For the first actor of a process: 1 when workers of its pools died and are to be replaced.
    pub(super) duty: AtomicU32,
    /// For the same: 1 where it has pools, so that the supervisor must be able to wake it wherever it waits.
    pub(super) keeps_pools: AtomicU32,
    /// The actor whose wait it is completing, plus 1: what the supervisor finishes if it dies meanwhile.
    pub(super) completing: AtomicU32,
    /// Which wait of that actor, and which case of it, plus 1; 0 of a wait in one object.
    pub(super) completing_wait: AtomicU32,
    pub(super) completing_case: AtomicU32,
    /// 1: what that actor waits for is done, it has only not been told.
    pub(super) completed: AtomicU32,
    /// The message it has in hand, from where, and up to which of its events; see `hand`.
    pub(super) hand: AtomicU32,
    pub(super) hand_from: AtomicU32,
    pub(super) hand_seq: AtomicU32,
    /// How far what follows from its end has come; see `actor::settle`.
    pub(super) settled: AtomicU32,
    /// In a deterministic run: the turn that it is granted (0: none, the futex word on which it waits), and what goes
    /// with it: a block, and its length in bytes.
    pub(super) turn: AtomicU32,
    pub(super) turn_order: AtomicU32,
    pub(super) turn_order_len: AtomicU32,
    /// What it has told the driver: events, and steps without one.
    pub(super) reported: AtomicU32,
    /// Its own virtual time, and when it was started: it may begin after its first turn was granted.
    pub(super) now_ns: AtomicU64,
    pub(super) born_ns: AtomicU64,
    /// Of one that died while it completed another's wait under an object's small lock: the place of that in the order
    /// of the object, and which object.
    pub(super) reserved: AtomicU64,
    pub(super) reserved_in: AtomicU32,
    /// Points up to its process's death, in a test; 0 for none; see `doom`.
    pub(super) doom: AtomicU32,
    /// 1: it may be asleep on `done`, and whoever completes its wait has to wake it.
    pub(super) asleep: AtomicU32,
    /// 1: there may be actors that it has told that their waits are complete, and has not woken.
    pub(super) waking: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for Slot {}

const _: () = assert!(size_of::<Slot>().is_multiple_of(UNIT));
const _: () = assert!(size_of::<Header>() <= ACTORS_AT);
const _: () = assert!(BLOCKS_AT < super::arena::ARENA_BYTES);

/// States of an actor.
pub(super) mod state {
    pub(in super::super) const FREE: u32 = 0;
    pub(in super::super) const STARTING: u32 = 1;
    pub(in super::super) const RUNNING: u32 = 2;
    pub(in super::super) const ENDED: u32 = 3;
}

/// Where an actor's slot lies.
pub(super) fn slot_at(actor: u32) -> Off {
    Off::from_bytes(ACTORS_AT + actor as usize * size_of::<Slot>())
}
