//! Instructions that are not on the fast road.
//!
//! Answers for: one instruction at a time. Never pushes or pops a frame.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::context::Context;
use super::exec::Exit;
use super::{invoke, iterate, visible};
use crate::analysis::Builtin;
use crate::program::Code;
use crate::program::instr::{CallSpec, Instr, Piece, Reg, Test};
use crate::value::{self, Error, ErrorKind, Map, Shared, Value, Writer, methods};

/// Where it goes on.
pub(super) enum Step {
    Next,
    Jump(u16),
}

#[cold]
pub(super) fn not_a_bool(value: &Value) -> Error {
    Error::type_error(format!("a condition is a bool, not {}", value::described(value)))
}

pub(super) fn test(test: Test, a: &Value, b: &Value) -> value::Result<bool> {
    if test.is_equality() {
        return Ok(value::equals(a, b) == test.accepts(Some(std::cmp::Ordering::Equal)));
    }
    value::compare(a, b).map(|ordering| test.accepts(ordering))
}

/// Registers that hold nothing that is still needed: they must not make equal states differ, nor keep lists shared.
pub(super) fn forget(regs: &mut [Value], dst: Reg, from: usize) {
    if let Some(dst) = regs.get_mut(dst as usize) {
        *dst = Value::None;
    }
    for value in regs.iter_mut().skip(from) {
        if !matches!(value, Value::None) {
            *value = Value::None;
        }
    }
}

pub(super) fn set_index(
    regs: &mut [Value],
    (root, index, src): (Reg, Reg, Reg),
    context: &mut Context,
) -> Result<(), Exit> {
    context.nest(&regs[src as usize], 1)?;
    context.nest(&regs[index as usize], 1)?;
    let item = std::mem::take(&mut regs[src as usize]);
    if index == root {
        let key = regs[index as usize].clone();
        return Ok(value::set(&mut regs[root as usize], &key, item)?);
    }
    let mut whole = std::mem::take(&mut regs[root as usize]);
    let done = value::set(&mut whole, &regs[index as usize], item);
    regs[root as usize] = whole;
    Ok(done?)
}

pub(super) fn push(regs: &mut [Value], (dst, list, src): (Reg, Reg, Reg), context: &mut Context) -> Result<(), Exit> {
    context.nest(&regs[src as usize], 1)?;
    let mut args = [std::mem::take(&mut regs[src as usize])];
    let names = &[];
    let call = methods::Call { name: "push", values: &args, names };
    let given = methods::call(&mut regs[list as usize], call)?;
    args[0] = Value::None;
    regs[dst as usize] = given;
    Ok(())
}

fn row(regs: &mut [Value], base: Reg, count: u16) -> Vec<Value> {
    regs.iter_mut().skip(base as usize).take(count as usize).map(std::mem::take).collect()
}

fn nest_row(regs: &[Value], base: Reg, count: u16, context: &mut Context) -> Result<(), Exit> {
    regs.iter().skip(base as usize).take(count as usize).try_for_each(|value| context.nest(value, 1))
}

pub(super) fn call_spec(code: &Code, index: u16) -> Result<&CallSpec, Exit> {
    code.calls.get(index as usize).ok_or_else(|| Error::type_error("there is no such call").into())
}

/// Performs an instruction.
#[inline(always)]
pub(super) fn step(
    regs: &mut [Value],
    code: &Code,
    at: usize,
    instr: Instr,
    context: &mut Context,
) -> Result<Step, Exit> {
    let literal = |index: u16| code.literals.get(index as usize).cloned().unwrap_or_default();
    match instr {
        Instr::Const { dst, index } => {
            regs[dst as usize] = context.image.consts.get(index as usize).cloned().unwrap_or_default();
        }
        Instr::Global { dst, decl } => {
            let handle = context.image.globals.get(decl as usize).cloned().unwrap_or_default();
            if matches!(handle, Value::None) {
                return Err(Error::value_error("objects are not there yet while the scenario is planned").into());
            }
            regs[dst as usize] = handle;
        }
        Instr::Private { dst, slot, name } => {
            let handle = context.privates.get(slot as usize).cloned().unwrap_or_default();
            if matches!(handle, Value::None) {
                let name = literal(name);
                let message = format!("{} is not declared yet", value::display(&name, context)?.text);
                return Err(Error::value_error(message).into());
            }
            regs[dst as usize] = handle;
        }
        Instr::StorePrivate { slot, src } => {
            let handles = Arc::make_mut(&mut context.privates);
            if handles.len() <= slot as usize {
                handles.resize(slot as usize + 1, Value::None);
            }
            handles[slot as usize] = std::mem::take(&mut regs[src as usize]);
        }
        Instr::Replicas { dst, template } => {
            let replicas = context.image.replicas.get(template as usize).cloned().flatten();
            regs[dst as usize] = Value::list(replicas.unwrap_or_default());
        }
        Instr::Binary { op, dst, a, b } => {
            regs[dst as usize] = value::binary(op, &regs[a as usize], &regs[b as usize])?;
        }
        Instr::Negate { dst, a } => regs[dst as usize] = value::negate(&regs[a as usize])?,
        Instr::Not { dst, a } => match &regs[a as usize] {
            Value::Bool(value) => regs[dst as usize] = Value::Bool(!value),
            other => return Err(not_a_bool(other).into()),
        },
        Instr::CheckBool { src } => match &regs[src as usize] {
            Value::Bool(_) => {}
            other => return Err(not_a_bool(other).into()),
        },
        Instr::IterStart { base, src } => {
            let (over, next) = iterate::start(&regs[src as usize])?;
            regs[base as usize] = over;
            regs[base as usize + 1] = next;
        }
        Instr::JumpNotKind { src, kind, target } => {
            let wanted = literal(kind);
            let found = match (&regs[src as usize], &wanted) {
                (Value::Error(error), Value::Str(name)) => {
                    !matches!(error.kind, ErrorKind::Exit(_)) && error.kind.name() == name.text
                }
                _ => false,
            };
            if !found {
                return Ok(Step::Jump(target));
            }
        }
        Instr::JumpIfExit { src, target } => {
            if matches!(&regs[src as usize], Value::Error(error) if matches!(error.kind, ErrorKind::Exit(_))) {
                return Ok(Step::Jump(target));
            }
        }
        Instr::Caught { dst, src } => {
            if let Value::Error(error) = &regs[src as usize] {
                let line = context.image.program.source.place(error.span.start).line;
                let map = error.to_map(line);
                regs[dst as usize] = map;
            }
        }
        Instr::Raise { kind, message } => return Err(raise(literal(kind), &regs[message as usize], context)?.into()),
        Instr::Reraise { src } => {
            return Err(match std::mem::take(&mut regs[src as usize]) {
                Value::Error(error) => error.as_ref().clone().into(),
                _ => Error::value_error("no error is being handled").into(),
            });
        }
        Instr::Exit { src } => return Err(exit(&regs[src as usize])?.into()),
        Instr::CallValue { dst, base, call } => {
            let spec = call_spec(code, call)?;
            let task = invoke::callee(&regs[base as usize])?;
            let args = base as usize + 1..base as usize + 1 + spec.count as usize;
            let bound = invoke::task(&context.image, task, spec, &mut regs[args])?;
            return call_with(regs, (dst, base, task), bound, context);
        }
        Instr::CallList { dst, base, task } => {
            let task = invoke::callee(&regs[task as usize])?;
            let bound = match std::mem::take(&mut regs[base as usize]) {
                Value::List(args) => Shared::unwrap_or_clone(args),
                only => vec![only],
            };
            return call_with(regs, (dst, base, task), bound, context);
        }
        Instr::Builtin { function, dst, base, call } => {
            context.room()?;
            let spec = call_spec(code, call)?;
            let args = &regs[base as usize..base as usize + spec.count as usize];
            let given = methods::Call { name: &spec.name, values: args, names: &spec.names };
            let value = match function {
                Builtin::CpuCount => Value::Int(i64::from(context.image.cores)),
                _ => value::builtins::call(function, given, context)?,
            };
            clear(regs, base, spec.count);
            made(&value, context);
            regs[dst as usize] = value;
        }
        Instr::Method { dst, base, call } => return method(regs, code, at, (dst, base, call), context),
        other => match values(regs, code, other, context)? {
            true => {}
            false => return visible::step(regs, code, at, other, context),
        },
    }
    Ok(Step::Next)
}

/// A value that was made of others: at most two levels deeper than they are.
fn made(value: &Value, context: &mut Context) {
    if matches!(value, Value::List(_) | Value::Map(_) | Value::Set(_)) {
        let known = value::depth::shallow(value);
        context.nesting = known.map_or(context.nesting + 2, |depth| depth.max(context.nesting));
    }
}

fn clear(regs: &mut [Value], base: Reg, count: u16) {
    regs.iter_mut().skip(base as usize).take(count as usize).for_each(|value| *value = Value::None);
}

/// Instructions that make and reach into values; false for others.
#[inline(always)]
fn values(regs: &mut [Value], code: &Code, instr: Instr, context: &mut Context) -> Result<bool, Exit> {
    match instr {
        Instr::List { dst, base, count } => {
            nest_row(regs, base, count, context)?;
            let items = row(regs, base, count);
            regs[dst as usize] = Value::list(items);
        }
        Instr::Set { dst, base, count } => {
            nest_row(regs, base, count, context)?;
            let items: BTreeSet<Value> = row(regs, base, count).into_iter().collect();
            regs[dst as usize] = Value::Set(Shared::new(items));
        }
        Instr::Map { dst, base, count } => {
            nest_row(regs, base, count, context)?;
            let mut items = row(regs, base, count).into_iter();
            let mut map = Map::new();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                map.insert(key, value);
            }
            regs[dst as usize] = Value::Map(Shared::new(map));
        }
        Instr::Repeat { dst, item, times } => {
            context.nest(&regs[item as usize], 1)?;
            let times = match &regs[times as usize] {
                Value::Int(times) | Value::Pid(times) => *times,
                other => {
                    let message = format!("a list is repeated an int of times, not {}", value::described(other));
                    return Err(Error::type_error(message).into());
                }
            };
            regs[dst as usize] = value::repeat(std::slice::from_ref(&regs[item as usize]), times)?;
        }
        Instr::Flatten { dst, src } => {
            regs[dst as usize] = flat(&regs[src as usize])?;
        }
        Instr::Range { inclusive, dst, low, high } => {
            let (low, high) = (regs[low as usize].clone(), regs[high as usize].clone());
            let fits = |value: &Value| {
                matches!(
                    value,
                    Value::Int(_) | Value::Pid(_) | Value::Duration(_) | Value::Elapsed(_) | Value::Float(_)
                )
            };
            if !fits(&low) || !fits(&high) {
                let message =
                    format!("there is no range of {} and {}", value::described(&low), value::described(&high));
                return Err(Error::type_error(message).into());
            }
            regs[dst as usize] = Value::range(low, high, inclusive);
        }
        Instr::Append { list, src } => {
            context.nest(&regs[src as usize], 1)?;
            let item = std::mem::take(&mut regs[src as usize]);
            if let Value::List(items) = &mut regs[list as usize] {
                value::check_items(items.len() + 1)?;
                Shared::make_mut(items).push(item);
            }
        }
        Instr::Include { set, src } => {
            context.nest(&regs[src as usize], 1)?;
            let item = std::mem::take(&mut regs[src as usize]);
            if let Value::Set(items) = &mut regs[set as usize] {
                Shared::make_mut(items).insert(item);
            }
        }
        Instr::Enter { map, base } => {
            nest_row(regs, base, 2, context)?;
            let key = std::mem::take(&mut regs[base as usize]);
            let value = std::mem::take(&mut regs[base as usize + 1]);
            if let Value::Map(items) = &mut regs[map as usize] {
                Shared::make_mut(items).insert(key, value);
            }
        }
        Instr::GetPath { count, dst, root, base } => {
            let path = &regs[base as usize..base as usize + count as usize];
            let found = visible::get_place(&regs[root as usize], path)?;
            regs[dst as usize] = found;
        }
        Instr::SetPath { count, root, base } => {
            let end = base as usize + count as usize;
            context.nest(&regs[end], count as usize)?;
            nest_row(regs, base, u16::from(count), context)?;
            let item = std::mem::take(&mut regs[end]);
            let mut whole = std::mem::take(&mut regs[root as usize]);
            let done = value::set_path(&mut whole, &regs[base as usize..end], item);
            regs[root as usize] = whole;
            done?;
        }
        Instr::Field { dst, src, name } => {
            let name = code.literals.get(name as usize).unwrap_or(&Value::None);
            let found = visible::field(&regs[src as usize], name)?;
            regs[dst as usize] = found;
        }
        Instr::Slice { inclusive, dst, base } => {
            let [whole, start, end] = &regs[base as usize..base as usize + 3] else { return Ok(true) };
            let part = value::slice(whole, start, end, inclusive)?;
            clear(regs, base, 3);
            regs[dst as usize] = part;
        }
        Instr::Unpack { src, base, count } => {
            let items = match &regs[src as usize] {
                Value::List(items) if items.len() == count as usize => Shared::clone(items),
                Value::List(items) => {
                    let given = items.len();
                    let plural = if given == 1 { "" } else { "s" };
                    let message = format!("{count} names are bound, but the list has {given} item{plural}");
                    return Err(Error::value_error(message).into());
                }
                other => {
                    let message = format!("{count} names are bound to a list, not to {}", value::described(other));
                    return Err(Error::type_error(message).into());
                }
            };
            for (at, item) in items.iter().enumerate() {
                regs[base as usize + at] = item.clone();
            }
        }
        Instr::Text { dst, base, spec } => text(regs, code, (dst, base, spec), context)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Puts a text together, in the room of one that nobody needs any more where there is one.
fn text(
    regs: &mut [Value],
    code: &Code,
    (dst, base, spec): (Reg, Reg, u16),
    context: &mut Context,
) -> Result<(), Exit> {
    let room = context.take_room();
    let mut writer = Writer::in_room(room, context);
    let count = put_pieces(regs, code, (base, spec), &mut writer)?;
    let text = writer.finish();
    clear(regs, base, count);
    let old = std::mem::replace(&mut regs[dst as usize], text);
    context.keep_room(old);
    Ok(())
}

/// Puts text behind the text in a register; where that fails, nothing has changed.
#[inline(never)]
pub(super) fn append_text(
    regs: &mut [Value],
    code: &Code,
    (dst, base, spec): (Reg, Reg, u16),
    context: &Context,
) -> Result<(), Error> {
    let mut whole = std::mem::take(&mut regs[dst as usize]);
    let done = match &mut whole {
        Value::Str(shared) => {
            let text = Shared::make_mut(shared);
            let (bytes, masks) = (text.text.len(), text.masks.len());
            let mut writer = Writer::behind(std::mem::take(text), context);
            let done = put_pieces(regs, code, (base, spec), &mut writer);
            *text = writer.into_text();
            if done.is_err() {
                text.text.truncate(bytes);
                text.masks.truncate(masks);
            }
            done
        }
        other => {
            let mut writer = Writer::new(context);
            put_pieces(regs, code, (base, spec), &mut writer)
                .and_then(|count| value::add_assign(other, &writer.finish()).map(|()| count))
        }
    };
    regs[dst as usize] = whole;
    clear(regs, base, done?);
    Ok(())
}

/// Writes literals and values in turns; gives how many values there were.
#[inline(always)]
fn put_pieces(regs: &[Value], code: &Code, (base, spec): (Reg, u16), writer: &mut Writer<'_>) -> Result<u16, Error> {
    let pieces = code.texts.get(spec as usize).map_or(&[][..], Vec::as_slice);
    let mut count = 0;
    for piece in pieces {
        match *piece {
            Piece::Literal(index) => {
                if let Some(text) = code.literals.get(index as usize) {
                    writer.bare(text)?;
                }
            }
            Piece::Value => {
                writer.bare(&regs[base as usize + count as usize])?;
                count += 1;
            }
        }
    }
    Ok(count)
}

/// What is in a list, and in lists within it; of anything else a list of that.
pub(super) fn flat(value: &Value) -> Result<Value, Error> {
    let mut flat = Vec::new();
    flatten(value, &mut flat)?;
    Ok(Value::list(flat))
}

fn flatten(value: &Value, flat: &mut Vec<Value>) -> Result<(), Error> {
    match value {
        Value::List(items) => items.iter().try_for_each(|item| flatten(item, flat)),
        other => {
            flat.push(other.clone());
            value::check_items(flat.len())
        }
    }
}

fn raise(kind: Value, message: &Value, context: &Context) -> Result<Error, Error> {
    let name = match &kind {
        Value::Str(name) => name.text.clone(),
        _ => String::new(),
    };
    let message = match message {
        Value::None => String::new(),
        message => value::display(message, context)?.text,
    };
    Ok(Error::new(ErrorKind::from_name(&name), message))
}

fn exit(status: &Value) -> Result<Error, Error> {
    match status {
        Value::None => Ok(Error::new(ErrorKind::Exit(0), "")),
        Value::Int(status) | Value::Pid(status) => Ok(Error::new(ErrorKind::Exit((status & 0xff) as u8), "")),
        Value::Bool(failed) => Ok(Error::new(ErrorKind::Exit(u8::from(*failed)), "")),
        Value::Str(text) => Ok(Error::new(ErrorKind::Exit(1), text.text.as_str())),
        other => {
            Err(Error::type_error(format!("`exit` takes an int, a bool or a string, not {}", value::described(other))))
        }
    }
}

/// Puts bound arguments where the frame of the task begins.
fn call_with(
    regs: &mut [Value],
    (dst, base, task): (Reg, Reg, u32),
    bound: Vec<Value>,
    context: &mut Context,
) -> Result<Step, Exit> {
    let wanted = context.image.program.tasks.get(task as usize).map_or(0, |task| task.params.len());
    if bound.len() != wanted {
        return Err(Error::type_error(format!("the task takes {wanted} arguments, not {}", bound.len())).into());
    }
    context.spill(bound);
    Err(Exit::Call { code: context.task_code(task), base, dst }).inspect_err(|_| forget(regs, dst, base as usize))
}

/// A method of a value that is nobody's variable.
fn method(
    regs: &mut [Value],
    code: &Code,
    at: usize,
    (dst, base, call): (Reg, Reg, u16),
    context: &mut Context,
) -> Result<Step, Exit> {
    let spec = call_spec(code, call)?;
    let mut receiver = std::mem::take(&mut regs[base as usize]);
    let first = base as usize + 1;
    if invoke::target(&receiver).is_some() {
        return visible::invoke(regs, (receiver, spec), (dst, base, first), at, context);
    }
    if context.room().is_err() {
        regs[base as usize] = receiver;
        return Err(Exit::Recount);
    }
    let args = &regs[first..first + spec.count as usize];
    let value = methods::call(&mut receiver, methods::Call { name: &spec.name, values: args, names: &spec.names })?;
    clear(regs, base, spec.count + 1);
    made(&value, context);
    regs[dst as usize] = value;
    Ok(Step::Next)
}

/// A method of a local variable or of a place in it.
pub(super) fn method_on(
    regs: &mut [Value],
    code: &Code,
    at: usize,
    (dst, base, call): (Reg, Reg, u16),
    context: &mut Context,
) -> Result<Step, Exit> {
    let spec = call_spec(code, call)?;
    let root = spec.root as usize;
    if let (Value::Map(map), "get", 0, 1 | 2, []) =
        (&regs[root], &*spec.name, spec.path, spec.count, spec.names.as_slice())
    {
        let other = if spec.count == 2 { &regs[base as usize + 1] } else { &Value::None };
        let found = map.get(&regs[base as usize]).unwrap_or(other).clone();
        regs[dst as usize] = found;
        return Ok(Step::Next);
    }
    let first = base as usize + spec.path as usize;
    let last = first + spec.count as usize;
    let path = &regs[base as usize..first];
    let place = path.iter().try_fold(&regs[root], |place, index| match place {
        Value::List(_) | Value::Map(_) => value::get(place, index),
        other => Err(Error::type_error(format!("{} has no items to index", value::described(other)))),
    });
    let handle = match place {
        Ok(place) if invoke::target(place).is_some() => Some(place.clone()),
        Ok(_) => None,
        // A character of a string, an item of a range: nothing to change.
        Err(_) => {
            let mut found = value::get_path(&regs[root], path)?;
            let call = methods::Call { name: &spec.name, values: &regs[first..last], names: &spec.names };
            regs[dst as usize] = methods::call(&mut found, call)?;
            return Ok(Step::Next);
        }
    };
    if let Some(handle) = handle {
        return visible::invoke(regs, (handle, spec), (dst, base, first), at, context);
    }
    context.room()?;
    regs[first..last].iter().try_for_each(|value| context.nest(value, 1 + spec.path as usize))?;
    let mut whole = std::mem::take(&mut regs[root]);
    let call = methods::Call { name: &spec.name, values: &regs[first..last], names: &spec.names };
    let given = match value::path_mut(&mut whole, &regs[base as usize..first]) {
        Ok(place) => methods::call(place, call),
        Err(error) => Err(error),
    };
    regs[root] = whole;
    let given = given?;
    clear(regs, base, spec.path + spec.count);
    made(&given, context);
    regs[dst as usize] = given;
    Ok(Step::Next)
}
