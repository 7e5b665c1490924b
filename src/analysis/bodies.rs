//! The bodies of a file: who sees what in them.
//!
//! Answers for: the context in which each body is resolved. Never looks at single statements.

use std::collections::HashSet;
use std::sync::Arc;

use super::resolver::{Body, Known, Resolver};
use super::{DeclId, Owner, TemplateId};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{self, ActorKeyword, ObjectKeyword, StmtKind};

impl Resolver {
    /// Resolves every body of the file, and what stands in declarations.
    pub(super) fn resolve_bodies(&mut self) {
        for id in 0..self.checked.objects.len() {
            let Some(info) = self.checked.objects.get(id).cloned() else { continue };
            // A pipe is two objects with one declaration.
            let is_second_end = info.peer.is_some_and(|peer| (peer.0 as usize) < id);
            if info.owner == Owner::File && !is_second_end {
                self.in_body(Body { mode: super::resolver::Mode::Setup, ..Body::constant() }, |resolver| {
                    resolver.object_parts(&info.decl);
                });
            }
            if !is_second_end {
                self.object_body(DeclId(id as u32), &info.decl, info.owner);
            }
        }
        for id in 0..self.checked.templates.len() {
            self.template(TemplateId(id as u32));
        }
        for info in self.checked.tasks.clone() {
            let visible = if info.owner == Owner::File { vec![Owner::File] } else { vec![info.owner, Owner::File] };
            let body = Body { is_task: true, assigned: assigned(&info.decl.body), ..Body::seeing(visible) };
            self.with_params(&info.decl.params, None, body, &info.decl.body, |_| {});
        }
        if let Some(main) = self.checked.main.clone() {
            let body = Body { owner: Some(Owner::Main), ..Body::seeing(vec![Owner::Main, Owner::File]) };
            let body = Body { assigned: assigned(&main), ..body };
            self.in_body(body, |resolver| resolver.block_here(&main));
        }
        if let Some(finally) = self.checked.finally.clone() {
            let body = Body { is_finally: true, assigned: assigned(&finally), ..Body::seeing(vec![Owner::File]) };
            self.in_body(body, |resolver| resolver.block_here(&finally));
        }
    }

    /// The action of a barrier, what a worker of a pool does first, the body of a `once`.
    fn object_body(&mut self, id: DeclId, decl: &Arc<ast::ObjectDecl>, owner: Owner) {
        let Some(block) = &decl.body else { return };
        let body = if decl.keyword == ObjectKeyword::Pool {
            let mut visible = vec![Owner::Pool(id)];
            if has_threads(decl) {
                visible.extend(self.seen_by(owner));
            } else {
                visible.push(Owner::File);
            }
            let outer = self.variables_around(owner);
            Body { owner: Some(Owner::Pool(id)), is_elsewhere: !has_threads(decl), outer, ..Body::seeing(visible) }
        } else {
            Body { outer: self.variables_around(owner), ..Body::seeing(self.seen_by(owner)) }
        };
        let body = Body { assigned: assigned(block), ..body };
        self.in_body(body, |resolver| resolver.block_here(block));
    }

    fn template(&mut self, id: TemplateId) {
        let Some(info) = self.checked.templates.get(id.0 as usize).cloned() else { return };
        let decl = &info.decl;
        let mut body = Body::seeing(self.seen_by(Owner::Template(id)));
        let is_file_thread = info.owner == Owner::File && decl.keyword != ActorKeyword::Process;
        if is_file_thread {
            // A thread at file level is one of main's, and sees main's objects where nothing nearer has the name.
            body.visible.push(Owner::Main);
            body.file_thread = Some(id);
        }
        body.owner = Some(Owner::Template(id));
        body.is_elsewhere = self.runs_elsewhere(Owner::Template(id));
        body.outer = self.variables_around(info.owner);
        body.assigned = assigned(&decl.body);
        if let Some((_, values)) = &decl.replicas {
            self.in_body(Body::constant(), |resolver| {
                resolver.expr(values);
            });
        }
        let delay = decl.delay.clone();
        self.with_params(&decl.params, decl.replicas.as_ref().map(|(index, _)| index), body, &decl.body, |resolver| {
            if let Some(delay) = &delay {
                resolver.expr(delay);
            }
        });
    }

    /// Whether a body runs in a process other than main's.
    fn runs_elsewhere(&self, owner: Owner) -> bool {
        match owner {
            Owner::File | Owner::Main => false,
            Owner::Pool(_) => true,
            Owner::Template(id) if self.is_process(id) => true,
            Owner::Template(id) => {
                let around = self.checked.templates.get(id.0 as usize).map(|info| info.owner);
                around.is_some_and(|around| around != owner && self.runs_elsewhere(around))
            }
        }
    }

    /// Whose declarations a body sees that belongs to an owner: its own, those of its process, those of the file.
    fn seen_by(&self, owner: Owner) -> Vec<Owner> {
        let mut seen = vec![owner];
        let mut at = owner;
        while let Owner::Template(id) = at {
            let Some(info) = self.checked.templates.get(id.0 as usize) else { break };
            at = info.owner;
            seen.push(at);
        }
        if seen.last() != Some(&Owner::File) {
            seen.push(Owner::File);
        }
        seen
    }

    /// The variables of the body that belongs to an owner, which bodies within it do not see.
    fn variables_around(&self, owner: Owner) -> HashSet<Arc<str>> {
        let mut names = HashSet::new();
        match owner {
            Owner::Main => {
                if let Some(main) = &self.checked.main {
                    variables(main, &mut names);
                }
            }
            Owner::Template(id) => {
                if let Some(info) = self.checked.templates.get(id.0 as usize) {
                    names.extend(info.decl.params.iter().map(|param| param.name.text.clone()));
                    names.extend(info.decl.replicas.iter().map(|(index, _)| index.text.clone()));
                    variables(&info.decl.body, &mut names);
                }
            }
            Owner::File | Owner::Pool(_) => {}
        }
        names
    }

    /// A body with parameters; `before` is resolved where they are seen.
    fn with_params(
        &mut self,
        params: &[ast::Param],
        index: Option<&ast::Ident>,
        body: Body,
        block: &ast::Block,
        before: impl FnOnce(&mut Resolver),
    ) {
        self.check_defaults(params);
        self.in_body(body, |resolver| {
            let mut seen = Vec::new();
            for name in index.into_iter().chain(params.iter().map(|param| &param.name)) {
                resolver.check_twice(name, &mut seen);
                resolver.declare_local(name, Known::Any, false);
            }
            before(resolver);
            resolver.block_here(block);
        });
    }

    fn check_defaults(&mut self, params: &[ast::Param]) {
        let mut first_default: Option<Span> = None;
        for param in params {
            if let Some(default) = &param.default {
                first_default.get_or_insert(param.name.span);
                self.in_body(Body::constant(), |resolver| {
                    resolver.expr(default);
                });
            } else if let Some(first) = first_default {
                let code = Code::RequiredAfterDefault { name: param.name.text.clone() };
                self.diagnostics.push(Diagnostic::new(code, param.name.span).also(first, "this one has a default"));
            }
        }
    }
}

/// Whether the workers of a pool are threads.
pub(crate) fn has_threads(decl: &ast::ObjectDecl) -> bool {
    decl.args.iter().any(|arg| arg.name.as_ref().is_some_and(|name| &*name.text == "threads"))
}

/// Calls a function with every block within a statement.
pub(super) fn blocks_of(stmt: &ast::Stmt, mut each: impl FnMut(&ast::Block)) {
    match &stmt.kind {
        StmtKind::If(branches, last) => {
            branches.iter().for_each(|(_, block)| each(block));
            last.iter().for_each(each);
        }
        StmtKind::While(_, block) | StmtKind::Loop(block) | StmtKind::For(_, _, block) | StmtKind::With(_, block) => {
            each(block);
        }
        StmtKind::Try(block, catches, last) => {
            each(block);
            catches.iter().for_each(|catch| each(&catch.body));
            last.iter().for_each(each);
        }
        StmtKind::Select(cases, otherwise) => {
            cases.iter().for_each(|case| each(&case.body));
            match otherwise {
                ast::Otherwise::After(_, block) | ast::Otherwise::Else(block) => each(block),
                ast::Otherwise::Wait => {}
            }
        }
        _ => {}
    }
}

/// The names that `let` gives in a body.
fn variables(block: &ast::Block, names: &mut HashSet<Arc<str>>) {
    for stmt in &block.stmts {
        if let StmtKind::Let(ast::Pattern::Name(name), _) = &stmt.kind {
            names.insert(name.text.clone());
        }
        blocks_of(stmt, |inner| variables(inner, names));
    }
}

/// The names that a body assigns to.
fn assigned(block: &ast::Block) -> HashSet<Arc<str>> {
    fn collect(block: &ast::Block, names: &mut HashSet<Arc<str>>) {
        for stmt in &block.stmts {
            if let StmtKind::Assign(ast::Expr { kind: ast::ExprKind::Name(name), .. }, ..) = &stmt.kind {
                names.insert(name.text.clone());
            }
            blocks_of(stmt, |inner| collect(inner, names));
        }
    }
    let mut names = HashSet::new();
    collect(block, &mut names);
    names
}
