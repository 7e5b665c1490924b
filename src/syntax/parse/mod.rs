//! From text to tree.
//!
//! Answers for: a tree and diagnostics for any text whatever, in bounded time and stack. Never panics, never looks at
//! what names mean.

mod scan;

mod build;

mod items;

mod statements;

mod expressions;

mod operators;

mod literals;

mod broken;

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use pest::Parser;

use self::build::Builder;
use super::ast;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Source, Span};

/// The most bytes that a file may have.
pub const FILE_SIZE_MAX: usize = 1024 * 1024;
/// How deep brackets, braces and holes in texts may nest.
pub const NESTING_MAX: usize = 100;
/// How deep an expression may be: the operators, brackets and calls on the way to its innermost part.
pub const EXPRESSION_DEPTH_MAX: usize = 200;

/// After so many findings the rest of a file is not looked into.
const FINDINGS_MAX: usize = 100;

/// The parser that pest makes from the grammar.
mod grammar {
    /// See `grammar/conc.pest`.
    #[derive(pest_derive::Parser)]
    #[grammar = "../grammar/conc.pest"]
    pub(super) struct Grammar;
}

use grammar::{Grammar, Rule};

/// Reads a file. What cannot be read has a diagnostic and is left out, or is a [`ast::StmtKind::Broken`].
pub fn parse(source: &Source) -> (ast::File, Vec<Diagnostic>) {
    let text = source.text();
    if text.len() > FILE_SIZE_MAX {
        let code = Code::FileTooLarge { bytes: text.len(), limit: FILE_SIZE_MAX };
        return (ast::File::default(), vec![Diagnostic::new(code, Span::new(0, 0))]);
    }
    let scan = scan::scan(text);
    if scan.hopeless {
        return (ast::File::default(), scan.diagnostics);
    }
    let shown = if scan.hidden.is_empty() { None } else { Some(without(text, &scan.hidden)) };
    let shown = shown.as_deref().unwrap_or(text);
    raise_call_limit(shown.len());
    let mut builder = Builder::new(shown, scan.diagnostics);
    match Grammar::parse(Rule::file, shown) {
        Ok(pairs) => builder.file(pairs),
        Err(error) => builder.refuse(&error),
    }
    builder.finish()
}

/// The text with blanks for what is hidden, so that places stay what they are.
fn without(text: &str, hidden: &[Span]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut hidden: Vec<Span> = hidden.to_vec();
    hidden.sort();
    let mut spans = hidden.into_iter().peekable();
    for (at, c) in text.char_indices() {
        while spans.peek().is_some_and(|span| span.end as usize <= at) {
            spans.next();
        }
        let is_hidden = spans.peek().is_some_and(|span| span.start as usize <= at);
        if is_hidden && c != '\n' {
            shown.extend(std::iter::repeat_n(' ', c.len_utf8()));
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Lets pest make as many calls as a text of this length may need, and not more. The limit is one for the whole
/// process, so it only ever rises: a parse on another thread is never cut short.
fn raise_call_limit(bytes: usize) {
    static LIMIT: Mutex<usize> = Mutex::new(0);
    const CALLS_PER_BYTE: usize = 2000;
    let needed = 100_000 + CALLS_PER_BYTE * bytes;
    let mut limit = LIMIT.lock().unwrap_or_else(PoisonError::into_inner);
    if needed > *limit {
        *limit = needed;
        pest::set_call_limit(NonZeroUsize::new(needed));
    }
}
