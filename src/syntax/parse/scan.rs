//! A first look at the text, in one pass without recursion, before the grammar sees it.
//!
//! Answers for: that brackets pair up, texts end and nothing nests too deep, so that the grammar can rely on it. Never
//! builds anything.

use super::{FINDINGS_MAX, NESTING_MAX};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// What was found.
pub(super) struct Scan {
    /// What is wrong.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Parts that the grammar must not see.
    pub(super) hidden: Vec<Span>,
    /// Whether the rest of the file is not worth reading.
    pub(super) hopeless: bool,
}

/// An open bracket, text or hole in a text.
#[derive(Clone, Copy)]
struct Open {
    at: usize,
    what: What,
    /// Start of the top-level chunk it stands in.
    chunk: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Bracket(u8),
    Text,
    Hole,
}

/// Looks at the whole text.
pub(super) fn scan(text: &str) -> Scan {
    let (first, unpaired) = pass(text, false);
    if unpaired && !first.hopeless { pass(text, true).0 } else { first }
}

/// Looks once; also says whether brackets do not pair up. With `by_items`, a line that begins with a declaration closes
/// what is still open: the second try for a file whose brackets do not pair up.
fn pass(text: &str, by_items: bool) -> (Scan, bool) {
    let scan = Scan { diagnostics: Vec::new(), hidden: Vec::new(), hopeless: false };
    let mut scanner = Scanner { text, open: Vec::new(), chunk: 0, unpaired: false, scan };
    scanner.run(by_items);
    (scanner.scan, scanner.unpaired)
}

struct Scanner<'a> {
    text: &'a str,
    open: Vec<Open>,
    /// Where the item at hand begins.
    chunk: usize,
    unpaired: bool,
    scan: Scan,
}

impl Scanner<'_> {
    fn run(&mut self, by_items: bool) {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let line_start = at == 0 || bytes.get(at - 1) == Some(&b'\n');
            if by_items && line_start && !self.open.is_empty() && begins_item(self.text.get(at..).unwrap_or("")) {
                self.abandon(at);
            }
            at = match self.open.last().map(|open| open.what) {
                Some(What::Text) => self.in_text(at, byte),
                Some(What::Hole) => self.in_code(at, byte, true),
                _ => self.in_code(at, byte, false),
            };
            if self.open.len() > NESTING_MAX {
                let span = Span::new(at - 1, at);
                self.scan.diagnostics = vec![Diagnostic::new(Code::NestedTooDeep { limit: NESTING_MAX }, span)];
                self.scan.hopeless = true;
                return;
            }
        }
        self.abandon(bytes.len());
    }

    fn in_text(&mut self, at: usize, byte: u8) -> usize {
        match byte {
            b'\\' if self.text.as_bytes().get(at + 1).is_some_and(|next| *next != b'\n') => return at + 2,
            b'"' => {
                self.open.pop();
            }
            b'{' => self.push(at, What::Hole),
            b'\n' => self.unclosed_text(at),
            _ => {}
        }
        at + 1
    }

    fn in_code(&mut self, at: usize, byte: u8, in_hole: bool) -> usize {
        match byte {
            b'"' => self.push(at, What::Text),
            b'(' | b'[' | b'{' => self.push(at, What::Bracket(byte)),
            b'}' if in_hole => {
                self.open.pop();
            }
            b')' | b']' | b'}' => self.close(at, byte),
            b'\n' if self.in_any_text() => self.unclosed_text(at),
            b'\n' | b';' if self.open.is_empty() => self.chunk = at + 1,
            b'#' if !self.in_any_text() => {
                return at + self.text.as_bytes().iter().skip(at).take_while(|byte| **byte != b'\n').count();
            }
            _ => {}
        }
        at + 1
    }

    fn push(&mut self, at: usize, what: What) {
        self.open.push(Open { at, what, chunk: self.chunk });
    }

    fn in_any_text(&self) -> bool {
        self.open.iter().any(|open| open.what == What::Text)
    }

    /// A text did not end on its line: it is hidden, and with it what it stands in, up to the end of the line.
    fn unclosed_text(&mut self, at: usize) {
        let Some(first) = self.open.iter().position(|open| open.what == What::Text) else { return };
        let start = self.open.get(first).map_or(at, |open| open.at);
        self.open.truncate(first);
        self.report(Diagnostic::new(Code::UnclosedText, Span::new(start, at.max(start + 1))));
        let swallowed = self.text.get(start..at).unwrap_or("").matches('}').count();
        self.hide_line(at, swallowed);
    }

    /// Hides the rest of the line that ends here, from the last brace on it that is still to be closed.
    fn hide_line(&mut self, end: usize, mut braces: usize) {
        let line = self.text.get(..end).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        while let Some(open) = self.open.last().filter(|open| open.at >= line) {
            if open.what == What::Bracket(b'{') {
                if braces == 0 {
                    break;
                }
                braces -= 1;
            }
            self.open.pop();
        }
        let start = self.open.last().map_or(line, |open| line.max(open.at + 1));
        self.scan.hidden.push(Span::new(start, end));
    }

    fn close(&mut self, at: usize, byte: u8) {
        let wanted = match byte {
            b')' => b'(',
            b']' => b'[',
            _ => b'{',
        };
        let here = Span::new(at, at + 1);
        let is_wanted = |open: &Open| open.what == What::Bracket(wanted);
        if self.open.last().is_some_and(is_wanted) {
            self.open.pop();
            return;
        }
        self.unpaired = true;
        let inner =
            self.open.iter().rposition(|open| matches!(open.what, What::Text | What::Hole)).map_or(0, |i| i + 1);
        match self.open.iter().rposition(is_wanted) {
            Some(outer) if outer >= inner => {
                if let Some(top) = self.open.last().copied() {
                    self.report_open(top, Some(here));
                }
                // Lines before the one that lacks a bracket are sound.
                let first = self.open.get(outer + 1).map_or(at, |open| open.at);
                let line =
                    self.text.get(..first).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
                let inside = self.open.get(outer).map_or(at, |open| line.max(open.at + 1));
                self.open.truncate(outer);
                self.scan.hidden.push(Span::new(inside, at));
            }
            _ => {
                let code = Code::Unopened { bracket: char::from(byte) };
                self.report(Diagnostic::new(code, here));
                self.scan.hidden.push(here);
            }
        }
    }

    /// Gives up on everything that is open; the chunk that it stands in is hidden.
    fn abandon(&mut self, at: usize) {
        let Some(first) = self.open.first().copied() else { return };
        self.unpaired = true;
        if let Some(top) = self.open.last().copied() {
            self.report_open(top, None);
        }
        self.open.clear();
        self.scan.hidden.push(Span::new(first.chunk, at));
        self.chunk = at;
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if self.scan.diagnostics.len() < FINDINGS_MAX {
            self.scan.diagnostics.push(diagnostic);
        }
    }

    fn report_open(&mut self, open: Open, closer: Option<Span>) {
        let span = Span::new(open.at, open.at + 1);
        let code = match open.what {
            What::Bracket(byte) => Code::Unclosed { bracket: char::from(byte) },
            What::Text => Code::UnclosedText,
            What::Hole => Code::Unclosed { bracket: '{' },
        };
        let diagnostic = Diagnostic::new(code, span);
        self.report(match closer {
            Some(closer) => diagnostic.also(closer, "this closes something further out"),
            None => diagnostic,
        });
    }
}

/// Whether a line begins with the word of a declaration or claim and a name, a text or a brace.
fn begins_item(line: &str) -> bool {
    const WORDS: [&str; 25] = [
        "scenario",
        "const",
        "queue",
        "pipe",
        "lock",
        "rlock",
        "rwlock",
        "condition",
        "semaphore",
        "bounded",
        "event",
        "barrier",
        "latch",
        "once",
        "shared",
        "atomic",
        "pool",
        "process",
        "thread",
        "timer",
        "task",
        "daemon",
        "invariant",
        "eventually",
        "expect",
    ];
    let word = line.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
    let rest = line.get(word.len()..).unwrap_or("");
    let follows = rest.trim_start_matches([' ', '\t']).chars().next();
    let is_name = follows.is_some_and(|c| c.is_alphabetic() || c == '_' || c == '"');
    match word {
        "main" | "finally" => follows == Some('{'),
        _ => WORDS.contains(&word) && rest.starts_with([' ', '\t']) && is_name,
    }
}
