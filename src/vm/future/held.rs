//! What registers may hold at a place in a program: a known value, one of a few, or anything.
//!
//! Answers for: joining what several ways bring. Never looks at an instruction.

use crate::program::instr::Reg;
use crate::value::{self, Value};

/// More values than this a register may not be one of.
const AMONG_MAX: usize = 16;

/// What a register may hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Held {
    Known(Value),
    Among(Vec<Value>),
    Any,
}

impl Held {
    pub(super) fn values(&self) -> Option<&[Value]> {
        match self {
            Held::Known(value) => Some(std::slice::from_ref(value)),
            Held::Among(values) => Some(values),
            Held::Any => None,
        }
    }

    pub(super) fn of(values: Vec<Value>) -> Held {
        let mut distinct: Vec<Value> = Vec::new();
        for value in values {
            if !distinct.iter().any(|other| same(other, &value)) {
                distinct.push(value);
            }
        }
        match distinct.len() {
            1 => distinct.pop().map_or(Held::Any, Held::Known),
            2..=AMONG_MAX => Held::Among(distinct),
            _ => Held::Any,
        }
    }

    /// Widens it by what another way brings; whether that changed anything.
    pub(super) fn join(&mut self, other: &Held) -> bool {
        let (Some(own), Some(new)) = (self.values(), other.values()) else {
            return !matches!(std::mem::replace(self, Held::Any), Held::Any);
        };
        if new.iter().all(|value| own.iter().any(|other| same(other, value))) {
            return false;
        }
        *self = Held::of(own.iter().chain(new).cloned().collect());
        true
    }

    pub(super) fn known(&self) -> Option<&Value> {
        match self {
            Held::Known(value) => Some(value),
            _ => None,
        }
    }
}

/// Whether two values are the same to a program: of one kind, and equal.
fn same(a: &Value, b: &Value) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b) && value::equals(a, b)
}

/// Registers, and what was acquired on every way.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) regs: Vec<Held>,
    pub(super) acquired: Vec<u32>,
}

impl Place {
    pub(super) fn join(&mut self, other: &Place) -> bool {
        let mut changed = false;
        for (own, new) in self.regs.iter_mut().zip(&other.regs) {
            changed |= own.join(new);
        }
        let before = self.acquired.len();
        self.acquired.retain(|id| other.acquired.contains(id));
        changed | (self.acquired.len() != before)
    }

    pub(super) fn get(&self, reg: Reg) -> &Held {
        self.regs.get(reg as usize).unwrap_or(&Held::Any)
    }

    pub(super) fn known(&self, reg: Reg) -> Option<&Value> {
        self.get(reg).known()
    }

    pub(super) fn set(&mut self, reg: Reg, held: Held) {
        if let Some(slot) = self.regs.get_mut(reg as usize) {
            *slot = held;
        }
    }

    /// Registers from one on are used up.
    pub(super) fn forget(&mut self, from: Reg) {
        self.regs.iter_mut().skip(from as usize).for_each(|slot| *slot = Held::Any);
    }

    pub(super) fn row(&self, base: Reg, count: usize) -> Option<Vec<Value>> {
        (0..count).map(|at| self.known(base + at as Reg).cloned()).collect()
    }
}
