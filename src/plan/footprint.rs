//! What one body touches: objects by which operations, tasks it calls or hands on, actors it starts.
//!
//! Answers for: reading one body, as it is written. Never follows a call (that is `usage`).

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::analysis::{Binding, Builtin, Checked, DeclId, LocalId, TaskId, TemplateId};
use crate::program::signature::POOL_SUBMITS;
use crate::source::Span;
use crate::syntax::ast::{Arg, Block, Case, Expr, ExprKind, Item, ItemKind, Pattern, Stmt, StmtKind};
use crate::syntax::visit::{Visitor, walk_expr, walk_object, walk_stmt};
use crate::value::ObjectKind;

/// What a body touches, in the order in which it is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Footprint {
    /// Operations on objects.
    pub(super) touches: Vec<Touch>,
    /// Objects that are passed on as values.
    pub(super) escapes: Vec<Escape>,
    /// Tasks that are called, or may be: every mention but the first argument of a submission to a pool.
    pub(super) calls: Vec<TaskId>,
    /// Tasks that are handed to pools: which pool (none: any), which task (none: any that is ever a value).
    pub(super) handed: Vec<(Option<DeclId>, Option<TaskId>)>,
    /// Tasks that a pool is to call back: which pool (none: any), which task (none: any that is ever a value).
    pub(super) called_back: Vec<(Option<DeclId>, Option<TaskId>)>,
    /// Tasks used as values.
    pub(super) task_values: Vec<TaskId>,
    /// Actors that are started.
    pub(super) starts: Vec<TemplateId>,
    /// Local variables that are used as values, not only operated on.
    pub(super) local_values: FxHashSet<LocalId>,
    /// Operations on handles that no declaration names: of actors, results, and objects that came as values.
    pub(super) on_handles: BTreeSet<Arc<str>>,
    /// Whether it calls tasks that came as values.
    pub(super) calls_values: bool,
}

/// One operation on an object.
#[derive(Clone, Debug)]
pub(super) struct Touch {
    pub(super) decl: DeclId,
    pub(super) operation: Arc<str>,
}

/// An object that is used as a value.
#[derive(Clone, Debug)]
pub(super) struct Escape {
    pub(super) decl: DeclId,
    pub(super) span: Span,
    pub(super) into: Into,
}

/// Where a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Into {
    /// Anywhere.
    Anywhere,
    /// To a parameter of a thread or timer.
    Actor(TemplateId, usize),
    /// To a parameter of a task that is called.
    Task(TaskId, usize),
    /// To a local variable.
    Local(LocalId),
}

impl Footprint {
    /// Reads a body.
    pub(super) fn of_block(checked: &Checked, block: &Block) -> Footprint {
        let mut reader = Reader { checked, found: Footprint::default() };
        reader.block(block);
        reader.found
    }

    /// Adds what an expression touches.
    pub(super) fn add_expr(&mut self, checked: &Checked, expr: &Expr) {
        let mut reader = Reader { checked, found: std::mem::take(self) };
        reader.expr(expr);
        *self = reader.found;
    }
}

/// The declared object that an expression names: `q`, `forks[i]`, `rw.read`.
pub(super) fn object(checked: &Checked, expr: &Expr) -> Option<DeclId> {
    match &expr.kind {
        ExprKind::Name(name) => match checked.binding(name) {
            Binding::Object(decl) => Some(decl),
            _ => None,
        },
        ExprKind::Index(base, _) | ExprKind::Field(base, _) => object(checked, base),
        _ => None,
    }
}

struct Reader<'a> {
    checked: &'a Checked,
    found: Footprint,
}

impl Visitor for Reader<'_> {
    fn item(&mut self, item: &Item) {
        // The bodies of actors and tasks are bodies of their own; a barrier's action is its users'.
        if let ItemKind::Object(decl) = &item.kind {
            let outside = crate::syntax::ast::ObjectDecl { body: None, ..(**decl).clone() };
            walk_object(self, &outside);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Assign(target, operator, value) => self.assign(target, operator.is_some(), value),
            StmtKind::Let(pattern, value) => self.bind(pattern, value),
            StmtKind::For(pattern, iter, block) => {
                match self.object(iter) {
                    Some(decl) if self.iterates(decl, iter) => self.operate(iter, "for"),
                    _ => {
                        // What is gone through may be the handle of a queue or an end.
                        if !matches!(iter.kind, ExprKind::Range { .. } | ExprKind::List(_)) {
                            self.found.on_handles.insert("for".into());
                        }
                        self.bind(pattern, iter);
                    }
                }
                self.block(block);
            }
            StmtKind::With(guards, block) => {
                guards.iter().for_each(|guard| self.operate(guard, "with"));
                self.block(block);
            }
            StmtKind::Join(handles) => handles.iter().for_each(|handle| self.operate(handle, "join")),
            StmtKind::Select(cases, _) => {
                cases.iter().for_each(|case| self.alias(case));
                walk_stmt(self, stmt);
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.name(expr, self.checked.binding(name)),
            ExprKind::Index(..) | ExprKind::Field(..) if self.object(expr).is_some() => {
                self.value(expr, Into::Anywhere);
                self.indices(expr);
            }
            ExprKind::Index(base, index) => {
                self.operand(base);
                self.expr(index);
            }
            ExprKind::Field(base, _) => self.operand(base),
            ExprKind::Method(receiver, name, args) => self.method(receiver, &name.text, args),
            ExprKind::Call(callee, args) => self.call(callee, args),
            ExprKind::Start { template, index, args } => {
                index.iter().for_each(|index| self.expr(index));
                self.start(self.checked.binding(template), args);
            }
            _ => walk_expr(self, expr),
        }
    }
}

impl Reader<'_> {
    fn object(&self, expr: &Expr) -> Option<DeclId> {
        object(self.checked, expr)
    }

    fn is_cell(&self, decl: DeclId) -> bool {
        let info = self.checked.objects.get(decl.0 as usize);
        info.is_some_and(|info| matches!(info.kind, ObjectKind::Shared | ObjectKind::Atomic))
    }

    /// Whether `for x in` takes messages from it, and does not go through an array of objects.
    fn iterates(&self, decl: DeclId, expr: &Expr) -> bool {
        let info = self.checked.objects.get(decl.0 as usize);
        info.is_some_and(|info| {
            let is_one = info.decl.array.is_none() || matches!(expr.kind, ExprKind::Index(..));
            is_one && matches!(info.kind, ObjectKind::Queue | ObjectKind::PipeEnd)
        })
    }

    /// A value, or those it consists of, on the way to local variables.
    fn bind(&mut self, pattern: &Pattern, value: &Expr) {
        let local = match pattern {
            Pattern::Name(name) => self.checked.binding(name),
            Pattern::List(..) => Binding::Unbound,
        };
        match local {
            Binding::Local(local) if self.object(value).is_some() => {
                self.value(value, Into::Local(local));
                self.indices(value);
            }
            _ => self.expr(value),
        }
    }

    fn touch(&mut self, decl: DeclId, operation: &str) {
        self.found.touches.push(Touch { decl, operation: operation.into() });
    }

    /// The expressions in the brackets behind an object's name.
    fn indices(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Index(base, index) => {
                self.indices(base);
                self.expr(index);
            }
            ExprKind::Field(base, _) => self.indices(base),
            _ => {}
        }
    }

    fn name(&mut self, expr: &Expr, binding: Binding) {
        match binding {
            Binding::Object(_) => self.value(expr, Into::Anywhere),
            Binding::Local(local) => {
                self.found.local_values.insert(local);
            }
            Binding::Task(task) => {
                self.found.calls.push(task);
                self.found.task_values.push(task);
            }
            _ => {}
        }
    }

    /// An object as a value; a shared or atomic variable is read.
    fn value(&mut self, expr: &Expr, into: Into) {
        let Some(decl) = self.object(expr) else { return };
        if self.is_cell(decl) {
            self.touch(decl, "read");
        } else {
            self.touch(decl, "as a value");
            self.found.escapes.push(Escape { decl, span: expr.span, into });
        }
    }

    /// An expression that something is done with: neither an object nor a local variable goes anywhere by that.
    fn operate(&mut self, receiver: &Expr, operation: &str) {
        let object = self.object(receiver);
        // A variable may hold the handle on which it is done.
        if object.is_none_or(|decl| self.is_cell(decl)) {
            self.found.on_handles.insert(operation.into());
        }
        match object {
            Some(decl) => {
                self.touch(decl, operation);
                self.indices(receiver);
            }
            None => self.operand(receiver),
        }
    }

    fn operand(&mut self, expr: &Expr) {
        let is_local =
            matches!(&expr.kind, ExprKind::Name(name) if matches!(self.checked.binding(name), Binding::Local(_)));
        if !is_local {
            self.expr(expr);
        }
    }

    fn assign(&mut self, target: &Expr, reads: bool, value: &Expr) {
        match self.object(target) {
            Some(decl) => {
                if reads {
                    self.touch(decl, "read");
                }
                self.touch(decl, "write");
                self.indices(target);
            }
            None => match &target.kind {
                ExprKind::Index(..) | ExprKind::Field(..) => self.expr(target),
                _ => {}
            },
        }
        self.expr(value);
    }

    fn method(&mut self, receiver: &Expr, name: &str, args: &[Arg]) {
        self.operate(receiver, name);
        let submits = POOL_SUBMITS.iter().any(|(submit, ..)| *submit == name);
        let pool = self.object(receiver);
        let is_pool = pool.and_then(|pool| self.checked.objects.get(pool.0 as usize)).map(|info| info.kind);
        let is_pool = is_pool.is_none_or(|kind| kind == ObjectKind::Pool);
        let mut args = args.iter();
        if submits && is_pool {
            match args.next().map(|arg| &arg.value) {
                Some(Expr { kind: ExprKind::Name(task), .. }) => match self.checked.binding(task) {
                    Binding::Task(task) => self.found.handed.push((pool, Some(task))),
                    _ => self.found.handed.push((pool, None)),
                },
                Some(other) => {
                    self.found.handed.push((pool, None));
                    self.expr(other);
                }
                None => {}
            }
        }
        for arg in args {
            if submits && is_pool && arg.name.as_ref().is_some_and(|name| name.text.ends_with("callback")) {
                let task = match &arg.value.kind {
                    ExprKind::Name(name) => match self.checked.binding(name) {
                        Binding::Task(task) => Some(task),
                        _ => None,
                    },
                    _ => None,
                };
                self.found.called_back.push((pool, task));
            }
            self.expr(&arg.value);
        }
    }

    fn call(&mut self, callee: &Expr, args: &[Arg]) {
        let binding = match &callee.kind {
            ExprKind::Name(name) => self.checked.binding(name),
            _ => Binding::Unbound,
        };
        match binding {
            Binding::Task(task) => {
                self.found.calls.push(task);
                let params = self.checked.tasks.get(task.0 as usize).map(|info| info.decl.params.as_slice());
                let names: Vec<Arc<str>> = params.unwrap_or(&[]).iter().map(|param| param.name.text.clone()).collect();
                self.pass(&names, args, |at| Into::Task(task, at));
            }
            // The length of an array of objects.
            Binding::Builtin(Builtin::Len) => args.iter().for_each(|arg| match self.object(&arg.value) {
                Some(decl) if !self.is_cell(decl) => self.indices(&arg.value),
                _ => self.expr(&arg.value),
            }),
            _ => {
                if matches!(binding, Binding::Unbound) {
                    self.expr(callee);
                }
                self.found.calls_values |= !matches!(binding, Binding::Builtin(_));
                args.iter().for_each(|arg| self.expr(&arg.value));
            }
        }
    }

    fn start(&mut self, binding: Binding, args: &[Arg]) {
        let Binding::Template(template) = binding else {
            return args.iter().for_each(|arg| self.expr(&arg.value));
        };
        self.found.starts.push(template);
        let params = self.checked.templates.get(template.0 as usize).map(|info| info.decl.params.as_slice());
        let names: Vec<Arc<str>> = params.unwrap_or(&[]).iter().map(|param| param.name.text.clone()).collect();
        self.pass(&names, args, |at| Into::Actor(template, at));
    }

    /// Arguments on their way to parameters.
    fn pass(&mut self, names: &[Arc<str>], args: &[Arg], into: impl Fn(usize) -> Into) {
        for (at, arg) in args.iter().enumerate() {
            let param = match &arg.name {
                Some(name) => names.iter().position(|param| *param == name.text).unwrap_or(at),
                None => at,
            };
            if self.object(&arg.value).is_some() {
                self.value(&arg.value, into(param));
                self.indices(&arg.value);
            } else {
                self.expr(&arg.value);
            }
        }
    }

    /// `for e in ends case …`: the ends go no further than the case.
    fn alias(&mut self, case: &Case) {
        if let Some((_, list)) = &case.each
            && let Some(decl) = self.object(list)
        {
            self.touch(decl, "select");
        }
    }
}
