//! Bodies of actors: processes, threads, timers, the main process, workers of pools.
//!
//! Answers for: what stands around a body that was written, and the main that was not. Never starts one.

use super::Lower;
use super::body::Body;
use crate::analysis::{Binding, DeclId, ObjectInfo, Owner, TemplateId, TemplateInfo};
use crate::program::instr::{Instr, Test};
use crate::program::op::OpCode;
use crate::program::{ActorKind, CodeId, Template};
use crate::source::Span;
use crate::syntax::ast::ActorKeyword;
use crate::value::Value;

impl Lower<'_> {
    /// What the planner needs to know of a template.
    pub(super) fn template(&mut self, id: TemplateId, info: &TemplateInfo) -> Template {
        let decl = &info.decl;
        let (kind, word) = match decl.keyword {
            ActorKeyword::Process => (ActorKind::Process, "process"),
            ActorKeyword::Thread => (ActorKind::Thread, "thread"),
            ActorKeyword::Timer => (ActorKind::Timer, "timer"),
        };
        let replicas = decl.replicas.as_ref().map(|(_, indices)| self.expr_code("replicas", indices));
        let params = self.template_params(id);
        let own = |object: &&ObjectInfo| object.owner == Owner::Template(id);
        let private_objects = self.checked.objects.iter().filter(own).count() as u32;
        Template {
            name: decl.name.text.clone(),
            span: decl.name.span,
            kind,
            daemon: decl.daemon,
            display: decl.display.clone(),
            owner: info.owner,
            replicas,
            params,
            body: self.actor(word, info),
            private_objects,
        }
    }

    fn actor(&mut self, word: &str, info: &TemplateInfo) -> CodeId {
        let decl = &info.decl;
        let checked = self.checked;
        let mut body = Body::new(self, format!("{word} {}", decl.name.text), decl.body.span);
        let names = decl.replicas.iter().map(|(index, _)| index).chain(decl.params.iter().map(|param| &param.name));
        for name in names {
            body.param(match checked.binding(name) {
                Binding::Local(local) => Some(local),
                _ => None,
            });
        }
        if let Some(delay) = &decl.delay {
            body.span = delay.span;
            body.temporaries(|body| {
                let base = body.expr(delay);
                let over = body.alloc();
                body.emit(Instr::Op { code: OpCode::TimerWait, dst: over, base, count: 1 });
                let go = body.emit_pending(Instr::JumpIf { src: over, target: 0 });
                body.emit(Instr::ReturnNone);
                body.land([go]);
            });
        }
        body.block(&decl.body);
        body.span = decl.body.span;
        body.finish(decl.body.span)
    }

    /// The main process of a file that has no `main`: starts what stands at file level, once, and joins
    /// what is no daemon.
    pub(super) fn made_up_main(&mut self) -> CodeId {
        let checked = self.checked;
        let mut body = Body::new(self, "main", Span::default());
        let mut started = Vec::new();
        for (at, info) in checked.templates.iter().enumerate().filter(|(_, info)| info.owner == Owner::File) {
            body.span = info.decl.name.span;
            let all = body.alloc();
            body.emit(Instr::List { dst: all, base: all, count: 0 });
            body.temporaries(|body| body.start_once(at as u32, info, all));
            // Nobody waits for a daemon.
            if !info.decl.daemon {
                started.push((all, body.span));
            }
        }
        for (all, span) in started {
            body.span = span;
            body.temporaries(|body| body.join_list(all));
        }
        body.finish(Span::default())
    }

    /// What a worker does: the block of the pool, then task after task.
    pub(super) fn worker(&mut self, _: DeclId, info: &ObjectInfo) -> CodeId {
        let span = info.name.span;
        let mut body = Body::new(self, format!("worker of {}", info.name.text), span);
        if let Some(block) = &info.decl.body {
            body.ends_early = Some(Vec::new());
            body.block(block);
            let ends = body.ends_early.take().unwrap_or_default();
            body.land(ends);
        }
        body.span = span;
        body.tasks();
        body.finish(span)
    }
}

impl Body<'_, '_> {
    fn start_once(&mut self, template: u32, info: &TemplateInfo, all: u16) {
        let defaults = self.lower.template_defaults(TemplateId(template)).unwrap_or_default();
        let base = self.loaded(Value::Int(i64::from(template)));
        self.loaded(Value::None);
        let list = self.alloc();
        self.temporaries(|body| {
            let first = body.next;
            for default in &defaults {
                let dst = body.alloc();
                match default {
                    Some(super::calls::Default::Const(index)) => body.emit(Instr::Const { dst, index: *index }),
                    _ => body.load(Value::None, dst),
                }
            }
            let count = body.count(defaults.len());
            body.emit(Instr::List { dst: list, base: first, count });
        });
        let handle = self.alloc();
        if info.decl.replicas.is_some() {
            self.start_all(template, list, handle);
        } else {
            self.emit(Instr::Op { code: OpCode::Start, dst: handle, base, count: 3 });
        }
        self.emit(Instr::Append { list: all, src: handle });
    }

    /// Takes tasks and runs them until there are no more.
    fn tasks(&mut self) {
        let top = self.here();
        let taken = self.alloc();
        let base = self.next;
        self.emit(Instr::Op { code: OpCode::PoolTake, dst: taken, base, count: 0 });
        let none = self.loaded(Value::None);
        let more = self.emit_pending(Instr::Branch { test: Test(13), a: taken, b: none, target: 0 });
        self.emit(Instr::ReturnNone);
        self.land([more]);
        let task = self.alloc();
        self.alloc();
        let is_chunk = self.alloc();
        self.emit(Instr::Unpack { src: taken, base: task, count: 3 });
        self.emit(Instr::None { dst: taken });
        let values = self.alloc();
        self.emit(Instr::List { dst: values, base: values, count: 0 });
        let error = self.loaded(Value::None);
        let call = self.alloc();
        self.each_of(task + 1, call, |body| body.run_task(task, call, values, error));
        self.temporaries(|body| {
            let base = body.alloc();
            body.emit(Instr::Take { dst: base, src: values });
            let whole = body.emit_pending(Instr::JumpIf { src: is_chunk, target: 0 });
            let first = body.loaded(Value::Int(0));
            body.emit(Instr::Index { dst: base, value: base, index: first });
            body.land([whole]);
            let second = base + 1;
            body.emit(Instr::Take { dst: second, src: error });
            let last = body.alloc();
            body.emit(Instr::Op { code: OpCode::PoolDone, dst: last, base, count: 2 });
            let none = body.loaded(Value::None);
            body.emit(Instr::Branch { test: Test(2), a: last, b: none, target: top });
            body.emit(Instr::ReturnNone);
        });
        self.next = taken;
    }

    /// Runs a task once; its value goes to the list, its error is kept if it is the first. `exit` ends the worker.
    fn run_task(&mut self, task: u16, call: u16, values: u16, error: u16) {
        let caught = self.alloc();
        let given = self.alloc();
        let start = self.here();
        self.temporaries(|body| {
            let base = body.alloc();
            body.emit(Instr::Take { dst: base, src: call });
            body.emit(Instr::CallList { dst: given, base, task });
        });
        self.emit(Instr::Append { list: values, src: given });
        let end = self.here();
        let done = self.jump();
        self.handler(start, end, caught);
        let exit = self.emit_pending(Instr::JumpIfExit { src: caught, target: 0 });
        let none = self.loaded(Value::None);
        let not_first = self.emit_pending(Instr::Branch { test: Test(13), a: error, b: none, target: 0 });
        self.emit(Instr::Take { dst: error, src: caught });
        let first = self.jump();
        self.land([exit]);
        self.emit(Instr::Reraise { src: caught });
        self.land([not_first, first]);
        self.emit(Instr::None { dst: caught });
        self.emit(Instr::Append { list: values, src: none });
        self.land([done]);
    }
}
