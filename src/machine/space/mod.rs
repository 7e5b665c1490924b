//! The space of states as a search goes through it: each part of a state is kept once, and what is found out of a part
//! together with what it was asked about others is found out once.
//!
//! A state is a row of numbers of parts (as in Holzmann, State compression in SPIN, 1997, section 3); steps are looked
//! up by the parts that they rest on (as the transition caches of Blom, van de Pol and Weber, LTSmin, CAV 2010, whose
//! dependencies are given beforehand, while here they are noted as they come up: see `watch`).
//!
//! Answers for: the same steps, touches and fingerprints that the machine gives. Never chooses among steps.

mod effects;
mod exact;
mod group;
mod laid;
mod memo;
mod outlook;
mod part;
mod print;
mod rests;
mod sight;
mod tight;
mod touches;

pub use group::Group;
pub use outlook::Outlook;
pub use print::Print;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use self::effects::{Effect, Effects, More, New, NewHead};
use self::laid::Trees;
use self::memo::{Memo, Node};
use self::part::Parts;
use self::sight::{Sights, Stance};
use self::touches::Sets;
use super::canonical::{FORGET_FROM, Walk, Ways, is_worth_forgetting};
use super::foresight::Foresight;
use super::step::Happened;
use super::watch::{Asked, Flag, Watch};
use super::{Choice, Machine, State, Time};
use crate::program::op::OpCode;

/// Bytes of what was found out from which on it is forgotten, but for what is needed.
const BYTES_MAX: usize = 256 << 20;
/// Bytes more of what was found out after which it is time to ask whether that is too much.
const LOOK_AT_EVERY: usize = 16 << 20;
/// Whoever was asked more does not come by the same answers again.
const ASKED_MAX: usize = 24;

/// A state: the numbers of its head, its actors and its objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed(Vec<u32>);

impl Packed {
    /// How many numbers it is.
    #[expect(clippy::len_without_is_empty, reason = "every state has a head")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// What every actor can do in a state.
#[derive(Clone, Debug, Default)]
pub struct View {
    sights: Vec<u32>,
    /// It is of no use once what was found out has been forgotten.
    age: u32,
}

impl View {
    /// How many actors there are.
    #[expect(clippy::len_without_is_empty, reason = "main is always there")]
    pub fn len(&self) -> usize {
        self.sights.len()
    }
}

/// A step that was taken.
#[derive(Debug)]
pub struct Taken {
    /// Where it leads.
    pub next: Packed,
    /// What happened, unless nothing did that a search looks for.
    pub happened: Option<Rc<Happened>>,
}

/// What a step changed.
#[derive(Clone, Copy, Debug)]
pub struct Moved {
    effect: Effect,
    /// Nothing more than the step did, and the state has the same parts in the same places.
    is_plain: bool,
}

/// The space of a machine's states.
#[derive(Debug)]
pub struct Space<'m> {
    machine: &'m Machine,
    parts: Parts,
    memo: Memo,
    sights: Sights,
    effects: Effects,
    sets: Sets,
    foresight: Foresight,
    walk: Walk,
    trees: Trees,
    numbers: Vec<u32>,
    slots: Vec<usize>,
    invariants: Cell<Option<Node>>,
    /// By what was found out of invariants: the numbers of those that do not hold.
    broken: Vec<Box<[u32]>>,
    claims: Cell<Option<Node>>,
    /// By what was found out of claims: which hold.
    holds: Vec<Vec<bool>>,
    age: u32,
    room: usize,
    bytes_max: usize,
    /// The bytes that there were when it was asked whether it is full.
    looked_at: usize,
    ways: Ways,
}

impl<'m> Space<'m> {
    /// The space of a machine's states; what is found out takes about so many bytes at most.
    pub fn new(machine: &'m Machine, bytes_max: usize) -> Space<'m> {
        let room = bytes_max.min(BYTES_MAX);
        Space {
            machine,
            parts: Parts::default(),
            memo: Memo::default(),
            sights: Sights::default(),
            effects: Effects::default(),
            sets: Sets::default(),
            foresight: Foresight::default(),
            walk: Walk::default(),
            trees: Trees::default(),
            numbers: Vec::new(),
            slots: Vec::new(),
            invariants: Cell::new(None),
            broken: Vec::new(),
            claims: Cell::new(None),
            holds: Vec::new(),
            age: 0,
            room,
            bytes_max: room,
            looked_at: 0,
            ways: machine.ways(false),
        }
    }

    /// From now on states are one that differ only by which of some actors that are alike is where, or are not. What
    /// was told of fingerprints before is of no use then.
    pub fn set_symmetry(&mut self, symmetry: bool) {
        self.ways = self.machine.ways(symmetry);
        self.trees.clear();
        self.age += 1;
    }

    /// The machine.
    pub fn machine(&self) -> &'m Machine {
        self.machine
    }

    /// A state as a row of parts.
    pub fn pack(&mut self, state: &State) -> Packed {
        if state.parts().head.clock_ns > 0 && !self.machine.sights.clock {
            // Nobody looks at the clock: what is left until then is all that matters of a time.
            let mut state = state.clone();
            state.begin_time_anew();
            return self.keep(&state);
        }
        self.keep(state)
    }

    fn keep(&mut self, state: &State) -> Packed {
        let mut slots = vec![self.parts.keep_head(state)];
        let all = state.parts();
        slots.extend(all.actors.iter().map(|actor| self.parts.keep_actor(self.machine, actor)));
        slots.extend(all.objects.iter().map(|entry| self.parts.keep_object(self.machine, entry)));
        Packed(slots)
    }

    /// The state that a row of parts is.
    pub fn state(&self, packed: &Packed) -> State {
        self.parts.state(&packed.0, Watch::default())
    }

    /// The name of an actor.
    pub fn name(&self, packed: &Packed, actor: u32) -> Option<&str> {
        let place = self.parts.head(&packed.0).1.actor(actor)?;
        self.parts.get(*packed.0.get(1 + place)?)?.actor().map(|actor| &*actor.name)
    }

    /// Whether the run is over.
    pub fn is_over(&self, packed: &Packed) -> bool {
        self.parts.answer(&packed.0, Asked::Flag(super::MAIN, Flag::Ended)) == 1
    }

    /// The status with which main has ended, where no error has ended an actor.
    pub fn good_exit(&self, packed: &Packed) -> Option<i32> {
        let (head, layout) = self.parts.head(&packed.0);
        let main = layout.actor(super::MAIN).and_then(|place| packed.0.get(1 + place))?;
        self.parts.get(*main).and_then(part::exit_code).filter(|_| !head.failed)
    }

    /// What every actor can do; where it is known what they could in the state from which a step led here, only what
    /// may have changed is looked up.
    pub fn view(&mut self, packed: &Packed, before: Option<(&View, &Moved)>) -> View {
        let mut view = View::default();
        self.view_to(packed, before, &mut view);
        view
    }

    /// The same; `view` is what is filled.
    pub fn view_to(&mut self, packed: &Packed, before: Option<(&View, &Moved)>, view: &mut View) {
        view.age = self.age;
        view.sights.clear();
        let Some((known, moved)) = before.filter(|(known, moved)| known.age == self.age && moved.is_plain) else {
            let actors = self.parts.head(&packed.0).1.actors().len();
            view.sights.extend((0..actors).map(|place| self.sight(packed, place)));
            return;
        };
        view.sights.extend_from_slice(&known.sights);
        let changes = self.effects.rests(moved.effect);
        for (place, sight) in view.sights.iter_mut().enumerate() {
            if self.sights.rests(*sight).meets(changes) {
                *sight = self.sight(packed, place);
            }
        }
    }

    /// Whether a view is of no use any more.
    pub fn is_stale(&self, view: &View) -> bool {
        view.age != self.age
    }

    /// What one actor can do.
    fn sight(&mut self, packed: &Packed, place: usize) -> u32 {
        let slots = &*packed.0;
        let number = slots.get(1 + place).copied().unwrap_or_default();
        let tree = self.parts.get(number).and_then(|part| part.tree.get());
        let tree = tree.unwrap_or_else(|| {
            let tree = self.memo.root();
            self.parts.get(number).into_iter().for_each(|part| part.tree.set(Some(tree)));
            tree
        });
        if let Some(known) = self.memo.find(tree, |asked| self.parts.answer(slots, asked)) {
            return known;
        }
        let state = self.parts.state(slots, Watch::beginning(&[]));
        let id = self.parts.head(slots).1.actors().get(place).copied().unwrap_or_default();
        let Some(actor) = state.actor(id) else { return 0 };
        let mut stance = Stance::of(self.machine, &state, actor, (&mut self.foresight, &mut self.sets));
        if state.is_over() {
            stance.choices.clear();
            stance.acts = false;
        }
        let own = Asked::Actor(id);
        let mut asked = self.asked(&state, slots, &[own]);
        let found = self.sights.len();
        self.memo.keep(tree, &asked, |asked| self.parts.answer(slots, asked), found);
        asked.push(own);
        self.sights.keep(stance, asked)
    }

    /// What a state was asked, but for what is known anyway.
    fn asked(&mut self, state: &State, slots: &[u32], known: &[Asked]) -> Vec<Asked> {
        let mut asked = state.asked();
        let fixed = self.machine.fixed();
        asked.retain(|one| match one {
            Asked::Made(id) if *id < fixed => false,
            one => !known.contains(one),
        });
        asked.iter().for_each(|one| self.parts.list(*one, slots));
        asked
    }

    fn seen(&self, view: &View, place: usize) -> Option<&Stance> {
        self.sights.stance(*view.sights.get(place)?)
    }

    /// The steps of a state, by actor; none once the run is over.
    pub fn choices<'s>(&'s self, view: &'s View) -> impl Iterator<Item = &'s Choice> + 's {
        (0..view.sights.len()).filter_map(|place| self.seen(view, place)).flat_map(|stance| &stance.choices)
    }

    /// The same, each by its actor's place and its number among that actor's.
    pub fn steps<'s>(&'s self, view: &'s View) -> impl Iterator<Item = (Step, &'s Choice)> + 's {
        let seen = (0u32..).zip(&view.sights).filter_map(|(place, sight)| Some((place, self.sights.stance(*sight)?)));
        seen.flat_map(|(place, stance)| {
            (0u32..).zip(&stance.choices).map(move |(number, choice)| (Step { place, number }, choice))
        })
    }

    /// One of the steps.
    pub fn choice(&self, view: &View, step: Step) -> Option<&Choice> {
        self.seen(view, step.place as usize)?.choices.get(step.number as usize)
    }

    /// Whether the next operation of who takes a step has to do with time.
    pub fn sleeps(&self, view: &View, step: Step) -> bool {
        self.seen(view, step.place as usize).is_some_and(|stance| stance.sleeps)
    }

    /// Takes a step; none where the state does not have it.
    pub fn step(&mut self, packed: &Packed, view: &View, step: Step) -> Option<Taken> {
        let mut next = Packed::default();
        let moved = self.step_to(packed, view, step, &mut next)?;
        Some(Taken { happened: self.happened(&moved), next })
    }

    /// The same; `next` is what is filled with where it leads.
    pub fn step_to(&mut self, packed: &Packed, view: &View, step: Step, next: &mut Packed) -> Option<Moved> {
        let slots = &*packed.0;
        let sight = *view.sights.get(step.place as usize)?;
        let root: Option<Node> = self.sights.node(sight, step.number)?.get();
        let known = root.and_then(|root| self.memo.find(root, |asked| self.parts.answer(slots, asked)));
        let number = match known {
            Some(known) => known,
            None => {
                let root = root.unwrap_or_else(|| self.memo.root());
                let choice = self.choice(view, step)?.clone();
                self.sights.node(sight, step.number)?.set(Some(root));
                let known = self.sights.asked(sight)?;
                self.find_out(packed, &choice, root, &known)
            }
        };
        let effect = self.effects.get(number).filter(|effect| !effect.is_none())?;
        self.apply(packed, effect, next);
        let has_new_head = self.effects.more(effect).is_some_and(|more| more.head.is_some());
        let mut moved = Moved { is_plain: !has_new_head, effect };
        if self.settle(next, (view, &moved)) {
            moved.is_plain = false;
        }
        Some(moved)
    }

    /// What happened in a step, unless nothing did that a search looks for.
    #[inline]
    pub fn happened(&self, moved: &Moved) -> Option<Rc<Happened>> {
        self.effects.more(moved.effect)?.happened.clone()
    }

    /// What a step does.
    fn find_out(&mut self, packed: &Packed, choice: &Choice, root: Node, known: &[Asked]) -> u32 {
        let slots = &*packed.0;
        let before = self.parts.state(slots, Watch::beginning(known));
        let mut after = before.clone();
        let happened = self.machine.step_unsettled(&mut after, choice);
        let (mut actors, mut objects, mut more) = (Vec::new(), Vec::new(), More::default());
        if happened.is_ok() {
            let (old, new) = (before.parts(), after.parts());
            let both = old.actors.iter().zip(new.actors).enumerate();
            for (place, (was, is)) in both.filter(|(_, (was, is))| !Arc::ptr_eq(was, is)) {
                let part = self.parts.keep_actor(self.machine, is);
                actors.extend(self.new_part(slots.get(1 + place), part, was.id));
            }
            let both = old.objects.iter().zip(new.objects).enumerate();
            for (place, (was, is)) in both.filter(|(_, (was, is))| !Arc::ptr_eq(was, is)) {
                let part = self.parts.keep_object(self.machine, is);
                objects.extend(self.new_part(slots.get(1 + old.actors.len() + place), part, was.id));
            }
            // Whoever changes it has asked for it.
            let is_asked = known.contains(&Asked::Head) || before.asked().contains(&Asked::Head);
            let head = if is_asked { self.parts.keep_head(&after) } else { slots[0] };
            if head != slots[0] {
                let actors = new.actors.iter().skip(old.actors.len());
                let actors = actors.map(|actor| self.parts.keep_actor(self.machine, actor)).collect();
                let objects = new.objects.iter().skip(old.objects.len());
                let objects = objects.map(|entry| self.parts.keep_object(self.machine, entry)).collect();
                more.head = Some(NewHead { head, actors, objects });
            }
        }
        let is_told = |happened: &Happened| {
            !happened.uncaught.is_empty() || happened.noted.iter().any(|one| one.op == OpCode::Outcome)
        };
        let found = happened.ok().map(|happened| {
            more.happened = is_told(&happened).then(|| Rc::new(happened));
            (&*actors, &*objects, more)
        });
        let asked = self.asked(&before, slots, known);
        let is_kept = asked.len() <= ASKED_MAX;
        let number = self.effects.note(found, is_kept);
        if is_kept {
            self.memo.keep(root, &asked, |asked| self.parts.answer(slots, asked), number);
        }
        number
    }

    /// A part, if it is another than was known.
    fn new_part(&self, known: Option<&u32>, part: u32, whose: u32) -> Option<New> {
        let known = known.filter(|known| **known != part)?;
        let is_other = self.parts.get(*known)?.looks_other(self.parts.get(part)?);
        Some((whose, part, is_other))
    }

    fn apply(&self, packed: &Packed, effect: Effect, next: &mut Packed) {
        let layout = self.parts.head(&packed.0).1;
        let slots = &mut next.0;
        slots.clear();
        slots.extend_from_slice(&packed.0);
        for (id, part) in self.effects.actors(effect) {
            if let Some(slot) = layout.actor(*id).and_then(|place| slots.get_mut(1 + place)) {
                *slot = *part;
            }
        }
        for (id, part) in self.effects.objects(effect) {
            if let Some(slot) = layout.object(*id).and_then(|place| slots.get_mut(1 + layout.actors().len() + place)) {
                *slot = *part;
            }
        }
        let head = self.effects.more(effect).and_then(|more| more.head.as_ref());
        let Some(NewHead { head, actors, objects }) = head else { return };
        slots[0] = *head;
        slots.extend_from_slice(objects);
        let after = 1 + layout.actors().len();
        slots.splice(after..after, actors.iter().copied());
    }

    /// What follows a step (see [`Machine::step`]); whether anything does.
    fn settle(&mut self, packed: &mut Packed, before: (&View, &Moved)) -> bool {
        let time_may_pass = self.machine.rules.time == Time::Prompt && !self.is_over(packed) && {
            let view = self.view(packed, Some(before));
            self.choices(&view).next().is_none()
        };
        let is_settled = time_may_pass || self.forgets(packed);
        if is_settled {
            let mut state = self.state(packed);
            self.machine.settle(&mut state);
            *packed = self.pack(&state);
        }
        is_settled
    }

    /// Whether it is time to forget those who are over (see [`Machine::forget`]).
    fn forgets(&self, packed: &Packed) -> bool {
        let (head, layout) = self.parts.head(&packed.0);
        let (actors, made) = (layout.actors().len(), layout.objects().len() - self.machine.fixed() as usize);
        if actors < FORGET_FROM && made < FORGET_FROM {
            return false;
        }
        let ended = |number: &&u32| self.parts.get(**number).is_some_and(|part| part.has(Flag::Ended));
        let over = packed.0[1..=actors].iter().filter(ended).count();
        is_worth_forgetting((actors, over), made, head.kept)
    }

    /// Whether every invariant holds.
    pub fn keeps_invariants(&mut self, packed: &Packed) -> bool {
        self.broken_invariants(packed).is_empty()
    }

    /// The numbers of the invariants that do not hold.
    pub fn broken_invariants(&mut self, packed: &Packed) -> &[u32] {
        if !self.machine.has_invariants() {
            return &[];
        }
        let root = self.root(|space| &space.invariants);
        let slots = &*packed.0;
        let known = self.memo.find(root, |asked| self.parts.answer(slots, asked));
        let found = known.unwrap_or_else(|| {
            let state = self.parts.state(slots, Watch::beginning(&[]));
            let broken: Box<[u32]> = self.machine.broken_invariants(&state).map(|(number, _)| number).collect();
            // Which of them do not hold together is one of a few.
            let found = self.broken.iter().position(|known| *known == broken).unwrap_or_else(|| {
                self.broken.push(broken);
                self.broken.len() - 1
            }) as u32;
            let asked = self.asked(&state, slots, &[]);
            if asked.len() <= ASKED_MAX {
                self.memo.keep(root, &asked, |asked| self.parts.answer(slots, asked), found);
            }
            found
        });
        self.broken.get(found as usize).map_or(&[], |broken| broken)
    }

    /// For each `eventually` claim whether it holds.
    pub fn claims_that_hold(&mut self, packed: &Packed) -> Vec<bool> {
        let root = self.root(|space| &space.claims);
        let slots = &*packed.0;
        let known = self.memo.find(root, |asked| self.parts.answer(slots, asked));
        if let Some(known) = known.and_then(|known| self.holds.get(known as usize)) {
            return known.clone();
        }
        let state = self.parts.state(slots, Watch::beginning(&[]));
        let holds = self.machine.claims_that_hold(&state);
        let asked = self.asked(&state, slots, &[]);
        if asked.len() <= ASKED_MAX {
            let found = self.holds.len() as u32;
            self.memo.keep(root, &asked, |asked| self.parts.answer(slots, asked), found);
            self.holds.push(holds.clone());
        }
        holds
    }

    fn root(&mut self, slot: impl Fn(&Self) -> &Cell<Option<Node>>) -> Node {
        if let Some(root) = slot(self).get() {
            return root;
        }
        let root = self.memo.root();
        slot(self).set(Some(root));
        root
    }

    /// Bytes that it takes, about.
    pub fn bytes(&self) -> usize {
        self.parts.bytes() + self.memo.bytes() + self.sights.bytes() + self.sets.bytes() + self.effects.bytes()
    }

    /// Whether so much was found out that what is not needed should be forgotten.
    pub fn is_full(&mut self) -> bool {
        self.looked_at = self.found_bytes();
        self.bytes() > self.bytes_max
    }

    /// Whether much was found out since it was asked whether it is full.
    #[inline]
    pub fn has_grown(&self) -> bool {
        self.found_bytes() > self.looked_at + LOOK_AT_EVERY
    }

    /// Bytes of what grows with every part and every answer, about.
    #[inline]
    pub fn found_bytes(&self) -> usize {
        self.parts.bytes() + self.memo.bytes() + self.sights.bytes()
    }

    /// Forgets all that was found out, but for the parts of which these states consist. Views are stale then.
    pub fn forget_all_but<'s>(&mut self, needed: impl Iterator<Item = &'s Packed>) {
        self.parts.sweep(needed.map(|packed| &*packed.0));
        self.memo.clear();
        self.sights.clear();
        self.effects.clear();
        self.sets.clear();
        self.foresight = Foresight::default();
        self.trees.clear();
        self.invariants.set(None);
        self.broken.clear();
        self.claims.set(None);
        self.holds.clear();
        self.bytes_max = self.room.max(2 * self.bytes());
        self.looked_at = self.found_bytes();
        self.age += 1;
    }
}

/// One of the steps of a state: the place of its actor, and its number among that actor's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    place: u32,
    number: u32,
}

impl Step {
    /// The place of its actor.
    pub fn place(self) -> u32 {
        self.place
    }
}
