//! Which counts and arguments an object can have.
//!
//! Answers for: refusing what no object can be made of, at its place. Never makes one.

use crate::analysis::Checked;
use crate::diagnostic::{Code, Diagnostic};
use crate::program::{ObjectSpec, fault};
use crate::source::Span;
use crate::value::{ObjectKind, ObjectRef, Value, literal};

/// The most objects and replicas that a scenario makes, together.
const TOGETHER_MAX: usize = 65_536;
/// The most bytes that one shared variable may have room for.
const ROOM_MAX: i64 = 1 << 30;
/// How much of a value is shown.
const SHOWN_MAX: usize = 60;

/// How much a scenario has made so far.
#[derive(Default)]
pub(super) struct Limits {
    together: usize,
}

impl Limits {
    /// Adds objects or replicas.
    pub(super) fn add(&mut self, count: usize, span: Span) -> Result<(), Diagnostic> {
        self.together = self.together.saturating_add(count);
        if self.together > TOGETHER_MAX {
            let code = Code::TooMany { what: "objects and replicas", count: self.together, limit: TOGETHER_MAX };
            return Err(Diagnostic::new(code, span));
        }
        Ok(())
    }

    /// The length of an array of objects.
    pub(super) fn length(&mut self, value: &Value, span: Span) -> Result<u32, Diagnostic> {
        match value {
            Value::Int(length) if *length >= 0 => {
                let length = usize::try_from(*length).unwrap_or(usize::MAX);
                self.add(length, span)?;
                Ok(u32::try_from(length).unwrap_or(u32::MAX))
            }
            other => Err(bad("the length of an array", "an integer from 0 up", other, span)),
        }
    }
}

/// The indices of a replicated template.
pub(super) fn indices(value: &Value, span: Span, limits: &mut Limits) -> Result<Vec<Value>, Diagnostic> {
    match value {
        Value::List(items) => {
            limits.add(items.len(), span)?;
            Ok(items.to_vec())
        }
        Value::Range(range) => match (&range.low, &range.high) {
            (Value::Int(low), Value::Int(high)) => {
                let high = if range.inclusive { high.saturating_add(1) } else { *high };
                let count = usize::try_from(i128::from(high) - i128::from(*low)).unwrap_or(0);
                limits.add(count, span)?;
                Ok((*low..high).map(Value::Int).collect())
            }
            _ => Err(bad("what a template is replicated over", "a range of integers, or a list", value, span)),
        },
        other => Err(bad("what a template is replicated over", "a range of integers, or a list", other, span)),
    }
}

/// What is wrong with the arguments of a declaration.
pub(super) fn check_setup(checked: &Checked, decl: usize, kind: ObjectKind, setup: &[Value]) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    for (at, (name, value)) in ObjectSpec::arguments(kind).iter().zip(setup).enumerate() {
        let span = argument_span(checked, decl, at, name);
        let mut refuse = |what, wants| wrong.push(bad(what, wants, value, span));
        let from = |least: i64| matches!(value, Value::Int(count) if *count >= least);
        match (kind, *name) {
            // What must be given and was not has a diagnostic of its own.
            _ if matches!(value, Value::None) => {}
            (ObjectKind::Queue, "capacity") if !from(0) => refuse("a queue's capacity", "an integer from 0 up"),
            (ObjectKind::Queue, "order") if !is_order(value) => {
                refuse("a queue's order", "`fifo`, `lifo` or `priority`");
            }
            (ObjectKind::Condition, "lock") if !is_lock(value) => refuse("what a condition is over", "a lock"),
            (ObjectKind::Semaphore | ObjectKind::BoundedSemaphore, "value") if !from(0) => {
                refuse("a semaphore's start value", "an integer from 0 up");
            }
            (ObjectKind::Barrier, "parties") if !from(1) => {
                refuse("the number of a barrier's parties", "an integer from 1 up");
            }
            (ObjectKind::Barrier, "timeout") if fault::timeout_of_barrier(value).is_err() => {
                refuse("a barrier's timeout", "a duration from 0 up");
            }
            (ObjectKind::Latch, "count") if !from(0) => refuse("a latch's count", "an integer from 0 up"),
            (ObjectKind::Shared, "room") if !from(1) || !matches!(value, Value::Int(0..=ROOM_MAX)) => {
                refuse("a variable's room", "a size from one byte to 1GiB");
            }
            (ObjectKind::Pool, "processes" | "threads") if !from(1) => {
                refuse("the number of a pool's workers", "an integer from 1 up");
            }
            (ObjectKind::Pool, "tasks_per_child") if !from(1) => {
                refuse("the number of tasks a worker does", "an integer from 1 up");
            }
            _ => {}
        }
    }
    wrong
}

fn is_order(value: &Value) -> bool {
    matches!(value, Value::Str(text) if ["fifo", "lifo", "priority"].contains(&text.text.as_str()))
}

fn is_lock(value: &Value) -> bool {
    matches!(value, Value::Object(ObjectRef { kind: ObjectKind::Lock | ObjectKind::Rlock, .. }))
}

/// Where an argument of a declaration stands.
fn argument_span(checked: &Checked, decl: usize, at: usize, name: &str) -> Span {
    let Some(info) = checked.objects.get(decl) else { return Span::default() };
    let named = |arg: &&crate::syntax::ast::Arg| arg.name.as_ref().is_some_and(|own| &*own.text == name);
    let positional = || info.decl.args.get(at).filter(|arg| arg.name.is_none());
    info.decl.args.iter().find(named).or_else(positional).map_or(info.name.span, |arg| arg.value.span)
}

fn bad(what: &'static str, wants: &'static str, given: &Value, span: Span) -> Diagnostic {
    let given: String = literal(given).chars().take(SHOWN_MAX).collect();
    Diagnostic::new(Code::BadSetup { what, wants, given: given.into() }, span)
}
