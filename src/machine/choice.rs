//! The steps of a state.
//!
//! Answers for: which there are. Never takes one.

use super::actor::{Actor, At, Phase};
use super::evaluate::Evaluated;
use super::object::{self, alternatives};
use super::{MAIN, Machine, State, Time, kill, picks, select};
use crate::program::op::{Op, OpCode, Target};
use crate::value::Value;

/// A step that a state has.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Whose.
    pub actor: u32,
    /// What it does.
    pub what: What,
}

/// What an actor does in a step.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// It goes on: performs its next operation, begins to wait in it, or takes the next step towards its end.
    Go,
    /// Its wait is over, out of time.
    TimeOut,
    /// As `Go`, and of those who wait in the object just these are served.
    Serve(Vec<u32>),
    /// As `Go`, and this is what is drawn.
    Draw(Value),
    /// Of a `select`: it goes on with this case, and of those who wait in its object just these are served, if any are
    /// named.
    Case(u32, Vec<u32>),
    /// Its process is ended by a signal that was sent to it, or crashes where that is looked at.
    Die(i32),
    /// It waits to be notified, and wakes up though nobody did so.
    Wake,
    /// That it was killed becomes known.
    Bury,
    /// Its process starts a worker of the pool in place of one that died.
    Replace(u32),
}

impl Machine {
    /// The steps of a state, by actor; none once the run is over. The first of each actor is the plainest.
    pub fn choices(&self, state: &State) -> Vec<Choice> {
        let mut choices = Vec::new();
        if state.is_over() {
            return choices;
        }
        for actor in state.actors() {
            self.choices_of(state, actor.id, &mut choices);
        }
        choices
    }

    /// The steps of one actor.
    pub fn choices_of(&self, state: &State, id: u32, out: &mut Vec<Choice>) {
        let Some(actor) = state.actor(id) else { return };
        let mut add = |what| out.push(Choice { actor: id, what });
        match &actor.phase {
            Phase::Ended { .. } => return,
            Phase::Dead { .. } => {
                add(What::Bury);
                return;
            }
            Phase::Computing => add(What::Go),
            Phase::At(at) => self.choices_at(state, id, at, &mut add),
            Phase::Again { op, .. } => {
                if object::condition::lock_is_free(state, op) {
                    add(What::Go);
                }
            }
            Phase::Closing { .. } => {
                if self.can_close(state, id) {
                    add(What::Go);
                }
            }
        }
        if actor.is_process() {
            actor.process_wide.signals.iter().for_each(|signal| add(What::Die(*signal)));
            if self.may_crash(state, id) && !actor.process_wide.signals.contains(&kill::CRASH) {
                add(What::Die(kill::CRASH));
            }
            if self.habits.has_pools() {
                object::pool::owed_by(state, id).into_iter().for_each(|pool| add(What::Replace(pool)));
            }
        }
    }

    /// Whether a process may be killed though the scenario does not say so. Main's end is the run's.
    pub(super) fn may_crash(&self, state: &State, id: u32) -> bool {
        let is_one = |actor: &Actor| actor.is_process() && actor.is_alive() && id != MAIN;
        self.rules.crashes > 0 && state.head().crashes < self.rules.crashes && state.actor(id).is_some_and(is_one)
    }

    /// Whether it waits to be notified and may wake up by itself.
    pub(super) fn may_wake(&self, at: &At) -> bool {
        self.rules.spurious && at.parked && at.op.code == OpCode::ConditionWait
    }

    fn choices_at(&self, state: &State, id: u32, at: &At, add: &mut impl FnMut(What)) {
        if self.can_go(state, id, at) {
            match at.op.code {
                OpCode::DeadlineLeft => {
                    let late = state.actor(id).is_some_and(|actor| actor.late);
                    if let (false, Value::Elapsed(left)) = (late, at.op.args.get(0)) {
                        add(What::Draw(Value::Duration(*left)));
                    }
                    add(What::Draw(Value::Duration(0)));
                }
                OpCode::Random | OpCode::Shuffle | OpCode::Choose => {
                    let drawn = picks::of(&at.op);
                    if drawn.is_empty() {
                        add(What::Go);
                    }
                    drawn.into_iter().for_each(|value| add(What::Draw(value)));
                }
                OpCode::Select => select::choices(state, id, &at.op, add),
                _ => {
                    add(What::Go);
                    alternatives(state, id, &at.op).into_iter().for_each(|served| add(What::Serve(served)));
                }
            }
            return;
        }
        if self.may_time_out(state, at) {
            add(What::TimeOut);
        }
        if self.may_wake(at) {
            add(What::Wake);
        }
    }

    /// Whether an actor before an operation has a step of its own: to perform it, or to begin to wait in it.
    pub(super) fn can_go(&self, state: &State, id: u32, at: &At) -> bool {
        if at.parked && object::is_completed_by_others(state, id, &at.op) {
            return false;
        }
        self.can_complete(state, id, at) || (!at.parked && self.arrives(state, &at.op))
    }

    /// Whether the operation can be performed now; what fails or gives up at once can.
    pub(super) fn can_complete(&self, state: &State, id: u32, at: &At) -> bool {
        match at.op.code {
            OpCode::Sleep | OpCode::TimerWait => {
                let cancelled = state.actor(id).is_some_and(|actor| actor.cancelled);
                let is_over = || at.deadline.is_none_or(|deadline| deadline <= state.clock_ns());
                cancelled || self.rules.time == Time::Any || is_over()
            }
            OpCode::Select => select::has_else(&at.op) || !select::able(state, id, &at.op).is_empty(),
            OpCode::Await => !matches!(self.awaited(state, &at.op), Evaluated::Gave(Value::Bool(false))),
            _ => object::can(state, id, &at.op),
        }
    }

    /// Whether to begin to wait in it is a step of its own, in a state in which it must wait.
    pub(super) fn arrives(&self, state: &State, op: &Op) -> bool {
        if op.code == OpCode::Select {
            return op.cases.iter().any(|case| self.arrives(state, case));
        }
        object::always_arrives(state, op)
            || self.sights.waiting && is_wait(op.code)
            || self.sights.clears && op.code == OpCode::EventWait
            || self.sights.reopens && op.code == OpCode::LatchWait
    }

    pub(super) fn may_time_out(&self, state: &State, at: &At) -> bool {
        if object::timeout(&at.op).is_none()
            || object::is_decided(state, &at.op)
            || (self.arrives(state, &at.op) && !at.parked)
        {
            return false;
        }
        match self.rules.time {
            Time::Any => true,
            Time::Prompt => at.deadline.is_some_and(|deadline| deadline <= state.clock_ns()),
        }
    }

    /// The operation at which an actor stands; none where it is computing, closing or over.
    pub fn next_op<'s>(&self, state: &'s State, actor: u32) -> Option<&'s Op> {
        state.actor(actor)?.op().map(|op| &**op)
    }

    /// Whether all that an actor can do is to begin to wait in its operation.
    pub fn only_arrives(&self, state: &State, actor: u32) -> bool {
        match state.actor(actor).map(|actor| &actor.phase) {
            Some(Phase::At(at)) => !at.parked && !self.can_complete(state, actor, at) && self.arrives(state, &at.op),
            _ => false,
        }
    }

    /// Whether all that an actor can do is to begin to wait in its operation, and nobody completes it but itself.
    pub fn waits_for_its_turn(&self, state: &State, actor: u32) -> bool {
        let completed = |op: &Op| select::is_met(state, op) || object::is_completed_by_others(state, actor, op);
        self.only_arrives(state, actor) && self.next_op(state, actor).is_some_and(|op| !completed(op))
    }

    /// How many wait in an object, where an actor is about to ask.
    pub fn waiting_in(&self, state: &State, actor: u32) -> Option<i64> {
        let op = self.next_op(state, actor).filter(|op| op.code == OpCode::Waiting)?;
        match op.target {
            Target::Object(object) => Some(object::waiting(state, object)),
            _ => None,
        }
    }

    /// The result of the task that a worker has in hand, or of the callback that runs.
    pub fn in_hand(&self, state: &State, worker: u32) -> Option<u32> {
        let worker = state.actor(worker)?;
        worker.task.map(|task| task.result).or(worker.calling)
    }

    /// Whether the run has come to an end that is none: no step, and main has not ended.
    pub fn is_stuck(&self, state: &State) -> bool {
        !state.is_over() && self.choices(state).is_empty() && state.actor(MAIN).is_some()
    }
}

/// Operations in which an actor can be found waiting.
fn is_wait(code: OpCode) -> bool {
    matches!(
        code,
        OpCode::QueuePut
            | OpCode::QueueGet
            | OpCode::QueueNext
            | OpCode::QueueJoin
            | OpCode::PipeSend
            | OpCode::PipeRecv
            | OpCode::PipeNext
            | OpCode::PipePoll
            | OpCode::LockAcquire
            | OpCode::RwAcquire
            | OpCode::SemaphoreAcquire
            | OpCode::EventWait
            | OpCode::LatchWait
            | OpCode::OnceRun
            | OpCode::PoolJoin
    )
}
