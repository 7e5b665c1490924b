//! The lives of actors: how they are started, how they come to their ends.
//!
//! Answers for: starts, names, what a process holds from its start, ends. Never kills (see `kill`).

use std::sync::Arc;

use super::actor::{Actor, Phase};
use super::object::{Came, Object, pipe, pool};
use super::step::{Noted, Tx};
use super::watch::Kind;
use super::{MAIN, Machine, State, kill, shape};
use crate::plan::User;
use crate::program::op::{Args, Op, OpCode, Site, Target};
use crate::program::{ActorKind, CodeId, Template, fault};
use crate::value::{self, ActorRef, Error, ErrorKind, ObjectKind, Value};
use crate::vm::Vm;

/// SIGTERM
const TERMINATE: i32 = 15;

/// A step towards the end of an actor whose body has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Its daemon children are terminated.
    Dismiss,
    /// Main runs `finally`.
    Finally,
    /// Its process lets go of the pipes that it holds.
    LetGo,
    /// It ends.
    End,
}

/// What is known of an actor before it runs.
struct Birth {
    name: Arc<str>,
    kind: ActorKind,
    template: Option<u32>,
    /// The process it joins; none begins one of its own.
    process: Option<u32>,
    parent: Option<u32>,
    daemon: bool,
    pool: Option<u32>,
    code: Option<CodeId>,
    args: Vec<Value>,
    privates: Arc<Vec<Value>>,
    user: Option<User>,
}

/// Starts main, and the workers of the pools at file level before it does anything.
pub(super) fn start_main(tx: &mut Tx<'_>) -> Result<(), Error> {
    let birth = Birth {
        name: Arc::from("main"),
        kind: ActorKind::Main,
        template: None,
        process: None,
        parent: None,
        daemon: false,
        pool: None,
        code: Some(tx.machine.plan.image.program.main),
        args: Vec::new(),
        privates: Arc::default(),
        user: Some(User::Main),
    };
    let main = born(tx, birth)?;
    let plan = Arc::clone(&tx.machine.plan);
    for (id, _) in (0..).zip(&plan.objects).filter(|(_, object)| object.kind == ObjectKind::Pool) {
        start_workers(tx, id, main, Arc::default())?;
    }
    tx.go_on(main);
    Ok(())
}

/// Starts the workers of a pool that lives in a process.
pub(super) fn start_workers(tx: &mut Tx<'_>, id: u32, home: u32, privates: Arc<Vec<Value>>) -> Result<(), Error> {
    let Some(Object::Pool(pool)) = tx.state.object_mut(id) else { return Ok(()) };
    (pool.home, pool.privates) = (home, privates);
    let (size, threads) = (pool.size as usize, pool.threads);
    let Some(birth) = birth_at(tx, id, true) else { return Ok(()) };
    let callers = usize::from(birth.code.is_some());
    if !threads {
        tx.machine.require_room(tx.state, size)?;
    }
    tx.machine.require_room_for_threads(tx.state, if threads { size + callers } else { callers })?;
    for _ in 0..size {
        start_worker(tx, id)?;
    }
    if birth.code.is_some() {
        let caller = born(tx, birth)?;
        if let Some(Object::Pool(pool)) = tx.state.object_mut(id) {
            pool.caller = Some(caller);
            pool.workers.push(caller);
        }
        tx.go_on(caller);
    }
    Ok(())
}

/// What is known of the next worker of a pool, or of the thread that runs its callbacks.
fn birth_at(tx: &Tx<'_>, id: u32, calls_back: bool) -> Option<Birth> {
    let plan = &tx.machine.plan;
    let entry = tx.state.entry(id)?;
    let (Some(decl), Object::Pool(pool)) = (entry.decl, &entry.object) else { return None };
    let spec = plan.image.program.objects.get(decl as usize)?;
    let name = plan.objects.get(id as usize).map_or(&spec.name, |object| &object.name);
    let shown = if calls_back { "callbacks".to_owned() } else { (pool.started + 1).to_string() };
    let is_thread = pool.threads || calls_back;
    let home = tx.state.actor(pool.home).filter(|_| pool.home != MAIN);
    let home = home.map(|home| format!("{}.", home.name)).unwrap_or_default();
    Some(Birth {
        name: Arc::from(format!("{home}{name}/{shown}")),
        kind: ActorKind::Worker,
        template: Some(decl),
        process: is_thread.then_some(pool.home),
        parent: Some(pool.home),
        daemon: true,
        pool: Some(id),
        code: if calls_back { spec.callbacks } else { spec.body },
        args: Vec::new(),
        privates: if is_thread { Arc::clone(&pool.privates) } else { Arc::default() },
        user: (!is_thread).then_some(User::Worker(decl)),
    })
}

/// Starts one worker of a pool.
pub(super) fn start_worker(tx: &mut Tx<'_>, id: u32) -> Result<(), Error> {
    let Some(birth) = birth_at(tx, id, false) else { return Ok(()) };
    if birth.process.is_none() {
        tx.machine.require_room(tx.state, 1)?;
    } else {
        tx.machine.require_room_for_threads(tx.state, 1)?;
    }
    let worker = born(tx, birth)?;
    if let Some(Object::Pool(pool)) = tx.state.object_mut(id) {
        pool.started += 1;
        pool.workers.push(worker);
    }
    tx.go_on(worker);
    Ok(())
}

/// Starts an instance of a template; gives its handle.
pub(super) fn start(tx: &mut Tx<'_>, me: u32, op: &Op) -> Came {
    let plan = Arc::clone(&tx.machine.plan);
    let Value::Int(number) = op.args.get(0) else { return Err(fault::no_runtime()) };
    let number = *number as u32;
    let Some(template) = plan.image.program.templates.get(number as usize) else { return Err(fault::no_runtime()) };
    let index = op.args.get(1);
    let mut args: Vec<Value> = (!matches!(index, Value::None)).then(|| index.clone()).into_iter().collect();
    if let Value::List(given) = op.args.get(2) {
        args.extend(given.iter().cloned());
    }
    let is_process = template.kind == ActorKind::Process;
    if is_process {
        tx.machine.require_room(tx.state, 1)?;
    } else {
        tx.machine.require_room_for_threads(tx.state, 1)?;
    }
    let name = instance_name(tx, me, template, number, index);
    let Some(starter) = tx.state.actor(me) else { return Err(fault::no_runtime()) };
    let privates = starter.vm.as_ref().filter(|_| !is_process).map(Vm::privates).unwrap_or_default();
    let birth = Birth {
        name,
        kind: template.kind,
        template: Some(number),
        process: (!is_process).then_some(starter.process),
        parent: Some(me),
        daemon: template.daemon,
        pool: None,
        code: Some(template.body),
        args,
        privates,
        user: is_process.then_some(User::Template(number)),
    };
    let child = born(tx, birth)?;
    tx.go_on(child);
    Ok(Value::Actor(ActorRef(child)))
}

impl Machine {
    fn require_room(&self, state: &State, more: usize) -> Result<(), Error> {
        let processes = state.count_alive(Kind::Process);
        if processes.saturating_add(more) > self.rules.processes_max as usize {
            return Err(fault::too_many_processes(self.rules.processes_max));
        }
        Ok(())
    }

    fn require_room_for_threads(&self, state: &State, more: usize) -> Result<(), Error> {
        let threads = state.count_alive(Kind::Thread);
        if more > 0 && threads.saturating_add(more) > self.rules.threads_max as usize {
            return Err(fault::too_many_threads(self.rules.threads_max));
        }
        Ok(())
    }

    /// What the next step towards its end is, of an actor whose body has ended.
    pub fn next_end(&self, state: &State, id: u32) -> Option<Ends> {
        let actor = state.actor(id)?;
        let Phase::Closing { came, dismissed } = &actor.phase else { return None };
        Some(if !dismissed && actor.children.iter().any(|child| state.is_to_dismiss(*child)) {
            Ends::Dismiss
        } else if self.has_finally(actor, came.is_ok()) {
            Ends::Finally
        } else if actor.is_process() && actor.process_wide.ends.values().any(|held| *held) {
            Ends::LetGo
        } else {
            Ends::End
        })
    }

    /// Whether an actor is in the middle of a long computation.
    pub fn is_computing(&self, state: &State, id: u32) -> bool {
        state.actor(id).is_some_and(|actor| matches!(actor.phase, Phase::Computing))
    }

    /// Whether an actor whose body has ended can take the next step towards its end.
    pub(super) fn can_close(&self, state: &State, id: u32) -> bool {
        let Some(actor) = state.actor(id) else { return false };
        let Phase::Closing { came, .. } = &actor.phase else { return false };
        if self.next_end(state, id) == Some(Ends::Dismiss) {
            return true;
        }
        if actor.children.iter().any(|child| state.is_awaited(*child)) {
            return false;
        }
        // `finally` is main's, once everyone else has ended.
        !self.has_finally(actor, came.is_ok()) || state.all_gone_but(id)
    }

    fn has_finally(&self, actor: &Actor, well: bool) -> bool {
        actor.kind == ActorKind::Main && well && !actor.in_finally && self.plan.image.program.finally.is_some()
    }
}

/// The next step towards an actor's end.
pub(super) fn close(tx: &mut Tx<'_>, id: u32) {
    let next = tx.machine.next_end(tx.state, id);
    let Some(actor) = tx.state.actor(id) else { return };
    let Phase::Closing { came, .. } = actor.phase.clone() else { return };
    match next {
        Some(Ends::Dismiss) => dismiss(tx, id, came),
        Some(Ends::Finally) => begin_finally(tx, id),
        Some(Ends::LetGo) => kill::let_all_go(tx, id),
        Some(Ends::End) => end(tx, id, came),
        None => {}
    }
}

/// Its daemon children are terminated.
fn dismiss(tx: &mut Tx<'_>, id: u32, came: Result<(), Error>) {
    let Some(actor) = tx.state.actor_mut(id) else { return };
    actor.phase = Phase::Closing { came, dismissed: true };
    for child in actor.children.clone() {
        if tx.state.actor(child).is_some_and(|child| child.daemon) {
            send_signal(tx, child, TERMINATE);
        }
    }
}

fn begin_finally(tx: &mut Tx<'_>, id: u32) {
    let image = Arc::clone(&tx.machine.plan.image);
    let (Some(finally), Some(main)) = (image.program.finally, tx.state.actor_mut(id)) else { return };
    let vm = Vm::new(image, finally, Vec::new(), Arc::default(), Arc::clone(&main.name));
    (main.in_finally, main.vm) = (true, Some(vm));
    main.children.clear();
    tx.go_on(id);
}

/// An actor ends by itself; with the first of a process the process does.
fn end(tx: &mut Tx<'_>, id: u32, came: Result<(), Error>) {
    let Some(actor) = tx.state.actor(id) else { return };
    let (is_process, is_worker) = (actor.is_process(), actor.kind == ActorKind::Worker);
    let code = match &came {
        Ok(()) => 0,
        Err(Error { kind: ErrorKind::Exit(code), .. }) => i32::from(*code),
        Err(_) => 1,
    };
    if is_process {
        // Its daemon threads go with it.
        let others: Vec<u32> = tx.state.members(id).into_iter().filter(|member| *member != id).collect();
        kill::cut_off(tx, &others);
        for member in others {
            pool::worker_gone(tx, member, true);
            over(tx, member, code);
        }
    }
    if is_worker {
        let has_task = tx.state.actor(id).is_some_and(|worker| worker.task.is_some());
        match came {
            Err(_) if !has_task => pool::break_pool(tx, id),
            _ => pool::worker_gone(tx, id, false),
        }
    }
    over(tx, id, code);
    let came = Ok(Value::Int(i64::from(code)));
    tx.note(id, OpCode::End, came);
}

/// An actor is over.
pub(super) fn over(tx: &mut Tx<'_>, id: u32, code: i32) {
    if let Some(actor) = tx.state.actor_mut(id) {
        actor.phase = Phase::Ended { code };
        actor.vm = None;
        actor.children = Vec::new();
        if !actor.process_wide.signals.is_empty() {
            Arc::make_mut(&mut actor.process_wide).signals.clear();
        }
    }
}

/// A signal is on its way to a process.
pub(super) fn send_signal(tx: &mut Tx<'_>, to: u32, signal: i32) {
    let Some(actor) = tx.state.actor_mut(to) else { return };
    if actor.is_process() && actor.is_alive() && !actor.process_wide.signals.contains(&signal) {
        Arc::make_mut(&mut actor.process_wide).signals.push(signal);
    }
}

impl Tx<'_> {
    /// Notes an event that is no operation of a body.
    fn note(&mut self, actor: u32, op: OpCode, came: Came) {
        let (target, site, args) = (Target::None, Site::default(), Args::none());
        self.happened.noted.push(Noted { actor, op, target, site, args, came });
    }
}

fn born(tx: &mut Tx<'_>, birth: Birth) -> Result<u32, Error> {
    let plan = Arc::clone(&tx.machine.plan);
    let head = tx.state.head_mut();
    let id = head.next_actor;
    head.next_actor += 1;
    let mut ends = Vec::new();
    if let Some(user) = birth.user {
        let globals = plan.ends_held_by(user).into_iter().filter_map(|decl| plan.image.globals.get(decl as usize));
        globals.for_each(|handles| handles.pipe_ends(&mut ends));
        birth.args.iter().for_each(|arg| arg.pipe_ends(&mut ends));
    }
    let mut vm = birth
        .code
        .map(|code| Vm::new(Arc::clone(&plan.image), code, birth.args, birth.privates, Arc::clone(&birth.name)));
    vm.iter_mut().for_each(Vm::forget_dead);
    let alike = shape::alike((birth.kind, birth.template, birth.daemon), vm.as_ref(), tx.machine.fixed());
    let actor = Actor {
        id,
        name: birth.name,
        kind: birth.kind,
        template: birth.template,
        process: birth.process.unwrap_or(id),
        parent: birth.parent,
        daemon: birth.daemon,
        children: Vec::new(),
        phase: Phase::Computing,
        vm,
        last: Site::default(),
        in_finally: false,
        cancelled: false,
        begun: false,
        late: false,
        pool: birth.pool,
        task: None,
        tasks_done: 0,
        calling: None,
        hand: None,
        alike,
        process_wide: Arc::default(),
    };
    tx.state.add_actor(actor);
    if let Some(parent) = birth.parent.and_then(|parent| tx.state.actor_mut(parent)) {
        parent.children.push(id);
    }
    ends.sort_unstable();
    ends.dedup();
    ends.into_iter().for_each(|end| pipe::hold(tx.state, id, end));
    tx.note(id, OpCode::Begin, Ok(Value::None));
    Ok(id)
}

fn instance_name(tx: &mut Tx<'_>, me: u32, template: &Template, number: u32, index: &Value) -> Arc<str> {
    let shown = match index {
        Value::None => template.name.to_string(),
        index => format!("{}[{}]", template.name, value::literal(index)),
    };
    let numbered = |shown: String, count: u32| if count == 1 { shown } else { format!("{shown}#{count}") };
    if template.kind == ActorKind::Process {
        let indices = tx.machine.plan.image.replicas.get(number as usize).and_then(Option::as_ref);
        let position = indices.and_then(|indices| indices.iter().position(|at| at == index)).unwrap_or(0);
        let count = Arc::make_mut(&mut tx.state.head_mut().instances).entry((number, position as u32)).or_insert(0);
        *count += 1;
        return Arc::from(numbered(shown, *count));
    }
    let process = tx.state.process_of(me);
    let Some(actor) = tx.state.actor_mut(process) else { return Arc::from(shown) };
    let counts = &mut Arc::make_mut(&mut actor.process_wide).threads;
    let count = counts.entry((number, shown.clone())).or_insert(0);
    *count += 1;
    let name = numbered(shown, *count);
    Arc::from(if process == MAIN { name } else { format!("{}.{name}", actor.name) })
}
