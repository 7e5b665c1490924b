//! The events on each object, in the order of their tickets.
//!
//! Answers for: which object's tickets an event took. Never says what an order means (see `rules`).

use super::{Event, TraceData};
use crate::value::ObjectKind;

/// By object: its events that took a ticket, as indices into `data.events`, by ticket.
pub(super) fn by_ticket(data: &TraceData) -> Vec<Vec<usize>> {
    let mut steps: Vec<Vec<usize>> = vec![Vec::new(); data.objects.len()];
    for (at, event) in data.events.iter().enumerate().filter(|(_, event)| event.ticket > 0) {
        if let Some(own) = event.object.and_then(|object| steps.get_mut(counter(data, object) as usize)) {
            own.push(at);
        }
    }
    let key = |at: &usize| data.events.get(*at).map(|event: &Event| (event.ticket, event.place));
    steps.iter_mut().for_each(|own| own.sort_by_key(key));
    steps
}

/// The object whose tickets an object takes: of a condition over a declared lock that lock, else the object itself.
pub(super) fn counter(data: &TraceData, object: u32) -> u32 {
    let info = data.objects.get(object as usize).filter(|info| info.kind == ObjectKind::Condition);
    let lock = info.and_then(|info| u32::try_from(info.size?).ok());
    let is_lock = |lock: &u32| {
        let kind = data.objects.get(*lock as usize).map(|info| info.kind);
        matches!(kind, Some(ObjectKind::Lock | ObjectKind::Rlock))
    };
    lock.filter(is_lock).unwrap_or(object)
}
