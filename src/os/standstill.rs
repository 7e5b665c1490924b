//! Who can never go on: the arena as a wait-for graph, and the kernel's word that nobody is on the way.
//!
//! What is read of actors that run is out of date at once, and does not matter: of those outside a dead set only what
//! is ahead of them counts, which is never more than was ahead of them before. Of those in it everything was read while
//! they slept, which is looked at again at the end.
//!
//! Answers for: certainty. Never ends a run.

use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};

use rustc_hash::FxHashMap;

use super::arena::{Arena, Off};
use super::claim::Claim;
use super::layout::{ACTORS_MAX, ObjectHeader, Slot, state};
use super::object::{self, barrier, kind_number, lock, once, pipe, rwlock};
use super::supervisor::MAIN;
use super::{actor, cases, place, process, sys};
use crate::plan::{Ops, Plan, User};
use crate::program::ActorKind;
use crate::program::op::OpCode;
use crate::value::{ObjectKind, Side};
use crate::waits::{self, CUTS, Node, OF_PIPES, OF_POOLS, Owner, Source, WRITES, Wait, deeds, of_lock, of_rwlock};

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

    /// Whether nobody was started since they were looked for.
    fn are_all(&self, arena: Arena) -> bool {
        arena.header().actors.load(SeqCst).min(ACTORS_MAX) == self.seen
    }

    /// Whether nobody can go on.
    pub(super) fn all_stuck(&mut self, arena: Arena) -> Look {
        self.look(arena);
        let found: Option<Vec<Found>> = self.numbers.iter().map(|number| found(arena, *number)).collect();
        match found {
            // One of them may have gone on meanwhile, and wait for somebody whom it started.
            Some(all) if self.are_all(arena) && is_certain(arena, &all) => {
                Look::Dead(all.iter().map(|one| one.actor).collect())
            }
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
        let known = Known { arena, plan, living: &self.numbers, asleep: &asleep };
        let nodes: Vec<Node> = self.numbers.iter().map(|number| node(&known, *number)).collect();
        let dead = waits::dead(&nodes, &plan.reach);
        if dead.is_empty() {
            // Who was on the move when it was looked at will stand somewhere in a moment.
            let is_lost = nodes.iter().any(|node| node.ahead.is_none());
            return if is_lost { Look::Unsure } else { Look::Nothing };
        }
        let all: Vec<Found> = dead.iter().filter_map(|number| asleep.remove(number)).collect();
        // Whoever was started meanwhile may help, and nobody who has gone past that start will start it again.
        if self.are_all(arena) && is_certain(arena, &all) { Look::Dead(dead) } else { Look::Unsure }
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
        // Who was claimed is about to be woken, if need be by who sees to the death of the one that claimed it; it may
        // be said to hold already what it waits for.
        && !is_claimed(slot)
        && slot.blocked_op.load(Relaxed) != 0;
    let (op, on) = (slot.blocked_op.load(Relaxed), Off(slot.blocked_on.load(Relaxed)));
    waits.then_some(Found { actor: number, wait, op, on })
}

/// Whether a wait was claimed and is not over. Not every wait can be claimed: the word may be of an earlier one.
fn is_claimed(slot: &Slot) -> bool {
    let claim = Claim::of(slot);
    claim.is_claimed() && slot.done.load(SeqCst) != claim.epoch()
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

fn node(known: &Known<'_>, number: u32) -> Node {
    let slot = actor::slot(known.arena, number);
    let process = slot.process.load(Relaxed);
    Node {
        actor: number,
        process,
        parent: slot.parent.load(Relaxed).checked_sub(1),
        daemon: slot.daemon.load(Relaxed) != 0,
        works: actor::kind_of(slot) == ActorKind::Worker,
        ahead: place::read(slot).and_then(|place| {
            let calls_back = slot.calls_back.load(Relaxed) != 0;
            known.plan.reach.ahead(user_of(slot), calls_back, process == number, place.stand())
        }),
        wait: known.asleep.get(&number).map_or(Wait::No, |found| known.wait_of(number, found)),
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

/// What is known of those who have not ended.
struct Known<'a> {
    arena: Arena,
    plan: &'a Plan,
    living: &'a [u32],
    asleep: &'a FxHashMap<u32, Found>,
}

impl Known<'_> {
    fn wait_of(&self, number: u32, found: &Found) -> Wait {
        let Some(op) = found.op.checked_sub(1).and_then(|op| OpCode::from_number(op as u8)) else { return anyone() };
        if !found.on.is_null() {
            return self.wait_in(number, op, found.on);
        }
        // In several objects at once: any of them will do.
        let waits = cases::waits_of(self.arena, actor::slot(self.arena, number));
        let mut sources = Vec::new();
        for (op, on) in waits {
            match self.wait_in(number, op, on) {
                Wait::For(more) => sources.extend(more),
                _ => return Wait::No,
            }
        }
        if sources.is_empty() { anyone() } else { Wait::For(sources) }
    }

    fn wait_in(&self, number: u32, op: OpCode, on: Off) -> Wait {
        let arena = self.arena;
        if actor::is_slot(on) {
            return match actor::number_at(on) {
                // Main, before `finally`.
                joined if joined == number => Wait::EveryEnd,
                joined => Wait::For(vec![Source::Actor(joined)]),
            };
        }
        let header: &ObjectHeader = arena.at(on);
        let kind = header.kind.load(Relaxed);
        let is = |wanted: ObjectKind| kind == kind_number(wanted);
        if object::is_lock(kind) {
            // Where it is free a waiter is about to be woken.
            let Some(holder) = lock::holder(arena, on) else { return Wait::No };
            let reentrant = lock::is_reentrant(arena, on);
            return Wait::For(of_lock(Some(holder), owner(header), decl(header), reentrant, &self.plan.reach));
        }
        match op {
            _ if is(ObjectKind::PipeEnd) => Wait::For(self.pipe_sources(on)),
            _ if is(ObjectKind::Rwlock) => self.rwlock_sources(number, on, header),
            OpCode::ResultGet | OpCode::ResultWait | OpCode::ResultNext => {
                Wait::For(vec![Source::Worker, Source::Handle(&[OpCode::ResultCancel])])
            }
            OpCode::PoolJoin => Wait::For(vec![Source::Worker]),
            OpCode::OnceRun => {
                // Where nobody runs it a waiter is about to be woken.
                once::runner(arena, on).map_or(Wait::No, |runner| Wait::For(vec![Source::Actor(runner)]))
            }
            OpCode::BarrierWait => match barrier::acting(arena, on) {
                Some(acting) => Wait::For(vec![Source::Actor(acting), deed(header, CUTS)]),
                None => Wait::For(vec![deeds(op).map_or(Source::Anyone, |ops| deed(header, ops))]),
            },
            OpCode::SemaphoreAcquire => Wait::For(vec![match decl(header) {
                Some(decl) => Source::Release(owner(header), vec![decl], OpCode::SemaphoreRelease),
                None => Source::Anyone,
            }]),
            OpCode::PoolTake => Wait::For(vec![deed(header, OF_POOLS)]),
            OpCode::Await => Wait::For(vec![deed(header, WRITES)]),
            _ => Wait::For(vec![deeds(op).map_or(Source::Anyone, |ops| deed(header, ops))]),
        }
    }

    /// Who reads waits for who writes, and for the writers that wait; who writes for all who hold it.
    fn rwlock_sources(&self, number: u32, on: Off, header: &ObjectHeader) -> Wait {
        let side = |number: u32| rwlock::side_of(actor::slot(self.arena, number).blocked_list.load(Relaxed));
        if side(number) == Side::Write {
            return of_rwlock(&rwlock::holders(self.arena, on), &[], decl(header));
        }
        let writes = |(other, found): (&u32, &Found)| (found.on == on && side(*other) == Side::Write).then_some(*other);
        let writers: Vec<u32> = self.asleep.iter().filter_map(writes).collect();
        of_rwlock(rwlock::writer(self.arena, on).as_slice(), &writers, decl(header))
    }

    fn pipe_sources(&self, on: Off) -> Vec<Source> {
        let ends = [on, pipe::peer_of(self.arena, on)];
        let decls = ends.iter().map(|end| decl(self.arena.at::<ObjectHeader>(*end))).collect();
        let Some(decls) = decls else { return vec![Source::Anyone] };
        // An end is let go when the process that holds it ends.
        let holds = |number: &&u32| process::holds_one_of(self.arena, **number, &ends);
        let holders = self.living.iter().filter(holds).map(|number| Source::Actor(*number));
        holders.chain([Source::Deed(None, decls, OF_PIPES)]).collect()
    }
}

fn anyone() -> Wait {
    Wait::For(vec![Source::Anyone])
}

fn decl(header: &ObjectHeader) -> Option<u32> {
    header.decl.load(Relaxed).checked_sub(1)
}

fn owner(header: &ObjectHeader) -> Owner {
    header.owner.load(Relaxed).checked_sub(1)
}

/// Whoever does one of these to an object.
fn deed(header: &ObjectHeader, ops: Ops) -> Source {
    decl(header).map_or(Source::Anyone, |decl| Source::Deed(owner(header), vec![decl], ops))
}
