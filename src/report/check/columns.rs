//! A counterexample as a table: one column an actor, one line a step, the source beside it.

use super::words::step;
use crate::check::Line;
use crate::source::Source;

/// Characters of a column at most.
const COLUMN_MAX: usize = 26;
/// Characters of all columns at most; above that the actor is named on each line.
const WIDTH_MAX: usize = 96;
/// Characters of source that are shown.
const SOURCE_MAX: usize = 40;

/// The table; the first line has this number.
pub(super) fn columns(source: &Source, lines: &[Line], first: usize) -> String {
    let mut actors: Vec<&str> = Vec::new();
    for line in lines {
        if !actors.contains(&&*line.actor) {
            actors.push(&line.actor);
        }
    }
    let widths: Vec<usize> = actors
        .iter()
        .map(|actor| {
            let own = lines
                .iter()
                .filter(|line| line.actor == **actor)
                .map(|line| cut(&step(line), COLUMN_MAX).chars().count());
            own.chain([actor.chars().count()]).max().unwrap_or(0).min(COLUMN_MAX)
        })
        .collect();
    if widths.iter().map(|width| width + 2).sum::<usize>() > WIDTH_MAX {
        return listed(source, lines, first);
    }
    let mut out = String::from("  step  line  ");
    for (actor, width) in actors.iter().zip(&widths) {
        out.push_str(&padded(&cut(actor, *width), *width));
    }
    out.push('\n');
    for (number, line) in (first..).zip(lines) {
        out.push_str(&margin(source, number, line));
        for (actor, width) in actors.iter().zip(&widths) {
            let cell = if *actor == line.actor { cut(&step(line), *width) } else { "·".into() };
            out.push_str(&padded(&cell, *width));
        }
        out.push_str(&beside(source, line));
        trim_end(&mut out);
    }
    out
}

/// The same where there are too many actors: each line names its own.
fn listed(source: &Source, lines: &[Line], first: usize) -> String {
    let name = lines.iter().map(|line| line.actor.chars().count()).max().unwrap_or(0).min(COLUMN_MAX);
    let text = lines.iter().map(|line| step(line).chars().count()).max().unwrap_or(0).min(40);
    let mut out = String::new();
    for (number, line) in (first..).zip(lines) {
        out.push_str(&margin(source, number, line));
        out.push_str(&padded(&cut(&line.actor, name), name));
        out.push_str(&padded(&cut(&step(line), text), text));
        out.push_str(&beside(source, line));
        trim_end(&mut out);
    }
    out
}

fn margin(source: &Source, number: usize, line: &Line) -> String {
    let place = line.span.map_or_else(String::new, |span| source.place(span.start).line.to_string());
    let mark = if line.preempts { '>' } else { ' ' };
    format!("{mark} {number:>4}  {place:>4}  ")
}

fn beside(source: &Source, line: &Line) -> String {
    line.span.map_or_else(String::new, |span| cut(source.line(source.place(span.start).line).trim(), SOURCE_MAX))
}

fn padded(text: &str, width: usize) -> String {
    let fill = width.saturating_sub(text.chars().count());
    format!("{text}{}  ", " ".repeat(fill))
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

fn trim_end(out: &mut String) {
    out.truncate(out.trim_end().len());
    out.push('\n');
}
