//! What was found out, by the answers that it rests on.
//!
//! A tree of questions: at each node something is asked of a state, and each answer leads on, in the end to what was
//! found out of all states that answer so.
//!
//! Answers for: finding and keeping. Never asks a state itself.

use std::cell::Cell;

use rustc_hash::FxHashMap;

use super::tight;
use crate::machine::watch::Asked;

/// Where a tree begins, or goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node(u32);

#[derive(Clone, Debug)]
enum Is {
    /// Nobody has been here.
    Open,
    /// Something is asked; the last answer to it, and where that leads.
    Question(Asked, Cell<(u32, u32)>),
    /// The number of what was found out.
    Found(u32),
}

/// Where no answer leads: trees begin before they go on.
const NOWHERE: u32 = 0;

/// Trees of questions.
#[derive(Debug, Default)]
pub(super) struct Memo {
    nodes: Vec<Is>,
    /// Where each answer at a node leads.
    answers: FxHashMap<u64, u32>,
}

impl Memo {
    /// A new tree.
    pub(super) fn root(&mut self) -> Node {
        tight::push(&mut self.nodes, Is::Open);
        Node(self.nodes.len() as u32 - 1)
    }

    /// What was found out of a state that answers like this, if anything.
    #[inline]
    pub(super) fn find(&self, root: Node, answer: impl Fn(Asked) -> u32) -> Option<u32> {
        let mut at = root.0;
        loop {
            match self.nodes.get(at as usize)? {
                Is::Open => return None,
                Is::Found(found) => return Some(*found),
                Is::Question(asked, last) => {
                    let (now, (before, led)) = (answer(*asked), last.get());
                    if now != before || led == NOWHERE {
                        at = *self.answers.get(&at_answer(at, now))?;
                        last.set((now, at));
                    } else {
                        at = led;
                    }
                }
            }
        }
    }

    /// Keeps what was found out of a state that was asked all this.
    pub(super) fn keep(&mut self, root: Node, asked: &[Asked], answer: impl Fn(Asked) -> u32, found: u32) {
        let mut at = root.0;
        for one in asked {
            match self.nodes.get(at as usize) {
                Some(Is::Open) => self.nodes[at as usize] = Is::Question(*one, Cell::new((0, NOWHERE))),
                // Whoever answered alike so far was asked the same next.
                Some(Is::Question(known, _)) if known == one => {}
                other => {
                    debug_assert!(false, "{other:?} was there, and then {one:?} was asked");
                    return;
                }
            }
            let next = self.nodes.len() as u32;
            let node = *self.answers.entry(at_answer(at, answer(*one))).or_insert(next);
            if node == next {
                tight::push(&mut self.nodes, Is::Open);
            }
            at = node;
        }
        match self.nodes.get_mut(at as usize) {
            Some(node @ Is::Open) => *node = Is::Found(found),
            other => debug_assert!(false, "{other:?} was there, and then nothing more was asked"),
        }
    }

    /// Forgets everything; nodes that were given out are no more.
    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.answers.clear();
    }

    /// Bytes that it takes, about.
    pub(super) fn bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Is>() + self.answers.capacity() * (size_of::<(u64, u32)>() + 1)
    }
}

#[inline]
fn at_answer(node: u32, answer: u32) -> u64 {
    u64::from(node) << u32::BITS | u64::from(answer)
}
