//! The execution graph: which objects and actors a scenario has, who uses what, and by which transport.
//!
//! Answers for: constants, sizes, transports and the reasons for them. Never starts anything.

use std::sync::Arc;

use crate::program::Image;
use crate::source::Span;
use crate::value::{ObjectKind, Value};

/// A planned scenario.
#[derive(Debug)]
pub struct Plan {
    /// For the VM.
    pub image: Arc<Image>,
    /// Every object at file level, by its id in [`crate::value::ObjectRef`].
    pub objects: Vec<PlannedObject>,
    /// By declaration: the transport of its objects, private ones included.
    pub transports: Vec<(Transport, Reason)>,
    /// Who uses what.
    pub uses: Vec<Use>,
}

/// An object at file level.
#[derive(Debug)]
pub struct PlannedObject {
    /// Which declaration.
    pub decl: u32,
    /// Which of an array.
    pub index: Option<u32>,
    /// As shown: `forks[2]`.
    pub name: Arc<str>,
    /// What kind.
    pub kind: ObjectKind,
    /// Arguments and start value, as [`crate::program::ObjectSpec::arguments`] says.
    pub setup: Vec<Value>,
    /// For the end of a pipe: the id of the other end.
    pub peer: Option<u32>,
    /// How it is reached.
    pub transport: Transport,
}

/// How an object is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Transport {
    /// Queues of one process: a `crossbeam-channel`.
    Channel,
    /// Everything else of one process: process-private futexes.
    InProcess,
    /// Across processes: the shared arena and shared futexes.
    Arena,
    /// A kernel pipe (two for a duplex one).
    KernelPipe,
}

/// Why an object has its transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Only main and its threads use it.
    OnlyMain,
    /// Declared in a process's body, so used by that process's threads alone.
    Private,
    /// Several processes use it: two of them (template names).
    Processes(Arc<str>, Arc<str>),
    /// It is used by a template of which there are, or may be, several processes.
    Replicated(Arc<str>),
    /// It is passed on as a value, so any process may get it: where.
    Escapes(Span),
    /// A crossbeam channel has no such order.
    Order,
    /// It is a pipe.
    Pipe,
    /// Nobody uses it.
    Unused,
}

/// Somebody uses something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Who.
    pub by: User,
    /// Which declaration.
    pub decl: u32,
    /// The operations, by name, in order of first use: `put`, `with`, `read`, `write`, `as a value`, …
    pub operations: Vec<Arc<str>>,
}

/// Who uses.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum User {
    /// The body of main.
    Main,
    /// A template.
    Template(u32),
    /// A worker of the pool with this declaration.
    Worker(u32),
    /// `finally`
    Finally,
}
