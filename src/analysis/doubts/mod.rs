//! What is allowed and yet doubtful, seen over the whole file.
//!
//! Answers for: warnings that no single statement shows. Where it cannot be sure, it says nothing.

mod constant;

mod bodies;

mod mentions;

mod pauses;

mod actors;

mod submissions;

mod channels;

mod ends;

mod barriers;

mod held;

mod flow;

mod locks;

mod order;

use super::Binding;
use super::resolver::Resolver;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::syntax::ast::Param;

impl Resolver {
    /// Warns of what looks wrong over the whole file; in a file with errors, of nothing.
    pub(super) fn find_doubts(&mut self) {
        if self.broken || self.diagnostics.iter().any(|diagnostic| diagnostic.severity() == Severity::Error) {
            return;
        }
        let checked = &self.checked;
        let bodies = bodies::bodies(checked);
        let mentions = mentions::mentions(checked, &bodies);
        let actors = actors::Actors::new(checked, &bodies);
        let mut found = Vec::new();
        channels::one_sided(checked, &mentions, &mut found);
        channels::unheld(checked, &mentions, &mut found);
        ends::misused(checked, &bodies, &mut found);
        barriers::short(checked, &mentions, &actors, &mut found);
        locks::doubts(checked, &bodies, &mentions, &actors, &mut found);
        found.extend(self.unused_params(&mentions));
        self.diagnostics.extend(found);
    }

    /// Parameters that are never read. A task that is handed on as a value takes what it is given.
    fn unused_params(&self, mentions: &mentions::Mentions) -> Vec<Diagnostic> {
        let templates = self.checked.templates.iter().flat_map(|info| &info.decl.params);
        let tasks = (0..).map(super::TaskId).zip(&self.checked.tasks);
        // Whoever lets the task itself go unused lets its parameters.
        let is_spared = |task, name: &str| mentions.is_value(task) || name.starts_with('_');
        let called = tasks.filter(|(task, info)| !is_spared(*task, &info.decl.name.text));
        let is_unused = |param: &&Param| match self.checked.binding(&param.name) {
            Binding::Local(id) => self.locals.get(id.0 as usize).is_some_and(|local| !local.read),
            _ => false,
        };
        let all = templates.chain(called.flat_map(|(_, info)| &info.decl.params));
        let unused = all.filter(is_unused).filter(|param| !param.name.text.starts_with('_'));
        let code = |param: &Param| Code::Unused { what: "parameter", name: param.name.text.clone() };
        unused.map(|param| Diagnostic::new(code(param), param.name.span)).collect()
    }
}
