//! A check as a person reads it.

use super::columns::columns;
use super::words::{count, failure, listed};
use crate::check::{Assumption, Avoidable, Bound, Checked, Compared, Counterexample, Failure, Verdict};
use crate::report::blocked_lines;
use crate::source::Source;

/// From so many states on it matters how much memory one takes.
const MANY: usize = 10_000;

/// The verdict in a sentence, the way to the failure, who waits for whom at its end, what it rests on.
pub fn text(source: &Source, checked: &Checked, compared: &Compared, styled: bool) -> String {
    let mut out = headline(source, checked, compared, styled);
    let searched = format!(
        "  {}, {}{}{}",
        count(checked.states, "state"),
        count(checked.transitions, "step"),
        bytes_a_state(checked),
        unlooked(checked)
    );
    match &checked.counterexample {
        None => {
            out.push_str(&searched);
            out.push('\n');
        }
        Some(counterexample) => out.push_str(&told(source, counterexample)),
    }
    if let Some(collisions) = checked.collisions {
        let said = match collisions {
            0 => "no two of them have one fingerprint".to_owned(),
            some => format!("{some} of them have another's fingerprint"),
        };
        out.push_str(&format!("  states were kept whole: {said}\n"));
    }
    if !checked.outcomes.is_empty() {
        out.push_str(&format!("  outcomes: {}\n", checked.outcomes.join(", ")));
    }
    for missing in &compared.missing {
        out.push_str(&format!("  expected and not found: {missing}\n"));
    }
    if !compared.strange_outcomes.is_empty() {
        out.push_str(&format!("  outcomes that nobody expects: {}\n", compared.strange_outcomes.join(", ")));
    }
    if !compared.missing_outcomes.is_empty() {
        out.push_str(&format!(
            "  expected outcomes that no schedule reaches: {}\n",
            compared.missing_outcomes.join(", ")
        ));
    }
    for other in &checked.also {
        out.push_str(&format!("  also: {}\n", failure(source, other, None)));
    }
    for assumption in &checked.assumptions {
        out.push_str(&format!("  {}\n", assumed(assumption)));
    }
    out
}

/// That not all were looked at, and why where that is not plain.
fn unlooked(checked: &Checked) -> &'static str {
    match checked.bound {
        _ if checked.complete => "",
        Some(Bound::Memory) => ", not all there are: no memory is left that it may take",
        Some(Bound::States | Bound::Time) | None => ", not all there are",
    }
}

/// How many bytes of memory the search took for a state, where there are so many that it matters.
fn bytes_a_state(checked: &Checked) -> String {
    if checked.states < MANY {
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
    let said = match (&checked.counterexample, checked.verdict) {
        (Some(counterexample), _) => failure(source, &counterexample.failure, counterexample.cause.as_ref()),
        (None, Verdict::Pass) => "no schedule fails".into(),
        (None, _) => "no schedule that was looked at fails".into(),
    };
    format!("{colour}{}{plain} {name}{expected}: {said}\n", checked.verdict.name())
}

fn told(source: &Source, counterexample: &Counterexample) -> String {
    let cost = counterexample.cost;
    let mut out = format!(
        "  {}, {}, {}{}\n\n",
        count(cost.preemptions as usize, "preemption"),
        count(cost.switches as usize, "context switch"),
        count(cost.steps as usize, "step"),
        if counterexample.minimal { ": no schedule fails with fewer" } else { " (there may be a better one)" }
    );
    out.push_str(&columns(source, &counterexample.lines));
    out.push('\n');
    if counterexample.cost.preemptions > 0 {
        out.push_str("  > before this step another actor could have gone on\n");
    }
    match (counterexample.avoidable, counterexample.lines.len()) {
        (Avoidable::Until(at), _) => {
            let who = counterexample.lines.get(at).map_or("", |line| line.actor.as_str());
            out.push_str(&format!("  it could still be avoided before step {}, by another one than {who}'s\n", at + 1));
        }
        (Avoidable::Never, _) => out.push_str("  every schedule fails\n"),
        (Avoidable::Unknown, _) => {}
    }
    if let Failure::Deadlock(blocked) = &counterexample.failure {
        for line in blocked_lines(source, blocked) {
            out.push_str(&format!("  {line}\n"));
        }
    } else if !counterexample.blocked.is_empty() {
        let waiting: Vec<String> = counterexample.blocked.iter().map(|one| one.actor.clone()).collect();
        out.push_str(&format!("  meanwhile waiting: {}\n", listed(&waiting)));
    }
    out
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
