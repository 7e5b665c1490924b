//! The system calls that `nix` and `rustix` lack or that need `unsafe`.
//!
//! Answers for: one small safe function each. Never decides when to call one.
#![expect(unsafe_code, reason = "system calls without a safe wrapper elsewhere")]

use std::ffi::CString;
use std::os::fd::RawFd;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;

use rustix::thread::futex;

/// Nanoseconds of CLOCK_MONOTONIC.
pub(super) fn now_ns() -> u64 {
    // By the system's library, which knows where the kernel has put the clock, in a program that is linked with it too;
    // a clock that every Linux has is never refused.
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC);
    time.map_or(0, |time| time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64)
}

/// What a futex wait came to. Anything but `TimedOut` means: look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FutexWait {
    Look,
    TimedOut,
}

fn flags(private: bool) -> futex::Flags {
    if private { futex::Flags::PRIVATE } else { futex::Flags::empty() }
}

/// Sleeps while the word has the value, until the deadline (CLOCK_MONOTONIC, nanoseconds).
pub(super) fn futex_wait(word: &AtomicU32, value: u32, deadline: Option<u64>, private: bool) -> FutexWait {
    let deadline = deadline
        .map(|ns| futex::Timespec { tv_sec: (ns / 1_000_000_000) as i64, tv_nsec: (ns % 1_000_000_000) as i64 });
    let everyone = std::num::NonZeroU32::MAX;
    match futex::wait_bitset(word, flags(private), value, deadline.as_ref(), everyone) {
        Err(rustix::io::Errno::TIMEDOUT) => FutexWait::TimedOut,
        _ => FutexWait::Look,
    }
}

/// Wakes up to `count` sleepers.
pub(super) fn futex_wake(word: &AtomicU32, count: u32, private: bool) {
    // It can only fail for a word that is not mapped, and this one is.
    let _ = futex::wake(word, flags(private), count);
}

/// How many processors this process may be put on, whatever part of their time it may have.
pub(super) fn processors() -> i64 {
    let Ok(set) = nix::sched::sched_getaffinity(nix::unistd::Pid::from_raw(0)) else { return 1 };
    (0..nix::sched::CpuSet::count()).filter(|cpu| set.is_set(*cpu).unwrap_or(false)).count() as i64
}

/// Which side of a fork one is on.
pub(super) enum Fork {
    Child,
    Parent(u32),
}

/// Forks. The caller must have no other thread.
pub(super) fn fork() -> nix::Result<Fork> {
    // SAFETY: the process has one thread (the caller's duty), so the child may do whatever the parent could.
    match unsafe { nix::unistd::fork()? } {
        nix::unistd::ForkResult::Child => Ok(Fork::Child),
        nix::unistd::ForkResult::Parent { child } => Ok(Fork::Parent(child.as_raw() as u32)),
    }
}

/// Ends the process at once: no destructors, no flushing, no handlers.
pub(super) fn exit_now(code: i32) -> ! {
    // SAFETY: _exit has no preconditions.
    unsafe { libc::_exit(code) }
}

/// The kernel's id of the calling thread.
pub(super) fn tid() -> u32 {
    rustix::thread::gettid().as_raw_nonzero().get() as u32
}

/// Names the calling thread; the kernel keeps fifteen bytes.
pub(super) fn name_thread(name: &str) {
    let mut short = String::new();
    for char in name.chars() {
        if short.len() + char.len_utf8() > 15 {
            break;
        }
        short.push(char);
    }
    if let Ok(name) = CString::new(short) {
        let _ = nix::sys::prctl::set_name(&name);
    }
}

/// Overwrites the command line that `ps` shows. Only as long as the one the process was started with.
pub(super) fn title_process(title: &str) {
    // Where it is in this process it is in its forks.
    static PLACE: OnceLock<Option<(usize, usize)>> = OnceLock::new();
    let Some((start, end)) = *PLACE.get_or_init(command_line_memory) else { return };
    let room = end - start;
    if room < 2 {
        return;
    }
    let bytes = title.as_bytes();
    let len = bytes.len().min(room - 1);
    // SAFETY: the kernel says that the command line of this process lies there; it is writable memory of the stack, and
    // nothing in this process refers to it (Rust's `args` copies at each call, and conc makes none after this).
    unsafe {
        std::ptr::write_bytes(start as *mut u8, 0, room);
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), start as *mut u8, len);
    }
}

/// Where the command line of this process lies: fields 48 and 49 of its `stat`.
fn command_line_memory() -> Option<(usize, usize)> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(45);
    let start = fields.next()?.parse().ok()?;
    let end = fields.next()?.parse().ok()?;
    (start < end && end - start < 1 << 20).then_some((start, end))
}

/// Makes the kernel send SIGKILL to this process when the last writer of the pipe behind `read_end` is gone.
///
/// The pipe is opened anew: owner and signal belong to the open file, which a fork would share.
pub(super) fn die_with_writer(read_end: RawFd) {
    let Ok(path) = CString::new(format!("/proc/self/fd/{read_end}")) else { return };
    // SAFETY: plain system calls on a descriptor that is opened here and stays open for the life of the process.
    unsafe {
        let fd = libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_NONBLOCK | libc::O_CLOEXEC);
        if fd < 0 {
            return;
        }
        libc::fcntl(fd, libc::F_SETOWN, libc::getpid());
        libc::fcntl(fd, F_SETSIG, libc::SIGKILL);
        libc::fcntl(fd, libc::F_SETFL, libc::O_RDONLY | libc::O_NONBLOCK | libc::O_ASYNC);
        // Of what happened before, nobody is told.
        let mut look = libc::pollfd { fd, events: 0, revents: 0 };
        if libc::poll(&mut look, 1, 0) == 1 && look.revents & libc::POLLHUP != 0 {
            libc::_exit(ORPHANED);
        }
    }
}

/// Exit code of a process whose supervisor was gone before it began; nobody sees it.
const ORPHANED: i32 = 137;

/// Linux's F_SETSIG, which libc does not name on every target.
const F_SETSIG: i32 = 10;

/// Lets a descriptor survive an exec. Safe to call between fork and exec.
pub(super) fn keep_over_exec(fd: RawFd) -> std::io::Result<()> {
    // SAFETY: fcntl on a number; a bad number is an error, nothing else.
    if unsafe { libc::fcntl(fd, libc::F_SETFD, 0) } < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) }
}

/// Starts a command whose child keeps these descriptors; gives its pid.
pub(super) fn spawn_keeping(command: &mut std::process::Command, fds: Vec<RawFd>) -> std::io::Result<u32> {
    keep_in_child(command, fds);
    command.spawn().map(|child| child.id())
}

fn keep_in_child(command: &mut std::process::Command, fds: Vec<RawFd>) {
    use std::os::unix::process::CommandExt;
    // SAFETY: between fork and exec only `fcntl` runs, which is safe with threads.
    unsafe {
        command.pre_exec(move || {
            for fd in &fds {
                keep_over_exec(*fd)?;
            }
            Ok(())
        });
    }
}

/// Takes over a descriptor by its number, which must be open and nobody else's.
pub(super) fn own(fd: RawFd) -> std::os::fd::OwnedFd {
    use std::os::fd::FromRawFd;
    // SAFETY: the number was handed over by the process that started this one, for this use alone.
    unsafe { std::os::fd::OwnedFd::from_raw_fd(fd) }
}

/// Writes all bytes to a descriptor; false when it is gone.
pub(super) fn write_all(fd: RawFd, mut bytes: &[u8]) -> bool {
    // SAFETY: the descriptor is one of the standard ones or lives as long as the process.
    let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
    while !bytes.is_empty() {
        match rustix::io::write(fd, bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => {
                let mut poll = [rustix::event::PollFd::new(&fd, rustix::event::PollFlags::OUT)];
                let _ = rustix::event::poll(&mut poll, None);
            }
            Err(_) => return false,
        }
    }
    true
}

/// Adds one to an eventfd.
pub(super) fn eventfd_add(fd: RawFd) {
    write_all(fd, &1u64.to_ne_bytes());
}

/// Sets a signal back to its default and lets it through.
pub(super) fn default_signals() {
    use nix::sys::signal::{SigHandler, SigSet, Signal, signal};
    for which in [Signal::SIGPIPE, Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT, Signal::SIGCHLD] {
        // SAFETY: the default action runs no code of ours.
        let _ = unsafe { signal(which, SigHandler::SigDfl) };
    }
    let _ = SigSet::empty().thread_set_mask();
}

/// Ignores SIGPIPE, so that a lost standard output is an error of `write` and not a death.
pub(super) fn ignore_sigpipe() {
    use nix::sys::signal::{SigHandler, Signal, signal};
    // SAFETY: ignoring a signal runs no code of ours.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigIgn) };
}

/// Closes every descriptor but these.
pub(super) fn close_all_but(keep: &[RawFd]) {
    let mut keep: Vec<u32> = keep.iter().filter_map(|fd| u32::try_from(*fd).ok()).collect();
    keep.sort_unstable();
    let mut from = 0;
    for fd in keep.into_iter().chain([u32::MAX]) {
        if fd > from {
            let last = if fd == u32::MAX { u32::MAX } else { fd - 1 };
            // SAFETY: this runs at the very start of a child, which goes on to use only the descriptors that are kept;
            // owners that the fork copied are never dropped, since the child ends with `_exit`.
            unsafe { libc::syscall(libc::SYS_close_range, from, last, 0) };
        }
        from = fd.saturating_add(1);
    }
}

/// Runs a command to its end; its child keeps these descriptors.
pub(super) fn run_keeping(
    command: &mut std::process::Command,
    fds: Vec<RawFd>,
) -> std::io::Result<std::process::ExitStatus> {
    keep_in_child(command, fds);
    command.status()
}

/// Lets a descriptor go at the next exec.
pub(super) fn close_over_exec(fd: &std::os::fd::OwnedFd) {
    let flags = nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC);
    let _ = nix::fcntl::fcntl(fd, flags);
}

/// Takes a variable out of the environment, so that no descendant sees it.
pub(super) fn forget_variable(name: &str) {
    // SAFETY: called before `main`, in the one thread of the process.
    unsafe { std::env::remove_var(name) };
}

/// Has SIGTERM sent to this process when the thread that started it is gone.
pub(super) fn die_with_parent() {
    let _ = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGTERM);
}

/// A field of a `stat` file, counted from the one behind the name.
pub(super) fn stat_field(path: &str, index: usize) -> Option<String> {
    let stat = std::fs::read_to_string(path).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(index).map(str::to_owned)
}

/// Whether a process runs no more, reaped or not.
pub(super) fn is_gone(pid: u32) -> bool {
    stat_field(&format!("/proc/{pid}/stat"), 0).is_none_or(|state| state == "Z" || state == "X")
}
