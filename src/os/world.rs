//! The OS as a world: performs each visible operation of an actor on real objects, processes and threads.
//!
//! Answers for: an actor's life, one operation after the other, each with its event. Never computes what is local (the
//! VM does) and never words a report.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, Release, SeqCst};

use super::actor::{self, Birth};
use super::arena::Off;
use super::at_once::{Channels, Lines};
use super::layout::{ObjectHeader, slot_at, state};
use super::object::pool::result::Opened;
use super::object::{Done, Patience, Refused, Result, barrier, condition, fail, find, pipe, pool};
use super::park::Ctx;
use super::perturb::Pauses;
use super::place;
use super::process::{self, Begin, Process};
use super::room::Room;
use super::turns::{self, Turn};
use super::workers::{self, PoolHere};
use super::{create, cutoff, hand, output, values};
use crate::machine::pid_of;
use crate::plan::Transport;
use crate::program::op::{Op, OpCode, Outcome, Target};
use crate::program::{ActorKind, CodeId, Template, fault};
use crate::random::Random;
use crate::trace::recorded::Note;
use crate::value::{ActorRef, Error, ErrorKind, ObjectKind, Shared, Value};
use crate::vm::{Stop, Vm};

/// Exit code of an actor that an error ended.
const FAILED: i32 = 1;

/// One actor on the OS.
pub(super) struct World {
    pub(super) ctx: Ctx,
    pub(super) process: Arc<Process>,
    pub(super) name: Arc<str>,
    random: Option<Random>,
    /// Where its pauses come from, in a perturbed run.
    pauses: Option<Pauses>,
    /// What it started, in order.
    children: Vec<u32>,
    /// A process that it joined and has not reaped; see `reap`.
    pub(super) joined: Option<u32>,
    /// Handles of the objects of its process.
    privates: Arc<Vec<Value>>,
    /// Room for what an event says of its operation's arguments.
    noted: Vec<Value>,
    /// See [`World::some_number`].
    chances: u64,
    /// Of a worker: how many tasks it has done.
    tasks_done: u32,
    /// See [`cutoff::may_befall`].
    may_be_cut_off: bool,
    /// Whether operations may be performed within the VM's loop.
    pub(super) takes_shortcuts: bool,
    pub(super) channels: Channels,
    pub(super) lines: Lines,
    pub(super) opened: Opened,
}

/// What the event of an operation says beside its result.
pub(super) struct About {
    pub(super) object: Option<u32>,
    pub(super) actor: Option<u32>,
    pub(super) line: u32,
}

impl World {
    pub(super) fn new(ctx: Ctx, process: Arc<Process>) -> World {
        let name: Arc<str> = Arc::from(actor::name(ctx.arena, ctx.me));
        let pauses = Pauses::of(ctx.arena, &name);
        let chances = super::sys::now_ns() ^ u64::from(ctx.me);
        let may_be_cut_off = cutoff::may_befall(&ctx);
        let takes_shortcuts = pauses.is_none() && !may_be_cut_off && !turns::are_on(ctx.arena);
        World {
            ctx,
            may_be_cut_off,
            takes_shortcuts,
            channels: Channels::default(),
            lines: Lines::default(),
            opened: Opened::default(),
            process,
            name,
            random: None,
            pauses,
            children: Vec::new(),
            joined: None,
            privates: Arc::default(),
            noted: Vec::new(),
            chances,
            tasks_done: 0,
        }
    }

    /// The same with the objects of the process it belongs to.
    pub(super) fn with_privates(mut self, privates: Arc<Vec<Value>>) -> World {
        self.privates = privates;
        self
    }

    /// Runs the actor from its first event to its last but one, its end; gives its exit code.
    pub(super) fn live(mut self) -> i32 {
        let slot = self.ctx.slot;
        let kind = actor::kind_of(slot);
        self.ctx.note(&Note {
            op: OpCode::Begin,
            line: 0,
            object: None,
            actor: None,
            ticket: 0,
            cause: slot.started.load(Relaxed),
            args: &[],
            came: Ok(&Value::None),
        });
        let ended = self.first_steps(kind).and_then(|()| self.run_body(kind));
        place::publish_over(self.ctx.slot);
        // At once, whatever it still has to wait for.
        let mut code = self.report(&ended);
        if self.ctx.me == self.process.actor {
            self.process.is_ending.store(true, SeqCst);
            super::duty::leave_pools(&self.ctx, &self.process);
        }
        if turns::are_on(self.ctx.arena) {
            code = self.close_in_turns(code);
        } else {
            self.end_children();
            if kind == ActorKind::Main && ended.is_ok() {
                code = self.finish_main();
            }
        }
        if kind == ActorKind::Worker {
            self.leave_pool(&ended);
        }
        code
    }

    /// A worker ends: a task that it leaves fails. Without one its body failed, and with it the pool.
    fn leave_pool(&self, ended: &Result<()>) {
        if self.ctx.slot.calls_back.load(Relaxed) != 0 {
            return pool::call::leave(&self.ctx, self.my_pool());
        }
        if ended.is_err() && self.ctx.slot.task.load(Relaxed) == 0 {
            pool::worker::break_pool(&self.ctx, self.my_pool());
        } else {
            pool::worker::leave_task(&self.ctx);
        }
    }

    /// The way to its end in a deterministic run, step by step.
    fn close_in_turns(&mut self, code: i32) -> i32 {
        let mut code = code;
        loop {
            match turns::take(&self.ctx) {
                Some(Turn::LetGo) => {
                    process::let_all_go(&self.ctx, self.ctx.me);
                    turns::report(&self.ctx);
                }
                Some(Turn::Finally) => {
                    self.end_children();
                    turns::report(&self.ctx);
                    if let Some(finally) = self.process.plan.image.program.finally {
                        let ended = self.run_code(finally, Vec::new());
                        code = self.report(&ended);
                    }
                }
                // Its daemon children are terminated by the driver.
                Some(Turn::Dismiss) => turns::report(&self.ctx),
                _ => break,
            }
        }
        self.end_children();
        code
    }

    /// Main starts the workers of the pools at file level before it does anything else.
    fn first_steps(&mut self, kind: ActorKind) -> Result<()> {
        if kind != ActorKind::Main {
            return Ok(());
        }
        let plan = Arc::clone(&self.process.plan);
        for (id, object) in plan.objects.iter().enumerate() {
            if object.kind == ObjectKind::Pool {
                self.start_workers(id as u32, object.decl, &object.name, Arc::default())?;
            }
        }
        Ok(())
    }

    fn start_workers(&mut self, id: u32, decl: u32, name: &Arc<str>, privates: Arc<Vec<Value>>) -> Result<()> {
        let off = find(self.ctx.arena, id);
        pool::worker::set_home(self.ctx.arena, off, self.process.actor);
        let here = Arc::new(PoolHere { off, decl, name: Arc::clone(name), privates });
        let arena = self.ctx.arena;
        let mut room = Room::of_pool(arena, off, self.process.spec(decl));
        room.take(arena)?;
        super::duty::adopt_pool(&self.process, &here);
        for _ in 0..pool::worker::size(arena, off) {
            room = room.without_one(!pool::has_threads(arena, off));
            let worker = workers::start(&self.ctx, &self.process, &here).inspect_err(|_| room.give_back(arena))?;
            self.children.push(worker);
        }
        if self.process.spec(decl).is_some_and(|spec| spec.callbacks.is_some()) {
            let caller = workers::start_caller(&self.ctx, &self.process, &here)?;
            self.children.push(caller);
        }
        Ok(())
    }

    fn run_body(&mut self, kind: ActorKind) -> Result<()> {
        let program = &self.process.plan.image.program;
        let number = self.ctx.slot.template.load(Relaxed).wrapping_sub(1);
        let code = match kind {
            ActorKind::Main => Some(program.main),
            ActorKind::Worker => {
                let calls_back = self.ctx.slot.calls_back.load(Relaxed) != 0;
                let pool = program.objects.get(number as usize);
                pool.and_then(|pool| if calls_back { pool.callbacks } else { pool.body })
            }
            _ => program.templates.get(number as usize).map(|template| template.body),
        };
        let Some(code) = code else { return Ok(()) };
        let args = actor::args(self.ctx.arena, self.ctx.me);
        self.run_code(code, args)
    }

    fn run_code(&mut self, code: CodeId, args: Vec<Value>) -> Result<()> {
        let image = Arc::clone(&self.process.plan.image);
        let mut vm = Vm::new(image, code, args, Arc::clone(&self.privates), Arc::clone(&self.name));
        loop {
            match vm.run_in(u64::MAX, self) {
                Stop::Op(mut op) => {
                    self.limit(&mut op);
                    if let Some(pauses) = self.pauses.as_mut().filter(|_| is_noted(op.code)) {
                        pauses.pause();
                    }
                    super::duty::look(&self.ctx, &self.process);
                    self.await_turn(&op);
                    place::publish(self.ctx.slot, vm.frames());
                    if self.may_be_cut_off {
                        cutoff::begin(&self.ctx, &self.process);
                    }
                    let outcome = self.perform(&mut op, &vm);
                    if self.may_be_cut_off {
                        cutoff::finish(&self.ctx);
                    }
                    vm.keep(op);
                    vm.resume(outcome);
                }
                Stop::Returned(_) => return Ok(()),
                Stop::Raised(error) => return Err(Error::clone(&error).into()),
                Stop::Budget => {}
            }
        }
    }

    /// An actor that ends terminates its daemon children and waits for the others.
    fn end_children(&mut self) {
        let arena = self.ctx.arena;
        let children = super::duty::all_children(&self.process, &self.ctx, std::mem::take(&mut self.children));
        for child in &children {
            let slot = actor::slot(arena, *child);
            if slot.daemon.load(Relaxed) != 0 && actor::is_process(slot) {
                let _ = actor::signal(&self.ctx, *child, nix::sys::signal::Signal::SIGTERM);
            }
        }
        for child in children {
            let slot = actor::slot(arena, child);
            if slot.daemon.load(Relaxed) == 0 || actor::is_process(slot) {
                let _ = actor::join(&self.ctx, child, Patience::Until(None));
                self.reap(child);
            }
        }
    }

    /// `finally`, once every other actor has ended; gives the exit code.
    fn finish_main(&mut self) -> i32 {
        let Some(finally) = self.process.plan.image.program.finally else { return 0 };
        actor::await_all(&self.ctx);
        let ended = self.run_code(finally, Vec::new());
        let code = self.report(&ended);
        self.end_children();
        code
    }

    /// The exit code; an error goes to the supervisor, which reports it.
    fn report(&self, ended: &Result<()>) -> i32 {
        match ended {
            Ok(()) => 0,
            Err(Refused { error, .. }) => match error.kind {
                ErrorKind::Exit(code) => {
                    if !error.message.is_empty() {
                        output::complain(&self.ctx, &error.message);
                    }
                    i32::from(code)
                }
                _ => {
                    super::failure::file(&self.ctx, error);
                    FAILED
                }
            },
        }
    }

    /// In a deterministic run, waits for the turn to perform an operation.
    fn await_turn(&self, op: &Op) {
        if !is_noted(op.code) {
            return;
        }
        while turns::take(&self.ctx) == Some(Turn::Arrive) {
            if op.code == OpCode::Select {
                self.arrive_at(op);
                let told = turns::drawn_numbers().into_iter().map(|case| (case, 0)).collect::<Vec<_>>();
                self.note_arrivals(op, &told);
            }
            if let Target::Object(object) = op.target {
                let line = self.arrive_at(op);
                super::perform::arrive(&self.ctx, object, line, 0, op.noted_args().as_slice());
            }
        }
    }

    /// A barrier may say how long a wait at it takes at most.
    fn limit(&self, op: &mut Op) {
        if let (OpCode::BarrierWait, Target::Object(object)) = (op.code, op.target)
            && object.kind == ObjectKind::Barrier
        {
            op.wait_at_most(barrier::timeout_of(self.ctx.arena, find(self.ctx.arena, object.id)));
        }
    }

    /// Performs an operation and notes its event.
    fn perform(&mut self, op: &mut Op, vm: &Vm) -> Outcome {
        if op.code != OpCode::Start {
            self.reap_earlier();
        }
        if !keeps_waiters_asleep(op.code) {
            self.ctx.keep_no_longer();
        }
        match op.code {
            OpCode::Select => return self.select(op, vm),
            OpCode::Await => return self.await_condition(op),
            _ => {}
        }
        let line = self.arrive_at(op);
        let mut about = About { object: None, actor: None, line };
        match op.target {
            Target::Object(object) => about.object = Some(object.id),
            Target::Actor(actor) => about.actor = Some(actor.0),
            Target::Result(result) => about.object = Some(result.0),
            Target::None => {}
        }
        // A message that is put in a channel is moved: its event needs it as well.
        let mut args = std::mem::take(&mut self.noted);
        if self.is_traced() {
            op.note_args(&mut args);
        }
        let asked = op.code;
        let came = self.act(op, vm, &mut about);
        let code = op.code;
        // The method of a handle that a variable holds: so far it was read.
        let is_handle = (asked, code) == (OpCode::CellMethod, OpCode::CellRead);
        if is_handle {
            args.truncate(1);
        }
        if let Ok(done) = &came
            && code.brings_a_value()
        {
            self.process.hold_received(&self.ctx, &done.value);
        }
        let call = came.as_ref().ok().and_then(|done| done.call);
        // The last at a barrier has noted its arrival; it passes when it has run the action.
        if is_noted(code) && !(call.is_some() && code == OpCode::BarrierWait) {
            self.note_event(op, &about, &args, &came);
        }
        hand::empty(&self.ctx);
        args.clear();
        self.noted = args;
        match came {
            Ok(_) if let Some((code, then)) = call => Outcome::Call { code, then },
            Ok(done) if is_handle => Outcome::Handle(done.value),
            Ok(done) => Outcome::Value(done.value),
            // The VM fills in where and who, but for what a worker raised.
            Err(refused) => Outcome::Raise(refused.error),
        }
    }

    /// Notes the event of an operation.
    pub(super) fn note_event(&self, op: &Op, about: &About, args: &[Value], came: &Result) {
        let (ticket, cause) = match came {
            Ok(done) => (done.ticket, done.cause),
            Err(refused) => (refused.ticket, refused.cause),
        };
        let ticket = if ticket == 0 { self.late_ticket(op) } else { ticket };
        let came = came.as_ref().map(|done| &done.value).map_err(|refused| &refused.error);
        let About { object, actor, line } = *about;
        self.ctx.note(&Note { op: op.code, line, object, actor, ticket, cause, args, came });
    }

    /// The ticket of an operation that came to its end without looking at its target's state: any moment is right.
    fn late_ticket(&self, op: &Op) -> u64 {
        let arena = self.ctx.arena;
        let off = match op.target {
            Target::None => return 0,
            Target::Actor(actor) => slot_at(actor.0),
            Target::Result(result) => find(arena, result.0),
            Target::Object(object) => match find(arena, object.id) {
                off if object.kind == ObjectKind::Condition => condition::lock_of(arena, off),
                off => off,
            },
        };
        if off.is_null() {
            return 0;
        }
        let locked = self.ctx.lock(off);
        match op.target {
            Target::Object(object) if object.kind == ObjectKind::PipeEnd => pipe::tick(arena, off),
            _ => locked.tick(),
        }
    }

    pub(super) fn is_traced(&self) -> bool {
        self.ctx.arena.header().tracing.load(Relaxed) != 0
    }

    /// Publishes where the actor is; gives the line, for its event.
    pub(super) fn arrive_at(&self, op: &Op) -> u32 {
        let span = self.process.plan.image.program.span_of(op.site).unwrap_or_default();
        self.ctx.slot.span[0].store(span.start, Relaxed);
        self.ctx.slot.span[1].store(span.end, Relaxed);
        self.line_of(op)
    }

    /// The line of an operation, for its event.
    pub(super) fn line_of(&self, op: &Op) -> u32 {
        let program = &self.process.plan.image.program;
        let span = program.span_of(op.site).unwrap_or_default();
        if self.is_traced() { program.source.line_of(span.start) } else { 0 }
    }

    /// A number of chance, where any order will do.
    pub(super) fn some_number(&mut self) -> usize {
        self.chances = self.chances.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x2545_f491_4f6c_dd1d);
        (self.chances >> 33) as usize
    }

    pub(super) fn act(&mut self, op: &mut Op, vm: &Vm, about: &mut About) -> Result {
        match op.target {
            Target::None => self.act_alone(op, vm, about),
            Target::Actor(actor) => self.act_on_actor(op, actor),
            Target::Object(object) => self.act_on_object(op, object, about),
            Target::Result(result) => self.act_on_result(op, result.0),
        }
    }

    fn act_alone(&mut self, op: &mut Op, vm: &Vm, about: &mut About) -> Result {
        let ctx = &self.ctx;
        match op.code {
            OpCode::Print => output::print(ctx, op.args.get(0)),
            OpCode::Mark => Ok(output::mark(ctx)),
            OpCode::Sleep => actor::sleep(ctx, op.args.get(0)),
            OpCode::Yield => {
                std::thread::yield_now();
                Ok(Done::default())
            }
            OpCode::Now => Ok(Done::value(Value::Elapsed(self.since_begin() as i64))),
            OpCode::Random | OpCode::Shuffle | OpCode::Choose if turns::are_on(ctx.arena) => {
                turns::drawn().map(Done::value).ok_or_else(|| fault::empty_range().into())
            }
            OpCode::Random => self.random().in_range(op.args.get(0)).map(Done::value).map_err(Refused::from),
            OpCode::Shuffle => self.random().shuffle(op.args.get(0)).map(Done::value).map_err(Refused::from),
            OpCode::Choose => self.random().choose(op.args.get(0)).map(Done::value).map_err(Refused::from),
            OpCode::Pid | OpCode::Ppid | OpCode::Tid if turns::are_on(ctx.arena) => {
                Ok(Done::value(Value::Pid(self.virtual_id(op.code))))
            }
            OpCode::Pid => Ok(Done::value(Value::Pid(std::process::id() as i64))),
            OpCode::Ppid => Ok(Done::value(Value::Pid(std::os::unix::process::parent_id() as i64))),
            OpCode::Tid => Ok(Done::value(Value::Pid(super::sys::tid() as i64))),
            OpCode::Name => Ok(Done::value(values::text(&self.shown_name(ctx.me)))),
            OpCode::Outcome => Ok(Done::default()),
            OpCode::Deadline => Ok(Done::value(match op.args.get(0) {
                Value::Duration(ns) | Value::Elapsed(ns) => {
                    Value::Elapsed((self.since_begin() as i64).saturating_add((*ns).max(0)))
                }
                _ => Value::None,
            })),
            OpCode::DeadlineLeft => Ok(Done::value(match op.args.get(0) {
                Value::Elapsed(at) => Value::Duration((*at).saturating_sub(self.since_begin() as i64).max(0)),
                _ => Value::None,
            })),
            OpCode::TimerWait => {
                about.actor = Some(ctx.me);
                actor::timer_wait(ctx, op.args.get(0))
            }
            OpCode::Start => self.start(op, vm, about),
            OpCode::Create => self.create(op, vm),
            OpCode::PoolTake => {
                about.object = Some(ctx.arena.at::<ObjectHeader>(self.my_pool()).id.load(Relaxed));
                pool::worker::take(ctx, self.my_pool())
            }
            OpCode::PoolCall => {
                about.object = Some(ctx.arena.at::<ObjectHeader>(self.my_pool()).id.load(Relaxed));
                pool::call::next(ctx, self.my_pool())
            }
            OpCode::PoolCalled => {
                if let Value::Error(error) = op.args.get(0)
                    && !matches!(error.kind, ErrorKind::Exit(_))
                {
                    super::failure::file(ctx, error);
                }
                let (done, result) = pool::call::called(ctx, self.my_pool());
                about.object = result;
                Ok(done)
            }
            OpCode::PoolDone => {
                let value = op.args.take(0);
                let error = match op.args.get(1) {
                    Value::Error(error) => Some(Shared::clone(error)),
                    _ => None,
                };
                let (done, result) = pool::worker::done(ctx, self.tasks_done, &value, error.as_deref());
                about.object = result;
                self.tasks_done += 1;
                Ok(done)
            }
            _ => Err(fault::no_runtime().into()),
        }
    }

    /// Nanoseconds since the run began.
    fn since_begin(&self) -> u64 {
        if turns::are_on(self.ctx.arena) {
            return turns::now_ns(&self.ctx);
        }
        super::sys::now_ns().saturating_sub(self.ctx.arena.header().epoch_ns.load(Relaxed))
    }

    /// The process or thread id of a deterministic run, the same at every run.
    fn virtual_id(&self, code: OpCode) -> i64 {
        let arena = self.ctx.arena;
        let process = self.process.actor;
        match code {
            OpCode::Tid => pid_of(self.ctx.me),
            OpCode::Ppid => match actor::slot(arena, process).parent.load(Relaxed).checked_sub(1) {
                Some(parent) => pid_of(actor::slot(arena, parent).process.load(Relaxed)),
                None => pid_of(super::supervisor::SUPERVISOR),
            },
            _ => pid_of(process),
        }
    }

    fn my_pool(&self) -> Off {
        Off(self.ctx.slot.pool.load(Relaxed))
    }

    fn random(&mut self) -> &mut Random {
        let seed = self.ctx.arena.header().seed.load(Relaxed);
        self.random.get_or_insert_with(|| Random::new(seed, &self.name))
    }

    /// The name that `name()` gives: the one behind `as`, or the instance's.
    pub(super) fn shown_name(&self, of: u32) -> String {
        let slot = actor::slot(self.ctx.arena, of);
        let number = slot.template.load(Relaxed).wrapping_sub(1) as usize;
        let template = match actor::kind_of(slot) {
            ActorKind::Main | ActorKind::Worker => None,
            _ => self.process.plan.image.program.templates.get(number),
        };
        match template.and_then(|template| template.display.as_deref()) {
            Some(display) => display.to_owned(),
            None => actor::name(self.ctx.arena, of),
        }
    }

    fn create(&mut self, op: &mut Op, vm: &Vm) -> Result {
        let value = create::private(&self.ctx, &self.process, &op.args)?;
        if let Value::Int(decl) = op.args.get(0) {
            let spec = self.process.spec(*decl as u32).map(|spec| (spec.kind, Arc::clone(&spec.name)));
            if let (Some((ObjectKind::Pool, name)), Value::Object(pool)) = (spec, &value) {
                let name = Arc::from(self.in_its_process(name.to_string()));
                self.start_workers(pool.id, *decl as u32, &name, vm.privates())?;
            }
        }
        Ok(Done::value(value))
    }

    /// Starts an instance of a template.
    fn start(&mut self, op: &Op, vm: &Vm, about: &mut About) -> Result {
        let program = Arc::clone(&self.process.plan.image.program);
        let Value::Int(number) = op.args.get(0) else { return Err(fault::no_runtime().into()) };
        let number = *number as u32;
        let Some(template) = program.templates.get(number as usize) else { return Err(fault::no_runtime().into()) };
        let index = op.args.get(1);
        let mut args = Vec::new();
        if !matches!(index, Value::None) {
            args.push(index.clone());
        }
        if let Value::List(given) = op.args.get(2) {
            args.extend(given.iter().cloned());
        }
        let is_process = template.kind == ActorKind::Process;
        Room::of_one(is_process).take(self.ctx.arena)?;
        let name = self.instance_name(template, number, index);
        let birth = Birth {
            kind: template.kind,
            template: Some(number),
            process: (!is_process).then_some(self.process.actor),
            parent: Some(self.ctx.me),
            daemon: template.daemon,
            name: &name,
            args: &args,
            started: self.ctx.place(),
        };
        let child = if is_process {
            process::start(&self.ctx, &self.process, &Begin::Template(number), &birth)?
        } else {
            self.start_thread(&birth, vm)?
        };
        self.children.push(child);
        about.actor = Some(child);
        Ok(Done::new(Value::Actor(ActorRef(child)), actor::START_TICKET, 0))
    }

    fn start_thread(&self, birth: &Birth<'_>, vm: &Vm) -> Result<u32> {
        let child = actor::register(self.ctx.arena, birth)?;
        let ctx = Ctx::new(self.ctx.arena, child, self.ctx.kick);
        let (process, privates) = (Arc::clone(&self.process), vm.privates());
        let spawned = self.process.spawn_thread(birth.name, move || {
            ctx.slot.pid.store(std::process::id(), Release);
            ctx.slot.tid.store(super::sys::tid(), Release);
            ctx.slot.state.store(state::RUNNING, Release);
            let code = World::new(ctx.clone(), process).with_privates(privates).live();
            actor::end_myself(&ctx, code);
        });
        if let Err(error) = spawned {
            actor::refuse(&self.ctx, child);
            return Err(fail(ErrorKind::TooLarge, &format!("the system refused to start a thread: {error}")));
        }
        Ok(child)
    }

    fn instance_name(&self, template: &Template, number: u32, index: &Value) -> String {
        let shown = match index {
            Value::None => template.name.to_string(),
            index => format!("{}[{}]", template.name, values::show(index)),
        };
        if template.kind == ActorKind::Process {
            return create::process_name(self.ctx.arena, &self.process.plan, number, index, &shown);
        }
        self.in_its_process(self.process.thread_name(number, &shown))
    }

    /// The name of what belongs to one process.
    fn in_its_process(&self, name: String) -> String {
        match actor::kind_of(actor::slot(self.ctx.arena, self.process.actor)) {
            ActorKind::Main => name,
            _ => format!("{}.{name}", actor::name(self.ctx.arena, self.process.actor)),
        }
    }
}

/// Operations that are no step of the scenario's own.
fn is_noted(code: OpCode) -> bool {
    !matches!(code, OpCode::Deadline | OpCode::DeadlineLeft | OpCode::Pid | OpCode::Ppid | OpCode::Tid | OpCode::Name)
}

/// How an object of a declaration is reached.
pub(super) fn transport_of(process: &Process, decl: u32) -> Transport {
    process.plan.transports.get(decl as usize).map_or(Transport::Arena, |(transport, _)| *transport)
}

/// Whether an operation may come while those who were notified are asleep: it lets the lock go, or takes no time.
fn keeps_waiters_asleep(op: OpCode) -> bool {
    use OpCode::{ConditionNotify, ConditionNotifyAll, ConditionWait, LockRelease};
    matches!(op, LockRelease | ConditionNotify | ConditionNotifyAll | ConditionWait)
}
