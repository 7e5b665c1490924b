//! Who had begun to wait when somebody asked how many do.
//!
//! A free run does not tell of it. Answers for: as many arrivals as the answer needs, in every way that there is: of
//! those who stand before their operations, first those who are soonest done waiting. Where an answer counts some who
//! could go on by then, they had begun to wait before what let them: such events are named for the search to turn back
//! to. Never takes a wait back.

use rustc_hash::FxHashMap;

use super::{Judge, Progress};
use crate::judge::order::domain;
use crate::machine::{Choice, What};
use crate::program::op::OpCode;
use crate::trace::{Datum, Event, Status};
use crate::value::ObjectKind;

/// Ways that are tried for one answer.
const WAYS_MAX: usize = 24;
/// Guesses that are made for all answers of a trace.
const GUESSES_MAX: usize = 2_000;
/// Events before an answer at which others may have waited already.
const EARLIER_MAX: usize = 6;

/// Arrivals before events, for the sake of answers after them.
#[derive(Default)]
pub(super) struct Hints {
    /// By answer: how many guesses were made.
    guesses: FxHashMap<u32, usize>,
    /// By answer: the event, and how many had begun to wait before it.
    arrivals: FxHashMap<u32, (u32, usize)>,
    /// The answer for which the last guess was made, if there may be others.
    latest: Option<u32>,
}

impl Judge<'_> {
    /// The progress after an event that says how many wait, and the arrivals of those who are missing: one for each way
    /// in which it can be so many.
    pub(super) fn after_arrivals(&self, progress: &Progress, event: &Event) -> Vec<Progress> {
        let Some(missing) = self.missing(progress, event) else { return Vec::new() };
        let Some(asker) = progress.id(event.place.actor) else { return Vec::new() };
        let count = |progress: &Progress| self.machine.waiting_in(&progress.state, asker);
        // Others wait elsewhere.
        let is_there =
            |from: &Progress, actor: u32| self.arrived(from, actor).is_some_and(|next| count(&next) > count(from));
        self.ways_to_arrive(progress, event, missing, is_there)
    }

    /// The progress after an event before which others had begun to wait, as answers after it need.
    pub(super) fn after_hinted(&self, progress: &Progress, at: u32) -> Vec<Progress> {
        let hints = self.hints.borrow();
        let arrivals = hints.arrivals.values().filter(|(event, _)| *event == at).map(|(_, arrivals)| *arrivals).max();
        let Some((arrivals, event)) = arrivals.zip(self.data.events.get(at as usize)) else { return Vec::new() };
        self.ways_to_arrive(progress, event, arrivals, |from, actor| self.ends_its_wait_in(from, actor, event))
    }

    /// Where nothing goes on since an answer counts more than wait: the event to turn back to before, so that more have
    /// begun to wait by then than was taken before; none where all has been tried.
    pub(super) fn hint(&self, progress: &Progress) -> Option<u32> {
        let is_answer =
            |at: &u32| self.data.events.get(*at as usize).is_some_and(|event| self.missing(progress, event).is_some());
        self.ready(progress).into_iter().filter(is_answer).find_map(|answer| self.guess(answer))
    }

    /// Where the last guess led to dead ends only: whether there is another one for that answer.
    pub(super) fn hint_again(&self) -> bool {
        let latest = self.hints.borrow().latest;
        latest.is_some_and(|answer| self.guess(answer).is_some())
    }

    /// The next guess for an answer; gives the first of the events at which guesses are made.
    fn guess(&self, answer: u32) -> Option<u32> {
        let mut hints = self.hints.borrow_mut();
        if hints.guesses.values().sum::<usize>() > GUESSES_MAX {
            hints.latest = None;
            return None;
        }
        let guess = hints.guesses.entry(answer).or_default();
        let most = self.data.actors.len();
        // One more at the event before the answer, then at the one before that; then two more.
        let earlier: Vec<u32> = self.order.earlier(answer).take(EARLIER_MAX).collect();
        let next = *guess;
        *guess += 1;
        hints.arrivals.remove(&answer);
        hints.latest = None;
        let arrivals = next.checked_div(earlier.len()).filter(|more| *more < most)?;
        let event = earlier[next % earlier.len()];
        hints.arrivals.insert(answer, (event, arrivals + 1));
        hints.latest = Some(answer);
        earlier.last().copied()
    }

    /// How many more wait by an answer than the machine has waiting.
    fn missing(&self, progress: &Progress, event: &Event) -> Option<usize> {
        let (OpCode::Waiting, Status::Gave(Datum::Int(said))) = (event.op, &event.status) else { return None };
        let count = self.machine.waiting_in(&progress.state, progress.id(event.place.actor)?)?;
        usize::try_from(said - count).ok().filter(|missing| *missing > 0)
    }

    fn arrived(&self, progress: &Progress, actor: u32) -> Option<Progress> {
        self.silently(progress, &Choice { actor, what: What::Go })
    }

    /// The progress after an event, with so many who began to wait before it, of those that may have.
    fn ways_to_arrive(
        &self,
        progress: &Progress,
        event: &Event,
        count: usize,
        may_have: impl Fn(&Progress, u32) -> bool,
    ) -> Vec<Progress> {
        let about_to = |from: &Progress| {
            let mut who = self.about_to_wait(from, event);
            who.retain(|actor| may_have(from, *actor));
            who
        };
        let (mut from, mut who) = (progress.clone(), about_to(progress));
        // Who is started goes on before its starter tells of it.
        while who.len() < count {
            let Some(next) = self.after_a_start(&from) else { break };
            who = about_to(&next);
            from = next;
        }
        let mut ways = Vec::new();
        // Sets of so many of them, as places in their order.
        let mut set: Vec<usize> = (0..count).collect();
        while count <= who.len() && ways.len() < WAYS_MAX {
            let chosen = set.iter().filter_map(|at| who.get(*at));
            let next = chosen.clone().try_fold(from.clone(), |from, actor| self.arrived(&from, *actor));
            if let Some(mut next) = next.and_then(|next| self.take_now(&next, event).ok()) {
                let bytes: Vec<u8> = chosen.flat_map(|actor| actor.to_le_bytes()).collect();
                next.guessed = xxhash_rust::xxh3::xxh3_64_with_seed(&bytes, progress.guessed);
                ways.push(next);
            }
            let Some(at) = (0..count).rev().find(|at| set[*at] + count - at < who.len()) else { break };
            let from = set[at] + 1;
            set.splice(at.., from..from + count - at);
        }
        ways
    }

    /// The progress after the next event that tells of a start, where that can come next.
    fn after_a_start(&self, progress: &Progress) -> Option<Progress> {
        self.ready(progress).into_iter().rev().find_map(|at| {
            let event = self.data.events.get(at as usize)?;
            let next = if event.op == OpCode::Start { self.take_now(progress, event).ok()? } else { return None };
            Some(self.done(next, at))
        })
    }

    /// Actors that can do nothing but begin to wait, and do not tell of it: first those whose waits are over soonest.
    fn about_to_wait(&self, progress: &Progress, event: &Event) -> Vec<u32> {
        let mut found: Vec<((bool, u64), u32)> = Vec::new();
        for index in 0..self.order.lanes.len() as u32 {
            let Some(actor) = progress.id(index) else { continue };
            let next = self.next_of(progress, index);
            if next.is_some_and(|next| self.tells_of_a_wait(next)) || !self.machine.only_arrives(&progress.state, actor)
            {
                continue;
            }
            // The object's own order, where the wait ends there; else who waits for good comes last.
            let over = match next.filter(|next| self.is_in_the_order_of(next, event)) {
                Some(next) => (false, next.ticket),
                None => (true, next.map_or(u64::MAX, |next| next.time_ns)),
            };
            found.push((over, actor));
        }
        found.sort_unstable();
        found.into_iter().map(|(_, actor)| actor).collect()
    }

    /// Whether an actor is about to wait in the object of an event.
    fn ends_its_wait_in(&self, progress: &Progress, actor: u32, event: &Event) -> bool {
        let op = self.machine.next_op(&progress.state, actor);
        let is_there = op.is_some_and(|op| self.is_on(progress, event, op));
        let mut lanes = 0..self.order.lanes.len() as u32;
        let next = lanes.find(|index| progress.id(*index) == Some(actor)).and_then(|at| self.next_of(progress, at));
        is_there || next.is_some_and(|next| self.is_in_the_order_of(next, event))
    }

    /// Whether an event tells that a wait began. Of a long message it tells that it is on its way, which it may have
    /// waited for.
    pub(super) fn tells_of_a_wait(&self, event: &Event) -> bool {
        let object = event.object.and_then(|index| self.data.objects.get(index as usize));
        event.op == OpCode::Arrive && object.is_none_or(|object| object.kind != ObjectKind::PipeEnd)
    }

    fn is_in_the_order_of(&self, next: &Event, event: &Event) -> bool {
        next.ticket != 0 && domain(self.data, next) == domain(self.data, event)
    }

    fn next_of(&self, progress: &Progress, index: u32) -> Option<&Event> {
        let (lane, done) = (self.order.lanes.get(index as usize)?, progress.done.get(index as usize)?);
        lane.get(*done as usize).and_then(|at| self.data.events.get(*at as usize))
    }
}
