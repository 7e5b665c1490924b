//! Declarations: objects, templates, tasks, the worker of a pool, the `main` of a file that has none.

use std::sync::Arc;

use super::builder::Builder;
use super::{Lower, nowhere};
use crate::analysis::{Binding, DeclId, Owner, TemplateId};
use crate::program::instr::{Instr, Reg};
use crate::program::op::OpCode;
use crate::program::{ActorKind, CodeId, ObjectSpec, Param, Task, Template};
use crate::syntax::ast::{self, ActorKeyword, Expr, ExprKind, ObjectDecl};
use crate::value::{ObjectKind, Value};

impl Lower<'_> {
    /// Gives each declaration its place among those of its owner.
    pub(super) fn number_slots(&mut self) {
        // One table a process: a thread's own objects must not lie on those of its process.
        self.slots = (0..self.checked.objects.len() as u32).collect();
    }

    pub(super) fn objects(&self) -> Vec<ObjectSpec> {
        (0..self.checked.objects.len() as u32).map(|index| self.object(DeclId(index))).collect()
    }

    fn object(&self, id: DeclId) -> ObjectSpec {
        let Some(info) = self.checked.objects.get(id.0 as usize) else { unreachable!("every id has its declaration") };
        let decl = &info.decl;
        let is_second = info.peer.is_some_and(|peer| peer.0 < id.0);
        let duplex = decl.other.as_ref().is_some_and(|other| other.duplex);
        let array = match (&decl.other, is_second) {
            (Some(other), true) => other.array.as_ref(),
            _ => decl.array.as_ref(),
        };
        let at_file_level = info.owner == Owner::File;
        let name = &info.name.text;
        let count = array.filter(|_| at_file_level);
        let body = match info.kind {
            ObjectKind::Pool => self.worker(id, decl),
            _ => decl.body.as_ref().and_then(|block| self.block_code(format!("{name} body"), block)),
        };
        ObjectSpec {
            name: Arc::clone(name),
            span: info.name.span,
            kind: info.kind,
            owner: info.owner,
            slot: u32::from(self.slot(id)),
            peer: info.peer.map(|peer| peer.0),
            sends: info.kind == ObjectKind::PipeEnd && (duplex || is_second),
            receives: info.kind == ObjectKind::PipeEnd && (duplex || !is_second),
            count: count.and_then(|count| self.expression_code(format!("length of {name}"), count)),
            setup: if at_file_level { self.setup(info.kind, decl) } else { None },
            body,
            is_array: array.is_some(),
        }
    }

    /// A body that returns the arguments of a declaration at file level, and its start value.
    fn setup(&self, kind: ObjectKind, decl: &ObjectDecl) -> Option<CodeId> {
        let mut b = Builder::new(format!("setup of {}", decl.name.text));
        b.span = decl.name.span;
        let has_start = matches!(kind, ObjectKind::Shared | ObjectKind::Atomic);
        let count = ObjectSpec::arguments(kind).len() + has_start as usize;
        let base = b.run(count);
        self.arguments(&mut b, kind, decl, base);
        if has_start {
            self.start_value(&mut b, decl, base + count as Reg - 1);
        }
        let dst = b.reg();
        b.emit(Instr::List { dst, base, count: count as u16 });
        b.emit(Instr::Return { src: dst });
        self.add_code(b)
    }

    /// The arguments of a declaration in the order of [`ObjectSpec::arguments`], `none` where not given.
    fn arguments(&self, b: &mut Builder, kind: ObjectKind, decl: &ObjectDecl, base: Reg) {
        let names = ObjectSpec::arguments(kind);
        for offset in 0..names.len() {
            b.literal(base + offset as Reg, Value::None);
        }
        for (position, arg) in decl.args.iter().enumerate() {
            let at = match &arg.name {
                None => Some(position),
                Some(name) => names.iter().position(|known| *known == &*name.text),
            };
            let Some(at) = at.filter(|at| *at < names.len()) else { continue };
            let dst = base + at as Reg;
            // The lock of a condition is the lock itself; elsewhere a name is what it holds.
            match self.named_object(&arg.value) {
                Some(object) => self.handle(b, object, dst),
                None => self.expr_to(b, &arg.value, dst),
            }
        }
    }

    fn named_object(&self, value: &Expr) -> Option<DeclId> {
        let ExprKind::Name(name) = &value.kind else { return None };
        match self.checked.binding(name) {
            Binding::Object(decl) if !self.is_variable(decl) => Some(decl),
            _ => None,
        }
    }

    fn start_value(&self, b: &mut Builder, decl: &ObjectDecl, dst: Reg) {
        match &decl.init {
            Some(init) => self.expr_to(b, init, dst),
            None => b.literal(dst, Value::None),
        }
    }

    /// An object declared in a body: made when the body gets there, kept where its threads find it.
    pub(super) fn create(&self, b: &mut Builder, decl: &Arc<ObjectDecl>) {
        let declared = self.checked.objects.iter().position(|info| Arc::ptr_eq(&info.decl, decl));
        let Some(first) = declared.map(|index| DeclId(index as u32)) else { return };
        let Some(info) = self.checked.objects.get(first.0 as usize) else { return };
        // Declaration, length, arguments, start value: the arguments of the operation.
        let base = b.run(4);
        b.literal(base, Value::Int(i64::from(first.0)));
        match &decl.array {
            Some(count) => self.expr_to(b, count, base + 1),
            None => b.literal(base + 1, Value::None),
        }
        let mark = b.mark();
        let count = ObjectSpec::arguments(info.kind).len();
        let args = b.run(count);
        self.arguments(b, info.kind, decl, args);
        b.emit(Instr::List { dst: base + 2, base: args, count: count as u16 });
        b.back_to(mark);
        self.start_value(b, decl, base + 3);
        let made = b.reg();
        b.emit(Instr::Op { op: OpCode::Create, count: 4, dst: made, base });
        match info.peer {
            None => b.emit(Instr::SetPrivate { slot: self.slot(first), src: made }),
            Some(second) => {
                let ends = b.run(2);
                b.emit(Instr::Unpack { src: made, base: ends, count: 2 });
                b.emit(Instr::SetPrivate { slot: self.slot(first), src: ends });
                b.emit(Instr::SetPrivate { slot: self.slot(second), src: ends + 1 });
            }
        }
    }

    pub(super) fn templates(&self) -> Vec<Template> {
        (0..self.checked.templates.len() as u32).filter_map(|index| self.template(TemplateId(index))).collect()
    }

    fn template(&self, id: TemplateId) -> Option<Template> {
        let info = self.checked.templates.get(id.0 as usize)?;
        let decl = &info.decl;
        let kind = match decl.keyword {
            ActorKeyword::Process => ActorKind::Process,
            ActorKeyword::Thread => ActorKind::Thread,
            ActorKeyword::Timer => ActorKind::Timer,
        };
        let name = &decl.name.text;
        let replicas = decl.replicas.as_ref();
        let replicas = replicas.and_then(|(_, range)| self.expression_code(format!("indices of {name}"), range));
        let owned = self.checked.objects.iter().filter(|object| object.owner == Owner::Template(id)).count();
        Some(Template {
            name: Arc::clone(name),
            span: decl.name.span,
            kind,
            daemon: decl.daemon,
            display: decl.display.clone(),
            owner: info.owner,
            replicas,
            params: self.params(&decl.params, self.template_defaults(id.0)),
            body: self.actor_body(decl)?,
            private_objects: owned as u32,
        })
    }

    fn actor_body(&self, decl: &ast::ActorDecl) -> Option<CodeId> {
        let what = match decl.keyword {
            ActorKeyword::Process => "process",
            ActorKeyword::Thread => "thread",
            ActorKeyword::Timer => "timer",
        };
        let mut b = Builder::new(format!("{what} {}", decl.name.text));
        b.span = decl.name.span;
        if let Some((index, _)) = &decl.replicas {
            self.param(&mut b, index);
        }
        for param in &decl.params {
            self.param(&mut b, &param.name);
        }
        if let Some(delay) = &decl.delay {
            let fired = b.label();
            let (base, over) = (b.reg(), b.reg());
            self.expr_to(&mut b, delay, base);
            b.span = delay.span;
            b.emit(Instr::Op { op: OpCode::TimerWait, count: 1, dst: over, base });
            b.jump(Instr::JumpIf { src: over, target: 0 }, fired);
            b.emit(Instr::Return { src: over });
            b.place(fired);
        }
        b.span = decl.body.span;
        self.block(&mut b, &decl.body);
        self.end(&mut b);
        self.add_code(b)
    }

    fn param(&self, b: &mut Builder, name: &ast::Ident) {
        let local = match self.checked.binding(name) {
            Binding::Local(local) => Some(local),
            _ => None,
        };
        b.param(local);
    }

    fn params(&self, params: &[ast::Param], first_default: u32) -> Vec<Param> {
        let mut next = first_default;
        let mut default = |has: bool| {
            has.then(|| {
                next += 1;
                next - 1
            })
        };
        params
            .iter()
            .map(|param| Param { name: Arc::clone(&param.name.text), default: default(param.default.is_some()) })
            .collect()
    }

    pub(super) fn tasks(&self) -> Vec<Task> {
        let task = |(index, info): (usize, &crate::analysis::TaskInfo)| {
            let decl = &info.decl;
            let mut b = Builder::new(format!("task {}", decl.name.text));
            b.span = decl.name.span;
            for param in &decl.params {
                self.param(&mut b, &param.name);
            }
            b.span = decl.body.span;
            self.block(&mut b, &decl.body);
            self.end(&mut b);
            Some(Task {
                name: Arc::clone(&decl.name.text),
                span: decl.name.span,
                params: self.params(&decl.params, self.task_defaults(index as u32)),
                body: self.add_code(b)?,
            })
        };
        self.checked.tasks.iter().enumerate().filter_map(task).collect()
    }

    /// What a worker of a pool does: first what its pool's body says, then one task after the other.
    ///
    /// A task is `[task, list of argument lists, whether they are a chunk]`. The first error of a chunk is the chunk's,
    /// once all of it was run; `exit` is not an error of the task but the worker's end.
    fn worker(&self, id: DeclId, decl: &ObjectDecl) -> Option<CodeId> {
        let mut b = Builder::new(format!("worker of {}", decl.name.text));
        b.span = decl.name.span;
        if let Some(block) = &decl.body {
            self.block(&mut b, block);
        }
        let _ = id;
        b.span = decl.name.span;
        let (taken, parts) = (b.reg(), b.run(3));
        let (results, first_error, error, none) = (b.reg(), b.reg(), b.reg(), b.reg());
        let (again, over, loop_at) = (b.label(), b.label(), b.run(3));
        b.literal(none, Value::None);
        b.place(again);
        b.emit(Instr::Op { op: OpCode::PoolTake, count: 0, dst: taken, base: 0 });
        b.jump(Instr::IfEq { a: taken, b: none, target: 0 }, over);
        b.emit(Instr::Unpack { src: taken, base: parts, count: 3 });
        b.emit(Instr::List { dst: results, base: 0, count: 0 });
        b.literal(first_error, Value::None);
        self.run_tasks(&mut b, parts, loop_at, results, first_error, error, none);
        let single = b.label();
        let done = b.run(2);
        b.jump(Instr::JumpUnless { src: parts + 2, target: 0 }, single);
        let report = b.label();
        b.move_to(done, results);
        b.goto(report);
        b.place(single);
        // One task: its value, where it gave one.
        b.literal(done, Value::None);
        let position = b.reg();
        b.literal(position, Value::Int(0));
        b.jump(Instr::UnlessEq { a: first_error, b: none, target: 0 }, report);
        b.emit(Instr::Index { dst: done, a: results, b: position });
        b.place(report);
        b.move_to(done + 1, first_error);
        self.op(&mut b, OpCode::PoolDone, done, 2);
        b.goto(again);
        b.place(over);
        self.end(&mut b);
        self.add_code(b)
    }

    #[expect(clippy::too_many_arguments, reason = "the registers of one loop, which has no life of its own")]
    fn run_tasks(
        &self,
        b: &mut Builder,
        parts: Reg,
        loop_at: Reg,
        results: Reg,
        first_error: Reg,
        error: Reg,
        none: Reg,
    ) {
        let (next, end, failed, kept) = (b.label(), b.label(), b.label(), b.label());
        let value = b.reg();
        b.emit(Instr::ForPrepare { loop_at, src: parts + 1 });
        b.place(next);
        b.jump(Instr::ForNext { loop_at, target: 0 }, end);
        let guard = b.guard(failed, error);
        b.emit(Instr::Spread { dst: value, callee: parts, args: loop_at + 2 });
        b.end_guard(guard);
        b.emit(Instr::Push { list: results, value });
        b.goto(next);
        b.place(failed);
        let is_exit = b.label();
        b.jump(Instr::IfExit { src: error, target: 0 }, is_exit);
        b.jump(Instr::UnlessEq { a: first_error, b: none, target: 0 }, kept);
        b.move_to(first_error, error);
        b.place(kept);
        b.goto(next);
        b.place(is_exit);
        b.emit(Instr::Raise { src: error });
        b.place(end);
    }

    /// Without a `main`: every process, thread and timer at file level, once, in file order; then their ends.
    pub(super) fn made_up_main(&self) -> Option<CodeId> {
        let mut b = Builder::new("main");
        b.span = nowhere();
        let handles = b.reg();
        b.emit(Instr::List { dst: handles, base: 0, count: 0 });
        for (index, info) in self.checked.templates.iter().enumerate() {
            if info.owner != Owner::File {
                continue;
            }
            b.span = info.decl.name.span;
            let mark = b.mark();
            let (base, started) = (b.run(3), b.reg());
            b.literal(base, Value::Int(index as i64));
            b.literal(base + 1, Value::None);
            let args = self.bind_args(&mut b, &info.decl.params, self.template_defaults(index as u32), &[]);
            b.emit(Instr::List { dst: base + 2, base: args, count: info.decl.params.len() as u16 });
            if info.decl.replicas.is_some() {
                self.start_all(&mut b, TemplateId(index as u32), base, started);
            } else {
                b.emit(Instr::Op { op: OpCode::Start, count: 3, dst: started, base });
            }
            b.emit(Instr::Push { list: handles, value: started });
            b.back_to(mark);
        }
        self.join_all(&mut b, handles);
        self.end(&mut b);
        self.add_code(b)
    }
}
