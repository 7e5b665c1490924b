//! What is declared and never used.
//!
//! Answers for: a warning for each. Never warns of names that begin with `_`, nor of loop variables; of parameters,
//! `doubts` does.

use super::resolver::{Resolver, Used};
use crate::diagnostic::{Code, Severity};
use crate::syntax::ast::Ident;

impl Resolver {
    /// Warns of everything that is never used; in a file with errors, of nothing.
    pub(super) fn find_unused(&mut self) {
        if self.broken || self.diagnostics.iter().any(|diagnostic| diagnostic.severity() == Severity::Error) {
            return;
        }
        let mut unused: Vec<(&'static str, Ident)> = Vec::new();
        for local in self.locals.iter().filter(|local| local.is_let && !local.read) {
            unused.push(("variable", local.name.clone()));
        }
        for (id, decl) in self.checked.consts.iter().enumerate() {
            if !self.used.contains(&Used::Const(id as u32)) {
                unused.push(("constant", decl.name.clone()));
            }
        }
        for (id, object) in self.checked.objects.iter().enumerate() {
            // Of a pipe with one unused end, `doubts` says more.
            let others = [Some(id as u32), object.peer.map(|peer| peer.0)];
            let is_used = others.into_iter().flatten().any(|id| self.used.contains(&Used::Object(id)));
            let is_second_end = object.peer.is_some_and(|peer| (peer.0 as usize) < id);
            if !is_used && !is_second_end {
                unused.push((object.decl.keyword.word(), object.name.clone()));
            }
        }
        for (id, task) in self.checked.tasks.iter().enumerate() {
            if !self.used.contains(&Used::Task(id as u32)) {
                unused.push(("task", task.decl.name.clone()));
            }
        }
        for (id, template) in self.checked.templates.iter().enumerate() {
            let starts_itself = self.checked.main.is_none() && template.owner == super::Owner::File;
            if !starts_itself && !self.used.contains(&Used::Template(id as u32)) {
                unused.push((template.decl.keyword.word(), template.decl.name.clone()));
            }
        }
        unused.retain(|(_, name)| !name.text.starts_with('_'));
        for (what, name) in unused {
            self.report(Code::Unused { what, name: name.text.clone() }, name.span);
        }
    }
}
