//! What the kinds of values are called.
//!
//! Answers for: the words for a kind in `type(x)` and in messages. Never looks inside a value.

use super::{ObjectKind, Value};

/// The word for the kind of a value, as `type(x)` gives it.
pub fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::None => "none",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Pid(_) => "int",
        Value::Float(_) => "float",
        Value::Duration(_) | Value::Elapsed(_) => "duration",
        Value::Str(_) => "string",
        Value::List(_) => "list",
        Value::Map(_) => "map",
        Value::Set(_) => "set",
        Value::Range(_) => "range",
        Value::Object(object) => match object.role {
            0 => object.kind.name(),
            1 => "read side of an rwlock",
            _ => "write side of an rwlock",
        },
        Value::Actor(_) => "handle",
        Value::Result(_) => "result",
        Value::Task(_) => "task",
        Value::Error(_) => "error",
    }
}

/// The kind of a value with its article, for messages: `an int`, `a list`, `none`.
pub(super) fn a_kind(value: &Value) -> String {
    a(kind_name(value))
}

/// A word with its article.
pub(super) fn a(word: &str) -> String {
    match word {
        "none" => word.to_owned(),
        _ if word.starts_with(['a', 'e', 'i', 'o', 'u']) => format!("an {word}"),
        _ if word.starts_with("rlock") || word.starts_with("rwlock") => format!("an {word}"),
        _ => format!("a {word}"),
    }
}

impl ObjectKind {
    /// The word for it in messages and in `type(x)`.
    pub fn name(self) -> &'static str {
        match self {
            ObjectKind::Queue => "queue",
            ObjectKind::PipeEnd => "pipe end",
            ObjectKind::Lock => "lock",
            ObjectKind::Rlock => "rlock",
            ObjectKind::Rwlock => "rwlock",
            ObjectKind::Condition => "condition",
            ObjectKind::Semaphore => "semaphore",
            ObjectKind::BoundedSemaphore => "bounded semaphore",
            ObjectKind::Event => "event",
            ObjectKind::Barrier => "barrier",
            ObjectKind::Latch => "latch",
            ObjectKind::Once => "once",
            ObjectKind::Shared => "shared",
            ObjectKind::Atomic => "atomic",
            ObjectKind::Pool => "pool",
        }
    }
}
