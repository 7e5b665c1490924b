//! What of a program decides how exact its touches can be.
//!
//! Answers for: looking it through once. Never looks at a state.

use crate::machine::Machine;
use crate::program::op::OpCode;
use crate::program::{ActorKind, Code, Instr, ObjectSpec};
use crate::value::ObjectKind;
use crate::vm::On;

/// What of a program decides how exact its touches can be.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::machine) struct Habits {
    /// Somebody may be cut off in the middle: daemons, workers of pools.
    pub(super) daemons: bool,
    /// Somebody may be left behind whom main does not wait for: a daemon, a child of one who was killed.
    pub(super) orphans: bool,
    /// Threads may be, by the end of their process.
    pub(super) daemon_threads: bool,
    /// Locks are released elsewhere than at the end of a `with`.
    pub(super) opens: bool,
    /// They are, or it has conditions.
    pub(super) releases: bool,
    /// It has a `select`, whose cases wait in objects.
    pub(super) selects: bool,
    /// It has pools.
    pub(super) pools: bool,
    /// Ends of pipes are passed on.
    pub(super) passes_ends: bool,
}

impl Habits {
    /// Whether it has pools.
    pub(in crate::machine) fn has_pools(self) -> bool {
        self.pools
    }
}

impl Machine {
    pub(in crate::machine) fn habits_of_program(&self) -> Habits {
        let program = &self.plan.image.program;
        let pools = program.objects.iter().any(|object| object.kind == ObjectKind::Pool);
        let is_passed = |(decl, object): (usize, &ObjectSpec)| {
            object.kind == ObjectKind::PipeEnd && self.plan.reach.is_passed_on(decl as u32)
        };
        let selects = |code: &Code| code.instrs.iter().any(|instr| matches!(instr, Instr::Select { .. }));
        let kills = |code: &Code| {
            let is_kill = |op: OpCode| matches!(op, OpCode::Terminate | OpCode::Kill);
            code.calls.iter().any(|call| matches!(&*call.name, "terminate" | "kill"))
                || code.instrs.iter().any(|instr| matches!(instr, Instr::OpOn { code, .. } if is_kill(*code)))
        };
        let daemons = pools || program.templates.iter().any(|template| template.daemon);
        let releases = |code: &Code| {
            let is_release = |instr: &Instr| matches!(instr, Instr::OpOn { code: OpCode::LockRelease, .. });
            code.calls.iter().any(|call| &*call.name == "release") || code.instrs.iter().any(is_release)
        };
        let conditions = program.objects.iter().any(|object| object.kind == ObjectKind::Condition);
        let opens = program.codes.iter().any(releases);
        Habits {
            opens,
            releases: conditions || opens,
            orphans: daemons || self.rules.crashes > 0 || program.codes.iter().any(kills),
            daemons,
            daemon_threads: program.templates.iter().any(|one| one.daemon && one.kind != ActorKind::Process),
            selects: program.codes.iter().any(selects),
            pools,
            passes_ends: program.objects.iter().enumerate().any(is_passed),
        }
    }

    /// The objects that invariants look at, sorted.
    pub(in crate::machine) fn watched_by_invariants(&self) -> Vec<u32> {
        let mut watched = Vec::new();
        for (_, code) in &self.plan.image.program.invariants {
            let future = self.plan.image.future(code.0, Vec::new(), &[]);
            for deed in future.deeds {
                match deed.on {
                    On::Object(id, _) => watched.push(id),
                    On::Any => watched.extend(0..self.plan.objects.len() as u32),
                    _ => {}
                }
            }
        }
        watched.sort_unstable();
        watched.dedup();
        watched
    }
}
