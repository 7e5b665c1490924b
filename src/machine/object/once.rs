//! What is done once: the first to come runs the body, the others wait until it has ended. A body that fails, or whose
//! runner is killed, has not been run.

use super::{Act, Object, body_of, fault};
use crate::machine::step::Tx;
use crate::program::op::{Op, OpCode};
use crate::value::{Error, Value};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::machine) enum Once {
    /// Nobody has run it to its end, and nobody is about to.
    #[default]
    New,
    /// Someone runs it.
    Running(u32),
    /// It has been run.
    Done,
}

impl Once {
    pub(in crate::machine) fn runner(self) -> Option<u32> {
        match self {
            Once::Running(runner) => Some(runner),
            Once::New | Once::Done => None,
        }
    }

    pub(super) fn can(self, op: &Op) -> bool {
        op.code != OpCode::OnceRun || self.runner().is_none()
    }
}

pub(super) fn perform(tx: &mut Tx<'_>, me: u32, id: u32, op: &Op) -> Act {
    let body = body_of(tx, id);
    let Some(Object::Once(once)) = tx.state.object_mut(id) else { return Act::Done(Err(fault::no_runtime())) };
    match (op.code, *once, body) {
        (OpCode::OnceRun, Once::Done, _) => Act::Done(Ok(Value::None)),
        (OpCode::OnceRun, Once::New, Some(code)) => {
            *once = Once::Running(me);
            Act::Calls { code, then: OpCode::OnceRan }
        }
        (OpCode::OnceRan, ..) => Act::Done(match op.args.get(0) {
            Value::Error(error) => {
                *once = Once::New;
                Err(Error::clone(error))
            }
            _ => {
                *once = Once::Done;
                Ok(Value::None)
            }
        }),
        _ => Act::Done(Err(fault::no_runtime())),
    }
}

/// The one who runs it was killed.
pub(in crate::machine) fn runner_died(tx: &mut Tx<'_>, id: u32) {
    if let Some(Object::Once(once)) = tx.state.object_mut(id) {
        *once = Once::New;
    }
}
