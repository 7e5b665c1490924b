//! Methods of lists, maps, sets and strings.
//!
//! Answers for: what they do and raise. Never handles a method of an object: those are visible operations.

use std::sync::Arc;

use super::arith::check_items;
use super::{Error, ErrorKind, Result, Shared, Value, equals, index, text};

/// The arguments of a call: by position, then by name.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The function or method, for messages.
    pub name: &'a str,
    /// All values; the named ones are the last.
    pub values: &'a [Value],
    /// The names of the last values.
    pub names: &'a [Arc<str>],
}

impl<'a> Call<'a> {
    /// The arguments by parameter; `required` of them must be given.
    pub fn bind<const N: usize>(&self, params: [&str; N], required: usize) -> Result<[Option<&'a Value>; N]> {
        let mut bound = [None; N];
        let positional = self.values.len().saturating_sub(self.names.len());
        if positional > N {
            return Err(self.wrong_count(N));
        }
        for (slot, value) in bound.iter_mut().zip(&self.values[..positional]) {
            *slot = Some(value);
        }
        for (name, value) in self.names.iter().zip(&self.values[positional..]) {
            match params.iter().position(|param| *param == &**name) {
                Some(at) if bound[at].is_none() => bound[at] = Some(value),
                Some(_) => return Err(Error::type_error(format!("`{}` is given `{name}` twice", self.name))),
                None => return Err(Error::type_error(format!("`{}` has no parameter `{name}`", self.name))),
            }
        }
        match bound.iter().zip(params).take(required).find(|(value, _)| value.is_none()) {
            Some((_, param)) => Err(Error::type_error(format!("`{}` needs `{param}`", self.name))),
            None => Ok(bound),
        }
    }

    fn one(&self, param: &str) -> Result<&'a Value> {
        let [value] = self.bind([param], 1)?;
        value.ok_or_else(|| self.wrong_count(1))
    }

    fn nothing(&self) -> Result<()> {
        self.bind([], 0).map(|[]| ())
    }

    fn wrong_count(&self, most: usize) -> Error {
        let plural = if most == 1 { "" } else { "s" };
        let given = self.values.len() - self.names.len();
        Error::type_error(format!("`{}` takes {most} argument{plural}, not {given}", self.name))
    }
}

fn flag(value: Option<&Value>) -> Result<bool> {
    match value {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(other) => Err(Error::type_error(format!("`reverse` is a bool, not {}", super::display::described(other)))),
    }
}

/// Whether lists, maps, sets or strings have a method of this name.
pub fn is_method(name: &str) -> bool {
    const ALL: &[&str] = &[
        "push",
        "pop",
        "insert",
        "remove",
        "extend",
        "index",
        "count",
        "sort",
        "reverse",
        "get",
        "keys",
        "values",
        "items",
        "add",
        "upper",
        "lower",
        "strip",
        "split",
        "join",
        "replace",
        "starts_with",
        "ends_with",
        "repeat",
    ];
    ALL.contains(&name)
}

/// Whether a path leads to a handle, whose methods are operations.
pub fn leads_to_handle(whole: &Value, path: &[Value]) -> bool {
    let is_handle = |value: &Value| matches!(value, Value::Object(_) | Value::Actor(_) | Value::Result(_));
    match path {
        [] => is_handle(whole),
        path => index::get_path(whole, path).is_ok_and(|value| is_handle(&value)),
    }
}

/// Calls a method, which may change the value in place. The value is as it was when it raises.
pub fn call(receiver: &mut Value, call: Call<'_>) -> Result<Value> {
    let kind = receiver.kind_name();
    let found = match receiver {
        Value::List(items) => list(items, call)?,
        Value::Map(map) => self::map(map, call)?,
        Value::Set(set) => self::set(set, call)?,
        Value::Str(text) => string(&text.text, call)?,
        _ => None,
    };
    found.ok_or_else(|| Error::type_error(format!("{kind} has no method `{}`", call.name)))
}

fn list(items: &mut Shared<Vec<Value>>, call: Call<'_>) -> Result<Option<Value>> {
    let len = items.len();
    let value = match call.name {
        "push" => {
            let item = call.one("x")?.clone();
            check_items(len + 1)?;
            Shared::make_mut(items).push(item);
            Value::None
        }
        "pop" => {
            let [at] = call.bind(["index"], 0)?;
            if len == 0 {
                return Err(Error::new(ErrorKind::IndexError, "pop from an empty list"));
            }
            match at {
                None => Shared::make_mut(items).pop().unwrap_or_default(),
                Some(at) => {
                    let at = index::place(index::whole(at)?, len)?;
                    Shared::make_mut(items).remove(at)
                }
            }
        }
        "insert" => {
            let [at, item] = call.bind(["index", "x"], 2)?;
            let at = index::whole(at.unwrap_or(&Value::None))?;
            check_items(len + 1)?;
            let at = (if at < 0 { at.saturating_add(len as i64) } else { at }).clamp(0, len as i64) as usize;
            Shared::make_mut(items).insert(at, item.cloned().unwrap_or_default());
            Value::None
        }
        "remove" => {
            let at = position(items, call.one("x")?)?;
            Shared::make_mut(items).remove(at);
            Value::None
        }
        "extend" => {
            let more = index::items(call.one("xs")?)?;
            check_items(len.saturating_add(more.len()))?;
            Shared::make_mut(items).extend(more.iter().cloned());
            Value::None
        }
        "index" => Value::Int(position(items, call.one("x")?)? as i64),
        "count" => {
            let item = call.one("x")?;
            Value::Int(items.iter().filter(|other| equals(other, item)).count() as i64)
        }
        "sort" => {
            let [reverse] = call.bind(["reverse"], 0)?;
            let mut sorted = items.to_vec();
            super::sort(&mut sorted, flag(reverse)?)?;
            *items = Shared::new(sorted);
            Value::None
        }
        "reverse" => {
            call.nothing()?;
            Shared::make_mut(items).reverse();
            Value::None
        }
        _ => return Ok(None),
    };
    Ok(Some(value))
}

fn position(items: &[Value], item: &Value) -> Result<usize> {
    let found = items.iter().position(|other| equals(other, item));
    found.ok_or_else(|| Error::value_error(format!("{} is not in the list", super::display::literal(item))))
}

fn map(map: &mut Shared<super::Map>, call: Call<'_>) -> Result<Option<Value>> {
    let value = match call.name {
        "get" => {
            let [key, default] = call.bind(["key", "default"], 1)?;
            let found = key.and_then(|key| map.get(key));
            found.or(default).cloned().unwrap_or_default()
        }
        "keys" => {
            call.nothing()?;
            Value::list(map.keys().cloned().collect())
        }
        "values" => {
            call.nothing()?;
            Value::list(map.values().cloned().collect())
        }
        "items" => {
            call.nothing()?;
            Value::list(map.iter().map(|(key, value)| Value::list(vec![key.clone(), value.clone()])).collect())
        }
        "remove" => {
            let key = call.one("key")?;
            if !map.contains_key(key) {
                return Err(no_key(key));
            }
            Shared::make_mut(map).remove(key).unwrap_or_default()
        }
        _ => return Ok(None),
    };
    Ok(Some(value))
}

fn set(set: &mut Shared<std::collections::BTreeSet<Value>>, call: Call<'_>) -> Result<Option<Value>> {
    match call.name {
        "add" => {
            let item = call.one("x")?;
            if !set.contains(item) {
                Shared::make_mut(set).insert(item.clone());
            }
        }
        "remove" => {
            let item = call.one("x")?;
            if !set.contains(item) {
                return Err(no_key(item));
            }
            Shared::make_mut(set).remove(item);
        }
        _ => return Ok(None),
    }
    Ok(Some(Value::None))
}

fn no_key(key: &Value) -> Error {
    Error::new(ErrorKind::KeyError, format!("there is no key {}", super::display::literal(key)))
}

fn as_text<'v>(call: Call<'_>, value: &'v Value) -> Result<&'v str> {
    match value {
        Value::Str(text) => Ok(&text.text),
        other => {
            Err(Error::type_error(format!("`{}` takes a string, not {}", call.name, super::display::described(other))))
        }
    }
}

fn string(own: &str, call: Call<'_>) -> Result<Option<Value>> {
    let value = match call.name {
        "upper" => call.nothing().map(|()| Value::from(own.to_uppercase()))?,
        "lower" => call.nothing().map(|()| Value::from(own.to_lowercase()))?,
        "strip" => match call.bind(["chars"], 0)? {
            [None] => Value::from(own.trim()),
            [Some(chars)] => {
                let chars = as_text(call, chars)?;
                Value::from(own.trim_matches(|character| chars.contains(character)))
            }
        },
        "split" => split(own, call)?,
        "join" => join(own, call)?,
        "replace" => {
            let [old, new] = call.bind(["old", "new"], 2)?;
            let old = as_text(call, old.unwrap_or(&Value::None))?;
            let new = as_text(call, new.unwrap_or(&Value::None))?;
            let places = if new.len() > old.len() { own.matches(old).count() } else { 0 };
            super::arith::check_bytes(own.len().saturating_add(places.saturating_mul(new.len())))?;
            Value::from(own.replace(old, new))
        }
        "starts_with" => Value::Bool(own.starts_with(as_text(call, call.one("prefix")?)?)),
        "ends_with" => Value::Bool(own.ends_with(as_text(call, call.one("suffix")?)?)),
        "repeat" => text::repeat(own, index::whole(call.one("n")?)?)?,
        _ => return Ok(None),
    };
    Ok(Some(value))
}

fn split(own: &str, call: Call<'_>) -> Result<Value> {
    let parts: Vec<Value> = match call.bind(["separator"], 0)? {
        [None | Some(Value::None)] => own.split_whitespace().map(Value::from).collect(),
        [Some(separator)] => match as_text(call, separator)? {
            "" => return Err(Error::value_error("the separator is empty")),
            separator => own.split(separator).map(Value::from).collect(),
        },
    };
    check_items(parts.len())?;
    Ok(Value::list(parts))
}

fn join(own: &str, call: Call<'_>) -> Result<Value> {
    let items = index::items(call.one("xs")?)?;
    let mut joined = String::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            joined.push_str(own);
        }
        joined.push_str(as_text(call, item)?);
        super::arith::check_bytes(joined.len())?;
    }
    Ok(Value::from(joined))
}
