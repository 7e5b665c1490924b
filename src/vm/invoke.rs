//! Calls that are bound while running: tasks, methods of handles, tasks handed to a pool.
//!
//! Answers for: which argument goes to which parameter, and whether it can. Never performs an operation.

use std::sync::Arc;

use super::context::Context;
use crate::program::op::{Args, Op, OpCode, Target};
use crate::program::signature::{DefaultValue, POOL_SUBMITS, Receiver, Signature, signature};
use crate::program::{CallSpec, Image};
use crate::value::{self, Error, ObjectKind, ObjectRef, Result, Value};

/// How much deeper the arguments of calls lie in what a worker takes: in a list of calls, beside the task.
const TAKEN_LEVELS: usize = 2;

/// What a handle is a target of; none for other values.
pub(super) fn target(value: &Value) -> Option<Target> {
    match value {
        Value::Object(object) => Some(Target::Object(*object)),
        Value::Actor(actor) => Some(Target::Actor(*actor)),
        Value::Result(result) => Some(Target::Result(*result)),
        _ => None,
    }
}

/// The operation that a method of a handle is. The arguments are moved out.
pub(super) fn method(context: &Context, handle: &Value, spec: &CallSpec, args: &mut [Value]) -> Result<Op> {
    let (receiver, target) = match handle {
        Value::Object(object) => (Receiver::Object(object.kind), Target::Object(*object)),
        Value::Actor(actor) => (Receiver::Actor, Target::Actor(*actor)),
        Value::Result(result) => (Receiver::Result, Target::Result(*result)),
        other => return Err(no_method(other, &spec.name)),
    };
    if matches!(receiver, Receiver::Object(ObjectKind::Pool))
        && let Some((name, _, code)) = POOL_SUBMITS.iter().find(|(name, ..)| *name == &*spec.name)
    {
        let args = submit(&context.image, name, *code, spec, args)?;
        args.as_slice().get(1).map_or(Ok(()), |calls| context.fits(calls, TAKEN_LEVELS))?;
        return Ok(Context::op(*code, target, args));
    }
    let Some(found) = signature(receiver, &spec.name) else { return Err(no_method(handle, &spec.name)) };
    if let (OpCode::RwAcquire | OpCode::RwRelease, Target::Object(ObjectRef { role: 0, .. })) = (found.op, target) {
        return Err(crate::program::fault::no_side());
    }
    Ok(Context::op(found.op, target, bind(found, spec, args)?))
}

#[cold]
pub(super) fn no_method(value: &Value, name: &str) -> Error {
    Error::type_error(format!("{} has no method `{name}`", value::described(value)))
}

/// The value of a default; none for a required one.
pub(crate) fn default_value(default: DefaultValue) -> Option<Value> {
    match default {
        DefaultValue::Required => None,
        DefaultValue::None => Some(Value::None),
        DefaultValue::True => Some(Value::Bool(true)),
        DefaultValue::False => Some(Value::Bool(false)),
        DefaultValue::Int(int) => Some(Value::Int(int)),
        DefaultValue::ZeroDuration => Some(Value::Duration(0)),
    }
}

fn bind(found: &Signature, spec: &CallSpec, args: &mut [Value]) -> Result<Args> {
    let names: Vec<&str> = found.params.iter().map(|(name, _)| *name).collect();
    let bound = slots(&spec.name, &names, spec, args)?;
    let mut values = Vec::with_capacity(Args::MAX);
    for (value, (name, default)) in bound.into_iter().zip(found.params) {
        match value.or_else(|| default_value(*default)) {
            Some(value) => values.push(value),
            None => return Err(Error::type_error(format!("`{}` needs `{name}`", spec.name))),
        }
    }
    values.extend(found.fixed.iter().filter_map(|fixed| default_value(*fixed)));
    let args = Args::from_values(values);
    check(found.params, &args)?;
    Ok(args)
}

/// Refuses arguments of the wrong kind, and negative timeouts.
pub(super) fn check(params: &[(&str, DefaultValue)], args: &Args) -> Result<()> {
    for ((name, _), value) in params.iter().zip(args.as_slice()) {
        let wrong = match (*name, value) {
            ("timeout", Value::None) => None,
            ("timeout", Value::Duration(nanos)) if *nanos < 0 => {
                let given = value::literal(value);
                return Err(Error::value_error(format!("a timeout is not negative, and this is {given}")));
            }
            ("timeout", Value::Elapsed(nanos)) if *nanos < 0 => {
                return Err(Error::value_error("a timeout is not negative"));
            }
            ("timeout", Value::Duration(_) | Value::Elapsed(_)) => None,
            ("timeout", _) => Some("a duration"),
            ("block", Value::Bool(_)) => None,
            ("block", _) => Some("a bool"),
            ("n", Value::Int(_) | Value::Pid(_)) => None,
            ("n", _) => Some("an int"),
            _ => None,
        };
        if let Some(wanted) = wrong {
            return Err(Error::type_error(format!("`{name}` is {wanted}, not {}", value::described(value))));
        }
    }
    Ok(())
}

/// Arguments by parameter; the named ones are the last.
fn slots(function: &str, params: &[&str], spec: &CallSpec, args: &mut [Value]) -> Result<Vec<Option<Value>>> {
    let mut bound = vec![None; params.len()];
    let positional = args.len().saturating_sub(spec.names.len());
    if positional > params.len() {
        let plural = if params.len() == 1 { "" } else { "s" };
        let count = params.len();
        return Err(Error::type_error(format!("`{function}` takes {count} argument{plural}, not {positional}")));
    }
    let (by_place, by_name) = args.split_at_mut(positional);
    for (slot, value) in bound.iter_mut().zip(by_place) {
        *slot = Some(std::mem::take(value));
    }
    for (name, value) in spec.names.iter().zip(by_name) {
        match params.iter().position(|param| *param == &**name) {
            Some(at) if bound[at].is_none() => bound[at] = Some(std::mem::take(value)),
            Some(_) => return Err(Error::type_error(format!("`{function}` is given `{name}` twice"))),
            None => return Err(Error::type_error(format!("`{function}` has no parameter `{name}`"))),
        }
    }
    Ok(bound)
}

/// The arguments of a task, its defaults filled in.
pub(super) fn task(image: &Image, task: u32, spec: &CallSpec, args: &mut [Value]) -> Result<Vec<Value>> {
    let Some(task) = image.program.tasks.get(task as usize) else {
        return Err(Error::type_error("there is no such task"));
    };
    if spec.names.is_empty() && args.len() == task.params.len() {
        return Ok(args.iter_mut().map(std::mem::take).collect());
    }
    let names: Vec<&str> = task.params.iter().map(|param| &*param.name).collect();
    let bound = slots(&task.name, &names, spec, args)?;
    let filled = bound.into_iter().zip(&task.params).map(|(value, param)| {
        let default = || param.default.and_then(|default| image.consts.get(default as usize)).cloned();
        let missing = || Error::type_error(format!("`{}` needs `{}`", task.name, param.name));
        value.or_else(default).ok_or_else(missing)
    });
    filled.collect()
}

/// A value that is called.
pub(super) fn callee(value: &Value) -> Result<u32> {
    match value {
        Value::Task(task) => Ok(*task),
        other => Err(Error::type_error(format!("{} cannot be called", value::described(other)))),
    }
}

fn submit(image: &Image, name: &str, code: OpCode, spec: &CallSpec, args: &mut [Value]) -> Result<Args> {
    let is_async = name.ends_with("_async");
    let is_map = code != OpCode::PoolSubmit;
    let positional = args.len().saturating_sub(spec.names.len());
    let mut own = |wanted: &str, allowed: bool| {
        let at = spec.names.iter().position(|name| allowed && &**name == wanted)?;
        args.get_mut(positional + at).map(std::mem::take)
    };
    let chunk = own("chunk", is_map).unwrap_or_default();
    let callback = callback("callback", own("callback", is_async))?;
    let error_callback = self::callback("error_callback", own("error_callback", is_async))?;
    let taken =
        |name: &str| (is_map && name == "chunk") || (is_async && (name == "callback" || name == "error_callback"));
    let mut rest: Vec<Value> = args.iter_mut().take(positional).map(std::mem::take).collect();
    let mut names = Vec::new();
    for (name, value) in spec.names.iter().zip(args.iter_mut().skip(positional)) {
        if !taken(name) {
            names.push(Arc::clone(name));
            rest.push(std::mem::take(value));
        }
    }
    if rest.len() == names.len() {
        return Err(Error::type_error(format!("`{name}` needs a task")));
    }
    let function = callee(&rest.remove(0))?;
    let inner = CallSpec { names, count: rest.len() as u16, ..spec.clone() };
    if !is_map {
        let args = task(image, function, &inner, &mut rest)?;
        return Ok(Args::from_values([Value::Task(function), Value::list(args), callback, error_callback]));
    }
    let calls = map_calls(image, name, function, &inner, &rest)?;
    let chunk = match chunk {
        Value::None => Value::None,
        Value::Int(size) | Value::Pid(size) if size >= 1 => Value::Int(size),
        Value::Int(_) | Value::Pid(_) => {
            let given = value::literal(&chunk);
            return Err(Error::value_error(format!("a chunk has at least 1 item, not {given}")));
        }
        other => return Err(Error::type_error(format!("`chunk` is an int, not {}", value::described(&other)))),
    };
    Ok(Args::from_values([Value::Task(function), calls, chunk, callback, error_callback]))
}

fn callback(name: &str, value: Option<Value>) -> Result<Value> {
    match value {
        None | Some(Value::None) => Ok(Value::None),
        Some(Value::Task(task)) => Ok(Value::Task(task)),
        Some(other) => Err(Error::type_error(format!("`{name}` is a task, not {}", value::described(&other)))),
    }
}

/// One call for each item.
fn map_calls(image: &Image, name: &str, function: u32, spec: &CallSpec, rest: &[Value]) -> Result<Value> {
    let [items] = rest else {
        return Err(Error::type_error(format!("`{name}` takes a task and what it is applied to")));
    };
    if !spec.names.is_empty() && &*spec.names[0] != "xs" {
        return Err(Error::type_error(format!("`{name}` has no parameter `{}`", spec.names[0])));
    }
    let plain = CallSpec { names: Vec::new(), ..spec.clone() };
    let spreads = name.starts_with("starmap");
    let items = value::items(items)?;
    let takes_one = image.program.tasks.get(function as usize).is_some_and(|task| task.params.len() == 1);
    if !spreads && takes_one && !items.iter().any(|item| matches!(item, Value::List(_))) {
        return Ok(Value::List(items));
    }
    let mut calls = Vec::with_capacity(items.len());
    for item in items.iter() {
        let args = match item {
            Value::List(args) if spreads => task(image, function, &plain, &mut args.to_vec())?,
            other if spreads => {
                let given = value::described(other);
                return Err(Error::type_error(format!("`{name}` takes lists of arguments, not {given}")));
            }
            other => task(image, function, &plain, std::slice::from_mut(&mut other.clone()))?,
        };
        calls.push(of_args(args));
    }
    Ok(Value::list(calls))
}

/// The arguments of a call as one value: their list, or, of one that is no list, itself.
fn of_args(mut args: Vec<Value>) -> Value {
    match args.as_slice() {
        [Value::List(_)] => Value::list(args),
        [_] => args.pop().unwrap_or_default(),
        _ => Value::list(args),
    }
}
