//! The machine: a pure step relation that is the meaning of the language.
//!
//! A state holds every actor, with its computing stopped before its next visible operation, and every object. A step is
//! one visible operation and all local computing after it, up to the next one. Everything that needs the truth asks
//! here: the deterministic scheduler, the judge of real runs, the explorer.
//!
//! Answers for: which steps a state has and what each does. Never reads a clock, draws a random number or prints.

mod actor;
mod blocked;
mod canonical;
mod choice;
mod contents;
mod evaluate;
mod explore;
mod foresight;
mod hand;
mod invariants;
mod kill;
mod life;
mod local;
mod object;
mod permits;
mod picks;
mod race;
mod select;
mod shape;
mod space;
mod state;
mod step;
mod waits;
mod watch;

pub use blocked::Stuck;
pub use canonical::Fingerprint;
pub use choice::{Choice, What};
pub use contents::{Contents, Holds};
pub use explore::{Explored, Failure, Limits, explore};
pub use foresight::{Foreseen, Foresight, Thing, Touch, Way};
pub use invariants::Broken;
pub use life::Ends;
pub(crate) use local::pid_of;
pub use permits::Permits;
pub use space::{Group, Moved, Outlook, Packed, Print, Space, Step, Taken, View};
pub use state::State;
pub use step::{Happened, Noted, Uncaught};
pub use waits::standstill;

use std::sync::{Arc, OnceLock};

use crate::plan::Plan;
use crate::program::fault;
use crate::program::instr::Instr;
use crate::program::op::OpCode;
use crate::trace::recorded::FIRST_ACTOR;
use crate::value::ObjectKind;

/// The number of the main process's first actor; those started later have higher ones.
pub const MAIN: u32 = FIRST_ACTOR;

/// How time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// Any blocked wait with a timeout may time out and any sleeper wake at any step; the clock stands still.
    Any,
    /// Virtual: the clock moves only when nobody can go on, straight to the next deadline.
    Prompt,
}

/// What a machine is to be like.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// How time passes.
    pub time: Time,
    /// Whether a death and its being known are two steps, as they are in a kernel.
    pub late_deaths: bool,
    /// The most processes at a time.
    pub processes_max: u32,
    /// The most threads at a time, those that processes begin with left out.
    pub threads_max: u32,
    /// How many processes may be killed, each at any step.
    pub crashes: u32,
    /// Whether who waits to be notified may wake up though nobody notified it.
    pub spurious: bool,
}

impl Rules {
    /// What exploring asks about: sleeping orders nothing, nobody is killed but by the scenario; of threads there may
    /// be as many as usual.
    pub fn exploring(processes_max: u32) -> Rules {
        let threads_max = fault::THREADS_MAX;
        Rules { time: Time::Any, late_deaths: false, processes_max, threads_max, crashes: 0, spurious: false }
    }
}

/// The step relation of one planned scenario.
#[derive(Clone, Debug)]
pub struct Machine {
    plan: Arc<Plan>,
    rules: Rules,
    sights: Sights,
    habits: foresight::Habits,
    /// What invariants look at: ids of objects, sorted.
    watched: Vec<u32>,
    /// Whether there are variables on which accesses can race.
    has_shared: bool,
    /// Whether all objects that there ever are stand at file level.
    is_plain: bool,
    /// Whether some run may come back to a state.
    may_come_back: OnceLock<bool>,
}

/// What a program looks at, so that it must be kept in states.
#[derive(Clone, Copy, Debug, Default)]
struct Sights {
    /// It asks how many wait somewhere: then beginning to wait is a step of its own.
    waiting: bool,
    /// It clears events: then it matters whether a wait had begun before the set.
    clears: bool,
    /// It adds to latches: the same.
    reopens: bool,
    /// It looks at names.
    names: bool,
    /// It looks at the clock, or keeps a deadline to look at later.
    clock: bool,
    /// It has pipes, whose ends values may bring.
    ends: bool,
    /// It says of items of queues that they are done: then it matters how many are not.
    counts: bool,
}

impl Machine {
    /// The machine of a planned scenario.
    pub fn new(plan: Arc<Plan>, rules: Rules) -> Machine {
        let sights = Sights::of(&plan);
        let has_shared = plan.image.program.objects.iter().any(|object| object.kind == ObjectKind::Shared);
        let habits = foresight::Habits::default();
        let mut machine = Machine {
            plan,
            rules,
            sights,
            habits,
            watched: Vec::new(),
            has_shared,
            is_plain: false,
            may_come_back: OnceLock::new(),
        };
        let creates = |instr: &Instr| matches!(instr, Instr::Op { code: OpCode::Create, .. });
        machine.is_plain = !machine.plan.image.program.codes.iter().any(|code| code.instrs.iter().any(creates));
        machine.habits = machine.habits_of_program();
        machine.is_plain &= !machine.habits.has_pools();
        machine.watched = machine.watched_by_invariants();
        machine
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Whether some run may come back to a state in which it was. Where it says no, none does.
    pub fn may_come_back(&self) -> bool {
        *self.may_come_back.get_or_init(|| self.plan.may_come_back(self.rules.spurious))
    }

    /// Its rules.
    pub fn rules(&self) -> Rules {
        self.rules
    }
}

impl Sights {
    fn of(plan: &Plan) -> Sights {
        let has_latches = plan.image.program.objects.iter().any(|object| object.kind == ObjectKind::Latch);
        let mut sights = Sights { ends: plan.image.program.has_pipes(), ..Sights::default() };
        for code in &plan.image.program.codes {
            for call in &code.calls {
                sights.waiting |= &*call.name == "waiting";
                sights.counts |= &*call.name == "task_done";
                sights.clears |= &*call.name == "clear";
                sights.reopens |= has_latches && &*call.name == "add";
                sights.names |= &*call.name == "name";
            }
            for instr in &code.instrs {
                match instr {
                    Instr::Op { code, .. } | Instr::OpOn { code, .. } => {
                        sights.waiting |= *code == OpCode::Waiting;
                        sights.counts |= *code == OpCode::QueueTaskDone;
                        sights.clears |= *code == OpCode::EventClear;
                        sights.reopens |= *code == OpCode::LatchAdd;
                        sights.clock |= matches!(code, OpCode::Now | OpCode::Deadline);
                        sights.names |= matches!(code, OpCode::Name | OpCode::ActorName);
                    }
                    Instr::Caught { .. } => sights.names = true,
                    _ => {}
                }
            }
        }
        sights
    }
}
