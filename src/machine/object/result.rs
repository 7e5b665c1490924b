//! The results of tasks handed to a pool.

use super::pool::call;
use super::{Came, Object, fault, gives_up, object_of};
use crate::machine::State;
use crate::machine::step::Tx;
use crate::program::op::{Op, OpCode};
use crate::value::{Error, Shared, Value};

/// What a result is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::machine) enum Shape {
    /// One value.
    One,
    /// A list made of parts.
    List,
    /// Items, taken one after the other in order.
    InOrder,
    /// The same, as they come.
    AsTheyCome,
}

#[derive(Clone, Debug)]
pub(in crate::machine) struct TaskResult {
    pub(in crate::machine) pool: u32,
    pub(in crate::machine) shape: Shape,
    /// What came of each part.
    pub(in crate::machine) parts: Vec<Option<Result<Value, Error>>>,
    /// The parts that have come to their ends, in that order.
    pub(in crate::machine) ended: Vec<u32>,
    /// One of its tasks has begun.
    pub(in crate::machine) begun: bool,
    pub(in crate::machine) cancelled: bool,
    /// The tasks that are called with its value, and with its error; none for none.
    pub(in crate::machine) callbacks: [Value; 2],
    /// It is whole, but for its callback.
    pub(in crate::machine) calling: bool,
    /// Of one whose items are taken: the part that is next (in order, or in that of their ends), and its item.
    pub(in crate::machine) next: (usize, usize),
}

impl TaskResult {
    pub(super) fn new(pool: u32, parts: usize, shape: Shape, callbacks: [Value; 2]) -> TaskResult {
        let (parts, ended, calling) = (vec![None; parts], Vec::new(), false);
        TaskResult { pool, shape, parts, ended, begun: false, cancelled: false, callbacks, calling, next: (0, 0) }
    }

    pub(in crate::machine) fn is_complete(&self) -> bool {
        self.is_whole() && !self.calling || self.cancelled
    }

    fn is_whole(&self) -> bool {
        self.ended.len() == self.parts.len()
    }

    fn failed(&self) -> bool {
        self.cancelled || self.parts.iter().flatten().any(Result::is_err)
    }

    /// What its callback is: the task, what it is given, and whether that is an error.
    pub(super) fn call(&self) -> Value {
        let came = self.value();
        let (task, is_error) = (&self.callbacks[usize::from(came.is_err())], Value::Bool(came.is_err()));
        let given = came.unwrap_or_else(|error| Value::Error(Shared::new(error)));
        Value::list(vec![task.clone(), given, is_error])
    }

    /// Whether a part of it is still to be made.
    pub(super) fn wants(&self, part: u32) -> bool {
        !self.cancelled && matches!(self.parts.get(part as usize), Some(None))
    }

    fn is_taken_by_items(&self) -> bool {
        matches!(self.shape, Shape::InOrder | Shape::AsTheyCome)
    }

    fn value(&self) -> Came {
        if self.cancelled {
            return Err(fault::cancelled());
        }
        let mut all = Vec::new();
        for part in self.parts.iter().flatten() {
            match (self.shape, part) {
                // The error of the first part in order is the one that is raised.
                (_, Err(error)) => return Err(error.clone()),
                (Shape::One, Ok(value)) => return Ok(value.clone()),
                (_, Ok(Value::List(items))) => all.extend(items.iter().cloned()),
                _ => {}
            }
        }
        Ok(Value::list(all))
    }

    /// The part whose items are next, once it has come to its end.
    fn offered(&self) -> Option<&Result<Value, Error>> {
        let part = match self.shape {
            Shape::AsTheyCome => *self.ended.get(self.next.0)? as usize,
            _ => self.next.0,
        };
        self.parts.get(part)?.as_ref()
    }

    fn is_over(&self) -> bool {
        self.next.0 >= self.parts.len()
    }

    fn take_next(&mut self) -> Came {
        if self.is_over() {
            return Err(fault::no_more_results());
        }
        let Some(offered) = self.offered().cloned() else { return Err(fault::result_late()) };
        let (part, item) = self.next;
        let (came, count) = match offered {
            Ok(Value::List(items)) => (Ok(items.get(item).cloned().unwrap_or_default()), items.len()),
            other => (other, 1),
        };
        self.next = if item + 1 < count { (part, item + 1) } else { (part + 1, 0) };
        came
    }
}

pub(super) fn can(state: &State, op: &Op) -> bool {
    let Some(Object::Result(result)) = object_of(op).and_then(|id| state.object(id)) else { return true };
    match op.code {
        _ if gives_up(op) => true,
        OpCode::ResultGet | OpCode::ResultWait => result.is_complete() || result.is_taken_by_items(),
        OpCode::ResultNext => !result.is_taken_by_items() || result.is_over() || result.offered().is_some(),
        _ => true,
    }
}

pub(super) fn perform(tx: &mut Tx<'_>, id: u32, op: &Op) -> Came {
    let Some(Object::Result(result)) = tx.state.object_mut(id) else { return Err(fault::no_runtime()) };
    match op.code {
        OpCode::ResultNext if result.is_taken_by_items() => result.take_next(),
        OpCode::ResultNext => Err(fault::taken_whole()),
        _ if result.is_taken_by_items() => Err(fault::taken_by_items()),
        OpCode::ResultGet if !result.is_complete() => Err(fault::result_late()),
        OpCode::ResultGet => result.value(),
        OpCode::ResultWait => Ok(Value::None),
        OpCode::ResultReady => Ok(Value::Bool(result.is_complete())),
        OpCode::ResultSuccessful if !result.is_complete() => Err(fault::not_ready()),
        OpCode::ResultSuccessful => Ok(Value::Bool(!result.failed())),
        OpCode::ResultCancelled => Ok(Value::Bool(result.cancelled)),
        OpCode::ResultCancel => {
            if !result.begun && !result.is_complete() {
                result.cancelled = true;
            }
            Ok(Value::Bool(result.cancelled))
        }
        _ => Err(fault::no_runtime()),
    }
}

/// Enters what came of one part, unless something has before.
pub(super) fn settle(tx: &mut Tx<'_>, id: u32, part: u32, came: Came) {
    let Some(Object::Result(result)) = tx.state.object_mut(id) else { return };
    if !result.wants(part) {
        return;
    }
    if let Some(slot) = result.parts.get_mut(part as usize) {
        *slot = Some(came);
        result.ended.push(part);
    }
    await_call(tx, id);
}

/// A result that is whole waits for its callback, if it has one that can be run.
pub(super) fn await_call(tx: &mut Tx<'_>, id: u32) {
    let Some(Object::Result(result)) = tx.state.object(id) else { return };
    let callback = &result.callbacks[usize::from(result.failed())];
    if result.is_whole()
        && !matches!(callback, Value::None)
        && call::enlist(tx, result.pool, id)
        && let Some(Object::Result(result)) = tx.state.object_mut(id)
    {
        result.calling = true;
    }
}
