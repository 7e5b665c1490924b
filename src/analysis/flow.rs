//! Statements that nothing can reach.
//!
//! Answers for: what stands after a statement that never ends normally. Never follows values.

use super::bodies::blocks_of;
use super::resolver::Resolver;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::ast::{Block, Stmt, StmtKind};

impl Resolver {
    /// Warns of the first statement of a block that nothing can reach.
    pub(super) fn check_flow(&mut self, block: &Block) {
        let mut stmts = block.stmts.iter();
        let Some(last) = stmts.find(|stmt| never_ends(stmt)) else { return };
        let Some(next) = stmts.next() else { return };
        let word = Diagnostic::new(Code::Unreachable, next.span);
        self.diagnostics.push(word.also(last.span, "nothing gets past this"));
    }
}

fn never_ends(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::Return(_) | StmtKind::Break | StmtKind::Continue | StmtKind::Raise(_) | StmtKind::Exit(_) => true,
        StmtKind::Loop(body) => !breaks(body),
        _ => false,
    }
}

/// Whether a `break` in a block leaves the loop around it. What could not be read might.
fn breaks(block: &Block) -> bool {
    block.stmts.iter().any(|stmt| match &stmt.kind {
        StmtKind::Break | StmtKind::Broken => true,
        StmtKind::While(..) | StmtKind::Loop(_) | StmtKind::For(..) => false,
        _ => {
            let mut found = false;
            blocks_of(stmt, |inner| found |= breaks(inner));
            found
        }
    })
}
