//! Equality and order.
//!
//! Answers for: the total order of map keys, and what `==` and `<` mean. Never converts a value.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use super::{Error, ErrorKind, Range, Result, Shared, Text, Value};

impl Value {
    /// Its place in the order of kinds; kinds that compare with each other share one.
    fn rank(&self) -> u8 {
        match self {
            Value::None => 0,
            Value::Bool(_) => 1,
            Value::Int(_) | Value::Float(_) | Value::Pid(_) => 2,
            Value::Duration(_) | Value::Elapsed(_) => 3,
            Value::Str(_) => 4,
            Value::List(_) => 5,
            Value::Map(_) => 6,
            Value::Set(_) => 7,
            Value::Range(_) => 8,
            Value::Object(_) => 9,
            Value::Actor(_) => 10,
            Value::Result(_) => 11,
            Value::Task(_) => 12,
            Value::Error(_) => 13,
        }
    }
}

/// A total order: by kind, then by value. NaN equals itself and is above all numbers.
impl Ord for Value {
    #[inline]
    fn cmp(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => a.cmp(b),
            (Value::Str(a), Value::Str(b)) => texts(a, b),
            _ => self.total_order(other),
        }
    }
}

/// The order of texts: by their bytes, the first eight at once, since keys are short and differ early.
#[inline]
fn texts(a: &Shared<Text>, b: &Shared<Text>) -> Ordering {
    if Shared::ptr_eq(a, b) {
        return Ordering::Equal;
    }
    let (a, b) = (a.text.as_bytes(), b.text.as_bytes());
    if let (Some((first, rest)), Some((other, others))) = (a.split_first_chunk::<8>(), b.split_first_chunk::<8>()) {
        return u64::from_be_bytes(*first).cmp(&u64::from_be_bytes(*other)).then_with(|| rest.cmp(others));
    }
    a.iter().cmp(b.iter())
}

impl Value {
    fn total_order(&self, other: &Value) -> Ordering {
        use Value::*;
        match (self, other) {
            (Int(a) | Pid(a), Int(b) | Pid(b)) => a.cmp(b),
            (Int(a) | Pid(a), Float(b)) => int_float(*a, *b).unwrap_or(Ordering::Less),
            (Float(a), Int(b) | Pid(b)) => int_float(*b, *a).map_or(Ordering::Greater, Ordering::reverse),
            (Float(a), Float(b)) => a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan())),
            (Str(a), Str(b)) => texts(a, b),
            (Bool(a), Bool(b)) => a.cmp(b),
            (Duration(a) | Elapsed(a), Duration(b) | Elapsed(b)) => a.cmp(b),
            (List(a), List(b)) => a.cmp(b),
            (Map(a), Map(b)) => a.cmp(b),
            (Set(a), Set(b)) => a.cmp(b),
            (Range(a), Range(b)) => a.key().cmp(&b.key()),
            (Object(a), Object(b)) => a.cmp(b),
            (Actor(a), Actor(b)) => a.cmp(b),
            (Result(a), Result(b)) => a.cmp(b),
            (Task(a), Task(b)) => a.cmp(b),
            (Error(a), Error(b)) => (&a.kind, &a.message, a.span).cmp(&(&b.kind, &b.message, b.span)),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl Hash for Value {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            // What most keys are.
            Value::Int(value) => value.hash(state),
            other => other.hash_any(state),
        }
    }
}

impl Value {
    fn hash_any<H: Hasher>(&self, state: &mut H) {
        match self {
            // As the int that it may equal.
            Value::Float(_) | Value::Pid(_) | Value::Int(_) => {}
            other => state.write_u8(other.rank()),
        }
        match self {
            Value::None => {}
            Value::Bool(value) => value.hash(state),
            Value::Int(value) | Value::Pid(value) => value.hash(state),
            Value::Float(value) => hash_float(*value, state),
            Value::Duration(value) | Value::Elapsed(value) => value.hash(state),
            Value::Str(text) => text.text.hash(state),
            Value::List(items) => items.hash(state),
            Value::Map(map) => map.hash(state),
            Value::Set(set) => set.hash(state),
            Value::Range(range) => range.key().hash(state),
            Value::Object(object) => object.hash(state),
            Value::Actor(actor) => actor.hash(state),
            Value::Result(result) => result.hash(state),
            Value::Task(task) => task.hash(state),
            Value::Error(error) => (&error.kind, &error.message, error.span).hash(state),
        }
    }
}

impl Range {
    fn key(&self) -> (&Value, &Value, bool) {
        (&self.low, &self.high, self.inclusive)
    }
}

/// A float that equals an int must hash as that int.
fn hash_float<H: Hasher>(value: f64, state: &mut H) {
    let whole = value as i64;
    if int_float(whole, value) == Some(Ordering::Equal) {
        whole.hash(state);
    } else if value.is_nan() {
        f64::NAN.to_bits().hash(state);
    } else {
        value.to_bits().hash(state);
    }
}

/// Compares exactly, without rounding the int; nothing for NaN.
pub(super) fn int_float(int: i64, float: f64) -> Option<Ordering> {
    const TWO_63: f64 = 9_223_372_036_854_775_808.0;
    if float.is_nan() {
        None
    } else if float >= TWO_63 {
        Some(Ordering::Less)
    } else if float < -TWO_63 {
        Some(Ordering::Greater)
    } else {
        let floor = float.floor();
        Some(int.cmp(&(floor as i64)).then(if float > floor { Ordering::Less } else { Ordering::Equal }))
    }
}

/// `a == b`: as the total order has it, but that NaN equals nothing.
#[inline]
pub fn equals(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        _ => a == b,
    }
}

/// The order of `<` and its like: of numbers, durations, bools, strings, and lists item by item. Nothing where NaN is
/// compared; other kinds are a `TypeError`.
pub fn compare(a: &Value, b: &Value) -> Result<Option<Ordering>> {
    use Value::*;
    match (a, b) {
        (Int(a), Int(b)) => Ok(Some(a.cmp(b))),
        (Float(a), Float(b)) => Ok(a.partial_cmp(b)),
        (Int(a) | Pid(a), Float(b)) => Ok(int_float(*a, *b)),
        (Float(a), Int(b) | Pid(b)) => Ok(int_float(*b, *a).map(Ordering::reverse)),
        (List(x), List(y)) => {
            let differing = x.iter().zip(y.iter()).find(|(x, y)| !equals(x, y));
            match differing {
                Some((x, y)) => compare(x, y),
                Option::None => Ok(Some(x.len().cmp(&y.len()))),
            }
        }
        (Int(_) | Pid(_), Int(_) | Pid(_))
        | (Duration(_) | Elapsed(_), Duration(_) | Elapsed(_))
        | (Str(_), Str(_))
        | (Bool(_), Bool(_)) => Ok(Some(a.cmp(b))),
        _ => Err(not_comparable(a, b)),
    }
}

#[cold]
fn not_comparable(a: &Value, b: &Value) -> Error {
    let message = format!("{} and {} have no order", super::display::described(a), super::display::described(b));
    Error { ..Error::new(ErrorKind::TypeError, message) }
}

/// Sorts by `<`, stably; values without an order are a `TypeError`.
pub fn sort(values: &mut [Value], descending: bool) -> Result<()> {
    // All ints, or all texts, is what nearly every list is.
    let plain = |value: &Value| matches!(value, Value::Int(_));
    if !(values.iter().all(plain) || values.iter().all(|value| matches!(value, Value::Str(_)))) {
        for pair in values.windows(2) {
            compare(&pair[0], &pair[1])?;
        }
    }
    let mut failure = None;
    values.sort_by(|a, b| {
        let order = match compare(a, b) {
            Ok(order) => order.unwrap_or_else(|| a.cmp(b)),
            Err(error) => {
                failure.get_or_insert(error);
                a.cmp(b)
            }
        };
        if descending { order.reverse() } else { order }
    });
    failure.map_or(Ok(()), Err)
}
