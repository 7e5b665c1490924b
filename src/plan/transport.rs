//! By which road each object is reached, and why.
//!
//! Answers for: one rule. A pipe is a kernel pipe. An object of one process, which no other can get hold of, stays in
//! that process. Everything else is in the shared arena. Never looks at how often something is used.

use super::usage::{Home, Usage, locks_of};
use super::{Reason, Transport};
use crate::analysis::{Binding, Checked, DeclId, ObjectInfo, Owner, has_threads};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Stmt, StmtKind, StrPart};
use crate::syntax::visit::{Visitor, walk_expr, walk_stmt};
use crate::value::ObjectKind;

/// By declaration: the transport and the reason.
pub(super) fn transports(checked: &Checked, usage: &Usage) -> Vec<(Transport, Reason)> {
    let ids = (0..).map(DeclId);
    let selected = selected(checked);
    let mut chosen: Vec<_> = ids.zip(&checked.objects).map(|(id, info)| choose(checked, usage, id, info)).collect();
    for (slot, span) in chosen.iter_mut().zip(&selected) {
        if let (Transport::Channel, Some(span)) = (slot.0, span) {
            *slot = (Transport::InProcess, Reason::Select(*span));
        }
    }
    // A condition and its lock live in one place: the wider of the two.
    for (at, info) in checked.objects.iter().enumerate() {
        for lock in locks_of(checked, info.decl.args.iter().map(|arg| &arg.value.kind), info.kind) {
            let wide = [at, lock].into_iter().filter_map(|at| chosen.get(at)).find(|one| one.0 == Transport::Arena);
            if let Some(wide) = wide.cloned() {
                for at in [at, lock] {
                    if let Some(slot) = chosen.get_mut(at).filter(|slot| slot.0 != Transport::Arena) {
                        *slot = wide.clone();
                    }
                }
            }
        }
    }
    chosen
}

/// By declaration: the first case of a `select` that waits in it. A handle that was passed on is no matter: what
/// escapes is in the arena.
fn selected(checked: &Checked) -> Vec<Option<Span>> {
    struct Cases<'c> {
        checked: &'c Checked,
        found: Vec<Option<Span>>,
        case: Option<Span>,
    }
    impl Visitor for Cases<'_> {
        fn stmt(&mut self, stmt: &Stmt) {
            if let StmtKind::Select(cases, _) = &stmt.kind {
                for case in cases {
                    self.case = Some(case.operation.span);
                    self.expr(&case.operation);
                    case.each.iter().for_each(|(_, list)| self.expr(list));
                    self.case = None;
                }
            }
            walk_stmt(self, stmt);
        }

        fn expr(&mut self, expr: &Expr) {
            if let (Some(span), ExprKind::Name(name)) = (self.case, &expr.kind)
                && let Binding::Object(decl) = self.checked.binding(name)
                && let Some(slot) = self.found.get_mut(decl.0 as usize)
            {
                slot.get_or_insert(span);
            }
            walk_expr(self, expr);
        }
    }
    let mut cases = Cases { checked, found: vec![None; checked.objects.len()], case: None };
    let templates = checked.templates.iter().map(|template| &template.decl.body);
    let tasks = checked.tasks.iter().map(|task| &task.decl.body);
    let objects = checked.objects.iter().filter_map(|object| object.decl.body.as_ref());
    let blocks = templates.chain(tasks).chain(objects).chain(checked.main.as_deref()).chain(checked.finally.as_deref());
    blocks.for_each(|block| cases.block(block));
    cases.found
}

fn choose(checked: &Checked, usage: &Usage, id: DeclId, info: &ObjectInfo) -> (Transport, Reason) {
    match info.kind {
        ObjectKind::PipeEnd => return (Transport::KernelPipe, Reason::Pipe),
        ObjectKind::Pool => {
            return (Transport::Arena, if has_threads(&info.decl) { Reason::PoolOfThreads } else { Reason::Pool });
        }
        _ => {}
    }
    if let Some(span) = usage.escapes.get(id.0 as usize).copied().flatten() {
        return (Transport::Arena, Reason::Escapes(span));
    }
    let homes: Vec<Home> = usage.homes.get(id.0 as usize).into_iter().flatten().copied().collect();
    match (info.owner, homes.as_slice()) {
        (Owner::Template(_) | Owner::Main | Owner::Pool(_), [] | [_]) => in_process(info, Reason::Private),
        (_, []) => in_process(info, Reason::Unused),
        (_, [Home::Main]) => in_process(info, Reason::OnlyMain),
        (_, [only]) if is_single(checked, usage, *only) => in_process(info, Reason::OnlyProcess(name(checked, *only))),
        (_, [several]) => (Transport::Arena, Reason::Replicated(name(checked, *several))),
        (_, [first, second, ..]) => {
            (Transport::Arena, Reason::Processes(name(checked, *first), name(checked, *second)))
        }
    }
}

fn in_process(info: &ObjectInfo, reason: Reason) -> (Transport, Reason) {
    match info.kind {
        ObjectKind::Queue if is_ordered(info) => (Transport::InProcess, Reason::Order),
        ObjectKind::Queue if is_rendezvous(info) => RENDEZVOUS,
        ObjectKind::Queue => (Transport::Channel, reason),
        _ => (Transport::InProcess, reason),
    }
}

/// Whether a queue gives its items in another order than it got them.
fn is_ordered(info: &ObjectInfo) -> bool {
    let order = info.decl.args.iter().find(|arg| arg.name.as_ref().is_some_and(|name| &*name.text == "order"));
    order.is_some_and(|order| match &order.value.kind {
        ExprKind::Name(name) => &*name.text != "fifo",
        ExprKind::Str(parts) => !matches!(parts.as_slice(), [StrPart::Text(text)] if &**text == "fifo"),
        _ => true,
    })
}

/// The road of a queue of one process that holds nothing.
pub(super) const RENDEZVOUS: (Transport, Reason) = (Transport::InProcess, Reason::Rendezvous);

/// Whether a queue says by a literal that it holds nothing; what is computed is known later.
fn is_rendezvous(info: &ObjectInfo) -> bool {
    let capacity = info.decl.args.iter().find(|arg| arg.name.as_ref().is_none_or(|name| &*name.text == "capacity"));
    capacity.is_some_and(|capacity| matches!(capacity.value.kind, ExprKind::Int(0)))
}

/// Whether there is exactly one process of it: started once, where the file has no `main`.
fn is_single(checked: &Checked, usage: &Usage, home: Home) -> bool {
    match home {
        Home::Main => true,
        Home::Pool(_) => false,
        Home::Process(template) => {
            let info = checked.templates.get(template.0 as usize);
            let plain = info.is_some_and(|info| info.decl.replicas.is_none() && info.owner == Owner::File);
            plain && checked.main.is_none() && !usage.started_by.contains_key(&template)
        }
    }
}

fn name(checked: &Checked, home: Home) -> std::sync::Arc<str> {
    match home {
        Home::Main => "main".into(),
        Home::Process(template) => {
            checked.templates.get(template.0 as usize).map_or_else(|| "?".into(), |info| info.decl.name.text.clone())
        }
        Home::Pool(pool) => {
            checked.objects.get(pool.0 as usize).map_or_else(|| "?".into(), |info| info.name.text.clone())
        }
    }
}
