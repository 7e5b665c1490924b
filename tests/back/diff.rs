//! Where two traces part ways.

use conc::program::ActorKind;
use conc::program::op::OpCode;
use conc::report;
use conc::trace::{Datum, Difference, Place, Trace, TraceData, Turn, diff};
use conc::value::ObjectKind;
use conc::{RunOptions, Scenario};
use proptest::prelude::*;

use super::canonical::Simulation;
use super::recorder::{Recorder, shuffled, text};

/// Main and two writers, who have been started.
fn three() -> (Recorder, [u32; 2]) {
    let mut r = Recorder::new();
    let writers = ["writer[1]", "writer[2]"].map(|name| r.actor(name, ActorKind::Process, Some(0)));
    r.step(0, OpCode::Begin, &[], Datum::None);
    writers.iter().for_each(|writer| r.start(0, *writer, &[]));
    (r, writers)
}

fn finished(mut r: Recorder, actors: &[u32]) -> TraceData {
    for actor in actors {
        r.end(*actor, 0);
        r.join(0, *actor);
    }
    r.end(0, 0);
    r.data
}

/// The differences in words, and the other way round as many.
#[track_caller]
fn told(a: TraceData, b: TraceData) -> String {
    let (a, b) = (Trace::new(a), Trace::new(b));
    let differences = diff(&a, &b);
    assert_eq!(differences.len(), diff(&b, &a).len());
    assert_eq!(diff(&a, &a), []);
    report::diff(&a, &b, &differences)
}

/// The writers put in some order, main gets.
fn puts(order: [usize; 2]) -> TraceData {
    let (mut r, writers) = three();
    let q = r.object("q", ObjectKind::Queue, None);
    let args = [Datum::Bool(true), Datum::None];
    let put = |r: &mut Recorder, number: usize, item: &str| {
        r.on(writers[number], q, OpCode::QueuePut, &[text(item), Datum::Bool(true), Datum::None], Datum::None)
    };
    let mut all = vec![(put(&mut r, 0, "first"), "first")];
    for number in order {
        let item = ["one", "two"][number];
        all.push((put(&mut r, number, item), item));
    }
    for (place, item) in all {
        r.on(0, q, OpCode::QueueGet, &args, text(item));
        r.caused(place);
    }
    finished(r, &writers)
}

/// The writers hold a lock in some order, and each prints.
fn holds(order: &[usize]) -> TraceData {
    let (mut r, writers) = three();
    let m = r.object("m", ObjectKind::Lock, None);
    let mut released = None;
    for number in order {
        let writer = writers[*number];
        r.on(writer, m, OpCode::LockAcquire, &[Datum::Bool(true), Datum::None], Datum::Bool(true));
        r.last().cause = released;
        released = Some(r.on(writer, m, OpCode::LockRelease, &[], Datum::None));
    }
    finished(r, &writers)
}

/// One writes a variable, the other reads it before or after.
fn access(read_first: bool) -> TraceData {
    let (mut r, [reader, writer]) = three();
    let x = r.object("x", ObjectKind::Shared, None);
    let whole = Datum::List(Vec::new());
    let mut write = None;
    for reads in [read_first, !read_first] {
        if reads {
            let gave = i64::from(write.is_some());
            r.on(reader, x, OpCode::CellRead, std::slice::from_ref(&whole), Datum::Int(gave));
            r.last().cause = write;
        } else {
            write = Some(r.on(writer, x, OpCode::CellWrite, &[whole.clone(), Datum::Int(1)], Datum::None));
        }
    }
    finished(r, &[reader, writer])
}

/// What two runs of a scenario of one actor made of chance, and how far they came.
fn chance(drawn: i64, go_on: bool) -> TraceData {
    let mut r = Recorder::new();
    r.step(0, OpCode::Begin, &[], Datum::None);
    let range = Datum::Range(Box::new(Datum::Int(0)), Box::new(Datum::Int(6)), false);
    r.step(0, OpCode::Random, &[range], Datum::Int(drawn));
    if go_on {
        r.step(0, OpCode::Print, &[text("on")], Datum::None);
    }
    r.data
}

#[test]
fn turns_at_a_queue() {
    insta::assert_snapshot!(told(puts([0, 1]), puts([1, 0])));
}

#[test]
fn turns_at_a_lock() {
    insta::assert_snapshot!(told(holds(&[0, 1, 0, 1]), holds(&[0, 1, 1, 0])));
    let (a, b) = (Trace::new(holds(&[0, 1])), Trace::new(holds(&[1, 0])));
    assert!(matches!(&diff(&a, &b)[..], [Difference::Turn { turn: Turn::Acquire, number: 1, .. }]));
}

#[test]
fn an_order_of_two() {
    insta::assert_snapshot!(told(access(true), access(false)));
}

#[test]
fn another_outcome() {
    insta::assert_snapshot!(told(chance(3, true), chance(5, true)));
}

#[test]
fn one_goes_on() {
    insta::assert_snapshot!(told(chance(3, false), chance(3, true)));
    insta::assert_snapshot!(told(chance(3, true), TraceData { events: Vec::new(), ..chance(3, true) }));
}

#[test]
fn independent_differences_are_told_together() {
    let run = |drawn: [i64; 2]| {
        let (mut r, writers) = three();
        for (writer, drawn) in writers.iter().zip(drawn) {
            r.step(*writer, OpCode::Choose, &[Datum::List(vec![Datum::Int(1), Datum::Int(2)])], Datum::Int(drawn));
            r.step(*writer, OpCode::Print, &[Datum::Int(drawn)], Datum::None);
        }
        finished(r, &writers)
    };
    insta::assert_snapshot!(told(run([1, 1]), run([2, 2])));
}

#[test]
fn who_was_last_at_a_barrier_is_no_choice() {
    let run = |order: [usize; 2]| {
        let (mut r, writers) = three();
        let gate = r.object("gate", ObjectKind::Barrier, Some(2));
        let [first, second] = order.map(|number| writers[number]);
        r.on(first, gate, OpCode::Arrive, &[], Datum::None);
        r.on(second, gate, OpCode::Arrive, &[], Datum::None);
        let last = r.on(second, gate, OpCode::BarrierWait, &[Datum::None], Datum::Int(1));
        r.on(first, gate, OpCode::BarrierWait, &[Datum::None], Datum::Int(0));
        r.caused(last);
        finished(r, &writers)
    };
    assert_eq!(told(run([0, 1]), run([1, 0])), "the same choices\n");
}

#[test]
fn runs_of_a_scenario_without_races_made_the_same_choices() {
    let text = "queue a\nqueue b\nprocess left { for i in 0..20 { a.put(i) } }
        process right { for i in 0..20 { b.put(a.get() * 2) } }
        thread sink { for i in 0..20 { print b.get() } }
        main { start left; start right; (start sink).join(); print now() > 0s, pid() }";
    let plan = Scenario::from_str(text).plan(&[]).unwrap();
    let run = || plan.run(&RunOptions::default()).unwrap().trace().clone();
    let first = run();
    for _ in 0..5 {
        assert_eq!(diff(&first, &run()), []);
    }
}

fn simulate(steps: &[(u32, u8)]) -> TraceData {
    let mut simulation = Simulation::new(4);
    steps.iter().for_each(|(actor, choice)| simulation.step(*actor, *choice));
    simulation.finish()
}

fn order(len: usize) -> impl Strategy<Value = Vec<u32>> {
    Just((0..len as u32).collect::<Vec<_>>()).prop_shuffle()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_trace_does_not_differ_from_itself(
        steps in prop::collection::vec((0u32..5, 0u8..11), 0..100),
        actors in order(5),
        objects in order(5),
    ) {
        let data = simulate(&steps);
        let other = Trace::new(shuffled(&data, &actors, &objects));
        let trace = Trace::new(data);
        prop_assert_eq!(diff(&trace, &trace), []);
        prop_assert_eq!(diff(&trace, &other), []);
    }

    #[test]
    fn same_choices_mean_the_same_was_done(
        one in prop::collection::vec((0u32..5, 0u8..11), 0..12),
        swapped in any::<prop::sample::Index>(),
    ) {
        let mut two = one.clone();
        if one.len() > 1 {
            let at = swapped.index(one.len() - 1);
            two.swap(at, at + 1);
        }
        let (a, b) = (Trace::new(simulate(&one)), Trace::new(simulate(&two)));
        let differences = diff(&a, &b);
        prop_assert_eq!(differences.is_empty(), diff(&b, &a).is_empty());
        if differences.is_empty() {
            prop_assert_eq!(a.by_actor(), b.by_actor());
        }
        // It can be put in words whatever it is.
        prop_assert!(!report::diff(&a, &b, &differences).is_empty());
    }

    #[test]
    fn contradictions_do_not_hang(
        events in prop::collection::vec((0u32..3, 0u32..5, 1u64..9, 0u8..8, (0u32..3, 0u32..9)), 0..60),
        cut in 0usize..20,
    ) {
        let mut simulation = Simulation::new(2);
        for (actor, object, ticket, op, (cause, seq)) in events {
            let r = &mut simulation.recorder;
            let ops = [
                OpCode::LockAcquire, OpCode::LockRelease, OpCode::QueuePut, OpCode::QueueGet, OpCode::BarrierWait,
                OpCode::Arrive, OpCode::ConditionWait, OpCode::Join,
            ];
            r.step(actor, ops[op as usize], &[], Datum::Bool(true));
            let event = r.last();
            (event.object, event.actor, event.ticket) = (Some(object), Some(actor), ticket);
            event.cause = Some(Place { actor: cause, seq });
        }
        let data = simulation.finish();
        let mut short = data.clone();
        short.events.truncate(data.events.len() - cut.min(data.events.len()));
        let (trace, short) = (Trace::new(data), Trace::new(short));
        prop_assert_eq!(diff(&trace, &trace), []);
        prop_assert_eq!(diff(&trace, &short).is_empty(), cut == 0);
    }
}
