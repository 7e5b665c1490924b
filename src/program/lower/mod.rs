//! From checked scenario to program.
//!
//! Answers for: one code a body, and the tables of the program. Never evaluates anything.

mod actors;
mod body;
mod callbacks;
mod calls;
mod declarations;
mod expressions;
mod flow;
mod places;
mod select;
mod statements;

use std::sync::Arc;

use body::Body;
use callbacks::Called;
use calls::Default;

use super::instr::Instr;
use super::{Code, CodeId, ConstSpec, Param, Program, Task};
use crate::analysis::{Binding, Checked, DeclId, Owner, TaskId, TemplateId};
use crate::diagnostic::{self, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{self, Block, Expr};

/// Lowers a checked scenario. It has no diagnostics but for bodies that are too large.
pub fn lower(checked: &Checked) -> (Program, Vec<Diagnostic>) {
    let mut lower = Lower::new(checked);
    lower.consts();
    let objects = checked.objects.iter().enumerate();
    let objects = objects.map(|(at, info)| lower.object(DeclId(at as u32), info)).collect();
    let templates = checked.templates.iter().enumerate();
    let templates = templates.map(|(at, info)| lower.template(TemplateId(at as u32), info)).collect();
    let tasks = (0..checked.tasks.len()).map(|at| lower.task(TaskId(at as u32))).collect();
    let main = match &checked.main {
        Some(block) => lower.block_code("main", block),
        None => lower.made_up_main(),
    };
    let finally = checked.finally.as_ref().map(|block| lower.block_code("finally", block));
    let invariants = lower.claims("invariant", &checked.invariants);
    let eventually = lower.claims("eventually", &checked.eventually);
    let outcomes = lower.outcomes();
    let program = Program {
        source: checked.source.clone(),
        codes: lower.codes,
        consts: lower.consts,
        objects,
        templates,
        tasks,
        main,
        has_main: checked.main.is_some(),
        finally,
        invariants,
        eventually,
        outcomes,
    };
    (program, lower.diagnostics)
}

/// What grows while a scenario is lowered.
pub(super) struct Lower<'c> {
    checked: &'c Checked,
    codes: Vec<Code>,
    consts: Vec<ConstSpec>,
    /// By declaration: where a process keeps its handle.
    slots: Vec<u32>,
    called: Called,
    /// By task and parameter: its default among the constants.
    task_defaults: Vec<Vec<Option<u32>>>,
    template_defaults: Vec<Vec<Option<u32>>>,
    diagnostics: Vec<Diagnostic>,
}

impl<'c> Lower<'c> {
    fn new(checked: &'c Checked) -> Lower<'c> {
        Lower {
            checked,
            codes: Vec::new(),
            consts: Vec::new(),
            slots: slots(checked),
            called: Called::of(checked),
            task_defaults: Vec::new(),
            template_defaults: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    /// Keeps a code; `too_large` is the place of one that has too many registers, literals or instructions.
    fn add(&mut self, code: Code, too_large: Option<Span>) -> CodeId {
        if let Some(span) = too_large {
            self.diagnostics.push(Diagnostic::new(diagnostic::Code::TooComplex, span));
        }
        self.codes.push(code);
        CodeId(self.codes.len() as u32 - 1)
    }

    /// A code that takes nothing and returns a value.
    fn expr_code(&mut self, name: &str, expr: &Expr) -> CodeId {
        let mut body = Body::new(self, name, expr.span);
        let src = body.expr(expr);
        body.emit(Instr::Return { src });
        body.finish(expr.span)
    }

    fn block_code(&mut self, name: &str, block: &Block) -> CodeId {
        let mut body = Body::new(self, name, block.span);
        body.block(block);
        body.finish(block.span)
    }

    fn claims(&mut self, word: &str, claims: &[Arc<ast::Claim>]) -> Vec<(Arc<str>, CodeId)> {
        let lowered = claims.iter().map(|claim| {
            let name = Arc::clone(&claim.name.text);
            let code = self.expr_code(&format!("{word} {name}"), &claim.expr);
            (name, code)
        });
        lowered.collect()
    }

    fn outcomes(&mut self) -> Option<Vec<(CodeId, Span)>> {
        let checked = self.checked;
        let mut all = None;
        for (expect, _) in &checked.expects {
            let ast::Expect::Outcomes(exprs) = expect else { continue };
            let lowered = exprs.iter().map(|expr| (self.expr_code("outcome", expr), expr.span));
            all.get_or_insert_with(Vec::new).extend(lowered);
        }
        all
    }

    /// Constants: the declared ones, then the defaults of parameters.
    fn consts(&mut self) {
        let checked = self.checked;
        for decl in &checked.consts {
            let code = self.expr_code(&format!("const {}", decl.name.text), &decl.value);
            self.consts.push(ConstSpec { name: Arc::clone(&decl.name.text), span: decl.name.span, code });
        }
        self.task_defaults = checked.tasks.iter().map(|task| self.defaults(&task.decl.params)).collect();
        self.template_defaults = checked.templates.iter().map(|info| self.defaults(&info.decl.params)).collect();
    }

    fn defaults(&mut self, params: &[ast::Param]) -> Vec<Option<u32>> {
        let default = |param: &ast::Param| {
            let default = param.default.as_ref()?;
            let code = self.expr_code(&format!("default {}", param.name.text), default);
            self.consts.push(ConstSpec { name: Arc::from(""), span: default.span, code });
            Some(self.consts.len() as u32 - 1)
        };
        params.iter().map(default).collect()
    }

    fn task(&mut self, id: TaskId) -> Task {
        let checked = self.checked;
        let decl = &checked.tasks[id.0 as usize].decl;
        let mut body = Body::new(self, format!("task {}", decl.name.text), decl.body.span);
        for param in &decl.params {
            body.param(match checked.binding(&param.name) {
                Binding::Local(local) => Some(local),
                _ => None,
            });
        }
        body.block(&decl.body);
        let code = body.finish(decl.body.span);
        let params = params(&decl.params, self.task_defaults.get(id.0 as usize));
        Task { name: Arc::clone(&decl.name.text), span: decl.name.span, params, body: code }
    }

    fn template_params(&self, id: TemplateId) -> Vec<Param> {
        let decl = &self.checked.templates[id.0 as usize].decl;
        params(&decl.params, self.template_defaults.get(id.0 as usize))
    }

    /// Where a process keeps the handle of an object.
    fn slot(&self, decl: DeclId) -> u32 {
        self.slots.get(decl.0 as usize).copied().unwrap_or_default()
    }

    fn task_defaults(&self, task: TaskId) -> Option<Vec<Option<Default>>> {
        Some(known(self.task_defaults.get(task.0 as usize)?))
    }

    fn template_defaults(&self, template: TemplateId) -> Option<Vec<Option<Default>>> {
        Some(known(self.template_defaults.get(template.0 as usize)?))
    }
}

fn known(defaults: &[Option<u32>]) -> Vec<Option<Default>> {
    defaults.iter().map(|default| default.map(Default::Const)).collect()
}

fn params(params: &[ast::Param], defaults: Option<&Vec<Option<u32>>>) -> Vec<Param> {
    let default = |at: usize| defaults.and_then(|defaults| defaults.get(at).copied().flatten());
    let lowered = params.iter().enumerate();
    lowered.map(|(at, param)| Param { name: Arc::clone(&param.name.text), default: default(at) }).collect()
}

/// Objects of a body follow those of the body around it, so that a thread can keep both in one table.
fn slots(checked: &Checked) -> Vec<u32> {
    let own = |owner: Owner| checked.objects.iter().filter(move |object| object.owner == owner).count() as u32;
    let first = |mut owner: Owner| {
        let mut first = 0;
        // Bodies nest a few levels at most; the bound is for trees that have diagnostics.
        for _ in 0..checked.templates.len() + 1 {
            owner = match owner {
                Owner::Template(id) => checked.templates[id.0 as usize].owner,
                Owner::Pool(id) => checked.objects[id.0 as usize].owner,
                Owner::File | Owner::Main => return first,
            };
            if owner != Owner::File {
                first += own(owner);
            }
        }
        first
    };
    let slot = |(at, object): (usize, &crate::analysis::ObjectInfo)| {
        let before = checked.objects[..at].iter().filter(|other| other.owner == object.owner).count() as u32;
        before + if object.owner == Owner::File { 0 } else { first(object.owner) }
    };
    checked.objects.iter().enumerate().map(slot).collect()
}
