//! Frames in kernel pipes: what the kernel is asked for, how its pipe is written and whether it is ready.
//!
//! Answers for: the kernel's side. Never knows whose turn it is (see `pipe`).

use nix::errno::Errno;
use rustix::fd::BorrowedFd;

use crate::os::arena::{Arena, Off};

/// What is asked of the kernel: small frames waste up to half of its pages, and what was admitted should find room.
pub(super) const KERNEL_BYTES: i32 = 256 << 10;

/// Asks the kernel for as much room as keeps those from waiting who were admitted. Refused, they wait.
pub(in crate::os) fn widen(pipe: &std::os::fd::OwnedFd) {
    let _ = nix::fcntl::fcntl(pipe, nix::fcntl::FcntlArg::F_SETPIPE_SZ(KERNEL_BYTES));
}

/// What came of a write or a read that does not wait.
pub(super) enum Moved {
    Bytes(usize),
    /// There is no room, or nothing to read.
    Nothing,
    /// The kernel does not do it.
    Refused,
}

/// Writes bytes of a block, as many as there is room for.
pub(super) fn write(fd: BorrowedFd<'_>, arena: Arena, block: Off, skip: usize, len: usize) -> Moved {
    loop {
        return match arena.write_out(fd, block, skip, len) {
            Ok(count) => Moved::Bytes(count),
            Err(Errno::EINTR) => continue,
            Err(Errno::EAGAIN) => Moved::Nothing,
            Err(_) => Moved::Refused,
        };
    }
}

/// Reads bytes, as many as there are.
pub(super) fn read(fd: BorrowedFd<'_>, bytes: &mut [u8]) -> Moved {
    loop {
        return match rustix::io::read(fd, &mut *bytes) {
            Ok(0) => Moved::Refused,
            Ok(count) => Moved::Bytes(count),
            Err(rustix::io::Errno::INTR) => continue,
            Err(rustix::io::Errno::AGAIN) => Moved::Nothing,
            Err(_) => Moved::Refused,
        };
    }
}

pub(super) fn has_room(fd: BorrowedFd<'_>) -> bool {
    is_ready(fd, rustix::event::PollFlags::OUT)
}

pub(super) fn has_bytes(fd: BorrowedFd<'_>) -> bool {
    is_ready(fd, rustix::event::PollFlags::IN)
}

fn is_ready(fd: BorrowedFd<'_>, what: rustix::event::PollFlags) -> bool {
    let mut poll = [rustix::event::PollFd::new(&fd, what)];
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    matches!(rustix::event::poll(&mut poll, Some(&now)), Ok(count) if count > 0)
}
