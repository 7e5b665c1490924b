//! Who had begun to wait when somebody asked how many do.
//!
//! A free run does not tell of it. Answers for: as many arrivals as the answer needs, of those who have stood before
//! their operations for the longest. Never takes a wait back.

use super::{Judge, Progress};
use crate::machine::{Choice, What};
use crate::program::op::OpCode;
use crate::trace::{Datum, Event, Status};

impl Judge<'_> {
    /// The progress after an event that says how many wait, and the arrivals of those who are missing.
    pub(super) fn after_arrivals(&self, progress: &Progress, event: &Event) -> Option<Progress> {
        let (OpCode::Waiting, Status::Gave(Datum::Int(said))) = (event.op, &event.status) else { return None };
        let asker = progress.id(event.place.actor)?;
        let count = |progress: &Progress| self.machine.waiting_in(&progress.state, asker);
        let mut next = progress.clone();
        for actor in self.about_to_wait(progress) {
            let before = count(&next)?;
            if before >= *said {
                break;
            }
            let arrived = self.silently(&next, &Choice { actor, what: What::Go });
            // Others wait elsewhere.
            if let Some(arrived) = arrived.filter(|arrived| count(arrived) > Some(before)) {
                next = arrived;
            }
        }
        self.take_now(&next, event).ok()
    }

    /// Actors that can do nothing but begin to wait, and do not tell of it; who came first comes first.
    fn about_to_wait(&self, progress: &Progress) -> Vec<u32> {
        let event_at = |at: Option<&u32>| at.and_then(|at| self.data.events.get(*at as usize));
        let mut found: Vec<(u64, u32)> = Vec::new();
        for (index, (lane, done)) in (0u32..).zip(self.order.lanes.iter().zip(&progress.done)) {
            let Some(actor) = progress.id(index) else { continue };
            let last = event_at((*done as usize).checked_sub(1).and_then(|last| lane.get(last)));
            let tells = event_at(lane.get(*done as usize)).is_some_and(|next| next.op == OpCode::Arrive);
            if !tells && self.machine.only_arrives(&progress.state, actor) {
                found.push((last.map_or(0, |last| last.time_ns), actor));
            }
        }
        found.sort_unstable();
        found.into_iter().map(|(_, actor)| actor).collect()
    }
}
