//! The execution graph for programs that draw: Graphviz and Mermaid.
//!
//! Answers for: names of the scenario's that mean nothing to those programs. Never chooses a word (see `graph`).

use std::fmt::Write as _;

use super::graph::{Graph, Object};
use crate::plan::{Plan, User};

/// The plan for Graphviz: `conc plan --format dot FILE | dot -Tsvg`.
pub fn dot(plan: &Plan) -> String {
    let graph = Graph::of(plan);
    let mut text = String::from("digraph plan {\n    rankdir=LR\n    node [fontname=\"sans-serif\"]\n");
    for actor in &graph.actors {
        let label = escaped(&format!("{}\n{}", actor.name, actor.what));
        let _ = writeln!(text, "    {} [shape=box, label=\"{label}\"]", actor_id(actor.user));
    }
    for object in &graph.objects {
        let label = escaped(&describe(object, "\n"));
        let tip = escaped(&object.reason);
        let _ = writeln!(text, "    o{} [shape=ellipse, label=\"{label}\", tooltip=\"{tip}\"]", object.decl);
    }
    for edge in &graph.edges {
        let label = escaped(&edge.operations);
        let _ = writeln!(text, "    {} -> o{} [label=\"{label}\"]", actor_id(edge.user), edge.decl);
    }
    for (end, peer) in pairs(&graph) {
        let _ = writeln!(text, "    o{peer} -> o{end} [dir=none, style=dashed]");
    }
    text.push_str("}\n");
    text
}

/// The plan for Mermaid, as it stands in Markdown.
pub fn mermaid(plan: &Plan) -> String {
    let graph = Graph::of(plan);
    let mut text = String::from("flowchart LR\n");
    for actor in &graph.actors {
        let (name, what) = (entities(&actor.name), entities(&actor.what));
        let _ = writeln!(text, "    {}[\"{name}<br/>{what}\"]", actor_id(actor.user));
    }
    for object in &graph.objects {
        let label = describe(object, "\n").split('\n').map(entities).collect::<Vec<_>>().join("<br/>");
        let _ = writeln!(text, "    o{}([\"{label}\"])", object.decl);
    }
    for edge in &graph.edges {
        let _ = writeln!(text, "    {} -- \"{}\" --> o{}", actor_id(edge.user), entities(&edge.operations), edge.decl);
    }
    for (end, peer) in pairs(&graph) {
        let _ = writeln!(text, "    o{peer} -.- o{end}");
    }
    text
}

/// The two ends of each pipe.
fn pairs(graph: &Graph) -> impl Iterator<Item = (u32, u32)> + '_ {
    graph.objects.iter().filter_map(|object| Some((object.decl, object.peer?)))
}

fn describe(object: &Object, line_break: &str) -> String {
    format!("{}{line_break}{}{line_break}{}", object.name, object.what, object.transport)
}

fn actor_id(user: User) -> String {
    match user {
        User::Main => "main".into(),
        User::Finally => "finally".into(),
        User::Template(template) => format!("a{template}"),
        User::Worker(pool) => format!("w{pool}"),
    }
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn entities(label: &str) -> String {
    label.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
