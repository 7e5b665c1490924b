//! How a run ended, as data.
//!
//! Answers for: what a report needs to say about it. Never words it.

use super::{Datum, Race};
use crate::program::op::OpCode;
use crate::source::Span;
use crate::value::ObjectKind;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Ending {
    /// Every actor ended; whether all went well is in the errors.
    Finished,
    /// `main` ended by `exit(n)`, n ≠ 0.
    Exited(u8),
    /// Nobody could go on, or some never can again: each of them.
    Deadlock(Vec<Blocked>),
    /// An invariant did not hold after a step.
    InvariantBroken(Box<BrokenInvariant>),
    /// A replay came to where two accesses race.
    Race(Box<Race>),
    /// A replay came round to where it was so many steps before, and can do so for ever: who takes part.
    Livelock(Vec<String>, usize),
    /// The time given to the run was over.
    TimedOut,
    /// A limit was reached: which.
    OverLimit(String),
    /// `main` was killed by a signal that is not the scenario's own: which.
    Killed(i32),
    /// A signal ended the run.
    Signalled(i32),
    /// Something happened that cannot: a bug of conc's.
    Bug(String),
    /// The OS did what the machine cannot do: a bug of conc's.
    Diverged(Box<Divergence>),
    /// A replay has a step that the run does not have.
    Misfit(Box<Misfit>),
}

/// An invariant that did not hold.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BrokenInvariant {
    /// Its name.
    pub name: String,
    /// Where it is claimed.
    pub claimed: Span,
    /// The error that evaluating it came to, if it did; otherwise it is false.
    pub error: Option<String>,
    /// Whose step broke it, and where that stands; none where it did not hold from the beginning.
    pub by: Option<(String, Span)>,
}

/// Where the OS and the machine part.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Divergence {
    /// Whose step.
    pub actor: String,
    /// Where it stands.
    pub span: Span,
    /// What the machine says comes of it.
    pub machine: String,
    /// What the OS did.
    pub os: String,
}

/// A step of a replay that the run does not have.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Misfit {
    /// Which, from 1.
    pub step: usize,
    /// Whose.
    pub actor: String,
    /// What it was to perform, and on which line; none where it was to come to its end, or was to be ended.
    pub wanted: Option<(u32, OpCode)>,
    /// Where that actor stands instead; none where there is no such actor, or it has no more to do.
    pub stands: Option<(u32, OpCode)>,
    /// Whether it can go on there.
    pub can_go_on: bool,
    /// Whether the scenario is the one that was recorded.
    pub same_scenario: bool,
}

/// An actor that waits for what will not come.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Blocked {
    /// Instance name.
    pub actor: String,
    /// Where it waits.
    pub span: Span,
    /// What it waits in.
    pub op: OpCode,
    /// The object or actor it waits for, by name; none for the result of a task.
    pub target: Option<String>,
    /// The kind of the object, if it is one.
    pub kind: Option<ObjectKind>,
    /// Who holds it, by name: of a lock its holder, of a join the actor itself.
    pub held_by: Vec<String>,
    /// Whoever holds it has ended, and left it so.
    pub holder_ended: bool,
    /// Of a barrier: who is there.
    pub gathered: Option<Gathered>,
}

/// Who is at a barrier.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Gathered {
    /// Those who have arrived, by name.
    pub arrived: Vec<String>,
    /// How many there must be.
    pub parties: usize,
}

/// An error that ended its actor.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Uncaught {
    /// Instance name.
    pub actor: String,
    /// The kind's name.
    pub kind: String,
    /// The message.
    pub message: String,
    /// Where it was raised.
    pub span: Span,
}

impl Uncaught {
    /// As the argument of an `End` event.
    pub fn datum(&self) -> Datum {
        match self.message.as_str() {
            "" => Datum::Str(self.kind.clone()),
            message => Datum::Str(format!("{}: {message}", self.kind)),
        }
    }
}
