//! The registers of a frame, as the loop reaches them.
//!
//! Answers for: that a register is found without a look at how many there are, where a frame is small. Never holds a
//! frame itself.

use crate::program::instr::Reg;
use crate::value::Value;

/// Frames with at most so many registers are small ones.
pub(super) const WINDOW: usize = 256;

/// The registers of one frame, from its first on.
pub(super) trait Registers {
    /// The most registers of a frame that is reached this way.
    const MOST: Reg;

    /// How many there must be from the first of a frame with so many on.
    fn extent(registers: u32) -> usize;

    /// Those of a frame, by its first and one past its last.
    fn of(all: &mut [Value], base: u32, end: u32) -> Option<&mut Self>;

    /// One of the frame's registers.
    fn at(&self, register: Reg) -> &Value;

    /// The same, to be changed.
    fn at_mut(&mut self, register: Reg) -> &mut Value;

    /// All that are reached.
    fn all(&self) -> &[Value];

    /// The same, to be changed.
    fn all_mut(&mut self) -> &mut [Value];

    /// Several in a row.
    #[inline(always)]
    fn row(&self, from: Reg, count: u16) -> &[Value] {
        self.all().get(from as usize..from as usize + count as usize).unwrap_or_default()
    }

    /// The same, to be changed.
    #[inline(always)]
    fn row_mut(&mut self, from: Reg, count: u16) -> &mut [Value] {
        self.all_mut().get_mut(from as usize..from as usize + count as usize).unwrap_or_default()
    }

    /// The first so many.
    #[inline(always)]
    fn first(&mut self, count: u16) -> &mut [Value] {
        self.row_mut(0, count)
    }

    /// Sees to it that those of a frame are there.
    #[inline(always)]
    fn make_room(all: &mut Vec<Value>, base: u32, end: u32) {
        let len = base as usize + Self::extent(end - base);
        if all.len() < len {
            all.resize(len, Value::None);
        }
    }
}

/// As many as the frame has.
impl Registers for [Value] {
    const MOST: Reg = Reg::MAX;

    fn extent(registers: u32) -> usize {
        registers as usize
    }

    fn of(all: &mut [Value], base: u32, end: u32) -> Option<&mut Self> {
        all.get_mut(base as usize..end as usize)
    }

    #[inline(always)]
    fn at(&self, register: Reg) -> &Value {
        &self[register as usize]
    }

    #[inline(always)]
    fn at_mut(&mut self, register: Reg) -> &mut Value {
        &mut self[register as usize]
    }

    fn all(&self) -> &[Value] {
        self
    }

    fn all_mut(&mut self) -> &mut [Value] {
        self
    }
}

/// Those of a small frame, and behind them some that are nobody's.
impl Registers for [Value; WINDOW] {
    const MOST: Reg = WINDOW as Reg;

    fn extent(_: u32) -> usize {
        WINDOW
    }

    fn of(all: &mut [Value], base: u32, _: u32) -> Option<&mut Self> {
        all.get_mut(base as usize..)?.first_chunk_mut()
    }

    #[inline(always)]
    fn at(&self, register: Reg) -> &Value {
        &self[register as usize % WINDOW]
    }

    #[inline(always)]
    fn at_mut(&mut self, register: Reg) -> &mut Value {
        &mut self[register as usize % WINDOW]
    }

    fn all(&self) -> &[Value] {
        self
    }

    fn all_mut(&mut self) -> &mut [Value] {
        self
    }
}
