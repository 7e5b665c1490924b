//! The trace of a run, as reports and tests read it.
//!
//! Answers for: events in canonical order, and what each actor did and printed. Never renders an outline.

use super::mask::Ids;
use super::{Datum, Event, TraceData, canonical};
use crate::program::op::OpCode;

/// The trace of a run: its events in canonical order (see [`Trace::events`]).
///
/// It is made the same whatever order the actors' steps came in, as long as they had the same causes. It serializes to
/// a form without pids, times and tickets, for snapshots; [`Trace::to_ron_lines`] and [`Trace::to_json`] keep
/// everything.
#[derive(Clone, Debug)]
pub struct Trace {
    data: TraceData,
    ids: Ids,
}

impl Trace {
    /// Orders what was recorded. Events of actors that do not exist are left out.
    pub fn new(mut data: TraceData) -> Trace {
        let order = canonical::order(&data);
        let mut events: Vec<Option<Event>> = std::mem::take(&mut data.events).into_iter().map(Some).collect();
        data.events = order.iter().filter_map(|at| events.get_mut(*at as usize)?.take()).collect();
        let ids = Ids::new(&data);
        Trace { data, ids }
    }

    /// All that was recorded, events in canonical order.
    pub fn data(&self) -> &TraceData {
        &self.data
    }

    /// The events in canonical order: each actor's own order and every cause before its effect; else an actor goes on
    /// for as long as it can.
    pub fn events(&self) -> &[Event] {
        &self.data.events
    }

    /// Those events that are the same at every run with the same causes.
    pub(crate) fn shown_events(&self) -> impl Iterator<Item = &Event> {
        self.data.events.iter().filter(|event| !event.waits_at_rendezvous())
    }

    /// The events of one actor, by its instance name, in its own order.
    pub fn of<'a>(&'a self, actor: &str) -> impl Iterator<Item = &'a Event> {
        let index = self.data.actors.iter().position(|info| info.name == actor);
        self.data.events.iter().filter(move |event| Some(event.place.actor as usize) == index)
    }

    /// What was printed, masked, in canonical order.
    pub fn prints(&self) -> Vec<String> {
        self.data.events.iter().filter_map(|event| self.printed(event)).collect()
    }

    /// What one actor printed, masked, in its own order.
    pub fn prints_of(&self, actor: &str) -> Vec<String> {
        self.of(actor).filter_map(|event| self.printed(event)).collect()
    }

    fn printed(&self, event: &Event) -> Option<String> {
        match (event.op, event.args.first()?) {
            (OpCode::Print, Datum::Str(text)) => Some(text.clone()),
            (OpCode::Print, Datum::Masked(text, masks)) => Some(self.ids.text(text, masks)),
            _ => None,
        }
    }

    /// The order of two actors by name: `main` first, numbers by their value.
    pub(crate) fn compare_names(&self, left: u32, right: u32) -> std::cmp::Ordering {
        super::names::compare(self.actor_name(left), self.actor_name(right)).then(left.cmp(&right))
    }

    /// The instance name of an actor.
    pub(crate) fn actor_name(&self, actor: u32) -> &str {
        self.data.actors.get(actor as usize).map_or("?", |info| &info.name)
    }

    /// The name of an object.
    pub(crate) fn object_name(&self, object: u32) -> &str {
        self.data.objects.get(object as usize).map_or("?", |info| &info.name)
    }

    /// Who has which id.
    pub(crate) fn ids(&self) -> &Ids {
        &self.ids
    }

    /// The tasks that were handed to pools, numbered from 1 in canonical order.
    pub(crate) fn results(&self) -> rustc_hash::FxHashMap<super::Place, u32> {
        let submits = self.data.events.iter().filter(|event| {
            matches!(
                event.op,
                OpCode::PoolSubmit | OpCode::PoolSubmitMap | OpCode::PoolImap | OpCode::PoolImapUnordered
            )
        });
        submits.map(|event| event.place).zip(1..).collect()
    }
}
