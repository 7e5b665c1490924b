//! What a computing could still do: an abstract run from where it stands.
//!
//! Registers hold a known value, one of a few, or anything. Bodies that it calls or starts belong to it; each code is
//! entered once, with whatever its callers give it. A call gives anything, and any instruction may raise.
//!
//! Answers for: that nothing is left out that could happen; what cannot happen may be in it. Never runs anything.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Then, Vm};
use crate::program::instr::{Instr, Reg, Test};
use crate::program::op::{OpCode, Target};
use crate::program::signature::{Receiver, signature};
use crate::program::{Code, Image};
use crate::value::{self, ObjectKind, Value};

/// More values than this a register may not be one of.
const AMONG_MAX: usize = 16;
/// Instructions that are looked at; who computes longer could do anything.
const LOOKS_MAX: usize = 20_000;

/// What is done to what.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Deed {
    /// The operation.
    pub code: OpCode,
    /// On what.
    pub on: On,
    /// Whether the actor has acquired the same object before, on every way to it from where it stands now.
    pub guarded: bool,
    /// Whether it waits without a timeout, where it can wait at all.
    pub plain: bool,
}

/// What a deed is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum On {
    /// Nothing that has a handle.
    Nothing,
    /// An object, by its id; of a variable the cell, where it is known.
    Object(u32, Option<i64>),
    /// An actor, by its number.
    Actor(u32),
    /// Anything that has the operation.
    Any,
}

/// What a computing could still do.
#[derive(Clone, Debug, Default)]
pub struct Future {
    /// Sorted, without doubles.
    pub deeds: Vec<Deed>,
    /// Nobody knows.
    pub anything: bool,
}

/// What a register may hold.
#[derive(Clone, Debug, PartialEq)]
enum Held {
    Known(Value),
    Among(Vec<Value>),
    Any,
}

impl Held {
    fn values(&self) -> Option<&[Value]> {
        match self {
            Held::Known(value) => Some(std::slice::from_ref(value)),
            Held::Among(values) => Some(values),
            Held::Any => None,
        }
    }

    fn of(values: Vec<Value>) -> Held {
        let mut distinct: Vec<Value> = Vec::new();
        for value in values {
            if !distinct.iter().any(|other| same(other, &value)) {
                distinct.push(value);
            }
        }
        match distinct.len() {
            1 => distinct.pop().map_or(Held::Any, Held::Known),
            2..=AMONG_MAX => Held::Among(distinct),
            _ => Held::Any,
        }
    }

    /// Widens it by what another way brings; whether that changed anything.
    fn join(&mut self, other: &Held) -> bool {
        let (Some(own), Some(new)) = (self.values(), other.values()) else {
            return !matches!(std::mem::replace(self, Held::Any), Held::Any);
        };
        if new.iter().all(|value| own.iter().any(|other| same(other, value))) {
            return false;
        }
        *self = Held::of(own.iter().chain(new).cloned().collect());
        true
    }

    fn known(&self) -> Option<&Value> {
        match self {
            Held::Known(value) => Some(value),
            _ => None,
        }
    }
}

/// Whether two values are the same to a program: of one kind, and equal.
fn same(a: &Value, b: &Value) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b) && value::equals(a, b)
}

/// Registers, and what was acquired on every way.
#[derive(Clone, Debug)]
struct Place {
    regs: Vec<Held>,
    acquired: Vec<u32>,
}

impl Place {
    fn join(&mut self, other: &Place) -> bool {
        let mut changed = false;
        for (own, new) in self.regs.iter_mut().zip(&other.regs) {
            changed |= own.join(new);
        }
        let before = self.acquired.len();
        self.acquired.retain(|id| other.acquired.contains(id));
        changed | (self.acquired.len() != before)
    }

    fn get(&self, reg: Reg) -> &Held {
        self.regs.get(reg as usize).unwrap_or(&Held::Any)
    }

    fn known(&self, reg: Reg) -> Option<&Value> {
        self.get(reg).known()
    }

    fn set(&mut self, reg: Reg, held: Held) {
        if let Some(slot) = self.regs.get_mut(reg as usize) {
            *slot = held;
        }
    }

    /// Registers from one on are used up.
    fn forget(&mut self, from: Reg) {
        self.regs.iter_mut().skip(from as usize).for_each(|slot| *slot = Held::Any);
    }

    fn row(&self, base: Reg, count: usize) -> Option<Vec<Value>> {
        (0..count).map(|at| self.known(base + at as Reg).cloned()).collect()
    }
}

struct Look<'v> {
    image: &'v Image,
    privates: &'v [Value],
    places: FxHashMap<(u32, u32), Place>,
    left: Vec<(u32, u32)>,
    future: Future,
    looks: usize,
}

impl Vm {
    /// What it could still do after the operation at which it stands.
    pub fn future(&self) -> Future {
        let context = &self.context;
        let mut look = Look {
            image: &context.image,
            privates: &context.privates,
            places: FxHashMap::default(),
            left: Vec::new(),
            future: Future::default(),
            looks: 0,
        };
        if self.raised.is_some() || context.op.is_some() {
            look.future.anything = true;
            return look.future;
        }
        for (at, frame) in self.frames.iter().enumerate() {
            let callee = self.frames.get(at + 1);
            let end = callee.map_or(frame.end, |callee| callee.base.min(frame.end));
            let regs = self.regs.get(frame.base as usize..end as usize).unwrap_or_default();
            let mut held: Vec<Held> = regs.iter().cloned().map(Held::Known).collect();
            held.resize((frame.end - frame.base) as usize, Held::Any);
            let place = Place { regs: held, acquired: Vec::new() };
            if let Then::Perform(code, target) = frame.then {
                look.deed(code, on(target), true);
            }
            // The innermost frame stands at its operation, unless it only computes; the others at their calls.
            let computes = callee.is_none() && self.waiting.is_none();
            look.go_on(frame.code, frame.pc, place, computes);
        }
        look.run();
        look.future.deeds.sort_unstable();
        look.future.deeds.dedup();
        look.future
    }
}

/// What a target is.
pub(crate) fn on(target: Target) -> On {
    match target {
        Target::None => On::Nothing,
        Target::Object(object) => On::Object(object.id, None),
        Target::Result(result) => On::Object(result.0, None),
        Target::Actor(actor) => On::Actor(actor.0),
    }
}

impl Image {
    /// What a code could do from its beginning, given these arguments.
    pub fn future(&self, code: u32, args: Vec<Value>, privates: &[Value]) -> Future {
        let mut look = Look {
            image: self,
            privates,
            places: FxHashMap::default(),
            left: Vec::new(),
            future: Future::default(),
            looks: 0,
        };
        look.enter(code, args.into_iter().map(Held::Known).collect(), &[]);
        look.run();
        look.future.deeds.sort_unstable();
        look.future.deeds.dedup();
        look.future
    }
}

impl<'v> Look<'v> {
    fn code(&self, number: u32) -> Option<&'v Code> {
        self.image.program.codes.get(number as usize)
    }

    fn deed(&mut self, code: OpCode, on: On, plain: bool) {
        self.future.deeds.push(Deed { code, on, guarded: false, plain });
    }

    fn anything(&mut self) {
        self.future.anything = true;
        self.left.clear();
    }

    fn run(&mut self) {
        while let Some((code, pc)) = self.left.pop() {
            self.looks += 1;
            if self.looks > LOOKS_MAX || self.future.deeds.len() > LOOKS_MAX {
                return self.anything();
            }
            let Some(place) = self.places.get(&(code, pc)).cloned() else { continue };
            self.look(code, pc, place);
        }
    }

    fn reach(&mut self, code: u32, pc: u32, place: &Place) {
        match self.places.get_mut(&(code, pc)) {
            Some(known) => {
                if known.join(place) {
                    self.left.push((code, pc));
                }
            }
            None => {
                self.places.insert((code, pc), place.clone());
                self.left.push((code, pc));
            }
        }
    }

    /// A body begins.
    fn enter(&mut self, number: u32, args: Vec<Held>, acquired: &[u32]) {
        let Some(code) = self.code(number) else { return };
        let mut regs = args;
        // What a body has not written it does not read.
        regs.resize(code.registers as usize, Held::Known(Value::None));
        self.reach(number, 0, &Place { regs, acquired: acquired.to_vec() });
    }

    /// A frame that is in the middle of its body.
    fn go_on(&mut self, number: u32, pc: u32, mut place: Place, computes: bool) {
        let Some(code) = self.code(number) else { return };
        if computes {
            return self.reach(number, pc, &place);
        }
        self.raise(code, number, pc, &place);
        let Some(instr) = code.instrs.get(pc as usize) else { return };
        match *instr {
            Instr::IterNext { dst, target, .. } => {
                self.reach(number, pc + 1, &place);
                place.set(dst, Held::Any);
                return self.reach(number, u32::from(target), &place);
            }
            Instr::Select { base } => place.forget(base),
            Instr::Method { dst, base, call }
            | Instr::MethodOn { dst, base, call }
            | Instr::CellMethod { dst, base, call } => {
                // Where a variable's value is called, it is known only later what on.
                if let Some(spec) = code.calls.get(call as usize) {
                    self.called_on_any(&spec.name);
                }
                place.forget(base);
                place.set(dst, Held::Any);
            }
            Instr::Op { dst, base, .. }
            | Instr::OpOn { dst, base, .. }
            | Instr::CellRead { dst, base, .. }
            | Instr::CallTask { dst, base, .. }
            | Instr::CallValue { dst, base, .. }
            | Instr::CallList { dst, base } => {
                place.forget(base);
                place.set(dst, Held::Any);
            }
            Instr::Print { base, .. }
            | Instr::CellWrite { base, .. }
            | Instr::WithEnter { base, .. }
            | Instr::WithLeave { base, .. } => place.forget(base),
            _ => place.forget(0),
        }
        self.reach(number, pc + 1, &place);
    }

    /// To the handlers of an error in an instruction.
    fn raise(&mut self, code: &Code, number: u32, pc: u32, place: &Place) {
        for handler in &code.handlers {
            if (u32::from(handler.start)..u32::from(handler.end)).contains(&pc) {
                let mut place = place.clone();
                place.set(handler.error, Held::Any);
                self.reach(number, u32::from(handler.target), &place);
            }
        }
    }

    fn look(&mut self, number: u32, pc: u32, mut place: Place) {
        let Some(code) = self.code(number) else { return };
        let Some(instr) = code.instrs.get(pc as usize) else { return };
        self.raise(code, number, pc, &place);
        let next = pc + 1;
        match *instr {
            Instr::Jump { target } => return self.reach(number, u32::from(target), &place),
            Instr::JumpIf { src, target } => return self.branch(number, next, target, truth(place.known(src)), &place),
            Instr::JumpIfNot { src, target } => {
                let taken = truth(place.known(src)).map(|truth| !truth);
                return self.branch(number, next, target, taken, &place);
            }
            Instr::Branch { test, a, b, target } => {
                let taken = compared(test, place.known(a), place.known(b));
                return self.branch(number, next, target, taken, &place);
            }
            Instr::BranchInt { test, a, value, target } => {
                let taken = compared(test, place.known(a), Some(&Value::Int(i64::from(value))));
                return self.branch(number, next, target, taken, &place);
            }
            Instr::JumpNotKind { target, .. } | Instr::JumpIfExit { target, .. } => {
                return self.branch(number, next, target, None, &place);
            }
            Instr::IterNext { dst, base, target } => return self.iterate(number, next, (dst, base, target), place),
            Instr::Return { .. } | Instr::ReturnNone | Instr::Raise { .. } | Instr::Reraise { .. } => return,
            Instr::Exit { .. } => return,
            Instr::CallTask { dst, base, task } => {
                self.call(u32::from(task), base, &place);
                (place.forget(base), place.acquired.clear());
                place.set(dst, Held::Any);
            }
            Instr::CallValue { dst, base, .. } | Instr::CallList { dst, base } => {
                match place.get(base).values().map(<[Value]>::to_vec) {
                    Some(tasks) => tasks.iter().for_each(|task| {
                        if let Value::Task(task) = task {
                            self.call_with_anything(*task);
                        }
                    }),
                    None => (0..self.image.program.tasks.len() as u32).for_each(|task| self.call_with_anything(task)),
                }
                (place.forget(base), place.acquired.clear());
                place.set(dst, Held::Any);
            }
            Instr::Op { .. }
            | Instr::OpOn { .. }
            | Instr::CellRead { .. }
            | Instr::CellWrite { .. }
            | Instr::CellMethod { .. }
            | Instr::WithEnter { .. }
            | Instr::WithLeave { .. }
            | Instr::SelectCase { .. }
            | Instr::Select { .. }
            | Instr::Method { .. }
            | Instr::MethodOn { .. }
            | Instr::Print { .. } => self.operate(code, *instr, &mut place),
            other => self.compute(code, other, &mut place),
        }
        self.reach(number, next, &place);
    }

    fn branch(&mut self, number: u32, next: u32, target: u16, taken: Option<bool>, place: &Place) {
        if taken != Some(false) {
            self.reach(number, u32::from(target), place);
        }
        if taken != Some(true) {
            self.reach(number, next, place);
        }
    }

    /// A turn of a loop. The register of how far it is stays what it is: the least that it can be.
    fn iterate(&mut self, number: u32, next: u32, (dst, base, target): (Reg, Reg, u16), mut place: Place) {
        self.reach(number, next, &place);
        let held = match (place.get(base), place.get(base + 1)) {
            (Held::Known(Value::Int(last)), Held::Known(Value::Int(from))) => {
                let count = last.saturating_sub(*from).saturating_add(1);
                if (1..=AMONG_MAX as i64).contains(&count) {
                    Held::of((*from..=*last).map(Value::Int).collect())
                } else {
                    Held::Any
                }
            }
            (Held::Known(Value::List(items)), Held::Known(Value::Int(from))) => {
                Held::of(items.iter().skip(*from as usize).cloned().collect())
            }
            (Held::Known(Value::List(items)), _) => Held::of(items.to_vec()),
            (Held::Known(Value::None), _) => return,
            (Held::Known(Value::Object(object)), _) => {
                let code = if object.kind == ObjectKind::Queue { OpCode::QueueNext } else { OpCode::PipeNext };
                self.deed(code, On::Object(object.id, None), true);
                Held::Any
            }
            (Held::Known(Value::Result(result)), _) => {
                self.deed(OpCode::ResultNext, On::Object(result.0, None), true);
                Held::Any
            }
            (Held::Known(Value::Int(_)), _) => Held::Any,
            _ => {
                for code in [OpCode::QueueNext, OpCode::PipeNext, OpCode::ResultNext] {
                    self.deed(code, On::Any, true);
                }
                Held::Any
            }
        };
        place.set(dst, held);
        self.reach(number, u32::from(target), &place);
    }

    fn call(&mut self, task: u32, base: Reg, place: &Place) {
        let Some(task) = self.image.program.tasks.get(task as usize) else { return };
        let args = (0..task.params.len()).map(|at| place.get(base + at as Reg).clone()).collect();
        self.enter(task.body.0, args, &place.acquired);
    }

    fn call_with_anything(&mut self, task: u32) {
        let Some(task) = self.image.program.tasks.get(task as usize) else { return };
        self.enter(task.body.0, vec![Held::Any; task.params.len()], &[]);
    }

    /// Bodies that objects run: the action of a barrier, what is done once.
    fn bodies_of(&mut self, code: OpCode) {
        let kind = match code {
            OpCode::BarrierWait => ObjectKind::Barrier,
            OpCode::OnceRun => ObjectKind::Once,
            _ => return,
        };
        let bodies: Vec<u32> = self
            .image
            .program
            .objects
            .iter()
            .filter(|spec| spec.kind == kind)
            .filter_map(|spec| spec.body.map(|body| body.0))
            .collect();
        bodies.into_iter().for_each(|body| self.enter(body, Vec::new(), &[]));
        let then = if kind == ObjectKind::Barrier { OpCode::BarrierActed } else { OpCode::OnceRan };
        self.deed(then, On::Any, true);
    }

    /// An operation on whatever a register may hold.
    fn on_held(&mut self, code: OpCode, held: &Held, cell: Option<i64>, plain: bool, place: &mut Place) {
        self.bodies_of(code);
        let Some(values) = held.values() else { return self.deed(code, On::Any, plain) };
        let is_sure = values.len() == 1;
        for value in values {
            let on = match value {
                Value::Object(object) => On::Object(object.id, cell),
                Value::Result(result) => On::Object(result.0, None),
                Value::Actor(actor) => On::Actor(actor.0),
                _ => continue,
            };
            let mut guarded = false;
            if let On::Object(id, _) = on {
                guarded = is_sure && place.acquired.contains(&id);
                match code {
                    OpCode::LockAcquire if is_sure && plain => place.acquired.push(id),
                    // It may be another name of one that was acquired.
                    OpCode::LockRelease if !place.acquired.contains(&id) => place.acquired.clear(),
                    OpCode::LockRelease => place.acquired.retain(|one| *one != id),
                    _ => {}
                }
            }
            self.future.deeds.push(Deed { code, on, guarded, plain });
        }
    }

    /// A method that a handle may have, on nobody knows which.
    fn called_on_any(&mut self, name: &str) {
        for code in codes_named(name) {
            self.bodies_of(code);
            self.deed(code, On::Any, false);
        }
    }

    fn operate(&mut self, code: &Code, instr: Instr, place: &mut Place) {
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
                        (Held::Known(root), Some(path)) => {
                            value::get_path(root, &path).map_or(Held::Any, |found| found_in(found))
                        }
                        (Held::Known(Value::List(items)), None) if spec.path == 1 => Held::of(items.to_vec()),
                        (Held::Among(values), Some(path)) if path.is_empty() => Held::Among(values.clone()),
                        _ => Held::Any,
                    };
                    let first = base + spec.path;
                    let args = spec.names.is_empty().then(|| place.row(first, spec.count as usize)).flatten();
                    self.method(&held, &spec.name, args.as_deref(), place);
                    let is_handle = held.known().is_some_and(|value| super::invoke::target(value).is_some());
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

    fn with(&mut self, held: &Held, enters: bool, place: &mut Place) {
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
            let one = if values.len() == 1 { Held::Known(value.clone()) } else { held.clone() };
            match one {
                Held::Known(_) => self.on_held(code, &one, None, true, place),
                _ => self.deed(code, On::Object(object.id, None), true),
            }
        }
        if !enters && values.len() > 1 {
            place.acquired.clear();
        }
    }

    /// A method: an operation where it is called on a handle.
    fn method(&mut self, held: &Held, name: &str, args: Option<&[Value]>, place: &mut Place) {
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
                let plain = fixed_waits && args.is_some_and(|args| is_plain_call(found.op, args));
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
    fn start(&mut self, base: Reg, place: &Place) {
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

    fn compute(&mut self, code: &Code, instr: Instr, place: &mut Place) {
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
                            .map(|at| value::get(&Value::List(Arc::clone(items)), at).ok().cloned())
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
                let found =
                    place.known(root).zip(path).and_then(|(root, path)| super::visible::get_place(root, &path).ok());
                place.set(dst, held(found));
            }
            Instr::Field { dst, src, name } => {
                let name = code.literals.get(name as usize).cloned().unwrap_or_default();
                let found: Option<Vec<Value>> = place
                    .get(src)
                    .values()
                    .and_then(|values| values.iter().map(|value| super::visible::field(value, &name).ok()).collect());
                place.set(dst, found.map_or(Held::Any, Held::of));
            }
            Instr::IterStart { base, src } => {
                let started = place.known(src).and_then(|value| super::iterate::start(value).ok());
                let (over, next) =
                    started.map_or((Held::Any, Held::Any), |(over, next)| (Held::Known(over), Held::Known(next)));
                place.set(base, over);
                place.set(base + 1, next);
            }
            Instr::Unpack { src, base, count } => {
                let items = match place.known(src) {
                    Some(Value::List(items)) if items.len() == count as usize => Some(Arc::clone(items)),
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
            Instr::Caught { dst, .. } | Instr::Flatten { dst, .. } | Instr::Repeat { dst, .. } => {
                place.set(dst, Held::Any)
            }
            Instr::Set { dst, base, .. }
            | Instr::Map { dst, base, .. }
            | Instr::Slice { dst, base, .. }
            | Instr::Text { dst, base, .. }
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

fn found_in(found: Value) -> Held {
    Held::Known(found)
}

fn on_value(value: &Value) -> On {
    super::invoke::target(value).map_or(On::Nothing, on)
}

fn truth(value: Option<&Value>) -> Option<bool> {
    match value {
        Some(Value::Bool(truth)) => Some(*truth),
        _ => None,
    }
}

fn compared(test: Test, a: Option<&Value>, b: Option<&Value>) -> Option<bool> {
    match (a, b) {
        (Some(Value::Int(a)), Some(Value::Int(b))) => Some(test.ints(*a, *b)),
        _ => None,
    }
}

/// The first index of a path, where it is known.
fn first_of(place: &Place, base: Reg, count: u16) -> Option<i64> {
    match place.known(base).filter(|_| count > 0) {
        Some(Value::Int(at)) if *at >= 0 => Some(*at),
        _ => None,
    }
}

/// Whether an operation with these arguments waits for as long as it takes.
pub(crate) fn is_plain(code: OpCode, args: Option<&[Value]>) -> bool {
    let Some(args) = args else { return false };
    let (block, timeout) = match code {
        OpCode::QueuePut => (args.get(1), args.get(2)),
        OpCode::QueueGet | OpCode::LockAcquire | OpCode::RwAcquire | OpCode::SemaphoreAcquire => {
            (args.first(), args.get(1))
        }
        OpCode::PipePoll
        | OpCode::ConditionWait
        | OpCode::EventWait
        | OpCode::BarrierWait
        | OpCode::LatchWait
        | OpCode::Join
        | OpCode::ResultGet
        | OpCode::ResultWait
        | OpCode::ResultNext => (None, args.first()),
        _ => (None, None),
    };
    !matches!(block, Some(Value::Bool(false))) && matches!(timeout, None | Some(Value::None))
}

/// The same for the arguments of a call, without the defaults.
fn is_plain_call(code: OpCode, args: &[Value]) -> bool {
    is_plain(code, Some(args))
}

/// Every operation that a method of this name may be.
fn codes_named(name: &str) -> Vec<OpCode> {
    use crate::value::ObjectKind as Kind;
    let kinds = [
        Kind::Queue,
        Kind::PipeEnd,
        Kind::Lock,
        Kind::Rwlock,
        Kind::Condition,
        Kind::Semaphore,
        Kind::Event,
        Kind::Barrier,
        Kind::Latch,
        Kind::Once,
        Kind::Atomic,
        Kind::Pool,
    ];
    let receivers = kinds.into_iter().map(Receiver::Object).chain([Receiver::Actor, Receiver::Result]);
    let mut codes: Vec<OpCode> =
        receivers.filter_map(|receiver| signature(receiver, name)).map(|found| found.op).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}
