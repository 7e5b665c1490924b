//! What is counted during a search.
//!
//! Answers for: steps by line, contents by object, stages by template. Never decides where the search goes.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::xxh3_128;

use super::Extent;
use super::joined::line_of;
use super::search::Watch;
use crate::check::failure::template;
use crate::machine::{Choice, Contents, Fingerprint, Machine, State};
use crate::program::op::{Op, OpCode, Site, Target};
use crate::value::{ObjectKind, Value};

/// Why a search is as large as it is.
#[derive(Clone, Debug)]
pub struct Size {
    /// How large.
    pub extent: Extent,
    /// Where its steps come from, the most first.
    pub places: Vec<Place>,
    /// Objects that hold more than one thing, the most various first.
    pub varieties: Vec<Variety>,
    /// By template: where its actors stand, and with what. The most various first.
    pub stages: Vec<Stage>,
}

/// A line of the scenario.
#[derive(Clone, Debug)]
pub struct Place {
    /// Which; none of what stands nowhere: an actor's end.
    pub line: Option<u32>,
    /// The operations that stand there.
    pub ops: BTreeSet<OpCode>,
    /// Steps that are taken there.
    pub steps: usize,
    /// States in which it is one of several steps that are looked at.
    pub choices: usize,
    /// States that are met first by a step from there.
    pub states: usize,
}

/// An object, or all of an array.
#[derive(Clone, Debug)]
pub struct Variety {
    /// As shown.
    pub name: String,
    /// What kind.
    pub kind: ObjectKind,
    /// How many different things it holds in the states.
    pub contents: usize,
    /// Of ints: the least and the most.
    pub range: Option<(i64, i64)>,
    /// Of messages, and of lists: how many at most.
    pub longest: Option<usize>,
    /// Its number.
    pub object: u32,
    /// The only actor whose steps touch it.
    pub only_user: Option<String>,
}

/// The actors of a template.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The template.
    pub template: String,
    /// How many actors there are of it in the whole search.
    pub actors: usize,
    /// Places at which one of them stands, at most.
    pub places: usize,
    /// States of its own that one of them has, with the values of its locals, at most.
    pub states: usize,
}

#[derive(Default)]
struct Taken {
    ops: BTreeSet<OpCode>,
    steps: usize,
    choices: usize,
    states: usize,
}

#[derive(Default)]
struct Held {
    prints: FxHashSet<u128>,
    range: Option<(i64, i64)>,
    longest: Option<usize>,
}

#[derive(Default)]
struct Stands {
    sites: FxHashSet<Option<Site>>,
    prints: FxHashSet<Fingerprint>,
}

#[derive(Default)]
pub(super) struct Counts {
    lines: BTreeMap<Option<u32>, Taken>,
    objects: BTreeMap<u32, Held>,
    names: FxHashMap<u32, (String, ObjectKind)>,
    users: FxHashMap<u32, BTreeSet<String>>,
    actors: BTreeMap<String, Stands>,
}

impl Watch for Counts {
    fn state(&mut self, machine: &Machine, state: &State, choices: &[Choice]) {
        for holds in machine.contents(state) {
            let mut bytes = Vec::new();
            holds.contents.encode(&mut bytes);
            let held = self.objects.entry(holds.object).or_default();
            if held.prints.insert(xxh3_128(&bytes)) {
                held.note(&holds.contents);
                let name = || {
                    let kind = machine.plan().image.program.objects.get(holds.decl as usize).map(|spec| spec.kind);
                    Some((machine.object_name(state, holds.object)?, kind?))
                };
                if !self.names.contains_key(&holds.object)
                    && let Some(name) = name()
                {
                    self.names.insert(holds.object, name);
                }
            }
        }
        for actor in state.alive() {
            let stands = self.actors.entry(state.name(actor).to_owned()).or_default();
            stands.sites.insert(machine.next_op(state, actor).map(|op| op.site));
            stands.prints.insert(machine.fingerprint_of(state, actor));
        }
        if choices.len() > 1 {
            let lines: BTreeSet<Option<u32>> = choices.iter().map(|choice| place(machine, state, choice).0).collect();
            for line in lines {
                self.lines.entry(line).or_default().choices += 1;
            }
        }
    }

    fn step(&mut self, machine: &Machine, state: &State, choice: &Choice, is_new: bool) {
        let (line, op) = place(machine, state, choice);
        let taken = self.lines.entry(line).or_default();
        taken.steps += 1;
        taken.states += usize::from(is_new);
        let Some(op) = op else { return };
        taken.ops.insert(op.code);
        if let Target::Object(object) = op.target {
            let users = self.users.entry(object.id).or_default();
            if !users.contains(state.name(choice.actor)) {
                users.insert(state.name(choice.actor).to_owned());
            }
        }
    }
}

/// Where a step stands, and its operation.
fn place<'s>(machine: &Machine, state: &'s State, choice: &Choice) -> (Option<u32>, Option<&'s Op>) {
    let op = machine.next_op(state, choice.actor);
    (op.and_then(|op| line_of(machine, op)), op)
}

impl Held {
    fn note(&mut self, contents: &Contents<'_>) {
        let number = match contents {
            Contents::Number(number) | Contents::Value(Value::Int(number)) => Some(*number),
            _ => None,
        };
        if let Some(number) = number {
            let (least, most) = self.range.unwrap_or((number, number));
            self.range = Some((least.min(number), most.max(number)));
        }
        let length = match contents {
            Contents::Messages(values, _) => Some(values.len()),
            Contents::Value(Value::List(items)) => Some(items.len()),
            _ => None,
        };
        self.longest = self.longest.max(length);
    }
}

impl Counts {
    pub(super) fn size(self, machine: &Machine, extent: Extent) -> Size {
        let place = |(line, taken): (Option<u32>, Taken)| {
            let Taken { ops, steps, choices, states } = taken;
            Place { line, ops, steps, choices, states }
        };
        let mut places: Vec<Place> = self.lines.into_iter().map(place).collect();
        places.sort_by_key(|place| (std::cmp::Reverse(place.steps), place.line));
        let fixed = machine.plan().objects.len();
        let (names, users) = (self.names, self.users);
        let variety = |(object, held): (u32, Held)| {
            let (name, kind) = names.get(&object)?.clone();
            let only = users.get(&object).filter(|users| users.len() == 1 && (object as usize) < fixed);
            let only_user = only.and_then(|users| users.first().cloned());
            let Held { prints, range, longest } = held;
            Some(Variety { name, kind, contents: prints.len(), range, longest, object, only_user })
        };
        let mut varieties: Vec<Variety> = self.objects.into_iter().filter_map(variety).collect();
        varieties.retain(|one| one.contents > 1);
        varieties.sort_by_key(|one| (std::cmp::Reverse(one.contents), one.object));
        let mut stages: BTreeMap<String, Stage> = BTreeMap::new();
        for (name, stands) in self.actors {
            let template = template(&name);
            let empty = || Stage { template: template.clone(), actors: 0, places: 0, states: 0 };
            let stage = stages.entry(template.clone()).or_insert_with(empty);
            stage.actors += 1;
            stage.places = stage.places.max(stands.sites.len());
            stage.states = stage.states.max(stands.prints.len());
        }
        let mut stages: Vec<Stage> = stages.into_values().collect();
        stages.sort_by_key(|stage| (std::cmp::Reverse(stage.states), stage.template.clone()));
        Size { extent, places, varieties, stages }
    }
}
