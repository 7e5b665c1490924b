//! Processes: starting them, what they hold, how they end.
//!
//! A process with one thread forks. One with threads starts the child by exec of the running program itself, which
//! finds the arena among its descriptors and plans the scenario again (see `launch`): nothing that another thread held
//! at the moment of the fork can be missing in the child. Either way the child is a child of the process that started
//! it.
//!
//! Answers for: a process from its start to its `_exit`. Never interprets (see `world`).

use std::collections::hash_map::Entry;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use rustc_hash::FxHashMap;

use super::actor::{self, Birth};
use super::arena::{Arena, Off, Shared};
use super::layout::{Slot, slot_at, state};
use super::object::channel::Channel;
use super::object::pipe::{self, hold};
use super::object::{Refused, Result, fail, find};
use super::park::Ctx;
use super::sys;
use super::workers::PoolHere;
use super::world::World;
use crate::plan::{Plan, Transport, User};
use crate::program::ObjectSpec;
use crate::program::fault;
use crate::value::{ErrorKind, Value};

/// The descriptors that every process of a run has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines {
    /// The eventfd that makes the supervisor look.
    pub(super) kick: RawFd,
    /// The pipe that only the supervisor can write to: its end is the supervisor's death.
    pub(super) lifeline: RawFd,
}

/// A process of the run, as its own threads see it.
pub(super) struct Process {
    pub(super) arena: Arena,
    pub(super) plan: Arc<Plan>,
    pub(super) lines: Lines,
    /// Its first actor.
    pub(super) actor: u32,
    /// Threads beside the first that have not ended.
    threads: AtomicUsize,
    handles: Mutex<Vec<JoinHandle<()>>>,
    /// Queues that live in this process, by object.
    channels: RwLock<FxHashMap<u32, Arc<Channel>>>,
    ends: RwLock<FxHashMap<u32, EndHere>>,
    /// How many threads were started of each template and index.
    named: Mutex<FxHashMap<(u32, String), u32>>,
    /// The pools whose workers it starts.
    pub(super) pools: Mutex<Vec<Arc<PoolHere>>>,
    /// Workers that it started in place of others.
    pub(super) replacements: Mutex<Vec<u32>>,
    /// The scenario has pipes, whose ends values may bring.
    has_pipes: bool,
    /// Its first actor's body has ended: no more workers are started.
    pub(super) is_ending: AtomicBool,
    /// It is about to tell of its end: no thread of it begins another operation.
    pub(super) is_over: AtomicBool,
}

/// An end of a pipe in this process.
#[derive(Clone)]
enum EndHere {
    Open(Arc<EndFds>),
    Closed,
}

/// The descriptors of an end that this process holds.
pub(super) struct EndFds {
    pub(super) read: Option<OwnedFd>,
    pub(super) write: Option<OwnedFd>,
    /// It was closed by this process: set under the locks of both ends.
    pub(super) closed: AtomicBool,
}

impl pipe::Ends for EndFds {
    fn is_closed(&self) -> bool {
        self.closed.load(Relaxed)
    }

    fn close(&self) {
        self.closed.store(true, Relaxed);
    }

    fn reading(&self, _off: Off) -> Option<BorrowedFd<'_>> {
        self.read.as_ref().map(AsFd::as_fd)
    }

    fn writing(&self, _off: Off) -> Option<BorrowedFd<'_>> {
        self.write.as_ref().map(AsFd::as_fd)
    }
}

/// An end that a process holds, noted where the supervisor finds it when the process dies.
#[repr(C)]
struct HeldEnd {
    /// Where the end lies; 0 once it was let go: see `hold::let_go`.
    end: AtomicU32,
    next: AtomicU32,
}

#[expect(unsafe_code, reason = "marks a shape that lies in shared memory")]
// SAFETY: repr(C), atomics only.
unsafe impl Shared for HeldEnd {}

/// What begins a process.
pub(super) enum Begin {
    /// An instance of a template.
    Template(u32),
    /// A worker of the pool that lies there, with this declaration.
    Worker(u32, Off),
}

impl Process {
    pub(super) fn new(arena: Arena, plan: Arc<Plan>, lines: Lines, actor: u32) -> Process {
        Process {
            arena,
            has_pipes: plan.image.program.has_pipes(),
            plan,
            lines,
            actor,
            threads: AtomicUsize::new(0),
            handles: Mutex::default(),
            channels: RwLock::default(),
            ends: RwLock::default(),
            named: Mutex::default(),
            pools: Mutex::default(),
            replacements: Mutex::default(),
            is_ending: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
        }
    }

    /// The spec of the declaration of an object at file level or of a private one.
    pub(super) fn spec(&self, decl: u32) -> Option<&ObjectSpec> {
        self.plan.image.program.objects.get(decl as usize)
    }

    /// The channel of a queue of this process.
    pub(super) fn channel(&self, id: u32, capacity: Option<i64>) -> Arc<Channel> {
        if let Some(channel) = self.channels.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Arc::clone(channel);
        }
        let mut channels = self.channels.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(channels.entry(id).or_insert_with(|| Arc::new(Channel::new(capacity))))
    }

    /// The name of the next thread of a template in this process.
    pub(super) fn thread_name(&self, template: u32, shown: &str) -> String {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let count = named.entry((template, shown.to_owned())).or_insert(0);
        *count += 1;
        if *count == 1 { shown.to_owned() } else { format!("{shown}#{count}") }
    }

    /// Runs an actor in a thread of this process.
    pub(super) fn spawn_thread(
        self: &Arc<Process>,
        name: &str,
        body: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<()> {
        self.threads.fetch_add(1, SeqCst);
        let process = Arc::clone(self);
        let thread = std::thread::Builder::new().name(name.replace('\0', "")).stack_size(THREAD_STACK_BYTES);
        let handle = thread.spawn(move || {
            body();
            process.threads.fetch_sub(1, SeqCst);
        });
        match handle {
            Ok(handle) => {
                let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
                handles.retain(|handle| !handle.is_finished());
                handles.push(handle);
                Ok(())
            }
            Err(error) => {
                self.threads.fetch_sub(1, SeqCst);
                Err(error)
            }
        }
    }

    /// Whether threads were started that have not ended.
    pub(super) fn has_threads(&self) -> bool {
        self.threads.load(SeqCst) != 0
    }

    /// Whether the calling thread is the only one, so that a fork copies everything that matters.
    fn is_single_threaded(&self) -> bool {
        if self.threads.load(SeqCst) != 0 {
            return false;
        }
        // Those that ended may still be on their way out.
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        for handle in handles.drain(..) {
            let _ = handle.join();
        }
        true
    }

    /// The descriptors of an end, held from now on if it was not.
    pub(super) fn end(&self, ctx: &Ctx, id: u32) -> Result<Arc<EndFds>> {
        match self.ends.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            Some(EndHere::Open(fds)) => return Ok(Arc::clone(fds)),
            Some(EndHere::Closed) => return Err(closed_here()),
            None => {}
        }
        let off = find(self.arena, id);
        hold::hold(ctx, off);
        note_end(ctx, self.actor, off)?;
        self.open_end(id)
    }

    /// Opens the descriptors of an end that is held already.
    fn open_end(&self, id: u32) -> Result<Arc<EndFds>> {
        let state: &pipe::EndState = self.arena.at(find(self.arena, id));
        let supervisor = self.arena.header().supervisor.load(Relaxed);
        let open = |fd: &AtomicU32, flag: nix::fcntl::OFlag| match fd.load(Relaxed).checked_sub(1) {
            None => Ok(None),
            Some(fd) => open_of(supervisor, fd, flag).map(Some),
        };
        let read = open(&state.read_fd, nix::fcntl::OFlag::O_RDONLY)?;
        let write = open(&state.write_fd, nix::fcntl::OFlag::O_WRONLY)?;
        Ok(self.adopt_end(id, EndFds { read, write, closed: AtomicBool::new(false) }))
    }

    /// Takes the descriptors of an end into use.
    pub(super) fn adopt_end(&self, id: u32, fds: EndFds) -> Arc<EndFds> {
        let mut ends = self.ends.write().unwrap_or_else(PoisonError::into_inner);
        match ends.entry(id) {
            Entry::Occupied(entry) if matches!(entry.get(), EndHere::Open(_)) => match entry.get() {
                EndHere::Open(there) => Arc::clone(there),
                EndHere::Closed => Arc::new(fds),
            },
            entry => {
                let fds = Arc::new(fds);
                entry.insert_entry(EndHere::Open(Arc::clone(&fds)));
                fds
            }
        }
    }

    /// Takes an end into use that was made in this process and stays in it.
    pub(super) fn hold_private(&self, ctx: &Ctx, id: u32, fds: EndFds) -> Result<()> {
        let off = find(self.arena, id);
        hold::hold(ctx, off);
        note_end(ctx, self.actor, off)?;
        self.adopt_end(id, fds);
        Ok(())
    }

    /// Closes an end in this process: its place in the order of the pipe.
    pub(super) fn close_end(&self, ctx: &Ctx, id: u32) -> Result<u64> {
        let fds = self.end(ctx, id)?;
        // Whoever finds it closed comes after the close.
        let mut ends = self.ends.write().unwrap_or_else(PoisonError::into_inner);
        if matches!(ends.insert(id, EndHere::Closed), Some(EndHere::Closed)) {
            return Err(closed_here());
        }
        let off = find(self.arena, id);
        Ok(if_held(ctx, self.actor, Some(&*fds), |end| end == off))
    }

    /// Holds the ends that a value that was received mentions.
    pub(super) fn hold_received(&self, ctx: &Ctx, value: &Value) {
        if !self.has_pipes {
            return;
        }
        let mut ids = Vec::new();
        value.pipe_ends(&mut ids);
        for id in ids {
            // One that was closed here stays closed.
            let _ = self.end(ctx, id);
        }
    }
}

/// Stack of a thread: the VM does not recurse, only reading and writing nested values does, to a bounded depth.
const THREAD_STACK_BYTES: usize = 1 << 20;

fn open_of(supervisor: u32, fd: u32, flag: nix::fcntl::OFlag) -> Result<OwnedFd> {
    let path = format!("/proc/{supervisor}/fd/{fd}");
    let flags = flag | nix::fcntl::OFlag::O_NONBLOCK | nix::fcntl::OFlag::O_CLOEXEC;
    nix::fcntl::open(path.as_str(), flags, nix::sys::stat::Mode::empty())
        .map_err(|errno| fail(ErrorKind::BrokenPipe, &format!("the pipe cannot be opened: {}", errno.desc())))
}

/// Notes an end that a process holds.
fn note_end(ctx: &Ctx, process: u32, end: Off) -> Result<()> {
    let off = ctx.arena.alloc(size_of::<HeldEnd>())?;
    let held: &HeldEnd = ctx.arena.at(off);
    held.end.store(end.0, Relaxed);
    let head = &actor::slot(ctx.arena, process).ends;
    let mut first = head.load(Acquire);
    loop {
        held.next.store(first, Relaxed);
        match head.compare_exchange(first, off.0, Release, Acquire) {
            Ok(_) => return Ok(()),
            Err(now) => first = now,
        }
    }
}

fn closed_here() -> Refused {
    fault::end_closed().into()
}

/// Lets those ends go that a process holds and that are wanted: the place of the last one in the order of its pipe.
fn if_held(ctx: &Ctx, process: u32, closed: Option<&dyn pipe::Ends>, wanted: impl Fn(Off) -> bool) -> u64 {
    let mut ticket = 0;
    let mut at = Off(actor::slot(ctx.arena, process).ends.load(Acquire));
    while !at.is_null() {
        let held: &HeldEnd = ctx.arena.at(at);
        let end = Off(held.end.load(Acquire));
        if !end.is_null() && wanted(end) {
            ticket = hold::let_go(ctx, end, at, closed).unwrap_or(ticket);
        }
        at = Off(held.next.load(Relaxed));
    }
    ticket
}

/// Lets everything go that a process holds: at its end, by itself, or after its death, by the supervisor.
pub(super) fn let_all_go(ctx: &Ctx, process: u32) {
    if_held(ctx, process, None, |_| true);
}

/// Whether a process holds one of these ends; false for what is no process.
pub(super) fn holds_one_of(arena: Arena, process: u32, ends: &[Off]) -> bool {
    let mut at = Off(actor::slot(arena, process).ends.load(Acquire));
    while !at.is_null() {
        let held: &HeldEnd = arena.at(at);
        if ends.contains(&Off(held.end.load(Acquire))) {
            return true;
        }
        at = Off(held.next.load(Relaxed));
    }
    false
}

/// Gives main its first ends. For the supervisor, before main is started.
pub(super) fn hold_for_main(ctx: &Ctx, plan: &Plan, main: u32) -> Result<()> {
    hold_for(ctx, plan, None, main, &[])
}

fn hold_for(ctx: &Ctx, plan: &Plan, begin: Option<&Begin>, actor: u32, args: &[Value]) -> Result<()> {
    let user = match begin {
        None => User::Main,
        Some(Begin::Template(template)) => User::Template(*template),
        Some(Begin::Worker(decl, _)) => User::Worker(*decl),
    };
    let mut ids = Vec::new();
    for decl in plan.ends_held_by(user) {
        if let Some(handles) = plan.image.globals.get(decl as usize) {
            handles.pipe_ends(&mut ids);
        }
    }
    args.iter().for_each(|arg| arg.pipe_ends(&mut ids));
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        let off = find(ctx.arena, id);
        hold::hold(ctx, off);
        note_end(ctx, actor, off)?;
    }
    Ok(())
}

/// Starts a process, for which there is room: its slot, what it holds, and the child itself. Gives its actor.
pub(super) fn start(ctx: &Ctx, process: &Process, begin: &Begin, birth: &Birth<'_>) -> Result<u32> {
    let header = process.arena.header();
    if header.quitting.load(SeqCst) != 0 {
        // The run is being ended, and this process with it.
        loop {
            sys::futex_wait(&header.quitting, 1, None, false);
        }
    }
    let actor = actor::register(process.arena, birth)?;
    if let Begin::Worker(_, pool) = begin {
        actor::slot(process.arena, actor).pool.store(pool.0, Relaxed);
    }
    hold_for(ctx, &process.plan, Some(begin), actor, birth.args)?;
    let started = if process.is_single_threaded() { fork(process, actor) } else { exec(process, actor) };
    match started {
        Ok(pid) => {
            actor::slot(process.arena, actor).pid.store(pid, Release);
            ctx.kick();
            Ok(actor)
        }
        Err(error) => {
            let_all_go(ctx, actor);
            actor::refuse(ctx, actor);
            header.processes.fetch_sub(1, SeqCst);
            Err(error)
        }
    }
}

fn refused(error: impl std::fmt::Display) -> Refused {
    fail(ErrorKind::TooLarge, &format!("the system refused to start a process: {error}"))
}

fn fork(process: &Process, actor: u32) -> Result<u32> {
    match sys::fork().map_err(refused)? {
        sys::Fork::Parent(pid) => Ok(pid),
        sys::Fork::Child => run_child(process.arena, Arc::clone(&process.plan), process.lines, actor, Inherited::All),
    }
}

fn exec(process: &Process, actor: u32) -> Result<u32> {
    use std::os::unix::process::CommandExt;
    let (arena, Lines { kick, lifeline }) = (process.arena.fd(), process.lines);
    let mut command = std::process::Command::new("/proc/self/exe");
    command.arg0(format!("conc: {}", actor::name(process.arena, actor)));
    command.env(super::launch::ACTOR_ENV, format!("{arena}:{kick}:{lifeline}:{actor}"));
    sys::spawn_keeping(&mut command, vec![arena, kick, lifeline]).map_err(refused)
}

/// What a child has from whoever forked it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inherited {
    /// Nothing that a process of the run needs.
    Nothing,
    /// How signals, memory and panics are dealt with: it was forked from another process of the run.
    All,
}

/// Of a child, whether it was forked or executed: everything from here to its end.
pub(super) fn run_child(arena: Arena, plan: Arc<Plan>, lines: Lines, actor: u32, inherited: Inherited) -> ! {
    sys::close_all_but(&[0, 1, 2, arena.fd(), lines.kick, lines.lifeline]);
    super::wake::owe_nothing();
    if inherited == Inherited::Nothing {
        sys::default_signals();
        super::memory::limit_process(arena);
        sys::ignore_sigpipe();
        end_at_panic(arena);
    }
    sys::die_with_writer(lines.lifeline);
    let name = actor::name(arena, actor);
    sys::name_thread(&name);
    sys::title_process(&format!("conc: {name}"));
    let slot: &Slot = arena.at(slot_at(actor));
    slot.pid.store(std::process::id(), Release);
    slot.tid.store(sys::tid(), Release);
    slot.state.store(state::RUNNING, Release);
    let process = Arc::new(Process::new(arena, plan, lines, actor));
    let ctx = Ctx::new(arena, actor, lines.kick);
    super::duty::belong_to(&process);
    open_held(&process);
    let code = World::new(ctx.clone(), Arc::clone(&process)).live();
    super::cutoff::threads_of(&ctx, &process);
    let_all_go(&ctx, actor);
    actor::leave_processes(arena, slot);
    actor::end_myself(&ctx, code);
    sys::exit_now(code)
}

/// A panic is a bug of conc: it ends the process at once, says so, and leaves nothing half done to wait for.
fn end_at_panic(arena: Arena) {
    std::panic::set_hook(Box::new(move |panic| {
        arena.header().bugs.fetch_add(1, SeqCst);
        sys::write_all(2, format!("conc: internal error: {panic}\n").as_bytes());
        sys::exit_now(PANICKED);
    }));
}

/// Exit code of a process in which conc itself went wrong.
const PANICKED: i32 = 101;

/// Opens the ends that were noted for this process before it began.
fn open_held(process: &Process) {
    let mut at = Off(actor::slot(process.arena, process.actor).ends.load(Acquire));
    while !at.is_null() {
        let held: &HeldEnd = process.arena.at(at);
        let end: &super::layout::ObjectHeader = process.arena.at(Off(held.end.load(Relaxed)));
        // What cannot be opened now raises at its first use.
        let _ = process.open_end(end.id.load(Relaxed));
        at = Off(held.next.load(Relaxed));
    }
}

/// Whether an object's futexes may be private to its process.
pub(super) fn is_in_process(transport: Transport) -> bool {
    matches!(transport, Transport::Channel | Transport::InProcess)
}
