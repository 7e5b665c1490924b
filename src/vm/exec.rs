//! The loop that runs the instructions of one frame.
//!
//! Answers for: fast roads for ints, floats and lists; everything else it hands to `slow`. Never ends the
//! frames of an error.

use std::sync::Arc;

use super::context::Context;
use super::shortcut::{Shortcut, Standing};
use super::{FRAMES_MAX, Frame, REGISTERS_MAX, Then, is_shared, iterate, slow, too_deep, visible};
use crate::program::op::OpCode;
use crate::program::{Code, Instr};
use crate::value::{self, Error, ObjectRef, Value};

/// The frames and registers, while instructions run.
pub(super) struct Machine<'m> {
    pub(super) frames: &'m mut Vec<Frame>,
    pub(super) regs: &'m mut Vec<Value>,
}

/// Why the loop was left. The program counter stands at the instruction that left it.
pub(super) enum Exit {
    /// A call: the code, the first register of the new frame, where the result goes.
    Call { code: u32, base: u16, dst: u16 },
    /// The body has ended.
    Return(Value),
    /// An error to be handled or passed on.
    Raise(Box<Error>),
    /// A visible operation, in the context.
    Operation,
    /// The budget is used up.
    Budget,
    /// How deep values nest must be found out; the instruction is run again.
    Recount,
}

impl From<Error> for Exit {
    #[cold]
    fn from(error: Error) -> Exit {
        Exit::Raise(Box::new(error))
    }
}

/// Writes an int, without a look at what stood there when that was one too.
#[inline(always)]
fn put_int(slot: &mut Value, int: i64) {
    if let Value::Int(old) = slot { *old = int } else { *slot = Value::Int(int) }
}

/// The same for a bool.
#[inline(always)]
fn put_bool(slot: &mut Value, value: bool) {
    if let Value::Bool(old) = slot { *old = value } else { *slot = Value::Bool(value) }
}

/// The same for a float.
#[inline(always)]
fn put_float(slot: &mut Value, float: f64) {
    if let Value::Float(old) = slot { *old = float } else { *slot = Value::Float(float) }
}

/// The same for a handle.
#[inline(always)]
fn put_object(slot: &mut Value, object: ObjectRef) {
    if let Value::Object(old) = slot { *old = object } else { *slot = Value::Object(object) }
}

#[inline(always)]
fn put_none(slot: &mut Value) {
    if !matches!(slot, Value::None) {
        *slot = Value::None;
    }
}

/// The same for any value.
#[inline(always)]
fn put(slot: &mut Value, value: Value) {
    match value {
        Value::None => put_none(slot),
        Value::Int(int) => put_int(slot, int),
        Value::Bool(value) => put_bool(slot, value),
        value => *slot = value,
    }
}

/// Copies a value between registers. Small ones go by tag and content: as sixteen bytes they would have to wait for the
/// shorter writes that made them.
#[inline(always)]
fn copy(regs: &mut [Value], dst: u16, src: u16) {
    match &regs[reg(src)] {
        Value::Int(int) => {
            let int = *int;
            put_int(&mut regs[reg(dst)], int);
        }
        Value::Bool(value) => {
            let value = *value;
            put_bool(&mut regs[reg(dst)], value);
        }
        Value::Object(object) => {
            let object = *object;
            put_object(&mut regs[reg(dst)], object);
        }
        other => {
            let copy = other.clone();
            regs[reg(dst)] = copy;
        }
    }
}

#[inline(always)]
fn reg(register: u16) -> usize {
    register as usize
}

/// Runs until something is for others to do. Frames of tasks that are called by name come and go in here.
pub(super) fn exec(
    vm: &mut Machine<'_>,
    codes: &[Code],
    context: &mut Context,
    budget: &mut u64,
    world: &mut impl Shortcut,
) -> Exit {
    let Some(&Frame { code: number, pc, base, end, .. }) = vm.frames.last() else { return Exit::Return(Value::None) };
    let Some(mut code) = codes.get(number as usize) else { return Exit::Return(Value::None) };
    let mut regs = vm.regs.get_mut(base as usize..end as usize).unwrap_or_default();
    let mut base = base;
    let mut instrs = code.instrs.as_slice();
    let mut at = pc as usize;
    context.code = number;
    macro_rules! leave {
        ($exit:expr) => {{
            let exit = $exit;
            if let Some(frame) = vm.frames.last_mut() {
                frame.pc = at as u32;
            }
            return exit;
        }};
    }
    macro_rules! attempt {
        ($result:expr) => {
            match $result {
                Ok(value) => value,
                Err(error) => leave!(Exit::from(error)),
            }
        };
    }
    macro_rules! jump {
        ($target:expr) => {{
            let target = reg($target);
            if target <= at {
                let cost = (at - target) as u64 + 1;
                if *budget < cost {
                    *budget = 0;
                    at = target;
                    leave!(Exit::Budget);
                }
                *budget -= cost;
            }
            at = target;
            continue;
        }};
    }
    macro_rules! stop_at {
        () => {
            if let Err(exit) = visible::step(regs, code, at, instrs[at], context) {
                leave!(exit);
            }
        };
    }
    // Whether the world performs an operation of an object at once, and what it gives.
    macro_rules! shortcut {
        ($op:expr, $handle:expr, $args:expr, $gave:expr) => {
            match $handle {
                Value::Object(object) => {
                    if let Some(frame) = vm.frames.last_mut() {
                        frame.pc = at as u32;
                    }
                    let standing = Standing { frames: vm.frames, code, pc: at };
                    world.perform($op, *object, $args, &standing, $gave)
                }
                _ => false,
            }
        };
    }
    // `a op imm` with a fast road for ints.
    macro_rules! with_int {
        ($dst:ident, $a:ident, $imm:ident, $fast:expr, $slow:path) => {{
            let fast = match &regs[reg($a)] {
                Value::Int(a) => $fast(*a, i64::from($imm)),
                _ => None,
            };
            match fast {
                Some(int) => put_int(&mut regs[reg($dst)], int),
                None => regs[reg($dst)] = attempt!($slow(&regs[reg($a)], &Value::Int(i64::from($imm)))),
            }
        }};
    }
    macro_rules! arithmetic {
        ($dst:ident, $a:ident, $b:ident, $ints:expr, $floats:expr, $slow:path) => {
            match (&regs[reg($a)], &regs[reg($b)]) {
                (Value::Int(a), Value::Int(b)) => match $ints(*a, *b) {
                    Some(int) => put_int(&mut regs[reg($dst)], int),
                    None => leave!(Exit::from(Error::overflow("the integer"))),
                },
                (Value::Float(a), Value::Float(b)) => {
                    let float = $floats(*a, *b);
                    put_float(&mut regs[reg($dst)], float);
                }
                (a, b) => regs[reg($dst)] = attempt!($slow(a, b)),
            }
        };
    }
    loop {
        let Some(instr) = instrs.get(at) else { leave!(Exit::Return(Value::None)) };
        match *instr {
            Instr::Move { dst, src } => copy(regs, dst, src),
            Instr::Take { dst, src } => {
                if let Value::Int(int) = &regs[reg(src)] {
                    let int = *int;
                    regs[reg(src)] = Value::None;
                    put_int(&mut regs[reg(dst)], int);
                } else {
                    let value = std::mem::take(&mut regs[reg(src)]);
                    regs[reg(dst)] = value;
                }
            }
            Instr::Bool { dst, value } => put_bool(&mut regs[reg(dst)], value),
            Instr::None { dst } => put_none(&mut regs[reg(dst)]),
            Instr::Literal { dst, index } => {
                regs[reg(dst)] = code.literals.get(reg(index)).cloned().unwrap_or_default();
            }
            Instr::Int { dst, value } => put_int(&mut regs[reg(dst)], i64::from(value)),
            Instr::Add { dst, a, b } => match (&regs[reg(a)], &regs[reg(b)]) {
                (Value::Int(x), Value::Int(y)) => match x.checked_add(*y) {
                    Some(int) => put_int(&mut regs[reg(dst)], int),
                    None => leave!(Exit::from(Error::overflow("the integer"))),
                },
                (Value::Float(x), Value::Float(y)) => {
                    let float = x + y;
                    put_float(&mut regs[reg(dst)], float);
                }
                _ if dst == a && a != b => {
                    let mut left = std::mem::take(&mut regs[reg(a)]);
                    let added = value::add_assign(&mut left, &regs[reg(b)]);
                    regs[reg(a)] = left;
                    attempt!(added);
                }
                (x, y) => regs[reg(dst)] = attempt!(value::add(x, y)),
            },
            Instr::Sub { dst, a, b } => arithmetic!(dst, a, b, i64::checked_sub, |a, b| a - b, value::sub),
            Instr::Mul { dst, a, b } => arithmetic!(dst, a, b, i64::checked_mul, |a, b| a * b, value::mul),
            Instr::AddInt { dst, a, value } => with_int!(dst, a, value, i64::checked_add, value::add),
            Instr::SubInt { dst, a, value } => with_int!(dst, a, value, i64::checked_sub, value::sub),
            Instr::MulInt { dst, a, value } => with_int!(dst, a, value, i64::checked_mul, value::mul),
            Instr::FloorDivInt { dst, a, value } => {
                with_int!(
                    dst,
                    a,
                    value,
                    |a: i64, b: i64| (b > 0).then(|| a.checked_div_euclid(b)).flatten(),
                    value::floor_div
                );
            }
            Instr::RemInt { dst, a, value } => {
                with_int!(
                    dst,
                    a,
                    value,
                    |a: i64, b: i64| (b > 0).then(|| a.checked_rem_euclid(b)).flatten(),
                    value::rem
                );
            }
            Instr::Jump { target } => jump!(target),
            Instr::JumpIf { src, target } => match &regs[reg(src)] {
                Value::Bool(true) => jump!(target),
                Value::Bool(false) => {}
                other => leave!(Exit::from(slow::not_a_bool(other))),
            },
            Instr::JumpIfNot { src, target } => match &regs[reg(src)] {
                Value::Bool(false) => jump!(target),
                Value::Bool(true) => {}
                other => leave!(Exit::from(slow::not_a_bool(other))),
            },
            Instr::Branch { test, a, b, target } => {
                let taken = match (&regs[reg(a)], &regs[reg(b)]) {
                    (Value::Int(a), Value::Int(b)) => test.ints(*a, *b),
                    (a, b) => attempt!(slow::test(test, a, b)),
                };
                if taken {
                    jump!(target);
                }
            }
            Instr::BranchInt { test, a, value, target } => {
                let taken = match &regs[reg(a)] {
                    Value::Int(a) => test.ints(*a, i64::from(value)),
                    other => attempt!(slow::test(test, other, &Value::Int(i64::from(value)))),
                };
                if taken {
                    jump!(target);
                }
            }
            Instr::Index { dst, value, index } => {
                let item = match (&regs[reg(value)], &regs[reg(index)]) {
                    (Value::List(items), Value::Int(at)) if *at >= 0 => items.get(*at as usize),
                    _ => None,
                };
                match item {
                    Some(Value::Int(int)) => {
                        let int = *int;
                        put_int(&mut regs[reg(dst)], int);
                    }
                    Some(Value::Bool(item)) => {
                        let item = *item;
                        put_bool(&mut regs[reg(dst)], item);
                    }
                    Some(item) => regs[reg(dst)] = item.clone(),
                    None => regs[reg(dst)] = attempt!(value::index(&regs[reg(value)], &regs[reg(index)])),
                }
            }
            Instr::SetIndex { root, index, src } => {
                let place = match &regs[reg(index)] {
                    Value::Int(place) => usize::try_from(*place).unwrap_or(usize::MAX),
                    _ => usize::MAX,
                };
                let small = Small::of(&regs[reg(src)]);
                match (&mut regs[reg(root)], small) {
                    (Value::List(items), Some(small)) if place < items.len() => {
                        small.put(&mut Arc::make_mut(items)[place])
                    }
                    _ => {
                        if let Err(exit) = slow::set_index(regs, (root, index, src), context) {
                            leave!(exit);
                        }
                    }
                }
            }
            Instr::GetPath { count: 2, dst, root, base: path } => {
                let item = match (&regs[reg(root)], &regs[reg(path)], &regs[reg(path) + 1]) {
                    (Value::List(rows), Value::Int(row), Value::Int(at)) => cell(rows, *row, *at),
                    _ => None,
                };
                match item {
                    Some(small) => small.put(&mut regs[reg(dst)]),
                    None => {
                        if let Err(exit) = slow::step(regs, code, at, *instr, context) {
                            leave!(exit);
                        }
                    }
                }
            }
            Instr::SetPath { count: 2, root, base: path } => {
                let small = Small::of(&regs[reg(path) + 2]);
                let place = match (&regs[reg(path)], &regs[reg(path) + 1]) {
                    (Value::Int(row), Value::Int(at)) => (*row, *at),
                    _ => (-1, -1),
                };
                let slot = match (&mut regs[reg(root)], small) {
                    (Value::List(rows), Some(small)) => cell_mut(rows, place).map(|slot| small.put(slot)),
                    _ => None,
                };
                if slot.is_none()
                    && let Err(exit) = slow::step(regs, code, at, *instr, context)
                {
                    leave!(exit);
                }
            }
            Instr::Push { dst, list, src } => {
                let small = Small::of(&regs[reg(src)]);
                match (&mut regs[reg(list)], small) {
                    (Value::List(items), Some(small)) if items.len() < value::ITEMS_MAX => {
                        small.push(Arc::make_mut(items));
                        if !matches!(regs[reg(dst)], Value::None) {
                            regs[reg(dst)] = Value::None;
                        }
                    }
                    _ => {
                        if let Err(exit) = slow::push(regs, (dst, list, src), context) {
                            leave!(exit);
                        }
                    }
                }
            }
            Instr::IterNext { dst, base, target } => {
                let Some([over, position]) = regs.get_mut(reg(base)..reg(base) + 2) else {
                    leave!(Exit::Return(Value::None))
                };
                match (&*over, &mut *position) {
                    (Value::Int(last), Value::Int(next)) => {
                        let int = *next;
                        if int < *last {
                            *next = int + 1;
                        } else {
                            *over = Value::None;
                        }
                        put_int(&mut regs[reg(dst)], int);
                        jump!(target);
                    }
                    (Value::List(items), Value::Int(next)) => match items.get(*next as usize) {
                        Some(Value::Int(int)) => {
                            let int = *int;
                            *next += 1;
                            put_int(&mut regs[reg(dst)], int);
                            jump!(target);
                        }
                        Some(item) => {
                            let item = item.clone();
                            *next += 1;
                            regs[reg(dst)] = item;
                            jump!(target);
                        }
                        None => *over = Value::None,
                    },
                    (over, _) => {
                        let mut item = Value::None;
                        if shortcut!(OpCode::QueueNext, over, &visible::ENTER, &mut item) {
                            context.admit(&item);
                            put(&mut regs[reg(dst)], item);
                            jump!(target);
                        }
                        if let Some(op) = iterate::ask(over) {
                            slow::forget(regs, dst, reg(base) + 2);
                            context.stop_at(Box::new(op), at);
                            leave!(Exit::Operation)
                        }
                    }
                }
            }
            Instr::Len { dst, src } => match &regs[reg(src)] {
                Value::List(items) => {
                    let len = items.len() as i64;
                    put_int(&mut regs[reg(dst)], len);
                }
                other => {
                    let len = attempt!(value::len(other));
                    put_int(&mut regs[reg(dst)], len);
                }
            },
            Instr::CallTask { dst, base: first, task } => {
                let number = context.task_code(u32::from(task));
                let Some(body) = codes.get(number as usize) else { leave!(Exit::from(no_such_task())) };
                let then = Then::Give(dst);
                let from = base + u32::from(first);
                let end = from + u32::from(body.registers);
                if vm.frames.len() >= FRAMES_MAX || end as usize > REGISTERS_MAX {
                    leave!(Exit::from(too_deep()));
                }
                if let Some(frame) = vm.frames.last_mut() {
                    frame.pc = at as u32;
                }
                vm.frames.push(Frame { code: number, pc: 0, base: from, end, then });
                if vm.regs.len() < end as usize {
                    vm.regs.resize(end as usize, Value::None);
                }
                regs = &mut vm.regs[from as usize..end as usize];
                (code, instrs, base, at) = (body, body.instrs.as_slice(), from, 0);
                context.code = number;
                if *budget == 0 {
                    leave!(Exit::Budget);
                }
                *budget -= 1;
                continue;
            }
            Instr::Return { src } => {
                let Some(&Frame { then: Then::Give(dst), .. }) = vm.frames.last() else {
                    leave!(Exit::Return(std::mem::take(&mut regs[reg(src)])));
                };
                let value = Given::take(&mut regs[reg(src)]);
                // Small values may stay: whoever uses the register next writes it first.
                regs.iter_mut().filter(|value| is_shared(value)).for_each(|value| *value = Value::None);
                vm.frames.pop();
                let Some(caller) = vm.frames.last() else { return Exit::Return(Value::None) };
                let Some(body) = codes.get(caller.code as usize) else { return Exit::Return(Value::None) };
                regs = &mut vm.regs[caller.base as usize..caller.end as usize];
                (code, instrs, base, at) = (body, body.instrs.as_slice(), caller.base, caller.pc as usize);
                context.code = caller.code;
                match value {
                    Given::Int(int) => put_int(&mut regs[reg(dst)], int),
                    Given::Other(value) => regs[reg(dst)] = value,
                }
            }
            Instr::ReturnNone => leave!(Exit::Return(Value::None)),
            Instr::Global { dst, decl } => match context.image.globals.get(decl as usize) {
                Some(Value::Object(object)) => {
                    let object = *object;
                    put_object(&mut regs[reg(dst)], object);
                }
                _ => {
                    if let Err(exit) = slow::step(regs, code, at, *instr, context) {
                        leave!(exit);
                    }
                }
            },
            // What stops most: not by way of all that is slow, and at best not at all.
            Instr::OpOn { code: op, dst, base, count } => {
                let args = reg(base) + 1..reg(base) + 1 + reg(count);
                let mut gave = Value::None;
                if shortcut!(op, &regs[reg(base)], &regs[args.clone()], &mut gave) {
                    regs[args].iter_mut().filter(|value| is_shared(value)).for_each(put_none);
                    context.admit(&gave);
                    put(&mut regs[reg(dst)], gave);
                } else {
                    stop_at!();
                }
            }
            Instr::CellRead { dst, base, count: 0 } => {
                let mut gave = Value::None;
                if shortcut!(OpCode::CellRead, &regs[reg(base)], &[], &mut gave) {
                    context.admit(&gave);
                    put(&mut regs[reg(dst)], gave);
                } else {
                    stop_at!();
                }
            }
            Instr::CellWrite { base, count: 0 } => {
                let value = reg(base) + 1;
                if !shortcut!(OpCode::CellWrite, &regs[reg(base)], &regs[value..=value], &mut Value::None) {
                    stop_at!();
                }
            }
            Instr::WithEnter { src, .. } => {
                let handle = &regs[reg(src)];
                let ops = visible::with_ops(handle);
                if !ops.is_some_and(|(enter, _)| shortcut!(enter, handle, &visible::ENTER, &mut Value::None)) {
                    stop_at!();
                }
            }
            Instr::WithLeave { src, .. } => {
                let handle = &regs[reg(src)];
                let ops = visible::with_ops(handle);
                let args = |leave| visible::leave_args(leave);
                if !ops.is_some_and(|(_, leave)| shortcut!(leave, handle, args(leave), &mut Value::None)) {
                    stop_at!();
                }
            }
            Instr::Op { .. } | Instr::CellRead { .. } | Instr::CellWrite { .. } => stop_at!(),
            other => match slow::step(regs, code, at, other, context) {
                Ok(slow::Step::Next) => {}
                Ok(slow::Step::Jump(target)) => jump!(target),
                Err(exit) => leave!(exit),
            },
        }
        at += 1;
    }
}

/// A small value in a list of lists.
#[inline]
fn cell(rows: &[Value], row: i64, at: i64) -> Option<Small> {
    match rows.get(usize::try_from(row).ok()?)? {
        Value::List(items) => Small::of(items.get(usize::try_from(at).ok()?)?),
        _ => None,
    }
}

/// A place in a list of lists; none leaves everything as it is.
#[inline]
fn cell_mut(rows: &mut Arc<Vec<Value>>, (row, at): (i64, i64)) -> Option<&mut Value> {
    let (row, at) = (usize::try_from(row).ok()?, usize::try_from(at).ok()?);
    match Arc::make_mut(rows).get_mut(row)? {
        Value::List(items) => Arc::make_mut(items).get_mut(at),
        _ => None,
    }
}

/// What a task returns.
enum Given {
    Int(i64),
    Other(Value),
}

impl Given {
    #[inline(always)]
    fn take(slot: &mut Value) -> Given {
        match slot {
            Value::Int(int) => Given::Int(*int),
            other => Given::Other(std::mem::take(other)),
        }
    }
}

#[cold]
fn no_such_task() -> Error {
    Error::type_error("there is no such task")
}

/// A value that goes into a list by tag and content (see [`copy`]).
#[derive(Clone, Copy)]
enum Small {
    Int(i64),
    Bool(bool),
    Float(f64),
}

impl Small {
    #[inline(always)]
    fn of(value: &Value) -> Option<Small> {
        match value {
            Value::Int(int) => Some(Small::Int(*int)),
            Value::Bool(value) => Some(Small::Bool(*value)),
            Value::Float(float) => Some(Small::Float(*float)),
            _ => None,
        }
    }

    #[inline(always)]
    fn put(self, slot: &mut Value) {
        match self {
            Small::Int(int) => put_int(slot, int),
            Small::Bool(value) => put_bool(slot, value),
            Small::Float(float) => put_float(slot, float),
        }
    }

    #[inline(always)]
    fn push(self, items: &mut Vec<Value>) {
        match self {
            Small::Int(int) => items.push(Value::Int(int)),
            Small::Bool(value) => items.push(Value::Bool(value)),
            Small::Float(float) => items.push(Value::Float(float)),
        }
    }
}
