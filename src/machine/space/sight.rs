//! What one actor can do in a state: its steps, what they touch, what it waits for.
//!
//! Few of the sights that are met differ in more than what they rest on: what an actor can do is kept once, as are the
//! questions.
//!
//! Answers for: finding it out of a state, and keeping it. Never says when it is the same (see `memo`).

use std::cell::Cell;
use std::hash::{Hash as _, Hasher as _};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHasher};

use super::memo::Node;
use super::rests::Rests;
use super::tight;
use super::touches::{Opened, Set, Sets};
use crate::machine::actor::{Actor, Phase};
use crate::machine::foresight::{Foresight, Thing, Way};
use crate::machine::watch::Asked;
use crate::machine::{Choice, Machine, State, What};
use crate::program::op::OpCode;

/// What an actor can do, and what others look at of that.
#[derive(Debug, PartialEq)]
pub(super) struct Stance {
    pub(super) actor: u32,
    pub(super) choices: Vec<Choice>,
    /// It is over.
    pub(super) has_ended: bool,
    pub(super) daemon: bool,
    /// What its next step touches, and that together with all that may follow.
    pub(super) now: Set,
    pub(super) all: Set,
    /// What of it is released by who may not hold it.
    pub(super) opens: Opened,
    /// Whether one of its steps is another than to wake up by itself.
    pub(super) acts: bool,
    /// The locks that it waits for, and who holds each.
    pub(super) locks: Vec<(u32, Option<u32>)>,
    /// Whether somebody else must take a step before it can: it has none, and neither time nor death brings it one.
    pub(super) waits: bool,
    /// On its way to its end: those whose ends it waits for; none where it waits for everyone.
    pub(super) closes: Option<Vec<u32>>,
    /// The variable that it accesses next, on which accesses can race, and whether it may change it.
    pub(super) access: Option<(u32, bool)>,
    /// Whether its next operation has to do with time.
    pub(super) sleeps: bool,
}

/// What an actor can do in every state that answers alike.
#[derive(Clone, Copy, Debug)]
struct Sight {
    stance: u32,
    /// The list of what was asked for that.
    asked: u32,
    /// Where its first step's node is; those of the others follow.
    node: u32,
}

/// All that were met.
#[derive(Debug, Default)]
pub(super) struct Sights {
    all: Vec<Sight>,
    stances: Vec<Stance>,
    /// By what is quickly told of them.
    alike: FxHashMap<u64, Vec<u32>>,
    lists: Vec<(Rc<[Asked]>, Rests)>,
    known: FxHashMap<Rc<[Asked]>, u32>,
    /// By sight and step: where what that does is found.
    nodes: Vec<Cell<Option<Node>>>,
    bytes: usize,
}

impl Sights {
    /// Keeps what an actor can do, with what was asked for that; gives its number.
    pub(super) fn keep(&mut self, stance: Stance, asked: Vec<Asked>) -> u32 {
        let node = self.nodes.len() as u32;
        self.nodes.extend(stance.choices.iter().map(|_| Cell::new(None)));
        let (stance, asked) = (self.stance_number(stance), self.list_number(asked));
        tight::push(&mut self.all, Sight { stance, asked, node });
        self.all.len() as u32 - 1
    }

    /// How many there are.
    pub(super) fn len(&self) -> u32 {
        self.all.len() as u32
    }

    fn stance_number(&mut self, stance: Stance) -> u32 {
        let mut hasher = FxHasher::default();
        (stance.actor, stance.choices.len(), stance.now, stance.all, stance.waits, &stance.locks).hash(&mut hasher);
        let alike = self.alike.entry(hasher.finish()).or_default();
        if let Some(known) = alike.iter().find(|known| self.stances.get(**known as usize) == Some(&stance)) {
            return *known;
        }
        let number = self.stances.len() as u32;
        alike.push(number);
        self.bytes += size_of::<Stance>() + size_of::<Choice>() * stance.choices.len() + 32;
        self.stances.push(stance);
        number
    }

    fn list_number(&mut self, asked: Vec<Asked>) -> u32 {
        if let Some(known) = self.known.get(&*asked) {
            return *known;
        }
        let (number, rests) = (self.lists.len() as u32, Rests::on(&asked));
        self.bytes += size_of_val(&*asked) + size_of::<Rests>() + 64;
        let asked: Rc<[Asked]> = asked.into();
        self.lists.push((Rc::clone(&asked), rests));
        self.known.insert(asked, number);
        number
    }

    #[inline]
    fn get(&self, number: u32) -> Option<Sight> {
        self.all.get(number as usize).copied()
    }

    #[inline]
    pub(super) fn stance(&self, number: u32) -> Option<&Stance> {
        self.stances.get(self.get(number)?.stance as usize)
    }

    /// The number of its stance.
    #[inline]
    pub(super) fn role(&self, number: u32) -> u32 {
        self.get(number).map_or(u32::MAX, |sight| sight.stance)
    }

    /// What it rests on.
    #[inline]
    pub(super) fn rests(&self, number: u32) -> Rests {
        let list = self.get(number).and_then(|sight| self.lists.get(sight.asked as usize));
        list.map(|(_, rests)| *rests).unwrap_or_default()
    }

    /// What was asked for it.
    pub(super) fn asked(&self, number: u32) -> Option<Rc<[Asked]>> {
        self.lists.get(self.get(number)?.asked as usize).map(|(asked, _)| Rc::clone(asked))
    }

    /// Where what one of its steps does is found.
    #[inline]
    pub(super) fn node(&self, number: u32, step: u32) -> Option<&Cell<Option<Node>>> {
        self.nodes.get((self.get(number)?.node + step) as usize)
    }

    pub(super) fn clear(&mut self) {
        *self = Sights::default();
    }

    /// Bytes that they take, about.
    pub(super) fn bytes(&self) -> usize {
        let nodes = self.nodes.capacity() * size_of::<Option<Node>>();
        self.bytes + self.all.capacity() * size_of::<Sight>() + nodes
    }
}

impl Stance {
    /// That of an actor in a state.
    pub(super) fn of(
        machine: &Machine,
        state: &State,
        actor: &Actor,
        (foresight, sets): (&mut Foresight, &mut Sets),
    ) -> Stance {
        let id = actor.id;
        let mut choices = Vec::new();
        machine.choices_of(state, id, &mut choices);
        let foreseen = (!actor.has_ended()).then(|| machine.foresee_one(state, actor, foresight));
        let (now, later) = foreseen.as_ref().map_or((&[][..], &[][..]), |one| (&one.now, &one.later));
        let all: Vec<_> = now.iter().chain(later).copied().collect();
        let acquired = now.iter().filter_map(|touch| match (touch.thing, touch.way) {
            (Thing::Object(id, _), Way::Acquire) => Some(id),
            _ => None,
        });
        let locks = acquired.map(|lock| (lock, machine.holder_of(state, lock))).collect();
        let has_step = choices.iter().any(|choice| choice.what != What::Wake);
        let is_timed = matches!(&actor.phase, Phase::At(at) if at.deadline.is_some());
        let is_dying = || state.actor(actor.process).is_none_or(|process| !process.process_wide.signals.is_empty());
        let closes = matches!(actor.phase, Phase::Closing { .. })
            .then(|| actor.children.iter().copied().filter(|child| state.is_awaited(*child)).collect());
        let sleeps = |code: OpCode| matches!(code, OpCode::Sleep | OpCode::TimerWait | OpCode::DeadlineLeft);
        let all = sets.keep(all);
        Stance {
            actor: id,
            has_ended: actor.has_ended(),
            daemon: actor.daemon,
            now: sets.keep(now.to_vec()),
            all,
            opens: sets.opens(all),
            acts: has_step,
            locks,
            waits: !actor.has_ended() && !has_step && !is_timed && !is_dying(),
            closes,
            access: machine.next_access(state, id),
            sleeps: actor.op().is_some_and(|op| sleeps(op.code)),
            choices,
        }
    }
}
