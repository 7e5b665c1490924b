//! Which steps depend on which.
//!
//! Answers for: what a step touches. Two steps of different actors that touch nothing in common, or only read it, give
//! the same state in either order, and neither lets or keeps the other from being taken.

use super::actor::Phase;
use super::object::{Object, condition, object_of};
use super::{Choice, Ends, MAIN, Machine, State, What};
use crate::program::op::{Op, OpCode, Target};
use crate::value::{ObjectKind, Value};

/// Something that steps touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Thing {
    Object(u32),
    Actor(u32),
    /// Everything: a process that is started, ended or killed.
    World,
}

#[derive(Clone, Copy, Debug)]
struct Touch {
    thing: Thing,
    writes: bool,
}

impl Machine {
    /// Whether the order of two steps of a state may matter.
    pub fn are_dependent(&self, state: &State, a: &Choice, b: &Choice) -> bool {
        let ends = |choice| self.ends_process(state, choice);
        if a.actor == b.actor || state.process_of(a.actor) == state.process_of(b.actor) && (ends(a) || ends(b)) {
            return true;
        }
        // With main the run is over for everyone.
        if [a, b].into_iter().any(|choice| choice.actor == MAIN && ends(choice)) {
            return true;
        }
        let (a, b) = (self.touches(state, a), self.touches(state, b));
        a.iter().any(|a| {
            b.iter().any(|b| {
                let same = a.thing == b.thing || a.thing == Thing::World || b.thing == Thing::World;
                same && (a.writes || b.writes)
            })
        })
    }

    /// Whether the step ends its whole process, or one that was killed is seen to be over.
    fn ends_process(&self, state: &State, choice: &Choice) -> bool {
        match choice.what {
            What::Die(_) | What::Bury => true,
            What::Go => {
                state.process_of(choice.actor) == choice.actor && self.next_end(state, choice.actor) == Some(Ends::End)
            }
            _ => false,
        }
    }

    fn touches(&self, state: &State, choice: &Choice) -> Vec<Touch> {
        let world = vec![Touch { thing: Thing::World, writes: true }];
        let Some(actor) = state.actor(choice.actor) else { return Vec::new() };
        if matches!(choice.what, What::Die(_) | What::Bury | What::Replace(_)) {
            return world;
        }
        match &actor.phase {
            Phase::At(at) => self.touched_by(state, &at.op),
            Phase::Again { op, .. } => self.touched_by(state, op),
            Phase::Computing => Vec::new(),
            _ => world,
        }
    }

    /// Whether it makes a pool, and with it workers.
    fn makes_pool(&self, op: &Op) -> bool {
        let Value::Int(decl) = op.args.get(0) else { return false };
        let spec = self.plan.image.program.objects.get(*decl as usize);
        op.code == OpCode::Create && spec.is_some_and(|spec| spec.kind == ObjectKind::Pool)
    }

    fn touched_by(&self, state: &State, op: &Op) -> Vec<Touch> {
        match op.code {
            OpCode::Select => return op.cases.iter().flat_map(|case| self.touched_by(state, case)).collect(),
            OpCode::Await => {
                let looked_at = self.looked_at(state, op).into_iter();
                return looked_at.map(|id| Touch { thing: Thing::Object(id), writes: false }).collect();
            }
            _ => {}
        }
        // To begin to wait changes how many do.
        let writes = !is_reading(op.code) || self.arrives(state, op);
        match op.target {
            Target::None if is_alone(op.code) && !self.makes_pool(op) => Vec::new(),
            Target::None => vec![Touch { thing: Thing::World, writes: true }],
            Target::Actor(actor) => vec![Touch { thing: Thing::Actor(actor.0), writes }],
            Target::Object(_) | Target::Result(_) => {
                let Some(id) = object_of(op) else { return Vec::new() };
                let mut touched = vec![Touch { thing: Thing::Object(id), writes }];
                match state.object(id) {
                    // A condition's operations are its lock's as well; both ends of a pipe are one thing.
                    Some(Object::Condition(condition::Condition {
                        under: condition::Under::Declared(lock), ..
                    })) => {
                        touched.push(Touch { thing: Thing::Object(*lock), writes });
                    }
                    Some(Object::End(end)) => touched.push(Touch { thing: Thing::Object(end.peer), writes }),
                    Some(Object::Result(result)) => touched.push(Touch { thing: Thing::Object(result.pool), writes }),
                    // What a pool does reaches its results and its workers.
                    Some(Object::Pool(_)) => touched.push(Touch { thing: Thing::World, writes: true }),
                    _ => {}
                }
                let given = if self.sights.ends { ends_given(state, id, op) } else { Vec::new() };
                for end in given {
                    touched.push(Touch { thing: Thing::Object(end), writes: true });
                }
                touched
            }
        }
    }
}

/// Ends of pipes that the operation makes a process hold: those in the messages that it can give.
fn ends_given(state: &State, id: u32, op: &Op) -> Vec<u32> {
    let mut ends = Vec::new();
    match (op.code, state.object(id)) {
        (OpCode::QueuePut, _) => op.args.get(0).pipe_ends(&mut ends),
        (OpCode::QueueGet | OpCode::QueueNext, Some(Object::Queue(queue))) => {
            let offered = queue.putters.iter().map(|party| &party.with);
            queue.items.iter().chain(offered).for_each(|item| item.pipe_ends(&mut ends));
        }
        (OpCode::PipeRecv | OpCode::PipeNext, Some(Object::End(end))) => {
            end.inbox.iter().for_each(|message| message.value.pipe_ends(&mut ends));
        }
        (code, Some(Object::Cell(cell))) if code.brings_a_value() => cell.value.pipe_ends(&mut ends),
        (OpCode::ResultGet | OpCode::ResultNext, Some(Object::Result(result))) => {
            result.parts.iter().flatten().flatten().for_each(|part| part.pipe_ends(&mut ends));
        }
        _ => {}
    }
    ends
}

/// Operations that change nothing.
fn is_reading(code: OpCode) -> bool {
    matches!(
        code,
        OpCode::QueueLen
            | OpCode::QueueEmpty
            | OpCode::QueueFull
            | OpCode::QueueJoin
            | OpCode::PipePoll
            | OpCode::LockLocked
            | OpCode::SemaphoreValue
            | OpCode::EventIsSet
            | OpCode::EventWait
            | OpCode::BarrierParties
            | OpCode::BarrierBroken
            | OpCode::LatchWait
            | OpCode::LatchCount
            | OpCode::CellRead
            | OpCode::Join
            | OpCode::IsAlive
            | OpCode::ActorPid
            | OpCode::ActorName
            | OpCode::ExitCode
            | OpCode::Waiting
            | OpCode::ResultGet
            | OpCode::ResultWait
            | OpCode::ResultReady
            | OpCode::ResultSuccessful
            | OpCode::ResultCancelled
    )
}

/// Operations that touch nothing that others see.
fn is_alone(code: OpCode) -> bool {
    matches!(
        code,
        OpCode::Print
            | OpCode::Mark
            | OpCode::Sleep
            | OpCode::Yield
            | OpCode::Now
            | OpCode::Random
            | OpCode::Shuffle
            | OpCode::Choose
            | OpCode::Outcome
            | OpCode::Create
            | OpCode::DeadlineLeft
    )
}
