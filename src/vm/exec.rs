//! The loop over instructions.
//!
//! Answers for: what each instruction does. Never binds arguments by name (see `calls`).

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::names::ImageNames;
use super::{Pending, Stop, Vm, calls, recursion_error};
use crate::program::{CodeId, Image};
use crate::program::instr::{Arith, Instr};
use crate::program::op::{Args, Op, OpCode, Target};
use crate::value::builtins;
use crate::value::methods::Call as ValueCall;
use crate::value::{self, Error, ErrorKind, ObjectKind, Value, Writer};

/// What an instruction led to.
pub(super) enum Next {
    /// The next instruction, or wherever a jump went.
    On,
    /// A visible operation.
    Op(Op),
    /// The outermost body has ended.
    Ended(Value),
}

/// Runs up to a visible operation, the end, or the end of the budget.
pub(super) fn run(vm: &mut Vm, budget: u64) -> Stop {
    let mut left = budget;
    let image = Arc::clone(&vm.image);
    loop {
        if vm.frames.is_empty() {
            return match vm.registers.pop() {
                Some(Value::Error(error)) => Stop::Raised(error),
                _ => Stop::Returned(Value::None),
            };
        }
        if let Some(dst) = vm.getting.take() {
            return Stop::Op(get_result(vm, dst));
        }
        match run_frame(vm, &image, &mut left) {
            Ok(Next::On) if left == 0 => return Stop::Budget,
            Ok(Next::On) => {}
            Ok(Next::Op(op)) => return Stop::Op(op),
            Ok(Next::Ended(value)) => return Stop::Returned(value),
            Err(error) => vm.raise(error),
        }
    }
}

/// Runs the topmost frame until it changes: local jumps and arithmetic do not leave this function.
fn run_frame(vm: &mut Vm, image: &Image, left: &mut u64) -> Result<Next, Error> {
    let Some(frame) = vm.frames.last() else { return Ok(Next::On) };
    let (base, number) = (frame.base, frame.code);
    let Some(code) = image.program.codes.get(number as usize) else { return after_body(vm) };
    let instrs = code.instrs.as_slice();
    let mut pc = frame.pc as usize;
    let less = |x: &Value, y: &Value| Ok::<bool, Error>(value::compare(x, y)? == Some(Ordering::Less));
    let at_most = |x: &Value, y: &Value| {
        Ok::<bool, Error>(matches!(value::compare(x, y)?, Some(Ordering::Less | Ordering::Equal)))
    };
    let equal = |x: &Value, y: &Value| Ok::<bool, Error>(value::equals(x, y));
    // The position is the frame's only when it is left: an error is looked up by the instruction that raised it.
    macro_rules! keep_position {
        () => {
            if let Some(frame) = vm.frames.last_mut() {
                frame.pc = pc as u32;
            }
        };
    }
    macro_rules! or_raise {
        ($result:expr) => {
            match $result {
                Ok(value) => value,
                Err(error) => {
                    keep_position!();
                    return Err(error);
                }
            }
        };
    }
    // Every cycle goes through a jump, a loop or a call: those are what the budget counts.
    macro_rules! count {
        () => {
            *left = left.saturating_sub(1);
            if *left == 0 {
                keep_position!();
                return Ok(Next::On);
            }
        };
    }
    macro_rules! compare {
        ($a:ident, $b:ident, $ints:expr, $others:expr) => {
            match (&vm.registers[base + $a as usize], &vm.registers[base + $b as usize]) {
                (Value::Int(x), Value::Int(y)) => $ints(x, y),
                (x, y) => or_raise!($others(x, y)),
            }
        };
    }
    loop {
        let instr = instrs[pc];
        pc += 1;
        let regs = &mut vm.registers;
        match instr {
            Instr::Move { dst, src } => regs[base + dst as usize] = regs[base + src as usize].clone(),
            Instr::None { dst } => regs[base + dst as usize] = Value::None,
            Instr::Bool { dst, value } => regs[base + dst as usize] = Value::Bool(value),
            Instr::Int { dst, value } => regs[base + dst as usize] = Value::Int(i64::from(value)),
            Instr::Literal { dst, index } => regs[base + dst as usize] = code.literals[index as usize].clone(),
            Instr::Add { dst, a, b } => match (&regs[base + a as usize], &regs[base + b as usize]) {
                (Value::Int(x), Value::Int(y)) if x.checked_add(*y).is_some() => {
                    regs[base + dst as usize] = Value::Int(x.wrapping_add(*y));
                }
                (Value::Float(x), Value::Float(y)) => regs[base + dst as usize] = Value::Float(x + y),
                _ if dst == a && a != b => {
                    // Taken out, so that a text or a list with one owner grows in place.
                    let mut sum = std::mem::take(&mut regs[base + a as usize]);
                    let added = value::add_assign(&mut sum, &regs[base + b as usize]);
                    regs[base + a as usize] = sum;
                    or_raise!(added);
                }
                (x, y) => regs[base + dst as usize] = or_raise!(value::add(x, y)),
            },
            Instr::Sub { dst, a, b } => {
                regs[base + dst as usize] = match (&regs[base + a as usize], &regs[base + b as usize]) {
                    (Value::Int(x), Value::Int(y)) if x.checked_sub(*y).is_some() => Value::Int(x.wrapping_sub(*y)),
                    (x, y) => or_raise!(value::sub(x, y)),
                }
            }
            Instr::Mul { dst, a, b } => {
                regs[base + dst as usize] = match (&regs[base + a as usize], &regs[base + b as usize]) {
                    (Value::Int(x), Value::Int(y)) if x.checked_mul(*y).is_some() => Value::Int(x.wrapping_mul(*y)),
                    (x, y) => or_raise!(value::mul(x, y)),
                }
            }
            Instr::AddInt { dst, a, value } => {
                regs[base + dst as usize] = match &regs[base + a as usize] {
                    Value::Int(x) if x.checked_add(i64::from(value)).is_some() => {
                        Value::Int(x.wrapping_add(i64::from(value)))
                    }
                    x => or_raise!(value::add(x, &Value::Int(i64::from(value)))),
                }
            }
            Instr::SubInt { dst, a, value } => {
                regs[base + dst as usize] = match &regs[base + a as usize] {
                    Value::Int(x) if x.checked_sub(i64::from(value)).is_some() => {
                        Value::Int(x.wrapping_sub(i64::from(value)))
                    }
                    x => or_raise!(value::sub(x, &Value::Int(i64::from(value)))),
                }
            }
            Instr::Arith { op, dst, a } => {
                let (x, y) = (&regs[base + a as usize], &regs[base + a as usize + 1]);
                regs[base + dst as usize] = or_raise!(arith(op, x, y));
            }
            Instr::Jump { target } => {
                pc = target as usize;
                count!();
            }
            Instr::JumpIf { src, target } => {
                if or_raise!(condition(&regs[base + src as usize])) {
                    pc = target as usize;
                }
            }
            Instr::JumpUnless { src, target } => {
                if !or_raise!(condition(&regs[base + src as usize])) {
                    pc = target as usize;
                }
            }
            Instr::UnlessLt { a, b, target } => {
                if !compare!(a, b, |x, y| x < y, less) {
                    pc = target as usize;
                }
            }
            Instr::UnlessLe { a, b, target } => {
                if !compare!(a, b, |x, y| x <= y, at_most) {
                    pc = target as usize;
                }
            }
            Instr::UnlessEq { a, b, target } => {
                if !compare!(a, b, |x, y| x == y, equal) {
                    pc = target as usize;
                }
            }
            Instr::IfEq { a, b, target } => {
                if compare!(a, b, |x, y| x == y, equal) {
                    pc = target as usize;
                }
            }
            Instr::Index { dst, a, b } => {
                let item = match (&regs[base + a as usize], &regs[base + b as usize]) {
                    (Value::List(items), Value::Int(at)) if *at >= 0 && (*at as usize) < items.len() => {
                        items[*at as usize].clone()
                    }
                    (x, at) => or_raise!(value::index(x, at)),
                };
                regs[base + dst as usize] = item;
            }
            Instr::SetIndex { target, key, value } => {
                let item = regs[base + value as usize].clone();
                let key = regs[base + key as usize].clone();
                or_raise!(nests(&[&item]));
                or_raise!(value::set(&mut regs[base + target as usize], key, item));
            }
            Instr::Push { list, value } => {
                let item = regs[base + value as usize].clone();
                or_raise!(nests(&[&item]));
                if let Value::List(items) = &mut regs[base + list as usize] {
                    or_raise!(value::check_items(items.len() + 1));
                    Arc::make_mut(items).push(item);
                }
            }
            Instr::ForNext { loop_at, target } => {
                count!();
                let regs = &mut vm.registers;
                let at = base + loop_at as usize;
                let Value::Int(position) = regs[at + 1] else {
                    // A handle: each turn is an operation.
                    let (op, target_handle) = or_raise!(turn(&regs[at]));
                    keep_position!();
                    let args = if op == OpCode::PipeNext { Args::none() } else { calls::wait_for_ever(op) };
                    vm.pending = Pending::Turn { item: loop_at + 2, end: target };
                    let site = vm.site();
                    return Ok(Next::Op(Op { code: op, target: target_handle, args, site, cases: Vec::new() }));
                };
                let item = match &regs[at] {
                    Value::List(items) => items.get(position as usize).cloned(),
                    Value::Range(range) => next_of(range, position),
                    _ => None,
                };
                match item {
                    Some(item) => {
                        regs[at + 1] = Value::Int(position + 1);
                        regs[at + 2] = item;
                    }
                    None => pc = target as usize,
                }
            }
            Instr::Call { dst, task, base: args } => {
                keep_position!();
                let regs = &mut vm.registers;
                if vm.frames.len() >= super::FRAMES_MAX || regs.len() >= super::REGISTERS_MAX {
                    return Err(recursion_error());
                }
                let Some(task) = image.program.tasks.get(task as usize) else { return Ok(Next::On) };
                let Some(callee) = image.program.code(task.body) else { return Ok(Next::On) };
                let new_base = regs.len();
                regs.resize(new_base + callee.registers as usize, Value::None);
                for offset in 0..callee.params as usize {
                    regs[new_base + offset] = std::mem::take(&mut regs[base + args as usize + offset]);
                }
                vm.frames.push(super::Frame { code: task.body.0, pc: 0, base: new_base, dst, then: None });
                return Ok(Next::On);
            }
            Instr::Return { src } => {
                *left = left.saturating_sub(1);
                return leave(vm, src);
            }
            other => {
                // What is less frequent, or leaves this frame, has a function of its own.
                keep_position!();
                match rare(vm, image, other, base)? {
                    Rare::Fell => pc = vm.frames.last().map_or(0, |frame| frame.pc as usize),
                    Rare::Left(next) => return Ok(next),
                }
            }
        }
    }
}

/// The second half of a pool's `apply` and `map`.
fn get_result(vm: &mut Vm, dst: u16) -> Op {
    let base = vm.frames.last().map_or(0, |frame| frame.base);
    let target = vm.registers.get(base + dst as usize).map_or(Target::None, calls::target_of);
    vm.pending = Pending::Register(dst);
    let args = Args::from_values([Value::None]);
    Op { code: OpCode::ResultGet, target, args, site: vm.site(), cases: Vec::new() }
}

/// Refuses to build what nests too deep. Looks only where there is something nested.
fn nests<V: std::borrow::Borrow<Value>>(items: &[V]) -> Result<(), Error> {
    let nested = items
        .iter()
        .map(std::borrow::Borrow::borrow)
        .filter(|item| matches!(item, Value::List(_) | Value::Map(_) | Value::Set(_) | Value::Range(_)));
    value::depth::check(1 + value::depth::deepest(nested))
}

/// The end of a body: its value goes to the frame below.
fn leave(vm: &mut Vm, src: u16) -> Result<Next, Error> {
    let Some(frame) = vm.frames.pop() else { return Ok(Next::On) };
    let value = std::mem::take(&mut vm.registers[frame.base + src as usize]);
    vm.registers.truncate(frame.base);
    if let Some((op, target)) = frame.then {
        vm.after_body(op, target, Value::None);
        if let Some(after) = vm.frames.last_mut() {
            after.dst = frame.dst;
        }
        return Ok(Next::On);
    }
    match vm.frames.last() {
        None => Ok(Next::Ended(value)),
        Some(below) => {
            let at = below.base + frame.dst as usize;
            vm.registers[at] = value;
            Ok(Next::On)
        }
    }
}

/// The operation that follows a body which an operation asked for.
fn after_body(vm: &mut Vm) -> Result<Next, Error> {
    let Some(frame) = vm.frames.pop() else { return Ok(Next::On) };
    let error = vm.registers.pop().unwrap_or_default();
    vm.registers.truncate(frame.base);
    let Some((code, target)) = frame.then else { return Ok(Next::On) };
    vm.pending = Pending::Register(frame.dst);
    let site = vm.site();
    Ok(Next::Op(Op { code, target, args: Args::from_values([error]), site, cases: Vec::new() }))
}

/// Where a rare instruction leads.
enum Rare {
    /// On in the same frame.
    Fell,
    /// Elsewhere.
    Left(Next),
}

fn rare(vm: &mut Vm, image: &Image, instr: Instr, base: usize) -> Result<Rare, Error> {
    let number = vm.frames.last().map_or(0, |frame| frame.code);
    let Some(code) = image.program.codes.get(number as usize) else { return Ok(Rare::Fell) };
    let at = |reg: u16| base + reg as usize;
    let regs = &mut vm.registers;
    match instr {
        Instr::Const { dst, index } => {
            regs[at(dst)] = image.consts.get(index as usize).cloned().unwrap_or_default();
        }
        Instr::Global { dst, decl } => {
            regs[at(dst)] = image.globals.get(decl as usize).cloned().unwrap_or_default();
        }
        Instr::Private { dst, slot } => {
            let handle = vm.privates.get(slot as usize).cloned().unwrap_or_default();
            if matches!(handle, Value::None) {
                return Err(Error::value_error("the object is used before its declaration was reached"));
            }
            regs[at(dst)] = handle;
        }
        Instr::SetPrivate { slot, src } => {
            let privates = Arc::make_mut(&mut vm.privates);
            if privates.len() <= slot as usize {
                privates.resize(slot as usize + 1, Value::None);
            }
            privates[slot as usize] = regs[at(src)].clone();
        }
        Instr::Replicas { dst, template } => {
            let indices = image.replicas.get(template as usize).and_then(Option::as_ref);
            regs[at(dst)] = Value::list(indices.cloned().unwrap_or_default());
        }
        Instr::Task { dst, task } => regs[at(dst)] = Value::Task(u32::from(task)),
        Instr::Negate { dst, a } => regs[at(dst)] = value::negate(&regs[at(a)])?,
        Instr::Not { dst, a } => regs[at(dst)] = Value::Bool(!condition(&regs[at(a)])?),
        Instr::CheckBool { src } => {
            condition(&regs[at(src)])?;
        }
        Instr::Field { dst, a, name } => {
            let item = match &regs[at(a)] {
                Value::Object(object) if object.kind == ObjectKind::Rwlock => {
                    calls::side(*object, &code.literals[name as usize])?
                }
                map => value::field(map, &code.literals[name as usize])?,
            };
            regs[at(dst)] = item;
        }
        Instr::Slice { dst, a, bounds } => {
            regs[at(dst)] = value::slice(&regs[at(a)], &regs[at(bounds)], &regs[at(bounds) + 1], false)?;
        }
        Instr::SliceInclusive { dst, a, bounds } => {
            regs[at(dst)] = value::slice(&regs[at(a)], &regs[at(bounds)], &regs[at(bounds) + 1], true)?;
        }
        Instr::Range { dst, bounds, inclusive } => {
            let (low, high) = (regs[at(bounds)].clone(), regs[at(bounds) + 1].clone());
            regs[at(dst)] = Value::range(low, high, inclusive);
        }
        Instr::List { dst, base: first, count } => {
            let items = regs[at(first)..at(first) + count as usize].to_vec();
            nests(&items)?;
            regs[at(dst)] = Value::list(items);
        }
        Instr::Set { dst, base: first, count } => {
            let items: BTreeSet<Value> = regs[at(first)..at(first) + count as usize].iter().cloned().collect();
            regs[at(dst)] = Value::Set(Arc::new(items));
        }
        Instr::Map { dst, base: first, count } => {
            let pairs = regs[at(first)..at(first) + 2 * count as usize].chunks_exact(2);
            let map: BTreeMap<Value, Value> = pairs.map(|pair| (pair[0].clone(), pair[1].clone())).collect();
            let values: Vec<&Value> = map.values().collect();
            nests(&values)?;
            regs[at(dst)] = Value::Map(Arc::new(map));
        }
        Instr::Repeat { dst, value, count } => {
            let Value::Int(times) = regs[at(count)] else {
                return Err(Error::type_error("a list is repeated an int of times"));
            };
            let item = regs[at(value)].clone();
            regs[at(dst)] = value::repeat(&[item], times)?;
        }
        Instr::Insert { set, value } => {
            let item = regs[at(value)].clone();
            if let Value::Set(items) = &mut regs[at(set)] {
                Arc::make_mut(items).insert(item);
            }
        }
        Instr::Put { map, key } => {
            let (name, item) = (regs[at(key)].clone(), regs[at(key) + 1].clone());
            nests(&[&item])?;
            if let Value::Map(entries) = &mut regs[at(map)] {
                Arc::make_mut(entries).insert(name, item);
            }
        }
        Instr::Format { dst, base: first, count } => {
            regs[at(dst)] = text_of(&regs[at(first)..at(first) + count as usize], "", image)?;
        }
        Instr::FormatLine { dst, base: first, count } => {
            regs[at(dst)] = text_of(&regs[at(first)..at(first) + count as usize], " ", image)?;
        }
        Instr::Unpack { src, base: first, count } => {
            let Value::List(items) = &regs[at(src)] else {
                let kind = regs[at(src)].kind_name();
                return Err(Error::type_error(format!("a pattern of a list takes a list apart, not {kind}")));
            };
            if items.len() != count as usize {
                let message = format!("the pattern names {count} items, the list has {}", items.len());
                return Err(Error::value_error(message));
            }
            let items = Arc::clone(items);
            regs[at(first)..at(first) + count as usize].clone_from_slice(&items);
        }
        Instr::Flatten { dst, src } => {
            let mut flat = Vec::new();
            flatten(&regs[at(src)], &mut flat, 0);
            regs[at(dst)] = Value::list(flat);
        }
        Instr::ForPrepare { loop_at, src } => {
            let (items, position) = match &regs[at(src)] {
                handle @ (Value::Object(_) | Value::Result(_)) => (handle.clone(), Value::None),
                Value::Range(range) if value::bounds(range).is_ok() => (regs[at(src)].clone(), Value::Int(0)),
                other => (Value::List(value::items(other)?), Value::Int(0)),
            };
            regs[at(loop_at)] = items;
            regs[at(loop_at) + 1] = position;
        }
        Instr::Builtin { builtin, count, dst, base: first } => {
            let values = &regs[at(first)..at(first) + count as usize];
            regs[at(dst)] = builtin_call(builtin, values, &[], image)?;
        }
        Instr::Op { op, count, dst, base: first } => {
            let args = Args::from_values(regs[at(first)..at(first) + count as usize].iter().cloned());
            vm.pending = Pending::Register(dst);
            let site = vm.site();
            return Ok(Rare::Left(Next::Op(Op { code: op, target: Target::None, args, site, cases: Vec::new() })));
        }
        Instr::OpOn { op, count, dst, base: first } => {
            let target = calls::require_target(&regs[at(first)], op)?;
            let args = regs[at(first) + 1..at(first) + 1 + count as usize].iter().cloned();
            let args = Args::from_values(args);
            vm.pending = Pending::Register(dst);
            let site = vm.site();
            return Ok(Rare::Left(Next::Op(Op { code: op, target, args, site, cases: Vec::new() })));
        }
        Instr::Acquire { src } => {
            let handle = regs[at(src)].clone();
            return calls::hold(vm, &handle, true).map(Rare::Left);
        }
        Instr::Release { src } => {
            let handle = regs[at(src)].clone();
            return calls::hold(vm, &handle, false).map(Rare::Left);
        }
        Instr::Method { dst, receiver, call } => {
            return method(vm, dst, at(receiver), &code.calls[call as usize], base);
        }
        Instr::CallValue { dst, callee, call } => {
            let call = &code.calls[call as usize];
            let values = regs[at(call.base)..at(call.base) + call.count as usize].to_vec();
            return match regs[at(callee)].clone() {
                Value::Int(builtin) => {
                    let names: Vec<Arc<str>> = call.names.iter().flatten().cloned().collect();
                    let builtin = calls::builtin(builtin);
                    regs[at(dst)] = builtin_call(builtin, &values, &names, image)?;
                    Ok(Rare::Fell)
                }
                callee => {
                    let (task, args) = calls::bind_task(image, &callee, values, &call.names)?;
                    enter_task(vm, task, args, dst)
                }
            };
        }
        Instr::Spread { dst, callee, args } => {
            let Value::List(values) = regs[at(args)].clone() else { return Ok(Rare::Fell) };
            let callee = regs[at(callee)].clone();
            let (task, args) = calls::bind_task(image, &callee, values.to_vec(), &[])?;
            return enter_task(vm, task, args, dst);
        }
        Instr::Select { dst, index } => {
            let op = calls::select(vm, &code.selects[index as usize], base)?;
            vm.pending = Pending::Register(dst);
            return Ok(Rare::Left(Next::Op(op)));
        }
        Instr::Await { code, captured } => {
            let args = Args::from_values([Value::Int(i64::from(code)), regs[at(captured)].clone()]);
            vm.pending = Pending::Ignored;
            let site = vm.site();
            let op = Op { code: OpCode::Await, target: Target::None, args, site, cases: Vec::new() };
            return Ok(Rare::Left(Next::Op(op)));
        }
        Instr::Raise { src } => {
            let Value::Error(error) = regs[at(src)].clone() else { return Ok(Rare::Fell) };
            return Err(Error::clone(&error));
        }
        Instr::MakeError { dst, kind, message } => {
            let kind = ErrorKind::from_name(&text(&code.literals[kind as usize]));
            let message = value::display(&regs[at(message)], &ImageNames(image))?.text;
            regs[at(dst)] = Value::Error(Arc::new(Error::new(kind, message)));
        }
        Instr::MakeExit { dst, src } => regs[at(dst)] = Value::Error(Arc::new(calls::exit(&regs[at(src)])?)),
        Instr::UnlessKind { src, kind, target } => {
            let wanted = text(&code.literals[kind as usize]);
            let is_it = matches!(&regs[at(src)], Value::Error(error) if error.kind.name() == wanted && !is_exit(error));
            jump_unless(vm, is_it, u32::from(target));
        }
        Instr::IfExit { src, target } => {
            let exits = matches!(&regs[at(src)], Value::Error(error) if is_exit(error));
            jump_unless(vm, !exits, target);
        }
        Instr::Caught { dst, src } => {
            if let Value::Error(error) = &regs[at(src)] {
                let line = image.program.source.place(error.span.start).line;
                regs[at(dst)] = error.to_map(line);
            }
        }
        _ => {}
    }
    Ok(Rare::Fell)
}

fn is_exit(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Exit(_))
}

fn jump_unless(vm: &mut Vm, holds: bool, target: u32) {
    if !holds && let Some(frame) = vm.frames.last_mut() {
        frame.pc = target;
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Str(text) => text.text.clone(),
        _ => String::new(),
    }
}

/// Whether a condition holds: conditions are bools.
fn condition(value: &Value) -> Result<bool, Error> {
    match value {
        Value::Bool(value) => Ok(*value),
        other => Err(Error::type_error(format!("a condition is a bool, not {}", other.kind_name()))),
    }
}

fn arith(op: Arith, x: &Value, y: &Value) -> Result<Value, Error> {
    let ordered =
        |wanted: &[Ordering]| Ok(Value::Bool(value::compare(x, y)?.is_some_and(|order| wanted.contains(&order))));
    match op {
        Arith::Div => value::div(x, y),
        Arith::FloorDiv => value::floor_div(x, y),
        Arith::Rem => value::rem(x, y),
        Arith::Pow => value::pow(x, y),
        Arith::Eq => Ok(Value::Bool(value::equals(x, y))),
        Arith::Ne => Ok(Value::Bool(!value::equals(x, y))),
        Arith::Lt => ordered(&[Ordering::Less]),
        Arith::Le => ordered(&[Ordering::Less, Ordering::Equal]),
        Arith::Gt => ordered(&[Ordering::Greater]),
        Arith::Ge => ordered(&[Ordering::Greater, Ordering::Equal]),
        Arith::In => value::contains(y, x).map(Value::Bool),
        Arith::NotIn => value::contains(y, x).map(|found| Value::Bool(!found)),
    }
}

fn text_of(values: &[Value], between: &str, image: &Image) -> Result<Value, Error> {
    let names = ImageNames(image);
    let mut writer = Writer::new(&names);
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            writer.plain(between);
        }
        writer.bare(value)?;
    }
    Ok(writer.finish())
}

fn flatten(value: &Value, into: &mut Vec<Value>, depth: usize) {
    match value {
        Value::List(items) if depth < 64 => items.iter().for_each(|item| flatten(item, into, depth + 1)),
        other => into.push(other.clone()),
    }
}

fn next_of(range: &value::Range, position: i64) -> Option<Value> {
    let (low, high) = value::bounds(range).ok()?;
    let item = low.checked_add(position)?;
    (item < high).then_some(Value::Int(item))
}

/// The operation that gives the next turn of a loop over a handle.
fn turn(handle: &Value) -> Result<(OpCode, Target), Error> {
    match handle {
        Value::Object(object) if object.kind == ObjectKind::Queue => Ok((OpCode::QueueNext, Target::Object(*object))),
        Value::Object(object) if object.kind == ObjectKind::PipeEnd => Ok((OpCode::PipeNext, Target::Object(*object))),
        Value::Result(result) => Ok((OpCode::ResultNext, Target::Result(*result))),
        other => Err(Error::type_error(format!("{} cannot be gone through", other.kind_name()))),
    }
}

fn builtin_call(
    builtin: crate::analysis::Builtin,
    values: &[Value],
    names: &[Arc<str>],
    image: &Image,
) -> Result<Value, Error> {
    if builtin == crate::analysis::Builtin::CpuCount {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as i64);
        return Ok(Value::Int(cores));
    }
    let name = calls::builtin_name(builtin);
    builtins::call(builtin, ValueCall { name, values, names }, &ImageNames(image))
}

/// Opens the frame of a task that was called by a value.
fn enter_task(vm: &mut Vm, task: CodeId, args: Vec<Value>, dst: u16) -> Result<Rare, Error> {
    if vm.too_deep() {
        return Err(recursion_error());
    }
    vm.enter(task, args, dst, None);
    Ok(Rare::Left(Next::On))
}

fn method(
    vm: &mut Vm,
    dst: u16,
    receiver: usize,
    call: &crate::program::instr::Call,
    base: usize,
) -> Result<Rare, Error> {
    let first = base + call.base as usize;
    let regs = &mut vm.registers;
    match &regs[receiver] {
        Value::Object(_) | Value::Actor(_) | Value::Result(_) => {
            let values = regs[first..first + call.count as usize].to_vec();
            let handle = regs[receiver].clone();
            calls::operation(vm, dst, &handle, call, values).map(|op| Rare::Left(Next::Op(op)))
        }
        _ => {
            let values = regs[first..first + call.count as usize].to_vec();
            let names: Vec<Arc<str>> = call.names.iter().flatten().cloned().collect();
            let mut target = std::mem::take(&mut regs[receiver]);
            let given =
                value::methods::call(&mut target, ValueCall { name: &call.name, values: &values, names: &names });
            regs[receiver] = target;
            regs[base + dst as usize] = given?;
            Ok(Rare::Fell)
        }
    }
}
