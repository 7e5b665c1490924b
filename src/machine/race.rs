//! Data races: two accesses to one `shared` variable, at least one of which may change it, both next in one state.
//!
//! Answers for: which there are in a state. Never looks at what happened before.

use super::actor::Phase;
use super::object::cell;
use super::{Machine, State};
use crate::program::op::{Op, OpCode, Target};
use crate::trace::{Access, Race};
use crate::value::{ObjectKind, Value};

/// An access to a variable.
struct Next<'s> {
    actor: u32,
    op: &'s Op,
    variable: u32,
    path: &'s [Value],
    writes: bool,
}

impl Machine {
    /// The races of a state, one for each variable and pair of accesses.
    pub fn races(&self, state: &State) -> Vec<Race> {
        if !self.has_shared {
            return Vec::new();
        }
        let next: Vec<Next> = state.actors().filter_map(|actor| next(state, actor.id, &actor.phase)).collect();
        let mut races = Vec::new();
        for (at, a) in next.iter().enumerate() {
            for b in next.iter().skip(at + 1) {
                if a.variable == b.variable && (a.writes || b.writes) && overlap(a.path, b.path) {
                    let variable = self.object_name(state, a.variable).unwrap_or_default();
                    races.push(Race { variable, accesses: [self.access(state, a), self.access(state, b)] });
                }
            }
        }
        races
    }

    /// The variable that an actor accesses next, on which accesses can race, and whether it may change it.
    pub(super) fn next_access(&self, state: &State, actor: u32) -> Option<(u32, bool)> {
        let next = next(state, actor, &state.actor(actor).filter(|_| self.has_shared)?.phase)?;
        Some((next.variable, next.writes))
    }

    fn access(&self, state: &State, next: &Next) -> Access {
        Access {
            actor: next.actor,
            name: state.name(next.actor).to_owned(),
            span: self.plan.image.program.span_of(next.op.site).unwrap_or_default(),
            writes: next.writes,
        }
    }
}

fn next<'s>(state: &'s State, actor: u32, phase: &'s Phase) -> Option<Next<'s>> {
    let Phase::At(at) = phase else { return None };
    let Target::Object(object) = at.op.target else { return None };
    if object.kind != ObjectKind::Shared {
        return None;
    }
    let writes = match at.op.code {
        OpCode::CellRead => false,
        OpCode::CellWrite => true,
        OpCode::CellMethod => cell::as_read(state, &at.op).is_none() && changes(at.op.args.get(1)),
        _ => return None,
    };
    let path = match at.op.args.get(0) {
        Value::List(path) => path.as_slice(),
        _ => &[],
    };
    Some(Next { actor, op: &at.op, variable: object.id, path, writes })
}

/// Whether a method of a list, a map or a set may change it.
fn changes(method: &Value) -> bool {
    let Value::Str(name) = method else { return true };
    !matches!(
        name.text.as_str(),
        "index"
            | "count"
            | "get"
            | "keys"
            | "values"
            | "items"
            | "upper"
            | "lower"
            | "strip"
            | "split"
            | "join"
            | "replace"
            | "starts_with"
            | "ends_with"
            | "repeat"
    )
}

/// Whether two places in a variable have something in common: one leads to, or into, the other.
fn overlap(a: &[Value], b: &[Value]) -> bool {
    a.iter().zip(b).all(|(a, b)| crate::value::equals(a, b))
}
