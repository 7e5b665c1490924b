//! Tests of values, lowering and the VM, through the text of scenarios.
//!
//! Answers for: what a body computes and which operations it stops at. Never starts a process.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "vm/errors.rs"]
mod errors;
#[path = "vm/expressions.rs"]
mod expressions;
#[path = "vm/flow.rs"]
mod flow;
#[path = "vm/laws.rs"]
mod laws;
#[path = "vm/operations.rs"]
mod operations;
#[path = "vm/statements.rs"]
mod statements;
#[path = "vm/world.rs"]
mod world;
