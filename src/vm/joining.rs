//! Lists of handles that are sets: whoever is in them is to be joined, and nothing else comes of them.
//!
//! Answers for: where a computing stands in a loop that only joins, and how such lists are encoded. Never finds out
//! what they are for (see `program::joins`).

use super::Vm;
use crate::program::Place;
use crate::program::op::Target;
use crate::value::{Ids, Value};

/// Stands for what was said already. No value begins like this or the next (see `value::codec`).
pub(super) const SAID: u8 = 31;
/// Stands for a list that is a set.
const SET: u8 = 30;

/// Where a computing stands in a loop that only joins.
#[derive(Debug)]
pub struct Joining {
    /// Who is in the list, by number.
    pub all: Vec<u32>,
    /// Which of them it waits for; those before it have been joined.
    pub next: usize,
    place: Place,
}

impl Joining {
    /// Whether what is in a register is known from that.
    pub(super) fn is_said_by(&self, register: usize) -> bool {
        let Place { list, item } = self.place;
        [list, list + 1, item].contains(&(register as u16))
    }
}

impl Vm {
    /// Whom it is about to join, where it stands in a loop that only joins actors.
    pub fn joining(&self) -> Option<Joining> {
        let (Some(Target::Actor(target)), Some(frame)) = (self.waiting, self.frames.last()) else { return None };
        let place = self.context.image.joins(frame.code)?.at(frame.pc)?;
        let register = |register: u16| self.regs.get(frame.base as usize + usize::from(register));
        let (Value::List(list), Value::Int(taken)) = (register(place.list)?, register(place.list + 1)?) else {
            return None;
        };
        let all: Vec<u32> = list.iter().map(actor).collect::<Option<_>>()?;
        let next = usize::try_from(*taken).ok()?.checked_sub(1)?;
        (all.get(next) == Some(&target.0)).then_some(Joining { all, next, place })
    }
}

/// Encodes what is in a register as a set, if it is a list of actors or of such lists; whether it is.
pub(super) fn said(value: &Value, out: &mut Vec<u8>, ids: &mut impl Ids) -> bool {
    let Value::List(list) = value else { return false };
    let is_nested = matches!(list.first(), Some(Value::List(_)));
    let mut all = Vec::new();
    for item in list.iter() {
        match item {
            Value::List(inner) if is_nested => {
                let Some(inner) = inner.iter().map(actor).collect::<Option<Vec<u32>>>() else { return false };
                all.extend(inner);
            }
            Value::Actor(_) if !is_nested => all.extend(actor(item)),
            _ => return false,
        }
    }
    if all.is_empty() || !ids.set(&all, None) {
        return false;
    }
    out.push(SET);
    // How a list of lists is made up stays: no more than that is known of it.
    let lengths = list.iter().filter_map(|item| if let Value::List(inner) = item { Some(inner.len()) } else { None });
    let lengths: Vec<u32> = lengths.map(|length| length as u32).collect();
    [lengths.len() as u32].iter().chain(&lengths).for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
    true
}

fn actor(value: &Value) -> Option<u32> {
    if let Value::Actor(actor) = value { Some(actor.0) } else { None }
}
