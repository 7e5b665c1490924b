//! Calls whose meaning is known only when they are made: operations of handles, tasks as values, `with`.
//!
//! Answers for: binding arguments to parameters by the tables of `program`. Never performs an operation.

use std::sync::Arc;

use super::exec::Next;
use super::{Pending, Vm};
use crate::analysis::Builtin;
use crate::diagnostic::nearest;
use crate::program::instr::{Call, SelectSpec};
use crate::program::op::{Args, Op, OpCode, Target};
use crate::program::signature::{DefaultValue, POOL_SUBMITS, Receiver, Signature, signature, signatures};
use crate::program::{CodeId, Image, Param};
use crate::value::{Error, ErrorKind, ObjectKind, ObjectRef, Value};

/// What an operation on a handle is performed on.
pub(super) fn target_of(handle: &Value) -> Target {
    match handle {
        Value::Object(object) => Target::Object(*object),
        Value::Actor(actor) => Target::Actor(*actor),
        Value::Result(result) => Target::Result(*result),
        _ => Target::None,
    }
}

/// The same for an operation that needs a handle of a certain sort.
pub(super) fn require_target(handle: &Value, op: OpCode) -> Result<Target, Error> {
    let fits = match op {
        OpCode::Join => matches!(handle, Value::Actor(_)),
        OpCode::ConditionWait => matches!(handle, Value::Object(o) if o.kind == ObjectKind::Condition),
        _ => matches!(handle, Value::Object(_) | Value::Actor(_) | Value::Result(_)),
    };
    if fits {
        return Ok(target_of(handle));
    }
    let what = match op {
        OpCode::Join => "`join` takes handles of actors",
        OpCode::ConditionWait => "`wait_for` is an operation of conditions",
        _ => "this operation takes a handle",
    };
    Err(Error::type_error(format!("{what}, not {}", handle.kind_name())))
}

fn receiver_of(handle: &Value) -> Option<Receiver> {
    match handle {
        Value::Object(object) => Some(Receiver::Object(object.kind)),
        Value::Actor(_) => Some(Receiver::Actor),
        Value::Result(_) => Some(Receiver::Result),
        _ => None,
    }
}

fn default_of(default: DefaultValue) -> Option<Value> {
    match default {
        DefaultValue::Required => None,
        DefaultValue::None => Some(Value::None),
        DefaultValue::True => Some(Value::Bool(true)),
        DefaultValue::False => Some(Value::Bool(false)),
        DefaultValue::Int(value) => Some(Value::Int(value)),
        DefaultValue::ZeroDuration => Some(Value::Duration(0)),
    }
}

/// The operation that a method of a handle is.
pub(super) fn operation(vm: &mut Vm, dst: u16, handle: &Value, call: &Call, values: Vec<Value>) -> Result<Op, Error> {
    let site = vm.site();
    if let Value::Object(ObjectRef { kind: ObjectKind::Pool, .. }) = handle {
        if let Some((name, waits, op)) = POOL_SUBMITS.iter().find(|(name, _, _)| *name == &*call.name) {
            let args = submission(&vm.image, name, *op, values, &call.names)?;
            vm.pending = if *waits { Pending::ResultOf(dst) } else { Pending::Register(dst) };
            return Ok(Op { code: *op, target: target_of(handle), args, site, cases: Vec::new() });
        }
    }
    let receiver = receiver_of(handle);
    let found = receiver.and_then(|receiver| signature(receiver, &call.name));
    let Some(found) = found else { return Err(unknown(handle, receiver, &call.name)) };
    let args = bind_operation(found, values, &call.names)?;
    vm.pending = Pending::Register(dst);
    Ok(Op { code: found.op, target: target_of(handle), args, site, cases: Vec::new() })
}

fn unknown(handle: &Value, receiver: Option<Receiver>, name: &str) -> Error {
    let names = receiver.map(signatures).unwrap_or_default().iter().map(|signature| signature.name);
    let hint = match nearest(name, names) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    };
    Error::type_error(format!("{} has no operation `{name}`{hint}", handle.kind_name()))
}

/// The arguments of an operation in the order of its parameters.
fn bind_operation(signature: &Signature, values: Vec<Value>, names: &[Option<Arc<str>>]) -> Result<Args, Error> {
    let mut bound: Vec<Option<Value>> = vec![None; signature.params.len()];
    for (position, value) in values.into_iter().enumerate() {
        let at = match names.get(position).cloned().flatten() {
            None => position,
            Some(name) => match signature.params.iter().position(|(param, _)| *param == &*name) {
                Some(at) => at,
                None => {
                    return Err(Error::type_error(format!("`{}` has no parameter `{name}`", signature.name)));
                }
            },
        };
        match bound.get_mut(at) {
            Some(slot) if slot.is_none() => *slot = Some(value),
            _ => {
                let message = format!("`{}` takes at most {} arguments", signature.name, signature.params.len());
                return Err(Error::type_error(message));
            }
        }
    }
    let mut args = Vec::with_capacity(signature.params.len() + signature.fixed.len());
    for ((name, default), value) in signature.params.iter().zip(bound) {
        match value.or_else(|| default_of(*default)) {
            Some(value) => args.push(value),
            None => return Err(Error::type_error(format!("`{}` needs `{name}`", signature.name))),
        }
    }
    args.extend(signature.fixed.iter().filter_map(|fixed| default_of(*fixed)));
    Ok(Args::from_values(args))
}

/// The body of a task as a value, and its arguments.
pub(super) fn bind_task(
    image: &Image,
    callee: &Value,
    values: Vec<Value>,
    names: &[Option<Arc<str>>],
) -> Result<(CodeId, Vec<Value>), Error> {
    let Value::Task(number) = callee else {
        return Err(Error::type_error(format!("{} cannot be called", callee.kind_name())));
    };
    let Some(task) = image.program.tasks.get(*number as usize) else {
        return Err(Error::type_error("no such task"));
    };
    Ok((task.body, bind_params(image, &task.name, &task.params, values, names)?))
}

fn bind_params(
    image: &Image,
    callee: &str,
    params: &[Param],
    values: Vec<Value>,
    names: &[Option<Arc<str>>],
) -> Result<Vec<Value>, Error> {
    let mut bound: Vec<Option<Value>> = vec![None; params.len()];
    for (position, value) in values.into_iter().enumerate() {
        let at = match names.get(position).cloned().flatten() {
            None => Some(position),
            Some(name) => params.iter().position(|param| *param.name == *name),
        };
        match at.and_then(|at| bound.get_mut(at)) {
            Some(slot) if slot.is_none() => *slot = Some(value),
            _ => {
                return Err(Error::type_error(format!(
                    "`{callee}` takes {} arguments, others were given",
                    params.len()
                )));
            }
        }
    }
    let fill = |(param, value): (&Param, Option<Value>)| {
        let default = || image.consts.get(param.default? as usize).cloned();
        value.or_else(default).ok_or_else(|| Error::type_error(format!("`{callee}` needs `{}`", param.name)))
    };
    params.iter().zip(bound).map(fill).collect()
}

/// The arguments of a pool's operation: the task's own are bound now, so that a wrong call fails where it is made.
fn submission(
    image: &Image,
    name: &str,
    op: OpCode,
    values: Vec<Value>,
    names: &[Option<Arc<str>>],
) -> Result<Args, Error> {
    let mut values = values.into_iter().zip(names.iter().cloned().chain(std::iter::repeat(None)));
    let task = match values.next() {
        Some((task @ Value::Task(_), _)) => task,
        _ => return Err(Error::type_error(format!("`{name}` takes a task first"))),
    };
    let mut own = [("callback", Value::None), ("error_callback", Value::None), ("chunk", Value::None)];
    let mut rest = Vec::new();
    for (value, given) in values {
        match own.iter_mut().find(|(own, _)| given.as_deref() == Some(*own)) {
            Some((_, slot)) => *slot = value,
            None => rest.push((value, given)),
        }
    }
    let [callback, error_callback, mut chunk] = own.map(|(_, value)| value);
    if op == OpCode::PoolSubmit {
        let (values, names): (Vec<Value>, Vec<Option<Arc<str>>>) = rest.into_iter().unzip();
        let (_, args) = bind_task(image, &task, values, &names)?;
        return Ok(Args::from_values([task, Value::list(args), callback, error_callback]));
    }
    let mut rest = rest.into_iter().map(|(value, _)| value);
    let Some(items) = rest.next() else {
        return Err(Error::type_error(format!("`{name}` needs what is to be gone through")));
    };
    if let Some(given) = rest.next() {
        chunk = given;
    }
    let spread = name.starts_with("starmap");
    let mut calls = Vec::new();
    for item in crate::value::items(&items)?.iter() {
        let values = if spread { crate::value::items(item)?.to_vec() } else { vec![item.clone()] };
        calls.push(Value::list(bind_task(image, &task, values, &[])?.1));
    }
    Ok(Args::from_values([task, Value::list(calls), chunk, callback, error_callback]))
}

/// The arguments of an operation that waits for ever.
pub(super) fn wait_for_ever(op: OpCode) -> Args {
    match op {
        OpCode::ResultNext => Args::from_values([Value::None]),
        _ => Args::from_values([Value::Bool(true), Value::None]),
    }
}

/// What `with` does to a handle at its beginning and at its end.
pub(super) fn hold(vm: &mut Vm, handle: &Value, acquires: bool) -> Result<Next, Error> {
    let wrong = || Error::type_error(format!("{} cannot be held by `with`", handle.kind_name()));
    let Value::Object(object) = handle else { return Err(wrong()) };
    let (acquire, release) = match object.kind {
        ObjectKind::Lock | ObjectKind::Rlock | ObjectKind::Condition => (OpCode::LockAcquire, OpCode::LockRelease),
        ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => (OpCode::SemaphoreAcquire, OpCode::SemaphoreRelease),
        ObjectKind::Rwlock if object.role != 0 => (OpCode::RwAcquire, OpCode::RwRelease),
        _ => return Err(wrong()),
    };
    let args = match (acquires, object.kind) {
        (true, _) => wait_for_ever(acquire),
        (false, ObjectKind::Semaphore | ObjectKind::BoundedSemaphore) => Args::from_values([Value::Int(1)]),
        (false, _) => Args::none(),
    };
    vm.pending = Pending::Ignored;
    let site = vm.site();
    let code = if acquires { acquire } else { release };
    Ok(Next::Op(Op { code, target: Target::Object(*object), args, site, cases: Vec::new() }))
}

/// `rw.read` and `rw.write`.
pub(super) fn side(object: ObjectRef, name: &Value) -> Result<Value, Error> {
    let role = match name {
        Value::Str(text) if text.text == "read" => 1,
        Value::Str(text) if text.text == "write" => 2,
        _ => return Err(Error::type_error("an rwlock has the sides `read` and `write`")),
    };
    Ok(Value::Object(ObjectRef { role, ..object }))
}

/// The error with which `exit` ends a process: a number modulo 256; a text is said, and gives one.
pub(super) fn exit(value: &Value) -> Result<Error, Error> {
    Ok(match value {
        Value::None | Value::Bool(false) => Error::new(ErrorKind::Exit(0), ""),
        Value::Bool(true) => Error::new(ErrorKind::Exit(1), ""),
        Value::Int(code) | Value::Pid(code) => Error::new(ErrorKind::Exit((code & 0xff) as u8), ""),
        other => Error::new(ErrorKind::Exit(1), crate::value::display(other, &crate::value::Numbers)?.text),
    })
}

/// The operation of a `select`: each case an operation of its own, those of a list one for each.
pub(super) fn select(vm: &Vm, spec: &SelectSpec, base: usize) -> Result<Op, Error> {
    let site = vm.site();
    let mut cases = Vec::new();
    for case in &spec.cases {
        let first = base + case.call.base as usize;
        let values = &vm.registers[first..first + case.call.count as usize];
        let handle = &vm.registers[base + case.receiver as usize];
        let handles = if case.each { crate::value::items(handle)?.to_vec() } else { vec![handle.clone()] };
        for handle in handles {
            let receiver = receiver_of(&handle);
            let found = receiver.and_then(|receiver| signature(receiver, &case.call.name));
            let Some(found) = found else { return Err(unknown(&handle, receiver, &case.call.name)) };
            let args = bind_operation(found, values.to_vec(), &case.call.names)?;
            cases.push(Op { code: found.op, target: target_of(&handle), args, site, cases: Vec::new() });
        }
    }
    let after = spec.after.map_or(Value::None, |after| vm.registers[base + after as usize].clone());
    let args = Args::from_values([after, Value::Bool(spec.otherwise)]);
    Ok(Op { code: OpCode::Select, target: Target::None, args, site, cases })
}

const BUILTINS: [(Builtin, &str); 18] = [
    (Builtin::Len, "len"),
    (Builtin::Str, "str"),
    (Builtin::Int, "int"),
    (Builtin::Float, "float"),
    (Builtin::Bool, "bool"),
    (Builtin::List, "list"),
    (Builtin::Set, "set"),
    (Builtin::Min, "min"),
    (Builtin::Max, "max"),
    (Builtin::Sum, "sum"),
    (Builtin::Abs, "abs"),
    (Builtin::Sorted, "sorted"),
    (Builtin::Reversed, "reversed"),
    (Builtin::Enumerate, "enumerate"),
    (Builtin::Zip, "zip"),
    (Builtin::Range, "range"),
    (Builtin::Type, "type"),
    (Builtin::CpuCount, "cpu_count"),
];

/// The local free function with a number.
pub(super) fn builtin(number: i64) -> Builtin {
    BUILTINS.iter().map(|(builtin, _)| *builtin).find(|builtin| *builtin as i64 == number).unwrap_or(Builtin::Len)
}

/// The name of a local free function.
pub(super) fn builtin_name(builtin: Builtin) -> &'static str {
    BUILTINS.iter().find(|(known, _)| *known == builtin).map_or("", |(_, name)| name)
}
