//! Checks as one page of HTML that needs nothing else: no script, no font, no picture.

use super::text::{AGAIN, beneath, costs, notes, said};
use super::words::{expected, step};
use crate::check::{Checked, Compared, Counterexample, Line};
use crate::report::digits::grouped;
use crate::source::Source;

/// Colours follow the reader's; a step that preempts has a mark at its side.
const STYLE: &str = "
:root { color-scheme: light dark; --good: #1a7f37; --bad: #cf222e; --quiet: #6e7781; --line: #8884; --mark: #bf8700 }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
h1 { font-size: 1.3rem } h2 { font-size: 1.1rem; margin-top: 2.5rem }
.good { color: var(--good) } .bad { color: var(--bad) }
table { border-collapse: collapse; display: block; overflow-x: auto; margin: 1rem 0 }
th, td { border-bottom: 1px solid var(--line); padding: .15rem .7rem; text-align: left; white-space: nowrap }
td.number { text-align: right; color: var(--quiet) } td.idle { color: var(--quiet); text-align: center }
td.code, pre { font-family: ui-monospace, monospace; font-size: .85rem } td.code { color: var(--quiet) }
tr.preempts td:first-child { border-left: 4px solid var(--mark) } tr.last td { font-weight: 600 }
pre { padding: .5rem 0; overflow-x: auto } pre .on { background: #bf870033 } pre .at { color: var(--quiet) }
";

/// One page: a table where there are several, then a part for each.
pub fn html(checks: &[(&Source, &Checked, &Compared)]) -> String {
    let mut out = String::from("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.push_str(&format!("<title>conc check</title>\n<style>{STYLE}</style>\n"));
    if checks.len() > 1 {
        out.push_str(&summary(checks));
    }
    for (at, (source, checked, compared)) in checks.iter().enumerate() {
        out.push_str(&part(at, source, checked, compared));
    }
    out.push_str("</html>\n");
    out
}

fn summary(checks: &[(&Source, &Checked, &Compared)]) -> String {
    let good = checks.iter().filter(|(_, _, compared)| compared.as_expected).count();
    let mut out = format!("<h1>{good} of {} as expected</h1>\n<table>\n", checks.len());
    out.push_str("<tr><th>scenario<th>verdict<th>states<th>preemptions<th>switches\n");
    for (at, (source, checked, compared)) in checks.iter().enumerate() {
        let cost = checked.counterexample.as_ref().map(|counterexample| counterexample.cost);
        let cell = |number: Option<u32>| number.map_or_else(String::new, |number| number.to_string());
        let (name, class, verdict) = (safe(source.name()), class(compared), checked.verdict.name());
        out.push_str(&format!("<tr><td><a href=\"#check-{at}\">{name}</a><td class=\"{class}\">{verdict}"));
        let preemptions = cell(cost.map(|cost| cost.preemptions));
        let switches = cell(cost.map(|cost| cost.switches));
        for number in [grouped(checked.states), preemptions, switches] {
            out.push_str(&format!("<td class=\"number\">{number}"));
        }
        out.push('\n');
    }
    out + "</table>\n"
}

fn part(at: usize, source: &Source, checked: &Checked, compared: &Compared) -> String {
    let expected =
        if compared.as_expected { ", as expected".to_owned() } else { format!(" ({})", expected(checked, compared)) };
    let mut out = format!(
        "<section id=\"check-{at}\">\n<h2>{}: <span class=\"{}\">{}</span>{}</h2>\n<p>{}</p>\n",
        safe(source.name()),
        class(compared),
        checked.verdict.name(),
        safe(&expected),
        safe(&said(source, checked)),
    );
    if let Some(counterexample) = &checked.counterexample {
        out.push_str(&format!("<p>{}</p>\n", safe(&costs(counterexample))));
        out.push_str(&way(source, &counterexample.lines, 1));
        if !counterexample.round.is_empty() {
            out.push_str(&format!("<p>{AGAIN}:</p>\n"));
            out.push_str(&way(source, &counterexample.round, counterexample.lines.len() + 1));
        }
        out.push_str(&list(&beneath(source, counterexample)));
    }
    out.push_str(&list(&notes(source, checked, compared)));
    out.push_str(&text(source, checked.counterexample.as_ref()));
    out + "</section>\n"
}

/// A column for each actor, a row for each step, the source beside it.
fn way(source: &Source, lines: &[Line], first: usize) -> String {
    let mut actors: Vec<&str> = Vec::new();
    for line in lines {
        if !actors.contains(&line.actor.as_str()) {
            actors.push(&line.actor);
        }
    }
    let heads: String = actors.iter().map(|actor| format!("<th>{}", safe(actor))).collect();
    let mut out = format!("<table>\n<tr><th>step<th>line{heads}<th>source\n");
    for (number, line) in (first..).zip(lines) {
        let place = line.span.map(|span| source.place(span.start).line);
        let mut classes = Vec::new();
        classes.extend(line.preempts.then_some("preempts"));
        classes.extend((number + 1 == first + lines.len()).then_some("last"));
        let class = if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) };
        let shown = place.map_or_else(String::new, |line| line.to_string());
        out.push_str(&format!("<tr{class}><td class=\"number\">{number}<td class=\"number\">{shown}"));
        for actor in &actors {
            match *actor == line.actor {
                true => out.push_str(&format!("<td>{}", safe(&step(line)))),
                false => out.push_str("<td class=\"idle\">·"),
            }
        }
        let beside = place.map_or("", |line| source.line(line).trim());
        out.push_str(&format!("<td class=\"code\">{}\n", safe(beside)));
    }
    out + "</table>\n"
}

/// The scenario; the lines that the way goes through stand out.
fn text(source: &Source, counterexample: Option<&Counterexample>) -> String {
    let lines = counterexample.into_iter().flat_map(|one| one.lines.iter().chain(&one.round));
    let spans = lines.filter_map(|line| line.span);
    let on: Vec<u32> = spans.map(|span| source.place(span.start).line).collect();
    let mut out = String::from("<details><summary>the scenario</summary>\n<pre>");
    for (number, line) in (1u32..).zip(source.text().lines()) {
        let class = if on.contains(&number) { " class=\"on\"" } else { "" };
        out.push_str(&format!("<span{class}><span class=\"at\">{number:>4}</span>  {}</span>\n", safe(line)));
    }
    out + "</pre></details>\n"
}

fn list(lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let items: String = lines.iter().map(|line| format!("<li>{}\n", safe(line))).collect();
    format!("<ul>\n{items}</ul>\n")
}

fn class(compared: &Compared) -> &'static str {
    if compared.as_expected { "good" } else { "bad" }
}

/// As text that says nothing to a browser.
fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter => out.push(letter),
        }
    }
    out
}
