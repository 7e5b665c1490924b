//! What is said of a check.
//!
//! Answers for: words, in text and in machine formats, one file a format. Never explores.

mod columns;
mod html;
mod json;
mod mermaid;
mod mutants;
mod observed;
mod progress;
mod sarif;
mod size;
mod table;
mod text;
mod words;

pub use html::html;
pub use json::json;
pub use mermaid::mermaid;
pub use mutants::{Mutated, Tally, mutants, mutants_json, mutants_total};
pub use observed::{observed, observed_in_short};
pub use progress::progress;
pub use sarif::sarif;
pub use size::{Measure, size, size_json};
pub use table::{Beside, Row, heading, row, total};
pub use text::text;
