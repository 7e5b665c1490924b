//! Outlines and masked snapshots of hand-made traces.

use conc::program::ActorKind;
use conc::program::op::OpCode;
use conc::trace::{Datum, Trace, TraceData};
use conc::value::{Mask, ObjectKind};

use super::recorder::{Recorder, text};

/// A bit of everything that an outline shows.
pub(super) fn sample() -> TraceData {
    let mut r = Recorder::new();
    let q = r.object("q", ObjectKind::Queue, Some(1));
    let m = r.object("m", ObjectKind::Lock, None);
    let pool = r.object("workers", ObjectKind::Pool, None);
    let cells = r.object("cells", ObjectKind::Shared, None);
    let write = r.actor("write", ActorKind::Process, Some(0));
    let worker = r.actor("workers/1", ActorKind::Worker, Some(0));
    let (yes, none) = (Datum::Bool(true), Datum::None);
    r.step(0, OpCode::Begin, &[], Datum::None);
    r.step(0, OpCode::Pid, &[], Datum::Pid(1000));
    r.step(0, OpCode::Ppid, &[], Datum::Pid(77));
    let masks = vec![Mask { start: 4, end: 8, pid: Some(1000) }, Mask { start: 13, end: 15, pid: Some(77) }];
    r.step(0, OpCode::Print, &[Datum::Masked("I'm 1000, from 77".replace("from", "of"), masks)], Datum::None);
    r.start(0, write, &[Datum::List(vec![text("url_1")])]);
    r.on(write, m, OpCode::LockAcquire, &[yes.clone(), none.clone()], yes.clone());
    let put = r.on(write, q, OpCode::QueuePut, &[text("url \"1\""), yes.clone(), none.clone()], Datum::None);
    r.on(write, q, OpCode::QueuePut, &[text("url_2"), yes.clone(), Datum::Duration(200_000_000)], Datum::None);
    r.raised("Full", "q holds 1 of 1");
    r.on(write, m, OpCode::LockRelease, &[], Datum::None);
    r.end(write, 0);
    r.on(0, q, OpCode::QueueGet, &[yes.clone(), none.clone()], text("url \"1\""));
    r.caused(put);
    let path = Datum::List(vec![Datum::Int(1)]);
    r.on(0, cells, OpCode::CellWrite, &[path.clone(), Datum::Map(vec![(text("name"), text("Bob"))])], Datum::None);
    r.on(0, cells, OpCode::CellRead, &[path], Datum::Map(vec![(text("name"), text("Bob"))]));
    let method = [Datum::List(Vec::new()), text("push"), Datum::List(vec![Datum::Float(2.0)])];
    r.on(0, cells, OpCode::CellMethod, &method, Datum::None);
    let half = Datum::Task("half".into());
    let submit = r.on(0, pool, OpCode::PoolSubmit, &[half.clone(), Datum::List(vec![Datum::Int(7)])], Datum::None);
    r.last().status = conc::trace::Status::Gave(Datum::Result(submit));
    r.step(worker, OpCode::Begin, &[], Datum::None);
    let taken = vec![half, Datum::List(vec![Datum::List(vec![Datum::Int(7)])]), Datum::Bool(false)];
    r.on(worker, pool, OpCode::PoolTake, &[], Datum::List(taken));
    r.caused(submit);
    let done = r.on(worker, pool, OpCode::PoolDone, &[Datum::Int(3), Datum::None], Datum::None);
    r.step(0, OpCode::ResultGet, &[Datum::Result(submit), none.clone()], Datum::Int(3));
    r.caused(done);
    let close = r.on(0, pool, OpCode::PoolClose, &[], Datum::None);
    r.on(worker, pool, OpCode::PoolTake, &[], Datum::None);
    r.caused(close);
    r.end(worker, 0);
    r.on(0, pool, OpCode::PoolJoin, &[], Datum::None);
    r.join(0, write);
    r.step(0, OpCode::Now, &[], Datum::Elapsed(12345));
    r.end(0, 0);
    r.data
}

#[test]
fn outline() {
    insta::assert_snapshot!(Trace::new(sample()).outline());
}

#[test]
fn by_actor() {
    insta::assert_snapshot!(Trace::new(sample()).by_actor());
}

#[test]
fn masked() {
    insta::assert_ron_snapshot!(Trace::new(sample()));
}

#[test]
fn prints() {
    let trace = Trace::new(sample());
    assert_eq!(trace.prints(), ["I'm <pid main>, of <pid conc>"]);
    assert_eq!(trace.prints_of("write"), Vec::<String>::new());
    assert_eq!(trace.of("workers/1").count(), 5);
}

#[test]
fn recorded() {
    insta::assert_snapshot!(Trace::new(sample()).to_ron_lines().unwrap());
}
