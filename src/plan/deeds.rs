//! What each instruction of a code may do to objects, and which bodies it may have run.
//!
//! Answers for: never leaving out what an instruction may do; what cannot happen may be in it. Never follows an
//! instruction to the next (that is `reach`).

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::handles::{Held, Known, Registers, registers};
use crate::program::op::OpCode;
use crate::program::signature::{POOL_SUBMITS, Receiver, signature};
use crate::program::{Code, CodeId, Instr, Program};
use crate::value::ObjectKind;

/// An operation on something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Deed {
    /// The declaration of the object; none of a handle that came as a value.
    pub(super) decl: Option<u32>,
    pub(super) op: OpCode,
}

/// What an instruction may do.
#[derive(Clone, Debug, Default)]
pub(super) struct Doing {
    pub(super) deeds: Vec<Deed>,
    /// What it has run in the same actor.
    pub(super) runs: Vec<Run>,
    /// What it acquires, where it waits until it has it and it can be nothing else.
    pub(super) acquires: Option<u32>,
}

/// A body that an instruction has run, or begun by another actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    Code(CodeId),
    /// Any task that is ever a value.
    AnyTask,
    /// Of a worker: whatever its pool is handed.
    Handed,
    /// An actor of any template.
    AnyTemplate,
}

/// What a code does.
#[derive(Debug, Default)]
pub(super) struct Doings {
    /// By instruction; none of those that nothing leads to.
    pub(super) by_instr: Vec<Option<Doing>>,
    /// The declarations whose handles it gives away, so that they may be anywhere.
    pub(super) given_away: BTreeSet<u32>,
    /// The declarations of locks that it releases but at the end of a `with`; none of a lock that came as a value.
    pub(super) released: BTreeSet<Option<u32>>,
}

/// Every name of a method, as operations: of handles of which nobody knows what they are of.
fn called(name: &str) -> impl Iterator<Item = OpCode> {
    const KINDS: &[ObjectKind] = &[
        ObjectKind::Queue,
        ObjectKind::PipeEnd,
        ObjectKind::Lock,
        ObjectKind::Rwlock,
        ObjectKind::Condition,
        ObjectKind::Semaphore,
        ObjectKind::Event,
        ObjectKind::Barrier,
        ObjectKind::Latch,
        ObjectKind::Once,
        ObjectKind::Atomic,
        ObjectKind::Pool,
    ];
    let receivers = KINDS.iter().map(|kind| Receiver::Object(*kind)).chain([Receiver::Actor, Receiver::Result]);
    let found: FxHashSet<OpCode> =
        receivers.filter_map(|receiver| signature(receiver, name)).map(|found| found.op).chain(submits(name)).collect();
    found.into_iter()
}

fn submits(name: &str) -> Option<OpCode> {
    POOL_SUBMITS.iter().find(|(known, ..)| *known == name).map(|(_, _, op)| *op)
}

/// Reads a code. `worker_of` is the pool whose worker runs it, or the thread with its callbacks.
pub(super) fn doings(program: &Program, code: &Code, worker_of: Option<u32>) -> Doings {
    let before = registers(program, code);
    let mut reader = Reader { program, code, worker_of, given_away: BTreeSet::new(), released: BTreeSet::new() };
    // What the cases of a `select` do is done by the `select` itself.
    let mut cases: Vec<(u16, Doing)> = Vec::new();
    for (instr, registers) in code.instrs.iter().zip(&before) {
        if let (Instr::SelectCase { list, base, call }, Some(registers)) = (*instr, registers) {
            let mut doing = Doing::default();
            reader.method(registers.get(base), call, &mut doing);
            cases.push((list, doing));
        }
    }
    let doing = |(instr, registers): (&Instr, &Option<Registers>)| {
        let mut doing = reader.instr(*instr, registers.as_ref()?);
        if let Instr::Select { base } = instr {
            for (_, case) in cases.iter().filter(|(list, _)| list == base) {
                doing.deeds.extend(&case.deeds);
                doing.runs.extend(&case.runs);
            }
        }
        Some(doing)
    };
    let by_instr = code.instrs.iter().zip(&before).map(doing).collect();
    Doings { by_instr, given_away: reader.given_away, released: reader.released }
}

struct Reader<'a> {
    program: &'a Program,
    code: &'a Code,
    worker_of: Option<u32>,
    given_away: BTreeSet<u32>,
    released: BTreeSet<Option<u32>>,
}

impl Reader<'_> {
    fn give_away(&mut self, held: &Held) {
        self.given_away.extend(&held.decls);
    }

    fn instr(&mut self, instr: Instr, registers: &Registers) -> Doing {
        let mut doing = Doing::default();
        let count = |call: u16| self.code.calls.get(usize::from(call)).map_or(0, |spec| spec.count);
        match instr {
            Instr::Op { code, base, count, .. } => self.alone(code, (base, count), registers, &mut doing),
            Instr::OpOn { code, base, count, .. } => {
                let receiver = registers.get(base);
                self.give_away(&registers.row(base.saturating_add(1), count));
                if matches!(code, OpCode::LockAcquire | OpCode::SemaphoreAcquire) {
                    let waits = registers.get(base.saturating_add(1)).known == Some(Known::True)
                        && registers.get(base.saturating_add(2)).known == Some(Known::None);
                    doing.acquires = self.only(&receiver).filter(|_| waits);
                }
                // Who has waited in a condition has its lock again before it goes on.
                if code == OpCode::ConditionWait {
                    doing.acquires = self.only(&receiver);
                }
                self.operate(&receiver, code, &mut doing);
            }
            Instr::WithEnter { src, .. } => {
                let receiver = registers.get(src);
                doing.acquires = self.only(&receiver);
                self.guard(&receiver, true, &mut doing);
            }
            Instr::WithLeave { src, .. } => self.guard(&registers.get(src), false, &mut doing),
            Instr::CellRead { base, .. } => self.operate(&registers.get(base), OpCode::CellRead, &mut doing),
            Instr::CellWrite { base, count } => {
                self.give_away(&registers.get(base.saturating_add(1).saturating_add(count)));
                self.operate(&registers.get(base), OpCode::CellWrite, &mut doing);
            }
            Instr::CellMethod { base, call, .. } => {
                let Some(spec) = self.code.calls.get(usize::from(call)) else { return doing };
                self.give_away(&registers.row(base.saturating_add(1).saturating_add(spec.path), spec.count));
                self.operate(&registers.get(base), OpCode::CellMethod, &mut doing);
                // The variable may hold a handle.
                self.method(Held::any(), call, &mut doing);
            }
            Instr::Method { base, call, .. } => {
                self.give_away(&registers.row(base.saturating_add(1), count(call)));
                self.method(registers.get(base), call, &mut doing);
            }
            Instr::MethodOn { base, call, .. } => {
                let Some(spec) = self.code.calls.get(usize::from(call)) else { return doing };
                let receiver = registers.get(spec.root);
                if receiver.holds() {
                    self.give_away(&registers.row(base.saturating_add(spec.path), spec.count));
                }
                self.method(receiver, call, &mut doing);
            }
            Instr::IterNext { base, .. } => {
                let over = registers.get(base);
                if over.any {
                    let nexts = [OpCode::QueueNext, OpCode::PipeNext, OpCode::ResultNext];
                    doing.deeds.extend(nexts.map(|op| Deed { decl: None, op }));
                }
                for decl in over.decls {
                    match self.kind(decl) {
                        Some(ObjectKind::Queue) => doing.deeds.push(Deed { decl: Some(decl), op: OpCode::QueueNext }),
                        Some(ObjectKind::PipeEnd) => doing.deeds.push(Deed { decl: Some(decl), op: OpCode::PipeNext }),
                        _ => {}
                    }
                }
            }
            Instr::CallTask { base, task, .. } => {
                let Some(task) = self.program.tasks.get(usize::from(task)) else { return doing };
                self.give_away(&registers.row(base, task.params.len() as u16));
                doing.runs.push(Run::Code(task.body));
            }
            Instr::CallValue { base, call, .. } => {
                self.give_away(&registers.row(base, count(call).saturating_add(1)));
                doing.runs.push(Run::AnyTask);
            }
            Instr::CallList { base, task, .. } => {
                self.give_away(&registers.get(base));
                self.give_away(&registers.get(task));
                doing.runs.push(if self.worker_of.is_some() { Run::Handed } else { Run::AnyTask });
            }
            Instr::Return { src } => self.give_away(&registers.get(src)),
            Instr::SelectCase { base, call, .. } => {
                self.give_away(&registers.row(base.saturating_add(1), count(call)));
            }
            _ => {}
        }
        doing
    }

    /// An operation on nothing in particular.
    fn alone(&mut self, op: OpCode, (base, count): (u16, u16), registers: &Registers, doing: &mut Doing) {
        let number = match registers.get(base).known {
            Some(Known::Int(number)) => usize::try_from(number).ok(),
            _ => None,
        };
        match op {
            OpCode::Start => {
                let template = number.and_then(|template| self.program.templates.get(template));
                doing.runs.push(template.map_or(Run::AnyTemplate, |template| Run::Code(template.body)));
            }
            OpCode::Create => {
                let spec = number.and_then(|decl| self.program.objects.get(decl));
                let Some(spec) = spec else { return self.give_away(&registers.row(base, count)) };
                if spec.kind == ObjectKind::Pool {
                    doing.runs.extend(spec.body.into_iter().chain(spec.callbacks).map(Run::Code));
                }
                // The lock of a condition goes nowhere.
                if spec.kind == ObjectKind::Condition {
                    return;
                }
            }
            OpCode::PoolTake | OpCode::PoolDone | OpCode::PoolCall | OpCode::PoolCalled => {
                doing.deeds.push(Deed { decl: self.worker_of, op });
            }
            _ => {}
        }
        self.give_away(&registers.row(base, count));
    }

    fn kind(&self, decl: u32) -> Option<ObjectKind> {
        self.program.objects.get(decl as usize).map(|spec| spec.kind)
    }

    /// The one object that it can only be.
    fn only(&self, held: &Held) -> Option<u32> {
        let decl = *held.decls.first()?;
        let is_one = self.program.objects.get(decl as usize).is_some_and(|spec| !spec.is_array);
        (is_one && !held.any && held.decls.len() == 1).then_some(decl)
    }

    fn operate(&mut self, receiver: &Held, op: OpCode, doing: &mut Doing) {
        doing.deeds.extend(receiver.decls.iter().map(|decl| Deed { decl: Some(*decl), op }));
        if op == OpCode::LockRelease {
            self.released.extend(receiver.decls.iter().map(|decl| Some(*decl)));
            self.released.extend(receiver.any.then_some(None));
        }
        if receiver.any {
            doing.deeds.push(Deed { decl: None, op });
        }
        // The action of a barrier is run by who waits there, the body of a `once` by who runs it.
        if matches!(op, OpCode::BarrierWait | OpCode::OnceRun) {
            let bodies = receiver.decls.iter().filter_map(|decl| self.program.objects.get(*decl as usize)?.body);
            doing.runs.extend(bodies.map(Run::Code));
        }
    }

    /// `with`: its begin, or its end.
    fn guard(&mut self, receiver: &Held, enters: bool, doing: &mut Doing) {
        let both = |enter, leave| if enters { enter } else { leave };
        let lock = both(OpCode::LockAcquire, OpCode::LockRelease);
        let semaphore = both(OpCode::SemaphoreAcquire, OpCode::SemaphoreRelease);
        let rwlock = both(OpCode::RwAcquire, OpCode::RwRelease);
        for decl in &receiver.decls {
            let op = match self.kind(*decl) {
                Some(ObjectKind::Semaphore | ObjectKind::BoundedSemaphore) => semaphore,
                Some(ObjectKind::Rwlock) => rwlock,
                _ => lock,
            };
            doing.deeds.push(Deed { decl: Some(*decl), op });
        }
        if receiver.any {
            doing.deeds.extend([lock, semaphore, rwlock].map(|op| Deed { decl: None, op }));
        }
    }

    /// A method that is looked up by its name while running.
    fn method(&mut self, receiver: Held, call: u16, doing: &mut Doing) {
        let Some(spec) = self.code.calls.get(usize::from(call)) else { return };
        let name = &*spec.name;
        if receiver.any {
            for op in called(name) {
                doing.deeds.push(Deed { decl: None, op });
                self.released.extend((op == OpCode::LockRelease).then_some(None));
            }
        }
        for decl in &receiver.decls {
            let Some(kind) = self.kind(*decl) else { continue };
            let op = match signature(Receiver::Object(kind), name) {
                Some(found) => Some(found.op),
                None if kind == ObjectKind::Pool => submits(name),
                None => None,
            };
            match op {
                Some(op) => self.operate(&Held { decls: BTreeSet::from([*decl]), ..Held::default() }, op, doing),
                // What a variable holds may be a handle.
                None if matches!(kind, ObjectKind::Shared | ObjectKind::Atomic) => {
                    doing.deeds.push(Deed { decl: Some(*decl), op: OpCode::CellMethod });
                    self.method(Held::any(), call, doing);
                }
                None => {}
            }
        }
    }
}
