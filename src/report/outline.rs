//! The outline of a trace: one line an event, in the words of the language.
//!
//! Answers for: format version 1, described in `docs/trace.md`. Never shows a pid, a time, a ticket, or a name's place
//! in a table, so that two runs with the same causes have the same outline.

use super::datum::Shown;
use crate::program::op::OpCode;
use crate::program::signature::{DefaultValue, Receiver, Signature, signatures};
use crate::trace::{Datum, Event, INDEX, Status, Trace, exit_code};
use crate::value::ObjectKind;

/// The first line of an outline.
const HEADER: &str = "# conc outline 1\n";

impl Trace {
    /// Every event in canonical order, one a line: who, and what it did.
    pub fn outline(&self) -> String {
        let shown = Shown::new(self);
        let line = |event: &Event| Some((self.actor_name(event.place.actor), text(self, &shown, event)?));
        let lines: Vec<_> = self.shown_events().filter_map(line).collect();
        let width = lines.iter().map(|(actor, _)| actor.chars().count()).max().unwrap_or(0);
        let mut text = String::from(HEADER);
        for (actor, step) in lines {
            let blanks = width - actor.chars().count().min(width);
            text.push_str(actor);
            text.extend(std::iter::repeat_n(' ', blanks + 2));
            text.push_str(&step);
            text.push('\n');
        }
        text
    }

    /// Each actor's events by themselves, under its name: for scenarios whose order across actors is free.
    pub fn by_actor(&self) -> String {
        let shown = Shown::new(self);
        let mut actors: Vec<u32> = self.shown_events().map(|event| event.place.actor).collect();
        actors.sort_by(|a, b| self.compare_names(*a, *b));
        actors.dedup();
        let mut text = String::from(HEADER);
        for actor in actors {
            text.push_str(&format!("\n{}\n", self.actor_name(actor)));
            for event in self.shown_events().filter(|event| event.place.actor == actor) {
                if let Some(step) = self::text(self, &shown, event) {
                    text.push_str(&format!("  {step}\n"));
                }
            }
        }
        text
    }
}

/// What an event was; none for what is no step of the scenario's.
pub(super) fn text(trace: &Trace, shown: &Shown<'_>, event: &Event) -> Option<String> {
    if matches!(event.op, OpCode::Deadline | OpCode::DeadlineLeft) {
        return None;
    }
    let mut text = step(trace, shown, event);
    match &event.status {
        Status::Raised(kind, message) if message.is_empty() => text.push_str(&format!(" raises {kind}")),
        Status::Raised(kind, message) => text.push_str(&format!(" raises {kind}: {}", one_line(message))),
        Status::Gave(datum) => {
            if let Some(result) = result(shown, event, datum) {
                text.push_str(" -> ");
                text.push_str(&result);
            }
        }
    }
    Some(text)
}

fn one_line(message: &str) -> String {
    message.replace(|c: char| c.is_control(), " ")
}

/// What an operation gave, where that is worth saying.
fn result(shown: &Shown<'_>, event: &Event, datum: &Datum) -> Option<String> {
    match event.op {
        OpCode::Begin | OpCode::End | OpCode::Print | OpCode::Mark | OpCode::PoolTake => None,
        OpCode::PoolDone | OpCode::PoolCall | OpCode::PoolCalled | OpCode::OnceRun => None,
        OpCode::BarrierWait | OpCode::BarrierActed if matches!(datum, Datum::Int(_)) => Some(INDEX.into()),
        OpCode::QueueNext | OpCode::PipeNext => Some(match datum {
            Datum::List(turn) if turn.first() == Some(&Datum::Bool(true)) => shown.list(turn.get(1..).unwrap_or(&[])),
            _ => "end".into(),
        }),
        op if *datum == Datum::None && !gives_none(op) => None,
        _ => Some(shown.literal(datum)),
    }
}

/// Whether a `none` that an operation gave is a value, and not the lack of one.
fn gives_none(op: OpCode) -> bool {
    matches!(
        op,
        OpCode::QueueGet
            | OpCode::PipeRecv
            | OpCode::CellRead
            | OpCode::AtomicSwap
            | OpCode::ExitCode
            | OpCode::Choose
            | OpCode::ResultGet
            | OpCode::ResultNext
    )
}

/// The operation with its arguments.
fn step(trace: &Trace, shown: &Shown<'_>, event: &Event) -> String {
    let arg = |at: usize| event.args.get(at).unwrap_or(&Datum::None);
    match event.op {
        OpCode::Begin => "begin".into(),
        OpCode::End => match exit_code(event) {
            Some(code) => format!("end {code}"),
            None => "end".into(),
        },
        OpCode::PoolTake => take(shown, event, &pool_of(trace, event)),
        OpCode::PoolDone => match arg(event.args.len().max(2) - 1) {
            Datum::None => {
                format!("{}: done {}", pool_of(trace, event), shown.literal(arg(event.args.len().max(2) - 2)))
            }
            error => format!("{}: failed {}", pool_of(trace, event), shown.literal(error)),
        },
        OpCode::PoolCall => call(shown, event, &pool_of(trace, event)),
        OpCode::PoolCalled => match arg(event.args.len().max(1) - 1) {
            Datum::None => format!("{}: called", pool_of(trace, event)),
            error => format!("{}: called, failed {}", pool_of(trace, event), shown.literal(error)),
        },
        OpCode::Print => format!("print {}", shown.printed(arg(0))),
        OpCode::Mark => format!("mark {}", shown.printed(arg(0))),
        OpCode::Sleep => format!("sleep {}", shown.literal(arg(0))),
        OpCode::Outcome => format!("outcome {}", shown.literal(arg(0))),
        OpCode::Yield => "yield".into(),
        OpCode::Await => "await".into(),
        OpCode::Select => "select".into(),
        OpCode::TimerWait => format!("timer {}", shown.literal(arg(0))),
        OpCode::Now => "now()".into(),
        OpCode::Pid => "pid()".into(),
        OpCode::Ppid => "ppid()".into(),
        OpCode::Tid => "tid()".into(),
        OpCode::Name => "name()".into(),
        OpCode::Random => format!("random({})", shown.literal(arg(0))),
        OpCode::Shuffle => format!("shuffle({})", shown.literal(arg(0))),
        OpCode::Choose => format!("choose({})", shown.literal(arg(0))),
        OpCode::Start => start(trace, shown, event),
        OpCode::Create => "create".into(),
        op => match event.object {
            Some(object) => on_object(trace, shown, event, op, object),
            None => on_handle(trace, shown, event, op),
        },
    }
}

/// The pool that a worker takes from: its name without the number.
fn pool_of(trace: &Trace, event: &Event) -> String {
    let name = trace.actor_name(event.place.actor);
    name.rsplit_once('/').map_or(name, |(pool, _)| pool).to_owned()
}

/// `start write(["url_1"])`; the template's name is that of the actors without what tells them apart.
fn start(trace: &Trace, shown: &Shown<'_>, event: &Event) -> String {
    let first = match &event.status {
        Status::Gave(Datum::List(handles)) => handles.first().cloned(),
        Status::Gave(handle) => Some(handle.clone()),
        Status::Raised(..) => None,
    };
    let actor = match first {
        Some(Datum::Actor(actor)) => Some(actor),
        _ => event.actor,
    };
    let name = actor.map_or("", |actor| trace.actor_name(actor));
    let own = name.rsplit('.').next().unwrap_or(name);
    let template = own.split(['[', '#']).next().unwrap_or(own);
    let index = match event.args.get(1) {
        Some(Datum::None) | None => String::new(),
        Some(index) => format!("[{}]", shown.literal(index)),
    };
    match event.args.get(2) {
        Some(Datum::List(args)) if !args.is_empty() => format!("start {template}{index}({})", shown.list(args)),
        _ => format!("start {template}{index}"),
    }
}

fn on_object(trace: &Trace, shown: &Shown<'_>, event: &Event, op: OpCode, object: u32) -> String {
    let name = trace.object_name(object);
    let arg = |at: usize| event.args.get(at).unwrap_or(&Datum::None);
    if let Some((side, args)) = side(trace, event, object).filter(|_| op != OpCode::Arrive) {
        return method(shown, &side, signatures(Receiver::Object(ObjectKind::Rwlock)), op, args);
    }
    match op {
        OpCode::OnceRun if matches!(event.status, Status::Gave(Datum::Bool(true))) => format!("{name}.run() begins"),
        OpCode::QueueNext | OpCode::PipeNext => format!("for _ in {name}"),
        OpCode::Arrive => arrive(trace, shown, event, object),
        OpCode::BarrierActed => format!("{name}.wait() acted"),
        OpCode::OnceRan => format!("{name}.run() ran"),
        OpCode::CellRead => format!("read {name}{}", path(shown, arg(0))),
        OpCode::CellWrite => format!("{name}{} = {}", path(shown, arg(0)), shown.literal(arg(1))),
        OpCode::CellMethod => {
            let method = if let Datum::Str(method) = arg(1) { method.as_str() } else { "?" };
            let args = if let Datum::List(args) = arg(2) { shown.list(args) } else { String::new() };
            format!("{name}{}.{method}({args})", path(shown, arg(0)))
        }
        OpCode::PoolSubmit | OpCode::PoolSubmitMap | OpCode::PoolImap | OpCode::PoolImapUnordered => {
            submit(shown, event, name, op)
        }
        op => {
            let kind = trace.data().objects.get(object as usize).map(|info| info.kind);
            let table = kind.map_or(&[][..], |kind| signatures(Receiver::Object(kind)));
            method(shown, name, table, op, &event.args)
        }
    }
}

/// `rw.read` or `rw.write`, of an operation on one of them, and the arguments before it.
fn side<'e>(trace: &Trace, event: &'e Event, object: u32) -> Option<(String, &'e [Datum])> {
    let kind = trace.data().objects.get(object as usize).map(|info| info.kind);
    match event.args.split_last() {
        Some((Datum::Str(side), args)) if kind == Some(ObjectKind::Rwlock) => {
            Some((format!("{}.{side}", trace.object_name(object)), args))
        }
        _ => None,
    }
}

/// `gate.wait() arrives`, `q.put(1) arrives`: at a rendezvous the last argument names the operation.
fn arrive(trace: &Trace, shown: &Shown<'_>, event: &Event, object: u32) -> String {
    let name = trace.object_name(object);
    let kind = trace.data().objects.get(object as usize).map(|info| info.kind);
    if let Some((side, args)) = side(trace, event, object) {
        let table = signatures(Receiver::Object(ObjectKind::Rwlock));
        return format!("{} arrives", method(shown, &side, table, OpCode::RwAcquire, args));
    }
    let op = match event.args.last() {
        _ if kind == Some(ObjectKind::PipeEnd) && event.args.len() == 1 => {
            return format!(
                "{} arrives",
                method(shown, name, signatures(Receiver::Object(ObjectKind::PipeEnd)), OpCode::PipeSend, &event.args)
            );
        }
        Some(Datum::Str(op)) if op == "put" => OpCode::QueuePut,
        Some(Datum::Str(op)) if op == "get" => OpCode::QueueGet,
        Some(Datum::Str(_)) => return format!("for _ in {name} arrives"),
        _ => return format!("{name}.wait() arrives"),
    };
    let args = event.args.split_last().map_or(&[][..], |(_, args)| args);
    format!("{} arrives", method(shown, name, signatures(Receiver::Object(ObjectKind::Queue)), op, args))
}

fn on_handle(trace: &Trace, shown: &Shown<'_>, event: &Event, op: OpCode) -> String {
    if let Some(actor) = event.actor {
        let name = trace.actor_name(actor);
        return match (op, event.args.first()) {
            (OpCode::Join, Some(Datum::None) | None) => format!("join {name}"),
            _ => method(shown, name, signatures(Receiver::Actor), op, &event.args),
        };
    }
    let table = signatures(Receiver::Result);
    match event.args.split_first() {
        Some((Datum::Result(place), rest)) => method(shown, &shown.result(*place), table, op, rest),
        _ => method(shown, "result", table, op, &event.args),
    }
}

/// `q.put("x", timeout: 1s)`: arguments that are the defaults are left out, those behind the first by name.
fn method(shown: &Shown<'_>, receiver: &str, table: &[Signature], op: OpCode, args: &[Datum]) -> String {
    let Some(signature) = table.iter().find(|signature| signature.op == op) else {
        return format!("{receiver}.{op:?}({})", shown.list(args));
    };
    let mut texts = Vec::new();
    for ((name, default), arg) in signature.params.iter().zip(args) {
        if is_default(*default, arg) {
            continue;
        }
        let value = shown.literal(arg);
        texts.push(if *default == DefaultValue::Required { value } else { format!("{name}: {value}") });
    }
    format!("{receiver}.{}({})", signature.name, texts.join(", "))
}

fn is_default(default: DefaultValue, arg: &Datum) -> bool {
    match default {
        DefaultValue::Required => false,
        DefaultValue::None => *arg == Datum::None,
        DefaultValue::True => *arg == Datum::Bool(true),
        DefaultValue::False => *arg == Datum::Bool(false),
        DefaultValue::Int(value) => *arg == Datum::Int(value),
        DefaultValue::ZeroDuration => *arg == Datum::Duration(0),
    }
}

fn path(shown: &Shown<'_>, path: &Datum) -> String {
    match path {
        Datum::List(keys) => keys.iter().map(|key| format!("[{}]", shown.literal(key))).collect(),
        _ => String::new(),
    }
}

fn submit(shown: &Shown<'_>, event: &Event, pool: &str, op: OpCode) -> String {
    let verb = match op {
        OpCode::PoolSubmit => "apply_async",
        OpCode::PoolSubmitMap => "map_async",
        OpCode::PoolImap => "imap",
        _ => "imap_unordered",
    };
    let mut texts = vec![event.args.first().map_or_else(String::new, |task| shown.literal(task))];
    let named: &[&str] = match (op, event.args.get(1)) {
        (OpCode::PoolSubmit, Some(Datum::List(args))) => {
            if !args.is_empty() {
                texts.push(shown.list(args));
            }
            &["callback", "error_callback"]
        }
        (_, lists) => {
            texts.extend(lists.map(|lists| shown.literal(lists)));
            &["chunk", "callback", "error_callback"]
        }
    };
    let given = named.iter().zip(event.args.iter().skip(2)).filter(|(_, given)| **given != Datum::None);
    texts.extend(given.map(|(name, given)| format!("{name}: {}", shown.literal(given))));
    format!("{pool}.{verb}({})", texts.join(", "))
}

/// What a worker was given: a task with its arguments, or several lists of them.
fn take(shown: &Shown<'_>, event: &Event, pool: &str) -> String {
    let Status::Gave(Datum::List(taken)) = &event.status else {
        return format!("{pool}: no more tasks");
    };
    let task = taken.first().map_or_else(String::new, |task| shown.literal(task));
    match taken.get(1) {
        Some(Datum::List(lists)) => {
            let calls = lists.iter().map(|args| match args {
                Datum::List(args) => format!("{task}({})", shown.list(args)),
                other => format!("{task}({})", shown.literal(other)),
            });
            format!("{pool}: takes {}", calls.collect::<Vec<_>>().join(", "))
        }
        _ => format!("{pool}: takes {task}()"),
    }
}

/// What a callback is and what it is given.
fn call(shown: &Shown<'_>, event: &Event, pool: &str) -> String {
    match &event.status {
        Status::Gave(Datum::List(call)) => match call.as_slice() {
            [task, given, _] => format!("{pool}: calls {}({})", shown.literal(task), shown.literal(given)),
            _ => format!("{pool}: calls"),
        },
        _ => format!("{pool}: no more callbacks"),
    }
}
