//! Replays: the steps of one run as data, in a file that people can read, and the policy that takes them again.
//!
//! Answers for: the format (documented in `docs/replay.md`), and saying what no longer fits. Never opens a file.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::fifo::Fifo;
use super::{Picked, Scheduler};
use crate::machine::{Choice, Machine, State, What};
use crate::plan::Plan;
use crate::program::op::OpCode;
use crate::trace::{Misfit, Race, deep};
use crate::value::{self, Value};

/// The version of the format that is written and read.
const VERSION: u32 = 1;

/// A run to be taken again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// Version of the format: 1.
    pub version: u32,
    /// Name of the scenario's file.
    pub file: String,
    /// What the scenario's text and constants hash to, as hexadecimal digits.
    pub scenario: String,
    /// Where random choices come from.
    pub seed: u64,
    /// Constants that were given other values.
    pub sets: Vec<(String, String)>,
    /// Whether sleepers wake, and waits time out, at any step, as in a check; otherwise time is virtual.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub any_time: bool,
    /// How many processes may be killed though the scenario does not say so.
    #[serde(default, skip_serializing_if = "is_none")]
    pub crashes: u32,
    /// Whose accesses race after the last step, where it leads to a race: the run ends there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub race: Option<[String; 2]>,
    /// How many of the last steps are a round: after them all is as it was before them, for ever; the run ends there.
    #[serde(default, skip_serializing_if = "no_steps")]
    pub round: usize,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// Whether there are none.
fn is_none(count: &u32) -> bool {
    *count == 0
}

/// Whether it is none at all.
fn no_steps(count: &usize) -> bool {
    *count == 0
}

/// One or several steps of an actor: its name, and where it stood (line and operation), so that it can be said what no
/// longer fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// It goes on.
    Go(String, u32, OpCode),
    /// It takes the next step towards its end.
    End(String),
    /// Its wait is out of time.
    TimeOut(String, u32, OpCode),
    /// It goes on and serves just these, of those who wait.
    Serve(String, u32, OpCode, Vec<String>),
    /// Of a `select`: it goes on with this case (counted from 0), and serves just these there, if any are named.
    Case(String, u32, OpCode, u32, Vec<String>),
    /// It goes on, and this (encoded, as hexadecimal digits) is what is drawn.
    Draw(String, u32, OpCode, String),
    /// Its process is ended by a signal that was sent to it, or by SIGKILL where crashes are looked at.
    Die(String, i32),
    /// It waits to be notified, and wakes up though nobody did so.
    Wake(String, u32, OpCode),
    /// That it was killed becomes known.
    Bury(String),
    /// Its process starts a worker of a pool (by its number) in place of one that died.
    Replace(String, u32),
}

/// Why a text is not a replay.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It is not of this form.
    #[error("{0}")]
    Ron(#[from] ron::error::SpannedError),
    /// It cannot be written.
    #[error("{0}")]
    Write(#[from] ron::Error),
    /// A later version.
    #[error("the replay has format version {0}, this program reads version {VERSION}")]
    Version(u32),
}

impl Replay {
    /// A replay without steps of a planned scenario.
    pub fn new(plan: &Plan, seed: u64) -> Replay {
        let name = plan.image.program.source.name();
        let file = std::path::Path::new(name).file_name();
        Replay {
            version: VERSION,
            file: file.map_or_else(|| name.to_owned(), |name| name.to_string_lossy().into_owned()),
            scenario: plan.hash(),
            seed,
            sets: plan.sets.clone(),
            any_time: false,
            crashes: 0,
            race: None,
            round: 0,
            steps: Vec::new(),
        }
    }

    /// Whether somebody is woken by nobody.
    pub fn has_spurious(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Wake(..)))
    }

    /// Whether it was recorded of this scenario, with these constants.
    pub fn is_of(&self, plan: &Plan) -> bool {
        self.scenario == plan.hash()
    }

    /// The race that it leads to, if that is where a state stands after so many steps.
    pub fn race_at(&self, machine: &Machine, state: &State, steps: usize) -> Option<Race> {
        let named = self.race.as_ref().filter(|_| steps == self.steps.len())?;
        let is_it = |race: &Race| named.iter().zip(&race.accesses).all(|(name, access)| *name == access.name);
        machine.races(state).into_iter().find(is_it)
    }

    /// Where its round begins: after so many steps. None where it has none.
    pub fn round_from(&self) -> Option<usize> {
        self.steps.len().checked_sub(self.round).filter(|_| self.round > 0)
    }

    /// Those who take part in the round, by name.
    pub fn round_of(&self) -> Vec<String> {
        let steps = self.round_from().and_then(|from| self.steps.get(from..)).unwrap_or_default();
        let mut actors: Vec<String> = steps.iter().map(|step| step.actor().to_owned()).collect();
        actors.sort_unstable();
        actors.dedup();
        actors
    }

    /// Reads what [`Replay::to_ron`] wrote.
    pub fn from_ron(text: &str) -> Result<Replay, ReplayError> {
        let replay: Replay = deep::from_ron(text)?;
        if replay.version == VERSION { Ok(replay) } else { Err(ReplayError::Version(replay.version)) }
    }

    /// RON, a step on each line.
    pub fn to_ron(&self) -> Result<String, ReplayError> {
        let pretty = ron::ser::PrettyConfig::new().depth_limit(2).indentor("  ".to_owned());
        let mut text = deep::to_ron_pretty(self, pretty)?;
        text.push('\n');
        Ok(text)
    }

    /// Notes a step that is about to be taken.
    pub fn note(&mut self, machine: &Machine, state: &State, choice: &Choice) {
        self.steps.push(step(machine, state, choice));
    }
}

/// A choice as a replay has it.
fn step(machine: &Machine, state: &State, choice: &Choice) -> Step {
    let name = state.name(choice.actor).to_owned();
    let at = stands(machine, state, choice.actor);
    match (&choice.what, at) {
        (What::Go, None) => Step::End(name),
        (What::Go, Some((line, op))) => Step::Go(name, line, op),
        (What::TimeOut, at) => {
            let (line, op) = at.unwrap_or((0, OpCode::Yield));
            Step::TimeOut(name, line, op)
        }
        (What::Serve(served), at) => {
            let (line, op) = at.unwrap_or((0, OpCode::Yield));
            Step::Serve(name, line, op, served.iter().map(|actor| state.name(*actor).to_owned()).collect())
        }
        (What::Draw(value), at) => {
            let (line, op) = at.unwrap_or((0, OpCode::Yield));
            Step::Draw(name, line, op, digits(value))
        }
        (What::Case(case, served), at) => {
            let (line, op) = at.unwrap_or((0, OpCode::Yield));
            let served = served.iter().map(|actor| state.name(*actor).to_owned()).collect();
            Step::Case(name, line, op, *case, served)
        }
        (What::Die(signal), _) => Step::Die(name, *signal),
        (What::Wake, at) => {
            let (line, op) = at.unwrap_or((0, OpCode::Yield));
            Step::Wake(name, line, op)
        }
        (What::Bury, _) => Step::Bury(name),
        (What::Replace(pool), _) => Step::Replace(name, *pool),
    }
}

fn stands(machine: &Machine, state: &State, actor: u32) -> Option<(u32, OpCode)> {
    let op = machine.next_op(state, actor)?;
    let program = &machine.plan().image.program;
    Some((program.span_of(op.site).map_or(0, |span| program.source.line_of(span.start)), op.code))
}

fn digits(value: &Value) -> String {
    let mut bytes = Vec::new();
    value::encode(value, &mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_digits(digits: &str) -> Option<Value> {
    let byte = |at: usize| digits.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    value::decode(&bytes?)
}

/// Takes the steps of a replay, then goes on first in, first out.
pub(super) struct Replaying {
    replay: Arc<Replay>,
    at: usize,
    then: Fifo,
}

impl Replaying {
    pub(super) fn new(replay: Arc<Replay>) -> Replaying {
        Replaying { replay, at: 0, then: Fifo::default() }
    }
}

impl Scheduler for Replaying {
    fn pick(&mut self, machine: &Machine, state: &State, choices: &[Choice]) -> Result<Picked, Misfit> {
        let replay = Arc::clone(&self.replay);
        let Some(wanted) = replay.steps.get(self.at) else { return self.then.pick(machine, state, choices) };
        self.at += 1;
        if let Some(choice) = fitting(machine, state, choices, wanted) {
            return Ok(Picked::Exactly(choice));
        }
        let actor = state.named(wanted.actor());
        Err(Misfit {
            step: self.at,
            actor: wanted.actor().to_owned(),
            wanted: wanted.line().zip(wanted.op()),
            stands: actor.and_then(|actor| stands(machine, state, actor)),
            can_go_on: choices.iter().any(|choice| Some(choice.actor) == actor),
            same_scenario: replay.is_of(machine.plan()),
        })
    }

    fn is_bound(&self) -> bool {
        self.at < self.replay.steps.len()
    }
}

impl Step {
    /// Whose it is.
    pub fn actor(&self) -> &str {
        match self {
            Step::Go(name, ..)
            | Step::End(name)
            | Step::TimeOut(name, ..)
            | Step::Serve(name, ..)
            | Step::Case(name, ..)
            | Step::Draw(name, ..)
            | Step::Die(name, _)
            | Step::Wake(name, ..)
            | Step::Bury(name)
            | Step::Replace(name, _) => name,
        }
    }

    /// The operation it was to perform.
    pub fn op(&self) -> Option<OpCode> {
        match self {
            Step::Go(_, _, op)
            | Step::TimeOut(_, _, op)
            | Step::Wake(_, _, op)
            | Step::Serve(_, _, op, _)
            | Step::Case(_, _, op, ..)
            | Step::Draw(_, _, op, _) => Some(*op),
            _ => None,
        }
    }

    /// The line where it was to do so.
    pub fn line(&self) -> Option<u32> {
        match self {
            Step::Go(_, line, _)
            | Step::TimeOut(_, line, _)
            | Step::Wake(_, line, _)
            | Step::Serve(_, line, ..)
            | Step::Case(_, line, ..)
            | Step::Draw(_, line, ..) => Some(*line),
            _ => None,
        }
    }
}

fn all_named(state: &State, names: &[String]) -> Option<Vec<u32>> {
    names.iter().map(|name| state.named(name)).collect()
}

/// The choice that a step of a replay is in this state. Lines may have moved, operations not.
fn fitting(machine: &Machine, state: &State, choices: &[Choice], wanted: &Step) -> Option<Choice> {
    let actor = state.named(wanted.actor())?;
    if machine.next_op(state, actor).map(|op| op.code) != wanted.op() && wanted.op().is_some() {
        return None;
    }
    let what = match wanted {
        Step::Go(..) | Step::End(_) => What::Go,
        Step::TimeOut(..) => What::TimeOut,
        Step::Serve(_, _, _, served) => What::Serve(all_named(state, served)?),
        Step::Case(_, _, _, case, served) => What::Case(*case, all_named(state, served)?),
        Step::Draw(_, _, _, value) => What::Draw(from_digits(value)?),
        Step::Die(_, signal) => What::Die(*signal),
        Step::Wake(..) => What::Wake,
        Step::Bury(_) => What::Bury,
        Step::Replace(_, pool) => What::Replace(*pool),
    };
    let is_draw = matches!(what, What::Draw(_));
    let choice = Choice { actor, what };
    // What may be drawn is more than what the machine tries.
    let there =
        choices.iter().any(|one| *one == choice || is_draw && one.actor == actor && matches!(one.what, What::Draw(_)));
    there.then_some(choice)
}
