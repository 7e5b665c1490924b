//! conc: write a concurrency scenario, run it on real processes and threads, see it, prove it.
//!
//! The modules stand in the order of the pipeline; each uses only those before it.

pub mod source;

pub mod diagnostic;

pub mod syntax;

pub mod analysis;

pub mod value;

pub mod random;

pub mod program;

pub mod vm;

pub mod plan;

pub mod trace;

pub mod waits;

pub mod machine;

pub mod schedule;

pub mod judge;

pub mod check;

pub mod pipeline;

pub mod variants;

pub mod os;

pub mod report;

pub mod scenario;

pub mod suite;

pub mod cli;

pub use schedule::Schedule;

pub use scenario::{LoadError, Run, RunError, RunOptions, Scenario};
