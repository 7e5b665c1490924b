//! What is wrong with a statement or an item that could not be read.
//!
//! Answers for: one diagnostic, at the place where reading failed, in the writer's terms. Never changes the tree.

use std::sync::Arc;

use pest::Parser;
use pest::error::{Error, ErrorVariant, InputLocation};
use pest::iterators::Pair;

use super::{FINDINGS_MAX, Rule};
use super::build::{Builder, span};
use super::grammar::Grammar;
use crate::diagnostic::{Code, Found};
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
        let at = offset(error).min(text.len());
        let start = place.start as usize;
        let first = word_at(text, 0);
        let here = self.text.get(start + at..).unwrap_or("");
        let found = found(here);
        let found_place = Span::new(start + at, start + at + found_length(here));
        if let Some(code) = misplaced(text, first, rule) {
            return self.report(code, Span::new(start, start + first.len().max(1)));
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
        let code = if let Found::Reserved(word) = &found
            && wants_name(positives)
        {
            Code::ReservedName { word: word.clone() }
        } else if wants_block(positives) && !matches!(found, Found::Sign(ref sign) if &**sign == ")") {
            Code::MissingBlock { found }
        } else if here.starts_with('=') && !here.starts_with("==") {
            Code::AssignInExpression
        } else if here.starts_with('}')
            && text.get(..at).is_some_and(|before| before.ends_with('{'))
            && in_text(text, at)
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

/// Whether an offset stands within a text literal, going by the quotes before it on the line.
fn in_text(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or("");
    let line = before.rsplit('\n').next().unwrap_or("");
    line.matches('"').count() % 2 == 1
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
    let is_statement = STATEMENT_WORDS.contains(&first) || Grammar::parse(Rule::lone_stmt, text).is_ok();
    is_statement.then_some(Code::StatementAtFileLevel)
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

fn wants_block(positives: &[Rule]) -> bool {
    positives.iter().any(|rule| matches!(rule, Rule::block | Rule::lbrace))
}

/// What could have stood there, in the writer's terms; the most telling first.
fn expected(positives: &[Rule], rule: Rule) -> Vec<&'static str> {
    let mut names: Vec<(u8, &'static str)> = positives.iter().filter_map(|positive| term(*positive, rule)).collect();
    names.sort();
    names.dedup();
    // Where an operand is wanted, the brackets and commas that may follow the last one say nothing.
    if names.iter().any(|(rank, _)| *rank == 0) {
        names.retain(|(rank, _)| *rank == 0);
    }
    names.truncate(3);
    names.into_iter().map(|(_, name)| name).collect()
}

fn term(positive: Rule, rule: Rule) -> Option<(u8, &'static str)> {
    Some(match positive {
        Rule::expr | Rule::operands | Rule::exprs | Rule::prefix | Rule::number | Rule::simple => (0, "an expression"),
        Rule::ident | Rule::word => (0, "a name"),
        Rule::patterns | Rule::pattern => (0, "a name, or names in brackets"),
        Rule::string => (0, "a text in quotes"),
        Rule::arrow => (0, "`<->` or `<-`"),
        Rule::equals => (1, "`=`"),
        Rule::assign => (3, "`=`"),
        Rule::colon => (1, "`:`"),
        Rule::rparen => (1, "`)`"),
        Rule::rbracket => (1, "`]`"),
        Rule::rbrace => (1, "`}`"),
        Rule::lparen | Rule::args => (2, "`(`"),
        Rule::quote => (1, "`\"`"),
        Rule::comma => (2, "`,`"),
        Rule::kw_in => (1, "`in`"),
        Rule::kw_else => (1, "`else`"),
        Rule::kw_case => (1, "`case`"),
        Rule::case | Rule::after | Rule::otherwise => (1, "`case`, `after` or `else`"),
        Rule::w_on => (1, "`on`"),
        Rule::lone_end | Rule::end | Rule::EOI => (2, "the end of the line"),
        Rule::lone_item => (0, "a declaration"),
        Rule::lone_stmt => (0, "a statement"),
        Rule::scenario | Rule::constant | Rule::object | Rule::actor if rule == Rule::lone_item => (0, "a declaration"),
        _ => return None,
    })
}
