//! Taking a step: what an actor does, whom else it lets go on, what is noted of it.
//!
//! Answers for: from a state and one of its choices to the next state. Never chooses.

use std::sync::Arc;

use super::actor::{At, Phase};
use super::object::{self, Act, Came, pipe};
use super::{Choice, Machine, State, Time, What, kill, life, select};
use crate::program::fault;
use crate::program::op::{Args, Op, OpCode, Outcome, Site, Target};
use crate::value::{Error, ObjectKind, ObjectRef, Value};

/// What happened in a step.
#[derive(Clone, Debug, Default)]
pub struct Happened {
    /// What a trace would note, in the order in which each actor would.
    pub noted: Vec<Noted>,
    /// Errors that ended actors.
    pub uncaught: Vec<Uncaught>,
}

/// An event.
#[derive(Clone, Debug)]
pub struct Noted {
    /// Whose.
    pub actor: u32,
    /// What was done.
    pub op: OpCode,
    /// On what.
    pub target: Target,
    /// Where it stands.
    pub site: Site,
    /// With what.
    pub args: Args,
    /// What came of it.
    pub came: Result<Value, Error>,
}

/// An error that ended its actor.
#[derive(Clone, Debug)]
pub struct Uncaught {
    /// Whose.
    pub actor: u32,
    /// Which; an `exit` with a text is one as well.
    pub error: Error,
}

/// A step that the state does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the state does not have this step")]
pub struct Impossible;

/// A state in the middle of a step.
pub(super) struct Tx<'a> {
    pub(super) machine: &'a Machine,
    pub(super) state: &'a mut State,
    pub(super) happened: Happened,
    /// Those who are to be served, where the choice says so.
    pub(super) served: &'a [u32],
    /// What is drawn, where the choice says so.
    pub(super) drawn: Option<&'a Value>,
}

impl Machine {
    /// The state in which every run begins.
    ///
    /// # Errors
    /// Where an object cannot be made as it is declared.
    pub fn initial(&self) -> Result<(State, Happened), Error> {
        let mut state = State::empty();
        object::file_level(self, &mut state)?;
        let mut tx = Tx { machine: self, state: &mut state, happened: Happened::default(), served: &[], drawn: None };
        life::start_main(&mut tx)?;
        let happened = tx.happened;
        self.pass_time(&mut state);
        Ok((state, happened))
    }

    /// Takes a step.
    ///
    /// # Errors
    /// Where the state does not have it; the state is then as it was.
    pub fn step(&self, state: &mut State, choice: &Choice) -> Result<Happened, Impossible> {
        let happened = self.step_unsettled(state, choice)?;
        self.settle(state);
        Ok(happened)
    }

    /// What follows a step: time passes where nobody can go on, and what nobody can name any more is forgotten.
    pub(super) fn settle(&self, state: &mut State) {
        self.pass_time(state);
        self.forget(state);
    }

    /// A step without what follows it.
    pub(super) fn step_unsettled(&self, state: &mut State, choice: &Choice) -> Result<Happened, Impossible> {
        let id = choice.actor;
        if state.is_over() {
            return Err(Impossible);
        }
        let actor = state.actor(id).filter(|actor| !actor.has_ended()).ok_or(Impossible)?;
        let phase = actor.phase.clone();
        let signals = actor.process_wide.signals.clone();
        let (served, drawn): (&[u32], Option<&Value>) = match &choice.what {
            What::Serve(served) | What::Case(_, served) => (served, None),
            What::Draw(value) => (&[], Some(value)),
            _ => (&[], None),
        };
        // Elsewhere nobody keeps what he took.
        if self.rules.late_deaths
            && matches!(choice.what, What::Go | What::Serve(_) | What::Draw(_) | What::TimeOut | What::Wake)
        {
            self.has_returned(state, id);
        }
        let mut tx = Tx { machine: self, state, happened: Happened::default(), served, drawn };
        match (&choice.what, phase) {
            (What::Go | What::Serve(_) | What::Draw(_), Phase::At(at)) => {
                if !self.can_go(tx.state, id, &at) || !is_way(tx.state, id, &at.op, &choice.what) {
                    return Err(Impossible);
                }
                tx.perform(id, &at);
            }
            (What::Case(case, served), Phase::At(at)) => {
                if !select::has_case(tx.state, id, &at.op, *case, served) {
                    return Err(Impossible);
                }
                tx.perform_case(id, &at.op, *case);
            }
            (What::Go, Phase::Again { op, depth, woken }) => {
                if !object::condition::lock_is_free(tx.state, &op) {
                    return Err(Impossible);
                }
                let came = object::condition::take_again(&mut tx, id, &op, depth, woken);
                tx.finish(id, &op, came);
            }
            (What::Go, Phase::Computing) => tx.go_on(id),
            (What::Go, Phase::Closing { .. }) => {
                if !self.can_close(tx.state, id) {
                    return Err(Impossible);
                }
                life::close(&mut tx, id);
            }
            (What::TimeOut, Phase::At(at)) => {
                if self.can_go(tx.state, id, &at) || !self.may_time_out(tx.state, &at) {
                    return Err(Impossible);
                }
                if let Some(actor) = tx.state.actor_mut(id) {
                    actor.late = true;
                }
                if let Some(came) = object::time_out(&mut tx, id, &at.op) {
                    tx.finish(id, &at.op, came);
                }
            }
            (What::Die(signal), _) if signals.contains(signal) => kill::die(&mut tx, id, *signal),
            (What::Die(kill::CRASH), _) if self.may_crash(tx.state, id) => {
                tx.state.head_mut().crashes += 1;
                kill::die(&mut tx, id, kill::CRASH);
            }
            (What::Wake, Phase::At(at)) if self.may_wake(&at) => object::condition::wake_up(&mut tx, id, &at.op),
            (What::Bury, Phase::Dead { code }) => kill::bury(&mut tx, id, code),
            (What::Replace(pool), _) if object::pool::owed_by(tx.state, id).contains(pool) => {
                object::pool::replace(&mut tx, *pool);
            }
            _ => return Err(Impossible),
        }
        Ok(tx.happened)
    }

    /// Where nobody can go on, virtual time moves to the next deadline.
    fn pass_time(&self, state: &mut State) {
        if self.rules.time == Time::Any {
            return;
        }
        while !state.is_over() && self.choices(state).is_empty() {
            let Some(deadline) = state.next_deadline(self.rules.time) else { return };
            state.head_mut().clock_ns = deadline;
        }
    }
}

/// Whether an operation has this way of being performed. What is drawn a real run has said, so it may be anything.
fn is_way(state: &State, me: u32, op: &Op, what: &What) -> bool {
    match what {
        What::Serve(served) => object::alternatives(state, me, op).contains(served),
        // A case that can go on is what a `select` goes on with.
        What::Go => op.code != OpCode::Select || select::able(state, me, op).is_empty(),
        What::Draw(_) => {
            matches!(op.code, OpCode::Random | OpCode::Shuffle | OpCode::Choose | OpCode::Now | OpCode::DeadlineLeft)
        }
        _ => true,
    }
}

impl Tx<'_> {
    fn perform(&mut self, id: u32, at: &At) {
        let op = &at.op;
        match op.code {
            OpCode::Select if select::has_else(op) => return self.leave_select(id, op, "else"),
            OpCode::Select => return self.wait_in_cases(id, op),
            OpCode::Await => {
                let came = self.machine.awaited(self.state, op).came();
                return self.finish(id, op, came);
            }
            _ => {}
        }
        // Where to arrive is always a step, the object notes who did.
        if !self.machine.can_complete(self.state, id, at) && !object::always_arrives(self.state, op) {
            self.park(id, op);
            return;
        }
        if let Some(read) = object::cell::as_read(self.state, op) {
            if let Act::Done(Ok(handle)) = object::perform(self, id, &read) {
                self.end_with(id, &read, Ok(handle.clone()), Outcome::Handle(handle));
            }
            return;
        }
        match object::perform(self, id, op) {
            Act::Done(came) => self.finish(id, op, came),
            Act::Parked => {
                // What waits may be told a second time: a long message, once it is on its way.
                if let Some(Phase::At(at)) = self.state.actor_mut(id).map(|actor| &mut actor.phase) {
                    at.parked = true;
                }
                self.note_arrival(id, op);
            }
            Act::Calls { code, then } => self.end_with(id, op, Ok(Value::Bool(true)), Outcome::Call { code, then }),
        }
    }

    /// An actor has begun to wait.
    fn park(&mut self, id: u32, op: &Arc<Op>) {
        if let Some(actor) = self.state.actor_mut(id)
            && let Phase::At(at) = &mut actor.phase
            && !std::mem::replace(&mut at.parked, true)
        {
            self.note_arrival(id, op);
        }
    }

    /// Notes that an operation has begun.
    pub(super) fn note_arrival(&mut self, id: u32, op: &Op) {
        let noted = Noted {
            actor: id,
            op: OpCode::Arrive,
            target: op.target,
            site: op.site,
            args: op.noted_args(),
            came: Ok(Value::None),
        };
        self.happened.noted.push(noted);
    }

    /// An operation is complete; its actor goes on.
    pub(super) fn finish(&mut self, id: u32, op: &Op, came: Came) {
        let outcome = match came.clone() {
            Ok(value) => Outcome::Value(value),
            Err(error) => Outcome::Raise(error),
        };
        self.end_with(id, op, came, outcome);
    }

    /// A case of a `select` is complete.
    pub(super) fn finish_case(&mut self, id: u32, case: u32, op: &Op, came: Came) {
        let outcome = match came.clone() {
            Ok(value) => Outcome::Value(object::pair(Value::Int(i64::from(case)), value)),
            Err(error) => Outcome::Raise(error),
        };
        self.end_with(id, op, came, outcome);
    }

    /// The same, with what the VM is told.
    pub(super) fn end_with(&mut self, id: u32, op: &Op, came: Came, outcome: Outcome) {
        let target = self.shown_target(op);
        let brings = self.machine.sights.ends && op.code.brings_a_value();
        let brought = if brings { came.clone() } else { Err(fault::no_runtime()) };
        // Of the last at a barrier the arrival has been noted; it passes when it has run the action.
        let acts = op.code == OpCode::BarrierWait && matches!(outcome, Outcome::Call { .. });
        if op.code != OpCode::DeadlineLeft && !acts {
            let args = op.noted_args();
            self.happened.noted.push(Noted { actor: id, op: op.code, target, site: op.site, args, came });
        }
        if let Ok(value) = &brought {
            self.receive(id, value);
        }
        if let Some(actor) = self.state.actor_mut(id) {
            actor.last = op.site;
        }
        if let Some(vm) = self.state.actor_mut(id).and_then(|actor| actor.vm.as_mut()) {
            vm.resume(outcome);
        }
        self.go_on(id);
    }

    /// The operation in which another actor waits is complete.
    pub(super) fn complete(&mut self, id: u32, came: Came) {
        self.complete_in(id, None, came);
    }

    /// The same, where it may wait in one of the cases of a `select`.
    pub(super) fn complete_in(&mut self, id: u32, case: Option<u32>, came: Came) {
        let Some(Phase::At(at)) = self.state.actor(id).map(|actor| &actor.phase) else { return };
        let (op, chosen) = (Arc::clone(&at.op), at.case);
        match (case, chosen) {
            // It waits in other cases as well, which may have been completed in this very step.
            (Some(case), _) => {
                let Some(one) = op.cases.get(case as usize).filter(|_| at.parked) else { return };
                self.leave_cases(id, &op);
                self.finish_case(id, case, one, came);
            }
            (None, Some(case)) => self.finish_case(id, case, &op, came),
            (None, None) => self.finish(id, &op, came),
        }
    }

    /// What a trace says that an operation is performed on: of a condition over a declared lock, the lock.
    fn shown_target(&self, op: &Op) -> Target {
        let on_lock = matches!(op.code, OpCode::LockAcquire | OpCode::LockRelease | OpCode::LockLocked);
        match op.target {
            Target::Object(object) if on_lock && object.kind == ObjectKind::Condition => {
                let lock = object::condition::declared_lock(self.state, object.id);
                Target::Object(lock.map_or(object, |id| ObjectRef { id, kind: ObjectKind::Lock, role: 0 }))
            }
            target => target,
        }
    }

    /// The one who is to be served first.
    pub(super) fn served_first(&self) -> Option<u32> {
        self.served.first().copied()
    }

    /// A process that receives a value holds the ends of pipes in it.
    fn receive(&mut self, actor: u32, value: &Value) {
        let mut ends = Vec::new();
        value.pipe_ends(&mut ends);
        let process = self.state.process_of(actor);
        ends.into_iter().for_each(|end| pipe::hold(self.state, process, end));
    }

    /// Performs an operation that is on nothing in particular.
    pub(super) fn alone(&mut self, me: u32, op: &Op) -> Came {
        match op.code {
            OpCode::Print | OpCode::Mark | OpCode::Sleep | OpCode::Yield | OpCode::Outcome => Ok(Value::None),
            OpCode::Now => match self.drawn {
                Some(observed) => Ok(observed.clone()),
                None => Ok(Value::Elapsed(self.state.clock_ns() as i64)),
            },
            OpCode::Random | OpCode::Shuffle | OpCode::Choose | OpCode::DeadlineLeft => match self.drawn {
                Some(drawn) => Ok(drawn.clone()),
                None => super::picks::of(op).into_iter().next().ok_or_else(fault::empty_range),
            },
            OpCode::TimerWait => {
                let Some(timer) = self.state.actor_mut(me) else { return Err(fault::no_runtime()) };
                timer.begun = !timer.cancelled;
                Ok(Value::Bool(timer.begun))
            }
            OpCode::Start => life::start(self, me, op),
            OpCode::Create => object::create(self, me, op),
            _ => Err(fault::no_runtime()),
        }
    }
}
