//! Expressions: strictly left to right, each mention of a shared or atomic variable a read of its own.

use super::Lower;
use super::builder::{Builder, Label};
use crate::analysis::{Binding, DeclId, Owner};
use crate::program::instr::{Arith, Instr, Reg};
use crate::program::op::OpCode;
use crate::syntax::ast::{Arg, BinaryOp, Comprehension, Expr, ExprKind, Ident, Pattern, StrPart};
use crate::syntax::visit::{Visitor, walk_expr};
use crate::value::{ObjectKind, Value};

impl Lower<'_> {
    /// The value of an expression in some register: a local variable's own where it is just that.
    pub(super) fn expr(&self, b: &mut Builder, expr: &Expr) -> Reg {
        if let Some(reg) = self.local_of(b, expr) {
            return reg;
        }
        let dst = b.reg();
        self.expr_to(b, expr, dst);
        dst
    }

    /// The same in a register that later operands cannot change.
    fn stable(&self, b: &mut Builder, expr: &Expr, later: &[&Expr]) -> Reg {
        match self.local_of(b, expr) {
            Some(reg) if !later.iter().any(|expr| may_change_locals(expr)) => reg,
            _ => {
                let dst = b.reg();
                self.expr_to(b, expr, dst);
                dst
            }
        }
    }

    fn local_of(&self, b: &Builder, expr: &Expr) -> Option<Reg> {
        match &expr.kind {
            ExprKind::Name(name) => match self.checked.binding(name) {
                Binding::Local(local) => b.locals.get(&local).copied(),
                _ => None,
            },
            _ => None,
        }
    }

    /// The value of an expression in a register of the caller's choice.
    pub(super) fn expr_to(&self, b: &mut Builder, expr: &Expr, dst: Reg) {
        let outer = std::mem::replace(&mut b.span, expr.span);
        let mark = b.mark();
        self.expr_kind(b, expr, dst);
        b.back_to(mark);
        b.span = outer;
    }

    fn expr_kind(&self, b: &mut Builder, expr: &Expr, dst: Reg) {
        match &expr.kind {
            ExprKind::None => b.literal(dst, Value::None),
            ExprKind::Bool(value) => b.literal(dst, Value::Bool(*value)),
            ExprKind::Int(value) => b.literal(dst, Value::Int(*value)),
            ExprKind::Float(value) => b.literal(dst, Value::Float(*value)),
            ExprKind::Duration(ns) => b.literal(dst, Value::Duration(*ns)),
            ExprKind::Str(parts) => self.text(b, parts, dst),
            ExprKind::List(items) => {
                let base = self.run_of(b, items);
                b.emit(Instr::List { dst, base, count: items.len() as u16 });
            }
            ExprKind::Repeat(value, count) => {
                let value = self.stable(b, value, &[count]);
                let count = self.expr(b, count);
                b.emit(Instr::Repeat { dst, value, count });
            }
            ExprKind::Map(entries) => {
                let flat: Vec<Expr> = entries.iter().flat_map(|(key, value)| [key.clone(), value.clone()]).collect();
                let base = self.run_of(b, &flat);
                b.emit(Instr::Map { dst, base, count: entries.len() as u16 });
            }
            ExprKind::Set(items) => {
                let base = self.run_of(b, items);
                b.emit(Instr::Set { dst, base, count: items.len() as u16 });
            }
            ExprKind::Range { low, high, inclusive } => {
                let bounds = b.run(2);
                self.expr_to(b, low, bounds);
                self.expr_to(b, high, bounds + 1);
                b.emit(Instr::Range { dst, bounds, inclusive: *inclusive });
            }
            ExprKind::ListComp(item, comprehension) => {
                b.emit(Instr::List { dst, base: 0, count: 0 });
                self.in_place_of(b, dst, comprehension, |lower, b, list| {
                    let value = lower.expr(b, item);
                    b.emit(Instr::Push { list, value });
                });
            }
            ExprKind::SetComp(item, comprehension) => {
                b.emit(Instr::Set { dst, base: 0, count: 0 });
                self.in_place_of(b, dst, comprehension, |lower, b, set| {
                    let value = lower.expr(b, item);
                    b.emit(Instr::Insert { set, value });
                });
            }
            ExprKind::MapComp(key, value, comprehension) => {
                b.emit(Instr::Map { dst, base: 0, count: 0 });
                self.in_place_of(b, dst, comprehension, |lower, b, map| {
                    let pair = b.run(2);
                    lower.expr_to(b, key, pair);
                    lower.expr_to(b, value, pair + 1);
                    b.emit(Instr::Put { map, key: pair });
                });
            }
            ExprKind::Name(name) => self.name(b, name, dst),
            ExprKind::Negate(value) => self.negate(b, value, dst),
            ExprKind::Not(value) => {
                let a = self.expr(b, value);
                b.emit(Instr::Not { dst, a });
            }
            ExprKind::Binary(op, left, right) => self.binary(b, *op, left, right, dst),
            ExprKind::And(left, right) => self.short_circuit(b, left, right, dst, false),
            ExprKind::Or(left, right) => self.short_circuit(b, left, right, dst, true),
            ExprKind::IfElse { condition, yes, no } => {
                let (otherwise, end) = (b.label(), b.label());
                self.jump_unless(b, condition, otherwise);
                self.expr_to(b, yes, dst);
                b.goto(end);
                b.place(otherwise);
                self.expr_to(b, no, dst);
                b.place(end);
            }
            ExprKind::Index(..) | ExprKind::Field(..) => self.place_read(b, expr, dst),
            ExprKind::Slice(value, low, high, inclusive) => {
                let later: Vec<&Expr> = low.iter().chain(high).map(|bound| &**bound).collect();
                let a = self.stable(b, value, &later);
                let bounds = b.run(2);
                for (bound, reg) in [(low, bounds), (high, bounds + 1)] {
                    match bound {
                        Some(bound) => self.expr_to(b, bound, reg),
                        None => b.literal(reg, Value::None),
                    }
                }
                b.emit(if *inclusive {
                    Instr::SliceInclusive { dst, a, bounds }
                } else {
                    Instr::Slice { dst, a, bounds }
                });
            }
            ExprKind::Call(callee, args) => self.call(b, callee, args, dst),
            ExprKind::Method(receiver, name, args) => self.method(b, receiver, name, args, dst),
            ExprKind::Start { template, index, args } => self.start(b, template, index.as_deref(), args, dst),
        }
    }

    /// Expressions in registers in a row.
    pub(super) fn run_of(&self, b: &mut Builder, exprs: &[Expr]) -> Reg {
        let base = b.run(exprs.len());
        for (offset, expr) in exprs.iter().enumerate() {
            self.expr_to(b, expr, base.wrapping_add(offset as Reg));
        }
        base
    }

    /// Arguments in registers in a row.
    pub(super) fn run_of_args(&self, b: &mut Builder, args: &[Arg]) -> Reg {
        let base = b.run(args.len());
        for (offset, arg) in args.iter().enumerate() {
            self.expr_to(b, &arg.value, base.wrapping_add(offset as Reg));
        }
        base
    }

    fn text(&self, b: &mut Builder, parts: &[StrPart], dst: Reg) {
        match parts {
            [] => b.literal(dst, Value::from("")),
            [StrPart::Text(text)] => {
                let index = b.text(text);
                b.emit(Instr::Literal { dst, index });
            }
            parts => {
                let base = b.run(parts.len());
                for (offset, part) in parts.iter().enumerate() {
                    let reg = base.wrapping_add(offset as Reg);
                    match part {
                        StrPart::Text(text) => {
                            let index = b.text(text);
                            b.emit(Instr::Literal { dst: reg, index });
                        }
                        StrPart::Expr(expr) => self.expr_to(b, expr, reg),
                    }
                }
                b.emit(Instr::Format { dst, base, count: parts.len() as u16 });
            }
        }
    }

    fn name(&self, b: &mut Builder, name: &Ident, dst: Reg) {
        match self.checked.binding(name) {
            Binding::Local(local) => match b.locals.get(&local).copied() {
                Some(src) => b.move_to(dst, src),
                None => b.literal(dst, Value::None),
            },
            Binding::Const(id) => b.emit(Instr::Const { dst, index: id.0 as u16 }),
            Binding::Object(decl) if self.is_variable(decl) => self.read_variable(b, decl, &[], dst),
            Binding::Object(decl) => self.handle(b, decl, dst),
            Binding::Task(id) => b.emit(Instr::Task { dst, task: id.0 as u16 }),
            Binding::Template(_) | Binding::Builtin(_) | Binding::Unbound => b.literal(dst, Value::None),
        }
    }

    /// Whether a declaration is one `shared` or `atomic` variable, whose mention is a read.
    pub(super) fn is_variable(&self, decl: DeclId) -> bool {
        self.is_cell(decl) && !self.is_array(decl)
    }

    fn is_cell(&self, decl: DeclId) -> bool {
        let kind = self.checked.objects.get(decl.0 as usize).map(|info| info.kind);
        matches!(kind, Some(ObjectKind::Shared | ObjectKind::Atomic))
    }

    pub(super) fn is_array(&self, decl: DeclId) -> bool {
        self.checked.objects.get(decl.0 as usize).is_some_and(|info| info.decl.array.is_some())
    }

    /// The handle, or list of handles, of a declaration.
    pub(super) fn handle(&self, b: &mut Builder, decl: DeclId, dst: Reg) {
        match self.checked.objects.get(decl.0 as usize).map(|info| info.owner) {
            Some(Owner::File) | None => b.emit(Instr::Global { dst, decl: decl.0 as u16 }),
            Some(_) => b.emit(Instr::Private { dst, slot: self.slot(decl) }),
        }
    }

    /// One read of what a path leads to in a variable.
    fn read_variable(&self, b: &mut Builder, decl: DeclId, path: &[&Expr], dst: Reg) {
        let base = b.run(2);
        self.path(b, path, base + 1);
        self.handle(b, decl, base);
        b.emit(Instr::OpOn { op: OpCode::CellRead, count: 1, dst, base });
    }

    /// The indices and keys of a path as a list.
    pub(super) fn path(&self, b: &mut Builder, path: &[&Expr], dst: Reg) {
        let mark = b.mark();
        let base = b.run(path.len());
        for (offset, part) in path.iter().enumerate() {
            self.path_part(b, part, base.wrapping_add(offset as Reg));
        }
        b.emit(Instr::List { dst, base, count: path.len() as u16 });
        b.back_to(mark);
    }

    fn path_part(&self, b: &mut Builder, step: &Expr, dst: Reg) {
        match &step.kind {
            ExprKind::Index(_, index) => self.expr_to(b, index, dst),
            ExprKind::Field(_, name) => {
                let index = b.text(&name.text);
                b.emit(Instr::Literal { dst, index });
            }
            _ => b.literal(dst, Value::None),
        }
    }

    /// `a[i]` and `a.name`: of a variable, one read with a path; of an element of an array of variables, a read of it.
    fn place_read(&self, b: &mut Builder, expr: &Expr, dst: Reg) {
        if let Some(place) = self.place_of(expr) {
            let base = b.run(2);
            self.element(b, &place, base);
            self.path(b, &place.path, base + 1);
            b.emit(Instr::OpOn { op: OpCode::CellRead, count: 1, dst, base });
            return;
        }
        match &expr.kind {
            ExprKind::Index(value, index) => {
                let a = self.stable(b, value, &[index]);
                let key = self.expr(b, index);
                b.emit(Instr::Index { dst, a, b: key });
            }
            ExprKind::Field(value, name) => {
                let a = self.expr(b, value);
                let name = b.text(&name.text);
                b.emit(Instr::Field { dst, a, name });
            }
            _ => {}
        }
    }

    /// The variable that an expression of indices and fields leads into, and the path within it.
    pub(super) fn place_of<'e>(&self, expr: &'e Expr) -> Option<Place<'e>> {
        let mut path = Vec::new();
        let mut at = expr;
        loop {
            match &at.kind {
                ExprKind::Index(inner, _) | ExprKind::Field(inner, _) => {
                    path.push(at);
                    at = inner;
                }
                ExprKind::Name(name) => {
                    let Binding::Object(decl) = self.checked.binding(name) else { return None };
                    if !self.is_cell(decl) {
                        return None;
                    }
                    path.reverse();
                    let element = if self.is_array(decl) { Some(path.first().copied()?) } else { None };
                    if element.is_some() {
                        path.remove(0);
                    }
                    return Some(Place { decl, element, path });
                }
                _ => return None,
            }
        }
    }

    /// The handle of the variable of a place.
    pub(super) fn element(&self, b: &mut Builder, place: &Place<'_>, dst: Reg) {
        self.handle(b, place.decl, dst);
        if let Some(step) = place.element {
            let mark = b.mark();
            let index = b.reg();
            self.path_part(b, step, index);
            b.emit(Instr::Index { dst, a: dst, b: index });
            b.back_to(mark);
        }
    }

    fn negate(&self, b: &mut Builder, value: &Expr, dst: Reg) {
        match &value.kind {
            ExprKind::Int(number) => b.literal(dst, Value::Int(number.wrapping_neg())),
            ExprKind::Float(number) => b.literal(dst, Value::Float(-number)),
            ExprKind::Duration(ns) => b.literal(dst, Value::Duration(ns.wrapping_neg())),
            _ => {
                let a = self.expr(b, value);
                b.emit(Instr::Negate { dst, a });
            }
        }
    }

    fn binary(&self, b: &mut Builder, op: BinaryOp, left: &Expr, right: &Expr, dst: Reg) {
        if let (BinaryOp::Add | BinaryOp::Sub, ExprKind::Int(value)) = (op, &right.kind) {
            if let Ok(value) = i16::try_from(*value) {
                let a = self.expr(b, left);
                b.emit(match op {
                    BinaryOp::Add => Instr::AddInt { dst, a, value },
                    _ => Instr::SubInt { dst, a, value },
                });
                return;
            }
        }
        match op {
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul => {
                let a = self.stable(b, left, &[right]);
                let right = self.expr(b, right);
                b.emit(match op {
                    BinaryOp::Add => Instr::Add { dst, a, b: right },
                    BinaryOp::Sub => Instr::Sub { dst, a, b: right },
                    _ => Instr::Mul { dst, a, b: right },
                });
            }
            _ => {
                let a = b.run(2);
                self.expr_to(b, left, a);
                self.expr_to(b, right, a + 1);
                b.emit(Instr::Arith { op: arith(op), dst, a });
            }
        }
    }

    /// An operator applied to two registers, for `x += e`.
    pub(super) fn apply(&self, b: &mut Builder, op: BinaryOp, dst: Reg, a: Reg, right: Reg) {
        match op {
            BinaryOp::Add => b.emit(Instr::Add { dst, a, b: right }),
            BinaryOp::Sub => b.emit(Instr::Sub { dst, a, b: right }),
            BinaryOp::Mul => b.emit(Instr::Mul { dst, a, b: right }),
            op => {
                let mark = b.mark();
                let pair = b.run(2);
                b.move_to(pair, a);
                b.move_to(pair + 1, right);
                b.emit(Instr::Arith { op: arith(op), dst, a: pair });
                b.back_to(mark);
            }
        }
    }

    fn short_circuit(&self, b: &mut Builder, left: &Expr, right: &Expr, dst: Reg, ends_at: bool) {
        let end = b.label();
        self.expr_to(b, left, dst);
        let jump =
            if ends_at { Instr::JumpIf { src: dst, target: 0 } } else { Instr::JumpUnless { src: dst, target: 0 } };
        b.jump(jump, end);
        self.expr_to(b, right, dst);
        b.emit(Instr::CheckBool { src: dst });
        b.place(end);
    }

    /// Goes on at the label unless the condition holds.
    pub(super) fn jump_unless(&self, b: &mut Builder, condition: &Expr, label: Label) {
        let outer = std::mem::replace(&mut b.span, condition.span);
        let mark = b.mark();
        match &condition.kind {
            ExprKind::Binary(
                op @ (BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge | BinaryOp::Eq | BinaryOp::Ne),
                left,
                right,
            ) => {
                let x = self.stable(b, left, &[right]);
                let y = self.expr(b, right);
                b.jump(
                    match op {
                        BinaryOp::Lt => Instr::UnlessLt { a: x, b: y, target: 0 },
                        BinaryOp::Le => Instr::UnlessLe { a: x, b: y, target: 0 },
                        BinaryOp::Gt => Instr::UnlessLt { a: y, b: x, target: 0 },
                        BinaryOp::Ge => Instr::UnlessLe { a: y, b: x, target: 0 },
                        BinaryOp::Eq => Instr::UnlessEq { a: x, b: y, target: 0 },
                        _ => Instr::IfEq { a: x, b: y, target: 0 },
                    },
                    label,
                );
            }
            ExprKind::And(left, right) => {
                self.jump_unless(b, left, label);
                self.jump_unless(b, right, label);
            }
            ExprKind::Not(inner) => {
                let src = self.expr(b, inner);
                b.jump(Instr::JumpIf { src, target: 0 }, label);
            }
            _ => {
                let src = self.expr(b, condition);
                b.jump(Instr::JumpUnless { src, target: 0 }, label);
            }
        }
        b.back_to(mark);
        b.span = outer;
    }

    /// A comprehension builds in a register of its own, so that what it reads is not what it writes.
    fn in_place_of(
        &self,
        b: &mut Builder,
        dst: Reg,
        comprehension: &Comprehension,
        add: impl FnOnce(&Self, &mut Builder, Reg),
    ) {
        let built = b.reg();
        b.move_to(built, dst);
        b.emit(Instr::None { dst });
        self.each(b, &comprehension.pattern, &comprehension.iter, |lower, b, next| {
            if let Some(condition) = &comprehension.condition {
                lower.jump_unless(b, condition, next);
            }
            add(lower, b, built);
        });
        b.move_to(dst, built);
    }

    /// A loop over what an expression gives; the body gets the label of the next turn. Ends where the items do.
    pub(super) fn each(
        &self,
        b: &mut Builder,
        pattern: &Pattern,
        iter: &Expr,
        body: impl FnOnce(&Self, &mut Builder, Label),
    ) {
        let mark = b.mark();
        let loop_at = b.run(3);
        let (next, end) = (b.label(), b.label());
        let src = self.expr(b, iter);
        b.emit(Instr::ForPrepare { loop_at, src });
        b.place(next);
        let outer = std::mem::replace(&mut b.span, iter.span);
        b.jump(Instr::ForNext { loop_at, target: 0 }, end);
        b.span = outer;
        self.bind(b, pattern, loop_at + 2);
        body(self, b, next);
        b.goto(next);
        b.place(end);
        b.back_to(mark);
    }

    /// Binds the names of a pattern to a value.
    pub(super) fn bind(&self, b: &mut Builder, pattern: &Pattern, src: Reg) {
        match pattern {
            Pattern::Name(name) => {
                if let Binding::Local(local) = self.checked.binding(name) {
                    let reg = b.reg();
                    b.locals.insert(local, reg);
                    b.move_to(reg, src);
                }
            }
            Pattern::List(parts, span) => {
                let base = b.run(parts.len());
                let outer = std::mem::replace(&mut b.span, *span);
                b.emit(Instr::Unpack { src, base, count: parts.len() as u16 });
                b.span = outer;
                for (offset, part) in parts.iter().enumerate() {
                    self.bind(b, part, base.wrapping_add(offset as Reg));
                }
            }
        }
    }
}

/// A variable, or an element of an array of variables, and a path within its value.
pub(super) struct Place<'e> {
    pub(super) decl: DeclId,
    /// The step that picks the element.
    pub(super) element: Option<&'e Expr>,
    /// The steps after that, outermost first.
    pub(super) path: Vec<&'e Expr>,
}

fn arith(op: BinaryOp) -> Arith {
    match op {
        BinaryOp::Div => Arith::Div,
        BinaryOp::FloorDiv => Arith::FloorDiv,
        BinaryOp::Rem => Arith::Rem,
        BinaryOp::Pow => Arith::Pow,
        BinaryOp::Eq => Arith::Eq,
        BinaryOp::Ne => Arith::Ne,
        BinaryOp::Lt => Arith::Lt,
        BinaryOp::Le => Arith::Le,
        BinaryOp::Gt => Arith::Gt,
        BinaryOp::Ge => Arith::Ge,
        BinaryOp::In => Arith::In,
        BinaryOp::NotIn => Arith::NotIn,
        // These have instructions of their own.
        BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul => Arith::Eq,
    }
}

/// Whether evaluating an expression may change a local variable: only methods do.
fn may_change_locals(expr: &Expr) -> bool {
    struct Methods(bool);
    impl Visitor for Methods {
        fn expr(&mut self, expr: &Expr) {
            self.0 |= matches!(expr.kind, ExprKind::Method(..));
            walk_expr(self, expr);
        }
    }
    let mut methods = Methods(false);
    methods.expr(expr);
    methods.0
}
