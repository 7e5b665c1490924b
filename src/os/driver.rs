//! The driver of a deterministic run: asks the machine which steps there are, a policy which is taken, has the actor
//! take it on the real objects, and compares what came of it with what the machine says.
//!
//! It runs in a thread of the supervisor. A step costs two hand-offs by futex: the turn, and the report.
//!
//! Answers for: one step at a time, and that both worlds agree. Never performs an operation.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::layout::{Slot, slot_at, state as life};
use super::park::Ctx;
use super::record::{Reader, read_more};
use super::turns::{self, Turn};
use super::{actor, death, sys, values};
use crate::machine::{Choice, Ends, Fingerprint, Happened, Machine, Noted, Permits, State, Uncaught, What, standstill};
use crate::program::op::{OpCode, Site};
use crate::random::Random;
use crate::schedule::{Picked, Replay, Schedule, Scheduler};
use crate::trace::recorded::Noted as Recorded;
use crate::trace::{Blocked, BrokenInvariant, Divergence, Ending};
use crate::value::{self, ErrorKind, Value};

/// Looks at the report word before it sleeps: as long as it takes to wake an actor, and for that to take a step.
const DRIVER_LOOKS: u32 = 1000;
/// How long the driver waits before it looks whether the actor is where it should be.
const LOOK_AGAIN_NS: u64 = 20_000_000;
/// So many looks in a row at an actor asleep where it should not wait mean that it will not go on.
const LOOKS: u32 = 10;

/// What the driver and the supervisor tell each other.
#[derive(Default)]
pub(super) struct Shared {
    /// The run is being ended.
    pub(super) stop: AtomicBool,
    /// How the run ended, where the driver is who knows.
    pub(super) ending: Mutex<Option<Ending>>,
    /// Every step so far.
    pub(super) replay: Mutex<Option<Replay>>,
}

impl Shared {
    /// Whether the driver has ended the run.
    pub(super) fn has_ended(&self) -> bool {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// How the run ended, if the driver has ended it.
    pub(super) fn ending(&self) -> Option<Ending> {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Why the driver stopped.
enum Stop {
    /// The run is over, or is being ended by others.
    Over,
    /// It ended here.
    Ended(Ending),
}

pub(super) struct Driver {
    ctx: Ctx,
    machine: Machine,
    state: State,
    seed: u64,
    /// Streams of chance, by actor.
    chance: FxHashMap<u32, Random>,
    lanes: FxHashMap<u32, Lane>,
    replay: Replay,
    shared: Arc<Shared>,
    /// Who had no step when the dead were looked for last.
    standstill: u64,
    permits: Permits,
    /// Of a replay: the state before its round.
    before_round: Option<Fingerprint>,
}

/// What one actor is expected to have done.
struct Lane {
    reader: Reader,
    expected: VecDeque<Noted>,
    /// Reports so far, if all is well.
    reports: u32,
}

impl Driver {
    /// A driver at the beginning of a run.
    pub(super) fn new(ctx: Ctx, machine: Machine, seed: u64, shared: Arc<Shared>) -> value::Result<Driver> {
        let (state, happened) = machine.initial()?;
        let replay = Replay::new(machine.plan(), seed);
        let (chance, lanes) = (FxHashMap::default(), FxHashMap::default());
        let (standstill, permits, before_round) = (0, Permits::default(), None);
        let mut driver =
            Driver { ctx, machine, state, seed, chance, lanes, replay, shared, standstill, permits, before_round };
        driver.expect(&happened);
        Ok(driver)
    }

    /// Drives the run to its end.
    pub(super) fn run(mut self, schedule: &Schedule) {
        // A policy may look ahead for long, and the run be ended meanwhile.
        let is_stopped = || self.shared.stop.load(Acquire);
        let Some(mut policy) = schedule.scheduler(self.seed, &self.machine, &is_stopped) else { return };
        let mut went = self.watch_invariants(None);
        while went.is_ok() {
            went = self.stop_at_the_end(schedule).and_then(|()| self.step(&mut *policy));
        }
        let stop = went.err().unwrap_or(Stop::Over);
        let shared = &self.shared;
        *shared.replay.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.replay);
        if let Stop::Ended(ending) = stop {
            *shared.ending.lock().unwrap_or_else(PoisonError::into_inner) = Some(ending);
            self.ctx.kick();
        }
    }

    fn step(&mut self, policy: &mut dyn Scheduler) -> Result<(), Stop> {
        if self.shared.stop.load(Acquire) {
            return Err(Stop::Over);
        }
        let choices = self.machine.choices(&self.state);
        if choices.is_empty() {
            if self.state.is_over() {
                return Err(Stop::Over);
            }
            self.catch_up()?;
            return Err(self.deadlock(self.machine.blocked(&self.state)));
        }
        // All steps of a replay are taken first.
        if !policy.is_bound() {
            self.look_for_the_dead(&choices)?;
        }
        let picked = policy.pick(&self.machine, &self.state, &choices);
        let choice = match picked.map_err(|misfit| Stop::Ended(Ending::Misfit(Box::new(misfit))))? {
            Picked::At(at) => self.drawn(choices.into_iter().nth(at).ok_or(Stop::Over)?),
            Picked::Exactly(choice) => {
                // The stream of chance goes on as it did when this was recorded.
                self.drawn(choice.clone());
                choice
            }
        };
        if self.ends_a_process(&choice) {
            self.catch_up()?;
        }
        self.replay.note(&self.machine, &self.state, &choice);
        let site = self.machine.next_op(&self.state, choice.actor).map(|op| op.site).unwrap_or_default();
        let silent = self.grant(&choice);
        let before: Vec<u32> = self.state.alive().collect();
        let Ok(happened) = self.machine.step(&mut self.state, &choice) else {
            return Err(self.bug("the machine cannot take a step that it offered"));
        };
        self.expect(&happened);
        self.lane(choice.actor).reports += u32::from(silent);
        let mut awaited: Vec<u32> =
            happened.noted.iter().filter(|noted| noted.op != OpCode::Begin).map(|noted| noted.actor).collect();
        awaited.extend(failed(&happened));
        if silent {
            awaited.push(choice.actor);
        }
        awaited.sort_unstable();
        awaited.dedup();
        self.await_reports(&awaited)?;
        // Who is over must be so for all who look.
        let gone = before.into_iter().filter(|actor| !self.state.is_alive(*actor));
        self.await_ends(&gone.collect::<Vec<_>>())?;
        awaited.into_iter().try_for_each(|actor| self.compare(actor))?;
        self.watch_invariants(Some((choice.actor, site)))
    }

    /// A replay that leads to a race has come to its end where both accesses are next; one that goes on for ever where
    /// all is as it was before.
    fn stop_at_the_end(&mut self, schedule: &Schedule) -> Result<(), Stop> {
        let Schedule::Replay(recorded) = schedule else { return Ok(()) };
        let steps = self.replay.steps.len();
        if let Some(race) = recorded.race_at(&self.machine, &self.state, steps) {
            self.catch_up()?;
            return Err(Stop::Ended(Ending::Race(Box::new(race))));
        }
        if recorded.round_from() == Some(steps) {
            self.before_round = Some(self.machine.fingerprint(&self.state));
        } else if steps == recorded.steps.len()
            && self.before_round.is_some_and(|before| before == self.machine.fingerprint(&self.state))
        {
            self.catch_up()?;
            return Err(Stop::Ended(Ending::Livelock(recorded.round_of(), recorded.round)));
        }
        Ok(())
    }

    /// Whether some can never go on although others do.
    fn look_for_the_dead(&mut self, choices: &[Choice]) -> Result<(), Stop> {
        let now = standstill(&self.machine, &self.state, choices);
        if std::mem::replace(&mut self.standstill, now) == now {
            return Ok(());
        }
        let dead = self.machine.dead(&self.state, choices);
        if dead.is_empty() {
            return Ok(());
        }
        self.catch_up()?;
        let blocked = self.machine.blocked_among(&self.state, |actor| dead.contains(&actor));
        Err(self.deadlock(blocked))
    }

    fn deadlock(&self, mut blocked: Vec<Blocked>) -> Stop {
        self.permits.name_takers(&self.machine, &self.state, &mut blocked);
        Stop::Ended(Ending::Deadlock(blocked))
    }

    /// Every invariant holds after every step.
    fn watch_invariants(&mut self, by: Option<(u32, Site)>) -> Result<(), Stop> {
        if !self.machine.has_invariants() {
            return Ok(());
        }
        let Some(broken) = self.machine.broken_invariant(&self.state) else { return Ok(()) };
        self.catch_up()?;
        let program = &self.machine.plan().image.program;
        let by = by.map(|(actor, site)| (self.state.name(actor).to_owned(), program.span_of(site).unwrap_or_default()));
        let (name, claimed, error) = (broken.name.to_string(), broken.span, broken.error);
        let broken = BrokenInvariant { name, claimed, error, by };
        Err(Stop::Ended(Ending::InvariantBroken(Box::new(broken))))
    }

    /// Whether a step is the end of a process, and so perhaps of others.
    fn ends_a_process(&self, choice: &Choice) -> bool {
        match choice.what {
            What::Die(_) => true,
            What::Go => {
                let is_first = self.state.is_of(choice.actor, choice.actor);
                is_first && self.machine.next_end(&self.state, choice.actor) == Some(Ends::End)
            }
            _ => false,
        }
    }

    /// Waits until everyone who was started has begun: an end must not cut that off.
    fn catch_up(&mut self) -> Result<(), Stop> {
        let alive: Vec<u32> = self.state.alive().filter(|actor| !self.has_reported(*actor)).collect();
        self.await_reports(&alive)?;
        alive.into_iter().try_for_each(|actor| self.compare(actor))
    }

    /// What chance gives in a step, by the run's seed and the actor's name.
    fn drawn(&mut self, choice: Choice) -> Choice {
        let Some(op) = self.machine.next_op(&self.state, choice.actor) else { return choice };
        if !matches!(op.code, OpCode::Random | OpCode::Shuffle | OpCode::Choose) {
            return choice;
        }
        let (seed, name) = (self.seed, self.state.name(choice.actor));
        let chance = self.chance.entry(choice.actor).or_insert_with(|| Random::new(seed, name));
        let drawn = match op.code {
            OpCode::Random => chance.in_range(op.args.get(0)),
            OpCode::Shuffle => chance.shuffle(op.args.get(0)),
            _ => chance.choose(op.args.get(0)),
        };
        match drawn {
            Ok(value) => Choice { what: What::Draw(value), ..choice },
            // Nothing can be drawn: the operation says so.
            Err(_) => Choice { what: What::Go, ..choice },
        }
    }

    /// Lets the actor take the step; true where it tells of it by a report and no event.
    fn grant(&mut self, choice: &Choice) -> bool {
        let clock = self.state.clock_ns();
        self.ctx.arena.header().virtual_ns.store(clock, SeqCst);
        let slot = self.slot(choice.actor);
        let (turn, order, silent) = match &choice.what {
            What::Die(signal) => {
                let pid = nix::unistd::Pid::from_raw(slot.pid.load(Acquire) as i32);
                if let Ok(signal) = nix::sys::signal::Signal::try_from(*signal) {
                    // It may have gone this moment, which is as good.
                    let _ = nix::sys::signal::kill(pid, signal);
                }
                return false;
            }
            What::Bury => return false,
            What::Wake => (Turn::Wake, None, true),
            What::Replace(pool) => (Turn::Replace, Some(turns::drawn_order(&Value::Int(i64::from(*pool)))), true),
            What::TimeOut => {
                let is_condition = self.machine.next_op(&self.state, choice.actor);
                (Turn::TimeOut, None, is_condition.is_some_and(|op| op.code == OpCode::ConditionWait))
            }
            What::Draw(value) => (Turn::Go, Some(turns::drawn_order(value)), false),
            What::Serve(actors) => (Turn::Go, Some(turns::served_order(actors)), false),
            What::Case(case, actors) => (Turn::Go, Some(turns::case_order(i64::from(*case), actors)), false),
            What::Go => match self.machine.next_end(&self.state, choice.actor) {
                None if self.machine.is_computing(&self.state, choice.actor) => return false,
                None if self.machine.waits_for_its_turn(&self.state, choice.actor) => {
                    (Turn::Arrive, self.told(choice.actor), false)
                }
                None => (Turn::Go, self.told(choice.actor), false),
                Some(Ends::Dismiss) => (Turn::Dismiss, None, true),
                Some(Ends::Finally) => (Turn::Finally, None, true),
                Some(Ends::LetGo) => (Turn::LetGo, None, true),
                Some(Ends::End) => (Turn::End, None, false),
            },
        };
        if let Some(order) = order
            && let Ok(bytes) = values::encode(&order)
            && let Ok(block) = self.ctx.arena.alloc_bytes(&bytes)
        {
            slot.turn_order_len.store(bytes.len() as u32, Relaxed);
            slot.turn_order.store(block.0, Relaxed);
        }
        slot.now_ns.store(clock, Relaxed);
        slot.turn.store(turn as u32, Release);
        self.wake(choice.actor);
        silent
    }

    /// What only the machine knows of an operation.
    fn told(&self, actor: u32) -> Option<Value> {
        let op = self.machine.next_op(&self.state, actor)?;
        if op.code == OpCode::Select {
            if !self.machine.only_arrives(&self.state, actor) {
                return Some(turns::case_order(-1, &[]));
            }
            let cases = self.machine.arriving_cases(&self.state, actor);
            return Some(turns::drawn_order(&Value::list(
                cases.into_iter().map(|case| Value::Int(case.into())).collect(),
            )));
        }
        let waiting = self.machine.waiting_in(&self.state, actor)?;
        Some(turns::drawn_order(&Value::Int(waiting)))
    }

    /// Wakes an actor, wherever it waits for its turn.
    fn wake(&self, actor: u32) {
        let slot = self.slot(actor);
        sys::futex_wake(&slot.turn, 1, false);
        if slot.blocked_op.load(Relaxed) != 0 {
            // It is parked in an object; its futex may be private to its process, where only its own threads reach it.
            sys::futex_wake(&slot.done, 1, false);
        }
    }

    fn slot(&self, actor: u32) -> &'static Slot {
        self.ctx.arena.at(slot_at(actor))
    }

    fn lane(&mut self, actor: u32) -> &mut Lane {
        self.lanes.entry(actor).or_insert_with(|| Lane {
            reader: Reader::new(actor),
            expected: VecDeque::new(),
            reports: 0,
        })
    }

    /// Notes what the machine says that happened, to be compared.
    fn expect(&mut self, happened: &Happened) {
        self.permits.note(happened);
        for noted in &happened.noted {
            let lane = self.lane(noted.actor);
            lane.expected.push_back(noted.clone());
            lane.reports += 1;
        }
        for actor in failed(happened) {
            self.lane(actor).reports += 1;
        }
    }

    fn has_reported(&self, actor: u32) -> bool {
        let expected = self.lanes.get(&actor).map_or(0, |lane| lane.reports);
        self.slot(actor).reported.load(Acquire) >= expected
    }

    fn await_reports(&mut self, actors: &[u32]) -> Result<(), Stop> {
        let mut looks = 0;
        loop {
            let seen = self.ctx.arena.header().reports.load(Acquire);
            let missing = actors.iter().copied().find(|actor| !self.has_reported(*actor));
            let Some(missing) = missing else { return Ok(()) };
            if self.shared.stop.load(Acquire) {
                return Err(Stop::Over);
            }
            if self.sleep_until_told(seen) {
                continue;
            }
            // Whoever is gone tells of no more than its end; from outside it may be killed even before it has begun.
            if actor::is_settled(self.slot(missing)) && !self.has_reported(missing) {
                self.compare(missing)?;
                return Err(self.diverged(missing, "to go on".to_owned(), "it is gone".to_owned()));
            }
            // A wake-up may have come before its sleep.
            self.wake(missing);
            looks = if self.waits_for_good(missing) { looks + 1 } else { 0 };
            if looks > LOOKS {
                return self.compare(missing).and_then(|()| Err(self.waits_where_it_should_not(missing)));
            }
        }
    }

    fn await_ends(&self, actors: &[u32]) -> Result<(), Stop> {
        loop {
            let seen = self.ctx.arena.header().reports.load(Acquire);
            if actors.iter().all(|actor| actor::is_settled(self.slot(*actor))) {
                return Ok(());
            }
            if self.shared.stop.load(Acquire) || self.state.is_over() {
                return Err(Stop::Over);
            }
            self.sleep_until_told(seen);
        }
    }

    /// Sleeps until somebody tells something; false where nobody did for long.
    fn sleep_until_told(&self, seen: u32) -> bool {
        let reports = &self.ctx.arena.header().reports;
        if turns::comes_in_a_moment(self.ctx.arena, DRIVER_LOOKS, || reports.load(Acquire) != seen) {
            return true;
        }
        let deadline = sys::now_ns() + LOOK_AGAIN_NS;
        sys::futex_wait(reports, seen, Some(deadline), false) != sys::FutexWait::TimedOut
    }

    /// Whether an actor sleeps in an object although it has no reason to.
    fn waits_for_good(&self, actor: u32) -> bool {
        let slot = self.slot(actor);
        let (pid, tid) = (slot.pid.load(Acquire), slot.tid.load(Acquire));
        slot.state.load(Acquire) == life::RUNNING
            && slot.turn.load(Acquire) == 0
            && slot.blocked_op.load(Relaxed) != 0
            && death::is_asleep(pid, tid)
    }

    fn waits_where_it_should_not(&self, actor: u32) -> Stop {
        let expected = self.lanes.get(&actor).and_then(|lane| lane.expected.front());
        let op = OpCode::from_number(self.slot(actor).blocked_op.load(Relaxed).saturating_sub(1) as u8);
        let expected = expected.map_or_else(|| "to go on".to_owned(), |noted| shown(noted.op, &noted.came));
        let found = format!("it waits in {:?}", op.unwrap_or(OpCode::Yield));
        self.diverged(actor, expected, found)
    }

    fn diverged(&self, actor: u32, expected: String, found: String) -> Stop {
        let slot = self.slot(actor);
        let span = crate::source::Span { start: slot.span[0].load(Relaxed), end: slot.span[1].load(Relaxed) };
        let actor = self.state.name(actor).to_owned();
        Stop::Ended(Ending::Diverged(Box::new(Divergence { actor, span, machine: expected, os: found })))
    }

    fn bug(&self, what: &str) -> Stop {
        Stop::Ended(Ending::Bug(what.to_owned()))
    }

    /// Compares what an actor noted with what the machine says that it did.
    fn compare(&mut self, actor: u32) -> Result<(), Stop> {
        let arena = self.ctx.arena;
        let lane = self.lane(actor);
        let mut wrong = None;
        for found in read_more(arena, &mut lane.reader) {
            let expected = lane.expected.pop_front();
            if expected.as_ref().is_none_or(|expected| !agree(expected, &found)) {
                wrong = Some((expected, found));
                break;
            }
        }
        let Some((expected, found)) = wrong else { return Ok(()) };
        let op = OpCode::from_number(found.op).unwrap_or(OpCode::Yield);
        let expected = expected.map_or_else(|| "nothing".to_owned(), |noted| shown(noted.op, &noted.came));
        Err(self.diverged(actor, expected, shown(op, &found.came)))
    }
}

/// Those whose errors nobody caught: they tell of them.
fn failed(happened: &Happened) -> impl Iterator<Item = u32> + '_ {
    let is_error = |uncaught: &&Uncaught| !matches!(uncaught.error.kind, ErrorKind::Exit(_));
    happened.uncaught.iter().filter(is_error).map(|uncaught| uncaught.actor)
}

/// An operation and what came of it, for the report of a difference.
fn shown(op: OpCode, came: &value::Result<Value>) -> String {
    match came {
        Ok(value) => format!("{op:?} gives {}", value::literal(value)),
        Err(error) => format!("{op:?} raises {error}"),
    }
}

/// Whether an event is what the machine says.
fn agree(expected: &Noted, found: &Recorded) -> bool {
    if expected.op as u8 != found.op {
        return false;
    }
    let same_args = match (&found.args, expected.op) {
        // What an arrival tells beside itself is for people.
        (_, OpCode::Arrive | OpCode::Begin | OpCode::End) => true,
        (Value::List(args), _) => {
            args.len() == expected.args.as_slice().len()
                && args.iter().zip(expected.args.as_slice()).all(|(a, b)| same(a, b))
        }
        _ => expected.args.as_slice().is_empty(),
    };
    let same_came = match (&expected.came, &found.came) {
        (Ok(a), Ok(b)) => same(a, b),
        (Err(a), Err(b)) => a.kind == b.kind && a.message == b.message,
        _ => false,
    };
    same_args && same_came
}

fn same(a: &Value, b: &Value) -> bool {
    let bytes = |value: &Value| {
        let mut bytes = Vec::new();
        value::encode(value, &mut bytes);
        bytes
    };
    bytes(a) == bytes(b)
}
