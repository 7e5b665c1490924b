//! Values: what a variable can hold and a message can carry.
//!
//! Answers for: the kinds of values, their order, how they print, how they are encoded. Never knows a world.

mod arith;
pub mod builtins;
pub mod codec;
pub mod depth;
mod display;
pub mod encoded;
mod error;
mod index;
mod map;
pub mod methods;
mod order;
mod text;

pub use arith::{add, add_assign, binary, check_items, div, floor_div, mul, negate, pow, rem, repeat, sub};
pub use codec::{
    Ids, Own, begin_list, decode, decode_error, decode_list, encode, encode_error, encode_error_with, encode_list,
    encode_with,
};
pub use display::{Names, Numbers, Writer, described, display, duration, float, literal};
pub use error::Result;
pub use index::{
    bounds, contains, field, get, get_mut, get_path, index, items, len, map_of, path_mut, set, set_path, slice,
};
pub use map::Map;
pub use order::{compare, equals, sort};
pub use text::append;

use std::collections::BTreeSet;
use std::sync::Arc;

/// What large values are in: shared until written. As nobody refers to one weakly, whether it has another owner is
/// read, where an `Arc` of the standard library has to keep others off while it looks.
pub use triomphe::Arc as Shared;

/// How deep values nest.
pub const DEPTH_MAX: usize = 512;
/// How many bytes a text has at most.
pub const BYTES_MAX: usize = 256 << 20;
/// How many items a list has at most: as many as fill [`BYTES_MAX`].
pub const ITEMS_MAX: usize = BYTES_MAX / size_of::<Value>();

const _: () = assert!(size_of::<Value>() == 16, "a value is sixteen bytes");

/// A value: sixteen bytes; small ones need no allocation, large ones are shared until written (value semantics).
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `none`
    #[default]
    None,
    /// `true`, `false`
    Bool(bool),
    /// A 64-bit integer
    Int(i64),
    /// A float
    Float(f64),
    /// A duration in nanoseconds
    Duration(i64),
    /// An integer that is a process or thread id: an int in every respect, but a trace masks it.
    Pid(i64),
    /// A duration that was measured, in nanoseconds: a duration in every respect, but a trace masks it.
    Elapsed(i64),
    /// A declared object
    Object(ObjectRef),
    /// A started actor
    Actor(ActorRef),
    /// The result of a task handed to a pool
    Result(ResultRef),
    /// A task, as a value
    Task(u32),
    // From here on, what keeps memory.
    /// Text
    Str(Shared<Text>),
    /// A list
    List(Shared<Vec<Value>>),
    /// A map in key order
    Map(Shared<Map>),
    /// A set in order
    Set(Shared<BTreeSet<Value>>),
    /// A range
    Range(Shared<Range>),
    /// An error on its way (never seen by a scenario: `catch` binds a map)
    Error(Shared<Error>),
}

/// Text, and which parts of it a trace masks.
#[derive(Clone, Debug, Default)]
pub struct Text {
    /// The text.
    pub text: String,
    /// Parts that came from [`Value::Pid`] and [`Value::Elapsed`], in order.
    pub masks: Vec<Mask>,
}

/// A part of a text that a trace masks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mask {
    /// Byte offset.
    pub start: u32,
    /// Byte offset one past the end.
    pub end: u32,
    /// The process or thread id that stands there; none for a time.
    pub pid: Option<i64>,
}

/// `low..high`; `low..=high` where inclusive. Ints, or durations for `random`.
#[derive(Clone, Debug)]
pub struct Range {
    /// First.
    pub low: Value,
    /// Last, or one past it.
    pub high: Value,
    /// Whether `high` belongs to it.
    pub inclusive: bool,
}

/// The kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[repr(u8)]
#[expect(missing_docs, reason = "each is the object of the same name in docs/language.md")]
pub enum ObjectKind {
    Queue,
    PipeEnd,
    Lock,
    Rlock,
    Rwlock,
    Condition,
    Semaphore,
    BoundedSemaphore,
    Event,
    Barrier,
    Latch,
    Once,
    Shared,
    Atomic,
    Pool,
}

/// Names an object of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectRef {
    /// Which one: an index the plan gave out, or, above those, the world.
    pub id: u32,
    /// Its kind.
    pub kind: ObjectKind,
    /// Which side of an rwlock: 0 the whole, 1 `.read`, 2 `.write`; otherwise 0.
    pub role: u8,
}

/// A side of an rwlock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// Many may hold it.
    Read,
    /// One holds it, and nobody reads.
    Write,
}

impl Side {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Side::Read => "read",
            Side::Write => "write",
        }
    }
}

impl ObjectRef {
    /// Which side of an rwlock it is.
    pub fn side(self) -> Option<Side> {
        match (self.kind, self.role) {
            (ObjectKind::Rwlock, 1) => Some(Side::Read),
            (ObjectKind::Rwlock, 2) => Some(Side::Write),
            _ => None,
        }
    }
}

/// Names an actor of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActorRef(pub u32);

/// Names the result of a task of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResultRef(pub u32);

/// An error of the scenario: a kind, a message and where it was raised.
#[derive(Clone, Debug)]
pub struct Error {
    /// The kind.
    pub kind: ErrorKind,
    /// The message.
    pub message: Arc<str>,
    /// The place in the source where it was raised (filled in by the VM).
    pub span: crate::source::Span,
    /// The name of the actor that raised it (filled in by the world).
    pub actor: Arc<str>,
}

/// The kinds of errors.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the error of the same name in docs/language.md")]
pub enum ErrorKind {
    Full,
    Empty,
    Closed,
    Eof,
    BrokenPipe,
    Timeout,
    BrokenBarrier,
    NotHeld,
    Overflow,
    PoolClosed,
    PoolRunning,
    OwnerDied,
    WorkerDied,
    TypeError,
    IndexError,
    KeyError,
    ZeroDivision,
    ValueError,
    AssertionFailed,
    TooLarge,
    Cancelled,
    /// Too deep a recursion.
    RecursionError,
    /// `exit(n)` on its way out: not caught by a `catch` without a kind.
    Exit(u8),
    /// Any name that `raise` uses.
    Other(Arc<str>),
}

impl Value {
    /// Adds the ids of the ends of pipes that the value mentions.
    pub fn pipe_ends(&self, ids: &mut Vec<u32>) {
        match self {
            Value::Object(object) if object.kind == ObjectKind::PipeEnd => ids.push(object.id),
            Value::List(items) => items.iter().for_each(|item| item.pipe_ends(ids)),
            Value::Set(items) => items.iter().for_each(|item| item.pipe_ends(ids)),
            Value::Map(entries) => entries.iter().for_each(|(key, item)| {
                key.pipe_ends(ids);
                item.pipe_ends(ids);
            }),
            _ => {}
        }
    }

    /// A list of these items.
    pub fn list(items: Vec<Value>) -> Value {
        Value::List(Shared::new(items))
    }

    /// A range.
    pub fn range(low: Value, high: Value, inclusive: bool) -> Value {
        Value::Range(Shared::new(Range { low, high, inclusive }))
    }

    /// What `type` says of it.
    pub fn kind_name(&self) -> &'static str {
        match self {
            Value::None => "none",
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::Pid(_) => "int",
            Value::Float(_) => "float",
            Value::Duration(_) | Value::Elapsed(_) => "duration",
            Value::Str(_) => "string",
            Value::List(_) => "list",
            Value::Map(_) => "map",
            Value::Set(_) => "set",
            Value::Range(_) => "range",
            Value::Object(object) => object.kind.name(),
            Value::Actor(_) => "actor",
            Value::Result(_) => "result",
            Value::Task(_) => "task",
            Value::Error(_) => "error",
        }
    }
}

impl ObjectKind {
    pub(crate) const ALL: &[(ObjectKind, &str)] = &[
        (ObjectKind::Queue, "queue"),
        (ObjectKind::PipeEnd, "pipe end"),
        (ObjectKind::Lock, "lock"),
        (ObjectKind::Rlock, "rlock"),
        (ObjectKind::Rwlock, "rwlock"),
        (ObjectKind::Condition, "condition"),
        (ObjectKind::Semaphore, "semaphore"),
        (ObjectKind::BoundedSemaphore, "bounded semaphore"),
        (ObjectKind::Event, "event"),
        (ObjectKind::Barrier, "barrier"),
        (ObjectKind::Latch, "latch"),
        (ObjectKind::Once, "once"),
        (ObjectKind::Shared, "shared"),
        (ObjectKind::Atomic, "atomic"),
        (ObjectKind::Pool, "pool"),
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        ObjectKind::ALL.get(self as usize).map_or("object", |(_, name)| name)
    }

    /// The kind with this number, as [`codec`] writes it.
    pub fn from_index(index: u8) -> Option<ObjectKind> {
        ObjectKind::ALL.get(usize::from(index)).map(|(kind, _)| *kind)
    }
}
