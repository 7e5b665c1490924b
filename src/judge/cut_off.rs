//! Those whose record does not end with their end.
//!
//! Answers for: taking their last operations and their deaths in the machine. Never guesses when (see `untold`).

use super::search::{Judge, Progress, SIGKILL, Untold};
use super::{Reason, untold};
use crate::machine::{Choice, What};
use crate::program::op::{Op, OpCode};
use crate::trace::Event;

impl Judge<'_> {
    /// The progress after the death of a process, if it has not died before; threads go with their process.
    pub(super) fn take_death(&self, progress: &Progress, actor: u32) -> Result<Progress, Reason> {
        if progress.state.is_over() || !self.machine.can_die(&progress.state, actor) {
            return Ok(progress.clone());
        }
        let choice = Choice { actor, what: What::Die(SIGKILL) };
        let next = if self.has_no_more(progress, actor) { self.silently(progress, &choice) } else { None };
        next.ok_or(Reason::NoOperation)
    }

    /// The progress after the operation that a killed actor stood at and could not tell of: of a `select`, the case on
    /// the object that it is known to be on.
    pub(super) fn take_untold(&self, progress: &Progress, actor: u32, event: &Event) -> Result<Progress, Reason> {
        let mut ways = Vec::new();
        self.machine.choices_of(&progress.state, actor, &mut ways);
        let op = self.machine.next_op(&progress.state, actor);
        // Where nobody knows on which object: one that gives, if somebody says that it got something from there, else
        // one that takes, for that comes back.
        let gives = |case: &Op| matches!(case.code, OpCode::QueuePut | OpCode::PipeSend);
        let is_there = |case: u32| {
            let case = op.and_then(|op| op.cases.get(case as usize));
            case.is_some_and(|case| match event.object {
                Some(_) => self.is_on(progress, event, case),
                None => gives(case) == self.takers.contains_key(&event.place),
            })
        };
        ways.retain(|choice| match choice.what {
            What::Go | What::Serve(_) | What::TimeOut => true,
            What::Case(case, _) => is_there(case),
            _ => false,
        });
        if self.machine.next_end(&progress.state, actor).is_some() {
            ways.clear();
        }
        for choice in ways {
            let mut next = progress.clone();
            let Ok(happened) = self.machine.step(&mut next.state, &choice) else { continue };
            next.steps += 1;
            self.keep(&mut next, happened);
            // It told nobody.
            if let Some(pending) = next.pending.get_mut(&actor) {
                pending.clear();
            }
            return Ok(next);
        }
        Err(Reason::NoOperation)
    }

    /// Whether an actor may have done something of which it could not tell: its record does not end with its end, and
    /// it is not stuck for good.
    pub(super) fn may_be_cut_off(&self, index: u32) -> bool {
        let name = self.data.actors.get(index as usize).map(|info| &info.name);
        let stuck = self.stuck.as_ref().zip(name);
        if stuck.is_some_and(|(stuck, name)| stuck.is_empty() || stuck.contains(name)) {
            return false;
        }
        let last = self.order.lanes.get(index as usize).and_then(|lane| lane.last());
        last.and_then(|at| self.data.events.get(*at as usize)).is_none_or(|last| last.op != OpCode::End)
    }

    /// Whether that may be any operation: none for which a gap was filled.
    pub(super) fn may_have_done_more(&self, index: u32) -> bool {
        let lane = self.order.lanes.get(index as usize).into_iter().flatten();
        let is_filled = lane.filter_map(|at| self.data.events.get(*at as usize)).any(untold::is_untold);
        self.untold == Untold::Operations && self.may_be_cut_off(index) && !is_filled
    }

    /// Whether anybody's record does not end with its end.
    pub(super) fn was_somebody_cut_off(&self) -> bool {
        (0..self.order.lanes.len() as u32).any(|index| self.may_be_cut_off(index))
    }

    /// Whether nothing more is recorded of the process that an actor is the first of.
    pub(super) fn has_no_more(&self, progress: &Progress, process: u32) -> bool {
        (0u32..).zip(self.order.lanes.iter().zip(&progress.done)).all(|(index, (lane, done))| {
            let of_it = || progress.id(index).is_some_and(|actor| progress.state.is_of(actor, process));
            let left = lane.iter().skip(*done as usize).filter_map(|at| self.data.events.get(*at as usize));
            left.filter(|event| !untold::is_death(event)).count() == 0 || !of_it()
        })
    }
}
