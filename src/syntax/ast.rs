//! The syntax tree: what was written, with the place of every part.
//!
//! Answers for: the shape of a file. Never says what a name refers to (that is `analysis`).

use std::sync::Arc;

use crate::source::Span;

/// A whole file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// The items, in file order; broken ones are left out and have diagnostics.
    pub items: Vec<Item>,
    /// How many [`NameId`]s were given out.
    pub names: u32,
}

/// Identifies one occurrence of an identifier, so that what it refers to can be kept beside the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameId(pub u32);

/// One occurrence of an identifier.
#[derive(Clone, Debug)]
pub struct Ident {
    /// As written.
    pub text: Arc<str>,
    /// Where.
    pub span: Span,
    /// Which occurrence.
    pub id: NameId,
}

/// A declaration or claim.
#[derive(Clone, Debug)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// All of it.
    pub span: Span,
}

/// The kinds of declarations and claims.
#[derive(Clone, Debug)]
pub enum ItemKind {
    /// `scenario "title"`
    Scenario(Arc<str>),
    /// `const N = 5`
    Const(Arc<ConstDecl>),
    /// `queue q(10)`, `lock forks[N]`, `shared n = 0`, `pipe a <-> b`, `once setup { … }`, …
    Object(Arc<ObjectDecl>),
    /// `process p(x) { … }`, `thread t[i in 0..3] { … }`, `timer alarm(2s) { … }`
    Actor(Arc<ActorDecl>),
    /// `task f(a, b: 2) { … }`
    Task(Arc<TaskDecl>),
    /// `main { … }`
    Main(Arc<Block>),
    /// `invariant NAME: expr`
    Invariant(Arc<Claim>),
    /// `eventually NAME: expr`
    Eventually(Arc<Claim>),
    /// `finally { … }`
    Finally(Arc<Block>),
    /// `expect deadlock`, …
    Expect(Expect),
}

/// `const NAME = value`
#[derive(Clone, Debug)]
pub struct ConstDecl {
    /// Its name.
    pub name: Ident,
    /// Its value, evaluated when the scenario is planned.
    pub value: Expr,
}

/// `invariant NAME: expr` or `eventually NAME: expr`
#[derive(Clone, Debug)]
pub struct Claim {
    /// Its name.
    pub name: Ident,
    /// What is claimed.
    pub expr: Expr,
}

/// The kinds of objects that can be declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectKeyword {
    /// `queue`
    Queue,
    /// `pipe`
    Pipe,
    /// `lock`
    Lock,
    /// `rlock`
    Rlock,
    /// `rwlock`
    Rwlock,
    /// `condition`
    Condition,
    /// `semaphore`
    Semaphore,
    /// `bounded semaphore`
    BoundedSemaphore,
    /// `event`
    Event,
    /// `barrier`
    Barrier,
    /// `latch`
    Latch,
    /// `once`
    Once,
    /// `shared`
    Shared,
    /// `atomic`
    Atomic,
    /// `pool`
    Pool,
}

/// The declaration of an object, an array of them, or a pipe's two ends.
#[derive(Clone, Debug)]
pub struct ObjectDecl {
    /// Which kind.
    pub keyword: ObjectKeyword,
    /// Its name; for a pipe the first end (of `reader <- writer`, the reader).
    pub name: Ident,
    /// How many, for an array: `lock forks[5]`.
    pub array: Option<Expr>,
    /// A pipe's second end.
    pub other: Option<OtherEnd>,
    /// What stands in parentheses: capacity, count, parties, workers, the lock of a condition, a shared variable's
    /// room.
    pub args: Vec<Arg>,
    /// The start value of `shared` and `atomic`.
    pub init: Option<Expr>,
    /// A barrier's action, what each worker of a pool does first, the body of a `once`.
    pub body: Option<Block>,
}

/// The second end of a pipe.
#[derive(Clone, Debug)]
pub struct OtherEnd {
    /// `<->` (true) or `<-` (false: the first end receives, this one sends).
    pub duplex: bool,
    /// Its name.
    pub name: Ident,
    /// How many, for an array; must be as many as the first.
    pub array: Option<Expr>,
}

/// What sort of actor a template makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActorKeyword {
    /// `process`
    Process,
    /// `thread`
    Thread,
    /// `timer`
    Timer,
}

/// `process NAME[i in 0..4](params) as "Shown" { … }` and its like.
#[derive(Clone, Debug)]
pub struct ActorDecl {
    /// Process, thread or timer.
    pub keyword: ActorKeyword,
    /// Has `daemon` in front.
    pub daemon: bool,
    /// The template's name.
    pub name: Ident,
    /// `[i in 0..4]`: the index variable and its values.
    pub replicas: Option<(Ident, Expr)>,
    /// A timer's delay; may use the parameters.
    pub delay: Option<Expr>,
    /// Parameters.
    pub params: Vec<Param>,
    /// The display name behind `as`.
    pub display: Option<Arc<str>>,
    /// What it does.
    pub body: Block,
}

/// `task NAME(params) { … }`
#[derive(Clone, Debug)]
pub struct TaskDecl {
    /// Its name.
    pub name: Ident,
    /// Parameters.
    pub params: Vec<Param>,
    /// What it does.
    pub body: Block,
}

/// A parameter, with its default.
#[derive(Clone, Debug)]
pub struct Param {
    /// Its name.
    pub name: Ident,
    /// `b: 2`; evaluated when the scenario is planned, so a constant expression.
    pub default: Option<Expr>,
}

/// The verdict that the checker must reach.
#[derive(Clone, Debug)]
pub enum Expect {
    /// `expect pass`
    Pass,
    /// `expect deadlock`
    Deadlock,
    /// `expect race on NAME`
    Race(Ident),
    /// `expect assertion`
    Assertion,
    /// `expect invariant NAME`
    Invariant(Ident),
    /// `expect error KIND in ACTOR` (the actor may be left out)
    Error(Ident, Option<Ident>),
    /// `expect livelock`
    Livelock,
    /// `expect outcomes { … }`
    Outcomes(Vec<Expr>),
}

/// Statements between braces.
#[derive(Clone, Debug)]
pub struct Block {
    /// In order.
    pub stmts: Vec<Stmt>,
    /// With the braces.
    pub span: Span,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// All of it.
    pub span: Span,
}

/// The kinds of statements.
#[derive(Clone, Debug)]
pub enum StmtKind {
    /// An object, thread or task declared at the top of a body.
    Decl(Item),
    /// `let x = e`, `let [a, b] = pair`
    Let(Pattern, Expr),
    /// `x = e`, `xs[i] += e`, `m.key = e`; the target is a name, an index or a field
    Assign(Expr, Option<BinaryOp>, Expr),
    /// `print e, f`
    Print(Vec<Expr>),
    /// `if c { } else if d { } else { }`: the branches with conditions, then the last one
    If(Vec<(Expr, Block)>, Option<Block>),
    /// `while c { }`
    While(Expr, Block),
    /// `loop { }`
    Loop(Block),
    /// `for x in e { }`
    For(Pattern, Expr, Block),
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `return e`
    Return(Option<Expr>),
    /// `with a, b { }`
    With(Vec<Expr>, Block),
    /// `sleep 1s`
    Sleep(Expr),
    /// `yield`
    Yield,
    /// `await e`
    Await(Expr),
    /// `assert e, "message"`
    Assert(Expr, Option<Expr>),
    /// `pass`
    Pass,
    /// `raise Name("message")`; without a name: the error being handled, again
    Raise(Option<(Ident, Option<Expr>)>),
    /// `try { } catch … { } finally { }`
    Try(Block, Vec<Catch>, Option<Block>),
    /// `mark "text"`
    Mark(Expr),
    /// `select { … }`
    Select(Vec<Case>, Otherwise),
    /// `join a, b`
    Join(Vec<Expr>),
    /// `exit(n)`
    Exit(Option<Expr>),
    /// `outcome e`
    Outcome(Expr),
    /// An expression for what it does
    Expr(Expr),
    /// What could not be read; has a diagnostic
    Broken,
}

/// What a `let` or a `for` binds.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// One name (`_` binds nothing).
    Name(Ident),
    /// `[a, b]`
    List(Vec<Pattern>, Span),
}

/// `catch Full as e { }`
#[derive(Clone, Debug)]
pub struct Catch {
    /// The kind; none catches all but `exit`.
    pub kind: Option<Ident>,
    /// The name for the error.
    pub name: Option<Ident>,
    /// What is done.
    pub body: Block,
    /// All of it.
    pub span: Span,
}

/// One case of a `select`.
#[derive(Clone, Debug)]
pub struct Case {
    /// `for e in ends case …`: one case for each of a list.
    pub each: Option<(Ident, Expr)>,
    /// `case x = …`
    pub name: Option<Ident>,
    /// The operation: a method call.
    pub operation: Expr,
    /// What is done.
    pub body: Block,
    /// All of it.
    pub span: Span,
}

/// What a `select` does when no case can go on.
#[derive(Clone, Debug)]
pub enum Otherwise {
    /// Waits.
    Wait,
    /// `after 1s { }`
    After(Box<Expr>, Block),
    /// `else { }`
    Else(Block),
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// All of it.
    pub span: Span,
}

/// The kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// `none`
    None,
    /// `true`, `false`
    Bool(bool),
    /// `42`
    Int(i64),
    /// `1.5`
    Float(f64),
    /// `250us`, in nanoseconds
    Duration(i64),
    /// `"a {b} c"`
    Str(Vec<StrPart>),
    /// `[1, 2]`
    List(Vec<Expr>),
    /// `[0; 8]`
    Repeat(Box<Expr>, Box<Expr>),
    /// `{name: "Bob", "two words": 2, [1 + 1]: "computed"}`; a plain name is a string key
    Map(Vec<(Expr, Expr)>),
    /// `{1, 2}`
    Set(Vec<Expr>),
    /// `0..5`, `0..=5`
    Range {
        /// First.
        low: Box<Expr>,
        /// Last, or one past it.
        high: Box<Expr>,
        /// `..=`
        inclusive: bool,
    },
    /// `[e for x in xs if c]`
    ListComp(Box<Expr>, Box<Comprehension>),
    /// `{e for x in xs}`
    SetComp(Box<Expr>, Box<Comprehension>),
    /// `{k: v for x in xs}`
    MapComp(Box<Expr>, Box<Expr>, Box<Comprehension>),
    /// A name
    Name(Ident),
    /// `-e`, `+e`
    Negate(Box<Expr>),
    /// `not e`
    Not(Box<Expr>),
    /// Arithmetic and comparison
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `a and b`
    And(Box<Expr>, Box<Expr>),
    /// `a or b`
    Or(Box<Expr>, Box<Expr>),
    /// `a if c else b`
    IfElse {
        /// The condition, evaluated first.
        condition: Box<Expr>,
        /// When true.
        yes: Box<Expr>,
        /// When false.
        no: Box<Expr>,
    },
    /// `xs[i]`
    Index(Box<Expr>, Box<Expr>),
    /// `xs[1..3]`, `xs[..3]`, `xs[1..]`, `xs[1..=2]`: start, end, inclusive
    Slice(Box<Expr>, Option<Box<Expr>>, Option<Box<Expr>>, bool),
    /// `m.name` where no call follows
    Field(Box<Expr>, Ident),
    /// `f(x, timeout: 1s)`
    Call(Box<Expr>, Vec<Arg>),
    /// `x.name(args)`
    Method(Box<Expr>, Ident, Vec<Arg>),
    /// `start NAME[k](args)`
    Start {
        /// The template.
        template: Ident,
        /// Which one of a replicated template.
        index: Option<Box<Expr>>,
        /// Arguments.
        args: Vec<Arg>,
    },
}

/// A part of a string literal.
#[derive(Clone, Debug)]
pub enum StrPart {
    /// Text, escapes resolved.
    Text(Arc<str>),
    /// `{expr}`
    Expr(Expr),
}

/// `for pattern in iter if condition`
#[derive(Clone, Debug)]
pub struct Comprehension {
    /// What is bound.
    pub pattern: Pattern,
    /// What is gone through.
    pub iter: Expr,
    /// Which are taken.
    pub condition: Option<Expr>,
}

/// An argument of a call.
#[derive(Clone, Debug)]
pub struct Arg {
    /// `timeout:`
    pub name: Option<Ident>,
    /// The value.
    pub value: Expr,
}

/// Operators with two operands that are both evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `//`
    FloorDiv,
    /// `%`
    Rem,
    /// `**`
    Pow,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `in`
    In,
    /// `not in`
    NotIn,
}

impl ObjectKeyword {
    /// As written.
    pub fn word(self) -> &'static str {
        match self {
            ObjectKeyword::Queue => "queue",
            ObjectKeyword::Pipe => "pipe",
            ObjectKeyword::Lock => "lock",
            ObjectKeyword::Rlock => "rlock",
            ObjectKeyword::Rwlock => "rwlock",
            ObjectKeyword::Condition => "condition",
            ObjectKeyword::Semaphore => "semaphore",
            ObjectKeyword::BoundedSemaphore => "bounded semaphore",
            ObjectKeyword::Event => "event",
            ObjectKeyword::Barrier => "barrier",
            ObjectKeyword::Latch => "latch",
            ObjectKeyword::Once => "once",
            ObjectKeyword::Shared => "shared",
            ObjectKeyword::Atomic => "atomic",
            ObjectKeyword::Pool => "pool",
        }
    }
}

impl ActorKeyword {
    /// As written.
    pub fn word(self) -> &'static str {
        match self {
            ActorKeyword::Process => "process",
            ActorKeyword::Thread => "thread",
            ActorKeyword::Timer => "timer",
        }
    }
}
