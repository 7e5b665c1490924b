//! Errors of a scenario: their kinds, their names and how they are made.
//!
//! Answers for: what `raise` and `catch` talk about. Never knows where in the source or in which actor an error
//! arises: the VM and the world fill that in.

use std::fmt;
use std::sync::Arc;

/// An error of the scenario: a kind, a message and where it was raised.
#[derive(Clone, Debug)]
pub struct Error {
    /// The kind.
    pub kind: ErrorKind,
    /// The message.
    pub message: Arc<str>,
    /// The place in the source where it was raised (filled in by the VM).
    pub span: crate::source::Span,
    /// The name of the actor that raised it (filled in by the world).
    pub actor: Arc<str>,
}

impl Error {
    /// An error that has no place and no actor yet.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error { kind, message: Arc::from(message.into()), span: Default::default(), actor: Arc::from("") }
    }

    /// An operand or an argument of the wrong kind.
    pub fn type_error(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::TypeError, message)
    }

    /// A value out of range.
    pub fn value_error(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::ValueError, message)
    }

    /// A result that 64 bits cannot hold.
    pub fn overflow(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Overflow, message)
    }

    /// A result that is larger than conc lets a value become.
    pub fn too_large(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::TooLarge, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

impl std::error::Error for Error {}

/// The kinds of errors.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the error of the same name in docs/language.md")]
pub enum ErrorKind {
    Full,
    Empty,
    Closed,
    Eof,
    BrokenPipe,
    Timeout,
    BrokenBarrier,
    NotHeld,
    Overflow,
    PoolClosed,
    PoolRunning,
    OwnerDied,
    WorkerDied,
    TypeError,
    IndexError,
    KeyError,
    ZeroDivision,
    ValueError,
    AssertionFailed,
    TooLarge,
    Cancelled,
    /// Too deep a recursion.
    RecursionError,
    /// `exit(n)` on its way out: not caught by a `catch` without a kind.
    Exit(u8),
    /// Any name that `raise` uses.
    Other(Arc<str>),
}

/// The kinds that have a fixed name; the codec writes a kind as its place in this list, so only append to it.
pub(super) static KINDS: [(&str, ErrorKind); 22] = [
    ("Full", ErrorKind::Full),
    ("Empty", ErrorKind::Empty),
    ("Closed", ErrorKind::Closed),
    ("EOF", ErrorKind::Eof),
    ("BrokenPipe", ErrorKind::BrokenPipe),
    ("Timeout", ErrorKind::Timeout),
    ("BrokenBarrier", ErrorKind::BrokenBarrier),
    ("NotHeld", ErrorKind::NotHeld),
    ("Overflow", ErrorKind::Overflow),
    ("PoolClosed", ErrorKind::PoolClosed),
    ("PoolRunning", ErrorKind::PoolRunning),
    ("OwnerDied", ErrorKind::OwnerDied),
    ("WorkerDied", ErrorKind::WorkerDied),
    ("TypeError", ErrorKind::TypeError),
    ("IndexError", ErrorKind::IndexError),
    ("KeyError", ErrorKind::KeyError),
    ("ZeroDivision", ErrorKind::ZeroDivision),
    ("ValueError", ErrorKind::ValueError),
    ("AssertionFailed", ErrorKind::AssertionFailed),
    ("TooLarge", ErrorKind::TooLarge),
    ("Cancelled", ErrorKind::Cancelled),
    ("RecursionError", ErrorKind::RecursionError),
];

impl ErrorKind {
    /// The name that `raise`, `catch` and reports use.
    pub fn name(&self) -> &str {
        match self {
            ErrorKind::Exit(_) => "exit",
            ErrorKind::Other(name) => name,
            kind => KINDS.iter().find(|(_, known)| known == kind).map_or("", |(name, _)| name),
        }
    }

    /// The kind of a name; one that conc does not know is [`ErrorKind::Other`], `exit` is an exit with 0.
    pub fn from_name(name: &str) -> ErrorKind {
        if name == "exit" {
            return ErrorKind::Exit(0);
        }
        match KINDS.iter().find(|(known, _)| *known == name) {
            Some((_, kind)) => kind.clone(),
            None => ErrorKind::Other(Arc::from(name)),
        }
    }

    /// The names of all kinds that conc itself raises, for `did you mean`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        KINDS.iter().map(|(name, _)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for (name, kind) in &KINDS {
            assert_eq!(kind.name(), *name);
            assert_eq!(ErrorKind::from_name(name), *kind);
        }
        assert_eq!(ErrorKind::from_name("Tired"), ErrorKind::Other("Tired".into()));
        assert_eq!(ErrorKind::from_name("Tired").name(), "Tired");
        assert_eq!(ErrorKind::Exit(3).name(), "exit");
    }

    #[test]
    fn an_error_shows_its_kind_and_message() {
        assert_eq!(Error::new(ErrorKind::Eof, "").to_string(), "EOF");
        assert_eq!(Error::value_error("no").to_string(), "ValueError: no");
    }
}
