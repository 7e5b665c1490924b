//! Several checks as a table.

use super::words::{count, expected, failure};
use crate::check::{Checked, Compared, Observed, Verdict};
use crate::source::Source;

/// What one line of the table says.
#[derive(Clone, Debug)]
pub struct Row {
    /// Whether it is as its scenario expects.
    pub as_expected: bool,
    /// What real runs came to, where there were any.
    pub beside: Option<Beside>,
    /// The line.
    pub text: String,
}

/// What real runs came to, in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside {
    runs: usize,
    cut_off: usize,
    seen: usize,
    reachable: usize,
    excluded: usize,
    /// Whether there may be more that is reachable.
    is_least: bool,
}

impl Beside {
    fn of(checked: &Checked, observed: &Observed) -> Beside {
        let (seen, reachable) = observed.share();
        let Observed { runs, cut_off, .. } = *observed;
        Beside { runs, cut_off, seen, reachable, excluded: observed.excluded().count(), is_least: !checked.complete }
    }

    fn and(self, other: Beside) -> Beside {
        Beside {
            runs: self.runs + other.runs,
            cut_off: self.cut_off + other.cut_off,
            seen: self.seen + other.seen,
            reachable: self.reachable + other.reachable,
            excluded: self.excluded + other.excluded,
            is_least: self.is_least || other.is_least,
        }
    }

    fn columns(self) -> String {
        let least = if self.is_least { "+" } else { "" };
        format!("  {:>5} {:>9} {:>8}", self.seen, format!("{}{least}", self.reachable), self.excluded)
    }

    fn total(self) -> String {
        let Beside { runs, cut_off, seen, reachable, excluded, is_least } = self;
        let least = if is_least { "at least " } else { "" };
        let (outcomes, runs) = (count(reachable, "outcome"), count(runs, "run"));
        let ended = if cut_off == 0 { String::new() } else { format!("; {cut_off} more had to be ended") };
        let seen = format!("{seen} of {least}{outcomes} seen in {runs}{ended}");
        format!("on real processes: {seen}; {excluded} that the checker excludes\n")
    }
}

/// The names of the columns; real runs have some.
pub fn heading(observes: bool) -> String {
    let beside = if observes { "   seen reachable excluded" } else { "" };
    format!("     verdict    cost   states      time{beside}  scenario (cost: preemptions/context switches)\n")
}

/// The line of a check.
pub fn row(source: &Source, checked: &Checked, compared: &Compared, observed: Option<&Observed>, styled: bool) -> Row {
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
    let expected = if compared.as_expected { String::new() } else { format!(" ({})", expected(checked, compared)) };
    let time = checked.time.as_millis();
    let verdict = checked.verdict.name();
    let name = source.name();
    let states = checked.states;
    let beside = observed.map(|observed| Beside::of(checked, observed));
    let columns = beside.map_or_else(String::new, Beside::columns);
    Row {
        as_expected: compared.as_expected,
        beside,
        text: format!("{mark} {verdict:<9} {cost:>5} {states:>8} {time:>6} ms{columns}  {name}  {said}{expected}\n"),
    }
}

/// The last lines.
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
    out.push('\n');
    out + &rows.iter().filter_map(|row| row.beside).reduce(Beside::and).map_or_else(String::new, Beside::total)
}
