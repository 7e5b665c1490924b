//! What became of a scenario's mutants.

use serde_json::{Value, json};

use super::words::{count, failure};
use crate::check::Checked;
use crate::source::{Source, Span};
use crate::variants::{Differs, Fate, Judged, Mutant, Operator};

/// How much of a piece of source is shown, in characters.
const SHOWN_MAX: usize = 48;
/// How many failures are named that the scenario does not have.
const FAILURES_MAX: usize = 2;

/// The mutants of a scenario that were checked, each with what became of it.
#[derive(Clone, Copy, Debug)]
pub struct Mutated<'a> {
    /// The scenario.
    pub source: &'a Source,
    /// What the check of it comes to as it stands.
    pub original: &'a Checked,
    /// In the order of the text.
    pub mutants: &'a [(&'a Mutant, &'a Judged)],
}

/// How many mutants became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Scenarios.
    pub files: usize,
    /// Noticed by the claims.
    pub noticed: usize,
    /// Not noticed, though something is not the same.
    pub survived: usize,
    /// Of which nothing is known that is not the same.
    pub same: usize,
    /// That a limit ended.
    pub limit: usize,
}

impl Tally {
    /// All of them.
    pub fn all(self) -> usize {
        self.noticed + self.survived + self.same + self.limit
    }

    /// With others.
    pub fn and(self, other: Tally) -> Tally {
        Tally {
            files: self.files + other.files,
            noticed: self.noticed + other.noticed,
            survived: self.survived + other.survived,
            same: self.same + other.same,
            limit: self.limit + other.limit,
        }
    }

    /// How many of those that could be noticed were, in percent; none where there are none.
    pub fn score(self) -> Option<f64> {
        let all = self.noticed + self.survived;
        (all > 0).then(|| 100.0 * self.noticed as f64 / all as f64)
    }
}

impl Mutated<'_> {
    /// How many became what.
    pub fn tally(&self) -> Tally {
        let of = |fate| self.mutants.iter().filter(|(_, judged)| judged.fate == fate).count();
        Tally {
            files: 1,
            noticed: of(Fate::Noticed),
            survived: of(Fate::Survived),
            same: of(Fate::Same),
            limit: of(Fate::Limit),
        }
    }
}

/// Every mutant in two lines: where and what, and what became of it. In short, only those that were not noticed.
pub fn mutants(mutated: &Mutated<'_>, in_short: bool, styled: bool) -> String {
    let Mutated { source, original, mutants } = mutated;
    let (states, name) = (count(original.states, "state"), source.name());
    let mut out = if in_short {
        format!("{name}: {}\n", tallied(mutated.tally()))
    } else {
        format!("{name}: {} as it stands, {states}; {}\n", original.verdict.name(), count(mutants.len(), "mutant"))
    };
    let (red, green, yellow, plain) =
        if styled { ("\u{1b}[1;31m", "\u{1b}[32m", "\u{1b}[33m", "\u{1b}[0m") } else { ("", "", "", "") };
    for (mutant, judged) in *mutants {
        if in_short && matches!(judged.fate, Fate::Noticed | Fate::Same) {
            continue;
        }
        let (colour, fate) = match judged.fate {
            Fate::Noticed => (green, "noticed"),
            Fate::Survived => (red, "SURVIVED"),
            Fate::Same => ("", "same"),
            Fate::Limit => (yellow, "limit"),
        };
        let line = source.place(mutant.span.start).line;
        out.push_str(&format!("  {colour}{fate:<8}{plain}  line {line:<4} {}\n", done(source, mutant)));
        out.push_str(&format!("                      {}\n", came(source, original, judged)));
    }
    if !in_short {
        out.push_str(&format!("  {}\n", tallied(mutated.tally())));
    }
    out
}

/// The last line, of several scenarios; `wrong` could not be looked at.
pub fn mutants_total(tally: Tally, wrong: usize) -> String {
    let refused = if wrong == 0 { String::new() } else { format!(", {wrong} left out") };
    format!("{}{refused}; {}\n", count(tally.files, "scenario"), tallied(tally))
}

/// One object, on one line.
pub fn mutants_json(mutated: &Mutated<'_>) -> String {
    let Mutated { source, original, mutants } = mutated;
    let tally = mutated.tally();
    let object = json!({
        "file": source.name(),
        "verdict": original.verdict.name(),
        "states": original.states,
        "mutants": mutants.iter().map(|(mutant, judged)| one(source, mutant, judged)).collect::<Vec<_>>(),
        "noticed": tally.noticed,
        "survived": tally.survived,
        "same": tally.same,
        "limit": tally.limit,
        "score": tally.score(),
    });
    format!("{object}\n")
}

fn one(source: &Source, mutant: &Mutant, judged: &Judged) -> Value {
    let Judged { fate, checked, compared, differs } = judged;
    let place = source.place(mutant.span.start);
    json!({
        "operator": mutant.operator.name(),
        "line": place.line,
        "column": place.column,
        "source": source.line(place.line).trim(),
        "target": shown(source, mutant.target),
        "message": done(source, mutant),
        "fate": fate.name(),
        "verdict": checked.verdict.name(),
        "complete": checked.complete,
        "states": checked.states,
        "seconds": checked.time.as_secs_f64(),
        "counterexample": checked.counterexample.as_ref().map(|counterexample| json!({
            "message": failure(source, &counterexample.failure, counterexample.cause.as_ref()),
            "preemptions": counterexample.cost.preemptions,
            "context_switches": counterexample.cost.switches,
            "steps": counterexample.cost.steps,
            "minimal": counterexample.minimal,
        })),
        "missing": compared.missing,
        "strange_outcomes": compared.strange_outcomes,
        "missing_outcomes": compared.missing_outcomes,
        "ends_more": differs.map(|differs| differs.ends_more),
        "ends_less": differs.map(|differs| differs.ends_less),
        "states_more": differs.and_then(|differs| differs.ever_more),
    })
}

fn tallied(tally: Tally) -> String {
    let mut out = format!("{}: {} noticed", count(tally.all(), "mutant"), tally.noticed);
    for (number, what) in
        [(tally.survived, "survived"), (tally.same, "not told apart by anything"), (tally.limit, "over a limit")]
    {
        if number > 0 {
            out.push_str(&format!(", {number} {what}"));
        }
    }
    match tally.score() {
        Some(score) => out + &format!("; score {}%", score.floor()),
        None => out,
    }
}

/// What was done.
fn done(source: &Source, mutant: &Mutant) -> String {
    let target = shown(source, mutant.target);
    match mutant.operator {
        Operator::LockDropped => format!("`{target}` is not taken"),
        // Of a `with`.
        Operator::TakeDropped if !target.ends_with(')') => format!("`{target}` is not taken"),
        Operator::LockSplit => format!("the lock is let go and taken again after `{target}`"),
        Operator::LocksSwapped => format!("`{target}` are taken in the other order"),
        Operator::WriteAsRead => format!("`{target}` is taken as by a reader"),
        Operator::WaitOnce => format!("`{target}` looks once, and not after every wake-up"),
        Operator::NotifyOne => format!("`{target}` notifies only one"),
        Operator::ReleaseDropped
        | Operator::WaitDropped
        | Operator::NotifyDropped
        | Operator::TakeDropped
        | Operator::GiveDropped
        | Operator::SignalDropped
        | Operator::SendDropped
        | Operator::ReceiveDropped
        | Operator::JoinDropped => format!("`{target}` is left out"),
        Operator::PermitMore => format!("`{}` has one permit more", shown(source, mutant.span)),
        Operator::PartyLess => format!("`{}` waits for one less", shown(source, mutant.span)),
        Operator::BoundDropped => format!("`{}` has no bound", shown(source, mutant.span)),
        Operator::AtomicPlain => format!("`{target}` is shared, not atomic"),
        Operator::AtomicSplit => format!("`{target}` reads and writes in two steps"),
    }
}

/// What became of it.
fn came(source: &Source, original: &Checked, judged: &Judged) -> String {
    let Judged { fate, checked, differs, .. } = judged;
    match (fate, differs) {
        (Fate::Noticed, _) => return noticed(source, judged),
        (Fate::Limit, _) => {
            let states = count(checked.states, "state");
            return format!("nothing strange in {states}, which are not all (--max-states, --time-limit)");
        }
        (Fate::Same, Some(Differs { ever_more: Some(_), .. })) => {
            return "no claim could tell: the same outcomes, and nothing shared ever holds anything new".into();
        }
        (Fate::Same, _) => {
            return "the same outcomes and ends; there are too many states to look at all on the way".into();
        }
        (Fate::Survived, _) => {}
    }
    let new = checked.failures().filter(|one| original.failures().all(|known| known.key() != one.key()));
    let mut parts: Vec<String> = new.map(|one| failure(source, one, None)).collect();
    if parts.len() > FAILURES_MAX {
        let more = count(parts.len() - FAILURES_MAX, "more failure");
        parts.truncate(FAILURES_MAX);
        parts.push(format!("and {more}"));
    }
    let strange: Vec<&str> =
        checked.outcomes.iter().filter(|one| !original.outcomes.contains(one)).map(String::as_str).collect();
    if !strange.is_empty() {
        parts.push(format!("it can end with {}, which the scenario cannot", strange.join(", ")));
    }
    let counted = |number: usize| count(number, "combination");
    match differs {
        Some(Differs { ends_more: more @ 1.., .. }) => parts.push(format!(
            "it can end with shared values with which the scenario never ends ({}), and no claim forbids them",
            counted(*more)
        )),
        Some(Differs { ever_more: Some(more @ 1..), .. }) => parts.push(format!(
            "on the way come shared values that the scenario never has ({}), and no claim forbids them",
            counted(*more)
        )),
        Some(Differs { ends_less: less @ 1.., .. }) => parts.push(format!(
            "it never ends with shared values with which the scenario can end ({}), and no claim asks for them",
            counted(*less)
        )),
        _ => {}
    }
    if parts.is_empty() {
        parts.push("it does not fail in every place, or not end in every way, in which the scenario does".into());
    }
    format!("{}, as expected, but {}", checked.verdict.name(), parts.join("; "))
}

fn noticed(source: &Source, judged: &Judged) -> String {
    let Judged { checked, compared, .. } = judged;
    let mut parts = Vec::new();
    let is_foreseen = compared.expected.contains(&checked.verdict.name());
    for missing in &compared.missing {
        parts.push(format!("expected and not found: {missing}"));
    }
    if !compared.strange_outcomes.is_empty() {
        parts.push(format!("outcomes that nobody expects: {}", compared.strange_outcomes.join(", ")));
    }
    if !compared.missing_outcomes.is_empty() {
        let missing = compared.missing_outcomes.join(", ");
        parts.push(format!("expected outcomes that no schedule reaches: {missing}"));
    }
    if let Some(counterexample) = checked.counterexample.as_ref().filter(|_| parts.is_empty() || !is_foreseen) {
        let cost = counterexample.cost;
        let said = format!(
            "{} ({}{}, {}, {}): {}",
            checked.verdict.name(),
            if counterexample.minimal { "" } else { "at most " },
            count(cost.preemptions as usize, "preemption"),
            count(cost.switches as usize, "context switch"),
            count(cost.steps as usize, "step"),
            failure(source, &counterexample.failure, counterexample.cause.as_ref())
        );
        parts.insert(0, said);
    }
    parts.join("; ")
}

/// A piece of source on one line, cut short.
fn shown(source: &Source, span: Span) -> String {
    let words: Vec<&str> = source.slice(span).split_whitespace().collect();
    let text = words.join(" ");
    if text.chars().count() <= SHOWN_MAX {
        return text;
    }
    text.chars().take(SHOWN_MAX - 2).chain([' ', '…']).collect()
}
