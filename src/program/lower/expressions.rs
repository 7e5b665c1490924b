//! Expressions.
//!
//! Answers for: the order of evaluation, left to right. Never binds arguments (that is `calls`).

use super::body::{Body, Pending};
use super::places::{may_change, place};
use crate::analysis::Binding;
use crate::program::instr::{Instr, Piece, Reg, Test};
use crate::syntax::ast::{BinaryOp, Comprehension, Expr, ExprKind, Ident, StrPart};
use crate::value::Value;

/// What a comprehension makes.
enum Made<'e> {
    List(&'e Expr),
    Set(&'e Expr),
    Map(&'e Expr, &'e Expr),
}

impl Body<'_, '_> {
    /// Evaluates into a new register.
    pub(super) fn expr(&mut self, expr: &Expr) -> Reg {
        let register = self.alloc();
        self.expr_to(expr, register);
        register
    }

    /// A register that holds the value: the variable's own where it is one that `later` parts cannot change.
    pub(super) fn operand(&mut self, expr: &Expr, later: &[&Expr]) -> Reg {
        if let ExprKind::Name(name) = &expr.kind
            && let Binding::Local(local) = self.checked.binding(name)
            && !later.iter().any(|later| may_change(later))
        {
            return self.local(local);
        }
        self.expr(expr)
    }

    /// Evaluates into a register that nothing else is in.
    pub(super) fn expr_to(&mut self, expr: &Expr, dst: Reg) {
        let outer = std::mem::replace(&mut self.span, expr.span);
        self.temporaries(|body| body.expr_kind(expr, dst));
        self.span = outer;
    }

    fn expr_kind(&mut self, expr: &Expr, dst: Reg) {
        match &expr.kind {
            ExprKind::None => self.load(Value::None, dst),
            ExprKind::Bool(value) => self.load(Value::Bool(*value), dst),
            ExprKind::Int(value) => self.load(Value::Int(*value), dst),
            ExprKind::Float(value) => self.load(Value::Float(*value), dst),
            ExprKind::Duration(nanos) => self.load(Value::Duration(*nanos), dst),
            ExprKind::Str(parts) => self.string(parts, dst),
            ExprKind::List(items) => {
                let (base, count) = self.row(items);
                self.emit(Instr::List { dst, base, count });
            }
            ExprKind::Set(items) => {
                let (base, count) = self.row(items);
                self.emit(Instr::Set { dst, base, count });
            }
            ExprKind::Map(pairs) => {
                let (base, count) = self.row(pairs.iter().flat_map(|(key, value)| [key, value]));
                self.emit(Instr::Map { dst, base, count });
            }
            ExprKind::Repeat(item, times) => {
                let item = self.operand(item, &[times]);
                let times = self.operand(times, &[]);
                self.emit(Instr::Repeat { dst, item, times });
            }
            ExprKind::Range { low, high, inclusive } => {
                let low = self.operand(low, &[high]);
                let high = self.operand(high, &[]);
                self.emit(Instr::Range { inclusive: *inclusive, dst, low, high });
            }
            ExprKind::ListComp(item, comprehension) => self.comprehension(&Made::List(item), comprehension, dst),
            ExprKind::SetComp(item, comprehension) => self.comprehension(&Made::Set(item), comprehension, dst),
            ExprKind::MapComp(key, value, comprehension) => {
                self.comprehension(&Made::Map(key, value), comprehension, dst);
            }
            ExprKind::Name(name) => self.name(name, dst),
            ExprKind::Negate(value) => {
                let a = self.operand(value, &[]);
                self.emit(Instr::Negate { dst, a });
            }
            ExprKind::Not(value) => {
                let a = self.operand(value, &[]);
                self.emit(Instr::Not { dst, a });
            }
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right, dst),
            ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                self.expr_to(left, dst);
                let end = self.emit_pending(match expr.kind {
                    ExprKind::And(..) => Instr::JumpIfNot { src: dst, target: 0 },
                    _ => Instr::JumpIf { src: dst, target: 0 },
                });
                self.expr_to(right, dst);
                self.emit(Instr::CheckBool { src: dst });
                self.land([end]);
            }
            ExprKind::IfElse { condition, yes, no } => {
                let otherwise = self.condition(condition, false);
                self.expr_to(yes, dst);
                let end = self.jump();
                self.land(otherwise);
                self.expr_to(no, dst);
                self.land([end]);
            }
            ExprKind::Index(value, index) => match place(self, expr) {
                Some((root, steps)) => self.read_place(root, &steps, dst),
                None => {
                    let value = self.operand(value, &[index]);
                    let index = self.operand(index, &[]);
                    self.emit(Instr::Index { dst, value, index });
                }
            },
            ExprKind::Field(value, name) => match place(self, expr) {
                Some((root, steps)) => self.read_place(root, &steps, dst),
                None => {
                    let src = self.operand(value, &[]);
                    let name = self.text(&name.text);
                    self.emit(Instr::Field { dst, src, name });
                }
            },
            ExprKind::Slice(value, start, end, inclusive) => {
                let base = self.expr(value);
                for bound in [start, end] {
                    match bound {
                        Some(bound) => self.expr(bound),
                        None => self.loaded(Value::None),
                    };
                }
                self.emit(Instr::Slice { inclusive: *inclusive, dst, base });
            }
            ExprKind::Call(callee, args) => self.call(callee, args, dst),
            ExprKind::Method(receiver, name, args) => self.method(receiver, name, args, dst),
            ExprKind::Start { template, index, args } => self.start(template, index.as_deref(), args, dst),
        }
    }

    /// Evaluates into registers in a row.
    pub(super) fn row<'e>(&mut self, items: impl IntoIterator<Item = &'e Expr>) -> (Reg, u16) {
        let base = self.next;
        for item in items {
            self.expr(item);
        }
        (base, self.next - base)
    }

    fn string(&mut self, parts: &[StrPart], dst: Reg) {
        match parts {
            [] => self.load(Value::from(""), dst),
            [StrPart::Text(text)] => self.load(Value::from(&**text), dst),
            parts => {
                let (base, spec) = self.pieces(parts);
                self.emit(Instr::Text { dst, base, spec });
            }
        }
    }

    /// The values of a text, in a row, and what it is put together of.
    pub(super) fn pieces(&mut self, parts: &[StrPart]) -> (Reg, u16) {
        let base = self.next;
        let pieces = parts.iter().map(|part| match part {
            StrPart::Text(text) => Piece::Literal(self.text(text)),
            StrPart::Expr(expr) => {
                self.expr(expr);
                Piece::Value
            }
        });
        let pieces = pieces.collect();
        (base, self.text_spec(pieces))
    }

    fn name(&mut self, name: &Ident, dst: Reg) {
        match self.checked.binding(name) {
            Binding::Local(local) => {
                let src = self.local(local);
                self.emit(Instr::Move { dst, src });
            }
            Binding::Const(index) => self.emit(Instr::Const { dst, index: index.0 }),
            Binding::Object(decl) if self.is_cell(decl) => self.read_cell(decl, &[], dst),
            Binding::Object(decl) => self.handle(decl, dst),
            Binding::Task(task) => self.load(Value::Task(task.0), dst),
            Binding::Template(_) => self.raise("TypeError", "an actor is no value before it is started"),
            Binding::Builtin(_) => self.raise("TypeError", "a free function can only be called"),
            Binding::Unbound => self.load(Value::None, dst),
        }
    }

    fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr, dst: Reg) {
        let simple = matches!(&left.kind, ExprKind::Name(name)
            if matches!(self.checked.binding(name), Binding::Local(_)));
        let a = if simple {
            self.operand(left, &[right])
        } else if is_literal(left) {
            self.expr(left)
        } else {
            self.expr_to(left, dst);
            dst
        };
        self.binary_with(op, a, right, dst);
    }

    /// `a op right`, the left side being in a register.
    pub(super) fn binary_with(&mut self, op: BinaryOp, a: Reg, right: &Expr, dst: Reg) {
        if let ExprKind::Int(int) = right.kind
            && let Ok(value) = i16::try_from(int)
        {
            match op {
                BinaryOp::Add => return self.emit(Instr::AddInt { dst, a, value }),
                BinaryOp::Sub => return self.emit(Instr::SubInt { dst, a, value }),
                BinaryOp::Mul => return self.emit(Instr::MulInt { dst, a, value }),
                BinaryOp::FloorDiv if value > 0 => return self.emit(Instr::FloorDivInt { dst, a, value }),
                BinaryOp::Rem if value > 0 => return self.emit(Instr::RemInt { dst, a, value }),
                _ => {}
            }
        }
        self.temporaries(|body| {
            let b = body.operand(right, &[]);
            body.emit(match op {
                BinaryOp::Add => Instr::Add { dst, a, b },
                BinaryOp::Sub => Instr::Sub { dst, a, b },
                BinaryOp::Mul => Instr::Mul { dst, a, b },
                op => Instr::Binary { op, dst, a, b },
            });
        });
    }

    /// Jumps where the condition is `sense`, else goes on.
    pub(super) fn condition(&mut self, expr: &Expr, sense: bool) -> Vec<Pending> {
        let outer = std::mem::replace(&mut self.span, expr.span);
        let pending = self.temporaries(|body| body.condition_kind(expr, sense));
        self.span = outer;
        pending
    }

    fn condition_kind(&mut self, expr: &Expr, sense: bool) -> Vec<Pending> {
        match &expr.kind {
            ExprKind::Bool(value) if *value == sense => vec![self.jump()],
            ExprKind::Bool(_) => Vec::new(),
            ExprKind::Not(inner) => self.condition(inner, !sense),
            ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                // What decides the whole: false for `and`, true for `or`.
                let decisive = matches!(expr.kind, ExprKind::Or(..));
                let mut decided = self.condition(left, decisive);
                let mut pending = self.condition(right, sense);
                if decisive == sense {
                    pending.append(&mut decided);
                } else {
                    self.land(decided);
                }
                pending
            }
            ExprKind::Binary(op, left, right) if Test::of(*op).is_some() => {
                let test = Test::of(*op).unwrap_or(Test(0));
                let test = if sense { test } else { test.negated() };
                let a = self.operand(left, &[right]);
                if let ExprKind::Int(int) = right.kind
                    && let Ok(value) = i16::try_from(int)
                {
                    return vec![self.emit_pending(Instr::BranchInt { test, a, value, target: 0 })];
                }
                let b = self.operand(right, &[]);
                vec![self.emit_pending(Instr::Branch { test, a, b, target: 0 })]
            }
            _ => {
                let src = self.operand(expr, &[]);
                let instr = if sense { Instr::JumpIf { src, target: 0 } } else { Instr::JumpIfNot { src, target: 0 } };
                vec![self.emit_pending(instr)]
            }
        }
    }

    fn comprehension(&mut self, made: &Made<'_>, comprehension: &Comprehension, dst: Reg) {
        let all = self.alloc();
        self.emit(match made {
            Made::List(_) => Instr::List { dst: all, base: all, count: 0 },
            Made::Set(_) => Instr::Set { dst: all, base: all, count: 0 },
            Made::Map(..) => Instr::Map { dst: all, base: all, count: 0 },
        });
        self.each(&comprehension.pattern, &comprehension.iter, |body| {
            let skip = match &comprehension.condition {
                Some(condition) => body.condition(condition, false),
                None => Vec::new(),
            };
            body.temporaries(|body| match made {
                Made::List(item) => {
                    let src = body.expr(item);
                    body.emit(Instr::Append { list: all, src });
                }
                Made::Set(item) => {
                    let src = body.expr(item);
                    body.emit(Instr::Include { set: all, src });
                }
                Made::Map(key, value) => {
                    let base = body.expr(key);
                    body.expr(value);
                    body.emit(Instr::Enter { map: all, base });
                }
            });
            body.land(skip);
        });
        self.emit(Instr::Take { dst, src: all });
    }
}

/// Literals get a register of their own: the result may go into a variable that the right side mentions.
fn is_literal(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Bool(_) | ExprKind::Duration(_))
}
