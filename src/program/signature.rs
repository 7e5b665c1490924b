//! What can be called on what: operations by kind of object, their parameters and defaults.
//!
//! Answers for: the one table that diagnostics, lowering and the VM read. Never evaluates.

use super::op::OpCode;
use crate::value::ObjectKind;

/// What a method is called on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Receiver {
    /// An object of a kind.
    Object(ObjectKind),
    /// The handle of a process, thread or timer.
    Actor,
    /// The result of a task.
    Result,
}

/// The default of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultValue {
    /// None: the argument must be given.
    Required,
    /// `none`
    None,
    /// `true`
    True,
    /// `false`
    False,
    /// An integer.
    Int(i64),
    /// `0s`
    ZeroDuration,
}

/// An operation as a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Its name in the language.
    pub name: &'static str,
    /// What it does.
    pub op: OpCode,
    /// Its parameters, in the order of the operation's arguments.
    pub params: &'static [(&'static str, DefaultValue)],
    /// Arguments that follow the parameters and are not the caller's to give.
    pub fixed: &'static [DefaultValue],
}

const fn sig(name: &'static str, op: OpCode, params: &'static [(&'static str, DefaultValue)]) -> Signature {
    Signature { name, op, params, fixed: &[] }
}

use DefaultValue::{False, Int, None as Nothing, Required, True, ZeroDuration};

const BLOCK_TIMEOUT: &[(&str, DefaultValue)] = &[("block", True), ("timeout", Nothing)];
const TIMEOUT: &[(&str, DefaultValue)] = &[("timeout", Nothing)];
const NO_WAIT: &[DefaultValue] = &[False, Nothing];

const QUEUE: &[Signature] = &[
    sig("put", OpCode::QueuePut, &[("x", Required), ("block", True), ("timeout", Nothing)]),
    sig("get", OpCode::QueueGet, BLOCK_TIMEOUT),
    Signature { name: "put_nowait", op: OpCode::QueuePut, params: &[("x", Required)], fixed: NO_WAIT },
    Signature { name: "get_nowait", op: OpCode::QueueGet, params: &[], fixed: NO_WAIT },
    sig("len", OpCode::QueueLen, &[]),
    sig("empty", OpCode::QueueEmpty, &[]),
    sig("full", OpCode::QueueFull, &[]),
    sig("close", OpCode::QueueClose, &[]),
    sig("task_done", OpCode::QueueTaskDone, &[]),
    sig("join", OpCode::QueueJoin, &[]),
    sig("waiting", OpCode::Waiting, &[]),
];
const PIPE_END: &[Signature] = &[
    sig("send", OpCode::PipeSend, &[("x", Required)]),
    sig("recv", OpCode::PipeRecv, &[]),
    sig("poll", OpCode::PipePoll, &[("timeout", ZeroDuration)]),
    sig("close", OpCode::PipeClose, &[]),
    sig("waiting", OpCode::Waiting, &[]),
];
const LOCK: &[Signature] = &[
    sig("acquire", OpCode::LockAcquire, BLOCK_TIMEOUT),
    sig("release", OpCode::LockRelease, &[]),
    sig("locked", OpCode::LockLocked, &[]),
    sig("waiting", OpCode::Waiting, &[]),
];
const RWLOCK: &[Signature] = &[
    sig("acquire", OpCode::RwAcquire, BLOCK_TIMEOUT),
    sig("release", OpCode::RwRelease, &[]),
    sig("locked", OpCode::LockLocked, &[]),
    sig("waiting", OpCode::Waiting, &[]),
];
const CONDITION: &[Signature] = &[
    sig("acquire", OpCode::LockAcquire, BLOCK_TIMEOUT),
    sig("release", OpCode::LockRelease, &[]),
    sig("locked", OpCode::LockLocked, &[]),
    sig("wait", OpCode::ConditionWait, TIMEOUT),
    sig("notify", OpCode::ConditionNotify, &[("n", Int(1))]),
    sig("notify_all", OpCode::ConditionNotifyAll, &[]),
    sig("waiting", OpCode::Waiting, &[]),
];
const SEMAPHORE: &[Signature] = &[
    sig("acquire", OpCode::SemaphoreAcquire, BLOCK_TIMEOUT),
    sig("release", OpCode::SemaphoreRelease, &[("n", Int(1))]),
    sig("value", OpCode::SemaphoreValue, &[]),
    sig("waiting", OpCode::Waiting, &[]),
];
const EVENT: &[Signature] = &[
    sig("set", OpCode::EventSet, &[]),
    sig("clear", OpCode::EventClear, &[]),
    sig("is_set", OpCode::EventIsSet, &[]),
    sig("wait", OpCode::EventWait, TIMEOUT),
    sig("waiting", OpCode::Waiting, &[]),
];
const BARRIER: &[Signature] = &[
    sig("wait", OpCode::BarrierWait, TIMEOUT),
    sig("abort", OpCode::BarrierAbort, &[]),
    sig("reset", OpCode::BarrierReset, &[]),
    sig("parties", OpCode::BarrierParties, &[]),
    sig("broken", OpCode::BarrierBroken, &[]),
    sig("waiting", OpCode::Waiting, &[]),
];
const LATCH: &[Signature] = &[
    sig("count_down", OpCode::LatchCountDown, &[("n", Int(1))]),
    sig("add", OpCode::LatchAdd, &[("n", Int(1))]),
    sig("wait", OpCode::LatchWait, TIMEOUT),
    sig("count", OpCode::LatchCount, &[]),
    sig("waiting", OpCode::Waiting, &[]),
];
const ONCE: &[Signature] = &[sig("run", OpCode::OnceRun, &[]), sig("waiting", OpCode::Waiting, &[])];
const ATOMIC: &[Signature] = &[
    sig("add", OpCode::AtomicAdd, &[("k", Required)]),
    sig("sub", OpCode::AtomicSub, &[("k", Required)]),
    sig("swap", OpCode::AtomicSwap, &[("v", Required)]),
    sig("cas", OpCode::AtomicCas, &[("old", Required), ("new", Required)]),
];
/// A pool's `apply`, `apply_async`, `map` and their like take a task and its arguments: lowering knows them by name.
const POOL: &[Signature] = &[
    sig("close", OpCode::PoolClose, &[]),
    sig("terminate", OpCode::PoolTerminate, &[]),
    sig("join", OpCode::PoolJoin, &[]),
    sig("waiting", OpCode::Waiting, &[]),
];
const ACTOR: &[Signature] = &[
    sig("join", OpCode::Join, TIMEOUT),
    sig("is_alive", OpCode::IsAlive, &[]),
    sig("pid", OpCode::ActorPid, &[]),
    sig("name", OpCode::ActorName, &[]),
    sig("exitcode", OpCode::ExitCode, &[]),
    sig("terminate", OpCode::Terminate, &[]),
    sig("kill", OpCode::Kill, &[]),
    sig("cancel", OpCode::TimerCancel, &[]),
];
const RESULT: &[Signature] = &[
    sig("get", OpCode::ResultGet, TIMEOUT),
    sig("wait", OpCode::ResultWait, TIMEOUT),
    sig("ready", OpCode::ResultReady, &[]),
    sig("successful", OpCode::ResultSuccessful, &[]),
    sig("cancel", OpCode::ResultCancel, &[]),
    sig("cancelled", OpCode::ResultCancelled, &[]),
    sig("next", OpCode::ResultNext, TIMEOUT),
];

/// Methods of a pool that submit tasks: the name, whether it waits for the result (`apply` is `apply_async(…).get()`),
/// and the operation.
pub const POOL_SUBMITS: &[(&str, bool, OpCode)] = &[
    ("apply", true, OpCode::PoolSubmit),
    ("apply_async", false, OpCode::PoolSubmit),
    ("map", true, OpCode::PoolSubmitMap),
    ("map_async", false, OpCode::PoolSubmitMap),
    ("starmap", true, OpCode::PoolSubmitMap),
    ("starmap_async", false, OpCode::PoolSubmitMap),
    ("imap", false, OpCode::PoolImap),
    ("imap_unordered", false, OpCode::PoolImapUnordered),
];

/// All methods of a receiver, but for those of [`POOL_SUBMITS`] and a condition's `wait_for`.
pub fn signatures(receiver: Receiver) -> &'static [Signature] {
    match receiver {
        Receiver::Actor => ACTOR,
        Receiver::Result => RESULT,
        Receiver::Object(kind) => match kind {
            ObjectKind::Queue => QUEUE,
            ObjectKind::PipeEnd => PIPE_END,
            ObjectKind::Lock | ObjectKind::Rlock => LOCK,
            ObjectKind::Rwlock => RWLOCK,
            ObjectKind::Condition => CONDITION,
            ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => SEMAPHORE,
            ObjectKind::Event => EVENT,
            ObjectKind::Barrier => BARRIER,
            ObjectKind::Latch => LATCH,
            ObjectKind::Once => ONCE,
            ObjectKind::Shared => &[],
            ObjectKind::Atomic => ATOMIC,
            ObjectKind::Pool => POOL,
        },
    }
}

/// The method of a receiver by its name.
pub fn signature(receiver: Receiver, name: &str) -> Option<&'static Signature> {
    signatures(receiver).iter().find(|signature| signature.name == name)
}
