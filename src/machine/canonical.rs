//! The canonical form of a state: equal for states that differ only by what does not matter.
//!
//! Actors, private objects and results are numbered in the order in which they are met, deadlines count from now; names
//! are left out unless the scenario looks at them, and so is whoever is over and has no handle left. The form is made
//! of the shapes of all that is met, each followed by what is in its holes.
//!
//! With symmetry, a list of those who are only to be joined is a set (see `program::joins`), and of somebody who waits
//! for one of them it is left open for which: states that differ so differ by joins that nobody sees, and are branching
//! bisimilar (van Glabbeek and Weijland, Branching Time and Abstraction in Bisimulation Semantics, 1996). Who is found
//! to be stuck behind which of them may differ for a while; so there are sets only where every run comes to an end, by
//! which time all are found.
//!
//! Answers for: that form, its fingerprint, and forgetting what it leaves out.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_128;

use super::object::Object;
use super::shape::{Ref, Shape};
use super::state::{self, Head, State};
use super::{MAIN, Machine, Sights};

/// 128 bits of a canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub u128);

/// From so many actors or objects on that are over, they are looked through for those that nobody can name.
pub(super) const FORGET_FROM: usize = 64;

/// A state as the walk sees it: its parts by their places, each as a key and what is in its holes.
pub(super) trait Parts {
    fn head(&self) -> &Head;
    fn actors(&self) -> usize;
    fn place_of_actor(&self, id: u32) -> Option<usize>;
    fn place_of_object(&self, id: u32) -> Option<usize>;
    fn has_ended(&self, place: usize) -> bool;
    /// What an actor was begun with (see [`Actor::alike`](super::actor::Actor::alike)).
    fn alike(&self, place: usize) -> u64;
    /// Whether the pool at a place limits how many tasks a worker does.
    fn limits_tasks(&self, place: usize) -> bool;
    fn actor(&self, place: usize) -> (&[u8], &[Ref]);
    fn object(&self, place: usize) -> (&[u8], &[Ref]);
}

/// Puts actors that one actor has started into an order that is the same whichever of those that are alike is where:
/// by what they were begun with, then by where main names them, then by where they stand, then by where they are named
/// first, alone or with others.
///
/// Such actors can be exchanged throughout a state (Clarke, Enders, Filkorn and Jha, Exploiting Symmetry in Temporal
/// Logic Model Checking, 1996). Where the order leaves two of them open, states may be told apart that need not be.
pub(super) fn sort_alike(parts: &impl Parts, ways: Ways, started: &mut [u32]) {
    if started.len() < 2 {
        return;
    }
    let main = parts.place_of_actor(MAIN).map_or(&[][..], |place| parts.actor(place).1);
    let by_main = main.iter().flat_map(|one| one.named(!ways.sets));
    let tells_apart = by_main.clone().any(|id| *id != MAIN);
    let by_main = |id: u32| match tells_apart {
        true => by_main.clone().position(|one| *one == id).unwrap_or(usize::MAX),
        false => usize::MAX,
    };
    let named = |id: u32| {
        let first = |names: &dyn Fn(&Ref) -> bool| {
            let mut all = (0..ways.fixed).flat_map(|place| parts.object(place).1);
            all.position(names).unwrap_or(usize::MAX)
        };
        let alone = first(&|one| *one == Ref::Actor(id));
        (alone, first(&|one| matches!(one, Ref::Group(group) if group.contains(&id))))
    };
    started.sort_by(|one, other| {
        let place = |id: u32| parts.place_of_actor(id).unwrap_or(usize::MAX);
        let (place, others) = (place(*one), place(*other));
        let alike = parts.alike(place).cmp(&parts.alike(others));
        alike.then_with(|| match (by_main(*one), by_main(*other)) {
            (usize::MAX, usize::MAX) => {
                let keys = parts.actor(place).0.cmp(parts.actor(others).0);
                keys.then_with(|| named(*one).cmp(&named(*other)))
            }
            // Whom main names it tells apart by that.
            (by_main, others) => by_main.cmp(&others),
        })
    });
}

/// Whether an actor is there, and not over.
fn goes_on(parts: &impl Parts, id: u32) -> bool {
    parts.place_of_actor(id).is_some_and(|place| !parts.has_ended(place))
}

/// What about a program matters to a walk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ways {
    /// How many objects stand at file level.
    pub(super) fixed: usize,
    /// It makes no others.
    pub(super) is_plain: bool,
    /// Whether actors that are alike are told apart only by what they do.
    pub(super) symmetric: bool,
    /// Whether of those who are only to be joined it is looked at no more than who has not ended.
    pub(super) sets: bool,
}

/// Numbers in the order of meeting.
#[derive(Debug, Default)]
struct Numbers {
    /// By place: one more than the number; nought where it was not met.
    by_place: Vec<u32>,
    /// Numbers of those that are named and no longer there.
    strays: Vec<(u32, u32)>,
    order: Vec<Option<usize>>,
}

impl Numbers {
    fn begin(&mut self, places: usize) {
        self.by_place.clear();
        self.by_place.resize(places, 0);
        self.strays.clear();
        self.order.clear();
    }

    fn number(&mut self, place: Option<usize>, id: u32) -> u32 {
        let next = self.order.len() as u32;
        if let Some(known) = place.and_then(|place| self.by_place.get_mut(place)) {
            if *known == 0 {
                *known = next + 1;
                self.order.push(place);
                return next;
            }
            return *known - 1;
        }
        if let Some((_, number)) = self.strays.iter().find(|(stray, _)| *stray == id) {
            return *number;
        }
        self.strays.push((id, next));
        self.order.push(None);
        next
    }

    fn is_met(&self, place: usize) -> bool {
        self.by_place.get(place).is_some_and(|number| *number > 0)
    }
}

/// The walk over a state, in the order in which one thing leads to another: first from main to those whom it started
/// and so on, as far as they are not over; then wherever else something is named.
#[derive(Debug, Default)]
pub(super) struct Walk {
    actors: Numbers,
    objects: Numbers,
    /// See [`Ways::sets`].
    sets: bool,
    out: Vec<u8>,
}

impl Walk {
    /// Numbers everything that is met in a state that has so many objects, the first of them at file level. In a
    /// program that makes no others, those who are over and still named have their places among the started.
    pub(super) fn number(&mut self, parts: &impl Parts, objects: usize, ways: Ways) {
        let Ways { fixed, is_plain, symmetric, sets } = ways;
        self.sets = sets;
        self.actors.begin(parts.actors());
        self.objects.begin(objects);
        let goes_on = |id: u32| goes_on(parts, id);
        let mut named = FxHashSet::default();
        if is_plain {
            let all = (0..fixed).map(|place| parts.object(place)).chain((0..parts.actors()).map(|at| parts.actor(at)));
            named.extend(all.flat_map(|(_, refs)| refs).flat_map(|one| one.named(!sets)));
            named.retain(|id| !goes_on(*id));
        }
        self.actors.number(parts.place_of_actor(MAIN), MAIN);
        let mut at = 0;
        while let Some(place) = self.actors.order.get(at).copied() {
            at += 1;
            let children = place.into_iter().flat_map(|place| parts.actor(place).1).filter_map(Ref::children).flatten();
            let children = children.copied().filter(|child| goes_on(*child) || named.contains(child));
            let mut children: Vec<u32> = children.collect();
            if symmetric {
                sort_alike(parts, ways, &mut children);
            }
            for child in children {
                self.actors.number(parts.place_of_actor(child), child);
            }
        }
        (0..fixed).for_each(|place| self.name(parts, ways, parts.object(place).1));
        let (mut actors, mut made) = (0, 0);
        loop {
            if let Some(place) = self.actors.order.get(actors).copied() {
                actors += 1;
                place.into_iter().for_each(|place| self.name(parts, ways, parts.actor(place).1));
            } else if let Some(place) = self.objects.order.get(made).copied() {
                made += 1;
                place.into_iter().for_each(|place| self.name(parts, ways, parts.object(place).1));
            } else {
                // Whose starter is gone and to whom nobody has a handle: which of them is which nobody knows any more.
                let is_orphan = |place: &usize| !parts.has_ended(*place) && !self.actors.is_met(*place);
                let stands = |place: &usize| (parts.alike(*place), parts.actor(*place).0);
                let Some(orphan) = (0..parts.actors()).filter(is_orphan).min_by_key(stands) else { break };
                self.actors.number(Some(orphan), 0);
            }
        }
    }

    /// Numbers what a part names.
    fn name(&mut self, parts: &impl Parts, ways: Ways, refs: &[Ref]) {
        for one in refs {
            match one {
                Ref::Group(group) => {
                    // Where nobody leads to them any more who started them.
                    let mut group = group.clone();
                    if ways.symmetric {
                        sort_alike(parts, ways, &mut group);
                    }
                    for id in &group {
                        self.actors.number(parts.place_of_actor(*id), *id);
                    }
                }
                Ref::Actor(_) | Ref::Set { .. } => {
                    for id in one.named(!self.sets) {
                        self.actors.number(parts.place_of_actor(*id), *id);
                    }
                }
                Ref::Object(id) => {
                    self.objects.number(parts.place_of_object(*id), *id);
                }
                // Those who go on are numbered.
                Ref::Children(_) | Ref::Until(_) | Ref::Done { .. } => {}
            }
        }
    }

    /// The form of a state that was numbered.
    pub(super) fn form(&mut self, parts: &impl Parts, fixed: usize, sights: Sights) -> &[u8] {
        self.out.clear();
        self.write_head(parts.head(), sights);
        (0..fixed).for_each(|place| self.write_part(parts, parts.object(place)));
        for at in 0..self.actors.order.len() {
            let place = self.actors.order.get(at).copied().flatten();
            place.into_iter().for_each(|place| self.write_part(parts, parts.actor(place)));
        }
        for at in 0..self.objects.order.len() {
            let place = self.objects.order.get(at).copied().flatten();
            place.into_iter().for_each(|place| self.write_part(parts, parts.object(place)));
        }
        &self.out
    }

    /// The fingerprint of a state that was numbered: the sum of what all its parts contribute.
    pub(super) fn print(&mut self, parts: &impl Parts, fixed: usize, sights: Sights) -> u128 {
        let mut sum = self.of_head(parts.head(), sights);
        (0..fixed).for_each(|place| sum = sum.wrapping_add(self.of_object(parts, place)));
        for place in (0..parts.actors()).filter(|place| self.actors.is_met(*place)).collect::<Vec<_>>() {
            sum = sum.wrapping_add(self.of_actor(parts, place));
        }
        for place in self.objects.order.clone().into_iter().flatten() {
            sum = sum.wrapping_add(self.of_object(parts, place));
        }
        sum
    }

    pub(super) fn of_head(&mut self, head: &Head, sights: Sights) -> u128 {
        self.out.clear();
        self.write_head(head, sights);
        xxh3_128(&self.out)
    }

    /// What an actor contributes to the fingerprint; nothing where it was not met.
    pub(super) fn of_actor(&mut self, parts: &impl Parts, place: usize) -> u128 {
        match self.actors.by_place.get(place) {
            None | Some(0) => 0,
            Some(number) => self.contribution(parts, (0, *number), parts.actor(place)),
        }
    }

    /// What an object contributes to the fingerprint.
    pub(super) fn of_object(&mut self, parts: &impl Parts, place: usize) -> u128 {
        // Those at file level have their places as numbers, those that were made have others.
        let number = self.objects.by_place.get(place).copied().unwrap_or(0);
        let number = if number == 0 { (1, place as u32) } else { (2, number) };
        self.contribution(parts, number, parts.object(place))
    }

    fn contribution(&mut self, parts: &impl Parts, (kind, number): (u32, u32), part: (&[u8], &[Ref])) -> u128 {
        self.out.clear();
        self.write(kind);
        self.write(number);
        self.write_part(parts, part);
        xxh3_128(&self.out)
    }

    /// The number of the actor at a place, and one more; nought where it has none.
    pub(super) fn number_of(&self, place: usize) -> u32 {
        self.actors.by_place.get(place).copied().unwrap_or_default()
    }

    /// Takes the numbers of actors by place, each one more than it is, in a state in which nothing else is numbered.
    pub(super) fn take_tree(&mut self, numbers: &[u32], ways: Ways) {
        self.sets = ways.sets;
        self.actors.by_place.clear();
        self.actors.by_place.extend_from_slice(numbers);
        self.objects.by_place.clear();
    }

    fn write_head(&mut self, head: &Head, sights: Sights) {
        if sights.clock {
            self.out.extend_from_slice(&head.clock_ns.to_le_bytes());
        }
        self.out.push(u8::from(head.failed));
        self.write(head.crashes);
        if sights.names {
            for ((template, at), count) in head.instances.iter() {
                [*template, *at, *count].into_iter().for_each(|number| self.write(number));
            }
        }
    }

    fn write_part(&mut self, parts: &impl Parts, (key, refs): (&[u8], &[Ref])) {
        self.out.extend_from_slice(key);
        for one in refs {
            match one {
                Ref::Actor(id) => self.write_actor(parts, *id),
                Ref::Object(id) => {
                    let number = self.objects.number(parts.place_of_object(*id), *id);
                    self.write(number);
                }
                Ref::Group(group) => {
                    let number = |id: &u32| self.actors.number(parts.place_of_actor(*id), *id);
                    let mut numbers: Vec<u32> = group.iter().map(number).collect();
                    numbers.sort_unstable();
                    numbers.into_iter().for_each(|number| self.write(number));
                }
                Ref::Children(children) => self.write_going_on(parts, children),
                Ref::Set { all, next } if self.sets => {
                    let left = Ref::left(all, *next);
                    let waits = next.is_some() && left.first().is_some_and(|id| goes_on(parts, *id));
                    // Whoever waits for one of them waits for all, and then joins one after the other.
                    let over = if waits { 0 } else { left.iter().filter(|id| !goes_on(parts, **id)).count() };
                    self.write(over as u32);
                    self.write_going_on(parts, left);
                }
                Ref::Set { all, next } => {
                    self.write(next.map_or(0, |next| next as u32 + 1));
                    self.write(all.len() as u32);
                    all.iter().for_each(|id| self.write_actor(parts, *id));
                }
                Ref::Until(deadline) => {
                    let left = deadline.saturating_sub(parts.head().clock_ns);
                    self.out.extend_from_slice(&left.to_le_bytes());
                }
                Ref::Done { pool, tasks } => {
                    if parts.place_of_object(*pool).is_some_and(|place| parts.limits_tasks(place)) {
                        self.write(*tasks);
                    }
                }
            }
        }
    }

    /// Those of some actors who are not over, in whichever order they come.
    fn write_going_on(&mut self, parts: &impl Parts, actors: &[u32]) {
        let going_on = actors.iter().filter(|id| goes_on(parts, **id));
        let mut numbers: Vec<u32> = going_on.map(|id| self.actors.number(parts.place_of_actor(*id), *id)).collect();
        numbers.sort_unstable();
        self.write(numbers.len() as u32);
        numbers.into_iter().for_each(|number| self.write(number));
    }

    fn write_actor(&mut self, parts: &impl Parts, id: u32) {
        let number = self.actors.number(parts.place_of_actor(id), id);
        self.write(number);
    }

    fn write(&mut self, number: u32) {
        self.out.extend_from_slice(&number.to_le_bytes());
    }
}

/// A state whose shapes are found out for one walk.
struct Once<'s> {
    state: state::Parts<'s>,
    actors: Vec<(Vec<u8>, Vec<Ref>)>,
    objects: Vec<(Vec<u8>, Vec<Ref>)>,
}

impl<'s> Once<'s> {
    /// With whole shapes as keys, or with their hashes.
    fn of(state: &'s State, sights: Sights, fixed: u32, whole: bool) -> Once<'s> {
        let key = |shape: Shape| {
            let key = if whole { shape.bytes } else { shape.key().to_vec() };
            (key, shape.refs)
        };
        let state = state.parts();
        let actors = state.actors.iter().map(|actor| key(Shape::of_actor(actor, sights, fixed))).collect();
        let objects = state.objects.iter().map(|entry| key(Shape::of_object(entry, sights, fixed))).collect();
        Once { state, actors, objects }
    }
}

impl Parts for Once<'_> {
    fn head(&self) -> &Head {
        self.state.head
    }

    fn actors(&self) -> usize {
        self.actors.len()
    }

    fn place_of_actor(&self, id: u32) -> Option<usize> {
        state::place_of_actor(self.state.actors, id)
    }

    fn place_of_object(&self, id: u32) -> Option<usize> {
        state::place_of_object(self.state.objects, id)
    }

    fn has_ended(&self, place: usize) -> bool {
        self.state.actors.get(place).is_none_or(|actor| actor.has_ended())
    }

    fn alike(&self, place: usize) -> u64 {
        self.state.actors.get(place).map_or(0, |actor| actor.alike)
    }

    fn limits_tasks(&self, place: usize) -> bool {
        self.state.objects.get(place).is_some_and(|entry| entry.limits_tasks())
    }

    fn actor(&self, place: usize) -> (&[u8], &[Ref]) {
        self.actors.get(place).map_or((&[], &[]), |(key, refs)| (key, refs))
    }

    fn object(&self, place: usize) -> (&[u8], &[Ref]) {
        self.objects.get(place).map_or((&[], &[]), |(key, refs)| (key, refs))
    }
}

/// Whether there are so many that are over, of so many actors, or so many objects that were made since last time.
pub(super) fn is_worth_forgetting((actors, over): (usize, usize), made: usize, kept: usize) -> bool {
    (over >= FORGET_FROM && over >= actors - over) || (made >= FORGET_FROM && made >= 2 * kept)
}

impl Machine {
    /// How many objects there are at file level: their numbers are always the same.
    pub(super) fn fixed(&self) -> u32 {
        self.plan.objects.len() as u32
    }

    /// How states are numbered; with symmetry only where nobody looks at names, which tell all actors apart.
    pub(super) fn ways(&self, symmetric: bool) -> Ways {
        let symmetric = symmetric && !self.sights.names;
        let sets = symmetric && !self.may_come_back();
        Ways { fixed: self.fixed() as usize, is_plain: self.is_plain, symmetric, sets }
    }

    /// The canonical form.
    pub fn canonical(&self, state: &State) -> Vec<u8> {
        self.canonical_up_to(state, false)
    }

    /// The same, up to exchanging actors that are alike if that is wanted.
    pub fn canonical_up_to(&self, state: &State, symmetry: bool) -> Vec<u8> {
        let (parts, fixed) = (Once::of(state, self.sights, self.fixed(), true), self.fixed() as usize);
        let mut walk = Walk::default();
        walk.number(&parts, parts.objects.len(), self.ways(symmetry));
        walk.form(&parts, fixed, self.sights);
        walk.out
    }

    /// The fingerprint of the canonical form.
    pub fn fingerprint(&self, state: &State) -> Fingerprint {
        self.fingerprint_up_to(state, false)
    }

    /// The same, up to exchanging actors that are alike if that is wanted.
    pub fn fingerprint_up_to(&self, state: &State, symmetry: bool) -> Fingerprint {
        let (parts, fixed) = (Once::of(state, self.sights, self.fixed(), false), self.fixed() as usize);
        let mut walk = Walk::default();
        walk.number(&parts, parts.objects.len(), self.ways(symmetry));
        Fingerprint(walk.print(&parts, fixed, self.sights))
    }

    /// The fingerprint of one actor alone: where it stands, and with what, but for which actors and objects it names.
    pub fn fingerprint_of(&self, state: &State, actor: u32) -> Fingerprint {
        let Some(actor) = state.actor(actor) else { return Fingerprint(0) };
        let mut shape = Shape::of_actor(actor, self.sights, self.fixed());
        for one in &shape.refs {
            if let Ref::Set { next, .. } = one {
                shape.bytes.extend(next.map_or(0, |next| next as u32 + 1).to_le_bytes());
            }
        }
        Fingerprint(shape.hash())
    }

    /// Forgets actors and results that are over and that nobody can name any more.
    pub(super) fn forget(&self, state: &mut State) {
        let fixed = self.fixed() as usize;
        let all = state.parts();
        let over = all.actors.iter().filter(|actor| actor.has_ended()).count();
        let made = all.objects.len() - fixed.min(all.objects.len());
        if !is_worth_forgetting((all.actors.len(), over), made, all.head.kept) {
            return;
        }
        let mut walk = Walk::default();
        let parts = Once::of(state, Sights::default(), fixed as u32, false);
        walk.number(&parts, parts.objects.len(), Ways { is_plain: false, ..self.ways(false) });
        let stays = |(place, actor): (usize, &Arc<super::actor::Actor>)| {
            let stays = !actor.has_ended() || actor.id == MAIN || walk.actors.is_met(place);
            stays.then_some(actor.id)
        };
        let known: Vec<u32> = all.actors.iter().enumerate().filter_map(stays).collect();
        let is_known = |id: &u32| known.binary_search(id).is_ok();
        let is_met = |(place, _): &(usize, _)| *place < fixed || walk.objects.is_met(*place);
        let met: Vec<u32> = all.objects.iter().enumerate().filter(is_met).map(|(_, entry)| entry.id).collect();
        let (actors, objects, head) = state.parts_mut();
        actors.retain(|actor| is_known(&actor.id));
        for actor in actors.iter_mut() {
            if !actor.children.iter().all(is_known) {
                Arc::make_mut(actor).children.retain(is_known);
            }
        }
        objects.retain(|entry| met.binary_search(&entry.id).is_ok());
        head.kept = objects.len() - fixed;
        for entry in objects {
            if matches!(entry.object, Object::Pool(_))
                && let Object::Pool(pool) = &mut Arc::make_mut(entry).object
            {
                let goes_on = |id: u32| actors.iter().any(|actor| actor.id == id && !actor.has_ended());
                pool.workers.retain(|worker| goes_on(*worker));
            }
        }
    }
}
