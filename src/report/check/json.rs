//! A check as JSON.

use serde_json::{Value, json};

use super::observed::observed_json;
use super::words::{failure, step};
use crate::check::{Assumption, Avoidable, Bound, Cause, Checked, Compared, Counterexample, Line, Observed, Sampled};
use crate::source::Source;

/// One object, on one line.
pub fn json(source: &Source, checked: &Checked, compared: &Compared, observed: Option<&Observed>) -> String {
    let mut object = json!({
        "file": source.name(),
        "verdict": checked.verdict.name(),
        "expected": compared.expected,
        "as_expected": compared.as_expected,
        "complete": checked.complete,
        "states": checked.states,
        "transitions": checked.transitions,
        "bytes": checked.bytes,
        "seconds": checked.time.as_secs_f64(),
        "outcomes": checked.outcomes,
        "assumptions": checked.assumptions.iter().map(assumed).collect::<Vec<_>>(),
        "also": checked.also.iter().map(|other| json!({
            "verdict": other.verdict().name(),
            "message": failure(source, other, None),
        })).collect::<Vec<_>>(),
    });
    if let (Some(object), Some(sampled)) = (object.as_object_mut(), checked.sampled) {
        let Sampled { schedules, steps, states, estimate } = sampled;
        let value = json!({ "schedules": schedules, "steps": steps, "states": states, "states_at_least": estimate });
        object.insert("sampled".into(), value);
    }
    if let (Some(object), Some(bound)) = (object.as_object_mut(), checked.bound) {
        let bound = match bound {
            Bound::States => "states",
            Bound::Time => "time",
            Bound::Memory => "memory",
            Bound::Preemptions => "preemptions",
        };
        object.insert("bound".into(), bound.into());
    }
    if let (Some(object), Some(collisions)) = (object.as_object_mut(), checked.collisions) {
        object.insert("collisions".into(), collisions.into());
    }
    if let (Some(object), Some(counterexample)) = (object.as_object_mut(), &checked.counterexample) {
        object.insert("counterexample".into(), told(source, counterexample));
    }
    if let (Some(object), Some(observed)) = (object.as_object_mut(), observed) {
        object.insert("observed".into(), observed_json(source, observed));
    }
    format!("{object}\n")
}

fn assumed(assumption: &Assumption) -> String {
    match assumption {
        Assumption::AnyTime => "timeouts any".into(),
        Assumption::PromptTime => "timeouts prompt".into(),
        Assumption::RestsOnTime => "passes with timeouts prompt".into(),
        Assumption::LeavesCycles => "cycles are left".into(),
        Assumption::Preemptions(most) => format!("preemptions {most}"),
        Assumption::Crashes(most) => format!("crashes {most}"),
        Assumption::Spurious => "spurious wake-ups".into(),
    }
}

fn told(source: &Source, counterexample: &Counterexample) -> Value {
    let line = |span: crate::source::Span| source.place(span.start).line;
    let steps = |lines: &[Line]| -> Vec<Value> {
        let step = |one: &Line| json!({ "actor": one.actor, "operation": step(one), "line": one.span.map(line) });
        lines.iter().map(step).collect()
    };
    json!({
        "message": failure(source, &counterexample.failure, counterexample.cause.as_ref()),
        "steps": steps(&counterexample.lines),
        "round": steps(&counterexample.round),
        "preemptions": counterexample.cost.preemptions,
        "context_switches": counterexample.cost.switches,
        "minimal": counterexample.minimal,
        "blocked": counterexample.blocked.iter().map(|one| json!({
            "actor": one.actor,
            "waits_for": one.target,
            "held_by": one.held_by,
            "line": line(one.span),
        })).collect::<Vec<_>>(),
        "cause": counterexample.cause.as_ref().map(cause),
        "avoidable_before_step": match counterexample.avoidable {
            Avoidable::Until(at) => json!(at + 1),
            Avoidable::Never => json!(0),
            Avoidable::Unknown => Value::Null,
        },
    })
}

fn cause(cause: &Cause) -> &'static str {
    match cause {
        Cause::LockCycle(_) => "lock cycle",
        Cause::DeadOwner(..) => "dead owner",
        Cause::ShortBarrier(..) => "short barrier",
        Cause::LostWakeUp(..) => "lost wake-up",
        Cause::NobodyWakes(_) => "nobody wakes",
        Cause::NoProducer(_) => "missing producer",
        Cause::NoConsumer(_) => "missing consumer",
        Cause::StarvedJoin(..) => "starved join",
        Cause::Other => "other",
    }
}
