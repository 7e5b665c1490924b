//! Checks as SARIF 2.1.0, for code hosts.

use serde_json::{Value, json};

use super::words::{expected, failure, step};
use crate::check::{Checked, Compared, Counterexample, Failure, Line};
use crate::source::{Source, Span};

/// One log of all checks; those that are as expected are no results.
pub fn sarif(checks: &[(&Source, &Checked, &Compared)]) -> String {
    let results: Vec<Value> = checks.iter().filter(|(.., compared)| !compared.as_expected).map(result).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "conc", "version": env!("CARGO_PKG_VERSION"), "rules": [] } },
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn result((source, checked, compared): &(&Source, &Checked, &Compared)) -> Value {
    let Some(counterexample) = &checked.counterexample else {
        let (expected, verdict) = (expected(checked, compared), checked.verdict.name());
        return json!({
            "ruleId": checked.verdict.name(),
            "level": "error",
            "message": { "text": format!("the verdict is {verdict}; {expected}") },
            "locations": [location(source, Span::default())],
        });
    };
    let told = |line: &Line, after: &str| {
        let mut place = location(source, line.span?);
        place["message"] = json!({ "text": format!("{}: {}{after}", line.actor, step(line)) });
        Some(json!({ "location": place }))
    };
    let (lines, round) = (&counterexample.lines, &counterexample.round);
    let again = round.iter().filter_map(|line| told(line, ", again and again"));
    let steps: Vec<Value> = lines.iter().filter_map(|line| told(line, "")).chain(again).collect();
    json!({
        "ruleId": checked.verdict.name(),
        "level": "error",
        "message": { "text": failure(source, &counterexample.failure, counterexample.cause.as_ref()) },
        "locations": [location(source, place_of(counterexample))],
        "codeFlows": [{ "threadFlows": [{ "locations": steps }] }],
    })
}

fn place_of(counterexample: &Counterexample) -> Span {
    match &counterexample.failure {
        Failure::Race(race) => race.accesses[0].span,
        Failure::Assertion(uncaught) | Failure::Error(uncaught) => uncaught.span,
        Failure::Invariant(broken) => broken.span,
        Failure::Deadlock(blocked) => blocked.first().map(|one| one.span).unwrap_or_default(),
        Failure::Livelock(_) => counterexample.round.iter().find_map(|line| line.span).unwrap_or_default(),
        Failure::Never(_, span) => *span,
    }
}

fn location(source: &Source, span: Span) -> Value {
    let place = source.place(span.start);
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": source.name() },
            "region": { "startLine": place.line, "startColumn": place.column },
        },
    })
}
