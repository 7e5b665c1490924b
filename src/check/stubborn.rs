//! Stubborn sets: of the steps of a state, some that are enough.
//!
//! A set of actors is closed when it has, with an actor that can take its next step, everyone who does or could do what
//! does not accord with that step, and with one that cannot, those of whom one must move first (Valmari, Stubborn sets
//! for reduced state space generation, 1990; Laarman, Pater, van de Pol and Weber, Guard-Based Partial-Order Reduction,
//! SPIN 2013, sections 3 and 4). The steps of its actors lead to every deadlock, and, as conflicts are taken over whole
//! futures, to a state of every race.
//!
//! Answers for: which actors are enough. Never takes a step.

use crate::machine::{Group, Outlook, Space};

/// The actors of the smallest closed set that was found, by the steps that it has; none where all are needed.
pub(super) fn enough(space: &mut Space<'_>, outlook: &mut Outlook) -> Option<Group> {
    enough_beside(space, outlook, &[])
}

/// The same where steps do more than is foreseen: with some actors, these belong to a closed set as well.
pub(super) fn enough_beside(space: &mut Space<'_>, outlook: &mut Outlook, more: &[(usize, Group)]) -> Option<Group> {
    let places = 0..outlook.len();
    if places.clone().filter(|at| outlook.is_able(*at)).take(2).count() < 2 {
        return None;
    }
    let all: usize = places.clone().map(|at| outlook.steps(at)).sum();
    let mut best: Option<(usize, Group)> = None;
    // A state in which some can wake up by themselves and do nothing else is looked for as well: a set of such steps
    // alone leads past it.
    for seed in places {
        if !outlook.acts(seed) {
            continue;
        }
        let set = close(space, outlook, more, seed);
        let count = set.iter().map(|at| outlook.steps(at)).sum();
        if count < all && best.as_ref().is_none_or(|(least, _)| count < *least) {
            best = Some((count, set));
            if count == 1 {
                break;
            }
        }
    }
    best.map(|(_, set)| set)
}

fn close(space: &mut Space<'_>, outlook: &mut Outlook, more: &[(usize, Group)], seed: usize) -> Group {
    let (mut set, mut seen) = (Group::default(), Group::default());
    set.add(seed);
    while let Some(at) = set.first_beside(&seen) {
        seen.add(at);
        let brought = if outlook.is_able(at) { space.conflicts(outlook, at) } else { space.enablers(outlook, at) };
        set.add_all(brought);
        more.iter().filter(|(with, _)| *with == at).for_each(|(_, others)| set.add_all(others));
        if set.len() == outlook.len() {
            break;
        }
    }
    set
}
