//! Real runs beside a check.

use serde_json::{Value, json};

use super::words::count;
use crate::check::{Assumption, Checked, End, Observed, Seen};
use crate::source::Source;

/// How many of the reachable outcomes were seen, each with its runs; what the checker excludes, with what that means.
pub fn observed(source: &Source, checked: &Checked, observed: &Observed, styled: bool) -> String {
    let mut out = summary(checked, observed);
    for seen in &observed.seen {
        let strange = if seen.is_reachable { "" } else { ", which the checker excludes" };
        let (runs, first) = (seen.runs, seen.first);
        out.push_str(&format!("  {runs:>8}  {}{strange} (first with --perturb {first})\n", shown(source, &seen.end)));
    }
    for end in &observed.unseen {
        out.push_str(&format!("         0  {}\n", shown(source, end)));
    }
    out + &excluded(source, checked, observed, styled)
}

/// What a line of a table does not say: runs that had to be ended, and what the checker excludes.
pub fn observed_in_short(source: &Source, checked: &Checked, observed: &Observed, styled: bool) -> String {
    let ended = match observed.cut_off {
        0 => String::new(),
        more => format!("  {}, and {more} more had to be ended\n", count(observed.runs, "run")),
    };
    ended + &excluded(source, checked, observed, styled)
}

/// The same as JSON.
pub(super) fn observed_json(source: &Source, observed: &Observed) -> Value {
    let one = |end: &End, runs: usize, first: Option<u64>, is_reachable: bool| {
        let (kind, value) = match end {
            End::Outcome(value) => ("outcome", value.clone()),
            end => ("ending", shown(source, end)),
        };
        json!({ "kind": kind, "value": value, "runs": runs, "first_seed": first, "reachable": is_reachable })
    };
    let seen = observed.seen.iter().map(|seen| one(&seen.end, seen.runs, Some(seen.first), seen.is_reachable));
    let unseen = observed.unseen.iter().map(|end| one(end, 0, None, true));
    let (seen_count, reachable) = observed.share();
    json!({
        "runs": observed.runs,
        "cut_off": observed.cut_off,
        "seen": seen_count,
        "reachable": reachable,
        "excluded": observed.excluded().count(),
        "outcomes": seen.chain(unseen).collect::<Vec<_>>(),
    })
}

fn summary(checked: &Checked, observed: &Observed) -> String {
    let (seen, reachable) = observed.share();
    let least = if checked.complete { "" } else { "at least " };
    let noun = if reachable == 1 { "outcome" } else { "outcomes" };
    let runs = count(observed.runs, "run");
    let cut_off = match observed.cut_off {
        0 => String::new(),
        more => format!("; {more} more had to be ended"),
    };
    format!("  on real processes: {seen} of {least}{reachable} {noun} seen in {runs}{cut_off}\n")
}

/// What it means that a run came to what no schedule does.
fn excluded(source: &Source, checked: &Checked, observed: &Observed, styled: bool) -> String {
    let ends: Vec<String> = observed.excluded().map(|Seen { end, .. }| shown(source, end)).collect();
    if ends.is_empty() {
        return String::new();
    }
    let why = if !checked.complete {
        "not every schedule was covered"
    } else if checked.assumptions.contains(&Assumption::PromptTime) {
        "the check kept to virtual time, which real runs do not"
    } else {
        "this is a bug in conc"
    };
    let (red, plain) = if styled { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("", "") };
    format!("  {red}excluded, and seen{plain}: {}: {why}\n", ends.join(", "))
}

fn shown(source: &Source, end: &End) -> String {
    match end {
        End::Outcome(value) => format!("outcome {value}"),
        End::Passed => "ends well".into(),
        End::Exited(status) => format!("exit({status})"),
        End::Error { kind, actor, at } => format!("{kind} in {actor} at line {}", source.place(*at).line),
        End::Deadlock => "deadlock".into(),
    }
}
