//! What stands where something else was expected.
//!
//! Answers for: naming it to the writer. Never says what was expected.

use std::fmt;
use std::sync::Arc;

/// What stands where something else was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The end of the file, or of the part that was read.
    End,
    /// The end of a line.
    Line,
    /// A text in quotes.
    Text,
    /// A reserved word.
    Reserved(Arc<str>),
    /// Another word or a number.
    Word(Arc<str>),
    /// A sign.
    Sign(Arc<str>),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found::End => f.write_str("the end"),
            Found::Line => f.write_str("the end of the line"),
            Found::Text => f.write_str("a text"),
            Found::Reserved(word) => write!(f, "the reserved word `{word}`"),
            Found::Word(text) | Found::Sign(text) => write!(f, "`{text}`"),
        }
    }
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn alternatives(names: &[&str]) -> String {
    match names {
        [] => "something else".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
