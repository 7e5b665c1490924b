//! Every finding there is: its code, its grade, its words.
//!
//! Answers for: the one table that messages, `conc explain` and the tests read. Never decides that something is wrong.

use std::sync::Arc;

use super::Severity;
use super::found::{Found, alternatives};

/// What a code means, for `conc explain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// `E0101`
    pub id: &'static str,
    /// `UnknownName`
    name: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// Why it is wrong, or doubtful, and the usual cure.
    pub text: &'static str,
}

impl Explanation {
    /// What is wrong in a few words: `unknown name`.
    pub fn title(&self) -> String {
        let mut title = String::new();
        for letter in self.name.chars() {
            if letter.is_uppercase() && !title.is_empty() {
                title.push(' ');
            }
            title.extend(letter.to_lowercase());
        }
        title
    }

    /// When it is found.
    pub fn group(&self) -> Group {
        match self.id.get(..3) {
            Some("E00") => Group::Reading,
            Some("E01") => Group::Names,
            Some("E02") => Group::Planning,
            _ => Group::Doubts,
        }
    }
}

/// When a finding is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// While the text is read.
    Reading,
    /// When it is known what the names mean.
    Names,
    /// When constants are evaluated and objects are counted.
    Planning,
    /// Warnings.
    Doubts,
}

/// A row is: code, grade, name and the words that vary; then the sentence, the cure, the explanation.
macro_rules! codes {
    ($($id:ident $grade:ident $name:ident $({ $($field:ident: $type:ty),* })? =>
        $message:expr, $help:expr, $explanation:literal;)*) => {
        /// What was found. Codes are stable and never reused.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = concat!("What `conc explain ", stringify!($id), "` explains.")] $name $({ $(#[doc = "Varies in the message."] $field: $type),* })?,)*
        }

        impl Code {
            /// `E0101`: errors begin with `E`, warnings with `W`.
            pub fn id(&self) -> &'static str {
                match self { $(Code::$name { .. } => stringify!($id),)* }
            }

            /// Error or warning.
            pub fn severity(&self) -> Severity {
                match self { $(Code::$name { .. } => Severity::$grade,)* }
            }

            /// One sentence that says what is wrong.
            pub fn message(&self) -> String {
                match self { $(Code::$name $({ $($field),* })? => { $($(let _ = $field;)*)? $message.to_string() })* }
            }

            /// The cure, where there is one.
            pub fn help(&self) -> Option<String> {
                match self { $(Code::$name $({ $($field),* })? => { $($(let _ = $field;)*)? $help })* }
            }
        }

        /// What every code means, in order.
        pub fn explanations() -> &'static [Explanation] {
            &[$(Explanation {
                id: stringify!($id), name: stringify!($name), severity: Severity::$grade, text: $explanation
            }),*]
        }
    };
}

/// The cure that is always the same.
macro_rules! cure {
    ($($words:tt)*) => { Some(format!($($words)*)) };
}

fn meant(near: &Option<Arc<str>>) -> Option<String> {
    near.as_ref().map(|near| format!("did you mean `{near}`?"))
}

fn plural(count: usize, noun: &str) -> String {
    match count {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// `a lock`, `an event`.
fn one(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o']) || matches!(noun, "rlock" | "rwlock") { "an" } else { "a" };
    format!("{article} {noun}")
}

/// `2 arguments`, `1 to 3 arguments`.
fn span_of_counts(least: usize, most: usize) -> String {
    if least == most { plural(most, "argument") } else { format!("{least} to {}", plural(most, "argument")) }
}

codes! {
    // ------------------------------------------------------------------------------------------- reading the text
    E0001 Error FileTooLarge { bytes: usize, limit: usize } =>
        format!("this file has {bytes} bytes or more, and {limit} is the most that is read"),
        None,
        "A scenario is a text that a person writes. A file beyond the limit is refused before it is read.";
    E0002 Error NestedTooDeep { limit: usize } =>
        format!("this nests more than {limit} levels deep"),
        cure!("give an inner part a name with `let`, or make it a task"),
        "Brackets, braces and operators may nest, but not without end: the limit keeps reading and running within bounds.";
    E0003 Error Unclosed { bracket: char } =>
        format!("this `{bracket}` is never closed"),
        None,
        "Every `(`, `[` and `{` needs its partner, and the inner ones are closed first. What is shown is the bracket that is still open where another one closes, or where the file ends.";
    E0004 Error Unopened { bracket: char } =>
        format!("this `{bracket}` closes nothing"),
        cure!("remove it, or open what it is to close"),
        "A closing bracket without an opening one, often left over from an edit.";
    E0005 Error UnclosedText =>
        "this text does not end on its line",
        cure!("end it with `\"`; a line break within a text is written `\\n`"),
        "A text stands on one line, with both its quotes. A line break within a text is written `\\n`.";
    E0006 Error StrayCharacter { found: char, instead: Option<&'static str> } =>
        format!("`{}` has no meaning here", found.escape_debug()),
        match instead {
            Some(" ") => cure!("it looks like a blank; write an ordinary one"),
            Some(instead) => cure!("write `{instead}`"),
            None => None,
        },
        "A sign that conc does not use. Full-width punctuation and curly quotes look like the signs that are meant.";
    E0007 Error Expected { what: Vec<&'static str>, found: Found } =>
        format!("expected {}, found {found}", alternatives(what)),
        None,
        "Something else has to stand here, or something is missing before it.";
    E0008 Error Foreign { found: Arc<str>, instead: &'static str } =>
        format!("`{found}` is not part of conc"),
        cure!("write `{instead}`"),
        "A word or sign of another language. conc writes `and`, `or`, `not`, `else if`, `catch`, `task`.";
    E0009 Error StatementAtFileLevel =>
        "a statement stands in a body, not at file level",
        cure!("put it in `main {{ … }}`, or in a process or a task"),
        "At file level there are declarations only; their order does not matter. What is done, in order, stands in a body.";
    E0010 Error ItemInBody { word: &'static str } =>
        format!("`{word}` stands at file level, not in a body"),
        cure!("move it out of the braces"),
        "Claims, constants, tasks, processes and `main` stand at file level. A body may declare objects, threads and timers, at its top.";
    E0011 Error ReservedName { word: Arc<str> } =>
        format!("`{word}` is a reserved word and cannot be a name"),
        cure!("choose another name, `{word}_` for instance"),
        "The words of statements, operators and literals cannot name anything. Words that begin declarations (`queue`, `event`, `main`, …) can.";
    E0012 Error MissingBlock { found: Found } =>
        format!("expected `{{` to open the body, found {found}"),
        match found {
            Found::Sign(sign) if &**sign == ":" => cure!("a body stands in braces, without a colon: `{{ … }}`"),
            Found::Sign(sign) if &**sign == "=" => cure!("a comparison is written `==`"),
            Found::Line => cure!("the `{{` stands on the same line"),
            _ => None,
        },
        "Bodies stand in braces, and the `{` stands on the line of what it belongs to.";
    E0013 Error AssignInExpression =>
        "`=` assigns and cannot stand in an expression",
        cure!("a comparison is written `==`"),
        "An assignment is a statement and has no value.";
    E0014 Error BadNumber { text: Arc<str> } =>
        format!("`{text}` is not a number"),
        cure!("numbers look like `1_000`, `0xff`, `0.5`, `1e9`, `250ms`, `64KiB`; units are ns, us, ms, s, m, h"),
        "A number is an integer (`42`, `1_000`, `0xff`, `0b101`, `0o17`), a float (`0.5`, `1e9`), a duration (`1.5s`, with ns, us, ms, s, m or h) or a size (`64KiB`, with KiB, MiB or GiB). A name cannot begin with a digit.";
    E0015 Error NumberTooLarge { text: Arc<str> } =>
        format!("`{text}` is too large"),
        cure!("integers go up to 9223372036854775807, durations up to about 292 years"),
        "Integers have 64 bits, durations count nanoseconds in 64 bits.";
    E0016 Error BadEscape { text: Arc<str> } =>
        format!("`{text}` means nothing in a text"),
        cure!("there are `\\n`, `\\t`, `\\r`, `\\\"`, `\\\\`, `\\{{`, `\\}}` and `\\u{{1F600}}`; a backslash is `\\\\`"),
        "Only these escapes are known: `\\n \\t \\r \\\" \\\\ \\{ \\} \\u{…}`, the last with one to six hexadecimal digits of a character.";
    E0017 Error EmptyHole =>
        "nothing stands between these braces",
        cure!("braces in a text are written `\\{{` and `\\}}`"),
        "In a text, braces hold an expression: `\"{n} items\"`. A brace that is meant as text is written `\\{`.";
    E0018 Error StrayBraceInText =>
        "this `}` closes nothing in the text",
        cure!("a brace that is meant as text is written `\\}}`"),
        "In a text, braces hold an expression: `\"{n} items\"`. A brace that is meant as text is written `\\}`.";
    E0019 Error ChainedComparison =>
        "comparisons do not chain",
        cure!("join two with `and`: `a < b and b < c`"),
        "`a < b < c` means different things in different languages, so it is refused.";
    E0020 Error NotNeedsParens =>
        "`not` binds more loosely than the operator before it",
        cure!("put it in parentheses: `(not …)`"),
        "`not` binds more loosely than comparisons and arithmetic. Write `a == (not b)`, or `a != b`.";
    E0021 Error SeveralPatterns { text: Arc<str> } =>
        "several names to be bound stand in brackets",
        cure!("write `[{text}]`"),
        "A pattern is one name, or a list of patterns in brackets, which takes a list apart.";
    E0022 Error NamedArgEquals { name: Arc<str> } =>
        "a named argument is written with a colon",
        cure!("write `{name}: …`"),
        "Named arguments and defaults are written with a colon.";
    E0023 Error PlainKey { text: Arc<str> } =>
        "a key of a map is a name, a text or an expression in brackets",
        cure!("write `[{text}]: …`"),
        "A plain name is a text key, other keys stand in brackets.";
    E0024 Error MixedBraces { is_map: bool } =>
        if *is_map { "this has no value, but the other entries of the map do" } else { "this has a value, but the other elements of the set have none" },
        None,
        "Braces hold a map (`{a: 1, b: 2}`) or a set (`{1, 2}`), not a mixture.";
    E0025 Error BadTarget =>
        "this cannot be assigned to",
        cure!("a variable, `xs[i]` or `m.key` can"),
        "Only variables, elements of lists and maps, and fields of maps can be assigned to.";
    E0026 Error TryAlone =>
        "a `try` needs a `catch` or a `finally`",
        None,
        "`try { … }` alone does nothing. Add `catch Empty { … }`, `catch { … }` or `finally { … }`.";
    E0027 Error SecondOtherwise =>
        "a `select` has one `after` or one `else`",
        cure!("remove one of them"),
        "`after` and `else` both say what to do when no case can go on; there can be one.";
    E0028 Error EmptySelect =>
        "this `select` has no case",
        cure!("`sleep` waits for a time"),
        "A `select` waits until one of its cases can go on, so it needs one.";
    E0029 Error CaseNotOperation =>
        "a case is an operation on an object, such as `q.get()`",
        None,
        "A case waits for an operation. A condition is no case: use `if`, or `await`.";
    E0030 Error UnknownExpectation { word: Arc<str>, near: Option<Arc<str>> } =>
        format!("`expect {word}` is not complete, or nothing that can be expected"),
        meant(near).or_else(|| cure!("there are `pass`, `deadlock`, `race on NAME`, `assertion`, `invariant NAME`, `error KIND in ACTOR`, `livelock` and `outcomes {{ … }}`")),
        "A scenario can expect `pass`, `deadlock`, `race on NAME`, `assertion`, `invariant NAME`, `error KIND in ACTOR`, `livelock` or `outcomes { … }`.";
    E0031 Error PipeArrow { writer: Arc<str>, reader: Arc<str> } =>
        "a one-way pipe names its reader first",
        cure!("write `pipe {reader} <- {writer}`"),
        "`pipe reader <- writer` is one way, `pipe a <-> b` is duplex.";
    E0032 Error MissingClause { kind: &'static str, part: &'static str } =>
        format!("a declaration with `{kind}` needs a {part}"),
        match *part { "body" => cure!("write `{kind} NAME {{ … }}`"), _ => cure!("write `{kind} NAME = 0`") },
        "`shared` and `atomic` variables have a start value, `once` has a body.";
    E0033 Error NeedlessClause { kind: &'static str, part: &'static str } =>
        format!("a declaration with `{kind}` has no {part}"),
        cure!("remove it"),
        "Only `shared` and `atomic` have a start value; only `once`, `barrier` and `pool` have a body.";
    E0034 Error PlainTextOnly =>
        "this text is not evaluated, so it can hold no expression",
        cure!("a brace that is meant as text is written `\\{{`"),
        "A title and a display name are fixed: they stand before anything runs.";
    E0035 Error TooComplex =>
        "this is too tangled to be read",
        cure!("split it into smaller parts"),
        "Reading has a budget of steps that grows with the file. It was used up, which no ordinary text does.";
    E0036 Error UnknownStart { word: Arc<str>, near: Option<Arc<str>> } =>
        format!("nothing begins with `{word}` here"),
        meant(near).or_else(|| cure!("at file level stand objects, processes, threads, timers, tasks, `main` and claims")),
        "A declaration begins with what it declares, a statement with what it does.";

    // --------------------------------------------------------------------------------------------------- names
    E0101 Error UnknownName { name: Arc<str>, near: Option<Arc<str>> } =>
        format!("nothing here is called `{name}`"),
        meant(near),
        "A body sees constants, tasks, the objects of the file, the objects of its process, its parameters and its own variables. Often a slip of the pen.";
    E0102 Error Duplicate { name: Arc<str> } =>
        format!("`{name}` is declared twice"),
        cure!("give one of them another name"),
        "What a file declares shares one namespace, and so do the parameters of a task or an actor and the objects of a body.";
    E0103 Error NoSuchOperation { kind: &'static str, name: Arc<str>, near: Option<Arc<str>>, known: Vec<&'static str> } =>
        format!("{} has no operation `{name}`", one(kind)),
        meant(near).or_else(|| (!known.is_empty()).then(|| format!("it has {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")))),
        "Every kind of object has operations of its own. The table of objects in the language reference lists them.";
    E0104 Error DeclaredElsewhere { name: Arc<str>, owner: Arc<str> } =>
        format!("`{name}` belongs to `{owner}` and is not seen here"),
        cure!("declare it at file level if both are to use it"),
        "An object or a thread declared in a body belongs to that process, and its own threads alone see it.";
    E0105 Error Arity { callee: Arc<str>, least: usize, most: usize, given: usize } =>
        if *most == usize::MAX {
            format!("`{callee}` takes {} or more, but gets {given}", plural(*least, "argument"))
        } else {
            format!("`{callee}` takes {}, but gets {given}", span_of_counts(*least, *most))
        },
        None,
        "A task, an actor or an operation gets as many arguments as it has parameters; those with defaults may be left out.";
    E0106 Error UnknownArgument { callee: Arc<str>, name: Arc<str>, near: Option<Arc<str>> } =>
        format!("`{callee}` has no argument `{name}`"),
        meant(near),
        "A named argument has the name of a parameter: those of operations stand in the language reference, those of tasks and actors in their declarations.";
    E0107 Error ArgumentTwice { name: Arc<str> } =>
        format!("the argument `{name}` is given twice"),
        None,
        "An argument is given by its place or by its name, once. Those without names are given to the parameters in order.";
    E0108 Error MissingArgument { callee: Arc<str>, name: Arc<str> } =>
        format!("`{callee}` needs the argument `{name}`"),
        None,
        "A parameter without a default has to be given, by a call, a start or a submission to a pool.";
    E0109 Error PositionalAfterNamed =>
        "an argument without a name cannot follow a named one",
        cure!("put it before the named ones, or name it"),
        "Arguments without names come first.";
    E0110 Error RequiredAfterDefault { name: Arc<str> } =>
        format!("`{name}` needs a default, since a parameter before it has one"),
        None,
        "Parameters with defaults come last, so that a call may leave them out.";
    E0111 Error NotAValue { name: Arc<str>, what: &'static str } =>
        format!("`{name}` is a {what}, not a value"),
        match *what { "function" => cure!("call it, or wrap it in a task"), _ => cure!("`start {name}` gives a handle") },
        "Templates of actors are started, free functions are called; neither can be stored or passed. A task can.";
    E0112 Error TemplateCalled { name: Arc<str>, what: &'static str } =>
        format!("`{name}` is a {what} and is started, not called"),
        cure!("write `start {name}`"),
        "A process, thread or timer is started and then runs by itself. What is to be done at once, by the one who calls, is a task.";
    E0113 Error NotCallable { name: Arc<str>, kind: &'static str } =>
        format!("`{name}` is {} and cannot be called", one(kind)),
        None,
        "Tasks and free functions are called; objects have operations: `q.get()`.";
    E0114 Error NotStartable { name: Arc<str>, what: &'static str } =>
        format!("`{name}` is {} and cannot be started", one(what)),
        match *what { "task" => cure!("call it: `{name}(…)`, or hand it to a pool"), _ => None },
        "Only processes, threads and timers are started.";
    E0115 Error ThreadElsewhere { name: Arc<str>, owner: Arc<str> } =>
        format!("`{name}` is a thread of `{owner}` and cannot be started here"),
        cure!("declare it at file level, or in this body"),
        "A thread declared in a process's body is a thread of that process; nobody else can start it.";
    E0116 Error ThreadOfMain { name: Arc<str>, object: Arc<str> } =>
        format!("`{name}` uses `{object}`, which belongs to `main`, so only main can start it"),
        cure!("declare `{object}` at file level"),
        "A thread at file level is a thread of main's process and may use the objects declared in `main`. Another process has no such objects.";
    E0117 Error NotReplicated { name: Arc<str> } =>
        format!("there is one `{name}`, so it has no index"),
        cure!("write `start {name}`"),
        "`start NAME[k]` starts one of a replicated actor: `process NAME[i in 0..4] { … }`.";
    E0118 Error WrongEnd { name: Arc<str>, peer: Arc<str>, receives: bool } =>
        if *receives { format!("`{name}` is the receiving end of a one-way pipe") } else { format!("`{name}` is the sending end of a one-way pipe") },
        if *receives { cure!("send on `{peer}`, or declare the pipe with `<->`") } else { cure!("receive on `{peer}`, or declare the pipe with `<->`") },
        "Of `pipe reader <- writer` the first end receives and the second sends.";
    E0119 Error OutsideLoop { word: &'static str } =>
        format!("`{word}` stands outside a loop"),
        match *word { "break" => cure!("`return` ends the body"), _ => None },
        "`break` and `continue` are for the loop around them. A body of its own (a task, a thread) is not in the loop around its declaration.";
    E0120 Error BareRaise =>
        "`raise` without a name stands outside a `catch`",
        cure!("say what to raise: `raise ValueError(\"…\")`"),
        "`raise` alone raises the error that is being handled again, so it stands in a `catch`.";
    E0121 Error RaiseVariable { name: Arc<str> } =>
        format!("`{name}` is a variable, but `raise` takes the kind of an error"),
        cure!("in a `catch`, `raise` alone raises the error again"),
        "`raise` is followed by the name of a kind, which need not be declared.";
    E0122 Error NotAssignable { name: Arc<str>, what: &'static str } =>
        format!("`{name}` is {what} and cannot be assigned to"),
        match *what { "a constant" => cure!("`shared {name} = …` declares a variable that processes share"), _ => None },
        "Variables, and what is declared `shared` or `atomic`, can be assigned to; constants, objects, tasks and actors cannot.";
    E0123 Error AssignedUndeclared { name: Arc<str> } =>
        format!("nothing here is called `{name}`"),
        cure!("a new variable begins with `let {name} = …`"),
        "An assignment changes a variable that is there. Write `let n = 1`, or declare `shared n = 0` at file level.";
    E0124 Error NotConstant =>
        "this is not known before the scenario runs",
        cure!("use literals, constants and plain functions of them"),
        "Constants, lengths of arrays, arguments of declarations at file level, start values, indices of replicated actors and defaults of parameters are evaluated when the scenario is planned. They cannot read objects, start actors, or call tasks.";
    E0125 Error CyclicConst { name: Arc<str> } =>
        format!("the constant `{name}` is defined by itself"),
        None,
        "Constants may use each other, in any order, but not in a circle: one of them has to be given by a literal.";
    E0126 Error NeedsArguments { word: &'static str, name: Arc<str> } =>
        format!("the {word} `{name}` starts by itself, so nobody gives it this argument"),
        cure!("give it a default, or write a `main` that starts it"),
        "Without a `main`, every process, thread and timer at file level is started once, without arguments.";
    E0127 Error NothingToRun =>
        "nothing in this file would run",
        cure!("write `main {{ … }}`, or a process"),
        "A scenario needs a `main`, or a process, thread or timer at file level.";
    E0128 Error DeclarationNotFirst =>
        "a declaration stands at the top of the body of a process, a thread, a pool or main",
        cure!("move it up, before the first statement; a variable is made by `let`"),
        "Objects and threads of a process are declared at the top of its body, before its statements.";
    E0129 Error FileLevelOnly { word: &'static str } =>
        format!("a {word} is declared at file level"),
        cure!("move it out of the body"),
        "Tasks and processes are declared at file level, where everybody sees them. Objects, threads and timers may stand at the top of a body.";
    E0130 Error ThreadInThread =>
        "a thread is declared in the body of its process, not in that of another thread",
        cure!("move it out"),
        "Threads of one process are declared side by side, at the top of the process's body; any of them can start the others.";
    E0131 Error OnlyOnce { word: &'static str } =>
        format!("a file has one `{word}`"),
        None,
        "`scenario`, `main` and `finally` may stand once in a file.";
    E0132 Error BadCount { what: &'static str, least: i64 } =>
        format!("{what} is an integer, {least} or more"),
        None,
        "A barrier of no parties, a semaphore of less than no permits, a queue of negative capacity cannot be.";
    E0133 Error BadOrder { word: Arc<str>, near: Option<Arc<str>> } =>
        format!("`{word}` is not an order of a queue"),
        meant(near).or_else(|| cure!("there are `fifo`, `lifo` and `priority`")),
        "`queue q(order: lifo)` and `queue q(order: priority)`; `fifo` is the default.";
    E0134 Error OutcomeOutside =>
        "`outcome` stands in `finally`",
        cure!("write `finally {{ outcome … }}` at file level"),
        "`outcome` names the final value, so it stands in the `finally` of the file, which runs when every actor has ended.";
    E0135 Error PrivateHandedOver { name: Arc<str>, owner: Arc<str> } =>
        format!("`{name}` belongs to `{owner}` and cannot be handed to another process"),
        cure!("declare it at file level"),
        "An object declared in a body is shared by the threads of that process alone.";
    E0136 Error ConditionLock =>
        "a condition is made over a lock or an rlock",
        None,
        "`condition c(m)` shares the lock `m`; `condition c` has one of its own.";
    E0137 Error CannotHold { kind: &'static str } =>
        format!("{} cannot be held by `with`", one(kind)),
        cure!("locks, rlocks, conditions, semaphores and the sides of an rwlock can"),
        "`with` acquires what follows and releases it at the end of its block.";
    E0138 Error RwlockSide { called: bool } =>
        "an rwlock is held on one of its sides",
        if *called { cure!("its sides are written without brackets: `….read`, `….write`") } else { cure!("write `.read` or `.write` behind its name") },
        "`with rw.read { }` shares, `with rw.write { }` excludes.";
    E0139 Error CannotJoin { kind: &'static str } =>
        format!("`join` waits for actors, and this is {}", one(kind)),
        match *kind { "queue" | "pool" => cure!("its own operation is called with a dot: `….join()`"), "result" => cure!("`.get()` waits for a result"), _ => None },
        "`join a, b` waits for the actors of these handles to end.";
    E0140 Error ArrayNeedsIndex { kind: &'static str } =>
        format!("this is an array of {kind}s"),
        cure!("take one of them: `…[i]`"),
        "An array of objects is indexed before it is used, `for x in array` goes through it, and `len(array)` counts it.";
    E0141 Error HandlesJoin =>
        "this is a list of handles",
        cure!("`join …` joins all of them"),
        "`start` of a replicated actor gives a list. `join members` waits for all of them.";
    E0142 Error NotCalled { name: Arc<str> } =>
        format!("`{name}` is an operation and has to be called"),
        cure!("write `{name}()`"),
        "Objects have operations, not fields. An operation is called, even if it takes nothing.";
    E0143 Error NotIterable { kind: &'static str } =>
        format!("{} cannot be gone through", one(kind)),
        None,
        "A `for` goes through lists, ranges, sets, maps, texts, queues, pipe ends and arrays of objects.";
    E0144 Error NotIndexable { kind: &'static str } =>
        format!("this is one {kind}, not an array of them"),
        None,
        "Only arrays (`lock forks[5]`) and lists, maps and texts are indexed.";
    E0145 Error AwaitNotAtomic =>
        "`await` watches atomic variables only",
        cure!("declare what it waits for `atomic`, or wait for it with a condition or an event"),
        "`await` sees its condition true in one step, so it reads atomics, constants, parameters and variables, and does nothing else.";
    E0146 Error ClaimActs =>
        "a claim only looks, and this does something",
        cure!("operations such as `len()`, `locked()`, `is_set()`, `value()` and `waiting()` look"),
        "An `invariant` or `eventually` is evaluated between any two steps, so it may change nothing, wait for nothing and start nothing.";
    E0147 Error NotShared { name: Arc<str>, near: Option<Arc<str>> } =>
        format!("there is no shared variable `{name}` to race on"),
        meant(near),
        "`expect race on NAME` names a variable that is declared `shared`.";
    E0148 Error UnknownInvariant { name: Arc<str>, near: Option<Arc<str>> } =>
        format!("there is no invariant `{name}`"),
        meant(near),
        "`expect invariant NAME` names an `invariant NAME: …` of the file.";
    E0149 Error UnknownActor { name: Arc<str>, near: Option<Arc<str>> } =>
        format!("there is no actor `{name}`"),
        meant(near),
        "`expect error KIND in ACTOR` names a process, thread, timer or pool of the file, or `main`.";
    E0150 Error OuterVariable { name: Arc<str> } =>
        format!("`{name}` is a variable of the body around this one, which does not see it"),
        cure!("pass it as an argument, or declare it `shared` or `atomic`"),
        "A thread sees the objects of its process, not its variables and parameters.";
    E0151 Error PipeLengths =>
        "the two ends of a pipe are equally many",
        None,
        "`pipe r[4] <- w[4]` declares four pipes, so both ends are arrays of four. Each end `r[i]` belongs to `w[i]`.";

    // ------------------------------------------------------------------------------------------------- planning
    E0160 Error NotACase { name: Arc<str> } =>
        format!("`{name}` cannot be a case of a `select`"),
        cure!("a case is `put`, `get`, `send`, `recv`, `join`, `next`, or the `wait` of an event, a latch or a result"),
        "A `select` gives up all its cases but one, so a case must be an operation that waits and that can be given up without a trace. What never waits can stand before the `select`; at a barrier, on a condition and for a lock one waits without one.";
    E0161 Error CaseTime { name: Arc<str> } =>
        format!("`{name}` is not for a case: it waits as long as its `select`"),
        cure!("`after 1s {{ … }}` behind the cases says what to do when none could go on for so long"),
        "How long a `select` waits is said once, for all its cases: `after` behind them, or `else` where it is not to wait at all.";
    E0201 Error ConstFails { kind: Arc<str>, message: Arc<str> } =>
        format!("evaluating this fails: {kind}: {message}"),
        None,
        "Constants, counts and start values are evaluated before anything starts, and this one raises an error.";
    E0202 Error ConstTooLong =>
        "this takes too long to evaluate",
        cure!("compute it in a body, where time does not matter"),
        "Constants, counts and start values are evaluated before anything starts, within a bound.";
    E0203 Error BadSetup { what: &'static str, wants: &'static str, given: Arc<str> } =>
        format!("{what} is {wants}, not `{given}`"),
        None,
        "The value comes from a constant, or was given with `--set`, and is none that this can have. A barrier has at least one party.";
    E0204 Error TooMany { what: &'static str, count: usize, limit: usize } =>
        format!("this makes {count} {what} in all, and {limit} is the limit"),
        None,
        "Objects and replicas are made before a run begins, within a bound for all of them together.";
    E0205 Error StartValues { wanted: usize, given: usize } =>
        format!("the array has {}, the list of start values has {given}", plural(*wanted, "element")),
        cure!("give one value for all, or a list of as many values as elements"),
        "In `atomic flag[3] = [1, 0, 0]` each element has its own start value; in `atomic flag[3] = 0` all have the same.";
    E0206 Error UnknownSetting { name: Arc<str>, near: Option<Arc<str>> } =>
        format!("`--set {name}`: the scenario has no constant `{name}`"),
        meant(near),
        "`--set NAME=VALUE` gives another value to a constant that the scenario declares with `const`.";
    E0207 Error BadSetting { name: Arc<str>, text: Arc<str> } =>
        format!("`--set {name}`: `{text}` is no literal"),
        cure!("write a number, a duration, a text in double quotes, `true`, a list, …"),
        "`--set NAME=VALUE` takes a literal of the language: `7`, `1.5s`, `\"text\"`, `[1, 2]`, `{key: 1}`. The shell may want quotes around it.";

    // ------------------------------------------------------------------------------------------------- warnings
    W0001 Warning Unused { what: &'static str, name: Arc<str> } =>
        format!("the {what} `{name}` is never used"),
        cure!("remove it, or call it `_{name}` if that is on purpose"),
        "Something is declared and nobody uses it; often another name was meant where it should stand.";
    W0002 Warning Unreachable =>
        "nothing reaches this statement",
        None,
        "After `return`, `break`, `continue`, `raise`, `exit` or a `loop` without `break`, the rest of a block is never run.";
    W0003 Warning ReturnValue =>
        "this value goes nowhere",
        cure!("a `return` without a value ends the body; a task can give a value back"),
        "A process, thread or main has nobody to give a value to. Put it on a queue, or in a shared variable.";
    W0004 Warning IdleStatement =>
        "this computes a value and does nothing with it",
        None,
        "A statement that is an expression is there for what it does. Perhaps `n = 1` or `assert n == 1` was meant.";
    W0005 Warning NeverRaised { kind: Arc<str>, near: Option<Arc<str>> } =>
        format!("nothing raises `{kind}`"),
        meant(near),
        "This kind of error is neither one of the language's nor raised anywhere in the file, so nothing is ever caught. A `catch` without a kind catches every error.";
    W0006 Warning AllowsNothing { word: Arc<str>, near: Option<Arc<str>> } =>
        format!("`{word}` is no warning, so this allows nothing"),
        meant(near),
        "`# conc: allow W0001` silences a warning on its line or, alone on a line, on the next one; `# conc: allow W0001 everywhere` in the whole file. Errors cannot be allowed.";
    W0007 Warning OneSided { name: Arc<str>, is_put: bool } =>
        if *is_put { format!("nobody takes what is put into `{name}`") } else { format!("nobody puts anything into `{name}`, and somebody waits for it") },
        if *is_put { cure!("take it with `{name}.get()` or `for x in {name}`") } else { cure!("put something into it, or close it") },
        "A queue has two sides. What is put and never taken is lost at the end, and fills a queue with a bound; whoever takes from a queue that nobody fills waits for ever.";
    W0008 Warning UnheldEnd { name: Arc<str>, peer: Arc<str> } =>
        format!("nobody holds `{name}`, the other end of `{peer}`"),
        cure!("a process holds an end if its body names it, or if it is passed to it"),
        "When nobody holds an end of a pipe, the other side reads `EOF`, and sending raises `BrokenPipe`.";
    W0009 Warning BarrierShort { name: Arc<str>, parties: u64, actors: u64 } =>
        format!("`{name}` waits for {parties} parties, but {} ever there", if *actors == 1 { "only 1 is".to_owned() } else { format!("only {actors} are") }),
        None,
        "A barrier lets nobody through before all its parties have come. If fewer actors than that ever wait at it, they wait for ever. Often main was counted, and does not wait, or the other way round.";
    W0010 Warning LockKept { name: Arc<str> } =>
        format!("`{name}` is taken here and not released on every way"),
        cure!("`with {name} {{ … }}` releases it however its block is left"),
        "On some way through this body the lock is still held at the end: a `return`, a `raise` or a branch comes before the release. A holder that ends leaves the lock locked, and whoever wants it waits for ever. Where one body takes a lock and another one releases it, nothing is said. The sides of an rwlock count as well, and a semaphore where the same body releases it on another way.";
    W0011 Warning LockOrder { names: Vec<Arc<str>> } =>
        match names.as_slice() {
            [one, other] => format!("`{one}` and `{other}` are taken in both orders"),
            names => format!("{} are taken in a circle", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
        },
        cure!("take them in the same order everywhere"),
        "Here a lock is taken while another one is held, and elsewhere it is the other way round. Two actors may each hold one and wait for the other, for ever: a deadlock that comes up seldom. Nothing is said where the actors never run at the same time, where both hold a third lock, or where both only read an rwlock.";
    W0012 Warning TakenTwice { name: Arc<str> } =>
        format!("`{name}` is held here already, so taking it again waits for ever"),
        cure!("an `rlock` can be taken again by its holder"),
        "A lock does not know its holder: taking it again, here or in a task that is called here, waits until somebody releases it, and only the one who waits could.";
}
