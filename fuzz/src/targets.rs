//! The functions that take any bytes: none of them panics, none runs longer than its budget lets it.

use std::sync::Arc;

use conc::diagnostic::Diagnostic;
use conc::judge::judge;
use conc::machine::{Machine, Rules, Time};
use conc::pipeline;
use conc::plan::{CORES, Plan};
use conc::program::op::{Op, Outcome};
use conc::report;
use conc::schedule::Replay;
use conc::source::Source;
use conc::suite::Snapshot;
use conc::trace::{Stats, Trace, Why, diff};
use conc::value::{self, ActorRef, Error, ErrorKind, Value};
use conc::vm::{Stop, Vm};

use super::mutate::Chance;

/// A function that takes any bytes.
pub type Target = fn(&[u8]);

/// Every target, by its name.
pub const TARGETS: [(&str, Target); 8] = [
    ("parser", parser),
    ("resolver", resolver),
    ("vm", vm),
    ("machine", machine),
    ("trace", trace),
    ("replay", replay),
    ("snapshot", snapshot),
    ("codec", codec),
];

/// The instructions of a body between two operations.
const INSTRUCTIONS_MAX: u64 = 20_000;
/// The operations of a body.
const OPERATIONS_MAX: usize = 200;
/// The steps of a walk.
const STEPS_MAX: usize = 150;

fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

fn drawn(source: &Source, found: &[Diagnostic]) {
    let some: Vec<Diagnostic> = found.iter().take(8).cloned().collect();
    let _ = report::diagnostic::render(source, &some, false);
    for diagnostic in found {
        assert!(diagnostic.span.end as usize <= source.text().len(), "{diagnostic:?} is out of place");
    }
}

/// Reads a scenario.
pub fn parser(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let source = Source::new("fuzz.conc", text);
    let (file, found) = conc::syntax::parse(&source);
    let _ = conc::syntax::dump(&file);
    drawn(&source, &found);
}

/// Finds out what its names mean, what is doubtful, and plans it.
pub fn resolver(data: &[u8]) {
    if let Some(plan) = text(data).and_then(planned) {
        let _ = (report::plan::text(&plan), report::plan::dot(&plan), report::plan::mermaid(&plan));
    }
}

/// The plan of a text, if it has one. Also resolves what did not parse.
fn planned(text: &str) -> Option<Plan> {
    let source = Source::new("fuzz.conc", text);
    let (file, mut found) = conc::syntax::parse(&source);
    found.extend(conc::analysis::resolve(&source, file).1);
    drawn(&source, &found);
    match pipeline::plan(&source, &[], CORES) {
        Ok(plan) => Some(plan),
        Err(found) => {
            drawn(&source, &found);
            None
        }
    }
}

/// Runs every body of a scenario by itself, in a world that answers anything.
pub fn vm(data: &[u8]) {
    if let Some(plan) = text(data).and_then(planned) {
        bodies(&plan, data.len() as u64);
    }
}

/// Runs the bodies; false if one of them used up its budget.
fn bodies(plan: &Plan, seed: u64) -> bool {
    let program = &plan.image.program;
    let mut chance = Chance(seed);
    let templates = program.templates.iter().map(|template| (template.body, template.params.len() + 1));
    let tasks = program.tasks.iter().map(|task| (task.body, task.params.len()));
    let finally = program.finally.map(|code| (code, 0));
    let all = [(program.main, 0)].into_iter().chain(templates).chain(tasks).chain(finally);
    let mut ended = true;
    for (code, params) in all {
        let args = (0..params).map(|_| anything(&mut chance, plan)).collect();
        let mut vm = Vm::new(Arc::clone(&plan.image), code, args, Arc::default(), Arc::from("fuzz"));
        for _ in 0..OPERATIONS_MAX {
            match vm.run(INSTRUCTIONS_MAX) {
                Stop::Op(op) => vm.resume(answer(&mut chance, plan, &op)),
                Stop::Returned(value) => {
                    let _ = value::literal(&value);
                    break;
                }
                Stop::Raised(error) => {
                    let _ = error.to_string();
                    break;
                }
                Stop::Budget => {
                    ended = false;
                    break;
                }
            }
            let mut print = Vec::new();
            vm.fingerprint(&mut print);
        }
    }
    ended
}

/// What a world might say to an operation, and things that none would say.
fn answer(chance: &mut Chance, plan: &Plan, op: &Op) -> Outcome {
    match chance.below(12) {
        0 => Outcome::Raise(Error::new(ErrorKind::Empty, "fuzz")),
        1 => Outcome::Raise(Error::type_error("fuzz")),
        2 => Outcome::Handle(anything(chance, plan)),
        3 => Outcome::Value(op.args.get(0).clone()),
        4 | 5 => Outcome::Value(Value::Bool(chance.below(2) == 0)),
        _ => Outcome::Value(anything(chance, plan)),
    }
}

fn anything(chance: &mut Chance, plan: &Plan) -> Value {
    let small = chance.number() as i64 % 4;
    match chance.below(13) {
        0 => Value::None,
        1 => Value::Bool(small > 1),
        2 => Value::Int(small),
        3 => Value::Int(i64::MIN),
        4 => Value::Float(f64::NAN),
        5 => Value::Duration(small),
        6 => Value::from("text"),
        7 => Value::list(vec![Value::Int(small), Value::from("x")]),
        8 => Value::Actor(ActorRef(small as u32)),
        9 => Value::Task(small as u32),
        _ => chance.one_of(&plan.image.globals).cloned().unwrap_or_default(),
    }
}

/// Walks through the machine of a scenario.
pub fn machine(data: &[u8]) {
    let Some(plan) = text(data).and_then(planned) else { return };
    // What computes for ever by itself would take the machine's budget, which is larger. Which bodies do is seen only
    // where the answers lead them there, so it is asked more than once.
    if !(0..4).all(|seed| bodies(&plan, seed)) {
        return;
    }
    let mut chance = Chance(data.len() as u64);
    let time = if chance.below(2) == 0 { Time::Any } else { Time::Prompt };
    let rules = Rules { time, late_deaths: chance.below(2) == 0, ..Rules::exploring(16) };
    let machine = Machine::new(Arc::new(plan), rules);
    let Ok((mut state, _)) = machine.initial() else { return };
    for _ in 0..STEPS_MAX {
        let choices = machine.choices(&state);
        let Some(choice) = chance.one_of(&choices) else { break };
        // Each step that is offered can be taken.
        machine.step(&mut state, choice).unwrap_or_else(|_| panic!("{choice:?} was offered"));
        let _ = machine.fingerprint(&state);
    }
}

/// The scenario that the traces of the corpus are of.
pub const JUDGED: &str =
    "queue q(1)\nlock m\nprocess p { with m { q.put(1) } }\nmain { let h = start p\nprint q.get()\nh.join() }\n";

/// Reads a recorded trace, renders it, and judges it as one of the scenario above.
pub fn trace(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let read = [Trace::from_ron_lines(text).ok(), Trace::from_json(text).ok()];
    for trace in read.into_iter().flatten() {
        let _ = (trace.outline(), trace.by_actor(), report::lanes(&trace, 60), trace.prints());
        let _ = report::stats(&Stats::new(&trace));
        let _ = report::diff(&trace, &trace, &diff(&trace, &trace));
        if let Ok(event) = trace.last_event() {
            let why = Why::of(&trace, event);
            let _ = (report::causes(&trace, &why), report::before(&trace, &why));
        }
        if let Some(plan) = planned(JUDGED) {
            let _ = judge(&Arc::new(plan), trace.data(), None);
        }
    }
}

/// Reads a replay.
pub fn replay(data: &[u8]) {
    let Some(replay) = text(data).and_then(|text| Replay::from_ron(text).ok()) else { return };
    for step in &replay.steps {
        let _ = (step.actor(), step.op(), step.line());
    }
    if let Ok(again) = replay.to_ron() {
        assert_eq!(Replay::from_ron(&again).ok().map(|replay| replay.to_ron().ok()), Some(Some(again)));
    }
}

/// Reads a snapshot.
pub fn snapshot(data: &[u8]) {
    let Some(snapshot) = text(data).and_then(|text| Snapshot::parse(text).ok()) else { return };
    assert_eq!(Snapshot::parse(&snapshot.format()), Ok(snapshot));
}

/// Decodes a value and an error, as they come out of shared memory and pipes.
pub fn codec(data: &[u8]) {
    if let Some(value) = value::decode(data) {
        let mut again = Vec::new();
        value::encode(&value, &mut again);
        let twice = value::decode(&again).map(|value| value::literal(&value));
        assert_eq!(twice, Some(value::literal(&value)));
    }
    if let Some(error) = value::decode_error(data) {
        let _ = error.to_string();
    }
}
