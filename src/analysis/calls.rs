//! Arguments: how many, and by which names.
//!
//! Answers for: calls of tasks and free functions, `start`, and the lists of parameters of anything else. Never knows
//! operations.

use std::sync::Arc;

use super::names::BUILTINS;
use super::resolver::Resolver;
use super::{Binding, Owner, TaskId};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::source::Span;
use crate::syntax::ast::{self, Arg, ExprKind, Ident};
use crate::value::ObjectKind;

/// A parameter, as far as calls care.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: Arc<str>,
    pub(super) required: bool,
}

impl Parameter {
    pub(super) fn new(name: &str, required: bool) -> Parameter {
        Parameter { name: name.into(), required }
    }
}

impl Resolver {
    /// Checks arguments against the parameters of a task or a template.
    pub(super) fn check_params(&mut self, callee: Arc<str>, params: &[ast::Param], args: &[Arg], span: Span) {
        let params: Vec<Parameter> =
            params.iter().map(|param| Parameter::new(&param.name.text, param.default.is_none())).collect();
        let args: Vec<&Arg> = args.iter().collect();
        self.check_args(callee, &params, &args, span);
    }

    /// Checks the arguments of a direct call of a task.
    pub(super) fn check_task_call(&mut self, id: TaskId, name: &Ident, args: &[Arg], span: Span) {
        if let Some(info) = self.checked.tasks.get(id.0 as usize).cloned() {
            self.check_params(name.text.clone(), &info.decl.params, args, span);
        }
    }

    /// Checks the arguments of a free function.
    pub(super) fn check_builtin(&mut self, name: &Ident, args: &[Arg], span: Span) {
        let Some(function) = BUILTINS.iter().find(|function| function.name == &*name.text) else { return };
        let positional = args.iter().filter(|arg| arg.name.is_none()).count();
        let callee = name.text.clone();
        if function.variadic && args.len() == positional {
            if positional < function.required {
                let (least, given) = (function.required, positional);
                self.report(Code::Arity { callee, least, most: usize::MAX, given }, span);
            }
            return;
        }
        if args.len() == positional && !(function.required..=function.params.len()).contains(&positional) {
            let (least, most) = (function.required, function.params.len());
            return self.report(Code::Arity { callee, least, most, given: positional }, span);
        }
        let params = function.params.iter().enumerate();
        let params: Vec<Parameter> = params.map(|(at, name)| Parameter::new(name, at < function.required)).collect();
        self.check_args(callee, &params, &args.iter().collect::<Vec<_>>(), span);
    }

    /// Checks arguments against parameters: positional ones first, then named ones.
    pub(super) fn check_args(&mut self, callee: Arc<str>, params: &[Parameter], args: &[&Arg], span: Span) {
        let positional = args.iter().take_while(|arg| arg.name.is_none()).count();
        if positional > params.len() {
            let least = params.iter().filter(|param| param.required).count();
            let at = args.get(params.len()).map_or(span, |arg| arg.value.span);
            return self.report(Code::Arity { callee, least, most: params.len(), given: args.len() }, at);
        }
        let mut given: Vec<(Arc<str>, Span)> =
            params.iter().zip(args).take(positional).map(|(param, arg)| (param.name.clone(), arg.value.span)).collect();
        for arg in args.iter().skip(positional) {
            let Some(label) = &arg.name else {
                self.report(Code::PositionalAfterNamed, arg.value.span);
                return;
            };
            if !params.iter().any(|param| param.name == label.text) {
                let near = nearest(&label.text, params.iter().map(|param| &*param.name));
                let code = Code::UnknownArgument { callee: callee.clone(), name: label.text.clone(), near };
                return self.report(code, label.span);
            }
            if let Some((_, first)) = given.iter().find(|(name, _)| *name == label.text) {
                let diagnostic = Diagnostic::new(Code::ArgumentTwice { name: label.text.clone() }, label.span);
                return self.diagnostics.push(diagnostic.also(*first, "first here"));
            }
            given.push((label.text.clone(), label.span));
        }
        let is_missing = |param: &&Parameter| param.required && given.iter().all(|(name, _)| *name != param.name);
        if let Some(missing) = params.iter().find(is_missing) {
            self.report(Code::MissingArgument { callee, name: missing.name.clone() }, span);
        }
    }

    /// An argument that is handed to another process: a private object has no business there.
    pub(super) fn check_handed_over(&mut self, value: &ast::Expr) {
        let name = match &value.kind {
            ExprKind::Name(name) => name,
            ExprKind::Index(base, _) => match &base.kind {
                ExprKind::Name(name) => name,
                _ => return,
            },
            ExprKind::List(items) => return items.iter().for_each(|item| self.check_handed_over(item)),
            _ => return,
        };
        let Binding::Object(id) = self.look_up(&name.text) else { return };
        let Some(info) = self.checked.objects.get(id.0 as usize) else { return };
        let is_read = matches!(info.kind, ObjectKind::Shared | ObjectKind::Atomic);
        if info.owner != Owner::File && !is_read {
            let owner = self.owner_name(info.owner);
            self.report(Code::PrivateHandedOver { name: name.text.clone(), owner }, value.span);
        }
    }
}
