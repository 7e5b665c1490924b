//! Who starts whom, and how many there can be at a time.
//!
//! Answers for: upper bounds of how many actors there are of a template. Says nothing where the text does not tell.

use super::bodies::{Body, Who};
use super::constant::{Eval, Known};
use super::pauses::Pauses;
use crate::analysis::{Binding, Checked, Owner, TemplateId};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Item, Stmt, StmtKind};
use crate::syntax::visit::{Visitor, walk_expr, walk_stmt};

/// A `start`.
#[derive(Clone, Copy)]
pub(super) struct Start {
    pub(super) by: Who,
    pub(super) template: TemplateId,
    /// With an index, so that it starts one of several.
    pub(super) is_one: bool,
    /// How often it is reached at most; none if that is not known.
    pub(super) times: Option<u64>,
    pub(super) span: Span,
    /// The innermost loop around it.
    pub(super) around: Option<Span>,
}

/// Starts and joins of the whole file.
pub(super) struct Actors<'a> {
    checked: &'a Checked,
    pub(super) starts: Vec<Start>,
    /// Where somebody waits for actors to end.
    joins: Pauses,
    /// Whether anybody is killed on purpose.
    pub(super) kills: bool,
}

impl<'a> Actors<'a> {
    pub(super) fn new(checked: &'a Checked, bodies: &[Body<'_>]) -> Actors<'a> {
        let (starts, joins) = (Vec::new(), Pauses::default());
        let mut reader = Reader { checked, by: Who::Main, times: Some(1), around: None, starts, joins, kills: false };
        for body in bodies {
            reader.by = body.who;
            // How often a task is called nobody counts.
            reader.times = matches!(body.who, Who::Main | Who::Actor(_)).then_some(1);
            reader.block(body.block);
        }
        Actors { checked, starts: reader.starts, joins: reader.joins, kills: reader.kills }
    }

    /// How many actors of a body there are at most, for each of a root's.
    pub(super) fn instances(&self, who: Who, root: Who) -> Option<u64> {
        self.count(who, root, 0)
    }

    fn count(&self, who: Who, root: Who, depth: usize) -> Option<u64> {
        if who == root {
            return Some(1);
        }
        let Who::Actor(template) = who else { return if who == Who::Main { Some(1) } else { None } };
        // A longer chain of starts goes in a circle.
        if depth > self.checked.templates.len() {
            return None;
        }
        let replicas = self.replicas(template);
        let mut sum = if self.starts_by_itself(template) { replicas? } else { 0 };
        for start in self.starts.iter().filter(|start| start.template == template) {
            let each = if start.is_one { 1 } else { replicas? };
            let starters = self.count(start.by, root, depth + 1)?;
            sum = sum.checked_add(starters.checked_mul(start.times?)?.checked_mul(each)?)?;
        }
        Some(sum)
    }

    /// How often one replica of a template is started, at most.
    pub(super) fn starts_of_one(&self, template: TemplateId) -> Option<u64> {
        let total = self.instances(Who::Actor(template), Who::Main)?;
        Some(total.div_ceil(self.replicas(template)?.max(1)))
    }

    fn replicas(&self, template: TemplateId) -> Option<u64> {
        let decl = &self.checked.templates.get(template.0 as usize)?.decl;
        match &decl.replicas {
            None => Some(1),
            Some((_, values)) => Eval { checked: self.checked, known: &Known::default() }.length(values),
        }
    }

    /// Without a main, what stands at file level is started once.
    pub(super) fn starts_by_itself(&self, template: TemplateId) -> bool {
        let info = self.checked.templates.get(template.0 as usize);
        self.checked.main.is_none() && info.is_some_and(|info| info.owner == Owner::File)
    }

    /// Whether two actors may run at the same time, as far as their starters tell: no join stands between.
    pub(super) fn overlap(&self, (one, at_one): (Who, Span), (other, at_other): (Who, Span)) -> bool {
        if one == other {
            let Who::Actor(template) = one else { return false };
            let mut starts = self.starts.iter().filter(|start| start.template == template);
            return !starts.any(|start| start.around.is_some_and(|around| self.joins.are_within(start.by, around)));
        }
        match (self.starts_in(other, one), self.starts_in(one, other)) {
            // One of them starts the other, and does what it does after that.
            (Some(starts), _) => starts.iter().any(|start| self.joins.goes_on(one, *start, at_one)),
            (_, Some(starts)) => starts.iter().any(|start| self.joins.goes_on(other, *start, at_other)),
            (None, None) => {
                let starters = |who: Who| match who {
                    Who::Actor(template) => self.starts.iter().filter(|start| start.template == template).collect(),
                    _ => Vec::new(),
                };
                let (ones, others) = (starters(one), starters(other));
                let pairs = ones.iter().flat_map(|a| others.iter().map(move |b| (a, b)));
                let mut apart = pairs.map(|(a, b)| {
                    let (first, last) = if a.span.start <= b.span.start { (a, b) } else { (b, a) };
                    a.by == b.by && !self.joins.goes_on(a.by, first.span, last.span)
                });
                !apart.any(|apart| apart)
            }
        }
    }

    /// Where a body starts an actor, itself or through those it starts.
    fn starts_in(&self, who: Who, by: Who) -> Option<Vec<Span>> {
        let mut wanted = vec![who];
        let mut at = 0;
        let mut spans = Vec::new();
        while let Some(who) = wanted.get(at).copied() {
            at += 1;
            let Who::Actor(template) = who else { continue };
            for start in self.starts.iter().filter(|start| start.template == template) {
                if start.by == by {
                    spans.push(start.span);
                } else if !wanted.contains(&start.by) {
                    wanted.push(start.by);
                }
            }
        }
        (!spans.is_empty()).then_some(spans)
    }
}

struct Reader<'a> {
    checked: &'a Checked,
    by: Who,
    times: Option<u64>,
    around: Option<Span>,
    starts: Vec<Start>,
    joins: Pauses,
    kills: bool,
}

impl Reader<'_> {
    /// Something that is done so many times.
    fn repeated(&mut self, times: Option<u64>, around: Span, inside: impl FnOnce(&mut Self)) {
        let before = (self.times, self.around);
        self.times = times.zip(before.0).and_then(|(times, before)| times.checked_mul(before));
        self.around = Some(around);
        inside(self);
        (self.times, self.around) = before;
    }

    fn length(&self, iter: &Expr) -> Option<u64> {
        Eval { checked: self.checked, known: &Known::default() }.length(iter)
    }
}

impl Visitor for Reader<'_> {
    fn item(&mut self, _: &Item) {}

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::While(condition, block) => self.repeated(None, stmt.span, |reader| {
                reader.expr(condition);
                reader.block(block);
            }),
            StmtKind::Loop(block) => self.repeated(None, stmt.span, |reader| reader.block(block)),
            StmtKind::For(_, iter, block) => {
                self.expr(iter);
                self.repeated(self.length(iter), stmt.span, |reader| reader.block(block));
            }
            StmtKind::Join(_) => {
                self.joins.add(self.by, stmt.span);
                walk_stmt(self, stmt);
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Start { template, index, .. } => {
                if let Binding::Template(template) = self.checked.binding(template) {
                    let is_one = index.is_some();
                    let (by, times, around) = (self.by, self.times, self.around);
                    self.starts.push(Start { by, template, is_one, times, span: expr.span, around });
                }
                walk_expr(self, expr);
            }
            ExprKind::Method(_, name, _) => {
                match &*name.text {
                    "join" => self.joins.add(self.by, expr.span),
                    "kill" | "terminate" => self.kills = true,
                    _ => {}
                }
                walk_expr(self, expr);
            }
            ExprKind::ListComp(_, rest) | ExprKind::SetComp(_, rest) | ExprKind::MapComp(_, _, rest) => {
                self.repeated(self.length(&rest.iter), expr.span, |reader| walk_expr(reader, expr));
            }
            _ => walk_expr(self, expr),
        }
    }
}
