//! Taking a trace's events in the machine, in an order that they allow.
//!
//! Answers for: the search over orders and silent steps. Never compares values itself.

mod arrivals;
mod lessons;
mod silent;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use self::arrivals::Hints;
use super::order::Order;
use super::same::Names;
use super::{Judgement, Objection, Reason, untold};
use crate::machine::{Choice, Ends, Happened, Machine, Noted, State, What};
use crate::program::op::{Op, OpCode, Target};
use crate::trace::{Datum, Event, Place, Status, TraceData};
use crate::value::{self, Value};

/// Dead ends that are turned back from at most, in each of the orders that are tried.
const DEAD_ENDS_MAX: [usize; 8] = [100, 100, 100, 100, 100, 100, 100, 1_300];
/// Events of a trace that is gone through from its beginning for every guess of who waited.
const REPEATED_MAX: usize = 2_000;
/// Places that can be turned back to.
const BRANCHES_MAX: usize = 4_096;
/// Silent steps that are tried in a row for one event.
const SILENT_MAX: usize = 6;
/// Silent steps that are tried for one guess of what the killed could not tell of.
const EFFORT_MAX: u64 = 2_000;
/// What an outsider kills with.
pub(super) const SIGKILL: i32 = 9;
/// States that are looked at for the silent steps of one event.
const STATES_MAX: usize = 500;

/// How far the events have been taken.
#[derive(Clone)]
pub(super) struct Progress {
    pub(super) state: State,
    /// By actor of the trace: how many of its events were taken.
    pub(super) done: Vec<u32>,
    /// By actor of the trace: its number in the machine; 0 until it is started there.
    ids: Arc<Vec<u32>>,
    /// What happened to an actor of the machine's already, that its next events tell of.
    pub(super) pending: FxHashMap<u32, VecDeque<Noted>>,
    results: Arc<FxHashMap<Place, u32>>,
    taken: usize,
    pub(super) steps: usize,
    /// Who was taken to wait where others might have been instead.
    guessed: u64,
}

/// What those may have done whose record does not end with their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Untold {
    Nothing,
    /// Killed from outside of the scenario.
    Deaths,
    /// That, or operations of which they could not tell.
    Operations,
}

pub(super) struct Judge<'a> {
    pub(super) machine: &'a Machine,
    pub(super) data: &'a TraceData,
    pub(super) order: Order,
    /// Actors of the trace.
    by_name: FxHashMap<&'a str, usize>,
    /// By event: those of whoever took over what it gave.
    pub(super) takers: FxHashMap<Place, Vec<Place>>,
    /// The run ended in a deadlock: of whom.
    pub(super) stuck: Option<Vec<String>>,
    pub(super) untold: Untold,
    /// How many more silent steps may be tried.
    effort: Rc<Cell<u64>>,
    /// Where not all events are to be taken, those that are: how many of each actor's.
    certain: Option<Vec<u32>>,
    /// By event: how many had begun to wait before it, though nothing says so but what comes after.
    hints: RefCell<Hints>,
    /// What is tried before the rest, whenever it was noted: the pasts of events, as how many of each actor's.
    first: RefCell<Vec<Vec<u32>>>,
}

pub(super) fn judge(machine: &Machine, data: &TraceData, stuck: Option<Vec<String>>) -> Judgement {
    let as_told = |rounds: &'static [usize]| {
        judge_told(machine, data, stuck.clone(), (Untold::Nothing, Rc::new(Cell::new(u64::MAX))), rounds)
    };
    let judgement = as_told(DEAD_ENDS_MAX.split_at(1).0);
    let (Judgement::Impossible(_) | Judgement::Undecided { .. }) = judgement else { return judgement };
    // That the killed did what they could not tell of is the last resort.
    let fillings = untold::fillings(data, stuck.as_deref());
    let modes = [Untold::Deaths, Untold::Operations];
    let attempts = modes.iter().flat_map(|untold| fillings.iter().map(|data| (data, *untold)));
    let effort = || Rc::new(Cell::new(EFFORT_MAX));
    let mut judgements =
        attempts.map(|(data, untold)| judge_told(machine, data, stuck.clone(), (untold, effort()), &DEAD_ENDS_MAX));
    if let Some(Judgement::Possible { steps, .. }) = judgements.find(|it| matches!(it, Judgement::Possible { .. })) {
        return Judgement::Possible { events: data.events.len(), steps };
    }
    // All that is left is to try harder.
    let judgement = match judgement {
        Judgement::Undecided { .. } => as_told(&DEAD_ENDS_MAX),
        impossible => impossible,
    };
    match judgement {
        // What the killed did last nobody knows, and not all that it may have been was tried.
        Judgement::Impossible(objection) if !fillings.is_empty() => {
            match judge_certain(machine, data, stuck.as_deref()) {
                impossible @ Judgement::Impossible(_) => impossible,
                _ => Judgement::Undecided { events: objection.taken },
            }
        }
        judgement => judgement,
    }
}

/// Judges a trace as it stands, with what may have happened to those whose record does not end with their end.
fn judge_told(
    machine: &Machine,
    data: &TraceData,
    stuck: Option<Vec<String>>,
    (untold, effort): (Untold, Rc<Cell<u64>>),
    rounds: &'static [usize],
) -> Judgement {
    let asked = Asked { stuck, untold, effort, certain: None, rounds };
    judge_order(machine, data, Order::new(machine.plan(), data), asked)
}

/// Judges what took place before anybody could do what it did not tell of.
fn judge_certain(machine: &Machine, data: &TraceData, stuck: Option<&[String]>) -> Judgement {
    let order = Order::new(machine.plan(), data);
    let begins = untold::begins(data, stuck);
    let certain = Some(order.and_before(&data.events, |event| event.time_ns < begins));
    let effort = Rc::new(Cell::new(u64::MAX));
    let asked = Asked { stuck: None, untold: Untold::Nothing, effort, certain, rounds: &DEAD_ENDS_MAX };
    judge_order(machine, data, order, asked)
}

/// What is judged of a trace.
struct Asked {
    stuck: Option<Vec<String>>,
    untold: Untold,
    effort: Rc<Cell<u64>>,
    certain: Option<Vec<u32>>,
    /// How many dead ends are turned back from at most, in each of the orders that are tried.
    rounds: &'static [usize],
}

fn judge_order(machine: &Machine, data: &TraceData, order: Order, asked: Asked) -> Judgement {
    let Asked { stuck, untold, effort, certain, rounds } = asked;
    let (state, happened) = match machine.initial() {
        Ok(begun) => begun,
        Err(error) => return Judgement::Unreadable(error.to_string()),
    };
    let mut progress = Progress {
        state,
        done: vec![0; data.actors.len()],
        ids: Arc::new(vec![0; data.actors.len()]),
        pending: FxHashMap::default(),
        results: Arc::default(),
        taken: 0,
        steps: 0,
        guessed: 0,
    };
    let mut takers: FxHashMap<Place, Vec<Place>> = FxHashMap::default();
    for event in &data.events {
        if let Some(cause) = event.cause {
            takers.entry(cause).or_default().push(event.place);
        }
    }
    let by_name = (0..).zip(&data.actors).map(|(at, info)| (info.name.as_str(), at)).collect();
    let (hints, first) = (RefCell::default(), RefCell::default());
    let judge = Judge { machine, data, order, by_name, takers, stuck, untold, effort, certain, hints, first };
    if untold != Untold::Nothing && !judge.was_somebody_cut_off() {
        return Judgement::Undecided { events: 0 };
    }
    judge.keep(&mut progress, happened);
    judge.run(progress, rounds)
}

/// An event that is tried in a state, and which of the others were before.
struct Branch {
    progress: Progress,
    /// Events that can come next, the earliest last.
    ready: Vec<u32>,
}

impl Judge<'_> {
    /// Where one order leads to dead ends only, the next begins with what could not be taken, and with all that has to
    /// come before it.
    fn run(&self, progress: Progress, rounds: &[usize]) -> Judgement {
        if let Some(judgement) = self.by_lessons(&progress) {
            return judgement;
        }
        let mut judgement = Judgement::Undecided { events: 0 };
        for dead_ends_max in rounds {
            match self.run_in_order(progress.clone(), *dead_ends_max) {
                Ok(judgement) => return judgement,
                Err(objection) => {
                    judgement = Judgement::Undecided { events: objection.taken };
                    self.hints.take();
                    let past = self.order.and_before(&self.data.events, |event| event.place == objection.event);
                    self.first.borrow_mut().insert(0, past);
                }
            }
        }
        judgement
    }

    /// What comes of trying first what was noted first; or where it failed at best, after so many dead ends.
    fn run_in_order(&self, progress: Progress, dead_ends_max: usize) -> Result<Judgement, Objection> {
        let begin = progress.clone();
        let ready = self.ready(&progress);
        let mut stack = VecDeque::from([Branch { progress, ready }]);
        let mut seen: FxHashSet<u128> = FxHashSet::default();
        let mut best: Option<(usize, Objection)> = None;
        let mut dead_ends = 0;
        while self.effort.get() > 0 {
            if stack.is_empty() && self.hint_again() {
                stack.push_back(Branch { progress: begin.clone(), ready: self.ready(&begin) });
                seen.clear();
            }
            let Some(branch) = stack.back_mut() else { break };
            if branch.progress.taken == self.data.events.len() || self.has_all_certain(&branch.progress) {
                return Ok(self.at_the_end(&branch.progress));
            }
            let Some(at) = branch.ready.pop() else {
                if let Some(earlier) = self.hint(&branch.progress) {
                    // Back to before that event, where everything is open again; to the beginning unless that is too
                    // far, for who waited earlier may have been chosen otherwise.
                    let is_near = self.data.events.len() <= REPEATED_MAX;
                    let is_after = |branch: &mut Branch| is_near || self.order.is_done(earlier, &branch.progress.done);
                    while stack.pop_back_if(is_after).is_some() {}
                    let progress = stack.pop_back().map_or_else(|| begin.clone(), |branch| branch.progress);
                    let ready = self.ready(&progress);
                    stack.push_back(Branch { progress, ready });
                    seen.clear();
                    continue;
                }
                dead_ends += 1;
                if dead_ends > dead_ends_max {
                    break;
                }
                stack.pop_back();
                continue;
            };
            match self.take(&branch.progress, at) {
                Ok(ways) => {
                    // The last one that could come next is not turned back to: its state is not needed any more.
                    if branch.ready.is_empty() {
                        stack.pop_back();
                    }
                    for next in ways.into_iter().rev() {
                        let done = next.done.iter().flat_map(|done| done.to_le_bytes());
                        let bytes: Vec<u8> = done.chain(next.guessed.to_le_bytes()).collect();
                        if !seen.insert(xxhash_rust::xxh3::xxh3_128(&bytes)) {
                            continue;
                        }
                        let ready = self.ready(&next);
                        stack.push_back(Branch { progress: next, ready });
                        // What lies that far back has long been confirmed by what came after it.
                        if stack.len() > BRANCHES_MAX {
                            stack.pop_front();
                        }
                    }
                }
                Err(reason) => {
                    let taken = branch.progress.taken;
                    if best.as_ref().is_none_or(|(most, _)| taken > *most)
                        && self.is_wanted(at)
                        && let Some(event) = self.data.events.get(at as usize)
                    {
                        best = Some((taken, Objection { event: event.place, taken, reason }));
                    }
                }
            }
        }
        match best {
            Some((_, objection)) if dead_ends > dead_ends_max => Err(objection),
            Some((_, objection)) => Ok(Judgement::Impossible(Box::new(objection))),
            None => Ok(Judgement::Unreadable("its orders contradict each other".into())),
        }
    }

    /// Whether an event is one of those that are to be taken.
    fn is_wanted(&self, at: u32) -> bool {
        self.certain.as_ref().is_none_or(|certain| self.order.is_done(at, certain))
    }

    fn has_all_certain(&self, progress: &Progress) -> bool {
        let certain = self.certain.as_ref();
        certain.is_some_and(|certain| certain.iter().zip(&progress.done).all(|(certain, done)| done >= certain))
    }

    /// All events were taken; where the run ended in a deadlock, nobody can go on.
    fn at_the_end(&self, progress: &Progress) -> Judgement {
        let (events, steps) = (progress.taken, progress.steps);
        let possible = Judgement::Possible { events, steps };
        let Some(stuck) = &self.stuck else { return possible };
        let mut end = progress.clone();
        let last = self.data.events.iter().max_by_key(|event| event.time_ns);
        for _ in 0..STATES_MAX {
            let silent = last.map(|last| self.silent(&end, last, false)).unwrap_or_default();
            // What the kernel does, and what an end begins with; that an actor could end would be news.
            let is_kernels = |choice: &&Choice| match choice.what {
                What::Die(_) | What::Bury | What::Replace(_) => true,
                What::Go => self.machine.next_end(&end.state, choice.actor).is_some_and(|step| step != Ends::End),
                _ => false,
            };
            let Some(next) = silent.iter().find(is_kernels).and_then(|choice| self.silently(&end, choice)) else {
                break;
            };
            end = next;
        }
        let choices = self.machine.choices(&end.state);
        let goes_on = |choice: &&Choice| !self.machine.only_arrives(&end.state, choice.actor);
        let mut able: Vec<String> =
            choices.iter().filter(goes_on).map(|choice| end.state.name(choice.actor).to_owned()).collect();
        able.dedup();
        // Some may go on, if the others never can.
        let others: Vec<Choice> = choices.iter().filter(goes_on).cloned().collect();
        let dead = self.machine.dead(&end.state, &others);
        let is_dead = |name: &String| dead.iter().any(|actor| end.state.name(*actor) == name);
        let partial = !stuck.is_empty() && stuck.iter().all(is_dead);
        match last.map(|event| event.place) {
            Some(event) if !able.is_empty() && !partial => {
                let reason = Reason::NotStuck(able);
                Judgement::Impossible(Box::new(Objection { event, taken: events, reason }))
            }
            _ => possible,
        }
    }

    /// The events that can come next, the one to try first last: the earliest, but for what goes first.
    fn ready(&self, progress: &Progress) -> Vec<u32> {
        let next = |(lane, done): (&Vec<u32>, &u32)| lane.get(*done as usize).copied();
        let mut ready: Vec<u32> = self.order.lanes.iter().zip(&progress.done).filter_map(next).collect();
        ready.retain(|at| self.order.is_ready(*at, &progress.done));
        let first = self.first.borrow();
        let rank = |at: u32| first.iter().position(|past| self.order.is_done(at, past)).unwrap_or(usize::MAX);
        let time = |at: &u32| self.data.events.get(*at as usize).map(|event| event.time_ns);
        ready.sort_by_key(|at| std::cmp::Reverse((!self.is_wanted(*at), rank(*at), time(at))));
        ready
    }

    /// The progress after an event, with the silent steps that it needs; several, the likeliest first, where it is not
    /// known who took them.
    fn take(&self, progress: &Progress, at: u32) -> Result<Vec<Progress>, Reason> {
        let Some(event) = self.data.events.get(at as usize) else { return Err(Reason::NoSuchActor) };
        let ways = self.after_hinted(progress, at);
        if !ways.is_empty() {
            return Ok(ways.into_iter().map(|next| self.done(next, at)).collect());
        }
        let refusal = match self.take_now(progress, event) {
            Ok(next) => return Ok(vec![self.done(next, at)]),
            Err(reason) => reason,
        };
        if untold::is_death(event) {
            return Err(refusal);
        }
        let ways = self.after_arrivals(progress, event);
        if !ways.is_empty() {
            return Ok(ways.into_iter().map(|next| self.done(next, at)).collect());
        }
        // Few silent steps are enough for most events; all there are for those that need many processes to be gone.
        let next = self.after_silent(progress, event, 2, false);
        let next = next.or_else(|| self.after_all_silent(progress, event));
        let next = next.or_else(|| self.after_silent(progress, event, SILENT_MAX, false));
        let next = next.or_else(|| {
            if self.untold != Untold::Nothing { self.after_silent(progress, event, SILENT_MAX, true) } else { None }
        });
        next.map(|next| vec![self.done(next, at)]).ok_or(refusal)
    }

    /// Keeps what happened until events tell of it.
    pub(super) fn keep(&self, progress: &mut Progress, happened: Happened) {
        for noted in happened.noted {
            if noted.op == OpCode::Begin
                && let Some(index) = self.by_name.get(progress.state.name(noted.actor))
                && let Some(id) = Arc::make_mut(&mut progress.ids).get_mut(*index)
            {
                *id = noted.actor;
            }
            progress.pending.entry(noted.actor).or_default().push_back(noted);
        }
    }

    fn done(&self, mut next: Progress, at: u32) -> Progress {
        if let Some(done) =
            self.data.events.get(at as usize).and_then(|event| next.done.get_mut(event.place.actor as usize))
        {
            *done += 1;
        }
        next.taken += 1;
        next
    }

    fn name(&self, actor: u32) -> &str {
        self.data.actors.get(actor as usize).map_or("", |info| &info.name)
    }

    /// The progress after an event that the machine can do in this state, in one step or none.
    fn take_now(&self, progress: &Progress, event: &Event) -> Result<Progress, Reason> {
        let is_death = untold::is_death(event);
        let Some(actor) = progress.id(event.place.actor) else {
            // One that was never started has no death.
            return if is_death { Ok(progress.clone()) } else { Err(Reason::NoSuchActor) };
        };
        let mut next = progress.clone();
        if let Some(noted) = next.pending.get_mut(&actor).filter(|_| !is_death).and_then(VecDeque::pop_front) {
            return if untold::is_untold(event) { Ok(next) } else { self.accept(next, event, &noted) };
        }
        if is_death {
            return self.take_death(progress, actor);
        }
        if untold::is_untold(event) {
            return self.take_untold(progress, actor, event);
        }
        // Where the pool was terminated meanwhile, a worker is done with nothing.
        if matches!(event.op, OpCode::PoolDone | OpCode::PoolCalled) {
            let result = match event.args.first() {
                Some(Datum::Result(place)) => progress.results.get(place).copied(),
                _ => None,
            };
            // One who was killed may not have told that it submitted it.
            let is_known = |in_hand: &u32| progress.results.values().any(|known| known == in_hand);
            if result != self.machine.in_hand(&progress.state, actor).filter(is_known) {
                return Err(Reason::NoOperation);
            }
        }
        let mut came_out = Vec::new();
        let is_select = self.machine.next_op(&progress.state, actor).is_some_and(|op| op.code == OpCode::Select);
        for choice in self.ways(progress, actor, event) {
            let mut next = progress.clone();
            let Ok(happened) = self.machine.step(&mut next.state, &choice) else { continue };
            next.steps += 1;
            self.keep(&mut next, happened);
            if is_select && event.op == OpCode::Arrive {
                self.keep_told(&mut next, actor, event);
            }
            if !self.wakes_the_right(progress, &next, event) {
                continue;
            }
            let Some(noted) = next.pending.get_mut(&actor).and_then(VecDeque::pop_front) else { continue };
            let came = shown(&noted);
            match self.accept(next, event, &noted) {
                Ok(next) => return Ok(next),
                Err(_) if noted.op == event.op => came_out.push(came),
                Err(_) => {}
            }
        }
        if !came_out.is_empty() {
            return Err(Reason::ComesOut(came_out));
        }
        Err(match self.machine.next_op(&progress.state, actor) {
            Some(op) if op.code != event.op && event.op != OpCode::Arrive => {
                let program = &self.machine.plan().image.program;
                let line = program.span_of(op.site).map_or(0, |span| program.source.line_of(span.start));
                Reason::StandsElsewhere(op.code, line)
            }
            Some(_) => {
                let stuck = self.machine.stuck(&progress.state);
                let held = stuck.iter().find(|one| one.actor == actor).map(|one| one.held_by.clone());
                let names = held.into_iter().flatten().map(|actor| progress.state.name(actor).to_owned());
                Reason::Waits(names.collect())
            }
            None => Reason::NoOperation,
        })
    }

    /// Takes over what an event says, if it is what the machine noted.
    fn accept(&self, mut next: Progress, event: &Event, noted: &Noted) -> Result<Progress, Reason> {
        let names = Names { machine: self.machine, data: self.data, state: &next.state, results: &next.results };
        let mut agrees = names.agree(event, noted);
        if event.op == OpCode::Start
            && let (Ok(Value::Actor(child)), Some(started)) = (&noted.came, event.actor)
        {
            agrees &= next.state.name(child.0) == self.name(started);
        }
        if event.op == OpCode::PoolTake
            && let (Some(cause), Some(actor)) = (event.cause, next.id(event.place.actor))
        {
            // Tasks may look alike: it is the one that was submitted there. One who was killed may not have told of it.
            let submitted = next.results.get(&cause).copied();
            agrees &= submitted.is_none() || submitted == self.machine.in_hand(&next.state, actor);
        }
        if !agrees {
            return Err(Reason::ComesOut(vec![shown(noted)]));
        }
        if let Some(actor) = next.id(event.place.actor) {
            self.machine.has_returned(&mut next.state, actor);
        }
        if let (Ok(Value::Result(result)), Status::Gave(Datum::Result(_))) = (&noted.came, &event.status) {
            Arc::make_mut(&mut next.results).insert(event.place, result.0);
        }
        Ok(next)
    }

    /// The steps of an actor that an event may tell of.
    fn ways(&self, progress: &Progress, actor: u32, event: &Event) -> Vec<Choice> {
        let mut ways = Vec::new();
        // What chance or a clock gave is what the trace says.
        if matches!(event.op, OpCode::Random | OpCode::Shuffle | OpCode::Choose | OpCode::Now)
            && let Status::Gave(datum) = &event.status
            && let Some(value) = plain(datum)
        {
            ways.push(Choice { actor, what: What::Draw(value) });
            return ways;
        }
        let served = self.served(progress, event);
        if let Some(op) = self.machine.next_op(&progress.state, actor).filter(|op| op.code == OpCode::Select) {
            let tells = |what: &What| match what {
                What::Case(case, _) => {
                    op.cases.get(*case as usize).is_some_and(|op| self.tells_of(progress, event, op))
                }
                _ => true,
            };
            let cases = (0..).zip(&op.cases).filter(|(_, case)| case.code == event.op);
            if let Some(served) = served {
                ways.extend(cases.clone().map(|(case, _)| Choice { actor, what: What::Case(case, served.clone()) }));
            }
            self.machine.choices_of(&progress.state, actor, &mut ways);
            ways.retain(|choice| tells(&choice.what));
        } else {
            ways.extend(served.map(|served| Choice { actor, what: What::Serve(served) }));
            self.machine.choices_of(&progress.state, actor, &mut ways);
        }
        ways.retain(|choice| !matches!(choice.what, What::Die(_) | What::Bury | What::Replace(_)));
        // Its way to its end is silent but for the last step.
        if self.machine.next_end(&progress.state, actor).is_some_and(|end| end != Ends::End) {
            ways.clear();
        }
        ways
    }

    /// Whether it is this case of a `select` that an event tells of: the operation, and on what.
    fn tells_of(&self, progress: &Progress, event: &Event, case: &Op) -> bool {
        let is_target = match case.target {
            Target::Object(_) => self.is_on(progress, event, case),
            Target::Actor(actor) => event.actor.is_some_and(|index| self.name(index) == progress.state.name(actor.0)),
            Target::Result(result) => match event.args.first() {
                Some(Datum::Result(place)) => progress.results.get(place) == Some(&result.0),
                _ => true,
            },
            Target::None => true,
        };
        (case.code == event.op || event.op == OpCode::Arrive) && is_target
    }

    /// Whether an event is one of the object of a case.
    pub(super) fn is_on(&self, progress: &Progress, event: &Event, case: &Op) -> bool {
        let detail = event.object.and_then(|index| self.data.objects.get(index as usize));
        let name = match case.target {
            Target::Object(object) => self.machine.object_name(&progress.state, object.id),
            _ => None,
        };
        name.is_some() && detail.map(|detail| detail.name.as_str()) == name.as_deref()
    }

    /// Of what a `select` begins to wait in, keeps what the next events tell: a free run tells of some only.
    fn keep_told(&self, next: &mut Progress, actor: u32, event: &Event) {
        let Some(lane) = self.order.lanes.get(event.place.actor as usize) else { return };
        let events = lane.iter().filter_map(|at| self.data.events.get(*at as usize));
        let told = events.skip_while(|one| one.place != event.place).take_while(|one| one.op == OpCode::Arrive);
        let told: Vec<Option<&str>> = told
            .map(|one| one.object.and_then(|index| self.data.objects.get(index as usize)))
            .map(|detail| detail.map(|detail| detail.name.as_str()))
            .collect();
        let Some(pending) = next.pending.get_mut(&actor) else { return };
        pending.retain(|noted| match noted.target {
            Target::Object(object) if noted.op == OpCode::Arrive => {
                told.contains(&self.machine.object_name(&next.state, object.id).as_deref())
            }
            _ => noted.op != OpCode::Arrive,
        });
    }

    /// Whether those whom a notification wakes are those who say so. Who says that its time was over must have gone
    /// before.
    fn wakes_the_right(&self, before: &Progress, after: &Progress, event: &Event) -> bool {
        if !matches!(event.op, OpCode::ConditionNotify | OpCode::ConditionNotifyAll) {
            return true;
        }
        let old = self.machine.notified(&before.state);
        let new = self.machine.notified(&after.state);
        let says_otherwise = |actor: &u32| {
            let index = before.ids.iter().position(|id| id == actor)?;
            let at = *self.order.lanes.get(index)?.get(*before.done.get(index)? as usize)?;
            let next = self.data.events.get(at as usize)?;
            let gave = matches!(next.status, Status::Gave(_));
            (next.op == OpCode::ConditionWait && gave && next.cause != Some(event.place)).then_some(())
        };
        !new.iter().filter(|actor| !old.contains(actor)).any(|actor| says_otherwise(actor).is_some())
    }

    /// Who is served by a notification, or met at a rendezvous, so far as causes tell.
    fn served(&self, progress: &Progress, event: &Event) -> Option<Vec<u32>> {
        let named = |place: &Place| progress.id(place.actor);
        let takers = || self.takers.get(&event.place).into_iter().flatten();
        let served: Vec<u32> = match event.op {
            OpCode::ConditionNotify | OpCode::QueuePut => takers().filter_map(named).collect(),
            OpCode::QueueGet | OpCode::QueueNext => event.cause.iter().filter_map(named).collect(),
            _ => return None,
        };
        (!served.is_empty()).then_some(served)
    }
}

impl Progress {
    /// The machine's number of an actor of the trace, once it is started.
    pub(super) fn id(&self, actor: u32) -> Option<u32> {
        self.ids.get(actor as usize).copied().filter(|id| *id != 0)
    }
}

fn shown(noted: &Noted) -> String {
    match &noted.came {
        Ok(value) => value::literal(value),
        Err(error) => error.to_string(),
    }
}

/// A value without handles.
fn plain(datum: &Datum) -> Option<Value> {
    Some(match datum {
        Datum::None => Value::None,
        Datum::Bool(value) => Value::Bool(*value),
        Datum::Int(value) => Value::Int(*value),
        Datum::Float(value) => Value::Float(*value),
        Datum::Duration(value) => Value::Duration(*value),
        Datum::Elapsed(value) => Value::Elapsed(*value),
        Datum::Str(text) => Value::from(text.as_str()),
        Datum::List(items) => Value::list(items.iter().map(plain).collect::<Option<_>>()?),
        _ => return None,
    })
}
