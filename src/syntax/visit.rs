//! A walk over the tree: every block, statement and expression, each in the order in which it is written.
//!
//! Answers for: reaching every part once. Never says what a part means.

use super::ast::{
    Block, Case, Comprehension, Expr, ExprKind, Item, ItemKind, ObjectDecl, Otherwise, Stmt, StmtKind, StrPart,
};

/// Looks at parts of a tree. A method that is not given walks on; one that is given walks on by calling the `walk_…`
/// function of the same name, or does not.
pub trait Visitor {
    /// At a block.
    fn block(&mut self, block: &Block) {
        walk_block(self, block);
    }

    /// At a statement.
    fn stmt(&mut self, stmt: &Stmt) {
        walk_stmt(self, stmt);
    }

    /// At an expression.
    fn expr(&mut self, expr: &Expr) {
        walk_expr(self, expr);
    }

    /// At a declaration, of a file or at the top of a body.
    fn item(&mut self, item: &Item) {
        walk_item(self, item);
    }
}

/// The statements of a block.
pub fn walk_block<V: Visitor + ?Sized>(visitor: &mut V, block: &Block) {
    for stmt in &block.stmts {
        visitor.stmt(stmt);
    }
}

/// What stands in a declaration: its expressions and bodies.
pub fn walk_item<V: Visitor + ?Sized>(visitor: &mut V, item: &Item) {
    match &item.kind {
        ItemKind::Const(decl) => visitor.expr(&decl.value),
        ItemKind::Object(decl) => walk_object(visitor, decl),
        ItemKind::Actor(decl) => {
            each(visitor, decl.replicas.iter().map(|(_, indices)| indices));
            each(visitor, &decl.delay);
            each(visitor, decl.params.iter().filter_map(|param| param.default.as_ref()));
            visitor.block(&decl.body);
        }
        ItemKind::Task(decl) => {
            each(visitor, decl.params.iter().filter_map(|param| param.default.as_ref()));
            visitor.block(&decl.body);
        }
        ItemKind::Main(block) | ItemKind::Finally(block) => visitor.block(block),
        ItemKind::Invariant(claim) | ItemKind::Eventually(claim) => visitor.expr(&claim.expr),
        ItemKind::Scenario(_) | ItemKind::Expect(_) => {}
    }
}

/// What stands in the declaration of an object.
pub fn walk_object<V: Visitor + ?Sized>(visitor: &mut V, decl: &ObjectDecl) {
    each(visitor, &decl.array);
    each(visitor, decl.other.iter().filter_map(|end| end.array.as_ref()));
    each(visitor, decl.args.iter().map(|arg| &arg.value));
    each(visitor, &decl.init);
    if let Some(body) = &decl.body {
        visitor.block(body);
    }
}

/// The parts of a statement.
pub fn walk_stmt<V: Visitor + ?Sized>(visitor: &mut V, stmt: &Stmt) {
    match &stmt.kind {
        StmtKind::Decl(item) => visitor.item(item),
        StmtKind::Let(_, value) => visitor.expr(value),
        StmtKind::Assign(target, _, value) => {
            visitor.expr(target);
            visitor.expr(value);
        }
        StmtKind::Print(values) | StmtKind::Join(values) => each(visitor, values),
        StmtKind::If(branches, last) => {
            for (condition, block) in branches {
                visitor.expr(condition);
                visitor.block(block);
            }
            blocks(visitor, last);
        }
        StmtKind::While(condition, block) => {
            visitor.expr(condition);
            visitor.block(block);
        }
        StmtKind::Loop(block) => visitor.block(block),
        StmtKind::For(_, iter, block) => {
            visitor.expr(iter);
            visitor.block(block);
        }
        StmtKind::Return(value) | StmtKind::Exit(value) => each(visitor, value),
        StmtKind::With(guards, block) => {
            each(visitor, guards);
            visitor.block(block);
        }
        StmtKind::Sleep(value)
        | StmtKind::Await(value)
        | StmtKind::Mark(value)
        | StmtKind::Outcome(value)
        | StmtKind::Expr(value) => visitor.expr(value),
        StmtKind::Assert(condition, message) => {
            visitor.expr(condition);
            each(visitor, message);
        }
        StmtKind::Raise(raised) => each(visitor, raised.iter().filter_map(|(_, message)| message.as_ref())),
        StmtKind::Try(block, catches, last) => {
            visitor.block(block);
            for catch in catches {
                visitor.block(&catch.body);
            }
            blocks(visitor, last);
        }
        StmtKind::Select(cases, otherwise) => walk_select(visitor, cases, otherwise),
        StmtKind::Break | StmtKind::Continue | StmtKind::Yield | StmtKind::Pass | StmtKind::Broken => {}
    }
}

fn walk_select<V: Visitor + ?Sized>(visitor: &mut V, cases: &[Case], otherwise: &Otherwise) {
    for case in cases {
        each(visitor, case.each.iter().map(|(_, list)| list));
        visitor.expr(&case.operation);
        visitor.block(&case.body);
    }
    match otherwise {
        Otherwise::Wait => {}
        Otherwise::After(delay, block) => {
            visitor.expr(delay);
            visitor.block(block);
        }
        Otherwise::Else(block) => visitor.block(block),
    }
}

/// The parts of an expression.
pub fn walk_expr<V: Visitor + ?Sized>(visitor: &mut V, expr: &Expr) {
    match &expr.kind {
        ExprKind::None
        | ExprKind::Bool(_)
        | ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Duration(_)
        | ExprKind::Name(_) => {}
        ExprKind::Str(parts) => each(
            visitor,
            parts.iter().filter_map(|part| match part {
                StrPart::Text(_) => None,
                StrPart::Expr(expr) => Some(expr),
            }),
        ),
        ExprKind::List(items) | ExprKind::Set(items) => each(visitor, items),
        ExprKind::Map(entries) => each(visitor, entries.iter().flat_map(|(key, value)| [key, value])),
        ExprKind::ListComp(item, rest) | ExprKind::SetComp(item, rest) => walk_comprehension(visitor, rest, &[item]),
        ExprKind::MapComp(key, value, rest) => walk_comprehension(visitor, rest, &[key, value]),
        ExprKind::Negate(inner) | ExprKind::Not(inner) | ExprKind::Field(inner, _) => visitor.expr(inner),
        ExprKind::Repeat(left, right)
        | ExprKind::Range { low: left, high: right, .. }
        | ExprKind::Binary(_, left, right)
        | ExprKind::And(left, right)
        | ExprKind::Or(left, right)
        | ExprKind::Index(left, right) => each(visitor, [&**left, &**right]),
        ExprKind::IfElse { condition, yes, no } => each(visitor, [&**condition, &**yes, &**no]),
        ExprKind::Slice(base, start, end, _) => {
            visitor.expr(base);
            each(visitor, start.as_deref().into_iter().chain(end.as_deref()));
        }
        ExprKind::Call(callee, args) => {
            visitor.expr(callee);
            each(visitor, args.iter().map(|arg| &arg.value));
        }
        ExprKind::Method(receiver, _, args) => {
            visitor.expr(receiver);
            each(visitor, args.iter().map(|arg| &arg.value));
        }
        ExprKind::Start { index, args, .. } => {
            each(visitor, index.as_deref());
            each(visitor, args.iter().map(|arg| &arg.value));
        }
    }
}

fn walk_comprehension<V: Visitor + ?Sized>(visitor: &mut V, rest: &Comprehension, items: &[&Expr]) {
    visitor.expr(&rest.iter);
    each(visitor, &rest.condition);
    each(visitor, items.iter().copied());
}

fn each<'a, V: Visitor + ?Sized>(visitor: &mut V, exprs: impl IntoIterator<Item = &'a Expr>) {
    for expr in exprs {
        visitor.expr(expr);
    }
}

fn blocks<'a, V: Visitor + ?Sized>(visitor: &mut V, blocks: impl IntoIterator<Item = &'a Block>) {
    for block in blocks {
        visitor.block(block);
    }
}
