//! What a file declares, before any body is looked at.
//!
//! Answers for: the tables of consts, objects, templates and tasks, and clashes of names. Never looks into expressions.

use std::sync::Arc;

use super::resolver::Resolver;
use super::{Binding, ConstId, DeclId, ObjectInfo, Owner, TaskId, TaskInfo, TemplateId, TemplateInfo};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{self, ActorKeyword, Ident, ItemKind, ObjectKeyword, StmtKind};
use crate::value::ObjectKind;

impl Resolver {
    /// Takes in the items of a file, and the declarations in their bodies.
    pub(super) fn declare(&mut self, file: &ast::File) {
        let mut first = Firsts::default();
        for item in &file.items {
            self.declare_item(item, &mut first);
        }
    }

    fn declare_item(&mut self, item: &ast::Item, first: &mut Firsts) {
        match &item.kind {
            ItemKind::Scenario(title) => {
                self.only_once(&mut first.scenario, "scenario", item.span);
                self.checked.title.get_or_insert_with(|| title.clone());
            }
            ItemKind::Const(decl) => {
                let id = ConstId(self.checked.consts.len() as u32);
                self.declare_name(Owner::File, &decl.name, Binding::Const(id));
                self.checked.consts.push(decl.clone());
            }
            ItemKind::Object(decl) => self.declare_object(decl, Owner::File),
            ItemKind::Actor(decl) => self.declare_actor(decl, Owner::File),
            ItemKind::Task(decl) => self.declare_task(decl, Owner::File),
            ItemKind::Main(body) => {
                self.only_once(&mut first.main, "main", item.span);
                if self.checked.main.is_none() {
                    self.checked.main = Some(body.clone());
                    self.declare_in(body, Owner::Main);
                }
            }
            ItemKind::Finally(body) => {
                self.only_once(&mut first.finally, "finally", item.span);
                self.checked.finally.get_or_insert_with(|| body.clone());
            }
            ItemKind::Invariant(claim) => {
                self.check_twice(&claim.name, &mut first.claims);
                self.checked.invariants.push(claim.clone());
            }
            ItemKind::Eventually(claim) => {
                self.check_twice(&claim.name, &mut first.claims);
                self.checked.eventually.push(claim.clone());
            }
            ItemKind::Expect(expect) => self.checked.expects.push((expect.clone(), item.span)),
        }
    }

    fn only_once(&mut self, first: &mut Option<Span>, word: &'static str, span: Span) {
        match first {
            Some(first) => {
                let here = Span { start: span.start, end: span.start + word.len() as u32 };
                let place = Span { start: first.start, end: first.start + word.len() as u32 };
                self.diagnostics.push(Diagnostic::new(Code::OnlyOnce { word }, here).also(place, "first here"));
            }
            None => *first = Some(span),
        }
    }

    /// Gives a name to what an owner declares.
    fn declare_name(&mut self, owner: Owner, name: &Ident, binding: Binding) {
        self.bind(name, binding);
        let names = self.names.entry(owner).or_default();
        if let Some((_, first)) = names.get(&name.text) {
            let diagnostic = Diagnostic::new(Code::Duplicate { name: name.text.clone() }, name.span);
            self.diagnostics.push(diagnostic.also(*first, "first here"));
        } else {
            names.insert(name.text.clone(), (binding, name.span));
        }
    }

    fn declare_object(&mut self, decl: &Arc<ast::ObjectDecl>, owner: Owner) {
        let id = self.checked.objects.len() as u32;
        let kind = object_kind(decl.keyword);
        let ends = [Some(&decl.name), decl.other.as_ref().map(|other| &other.name)];
        let both = decl.other.is_some();
        for (at, name) in ends.into_iter().flatten().enumerate() {
            let at = at as u32;
            let peer = both.then_some(DeclId(id + 1 - at));
            self.checked.objects.push(ObjectInfo { name: name.clone(), kind, decl: decl.clone(), peer, owner });
            self.declare_name(owner, name, Binding::Object(DeclId(id + at)));
        }
        if let (ObjectKeyword::Pool, Some(body)) = (decl.keyword, &decl.body) {
            self.declare_in(body, Owner::Pool(DeclId(id)));
        }
    }

    fn declare_actor(&mut self, decl: &Arc<ast::ActorDecl>, owner: Owner) {
        let id = TemplateId(self.checked.templates.len() as u32);
        if decl.keyword == ActorKeyword::Process && owner != Owner::File {
            self.report(Code::FileLevelOnly { word: "process" }, decl.name.span);
        }
        if matches!(owner, Owner::Template(around) if !self.is_process(around)) {
            self.report(Code::ThreadInThread, decl.name.span);
        }
        self.checked.templates.push(TemplateInfo { decl: decl.clone(), owner });
        self.declare_name(owner, &decl.name, Binding::Template(id));
        self.declare_in(&decl.body, Owner::Template(id));
    }

    fn declare_task(&mut self, decl: &Arc<ast::TaskDecl>, owner: Owner) {
        if owner != Owner::File {
            self.report(Code::FileLevelOnly { word: "task" }, decl.name.span);
        }
        let id = TaskId(self.checked.tasks.len() as u32);
        self.checked.tasks.push(TaskInfo { decl: decl.clone(), owner });
        self.declare_name(owner, &decl.name, Binding::Task(id));
    }

    /// Whether a template makes processes.
    pub(super) fn is_process(&self, template: TemplateId) -> bool {
        let info = self.checked.templates.get(template.0 as usize);
        info.is_some_and(|info| info.decl.keyword == ActorKeyword::Process)
    }

    /// Takes in the declarations at the top of a body.
    fn declare_in(&mut self, body: &ast::Block, owner: Owner) {
        for stmt in &body.stmts {
            let StmtKind::Decl(item) = &stmt.kind else { continue };
            match &item.kind {
                ItemKind::Object(decl) => self.declare_object(decl, owner),
                ItemKind::Actor(decl) => self.declare_actor(decl, owner),
                ItemKind::Task(decl) => self.declare_task(decl, owner),
                _ => {}
            }
        }
    }
}

/// Where what may stand but once stood first.
#[derive(Default)]
struct Firsts {
    scenario: Option<Span>,
    main: Option<Span>,
    finally: Option<Span>,
    claims: Vec<Ident>,
}

fn object_kind(keyword: ObjectKeyword) -> ObjectKind {
    match keyword {
        ObjectKeyword::Queue => ObjectKind::Queue,
        ObjectKeyword::Pipe => ObjectKind::PipeEnd,
        ObjectKeyword::Lock => ObjectKind::Lock,
        ObjectKeyword::Rlock => ObjectKind::Rlock,
        ObjectKeyword::Rwlock => ObjectKind::Rwlock,
        ObjectKeyword::Condition => ObjectKind::Condition,
        ObjectKeyword::Semaphore => ObjectKind::Semaphore,
        ObjectKeyword::BoundedSemaphore => ObjectKind::BoundedSemaphore,
        ObjectKeyword::Event => ObjectKind::Event,
        ObjectKeyword::Barrier => ObjectKind::Barrier,
        ObjectKeyword::Latch => ObjectKind::Latch,
        ObjectKeyword::Once => ObjectKind::Once,
        ObjectKeyword::Shared => ObjectKind::Shared,
        ObjectKeyword::Atomic => ObjectKind::Atomic,
        ObjectKeyword::Pool => ObjectKind::Pool,
    }
}
