//! Operations that the loop offers to the world before it stops at them.
//!
//! Answers for: what goes with the offer, and what follows where the world takes it. Never performs one.

use std::mem::ManuallyDrop;

use super::context::Context;
use super::exec::{put_bool, put_int, put_none};
use super::registers::Registers;
use super::shortcut::{Shortcut, Standing};
use super::{Frame, is_shared, visible};
use crate::program::op::OpCode;
use crate::program::{Code, Instr};
use crate::value::Value;

/// An operation on an object.
#[inline(never)]
pub(super) fn on_object<R: Registers + ?Sized>(
    frames: &mut [Frame],
    regs: &mut R,
    code: &Code,
    at: usize,
    context: &mut Context,
    world: &mut impl Shortcut,
) -> bool {
    let Some(&Instr::OpOn { code: op, dst, base, count }) = code.instrs.get(at) else { return false };
    let &Value::Object(object) = regs.at(base) else { return false };
    let mut gave = nothing();
    if !world.perform(op, object, regs.row(base + 1, count), &standing(frames, code, at), &mut gave) {
        return false;
    }
    for value in regs.row_mut(base + 1, count) {
        if is_shared(value) {
            put_none(value);
        }
    }
    give(regs.at_mut(dst), &mut gave, context);
    true
}

/// A read or a write of a whole variable.
#[inline(never)]
pub(super) fn on_cell<R: Registers + ?Sized>(
    frames: &mut [Frame],
    regs: &mut R,
    code: &Code,
    at: usize,
    context: &mut Context,
    world: &mut impl Shortcut,
) -> bool {
    let (op, dst, base) = match code.instrs.get(at) {
        Some(&Instr::CellRead { dst, base, .. }) => (OpCode::CellRead, Some(dst), base),
        Some(&Instr::CellWrite { base, .. }) => (OpCode::CellWrite, None, base),
        _ => return false,
    };
    let &Value::Object(object) = regs.at(base) else { return false };
    let args = regs.row(base + 1, u16::from(dst.is_none()));
    let mut gave = nothing();
    let done = world.perform(op, object, args, &standing(frames, code, at), &mut gave);
    if let Some(dst) = dst.filter(|_| done) {
        give(regs.at_mut(dst), &mut gave, context);
    }
    done
}

/// The beginning or the end of a `with`.
#[inline(never)]
pub(super) fn with<R: Registers + ?Sized>(
    frames: &mut [Frame],
    regs: &mut R,
    code: &Code,
    at: usize,
    world: &mut impl Shortcut,
) -> bool {
    let (src, enters) = match code.instrs.get(at) {
        Some(&Instr::WithEnter { src, .. }) => (src, true),
        Some(&Instr::WithLeave { src, .. }) => (src, false),
        _ => return false,
    };
    let handle = regs.at(src);
    let (&Value::Object(object), Some((enter, leave))) = (handle, visible::with_ops(handle)) else { return false };
    let (op, args) = if enters { (enter, &visible::ENTER[..]) } else { (leave, visible::leave_args(leave)) };
    world.perform(op, object, args, &standing(frames, code, at), &mut Value::None)
}

/// The next message of a queue that is gone through.
#[inline(never)]
pub(super) fn next<R: Registers + ?Sized>(
    frames: &mut [Frame],
    regs: &mut R,
    code: &Code,
    at: usize,
    context: &mut Context,
    world: &mut impl Shortcut,
) -> bool {
    let Some(&Instr::IterNext { dst, base, .. }) = code.instrs.get(at) else { return false };
    let &Value::Object(object) = regs.at(base) else { return false };
    let mut gave = nothing();
    let done = world.perform(OpCode::QueueNext, object, &visible::ENTER, &standing(frames, code, at), &mut gave);
    if done {
        give(regs.at_mut(dst), &mut gave, context);
    }
    done
}

/// Where the actor stands, noted in its innermost frame too.
#[inline(always)]
fn standing<'v>(frames: &'v mut [Frame], code: &'v Code, at: usize) -> Standing<'v> {
    if let Some(frame) = frames.last_mut() {
        frame.pc = at as u32;
    }
    Standing { frames, code, pc: at }
}

/// Room for what an operation gives, which is given on or needs no drop.
#[inline(always)]
fn nothing() -> ManuallyDrop<Value> {
    ManuallyDrop::new(Value::None)
}

/// Writes what an operation gave.
#[inline(always)]
fn give(slot: &mut Value, gave: &mut Value, context: &mut Context) {
    // By tag and content: as sixteen bytes it would have to wait for the shorter writes that made it.
    match gave {
        Value::None => put_none(slot),
        Value::Int(int) => put_int(slot, *int),
        Value::Bool(value) => put_bool(slot, *value),
        _ => {
            context.admit(gave);
            *slot = std::mem::take(gave);
        }
    }
}
