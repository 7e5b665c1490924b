//! Scenarios that differ from a given one in a place or two: mutants, which its claims should notice, and smaller ones.
//!
//! What is changed is the tree; a variant is then analysed, planned and checked as any scenario. Places stay those of
//! the text, so that what is found in a variant can be shown there.
//!
//! Answers for: which variants there are, and what a check of one says of the original. Words nothing.

mod edit;

mod nodes;

mod operator;

mod find;

mod declared;

mod regions;

mod mutant;

mod judge;

mod smaller;

pub use judge::{Differs, Fate, Judged, Original, judge, states_max};
pub use mutant::{Mutant, Mutants};
pub use operator::Operator;
pub use smaller::{Candidate, Change, candidates};
