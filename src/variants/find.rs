//! Where a scenario can be weakened.
//!
//! Answers for: every place, each with the changes that weaken it there. Never says whether the language takes them.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::declared;
use super::edit::Edit;
use super::mutant::Mutant;
use super::nodes::{Nodes, alone, expr, stmt};
use super::operator::Operator;
use super::regions::{self, Pairs, object_of};
use crate::analysis::{Binding, Checked};
use crate::source::Span;
use crate::syntax::ast::{Arg, BinaryOp, Block, Expr, ExprKind, File, Ident, Item, ItemKind, Pattern, Stmt, StmtKind};
use crate::syntax::visit::{Visitor, walk_expr, walk_item, walk_stmt};
use crate::value::ObjectKind;

/// The mutants of a tree, in the order of the text, and how many identifiers there are with theirs.
pub(super) fn find(file: &File, checked: &Checked) -> (Vec<Mutant>, u32) {
    let nodes = Nodes { names: file.names };
    let mut finder = Finder {
        checked,
        nodes,
        found: Vec::new(),
        pairs: Vec::new(),
        looped: Vec::new(),
        one_step: in_one_step(file),
    };
    file.items.iter().for_each(|item| finder.item(item));
    let Finder { nodes, mut found, .. } = finder;
    found.sort_by_key(|mutant| (mutant.span.start, mutant.operator, mutant.target));
    (found, nodes.names)
}

pub(super) struct Finder<'c> {
    pub(super) checked: &'c Checked,
    pub(super) nodes: Nodes,
    found: Vec<Mutant>,
    /// By enclosing body: where locks are taken and released by name.
    pairs: Vec<Pairs>,
    /// Waits whose loop was seen to.
    looped: Vec<Span>,
    /// Names of variables that only an atomic could be.
    one_step: FxHashSet<Arc<str>>,
}

impl Visitor for Finder<'_> {
    fn item(&mut self, item: &Item) {
        if let ItemKind::Object(decl) = &item.kind {
            let needs_atomic = self.one_step.contains(&decl.name.text);
            let own = self.checked.objects.iter().position(|object| object.name.span == decl.name.span);
            let own = own.and_then(|at| u32::try_from(at).ok());
            let is_fit = |one: &Mutant| one.operator != Operator::AtomicPlain || !needs_atomic;
            self.found.extend(declared::weaker(decl, own).filter(is_fit));
        }
        self.pairs.push(Pairs::default());
        walk_item(self, item);
        let pairs = self.pairs.pop().unwrap_or_default();
        self.found.extend(pairs.mutants(&mut self.nodes));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Expr(Expr { kind: ExprKind::Method(receiver, name, args), .. }) => {
                self.call(stmt, receiver, name, args);
            }
            StmtKind::Join(values) => self.drop(Operator::JoinDropped, stmt, stmt.span, values),
            StmtKind::Await(_) => self.drop(Operator::WaitDropped, stmt, stmt.span, &[]),
            StmtKind::With(guards, body) => {
                let found = regions::weaker(self, stmt, guards, body);
                self.found.extend(found);
            }
            StmtKind::While(condition, body) => self.while_loop(stmt, condition, body),
            StmtKind::If(branches, last) => self.branches(stmt, branches, last.as_ref()),
            StmtKind::Let(pattern, value) => self.bound(stmt, pattern, value),
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    /// There is nothing in an expression.
    fn expr(&mut self, _: &Expr) {}
}

impl Finder<'_> {
    /// What kind of object an expression names, where that can be seen.
    pub(super) fn kind(&self, expr: &Expr) -> Option<ObjectKind> {
        match &expr.kind {
            ExprKind::Name(name) => match self.checked.binding(name) {
                Binding::Object(decl) => self.checked.objects.get(decl.0 as usize).map(|object| object.kind),
                _ => None,
            },
            ExprKind::Index(base, _) | ExprKind::Field(base, _) => self.kind(base),
            _ => None,
        }
    }

    fn push(&mut self, operator: Operator, at: &Stmt, target: Span, others: Vec<Stmt>) {
        let changes = None;
        let edits = vec![Edit::Stmt(at.span, others)];
        self.found.push(Mutant { operator, span: at.span, target, changes, edits });
    }

    /// Leaves a statement out, but for actors that it starts.
    fn drop(&mut self, operator: Operator, at: &Stmt, target: Span, values: &[Expr]) {
        let starts = values.iter().filter(|value| starts(value));
        let kept = starts.map(|value| stmt(StmtKind::Expr(value.clone()), value.span)).collect();
        self.push(operator, at, target, kept);
    }

    fn call(&mut self, at: &Stmt, receiver: &Expr, name: &Ident, args: &[Arg]) {
        use ObjectKind::{Atomic, BoundedSemaphore, Condition, Event, Latch, PipeEnd, Queue, Semaphore};
        let kind = self.kind(receiver);
        let is_semaphore = matches!(kind, Some(Semaphore | BoundedSemaphore));
        let is_channel = matches!(kind, Some(Queue | PipeEnd));
        let dropped = match &*name.text {
            "acquire" if is_semaphore => Operator::TakeDropped,
            "release" if is_semaphore => Operator::GiveDropped,
            "acquire" => return self.pair(at, receiver, true),
            "release" => {
                self.pair(at, receiver, false);
                Operator::ReleaseDropped
            }
            "wait" if self.looped.contains(&at.span) => return,
            "wait" => Operator::WaitDropped,
            "wait_for" => {
                self.wait_for(at, receiver, args);
                Operator::WaitDropped
            }
            "notify" => Operator::NotifyDropped,
            "notify_all" => {
                let one = self.nodes.call(receiver, "notify", Vec::new(), at.span);
                self.push(Operator::NotifyOne, at, at.span, vec![one]);
                Operator::NotifyDropped
            }
            "set" | "clear" if kind == Some(Event) => Operator::SignalDropped,
            "count_down" if matches!(kind, Some(Latch) | None) => Operator::SignalDropped,
            "close" | "task_done" if is_channel => Operator::SignalDropped,
            "put" | "put_nowait" | "send" if is_channel || kind.is_none() => Operator::SendDropped,
            "get" | "recv" if is_channel || kind.is_none() => Operator::ReceiveDropped,
            "join" => Operator::JoinDropped,
            "add" | "sub" if kind == Some(Atomic) => {
                if let Some(plain) = self.in_two(at, receiver, name, args) {
                    self.push(Operator::AtomicSplit, at, at.span, vec![plain]);
                }
                return;
            }
            _ => return,
        };
        self.drop(dropped, at, at.span, std::slice::from_ref(receiver));
        let is_counted = kind.is_some_and(|kind| kind != Condition);
        if let Some(mutant) = self.found.last_mut().filter(|_| is_counted) {
            mutant.changes = object_of(self.checked, receiver).map(|decl| decl.0);
        }
    }

    fn pair(&mut self, at: &Stmt, lock: &Expr, takes: bool) {
        let name = self.checked.source.slice(lock.span).to_owned();
        let side = self.writes(lock);
        if let Some(pairs) = self.pairs.last_mut() {
            pairs.note(at.span, lock.clone(), name, takes, side);
        }
    }

    /// Of the side of the writers of an rwlock: that of the readers.
    pub(super) fn writes(&self, lock: &Expr) -> Option<Expr> {
        let ExprKind::Field(base, side) = &lock.kind else { return None };
        if self.kind(base) != Some(ObjectKind::Rwlock) || &*side.text != "write" {
            return None;
        }
        let read = Ident { text: "read".into(), ..side.clone() };
        Some(expr(ExprKind::Field(base.clone(), read), lock.span))
    }

    /// `c.wait_for(e)` looks once: `if not e { c.wait() }`.
    fn wait_for(&mut self, at: &Stmt, receiver: &Expr, args: &[Arg]) {
        let Some((condition, rest)) = args.split_first() else { return };
        if condition.name.is_some() {
            return;
        }
        let wait = self.nodes.call(receiver, "wait", rest.to_vec(), at.span);
        let unless = expr(ExprKind::Not(Box::new(condition.value.clone())), condition.value.span);
        let body = Block { stmts: vec![wait], span: at.span };
        let once = stmt(StmtKind::If(vec![(unless, body)], None), at.span);
        self.push(Operator::WaitOnce, at, at.span, vec![once]);
    }

    fn while_loop(&mut self, at: &Stmt, condition: &Expr, body: &Block) {
        let waits: Vec<Span> = body.stmts.iter().filter(|one| self.is_wait(one)).map(|one| one.span).collect();
        let target = Span { start: at.span.start, end: condition.span.end };
        if !waits.is_empty() {
            let once = StmtKind::If(vec![(condition.clone(), body.clone())], None);
            self.push(Operator::WaitOnce, at, target, vec![stmt(once, at.span)]);
        }
        let is_idle = |one: &Stmt| matches!(one.kind, StmtKind::Pass | StmtKind::Yield | StmtKind::Sleep(_));
        if body.stmts.iter().all(|one| is_idle(one) || waits.contains(&one.span)) {
            self.push(Operator::WaitDropped, at, target, Vec::new());
        }
        self.looped.extend(waits);
        let ExprKind::Not(inner) = &condition.kind else { return };
        if let Some((variable, old, new)) = self.cas(inner) {
            let differs = ExprKind::Binary(BinaryOp::Ne, Box::new(variable.clone()), Box::new(old.clone()));
            let looks = stmt(StmtKind::While(expr(differs, inner.span), body.clone()), at.span);
            let writes = stmt(StmtKind::Assign(variable.clone(), None, new.clone()), at.span);
            self.push(Operator::AtomicSplit, at, inner.span, vec![looks, writes]);
        }
    }

    fn is_wait(&self, one: &Stmt) -> bool {
        let StmtKind::Expr(Expr { kind: ExprKind::Method(receiver, name, _), .. }) = &one.kind else { return false };
        &*name.text == "wait" && matches!(self.kind(receiver), Some(ObjectKind::Condition) | None)
    }

    /// `if n.cas(a, b) { … }` looks and writes in two steps.
    fn branches(&mut self, at: &Stmt, branches: &[(Expr, Block)], last: Option<&Block>) {
        let Some(((condition, body), rest)) = branches.split_first() else { return };
        let Some((variable, old, new)) = self.cas(condition) else { return };
        let equals = ExprKind::Binary(BinaryOp::Eq, Box::new(variable.clone()), Box::new(old.clone()));
        let mut body = body.clone();
        body.stmts.insert(0, stmt(StmtKind::Assign(variable.clone(), None, new.clone()), condition.span));
        let first = (expr(equals, condition.span), body);
        let branches = std::iter::once(first).chain(rest.iter().cloned()).collect();
        let split = stmt(StmtKind::If(branches, last.cloned()), at.span);
        self.push(Operator::AtomicSplit, at, condition.span, vec![split]);
    }

    /// `let x = n.add(1)`: a read, a write, and another read. `let x = n.swap(1)`: a read and a write.
    fn bound(&mut self, at: &Stmt, pattern: &Pattern, value: &Expr) {
        let ExprKind::Method(receiver, name, args) = &value.kind else { return };
        if self.kind(receiver) != Some(ObjectKind::Atomic) {
            return;
        }
        let read = stmt(StmtKind::Let(pattern.clone(), (**receiver).clone()), at.span);
        let stmts = match (&*name.text, args.as_slice()) {
            ("swap", [new]) => {
                vec![read, stmt(StmtKind::Assign((**receiver).clone(), None, new.value.clone()), at.span)]
            }
            ("add" | "sub", _) => match self.in_two(at, receiver, name, args) {
                Some(plain) => vec![plain, read],
                None => return,
            },
            _ => return,
        };
        self.push(Operator::AtomicSplit, at, value.span, stmts);
    }

    /// `n.add(k)` as `n += k`.
    fn in_two(&self, at: &Stmt, receiver: &Expr, name: &Ident, args: &[Arg]) -> Option<Stmt> {
        let op = if &*name.text == "add" { BinaryOp::Add } else { BinaryOp::Sub };
        let by = match args {
            [] => expr(ExprKind::Int(1), at.span),
            [by] => by.value.clone(),
            _ => return None,
        };
        Some(stmt(StmtKind::Assign(receiver.clone(), Some(op), by), at.span))
    }

    /// `n.cas(old, new)`: those three.
    fn cas<'e>(&self, expr: &'e Expr) -> Option<(&'e Expr, &'e Expr, &'e Expr)> {
        let ExprKind::Method(receiver, name, args) = &expr.kind else { return None };
        match (&*name.text, args.as_slice(), self.kind(receiver)) {
            ("cas", [old, new], Some(ObjectKind::Atomic)) => Some((receiver, &old.value, &new.value)),
            _ => None,
        }
    }
}

/// The names of variables with which something is done that only an atomic can do.
fn in_one_step(file: &File) -> FxHashSet<Arc<str>> {
    struct Looks(FxHashSet<Arc<str>>);
    impl Visitor for Looks {
        fn expr(&mut self, expr: &Expr) {
            if let ExprKind::Method(receiver, name, _) = &expr.kind
                && matches!(&*name.text, "add" | "sub" | "swap" | "cas")
            {
                let variable = match &receiver.kind {
                    ExprKind::Index(base, _) => &base.kind,
                    other => other,
                };
                if let ExprKind::Name(variable) = variable {
                    self.0.insert(variable.text.clone());
                }
            }
            walk_expr(self, expr);
        }
    }
    let mut looks = Looks(FxHashSet::default());
    file.items.iter().for_each(|item| looks.item(item));
    looks.0
}

/// Whether an expression starts actors.
fn starts(expr: &Expr) -> bool {
    struct Looks(bool);
    impl Visitor for Looks {
        fn expr(&mut self, expr: &Expr) {
            self.0 |= matches!(expr.kind, ExprKind::Start { .. });
            walk_expr(self, expr);
        }
    }
    let mut looks = Looks(false);
    looks.expr(expr);
    looks.0
}

/// The statements of a block where one was: alone, for its names.
pub(super) fn in_place_of(at: &Stmt, body: &Block) -> Vec<Stmt> {
    if body.stmts.is_empty() { Vec::new() } else { vec![alone(body, at.span)] }
}
