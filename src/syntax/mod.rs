//! From text to tree.
//!
//! Answers for: what is written. Never says what it means.

pub mod ast;
pub mod visit;
