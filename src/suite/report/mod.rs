//! What `conc test` says of its results, in each of its formats.
//!
//! Answers for: turning outcomes into text. Never finds anything out.

mod words;

mod text;

mod json;

mod junit;

mod tap;

pub use json::json;
pub use junit::junit;
pub use tap::{tap, tap_begin};
pub use text::{text, text_end};
pub use words::{detail, headline, kind, strange_outcome, unseen};
