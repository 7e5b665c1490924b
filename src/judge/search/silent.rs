//! Steps that no event of a trace tells of.
//!
//! Answers for: which there are in a state, and as few of them as an event needs. Never takes an event by itself.

use rustc_hash::FxHashSet;

use super::{Judge, Progress, SIGKILL, STATES_MAX};
use crate::judge::untold;
use crate::machine::{Choice, Ends, What};
use crate::program::op::OpCode;
use crate::trace::{Datum, Event, Status};

impl Judge<'_> {
    /// The progress after an event and the fewest silent steps that let it be.
    pub(super) fn after_silent(
        &self,
        progress: &Progress,
        event: &Event,
        most: usize,
        cut_off: bool,
    ) -> Option<Progress> {
        let mut seen = FxHashSet::default();
        let mut level = vec![progress.clone()];
        for _ in 0..most {
            let mut deeper = Vec::new();
            for from in &level {
                for choice in self.silent(from, event, cut_off) {
                    let Some(next) = self.silently(from, &choice) else { continue };
                    if seen.len() > STATES_MAX || !seen.insert(self.machine.fingerprint(&next.state)) {
                        continue;
                    }
                    if let Ok(next) = self.take_now(&next, event) {
                        return Some(next);
                    }
                    deeper.push(next);
                }
            }
            level = deeper;
        }
        None
    }

    /// The progress after an event and every silent step by which processes come to their ends.
    pub(super) fn after_all_silent(&self, progress: &Progress, event: &Event) -> Option<Progress> {
        let mut next = progress.clone();
        for _ in 0..STATES_MAX {
            let is_end = |choice: &Choice| match choice.what {
                What::Go => self.machine.next_end(&next.state, choice.actor).is_some(),
                What::Die(_) | What::Bury => true,
                _ => false,
            };
            let choice = self.silent(&next, event, false).into_iter().find(is_end)?;
            next = self.silently(&next, &choice)?;
            if let Ok(next) = self.take_now(&next, event) {
                return Some(next);
            }
        }
        None
    }

    /// Takes a silent step. That an actor begins to wait is told only where that is always a step.
    pub(in crate::judge) fn silently(&self, from: &Progress, choice: &Choice) -> Option<Progress> {
        self.effort.set(self.effort.get().checked_sub(1)?);
        let mut next = from.clone();
        if let What::Die(signal) = choice.what {
            // What it could not tell of did not return.
            self.machine.give_back(&mut next.state, choice.actor);
            self.machine.signal_from_outside(&mut next.state, choice.actor, signal);
        }
        let arrives = self.machine.only_arrives(&next.state, choice.actor);
        let mut happened = self.machine.step(&mut next.state, choice).ok()?;
        if arrives {
            happened.noted.retain(|noted| noted.actor != choice.actor || noted.op != OpCode::Arrive);
        }
        next.steps += 1;
        self.keep(&mut next, happened);
        Some(next)
    }

    /// Steps that no event tells of, so far as what is recorded of their actors allows them; some only for the sake of
    /// a certain event. With `cut_off`, also what the killed may have done last.
    pub(super) fn silent(&self, progress: &Progress, event: &Event, cut_off: bool) -> Vec<Choice> {
        let mut silent = Vec::new();
        let mut choices = Vec::new();
        let putter = progress.id(event.place.actor);
        for (index, (lane, done)) in (0u32..).zip(self.order.lanes.iter().zip(&progress.done)) {
            let Some(actor) = progress.id(index) else { continue };
            let next = lane.get(*done as usize).and_then(|at| self.data.events.get(*at as usize));
            let next = next.filter(|next| !untold::is_death(next));
            // Who has met somebody of which it has yet to tell meets nobody else before.
            let has_met = progress.pending.get(&actor).is_some_and(|pending| !pending.is_empty());
            let meets = |next: &Event| !has_met && is_met_by(next, event);
            choices.clear();
            self.machine.choices_of(&progress.state, actor, &mut choices);
            if cut_off
                && self.stuck.is_none()
                && self.may_be_cut_off(index)
                && self.machine.can_die(&progress.state, actor)
            {
                choices.push(Choice { actor, what: What::Die(SIGKILL) });
            }
            for choice in choices.drain(..) {
                let allowed = match choice.what {
                    What::Die(_) => self.has_no_more(progress, actor),
                    What::Bury | What::Replace(_) => true,
                    What::Wake => next.is_some_and(|next| {
                        let is_woken = matches!(next.status, Status::Gave(Datum::Bool(true)));
                        next.op == OpCode::ConditionWait && is_woken && next.cause.is_none()
                    }),
                    What::Go => match self.machine.next_end(&progress.state, actor) {
                        Some(Ends::Dismiss) => true,
                        Some(Ends::LetGo) => next.is_none_or(|next| next.op == OpCode::End),
                        Some(Ends::Finally) => next.is_some(),
                        Some(Ends::End) => cut_off && self.may_have_done_more(index) && next.is_none(),
                        None => match next {
                            // It begins to wait, of which a trace tells only where that is always a step.
                            Some(next) if self.machine.only_arrives(&progress.state, actor) => {
                                !self.tells_of_a_wait(next)
                            }
                            Some(next) => meets(next),
                            // Who waits for good has no more to tell.
                            None if self.machine.only_arrives(&progress.state, actor) => true,
                            None => cut_off && self.may_have_done_more(index),
                        },
                    },
                    What::TimeOut => {
                        let gave_up =
                            |next: &Event| matches!(next.status, Status::Gave(Datum::Bool(false)) | Status::Raised(..));
                        match next {
                            Some(next) if untold::is_untold(next) => true,
                            Some(next) => next.op == OpCode::ConditionWait && gave_up(next),
                            None => cut_off && self.may_have_done_more(index),
                        }
                    }
                    What::Draw(_) => {
                        let op = self.machine.next_op(&progress.state, actor).map(|op| op.code);
                        op == Some(OpCode::DeadlineLeft)
                    }
                    // A get at a rendezvous, as below.
                    What::Case(case, ref served) => {
                        let op = self.machine.next_op(&progress.state, actor);
                        let case = op.and_then(|op| op.cases.get(case as usize));
                        let tells = |next: &&Event| case.is_some_and(|case| self.tells_of(progress, next, case));
                        let is_cut_off = next.is_none() && cut_off && self.may_have_done_more(index);
                        let is_met = next.filter(tells).is_some_and(&meets);
                        let serves_it = served.is_empty() || served.first().copied() == putter;
                        (is_met && serves_it) || (is_cut_off && served.is_empty())
                    }
                    What::Serve(ref served) => next.is_some_and(meets) && served.first().copied() == putter,
                };
                if allowed {
                    silent.push(choice);
                }
            }
        }
        silent
    }
}

/// At a rendezvous a put is complete when it is got, and told of before.
fn is_met_by(get: &Event, put: &Event) -> bool {
    let got = match (get.op, &get.status) {
        (OpCode::QueueGet, Status::Gave(message)) => Some(message),
        (OpCode::QueueNext, Status::Gave(Datum::List(turn))) => turn.get(1).filter(|_| turn[0] == Datum::Bool(true)),
        _ => None,
    };
    // One that found the queue closed met nobody.
    let is_its = got.is_some() && got == put.args.first() && get.cause.is_none_or(|cause| cause == put.place);
    put.op == OpCode::QueuePut && put.object == get.object && is_its
}
