//! Scenarios as tests: which there are, in which runs each is seen, and what a run is compared with.
//!
//! Answers for: all that `conc test` and the macros for Rust tests find out, as data; `report` words it. Never decides
//! which step a run takes.

mod examine;

mod explored;

mod parallel;

mod outcome;

mod verdict;

mod unseen;

mod snapshot;

mod beside;

mod discover;

mod rust;

pub mod report;

pub use discover::{DiscoverError, discover};
pub use examine::{Orders, examine};
pub use outcome::{Outcome, Problem, RunOutcome, Status, Totals};
pub use parallel::{Told, examine_all};
pub use rust::{Traced, caught, conclude, trace_of, traces_of};
pub use snapshot::{HeaderError, Mistake, RunSettings, Snapshot};
pub use unseen::{Unseen, unseen};
pub use verdict::{Verdict, expected_outcomes, strange_outcome, verdict};
