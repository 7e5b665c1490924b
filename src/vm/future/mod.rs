//! What a computing could still do: an abstract run from where it stands.
//!
//! Registers hold a known value, one of a few, or anything. Bodies that it calls or starts belong to it; each code is
//! entered once, with whatever its callers give it. A call gives anything, and any instruction may raise.
//!
//! Answers for: that nothing is left out that could happen; what cannot happen may be in it. Never runs anything.

use rustc_hash::FxHashMap;

mod compute;
mod held;
mod operate;

use held::{Held, Place};

use super::{Then, Vm};
use crate::program::instr::{Instr, Reg, Test};
use crate::program::op::{OpCode, Target};
use crate::program::signature::{Receiver, signature};
use crate::program::{Code, Image};
use crate::value::{ObjectKind, Value};

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
    /// Whether the actor has acquired the same object before, on every way to it.
    pub guarded: bool,
    /// Whether the end of a `with` gives back what its beginning took.
    pub gives_back: bool,
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

struct Look<'v> {
    image: &'v Image,
    privates: &'v [Value],
    places: FxHashMap<(u32, u32), Place>,
    left: Vec<(u32, u32)>,
    future: Future,
    looks: usize,
}

/// Where a frame stands in the middle of its body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Before an instruction that it has not begun.
    Computes,
    /// At an operation or a call that becomes no other.
    At,
    /// At an operation on a variable: what it holds may turn out to be what was called.
    AtVariable,
}

impl Standing {
    fn of(target: Target) -> Standing {
        match target {
            Target::Object(object) if matches!(object.kind, ObjectKind::Shared | ObjectKind::Atomic) => {
                Standing::AtVariable
            }
            _ => Standing::At,
        }
    }
}

impl Vm {
    /// What it could still do after the operation at which it stands; it then holds these objects.
    pub fn future(&self, held: &[u32]) -> Future {
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
            let mut regs: Vec<Held> = regs.iter().cloned().map(Held::Known).collect();
            regs.resize((frame.end - frame.base) as usize, Held::Any);
            // What is called may let go of it.
            let acquired = if callee.is_none() { held.to_vec() } else { Vec::new() };
            let place = Place { regs, acquired };
            if let Then::Perform(code, target) = frame.then {
                look.deed(code, on(target), true);
            }
            // The innermost frame stands at its operation, unless it only computes; the others at their calls.
            let at = match callee {
                None => self.waiting.map_or(Standing::Computes, Standing::of),
                Some(_) => Standing::At,
            };
            look.go_on(frame.code, frame.pc, place, at);
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
        self.future.deeds.push(Deed { code, on, guarded: false, gives_back: false, plain });
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
    fn go_on(&mut self, number: u32, pc: u32, mut place: Place, at: Standing) {
        let Some(code) = self.code(number) else { return };
        if at == Standing::Computes {
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
                if let Some(spec) = code.calls.get(call as usize).filter(|_| at == Standing::AtVariable) {
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
            | Instr::CallList { dst, base, .. } => {
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
                place.forget(base);
                place.acquired.clear();
                place.set(dst, Held::Any);
            }
            Instr::CallValue { dst, base, .. } | Instr::CallList { dst, base, .. } => {
                let task = if let Instr::CallList { task, .. } = *instr { task } else { base };
                match place.get(task).values().map(<[Value]>::to_vec) {
                    Some(tasks) => tasks.iter().for_each(|task| {
                        if let Value::Task(task) = task {
                            self.call_with_anything(*task);
                        }
                    }),
                    None => (0..self.image.program.tasks.len() as u32).for_each(|task| self.call_with_anything(task)),
                }
                place.forget(base);
                place.acquired.clear();
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
            self.future.deeds.push(Deed { code, on, guarded, gives_back: false, plain });
        }
    }

    /// A method that a handle may have, on nobody knows which.
    fn called_on_any(&mut self, name: &str) {
        for code in codes_named(name) {
            self.bodies_of(code);
            self.deed(code, On::Any, false);
        }
    }
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

/// Whether an operation with these arguments waits for as long as it takes.
pub(crate) fn is_plain(code: OpCode, args: Option<&[Value]>) -> bool {
    let Some(args) = args else { return false };
    let block = code.block_at().and_then(|at| args.get(at));
    let timeout = code.timeout_at().and_then(|at| args.get(at));
    !matches!(block, Some(Value::Bool(false))) && matches!(timeout, None | Some(Value::None))
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
