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
    if outlook.able().len() < 2 {
        return None;
    }
    let (mut least, mut best) = (outlook.steps_of_all(), None);
    // A state in which some can wake up by themselves and do nothing else is looked for as well: a set of such steps
    // alone leads past it.
    for seed in 0..outlook.len() {
        if !outlook.acting().has(seed) {
            continue;
        }
        if let Some((count, set)) = close(space, outlook, more, (seed, least)) {
            (least, best) = (count, Some(set));
            if count == 1 {
                break;
            }
        }
    }
    best
}

/// The closed set of one, with its steps; none where it has so many steps or more.
fn close(
    space: &mut Space<'_>,
    outlook: &mut Outlook,
    more: &[(usize, Group)],
    (seed, least): (usize, usize),
) -> Option<(usize, Group)> {
    let (mut set, mut seen) = (Group::default(), Group::default());
    set.add(seed);
    let mut count = outlook.steps(seed);
    while let Some(at) = set.first_beside(&seen) {
        seen.add(at);
        let brought = if outlook.able().has(at) { space.conflicts(outlook, at) } else { space.enablers(outlook, at) };
        set.add_all(brought);
        more.iter().filter(|(with, _)| *with == at).for_each(|(_, others)| set.add_all(others));
        count = outlook.steps_of_some(&set);
        if count >= least {
            return None;
        }
    }
    (count < least).then_some((count, set))
}
