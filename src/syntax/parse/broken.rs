//! What is wrong with a statement or an item that could not be read.
//!
//! Answers for: one diagnostic, at the place where reading failed, in the writer's terms. Never changes the tree.

use std::sync::Arc;

use pest::Parser;
use pest::error::{Error, ErrorVariant, InputLocation};
use pest::iterators::Pair;

use super::build::{Builder, span};
use super::grammar::Grammar;
use super::{FINDINGS_MAX, Rule};
use crate::diagnostic::{Code, Found, nearest};
use crate::source::Span;

/// Words of other languages, and what they are called here.
const FOREIGN: [(&str, &str); 28] = [
    ("elif", "else if"),
    ("elsif", "else if"),
    ("elseif", "else if"),
    ("except", "catch"),
    ("rescue", "catch"),
    ("throw", "raise"),
    ("def", "task"),
    ("fn", "task"),
    ("func", "task"),
    ("function", "task"),
    ("fun", "task"),
    ("proc", "process"),
    ("var", "let"),
    ("mut", "let"),
    ("val", "let"),
    ("go", "start"),
    ("spawn", "start"),
    ("fork", "start"),
    ("mutex", "lock"),
    ("sem", "semaphore"),
    ("cond", "condition"),
    ("channel", "queue"),
    ("chan", "queue"),
    ("echo", "print"),
    ("println", "print"),
    ("foreach", "for"),
    ("switch", "if"),
    ("match", "if"),
];
/// Operators of other languages.
const FOREIGN_SIGNS: [(&str, &str); 12] = [
    ("&&", "and"),
    ("||", "or"),
    ("++", "+= 1"),
    ("--", "-= 1"),
    ("===", "=="),
    ("!==", "!="),
    ("<>", "!="),
    (":=", "="),
    ("=>", "{ … }"),
    ("->", "{ … }"),
    ("::", "."),
    ("'", "\""),
];
/// Signs that look like others.
const LOOKALIKES: [(char, &str); 22] = [
    ('（', "("),
    ('）', ")"),
    ('，', ","),
    ('：', ":"),
    ('；', ";"),
    ('｛', "{"),
    ('｝', "}"),
    ('［', "["),
    ('］', "]"),
    ('＝', "="),
    ('＋', "+"),
    ('－', "-"),
    ('＊', "*"),
    ('＜', "<"),
    ('＞', ">"),
    ('。', "."),
    ('“', "\""),
    ('”', "\""),
    ('‘', "\""),
    ('’', "\""),
    ('–', "-"),
    ('\u{a0}', " "),
];
const STATEMENT_WORDS: [&str; 22] = [
    "let", "if", "while", "loop", "for", "break", "continue", "return", "with", "try", "raise", "assert", "print",
    "sleep", "yield", "await", "start", "join", "exit", "select", "pass", "mark",
];
const DECLARATION_WORDS: [&str; 26] = [
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
    "main",
    "daemon",
    "invariant",
    "eventually",
    "expect",
];
const FILE_WORDS: [&str; 6] = ["scenario", "const", "main", "invariant", "eventually", "expect"];

impl<'s> Builder<'s> {
    /// Reads a broken part again, as the rule says, and notes what is wrong with it.
    pub(super) fn explain(&mut self, pair: &Pair<'s, Rule>, rule: Rule) {
        if self.diagnostics.len() >= FINDINGS_MAX {
            return;
        }
        let place = span(pair);
        let text = pair.as_str().trim_end();
        let before = self.diagnostics.len();
        match Grammar::parse(rule, text) {
            Ok(_) => self.report(Code::Expected { what: vec!["the end of the line"], found: Found::Line }, place),
            Err(error) => self.explain_error(text, place, rule, &error),
        }
        self.diagnostics.truncate(before + 1);
    }

    /// The file as a whole could not be read.
    pub(super) fn refuse(&mut self, error: &Error<Rule>) {
        let at = offset(error);
        self.report(Code::TooComplex, Span::new(at, at));
    }

    fn explain_error(&mut self, text: &str, place: Span, rule: Rule, error: &Error<Rule>) {
        let ErrorVariant::ParsingError { positives, .. } = &error.variant else {
            return self.report(Code::TooComplex, place);
        };
        let start = place.start as usize;
        let first = word_at(text, 0);
        let failed = offset(error).min(text.len());
        let here = self.text.get(start + failed..).unwrap_or("");
        // What stands there is behind the blanks, unless the line ends.
        let word = here.trim_start_matches([' ', '\t']);
        let is_end = word.is_empty() || word.starts_with(['\n', '\r', '#']);
        let at = if is_end { failed } else { failed + here.len() - word.len() };
        let here = if is_end { word } else { self.text.get(start + at..).unwrap_or("") };
        let found = found(here);
        let found_place = Span::new(start + at, start + at + found_length(here));
        if let Some(code) = misplaced(text, first, rule) {
            return self.report(code, Span::new(start, start + first.len().max(1)));
        }
        let before = self.text.get(start..start + at).unwrap_or("").trim_end();
        if let Some((sign, instead)) = doubled_sign(before) {
            let end = start + before.len();
            return self.report(Code::Foreign { found: sign.into(), instead }, Span::new(end.saturating_sub(2), end));
        }
        if let Some((code, length)) = foreign_sign(here, positives) {
            return self.report(code, Span::new(start + at, start + at + length));
        }
        if let Some(instead) =
            foreign_word(first).filter(|_| !text.get(first.len()..).unwrap_or("").starts_with(['.', '(']))
        {
            let code = Code::Foreign { found: first.into(), instead };
            return self.report(code, Span::new(start, start + first.len()));
        }
        if let Some(code) = unknown_start(first, before, rule).filter(|_| !matches!(found, Found::Sign(_))) {
            return self.report(code, Span::new(start, start + first.len()));
        }
        let code = if let Found::Reserved(word) = &found
            && wants_name(positives)
        {
            Code::ReservedName { word: word.clone() }
        } else if wants_block(positives) && !matches!(found, Found::Sign(ref sign) if &**sign == ")") {
            Code::MissingBlock { found }
        } else if here.starts_with('=') && !here.starts_with("==") && !wants_operand(positives) {
            Code::AssignInExpression
        } else if here.starts_with('}') && text.get(..at).is_some_and(|before| before.ends_with('{')) && in_text(before)
        {
            Code::EmptyHole
        } else {
            Code::Expected { what: expected(positives, rule), found }
        };
        self.report(code, found_place);
    }
}

fn offset(error: &Error<Rule>) -> usize {
    match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    }
}

/// Whether what stands before is within a text literal, going by the quotes on the line.
fn in_text(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or("");
    line.matches('"').count() % 2 == 1
}

/// A word that begins nothing, and the one that may be meant.
fn unknown_start(first: &str, before: &str, rule: Rule) -> Option<Code> {
    let words: Vec<&str> = if rule == Rule::lone_item {
        DECLARATION_WORDS.to_vec()
    } else {
        STATEMENT_WORDS.iter().chain(&DECLARATION_WORDS).copied().collect()
    };
    if words.contains(&first) {
        return None;
    }
    let near = nearest(first, words);
    let at_start = before.is_empty() && rule == Rule::lone_item;
    let follows_word = before == first && near.is_some();
    let is_word = first.starts_with(|c: char| c.is_alphabetic()) && (at_start || follows_word);
    is_word.then(|| Code::UnknownStart { word: first.into(), near })
}

/// A statement among items, or an item among statements.
fn misplaced(text: &str, first: &str, rule: Rule) -> Option<Code> {
    if rule == Rule::lone_stmt {
        return FILE_WORDS
            .iter()
            .find(|word| **word == first)
            .filter(|_| Grammar::parse(Rule::lone_item, text).is_ok())
            .map(|word| Code::ItemInBody { word });
    }
    if DECLARATION_WORDS.contains(&first) {
        return None;
    }
    let is_statement = STATEMENT_WORDS.contains(&first) || Grammar::parse(Rule::lone_stmt, text).is_ok();
    is_statement.then_some(Code::StatementAtFileLevel)
}

/// `n++` and `n--` read as the beginning of a sum.
fn doubled_sign(before: &str) -> Option<(&'static str, &'static str)> {
    FOREIGN_SIGNS.iter().find(|(sign, _)| matches!(*sign, "++" | "--") && before.ends_with(sign)).copied()
}

fn foreign_word(first: &str) -> Option<&'static str> {
    FOREIGN.iter().find(|(word, _)| *word == first).map(|(_, instead)| *instead)
}

fn foreign_sign(here: &str, positives: &[Rule]) -> Option<(Code, usize)> {
    let c = here.chars().next()?;
    if let Some((_, instead)) = LOOKALIKES.iter().find(|(sign, _)| *sign == c) {
        return Some((Code::StrayCharacter { found: c, instead: Some(*instead) }, c.len_utf8()));
    }
    if let Some((sign, instead)) = FOREIGN_SIGNS.iter().find(|(sign, _)| here.starts_with(sign)) {
        return Some((Code::Foreign { found: (*sign).into(), instead }, sign.len()));
    }
    let word = word_at(here, 0);
    if let Some(instead) = foreign_word(word).filter(|_| !wants_name(positives)) {
        return Some((Code::Foreign { found: word.into(), instead }, word.len()));
    }
    if here.starts_with('!') && !here.starts_with("!=") {
        return Some((Code::Foreign { found: "!".into(), instead: "not" }, 1));
    }
    let is_known = c.is_alphanumeric() || c.is_ascii_punctuation() || c.is_whitespace() || c == '_';
    let is_used = !matches!(c, '$' | '@' | '`' | '~' | '?' | '\\' | '^' | '&' | '|');
    if is_known && is_used {
        return None;
    }
    Some((Code::StrayCharacter { found: c, instead: None }, c.len_utf8()))
}

/// The word that stands at an offset; empty if none does.
fn word_at(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or("");
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    rest.get(..end).unwrap_or("")
}

/// What stands where reading failed.
fn found(here: &str) -> Found {
    let Some(c) = here.chars().next() else { return Found::End };
    if matches!(c, '\n' | '\r' | '#') {
        return Found::Line;
    }
    let text: Arc<str> = here.get(..found_length(here)).unwrap_or("").into();
    if c == '"' {
        return Found::Text;
    }
    if Grammar::parse(Rule::reserved, here).is_ok_and(|pairs| pairs.as_str().len() == text.len()) {
        return Found::Reserved(text);
    }
    if c.is_alphanumeric() || c == '_' { Found::Word(text) } else { Found::Sign(text) }
}

/// How many bytes of what stands there are worth underlining.
fn found_length(here: &str) -> usize {
    const SIGNS: [&str; 13] = ["<->", "..=", "**", "//", "==", "!=", "<=", ">=", "<-", "->", "..", "+=", "-="];
    let Some(c) = here.chars().next() else { return 0 };
    if c.is_alphanumeric() || c == '_' {
        return word_at(here, 0).len();
    }
    if matches!(c, '\n' | '\r') {
        return 0;
    }
    SIGNS.iter().find(|sign| here.starts_with(**sign)).map_or(c.len_utf8(), |sign| sign.len())
}

fn wants_name(positives: &[Rule]) -> bool {
    positives.iter().any(|rule| matches!(rule, Rule::ident | Rule::patterns | Rule::pattern))
}

fn wants_operand(positives: &[Rule]) -> bool {
    wants_name(positives)
        || positives.iter().any(|rule| matches!(rule, Rule::expr | Rule::operands | Rule::lone_stmt | Rule::lone_item))
}

/// Whether a body has to stand there, not only may.
fn wants_block(positives: &[Rule]) -> bool {
    let may_end = positives.iter().any(|rule| matches!(rule, Rule::lone_end | Rule::end | Rule::EOI));
    !may_end && positives.iter().any(|rule| matches!(rule, Rule::block | Rule::lbrace))
}

/// What could have stood there, in the writer's terms; the most telling first.
fn expected(positives: &[Rule], rule: Rule) -> Vec<&'static str> {
    let mut names: Vec<(u8, &'static str)> = positives.iter().filter_map(|positive| term(*positive, rule)).collect();
    names.sort_unstable();
    names.dedup();
    if names.contains(&(3, "the end of the line")) {
        names.retain(|(rank, _)| *rank <= 1 || *rank == 3);
    }
    let best = names.first().map_or(0, |(rank, _)| *rank);
    let closes = names.iter().any(|(_, name)| matches!(*name, "`)`" | "`]`" | "`}`"));
    names.retain(|(rank, name)| *rank == best || (closes && *name == "`,`"));
    names.truncate(3);
    names.into_iter().map(|(_, name)| name).collect()
}

fn term(positive: Rule, rule: Rule) -> Option<(u8, &'static str)> {
    Some(match positive {
        Rule::expr | Rule::operands | Rule::exprs | Rule::prefix | Rule::number | Rule::simple => (0, "an expression"),
        Rule::lone_item => (0, "a declaration"),
        Rule::scenario | Rule::constant | Rule::object | Rule::actor if rule == Rule::lone_item => (0, "a declaration"),
        Rule::lone_stmt => (0, "a statement"),
        Rule::arrow => (0, "`<->` or `<-`"),
        Rule::ident | Rule::word => (1, "a name"),
        Rule::patterns | Rule::pattern => (1, "a name, or names in brackets"),
        Rule::equals => (2, "`=`"),
        Rule::colon => (2, "`:`"),
        Rule::rparen => (2, "`)`"),
        Rule::rbracket => (2, "`]`"),
        Rule::rbrace => (2, "`}`"),
        Rule::quote => (2, "`\"`"),
        Rule::kw_in => (2, "`in`"),
        Rule::kw_case => (2, "`case`"),
        Rule::case | Rule::after | Rule::otherwise => (2, "`case`, `after` or `else`"),
        Rule::w_on => (2, "`on`"),
        Rule::lone_end | Rule::end | Rule::EOI => (3, "the end of the line"),
        Rule::kw_else => (4, "`else`"),
        Rule::string => (4, "a text in quotes"),
        Rule::comma => (4, "`,`"),
        Rule::lparen | Rule::args => (5, "`(`"),
        Rule::assign => (5, "`=`"),
        _ => return None,
    })
}
