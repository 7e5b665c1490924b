//! From what actors noted in the arena to a trace.
//!
//! Answers for: names and indices of actors and objects, values as a trace keeps them. Never orders events.

use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};

use rustc_hash::FxHashMap;

use super::actor;
use super::arena::{Arena, Off};
use super::layout::{ACTORS_AT, ACTORS_MAX, OBJECTS_AT, OBJECTS_MAX, ObjectHeader, Slot, state, unpack_place};
use super::object::{self, barrier, condition, find, kind_number, queue, semaphore};
use super::record::{self, Noted};
use super::supervisor::MAIN;
use crate::machine::pid_of;
use crate::plan::Plan;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::trace::{ActorInfo, Datum, Event, ObjectDetail, Place, Status, TraceData};
use crate::value::{ObjectKind, Value};

/// Version of the trace that this makes.
const TRACE_VERSION: u32 = 1;

/// What an actor waits for.
pub(super) struct TargetName {
    pub(super) name: String,
    pub(super) kind: Option<ObjectKind>,
    pub(super) actor: Option<u32>,
}

/// Everything that was recorded of a run.
pub(super) fn gather(arena: Arena, plan: &Plan, file: &str) -> TraceData {
    let until = arena.header().actors.load(SeqCst).min(ACTORS_MAX);
    let started: Vec<u32> =
        (MAIN..until).filter(|number| actor::slot(arena, *number).state.load(Acquire) != state::FREE).collect();
    let noted: Vec<(u32, Vec<Noted>)> =
        started.iter().map(|number| (*number, record::read_all(arena, *number))).collect();
    let mut translator = Translator::new(arena, plan);
    translator.learn_results(&noted);
    let mut events = Vec::new();
    for (number, noted) in &noted {
        for (seq, event) in noted.iter().enumerate() {
            events.push(translator.event(*number, seq as u32, event));
        }
    }
    let actors = started.iter().map(|number| actor_info(arena, *number)).collect();
    let file =
        std::path::Path::new(file).file_name().map_or(file.to_owned(), |name| name.to_string_lossy().into_owned());
    let (scenario, sets) = (plan.hash(), plan.sets.clone());
    let (cores, objects) = (plan.image.cores, translator.objects);
    let processes_max = match arena.header().processes_max.load(Relaxed) {
        fault::PROCESSES_MAX => 0,
        other => other,
    };
    let spurious = arena.header().spurious.load(Relaxed) != 0;
    TraceData { version: TRACE_VERSION, file, scenario, sets, cores, processes_max, spurious, actors, objects, events }
}

fn actor_info(arena: Arena, number: u32) -> ActorInfo {
    let slot: &Slot = actor::slot(arena, number);
    let in_turns = super::turns::are_on(arena);
    ActorInfo {
        name: actor::name(arena, number),
        kind: actor::kind_of(slot),
        parent: slot.parent.load(Relaxed).checked_sub(1).and_then(|parent| parent.checked_sub(MAIN)),
        pid: if in_turns { pid_of(slot.process.load(Relaxed)) } else { slot.pid.load(Relaxed) as i64 },
        tid: if in_turns { pid_of(number) } else { slot.tid.load(Relaxed) as i64 },
    }
}

/// The object or actor that lies somewhere.
pub(super) fn target_at(arena: Arena, plan: &Plan, off: Off) -> Option<TargetName> {
    if off.is_null() {
        return None;
    }
    let bytes = off.bytes();
    if (ACTORS_AT..OBJECTS_AT).contains(&bytes) {
        let number = ((bytes - ACTORS_AT) / size_of::<Slot>()) as u32;
        return Some(TargetName { name: actor::name(arena, number), kind: None, actor: Some(number) });
    }
    let header: &ObjectHeader = arena.at(off);
    Some(TargetName { name: object_name(arena, plan, header)?, kind: object_kind(header), actor: None })
}

fn object_kind(header: &ObjectHeader) -> Option<ObjectKind> {
    object::KINDS.into_iter().find(|kind| kind_number(*kind) == header.kind.load(Relaxed))
}

/// As shown: `q`, `forks[2]`, `team[0].team_lock`.
fn object_name(arena: Arena, plan: &Plan, header: &ObjectHeader) -> Option<String> {
    let decl = header.decl.load(Relaxed).checked_sub(1)?;
    let mut name = plan.image.program.objects.get(decl as usize)?.name.to_string();
    if let Some(index) = header.index.load(Relaxed).checked_sub(1) {
        name = format!("{name}[{index}]");
    }
    match header.owner.load(Relaxed).checked_sub(1) {
        Some(owner) if owner != MAIN => Some(format!("{}.{name}", actor::name(arena, owner))),
        _ => Some(name),
    }
}

/// Knows what the numbers in notes mean.
struct Translator<'a> {
    plan: &'a Plan,
    objects: Vec<ObjectDetail>,
    /// From an object's id to its index in the trace.
    indices: FxHashMap<u32, u32>,
    /// From a result's id to where it was submitted.
    results: FxHashMap<u32, Place>,
}

impl<'a> Translator<'a> {
    fn new(arena: Arena, plan: &'a Plan) -> Translator<'a> {
        let mut translator =
            Translator { plan, objects: Vec::new(), indices: FxHashMap::default(), results: FxHashMap::default() };
        let until = arena.header().objects.load(SeqCst).min(OBJECTS_MAX);
        for id in 0..until {
            let off = find(arena, id);
            if off.is_null() {
                continue;
            }
            let header: &ObjectHeader = arena.at(off);
            let (Some(kind), Some(name)) = (object_kind(header), object_name(arena, plan, header)) else { continue };
            translator.indices.insert(id, translator.objects.len() as u32);
            translator.objects.push(ObjectDetail { name, kind, size: size(arena, off, kind) });
        }
        translator.learn_locks(arena);
        translator
    }

    /// A condition over a lock that was declared says which.
    fn learn_locks(&mut self, arena: Arena) {
        for (id, index) in &self.indices {
            let Some(detail) = self.objects.get_mut(*index as usize) else { continue };
            if detail.kind == ObjectKind::Condition {
                let lock = condition::lock_id(arena, find(arena, *id), *id);
                detail.size = self.indices.get(&lock).filter(|_| lock != *id).map(|index| i64::from(*index));
            }
        }
    }

    fn learn_results(&mut self, noted: &[(u32, Vec<Noted>)]) {
        for (number, events) in noted {
            for (seq, event) in events.iter().enumerate() {
                if let Ok(Value::Result(result)) = &event.came {
                    let place = Place { actor: number - MAIN, seq: seq as u32 };
                    self.results.entry(result.0).or_insert(place);
                }
            }
        }
    }

    fn event(&self, number: u32, seq: u32, noted: &Noted) -> Event {
        let args = match &noted.args {
            Value::List(args) => args.iter().map(|arg| self.datum(arg)).collect::<Vec<_>>(),
            _ => Vec::new(),
        };
        let op = OpCode::from_number(noted.op).unwrap_or(OpCode::Mark);
        // An operation on a result says first which: the one that was submitted there.
        let result = noted.object.and_then(|id| self.results.get(&id)).filter(|_| op >= OpCode::PoolDone);
        let args: Vec<Datum> = result.map(|place| Datum::Result(*place)).into_iter().chain(args).collect();
        Event {
            place: Place { actor: number - MAIN, seq },
            time_ns: noted.time_ns,
            line: noted.line,
            op,
            object: noted.object.and_then(|id| self.indices.get(&id).copied()),
            actor: noted.actor.and_then(|number| number.checked_sub(MAIN)),
            ticket: noted.ticket,
            cause: unpack_place(noted.cause).and_then(|(actor, seq)| {
                // What the supervisor did has no event.
                actor.checked_sub(MAIN).map(|actor| Place { actor, seq })
            }),
            args,
            status: match &noted.came {
                Ok(value) => Status::Gave(self.datum(value)),
                Err(error) => Status::Raised(error.kind.name().to_owned(), error.message.to_string()),
            },
        }
    }

    fn datum(&self, value: &Value) -> Datum {
        let all = |items: &mut dyn Iterator<Item = &Value>| items.map(|item| self.datum(item)).collect();
        match value {
            Value::None => Datum::None,
            Value::Bool(value) => Datum::Bool(*value),
            Value::Int(value) => Datum::Int(*value),
            Value::Float(value) => Datum::Float(*value),
            Value::Duration(ns) => Datum::Duration(*ns),
            Value::Pid(pid) => Datum::Pid(*pid),
            Value::Elapsed(ns) => Datum::Elapsed(*ns),
            Value::Str(text) if text.masks.is_empty() => Datum::Str(text.text.clone()),
            Value::Str(text) => Datum::Masked(text.text.clone(), text.masks.clone()),
            Value::List(items) => Datum::List(all(&mut items.iter())),
            Value::Set(items) => Datum::Set(all(&mut items.iter())),
            Value::Map(entries) => {
                Datum::Map(entries.iter().map(|(key, value)| (self.datum(key), self.datum(value))).collect())
            }
            Value::Range(range) => {
                Datum::Range(Box::new(self.datum(&range.low)), Box::new(self.datum(&range.high)), range.inclusive)
            }
            Value::Object(object) => self.indices.get(&object.id).map_or(Datum::None, |index| Datum::Object(*index)),
            Value::Actor(actor) => Datum::Actor(actor.0.saturating_sub(MAIN)),
            Value::Result(result) => self.results.get(&result.0).map_or(Datum::None, |place| Datum::Result(*place)),
            Value::Task(task) => {
                let name = self.plan.image.program.tasks.get(*task as usize).map(|task| task.name.to_string());
                Datum::Task(name.unwrap_or_default())
            }
            Value::Error(error) => Datum::Str(format!("{}: {}", error.kind.name(), error.message)),
        }
    }
}

fn size(arena: Arena, off: Off, kind: ObjectKind) -> Option<i64> {
    match kind {
        ObjectKind::Queue => queue::capacity_of(arena, off),
        ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => Some(semaphore::initial_of(arena, off)),
        ObjectKind::Barrier => Some(barrier::parties_of(arena, off)),
        _ => None,
    }
}
