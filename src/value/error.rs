//! Errors of a scenario: kinds and their names, and how they are made.
//!
//! Answers for: the names of kinds, both ways. Never knows where an error happened (the VM fills that in).

use std::fmt;
use std::sync::Arc;

use super::{Error, ErrorKind, Shared, Value};

/// What most operations on values give.
pub type Result<T> = std::result::Result<T, Error>;

impl ErrorKind {
    /// The kind of a name; a name that is none of the language's own is [`ErrorKind::Other`].
    pub fn from_name(name: &str) -> ErrorKind {
        NAMED
            .iter()
            .find(|(_, known)| *known == name)
            .map_or_else(|| ErrorKind::Other(Arc::from(name)), |(kind, _)| kind.clone())
    }

    /// Its name in the language.
    pub fn name(&self) -> &str {
        match self {
            ErrorKind::Exit(_) => "exit",
            ErrorKind::Other(name) => name,
            kind => NAMED.iter().find(|(known, _)| known == kind).map_or("Error", |(_, name)| name),
        }
    }
}

/// The kinds that have a name of their own; the place in this table is also what the codec writes.
pub(super) const NAMED: &[(ErrorKind, &str)] = &[
    (ErrorKind::Full, "Full"),
    (ErrorKind::Empty, "Empty"),
    (ErrorKind::Closed, "Closed"),
    (ErrorKind::Eof, "EOF"),
    (ErrorKind::BrokenPipe, "BrokenPipe"),
    (ErrorKind::Timeout, "Timeout"),
    (ErrorKind::BrokenBarrier, "BrokenBarrier"),
    (ErrorKind::NotHeld, "NotHeld"),
    (ErrorKind::Overflow, "Overflow"),
    (ErrorKind::PoolClosed, "PoolClosed"),
    (ErrorKind::PoolRunning, "PoolRunning"),
    (ErrorKind::OwnerDied, "OwnerDied"),
    (ErrorKind::WorkerDied, "WorkerDied"),
    (ErrorKind::TypeError, "TypeError"),
    (ErrorKind::IndexError, "IndexError"),
    (ErrorKind::KeyError, "KeyError"),
    (ErrorKind::ZeroDivision, "ZeroDivision"),
    (ErrorKind::ValueError, "ValueError"),
    (ErrorKind::AssertionFailed, "AssertionFailed"),
    (ErrorKind::TooLarge, "TooLarge"),
    (ErrorKind::Cancelled, "Cancelled"),
    (ErrorKind::RecursionError, "RecursionError"),
];

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Error {
    /// An error without a place yet.
    pub fn new(kind: ErrorKind, message: impl Into<Arc<str>>) -> Error {
        Error { kind, message: message.into(), span: Default::default(), actor: Arc::from("") }
    }

    /// An operand or argument of the wrong kind.
    #[cold]
    pub fn type_error(message: impl Into<Arc<str>>) -> Error {
        Error::new(ErrorKind::TypeError, message)
    }

    /// A value out of its range.
    #[cold]
    pub fn value_error(message: impl Into<Arc<str>>) -> Error {
        Error::new(ErrorKind::ValueError, message)
    }

    /// A value that outgrows [`super::BYTES_MAX`].
    #[cold]
    pub fn too_large() -> Error {
        Error::new(ErrorKind::TooLarge, "the value would be larger than 256 MiB")
    }

    /// An integer or duration outside of 64 bits.
    #[cold]
    pub fn overflow(what: &str) -> Error {
        Error::new(ErrorKind::Overflow, format!("{what} does not fit into 64 bits"))
    }

    /// What `catch … as e` binds: a map of kind, message, line and actor.
    pub fn to_map(&self, line: u32) -> Value {
        let entries = [
            ("kind", Value::from(self.kind.name())),
            ("message", Value::from(&*self.message)),
            ("line", Value::Int(i64::from(line))),
            ("actor", Value::from(&*self.actor)),
        ];
        let map: super::Map = entries.into_iter().map(|(key, value)| (Value::from(key), value)).collect();
        Value::Map(Shared::new(map))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.is_empty() { write!(f, "{}", self.kind) } else { write!(f, "{}: {}", self.kind, self.message) }
    }
}
