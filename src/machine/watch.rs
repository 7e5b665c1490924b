//! What is asked of a state.
//!
//! Whatever computes something from a state asks it only through the functions of `State`, which note here what they
//! are asked. Two states that answer all of it alike lead to the same.
//!
//! Answers for: what can be asked, and keeping it. Never answers.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashSet;

/// Something that a state is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Asked {
    /// All of an actor.
    Actor(u32),
    /// All of an object.
    Object(u32),
    /// What of an object decides which operations on it can be performed.
    Stand(u32),
    /// What of an object never changes as long as it exists.
    Made(u32),
    /// One thing of an actor.
    Flag(u32, Flag),
    /// Whether an actor holds a lock, or a condition's own: lock, actor.
    Holds(u32, u32),
    /// What belongs to no actor and no object: the clock, the next numbers, who there is.
    Head,
    /// The actors of a process that can still do anything.
    Members(u32),
    /// How many processes there are, or threads.
    Alive(Kind),
    /// Whether everyone but one actor is over, or ends with main.
    AllGone(u32),
    /// Who has begun to wait for an object to come to pass.
    Parked(u32),
}

/// Something that is true of an actor or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(super) enum Flag {
    /// It has ended, or is forgotten.
    Ended = 1,
    /// Who started it waits for its end, which has not come.
    Awaited = 2,
    /// It is a daemon process that goes on.
    Dismissed = 4,
}

/// Processes, or threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Process,
    Thread,
}

/// What was asked of a state and of all that were made of it, in order, each once.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch(Option<Arc<Mutex<Log>>>);

#[derive(Debug, Default)]
struct Log {
    order: Vec<Asked>,
    known: FxHashSet<Asked>,
}

impl Watch {
    /// One that keeps what is asked, beside what is known to have been.
    pub(super) fn beginning(known: &[Asked]) -> Watch {
        let (order, known) = (Vec::new(), known.iter().copied().collect());
        Watch(Some(Arc::new(Mutex::new(Log { order, known }))))
    }

    #[inline(always)]
    pub(super) fn note(&self, asked: Asked) {
        if let Some(log) = &self.0 {
            Watch::keep(log, asked);
        }
    }

    #[cold]
    fn keep(log: &Mutex<Log>, asked: Asked) {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.known.insert(asked) {
            log.order.push(asked);
        }
    }

    /// What was asked, but for what was known to have been.
    pub(super) fn asked(&self) -> Vec<Asked> {
        let log = self.0.as_ref().map(|log| log.lock().unwrap_or_else(PoisonError::into_inner).order.clone());
        log.unwrap_or_default()
    }
}
