//! The lowered program: instructions per body, and the tables they refer to.
//!
//! Answers for: what is run, as data. Never runs it.

mod disasm;
pub mod fault;
mod image;
pub mod instr;
mod joins;
mod liveness;
pub mod lower;
pub mod op;
pub mod signature;

pub use disasm::disassemble;
pub use image::Image;
pub use instr::{CallSpec, Handler, Instr, Piece, TextSpec};
pub use joins::{Joins, Place};
pub use liveness::Liveness;

use std::sync::Arc;

use crate::analysis::Owner;
use crate::source::{Source, Span};
use crate::value::{ObjectKind, Value};

/// Index into [`Program::codes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CodeId(pub u32);

/// The instructions of one body.
#[derive(Debug)]
pub struct Code {
    /// For people: `main`, `task half`, `const N`, `process write`, …
    pub name: Arc<str>,
    /// How many values it takes, in its first registers.
    pub params: u16,
    /// How many registers it needs.
    pub registers: u16,
    /// What is done.
    pub instrs: Vec<Instr>,
    /// Where each instruction stands in the source.
    pub spans: Vec<Span>,
    /// Values that instructions refer to.
    pub literals: Vec<Value>,
    /// Calls that instructions refer to.
    pub calls: Vec<CallSpec>,
    /// Texts that instructions put together.
    pub texts: Vec<TextSpec>,
    /// What is done about errors, the innermost first.
    pub handlers: Vec<Handler>,
}

/// A whole scenario, lowered. The indices of consts, objects, templates and tasks are those of `analysis`.
#[derive(Debug)]
pub struct Program {
    /// The text it was made from, for places.
    pub source: Source,
    /// Every body and constant expression.
    pub codes: Vec<Code>,
    /// Constants, each after those it uses: the declared ones first, then the defaults of parameters.
    pub consts: Vec<ConstSpec>,
    /// Declared objects.
    pub objects: Vec<ObjectSpec>,
    /// Templates of actors.
    pub templates: Vec<Template>,
    /// Tasks.
    pub tasks: Vec<Task>,
    /// What the main process does; made up where the file has no `main`: starts what stands at file level, once, and
    /// joins it.
    pub main: CodeId,
    /// Whether the file has a `main`.
    pub has_main: bool,
    /// What runs in main's process when every actor has ended.
    pub finally: Option<CodeId>,
    /// `invariant` claims: name and condition.
    pub invariants: Vec<(Arc<str>, CodeId)>,
    /// `eventually` claims: name and condition.
    pub eventually: Vec<(Arc<str>, CodeId)>,
    /// The values that `expect outcomes` names, each with its place; none where the file has no such claim.
    pub outcomes: Option<Vec<(CodeId, Span)>>,
}

impl Program {
    /// A body.
    pub fn code(&self, id: CodeId) -> Option<&Code> {
        self.codes.get(id.0 as usize)
    }

    /// Whether it declares pipes.
    pub fn has_pipes(&self) -> bool {
        self.objects.iter().any(|object| object.kind == ObjectKind::PipeEnd)
    }

    /// The place in the text of a place in the program.
    pub fn span_of(&self, site: op::Site) -> Option<Span> {
        self.codes.get(site.code as usize)?.spans.get(site.pc as usize).copied()
    }
}

/// A constant.
#[derive(Debug)]
pub struct ConstSpec {
    /// Its name; empty for the default of a parameter.
    pub name: Arc<str>,
    /// Where it is declared.
    pub span: Span,
    /// Evaluated when the scenario is planned; takes nothing, returns the value.
    pub code: CodeId,
}

/// A declared object, array of objects, or end of a pipe.
#[derive(Debug)]
pub struct ObjectSpec {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is declared.
    pub span: Span,
    /// What kind.
    pub kind: ObjectKind,
    /// Where it is declared; only `Owner::File` objects are made by the planner, the others by [`op::OpCode::Create`].
    pub owner: Owner,
    /// Index among the objects of its owner: where a process keeps its handle.
    pub slot: u32,
    /// For the end of a pipe: the declaration of the other end.
    pub peer: Option<u32>,
    /// For the end of a pipe: whether one may send and receive on it.
    pub sends: bool,
    /// See `sends`.
    pub receives: bool,
    /// For arrays, the number: a code that takes nothing and returns an int. Only of objects at file level.
    pub count: Option<CodeId>,
    /// For objects at file level: a code that takes nothing and returns `[arguments…, start value]`, see
    /// [`ObjectSpec::arguments`].
    pub setup: Option<CodeId>,
    /// The action of a barrier, what a worker of a pool does (with its loop), the body of a `once`.
    pub body: Option<CodeId>,
    /// Of a pool: its workers are threads of the process that it belongs to.
    pub threads: bool,
    /// Of a pool to which tasks with callbacks may be handed: what the thread does that runs them.
    pub callbacks: Option<CodeId>,
    /// Whether it was declared as an array.
    pub is_array: bool,
}

impl ObjectSpec {
    /// The names of the arguments of a declaration, in the order of the list that `setup` and `Create` give;
    /// one that was not given is `none` there. The start value of a `shared` or `atomic` follows them.
    pub fn arguments(kind: ObjectKind) -> &'static [&'static str] {
        match kind {
            ObjectKind::Queue => &["capacity", "order"],
            ObjectKind::Condition => &["lock"],
            ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => &["value"],
            ObjectKind::Barrier => &["parties", "timeout"],
            ObjectKind::Latch => &["count"],
            ObjectKind::Shared => &["room"],
            ObjectKind::Pool => &["processes", "threads", "tasks_per_child"],
            ObjectKind::PipeEnd
            | ObjectKind::Lock
            | ObjectKind::Rlock
            | ObjectKind::Rwlock
            | ObjectKind::Event
            | ObjectKind::Once
            | ObjectKind::Atomic => &[],
        }
    }
}

/// What sort of actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum ActorKind {
    /// The main process.
    Main,
    /// A process.
    Process,
    /// A thread.
    Thread,
    /// A timer: a thread that first waits.
    Timer,
    /// A worker of a pool.
    Worker,
}

/// A template of actors.
#[derive(Debug)]
pub struct Template {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is declared.
    pub span: Span,
    /// Process, thread or timer.
    pub kind: ActorKind,
    /// Ended, not awaited, when the actor that started it ends.
    pub daemon: bool,
    /// The display name behind `as`.
    pub display: Option<Arc<str>>,
    /// Where it is declared: a thread in a process's body is a thread of that process.
    pub owner: Owner,
    /// For a replicated one: a code that takes nothing and returns the list or range of its indices.
    pub replicas: Option<CodeId>,
    /// Parameters, the index of a replicated one not among them.
    pub params: Vec<Param>,
    /// What it does. Takes the index first, where replicated, then the parameters.
    pub body: CodeId,
    /// How many objects are declared in its body.
    pub private_objects: u32,
}

/// A task.
#[derive(Debug)]
pub struct Task {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is declared.
    pub span: Span,
    /// Parameters.
    pub params: Vec<Param>,
    /// What it does; takes the parameters.
    pub body: CodeId,
}

/// A parameter.
#[derive(Debug)]
pub struct Param {
    /// Its name.
    pub name: Arc<str>,
    /// Its default: an index into [`Program::consts`].
    pub default: Option<u32>,
}
