//! Ways out of a part of a body: errors, `return`, `break`, `continue`, and what must be done on the way.
//!
//! The cleanups stand in the code once for each way out, as CPython's compiler does since 3.9: leaving normally costs
//! no bookkeeping, and an error finds its place in a table.

use std::sync::Arc;

use super::Lower;
use super::builder::{Builder, Leaving};
use crate::analysis::Binding;
use crate::program::instr::{Call, CaseSpec, Instr, Reg, SelectSpec};
use crate::syntax::ast::{Block, Case, Catch, Expr, ExprKind, Otherwise, Pattern};
use crate::value::Value;

impl Lower<'_> {
    /// `break` or `continue`: out of the innermost loop, with the cleanups that stand within it.
    pub(super) fn leave_loop(&self, b: &mut Builder, breaks: bool) {
        let depth = b.leaving.iter().rposition(|leaving| matches!(leaving, Leaving::Loop { .. }));
        let Some(depth) = depth else { return };
        self.leave_to(b, depth + 1);
        if let Some(Leaving::Loop { breaks: out, continues }) = b.leaving.get(depth).cloned() {
            b.goto(if breaks { out } else { continues });
        }
    }

    /// The cleanups of everything deeper than `depth`, innermost first.
    pub(super) fn leave_to(&self, b: &mut Builder, depth: usize) {
        let whole = b.leaving.clone();
        while b.leaving.len() > depth {
            // A cleanup is not covered by its own guard, nor by those within.
            match b.leaving.pop() {
                Some(Leaving::Finally { block, guard }) => {
                    b.end_guard(guard);
                    self.block(b, &block);
                }
                Some(Leaving::Release { held, guard }) => {
                    b.end_guard(guard);
                    b.emit(Instr::Release { src: held });
                }
                Some(Leaving::Catches { guard }) => b.end_guard(guard),
                Some(Leaving::Loop { .. }) | None => {}
            }
        }
        b.leaving = whole;
        // Whatever follows at once is a jump or a return, which cannot fail: the guards go on behind it.
        self.resume(b, depth);
    }

    /// Begins the guards deeper than `depth` anew.
    fn resume(&self, b: &mut Builder, depth: usize) {
        for deeper in depth..b.leaving.len() {
            b.resume_guard(deeper);
        }
    }

    pub(super) fn with(&self, b: &mut Builder, items: &[Expr], body: &Block) {
        let Some((first, rest)) = items.split_first() else { return self.block(b, body) };
        let held = b.reg();
        self.with_handle(b, first, held);
        let outer = std::mem::replace(&mut b.span, first.span);
        b.emit(Instr::Acquire { src: held });
        b.span = outer;
        let (failed, end, error) = (b.label(), b.label(), b.reg());
        let guard = b.guard(failed, error);
        b.leaving.push(Leaving::Release { held, guard });
        self.with(b, rest, body);
        if let Some(Leaving::Release { guard, .. }) = b.leaving.pop() {
            b.end_guard(guard);
        }
        b.emit(Instr::Release { src: held });
        b.goto(end);
        b.place(failed);
        b.emit(Instr::Release { src: held });
        b.emit(Instr::Raise { src: error });
        b.place(end);
    }

    /// What a `with` holds: an object, also where the name of a variable would be read elsewhere.
    fn with_handle(&self, b: &mut Builder, item: &Expr, dst: Reg) {
        self.expr_to(b, item, dst);
    }

    pub(super) fn try_catch_finally(&self, b: &mut Builder, body: &Block, catches: &[Catch], finally: Option<&Block>) {
        let Some(finally) = finally else { return self.try_catch(b, body, catches) };
        let (failed, end, error) = (b.label(), b.label(), b.reg());
        let guard = b.guard(failed, error);
        b.leaving.push(Leaving::Finally { block: Arc::new(finally.clone()), guard });
        self.try_catch(b, body, catches);
        if let Some(Leaving::Finally { guard, .. }) = b.leaving.pop() {
            b.end_guard(guard);
        }
        self.block(b, finally);
        b.goto(end);
        b.place(failed);
        b.handled.push(error);
        self.block(b, finally);
        b.handled.pop();
        b.emit(Instr::Raise { src: error });
        b.place(end);
    }

    fn try_catch(&self, b: &mut Builder, body: &Block, catches: &[Catch]) {
        if catches.is_empty() {
            return self.block(b, body);
        }
        let (failed, end, error) = (b.label(), b.label(), b.reg());
        let guard = b.guard(failed, error);
        b.leaving.push(Leaving::Catches { guard });
        self.block(b, body);
        if let Some(Leaving::Catches { guard }) = b.leaving.pop() {
            b.end_guard(guard);
        }
        b.goto(end);
        b.place(failed);
        for catch in catches {
            let next = b.label();
            match &catch.kind {
                Some(kind) => {
                    let kind = b.text(&kind.text);
                    b.jump(Instr::UnlessKind { src: error, kind, target: 0 }, next);
                }
                None => b.jump(Instr::IfExit { src: error, target: 0 }, next),
            }
            let mark = b.mark();
            if let Some(name) = &catch.name {
                let caught = b.reg();
                b.emit(Instr::Caught { dst: caught, src: error });
                self.bind(b, &Pattern::Name(name.clone()), caught);
            }
            b.handled.push(error);
            self.block(b, &catch.body);
            b.handled.pop();
            b.back_to(mark);
            b.goto(end);
            b.place(next);
        }
        // Nobody's: on its way again.
        b.emit(Instr::Raise { src: error });
        b.place(end);
    }

    pub(super) fn select(&self, b: &mut Builder, cases: &[Case], otherwise: &Otherwise) {
        let mut specs = Vec::new();
        for case in cases {
            if let Some(spec) = self.case(b, case) {
                specs.push(spec);
            }
        }
        let after = match otherwise {
            Otherwise::After(time, _) => Some(self.expr(b, time)),
            Otherwise::Wait | Otherwise::Else(_) => None,
        };
        let spec = SelectSpec { cases: specs, after, otherwise: matches!(otherwise, Otherwise::Else(_)) };
        let index = b.add_select(spec);
        // [number of the case, what it gave, which of a list of handles]
        let (chosen, parts, number) = (b.reg(), b.run(3), b.reg());
        b.emit(Instr::Select { dst: chosen, index });
        b.emit(Instr::Unpack { src: chosen, base: parts, count: 3 });
        let end = b.label();
        for (at, case) in cases.iter().enumerate() {
            let next = b.label();
            b.literal(number, Value::Int(at as i64));
            b.jump(Instr::UnlessEq { a: parts, b: number, target: 0 }, next);
            let mark = b.mark();
            if let Some((name, _)) = &case.each {
                self.bind(b, &Pattern::Name(name.clone()), parts + 2);
            }
            if let Some(name) = &case.name {
                self.bind(b, &Pattern::Name(name.clone()), parts + 1);
            }
            self.block(b, &case.body);
            b.back_to(mark);
            b.goto(end);
            b.place(next);
        }
        match otherwise {
            Otherwise::After(_, body) | Otherwise::Else(body) => self.block(b, body),
            Otherwise::Wait => {}
        }
        b.place(end);
    }

    fn case(&self, b: &mut Builder, case: &Case) -> Option<CaseSpec> {
        let ExprKind::Method(receiver, name, args) = &case.operation.kind else { return None };
        let handle = b.reg();
        match &case.each {
            Some((_, list)) => self.expr_to(b, list, handle),
            None => self.expr_to(b, receiver, handle),
        }
        let base = self.run_of_args(b, args);
        let names = args.iter().map(|arg| arg.name.as_ref().map(|name| Arc::clone(&name.text))).collect();
        let call = Call { name: Arc::clone(&name.text), base, count: args.len() as u16, names };
        Some(CaseSpec { receiver: handle, each: case.each.is_some(), call })
    }

    /// `await e`: the condition becomes a body of its own that takes the local variables it names.
    pub(super) fn await_condition(&self, b: &mut Builder, condition: &Expr) {
        let locals = self.locals_in(condition);
        let mut own = Builder::new("await");
        own.span = condition.span;
        for local in &locals {
            own.param(Some(*local));
        }
        let dst = own.reg();
        self.expr_to(&mut own, condition, dst);
        own.emit(Instr::Return { src: dst });
        let Some(code) = self.add_code(own) else { return };
        let base = b.run(locals.len());
        for (offset, local) in locals.iter().enumerate() {
            if let Some(src) = b.locals.get(local).copied() {
                b.move_to(base + offset as Reg, src);
            }
        }
        let captured = b.reg();
        b.emit(Instr::List { dst: captured, base, count: locals.len() as u16 });
        b.emit(Instr::Await { code: code.0 as u16, captured });
    }

    fn locals_in(&self, expr: &Expr) -> Vec<crate::analysis::LocalId> {
        use crate::syntax::visit::{Visitor, walk_expr};
        struct Locals<'a, 'c>(&'a Lower<'c>, Vec<crate::analysis::LocalId>);
        impl Visitor for Locals<'_, '_> {
            fn expr(&mut self, expr: &Expr) {
                if let ExprKind::Name(name) = &expr.kind {
                    if let Binding::Local(local) = self.0.checked.binding(name) {
                        if !self.1.contains(&local) {
                            self.1.push(local);
                        }
                    }
                }
                walk_expr(self, expr);
            }
        }
        let mut locals = Locals(self, Vec::new());
        locals.expr(expr);
        locals.1
    }
}
