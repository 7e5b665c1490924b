//! Steps, failures and causes in a few words.

use crate::check::{Cause, Checked, Compared, Failure, Line};
use crate::program::op::OpCode;
use crate::report::digits::grouped;
use crate::report::names::listed;
use crate::report::standing;
use crate::source::Source;

/// What a step does: `m.acquire()`, `q.get() -> 3`, `x = …`, `ends`.
pub(super) fn step(line: &Line) -> String {
    if line.is_killed {
        return "is killed".into();
    }
    if line.is_spurious {
        return "wakes up by itself".into();
    }
    let Some(op) = line.op else { return "ends".into() };
    let target = line.target.as_deref().unwrap_or_default();
    let done = match op {
        OpCode::CellRead => format!("reads {target}"),
        OpCode::CellWrite => format!("writes {target}"),
        OpCode::CellMethod => format!("uses {target}"),
        OpCode::Start => format!("starts {target}"),
        OpCode::Print => "prints".into(),
        OpCode::ConditionNotifyAll => format!("{target}.notify_all()"),
        _ => match name(op) {
            name if target.is_empty() => name.to_owned(),
            name => format!("{target}.{name}()"),
        },
    };
    let waits = if line.arrives && op != OpCode::Start { " …" } else { "" };
    let late = if line.times_out { ", out of time" } else { "" };
    let gave = match &line.gave {
        Some(Ok(value)) if shows_value(op) => format!(" -> {value}"),
        Some(Err(kind)) => format!(" -> {kind}"),
        _ => String::new(),
    };
    done + waits + &gave + late
}

fn shows_value(op: OpCode) -> bool {
    !matches!(
        op,
        OpCode::Start | OpCode::LockAcquire | OpCode::SemaphoreAcquire | OpCode::ConditionWait | OpCode::RwAcquire
    )
}

pub(super) fn name(op: OpCode) -> &'static str {
    match op {
        OpCode::QueuePut => "put",
        OpCode::QueueGet | OpCode::ResultGet => "get",
        OpCode::QueueNext | OpCode::PipeNext | OpCode::ResultNext => "next",
        OpCode::QueueLen => "len",
        OpCode::QueueEmpty => "empty",
        OpCode::QueueFull => "full",
        OpCode::QueueClose | OpCode::PipeClose | OpCode::PoolClose => "close",
        OpCode::QueueTaskDone => "task_done",
        OpCode::QueueJoin | OpCode::PoolJoin | OpCode::Join => "join",
        OpCode::PipeSend => "send",
        OpCode::PipeRecv => "recv",
        OpCode::PipePoll => "poll",
        OpCode::LockAcquire | OpCode::RwAcquire | OpCode::SemaphoreAcquire => "acquire",
        OpCode::LockRelease | OpCode::RwRelease | OpCode::SemaphoreRelease => "release",
        OpCode::LockLocked => "locked",
        OpCode::ConditionWait | OpCode::EventWait | OpCode::BarrierWait | OpCode::LatchWait | OpCode::ResultWait => {
            "wait"
        }
        OpCode::ConditionNotify => "notify",
        OpCode::EventSet => "set",
        OpCode::EventClear => "clear",
        OpCode::EventIsSet => "is_set",
        OpCode::SemaphoreValue => "value",
        OpCode::BarrierActed => "action done",
        OpCode::BarrierAbort => "abort",
        OpCode::BarrierReset => "reset",
        OpCode::LatchCountDown => "count_down",
        OpCode::LatchAdd | OpCode::AtomicAdd => "add",
        OpCode::AtomicSub => "sub",
        OpCode::AtomicSwap => "swap",
        OpCode::AtomicCas => "cas",
        OpCode::OnceRun => "run",
        OpCode::OnceRan => "ran",
        OpCode::IsAlive => "is_alive",
        OpCode::ExitCode => "exitcode",
        OpCode::Terminate | OpCode::PoolTerminate => "terminate",
        OpCode::Kill => "kill",
        OpCode::TimerCancel => "cancel",
        OpCode::Sleep => "sleep",
        OpCode::Yield => "yield",
        OpCode::Select => "select",
        OpCode::Await => "await",
        OpCode::Mark => "mark",
        OpCode::Outcome => "outcome",
        OpCode::TimerWait => "timer",
        OpCode::Random | OpCode::Choose | OpCode::Shuffle => "draws",
        OpCode::Create => "creates",
        OpCode::PoolSubmit | OpCode::PoolSubmitMap | OpCode::PoolImap | OpCode::PoolImapUnordered => "submit",
        OpCode::PoolTake => "takes a task",
        OpCode::PoolDone => "task done",
        OpCode::Waiting => "waiting",
        _ => "goes on",
    }
}

/// A failure in a sentence.
pub(super) fn failure(source: &Source, failure: &Failure, cause: Option<&Cause>) -> String {
    let line = |span: crate::source::Span| source.place(span.start).line;
    match failure {
        Failure::Race(race) => {
            let [a, b] = &race.accesses;
            let what = |writes: bool| if writes { "writes" } else { "reads" };
            let (name_a, name_b, variable) = (&a.name, &b.name, &race.variable);
            format!(
                "{name_a} {} {variable} at line {} while {name_b} {} it at line {}",
                what(a.writes),
                line(a.span),
                what(b.writes),
                line(b.span)
            )
        }
        Failure::Assertion(uncaught) => {
            let message = if uncaught.message.is_empty() { String::new() } else { format!(": {}", uncaught.message) };
            format!("{} breaks the assertion at line {}{message}", uncaught.actor, line(uncaught.span))
        }
        Failure::Invariant(broken) => {
            let error = broken.error.as_ref().map_or_else(String::new, |error| format!(" ({error})"));
            format!("the invariant {} does not hold{error}", broken.name)
        }
        Failure::Error(uncaught) => {
            let message = if uncaught.message.is_empty() { String::new() } else { format!(": {}", uncaught.message) };
            format!("{} ends with {} at line {}{message}", uncaught.actor, uncaught.kind, line(uncaught.span))
        }
        Failure::Deadlock(blocked) => match cause {
            Some(cause) => deadlock(cause),
            None => format!("{} can never go on", standing(source, blocked)),
        },
        Failure::Livelock(actors) => {
            let goes = if actors.len() == 1 { "goes" } else { "go" };
            format!("{} {goes} on for ever without getting anywhere", listed(actors))
        }
        Failure::Never(name, _) => format!("{name} need never become true"),
    }
}

fn deadlock(cause: &Cause) -> String {
    match cause {
        Cause::LockCycle(actors) => match actors.as_slice() {
            [one] => format!("{one} waits for what it holds itself"),
            actors => format!("each waits for what the next one holds: {} -> {}", actors.join(" -> "), actors[0]),
        },
        Cause::DeadOwner(waiter, owner) => format!("{waiter} waits for what {owner} never gave back"),
        Cause::ShortBarrier(arrived, parties) => format!("{arrived} came to a barrier for {parties}"),
        Cause::LostWakeUp(waiter, line) => {
            format!("a lost wake-up: when step {} came nobody waited, and {waiter} began to wait after it", line + 1)
        }
        Cause::NobodyWakes(waiter) => format!("nobody is left who could wake {waiter}"),
        Cause::NoProducer(waiter) => format!("nobody is left who could give {waiter} what it waits for"),
        Cause::NoConsumer(waiter) => format!("nobody is left who could take what {waiter} has to give"),
        Cause::StarvedJoin(waiter, awaited) => format!("{waiter} waits for the end of {awaited}, which never comes"),
        Cause::Other => "nobody can go on".into(),
    }
}

/// What is wrong with the outcomes.
pub(super) fn outcomes(compared: &Compared) -> Vec<String> {
    let [strange, missing] = [&compared.strange_outcomes, &compared.missing_outcomes];
    let told = [("outcomes that nobody expects", strange), ("expected outcomes that no schedule reaches", missing)];
    let told = told.into_iter().filter(|(_, outcomes)| !outcomes.is_empty());
    told.map(|(what, outcomes)| format!("{what}: {}", outcomes.join(", "))).collect()
}

/// What was expected instead of a verdict; of outcomes, what is wrong with them.
pub(super) fn expected(checked: &Checked, compared: &Compared) -> String {
    let outcomes = outcomes(compared);
    if compared.expected.contains(&checked.verdict.name()) && !outcomes.is_empty() {
        return outcomes.join("; ");
    }
    format!("expected: {}", compared.expected.join(", "))
}

/// `1 state`, `12,345 states`.
pub(super) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 {
        ""
    } else if noun.ends_with('h') {
        "es"
    } else {
        "s"
    };
    format!("{} {noun}{plural}", grouped(number))
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn digits_stand_in_groups() {
        let all = [0, 1, 999, 1_000, 123_456, 1_234_567].map(|number| count(number, "state"));
        assert_eq!(all, ["0 states", "1 state", "999 states", "1,000 states", "123,456 states", "1,234,567 states"]);
    }
}
