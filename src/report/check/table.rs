//! Several checks as a table.

use super::words::{count, failure};
use crate::check::{Checked, Compared, Verdict};
use crate::source::Source;

/// What one line of the table says.
#[derive(Clone, Debug)]
pub struct Row {
    /// Whether it is as its scenario expects.
    pub as_expected: bool,
    /// The line.
    pub text: String,
}

/// The line of a check.
pub fn row(source: &Source, checked: &Checked, compared: &Compared, styled: bool) -> Row {
    let (red, green, plain) = if styled { ("\u{1b}[31m", "\u{1b}[32m", "\u{1b}[0m") } else { ("", "", "") };
    let mark = if compared.as_expected { format!("{green}ok{plain}  ") } else { format!("{red}FAIL{plain}") };
    let said = match (&checked.counterexample, checked.verdict) {
        (Some(counterexample), _) => failure(source, &counterexample.failure, counterexample.cause.as_ref()),
        (None, Verdict::Pass) => String::new(),
        (None, _) => "no schedule that was looked at fails".into(),
    };
    let cost = checked.counterexample.as_ref().map_or_else(String::new, |counterexample| {
        format!("{}/{}", counterexample.cost.preemptions, counterexample.cost.switches)
    });
    let expected =
        if compared.as_expected { String::new() } else { format!(" (expected: {})", compared.expected.join(", ")) };
    let time = checked.time.as_millis();
    let verdict = checked.verdict.name();
    let name = source.name();
    let states = checked.states;
    Row {
        as_expected: compared.as_expected,
        text: format!("{mark} {verdict:<9} {cost:>5} {states:>8} {time:>6} ms  {name}  {said}{expected}\n"),
    }
}

/// The last line.
pub fn total(rows: &[Row], wrong: usize) -> String {
    let good = rows.iter().filter(|row| row.as_expected).count();
    let bad = rows.len() - good;
    let mut out = format!("{} as expected", count(good, "scenario"));
    if bad > 0 {
        out.push_str(&format!(", {bad} not"));
    }
    if wrong > 0 {
        out.push_str(&format!(", {wrong} that cannot be checked"));
    }
    out + "\n"
}
