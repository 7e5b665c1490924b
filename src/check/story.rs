//! The counterexample as data: one line a step, who waits at the end, and where it could still have been avoided.
//!
//! Answers for: that it can be told and taken again. Never words it.

use std::time::Instant;

use rustc_hash::FxHashSet;

use super::explore::Found;
use super::failure::{Fault, faults, of_state, of_step};
use super::liveness::Trap;
use super::shortest::{self, Best, Cost, Within, goes_on};
use super::{Bound, Cause, Failure, Limits, Options, STATE_BYTES, cause, round};
use crate::machine::{Choice, Fingerprint, Happened, Machine, Outlook, Permits, Space, State, Step, Taken, Time, What};
use crate::program::op::{OpCode, Target};
use crate::schedule::Replay;
use crate::source::Span;
use crate::trace::Blocked;
use crate::value::{self, Value};

/// States that are looked at to find out where a failure could still be avoided.
const AVOID_MAX: usize = 30_000;

/// The best way to a failure.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// What goes wrong.
    pub failure: Failure,
    /// The steps.
    pub lines: Vec<Line>,
    /// Of what goes on for ever: steps after those, after which all is as it was before them.
    pub round: Vec<Line>,
    /// What the way costs.
    pub cost: Cost,
    /// Whether there is no better one.
    pub minimal: bool,
    /// Who waits at the end.
    pub blocked: Vec<Blocked>,
    /// Of a deadlock: why.
    pub cause: Option<Cause>,
    /// The last line at which another step could have avoided it.
    pub avoidable: Avoidable,
    /// The steps as a schedule file has them.
    pub replay: Replay,
}

/// Where a failure can still be avoided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Avoidable {
    /// Up to this line: after it, no schedule avoids it.
    Until(usize),
    /// Not at all: every schedule fails.
    Never,
    /// That was not found out.
    Unknown,
}

/// A step of a counterexample.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Whose.
    pub actor: String,
    /// The operation; none of a step towards an actor's end.
    pub op: Option<OpCode>,
    /// On what, as shown.
    pub target: Option<String>,
    /// Where it stands.
    pub span: Option<Span>,
    /// Whether it only begins to wait.
    pub arrives: bool,
    /// Whether its wait was out of time.
    pub times_out: bool,
    /// Whether it wakes up from a condition's wait though nobody notified it.
    pub is_spurious: bool,
    /// Whether it is killed.
    pub is_killed: bool,
    /// What it gave, as a literal; an error's kind.
    pub gave: Option<Result<String, String>>,
    /// Whether the step before was another's that could have gone on.
    pub preempts: bool,
}

/// The best counterexample of what a search found.
pub(super) fn best(
    space: &mut Space<'_>,
    initial: &State,
    options: &Options,
    until: Option<Instant>,
    found: &mut Found,
) -> Option<Counterexample> {
    let machine = space.machine();
    if found.complete && found.failures.is_empty() && found.traps.is_empty() && options.preemptions.is_none() {
        return None;
    }
    let limits = &options.limits;
    let mut ways: Vec<Best> = Vec::new();
    if options.preemptions.is_some() {
        ways.extend(within(space, initial, options, until, found));
    } else if !found.failures.is_empty() {
        let known: Vec<Best> = found
            .failures
            .values()
            .map(|(failure, way)| Best {
                failure: failure.clone(),
                way: way.clone(),
                cost: cost_of(machine, initial, way),
                minimal: false,
            })
            .collect();
        let cost = known.iter().map(|best| best.cost).min();
        let within = Within { cost, ..Within::default() };
        match shortest::best(space, initial, (limits, until), within, None).0 {
            Ok(best) if best.minimal => ways.push(best),
            // Out of budget: the best of the short ways, and those on which they were found.
            some => {
                let cost = some.as_ref().ok().map(|best| best.cost).or(cost);
                ways.extend(shortest::best_of_short(space, initial, (limits, until), cost));
                ways.extend(some);
                ways.extend(known);
            }
        }
    }
    for trap in &mut found.traps {
        if let Ok(best) = shortest::best(space, initial, (limits, until), Within::default(), Some(trap)).0 {
            trap.is_reached = true;
            ways.push(best);
        }
    }
    let best = ways.into_iter().min_by_key(|best| (best.cost, best.failure.verdict()))?;
    let trap = found.traps.iter().find(|trap| trap.failure.key() == best.failure.key());
    Some(told(space, initial, (options, found.has_cycles), best, trap))
}

/// The best way to a failure with as many preemptions as are allowed at most; `found` is told what was looked at, and
/// what else is wrong there.
fn within(
    space: &mut Space<'_>,
    initial: &State,
    options: &Options,
    until: Option<Instant>,
    found: &mut Found,
) -> Option<Best> {
    let limits = Limits { states_best: options.limits.states, ..options.limits };
    let within = Within { preemptions: options.preemptions, ..Within::default() };
    let (best, looked) = shortest::best(space, initial, (&limits, until), within, None);
    (found.states, found.transitions, found.timed) = (looked.states, looked.steps, looked.timed);
    match best {
        Ok(best) => {
            let (machine, mut state) = (space.machine(), initial.clone());
            best.way.iter().for_each(|choice| drop(machine.step(&mut state, choice)));
            let packed = space.pack(&state);
            let view = space.view(&packed, None);
            let mut outlook = Outlook::default();
            space.look(&view, &mut outlook);
            let others = of_state(space, &packed, &view, &mut outlook);
            others.into_iter().for_each(|failure| found.fail(failure, || best.way.clone()));
            Some(best)
        }
        Err(bound) => {
            found.bound = bound.or(Some(Bound::Preemptions));
            None
        }
    }
}

fn cost_of(machine: &Machine, initial: &State, way: &[Choice]) -> Cost {
    let (mut state, mut cost, mut last) = (initial.clone(), Cost::default(), None);
    for choice in way {
        let choices = machine.choices(&state);
        cost = cost.then(last, last.is_some_and(|last| goes_on(choices.iter(), last)), choice.actor);
        last = Some(choice.actor);
        if machine.step(&mut state, choice).is_err() {
            break;
        }
    }
    cost
}

fn told(
    space: &mut Space<'_>,
    initial: &State,
    (options, has_cycles): (&Options, bool),
    mut best: Best,
    trap: Option<&Trap>,
) -> Counterexample {
    let machine = space.machine();
    let mut replay = Replay::new(machine.plan(), options.seed);
    replay.any_time = options.rules.time == Time::Any;
    replay.crashes = options.rules.crashes;
    if let Failure::Race(race) = &best.failure {
        replay.race = Some(race.accesses.each_ref().map(|access| access.name.clone()));
    }
    let (mut lines, mut states) = (Vec::new(), vec![initial.clone()]);
    let mut state = initial.clone();
    let (mut last, mut permits) = (None, Permits::default());
    for choice in &best.way {
        replay.note(machine, &state, choice);
        let preempts = last.is_some_and(|last| last != choice.actor && goes_on(machine.choices(&state).iter(), last));
        last = Some(choice.actor);
        let (line, happened) = line(machine, &mut state, choice, preempts);
        permits.note(&happened);
        lines.push(line);
        states.push(state.clone());
    }
    let round = trap.map(|trap| round::round(machine, &state, trap, &options.limits)).unwrap_or_default();
    replay.round = round.len();
    let mut again = state.clone();
    let mut told = |choice: &Choice| {
        replay.note(machine, &again, choice);
        line(machine, &mut again, choice, false).0
    };
    let round: Vec<Line> = round.iter().map(&mut told).collect();
    // Traps of the same kind are one: this is who goes round in the one that the way leads to.
    if let Failure::Livelock(actors) = &mut best.failure
        && replay.round > 0
    {
        *actors = replay.round_of();
    }
    let mut blocked = match &best.failure {
        Failure::Deadlock(blocked) => blocked.clone(),
        _ => machine.blocked(&state),
    };
    permits.name_takers(machine, &state, &mut blocked);
    if let Failure::Deadlock(shown) = &mut best.failure {
        shown.clone_from(&blocked);
    }
    let avoidable = match best.failure {
        Failure::Livelock(_) | Failure::Never(..) => Avoidable::Unknown,
        // Who goes round for ever does not fail.
        _ => match avoidable(space, &states) {
            Avoidable::Never if has_cycles => Avoidable::Unknown,
            avoidable => avoidable,
        },
    };
    let cause = matches!(best.failure, Failure::Deadlock(_)).then(|| match cause::of(&blocked, &lines) {
        // A wake-up in time would not have helped.
        Cause::LostWakeUp(waiter, _) if avoidable == Avoidable::Never => Cause::NobodyWakes(waiter),
        cause => cause,
    });
    let Best { failure, cost, minimal, .. } = best;
    Counterexample { failure, lines, round, cost, minimal, blocked, cause, avoidable, replay }
}

fn line(machine: &Machine, state: &mut State, choice: &Choice, preempts: bool) -> (Line, Happened) {
    let op = machine.next_op(state, choice.actor).cloned();
    let actor = state.name(choice.actor).to_owned();
    let target = op.as_ref().and_then(|op| match op.target {
        Target::Object(object) => {
            let side = object.side().map_or_else(String::new, |side| format!(".{}", side.name()));
            machine.object_name(state, object.id).map(|name| name + &side)
        }
        Target::Actor(actor) => Some(state.name(actor.0).to_owned()),
        _ => None,
    });
    let is_start = op.as_ref().is_some_and(|op| op.code == OpCode::Start);
    let is_end = matches!(choice.what, What::Die(_) | What::Bury | What::Replace(_));
    let happened = machine.step(state, choice).unwrap_or_default();
    let own = happened.noted.iter().find(|noted| noted.actor == choice.actor);
    // Who is started is known now.
    let target = match own.map(|noted| &noted.came) {
        Some(Ok(Value::Actor(started))) if is_start => Some(state.name(started.0).to_owned()),
        _ => target,
    };
    let arrives = own.is_none_or(|noted| noted.op == OpCode::Arrive) && op.is_some();
    let gave = own.filter(|noted| noted.op != OpCode::Arrive && op.is_some()).and_then(|noted| match &noted.came {
        Ok(Value::None) => None,
        Ok(value) => Some(Ok(value::literal(value))),
        Err(error) => Some(Err(error.kind.name().to_owned())),
    });
    // What is made up for a file without `main` stands nowhere.
    let span = op.as_ref().and_then(|op| machine.plan().image.program.span_of(op.site)).filter(|span| span.end > 0);
    let line = Line {
        actor,
        op: op.filter(|_| !is_end).map(|op| op.code),
        target,
        span,
        arrives,
        times_out: choice.what == What::TimeOut,
        is_spurious: choice.what == What::Wake,
        is_killed: matches!(choice.what, What::Die(_)),
        gave,
        preempts,
    };
    (line, happened)
}

/// The last state of a way from which some schedule comes to a good end.
fn avoidable(space: &mut Space<'_>, states: &[State]) -> Avoidable {
    let (outlook, doomed, found_bytes) = (Outlook::default(), FxHashSet::default(), space.found_bytes());
    let mut search = Avoid { space, outlook, doomed, left: AVOID_MAX, found_bytes };
    for (at, state) in states.iter().enumerate().rev().skip(1) {
        match search.avoids(state) {
            Some(true) => return Avoidable::Until(at),
            Some(false) => {}
            None => return Avoidable::Unknown,
        }
    }
    Avoidable::Never
}

struct Avoid<'s, 'm> {
    space: &'s mut Space<'m>,
    outlook: Outlook,
    /// From here no schedule comes to a good end.
    doomed: FxHashSet<Fingerprint>,
    left: usize,
    found_bytes: usize,
}

impl Avoid<'_, '_> {
    /// Whether some schedule comes to an end without a failure; none where that was not found out.
    fn avoids(&mut self, from: &State) -> Option<bool> {
        let mut stack = vec![self.space.pack(from)];
        while let Some(state) = stack.pop() {
            if !self.doomed.insert(self.space.fingerprint(&state)) {
                continue;
            }
            // A large state counts for several.
            let found_bytes = self.space.found_bytes();
            self.left = self.left.checked_sub(1 + found_bytes.saturating_sub(self.found_bytes) / STATE_BYTES)?;
            self.found_bytes = found_bytes;
            if self.space.is_full() {
                self.space.forget_all_but(stack.iter().chain([&state]));
            }
            let view = self.space.view(&state, None);
            self.space.look(&view, &mut self.outlook);
            if !faults(self.space, &state, &view, &mut self.outlook).iter().all(|fault| {
                matches!(fault, Fault::Race(..)) && self.space.machine().races(&self.space.state(&state)).is_empty()
            }) {
                continue;
            }
            if self.space.is_over(&state) {
                return Some(true);
            }
            let steps: Vec<Step> = self.space.steps(&view).map(|(step, _)| step).collect();
            for step in steps {
                let Some(Taken { next, happened }) = self.space.step(&state, &view, step) else { continue };
                let fails = |happened: &Happened| !of_step(&self.space.state(&next), happened).is_empty();
                if !happened.is_some_and(|happened| fails(&happened)) {
                    stack.push(next);
                }
            }
        }
        Some(false)
    }
}
