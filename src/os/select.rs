//! `select` on the OS: an actor that waits in several operations and goes on with one of them.
//!
//! What can go on at once is tried in an order of chance; else the actor waits in all of them (see `cases`), and
//! whoever makes one of them possible completes it for the actor, as it does for any other wait.
//!
//! Answers for: one case, done once, with its event. What a case does is its object's business.

use super::cases::{Ended, Place, Several};
use super::layout::slot_at;
use super::object::pool::result;
use super::object::{Done, Refused, Result, deadline, event, find, latch, pipe, queue, say};
use super::park::Verdict;
use super::perform::arrive;
use super::small_lock::Locked;
use super::turns::{self, Turn};
use super::world::{About, World};
use super::{actor, hand, sys};
use crate::program::fault;
use crate::program::op::{Args, Op, OpCode, Outcome, Target};
use crate::trace::recorded::Note;
use crate::value::{ErrorKind, ObjectKind, Value};
use crate::vm::Vm;

/// How a `select` went on.
enum Chosen {
    /// With a case: its number, what came of it, what its event says.
    Case(usize, Result, About),
    /// With none: `after` or `else`.
    Other(&'static str),
}

/// A case with where it waits.
struct Case<'o> {
    op: &'o Op,
    place: Place,
}

impl World {
    /// Performs a `select` and notes its event, which is that of the case that was chosen.
    pub(super) fn select(&mut self, op: &Op, vm: &Vm) -> Outcome {
        let line = self.arrive_at(op);
        match self.choose(op, vm) {
            Ok(Chosen::Case(number, came, about)) => self.end_case(op, number, came, &about),
            Ok(Chosen::Other(way)) => {
                let came = Value::from(way);
                let args = op.args.as_slice();
                let note =
                    Note { op: op.code, line, object: None, actor: None, ticket: 0, cause: 0, args, came: Ok(&came) };
                self.ctx.note(&note);
                Outcome::Value(super::values::pair(Value::Int(-1), Value::None))
            }
            Err(Refused { error, .. }) => {
                let args = op.args.as_slice();
                let note =
                    Note { op: op.code, line, object: None, actor: None, ticket: 0, cause: 0, args, came: Err(&error) };
                self.ctx.note(&note);
                Outcome::Raise(error)
            }
        }
    }

    fn end_case(&mut self, op: &Op, number: usize, came: Result, about: &About) -> Outcome {
        let Some(case) = op.cases.get(number) else { return Outcome::Raise(fault::no_runtime()) };
        if let Ok(done) = &came
            && case.code.brings_a_value()
        {
            self.process.hold_received(&self.ctx, &done.value);
        }
        self.note_event(case, about, case.args.as_slice(), &came);
        hand::empty(&self.ctx);
        match came {
            Ok(done) => Outcome::Value(super::values::pair(Value::Int(number as i64), done.value)),
            Err(refused) => Outcome::Raise(refused.error),
        }
    }

    fn choose(&mut self, op: &Op, vm: &Vm) -> Result<Chosen> {
        match turns::mine() {
            None => self.choose_freely(op, vm),
            Some(Turn::TimeOut) => Ok(Chosen::Other("after")),
            Some(_) => match turns::case() {
                Some(case) => self.choose_as_told(op, case, vm),
                None => self.wait_for_turn(op, vm),
            },
        }
    }

    /// In a deterministic run: the driver has said with what to go on.
    fn choose_as_told(&mut self, op: &Op, case: i64, vm: &Vm) -> Result<Chosen> {
        let Ok(number) = usize::try_from(case) else { return Ok(Chosen::Other("else")) };
        let Some(one) = op.cases.get(number) else { return Err(fault::no_runtime().into()) };
        match self.attempt(one, vm) {
            Some((came, about)) => Ok(Chosen::Case(number, came, about)),
            None => Err(fault::no_runtime().into()),
        }
    }

    /// In a deterministic run: begins to wait where others complete the operation; the driver says when else it goes
    /// on.
    fn wait_for_turn(&mut self, op: &Op, vm: &Vm) -> Result<Chosen> {
        let told = turns::drawn_numbers();
        let mut cases = self.cases(op)?;
        for case in &mut cases {
            case.place.waits = self.is_met(case);
        }
        let ended = {
            let mut several = Several::new(&self.ctx, cases.iter().map(|case| case.place).collect())?;
            let locked = several.lock();
            let tickets: Vec<(usize, u64)> =
                told.into_iter().map(|case| (case, self.tick_arrival(&locked, cases.get(case)))).collect();
            self.set_places(&cases, tickets.len());
            let entered = several.enter(&locked, op.code, None);
            drop(locked);
            self.note_arrivals(op, &tickets);
            several.park(&entered)
        };
        if let Ended::By(verdict, number) = ended {
            return match self.ended(op, &cases, &verdict, number) {
                Some((number, came, about)) => Ok(Chosen::Case(number, came, about)),
                None => Err(fault::no_runtime().into()),
            };
        }
        self.give_back(&cases, None);
        match turns::case() {
            _ if turns::mine() == Some(Turn::TimeOut) => Ok(Chosen::Other("after")),
            Some(case) => self.choose_as_told(op, case, vm),
            None => Err(fault::no_runtime().into()),
        }
    }

    fn choose_freely(&mut self, op: &Op, vm: &Vm) -> Result<Chosen> {
        let until = deadline(op.args.get(0))?;
        let has_else = op.args.get(1) == &Value::Bool(true);
        let first = self.some_number();
        let mut has_arrived = false;
        loop {
            for step in 0..op.cases.len() {
                let number = (first + step) % op.cases.len();
                let Some(case) = op.cases.get(number) else { continue };
                if let Some((came, about)) = self.attempt(case, vm) {
                    return Ok(Chosen::Case(number, came, about));
                }
            }
            let cases = self.cases(op)?;
            let mut several = Several::new(&self.ctx, cases.iter().map(|case| case.place).collect())?;
            let locked = several.lock();
            let mut is_any_ready = false;
            for case in &cases {
                is_any_ready |= self.is_ready(case, &locked)?;
            }
            // Under all locks: at this moment none of them can go on.
            let is_over = has_else || until.is_some_and(|until| until <= sys::now_ns());
            if is_any_ready || is_over {
                drop(locked);
                drop(several);
                self.give_back(&cases, None);
                match is_any_ready {
                    true => continue,
                    false => return Ok(Chosen::Other(if has_else { "else" } else { "after" })),
                }
            }
            let meets = |(_, case): &(usize, &Case<'_>)| !has_arrived && self.is_rendezvous(case);
            let met: Vec<usize> = (0..).zip(&cases).filter(meets).map(|(number, _)| number).collect();
            let tickets: Vec<(usize, u64)> =
                met.into_iter().map(|case| (case, self.tick_arrival(&locked, cases.get(case)))).collect();
            self.set_places(&cases, tickets.len());
            let entered = several.enter(&locked, op.code, until);
            drop(locked);
            self.note_arrivals(op, &tickets);
            has_arrived = true;
            let ended = several.park(&entered);
            drop(several);
            match ended {
                Ended::Left => {
                    self.give_back(&cases, None);
                    return Ok(Chosen::Other("after"));
                }
                Ended::By(verdict, number) => {
                    if let Some((number, came, about)) = self.ended(op, &cases, &verdict, number) {
                        return Ok(Chosen::Case(number, came, about));
                    }
                }
            }
        }
    }

    /// What a case comes to that was completed for the actor; nothing where it has to look again.
    fn ended(
        &mut self,
        op: &Op,
        cases: &[Case<'_>],
        verdict: &Verdict,
        number: Option<usize>,
    ) -> Option<(usize, Result, About)> {
        self.give_back(cases, number.filter(|_| verdict.code != say::RETRY));
        let number = number?;
        let (case, one) = (cases.get(number)?, op.cases.get(number)?);
        let about = self.about(one);
        let ctx = &self.ctx;
        let came = match one.code {
            _ if verdict.code == say::RETRY => return None,
            OpCode::QueuePut | OpCode::QueueGet | OpCode::QueueJoin => {
                queue::case_ended(ctx, one, case.place.payload, verdict)
            }
            OpCode::EventWait | OpCode::LatchWait | OpCode::Join => {
                Ok(Done::new(Value::Bool(true), verdict.ticket, verdict.cause))
            }
            // There may be an item: it is for whoever takes it first.
            OpCode::ResultNext => return None,
            OpCode::ResultWait => Ok(Done::new(Value::None, verdict.ticket, verdict.cause)),
            OpCode::ResultGet => match one.target {
                // It is there, and stays so.
                Target::Result(whole) => match result::get(ctx, whole.0, super::object::Patience::No, false) {
                    Ok(done) => Ok(Done::new(done.value, verdict.ticket, verdict.cause)),
                    Err(refused) => Err(refused.at(verdict.ticket).because(verdict.cause)),
                },
                _ => Err(fault::no_runtime().into()),
            },
            OpCode::PipeSend | OpCode::PipeRecv => {
                let Target::Object(object) = one.target else { return None };
                let (end, line) = (self.process.end(ctx, object.id).ok(), about.line);
                let ends = end.as_deref().map(|end| end as &dyn pipe::Ends);
                let off = find(ctx.arena, object.id);
                pipe::case_ended(ctx, off, ends, (one, case.place.payload), verdict, |ticket| {
                    arrive(ctx, object, line, ticket, one.args.as_slice());
                })
            }
            _ => Err(fault::no_runtime().into()),
        };
        if one.code == OpCode::Join
            && let Target::Actor(actor) = one.target
        {
            self.reap_later(actor.0);
        }
        Some((number, came, about))
    }

    /// Performs a case that can go on without waiting; nothing where it cannot.
    fn attempt(&mut self, case: &Op, vm: &Vm) -> Option<(Result, About)> {
        let mut about = self.about(case);
        let none = Value::Duration(0);
        let args = match case.code {
            OpCode::QueuePut => Args::from_values([case.args.get(0).clone(), Value::Bool(false), Value::None]),
            OpCode::QueueGet => Args::from_values([Value::Bool(false), Value::None]),
            OpCode::QueueJoin | OpCode::PipeSend | OpCode::PipeRecv => return self.attempt_without_time(case, about),
            // A flag that is not up is not waited for; the others would have their places taken for nothing.
            OpCode::EventWait
            | OpCode::LatchWait
            | OpCode::Join
            | OpCode::ResultGet
            | OpCode::ResultWait
            | OpCode::ResultNext => Args::from_values([none]),
            _ => return Some((Err(fault::no_runtime().into()), about)),
        };
        if !self.is_there(case) {
            return None;
        }
        let mut op = Op { args, ..case.clone() };
        let came = self.act(&mut op, vm, &mut about);
        let waits = match (&came, case.code) {
            (Err(refused), OpCode::QueuePut) => refused.error.kind == ErrorKind::Full,
            (Err(refused), OpCode::QueueGet) => refused.error.kind == ErrorKind::Empty,
            (Err(refused), OpCode::ResultNext) => {
                let late = fault::result_late();
                refused.error.kind == late.kind && refused.error.message == late.message
            }
            (Ok(done), OpCode::EventWait | OpCode::LatchWait | OpCode::Join) => done.value == Value::Bool(false),
            _ => false,
        };
        (!waits).then_some((came, about))
    }

    fn attempt_without_time(&self, case: &Op, about: About) -> Option<(Result, About)> {
        use super::object::Patience;
        let Target::Object(object) = case.target else { return Some((Err(fault::no_runtime().into()), about)) };
        let ctx = &self.ctx;
        let off = find(ctx.arena, object.id);
        let end = || self.process.end(ctx, object.id);
        let came = match case.code {
            OpCode::QueueJoin => queue::join(ctx, off, Patience::No),
            OpCode::PipeSend => end().and_then(|end| {
                pipe::send(ctx, off, &*end, case.args.get(0), Patience::No, |ticket| {
                    arrive(ctx, object, about.line, ticket, case.args.as_slice());
                })
            }),
            _ => end().and_then(|end| pipe::recv(ctx, off, &*end, Patience::No)),
        };
        came.transpose().map(|came| (came, about))
    }

    /// Whether a flag, an end or a result is there, of those that stay; a look without a place in the object's order.
    fn is_there(&self, case: &Op) -> bool {
        let arena = self.ctx.arena;
        match (case.code, case.target) {
            (OpCode::EventWait, Target::Object(object)) => event::is_up(arena, find(arena, object.id)),
            (OpCode::LatchWait, Target::Object(object)) => latch::is_open(arena, find(arena, object.id)),
            (OpCode::Join, Target::Actor(actor)) => actor.0 == self.ctx.me || actor::has_ended(arena, actor.0),
            (_, Target::Result(of)) => result::is_there(&self.ctx, find(arena, of.0), case.code),
            (OpCode::QueueGet | OpCode::QueuePut, Target::Object(object)) => {
                queue::is_ready(arena, find(arena, object.id), case.code)
            }
            _ => true,
        }
    }

    /// Whether a case would not wait now. Under the small lock of where it waits.
    fn is_ready(&self, case: &Case<'_>, locked: &[Locked<'_>]) -> Result<bool> {
        let arena = self.ctx.arena;
        let code = case.op.code;
        Ok(match case.op.target {
            Target::Object(object) if object.kind == ObjectKind::PipeEnd => {
                let Ok(end) = self.process.end(&self.ctx, object.id) else { return Ok(true) };
                let at = locked.iter().find(|locked| locked.off == case.place.off);
                at.is_none_or(|at| pipe::is_ready(at, &*end, code, case.place.payload))
            }
            Target::Object(object) if object.kind == ObjectKind::Queue => queue::is_ready(arena, case.place.off, code),
            _ => self.is_there(case.op),
        })
    }

    /// Where the cases wait. What a put would give is written down at once.
    fn cases<'o>(&self, op: &'o Op) -> Result<Vec<Case<'o>>> {
        let mut cases: Vec<Case<'o>> = Vec::with_capacity(op.cases.len());
        for case in &op.cases {
            match self.place_of(case) {
                Ok(place) => cases.push(Case { op: case, place }),
                Err(refused) => {
                    self.give_back(&cases, None);
                    return Err(refused);
                }
            }
        }
        Ok(cases)
    }

    fn place_of(&self, case: &Op) -> Result<Place> {
        let ctx = &self.ctx;
        let (off, list, payload) = match case.target {
            Target::Actor(actor) => (slot_at(actor.0), actor::JOINERS, 0),
            Target::Result(of) => (find(ctx.arena, of.0), result::GETTERS, 0),
            Target::Object(object) => {
                let off = find(ctx.arena, object.id);
                match object.kind {
                    ObjectKind::Queue => {
                        let (list, payload) = queue::case_of(ctx, case)?;
                        (off, list, payload)
                    }
                    ObjectKind::PipeEnd => pipe::case_of(ctx, off, case)?,
                    _ => (off, 0, 0),
                }
            }
            Target::None => return Err(fault::no_runtime().into()),
        };
        Ok(Place { off, list, payload, waits: true, op: case.code })
    }

    /// What cases would have put is given back, but for one that was.
    fn give_back(&self, cases: &[Case<'_>], but: Option<usize>) {
        for (_, case) in cases.iter().enumerate().filter(|(number, _)| Some(*number) != but) {
            queue::case_left(&self.ctx, case.op, case.place.payload);
            pipe::case_left(&self.ctx, case.op, case.place.payload);
        }
    }

    /// Messages, those that come as well as those that go, belong to the event that is noted after the arrivals.
    fn set_places(&self, cases: &[Case<'_>], arrivals: usize) {
        hand::reach(&self.ctx, arrivals as u32);
        let place = self.ctx.place() + arrivals as u64;
        for case in cases {
            match case.op.code {
                OpCode::QueuePut => queue::set_place(&self.ctx, case.place.payload, place),
                OpCode::PipeSend => pipe::set_place(&self.ctx, case.place.payload, place),
                _ => {}
            }
        }
    }

    fn tick_arrival(&self, locked: &[Locked<'_>], case: Option<&Case<'_>>) -> u64 {
        let Some(case) = case.filter(|case| case.place.waits) else { return 0 };
        locked.iter().find(|locked| locked.off == case.place.off).map_or(0, |locked| locked.tick())
    }

    pub(super) fn note_arrivals(&self, op: &Op, tickets: &[(usize, u64)]) {
        for (case, ticket) in tickets {
            let Some(case) = op.cases.get(*case) else { continue };
            if let Target::Object(object) = case.target {
                let line = self.line_of(case);
                let args = case.args.as_slice();
                let is_met = queue::capacity_of(self.ctx.arena, find(self.ctx.arena, object.id)) == Some(0);
                if object.kind == ObjectKind::Queue && is_met {
                    // As at any rendezvous.
                    let word = Value::from(if case.code == OpCode::QueuePut { "put" } else { "get" });
                    let args: Vec<Value> = args.iter().cloned().chain([word]).collect();
                    arrive(&self.ctx, object, line, *ticket, &args);
                } else {
                    arrive(&self.ctx, object, line, *ticket, args);
                }
            }
        }
    }

    /// Whether others complete a case for whoever waits in it, in the machine as well.
    fn is_met(&self, case: &Case<'_>) -> bool {
        matches!(case.op.code, OpCode::EventWait | OpCode::LatchWait) || self.is_rendezvous(case)
    }

    fn is_rendezvous(&self, case: &Case<'_>) -> bool {
        matches!(case.op.code, OpCode::QueuePut | OpCode::QueueGet)
            && queue::capacity_of(self.ctx.arena, case.place.off) == Some(0)
    }

    fn about(&self, case: &Op) -> About {
        let (object, actor) = match case.target {
            Target::Object(object) => (Some(object.id), None),
            Target::Result(result) => (Some(result.0), None),
            Target::Actor(actor) => (None, Some(actor.0)),
            Target::None => (None, None),
        };
        About { object, actor, line: self.line_of(case) }
    }
}
