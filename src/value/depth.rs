//! How large and how deep a value may become.
//!
//! Answers for: that no value nests so deeply that walking or dropping it would exhaust a stack. The VM asks [`fit`]
//! wherever it puts values into a new list, map or set; the methods and [`super::set_path`] ask it themselves.
//! Never changes a value.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Error, Value};

/// How many lists, maps, sets and ranges may lie in each other.
pub const MAX_DEPTH: usize = 200;

/// How many bytes a value may take.
pub const MAX_BYTES: usize = 256 << 20;

/// Says whether the values may become the items of a new list, map or set: a `ValueError` if that would nest deeper
/// than [`MAX_DEPTH`].
pub fn fit<'a>(items: impl IntoIterator<Item = &'a Value>) -> Result<(), Error> {
    let mut walk = Walk::default();
    for item in items {
        if walk.depth(item, MAX_DEPTH) >= MAX_DEPTH {
            return Err(too_deep());
        }
    }
    Ok(())
}

/// The error of [`fit`].
pub(super) fn too_deep() -> Error {
    Error::value_error(format!("the value nests deeper than {MAX_DEPTH} levels"))
}

/// A walk that enters what several values share only once: shared parts may unfold to a tree of any size.
#[derive(Default)]
struct Walk {
    known: FxHashMap<usize, usize>,
}

impl Walk {
    /// The depth of a value; no more than `limit` levels are looked at.
    fn depth(&mut self, value: &Value, limit: usize) -> usize {
        let address = match value {
            Value::List(items) => Arc::as_ptr(items) as usize,
            Value::Map(entries) => Arc::as_ptr(entries) as usize,
            Value::Set(items) => Arc::as_ptr(items) as usize,
            Value::Range(_) => return 1,
            _ => return 0,
        };
        if limit == 0 {
            return 1;
        }
        if let Some(depth) = self.known.get(&address) {
            return *depth;
        }
        let limit = limit - 1;
        let deepest = match value {
            Value::List(items) => items.iter().map(|item| self.depth(item, limit)).max(),
            Value::Map(entries) => {
                entries.iter().map(|(key, value)| self.depth(key, limit).max(self.depth(value, limit))).max()
            }
            Value::Set(items) => items.iter().map(|item| self.depth(item, limit)).max(),
            _ => None,
        };
        let depth = 1 + deepest.unwrap_or(0);
        self.known.insert(address, depth);
        depth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(inner: Value) -> Value {
        Value::List(Arc::new(vec![inner.clone(), inner]))
    }

    #[test]
    fn depth_is_bounded_and_sharing_costs_nothing() {
        let mut value = Value::None;
        for _ in 0..MAX_DEPTH {
            assert!(fit([&value]).is_ok());
            value = around(value);
        }
        assert!(fit([&value]).is_err());
        assert!(fit([&Value::Int(1), &value]).is_err());
        assert!(fit([]).is_ok());
    }
}
