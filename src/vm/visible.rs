//! Instructions that stop at a visible operation.
//!
//! Answers for: the operation as data. Never performs it.

use super::context::Context;
use super::exec::Exit;
use super::invoke;
use super::slow::{self, Step, call_spec};
use crate::program::instr::{CallSpec, Instr, Reg};
use crate::program::op::{Args, Op, OpCode, Target};
use crate::program::{Code, signature};
use crate::value::{self, Error, ObjectKind, ObjectRef, Shared, Value, Writer};

/// Performs an instruction that stops.
pub(super) fn step(
    regs: &mut [Value],
    code: &Code,
    at: usize,
    instr: Instr,
    context: &mut Context,
) -> Result<Step, Exit> {
    let (op, dst, base) = match instr {
        Instr::Op { code: op, dst, base, count } => {
            let mut stop = context.begin(op, Target::None);
            stop.args.fill(taken(regs, base as usize, count as usize));
            check(op, &stop.args)?;
            if op == OpCode::Start {
                check_index(context, &stop.args)?;
            }
            if op == OpCode::Shuffle {
                stop.args = Args::from_values([Value::List(value::items(stop.args.get(0))?)]);
            }
            (stop, Some(dst), base)
        }
        Instr::OpOn { code: op, dst, base, count } => {
            let handle = std::mem::take(&mut regs[base as usize]);
            let target = expect(&handle, op)?;
            let mut stop = context.begin(op, target);
            stop.args.fill(taken(regs, base as usize + 1, count as usize));
            check_bound(&handle, op, &stop.args)?;
            (stop, Some(dst), base)
        }
        Instr::Print { base, count } => {
            let mut writer = Writer::new(context);
            for (at, value) in regs[base as usize..base as usize + count as usize].iter().enumerate() {
                if at > 0 {
                    writer.plain(" ");
                }
                writer.bare(value)?;
            }
            let text = writer.finish();
            let mut stop = context.begin(OpCode::Print, Target::None);
            stop.args.fill([text]);
            (stop, None, base)
        }
        Instr::CellRead { dst, base, count } => {
            let target = cell(&regs[base as usize])?;
            let path = list(regs, base as usize + 1, count as usize);
            let mut stop = context.begin(OpCode::CellRead, target);
            stop.args.fill([path]);
            (stop, Some(dst), base)
        }
        Instr::CellWrite { base, count } => {
            context.nest(&regs[base as usize + 1 + count as usize], count as usize)?;
            let target = cell(&regs[base as usize])?;
            let path = list(regs, base as usize + 1, count as usize);
            let value = std::mem::take(&mut regs[base as usize + 1 + count as usize]);
            let mut stop = context.begin(OpCode::CellWrite, target);
            stop.args.fill([path, value]);
            (stop, None, base)
        }
        Instr::CellMethod { dst, base, call } => {
            let spec = call_spec(code, call)?;
            for arg in &regs[base as usize + 1 + spec.path as usize..][..spec.count as usize] {
                context.nest(arg, spec.path as usize + 1)?;
            }
            let target = cell(&regs[base as usize])?;
            let path = list(regs, base as usize + 1, spec.path as usize);
            let args = list(regs, base as usize + 1 + spec.path as usize, spec.count as usize);
            let op = on_variable(target, path, spec, &args);
            stop_in_call(regs, (op, args), (dst, base), at, context);
            return Err(Exit::Operation);
        }
        Instr::WithEnter { src, base } => (with(&regs[src as usize], true, context)?, None, base),
        Instr::WithLeave { src, base } => (with(&regs[src as usize], false, context)?, None, base),
        Instr::SelectCase { list, base, call } => {
            case(regs, (list, base), call_spec(code, call)?, at, context)?;
            return Ok(Step::Next);
        }
        Instr::Select { base } => return select(regs, base, at, context),
        other => return Err(Error::type_error(format!("{other:?} cannot be run")).into()),
    };
    slow::forget(regs, dst.unwrap_or(base), base as usize);
    context.stop_at(op, at);
    Err(Exit::Operation)
}

/// Calls a method of a handle.
pub(super) fn invoke(
    regs: &mut [Value],
    (handle, spec): (Value, &CallSpec),
    (dst, base, first): (Reg, Reg, usize),
    at: usize,
    context: &mut Context,
) -> Result<Step, Exit> {
    let called = called(context, &handle, spec, &mut regs[first..first + spec.count as usize])?;
    stop_in_call(regs, called, (dst, base), at, context);
    Err(Exit::Operation)
}

/// Calls the method of what a variable holds, which is known now.
pub(super) fn invoke_held(
    regs: &mut [Value],
    (held, spec): (Value, &CallSpec),
    (dst, base): (Reg, Reg),
    at: usize,
    context: &mut Context,
) -> Result<(), Error> {
    let mut args = match regs.get_mut(base as usize).map(std::mem::take) {
        Some(Value::List(args)) if spec.count > 0 => args.to_vec(),
        _ => Vec::new(),
    };
    if invoke::target(&held).is_none() {
        no_names(spec)?;
        return Err(invoke::no_method(&held, &spec.name));
    }
    let called = called(context, &held, spec, &mut args)?;
    stop_in_call(regs, called, (dst, base), at, context);
    Ok(())
}

/// The operation that a method of a handle is, and the arguments that are kept until it is known what a variable holds.
fn called(context: &Context, handle: &Value, spec: &CallSpec, args: &mut [Value]) -> Result<(Op, Value), Error> {
    match invoke::target(handle) {
        Some(target) if is_of_what_it_holds(target, spec) => {
            let args = Value::list(args.iter_mut().map(std::mem::take).collect());
            Ok((on_variable(target, Value::list(Vec::new()), spec, &args), args))
        }
        _ => Ok((invoke::method(context, handle, spec, args)?, Value::None)),
    }
}

fn stop_in_call(
    regs: &mut [Value],
    (op, kept): (Op, Value),
    (dst, base): (Reg, Reg),
    at: usize,
    context: &mut Context,
) {
    slow::forget(regs, dst, base as usize);
    // A call without arguments may have no register, and nothing to keep.
    if let Some(slot) = regs.get_mut(base as usize) {
        *slot = kept;
    }
    context.stop_at(Box::new(op), at);
}

/// Whether a method is not a variable's own but that of the value or handle in it.
pub(super) fn is_of_what_it_holds(target: Target, spec: &CallSpec) -> bool {
    matches!(target, Target::Object(ObjectRef { kind: kind @ (ObjectKind::Shared | ObjectKind::Atomic), .. })
        if signature::signature(signature::Receiver::Object(kind), &spec.name).is_none())
}

/// Whether only a handle can have a method that is called like this.
pub(super) fn needs_handle(spec: &CallSpec) -> bool {
    !spec.names.is_empty() || !value::methods::is_method(&spec.name)
}

/// The method of what a variable holds, where a value can have it; else the read that tells what it holds.
fn on_variable(target: Target, path: Value, spec: &CallSpec, args: &Value) -> Op {
    if needs_handle(spec) {
        return Context::op(OpCode::CellRead, target, Args::from_values([path]));
    }
    let args = Args::from_values([path, Value::from(&*spec.name), args.clone()]);
    Context::op(OpCode::CellMethod, target, args)
}

fn no_names(spec: &CallSpec) -> Result<(), Error> {
    match spec.names.first() {
        None => Ok(()),
        Some(name) => Err(Error::type_error(format!("`{}` has no parameter `{name}` here", spec.name))),
    }
}

/// Some registers, moved out.
#[inline]
fn taken(regs: &mut [Value], from: usize, count: usize) -> impl Iterator<Item = Value> {
    regs.get_mut(from..from + count).unwrap_or_default().iter_mut().map(std::mem::take)
}

fn list(regs: &mut [Value], from: usize, count: usize) -> Value {
    Value::list(taken(regs, from, count).collect())
}

/// Arguments that an operation refuses wherever it is performed.
fn check(op: OpCode, args: &Args) -> Result<(), Error> {
    match (op, args.get(0)) {
        (OpCode::Sleep | OpCode::TimerWait | OpCode::Select | OpCode::Deadline, time) => match time {
            Value::None if op != OpCode::Sleep => Ok(()),
            Value::Duration(nanos) if *nanos < 0 => {
                let message = format!("one cannot wait for a negative time: {}", value::literal(time));
                Err(Error::value_error(message))
            }
            Value::Elapsed(nanos) if *nanos < 0 => Err(Error::value_error("one cannot wait for a negative time")),
            Value::Duration(_) | Value::Elapsed(_) => Ok(()),
            other => Err(Error::type_error(format!("a time is a duration, not {}", value::described(other)))),
        },
        (OpCode::Random, Value::Range(_)) => Ok(()),
        (OpCode::Random, other) => {
            Err(Error::type_error(format!("`random` takes a range, not {}", value::described(other))))
        }
        (OpCode::Shuffle, value) => value::len(value).map(|_| ()),
        (OpCode::Choose, value) => match value::len(value)? {
            0 => Err(Error::new(value::ErrorKind::IndexError, "there is nothing to choose from")),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// `start NAME[k]`: one of the instances that were declared.
fn check_index(context: &Context, args: &Args) -> Result<(), Error> {
    let (Value::Int(template), index) = (args.get(0), args.get(1)) else { return Ok(()) };
    let at = usize::try_from(*template).unwrap_or(usize::MAX);
    let indices = context.image.replicas.get(at).and_then(Option::as_ref);
    if indices.is_none_or(|indices| indices.contains(index)) {
        return Ok(());
    }
    let name = context.image.program.templates.get(at).map_or("", |template| &template.name);
    Err(Error::new(value::ErrorKind::IndexError, format!("there is no {name}[{}]", value::literal(index))))
}

/// The same for an operation whose arguments were bound when it was lowered.
fn check_bound(handle: &Value, op: OpCode, args: &Args) -> Result<(), Error> {
    let Value::Object(object) = handle else { return Ok(()) };
    let all = signature::signatures(signature::Receiver::Object(object.kind));
    match all.iter().find(|signature| signature.op == op) {
        Some(found) => invoke::check(found.params, args),
        None => Ok(()),
    }
}

/// The target of an operation; an error for a value that does not have it.
fn expect(handle: &Value, op: OpCode) -> Result<Target, Error> {
    let fits = match (op, handle) {
        (OpCode::Join, Value::Actor(_)) | (OpCode::ResultGet, Value::Result(_)) => true,
        (OpCode::Join, other) => {
            return Err(Error::type_error(format!("`join` takes handles of actors, not {}", value::described(other))));
        }
        (OpCode::ConditionWait, Value::Object(object)) => object.kind == ObjectKind::Condition,
        (_, Value::Object(_) | Value::Actor(_) | Value::Result(_)) => true,
        _ => false,
    };
    match invoke::target(handle) {
        Some(target) if fits => Ok(target),
        _ if op == OpCode::ConditionWait => Err(invoke::no_method(handle, "wait_for")),
        _ => Err(Error::type_error(format!("{} has no such operation", value::described(handle)))),
    }
}

fn cell(handle: &Value) -> Result<Target, Error> {
    match handle {
        Value::Object(object) if matches!(object.kind, ObjectKind::Shared | ObjectKind::Atomic) => {
            Ok(Target::Object(*object))
        }
        other => Err(Error::type_error(format!("{} is no variable to read or write", value::described(other)))),
    }
}

/// `value.name`: an item of a map, a side of an rwlock.
pub(super) fn field(value: &Value, name: &Value) -> value::Result<Value> {
    if let (Value::Object(object), Value::Str(side)) = (value, name)
        && object.kind == ObjectKind::Rwlock
        && object.role == 0
    {
        let role = match side.text.as_str() {
            "read" => 1,
            "write" => 2,
            _ => return Err(Error::type_error("an rwlock has the sides `read` and `write`")),
        };
        return Ok(Value::Object(ObjectRef { role, ..*object }));
    }
    value::field(value, name)
}

/// A place in a value; the last step may lead to a side of an rwlock.
pub(super) fn get_place(value: &Value, path: &[Value]) -> value::Result<Value> {
    match path {
        [] => Ok(value.clone()),
        [first, rest @ ..] => match value {
            Value::List(_) | Value::Map(_) => get_place(value::get(value, first)?, rest),
            Value::Object(_) => get_place(&field(value, first)?, rest),
            _ => get_place(&value::index(value, first)?, rest),
        },
    }
}

/// The arguments with which a `with` acquires.
pub(super) const ENTER: [Value; 2] = [Value::Bool(true), Value::None];

/// The arguments with which a `with` releases.
pub(super) fn leave_args(op: OpCode) -> &'static [Value] {
    const ONE: [Value; 1] = [Value::Int(1)];
    if op == OpCode::SemaphoreRelease { &ONE } else { &[] }
}

/// What a `with` does at its begin and at its end, if there can be one.
pub(super) fn with_ops(handle: &Value) -> Option<(OpCode, OpCode)> {
    let Value::Object(object) = handle else { return None };
    match object.kind {
        ObjectKind::Lock | ObjectKind::Rlock | ObjectKind::Condition => {
            Some((OpCode::LockAcquire, OpCode::LockRelease))
        }
        ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => {
            Some((OpCode::SemaphoreAcquire, OpCode::SemaphoreRelease))
        }
        ObjectKind::Rwlock if object.role != 0 => Some((OpCode::RwAcquire, OpCode::RwRelease)),
        _ => None,
    }
}

fn with(handle: &Value, enter: bool, context: &mut Context) -> Result<Box<Op>, Error> {
    let (Value::Object(object), Some((acquire, release))) = (handle, with_ops(handle)) else {
        return Err(not_with(handle));
    };
    let mut op = context.begin(if enter { acquire } else { release }, Target::Object(*object));
    if enter {
        op.args.fill(ENTER);
    } else {
        op.args.fill(leave_args(release).iter().cloned());
    }
    Ok(op)
}

fn not_with(value: &Value) -> Error {
    if matches!(value, Value::Object(object) if object.kind == ObjectKind::Rwlock) {
        return Error::type_error("`with` takes a side of an rwlock, `.read` or `.write`");
    }
    Error::type_error(format!(
        "`with` takes a lock, a condition, a semaphore or a side of an rwlock, not {}",
        value.kind_name()
    ))
}

/// Notes a case as a list: handle, operation, arguments, number, value of the `for`, place.
fn case(
    regs: &mut [Value],
    (cases, base): (Reg, Reg),
    spec: &CallSpec,
    at: usize,
    context: &Context,
) -> Result<(), Exit> {
    let handle = std::mem::take(&mut regs[base as usize]);
    let first = base as usize + 1;
    let op = invoke::method(context, &handle, spec, &mut regs[first..first + spec.count as usize])?;
    let each = std::mem::take(&mut regs[first + spec.count as usize]);
    check_case(&op, &spec.name)?;
    let args = Value::list(op.args.as_slice().to_vec());
    let (code, number, place) = (Value::Int(op.code as i64), Value::Int(i64::from(spec.case)), Value::Int(at as i64));
    let entry = Value::list(vec![handle, code, args, number, each, place]);
    if let Value::List(all) = &mut regs[cases as usize] {
        Shared::make_mut(all).push(entry);
    }
    Ok(())
}

/// A case waits, and for as long as its `select` does.
fn check_case(op: &Op, name: &str) -> Result<(), Error> {
    let args = op.args.as_slice();
    let waits = !matches!(args, [.., Value::Bool(false), _]);
    if !op.code.is_case() || !waits {
        return Err(Error::type_error(format!("`{name}` does not wait, or cannot be given up: it is no case")));
    }
    let timeout = match op.code {
        OpCode::PipeSend => None,
        _ => args.last().filter(|_| !(op.code == OpCode::QueuePut && args.len() < 3)),
    };
    match timeout {
        None | Some(Value::None) => Ok(()),
        Some(_) => Err(Error::value_error(format!(
            "a case waits as long as its `select`: `{name}` takes no timeout here, `after` is for that"
        ))),
    }
}

fn select(regs: &mut [Value], base: Reg, at: usize, context: &mut Context) -> Result<Step, Exit> {
    let args = Args::from_values(taken(regs, base as usize + 1, 2));
    check(OpCode::Select, &args)?;
    let entries = match &regs[base as usize] {
        Value::List(entries) => Shared::clone(entries),
        _ => Default::default(),
    };
    if entries.is_empty() && matches!(args.as_slice(), [Value::None, Value::Bool(false)]) {
        return Err(Error::value_error("this `select` has no case and waits for ever").into());
    }
    let cases = entries.iter().filter_map(|entry| case_op(entry, context.code)).collect();
    let op = Op { cases, ..Context::op(OpCode::Select, Target::None, args) };
    slow::forget(regs, base + 1, base as usize + 1);
    context.stop_at(Box::new(op), at);
    Err(Exit::Operation)
}

fn case_op(entry: &Value, code: u32) -> Option<Op> {
    let Value::List(entry) = entry else { return None };
    let [handle, Value::Int(op), Value::List(args), _, _, Value::Int(place)] = entry.as_slice() else { return None };
    let receiver = match handle {
        Value::Object(object) => signature::Receiver::Object(object.kind),
        Value::Actor(_) => signature::Receiver::Actor,
        _ => signature::Receiver::Result,
    };
    let op = signature::signatures(receiver).iter().map(|found| found.op).find(|found| *found as i64 == *op)?;
    let mut op = Context::op(op, invoke::target(handle)?, Args::from_values(args.iter().cloned()));
    op.site = crate::program::op::Site { code, pc: *place as u32 };
    Some(op)
}

/// The case that was chosen: its number, what it gave, the value of the `for`.
pub(super) fn selected(cases: &Value, answer: &Value) -> [Value; 3] {
    let (index, given) = match answer {
        Value::List(answer) => match answer.as_slice() {
            [Value::Int(index), given] => (*index, given.clone()),
            _ => (-1, Value::None),
        },
        _ => (-1, Value::None),
    };
    let entry = match cases {
        Value::List(cases) => usize::try_from(index).ok().and_then(|index| cases.get(index)),
        _ => None,
    };
    match entry {
        Some(Value::List(entry)) => {
            let part = |at: usize| entry.get(at).cloned().unwrap_or_default();
            [part(3), given, part(4)]
        }
        _ => [Value::Int(-1), Value::None, Value::None],
    }
}
