//! Values: what a variable can hold and a message can carry.
//!
//! Answers for: the kinds of values, their order, how they print, how they are encoded. Never knows a world.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub mod codec;
pub mod depth;
pub mod display;
pub mod error;
pub mod kind;
pub mod order;
pub mod text;

pub use codec::{decode, decode_error, encode, encode_error};
pub use depth::{MAX_BYTES, MAX_DEPTH, fit};
pub use display::{Names, NoNames, display, literal};
pub use error::{Error, ErrorKind};
pub use kind::kind_name;
pub use order::{compare, equals};

const _: () = assert!(size_of::<Value>() == 16, "a value is two words");

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
    /// Text
    Str(Arc<Text>),
    /// A list
    List(Arc<Vec<Value>>),
    /// A map in key order
    Map(Arc<BTreeMap<Value, Value>>),
    /// A set in order
    Set(Arc<BTreeSet<Value>>),
    /// A range
    Range(Arc<Range>),
    /// A declared object
    Object(ObjectRef),
    /// A started actor
    Actor(ActorRef),
    /// The result of a task handed to a pool
    Result(ResultRef),
    /// A task, as a value
    Task(u32),
    /// An error on its way (never seen by a scenario: `catch` binds a map)
    Error(Arc<Error>),
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

/// Names an actor of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ActorRef(pub u32);

/// Names the result of a task of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResultRef(pub u32);
