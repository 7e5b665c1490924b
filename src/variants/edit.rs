//! Changes to a tree.
//!
//! Answers for: the tree with them. Never says which are worth making.

use std::sync::Arc;

use crate::analysis::Checked;
use crate::pipeline::{check_tree, has_errors, plan_checked};
use crate::plan::Plan;
use crate::source::{Source, Span};
use crate::syntax::ast::{Block, Expr, File, Item, ItemKind, ObjectDecl, Otherwise, Stmt, StmtKind};
use crate::syntax::parse;

/// A change.
#[derive(Clone, Debug)]
pub(super) enum Edit {
    /// The statement at a place becomes these.
    Stmt(Span, Vec<Stmt>),
    /// The declaration of the object whose name stands at a place becomes this one.
    Object(Span, Box<ObjectDecl>),
    /// The indices of the template whose name stands at a place, or what the loop there goes through, becomes this.
    Range(Span, Expr),
}

/// A scenario's tree.
#[derive(Debug)]
pub(super) struct Tree {
    source: Source,
    pub(super) file: File,
    /// How many identifiers there are, with those of the changes.
    pub(super) names: u32,
}

impl Tree {
    pub(super) fn of(checked: &Checked) -> Tree {
        let (file, _) = parse(&checked.source);
        Tree { source: checked.source.clone(), names: file.names, file }
    }

    /// The plan of the tree with some changes; none where the language refuses it.
    pub(super) fn plan(&self, edits: &[Edit], sets: &[(String, String)], cores: u32) -> Option<Plan> {
        let (checked, found) = check_tree(&self.source, self.with(edits));
        if has_errors(&found) {
            return None;
        }
        plan_checked(&Arc::new(checked), sets, cores).ok()
    }

    fn with(&self, edits: &[Edit]) -> File {
        let mut file = self.file.clone();
        file.names = self.names;
        file.items.iter_mut().for_each(|each| item(each, edits));
        file
    }
}

fn item(item: &mut Item, edits: &[Edit]) {
    match &mut item.kind {
        ItemKind::Object(decl) => {
            let wanted = |edit: &&Edit| matches!(edit, Edit::Object(span, _) if *span == decl.name.span);
            if let Some(Edit::Object(_, other)) = edits.iter().find(wanted) {
                *decl = Arc::new((**other).clone());
            }
            if decl.body.is_some() {
                Arc::make_mut(decl).body.iter_mut().for_each(|body| block(body, edits));
            }
        }
        ItemKind::Actor(decl) => {
            let decl = Arc::make_mut(decl);
            if let Some((_, indices)) = &mut decl.replicas {
                range(decl.name.span, indices, edits);
            }
            block(&mut decl.body, edits);
        }
        ItemKind::Task(decl) => block(&mut Arc::make_mut(decl).body, edits),
        ItemKind::Main(body) | ItemKind::Finally(body) => block(Arc::make_mut(body), edits),
        ItemKind::Scenario(_)
        | ItemKind::Const(_)
        | ItemKind::Invariant(_)
        | ItemKind::Eventually(_)
        | ItemKind::Expect(_) => {}
    }
}

fn range(at: Span, range: &mut Expr, edits: &[Edit]) {
    let wanted = |edit: &&Edit| matches!(edit, Edit::Range(span, _) if *span == at);
    if let Some(Edit::Range(_, other)) = edits.iter().find(wanted) {
        *range = other.clone();
    }
}

fn block(block: &mut Block, edits: &[Edit]) {
    let stmts = std::mem::take(&mut block.stmts);
    block.stmts = stmts.into_iter().flat_map(|one| changed(one, edits)).collect();
}

fn changed(mut one: Stmt, edits: &[Edit]) -> Vec<Stmt> {
    let wanted = |edit: &&Edit| matches!(edit, Edit::Stmt(span, _) if *span == one.span);
    if let Some(Edit::Stmt(_, others)) = edits.iter().find(wanted) {
        return others.clone();
    }
    inner(&mut one, edits);
    vec![one]
}

fn inner(stmt: &mut Stmt, edits: &[Edit]) {
    let go = |body: &mut Block| block(body, edits);
    match &mut stmt.kind {
        StmtKind::Decl(decl) => item(decl, edits),
        StmtKind::If(branches, last) => {
            branches.iter_mut().for_each(|(_, body)| go(body));
            last.iter_mut().for_each(go);
        }
        StmtKind::While(_, body) | StmtKind::Loop(body) | StmtKind::With(_, body) => {
            go(body);
        }
        StmtKind::For(_, over, body) => {
            range(stmt.span, over, edits);
            go(body);
        }
        StmtKind::Try(body, catches, last) => {
            go(body);
            catches.iter_mut().for_each(|catch| go(&mut catch.body));
            last.iter_mut().for_each(go);
        }
        StmtKind::Select(cases, otherwise) => {
            cases.iter_mut().for_each(|case| go(&mut case.body));
            match otherwise {
                Otherwise::Wait => {}
                Otherwise::After(_, body) | Otherwise::Else(body) => go(body),
            }
        }
        _ => {}
    }
}
