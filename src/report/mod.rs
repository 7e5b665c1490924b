//! Everything that is said in words: outlines, plans, reports of errors and deadlocks.
//!
//! Answers for: turning data into text, in one place each. Never finds anything out.

pub mod diagnostic;

mod uncaught;

mod deadlock;

mod outline;

mod lanes;

mod stats;

pub mod plan;

mod datum;

mod excerpt;

mod diff;

mod judgement;

mod schedule;

pub use deadlock::deadlock;
pub use diff::{changed_lines, diff};
pub use judgement::judgement;
pub use lanes::lanes;
pub use schedule::{divergence, misfit};
pub use stats::stats;
pub use uncaught::uncaught;
