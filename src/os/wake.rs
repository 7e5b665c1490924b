//! Whom an actor has told that its wait is over, and when it wakes them.
//!
//! Whoever is woken under a small lock comes to sleep on that, or on the lock that its waker still holds: so they are
//! told at once, and woken when the last small lock is free; those who were notified, when the lock of their condition
//! is. If their waker dies in between, the supervisor wakes them (see `rescue`).
//!
//! Answers for: that whoever was told is woken, before its waker does anything that takes time. Never tells anybody.

use std::cell::{Cell, RefCell};
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use super::layout::Slot;
use super::park::Ctx;
use super::sys;

/// An actor whose wait is complete, and who may be asleep.
pub(super) struct Told {
    pub(super) slot: &'static Slot,
    /// Its futex is reached by its own process only.
    pub(super) private: bool,
}

/// Where the calling thread stands.
#[derive(Clone, Copy)]
struct Standing {
    /// How many small locks it holds.
    held: u32,
    /// Those who were told wait until it lets the lock of a condition go.
    keeps: bool,
    /// Whether somebody was told and not woken.
    owes: bool,
}

const NOTHING: Standing = Standing { held: 0, keeps: false, owes: false };

thread_local! {
    static STANDING: Cell<Standing> = const { Cell::new(NOTHING) };
    static TOLD: RefCell<Vec<Told>> = const { RefCell::new(Vec::new()) };
}

fn change(how: impl FnOnce(&mut Standing)) -> Standing {
    let mut standing = STANDING.get();
    how(&mut standing);
    STANDING.set(standing);
    standing
}

/// Of a new process: what its parent owes others is not its own.
pub(super) fn owe_nothing() {
    STANDING.set(NOTHING);
    TOLD.take();
}

impl Ctx {
    /// A small lock was taken.
    #[inline]
    pub(super) fn took_a_lock(&self) {
        change(|standing| standing.held += 1);
    }

    /// A small lock is free: if it was the last, those who were told are woken.
    #[inline]
    pub(super) fn let_a_lock_go(&self) {
        let standing = change(|standing| standing.held = standing.held.saturating_sub(1));
        if standing.held == 0 && standing.owes && !standing.keeps {
            self.wake();
        }
    }

    /// Has somebody woken who was told: at once, if no small lock is held.
    pub(super) fn wake_later(&self, told: Told) {
        TOLD.with_borrow_mut(|all| all.push(told));
        if change(|standing| standing.owes = true).held == 0 {
            self.wake();
        }
    }

    /// Those who have just been told, under a small lock, are woken when the calling actor lets go of the lock that it
    /// holds, or before it does anything else that may take long. Not in a deterministic run, whose driver waits for
    /// what they do.
    pub(super) fn keep_asleep(&self) {
        if !super::turns::are_on(self.arena) {
            change(|standing| standing.keeps = standing.owes);
        }
    }

    /// From here on those who were told are woken as soon as no small lock is held.
    #[inline]
    pub(super) fn keep_no_longer(&self) {
        // Who keeps somebody asleep owes it to wake them.
        if STANDING.get().owes && change(|standing| standing.keeps = false).held == 0 {
            self.wake();
        }
    }

    fn wake(&self) {
        let mut all = TOLD.take();
        for Told { slot, private } in all.drain(..) {
            // Whoever goes to sleep says so first and then looks once more.
            if slot.asleep.load(SeqCst) != 0 {
                sys::futex_wake(&slot.done, 1, private);
            }
            self.point();
        }
        // Its room is used again.
        TOLD.set(all);
        change(|standing| (standing.owes, standing.keeps) = (false, false));
        self.slot.waking.store(0, Relaxed);
    }
}
