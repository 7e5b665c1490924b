//! What the VM needs beside the instructions: everything that planning evaluated.

use std::sync::Arc;

use super::Program;
use crate::value::Value;

/// What the VM needs beside the program: everything that planning evaluated.
#[derive(Debug)]
pub struct Image {
    /// The program.
    pub program: Arc<Program>,
    /// Values of [`Program::consts`].
    pub consts: Vec<Value>,
    /// By declaration: the handle, or list of handles, of an object at file level; none for others.
    pub globals: Vec<Value>,
    /// By template: the indices of a replicated one.
    pub replicas: Vec<Option<Vec<Value>>>,
    /// What `cpu_count()` gives, and the workers of a pool that does not say how many.
    pub cores: u32,
}
