//! The judge: what the machine can do is possible, and what was changed in a trace is not.
#![expect(clippy::expect_used, reason = "a test may panic")]

use std::sync::Arc;

use conc::judge::{Judgement, Reason, judge};
use conc::plan::Plan;
use conc::program::op::OpCode;
use conc::trace::{Datum, Ending, Event, Status, TraceData};
use conc::{RunOptions, Scenario, Schedule};

/// A scenario that uses much, and the trace of a run.
fn recorded(text: &str) -> (Arc<Plan>, TraceData) {
    let plan = Arc::new(Scenario::from_str(text).plan(&[]).expect("a correct scenario"));
    let options = RunOptions { schedule: Schedule::Random, seed: Some(3), ..RunOptions::default() };
    let run = plan.run(&options).expect("a run");
    assert_eq!(run.ending, Ending::Finished, "{:?}", run.errors);
    let data = run.trace.data().clone();
    assert!(matches!(judge(&plan, &data, Some(&run.ending)), Judgement::Possible { .. }));
    (plan, data)
}

fn objection(plan: &Arc<Plan>, data: &TraceData) -> Reason {
    match judge(plan, data, None) {
        Judgement::Impossible(objection) => objection.reason,
        other => panic!("{other:?}"),
    }
}

fn is_possible(plan: &Arc<Plan>, data: &TraceData) -> bool {
    matches!(judge(plan, data, None), Judgement::Possible { .. })
}

const MUCH: &str = "
queue q(2)
lock m
semaphore s(1)
atomic n = 0
shared log = []
process writer[i in 0..2] {
    for k in 0..2 { q.put(i * 10 + k) }
    with s { n.add(1) }
}
process reader {
    for _ in 0..4 {
        let item = q.get()
        with m { log.push(item) }
    }
    exit(3)
}
main {
    let ws = start writer
    let r = start reader
    join ws, r
    print r.exitcode(), n
}
";

#[test]
fn every_changed_number_is_noticed() {
    let (plan, data) = recorded(MUCH);
    let mut changed = 0;
    for at in 0..data.events.len() {
        let mut other = data.clone();
        let event = &mut other.events[at];
        let Status::Gave(Datum::Int(value)) = &mut event.status else { continue };
        *value += 1;
        changed += 1;
        assert!(!is_possible(&plan, &other), "{:?}", other.events[at]);
    }
    assert!(changed > 10, "{changed}");
}

#[test]
fn every_event_that_is_missing_is_noticed() {
    let (plan, data) = recorded(MUCH);
    for at in 0..data.events.len() {
        let place = data.events[at].place;
        let is_last = !data.events.iter().any(|other| other.place.actor == place.actor && other.place.seq > place.seq);
        // An actor's last event may be missing: the run may have been cut off there.
        if is_last || data.events[at].op == OpCode::Begin {
            continue;
        }
        let mut other = data.clone();
        other.events.remove(at);
        assert!(!is_possible(&plan, &other), "{:?}", data.events[at]);
    }
}

#[test]
fn messages_in_another_order_are_noticed() {
    let text = "queue q\nmain { q.put(1) ; q.put(2) ; print q.get(), q.get() }\n";
    let (plan, mut data) = recorded(text);
    let gets: Vec<usize> = (0..data.events.len()).filter(|at| data.events[*at].op == OpCode::QueueGet).collect();
    let (first, second) = (data.events[gets[0]].status.clone(), data.events[gets[1]].status.clone());
    (data.events[gets[0]].status, data.events[gets[1]].status) = (second, first);
    assert_eq!(objection(&plan, &data), Reason::ComesOut(vec!["1".into()]));
}

#[test]
fn a_lock_that_two_hold_is_noticed() {
    let text = "lock m\nprocess p[i in 0..2] { m.acquire() ; yield ; m.release() }\n";
    let (plan, mut data) = recorded(text);
    // The second acquisition comes before the first release.
    let of = |data: &TraceData, op: OpCode| -> Vec<usize> {
        let mut found: Vec<usize> = (0..data.events.len()).filter(|at| data.events[*at].op == op).collect();
        found.sort_by_key(|at| data.events[*at].ticket);
        found
    };
    let (acquired, released) = (of(&data, OpCode::LockAcquire), of(&data, OpCode::LockRelease));
    let (late, early) = (data.events[acquired[1]].ticket, data.events[released[0]].ticket);
    data.events[acquired[1]].ticket = early;
    data.events[acquired[1]].cause = None;
    data.events[released[0]].ticket = late;
    assert!(matches!(objection(&plan, &data), Reason::Waits(_)));
}

#[test]
fn an_error_that_was_not_raised_is_noticed() {
    let text = "queue q(1)\nmain { q.put(1) ; try { q.put_nowait(2) } catch Full { print \"full\" } }\n";
    let (plan, mut data) = recorded(text);
    let full = |event: &&mut Event| matches!(event.status, Status::Raised(..));
    let event = data.events.iter_mut().find(full).expect("it was full");
    event.status = Status::Raised("Full".into(), "the queue stayed full".into());
    assert_eq!(objection(&plan, &data), Reason::ComesOut(vec!["Full: the queue is full".into()]));
}

#[test]
fn a_deadlock_that_is_none_is_noticed() {
    let text = "queue q\nprocess p { q.get() ; print \"got\" }\nmain { let p = start p ; q.put(1) ; p.join() }\n";
    let (plan, mut data) = recorded(text);
    // As if the reader had never been woken.
    let reader = data.actors.iter().position(|actor| actor.name == "p").expect("it was started") as u32;
    data.events.retain(|event| event.op != OpCode::Join && (event.place.actor != reader || event.op == OpCode::Begin));
    data.events.retain(|event| event.op != OpCode::End);
    let judgement = judge(&plan, &data, Some(&Ending::Deadlock(Vec::new())));
    let Judgement::Impossible(objection) = judgement else { panic!("{judgement:?}") };
    assert_eq!(objection.reason, Reason::NotStuck(vec!["p".into()]));
    assert!(is_possible(&plan, &data), "it may have been cut off there");
}

#[test]
fn what_was_killed_needs_no_end() {
    let text = "
lock m
event held
process p { m.acquire() ; held.set() ; sleep 1h }
main {
    let p = start p
    held.wait()
    p.kill()
    p.join()
    try { m.acquire() } catch OwnerDied { print p.exitcode() }
}
";
    let (plan, mut data) = recorded(&text.replace("1h", "60m"));
    assert!(is_possible(&plan, &data));
    // It cannot have been told of a death that was not.
    data.events.retain(|event| event.op != OpCode::Kill);
    assert!(!is_possible(&plan, &data));
}

#[test]
fn what_came_before_a_kill_is_certain() {
    let text = "
queue q
lock m
atomic n = 0
event held
event taken
process p { m.acquire() ; q.put(n.add(1)) ; held.set() ; taken.wait() ; q.put(2) ; sleep 60m }
main {
    q.put(7)
    let p = start p
    held.wait()
    print q.get(), q.get()
    taken.set()
    print q.get()
    p.kill()
    p.join()
    try { m.acquire() } catch OwnerDied { print p.exitcode() }
}
";
    let plan = Arc::new(Scenario::from_str(text).plan(&[]).expect("a correct scenario"));
    let run = plan.run(&RunOptions::default()).expect("a run");
    let data = run.trace.data();
    assert!(is_possible(&plan, data));
    let mut refused = 0;
    let victim = data.actors.iter().position(|actor| actor.name == "p").expect("it was started") as u32;
    let lasts = data.events.iter().filter(|event| event.place.actor == victim).map(|event| event.time_ns);
    let last = lasts.max().expect("it did something");
    for at in 0..data.events.len() {
        let mut other = data.clone();
        let event = &mut other.events[at];
        let Status::Gave(Datum::Int(value)) = &mut event.status else { continue };
        *value += 1;
        let judgement = judge(&plan, &other, None);
        if data.events[at].time_ns < last {
            assert!(matches!(judgement, Judgement::Impossible(_)), "{:?}: {judgement:?}", data.events[at]);
            refused += 1;
        } else {
            assert!(!matches!(judgement, Judgement::Possible { .. }), "{:?}: {judgement:?}", data.events[at]);
        }
    }
    assert!(refused >= 3, "what was added, and the first two messages: {refused}");
}

/// Perturbed free runs of each scenario.
const RUNS: u64 = 3;

#[test]
fn free_runs_of_the_repositorys_scenarios_are_possible() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let groups = ["tutorial", "classics"].map(|group| folder.join(group)).into_iter();
    let files = groups.flat_map(|group| std::fs::read_dir(group).into_iter().flatten().flatten());
    let mut files: Vec<_> = files.map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "conc"));
    assert!(files.len() >= 24, "{files:?}");
    let runs = files.iter().flat_map(|file| (0..RUNS).map(move |seed| (file, seed)));
    // Most of their time they sleep.
    let failed = std::thread::scope(|scope| {
        let check = |file: &std::path::Path, seed| {
            let plan = Arc::new(Scenario::from_path(file).expect("a file").plan(&[]).expect("a correct scenario"));
            let options = RunOptions { seed: Some(seed), perturb: Some(seed), ..RunOptions::default() };
            let run = plan.run(&options).expect("a run");
            match judge(&plan, run.trace.data(), Some(&run.ending)) {
                Judgement::Possible { .. } => None,
                judgement => Some(format!("{}: {judgement:?}\n{}", file.display(), run.trace.outline())),
            }
        };
        let threads: Vec<_> = runs.map(|(file, seed)| scope.spawn(move || check(file, seed))).collect();
        threads.into_iter().filter_map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
    });
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Somebody counts those who wait; but for the rendezvous, who begins to wait does not tell of it.
const COUNTED: [&str; 7] = [
    "queue q(0)
process puts[i in 0..2] { for n in 0..10 { q.put(n) } }
process gets[i in 0..2] { for _ in 0..10 { q.get() } }
process counts { for _ in 0..15 { q.waiting() } }",
    "lock m
process p[i in 0..3] { for _ in 0..10 { with m { pass } } }
process counts[i in 0..2] { for _ in 0..15 { m.waiting() } }",
    "rlock m
process p[i in 0..3] { for _ in 0..10 { if m.acquire(timeout: 1ms) { m.release() } } }
process counts[i in 0..2] { for _ in 0..15 { m.waiting() } }",
    "rwlock rw
process w[i in 0..2] { for _ in 0..8 { with rw.write { pass } } }
process r[i in 0..2] { for _ in 0..8 { with rw.read { pass } } }
process counts[i in 0..2] { for _ in 0..12 { rw.waiting() ; rw.read.waiting() ; rw.write.waiting() } }",
    "semaphore s(1)
process p[i in 0..3] { for _ in 0..10 { s.acquire() ; s.release() } }
process late[i in 0..2] { for _ in 0..5 { if s.acquire(timeout: 100us) { s.release() } } }
process counts[i in 0..2] { for _ in 0..15 { s.waiting() } }",
    "queue q(1)
process puts[i in 0..2] { for n in 0..15 { q.put(n) } }
process gets[i in 0..2] { for _ in 0..15 { q.get() } }
process counts[i in 0..2] { for _ in 0..15 { q.waiting() } }",
    "event e
process w[i in 0..3] { for _ in 0..8 { e.wait(timeout: 2ms) } }
process s { for _ in 0..8 { e.set() ; e.clear() } }
process counts[i in 0..2] { for _ in 0..12 { e.waiting() } }",
];

#[test]
fn free_runs_in_which_waits_are_counted_are_possible() {
    for text in COUNTED {
        let plan = Arc::new(Scenario::from_str(text).plan(&[]).expect("a correct scenario"));
        for seed in 1..=20 {
            let options = RunOptions { seed: Some(seed), perturb: Some(seed), ..RunOptions::default() };
            let run = plan.run(&options).expect("a run");
            let judgement = judge(&plan, run.trace.data(), Some(&run.ending));
            let told = || run.trace.to_ron_lines().expect("it can be written");
            assert!(matches!(judgement, Judgement::Possible { .. }), "{judgement:?}\n{}", told());
        }
    }
}

#[test]
fn more_that_wait_than_there_are_is_noticed() {
    let text = "lock m\nprocess p { m.acquire() ; m.release() }\nmain { start p ; print m.waiting() }\n";
    let (plan, mut data) = recorded(text);
    let asked = data.events.iter_mut().find(|event| event.op == OpCode::Waiting).expect("it asked");
    asked.status = Status::Gave(Datum::Int(2));
    assert!(matches!(objection(&plan, &data), Reason::ComesOut(_)));
}

/// A scenario of `tests`, with constants, and the trace of a run of it that is kept.
fn kept(scenario: &str, sets: &[(String, String)], trace: &str) -> (Arc<Plan>, TraceData) {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let scenario = Scenario::from_path(here.join(scenario)).expect("a scenario");
    let text = std::fs::read_to_string(here.join(trace)).expect("a trace");
    let trace = conc::trace::Trace::from_ron_lines(&text).expect("a trace");
    (Arc::new(scenario.plan(sets).expect("a correct scenario")), trace.data().clone())
}

/// Two who take at a rendezvous, of whom one comes late and finds it closed, while the other meets who waits there.
#[test]
fn who_found_a_rendezvous_closed_met_nobody() {
    let sets = [("AFTER".into(), "0us".into())];
    let (plan, data) = kept("kill/moments/rendezvous.conc", &sets, "judge/closed_rendezvous.ron");
    assert!(is_possible(&plan, &data));
}

/// Who sends comes before who closes the other end, and tells of it much later; a worker takes a task and is killed
/// before it can tell.
#[test]
fn the_ends_of_a_pipe_share_an_order() {
    let (plan, data) = kept("judge/ends_of_a_pipe.conc", &[], "judge/ends_of_a_pipe.ron");
    assert!(is_possible(&plan, &data));
}

/// Who waited at a rendezvous first was met in another case meanwhile, and tells of it later: the second is met.
#[test]
fn who_was_met_elsewhere_is_passed_over() {
    let (plan, mut data) = kept("judge/passed_over.conc", &[], "judge/passed_over.ron");
    assert!(is_possible(&plan, &data));
    // Nobody meets two at a time.
    let first = data.events.iter_mut().find(|event| event.object == Some(1) && event.op == OpCode::QueueGet);
    let first = first.expect("a meeting");
    first.status = Status::Gave(Datum::List(vec![Datum::Int(1), Datum::Int(1)]));
    assert!(!is_possible(&plan, &data));
}

/// Of four workers that are cut off by the end of the run two had told nobody yet what all saw that they had done.
#[test]
fn several_of_those_cut_off_are_named_as_causes() {
    let (plan, mut data) = kept("meaning/pool_threads_left_open.conc", &[], "judge/left_open.ron");
    assert!(is_possible(&plan, &data));
    // What they did is not what they were not asked for.
    let got = data.events.iter_mut().find(|event| event.op == OpCode::ResultGet).expect("a result");
    got.status = Status::Gave(Datum::Int(5));
    assert!(!is_possible(&plan, &data));
}
