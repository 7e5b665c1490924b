//! The wait-for graph: who can never go on, although others do.
//!
//! A set of actors is dead when each of them waits for what only members of the set could still give: they wait
//! themselves, so nobody will. What those outside could do is what their programs say from where they stand, and the
//! programs of whoever they could start; so some sets that are dead are not found, and none is found that is not.
//!
//! Answers for: the graph as data, and the largest dead set in it. Never looks at a state or at the arena itself.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::plan::{Ahead, Ops, Reach};
use crate::program::op::OpCode;

/// The number of main's first actor.
const MAIN: u32 = 1;

/// An actor that has not ended.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its number.
    pub actor: u32,
    /// The first actor of its process.
    pub process: u32,
    /// Who started it.
    pub parent: Option<u32>,
    /// Whether it is a daemon; workers of pools are.
    pub daemon: bool,
    /// Whether it is a worker of a pool, or runs a pool's callbacks: its end, and its failure, are awaited as well.
    pub works: bool,
    /// What its program could still do.
    pub ahead: Ahead,
    /// What it waits for.
    pub wait: Wait,
}

/// What an actor waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Nothing, or it will go on by itself: it runs, is being woken, waits until a deadline, is about to be killed.
    No,
    /// Any of these.
    For(Vec<Source>),
    /// All of these.
    All(Vec<Source>),
    /// The end of all of these.
    Ends(Vec<u32>),
    /// The end of everyone else.
    EveryEnd,
}

/// Where what an actor waits for could come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// This actor goes on.
    Actor(u32),
    /// This actor holds what is waited for, under one of these names, and does one of these.
    Holder(u32, Vec<u32>, Ops),
    /// Whoever does one of these to an object of one of these declarations.
    Deed(Owner, Vec<u32>, Ops),
    /// Whoever does this to an object of one of these declarations before acquiring it: who acquires it first would
    /// wait for it as well.
    Release(Owner, Vec<u32>, OpCode),
    /// Whoever does one of these to a handle that no declaration names.
    Handle(Ops),
    /// A worker of a pool.
    Worker,
    /// Anyone.
    Anyone,
}

/// The process that an object belongs to, so that only its own actors reach it; none for one at file level.
pub type Owner = Option<u32>;

/// What is done to the ends of pipes.
pub const OF_PIPES: Ops = &[OpCode::PipeSend, OpCode::PipeRecv, OpCode::PipeNext, OpCode::PipePoll, OpCode::PipeClose];
/// What is done to a pool from outside.
pub const OF_POOLS: Ops = &[
    OpCode::PoolSubmit,
    OpCode::PoolSubmitMap,
    OpCode::PoolImap,
    OpCode::PoolImapUnordered,
    OpCode::PoolClose,
    OpCode::PoolTerminate,
];
/// What changes a variable.
pub const WRITES: Ops = &[
    OpCode::CellWrite,
    OpCode::CellMethod,
    OpCode::AtomicAdd,
    OpCode::AtomicSub,
    OpCode::AtomicSwap,
    OpCode::AtomicCas,
];
/// What lets go of a lock.
pub const LETS_GO: Ops = &[OpCode::LockRelease, OpCode::ConditionWait];
/// What lets go of a side of an rwlock.
pub const LETS_GO_OF_A_SIDE: Ops = &[OpCode::RwRelease];
/// What ends the waiting for a barrier's action, beside its end.
pub const CUTS: Ops = &[OpCode::BarrierAbort, OpCode::BarrierReset];

/// The operations that could let a wait in an object end, where whoever performs them does; none where it takes more to
/// say.
pub fn deeds(op: OpCode) -> Option<Ops> {
    Some(match op {
        OpCode::QueueGet | OpCode::QueueNext => &[OpCode::QueuePut, OpCode::QueueClose],
        OpCode::QueuePut => &[OpCode::QueueGet, OpCode::QueueNext, OpCode::QueueClose],
        OpCode::QueueJoin => &[OpCode::QueueTaskDone],
        OpCode::ConditionWait => &[OpCode::ConditionNotify, OpCode::ConditionNotifyAll],
        OpCode::EventWait => &[OpCode::EventSet],
        OpCode::BarrierWait => &[OpCode::BarrierWait, OpCode::BarrierAbort, OpCode::BarrierReset],
        OpCode::LatchWait => &[OpCode::LatchCountDown, OpCode::LatchAdd],
        _ => return None,
    })
}

/// Who could let a lock go that an actor holds: its holder; and anyone who releases it for another, where it may be
/// released so.
pub fn of_lock(holder: Option<u32>, owner: Owner, decl: Option<u32>, reentrant: bool, reach: &Reach) -> Vec<Source> {
    let Some(decl) = decl else {
        let own = if reentrant { holder.map(Source::Actor) } else { Some(Source::Anyone) };
        return own.into_iter().collect();
    };
    let names: Vec<u32> = reach.names_of_lock(decl).collect();
    let open = (!reentrant && reach.is_released_openly(decl))
        .then(|| Source::Release(owner, names.clone(), OpCode::LockRelease));
    holder.map(|holder| Source::Holder(holder, names, LETS_GO)).into_iter().chain(open).collect()
}

/// Who could let a side of an rwlock be acquired: all who hold it must let go, and all writers that wait go first.
pub fn of_rwlock(holders: &[u32], writers: &[u32], decl: Option<u32>) -> Wait {
    let held = holders.iter().map(|holder| match decl {
        Some(decl) => Source::Holder(*holder, vec![decl], LETS_GO_OF_A_SIDE),
        None => Source::Actor(*holder),
    });
    Wait::All(held.chain(writers.iter().map(|writer| Source::Actor(*writer))).collect())
}

/// Those who can never go on, by number; none unless the run cannot come to its end without one of them.
pub fn dead(nodes: &[Node], reach: &Reach) -> Vec<u32> {
    let mut graph = Graph::new(nodes, reach);
    graph.shrink();
    let is_needed = graph.dead.iter().any(|actor| graph.is_awaited(*actor));
    let mut dead: Vec<u32> = if is_needed { graph.dead.into_iter().collect() } else { Vec::new() };
    dead.sort_unstable();
    dead
}

struct Graph<'a> {
    nodes: &'a [Node],
    reach: &'a Reach,
    by_actor: FxHashMap<u32, &'a Node>,
    /// Those of whom nothing is known that could let them go on.
    dead: FxHashSet<u32>,
}

impl<'a> Graph<'a> {
    fn new(nodes: &'a [Node], reach: &'a Reach) -> Graph<'a> {
        let by_actor = nodes.iter().map(|node| (node.actor, node)).collect();
        let dead = nodes.iter().filter(|node| node.wait != Wait::No).map(|node| node.actor).collect();
        Graph { nodes, reach, by_actor, dead }
    }

    /// Takes away whoever could be helped from outside, until nobody can.
    fn shrink(&mut self) {
        loop {
            let outside: Vec<&Node> = self.nodes.iter().filter(|node| !self.dead.contains(&node.actor)).collect();
            let others = Others::new(&outside, self.reach);
            if others.may_kill {
                // What a death lets go, and whom it ends, nobody can tell.
                self.dead.clear();
            }
            let before = self.dead.len();
            // From both ends in turn: chains of actors that wait for each other are mostly in order.
            for node in self.nodes.iter().chain(self.nodes.iter().rev()) {
                if self.dead.contains(&node.actor) && (self.could_go_on(node, &others) || self.could_be_ended(node)) {
                    self.dead.remove(&node.actor);
                }
            }
            if self.dead.len() == before {
                return;
            }
        }
    }

    fn could_go_on(&self, node: &Node, others: &Others<'_>) -> bool {
        match &node.wait {
            Wait::No => true,
            Wait::For(sources) => sources.iter().any(|source| self.could_give(source, others)),
            Wait::All(sources) => sources.iter().all(|source| self.could_give(source, others)),
            Wait::Ends(actors) => actors.iter().all(|actor| !self.dead.contains(actor)),
            Wait::EveryEnd => self.dead.len() <= 1,
        }
    }

    fn could_give(&self, source: &Source, others: &Others<'_>) -> bool {
        let goes_on = |actor: &u32| self.by_actor.get(actor).filter(|_| !self.dead.contains(actor));
        match source {
            Source::Actor(actor) => goes_on(actor).is_some(),
            Source::Holder(actor, decls, ops) => goes_on(actor).is_some_and(|holder| {
                let lets_go = |decl: &u32| self.reach.may(&holder.ahead, Some(*decl), ops);
                self.may_be_killed(holder) || decls.iter().any(lets_go)
            }),
            Source::Deed(owner, decls, ops) => decls
                .iter()
                .any(|decl| others.any(self.within(*owner, *decl), |ahead| self.reach.may(ahead, Some(*decl), ops))),
            Source::Release(owner, decls, op) => decls
                .iter()
                .any(|decl| others.any(self.within(*owner, *decl), |ahead| self.reach.may_release(ahead, *decl, *op))),
            Source::Handle(ops) => others.any(None, |ahead| self.reach.may(ahead, None, ops)),
            Source::Worker => others.may_work,
            Source::Anyone => others.are_there,
        }
    }

    /// Whether it may be that its process is killed, or has been: what a process holds is let go by that.
    fn may_be_killed(&self, node: &Node) -> bool {
        self.reach.kills() || self.by_actor.get(&node.process).is_some_and(|first| first.daemon)
    }

    /// The process to whose actors an object is known alone.
    fn within(&self, owner: Owner, decl: u32) -> Owner {
        owner.filter(|_| !self.reach.is_passed_on(decl))
    }

    /// Whether it ends with one who could end: a daemon with who started it, a thread that nobody awaits with its
    /// process.
    fn could_be_ended(&self, node: &Node) -> bool {
        let with = if node.actor == node.process {
            node.daemon.then_some(node.parent.unwrap_or(0))
        } else {
            (!self.is_awaited_in_its_process(node)).then_some(node.process)
        };
        with.is_some_and(|with| !self.dead.contains(&with))
    }

    /// Whether a thread is one that its process's first actor waits for before it ends.
    fn is_awaited_in_its_process(&self, node: &Node) -> bool {
        self.is_awaited_by(node, |at| at.actor == at.process)
    }

    /// Whether main does not end before it has ended.
    fn is_awaited(&self, actor: u32) -> bool {
        self.by_actor.get(&actor).is_some_and(|node| self.is_awaited_by(node, |at| at.actor == MAIN))
    }

    fn is_awaited_by(&self, node: &Node, wanted: impl Fn(&Node) -> bool) -> bool {
        let mut at = node;
        for _ in 0..=self.nodes.len() {
            if wanted(at) {
                return true;
            }
            match at.parent.and_then(|parent| self.by_actor.get(&parent)) {
                Some(parent) if !at.daemon => at = parent,
                _ => return false,
            }
        }
        false
    }
}

/// Those who may go on, and what they could do.
struct Others<'a> {
    /// What each could still do, once, with the process in which it would.
    programs: FxHashSet<(&'a Ahead, u32)>,
    may_kill: bool,
    may_work: bool,
    are_there: bool,
}

impl<'a> Others<'a> {
    fn new(outside: &[&'a Node], reach: &Reach) -> Others<'a> {
        let programs: FxHashSet<(&Ahead, u32)> = outside.iter().map(|node| (&node.ahead, node.process)).collect();
        Others {
            may_kill: programs.iter().any(|(ahead, _)| reach.may_kill(ahead)),
            may_work: outside.iter().any(|node| node.works) || programs.iter().any(|(ahead, _)| reach.may_work(ahead)),
            are_there: !programs.is_empty(),
            programs,
        }
    }

    fn any(&self, within: Owner, could: impl Fn(&Ahead) -> bool) -> bool {
        let is_there = |process: u32| within.is_none_or(|within| within == process);
        self.programs.iter().any(|(ahead, process)| is_there(*process) && could(ahead))
    }
}
