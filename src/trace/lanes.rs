//! A trace as lanes: a column an actor, a row an event.
//!
//! Answers for: which event stands where, in canonical order. Never knows how wide anything is.

use std::ops::RangeInclusive;

use super::Trace;
use crate::program::op::OpCode;

/// A trace laid out in lanes.
#[derive(Clone, Debug)]
pub struct Lanes {
    /// The actors that did something, in the order in which they first did, and the rows of each from its first event
    /// to its last.
    pub columns: Vec<Lane>,
    /// The events in canonical order; steps that are none of the scenario's are left out.
    pub rows: Vec<Row>,
}

/// An actor's column.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Index into the trace's actors.
    pub actor: u32,
    /// Its rows, first to last; others' stand between.
    pub rows: RangeInclusive<usize>,
}

/// An event's row.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Index into [`Lanes::columns`].
    pub column: usize,
    /// Index into [`Trace::events`].
    pub event: usize,
}

impl Lanes {
    /// Lays a trace out.
    pub fn new(trace: &Trace) -> Lanes {
        let mut columns: Vec<Lane> = Vec::new();
        let mut column_of = vec![None; trace.data().actors.len()];
        let mut rows = Vec::new();
        for (event, what) in trace.events().iter().enumerate() {
            if matches!(what.op, OpCode::Deadline | OpCode::DeadlineLeft) {
                continue;
            }
            let (actor, row) = (what.place.actor, rows.len());
            let Some(slot) = column_of.get_mut(actor as usize) else { continue };
            let column = *slot.get_or_insert(columns.len());
            match columns.get_mut(column) {
                Some(lane) => lane.rows = *lane.rows.start()..=row,
                None => columns.push(Lane { actor, rows: row..=row }),
            }
            rows.push(Row { column, event });
        }
        Lanes { columns, rows }
    }
}
