//! Traces as lanes.

use std::collections::HashSet;

use conc::program::ActorKind;
use conc::program::op::OpCode;
use conc::report;
use conc::trace::{Datum, Lanes, Trace};
use conc::value::ObjectKind;
use conc::{RunOptions, Scenario};
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr as _;

use super::canonical::Simulation;
use super::outline::sample;
use super::recorder::{Recorder, text};

#[test]
fn in_columns() {
    insta::assert_snapshot!(report::lanes(&Trace::new(sample()), 100));
}

#[test]
fn in_narrow_columns() {
    insta::assert_snapshot!(report::lanes(&Trace::new(sample()), 60));
}

#[test]
fn too_narrow_for_columns() {
    insta::assert_snapshot!(report::lanes(&Trace::new(sample()), 36));
}

#[test]
fn wide_letters_take_two_columns() {
    let mut r = Recorder::new();
    let q = r.object("队列", ObjectKind::Queue, None);
    let child = r.actor("子进程", ActorKind::Process, Some(0));
    let other = r.actor("b", ActorKind::Process, Some(0));
    r.step(0, OpCode::Begin, &[], Datum::None);
    r.start(0, child, &[]);
    r.start(0, other, &[]);
    let put = r.on(child, q, OpCode::QueuePut, &[text("你好世界")], Datum::None);
    r.on(other, q, OpCode::QueueGet, &[Datum::Bool(true), Datum::None], text("你好世界"));
    r.caused(put);
    r.end(child, 0);
    r.end(other, 0);
    insta::assert_snapshot!(report::lanes(&Trace::new(r.data), 60));
}

#[test]
fn of_a_tutorial_scenario() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/tutorial/pipe_talk.conc");
    let plan = Scenario::from_path(file).unwrap().plan(&[]).unwrap();
    let run = plan.run(&RunOptions::default()).unwrap();
    insta::assert_snapshot!(report::lanes(run.trace(), 100));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_event_once_and_no_line_too_wide(
        steps in prop::collection::vec((0u32..5, 0u8..11), 0..60),
        width in 20usize..140,
    ) {
        let mut simulation = Simulation::new(4);
        steps.into_iter().for_each(|(actor, choice)| simulation.step(actor, choice));
        let trace = Trace::new(simulation.finish());
        let lanes = Lanes::new(&trace);
        let shown: HashSet<usize> = lanes.rows.iter().map(|row| row.event).collect();
        prop_assert_eq!((shown.len(), lanes.rows.len()), (trace.events().len(), trace.events().len()));
        for (at, row) in lanes.rows.iter().enumerate() {
            let lane = &lanes.columns[row.column];
            prop_assert_eq!(lane.actor, trace.events()[row.event].place.actor);
            prop_assert!(lane.rows.contains(&at));
        }
        let text = report::lanes(&trace, width);
        prop_assert!(text.lines().all(|line| line.width() <= width), "{}", text);
        let head = text.lines().count() - trace.events().len();
        prop_assert!(head <= 1);
    }
}
