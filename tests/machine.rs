//! The machine: what it says of small scenarios, and its laws.
#![expect(clippy::expect_used, reason = "a test may panic")]

#[path = "machine/explore.rs"]
mod explore;
#[path = "machine/graph.rs"]
mod graph;
#[path = "machine/laws.rs"]
mod laws;
#[path = "machine/objects.rs"]
mod objects;
#[path = "machine/outcomes.rs"]
mod outcomes;
#[path = "machine/scenarios.rs"]
mod scenarios;
