//! Calls: tasks, free functions, methods, `start`.
//!
//! Answers for: binding arguments to parameters where the callee is known, and what is left to the VM where it is not.

use std::sync::Arc;

use super::Lower;
use super::builder::Builder;
use crate::analysis::{Binding, Builtin, TemplateId};
use crate::program::instr::{Call, Instr, Reg};
use crate::program::op::OpCode;
use crate::syntax::ast::{Arg, Expr, ExprKind, Ident, Param};
use crate::value::Value;

impl Lower<'_> {
    pub(super) fn call(&self, b: &mut Builder, callee: &Expr, args: &[Arg], dst: Reg) {
        if let ExprKind::Name(name) = &callee.kind {
            match self.checked.binding(name) {
                Binding::Builtin(builtin) => return self.builtin(b, builtin, args, dst),
                Binding::Task(id) => {
                    let params = self.checked.tasks.get(id.0 as usize).map(|info| info.decl.params.as_slice());
                    let base = self.bind_args(b, params.unwrap_or_default(), self.task_defaults(id.0), args);
                    b.emit(Instr::Call { dst, task: id.0 as u16, base });
                    return;
                }
                _ => {}
            }
        }
        let callee = self.expr(b, callee);
        let call = self.call_spec(b, Arc::from(""), args);
        b.emit(Instr::CallValue { dst, callee, call });
    }

    /// Arguments in a row, as written, with their names.
    pub(super) fn call_spec(&self, b: &mut Builder, name: Arc<str>, args: &[Arg]) -> u16 {
        let base = self.run_of_args(b, args);
        let names = args.iter().map(|arg| arg.name.as_ref().map(|name| Arc::clone(&name.text))).collect();
        b.add_call(Call { name, base, count: args.len() as u16, names })
    }

    fn builtin(&self, b: &mut Builder, builtin: Builtin, args: &[Arg], dst: Reg) {
        // The length of an array of objects, and everything else, is a function of values.
        match visible(builtin) {
            Some(op) => {
                let base = self.run_of_args(b, args);
                b.emit(Instr::Op { op, count: args.len() as u8, dst, base });
            }
            None => {
                let named = args.iter().any(|arg| arg.name.is_some());
                if named {
                    // Rare enough to go the long way: the names travel with the call.
                    let call = self.call_spec(b, Arc::from(""), args);
                    let which = b.reg();
                    b.literal(which, Value::Int(builtin as i64));
                    b.emit(Instr::CallValue { dst, callee: which, call });
                    return;
                }
                let base = self.run_of_args(b, args);
                b.emit(Instr::Builtin { builtin, count: args.len().min(255) as u8, dst, base });
            }
        }
    }

    /// Arguments in the registers of the parameters, defaults filled in. The resolver has seen that they fit.
    pub(super) fn bind_args(&self, b: &mut Builder, params: &[Param], first_default: u32, args: &[Arg]) -> Reg {
        let base = b.run(params.len());
        let mut given = vec![false; params.len()];
        for (position, arg) in args.iter().enumerate() {
            let at = match &arg.name {
                None => Some(position),
                Some(name) => params.iter().position(|param| param.name.text == name.text),
            };
            if let Some(at) = at.filter(|at| *at < params.len()) {
                self.expr_to(b, &arg.value, base + at as Reg);
                given[at] = true;
            }
        }
        let mut default = first_default;
        for (at, param) in params.iter().enumerate() {
            if !given[at] {
                match param.default {
                    Some(_) => b.emit(Instr::Const { dst: base + at as Reg, index: default as u16 }),
                    None => b.literal(base + at as Reg, Value::None),
                }
            }
            default += param.default.is_some() as u32;
        }
        base
    }

    pub(super) fn method(&self, b: &mut Builder, receiver: &Expr, name: &Ident, args: &[Arg], dst: Reg) {
        if &*name.text == "wait_for" {
            return self.wait_for(b, receiver, args, dst);
        }
        if let Some(place) = self.place_of(receiver) {
            // A method of what a variable holds: one step. Of an atomic's own operations the VM knows by name.
            let base = b.run(4);
            self.element(b, &place, base);
            if place.path.is_empty() && ATOMIC_METHODS.contains(&&*name.text) && self.is_atomic(place.decl) {
                let call = self.call_spec(b, Arc::clone(&name.text), args);
                b.emit(Instr::Method { dst, receiver: base, call });
                return;
            }
            self.path(b, &place.path, base + 1);
            let index = b.text(&name.text);
            b.emit(Instr::Literal { dst: base + 2, index });
            let values = self.run_of_args(b, args);
            b.emit(Instr::List { dst: base + 3, base: values, count: args.len() as u16 });
            b.emit(Instr::OpOn { op: OpCode::CellMethod, count: 3, dst, base });
            return;
        }
        let receiver = self.receiver(b, receiver);
        let call = self.call_spec(b, Arc::clone(&name.text), args);
        b.emit(Instr::Method { dst, receiver, call });
    }

    /// A local variable is changed in place by its methods; so is an element of one, which is put back.
    fn receiver(&self, b: &mut Builder, receiver: &Expr) -> Reg {
        self.expr(b, receiver)
    }

    fn is_atomic(&self, decl: crate::analysis::DeclId) -> bool {
        self.checked.objects.get(decl.0 as usize).is_some_and(|info| info.kind == crate::value::ObjectKind::Atomic)
    }

    /// `c.wait_for(expr, timeout: t)`: the expression is evaluated again at every wake-up, the time is for all of them.
    fn wait_for(&self, b: &mut Builder, receiver: &Expr, args: &[Arg], dst: Reg) {
        let timeout = args.iter().find(|arg| arg.name.as_ref().is_some_and(|name| &*name.text == "timeout"));
        let mut unnamed = args.iter().filter(|arg| arg.name.is_none());
        let condition = unnamed.next().or(args.iter().find(|arg| !timeout.is_some_and(|t| std::ptr::eq(*arg, t))));
        let timeout = timeout.or(unnamed.next());
        let Some(condition) = condition else { return };
        // The handle and the argument of each wait stand in a row.
        let wait = b.run(2);
        self.expr_to(b, receiver, wait);
        let deadline = b.reg();
        match timeout {
            Some(timeout) => self.expr_to(b, &timeout.value, deadline),
            None => b.literal(deadline, Value::None),
        }
        b.emit(Instr::Op { op: OpCode::Deadline, count: 1, dst: deadline, base: deadline });
        let (again, end) = (b.label(), b.label());
        let none_left = b.reg();
        b.literal(none_left, Value::Duration(0));
        b.place(again);
        self.expr_to(b, &condition.value, dst);
        b.jump(Instr::JumpIf { src: dst, target: 0 }, end);
        b.emit(Instr::Op { op: OpCode::DeadlineLeft, count: 1, dst: wait + 1, base: deadline });
        b.jump(Instr::IfEq { a: wait + 1, b: none_left, target: 0 }, end);
        let ignored = b.reg();
        b.emit(Instr::OpOn { op: OpCode::ConditionWait, count: 1, dst: ignored, base: wait });
        b.goto(again);
        b.place(end);
    }

    /// `start NAME(args)`: a handle; of a replicated template a list of handles, or with an index the one.
    pub(super) fn start(&self, b: &mut Builder, template: &Ident, index: Option<&Expr>, args: &[Arg], dst: Reg) {
        let Binding::Template(id) = self.checked.binding(template) else { return b.literal(dst, Value::None) };
        let Some(info) = self.checked.templates.get(id.0 as usize) else { return };
        let replicated = info.decl.replicas.is_some();
        // Number, index and arguments of the operation.
        let base = b.run(3);
        b.literal(base, Value::Int(i64::from(id.0)));
        match index {
            Some(index) => self.expr_to(b, index, base + 1),
            None => b.literal(base + 1, Value::None),
        }
        let values = self.bind_args(b, &info.decl.params, self.template_defaults(id.0), args);
        b.emit(Instr::List { dst: base + 2, base: values, count: info.decl.params.len() as u16 });
        if replicated && index.is_none() {
            self.start_all(b, id, base, dst);
        } else {
            b.emit(Instr::Op { op: OpCode::Start, count: 3, dst, base });
        }
    }

    /// Starts an instance for each index of a replicated template; the arguments stand from `base`.
    pub(super) fn start_all(&self, b: &mut Builder, id: TemplateId, base: Reg, dst: Reg) {
        let (loop_at, list, one) = (b.run(3), b.reg(), b.reg());
        let (next, end) = (b.label(), b.label());
        b.emit(Instr::List { dst: list, base: 0, count: 0 });
        b.emit(Instr::Replicas { dst: one, template: id.0 as u16 });
        b.emit(Instr::ForPrepare { loop_at, src: one });
        b.place(next);
        b.jump(Instr::ForNext { loop_at, target: 0 }, end);
        b.move_to(base + 1, loop_at + 2);
        b.emit(Instr::Op { op: OpCode::Start, count: 3, dst: one, base });
        b.emit(Instr::Push { list, value: one });
        b.goto(next);
        b.place(end);
        b.move_to(dst, list);
    }
}

/// Operations of an atomic that are not methods of what it holds.
const ATOMIC_METHODS: [&str; 4] = ["add", "sub", "swap", "cas"];

/// The operation of a free function that is a visible one.
fn visible(builtin: Builtin) -> Option<OpCode> {
    Some(match builtin {
        Builtin::Now => OpCode::Now,
        Builtin::Random => OpCode::Random,
        Builtin::Shuffle => OpCode::Shuffle,
        Builtin::Choose => OpCode::Choose,
        Builtin::Pid => OpCode::Pid,
        Builtin::Ppid => OpCode::Ppid,
        Builtin::Tid => OpCode::Tid,
        Builtin::Name => OpCode::Name,
        _ => return None,
    })
}
