//! What each actor does next and could do later, as what it touches and how.
//!
//! Answers for: that nothing that matters is left out. Never decides what is explored.

mod deeds;
mod habits;
mod locks;
mod touch;

pub(super) use habits::Habits;
pub use touch::{Thing, Touch, Way};

use std::sync::Arc;

use rustc_hash::FxHashMap;

use self::deeds::{LOCK, WAITERS};
use self::locks::{held_after, lock_of};
use super::actor::{Actor, Phase};
use super::object::pool;
use super::{Choice, Ends, MAIN, Machine, State};
use crate::program::op::OpCode;
use crate::vm::{Future, On, on};

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

impl Foreseen {
    /// Of locks that somebody may release who does not hold them, nobody can be sure to hold them.
    fn distrust(&mut self, opened: &[Thing]) {
        self.now.iter_mut().for_each(|touch| *touch = distrusted(*touch, opened));
        self.later = self.later.iter().map(|touch| distrusted(*touch, opened)).collect();
    }
}

/// A touch of a lock, where somebody may release it who does not hold it.
pub(super) fn distrusted(touch: Touch, opened: &[Thing]) -> Touch {
    let is_unsure = touch.way == Way::Leave && opened.iter().any(|one| one.overlaps(touch.thing));
    if is_unsure { Touch::new(touch.thing, Way::Write) } else { touch }
}

/// Futures by where a computing stands, so that each is found out once.
#[derive(Debug, Default)]
pub struct Foresight {
    known: FxHashMap<Box<[u8]>, Arc<Future>>,
}

impl Machine {
    /// What every actor that is not over does next and could do later.
    pub fn foresee(&self, state: &State, foresight: &mut Foresight) -> Vec<Foreseen> {
        let actors = state.actors().filter(|actor| !actor.has_ended());
        let mut all: Vec<Foreseen> = actors.map(|actor| self.foresee_one(state, actor, foresight)).collect();
        let touches = all.iter().flat_map(|one| one.now.iter().chain(one.later.iter()));
        let opened: Vec<Thing> = touches.filter(|touch| touch.way == Way::Open).map(|touch| touch.thing).collect();
        if !opened.is_empty() {
            all.iter_mut().for_each(|one| one.distrust(&opened));
        }
        all
    }

    /// The same of one actor, as long as nobody may release a lock that another holds.
    pub(super) fn foresee_one(&self, state: &State, actor: &Actor, foresight: &mut Foresight) -> Foreseen {
        Foreseen {
            actor: actor.id,
            now: self.touched_now(state, actor, self.habits),
            later: self.touched_later(state, actor, self.habits, foresight),
        }
    }

    /// Who holds a lock, or the lock of a condition.
    pub(super) fn holder_of(&self, state: &State, lock: u32) -> Option<u32> {
        locks::holder(state, lock)
    }

    /// Whether two steps of a state accord: in either order they give the same state, and neither keeps the other from
    /// being taken.
    pub fn accord(&self, state: &State, a: &Choice, b: &Choice) -> bool {
        let touched = |choice: &Choice| {
            let actor = state.actor(choice.actor);
            actor.map(|actor| self.touched_now(state, actor, self.habits)).unwrap_or_default()
        };
        let (own, others) = (touched(a), touched(b));
        a.actor != b.actor && !own.iter().any(|one| others.iter().any(|other| one.conflicts(*other)))
    }

    fn touched_now(&self, state: &State, actor: &Actor, habits: Habits) -> Vec<Touch> {
        let world = vec![Touch::new(Thing::World, Way::Write)];
        let is_dying = !actor.process_wide.signals.is_empty() || self.may_crash(state, actor.id);
        let replaces = habits.pools && actor.is_process() && !pool::owed_by(state, actor.id).is_empty();
        if is_dying || replaces || matches!(actor.phase, Phase::Dead { .. }) {
            return world;
        }
        // Whatever it does, it must be alive.
        let mut touched = vec![Touch::new(Thing::Actor(actor.id), Way::Read)];
        match &actor.phase {
            // It has let the lock go, and can do no more than give up.
            Phase::At(at) if at.parked && at.op.code == OpCode::ConditionWait => {
                if let On::Object(id, _) = on(at.op.target) {
                    touched.push(Touch::new(Thing::Object(id, WAITERS), Way::Sleep));
                }
            }
            Phase::At(at) => self.touched_by_op(state, actor, &at.op, habits, &mut touched),
            Phase::Again { op, .. } => {
                if let On::Object(id, _) = on(op.target) {
                    touched.push(Touch::new(Thing::Object(lock_of(state, id), LOCK), Way::Acquire));
                }
            }
            Phase::Computing => {}
            Phase::Closing { .. } => match self.next_end(state, actor.id) {
                Some(Ends::End) => self.touched_by_end(actor, habits, &mut touched),
                Some(Ends::LetGo) => touched.push(Touch::new(Thing::Ends, Way::Write)),
                Some(Ends::Finally) => {}
                Some(Ends::Dismiss) | None => return world,
            },
            Phase::Dead { .. } | Phase::Ended { .. } => {}
        }
        touched
    }

    fn touched_by_end(&self, actor: &Actor, habits: Habits, touched: &mut Vec<Touch>) {
        touched.push(Touch::new(Thing::Actor(actor.id), Way::End));
        let ends_run = actor.id == MAIN && habits.orphans;
        let cuts_threads = actor.is_process() && habits.daemon_threads;
        if ends_run || cuts_threads || habits.pools || self.rules.crashes > 0 {
            touched.push(Touch::new(Thing::World, Way::Write));
        }
    }

    fn touched_later(&self, state: &State, actor: &Actor, habits: Habits, foresight: &mut Foresight) -> Arc<[Touch]> {
        let held = if habits.releases { held_after(state, actor) } else { Vec::new() };
        let future = self.future_of(actor, &held, foresight);
        let mut touched = Vec::new();
        // A worker does whatever it is handed.
        if future.anything || actor.pool.is_some() {
            touched.push(Touch::new(Thing::World, Way::Write));
        } else {
            future.deeds.iter().for_each(|deed| self.touched_by_deed(state, actor.id, deed, habits, &mut touched));
            let is_starting = actor.op().is_some_and(|op| op.code == OpCode::Start);
            let starts = is_starting || future.deeds.iter().any(|deed| deed.code == OpCode::Start);
            let has_daemons =
                || actor.children.iter().filter_map(|child| state.actor(*child)).any(|child| child.daemon);
            if habits.daemons && (starts || has_daemons()) {
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
                touched.push(Touch::new(Thing::Ends, Way::Write));
            }
        }
        touched.sort_unstable();
        touched.dedup();
        touched.into()
    }

    /// What an actor could still do after the operation at which it stands; it then holds these locks.
    fn future_of(&self, actor: &Actor, held: &[u32], foresight: &mut Foresight) -> Arc<Future> {
        let mut key = Vec::with_capacity(128);
        if let Some(vm) = &actor.vm {
            vm.fingerprint(&mut key);
        }
        key.push(u8::from(actor.vm.is_some()));
        held.iter().for_each(|lock| key.extend_from_slice(&lock.to_le_bytes()));
        if let Some(op) = actor.op() {
            key.push(op.code as u8);
            [op.site.code, op.site.pc].iter().for_each(|number| key.extend_from_slice(&number.to_le_bytes()));
            if matches!(op.code, OpCode::Start | OpCode::Await | OpCode::BarrierWait | OpCode::OnceRun) {
                key.extend_from_slice(format!("{:?}", op.target).as_bytes());
                op.args.as_slice().iter().for_each(|arg| crate::value::encode(arg, &mut key));
            }
        }
        if let Some(known) = foresight.known.get(key.as_slice()) {
            return Arc::clone(known);
        }
        let mut future = actor.vm.as_ref().map(|vm| vm.future(held)).unwrap_or_default();
        if let Some(op) = actor.op() {
            self.add_bodies(op, &mut future);
        }
        let future = Arc::new(future);
        foresight.known.insert(key.into(), Arc::clone(&future));
        future
    }
}
