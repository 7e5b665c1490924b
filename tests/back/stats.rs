//! Figures of traces.

use std::time::{Duration, Instant};

use conc::program::ActorKind;
use conc::program::op::OpCode;
use conc::report;
use conc::trace::{Datum, ObjectStats, Stats, Trace};
use conc::value::ObjectKind;

use super::outline::sample;
use super::recorder::Recorder;

/// Takes a lock, at a time.
fn acquire(r: &mut Recorder, actor: u32, object: u32, time_ns: u64) {
    r.on(actor, object, OpCode::LockAcquire, &[Datum::Bool(true), Datum::None], Datum::Bool(true));
    r.last().time_ns = time_ns;
}

fn step(r: &mut Recorder, actor: u32, object: u32, op: OpCode, gave: Datum, time_ns: u64) {
    r.on(actor, object, op, &[], gave);
    r.last().time_ns = time_ns;
}

/// Main and one other.
fn two() -> (Recorder, u32) {
    let mut r = Recorder::new();
    let other = r.actor("other", ActorKind::Thread, Some(0));
    r.step(0, OpCode::Begin, &[], Datum::None);
    r.start(0, other, &[]);
    (r, other)
}

#[track_caller]
fn object(r: Recorder, name: &str) -> ObjectStats {
    let stats = Stats::new(&Trace::new(r.data));
    stats.objects.into_iter().find(|object| object.name == name).unwrap()
}

#[test]
fn tables() {
    insta::assert_snapshot!(report::stats(&Stats::new(&Trace::new(sample()))));
}

#[test]
fn json() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&Stats::new(&Trace::new(sample()))).unwrap());
}

#[test]
fn who_held_a_lock_longest() {
    let (mut r, other) = two();
    let m = r.object("m", ObjectKind::Lock, None);
    acquire(&mut r, 0, m, 1_000);
    step(&mut r, 0, m, OpCode::LockRelease, Datum::None, 5_000);
    acquire(&mut r, other, m, 6_000);
    step(&mut r, other, m, OpCode::LockRelease, Datum::None, 9_000);
    acquire(&mut r, 0, m, 9_500);
    // Anyone may release a plain lock.
    step(&mut r, other, m, OpCode::LockRelease, Datum::None, 19_500);
    let stats = object(r, "m");
    let hold = stats.longest_hold.unwrap();
    assert_eq!((hold.actor.as_str(), hold.time_ns), ("main", 10_000));
    assert_eq!((stats.waits.count, stats.waits.longest_ns), (3, 5_998));
}

#[test]
fn a_wait_lets_the_lock_go_and_takes_it_again() {
    let (mut r, other) = two();
    let m = r.object("m", ObjectKind::Lock, None);
    let c = r.object("c", ObjectKind::Condition, Some(i64::from(m)));
    acquire(&mut r, other, c, 1_000);
    r.step(other, OpCode::Yield, &[], Datum::None);
    r.last().time_ns = 2_000;
    // It waits from here. The condition takes tickets of its lock.
    acquire(&mut r, 0, m, 3_000);
    r.last().ticket = 2;
    step(&mut r, 0, m, OpCode::LockRelease, Datum::None, 50_000);
    r.last().ticket = 3;
    step(&mut r, other, c, OpCode::ConditionWait, Datum::Bool(true), 60_000);
    r.last().ticket = 4;
    step(&mut r, other, c, OpCode::LockRelease, Datum::None, 65_000);
    r.last().ticket = 5;
    let trace = Trace::new(r.data);
    for stats in Stats::new(&trace).objects {
        let hold = stats.longest_hold.unwrap();
        assert_eq!((hold.actor.as_str(), hold.time_ns), ("main", 47_000), "{}", stats.name);
    }
}

#[test]
fn who_never_lets_go_held_it_to_the_end() {
    let (mut r, other) = two();
    let m = r.object("m", ObjectKind::Rlock, None);
    acquire(&mut r, other, m, 1_000);
    acquire(&mut r, other, m, 2_000);
    step(&mut r, other, m, OpCode::LockRelease, Datum::None, 3_000);
    r.end(other, -9);
    r.last().time_ns = 8_000;
    let hold = object(r, "m").longest_hold.unwrap();
    assert_eq!((hold.actor.as_str(), hold.time_ns), ("other", 7_000));
}

#[test]
fn the_most_there_were() {
    let (mut r, other) = two();
    let s = r.object("s", ObjectKind::Semaphore, Some(2));
    let q = r.object("q", ObjectKind::Queue, None);
    for actor in [0, other] {
        step(&mut r, actor, s, OpCode::SemaphoreAcquire, Datum::Bool(true), 1);
    }
    step(&mut r, 0, s, OpCode::SemaphoreAcquire, Datum::Bool(false), 2);
    step(&mut r, 0, s, OpCode::SemaphoreRelease, Datum::None, 3);
    for _ in 0..3 {
        step(&mut r, 0, q, OpCode::QueuePut, Datum::None, 4);
    }
    step(&mut r, other, q, OpCode::QueueNext, Datum::List(vec![Datum::Bool(true), Datum::Int(1)]), 5);
    step(&mut r, other, q, OpCode::QueueNext, Datum::List(vec![Datum::Bool(false), Datum::None]), 6);
    let trace = Trace::new(r.data);
    let stats = Stats::new(&trace);
    assert_eq!(stats.objects[1].most_out, Some(2));
    let q = &stats.objects[0];
    assert_eq!((q.most_items, q.puts, q.gets), (Some(3), Some(3), Some(1)));
}

#[test]
fn half_a_million_events_take_a_moment() {
    let (r, other) = two();
    let mut data = r.data;
    data.objects.push(conc::trace::ObjectDetail { name: "m".into(), kind: ObjectKind::Lock, size: None });
    let template = data.events[0].clone();
    for round in 0..250_000u32 {
        let actor = if round % 2 == 0 { 0 } else { other };
        for op in [OpCode::LockAcquire, OpCode::LockRelease] {
            let mut event = template.clone();
            let seq = 10 + round;
            event.place = conc::trace::Place { actor, seq: seq * 2 + u32::from(op == OpCode::LockRelease) };
            (event.op, event.object, event.ticket) = (op, Some(0), u64::from(event.place.seq));
            event.time_ns = event.ticket * 10;
            event.status = conc::trace::Status::Gave(Datum::Bool(true));
            data.events.push(event);
        }
    }
    let trace = Trace::new(data);
    let begin = Instant::now();
    let stats = Stats::new(&trace);
    let took = begin.elapsed();
    assert_eq!(stats.objects[0].waits.count, 250_000);
    assert!(took < Duration::from_secs(10), "{took:?}");
}
