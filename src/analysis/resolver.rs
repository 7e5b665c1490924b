//! What the parts of the resolver share.
//!
//! Answers for: the tables under construction, and the body at hand. Never walks the tree.

use std::collections::HashSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Binding, Checked, DeclId, LocalId, Owner, TemplateId};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Source, Span};
use crate::syntax::ast::{self, ActorKeyword, Ident};

/// The names that one owner declares: what they refer to and where.
pub(super) type Namespace = FxHashMap<Arc<str>, (Binding, Span)>;

/// Makes a [`Checked`] from a tree.
pub(super) struct Resolver {
    pub(super) checked: Checked,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What each owner declares.
    pub(super) names: FxHashMap<Owner, Namespace>,
    /// What each local is; by [`LocalId`].
    pub(super) locals: Vec<Local>,
    /// Names of locals in scope, innermost block last.
    pub(super) scopes: Vec<FxHashMap<Arc<str>, LocalId>>,
    /// The body at hand.
    pub(super) body: Body,
    /// What is referred to somewhere.
    pub(super) used: HashSet<Used>,
    /// Constants that each constant refers to; by their place in the file.
    pub(super) const_uses: Vec<Vec<u32>>,
    /// Names that `raise` uses somewhere.
    pub(super) raised: HashSet<Arc<str>>,
    /// Error kinds that are caught or expected.
    pub(super) kinds: Vec<Ident>,
    /// Threads at file level whose bodies name an object of main, with that object.
    pub(super) of_main: FxHashMap<TemplateId, Arc<str>>,
    /// Threads at file level that a process other than main starts.
    pub(super) started_elsewhere: Vec<(TemplateId, Span)>,
    /// Whether some statement could not be read, so that names may be missing.
    pub(super) broken: bool,
}

/// What can be used, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Used {
    Const(u32),
    Object(u32),
    Task(u32),
    Template(u32),
}

/// A local variable.
pub(super) struct Local {
    pub(super) name: Ident,
    /// What it is known to hold.
    pub(super) known: Known,
    /// Whether it is read anywhere.
    pub(super) read: bool,
    /// Whether it comes from a plain `let`, so that never reading it is worth a word.
    pub(super) is_let: bool,
}

/// What is known of a value before anything runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing.
    Any,
    /// An object by itself.
    Object(DeclId),
    /// An array of objects.
    Array(DeclId),
    /// One side of an rwlock.
    Side(DeclId),
    /// The handle of an actor.
    Actor(ActorKeyword),
    /// The handles of a replicated actor.
    Actors(ActorKeyword),
    /// The result of a task.
    TaskResult,
    /// A task by its name.
    Task(super::TaskId),
}

/// What kind of text a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Statements, one after the other.
    Script,
    /// Evaluated when the scenario is planned.
    Constant,
    /// The arguments and the start value of an object at file level: constant, but may name other objects.
    Setup,
    /// The condition of an `await`.
    Await,
    /// An `invariant` or `eventually`: only looks.
    Claim,
}

/// The body at hand, and what holds in it.
#[derive(Clone, Debug)]
pub(super) struct Body {
    /// Whose names are seen, innermost first.
    pub(super) visible: Vec<Owner>,
    /// Variables of the body around it, which it does not see.
    pub(super) outer: HashSet<Arc<str>>,
    /// Variables that are assigned to somewhere in it.
    pub(super) assigned: HashSet<Arc<str>>,
    /// Names that nothing in it has, and that were reported.
    pub(super) unknown: HashSet<Arc<str>>,
    /// Loops around the place at hand.
    pub(super) loops: usize,
    /// `catch` bodies around the place at hand.
    pub(super) catches: usize,
    pub(super) mode: Mode,
    /// A task: gives a value back.
    pub(super) is_task: bool,
    /// `finally`: names outcomes.
    pub(super) is_finally: bool,
    /// Whose declarations stand in it, if it may have any.
    pub(super) owner: Option<Owner>,
    /// The thread at file level whose body it is.
    pub(super) file_thread: Option<TemplateId>,
    /// Runs in a process that is not main, as far as one can tell.
    pub(super) is_elsewhere: bool,
}

impl Body {
    /// A body that sees these owners' names.
    pub(super) fn seeing(visible: Vec<Owner>) -> Body {
        Body {
            visible,
            outer: HashSet::new(),
            assigned: HashSet::new(),
            unknown: HashSet::new(),
            loops: 0,
            catches: 0,
            mode: Mode::Script,
            is_task: false,
            is_finally: false,
            owner: None,
            file_thread: None,
            is_elsewhere: false,
        }
    }

    /// Something that is evaluated when the scenario is planned.
    pub(super) fn constant() -> Body {
        Body { mode: Mode::Constant, ..Body::seeing(vec![Owner::File]) }
    }
}

impl Resolver {
    pub(super) fn new(source: &Source, names: u32) -> Resolver {
        let checked = Checked {
            source: source.clone(),
            title: None,
            consts: Vec::new(),
            objects: Vec::new(),
            templates: Vec::new(),
            tasks: Vec::new(),
            main: None,
            finally: None,
            invariants: Vec::new(),
            eventually: Vec::new(),
            expects: Vec::new(),
            bindings: vec![Binding::Unbound; names as usize],
        };
        Resolver {
            checked,
            diagnostics: Vec::new(),
            names: FxHashMap::default(),
            locals: Vec::new(),
            scopes: Vec::new(),
            body: Body::constant(),
            used: HashSet::new(),
            const_uses: Vec::new(),
            raised: HashSet::new(),
            kinds: Vec::new(),
            of_main: FxHashMap::default(),
            started_elsewhere: Vec::new(),
            broken: false,
        }
    }

    /// The checked scenario and the diagnostics, in the order of their places.
    pub(super) fn finish(mut self) -> (Checked, Vec<Diagnostic>) {
        self.diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        (self.checked, self.diagnostics)
    }

    pub(super) fn report(&mut self, code: Code, span: Span) {
        self.diagnostics.push(Diagnostic::new(code, span));
    }

    /// Keeps what an occurrence of an identifier refers to.
    pub(super) fn bind(&mut self, name: &Ident, binding: Binding) {
        if let Some(slot) = self.checked.bindings.get_mut(name.id.0 as usize) {
            *slot = binding;
        }
    }

    /// A new local, seen from here to the end of the innermost block. `_` is bound to nothing.
    pub(super) fn declare_local(&mut self, name: &Ident, known: Known, is_let: bool) {
        if &*name.text == "_" {
            return;
        }
        let id = LocalId(self.locals.len() as u32);
        let known = if self.body.assigned.contains(&name.text) { Known::Any } else { known };
        self.locals.push(Local { name: name.clone(), known, read: false, is_let });
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.text.clone(), id);
        }
        self.bind(name, Binding::Local(id));
    }

    /// Binds the names of a pattern; one name twice is a mistake.
    pub(super) fn declare_pattern(&mut self, pattern: &ast::Pattern, known: Known, is_let: bool) {
        let mut seen: Vec<Ident> = Vec::new();
        match pattern {
            ast::Pattern::Name(name) => self.declare_local(name, known, is_let),
            ast::Pattern::List(patterns, _) => {
                for inner in patterns {
                    self.declare_pattern_part(inner, &mut seen);
                }
            }
        }
    }

    fn declare_pattern_part(&mut self, pattern: &ast::Pattern, seen: &mut Vec<Ident>) {
        match pattern {
            ast::Pattern::Name(name) => {
                self.check_twice(name, seen);
                self.declare_local(name, Known::Any, false);
            }
            ast::Pattern::List(patterns, _) => {
                for inner in patterns {
                    self.declare_pattern_part(inner, seen);
                }
            }
        }
    }

    /// One name twice in a list of names.
    pub(super) fn check_twice(&mut self, name: &Ident, seen: &mut Vec<Ident>) {
        if &*name.text == "_" {
            return;
        }
        if let Some(first) = seen.iter().find(|first| first.text == name.text) {
            let diagnostic = Diagnostic::new(Code::Duplicate { name: name.text.clone() }, name.span);
            self.diagnostics.push(diagnostic.also(first.span, "first here"));
        }
        seen.push(name.clone());
    }

    /// Does something in a block of its own.
    pub(super) fn scoped(&mut self, inside: impl FnOnce(&mut Resolver)) {
        self.scopes.push(FxHashMap::default());
        inside(self);
        self.scopes.pop();
    }

    /// Does something in a body of its own: it sees no locals of the one around it.
    pub(super) fn in_body(&mut self, body: Body, inside: impl FnOnce(&mut Resolver)) {
        let around = std::mem::replace(&mut self.body, body);
        let scopes = std::mem::take(&mut self.scopes);
        self.scoped(inside);
        self.scopes = scopes;
        self.body = around;
    }

    /// Does something in another mode, in the same body.
    pub(super) fn in_mode<T>(&mut self, mode: Mode, inside: impl FnOnce(&mut Resolver) -> T) -> T {
        let around = std::mem::replace(&mut self.body.mode, mode);
        let result = inside(self);
        self.body.mode = around;
        result
    }
}
