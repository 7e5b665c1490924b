//! What a scenario prints: whole lines, in an order that the trace has.
//!
//! Answers for: writing a line and giving it its number, in one step. Never formats a value (the VM did).

use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use super::arena::Off;
use super::object::{Done, Result};
use super::park::Ctx;
use super::{sys, values};
use crate::value::Value;

const STDOUT: i32 = 1;
const STDERR: i32 = 2;

/// Prints a line.
pub(super) fn print(ctx: &Ctx, text: &Value) -> Result {
    let mut line = values::text_of(text);
    line.push('\n');
    let header = ctx.arena.header();
    let locked = ctx.lock(Off(header.stdout.load(Relaxed)));
    let ticket = locked.tick();
    if !sys::write_all(STDOUT, line.as_bytes()) && header.output_lost.swap(1, SeqCst) == 0 {
        // Nobody reads any more: the supervisor ends the run, as SIGPIPE would end a single process.
        drop(locked);
        ctx.kick();
    }
    Ok(Done::new(Value::None, ticket, 0))
}

/// Takes a place among the lines.
pub(super) fn mark(ctx: &Ctx) -> Done {
    Done::new(Value::None, ctx.lock(Off(ctx.arena.header().stdout.load(Relaxed))).tick(), 0)
}

/// Says something on standard error.
pub(super) fn complain(ctx: &Ctx, text: &str) {
    let _locked = ctx.lock(Off(ctx.arena.header().stdout.load(Relaxed)));
    sys::write_all(STDERR, format!("{text}\n").as_bytes());
}
