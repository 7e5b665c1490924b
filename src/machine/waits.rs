//! A state as a wait-for graph.
//!
//! Answers for: what each actor waits for, and where it could come from. Never decides who is dead (see `waits`).

use super::actor::{Actor, At, Phase};
use super::object::{Object, barrier, condition, object_of};
use super::{Choice, Machine, State};
use crate::plan::{Ahead, Ops, Stand, User};
use crate::program::ActorKind;
use crate::program::op::{Op, OpCode, Site, Target};
use crate::value::Side;
use crate::waits::{self, CUTS, Node, OF_PIPES, OF_POOLS, Source, WRITES, Wait, deeds, of_lock, of_rwlock};

impl Machine {
    /// The actors that can never go on, whatever the others do, where the run cannot come to its end without one of
    /// them. `choices` are the steps of the state.
    ///
    /// It is what a real run finds out from its arena, by the same graph, and so what a run is judged by. A search has
    /// its own (see [`Space::dead`](super::Space::dead)).
    pub fn dead(&self, state: &State, choices: &[Choice]) -> Vec<u32> {
        if state.is_over() {
            return Vec::new();
        }
        let nodes: Vec<Node> = state
            .actors()
            .filter(|actor| !actor.has_ended())
            .map(|actor| Node {
                actor: actor.id,
                process: actor.process,
                parent: actor.parent,
                daemon: actor.daemon,
                works: actor.pool.is_some(),
                ahead: self.ahead(actor),
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
            Phase::At(At { op, .. }) => self.wait_in(state, actor, op),
            Phase::Again { op, .. } => Wait::For(self.lock_sources(state, op)),
        }
    }

    /// What an actor's program could still do.
    fn ahead(&self, actor: &Actor) -> Ahead {
        let frames: Option<Vec<Site>> = actor.vm.as_ref().map(|vm| vm.frames().collect());
        let stand = frames.as_deref().map_or(Stand::Over, Stand::At);
        self.plan.reach.ahead(user_of(actor), false, actor.is_process(), stand)
    }

    fn wait_in(&self, state: &State, actor: &Actor, op: &Op) -> Wait {
        match op.code {
            OpCode::RwAcquire => self.rwlock_sources(state, op),
            _ => Wait::For(self.sources(state, actor, op)),
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
                vec![Source::Worker, Source::Handle(&[OpCode::ResultCancel])]
            }
            OpCode::PoolJoin => vec![Source::Worker],
            OpCode::PoolTake => match actor.template {
                Some(pool) => vec![Source::Deed(None, vec![pool], OF_POOLS)],
                None => vec![Source::Anyone],
            },
            OpCode::PipeSend | OpCode::PipeRecv | OpCode::PipeNext | OpCode::PipePoll => self.pipe_sources(state, op),
            OpCode::Select => op.cases.iter().flat_map(|case| self.sources(state, actor, case)).collect(),
            OpCode::Await => {
                let looked_at = self.looked_at(state, op);
                looked_at.into_iter().map(|id| self.deed(state, Some(id), WRITES)).collect()
            }
            OpCode::SemaphoreAcquire => vec![match object_of(op).and_then(|id| state.entry(id)) {
                Some(entry) => match entry.decl {
                    Some(decl) => Source::Release(entry.owner, vec![decl], OpCode::SemaphoreRelease),
                    None => Source::Anyone,
                },
                None => Source::Anyone,
            }],
            OpCode::OnceRun | OpCode::BarrierWait => match object_of(op).and_then(|id| state.object(id)) {
                Some(Object::Once(once)) => once.runner().map(Source::Actor).into_iter().collect(),
                Some(Object::Barrier(barrier::Barrier { acting: Some(acting), .. })) => {
                    vec![Source::Actor(acting.by), self.deed(state, object_of(op), CUTS)]
                }
                _ => vec![deeds(op.code).map_or(Source::Anyone, |ops| self.deed(state, object_of(op), ops))],
            },
            _ => vec![deeds(op.code).map_or(Source::Anyone, |ops| self.deed(state, object_of(op), ops))],
        }
    }

    /// Whoever does one of these to an object.
    fn deed(&self, state: &State, object: Option<u32>, ops: Ops) -> Source {
        let entry = object.and_then(|id| state.entry(id));
        let of = |decl| entry.map(|entry| Source::Deed(entry.owner, vec![decl], ops));
        entry.and_then(|entry| entry.decl).and_then(of).unwrap_or(Source::Anyone)
    }

    fn lock_sources(&self, state: &State, op: &Op) -> Vec<Source> {
        let id = object_of(op).map(|id| condition::declared_lock(state, id).unwrap_or(id));
        let lock = match id.and_then(|id| state.object(id)) {
            Some(Object::Lock(lock)) => Some(lock),
            Some(Object::Condition(over)) => condition::lock(state, over),
            _ => None,
        };
        let Some(lock) = lock else { return vec![Source::Anyone] };
        let entry = id.and_then(|id| state.entry(id));
        let (owner, decl) = entry.map_or((None, None), |entry| (entry.owner, entry.decl));
        of_lock(lock.holder, owner, decl, lock.reentrant, &self.plan.reach)
    }

    /// Who reads waits for who writes, and for the writers that wait; who writes for all who hold it.
    fn rwlock_sources(&self, state: &State, op: &Op) -> Wait {
        let Some(id) = object_of(op) else { return Wait::For(vec![Source::Anyone]) };
        let Some(Object::Rwlock(rwlock)) = state.object(id) else { return Wait::For(vec![Source::Anyone]) };
        let decl = state.entry(id).and_then(|entry| entry.decl);
        let reads = matches!(op.target, Target::Object(object) if object.side() == Some(Side::Read));
        match reads {
            true => of_rwlock(rwlock.writer.as_slice(), &rwlock.waiting, decl),
            false => of_rwlock(&rwlock.holders(), &[], decl),
        }
    }

    fn pipe_sources(&self, state: &State, op: &Op) -> Vec<Source> {
        let Some(id) = object_of(op) else { return vec![Source::Anyone] };
        let Some(Object::End(end)) = state.object(id) else { return vec![Source::Anyone] };
        let decls: Option<Vec<u32>> = [id, end.peer].iter().map(|id| state.entry(*id)?.decl).collect();
        let Some(decls) = decls else { return vec![Source::Anyone] };
        // Whoever holds the other end lets it go when it ends.
        let holds = |actor: &&Actor| actor.process_wide.ends.get(&end.peer) == Some(&true);
        let holders = state.actors().filter(holds).map(|actor| Source::Actor(actor.id));
        holders.chain([Source::Deed(None, decls, OF_PIPES)]).collect()
    }
}

fn user_of(actor: &Actor) -> Option<User> {
    match (actor.kind, actor.template) {
        (ActorKind::Main, _) => Some(User::Main),
        (ActorKind::Worker, pool) => pool.map(User::Worker),
        (_, template) => template.map(User::Template),
    }
}

/// What of a state says whether it is worth looking for the dead in it: who has no step, and where each of them
/// stands, and what is ahead of the others.
pub fn standstill(machine: &Machine, state: &State, choices: &[Choice]) -> u64 {
    use std::hash::{Hash as _, Hasher as _};
    let mut hasher = rustc_hash::FxHasher::default();
    for actor in state.actors().filter(|actor| actor.is_alive()) {
        let from = choices.partition_point(|choice| choice.actor < actor.id);
        actor.id.hash(&mut hasher);
        if choices.get(from).is_none_or(|choice| choice.actor != actor.id) {
            machine.next_op(state, actor.id).map(|op| (op.site, op.code)).hash(&mut hasher);
        } else {
            machine.ahead(actor).hash(&mut hasher);
        }
    }
    state.alive().count().hash(&mut hasher);
    hasher.finish()
}
