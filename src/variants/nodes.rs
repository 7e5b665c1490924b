//! New parts of a tree.
//!
//! Answers for: numbering their names. Each stands where what it replaces stood.

use crate::source::Span;
use crate::syntax::ast::{Arg, BinaryOp, Block, Expr, ExprKind, Ident, NameId, Stmt, StmtKind};

/// Makes parts of a tree.
pub(super) struct Nodes {
    /// How many identifiers there are.
    pub(super) names: u32,
}

impl Nodes {
    /// `receiver.name(args)` as a statement.
    pub(super) fn call(&mut self, receiver: &Expr, name: &str, args: Vec<Arg>, span: Span) -> Stmt {
        let name = Ident { text: name.into(), span, id: NameId(self.names) };
        self.names += 1;
        let call = ExprKind::Method(Box::new(receiver.clone()), name, args);
        stmt(StmtKind::Expr(Expr { kind: call, span }), span)
    }
}

pub(super) fn stmt(kind: StmtKind, span: Span) -> Stmt {
    Stmt { kind, span }
}

pub(super) fn expr(kind: ExprKind, span: Span) -> Expr {
    Expr { kind, span }
}

/// A block on its own, for what it declares to be seen nowhere else.
pub(super) fn alone(block: &Block, span: Span) -> Stmt {
    stmt(StmtKind::If(vec![(expr(ExprKind::Bool(true), span), block.clone())], None), span)
}

/// `value + by`
pub(super) fn plus(value: &Expr, by: i64) -> Expr {
    let (op, by) = if by < 0 { (BinaryOp::Sub, -by) } else { (BinaryOp::Add, by) };
    let by = Box::new(expr(ExprKind::Int(by), value.span));
    expr(ExprKind::Binary(op, Box::new(value.clone()), by), value.span)
}
