//! Laws of objects, seen from outside: what is noted of the steps of a random walk is what each object may give.

use std::collections::{HashMap, HashSet, VecDeque};

use conc::machine::{Choice, Happened, Machine, Noted, State, Time, What};
use conc::program::op::{OpCode, Target};
use conc::value::{ErrorKind, Value};
use proptest::prelude::*;

use crate::graph::machine;
use crate::laws::config;
use crate::scenarios::any_scenario;

const CAPACITY: [(&str, usize); 4] = [("q", 2), ("li", 2), ("pr", 99), ("z", 0)];
const PARTIES: usize = 2;

#[derive(Default)]
struct Lock {
    holder: Option<u32>,
    depth: u32,
    orphaned: bool,
}

/// What is known of what is done once.
#[derive(Debug, Default, PartialEq)]
enum Once {
    #[default]
    New,
    Running(u32),
    Done,
}

/// What is known of the objects, by name.
#[derive(Default)]
struct Known {
    queues: HashMap<String, Vec<Value>>,
    closed: HashSet<String>,
    locks: HashMap<String, Lock>,
    /// Depths at which waiters of conditions held the lock.
    depths: HashMap<u32, u32>,
    /// By condition: who waits and has not been notified so far as is known; notified and not yet gone on; whether a
    /// waiter was killed, so that nobody knows which of the two it was.
    waiting: HashMap<String, i64>,
    notified: HashMap<String, i64>,
    unsure: HashSet<String>,
    late: HashSet<u32>,
    parked: HashMap<u32, String>,
    taken: HashMap<String, i64>,
    set: bool,
    inside: HashSet<u32>,
    writer: Option<u32>,
    readers: HashMap<u32, u32>,
    unwritten: bool,
    once: Once,
    inbox: VecDeque<Value>,
    tasks: HashSet<i64>,
    /// Virtual time at which each actor came to its operation.
    since: HashMap<u32, u64>,
}

fn kind(noted: &Noted) -> Option<&ErrorKind> {
    noted.came.as_ref().err().map(|error| &error.kind)
}

fn ints(value: &Value, found: &mut Vec<i64>) {
    match value {
        Value::Int(int) => found.push(*int),
        Value::List(items) => items.iter().for_each(|item| ints(item, found)),
        _ => {}
    }
}

/// The lock that a name stands for.
fn lock_of(name: &str) -> &str {
    if name == "d" { "m" } else { name }
}

impl Known {
    fn step(&mut self, machine: &Machine, before: &State, choice: &Choice, after: &State, happened: &Happened) {
        match choice.what {
            What::Die(_) => self.die(before, choice.actor),
            What::TimeOut => self.time_out(machine, before, choice.actor),
            _ => {}
        }
        // What lets others go on is first, whoever came first: of two that meet, the one who gives.
        let mut noted: Vec<&Noted> = happened.noted.iter().collect();
        noted.sort_by_key(|noted| match noted.op {
            OpCode::EventSet | OpCode::QueueClose | OpCode::RwRelease | OpCode::OnceRan => 0,
            OpCode::QueuePut => 1,
            _ => 2,
        });
        for noted in noted {
            let name = match noted.target {
                Target::Object(object) => machine.object_name(before, object.id).unwrap_or_default(),
                _ => String::new(),
            };
            if noted.op != OpCode::Arrive {
                self.since.insert(noted.actor, before.clock_ns());
            }
            self.queue(&name, noted);
            self.lock(&name, noted);
            self.condition(machine, before, &name, noted);
            self.rest(&name, noted, choice);
            self.rwlock(noted);
            self.once(noted);
        }
        self.barrier(machine, before, choice, happened);
        self.state(machine, before, after);
    }

    fn die(&mut self, before: &State, process: u32) {
        let inside = self.inside.len();
        self.inside.retain(|actor| !before.is_of(*actor, process));
        assert!(inside == self.inside.len() || inside < PARTIES);
        for lock in self.locks.values_mut().filter(|lock| lock.holder.is_some_and(|one| before.is_of(one, process))) {
            *lock = Lock { orphaned: true, ..Lock::default() };
        }
        if self.writer.is_some_and(|writer| before.is_of(writer, process)) {
            (self.writer, self.unwritten) = (None, true);
        }
        self.readers.retain(|actor, _| !before.is_of(*actor, process));
        if matches!(self.once, Once::Running(runner) if before.is_of(runner, process)) {
            self.once = Once::New;
        }
        let unsure = self.parked.iter().filter(|(actor, _)| before.is_of(**actor, process));
        self.unsure.extend(unsure.map(|(_, name)| name.clone()));
    }

    fn time_out(&mut self, machine: &Machine, before: &State, actor: u32) {
        let op = machine.next_op(before, actor).expect("an operation");
        if machine.rules().time == Time::Prompt {
            let timeout = op.args.as_slice().iter().rev().find_map(|arg| match arg {
                Value::Duration(ns) => u64::try_from(*ns).ok(),
                _ => None,
            });
            assert!(before.clock_ns() >= self.since[&actor] + timeout.expect("a timeout"), "too early");
        }
        if let Some(name) = self.parked.get(&actor) {
            *self.waiting.entry(name.clone()).or_default() -= 1;
            self.late.insert(actor);
        }
        self.inside.remove(&actor);
    }

    fn queue(&mut self, name: &str, noted: &Noted) {
        let Some((_, capacity)) = CAPACITY.iter().find(|(queue, _)| *queue == name) else { return };
        let closed = self.closed.contains(name);
        let items = self.queues.entry(name.to_owned()).or_default();
        match (noted.op, &noted.came) {
            (OpCode::QueuePut, Ok(_)) => {
                assert!(!closed);
                let item = noted.args.get(0).clone();
                let at = match name {
                    "li" => 0,
                    "pr" => items.iter().position(|there| item < *there).unwrap_or(items.len()),
                    _ => items.len(),
                };
                items.insert(at, item);
                assert!(items.len() <= (*capacity).max(1), "above its capacity");
            }
            (OpCode::QueueGet, Ok(item)) => assert_eq!(items.remove(0), *item, "lost, twice, or out of order"),
            (OpCode::QueueLen, Ok(len)) => assert_eq!(*len, Value::Int(items.len() as i64)),
            (OpCode::QueueClose, Ok(_)) => assert!(self.closed.insert(name.to_owned())),
            (_, Err(error)) => match error.kind {
                ErrorKind::Full => assert_eq!(items.len(), *capacity),
                ErrorKind::Empty => assert!(items.is_empty()),
                ErrorKind::Closed if noted.op == OpCode::QueueGet => assert!(closed && items.is_empty()),
                ErrorKind::Closed => assert!(closed),
                _ => assert_eq!(noted.op, OpCode::QueueTaskDone),
            },
            _ => {}
        }
    }

    /// Who takes a lock finds it free, or reentrant and its own; where the holder was killed it is told so, once.
    fn take(&mut self, name: &str, me: u32, depth: u32, told: bool) {
        let lock = self.locks.entry(lock_of(name).to_owned()).or_default();
        let again = lock.holder == Some(me) && matches!(name, "r" | "c");
        assert!(again || lock.holder.is_none(), "two inside {name}");
        assert_eq!(std::mem::take(&mut lock.orphaned), told, "the death of a holder is told once");
        (lock.holder, lock.depth) = (Some(me), if again { lock.depth + 1 } else { depth });
    }

    fn lock(&mut self, name: &str, noted: &Noted) {
        let me = noted.actor;
        let is_reentrant = matches!(name, "r" | "c");
        let died = kind(noted) == Some(&ErrorKind::OwnerDied);
        match (noted.op, &noted.came) {
            (OpCode::LockAcquire, came) if died || matches!(came, Ok(Value::Bool(true))) => {
                self.take(name, me, 1, died)
            }
            (OpCode::LockAcquire, Ok(_)) => {
                let holder = self.locks[lock_of(name)].holder;
                assert!(holder.is_some_and(|holder| !is_reentrant || holder != me), "not taken, though free");
            }
            (OpCode::LockRelease, came) => {
                let lock = self.locks.entry(lock_of(name).to_owned()).or_default();
                let may = lock.holder.is_some_and(|holder| !is_reentrant || holder == me);
                assert_eq!(came.is_ok(), may);
                lock.depth -= u32::from(may);
                lock.holder = lock.holder.filter(|_| lock.depth > 0);
            }
            _ => {}
        }
    }

    /// Many read or one writes; each releases what it holds, and the death of a writer is told once.
    fn rwlock(&mut self, noted: &Noted) {
        let me = noted.actor;
        let side = noted.args.as_slice().last();
        let writes = matches!(side, Some(Value::Str(side)) if side.text == "write");
        let died = kind(noted) == Some(&ErrorKind::OwnerDied);
        match (noted.op, &noted.came) {
            (OpCode::RwAcquire, came) if died || matches!(came, Ok(Value::Bool(true))) => {
                assert!(self.writer.is_none() && (!writes || self.readers.is_empty()), "two sides at a time");
                assert_eq!(std::mem::take(&mut self.unwritten), died, "the death of a writer is told once");
                if writes {
                    self.writer = Some(me);
                } else {
                    *self.readers.entry(me).or_default() += 1;
                }
            }
            (OpCode::RwRelease, came) if writes => {
                assert_eq!(came.is_ok(), self.writer == Some(me));
                self.writer = self.writer.filter(|_| came.is_err());
            }
            (OpCode::RwRelease, came) => {
                assert_eq!(came.is_ok(), self.readers.contains_key(&me));
                if let Some(shares) = self.readers.remove(&me).filter(|shares| *shares > 1) {
                    self.readers.insert(me, shares - 1);
                }
            }
            _ => {}
        }
    }

    /// One runs it at a time, until one has come to its end.
    fn once(&mut self, noted: &Noted) {
        match (noted.op, &noted.came) {
            (OpCode::OnceRun, Ok(Value::Bool(true))) => {
                assert_eq!(self.once, Once::New, "run twice");
                self.once = Once::Running(noted.actor);
            }
            (OpCode::OnceRun, _) => assert_eq!(self.once, Once::Done, "gone on too early"),
            (OpCode::OnceRan, came) => {
                assert_eq!(self.once, Once::Running(noted.actor));
                self.once = if came.is_ok() { Once::Done } else { Once::New };
            }
            _ => {}
        }
    }

    fn condition(&mut self, machine: &Machine, before: &State, name: &str, noted: &Noted) {
        let me = noted.actor;
        let is_condition = matches!(name, "c" | "d");
        match (noted.op, &noted.came) {
            (OpCode::Arrive, _) if is_condition => {
                if machine.next_op(before, me).is_none_or(|op| op.code != OpCode::ConditionWait) {
                    return;
                }
                let lock = self.locks.entry(lock_of(name).to_owned()).or_default();
                assert_eq!(lock.holder.take(), Some(me));
                self.depths.insert(me, std::mem::take(&mut lock.depth));
                *self.waiting.entry(name.to_owned()).or_default() += 1;
                self.parked.insert(me, name.to_owned());
            }
            (OpCode::ConditionNotify | OpCode::ConditionNotifyAll, Ok(_)) => {
                let wanted = match (noted.op, noted.args.get(0)) {
                    (OpCode::ConditionNotify, Value::Int(n)) => *n,
                    _ => i64::MAX,
                };
                let waiting = self.waiting.entry(name.to_owned()).or_default();
                let woken = wanted.min(*waiting);
                *waiting -= woken;
                *self.notified.entry(name.to_owned()).or_default() += woken;
            }
            (OpCode::ConditionWait, came) if kind(noted) != Some(&ErrorKind::NotHeld) => {
                let depth = self.depths[&me];
                self.take(name, me, depth, came.is_err());
                self.parked.remove(&me);
                let late = self.late.remove(&me);
                assert!(came.as_ref().is_ok_and(|woken| *woken == Value::Bool(!late)) || came.is_err());
                if !late {
                    let notified = self.notified.entry(name.to_owned()).or_default();
                    *notified -= 1;
                    assert!(*notified >= 0 || self.unsure.contains(name), "woken by nobody");
                }
            }
            _ => {}
        }
    }

    fn rest(&mut self, name: &str, noted: &Noted, choice: &Choice) {
        match (noted.op, &noted.came) {
            (OpCode::SemaphoreAcquire, Ok(taken)) => {
                let left = self.taken.entry(name.to_owned()).or_insert(1);
                assert_eq!(*taken, Value::Bool(*left > 0));
                *left -= i64::from(*left > 0);
            }
            (OpCode::SemaphoreRelease, came) => {
                let left = self.taken.entry(name.to_owned()).or_insert(1);
                assert_eq!(came.is_ok(), name == "s" || *left == 0, "above its bound, or refused below it");
                *left += i64::from(came.is_ok());
            }
            (OpCode::EventSet, _) => self.set = true,
            (OpCode::EventClear, _) => self.set = false,
            (OpCode::EventWait, Ok(woken)) => {
                let timed_out = choice.actor == noted.actor && choice.what == What::TimeOut;
                assert_eq!(*woken, Value::Bool(!timed_out));
                assert!(timed_out || self.set);
            }
            (OpCode::PipeSend, Ok(_)) => self.inbox.push_back(noted.args.get(0).clone()),
            (OpCode::PipeRecv, Ok(message)) => assert_eq!(self.inbox.pop_front().as_ref(), Some(message)),
            (OpCode::PipeRecv, Err(error)) => assert!(self.inbox.is_empty() || error.kind != ErrorKind::Eof),
            (OpCode::PipePoll, Ok(Value::Bool(false))) => assert!(self.inbox.is_empty()),
            (OpCode::PoolTake, Ok(task)) => {
                let mut numbers = Vec::new();
                ints(task, &mut numbers);
                numbers.into_iter().filter(|number| *number > 0).for_each(|number| {
                    assert!(self.tasks.insert(number), "a task ran twice");
                });
            }
            _ => {}
        }
    }

    fn barrier(&mut self, machine: &Machine, before: &State, choice: &Choice, happened: &Happened) {
        let at_b = |target| match target {
            Target::Object(object) => machine.object_name(before, object.id).as_deref() == Some("b"),
            _ => false,
        };
        let waits = |noted: &&Noted| noted.op == OpCode::BarrierWait && at_b(noted.target);
        let came: Vec<&Noted> = happened.noted.iter().filter(waits).collect();
        let mut indices: Vec<i64> = Vec::new();
        came.iter().filter_map(|noted| noted.came.as_ref().ok()).for_each(|index| ints(index, &mut indices));
        indices.sort_unstable();
        assert!(indices.is_empty() || indices == (0..PARTIES as i64).collect::<Vec<_>>(), "{indices:?}");
        let released = came.iter().filter(|noted| self.inside.remove(&noted.actor)).count();
        assert!(released == 0 || self.inside.is_empty(), "some go, others do not");
        let here = |op: &conc::program::op::Op| op.code == OpCode::BarrierWait && at_b(op.target);
        let at_barrier = machine.next_op(before, choice.actor).is_some_and(here);
        if at_barrier && came.is_empty() && matches!(choice.what, What::Go) {
            self.inside.insert(choice.actor);
        }
        assert!(self.inside.len() < PARTIES);
    }

    /// What holds in every state.
    fn state(&mut self, machine: &Machine, before: &State, after: &State) {
        assert!(self.queues.get("z").is_none_or(Vec::is_empty), "a rendezvous keeps nothing");
        let named = |target| match target {
            Target::Object(object) => machine.object_name(after, object.id).unwrap_or_default(),
            _ => String::new(),
        };
        let all = machine.stuck(after);
        let at_z = |code| all.iter().any(|stuck| stuck.op == code && named(stuck.target) == "z");
        assert!(!at_z(OpCode::QueuePut) || !at_z(OpCode::QueueGet), "they do not meet");
        for stuck in &all {
            assert!(!(self.set && stuck.op == OpCode::EventWait), "waits for an event that is set");
            let free = |name: &str| self.locks.get(lock_of(name)).is_none_or(|lock| lock.holder.is_none());
            let name = named(stuck.target);
            assert!(stuck.op != OpCode::LockAcquire || !free(&name), "waits for {name}, which is free");
            let empty = self.queues.get(&name).is_none_or(Vec::is_empty);
            assert!(stuck.op != OpCode::QueueGet || empty && !self.closed.contains(&name));
            assert!(stuck.op != OpCode::SemaphoreAcquire || self.taken.get(&name) == Some(&0));
        }
        if after.clock_ns() == before.clock_ns() || machine.rules().time == Time::Any {
            assert_eq!(after.clock_ns(), before.clock_ns());
            return;
        }
        // Nobody can go on but those whose time has come.
        for choice in machine.choices(after) {
            let sleeps = machine.next_op(after, choice.actor).is_some_and(|op| op.code == OpCode::Sleep);
            assert!(choice.what == What::TimeOut || sleeps, "the clock moved, though {choice:?} was possible");
        }
    }
}

fn walk(text: &str, time: Time, late: bool, seed: u64) {
    let machine = machine(text, time, late);
    let (mut state, _) = machine.initial().expect("objects that can be made");
    let (mut known, mut seed) = (Known::default(), seed);
    let mut path = Vec::new();
    for _ in 0..300 {
        let choices = machine.choices(&state);
        if choices.is_empty() {
            break;
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let choice = choices[(seed >> 33) as usize % choices.len()].clone();
        let before = state.clone();
        let happened = machine.step(&mut state, &choice).expect("a step that is offered");
        known.step(&machine, &before, &choice, &state, &happened);
        path.push(choice);
    }
    let (mut again, _) = machine.initial().expect("objects that can be made");
    for choice in &path {
        machine.step(&mut again, choice).expect("the same steps");
    }
    assert_eq!(machine.canonical(&again), machine.canonical(&state), "replayed");
    assert_eq!(machine.fingerprint(&again), machine.fingerprint(&state));
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn hold_on_random_walks(
        text in any_scenario(7),
        prompt in any::<bool>(),
        late in any::<bool>(),
        seeds in prop::collection::vec(any::<u64>(), 4),
    ) {
        for seed in seeds {
            walk(&text, if prompt { Time::Prompt } else { Time::Any }, late, seed);
        }
    }
}
