//! Ends of pipes that are handed to somebody who uses them the wrong way round.
//!
//! Answers for: parameters on which only sends, or only receives, are done, and the ends that are given to them. Never
//! looks at ends that are called by their names: that is done where they are.

use rustc_hash::FxHashMap;

use super::bodies::Body;
use super::mentions::object;
use crate::analysis::{Binding, Checked, LocalId};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Arg, Expr, ExprKind, Ident, Item, ObjectKeyword, Param, Stmt, StmtKind};
use crate::syntax::visit::{Visitor, walk_expr, walk_stmt};

/// What is done with a variable.
#[derive(Clone, Copy, Default)]
struct Ways {
    sends: Option<Span>,
    receives: Option<Span>,
}

/// Finds ends that are handed to the wrong way round.
pub(super) fn misused(checked: &Checked, bodies: &[Body<'_>], found: &mut Vec<Diagnostic>) {
    if !checked.objects.iter().any(|info| info.decl.keyword == ObjectKeyword::Pipe) {
        return;
    }
    let mut reader = Reader { checked, ways: FxHashMap::default(), given: Vec::new(), is_caught: false };
    bodies.iter().for_each(|body| reader.block(body.block));
    for (param, end, span) in &reader.given {
        let Some(ways) = reader.ways.get(param) else { continue };
        let Some(info) = checked.objects.get(*end) else { continue };
        let (Some(other), Some(peer)) = (&info.decl.other, info.peer) else { continue };
        let receives = peer.0 as usize > *end;
        // Who does both, by what it is told, may well do the right thing.
        let wrong = match (receives, ways.sends, ways.receives) {
            (true, Some(at), None) => (at, "sends on it"),
            (false, None, Some(at)) => (at, "receives on it"),
            _ => continue,
        };
        let Some(peer) = checked.objects.get(peer.0 as usize).filter(|_| !other.duplex) else { continue };
        let code = Code::WrongEnd { name: info.name.text.clone(), peer: peer.name.text.clone(), receives };
        found.push(Diagnostic::new(code, *span).also(wrong.0, wrong.1));
    }
}

struct Reader<'a> {
    checked: &'a Checked,
    ways: FxHashMap<LocalId, Ways>,
    /// Parameters, the ends that they are given, and where.
    given: Vec<(LocalId, usize, Span)>,
    /// Within a `try` that catches the error.
    is_caught: bool,
}

impl Reader<'_> {
    fn local(&self, expr: &Expr) -> Option<LocalId> {
        let ExprKind::Name(name) = &expr.kind else { return None };
        match self.checked.binding(name) {
            Binding::Local(local) => Some(local),
            _ => None,
        }
    }

    fn receives(&mut self, expr: &Expr, span: Span) {
        if let Some(local) = self.local(expr).filter(|_| !self.is_caught) {
            self.ways.entry(local).or_default().receives.get_or_insert(span);
        }
    }

    /// What a call or a start gives to each parameter.
    fn give(&mut self, params: &[Param], args: &[Arg]) {
        let of_name = |name: &Ident| params.iter().find(|param| param.name.text == name.text);
        for (at, arg) in args.iter().enumerate() {
            let param = arg.name.as_ref().map_or_else(|| params.get(at), of_name);
            let Some(Binding::Local(local)) = param.map(|param| self.checked.binding(&param.name)) else { continue };
            if let Some(end) = object(self.checked, &arg.value) {
                self.given.push((local, end.0 as usize, arg.value.span));
            }
        }
    }
}

impl Visitor for Reader<'_> {
    fn item(&mut self, _: &Item) {}

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::For(_, iter, _) => {
                self.receives(iter, iter.span);
                walk_stmt(self, stmt);
            }
            StmtKind::Try(body, catches, last) => {
                let before = self.is_caught;
                let catches_it = |kind: &Option<Ident>| kind.as_ref().is_none_or(|kind| &*kind.text == "TypeError");
                self.is_caught |= catches.iter().any(|catch| catches_it(&catch.kind));
                self.block(body);
                self.is_caught = before;
                catches.iter().for_each(|catch| self.block(&catch.body));
                last.iter().for_each(|block| self.block(block));
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Method(base, name, _) => match &*name.text {
                "send" => {
                    if let Some(local) = self.local(base).filter(|_| !self.is_caught) {
                        self.ways.entry(local).or_default().sends.get_or_insert(expr.span);
                    }
                }
                "recv" | "poll" => self.receives(base, expr.span),
                _ => {}
            },
            ExprKind::Call(callee, args) => {
                if let ExprKind::Name(name) = &callee.kind
                    && let Binding::Task(task) = self.checked.binding(name)
                    && let Some(info) = self.checked.tasks.get(task.0 as usize)
                {
                    let decl = info.decl.clone();
                    self.give(&decl.params, args);
                }
            }
            ExprKind::Start { template, args, .. } => {
                if let Binding::Template(template) = self.checked.binding(template)
                    && let Some(info) = self.checked.templates.get(template.0 as usize)
                {
                    let decl = info.decl.clone();
                    self.give(&decl.params, args);
                }
            }
            _ => {}
        }
        walk_expr(self, expr);
    }
}
