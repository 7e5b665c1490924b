//! The small lock of an object, held for the few instructions of a step.
//!
//! An object may have two *ends* instead at which two actors work at the same time, such as those who put into a queue
//! and those who take from it: each has a lock of its own, and who holds both, the back taken first, has the whole
//! object. Whoever holds only an end takes no other lock.
//!
//! Answers for: that one holds a lock, and that nobody waits for good for one that the dead held. Never knows what an
//! object is.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicU32, compiler_fence};

use super::arena::{Arena, Off, UNIT};
use super::layout::ObjectHeader;
use super::park::Ctx;
use super::sys;

/// The supervisor's own number.
const SUPERVISOR: u32 = 0;
/// How long the supervisor waits for a lock before it looks whether the one that holds it is alive.
const PATIENCE_NS: u64 = 1_000_000;
/// Rounds of looking at a taken lock before sleeping on it, each twice as long as the one before.
const ROUNDS: u32 = 6;
/// The bit of a lock word that says that someone sleeps on it.
const SLEEPER: u32 = 1 << 31;

/// How far apart the two ends of an object lie, each of which begins with the word of its lock.
pub(super) const END_BYTES: usize = 128;

/// One of the two ends of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Front,
    Back,
}

/// An object's small lock, held.
pub(super) struct Locked<'a> {
    pub(super) ctx: &'a Ctx,
    pub(super) off: Off,
    pub(super) header: &'static ObjectHeader,
    /// It is one of several that are held at once: which they are is noted elsewhere.
    one_of_several: bool,
}

/// One end of an object, held.
pub(super) struct EndLocked<'a> {
    ctx: &'a Ctx,
    off: Off,
    header: &'static ObjectHeader,
    word: &'a AtomicU32,
}

/// What an actor holds of an object; of one without ends, both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) front: bool,
    pub(super) back: bool,
}

impl Held {
    pub(super) fn by(arena: Arena, off: Off, actor: u32) -> Held {
        let header: &ObjectHeader = arena.at(off);
        let holds = |word: &AtomicU32| word.load(SeqCst) & !SLEEPER == actor + 1;
        let holds_end = |end| holds(word_of(arena, header, end).unwrap_or(&header.lock));
        Held { front: holds_end(End::Front), back: holds_end(End::Back) }
    }

    pub(super) fn is_whole(self) -> bool {
        self.front && self.back
    }

    pub(super) fn is_nothing(self) -> bool {
        !self.front && !self.back
    }

    /// Frees what an actor held when it died. For the supervisor.
    pub(super) fn free(self, arena: Arena, off: Off) {
        let header: &ObjectHeader = arena.at(off);
        for (end, is_held) in [(End::Front, self.front), (End::Back, self.back)] {
            if is_held {
                let word = word_of(arena, header, end).unwrap_or(&header.lock);
                word.store(0, SeqCst);
                sys::futex_wake(word, u32::MAX, header.private.load(Relaxed) != 0);
            }
        }
    }
}

/// Wakes whoever sleeps on a lock of an object: the one that was to be woken for it died. For the supervisor.
pub(super) fn stir(arena: Arena, off: Off) {
    let header: &ObjectHeader = arena.at(off);
    let ends = [End::Front, End::Back].into_iter().filter_map(|end| word_of(arena, header, end));
    for word in ends.chain([&header.lock]) {
        sys::futex_wake(word, u32::MAX, header.private.load(Relaxed) != 0);
    }
}

/// The word of the lock of an end, of an object that has such.
fn word_of(arena: Arena, header: &ObjectHeader, end: End) -> Option<&'static AtomicU32> {
    let ends = header.ends.load(Relaxed);
    (ends != 0).then(|| end_at(arena, Off(ends), end))
}

/// The front lies behind the back.
fn end_at(arena: Arena, ends: Off, end: End) -> &'static AtomicU32 {
    let skip = if end == End::Back { 0 } else { END_BYTES / UNIT };
    arena.at(Off(ends.0 + skip as u32))
}

impl Ctx {
    /// Takes an object's small lock.
    pub(super) fn lock(&self, off: Off) -> Locked<'_> {
        self.note_hold(off);
        self.lock_whole(off, false)
    }

    /// Takes one of several small locks, which the caller has noted in the actor's slot.
    pub(super) fn lock_one_of_several(&self, off: Off) -> Locked<'_> {
        self.lock_whole(off, true)
    }

    fn lock_whole(&self, off: Off, one_of_several: bool) -> Locked<'_> {
        let header: &ObjectHeader = self.arena.at(off);
        match header.ends.load(Relaxed) {
            0 => self.take(off, header, &header.lock),
            ends => self.take_ends(off, header, Off(ends)),
        }
        self.took_a_lock();
        self.point();
        Locked { ctx: self, off, header, one_of_several }
    }

    fn take_ends(&self, off: Off, header: &ObjectHeader, ends: Off) {
        self.take(off, header, end_at(self.arena, ends, End::Back));
        self.point();
        self.take(off, header, end_at(self.arena, ends, End::Front));
    }

    /// The reverse of [`Ctx::take_ends`].
    fn give_ends_back(&self, header: &ObjectHeader, ends: Off) {
        self.give_back(header, end_at(self.arena, ends, End::Front));
        self.give_back(header, end_at(self.arena, ends, End::Back));
    }

    /// Takes one end of an object that has such, by the word of its lock.
    pub(super) fn lock_end<'a>(&'a self, off: Off, word: &'a AtomicU32) -> EndLocked<'a> {
        let header: &ObjectHeader = self.arena.at(off);
        self.note_hold(off);
        self.take(off, header, word);
        self.point();
        EndLocked { ctx: self, off, header, word }
    }

    /// Whoever dies does so between two instructions: what matters is which comes first, and nobody looks before.
    fn note_hold(&self, off: Off) {
        let hold = if self.slot.holding[0].load(Relaxed) == 0 { 0 } else { 1 };
        self.slot.holding[hold].store(off.0, Relaxed);
        compiler_fence(SeqCst);
    }

    /// The reverse of [`Ctx::note_hold`]: last, so that whoever dies before it has woken the next is known to have had
    /// it in hand.
    fn forget_hold(&self, off: Off) {
        let holding = &self.slot.holding;
        let hold = if holding[1].load(Relaxed) == off.0 { 1 } else { 0 };
        compiler_fence(SeqCst);
        holding[hold].store(0, Relaxed);
        self.point();
    }

    fn take(&self, off: Off, header: &ObjectHeader, word: &AtomicU32) {
        if word.compare_exchange(0, self.me + 1, Acquire, Relaxed).is_err() {
            self.take_slowly(off, header, word);
        }
    }

    #[cold]
    fn take_slowly(&self, off: Off, header: &ObjectHeader, word: &AtomicU32) {
        let mine = self.me + 1;
        let private = header.private.load(Relaxed) != 0;
        // Longer and longer without a look: meanwhile whoever has it can use it several times, with all it guards in
        // its own cache.
        for round in 0..ROUNDS {
            for _ in 0..1 << round {
                std::hint::spin_loop();
            }
            if word.load(Relaxed) == 0 && word.compare_exchange(0, mine, Acquire, Relaxed).is_ok() {
                return;
            }
        }
        // From here on the word is taken with the sleeper's bit: there may be others asleep.
        loop {
            let held = word.load(Relaxed);
            if held == 0 {
                if word.compare_exchange(0, mine | SLEEPER, Acquire, Relaxed).is_ok() {
                    return;
                }
                continue;
            }
            if held & SLEEPER == 0 && word.compare_exchange(held, held | SLEEPER, Relaxed, Relaxed).is_err() {
                continue;
            }
            // The supervisor is the one that frees the locks of the dead, so it must not wait for one of them.
            let deadline = (self.me == SUPERVISOR).then(|| sys::now_ns() + PATIENCE_NS);
            if sys::futex_wait(word, held | SLEEPER, deadline, private) == sys::FutexWait::TimedOut {
                self.free_from_the_dead(off, word);
            }
        }
    }

    /// Frees a lock of an object if the actor that holds it is dead. For the supervisor.
    fn free_from_the_dead(&self, off: Off, word: &AtomicU32) {
        let Some(holder) = (word.load(SeqCst) & !SLEEPER).checked_sub(1) else { return };
        if super::actor::is_gone(self.arena, holder) {
            super::object::mend(self, off, holder);
        }
    }

    fn give_back(&self, header: &ObjectHeader, word: &AtomicU32) {
        self.point();
        let was = word.swap(0, Release);
        self.point();
        if was & SLEEPER != 0 {
            sys::futex_wake(word, 1, header.private.load(Relaxed) != 0);
        }
    }
}

impl EndLocked<'_> {
    /// Whether places in the order are kept.
    pub(super) fn is_recorded(&self) -> bool {
        self.ctx.arena.header().tracing.load(Relaxed) != 0
    }

    /// The next place in the object's own order, in a run that is recorded: nothing else needs it.
    pub(super) fn tick(&self) -> u64 {
        self.ctx.point();
        if self.is_recorded() { self.header.tick() } else { 0 }
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        match self.header.ends.load(Relaxed) {
            0 => self.ctx.give_back(self.header, &self.header.lock),
            ends => self.ctx.give_ends_back(self.header, Off(ends)),
        }
        if !self.one_of_several {
            self.ctx.forget_hold(self.off);
        }
        self.ctx.let_a_lock_go();
    }
}

impl Drop for EndLocked<'_> {
    fn drop(&mut self) {
        self.ctx.give_back(self.header, self.word);
        self.ctx.forget_hold(self.off);
    }
}
