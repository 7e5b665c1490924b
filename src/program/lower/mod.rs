//! From checked scenario to program: every body once, to instructions.
//!
//! Answers for: what each part of the language does, in terms of registers and visible operations. Never evaluates
//! anything and never knows a world.

mod builder;

mod expressions;

mod calls;

mod statements;

mod leaving;

mod declarations;

use std::cell::RefCell;
use std::sync::Arc;

use self::builder::Builder;
use super::instr::Instr;
use super::{Code, CodeId, ConstSpec, Program};
use crate::analysis::Checked;
use crate::diagnostic::{Code as Finding, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Block, Expr};
use crate::value::Value;

/// Lowers a checked scenario. The only thing that can be wrong is that a body is too large.
pub fn lower(checked: &Checked) -> (Program, Vec<Diagnostic>) {
    let mut lower = Lower::new(checked);
    lower.number_slots();
    lower.number_defaults();
    let program = lower.program();
    (program, lower.diagnostics.into_inner())
}

/// What lowering needs to know while it writes bodies down.
struct Lower<'c> {
    checked: &'c Checked,
    codes: RefCell<Vec<Code>>,
    diagnostics: RefCell<Vec<Diagnostic>>,
    /// By declaration: where a process keeps the handle.
    slots: Vec<u32>,
    /// By task and by template: the index of the constant of the first default.
    task_defaults: Vec<u32>,
    template_defaults: Vec<u32>,
}

impl<'c> Lower<'c> {
    fn new(checked: &'c Checked) -> Lower<'c> {
        Lower {
            checked,
            codes: RefCell::default(),
            diagnostics: RefCell::default(),
            slots: Vec::new(),
            task_defaults: Vec::new(),
            template_defaults: Vec::new(),
        }
    }

    fn slot(&self, decl: crate::analysis::DeclId) -> u16 {
        self.slots.get(decl.0 as usize).copied().unwrap_or(0) as u16
    }

    fn task_defaults(&self, task: u32) -> u32 {
        self.task_defaults.get(task as usize).copied().unwrap_or(0)
    }

    fn template_defaults(&self, template: u32) -> u32 {
        self.template_defaults.get(template as usize).copied().unwrap_or(0)
    }

    /// Keeps a finished body; none where it is too large.
    fn add_code(&self, builder: Builder) -> Option<CodeId> {
        let span = builder.span;
        match builder.finish() {
            Some(code) => {
                let mut codes = self.codes.borrow_mut();
                codes.push(code);
                Some(CodeId(codes.len() as u32 - 1))
            }
            None => {
                self.diagnostics.borrow_mut().push(Diagnostic::new(Finding::TooComplex, span));
                None
            }
        }
    }

    /// A body that takes nothing and returns what an expression gives.
    fn expression_code(&self, name: String, expr: &Expr) -> Option<CodeId> {
        let mut b = Builder::new(name);
        b.span = expr.span;
        let dst = b.reg();
        self.expr_to(&mut b, expr, dst);
        b.emit(Instr::Return { src: dst });
        self.add_code(b)
    }

    /// A body that takes nothing.
    fn block_code(&self, name: String, block: &Block) -> Option<CodeId> {
        let mut b = Builder::new(name);
        b.span = block.span;
        self.block(&mut b, block);
        self.end(&mut b);
        self.add_code(b)
    }

    /// The end of a body that returns nothing.
    fn end(&self, b: &mut Builder) {
        let src = b.reg();
        b.literal(src, Value::None);
        b.emit(Instr::Return { src });
    }

    fn program(&mut self) -> Program {
        let consts = self.consts();
        let objects = self.objects();
        let templates = self.templates();
        let tasks = self.tasks();
        let main = match &self.checked.main {
            Some(block) => self.block_code("main".to_owned(), block),
            None => self.made_up_main(),
        };
        let finally = self.checked.finally.as_ref().and_then(|block| self.block_code("finally".to_owned(), block));
        let claims = |claims: &[Arc<crate::syntax::ast::Claim>], what: &str| {
            claims
                .iter()
                .filter_map(|claim| {
                    let code = self.expression_code(format!("{what} {}", claim.name.text), &claim.expr)?;
                    Some((Arc::clone(&claim.name.text), code))
                })
                .collect()
        };
        let invariants = claims(&self.checked.invariants, "invariant");
        let eventually = claims(&self.checked.eventually, "eventually");
        Program {
            source: self.checked.source.clone(),
            consts,
            objects,
            templates,
            tasks,
            main: main.unwrap_or(CodeId(0)),
            has_main: self.checked.main.is_some(),
            finally,
            invariants,
            eventually,
            codes: self.codes.take(),
        }
    }

    fn consts(&self) -> Vec<ConstSpec> {
        let declared = self.checked.consts.iter().filter_map(|decl| {
            let code = self.expression_code(format!("const {}", decl.name.text), &decl.value)?;
            Some(ConstSpec { name: Arc::clone(&decl.name.text), span: decl.name.span, code })
        });
        let mut consts: Vec<ConstSpec> = declared.collect();
        let params = self.checked.tasks.iter().map(|info| &info.decl.params);
        let params = params.chain(self.checked.templates.iter().map(|info| &info.decl.params));
        for param in params.flatten() {
            if let Some(default) = &param.default
                && let Some(code) = self.expression_code(format!("default {}", param.name.text), default)
            {
                consts.push(ConstSpec { name: Arc::from(""), span: default.span, code });
            }
        }
        consts
    }

    fn number_defaults(&mut self) {
        let mut next = self.checked.consts.len() as u32;
        let mut number = |params: &[crate::syntax::ast::Param]| {
            let first = next;
            next += params.iter().filter(|param| param.default.is_some()).count() as u32;
            first
        };
        self.task_defaults = self.checked.tasks.iter().map(|info| number(&info.decl.params)).collect();
        self.template_defaults = self.checked.templates.iter().map(|info| number(&info.decl.params)).collect();
    }
}

/// The span of nothing in particular.
fn nowhere() -> Span {
    Span::default()
}
