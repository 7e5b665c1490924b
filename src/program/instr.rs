//! The instructions of the VM.
//!
//! Answers for: their shape, eight bytes each, and what they mean. Never runs one.

use std::sync::Arc;

use super::op::OpCode;
use crate::analysis::Builtin;
use crate::syntax::ast::BinaryOp;

/// A register of a frame.
pub type Reg = u16;
/// The index of an instruction.
pub type Target = u16;

const _: () = assert!(size_of::<Instr>() == 8, "an instruction is eight bytes");

/// A comparison, as the set of orderings that it accepts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Test(pub u8);

impl Test {
    const LESS: u8 = 1;
    const EQUAL: u8 = 2;
    const GREATER: u8 = 4;
    const UNORDERED: u8 = 8;

    /// The test of an operator, where it is a comparison.
    pub fn of(op: BinaryOp) -> Option<Test> {
        match op {
            BinaryOp::Eq => Some(Test(Test::EQUAL)),
            BinaryOp::Ne => Some(Test(Test::LESS | Test::GREATER | Test::UNORDERED)),
            BinaryOp::Lt => Some(Test(Test::LESS)),
            BinaryOp::Le => Some(Test(Test::LESS | Test::EQUAL)),
            BinaryOp::Gt => Some(Test(Test::GREATER)),
            BinaryOp::Ge => Some(Test(Test::GREATER | Test::EQUAL)),
            _ => None,
        }
    }

    /// The opposite.
    pub fn negated(self) -> Test {
        Test(self.0 ^ 15)
    }

    /// Whether it is `==` or `!=`, which compare anything.
    pub fn is_equality(self) -> bool {
        self.0 == Test::EQUAL || self.0 == Test::EQUAL ^ 15
    }

    /// Whether it accepts two ints.
    #[inline(always)]
    pub fn ints(self, a: i64, b: i64) -> bool {
        // Which of the lowest three bits: less, equal, greater.
        self.0 >> (u8::from(a >= b) + u8::from(a > b)) & 1 != 0
    }

    /// Whether it accepts an ordering; none for NaN.
    pub fn accepts(self, ordering: Option<std::cmp::Ordering>) -> bool {
        let bit = match ordering {
            Some(std::cmp::Ordering::Less) => Test::LESS,
            Some(std::cmp::Ordering::Equal) => Test::EQUAL,
            Some(std::cmp::Ordering::Greater) => Test::GREATER,
            None => Test::UNORDERED,
        };
        self.0 & bit != 0
    }
}

impl std::fmt::Debug for Test {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            1 => "<",
            2 => "==",
            3 => "<=",
            4 => ">",
            6 => ">=",
            13 => "!=",
            14 => "not <",
            12 => "not <=",
            11 => "not >",
            9 => "not >=",
            _ => "?",
        })
    }
}

/// An instruction. `base` is the first of several registers in a row; registers from there on are free for it to use,
/// and their values are moved out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the operands are what the variant says, in its order")]
pub enum Instr {
    /// A copy.
    Move { dst: Reg, src: Reg },
    /// Moves out, leaving none.
    Take { dst: Reg, src: Reg },
    /// `none`
    None { dst: Reg },
    /// `true`, `false`
    Bool { dst: Reg, value: bool },
    /// A small int.
    Int { dst: Reg, value: i32 },
    /// A literal of the code.
    Literal { dst: Reg, index: u16 },
    /// A constant of the program.
    Const { dst: Reg, index: u32 },
    /// The handle of an object at file level.
    Global { dst: Reg, decl: u32 },
    /// The handle of an object of the process, and the declaration's index among literals for messages.
    Private { dst: Reg, slot: u16, name: u16 },
    /// Keeps the handle of an object of the process.
    StorePrivate { slot: u16, src: Reg },
    /// The indices of a replicated template.
    Replicas { dst: Reg, template: u32 },

    /// `a + b`
    Add { dst: Reg, a: Reg, b: Reg },
    /// `a - b`
    Sub { dst: Reg, a: Reg, b: Reg },
    /// `a * b`
    Mul { dst: Reg, a: Reg, b: Reg },
    /// `a + value`
    AddInt { dst: Reg, a: Reg, value: i16 },
    /// `a - value`
    SubInt { dst: Reg, a: Reg, value: i16 },
    /// `a * value`
    MulInt { dst: Reg, a: Reg, value: i16 },
    /// `a // value`; the value is not 0
    FloorDivInt { dst: Reg, a: Reg, value: i16 },
    /// `a % value`; the value is not 0
    RemInt { dst: Reg, a: Reg, value: i16 },
    /// Any operator.
    Binary { op: BinaryOp, dst: Reg, a: Reg, b: Reg },
    /// `-a`
    Negate { dst: Reg, a: Reg },
    /// `not a`
    Not { dst: Reg, a: Reg },
    /// A `TypeError` unless it is a bool.
    CheckBool { src: Reg },

    /// Goes on elsewhere.
    Jump { target: Target },
    /// If it is true.
    JumpIf { src: Reg, target: Target },
    /// If it is false.
    JumpIfNot { src: Reg, target: Target },
    /// If the comparison holds.
    Branch { test: Test, a: Reg, b: Reg, target: Target },
    /// If the comparison with an int holds.
    BranchInt { test: Test, a: Reg, value: i16, target: Target },

    /// `[…]`
    List { dst: Reg, base: Reg, count: u16 },
    /// `{…}`
    Set { dst: Reg, base: Reg, count: u16 },
    /// `{k: v, …}`: keys and values take turns
    Map { dst: Reg, base: Reg, count: u16 },
    /// `[item; times]`
    Repeat { dst: Reg, item: Reg, times: Reg },
    /// `low..high`
    Range { inclusive: bool, dst: Reg, low: Reg, high: Reg },
    /// Adds to a list that is being made.
    Append { list: Reg, src: Reg },
    /// Adds to a set that is being made.
    Include { set: Reg, src: Reg },
    /// Adds to a map that is being made: key, value.
    Enter { map: Reg, base: Reg },

    /// `value[index]`
    Index { dst: Reg, value: Reg, index: Reg },
    /// `root[base][base + 1]…`
    GetPath { count: u8, dst: Reg, root: Reg, base: Reg },
    /// `root[index] = src`
    SetIndex { root: Reg, index: Reg, src: Reg },
    /// `root[base][base + 1]… = ` the value behind the path
    SetPath { count: u8, root: Reg, base: Reg },
    /// `value.name`
    Field { dst: Reg, src: Reg, name: u16 },
    /// `value[start..end]`
    Slice { inclusive: bool, dst: Reg, base: Reg },
    /// `[a, b] = src`
    Unpack { src: Reg, base: Reg, count: u16 },
    /// Text of several values and of what stands between them: interpolation.
    Text { dst: Reg, base: Reg, spec: u16 },
    /// Adds such text to a text.
    AppendText { dst: Reg, base: Reg, spec: u16 },
    /// `len(src)`
    Len { dst: Reg, src: Reg },

    /// The items of a list, and of the lists in it.
    Flatten { dst: Reg, src: Reg },
    /// Makes ready to go through `src`: takes two registers, what is gone through and how far.
    IterStart { base: Reg, src: Reg },
    /// The next item, and on elsewhere; at the end the next instruction.
    IterNext { dst: Reg, base: Reg, target: Target },

    /// A free function that computes locally.
    Builtin { function: Builtin, dst: Reg, base: Reg, call: u16 },
    /// Calls a task with its arguments bound.
    CallTask { dst: Reg, base: Reg, task: u16 },
    /// Calls a value: it, then the arguments.
    CallValue { dst: Reg, base: Reg, call: u16 },
    /// Calls a task with the list of its arguments that is at `base`, or with its only one where that is no list.
    CallList { dst: Reg, base: Reg, task: Reg },
    /// Calls a method: receiver, then the arguments.
    Method { dst: Reg, base: Reg, call: u16 },
    /// Calls a method on a local variable or a place in it: the path, then the arguments.
    MethodOn { dst: Reg, base: Reg, call: u16 },
    /// `list.push(src)` on a local variable.
    Push { dst: Reg, list: Reg, src: Reg },
    /// Ends the body with a value.
    Return { src: Reg },
    /// Ends the body with none.
    ReturnNone,

    /// Raises: the name of the kind among literals, the message (none: no message).
    Raise { kind: u16, message: Reg },
    /// Raises an error again.
    Reraise { src: Reg },
    /// `exit(src)`
    Exit { src: Reg },
    /// If an error is not of a kind (its name among literals).
    JumpNotKind { src: Reg, kind: u16, target: Target },
    /// If an error is `exit`.
    JumpIfExit { src: Reg, target: Target },
    /// What `catch … as e` binds.
    Caught { dst: Reg, src: Reg },

    /// A visible operation on nothing in particular.
    Op { code: OpCode, dst: Reg, base: Reg, count: u16 },
    /// A visible operation on the handle in the first register.
    OpOn { code: OpCode, dst: Reg, base: Reg, count: u16 },
    /// Prints values on a line.
    Print { base: Reg, count: u16 },
    /// Reads a shared variable: handle, path.
    CellRead { dst: Reg, base: Reg, count: u16 },
    /// Writes one: handle, path, value.
    CellWrite { base: Reg, count: u16 },
    /// Calls a method on one: handle, path, arguments.
    CellMethod { dst: Reg, base: Reg, call: u16 },
    /// Acquires what a `with` names.
    WithEnter { src: Reg, base: Reg },
    /// Releases it.
    WithLeave { src: Reg, base: Reg },
    /// Adds a case to the list of a `select`: receiver, arguments, value of the `for`.
    SelectCase { list: Reg, base: Reg, call: u16 },
    /// Performs it: list, timeout, has else. Gives the number of the case, its value, the value of the `for`.
    Select { base: Reg },
}

/// What a call says beside its registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallSpec {
    /// The method or function.
    pub name: Arc<str>,
    /// How many arguments.
    pub count: u16,
    /// Names of the last arguments.
    pub names: Vec<Arc<str>>,
    /// The local variable that a method is called on.
    pub root: Reg,
    /// How long the path is that leads to the receiver.
    pub path: u16,
    /// The number of a case of a `select`.
    pub case: u16,
}

/// What a text is put together of, in order.
pub type TextSpec = Vec<Piece>;

/// One of the pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A literal of the code.
    Literal(u16),
    /// The value in the next register.
    Value,
}

/// What is done about an error in a range of instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handler {
    /// First instruction that it covers.
    pub start: Target,
    /// One past the last.
    pub end: Target,
    /// Where it goes on.
    pub target: Target,
    /// Where the error is put.
    pub error: Reg,
}
