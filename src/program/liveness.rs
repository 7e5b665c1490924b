//! Which registers of a body are read again.
//!
//! Backwards over its instructions, to a fixed point (Aho, Lam, Sethi and Ullman, Compilers, 2nd edition, section
//! 9.2.5).
//!
//! Answers for: that a register that may be read again, on any way, is live. Never changes code.

use super::instr::{CallSpec, Instr, Piece, Reg};
use super::{Code, Program};

/// Bodies for which more words than this would be needed are not looked at: all their registers are live.
const WORDS_MAX: usize = 1 << 20;

/// The live registers at each instruction of a body, before it is run or while it waits for what it has asked for.
#[derive(Debug)]
pub struct Liveness {
    words: usize,
    /// By instruction: a bit for each register; empty where all are live.
    live: Vec<u64>,
}

/// What an instruction reads and writes.
#[derive(Default)]
pub(super) struct Access {
    pub(super) reads: [Option<Reg>; 3],
    /// The first of several registers that it reads in a row, and how many.
    pub(super) row: (Reg, usize),
    /// It is written for sure before anything else is run, unless the instruction fails.
    pub(super) writes: Option<Reg>,
    /// The same of several registers in a row.
    pub(super) fills: (Reg, usize),
}

impl Liveness {
    /// That of a body.
    pub fn of(code: &Code, program: &Program) -> Liveness {
        let words = usize::from(code.registers).div_ceil(64);
        let count = code.instrs.len();
        if words * count > WORDS_MAX {
            return Liveness { words, live: Vec::new() };
        }
        let mut found = Liveness { words, live: vec![0; words * count] };
        let mut changed = true;
        let mut live = vec![0u64; words];
        while std::mem::take(&mut changed) {
            for (pc, instr) in code.instrs.iter().enumerate().rev() {
                live.fill(0);
                let access = access(*instr, code, program);
                let (next, target) = successors(*instr);
                if next {
                    found.add_to(&mut live, pc + 1, None);
                }
                // A turn of a loop writes what it gives, its end does not.
                if !matches!(instr, Instr::IterNext { .. }) {
                    access.writes.into_iter().for_each(|written| remove(&mut live, written));
                }
                let (from, length) = access.fills;
                (0..length).for_each(|at| remove(&mut live, from.saturating_add(at as Reg)));
                if let Some(target) = target {
                    found.add_to(&mut live, usize::from(target), access.writes);
                }
                for handler in &code.handlers {
                    if (usize::from(handler.start)..usize::from(handler.end)).contains(&pc) {
                        found.add_to(&mut live, usize::from(handler.target), Some(handler.error));
                    }
                }
                access.reads.iter().flatten().for_each(|read| add(&mut live, *read));
                let (from, length) = access.row;
                (0..length).for_each(|at| add(&mut live, from.saturating_add(at as Reg)));
                let known = &mut found.live[pc * words..(pc + 1) * words];
                if known != live {
                    known.copy_from_slice(&live);
                    changed = true;
                }
            }
        }
        found
    }

    /// Whether a register may be read again by who stands at an instruction.
    #[inline]
    pub fn is_live(&self, pc: u32, register: usize) -> bool {
        let word = self.live.get(pc as usize * self.words + register / 64);
        word.is_none_or(|word| word >> (register % 64) & 1 == 1)
    }

    /// Adds what is live elsewhere, but for one register.
    fn add_to(&self, live: &mut [u64], pc: usize, but: Option<Reg>) {
        let Some(there) = self.live.get(pc * self.words..(pc + 1) * self.words) else { return };
        for (at, (word, more)) in live.iter_mut().zip(there).enumerate() {
            let but = but.filter(|but| usize::from(*but) / 64 == at).map_or(0, |but| 1u64 << (but % 64));
            *word |= more & !but;
        }
    }
}

fn add(live: &mut [u64], register: Reg) {
    if let Some(word) = live.get_mut(usize::from(register) / 64) {
        *word |= 1 << (register % 64);
    }
}

fn remove(live: &mut [u64], register: Reg) {
    if let Some(word) = live.get_mut(usize::from(register) / 64) {
        *word &= !(1 << (register % 64));
    }
}

/// Whether the next instruction may follow, and another that may.
pub(super) fn successors(instr: Instr) -> (bool, Option<u16>) {
    match instr {
        Instr::Jump { target } => (false, Some(target)),
        Instr::JumpIf { target, .. }
        | Instr::JumpIfNot { target, .. }
        | Instr::Branch { target, .. }
        | Instr::BranchInt { target, .. }
        | Instr::JumpNotKind { target, .. }
        | Instr::JumpIfExit { target, .. }
        | Instr::IterNext { target, .. } => (true, Some(target)),
        Instr::Return { .. } | Instr::ReturnNone | Instr::Raise { .. } | Instr::Reraise { .. } | Instr::Exit { .. } => {
            (false, None)
        }
        _ => (true, None),
    }
}

/// What an instruction reads and writes.
pub(super) fn access(instr: Instr, code: &Code, program: &Program) -> Access {
    let reads = |reads: &[Reg], writes: Option<Reg>| {
        let mut all = [None; 3];
        all.iter_mut().zip(reads).for_each(|(slot, read)| *slot = Some(*read));
        Access { reads: all, writes, ..Access::default() }
    };
    let row = |base: Reg, count: usize, writes: Option<Reg>| Access { row: (base, count), writes, ..Access::default() };
    let spec = |call: u16| code.calls.get(usize::from(call));
    let values = |spec: u16| {
        let pieces = code.texts.get(usize::from(spec)).into_iter().flatten();
        pieces.filter(|piece| **piece == Piece::Value).count()
    };
    let arguments =
        |call: u16| spec(call).map_or(0, |spec: &CallSpec| usize::from(spec.path) + usize::from(spec.count));
    match instr {
        Instr::Move { dst, src }
        | Instr::Take { dst, src }
        | Instr::Field { dst, src, .. }
        | Instr::Len { dst, src }
        | Instr::Flatten { dst, src }
        | Instr::Caught { dst, src }
        | Instr::Negate { dst, a: src }
        | Instr::Not { dst, a: src }
        | Instr::AddInt { dst, a: src, .. }
        | Instr::SubInt { dst, a: src, .. }
        | Instr::MulInt { dst, a: src, .. }
        | Instr::FloorDivInt { dst, a: src, .. }
        | Instr::RemInt { dst, a: src, .. } => reads(&[src], Some(dst)),
        Instr::None { dst }
        | Instr::Bool { dst, .. }
        | Instr::Int { dst, .. }
        | Instr::Literal { dst, .. }
        | Instr::Const { dst, .. }
        | Instr::Global { dst, .. }
        | Instr::Private { dst, .. }
        | Instr::Replicas { dst, .. } => reads(&[], Some(dst)),
        Instr::Add { dst, a, b }
        | Instr::Sub { dst, a, b }
        | Instr::Mul { dst, a, b }
        | Instr::Binary { dst, a, b, .. }
        | Instr::Repeat { dst, item: a, times: b }
        | Instr::Range { dst, low: a, high: b, .. }
        | Instr::Index { dst, value: a, index: b }
        | Instr::Push { dst, list: a, src: b } => reads(&[a, b], Some(dst)),
        Instr::StorePrivate { src, .. }
        | Instr::CheckBool { src }
        | Instr::JumpIf { src, .. }
        | Instr::JumpIfNot { src, .. }
        | Instr::JumpNotKind { src, .. }
        | Instr::JumpIfExit { src, .. }
        | Instr::Return { src }
        | Instr::Reraise { src }
        | Instr::Exit { src }
        | Instr::WithEnter { src, .. }
        | Instr::WithLeave { src, .. }
        | Instr::Raise { message: src, .. }
        | Instr::BranchInt { a: src, .. } => reads(&[src], None),
        Instr::Branch { a, b, .. } | Instr::Append { list: a, src: b } | Instr::Include { set: a, src: b } => {
            reads(&[a, b], None)
        }
        Instr::Unpack { src, base, count } => Access { fills: (base, usize::from(count)), ..reads(&[src], None) },
        Instr::IterStart { base, src } => Access { fills: (base, 2), ..reads(&[src], None) },
        Instr::SetIndex { root, index, src } => reads(&[root, index, src], None),
        Instr::Jump { .. } | Instr::ReturnNone => Access::default(),
        Instr::List { dst, base, count } | Instr::Set { dst, base, count } => row(base, usize::from(count), Some(dst)),
        Instr::Text { dst, base, spec } => row(base, values(spec), Some(dst)),
        Instr::AppendText { dst, base, spec } => Access { row: (base, values(spec)), ..reads(&[dst], Some(dst)) },
        Instr::Map { dst, base, count } => row(base, 2 * usize::from(count), Some(dst)),
        Instr::Slice { dst, base, .. } => row(base, 3, Some(dst)),
        Instr::Enter { map, base } => Access { row: (base, 2), ..reads(&[map], None) },
        Instr::GetPath { count, dst, root, base } => {
            Access { row: (base, usize::from(count)), ..reads(&[root], Some(dst)) }
        }
        Instr::SetPath { count, root, base } => Access { row: (base, usize::from(count) + 1), ..reads(&[root], None) },
        Instr::IterNext { dst, base, .. } => row(base, 2, Some(dst)),
        Instr::Builtin { dst, base, call, .. } => row(base, arguments(call), Some(dst)),
        Instr::CallTask { dst, base, task } => {
            let task = program.tasks.get(usize::from(task));
            row(base, task.map_or(0, |task| task.params.len()), Some(dst))
        }
        Instr::CallValue { dst, base, call } | Instr::Method { dst, base, call } => {
            row(base, 1 + arguments(call), Some(dst))
        }
        Instr::CallList { dst, base, task } => Access { row: (base, 1), ..reads(&[task], Some(dst)) },
        Instr::MethodOn { dst, base, call } => {
            let root = spec(call).map_or(base, |spec| spec.root);
            Access { row: (base, 1 + arguments(call)), ..reads(&[root], Some(dst)) }
        }
        Instr::Op { dst, base, count, .. } => row(base, usize::from(count), Some(dst)),
        Instr::OpOn { dst, base, count, .. } => row(base, 1 + usize::from(count), Some(dst)),
        Instr::Print { base, count } => row(base, usize::from(count), None),
        Instr::CellRead { dst, base, count } => row(base, 1 + usize::from(count), Some(dst)),
        Instr::CellWrite { base, count } => row(base, 2 + usize::from(count), None),
        Instr::CellMethod { dst, base, call } => row(base, 1 + arguments(call), Some(dst)),
        Instr::SelectCase { list, base, call } => Access { row: (base, 2 + arguments(call)), ..reads(&[list], None) },
        Instr::Select { base } => row(base, 3, None),
    }
}
