//! The masked form of a trace that snapshots are taken of: names in place of indices; no pids, times, tickets or paths.
//!
//! Answers for: a form that changes only when the scenario did something else. Never read back.

use rustc_hash::FxHashMap;
use serde::{Serialize, Serializer};

use super::file::VERSION;
use super::mask::INDEX;
use super::same::is_pass;
use super::{Datum, Event, Place, Status, Trace};
use crate::program::ActorKind;
use crate::program::op::OpCode;
use crate::value::ObjectKind;

impl Serialize for Trace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Masked::of(self).serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename = "Trace")]
struct Masked<'a> {
    version: u32,
    actors: Vec<(&'a str, ActorKind)>,
    objects: Vec<(&'a str, ObjectKind)>,
    events: Vec<Step<'a>>,
}

#[derive(Serialize)]
#[serde(rename = "Event")]
struct Step<'a> {
    actor: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    line: u32,
    op: OpCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    on: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    args: Vec<Shown<'a>>,
    status: Came<'a>,
}

#[derive(Serialize)]
#[serde(rename = "Status")]
enum Came<'a> {
    Gave(Shown<'a>),
    Raised(&'a str, &'a str),
}

/// A value by name: the masked counterpart of [`Datum`].
#[derive(Serialize)]
#[serde(rename = "Datum")]
enum Shown<'a> {
    #[serde(rename = "Nothing")]
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Duration(i64),
    Pid(String),
    Time,
    Index(&'static str),
    Str(String),
    List(Vec<Shown<'a>>),
    Map(Vec<(Shown<'a>, Shown<'a>)>),
    Set(Vec<Shown<'a>>),
    Range(Box<Shown<'a>>, Box<Shown<'a>>, bool),
    Object(&'a str),
    Actor(&'a str),
    Result(u32),
    Task(&'a str),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(line: &u32) -> bool {
    *line == 0
}

impl<'a> Masked<'a> {
    fn of(trace: &'a Trace) -> Masked<'a> {
        let results = trace.results();
        let by_name = |a: &&str, b: &&str| super::names::compare(a, b);
        let mut actors: Vec<_> = trace.data().actors.iter().map(|info| (info.name.as_str(), info.kind)).collect();
        let mut objects: Vec<_> = trace.data().objects.iter().map(|info| (info.name.as_str(), info.kind)).collect();
        actors.sort_by(|a, b| by_name(&a.0, &b.0));
        objects.sort_by(|a, b| by_name(&a.0, &b.0));
        let events = trace.shown_events().map(|event| step(trace, &results, event)).collect();
        Masked { version: VERSION, actors, objects, events }
    }
}

fn step<'a>(trace: &'a Trace, results: &FxHashMap<Place, u32>, event: &'a Event) -> Step<'a> {
    let object = event.object.map(|object| trace.object_name(object));
    let on = object.or_else(|| event.actor.map(|actor| trace.actor_name(actor)));
    let status = match &event.status {
        Status::Gave(Datum::Int(_)) if is_pass(event.op) => Came::Gave(Shown::Index(INDEX)),
        Status::Gave(datum) => Came::Gave(show(trace, results, datum)),
        Status::Raised(kind, message) => Came::Raised(kind, message),
    };
    // A template is named by the actors that were started of it; its number means nothing outside the file.
    let hidden = usize::from(event.op == OpCode::Start);
    Step {
        actor: trace.actor_name(event.place.actor),
        line: event.line,
        op: event.op,
        on,
        args: event.args.iter().skip(hidden).map(|arg| show(trace, results, arg)).collect(),
        status,
    }
}

fn show<'a>(trace: &'a Trace, results: &FxHashMap<Place, u32>, datum: &'a Datum) -> Shown<'a> {
    let all = |items: &'a [Datum]| items.iter().map(|item| show(trace, results, item)).collect();
    match datum {
        Datum::None => Shown::None,
        Datum::Bool(value) => Shown::Bool(*value),
        Datum::Int(value) => Shown::Int(*value),
        Datum::Float(value) => Shown::Float(*value),
        Datum::Duration(value) => Shown::Duration(*value),
        Datum::Pid(id) => Shown::Pid(trace.ids().owner(*id).unwrap_or("?").into()),
        Datum::Elapsed(_) => Shown::Time,
        Datum::Str(text) => Shown::Str(text.clone()),
        Datum::Masked(text, masks) => Shown::Str(trace.ids().text(text, masks)),
        Datum::List(items) => Shown::List(all(items)),
        Datum::Set(items) => Shown::Set(all(items)),
        Datum::Map(entries) => Shown::Map(
            entries.iter().map(|(key, value)| (show(trace, results, key), show(trace, results, value))).collect(),
        ),
        Datum::Range(low, high, inclusive) => {
            Shown::Range(Box::new(show(trace, results, low)), Box::new(show(trace, results, high)), *inclusive)
        }
        Datum::Object(object) => Shown::Object(trace.object_name(*object)),
        Datum::Actor(actor) => Shown::Actor(trace.actor_name(*actor)),
        Datum::Result(place) => Shown::Result(results.get(place).copied().unwrap_or(0)),
        Datum::Task(name) => Shown::Task(name),
    }
}
