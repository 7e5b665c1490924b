//! What a file claims, and what of it would run.
//!
//! Answers for: `invariant`, `eventually`, `expect`, and that something starts at all. Never judges whether claims
//! hold.

use std::collections::HashSet;
use std::sync::Arc;

use super::resolver::{Body, Mode, Resolver};
use super::{Binding, Owner};
use crate::diagnostic::{Code, nearest};
use crate::source::Span;
use crate::syntax::ast::{ActorKeyword, Expect, Ident, ObjectKeyword};
use crate::value::ObjectKind;

/// The kinds of errors that the language itself raises.
const ERROR_KINDS: [&str; 24] = [
    "Full",
    "Empty",
    "Closed",
    "EOF",
    "BrokenPipe",
    "Timeout",
    "BrokenBarrier",
    "NotHeld",
    "Overflow",
    "PoolClosed",
    "PoolRunning",
    "OwnerDied",
    "WorkerDied",
    "TypeError",
    "IndexError",
    "KeyError",
    "ZeroDivision",
    "ValueError",
    "AssertionFailed",
    "TooLarge",
    "Cancelled",
    "RecursionError",
    "StopIteration",
    "Exit",
];

impl Resolver {
    /// Resolves the claims, and checks what only shows when every body is known.
    pub(super) fn resolve_claims(&mut self) {
        for claim in self.checked.invariants.clone().into_iter().chain(self.checked.eventually.clone()) {
            self.in_body(Body { mode: Mode::Claim, ..Body::constant() }, |resolver| {
                resolver.expr(&claim.expr);
            });
        }
        for (expect, _) in self.checked.expects.clone() {
            self.expectation(&expect);
        }
        self.check_kinds();
        self.check_threads_of_main();
        self.check_something_runs();
    }

    fn expectation(&mut self, expect: &Expect) {
        match expect {
            Expect::Race(name) => self.raced(name),
            Expect::Invariant(name) => {
                let names: Vec<Arc<str>> =
                    self.checked.invariants.iter().map(|claim| claim.name.text.clone()).collect();
                if !names.contains(&name.text) {
                    let near = nearest(&name.text, names.iter().map(|name| &**name));
                    self.report(Code::UnknownInvariant { name: name.text.clone(), near }, name.span);
                }
            }
            Expect::Error(kind, actor) => {
                self.kinds.push(kind.clone());
                if let Some(actor) = actor {
                    self.expected_actor(actor);
                }
            }
            Expect::Outcomes(outcomes) => {
                self.in_body(Body::constant(), |resolver| resolver.exprs(outcomes));
            }
            Expect::Pass | Expect::Deadlock | Expect::Assertion | Expect::Livelock => {}
        }
    }

    /// `expect race on NAME`: a shared variable, private ones included.
    fn raced(&mut self, name: &Ident) {
        let mut owners: Vec<Owner> = vec![Owner::File, Owner::Main];
        owners.extend((0..self.checked.templates.len()).map(|id| Owner::Template(super::TemplateId(id as u32))));
        owners.extend((0..self.checked.objects.len()).map(|id| Owner::Pool(super::DeclId(id as u32))));
        let found = owners.iter().filter_map(|owner| self.names.get(owner)?.get(&name.text)).map(|(found, _)| *found);
        let binding = found.into_iter().next().unwrap_or(Binding::Unbound);
        self.bind(name, binding);
        self.count_use(binding, &name.text);
        let is_shared = matches!(binding, Binding::Object(id) if self.object_kind(id) == Some(ObjectKind::Shared));
        if is_shared {
            return;
        }
        let shared = self.checked.objects.iter().filter(|object| object.kind == ObjectKind::Shared);
        let near = nearest(&name.text, shared.map(|object| &*object.name.text));
        self.report(Code::NotShared { name: name.text.clone(), near }, name.span);
    }

    fn expected_actor(&mut self, actor: &Ident) {
        let templates = self.checked.templates.iter().map(|template| template.decl.name.text.clone());
        let pools = self.checked.objects.iter().filter(|object| object.decl.keyword == ObjectKeyword::Pool);
        let mut names: Vec<Arc<str>> = templates.chain(pools.map(|pool| pool.name.text.clone())).collect();
        names.push("main".into());
        if !names.contains(&actor.text) {
            let near = nearest(&actor.text, names.iter().map(|name| &**name));
            self.report(Code::UnknownActor { name: actor.text.clone(), near }, actor.span);
        }
        let binding =
            self.names.get(&Owner::File).and_then(|names| names.get(&actor.text)).map(|(binding, _)| *binding);
        if let Some(binding @ Binding::Template(_)) = binding {
            self.bind(actor, binding);
        }
    }

    /// A kind of error that is caught or expected, and that nothing raises.
    fn check_kinds(&mut self) {
        let raised: HashSet<Arc<str>> = std::mem::take(&mut self.raised);
        let mut own: Vec<&str> = raised.iter().map(|name| &**name).collect();
        own.sort_unstable();
        let mut found = Vec::new();
        for kind in &self.kinds {
            let is_known = ERROR_KINDS.contains(&&*kind.text) || raised.contains(&kind.text);
            if !is_known && !self.broken {
                let near = nearest(&kind.text, own.iter().copied().chain(ERROR_KINDS));
                found.push((Code::NeverRaised { kind: kind.text.clone(), near }, kind.span));
            }
        }
        found.into_iter().for_each(|(code, span)| self.report(code, span));
    }

    /// A thread at file level that uses an object of main's can be started by main and its threads alone.
    fn check_threads_of_main(&mut self) {
        for (template, span) in std::mem::take(&mut self.started_elsewhere) {
            let Some(object) = self.of_main.get(&template).cloned() else { continue };
            let name = self.owner_name(Owner::Template(template));
            self.report(Code::ThreadOfMain { name, object }, span);
        }
    }

    fn check_something_runs(&mut self) {
        if self.checked.main.is_some() {
            return;
        }
        let mut starts = false;
        for template in self.checked.templates.clone().into_iter().filter(|template| template.owner == Owner::File) {
            starts = true;
            let decl = &template.decl;
            if let Some(param) = decl.params.iter().find(|param| param.default.is_none()) {
                let code = Code::NeedsArguments { word: decl.keyword.word(), name: decl.name.text.clone() };
                self.report(code, param.name.span);
            }
        }
        if !starts && !self.broken {
            let end = self.checked.source.text().trim_end().len();
            self.report(Code::NothingToRun, Span::new(end, end));
        }
    }

    /// Whether a template makes threads of the process that starts it.
    pub(super) fn makes_threads(&self, id: super::TemplateId) -> bool {
        self.checked.templates.get(id.0 as usize).is_some_and(|info| info.decl.keyword != ActorKeyword::Process)
    }
}
