//! The bodies of a file, and who they belong to.
//!
//! Answers for: every block that is run, once. Never looks into one.

use crate::analysis::{Checked, DeclId, TaskId, TemplateId};
use crate::syntax::ast::{Block, ObjectKeyword};

/// Whose a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Who {
    /// `main`
    Main,
    /// An actor of a template.
    Actor(TemplateId),
    /// Whoever calls the task.
    Task(TaskId),
    /// A worker of a pool that is handed the task.
    Submitted(TaskId),
    /// A worker of a pool, before its first task.
    Worker(DeclId),
    /// Whoever happens to run the action of a barrier or a `once`.
    Action(DeclId),
    /// `finally`
    Finally,
}

/// A body.
#[derive(Clone, Copy)]
pub(super) struct Body<'a> {
    pub(super) who: Who,
    pub(super) block: &'a Block,
}

/// Every body of a file.
pub(super) fn bodies(checked: &Checked) -> Vec<Body<'_>> {
    let mut bodies: Vec<Body<'_>> = Vec::new();
    bodies.extend(checked.main.as_ref().map(|block| Body { who: Who::Main, block }));
    for (id, info) in (0..).zip(&checked.templates) {
        bodies.push(Body { who: Who::Actor(TemplateId(id)), block: &info.decl.body });
    }
    for (id, info) in (0..).zip(&checked.tasks) {
        bodies.push(Body { who: Who::Task(TaskId(id)), block: &info.decl.body });
    }
    for (id, info) in (0..).map(DeclId).zip(&checked.objects) {
        let who = if info.decl.keyword == ObjectKeyword::Pool { Who::Worker(id) } else { Who::Action(id) };
        bodies.extend(info.decl.body.as_ref().map(|block| Body { who, block }));
    }
    bodies.extend(checked.finally.as_ref().map(|block| Body { who: Who::Finally, block }));
    bodies
}
