//! What goes wrong with operations: the one table of kinds and messages that every world raises from.
//!
//! Answers for: that the same misuse is said in the same words wherever it happens. Never decides that it happened.

use crate::value::{Error, ErrorKind};

macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident = $kind:ident, $message:literal;)*) => {
        $($(#[$doc])*
        #[cold]
        pub fn $name() -> Error {
            Error::new(ErrorKind::$kind, $message)
        })*
    };
}

faults! {
    /// Of a queue that was closed.
    queue_closed = Closed, "the queue is closed";
    /// A put that would not wait.
    queue_full = Full, "the queue is full";
    /// A put whose time was over.
    queue_stayed_full = Full, "the queue stayed full";
    /// A get that would not wait.
    queue_empty = Empty, "the queue is empty";
    /// A get whose time was over.
    queue_stayed_empty = Empty, "the queue stayed empty";
    /// A surplus `task_done`.
    surplus_task_done = ValueError, "task_done() was called more often than items were put";
    /// An order that there is not.
    unknown_order = ValueError, "a queue's order is fifo, lifo or priority";
    /// The release of a free lock.
    not_held = NotHeld, "the lock is not held";
    /// The release of another's lock.
    held_by_another = NotHeld, "the lock is held by another";
    /// The lock of a killed holder is handed over.
    owner_died = OwnerDied, "the lock's holder was killed; the lock is now held here";
    /// A condition without its lock.
    condition_not_held = NotHeld, "a condition is waited for and notified by whoever holds its lock";
    /// A condition over something else.
    condition_over = TypeError, "a condition is made over a lock or an rlock";
    /// A surplus release of a bounded semaphore.
    surplus_release = Overflow, "the semaphore was released more often than it was acquired";
    /// A barrier that is or was broken.
    barrier_broken = BrokenBarrier, "the barrier is broken";
    /// A barrier that broke because others did not come.
    barrier_late = BrokenBarrier, "the others did not come in time: the barrier is broken";
    /// A read at the end.
    end_of_file = Eof, "the other end has been let go, and nothing is left to read";
    /// A message that was cut off.
    cut_off = Eof, "the sender died in the middle of a message";
    /// A send to nobody.
    broken_pipe = BrokenPipe, "nobody holds the other end any more";
    /// An end that was closed by its own process.
    end_closed = Closed, "this end was closed here";
    /// A receive where one can only send.
    only_sends = TypeError, "this end only sends";
    /// A send where one can only receive.
    only_receives = TypeError, "this end only receives";
    /// A message that no pipe takes.
    long_message = TooLarge, "a message of more than 256 MiB";
    /// A room below zero.
    negative_room = ValueError, "a variable's room cannot be negative";
    /// A task for a pool that was closed.
    pool_closed = PoolClosed, "the pool takes no more tasks";
    /// A task that was cut off.
    pool_terminated = PoolClosed, "the pool was terminated";
    /// A join before the close.
    pool_running = PoolRunning, "a pool is closed or terminated before it is joined";
    /// A pool of too many or too few.
    pool_size = ValueError, "a pool has from 1 to 4096 workers";
    /// A task whose worker is gone.
    worker_died = WorkerDied, "the worker that ran the task died";
    /// A task that was cancelled.
    cancelled = Cancelled, "the task was cancelled";
    /// A result that did not come.
    result_late = Timeout, "the result did not come in time";
    /// `successful` before the end.
    not_ready = ValueError, "the result is not ready";
    /// Arguments of a map that are no list.
    map_arguments = TypeError, "the arguments of the tasks are a list";
    /// A chunk of nothing.
    empty_chunk = ValueError, "a chunk has at least one task";
    /// An actor that joins itself.
    joins_itself = ValueError, "an actor cannot wait for its own end";
    /// A thread that is to be killed.
    only_processes = TypeError, "only a process can be terminated or killed";
    /// Something else than a timer that is to be cancelled.
    only_timers = TypeError, "only a timer can be cancelled";
    /// Too long an array.
    array_length = ValueError, "an array has from 0 to 65536 elements";
    /// A range of nothing.
    empty_range = ValueError, "the range of a random number is empty";
    /// What the planner lets through and a world cannot do: a bug.
    no_runtime = TypeError, "this operation has no runtime yet";
}

/// More processes than the run may have.
#[cold]
pub fn too_many_processes(max: u32) -> Error {
    Error::new(ErrorKind::TooLarge, format!("more than {max} processes at a time"))
}

/// A value that outgrows its variable.
#[cold]
pub fn no_room(bytes: usize, room: u64) -> Error {
    Error::new(ErrorKind::TooLarge, format!("the value takes {bytes} bytes, the variable has room for {room}"))
}

/// An argument that is to be a count.
#[cold]
pub fn not_a_count(what: &str) -> Error {
    Error::type_error(format!("{what} is an int"))
}

/// A number of an operation or a declaration that cannot be, and what may.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident = $message:literal;)*) => {
        $($(#[$doc])*
        #[cold]
        pub fn $name(given: i64) -> Error {
            Error::value_error(format!($message, given = given))
        })*
    };
}

numbers! {
    /// A capacity below zero.
    negative_capacity = "a queue's capacity cannot be negative, and this is {given}";
    /// A notification of fewer than none.
    negative_notify = "the number to notify cannot be negative, and this is {given}";
    /// A semaphore that begins below zero.
    negative_semaphore = "a semaphore cannot begin below zero, and this is {given}";
    /// A release of less than one permit.
    no_permit = "at least one permit is released, not {given}";
    /// A barrier of nobody.
    no_parties = "a barrier has at least one party, not {given}";
}
