//! What the actors of a state are to each other: whose steps conflict, who could let whom go on, who never can.
//!
//! Answers for: the same as `foresight` says of two actors, by numbers. Never decides what is explored.

use super::touches::{CONFLICTS, ENABLES, ENABLES_AS_HOLDER, Opened, Set};
use super::{Packed, Space, Step, View};

/// A set of actors, by their places in an outlook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    first: u64,
    more: Vec<u64>,
}

/// The actors of a state that are not over.
#[derive(Debug, Default)]
pub struct Outlook {
    ones: Vec<One>,
    /// By place: what its next step touches, and that together with all that may follow.
    now: Vec<Set>,
    all: Vec<Set>,
    /// Those who have a step that they cannot forgo for ever.
    acting: Group,
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

impl Group {
    fn clear(&mut self) {
        self.first = 0;
        self.more.clear();
    }

    #[inline]
    fn word(&self, at: usize) -> u64 {
        if at < 64 { self.first } else { self.more.get(at / 64 - 1).copied().unwrap_or(0) }
    }

    /// Whether one is among them.
    #[inline]
    pub fn has(&self, at: usize) -> bool {
        self.word(at) >> (at % 64) & 1 == 1
    }

    /// Adds one.
    #[inline]
    pub fn add(&mut self, at: usize) {
        if at < 64 {
            self.first |= 1 << at;
            return;
        }
        let word = at / 64 - 1;
        if self.more.len() <= word {
            self.more.resize(word + 1, 0);
        }
        self.more[word] |= 1 << (at % 64);
    }

    /// Adds others.
    #[inline]
    pub fn add_all(&mut self, others: &Group) {
        self.first |= others.first;
        if others.more.is_empty() {
            return;
        }
        if self.more.len() < others.more.len() {
            self.more.resize(others.more.len(), 0);
        }
        self.more.iter_mut().zip(&others.more).for_each(|(own, other)| *own |= other);
    }

    #[inline]
    fn remove(&mut self, at: usize) {
        if at < 64 {
            self.first &= !(1 << at);
        } else if let Some(word) = self.more.get_mut(at / 64 - 1) {
            *word &= !(1 << (at % 64));
        }
    }

    #[inline]
    fn is_within(&self, others: &Group) -> bool {
        let more = self.more.iter().enumerate();
        let mut more = more.map(|(at, word)| (word, others.more.get(at).copied().unwrap_or(0)));
        self.first & !others.first == 0 && more.all(|(word, other)| word & !other == 0)
    }

    /// How many they are.
    #[inline]
    pub fn len(&self) -> usize {
        (self.first.count_ones() + self.more.iter().map(|word| word.count_ones()).sum::<u32>()) as usize
    }

    /// Whether there is nobody.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.first == 0 && self.more.iter().all(|word| *word == 0)
    }

    /// The first of them that is not among others.
    #[inline]
    pub fn first_beside(&self, others: &Group) -> Option<usize> {
        let left = self.first & !others.first;
        if left != 0 {
            return Some(left.trailing_zeros() as usize);
        }
        self.iter().skip_while(|at| *at < 64).find(|at| !others.has(*at))
    }

    /// Their places, from the first.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        let words = std::iter::once(self.first).chain(self.more.iter().copied());
        words.enumerate().flat_map(|(at, word)| {
            let mut left = word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                (left != 0).then(|| {
                    left &= left - 1;
                    at * 64 + bit
                })
            })
        })
    }
}

impl Outlook {
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

    /// Whether it has a step.
    pub fn is_able(&self, at: usize) -> bool {
        self.steps(at) > 0
    }

    /// Whether it has a step that it cannot forgo for ever: another than to wake up by itself.
    #[inline]
    pub fn acts(&self, at: usize) -> bool {
        self.acting.has(at)
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
        let Outlook { ones, now, all, acting, waiting, conflicts, enablers } = outlook;
        ones.clear();
        now.clear();
        all.clear();
        acting.clear();
        waiting.clear();
        conflicts.clear();
        enablers.clear();
        let mut opened = Opened::default();
        for (place, number) in (0u32..).zip(&view.sights) {
            let Some(stance) = self.sights.stance(*number).filter(|stance| !stance.has_ended) else { continue };
            let at = ones.len();
            ones.push(One { actor: stance.actor, place, sight: *number, steps: stance.choices.len() as u32 });
            now.push(stance.now);
            all.push(stance.all);
            if stance.acts {
                acting.add(at);
            }
            if stance.waits {
                waiting.add(at);
            }
            if stance.opens != Opened::default() {
                opened = self.sets.join(opened, stance.opens);
            }
        }
        if opened != Opened::default() {
            now.iter_mut().chain(all).for_each(|set| *set = self.sets.distrust(*set, opened));
        }
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

    /// Those who have a step that accords with every step of one, by their places, as bits; nobody beyond the 64th.
    pub fn accord(&mut self, outlook: &Outlook, at: usize) -> u64 {
        let Some(own) = outlook.now.get(at) else { return 0 };
        let mut bits = 0;
        for (other, (one, now)) in outlook.ones.iter().zip(&outlook.now).enumerate() {
            if other != at && one.steps > 0 && one.place < u64::BITS {
                let accords =
                    self.sets.pair(*own, *now) & CONFLICTS == 0 && self.sets.pair(*now, *own) & CONFLICTS == 0;
                bits |= u64::from(accords) << one.place;
            }
        }
        bits
    }

    /// Those of whom one at least must take a step before one can go on that cannot; who is over is not among them.
    #[inline]
    pub fn enablers<'o>(&mut self, outlook: &'o mut Outlook, at: usize) -> &'o Group {
        let Outlook { ones, now, all, enablers, .. } = outlook;
        enablers.get(at, |found| self.find_enablers(ones, (now, all), at, found))
    }

    fn find_enablers(&mut self, ones: &[One], (now, all): (&[Set], &[Set]), at: usize, found: &mut Group) {
        let (Some(one), Some(now)) = (ones.get(at), now.get(at)) else { return };
        let Some(stance) = self.sights.stance(one.sight) else { return };
        if let Some(awaited) = &stance.closes {
            let child = awaited.first().and_then(|child| place_in(ones, *child));
            let anyone = || (0..ones.len()).find(|other| *other != at);
            child.or_else(anyone).into_iter().for_each(|other| found.add(other));
            return;
        }
        for (place, (other, all)) in ones.iter().zip(all).enumerate().filter(|(place, _)| *place != at) {
            let lets = match &stance.locks[..] {
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
            };
            if lets {
                found.add(place);
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
        loop {
            let known = dead.clone();
            for at in known.iter() {
                if !self.needs_only(outlook, at, &known) {
                    dead.remove(at);
                }
            }
            if dead == known {
                break;
            }
        }
        let stance = |at: usize| outlook.ones.get(at).and_then(|one| self.sights.stance(one.sight));
        if dead.iter().all(|at| stance(at).is_none_or(|stance| stance.daemon)) {
            return Vec::new();
        }
        dead.iter().map(|at| outlook.actor(at)).collect()
    }

    /// Whether one that cannot go on could be let only by some of these.
    fn needs_only(&mut self, outlook: &mut Outlook, at: usize, among: &Group) -> bool {
        let stance = outlook.ones.get(at).and_then(|one| self.sights.stance(one.sight));
        if let Some(awaited) = stance.and_then(|stance| stance.closes.as_ref()) {
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
        let access = |one: &One| self.sights.stance(one.sight).and_then(|stance| stance.access);
        let mut pairs = Vec::new();
        for (at, a) in outlook.ones.iter().enumerate() {
            let Some((variable, writes)) = access(a) else { continue };
            for b in outlook.ones.iter().skip(at + 1) {
                if access(b).is_some_and(|(other, other_writes)| other == variable && (writes || other_writes)) {
                    pairs.push((a.sight, b.sight));
                }
            }
        }
        pairs
    }
}
