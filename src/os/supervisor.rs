//! The supervisor: starts main, watches every process through one loop, and takes every one of them down at the
//! end.
//!
//! Answers for: the run as a whole: deaths, deadlock, signals, time, and that nothing is left. Never runs an actor and
//! never passes a message on.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::actor::{self, Birth};
use super::arena::Arena;
use super::collect::{Collector, Working};
use super::driver::{Driver, Shared};
use super::layout::state;
use super::memory::{self, Watch};
use super::object::{self, Identity, Refused};
use super::park::Ctx;
use super::process::{self, Inherited, Lines};
use super::standstill::{Living, Look};
use super::{StartError, blocked, create, death, failure, history, sys, values};
use crate::machine::{Machine, Rules, Time};
use crate::plan::Plan;
use crate::program::ActorKind;
use crate::schedule::{Replay, Schedule};
use crate::trace::recorded::FIRST_ACTOR;
use crate::trace::{Ending, TraceData, Uncaught};

/// The supervisor's own number among the actors, and main's.
pub(super) const SUPERVISOR: u32 = 0;
pub(super) const MAIN: u32 = FIRST_ACTOR;
/// What wakes the supervisor beside the processes, which are known by their numbers.
const KICK: u64 = u64::MAX;
const SIGNALS: u64 = u64::MAX - 1;
/// Most that it is told at a time; the others are told next time.
const EVENTS: usize = 64;
/// How long the supervisor waits before it looks again whether all actors that seem blocked are asleep.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// So often it looks again without waiting: whoever blocked last is on its way to sleep.
const LOOKS_AT_ONCE: u32 = 100;
/// The shortest time between two looks for a deadlock among some, while actors go on waiting and being woken.
const PAUSE_NS: u64 = 20_000_000;
/// A look takes at most one part in so many of the time.
const LOOK_SHARE: u64 = 50;

/// What is to be run, and how: enough for another process to plan the same again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Request {
    /// The name under which diagnostics show the text.
    pub name: String,
    /// The scenario.
    pub text: String,
    /// Constants given on the command line.
    pub sets: Vec<(String, String)>,
    /// The number of processors that the scenario is planned for.
    pub cores: u32,
    /// Seed of `random`, `shuffle` and `choose`.
    pub seed: u64,
    /// Whether events are recorded, and given at the end.
    pub trace: bool,
    /// The file that they are streamed to while the run goes on; then none are given.
    pub stream: Option<PathBuf>,
    /// The run is ended after so many nanoseconds.
    pub timeout_ns: Option<u64>,
    /// Most processes at a time.
    pub processes_max: u32,
    /// Most threads at a time, those that processes begin with left out.
    pub threads_max: u32,
    /// Most memory that the run may take, in bytes; none is a quarter of what there is to have.
    pub memory_max: Option<u64>,
    /// Whether what is printed is kept in memory.
    pub keeps_output: bool,
    /// Who goes on when several can.
    pub schedule: Schedule,
    /// Seed of the pauses before operations; none makes none.
    pub perturb: Option<u64>,
    /// For tests: an actor whose process dies, by name, and at which of its points, from 1.
    pub doom: Option<(String, u32)>,
}

/// What became of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// How it ended.
    pub ending: Ending,
    /// Errors that ended actors, in the order in which they came in.
    pub errors: Vec<Uncaught>,
    /// The events, where they were recorded.
    pub trace: Option<TraceData>,
    /// The steps of a deterministic run.
    pub replay: Option<Replay>,
}

/// Runs a planned scenario to its end; `told` hears of each uncaught error when it happens.
///
/// The calling process becomes the supervisor: it must have no other thread and, while it runs, no other children.
pub fn supervise(plan: &Arc<Plan>, request: &Request, told: &mut dyn FnMut(&Uncaught)) -> Result<Report, StartError> {
    let mut run = Supervisor::prepare(plan, request)?;
    let stream = request.stream.as_deref();
    let collector = stream.map(|file| {
        let new = Collector::new(run.ctx.clone(), plan, &request.name, file);
        new.map_err(|error| StartError::Stream { file: file.to_path_buf(), error })
    });
    let collector = collector.transpose()?;
    run.start_main()?;
    let driver = run.start_driver(request)?;
    let collecting = run.start_collector(collector)?;
    let ending = run.watch(told);
    // The driver may be the one who knows better: it has compared what main did last.
    run.stop_driver(driver, &ending);
    let driven = run.shared.ending();
    run.take_down();
    let streamed = collecting.map_or(Ok(()), Collecting::finish);
    // Over a limit, the system may refuse what the machine allows.
    let ending = match ending? {
        over @ Ending::OverLimit(_) => over,
        ending => run.memory.look(run.arena, std::iter::empty()).map_or(driven.unwrap_or(ending), Ending::OverLimit),
    };
    let ending = match (streamed, stream) {
        (Err(error), Some(file)) => Ending::OverLimit(format!("{}: {error}", file.display())),
        _ => ending,
    };
    run.collect_errors(told);
    let trace = (request.trace && stream.is_none()).then(|| history::gather(run.arena, plan, &request.name));
    run.arena.discard();
    let replay = run.shared.replay.lock().unwrap_or_else(PoisonError::into_inner).take();
    Ok(Report { ending, errors: std::mem::take(&mut run.errors), trace, replay })
}

/// When the events of a streamed run are collected.
enum Collecting {
    Now(Working),
    Later(Box<Collector>),
}

impl Collecting {
    fn finish(self) -> io::Result<()> {
        match self {
            Collecting::Now(working) => working.stop()?.finish(),
            Collecting::Later(collector) => collector.finish(),
        }
    }
}

struct Supervisor {
    arena: Arena,
    plan: Arc<Plan>,
    ctx: Ctx,
    kick: EventFd,
    signals: SignalFd,
    old_mask: SigSet,
    lifeline: (OwnedFd, OwnedFd),
    /// Both ends of every pipe at file level, so that what was sent stays readable.
    _vault: Vec<OwnedFd>,
    deadline: Option<u64>,
    /// Actors below this have been looked at.
    seen: u32,
    /// Processes that are starting: no pid yet.
    pending: Vec<u32>,
    watched: FxHashMap<u32, OwnedFd>,
    /// What wakes the supervisor: the kick, signals, and the watched processes by their numbers.
    epoll: Epoll,
    errors: Vec<Uncaught>,
    living: Living,
    memory: Watch,
    /// Looks in a row at what seemed a deadlock and was not certain.
    doubts: u32,
    /// When to look again for a deadlock among some; none where the next actor that stops is to tell.
    next_look: Option<u64>,
    /// What passes between this thread and the driver of a deterministic run.
    shared: Arc<Shared>,
}

impl Supervisor {
    fn prepare(plan: &Arc<Plan>, request: &Request) -> Result<Supervisor, StartError> {
        let arena = Arena::create()?;
        arena.format();
        let header = arena.header();
        header.epoch_ns.store(sys::now_ns(), Relaxed);
        header.seed.store(request.seed, Relaxed);
        header.processors.store(sys::processors(), Relaxed);
        let memory_max = request.memory_max.unwrap_or_else(memory::quarter_of_memory);
        memory::limit_arena(arena, memory_max);
        header.supervisor.store(std::process::id(), Relaxed);
        let in_turns = request.schedule != Schedule::Free;
        header.turns.store(in_turns as u32, Relaxed);
        // The driver compares events.
        header.tracing.store((request.trace || request.stream.is_some() || in_turns) as u32, Relaxed);
        header.processes_max.store(request.processes_max, Relaxed);
        header.threads_max.store(request.threads_max, Relaxed);
        header.perturb_seed.store(request.perturb.unwrap_or(0), Relaxed);
        header.perturbed.store(request.perturb.is_some() as u32, Relaxed);
        if let Some((name, point)) = &request.doom {
            super::doom::impose(arena, name, *point).map_err(|_| StartError::OutOfMemory)?;
        }
        header.actors.store(MAIN, SeqCst);
        let Request { name, text, sets, cores, .. } = request;
        let asked = values::request(name, text, sets, *cores).map_err(object::Refused::from)?;
        header.request.store(arena.alloc_bytes(&asked).map_err(|_| StartError::OutOfMemory)?.0, SeqCst);
        header.request_len.store(asked.len() as u32, SeqCst);
        raise_descriptor_limit();
        let vault = create::file_level(arena, plan)?;
        super::room::require_for_main(arena, plan)?;
        create::instance_counters(arena, plan)?;
        let stdout =
            object::make_hidden::<super::layout::ObjectHeader>(arena, object::KIND_HIDDEN, Identity::default())?;
        header.stdout.store(stdout.0, SeqCst);
        let kick = EventFd::from_value_and_flags(0, EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        let lifeline = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
        let (mask, old_mask) = (watched_signals(), SigSet::thread_get_mask()?);
        mask.thread_block()?;
        let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        nix::sys::prctl::set_child_subreaper(true)?;
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(&kick, EpollEvent::new(EpollFlags::EPOLLIN, KICK))?;
        epoll.add(&signals, EpollEvent::new(EpollFlags::EPOLLIN, SIGNALS))?;
        let ctx = Ctx::new(arena, SUPERVISOR, kick.as_fd().as_raw_fd());
        let deadline = request.timeout_ns.map(|ns| sys::now_ns().saturating_add(ns));
        Ok(Supervisor {
            arena,
            plan: Arc::clone(plan),
            ctx,
            kick,
            signals,
            old_mask,
            lifeline,
            _vault: vault,
            deadline,
            seen: MAIN,
            pending: Vec::new(),
            watched: FxHashMap::default(),
            epoll,
            errors: Vec::new(),
            living: Living::default(),
            memory: Watch::new(memory_max, request.keeps_output),
            doubts: 0,
            next_look: None,
            shared: Arc::default(),
        })
    }

    /// Starts the driver of a deterministic run, in a thread of its own.
    fn start_driver(&self, request: &Request) -> Result<Option<JoinHandle<()>>, StartError> {
        let usual = Rules::exploring(request.processes_max);
        let prompt = Rules { time: Time::Prompt, threads_max: request.threads_max, ..usual };
        let rules = match &request.schedule {
            Schedule::Replay(replay) => {
                let time = if replay.any_time { Time::Any } else { Time::Prompt };
                self.arena.header().spurious.store(replay.has_spurious().into(), Relaxed);
                Rules { time, crashes: replay.crashes, spurious: replay.has_spurious(), ..prompt }
            }
            _ => prompt,
        };
        if request.schedule == Schedule::Free {
            return Ok(None);
        }
        let machine = Machine::new(Arc::clone(&self.plan), rules);
        let driver = Driver::new(self.ctx.clone(), machine, request.seed, Arc::clone(&self.shared));
        let (driver, schedule) = (driver.map_err(Refused::from)?, request.schedule.clone());
        let thread = std::thread::Builder::new().name("driver".to_owned()).spawn(move || driver.run(&schedule))?;
        Ok(Some(thread))
    }

    /// Starts to collect events, in a thread of its own; in a deterministic run, which needs them where they are, that
    /// comes at the end.
    fn start_collector(&self, collector: Option<Collector>) -> Result<Option<Collecting>, StartError> {
        Ok(match collector {
            Some(collector) if super::turns::are_on(self.arena) => Some(Collecting::Later(Box::new(collector))),
            Some(collector) => Some(Collecting::Now(collector.work()?)),
            None => None,
        })
    }

    /// Waits for the driver's last word; where the run was cut short, tells it to stop.
    fn stop_driver(&self, driver: Option<JoinHandle<()>>, ending: &Result<Ending, StartError>) {
        let Some(driver) = driver else { return };
        let is_whole = matches!(ending, Ok(Ending::Finished | Ending::Exited(_)));
        if !is_whole || actor::slot(self.arena, MAIN).state.load(SeqCst) != state::ENDED {
            self.shared.stop.store(true, SeqCst);
        }
        super::turns::tell(self.arena);
        let _ = driver.join();
    }

    fn start_main(&mut self) -> Result<(), StartError> {
        let birth = Birth {
            kind: ActorKind::Main,
            template: None,
            process: None,
            parent: None,
            daemon: false,
            name: "main",
            args: &[],
            started: 0,
        };
        let main = actor::register(self.arena, &birth)?;
        process::hold_for_main(&self.ctx, &self.plan, main)?;
        self.arena.header().processes.fetch_add(1, SeqCst);
        let lines = Lines { kick: self.kick.as_fd().as_raw_fd(), lifeline: self.lifeline.0.as_raw_fd() };
        match sys::fork()? {
            sys::Fork::Child => {
                // A group of its own: Ctrl-C on the terminal reaches the supervisor alone, which ends the group.
                let _ = nix::unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0));
                process::run_child(self.arena, Arc::clone(&self.plan), lines, main, Inherited::Nothing)
            }
            sys::Fork::Parent(pid) => {
                let pid_raw = Pid::from_raw(pid as i32);
                // One of the two comes first; the other finds it done.
                let _ = nix::unistd::setpgid(pid_raw, pid_raw);
                actor::slot(self.arena, main).pid.store(pid, SeqCst);
                Ok(())
            }
        }
    }

    /// The loop, up to the end of main or whatever ends the run before.
    fn watch(&mut self, told: &mut dyn FnMut(&Uncaught)) -> Result<Ending, StartError> {
        loop {
            self.arena.header().kicked.store(0, SeqCst);
            self.look_for_processes()?;
            self.collect_errors(told);
            let pids = self.watched.keys().map(|number| actor::slot(self.arena, *number).pid.load(Acquire));
            if let Some(limit) = self.memory.look(self.arena, pids) {
                return Ok(Ending::OverLimit(limit));
            }
            // In a deterministic run it would be chance when that is seen.
            let flood = if super::turns::are_on(self.arena) { None } else { super::room::is_flooded(self.arena) };
            if let Some(limit) = flood {
                return Ok(Ending::OverLimit(limit));
            }
            if self.shared.has_ended() {
                return Ok(Ending::Finished);
            }
            if self.arena.header().output_lost.load(SeqCst) != 0 {
                return Ok(Ending::Signalled(Signal::SIGPIPE as i32));
            }
            // In a deterministic run the machine knows when nobody can go on.
            let in_turns = super::turns::are_on(self.arena);
            let look = if in_turns { Look::Nothing } else { self.look_for_the_dead() };
            if let Look::Dead(dead) = &look {
                return Ok(Ending::Deadlock(blocked::among(self.arena, &self.plan, dead)));
            }
            self.doubts = if matches!(look, Look::Unsure) { self.doubts + 1 } else { 0 };
            if self.deadline.is_some_and(|deadline| sys::now_ns() >= deadline) {
                return Ok(Ending::TimedOut);
            }
            let soon = self.remind() || self.doubts > 0;
            if self.doubts > 0 {
                std::thread::yield_now();
            }
            let dead = self.poll(soon)?;
            if let Some(signal) = self.signal() {
                return Ok(Ending::Signalled(signal));
            }
            for process in dead {
                self.watched.remove(&process);
                death::of_process(&self.ctx, process);
                // Nothing else of ours aborts: the kernel refused it more memory.
                if actor::slot(self.arena, process).exit.load(Relaxed) == -(Signal::SIGABRT as i32) {
                    return Ok(Ending::OverLimit(self.memory.refused()));
                }
                if process == MAIN {
                    return Ok(self.end_of_main());
                }
            }
        }
    }

    fn end_of_main(&self) -> Ending {
        if self.arena.header().bugs.load(SeqCst) != 0 {
            return Ending::Bug("an actor's own process went wrong".to_owned());
        }
        match actor::slot(self.arena, MAIN).exit.load(Relaxed) {
            0 => Ending::Finished,
            code if code > 0 && self.arena.header().failures.load(SeqCst) == 0 => Ending::Exited(code as u8),
            code if code > 0 => Ending::Finished,
            signal => Ending::Killed(-signal),
        }
    }

    /// Watches the processes that were started since the last look.
    fn look_for_processes(&mut self) -> Result<(), StartError> {
        let until = self.arena.header().actors.load(SeqCst).min(super::layout::ACTORS_MAX);
        self.pending.extend(self.seen..until);
        self.seen = until;
        let pending = std::mem::take(&mut self.pending);
        for number in pending {
            let slot = actor::slot(self.arena, number);
            let state = slot.state.load(Acquire);
            let pid = slot.pid.load(Acquire);
            if state == state::FREE || (actor::is_process(slot) && pid == 0 && state != state::ENDED) {
                self.pending.push(number);
            } else if actor::is_process(slot) && pid != 0 {
                self.watch_process(number, pid)?;
            }
        }
        Ok(())
    }

    fn watch_process(&mut self, number: u32, pid: u32) -> Result<(), StartError> {
        let Some(pid) = rustix::process::Pid::from_raw(pid as i32) else { return Ok(()) };
        match rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()) {
            Ok(fd) => {
                self.epoll.add(&fd, EpollEvent::new(EpollFlags::EPOLLIN, u64::from(number)))?;
                self.watched.insert(number, fd);
                Ok(())
            }
            // It has ended and been reaped: so it noted its end itself.
            Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(errno) => Err(StartError::System(nix::Error::from_raw(errno.raw_os_error()))),
        }
    }

    /// Sleeps until something happens; gives the processes that are dead.
    fn poll(&self, soon: bool) -> Result<Vec<u32>, StartError> {
        let mut events = [EpollEvent::empty(); EVENTS];
        let count = match self.epoll.wait(&mut events, self.patience(soon)) {
            Ok(count) => count,
            Err(nix::Error::EINTR) => 0,
            Err(errno) => return Err(errno.into()),
        };
        let mut dead = Vec::new();
        for event in &events[..count] {
            match event.data() {
                KICK => drop(self.kick.read()),
                SIGNALS => {}
                process => dead.extend(u32::try_from(process)),
            }
        }
        dead.sort_unstable();
        Ok(dead)
    }

    /// Whether a process still owes workers to its pools; it is woken again.
    fn remind(&self) -> bool {
        let reminded = self.watched.keys().filter(|process| super::duty::remind(&self.ctx, **process));
        reminded.count() > 0
    }

    fn patience(&self, soon: bool) -> EpollTimeout {
        if soon {
            let at_once = (1..LOOKS_AT_ONCE).contains(&self.doubts);
            return EpollTimeout::try_from(if at_once { Duration::ZERO } else { LOOK_AGAIN })
                .unwrap_or(EpollTimeout::NONE);
        }
        let next = self.deadline.into_iter().chain(self.next_look).fold(self.memory.next_ns(), u64::min);
        let left = Duration::from_nanos(next.saturating_sub(sys::now_ns())) + LOOK_AGAIN;
        EpollTimeout::try_from(left).unwrap_or(EpollTimeout::MAX)
    }

    fn signal(&self) -> Option<i32> {
        let signal = self.signals.read_signal().ok().flatten()?;
        Some(signal.ssi_signo as i32)
    }

    /// Whether nobody can go on, or some never can although others do.
    fn look_for_the_dead(&mut self) -> Look {
        let header = self.arena.header();
        // A process notes its end before the kernel has seen it: its death is still to be dealt with.
        let is_dying = |number: &u32| actor::slot(self.arena, *number).state.load(Acquire) == state::ENDED;
        if header.running.load(SeqCst) <= 0 {
            return if self.watched.keys().any(is_dying) { Look::Unsure } else { self.living.all_stuck(self.arena) };
        }
        let now = sys::now_ns();
        match self.next_look {
            Some(next) if now < next => return Look::Nothing,
            None if header.watching.load(SeqCst) == 1 => return Look::Nothing,
            _ => {}
        }
        // From here on the next one to stop tells; after a look that nobody had asked for, nobody need.
        let is_told = self.next_look.is_none();
        if !is_told {
            header.watching.store(1, SeqCst);
        }
        let look = self.living.some_dead(self.arena, &self.plan);
        let after = sys::now_ns();
        self.next_look = match look {
            Look::Unsure => Some(after),
            _ if is_told => Some(after + PAUSE_NS.max(after.saturating_sub(now) * LOOK_SHARE)),
            _ => None,
        };
        look
    }

    fn collect_errors(&mut self, told: &mut dyn FnMut(&Uncaught)) {
        for (number, error) in failure::collect(self.arena) {
            let error = Uncaught {
                actor: actor::name(self.arena, number),
                kind: error.kind.name().to_owned(),
                message: error.message.to_string(),
                span: error.span,
            };
            told(&error);
            self.errors.push(error);
        }
    }

    /// Kills whatever is left of the run, and waits until the kernel has nothing of it.
    fn take_down(&self) {
        self.arena.header().quitting.store(1, SeqCst);
        let group = actor::slot(self.arena, MAIN).pid.load(SeqCst) as i32;
        // While a member is being forked the signal waits for it (fork restarts when one is pending), so once is
        // enough; twice costs nothing.
        for _ in 0..2 {
            let _ = nix::sys::signal::killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        // Members become children of this process when their parents die (it is their subreaper).
        while let Ok(_) | Err(nix::Error::EINTR) = nix::sys::wait::waitpid(Pid::from_raw(-group), None) {}
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        let _ = nix::sys::prctl::set_child_subreaper(false);
        let _ = self.old_mask.thread_set_mask();
    }
}

fn watched_signals() -> SigSet {
    [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT].into_iter().collect()
}

/// Pipes take two descriptors each and every process one: as many as the system allows.
fn raise_descriptor_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
