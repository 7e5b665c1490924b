//! Declarations and claims.
//!
//! Answers for: the items of a file and the declarations in bodies. Never checks names.

use std::sync::Arc;

use pest::iterators::Pair;

use super::build::{Builder, Parts, span};
use super::{Rule, ast};
use crate::diagnostic::{Code, nearest};
use crate::source::Span;

use ast::{ActorKeyword, Expect, ExprKind, ItemKind, ObjectKeyword};

impl<'s> Builder<'s> {
    /// A declaration or claim; none if it cannot be used, which then has a diagnostic.
    pub(super) fn item(&mut self, pair: Pair<'s, Rule>) -> Option<ast::Item> {
        let place = span(&pair);
        let rule = pair.as_rule();
        let mut parts = Parts::of(pair);
        let kind = match rule {
            Rule::scenario => ItemKind::Scenario(self.plain_text(parts.seek(Rule::string)?)),
            Rule::constant => {
                let name = self.ident(&parts.seek(Rule::ident)?);
                let value = self.expr(parts.seek(Rule::expr)?);
                ItemKind::Const(Arc::new(ast::ConstDecl { name, value }))
            }
            Rule::pipe => ItemKind::Object(Arc::new(self.pipe(parts)?)),
            Rule::object => ItemKind::Object(Arc::new(self.object(parts, place)?)),
            Rule::actor | Rule::timer => ItemKind::Actor(Arc::new(self.actor(parts)?)),
            Rule::task => {
                let name = self.ident(&parts.seek(Rule::ident)?);
                let params = parts.eat(Rule::params).map(|params| self.params(Parts::of(params))).unwrap_or_default();
                let body = self.block(parts.seek(Rule::block)?);
                ItemKind::Task(Arc::new(ast::TaskDecl { name, params, body }))
            }
            Rule::main => ItemKind::Main(Arc::new(self.block(parts.seek(Rule::block)?))),
            Rule::closing => ItemKind::Finally(Arc::new(self.block(parts.seek(Rule::block)?))),
            Rule::invariant => ItemKind::Invariant(Arc::new(self.claim(parts)?)),
            Rule::eventually => ItemKind::Eventually(Arc::new(self.claim(parts)?)),
            Rule::expect => ItemKind::Expect(self.expectation(parts)?),
            _ => return None,
        };
        Some(ast::Item { kind, span: place })
    }

    fn claim(&mut self, mut parts: Parts<'s>) -> Option<ast::Claim> {
        let name = self.ident(&parts.seek(Rule::ident)?);
        let expr = self.expr(parts.seek(Rule::expr)?);
        Some(ast::Claim { name, expr })
    }

    fn array(&mut self, parts: &mut Parts<'s>) -> Option<ast::Expr> {
        let array = parts.eat(Rule::array)?;
        let size = Parts::of(array).seek(Rule::expr)?;
        Some(self.expr(size))
    }

    fn pipe(&mut self, mut parts: Parts<'s>) -> Option<ast::ObjectDecl> {
        let name = self.ident(&parts.seek(Rule::ident)?);
        let array = self.array(&mut parts);
        let arrow = parts.eat(Rule::arrow)?;
        let other = self.ident(&parts.seek(Rule::ident)?);
        let other_array = self.array(&mut parts);
        if arrow.as_str() == "->" {
            let code = Code::PipeArrow { writer: name.text.clone(), reader: other.text.clone() };
            self.report(code, span(&arrow));
        }
        let duplex = arrow.as_str() == "<->";
        Some(ast::ObjectDecl {
            keyword: ObjectKeyword::Pipe,
            name,
            array,
            other: Some(ast::OtherEnd { duplex, name: other, array: other_array }),
            args: Vec::new(),
            init: None,
            body: None,
        })
    }

    fn object(&mut self, mut parts: Parts<'s>, place: Span) -> Option<ast::ObjectDecl> {
        let word = parts.seek(Rule::w_object)?;
        let keyword = object_keyword(word.as_str())?;
        let name = self.ident(&parts.seek(Rule::ident)?);
        let array = self.array(&mut parts);
        let mut args = match parts.eat(Rule::args) {
            Some(args) => self.args(args),
            None => Vec::new(),
        };
        let init = match parts.eat(Rule::equals) {
            Some(_) => parts.seek(Rule::expr).map(|value| self.expr(value)),
            None => None,
        };
        let body = parts.eat(Rule::block).map(|body| self.block(body));
        if keyword == ObjectKeyword::Queue {
            args.iter_mut().for_each(spell_order);
        }
        let wanted = clauses(keyword);
        let span = name.span;
        for (part, given, wanted) in [
            ("start value", init.as_ref().map(|init| init.span), wanted.init),
            ("body", body.as_ref().map(|body| body.span), wanted.body),
        ] {
            let kind = keyword.word();
            match (given, wanted) {
                (Some(at), Clause::No) => self.report(Code::NeedlessClause { kind, part }, at),
                (None, Clause::Yes) => self.report(Code::MissingClause { kind, part }, place.to(span)),
                _ => {}
            }
        }
        Some(ast::ObjectDecl { keyword, name, array, other: None, args, init, body })
    }

    fn actor(&mut self, mut parts: Parts<'s>) -> Option<ast::ActorDecl> {
        let daemon = parts.accept(Rule::w_daemon);
        let keyword = match parts.next()?.as_str() {
            "process" => ActorKeyword::Process,
            "thread" => ActorKeyword::Thread,
            _ => ActorKeyword::Timer,
        };
        let name = self.ident(&parts.seek(Rule::ident)?);
        let mut actor = ast::ActorDecl {
            keyword,
            daemon,
            name,
            replicas: None,
            delay: None,
            params: Vec::new(),
            display: None,
            body: ast::Block { stmts: Vec::new(), span: Span::default() },
        };
        for part in parts {
            match part.as_rule() {
                Rule::display => {
                    let text = Parts::of(part).seek(Rule::string)?;
                    actor.display = Some(self.plain_text(text));
                }
                Rule::replicas => {
                    let mut replicas = Parts::of(part);
                    let index = self.ident(&replicas.seek(Rule::ident)?);
                    actor.replicas = Some((index, self.expr(replicas.seek(Rule::expr)?)));
                }
                Rule::params => actor.params = self.params(Parts::of(part)),
                Rule::delay => {
                    let mut delay = Parts::of(part);
                    actor.delay = delay.seek(Rule::expr).map(|time| self.expr(time));
                    actor.params = self.params(delay);
                }
                Rule::block => actor.body = self.block(part),
                _ => {}
            }
        }
        Some(actor)
    }

    fn params(&mut self, parts: Parts<'s>) -> Vec<ast::Param> {
        let mut params = Vec::new();
        for part in parts.filter(|part| part.as_rule() == Rule::param) {
            let mut param = Parts::of(part);
            let Some(name) = param.next() else { continue };
            let name = self.ident(&name);
            if let Some(sign) = param.eat(Rule::equals) {
                self.report(Code::NamedArgEquals { name: name.text.clone() }, name.span.to(span(&sign)));
            }
            let default = param.seek(Rule::expr).map(|value| self.expr(value));
            params.push(ast::Param { name, default });
        }
        params
    }

    fn expectation(&mut self, mut parts: Parts<'s>) -> Option<Expect> {
        parts.accept(Rule::w_expect);
        let what = parts.next()?;
        let place = span(&what);
        let word = what.as_str();
        let rule = what.as_rule();
        let mut inner = Parts::of(what.clone());
        Some(match (rule, word) {
            (Rule::outcomes, _) => Expect::Outcomes(
                inner.filter(|part| part.as_rule() == Rule::expr).map(|outcome| self.expr(outcome)).collect(),
            ),
            (Rule::race, _) => Expect::Race(self.ident(&inner.seek(Rule::ident)?)),
            (Rule::violation, _) => Expect::Invariant(self.ident(&inner.seek(Rule::ident)?)),
            (Rule::failure, _) => {
                let kind = self.ident(&inner.seek(Rule::ident)?);
                Expect::Error(kind, inner.seek(Rule::ident).map(|actor| self.ident(&actor)))
            }
            (Rule::kw_pass, _) => Expect::Pass,
            (_, "deadlock") => Expect::Deadlock,
            (_, "assertion") => Expect::Assertion,
            (_, "livelock") => Expect::Livelock,
            (_, word) => {
                const VERDICTS: [&str; 8] =
                    ["pass", "deadlock", "race", "assertion", "invariant", "error", "livelock", "outcomes"];
                self.report(Code::UnknownExpectation { word: word.into(), near: nearest(word, VERDICTS) }, place);
                return None;
            }
        })
    }
}

/// Whether a part of a declaration must, may or must not be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clause {
    No,
    Maybe,
    Yes,
}

struct Clauses {
    init: Clause,
    body: Clause,
}

fn clauses(keyword: ObjectKeyword) -> Clauses {
    let (init, body) = match keyword {
        ObjectKeyword::Shared | ObjectKeyword::Atomic => (Clause::Yes, Clause::No),
        ObjectKeyword::Once => (Clause::No, Clause::Yes),
        ObjectKeyword::Barrier | ObjectKeyword::Pool => (Clause::No, Clause::Maybe),
        _ => (Clause::No, Clause::No),
    };
    Clauses { init, body }
}

fn object_keyword(word: &str) -> Option<ObjectKeyword> {
    Some(match word {
        "queue" => ObjectKeyword::Queue,
        "lock" => ObjectKeyword::Lock,
        "rlock" => ObjectKeyword::Rlock,
        "rwlock" => ObjectKeyword::Rwlock,
        "condition" => ObjectKeyword::Condition,
        "semaphore" => ObjectKeyword::Semaphore,
        "event" => ObjectKeyword::Event,
        "barrier" => ObjectKeyword::Barrier,
        "latch" => ObjectKeyword::Latch,
        "once" => ObjectKeyword::Once,
        "shared" => ObjectKeyword::Shared,
        "atomic" => ObjectKeyword::Atomic,
        "pool" => ObjectKeyword::Pool,
        _ if word.starts_with("bounded") => ObjectKeyword::BoundedSemaphore,
        _ => return None,
    })
}

/// The bare words of `queue q(order: lifo)` are texts.
fn spell_order(arg: &mut ast::Arg) {
    let is_order = arg.name.as_ref().is_some_and(|name| &*name.text == "order");
    let ExprKind::Name(word) = &arg.value.kind else { return };
    if is_order && matches!(&*word.text, "fifo" | "lifo" | "priority") {
        arg.value.kind = ExprKind::Str(vec![ast::StrPart::Text(word.text.clone())]);
    }
}
