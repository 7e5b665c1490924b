//! Operations that a world performs within the loop.
//!
//! Most operations of a run wait for nobody: to leave the loop for each of them would cost more than they do. Answers
//! for: what the loop offers. Never decides which a world takes.

use super::Frame;
use crate::program::Code;
use crate::program::op::{OpCode, Site};
use crate::source::Span;
use crate::value::{ObjectRef, Value};

/// A world that may perform an operation at once, in place of [`super::Stop::Op`].
pub trait Shortcut {
    /// Performs an operation of an object that neither waits nor raises, and leaves in `gave`, which is none, what it
    /// gives. Where it says no, nothing has happened. `args` are those of the [`crate::program::op::Op`]; reads and
    /// writes of a whole variable come without a path.
    fn perform(
        &mut self,
        op: OpCode,
        object: ObjectRef,
        args: &[Value],
        standing: &Standing<'_>,
        gave: &mut Value,
    ) -> bool;
}

/// A world that stops at every operation.
pub(super) struct Never;

impl Shortcut for Never {
    #[inline(always)]
    fn perform(&mut self, _: OpCode, _: ObjectRef, _: &[Value], _: &Standing<'_>, _: &mut Value) -> bool {
        false
    }
}

/// Where an actor stands in its program.
pub struct Standing<'v> {
    pub(super) frames: &'v [Frame],
    pub(super) code: &'v Code,
    pub(super) pc: usize,
}

impl Standing<'_> {
    /// The places of its frames, that of the outermost first.
    pub fn frames(&self) -> impl Iterator<Item = Site> + '_ {
        self.frames.iter().map(|frame| Site { code: frame.code, pc: frame.pc })
    }

    /// The place of its frame, where it has but one.
    #[inline]
    pub fn only_frame(&self) -> Option<Site> {
        match self.frames {
            [frame] => Some(Site { code: frame.code, pc: frame.pc }),
            _ => None,
        }
    }

    /// The text of the operation.
    pub fn span(&self) -> Span {
        self.code.spans.get(self.pc).copied().unwrap_or_default()
    }
}
