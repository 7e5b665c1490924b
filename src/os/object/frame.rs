//! Frames in kernel pipes: a message as bytes, and the pipe's own reading, writing and room.
//!
//! Answers for: what the kernel is asked. Never knows whose turn it is (see `pipe`).

use rustix::fd::BorrowedFd;
use rustix::io::Errno;

use super::Result;
use super::pipe::broken;
use crate::os::values;
use crate::program::fault;
use crate::value::Value;

pub(super) const FRAME_HEADER: usize = 12;
/// Longest message.
pub(super) const MESSAGE_BYTES_MAX: usize = 1 << 28;
/// What is asked of the kernel: small frames waste up to half of its pages, and what was admitted should find room.
pub(super) const KERNEL_BYTES: i32 = 256 << 10;

/// Asks the kernel for as much room as keeps those from waiting who were admitted. Refused, they wait.
pub(in crate::os) fn widen(pipe: &std::os::fd::OwnedFd) {
    let _ = nix::fcntl::fcntl(pipe, nix::fcntl::FcntlArg::F_SETPIPE_SZ(KERNEL_BYTES));
}

/// How many bytes wait in the kernel.
pub(super) fn bytes_in(fd: BorrowedFd<'_>) -> u64 {
    rustix::io::ioctl_fionread(fd).unwrap_or(0)
}

/// Throws bytes away that nobody can make sense of.
pub(super) fn drain(fd: BorrowedFd<'_>, mut bytes: u64) {
    let mut rest = [0; 4096];
    while bytes > 0 {
        let wanted = rest.len().min(bytes as usize);
        match rustix::io::read(fd, &mut rest[..wanted]) {
            Ok(count) if count > 0 => bytes -= count as u64,
            Err(Errno::INTR) => {}
            _ => return,
        }
    }
}

pub(super) fn frame(value: &Value, place: u64) -> Result<Vec<u8>> {
    let body = values::encode(value)?;
    if body.len() > MESSAGE_BYTES_MAX {
        return Err(fault::long_message().into());
    }
    let mut frame = Vec::with_capacity(FRAME_HEADER + body.len());
    frame.extend((body.len() as u32).to_ne_bytes());
    frame.extend(place.to_ne_bytes());
    frame.extend(body);
    Ok(frame)
}

/// How many bytes the pipe took; none where it is full.
pub(super) fn try_write(fd: BorrowedFd<'_>, bytes: &[u8]) -> Result<Option<usize>> {
    loop {
        return match rustix::io::write(fd, bytes) {
            Ok(count) => Ok(Some(count)),
            Err(Errno::INTR) => continue,
            Err(Errno::AGAIN) => Ok(None),
            Err(_) => Err(broken()),
        };
    }
}

pub(super) fn has_room(fd: BorrowedFd<'_>) -> bool {
    ready(fd, rustix::event::PollFlags::OUT)
}

pub(super) fn ready(fd: BorrowedFd<'_>, what: rustix::event::PollFlags) -> bool {
    let mut poll = [rustix::event::PollFd::new(&fd, what)];
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    matches!(rustix::event::poll(&mut poll, Some(&now)), Ok(count) if count > 0)
}
