//! What is said of a deadlock: for each actor that waits, where, for what, and why it will not come.
//!
//! Answers for: words. Never looks for deadlocks.

use annotate_snippets::Level;

use super::excerpt::{Excerpt, draw};
use super::names::listed;
use crate::program::op::OpCode;
use crate::source::Source;
use crate::trace::{Blocked, Gathered};

/// Actors that wait at one place for one thing.
struct Alike<'a> {
    first: &'a Blocked,
    actors: Vec<&'a str>,
    /// Why it does not come to any of them.
    reason: String,
}

/// One located error for those that wait alike, and the cycle they form, if they do.
pub fn deadlock(source: &Source, blocked: &[Blocked], styled: bool) -> String {
    let notes = cycle(blocked).map(|actors| format!("each waits for the next: {}", actors.join(" -> ")));
    let mut excerpts: Vec<_> = alike(blocked).iter().map(|those| excerpt(source, those)).collect();
    if let Some(last) = excerpts.last_mut() {
        last.notes.extend(notes);
    }
    draw(source, excerpts, styled)
}

/// The same, a line for those that wait alike.
pub(super) fn blocked_lines(source: &Source, blocked: &[Blocked]) -> Vec<String> {
    alike(blocked).iter().map(|those| format!("{}: {}", those.told(source), those.reason)).collect()
}

/// Who they are, and where: `main at line 4 and p[0], p[1] and p[2] at line 9`.
pub(super) fn standing(source: &Source, blocked: &[Blocked]) -> String {
    let mut lines: Vec<(u32, Vec<&str>)> = Vec::new();
    for one in blocked {
        let line = source.place(one.span.start).line;
        match lines.iter_mut().find(|(other, _)| *other == line) {
            Some((_, actors)) => actors.push(&one.actor),
            None => lines.push((line, vec![&one.actor])),
        }
    }
    let told: Vec<String> = lines.iter().map(|(line, actors)| format!("{} at line {line}", listed(actors))).collect();
    listed(&told)
}

/// Those that wait at one place for one thing stand together, where the first of them does.
fn alike(blocked: &[Blocked]) -> Vec<Alike<'_>> {
    let mut all: Vec<Alike<'_>> = Vec::new();
    for one in blocked {
        let reason = reason(one) + &writer_before(one, blocked);
        // Who waits for itself waits for what is its own.
        let is_own = |blocked: &Blocked| blocked.held_by.contains(&blocked.actor);
        let is_alike = |those: &&mut Alike<'_>| {
            let first = those.first;
            let is_there = (first.span, first.op, &first.target) == (one.span, one.op, &one.target);
            is_there && those.reason == reason && !is_own(first) && !is_own(one)
        };
        match all.iter_mut().find(is_alike) {
            Some(those) => those.actors.push(&one.actor),
            None => all.push(Alike { first: one, actors: vec![&one.actor], reason }),
        }
    }
    all
}

impl Alike<'_> {
    /// Who waits, in what, and where.
    fn told(&self, source: &Source) -> String {
        let line = source.place(self.first.span.start).line;
        let wait = if self.actors.len() == 1 { "waits" } else { "wait" };
        format!("{} {wait} in {} at line {line}", listed(&self.actors), waiting(self.first))
    }
}

fn excerpt<'a>(source: &Source, those: &Alike<'_>) -> Excerpt<'a> {
    Excerpt {
        level: Level::ERROR,
        title: format!("deadlock: {}", those.told(source)),
        span: those.first.span,
        label: those.reason.clone(),
        notes: Vec::new(),
    }
}

/// `q.get()`, `write.join()`, `sleep`.
fn waiting(blocked: &Blocked) -> String {
    if blocked.op == OpCode::Join && blocked.target.is_none() {
        return "`finally` for the end of all others".into();
    }
    let target = blocked.target.as_deref().unwrap_or("result");
    let operation = match blocked.op {
        OpCode::QueuePut => "put",
        OpCode::QueueGet => "get",
        OpCode::QueueNext | OpCode::PipeNext => return format!("for … in {target}"),
        OpCode::QueueJoin | OpCode::PoolJoin | OpCode::Join => "join",
        OpCode::PipeSend => "send",
        OpCode::PipeRecv => "recv",
        OpCode::PipePoll => "poll",
        OpCode::LockAcquire | OpCode::RwAcquire | OpCode::SemaphoreAcquire => "acquire",
        OpCode::ResultGet => "get",
        OpCode::ResultNext => "next",
        OpCode::OnceRun => "run",
        OpCode::Select => return "select".into(),
        OpCode::Await => return "await".into(),
        _ => "wait",
    };
    format!("{target}.{operation}()")
}

/// Why what is waited for does not come.
fn reason(blocked: &Blocked) -> String {
    if let Some(Gathered { arrived, parties }) = &blocked.gathered {
        let have = if arrived.len() == 1 { "has" } else { "have" };
        return format!(
            "{} {have} arrived, of {parties}: {} missing",
            listed(arrived),
            parties.saturating_sub(arrived.len())
        );
    }
    match (blocked.held_by.as_slice(), blocked.op) {
        ([holder], OpCode::Join) => format!("{holder} does not end"),
        ([], OpCode::SemaphoreAcquire) => format!("no permit is left, and nobody who could {}", deed(blocked.op)),
        (takers, OpCode::SemaphoreAcquire) => taken(takers, blocked),
        ([holder], OpCode::LockAcquire | OpCode::RwAcquire) if *holder == blocked.actor => "it holds it itself".into(),
        ([runner], OpCode::OnceRun) if *runner == blocked.actor => "it is running it itself".into(),
        ([runner], OpCode::OnceRun) => format!("{runner} is running it"),
        ([runner], OpCode::BarrierWait) if *runner == blocked.actor => "it is running the action itself".into(),
        ([runner], OpCode::BarrierWait) => format!("{runner} is running the action"),
        ([], OpCode::Join) => "some of them do not end".into(),
        ([holder], _) if blocked.holder_ended => format!("held by {holder}, which has ended and did not release it"),
        ([], op) => format!("nobody is left who could {}", deed(op)),
        (holders, _) => format!("held by {}", listed(holders)),
    }
}

/// Who has the permits of a semaphore.
fn taken(takers: &[String], blocked: &Blocked) -> String {
    let ended = match takers {
        _ if !blocked.holder_ended => "",
        [_] => ", which has ended and did not release it",
        _ => ", who have ended and did not release them",
    };
    let itself = |name: &String| if *name == blocked.actor { "itself".to_owned() } else { name.clone() };
    format!("no permit is left: taken by {}{ended}", listed(&takers.iter().map(itself).collect::<Vec<_>>()))
}

/// Of one who waits to read: who waits to write, and goes before it.
fn writer_before(blocked: &Blocked, all: &[Blocked]) -> String {
    let name = blocked.target.as_deref().and_then(|target| target.strip_suffix(".read"));
    let Some(name) = name.filter(|_| blocked.op == OpCode::RwAcquire) else { return String::new() };
    let writes = |other: &&Blocked| other.target.as_deref().and_then(|one| one.strip_suffix(".write")) == Some(name);
    let writer = all.iter().filter(|other| other.op == OpCode::RwAcquire).find(writes);
    writer.map_or_else(String::new, |writer| format!("; {} waits to write, and goes first", writer.actor))
}

/// What somebody would have to do.
fn deed(op: OpCode) -> &'static str {
    match op {
        OpCode::QueuePut => "make room",
        OpCode::QueueGet | OpCode::QueueNext => "put or close",
        OpCode::QueueJoin => "do what is unfinished",
        OpCode::PipeSend => "receive",
        OpCode::PipeRecv | OpCode::PipeNext | OpCode::PipePoll => "send or close",
        OpCode::LockAcquire | OpCode::RwAcquire => "release it",
        OpCode::SemaphoreAcquire => "release one",
        OpCode::ConditionWait => "notify",
        OpCode::EventWait => "set it",
        OpCode::BarrierWait => "arrive",
        OpCode::LatchWait => "count down",
        OpCode::ResultGet | OpCode::ResultWait | OpCode::ResultNext | OpCode::PoolJoin => "do the task",
        _ => "make it go on",
    }
}

/// Who waits for whom in a circle; the first actor stands at both ends.
fn cycle(blocked: &[Blocked]) -> Option<Vec<String>> {
    let next = |name: &str| blocked.iter().find(|one| one.actor == name).and_then(|one| one.held_by.first());
    for first in blocked {
        let mut path = vec![first.actor.clone()];
        let mut at = next(&first.actor);
        while let Some(actor) = at {
            path.push(actor.clone());
            if *actor == first.actor {
                return (path.len() > 2).then_some(path);
            }
            if path.len() > blocked.len() {
                break;
            }
            at = next(actor);
        }
    }
    None
}
