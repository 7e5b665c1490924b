//! The results of tasks handed to a pool.

use super::{Came, Object, fault, gives_up, object_of};
use crate::machine::State;
use crate::machine::step::Tx;
use crate::program::op::{Op, OpCode};
use crate::value::{Error, Value};

#[derive(Clone, Debug)]
pub(in crate::machine) struct TaskResult {
    pub(in crate::machine) pool: u32,
    /// A list made of parts (`map`).
    pub(in crate::machine) is_map: bool,
    pub(in crate::machine) parts: Vec<Option<Value>>,
    pub(in crate::machine) left: usize,
    /// The first part in order that failed, and its error.
    pub(in crate::machine) failed: Option<(u32, Error)>,
    /// One of its tasks has begun.
    pub(in crate::machine) begun: bool,
    pub(in crate::machine) cancelled: bool,
}

impl TaskResult {
    pub(super) fn new(pool: u32, parts: usize, is_map: bool) -> TaskResult {
        TaskResult { pool, is_map, parts: vec![None; parts], left: parts, failed: None, begun: false, cancelled: false }
    }

    pub(in crate::machine) fn is_complete(&self) -> bool {
        self.left == 0 || self.cancelled
    }

    fn value(&self) -> Came {
        if let Some((_, error)) = &self.failed {
            return Err(error.clone());
        }
        let mut parts = self.parts.iter().flatten();
        if !self.is_map {
            return Ok(parts.next().cloned().unwrap_or_default());
        }
        let mut all = Vec::new();
        for part in parts {
            if let Value::List(items) = part {
                all.extend(items.iter().cloned());
            }
        }
        Ok(Value::list(all))
    }
}

pub(super) fn can(state: &State, op: &Op) -> bool {
    match op.code {
        OpCode::ResultGet | OpCode::ResultWait => match object_of(op).and_then(|id| state.object(id)) {
            Some(Object::Result(result)) => result.is_complete() || gives_up(op),
            _ => true,
        },
        _ => true,
    }
}

pub(super) fn perform(tx: &mut Tx<'_>, id: u32, op: &Op) -> Came {
    let Some(Object::Result(result)) = tx.state.object_mut(id) else { return Err(fault::no_runtime()) };
    match op.code {
        OpCode::ResultGet if !result.is_complete() => Err(fault::result_late()),
        OpCode::ResultGet => result.value(),
        OpCode::ResultWait => Ok(Value::None),
        OpCode::ResultReady => Ok(Value::Bool(result.is_complete())),
        OpCode::ResultSuccessful if !result.is_complete() => Err(fault::not_ready()),
        OpCode::ResultSuccessful => Ok(Value::Bool(result.failed.is_none())),
        OpCode::ResultCancelled => Ok(Value::Bool(result.cancelled)),
        OpCode::ResultCancel => {
            if !result.begun && !result.is_complete() {
                result.cancelled = true;
                result.failed = Some((0, fault::cancelled()));
            }
            Ok(Value::Bool(result.cancelled))
        }
        _ => Err(fault::no_runtime()),
    }
}

/// Enters what came of one part.
pub(super) fn settle(tx: &mut Tx<'_>, id: u32, part: u32, came: Came) {
    let Some(Object::Result(result)) = tx.state.object_mut(id) else { return };
    if result.is_complete() {
        return;
    }
    match came {
        Ok(value) => {
            if let Some(slot) = result.parts.get_mut(part as usize) {
                *slot = Some(value);
            }
        }
        // The error of the first part in order is the one that is raised.
        Err(error) if result.failed.as_ref().is_none_or(|(first, _)| part < *first) => {
            result.failed = Some((part, error));
        }
        Err(_) => {}
    }
    result.left -= 1;
}
