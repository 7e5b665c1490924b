//! The machine: a pure step relation that is the meaning of the language.
//!
//! Answers for: which steps a state has and what each does. Never reads a clock, draws a random number or prints.
