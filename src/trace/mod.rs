//! The trace of a run: events as data, their causal order, their canonical form.
//!
//! Answers for: what happened and what came of what. Never renders.

mod event;

mod record;

mod canonical;

mod rules;

mod graph;

mod history;

mod names;

mod mask;

mod snapshot;

pub(crate) mod deep;
mod file;

pub(crate) mod recorded;

mod tickets;

mod lanes;

mod stats;

mod before;

mod causes;

mod same;

mod diff;

mod ending;
mod race;

pub use causes::{How, Link, NoEvent, Why};
pub use diff::{Difference, diff};
pub use ending::{Blocked, BrokenInvariant, Divergence, Ending, Gathered, Misfit, Uncaught};
pub use event::{ActorInfo, Datum, Event, ObjectDetail, Place, Status, TraceData};
pub use file::{TraceError, VERSION};
pub use history::exit_code;
pub use lanes::{Lane, Lanes, Row};
pub(crate) use mask::{INDEX, TIME};
pub use race::{Access, Race};
pub use record::Trace;
pub use recorded::Recording;
pub use same::Turn;
pub use stats::{ActorStats, Hold, ObjectStats, Stats, Waits};
