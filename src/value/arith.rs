//! Arithmetic.
//!
//! Answers for: what `+ - * / // % **` give, and when they raise. Never wraps around.

use super::{BYTES_MAX, Error, ErrorKind, ITEMS_MAX, Result, Shared, Value, text};
use crate::syntax::ast::BinaryOp;

/// An operator with two values, as an expression has it.
pub fn binary(op: BinaryOp, a: &Value, b: &Value) -> Result<Value> {
    match op {
        BinaryOp::Add => add(a, b),
        BinaryOp::Sub => sub(a, b),
        BinaryOp::Mul => mul(a, b),
        BinaryOp::Div => div(a, b),
        BinaryOp::FloorDiv => floor_div(a, b),
        BinaryOp::Rem => rem(a, b),
        BinaryOp::Pow => pow(a, b),
        BinaryOp::Eq => Ok(Value::Bool(super::equals(a, b))),
        BinaryOp::Ne => Ok(Value::Bool(!super::equals(a, b))),
        BinaryOp::Lt => Ok(Value::Bool(super::compare(a, b)?.is_some_and(|order| order.is_lt()))),
        BinaryOp::Le => Ok(Value::Bool(super::compare(a, b)?.is_some_and(|order| order.is_le()))),
        BinaryOp::Gt => Ok(Value::Bool(super::compare(a, b)?.is_some_and(|order| order.is_gt()))),
        BinaryOp::Ge => Ok(Value::Bool(super::compare(a, b)?.is_some_and(|order| order.is_ge()))),
        BinaryOp::In => super::contains(b, a).map(Value::Bool),
        BinaryOp::NotIn => super::contains(b, a).map(|found| Value::Bool(!found)),
    }
}

/// Two operands, brought to what they have in common.
enum Pair {
    Ints(i64, i64),
    Floats(f64, f64),
    /// Two durations, and whether one of them was measured.
    Durations(i64, i64, bool),
    /// A duration, a number, whether the duration was measured.
    Scaled(i64, Number, bool),
    /// A number and a duration.
    Scaling(Number, i64, bool),
    Other,
}

#[derive(Clone, Copy)]
enum Number {
    Int(i64),
    Float(f64),
}

fn pair(a: &Value, b: &Value) -> Pair {
    use Value::*;
    match (a, b) {
        (Int(a) | Pid(a), Int(b) | Pid(b)) => Pair::Ints(*a, *b),
        (Float(a), Float(b)) => Pair::Floats(*a, *b),
        (Int(a) | Pid(a), Float(b)) => Pair::Floats(*a as f64, *b),
        (Float(a), Int(b) | Pid(b)) => Pair::Floats(*a, *b as f64),
        (Duration(x), Duration(y)) => Pair::Durations(*x, *y, false),
        (Duration(x) | Elapsed(x), Duration(y) | Elapsed(y)) => Pair::Durations(*x, *y, true),
        (Duration(x) | Elapsed(x), Int(n) | Pid(n)) => Pair::Scaled(*x, Number::Int(*n), matches!(a, Elapsed(_))),
        (Duration(x) | Elapsed(x), Float(n)) => Pair::Scaled(*x, Number::Float(*n), matches!(a, Elapsed(_))),
        (Int(n) | Pid(n), Duration(x) | Elapsed(x)) => Pair::Scaling(Number::Int(*n), *x, matches!(b, Elapsed(_))),
        (Float(n), Duration(x) | Elapsed(x)) => Pair::Scaling(Number::Float(*n), *x, matches!(b, Elapsed(_))),
        _ => Pair::Other,
    }
}

fn duration(nanos: i64, measured: bool) -> Value {
    if measured { Value::Elapsed(nanos) } else { Value::Duration(nanos) }
}

#[cold]
fn wrong(symbol: &str, a: &Value, b: &Value) -> Error {
    Error::type_error(format!(
        "`{symbol}` does not take {} and {}",
        super::display::described(a),
        super::display::described(b)
    ))
}

#[cold]
fn zero_division(symbol: &str, a: &Value, b: &Value) -> Error {
    use super::display::literal;
    // What is measured is another time at every run.
    let is_plain = |value: &Value| matches!(value, Value::Int(_) | Value::Float(_) | Value::Duration(_));
    let message = match is_plain(a) && is_plain(b) {
        true => format!("division by zero: {} {symbol} {}", literal(a), literal(b)),
        false => "division by zero".to_owned(),
    };
    Error::new(ErrorKind::ZeroDivision, message)
}

fn int(value: Option<i64>) -> Result<Value> {
    value.map(Value::Int).ok_or_else(|| Error::overflow("the integer"))
}

fn span(value: Option<i64>, measured: bool) -> Result<Value> {
    value.map(|nanos| duration(nanos, measured)).ok_or_else(|| Error::overflow("the duration"))
}

/// `a + b`
pub fn add(a: &Value, b: &Value) -> Result<Value> {
    match pair(a, b) {
        Pair::Ints(a, b) => int(a.checked_add(b)),
        Pair::Floats(a, b) => Ok(Value::Float(a + b)),
        Pair::Durations(a, b, measured) => span(a.checked_add(b), measured),
        _ => match (a, b) {
            (Value::Str(a), Value::Str(b)) => text::concat(a, b),
            (Value::List(x), Value::List(y)) => {
                check_items(x.len().saturating_add(y.len()))?;
                Ok(Value::list(x.iter().chain(y.iter()).cloned().collect()))
            }
            _ => Err(wrong("+", a, b)),
        },
    }
}

/// `a = a + b`: appends in place where `a` is the only owner. `a` is unchanged when it raises.
pub fn add_assign(a: &mut Value, b: &Value) -> Result<()> {
    match (&mut *a, b) {
        (Value::Str(x), Value::Str(y)) => text::append(Shared::make_mut(x), y),
        (Value::List(x), Value::List(y)) => {
            check_items(x.len().saturating_add(y.len()))?;
            Shared::make_mut(x).extend(y.iter().cloned());
            Ok(())
        }
        _ => {
            *a = add(a, b)?;
            Ok(())
        }
    }
}

/// `a - b`
pub fn sub(a: &Value, b: &Value) -> Result<Value> {
    match pair(a, b) {
        Pair::Ints(a, b) => int(a.checked_sub(b)),
        Pair::Floats(a, b) => Ok(Value::Float(a - b)),
        Pair::Durations(a, b, measured) => span(a.checked_sub(b), measured),
        _ => match (a, b) {
            (Value::Set(a), Value::Set(b)) => Ok(Value::Set(Shared::new(a.difference(b).cloned().collect()))),
            _ => Err(wrong("-", a, b)),
        },
    }
}

/// `a * b`
pub fn mul(a: &Value, b: &Value) -> Result<Value> {
    match pair(a, b) {
        Pair::Ints(a, b) => int(a.checked_mul(b)),
        Pair::Floats(a, b) => Ok(Value::Float(a * b)),
        Pair::Scaled(nanos, number, measured) | Pair::Scaling(number, nanos, measured) => match number {
            Number::Int(n) => span(nanos.checked_mul(n), measured),
            Number::Float(n) => span(float_to_int(nanos as f64 * n), measured),
        },
        _ => match (a, b) {
            (Value::List(items), Value::Int(n) | Value::Pid(n))
            | (Value::Int(n) | Value::Pid(n), Value::List(items)) => repeat(items, *n),
            (Value::Str(s), Value::Int(n) | Value::Pid(n)) | (Value::Int(n) | Value::Pid(n), Value::Str(s)) => {
                text::repeat(&s.text, *n)
            }
            _ => Err(wrong("*", a, b)),
        },
    }
}

/// `a / b`: a float; of two durations their ratio.
pub fn div(a: &Value, b: &Value) -> Result<Value> {
    match pair(a, b) {
        Pair::Ints(_, 0) | Pair::Durations(_, 0, _) | Pair::Scaled(_, Number::Int(0), _) => {
            Err(zero_division("/", a, b))
        }
        Pair::Floats(_, 0.0) | Pair::Scaled(_, Number::Float(0.0), _) => Err(zero_division("/", a, b)),
        Pair::Ints(a, b) | Pair::Durations(a, b, _) => Ok(Value::Float(a as f64 / b as f64)),
        Pair::Floats(a, b) => Ok(Value::Float(a / b)),
        Pair::Scaled(nanos, Number::Int(n), measured) => span(float_to_int(nanos as f64 / n as f64), measured),
        Pair::Scaled(nanos, Number::Float(n), measured) => span(float_to_int(nanos as f64 / n), measured),
        _ => Err(wrong("/", a, b)),
    }
}

/// `a // b`: rounded down.
pub fn floor_div(a: &Value, b: &Value) -> Result<Value> {
    match pair(a, b) {
        Pair::Ints(_, 0) | Pair::Durations(_, 0, _) | Pair::Scaled(_, Number::Int(0), _) => {
            Err(zero_division("//", a, b))
        }
        Pair::Floats(_, 0.0) | Pair::Scaled(_, Number::Float(0.0), _) => Err(zero_division("//", a, b)),
        Pair::Ints(a, b) | Pair::Durations(a, b, _) => int(floor_quotient(a, b)),
        Pair::Floats(a, b) => Ok(Value::Float((a / b).floor())),
        Pair::Scaled(nanos, Number::Int(n), measured) => span(floor_quotient(nanos, n), measured),
        Pair::Scaled(nanos, Number::Float(n), measured) => span(float_to_int((nanos as f64 / n).floor()), measured),
        _ => Err(wrong("//", a, b)),
    }
}

/// `a % b`: has the sign of `b`.
pub fn rem(a: &Value, b: &Value) -> Result<Value> {
    match pair(a, b) {
        Pair::Ints(_, 0) | Pair::Durations(_, 0, _) => Err(zero_division("%", a, b)),
        Pair::Floats(_, 0.0) => Err(zero_division("%", a, b)),
        Pair::Ints(a, b) => Ok(Value::Int(floor_rest(a, b))),
        Pair::Durations(a, b, measured) => Ok(duration(floor_rest(a, b), measured)),
        Pair::Floats(a, b) => {
            let rest = a % b;
            let signed = if rest != 0.0 && (rest < 0.0) != (b < 0.0) { rest + b } else { rest };
            Ok(Value::Float(if signed == 0.0 { signed.copysign(b) } else { signed }))
        }
        _ => Err(wrong("%", a, b)),
    }
}

/// `a ** b`: an int of ints, but a float for a negative exponent.
pub fn pow(a: &Value, b: &Value) -> Result<Value> {
    match pair(a, b) {
        Pair::Ints(0, exponent) if exponent < 0 => Err(zero_division("**", a, b)),
        Pair::Ints(base, exponent) if exponent < 0 => Ok(Value::Float((base as f64).powf(exponent as f64))),
        Pair::Ints(base @ (0 | 1), exponent) => Ok(Value::Int(if exponent == 0 { 1 } else { base })),
        Pair::Ints(-1, exponent) => Ok(Value::Int(if exponent % 2 == 0 { 1 } else { -1 })),
        Pair::Ints(base, exponent) => int(u32::try_from(exponent).ok().and_then(|exponent| base.checked_pow(exponent))),
        Pair::Floats(base, exponent) if base == 0.0 && exponent < 0.0 => Err(zero_division("**", a, b)),
        Pair::Floats(base, exponent) => {
            let power = base.powf(exponent);
            if power.is_nan() && !base.is_nan() && !exponent.is_nan() {
                return Err(Error::value_error(format!(
                    "{base} ** {exponent} is not real: a negative number has no such power"
                )));
            }
            if power.is_infinite() && base.is_finite() && exponent.is_finite() {
                return Err(Error::overflow("the power"));
            }
            Ok(Value::Float(power))
        }
        _ => Err(wrong("**", a, b)),
    }
}

/// `-a`
pub fn negate(a: &Value) -> Result<Value> {
    match a {
        Value::Int(a) | Value::Pid(a) => int(a.checked_neg()),
        Value::Float(a) => Ok(Value::Float(-a)),
        Value::Duration(a) => span(a.checked_neg(), false),
        Value::Elapsed(a) => span(a.checked_neg(), true),
        _ => Err(Error::type_error(format!("`-` does not take {}", super::display::described(a)))),
    }
}

/// `[…] * n`, `[…; n]`: the items, again and again.
pub fn repeat(items: &[Value], times: i64) -> Result<Value> {
    let times = usize::try_from(times).unwrap_or(if times < 0 { 0 } else { usize::MAX });
    let len = items.len().saturating_mul(times);
    check_items(len)?;
    let mut list = Vec::with_capacity(len);
    if let [item] = items {
        list.resize(times, item.clone());
    } else if !items.is_empty() {
        for _ in 0..times {
            list.extend_from_slice(items);
        }
    }
    Ok(Value::list(list))
}

/// Refuses a list of more than [`ITEMS_MAX`] items.
pub fn check_items(len: usize) -> Result<()> {
    if len > ITEMS_MAX { Err(Error::too_large()) } else { Ok(()) }
}

/// Refuses a text of more than [`BYTES_MAX`] bytes.
pub(super) fn check_bytes(len: usize) -> Result<()> {
    if len > BYTES_MAX { Err(Error::too_large()) } else { Ok(()) }
}

/// Rounds down; nothing on overflow. `b` is not zero.
fn floor_quotient(a: i64, b: i64) -> Option<i64> {
    let quotient = a.checked_div(b)?;
    Some(if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
}

/// The rest that belongs to [`floor_quotient`]. `b` is not zero.
fn floor_rest(a: i64, b: i64) -> i64 {
    let rest = a.wrapping_rem(b);
    if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest }
}

/// Rounded to the nearest; nothing where it does not fit.
fn float_to_int(value: f64) -> Option<i64> {
    let rounded = value.round();
    (-9.223_372_036_854_776e18..9.223_372_036_854_776e18).contains(&rounded).then_some(rounded as i64)
}
