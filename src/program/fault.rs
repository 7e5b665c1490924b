//! What goes wrong with operations: the one table of kinds and messages that every world raises from.
//!
//! Answers for: that the same misuse is said in the same words wherever it happens. Never decides that it happened.

use crate::value::{Error, ErrorKind, Value};

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
    /// An rwlock as a whole.
    no_side = TypeError, "an rwlock is acquired and released by a side, `.read` or `.write`";
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
    /// A barrier whose timeout is none.
    barrier_timeout = TypeError, "a barrier's timeout is a duration, such as `5s`, or none";
    /// A barrier whose timeout is over before it begins.
    negative_barrier_timeout = ValueError, "a barrier's timeout cannot be negative";
    /// A latch that is counted by nothing, or backwards.
    latch_by_less_than_one = ValueError, "a latch is counted by at least one";
    /// A surplus `count_down`.
    latch_below_zero = ValueError, "the latch would be counted down below zero";
    /// More than a latch can count.
    latch_too_high = Overflow, "a latch counts up to 2**63 - 1";
    /// A read at the end.
    end_of_file = Eof, "the other end has been let go, and nothing is left to read";
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
    /// A pool of which a worker could not begin.
    pool_broken = WorkerDied, "the body of the pool failed in a worker: the pool is broken";
    /// Workers that are to do nothing.
    no_tasks_per_child = ValueError, "a worker does at least one task";
    /// The whole of what is taken item by item.
    taken_by_items = TypeError, "the results of an imap are taken one by one, by `for` or next()";
    /// An item of what is there as a whole.
    taken_whole = TypeError, "only the results of an imap are taken one by one; this result has get()";
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
    no_runtime = TypeError, "this has no such operation";
}

/// An `imap` of which nothing is left.
#[cold]
pub fn no_more_results() -> Error {
    Error::new(ErrorKind::Other("StopIteration".into()), "there are no more results")
}

/// The most processes of a run at a time, unless it says otherwise.
pub const PROCESSES_MAX: u32 = 512;

/// More processes than the run may have.
#[cold]
pub fn too_many_processes(max: u32) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        format!("more than {max} processes at a time; `conc run --max-processes` allows more"),
    )
}

/// The most threads of a run at a time, those that processes begin with left out, unless it says otherwise.
pub const THREADS_MAX: u32 = 1024;

/// More threads than the run may have.
#[cold]
pub fn too_many_threads(max: u32) -> Error {
    Error::new(ErrorKind::TooLarge, format!("more than {max} threads at a time; `conc run --max-threads` allows more"))
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

/// What stands behind `await` is neither true nor false.
pub fn no_condition(found: &Value) -> Error {
    Error::type_error(format!("`await` takes a condition, which is true or false, not {}", found.kind_name()))
}

/// The condition of an `await` does not come to an end.
pub fn long_condition() -> Error {
    Error::value_error("the condition of this `await` takes too long to evaluate")
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
    /// A latch that begins below zero.
    negative_latch = "a latch cannot begin below zero, and this is {given}";
}

/// The timeout that a barrier is made with, in nanoseconds.
pub fn timeout_of_barrier(value: &Value) -> Result<Option<u64>, Error> {
    match value {
        Value::None => Ok(None),
        Value::Duration(ns) | Value::Elapsed(ns) => match u64::try_from(*ns) {
            Ok(ns) => Ok(Some(ns)),
            Err(_) => Err(negative_barrier_timeout()),
        },
        _ => Err(barrier_timeout()),
    }
}
