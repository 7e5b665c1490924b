//! Which locks a body holds, from point to point.
//!
//! Answers for: the state that the flow analysis carries along. Never walks a body.

use crate::analysis::{Binding, Checked, DeclId, LocalId};
use crate::syntax::ast::{Expr, ExprKind};
use crate::value::{ObjectKind, Side};

use super::constant::Eval;
use super::mentions::object;

/// One lock: a declaration, and which one of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) decl: DeclId,
    pub(super) index: Option<i64>,
    /// The variable that says which of an array, where nobody knows its value.
    pub(super) by: Option<LocalId>,
    /// The side of an rwlock.
    pub(super) side: Option<Side>,
}

impl Key {
    /// The lock that it is a side of.
    pub(super) fn whole(self) -> Key {
        Key { side: None, ..self }
    }

    pub(super) fn reads(self) -> bool {
        self.side == Some(Side::Read)
    }
}

/// What an expression is to the analysis of locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    /// No lock.
    No,
    /// One of an array, nobody knows which.
    Blurred(DeclId),
    /// This one.
    Is(Key),
}

/// The lock that an expression names; a condition is the lock that it is over.
pub(super) fn lock(eval: Eval<'_>, expr: &Expr) -> Lock {
    let (expr, side) = match &expr.kind {
        ExprKind::Field(base, name) if &*name.text == "read" => (&**base, Some(Side::Read)),
        ExprKind::Field(base, name) if &*name.text == "write" => (&**base, Some(Side::Write)),
        _ => (expr, None),
    };
    let plain = |decl| Key { decl, index: None, by: None, side };
    let Some(id) = object(eval.checked, expr) else { return Lock::No };
    let Some(info) = eval.checked.objects.get(id.0 as usize) else { return Lock::No };
    match info.kind {
        ObjectKind::Rwlock if side.is_some() => {}
        _ if side.is_some() => return Lock::No,
        ObjectKind::Lock | ObjectKind::Rlock | ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => {}
        ObjectKind::Condition => {
            if let Some(over) = info.decl.args.first() {
                return match lock_below(eval.checked, &over.value) {
                    Some(decl) if info.decl.array.is_none() => Lock::Is(plain(decl)),
                    Some(decl) => Lock::Blurred(decl),
                    None => Lock::No,
                };
            }
        }
        _ => return Lock::No,
    }
    let ExprKind::Index(_, index) = &expr.kind else { return Lock::Is(plain(id)) };
    let length = info.decl.array.as_ref().and_then(|array| eval.int(array));
    match (eval.int(index), length) {
        // From the end, where the index is negative.
        (Some(index), Some(length)) if -length <= index && index < length => {
            Lock::Is(Key { index: Some(index.rem_euclid(length.max(1))), ..plain(id) })
        }
        (None, _) => match variable(eval.checked, index) {
            Some(local) => Lock::Is(Key { by: Some(local), ..plain(id) }),
            None => Lock::Blurred(id),
        },
        _ => Lock::Blurred(id),
    }
}

fn variable(checked: &Checked, expr: &Expr) -> Option<LocalId> {
    let ExprKind::Name(name) = &expr.kind else { return None };
    match checked.binding(name) {
        Binding::Local(local) => Some(local),
        _ => None,
    }
}

/// The lock that a condition is over, if it is one by itself.
fn lock_below(checked: &Checked, expr: &Expr) -> Option<DeclId> {
    let id = object(checked, expr)?;
    matches!(expr.kind, ExprKind::Name(_)).then_some(id)
}

/// Further locks of one body are not followed.
pub(super) const LOCKS_MAX: usize = 32;

/// What may be true of a lock at some point of a body.
pub(super) const FREE: u8 = 1;
/// It was taken.
pub(super) const HELD: u8 = 2;
/// It was taken, and then an error came that the text does not raise.
pub(super) const HELD_BY_ERROR: u8 = 4;

/// What may be true of each lock of a body at some point; by the lock's place in the body's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State([u8; LOCKS_MAX]);

impl State {
    pub(super) fn free() -> State {
        State([FREE; LOCKS_MAX])
    }

    pub(super) fn of(&self, lock: usize) -> u8 {
        self.0.get(lock).copied().unwrap_or(FREE)
    }

    pub(super) fn set(&mut self, lock: usize, bits: u8) {
        self.0.get_mut(lock).into_iter().for_each(|slot| *slot = bits);
    }

    /// The locks that are held whichever way one came here.
    pub(super) fn held(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().filter(|(_, bits)| **bits & FREE == 0).map(|(lock, _)| lock)
    }

    /// The same in a `catch`, to which any statement may have come.
    pub(super) fn after_an_error(&self) -> State {
        let turned = |bits: &u8| if bits & HELD == 0 { *bits } else { bits & !HELD | HELD_BY_ERROR };
        State(self.0.each_ref().map(turned))
    }

    fn add(&mut self, other: &State) {
        self.0.iter_mut().zip(&other.0).for_each(|(bits, more)| *bits |= more);
    }
}

/// A state where the point can be reached at all.
pub(super) type Reached = Option<State>;

/// Either way.
pub(super) fn join(into: &mut Reached, other: &Reached) {
    match (into.as_mut(), other) {
        (Some(into), Some(other)) => into.add(other),
        (None, Some(_)) => *into = other.clone(),
        (_, None) => {}
    }
}
