//! What the actors of a state are to each other: whose steps conflict, who could let whom go on, who never can.
//!
//! Answers for: the same as `foresight` says of two actors, by numbers. Never decides what is explored.

use super::group::Group;
use super::sight::Stance;
use super::touches::{CONFLICTS, ENABLES, ENABLES_AS_HOLDER, Opened, Set};
use super::{Packed, Space, Step, View};

/// The actors of a state that are not over. Of what was found out in the state that was looked at before, what those
/// are to each other who are in it as they were there is still known.
#[derive(Debug, Default)]
pub struct Outlook {
    ones: Vec<One>,
    /// What all actors can do, those who are over as well.
    sights: Vec<u32>,
    /// When the space was looked at, and what was then released by who may not hold it.
    age: u32,
    opened: Opened,
    /// By place: what its next step touches, and that together with all that may follow.
    now: Vec<Set>,
    all: Vec<Set>,
    /// Those who have a step, and how many steps there are.
    able: Group,
    steps: usize,
    /// Those who have a step that they cannot forgo for ever.
    acting: Group,
    /// Those whose next access to a variable may race.
    accessing: Group,
    /// Those who are on their way to their end.
    closing: Group,
    /// Those who must wait for others.
    waiting: Group,
    conflicts: Rows,
    enablers: Rows,
}

/// A group for each actor, as far as it was found out.
#[derive(Debug, Default)]
struct Rows {
    all: Vec<Group>,
    known: Group,
}

impl Rows {
    fn clear(&mut self) {
        self.known.clear();
    }

    /// The groups of some are not known any more.
    #[inline]
    fn forget(&mut self, some: &Group) {
        self.known.remove_all(some);
    }

    /// Looks anew at whether some others are in the groups that are known.
    #[inline]
    fn renew(&mut self, others: &Group, mut is_in: impl FnMut(usize, usize) -> bool) {
        for at in self.known.iter() {
            let group = &mut self.all[at];
            for other in others.iter() {
                group.put(other, is_in(at, other));
            }
        }
    }

    #[inline]
    fn get(&mut self, at: usize, find: impl FnOnce(&mut Group)) -> &Group {
        if self.all.len() <= at {
            self.all.resize(at + 1, Group::default());
        }
        let group = &mut self.all[at];
        if !self.known.has(at) {
            self.known.add(at);
            group.clear();
            find(group);
        }
        group
    }
}

#[derive(Clone, Copy, Debug)]
struct One {
    actor: u32,
    /// Its place in the state.
    place: u32,
    sight: u32,
    /// How many steps it has.
    steps: u32,
}

impl Outlook {
    fn clear(&mut self) {
        self.ones.clear();
        self.sights.clear();
        self.now.clear();
        self.all.clear();
        self.steps = 0;
        let Outlook { able, acting, accessing, closing, waiting, .. } = self;
        for group in [able, acting, accessing, closing, waiting] {
            group.clear();
        }
        self.conflicts.clear();
        self.enablers.clear();
    }

    /// One of them can do this.
    #[inline]
    fn is_seen(&mut self, at: usize, sight: u32, stance: &Stance) {
        let one = &mut self.ones[at];
        let steps = stance.choices.len() as u32;
        self.steps = self.steps - one.steps as usize + steps as usize;
        (one.sight, one.steps) = (sight, steps);
        self.able.put(at, steps > 0);
        self.acting.put(at, stance.acts);
        self.accessing.put(at, stance.access.is_some());
        self.closing.put(at, stance.closes.is_some());
        self.waiting.put(at, stance.waits);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ones.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.ones.is_empty()
    }

    /// The number of an actor.
    pub fn actor(&self, at: usize) -> u32 {
        self.ones.get(at).map_or(0, |one| one.actor)
    }

    /// Those who have a step.
    pub fn able(&self) -> &Group {
        &self.able
    }

    /// Those who have a step that they cannot forgo for ever: another than to wake up by itself.
    pub fn acting(&self) -> &Group {
        &self.acting
    }

    /// How many steps there are.
    pub fn steps_of_all(&self) -> usize {
        self.steps
    }

    /// How many steps these have.
    pub fn steps_of_some(&self, some: &Group) -> usize {
        // Hardly anybody has more than one.
        match self.steps == self.able.len() {
            true => some.shared_with(&self.able),
            false => some.iter().map(|at| self.steps(at)).sum(),
        }
    }

    /// Whether somebody has such a step.
    #[inline]
    pub fn goes_on(&self) -> bool {
        !self.acting.is_empty()
    }

    /// How many steps it has.
    #[inline]
    pub fn steps(&self, at: usize) -> usize {
        self.ones.get(at).map_or(0, |one| one.steps as usize)
    }

    /// The steps of one.
    pub fn steps_of(&self, at: usize) -> impl Iterator<Item = Step> + use<> {
        let (place, steps) = self.ones.get(at).map_or((0, 0), |one| (one.place, one.steps));
        (0..steps).map(move |number| Step { place, number })
    }

    /// Its place.
    pub fn place(&self, actor: u32) -> Option<usize> {
        place_in(&self.ones, actor)
    }
}

fn place_in(ones: &[One], actor: u32) -> Option<usize> {
    ones.binary_search_by_key(&actor, |one| one.actor).ok()
}

impl Space<'_> {
    /// The roles of a state's actors, by place: what can be said of an outlook alone (which steps conflict, who lets
    /// whom go on, who never can where there are no pools) is the same wherever these are. `roles` is what is filled.
    pub fn roles(&self, view: &View, roles: &mut Vec<u32>) {
        roles.clear();
        roles.extend(view.sights.iter().map(|number| self.sights.role(*number)));
    }

    /// Whether who can never go on is told by their roles.
    pub fn roles_tell_the_dead(&self) -> bool {
        !self.machine.habits.has_pools()
    }

    /// Looks at a state; `outlook` is what is filled.
    pub fn look(&mut self, view: &View, outlook: &mut Outlook) {
        let opened = self.opened(view);
        if (outlook.age, outlook.opened) != (self.age, opened) || !self.look_again(view, outlook) {
            (outlook.age, outlook.opened) = (self.age, opened);
            self.look_anew(view, outlook);
        }
    }

    /// What of a state's things is released by who may not hold it.
    fn opened(&mut self, view: &View) -> Opened {
        let mut opened = Opened::default();
        if self.sets.open_something() {
            for stance in view.sights.iter().filter_map(|number| self.sights.stance(*number)) {
                if stance.opens != Opened::default() && !stance.has_ended {
                    opened = self.sets.join(opened, stance.opens);
                }
            }
        }
        opened
    }

    fn look_anew(&mut self, view: &View, outlook: &mut Outlook) {
        outlook.clear();
        outlook.sights.extend_from_slice(&view.sights);
        for (place, number) in (0u32..).zip(&view.sights) {
            let Some(stance) = self.sights.stance(*number).filter(|stance| !stance.has_ended) else { continue };
            let at = outlook.ones.len();
            outlook.ones.push(One { actor: stance.actor, place, sight: *number, steps: 0 });
            outlook.now.push(stance.now);
            outlook.all.push(stance.all);
            outlook.is_seen(at, *number, stance);
        }
        let Outlook { opened, now, all, .. } = outlook;
        if *opened != Opened::default() {
            now.iter_mut().chain(all).for_each(|set| *set = self.sets.distrust(*set, *opened));
        }
    }

    /// Looks at a state in which there are the same actors as in the one that was looked at before; false where there
    /// are others.
    fn look_again(&mut self, view: &View, outlook: &mut Outlook) -> bool {
        if view.sights.len() != outlook.sights.len() {
            return false;
        }
        // Those who do something else next, and those who may do something else.
        let (mut moved, mut others) = (Group::default(), Group::default());
        for (place, number) in view.sights.iter().enumerate() {
            let was = std::mem::replace(&mut outlook.sights[place], *number);
            if was == *number {
                continue;
            }
            let (Some(stance), Some(before)) = (self.sights.stance(*number), self.sights.stance(was)) else {
                return false;
            };
            if (stance.actor, stance.has_ended) != (before.actor, before.has_ended) {
                return false;
            }
            if stance.has_ended {
                continue;
            }
            let Some(at) = place_in(&outlook.ones, stance.actor) else { return false };
            let is_as_before = self.sights.role(was) == self.sights.role(*number);
            outlook.is_seen(at, *number, stance);
            if is_as_before {
                continue;
            }
            let (mut next, mut later) = (stance.now, stance.all);
            if outlook.opened != Opened::default() {
                next = self.sets.distrust(next, outlook.opened);
                later = self.sets.distrust(later, outlook.opened);
            }
            moved.add(at);
            outlook.now[at] = next;
            if std::mem::replace(&mut outlook.all[at], later) != later {
                others.add(at);
            }
        }
        let Outlook { ones, now, all, conflicts, enablers, .. } = outlook;
        conflicts.forget(&moved);
        enablers.forget(&moved);
        if !others.is_empty() {
            let sets = &mut self.sets;
            conflicts.renew(&others, |at, other| at != other && sets.pair(now[at], all[other]) & CONFLICTS != 0);
            enablers.renew(&others, |at, other| self.lets(ones, (now, all), at, other));
        }
        true
    }

    /// Those who do or could do what does not accord with the next step of one.
    #[inline]
    pub fn conflicts<'o>(&mut self, outlook: &'o mut Outlook, at: usize) -> &'o Group {
        let Outlook { now, all, conflicts, .. } = outlook;
        conflicts.get(at, |found| {
            let Some(now) = now.get(at) else { return };
            for (place, all) in all.iter().enumerate() {
                if self.sets.pair(*now, *all) & CONFLICTS != 0 {
                    found.add(place);
                }
            }
            found.remove(at);
        })
    }

    /// Those of some actors who have a step that accords with every step of one; all by their places, as bits.
    pub fn accord(&mut self, view: &View, place: u32, among: u64) -> u64 {
        let opened = self.opened(view);
        let Some(own) = self.next_of(view, place as usize, opened) else { return 0 };
        let (mut bits, mut left) = (0, among);
        while left != 0 {
            let other = left.trailing_zeros();
            left &= left - 1;
            if other != place
                && let Some(next) = self.next_of(view, other as usize, opened)
                && self.sets.pair(own, next) & CONFLICTS == 0
                && self.sets.pair(next, own) & CONFLICTS == 0
            {
                bits |= 1 << other;
            }
        }
        bits
    }

    /// What the next step of one touches that has one.
    fn next_of(&mut self, view: &View, place: usize, opened: Opened) -> Option<Set> {
        let stance = self.sights.stance(*view.sights.get(place)?)?;
        let next = (!stance.has_ended && !stance.choices.is_empty()).then_some(stance.now)?;
        Some(if opened == Opened::default() { next } else { self.sets.distrust(next, opened) })
    }

    /// Those of whom one at least must take a step before one can go on that cannot; who is over is not among them.
    #[inline]
    pub fn enablers<'o>(&mut self, outlook: &'o mut Outlook, at: usize) -> &'o Group {
        let Outlook { ones, now, all, enablers, .. } = outlook;
        enablers.get(at, |found| {
            for other in 0..ones.len() {
                if self.lets(ones, (now, all), at, other) {
                    found.add(other);
                }
            }
        })
    }

    /// Whether another is among the enablers of one.
    #[inline]
    fn lets(&mut self, ones: &[One], (now, all): (&[Set], &[Set]), at: usize, other: usize) -> bool {
        let Some(stance) = ones.get(at).filter(|_| other != at).and_then(|one| self.sights.stance(one.sight)) else {
            return false;
        };
        if let Some(awaited) = &stance.closes {
            // One of those whose ends it waits for is enough; before `finally` it waits for everyone.
            let child = awaited.first().and_then(|child| place_in(ones, *child));
            return other == child.unwrap_or(usize::from(at == 0));
        }
        let (Some(now), Some(all), Some(other)) = (now.get(at), all.get(other), ones.get(other)) else { return false };
        match &stance.locks[..] {
            [] | [_] => {
                let pair = self.sets.pair(*now, *all);
                let holds = || stance.locks.first().is_some_and(|(_, holder)| *holder == Some(other.actor));
                pair & ENABLES != 0 || pair & ENABLES_AS_HOLDER != 0 && holds()
            }
            locks => {
                let held = locks.iter().filter(|(_, holder)| *holder == Some(other.actor));
                let held: Vec<u32> = held.map(|(lock, _)| *lock).collect();
                self.sets.enables(*now, *all, &held)
            }
        }
    }

    /// The actors that can never go on: each of them waits for what only others among them could still do. None where
    /// only daemons are.
    ///
    /// [`Machine::dead`](super::super::Machine::dead) asks the same of a whole state, which a search would have to put
    /// together at every one it meets; here it is a few bits, which the stubborn sets need anyway. They do not tell
    /// what a pool's workers could do: there, that one is asked.
    pub fn dead(&mut self, packed: &Packed, view: &View, outlook: &mut Outlook) -> Vec<u32> {
        if self.machine.habits.has_pools() {
            let choices: Vec<_> =
                self.choices(view).filter(|choice| choice.what != super::super::What::Wake).cloned().collect();
            return self.machine.dead(&self.state(packed), &choices);
        }
        let mut dead = outlook.waiting.clone();
        if dead.is_empty() {
            return Vec::new();
        }
        let mut is_settled = false;
        while !std::mem::replace(&mut is_settled, true) {
            for at in dead.clone().iter() {
                if !self.needs_only(outlook, at, &dead) {
                    dead.remove(at);
                    is_settled = false;
                }
            }
        }
        if dead.is_empty() {
            return Vec::new();
        }
        let stance = |at: usize| outlook.ones.get(at).and_then(|one| self.sights.stance(one.sight));
        if dead.iter().all(|at| stance(at).is_none_or(|stance| stance.daemon)) {
            return Vec::new();
        }
        dead.iter().map(|at| outlook.actor(at)).collect()
    }

    /// Whether one that cannot go on could be let only by some of these.
    fn needs_only(&mut self, outlook: &mut Outlook, at: usize, among: &Group) -> bool {
        if outlook.closing.has(at)
            && let Some(one) = outlook.ones.get(at)
            && let Some(awaited) = self.sights.stance(one.sight).and_then(|stance| stance.closes.as_ref())
        {
            // It waits for all of them; before `finally` for everyone.
            return match awaited.is_empty() {
                false => awaited.iter().any(|child| outlook.place(*child).is_some_and(|child| among.has(child))),
                true => among.iter().any(|other| other != at),
            };
        }
        self.enablers(outlook, at).is_within(among)
    }

    /// What tells the actors of an outlook from all others: of some of them, or of all.
    pub fn signature(&self, outlook: &Outlook, of: Option<&[u32]>) -> Vec<u32> {
        let wanted = |one: &&One| of.is_none_or(|of| of.contains(&one.actor));
        outlook.ones.iter().filter(wanted).map(|one| one.sight).collect()
    }

    /// The pairs of actors whose next accesses to a variable may race, by what tells them from all others.
    pub fn races(&self, outlook: &Outlook) -> Vec<(u32, u32)> {
        let mut pairs = Vec::new();
        if outlook.accessing.len() < 2 {
            return pairs;
        }
        let accesses = outlook.accessing.iter().filter_map(|at| {
            let sight = outlook.ones.get(at)?.sight;
            Some((sight, self.sights.stance(sight)?.access?))
        });
        let accesses: Vec<(u32, (u32, bool))> = accesses.collect();
        for (at, (a, (variable, writes))) in accesses.iter().enumerate() {
            for (b, (other, other_writes)) in accesses.iter().skip(at + 1) {
                if other == variable && (*writes || *other_writes) {
                    pairs.push((*a, *b));
                }
            }
        }
        pairs
    }
}
