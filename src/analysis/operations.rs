//! Operations on objects, handles and results.
//!
//! Answers for: whether what is known of a receiver has the operation, with these arguments. Never performs any.

use std::sync::Arc;

use super::bodies::has_threads;
use super::calls::Parameter;
use super::expressions::kind_word;
use super::resolver::{Known, Mode, Resolver};
use super::{Binding, DeclId, TaskId};
use crate::diagnostic::{Code, nearest};
use crate::program::signature::{DefaultValue, POOL_SUBMITS, Receiver, Signature, signature, signatures};
use crate::source::Span;
use crate::syntax::ast::{self, ActorKeyword, Arg, ExprKind, Ident};
use crate::value::ObjectKind;

/// Methods of lists, maps and sets that change them.
const CHANGING: [&str; 8] = ["push", "pop", "insert", "remove", "extend", "sort", "reverse", "add"];
/// Methods of values that only look.
const LOOKING: [&str; 15] = [
    "index",
    "count",
    "get",
    "keys",
    "values",
    "items",
    "upper",
    "lower",
    "strip",
    "split",
    "join",
    "replace",
    "starts_with",
    "ends_with",
    "repeat",
];
/// Operations of objects that only look.
const PEEKING: [&str; 10] =
    ["len", "empty", "full", "locked", "waiting", "value", "is_set", "parties", "broken", "count"];

/// What operations are called elsewhere, and here.
const ELSEWHERE: [(&str, &str); 20] = [
    ("append", "push"),
    ("increment", "add"),
    ("inc", "add"),
    ("decrement", "sub"),
    ("dec", "sub"),
    ("lock", "acquire"),
    ("unlock", "release"),
    ("signal", "notify"),
    ("broadcast", "notify_all"),
    ("qsize", "len"),
    ("size", "len"),
    ("length", "len"),
    ("submit", "apply_async"),
    ("receive", "recv"),
    ("read", "recv"),
    ("write", "send"),
    ("enqueue", "put"),
    ("dequeue", "get"),
    ("arrive", "wait"),
    ("isSet", "is_set"),
];

/// What a submission that does not wait takes beside the arguments of its task.
const CALLBACKS: [&str; 2] = ["callback", "error_callback"];

/// Whether handles of some kind have an operation of this name.
fn is_of_a_handle(name: &str) -> bool {
    let receivers = ObjectKind::ALL.iter().map(|(kind, _)| Receiver::Object(*kind));
    let mut all = receivers.chain([Receiver::Actor, Receiver::Result]);
    name == "wait_for"
        || POOL_SUBMITS.iter().any(|(submit, ..)| *submit == name)
        || all.any(|receiver| signature(receiver, name).is_some())
}

impl Resolver {
    /// `base.name(args)`; gives what is known of the result.
    pub(super) fn method(&mut self, base: &ast::Expr, name: &Ident, args: &[Arg], span: Span) -> Known {
        let known = self.expr(base);
        self.args(args);
        match known {
            Known::Any | Known::Task(_) => {}
            Known::Object(id) => return self.object_method(id, name, args, span),
            Known::Side(_) => self.operation(Receiver::Object(ObjectKind::Rwlock), "rwlock", name, args, span),
            Known::Actor(keyword) => {
                if &*name.text == "cancel" && keyword != ActorKeyword::Timer {
                    self.no_operation(keyword.word(), name, Vec::new());
                } else {
                    self.operation(Receiver::Actor, keyword.word(), name, args, span);
                }
            }
            Known::TaskResult => self.operation(Receiver::Result, "result", name, args, span),
            Known::Array(id) => {
                let kind = self.object_kind(id).map_or("object", kind_word);
                self.report(Code::ArrayNeedsIndex { kind }, base.span);
            }
            Known::Actors(_) => {
                if &*name.text == "join" {
                    self.report(Code::HandlesJoin, span);
                } else if signature(Receiver::Actor, &name.text).is_some() {
                    self.report(Code::ArrayNeedsIndex { kind: "handle" }, base.span);
                }
            }
        }
        Known::Any
    }

    fn object_method(&mut self, id: DeclId, name: &Ident, args: &[Arg], span: Span) -> Known {
        let Some(kind) = self.object_kind(id) else { return Known::Any };
        let text = &*name.text;
        let is_variable = matches!(kind, ObjectKind::Shared | ObjectKind::Atomic);
        let looks = if is_variable { LOOKING.contains(&text) } else { PEEKING.contains(&text) };
        if !looks {
            self.check_visible(span);
        } else if self.body.mode == Mode::Await && kind != ObjectKind::Atomic {
            self.report_once(Code::AwaitNotAtomic, span);
        }
        let is_value_method = CHANGING.contains(&text) || LOOKING.contains(&text);
        let is_own = signature(Receiver::Object(kind), text).is_some();
        match kind {
            // Of the value, or of a handle that is kept there.
            ObjectKind::Shared | ObjectKind::Atomic if !is_own && (is_value_method || is_of_a_handle(text)) => {
                Known::Any
            }
            ObjectKind::Pool if POOL_SUBMITS.iter().any(|(submit, ..)| *submit == text) => {
                self.submit(id, name, args, span)
            }
            ObjectKind::Condition if text == "wait_for" => {
                let params = [Parameter::new("expr", true), Parameter::new("timeout", false)];
                self.check_args(name.text.clone(), &params, &args.iter().collect::<Vec<_>>(), span);
                Known::Any
            }
            ObjectKind::Rwlock if matches!(text, "acquire" | "release") => {
                self.report(Code::RwlockSide { called: false }, span);
                Known::Any
            }
            ObjectKind::Rwlock if matches!(text, "read" | "write") => {
                self.report(Code::RwlockSide { called: true }, span);
                Known::Any
            }
            ObjectKind::PipeEnd if !self.check_end(id, text, span) => Known::Any,
            _ => {
                self.operation(Receiver::Object(kind), kind_word(kind), name, args, span);
                Known::Any
            }
        }
    }

    /// One end of a one-way pipe receives, the other sends; false (and a diagnostic) for the wrong way round.
    pub(super) fn check_end(&mut self, id: DeclId, operation: &str, span: Span) -> bool {
        let Some(info) = self.checked.objects.get(id.0 as usize) else { return true };
        let (Some(other), Some(peer)) = (&info.decl.other, info.peer) else { return true };
        let receives = peer.0 > id.0;
        let wrong = if receives { operation == "send" } else { matches!(operation, "recv" | "poll") };
        if other.duplex || !wrong {
            return true;
        }
        let name = info.name.text.clone();
        let peer = self.checked.objects.get(peer.0 as usize).map_or_else(|| "".into(), |peer| peer.name.text.clone());
        self.report(Code::WrongEnd { name, peer, receives }, span);
        false
    }

    /// An operation of the table, or none.
    fn operation(&mut self, receiver: Receiver, word: &'static str, name: &Ident, args: &[Arg], span: Span) {
        let Some(Signature { params, .. }) = signature(receiver, &name.text) else {
            let mut known: Vec<&'static str> = signatures(receiver).iter().map(|signature| signature.name).collect();
            match receiver {
                Receiver::Object(ObjectKind::Pool) => known.extend(POOL_SUBMITS.iter().map(|(submit, ..)| *submit)),
                Receiver::Object(ObjectKind::Condition) => known.push("wait_for"),
                Receiver::Object(ObjectKind::Shared | ObjectKind::Atomic) => {
                    let others = CHANGING.into_iter().chain(LOOKING).filter(|name| !known.contains(name));
                    known.extend(others.collect::<Vec<_>>());
                }
                _ => {}
            }
            return self.no_operation(word, name, known);
        };
        let params: Vec<Parameter> =
            params.iter().map(|(name, default)| Parameter::new(name, *default == DefaultValue::Required)).collect();
        self.check_args(name.text.clone(), &params, &args.iter().collect::<Vec<_>>(), span);
    }

    fn no_operation(&mut self, kind: &'static str, name: &Ident, known: Vec<&'static str>) {
        let elsewhere = ELSEWHERE.iter().find(|(theirs, ours)| *theirs == &*name.text && known.contains(ours));
        let near = elsewhere.map(|(_, ours)| (*ours).into()).or_else(|| nearest(&name.text, known.iter().copied()));
        self.report(Code::NoSuchOperation { kind, name: name.text.clone(), near, known }, name.span);
    }

    /// `pool.apply(f, …)`, `pool.map(f, xs)` and their like.
    fn submit(&mut self, id: DeclId, name: &Ident, args: &[Arg], span: Span) -> Known {
        let text = &*name.text;
        let is_async = text.ends_with("_async");
        let is_one = text.starts_with("apply");
        let threads = self.checked.objects.get(id.0 as usize).is_some_and(|info| has_threads(&info.decl));
        if !threads {
            args.iter().skip(1).for_each(|arg| self.check_handed_over(&arg.value));
        }
        let callbacks = |arg: &&Arg| {
            let label = arg.name.as_ref().map_or("", |label| &*label.text);
            is_async && CALLBACKS.contains(&label)
        };
        let own: Vec<&Arg> = args.iter().filter(|arg| !callbacks(arg)).collect();
        let task = own.first().filter(|arg| arg.name.is_none()).and_then(|arg| self.named_task(&arg.value));
        if is_one {
            match (own.split_first(), task) {
                (None, _) => {
                    self.report(Code::MissingArgument { callee: name.text.clone(), name: "f".into() }, span);
                }
                (Some((_, rest)), Some((task, callee))) => {
                    let beside = if is_async { &CALLBACKS[..] } else { &[] };
                    self.check_submitted(task, callee, rest, (name, beside), span);
                }
                _ => {}
            }
        } else {
            let mut params =
                vec![Parameter::new("f", true), Parameter::new("xs", true), Parameter::new("chunk", false)];
            if is_async {
                params.extend(CALLBACKS.map(|name| Parameter::new(name, false)));
            }
            self.check_args(name.text.clone(), &params, &args.iter().collect::<Vec<_>>(), span);
            if let Some((task, callee)) = task.filter(|_| !text.starts_with("starmap")) {
                self.check_mapped(task, callee, own.first().map_or(span, |arg| arg.value.span));
            }
        }
        if is_async { Known::TaskResult } else { Known::Any }
    }

    /// The task that an expression names.
    fn named_task(&self, expr: &ast::Expr) -> Option<(TaskId, Arc<str>)> {
        let ExprKind::Name(name) = &expr.kind else { return None };
        match self.look_up(&name.text) {
            Binding::Task(id) => Some((id, name.text.clone())),
            _ => None,
        }
    }

    /// The arguments of a task that is submitted; those of the submission stand beside them, by name.
    fn check_submitted(
        &mut self,
        task: TaskId,
        callee: Arc<str>,
        args: &[&Arg],
        (submit, beside): (&Ident, &[&str]),
        span: Span,
    ) {
        let Some(info) = self.checked.tasks.get(task.0 as usize).cloned() else { return };
        let own = || info.decl.params.iter().map(|param| &*param.name.text);
        for label in args.iter().filter_map(|arg| arg.name.as_ref()) {
            let near = nearest(&label.text, own().chain(beside.iter().copied()));
            if own().all(|name| *name != *label.text) && near.as_deref().is_some_and(|near| beside.contains(&near)) {
                let code = Code::UnknownArgument { callee: submit.text.clone(), name: label.text.clone(), near };
                return self.report(code, label.span);
            }
        }
        let params: Vec<Parameter> =
            info.decl.params.iter().map(|param| Parameter::new(&param.name.text, param.default.is_none())).collect();
        self.check_args(callee, &params, args, span);
    }

    /// A task that is mapped takes one argument.
    fn check_mapped(&mut self, task: TaskId, callee: Arc<str>, span: Span) {
        let Some(info) = self.checked.tasks.get(task.0 as usize) else { return };
        let required = info.decl.params.iter().filter(|param| param.default.is_none()).count();
        let most = info.decl.params.len();
        if required > 1 || most == 0 {
            self.report(Code::Arity { callee, least: required, most, given: 1 }, span);
        }
    }

    /// `base.name` without a call.
    pub(super) fn field(&mut self, base: &ast::Expr, name: &Ident) -> Known {
        let known = self.expr(base);
        match known {
            Known::Object(id) => match self.object_kind(id) {
                Some(ObjectKind::Rwlock) if matches!(&*name.text, "read" | "write") => return Known::Side(id),
                Some(ObjectKind::Rwlock) if signature(Receiver::Object(ObjectKind::Rwlock), &name.text).is_none() => {
                    self.no_operation("rwlock", name, vec!["read", "write"]);
                }
                Some(ObjectKind::Shared | ObjectKind::Atomic) | None => {}
                Some(kind) => self.no_field(kind_word(kind), Receiver::Object(kind), name),
            },
            Known::Side(_) => self.no_field("rwlock", Receiver::Object(ObjectKind::Rwlock), name),
            Known::Actor(keyword) => self.no_field(keyword.word(), Receiver::Actor, name),
            Known::TaskResult => self.no_field("result", Receiver::Result, name),
            Known::Array(id) => {
                let kind = self.object_kind(id).map_or("object", kind_word);
                self.report(Code::ArrayNeedsIndex { kind }, base.span);
            }
            Known::Any | Known::Actors(_) | Known::Task(_) => {}
        }
        Known::Any
    }

    fn no_field(&mut self, kind: &'static str, receiver: Receiver, name: &Ident) {
        if signature(receiver, &name.text).is_some() {
            self.report(Code::NotCalled { name: name.text.clone() }, name.span);
        } else {
            let known = signatures(receiver).iter().map(|signature| signature.name).collect();
            self.no_operation(kind, name, known);
        }
    }

    /// What a `with` holds.
    pub(super) fn held(&mut self, expr: &ast::Expr) {
        let kind = match self.expr(expr) {
            Known::Any | Known::Side(_) => return,
            Known::Object(id) => match self.object_kind(id) {
                Some(ObjectKind::Rwlock) => return self.report(Code::RwlockSide { called: false }, expr.span),
                Some(
                    ObjectKind::Lock
                    | ObjectKind::Rlock
                    | ObjectKind::Condition
                    | ObjectKind::Semaphore
                    | ObjectKind::BoundedSemaphore,
                )
                | None => return,
                Some(kind) => kind_word(kind),
            },
            Known::Array(id) => {
                let kind = self.object_kind(id).map_or("object", kind_word);
                return self.report(Code::ArrayNeedsIndex { kind }, expr.span);
            }
            Known::Actor(_) | Known::Actors(_) => "handle",
            Known::TaskResult => "result",
            Known::Task(_) => "task",
        };
        self.report(Code::CannotHold { kind }, expr.span);
    }

    /// `join a, b`: handles, or lists of them.
    pub(super) fn join(&mut self, handles: &[ast::Expr]) {
        for handle in handles {
            let kind = match self.expr(handle) {
                Known::Object(id) => match self.object_kind(id) {
                    Some(ObjectKind::Shared | ObjectKind::Atomic) | None => continue,
                    Some(kind) => kind_word(kind),
                },
                Known::Array(id) => self.object_kind(id).map_or("object", kind_word),
                Known::TaskResult => "result",
                Known::Task(_) => "task",
                Known::Any | Known::Side(_) | Known::Actor(_) | Known::Actors(_) => continue,
            };
            self.report(Code::CannotJoin { kind }, handle.span);
        }
    }
}
