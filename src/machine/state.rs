//! States: every actor and every object, shared between states until changed.
//!
//! Answers for: finding and changing them, and forgetting what nobody can name any more. Never decides on a step.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::actor::{Actor, Phase};
use super::object::{Entry, Object};
use super::{MAIN, Time};

/// A state. Cheap to clone: what two states have in common is kept once.
#[derive(Clone, Debug)]
pub struct State {
    /// By number.
    pub(super) actors: Vec<Arc<Actor>>,
    /// Objects and results, by number.
    pub(super) objects: Vec<Arc<Entry>>,
    pub(super) next_actor: u32,
    pub(super) next_object: u32,
    /// Virtual time in nanoseconds.
    pub(super) clock_ns: u64,
    /// How many processes were started, by template and place among its indices.
    pub(super) instances: Arc<BTreeMap<(u32, u32), u32>>,
    /// How many objects were left when the unreachable ones were forgotten last.
    pub(super) kept: usize,
    /// An error has ended an actor.
    pub(super) failed: bool,
    /// How many processes were killed though the scenario did not say so.
    pub(super) crashes: u32,
}

fn find<T>(items: &[Arc<T>], guess: usize, id: u32, key: impl Fn(&T) -> u32) -> Option<usize> {
    if items.get(guess).is_some_and(|item| key(item) == id) {
        return Some(guess);
    }
    items.binary_search_by_key(&id, |item| key(item)).ok()
}

impl State {
    /// Virtual time: nanoseconds since the run began.
    pub fn clock_ns(&self) -> u64 {
        self.clock_ns
    }

    /// Whether main has ended, and with it the run.
    pub fn is_over(&self) -> bool {
        self.actor(MAIN).is_none_or(Actor::has_ended)
    }

    /// The exit code of main, once it has ended.
    pub fn exit_code(&self) -> Option<i32> {
        match self.actor(MAIN)?.phase {
            Phase::Ended { code } => Some(code),
            _ => None,
        }
    }

    /// Whether no error has ended an actor so far.
    pub fn is_fine(&self) -> bool {
        !self.failed
    }

    /// How many actors and objects are kept.
    pub fn size(&self) -> (usize, usize) {
        (self.actors.len(), self.objects.len())
    }

    /// The name of an actor.
    pub fn name(&self, actor: u32) -> &str {
        self.actor(actor).map_or("", |actor| &actor.name)
    }

    /// The actor with a name that was started last, ended ones included as long as they are kept.
    pub fn named(&self, name: &str) -> Option<u32> {
        self.actors.iter().rev().find(|actor| &*actor.name == name).map(|actor| actor.id)
    }

    /// Whether an actor belongs to the process of which another is the first actor.
    pub fn is_of(&self, actor: u32, process: u32) -> bool {
        self.actor(actor).is_some_and(|actor| actor.process == process)
    }

    /// The numbers of all actors that have not ended.
    pub fn alive(&self) -> impl Iterator<Item = u32> + '_ {
        self.actors.iter().filter(|actor| actor.is_alive()).map(|actor| actor.id)
    }

    /// Whether an actor can still do anything.
    pub fn is_alive(&self, actor: u32) -> bool {
        self.actor(actor).is_some_and(Actor::is_alive)
    }

    pub(super) fn actor(&self, id: u32) -> Option<&Actor> {
        let at = find(&self.actors, id.wrapping_sub(MAIN) as usize, id, |actor| actor.id)?;
        self.actors.get(at).map(|actor| &**actor)
    }

    pub(super) fn actor_mut(&mut self, id: u32) -> Option<&mut Actor> {
        let at = find(&self.actors, id.wrapping_sub(MAIN) as usize, id, |actor| actor.id)?;
        self.actors.get_mut(at).map(Arc::make_mut)
    }

    pub(super) fn entry(&self, id: u32) -> Option<&Entry> {
        let at = find(&self.objects, id as usize, id, |entry| entry.id)?;
        self.objects.get(at).map(|entry| &**entry)
    }

    pub(super) fn object(&self, id: u32) -> Option<&Object> {
        self.entry(id).map(|entry| &entry.object)
    }

    pub(super) fn object_mut(&mut self, id: u32) -> Option<&mut Object> {
        let at = find(&self.objects, id as usize, id, |entry| entry.id)?;
        self.objects.get_mut(at).map(|entry| &mut Arc::make_mut(entry).object)
    }

    pub(super) fn add_object(&mut self, mut entry: Entry) -> u32 {
        let id = self.next_object;
        self.next_object += 1;
        entry.id = id;
        self.objects.push(Arc::new(entry));
        id
    }

    /// The first actor of the process that an actor belongs to.
    pub(super) fn process_of(&self, actor: u32) -> u32 {
        self.actor(actor).map_or(actor, |actor| actor.process)
    }

    /// The actors of a process that can still do anything, its first one last.
    pub(super) fn members(&self, process: u32) -> Vec<u32> {
        let mut members: Vec<u32> =
            self.actors.iter().filter(|a| a.process == process && a.is_alive()).map(|a| a.id).collect();
        members.reverse();
        members
    }

    /// When the next timed wait is over.
    pub(super) fn next_deadline(&self, time: Time) -> Option<u64> {
        if time == Time::Any {
            return None;
        }
        let deadline = |actor: &Arc<Actor>| match &actor.phase {
            Phase::At(at) => at.deadline,
            _ => None,
        };
        self.actors.iter().filter_map(deadline).filter(|deadline| *deadline > self.clock_ns).min()
    }
}
