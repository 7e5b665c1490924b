//! Places in a value that is encoded: what a path of indices and keys leads to, found by passing over the rest.
//!
//! Answers for: where a place is, where that is easy to say. Whatever is not (a key that is no int or text, a place
//! that is not there) is for who has the value itself.

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

/// Replaces what a path leads to; false, and nothing is changed, where it leads to no place that there is.
pub fn replace(bytes: &mut Vec<u8>, path: &[Value], value: &Value) -> bool {
    let Some(place) = find(bytes, path) else { return false };
    let mut new = Vec::with_capacity(16);
    codec::encode(value, &mut new);
    bytes.splice(place, new);
    true
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
