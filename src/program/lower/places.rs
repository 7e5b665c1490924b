//! Places: what `a[i].b[j]` begins with, and the way from there.
//!
//! Answers for: reading and writing variables, local and shared, and what is in them.

use super::body::Body;
use crate::analysis::{Binding, DeclId, LocalId, Owner};
use crate::program::instr::{Instr, Reg};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, Ident};
use crate::syntax::visit::{Visitor, walk_expr};
use crate::value::{ObjectKind, Value};

/// A step from a value to one in it.
#[derive(Clone, Copy)]
pub(super) enum Step<'e> {
    Index(&'e Expr),
    Field(&'e Ident),
}

/// What a place begins with.
#[derive(Clone, Copy)]
pub(super) enum Root {
    Local(LocalId),
    /// A shared or atomic variable, or an array of them.
    Cell(DeclId),
    /// Any other object, or an array of them.
    Object(DeclId),
}

/// The place that an expression is, where it is one.
pub(super) fn place<'e>(body: &Body<'_, '_>, expr: &'e Expr) -> Option<(Root, Vec<Step<'e>>)> {
    let mut steps = Vec::new();
    let mut at = expr;
    loop {
        match &at.kind {
            ExprKind::Index(value, index) => {
                steps.push(Step::Index(index));
                at = value;
            }
            ExprKind::Field(value, name) => {
                steps.push(Step::Field(name));
                at = value;
            }
            ExprKind::Name(name) => {
                steps.reverse();
                let root = match body.checked.binding(name) {
                    Binding::Local(local) => Root::Local(local),
                    Binding::Object(decl) if body.is_cell(decl) => Root::Cell(decl),
                    Binding::Object(decl) => Root::Object(decl),
                    _ => return None,
                };
                return Some((root, steps));
            }
            _ => return None,
        }
    }
}

/// Methods that change what they are called on.
const CHANGING: &[&str] = &["push", "pop", "insert", "remove", "extend", "sort", "reverse", "add"];

/// Whether evaluating the expression may change a local variable: some methods do.
pub(super) fn may_change(expr: &Expr) -> bool {
    struct Methods(bool);
    impl Visitor for Methods {
        fn expr(&mut self, expr: &Expr) {
            self.0 |= matches!(&expr.kind, ExprKind::Method(_, name, _) if CHANGING.contains(&&*name.text));
            walk_expr(self, expr);
        }
    }
    let mut methods = Methods(false);
    methods.expr(expr);
    methods.0
}

impl Body<'_, '_> {
    pub(super) fn kind(&self, decl: DeclId) -> Option<ObjectKind> {
        self.checked.objects.get(decl.0 as usize).map(|object| object.kind)
    }

    pub(super) fn is_cell(&self, decl: DeclId) -> bool {
        matches!(self.kind(decl), Some(ObjectKind::Shared | ObjectKind::Atomic))
    }

    pub(super) fn is_array(&self, decl: DeclId) -> bool {
        self.checked.objects.get(decl.0 as usize).is_some_and(|object| object.decl.array.is_some())
    }

    /// The handle of an object, or the list of handles of an array.
    pub(super) fn handle(&mut self, decl: DeclId, dst: Reg) {
        let Some(object) = self.checked.objects.get(decl.0 as usize) else { return };
        if object.owner == Owner::File {
            return self.emit(Instr::Global { dst, decl: decl.0 });
        }
        let name = self.text(&object.name.text);
        let slot = self.lower.slot(decl);
        let slot = self.count(slot as usize);
        self.emit(Instr::Private { dst, slot, name });
    }

    /// Evaluates a step into a register.
    pub(super) fn step(&mut self, step: Step<'_>, dst: Reg) {
        match step {
            Step::Index(index) => self.expr_to(index, dst),
            Step::Field(name) => self.load(Value::from(&*name.text), dst),
        }
    }

    /// Evaluates steps into registers in a row.
    pub(super) fn path(&mut self, steps: &[Step<'_>]) {
        for step in steps {
            let register = self.alloc();
            self.step(*step, register);
        }
    }

    /// The handle of a shared variable into a new register, and the steps that are left: the first index into an array
    /// is the element.
    pub(super) fn cell<'s, 'e>(&mut self, decl: DeclId, steps: &'s [Step<'e>]) -> (Reg, &'s [Step<'e>]) {
        let register = self.alloc();
        self.handle(decl, register);
        match steps {
            [Step::Index(index), rest @ ..] if self.is_array(decl) => {
                self.temporaries(|body| {
                    let index = body.operand(index, &[]);
                    body.emit(Instr::Index { dst: register, value: register, index });
                });
                (register, rest)
            }
            _ => (register, steps),
        }
    }

    /// Reads a shared variable or a place in it; an array of them as a whole is the list of its handles.
    pub(super) fn read_cell(&mut self, decl: DeclId, steps: &[Step<'_>], dst: Reg) {
        self.temporaries(|body| {
            if steps.is_empty() && body.is_array(decl) {
                return body.handle(decl, dst);
            }
            let (base, steps) = body.cell(decl, steps);
            body.path(steps);
            let count = body.count(steps.len());
            body.emit(Instr::CellRead { dst, base, count });
        });
    }

    /// Reads any place.
    pub(super) fn read_place(&mut self, root: Root, steps: &[Step<'_>], dst: Reg) {
        match (root, steps) {
            (Root::Cell(decl), steps) => self.read_cell(decl, steps, dst),
            (Root::Local(local), []) => {
                let src = self.local(local);
                self.emit(Instr::Move { dst, src });
            }
            (Root::Local(local), steps) => {
                let root = self.local(local);
                self.read_steps(root, steps, dst);
            }
            (Root::Object(decl), []) => self.handle(decl, dst),
            (Root::Object(decl), steps) => self.temporaries(|body| {
                let root = body.alloc();
                body.handle(decl, root);
                body.read_steps(root, steps, dst);
            }),
        }
    }

    fn read_steps(&mut self, root: Reg, steps: &[Step<'_>], dst: Reg) {
        self.temporaries(|body| match steps {
            [Step::Index(index)] if !may_change(index) => {
                let index = body.operand(index, &[]);
                body.emit(Instr::Index { dst, value: root, index });
            }
            [Step::Field(name)] => {
                let name = body.text(&name.text);
                body.emit(Instr::Field { dst, src: root, name });
            }
            steps => {
                let base = body.next;
                body.path(steps);
                let count = body.short(steps.len());
                body.emit(Instr::GetPath { count, dst, root, base });
            }
        });
    }

    /// `target = value`, `target op= value`
    pub(super) fn assign(&mut self, target: &Expr, op: Option<BinaryOp>, value: &Expr) {
        match place(self, target) {
            Some((Root::Local(local), steps)) if steps.is_empty() => self.assign_local(local, op, value),
            Some((Root::Local(local), steps)) => self.assign_in(local, &steps, op, value),
            Some((Root::Cell(decl), steps)) if !(steps.is_empty() && self.is_array(decl)) => {
                self.assign_cell(decl, &steps, op, value);
            }
            _ => self.raise("TypeError", "this cannot be assigned to"),
        }
    }

    fn assign_local(&mut self, local: LocalId, op: Option<BinaryOp>, value: &Expr) {
        let dst = self.local(local);
        self.temporaries(|body| match op {
            Some(op) if may_change(value) => {
                let left = body.alloc();
                body.emit(Instr::Move { dst: left, src: dst });
                body.binary_with(op, left, value, left);
                body.emit(Instr::Take { dst, src: left });
            }
            Some(BinaryOp::Add) if let ExprKind::Str(parts) = &value.kind => {
                let (base, spec) = body.pieces(parts);
                body.emit(Instr::AppendText { dst, base, spec });
            }
            Some(op) => body.binary_with(op, dst, value, dst),
            None if body.may_go_direct(value) => body.expr_to(value, dst),
            None => {
                let result = body.alloc();
                body.expr_to(value, result);
                body.emit(Instr::Take { dst, src: result });
            }
        });
    }

    /// Whether an expression may be evaluated straight into a variable that it may mention: what reads its operands
    /// last of all, and stops at nothing.
    fn may_go_direct(&self, value: &Expr) -> bool {
        let simple = |expr: &Expr| match &expr.kind {
            ExprKind::Name(name) => matches!(self.checked.binding(name), Binding::Local(_)),
            ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_) | ExprKind::Duration(_) => true,
            _ => false,
        };
        match &value.kind {
            ExprKind::Binary(_, left, right) => simple(left) && !may_change(right),
            ExprKind::List(_) => true,
            ExprKind::Index(list, index) => simple(list) && simple(index),
            _ => simple(value),
        }
    }

    fn assign_in(&mut self, local: LocalId, steps: &[Step<'_>], op: Option<BinaryOp>, value: &Expr) {
        let root = self.local(local);
        self.temporaries(|body| {
            if let ([Step::Index(index)], None) = (steps, op)
                && !may_change(value)
            {
                let index = body.operand(index, &[]);
                let src = body.alloc();
                body.expr_to(value, src);
                return body.emit(Instr::SetIndex { root, index, src });
            }
            if let ([step], Some(op)) = (steps, op) {
                let index = match step {
                    Step::Index(index) => body.operand(index, &[value]),
                    Step::Field(name) => body.loaded(Value::from(&*name.text)),
                };
                let src = body.alloc();
                body.emit(Instr::Index { dst: src, value: root, index });
                body.binary_with(op, src, value, src);
                return body.emit(Instr::SetIndex { root, index, src });
            }
            let base = body.next;
            body.path(steps);
            let count = body.short(steps.len());
            let slot = body.alloc();
            match op {
                None => body.expr_to(value, slot),
                Some(op) => {
                    body.emit(Instr::GetPath { count, dst: slot, root, base });
                    body.binary_with(op, slot, value, slot);
                }
            }
            body.emit(Instr::SetPath { count, root, base });
        });
    }

    fn assign_cell(&mut self, decl: DeclId, steps: &[Step<'_>], op: Option<BinaryOp>, value: &Expr) {
        self.temporaries(|body| {
            let (base, steps) = body.cell(decl, steps);
            body.path(steps);
            let count = body.count(steps.len());
            let slot = body.alloc();
            match op {
                None => body.expr_to(value, slot),
                Some(op) => {
                    body.temporaries(|body| {
                        let again = body.next;
                        for src in base..slot {
                            let dst = body.alloc();
                            body.emit(Instr::Move { dst, src });
                        }
                        body.emit(Instr::CellRead { dst: slot, base: again, count });
                    });
                    body.binary_with(op, slot, value, slot);
                }
            }
            body.emit(Instr::CellWrite { base, count });
        });
    }

    /// The register of a local variable.
    pub(super) fn local(&mut self, local: LocalId) -> Reg {
        match self.locals.get(&local) {
            Some(register) => *register,
            // A name that the resolver has complained of: anything will do.
            None => {
                let register = self.alloc();
                self.locals.insert(local, register);
                register
            }
        }
    }
}
