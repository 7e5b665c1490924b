//! Why events happened.

use conc::program::ActorKind;
use conc::program::op::OpCode;
use conc::report;
use conc::trace::{Datum, How, NoEvent, Trace, Why};
use conc::value::ObjectKind;
use conc::{RunOptions, Scenario};
use proptest::prelude::*;

use super::canonical::Simulation;
use super::outline::sample;
use super::recorder::Recorder;

#[track_caller]
fn causes(trace: &Trace, name: &str) -> String {
    report::causes(trace, &Why::of(trace, trace.event_named(name).unwrap()))
}

#[test]
fn a_chain_through_a_queue_and_a_pool() {
    let trace = Trace::new(sample());
    let texts = ["main:5", "main:10", "main:13", "workers/1:3", "main:0"].map(|name| causes(&trace, name));
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn everything_before() {
    let trace = Trace::new(sample());
    let why = Why::of(&trace, trace.event_named("write:2").unwrap());
    insta::assert_snapshot!(report::before(&trace, &why));
}

#[test]
fn of_a_tutorial_scenario() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/tutorial/pipe_talk.conc");
    let plan = Scenario::from_path(file).unwrap().plan(&[]).unwrap();
    let run = plan.run(&RunOptions::default()).unwrap();
    let trace = run.trace();
    insta::assert_snapshot!([causes(trace, "talk:2"), causes(trace, "main:7")].join("\n"));
}

#[test]
fn the_turn_at_a_lock_explains_who_is_asked_about_only() {
    let mut r = Recorder::new();
    let m = r.object("m", ObjectKind::Lock, None);
    let others = ["a", "b"].map(|name| r.actor(name, ActorKind::Thread, Some(0)));
    r.step(0, OpCode::Begin, &[], Datum::None);
    others.iter().for_each(|other| r.start(0, *other, &[]));
    let mut released = None;
    for actor in [others[0], others[1], 0] {
        r.on(actor, m, OpCode::LockAcquire, &[Datum::Bool(true), Datum::None], Datum::Bool(true));
        r.last().cause = released;
        released = Some(r.on(actor, m, OpCode::LockRelease, &[], Datum::None));
    }
    insta::assert_snapshot!(causes(&Trace::new(r.data), "main:3"));
}

#[test]
fn the_last_error() {
    let mut r = Recorder::new();
    let q = r.object("q", ObjectKind::Queue, None);
    r.step(0, OpCode::Begin, &[], Datum::None);
    let last = |r: &Recorder| Trace::new(r.data.clone()).last_event().unwrap();
    assert_eq!(last(&r), 0);
    r.on(0, q, OpCode::QueueGet, &[Datum::Bool(false), Datum::None], Datum::None);
    r.raised("Empty", "q is empty");
    r.step(0, OpCode::Yield, &[], Datum::None);
    assert_eq!(last(&r), 1);
    r.end(0, 0);
    assert_eq!(last(&r), 1);
    r.last().args[1] = Datum::Str("Boom".into());
    assert_eq!(last(&r), 3);
}

#[test]
fn names_of_events() {
    let mut data = sample();
    data.events[1].line = 7;
    let trace = Trace::new(data);
    assert_eq!(trace.event_named("main:1"), Ok(1));
    assert_eq!(trace.events_at(7), Ok(vec![1]));
    for (name, said) in [
        ("main", "`main` is no event: write an actor and a number, such as `main:5`"),
        ("main:x", "`main:x` is no event: write an actor and a number, such as `main:5`"),
        ("wrte:1", "there is no actor `wrte` in the trace; did you mean `write`?"),
        ("nobody:1", "there is no actor `nobody` in the trace"),
        ("write:6", "`write` has no event 6: its last is 5"),
    ] {
        assert_eq!(trace.event_named(name).unwrap_err().to_string(), said);
    }
    assert_eq!(trace.events_at(0), Err(NoEvent::NoLine(0)));
    assert_eq!(Trace::new(Default::default()).last_event(), Err(NoEvent::Nothing));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chains_respect_happens_before(
        steps in prop::collection::vec((0u32..5, 0u8..11), 0..60),
        asked in any::<prop::sample::Index>(),
    ) {
        let mut simulation = Simulation::new(4);
        steps.into_iter().for_each(|(actor, choice)| simulation.step(actor, choice));
        let trace = Trace::new(simulation.finish());
        let asked = asked.index(trace.events().len());
        let why = Why::of(&trace, asked);
        prop_assert_eq!((why.links[0].event, why.links[0].how), (asked, How::Asked));
        prop_assert!(why.before.iter().all(|event| *event < asked));
        for pair in why.links.windows(2) {
            let before = Why::of(&trace, pair[0].event).before;
            prop_assert!(before.contains(&pair[1].event));
            prop_assert!(pair[0].also.iter().all(|event| before.contains(event)));
        }
        let last = &trace.events()[why.links.last().unwrap().event];
        prop_assert_eq!((last.op, last.place.actor), (OpCode::Begin, 0));
    }
}
