//! Values on their way into and out of the arena, and the few operations on them that objects need.
//!
//! Answers for: one place through which the OS world uses `value`. Never holds state.

use std::cell::RefCell;
use std::cmp::Ordering;

use crate::value::methods::{self, Call};
use crate::value::{self, Error, ErrorKind, Numbers, Result, Shared, Value, encoded};

/// A value as bytes.
pub(super) fn encode(value: &Value) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(16);
    value::encode(value, &mut bytes);
    Ok(bytes)
}

thread_local! {
    /// Room for a value on its way into the arena.
    static BYTES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A value as bytes, for as long as `use_them` takes, which must not come here again.
pub(super) fn with_bytes<T>(value: &Value, use_them: impl FnOnce(&[u8]) -> T) -> T {
    /// What is kept for the next.
    const KEPT: usize = 1 << 16;
    BYTES.with_borrow_mut(|bytes| {
        bytes.clear();
        value::encode(value, bytes);
        let used = use_them(bytes);
        if bytes.capacity() > KEPT {
            *bytes = Vec::new();
        }
        used
    })
}

/// What a pool is to do, as bytes: a list of a task, the arguments of each call, and whether they are a chunk.
pub(super) fn encode_calls(task: &Value, calls: &[Value], is_chunk: bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(32);
    value::begin_list(3, &mut bytes);
    value::encode(task, &mut bytes);
    value::encode_list(calls, &mut bytes);
    value::encode(&Value::Bool(is_chunk), &mut bytes);
    bytes
}

/// The value of bytes that [`encode`] made; none for any others.
pub(super) fn decode(bytes: &[u8]) -> Value {
    value::decode(bytes).unwrap_or_default()
}

/// Appends to `items` those of the list that the bytes are which [`encode`] made; nothing for any others.
pub(super) fn decode_items(bytes: &[u8], items: &mut Vec<Value>) {
    value::decode_list(bytes, items);
}

/// An error as bytes.
pub(super) fn encode_error(error: &Error) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    value::encode_error(error, &mut bytes);
    bytes
}

/// The error of bytes that [`encode_error`] made.
pub(super) fn decode_error(bytes: &[u8]) -> Error {
    value::decode_error(bytes).unwrap_or_else(|| Error::new(ErrorKind::ValueError, "the error was lost"))
}

/// A list of two.
pub(super) fn pair(first: Value, second: Value) -> Value {
    Value::list(vec![first, second])
}

/// Text as a value.
pub(super) fn text(text: &str) -> Value {
    Value::from(text)
}

/// The text of a value; of anything but text, as it prints.
pub(super) fn text_of(value: &Value) -> String {
    match value {
        Value::Str(text) => text.text.clone(),
        other => value::display(other, &Numbers).map(|text| text.text).unwrap_or_default(),
    }
}

/// A value as its literal.
pub(super) fn show(value: &Value) -> String {
    value::literal(value)
}

/// The order of two values of one kind; what has none (NaN) counts as equal.
pub(super) fn compare(a: &Value, b: &Value) -> Result<Ordering> {
    Ok(value::compare(a, b)?.unwrap_or(Ordering::Equal))
}

/// What a path of indices and keys leads to in an encoded value.
pub(super) fn decode_at(bytes: &[u8], path: &[Value]) -> Result<Value> {
    if path.is_empty() {
        return Ok(decode(bytes));
    }
    match encoded::find(bytes, path) {
        Some(place) => Ok(decode(&bytes[place])),
        None => value::get_path(&decode(bytes), path),
    }
}

/// Puts a value where a path leads to in an encoded value; false where that is no place that is easily found.
pub(super) fn put_at(bytes: &mut Vec<u8>, path: &[Value], value: &Value) -> bool {
    encoded::put(bytes, path, value)
}

/// Appends to the list that a path leads to in an encoded value; false where it is not easily found.
pub(super) fn push_at(bytes: &mut Vec<u8>, path: &[Value], item: &Value) -> bool {
    encoded::push(bytes, path, item)
}

/// Puts a value where a path leads to.
pub(super) fn set_path(whole: &mut Value, path: &[Value], item: Value) -> Result<()> {
    value::set_path(whole, path, item)
}

/// Calls a method of the list, map or set that a path leads to.
pub(super) fn call_at_path(whole: &mut Value, path: &[Value], name: &str, args: &[Value]) -> Result<Value> {
    methods::call(value::path_mut(whole, path)?, Call { name, values: args, names: &[] })
}

/// The handle that a path leads to, if it does.
pub(super) fn handle_at_path(whole: &Value, path: &[Value]) -> Option<Value> {
    methods::leads_to_handle(whole, path).then(|| value::get_path(whole, path).ok())?
}

/// The sum.
pub(super) fn add(a: &Value, b: &Value) -> Result<Value> {
    value::add(a, b)
}

/// The difference.
pub(super) fn subtract(a: &Value, b: &Value) -> Result<Value> {
    value::sub(a, b)
}

/// What a run is asked to do, so far as planning it again needs to know.
pub(super) fn request(name: &str, source: &str, sets: &[(String, String)], cores: u32) -> Result<Vec<u8>> {
    let sets = sets.iter().map(|(name, value)| pair(text(name), text(value))).collect();
    let cores = Value::Int(i64::from(cores));
    encode(&Value::list(vec![text(name), text(source), Value::List(Shared::new(sets)), cores]))
}

/// Name, text, constants given, and the number of processors.
pub(super) type Asked = (String, String, Vec<(String, String)>, u32);

/// What a [`request`] asks.
pub(super) fn read_request(bytes: &[u8]) -> Option<Asked> {
    let Value::List(parts) = value::decode(bytes)? else { return None };
    let [name, source, Value::List(sets), Value::Int(cores)] = parts.as_slice() else { return None };
    let set = |set: &Value| match set {
        Value::List(pair) => Some((text_of(pair.first()?), text_of(pair.get(1)?))),
        _ => None,
    };
    Some((text_of(name), text_of(source), sets.iter().map(set).collect::<Option<_>>()?, u32::try_from(*cores).ok()?))
}
