//! Calls: tasks, free functions, methods, starts.
//!
//! Answers for: binding arguments as early as it can be done. Never checks what is bound while running (the VM does).

use std::sync::Arc;

use super::body::Body;
use super::places::{Root, Step, may_change, place};
use crate::analysis::{Binding, Builtin, DeclId, TaskId};
use crate::program::instr::{CallSpec, Instr, Reg};
use crate::program::op::OpCode;
use crate::program::signature::{DefaultValue, POOL_SUBMITS, Receiver, Signature, signature};
use crate::syntax::ast::{Arg, Expr, ExprKind, Ident, Param};
use crate::value::{ObjectKind, Value, methods};

/// The parameter that each argument goes to, in the order in which they are written; none where that is not possible.
fn match_params(params: &[&str], args: &[Arg]) -> Option<Vec<usize>> {
    let mut taken = vec![false; params.len()];
    args.iter()
        .enumerate()
        .map(|(at, arg)| {
            let slot = match &arg.name {
                None => at,
                Some(name) => params.iter().position(|param| *param == &*name.text)?,
            };
            let free = taken.get_mut(slot)?;
            (!std::mem::replace(free, true)).then_some(slot)
        })
        .collect()
}

/// The parameter of an operation that each argument goes to, where they fit it.
fn slots_of(found: &Signature, args: &[Arg]) -> Option<Vec<usize>> {
    let names: Vec<&str> = found.params.iter().map(|(name, _)| *name).collect();
    let slots = match_params(&names, args)?;
    let complete = defaults(found).iter().enumerate().all(|(at, default)| default.is_some() || slots.contains(&at));
    complete.then_some(slots)
}

impl Body<'_, '_> {
    /// What a call whose arguments are bound while running says.
    pub(super) fn spec(&mut self, name: &str, args: &[Arg]) -> CallSpec {
        let count = self.count(args.len());
        let names = args.iter().filter_map(|arg| arg.name.as_ref()).map(|name| Arc::clone(&name.text)).collect();
        CallSpec { name: Arc::from(name), count, names, root: 0, path: 0, case: 0 }
    }

    /// Evaluates arguments into registers in a row.
    fn args(&mut self, args: &[Arg]) {
        for arg in args {
            self.expr(&arg.value);
        }
    }

    /// Evaluates arguments in the order in which they are written, each into the register of its parameter, then fills
    /// in defaults. The registers stay taken.
    fn bound(&mut self, slots: &[usize], args: &[Arg], defaults: &[Option<Default>]) -> Reg {
        let base = self.next;
        for (slot, arg) in slots.iter().zip(args) {
            let register = base + *slot as Reg;
            while self.next <= register {
                self.alloc();
            }
            self.expr_to(&arg.value, register);
        }
        for (slot, default) in defaults.iter().enumerate().filter(|(slot, _)| !slots.contains(slot)) {
            let dst = base + slot as Reg;
            while self.next <= dst {
                self.alloc();
            }
            match default {
                Some(Default::Const(index)) => self.emit(Instr::Const { dst, index: *index }),
                Some(Default::Value(value)) => self.load(value.clone(), dst),
                None => {}
            }
        }
        base
    }

    /// `callee(args)`
    pub(super) fn call(&mut self, callee: &Expr, args: &[Arg], dst: Reg) {
        let binding = match &callee.kind {
            ExprKind::Name(name) => self.checked.binding(name),
            _ => Binding::Unbound,
        };
        match binding {
            Binding::Task(task) => {
                if !self.call_task(task, args, dst) {
                    self.call_value(callee, args, dst);
                }
            }
            Binding::Builtin(function) => self.builtin(function, args, dst),
            _ => self.call_value(callee, args, dst),
        }
    }

    fn call_value(&mut self, callee: &Expr, args: &[Arg], dst: Reg) {
        let base = self.expr(callee);
        self.args(args);
        let spec = self.spec("", args);
        let call = self.call_spec(spec);
        self.emit(Instr::CallValue { dst, base, call });
    }

    fn call_task(&mut self, task: TaskId, args: &[Arg], dst: Reg) -> bool {
        let Some(info) = self.checked.tasks.get(task.0 as usize) else { return false };
        let Some(defaults) = self.lower.task_defaults(task) else { return false };
        let Some(slots) = self.slots(&info.decl.params, args, &defaults) else { return false };
        let base = self.bound(&slots, args, &defaults);
        let task = self.count(task.0 as usize);
        self.emit(Instr::CallTask { dst, base, task });
        true
    }

    fn slots(&self, params: &[Param], args: &[Arg], defaults: &[Option<Default>]) -> Option<Vec<usize>> {
        let names: Vec<&str> = params.iter().map(|param| &*param.name.text).collect();
        let slots = match_params(&names, args)?;
        let complete = defaults.iter().enumerate().all(|(at, default)| default.is_some() || slots.contains(&at));
        complete.then_some(slots)
    }

    fn builtin(&mut self, function: Builtin, args: &[Arg], dst: Reg) {
        let visible = match function {
            Builtin::Now => Some(OpCode::Now),
            Builtin::Random => Some(OpCode::Random),
            Builtin::Shuffle => Some(OpCode::Shuffle),
            Builtin::Choose => Some(OpCode::Choose),
            Builtin::Pid => Some(OpCode::Pid),
            Builtin::Ppid => Some(OpCode::Ppid),
            Builtin::Tid => Some(OpCode::Tid),
            Builtin::Name => Some(OpCode::Name),
            _ => None,
        };
        if let Some(code) = visible {
            let base = self.next;
            self.args(args);
            let count = self.count(args.len());
            return self.emit(Instr::Op { code, dst, base, count });
        }
        if let (Builtin::Len, [Arg { name: None, value }]) = (function, args) {
            let src = self.operand(value, &[]);
            return self.emit(Instr::Len { dst, src });
        }
        let base = self.next;
        self.args(args);
        let spec = self.spec(&format!("{function:?}").to_lowercase(), args);
        let call = self.call_spec(spec);
        self.emit(Instr::Builtin { function, dst, base, call });
    }

    /// `receiver.name(args)`
    pub(super) fn method(&mut self, receiver: &Expr, name: &Ident, args: &[Arg], dst: Reg) {
        if &*name.text == "wait_for" {
            return self.wait_for(receiver, args, dst);
        }
        let place = place(self, receiver);
        match place {
            Some((Root::Cell(decl), steps)) => self.method_of_cell(decl, &steps, (receiver, name), args, dst),
            Some((Root::Local(local), steps)) => {
                let root = self.local(local);
                self.method_of_local(root, &steps, name, args, dst);
            }
            Some((Root::Object(decl), steps)) => {
                if !self.method_of_object(decl, (receiver, &steps), name, args, dst) {
                    self.method_of_value(receiver, name, args, dst);
                }
            }
            None => self.method_of_value(receiver, name, args, dst),
        }
        if POOL_SUBMITS.iter().any(|(submit, waits, _)| *waits && *submit == &*name.text) {
            // `apply` is `apply_async(…).get()`.
            let base = self.alloc();
            self.emit(Instr::Take { dst: base, src: dst });
            self.loaded(Value::None);
            self.loaded(Value::Bool(true));
            self.emit(Instr::OpOn { code: OpCode::ResultGet, dst, base, count: 2 });
        }
    }

    fn method_of_value(&mut self, receiver: &Expr, name: &Ident, args: &[Arg], dst: Reg) {
        let base = self.expr(receiver);
        self.args(args);
        let spec = self.spec(&name.text, args);
        let call = self.call_spec(spec);
        self.emit(Instr::Method { dst, base, call });
    }

    fn method_of_local(&mut self, root: Reg, steps: &[Step<'_>], name: &Ident, args: &[Arg], dst: Reg) {
        if let ([], "push", [Arg { name: None, value }]) = (steps, &*name.text, args)
            && !may_change(value)
        {
            let src = self.expr(value);
            return self.emit(Instr::Push { dst, list: root, src });
        }
        let base = self.next;
        self.path(steps);
        self.args(args);
        let path = self.count(steps.len());
        let spec = CallSpec { root, path, ..self.spec(&name.text, args) };
        let call = self.call_spec(spec);
        self.emit(Instr::MethodOn { dst, base, call });
    }

    fn method_of_cell(
        &mut self,
        decl: DeclId,
        steps: &[Step<'_>],
        (receiver, name): (&Expr, &Ident),
        args: &[Arg],
        dst: Reg,
    ) {
        let atomic = self.kind(decl) == Some(ObjectKind::Atomic);
        let element = !self.is_array(decl) || !steps.is_empty();
        let own = signature(Receiver::Object(ObjectKind::Atomic), &name.text).filter(|_| atomic);
        if !element || !(own.is_some() || methods::is_method(&name.text)) {
            // A handle that is kept in the variable.
            return self.method_of_value(receiver, name, args, dst);
        }
        let (base, steps) = self.cell(decl, steps);
        if let (Some(own), []) = (own, steps) {
            if self.bound_operation(own, args, (dst, base)) {
                return;
            }
            self.args(args);
            let spec = self.spec(&name.text, args);
            let call = self.call_spec(spec);
            return self.emit(Instr::Method { dst, base, call });
        }
        self.path(steps);
        self.args(args);
        let path = self.count(steps.len());
        let spec = CallSpec { path, ..self.spec(&name.text, args) };
        let call = self.call_spec(spec);
        self.emit(Instr::CellMethod { dst, base, call });
    }

    /// A method of an object whose kind is known; false where the arguments do not fit it.
    fn method_of_object(
        &mut self,
        decl: DeclId,
        (receiver, steps): (&Expr, &[Step<'_>]),
        name: &Ident,
        args: &[Arg],
        dst: Reg,
    ) -> bool {
        let Some(kind) = self.kind(decl) else { return false };
        let direct = match steps {
            [] => !self.is_array(decl),
            [Step::Index(_)] => self.is_array(decl),
            [Step::Field(_)] => kind == ObjectKind::Rwlock && !self.is_array(decl),
            _ => false,
        };
        let Some(found) = signature(Receiver::Object(kind), &name.text).filter(|_| direct) else { return false };
        if slots_of(found, args).is_none() {
            return false;
        }
        let base = self.expr(receiver);
        self.bound_operation(found, args, (dst, base))
    }

    /// An operation on the handle in a register; false, with nothing done, where the arguments do not fit it.
    fn bound_operation(&mut self, found: &Signature, args: &[Arg], (dst, base): (Reg, Reg)) -> bool {
        let Some(slots) = slots_of(found, args) else { return false };
        let defaults = defaults(found);
        self.bound(&slots, args, &defaults);
        let count = self.count(defaults.len());
        self.emit(Instr::OpOn { code: found.op, dst, base, count });
        true
    }

    /// `condition.wait_for(expr, timeout: t)`: looks again at every wake-up, until it is true or the time is over.
    fn wait_for(&mut self, receiver: &Expr, args: &[Arg], dst: Reg) {
        let Some(slots) = match_params(&["expr", "timeout"], args).filter(|slots| slots.contains(&0)) else {
            return self.raise("TypeError", "`wait_for` takes an expression and a timeout");
        };
        let arg = |wanted: usize| {
            let at = slots.iter().position(|slot| *slot == wanted);
            at.and_then(|at| args.get(at)).map(|arg| &arg.value)
        };
        let (Some(expr), timeout) = (arg(0), arg(1)) else { return };
        let condition = self.expr(receiver);
        let deadline = timeout.map(|timeout| {
            let deadline = self.expr(timeout);
            self.emit(Instr::Op { code: OpCode::Deadline, dst: deadline, base: deadline, count: 1 });
            deadline
        });
        let again = self.here();
        self.expr_to(expr, dst);
        let mut end = vec![self.emit_pending(Instr::JumpIf { src: dst, target: 0 })];
        self.temporaries(|body| {
            let base = body.alloc();
            let left = body.loaded(Value::None);
            if let Some(deadline) = deadline {
                body.emit(Instr::Move { dst: left, src: deadline });
                body.emit(Instr::Op { code: OpCode::DeadlineLeft, dst: left, base: left, count: 1 });
                let none = body.loaded(Value::Duration(0));
                let test = crate::program::instr::Test::of(crate::syntax::ast::BinaryOp::Eq);
                let test = test.unwrap_or(crate::program::instr::Test(0));
                end.push(body.emit_pending(Instr::Branch { test, a: left, b: none, target: 0 }));
            }
            body.emit(Instr::Move { dst: base, src: condition });
            let given = body.alloc();
            body.emit(Instr::OpOn { code: OpCode::ConditionWait, dst: given, base, count: 1 });
        });
        self.emit(Instr::Jump { target: again });
        self.land(end);
    }

    /// `start NAME[index](args)`
    pub(super) fn start(&mut self, name: &Ident, index: Option<&Expr>, args: &[Arg], dst: Reg) {
        let Binding::Template(template) = self.checked.binding(name) else {
            return self.raise("TypeError", "only an actor can be started");
        };
        let Some(info) = self.checked.templates.get(template.0 as usize) else { return };
        let defaults = self.lower.template_defaults(template).unwrap_or_default();
        let Some(slots) = self.slots(&info.decl.params, args, &defaults) else {
            let message = format!("the arguments do not fit the parameters of `{}`", name.text);
            return self.raise("TypeError", &message);
        };
        let base = self.loaded(Value::Int(i64::from(template.0)));
        let which = self.alloc();
        match index {
            Some(index) => self.expr_to(index, which),
            None => self.load(Value::None, which),
        }
        let first = self.bound(&slots, args, &defaults);
        let list = if defaults.is_empty() { self.alloc() } else { first };
        let count = self.count(defaults.len());
        self.emit(Instr::List { dst: list, base: first, count });
        if info.decl.replicas.is_none() || index.is_some() {
            return self.emit(Instr::Op { code: OpCode::Start, dst, base, count: 3 });
        }
        self.start_all(template.0, list, dst);
    }

    /// Starts every instance of a replicated template with the same list of arguments.
    pub(super) fn start_all(&mut self, template: u32, args: Reg, dst: Reg) {
        let all = self.alloc();
        self.emit(Instr::List { dst: all, base: all, count: 0 });
        let replicas = self.alloc();
        self.emit(Instr::Replicas { dst: replicas, template });
        let index = self.alloc();
        self.each_of(replicas, index, |body| {
            let base = body.loaded(Value::Int(i64::from(template)));
            for src in [index, args] {
                let dst = body.alloc();
                body.emit(Instr::Move { dst, src });
            }
            let handle = body.alloc();
            body.emit(Instr::Op { code: OpCode::Start, dst: handle, base, count: 3 });
            body.emit(Instr::Append { list: all, src: handle });
        });
        self.emit(Instr::Take { dst, src: all });
    }

    /// `join a, b, list`
    pub(super) fn join(&mut self, handles: &[Expr]) {
        self.temporaries(|body| {
            let (base, count) = body.row(handles);
            body.next = base;
            let list = body.alloc();
            body.emit(Instr::List { dst: list, base, count });
            body.join_list(list);
        });
    }

    pub(super) fn join_list(&mut self, list: Reg) {
        self.emit(Instr::Flatten { dst: list, src: list });
        let handle = self.alloc();
        self.each_of(list, handle, |body| {
            let base = body.alloc();
            body.emit(Instr::Take { dst: base, src: handle });
            body.loaded(Value::None);
            let given = body.alloc();
            body.emit(Instr::OpOn { code: OpCode::Join, dst: given, base, count: 1 });
        });
    }
}

/// What a parameter is when it is not given.
#[derive(Clone)]
pub(super) enum Default {
    /// A constant of the program.
    Const(u32),
    /// A value.
    Value(Value),
}

fn defaults(found: &Signature) -> Vec<Option<Default>> {
    let given = found.params.iter().map(|(_, default)| *default);
    let value = |default| match default {
        DefaultValue::Required => None,
        DefaultValue::None => Some(Value::None),
        DefaultValue::True => Some(Value::Bool(true)),
        DefaultValue::False => Some(Value::Bool(false)),
        DefaultValue::Int(int) => Some(Value::Int(int)),
        DefaultValue::ZeroDuration => Some(Value::Duration(0)),
    };
    given.chain(found.fixed.iter().copied()).map(|default| value(default).map(Default::Value)).collect()
}
