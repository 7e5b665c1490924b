//! Expressions: operands, calls, indexing, literals with brackets.
//!
//! Answers for: the tree of an expression, and that it is not deeper than consumers can bear. Never checks names.

use pest::iterators::Pair;

use super::build::{Builder, Parts, span};
use super::{EXPRESSION_DEPTH_MAX, NESTING_MAX, Rule, ast};
use crate::diagnostic::Code;
use crate::source::Span;

use ast::ExprKind;

/// How many calls of [`Builder::operators`] may be under way: brackets, and what nests without them.
const CALLS_MAX: usize = NESTING_MAX + EXPRESSION_DEPTH_MAX;

/// An expression and how deep it is.
pub(super) struct Node {
    pub(super) expr: ast::Expr,
    pub(super) depth: usize,
}

impl Node {
    /// In place of what is not there, or is not worth building; takes what is left.
    pub(super) fn missing(parts: &mut Parts<'_>) -> Node {
        let place = parts.peek_pair().map(|pair| span(&pair)).unwrap_or_default();
        parts.by_ref().for_each(drop);
        Node { expr: nothing(place), depth: 0 }
    }
}

fn nothing(place: Span) -> ast::Expr {
    ast::Expr { kind: ExprKind::None, span: place }
}

impl<'s> Builder<'s> {
    /// An expression (or the operands of a comprehension).
    pub(super) fn expr(&mut self, pair: Pair<'s, Rule>) -> ast::Expr {
        self.expr_node(pair).expr
    }

    /// A node; one that is too deep is reported and cut down.
    pub(super) fn node(&mut self, kind: ExprKind, place: Span, depth: usize) -> Node {
        let expr = ast::Expr { kind, span: place };
        if depth <= EXPRESSION_DEPTH_MAX {
            return Node { expr, depth };
        }
        self.too_deep(place);
        Node { expr: nothing(place), depth: 0 }
    }

    /// Counts a call of the expression builder; false (and a diagnostic) if there are too many under way.
    pub(super) fn deeper(&mut self, parts: &Parts<'s>) -> bool {
        if self.depth >= CALLS_MAX {
            self.too_deep(parts.peek_pair().map(|pair| span(&pair)).unwrap_or_default());
            return false;
        }
        self.depth += 1;
        true
    }

    /// One expression has one such diagnostic, though every bracket around its core may find it too deep.
    fn too_deep(&mut self, place: Span) {
        let code = Code::NestedTooDeep { limit: EXPRESSION_DEPTH_MAX };
        let is_known = self
            .diagnostics
            .last()
            .is_some_and(|last| last.code == code && (last.span.start >= place.start || place.start < last.span.end));
        if !is_known {
            self.report(code, place);
        }
    }

    /// An expression and how deep it is.
    pub(super) fn expr_node(&mut self, pair: Pair<'s, Rule>) -> Node {
        let mut parts = Parts::of(pair);
        let low = self.conditional(&mut parts);
        let Some(sign) = parts.eat(Rule::range_op) else {
            return low;
        };
        let high = self.conditional(&mut parts);
        let (place, depth) = (low.expr.span.to(high.expr.span), low.depth.max(high.depth) + 1);
        let inclusive = sign.as_str() == "..=";
        self.node(ExprKind::Range { low: Box::new(low.expr), high: Box::new(high.expr), inclusive }, place, depth)
    }

    /// `a if c else b if d else e`, which is `a if c else (b if d else e)`.
    fn conditional(&mut self, parts: &mut Parts<'s>) -> Node {
        let mut values = vec![self.operators(parts, 0)];
        let mut conditions = Vec::new();
        while parts.accept(Rule::kw_if) {
            conditions.push(self.operators(parts, 0));
            parts.accept(Rule::kw_else);
            values.push(self.operators(parts, 0));
        }
        let Some(mut result) = values.pop() else {
            return Node::missing(parts);
        };
        while let (Some(yes), Some(condition)) = (values.pop(), conditions.pop()) {
            let place = yes.expr.span.to(result.expr.span);
            let depth = yes.depth.max(condition.depth).max(result.depth) + 1;
            let kind = ExprKind::IfElse {
                condition: Box::new(condition.expr),
                yes: Box::new(yes.expr),
                no: Box::new(result.expr),
            };
            result = self.node(kind, place, depth);
        }
        result
    }

    /// A primary and the calls, indices and members behind it.
    pub(super) fn operand(&mut self, parts: &mut Parts<'s>) -> Node {
        let Some(primary) = parts.next() else {
            return Node::missing(parts);
        };
        let mut node = self.primary(primary);
        while let Some(Rule::args | Rule::index | Rule::member) = parts.peek() {
            let Some(postfix) = parts.next() else { break };
            node = self.postfix(node, postfix);
        }
        node
    }

    fn postfix(&mut self, node: Node, postfix: Pair<'s, Rule>) -> Node {
        let place = node.expr.span.to(span(&postfix));
        let base = Box::new(node.expr);
        let (kind, inner) = match postfix.as_rule() {
            Rule::args => {
                let (args, depth) = self.args_and_depth(postfix);
                (ExprKind::Call(base, args), depth)
            }
            Rule::index => self.index(base, postfix),
            _ => {
                let mut parts = Parts::of(postfix);
                let Some(word) = parts.seek(Rule::word) else {
                    return self.node(base.kind, place, node.depth);
                };
                let name = self.ident(&word);
                match parts.eat(Rule::args) {
                    Some(args) => {
                        let (args, depth) = self.args_and_depth(args);
                        (ExprKind::Method(base, name, args), depth)
                    }
                    None => (ExprKind::Field(base, name), 0),
                }
            }
        };
        self.node(kind, place, node.depth.max(inner) + 1)
    }

    fn index(&mut self, base: Box<ast::Expr>, pair: Pair<'s, Rule>) -> (ExprKind, usize) {
        let mut parts = Parts::of(pair);
        if let Some(sign) = parts.eat(Rule::range_op) {
            let inclusive = sign.as_str() == "..=";
            let high = parts.eat(Rule::expr).map(|high| self.expr_node(high));
            let depth = high.as_ref().map_or(0, |high| high.depth);
            return (ExprKind::Slice(base, None, high.map(|high| Box::new(high.expr)), inclusive), depth);
        }
        let Some(inner) = parts.eat(Rule::expr) else {
            return (base.kind, 0);
        };
        let Node { expr, depth } = self.expr_node(inner);
        if let Some(open) = parts.eat(Rule::open) {
            let inclusive = open.as_str().trim_end() == "..=";
            return (ExprKind::Slice(base, Some(Box::new(expr)), None, inclusive), depth);
        }
        match expr.kind {
            ExprKind::Range { low, high, inclusive } => {
                (ExprKind::Slice(base, Some(low), Some(high), inclusive), depth)
            }
            kind => (ExprKind::Index(base, Box::new(ast::Expr { kind, span: expr.span })), depth),
        }
    }

    /// Arguments between parentheses.
    pub(super) fn args(&mut self, pair: Pair<'s, Rule>) -> Vec<ast::Arg> {
        self.args_and_depth(pair).0
    }

    fn args_and_depth(&mut self, pair: Pair<'s, Rule>) -> (Vec<ast::Arg>, usize) {
        let mut args = Vec::new();
        let mut deepest = 0;
        for part in Parts::of(pair).filter(|part| part.as_rule() == Rule::arg) {
            let mut arg = Parts::of(part);
            let name = arg.eat(Rule::label).and_then(|label| self.label(label));
            let Some(value) = arg.seek(Rule::expr) else { continue };
            let value = self.expr_node(value);
            deepest = deepest.max(value.depth);
            args.push(ast::Arg { name, value: value.expr });
        }
        (args, deepest)
    }

    fn label(&mut self, pair: Pair<'s, Rule>) -> Option<ast::Ident> {
        let place = span(&pair);
        let mut parts = Parts::of(pair);
        let name = self.ident(&parts.seek(Rule::word)?);
        if !parts.accept(Rule::colon) {
            self.report(Code::NamedArgEquals { name: name.text.clone() }, place);
        }
        Some(name)
    }

    fn primary(&mut self, pair: Pair<'s, Rule>) -> Node {
        let place = span(&pair);
        let rule = pair.as_rule();
        let mut parts = Parts::of(pair.clone());
        let (kind, depth) = match rule {
            Rule::number => (self.number(&pair), 0),
            Rule::string => self.string(pair),
            Rule::kw_true => (ExprKind::Bool(true), 0),
            Rule::kw_false => (ExprKind::Bool(false), 0),
            Rule::name => match parts.seek(Rule::ident) {
                Some(name) => (ExprKind::Name(self.ident(&name)), 0),
                None => (ExprKind::None, 0),
            },
            Rule::paren => match parts.seek(Rule::expr) {
                // The parentheses belong to the place, not to the tree.
                Some(inner) => {
                    let Node { expr, depth } = self.expr_node(inner);
                    return Node { expr: ast::Expr { kind: expr.kind, span: place }, depth };
                }
                None => (ExprKind::None, 0),
            },
            Rule::list => self.list(parts),
            Rule::braces => self.braces(parts),
            Rule::start => self.start(parts),
            _ => (ExprKind::None, 0),
        };
        self.node(kind, place, depth + 1)
    }

    fn start(&mut self, mut parts: Parts<'s>) -> (ExprKind, usize) {
        let Some(template) = parts.seek(Rule::ident) else { return (ExprKind::None, 0) };
        let template = self.ident(&template);
        let index = parts.eat(Rule::array).and_then(|array| Parts::of(array).seek(Rule::expr));
        let index = index.map(|index| self.expr_node(index));
        let (args, depth) = match parts.eat(Rule::args) {
            Some(args) => self.args_and_depth(args),
            None => (Vec::new(), 0),
        };
        let depth = depth.max(index.as_ref().map_or(0, |index| index.depth));
        (ExprKind::Start { template, index: index.map(|index| Box::new(index.expr)), args }, depth)
    }

    fn list(&mut self, parts: Parts<'s>) -> (ExprKind, usize) {
        let mut items: Vec<ast::Expr> = Vec::new();
        let mut deepest = 0;
        for part in parts {
            match part.as_rule() {
                Rule::expr => {
                    let item = self.expr_node(part);
                    deepest = deepest.max(item.depth);
                    items.push(item.expr);
                }
                Rule::repeat => {
                    let (Some(item), Some(count)) = (items.pop(), Parts::of(part).seek(Rule::expr)) else { continue };
                    let count = self.expr_node(count);
                    let depth = deepest.max(count.depth);
                    return (ExprKind::Repeat(Box::new(item), Box::new(count.expr)), depth);
                }
                Rule::comprehension => {
                    let (Some(item), Some((comp, depth))) = (items.pop(), self.comprehension(part)) else { continue };
                    return (ExprKind::ListComp(Box::new(item), Box::new(comp)), deepest.max(depth));
                }
                _ => {}
            }
        }
        (ExprKind::List(items), deepest)
    }

    fn comprehension(&mut self, pair: Pair<'s, Rule>) -> Option<(ast::Comprehension, usize)> {
        let mut parts = Parts::of(pair);
        let pattern = self.patterns(parts.seek(Rule::patterns)?)?;
        let iter = self.expr_node(parts.seek(Rule::through)?);
        let condition = parts.seek(Rule::operands).map(|condition| self.expr_node(condition));
        let depth = iter.depth.max(condition.as_ref().map_or(0, |condition| condition.depth));
        Some((ast::Comprehension { pattern, iter: iter.expr, condition: condition.map(|node| node.expr) }, depth))
    }

    /// A map, a set, or a comprehension of either.
    fn braces(&mut self, parts: Parts<'s>) -> (ExprKind, usize) {
        let mut entries: Vec<(ast::Expr, Option<ast::Expr>)> = Vec::new();
        let mut comprehension = None;
        let mut deepest = 0;
        for part in parts {
            match part.as_rule() {
                Rule::entry => {
                    let mut entry = Parts::of(part).filter(|part| part.as_rule() == Rule::expr);
                    let Some(first) = entry.next().map(|first| self.expr_node(first)) else { continue };
                    let second = entry.next().map(|second| self.expr_node(second));
                    deepest = deepest.max(first.depth).max(second.as_ref().map_or(0, |second| second.depth));
                    entries.push((first.expr, second.map(|second| second.expr)));
                }
                Rule::comprehension => {
                    let Some((comp, depth)) = self.comprehension(part) else { continue };
                    deepest = deepest.max(depth);
                    comprehension = Some(Box::new(comp));
                }
                _ => {}
            }
        }
        let kind = match (comprehension, entries.pop()) {
            (Some(comp), Some((key, Some(value)))) => ExprKind::MapComp(Box::new(computed(key)), Box::new(value), comp),
            (Some(comp), Some((item, None))) => ExprKind::SetComp(Box::new(item), comp),
            (_, None) => ExprKind::Map(Vec::new()),
            (None, Some(last)) => {
                entries.push(last);
                self.map_or_set(entries)
            }
        };
        (kind, deepest)
    }

    fn map_or_set(&mut self, entries: Vec<(ast::Expr, Option<ast::Expr>)>) -> ExprKind {
        let is_map = entries.first().is_some_and(|(_, value)| value.is_some());
        let mut pairs = Vec::new();
        let mut items = Vec::new();
        for (key, value) in entries {
            match value {
                Some(value) if is_map => pairs.push((self.map_key(key), value)),
                None if !is_map => items.push(key),
                _ => {
                    let code = Code::MixedBraces { is_map };
                    if self.diagnostics.last().is_none_or(|last| last.code != code) {
                        self.report(code, key.span);
                    }
                }
            }
        }
        if is_map { ExprKind::Map(pairs) } else { ExprKind::Set(items) }
    }

    /// `name` and `"text"` are keys as they stand, `[e]` is one that is computed.
    fn map_key(&mut self, key: ast::Expr) -> ast::Expr {
        let place = key.span;
        match key.kind {
            ExprKind::Name(name) => ast::Expr { kind: ExprKind::Str(vec![ast::StrPart::Text(name.text)]), span: place },
            ExprKind::Str(_) => key,
            ExprKind::List(items) if items.len() == 1 => {
                computed(ast::Expr { kind: ExprKind::List(items), span: place })
            }
            kind => {
                let text = self.text.get(place.start as usize..place.end as usize).unwrap_or("");
                self.report(Code::PlainKey { text: text.into() }, place);
                ast::Expr { kind, span: place }
            }
        }
    }
}

/// The expression in the brackets of a computed key; other keys as they are.
fn computed(key: ast::Expr) -> ast::Expr {
    match key.kind {
        ExprKind::List(mut items) if items.len() == 1 => items.pop().unwrap_or_else(|| nothing(key.span)),
        kind => ast::Expr { kind, span: key.span },
    }
}
