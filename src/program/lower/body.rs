//! One body while it is lowered: its instructions, registers and literals.
//!
//! Answers for: where a value lives. Never looks at the tree.

use std::collections::HashMap;
use std::sync::Arc;

use super::Lower;
use super::flow::Scope;
use crate::analysis::{Checked, LocalId};
use crate::program::instr::{CallSpec, Handler, Instr, Reg, Target, TextSpec};
use crate::program::{Code, CodeId};
use crate::source::Span;
use crate::value::{Value, encode};

/// A body on the way. Registers are a stack: locals of blocks and temporaries come and go at its top.
pub(super) struct Body<'l, 'c> {
    pub(super) lower: &'l mut Lower<'c>,
    pub(super) checked: &'c Checked,
    /// The place of what is being lowered.
    pub(super) span: Span,
    /// Loops and `finally`s around, the innermost last.
    pub(super) scopes: Vec<Scope>,
    /// What a `return` outside of them leads to, where more follows the block that was written.
    pub(super) ends_early: Option<Vec<Pending>>,
    /// Registers of the errors being handled, the innermost last.
    pub(super) caught: Vec<Reg>,
    pub(super) locals: HashMap<LocalId, Reg>,
    pub(super) next: Reg,
    most: Reg,
    code: Code,
    known: HashMap<Vec<u8>, u16>,
    too_large: bool,
}

/// An instruction whose target is not known yet.
#[derive(Clone, Copy)]
pub(super) struct Pending(usize);

impl<'l, 'c> Body<'l, 'c> {
    pub(super) fn new(lower: &'l mut Lower<'c>, name: impl Into<Arc<str>>, span: Span) -> Body<'l, 'c> {
        let checked = lower.checked;
        let code = Code {
            name: name.into(),
            params: 0,
            registers: 0,
            instrs: Vec::new(),
            spans: Vec::new(),
            literals: Vec::new(),
            calls: Vec::new(),
            texts: Vec::new(),
            handlers: Vec::new(),
        };
        Body {
            lower,
            checked,
            span,
            scopes: Vec::new(),
            ends_early: None,
            caught: Vec::new(),
            locals: HashMap::new(),
            next: 0,
            most: 0,
            code,
            known: HashMap::new(),
            too_large: false,
        }
    }

    /// Takes another parameter.
    pub(super) fn param(&mut self, local: Option<LocalId>) -> Reg {
        let register = self.alloc();
        self.code.params += 1;
        if let Some(local) = local {
            self.locals.insert(local, register);
        }
        register
    }

    /// Ends the body: what falls off its end returns none.
    pub(super) fn finish(mut self, span: Span) -> CodeId {
        self.emit(Instr::ReturnNone);
        let too_large = self.too_large || self.code.instrs.len() > usize::from(u16::MAX);
        // One to spare: the base of an instruction without operands may be one past the others.
        self.code.registers = self.most.saturating_add(1);
        self.lower.add(self.code, too_large.then_some(span))
    }

    /// A free register.
    pub(super) fn alloc(&mut self) -> Reg {
        let register = self.next;
        if register >= u16::MAX - 8 {
            self.too_large = true;
            return register;
        }
        self.next += 1;
        self.most = self.most.max(self.next);
        register
    }

    /// Gives registers back after `part`.
    pub(super) fn temporaries<T>(&mut self, part: impl FnOnce(&mut Self) -> T) -> T {
        let mark = self.next;
        let result = part(self);
        self.next = mark;
        result
    }

    pub(super) fn emit(&mut self, instr: Instr) {
        self.code.instrs.push(instr);
        self.code.spans.push(self.span);
    }

    /// Emits a jump to a place that comes later.
    pub(super) fn emit_pending(&mut self, instr: Instr) -> Pending {
        self.emit(instr);
        Pending(self.code.instrs.len() - 1)
    }

    pub(super) fn jump(&mut self) -> Pending {
        self.emit_pending(Instr::Jump { target: 0 })
    }

    /// The index of the next instruction.
    pub(super) fn here(&self) -> Target {
        self.code.instrs.len() as Target
    }

    /// Lets jumps lead here.
    pub(super) fn land(&mut self, pending: impl IntoIterator<Item = Pending>) {
        let here = self.here();
        self.land_at(pending, here);
    }

    pub(super) fn land_at(&mut self, pending: impl IntoIterator<Item = Pending>, place: Target) {
        for Pending(at) in pending {
            match &mut self.code.instrs[at] {
                Instr::Jump { target }
                | Instr::JumpIf { target, .. }
                | Instr::JumpIfNot { target, .. }
                | Instr::Branch { target, .. }
                | Instr::BranchInt { target, .. }
                | Instr::IterNext { target, .. }
                | Instr::JumpNotKind { target, .. }
                | Instr::JumpIfExit { target, .. } => *target = place,
                _ => {}
            }
        }
    }

    pub(super) fn handler(&mut self, start: Target, end: Target, error: Reg) {
        if start < end {
            let target = self.here();
            self.code.handlers.push(Handler { start, end, target, error });
        }
    }

    /// The index of a literal; equal ones are kept once.
    pub(super) fn literal(&mut self, value: Value) -> u16 {
        let mut key = Vec::new();
        encode(&value, &mut key);
        let next = self.code.literals.len();
        if next >= usize::from(u16::MAX) {
            self.too_large = true;
            return 0;
        }
        let literals = &mut self.code.literals;
        *self.known.entry(key).or_insert_with(|| {
            literals.push(value);
            next as u16
        })
    }

    pub(super) fn text(&mut self, text: &str) -> u16 {
        self.literal(Value::from(text))
    }

    /// Loads a value that is known.
    pub(super) fn load(&mut self, value: Value, dst: Reg) {
        let small = match &value {
            Value::Int(int) => i32::try_from(*int).ok(),
            _ => None,
        };
        match (value, small) {
            (_, Some(value)) => self.emit(Instr::Int { dst, value }),
            (Value::None, _) => self.emit(Instr::None { dst }),
            (Value::Bool(value), _) => self.emit(Instr::Bool { dst, value }),
            (value, _) => {
                let index = self.literal(value);
                self.emit(Instr::Literal { dst, index });
            }
        }
    }

    pub(super) fn loaded(&mut self, value: Value) -> Reg {
        let register = self.alloc();
        self.load(value, register);
        register
    }

    /// What a call says beside its registers.
    pub(super) fn call_spec(&mut self, spec: CallSpec) -> u16 {
        if let Some(at) = self.code.calls.iter().position(|known| *known == spec) {
            return at as u16;
        }
        if self.code.calls.len() >= usize::from(u16::MAX) {
            self.too_large = true;
            return 0;
        }
        self.code.calls.push(spec);
        (self.code.calls.len() - 1) as u16
    }

    /// What a text is put together of.
    pub(super) fn text_spec(&mut self, pieces: TextSpec) -> u16 {
        if self.code.texts.len() >= usize::from(u16::MAX) {
            self.too_large = true;
            return 0;
        }
        self.code.texts.push(pieces);
        (self.code.texts.len() - 1) as u16
    }

    /// A number of registers or arguments, as an instruction has it.
    pub(super) fn count(&mut self, count: usize) -> u16 {
        u16::try_from(count).unwrap_or_else(|_| {
            self.too_large = true;
            0
        })
    }

    /// The same for a path.
    pub(super) fn short(&mut self, count: usize) -> u8 {
        u8::try_from(count).unwrap_or_else(|_| {
            self.too_large = true;
            0
        })
    }

    /// Raises an error that is known now.
    pub(super) fn raise(&mut self, kind: &str, message: &str) {
        let kind = self.text(kind);
        self.temporaries(|body| {
            let message = body.loaded(Value::from(message));
            body.emit(Instr::Raise { kind, message });
        });
    }
}
