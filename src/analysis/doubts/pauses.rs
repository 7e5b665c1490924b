//! Where bodies wait for others.
//!
//! Answers for: whether a body comes from one place to another without doing so. Never says what it waits for.

use super::bodies::Who;
use crate::source::Span;

/// The places at which bodies wait.
#[derive(Default)]
pub(super) struct Pauses(Vec<(Who, Span)>);

impl Pauses {
    pub(super) fn add(&mut self, who: Who, at: Span) {
        self.0.push((who, at));
    }

    /// Whether a body comes from one place to another, further down, without a wait in between.
    pub(super) fn goes_on(&self, who: Who, from: Span, to: Span) -> bool {
        let between = |span: &Span| span.end > from.start && span.start < to.start;
        from.start < to.start && !self.0.iter().any(|(by, span)| *by == who && between(span))
    }

    /// Whether a body waits in a part of it.
    pub(super) fn are_within(&self, who: Who, around: Span) -> bool {
        self.0.iter().any(|(by, span)| *by == who && around.start <= span.start && span.end <= around.end)
    }
}
