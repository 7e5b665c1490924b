//! What is said about a file that is wrong or doubtful.
//!
//! Answers for: a finding as data (code, place, the words that vary), and the words of each code. Never draws: that is
//! `report`.

mod code;

mod example;

mod found;

mod near;

pub use code::{Code, Explanation, Group, explanations};
pub use example::{Example, example};
pub use found::Found;
pub use near::nearest;

use crate::source::Span;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The scenario cannot be run.
    Error,
    /// It can, but the writer will want to know.
    Warning,
}

/// One finding: always with a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What is wrong; carries the words that vary.
    pub code: Code,
    /// Where.
    pub span: Span,
    /// Further places that explain it ("first declared here").
    pub related: Vec<(Span, &'static str)>,
}

impl Diagnostic {
    /// A finding at a place.
    pub fn new(code: Code, span: Span) -> Diagnostic {
        Diagnostic { code, span, related: Vec::new() }
    }

    /// The same with a further place.
    pub fn also(mut self, span: Span, label: &'static str) -> Diagnostic {
        self.related.push((span, label));
        self
    }

    /// Error or warning, by its code.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}
