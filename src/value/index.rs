//! Reaching into values: items, slices, paths, membership, iteration.
//!
//! Answers for: `a[i]`, `a[i..j]`, `a.name`, `in`, and what `for` goes through. Never knows a world.

use super::ObjectKind;
use super::arith::check_items;
use super::{Error, ErrorKind, Range, Result, Shared, Value, compare, equals};

#[cold]
fn out_of_range(index: i64, len: usize) -> Error {
    Error::new(
        ErrorKind::IndexError,
        match len {
            0 => format!("index {index} is out of range: there are no items"),
            1 => format!("index {index} is out of range: there is 1 item"),
            _ => format!("index {index} is out of range: there are {len} items"),
        },
    )
}

#[cold]
fn missing(key: &Value) -> Error {
    Error::new(ErrorKind::KeyError, format!("there is no key {}", super::display::literal(key)))
}

#[cold]
fn not_indexed(value: &Value) -> Error {
    Error::type_error(format!("{} has no items to index", super::display::described(value)))
}

/// The place of an index that counts from the end where negative.
pub(super) fn place(index: i64, len: usize) -> Result<usize> {
    let place = if index < 0 { index + len as i64 } else { index };
    usize::try_from(place).ok().filter(|place| *place < len).ok_or_else(|| out_of_range(index, len))
}

/// The int of an index.
pub(super) fn whole(index: &Value) -> Result<i64> {
    match index {
        Value::Int(index) | Value::Pid(index) => Ok(*index),
        other => Err(Error::type_error(format!("an index is an int, not {}", super::display::described(other)))),
    }
}

/// `value[index]`
pub fn index(value: &Value, index: &Value) -> Result<Value> {
    match value {
        Value::Str(text) => {
            let index = whole(index)?;
            if text.text.is_ascii() {
                let at = place(index, text.text.len())?;
                return Ok(Value::from(&text.text[at..=at]));
            }
            let at = place(index, text.text.chars().count())?;
            Ok(text.text.chars().nth(at).map(|found| Value::from(found.to_string())).unwrap_or_default())
        }
        Value::Range(range) => {
            let (low, high) = bounds(range)?;
            let index = whole(index)?;
            let len = high.saturating_sub(low).max(0) as usize;
            Ok(Value::Int(low + place(index, len)? as i64))
        }
        _ => get(value, index).cloned(),
    }
}

/// The item of a list or map, in place.
pub fn get<'v>(value: &'v Value, index: &Value) -> Result<&'v Value> {
    match value {
        Value::List(items) => {
            let index = whole(index)?;
            let at = place(index, items.len())?;
            items.get(at).ok_or_else(|| out_of_range(index, items.len()))
        }
        Value::Map(map) => map.get(index).ok_or_else(|| missing(index)),
        other => Err(not_indexed(other)),
    }
}

/// The item of a list or map, to be changed.
pub fn get_mut<'v>(value: &'v mut Value, index: &Value) -> Result<&'v mut Value> {
    match value {
        Value::List(items) => {
            let index = whole(index)?;
            let at = place(index, items.len())?;
            let len = items.len();
            Shared::make_mut(items).get_mut(at).ok_or_else(|| out_of_range(index, len))
        }
        Value::Map(map) => Shared::make_mut(map).get_mut(index).ok_or_else(|| missing(index)),
        other => Err(not_indexed(other)),
    }
}

/// `value[index] = item`: a new key is put into a map, a list must have the place.
pub fn set(value: &mut Value, index: &Value, item: Value) -> Result<()> {
    match value {
        Value::Map(map) => {
            let map = Shared::make_mut(map);
            match map.get_mut(index) {
                Some(slot) => *slot = item,
                None => {
                    map.insert(index.clone(), item);
                }
            }
            Ok(())
        }
        Value::List(_) => {
            *get_mut(value, index)? = item;
            Ok(())
        }
        other => Err(Error::type_error(format!("{} has no items to assign to", super::display::described(other)))),
    }
}

/// `value[a][b]…`; the value itself for an empty path.
pub fn get_path(value: &Value, path: &[Value]) -> Result<Value> {
    match path {
        [] => Ok(value.clone()),
        [last] => index(value, last),
        [first, rest @ ..] => match value {
            Value::List(_) | Value::Map(_) => get_path(get(value, first)?, rest),
            _ => get_path(&index(value, first)?, rest),
        },
    }
}

/// `value[a][b]… = item`; an empty path replaces the value.
pub fn set_path(value: &mut Value, path: &[Value], item: Value) -> Result<()> {
    match path {
        [] => {
            *value = item;
            Ok(())
        }
        [last] => set(value, last, item),
        [first, rest @ ..] => set_path(get_mut(value, first)?, rest, item),
    }
}

/// The place of `value[a][b]…`, to be changed.
pub fn path_mut<'v>(value: &'v mut Value, path: &[Value]) -> Result<&'v mut Value> {
    path.iter().try_fold(value, |value, index| get_mut(value, index))
}

/// `value.name` of a map.
pub fn field(value: &Value, name: &Value) -> Result<Value> {
    match value {
        Value::Map(map) => map.get(name).cloned().ok_or_else(|| missing(name)),
        other => Err(Error::type_error(format!("{} has no fields", super::display::described(other)))),
    }
}

/// `value[start..end]`: bounds are clamped, negative ones count from the end.
pub fn slice(value: &Value, start: &Value, end: &Value, inclusive: bool) -> Result<Value> {
    let limits = |len: usize| -> Result<(usize, usize)> {
        let len = len as i64;
        let clamp = |bound: i64| (if bound < 0 { bound.saturating_add(len) } else { bound }).clamp(0, len);
        let start = if matches!(start, Value::None) { 0 } else { clamp(whole(start)?) };
        let end = match end {
            Value::None => len,
            end => match (whole(end)?, inclusive) {
                (-1, true) => len,
                (end, true) => clamp(end.saturating_add(1)),
                (end, false) => clamp(end),
            },
        };
        Ok((start as usize, end.max(start) as usize))
    };
    match value {
        Value::List(items) => {
            let (start, end) = limits(items.len())?;
            Ok(Value::list(items.get(start..end).unwrap_or_default().to_vec()))
        }
        Value::Str(text) => {
            let (start, end) = limits(text.text.chars().count())?;
            Ok(Value::from(text.text.chars().skip(start).take(end - start).collect::<String>()))
        }
        Value::Range(range) => {
            let (low, high) = bounds(range)?;
            let (start, end) = limits(high.saturating_sub(low).max(0) as usize)?;
            Ok(Value::range(Value::Int(low + start as i64), Value::Int(low + end as i64), false))
        }
        other => Err(Error::type_error(format!("{} cannot be sliced", super::display::described(other)))),
    }
}

/// `item in value`
pub fn contains(value: &Value, item: &Value) -> Result<bool> {
    match value {
        Value::List(items) => Ok(items.iter().any(|other| equals(other, item))),
        Value::Map(map) => Ok(map.contains_key(item)),
        Value::Set(set) => Ok(set.contains(item)),
        Value::Str(text) => match item {
            Value::Str(part) => Ok(text.text.contains(&part.text)),
            other => {
                Err(Error::type_error(format!("a string holds strings, not {}", super::display::described(other))))
            }
        },
        Value::Range(range) => {
            let order = |a: &Value, b: &Value| compare(a, b);
            let above = order(&range.low, item)?.is_some_and(|order| order.is_le());
            let high = order(item, &range.high)?;
            let below = high.is_some_and(|order| if range.inclusive { order.is_le() } else { order.is_lt() });
            let fits = !matches!(item, Value::Float(float) if float.fract() != 0.0);
            Ok(above && below && fits)
        }
        other => Err(Error::type_error(format!("`in` does not look into {}", super::display::described(other)))),
    }
}

/// `low..high` as ints, the end left out.
pub fn bounds(range: &Range) -> Result<(i64, i64)> {
    match (&range.low, &range.high) {
        (Value::Int(low) | Value::Pid(low), Value::Int(high) | Value::Pid(high)) => {
            let high = if range.inclusive { high.checked_add(1) } else { Some(*high) };
            let high = high.ok_or_else(|| Error::overflow("the end of the range"))?;
            Ok((*low, high.max(*low)))
        }
        (low, high) => Err(Error::type_error(format!(
            "a range of {} and {} has no items",
            super::display::described(low),
            super::display::described(high)
        ))),
    }
}

/// What `for` goes through, as a list: items, characters, keys.
pub fn items(value: &Value) -> Result<Shared<Vec<Value>>> {
    let list: Vec<Value> = match value {
        Value::List(items) => return Ok(Shared::clone(items)),
        Value::Map(map) => map.keys().cloned().collect(),
        Value::Set(set) => set.iter().cloned().collect(),
        Value::Str(text) => {
            check_items(text.text.len())?;
            text.text.chars().map(|character| Value::from(character.to_string())).collect()
        }
        Value::Range(range) => {
            let (low, high) = bounds(range)?;
            check_items(usize::try_from(high.saturating_sub(low)).unwrap_or(usize::MAX))?;
            (low..high).map(Value::Int).collect()
        }
        other => return Err(Error::type_error(format!("{} cannot be gone through", super::display::described(other)))),
    };
    Ok(Shared::new(list))
}

/// How many items `len` counts.
pub fn len(value: &Value) -> Result<i64> {
    let len = match value {
        Value::Str(text) if text.text.is_ascii() => text.text.len(),
        Value::Str(text) => text.text.chars().count(),
        Value::List(items) => items.len(),
        Value::Map(map) => map.len(),
        Value::Set(set) => set.len(),
        Value::Range(range) => {
            let (low, high) = bounds(range)?;
            return high.checked_sub(low).ok_or_else(|| Error::overflow("the length"));
        }
        Value::Object(object) if object.kind == ObjectKind::Queue => {
            return Err(Error::type_error(
                "a queue tells how many items it holds by `.len()`, not by `len`".to_owned(),
            ));
        }
        other => return Err(Error::type_error(format!("{} has no length", super::display::described(other)))),
    };
    Ok(len as i64)
}

/// A map of pairs.
pub fn map_of(pairs: impl IntoIterator<Item = (Value, Value)>) -> Value {
    Value::Map(Shared::new(pairs.into_iter().collect::<super::Map>()))
}
