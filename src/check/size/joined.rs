//! Operations that are one step with what comes before them.
//!
//! Answers for: which are. Never takes one.

use std::collections::BTreeSet;

use crate::machine::Machine;
use crate::program::op::{Op, OpCode, Target};

/// Which operations an actor performs in the same step as the one before, whenever they do not have to wait.
#[derive(Clone, Debug, Default)]
pub struct Joined {
    /// Those that stand on these lines.
    pub lines: BTreeSet<u32>,
    /// Those on these objects.
    pub objects: BTreeSet<u32>,
    /// Those of these kinds.
    pub codes: BTreeSet<OpCode>,
}

impl Joined {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.objects.is_empty() && self.codes.is_empty()
    }

    pub(super) fn has(&self, machine: &Machine, op: &Op) -> bool {
        let on_object = || match op.target {
            Target::Object(object) => self.objects.contains(&object.id),
            _ => false,
        };
        let on_line = || line_of(machine, op).is_some_and(|line| self.lines.contains(&line));
        self.codes.contains(&op.code) || on_object() || (!self.lines.is_empty() && on_line())
    }
}

/// The line on which an operation stands; none of one that nobody wrote.
pub(super) fn line_of(machine: &Machine, op: &Op) -> Option<u32> {
    let program = &machine.plan().image.program;
    program.span_of(op.site).filter(|span| span.end > 0).map(|span| program.source.line_of(span.start))
}
