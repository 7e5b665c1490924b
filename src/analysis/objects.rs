//! What stands in the declaration of an object: how many, arguments, start value.
//!
//! Answers for: counts that cannot be, and the lock of a condition. Never makes an object.

use super::Binding;
use super::calls::Parameter;
use super::resolver::{Known, Resolver};
use crate::diagnostic::{Code, nearest};
use crate::program::ObjectSpec;
use crate::source::Span;
use crate::syntax::ast::{self, Arg, ExprKind, ObjectKeyword};
use crate::value::ObjectKind;

impl Resolver {
    /// Resolves the parts of a declaration but for its body.
    pub(super) fn object_parts(&mut self, decl: &ast::ObjectDecl) {
        let other = decl.other.as_ref().and_then(|other| other.array.as_ref());
        for size in decl.array.iter().chain(other) {
            self.expr(size);
            self.check_count(size, "the length of an array", 0);
        }
        self.check_pipe_lengths(decl);
        let params: Vec<Parameter> = argument_names(decl.keyword)
            .iter()
            .map(|name| Parameter::new(name, matches!(*name, "parties") || needs_count(decl.keyword, name)))
            .collect();
        let span = decl.args.iter().fold(decl.name.span, |span, arg| span.to(arg.value.span));
        self.check_args(decl.keyword.word().into(), &params, &decl.args.iter().collect::<Vec<_>>(), span);
        for (at, arg) in decl.args.iter().enumerate() {
            let name = arg.name.as_ref().map(|name| &*name.text);
            let name = name.or_else(|| params.get(at).map(|param| &*param.name)).unwrap_or("");
            self.argument(decl.keyword, name, arg);
        }
        if let Some(init) = &decl.init {
            self.expr(init);
        }
    }

    /// A pipe whose ends are arrays has as many of each.
    fn check_pipe_lengths(&mut self, decl: &ast::ObjectDecl) {
        let Some(other) = &decl.other else { return };
        let lengths = |expr: &Option<ast::Expr>| match expr.as_ref().map(|expr| &expr.kind) {
            Some(ExprKind::Int(length)) => Some(*length),
            _ => None,
        };
        let differ = match (lengths(&decl.array), lengths(&other.array)) {
            (Some(first), Some(second)) => first != second,
            _ => decl.array.is_some() != other.array.is_some(),
        };
        if differ {
            self.report(Code::PipeLengths, decl.name.span.to(other.name.span));
        }
    }

    fn argument(&mut self, keyword: ObjectKeyword, name: &str, arg: &Arg) {
        let what = match name {
            "order" => return self.order(arg),
            "lock" => return self.lock_of_condition(arg),
            // Whether it is a duration is said where it has its value.
            "timeout" => {
                self.expr(&arg.value);
                return;
            }
            "capacity" => ("the capacity of a queue", 0),
            "parties" => ("the number of parties of a barrier", 1),
            "count" => ("the count of a latch", 0),
            "value" => ("the number of permits of a semaphore", 0),
            "processes" => ("the number of processes of a pool", 1),
            "threads" => ("the number of threads of a pool", 1),
            "tasks_per_child" => ("the number of tasks of a worker", 1),
            _ => ("the room of a shared variable", 1),
        };
        let (known, (what, least)) = (self.expr(&arg.value), what);
        let is_object = matches!(known, Known::Object(id)
            if !matches!(self.object_kind(id), Some(ObjectKind::Shared | ObjectKind::Atomic)));
        if is_object && keyword != ObjectKeyword::Condition {
            self.report(Code::BadCount { what, least }, arg.value.span);
        }
        // An unbounded queue may say so.
        if !(name == "capacity" && matches!(arg.value.kind, ExprKind::None)) {
            self.check_count(&arg.value, what, least);
        }
    }

    /// A count that is written out has to be one.
    fn check_count(&mut self, value: &ast::Expr, what: &'static str, least: i64) {
        let is_bad = match &value.kind {
            ExprKind::Int(count) => *count < least,
            ExprKind::Negate(inner) => matches!(inner.kind, ExprKind::Int(count) if count != 0),
            ExprKind::Float(_)
            | ExprKind::Str(_)
            | ExprKind::Bool(_)
            | ExprKind::None
            | ExprKind::List(_)
            | ExprKind::Duration(_) => true,
            _ => false,
        };
        if is_bad {
            self.report(Code::BadCount { what, least }, value.span);
        }
    }

    fn order(&mut self, arg: &Arg) {
        const ORDERS: [&str; 3] = ["fifo", "lifo", "priority"];
        let (word, span): (_, Span) = match &arg.value.kind {
            ExprKind::Name(name) if self.look_up(&name.text) == Binding::Unbound => (name.text.clone(), name.span),
            ExprKind::Str(parts) => match parts.as_slice() {
                [ast::StrPart::Text(text)] => (text.clone(), arg.value.span),
                _ => ("".into(), arg.value.span),
            },
            _ => {
                self.expr(&arg.value);
                return;
            }
        };
        if !ORDERS.contains(&&*word) {
            let near = nearest(&word, ORDERS);
            self.report(Code::BadOrder { word, near }, span);
        }
    }

    fn lock_of_condition(&mut self, arg: &Arg) {
        let known = self.expr(&arg.value);
        let is_lock = match known {
            Known::Object(id) => matches!(self.object_kind(id), Some(ObjectKind::Lock | ObjectKind::Rlock)),
            // An array's condition may name the array of its locks' element only.
            Known::Any => !matches!(
                arg.value.kind,
                ExprKind::Int(_) | ExprKind::Str(_) | ExprKind::Bool(_) | ExprKind::Float(_) | ExprKind::List(_)
            ),
            _ => false,
        };
        if !is_lock {
            self.report(Code::ConditionLock, arg.value.span);
        }
    }
}

/// The names of the arguments of a declaration.
fn argument_names(keyword: ObjectKeyword) -> &'static [&'static str] {
    let kind = match keyword {
        ObjectKeyword::Queue => ObjectKind::Queue,
        ObjectKeyword::Condition => ObjectKind::Condition,
        ObjectKeyword::Semaphore | ObjectKeyword::BoundedSemaphore => ObjectKind::Semaphore,
        ObjectKeyword::Barrier => ObjectKind::Barrier,
        ObjectKeyword::Latch => ObjectKind::Latch,
        ObjectKeyword::Shared => ObjectKind::Shared,
        ObjectKeyword::Pool => ObjectKind::Pool,
        _ => ObjectKind::Lock,
    };
    ObjectSpec::arguments(kind)
}

/// A latch needs its count; a semaphore without a number has one permit, as in Python.
fn needs_count(keyword: ObjectKeyword, name: &str) -> bool {
    keyword == ObjectKeyword::Latch && name == "count"
}
