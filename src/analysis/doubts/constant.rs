//! Integers that the text alone tells: literals, constants, and what is computed of them.
//!
//! Answers for: the value of an expression where it is certain. Says nothing of anything else; what fails when it is
//! evaluated is the planner's to say.

use rustc_hash::FxHashMap;

use crate::analysis::{Binding, Builtin, Checked, LocalId};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind};

/// Longer lists are not worth spelling out.
const ITEMS_MAX: i64 = 4096;
/// How far constants are followed.
const DEPTH_MAX: usize = 64;

/// Variables with known values.
pub(super) type Known = FxHashMap<LocalId, i64>;

/// Evaluates with some variables known.
#[derive(Clone, Copy)]
pub(super) struct Eval<'a> {
    pub(super) checked: &'a Checked,
    pub(super) known: &'a Known,
}

impl Eval<'_> {
    /// The integer that an expression gives.
    pub(super) fn int(self, expr: &Expr) -> Option<i64> {
        self.int_at(expr, 0)
    }

    /// The integers that an expression lists.
    pub(super) fn items(self, expr: &Expr) -> Option<Vec<i64>> {
        self.items_at(expr, 0)
    }

    /// How many items an expression lists.
    pub(super) fn length(self, expr: &Expr) -> Option<u64> {
        match &expr.kind {
            ExprKind::List(items) => Some(items.len() as u64),
            _ => self.items(expr).map(|items| items.len() as u64),
        }
    }

    fn int_at(self, expr: &Expr, depth: usize) -> Option<i64> {
        if depth > DEPTH_MAX {
            return None;
        }
        let int = |expr: &Expr| self.int_at(expr, depth + 1);
        match &expr.kind {
            ExprKind::Int(int) => Some(*int),
            ExprKind::Negate(inner) => int(inner)?.checked_neg(),
            ExprKind::Name(name) => match self.checked.binding(name) {
                Binding::Local(id) => self.known.get(&id).copied(),
                Binding::Const(id) => int(&self.checked.consts.get(id.0 as usize)?.value),
                _ => None,
            },
            ExprKind::Binary(op, left, right) => {
                let (left, right) = (int(left)?, int(right)?);
                match op {
                    BinaryOp::Add => left.checked_add(right),
                    BinaryOp::Sub => left.checked_sub(right),
                    BinaryOp::Mul => left.checked_mul(right),
                    // As in the language: the remainder has the sign of the divisor.
                    BinaryOp::Rem if right > 0 => Some(left.rem_euclid(right)),
                    BinaryOp::FloorDiv if right > 0 => Some(left.div_euclid(right)),
                    _ => None,
                }
            }
            ExprKind::Call(callee, args) => {
                let ExprKind::Name(name) = &callee.kind else { return None };
                let Binding::Builtin(function) = self.checked.binding(name) else { return None };
                let values = || args.iter().map(|arg| int(&arg.value)).collect::<Option<Vec<i64>>>();
                match (function, args.as_slice()) {
                    (Builtin::Min, [_, _, ..]) => values()?.into_iter().min(),
                    (Builtin::Max, [_, _, ..]) => values()?.into_iter().max(),
                    (Builtin::Abs, [_]) => values()?.first()?.checked_abs(),
                    (Builtin::Len, [one]) => self.length_of(&one.value, depth),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The length of an array of objects, or of a list.
    fn length_of(self, expr: &Expr, depth: usize) -> Option<i64> {
        if let ExprKind::Name(name) = &expr.kind
            && let Binding::Object(id) = self.checked.binding(name)
        {
            let array = self.checked.objects.get(id.0 as usize)?.decl.array.as_ref()?;
            return self.int_at(array, depth + 1);
        }
        Some(self.items_at(expr, depth + 1)?.len() as i64)
    }

    fn items_at(self, expr: &Expr, depth: usize) -> Option<Vec<i64>> {
        if depth > DEPTH_MAX {
            return None;
        }
        match &expr.kind {
            ExprKind::List(items) => items.iter().map(|item| self.int_at(item, depth + 1)).collect(),
            ExprKind::Range { low, high, inclusive } => {
                let (low, high) = (self.int_at(low, depth + 1)?, self.int_at(high, depth + 1)?);
                let end = high.checked_add(i64::from(*inclusive))?;
                (end.checked_sub(low)? <= ITEMS_MAX).then(|| (low..end).collect())
            }
            ExprKind::Name(name) => match self.checked.binding(name) {
                Binding::Const(id) => self.items_at(&self.checked.consts.get(id.0 as usize)?.value, depth + 1),
                _ => None,
            },
            _ => None,
        }
    }
}
