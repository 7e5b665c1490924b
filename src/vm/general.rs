//! What the fast roads of the loop leave: the same instructions on any values, and all others.
//!
//! Answers for: operators, tests and indices on whatever is there. Never pushes or pops a frame.

use super::context::Context;
use super::exec::Exit;
use super::iterate;
use super::slow::{self, Step, not_a_bool};
use crate::program::Code;
use crate::program::instr::{Instr, Reg};
use crate::value::{self, Error, Value};

/// Performs an instruction.
#[inline(never)]
pub(super) fn step(
    regs: &mut [Value],
    code: &Code,
    at: usize,
    instr: Instr,
    context: &mut Context,
) -> Result<Step, Exit> {
    let int = |value: i16| Value::Int(i64::from(value));
    let jump = |taken: bool, target: u16| Ok(if taken { Step::Jump(target) } else { Step::Next });
    let (dst, value) = match instr {
        Instr::Move { dst, src } => (dst, regs[src as usize].clone()),
        Instr::Take { dst, src } => (dst, std::mem::take(&mut regs[src as usize])),
        Instr::Literal { dst, index } => (dst, code.literals.get(index as usize).cloned().unwrap_or_default()),
        Instr::Add { dst, a, b } if dst == a && a != b => {
            let mut left = std::mem::take(&mut regs[a as usize]);
            let added = value::add_assign(&mut left, &regs[b as usize]);
            regs[a as usize] = left;
            added?;
            return Ok(Step::Next);
        }
        Instr::Add { dst, a, b } => (dst, of_two(regs, a, b, value::add)?),
        Instr::Sub { dst, a, b } => (dst, of_two(regs, a, b, value::sub)?),
        Instr::Mul { dst, a, b } => (dst, of_two(regs, a, b, value::mul)?),
        Instr::AddInt { dst, a, value } => (dst, value::add(&regs[a as usize], &int(value))?),
        Instr::SubInt { dst, a, value } => (dst, value::sub(&regs[a as usize], &int(value))?),
        Instr::MulInt { dst, a, value } => (dst, value::mul(&regs[a as usize], &int(value))?),
        Instr::FloorDivInt { dst, a, value } => (dst, value::floor_div(&regs[a as usize], &int(value))?),
        Instr::RemInt { dst, a, value } => (dst, value::rem(&regs[a as usize], &int(value))?),
        Instr::JumpIf { src, .. } | Instr::JumpIfNot { src, .. } => return Err(not_a_bool(&regs[src as usize]).into()),
        Instr::Branch { test, a, b, target } => {
            return jump(slow::test(test, &regs[a as usize], &regs[b as usize])?, target);
        }
        Instr::BranchInt { test, a, value, target } => {
            return jump(slow::test(test, &regs[a as usize], &int(value))?, target);
        }
        Instr::Index { dst, value, index } => (dst, of_two(regs, value, index, value::index)?),
        Instr::SetIndex { root, index, src } => {
            slow::set_index(regs, (root, index, src), context)?;
            return Ok(Step::Next);
        }
        Instr::Push { dst, list, src } => {
            slow::push(regs, (dst, list, src), context)?;
            return Ok(Step::Next);
        }
        Instr::AppendText { dst, base, spec } => {
            slow::append_text(regs, code, (dst, base, spec), context)?;
            return Ok(Step::Next);
        }
        Instr::IterNext { dst, base, target } => return next(regs, (dst, base, target), at, context),
        Instr::MethodOn { dst, base, call } => return slow::method_on(regs, code, at, (dst, base, call), context),
        Instr::Len { dst, src } => (dst, Value::Int(value::len(&regs[src as usize])?)),
        other => return slow::step(regs, code, at, other, context),
    };
    regs[dst as usize] = value;
    Ok(Step::Next)
}

fn of_two(
    regs: &[Value],
    a: Reg,
    b: Reg,
    operator: impl Fn(&Value, &Value) -> value::Result<Value>,
) -> Result<Value, Error> {
    operator(&regs[a as usize], &regs[b as usize])
}

/// The next of what is gone through.
fn next(
    regs: &mut [Value],
    (dst, base, target): (Reg, Reg, u16),
    at: usize,
    context: &mut Context,
) -> Result<Step, Exit> {
    let base = base as usize;
    if let (Value::List(items), Value::Int(next)) = (&regs[base], &regs[base + 1]) {
        let next = *next;
        let Some(item) = items.get(next as usize).cloned() else {
            regs[base] = Value::None;
            return Ok(Step::Next);
        };
        regs[base + 1] = Value::Int(next + 1);
        regs[dst as usize] = item;
        return Ok(Step::Jump(target));
    }
    match iterate::ask(&regs[base]) {
        Some(op) => {
            slow::forget(regs, dst, base + 2);
            context.stop_at(Box::new(op), at);
            Err(Exit::Operation)
        }
        None => Ok(Step::Next),
    }
}
