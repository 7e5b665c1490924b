//! The one interpreter: runs local instructions and stops at each visible operation.
//!
//! Answers for: all local computing. Never performs a visible operation, reads a clock or draws a random number.

mod context;
mod exec;
mod future;
mod general;
mod invoke;
mod iterate;
mod joining;
mod operate;
mod registers;
mod shortcut;
mod slow;
mod visible;

pub use context::SharedNames;
pub use future::{Deed, Future, On};
pub(crate) use future::{is_plain, on};
pub use joining::Joining;
pub use shortcut::{Shortcut, Standing};

use std::sync::Arc;

use context::Context;
use exec::{Exit, Machine, exec};
use joining::{SAID, said};
use registers::{Registers, WINDOW};
use shortcut::Never;

use crate::program::op::{Args, Op, OpCode, Outcome, Site, Target};
use crate::program::{CallSpec, Code, CodeId, Image, Instr};
use crate::source::Span;
use crate::value::{Error, ErrorKind, Ids, ObjectKind, Own, Shared, Value, encode_with};

/// How many frames there can be.
const FRAMES_MAX: usize = 10_000;
/// How many registers all frames together can have.
const REGISTERS_MAX: usize = 4 << 20;

/// One actor's computing: frames and registers. Cheap to clone.
#[derive(Debug)]
pub struct Vm {
    /// The program, for the loop that runs it.
    image: Option<Arc<Image>>,
    context: Context,
    frames: Vec<Frame>,
    regs: Vec<Value>,
    name: Arc<str>,
    /// What the operation at which it stopped is performed on.
    waiting: Option<Target>,
    /// What the world raised.
    raised: Option<Box<Error>>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    code: u32,
    pc: u32,
    base: u32,
    /// One past its registers.
    end: u32,
    then: Then,
}

/// What follows the end of a frame.
#[derive(Clone, Copy, Debug)]
enum Then {
    /// The end of the body.
    End,
    /// The caller goes on, with the value in a register.
    Give(u16),
    /// An operation, with the error or none as its argument.
    Perform(OpCode, Target),
}

/// Why the VM stopped.
#[derive(Debug)]
pub enum Stop {
    /// At a visible operation; go on with [`Vm::resume`].
    Op(Box<Op>),
    /// The body returned a value.
    Returned(Value),
    /// The body ended with an error (or `exit`: [`crate::value::ErrorKind::Exit`]) that nobody caught.
    Raised(Shared<Error>),
    /// The budget of instructions is used up; go on with [`Vm::run`].
    Budget,
}

impl Vm {
    /// An actor about to run a code with its arguments. `privates` are the handles of the objects of the process it
    /// belongs to (by [`crate::program::ObjectSpec::slot`]), `name` is the actor's, for errors.
    pub fn new(image: Arc<Image>, code: CodeId, args: Vec<Value>, privates: Arc<Vec<Value>>, name: Arc<str>) -> Vm {
        let mut context = Context::new(Arc::clone(&image), privates);
        args.iter().for_each(|arg| context.admit(arg));
        let mut regs = args;
        let found = context.image.program.codes.get(code.0 as usize);
        regs.resize(found.map_or(0, |code| code.registers as usize), Value::None);
        let end = regs.len() as u32;
        let frames = vec![Frame { code: code.0, pc: 0, base: 0, end, then: Then::End }];
        Vm { image: Some(image), context, frames, regs, name, waiting: None, raised: None }
    }

    /// The same, printing handles by these names.
    pub fn with_names(mut self, names: SharedNames) -> Vm {
        self.context.names = Some(names);
        self
    }

    /// Runs local instructions, at most `budget` of them, up to the next visible operation or the end.
    pub fn run(&mut self, budget: u64) -> Stop {
        self.run_with::<[Value]>(budget, &mut Never)
    }

    /// The same in a world that performs some operations at once.
    pub fn run_in(&mut self, budget: u64, world: &mut impl Shortcut) -> Stop {
        self.run_with::<[Value; WINDOW]>(budget, world)
    }

    fn run_with<R: Registers + ?Sized>(&mut self, budget: u64, world: &mut impl Shortcut) -> Stop {
        let mut budget = budget;
        if let Some(op) = self.context.op.take() {
            return self.stop(op);
        }
        // Moved out and back in, so that it can be read while the rest is changed.
        let image = std::mem::take(&mut self.image);
        let codes = image.as_ref().map_or(&[][..], |image| image.program.codes.as_slice());
        let stop = self.run_codes::<R>(codes, &mut budget, world);
        self.image = image;
        stop
    }

    fn run_codes<R: Registers + ?Sized>(
        &mut self,
        codes: &[Code],
        budget: &mut u64,
        world: &mut impl Shortcut,
    ) -> Stop {
        if let Some(error) = self.raised.take()
            && let Some(stop) = self.unwind(*error, codes)
        {
            return stop;
        }
        while let Some(&Frame { base, end, .. }) = self.frames.last() {
            let mut machine = Machine { frames: &mut self.frames, regs: &mut self.regs };
            let exit = if end - base <= u32::from(R::MOST) {
                R::make_room(machine.regs, base, end);
                exec::<R>(&mut machine, codes, &mut self.context, budget, world)
            } else {
                exec::<[Value]>(&mut machine, codes, &mut self.context, budget, world)
            };
            let stop = match exit {
                Exit::Call { code, base, dst } => self.call(code, base, dst, budget, codes),
                Exit::Return(value) => self.finish(value),
                Exit::Raise(error) => self.unwind(*error, codes),
                Exit::Operation => self.context.op.take().map(|op| self.stop(op)),
                Exit::Budget => Some(Stop::Budget),
                Exit::Recount => match self.context.recount(&self.regs) {
                    Ok(()) => None,
                    Err(error) => self.unwind(error, codes),
                },
            };
            if let Some(stop) = stop {
                return stop;
            }
        }
        Stop::Returned(Value::None)
    }

    /// Says what became of the operation at which it stopped; [`Vm::run`] goes on from there.
    pub fn resume(&mut self, outcome: Outcome) {
        let Some(target) = self.waiting.take() else { return };
        match outcome {
            Outcome::Value(value) if self.has_read_to_call(target) => self.call_held(value),
            Outcome::Value(value) => self.accept(value),
            Outcome::Handle(handle) => self.call_held(handle),
            Outcome::Raise(error) => {
                self.forget_kept();
                self.fail(error);
            }
            Outcome::Call { code, then } => {
                let image = Arc::clone(&self.context.image);
                let Some(body) = image.program.codes.get(code as usize) else { return };
                let base = self.end();
                if self.push(code, base, Then::Perform(then, target), body).is_none() {
                    // The body fails before it begins: what follows it is told.
                    let (mut error, site) = (too_deep(), self.site());
                    (error.actor, error.span) = (Arc::clone(&self.name), self.span(&image.program.codes));
                    let args = Args::from_values([Value::Error(Shared::new(error))]);
                    self.context.op = Some(Box::new(Op { code: then, target, args, site, cases: Vec::new() }));
                }
            }
        }
    }

    /// Gives an operation back that was performed, so that the next one needs no room of its own.
    #[inline]
    pub fn keep(&mut self, op: Box<Op>) {
        self.context.keep(op);
    }

    /// The handles of the objects created so far in the bodies of this process, for the threads it starts.
    pub fn privates(&self) -> Arc<Vec<Value>> {
        Arc::clone(&self.context.privates)
    }

    /// Where it stands: the operation or instruction of the innermost frame.
    pub fn site(&self) -> Site {
        self.frames.last().map_or_else(Site::default, |frame| Site { code: frame.code, pc: frame.pc })
    }

    /// The places of all its frames, that of the outermost first.
    pub fn frames(&self) -> impl Iterator<Item = Site> + '_ {
        self.frames.iter().map(|frame| Site { code: frame.code, pc: frame.pc })
    }

    /// Forgets what is in registers that are not read again: it must not make states differ that do the same.
    pub fn forget_dead(&mut self) {
        for (at, frame) in self.frames.iter().enumerate() {
            let Some(live) = self.context.image.liveness(frame.code) else { continue };
            let end = self.frames.get(at + 1).map_or(frame.end, |callee| callee.base.min(frame.end));
            let registers = self.regs.get_mut(frame.base as usize..end as usize).unwrap_or_default();
            for (_, value) in registers.iter_mut().enumerate().filter(|(at, _)| !live.is_live(frame.pc, *at)) {
                if !matches!(value, Value::None) {
                    *value = Value::None;
                }
            }
        }
    }

    /// Appends bytes that are equal for equal states of computing: what it has yet to do and with which values.
    pub fn fingerprint(&self, out: &mut Vec<u8>) {
        self.fingerprint_with(out, &mut Own);
    }

    /// The same, with other numbers for handles.
    pub fn fingerprint_with(&self, out: &mut Vec<u8>, ids: &mut impl Ids) {
        let number = |out: &mut Vec<u8>, number: usize| out.extend_from_slice(&(number as u32).to_le_bytes());
        number(out, self.frames.len());
        let joining = self.joining().filter(|joining| ids.set(&joining.all, Some(joining.next)));
        for (at, frame) in self.frames.iter().enumerate() {
            // What a caller had above the first register of the frame it called is not read again.
            let end = self.frames.get(at + 1).map_or(frame.end, |callee| callee.base.min(frame.end));
            let registers = self.regs.get(frame.base as usize..end as usize).unwrap_or_default();
            number(out, frame.code as usize);
            number(out, frame.pc as usize);
            number(out, registers.len());
            let joins = self.context.image.joins(frame.code);
            let joining = joining.as_ref().filter(|_| at + 1 == self.frames.len());
            for (register, value) in registers.iter().enumerate() {
                if joining.is_some_and(|joining| joining.is_said_by(register)) {
                    out.push(SAID);
                } else if !joins.is_some_and(|joins| joins.is_set(frame.pc, register) && said(value, out, ids)) {
                    encode_with(value, out, ids);
                }
            }
            if let Then::Perform(code, target) = frame.then {
                number(out, code as usize);
                encode_with(&target_value(target), out, ids);
            }
        }
        let waiting = self.waiting.filter(|_| joining.is_none());
        encode_with(&waiting.map_or(Value::None, target_value), out, ids);
        number(out, self.context.privates.len());
        self.context.privates.iter().for_each(|value| encode_with(value, out, ids));
        if let Some(error) = &self.raised {
            crate::value::encode_error_with(error, out, ids);
        }
    }

    /// One past the registers that are in use.
    fn end(&self) -> u32 {
        self.frames.iter().map(|frame| frame.end).max().unwrap_or(0)
    }

    fn push(&mut self, code: u32, base: u32, then: Then, body: &Code) -> Option<()> {
        let end = base + u32::from(body.registers);
        if self.frames.len() >= FRAMES_MAX || end as usize > REGISTERS_MAX {
            return None;
        }
        if self.regs.len() < end as usize {
            self.regs.resize(end as usize, Value::None);
        }
        self.frames.push(Frame { code, pc: 0, base, end, then });
        Some(())
    }

    fn call(&mut self, code: u32, base: u16, dst: u16, budget: &mut u64, codes: &[Code]) -> Option<Stop> {
        let base = self.frames.last().map_or(0, |frame| frame.base) + u32::from(base);
        let Some(body) = codes.get(code as usize) else {
            return self.unwind(Error::type_error("there is no such task"), codes);
        };
        if self.push(code, base, Then::Give(dst), body).is_none() {
            self.context.spilled.clear();
            return self.unwind(too_deep(), codes);
        }
        if !self.context.spilled.is_empty() {
            for (slot, value) in self.regs.iter_mut().skip(base as usize).zip(self.context.spilled.drain(..)) {
                *slot = value;
            }
        }
        *budget = budget.saturating_sub(1);
        (*budget == 0).then_some(Stop::Budget)
    }

    /// Takes the innermost frame away, and what is in its registers.
    fn pop(&mut self) -> Then {
        let Some(frame) = self.frames.pop() else { return Then::End };
        for value in self.regs.get_mut(frame.base as usize..frame.end as usize).unwrap_or_default() {
            // Small values may stay: whoever uses the register next writes it first.
            if is_shared(value) {
                *value = Value::None;
            }
        }
        frame.then
    }

    /// The end of a frame's body.
    fn finish(&mut self, value: Value) -> Option<Stop> {
        match self.pop() {
            Then::End => Some(Stop::Returned(value)),
            Then::Give(dst) => {
                let frame = self.frames.last_mut()?;
                frame.pc += 1;
                let slot = self.regs.get_mut(frame.base as usize + dst as usize)?;
                *slot = value;
                None
            }
            Then::Perform(code, target) => Some(self.perform(code, target, Value::None)),
        }
    }

    fn perform(&mut self, code: OpCode, target: Target, error: Value) -> Stop {
        self.waiting = Some(target);
        let site = self.site();
        Stop::Op(Box::new(Op { code, target, args: Args::from_values([error]), site, cases: Vec::new() }))
    }

    /// Goes on at the innermost handler, or ends.
    fn unwind(&mut self, mut error: Error, codes: &[Code]) -> Option<Stop> {
        if error.actor.is_empty() {
            error.actor = Arc::clone(&self.name);
            error.span = self.span(codes);
        }
        let error = Shared::new(error);
        loop {
            let frame = self.frames.last_mut()?;
            let code = codes.get(frame.code as usize)?;
            let covers = |start: u16, end: u16| (u32::from(start)..u32::from(end)).contains(&frame.pc);
            if let Some(handler) = code.handlers.iter().find(|handler| covers(handler.start, handler.end)) {
                frame.pc = u32::from(handler.target);
                if let Some(slot) = self.regs.get_mut(frame.base as usize + handler.error as usize) {
                    *slot = Value::Error(error);
                }
                return None;
            }
            match self.pop() {
                Then::End => return Some(Stop::Raised(error)),
                Then::Give(_) => {}
                Then::Perform(code, target) => return Some(self.perform(code, target, Value::Error(error))),
            }
        }
    }

    /// The place of the instruction that is being run.
    fn span(&self, codes: &[Code]) -> Span {
        let frame = self.frames.last();
        let span = frame.and_then(|frame| codes.get(frame.code as usize)?.spans.get(frame.pc as usize));
        span.copied().unwrap_or_default()
    }

    fn stop(&mut self, op: Box<Op>) -> Stop {
        self.waiting = Some(op.target);
        Stop::Op(op)
    }

    /// The call at which it stands: where its value goes, its first register, what it says; whether on a variable.
    fn standing_call(code: &Code, pc: u32) -> Option<(u16, u16, &CallSpec, bool)> {
        let (dst, base, call, of_cell) = match *code.instrs.get(pc as usize)? {
            Instr::CellMethod { dst, base, call } => (dst, base, call, true),
            Instr::Method { dst, base, call } | Instr::MethodOn { dst, base, call } => (dst, base, call, false),
            _ => return None,
        };
        Some((dst, base, code.calls.get(call as usize)?, of_cell))
    }

    /// Whether the operation was a read of a variable whose value a method is to be called on.
    fn has_read_to_call(&self, target: Target) -> bool {
        let (Target::Object(object), Some(frame)) = (target, self.frames.last()) else { return false };
        if !matches!(object.kind, ObjectKind::Shared | ObjectKind::Atomic) {
            return false;
        }
        let code = self.context.image.program.codes.get(frame.code as usize);
        let call = code.and_then(|code| Vm::standing_call(code, frame.pc));
        call.is_some_and(|(_, _, spec, of_cell)| {
            visible::needs_handle(spec) && (of_cell || visible::is_of_what_it_holds(target, spec))
        })
    }

    /// Goes on to the operation of a handle that a variable holds.
    fn call_held(&mut self, held: Value) {
        let image = Arc::clone(&self.context.image);
        let Some(frame) = self.frames.last() else { return };
        let Some(code) = image.program.codes.get(frame.code as usize) else { return };
        let Some((dst, base, spec, _)) = Vm::standing_call(code, frame.pc) else { return };
        let Some(regs) = self.regs.get_mut(frame.base as usize..) else { return };
        self.context.code = frame.code;
        let stopped = visible::invoke_held(regs, (held, spec), (dst, base), frame.pc as usize, &mut self.context);
        self.raised = stopped.err().map(Box::new);
    }

    /// Forgets the arguments that were kept for a handle.
    fn forget_kept(&mut self) {
        let Some(frame) = self.frames.last() else { return };
        let code = self.context.image.program.codes.get(frame.code as usize);
        let Some((_, base, ..)) = code.and_then(|code| Vm::standing_call(code, frame.pc)) else { return };
        let slot = self.regs.get_mut(frame.base as usize + base as usize);
        slot.into_iter().for_each(|kept| *kept = Value::None);
    }

    /// What the operation gave.
    fn accept(&mut self, value: Value) {
        self.context.admit(&value);
        let Some(frame) = self.frames.last_mut() else { return };
        let instrs = self.context.image.program.codes.get(frame.code as usize).map(|code| code.instrs.as_slice());
        let Some(instr) = instrs.and_then(|instrs| instrs.get(frame.pc as usize)) else { return };
        let base = frame.base as usize;
        frame.pc += 1;
        let Some(regs) = self.regs.get_mut(base..) else { return };
        match *instr {
            Instr::Op { dst, .. } | Instr::OpOn { dst, .. } | Instr::CellRead { dst, .. } => regs[dst as usize] = value,
            Instr::Method { dst, base, .. }
            | Instr::MethodOn { dst, base, .. }
            | Instr::CellMethod { dst, base, .. } => {
                // The arguments that were kept for a handle.
                regs.get_mut(base as usize).into_iter().for_each(|kept| *kept = Value::None);
                regs[dst as usize] = value;
            }
            Instr::IterNext { dst, base, target } => match iterate::answered(&regs[base as usize], value) {
                Some(item) => {
                    regs[dst as usize] = item;
                    frame.pc = u32::from(target);
                }
                None => regs[base as usize] = Value::None,
            },
            Instr::Select { base } => {
                let answer = visible::selected(&regs[base as usize], &value);
                for (slot, part) in regs.iter_mut().skip(base as usize).zip(answer) {
                    *slot = part;
                }
            }
            _ => {}
        }
    }

    /// What the operation raised. The end of an `imap` is the end of the loop that goes through it.
    fn fail(&mut self, error: Error) {
        let image = Arc::clone(&self.context.image);
        if let (ErrorKind::Other(kind), Some(frame)) = (&error.kind, self.frames.last_mut())
            && &**kind == "StopIteration"
            && let Some(code) = image.program.codes.get(frame.code as usize)
            && let Some(Instr::IterNext { base, .. }) = code.instrs.get(frame.pc as usize)
        {
            self.regs[frame.base as usize + *base as usize] = Value::None;
            frame.pc += 1;
            return;
        }
        self.raised = Some(Box::new(error));
    }
}

impl Clone for Vm {
    fn clone(&self) -> Vm {
        // Registers that a call once used and nobody uses now are not worth a copy.
        let used = self.regs.get(..self.end() as usize).unwrap_or(&self.regs);
        Vm {
            image: self.image.clone(),
            context: self.context.clone(),
            frames: self.frames.clone(),
            regs: used.to_vec(),
            name: Arc::clone(&self.name),
            waiting: self.waiting,
            raised: self.raised.clone(),
        }
    }
}

/// The handle that a target is.
fn target_value(target: Target) -> Value {
    match target {
        Target::None => Value::None,
        Target::Object(object) => Value::Object(object),
        Target::Actor(actor) => Value::Actor(actor),
        Target::Result(result) => Value::Result(result),
    }
}

/// Whether a value keeps memory that others may share.
#[inline(always)]
fn is_shared(value: &Value) -> bool {
    // All that come last among the kinds of values, so that it is one comparison.
    matches!(value, Value::Str(_) | Value::List(_) | Value::Map(_) | Value::Set(_) | Value::Range(_) | Value::Error(_))
}

#[cold]
fn too_deep() -> Error {
    Error::new(ErrorKind::RecursionError, "tasks call each other too deeply")
}
