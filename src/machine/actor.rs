//! Actors as the machine keeps them.
//!
//! Answers for: their shape. Never steps one.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::MAIN;
use super::object::object_of;
use super::watch::{Flag, Kind};
use crate::program::ActorKind;
use crate::program::op::{Op, OpCode, Site};
use crate::value::Error;
use crate::vm::Vm;

/// An actor.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    pub(super) id: u32,
    pub(super) name: Arc<str>,
    pub(super) kind: ActorKind,
    /// Its template; of a worker the declaration of its pool.
    pub(super) template: Option<u32>,
    /// The first actor of its process.
    pub(super) process: u32,
    /// Who started it.
    pub(super) parent: Option<u32>,
    pub(super) daemon: bool,
    /// Whom it started, in order.
    pub(super) children: Vec<u32>,
    pub(super) phase: Phase,
    /// Its computing; none once its body has ended.
    pub(super) vm: Option<Vm>,
    /// Where its last visible operation stands.
    pub(super) last: Site,
    /// Of main: it is in `finally`.
    pub(super) in_finally: bool,
    /// Of a timer: it was cancelled in time.
    pub(super) cancelled: bool,
    /// Of a timer: its time is over and its body has begun.
    pub(super) begun: bool,
    /// A wait of its timed out since it last set itself a deadline.
    pub(super) late: bool,
    /// Of a worker: its pool, and the task in hand.
    pub(super) pool: Option<u32>,
    pub(super) task: Option<InHand>,
    /// Of a worker: how many tasks it has done.
    pub(super) tasks_done: u32,
    /// Of the actor that runs a pool's callbacks: the result whose callback runs.
    pub(super) calling: Option<u32>,
    /// What it took out in its last step.
    pub(super) hand: Option<Box<super::hand::Hand>>,
    /// What it was begun with, but for which objects and actors it was given: equal for those that do the same.
    pub(super) alike: u64,
    /// What belongs to its process: of the first actor of one.
    pub(super) process_wide: Arc<ProcessWide>,
}

/// What the threads of a process share.
#[derive(Clone, Debug, Default)]
pub(super) struct ProcessWide {
    /// Ends of pipes that were held here: whether they still are.
    pub(super) ends: BTreeMap<u32, bool>,
    /// How many threads were started of each template and index.
    pub(super) threads: BTreeMap<(u32, String), u32>,
    /// Signals on their way.
    pub(super) signals: Vec<i32>,
}

/// A task that a worker runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InHand {
    pub(super) result: u32,
    pub(super) part: u32,
}

/// Where an actor is in its life.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    /// Before, or in, a visible operation.
    At(At),
    /// In a condition's wait, notified or out of time: it is to take the lock again.
    Again { op: Arc<Op>, depth: u32, woken: bool },
    /// In the middle of a long computation.
    Computing,
    /// Its body has ended; its children have not all.
    Closing {
        came: Result<(), Error>,
        /// Its daemon children have been terminated.
        dismissed: bool,
    },
    /// Killed, which nobody has noticed.
    Dead { code: i32 },
    /// Over.
    Ended { code: i32 },
}

/// Before, or in, a visible operation.
#[derive(Clone, Debug)]
pub(super) struct At {
    pub(super) op: Arc<Op>,
    /// It has begun and waits, where that was a step.
    pub(super) parked: bool,
    /// Of a case of a `select` that was chosen and takes its time: which.
    pub(super) case: Option<u32>,
    /// When a timed wait is over (virtual time).
    pub(super) deadline: Option<u64>,
}

impl Actor {
    /// Whether it is the first of a process.
    pub(super) fn is_process(&self) -> bool {
        self.process == self.id
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Ended { .. })
    }

    /// Whether it can still do anything.
    pub(super) fn is_alive(&self) -> bool {
        !matches!(self.phase, Phase::Ended { .. } | Phase::Dead { .. })
    }

    /// Whether something is true of it.
    pub(super) fn is(&self, flag: Flag) -> bool {
        match flag {
            Flag::Ended => self.has_ended(),
            Flag::Awaited => !self.has_ended() && (!self.daemon || self.is_process()),
            Flag::Dismissed => self.daemon && self.is_process() && self.is_alive(),
        }
    }

    pub(super) fn counts_as(&self, kind: Kind) -> bool {
        self.is_process() == (kind == Kind::Process)
    }

    /// Whether it is over, or ends with main's process, whatever it does: a daemon thread of it.
    pub(super) fn is_gone(&self) -> bool {
        self.has_ended() || (self.daemon && !self.is_process() && self.process == MAIN)
    }

    /// Whether it has begun to wait for an event or a latch, and in which case of its `select`.
    pub(super) fn parked_in(&self, object: u32) -> Option<Option<u32>> {
        let here = |op: &Op| matches!(op.code, OpCode::EventWait | OpCode::LatchWait) && object_of(op) == Some(object);
        match &self.phase {
            Phase::At(at) if at.parked && here(&at.op) => Some(None),
            Phase::At(at) if at.parked => (0..).zip(&at.op.cases).find(|(_, op)| here(op)).map(|(case, _)| Some(case)),
            _ => None,
        }
    }

    /// The operation it waits in, on the way to its end included.
    pub(super) fn op(&self) -> Option<&Arc<Op>> {
        match &self.phase {
            Phase::At(at) => Some(&at.op),
            Phase::Again { op, .. } => Some(op),
            _ => None,
        }
    }
}
