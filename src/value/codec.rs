//! Values as bytes: what a queue, a pipe, a shared variable and a trace carry.
//!
//! Answers for: that every value survives the way there and back, masks included, and that no bytes, whoever wrote
//! them, make decoding panic, recurse deeply or allocate more than in proportion to their number. Never does I/O.
//!
//! A value is a tag byte and what the tag says; ints are zigzag varints, lengths plain varints.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::KINDS;
use super::{
    ActorRef, Error, ErrorKind, MAX_BYTES, MAX_DEPTH, Mask, ObjectKind, ObjectRef, Range, ResultRef, Text, Value,
};
use crate::source::Span;

const NONE: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INT: u8 = 3;
const FLOAT: u8 = 4;
const DURATION: u8 = 5;
const PID: u8 = 6;
const ELAPSED: u8 = 7;
const STR: u8 = 8;
const MASKED_STR: u8 = 9;
const LIST: u8 = 10;
const MAP: u8 = 11;
const SET: u8 = 12;
const RANGE: u8 = 13;
const RANGE_INCLUSIVE: u8 = 14;
const OBJECT: u8 = 15;
const ACTOR: u8 = 16;
const RESULT: u8 = 17;
const TASK: u8 = 18;
const ERROR: u8 = 19;

const KIND_EXIT: u64 = 254;
const KIND_OTHER: u64 = 255;

/// Appends the bytes of a value.
///
/// Fails with `ValueError` when it nests deeper than [`MAX_DEPTH`] and with `TooLarge` when it takes more than
/// [`MAX_BYTES`]; `out` then holds a part of it.
pub fn encode(value: &Value, out: &mut Vec<u8>) -> Result<(), Error> {
    let limit = out.len().saturating_add(MAX_BYTES);
    write_value(value, out, MAX_DEPTH, limit)
}

/// The value that the bytes hold; none unless they are, from first to last, what [`encode`] could have written.
pub fn decode(bytes: &[u8]) -> Option<Value> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(MAX_DEPTH)?;
    reader.rest.is_empty().then_some(value)
}

/// Appends the bytes of an error.
pub fn encode_error(error: &Error, out: &mut Vec<u8>) {
    match &error.kind {
        ErrorKind::Exit(status) => {
            write_varint(KIND_EXIT, out);
            out.push(*status);
        }
        ErrorKind::Other(name) => {
            write_varint(KIND_OTHER, out);
            write_str(name, out);
        }
        kind => {
            let index = KINDS.iter().position(|(_, known)| known == kind).unwrap_or_default();
            write_varint(index as u64, out);
        }
    }
    write_str(&error.message, out);
    write_varint(u64::from(error.span.start), out);
    write_varint(u64::from(error.span.end), out);
    write_str(&error.actor, out);
}

/// The error that the bytes hold; none unless they are, from first to last, what [`encode_error`] writes.
pub fn decode_error(bytes: &[u8]) -> Option<Error> {
    let mut reader = Reader { rest: bytes };
    let error = reader.error()?;
    reader.rest.is_empty().then_some(error)
}

fn write_value(value: &Value, out: &mut Vec<u8>, depth: usize, limit: usize) -> Result<(), Error> {
    let inner = || depth.checked_sub(1).ok_or_else(super::depth::too_deep);
    match value {
        Value::None => out.push(NONE),
        Value::Bool(false) => out.push(FALSE),
        Value::Bool(true) => out.push(TRUE),
        Value::Int(value) => write_tagged(INT, *value, out),
        Value::Float(value) => {
            out.push(FLOAT);
            out.extend_from_slice(&value.to_bits().to_le_bytes());
        }
        Value::Duration(value) => write_tagged(DURATION, *value, out),
        Value::Pid(value) => write_tagged(PID, *value, out),
        Value::Elapsed(value) => write_tagged(ELAPSED, *value, out),
        Value::Str(text) if text.masks.is_empty() => {
            out.push(STR);
            write_str(&text.text, out);
        }
        Value::Str(text) => {
            out.push(MASKED_STR);
            write_str(&text.text, out);
            write_varint(text.masks.len() as u64, out);
            for mask in &text.masks {
                write_varint(u64::from(mask.start), out);
                write_varint(u64::from(mask.end), out);
                match mask.pid {
                    None => out.push(0),
                    Some(pid) => write_tagged(1, pid, out),
                }
            }
        }
        Value::List(items) => {
            let inner = inner()?;
            out.push(LIST);
            write_varint(items.len() as u64, out);
            for item in items.iter() {
                write_value(item, out, inner, limit)?;
            }
        }
        Value::Map(entries) => {
            let inner = inner()?;
            out.push(MAP);
            write_varint(entries.len() as u64, out);
            for (key, value) in entries.iter() {
                write_value(key, out, inner, limit)?;
                write_value(value, out, inner, limit)?;
            }
        }
        Value::Set(items) => {
            let inner = inner()?;
            out.push(SET);
            write_varint(items.len() as u64, out);
            for item in items.iter() {
                write_value(item, out, inner, limit)?;
            }
        }
        Value::Range(range) => {
            let inner = inner()?;
            out.push(if range.inclusive { RANGE_INCLUSIVE } else { RANGE });
            write_value(&range.low, out, inner, limit)?;
            write_value(&range.high, out, inner, limit)?;
        }
        Value::Object(object) => {
            out.extend_from_slice(&[OBJECT, object.kind as u8, object.role]);
            write_varint(u64::from(object.id), out);
        }
        Value::Actor(ActorRef(id)) => {
            out.push(ACTOR);
            write_varint(u64::from(*id), out);
        }
        Value::Result(ResultRef(id)) => {
            out.push(RESULT);
            write_varint(u64::from(*id), out);
        }
        Value::Task(id) => {
            out.push(TASK);
            write_varint(u64::from(*id), out);
        }
        Value::Error(error) => {
            out.push(ERROR);
            encode_error(error, out);
        }
    }
    if out.len() > limit { Err(Error::too_large("the value is larger than 256 MiB")) } else { Ok(()) }
}

fn write_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn write_tagged(tag: u8, value: i64, out: &mut Vec<u8>) {
    out.push(tag);
    write_varint(((value << 1) ^ (value >> 63)) as u64, out);
}

fn write_str(text: &str, out: &mut Vec<u8>) {
    write_varint(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

/// Bytes that are still to be read. Every read gives none where the bytes are not what it expects.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    /// A varint; only the shortest form of a number is one.
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return if bits == 0 && shift > 0 { None } else { Some(value) };
            }
        }
        None
    }

    fn int(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn id(&mut self) -> Option<u32> {
        u32::try_from(self.varint()?).ok()
    }

    /// A number of things that take at least a byte each: so never more than there are bytes.
    fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.varint()?).ok()?;
        (count <= self.rest.len()).then_some(count)
    }

    fn str(&mut self) -> Option<&'a str> {
        let len = self.count()?;
        std::str::from_utf8(self.take(len)?).ok()
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        Some(match self.byte()? {
            NONE => Value::None,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            INT => Value::Int(self.int()?),
            FLOAT => {
                let bits = self.take(8)?.try_into().ok()?;
                Value::Float(f64::from_bits(u64::from_le_bytes(bits)))
            }
            DURATION => Value::Duration(self.int()?),
            PID => Value::Pid(self.int()?),
            ELAPSED => Value::Elapsed(self.int()?),
            STR => Value::Str(Arc::new(Text { text: self.str()?.to_owned(), masks: Vec::new() })),
            MASKED_STR => Value::Str(Arc::new(self.masked_text()?)),
            LIST => {
                let depth = depth.checked_sub(1)?;
                let count = self.count()?;
                // A value takes sixteen bytes but may have come as one: grow with what is read, not with the promise.
                let mut items = Vec::with_capacity(count.min(1024));
                for _ in 0..count {
                    items.push(self.value(depth)?);
                }
                Value::List(Arc::new(items))
            }
            MAP => {
                let depth = depth.checked_sub(1)?;
                let mut entries = BTreeMap::new();
                for _ in 0..self.count()? {
                    let key = self.value(depth)?;
                    let value = self.value(depth)?;
                    if entries.last_key_value().is_some_and(|(last, _)| *last >= key) {
                        return None;
                    }
                    entries.insert(key, value);
                }
                Value::Map(Arc::new(entries))
            }
            SET => {
                let depth = depth.checked_sub(1)?;
                let mut items = BTreeSet::new();
                for _ in 0..self.count()? {
                    let item = self.value(depth)?;
                    if items.last().is_some_and(|last| *last >= item) {
                        return None;
                    }
                    items.insert(item);
                }
                Value::Set(Arc::new(items))
            }
            tag @ (RANGE | RANGE_INCLUSIVE) => {
                let depth = depth.checked_sub(1)?;
                let low = self.value(depth)?;
                let high = self.value(depth)?;
                Value::Range(Arc::new(Range { low, high, inclusive: tag == RANGE_INCLUSIVE }))
            }
            OBJECT => {
                let kind = object_kind(self.byte()?)?;
                let role = self.byte()?;
                Value::Object(ObjectRef { id: self.id()?, kind, role })
            }
            ACTOR => Value::Actor(ActorRef(self.id()?)),
            RESULT => Value::Result(ResultRef(self.id()?)),
            TASK => Value::Task(self.id()?),
            ERROR => Value::Error(Arc::new(self.error()?)),
            _ => return None,
        })
    }

    /// A text whose masks lie in it, in order, on character boundaries.
    fn masked_text(&mut self) -> Option<Text> {
        let text = self.str()?.to_owned();
        let mut masks = Vec::new();
        let mut from = 0;
        for _ in 0..self.count()? {
            let start = self.id()?;
            let end = self.id()?;
            let pid = match self.byte()? {
                0 => None,
                1 => Some(self.int()?),
                _ => return None,
            };
            if start < from || text.get(start as usize..end as usize).is_none() {
                return None;
            }
            from = end;
            masks.push(Mask { start, end, pid });
        }
        if masks.is_empty() { None } else { Some(Text { text, masks }) }
    }

    fn error(&mut self) -> Option<Error> {
        let kind = match self.varint()? {
            KIND_EXIT => ErrorKind::Exit(self.byte()?),
            KIND_OTHER => match ErrorKind::from_name(self.str()?) {
                other @ ErrorKind::Other(_) => other,
                _ => return None,
            },
            index => KINDS.get(usize::try_from(index).ok()?)?.1.clone(),
        };
        let message = Arc::from(self.str()?);
        let span = Span { start: self.id()?, end: self.id()? };
        let actor = Arc::from(self.str()?);
        Some(Error { kind, message, span, actor })
    }
}

fn object_kind(byte: u8) -> Option<ObjectKind> {
    const OBJECT_KINDS: [ObjectKind; 15] = [
        ObjectKind::Queue,
        ObjectKind::PipeEnd,
        ObjectKind::Lock,
        ObjectKind::Rlock,
        ObjectKind::Rwlock,
        ObjectKind::Condition,
        ObjectKind::Semaphore,
        ObjectKind::BoundedSemaphore,
        ObjectKind::Event,
        ObjectKind::Barrier,
        ObjectKind::Latch,
        ObjectKind::Once,
        ObjectKind::Shared,
        ObjectKind::Atomic,
        ObjectKind::Pool,
    ];
    OBJECT_KINDS.into_iter().find(|kind| *kind as u8 == byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(value: &Value) -> Vec<u8> {
        let mut out = Vec::new();
        assert!(encode(value, &mut out).is_ok(), "{value:?} encodes");
        out
    }

    fn nested(depth: usize) -> Value {
        (0..depth).fold(Value::None, |inner, _| Value::List(Arc::new(vec![inner])))
    }

    #[test]
    fn small_values_are_small() {
        assert_eq!(bytes(&Value::None).len(), 1);
        for value in [0, 1, -1, 63, -64] {
            assert_eq!(bytes(&Value::Int(value)).len(), 2, "{value}");
        }
        assert_eq!(bytes(&Value::Int(i64::MIN)).len(), 11);
        assert_eq!(bytes(&Value::from("ab")).len(), 4);
    }

    #[test]
    fn depth_is_bounded_both_ways() {
        let mut out = Vec::new();
        assert!(encode(&nested(MAX_DEPTH), &mut out).is_ok());
        assert_eq!(decode(&out), Some(nested(MAX_DEPTH)));
        let mut deeper = Vec::new();
        let result = encode(&nested(MAX_DEPTH + 1), &mut deeper).map_err(|error| error.kind);
        assert_eq!(result, Err(ErrorKind::ValueError));
        let mut crafted = vec![LIST, 1];
        crafted.extend(out);
        assert_eq!(decode(&crafted), None);
        assert_eq!(decode(&[LIST, 1].repeat(1_000_000)), None);
    }

    #[test]
    fn bad_bytes_give_none() {
        let cases: &[&[u8]] = &[
            &[],
            &[200],
            &[NONE, NONE],
            &[INT],
            &[INT, 0x80],
            &[INT, 0x80, 0x00],
            &[INT, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
            &[FLOAT, 0, 0],
            &[STR, 1],
            &[STR, 1, 0xff],
            &[STR, 0xff, 0xff, 0xff, 0xff, 0x0f],
            &[LIST, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            &[SET, 2, INT, 2, INT, 2],
            &[SET, 2, INT, 4, INT, 2],
            &[MAP, 1, INT, 2],
            &[OBJECT, 99, 0, 0],
            &[MASKED_STR, 1, b'a', 0],
            &[MASKED_STR, 1, b'a', 1, 0, 2, 0],
            &[MASKED_STR, 1, b'a', 1, 1, 0, 0],
            &[ERROR, 99, 0, 0, 0, 0],
        ];
        for case in cases {
            assert_eq!(decode(case), None, "{case:?}");
        }
        assert_eq!(object_kind(ObjectKind::Pool as u8), Some(ObjectKind::Pool));
    }

    #[test]
    fn errors_go_there_and_back() {
        for kind in [ErrorKind::Eof, ErrorKind::Exit(7), ErrorKind::Other("Tired".into()), ErrorKind::RecursionError] {
            let mut error = Error::new(kind, "so it goes");
            error.span = Span { start: 3, end: 300 };
            error.actor = "write#2".into();
            let mut out = Vec::new();
            encode_error(&error, &mut out);
            let Some(back) = decode_error(&out) else { panic!("{out:?} decodes") };
            assert_eq!(format!("{back:?}"), format!("{error:?}"));
            out.push(0);
            assert!(decode_error(&out).is_none());
        }
    }
}
