//! Statements.
//!
//! Answers for: what is done in which order. Never evaluates an expression (that is `expressions`).

use super::body::Body;
use super::flow::Exit;
use crate::analysis::{Binding, LocalId};
use crate::program::instr::{Instr, Piece, Reg};
use crate::program::op::OpCode;
use crate::syntax::ast::{Block, Expr, ExprKind, Ident, Pattern, Stmt, StmtKind};
use crate::syntax::visit::{Visitor, walk_expr};
use crate::value::Value;

impl Body<'_, '_> {
    /// A block: what is declared in it ends with it.
    pub(super) fn block(&mut self, block: &Block) {
        self.temporaries(|body| block.stmts.iter().for_each(|stmt| body.stmt(stmt)));
    }

    /// A new local variable in a new register.
    pub(super) fn declare(&mut self, name: &Ident) -> Reg {
        let register = self.alloc();
        self.name_register(name, register);
        register
    }

    pub(super) fn name_register(&mut self, name: &Ident, register: Reg) {
        if let Binding::Local(local) = self.checked.binding(name) {
            self.locals.insert(local, register);
        }
    }

    /// Binds a pattern to the value in a register.
    pub(super) fn bind(&mut self, pattern: &Pattern, value: Reg) {
        match pattern {
            Pattern::Name(name) => self.name_register(name, value),
            Pattern::List(patterns, span) => {
                let outer = std::mem::replace(&mut self.span, *span);
                let base = self.next;
                patterns.iter().for_each(|_| {
                    self.alloc();
                });
                let count = self.count(patterns.len());
                self.emit(Instr::Unpack { src: value, base, count });
                for (at, pattern) in patterns.iter().enumerate() {
                    self.bind(pattern, base + at as Reg);
                }
                self.span = outer;
            }
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        self.span = stmt.span;
        match &stmt.kind {
            StmtKind::Let(pattern, value) => {
                let register = self.expr(value);
                self.bind(pattern, register);
            }
            StmtKind::Decl(item) => self.declaration(item),
            kind => self.temporaries(|body| body.stmt_kind(kind, stmt)),
        }
    }

    fn stmt_kind(&mut self, kind: &StmtKind, stmt: &Stmt) {
        match kind {
            StmtKind::Assign(target, op, value) => self.assign(target, *op, value),
            StmtKind::Print(values) => {
                let (base, count) = self.row(values);
                self.emit(Instr::Print { base, count });
            }
            StmtKind::If(branches, otherwise) => {
                let mut ends = Vec::new();
                for (at, (condition, block)) in branches.iter().enumerate() {
                    let next = self.condition(condition, false);
                    self.block(block);
                    if otherwise.is_some() || at + 1 < branches.len() {
                        self.span = stmt.span;
                        ends.push(self.jump());
                    }
                    self.land(next);
                }
                if let Some(block) = otherwise {
                    self.block(block);
                }
                self.land(ends);
            }
            StmtKind::While(condition, block) => self.while_loop(condition, |body| body.block(block)),
            StmtKind::Loop(block) => self.endless_loop(|body| body.block(block)),
            StmtKind::For(pattern, iter, block) => self.each(pattern, iter, |body| body.block(block)),
            StmtKind::Break => self.leave(Exit::Break, 0),
            StmtKind::Continue => self.leave(Exit::Continue, 0),
            StmtKind::Return(value) => {
                let src = match value {
                    Some(value) => self.operand(value, &[]),
                    None => self.loaded(Value::None),
                };
                self.leave(Exit::Return, src);
            }
            StmtKind::With(items, block) => self.with(items, &mut |body| body.block(block)),
            StmtKind::Assert(condition, message) => self.assert(condition, message.as_ref()),
            StmtKind::Raise(raised) => self.raise_stmt(raised.as_ref()),
            StmtKind::Try(block, catches, finally) => {
                let part = |body: &mut Self| match catches.as_slice() {
                    [] => body.block(block),
                    catches => body.with_catches(|body| body.block(block), catches),
                };
                match finally {
                    Some(finally) => self.with_finally(part, |body| body.block(finally)),
                    None => part(self),
                }
            }
            StmtKind::Select(cases, otherwise) => self.select(cases, otherwise),
            StmtKind::Join(handles) => self.join(handles),
            StmtKind::Exit(status) => {
                let src = match status {
                    Some(status) => self.expr(status),
                    None => self.loaded(Value::None),
                };
                self.emit(Instr::Exit { src });
            }
            StmtKind::Sleep(time) => self.simple(OpCode::Sleep, Some(time)),
            StmtKind::Yield => self.simple(OpCode::Yield, None),
            StmtKind::Outcome(value) => self.simple(OpCode::Outcome, Some(value)),
            StmtKind::Mark(text) => {
                let base = self.expr(text);
                let spec = self.text_spec(vec![Piece::Value]);
                self.emit(Instr::Text { dst: base, base, spec });
                let dst = self.alloc();
                self.emit(Instr::Op { code: OpCode::Mark, dst, base, count: 1 });
            }
            StmtKind::Await(condition) => self.await_stmt(condition),
            StmtKind::Expr(expr) => {
                self.expr(expr);
            }
            StmtKind::Pass | StmtKind::Broken | StmtKind::Decl(_) | StmtKind::Let(..) => {}
        }
    }

    fn simple(&mut self, code: OpCode, arg: Option<&Expr>) {
        let (base, count) = self.row(arg);
        let dst = self.alloc();
        self.emit(Instr::Op { code, dst, base, count });
    }

    fn assert(&mut self, condition: &Expr, message: Option<&Expr>) {
        let holds = self.condition(condition, true);
        let message = match message {
            Some(message) => self.expr(message),
            None => {
                let text = self.checked.source.slice(condition.span);
                self.loaded(Value::from(text))
            }
        };
        let kind = self.text("AssertionFailed");
        self.emit(Instr::Raise { kind, message });
        self.land(holds);
    }

    fn raise_stmt(&mut self, raised: Option<&(Ident, Option<Expr>)>) {
        match (raised, self.caught.last()) {
            (Some((kind, message)), _) => {
                let message = match message {
                    Some(message) => self.expr(message),
                    None => self.loaded(Value::None),
                };
                let kind = self.text(&kind.text);
                self.emit(Instr::Raise { kind, message });
            }
            (None, Some(&error)) => {
                let src = self.alloc();
                self.emit(Instr::Move { dst: src, src: error });
                self.emit(Instr::Reraise { src });
            }
            (None, None) => self.raise("ValueError", "no error is being handled"),
        }
    }

    /// `await condition`: a code of its own, which takes the variables that the condition mentions.
    fn await_stmt(&mut self, condition: &Expr) {
        let captured = locals_of(condition, &|name| self.checked.binding(name));
        let mut inner = Body::new(&mut *self.lower, "await", condition.span);
        for local in &captured {
            inner.param(Some(*local));
        }
        let value = inner.expr(condition);
        inner.emit(Instr::Return { src: value });
        let code = inner.finish(condition.span);
        let base = self.loaded(Value::Int(i64::from(code.0)));
        let first = self.next;
        for local in &captured {
            let src = self.local(*local);
            let dst = self.alloc();
            self.emit(Instr::Move { dst, src });
        }
        let list = if captured.is_empty() { self.alloc() } else { first };
        let count = self.count(captured.len());
        self.emit(Instr::List { dst: list, base: first, count });
        let dst = self.alloc();
        self.emit(Instr::Op { code: OpCode::Await, dst, base, count: 2 });
    }
}

/// The local variables that an expression mentions, each once.
fn locals_of(expr: &Expr, binding: &dyn Fn(&Ident) -> Binding) -> Vec<LocalId> {
    struct Locals<'b>(Vec<LocalId>, &'b dyn Fn(&Ident) -> Binding);
    impl Visitor for Locals<'_> {
        fn expr(&mut self, expr: &Expr) {
            if let ExprKind::Name(name) = &expr.kind
                && let Binding::Local(local) = (self.1)(name)
                && !self.0.contains(&local)
            {
                self.0.push(local);
            }
            walk_expr(self, expr);
        }
    }
    let mut locals = Locals(Vec::new(), binding);
    locals.expr(expr);
    locals.0
}
