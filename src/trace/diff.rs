//! Where two runs first part ways, as choices.
//!
//! Answers for: walking both traces side by side for as long as the same actor did the same for the same reason and
//! objects gave their turns to the same actors; what is in the way then, with nothing before it in happens-before that
//! differs, is a first difference. What comes after one is not looked at. Never renders.

use rustc_hash::{FxHashMap, FxHashSet};

use super::before::Before;
use super::history::Node;
use super::same::{Pair, Turn, is_pass, turn};
use super::tickets::by_ticket;
use super::{Event, Trace, names};
use crate::value::ObjectKind;

/// A first difference. Events are indices into [`Trace::events`] of their trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// An object gave a turn to one actor here, to another there.
    Turn {
        /// The object.
        object: String,
        /// To do what.
        turn: Turn,
        /// Which turn of these, from 1.
        number: usize,
        /// Whose event it is in the first trace.
        a: usize,
        /// And in the second.
        b: usize,
    },
    /// An actor's next step is another, gave something else, or had another reason.
    Step {
        /// In the first trace.
        a: usize,
        /// In the second.
        b: usize,
    },
    /// Two events came in one order here, in the other there.
    Order {
        /// An actor's event in the first trace.
        a: usize,
        /// The same actor's event in the second.
        b: usize,
        /// The other actor's event, in the trace where it came first.
        other: usize,
        /// Whether that is the second trace.
        first_in_b: bool,
    },
    /// An actor goes on in one trace only.
    Ends {
        /// Who.
        actor: String,
        /// Its next event, in the trace where it has one.
        next: usize,
        /// Whether that is the second trace.
        in_b: bool,
        /// Its last event in the other trace, if it has any.
        last: Option<usize>,
    },
}

/// The first differences of two traces, in the canonical order of the first; none if the same choices were made.
pub fn diff(a: &Trace, b: &Trace) -> Vec<Difference> {
    Walk::new(a, b).run()
}

/// One of the traces, and how far the walk has come in it.
struct Side<'a> {
    before: Before<'a>,
    offsets: Vec<usize>,
    targets: Vec<Node>,
    /// By node: how much must still come before it.
    missing: Vec<u32>,
    /// By node: the line of turns that it stands in, and its number there.
    turns: Vec<Option<(usize, usize)>>,
    /// By line of turns: who takes each.
    lines: Vec<Vec<Node>>,
    /// By actor of the walk: its nodes and the next of them.
    lanes: Vec<(Node, Node)>,
    /// By actor of the trace: the actor of the walk.
    walkers: Vec<Option<usize>>,
}

/// A line of turns: of which object, for what, at which part of it; objects of one name are told apart by number.
type LineKey = (String, usize, Turn, String);

struct Walk<'a> {
    pair: Pair<'a>,
    names: Vec<String>,
    keys: Vec<LineKey>,
    /// By line of turns: the next turn.
    next: Vec<usize>,
    sides: [Side<'a>; 2],
}

impl<'a> Walk<'a> {
    fn new(a: &'a Trace, b: &'a Trace) -> Walk<'a> {
        let actors = |trace: &Trace| trace.data().actors.iter().map(|info| info.name.clone()).collect::<Vec<_>>();
        let mut names: Vec<String> = actors(a).into_iter().chain(actors(b)).collect();
        names.sort_by(|left, right| names::compare(left, right));
        names.dedup();
        let mut keys = Keys::default();
        let mut sides = [Side::new(a, &names, &mut keys), Side::new(b, &names, &mut keys)];
        sides.iter_mut().for_each(|side| side.lines.resize(keys.all.len(), Vec::new()));
        let next = vec![0; keys.all.len()];
        Walk { pair: Pair { a, b }, names, keys: keys.all, next, sides }
    }

    fn run(mut self) -> Vec<Difference> {
        let mut open: Vec<usize> = (0..self.names.len()).rev().collect();
        loop {
            while let Some(actor) = open.pop() {
                while let Some((a, b)) = self.both(actor).filter(|(a, b)| self.matches(*a, *b)) {
                    self.step([a, b], &mut open);
                }
            }
            let found = self.differences();
            if !found.is_empty() {
                return found;
            }
            // Nothing differs, yet something is in the way: a record that contradicts itself.
            let Some((a, b)) = (0..self.names.len()).find_map(|actor| self.both(actor).filter(|pair| self.same(*pair)))
            else {
                return self.leftover();
            };
            self.step([a, b], &mut open);
        }
    }

    /// The next event of an actor in both traces.
    fn both(&self, actor: usize) -> Option<(Node, Node)> {
        Some((self.sides[0].next(actor)?, self.sides[1].next(actor)?))
    }

    fn event(&self, side: usize, node: Node) -> Option<&'a Event> {
        let index = self.sides[side].index(node);
        if side == 0 { self.pair.a.events().get(index) } else { self.pair.b.events().get(index) }
    }

    fn same(&self, (a, b): (Node, Node)) -> bool {
        match (self.event(0, a), self.event(1, b)) {
            (Some(left), Some(right)) => self.pair.same(left, right) && self.same_permit(a, b),
            _ => false,
        }
    }

    /// Whether the permit of a semaphore, or whatever else an order made room for, comes from the same event.
    fn same_permit(&self, a: Node, b: Node) -> bool {
        let places = |side: usize, node: Node| -> Vec<_> {
            let sources = self.sides[side].before.sources(node).iter();
            sources.filter_map(|source| self.event(side, *source)).map(|event| event.place).collect()
        };
        let is_semaphore = |event: &Event| {
            let kind = event.object.and_then(|object| self.pair.a.data().objects.get(object as usize));
            kind.is_some_and(|info| matches!(info.kind, ObjectKind::Semaphore | ObjectKind::BoundedSemaphore))
        };
        if !self.event(0, a).is_some_and(is_semaphore) {
            return true;
        }
        let (from_a, from_b) = (places(0, a), places(1, b));
        let known = |place| from_b.iter().any(|other| self.pair.same_place(place, *other));
        from_a.len() == from_b.len() && from_a.into_iter().all(known)
    }

    fn matches(&self, a: Node, b: Node) -> bool {
        let ready = |side: usize, node: Node| {
            let in_turn = |(line, number): (usize, usize)| self.next.get(line) == Some(&number);
            self.sides[side].is_ready(node) && self.sides[side].turn(node).is_none_or(in_turn)
        };
        ready(0, a) && ready(1, b) && self.same((a, b))
    }

    /// Goes past an event in both traces.
    fn step(&mut self, nodes: [Node; 2], open: &mut Vec<usize>) {
        for (side, node) in self.sides.iter_mut().zip(nodes) {
            if let Some((line, number)) = side.turn(node)
                && let Some(next) = self.next.get_mut(line)
            {
                *next = (*next).max(number + 1);
            }
            side.pass(node, open);
        }
        for (side, node) in self.sides.iter().zip(nodes) {
            let Some((line, _)) = side.turn(node) else { continue };
            let head = self.next.get(line).and_then(|next| side.lines.get(line)?.get(*next));
            open.extend(head.and_then(|head| side.walker(*head)));
        }
    }

    /// What is in the way, with nothing before it that differs.
    fn differences(&self) -> Vec<Difference> {
        let mut found: Vec<(usize, Difference)> = Vec::new();
        let mut told: FxHashSet<usize> = FxHashSet::default();
        for line in 0..self.keys.len() {
            self.turns_differ(line, &mut found, &mut told);
        }
        let mut pairs: FxHashSet<(usize, usize)> = FxHashSet::default();
        for actor in (0..self.names.len()).filter(|actor| !told.contains(actor)) {
            match [0, 1].map(|side| self.sides[side].next(actor)) {
                [Some(a), Some(b)] => match [self.sides[0].is_ready(a), self.sides[1].is_ready(b)] {
                    [true, true] if !self.same((a, b)) => found.extend(self.step_differs(a, b)),
                    [true, false] => found.extend(self.order_differs(actor, [a, b], 1, &mut pairs)),
                    [false, true] => found.extend(self.order_differs(actor, [a, b], 0, &mut pairs)),
                    _ => {}
                },
                [Some(next), None] if self.sides[0].is_ready(next) => found.push(self.ends(actor, 0, next)),
                [None, Some(next)] if self.sides[1].is_ready(next) => found.push(self.ends(actor, 1, next)),
                _ => {}
            }
        }
        if found.is_empty() {
            self.objects_differ(&mut found);
        }
        found.sort_by_key(|(at, _)| *at);
        found.into_iter().map(|(_, difference)| difference).collect()
    }

    /// A turn that one actor can take here and another there.
    fn turns_differ(&self, line: usize, found: &mut Vec<(usize, Difference)>, told: &mut FxHashSet<usize>) {
        let (Some(number), Some((object, _, turn, _))) = (self.next.get(line), self.keys.get(line)) else { return };
        let head = |side: usize| {
            let node = self.sides[side].lines.get(line)?.get(*number).copied()?;
            self.sides[side].is_next(node).then_some(node)
        };
        let (Some(a), Some(b)) = (head(0), head(1)) else { return };
        let [by_a, by_b] = [self.sides[0].walker(a), self.sides[1].walker(b)];
        if by_a == by_b {
            return;
        }
        told.extend(by_a.into_iter().chain(by_b));
        let (a, b) = (self.sides[0].index(a), self.sides[1].index(b));
        found.push((a, Difference::Turn { object: object.clone(), turn: *turn, number: number + 1, a, b }));
    }

    fn step_differs(&self, a: Node, b: Node) -> Option<(usize, Difference)> {
        let (a, b) = (self.sides[0].index(a), self.sides[1].index(b));
        Some((a, Difference::Step { a, b }))
    }

    /// An event that waits in one trace for one that could come now, and does not in the other.
    fn order_differs(
        &self,
        actor: usize,
        [a, b]: [Node; 2],
        waits_in: usize,
        pairs: &mut FxHashSet<(usize, usize)>,
    ) -> Option<(usize, Difference)> {
        let side = &self.sides[waits_in];
        let waiting = if waits_in == 0 { a } else { b };
        let other = side.awaited(waiting).into_iter().find(|node| side.is_next(*node))?;
        let by = side.walker(other)?;
        if !pairs.insert((actor.min(by), actor.max(by))) {
            return None;
        }
        let (a, b) = (self.sides[0].index(a), self.sides[1].index(b));
        Some((a, Difference::Order { a, b, other: side.index(other), first_in_b: waits_in == 1 }))
    }

    fn ends(&self, actor: usize, side: usize, next: Node) -> (usize, Difference) {
        let last = self.sides[1 - side].last(actor).map(|node| self.sides[1 - side].index(node));
        let name = self.names.get(actor).cloned().unwrap_or_default();
        let next = self.sides[side].index(next);
        let at = if side == 0 { next } else { last.unwrap_or(usize::MAX) };
        (at, Difference::Ends { actor: name, next, in_b: side == 1, last })
    }

    /// Objects on which one actor could do the next thing here, and another there.
    fn objects_differ(&self, found: &mut Vec<(usize, Difference)>) {
        let heads = |side: usize, trace: &Trace| {
            let mut heads: FxHashMap<String, (Node, usize)> = FxHashMap::default();
            for (object, steps) in by_ticket(trace.data()).iter().enumerate() {
                let nodes = steps.iter().filter_map(|at| self.sides[side].node(trace.events().get(*at)?));
                let head = (1..).zip(nodes).find(|(_, node)| !self.sides[side].is_passed(*node));
                if let Some((number, node)) = head.filter(|(_, node)| self.sides[side].is_next(*node)) {
                    heads.insert(trace.object_name(object as u32).to_owned(), (node, number));
                }
            }
            heads
        };
        let there = heads(1, self.pair.b);
        for (object, (a, number)) in heads(0, self.pair.a) {
            let Some((b, _)) = there.get(&object) else { continue };
            if self.sides[0].walker(a) != self.sides[1].walker(*b) {
                let (a, b) = (self.sides[0].index(a), self.sides[1].index(*b));
                found.push((a, Difference::Turn { object, turn: Turn::Next, number, a, b }));
            }
        }
    }

    /// Where nothing can come next, whatever is left.
    fn leftover(&self) -> Vec<Difference> {
        let mut found = Vec::new();
        for actor in 0..self.names.len() {
            match [0, 1].map(|side| self.sides[side].next(actor)) {
                [Some(a), Some(b)] => found.extend(self.step_differs(a, b)),
                [Some(next), None] => found.push(self.ends(actor, 0, next)),
                [None, Some(next)] => found.push(self.ends(actor, 1, next)),
                [None, None] => {}
            }
        }
        found.sort_by_key(|(at, _)| *at);
        found.into_iter().map(|(_, difference)| difference).collect()
    }
}

/// Lines of turns, numbered alike in both traces.
#[derive(Default)]
struct Keys {
    all: Vec<LineKey>,
    of: FxHashMap<LineKey, usize>,
}

impl Keys {
    fn number(&mut self, key: LineKey) -> usize {
        *self.of.entry(key.clone()).or_insert_with(|| {
            self.all.push(key);
            self.all.len() - 1
        })
    }
}

/// Whether it is news that one comes before the other. Who was the last at a barrier is not: all had to come.
fn is_choice(before: &Before<'_>, source: Node, target: Node) -> bool {
    let passes = |node| before.history().event(node).is_some_and(|event| is_pass(event.op));
    !(passes(source) && passes(target))
}

impl<'a> Side<'a> {
    fn new(trace: &'a Trace, names: &[String], keys: &mut Keys) -> Side<'a> {
        let data = trace.data();
        let mut before = Before::new(data);
        let (offsets, targets) = before.successors();
        let mut missing = vec![0; before.len()];
        for target in 0..before.len() as Node {
            let sources = before.sources(target).iter().filter(|source| is_choice(&before, **source, target));
            if let Some(count) = missing.get_mut(target as usize) {
                *count = sources.count() as u32;
            }
        }
        let mut walkers = vec![None; data.actors.len()];
        let mut lanes = vec![(0, 0); names.len()];
        for (actor, info) in data.actors.iter().enumerate() {
            let walker = names.binary_search_by(|name| names::compare(name, &info.name)).ok();
            let lane = before.history().lane(actor as u32);
            // Of several of one name the first that did something stands for all.
            let Some(slot) = walker.and_then(|walker| lanes.get_mut(walker)) else { continue };
            if slot.0 == slot.1 && !lane.is_empty() {
                *slot = (lane.start, lane.end);
                walkers[actor] = walker;
            }
        }
        let turns = vec![None; before.history().len() as usize];
        let mut side = Side { before, offsets, targets, missing, turns, lines: Vec::new(), lanes, walkers };
        side.queue_up(trace, keys);
        side
    }

    /// Puts the events that take turns in line.
    fn queue_up(&mut self, trace: &Trace, keys: &mut Keys) {
        let mut of_name: FxHashMap<&str, usize> = FxHashMap::default();
        for (info, steps) in trace.data().objects.iter().zip(by_ticket(trace.data())) {
            let namesake = of_name.entry(&info.name).or_default();
            *namesake += 1;
            for event in steps.iter().filter_map(|at| trace.events().get(*at)) {
                let Some((turn, part)) = turn(info.kind, event) else { continue };
                let Some(node) = self.node(event).filter(|node| self.walker(*node).is_some()) else { continue };
                let line = keys.number((info.name.clone(), *namesake, turn, part));
                if self.lines.len() <= line {
                    self.lines.resize(line + 1, Vec::new());
                }
                let (Some(own), Some(slot)) = (self.lines.get_mut(line), self.turns.get_mut(node as usize)) else {
                    continue;
                };
                *slot = Some((line, own.len()));
                own.push(node);
            }
        }
    }

    fn node(&self, event: &Event) -> Option<Node> {
        self.before.history().node_at(event.place)
    }

    /// Where the event of a node stands in the trace.
    fn index(&self, node: Node) -> usize {
        self.before.history().index_of(node).map_or(usize::MAX, |index| index as usize)
    }

    fn walker(&self, node: Node) -> Option<usize> {
        let actor = self.before.history().event(node)?.place.actor;
        self.walkers.get(actor as usize).copied().flatten()
    }

    fn turn(&self, node: Node) -> Option<(usize, usize)> {
        self.turns.get(node as usize).copied().flatten()
    }

    /// The next event of an actor.
    fn next(&self, actor: usize) -> Option<Node> {
        self.lanes.get(actor).filter(|(next, end)| next < end).map(|(next, _)| *next)
    }

    /// The last event of an actor that was passed.
    fn last(&self, actor: usize) -> Option<Node> {
        let (next, _) = self.lanes.get(actor)?;
        let last = next.checked_sub(1)?;
        (self.walker(last) == Some(actor)).then_some(last)
    }

    /// Whether everything of others that must come before a node has come.
    fn is_ready(&self, node: Node) -> bool {
        self.missing.get(node as usize) == Some(&0)
    }

    /// Whether a node could come now.
    fn is_next(&self, node: Node) -> bool {
        self.is_ready(node) && self.walker(node).and_then(|actor| self.next(actor)) == Some(node)
    }

    fn is_passed(&self, node: Node) -> bool {
        match self.walker(node) {
            Some(actor) => self.next(actor).is_none_or(|next| node < next),
            None => true,
        }
    }

    /// The events that a node waits for.
    fn awaited(&self, node: Node) -> Vec<Node> {
        let mut awaited = Vec::new();
        let mut seen = FxHashSet::default();
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            for source in self.before.sources(node).iter().copied().filter(|source| seen.insert(*source)) {
                if !is_choice(&self.before, source, node) {
                } else if self.before.is_gate(source) {
                    open.push(source);
                } else if !self.is_passed(source) {
                    awaited.push(source);
                }
            }
        }
        awaited.sort_unstable();
        awaited
    }

    /// Goes past a node; `open` gets the actors that may go on by it.
    fn pass(&mut self, node: Node, open: &mut Vec<usize>) {
        if let Some(lane) = self.walker(node).and_then(|actor| self.lanes.get_mut(actor)) {
            lane.0 = node + 1;
        }
        let mut passed = vec![node];
        while let Some(node) = passed.pop() {
            let from = self.offsets.get(node as usize).copied().unwrap_or(0);
            let to = self.offsets.get(node as usize + 1).copied().unwrap_or(from);
            for at in from..to {
                let Some(target) = self.targets.get(at).copied() else { continue };
                if !is_choice(&self.before, node, target) {
                    continue;
                }
                let Some(missing) = self.missing.get_mut(target as usize) else { continue };
                *missing = missing.saturating_sub(1);
                if *missing > 0 {
                } else if self.before.is_gate(target) {
                    passed.push(target);
                } else {
                    open.extend(self.walker(target));
                }
            }
        }
    }
}
