//! Operations on the handles of actors.

use super::{Came, fault, gives_up};
use crate::machine::actor::Phase;
use crate::machine::step::Tx;
use crate::machine::{State, life, local};
use crate::program::ActorKind;
use crate::program::op::{Op, OpCode, Target};
use crate::value::Value;

/// SIGTERM and SIGKILL
const TERMINATE: i32 = 15;
const KILL: i32 = 9;

pub(super) fn can(state: &State, me: u32, op: &Op) -> bool {
    let Target::Actor(actor) = op.target else { return true };
    op.code != OpCode::Join || actor.0 == me || gives_up(op) || state.has_ended(actor.0)
}

pub(super) fn perform(tx: &mut Tx<'_>, me: u32, of: u32, op: &Op) -> Came {
    let Some(actor) = tx.state.actor(of) else { return Err(fault::no_runtime()) };
    match op.code {
        OpCode::Join if of == me => Err(fault::joins_itself()),
        OpCode::Join => Ok(Value::Bool(actor.has_ended())),
        OpCode::IsAlive => Ok(Value::Bool(!actor.has_ended())),
        OpCode::ActorPid => Ok(Value::Pid(local::pid_of(actor.process))),
        OpCode::ActorName => Ok(Value::from(&*local::shown_name(tx.machine, actor))),
        OpCode::ExitCode => Ok(match actor.phase {
            Phase::Ended { code } if actor.is_process() => Value::Int(i64::from(code)),
            _ => Value::None,
        }),
        OpCode::Terminate | OpCode::Kill if !actor.is_process() => Err(fault::only_processes()),
        OpCode::Terminate | OpCode::Kill => {
            life::send_signal(tx, of, if op.code == OpCode::Kill { KILL } else { TERMINATE });
            Ok(Value::None)
        }
        OpCode::TimerCancel if actor.kind != ActorKind::Timer => Err(fault::only_timers()),
        OpCode::TimerCancel => {
            if !actor.begun
                && let Some(timer) = tx.state.actor_mut(of)
            {
                timer.cancelled = true;
            }
            Ok(Value::None)
        }
        _ => Err(fault::no_runtime()),
    }
}
