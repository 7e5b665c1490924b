//! Visible operations as an abstract run meets them.
//!
//! Answers for: what is noted of each. Never performs one.

use super::held::{Held, Place};
use super::{Deed, Look, On, is_plain, on};
use crate::program::Code;
use crate::program::instr::{Instr, Reg};
use crate::program::op::OpCode;
use crate::program::signature::{Receiver, signature};
use crate::value::{self, ObjectKind, Value};

impl Look<'_> {
    pub(super) fn operate(&mut self, code: &Code, instr: Instr, place: &mut Place) {
        match instr {
            Instr::Op { code: OpCode::Start, dst, base, .. } => {
                self.start(base, place);
                place.forget(base);
                place.set(dst, Held::Any);
            }
            Instr::Op { code: op, dst, base, .. } => {
                if op == OpCode::Await {
                    match place.known(base) {
                        Some(Value::Int(condition)) => {
                            let captured = Held::Any;
                            let condition = *condition as u32;
                            let count = self.code(condition).map_or(0, |code| code.registers as usize);
                            self.enter(condition, vec![captured; count], &[]);
                        }
                        _ => self.anything(),
                    }
                }
                self.deed(op, On::Nothing, true);
                place.forget(base);
                place.set(dst, Held::Any);
            }
            Instr::OpOn { code: op, dst, base, count } => {
                let held = place.get(base).clone();
                let plain = is_plain(op, place.row(base + 1, count as usize).as_deref());
                self.on_held(op, &held, None, plain, place);
                place.forget(base);
                place.set(dst, Held::Any);
            }
            Instr::CellRead { dst, base, count } => {
                let held = place.get(base).clone();
                let cell = first_of(place, base + 1, count);
                self.on_held(OpCode::CellRead, &held, cell, true, place);
                place.forget(base);
                place.set(dst, Held::Any);
            }
            Instr::CellWrite { base, count } => {
                let held = place.get(base).clone();
                let cell = first_of(place, base + 1, count);
                self.on_held(OpCode::CellWrite, &held, cell, true, place);
                place.forget(base);
            }
            Instr::CellMethod { dst, base, call } => {
                let held = place.get(base).clone();
                if let Some(spec) = code.calls.get(call as usize) {
                    let own = signature(Receiver::Object(ObjectKind::Atomic), &spec.name).map(|found| found.op);
                    self.on_held(own.unwrap_or(OpCode::CellMethod), &held, None, true, place);
                    self.on_held(OpCode::CellMethod, &held, None, true, place);
                    self.called_on_any(&spec.name);
                }
                place.forget(base);
                place.set(dst, Held::Any);
            }
            Instr::WithEnter { src, base } | Instr::WithLeave { src, base } => {
                let enters = matches!(instr, Instr::WithEnter { .. });
                let held = place.get(src).clone();
                self.with(&held, enters, place);
                place.forget(base);
            }
            Instr::SelectCase { base, call, list } => {
                if let Some(spec) = code.calls.get(call as usize) {
                    let held = place.get(base).clone();
                    self.method(&held, &spec.name, None, place);
                }
                place.forget(base);
                place.set(list, Held::Any);
            }
            Instr::Select { base } => {
                self.deed(OpCode::Select, On::Nothing, true);
                place.forget(base);
            }
            Instr::Method { dst, base, call } => {
                if let Some(spec) = code.calls.get(call as usize) {
                    let held = place.get(base).clone();
                    let args = spec.names.is_empty().then(|| place.row(base + 1, spec.count as usize)).flatten();
                    self.method(&held, &spec.name, args.as_deref(), place);
                }
                place.forget(base);
                place.set(dst, Held::Any);
            }
            Instr::MethodOn { dst, base, call } => {
                if let Some(spec) = code.calls.get(call as usize) {
                    let path = place.row(base, spec.path as usize);
                    let held = match (place.get(spec.root), path) {
                        (Held::Known(root), Some(path)) => value::get_path(root, &path).map_or(Held::Any, Held::Known),
                        (Held::Known(Value::List(items)), None) if spec.path == 1 => Held::of(items.to_vec()),
                        (Held::Among(values), Some(path)) if path.is_empty() => Held::Among(values.clone()),
                        _ => Held::Any,
                    };
                    let first = base + spec.path;
                    let args = spec.names.is_empty().then(|| place.row(first, spec.count as usize)).flatten();
                    self.method(&held, &spec.name, args.as_deref(), place);
                    let is_handle = held.known().is_some_and(|value| crate::vm::invoke::target(value).is_some());
                    if !is_handle {
                        place.set(spec.root, Held::Any);
                    }
                }
                place.forget(base);
                place.set(dst, Held::Any);
            }
            Instr::Print { base, .. } => {
                self.deed(OpCode::Print, On::Nothing, true);
                place.forget(base);
            }
            _ => {}
        }
    }

    pub(super) fn with(&mut self, held: &Held, enters: bool, place: &mut Place) {
        let acquires = [OpCode::LockAcquire, OpCode::SemaphoreAcquire, OpCode::RwAcquire];
        let releases = [OpCode::LockRelease, OpCode::SemaphoreRelease, OpCode::RwRelease];
        let codes = if enters { acquires } else { releases };
        let Some(values) = held.values() else {
            return codes.into_iter().for_each(|code| self.deed(code, On::Any, true));
        };
        for value in values {
            let Value::Object(object) = value else { continue };
            let code = match object.kind {
                ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => codes[1],
                ObjectKind::Rwlock => codes[2],
                _ => codes[0],
            };
            match values {
                [_] if enters => self.on_held(code, held, None, true, place),
                _ => {
                    let on = On::Object(object.id, None);
                    let guarded = values.len() == 1 && place.acquired.contains(&object.id);
                    self.future.deeds.push(Deed { code, on, guarded, gives_back: !enters, plain: true });
                }
            }
            if !enters {
                place.acquired.retain(|id| *id != object.id);
            }
        }
        if !enters && values.len() > 1 {
            place.acquired.clear();
        }
    }

    /// A method: an operation where it is called on a handle.
    pub(super) fn method(&mut self, held: &Held, name: &str, args: Option<&[Value]>, place: &mut Place) {
        let Some(values) = held.values() else { return self.called_on_any(name) };
        for value in values {
            let receiver = match value {
                Value::Object(object) => Receiver::Object(object.kind),
                Value::Actor(_) => Receiver::Actor,
                Value::Result(_) => Receiver::Result,
                _ => continue,
            };
            if let Receiver::Object(ObjectKind::Pool | ObjectKind::Shared) = receiver {
                // Tasks that are handed over, or the method of what a variable holds.
                self.deed(OpCode::PoolSubmit, on_value(value), true);
                self.deed(OpCode::CellMethod, on_value(value), true);
                self.called_on_any(name);
            }
            if let Some(found) = signature(receiver, name) {
                let fixed_waits = found.fixed.is_empty();
                let plain = fixed_waits && is_plain(found.op, args);
                let one = if values.len() == 1 { Held::Known(value.clone()) } else { held.clone() };
                match one {
                    Held::Known(_) => self.on_held(found.op, &one, None, plain, place),
                    _ => {
                        self.bodies_of(found.op);
                        if found.op == OpCode::LockRelease {
                            place.acquired.clear();
                        }
                        self.deed(found.op, on_value(value), plain);
                    }
                }
            }
        }
    }

    /// Whoever is started does it as well, one day.
    pub(super) fn start(&mut self, base: Reg, place: &Place) {
        self.deed(OpCode::Start, On::Nothing, true);
        let Some(Value::Int(template)) = place.known(base) else { return self.anything() };
        let Some(template) = self.image.program.templates.get(*template as usize) else { return };
        let mut args: Vec<Held> = Vec::new();
        if template.replicas.is_some() {
            args.push(place.get(base + 1).clone());
        }
        match place.known(base + 2) {
            Some(Value::List(given)) => args.extend(given.iter().cloned().map(Held::Known)),
            _ => args.extend(template.params.iter().map(|_| Held::Any)),
        }
        self.enter(template.body.0, args, &[]);
    }
}

fn on_value(value: &Value) -> On {
    crate::vm::invoke::target(value).map_or(On::Nothing, on)
}

/// The first index of a path, where it is known.
fn first_of(place: &Place, base: Reg, count: u16) -> Option<i64> {
    match place.known(base).filter(|_| count > 0) {
        Some(Value::Int(at)) if *at >= 0 => Some(*at),
        _ => None,
    }
}
