//! Waiting lists as others find them: to be read when nothing moves any more, and repaired after a death.
//!
//! Answers for: lists that are whole. Never parks or wakes anybody's wait (see `park`).

use std::sync::atomic::Ordering::Relaxed;

use super::arena::{Arena, Off};
use super::layout::{Node, ObjectHeader, WaitList};
use super::turns;

/// Those in a list of an object, the first first. For when nothing moves any more.
pub(super) fn listed(arena: Arena, off: Off, list: usize) -> impl Iterator<Item = u32> {
    let header: &ObjectHeader = arena.at(off);
    let mut at = header.lists.get(list).map_or(0, |list| list.head.load(Relaxed));
    std::iter::from_fn(move || {
        let node: &Node = (at != 0).then(|| arena.at(Off(at)))?;
        at = node.next.load(Relaxed);
        Some(node.actor.load(Relaxed))
    })
}

/// Repairs the lists of an object whose small lock is held by an actor that died. For the supervisor.
pub(super) fn mend(arena: Arena, off: Off) {
    let header: &ObjectHeader = arena.at(off);
    for list in &header.lists {
        mend_list(arena, list);
    }
    // What the dead one may have done has a place of its own, which it may not have taken. In a deterministic run it
    // did all that it had a turn for.
    if !turns::are_on(arena) {
        header.tick();
    }
}

fn mend_list(arena: Arena, list: &WaitList) {
    let (mut prev, mut at, mut len) = (0, list.head.load(Relaxed), 0);
    while at != 0 && len < super::layout::ACTORS_MAX {
        let node: &Node = arena.at(Off(at));
        node.prev.store(prev, Relaxed);
        node.linked.store(1, Relaxed);
        (prev, at, len) = (at, node.next.load(Relaxed), len + 1);
    }
    list.tail.store(prev, Relaxed);
    list.len.store(len, Relaxed);
}
