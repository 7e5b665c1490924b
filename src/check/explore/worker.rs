//! One worker of a search: a walk depth first.
//!
//! Answers for: the states behind those that it began with, but for what it gave away. Never waits for others.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use super::crew::{Crew, Job, Loan};
use super::prospects::{Prospect, Prospects};
use super::sleep;
use super::{Found, How};
use crate::check::failure::{Told, of_step};
use crate::check::left::Share;
use crate::check::met::{Met, Sight};
use crate::check::{Bound, Failure, Limits, Progress, Reduction};
use crate::machine::{Choice, Fingerprint, Moved, Outlook, Packed, Print, Space, State, Step, View, What};
use crate::program::op::OpCode;
use crate::value;

/// Steps from one look at limits and at the time to the next.
const LOOK_EVERY: u32 = 1024;
/// The same, where states are so large that much was found out meanwhile.
const GROWTH_EVERY: u32 = 16;

/// Bytes of what is found out at most, once it is known that something fails.
const FOUND_FAILED: usize = 256 << 20;

/// A state on the way that is being walked.
#[derive(Default)]
struct Frame {
    state: Packed,
    view: View,
    print: Print,
    prospect: Rc<Prospect>,
    rest: Rest,
    /// The places of those of whom a step was taken, as bits.
    taken: u64,
    /// How many of the steps are to be taken.
    enough: usize,
    next: usize,
    /// The step that the way goes on with; of those that were given away others go on.
    on: Option<Step>,
    lent: Option<Box<Lent>>,
}

/// What was given away of the walk behind a state, and which states cannot be closed before that was walked.
#[derive(Default)]
struct Lent {
    loans: Vec<Arc<Loan>>,
    open: Vec<Fingerprint>,
}

/// Who sleeps in a state on the way: places, as bits.
#[derive(Clone, Copy, Default)]
struct Rest {
    /// Those who sleep.
    asleep: u64,
    /// Those whose steps are not to be taken.
    passed: u64,
}

/// A step that was taken.
struct Taken {
    step: Step,
    /// Where it leads, if there is something to do.
    to: Option<To>,
}

/// What is known of a state that was come to.
struct To {
    print: Print,
    /// The step that led there, if one did.
    moved: Option<Moved>,
    rest: Rest,
    /// Whether it was not met before.
    is_new: bool,
}

impl Frame {
    /// Passes over the steps of those who sleep.
    #[inline]
    fn skip(&mut self) {
        let is_passed = |step: &Step| self.rest.passed & place_bit(*step) != 0;
        while self.next < self.enough && self.prospect.steps.get(self.next).is_some_and(is_passed) {
            self.next += 1;
        }
    }
}

/// The bit of an actor's place; none beyond the 64th.
#[inline]
fn place_bit(step: Step) -> u64 {
    1u64.checked_shl(step.place()).unwrap_or(0)
}

/// What a walk came to.
pub(super) enum Came {
    /// Everything was looked at.
    End,
    /// There is too much for one.
    TooMuch,
    Limit(Bound),
}

pub(super) struct Worker<'s, 'm> {
    space: &'s mut Space<'m>,
    met: &'s Met,
    outlook: Outlook,
    prospects: Prospects,
    told: Told,
    reduction: Reduction,
    /// Whether some state may be come back to.
    may_come_back: bool,
    /// Whether there are sleep sets.
    sleeps: bool,
    /// Whether it was known at the beginning that some schedule fails.
    fails: bool,
    limits: &'s Limits,
    until: Option<Instant>,
    stack: Vec<Frame>,
    /// Frames to be used again.
    spare: Vec<Frame>,
    /// The state that was come to.
    next: Packed,
    /// The steps that lead to the first state of the walk.
    way: Vec<Choice>,
    /// Of a walk that was another's: that.
    loan: Option<Arc<Loan>>,
    /// No state before this one on the way has a step left.
    lowest: usize,
    share: Share,
    found: Found,
    looks: u32,
    /// Bytes of what was found out: all that ever was, and at the last look.
    found_ever: usize,
    found_bytes: usize,
    is_alone: bool,
    /// What the others were told of: states, and bytes.
    published: (usize, usize),
}

impl<'s, 'm> Worker<'s, 'm> {
    pub(super) fn new(
        space: &'s mut Space<'m>,
        met: &'s Met,
        (how, may_come_back): (How, bool),
        (limits, until): (&'s Limits, Option<Instant>),
    ) -> Worker<'s, 'm> {
        Worker {
            space,
            met,
            outlook: Outlook::default(),
            prospects: Prospects::default(),
            told: Told::default(),
            reduction: how.reduction,
            may_come_back,
            sleeps: how.reduction.is_sleepy() && !may_come_back,
            fails: how.fails,
            limits,
            until,
            stack: Vec::new(),
            spare: Vec::new(),
            next: Packed::default(),
            way: Vec::new(),
            loan: None,
            lowest: 0,
            share: Share::default(),
            found: Found::default(),
            looks: 0,
            found_ever: 0,
            found_bytes: 0,
            is_alone: true,
            published: (0, 0),
        }
    }

    /// The beginning of the whole search.
    pub(super) fn begin(&mut self, initial: &State) {
        self.next = self.space.pack(initial);
        let print = self.space.print(&self.next, None);
        self.met.meet(self.space, &self.next, print.fingerprint(), 0);
        self.enter(To { print, moved: None, rest: Rest::default(), is_new: true });
    }

    /// Walks on, as long as there are no more than so many states.
    pub(super) fn go_alone(&mut self, most: usize, tell: &mut dyn FnMut(Progress)) -> Came {
        while self.step() {
            if self.is_to_look() {
                self.weigh();
                self.tidy();
                tell(self.progress(self.found.states));
                if let Some(bound) = self.bound(self.bytes()) {
                    return Came::Limit(bound);
                }
            }
            if self.are_too_many(self.found.states, !self.found.failures.is_empty()) {
                return Came::Limit(Bound::States);
            }
            if self.found.states > most {
                return Came::TooMuch;
            }
        }
        Came::End
    }

    /// Whether a step more is one after which limits are looked at.
    #[inline]
    fn is_to_look(&mut self) -> bool {
        self.looks = self.looks.wrapping_add(1);
        self.looks.is_multiple_of(LOOK_EVERY) || self.looks.is_multiple_of(GROWTH_EVERY) && self.space.has_grown()
    }

    /// Walks with others, from where it stands and then from wherever others let it, until nobody has anything left to
    /// do or all are to stop; `tell` is told of the progress while it waits as well.
    pub(super) fn go_with(&mut self, crew: &Crew, tell: &mut dyn FnMut(Progress)) {
        self.is_alone = false;
        self.published = (self.found.states, 0);
        loop {
            while self.step() {
                if crew.wants() {
                    self.lend(crew);
                }
                if self.is_to_look() && !self.look_up(crew, tell) {
                    return;
                }
            }
            if !self.look_up(crew, tell) {
                return;
            }
            let job = crew.job(|| tell(self.progress(crew.states.load(Relaxed))));
            let Some(job) = job else { return };
            self.go_from(job);
        }
    }

    /// Tells the others how far it has come, and hears whether all are to stop; whether it goes on.
    fn look_up(&mut self, crew: &Crew, tell: &mut dyn FnMut(Progress)) -> bool {
        self.weigh();
        self.tidy();
        let now = (self.found.states, self.bytes());
        let states = crew.states.fetch_add(now.0 - self.published.0, Relaxed) + now.0 - self.published.0;
        let more = now.1.wrapping_sub(self.published.1);
        let bytes = crew.bytes.fetch_add(more, Relaxed).wrapping_add(more);
        self.published = now;
        if !self.found.failures.is_empty() {
            crew.fails.store(true, Relaxed);
        }
        tell(self.progress(states));
        let too_many = self.are_too_many(states, crew.fails.load(Relaxed));
        if let Some(bound) = self.bound(bytes).or(too_many.then_some(Bound::States)) {
            crew.stop(Some(bound));
        }
        !crew.is_stopped()
    }

    /// Goes on where another did not.
    fn go_from(&mut self, Job { state, way, loan, asleep, woken }: Job) {
        self.way = way;
        self.loan = Some(loan);
        self.lowest = 0;
        self.next = self.space.pack(&state);
        let print = self.space.print(&self.next, None);
        let numbers = self.space.numbers(&print);
        let asleep = sleep::places(asleep, numbers.as_deref());
        let passed = woken.map_or(asleep, |woken| !sleep::places(woken, numbers.as_deref()));
        self.enter(To { print, moved: None, rest: Rest { asleep, passed }, is_new: woken.is_none() });
    }

    /// Gives away a step of the earliest state on the way that has one left, if it leads to a new one.
    fn lend(&mut self, crew: &Crew) {
        while self.lowest + 1 < self.stack.len() {
            let at = self.lowest;
            self.stack[at].skip();
            if self.stack[at].next >= self.stack[at].enough {
                self.lowest += 1;
            } else if let Taken { step, to: Some(To { print, rest, is_new, .. }) } = self.take(at) {
                let loan = Arc::new(Loan::default());
                self.stack[at].lent.get_or_insert_default().loans.push(Arc::clone(&loan));
                let way = self.way_by(at, step);
                let kept = |places| sleep::kept(places, self.space.numbers(&print).as_deref()).1;
                let (asleep, woken) = (kept(rest.asleep), (!is_new).then(|| kept(!rest.passed)));
                return crew.give(Job { state: self.space.state(&self.next), way, loan, asleep, woken });
            }
        }
    }

    /// Takes one step, or goes back; whether there is more to do.
    fn step(&mut self) -> bool {
        let Some(frame) = self.stack.last_mut() else { return false };
        frame.skip();
        if frame.next >= frame.enough {
            self.go_back();
            return true;
        }
        let at = self.stack.len() - 1;
        if let Taken { step, to: Some(to) } = self.take(at) {
            self.stack[at].on = Some(step);
            self.enter(to);
        }
        true
    }

    /// Takes the next step of a state on the way, to a state that is next.
    fn take(&mut self, at: usize) -> Taken {
        let frame = &mut self.stack[at];
        let step = frame.prospect.steps[frame.next];
        let may_sleep = if self.sleeps { frame.rest.asleep | frame.taken } else { 0 };
        frame.next += 1;
        frame.taken |= place_bit(step);
        if self.space.is_stale(&frame.view) {
            self.space.view_to(&frame.state, None, &mut frame.view);
        }
        let asleep = if may_sleep == 0 { 0 } else { self.space.accord(&frame.view, step.place(), may_sleep) };
        if !self.found.timed {
            let choice = self.space.choice(&frame.view, step);
            let times_out = choice.is_some_and(|choice| choice.what == What::TimeOut);
            self.found.timed = times_out || self.space.sleeps(&frame.view, step);
        }
        let Some(moved) = self.space.step_to(&frame.state, &frame.view, step, &mut self.next) else {
            return Taken { step, to: None };
        };
        self.found.transitions += 1;
        if let Some(happened) = self.space.happened(&moved) {
            for failure in of_step(&self.space.state(&self.next), &happened) {
                self.fail(failure, Some((at, step)));
            }
            for noted in happened.noted.iter().filter(|noted| noted.op == OpCode::Outcome) {
                *self.found.outcomes.entry(value::literal(noted.args.get(0))).or_default() += 1;
            }
        }
        let frame = &mut self.stack[at];
        let print = self.space.print(&self.next, Some((&frame.state, &frame.print, &moved)));
        let asleep = self.space.carried(asleep, (&frame.state, &self.next), &moved);
        let (asleep, kept) = sleep::kept(asleep, self.space.numbers(&print).as_deref());
        let to = |rest, is_new| Some(To { print, moved: Some(moved), rest, is_new });
        match self.met.meet(self.space, &self.next, print.fingerprint(), kept) {
            Sight::New => Taken { step, to: to(Rest { asleep, passed: asleep }, true) },
            Sight::Woken(woken) => {
                let passed = !sleep::places(woken, self.space.numbers(&print).as_deref());
                Taken { step, to: to(Rest { asleep, passed }, false) }
            }
            Sight::Old(is_open) => {
                let is_sure = self.is_alone && is_open;
                debug_assert!(self.may_come_back || !is_sure, "a state was come back to, and the plan says none is");
                if is_open && self.may_come_back {
                    // It may close a cycle: whoever was put off here must not be put off for ever.
                    frame.enough = frame.prospect.steps.len();
                    self.found.has_cycles |= is_sure;
                    self.found.may_have_cycles |= !is_sure;
                }
                Taken { step, to: None }
            }
        }
    }

    /// The state that was come to goes onto the stack.
    fn enter(&mut self, To { print, moved, rest, is_new }: To) {
        self.found.states += usize::from(is_new);
        self.found.depth = self.found.depth.max(self.way.len() + self.stack.len());
        let mut frame = self.spare.pop().unwrap_or_default();
        std::mem::swap(&mut frame.state, &mut self.next);
        frame.print = print;
        let before = self.stack.last().zip(moved.as_ref()).map(|(frame, moved)| (&frame.view, moved));
        self.space.view_to(&frame.state, before, &mut frame.view);
        let is_stubborn = self.reduction.is_stubborn();
        let at = (&frame.state, &frame.view);
        let asked = (is_stubborn, self.sleeps);
        self.prospects.look(self.space, at, &mut self.outlook, asked, &mut frame.prospect);
        // Which steps are enough may have been another choice where this state was met first.
        let enough = if is_new { frame.prospect.enough } else { frame.prospect.steps.len() };
        (frame.next, frame.enough, frame.on) = (0, enough, None);
        (frame.rest, frame.taken) = (rest, 0);
        if is_new {
            self.look_at(&frame);
        }
        self.stack.push(frame);
    }

    /// What a state shows that was not met before.
    fn look_at(&mut self, frame: &Frame) {
        let mut news = Vec::new();
        if frame.prospect.is_doubtful {
            self.space.look(&frame.view, &mut self.outlook);
            news = self.told.news(self.space, &frame.state, &frame.view, &mut self.outlook);
        } else if !self.space.keeps_invariants(&frame.state) {
            news = self.told.broken(self.space, &frame.state);
        }
        if frame.prospect.steps.is_empty() {
            self.found.ends.insert(frame.print.fingerprint());
            self.found.exits.extend(self.space.good_exit(&frame.state).map(|code| code as u8));
        }
        for failure in news {
            self.fail(failure, None);
        }
    }

    /// Leaves the last state on the way.
    fn go_back(&mut self) {
        let Some(mut frame) = self.stack.pop() else { return };
        self.lowest = self.lowest.min(self.stack.len());
        let print = frame.print.fingerprint();
        let mut lent = frame.lent.take();
        self.spare.push(frame);
        if let Some(lent) = &mut lent {
            lent.loans.retain(|loan| !loan.is_over());
        }
        match lent.as_mut().filter(|lent| !lent.loans.is_empty()) {
            Some(lent) => lent.open.push(print),
            None => {
                lent.take().into_iter().flat_map(|lent| lent.open).for_each(|print| self.met.close(print));
                self.met.close(print);
            }
        }
        match (self.stack.last_mut(), lent) {
            (Some(before), Some(mut lent)) => {
                // What others still walk lies behind the states before as well.
                let theirs = before.lent.get_or_insert_default();
                theirs.loans.append(&mut lent.loans);
                theirs.open.append(&mut lent.open);
            }
            (Some(_), None) => {}
            // What is open stays so: that is never wrong.
            (None, lent) => {
                if let Some(loan) = self.loan.take() {
                    loan.end(lent.map(|lent| lent.loans).unwrap_or_default());
                }
            }
        }
    }

    /// Notes a failure of where the way leads, or of a step of a state on it, unless it is known.
    fn fail(&mut self, failure: Failure, of: Option<(usize, Step)>) {
        if !self.found.failures.contains_key(&failure.key()) {
            let way = match of {
                Some((at, step)) => self.way_by(at, step),
                None => self.way_to(self.stack.len()),
            };
            self.found.fail(failure, || way);
        }
    }

    /// The steps that lead to a state on the way, and one from there.
    fn way_by(&mut self, at: usize, step: Step) -> Vec<Choice> {
        let mut way = self.way_to(at);
        way.extend(self.space.choice(&self.stack[at].view, step).cloned());
        way
    }

    /// The steps that lead to a state on the way, or to where it leads.
    fn way_to(&mut self, at: usize) -> Vec<Choice> {
        let mut way = self.way.clone();
        for frame in &mut self.stack[..at] {
            if self.space.is_stale(&frame.view) {
                self.space.view_to(&frame.state, None, &mut frame.view);
            }
            way.extend(frame.on.and_then(|step| self.space.choice(&frame.view, step).cloned()));
        }
        way
    }

    /// How far it has come, with the states of all.
    fn progress(&mut self, states: usize) -> Progress {
        let way = self.stack.iter().map(|frame| (frame.next, frame.enough));
        Progress {
            states,
            depth: self.way.len() + self.stack.len(),
            left: way.clone().map(|(begun, all)| all - begun).sum(),
            share: self.share.of(way),
            fails: !self.found.failures.is_empty(),
        }
    }

    /// How many states it has met.
    pub(super) fn states(&self) -> usize {
        self.found.states
    }

    /// What it found.
    pub(super) fn found(mut self) -> Found {
        self.found.bytes = self.bytes() as u64;
        self.found
    }

    /// What ends the search now, where all workers take so many bytes for the way and for what they found out.
    fn bound(&self, bytes: usize) -> Option<Bound> {
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return Some(Bound::Time);
        }
        let most = || self.limits.is_over(bytes + self.met.bytes() + self.met.bytes_to_grow());
        (self.limits.memory.is_some() && most()).then_some(Bound::Memory)
    }

    /// The bytes that the way and what was found out take, about.
    fn bytes(&self) -> usize {
        let frame = self.stack.last().map_or(0, |frame| {
            let slots = size_of::<u32>() * (frame.state.len() + frame.view.len());
            size_of::<Frame>() + slots
        });
        self.space.bytes() + self.prospects.bytes() + (self.stack.len() + self.spare.len()) * frame
    }

    /// Whether so many states are more than may be met. Where something fails, so is what takes long to look at.
    fn are_too_many(&self, states: usize, fails: bool) -> bool {
        states > self.limits.states_after(fails) || (fails || self.fails) && self.found_ever > FOUND_FAILED
    }

    /// Notes how much was found out.
    fn weigh(&mut self) {
        let bytes = self.space.found_bytes();
        self.found_ever += bytes.saturating_sub(self.found_bytes);
        self.found_bytes = bytes;
    }

    /// Where what was found out takes too much room, it is forgotten.
    fn tidy(&mut self) {
        if self.space.is_full() {
            self.space.forget_all_but(self.stack.iter().map(|frame| &frame.state));
            self.told.clear();
            self.prospects.clear();
            self.found_bytes = self.space.found_bytes();
        }
    }
}
