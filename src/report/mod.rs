//! Everything that is said in words: outlines, plans, reports of errors and deadlocks.
//!
//! Answers for: turning data into text, in one place each. Never finds anything out.

pub mod diagnostic;

pub mod explain;

mod uncaught;

mod deadlock;

mod outline;

mod lanes;

mod stats;

mod causes;

mod diff;

pub mod plan;

pub mod check;

mod datum;

mod digits;

mod names;

mod excerpt;

mod changes;

mod judgement;

mod outcomes;

mod schedule;

pub use causes::{before, causes};
pub use changes::{changed_lines, changes};
pub use deadlock::deadlock;
use deadlock::{blocked_lines, standing};
pub use diff::diff;
pub use judgement::judgement;
pub use lanes::lanes;
pub use outcomes::{Counted, Outcome, outcome_values, outcomes};
pub use schedule::{broken_invariant, divergence, livelock, misfit, race};
pub use stats::stats;
pub use uncaught::uncaught;
