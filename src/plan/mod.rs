//! The execution graph: which objects and actors a scenario has, who uses what, and by which transport.
//!
//! Answers for: constants, sizes, transports and the reasons for them. Never starts anything.

mod build;

mod transport;

mod usage;

mod footprint;

mod reach;

mod rounds;

mod deeds;

mod handles;

mod evaluate;

mod settings;

mod validate;

pub use build::build;
pub use reach::{Ahead, Ops, Reach, Stand};
pub use settings::literal;

use std::sync::Arc;

use crate::analysis::{Checked, Owner};
use crate::diagnostic::Diagnostic;
use crate::program::{ActorKind, Image};
use crate::source::Span;
use crate::value::{ObjectKind, Value};

/// The number of processors wherever it must not depend on where a scenario is run: in the machine, and so in
/// deterministic runs.
pub const CORES: u32 = 4;

/// A planned scenario.
#[derive(Debug)]
pub struct Plan {
    /// For the VM.
    pub image: Arc<Image>,
    /// Every object at file level, by its id in [`crate::value::ObjectRef`].
    pub objects: Vec<PlannedObject>,
    /// By declaration: the transport of its objects, private ones included.
    pub transports: Vec<(Transport, Reason)>,
    /// Who uses what.
    pub uses: Vec<Use>,
    /// What is still to come from each place in the program.
    pub reach: Reach,
    /// The values that `expect outcomes` names; none where the file has no such claim.
    pub outcomes: Option<Vec<Value>>,
    /// Constants that were given other values.
    pub sets: Vec<(String, String)>,
    checked: Arc<Checked>,
}

/// An object at file level.
#[derive(Debug)]
pub struct PlannedObject {
    /// Which declaration.
    pub decl: u32,
    /// Which of an array.
    pub index: Option<u32>,
    /// As shown: `forks[2]`.
    pub name: Arc<str>,
    /// What kind.
    pub kind: ObjectKind,
    /// Arguments and start value, as [`crate::program::ObjectSpec::arguments`] says.
    pub setup: Vec<Value>,
    /// For the end of a pipe: the id of the other end.
    pub peer: Option<u32>,
    /// How it is reached.
    pub transport: Transport,
}

/// How an object is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Transport {
    /// Queues of one process: a `crossbeam-channel`.
    Channel,
    /// Everything else of one process: process-private futexes.
    InProcess,
    /// Across processes: the shared arena and shared futexes.
    Arena,
    /// A kernel pipe (two for a duplex one).
    KernelPipe,
}

/// Why an object has its transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Only main and its threads use it.
    OnlyMain,
    /// Only one process uses it, of which there is exactly one.
    OnlyProcess(Arc<str>),
    /// Declared in a process's body, so used by that process's threads alone.
    Private,
    /// Several processes use it: two of them (template names).
    Processes(Arc<str>, Arc<str>),
    /// It is used by a template of which there are, or may be, several processes.
    Replicated(Arc<str>),
    /// A `select` waits in it and in others at once, which no channel can: where.
    Select(Span),
    /// It is passed on as a value, so any process may get it: where.
    Escapes(Span),
    /// A crossbeam channel has no such order.
    Order,
    /// A put and its get are one step there, which a crossbeam channel does not tell.
    Rendezvous,
    /// A pool is reached by its workers, which are processes.
    Pool,
    /// Any process may hand tasks to a pool of threads.
    PoolOfThreads,
    /// It is a pipe.
    Pipe,
    /// Nobody uses it.
    Unused,
}

/// Somebody uses something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Who.
    pub by: User,
    /// Which declaration.
    pub decl: u32,
    /// The operations, by name, in order of first use: `put`, `with`, `read`, `write`, `as a value`, …
    pub operations: Vec<Arc<str>>,
}

/// The operation of a handle that is passed on and nothing else.
pub const PASSED_ON: &str = "as a value";

/// Who uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum User {
    /// The body of main.
    Main,
    /// A template.
    Template(u32),
    /// A worker of the pool with this declaration.
    Worker(u32),
    /// `finally`
    Finally,
}

impl Plan {
    /// The same scenario with another number of processors.
    ///
    /// # Errors
    /// Where that number leads to what cannot be: too many objects, a constant that fails.
    pub fn with_cores(self: &Arc<Plan>, cores: u32) -> Result<Arc<Plan>, Vec<Diagnostic>> {
        if self.image.cores == cores {
            return Ok(Arc::clone(self));
        }
        self.again(cores).map(Arc::new)
    }

    /// Plans the same scenario once more.
    pub(crate) fn again(&self, cores: u32) -> Result<Plan, Vec<Diagnostic>> {
        build(Arc::clone(&self.image.program), &self.checked, &self.sets, cores)
    }

    /// Whether some run may come back to a state in which it was; `spurious` where who waits to be notified may wake up
    /// by itself. Where it says no, none does.
    pub fn may_come_back(&self, spurious: bool) -> bool {
        rounds::may_come_back(&self.checked, spurious)
    }

    /// What the scenario's text and the constants given hash to (XXH3, 128 bits), as hexadecimal digits: what a
    /// recorded run is bound to.
    pub fn hash(&self) -> String {
        let mut all = self.image.program.source.text().as_bytes().to_vec();
        for part in self.sets.iter().flat_map(|(name, value)| [name, value]) {
            all.push(0);
            all.extend(part.as_bytes());
        }
        format!("{:032x}", xxhash_rust::xxh3::xxh3_128(&all))
    }

    /// The declarations of the ends of pipes that a process holds from its start: those which its body, its threads, or
    /// the tasks they call name; merely passing one on is not holding it. `user` is main, a template of processes or a
    /// pool.
    pub fn ends_held_by(&self, user: User) -> Vec<u32> {
        let is_end = |decl: u32| {
            let spec = self.image.program.objects.get(decl as usize);
            spec.is_some_and(|spec| spec.kind == ObjectKind::PipeEnd)
        };
        let acts = |used: &&Use| used.operations.iter().any(|operation| &**operation != PASSED_ON);
        let uses = self.uses.iter().filter(|used| is_end(used.decl) && self.process_of(used.by) == user).filter(acts);
        let mut ends: Vec<u32> = uses.map(|used| used.decl).collect();
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    /// The user whose process a user belongs to: threads belong to that of the body they are declared in.
    pub fn process_of(&self, user: User) -> User {
        let mut user = user;
        let templates = &self.image.program.templates;
        // A template is declared within at most all others.
        let pools = &self.image.program.objects;
        for _ in 0..=templates.len() + pools.len() {
            let owner = match user {
                User::Worker(pool) => match pools.get(pool as usize).filter(|spec| spec.threads) {
                    Some(spec) => spec.owner,
                    None => return user,
                },
                User::Template(template) => match templates.get(template as usize) {
                    Some(spec) if spec.kind != ActorKind::Process => spec.owner,
                    _ => return user,
                },
                User::Main | User::Finally => break,
            };
            user = match owner {
                Owner::File | Owner::Main => User::Main,
                Owner::Template(owner) => User::Template(owner.0),
                Owner::Pool(pool) => User::Worker(pool.0),
            };
        }
        if user == User::Finally { User::Main } else { user }
    }
}
