//! Laws that hold for all values.

use std::cmp::Ordering;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use conc::value::{self, Error, ErrorKind, Mask, ObjectKind, ObjectRef, Shared, Text, Value, encoded};
use proptest::prelude::*;

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-3i64..300).prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        (-3i64..3).prop_map(|int| Value::Float(int as f64)),
        any::<i64>().prop_map(Value::Duration),
        any::<i64>().prop_map(Value::Pid),
        any::<i64>().prop_map(Value::Elapsed),
        ".{0,8}".prop_map(Value::from),
        "[a-z]{4}".prop_map(|text| {
            Value::Str(Shared::new(Text { text, masks: vec![Mask { start: 1, end: 3, pid: Some(5) }] }))
        }),
        (any::<u32>(), 0u8..15).prop_map(|(id, kind)| {
            Value::Object(ObjectRef { id, kind: ObjectKind::from_index(kind).unwrap(), role: 0 })
        }),
        any::<u32>().prop_map(Value::Task),
        (any::<i64>(), any::<i64>()).prop_map(|(low, high)| Value::range(Value::Int(low), Value::Int(high), true)),
        "[a-zA-Z]{0,6}".prop_map(|name| {
            Value::Error(Shared::new(Error {
                actor: Arc::from("main"),
                ..Error::new(ErrorKind::from_name(&name), "x")
            }))
        }),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::list),
            prop::collection::btree_set(inner.clone(), 0..4).prop_map(|set| Value::Set(Shared::new(set))),
            prop::collection::vec((inner.clone(), inner), 0..4)
                .prop_map(|entries| Value::Map(Shared::new(entries.into_iter().collect()))),
        ]
    })
}

fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    value::encode(value, &mut bytes);
    bytes
}

fn hash(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// A path into a value, with as many steps as there are numbers, where there is one.
fn path_into(value: &Value, steps: &[usize]) -> Vec<Value> {
    let (mut path, mut at) = (Vec::new(), value);
    for step in steps {
        let (index, next) = match at {
            Value::List(items) if !items.is_empty() => {
                let index = step % items.len();
                (Value::Int(index as i64), &items[index])
            }
            Value::Map(map) if !map.is_empty() => {
                let (key, value) = map.iter().nth(step % map.len()).expect("there are that many");
                (key.clone(), value)
            }
            _ => break,
        };
        path.push(index);
        at = next;
    }
    path
}

proptest! {
    #[test]
    fn a_place_is_where_its_path_leads_to(value in any_value(), steps in prop::collection::vec(any::<usize>(), 0..4)) {
        let path = path_into(&value, &steps);
        let bytes = encoded(&value);
        if let Some(place) = encoded::find(&bytes, &path) {
            prop_assert_eq!(value::decode(&bytes[place]), value::get_path(&value, &path).ok());
        } else {
            let is_easy = |step: &Value| matches!(step, Value::Int(_) | Value::Str(_));
            prop_assert!(!path.iter().all(is_easy), "{:?} leads somewhere", path);
        }
    }

    #[test]
    fn a_place_that_is_not_there_is_not_found(value in any_value(), path in prop::collection::vec(leaf(), 1..3)) {
        let bytes = encoded(&value);
        if let Some(place) = encoded::find(&bytes, &path) {
            prop_assert_eq!(value::decode(&bytes[place]), value::get_path(&value, &path).ok());
        }
        let (mut changed, mut expected) = (bytes.clone(), value.clone());
        if encoded::put(&mut changed, &path, &Value::None) {
            value::set_path(&mut expected, &path, Value::None).expect("the path leads to a place");
            prop_assert_eq!(changed, encoded(&expected));
        } else {
            prop_assert_eq!(changed, bytes);
        }
    }

    #[test]
    fn a_new_key_is_put_where_it_belongs(
        (within, item) in (any_value(), any_value()),
        (keys, key) in (prop::collection::btree_set(leaf(), 0..140), leaf()),
        depth in 0usize..3,
    ) {
        // As many entries, now and then, as make their number longer by a byte.
        let map = Value::Map(Shared::new(keys.iter().map(|key| (key.clone(), within.clone())).collect()));
        let value = (0..depth).fold(map, |map, _| Value::list(vec![Value::Int(1), map]));
        let path: Vec<Value> = std::iter::repeat_n(Value::Int(1), depth).chain([key.clone()]).collect();
        let (mut bytes, mut expected) = (encoded(&value), value.clone());
        let is_easy = matches!(key, Value::Int(_) | Value::Str(_));
        if encoded::put(&mut bytes, &path, &item) {
            value::set_path(&mut expected, &path, item).expect("the path leads to a place");
            prop_assert_eq!(bytes, encoded(&expected));
        } else {
            // One that equals it may be of another kind.
            prop_assert!(!is_easy || keys.contains(&key));
            prop_assert_eq!(bytes, encoded(&value));
        }
    }

    #[test]
    fn what_is_replaced_is_all_that_changes(
        (value, item) in (any_value(), any_value()),
        steps in prop::collection::vec(any::<usize>(), 1..4),
    ) {
        let path = path_into(&value, &steps);
        let (mut bytes, mut expected) = (encoded(&value), value.clone());
        if !path.is_empty() && encoded::put(&mut bytes, &path, &item) {
            value::set_path(&mut expected, &path, item).expect("the path leads to a place");
            prop_assert_eq!(value::decode(&bytes), Some(expected));
        }
    }

    #[test]
    fn what_is_pushed_is_the_last(
        (value, item) in (any_value(), any_value()),
        steps in prop::collection::vec(any::<usize>(), 0..4),
        before in 0usize..300,
    ) {
        // Long enough, now and then, for its length to take another byte.
        let value = Value::list(std::iter::repeat_n(value, before).collect());
        let path = path_into(&value, &steps);
        let (mut bytes, mut expected) = (encoded(&value), value.clone());
        let pushed = encoded::push(&mut bytes, &path, &item);
        let place = value::path_mut(&mut expected, &path).expect("the path leads to a place");
        match place {
            Value::List(items) => {
                Shared::make_mut(items).push(item);
                let is_easy = |step: &Value| matches!(step, Value::Int(_) | Value::Str(_));
                prop_assert!(pushed || !path.iter().all(is_easy));
            }
            _ => prop_assert!(!pushed),
        }
        prop_assert_eq!(value::decode(&bytes), Some(if pushed { expected } else { value }));
    }

    #[test]
    fn any_bytes_may_be_looked_into(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        path in prop::collection::vec(leaf(), 0..3),
    ) {
        let _ = encoded::find(&bytes, &path);
        let _ = encoded::push(&mut bytes.clone(), &path, &Value::None);
    }

    #[test]
    fn the_codec_is_faithful(value in any_value()) {
        let bytes = encoded(&value);
        let back = value::decode(&bytes).expect("it was encoded");
        prop_assert_eq!(&back, &value);
        prop_assert_eq!(encoded(&back), bytes);
    }

    #[test]
    fn a_list_is_decoded_behind_another(had in any_value(), int in any::<i64>(), value in any_value()) {
        let items = vec![Value::Int(int), value, Value::Int(int >> 20)];
        let mut all = vec![had.clone()];
        prop_assert!(value::decode_list(&encoded(&Value::list(items.clone())), &mut all));
        prop_assert_eq!(&all[0], &had);
        prop_assert_eq!(&all[1..], &items[..]);
    }

    #[test]
    fn what_is_no_list_leaves_a_list_as_it_was(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut all = vec![Value::None];
        let is_list = matches!(value::decode(&bytes), Some(Value::List(_)));
        prop_assert_eq!(value::decode_list(&bytes, &mut all), is_list);
        prop_assert!(is_list || all == [Value::None]);
    }

    #[test]
    fn the_codec_reads_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = value::decode(&bytes);
        let _ = value::decode_error(&bytes);
    }

    #[test]
    fn the_order_is_total(a in any_value(), b in any_value(), c in any_value()) {
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a.cmp(&a), Ordering::Equal);
        if a <= b && b <= c {
            prop_assert!(a <= c);
        }
        if a == b {
            prop_assert_eq!(hash(&a), hash(&b));
        }
    }

    #[test]
    fn numbers_are_ordered_exactly(a in any::<i64>(), b in any::<i64>()) {
        let (x, y) = (Value::Int(a), Value::Float(b as f64));
        let wide = (a as i128).cmp(&(b as f64 as i128));
        prop_assert_eq!(x.cmp(&y), wide);
        prop_assert_eq!(value::compare(&x, &y).unwrap(), Some(wide));
    }

    #[test]
    fn arithmetic_is_that_of_wider_ints(a in any::<i64>(), b in prop_oneof![any::<i64>(), -5i64..5]) {
        let (x, y) = (Value::Int(a), Value::Int(b));
        let (wide_a, wide_b) = (i128::from(a), i128::from(b));
        let expect = |result: value::Result<Value>, wide: i128| match (result, i64::try_from(wide)) {
            (Ok(Value::Int(int)), Ok(wide)) => int == wide,
            (Err(error), Err(_)) => error.kind == ErrorKind::Overflow,
            _ => false,
        };
        prop_assert!(expect(value::add(&x, &y), wide_a + wide_b));
        prop_assert!(expect(value::sub(&x, &y), wide_a - wide_b));
        prop_assert!(expect(value::mul(&x, &y), wide_a * wide_b));
        if b != 0 {
            let rest = wide_a - floor_of(wide_a, wide_b) * wide_b;
            prop_assert!(expect(value::floor_div(&x, &y), floor_of(wide_a, wide_b)));
            prop_assert!(expect(value::rem(&x, &y), rest));
        }
    }

    #[test]
    fn slices_are_those_of_clamped_bounds(len in 0i64..6, start in -8i64..8, end in -8i64..8) {
        let list = Value::list((0..len).map(Value::Int).collect());
        let clamp = |bound: i64| (if bound < 0 { bound + len } else { bound }).clamp(0, len);
        let wanted: Vec<Value> = (clamp(start)..clamp(end)).map(Value::Int).collect();
        let got = value::slice(&list, &Value::Int(start), &Value::Int(end), false).unwrap();
        prop_assert_eq!(got, Value::list(wanted));
    }
}

fn floor_of(a: i128, b: i128) -> i128 {
    let quotient = a / b;
    if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient }
}

#[test]
fn deep_bytes_are_refused() {
    let mut bytes = [10u8, 1].repeat(100_000);
    bytes.push(0);
    assert!(value::decode(&bytes).is_none());
}
