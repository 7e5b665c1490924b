//! Local instructions as an abstract run meets them.
//!
//! Answers for: what registers may hold after one. What is not known exactly is anything.

use super::held::{Held, Place};
use super::{Look, truth};
use crate::program::Code;
use crate::program::instr::{Instr, Reg};
use crate::value::{self, Shared, Value};
use crate::vm::slow::flat;
use crate::vm::{iterate, visible};

impl Look<'_> {
    pub(super) fn compute(&mut self, code: &Code, instr: Instr, place: &mut Place) {
        let held = |value: Option<Value>| value.map_or(Held::Any, Held::Known);
        let ints = |place: &Place, a: Reg, b: i64, apply: fn(&Value, &Value) -> value::Result<Value>| {
            held(place.known(a).and_then(|a| apply(a, &Value::Int(b)).ok()))
        };
        match instr {
            Instr::Move { dst, src } => place.set(dst, place.get(src).clone()),
            Instr::Take { dst, src } => {
                let taken = place.get(src).clone();
                place.set(src, Held::Known(Value::None));
                place.set(dst, taken);
            }
            Instr::None { dst } => place.set(dst, Held::Known(Value::None)),
            Instr::Bool { dst, value } => place.set(dst, Held::Known(Value::Bool(value))),
            Instr::Int { dst, value } => place.set(dst, Held::Known(Value::Int(i64::from(value)))),
            Instr::Literal { dst, index } => place.set(dst, held(code.literals.get(index as usize).cloned())),
            Instr::Const { dst, index } => place.set(dst, held(self.image.consts.get(index as usize).cloned())),
            Instr::Global { dst, decl } => place.set(dst, held(self.image.globals.get(decl as usize).cloned())),
            Instr::Private { dst, slot, .. } => {
                // What is made later nobody else can name now.
                let found = self.privates.get(slot as usize).cloned().unwrap_or_default();
                place.set(dst, Held::Known(found));
            }
            Instr::StorePrivate { src, .. } => place.set(src, Held::Known(Value::None)),
            Instr::Replicas { dst, template } => {
                let replicas = self.image.replicas.get(template as usize).cloned().flatten();
                place.set(dst, Held::Known(Value::list(replicas.unwrap_or_default())));
            }
            Instr::Add { dst, a, b } => self.binary(place, (dst, a, b), value::add),
            Instr::Sub { dst, a, b } => self.binary(place, (dst, a, b), value::sub),
            Instr::Mul { dst, a, b } => self.binary(place, (dst, a, b), value::mul),
            Instr::AddInt { dst, a, value } => place.set(dst, ints(place, a, i64::from(value), value::add)),
            Instr::SubInt { dst, a, value } => place.set(dst, ints(place, a, i64::from(value), value::sub)),
            Instr::MulInt { dst, a, value } => place.set(dst, ints(place, a, i64::from(value), value::mul)),
            Instr::FloorDivInt { dst, a, value } => place.set(dst, ints(place, a, i64::from(value), value::floor_div)),
            Instr::RemInt { dst, a, value } => place.set(dst, ints(place, a, i64::from(value), value::rem)),
            Instr::Binary { op, dst, a, b } => {
                let given = place.known(a).zip(place.known(b)).and_then(|(a, b)| value::binary(op, a, b).ok());
                place.set(dst, held(given));
            }
            Instr::Negate { dst, a } => place.set(dst, held(place.known(a).and_then(|a| value::negate(a).ok()))),
            Instr::Not { dst, a } => {
                let given = truth(place.known(a)).map(|truth| Value::Bool(!truth));
                place.set(dst, held(given));
            }
            Instr::CheckBool { .. } => {}
            Instr::Len { dst, src } => {
                let len = place.known(src).and_then(|value| value::len(value).ok()).map(Value::Int);
                place.set(dst, held(len));
            }
            Instr::Range { inclusive, dst, low, high } => {
                let range = place.known(low).zip(place.known(high));
                let range = range.map(|(low, high)| Value::range(low.clone(), high.clone(), inclusive));
                place.set(dst, held(range));
            }
            Instr::List { dst, base, count } => {
                let items = place.row(base, count as usize).map(Value::list);
                place.forget(base);
                place.set(dst, held(items));
            }
            Instr::Index { dst, value, index } => {
                let found = match (place.get(value), place.get(index)) {
                    (Held::Known(whole), Held::Known(index)) => held(value::index(whole, index).ok()),
                    (Held::Known(Value::List(items)), Held::Among(indices)) => {
                        let found: Option<Vec<Value>> = indices
                            .iter()
                            .map(|at| value::get(&Value::List(Shared::clone(items)), at).ok().cloned())
                            .collect();
                        found.map_or(Held::Any, Held::of)
                    }
                    (Held::Known(Value::List(items)), Held::Any) => Held::of(items.to_vec()),
                    _ => Held::Any,
                };
                place.set(dst, found);
            }
            Instr::GetPath { count, dst, root, base } => {
                let path = place.row(base, count as usize);
                let found = place.known(root).zip(path).and_then(|(root, path)| visible::get_place(root, &path).ok());
                place.set(dst, held(found));
            }
            Instr::Field { dst, src, name } => {
                let name = code.literals.get(name as usize).cloned().unwrap_or_default();
                let found: Option<Vec<Value>> = place
                    .get(src)
                    .values()
                    .and_then(|values| values.iter().map(|value| visible::field(value, &name).ok()).collect());
                place.set(dst, found.map_or(Held::Any, Held::of));
            }
            Instr::IterStart { base, src } => {
                let started = place.known(src).and_then(|value| iterate::start(value).ok());
                let (over, next) =
                    started.map_or((Held::Any, Held::Any), |(over, next)| (Held::Known(over), Held::Known(next)));
                place.set(base, over);
                place.set(base + 1, next);
            }
            Instr::Unpack { src, base, count } => {
                let items = match place.known(src) {
                    Some(Value::List(items)) if items.len() == count as usize => Some(Shared::clone(items)),
                    _ => None,
                };
                for at in 0..count {
                    place.set(base + at, held(items.as_ref().and_then(|items| items.get(at as usize).cloned())));
                }
            }
            Instr::SetIndex { root, .. } | Instr::SetPath { root, .. } => place.set(root, Held::Any),
            Instr::Append { list, src } => {
                place.set(list, Held::Any);
                place.set(src, Held::Any);
            }
            Instr::Include { set, .. } => place.set(set, Held::Any),
            Instr::Enter { map, .. } => place.set(map, Held::Any),
            Instr::Push { dst, list, .. } => {
                place.set(list, Held::Any);
                place.set(dst, Held::Any);
            }
            Instr::Flatten { dst, src } => place.set(dst, held(place.known(src).and_then(|list| flat(list).ok()))),
            Instr::Caught { dst, .. } | Instr::Repeat { dst, .. } => place.set(dst, Held::Any),
            Instr::Set { dst, base, .. }
            | Instr::Map { dst, base, .. }
            | Instr::Slice { dst, base, .. }
            | Instr::Text { dst, base, .. }
            | Instr::AppendText { dst, base, .. }
            | Instr::Builtin { dst, base, .. } => {
                place.forget(base);
                place.set(dst, Held::Any);
            }
            _ => place.forget(0),
        }
    }

    fn binary(
        &self,
        place: &mut Place,
        (dst, a, b): (Reg, Reg, Reg),
        apply: fn(&Value, &Value) -> value::Result<Value>,
    ) {
        let given = place.known(a).zip(place.known(b)).and_then(|(a, b)| apply(a, b).ok());
        place.set(dst, given.map_or(Held::Any, Held::Known));
    }
}
