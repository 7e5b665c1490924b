//! The one interpreter: runs local instructions and stops at each visible operation.
//!
//! Answers for: all local computing. Never performs a visible operation, reads a clock or draws a random number.

mod calls;

mod exec;

mod names;

use std::sync::Arc;

use crate::program::op::{Op, OpCode, Outcome, Target};
use crate::program::{CodeId, Image};
use crate::value::{Error, ErrorKind, Value};

/// Calls within calls that an actor may have open.
const FRAMES_MAX: usize = 10_000;
/// Registers that an actor may have in use.
const REGISTERS_MAX: usize = 4_000_000;

/// One actor's computing: frames and registers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Vm {
    image: Arc<Image>,
    /// The handles of the objects of the process, by slot.
    privates: Arc<Vec<Value>>,
    /// The actor's name, for errors.
    name: Arc<str>,
    registers: Vec<Value>,
    frames: Vec<Frame>,
    pending: Pending,
    /// The register of a result that is to be got before anything else.
    getting: Option<u16>,
}

/// A body that is being run.
#[derive(Clone, Debug)]
struct Frame {
    code: u32,
    /// The next instruction.
    pc: u32,
    /// Where its registers begin.
    base: usize,
    /// Where its value goes, in the registers of the frame below.
    dst: u16,
    /// The operation that follows its end: a barrier's action, a `once`.
    then: Option<(OpCode, Target)>,
}

/// What is to be done with what an operation gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pending {
    /// Nothing: no operation is under way.
    Idle,
    /// It goes into a register.
    Register(u16),
    /// It is not wanted.
    Ignored,
    /// `[true, item]` is the next turn of a loop; `[false, none]` its end.
    Turn { item: u16, end: u32 },
    /// It is the result of a task, which is to be got.
    ResultOf(u16),
}

/// Why the VM stopped.
#[derive(Debug)]
pub enum Stop {
    /// At a visible operation; go on with [`Vm::resume`].
    Op(Op),
    /// The body returned a value.
    Returned(Value),
    /// The body ended with an error (or `exit`: [`ErrorKind::Exit`]) that nobody caught.
    Raised(Arc<Error>),
    /// The budget of instructions is used up; go on with [`Vm::run`].
    Budget,
}

impl Vm {
    /// An actor about to run a code with its arguments. `privates` are the handles of the objects of the process it
    /// belongs to (by [`crate::program::ObjectSpec::slot`]), `name` is the actor's, for errors.
    pub fn new(image: Arc<Image>, code: CodeId, args: Vec<Value>, privates: Arc<Vec<Value>>, name: Arc<str>) -> Vm {
        let mut vm = Vm {
            image,
            privates,
            name,
            registers: Vec::new(),
            frames: Vec::new(),
            pending: Pending::Idle,
            getting: None,
        };
        vm.enter(code, args, 0, None);
        vm
    }

    /// Runs local instructions, at most `budget` of them, up to the next visible operation or the end.
    pub fn run(&mut self, budget: u64) -> Stop {
        exec::run(self, budget)
    }

    /// Says what became of the operation at which it stopped; [`Vm::run`] goes on from there.
    pub fn resume(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Value(value) => self.take(value),
            Outcome::Raise(error) => {
                self.pending = Pending::Idle;
                // An error that nobody catches is seen at the next run.
                self.raise(error);
            }
            Outcome::Call { code, then } => self.call_first(CodeId(code), then),
        }
    }

    /// The handles of the objects created so far in the bodies of this process, for the threads it starts.
    pub fn privates(&self) -> Arc<Vec<Value>> {
        Arc::clone(&self.privates)
    }

    /// Puts what an operation gave where it belongs.
    fn take(&mut self, value: Value) {
        match std::mem::replace(&mut self.pending, Pending::Idle) {
            Pending::Idle | Pending::Ignored => {}
            Pending::Register(dst) => self.set(dst, value),
            Pending::ResultOf(dst) => {
                // `apply` is `apply_async(…).get()`: the second operation follows at once.
                self.set(dst, value);
                self.getting = Some(dst);
            }
            Pending::Turn { item, end } => match value {
                Value::List(turn) if matches!(turn.first(), Some(Value::Bool(true))) => {
                    let next = turn.get(1).cloned().unwrap_or_default();
                    self.set(item, next);
                }
                _ => {
                    if let Some(frame) = self.frames.last_mut() {
                        frame.pc = end;
                    }
                }
            },
        }
    }

    fn set(&mut self, dst: u16, value: Value) {
        let base = self.frames.last().map_or(0, |frame| frame.base);
        if let Some(register) = self.registers.get_mut(base + dst as usize) {
            *register = value;
        }
    }

    /// Runs a body before the operation that is under way goes on.
    fn call_first(&mut self, code: CodeId, then: OpCode) {
        let dst = match self.pending {
            Pending::Register(dst) => dst,
            _ => 0,
        };
        let target = self.last_target();
        self.enter(code, Vec::new(), dst, Some((then, target)));
    }

    /// What the operation that is under way is performed on: the handle before its arguments.
    fn last_target(&self) -> Target {
        let Some(frame) = self.frames.last() else { return Target::None };
        let code = self.image.program.codes.get(frame.code as usize);
        let instr = code.and_then(|code| code.instrs.get((frame.pc as usize).checked_sub(1)?));
        let register = match instr {
            Some(crate::program::instr::Instr::OpOn { base, .. }) => *base,
            Some(crate::program::instr::Instr::Method { receiver, .. }) => *receiver,
            _ => return Target::None,
        };
        self.registers.get(frame.base + register as usize).map_or(Target::None, calls::target_of)
    }

    /// Opens a frame.
    fn enter(&mut self, code: CodeId, args: Vec<Value>, dst: u16, then: Option<(OpCode, Target)>) {
        let base = self.registers.len();
        let registers = self.image.program.code(code).map_or(1, |code| code.registers as usize);
        self.registers.extend(args);
        self.registers.resize(base + registers.max(1), Value::None);
        self.frames.push(Frame { code: code.0, pc: 0, base, dst, then });
    }

    /// Sends an error to whoever catches it. Without one the frames are gone, and the error stands alone.
    fn raise(&mut self, mut error: Error) {
        if error.span == crate::source::Span::default() {
            error.span = self.here();
        }
        if error.actor.is_empty() {
            error.actor = Arc::clone(&self.name);
        }
        self.unwind(Arc::new(error));
    }

    fn here(&self) -> crate::source::Span {
        let site = self.site();
        self.image.program.span_of(site).unwrap_or_default()
    }

    /// The instruction that is being run.
    fn site(&self) -> crate::program::op::Site {
        let frame = self.frames.last();
        frame.map_or_else(Default::default, |frame| crate::program::op::Site {
            code: frame.code,
            pc: frame.pc.saturating_sub(1),
        })
    }

    fn unwind(&mut self, error: Arc<Error>) {
        while let Some(frame) = self.frames.last_mut() {
            let at = frame.pc.saturating_sub(1);
            let handlers = self.image.program.codes.get(frame.code as usize).map(|code| code.handlers.as_slice());
            let found = handlers.unwrap_or_default().iter().find(|handler| (handler.start..handler.end).contains(&at));
            if let Some(handler) = found {
                frame.pc = handler.target;
                let register = frame.base + handler.error as usize;
                if let Some(register) = self.registers.get_mut(register) {
                    *register = Value::Error(error);
                }
                return;
            }
            let base = frame.base;
            let then = frame.then;
            self.frames.pop();
            self.registers.truncate(base);
            if let Some((op, target)) = then {
                self.after_body(op, target, Value::Error(error));
                return;
            }
        }
        self.registers.clear();
        self.registers.push(Value::Error(error));
    }

    /// The operation that follows a body is the next thing to be done: noted in a register of the frame below.
    fn after_body(&mut self, op: OpCode, target: Target, error: Value) {
        self.pending = Pending::Idle;
        self.frames.push(Frame { code: u32::MAX, pc: 0, base: self.registers.len(), dst: 0, then: Some((op, target)) });
        self.registers.push(error);
    }

    fn too_deep(&self) -> bool {
        self.frames.len() >= FRAMES_MAX || self.registers.len() >= REGISTERS_MAX
    }
}

/// The error of a recursion that goes too deep.
fn recursion_error() -> Error {
    Error::new(ErrorKind::RecursionError, "calls within calls go too deep")
}
