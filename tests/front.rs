//! The front end from outside: trees, diagnostics, hostile inputs.

#[path = "front/expressions.rs"]
mod expressions;

#[path = "front/statements.rs"]
mod statements;

#[path = "front/trees.rs"]
mod trees;

#[path = "front/bindings.rs"]
mod bindings;

#[path = "front/wrong.rs"]
mod wrong;

#[path = "front/hostile.rs"]
mod hostile;

#[path = "front/random.rs"]
mod random;

#[path = "front/examples.rs"]
mod examples;

#[path = "front/doubts.rs"]
mod doubts;
