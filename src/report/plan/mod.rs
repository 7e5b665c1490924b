//! The execution graph: as text, for Graphviz, for Mermaid.
//!
//! Answers for: one picture of a plan, in three notations. Never plans.

mod graph;

mod text;

mod notation;

pub use notation::{dot, mermaid};
pub use text::text;
