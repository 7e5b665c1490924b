//! Loops that do nothing but join whoever is in a list, and lists that are for nothing else.
//!
//! Such a list is a set as far as all that follows is concerned: whoever joins all of them goes on when all have ended,
//! in whichever order it asks for them.
//!
//! Answers for: that nothing else comes of such a list, on any way, and of where a loop through it stands. Never looks
//! at a value.

use super::instr::{Instr, Reg};
use super::liveness::{Liveness, access, successors};
use super::op::OpCode;
use super::{Code, Program};

/// The loops of a body that only join, and the registers with lists that only such loops go through.
#[derive(Debug)]
pub struct Joins {
    loops: Vec<Loop>,
    words: usize,
    /// By instruction: a bit for each register of whose list the order, or who is in it, may matter; empty where
    /// there is no loop.
    ordered: Vec<u64>,
}

/// A loop that only joins: `for item in list { item.join() }`, without a timeout.
#[derive(Clone, Copy, Debug)]
struct Loop {
    /// The joining instruction.
    join: usize,
    /// The end of a turn.
    next: usize,
    place: Place,
}

/// The registers of such a loop.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The list; the number of the next item follows.
    pub list: Reg,
    /// Whom it joins.
    pub item: Reg,
}

impl Joins {
    /// Those of a body.
    pub fn of(code: &Code, program: &Program, live: &Liveness) -> Joins {
        let all = code.instrs.iter().enumerate().filter(|(_, instr)| matches!(instr, Instr::IterNext { .. }));
        let loops: Vec<Loop> = all.filter_map(|(next, _)| loop_of(code, next, live)).collect();
        let words = usize::from(code.registers).div_ceil(64);
        let mut found = Joins { loops, words, ordered: Vec::new() };
        if !found.loops.is_empty() {
            found.ordered = vec![0; words * code.instrs.len()];
            found.spread(code, program);
        }
        found
    }

    /// The registers of the loop whose joining instruction is at a place.
    pub fn at(&self, pc: u32) -> Option<Place> {
        self.loops.iter().find(|one| one.join == pc as usize).map(|one| one.place)
    }

    /// Whether what is in a register, where somebody stands at an instruction, is for such loops alone, if for anything
    /// at all (see [`Liveness`]).
    pub fn is_set(&self, pc: u32, register: usize) -> bool {
        let word = self.ordered.get(pc as usize * self.words + register / 64);
        word.is_some_and(|word| word >> (register % 64) & 1 == 0)
    }

    /// Backwards over the instructions to a fixed point, as liveness is found; but what is read for another register
    /// matters as much as that one, and what a loop goes through that only joins does not.
    fn spread(&mut self, code: &Code, program: &Program) {
        let mut changed = true;
        let mut here = vec![0u64; self.words];
        while std::mem::take(&mut changed) {
            for (pc, instr) in code.instrs.iter().enumerate().rev() {
                here.fill(0);
                let access = access(*instr, code, program);
                let (next, target) = successors(*instr);
                if next {
                    self.add_to(&mut here, pc + 1);
                }
                if let Some(target) = target {
                    self.add_to(&mut here, usize::from(target));
                }
                let matters = |here: &[u64], register: Reg| has(here, usize::from(register));
                let (passed, given) = match *instr {
                    // What is made of it matters, or does not.
                    Instr::Move { dst, src } | Instr::Take { dst, src } | Instr::Flatten { dst, src } => {
                        (!matters(&here, dst), Some((src, 1)))
                    }
                    Instr::List { dst, base, count } => (!matters(&here, dst), Some((base, count))),
                    Instr::Append { list, src } => (!matters(&here, list), Some((src, 1))),
                    Instr::Push { list, src, .. } => (!matters(&here, list), Some((src, 1))),
                    Instr::IterStart { base, .. } => (self.begins(code, pc, base), None),
                    _ => (false, None),
                };
                if !matches!(instr, Instr::IterNext { .. }) {
                    access.writes.into_iter().for_each(|written| set(&mut here, written, false));
                }
                let (from, length) = access.fills;
                (0..length).for_each(|at| set(&mut here, from.saturating_add(at as Reg), false));
                for handler in &code.handlers {
                    if (usize::from(handler.start)..usize::from(handler.end)).contains(&pc) {
                        self.add_to(&mut here, usize::from(handler.target));
                    }
                }
                match given {
                    _ if passed => {}
                    Some((from, count)) => (0..count).for_each(|at| set(&mut here, from.saturating_add(at), true)),
                    None => {
                        access.reads.iter().flatten().for_each(|read| set(&mut here, *read, true));
                        let (from, length) = access.row;
                        (0..length).for_each(|at| set(&mut here, from.saturating_add(at as Reg), true));
                    }
                }
                let known = &mut self.ordered[pc * self.words..(pc + 1) * self.words];
                if known != here {
                    known.copy_from_slice(&here);
                    changed = true;
                }
            }
        }
    }

    /// Whether what is made ready is a loop that only joins.
    fn begins(&self, code: &Code, pc: usize, list: Reg) -> bool {
        let Some(Instr::Jump { target }) = code.instrs.get(pc + 1) else { return false };
        self.loops.iter().any(|one| one.next == usize::from(*target) && one.place.list == list)
    }

    fn add_to(&self, here: &mut [u64], pc: usize) {
        let there = self.ordered.get(pc * self.words..(pc + 1) * self.words).unwrap_or_default();
        here.iter_mut().zip(there).for_each(|(word, more)| *word |= more);
    }
}

fn has(words: &[u64], register: usize) -> bool {
    words.get(register / 64).is_some_and(|word| word >> (register % 64) & 1 == 1)
}

fn set(words: &mut [u64], register: Reg, value: bool) {
    if let Some(word) = words.get_mut(usize::from(register) / 64) {
        let bit = 1 << (register % 64);
        *word = if value { *word | bit } else { *word & !bit };
    }
}

/// The loop whose turns end at an instruction, if it only joins, and nothing of it is read after it.
fn loop_of(code: &Code, next: usize, live: &Liveness) -> Option<Loop> {
    let Some(&Instr::IterNext { dst: item, base: list, target }) = code.instrs.get(next) else { return None };
    let top = usize::from(target);
    let written = match *code.instrs.get(top..next)? {
        // `item.join()`
        [Instr::MethodOn { dst, call, .. }] => {
            let call = code.calls.get(usize::from(call))?;
            let joins = &*call.name == "join" && call.count == 0 && call.path == 0 && call.root == item;
            joins.then_some([dst, item, item])?
        }
        // `join …`
        [Instr::Take { dst: whom, src }, Instr::None { dst: most }, Instr::OpOn { code, dst, base, count: 1 }] => {
            let joins = code == OpCode::Join && src == item && whom == base && most == base + 1;
            joins.then_some([dst, whom, most])?
        }
        _ => return None,
    };
    let all = || [list, list + 1, item].into_iter().chain(written);
    let is_read = |pc: usize| all().any(|register| live.is_live(pc as u32, usize::from(register)));
    let of_error = code
        .handlers
        .iter()
        .filter(|handler| (top..=next).any(|pc| (usize::from(handler.start)..usize::from(handler.end)).contains(&pc)));
    let mut after = of_error.map(|handler| usize::from(handler.target)).chain([next + 1]);
    let is_apart = all().enumerate().skip(2).all(|(_, register)| register != list && register != list + 1);
    (is_apart && !after.any(is_read)).then_some(Loop { join: next - 1, next, place: Place { list, item } })
}
