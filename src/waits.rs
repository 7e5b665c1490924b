//! The wait-for graph: who can never go on, although others do.
//!
//! A set of actors is dead when each of them waits for what only members of the set could still give: they wait
//! themselves, so nobody will. What those outside could do is what their programs say, and the programs of whoever they
//! could start; so some sets that are dead are not found, and none is found that is not.
//!
//! Answers for: the graph as data, and the largest dead set in it. Never looks at a state or at the arena itself.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::plan::{ANY, Reach, User};
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
    /// Whose program it runs; none if nobody knows.
    pub user: Option<User>,
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
    /// The end of all of these.
    Ends(Vec<u32>),
    /// The end of everyone else.
    EveryEnd,
}

/// Where what an actor waits for could come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// This actor: it holds what is waited for, or its end is.
    Actor(u32),
    /// Whoever performs one of these operations ([`ANY`]: any) on an object of one of these declarations.
    Deed(Vec<u32>, &'static [&'static str]),
    /// The same, of the objects that belong to one process: only its own actors reach them.
    Within(u32, Vec<u32>, &'static [&'static str]),
    /// Whoever performs one of these operations on a handle that no declaration names.
    Handle(&'static [&'static str]),
    /// A worker of a pool.
    Worker,
    /// Anyone.
    Anyone,
}

/// The operations that could let a wait in an object end, beside the end of those who hold it. Locks and pipes are
/// theirs to say who holds them.
pub fn deeds(op: OpCode) -> &'static [&'static str] {
    match op {
        OpCode::QueueGet | OpCode::QueueNext => &["put", "put_nowait", "close"],
        OpCode::QueuePut => &["get", "get_nowait", "for", "close"],
        OpCode::QueueJoin => &["task_done"],
        OpCode::SemaphoreAcquire => &["release", "with"],
        OpCode::ConditionWait => &["notify", "notify_all"],
        OpCode::EventWait => &["set"],
        OpCode::BarrierWait => &["wait", "abort", "reset"],
        OpCode::LatchWait => &["count_down", "add"],
        _ => ANY,
    }
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

    fn could_go_on(&self, node: &Node, others: &Others) -> bool {
        match &node.wait {
            Wait::No => true,
            Wait::For(sources) => sources.iter().any(|source| self.could_give(source, others)),
            Wait::Ends(actors) => actors.iter().all(|actor| !self.dead.contains(actor)),
            Wait::EveryEnd => self.dead.len() <= 1,
        }
    }

    fn could_give(&self, source: &Source, others: &Others) -> bool {
        match source {
            Source::Actor(actor) => self.by_actor.contains_key(actor) && !self.dead.contains(actor),
            Source::Deed(decls, operations) => {
                decls.iter().any(|decl| others.may(self.reach, None, Some(*decl), operations))
            }
            Source::Within(process, decls, operations) => decls.iter().any(|decl| {
                let process = (!self.reach.is_passed_on(*decl)).then_some(*process);
                others.may(self.reach, process, Some(*decl), operations)
            }),
            Source::Handle(operations) => others.may(self.reach, None, None, operations),
            Source::Worker => others.may_work,
            Source::Anyone => others.are_there,
        }
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
struct Others {
    /// Each program once, with the process in which it runs.
    programs: FxHashSet<(Option<User>, u32)>,
    may_kill: bool,
    may_work: bool,
    are_there: bool,
}

impl Others {
    fn new(outside: &[&Node], reach: &Reach) -> Others {
        let programs: FxHashSet<(Option<User>, u32)> = outside.iter().map(|node| (node.user, node.process)).collect();
        Others {
            may_kill: programs.iter().any(|(user, _)| reach.may_kill(*user)),
            may_work: programs.iter().any(|(user, _)| reach.may_work(*user)),
            are_there: !programs.is_empty(),
            programs,
        }
    }

    fn may(&self, reach: &Reach, within: Option<u32>, decl: Option<u32>, operations: &[&str]) -> bool {
        let mut programs = self.programs.iter().filter(|(_, process)| within.is_none_or(|within| within == *process));
        programs.any(|(user, _)| reach.may(*user, decl, operations))
    }
}
