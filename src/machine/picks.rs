//! What chance can give.
//!
//! Answers for: the values that are tried. Never draws.

use crate::program::op::{Op, OpCode};
use crate::value::{self, Value};

/// Ranges up to so many values are tried one by one; of a longer one, its ends.
const RANGE_MAX: i128 = 16;
/// Lists up to so long are tried in every order; of a longer one, the order it has and the reverse.
const SHUFFLE_MAX: usize = 4;

/// The values that an operation may give; none where it fails.
pub(super) fn of(op: &Op) -> Vec<Value> {
    let items = || value::items(op.args.get(0)).map(|items| items.to_vec()).unwrap_or_default();
    match op.code {
        OpCode::Random => in_range(op.args.get(0)),
        OpCode::Choose => {
            let mut items = items();
            items.dedup();
            items
        }
        OpCode::Shuffle => shuffles(items()).into_iter().map(Value::list).collect(),
        _ => Vec::new(),
    }
}

fn in_range(range: &Value) -> Vec<Value> {
    let Value::Range(range) = range else { return Vec::new() };
    let between = |low: i64, high: i64, make: fn(i64) -> Value| {
        let last = if range.inclusive { high } else { high.saturating_sub(1) };
        let count = i128::from(last) - i128::from(low) + 1;
        match count {
            ..=0 => Vec::new(),
            1..=RANGE_MAX => (low..=last).map(make).collect(),
            _ => vec![make(low), make(last)],
        }
    };
    match (&range.low, &range.high) {
        (Value::Int(low), Value::Int(high)) => between(*low, *high, Value::Int),
        (Value::Duration(low), Value::Duration(high)) => between(*low, *high, Value::Duration),
        (Value::Float(low), Value::Float(high)) if low < high => vec![Value::Float(*low)],
        _ => Vec::new(),
    }
}

fn shuffles(items: Vec<Value>) -> Vec<Vec<Value>> {
    if items.len() > SHUFFLE_MAX {
        let reverse = items.iter().rev().cloned().collect();
        return vec![items, reverse];
    }
    let Some((first, rest)) = items.split_first() else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for shorter in shuffles(rest.to_vec()) {
        for at in 0..=shorter.len() {
            let mut longer = shorter.clone();
            longer.insert(at, first.clone());
            if !all.contains(&longer) {
                all.push(longer);
            }
        }
    }
    all
}
