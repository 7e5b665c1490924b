//! Visible operations: the only thing that passes between the VM and a world.
//!
//! Answers for: which operations there are and what they take. Never performs one.

use super::CodeId;
use crate::value::{ActorRef, Error, ObjectRef, ResultRef, Value};

/// A visible operation, as data.
#[derive(Clone, Debug)]
pub struct Op {
    /// Which.
    pub code: OpCode,
    /// On what.
    pub target: Target,
    /// Arguments in the order of the operation's signature, defaults filled in.
    pub args: Args,
    /// Where it stands.
    pub site: Site,
    /// The cases of a `select`, in order; otherwise empty.
    pub cases: Vec<Op>,
}

impl Op {
    /// Of an [`OpCode::Await`]: the code of its condition, and what that takes.
    pub fn condition(&self) -> (CodeId, Vec<Value>) {
        let code = match self.args.get(0) {
            Value::Int(code) => CodeId(*code as u32),
            _ => CodeId(0),
        };
        let captured = match self.args.get(1) {
            Value::List(captured) => captured.to_vec(),
            _ => Vec::new(),
        };
        (code, captured)
    }

    /// A wait at a barrier without a timeout of its own gets the one that the barrier was made with.
    pub fn wait_at_most(&mut self, timeout_ns: Option<u64>) {
        if self.code == OpCode::BarrierWait
            && let (Value::None, Some(ns)) = (self.args.get(0), timeout_ns)
        {
            self.args = Args::from_values([Value::Duration(i64::try_from(ns).unwrap_or(i64::MAX))]);
        }
    }

    /// The arguments as a trace has them: behind them, of an operation on a side of an rwlock, which side.
    pub fn noted_args(&self) -> Args {
        match self.target {
            // The code of a condition is no business of a trace.
            Target::None if self.code == OpCode::Await => Args::none(),
            Target::Object(object) if object.side().is_some() => {
                let side = object.side().map(|side| Value::from(side.name()));
                Args::from_values(self.args.as_slice().iter().cloned().chain(side))
            }
            _ => self.args.clone(),
        }
    }

    /// Appends the same to a list.
    pub fn note_args(&self, to: &mut Vec<Value>) {
        match self.target {
            Target::Object(object) if object.side().is_none() => to.extend_from_slice(self.args.as_slice()),
            _ => to.extend_from_slice(self.noted_args().as_slice()),
        }
    }
}

/// What an operation is performed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Nothing in particular.
    None,
    /// An object.
    Object(ObjectRef),
    /// An actor.
    Actor(ActorRef),
    /// The result of a task.
    Result(ResultRef),
}

/// Up to [`Args::MAX`] arguments, in place.
#[derive(Clone, Debug, Default)]
pub struct Args {
    len: u8,
    values: [Value; Args::MAX],
}

impl Args {
    /// The most an operation takes.
    pub const MAX: usize = 5;

    /// No arguments.
    pub fn none() -> Args {
        Args::default()
    }

    /// Takes up to [`Args::MAX`] values; more are dropped.
    pub fn from_values(values: impl IntoIterator<Item = Value>) -> Args {
        let mut args = Args::default();
        args.fill(values);
        args
    }

    /// The same in place of what they were.
    #[inline]
    pub fn fill(&mut self, values: impl IntoIterator<Item = Value>) {
        let before = std::mem::take(&mut self.len);
        for (slot, value) in self.values.iter_mut().zip(values) {
            *slot = value;
            self.len += 1;
        }
        for slot in self.values.iter_mut().take(before as usize).skip(self.len as usize) {
            *slot = Value::None;
        }
    }

    /// The arguments.
    pub fn as_slice(&self) -> &[Value] {
        &self.values[..self.len as usize]
    }

    /// Argument `index`; `none` past the end.
    pub fn get(&self, index: usize) -> &Value {
        const NONE: &Value = &Value::None;
        self.as_slice().get(index).unwrap_or(NONE)
    }

    /// Moves argument `index` out, leaving `none`.
    pub fn take(&mut self, index: usize) -> Value {
        self.values.get_mut(index).map(std::mem::take).unwrap_or_default()
    }
}

/// A place in the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Site {
    /// Index of the code.
    pub code: u32,
    /// Index of the instruction.
    pub pc: u32,
}

/// What became of an operation.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It gave a value.
    Value(Value),
    /// It raised an error; the VM fills in the place.
    Raise(Error),
    /// Of an [`OpCode::CellMethod`]: it was an [`OpCode::CellRead`] of its path, which leads to this handle; the method
    /// is the handle's, and the operation that follows.
    Handle(Value),
    /// The actor is to run a body first (a barrier's action, a `once`) and then perform `then` on the same target, with
    /// the error of the body (or `none`) as its argument; what that gives is what the operation gives.
    Call {
        /// Index of the body's code.
        code: u32,
        /// The operation that follows.
        then: OpCode,
    },
}

/// Every visible operation. The comment gives the arguments; `-> ` what it gives (none where nothing is said).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[repr(u8)]
pub enum OpCode {
    // Of an actor alone.
    /// text
    Print,
    /// text
    Mark,
    /// duration
    Sleep,
    /// (none)
    Yield,
    /// -> duration since the scenario began
    Now,
    /// range -> int, float or duration of it
    Random,
    /// list -> list
    Shuffle,
    /// list (or set, range, map, text) -> an element
    Choose,
    /// -> int
    Pid,
    /// -> int
    Ppid,
    /// -> int
    Tid,
    /// -> text
    Name,
    /// value: names the final value, in `finally`
    Outcome,
    /// index of the code of a condition over atomics, list of the values it captured
    Await,
    /// duration or none -> when it is over, for [`OpCode::DeadlineLeft`]
    Deadline,
    /// deadline or none -> duration left, never negative; none where there is no deadline
    DeadlineLeft,
    /// (cases) -> [index of the case, what it gave]; args: after (duration or none), has else (bool). Index -1: after
    /// or else
    Select,
    /// duration: of a timer's thread; -> true when it is over, false when cancelled first
    TimerWait,

    // Actors.
    /// index of the template, index value or none, list of arguments -> handle
    Start,
    /// timeout -> bool
    Join,
    /// -> bool
    IsAlive,
    /// -> int
    ActorPid,
    /// -> text
    ActorName,
    /// -> int or none
    ExitCode,
    /// (none)
    Terminate,
    /// (none)
    Kill,
    /// of a timer's handle
    TimerCancel,
    /// first event of an actor; never issued by the VM
    Begin,
    /// last event of an actor: exit code, error text or none; never issued by the VM
    End,

    /// declaration, array length or none, list of arguments, start value -> handle, or list of handles
    Create,

    // Objects.
    /// any object that can block -> number of actors parked in it
    Waiting,
    /// value, block, timeout
    QueuePut,
    /// block, timeout -> value
    QueueGet,
    /// block, timeout -> [true, value], or [false, none] when closed and drained: one turn of `for x in q`
    QueueNext,
    /// -> int
    QueueLen,
    /// -> bool
    QueueEmpty,
    /// -> bool
    QueueFull,
    /// (none)
    QueueClose,
    /// (none)
    QueueTaskDone,
    /// (none)
    QueueJoin,
    /// value
    PipeSend,
    /// -> value
    PipeRecv,
    /// -> [true, value], or [false, none] at EOF: one turn of `for x in end`
    PipeNext,
    /// timeout -> bool
    PipePoll,
    /// (none)
    PipeClose,
    /// block, timeout -> bool
    LockAcquire,
    /// (none)
    LockRelease,
    /// -> bool
    LockLocked,
    /// block, timeout -> bool. The side is the target's role
    RwAcquire,
    /// (none)
    RwRelease,
    /// timeout -> bool
    ConditionWait,
    /// n
    ConditionNotify,
    /// (none)
    ConditionNotifyAll,
    /// block, timeout -> bool
    SemaphoreAcquire,
    /// n
    SemaphoreRelease,
    /// -> int
    SemaphoreValue,
    /// (none)
    EventSet,
    /// (none)
    EventClear,
    /// -> bool
    EventIsSet,
    /// timeout -> bool
    EventWait,
    /// timeout -> index
    BarrierWait,
    /// error of the action or none -> index: after a barrier's action
    BarrierActed,
    /// the operation has begun and waits, where that is a step of its own: at a barrier, of a condition's wait (which
    /// lets the lock go), at a rendezvous; never issued by the VM
    Arrive,
    /// (none)
    BarrierAbort,
    /// (none)
    BarrierReset,
    /// -> int
    BarrierParties,
    /// -> bool
    BarrierBroken,
    /// n
    LatchCountDown,
    /// n
    LatchAdd,
    /// timeout -> bool
    LatchWait,
    /// -> int
    LatchCount,
    /// -> true: it is to be run here, and [`OpCode::OnceRan`] follows; none: it has been run
    OnceRun,
    /// error of the body or none: after the body of a `once`
    OnceRan,
    /// list of indices and keys (empty: the whole) -> value. A shared or atomic variable
    CellRead,
    /// list of indices and keys (empty: the whole), value
    CellWrite,
    /// list of indices and keys, name of the list, map or set method, list of arguments -> what the method gives; where
    /// the path leads to a handle it is a `CellRead`, see [`Outcome::Handle`]
    CellMethod,
    /// k -> value after
    AtomicAdd,
    /// k -> value after
    AtomicSub,
    /// value -> value before
    AtomicSwap,
    /// old, new -> bool
    AtomicCas,

    // Pools.
    /// task, list of its arguments, callback or none, error callback or none -> result
    PoolSubmit,
    /// task, list of calls (each the list of its arguments, or its only one where that is no list), chunk or none,
    /// callback or none, error callback or none -> result (a list)
    PoolSubmitMap,
    /// as `PoolSubmitMap` -> iterable of results in order
    PoolImap,
    /// as `PoolSubmitMap` -> iterable of results as they come
    PoolImapUnordered,
    /// (none)
    PoolClose,
    /// (none)
    PoolTerminate,
    /// (none)
    PoolJoin,
    /// of a worker: -> [task, list of calls as handed over, is a chunk], or none when the pool is closed and drained
    PoolTake,
    /// of the thread that runs a pool's callbacks: -> [task, value or error, whether it is an error], or none when
    /// there will be no more
    PoolCall,
    /// of a worker: value (of a chunk: the list), error or none -> true where it was the last that this worker does
    PoolDone,
    /// of the thread that runs a pool's callbacks: the error of the callback, or none; now the result is there
    PoolCalled,
    /// timeout, true where nobody asks for it again -> value
    ResultGet,
    /// timeout
    ResultWait,
    /// -> bool
    ResultReady,
    /// -> bool
    ResultSuccessful,
    /// -> bool
    ResultCancel,
    /// -> bool
    ResultCancelled,
    /// timeout -> value: the next of an `imap`; an error of the kind `StopIteration` when there are no more
    ResultNext,
}

impl OpCode {
    /// Every operation, in the order of its number.
    pub const ALL: &[OpCode] = &[
        OpCode::Print,
        OpCode::Mark,
        OpCode::Sleep,
        OpCode::Yield,
        OpCode::Now,
        OpCode::Random,
        OpCode::Shuffle,
        OpCode::Choose,
        OpCode::Pid,
        OpCode::Ppid,
        OpCode::Tid,
        OpCode::Name,
        OpCode::Outcome,
        OpCode::Await,
        OpCode::Deadline,
        OpCode::DeadlineLeft,
        OpCode::Select,
        OpCode::TimerWait,
        OpCode::Start,
        OpCode::Join,
        OpCode::IsAlive,
        OpCode::ActorPid,
        OpCode::ActorName,
        OpCode::ExitCode,
        OpCode::Terminate,
        OpCode::Kill,
        OpCode::TimerCancel,
        OpCode::Begin,
        OpCode::End,
        OpCode::Create,
        OpCode::Waiting,
        OpCode::QueuePut,
        OpCode::QueueGet,
        OpCode::QueueNext,
        OpCode::QueueLen,
        OpCode::QueueEmpty,
        OpCode::QueueFull,
        OpCode::QueueClose,
        OpCode::QueueTaskDone,
        OpCode::QueueJoin,
        OpCode::PipeSend,
        OpCode::PipeRecv,
        OpCode::PipeNext,
        OpCode::PipePoll,
        OpCode::PipeClose,
        OpCode::LockAcquire,
        OpCode::LockRelease,
        OpCode::LockLocked,
        OpCode::RwAcquire,
        OpCode::RwRelease,
        OpCode::ConditionWait,
        OpCode::ConditionNotify,
        OpCode::ConditionNotifyAll,
        OpCode::SemaphoreAcquire,
        OpCode::SemaphoreRelease,
        OpCode::SemaphoreValue,
        OpCode::EventSet,
        OpCode::EventClear,
        OpCode::EventIsSet,
        OpCode::EventWait,
        OpCode::BarrierWait,
        OpCode::BarrierActed,
        OpCode::Arrive,
        OpCode::BarrierAbort,
        OpCode::BarrierReset,
        OpCode::BarrierParties,
        OpCode::BarrierBroken,
        OpCode::LatchCountDown,
        OpCode::LatchAdd,
        OpCode::LatchWait,
        OpCode::LatchCount,
        OpCode::OnceRun,
        OpCode::OnceRan,
        OpCode::CellRead,
        OpCode::CellWrite,
        OpCode::CellMethod,
        OpCode::AtomicAdd,
        OpCode::AtomicSub,
        OpCode::AtomicSwap,
        OpCode::AtomicCas,
        OpCode::PoolSubmit,
        OpCode::PoolSubmitMap,
        OpCode::PoolImap,
        OpCode::PoolImapUnordered,
        OpCode::PoolClose,
        OpCode::PoolTerminate,
        OpCode::PoolJoin,
        OpCode::PoolTake,
        OpCode::PoolCall,
        OpCode::PoolDone,
        OpCode::PoolCalled,
        OpCode::ResultGet,
        OpCode::ResultWait,
        OpCode::ResultReady,
        OpCode::ResultSuccessful,
        OpCode::ResultCancel,
        OpCode::ResultCancelled,
        OpCode::ResultNext,
    ];

    /// Where it keeps its timeout among its arguments, if it has one.
    pub fn timeout_at(self) -> Option<usize> {
        match self {
            OpCode::PipePoll
            | OpCode::ConditionWait
            | OpCode::EventWait
            | OpCode::BarrierWait
            | OpCode::LatchWait
            | OpCode::Join
            | OpCode::ResultGet
            | OpCode::ResultWait
            | OpCode::ResultNext
            | OpCode::TimerWait
            | OpCode::Select
            | OpCode::Sleep => Some(0),
            // It stands behind whether to wait at all.
            code => code.block_at().map(|at| at + 1),
        }
    }

    /// Where it keeps whether it waits at all, if it can be told not to.
    pub fn block_at(self) -> Option<usize> {
        match self {
            OpCode::QueuePut => Some(1),
            OpCode::QueueGet | OpCode::LockAcquire | OpCode::RwAcquire | OpCode::SemaphoreAcquire => Some(0),
            _ => None,
        }
    }

    /// Whether a `select` can wait in it: it waits for something, and nothing is begun by waiting.
    pub fn is_case(self) -> bool {
        matches!(
            self,
            OpCode::QueuePut
                | OpCode::QueueGet
                | OpCode::QueueJoin
                | OpCode::PipeSend
                | OpCode::PipeRecv
                | OpCode::EventWait
                | OpCode::LatchWait
                | OpCode::Join
                | OpCode::ResultGet
                | OpCode::ResultWait
                | OpCode::ResultNext
        )
    }

    /// Whether what it gives may come from another process, and bring ends of pipes.
    #[inline]
    pub fn brings_a_value(self) -> bool {
        matches!(
            self,
            OpCode::QueueGet
                | OpCode::QueueNext
                | OpCode::PipeRecv
                | OpCode::PipeNext
                | OpCode::CellRead
                | OpCode::CellMethod
                | OpCode::AtomicAdd
                | OpCode::AtomicSub
                | OpCode::AtomicSwap
                | OpCode::PoolTake
                | OpCode::PoolCall
                | OpCode::ResultGet
                | OpCode::ResultNext
        )
    }

    /// The operation with a number (`op as u8`).
    pub fn from_number(number: u8) -> Option<OpCode> {
        OpCode::ALL.get(number as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::OpCode;

    #[test]
    fn the_table_is_in_the_order_of_the_numbers() {
        for (number, op) in OpCode::ALL.iter().enumerate() {
            assert_eq!(*op as usize, number);
        }
    }
}
