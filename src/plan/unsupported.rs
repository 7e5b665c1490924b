//! What has no runtime on the operating system yet.
//!
//! Answers for: saying so at its place, before anything starts. What is only claimed (`invariant`, `eventually`,
//! `expect`) is no obstacle: a free run does not watch it.

use crate::analysis::Checked;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Item, ItemKind, ObjectKeyword, Stmt, StmtKind};
use crate::syntax::visit::{Visitor, walk_item, walk_stmt};

/// Everything in a scenario that cannot be run yet, in the order of the text.
pub fn unsupported(checked: &Checked) -> Vec<Diagnostic> {
    let mut finder = Finder { found: Vec::new() };
    for object in checked.objects.iter().filter(|object| object.peer.is_none()) {
        finder.object(object.decl.keyword, object.decl.body.is_some(), object.name.span);
        object.decl.body.iter().for_each(|body| finder.block(body));
    }
    checked.templates.iter().for_each(|template| finder.block(&template.decl.body));
    checked.tasks.iter().for_each(|task| finder.block(&task.decl.body));
    checked.main.iter().chain(&checked.finally).for_each(|block| finder.block(block));
    finder.found.sort_by_key(|diagnostic| diagnostic.span);
    finder.found.dedup();
    finder.found
}

struct Finder {
    found: Vec<Diagnostic>,
}

impl Finder {
    fn refuse(&mut self, what: &str, span: Span) {
        self.found.push(Diagnostic::new(Code::NoRuntime { what: what.into() }, span));
    }

    fn object(&mut self, keyword: ObjectKeyword, has_body: bool, span: Span) {
        match keyword {
            ObjectKeyword::Rwlock => self.refuse("an `rwlock`", span),
            ObjectKeyword::Latch => self.refuse("a `latch`", span),
            ObjectKeyword::Once => self.refuse("a `once`", span),
            ObjectKeyword::Barrier if has_body => self.refuse("a barrier's action", span),
            _ => {}
        }
    }
}

impl Visitor for Finder {
    fn item(&mut self, item: &Item) {
        // Objects, actors and tasks of bodies stand in the tables as well.
        if !matches!(item.kind, ItemKind::Object(_) | ItemKind::Actor(_) | ItemKind::Task(_)) {
            walk_item(self, item);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Select(..) => self.refuse("`select`", stmt.span),
            StmtKind::Await(_) => self.refuse("`await`", stmt.span),
            _ => {}
        }
        walk_stmt(self, stmt);
    }
}
