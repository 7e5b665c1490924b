//! The execution graph as text: who acts, what they share, how it is reached and why.
//!
//! Answers for: aligned columns. Never chooses a word (see `graph`).

use super::graph::Graph;
use crate::plan::Plan;

/// The plan as text.
pub fn text(plan: &Plan) -> String {
    let graph = Graph::of(plan);
    let mut text = String::from("actors\n");
    table(&mut text, graph.actors.iter().map(|actor| vec![actor.name.clone(), actor.what.clone()]).collect());
    if !graph.objects.is_empty() {
        text.push_str("\nobjects\n");
        let rows = graph.objects.iter().map(|object| {
            vec![object.name.clone(), object.what.clone(), object.transport.into(), object.reason.clone()]
        });
        table(&mut text, rows.collect());
    }
    if !graph.edges.is_empty() {
        text.push_str("\nuses\n");
        let rows = graph
            .edges
            .iter()
            .map(|edge| vec![graph.actor(edge.user).into(), graph.object(edge.decl).into(), edge.operations.clone()]);
        table(&mut text, rows.collect());
    }
    text
}

/// Rows with aligned columns, two blanks before and between them.
fn table(text: &mut String, rows: Vec<Vec<String>>) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str("  ");
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count())));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}
