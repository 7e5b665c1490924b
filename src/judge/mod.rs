//! The judge of real runs: whether the machine can do what a trace says the OS did.
//!
//! Answers for: an order of a trace's events in which the machine can take them. Never runs anything on the OS.
