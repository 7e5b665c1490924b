//! Control flow: loops, and ways out of them and of bodies through `finally`.
//!
//! Answers for: that a `finally` and the end of a `with` run on every way out, once.

use super::body::{Body, Pending};
use crate::program::instr::{Instr, Reg, Target, Test};
use crate::syntax::ast::{Catch, Expr, Pattern};
use crate::value::Value;

/// What a way out passes.
pub(super) enum Scope {
    /// A loop: jumps to its end, jumps to its next turn.
    Loop(Vec<Pending>, Vec<Pending>),
    /// A `finally`, or the end of a `with`.
    Finally(Finally),
}

/// A `finally` that ways out pass: they note where they lead and go through it.
pub(super) struct Finally {
    /// 0: falls through; 1: an error is on its way; from 2: one of the ways out.
    state: Reg,
    /// The error, or the value of a `return`.
    value: Reg,
    entries: Vec<Pending>,
    exits: Vec<Exit>,
}

/// A way out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    Break,
    Continue,
    Return,
}

const EQUAL: Test = Test(2);

impl Body<'_, '_> {
    /// Leaves a loop's turn, a loop or the body. `value` is what a `return` gives.
    pub(super) fn leave(&mut self, exit: Exit, value: Reg) {
        for at in (0..self.scopes.len()).rev() {
            match &mut self.scopes[at] {
                Scope::Loop(..) if exit == Exit::Return => {}
                Scope::Loop(..) => {
                    let pending = self.jump();
                    if let Scope::Loop(breaks, continues) = &mut self.scopes[at] {
                        if exit == Exit::Break { breaks.push(pending) } else { continues.push(pending) }
                    }
                    return;
                }
                Scope::Finally(finally) => {
                    let known = finally.exits.iter().position(|known| *known == exit);
                    let number = known.unwrap_or(finally.exits.len());
                    if known.is_none() {
                        finally.exits.push(exit);
                    }
                    let (state, slot) = (finally.state, finally.value);
                    if exit == Exit::Return && slot != value {
                        self.emit(Instr::Move { dst: slot, src: value });
                    }
                    self.emit(Instr::Int { dst: state, value: number as i32 + 2 });
                    let pending = self.jump();
                    if let Scope::Finally(finally) = &mut self.scopes[at] {
                        finally.entries.push(pending);
                    }
                    return;
                }
            }
        }
        if exit == Exit::Return {
            if self.ends_early.is_none() {
                return self.emit(Instr::Return { src: value });
            }
            let pending = self.jump();
            self.ends_early.get_or_insert_default().push(pending);
        }
    }

    /// Runs `part`, then `finally`, whatever happens in `part`.
    pub(super) fn with_finally(&mut self, part: impl FnOnce(&mut Self), finally: impl FnOnce(&mut Self)) {
        self.temporaries(|body| {
            let state = body.loaded(Value::Int(0));
            let value = body.loaded(Value::None);
            let start = body.here();
            let scope = Finally { state, value, entries: Vec::new(), exits: Vec::new() };
            body.scopes.push(Scope::Finally(scope));
            body.temporaries(part);
            let Some(Scope::Finally(scope)) = body.scopes.pop() else { return };
            let end = body.here();
            let through = body.jump();
            body.handler(start, end, value);
            body.emit(Instr::Int { dst: state, value: 1 });
            body.land(scope.entries);
            body.land([through]);
            body.temporaries(finally);
            let skip = body.unless_state(state, 1);
            body.emit(Instr::Reraise { src: value });
            body.land([skip]);
            for (number, exit) in scope.exits.into_iter().enumerate() {
                let skip = body.unless_state(state, number as i16 + 2);
                body.leave(exit, value);
                body.land([skip]);
            }
        });
    }

    fn unless_state(&mut self, state: Reg, number: i16) -> Pending {
        self.emit_pending(Instr::BranchInt { test: EQUAL.negated(), a: state, value: number, target: 0 })
    }

    /// Runs `part`; an error in it that one of the catches takes goes on there.
    pub(super) fn with_catches(&mut self, part: impl FnOnce(&mut Self), catches: &[Catch]) {
        self.temporaries(|body| {
            let error = body.loaded(Value::None);
            let start = body.here();
            body.temporaries(part);
            let mut ends = vec![body.jump()];
            let end = body.here() - 1;
            body.handler(start, end, error);
            for catch in catches {
                let outer = std::mem::replace(&mut body.span, catch.span);
                let next = match &catch.kind {
                    Some(kind) => {
                        let kind = body.text(&kind.text);
                        body.emit_pending(Instr::JumpNotKind { src: error, kind, target: 0 })
                    }
                    None => body.emit_pending(Instr::JumpIfExit { src: error, target: 0 }),
                };
                body.temporaries(|body| {
                    if let Some(name) = &catch.name {
                        let dst = body.declare(name);
                        body.emit(Instr::Caught { dst, src: error });
                    }
                    body.caught.push(error);
                    body.block(&catch.body);
                    body.caught.pop();
                });
                ends.push(body.jump());
                body.land([next]);
                body.span = outer;
            }
            body.emit(Instr::Reraise { src: error });
            body.land(ends);
        });
    }

    /// `with items { part }`
    pub(super) fn with(&mut self, items: &[Expr], part: &mut dyn FnMut(&mut Self)) {
        let [first, rest @ ..] = items else { return part(self) };
        self.temporaries(|body| {
            let outer = std::mem::replace(&mut body.span, first.span);
            let src = body.expr(first);
            let base = body.next;
            body.emit(Instr::WithEnter { src, base });
            body.span = outer;
            body.with_finally(
                |body| body.with(rest, part),
                |body| {
                    let outer = std::mem::replace(&mut body.span, first.span);
                    let base = body.next;
                    body.emit(Instr::WithLeave { src, base });
                    body.span = outer;
                },
            );
        });
    }

    /// `while condition { part }`
    pub(super) fn while_loop(&mut self, condition: &Expr, part: impl FnOnce(&mut Self)) {
        let enter = self.jump();
        let top = self.here();
        let (breaks, continues) = self.turn(part);
        self.land(continues);
        self.land([enter]);
        let again = self.condition(condition, true);
        self.land_at(again, top);
        self.land(breaks);
    }

    /// `loop { part }`
    pub(super) fn endless_loop(&mut self, part: impl FnOnce(&mut Self)) {
        let top = self.here();
        let (breaks, continues) = self.turn(part);
        self.land_at(continues, top);
        self.emit(Instr::Jump { target: top });
        self.land(breaks);
    }

    fn turn(&mut self, part: impl FnOnce(&mut Self)) -> (Vec<Pending>, Vec<Pending>) {
        self.scopes.push(Scope::Loop(Vec::new(), Vec::new()));
        self.temporaries(part);
        match self.scopes.pop() {
            Some(Scope::Loop(breaks, continues)) => (breaks, continues),
            _ => (Vec::new(), Vec::new()),
        }
    }

    /// `for pattern in iter { part }`
    pub(super) fn each(&mut self, pattern: &Pattern, iter: &Expr, part: impl FnOnce(&mut Self)) {
        self.temporaries(|body| {
            let outer = std::mem::replace(&mut body.span, iter.span);
            let src = body.operand(iter, &[]);
            let item = body.alloc();
            body.each_of(src, item, |body| {
                body.bind(pattern, item);
                part(body);
            });
            body.span = outer;
        });
    }

    /// Goes through what is in `src`, each in `item`, which stands above it.
    pub(super) fn each_of(&mut self, src: Reg, item: Reg, part: impl FnOnce(&mut Self)) {
        self.temporaries(|body| {
            let outer = body.span;
            let base = body.alloc();
            body.alloc();
            body.emit(Instr::IterStart { base, src });
            let enter = body.jump();
            let top: Target = body.here();
            let (breaks, continues) = body.turn(part);
            body.land(continues);
            body.land([enter]);
            body.span = outer;
            body.emit(Instr::IterNext { dst: item, base, target: top });
            body.land(breaks);
        });
    }
}
