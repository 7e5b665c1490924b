//! Making objects: those at file level before anything runs, those of a body when it gets there.

use super::barrier::Barrier;
use super::cell::{Cell, ROOM_BYTES};
use super::condition::{Condition, Under};
use super::event::Event;
use super::latch::Latch;
use super::lock::Lock;
use super::once::Once;
use super::pipe::End;
use super::pool::Pool;
use super::queue::{Order, Queue};
use super::rwlock::Rwlock;
use super::semaphore::Semaphore;
use super::{Came, Entry, Object, fault, pair, pipe};
use crate::machine::step::Tx;
use crate::machine::{Machine, State, life};
use crate::program::op::Op;
use crate::program::{ObjectSpec, fault::not_a_count};
use crate::value::{Error, ObjectKind, ObjectRef, Value};
use crate::vm::Vm;

/// Most elements of an array of objects.
const ARRAY_MAX: i64 = 65_536;

/// Makes the objects at file level, in the order of their ids.
pub(in crate::machine) fn file_level(machine: &Machine, state: &mut State) -> Result<(), Error> {
    let plan = &machine.plan;
    for object in &plan.objects {
        let spec = plan.image.program.objects.get(object.decl as usize);
        let entry = Entry {
            id: 0,
            decl: Some(object.decl),
            index: object.index.filter(|_| spec.is_some_and(|spec| spec.is_array)),
            owner: None,
            object: make(object.kind, spec, &object.setup, plan.image.cores)?,
        };
        let id = state.add_object(entry);
        if let (Some(peer), Some(Object::End(end))) = (object.peer, state.object_mut(id)) {
            end.peer = peer;
        }
    }
    // The first of the two ends of a pipe knows its peer; the other learns it here.
    for (id, object) in (0..).zip(&plan.objects) {
        if let Some(Object::End(end)) = object.peer.and_then(|peer| state.object_mut(peer)) {
            end.peer = id;
        }
    }
    Ok(())
}

fn count(value: &Value, what: &str, default: i64) -> Result<i64, Error> {
    match value {
        Value::None => Ok(default),
        Value::Int(count) | Value::Pid(count) => Ok(*count),
        _ => Err(not_a_count(what)),
    }
}

/// Makes one. `setup` holds the arguments in the order of [`ObjectSpec::arguments`], then the start value.
fn make(kind: ObjectKind, spec: Option<&ObjectSpec>, setup: &[Value], cores: u32) -> Result<Object, Error> {
    let arg = |at: usize| setup.get(at).unwrap_or(&Value::None);
    Ok(match kind {
        ObjectKind::Queue => Object::Queue(Queue::new(capacity(arg(0))?, order(arg(1))?)),
        ObjectKind::PipeEnd => {
            Object::End(End::new(spec.is_some_and(|spec| spec.sends), spec.is_some_and(|spec| spec.receives)))
        }
        ObjectKind::Lock => Object::Lock(Lock::new(false)),
        ObjectKind::Rlock => Object::Lock(Lock::new(true)),
        ObjectKind::Condition => Object::Condition(Condition::new(match arg(0) {
            Value::None => Under::Own(Lock::new(true)),
            Value::Object(ObjectRef { id, kind: ObjectKind::Lock | ObjectKind::Rlock, .. }) => Under::Declared(*id),
            _ => return Err(fault::condition_over()),
        })),
        ObjectKind::Semaphore | ObjectKind::BoundedSemaphore => {
            let value = count(arg(0), "a semaphore's value", 1)?;
            if value < 0 {
                return Err(fault::negative_semaphore(value));
            }
            Object::Semaphore(Semaphore::new(value, kind == ObjectKind::BoundedSemaphore))
        }
        ObjectKind::Event => Object::Event(Event::default()),
        ObjectKind::Barrier => {
            let parties = count(arg(0), "a barrier's parties", 0)?;
            if !(1..=i64::from(u32::MAX)).contains(&parties) {
                return Err(fault::no_parties(parties));
            }
            Object::Barrier(Barrier::new(parties, fault::timeout_of_barrier(arg(1))?))
        }
        ObjectKind::Shared => Object::Cell(Cell::new(arg(1).clone(), count(arg(0), "a variable's room", ROOM_BYTES)?)?),
        ObjectKind::Atomic => Object::Cell(Cell::new(arg(0).clone(), ROOM_BYTES)?),
        ObjectKind::Pool => {
            let threads = !matches!(arg(1), Value::None);
            let workers = count(arg(usize::from(threads)), "the number of workers", i64::from(cores))?;
            let limit = match arg(2) {
                Value::None => None,
                given => Some(count(given, "`tasks_per_child`", 0)?),
            };
            Object::Pool(Pool::new(workers, threads, limit)?)
        }
        ObjectKind::Latch => Object::Latch(Latch::new(count(arg(0), "a latch's count", 0)?)?),
        ObjectKind::Rwlock => Object::Rwlock(Rwlock::default()),
        ObjectKind::Once => Object::Once(Once::default()),
    })
}

fn capacity(value: &Value) -> Result<Option<i64>, Error> {
    match value {
        Value::None => Ok(None),
        given => match count(given, "a queue's capacity", 0)? {
            capacity if capacity < 0 => Err(fault::negative_capacity(capacity)),
            capacity => Ok(Some(capacity)),
        },
    }
}

fn order(value: &Value) -> Result<Order, Error> {
    let name = match value {
        Value::Str(text) => text.text.as_str(),
        _ => "",
    };
    match name {
        "" | "none" | "fifo" => Ok(Order::Fifo),
        "lifo" => Ok(Order::Lifo),
        "priority" => Ok(Order::Priority),
        _ => Err(fault::unknown_order()),
    }
}

/// Makes what a body declares: the arguments are those of [`crate::program::op::OpCode::Create`].
pub(in crate::machine) fn create(tx: &mut Tx<'_>, me: u32, op: &Op) -> Came {
    let plan = std::sync::Arc::clone(&tx.machine.plan);
    let Value::Int(decl) = op.args.get(0) else { return Ok(Value::None) };
    let decl = *decl as u32;
    let Some(spec) = plan.image.program.objects.get(decl as usize) else { return Ok(Value::None) };
    let count = match op.args.get(1) {
        Value::None => None,
        given => match count(given, "the length of an array", 0)? {
            length @ 0..=ARRAY_MAX => Some(length as u32),
            _ => return Err(fault::array_length()),
        },
    };
    let indices: Vec<Option<u32>> = count.map_or_else(|| vec![None], |count| (0..count).map(Some).collect());
    let gather = |values: Vec<Value>| match count {
        None => values.into_iter().next().unwrap_or_default(),
        Some(_) => Value::list(values),
    };
    let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
    for index in indices {
        let (id, handle) = one(tx, me, decl, index, op)?;
        firsts.push(handle);
        let Some(peer) = spec.peer else { continue };
        let (other, handle) = one(tx, me, peer, index, op)?;
        seconds.push(handle);
        for (this, that) in [(id, other), (other, id)] {
            if let Some(Object::End(end)) = tx.state.object_mut(this) {
                end.peer = that;
            }
            let process = tx.state.process_of(me);
            pipe::hold(tx.state, process, this);
        }
    }
    Ok(if spec.peer.is_some() { pair(gather(firsts), gather(seconds)) } else { gather(firsts) })
}

fn one(tx: &mut Tx<'_>, me: u32, decl: u32, index: Option<u32>, op: &Op) -> Result<(u32, Value), Error> {
    let plan = std::sync::Arc::clone(&tx.machine.plan);
    let Some(spec) = plan.image.program.objects.get(decl as usize) else { return Err(fault::no_runtime()) };
    let mut setup = match op.args.get(2) {
        Value::List(setup) => setup.to_vec(),
        _ => Vec::new(),
    };
    setup.resize(ObjectSpec::arguments(spec.kind).len(), Value::None);
    setup.push(match (op.args.get(3), index) {
        (Value::List(values), Some(index)) => values.get(index as usize).cloned().unwrap_or_default(),
        (value, _) => value.clone(),
    });
    let process = tx.state.process_of(me);
    let object = make(spec.kind, Some(spec), &setup, plan.image.cores)?;
    let entry = Entry { id: 0, decl: Some(decl), index, owner: Some(process), object };
    let id = tx.state.add_object(entry);
    if spec.kind == ObjectKind::Pool {
        let privates = tx.state.actor(me).and_then(|actor| actor.vm.as_ref()).map(Vm::privates).unwrap_or_default();
        life::start_workers(tx, id, process, privates)?;
    }
    Ok((id, Value::Object(ObjectRef { id, kind: spec.kind, role: 0 })))
}
