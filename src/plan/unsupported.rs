//! What has no runtime on the operating system yet.
//!
//! Answers for: saying so at its place, before anything starts. What is only claimed (`invariant`, `eventually`,
//! `expect`) is no obstacle: a free run does not watch it.

use crate::analysis::{Binding, Checked};
use crate::diagnostic::{Code, Diagnostic};
use crate::program::signature::POOL_SUBMITS;
use crate::source::Span;
use crate::syntax::ast::{Arg, Expr, ExprKind, Item, ItemKind, ObjectKeyword};
use crate::syntax::visit::{Visitor, walk_expr, walk_item};
use crate::value::ObjectKind;

/// Everything in a scenario that cannot be run yet, in the order of the text.
pub fn unsupported(checked: &Checked) -> Vec<Diagnostic> {
    let mut finder = Finder { checked, found: Vec::new() };
    for object in checked.objects.iter().filter(|object| object.peer.is_none()) {
        finder.object(object.decl.keyword, &object.decl.args, object.decl.body.is_some(), object.name.span);
        object.decl.body.iter().for_each(|body| finder.block(body));
    }
    checked.templates.iter().for_each(|template| finder.block(&template.decl.body));
    checked.tasks.iter().for_each(|task| finder.block(&task.decl.body));
    checked.main.iter().chain(&checked.finally).for_each(|block| finder.block(block));
    finder.found.sort_by_key(|diagnostic| diagnostic.span);
    finder.found.dedup();
    finder.found
}

struct Finder<'a> {
    checked: &'a Checked,
    found: Vec<Diagnostic>,
}

impl Finder<'_> {
    fn refuse(&mut self, what: &str, span: Span) {
        self.found.push(Diagnostic::new(Code::NoRuntime { what: what.into() }, span));
    }

    fn object(&mut self, keyword: ObjectKeyword, args: &[Arg], has_body: bool, span: Span) {
        let given = |name: &str| {
            args.iter().find(|arg| arg.name.as_ref().is_some_and(|own| &*own.text == name)).map(|arg| arg.value.span)
        };
        if keyword == ObjectKeyword::Pool {
            given("threads").into_iter().for_each(|span| self.refuse("a pool of threads", span));
            given("tasks_per_child").into_iter().for_each(|span| self.refuse("`tasks_per_child`", span));
            if has_body {
                self.refuse("the body of a pool", span);
            }
        }
    }

    fn submit(&mut self, receiver: &Expr, name: &str, args: &[Arg]) {
        if POOL_SUBMITS.iter().any(|(submit, ..)| *submit == name) && self.may_be_pool(receiver) {
            for arg in args {
                if let Some(name) = arg.name.as_ref().filter(|name| name.text.ends_with("callback")) {
                    self.refuse("a callback of a pool", name.span);
                }
            }
        }
    }

    fn may_be_pool(&self, receiver: &Expr) -> bool {
        match &receiver.kind {
            ExprKind::Name(name) => match self.checked.binding(name) {
                Binding::Object(decl) => {
                    self.checked.objects.get(decl.0 as usize).is_some_and(|info| info.kind == ObjectKind::Pool)
                }
                _ => true,
            },
            _ => true,
        }
    }
}

impl Visitor for Finder<'_> {
    fn item(&mut self, item: &Item) {
        // Objects, actors and tasks of bodies stand in the tables as well.
        if !matches!(item.kind, ItemKind::Object(_) | ItemKind::Actor(_) | ItemKind::Task(_)) {
            walk_item(self, item);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::Method(receiver, name, args) = &expr.kind {
            self.submit(receiver, &name.text, args);
        }
        walk_expr(self, expr);
    }
}
