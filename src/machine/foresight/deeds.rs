//! From an operation to what it touches.
//!
//! Answers for: every kind of object. What nothing better is known of changes its object, or everything.

use super::locks::lock_of;
use super::{Habits, Thing, Touch, Way};
use crate::machine::actor::Actor;
use crate::machine::object::Object;
use crate::machine::{Machine, State};
use crate::program::op::{Op, OpCode};
use crate::value::{ObjectKind, Value};
use crate::vm::{Deed, Future, On, is_plain, on};

/// Of an object that is both, the part that is a lock and the part that is those who wait to be notified.
pub(super) const LOCK: Option<i64> = Some(-1);
pub(super) const WAITERS: Option<i64> = Some(0);

impl Machine {
    pub(super) fn touched_by_op(
        &self,
        state: &State,
        actor: &Actor,
        op: &Op,
        habits: Habits,
        touched: &mut Vec<Touch>,
    ) {
        match op.code {
            OpCode::Select => {
                for case in &op.cases {
                    let deed =
                        Deed { code: case.code, on: on(case.target), guarded: false, gives_back: false, plain: false };
                    self.touched_by_deed(state, actor.id, &deed, habits, touched);
                }
                return;
            }
            OpCode::Await => {
                let read = self.looked_at(state, op).into_iter();
                touched.extend(read.map(|id| Touch::new(Thing::Object(id, None), Way::Read)));
                return;
            }
            _ => {}
        }
        let target = match (op.code, on(op.target)) {
            (OpCode::CellRead | OpCode::CellWrite, On::Object(id, _)) => On::Object(id, first_index(op)),
            (_, target) => target,
        };
        let holds = matches!(target, On::Object(id, _) if state.holds(actor.id, lock_of(state, id)));
        let plain = is_plain(op.code, Some(op.args.as_slice()));
        let deed = Deed { code: op.code, on: target, guarded: holds, gives_back: false, plain };
        self.touched_by_deed(state, actor.id, &deed, habits, touched);
    }

    /// What an operation itself lets happen: the body of whom it starts, or that it runs; what its condition reads.
    pub(super) fn add_bodies(&self, op: &Op, future: &mut Future) {
        let program = &self.plan.image.program;
        let mut bodies: Vec<(u32, Vec<Value>)> = Vec::new();
        match op.code {
            OpCode::Start => {
                let template = match op.args.get(0) {
                    Value::Int(template) => program.templates.get(*template as usize),
                    _ => None,
                };
                let index = Some(op.args.get(1)).filter(|index| !matches!(index, Value::None));
                let mut args: Vec<Value> = index.cloned().into_iter().collect();
                if let Value::List(given) = op.args.get(2) {
                    args.extend(given.iter().cloned());
                }
                bodies.extend(template.map(|template| (template.body.0, args)));
            }
            // What it did not look at may decide once what it looked at has changed.
            OpCode::Await => {
                let (condition, captured) = op.condition();
                bodies.push((condition.0, captured));
            }
            OpCode::BarrierWait | OpCode::OnceRun => {
                let kind = if op.code == OpCode::OnceRun { ObjectKind::Once } else { ObjectKind::Barrier };
                let then = if op.code == OpCode::OnceRun { OpCode::OnceRan } else { OpCode::BarrierActed };
                let of_kind = program.objects.iter().filter(|spec| spec.kind == kind);
                bodies.extend(of_kind.filter_map(|spec| spec.body).map(|body| (body.0, Vec::new())));
                future.deeds.push(Deed {
                    code: then,
                    on: on(op.target),
                    guarded: false,
                    gives_back: false,
                    plain: true,
                });
            }
            _ => {}
        }
        for (body, args) in bodies {
            let more = self.plan.image.future(body, args, &[]);
            future.anything |= more.anything;
            future.deeds.extend(more.deeds);
        }
    }

    pub(super) fn touched_by_deed(
        &self,
        state: &State,
        me: u32,
        deed: &Deed,
        habits: Habits,
        touched: &mut Vec<Touch>,
    ) {
        // What a `with` took it still holds at its end, unless somebody else may have released it.
        let deed = &Deed { guarded: deed.guarded || (deed.gives_back && !habits.opens), ..*deed };
        let mut touch = |thing, way| touched.push(Touch::new(thing, way));
        let id = match deed.on {
            On::Object(id, _) => id,
            On::Actor(_) if matches!(deed.code, OpCode::Terminate | OpCode::Kill) => {
                return touch(Thing::World, Way::Write);
            }
            On::Actor(actor) => return touch(Thing::Actor(actor), life_way(deed)),
            On::Any => return self.touched_anywhere(deed, touched),
            On::Nothing => {
                match deed.code {
                    OpCode::Start => {
                        touch(Thing::Births, Way::Write);
                        if self.sights.ends {
                            touch(Thing::Ends, Way::Write);
                        }
                    }
                    OpCode::TimerWait => touch(Thing::Actor(me), Way::Write),
                    OpCode::Create if !habits.pools => {}
                    code if is_alone(code) => {}
                    _ => touch(Thing::World, Way::Write),
                }
                return;
            }
        };
        if self.watched.binary_search(&id).is_ok() && deed.code != OpCode::CellRead {
            touch(Thing::Watched, Way::Write);
        }
        let whole = Thing::Object(id, None);
        // Beginning to wait is a step that others see.
        let shows = self.sights.waiting;
        let is_met = match state.made(id) {
            Some(Object::Queue(queue)) => queue.is_rendezvous(),
            Some(Object::Event(_)) => self.sights.clears,
            Some(Object::Latch(_)) => self.sights.reopens,
            Some(Object::End(_)) => true,
            _ => false,
        };
        if habits.selects && (is_met || shows) {
            touch(Thing::Cases, Way::Write);
        }
        match state.made(id) {
            Some(Object::Cell(_)) => {
                let way = if deed.code == OpCode::CellRead { Way::Read } else { Way::Write };
                match deed.on {
                    On::Object(id, cell) => touch(Thing::Object(id, cell), way),
                    _ => touch(whole, way),
                }
            }
            Some(Object::Lock(_)) => touch(Thing::Object(id, LOCK), lock_way(deed, shows)),
            Some(Object::Condition(_)) => {
                let lock = Thing::Object(lock_of(state, id), LOCK);
                match deed.code {
                    OpCode::LockAcquire | OpCode::LockRelease | OpCode::LockLocked => {
                        touch(lock, lock_way(deed, shows))
                    }
                    OpCode::ConditionWait => {
                        touch(Thing::Object(id, WAITERS), Way::Sleep);
                        touch(lock, if deed.guarded && !shows { Way::Leave } else { Way::Write });
                        touch(lock, if shows { Way::Write } else { Way::Acquire });
                    }
                    OpCode::Waiting => touch(Thing::Object(id, WAITERS), Way::Read),
                    _ => {
                        touch(Thing::Object(id, WAITERS), Way::Write);
                        touch(lock, if deed.guarded { Way::Leave } else { Way::Write });
                    }
                }
            }
            Some(Object::Semaphore(semaphore)) => touch(
                whole,
                match deed.code {
                    OpCode::SemaphoreAcquire if deed.plain && !shows => Way::Take,
                    OpCode::SemaphoreRelease if semaphore.most == i64::MAX && !shows => Way::Give,
                    OpCode::SemaphoreValue | OpCode::Waiting => Way::Read,
                    _ => Way::Write,
                },
            ),
            Some(Object::Event(_)) => touch(
                whole,
                match deed.code {
                    _ if self.sights.clears || shows => Way::Write,
                    OpCode::EventSet => Way::Set,
                    OpCode::EventWait if deed.plain => Way::Await,
                    OpCode::EventWait | OpCode::EventIsSet => Way::Read,
                    _ => Way::Write,
                },
            ),
            Some(Object::Queue(queue)) => {
                let is_simple = !shows && !queue.is_rendezvous() && queue.is_in_order();
                touch(
                    whole,
                    match deed.code {
                        OpCode::QueuePut if is_simple && deed.plain => Way::Put,
                        OpCode::QueueGet | OpCode::QueueNext if is_simple && deed.plain => Way::Get,
                        OpCode::QueueLen | OpCode::QueueEmpty | OpCode::QueueFull | OpCode::Waiting => Way::Read,
                        OpCode::QueueJoin if deed.plain && !shows => Way::Read,
                        _ => Way::Write,
                    },
                );
            }
            Some(Object::End(end)) => {
                let is_look = deed.code == OpCode::PipePoll && !habits.passes_ends && !shows;
                let way = if is_look { Way::Read } else { Way::Write };
                touch(whole, way);
                touch(Thing::Object(end.peer, None), way);
                let lets_go = deed.code == OpCode::PipeClose;
                touch(Thing::Ends, if lets_go { Way::Write } else { Way::Read });
                if habits.passes_ends {
                    touch(Thing::AnyObject, Way::Write);
                }
            }
            Some(Object::Latch(_)) => touch(
                whole,
                match deed.code {
                    OpCode::LatchWait | OpCode::LatchCount if !shows && !self.sights.reopens => Way::Read,
                    OpCode::LatchCount | OpCode::Waiting => Way::Read,
                    _ => Way::Write,
                },
            ),
            Some(Object::Barrier(_)) => touch(
                whole,
                match deed.code {
                    OpCode::BarrierParties | OpCode::BarrierBroken | OpCode::Waiting => Way::Read,
                    _ => Way::Write,
                },
            ),
            Some(Object::Rwlock(_) | Object::Once(_)) => touch(whole, Way::Write),
            // What a pool does reaches its results and its workers.
            Some(Object::Pool(_) | Object::Result(_)) | None => touch(Thing::World, Way::Write),
        }
    }

    pub(super) fn touched_anywhere(&self, deed: &Deed, touched: &mut Vec<Touch>) {
        let (thing, way) = match deed.code {
            OpCode::Join | OpCode::IsAlive | OpCode::ExitCode | OpCode::TimerCancel => {
                (Thing::AnyActor, life_way(deed))
            }
            OpCode::ActorPid | OpCode::ActorName => return,
            OpCode::Terminate | OpCode::Kill => (Thing::World, Way::Write),
            OpCode::CellRead => (Thing::AnyObject, Way::Read),
            OpCode::LockRelease if !deed.guarded => (Thing::AnyObject, Way::Open),
            _ => (Thing::AnyObject, Way::Write),
        };
        touched.push(Touch::new(thing, way));
        if !self.watched.is_empty() && matches!(way, Way::Write | Way::Open) {
            touched.push(Touch::new(Thing::Watched, Way::Write));
        }
    }
}

fn life_way(deed: &Deed) -> Way {
    match deed.code {
        OpCode::Join if deed.plain => Way::Await,
        OpCode::Join | OpCode::IsAlive | OpCode::ExitCode | OpCode::ActorPid | OpCode::ActorName => Way::Read,
        _ => Way::Write,
    }
}

fn lock_way(deed: &Deed, shows: bool) -> Way {
    match deed.code {
        OpCode::LockAcquire if deed.plain && !shows => Way::Acquire,
        OpCode::LockRelease if !deed.guarded => Way::Open,
        OpCode::LockRelease if !shows => Way::Leave,
        OpCode::LockLocked | OpCode::Waiting => Way::Read,
        _ => Way::Write,
    }
}

fn first_index(op: &Op) -> Option<i64> {
    let Value::List(path) = op.args.get(0) else { return None };
    match path.first() {
        Some(Value::Int(at)) if *at >= 0 => Some(*at),
        _ => None,
    }
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
            | OpCode::Deadline
            | OpCode::DeadlineLeft
            | OpCode::Pid
            | OpCode::Ppid
            | OpCode::Tid
            | OpCode::Name
            | OpCode::Select
            | OpCode::Await
    )
}
