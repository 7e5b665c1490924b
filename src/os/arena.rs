//! The shared arena: one sealed memfd that every process of a run maps.
//!
//! Answers for: turning offsets into references and copying bytes in and out. Never decides what lies where (see
//! `layout`), and never hands out a plain reference to memory that another process may write: all shared fields are
//! atomics.
#![expect(unsafe_code, reason = "the one place where shared memory is mapped and offsets become references")]

use std::num::NonZeroUsize;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::AtomicU32;

use nix::fcntl::{FallocateFlags, FcntlArg, SealFlag, fallocate, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, ProtFlags, mmap};

/// Bytes of address space that an arena takes; memory is used only where it is touched.
pub(super) const ARENA_BYTES: usize = 4 << 30;
/// Every block starts at a multiple of this.
pub(super) const UNIT: usize = 16;

/// A place in the arena, in units of sixteen bytes. Zero is nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Off(pub(super) u32);

impl Off {
    pub(super) const NULL: Off = Off(0);

    pub(super) fn is_null(self) -> bool {
        self.0 == 0
    }

    /// The place of a byte position, which must be a multiple of [`UNIT`].
    pub(super) const fn from_bytes(bytes: usize) -> Off {
        Off((bytes / UNIT) as u32)
    }

    pub(super) fn bytes(self) -> usize {
        self.0 as usize * UNIT
    }
}

/// Types that may lie in shared memory: every bit pattern is valid, and every field that changes is an atomic.
///
/// # Safety
/// The type must be `repr(C)`, at most sixteen-byte aligned, valid for any bytes (zeroes included), and its fields must
/// be atomics, arrays of atomics, or such structs.
pub(super) unsafe trait Shared {}

// SAFETY: an atomic integer is valid for any bytes.
unsafe impl Shared for AtomicU32 {}

/// A mapped arena. The mapping lives as long as the process.
#[derive(Clone, Copy)]
pub(super) struct Arena {
    base: *const u8,
    fd: RawFd,
}

// SAFETY: the pointer is to a mapping that is never unmapped, and all access goes through atomics or through blocks
// that the protocol gives to one actor at a time.
unsafe impl Send for Arena {}
// SAFETY: as above.
unsafe impl Sync for Arena {}

impl Arena {
    /// Makes a new, zeroed arena.
    pub(super) fn create() -> nix::Result<Arena> {
        let fd = memfd_create(c"conc-arena", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)?;
        nix::unistd::ftruncate(&fd, ARENA_BYTES as i64)?;
        let seals = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL;
        fcntl(&fd, FcntlArg::F_ADD_SEALS(seals))?;
        Arena::map(fd)
    }

    /// Maps the arena behind a descriptor that was inherited across an exec.
    pub(super) fn attach(fd: RawFd) -> nix::Result<Arena> {
        // SAFETY: the descriptor's number was handed over by the process that started this one and nobody else owns it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        let stat = nix::sys::stat::fstat(&fd)?;
        if stat.st_size as usize != ARENA_BYTES {
            return Err(nix::Error::EINVAL);
        }
        Arena::map(fd)
    }

    fn map(fd: OwnedFd) -> nix::Result<Arena> {
        let length = NonZeroUsize::new(ARENA_BYTES).ok_or(nix::Error::EINVAL)?;
        let flags = MapFlags::MAP_SHARED | MapFlags::MAP_NORESERVE;
        // SAFETY: a fresh mapping at an address of the kernel's choice; the file cannot shrink under it (sealed).
        let base = unsafe { mmap(None, length, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, flags, fd.as_fd(), 0)? };
        let arena = Arena { base: base.as_ptr() as *const u8, fd: fd.as_raw_fd() };
        // The descriptor stays open for the life of the process: children that start by exec inherit it.
        std::mem::forget(fd);
        Ok(arena)
    }

    /// The descriptor of the memfd.
    pub(super) fn fd(&self) -> RawFd {
        self.fd
    }

    /// What it takes of the system's memory.
    pub(super) fn file_bytes(&self) -> u64 {
        // SAFETY: the descriptor is open for the life of the process (see `map`).
        super::memory::file_bytes(unsafe { BorrowedFd::borrow_raw(self.fd) })
    }

    /// What lies at a place.
    ///
    /// # Panics
    /// When the place is outside the arena, which only a bug of conc can bring about.
    #[inline]
    pub(super) fn at<T: Shared>(&self, off: Off) -> &'static T {
        let start = off.bytes();
        assert!(start + size_of::<T>() <= ARENA_BYTES, "arena offset out of range");
        // SAFETY: in range (checked), aligned to 16, valid for any bytes and made of atomics (`Shared`), never
        // unmapped.
        unsafe { &*(self.base.add(start) as *const T) }
    }

    /// Has what lies there brought near, to be read soon. Only a hint.
    pub(super) fn prefetch(&self, off: Off) {
        debug_assert!(off.bytes() < ARENA_BYTES, "arena offset out of range");
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a hint, which neither reads nor faults, whatever the address.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>(self.base.wrapping_add(off.bytes()).cast());
        }
    }

    /// The same, to be written to soon.
    pub(super) fn prefetch_to_write(&self, off: Off) {
        debug_assert!(off.bytes() < ARENA_BYTES, "arena offset out of range");
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as in `prefetch`.
        unsafe {
            use std::arch::x86_64::{_MM_HINT_ET0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_ET0>(self.base.wrapping_add(off.bytes()).cast());
        }
    }

    /// Copies bytes in. The block must be the caller's alone until it is handed over.
    pub(super) fn write(&self, off: Off, skip: usize, bytes: &[u8]) {
        let start = off.bytes() + skip;
        assert!(start + bytes.len() <= ARENA_BYTES, "arena offset out of range");
        // SAFETY: in range; the block belongs to the caller (allocator), so nobody reads or writes it meanwhile.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.base.add(start) as *mut u8, bytes.len()) };
    }

    /// Copies bytes out. The block must have been handed over to the caller, or be under a lock that the caller holds.
    pub(super) fn read(&self, off: Off, skip: usize, len: usize) -> Vec<u8> {
        let start = off.bytes() + skip;
        assert!(start + len <= ARENA_BYTES, "arena offset out of range");
        let mut bytes = vec![0; len];
        // SAFETY: in range; the protocol gives the block to the caller while it reads.
        unsafe { std::ptr::copy_nonoverlapping(self.base.add(start), bytes.as_mut_ptr(), len) };
        bytes
    }

    /// The same, behind what is in `bytes`.
    pub(super) fn append(&self, off: Off, skip: usize, len: usize, bytes: &mut Vec<u8>) {
        let start = off.bytes() + skip;
        assert!(start + len <= ARENA_BYTES, "arena offset out of range");
        bytes.reserve(len);
        // SAFETY: in range, as in `read`; there is room for as many behind those that the vector has.
        unsafe {
            std::ptr::copy_nonoverlapping(self.base.add(start), bytes.as_mut_ptr().add(bytes.len()), len);
            bytes.set_len(bytes.len() + len);
        }
    }

    /// The same for as long as `use_them` takes, without memory of its own where there are few.
    pub(super) fn read_with<T>(&self, off: Off, skip: usize, len: usize, use_them: impl FnOnce(&[u8]) -> T) -> T {
        const FEW: usize = 64;
        if len > FEW {
            return use_them(&self.read(off, skip, len));
        }
        let start = off.bytes() + skip;
        assert!(start + len <= ARENA_BYTES, "arena offset out of range");
        let mut bytes = [0; FEW];
        // SAFETY: as in `read`, and no more than there is room for.
        unsafe { std::ptr::copy_nonoverlapping(self.base.add(start), bytes.as_mut_ptr(), len) };
        use_them(&bytes[..len])
    }

    /// Writes bytes of a block to a descriptor, as `write(2)` does. The block may have been given back meanwhile, where
    /// nobody minds what is written.
    pub(super) fn write_out(&self, fd: BorrowedFd<'_>, off: Off, skip: usize, len: usize) -> nix::Result<usize> {
        let start = off.bytes() + skip;
        assert!(start + len <= ARENA_BYTES, "arena offset out of range");
        // SAFETY: in range, and never unmapped; it is the kernel that reads.
        let written = unsafe { libc::write(fd.as_raw_fd(), self.base.add(start).cast(), len) };
        nix::errno::Errno::result(written).map(|written| written as usize)
    }

    /// Gives all memory back to the kernel; the contents are zero afterwards. For the supervisor, at the end of a run.
    pub(super) fn discard(&self) {
        // SAFETY: the descriptor is open for the life of the process (see `map`).
        let fd = unsafe { BorrowedFd::borrow_raw(self.fd) };
        let flags = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
        // Nothing depends on it: the memory goes with the last process that maps it anyway.
        let _ = fallocate(fd, flags, 0, ARENA_BYTES as i64);
    }
}
