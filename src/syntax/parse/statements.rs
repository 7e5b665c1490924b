//! Statements.
//!
//! Answers for: bodies and what stands in them. Never checks names.

use std::sync::Arc;

use pest::iterators::Pair;

use super::build::{Builder, Parts, span};
use super::operators::binary_op;
use super::{Rule, ast};
use crate::diagnostic::Code;
use crate::source::Span;

use ast::{Otherwise, StmtKind};

impl<'s> Builder<'s> {
    /// Statements between braces.
    pub(super) fn block(&mut self, pair: Pair<'s, Rule>) -> ast::Block {
        let place = span(&pair);
        let mut stmts = Vec::new();
        for part in Parts::of(pair) {
            match part.as_rule() {
                Rule::lbrace | Rule::rbrace | Rule::end => {}
                Rule::broken => {
                    self.explain(&part, Rule::lone_stmt);
                    stmts.push(ast::Stmt { kind: StmtKind::Broken, span: span(&part) });
                }
                _ => stmts.push(self.stmt(part)),
            }
        }
        ast::Block { stmts, span: place }
    }

    fn stmt(&mut self, pair: Pair<'s, Rule>) -> ast::Stmt {
        let place = span(&pair);
        let kind = self.stmt_kind(pair, place).unwrap_or(StmtKind::Broken);
        ast::Stmt { kind, span: place }
    }

    /// None where a part is missing, which the grammar rules out.
    fn stmt_kind(&mut self, pair: Pair<'s, Rule>, place: Span) -> Option<StmtKind> {
        let rule = pair.as_rule();
        if matches!(rule, Rule::pipe | Rule::object | Rule::timer | Rule::actor | Rule::task) {
            return self.item(pair).map(StmtKind::Decl);
        }
        let mut parts = Parts::of(pair);
        Some(match rule {
            Rule::let_stmt => {
                let pattern = self.patterns(parts.seek(Rule::patterns)?)?;
                StmtKind::Let(pattern, self.expr(parts.seek(Rule::expr)?))
            }
            Rule::simple => self.simple(parts)?,
            Rule::print => StmtKind::Print(parts.seek(Rule::exprs).map(|list| self.exprs(list)).unwrap_or_default()),
            Rule::if_stmt => self.if_stmt(parts)?,
            Rule::while_stmt => {
                let condition = self.expr(parts.seek(Rule::expr)?);
                StmtKind::While(condition, self.block(parts.seek(Rule::block)?))
            }
            Rule::loop_stmt => StmtKind::Loop(self.block(parts.seek(Rule::block)?)),
            Rule::for_stmt => {
                let pattern = self.patterns(parts.seek(Rule::patterns)?)?;
                let iter = self.expr(parts.seek(Rule::expr)?);
                StmtKind::For(pattern, iter, self.block(parts.seek(Rule::block)?))
            }
            Rule::kw_break => StmtKind::Break,
            Rule::kw_continue => StmtKind::Continue,
            Rule::kw_pass => StmtKind::Pass,
            Rule::kw_yield => StmtKind::Yield,
            Rule::return_stmt => StmtKind::Return(parts.seek(Rule::expr).map(|value| self.expr(value))),
            Rule::with_stmt => {
                let held = self.exprs(parts.seek(Rule::exprs)?);
                StmtKind::With(held, self.block(parts.seek(Rule::block)?))
            }
            Rule::sleep => StmtKind::Sleep(self.expr(parts.seek(Rule::expr)?)),
            Rule::await_stmt => StmtKind::Await(self.expr(parts.seek(Rule::expr)?)),
            Rule::assert_stmt => {
                let claim = self.expr(parts.seek(Rule::expr)?);
                StmtKind::Assert(claim, parts.seek(Rule::expr).map(|message| self.expr(message)))
            }
            Rule::raise => StmtKind::Raise(self.raise(parts)),
            Rule::try_stmt => self.try_stmt(parts, place)?,
            Rule::mark => StmtKind::Mark(self.expr(parts.seek(Rule::expr)?)),
            Rule::select => self.select(parts, place),
            Rule::join => StmtKind::Join(self.exprs(parts.seek(Rule::exprs)?)),
            Rule::exit => StmtKind::Exit(parts.seek(Rule::expr).map(|status| self.expr(status))),
            Rule::outcome => StmtKind::Outcome(self.expr(parts.seek(Rule::expr)?)),
            _ => return None,
        })
    }

    fn simple(&mut self, mut parts: Parts<'s>) -> Option<StmtKind> {
        let target = self.expr(parts.seek(Rule::expr)?);
        let Some(sign) = parts.eat(Rule::assign) else {
            return Some(StmtKind::Expr(target));
        };
        let value = self.expr(parts.seek(Rule::expr)?);
        if !matches!(target.kind, ast::ExprKind::Name(_) | ast::ExprKind::Index(..) | ast::ExprKind::Field(..)) {
            self.report(Code::BadTarget, target.span);
        }
        let op = sign.as_str().strip_suffix('=').and_then(binary_op);
        Some(StmtKind::Assign(target, op, value))
    }

    fn if_stmt(&mut self, mut parts: Parts<'s>) -> Option<StmtKind> {
        let mut branches = Vec::new();
        let mut last = None;
        while let Some(part) = parts.next() {
            match part.as_rule() {
                Rule::expr => {
                    let condition = self.expr(part);
                    branches.push((condition, self.block(parts.seek(Rule::block)?)));
                }
                Rule::block => last = Some(self.block(part)),
                _ => {}
            }
        }
        Some(StmtKind::If(branches, last))
    }

    fn raise(&mut self, mut parts: Parts<'s>) -> Option<(ast::Ident, Option<ast::Expr>)> {
        let name = self.ident(&parts.seek(Rule::ident)?);
        let message = parts.eat(Rule::message).and_then(|message| Parts::of(message).seek(Rule::expr));
        Some((name, message.map(|message| self.expr(message))))
    }

    fn try_stmt(&mut self, mut parts: Parts<'s>, place: Span) -> Option<StmtKind> {
        let body = self.block(parts.seek(Rule::block)?);
        let mut catches = Vec::new();
        let mut last = None;
        for part in parts {
            match part.as_rule() {
                Rule::catch => catches.extend(self.catch(part)),
                Rule::block => last = Some(self.block(part)),
                _ => {}
            }
        }
        if catches.is_empty() && last.is_none() {
            self.report(Code::TryAlone, place);
        }
        Some(StmtKind::Try(body, catches, last))
    }

    fn catch(&mut self, pair: Pair<'s, Rule>) -> Option<ast::Catch> {
        let place = span(&pair);
        let mut parts = Parts::of(pair);
        parts.accept(Rule::kw_catch);
        let kind = parts.eat(Rule::ident).map(|kind| self.ident(&kind));
        let name = match parts.accept(Rule::kw_as) {
            true => parts.eat(Rule::ident).map(|name| self.ident(&name)),
            false => None,
        };
        let body = self.block(parts.seek(Rule::block)?);
        Some(ast::Catch { kind, name, body, span: place })
    }

    fn select(&mut self, parts: Parts<'s>, place: Span) -> StmtKind {
        let mut cases = Vec::new();
        let mut otherwise = Otherwise::Wait;
        for part in parts {
            let here = span(&part);
            let rule = part.as_rule();
            if matches!(rule, Rule::after | Rule::otherwise) && !matches!(otherwise, Otherwise::Wait) {
                self.report(Code::SecondOtherwise, here);
            }
            let mut inner = Parts::of(part);
            match rule {
                Rule::case => cases.extend(self.case(inner, here)),
                Rule::after => {
                    let (Some(time), Some(body)) = (inner.seek(Rule::expr), inner.seek(Rule::block)) else { continue };
                    otherwise = Otherwise::After(Box::new(self.expr(time)), self.block(body));
                }
                Rule::otherwise => {
                    let Some(body) = inner.seek(Rule::block) else { continue };
                    otherwise = Otherwise::Else(self.block(body));
                }
                _ => {}
            }
        }
        if cases.is_empty() {
            self.report(Code::EmptySelect, place);
        }
        StmtKind::Select(cases, otherwise)
    }

    fn case(&mut self, mut parts: Parts<'s>, place: Span) -> Option<ast::Case> {
        let each = match parts.eat(Rule::each) {
            Some(each) => {
                let mut each = Parts::of(each);
                let name = self.ident(&each.seek(Rule::ident)?);
                Some((name, self.expr(each.seek(Rule::expr)?)))
            }
            None => None,
        };
        parts.accept(Rule::kw_case);
        let name = parts.eat(Rule::ident).map(|name| self.ident(&name));
        let operation = self.expr(parts.seek(Rule::expr)?);
        let body = self.block(parts.seek(Rule::block)?);
        if !matches!(operation.kind, ast::ExprKind::Method(..)) {
            self.report(Code::CaseNotOperation, operation.span);
        }
        Some(ast::Case { each, name, operation, body, span: place })
    }

    /// Expressions with commas between them.
    fn exprs(&mut self, pair: Pair<'s, Rule>) -> Vec<ast::Expr> {
        Parts::of(pair).filter(|part| part.as_rule() == Rule::expr).map(|part| self.expr(part)).collect()
    }

    /// What a `let` or a `for` binds; several patterns without brackets are taken for a list, with a diagnostic.
    pub(super) fn patterns(&mut self, pair: Pair<'s, Rule>) -> Option<ast::Pattern> {
        let place = span(&pair);
        let mut patterns: Vec<ast::Pattern> = Vec::new();
        for part in Parts::of(pair).filter(|part| part.as_rule() == Rule::pattern) {
            patterns.extend(self.pattern(part));
        }
        if patterns.len() > 1 {
            let text: Arc<str> = self.text.get(place.start as usize..place.end as usize).unwrap_or("").into();
            self.report(Code::SeveralPatterns { text }, place);
            return Some(ast::Pattern::List(patterns, place));
        }
        patterns.pop()
    }

    fn pattern(&mut self, pair: Pair<'s, Rule>) -> Option<ast::Pattern> {
        let part = pair.into_inner().next()?;
        if part.as_rule() == Rule::ident {
            return Some(ast::Pattern::Name(self.ident(&part)));
        }
        let place = span(&part);
        let mut patterns = Vec::new();
        for inner in Parts::of(part).filter(|inner| inner.as_rule() == Rule::pattern) {
            patterns.extend(self.pattern(inner));
        }
        Some(ast::Pattern::List(patterns, place))
    }
}
