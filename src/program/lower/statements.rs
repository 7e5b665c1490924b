//! Statements.

use std::sync::Arc;

use super::Lower;
use super::builder::{Builder, Leaving};
use crate::analysis::Binding;
use crate::program::instr::{Instr, Reg};
use crate::program::op::OpCode;
use crate::syntax::ast::{BinaryOp, Block, Expr, ExprKind, ItemKind, Stmt, StmtKind};
use crate::value::Value;

impl Lower<'_> {
    /// A block: the registers of its variables are given back at its end.
    pub(super) fn block(&self, b: &mut Builder, block: &Block) {
        let mark = b.mark();
        for stmt in &block.stmts {
            self.stmt(b, stmt);
        }
        b.back_to(mark);
    }

    fn stmt(&self, b: &mut Builder, stmt: &Stmt) {
        let outer = std::mem::replace(&mut b.span, stmt.span);
        // A `let` keeps its registers to the end of the block; everything else gives them back.
        let mark = b.mark();
        self.stmt_kind(b, stmt);
        if !matches!(stmt.kind, StmtKind::Let(..)) {
            b.back_to(mark);
        }
        b.span = outer;
    }

    fn stmt_kind(&self, b: &mut Builder, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Decl(item) => {
                if let ItemKind::Object(decl) = &item.kind {
                    self.create(b, decl);
                }
            }
            StmtKind::Let(pattern, value) => {
                let src = b.reg();
                self.expr_to(b, value, src);
                self.bind(b, pattern, src);
            }
            StmtKind::Assign(target, op, value) => self.assign(b, target, *op, value),
            StmtKind::Print(values) => {
                let base = self.run_of(b, values);
                let text = b.reg();
                b.emit(Instr::FormatLine { dst: text, base, count: values.len() as u16 });
                self.op(b, OpCode::Print, text, 1);
            }
            StmtKind::If(branches, otherwise) => self.branches(b, branches, otherwise.as_ref()),
            StmtKind::While(condition, body) => self.looped(b, Some(condition), body),
            StmtKind::Loop(body) => self.looped(b, None, body),
            StmtKind::For(pattern, iter, body) => {
                let breaks = b.label();
                self.each(b, pattern, iter, |lower, b, next| {
                    b.leaving.push(Leaving::Loop { breaks, continues: next });
                    lower.block(b, body);
                    b.leaving.pop();
                });
                b.place(breaks);
            }
            StmtKind::Break => self.leave_loop(b, true),
            StmtKind::Continue => self.leave_loop(b, false),
            StmtKind::Return(value) => {
                let src = b.reg();
                match value {
                    Some(value) => self.expr_to(b, value, src),
                    None => b.literal(src, Value::None),
                }
                self.leave_to(b, 0);
                b.emit(Instr::Return { src });
            }
            StmtKind::With(items, body) => self.with(b, items, body),
            StmtKind::Sleep(value) => self.op_of(b, OpCode::Sleep, value),
            StmtKind::Yield => self.op(b, OpCode::Yield, 0, 0),
            StmtKind::Await(condition) => self.await_condition(b, condition),
            StmtKind::Assert(condition, message) => self.assert(b, condition, message.as_ref()),
            StmtKind::Pass | StmtKind::Broken => {}
            StmtKind::Raise(None) => {
                if let Some(src) = b.handled.last().copied() {
                    b.emit(Instr::Raise { src });
                }
            }
            StmtKind::Raise(Some((kind, message))) => {
                let error = b.reg();
                match message {
                    Some(message) => self.expr_to(b, message, error),
                    None => b.literal(error, Value::from("")),
                }
                let kind = b.text(&kind.text);
                b.emit(Instr::MakeError { dst: error, kind, message: error });
                b.emit(Instr::Raise { src: error });
            }
            StmtKind::Try(body, catches, finally) => self.try_catch_finally(b, body, catches, finally.as_ref()),
            StmtKind::Mark(text) => {
                let base = b.reg();
                self.expr_to(b, text, base);
                b.emit(Instr::FormatLine { dst: base, base, count: 1 });
                self.op(b, OpCode::Mark, base, 1);
            }
            StmtKind::Select(cases, otherwise) => self.select(b, cases, otherwise),
            StmtKind::Join(values) => self.join(b, values),
            StmtKind::Exit(value) => {
                let error = b.reg();
                match value {
                    Some(value) => self.expr_to(b, value, error),
                    None => b.literal(error, Value::None),
                }
                b.emit(Instr::MakeExit { dst: error, src: error });
                b.emit(Instr::Raise { src: error });
            }
            StmtKind::Outcome(value) => self.op_of(b, OpCode::Outcome, value),
            StmtKind::Expr(value) => {
                let dst = b.reg();
                self.expr_to(b, value, dst);
            }
        }
    }

    /// An operation on nothing in particular whose result is not wanted.
    pub(super) fn op(&self, b: &mut Builder, op: OpCode, base: Reg, count: u8) {
        let dst = b.reg();
        b.emit(Instr::Op { op, count, dst, base });
    }

    fn op_of(&self, b: &mut Builder, op: OpCode, value: &Expr) {
        let base = b.reg();
        self.expr_to(b, value, base);
        self.op(b, op, base, 1);
    }

    fn assign(&self, b: &mut Builder, target: &Expr, op: Option<BinaryOp>, value: &Expr) {
        if let Some(place) = self.place_of(target) {
            return self.assign_variable(b, &place, op, value);
        }
        match &target.kind {
            ExprKind::Name(name) => {
                let Binding::Local(local) = self.checked.binding(name) else { return };
                let Some(dst) = b.locals.get(&local).copied() else { return };
                match op {
                    None => self.expr_to_local(b, value, dst),
                    Some(op) => {
                        let right = self.expr(b, value);
                        self.apply(b, op, dst, dst, right);
                    }
                }
            }
            ExprKind::Index(..) | ExprKind::Field(..) => self.assign_element(b, target, op, value),
            _ => {}
        }
    }

    /// `x = e`: straight into the variable where nothing in between reads it after it is written.
    fn expr_to_local(&self, b: &mut Builder, value: &Expr, dst: Reg) {
        let direct = matches!(
            &value.kind,
            ExprKind::Binary(BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul, _, _)
                | ExprKind::Int(_)
                | ExprKind::Bool(_)
                | ExprKind::None
                | ExprKind::Name(_)
                | ExprKind::Index(..)
        );
        if direct {
            self.expr_to(b, value, dst);
        } else {
            let src = b.reg();
            self.expr_to(b, value, src);
            b.move_to(dst, src);
        }
    }

    /// `xs[i][j] = e`: the containers on the way are taken out, changed and put back.
    fn assign_element(&self, b: &mut Builder, target: &Expr, op: Option<BinaryOp>, value: &Expr) {
        let mut steps = Vec::new();
        let mut at = target;
        while let ExprKind::Index(inner, _) | ExprKind::Field(inner, _) = &at.kind {
            steps.push(at);
            at = inner;
        }
        steps.reverse();
        let ExprKind::Name(name) = &at.kind else { return };
        let Binding::Local(local) = self.checked.binding(name) else { return };
        let Some(root) = b.locals.get(&local).copied() else { return };
        let keys = b.run(steps.len());
        for (offset, step) in steps.iter().enumerate() {
            self.key(b, step, keys + offset as Reg);
        }
        // What is assigned is evaluated before the containers are opened: it may read them.
        let new = b.reg();
        if op.is_none() {
            self.expr_to(b, value, new);
        }
        let holders = b.run(steps.len());
        let last = steps.len() - 1;
        b.move_to(holders, root);
        for offset in 0..last {
            let at = offset as Reg;
            b.emit(Instr::Index { dst: holders + at + 1, a: holders + at, b: keys + at });
        }
        if let Some(op) = op {
            b.emit(Instr::Index { dst: new, a: holders + last as Reg, b: keys + last as Reg });
            let right = self.expr(b, value);
            self.apply(b, op, new, new, right);
        }
        if steps.len() == 1 {
            // The common case needs no copy: the variable itself is changed.
            b.emit(Instr::None { dst: holders });
            b.emit(Instr::SetIndex { target: root, key: keys, value: new });
            return;
        }
        b.emit(Instr::SetIndex { target: holders + last as Reg, key: keys + last as Reg, value: new });
        for offset in (0..last).rev() {
            let at = offset as Reg;
            b.emit(Instr::SetIndex { target: holders + at, key: keys + at, value: holders + at + 1 });
        }
        b.move_to(root, holders);
    }

    fn key(&self, b: &mut Builder, step: &Expr, dst: Reg) {
        match &step.kind {
            ExprKind::Index(_, index) => self.expr_to(b, index, dst),
            ExprKind::Field(_, name) => {
                let index = b.text(&name.text);
                b.emit(Instr::Literal { dst, index });
            }
            _ => {}
        }
    }

    /// An assignment to a variable of several actors: index, then value, then one write; `+=` reads first.
    fn assign_variable(
        &self,
        b: &mut Builder,
        place: &super::expressions::Place<'_>,
        op: Option<BinaryOp>,
        value: &Expr,
    ) {
        let base = b.run(3);
        self.element(b, place, base);
        self.path(b, &place.path, base + 1);
        match op {
            None => self.expr_to(b, value, base + 2),
            Some(op) => {
                b.emit(Instr::OpOn { op: OpCode::CellRead, count: 1, dst: base + 2, base });
                let right = self.expr(b, value);
                self.apply(b, op, base + 2, base + 2, right);
            }
        }
        let dst = b.reg();
        b.emit(Instr::OpOn { op: OpCode::CellWrite, count: 2, dst, base });
    }

    fn branches(&self, b: &mut Builder, branches: &[(Expr, Block)], otherwise: Option<&Block>) {
        let end = b.label();
        for (condition, body) in branches {
            let next = b.label();
            self.jump_unless(b, condition, next);
            self.block(b, body);
            b.goto(end);
            b.place(next);
        }
        if let Some(body) = otherwise {
            self.block(b, body);
        }
        b.place(end);
    }

    fn looped(&self, b: &mut Builder, condition: Option<&Expr>, body: &Block) {
        let (again, end) = (b.label(), b.label());
        b.place(again);
        if let Some(condition) = condition {
            self.jump_unless(b, condition, end);
        }
        b.leaving.push(Leaving::Loop { breaks: end, continues: again });
        self.block(b, body);
        b.leaving.pop();
        b.goto(again);
        b.place(end);
    }

    fn assert(&self, b: &mut Builder, condition: &Expr, message: Option<&Expr>) {
        let (failed, end) = (b.label(), b.label());
        self.jump_unless(b, condition, failed);
        b.goto(end);
        b.place(failed);
        let error = b.reg();
        match message {
            Some(message) => self.expr_to(b, message, error),
            None => b.literal(error, Value::from(self.checked.source.slice(condition.span))),
        }
        let kind = b.text(&Arc::from("AssertionFailed"));
        b.emit(Instr::MakeError { dst: error, kind, message: error });
        b.emit(Instr::Raise { src: error });
        b.place(end);
    }

    fn join(&self, b: &mut Builder, values: &[Expr]) {
        let base = self.run_of(b, values);
        let list = b.reg();
        b.emit(Instr::List { dst: list, base, count: values.len() as u16 });
        self.join_all(b, list);
    }

    /// Waits for each handle of a list, and of the lists in it.
    pub(super) fn join_all(&self, b: &mut Builder, list: Reg) {
        b.emit(Instr::Flatten { dst: list, src: list });
        let loop_at = b.run(3);
        let call = b.run(2);
        let (next, end, dst) = (b.label(), b.label(), b.reg());
        b.emit(Instr::ForPrepare { loop_at, src: list });
        b.place(next);
        b.jump(Instr::ForNext { loop_at, target: 0 }, end);
        b.move_to(call, loop_at + 2);
        b.literal(call + 1, Value::None);
        b.emit(Instr::OpOn { op: OpCode::Join, count: 1, dst, base: call });
        b.goto(next);
        b.place(end);
    }
}
