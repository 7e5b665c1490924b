//! What is fuzzed: functions that take any bytes, and a generator that makes bytes out of a corpus.
//!
//! The fuzz targets and the tests of the package above (`tests/fuzz.rs`) call the same functions.

pub mod mutate;

pub mod targets;
