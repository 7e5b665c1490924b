//! What the VM needs beside the instructions: everything that planning evaluated.

use std::sync::{Arc, OnceLock};

use super::{Liveness, Program};
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
    live: OnceLock<Vec<Liveness>>,
}

impl Image {
    /// What is known before anything was evaluated.
    pub fn new(program: Arc<Program>, globals: Vec<Value>, replicas: Vec<Option<Vec<Value>>>, cores: u32) -> Image {
        Image { program, consts: Vec::new(), globals, replicas, cores, live: OnceLock::new() }
    }

    /// Which registers of a code are read again.
    pub fn liveness(&self, code: u32) -> Option<&Liveness> {
        let all = || self.program.codes.iter().map(|code| Liveness::of(code, &self.program)).collect();
        self.live.get_or_init(all).get(code as usize)
    }
}
