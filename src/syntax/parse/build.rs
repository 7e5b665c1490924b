//! The tree builder: what its parts share.
//!
//! Answers for: numbering names, keeping diagnostics, walking the pairs that pest gives. Never reads text by itself.

use pest::iterators::{Pair, Pairs};

use super::{FINDINGS_MAX, Rule, ast};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// Makes the tree from pest's pairs.
pub(super) struct Builder<'s> {
    /// The text that pest sees.
    pub(super) text: &'s str,
    /// What was found so far.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// How many calls of the expression builder are under way.
    pub(super) depth: usize,
    file: ast::File,
}

impl<'s> Builder<'s> {
    /// With what the first look found.
    pub(super) fn new(text: &'s str, diagnostics: Vec<Diagnostic>) -> Builder<'s> {
        Builder { text, diagnostics, depth: 0, file: ast::File::default() }
    }

    /// The tree and the diagnostics, in the order of their places.
    pub(super) fn finish(mut self) -> (ast::File, Vec<Diagnostic>) {
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        self.diagnostics.truncate(FINDINGS_MAX);
        (self.file, self.diagnostics)
    }

    /// Takes the items of a file.
    pub(super) fn file(&mut self, pairs: Pairs<'s, Rule>) {
        for pair in pairs.flat_map(Pair::into_inner) {
            match pair.as_rule() {
                Rule::end | Rule::EOI => {}
                Rule::broken_item => self.explain(&pair, Rule::lone_item),
                _ => {
                    if let Some(item) = self.item(pair) {
                        self.file.items.push(item);
                    }
                }
            }
        }
    }

    /// Notes a finding.
    pub(super) fn report(&mut self, code: Code, span: Span) {
        self.diagnostics.push(Diagnostic::new(code, span));
    }

    /// An occurrence of an identifier.
    pub(super) fn ident(&mut self, pair: &Pair<'s, Rule>) -> ast::Ident {
        let id = ast::NameId(self.file.names);
        self.file.names += 1;
        ast::Ident { text: pair.as_str().into(), span: span(pair), id }
    }
}

/// Where a pair stands. Trailing blanks that the grammar took along do not count.
pub(super) fn span(pair: &Pair<'_, Rule>) -> Span {
    let place = pair.as_span();
    let trimmed = pair.as_str().trim_end().len();
    Span::new(place.start(), place.start() + trimmed)
}

/// The parts of a pair, in order.
#[derive(Clone)]
pub(super) struct Parts<'s>(Pairs<'s, Rule>);

impl<'s> Parts<'s> {
    /// The parts of a pair.
    pub(super) fn of(pair: Pair<'s, Rule>) -> Parts<'s> {
        Parts(pair.into_inner())
    }

    /// The rule of the next part.
    pub(super) fn peek(&self) -> Option<Rule> {
        self.0.peek().map(|pair| pair.as_rule())
    }

    /// The next part, without taking it.
    pub(super) fn peek_pair(&self) -> Option<Pair<'s, Rule>> {
        self.0.peek()
    }

    /// The next part if it is of this rule.
    pub(super) fn eat(&mut self, rule: Rule) -> Option<Pair<'s, Rule>> {
        if self.peek() == Some(rule) { self.0.next() } else { None }
    }

    /// Takes the next part if it is of this rule and says whether it was.
    pub(super) fn accept(&mut self, rule: Rule) -> bool {
        self.eat(rule).is_some()
    }

    /// Skips parts up to the next of this rule and takes it.
    pub(super) fn seek(&mut self, rule: Rule) -> Option<Pair<'s, Rule>> {
        self.0.find(|pair| pair.as_rule() == rule)
    }
}

impl<'s> Iterator for Parts<'s> {
    type Item = Pair<'s, Rule>;

    fn next(&mut self) -> Option<Pair<'s, Rule>> {
        self.0.next()
    }
}
