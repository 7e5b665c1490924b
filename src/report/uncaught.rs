//! What is said of an error that ended its actor.
//!
//! Answers for: the error, where it was raised, and in whom. Never decides whether it was expected.

use annotate_snippets::Level;

use super::excerpt::{Excerpt, draw};
use crate::source::Source;
use crate::trace::Uncaught;

/// `error: ValueError: 7 is odd`, the place, the line, the actor.
pub fn uncaught(source: &Source, error: &Uncaught, styled: bool) -> String {
    let title =
        if error.message.is_empty() { error.kind.clone() } else { format!("{}: {}", error.kind, error.message) };
    let label = format!("raised in {}", error.actor);
    let excerpt = Excerpt { level: Level::ERROR, title, span: error.span, label, notes: Vec::new() };
    draw(source, vec![excerpt], styled)
}
