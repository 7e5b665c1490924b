//! Everything that is said in words: outlines, plans, reports of errors and deadlocks.
//!
//! Answers for: turning data into text, in one place each. Never finds anything out.

mod datum;

mod outline;
