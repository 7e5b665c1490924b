//! The back of the pipeline: plans, traces, reports, the command line.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "back/canonical.rs"]
mod canonical;

#[path = "back/outline.rs"]
mod outline;

#[path = "back/lanes.rs"]
mod lanes;

#[path = "back/stats.rs"]
mod stats;

#[path = "back/causes.rs"]
mod causes;

#[path = "back/diff.rs"]
mod diff;

#[path = "back/recorder.rs"]
mod recorder;

#[path = "back/plan.rs"]
mod plan;

#[path = "back/cli.rs"]
mod cli;

#[path = "back/docs.rs"]
mod docs;

#[path = "back/reports.rs"]
mod reports;
