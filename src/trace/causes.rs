//! Why an event happened: the chain of what brought it about.
//!
//! Answers for: one chain back to the begin of the run, each link in happens-before of the one above, and what else had
//! to come first. The rule: what an operation took over from another (an item, a wake-up, an end, the value read) is
//! its reason; where it took nothing over, the reason is the actor's nearest event before that did, and at last the
//! start of the actor. Whose turn it was at a lock explains only the event that is asked about. Never renders.

use rustc_hash::FxHashSet;

use super::before::Before;
use super::history::Node;
use super::{Event, Trace};
use crate::diagnostic::nearest;
use crate::program::op::OpCode;
use crate::trace::{Datum, Status};

/// Why an event happened. Events are indices into [`Trace::events`].
#[derive(Clone, Debug)]
pub struct Why {
    /// The event, then what brought it about, then what brought that about.
    pub links: Vec<Link>,
    /// All that had to come before it, in canonical order.
    pub before: Vec<usize>,
}

/// A link of the chain.
#[derive(Clone, Debug)]
pub struct Link {
    /// The event.
    pub event: usize,
    /// What makes it the reason of the one above.
    pub how: How,
    /// What else had to come right before it, of other actors.
    pub also: Vec<usize>,
}

/// What makes an event the reason of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It is the one that is asked about.
    Asked,
    /// It made the other possible.
    Cause,
    /// It is the last of those that had to come before the other.
    LastOf(usize),
    /// The same actor did it before: with how many steps between.
    Earlier(usize),
}

/// Why there is no such event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoEvent {
    /// Not a place.
    #[error("`{0}` is no event: write an actor and a number, such as `main:5`")]
    NotAPlace(String),
    /// No such actor.
    #[error("there is no actor `{0}` in the trace")]
    NoActor(String),
    /// No such actor, but one with a name like it.
    #[error("there is no actor `{0}` in the trace; did you mean `{1}`?")]
    NoActorBut(String, String),
    /// The actor did less.
    #[error("`{actor}` has no event {number}: {has}", has = match .last {
        Some(last) => format!("its last is {last}"),
        None => "it has none".into(),
    })]
    NoNumber {
        /// Who.
        actor: String,
        /// Which was asked for.
        number: u32,
        /// The number of its last.
        last: Option<u32>,
    },
    /// Nothing happened there.
    #[error("there is no event at line {0}")]
    NoLine(u32),
    /// Nothing happened at all.
    #[error("the trace has no events")]
    Nothing,
}

impl Trace {
    /// The event with a name such as `main:5`: an actor and the number in its order, from 0.
    pub fn event_named(&self, name: &str) -> Result<usize, NoEvent> {
        let wrong = || NoEvent::NotAPlace(name.into());
        let (actor, number) = name.rsplit_once(':').ok_or_else(wrong)?;
        let number: u32 = number.parse().map_err(|_| wrong())?;
        let actors = &self.data().actors;
        let Some(index) = actors.iter().position(|info| info.name == actor) else {
            let near = nearest(actor, actors.iter().map(|info| info.name.as_str()));
            return Err(match near {
                Some(near) => NoEvent::NoActorBut(actor.into(), near.to_string()),
                None => NoEvent::NoActor(actor.into()),
            });
        };
        let own = || (0..).zip(self.events()).filter(|(_, event)| event.place.actor as usize == index);
        let found = own().find(|(_, event)| event.place.seq == number).map(|(at, _)| at);
        let last = own().map(|(_, event)| event.place.seq).max();
        found.ok_or_else(|| NoEvent::NoNumber { actor: actor.into(), number, last })
    }

    /// The events at a line of the source, in canonical order.
    pub fn events_at(&self, line: u32) -> Result<Vec<usize>, NoEvent> {
        let there = (0..).zip(self.events()).filter(|(_, event)| event.line == line && line > 0);
        let there: Vec<usize> = there.map(|(at, _)| at).collect();
        if there.is_empty() { Err(NoEvent::NoLine(line)) } else { Ok(there) }
    }

    /// The last error in time, be it raised by an operation or what ended an actor; where there is none the last event.
    pub fn last_event(&self) -> Result<usize, NoEvent> {
        let latest = |wanted: &dyn Fn(&Event) -> bool| {
            let all = (0..).zip(self.events()).filter(|(_, event)| wanted(event));
            all.max_by_key(|(at, event)| (event.time_ns, *at)).map(|(at, _)| at)
        };
        latest(&is_error).or_else(|| latest(&|_| true)).ok_or(NoEvent::Nothing)
    }
}

fn is_error(event: &Event) -> bool {
    matches!(event.status, Status::Raised(..))
        || (event.op == OpCode::End && matches!(event.args.get(1), Some(Datum::Str(_))))
}

impl Why {
    /// Why an event happened; nothing for one that does not exist.
    pub fn of(trace: &Trace, event: usize) -> Why {
        let before = Before::new(trace.data());
        let Some(asked) = trace.events().get(event).and_then(|event| before.history().node_at(event.place)) else {
            return Why { links: Vec::new(), before: Vec::new() };
        };
        let chain = Chain { before: &before };
        let past = before.past(&[asked]);
        let mut earlier: Vec<usize> = (0..before.history().len())
            .filter(|node| *node != asked && past.get(*node as usize) == Some(&true))
            .filter_map(|node| chain.index(node))
            .collect();
        earlier.sort_unstable();
        Why { links: chain.links(asked), before: earlier }
    }
}

struct Chain<'a> {
    before: &'a Before<'a>,
}

impl Chain<'_> {
    fn index(&self, node: Node) -> Option<usize> {
        self.before.history().index_of(node).map(|at| at as usize)
    }

    fn links(&self, asked: Node) -> Vec<Link> {
        let mut links = Vec::new();
        let mut seen = FxHashSet::default();
        let mut next = Some((asked, How::Asked));
        // A trace that contradicts itself may lead in a circle.
        while let Some((node, how)) = next.take().filter(|(node, _)| seen.insert(*node)) {
            next = self.reason(node, how == How::Asked).or_else(|| self.earlier(node));
            let others =
                self.before.direct(node).into_iter().filter(|other| next.map(|(node, _)| node) != Some(*other));
            let also = others.filter_map(|other| self.index(other)).collect();
            links.extend(self.index(node).map(|event| Link { event, how, also }));
        }
        links
    }

    /// What an operation took over, and from whom. Of several that all had to come, the last in time.
    fn reason(&self, node: Node, asked: bool) -> Option<(Node, How)> {
        let history = self.before.history();
        let event = history.event(node).filter(|event| asked || takes_over(event))?;
        if let Some(cause) = event.cause.and_then(|cause| history.node_at(cause)).filter(|cause| *cause != node) {
            return Some((cause, How::Cause));
        }
        let direct = self.before.direct(node);
        let time = |node: &Node| history.event(*node).map(|event| event.time_ns);
        let last = direct.iter().copied().max_by_key(time)?;
        Some((last, if direct.len() == 1 { How::Cause } else { How::LastOf(direct.len()) }))
    }

    /// The nearest event before, of the same actor, that took something over; else its first.
    fn earlier(&self, node: Node) -> Option<(Node, How)> {
        let mut at = self.before.earlier(node)?;
        let mut between = 0;
        while self.reason(at, false).is_none() {
            match self.before.earlier(at) {
                Some(earlier) => at = earlier,
                None => break,
            }
            between += 1;
        }
        Some((at, How::Earlier(between)))
    }
}

/// Whether what an operation is about comes from another: an item, a wake-up, an end, a value.
pub(super) fn takes_over(event: &Event) -> bool {
    match event.op {
        // An actor that a signal ended.
        OpCode::End => super::exit_code(event).is_some_and(|code| code < 0),
        OpCode::Begin
        | OpCode::QueueGet
        | OpCode::QueueNext
        | OpCode::QueueJoin
        | OpCode::PipeRecv
        | OpCode::PipeNext
        | OpCode::PipePoll
        | OpCode::ConditionWait
        | OpCode::EventWait
        | OpCode::BarrierWait
        | OpCode::LatchWait
        | OpCode::OnceRun
        | OpCode::Join
        | OpCode::Await
        | OpCode::Select
        | OpCode::CellRead
        | OpCode::PoolTake
        | OpCode::PoolCall
        | OpCode::PoolJoin
        | OpCode::ResultGet
        | OpCode::ResultWait
        | OpCode::ResultReady
        | OpCode::ResultNext => true,
        _ => false,
    }
}
