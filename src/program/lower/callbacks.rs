//! Callbacks of pools: which pools may be given any, and what the thread does that runs them.
//!
//! Answers for: that a pool without callbacks has no such thread. Never follows a handle.

use std::collections::BTreeSet;

use super::Lower;
use super::body::Body;
use crate::analysis::{Binding, Checked, DeclId, ObjectInfo};
use crate::program::CodeId;
use crate::program::instr::{Instr, Test};
use crate::program::op::OpCode;
use crate::program::signature::POOL_SUBMITS;
use crate::syntax::ast::{Expr, ExprKind, Item, ItemKind};
use crate::syntax::visit::{Visitor, walk_expr, walk_item};
use crate::value::Value;

const NOT_EQUAL: Test = Test(13);

/// The pools to which tasks with callbacks may be handed.
#[derive(Debug, Default)]
pub(super) struct Called {
    pools: BTreeSet<DeclId>,
    /// A pool that is known while running only: any.
    any: bool,
}

impl Called {
    pub(super) fn of(checked: &Checked) -> Called {
        let mut finder = Finder { checked, called: Called::default() };
        let bodies = checked.objects.iter().filter_map(|object| object.decl.body.as_ref());
        let bodies = bodies.chain(checked.templates.iter().map(|template| &template.decl.body));
        let bodies = bodies.chain(checked.tasks.iter().map(|task| &task.decl.body));
        bodies.for_each(|body| finder.block(body));
        checked.main.iter().chain(&checked.finally).for_each(|body| finder.block(body));
        finder.called
    }

    pub(super) fn contains(&self, pool: DeclId) -> bool {
        self.any || self.pools.contains(&pool)
    }
}

struct Finder<'a> {
    checked: &'a Checked,
    called: Called,
}

impl Finder<'_> {
    fn pool(&self, receiver: &Expr) -> Option<DeclId> {
        match &receiver.kind {
            ExprKind::Name(name) => match self.checked.binding(name) {
                Binding::Object(decl) => Some(decl),
                _ => None,
            },
            ExprKind::Index(base, _) => self.pool(base),
            _ => None,
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
        if let ExprKind::Method(receiver, name, args) = &expr.kind
            && POOL_SUBMITS.iter().any(|(submit, ..)| *submit == &*name.text)
            && args.iter().any(|arg| arg.name.as_ref().is_some_and(|name| name.text.ends_with("callback")))
        {
            match self.pool(receiver) {
                Some(pool) => drop(self.called.pools.insert(pool)),
                None => self.called.any = true,
            }
        }
        walk_expr(self, expr);
    }
}

impl Lower<'_> {
    /// What the thread does that runs the callbacks of a pool.
    pub(super) fn caller(&mut self, info: &ObjectInfo) -> CodeId {
        let span = info.name.span;
        let mut body = Body::new(self, format!("callbacks of {}", info.name.text), span);
        body.calls();
        body.finish(span)
    }
}

impl Body<'_, '_> {
    /// Runs callback after callback, until there are no more. What one raises is told, and ends nothing.
    fn calls(&mut self) {
        let top = self.here();
        let taken = self.alloc();
        let base = self.next;
        self.emit(Instr::Op { code: OpCode::PoolCall, dst: taken, base, count: 0 });
        let none = self.loaded(Value::None);
        let more = self.emit_pending(Instr::Branch { test: NOT_EQUAL, a: taken, b: none, target: 0 });
        self.emit(Instr::ReturnNone);
        self.land([more]);
        let task = self.alloc();
        let value = self.alloc();
        let is_error = self.alloc();
        self.emit(Instr::Unpack { src: taken, base: task, count: 3 });
        self.emit(Instr::None { dst: taken });
        let plain = self.emit_pending(Instr::JumpIfNot { src: is_error, target: 0 });
        self.emit(Instr::Caught { dst: value, src: value });
        self.land([plain]);
        let caught = self.loaded(Value::None);
        let start = self.here();
        self.temporaries(|body| {
            let given = body.alloc();
            let base = body.alloc();
            body.emit(Instr::List { dst: base, base: value, count: 1 });
            body.emit(Instr::CallList { dst: given, base, task });
        });
        let end = self.here();
        let done = self.jump();
        self.handler(start, end, caught);
        self.land([done]);
        self.temporaries(|body| {
            let base = body.alloc();
            body.emit(Instr::Take { dst: base, src: caught });
            let given = body.alloc();
            body.emit(Instr::Op { code: OpCode::PoolCalled, dst: given, base, count: 1 });
        });
        self.next = taken;
        self.emit(Instr::Jump { target: top });
    }
}
