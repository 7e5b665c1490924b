//! Statements: what they declare, and where they may stand.
//!
//! Answers for: scopes of blocks, places of `break`, `return`, `raise`, declarations. Never looks into operations.

use super::Binding;
use super::resolver::{Known, Mode, Resolver};
use crate::diagnostic::Code;
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind, ItemKind, Otherwise, StmtKind};
use crate::value::ObjectKind;

impl Resolver {
    /// A block with a scope of its own.
    pub(super) fn block(&mut self, block: &ast::Block) {
        self.scoped(|resolver| {
            resolver.nested_declarations(block);
            resolver.statements(block);
        });
    }

    /// The outermost block of a body, in the scope at hand: its declarations stand at its top.
    pub(super) fn block_here(&mut self, block: &ast::Block) {
        let mut at_top = true;
        for stmt in &block.stmts {
            match &stmt.kind {
                StmtKind::Decl(item) if self.body.owner.is_none() => self.report_declaration(item),
                StmtKind::Decl(item) if !at_top => self.report(Code::DeclarationNotFirst, item_name(item)),
                StmtKind::Decl(_) | StmtKind::Broken => {}
                _ => at_top = false,
            }
        }
        self.statements(block);
    }

    fn nested_declarations(&mut self, block: &ast::Block) {
        for stmt in &block.stmts {
            if let StmtKind::Decl(item) = &stmt.kind {
                self.report_declaration(item);
            }
        }
    }

    fn report_declaration(&mut self, item: &ast::Item) {
        let code = match &item.kind {
            ItemKind::Task(_) => Code::FileLevelOnly { word: "task" },
            ItemKind::Actor(decl) if decl.keyword == ast::ActorKeyword::Process => {
                Code::FileLevelOnly { word: "process" }
            }
            _ => Code::DeclarationNotFirst,
        };
        self.report(code, item_name(item));
        // The name is not in any table: what follows from that is not worth a word.
        self.broken = true;
    }

    fn statements(&mut self, block: &ast::Block) {
        self.check_flow(block);
        for stmt in &block.stmts {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &ast::Stmt) {
        match &stmt.kind {
            StmtKind::Decl(item) => {
                if let ItemKind::Object(decl) = &item.kind {
                    self.object_parts(decl);
                }
            }
            StmtKind::Let(pattern, value) => {
                let known = self.expr(value);
                self.declare_pattern(pattern, known, true);
            }
            StmtKind::Assign(target, op, value) => self.assign(target, op.is_some(), value),
            StmtKind::Print(values) => self.exprs(values),
            StmtKind::Return(value) => self.return_value(value.as_ref()),
            StmtKind::Break => self.in_loop("break", stmt.span),
            StmtKind::Continue => self.in_loop("continue", stmt.span),
            StmtKind::Sleep(value) | StmtKind::Mark(value) => {
                self.expr(value);
            }
            StmtKind::Await(condition) => {
                self.in_mode(Mode::Await, |resolver| resolver.expr(condition));
            }
            StmtKind::Assert(claim, message) => {
                self.expr(claim);
                self.exprs(message.as_slice());
            }
            StmtKind::Raise(raised) => self.raise(raised.as_ref(), stmt.span),
            StmtKind::Join(handles) => self.join(handles),
            StmtKind::Exit(status) => self.exprs(status.as_slice()),
            StmtKind::Outcome(value) => {
                if !self.body.is_finally {
                    self.report(Code::OutcomeOutside, stmt.span);
                }
                self.expr(value);
            }
            StmtKind::Expr(expr) => {
                self.expr(expr);
                self.check_effect(expr);
            }
            StmtKind::Pass | StmtKind::Yield => {}
            StmtKind::Broken => self.broken = true,
            _ => self.compound(stmt),
        }
    }

    /// Statements with blocks in them.
    fn compound(&mut self, stmt: &ast::Stmt) {
        match &stmt.kind {
            StmtKind::If(branches, last) => {
                for (condition, block) in branches {
                    self.expr(condition);
                    self.block(block);
                }
                last.iter().for_each(|block| self.block(block));
            }
            StmtKind::While(condition, block) => {
                self.expr(condition);
                self.looped(|resolver| resolver.block(block));
            }
            StmtKind::Loop(block) => self.looped(|resolver| resolver.block(block)),
            StmtKind::For(pattern, iter, block) => {
                let known = self.iterated(iter);
                self.looped(|resolver| {
                    resolver.scoped(|resolver| {
                        resolver.declare_pattern(pattern, known, false);
                        resolver.block(block);
                    });
                });
            }
            StmtKind::With(held, block) => {
                held.iter().for_each(|expr| self.held(expr));
                self.block(block);
            }
            StmtKind::Try(block, catches, last) => {
                self.block(block);
                catches.iter().for_each(|catch| self.catch(catch));
                last.iter().for_each(|block| self.block(block));
            }
            StmtKind::Select(cases, otherwise) => self.select(cases, otherwise),
            _ => {}
        }
    }

    fn looped(&mut self, inside: impl FnOnce(&mut Resolver)) {
        self.body.loops += 1;
        inside(self);
        self.body.loops -= 1;
    }

    fn in_loop(&mut self, word: &'static str, span: Span) {
        if self.body.loops == 0 {
            self.report(Code::OutsideLoop { word }, span);
        }
    }

    fn return_value(&mut self, value: Option<&ast::Expr>) {
        let Some(value) = value else { return };
        self.expr(value);
        if !self.body.is_task {
            self.report(Code::ReturnValue, value.span);
        }
    }

    fn raise(&mut self, raised: Option<&(ast::Ident, Option<ast::Expr>)>, span: Span) {
        let Some((kind, message)) = raised else {
            if self.body.catches == 0 {
                self.report(Code::BareRaise, span);
            }
            return;
        };
        if let Binding::Local(_) = self.look_up(&kind.text) {
            let binding = self.look_up(&kind.text);
            self.count_use(binding, &kind.text);
            self.report(Code::RaiseVariable { name: kind.text.clone() }, kind.span);
        }
        self.raised.insert(kind.text.clone());
        self.exprs(message.as_slice());
    }

    fn catch(&mut self, catch: &ast::Catch) {
        self.kinds.extend(catch.kind.clone());
        self.body.catches += 1;
        self.scoped(|resolver| {
            if let Some(name) = &catch.name {
                resolver.declare_local(name, Known::Any, false);
            }
            resolver.block(&catch.body);
        });
        self.body.catches -= 1;
    }

    fn select(&mut self, cases: &[ast::Case], otherwise: &Otherwise) {
        for case in cases {
            self.scoped(|resolver| {
                if let Some((name, list)) = &case.each {
                    let known = resolver.iterated(list);
                    resolver.declare_local(name, known, false);
                }
                resolver.expr(&case.operation);
                resolver.check_case(&case.operation);
                resolver.scoped(|resolver| {
                    if let Some(name) = &case.name {
                        resolver.declare_local(name, Known::Any, false);
                    }
                    resolver.block(&case.body);
                });
            });
        }
        match otherwise {
            Otherwise::Wait => {}
            Otherwise::After(time, block) => {
                self.expr(time);
                self.block(block);
            }
            Otherwise::Else(block) => self.block(block),
        }
    }

    /// Of what is known without knowing the object: an operation that is no case whatever has it, and a time of its
    /// own.
    fn check_case(&mut self, operation: &ast::Expr) {
        const CASES: [&str; 7] = ["put", "get", "send", "recv", "join", "wait", "next"];
        let ExprKind::Method(_, name, args) = &operation.kind else { return };
        if !CASES.contains(&&*name.text) {
            return self.report(Code::NotACase { name: name.text.clone() }, name.span);
        }
        let is_time = |name: &&ast::Ident| matches!(&*name.text, "timeout" | "block");
        for time in args.iter().filter_map(|arg| arg.name.as_ref()).filter(is_time) {
            self.report(Code::CaseTime { name: time.text.clone() }, time.span);
        }
    }

    fn assign(&mut self, target: &ast::Expr, is_update: bool, value: &ast::Expr) {
        match &target.kind {
            ExprKind::Name(name) => {
                let binding = self.look_up(&name.text);
                self.bind(name, binding);
                let reads = is_update || !matches!(binding, Binding::Local(_));
                if reads {
                    self.count_use(binding, &name.text);
                }
                if binding == Binding::Unbound {
                    self.report_unassigned(name);
                } else {
                    self.check_assignable(name, binding, false);
                }
            }
            ExprKind::Index(..) | ExprKind::Field(..) => {
                if let Some(name) = root(target) {
                    let binding = self.look_up(&name.text);
                    self.check_assignable(name, binding, true);
                } else {
                    self.report(Code::BadTarget, target.span);
                }
                self.expr(target);
            }
            _ => {
                self.expr(target);
            }
        }
        self.expr(value);
    }

    /// An assignment to a name that nothing has: a `let` was forgotten, or a slip.
    fn report_unassigned(&mut self, name: &ast::Ident) {
        let before = self.diagnostics.len();
        self.report_unknown(name);
        if let Some(last) = self.diagnostics.get_mut(before)
            && let Code::UnknownName { name, near: None } = &last.code
        {
            last.code = Code::AssignedUndeclared { name: name.clone() };
        }
    }

    fn check_assignable(&mut self, name: &ast::Ident, binding: Binding, inside: bool) {
        let what = match binding {
            Binding::Local(_) | Binding::Unbound => return,
            Binding::Object(id) => {
                let is_variable = matches!(self.object_kind(id), Some(ObjectKind::Shared | ObjectKind::Atomic));
                let is_array = matches!(self.known(binding), Known::Array(_));
                match self.checked.objects.get(id.0 as usize) {
                    _ if is_variable && (inside || !is_array) => return,
                    Some(_) if is_array => "an array of objects",
                    Some(info) => match info.decl.keyword {
                        ast::ObjectKeyword::Pipe => "the end of a pipe",
                        _ => "an object",
                    },
                    None => return,
                }
            }
            Binding::Const(_) => "a constant",
            Binding::Task(_) => "a task",
            Binding::Template(_) => "a template of actors",
            Binding::Builtin(_) => "a function",
        };
        self.report(Code::NotAssignable { name: name.text.clone(), what }, name.span);
    }

    /// An expression statement that does nothing.
    fn check_effect(&mut self, expr: &ast::Expr) {
        let is_idle = match &expr.kind {
            ExprKind::Call(..) | ExprKind::Method(..) | ExprKind::Start { .. } => false,
            ExprKind::And(_, right) | ExprKind::Or(_, right) => {
                return self.check_effect(right);
            }
            ExprKind::IfElse { yes, no, .. } => {
                self.check_effect(yes);
                return self.check_effect(no);
            }
            // Reading a shared variable is a visible step.
            ExprKind::Name(name) => !matches!(self.look_up(&name.text), Binding::Object(_) | Binding::Unbound),
            ExprKind::Index(..) | ExprKind::Field(..) => false,
            ExprKind::ListComp(..) | ExprKind::SetComp(..) | ExprKind::MapComp(..) => false,
            _ => true,
        };
        if is_idle {
            self.report(Code::IdleStatement, expr.span);
        }
    }
}

/// The name at the root of `xs[i].key`.
fn root(expr: &ast::Expr) -> Option<&ast::Ident> {
    let mut at = expr;
    loop {
        match &at.kind {
            ExprKind::Index(base, _) | ExprKind::Field(base, _) => at = base,
            ExprKind::Name(name) => return Some(name),
            _ => return None,
        }
    }
}

fn item_name(item: &ast::Item) -> Span {
    match &item.kind {
        ItemKind::Object(decl) => decl.name.span,
        ItemKind::Actor(decl) => decl.name.span,
        ItemKind::Task(decl) => decl.name.span,
        _ => item.span,
    }
}
