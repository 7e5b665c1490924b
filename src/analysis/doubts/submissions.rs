//! Tasks that are handed to pools, and which of them can be run at the same time.
//!
//! Answers for: who may run a task while who else does something. Says nothing where a body waits for any result in
//! between, for it may be that one.

use super::actors::Actors;
use super::bodies::{Body, Who};
use super::constant::{Eval, Known};
use super::mentions::object;
use super::pauses::Pauses;
use crate::analysis::{Binding, Checked, DeclId, TaskId};
use crate::program::signature::POOL_SUBMITS;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Item, Stmt, StmtKind};
use crate::syntax::visit::{Visitor, walk_expr, walk_stmt};

/// A task that is handed to a pool.
struct Submission {
    by: Who,
    task: TaskId,
    pool: DeclId,
    /// For each of several items.
    is_map: bool,
    /// Whoever submits it waits for what comes of it.
    waits: bool,
    span: Span,
    /// The innermost loop around it.
    around: Option<Span>,
}

/// The pool and the task of a call that hands one to it, and whether the caller waits for what comes of it.
pub(super) fn submitted(checked: &Checked, expr: &Expr) -> Option<(DeclId, TaskId, bool)> {
    let ExprKind::Method(base, name, args) = &expr.kind else { return None };
    let (_, waits, _) = POOL_SUBMITS.iter().find(|(submit, ..)| **submit == *name.text)?;
    let pool = object(checked, base)?;
    let ExprKind::Name(task) = &args.first()?.value.kind else { return None };
    let Binding::Task(task) = checked.binding(task) else { return None };
    Some((pool, task, *waits))
}

/// The submissions of a file.
pub(super) struct Submissions<'a> {
    checked: &'a Checked,
    actors: &'a Actors<'a>,
    all: Vec<Submission>,
    /// Where somebody waits for results or ends.
    waits: Pauses,
}

impl<'a> Submissions<'a> {
    pub(super) fn new(checked: &'a Checked, bodies: &[Body<'_>], actors: &'a Actors<'a>) -> Submissions<'a> {
        let mut reader = Reader { checked, by: Who::Main, around: None, all: Vec::new(), waits: Pauses::default() };
        for body in bodies {
            reader.by = body.who;
            reader.block(body.block);
        }
        Submissions { checked, actors, all: reader.all, waits: reader.waits }
    }

    /// Whether two actors, one of which at least runs a task for a pool, may be there at the same time.
    pub(super) fn overlap(&self, (one, at_one): (Who, Span), (other, at_other): (Who, Span)) -> bool {
        match (one, other) {
            (Who::Submitted(one), Who::Submitted(other)) => {
                self.of(one).any(|one| self.of(other).any(|other| self.are_together(one, other)))
            }
            (Who::Submitted(task), who) => self.of(task).any(|one| self.is_beside(one, (who, at_other))),
            (who, Who::Submitted(task)) => self.of(task).any(|one| self.is_beside(one, (who, at_one))),
            _ => self.actors.overlap((one, at_one), (other, at_other)),
        }
    }

    fn of(&self, task: TaskId) -> impl Iterator<Item = &Submission> {
        self.all.iter().filter(move |submission| submission.task == task)
    }

    /// Whether a task may be run while somebody is at a place.
    fn is_beside(&self, one: &Submission, (who, at): (Who, Span)) -> bool {
        if one.by == who {
            return !one.waits && self.waits.goes_on(who, one.span, at) || self.are_several(who);
        }
        self.actors.overlap((one.by, one.span), (who, at))
    }

    fn are_together(&self, one: &Submission, other: &Submission) -> bool {
        if one.pool == other.pool && self.workers(one.pool) == Some(1) {
            return false;
        }
        if one.by != other.by {
            return self.actors.overlap((one.by, one.span), (other.by, other.span));
        }
        if self.are_several(one.by) {
            return true;
        }
        if one.span == other.span {
            let is_repeated = one.around.is_some_and(|around| !one.waits && !self.waits.are_within(one.by, around));
            return one.is_map || is_repeated;
        }
        let (first, last) = if one.span.start < other.span.start { (one, other) } else { (other, one) };
        !first.waits && self.waits.goes_on(first.by, first.span, last.span)
    }

    /// Whether several actors have a body, at the same time.
    fn are_several(&self, who: Who) -> bool {
        let nowhere = Span { start: 0, end: 0 };
        let count = self.actors.instances(who, Who::Main);
        matches!(who, Who::Actor(_))
            && count.is_none_or(|count| count > 1)
            && self.actors.overlap((who, nowhere), (who, nowhere))
    }

    /// How many workers a pool has, if the text tells.
    fn workers(&self, pool: DeclId) -> Option<i64> {
        let decl = &self.checked.objects.get(pool.0 as usize)?.decl;
        let eval = Eval { checked: self.checked, known: &Known::default() };
        decl.args.first().and_then(|arg| eval.int(&arg.value))
    }
}

struct Reader<'a> {
    checked: &'a Checked,
    by: Who,
    around: Option<Span>,
    all: Vec<Submission>,
    waits: Pauses,
}

impl Reader<'_> {
    fn repeated(&mut self, around: Span, inside: impl FnOnce(&mut Self)) {
        let before = self.around.replace(around);
        inside(self);
        self.around = before;
    }
}

impl Visitor for Reader<'_> {
    fn item(&mut self, _: &Item) {}

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::While(..) | StmtKind::Loop(_) => self.repeated(stmt.span, |reader| walk_stmt(reader, stmt)),
            StmtKind::For(_, iter, block) => {
                // Results may come one by one.
                if !matches!(iter.kind, ExprKind::Range { .. } | ExprKind::List(_)) {
                    self.waits.add(self.by, iter.span);
                }
                self.expr(iter);
                self.repeated(stmt.span, |reader| reader.block(block));
            }
            StmtKind::Join(_) => {
                self.waits.add(self.by, stmt.span);
                walk_stmt(self, stmt);
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn expr(&mut self, expr: &Expr) {
        if let Some((pool, task, waits)) = submitted(self.checked, expr) {
            let is_map = !matches!(&expr.kind, ExprKind::Method(_, name, _) if name.text.starts_with("apply"));
            let (by, span, around) = (self.by, expr.span, self.around);
            self.all.push(Submission { by, task, pool, is_map, waits, span, around });
        }
        match &expr.kind {
            ExprKind::Method(_, name, _) if matches!(&*name.text, "get" | "wait" | "next" | "join") => {
                self.waits.add(self.by, expr.span);
                walk_expr(self, expr);
            }
            ExprKind::ListComp(..) | ExprKind::SetComp(..) | ExprKind::MapComp(..) => {
                self.repeated(expr.span, |reader| walk_expr(reader, expr));
            }
            _ => walk_expr(self, expr),
        }
    }
}
