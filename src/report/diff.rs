//! Where two runs first part ways, in words.
//!
//! Answers for: each difference as a choice, with its events below it. Never compares anything.

use super::causes::place;
use super::datum::Shown;
use super::outline;
use crate::trace::{Difference, Event, Trace, Turn};

/// How many differences are told.
const TOLD_MAX: usize = 8;

/// The first differences of two traces; the names are what they are called.
pub fn diff(a: &Trace, b: &Trace, differences: &[Difference]) -> String {
    let words = Words { a: Side::new("A", a), b: Side::new("B", b) };
    let mut out = String::new();
    if differences.is_empty() {
        return "the same choices\n".into();
    }
    for difference in differences.iter().take(TOLD_MAX) {
        out.push_str(&words.choice(difference));
        out.push('\n');
        for (side, event) in words.events(difference) {
            let place = place(side.trace, event);
            let line = if event.line == 0 { String::new() } else { format!("  line {}", event.line) };
            out.push_str(&format!("  {}  {place}{line}  {}\n", side.name, side.text(event)));
        }
    }
    if let more @ 1.. = differences.len().saturating_sub(TOLD_MAX) {
        out.push_str(&format!("and {more} more\n"));
    }
    out
}

/// One of the traces.
struct Side<'a> {
    name: &'static str,
    trace: &'a Trace,
    shown: Shown<'a>,
}

struct Words<'a> {
    a: Side<'a>,
    b: Side<'a>,
}

impl<'a> Side<'a> {
    fn new(name: &'static str, trace: &'a Trace) -> Side<'a> {
        Side { name, trace, shown: Shown::new(trace) }
    }

    fn event(&self, at: usize) -> Option<&'a Event> {
        self.trace.events().get(at)
    }

    fn actor(&self, at: usize) -> &'a str {
        self.event(at).map_or("?", |event| self.trace.actor_name(event.place.actor))
    }

    fn text(&self, event: &Event) -> String {
        outline::text(self.trace, &self.shown, event).unwrap_or_else(|| "sets a deadline".into())
    }

    fn what(&self, at: usize) -> String {
        self.event(at).map_or_else(String::new, |event| self.text(event))
    }
}

impl<'a> Words<'a> {
    fn choice(&self, difference: &Difference) -> String {
        match difference {
            Difference::Turn { object, turn, number, a, b } => {
                let (in_a, in_b, nth) = (self.a.actor(*a), self.b.actor(*b), ordinal(*number));
                match turn {
                    Turn::Put => format!("at `{object}`, the {nth} put was {in_a}'s in A and {in_b}'s in B"),
                    Turn::Get => format!("at `{object}`, the {nth} item went to {in_a} in A and to {in_b} in B"),
                    Turn::Acquire => format!("at `{object}`, the {nth} acquire was {in_a}'s in A and {in_b}'s in B"),
                    Turn::Write => format!("at `{object}`, the {nth} write was {in_a}'s in A and {in_b}'s in B"),
                    Turn::Next => format!("at `{object}`, {in_a} was the {nth} to come in A and {in_b} in B"),
                }
            }
            Difference::Step { a, b } => self.step(*a, *b),
            Difference::Order { a, b, other, first_in_b } => {
                let (here, there) = if *first_in_b { (&self.b, "A") } else { (&self.a, "B") };
                let own = if *first_in_b { (&self.a, *a) } else { (&self.b, *b) };
                format!(
                    "{}'s `{}` came before {}'s `{}` in {there} and after it in {}",
                    own.0.actor(own.1),
                    own.0.what(own.1),
                    here.actor(*other),
                    here.what(*other),
                    here.name,
                )
            }
            Difference::Ends { actor, next, in_b, last } => {
                let (on, off) = if *in_b { (&self.b, &self.a) } else { (&self.a, &self.b) };
                match last {
                    Some(_) => {
                        format!(
                            "{actor} ends here in {}, and goes on with `{}` in {}",
                            off.name,
                            on.what(*next),
                            on.name
                        )
                    }
                    None => format!("{actor} is there in {} only", on.name),
                }
            }
        }
    }

    /// What came of an operation, if both are the same but for that; else both.
    fn step(&self, a: usize, b: usize) -> String {
        let (text_a, text_b) = (self.a.what(a), self.b.what(b));
        let nth = ordinal(self.a.event(a).map_or(0, |event| event.place.seq as usize));
        let who = format!("{}'s {nth} operation", self.a.actor(a));
        if text_a == text_b {
            let cause = |side: &Side<'_>, at: usize| {
                let cause = side.event(at).and_then(|event| event.cause);
                cause.map_or_else(|| "nothing".into(), |at| format!("{}:{}", side.trace.actor_name(at.actor), at.seq))
            };
            return format!("{who}, `{text_a}`, came of {} in A and of {} in B", cause(&self.a, a), cause(&self.b, b));
        }
        let split = |text: &str| -> Option<(String, String)> {
            let gave = text.split_once(" -> ").map(|(did, gave)| (did.to_owned(), format!("gave {gave}")));
            let raised = || text.split_once(" raises ").map(|(did, what)| (did.to_owned(), format!("raised {what}")));
            gave.or_else(raised)
        };
        match (split(&text_a), split(&text_b)) {
            (Some((did_a, came_a)), Some((did_b, came_b))) if did_a == did_b => {
                let came_b = if came_a.starts_with("gave ") { came_b.trim_start_matches("gave ") } else { &came_b };
                format!("{who}, `{did_a}`, {came_a} in A and {came_b} in B")
            }
            _ => format!("{who} was `{text_a}` in A and `{text_b}` in B"),
        }
    }

    /// The events to be shown below.
    fn events(&self, difference: &Difference) -> Vec<(&Side<'a>, &'a Event)> {
        let (a, b) = (&self.a, &self.b);
        let events = match difference {
            Difference::Turn { a: in_a, b: in_b, .. } | Difference::Step { a: in_a, b: in_b } => {
                vec![(a, Some(*in_a)), (b, Some(*in_b))]
            }
            Difference::Order { a: in_a, b: in_b, other, first_in_b: true } => {
                vec![(a, Some(*in_a)), (b, Some(*other)), (b, Some(*in_b))]
            }
            Difference::Order { a: in_a, b: in_b, other, first_in_b: false } => {
                vec![(a, Some(*other)), (a, Some(*in_a)), (b, Some(*in_b))]
            }
            Difference::Ends { next, in_b: true, last, .. } => vec![(a, *last), (b, Some(*next))],
            Difference::Ends { next, in_b: false, last, .. } => vec![(a, Some(*next)), (b, *last)],
        };
        events.into_iter().filter_map(|(side, at)| Some((side, side.event(at?)?))).collect()
    }
}

/// `1st`, `2nd`, `13th`
fn ordinal(number: usize) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

#[cfg(test)]
mod tests {
    use super::ordinal;

    #[test]
    fn ordinals() {
        let shown = [0, 1, 2, 3, 4, 11, 12, 21, 103, 111].map(ordinal);
        assert_eq!(shown, ["0th", "1st", "2nd", "3rd", "4th", "11th", "12th", "21st", "103rd", "111th"]);
    }
}
