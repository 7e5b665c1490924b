//! The machine: what it says of small scenarios, and its laws.
#![expect(clippy::expect_used, reason = "a test may panic")]

#[path = "machine/explore.rs"]
mod explore;
