//! Places in a value that is encoded: what a path of indices and keys leads to, found by passing over the rest.
//!
//! Answers for: where a place is, where that is easy to say. Whatever is not (a key that is no int or text, a place
//! that is not there) is for who has the value itself.

use std::cmp::Ordering;
use std::ops::Range;

use super::codec::{self, LIST, MAP, Reader};
use super::{ITEMS_MAX, Value};

/// Where in the bytes of a value the one lies that a path leads to.
pub fn find(bytes: &[u8], path: &[Value]) -> Option<Range<usize>> {
    let mut reader = Reader { bytes };
    for step in path {
        enter(&mut reader, step)?;
    }
    let start = bytes.len() - reader.bytes.len();
    reader.pass(1)?;
    Some(start..bytes.len() - reader.bytes.len())
}

/// Puts a value where a path leads to, be it to a new key of a map; false, and nothing is changed, where that is no
/// place.
pub fn put(bytes: &mut Vec<u8>, path: &[Value], value: &Value) -> bool {
    let Some(place) = find(bytes, path) else { return insert(bytes, path, value) };
    let mut new = Vec::with_capacity(16);
    codec::encode(value, &mut new);
    bytes.splice(place, new);
    true
}

/// Enters a value under a key that the map does not have which the path before it leads to.
fn insert(bytes: &mut Vec<u8>, path: &[Value], value: &Value) -> bool {
    let Some((key @ (Value::Int(_) | Value::Str(_)), before)) = path.split_last() else { return false };
    let Some(place) = find(bytes, before) else { return false };
    let mut reader = Reader { bytes: &bytes[place.clone()] };
    let (Some(MAP), Some(len)) = (reader.byte(), reader.varint()) else { return false };
    let head = place.len() - reader.bytes.len();
    let Some(at) = place_of_new(&mut reader, len, key).map(|left| place.end - left) else { return false };
    let mut new = Vec::with_capacity(32);
    codec::encode(key, &mut new);
    codec::encode(value, &mut new);
    bytes.splice(at..at, new);
    let mut longer = Vec::with_capacity(head + 1);
    codec::begin_map(len + 1, &mut longer);
    bytes.splice(place.start..place.start + head, longer);
    true
}

/// How many bytes of the entries are left where a key belongs that is not among them.
fn place_of_new(reader: &mut Reader<'_>, len: u64, key: &Value) -> Option<usize> {
    for _ in 0..len {
        let from = reader.bytes;
        reader.pass(1)?;
        match codec::decode(&from[..from.len() - reader.bytes.len()])?.cmp(key) {
            Ordering::Less => reader.pass(1)?,
            // Of another kind, or it would have been found.
            Ordering::Equal => return None,
            Ordering::Greater => return Some(from.len()),
        }
    }
    Some(reader.bytes.len())
}

/// Appends to the list that a path leads to; false, and nothing is changed, where there is none that has room.
pub fn push(bytes: &mut Vec<u8>, path: &[Value], item: &Value) -> bool {
    let Some(place) = find(bytes, path) else { return false };
    let mut reader = Reader { bytes: &bytes[place.clone()] };
    let (Some(LIST), Some(len)) = (reader.byte(), reader.varint()) else { return false };
    if len >= ITEMS_MAX as u64 {
        return false;
    }
    let head = place.len() - reader.bytes.len();
    let mut new = Vec::with_capacity(16);
    codec::encode(item, &mut new);
    bytes.splice(place.end..place.end, new);
    let mut longer = Vec::with_capacity(head + 1);
    codec::begin_list(len as usize + 1, &mut longer);
    bytes.splice(place.start..place.start + head, longer);
    true
}

/// Goes on to where an item of a list, or the value of a key of a map, begins.
fn enter(reader: &mut Reader<'_>, step: &Value) -> Option<()> {
    match (reader.byte()?, step) {
        (LIST, Value::Int(index)) => {
            let len = reader.varint()?;
            let index = u64::try_from(*index).ok().filter(|index| *index < len)?;
            reader.pass(index)
        }
        (MAP, Value::Int(_) | Value::Str(_)) => {
            let mut wanted = Vec::with_capacity(16);
            codec::encode(step, &mut wanted);
            // A key is encoded in one way only.
            for _ in 0..reader.varint()? {
                let from = reader.bytes;
                reader.pass(1)?;
                if from.get(..from.len() - reader.bytes.len()) == Some(&wanted) {
                    return Some(());
                }
                reader.pass(1)?;
            }
            None
        }
        _ => None,
    }
}
