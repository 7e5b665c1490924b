//! States: every actor and every object, shared between states until changed.
//!
//! Answers for: finding and changing them, and forgetting what nobody can name any more. Never decides on a step.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::actor::{Actor, At, Phase};
use super::object::condition::{Condition, Under};
use super::object::{Entry, Object};
use super::watch::{Asked, Flag, Kind, Watch};
use super::{MAIN, Time};

/// A state. Cheap to clone: what two states have in common is kept once.
///
/// Whatever is asked of it is noted (see `watch`): its fields are nobody's business but this file's.
#[derive(Clone, Debug)]
pub struct State {
    /// By number.
    actors: Vec<Arc<Actor>>,
    /// Objects and results, by number.
    objects: Vec<Arc<Entry>>,
    head: Head,
    watch: Watch,
}

/// What belongs to no actor and no object.
#[derive(Clone, Debug)]
pub(super) struct Head {
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

/// Everything of a state, for who keeps or compares states.
pub(super) struct Parts<'s> {
    pub(super) actors: &'s [Arc<Actor>],
    pub(super) objects: &'s [Arc<Entry>],
    pub(super) head: &'s Head,
}

fn find<T>(items: &[Arc<T>], guess: usize, id: u32, key: impl Fn(&T) -> u32) -> Option<usize> {
    if items.get(guess).is_some_and(|item| key(item) == id) {
        return Some(guess);
    }
    items.binary_search_by_key(&id, |item| key(item)).ok()
}

/// The place of an actor among those that there are.
pub(super) fn place_of_actor(actors: &[Arc<Actor>], id: u32) -> Option<usize> {
    find(actors, id.wrapping_sub(MAIN) as usize, id, |actor| actor.id)
}

/// The place of an object.
pub(super) fn place_of_object(objects: &[Arc<Entry>], id: u32) -> Option<usize> {
    find(objects, id as usize, id, |entry| entry.id)
}

impl State {
    /// One in which there is nothing yet.
    pub(super) fn empty() -> State {
        let head = Head {
            next_actor: MAIN,
            next_object: 0,
            clock_ns: 0,
            instances: Arc::default(),
            kept: 0,
            failed: false,
            crashes: 0,
        };
        State::of(Vec::new(), Vec::new(), head, Watch::default())
    }

    /// One that consists of these.
    pub(super) fn of(actors: Vec<Arc<Actor>>, objects: Vec<Arc<Entry>>, head: Head, watch: Watch) -> State {
        State { actors, objects, head, watch }
    }

    /// Everything, unnoted.
    pub(super) fn parts(&self) -> Parts<'_> {
        Parts { actors: &self.actors, objects: &self.objects, head: &self.head }
    }

    /// Everything, to be changed by who looked at all of it.
    pub(super) fn parts_mut(&mut self) -> (&mut Vec<Arc<Actor>>, &mut Vec<Arc<Entry>>, &mut Head) {
        (&mut self.actors, &mut self.objects, &mut self.head)
    }

    /// What was asked of it, where that is noted.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.watch.asked()
    }

    pub(super) fn head(&self) -> &Head {
        self.watch.note(Asked::Head);
        &self.head
    }

    pub(super) fn head_mut(&mut self) -> &mut Head {
        self.watch.note(Asked::Head);
        &mut self.head
    }

    /// Virtual time: nanoseconds since the run began.
    pub fn clock_ns(&self) -> u64 {
        self.head().clock_ns
    }

    /// Whether main has ended, and with it the run.
    pub fn is_over(&self) -> bool {
        self.has_ended(MAIN)
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
        !self.head().failed
    }

    /// How many actors and objects are kept.
    pub fn size(&self) -> (usize, usize) {
        self.watch.note(Asked::Head);
        (self.actors.len(), self.objects.len())
    }

    /// The name of an actor.
    pub fn name(&self, actor: u32) -> &str {
        self.actor(actor).map_or("", |actor| &actor.name)
    }

    /// Who started an actor; none of main, nor of one that is not known.
    pub fn starter(&self, actor: u32) -> Option<u32> {
        self.actor(actor).and_then(|actor| actor.parent)
    }

    /// The actor with a name that was started last, ended ones included as long as they are kept.
    pub fn named(&self, name: &str) -> Option<u32> {
        self.actors().rev().find(|actor| &*actor.name == name).map(|actor| actor.id)
    }

    /// Whether an actor belongs to the process of which another is the first actor.
    pub fn is_of(&self, actor: u32, process: u32) -> bool {
        self.actor(actor).is_some_and(|actor| actor.process == process)
    }

    /// The numbers of all actors that have not ended.
    pub fn alive(&self) -> impl Iterator<Item = u32> + '_ {
        self.actors().filter(|actor| actor.is_alive()).map(|actor| actor.id)
    }

    /// Whether an actor can still do anything.
    pub fn is_alive(&self, actor: u32) -> bool {
        self.actor(actor).is_some_and(Actor::is_alive)
    }

    /// Every actor.
    pub(super) fn actors(&self) -> impl DoubleEndedIterator<Item = &Actor> + '_ {
        self.watch.note(Asked::Head);
        self.actors.iter().map(|actor| {
            self.watch.note(Asked::Actor(actor.id));
            &**actor
        })
    }

    /// Every object.
    pub(super) fn objects(&self) -> impl Iterator<Item = &Entry> + '_ {
        self.watch.note(Asked::Head);
        self.objects.iter().map(|entry| {
            self.watch.note(Asked::Object(entry.id));
            &**entry
        })
    }

    /// The locks and conditions, by number. Which there are is all that is asked.
    pub(super) fn locks(&self) -> impl Iterator<Item = u32> + '_ {
        self.watch.note(Asked::Head);
        let is_lock = |entry: &&Arc<Entry>| {
            self.watch.note(Asked::Made(entry.id));
            matches!(entry.object, Object::Lock(_) | Object::Condition(_))
        };
        self.objects.iter().filter(is_lock).map(|entry| entry.id)
    }

    pub(super) fn actor(&self, id: u32) -> Option<&Actor> {
        self.watch.note(Asked::Actor(id));
        self.actors.get(place_of_actor(&self.actors, id)?).map(|actor| &**actor)
    }

    pub(super) fn actor_mut(&mut self, id: u32) -> Option<&mut Actor> {
        self.watch.note(Asked::Actor(id));
        let at = place_of_actor(&self.actors, id)?;
        self.actors.get_mut(at).map(Arc::make_mut)
    }

    fn flag(&self, id: u32, flag: Flag) -> bool {
        self.watch.note(Asked::Flag(id, flag));
        let actor = place_of_actor(&self.actors, id).and_then(|at| self.actors.get(at));
        actor.map_or(flag == Flag::Ended, |actor| actor.is(flag))
    }

    /// Whether an actor has ended, or is forgotten.
    pub(super) fn has_ended(&self, id: u32) -> bool {
        self.flag(id, Flag::Ended)
    }

    /// Whether who started an actor waits for its end, which has not come.
    pub(super) fn is_awaited(&self, id: u32) -> bool {
        self.flag(id, Flag::Awaited)
    }

    /// Whether an actor is terminated at the end of who started it: a daemon process that goes on.
    pub(super) fn is_to_dismiss(&self, id: u32) -> bool {
        self.flag(id, Flag::Dismissed)
    }

    pub(super) fn entry(&self, id: u32) -> Option<&Entry> {
        self.watch.note(Asked::Object(id));
        self.objects.get(place_of_object(&self.objects, id)?).map(|entry| &**entry)
    }

    pub(super) fn object(&self, id: u32) -> Option<&Object> {
        self.entry(id).map(|entry| &entry.object)
    }

    /// The same, for who looks only at what decides which operations can be performed: of a queue not at its messages
    /// (see [`Object::stand`]).
    pub(super) fn standing(&self, id: u32) -> Option<&Object> {
        self.watch.note(Asked::Stand(id));
        self.objects.get(place_of_object(&self.objects, id)?).map(|entry| &entry.object)
    }

    /// The same, for who looks only at what never changes as long as it exists.
    pub(super) fn made(&self, id: u32) -> Option<&Object> {
        self.watch.note(Asked::Made(id));
        self.objects.get(place_of_object(&self.objects, id)?).map(|entry| &entry.object)
    }

    pub(super) fn object_mut(&mut self, id: u32) -> Option<&mut Object> {
        self.watch.note(Asked::Object(id));
        let at = place_of_object(&self.objects, id)?;
        self.objects.get_mut(at).map(|entry| &mut Arc::make_mut(entry).object)
    }

    /// Whether an actor holds a lock, or the lock that is a condition's own.
    pub(super) fn holds(&self, actor: u32, lock: u32) -> bool {
        self.watch.note(Asked::Holds(lock, actor));
        let entry = place_of_object(&self.objects, lock).and_then(|at| self.objects.get(at));
        entry.is_some_and(|entry| entry.holder() == Some(actor))
    }

    pub(super) fn add_actor(&mut self, actor: Actor) {
        self.watch.note(Asked::Head);
        self.actors.push(Arc::new(actor));
    }

    pub(super) fn add_object(&mut self, mut entry: Entry) -> u32 {
        let head = self.head_mut();
        let id = head.next_object;
        head.next_object += 1;
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
        self.watch.note(Asked::Members(process));
        let is_member = |actor: &&Arc<Actor>| actor.process == process && actor.is_alive();
        self.actors.iter().rev().filter(is_member).map(|actor| actor.id).collect()
    }

    /// How many processes, or threads, can still do anything.
    pub(super) fn count_alive(&self, kind: Kind) -> usize {
        self.watch.note(Asked::Alive(kind));
        self.actors.iter().filter(|actor| actor.is_alive() && actor.counts_as(kind)).count()
    }

    /// Whether everyone but one is over, or ends with main's process, whatever it does.
    pub(super) fn all_gone_but(&self, but: u32) -> bool {
        self.watch.note(Asked::AllGone(but));
        self.actors.iter().all(|actor| actor.id == but || actor.is_gone())
    }

    /// Who has begun to wait for an event or a latch, and in which case of its `select`.
    pub(super) fn parked(&self, object: u32) -> Vec<(u32, Option<u32>)> {
        self.watch.note(Asked::Parked(object));
        let parked = |actor: &Arc<Actor>| actor.parked_in(object).map(|case| (actor.id, case));
        self.actors.iter().filter_map(parked).collect()
    }

    /// The clock stands at nought, and what is left until a wait is over stays the same.
    pub(super) fn begin_time_anew(&mut self) {
        let now = std::mem::take(&mut self.head.clock_ns);
        for actor in &mut self.actors {
            if let Phase::At(At { deadline: Some(_), .. }) = actor.phase
                && let Phase::At(At { deadline: Some(deadline), .. }) = &mut Arc::make_mut(actor).phase
            {
                *deadline = deadline.saturating_sub(now);
            }
        }
    }

    /// When the next timed wait is over.
    pub(super) fn next_deadline(&self, time: Time) -> Option<u64> {
        if time == Time::Any {
            return None;
        }
        let deadline = |actor: &Actor| match &actor.phase {
            Phase::At(at) => at.deadline,
            _ => None,
        };
        let now = self.clock_ns();
        self.actors().filter_map(deadline).filter(|deadline| *deadline > now).min()
    }
}

impl Entry {
    /// Whether it is a pool that limits how many tasks a worker does.
    pub(super) fn limits_tasks(&self) -> bool {
        matches!(&self.object, Object::Pool(pool) if pool.tasks_per_child.is_some())
    }

    /// Who holds it, of a lock or a condition's own.
    pub(super) fn holder(&self) -> Option<u32> {
        match &self.object {
            Object::Lock(lock) | Object::Condition(Condition { under: Under::Own(lock), .. }) => lock.holder,
            _ => None,
        }
    }
}
