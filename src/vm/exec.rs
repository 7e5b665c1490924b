//! The loop that runs the instructions of one frame.
//!
//! What changes from one instruction to the next is little: where it stands, and what is left of the budget. All else
//! is found anew where another frame begins or goes on. No fast road calls anything that it needs something after, and
//! what is not on one takes one way out (see `general` and `operate`): so the compiler keeps the little there is where
//! the processor has it at hand.
//!
//! Answers for: fast roads for ints, floats and lists. Never ends the frames of an error.

use super::context::Context;
use super::registers::Registers;
use super::shortcut::Shortcut;
use super::slow::{self, Step};
use super::{FRAMES_MAX, Frame, REGISTERS_MAX, Then, general, is_shared, operate, too_deep};
use crate::program::instr::CallSpec;
use crate::program::{Code, Instr};
use crate::value::{self, Error, ObjectRef, Shared, Value};

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

/// Writes a small value by tag and content, and drops nothing where there is nothing to be dropped: as sixteen bytes it
/// would have to wait, when it is read, for the shorter writes that made it.
macro_rules! put {
    ($name:ident, $cold:ident, $content:ty, $value:expr) => {
        #[inline(always)]
        pub(super) fn $name(slot: &mut Value, content: $content) {
            if is_shared(slot) {
                $cold(slot, content);
            } else {
                std::mem::forget(std::mem::replace(slot, $value(content)));
            }
        }

        #[cold]
        #[inline(never)]
        fn $cold(slot: &mut Value, content: $content) {
            *slot = $value(content);
        }
    };
}

put!(put_int, drop_for_int, i64, Value::Int);
put!(put_bool, drop_for_bool, bool, Value::Bool);
put!(put_float, drop_for_float, f64, Value::Float);
put!(put_object, drop_for_object, ObjectRef, Value::Object);
put!(put_nothing, drop_for_nothing, (), |()| Value::None);

#[inline(always)]
pub(super) fn put_none(slot: &mut Value) {
    put_nothing(slot, ());
}

/// Runs until something is for others to do. Frames of tasks that are called by name come and go in here.
#[inline(never)]
pub(super) fn exec<R: Registers + ?Sized>(
    vm: &mut Machine<'_>,
    codes: &[Code],
    context: &mut Context,
    budget: &mut u64,
    world: &mut impl Shortcut,
) -> Exit {
    let mut left = *budget;
    let Some(&Frame { code: mut number, mut pc, mut base, mut end, .. }) = vm.frames.last() else {
        return Exit::Return(Value::None);
    };
    'frame: loop {
        let Some(code) = codes.get(number as usize) else { return Exit::Return(Value::None) };
        let Some(regs) = R::of(vm.regs, base, end) else { return Exit::Return(Value::None) };
        let instrs = code.instrs.as_slice();
        let mut at = pc as usize;
        context.code = number;
        macro_rules! leave {
            ($exit:expr) => {{
                let exit = $exit;
                *budget = left;
                if let Some(frame) = vm.frames.last_mut() {
                    frame.pc = at as u32;
                }
                return exit;
            }};
        }
        macro_rules! next {
            () => {{
                at += 1;
                continue;
            }};
        }
        macro_rules! jump {
            ($target:expr) => {{
                let target = usize::from($target);
                if target <= at {
                    let cost = (at - target) as u64 + 1;
                    if left < cost {
                        left = 0;
                        at = target;
                        leave!(Exit::Budget);
                    }
                    left -= cost;
                }
                at = target;
                continue;
            }};
        }
        // An operator on two ints, or on two floats.
        macro_rules! arithmetic {
            ($dst:ident, $a:ident, $b:ident, $ints:expr, $floats:expr) => {
                match (regs.at($a), regs.at($b)) {
                    (Value::Int(a), Value::Int(b)) => {
                        if let Some(int) = $ints(*a, *b) {
                            put_int(regs.at_mut($dst), int);
                            next!();
                        }
                    }
                    (Value::Float(a), Value::Float(b)) => {
                        let float = $floats(*a, *b);
                        put_float(regs.at_mut($dst), float);
                        next!();
                    }
                    _ => {}
                }
            };
        }
        // The same on an int and one in the instruction.
        macro_rules! with_int {
            ($dst:ident, $a:ident, $imm:ident, $ints:expr) => {
                if let Value::Int(a) = regs.at($a)
                    && let Some(int) = $ints(*a, i64::from($imm))
                {
                    put_int(regs.at_mut($dst), int);
                    next!();
                }
            };
        }
        loop {
            let Some(instr) = instrs.get(at) else { leave!(Exit::Return(Value::None)) };
            // Whoever goes on from here has not come to `next` or `jump`.
            match *instr {
                Instr::Move { dst, src } => match regs.at(src) {
                    Value::Int(int) => {
                        let int = *int;
                        put_int(regs.at_mut(dst), int);
                        next!();
                    }
                    Value::Bool(value) => {
                        let value = *value;
                        put_bool(regs.at_mut(dst), value);
                        next!();
                    }
                    Value::Object(object) => {
                        let object = *object;
                        put_object(regs.at_mut(dst), object);
                        next!();
                    }
                    _ => {}
                },
                Instr::Take { dst, src } => {
                    if let Value::Int(int) = regs.at(src) {
                        let int = *int;
                        *regs.at_mut(src) = Value::None;
                        put_int(regs.at_mut(dst), int);
                        next!();
                    }
                }
                Instr::Bool { dst, value } => {
                    put_bool(regs.at_mut(dst), value);
                    next!();
                }
                Instr::None { dst } => {
                    put_none(regs.at_mut(dst));
                    next!();
                }
                Instr::Int { dst, value } => {
                    put_int(regs.at_mut(dst), i64::from(value));
                    next!();
                }
                Instr::Add { dst, a, b } => arithmetic!(dst, a, b, i64::checked_add, |a, b| a + b),
                Instr::Sub { dst, a, b } => arithmetic!(dst, a, b, i64::checked_sub, |a, b| a - b),
                Instr::Mul { dst, a, b } => arithmetic!(dst, a, b, i64::checked_mul, |a, b| a * b),
                Instr::AddInt { dst, a, value } => with_int!(dst, a, value, i64::checked_add),
                Instr::SubInt { dst, a, value } => with_int!(dst, a, value, i64::checked_sub),
                Instr::MulInt { dst, a, value } => with_int!(dst, a, value, i64::checked_mul),
                Instr::FloorDivInt { dst, a, value } => {
                    with_int!(dst, a, value, |a: i64, b: i64| { if b > 0 { a.checked_div_euclid(b) } else { None } })
                }
                Instr::RemInt { dst, a, value } => {
                    with_int!(dst, a, value, |a: i64, b: i64| { if b > 0 { a.checked_rem_euclid(b) } else { None } })
                }
                Instr::Jump { target } => jump!(target),
                Instr::JumpIf { src, target } => match regs.at(src) {
                    Value::Bool(true) => jump!(target),
                    Value::Bool(false) => next!(),
                    _ => {}
                },
                Instr::JumpIfNot { src, target } => match regs.at(src) {
                    Value::Bool(false) => jump!(target),
                    Value::Bool(true) => next!(),
                    _ => {}
                },
                Instr::Branch { test, a, b, target } => {
                    if let (Value::Int(a), Value::Int(b)) = (regs.at(a), regs.at(b)) {
                        if test.ints(*a, *b) {
                            jump!(target);
                        }
                        next!();
                    }
                }
                Instr::BranchInt { test, a, value, target } => {
                    if let Value::Int(a) = regs.at(a) {
                        if test.ints(*a, i64::from(value)) {
                            jump!(target);
                        }
                        next!();
                    }
                }
                Instr::Index { dst, value, index } => {
                    if let (Value::List(items), Value::Int(place)) = (regs.at(value), regs.at(index)) {
                        // What is below zero is beyond the end as well.
                        match items.get(*place as usize) {
                            Some(Value::Int(int)) => {
                                let int = *int;
                                put_int(regs.at_mut(dst), int);
                                next!();
                            }
                            Some(Value::Bool(item)) => {
                                let item = *item;
                                put_bool(regs.at_mut(dst), item);
                                next!();
                            }
                            Some(Value::Float(float)) => {
                                let float = *float;
                                put_float(regs.at_mut(dst), float);
                                next!();
                            }
                            _ => {}
                        }
                    }
                }
                Instr::SetIndex { root, index, src } => {
                    if let Value::Int(place) = regs.at(index) {
                        let place = *place as usize;
                        match regs.at(src) {
                            Value::Int(int) => {
                                let int = *int;
                                if let Some(slot) = item(regs.at_mut(root), place) {
                                    put_int(slot, int);
                                    next!();
                                }
                            }
                            Value::Bool(value) => {
                                let value = *value;
                                if let Some(slot) = item(regs.at_mut(root), place) {
                                    put_bool(slot, value);
                                    next!();
                                }
                            }
                            Value::Float(float) => {
                                let float = *float;
                                if let Some(slot) = item(regs.at_mut(root), place) {
                                    put_float(slot, float);
                                    next!();
                                }
                            }
                            _ => {}
                        }
                    }
                    if set_entry(regs, root, index, src) {
                        next!();
                    }
                }
                Instr::GetPath { count: 2, dst, root, base } if get_cell(regs, dst, root, base) => next!(),
                Instr::SetPath { count: 2, root, base } if set_cell(regs, root, base) => next!(),
                Instr::Push { dst, list, src } if push(regs, dst, list, src) => next!(),
                Instr::MethodOn { dst, base, call } if get_entry(regs, code, dst, base, call) => next!(),
                Instr::AppendText { dst, base, spec }
                    if slow::append_text(regs.first(code.registers), code, (dst, base, spec), context).is_ok() =>
                {
                    next!()
                }
                Instr::IterNext { dst, base, target } => {
                    match (regs.at(base), regs.at(base + 1)) {
                        (Value::Int(last), Value::Int(next)) => {
                            let (last, int) = (*last, *next);
                            if int < last {
                                put_int(regs.at_mut(base + 1), int + 1);
                            } else {
                                put_none(regs.at_mut(base));
                            }
                            put_int(regs.at_mut(dst), int);
                            jump!(target);
                        }
                        (Value::List(items), Value::Int(next)) => {
                            let next = *next;
                            if let Some(Value::Int(int)) = items.get(next as usize) {
                                let int = *int;
                                put_int(regs.at_mut(base + 1), next + 1);
                                put_int(regs.at_mut(dst), int);
                                jump!(target);
                            }
                        }
                        _ => {}
                    }
                    if operate::next(vm.frames, regs, code, at, context, world) {
                        jump!(target);
                    }
                }
                Instr::Len { dst, src } => {
                    if let Value::List(items) = regs.at(src) {
                        let len = items.len() as i64;
                        put_int(regs.at_mut(dst), len);
                        next!();
                    }
                }
                Instr::CallTask { dst, base: first, task } => {
                    let called = context.task_code(u32::from(task));
                    let Some(body) = codes.get(called as usize) else { leave!(Exit::from(no_such_task())) };
                    let from = base + u32::from(first);
                    let to = from + u32::from(body.registers);
                    if vm.frames.len() >= FRAMES_MAX || to as usize > REGISTERS_MAX {
                        leave!(Exit::from(too_deep()));
                    }
                    if body.registers > R::MOST {
                        leave!(Exit::Call { code: called, base: first, dst });
                    }
                    if let Some(frame) = vm.frames.last_mut() {
                        frame.pc = at as u32;
                    }
                    (number, pc, base, end) = (called, 0, from, to);
                    vm.frames.push(Frame { code: number, pc, base, end, then: Then::Give(dst) });
                    R::make_room(vm.regs, base, end);
                    if left == 0 {
                        *budget = 0;
                        return Exit::Budget;
                    }
                    left -= 1;
                    continue 'frame;
                }
                Instr::Return { src } => {
                    let [.., caller, Frame { then: Then::Give(dst), .. }] = vm.frames.as_slice() else {
                        leave!(Exit::Return(std::mem::take(regs.at_mut(src))));
                    };
                    if caller.end - caller.base > u32::from(R::MOST) {
                        leave!(Exit::Return(std::mem::take(regs.at_mut(src))));
                    }
                    let value = Given::take(regs.at_mut(src));
                    // Small values may stay: whoever uses the register next writes it first.
                    for value in regs.first(code.registers) {
                        if is_shared(value) {
                            put_none(value);
                        }
                    }
                    (number, pc, base, end) = (caller.code, caller.pc + 1, caller.base, caller.end);
                    if let Some(slot) = vm.regs.get_mut(base as usize + usize::from(*dst)) {
                        match value {
                            Given::Int(int) => put_int(slot, int),
                            Given::Other(value) => *slot = value,
                        }
                    }
                    vm.frames.pop();
                    continue 'frame;
                }
                Instr::ReturnNone => leave!(Exit::Return(Value::None)),
                Instr::Global { dst, decl } => {
                    if let Some(Value::Object(object)) = context.image.globals.get(decl as usize) {
                        put_object(regs.at_mut(dst), *object);
                        next!();
                    }
                }
                Instr::CallList { dst, base: first, task } => {
                    if let Some(code) = called_with_one(regs, task, first, context) {
                        leave!(Exit::Call { code, base: first, dst });
                    }
                }
                Instr::Append { list, src } if append(regs, list, src) => next!(),
                // What stops most: at best, not at all.
                Instr::OpOn { .. } if operate::on_object(vm.frames, regs, code, at, context, world) => next!(),
                Instr::CellRead { count: 0, .. } | Instr::CellWrite { count: 0, .. }
                    if operate::on_cell(vm.frames, regs, code, at, context, world) =>
                {
                    next!()
                }
                Instr::WithEnter { .. } | Instr::WithLeave { .. }
                    if operate::with(vm.frames, regs, code, at, world) =>
                {
                    next!()
                }
                _ => {}
            }
            match off_the_road(regs.first(code.registers), code, at, *instr, context) {
                Ok(Step::Next) => at += 1,
                Ok(Step::Jump(target)) => jump!(target),
                Err(exit) => leave!(exit),
            }
        }
    }
}

/// Not as rare as it says: that is for the compiler, so that it lays the fast roads out straight.
#[cold]
#[inline(never)]
fn off_the_road(regs: &mut [Value], code: &Code, at: usize, instr: Instr, context: &mut Context) -> Result<Step, Exit> {
    general::step(regs, code, at, instr, context)
}

/// Reads a small value in a list of lists.
#[inline(never)]
fn get_cell<R: Registers + ?Sized>(regs: &mut R, dst: u16, root: u16, base: u16) -> bool {
    let (Value::List(rows), Value::Int(row), Value::Int(at)) = (regs.at(root), regs.at(base), regs.at(base + 1)) else {
        return false;
    };
    let Some(Value::List(items)) = rows.get(*row as usize) else { return false };
    let Some(small) = items.get(*at as usize).and_then(Small::of) else { return false };
    small.put(regs.at_mut(dst));
    true
}

/// Writes one where nobody else has either list.
#[inline(never)]
fn set_cell<R: Registers + ?Sized>(regs: &mut R, root: u16, base: u16) -> bool {
    let (Value::Int(row), Value::Int(at)) = (regs.at(base), regs.at(base + 1)) else { return false };
    let (row, at) = (*row as usize, *at as usize);
    let Some(small) = Small::of(regs.at(base + 2)) else { return false };
    if let Value::List(rows) = regs.at_mut(root)
        && let Some(Value::List(items)) = Shared::get_mut(rows).and_then(|rows| rows.get_mut(row))
        && let Some(slot) = Shared::get_mut(items).and_then(|items| items.get_mut(at))
    {
        small.put(slot);
        return true;
    }
    false
}

/// Writes a small value where a map that nobody else has holds one under a small key.
#[inline(never)]
fn set_entry<R: Registers + ?Sized>(regs: &mut R, root: u16, key: u16, src: u16) -> bool {
    let (Some(key), Some(small)) = (Small::of(regs.at(key)), Small::of(regs.at(src))) else { return false };
    if let Value::Map(map) = regs.at_mut(root)
        && let Some(slot) = Shared::get_mut(map).and_then(|map| map.get_mut(&key.value()))
    {
        small.put(slot);
        return true;
    }
    false
}

/// Reads a small value of a map, or what is given for where there is none.
#[inline(never)]
fn get_entry<R: Registers + ?Sized>(regs: &mut R, code: &Code, dst: u16, base: u16, call: u16) -> bool {
    let Some(CallSpec { name, count, names, root, path: 0, .. }) = code.calls.get(call as usize) else { return false };
    if &**name != "get" || !names.is_empty() {
        return false;
    }
    let Value::Map(map) = regs.at(*root) else { return false };
    let other = match *count {
        1 => &Value::None,
        2 => regs.at(base + 1),
        _ => return false,
    };
    let Some(small) = Small::of(map.get(regs.at(base)).unwrap_or(other)) else { return false };
    small.put(regs.at_mut(dst));
    true
}

/// An item of a list that nobody else has.
#[inline(always)]
fn item(value: &mut Value, place: usize) -> Option<&mut Value> {
    match value {
        Value::List(items) => Shared::get_mut(items)?.get_mut(place),
        _ => None,
    }
}

/// Appends a small value to a list that nobody else has.
#[inline(never)]
fn push<R: Registers + ?Sized>(regs: &mut R, dst: u16, list: u16, src: u16) -> bool {
    let Some(small) = Small::of(regs.at(src)) else { return false };
    if let Value::List(items) = regs.at_mut(list)
        && let Some(items) = Shared::get_mut(items)
        && items.len() < value::ITEMS_MAX
    {
        small.push(items);
        put_none(regs.at_mut(dst));
        return true;
    }
    false
}

/// The same, of what is nowhere else then.
#[inline(never)]
fn append<R: Registers + ?Sized>(regs: &mut R, list: u16, src: u16) -> bool {
    push(regs, src, list, src)
}

/// The code of a task that takes one argument, which is there and no list.
#[inline(never)]
fn called_with_one<R: Registers + ?Sized>(regs: &R, task: u16, argument: u16, context: &Context) -> Option<u32> {
    let (Value::Task(task), false) = (regs.at(task), matches!(regs.at(argument), Value::List(_))) else { return None };
    let task = context.image.program.tasks.get(*task as usize)?;
    (task.params.len() == 1).then_some(task.body.0)
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
    fn value(self) -> Value {
        match self {
            Small::Int(int) => Value::Int(int),
            Small::Bool(value) => Value::Bool(value),
            Small::Float(float) => Value::Float(float),
        }
    }

    #[inline(always)]
    fn push(self, items: &mut Vec<Value>) {
        items.push(self.value());
    }
}
