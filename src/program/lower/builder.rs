//! A body under construction: registers, instructions, jumps, protected ranges.
//!
//! Answers for: what every statement and expression needs to be written down. Never looks at the tree.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::analysis::LocalId;
use crate::program::Code;
use crate::program::instr::{Call, Handler, Instr, Reg, SelectSpec};
use crate::source::Span;
use crate::syntax::ast::Block;
use crate::value::Value;

/// What must be done when a part of a body is left early.
#[derive(Clone)]
pub(super) enum Leaving {
    /// A `finally` block, with the start of the range that its handler covers and the registers that hold errors.
    Finally { block: Arc<Block>, guard: Guard },
    /// The end of a `with`: what the register names is let go.
    Release { held: Reg, guard: Guard },
    /// A `try` whose catches apply.
    Catches { guard: Guard },
    /// A loop: where `break` and `continue` go.
    Loop { breaks: Label, continues: Label },
}

/// A range of instructions whose errors go to one place.
#[derive(Clone, Copy)]
pub(super) struct Guard {
    start: u32,
    target: Label,
    error: Reg,
}

/// A place to jump to, perhaps not known yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Label(u32);

/// A body under construction.
pub(super) struct Builder {
    name: Arc<str>,
    params: u16,
    pub(super) instrs: Vec<Instr>,
    spans: Vec<Span>,
    literals: Vec<Value>,
    texts: FxHashMap<Arc<str>, u16>,
    calls: Vec<Call>,
    selects: Vec<SelectSpec>,
    handlers: Vec<(Guard, u32)>,
    labels: Vec<Option<u32>>,
    /// Instructions whose target is a label.
    jumps: Vec<(usize, Label)>,
    next: usize,
    most: usize,
    pub(super) locals: FxHashMap<LocalId, Reg>,
    pub(super) leaving: Vec<Leaving>,
    /// The registers of the errors that are being handled, for a bare `raise`.
    pub(super) handled: Vec<Reg>,
    pub(super) span: Span,
    overflow: bool,
}

/// Registers, literals and instructions that a body may have: what fits into an instruction.
const SLOTS_MAX: usize = u16::MAX as usize - 1;

impl Builder {
    pub(super) fn new(name: impl Into<Arc<str>>) -> Builder {
        Builder {
            name: name.into(),
            params: 0,
            instrs: Vec::new(),
            spans: Vec::new(),
            literals: Vec::new(),
            texts: FxHashMap::default(),
            calls: Vec::new(),
            selects: Vec::new(),
            handlers: Vec::new(),
            labels: Vec::new(),
            jumps: Vec::new(),
            next: 0,
            most: 0,
            locals: FxHashMap::default(),
            leaving: Vec::new(),
            handled: Vec::new(),
            span: Span::default(),
            overflow: false,
        }
    }

    /// A new register.
    pub(super) fn reg(&mut self) -> Reg {
        self.run(1)
    }

    /// New registers in a row; gives the first.
    pub(super) fn run(&mut self, count: usize) -> Reg {
        let first = self.next;
        self.next += count;
        self.most = self.most.max(self.next);
        if self.next > SLOTS_MAX {
            self.overflow = true;
            self.next = first.min(SLOTS_MAX - 1);
        }
        first as Reg
    }

    /// The registers in use, for [`Builder::back_to`].
    pub(super) fn mark(&self) -> usize {
        self.next
    }

    /// Gives back the registers taken since a mark.
    pub(super) fn back_to(&mut self, mark: usize) {
        self.next = mark;
    }

    /// A parameter: it comes before every other register.
    pub(super) fn param(&mut self, local: Option<LocalId>) -> Reg {
        let reg = self.reg();
        self.params += 1;
        if let Some(local) = local {
            self.locals.insert(local, reg);
        }
        reg
    }

    pub(super) fn emit(&mut self, instr: Instr) {
        self.instrs.push(instr);
        self.spans.push(self.span);
    }

    pub(super) fn move_to(&mut self, dst: Reg, src: Reg) {
        if dst != src {
            self.emit(Instr::Move { dst, src });
        }
    }

    /// A value into a register, by the cheapest instruction.
    pub(super) fn literal(&mut self, dst: Reg, value: Value) {
        match value {
            Value::None => self.emit(Instr::None { dst }),
            Value::Bool(value) => self.emit(Instr::Bool { dst, value }),
            Value::Int(value) if i32::try_from(value).is_ok() => self.emit(Instr::Int { dst, value: value as i32 }),
            value => {
                let index = self.add_literal(value);
                self.emit(Instr::Literal { dst, index });
            }
        }
    }

    fn add_literal(&mut self, value: Value) -> u16 {
        self.overflow |= self.literals.len() >= SLOTS_MAX;
        self.literals.push(value);
        (self.literals.len() - 1) as u16
    }

    /// The index of a text among the literals.
    pub(super) fn text(&mut self, text: &Arc<str>) -> u16 {
        if let Some(index) = self.texts.get(text) {
            return *index;
        }
        let index = self.add_literal(Value::from(&**text));
        self.texts.insert(Arc::clone(text), index);
        index
    }

    pub(super) fn add_call(&mut self, call: Call) -> u16 {
        self.overflow |= self.calls.len() >= SLOTS_MAX;
        self.calls.push(call);
        (self.calls.len() - 1) as u16
    }

    pub(super) fn add_select(&mut self, select: SelectSpec) -> u16 {
        self.overflow |= self.selects.len() >= SLOTS_MAX;
        self.selects.push(select);
        (self.selects.len() - 1) as u16
    }

    pub(super) fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() as u32 - 1)
    }

    /// The label is here.
    pub(super) fn place(&mut self, label: Label) {
        let here = self.instrs.len() as u32;
        if let Some(at) = self.labels.get_mut(label.0 as usize) {
            *at = Some(here);
        }
    }

    /// An instruction whose target is a label.
    pub(super) fn jump(&mut self, instr: Instr, label: Label) {
        self.jumps.push((self.instrs.len(), label));
        self.emit(instr);
    }

    pub(super) fn goto(&mut self, label: Label) {
        self.jump(Instr::Jump { target: 0 }, label);
    }

    /// From here on errors go to the label, with the error in the register.
    pub(super) fn guard(&mut self, target: Label, error: Reg) -> Guard {
        Guard { start: self.instrs.len() as u32, target, error }
    }

    /// Up to here.
    pub(super) fn end_guard(&mut self, guard: Guard) {
        let end = self.instrs.len() as u32;
        if guard.start < end {
            self.handlers.push((guard, end));
        }
    }

    /// Begins the range of a guard anew, behind code that it does not cover.
    pub(super) fn resume_guard(&mut self, depth: usize) {
        let here = self.instrs.len() as u32;
        if let Some(Leaving::Finally { guard, .. } | Leaving::Release { guard, .. } | Leaving::Catches { guard }) =
            self.leaving.get_mut(depth)
        {
            guard.start = here;
        }
    }

    /// The code, or nothing where the body is too large for an instruction to name its parts.
    pub(super) fn finish(mut self) -> Option<Code> {
        if self.overflow || self.instrs.len() > SLOTS_MAX {
            return None;
        }
        let at = |label: Label| self.labels.get(label.0 as usize).copied().flatten().unwrap_or(0);
        for (index, label) in std::mem::take(&mut self.jumps) {
            let to = at(label);
            if let Some(instr) = self.instrs.get_mut(index) {
                aim(instr, to);
            }
        }
        let handlers = self.handlers.iter().map(|(guard, end)| Handler {
            start: guard.start,
            end: *end,
            target: at(guard.target),
            error: guard.error,
        });
        Some(Code {
            handlers: handlers.collect(),
            name: self.name,
            params: self.params,
            registers: self.most.max(1) as u16,
            instrs: self.instrs,
            spans: self.spans,
            literals: self.literals,
            calls: self.calls,
            selects: self.selects,
        })
    }
}

fn aim(instr: &mut Instr, to: u32) {
    match instr {
        Instr::Jump { target }
        | Instr::JumpIf { target, .. }
        | Instr::JumpUnless { target, .. }
        | Instr::ForNext { target, .. }
        | Instr::IfExit { target, .. } => *target = to,
        Instr::UnlessLt { target, .. }
        | Instr::UnlessLe { target, .. }
        | Instr::UnlessEq { target, .. }
        | Instr::IfEq { target, .. }
        | Instr::UnlessKind { target, .. } => *target = to as u16,
        _ => {}
    }
}
