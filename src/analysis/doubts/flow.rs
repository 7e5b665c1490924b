//! Follows the locks through a body: every way from its beginning to its ends.
//!
//! Answers for: what is held where a body ends, and what is taken while what is held. Never compares bodies.

use rustc_hash::{FxHashMap, FxHashSet};

use super::constant::{Eval, Known};
use super::held::{FREE, HELD, HELD_BY_ERROR, Key, LOCKS_MAX, Lock, Reached, State, join, lock};
use crate::analysis::{Binding, Checked, DeclId, LocalId, TaskId};
use crate::source::Span;
use crate::syntax::ast::{Arg, Block, Catch, Expr, ExprKind, Otherwise, Pattern, Stmt, StmtKind};
use crate::syntax::visit::{Visitor, walk_expr, walk_stmt};
use crate::value::ObjectKind;

/// How many statements of a file are followed, loops counted as often as they are gone through.
pub(super) const STEPS_MAX: usize = 400_000;

/// A lock, or all of a task's, is taken.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) what: What,
    /// Held at that time in any case.
    pub(super) held: Vec<Key>,
    pub(super) span: Span,
}

/// What is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Lock(Key),
    Task(TaskId),
}

/// What was found in a body.
#[derive(Default)]
pub(super) struct Found {
    /// Waits for locks, without a limit of time.
    pub(super) taken: Vec<Taken>,
    /// Where each lock is taken for good, first.
    pub(super) first: FxHashMap<Key, Span>,
    /// Ends of the body at which a lock may be held.
    pub(super) kept: Vec<(Key, Span)>,
    /// Locks that are released where this body does not hold them: somebody hands them over.
    pub(super) foreign: FxHashSet<Key>,
    /// What is released where this body may hold it.
    pub(super) released: FxHashSet<Key>,
    /// Locks of which one takes or releases one without telling which, or in ways that are not followed.
    pub(super) blurred: FxHashSet<DeclId>,
}

/// Follows a body; some variables are known. Takes from the steps that are left, and gives nothing if they are not
/// enough.
pub(super) fn follow(checked: &Checked, block: &Block, known: Known, steps_left: &mut usize) -> Option<Found> {
    let mut collect = Collect { checked, assigned: FxHashSet::default() };
    collect.block(block);
    let mut flow = Flow {
        checked,
        known,
        assigned: collect.assigned,
        locks: Vec::new(),
        tried: FxHashMap::default(),
        at: Some(State::free()),
        breaks: Vec::new(),
        continues: Vec::new(),
        exits: Vec::new(),
        catches: Vec::new(),
        steps_left: *steps_left,
        found: Found::default(),
    };
    flow.block(block);
    let end = Span { start: block.span.end.saturating_sub(1), ..block.span };
    flow.leave(end);
    let exits = std::mem::take(&mut flow.exits);
    for (state, span) in exits {
        for (at, key) in flow.locks.iter().enumerate() {
            // Permits that are taken on a condition are often given back on the same one.
            let is_kept = if flow.is_semaphore(*key) { state.of(at) == HELD } else { state.of(at) & HELD != 0 };
            if is_kept {
                flow.found.kept.push((*key, span));
            }
        }
    }
    *steps_left = flow.steps_left;
    (flow.steps_left > 0).then_some(flow.found)
}

struct Flow<'a> {
    checked: &'a Checked,
    known: Known,
    /// Variables that are assigned to after their `let`.
    assigned: FxHashSet<LocalId>,
    locks: Vec<Key>,
    /// Variables that say whether an acquire took its lock.
    tried: FxHashMap<LocalId, usize>,
    at: Reached,
    breaks: Vec<State>,
    continues: Vec<State>,
    exits: Vec<(State, Span)>,
    /// What may be true at a `catch` or `finally`, innermost last.
    catches: Vec<Reached>,
    steps_left: usize,
    found: Found,
}

impl Flow<'_> {
    fn eval(&self) -> Eval<'_> {
        Eval { checked: self.checked, known: &self.known }
    }

    /// The place of a lock in the list; none if there are too many, or it is not told which.
    fn place(&mut self, expr: &Expr) -> Option<usize> {
        let key = match lock(self.eval(), expr) {
            Lock::No => return None,
            Lock::Blurred(decl) => {
                self.found.blurred.insert(decl);
                return None;
            }
            // Which one it is changes with the variable.
            Lock::Is(Key { decl, by: Some(local), .. }) if self.assigned.contains(&local) => {
                self.found.blurred.insert(decl);
                return None;
            }
            Lock::Is(key) => key,
        };
        let known = self.locks.iter().position(|lock| *lock == key);
        if known.is_none() && self.locks.len() < LOCKS_MAX {
            self.locks.push(key);
            return Some(self.locks.len() - 1);
        }
        if known.is_none() {
            self.found.blurred.insert(key.decl);
        }
        known
    }

    fn key(&self, place: usize) -> Option<Key> {
        self.locks.get(place).copied()
    }

    fn held(&self) -> Vec<Key> {
        let held = self.at.iter().flat_map(State::held);
        held.filter_map(|place| self.key(place)).filter(|key| self.orders(*key)).collect()
    }

    /// Whether it keeps others out, and is known: of a semaphore there may be more.
    fn orders(&self, key: Key) -> bool {
        key.by.is_none() && !self.is_semaphore(key)
    }

    fn is_semaphore(&self, key: Key) -> bool {
        super::locks::is_semaphore(self.checked, key)
    }

    /// Whoever comes here waits for a lock.
    fn wait_for(&mut self, what: What, span: Span) {
        let is_ordered = !matches!(what, What::Lock(key) if !self.orders(key));
        if self.at.is_some() && is_ordered {
            let held = self.held();
            self.found.taken.push(Taken { what, held, span });
        }
    }

    fn set(&mut self, place: usize, bits: u8) {
        if let Some(at) = &mut self.at {
            at.set(place, bits);
        }
    }

    /// A plain `acquire()`: when it returns, the lock is held.
    fn acquire(&mut self, place: usize, span: Span) {
        if let Some(key) = self.key(place) {
            self.wait_for(What::Lock(key), span);
            self.take(place, span);
        }
    }

    fn take(&mut self, place: usize, span: Span) {
        let Some(key) = self.key(place) else { return };
        // Taken twice, an rlock has to be released twice.
        let info = self.checked.objects.get(key.decl.0 as usize);
        let is_plain = info.is_some_and(|info| info.kind == ObjectKind::Lock) && key.by.is_none();
        if !is_plain && self.at.as_ref().is_some_and(|at| at.of(place) != FREE) {
            self.found.blurred.insert(key.decl);
        }
        self.found.first.entry(key).or_insert(span);
        self.set(place, HELD);
    }

    fn release(&mut self, place: usize) {
        let Some(key) = self.key(place) else { return };
        if self.at.as_ref().is_some_and(|at| at.of(place) == FREE) {
            self.found.foreign.insert(key);
        } else if self.at.is_some() {
            self.found.released.insert(key);
        }
        self.set(place, FREE);
    }

    /// The body is left here.
    fn leave(&mut self, span: Span) {
        if let Some(state) = self.at.take() {
            self.exits.push((state, span));
        }
    }

    fn block(&mut self, block: &Block) {
        for stmt in &block.stmts {
            self.steps_left = self.steps_left.saturating_sub(1);
            if self.steps_left == 0 {
                self.at = None;
                return;
            }
            self.may_raise();
            self.stmt(stmt);
        }
        self.may_raise();
    }

    /// Any statement may raise an error, before or after it.
    fn may_raise(&mut self) {
        let Some(at) = &self.at else { return };
        let state = Some(at.after_an_error());
        if let Some(innermost) = self.catches.last_mut() {
            join(innermost, &state);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Decl(_) => {}
            StmtKind::Expr(expr) => match self.method(expr, "acquire") {
                Some((place, [])) => self.acquire(place, expr.span),
                _ => self.expr(expr),
            },
            StmtKind::Let(pattern, value) => self.bind(pattern, value),
            StmtKind::Assert(claim, message) => {
                let (yes, _) = self.branch(claim);
                self.at = yes;
                message.iter().for_each(|message| self.expr(message));
            }
            StmtKind::If(branches, last) => self.choose(branches, last.as_ref()),
            StmtKind::While(condition, body) => self.repeat(Some(condition), body, true),
            StmtKind::Loop(body) => self.repeat(None, body, false),
            StmtKind::For(_, iter, body) => {
                self.expr(iter);
                self.repeat(None, body, true);
            }
            StmtKind::Break => self.breaks.extend(self.at.take()),
            StmtKind::Continue => self.continues.extend(self.at.take()),
            StmtKind::Return(value) => {
                value.iter().for_each(|value| self.expr(value));
                self.leave(stmt.span);
            }
            StmtKind::Raise(raised) => {
                raised.iter().filter_map(|(_, message)| message.as_ref()).for_each(|message| self.expr(message));
                let state = self.at.take();
                match self.catches.last_mut() {
                    Some(innermost) => join(innermost, &state),
                    None => self.exits.extend(state.map(|state| (state, stmt.span))),
                }
            }
            StmtKind::Exit(status) => {
                status.iter().for_each(|status| self.expr(status));
                self.at = None;
            }
            StmtKind::With(guards, body) => self.with(guards, body),
            StmtKind::Try(body, catches, last) => self.attempt(body, catches, last.as_ref()),
            StmtKind::Select(cases, otherwise) => {
                let before = self.at.clone();
                let mut after: Reached = None;
                for case in cases {
                    self.at.clone_from(&before);
                    self.expr(&case.operation);
                    self.block(&case.body);
                    join(&mut after, &self.at);
                }
                match otherwise {
                    Otherwise::Wait => {}
                    Otherwise::After(_, block) | Otherwise::Else(block) => {
                        self.at = before;
                        self.block(block);
                        join(&mut after, &self.at);
                    }
                }
                self.at = after;
            }
            _ => walk_stmt(&mut Exprs(self), stmt),
        }
    }

    fn bind(&mut self, pattern: &Pattern, value: &Expr) {
        let Pattern::Name(name) = pattern else { return self.expr(value) };
        let Binding::Local(local) = self.checked.binding(name) else { return self.expr(value) };
        self.known.remove(&local);
        self.tried.remove(&local);
        let is_kept = !self.assigned.contains(&local);
        match self.method(value, "acquire") {
            Some((place, args)) if is_kept => {
                if args.is_empty() {
                    self.acquire(place, value.span);
                } else {
                    // Whether it was taken is in the variable.
                    self.try_acquire(place, args, value.span);
                    self.tried.insert(local, place);
                    self.set(place, FREE | HELD_BY_ERROR);
                }
            }
            _ => {
                self.expr(value);
                if let Some(int) = self.eval().int(value).filter(|_| is_kept) {
                    self.known.insert(local, int);
                }
            }
        }
    }

    /// An acquire with arguments: it may come back without the lock.
    fn try_acquire(&mut self, place: usize, args: &[Arg], span: Span) {
        args.iter().for_each(|arg| self.expr(&arg.value));
        if let Some(key) = self.key(place) {
            self.found.first.entry(key).or_insert(span);
        }
    }

    /// What is true where a condition holds, and where it does not.
    fn branch(&mut self, condition: &Expr) -> (Reached, Reached) {
        match &condition.kind {
            ExprKind::Not(inner) => {
                let (yes, no) = self.branch(inner);
                (no, yes)
            }
            ExprKind::And(left, right) => {
                let (yes, mut no) = self.branch(left);
                self.at = yes;
                let (yes, other) = self.branch(right);
                join(&mut no, &other);
                (yes, no)
            }
            ExprKind::Or(left, right) => {
                let (mut yes, no) = self.branch(left);
                self.at = no;
                let (other, no) = self.branch(right);
                join(&mut yes, &other);
                (yes, no)
            }
            ExprKind::Name(name) => {
                let tried = match self.checked.binding(name) {
                    Binding::Local(local) => self.tried.get(&local).copied(),
                    _ => None,
                };
                match tried {
                    Some(place) => self.either(place),
                    None => (self.at.clone(), self.at.clone()),
                }
            }
            _ => match self.method(condition, "acquire") {
                Some((place, args)) => {
                    self.try_acquire(place, args, condition.span);
                    self.either(place)
                }
                None => {
                    self.expr(condition);
                    (self.at.clone(), self.at.clone())
                }
            },
        }
    }

    fn either(&mut self, place: usize) -> (Reached, Reached) {
        let with = |bits: u8| {
            let mut state = self.at.clone();
            state.iter_mut().for_each(|state| state.set(place, bits));
            state
        };
        (with(HELD), with(FREE))
    }

    fn choose(&mut self, branches: &[(Expr, Block)], last: Option<&Block>) {
        let mut after: Reached = None;
        for (condition, block) in branches {
            let (yes, no) = self.branch(condition);
            self.at = yes;
            self.block(block);
            join(&mut after, &self.at);
            self.at = no;
        }
        last.iter().for_each(|block| self.block(block));
        join(&mut self.at, &after);
    }

    /// A loop, gone through until nothing new is true at its beginning.
    fn repeat(&mut self, condition: Option<&Expr>, body: &Block, may_end: bool) {
        let (breaks, continues) = (std::mem::take(&mut self.breaks), std::mem::take(&mut self.continues));
        let mut start = self.at.clone();
        let mut after: Reached = None;
        loop {
            self.at.clone_from(&start);
            let (yes, no) = match condition {
                Some(condition) => self.branch(condition),
                None => (self.at.clone(), self.at.clone().filter(|_| may_end)),
            };
            join(&mut after, &no);
            self.at = yes;
            self.block(body);
            for state in self.breaks.drain(..) {
                join(&mut after, &Some(state));
            }
            let mut next = start.clone();
            join(&mut next, &self.at);
            for state in self.continues.drain(..) {
                join(&mut next, &Some(state));
            }
            if next == start || self.steps_left == 0 {
                break;
            }
            start = next;
        }
        (self.breaks, self.continues) = (breaks, continues);
        self.at = after;
    }

    fn with(&mut self, guards: &[Expr], body: &Block) {
        let marks = (self.breaks.len(), self.continues.len(), self.exits.len());
        self.catches.push(None);
        let mut places = Vec::new();
        for guard in guards {
            match self.place(guard) {
                Some(place) => {
                    if let Some(key) = self.key(place) {
                        self.wait_for(What::Lock(key), guard.span);
                        // An rlock that was held before is held afterwards.
                        let was_held = self.at.as_ref().is_some_and(|at| at.of(place) == HELD);
                        places.push((place, if was_held { HELD } else { FREE }));
                        self.set(place, HELD);
                    }
                }
                None => self.expr(guard),
            }
        }
        self.block(body);
        let free = |state: &mut State| places.iter().rev().for_each(|(place, bits)| state.set(*place, *bits));
        self.at.iter_mut().for_each(free);
        self.breaks.iter_mut().skip(marks.0).for_each(free);
        self.continues.iter_mut().skip(marks.1).for_each(free);
        self.exits.iter_mut().skip(marks.2).for_each(|(state, _)| free(state));
        let mut raised = self.catches.pop().flatten();
        raised.iter_mut().for_each(free);
        self.pass_on(raised, body.span);
    }

    /// An error leaves a statement: to the `catch` around it, or out of the body.
    fn pass_on(&mut self, raised: Reached, span: Span) {
        match (self.catches.last_mut(), raised) {
            (Some(outer), raised) => join(outer, &raised),
            (None, Some(state)) => self.exits.push((state, span)),
            (None, None) => {}
        }
    }

    fn attempt(&mut self, body: &Block, catches: &[Catch], last: Option<&Block>) {
        let marks = (self.breaks.len(), self.continues.len(), self.exits.len());
        // What leaves a `catch`, or is not caught, comes by the `finally`.
        self.catches.push(None);
        self.catches.push(None);
        self.block(body);
        let raised = self.catches.pop().flatten();
        let mut after = self.at.take();
        for catch in catches {
            self.at.clone_from(&raised);
            self.block(&catch.body);
            join(&mut after, &self.at);
        }
        let mut escaped = self.catches.pop().flatten();
        if catches.is_empty() {
            join(&mut escaped, &raised);
        }
        self.at = after;
        let Some(last) = last else { return self.pass_on(escaped, body.span) };
        self.block(last);
        let after = self.at.take();
        let breaks = self.breaks.split_off(marks.0);
        let continues = self.continues.split_off(marks.1);
        let exits = self.exits.split_off(marks.2);
        for state in breaks {
            let state = self.through(last, state);
            self.breaks.extend(state);
        }
        for state in continues {
            let state = self.through(last, state);
            self.continues.extend(state);
        }
        for (state, span) in exits {
            let state = self.through(last, state);
            self.exits.extend(state.map(|state| (state, span)));
        }
        let escaped = escaped.and_then(|state| self.through(last, state));
        self.pass_on(escaped, body.span);
        self.at = after;
    }

    /// A way out of a `try` leads through its `finally`.
    fn through(&mut self, last: &Block, state: State) -> Reached {
        self.at = Some(state);
        self.block(last);
        self.at.take()
    }

    /// The lock of an expression that is such an operation, and its arguments.
    fn method<'e>(&mut self, expr: &'e Expr, wanted: &str) -> Option<(usize, &'e [Arg])> {
        match &expr.kind {
            ExprKind::Method(base, name, args) if &*name.text == wanted => Some((self.place(base)?, args)),
            _ => None,
        }
    }

    fn expr(&mut self, expr: &Expr) {
        Exprs(self).expr(expr);
    }

    /// An operation in the middle of an expression.
    fn operation(&mut self, base: &Expr, name: &str, args: &[Arg]) {
        let Some(place) = self.place(base) else { return };
        match name {
            // Several permits at once.
            "release" if !args.is_empty() => {
                if let Some(key) = self.key(place) {
                    self.found.blurred.insert(key.decl);
                }
            }
            "release" => self.release(place),
            // What came of it is not followed.
            "acquire" => {
                if let Some(key) = self.key(place) {
                    self.found.blurred.insert(key.decl);
                }
                self.set(place, FREE | HELD_BY_ERROR);
            }
            _ => {}
        }
    }
}

/// The expressions of a statement, in order.
struct Exprs<'r, 'a>(&'r mut Flow<'a>);

impl Visitor for Exprs<'_, '_> {
    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Method(base, name, args) if lock(self.0.eval(), base) != Lock::No => {
                args.iter().for_each(|arg| self.expr(&arg.value));
                self.0.operation(base, &name.text, args);
            }
            // A side that goes on as a value: what is done with it is not followed.
            ExprKind::Field(..) => {
                if let Lock::Is(Key { decl, .. }) | Lock::Blurred(decl) = lock(self.0.eval(), expr) {
                    self.0.found.blurred.insert(decl);
                }
                walk_expr(self, expr);
            }
            ExprKind::Call(callee, _) => {
                walk_expr(self, expr);
                if let ExprKind::Name(name) = &callee.kind
                    && let Binding::Task(task) = self.0.checked.binding(name)
                {
                    self.0.wait_for(What::Task(task), expr.span);
                }
            }
            _ => walk_expr(self, expr),
        }
    }
}

/// The variables that a body assigns to.
struct Collect<'a> {
    checked: &'a Checked,
    assigned: FxHashSet<LocalId>,
}

impl Visitor for Collect<'_> {
    fn stmt(&mut self, stmt: &Stmt) {
        if let StmtKind::Assign(Expr { kind: ExprKind::Name(name), .. }, ..) = &stmt.kind
            && let Binding::Local(local) = self.checked.binding(name)
        {
            self.assigned.insert(local);
        }
        walk_stmt(self, stmt);
    }
}
