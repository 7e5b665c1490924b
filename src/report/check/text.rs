//! A check as a person reads it.

use super::columns::columns;
use super::words::{count, failure, outcomes};
use crate::check::{Assumption, Avoidable, Bound, Checked, Compared, Counterexample, Failure, Verdict};
use crate::report::blocked_lines;
use crate::report::names::listed;
use crate::source::Source;

/// From so many states on it matters how much memory one takes.
const MANY: usize = 10_000;
/// What is said above a round.
pub(super) const AGAIN: &str = "and then these again and again, for ever";

/// The verdict in a sentence, the way to the failure, who waits for whom at its end, what it rests on.
pub fn text(source: &Source, checked: &Checked, compared: &Compared, styled: bool) -> String {
    let mut out = headline(source, checked, compared, styled);
    if let Some(counterexample) = &checked.counterexample {
        out.push_str(&told(source, counterexample));
    }
    for note in notes(source, checked, compared) {
        out.push_str(&format!("  {note}\n"));
    }
    out
}

/// What there is to say beside the verdict and the way to the failure, a line each.
pub(super) fn notes(source: &Source, checked: &Checked, compared: &Compared) -> Vec<String> {
    let mut notes = Vec::new();
    if checked.counterexample.is_none() {
        let (states, steps) = (count(checked.states, "state"), count(checked.transitions, "step"));
        notes.push(format!("{states}, {steps}{}{}", bytes_a_state(checked), unlooked(checked)));
    }
    if let Some(sampled) = checked.sampled.filter(|sampled| sampled.steps > 0) {
        notes.push(format!(
            "then {} drawn at random, {}: {} met, of at least about {}",
            count(sampled.schedules, "schedule"),
            count(sampled.steps, "step"),
            count(sampled.states, "state"),
            count(usize::try_from(sampled.estimate).unwrap_or(usize::MAX), "state"),
        ));
    }
    if let Some(collisions) = checked.collisions {
        let said = match collisions {
            0 => "no two of them have one fingerprint".to_owned(),
            some => format!("{some} of them have another's fingerprint"),
        };
        notes.push(format!("states were kept whole: {said}"));
    }
    if !checked.outcomes.is_empty() {
        notes.push(format!("outcomes: {}", checked.outcomes.join(", ")));
    }
    notes.extend(compared.missing.iter().map(|missing| format!("expected and not found: {missing}")));
    notes.extend(outcomes(compared));
    notes.extend(checked.also.iter().map(|other| format!("also: {}", failure(source, other, None))));
    notes.extend(checked.assumptions.iter().map(assumed));
    notes
}

/// That not all were looked at, and why where that is not plain.
fn unlooked(checked: &Checked) -> &'static str {
    match checked.bound {
        _ if checked.complete => "",
        Some(Bound::Memory) => ", not all there are: no memory is left that it may take",
        Some(Bound::States | Bound::Time) | None => ", not all there are",
        Some(Bound::Preemptions) => ": all with so few preemptions",
    }
}

/// How many bytes of memory the search took for a state, where there are so many that it matters.
fn bytes_a_state(checked: &Checked) -> String {
    if checked.states < MANY || checked.bytes == 0 {
        return String::new();
    }
    format!(", {} bytes of memory a state", checked.bytes / checked.states.max(1) as u64)
}

fn headline(source: &Source, checked: &Checked, compared: &Compared, styled: bool) -> String {
    let (red, green, yellow, plain) =
        if styled { ("\u{1b}[1;31m", "\u{1b}[1;32m", "\u{1b}[1;33m", "\u{1b}[0m") } else { ("", "", "", "") };
    let name = source.name();
    let expected = if compared.as_expected && checked.verdict != Verdict::Pass { ", as expected" } else { "" };
    let colour = match (compared.as_expected, checked.verdict) {
        (true, _) => green,
        (false, Verdict::Limit) => yellow,
        _ => red,
    };
    let said = said(source, checked);
    format!("{colour}{}{plain} {name}{expected}: {said}\n", checked.verdict.name())
}

/// The verdict in a sentence.
pub(super) fn said(source: &Source, checked: &Checked) -> String {
    match (&checked.counterexample, checked.verdict) {
        (Some(counterexample), _) => failure(source, &counterexample.failure, counterexample.cause.as_ref()),
        (None, Verdict::Pass) => "no schedule fails".into(),
        (None, _) if checked.bound == Some(Bound::Preemptions) => "no schedule with so few preemptions fails".into(),
        (None, _) => "no schedule that was looked at fails".into(),
    }
}

fn told(source: &Source, counterexample: &Counterexample) -> String {
    let mut out = format!("  {}\n\n{}\n", costs(counterexample), columns(source, &counterexample.lines, 1));
    if !counterexample.round.is_empty() {
        let first = counterexample.lines.len() + 1;
        out.push_str(&format!("  {AGAIN}:\n\n{}\n", columns(source, &counterexample.round, first)));
    }
    for line in beneath(source, counterexample) {
        out.push_str(&format!("  {line}\n"));
    }
    out
}

/// How long a way is.
pub(super) fn costs(counterexample: &Counterexample) -> String {
    let cost = counterexample.cost;
    format!(
        "{}, {}, {}{}",
        count(cost.preemptions as usize, "preemption"),
        count(cost.switches as usize, "context switch"),
        count(cost.steps as usize, "step"),
        if counterexample.minimal { ": no schedule fails with fewer" } else { " (there may be a better one)" }
    )
}

/// What is said beneath a way: how it could be avoided, who waits for what at its end.
pub(super) fn beneath(source: &Source, counterexample: &Counterexample) -> Vec<String> {
    let mut lines = Vec::new();
    if counterexample.cost.preemptions > 0 {
        lines.push("> before this step another actor could have gone on".to_owned());
    }
    match counterexample.avoidable {
        Avoidable::Until(at) => {
            let who = counterexample.lines.get(at).map_or("", |line| line.actor.as_str());
            lines
                .push(format!("before step {} it could still be avoided, by going on with another than {who}", at + 1));
        }
        Avoidable::Never => lines.push("every schedule fails".into()),
        Avoidable::Unknown => {}
    }
    if let Failure::Race(_) = &counterexample.failure {
        lines.push("next are the two accesses, and nothing says which comes first".to_owned());
    }
    if let Failure::Deadlock(blocked) = &counterexample.failure {
        lines.extend(blocked_lines(source, blocked));
    } else if !counterexample.blocked.is_empty() {
        let waiting: Vec<String> = counterexample.blocked.iter().map(|one| one.actor.clone()).collect();
        lines.push(format!("meanwhile waiting: {}", listed(&waiting)));
    }
    lines
}

fn assumed(assumption: &Assumption) -> String {
    match assumption {
        Assumption::AnyTime => "time orders nothing here: sleepers wake, and waits time out, at any step".into(),
        Assumption::PromptTime => "time is virtual: whoever can go on does so before any time is over".into(),
        Assumption::RestsOnTime => {
            "under virtual time (--timeouts prompt) no schedule fails: this one rests on timing".into()
        }
        Assumption::LeavesCycles => "some loops can go on for ever; that they are left one day is assumed".into(),
        Assumption::Preemptions(most) => {
            format!("only schedules with at most {} were looked at", count(*most as usize, "preemption"))
        }
        Assumption::Crashes(most) => format!(
            "at most {} may be killed, at any step",
            count(*most as usize, "process").replace("processs", "processes")
        ),
        Assumption::Spurious => "who waits to be notified may wake up by itself".into(),
    }
}
