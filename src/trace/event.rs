//! Events as the worlds record them and reports read them.
//!
//! Answers for: the closed set of what a trace can say. Never orders or masks (see `canonical`).

use serde::{Deserialize, Serialize};

use crate::program::ActorKind;
use crate::program::op::OpCode;
use crate::value::{Mask, ObjectKind};

/// Everything recorded of one run, in no particular order across actors.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceData {
    /// Version of the format: 1.
    pub version: u32,
    /// Name of the scenario's file.
    pub file: String,
    /// What the scenario's text and constants hash to: [`crate::plan::Plan::hash`].
    #[serde(default)]
    pub scenario: String,
    /// Constants that were given other values.
    #[serde(default)]
    pub sets: Vec<(String, String)>,
    /// The number of processors that the scenario was planned for; 0 where that is not known.
    #[serde(default, skip_serializing_if = "is_unknown")]
    pub cores: u32,
    /// How many processes there could be at a time; 0 for the usual number.
    #[serde(default, skip_serializing_if = "is_unknown")]
    pub processes_max: u32,
    /// How many threads there could be at a time, those that processes begin with left out; 0 for the usual number.
    #[serde(default, skip_serializing_if = "is_unknown")]
    pub threads_max: u32,
    /// Whether some were woken from a condition's wait by nobody, as a replay of such a schedule has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub spurious: bool,
    /// Every actor, in the order in which they were started; events refer to them by index.
    pub actors: Vec<ActorInfo>,
    /// Every object with events; events refer to them by index.
    pub objects: Vec<ObjectDetail>,
    /// Events: grouped by actor, in each actor's own order.
    pub events: Vec<Event>,
}

/// Whether a number is not said.
pub(super) fn is_unknown(number: &u32) -> bool {
    *number == 0
}

/// An actor of the run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActorInfo {
    /// Instance name: `main`, `write#2`, `philosopher[3]`, `workers/1`, `team[0].member[2]`.
    pub name: String,
    /// What sort.
    pub kind: ActorKind,
    /// The actor that started it; none for main.
    pub parent: Option<u32>,
    /// Kernel process id.
    pub pid: i64,
    /// Kernel thread id.
    pub tid: i64,
}

/// An object of the run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectDetail {
    /// As shown: `q`, `forks[2]`, `team[0].team_lock`.
    pub name: String,
    /// What kind.
    pub kind: ObjectKind,
    /// For a bounded queue its capacity, for a semaphore its start value, for a barrier its parties, for a condition
    /// over a declared lock the index of that; otherwise none.
    pub size: Option<i64>,
}

/// The place of an event: which actor's, and its number in that actor's order, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Index into [`TraceData::actors`].
    pub actor: u32,
    /// Number in the actor's order, from 0.
    pub seq: u32,
}

/// One visible operation that was completed, or the begin or end of an actor.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Whose, and its number in that actor's order.
    pub place: Place,
    /// Nanoseconds since the run began.
    pub time_ns: u64,
    /// Line of the source; 0 for none.
    pub line: u32,
    /// What was done.
    pub op: OpCode,
    /// Index into [`TraceData::objects`].
    pub object: Option<u32>,
    /// For operations on an actor (join, terminate, start): index into [`TraceData::actors`].
    pub actor: Option<u32>,
    /// Place in the object's own order, from 1, taken inside the operation; 0 for none. Prints and marks: the order in
    /// which lines came out.
    pub ticket: u64,
    /// The event that made it possible: the put of what was got, the set that woke a wait, the end that a join waited
    /// for, the release that let an acquire pass, the start of a begin, the write that was read.
    pub cause: Option<Place>,
    /// Arguments.
    pub args: Vec<Datum>,
    /// What came of it.
    pub status: Status,
}

impl Event {
    /// Whether it is an arrival at a rendezvous: the first of the two waits there, the other does not, and who that is
    /// may be another at every run. (It names its operation behind the arguments.)
    pub fn waits_at_rendezvous(&self) -> bool {
        let is_word = |last: &Datum| matches!(last, Datum::Str(op) if matches!(op.as_str(), "put" | "get" | "next"));
        self.op == OpCode::Arrive && self.args.last().is_some_and(is_word)
    }
}

/// What came of an operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Status {
    /// It gave a value.
    Gave(Datum),
    /// It raised an error: kind and message.
    Raised(String, String),
}

/// A value as a trace keeps it: as in [`crate::value::Value`], with actors and objects by their index in the trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the value of the same name")]
pub enum Datum {
    #[serde(rename = "Nothing")]
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Nanoseconds.
    Duration(i64),
    /// A process or thread id: masked in canonical form.
    Pid(i64),
    /// Measured nanoseconds: masked in canonical form.
    Elapsed(i64),
    Str(String),
    /// Text with parts to be masked in canonical form.
    Masked(String, Vec<Mask>),
    List(Vec<Datum>),
    Map(Vec<(Datum, Datum)>),
    Set(Vec<Datum>),
    /// Low, high, whether high belongs to it.
    Range(Box<Datum>, Box<Datum>, bool),
    /// Index into [`TraceData::objects`].
    Object(u32),
    /// Index into [`TraceData::actors`].
    Actor(u32),
    /// The result of a task: the place where it was submitted.
    Result(Place),
    /// Name of a task.
    Task(String),
}
