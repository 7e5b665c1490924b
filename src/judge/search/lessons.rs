//! Going on from a dead end with what it teaches.
//!
//! The times of events say roughly in which order they came: who did something notes it a moment later. An event that
//! cannot be taken any more, but could be before, belongs before whatever was taken there instead; with that known, it
//! is gone on from there. Answers for: an order that is right, where few such lessons lead to one. Never says that
//! there is none.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::{Judge, Judgement, Progress};
use crate::trace::Event;

/// Lessons that are learnt at most.
const LESSONS_MAX: usize = 300;
/// Events that are taken for the sake of one.
const AT_ONCE_MAX: usize = 40;
/// How far back it is looked where an event could be taken, in events.
const BACK_MAX: usize = 2_000;

/// A state on the way, and what may come next.
struct Stop {
    progress: Progress,
    /// The event that led to it.
    by: Option<u32>,
    /// Events that have not been tried from here, the first one last.
    ready: Vec<u32>,
}

/// By event: those that come before it.
type Lessons = FxHashMap<u32, Vec<u32>>;

impl Judge<'_> {
    /// Takes all events in an order that is found so; none where it is not found.
    pub(super) fn by_lessons(&self, begin: &Progress) -> Option<Judgement> {
        let mut lessons = Lessons::default();
        let first = Stop { progress: begin.clone(), by: None, ready: self.ready(begin) };
        let mut way = VecDeque::from([first]);
        for _ in 0..LESSONS_MAX {
            if let Some(end) = self.as_far_as_it_goes(&mut way, &lessons) {
                let judgement = self.at_the_end(&end);
                return matches!(judgement, Judgement::Possible { .. }).then_some(judgement);
            }
            if !self.learn(&mut way, &mut lessons) {
                break;
            }
        }
        None
    }

    /// Goes on from the last stop until all events are taken, or none can be.
    fn as_far_as_it_goes(&self, way: &mut VecDeque<Stop>, lessons: &Lessons) -> Option<Progress> {
        while self.effort.get() > 0 {
            let stop = way.back_mut()?;
            if stop.progress.taken == self.data.events.len() || self.has_all_certain(&stop.progress) {
                return Some(stop.progress.clone());
            }
            let at = stop.ready.pop()?;
            let Ok(ways) = self.take(&stop.progress, at) else { continue };
            let Some(progress) = ways.into_iter().next() else { continue };
            let ready = self.ready_but(&progress, lessons);
            way.push_back(Stop { progress, by: Some(at), ready });
            if way.len() > BACK_MAX {
                way.pop_front();
            }
        }
        None
    }

    /// What can come next. What has to wait for others by a lesson comes last: lessons may be wrong.
    fn ready_but(&self, progress: &Progress, lessons: &Lessons) -> Vec<u32> {
        let mut ready = self.ready(progress);
        let is_open = |before: &u32| !self.order.is_done(*before, &progress.done);
        ready.sort_by_key(|at| !lessons.get(at).is_some_and(|before| before.iter().any(is_open)));
        ready
    }

    /// Goes back to where an event that cannot be taken now can be, once all that has to come before it has been, and
    /// takes it there; false where there is no such place.
    fn learn(&self, way: &mut VecDeque<Stop>, lessons: &mut Lessons) -> bool {
        let Some(end) = way.back() else { return false };
        for event in self.ready(&end.progress).into_iter().rev() {
            let past = self.order.and_before(&self.data.events, |one| self.is_at(event, one));
            for (at, stop) in way.iter().enumerate().rev().skip(1) {
                let Some(instead) = way.get(at + 1).and_then(|next| next.by) else { break };
                let is_known = || lessons.get(&instead).is_some_and(|before| before.contains(&event));
                if self.order.is_done(instead, &past) || is_known() {
                    continue;
                }
                if let Some(stops) = self.straight_to(event, &past, &stop.progress) {
                    lessons.entry(instead).or_default().push(event);
                    way.truncate(at + 1);
                    way.extend(stops);
                    if let Some(last) = way.back_mut() {
                        last.ready = self.ready_but(&last.progress, lessons);
                    }
                    return true;
                }
            }
        }
        false
    }

    /// The way to an event by nothing but what has to come before it.
    fn straight_to(&self, event: u32, past: &[u32], from: &Progress) -> Option<Vec<Stop>> {
        let mut stops: Vec<Stop> = Vec::new();
        while stops.len() < AT_ONCE_MAX {
            let progress = stops.last().map_or(from, |stop| &stop.progress);
            if self.order.is_done(event, &progress.done) {
                return Some(stops);
            }
            let ready = self.ready(progress).into_iter().rev().filter(|at| self.order.is_done(*at, past));
            let taken = |at: u32| Some((at, self.take(progress, at).ok()?.into_iter().next()?));
            let (at, progress) = ready.filter_map(taken).next()?;
            stops.push(Stop { progress, by: Some(at), ready: Vec::new() });
        }
        None
    }

    fn is_at(&self, event: u32, one: &Event) -> bool {
        self.data.events.get(event as usize).is_some_and(|event| event.place == one.place)
    }
}
