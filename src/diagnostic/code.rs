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
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong, an example and the usual cure.
    pub text: &'static str,
}

/// A row is: code, grade, name and the words that vary; then the sentence, the cure, the explanation.
macro_rules! codes {
    ($($id:ident $grade:ident $name:ident $({ $($field:ident: $type:ty),* })? =>
        $message:expr, $help:expr, $explanation:literal;)*) => {
        /// What was found. Codes are stable and never reused.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $explanation] $name $({ $(#[doc = "Varies in the message."] $field: $type),* })?,)*
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
            &[$(Explanation { id: stringify!($id), severity: Severity::$grade, text: $explanation }),*]
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

/// `2 arguments`, `1 to 3 arguments`.
fn span_of_counts(least: usize, most: usize) -> String {
    if least == most { plural(most, "argument") } else { format!("{least} to {}", plural(most, "argument")) }
}

codes! {
    // ------------------------------------------------------------------------------------------- reading the text
    E0001 Error FileTooLarge { bytes: usize, limit: usize } =>
        format!("this file has {bytes} bytes, and {limit} is the most that is read"),
        None,
        "A scenario is a text that a person writes. A file beyond the limit is refused before it is read.";
    E0002 Error NestedTooDeep { limit: usize } =>
        format!("this nests more than {limit} levels deep"),
        cure!("give an inner part a name with `let`, or make it a task"),
        "Brackets, braces and operators may nest, but not without end: the limit keeps reading and running within bounds.";
    E0003 Error Unclosed { bracket: char } =>
        format!("this `{bracket}` is never closed"),
        None,
        "Every `(`, `[` and `{` needs its partner:\n\n    print len([1, 2)\n\nThe `[` is still open where the `)` comes.";
    E0004 Error Unopened { bracket: char } =>
        format!("this `{bracket}` closes nothing"),
        cure!("remove it, or open what it is to close"),
        "A closing bracket without an opening one, often left over from an edit:\n\n    main { print 1 } }";
    E0005 Error UnclosedText =>
        "this text does not end on its line",
        cure!("end it with `\"`; a line break within a text is written `\\n`"),
        "A text stands on one line:\n\n    print \"hello\n\nClose it with a second quote.";
    E0006 Error StrayCharacter { found: char, instead: Option<&'static str> } =>
        format!("`{}` has no meaning here", found.escape_debug()),
        match instead {
            Some(" ") => cure!("it looks like a blank; write an ordinary one"),
            Some(instead) => cure!("write `{instead}`"),
            None => None,
        },
        "A sign that conc does not use. Full-width punctuation and curly quotes look like the signs that are meant:\n\n    print（1）\n\nWrite `(` and `)`.";
    E0007 Error Expected { what: Vec<&'static str>, found: Found } =>
        format!("expected {}, found {found}", alternatives(what)),
        None,
        "Something else has to stand here, or something is missing before it:\n\n    let x =\n\nSay what `x` is to be.";
    E0008 Error Foreign { found: Arc<str>, instead: &'static str } =>
        format!("`{found}` is not part of conc"),
        cure!("write `{instead}`"),
        "A word or sign of another language:\n\n    if a && b { }\n    elif c { }\n\nconc writes `and`, `or`, `not`, `else if`, `catch`, `task`.";
    E0009 Error StatementAtFileLevel =>
        "a statement stands in a body, not at file level",
        cure!("put it in `main {{ … }}`, or in a process or a task"),
        "At file level there are declarations only; their order does not matter. What is done, in order, stands in a body:\n\n    print \"hello\"\n\nWrite `main { print \"hello\" }`.";
    E0010 Error ItemInBody { word: &'static str } =>
        format!("`{word}` stands at file level, not in a body"),
        cure!("move it out of the braces"),
        "Claims, constants, tasks, processes and `main` stand at file level. A body may declare objects, threads and timers, at its top.";
    E0011 Error ReservedName { word: Arc<str> } =>
        format!("`{word}` is a reserved word and cannot be a name"),
        cure!("choose another name, `{word}_` for instance"),
        "The words of statements, operators and literals cannot name anything:\n\n    let after = 1\n\nWords that begin declarations (`queue`, `event`, `main`, …) can.";
    E0012 Error MissingBlock { found: Found } =>
        format!("expected `{{` to open the body, found {found}"),
        match found {
            Found::Sign(sign) if &**sign == ":" => cure!("a body stands in braces, without a colon: `{{ … }}`"),
            Found::Sign(sign) if &**sign == "=" => cure!("a comparison is written `==`"),
            Found::Line => cure!("the `{{` stands on the same line"),
            _ => None,
        },
        "Bodies stand in braces, and the `{` stands on the line of what it belongs to:\n\n    while n < 3:\n        n += 1\n\nWrite `while n < 3 { n += 1 }`.";
    E0013 Error AssignInExpression =>
        "`=` assigns and cannot stand in an expression",
        cure!("a comparison is written `==`"),
        "An assignment is a statement and has no value:\n\n    assert n = 3\n\nWrite `assert n == 3`.";
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
        "`a < b < c` means different things in different languages, so it is refused:\n\n    assert 0 <= n < 10\n\nWrite `assert 0 <= n and n < 10`.";
    E0020 Error NotNeedsParens =>
        "`not` binds more loosely than the operator before it",
        cure!("put it in parentheses: `(not …)`"),
        "`not` binds more loosely than comparisons and arithmetic:\n\n    assert a == not b\n\nWrite `a == (not b)`, or `a != b`.";
    E0021 Error SeveralPatterns { text: Arc<str> } =>
        "several names to be bound stand in brackets",
        cure!("write `[{text}]`"),
        "A pattern is one name or a list of patterns in brackets:\n\n    for k, v in m.items() { }\n\nWrite `for [k, v] in m.items() { }`.";
    E0022 Error NamedArgEquals { name: Arc<str> } =>
        "a named argument is written with a colon",
        cure!("write `{name}: …`"),
        "Named arguments and defaults are written with a colon:\n\n    q.get(timeout=1s)\n\nWrite `q.get(timeout: 1s)`.";
    E0023 Error PlainKey { text: Arc<str> } =>
        "a key of a map is a name, a text or an expression in brackets",
        cure!("write `[{text}]: …`"),
        "A plain name is a text key, other keys stand in brackets:\n\n    {1: \"one\"}\n\nWrite `{[1]: \"one\"}`.";
    E0024 Error MixedBraces { is_map: bool } =>
        if *is_map { "this has no value, but the other entries of the map do" } else { "this has a value, but the other elements of the set have none" },
        None,
        "Braces hold a map (`{a: 1, b: 2}`) or a set (`{1, 2}`), not a mixture.";
    E0025 Error BadTarget =>
        "this cannot be assigned to",
        cure!("a variable, `xs[i]` or `m.key` can"),
        "Only variables, elements of lists and maps, and fields of maps can be assigned to:\n\n    f(x) = 3";
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
        "A case waits for an operation:\n\n    select { case x = q.get() { print x } }\n\nA condition is no case: use `if`, or `await`.";
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
        "`shared` and `atomic` variables have a start value, `once` has a body:\n\n    shared n = 0\n    once setup { print \"once\" }";
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
}
