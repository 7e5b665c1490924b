//! An event as its actor notes it: a fixed part and the bytes of its values, the same on every machine.
//!
//! Answers for: the layout, in both directions. Never says what a number in it stands for (see `numbers`).

use crate::program::op::OpCode;
use crate::value::{self, Error, ErrorKind, Value};

/// Bytes of the fixed part.
const FIXED_BYTES: usize = 48;

/// What an actor notes of an operation.
pub(crate) struct Note<'a> {
    pub(crate) op: OpCode,
    pub(crate) line: u32,
    /// Id of an object, or none.
    pub(crate) object: Option<u32>,
    /// An actor it is about, or none.
    pub(crate) actor: Option<u32>,
    pub(crate) ticket: u64,
    pub(crate) cause: u64,
    pub(crate) args: &'a [Value],
    pub(crate) came: Result<&'a Value, &'a Error>,
}

/// An event as it was noted.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    pub(crate) op: u8,
    pub(crate) line: u32,
    pub(crate) object: Option<u32>,
    pub(crate) actor: Option<u32>,
    pub(crate) ticket: u64,
    pub(crate) cause: u64,
    pub(crate) time_ns: u64,
    pub(crate) args: Value,
    pub(crate) came: Result<Value, Error>,
}

impl Note<'_> {
    /// Puts the event in place of what is in `bytes`.
    pub(crate) fn write(&self, time_ns: u64, bytes: &mut Vec<u8>) {
        bytes.clear();
        bytes.extend_from_slice(&[0; FIXED_BYTES]);
        value::encode_list(self.args, bytes);
        let args_len = bytes.len() - FIXED_BYTES;
        match self.came {
            Ok(value) => value::encode(value, bytes),
            Err(error) => value::encode_error(error, bytes),
        }
        let kind = u32::from_le_bytes([self.op as u8, u8::from(self.came.is_err()), 0, 0]);
        let number = |id: Option<u32>| id.map_or(0, |id| id + 1);
        let fixed = [
            both(bytes.len() as u32, args_len as u32),
            both(self.line, number(self.object)),
            both(number(self.actor), kind),
            self.ticket,
            self.cause,
            time_ns,
        ];
        if let Some(room) = bytes.first_chunk_mut::<FIXED_BYTES>() {
            room.copy_from_slice(fixed.map(u64::to_le_bytes).as_flattened());
        }
    }
}

/// Two words as one, the first below.
fn both(first: u32, second: u32) -> u64 {
    u64::from(first) | u64::from(second) << 32
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// How many bytes the first events take, at most so many of them; and how many there are.
pub(crate) fn measure(bytes: &[u8], most: u32) -> (usize, u32) {
    let (mut at, mut count) = (0, 0);
    while count < most
        && let Some(len) = word(bytes, at)
        && at + len as usize <= bytes.len()
        && len as usize >= FIXED_BYTES
    {
        at += len as usize;
        count += 1;
    }
    (at, count)
}

/// The first event, and what comes after it; none where there is no whole one.
pub(crate) fn first(bytes: &[u8]) -> Option<(Noted, &[u8])> {
    let len = word(bytes, 0)? as usize;
    let args_len = word(bytes, 4)? as usize;
    let body = bytes.get(FIXED_BYTES..len)?;
    let (args, came) = body.split_at_checked(args_len)?;
    let lost = || Error::new(ErrorKind::ValueError, "the error was lost");
    let event = Noted {
        line: word(bytes, 8)?,
        object: word(bytes, 12)?.checked_sub(1),
        actor: word(bytes, 16)?.checked_sub(1),
        op: *bytes.get(20)?,
        ticket: long(bytes, 24)?,
        cause: long(bytes, 32)?,
        time_ns: long(bytes, 40)?,
        args: value::decode(args).unwrap_or_default(),
        came: match bytes.get(21)? {
            0 => Ok(value::decode(came).unwrap_or_default()),
            _ => Err(value::decode_error(came).unwrap_or_else(lost)),
        },
    };
    Some((event, bytes.get(len..)?))
}
