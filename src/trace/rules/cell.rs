//! Shared and atomic variables: accesses that conflict, by ticket.
//!
//! Answers for: reads among themselves are free, and so are accesses to different cells of a list or map.

use rustc_hash::FxHashMap;

use super::super::graph::Graph;
use super::super::history::Node;
use super::super::{Datum, Event};
use super::{Steps, succeeded};
use crate::program::op::OpCode;

/// The last write, and the reads since.
#[derive(Default)]
struct Access {
    write: Option<Node>,
    reads: Vec<Node>,
}

impl Access {
    fn before_read(&self, graph: &mut Graph, node: Node) {
        self.write.into_iter().for_each(|write| graph.edge(write, node));
    }

    fn before_write(&mut self, graph: &mut Graph, node: Node) {
        self.before_read(graph, node);
        if self.reads.len() > 1 {
            let gate = graph.gate();
            self.reads.drain(..).for_each(|read| graph.edge(read, gate));
            self.reads.push(gate);
        }
        self.reads.iter().for_each(|read| graph.edge(*read, node));
    }
}

pub(super) fn order(graph: &mut Graph, steps: &Steps<'_>) {
    let mut whole = Access::default();
    let mut cells: FxHashMap<String, Access> = FxHashMap::default();
    for (node, event) in steps.iter().filter(|(_, event)| succeeded(event)) {
        let written = || Access { write: Some(*node), reads: Vec::new() };
        match (cell(event), writes(event)) {
            (None, true) => {
                whole.before_write(graph, *node);
                cells.drain().for_each(|(_, mut cell)| cell.before_write(graph, *node));
                whole = written();
            }
            (None, false) => {
                whole.before_read(graph, *node);
                cells.values().for_each(|cell| cell.before_read(graph, *node));
                whole.reads.push(*node);
            }
            (Some(key), true) => {
                whole.before_write(graph, *node);
                let own = cells.entry(key).or_default();
                own.before_write(graph, *node);
                *own = written();
            }
            (Some(key), false) => {
                whole.before_read(graph, *node);
                let own = cells.entry(key).or_default();
                own.before_read(graph, *node);
                own.reads.push(*node);
            }
        }
    }
}

/// The cell that an access is about; none for the whole. An index from the end may be any cell.
fn cell(event: &Event) -> Option<String> {
    match (event.op, event.args.first()) {
        (OpCode::CellRead | OpCode::CellWrite | OpCode::CellMethod, Some(Datum::List(path))) => match path.first()? {
            Datum::Int(index) if *index < 0 => None,
            key => Some(format!("{key:?}")),
        },
        _ => None,
    }
}

fn writes(event: &Event) -> bool {
    const READING: [&str; 5] = ["count", "get", "index", "items", "keys"];
    match (event.op, event.args.get(1)) {
        (OpCode::CellRead, _) => false,
        (OpCode::CellMethod, Some(Datum::Str(method))) => !READING.contains(&method.as_str()) && method != "values",
        _ => true,
    }
}
