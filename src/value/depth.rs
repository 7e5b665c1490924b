//! How deep values nest.
//!
//! Answers for: the bound that keeps every walk over a value, its end included, off the end of the stack.

use std::collections::HashMap;

use super::{DEPTH_MAX, Error, Result, Value};

/// How many nodes [`shallow`] looks at.
const NODES_MAX: u32 = 64;

/// How deep a small value nests: 0 for one without items; none where it is too large to say quickly.
pub fn shallow(value: &Value) -> Option<usize> {
    let mut nodes = NODES_MAX;
    walk(value, &mut nodes)
}

fn walk(value: &Value, nodes: &mut u32) -> Option<usize> {
    *nodes = nodes.checked_sub(1)?;
    let mut deepest = |items: &mut dyn Iterator<Item = &Value>| {
        let mut deepest = 0;
        for item in items {
            deepest = walk(item, nodes)?.max(deepest);
        }
        Some(deepest)
    };
    match value {
        Value::List(items) => Some(1 + deepest(&mut items.iter())?),
        Value::Set(set) => Some(1 + deepest(&mut set.iter())?),
        Value::Map(map) => Some(1 + deepest(&mut map.iter().flat_map(|(key, value)| [key, value]))?),
        Value::Range(_) => Some(1),
        _ => Some(0),
    }
}

/// How deep any of the values nests, looking at shared ones once.
pub fn deepest<'v>(values: impl IntoIterator<Item = &'v Value>) -> usize {
    let mut seen = HashMap::new();
    values.into_iter().map(|value| full(value, &mut seen)).max().unwrap_or(0)
}

fn full(value: &Value, seen: &mut HashMap<usize, usize>) -> usize {
    let (address, shared) = match value {
        Value::List(items) => (super::Shared::as_ptr(items).addr(), super::Shared::strong_count(items) > 1),
        Value::Map(map) => (super::Shared::as_ptr(map).addr(), super::Shared::strong_count(map) > 1),
        Value::Set(set) => (super::Shared::as_ptr(set).addr(), super::Shared::strong_count(set) > 1),
        Value::Range(_) => return 1,
        _ => return 0,
    };
    if let Some(depth) = seen.get(&address).filter(|_| shared) {
        return *depth;
    }
    let inner = match value {
        Value::List(items) => items.iter().map(|item| full(item, seen)).max(),
        Value::Set(set) => set.iter().map(|item| full(item, seen)).max(),
        Value::Map(map) => map.iter().flat_map(|(key, value)| [key, value]).map(|item| full(item, seen)).max(),
        _ => None,
    };
    let depth = 1 + inner.unwrap_or(0);
    if shared {
        seen.insert(address, depth);
    }
    depth
}

/// Refuses what nests deeper than [`DEPTH_MAX`].
pub fn check(depth: usize) -> Result<()> {
    if depth > DEPTH_MAX { Err(Error::value_error(format!("values nest at most {DEPTH_MAX} deep"))) } else { Ok(()) }
}
