//! Maps: entries are found by their keys' hashes, and gone through in the order of their keys.
//!
//! Answers for: that order, which is made when it is asked for and kept until the keys change. Never compares values.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::Value;

/// Of a map that is no larger, the entries behind one that is removed move up.
const SHIFTED_MAX: usize = 32;

/// A map from values to values.
#[derive(Clone, Default)]
pub struct Map {
    entries: IndexMap<Value, Value, FxBuildHasher>,
    /// Whether the entries do not lie in the order of their keys.
    is_mixed: bool,
    /// Where they lie, in that order; for a mixed map that has been gone through since its keys changed.
    order: OnceLock<Box<[u32]>>,
}

impl Map {
    /// Without entries.
    pub fn new() -> Map {
        Map::default()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is there under a key.
    #[inline]
    pub fn get(&self, key: &Value) -> Option<&Value> {
        self.entries.get(key)
    }

    /// The same, to be changed.
    #[inline]
    pub fn get_mut(&mut self, key: &Value) -> Option<&mut Value> {
        self.entries.get_mut(key)
    }

    /// Whether there is something under a key.
    pub fn contains_key(&self, key: &Value) -> bool {
        self.entries.contains_key(key)
    }

    /// Puts a value under a key; gives what was there. A key that is there stays as it is written.
    pub fn insert(&mut self, key: Value, value: Value) -> Option<Value> {
        let (at, old) = self.entries.insert_full(key, value);
        if old.is_none() {
            self.order.take();
            let last = at.checked_sub(1).and_then(|before| self.entries.get_index(before)).map(|(key, _)| key);
            let new = self.entries.get_index(at).map(|(key, _)| key);
            self.is_mixed |= last > new;
        }
        old
    }

    /// Takes out what is there under a key.
    pub fn remove(&mut self, key: &Value) -> Option<Value> {
        if self.len() <= SHIFTED_MAX {
            let removed = self.entries.shift_remove(key)?;
            self.order.take();
            return Some(removed);
        }
        let (at, _, removed) = self.entries.swap_remove_full(key)?;
        self.order.take();
        // The last one lies in its place now, unless it was that.
        self.is_mixed |= at < self.len();
        Some(removed)
    }

    /// The entries, in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&Value, &Value)> + Clone {
        let order = self.is_mixed.then(|| self.order.get_or_init(|| self.sorted()));
        let place = move |at: usize| order.map_or(Some(at), |order| order.get(at).map(|at| *at as usize));
        (0..self.len()).filter_map(move |at| self.entries.get_index(place(at)?))
    }

    /// Its keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &Value> + Clone {
        self.iter().map(|(key, _)| key)
    }

    /// Its values, in the order of their keys.
    pub fn values(&self) -> impl Iterator<Item = &Value> + Clone {
        self.iter().map(|(_, value)| value)
    }

    fn sorted(&self) -> Box<[u32]> {
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_unstable_by_key(|at| self.entries.get_index(*at as usize).map(|(key, _)| key));
        order.into_boxed_slice()
    }
}

impl FromIterator<(Value, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Value, Value)>>(entries: I) -> Map {
        let mut map = Map::new();
        entries.into_iter().for_each(|(key, value)| {
            map.insert(key, value);
        });
        map
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Map) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl Eq for Map {}

impl PartialOrd for Map {
    fn partial_cmp(&self, other: &Map) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Entry by entry, in the order of the keys.
impl Ord for Map {
    fn cmp(&self, other: &Map) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl Hash for Map {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.iter().for_each(|entry| entry.hash(state));
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{Map, Value};

    /// Keys that equal each other though they are written differently among them.
    fn keys() -> impl Strategy<Value = Value> {
        let floats = (-40i64..40).prop_map(|half| Value::Float(half as f64 / 2.0));
        let texts = "[ab]{0,3}".prop_map(|text| Value::from(text.as_str()));
        prop_oneof![4 => (-20i64..60).prop_map(Value::Int), 1 => floats, 1 => texts, 1 => Just(Value::None)]
    }

    #[derive(Clone, Debug)]
    enum Step {
        Insert(Value, i64),
        Remove(Value),
        Change(Value, i64),
        GoThrough,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            6 => (keys(), any::<i64>()).prop_map(|(key, value)| Step::Insert(key, value)),
            2 => keys().prop_map(Step::Remove),
            1 => (keys(), any::<i64>()).prop_map(|(key, value)| Step::Change(key, value)),
            1 => Just(Step::GoThrough),
        ];
        prop::collection::vec(step, 0..120)
    }

    fn written(entries: Vec<(&Value, &Value)>) -> String {
        format!("{entries:?}")
    }

    proptest! {
        #[test]
        fn it_is_as_an_ordered_map_is(steps in steps()) {
            let (mut map, mut model) = (Map::new(), BTreeMap::new());
            for step in steps {
                match step {
                    Step::Insert(key, value) => {
                        let given = model.insert(key.clone(), Value::Int(value));
                        prop_assert_eq!(map.insert(key, Value::Int(value)), given);
                    }
                    Step::Remove(key) => prop_assert_eq!(map.remove(&key), model.remove(&key)),
                    Step::Change(key, value) => {
                        let (place, wanted) = (map.get_mut(&key), model.get_mut(&key));
                        prop_assert_eq!(&place, &wanted);
                        if let (Some(place), Some(wanted)) = (place, wanted) {
                            *place = Value::Int(value);
                            *wanted = Value::Int(value);
                        }
                    }
                    Step::GoThrough => prop_assert_eq!(written(map.iter().collect()), written(model.iter().collect())),
                }
                prop_assert_eq!(map.len(), model.len());
            }
            prop_assert_eq!(written(map.iter().collect()), written(model.iter().collect()));
            let other: Map = model.iter().rev().map(|(key, value)| (key.clone(), value.clone())).collect();
            prop_assert_eq!(&map, &other);
            prop_assert_eq!(map.cmp(&other), std::cmp::Ordering::Equal);
            let hash = |map: &Map| std::hash::BuildHasher::hash_one(&rustc_hash::FxBuildHasher, map);
            prop_assert_eq!(hash(&map), hash(&other));
        }
    }
}
