//! Errors that ended actors, on their way to the supervisor.
//!
//! Answers for: filing and collecting them. Never words them.
#![expect(unsafe_code, reason = "marks a shape that lies in shared memory")]

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, SeqCst};

use super::arena::{Arena, Off, Shared};
use super::park::Ctx;
use super::values;
use crate::value::Error;

#[repr(C)]
struct Filed {
    next: AtomicU32,
    actor: AtomicU32,
    len: AtomicU32,
    pad: AtomicU32,
}

// SAFETY: repr(C), atomics only.
unsafe impl Shared for Filed {}

/// Files the error that ends the calling actor.
pub(super) fn file(ctx: &Ctx, error: &Error) {
    let header = ctx.arena.header();
    header.failures.fetch_add(1, SeqCst);
    let bytes = values::encode_error(error);
    // Without memory for it the failure still counts.
    let Ok(off) = ctx.arena.alloc(size_of::<Filed>() + bytes.len()) else { return };
    let filed: &Filed = ctx.arena.at(off);
    filed.actor.store(ctx.me, Relaxed);
    filed.len.store(bytes.len() as u32, Relaxed);
    ctx.arena.write(off, size_of::<Filed>(), &bytes);
    let mut first = header.errors.load(Acquire);
    loop {
        filed.next.store(first, Relaxed);
        match header.errors.compare_exchange(first, off.0, AcqRel, Acquire) {
            Ok(_) => break,
            Err(now) => first = now,
        }
    }
    ctx.kick();
    super::turns::report(ctx);
}

/// Takes what was filed since the last time, the earliest first.
pub(super) fn collect(arena: Arena) -> Vec<(u32, Error)> {
    let mut all = Vec::new();
    let mut at = Off(arena.header().errors.swap(0, AcqRel));
    while !at.is_null() {
        let filed: &Filed = arena.at(at);
        let bytes = arena.read(at, size_of::<Filed>(), filed.len.load(Relaxed) as usize);
        all.push((filed.actor.load(Relaxed), values::decode_error(&bytes)));
        let next = Off(filed.next.load(Relaxed));
        arena.free(at);
        at = next;
    }
    all.reverse();
    all
}
