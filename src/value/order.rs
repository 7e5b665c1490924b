//! The order of values: the total one that maps and sets are kept in, and the one that `<` and `==` mean.
//!
//! Answers for: which keys are the same and how they sort; what compares with what in a scenario. Never looks at masks:
//! a process id is the int it is.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::kind::a_kind;
use super::{Error, Value};

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The order of keys: total, across all kinds. Numbers that are numerically equal are one key, and so is `nan`.
impl Ord for Value {
    fn cmp(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Int(a) | Value::Pid(a), Value::Int(b) | Value::Pid(b)) => a.cmp(b),
            (Value::Int(a) | Value::Pid(a), Value::Float(b)) => int_with_float(*a, *b),
            (Value::Float(a), Value::Int(b) | Value::Pid(b)) => int_with_float(*b, *a).reverse(),
            (Value::Float(a), Value::Float(b)) => float_with_float(*a, *b),
            (Value::Str(a), Value::Str(b)) => a.text.cmp(&b.text),
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            (Value::Duration(a) | Value::Elapsed(a), Value::Duration(b) | Value::Elapsed(b)) => a.cmp(b),
            (Value::List(a), Value::List(b)) if Arc::ptr_eq(a, b) => Ordering::Equal,
            (Value::List(a), Value::List(b)) => a.cmp(b),
            (Value::Set(a), Value::Set(b)) if Arc::ptr_eq(a, b) => Ordering::Equal,
            (Value::Set(a), Value::Set(b)) => a.cmp(b),
            (Value::Map(a), Value::Map(b)) if Arc::ptr_eq(a, b) => Ordering::Equal,
            (Value::Map(a), Value::Map(b)) => a.cmp(b),
            (Value::Range(a), Value::Range(b)) => {
                a.low.cmp(&b.low).then_with(|| a.high.cmp(&b.high)).then_with(|| a.inclusive.cmp(&b.inclusive))
            }
            (Value::Object(a), Value::Object(b)) => a.cmp(b),
            (Value::Actor(a), Value::Actor(b)) => a.cmp(b),
            (Value::Result(a), Value::Result(b)) => a.cmp(b),
            (Value::Task(a), Value::Task(b)) => a.cmp(b),
            (Value::Error(a), Value::Error(b)) => a.kind.cmp(&b.kind).then_with(|| a.message.cmp(&b.message)),
            _ => class(self).cmp(&class(other)),
        }
    }
}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        class(self).hash(state);
        match self {
            Value::None => {}
            Value::Bool(value) => value.hash(state),
            Value::Int(value) | Value::Pid(value) => value.hash(state),
            Value::Float(value) => match as_int(*value) {
                Some(value) => value.hash(state),
                None if value.is_nan() => f64::NAN.to_bits().hash(state),
                None => value.to_bits().hash(state),
            },
            Value::Duration(value) | Value::Elapsed(value) => value.hash(state),
            Value::Str(value) => value.text.hash(state),
            Value::List(items) => items.hash(state),
            Value::Map(entries) => entries.hash(state),
            Value::Set(items) => items.hash(state),
            Value::Range(range) => (&range.low, &range.high, range.inclusive).hash(state),
            Value::Object(object) => object.hash(state),
            Value::Actor(actor) => actor.hash(state),
            Value::Result(result) => result.hash(state),
            Value::Task(task) => task.hash(state),
            Value::Error(error) => (&error.kind, &error.message).hash(state),
        }
    }
}

/// Where the kind of a value stands among the kinds.
fn class(value: &Value) -> u8 {
    match value {
        Value::None => 0,
        Value::Bool(_) => 1,
        Value::Int(_) | Value::Pid(_) | Value::Float(_) => 2,
        Value::Duration(_) | Value::Elapsed(_) => 3,
        Value::Str(_) => 4,
        Value::List(_) => 5,
        Value::Set(_) => 6,
        Value::Map(_) => 7,
        Value::Range(_) => 8,
        Value::Object(_) => 9,
        Value::Actor(_) => 10,
        Value::Result(_) => 11,
        Value::Task(_) => 12,
        Value::Error(_) => 13,
    }
}

/// 2⁶³, the first float above every int.
const ABOVE_INTS: f64 = 9_223_372_036_854_775_808.0;

/// The int that a float equals, if there is one.
fn as_int(value: f64) -> Option<i64> {
    let fits = (-ABOVE_INTS..ABOVE_INTS).contains(&value) && value.trunc() == value;
    fits.then_some(value as i64)
}

/// Compares exactly, without rounding the int; `nan` comes after all numbers.
fn int_with_float(int: i64, float: f64) -> Ordering {
    if float.is_nan() || float >= ABOVE_INTS {
        Ordering::Less
    } else if float < -ABOVE_INTS {
        Ordering::Greater
    } else {
        let whole = float.trunc();
        int.cmp(&(whole as i64)).then_with(|| whole.partial_cmp(&float).unwrap_or(Ordering::Equal))
    }
}

/// Zeros are equal; `nan` equals itself and comes after all numbers.
fn float_with_float(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// What `==` gives: false across kinds, and `nan` equals nothing.
pub fn equals(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::List(a), Value::List(b)) => {
            Arc::ptr_eq(a, b) || a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equals(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            let same = |((a_key, a), (b_key, b)): ((&Value, &Value), (&Value, &Value))| a_key == b_key && equals(a, b);
            Arc::ptr_eq(a, b) || a.len() == b.len() && a.iter().zip(b.iter()).all(same)
        }
        _ => a == b,
    }
}

/// The order that `<`, `<=`, `>` and `>=` look at.
///
/// Numbers compare with numbers, durations with durations, strings with strings, lists with lists item by item;
/// anything else is a `TypeError`, and `nan`, which has no order, a `ValueError`.
pub fn compare(a: &Value, b: &Value) -> Result<Ordering, Error> {
    match (a, b) {
        (Value::Int(a) | Value::Pid(a), Value::Int(b) | Value::Pid(b)) => Ok(a.cmp(b)),
        (Value::Float(x), Value::Int(_) | Value::Pid(_) | Value::Float(_))
        | (Value::Int(_) | Value::Pid(_), Value::Float(x))
            if x.is_nan() =>
        {
            Err(no_order())
        }
        (Value::Float(_), Value::Float(x)) if x.is_nan() => Err(no_order()),
        (Value::Float(_), Value::Float(_) | Value::Int(_) | Value::Pid(_))
        | (Value::Int(_) | Value::Pid(_), Value::Float(_))
        | (Value::Duration(_) | Value::Elapsed(_), Value::Duration(_) | Value::Elapsed(_))
        | (Value::Str(_), Value::Str(_)) => Ok(a.cmp(b)),
        (Value::List(xs), Value::List(ys)) => match xs.iter().zip(ys.iter()).find(|(x, y)| !equals(x, y)) {
            Some((x, y)) => compare(x, y),
            None => Ok(xs.len().cmp(&ys.len())),
        },
        _ => Err(Error::type_error(format!("cannot order {} and {}", a_kind(a), a_kind(b)))),
    }
}

fn no_order() -> Error {
    Error::value_error("nan has no order")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{ErrorKind, Text};

    fn text(text: &str) -> Value {
        Value::Str(Arc::new(Text { text: text.to_owned(), masks: Vec::new() }))
    }

    fn list(items: &[Value]) -> Value {
        Value::List(Arc::new(items.to_vec()))
    }

    #[test]
    fn keys_have_one_order() {
        let sorted = [
            Value::None,
            Value::Bool(false),
            Value::Bool(true),
            Value::Float(f64::NEG_INFINITY),
            Value::Int(i64::MIN),
            Value::Float(-0.5),
            Value::Int(0),
            Value::Float(0.5),
            Value::Pid(1),
            Value::Int(i64::MAX - 1),
            Value::Int(i64::MAX),
            Value::Float(ABOVE_INTS),
            Value::Float(f64::INFINITY),
            Value::Float(f64::NAN),
            Value::Duration(-1),
            Value::Elapsed(0),
            text(""),
            text("a"),
            list(&[]),
            list(&[Value::Int(1)]),
            list(&[Value::Int(1), Value::None]),
            list(&[Value::Int(2)]),
            Value::Set(Arc::default()),
            Value::Map(Arc::default()),
            Value::Task(0),
        ];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(a.cmp(b), i.cmp(&j), "{a:?} and {b:?}");
            }
        }
    }

    #[test]
    fn equal_means_equal_in_value() {
        let cases = [
            (Value::Int(1), Value::Float(1.0), true),
            (Value::Int(1), Value::Pid(1), true),
            (Value::Float(0.0), Value::Float(-0.0), true),
            (Value::Int(9_007_199_254_740_993), Value::Float(9_007_199_254_740_992.0), false),
            (Value::Int(i64::MAX), Value::Float(ABOVE_INTS), false),
            (Value::Float(f64::NAN), Value::Float(f64::NAN), false),
            (list(&[Value::Float(f64::NAN)]), list(&[Value::Float(f64::NAN)]), false),
            (Value::Bool(true), Value::Int(1), false),
            (Value::None, Value::Bool(false), false),
            (text("1"), Value::Int(1), false),
            (Value::Duration(5), Value::Elapsed(5), true),
            (Value::Duration(5), Value::Int(5), false),
            (list(&[Value::Int(1)]), list(&[Value::Float(1.0)]), true),
        ];
        for (a, b, expected) in cases {
            assert_eq!(equals(&a, &b), expected, "{a:?} and {b:?}");
        }
    }

    #[test]
    fn order_across_kinds_is_an_error() {
        let cases = [
            (Value::Int(1), text("1"), Err(ErrorKind::TypeError)),
            (Value::Bool(false), Value::Bool(true), Err(ErrorKind::TypeError)),
            (Value::None, Value::None, Err(ErrorKind::TypeError)),
            (Value::Int(1), Value::Float(f64::NAN), Err(ErrorKind::ValueError)),
            (Value::Float(1.0), Value::Float(f64::NAN), Err(ErrorKind::ValueError)),
            (Value::Float(f64::NAN), text("x"), Err(ErrorKind::TypeError)),
            (Value::Int(1), Value::Float(1.5), Ok(Ordering::Less)),
            (Value::Elapsed(2), Value::Duration(1), Ok(Ordering::Greater)),
            (list(&[Value::Int(1), Value::None]), list(&[Value::Int(1), Value::None]), Ok(Ordering::Equal)),
            (list(&[Value::Int(1), Value::None]), list(&[Value::Int(2), text("")]), Ok(Ordering::Less)),
            (list(&[Value::Int(1)]), list(&[text("")]), Err(ErrorKind::TypeError)),
            (list(&[Value::Int(1)]), list(&[Value::Int(1), text("")]), Ok(Ordering::Less)),
        ];
        for (a, b, expected) in cases {
            assert_eq!(compare(&a, &b).map_err(|error| error.kind), expected, "{a:?} and {b:?}");
        }
        let message = compare(&Value::Int(1), &Value::None).map_err(|error| error.message.to_string());
        assert_eq!(message, Err("cannot order an int and none".to_owned()));
    }
}
