//! Why an event happened, as text.
//!
//! Answers for: from each event to its reason in words. Never looks for a reason.

use unicode_width::UnicodeWidthStr as _;

use super::datum::Shown;
use super::outline;
use crate::program::op::OpCode;
use crate::trace::{Event, How, Trace, Why};

/// How many others are named at a link.
const ALSO_MAX: usize = 4;

/// The chain, from the event to the begin of the run, and how much else had to come first.
pub fn causes(trace: &Trace, why: &Why) -> String {
    let shown = Shown::new(trace);
    let events: Vec<usize> = why.links.iter().map(|link| link.event).collect();
    let columns = Columns::of(trace, &shown, &events);
    let mut out = String::new();
    let mut effect = None;
    for link in &why.links {
        let Some(event) = trace.events().get(link.event) else { continue };
        if let Some(effect) = effect {
            out.push_str(&format!("  <- {}\n", words(trace, effect, event, link.how)));
        }
        columns.line(&mut out, link.event);
        if !link.also.is_empty() {
            let name = |other: &usize| trace.events().get(*other).map_or_else(String::new, |other| place(trace, other));
            let mut names: Vec<String> = link.also.iter().take(ALSO_MAX).map(name).collect();
            if let more @ 1.. = link.also.len() - names.len() {
                names.push(format!("{more} more"));
            }
            out.push_str(&format!("  (also after {})\n", names.join(", ")));
        }
        effect = Some(event);
    }
    let (before, all) = (why.before.len(), trace.events().len());
    out.push_str(&format!("{before} of the other {} events had to come before it\n", all.saturating_sub(1)));
    out
}

/// Everything that had to come before an event, in canonical order.
pub fn before(trace: &Trace, why: &Why) -> String {
    let shown = Shown::new(trace);
    let columns = Columns::of(trace, &shown, &why.before);
    let mut out = String::new();
    for event in &why.before {
        columns.line(&mut out, *event);
    }
    out
}

/// An event by its name: `main:5`.
pub(super) fn place(trace: &Trace, event: &Event) -> String {
    format!("{}:{}", trace.actor_name(event.place.actor), event.place.seq)
}

/// Place, line and what it was, each in its column.
struct Columns<'a> {
    trace: &'a Trace,
    shown: &'a Shown<'a>,
    places: usize,
    lines: usize,
}

impl<'a> Columns<'a> {
    fn of(trace: &'a Trace, shown: &'a Shown<'a>, events: &[usize]) -> Columns<'a> {
        let all = || events.iter().filter_map(|event| trace.events().get(*event));
        let places = all().map(|event| place(trace, event).width()).max().unwrap_or(0);
        let lines = all().map(|event| line(event).len()).max().unwrap_or(0);
        Columns { trace, shown, places, lines }
    }

    fn line(&self, out: &mut String, event: usize) {
        let Some(event) = self.trace.events().get(event) else { return };
        let place = place(self.trace, event);
        let text = outline::text(self.trace, self.shown, event).unwrap_or_else(|| "sets a deadline".into());
        let blanks = self.places - place.width().min(self.places);
        out.push_str(&place);
        out.extend(std::iter::repeat_n(' ', blanks));
        out.push_str(&format!("  {:lines$}  {text}\n", line(event), lines = self.lines));
    }
}

fn line(event: &Event) -> String {
    if event.line == 0 { String::new() } else { format!("line {}", event.line) }
}

/// Why an event came after its reason.
fn words(trace: &Trace, effect: &Event, reason: &Event, how: How) -> String {
    let actor = trace.actor_name(reason.place.actor);
    match how {
        How::Asked => String::new(),
        How::Earlier(0) => format!("the step before, of {actor}"),
        How::Earlier(1) => format!("earlier in {actor}, 1 step between"),
        How::Earlier(between) => format!("earlier in {actor}, {between} steps between"),
        How::LastOf(count) => format!("{}, the last of {count}", cause(effect.op, reason.op)),
        How::Cause => cause(effect.op, reason.op).into(),
    }
}

fn cause(effect: OpCode, reason: OpCode) -> &'static str {
    match (effect, reason) {
        (_, OpCode::Start) => "which started it",
        (OpCode::QueueGet | OpCode::QueueNext, OpCode::QueuePut) => "which put what it got",
        (OpCode::PipeRecv | OpCode::PipeNext | OpCode::PipePoll, OpCode::PipeSend) => "which sent what it received",
        (_, OpCode::QueueClose | OpCode::PipeClose | OpCode::PoolClose | OpCode::PoolTerminate) => "which closed it",
        (_, OpCode::EventSet) => "which set it",
        (OpCode::ConditionWait, OpCode::ConditionNotify | OpCode::ConditionNotifyAll) => "which woke it",
        (OpCode::LockAcquire | OpCode::ConditionWait | OpCode::RwAcquire, _) => "which let go of it",
        (OpCode::SemaphoreAcquire, _) => "which gave a permit back",
        (OpCode::QueuePut, OpCode::QueueGet | OpCode::QueueNext) => "which made room for it",
        (OpCode::BarrierWait, OpCode::Arrive) => "which arrived",
        (OpCode::BarrierWait, OpCode::BarrierActed) => "which ran the action",
        (OpCode::LatchWait, _) => "which counted it down to zero",
        (OpCode::OnceRun, OpCode::OnceRan) => "which had run it",
        (OpCode::BarrierWait, OpCode::BarrierWait) => "which was the last to arrive",
        (OpCode::QueueJoin, OpCode::QueueTaskDone) => "which was done with its item",
        (
            OpCode::PoolTake,
            OpCode::PoolSubmit | OpCode::PoolSubmitMap | OpCode::PoolImap | OpCode::PoolImapUnordered,
        ) => "which handed the task over",
        (_, OpCode::PoolCalled) => "which ran its callback",
        (_, OpCode::PoolDone) => "which did the task",
        (OpCode::End, OpCode::Terminate | OpCode::Kill) => "which ended it",
        (_, OpCode::End) => "which it waited for",
        (OpCode::CellRead, _) => "which wrote what it read",
        _ => "which had to come first",
    }
}
