//! From text to tree.
//!
//! Answers for: what is written. Never says what it means.

pub mod ast;

pub mod visit;

mod parse;

mod dump;

pub use dump::{dump, dump_expr};
pub use parse::{EXPRESSION_DEPTH_MAX, FILE_SIZE_MAX, NESTING_MAX, parse};
