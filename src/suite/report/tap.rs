//! For test harnesses: the Test Anything Protocol, version 14.
//!
//! Answers for: one test point a scenario, with a YAML block below one that failed. Never has colours.

use super::words::{detail, headlines, printable};
use crate::suite::outcome::{Outcome, Status};

/// What stands before the first test point.
pub fn tap_begin(scenarios: usize) -> String {
    format!("TAP version 14\n1..{scenarios}\n")
}

/// The test point of a scenario; they are numbered from 1.
pub fn tap(number: usize, outcome: &Outcome) -> String {
    let failed = outcome.status() == Status::Failed;
    let name = described(&outcome.path.display().to_string());
    let mut text = format!("{} {number} - {name}\n", if failed { "not ok" } else { "ok" });
    if failed {
        text.push_str(&format!("  ---\n  duration_ms: {:.3}\n  problems:\n", outcome.took.as_secs_f64() * 1000.0));
        for (line, (_, problem)) in headlines(outcome).iter().zip(outcome.problems()) {
            text.push_str(&format!("    - message: {}\n", quoted(line)));
            if let Some(below) = detail(problem, outcome.source.as_ref(), false) {
                text.push_str("      detail: |2\n");
                for line in printable(&below).lines() {
                    text.push_str(format!("        {line}").trim_end());
                    text.push('\n');
                }
            }
        }
        text.push_str("  ...\n");
    }
    text
}

/// A JSON text is a YAML text.
fn quoted(line: &str) -> String {
    serde_json::Value::String(printable(line)).to_string()
}

/// A `#` would begin a directive, and a line break another line.
fn described(name: &str) -> String {
    printable(name).replace('\\', "\\\\").replace('#', "\\#").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::described;

    #[test]
    fn a_name_is_no_directive() {
        assert_eq!(described("a # SKIP\\b\nok 2"), "a \\# SKIP\\\\b ok 2");
    }
}
