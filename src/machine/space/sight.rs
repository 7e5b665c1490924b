//! What one actor can do in a state: its steps, what they touch, what it waits for.
//!
//! Answers for: finding it out of a state. Never keeps it.

use std::cell::Cell;

use rustc_hash::FxHashMap;

use super::memo::Node;
use super::touches::{Opened, Set, Sets};
use crate::machine::actor::{Actor, Phase};
use crate::machine::foresight::{Foresight, Thing, Way};
use crate::machine::watch::Asked;
use crate::machine::{Choice, Machine, State, What};
use crate::program::op::OpCode;

/// What an actor can do in every state that answers alike.
#[derive(Debug)]
pub(super) struct Sight {
    pub(super) actor: u32,
    /// Its steps, each with where what it does is found.
    pub(super) steps: Vec<(Choice, Cell<Option<Node>>)>,
    /// What was asked for that.
    pub(super) asked: Vec<Asked>,
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
    /// What of all this others look at, as a number.
    pub(super) role: u32,
}

/// What others look at of an actor. Two in whose place one could stand for the other are to all others the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Role {
    actor: u32,
    steps: usize,
    has_ended: bool,
    daemon: bool,
    now: Set,
    all: Set,
    opens: Opened,
    acts: bool,
    locks: Vec<(u32, Option<u32>)>,
    waits: bool,
    closes: Option<Vec<u32>>,
    access: Option<(u32, bool)>,
}

/// All roles, each with its number.
#[derive(Debug, Default)]
pub(super) struct Roles(FxHashMap<Role, u32>);

impl Roles {
    pub(super) fn keep(&mut self, sight: &Sight) -> u32 {
        let role = Role {
            actor: sight.actor,
            steps: sight.steps.len(),
            has_ended: sight.has_ended,
            daemon: sight.daemon,
            now: sight.now,
            all: sight.all,
            opens: sight.opens,
            acts: sight.acts,
            locks: sight.locks.clone(),
            waits: sight.waits,
            closes: sight.closes.clone(),
            access: sight.access,
        };
        let next = self.0.len() as u32;
        *self.0.entry(role).or_insert(next)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Sight {
    /// That of an actor in a state.
    pub(super) fn of(
        machine: &Machine,
        state: &State,
        actor: &Actor,
        (foresight, sets): (&mut Foresight, &mut Sets),
    ) -> Sight {
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
        Sight {
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
            steps: choices.into_iter().map(|choice| (choice, Cell::new(None))).collect(),
            asked: Vec::new(),
            role: 0,
        }
    }
}
