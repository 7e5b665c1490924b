//! What can be weakened in a region that a lock guards: not taken, let go in between, taken in another order.
//!
//! Answers for: those changes, of `with` and of `acquire` with its `release`s. Never says whether the lock is needed.

use super::edit::Edit;
use super::find::{Finder, in_place_of};
use super::mutant::Mutant;
use super::nodes::{Nodes, stmt};
use super::operator::Operator;
use crate::analysis::{Binding, Checked, DeclId};
use crate::source::Span;
use crate::syntax::ast::{Block, Expr, ExprKind, Stmt, StmtKind};
use crate::syntax::visit::{Visitor, walk_expr};
use crate::value::ObjectKind;

/// The mutants of a `with`.
pub(super) fn weaker(finder: &mut Finder<'_>, at: &Stmt, guards: &[Expr], body: &Block) -> Vec<Mutant> {
    let mut found = Vec::new();
    let is_semaphore =
        |guard: &Expr| matches!(finder.kind(guard), Some(ObjectKind::Semaphore | ObjectKind::BoundedSemaphore));
    let counted = guards.iter().find(|guard| is_semaphore(guard));
    let changes = counted.and_then(|guard| object_of(finder.checked, guard)).map(|decl| decl.0);
    let mut push = |operator, target: Span, others: Vec<Stmt>| {
        found.push(Mutant { operator, span: at.span, target, changes, edits: vec![Edit::Stmt(at.span, others)] });
    };
    for (number, guard) in guards.iter().enumerate() {
        let mut others = guards.to_vec();
        others.remove(number);
        let left = match others.is_empty() {
            true => in_place_of(at, body),
            false => vec![stmt(StmtKind::With(others, body.clone()), at.span)],
        };
        push(if is_semaphore(guard) { Operator::TakeDropped } else { Operator::LockDropped }, guard.span, left);
        if let Some(side) = finder.writes(guard) {
            let mut others = guards.to_vec();
            others.splice(number..=number, [side]);
            push(Operator::WriteAsRead, guard.span, vec![stmt(StmtKind::With(others, body.clone()), at.span)]);
        }
        if number > 0 {
            let mut others = guards.to_vec();
            others.swap(number - 1, number);
            let both = guards[number - 1].span.to(guard.span);
            push(Operator::LocksSwapped, both, vec![stmt(StmtKind::With(others, body.clone()), at.span)]);
        }
    }
    if let [Stmt { kind: StmtKind::With(inner, innermost), span }] = body.stmts.as_slice() {
        let nested =
            Block { stmts: vec![stmt(StmtKind::With(guards.to_vec(), innermost.clone()), *span)], span: body.span };
        let swapped = stmt(StmtKind::With(inner.clone(), nested), at.span);
        let both = inner.iter().fold(guards.first().map_or(at.span, |guard| guard.span), |all, one| all.to(one.span));
        push(Operator::LocksSwapped, both, vec![swapped]);
    }
    for (place, stmts) in splits(finder, guards, body) {
        let body = Block { stmts, span: body.span };
        let whole = vec![stmt(StmtKind::With(guards.to_vec(), body), at.span)];
        let edits = vec![Edit::Stmt(at.span, whole)];
        found.push(Mutant { operator: Operator::LockSplit, span: place, target: place, changes, edits });
    }
    found
}

/// The statements of a block, with its locks let go and taken again between two that touch what is shared: behind which
/// statement.
fn splits(finder: &mut Finder<'_>, guards: &[Expr], body: &Block) -> Vec<(Span, Vec<Stmt>)> {
    let own: Vec<DeclId> = guards.iter().filter_map(|guard| object_of(finder.checked, guard)).collect();
    let touching = |one: &&Stmt| touches(finder.checked, one, &own);
    let places: Vec<Span> = body.stmts.iter().filter(touching).map(|one| one.span).collect();
    let Some((_, before)) = places.split_last() else { return Vec::new() };
    let mut all = Vec::new();
    for place in before {
        let mut stmts = Vec::new();
        for one in &body.stmts {
            stmts.push(one.clone());
            if one.span == *place {
                let nodes = &mut finder.nodes;
                stmts.extend(guards.iter().rev().map(|guard| nodes.call(guard, "release", Vec::new(), guard.span)));
                stmts.extend(guards.iter().map(|guard| nodes.call(guard, "acquire", Vec::new(), guard.span)));
            }
        }
        all.push((*place, stmts));
    }
    all
}

/// The declaration of the object that an expression names, where that can be seen.
pub(super) fn object_of(checked: &Checked, expr: &Expr) -> Option<DeclId> {
    match &expr.kind {
        ExprKind::Name(name) => match checked.binding(name) {
            Binding::Object(decl) => Some(decl),
            _ => None,
        },
        ExprKind::Index(base, _) | ExprKind::Field(base, _) => object_of(checked, base),
        _ => None,
    }
}

/// Whether a statement mentions an object other than some, or calls what may.
fn touches(checked: &Checked, one: &Stmt, but: &[DeclId]) -> bool {
    struct Looks<'c> {
        checked: &'c Checked,
        but: &'c [DeclId],
        found: bool,
    }
    impl Visitor for Looks<'_> {
        fn expr(&mut self, expr: &Expr) {
            if let ExprKind::Name(name) = &expr.kind {
                self.found |= match self.checked.binding(name) {
                    Binding::Object(decl) => !self.but.contains(&decl),
                    Binding::Task(_) => true,
                    _ => false,
                };
            }
            walk_expr(self, expr);
        }
    }
    let mut looks = Looks { checked, but, found: false };
    looks.stmt(one);
    looks.found
}

/// Where a body takes and releases locks by name, in the order of the text.
#[derive(Default)]
pub(super) struct Pairs {
    all: Vec<Held>,
}

struct Held {
    at: Span,
    lock: Expr,
    name: String,
    takes: bool,
    /// Of the side of the writers: that of the readers.
    side: Option<Expr>,
}

impl Pairs {
    pub(super) fn note(&mut self, at: Span, lock: Expr, name: String, takes: bool, side: Option<Expr>) {
        self.all.push(Held { at, lock, name, takes, side });
    }

    /// A lock that is taken is not, and none of the releases that follow before it is taken again is there.
    pub(super) fn mutants(&self, nodes: &mut Nodes) -> Vec<Mutant> {
        let mut found = Vec::new();
        for (number, taken) in self.all.iter().enumerate().filter(|(_, held)| held.takes) {
            let later = self.all.iter().skip(number + 1).filter(|held| held.name == taken.name);
            let releases: Vec<&Held> = later.take_while(|held| !held.takes).collect();
            let region = || std::iter::once(taken).chain(releases.iter().copied());
            let mut push = |operator, edits| {
                found.push(Mutant { operator, span: taken.at, target: taken.lock.span, changes: None, edits });
            };
            push(Operator::LockDropped, region().map(|held| Edit::Stmt(held.at, Vec::new())).collect());
            if taken.side.is_some() {
                let as_reader = |held: &Held| {
                    let side = held.side.as_ref().unwrap_or(&held.lock);
                    let name = if held.takes { "acquire" } else { "release" };
                    Edit::Stmt(held.at, vec![nodes.call(side, name, Vec::new(), held.at)])
                };
                push(Operator::WriteAsRead, region().map(as_reader).collect());
            }
        }
        found
    }
}
