//! Who cannot go on, on what, and who could let it.
//!
//! Answers for: the wait-for relation of a state. Never words it.

use super::actor::{Actor, Phase};
use super::object::{Object, condition, object_of};
use super::{MAIN, Machine, State, What};
use crate::plan::{PASSED_ON, Use, User};
use crate::program::ActorKind;
use crate::program::op::{Op, OpCode, Site, Target};
use crate::trace::{Blocked, Gathered};
use crate::value::{ObjectKind, ObjectRef};

/// Whether it is an actor's program that uses something.
fn is_by(used: &Use, actor: &Actor) -> bool {
    match (actor.kind, actor.template) {
        (ActorKind::Worker, Some(pool)) => used.by == User::Worker(pool),
        (ActorKind::Main, _) | (_, None) => matches!(used.by, User::Main | User::Finally),
        (_, Some(template)) => used.by == User::Template(template),
    }
}

fn performs(used: &Use, wanted: &str) -> bool {
    used.operations.iter().any(|operation| &**operation == wanted)
}

/// Those who have not ended, but for one, and of whom something is true.
fn others(state: &State, but: &Actor, wanted: impl Fn(&Actor) -> bool) -> Vec<u32> {
    let others = state.actors().filter(|other| other.id != but.id && !other.has_ended());
    others.filter(|other| wanted(other)).map(|other| other.id).collect()
}

/// An actor that has no step.
#[derive(Clone, Debug)]
pub struct Stuck {
    /// Whose.
    pub actor: u32,
    /// What it waits in.
    pub op: OpCode,
    /// On what.
    pub target: Target,
    /// Where it stands.
    pub site: Site,
    /// Who holds what it waits for: of a lock its holder, of a join the actor itself.
    pub held_by: Vec<u32>,
    /// Who might still let it go on: those who hold it, or whose program names it; all others where the object is
    /// passed about.
    pub could_enable: Vec<u32>,
}

impl Machine {
    /// The actors that have no step, and have not ended; who wakes up by itself may as well not.
    pub fn stuck(&self, state: &State) -> Vec<Stuck> {
        let mut choices = Vec::new();
        let mut all = Vec::new();
        for actor in state.actors().filter(|actor| actor.is_alive()) {
            choices.clear();
            self.choices_of(state, actor.id, &mut choices);
            if choices.iter().all(|choice| choice.what == What::Wake) {
                all.push(self.stuck_one(state, actor));
            }
        }
        all
    }

    fn stuck_one(&self, state: &State, actor: &Actor) -> Stuck {
        let Some(op) = actor.op() else {
            // On its way to its end it waits for those it started, one after the other; main, before `finally`, for
            // everyone.
            let waits_for = |child: &u32| state.is_awaited(*child);
            let held_by: Vec<u32> = actor.children.iter().copied().filter(waits_for).collect();
            let could_enable = if held_by.is_empty() { others(state, actor, |_| true) } else { held_by.clone() };
            let (op, target, site) = (OpCode::Join, Target::None, self.end_of(actor));
            return Stuck { actor: actor.id, op, target, site, held_by, could_enable };
        };
        let held_by = self.held_by(state, &actor.phase, op);
        let could_enable = self.could_enable(state, actor, op, &held_by);
        let (mut code, mut target) = (op.code, op.target);
        if let (Phase::Again { .. }, Target::Object(condition)) = (&actor.phase, op.target) {
            // Notified or out of time, it waits for the lock.
            code = OpCode::LockAcquire;
            let lock = condition::declared_lock(state, condition.id);
            target = lock.map_or(target, |id| Target::Object(ObjectRef { id, kind: ObjectKind::Lock, ..condition }));
        }
        Stuck { actor: actor.id, op: code, target, site: op.site, held_by, could_enable }
    }

    /// The last place in the body of one that is on its way to its end: the same on whichever way it came.
    fn end_of(&self, actor: &Actor) -> Site {
        let program = &self.plan.image.program;
        let template = actor.template.filter(|_| actor.pool.is_none());
        let body = match template.and_then(|template| program.templates.get(template as usize)) {
            Some(template) => template.body,
            None if actor.id == MAIN => program.finally.filter(|_| actor.in_finally).unwrap_or(program.main),
            None => return actor.last,
        };
        let last = program.code(body).and_then(|code| (0u32..).zip(&code.spans).max_by_key(|(_, span)| span.start));
        Site { code: body.0, pc: last.map_or(0, |(pc, _)| pc) }
    }

    fn held_by(&self, state: &State, phase: &Phase, op: &Op) -> Vec<u32> {
        if let Target::Actor(actor) = op.target {
            return vec![actor.0];
        }
        match object_of(op).and_then(|id| state.object(id)) {
            Some(Object::Lock(lock)) => lock.holder.into_iter().collect(),
            Some(Object::Rwlock(lock)) => lock.holders(),
            Some(Object::Once(once)) => once.runner().into_iter().collect(),
            Some(Object::Barrier(barrier)) => barrier.acting.map(|acting| acting.by).into_iter().collect(),
            // Who waits to be notified waits for nobody who holds the lock.
            Some(Object::Condition(over)) if op.code == OpCode::LockAcquire || matches!(phase, Phase::Again { .. }) => {
                condition::lock(state, over).and_then(|lock| lock.holder).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn could_enable(&self, state: &State, actor: &Actor, op: &Op, held_by: &[u32]) -> Vec<u32> {
        if op.code == OpCode::Select {
            let mut all: Vec<u32> = op
                .cases
                .iter()
                .flat_map(|case| self.could_enable(state, actor, case, &self.held_by(state, &actor.phase, case)))
                .collect();
            all.sort_unstable();
            all.dedup();
            return all;
        }
        let id = object_of(op);
        let decl = id.and_then(|id| state.entry(id)).and_then(|entry| entry.decl);
        let is_lock = matches!(op.code, OpCode::LockAcquire | OpCode::ConditionWait | OpCode::Join);
        let who: Vec<u32> = if !held_by.is_empty() && is_lock {
            let releases =
                |other: &Actor| held_by.contains(&other.id) || self.is_open(state, op) && self.may_release(other);
            others(state, actor, releases)
        } else if op.code == OpCode::PoolJoin {
            others(state, actor, |_| true)
        } else {
            let spec = decl.and_then(|decl| self.plan.image.program.objects.get(decl as usize));
            let peer = spec.and_then(|spec| spec.peer);
            others(state, actor, |other| held_by.contains(&other.id) || self.may_use(other, decl, peer))
        };
        // With a process everything in it ends.
        let mut all: Vec<u32> = who.iter().map(|one| state.process_of(*one)).chain(who.iter().copied()).collect();
        all.retain(|one| *one != actor.id);
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether it waits for a lock that others than its holder may release.
    fn is_open(&self, state: &State, op: &Op) -> bool {
        let lock = match object_of(op).and_then(|id| state.object(id)) {
            Some(Object::Lock(lock)) => Some(lock),
            Some(Object::Condition(over)) => condition::lock(state, over),
            _ => None,
        };
        lock.is_some_and(|lock| !lock.reentrant)
    }

    /// Whether an actor's program may act on objects of a declaration.
    fn may_use(&self, actor: &Actor, decl: Option<u32>, peer: Option<u32>) -> bool {
        let Some(decl) = decl else { return true };
        let names = |used: &&Use| used.decl == decl || Some(used.decl) == peer;
        self.plan.uses.iter().filter(names).any(|used| is_by(used, actor) || performs(used, PASSED_ON))
    }

    /// Whether an actor's program may release a lock that it does not hold; of which name does not matter, for a
    /// condition is another name of its lock.
    fn may_release(&self, actor: &Actor) -> bool {
        let is_lock = |used: &&Use| {
            let spec = self.plan.image.program.objects.get(used.decl as usize);
            spec.is_some_and(|spec| matches!(spec.kind, ObjectKind::Lock | ObjectKind::Condition))
        };
        let frees = |used: &Use| performs(used, PASSED_ON) || is_by(used, actor) && performs(used, "release");
        self.plan.uses.iter().filter(is_lock).any(frees)
    }

    /// Who has been notified and has not taken the lock again.
    pub fn notified(&self, state: &State) -> Vec<u32> {
        let is_notified = |actor: &&Actor| matches!(actor.phase, Phase::Again { woken: true, .. });
        state.actors().filter(is_notified).map(|actor| actor.id).collect()
    }

    /// The same as a report shows it; daemons only where nobody else is stuck.
    pub fn blocked(&self, state: &State) -> Vec<Blocked> {
        self.blocked_among(state, |_| true)
    }

    /// The same of some actors.
    pub fn blocked_among(&self, state: &State, wanted: impl Fn(u32) -> bool) -> Vec<Blocked> {
        let mut stuck = self.stuck(state);
        stuck.retain(|one| wanted(one.actor));
        let is_daemon = |one: &Stuck| state.actor(one.actor).is_some_and(|actor| actor.daemon);
        let only_daemons = stuck.iter().all(is_daemon);
        let shown = stuck.iter().filter(|one| only_daemons || !is_daemon(one));
        shown.map(|one| self.shown(state, one)).collect()
    }

    fn shown(&self, state: &State, stuck: &Stuck) -> Blocked {
        let name = |actor: &u32| state.name(*actor).to_owned();
        let (target, kind) = match stuck.target {
            Target::Object(object) => {
                let side = object.side().map_or_else(String::new, |side| format!(".{}", side.name()));
                (self.object_name(state, object.id).map(|name| name + &side), Some(object.kind))
            }
            Target::Actor(actor) => (Some(state.name(actor.0).to_owned()), None),
            Target::None => (stuck.held_by.first().map(name), None),
            Target::Result(_) => (None, None),
        };
        let kind = kind.filter(|kind| *kind != ObjectKind::Shared);
        let has_ended = |actor: &u32| state.actor(*actor).is_none_or(Actor::has_ended);
        let held_by = if stuck.op == OpCode::Join { stuck.held_by.get(..1) } else { Some(&stuck.held_by[..]) };
        let held_by = held_by.unwrap_or_default();
        Blocked {
            actor: state.name(stuck.actor).to_owned(),
            span: self.plan.image.program.span_of(stuck.site).unwrap_or_default(),
            op: stuck.op,
            target,
            kind,
            holder_ended: stuck.op != OpCode::Join && !held_by.is_empty() && held_by.iter().all(has_ended),
            held_by: held_by.iter().map(name).collect(),
            gathered: if held_by.is_empty() { self.gathered(state, stuck) } else { None },
        }
    }

    /// Who is at the barrier in which an actor waits, unless it waits for its action.
    fn gathered(&self, state: &State, stuck: &Stuck) -> Option<Gathered> {
        let Target::Object(object) = stuck.target else { return None };
        let Some(Object::Barrier(barrier)) = state.object(object.id) else { return None };
        let arrived = barrier.inside.iter().map(|party| state.name(*party).to_owned()).collect();
        Some(Gathered { arrived, parties: usize::try_from(barrier.parties).unwrap_or(0) })
    }

    /// An object as shown: `q`, `forks[2]`, `team[0].team_lock`.
    pub fn object_name(&self, state: &State, id: u32) -> Option<String> {
        let entry = state.entry(id)?;
        let mut name = self.plan.image.program.objects.get(entry.decl? as usize)?.name.to_string();
        if let Some(index) = entry.index {
            name = format!("{name}[{index}]");
        }
        Some(match entry.owner {
            Some(owner) if owner != super::MAIN => format!("{}.{name}", state.name(owner)),
            _ => name,
        })
    }
}
