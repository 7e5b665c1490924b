//! A state as a wait-for graph.
//!
//! Answers for: what each actor waits for, and where it could come from. Never decides who is dead (see `waits`).

use super::actor::{Actor, At, Phase};
use super::object::{Object, condition, object_of};
use super::{Choice, Machine, State};
use crate::plan::{ANY, User};
use crate::program::ActorKind;
use crate::program::op::{Op, OpCode, Target};
use crate::waits::{self, Node, Source, Wait, deeds};

impl Machine {
    /// The actors that can never go on, whatever the others do, where the run cannot come to its end without one of
    /// them. `choices` are the steps of the state.
    pub fn dead(&self, state: &State, choices: &[Choice]) -> Vec<u32> {
        if state.is_over() {
            return Vec::new();
        }
        let nodes: Vec<Node> = state
            .actors
            .iter()
            .filter(|actor| !actor.has_ended())
            .map(|actor| Node {
                actor: actor.id,
                process: actor.process,
                parent: actor.parent,
                daemon: actor.daemon,
                user: user_of(actor),
                wait: self.wait_of(state, actor, choices),
            })
            .collect();
        if nodes.iter().all(|node| node.wait == Wait::No) {
            return Vec::new();
        }
        waits::dead(&nodes, &self.plan.reach)
    }

    fn wait_of(&self, state: &State, actor: &Actor, choices: &[Choice]) -> Wait {
        // Steps come in the order of the actors.
        let from = choices.partition_point(|choice| choice.actor < actor.id);
        let has_step = choices.get(from).is_some_and(|choice| choice.actor == actor.id);
        let process = state.actor(actor.process);
        let is_dying = process.is_none_or(|process| !process.process_wide.signals.is_empty());
        if has_step || is_dying {
            return Wait::No;
        }
        match &actor.phase {
            Phase::At(At { deadline: Some(_), .. }) | Phase::Computing | Phase::Dead { .. } | Phase::Ended { .. } => {
                Wait::No
            }
            Phase::Closing { .. } => {
                let awaited = actor.children.iter().filter_map(|child| state.actor(*child));
                let awaited = awaited.filter(|child| !child.has_ended() && (!child.daemon || child.is_process()));
                let awaited: Vec<u32> = awaited.map(|child| child.id).collect();
                if awaited.is_empty() { Wait::EveryEnd } else { Wait::Ends(awaited) }
            }
            Phase::At(At { op, .. }) => Wait::For(self.sources(state, actor, op)),
            Phase::Again { op, .. } => Wait::For(self.lock_sources(state, op)),
        }
    }

    fn sources(&self, state: &State, actor: &Actor, op: &Op) -> Vec<Source> {
        match op.code {
            OpCode::Join => match op.target {
                Target::Actor(joined) => vec![Source::Actor(joined.0)],
                _ => vec![Source::Anyone],
            },
            OpCode::LockAcquire => self.lock_sources(state, op),
            OpCode::ResultGet | OpCode::ResultWait | OpCode::ResultNext => {
                vec![Source::Worker, Source::Handle(&["cancel"])]
            }
            OpCode::PoolJoin => vec![Source::Worker],
            OpCode::PoolTake => match actor.template {
                Some(pool) => vec![Source::Deed(vec![pool], ANY)],
                None => vec![Source::Anyone],
            },
            OpCode::PipeSend | OpCode::PipeRecv | OpCode::PipeNext | OpCode::PipePoll => self.pipe_sources(state, op),
            OpCode::Select => op.cases.iter().flat_map(|case| self.sources(state, actor, case)).collect(),
            _ => match self.deed(state, op, deeds(op.code)) {
                Some(deed) => vec![deed],
                None => vec![Source::Anyone],
            },
        }
    }

    /// Whoever does one of these to an operation's object.
    fn deed(&self, state: &State, op: &Op, operations: &'static [&'static str]) -> Option<Source> {
        let entry = state.entry(object_of(op)?)?;
        let decls = vec![entry.decl?];
        Some(match entry.owner {
            Some(owner) => Source::Within(owner, decls, operations),
            None => Source::Deed(decls, operations),
        })
    }

    fn lock_sources(&self, state: &State, op: &Op) -> Vec<Source> {
        let id = object_of(op).map(|id| condition::declared_lock(state, id).unwrap_or(id));
        let lock = match id.and_then(|id| state.object(id)) {
            Some(Object::Lock(lock)) => Some(lock),
            Some(Object::Condition(over)) => condition::lock(state, over),
            _ => None,
        };
        let Some(lock) = lock else { return vec![Source::Anyone] };
        let mut sources: Vec<Source> = lock.holder.map(Source::Actor).into_iter().collect();
        let entry = id.and_then(|id| state.entry(id));
        let reach = &self.plan.reach;
        match entry.and_then(|entry| entry.decl) {
            _ if lock.reentrant => {}
            None => sources.push(Source::Anyone),
            // Whoever releases it may do so for another who holds it by then.
            Some(decl) if reach.is_released_openly(decl) => {
                sources.push(Source::Deed(reach.names_of_lock(decl).collect(), ANY));
            }
            Some(_) => {}
        }
        sources
    }

    fn pipe_sources(&self, state: &State, op: &Op) -> Vec<Source> {
        let Some(id) = object_of(op) else { return vec![Source::Anyone] };
        let Some(Object::End(end)) = state.object(id) else { return vec![Source::Anyone] };
        let decls: Option<Vec<u32>> = [id, end.peer].iter().map(|id| state.entry(*id)?.decl).collect();
        let Some(decls) = decls else { return vec![Source::Anyone] };
        // Whoever holds the other end lets it go when it ends.
        let holds = |actor: &&std::sync::Arc<Actor>| actor.process_wide.ends.get(&end.peer) == Some(&true);
        let holders = state.actors.iter().filter(holds).map(|actor| Source::Actor(actor.id));
        holders.chain([Source::Deed(decls, ANY)]).collect()
    }
}

fn user_of(actor: &Actor) -> Option<User> {
    match (actor.kind, actor.template) {
        (ActorKind::Main, _) => Some(User::Main),
        (ActorKind::Worker, pool) => pool.map(User::Worker),
        (_, template) => template.map(User::Template),
    }
}

/// What of a state says whether it is worth looking for the dead in it: who has no step, and where each of them stands.
pub fn standstill(machine: &Machine, state: &State, choices: &[Choice]) -> u64 {
    use std::hash::{Hash as _, Hasher as _};
    let mut hasher = rustc_hash::FxHasher::default();
    for actor in state.actors.iter().filter(|actor| actor.is_alive()) {
        let from = choices.partition_point(|choice| choice.actor < actor.id);
        if choices.get(from).is_none_or(|choice| choice.actor != actor.id) {
            actor.id.hash(&mut hasher);
            machine.next_op(state, actor.id).map(|op| (op.site, op.code)).hash(&mut hasher);
        }
    }
    state.alive().count().hash(&mut hasher);
    hasher.finish()
}
