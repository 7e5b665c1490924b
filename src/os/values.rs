//! Values on their way into and out of the arena, and the few operations on them that objects need.
//!
//! Answers for: one place through which the OS world uses `value`. Never holds state.

use std::sync::Arc;

use super::object::{Result, fail};
use crate::value::{Error, ErrorKind, Value};
