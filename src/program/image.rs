//! What the VM needs beside the instructions: everything that planning evaluated.

use std::sync::{Arc, OnceLock};

use super::{Joins, Liveness, Program};
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
    joins: OnceLock<Vec<Joins>>,
}

impl Image {
    /// What is known before anything was evaluated.
    pub fn new(program: Arc<Program>, globals: Vec<Value>, replicas: Vec<Option<Vec<Value>>>, cores: u32) -> Image {
        Image { program, consts: Vec::new(), globals, replicas, cores, live: OnceLock::new(), joins: OnceLock::new() }
    }

    /// Which registers of a code are read again.
    pub fn liveness(&self, code: u32) -> Option<&Liveness> {
        let all = || self.program.codes.iter().map(|code| Liveness::of(code, &self.program)).collect();
        self.live.get_or_init(all).get(code as usize)
    }

    /// The loops of a code that only join.
    pub fn joins(&self, code: u32) -> Option<&Joins> {
        let live = |code: usize| self.liveness(code as u32);
        let codes = || self.program.codes.iter().enumerate();
        let all = || codes().filter_map(|(at, code)| Some(Joins::of(code, &self.program, live(at)?))).collect();
        self.joins.get_or_init(all).get(code as usize)
    }
}
