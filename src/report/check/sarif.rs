//! Checks as SARIF 2.1.0, for code hosts.

use serde_json::{Value, json};

use super::words::{expected, failure, step};
use crate::check::{Checked, Compared, Failure};
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
    let steps: Vec<Value> = counterexample
        .lines
        .iter()
        .filter_map(|line| {
            let span = line.span?;
            let mut place = location(source, span);
            place["message"] = json!({ "text": format!("{}: {}", line.actor, step(line)) });
            Some(json!({ "location": place }))
        })
        .collect();
    json!({
        "ruleId": checked.verdict.name(),
        "level": "error",
        "message": { "text": failure(source, &counterexample.failure, counterexample.cause.as_ref()) },
        "locations": [location(source, place_of(&counterexample.failure))],
        "codeFlows": [{ "threadFlows": [{ "locations": steps }] }],
    })
}

fn place_of(failure: &Failure) -> Span {
    match failure {
        Failure::Race(race) => race.accesses[0].span,
        Failure::Assertion(uncaught) | Failure::Error(uncaught) => uncaught.span,
        Failure::Invariant(broken) => broken.span,
        Failure::Deadlock(blocked) => blocked.first().map(|one| one.span).unwrap_or_default(),
        Failure::Livelock(_) => Span::default(),
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
