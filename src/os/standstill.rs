//! Who can never go on: the arena as a wait-for graph, and the kernel's word that nobody is on the way.
//!
//! What is read of actors that run is out of date at once, and does not matter: of those outside a dead set only their
//! programs count. Of those in it everything was read while they slept, which is looked at again at the end.
//!
//! Answers for: certainty. Never ends a run.

use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};

use rustc_hash::FxHashMap;

use super::arena::{Arena, Off};
use super::layout::{ACTORS_MAX, ObjectHeader, Slot, state};
use super::object::{self, kind_number, lock, pipe};
use super::supervisor::MAIN;
use super::{actor, process, sys};
use crate::plan::{ANY, Plan, User};
use crate::program::ActorKind;
use crate::program::op::OpCode;
use crate::value::ObjectKind;
use crate::waits::{self, Node, Source, Wait, deeds};

/// What a look came to.
pub(super) enum Look {
    /// Nothing that could be a deadlock.
    Nothing,
    /// These can never go on.
    Dead(Vec<u32>),
    /// It seems so, but something is still on its way: worth another look at once.
    Unsure,
}

/// The actors of a run, ended ones left out.
#[derive(Default)]
pub(super) struct Living {
    numbers: Vec<u32>,
    seen: u32,
}

impl Living {
    fn look(&mut self, arena: Arena) {
        let until = arena.header().actors.load(SeqCst).min(ACTORS_MAX);
        self.numbers.extend(self.seen.max(MAIN)..until);
        self.seen = until;
        self.numbers.retain(|number| !actor::is_settled(actor::slot(arena, *number)));
    }

    /// Whether nobody can go on.
    pub(super) fn all_stuck(&mut self, arena: Arena) -> Look {
        self.look(arena);
        let found: Option<Vec<Found>> = self.numbers.iter().map(|number| found(arena, *number)).collect();
        match found {
            Some(all) if is_certain(arena, &all) => Look::Dead(all.iter().map(|one| one.actor).collect()),
            _ => Look::Unsure,
        }
    }

    /// Whether some can never go on although others do.
    pub(super) fn some_dead(&mut self, arena: Arena, plan: &Plan) -> Look {
        self.look(arena);
        let mut asleep: FxHashMap<u32, Found> = FxHashMap::default();
        for number in &self.numbers {
            asleep.extend(found(arena, *number).map(|found| (*number, found)));
        }
        if asleep.is_empty() {
            return Look::Nothing;
        }
        let holders = Holders { arena, living: &self.numbers };
        let nodes: Vec<Node> = self.numbers.iter().map(|number| node(&holders, plan, *number, &asleep)).collect();
        let dead = waits::dead(&nodes, &plan.reach);
        if dead.is_empty() {
            return Look::Nothing;
        }
        let all: Vec<Found> = dead.iter().filter_map(|number| asleep.remove(number)).collect();
        if is_certain(arena, &all) { Look::Dead(dead) } else { Look::Unsure }
    }
}

/// An actor that was found waiting.
struct Found {
    actor: u32,
    /// Which wait of its it is.
    wait: u32,
    op: u32,
    on: Off,
}

/// An actor that waits for another, without a deadline.
fn found(arena: Arena, number: u32) -> Option<Found> {
    let slot: &Slot = actor::slot(arena, number);
    let wait = slot.waits.load(SeqCst);
    let waits = slot.state.load(Acquire) == state::RUNNING
        && slot.uncounted.load(SeqCst) == 1
        && slot.duty.load(SeqCst) == 0
        && slot.blocked_op.load(Relaxed) != 0;
    let (op, on) = (slot.blocked_op.load(Relaxed), Off(slot.blocked_on.load(Relaxed)));
    waits.then_some(Found { actor: number, wait, op, on })
}

/// Whether they all still are in the same wait, and asleep in the kernel: so all were at one moment, and nobody had
/// been woken or was about to be killed.
fn is_certain(arena: Arena, all: &[Found]) -> bool {
    let sleeps = |one: &Found| {
        let slot = actor::slot(arena, one.actor);
        let (pid, tid) = (slot.pid.load(Acquire), slot.tid.load(Acquire));
        let stat = sys::stat_field(&format!("/proc/{pid}/task/{tid}/stat"), 0);
        stat.as_deref() == Some("S")
    };
    let same = |one: &Found| found(arena, one.actor).is_some_and(|now| now.wait == one.wait);
    all.iter().all(sleeps) && all.iter().all(same)
}

fn node(holders: &Holders<'_>, plan: &Plan, number: u32, asleep: &FxHashMap<u32, Found>) -> Node {
    let slot = actor::slot(holders.arena, number);
    Node {
        actor: number,
        process: slot.process.load(Relaxed),
        parent: slot.parent.load(Relaxed).checked_sub(1),
        daemon: slot.daemon.load(Relaxed) != 0,
        user: user_of(slot),
        wait: asleep.get(&number).map_or(Wait::No, |found| wait_of(holders, plan, number, found)),
    }
}

fn user_of(slot: &Slot) -> Option<User> {
    if slot.state.load(Acquire) == state::FREE {
        return None;
    }
    let template = slot.template.load(Relaxed).checked_sub(1);
    match actor::kind_of(slot) {
        ActorKind::Main => Some(User::Main),
        ActorKind::Worker => template.map(User::Worker),
        _ => template.map(User::Template),
    }
}

fn wait_of(holders: &Holders<'_>, plan: &Plan, number: u32, found: &Found) -> Wait {
    let arena = holders.arena;
    let op = found.op.checked_sub(1).and_then(|op| OpCode::from_number(op as u8));
    let (Some(op), false) = (op, found.on.is_null()) else { return Wait::For(vec![Source::Anyone]) };
    if actor::is_slot(found.on) {
        return match actor::number_at(found.on) {
            // Main, before `finally`.
            joined if joined == number => Wait::EveryEnd,
            joined => Wait::For(vec![Source::Actor(joined)]),
        };
    }
    let header: &ObjectHeader = arena.at(found.on);
    let kind = header.kind.load(Relaxed);
    if object::is_lock(kind) {
        return lock_sources(arena, plan, found.on).map_or(Wait::No, Wait::For);
    }
    if kind == kind_number(ObjectKind::PipeEnd) {
        return Wait::For(pipe_sources(holders, found.on));
    }
    Wait::For(match op {
        OpCode::ResultGet | OpCode::ResultWait | OpCode::ResultNext => {
            vec![Source::Worker, Source::Handle(&["cancel"])]
        }
        OpCode::PoolJoin => vec![Source::Worker],
        OpCode::Select | OpCode::Await => vec![Source::Anyone],
        _ => vec![deed(header, deeds(op))],
    })
}

/// Whoever does one of these to an object.
fn deed(header: &ObjectHeader, operations: &'static [&'static str]) -> Source {
    let Some(decl) = header.decl.load(Relaxed).checked_sub(1) else { return Source::Anyone };
    match header.owner.load(Relaxed).checked_sub(1) {
        Some(owner) => Source::Within(owner, vec![decl], operations),
        None => Source::Deed(vec![decl], operations),
    }
}

/// None where it is free: then a waiter is about to be woken.
fn lock_sources(arena: Arena, plan: &Plan, off: Off) -> Option<Vec<Source>> {
    let mut sources = vec![Source::Actor(lock::holder(arena, off)?)];
    if lock::is_reentrant(arena, off) {
        return Some(sources);
    }
    match arena.at::<ObjectHeader>(off).decl.load(Relaxed).checked_sub(1) {
        None => sources.push(Source::Anyone),
        // Whoever releases it may do so for another who holds it by then.
        Some(decl) if plan.reach.is_released_openly(decl) => {
            sources.push(Source::Deed(plan.reach.names_of_lock(decl).collect(), ANY));
        }
        Some(_) => {}
    }
    Some(sources)
}

fn pipe_sources(holders: &Holders<'_>, off: Off) -> Vec<Source> {
    let ends = [off, pipe::peer_of(holders.arena, off)];
    let decl = |end: &Off| holders.arena.at::<ObjectHeader>(*end).decl.load(Relaxed).checked_sub(1);
    let Some(decls) = ends.iter().map(decl).collect() else { return vec![Source::Anyone] };
    let mut sources = holders.of(&ends);
    sources.push(Source::Deed(decls, ANY));
    sources
}

/// Who holds which ends of pipes.
struct Holders<'a> {
    arena: Arena,
    living: &'a [u32],
}

impl Holders<'_> {
    /// The first actors of the processes that hold one of these: an end is let go when its holder ends.
    fn of(&self, ends: &[Off]) -> Vec<Source> {
        let holds = |number: &&u32| process::holds_one_of(self.arena, **number, ends);
        self.living.iter().filter(holds).map(|number| Source::Actor(*number)).collect()
    }
}
