//! Values and errors as bytes.
//!
//! Answers for: a compact form that is the same on every machine. Reading is total: bytes that are no value give none.

use std::sync::Arc;

use super::error::NAMED;
use super::{
    ActorRef, DEPTH_MAX, Error, ErrorKind, Mask, ObjectKind, ObjectRef, Range, ResultRef, Shared, Text, Value,
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
const MASKED: u8 = 9;
pub(super) const LIST: u8 = 10;
pub(super) const MAP: u8 = 11;
const SET: u8 = 12;
const RANGE: u8 = 13;
const RANGE_INCLUSIVE: u8 = 14;
const OBJECT: u8 = 15;
const ACTOR: u8 = 16;
const RESULT: u8 = 17;
const TASK: u8 = 18;
const ERROR: u8 = 19;
/// Ints from 0 are one byte each up to the end of the range of tags.
const SMALL: u8 = 32;

/// What numbers stand for handles in an encoding.
pub trait Ids {
    /// Of an object.
    fn object(&mut self, id: u32) -> u32 {
        id
    }

    /// Of an actor.
    fn actor(&mut self, id: u32) -> u32 {
        id
    }

    /// Of the result of a task.
    fn result(&mut self, id: u32) -> u32 {
        id
    }

    /// The process or thread id of an actor.
    fn pid(&mut self, pid: i64) -> i64 {
        pid
    }

    /// The name of the actor that raised an error.
    fn raiser<'n>(&mut self, name: &'n str) -> &'n str {
        name
    }

    /// Of actors of whom all that matters is who they are, in whichever order; somebody may be about to join them one
    /// after the other, and that one is next. Whether nothing more is to be said of them.
    fn set(&mut self, actors: &[u32], next: Option<usize>) -> bool {
        let _ = (actors, next);
        false
    }
}

/// Every handle by its own number.
#[derive(Clone, Copy, Debug)]
pub struct Own;

impl Ids for Own {}

/// Appends the value to `out`.
#[inline]
pub fn encode(value: &Value, out: &mut Vec<u8>) {
    match value {
        // What most operations take and give.
        Value::None => out.push(NONE),
        Value::Bool(value) => out.push(if *value { TRUE } else { FALSE }),
        other => encode_with(other, out, &mut Own),
    }
}

/// Appends a list of these values to `out`.
pub fn encode_list(values: &[Value], out: &mut Vec<u8>) {
    begin_list(values.len(), out);
    values.iter().for_each(|value| encode(value, out));
}

/// Appends the beginning of a list to `out`: so many values are to follow.
pub fn begin_list(len: usize, out: &mut Vec<u8>) {
    unsigned(LIST, len as u64, out);
}

/// Appends the beginning of a map to `out`: so many entries are to follow, in the order of their keys.
pub(super) fn begin_map(len: u64, out: &mut Vec<u8>) {
    unsigned(MAP, len, out);
}

/// Appends the value to `out`, its handles by other numbers.
pub fn encode_with(value: &Value, out: &mut Vec<u8>, ids: &mut impl Ids) {
    match value {
        Value::None => out.push(NONE),
        Value::Bool(value) => out.push(if *value { TRUE } else { FALSE }),
        Value::Int(value) => match u8::try_from(*value) {
            Ok(small) if small < u8::MAX - SMALL => out.push(SMALL + small),
            _ => signed(INT, *value, out),
        },
        Value::Float(value) => {
            out.push(FLOAT);
            out.extend_from_slice(&value.to_bits().to_le_bytes());
        }
        Value::Duration(nanos) => signed(DURATION, *nanos, out),
        Value::Pid(pid) => signed(PID, ids.pid(*pid), out),
        Value::Elapsed(nanos) => signed(ELAPSED, *nanos, out),
        Value::Str(text) => encode_text(text, out),
        Value::List(items) => encode_all(LIST, items.len(), items.iter(), out, ids),
        Value::Set(set) => encode_all(SET, set.len(), set.iter(), out, ids),
        Value::Map(map) => {
            begin_map(map.len() as u64, out);
            for (key, value) in map.iter() {
                encode_with(key, out, ids);
                encode_with(value, out, ids);
            }
        }
        Value::Range(range) => {
            out.push(if range.inclusive { RANGE_INCLUSIVE } else { RANGE });
            encode_with(&range.low, out, ids);
            encode_with(&range.high, out, ids);
        }
        Value::Object(object) => {
            out.push(OBJECT);
            varint(u64::from(ids.object(object.id)), out);
            out.extend_from_slice(&[object.kind as u8, object.role]);
        }
        Value::Actor(actor) => unsigned(ACTOR, u64::from(ids.actor(actor.0)), out),
        Value::Result(result) => unsigned(RESULT, u64::from(ids.result(result.0)), out),
        Value::Task(task) => unsigned(TASK, u64::from(*task), out),
        Value::Error(error) => {
            out.push(ERROR);
            encode_error_with(error, out, ids);
        }
    }
}

/// The value that the bytes are; none unless they are just one.
pub fn decode(bytes: &[u8]) -> Option<Value> {
    let mut reader = Reader { bytes };
    let value = reader.value(DEPTH_MAX + 2)?;
    reader.bytes.is_empty().then_some(value)
}

/// Appends to `items` what is in the list that the bytes are; false, and it is as it was, unless they are just one.
pub fn decode_list(bytes: &[u8], items: &mut Vec<Value>) -> bool {
    let mut reader = Reader { bytes };
    let had = items.len();
    let is_list =
        reader.byte() == Some(LIST) && reader.append(DEPTH_MAX + 1, items).is_some() && reader.bytes.is_empty();
    if !is_list {
        items.truncate(had);
    }
    is_list
}

/// Appends the error to `out`.
pub fn encode_error(error: &Error, out: &mut Vec<u8>) {
    encode_error_with(error, out, &mut Own);
}

/// Appends the error to `out`, its actor by another name.
pub fn encode_error_with(error: &Error, out: &mut Vec<u8>, ids: &mut impl Ids) {
    match &error.kind {
        ErrorKind::Exit(status) => out.extend_from_slice(&[NAMED.len() as u8, *status]),
        ErrorKind::Other(name) => {
            out.push(u8::MAX);
            string(name, out);
        }
        kind => {
            let at = NAMED.iter().position(|(known, _)| known == kind).unwrap_or_default();
            out.push(at as u8);
        }
    }
    string(&error.message, out);
    varint(u64::from(error.span.start), out);
    varint(u64::from(error.span.end), out);
    string(ids.raiser(&error.actor), out);
}

/// The error that the bytes are; none unless they are just one.
pub fn decode_error(bytes: &[u8]) -> Option<Error> {
    let mut reader = Reader { bytes };
    let error = reader.error()?;
    reader.bytes.is_empty().then_some(error)
}

fn encode_all<'v>(tag: u8, len: usize, items: impl Iterator<Item = &'v Value>, out: &mut Vec<u8>, ids: &mut impl Ids) {
    unsigned(tag, len as u64, out);
    items.for_each(|item| encode_with(item, out, ids));
}

fn encode_text(text: &Text, out: &mut Vec<u8>) {
    if text.masks.is_empty() {
        out.push(STR);
        return string(&text.text, out);
    }
    out.push(MASKED);
    string(&text.text, out);
    varint(text.masks.len() as u64, out);
    for mask in &text.masks {
        varint(u64::from(mask.start), out);
        varint(u64::from(mask.end), out);
        match mask.pid {
            None => out.push(0),
            Some(pid) => signed(1, pid, out),
        }
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    varint(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

fn unsigned(tag: u8, value: u64, out: &mut Vec<u8>) {
    match u8::try_from(value) {
        Ok(small) if small < 0x80 => out.extend_from_slice(&[tag, small]),
        _ => {
            out.push(tag);
            varint(value, out);
        }
    }
}

fn signed(tag: u8, value: i64, out: &mut Vec<u8>) {
    unsigned(tag, ((value << 1) ^ (value >> 63)) as u64, out);
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The low seven bits of each of the eight bytes, one after the other.
fn packed(word: u64) -> u64 {
    let pairs = word & 0x007f_007f_007f_007f | (word & 0x7f00_7f00_7f00_7f00) >> 1;
    let fours = pairs & 0x0000_3fff_0000_3fff | (pairs & 0x3fff_0000_3fff_0000) >> 2;
    fours & 0x0fff_ffff | (fours & 0x0fff_ffff_0000_0000) >> 4
}

pub(super) struct Reader<'b> {
    pub(super) bytes: &'b [u8],
}

impl<'b> Reader<'b> {
    fn take(&mut self, len: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(len)?;
        self.bytes = rest;
        Some(taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|taken| taken[0])
    }

    pub(super) fn varint(&mut self) -> Option<u64> {
        const ENDS: u64 = 0x8080_8080_8080_8080;
        if let Some(word) = self.bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)) {
            // The first byte whose high bit is not set is the last one.
            let ends = !word & ENDS;
            if ends != 0 {
                let bits = ends.trailing_zeros() + 1;
                self.bytes = &self.bytes[bits as usize / 8..];
                return Some(packed(word & (u64::MAX >> (64 - bits)) & !ENDS));
            }
        }
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return None;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn small(&mut self) -> Option<u32> {
        u32::try_from(self.varint()?).ok()
    }

    /// A number of things that take at least a byte each, so that no length can ask for more room than there are bytes.
    fn len(&mut self) -> Option<usize> {
        usize::try_from(self.varint()?).ok().filter(|len| *len <= self.bytes.len())
    }

    fn string(&mut self) -> Option<&'b str> {
        let len = self.len()?;
        std::str::from_utf8(self.take(len)?).ok()
    }

    fn text(&mut self) -> Option<Text> {
        let text = self.string()?.to_owned();
        let len = self.len()?;
        let mut masks = Vec::with_capacity(len.min(64));
        for _ in 0..len {
            let (start, end) = (self.small()?, self.small()?);
            let pid = match self.byte()? {
                0 => None,
                1 => Some(self.signed()?),
                _ => return None,
            };
            let inside = start <= end
                && text.is_char_boundary(start as usize)
                && text.is_char_boundary(end as usize)
                && masks.last().is_none_or(|last: &Mask| last.end <= start);
            if !inside {
                return None;
            }
            masks.push(Mask { start, end, pid });
        }
        Some(Text { text, masks })
    }

    fn error(&mut self) -> Option<Error> {
        let kind = match self.byte()? {
            u8::MAX => ErrorKind::Other(Arc::from(self.string()?)),
            exit if usize::from(exit) == NAMED.len() => ErrorKind::Exit(self.byte()?),
            at => NAMED.get(usize::from(at))?.0.clone(),
        };
        let message = Arc::from(self.string()?);
        let span = Span { start: self.small()?, end: self.small()? };
        Some(Error { kind, message, span, actor: Arc::from(self.string()?) })
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let value = match self.byte()? {
            NONE => Value::None,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            INT => Value::Int(self.signed()?),
            FLOAT => Value::Float(f64::from_bits(u64::from_le_bytes(self.take(8)?.try_into().ok()?))),
            DURATION => Value::Duration(self.signed()?),
            PID => Value::Pid(self.signed()?),
            ELAPSED => Value::Elapsed(self.signed()?),
            STR => Value::from(self.string()?),
            MASKED => Value::Str(Shared::new(self.text()?)),
            LIST => Value::list(self.items(depth)?),
            SET => Value::Set(Shared::new(self.items(depth)?.into_iter().collect())),
            MAP => {
                let len = self.len()?;
                let pairs = (0..len).map(|_| Some((self.value(depth)?, self.value(depth)?)));
                Value::Map(Shared::new(pairs.collect::<Option<_>>()?))
            }
            tag @ (RANGE | RANGE_INCLUSIVE) => {
                let (low, high) = (self.value(depth)?, self.value(depth)?);
                Value::Range(Shared::new(Range { low, high, inclusive: tag == RANGE_INCLUSIVE }))
            }
            OBJECT => {
                let id = self.small()?;
                let kind = ObjectKind::from_index(self.byte()?)?;
                Value::Object(ObjectRef { id, kind, role: self.byte()? })
            }
            ACTOR => Value::Actor(ActorRef(self.small()?)),
            RESULT => Value::Result(ResultRef(self.small()?)),
            TASK => Value::Task(self.small()?),
            ERROR => Value::Error(Shared::new(self.error()?)),
            small if small >= SMALL => Value::Int(i64::from(small - SMALL)),
            _ => return None,
        };
        Some(value)
    }

    /// Passes over so many values.
    pub(super) fn pass(&mut self, count: u64) -> Option<()> {
        let mut left = count;
        while left > 0 {
            left -= 1;
            match self.byte()? {
                NONE | FALSE | TRUE | SMALL.. => {}
                INT | DURATION | PID | ELAPSED | ACTOR | RESULT | TASK => drop(self.varint()?),
                FLOAT => drop(self.take(8)?),
                STR => drop(self.string()?),
                MASKED => drop(self.text()?),
                LIST | SET => left = left.checked_add(self.varint()?)?,
                MAP => left = left.checked_add(self.varint()?.checked_mul(2)?)?,
                RANGE | RANGE_INCLUSIVE => left = left.checked_add(2)?,
                OBJECT => {
                    self.varint()?;
                    self.take(2)?;
                }
                ERROR => drop(self.error()?),
                _ => return None,
            }
        }
        Some(())
    }

    fn items(&mut self, depth: usize) -> Option<Vec<Value>> {
        let mut items = Vec::new();
        self.append(depth, &mut items)?;
        Some(items)
    }

    fn append(&mut self, depth: usize, items: &mut Vec<Value>) -> Option<()> {
        let len = self.len()?;
        // Grown as it is read: a length alone, in a few bytes, must not take sixteen times as much.
        items.reserve(len.min(4096));
        for _ in 0..len {
            items.push(self.value(depth)?);
        }
        Some(())
    }
}
