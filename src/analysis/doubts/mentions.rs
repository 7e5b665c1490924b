//! Where each object is mentioned, and how.
//!
//! Answers for: the operations on each declaration, and whether it is passed on, to where nothing is known. Never says
//! what follows.

use std::sync::Arc;

use super::bodies::{Body, Who};
use super::submissions::submitted;
use crate::analysis::{Binding, Checked, DeclId, TaskId};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Item, ItemKind, ObjectDecl, Stmt, StmtKind};
use crate::syntax::visit::{Visitor, walk_expr, walk_object, walk_stmt};
use crate::value::ObjectKind;

/// An operation on an object.
pub(super) struct Mention {
    /// In whose body; none in a declaration or a claim.
    pub(super) who: Option<Who>,
    /// `put`, `with`, `for`, …
    pub(super) operation: Arc<str>,
    /// How many arguments it has.
    pub(super) args: usize,
    pub(super) span: Span,
}

/// How everything is mentioned.
pub(super) struct Mentions {
    /// By declaration.
    pub(super) of: Vec<Vec<Mention>>,
    /// By declaration: passed on as a value, or as a whole array.
    pub(super) escapes: Vec<bool>,
    /// Direct calls of tasks: who calls which. A worker calls what is handed to it.
    pub(super) calls: Vec<(Who, TaskId)>,
    /// Tasks that are handed on as values, so that anybody may call them.
    task_values: Vec<TaskId>,
}

impl Mentions {
    /// The operations on an object; none if it is passed on, so that there may be others.
    pub(super) fn all_of(&self, id: usize) -> Option<&[Mention]> {
        let escapes = self.escapes.get(id).copied().unwrap_or(true);
        self.of.get(id).filter(|_| !escapes).map(Vec::as_slice)
    }

    /// Whether a task is handed on as a value, to a pool or anybody.
    pub(super) fn is_value(&self, task: TaskId) -> bool {
        self.task_values.contains(&task) || self.calls.contains(&(Who::Submitted(task), task))
    }

    /// Who runs a body of somebody's: for a task those who call it, and workers whom it is handed to. None if that is
    /// not certain.
    pub(super) fn runners(&self, who: Who) -> Option<Vec<Who>> {
        let (mut left, mut seen, mut runners) = (vec![who], vec![who], Vec::new());
        while let Some(who) = left.pop() {
            let Who::Task(task) = who else {
                runners.push(who);
                continue;
            };
            if self.task_values.contains(&task) {
                return None;
            }
            for (caller, _) in self.calls.iter().filter(|(_, called)| *called == task) {
                if !seen.contains(caller) {
                    seen.push(*caller);
                    left.push(*caller);
                }
            }
        }
        Some(runners)
    }
}

/// Reads the file.
pub(super) fn mentions(checked: &Checked, bodies: &[Body<'_>]) -> Mentions {
    let count = checked.objects.len();
    let found = Mentions {
        of: std::iter::repeat_with(Vec::new).take(count).collect(),
        escapes: vec![false; count],
        calls: Vec::new(),
        task_values: Vec::new(),
    };
    let mut reader = Reader { checked, who: None, found };
    for body in bodies {
        reader.who = Some(body.who);
        reader.block(body.block);
    }
    reader.who = None;
    for info in &checked.objects {
        reader.outside(&info.decl);
    }
    for info in &checked.templates {
        info.decl.delay.iter().for_each(|delay| reader.expr(delay));
    }
    for claim in checked.invariants.iter().chain(&checked.eventually) {
        reader.expr(&claim.expr);
    }
    reader.found
}

/// The object that an expression is: by its name, or as an element of an array.
pub(super) fn object(checked: &Checked, expr: &Expr) -> Option<DeclId> {
    let (name, is_element) = match &expr.kind {
        ExprKind::Name(name) => (name, false),
        ExprKind::Index(base, _) => match &base.kind {
            ExprKind::Name(name) => (name, true),
            _ => return None,
        },
        _ => return None,
    };
    let Binding::Object(id) = checked.binding(name) else { return None };
    let info = checked.objects.get(id.0 as usize)?;
    let is_variable = matches!(info.kind, ObjectKind::Shared | ObjectKind::Atomic);
    (!is_variable && info.decl.array.is_some() == is_element).then_some(id)
}

struct Reader<'a> {
    checked: &'a Checked,
    who: Option<Who>,
    found: Mentions,
}

impl Reader<'_> {
    fn note(&mut self, id: DeclId, operation: Arc<str>, args: usize, span: Span) {
        let who = self.who;
        if let Some(all) = self.found.of.get_mut(id.0 as usize) {
            all.push(Mention { who, operation, args, span });
        }
    }

    /// An operation on what an expression is; false if that is no object.
    fn operate(&mut self, expr: &Expr, operation: &str, args: usize, span: Span) -> bool {
        let Some(id) = object(self.checked, expr) else { return false };
        self.note(id, operation.into(), args, span);
        if let ExprKind::Index(_, index) = &expr.kind {
            self.expr(index);
        }
        true
    }

    /// The arguments and the start value of a declaration; its body is a body of its own.
    fn outside(&mut self, decl: &ObjectDecl) {
        walk_object(self, &ObjectDecl { body: None, ..decl.clone() });
    }
}

impl Visitor for Reader<'_> {
    fn item(&mut self, item: &Item) {
        if let ItemKind::Object(decl) = &item.kind {
            self.outside(decl);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::For(_, iter, block) if self.operate(iter, "for", 0, iter.span) => self.block(block),
            StmtKind::With(guards, block) => {
                for guard in guards {
                    if !self.operate(guard, "with", 0, guard.span) {
                        self.expr(guard);
                    }
                }
                self.block(block);
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Method(base, name, args) => {
                if self.operate(base, &name.text, args.len(), expr.span) {
                    let task = submitted(self.checked, expr).map(|(_, task, ..)| task);
                    self.found.calls.extend(task.map(|task| (Who::Submitted(task), task)));
                    let others = args.iter().skip(task.is_some().into());
                    others.for_each(|arg| self.expr(&arg.value));
                } else {
                    walk_expr(self, expr);
                }
            }
            ExprKind::Field(base, name) if self.operate(base, &name.text, 0, expr.span) => {}
            ExprKind::Call(callee, args) => {
                match &callee.kind {
                    ExprKind::Name(name) => {
                        if let (Binding::Task(task), Some(who)) = (self.checked.binding(name), self.who) {
                            self.found.calls.push((who, task));
                        }
                    }
                    _ => self.expr(callee),
                }
                args.iter().for_each(|arg| self.expr(&arg.value));
            }
            ExprKind::Name(name) => match self.checked.binding(name) {
                Binding::Object(id) => {
                    self.found.escapes.get_mut(id.0 as usize).into_iter().for_each(|escapes| *escapes = true);
                }
                Binding::Task(task) => self.found.task_values.push(task),
                _ => {}
            },
            _ => walk_expr(self, expr),
        }
    }
}
