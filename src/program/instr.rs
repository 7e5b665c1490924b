//! The instructions: a register machine's, eight bytes each.
//!
//! Answers for: what a body can be made of. Never says when a world is asked (see `vm`) nor how it came about (see
//! `lower`).

use std::sync::Arc;

use super::op::OpCode;
use crate::analysis::Builtin;

/// A register of the frame.
pub type Reg = u16;

/// Binary operators on registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the operator of the same name in `syntax::ast`")]
pub enum Arith {
    Div,
    FloorDiv,
    Rem,
    Pow,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    In,
    NotIn,
}

/// One instruction. `dst` is written, the other registers are read; a run of registers is its first and their number.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the operands are explained by the comment of the instruction")]
pub enum Instr {
    /// A copy of a register.
    Move { dst: Reg, src: Reg },
    /// `none`
    None { dst: Reg },
    /// `true`, `false`
    Bool { dst: Reg, value: bool },
    /// A small integer.
    Int { dst: Reg, value: i32 },
    /// A literal of the body.
    Literal { dst: Reg, index: u16 },
    /// A constant of the scenario.
    Const { dst: Reg, index: u16 },
    /// The handle, or list of handles, of an object at file level.
    Global { dst: Reg, decl: u16 },
    /// The handle of an object of the process.
    Private { dst: Reg, slot: u16 },
    /// Keeps the handle of an object of the process.
    SetPrivate { slot: u16, src: Reg },
    /// The indices of a replicated template.
    Replicas { dst: Reg, template: u16 },
    /// A task as a value.
    Task { dst: Reg, task: u16 },

    /// `+`
    Add { dst: Reg, a: Reg, b: Reg },
    /// `-`
    Sub { dst: Reg, a: Reg, b: Reg },
    /// `*`
    Mul { dst: Reg, a: Reg, b: Reg },
    /// `+` with a small integer
    AddInt { dst: Reg, a: Reg, value: i16 },
    /// `-` with a small integer
    SubInt { dst: Reg, a: Reg, value: i16 },
    /// The other operators, on `a` and the register behind it.
    Arith { op: Arith, dst: Reg, a: Reg },
    /// `-a`
    Negate { dst: Reg, a: Reg },
    /// `not a`
    Not { dst: Reg, a: Reg },
    /// Raises a `TypeError` unless it is a bool.
    CheckBool { src: Reg },

    /// Goes on elsewhere.
    Jump { target: u32 },
    /// Goes on elsewhere when true.
    JumpIf { src: Reg, target: u32 },
    /// Goes on elsewhere when false.
    JumpUnless { src: Reg, target: u32 },
    /// Goes on elsewhere unless `a < b`.
    UnlessLt { a: Reg, b: Reg, target: u16 },
    /// Goes on elsewhere unless `a <= b`.
    UnlessLe { a: Reg, b: Reg, target: u16 },
    /// Goes on elsewhere unless `a == b`.
    UnlessEq { a: Reg, b: Reg, target: u16 },
    /// Goes on elsewhere if `a == b`.
    IfEq { a: Reg, b: Reg, target: u16 },

    /// `a[b]`
    Index { dst: Reg, a: Reg, b: Reg },
    /// `target[key] = value`
    SetIndex { target: Reg, key: Reg, value: Reg },
    /// `a.name`; the name is a literal.
    Field { dst: Reg, a: Reg, name: u16 },
    /// `a[low..high]`, the bounds in the registers from `bounds` (`none` where open).
    Slice { dst: Reg, a: Reg, bounds: Reg },
    /// `a[low..=high]`
    SliceInclusive { dst: Reg, a: Reg, bounds: Reg },
    /// `low..high`, from the registers at `bounds`.
    Range { dst: Reg, bounds: Reg, inclusive: bool },
    /// A list of a run of registers.
    List { dst: Reg, base: Reg, count: u16 },
    /// A set of a run of registers.
    Set { dst: Reg, base: Reg, count: u16 },
    /// A map of a run of pairs of registers.
    Map { dst: Reg, base: Reg, count: u16 },
    /// `[value; count]`
    Repeat { dst: Reg, value: Reg, count: Reg },
    /// Appends to a list under construction.
    Push { list: Reg, value: Reg },
    /// Adds to a set under construction.
    Insert { set: Reg, value: Reg },
    /// Adds a key and the value in the register behind it to a map under construction.
    Put { map: Reg, key: Reg },
    /// Text made of a run of registers, each as it prints.
    Format { dst: Reg, base: Reg, count: u16 },
    /// The same with a blank between any two.
    FormatLine { dst: Reg, base: Reg, count: u16 },
    /// Takes a list of just so many items apart.
    Unpack { src: Reg, base: Reg, count: u16 },
    /// Makes one list of items and of the items of lists.
    Flatten { dst: Reg, src: Reg },

    /// Makes something that [`Instr::ForNext`] can go through, in `loop_at`; the position follows in the next register.
    ForPrepare { loop_at: Reg, src: Reg },
    /// The next item into the register behind the position, or on to the target.
    ForNext { loop_at: Reg, target: u32 },

    /// Calls a task with the run of registers from `base`.
    Call { dst: Reg, task: u16, base: Reg },
    /// Calls what a register holds; the call is one of the body's.
    CallValue { dst: Reg, callee: Reg, call: u16 },
    /// Calls the task in a register with the items of a list as arguments.
    Spread { dst: Reg, callee: Reg, args: Reg },
    /// A free function that is local.
    Builtin { builtin: Builtin, count: u8, dst: Reg, base: Reg },
    /// A method of whatever a register holds; the call is one of the body's.
    Method { dst: Reg, receiver: Reg, call: u16 },
    /// A visible operation on nothing in particular, with a run of registers as arguments.
    Op { op: OpCode, count: u8, dst: Reg, base: Reg },
    /// A visible operation on the handle in the register before the run of its arguments.
    OpOn { op: OpCode, count: u8, dst: Reg, base: Reg },
    /// Holds what a register names.
    Acquire { src: Reg },
    /// Lets go what a register names.
    Release { src: Reg },
    /// A `select` of the body.
    Select { dst: Reg, index: u16 },
    /// Waits until a condition over atomics holds: index of its code, and a list of what it captured.
    Await { code: u16, captured: Reg },

    /// Ends the body with a value.
    Return { src: Reg },
    /// Raises the error in a register.
    Raise { src: Reg },
    /// Makes an error of the kind that a literal names, with the message in the register.
    MakeError { dst: Reg, kind: u16, message: Reg },
    /// Makes the error with which a process ends, of the argument of `exit`.
    MakeExit { dst: Reg, src: Reg },
    /// Goes on elsewhere unless the error in the register is of the kind that a literal names.
    UnlessKind { src: Reg, kind: u16, target: u16 },
    /// Goes on elsewhere when the error is an `exit`.
    IfExit { src: Reg, target: u32 },
    /// What `catch … as e` binds.
    Caught { dst: Reg, src: Reg },
}

const _: () = assert!(size_of::<Instr>() == 8, "an instruction is eight bytes");

/// A call whose arguments stand in a run of registers, the last ones by name.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method's name; empty for a call of a value.
    pub name: Arc<str>,
    /// First argument.
    pub base: Reg,
    /// How many.
    pub count: u16,
    /// For each argument its name, if it was given by name.
    pub names: Vec<Option<Arc<str>>>,
}

/// A `select`.
#[derive(Clone, Debug)]
pub struct SelectSpec {
    /// The cases.
    pub cases: Vec<CaseSpec>,
    /// Where the time of `after` stands.
    pub after: Option<Reg>,
    /// Whether there is an `else`.
    pub otherwise: bool,
}

/// A case of a `select`.
#[derive(Clone, Debug)]
pub struct CaseSpec {
    /// The handle; for `for e in …`, the list of handles.
    pub receiver: Reg,
    /// Whether there is one case for each of a list.
    pub each: bool,
    /// The operation.
    pub call: Call,
}

/// Where an error goes that is raised by some instructions of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handler {
    /// First instruction.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// Where to go on.
    pub target: u32,
    /// Where to put the error.
    pub error: Reg,
}
