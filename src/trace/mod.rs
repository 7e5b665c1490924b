//! The trace of a run: events as data, their causal order, their canonical form.
//!
//! Answers for: what happened and what came of what. Never renders.

mod event;

pub use event::{ActorInfo, Datum, Event, ObjectDetail, Place, Status, TraceData};
