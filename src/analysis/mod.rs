//! From tree to checked scenario: what every name refers to, and what is wrong with the file.
//!
//! Answers for: names, arity, operations that cannot be. Never evaluates anything.

mod declarations;

mod resolver;

mod names;

mod consts;

mod bodies;

mod statements;

mod expressions;

mod calls;

mod operations;

mod objects;

mod claims;

mod flow;

mod unused;

mod doubts;

mod allow;

use std::sync::Arc;

pub(crate) use bodies::has_threads;

use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};
use crate::syntax::ast;
use crate::value::ObjectKind;

/// Finds out what every name refers to and what is wrong with the file.
///
/// A file that did not parse lacks what could not be read, so what is found here may follow from that: where `parse`
/// gave errors, show those alone.
pub fn resolve(source: &Source, file: ast::File) -> (Checked, Vec<Diagnostic>) {
    let mut resolver = resolver::Resolver::new(source, file.names);
    resolver.declare(&file);
    resolver.resolve_consts();
    resolver.resolve_bodies();
    resolver.resolve_claims();
    resolver.find_unused();
    resolver.find_doubts();
    resolver.leave_out_allowed();
    resolver.finish()
}

/// Index into [`Checked::consts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConstId(pub u32);
/// Index into [`Checked::objects`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeclId(pub u32);
/// Index into [`Checked::templates`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TemplateId(pub u32);
/// Index into [`Checked::tasks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub u32);
/// One local variable, unique in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalId(pub u32);

/// What an occurrence of an identifier refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// Not a reference (a field, a map key, an argument's name), or one with a diagnostic.
    Unbound,
    /// A local variable: this occurrence declares, reads or writes it.
    Local(LocalId),
    /// A constant.
    Const(ConstId),
    /// An object or an array of objects.
    Object(DeclId),
    /// A task.
    Task(TaskId),
    /// A template of actors.
    Template(TemplateId),
    /// A free function of the language.
    Builtin(Builtin),
}

/// The free functions of the language. The last nine are visible operations, the others are local.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the function of the same name in docs/language.md")]
pub enum Builtin {
    Len,
    Str,
    Int,
    Float,
    Bool,
    List,
    Set,
    Min,
    Max,
    Sum,
    Abs,
    Sorted,
    Reversed,
    Enumerate,
    Zip,
    Range,
    Type,
    CpuCount,
    Now,
    Random,
    Shuffle,
    Choose,
    Pid,
    Ppid,
    Tid,
    Name,
}

/// Where a declaration stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// At file level: shared by every process.
    File,
    /// At the top of `main`.
    Main,
    /// At the top of a process's (or thread's) body: each instance has its own.
    Template(TemplateId),
    /// At the top of a pool's body: each worker has its own.
    Pool(DeclId),
}

/// A checked scenario: the tree, and what its names refer to.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The text it was read from.
    pub source: Source,
    /// `scenario "title"`.
    pub title: Option<Arc<str>>,
    /// Constants, each after those it uses.
    pub consts: Vec<Arc<ast::ConstDecl>>,
    /// Every declared object, private ones included; a pipe makes two in a row.
    pub objects: Vec<ObjectInfo>,
    /// Every actor template, nested ones included.
    pub templates: Vec<TemplateInfo>,
    /// Every task.
    pub tasks: Vec<TaskInfo>,
    /// `main { … }`.
    pub main: Option<Arc<ast::Block>>,
    /// `finally { … }`.
    pub finally: Option<Arc<ast::Block>>,
    /// `invariant` claims.
    pub invariants: Vec<Arc<ast::Claim>>,
    /// `eventually` claims.
    pub eventually: Vec<Arc<ast::Claim>>,
    /// `expect` claims.
    pub expects: Vec<(ast::Expect, Span)>,
    /// What each identifier refers to, by [`ast::NameId`].
    pub bindings: Vec<Binding>,
}

impl Checked {
    /// What an occurrence of an identifier refers to.
    pub fn binding(&self, name: &ast::Ident) -> Binding {
        self.bindings.get(name.id.0 as usize).copied().unwrap_or(Binding::Unbound)
    }
}

/// A declared object, array of objects, or pipe end.
#[derive(Clone, Debug)]
pub struct ObjectInfo {
    /// Its name.
    pub name: ast::Ident,
    /// What kind of object.
    pub kind: ObjectKind,
    /// The declaration; both ends of a pipe have the same.
    pub decl: Arc<ast::ObjectDecl>,
    /// For a pipe's end: the other one.
    pub peer: Option<DeclId>,
    /// Where it is declared.
    pub owner: Owner,
}

/// A template of actors.
#[derive(Clone, Debug)]
pub struct TemplateInfo {
    /// The declaration.
    pub decl: Arc<ast::ActorDecl>,
    /// Where it is declared: a thread in a process's body is a thread of that process.
    pub owner: Owner,
}

/// A task.
#[derive(Clone, Debug)]
pub struct TaskInfo {
    /// The declaration.
    pub decl: Arc<ast::TaskDecl>,
    /// Where it is declared.
    pub owner: Owner,
}
