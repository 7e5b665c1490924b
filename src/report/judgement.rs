//! What is said of a judged trace.
//!
//! Answers for: words. Never judges.

use super::schedule::words;
use crate::judge::{Judgement, Objection, Reason};
use crate::trace::{Event, Trace};

/// `verified: …`, or the first event that cannot be and what the machine says instead.
pub fn judgement(trace: &Trace, judgement: &Judgement) -> String {
    match judgement {
        Judgement::Possible { events, .. } => format!("verified: the machine can do all of it ({events} events)\n"),
        Judgement::Impossible(objection) => impossible(trace, objection),
        Judgement::Undecided { events } => {
            format!("undecided: too many orders to try; {events} events were taken at best\n")
        }
        Judgement::Unreadable(why) => format!("the trace cannot be judged: {why}\n"),
    }
}

fn impossible(trace: &Trace, objection: &Objection) -> String {
    let place = objection.event;
    let actor = trace.actor_name(place.actor);
    let event = trace.events().iter().find(|event| event.place == place);
    let line = event.map_or(0, |event: &Event| event.line);
    let shown = event
        .and_then(|event| super::outline::text(trace, &super::datum::Shown::new(trace), event))
        .unwrap_or_default();
    let at = if line > 0 { format!(", line {line}") } else { String::new() };
    let why = match &objection.reason {
        Reason::NoSuchActor => "there is no such actor, or it is over".to_owned(),
        Reason::StandsElsewhere(op, line) => format!("the actor stands at line {line} ({})", words(*op)),
        Reason::NoOperation => "the actor is on its way to its end".to_owned(),
        Reason::Waits(holders) if holders.is_empty() => "the actor has to wait".to_owned(),
        Reason::Waits(holders) => format!("the actor has to wait for {}", holders.join(", ")),
        Reason::ComesOut(came) => format!("it comes to {}", came.join(", or ")),
        Reason::NotStuck(able) => {
            format!("after it these can go on, and the run was said to be stuck: {}", able.join(", "))
        }
    };
    format!(
        "impossible: event {} of {actor}{at}: `{shown}`\n  the machine can do the {} events before it, and then: {why}\n",
        place.seq, objection.taken
    )
}
