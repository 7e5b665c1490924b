//! What each actor does next and could do later, as what it touches and how; and who could let a blocked one go on.
//!
//! Two touches of one thing *accord* where steps that touch it so, by different actors, can never both be possible, or
//! give the same state in either order and neither keeps the other from being taken (Laarman, Pater, van de Pol and
//! Weber, Guard-Based Partial-Order Reduction, SPIN 2013, section 3).
//!
//! Answers for: that nothing that matters is left out. Never decides what is explored.

use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHasher};

use super::actor::{Actor, Phase};
use super::object::{Object, condition};
use super::{Choice, Ends, MAIN, Machine, State};
use crate::program::ActorKind;
use crate::program::op::{Op, OpCode};
use crate::value::{ObjectKind, Value};
use crate::vm::{Deed, Future, On, is_plain, on};

/// Of an object that is both, the part that is a lock and the part that is those who wait to be notified.
const LOCK: Option<i64> = Some(-1);
const WAITERS: Option<i64> = Some(0);

/// What is touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Thing {
    /// An object, or one cell of a variable.
    Object(u32, Option<i64>),
    /// Some object, nobody knows which.
    AnyObject,
    /// An actor's life.
    Actor(u32),
    /// Some actor's.
    AnyActor,
    /// Cases of several objects in which one actor waits at once.
    Cases,
    /// Who is started in which order.
    Births,
    /// What an invariant looks at.
    Watched,
    /// Everything.
    World,
}

/// How it is touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// Looks at it.
    Read,
    /// Changes it, or does what nothing better is known of.
    Write,
    /// Takes a lock, waiting for as long as it takes.
    Acquire,
    /// Of a lock that only its holder can do it with: releases it, or needs to hold it.
    Leave,
    /// Takes a permit, waiting for as long as it takes.
    Take,
    /// Gives permits.
    Give,
    /// Puts into a queue in order, waiting for as long as it takes.
    Put,
    /// Gets from one.
    Get,
    /// Sets an event that nobody clears.
    Set,
    /// Waits for what, once there, stays: such an event, an actor's end.
    Await,
    /// Comes to its end.
    End,
}

/// A touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Touch {
    /// Of what.
    pub thing: Thing,
    /// How.
    pub way: Way,
}

impl Touch {
    fn new(thing: Thing, way: Way) -> Touch {
        Touch { thing, way }
    }

    /// Whether the order of two steps that touch things so may matter.
    pub fn conflicts(self, other: Touch) -> bool {
        self.thing.overlaps(other.thing) && !self.way.accords(other.way)
    }

    /// Whether a step that touches something so may let one go on that waits to touch it as `self` says.
    fn is_enabled_by(self, other: Touch) -> bool {
        if !self.thing.overlaps(other.thing) {
            return false;
        }
        let only_takes = matches!(other.way, Way::Read | Way::Acquire | Way::Take | Way::Await);
        let same = matches!((self.way, other.way), (Way::Get, Way::Get) | (Way::Put, Way::Put));
        !only_takes && !same
    }
}

impl Thing {
    fn overlaps(self, other: Thing) -> bool {
        match (self, other) {
            (Thing::World, _) | (_, Thing::World) => true,
            (Thing::Object(a, first), Thing::Object(b, second)) => {
                a == b && (first == second || first.is_none() || second.is_none())
            }
            (Thing::AnyObject, Thing::Object(..) | Thing::AnyObject) | (Thing::Object(..), Thing::AnyObject) => true,
            (Thing::AnyActor, Thing::Actor(_) | Thing::AnyActor) | (Thing::Actor(_), Thing::AnyActor) => true,
            (a, b) => a == b,
        }
    }
}

impl Way {
    fn accords(self, other: Way) -> bool {
        use Way::{Acquire, Await, End, Get, Give, Leave, Put, Read, Set, Take};
        matches!(
            (self, other),
            (Read, Read)
                | (Acquire | Leave, Leave)
                | (Leave, Acquire)
                | (Take, Give)
                | (Give, Take | Give)
                | (Put, Get)
                | (Get, Put)
                | (Set | Await | Read, Await)
                | (Set, Set)
                | (Await, Set | Read)
                | (Await, End)
                | (End, Await)
        )
    }
}

/// What an actor does next and could do later.
#[derive(Clone, Debug)]
pub struct Foreseen {
    /// Whose.
    pub actor: u32,
    /// Its next step.
    pub now: Vec<Touch>,
    /// All that may follow, its next step not among it. Sorted.
    pub later: Arc<[Touch]>,
}

/// Futures by where a computing stands, so that each is found out once.
#[derive(Debug, Default)]
pub struct Foresight {
    known: FxHashMap<u64, Arc<[Touch]>>,
}

/// What of a program decides how exact its touches can be.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Habits {
    /// Somebody may be cut off in the middle: daemons, workers of pools.
    daemons: bool,
    /// Threads may be, by the end of their process.
    daemon_threads: bool,
    /// It has a `select`, whose cases wait in objects.
    selects: bool,
    /// It has pools.
    pools: bool,
    /// Ends of pipes are passed on.
    passes_ends: bool,
}

impl Machine {
    pub(super) fn habits_of_program(&self) -> Habits {
        let program = &self.plan.image.program;
        let pools = program.objects.iter().any(|object| object.kind == ObjectKind::Pool);
        let is_passed = |(decl, object): (usize, &crate::program::ObjectSpec)| {
            object.kind == ObjectKind::PipeEnd && self.plan.reach.is_passed_on(decl as u32)
        };
        let selects = |code: &crate::program::Code| {
            code.instrs.iter().any(|instr| matches!(instr, crate::program::Instr::Select { .. }))
        };
        Habits {
            daemons: pools || program.templates.iter().any(|template| template.daemon),
            daemon_threads: program.templates.iter().any(|one| one.daemon && one.kind != ActorKind::Process),
            selects: program.codes.iter().any(selects),
            pools,
            passes_ends: program.objects.iter().enumerate().any(is_passed),
        }
    }

    /// What every actor that is not over does next and could do later.
    pub fn foresee(&self, state: &State, foresight: &mut Foresight) -> Vec<Foreseen> {
        let habits = self.habits;
        let actors = state.actors.iter().filter(|actor| !actor.has_ended());
        actors
            .map(|actor| Foreseen {
                actor: actor.id,
                now: self.touched_now(state, actor, habits),
                later: self.touched_later(state, actor, habits, foresight),
            })
            .collect()
    }

    /// Those of whom one at least must take a step before a blocked actor can go on; who is not among `all` is over.
    pub fn enablers(&self, state: &State, blocked: u32, all: &[Foreseen]) -> Vec<u32> {
        let Some(actor) = state.actor(blocked) else { return Vec::new() };
        if let Phase::Closing { .. } = actor.phase {
            let awaited = |child: &&u32| {
                state.actor(**child).is_some_and(|child| !child.has_ended() && (!child.daemon || child.is_process()))
            };
            let child = actor.children.iter().find(awaited).copied();
            let anyone = || all.iter().map(|other| other.actor).find(|other| *other != blocked);
            return child.or_else(anyone).into_iter().collect();
        }
        let Some(own) = all.iter().find(|one| one.actor == blocked) else { return Vec::new() };
        let others = all.iter().filter(|other| other.actor != blocked);
        let lets = |other: &&Foreseen| {
            own.now.iter().any(|now| {
                let touches = other.now.iter().chain(other.later.iter());
                let mut touches = touches.filter(|touch| now.is_enabled_by(**touch));
                match (now.thing, now.way) {
                    // Only its holder leaves a lock, or whoever releases it without having acquired it.
                    (Thing::Object(id, _), Way::Acquire) => {
                        let holds = holder(state, id) == Some(other.actor);
                        touches.any(|touch| touch.way != Way::Leave || holds)
                    }
                    _ => touches.next().is_some(),
                }
            })
        };
        others.filter(lets).map(|other| other.actor).collect()
    }

    /// The actors that can never go on: each of them waits for what only others among them could still do. None where
    /// only daemons are.
    pub fn dead_among(&self, state: &State, choices: &[Choice], all: &[Foreseen]) -> Vec<u32> {
        if self.habits.pools {
            return self.dead(state, choices);
        }
        let has_step = |id: u32| choices.iter().any(|choice| choice.actor == id);
        let is_dying = |id: u32| {
            let process = state.actor(state.process_of(id));
            process.is_none_or(|process| !process.process_wide.signals.is_empty())
        };
        let waits = |id: &u32| {
            let is_timed =
                matches!(state.actor(*id).map(|actor| &actor.phase), Some(Phase::At(at)) if at.deadline.is_some());
            !has_step(*id) && !is_dying(*id) && !is_timed
        };
        let mut dead: Vec<u32> = all.iter().map(|one| one.actor).filter(waits).collect();
        loop {
            let before = dead.len();
            let known = dead.clone();
            dead.retain(|id| self.needs_only(state, *id, &known, all));
            if dead.len() == before {
                break;
            }
        }
        let matters = |id: &u32| state.actor(*id).is_some_and(|actor| !actor.daemon);
        if dead.iter().any(matters) { dead } else { Vec::new() }
    }

    /// Whether a blocked actor could be let go on only by some of these.
    fn needs_only(&self, state: &State, blocked: u32, among: &[u32], all: &[Foreseen]) -> bool {
        let Some(actor) = state.actor(blocked) else { return false };
        if let Phase::Closing { .. } = actor.phase {
            let awaited = |child: &&u32| {
                state.actor(**child).is_some_and(|child| !child.has_ended() && (!child.daemon || child.is_process()))
            };
            let mut children = actor.children.iter().filter(awaited).peekable();
            // It waits for all of them; before `finally` for everyone.
            return match children.peek() {
                Some(_) => children.any(|child| among.contains(child)),
                None => all.iter().any(|other| other.actor != blocked && among.contains(&other.actor)),
            };
        }
        self.enablers(state, blocked, all).iter().all(|one| among.contains(one))
    }

    fn touched_now(&self, state: &State, actor: &Actor, habits: Habits) -> Vec<Touch> {
        let world = vec![Touch::new(Thing::World, Way::Write)];
        if !actor.process_wide.signals.is_empty() || matches!(actor.phase, Phase::Dead { .. }) {
            return world;
        }
        let mut touched = Vec::new();
        match &actor.phase {
            Phase::At(at) => self.touched_by_op(state, actor, &at.op, habits, &mut touched),
            Phase::Again { op, .. } => {
                if let On::Object(id, _) = on(op.target) {
                    touched.push(Touch::new(Thing::Object(lock_of(state, id), LOCK), Way::Acquire));
                }
            }
            Phase::Computing => {}
            Phase::Closing { .. } => match self.next_end(state, actor.id) {
                Some(Ends::End) => self.touched_by_end(actor, habits, &mut touched),
                Some(Ends::LetGo) => held_ends(state, actor, &mut touched),
                Some(Ends::Finally) => {}
                Some(Ends::Dismiss) | None => return world,
            },
            Phase::Dead { .. } | Phase::Ended { .. } => {}
        }
        touched
    }

    fn touched_by_end(&self, actor: &Actor, habits: Habits, touched: &mut Vec<Touch>) {
        touched.push(Touch::new(Thing::Actor(actor.id), Way::End));
        let ends_run = actor.id == MAIN && habits.daemons;
        let cuts_threads = actor.is_process() && habits.daemon_threads;
        if ends_run || cuts_threads || habits.pools || self.rules.crashes > 0 {
            touched.push(Touch::new(Thing::World, Way::Write));
        }
    }

    fn touched_by_op(&self, state: &State, actor: &Actor, op: &Op, habits: Habits, touched: &mut Vec<Touch>) {
        match op.code {
            OpCode::Select => {
                for case in &op.cases {
                    let deed = Deed { code: case.code, on: on(case.target), guarded: false, plain: false };
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
        let holds = matches!(target, On::Object(id, _) if holder(state, lock_of(state, id)) == Some(actor.id));
        let plain = is_plain(op.code, Some(op.args.as_slice()));
        let deed = Deed { code: op.code, on: target, guarded: holds, plain };
        self.touched_by_deed(state, actor.id, &deed, habits, touched);
    }

    fn touched_later(&self, state: &State, actor: &Actor, habits: Habits, foresight: &mut Foresight) -> Arc<[Touch]> {
        let mut hasher = FxHasher::default();
        (actor.id, actor.is_process(), matches!(actor.phase, Phase::Closing { .. })).hash(&mut hasher);
        if habits.daemons {
            actor.children.hash(&mut hasher);
        }
        let mut bytes = Vec::with_capacity(128);
        if let Some(vm) = &actor.vm {
            vm.fingerprint(&mut bytes);
        }
        if actor.is_process() {
            actor.process_wide.ends.hash(&mut hasher);
        }
        if let Some(op) = actor.op() {
            (op.site, op.code).hash(&mut hasher);
            if op.code == OpCode::Start {
                op.args.as_slice().iter().for_each(|arg| crate::value::encode(arg, &mut bytes));
            }
        }
        bytes.hash(&mut hasher);
        let key = hasher.finish();
        if let Some(known) = foresight.known.get(&key) {
            return Arc::clone(known);
        }
        let mut touched = Vec::new();
        let mut future = match &actor.vm {
            Some(vm) => vm.future(),
            None => Future::default(),
        };
        if let Some(op) = actor.op() {
            self.add_bodies(op, &mut future);
        }
        // A worker does whatever it is handed.
        if future.anything || actor.pool.is_some() {
            touched.push(Touch::new(Thing::World, Way::Write));
        } else {
            future.deeds.iter().for_each(|deed| self.touched_by_deed(state, actor.id, deed, habits, &mut touched));
            let starts = future.deeds.iter().any(|deed| deed.code == OpCode::Start);
            let has_daemons = actor.children.iter().filter_map(|child| state.actor(*child)).any(|child| child.daemon);
            if habits.daemons && (starts || has_daemons) {
                // At its end it terminates them.
                touched.push(Touch::new(Thing::World, Way::Write));
            }
            if let Some(op) = actor.op().filter(|op| op.code == OpCode::ConditionWait)
                && let On::Object(id, _) = on(op.target)
            {
                touched.push(Touch::new(Thing::Object(lock_of(state, id), LOCK), Way::Acquire));
            }
            self.touched_by_end(actor, habits, &mut touched);
            if actor.is_process() && self.sights.ends {
                touched.push(Touch::new(Thing::AnyObject, Way::Write));
            }
        }
        touched.sort_unstable();
        touched.dedup();
        let touched: Arc<[Touch]> = touched.into();
        foresight.known.insert(key, Arc::clone(&touched));
        touched
    }

    /// What an operation itself lets happen: the body of whom it starts, or that it runs.
    fn add_bodies(&self, op: &Op, future: &mut Future) {
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
            OpCode::BarrierWait | OpCode::OnceRun => {
                let kind = if op.code == OpCode::OnceRun { ObjectKind::Once } else { ObjectKind::Barrier };
                let then = if op.code == OpCode::OnceRun { OpCode::OnceRan } else { OpCode::BarrierActed };
                let of_kind = program.objects.iter().filter(|spec| spec.kind == kind);
                bodies.extend(of_kind.filter_map(|spec| spec.body).map(|body| (body.0, Vec::new())));
                future.deeds.push(Deed { code: then, on: on(op.target), guarded: false, plain: true });
            }
            _ => {}
        }
        for (body, args) in bodies {
            let more = self.plan.image.future(body, args, &[]);
            future.anything |= more.anything;
            future.deeds.extend(more.deeds);
        }
    }

    fn touched_by_deed(&self, state: &State, me: u32, deed: &Deed, habits: Habits, touched: &mut Vec<Touch>) {
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
                    OpCode::Start if self.sights.ends => touch(Thing::World, Way::Write),
                    OpCode::Start => touch(Thing::Births, Way::Write),
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
        let is_met = match state.object(id) {
            Some(Object::Queue(queue)) => queue.is_rendezvous(),
            Some(Object::Event(_)) => self.sights.clears,
            Some(Object::Latch(_)) => self.sights.reopens,
            Some(Object::End(_)) => true,
            _ => false,
        };
        if habits.selects && (is_met || shows) {
            touch(Thing::Cases, Way::Write);
        }
        match state.object(id) {
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
                        touch(Thing::Object(id, WAITERS), Way::Write);
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
                        OpCode::QueueJoin if deed.plain => Way::Read,
                        _ => Way::Write,
                    },
                );
            }
            Some(Object::End(end)) => {
                let is_look = deed.code == OpCode::PipePoll && !habits.passes_ends;
                let way = if is_look { Way::Read } else { Way::Write };
                touch(whole, way);
                touch(Thing::Object(end.peer, None), way);
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

    fn touched_anywhere(&self, deed: &Deed, touched: &mut Vec<Touch>) {
        let (thing, way) = match deed.code {
            OpCode::Join | OpCode::IsAlive | OpCode::ExitCode | OpCode::TimerCancel => {
                (Thing::AnyActor, life_way(deed))
            }
            OpCode::ActorPid | OpCode::ActorName => return,
            OpCode::Terminate | OpCode::Kill => (Thing::World, Way::Write),
            OpCode::CellRead => (Thing::AnyObject, Way::Read),
            _ => (Thing::AnyObject, Way::Write),
        };
        touched.push(Touch::new(thing, way));
        if !self.watched.is_empty() && way == Way::Write {
            touched.push(Touch::new(Thing::Watched, Way::Write));
        }
    }

    /// The objects that invariants look at, sorted.
    pub(super) fn watched_by_invariants(&self) -> Vec<u32> {
        let mut watched = Vec::new();
        for (_, code) in &self.plan.image.program.invariants {
            let future = self.plan.image.future(code.0, Vec::new(), &[]);
            for deed in future.deeds {
                match deed.on {
                    On::Object(id, _) => watched.push(id),
                    On::Any => watched.extend(0..self.plan.objects.len() as u32),
                    _ => {}
                }
            }
        }
        watched.sort_unstable();
        watched.dedup();
        watched
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
        OpCode::LockRelease if deed.guarded && !shows => Way::Leave,
        OpCode::LockLocked | OpCode::Waiting => Way::Read,
        _ => Way::Write,
    }
}

/// The lock that an object is: of a condition over a declared lock, that one.
fn lock_of(state: &State, id: u32) -> u32 {
    condition::declared_lock(state, id).unwrap_or(id)
}

fn holder(state: &State, lock: u32) -> Option<u32> {
    match state.object(lock)? {
        Object::Lock(lock) => lock.holder,
        Object::Condition(over) => condition::lock(state, over).and_then(|lock| lock.holder),
        _ => None,
    }
}

fn held_ends(state: &State, actor: &Actor, touched: &mut Vec<Touch>) {
    for (end, _) in actor.process_wide.ends.iter().filter(|(_, held)| **held) {
        touched.push(Touch::new(Thing::Object(*end, None), Way::Write));
        if let Some(Object::End(end)) = state.object(*end) {
            touched.push(Touch::new(Thing::Object(end.peer, None), Way::Write));
        }
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
