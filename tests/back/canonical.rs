//! The canonical order: a linear extension of happens-before that does not depend on who was recorded first.

use std::collections::{HashMap, HashSet, VecDeque};

use conc::program::ActorKind;
use conc::program::op::OpCode;
use conc::trace::{Datum, Event, Place, Status, Trace, TraceData};
use conc::value::ObjectKind;
use proptest::prelude::*;

use super::recorder::{Recorder, shuffled};

const LOCK: u32 = 0;
const QUEUE: u32 = 1;
const SLOTS: u32 = 2;
const GO: u32 = 3;
const CELL: u32 = 4;

/// Who has not been started, is running, or has ended.
pub(super) struct Simulation {
    pub(super) recorder: Recorder,
    actors: u32,
    holder: Option<u32>,
    items: VecDeque<Place>,
    permits: HashMap<u32, u32>,
    go: Option<Place>,
}

impl Simulation {
    pub(super) fn new(actors: u32) -> Simulation {
        let mut recorder = Recorder::new();
        for (name, kind, size) in [
            ("m", ObjectKind::Lock, None),
            ("q", ObjectKind::Queue, Some(2)),
            ("slots", ObjectKind::Semaphore, Some(2)),
            ("go", ObjectKind::Event, None),
            ("x", ObjectKind::Shared, None),
        ] {
            recorder.object(name, kind, size);
        }
        recorder.step(0, OpCode::Begin, &[], Datum::None);
        for number in 1..=actors {
            let actor = recorder.actor(&format!("w#{number}"), ActorKind::Process, Some(0));
            recorder.start(0, actor, &[]);
        }
        let (items, permits) = (VecDeque::new(), HashMap::new());
        Simulation { recorder, actors, holder: None, items, permits, go: None }
    }

    /// One step of an actor, if it is possible.
    pub(super) fn step(&mut self, actor: u32, choice: u8) {
        let held = self.permits.values().sum::<u32>();
        let r = &mut self.recorder;
        match choice {
            0 if self.holder.is_none() => {
                r.on(actor, LOCK, OpCode::LockAcquire, &[Datum::Bool(true), Datum::None], Datum::Bool(true));
                self.holder = Some(actor);
            }
            0 if self.holder == Some(actor) => {
                r.on(actor, LOCK, OpCode::LockRelease, &[], Datum::None);
                self.holder = None;
            }
            1 if self.items.len() < 2 => {
                let put = r.on(actor, QUEUE, OpCode::QueuePut, &[Datum::Int(1)], Datum::None);
                self.items.push_back(put);
            }
            2 => {
                if let Some(put) = self.items.pop_front() {
                    r.on(actor, QUEUE, OpCode::QueueGet, &[], Datum::Int(1));
                    r.caused(put);
                }
            }
            3 if held < 2 => {
                r.on(actor, SLOTS, OpCode::SemaphoreAcquire, &[], Datum::Bool(true));
                *self.permits.entry(actor).or_default() += 1;
            }
            4 if self.permits.get(&actor).is_some_and(|permits| *permits > 0) => {
                r.on(actor, SLOTS, OpCode::SemaphoreRelease, &[Datum::Int(1)], Datum::None);
                *self.permits.entry(actor).or_default() -= 1;
            }
            5 => {
                let set = r.on(actor, GO, OpCode::EventSet, &[], Datum::None);
                self.go = self.go.or(Some(set));
            }
            6 => {
                r.on(actor, GO, OpCode::EventClear, &[], Datum::None);
                self.go = None;
            }
            7 => {
                if let Some(set) = self.go {
                    r.on(actor, GO, OpCode::EventWait, &[Datum::None], Datum::Bool(true));
                    r.caused(set);
                }
            }
            8 => {
                r.on(actor, CELL, OpCode::CellRead, &[Datum::List(Vec::new())], Datum::Int(0));
            }
            9 => {
                r.on(actor, CELL, OpCode::CellWrite, &[Datum::List(Vec::new()), Datum::Int(0)], Datum::None);
            }
            _ => {
                r.step(actor, OpCode::Yield, &[], Datum::None);
            }
        }
    }

    pub(super) fn finish(mut self) -> TraceData {
        for actor in 1..=self.actors {
            self.recorder.end(actor, 0);
            self.recorder.join(0, actor);
        }
        self.recorder.end(0, 0);
        self.recorder.data
    }
}

/// Replays an order of events and says where it cannot have happened.
fn impossible(events: &[Event]) -> Option<String> {
    let mut done: HashSet<Place> = HashSet::new();
    let mut next: HashMap<u32, u32> = HashMap::new();
    let (mut holder, mut items, mut permits, mut set) = (None, 0, 0, false);
    let mut last_write = 0;
    let mut last_access = 0;
    for event in events {
        let wrong = |what: &str| Some(format!("{what}: {event:?}"));
        let next = next.entry(event.place.actor).or_default();
        if *next != event.place.seq {
            return wrong("out of the actor's order");
        }
        *next += 1;
        if event.cause.is_some_and(|cause| !done.contains(&cause)) {
            return wrong("before its cause");
        }
        done.insert(event.place);
        match event.op {
            OpCode::LockAcquire if holder.is_some() => return wrong("held"),
            OpCode::LockAcquire => holder = Some(event.place.actor),
            OpCode::LockRelease if holder != Some(event.place.actor) => return wrong("not held"),
            OpCode::LockRelease => holder = None,
            OpCode::QueuePut => items += 1,
            OpCode::QueueGet => items -= 1,
            OpCode::SemaphoreAcquire => permits += 1,
            OpCode::SemaphoreRelease => permits -= 1,
            OpCode::EventSet => set = true,
            OpCode::EventClear => set = false,
            OpCode::EventWait if !set => return wrong("not set"),
            OpCode::CellRead if event.ticket < last_write => return wrong("read of an older value"),
            OpCode::CellRead => last_access = last_access.max(event.ticket),
            OpCode::CellWrite if event.ticket < last_access => return wrong("write of an older value"),
            OpCode::CellWrite => (last_write, last_access) = (event.ticket, event.ticket),
            _ => {}
        }
        if !(0..=2).contains(&items) || permits > 2 {
            return wrong("more than there is room for");
        }
    }
    None
}

fn order(len: usize) -> impl Strategy<Value = Vec<u32>> {
    Just((0..len as u32).collect::<Vec<_>>()).prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn canonical_order_could_have_happened(steps in prop::collection::vec((0u32..5, 0u8..11), 0..120)) {
        let mut simulation = Simulation::new(4);
        steps.into_iter().for_each(|(actor, choice)| simulation.step(actor, choice));
        let data = simulation.finish();
        let count = data.events.len();
        let trace = Trace::new(data);
        prop_assert_eq!(trace.events().len(), count);
        prop_assert_eq!(impossible(trace.events()), None);
    }

    #[test]
    fn recording_order_does_not_matter(
        steps in prop::collection::vec((0u32..5, 0u8..11), 0..60),
        actors in order(5),
        objects in order(5),
    ) {
        let mut simulation = Simulation::new(4);
        steps.into_iter().for_each(|(actor, choice)| simulation.step(actor, choice));
        let data = simulation.finish();
        let other = Trace::new(shuffled(&data, &actors, &objects));
        let trace = Trace::new(data);
        prop_assert_eq!(trace.outline(), other.outline());
        prop_assert_eq!(trace.by_actor(), other.by_actor());
        prop_assert_eq!(ron::to_string(&trace).unwrap(), ron::to_string(&other).unwrap());
    }

    #[test]
    fn contradictions_neither_hang_nor_lose(
        events in prop::collection::vec((0u32..3, 0u32..5, 1u64..9, 0u8..9, (0u32..3, 0u32..9)), 0..60),
    ) {
        let mut simulation = Simulation::new(2);
        for (actor, object, ticket, op, (cause, seq)) in events {
            let r = &mut simulation.recorder;
            let ops = [
                OpCode::LockAcquire, OpCode::LockRelease, OpCode::QueuePut, OpCode::QueueGet, OpCode::BarrierWait,
                OpCode::Arrive, OpCode::EventSet, OpCode::ConditionWait, OpCode::Join,
            ];
            r.step(actor, ops[op as usize], &[], Datum::Bool(true));
            let event = r.last();
            event.object = Some(object);
            event.actor = Some(actor);
            event.ticket = ticket;
            event.cause = Some(Place { actor: cause, seq });
        }
        let data = simulation.finish();
        let count = data.events.len();
        let trace = Trace::new(data);
        prop_assert_eq!(trace.events().len(), count);
        let mut last: HashMap<u32, u32> = HashMap::new();
        for event in trace.events() {
            let previous = last.insert(event.place.actor, event.place.seq);
            prop_assert!(previous.is_none_or(|seq| seq < event.place.seq));
        }
        let again = Trace::from_ron_lines(&trace.to_ron_lines().unwrap()).unwrap();
        prop_assert_eq!(again.outline(), trace.outline());
        let again = Trace::from_json(&trace.to_json().unwrap()).unwrap();
        prop_assert_eq!(again.outline(), trace.outline());
    }
}

/// Two schedules of one scenario without races on messages.
fn two_writers(first: u32, second: u32) -> String {
    let mut r = Recorder::new();
    let queues = [r.object("q[0]", ObjectKind::Queue, None), r.object("q[1]", ObjectKind::Queue, None)];
    r.step(0, OpCode::Begin, &[], Datum::None);
    let actors = [first, second].map(|number| (number, format!("write#{number}")));
    let mut started: Vec<(u32, u32)> = Vec::new();
    for (number, name) in [(1, "write#1"), (2, "write#2")] {
        let actor = r.actor(name, ActorKind::Process, Some(0));
        r.start(0, actor, &[]);
        started.push((number, actor));
    }
    let mut puts = HashMap::new();
    for (number, _) in &actors {
        let actor = started.iter().find(|(n, _)| n == number).unwrap().1;
        r.step(actor, OpCode::Print, &[Datum::Str(format!("writer {number}"))], Datum::None);
        let queue = queues[*number as usize - 1];
        puts.insert(*number, r.on(actor, queue, OpCode::QueuePut, &[Datum::Int(i64::from(*number))], Datum::None));
        r.end(actor, 0);
    }
    for number in [2, 1] {
        let queue = queues[number as usize - 1];
        r.on(0, queue, OpCode::QueueGet, &[Datum::Bool(true), Datum::None], Datum::Int(i64::from(number)));
        r.caused(puts[&number]);
    }
    r.end(0, 0);
    Trace::new(r.data).outline()
}

#[test]
fn schedules_without_message_races_have_one_outline() {
    assert_eq!(two_writers(1, 2), two_writers(2, 1));
    insta::assert_snapshot!(two_writers(1, 2));
}

#[test]
fn a_wait_lets_the_lock_go() {
    let mut r = Recorder::new();
    let c = r.object("c", ObjectKind::Condition, None);
    let x = r.object("x", ObjectKind::Shared, None);
    let main = 0;
    let other = r.actor("other", ActorKind::Thread, Some(0));
    let whole = Datum::List(Vec::new());
    r.step(main, OpCode::Begin, &[], Datum::None);
    r.start(main, other, &[]);
    r.on(other, c, OpCode::LockAcquire, &[Datum::Bool(true), Datum::None], Datum::Bool(true));
    r.on(other, x, OpCode::CellRead, std::slice::from_ref(&whole), Datum::Int(0));
    r.on(other, c, OpCode::Arrive, &[Datum::None], Datum::None);
    r.on(main, c, OpCode::LockAcquire, &[Datum::Bool(true), Datum::None], Datum::Bool(true));
    r.on(main, x, OpCode::CellWrite, &[whole, Datum::Int(1)], Datum::None);
    let notify = r.on(main, c, OpCode::ConditionNotify, &[Datum::Int(1)], Datum::None);
    r.on(main, c, OpCode::LockRelease, &[], Datum::None);
    r.on(other, c, OpCode::ConditionWait, &[Datum::None], Datum::Bool(true));
    r.caused(notify);
    r.on(other, c, OpCode::LockRelease, &[], Datum::None);
    r.end(other, 0);
    r.end(main, 0);
    insta::assert_snapshot!(Trace::new(r.data).outline());
}

#[test]
fn barrier_arrivals_come_before_all_passes() {
    let mut r = Recorder::new();
    let gate = r.object("gate", ObjectKind::Barrier, Some(2));
    let other = r.actor("other", ActorKind::Thread, Some(0));
    r.step(0, OpCode::Begin, &[], Datum::None);
    r.start(0, other, &[]);
    for round in 0..2 {
        let (first, second) = if round == 0 { (0, other) } else { (other, 0) };
        r.on(first, gate, OpCode::Arrive, &[], Datum::None);
        r.on(second, gate, OpCode::Arrive, &[], Datum::None);
        r.on(second, gate, OpCode::BarrierWait, &[Datum::None], Datum::Int(1));
        r.on(first, gate, OpCode::BarrierWait, &[Datum::None], Datum::Int(0));
    }
    r.end(other, 0);
    r.end(0, 0);
    insta::assert_snapshot!(Trace::new(r.data).outline());
}

#[test]
fn a_trace_that_was_cut_off_is_read_up_to_there() {
    let mut r = Recorder::new();
    r.step(0, OpCode::Begin, &[], Datum::None);
    r.end(0, 0);
    let text = Trace::new(r.data).to_ron_lines().unwrap();
    let cut = Trace::from_ron_lines(&text[..text.len() - 9]).unwrap();
    assert_eq!(cut.events().len(), 1);
    let wrong = Trace::from_ron_lines("(version: 1)\n").unwrap_err().to_string();
    assert!(wrong.starts_with("line 1: "), "{wrong}");
    assert!(matches!(&cut.events()[0].status, Status::Gave(Datum::None)));
}
