//! What the limits are made of: memory that processes share, futexes, forks, a ring, a lock, a condition.
//!
//! Each is the shortest that is right, and no more: nobody is killed here, and nothing is recorded.
#![expect(unsafe_code, reason = "memory that processes share, and forks")]
#![expect(clippy::expect_used, reason = "what cannot be measured here ends the program")]

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};
use rustix::thread::futex;

/// Rounds of looking before anybody sleeps.
const SPINS: u32 = 100;
/// Items that a ring has room for.
pub(crate) const ROOM: usize = 1024;

/// Something in memory that is shared with all children; zeros at first. It stays until the process ends.
pub(crate) fn shared<T>() -> &'static T {
    let length = NonZeroUsize::new(size_of::<T>()).expect("something");
    let (protection, flags) = (ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, MapFlags::MAP_SHARED);
    // SAFETY: new memory, aligned to a page, which is never unmapped; all that is put there is atomics, for which zeros
    // are a value.
    unsafe { mmap_anonymous(None, length, protection, flags).expect("memory").cast::<T>().as_ref() }
}

/// Runs something in a child.
pub(crate) fn child(body: impl FnOnce()) -> Pid {
    // SAFETY: this process has one thread whenever it forks.
    match unsafe { fork() }.expect("a child") {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            body();
            // SAFETY: ends this process alone, without what its parent has registered.
            unsafe { nix::libc::_exit(0) }
        }
    }
}

/// Runs one body each in so many children, and waits for all of them.
pub(crate) fn children(count: usize, body: impl Fn(usize)) {
    let pids: Vec<Pid> = (0..count).map(|at| child(|| body(at))).collect();
    pids.into_iter().for_each(|pid| _ = waitpid(pid, None));
}

pub(crate) fn sleep_on(word: &AtomicU32, value: u32) {
    let _ = futex::wait(word, futex::Flags::empty(), value, None);
}

pub(crate) fn wake(word: &AtomicU32, count: u32) {
    let _ = futex::wake(word, futex::Flags::empty(), count);
}

/// Sleeps until a word has this value.
pub(crate) fn await_value(word: &AtomicU32, value: u32) {
    loop {
        let now = word.load(SeqCst);
        if now == value {
            return;
        }
        sleep_on(word, now);
    }
}

/// A word on which somebody may sleep until something comes true. Whoever makes it true takes the token, so that only
/// one of them makes the system call.
#[repr(C, align(64))]
pub(crate) struct Token(AtomicU32);

impl Token {
    pub(crate) fn await_it<T>(&self, mut attempt: impl FnMut() -> Option<T>) -> T {
        loop {
            for _ in 0..SPINS {
                if let Some(done) = attempt() {
                    return done;
                }
                std::hint::spin_loop();
            }
            self.0.store(1, SeqCst);
            if let Some(done) = attempt() {
                return done;
            }
            sleep_on(&self.0, 1);
        }
    }

    pub(crate) fn tell(&self) {
        if self.0.load(SeqCst) == 1 && self.0.swap(0, SeqCst) == 1 {
            wake(&self.0, u32::MAX >> 1);
        }
    }
}

#[repr(C, align(64))]
struct Place(AtomicU32);

#[repr(C)]
struct Cell {
    turn: AtomicU32,
    value: AtomicU32,
}

/// A bounded queue for several on both sides (Vyukov, Bounded MPMC queue, 2010).
#[repr(C)]
pub(crate) struct Ring {
    put: Place,
    got: Place,
    has_room: Token,
    has_items: Token,
    cells: [Cell; ROOM],
}

impl Ring {
    pub(crate) fn begin(&self) {
        self.cells.iter().zip(0..).for_each(|(cell, at)| cell.turn.store(at, SeqCst));
    }

    fn try_put(&self, value: u32) -> Option<()> {
        let mut at = self.put.0.load(Relaxed);
        loop {
            let cell = &self.cells[at as usize % ROOM];
            match cell.turn.load(Acquire).wrapping_sub(at) as i32 {
                0 => match self.put.0.compare_exchange_weak(at, at.wrapping_add(1), Relaxed, Relaxed) {
                    Ok(_) => {
                        cell.value.store(value, Relaxed);
                        cell.turn.store(at.wrapping_add(1), Release);
                        return Some(());
                    }
                    Err(now) => at = now,
                },
                ..0 => return None,
                _ => at = self.put.0.load(Relaxed),
            }
        }
    }

    fn try_get(&self) -> Option<u32> {
        let mut at = self.got.0.load(Relaxed);
        loop {
            let cell = &self.cells[at as usize % ROOM];
            match cell.turn.load(Acquire).wrapping_sub(at.wrapping_add(1)) as i32 {
                0 => match self.got.0.compare_exchange_weak(at, at.wrapping_add(1), Relaxed, Relaxed) {
                    Ok(_) => {
                        let value = cell.value.load(Relaxed);
                        cell.turn.store(at.wrapping_add(ROOM as u32), Release);
                        return Some(value);
                    }
                    Err(now) => at = now,
                },
                ..0 => return None,
                _ => at = self.got.0.load(Relaxed),
            }
        }
    }

    pub(crate) fn put(&self, value: u32) {
        self.has_room.await_it(|| self.try_put(value));
        self.has_items.tell();
    }

    pub(crate) fn get(&self) -> u32 {
        let value = self.has_items.await_it(|| self.try_get());
        self.has_room.tell();
        value
    }
}

/// A lock of three states (Drepper, Futexes are tricky, 2011, section 6).
#[repr(C, align(64))]
pub(crate) struct Lock(AtomicU32);

impl Lock {
    pub(crate) fn acquire(&self) {
        if self.0.compare_exchange(0, 1, Acquire, Relaxed).is_err() {
            while self.0.swap(2, Acquire) != 0 {
                sleep_on(&self.0, 2);
            }
        }
    }

    pub(crate) fn release(&self) {
        if self.0.swap(0, Release) == 2 {
            wake(&self.0, 1);
        }
    }
}

/// A condition: a number, which changes whenever somebody is told, beside the lock.
#[repr(C, align(64))]
pub(crate) struct Condition {
    pub(crate) lock: Lock,
    told: AtomicU32,
}

impl Condition {
    /// Lets go of the lock, sleeps until told, and takes it again. It may wake for nothing.
    pub(crate) fn wait(&self) {
        let told = self.told.load(Relaxed);
        self.lock.release();
        sleep_on(&self.told, told);
        self.lock.acquire();
    }

    /// Tells one. The lock is held.
    pub(crate) fn notify(&self) {
        self.told.fetch_add(1, Relaxed);
        wake(&self.told, 1);
    }
}
