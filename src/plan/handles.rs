//! Which handles the registers of a code may hold, instruction by instruction.
//!
//! Answers for: never leaving out a declaration whose handle may be there. Never says what is done with it (that is
//! `deeds`).

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::program::op::OpCode;
use crate::program::{Code, Instr, Program};
use crate::value::Value;

/// What a register may hold, as far as handles go; nothing is said of one without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    /// Handles of objects of these declarations, by themselves or in lists.
    pub(super) decls: BTreeSet<u32>,
    /// A handle that came as a value.
    pub(super) any: bool,
    /// The one value that it has.
    pub(super) known: Option<Known>,
}

/// A value that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Int(i32),
    True,
    None,
}

impl Held {
    pub(super) fn any() -> Held {
        Held { any: true, ..Held::default() }
    }

    fn of(decl: u32) -> Held {
        Held { decls: BTreeSet::from([decl]), ..Held::default() }
    }

    fn known(known: Known) -> Held {
        Held { known: Some(known), ..Held::default() }
    }

    fn add(&mut self, other: &Held) {
        self.decls.extend(&other.decls);
        self.any |= other.any;
        self.known = self.known.filter(|known| other.known == Some(*known));
    }

    /// What is in it, or comes out of it.
    fn inside(&self) -> Held {
        Held { decls: self.decls.clone(), any: self.any, known: None }
    }

    /// Whether it holds a handle.
    pub(super) fn holds(&self) -> bool {
        self.any || !self.decls.is_empty()
    }
}

/// The registers at one place; those that hold nothing of interest are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Registers(FxHashMap<u16, Held>);

impl Registers {
    pub(super) fn get(&self, register: u16) -> Held {
        self.0.get(&register).cloned().unwrap_or_default()
    }

    fn set(&mut self, register: u16, held: Held) {
        if held == Held::default() {
            self.0.remove(&register);
        } else {
            self.0.insert(register, held);
        }
    }

    fn put_in(&mut self, register: u16, held: &Held) {
        let mut all = self.get(register).inside();
        all.add(&held.inside());
        self.set(register, all);
    }

    /// What all of some registers in a row hold.
    pub(super) fn row(&self, base: u16, count: u16) -> Held {
        let mut all = Held::default();
        (base..base.saturating_add(count)).for_each(|register| all.add(&self.get(register).inside()));
        all
    }

    /// Also what it is on another way; whether that is more.
    fn join(&mut self, other: &Registers) -> bool {
        let before = self.clone();
        let registers: BTreeSet<u16> = self.0.keys().chain(other.0.keys()).copied().collect();
        for register in registers {
            let mut held = self.get(register);
            held.add(&other.get(register));
            self.set(register, held);
        }
        *self != before
    }
}

/// The registers before each instruction; none before those that nothing leads to.
pub(super) fn registers(program: &Program, code: &Code) -> Vec<Option<Registers>> {
    let mut before: Vec<Option<Registers>> = vec![None; code.instrs.len()];
    let mut first = Registers::default();
    (0..code.params).for_each(|param| first.set(param, Held::any()));
    let mut left = vec![(0, first)];
    while let Some((at, incoming)) = left.pop() {
        let Some(slot) = before.get_mut(at) else { continue };
        let is_new = match slot {
            Some(known) => known.join(&incoming),
            None => {
                *slot = Some(incoming);
                true
            }
        };
        let (true, Some(here), Some(instr)) = (is_new, slot.as_ref(), code.instrs.get(at)) else { continue };
        let mut after = here.clone();
        step(program, code, *instr, &mut after);
        // An error may come before or after the instruction has had an effect.
        for handler in code.handlers.iter().filter(|handler| covers(handler.start, handler.end, at)) {
            let mut caught = here.clone();
            caught.join(&after);
            caught.set(handler.error, Held::default());
            left.push((handler.target.into(), caught));
        }
        left.extend(followers(*instr, at).map(|next| (next, after.clone())));
    }
    before
}

pub(super) fn covers(start: u16, end: u16, at: usize) -> bool {
    (usize::from(start)..usize::from(end)).contains(&at)
}

/// The instructions that may follow one, but for those that handle errors.
pub(super) fn followers(instr: Instr, at: usize) -> impl Iterator<Item = usize> {
    let next = Some(at + 1);
    let (next, target) = match instr {
        Instr::Jump { target } => (None, Some(target)),
        Instr::JumpIf { target, .. }
        | Instr::JumpIfNot { target, .. }
        | Instr::Branch { target, .. }
        | Instr::BranchInt { target, .. }
        | Instr::IterNext { target, .. }
        | Instr::JumpNotKind { target, .. }
        | Instr::JumpIfExit { target, .. } => (next, Some(target)),
        Instr::Return { .. } | Instr::ReturnNone | Instr::Raise { .. } | Instr::Reraise { .. } | Instr::Exit { .. } => {
            (None, None)
        }
        _ => (next, None),
    };
    next.into_iter().chain(target.map(usize::from))
}

/// What an instruction does to the registers.
fn step(program: &Program, code: &Code, instr: Instr, registers: &mut Registers) {
    let call = |call: u16| code.calls.get(usize::from(call));
    match instr {
        Instr::Move { dst, src } | Instr::Take { dst, src } => registers.set(dst, registers.get(src)),
        Instr::None { dst } => registers.set(dst, Held::known(Known::None)),
        Instr::Bool { dst, value: true } => registers.set(dst, Held::known(Known::True)),
        Instr::Int { dst, value } => registers.set(dst, Held::known(Known::Int(value))),
        Instr::Global { dst, decl } => registers.set(dst, Held::of(decl)),
        Instr::Private { dst, slot, name } => registers.set(dst, private(program, code, slot, name)),
        Instr::Add { dst, a, b } | Instr::Mul { dst, a, b } | Instr::Binary { dst, a, b, .. } => {
            let mut both = registers.get(a).inside();
            both.add(&registers.get(b).inside());
            registers.set(dst, both);
        }
        Instr::List { dst, base, count } | Instr::Set { dst, base, count } | Instr::Map { dst, base, count } => {
            registers.set(dst, registers.row(base, count));
        }
        Instr::Repeat { dst, item: src, .. }
        | Instr::Index { dst, value: src, .. }
        | Instr::GetPath { dst, root: src, .. }
        | Instr::Field { dst, src, .. }
        | Instr::Slice { dst, base: src, .. }
        | Instr::MulInt { dst, a: src, .. }
        | Instr::Flatten { dst, src } => registers.set(dst, registers.get(src).inside()),
        Instr::Append { list, src }
        | Instr::Include { set: list, src }
        | Instr::Push { list, src, .. }
        | Instr::SetIndex { root: list, src, .. } => registers.put_in(list, &registers.get(src)),
        Instr::Enter { map, base } => registers.put_in(map, &registers.row(base, 2)),
        Instr::SetPath { count, root, base } => {
            registers.put_in(root, &registers.get(base.saturating_add(count.into())));
        }
        Instr::Unpack { src, base, count } => {
            let inside = registers.get(src).inside();
            (base..base.saturating_add(count)).for_each(|register| registers.set(register, inside.clone()));
        }
        Instr::IterStart { base, src } => {
            registers.set(base, registers.get(src).inside());
            registers.set(base.saturating_add(1), Held::default());
        }
        // What came out of a queue, or what is in a list.
        Instr::IterNext { dst, base, .. } => {
            let over = registers.get(base).inside();
            registers.set(dst, if over.holds() { Held { any: true, ..over } } else { over });
        }
        Instr::Builtin { dst, base, call: at, .. } => {
            registers.set(dst, registers.row(base, call(at).map_or(0, |spec| spec.count)));
        }
        Instr::MethodOn { dst, base, call: at } => {
            if let Some(spec) = call(at) {
                let args = registers.row(base.saturating_add(spec.path), spec.count);
                registers.put_in(spec.root, &args);
            }
            registers.set(dst, Held::any());
        }
        Instr::CallTask { dst, .. }
        | Instr::CallValue { dst, .. }
        | Instr::CallList { dst, .. }
        | Instr::Method { dst, .. }
        | Instr::CellRead { dst, .. }
        | Instr::CellMethod { dst, .. }
        | Instr::OpOn { dst, .. } => registers.set(dst, Held::any()),
        Instr::Op { code: OpCode::Create, dst, base, .. } => {
            let decl = match registers.get(base).known {
                Some(Known::Int(decl)) => u32::try_from(decl).ok(),
                _ => None,
            };
            let mut made = decl.map_or_else(Held::any, Held::of);
            made.decls.extend(decl.and_then(|decl| program.objects.get(decl as usize)?.peer));
            registers.set(dst, made);
        }
        Instr::Op { dst, .. } => registers.set(dst, Held::any()),
        Instr::SelectCase { list, base, call: at } => {
            let count = call(at).map_or(0, |spec| spec.count);
            registers.put_in(list, &registers.row(base, count.saturating_add(2)));
        }
        // The number, what came of it, the value of the `for`.
        Instr::Select { base } => {
            let of_cases = registers.get(base).inside();
            registers.set(base, Held::default());
            registers.set(base.saturating_add(1), Held::any());
            registers.set(base.saturating_add(2), of_cases);
        }
        Instr::Bool { dst, .. }
        | Instr::Literal { dst, .. }
        | Instr::Const { dst, .. }
        | Instr::Replicas { dst, .. }
        | Instr::Sub { dst, .. }
        | Instr::AddInt { dst, .. }
        | Instr::SubInt { dst, .. }
        | Instr::FloorDivInt { dst, .. }
        | Instr::RemInt { dst, .. }
        | Instr::Negate { dst, .. }
        | Instr::Not { dst, .. }
        | Instr::Range { dst, .. }
        | Instr::Text { dst, .. }
        | Instr::AppendText { dst, .. }
        | Instr::Len { dst, .. }
        | Instr::Caught { dst, .. } => registers.set(dst, Held::default()),
        Instr::StorePrivate { .. }
        | Instr::CheckBool { .. }
        | Instr::Jump { .. }
        | Instr::JumpIf { .. }
        | Instr::JumpIfNot { .. }
        | Instr::Branch { .. }
        | Instr::BranchInt { .. }
        | Instr::Return { .. }
        | Instr::ReturnNone
        | Instr::Raise { .. }
        | Instr::Reraise { .. }
        | Instr::Exit { .. }
        | Instr::JumpNotKind { .. }
        | Instr::JumpIfExit { .. }
        | Instr::Print { .. }
        | Instr::CellWrite { .. }
        | Instr::WithEnter { .. }
        | Instr::WithLeave { .. } => {}
    }
}

/// The objects of a process that one of its bodies may mean by a name.
fn private(program: &Program, code: &Code, slot: u16, name: u16) -> Held {
    let Some(Value::Str(name)) = code.literals.get(usize::from(name)) else { return Held::any() };
    let is_meant = |spec: &crate::program::ObjectSpec| {
        spec.owner != crate::analysis::Owner::File && spec.slot == u32::from(slot) && *spec.name == *name.text
    };
    let decls = (0..).zip(&program.objects).filter(|(_, spec)| is_meant(spec)).map(|(decl, _)| decl);
    Held { decls: decls.collect(), ..Held::default() }
}
