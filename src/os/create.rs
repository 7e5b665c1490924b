//! Making the objects of a scenario: those at file level before anything runs, those of a body when it gets there.
//!
//! Answers for: from declaration and arguments to an object in the arena, and the names of instances. Never decides on
//! a transport (the plan did).

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU32};

use super::arena::{Arena, Off};
use super::layout::ObjectHeader;
use super::object::channel::Channel;
use super::object::{
    Identity, Result, barrier, cell, condition, count_arg, event, fail, find, frame, kind_number, latch, lock, once,
    pipe, pool, queue, rwlock, semaphore,
};
use super::park::Ctx;
use super::process::{EndFds, Process, is_in_process};
use super::values;
use super::world::transport_of;
use crate::plan::{Plan, PlannedObject, Transport};
use crate::program::ObjectSpec;
use crate::program::fault;
use crate::program::op::Args;
use crate::value::{ErrorKind, ObjectKind, ObjectRef, Shared, Value};

/// Makes the objects at file level, in the order of their ids. The descriptors are the supervisor's to keep open.
pub(super) fn file_level(arena: Arena, plan: &Plan) -> Result<Vec<OwnedFd>> {
    let identity = |object: &PlannedObject| {
        let is_array = plan.image.program.objects.get(object.decl as usize).is_some_and(|spec| spec.is_array);
        let (index, private) = (object.index.filter(|_| is_array), is_in_process(object.transport));
        Identity { decl: Some(object.decl), index, owner: None, private }
    };
    for (expected, object) in plan.objects.iter().enumerate() {
        let id = make(arena, object.kind, identity(object), &object.setup, plan.image.cores)?;
        if id as usize != expected {
            return Err(fail(ErrorKind::ValueError, "objects were made out of order"));
        }
    }
    for (id, object) in plan.objects.iter().enumerate().filter(|(_, object)| object.kind == ObjectKind::Condition) {
        let over = lock_of_condition(object.setup.first())?;
        condition::join_lock(arena, id as u32, identity(object), over)?;
    }
    let mut vault = Vec::new();
    for (id, object) in plan.objects.iter().enumerate() {
        let Some(peer) = object.peer else { continue };
        pipe::connect(arena, id as u32, peer);
        let receives = plan.image.program.objects.get(object.decl as usize).is_some_and(|spec| spec.receives);
        if receives {
            let (read, write) = kernel_pipe()?;
            arena.at::<pipe::EndState>(find(arena, id as u32)).read_fd.store(read.as_raw_fd() as u32 + 1, Relaxed);
            arena.at::<pipe::EndState>(find(arena, peer)).write_fd.store(write.as_raw_fd() as u32 + 1, Relaxed);
            vault.extend([read, write]);
        }
    }
    Ok(vault)
}

fn kernel_pipe() -> Result<(OwnedFd, OwnedFd)> {
    let ends = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC | nix::fcntl::OFlag::O_NONBLOCK)
        .map_err(|errno| fail(ErrorKind::TooLarge, &format!("the system refused a pipe: {}", errno.desc())))?;
    frame::widen(&ends.1);
    Ok(ends)
}

/// The lock over which a condition is declared.
fn lock_of_condition(arg: Option<&Value>) -> Result<Option<u32>> {
    match arg {
        None | Some(Value::None) => Ok(None),
        Some(Value::Object(ObjectRef { id, kind: ObjectKind::Lock | ObjectKind::Rlock, .. })) => Ok(Some(*id)),
        Some(_) => Err(fault::condition_over().into()),
    }
}

/// Makes one object. `setup` holds the arguments in the order of [`ObjectSpec::arguments`], then the start value.
fn make(arena: Arena, kind: ObjectKind, who: Identity, setup: &[Value], cores: u32) -> Result<u32> {
    let arg = |index: usize| setup.get(index).unwrap_or(&Value::None);
    let count = |index: usize, what: &str, default: i64| match arg(index) {
        Value::None => Ok(default),
        given => count_arg(given, what),
    };
    match kind {
        ObjectKind::Queue => queue::create(arena, who, capacity(arg(0))?, order(arg(1))?),
        ObjectKind::PipeEnd => pipe::create(arena, who),
        ObjectKind::Lock => lock::create(arena, kind_number(kind), who, false),
        ObjectKind::Rlock => lock::create(arena, kind_number(kind), who, true),
        ObjectKind::Condition => condition::create(arena, who),
        ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => {
            semaphore::create(arena, kind, who, count(0, "a semaphore's value", 1)?)
        }
        ObjectKind::Event => event::create(arena, who),
        ObjectKind::Barrier => {
            let parties = count(0, "a barrier's parties", 0)?;
            barrier::create(arena, who, parties, fault::timeout_of_barrier(arg(1))?)
        }
        ObjectKind::Shared => {
            let room = count(0, "a variable's room", cell::ROOM_BYTES)?;
            cell::create(arena, kind, who, room, arg(1))
        }
        ObjectKind::Atomic => cell::create(arena, kind, who, cell::ROOM_BYTES, arg(0)),
        ObjectKind::Pool => {
            let threads = !matches!(arg(1), Value::None);
            let workers = count(usize::from(threads), "the number of workers", i64::from(cores))?;
            let limit = match arg(2) {
                Value::None => None,
                given => Some(count_arg(given, "`tasks_per_child`")?),
            };
            pool::create(arena, who, pool::Making { workers, threads, tasks_per_child: limit })
        }
        ObjectKind::Latch => latch::create(arena, who, count(0, "a latch's count", 0)?),
        ObjectKind::Rwlock => rwlock::create(arena, who),
        ObjectKind::Once => once::create(arena, who),
    }
}

fn capacity(value: &Value) -> Result<Option<i64>> {
    match value {
        Value::None => Ok(None),
        given => match count_arg(given, "a queue's capacity")? {
            capacity if capacity < 0 => Err(fault::negative_capacity(capacity).into()),
            capacity => Ok(Some(capacity)),
        },
    }
}

fn order(value: &Value) -> Result<queue::Order> {
    match values::text_of(value).as_str() {
        "" | "none" | "fifo" => Ok(queue::Order::Fifo),
        "lifo" => Ok(queue::Order::Lifo),
        "priority" => Ok(queue::Order::Priority),
        _ => Err(fault::unknown_order().into()),
    }
}

/// Makes what a body declares: the arguments are those of [`crate::program::op::OpCode::Create`].
pub(super) fn private(ctx: &Ctx, process: &Process, args: &Args) -> Result<Value> {
    let Value::Int(decl) = args.get(0) else { return Ok(Value::None) };
    let decl = *decl as u32;
    let Some(spec) = process.spec(decl) else { return Ok(Value::None) };
    let mut setup = match args.get(2) {
        Value::List(setup) => setup.to_vec(),
        _ => Vec::new(),
    };
    setup.resize(ObjectSpec::arguments(spec.kind).len(), Value::None);
    let starts = |index: u32| match args.get(3) {
        Value::List(values) if !matches!(args.get(1), Value::None) => {
            values.get(index as usize).cloned().unwrap_or(Value::None)
        }
        value => value.clone(),
    };
    let one = |decl: u32, index: Option<u32>| -> Result<(u32, Value)> {
        let private = is_in_process(transport_of(process, decl));
        let who = Identity { decl: Some(decl), index, owner: Some(process.actor), private };
        let mut setup = setup.clone();
        setup.push(starts(index.unwrap_or(0)));
        let kind = process.spec(decl).map_or(spec.kind, |spec| spec.kind);
        let id = make(ctx.arena, kind, who, &setup, process.plan.image.cores)?;
        if kind == ObjectKind::Condition {
            condition::join_lock(ctx.arena, id, who, lock_of_condition(setup.first())?)?;
        }
        Ok((id, Value::Object(ObjectRef { id, kind, role: 0 })))
    };
    let count = match args.get(1) {
        Value::None => None,
        given => Some(array_length(given)?),
    };
    let indices: Vec<Option<u32>> = count.map_or_else(|| vec![None], |count| (0..count).map(Some).collect());
    let gather = |values: Vec<Value>| match count {
        None => values.into_iter().next().unwrap_or_default(),
        Some(_) => Value::List(Shared::new(values)),
    };
    let Some(peer) = spec.peer else {
        let made: Result<Vec<Value>> = indices.into_iter().map(|index| Ok(one(decl, index)?.1)).collect();
        return made.map(gather);
    };
    let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
    for index in indices {
        let ((first, first_value), (second, second_value)) = (one(decl, index)?, one(peer, index)?);
        private_pipe(ctx, process, spec, first, second)?;
        firsts.push(first_value);
        seconds.push(second_value);
    }
    Ok(values::pair(gather(firsts), gather(seconds)))
}

/// Most elements of an array of objects.
const ARRAY_MAX: i64 = 65_536;

fn array_length(value: &Value) -> Result<u32> {
    match count_arg(value, "the length of an array")? {
        length @ 0..=ARRAY_MAX => Ok(length as u32),
        _ => Err(fault::array_length().into()),
    }
}

/// Connects two ends that live in one process.
fn private_pipe(ctx: &Ctx, process: &Process, spec: &ObjectSpec, first: u32, second: u32) -> Result<()> {
    pipe::connect(ctx.arena, first, second);
    let (read, write) = kernel_pipe()?;
    let fds = |read, write| EndFds { read, write, closed: AtomicBool::new(false) };
    let (mut here, mut there) = (fds(Some(read), None), fds(None, Some(write)));
    if spec.sends {
        let (read, write) = kernel_pipe()?;
        (there.read, here.write) = (Some(read), Some(write));
    }
    for (id, fds) in [(first, here), (second, there)] {
        process.hold_private(ctx, id, fds)?;
    }
    Ok(())
}

/// The channel of a queue, where the plan gave it one.
pub(super) fn channel_of(process: &Process, id: u32, off: Off) -> Option<Arc<Channel>> {
    let header: &ObjectHeader = process.arena.at(off);
    let decl = header.decl.load(Relaxed).checked_sub(1)?;
    let capacity = queue::capacity_of(process.arena, off);
    // Whether a queue of a body is a rendezvous may be known only here.
    (transport_of(process, decl) == Transport::Channel && capacity != Some(0)).then(|| process.channel(id, capacity))
}

/// Room for a counter for each instance of each template that can be started more than once.
pub(super) fn instance_counters(arena: Arena, plan: &Plan) -> Result<()> {
    let total: usize = (0..plan.image.program.templates.len()).map(|template| counters_of(plan, template)).sum();
    let off = arena.alloc_zeroed(total.max(1) * super::arena::UNIT)?;
    arena.header().instances.store(off.0, Relaxed);
    Ok(())
}

fn counters_of(plan: &Plan, template: usize) -> usize {
    plan.image.replicas.get(template).and_then(Option::as_ref).map_or(1, |indices| indices.len().max(1))
}

/// The instance name of the next process of a template: `write`, then `write#2`.
pub(super) fn process_name(arena: Arena, plan: &Plan, template: u32, index: &Value, shown: &str) -> String {
    let before: usize = (0..template as usize).map(|template| counters_of(plan, template)).sum();
    let position = plan
        .image
        .replicas
        .get(template as usize)
        .and_then(Option::as_ref)
        .and_then(|indices| indices.iter().position(|at| at == index))
        .unwrap_or(0);
    let counters = Off(arena.header().instances.load(Relaxed));
    let counter: &AtomicU32 = arena.at(Off(counters.0 + (before + position) as u32));
    match counter.fetch_add(1, SeqCst) + 1 {
        1 => shown.to_owned(),
        count => format!("{shown}#{count}"),
    }
}
