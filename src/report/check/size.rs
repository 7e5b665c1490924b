//! Why a search is as large as it is, and what would make it smaller.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::words::{count, name};
use crate::check::{Extent, Place, Size, Stage, Variety};
use crate::program::op::OpCode;
use crate::report::digits::grouped;
use crate::source::{Source, Span};
use crate::variants::Change;

/// Lines, objects, templates and changes that are shown.
const SHOWN_MAX: usize = 10;
/// How much of a line of source is shown, in characters.
const SOURCE_MAX: usize = 60;

/// A change, and how large the search is with it.
#[derive(Clone, Debug)]
pub struct Measure<'a> {
    /// What is changed.
    pub change: &'a Change,
    /// Where.
    pub span: Span,
    /// How large the search is then.
    pub extent: Extent,
}

/// Three tables: where steps come from, what differs between states, what would make the search smaller.
pub fn size(source: &Source, size: &Size, measures: &[Measure<'_>], tried: usize, styled: bool) -> String {
    let Extent { states, steps, complete } = size.extent;
    let (bold, yellow, plain) = if styled { ("\u{1b}[1m", "\u{1b}[1;33m", "\u{1b}[0m") } else { ("", "", "") };
    let so_far = if complete { String::new() } else { format!(", {yellow}not all there are{plain}") };
    let mut out = format!("{}: {}, {}{so_far}\n", source.name(), count(states, "state"), count(steps, "step"));
    let of = if complete { "" } else { ", of what was looked at" };
    out.push_str(&format!("  {bold}where the steps come from{plain}{of}\n"));
    out.push_str("         steps         choices    joined    line\n");
    for place in size.places.iter().take(SHOWN_MAX) {
        let (share, line) = (percent(place.steps, steps), place.line.map_or("-".into(), |line| line.to_string()));
        let (own, choices) = (grouped(place.steps), grouped(place.choices));
        let joined = joined(place, measures).map_or_else(String::new, |extent| smaller_by(size.extent, extent));
        let text = shown(source, place);
        out.push_str(&format!("  {own:>12} {share:>3}% {choices:>11} {joined:>9}  {line:>6}  {text}\n"));
    }
    out.push_str(&rest(size.places.len(), "line"));
    out.push_str("    choices: states with several steps to take, of which one stands there\n");
    let unit = if complete { "how many fewer states" } else { "how many states there are" };
    out.push_str(&format!("    joined: {unit}, were it one step with what comes before it; where that helps\n"));
    out.push_str(&format!("  {bold}what differs between states{plain}{of}\n"));
    let names = size.stages.iter().map(|stage| &stage.template).chain(size.varieties.iter().map(|one| &one.name));
    let width = names.map(|name| name.chars().count()).max().unwrap_or(0).min(24);
    for stage in size.stages.iter().take(SHOWN_MAX) {
        out.push_str(&format!("    {:<width$}  {}\n", stage.template, stands(stage)));
    }
    for one in size.varieties.iter().take(SHOWN_MAX) {
        out.push_str(&format!("    {:<width$}  {}\n", one.name, varies(one)));
    }
    out.push_str(&rest(size.varieties.len(), "object"));
    let measures = advice(size.extent, measures);
    if measures.is_empty() {
        let found = if complete { "makes it smaller" } else { "brings it below the limit" };
        out.push_str(&format!("  of {} that were tried, none {found}\n", count(tried, "change")));
        return out;
    }
    out.push_str(&format!("  {bold}what would make it smaller{plain}, each searched once more\n"));
    for measure in measures.iter().take(SHOWN_MAX) {
        let line = match measure.span {
            span if span == Span::default() => String::new(),
            span => format!("line {}", source.place(span.start).line),
        };
        let states = count(measure.extent.states, "state");
        let saved = if complete { smaller_by(size.extent, measure.extent) } else { String::new() };
        out.push_str(&format!("  {states:>20} {saved:>5}  {line:<9}  {}\n", changed(source, measure)));
    }
    out.push_str(&rest(measures.len(), "change"));
    out
}

/// How large the search is with a line in one step with what comes before it, where that is smaller.
fn joined(place: &Place, measures: &[Measure<'_>]) -> Option<Extent> {
    let wanted =
        |measure: &&Measure<'_>| matches!(measure.change, Change::Joined(line, _) if Some(*line) == place.line);
    measures.iter().find(wanted).map(|measure| measure.extent)
}

/// What somebody can write: of less of one thing the least change that helps; of joined lines those that an atomic
/// joins.
fn advice<'m>(now: Extent, measures: &'m [Measure<'m>]) -> Vec<&'m Measure<'m>> {
    let is_one = |change: &Change| matches!(change, Change::Constant(..) | Change::Instances(..) | Change::Rounds(..));
    let is_met = measures.iter().any(|one| is_one(one.change));
    let is_least = |one: &Measure<'_>| {
        let others = measures.iter().filter(|other| other.span == one.span && is_one(other.change));
        others.map(|other| other.change.to()).max() == Some(one.change.to())
    };
    let is_useful = |one: &&Measure<'_>| match one.change {
        Change::Joined(_, ops) => ops.contains(&OpCode::CellRead) && ops.contains(&OpCode::CellWrite),
        Change::AtMost(_) => !is_met && !now.complete,
        change if is_one(change) => is_least(one),
        _ => true,
    };
    measures.iter().filter(is_useful).collect()
}

fn smaller_by(now: Extent, then: Extent) -> String {
    match now.complete {
        true => format!("-{}%", percent(now.states.saturating_sub(then.states), now.states)),
        false => grouped(then.states),
    }
}

/// One object, on one line.
pub fn size_json(source: &Source, size: &Size, measures: &[Measure<'_>], tried: usize) -> String {
    let ops = |ops: &BTreeSet<OpCode>| ops.iter().map(|op| name(*op)).collect::<BTreeSet<_>>();
    let object = json!({
        "file": source.name(),
        "states": size.extent.states,
        "transitions": size.extent.steps,
        "complete": size.extent.complete,
        "lines": size.places.iter().map(|place| json!({
            "line": place.line,
            "source": place.line.map(|line| source.line(line).trim()),
            "operations": ops(&place.ops),
            "steps": place.steps,
            "choices": place.choices,
            "states": place.states,
            "joined_states": joined(place, measures).map(|extent| extent.states),
        })).collect::<Vec<_>>(),
        "objects": size.varieties.iter().map(|one| json!({
            "object": one.name,
            "contents": one.contents,
            "least": one.range.map(|(least, _)| least),
            "most": one.range.map(|(_, most)| most),
            "longest": one.longest,
            "only_user": one.only_user,
        })).collect::<Vec<_>>(),
        "actors": size.stages.iter().map(|stage| json!({
            "template": stage.template,
            "actors": stage.actors,
            "places": stage.places,
            "states": stage.states,
        })).collect::<Vec<_>>(),
        "tried": tried,
        "smaller": advice(size.extent, measures).into_iter().map(|one| smaller(source, one)).collect::<Vec<_>>(),
    });
    format!("{object}\n")
}

fn smaller(source: &Source, measure: &Measure<'_>) -> Value {
    let (kind, about, from, to) = match measure.change {
        Change::Joined(..) => ("one-step", None, None, None),
        Change::Silent(_) => ("silent", None, None, None),
        Change::Local(variable, _) => ("local", Some(variable), None, None),
        Change::Constant(name, from, to) => ("constant", Some(name), Some(from), Some(to)),
        Change::Instances(name, from, to) => ("instances", Some(name), Some(from), Some(to)),
        Change::Rounds(from, to) => ("rounds", None, Some(from), Some(to)),
        Change::Bound(name, to) => ("bound", Some(name), None, Some(to)),
        Change::AtMost(to) => ("at-most", None, None, Some(to)),
    };
    let is_somewhere = measure.span != Span::default();
    json!({
        "kind": kind,
        "line": is_somewhere.then(|| source.place(measure.span.start).line),
        "about": about,
        "from": from,
        "to": to,
        "message": changed(source, measure),
        "states": measure.extent.states,
        "transitions": measure.extent.steps,
    })
}

fn rest(all: usize, noun: &str) -> String {
    match all.saturating_sub(SHOWN_MAX) {
        0 => String::new(),
        more => format!("    and {}\n", count(more, &format!("more {noun}"))),
    }
}

fn percent(part: usize, whole: usize) -> usize {
    (part.saturating_mul(100) + whole / 2).checked_div(whole).unwrap_or(0)
}

fn shown(source: &Source, place: &Place) -> String {
    place.line.map_or_else(|| "starts and ends of actors".into(), |line| cut(source.line(line).trim()))
}

fn cut(text: &str) -> String {
    if text.chars().count() <= SOURCE_MAX {
        return text.to_owned();
    }
    text.chars().take(SOURCE_MAX - 2).chain([' ', '…']).collect()
}

fn stands(stage: &Stage) -> String {
    let (places, states) = (count(stage.places, "place"), count(stage.states, "state"));
    match stage.actors {
        1 => format!("stands at {places}, and has {states} of its own"),
        more => format!("{more} actors; each stands at {places} at most, and has {states} of its own at most"),
    }
}

fn varies(one: &Variety) -> String {
    let mut out = match one.range {
        Some((least, most)) => format!("{}, {least} to {most}", count(one.contents, "value")),
        None => format!("{} different contents", grouped(one.contents)),
    };
    if let Some(longest) = one.longest {
        out.push_str(&format!(", at most {longest} long"));
    }
    out
}

/// What is changed, and what in the language does that.
fn changed(source: &Source, measure: &Measure<'_>) -> String {
    match measure.change {
        Change::Joined(line, _) => {
            format!("`{}` in one step, as an atomic's add, sub, swap and cas are", cut(source.line(*line).trim()))
        }
        Change::Silent(ops) => {
            let words: BTreeSet<&str> =
                ops.iter().map(|op| if *op == OpCode::Print { "print" } else { name(*op) }).collect();
            format!("without any {}", words.into_iter().collect::<Vec<_>>().join(", "))
        }
        Change::Local(variable, user) => format!("`{variable}` as a local variable: only {user} uses it"),
        Change::Constant(name, from, to) => format!("{name} = {to} instead of {from}: --set {name}={to}"),
        Change::Instances(name, from, to) => format!("{to} of `{name}` instead of {from}"),
        Change::Rounds(from, to) => format!("{} of this loop instead of {from}", count(*to as usize, "round")),
        Change::Bound(name, to) => format!("`{name}` with a bound of {to}"),
        Change::AtMost(to) => format!("{to} at most of every constant, instance and round, all at once"),
    }
}
