//! From what actors noted in the arena to a trace.
//!
//! Answers for: who the actors and objects of a run are, and its events where they were kept. Never orders events.

use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};

use rustc_hash::FxHashMap;

use super::actor;
use super::arena::{Arena, Off};
use super::layout::{ACTORS_AT, ACTORS_MAX, OBJECTS_AT, OBJECTS_MAX, ObjectHeader, Slot, state};
use super::object::{self, Named, barrier, condition, find, kind_number, look_up, queue, semaphore};
use super::record;
use super::supervisor::MAIN;
use crate::machine::pid_of;
use crate::plan::Plan;
use crate::program::fault;
use crate::program::op::OpCode;
use crate::trace::recorded::{Noted, Numbers};
use crate::trace::{ActorInfo, ObjectDetail, Place, TraceData, VERSION};
use crate::value::ObjectKind;

/// What an actor waits for.
pub(super) struct TargetName {
    pub(super) name: String,
    pub(super) kind: Option<ObjectKind>,
    pub(super) actor: Option<u32>,
}

/// Everything that was recorded of a run, where it was kept.
pub(super) fn gather(arena: Arena, plan: &Plan, file: &str) -> TraceData {
    let until = arena.header().actors.load(SeqCst).min(ACTORS_MAX);
    let started: Vec<u32> =
        (MAIN..until).filter(|number| actor::slot(arena, *number).state.load(Acquire) != state::FREE).collect();
    let noted_by = |number: &u32| {
        let number = *number;
        let events = record::read_all(arena, number).into_iter();
        (0..).zip(events).filter_map(move |(seq, noted)| Some((Numbers::place(number, seq)?, noted)))
    };
    let noted: Vec<(Place, Noted)> = started.iter().flat_map(noted_by).collect();
    let mut objects = Objects::default();
    objects.learn(arena, plan);
    let mut numbers = Numbers::new(OpCode::ALL.to_vec(), tasks(plan));
    numbers.objects = objects.indices;
    noted.iter().for_each(|(place, noted)| numbers.learn_result(*place, noted));
    let events = noted.iter().map(|(place, noted)| numbers.event(*place, noted)).collect();
    let actors = started.iter().map(|number| actor_info(arena, *number)).collect();
    TraceData { actors, objects: objects.details, events, ..head(arena, plan, file) }
}

/// The names of tasks, by number.
pub(super) fn tasks(plan: &Plan) -> Vec<String> {
    plan.image.program.tasks.iter().map(|task| task.name.to_string()).collect()
}

/// What is known of a run before it begins.
pub(super) fn head(arena: Arena, plan: &Plan, file: &str) -> TraceData {
    let file =
        std::path::Path::new(file).file_name().map_or(file.to_owned(), |name| name.to_string_lossy().into_owned());
    let (scenario, sets, cores) = (plan.hash(), plan.sets.clone(), plan.image.cores);
    let unusual = |max: u32, usual: u32| if max == usual { 0 } else { max };
    let processes_max = unusual(arena.header().processes_max.load(Relaxed), fault::PROCESSES_MAX);
    let threads_max = unusual(arena.header().threads_max.load(Relaxed), fault::THREADS_MAX);
    let spurious = arena.header().spurious.load(Relaxed) != 0;
    TraceData {
        version: VERSION,
        file,
        scenario,
        sets,
        cores,
        processes_max,
        threads_max,
        spurious,
        ..TraceData::default()
    }
}

/// Who an actor is.
pub(super) fn actor_info(arena: Arena, number: u32) -> ActorInfo {
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

/// The objects of a run that have a name, in the order in which they were made.
#[derive(Default)]
pub(super) struct Objects {
    pub(super) details: Vec<ObjectDetail>,
    /// Their ids.
    pub(super) ids: Vec<u32>,
    /// From an id to its index among them.
    indices: FxHashMap<u32, u32>,
    /// Ids below this have been looked at.
    seen: u32,
    /// Those of them that are being made.
    coming: Vec<u32>,
}

impl Objects {
    /// Learns of those that were made since the last time; gives how many were known before.
    pub(super) fn learn(&mut self, arena: Arena, plan: &Plan) -> usize {
        let known = self.details.len();
        let until = arena.header().objects.load(SeqCst).min(OBJECTS_MAX);
        let mut looked_at = std::mem::take(&mut self.coming);
        looked_at.extend(self.seen..until);
        self.seen = until;
        for id in looked_at {
            let off = match look_up(arena, id) {
                Named::There(off) => off,
                Named::Coming => {
                    self.coming.push(id);
                    continue;
                }
                Named::StruckOut => continue,
            };
            let header: &ObjectHeader = arena.at(off);
            let (Some(kind), Some(name)) = (object_kind(header), object_name(arena, plan, header)) else { continue };
            self.indices.insert(id, self.details.len() as u32);
            self.ids.push(id);
            self.details.push(ObjectDetail { name, kind, size: size(arena, off, kind) });
        }
        // A condition over a lock that was declared says which.
        for (id, detail) in self.ids.iter().zip(&mut self.details).skip(known) {
            if detail.kind == ObjectKind::Condition {
                let lock = condition::lock_id(arena, find(arena, *id), *id);
                detail.size = self.indices.get(&lock).filter(|_| lock != *id).map(|index| i64::from(*index));
            }
        }
        known
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
