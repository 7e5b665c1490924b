//! Expressions: names, and what is known of values before anything runs.
//!
//! Answers for: the walk over expressions. Never checks arguments: that is `calls` and `operations`.

use super::names::is_visible;
use super::resolver::{Known, Mode, Resolver};
use super::{Binding, DeclId, Owner, TemplateId};
use crate::diagnostic::Code;
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind, StrPart};
use crate::value::ObjectKind;

impl Resolver {
    /// Several expressions.
    pub(super) fn exprs(&mut self, exprs: &[ast::Expr]) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    /// Resolves an expression; gives what is known of its value.
    pub(super) fn expr(&mut self, expr: &ast::Expr) -> Known {
        match &expr.kind {
            ExprKind::None | ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Duration(_) => {}
            ExprKind::Str(parts) => {
                for part in parts {
                    if let StrPart::Expr(hole) = part {
                        self.expr(hole);
                    }
                }
            }
            ExprKind::List(items) | ExprKind::Set(items) => self.exprs(items),
            ExprKind::Map(pairs) => {
                for (key, value) in pairs {
                    self.expr(key);
                    self.expr(value);
                }
            }
            ExprKind::ListComp(item, comp) | ExprKind::SetComp(item, comp) => {
                self.comprehension(comp, |resolver| {
                    resolver.expr(item);
                });
            }
            ExprKind::MapComp(key, value, comp) => self.comprehension(comp, |resolver| {
                resolver.expr(key);
                resolver.expr(value);
            }),
            ExprKind::Repeat(a, b)
            | ExprKind::Range { low: a, high: b, .. }
            | ExprKind::Binary(_, a, b)
            | ExprKind::And(a, b)
            | ExprKind::Or(a, b) => {
                self.expr(a);
                self.expr(b);
            }
            ExprKind::Negate(inner) | ExprKind::Not(inner) => {
                self.expr(inner);
            }
            ExprKind::IfElse { condition, yes, no } => {
                self.expr(condition);
                let (yes, no) = (self.expr(yes), self.expr(no));
                return if yes == no { yes } else { Known::Any };
            }
            ExprKind::Slice(base, low, high, _) => {
                self.expr(base);
                low.iter().chain(high).for_each(|end| {
                    self.expr(end);
                });
            }
            ExprKind::Name(name) => return self.name_value(name),
            ExprKind::Index(base, index) => return self.index(base, index),
            ExprKind::Field(base, name) => return self.field(base, name),
            ExprKind::Call(callee, args) => return self.call(callee, args, expr.span),
            ExprKind::Method(base, name, args) => return self.method(base, name, args, expr.span),
            ExprKind::Start { template, index, args } => {
                return self.start(template, index.as_deref(), args, expr.span);
            }
        }
        Known::Any
    }

    fn name_value(&mut self, name: &ast::Ident) -> Known {
        let binding = self.read_name(name);
        self.check_value(name, binding);
        if let Binding::Object(id) = binding {
            self.check_object_here(id, name.span);
        }
        self.known(binding)
    }

    /// An object that is named where not every object may be.
    fn check_object_here(&mut self, id: DeclId, span: Span) {
        let kind = self.object_kind(id);
        let code = match self.body.mode {
            Mode::Constant => Code::NotConstant,
            Mode::Setup if matches!(kind, Some(ObjectKind::Shared | ObjectKind::Atomic)) => Code::NotConstant,
            Mode::Await if kind != Some(ObjectKind::Atomic) => Code::AwaitNotAtomic,
            _ => return,
        };
        self.report_once(code, span);
    }

    fn comprehension(&mut self, comp: &ast::Comprehension, inside: impl FnOnce(&mut Resolver)) {
        let known = self.iterated(&comp.iter);
        self.scoped(|resolver| {
            resolver.declare_pattern(&comp.pattern, known, false);
            if let Some(condition) = &comp.condition {
                resolver.expr(condition);
            }
            inside(resolver);
        });
    }

    /// What a loop goes through; gives what is known of one turn's value.
    pub(super) fn iterated(&mut self, iter: &ast::Expr) -> Known {
        let known = self.expr(iter);
        match known {
            Known::Array(id) => Known::Object(id),
            Known::Actors(keyword) => Known::Actor(keyword),
            Known::Object(id) => {
                match self.object_kind(id) {
                    Some(ObjectKind::Queue | ObjectKind::Shared | ObjectKind::Atomic) | None => {}
                    Some(ObjectKind::PipeEnd) => {
                        self.check_end(id, "recv", iter.span);
                    }
                    Some(kind) => self.report(Code::NotIterable { kind: kind_word(kind) }, iter.span),
                }
                Known::Any
            }
            _ => Known::Any,
        }
    }

    fn index(&mut self, base: &ast::Expr, index: &ast::Expr) -> Known {
        let known = self.expr(base);
        self.expr(index);
        match known {
            Known::Array(id) => Known::Object(id),
            Known::Actors(keyword) => Known::Actor(keyword),
            Known::Object(id) => {
                let kind = self.object_kind(id);
                if let Some(kind) = kind.filter(|kind| !matches!(kind, ObjectKind::Shared | ObjectKind::Atomic)) {
                    self.report(Code::NotIndexable { kind: kind_word(kind) }, base.span);
                }
                Known::Any
            }
            _ => Known::Any,
        }
    }

    /// `f(args)`
    fn call(&mut self, callee: &ast::Expr, args: &[ast::Arg], span: Span) -> Known {
        let ExprKind::Name(name) = &callee.kind else {
            self.expr(callee);
            self.args(args);
            return Known::Any;
        };
        let binding = self.read_name(name);
        let mut known = Known::Any;
        match binding {
            Binding::Builtin(builtin) => {
                self.args(args);
                self.check_builtin(name, args, span);
                if is_visible(builtin) {
                    self.check_visible(span);
                }
                return known;
            }
            Binding::Task(id) => {
                self.check_task_call(id, name, args, span);
                if matches!(self.body.mode, Mode::Constant | Mode::Setup | Mode::Await) {
                    self.check_visible(span);
                }
            }
            Binding::Local(_) => known = self.known(binding),
            Binding::Const(_) | Binding::Unbound => {}
            Binding::Template(id) => {
                let what = self.template_word(id);
                self.report(Code::TemplateCalled { name: name.text.clone(), what }, name.span);
            }
            Binding::Object(id) => {
                if !matches!(self.object_kind(id), Some(ObjectKind::Shared | ObjectKind::Atomic)) {
                    let kind = self.object_kind(id).map_or("object", kind_word);
                    self.report(Code::NotCallable { name: name.text.clone(), kind }, name.span);
                }
            }
        }
        self.args(args);
        if let Known::Task(id) = known {
            self.check_task_call(id, name, args, span);
        }
        Known::Any
    }

    /// Something that is seen from outside, or takes time, where only looking is allowed.
    pub(super) fn check_visible(&mut self, span: Span) {
        let code = match self.body.mode {
            Mode::Script => return,
            Mode::Constant | Mode::Setup => Code::NotConstant,
            Mode::Await => Code::AwaitNotAtomic,
            Mode::Claim => Code::ClaimActs,
        };
        self.report_once(code, span);
    }

    /// The values of arguments.
    pub(super) fn args(&mut self, args: &[ast::Arg]) {
        for arg in args {
            self.expr(&arg.value);
        }
    }

    /// `start NAME[k](args)`
    fn start(&mut self, template: &ast::Ident, index: Option<&ast::Expr>, args: &[ast::Arg], span: Span) -> Known {
        self.check_visible(span);
        let binding = self.look_up(&template.text);
        self.bind(template, binding);
        self.count_use(binding, &template.text);
        let mut known = Known::Any;
        match binding {
            Binding::Template(id) => known = self.start_template(id, template, index, args, span),
            Binding::Unbound => self.report_unstartable(template),
            _ => {
                let what = self.binding_word(binding);
                self.report(Code::NotStartable { name: template.text.clone(), what }, template.span);
            }
        }
        self.exprs(index.map(std::slice::from_ref).unwrap_or_default());
        self.args(args);
        known
    }

    fn start_template(
        &mut self,
        id: TemplateId,
        name: &ast::Ident,
        index: Option<&ast::Expr>,
        args: &[ast::Arg],
        span: Span,
    ) -> Known {
        let Some(info) = self.checked.templates.get(id.0 as usize).cloned() else { return Known::Any };
        let decl = &info.decl;
        if let Some(index) = index.filter(|_| decl.replicas.is_none()) {
            self.report(Code::NotReplicated { name: name.text.clone() }, index.span);
        }
        self.check_params(decl.name.text.clone(), &decl.params, args, span);
        if self.makes_threads(id) {
            if info.owner == Owner::File && self.body.is_elsewhere {
                self.started_elsewhere.push((id, name.span));
            }
        } else {
            args.iter().for_each(|arg| self.check_handed_over(&arg.value));
        }
        match (&decl.replicas, index) {
            (Some(_), None) => Known::Actors(decl.keyword),
            _ => Known::Actor(decl.keyword),
        }
    }

    /// A name after `start` that nothing here has; it may be a thread of another process.
    fn report_unstartable(&mut self, name: &ast::Ident) {
        let nested = self.checked.templates.iter().find(|info| info.decl.name.text == name.text);
        match nested.map(|info| info.owner) {
            Some(owner) => {
                let owner = self.owner_name(owner);
                self.report(Code::ThreadElsewhere { name: name.text.clone(), owner }, name.span);
            }
            None => self.report_unknown(name),
        }
    }

    pub(super) fn binding_word(&self, binding: Binding) -> &'static str {
        match binding {
            Binding::Task(_) => "task",
            Binding::Const(_) => "constant",
            Binding::Object(id) => self.object_kind(id).map_or("object", kind_word),
            Binding::Builtin(_) => "function",
            Binding::Template(id) => self.template_word(id),
            Binding::Local(_) | Binding::Unbound => "variable",
        }
    }
}

/// A kind of object as the writer calls it.
pub(super) fn kind_word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Queue => "queue",
        ObjectKind::PipeEnd => "pipe end",
        ObjectKind::Lock => "lock",
        ObjectKind::Rlock => "rlock",
        ObjectKind::Rwlock => "rwlock",
        ObjectKind::Condition => "condition",
        ObjectKind::Semaphore => "semaphore",
        ObjectKind::BoundedSemaphore => "bounded semaphore",
        ObjectKind::Event => "event",
        ObjectKind::Barrier => "barrier",
        ObjectKind::Latch => "latch",
        ObjectKind::Once => "once",
        ObjectKind::Shared => "shared variable",
        ObjectKind::Atomic => "atomic variable",
        ObjectKind::Pool => "pool",
    }
}
