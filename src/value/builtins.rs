//! The free functions that compute locally.
//!
//! Answers for: `len`, `str`, `sorted` and their like. Never handles one that is a visible operation.

use std::cmp::Ordering;

use super::arith::check_items;
use super::display::{Names, display};
use super::methods::Call;
use super::{Error, Result, Shared, Value, add, compare, index};
use crate::analysis::Builtin;

/// Calls a free function. `cpu_count` and the visible ones are not for here.
pub fn call(builtin: Builtin, call: Call<'_>, names: &dyn Names) -> Result<Value> {
    match builtin {
        Builtin::Min => extreme(call, Ordering::Less),
        Builtin::Max => extreme(call, Ordering::Greater),
        Builtin::Sorted => {
            let [items, reverse] = call.bind(["xs", "reverse"], 1)?;
            let mut items = list_of(items)?.to_vec();
            super::sort(&mut items, matches!(reverse, Some(Value::Bool(true))))?;
            Ok(Value::list(items))
        }
        Builtin::Enumerate => {
            let [items, start] = call.bind(["xs", "start"], 1)?;
            let start = start.map_or(Ok(0), index::whole)?;
            let pair = |(at, item): (usize, &Value)| {
                let at = start.checked_add(at as i64).ok_or_else(|| Error::overflow("the index"))?;
                Ok(Value::list(vec![Value::Int(at), item.clone()]))
            };
            Ok(Value::list(list_of(items)?.iter().enumerate().map(pair).collect::<Result<_>>()?))
        }
        Builtin::Zip => zip(call),
        Builtin::Range => range(call),
        Builtin::Set if call.values.is_empty() => Ok(Value::Set(Shared::default())),
        Builtin::List if call.values.is_empty() => Ok(Value::list(Vec::new())),
        Builtin::Str if call.values.is_empty() => Ok(Value::from("")),
        Builtin::Sum => {
            let [items, start] = call.bind(["xs", "start"], 1)?;
            sum(&list_of(items)?, start)
        }
        _ => {
            let [value] = call.bind(["x"], 1)?;
            of_one(builtin, value.unwrap_or(&Value::None), names)
        }
    }
}

fn list_of(value: Option<&Value>) -> Result<Shared<Vec<Value>>> {
    index::items(value.unwrap_or(&Value::None))
}

fn of_one(builtin: Builtin, value: &Value, names: &dyn Names) -> Result<Value> {
    match builtin {
        Builtin::Len => index::len(value).map(Value::Int),
        Builtin::Str => Ok(Value::Str(Shared::new(display(value, names)?))),
        Builtin::Int => to_int(value),
        Builtin::Float => to_float(value),
        Builtin::Bool => Ok(Value::Bool(truth(value))),
        Builtin::List => index::items(value).map(Value::List),
        Builtin::Set => Ok(Value::Set(Shared::new(index::items(value)?.iter().cloned().collect()))),
        Builtin::Abs => match value {
            Value::Int(i64::MIN) | Value::Pid(i64::MIN) => Err(Error::overflow("the integer")),
            Value::Int(number) | Value::Pid(number) => Ok(Value::Int(number.abs())),
            Value::Float(number) => Ok(Value::Float(number.abs())),
            Value::Duration(nanos) => Ok(Value::Duration(nanos.saturating_abs())),
            Value::Elapsed(nanos) => Ok(Value::Elapsed(nanos.saturating_abs())),
            other => Err(Error::type_error(format!(
                "`abs` takes a number or a duration, not {}",
                super::display::described(other)
            ))),
        },
        Builtin::Reversed => {
            let mut items = index::items(value)?.to_vec();
            items.reverse();
            Ok(Value::list(items))
        }
        Builtin::Type => Ok(Value::from(value.kind_name())),
        other => Err(Error::type_error(format!("{other:?} cannot be called here"))),
    }
}

fn to_int(value: &Value) -> Result<Value> {
    match value {
        Value::Int(_) | Value::Pid(_) => Ok(value.clone()),
        Value::Bool(value) => Ok(Value::Int(i64::from(*value))),
        Value::Float(float) if float.is_nan() => Err(Error::value_error("nan is no int")),
        Value::Float(float) if float.abs() >= 9.223_372_036_854_776e18 => Err(Error::overflow("the float")),
        Value::Float(float) => Ok(Value::Int(*float as i64)),
        Value::Str(text) => {
            let digits = text.text.trim().replace('_', "");
            digits.parse().map(Value::Int).map_err(|error| match error.kind() {
                std::num::IntErrorKind::PosOverflow | std::num::IntErrorKind::NegOverflow => {
                    Error::overflow("the integer")
                }
                _ => Error::value_error(format!("{} is no int", super::display::literal(value))),
            })
        }
        other => Err(Error::type_error(format!("`int` does not take {}", super::display::described(other)))),
    }
}

fn to_float(value: &Value) -> Result<Value> {
    match value {
        Value::Float(_) => Ok(value.clone()),
        Value::Int(int) | Value::Pid(int) => Ok(Value::Float(*int as f64)),
        Value::Bool(value) => Ok(Value::Float(f64::from(u8::from(*value)))),
        // In seconds, as every API that takes a float for a time has it.
        Value::Duration(nanos) | Value::Elapsed(nanos) => Ok(Value::Float(*nanos as f64 / 1e9)),
        Value::Str(text) => {
            let parsed = text.text.trim().parse().map(Value::Float);
            parsed.map_err(|_| Error::value_error(format!("{} is no float", super::display::literal(value))))
        }
        other => Err(Error::type_error(format!("`float` does not take {}", super::display::described(other)))),
    }
}

/// What `bool` gives: false for none, zero and what is empty.
pub fn truth(value: &Value) -> bool {
    match value {
        Value::None => false,
        Value::Bool(value) => *value,
        Value::Int(number) | Value::Pid(number) => *number != 0,
        Value::Float(number) => *number != 0.0,
        Value::Duration(nanos) | Value::Elapsed(nanos) => *nanos != 0,
        Value::Str(text) => !text.text.is_empty(),
        other => index::len(other).map_or(true, |len| len != 0),
    }
}

fn extreme(call: Call<'_>, wanted: Ordering) -> Result<Value> {
    let items = match call.values {
        [only] => index::items(only)?,
        several => Shared::new(several.to_vec()),
    };
    let mut items = items.iter();
    let first = items.next().ok_or_else(|| Error::value_error(format!("`{}` of nothing", call.name)))?;
    let found = items
        .try_fold(first, |best, item| Ok::<_, Error>(if compare(item, best)? == Some(wanted) { item } else { best }))?;
    Ok(found.clone())
}

/// Adds up; durations need no start value of their own.
fn sum(items: &[Value], start: Option<&Value>) -> Result<Value> {
    let mut items = items.iter();
    let first = match (start, items.as_slice().first()) {
        (Some(start), _) => start.clone(),
        (None, Some(first @ (Value::Duration(_) | Value::Elapsed(_)))) => {
            items.next();
            first.clone()
        }
        _ => Value::Int(0),
    };
    items.try_fold(first, |total, item| add(&total, item))
}

fn zip(call: Call<'_>) -> Result<Value> {
    if !call.names.is_empty() {
        return Err(Error::type_error("`zip` has no named parameters"));
    }
    let lists = call.values.iter().map(index::items).collect::<Result<Vec<_>>>()?;
    let len = lists.iter().map(|list| list.len()).min().unwrap_or(0);
    let row = |at: usize| Value::list(lists.iter().filter_map(|list| list.get(at).cloned()).collect());
    Ok(Value::list((0..len).map(row).collect()))
}

/// `range(n)`, `range(a, b)` are ranges; with a step it is a list.
fn range(call: Call<'_>) -> Result<Value> {
    let [first, second, step] = call.bind(["start", "stop", "step"], 1)?;
    let first = index::whole(first.unwrap_or(&Value::None))?;
    let (low, high) = match second {
        None => (0, first),
        Some(second) => (first, index::whole(second)?),
    };
    let step = step.map_or(Ok(1), index::whole)?;
    match step {
        0 => Err(Error::value_error("the step of a range is not 0")),
        1 => Ok(Value::range(Value::Int(low), Value::Int(high), false)),
        _ => {
            let distance = if step > 0 { high.checked_sub(low) } else { low.checked_sub(high) };
            let distance = distance.ok_or_else(|| Error::overflow("the length of the range"))?.max(0) as u64;
            let count = distance.div_ceil(step.unsigned_abs());
            check_items(usize::try_from(count).unwrap_or(usize::MAX))?;
            Ok(Value::list((0..count as i64).map(|at| Value::Int(low + at * step)).collect()))
        }
    }
}
