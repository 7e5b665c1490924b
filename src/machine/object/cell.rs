//! Shared and atomic variables: each access is one step.

use super::{Came, Object, fault, object_of};
use crate::machine::State;
use crate::machine::step::Tx;
use crate::program::op::{Args, Op, OpCode};
use crate::value::methods::{self, Call};
use crate::value::{self, Value};

/// Room of a variable that names none, in bytes.
pub(super) const ROOM_BYTES: i64 = 64 << 10;

#[derive(Clone, Debug)]
pub(in crate::machine) struct Cell {
    pub(in crate::machine) value: Value,
    pub(in crate::machine) room: u64,
}

impl Cell {
    pub(super) fn new(value: Value, room: i64) -> Result<Cell, value::Error> {
        let room = u64::try_from(room).map_err(|_| fault::negative_room())?;
        let mut cell = Cell { value: Value::None, room };
        cell.store(value)?;
        Ok(cell)
    }

    fn store(&mut self, value: Value) -> Result<(), value::Error> {
        let mut bytes = Vec::new();
        // Most are small: those cannot outgrow any room worth declaring.
        if !matches!(value, Value::None | Value::Bool(_) | Value::Int(_)) || self.room < 16 {
            value::encode(&value, &mut bytes);
        }
        if bytes.len() as u64 > self.room {
            return Err(fault::no_room(bytes.len(), self.room));
        }
        self.value = value;
        Ok(())
    }

    fn update(&mut self, change: impl FnOnce(&mut Value) -> Came) -> Came {
        let mut value = self.value.clone();
        let given = change(&mut value)?;
        self.store(value)?;
        Ok(given)
    }
}

fn path(value: &Value) -> &[Value] {
    match value {
        Value::List(path) => path,
        _ => &[],
    }
}

/// The read that a method call is where its path leads to a handle.
pub(in crate::machine) fn as_read(state: &State, op: &Op) -> Option<Op> {
    let Some(Object::Cell(cell)) = object_of(op).and_then(|id| state.object(id)) else { return None };
    if op.code != OpCode::CellMethod || !methods::leads_to_handle(&cell.value, path(op.args.get(0))) {
        return None;
    }
    Some(Op { code: OpCode::CellRead, args: Args::from_values([op.args.get(0).clone()]), ..op.clone() })
}

pub(super) fn perform(tx: &mut Tx<'_>, id: u32, op: &Op) -> Came {
    let Some(Object::Cell(cell)) = tx.state.object_mut(id) else { return Err(fault::no_runtime()) };
    let args = &op.args;
    match op.code {
        OpCode::CellRead => match path(args.get(0)) {
            [] => Ok(cell.value.clone()),
            path => value::get_path(&cell.value, path),
        },
        OpCode::CellWrite => cell.update(|whole| {
            value::set_path(whole, path(args.get(0)), args.get(1).clone())?;
            Ok(Value::None)
        }),
        OpCode::CellMethod => {
            let Value::Str(name) = args.get(1) else { return Err(fault::no_runtime()) };
            cell.update(|whole| {
                let call = Call { name: &name.text, values: path(args.get(2)), names: &[] };
                methods::call(value::path_mut(whole, path(args.get(0)))?, call)
            })
        }
        OpCode::AtomicAdd | OpCode::AtomicSub => cell.update(|whole| {
            let by = args.get(0);
            *whole = if op.code == OpCode::AtomicSub { value::sub(whole, by)? } else { value::add(whole, by)? };
            Ok(whole.clone())
        }),
        OpCode::AtomicSwap => cell.update(|whole| Ok(std::mem::replace(whole, args.get(0).clone()))),
        OpCode::AtomicCas => cell.update(|whole| {
            let same = *whole == *args.get(0);
            if same {
                *whole = args.get(1).clone();
            }
            Ok(Value::Bool(same))
        }),
        _ => Err(fault::no_runtime()),
    }
}
