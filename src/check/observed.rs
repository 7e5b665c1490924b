//! What real runs came to, beside what some schedule comes to.
//!
//! Answers for: what a run and a check can both tell, counting it, and comparing. Never runs anything.

use std::collections::BTreeSet;

use super::failure::template;
use super::{Checked, Failure};
use crate::trace::{Ending, Uncaught};

/// What a run can come to, as far as a free run shows it: no races, no invariants, nothing that goes on for ever.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End {
    /// It named a final value: its literal.
    Outcome(String),
    /// It ended well.
    Passed,
    /// Main ended with a status that is not 0.
    Exited(u8),
    /// An error that nobody caught.
    Error {
        /// Its kind.
        kind: String,
        /// Whose, as a template.
        actor: String,
        /// Where it was raised: an offset in the file.
        at: u32,
    },
    /// Actors can never go on.
    Deadlock,
}

/// Something that runs came to.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What.
    pub end: End,
    /// In how many runs.
    pub runs: usize,
    /// The seed of the first of them.
    pub first: u64,
    /// Whether the checker found a schedule that comes to it.
    pub is_reachable: bool,
}

/// What the real runs of a scenario came to.
#[derive(Clone, Debug)]
pub struct Observed {
    /// How many runs came to an end by themselves.
    pub runs: usize,
    /// How many were ended because their time was over, or for another limit.
    pub cut_off: usize,
    /// What they came to.
    pub seen: Vec<Seen>,
    /// What some schedule comes to, and no run did.
    pub unseen: BTreeSet<End>,
}

impl End {
    fn error(uncaught: &Uncaught) -> End {
        End::Error { kind: uncaught.kind.clone(), actor: template(&uncaught.actor), at: uncaught.span.start }
    }

    /// What a run came to; `values` are those that it named as its outcome, as literals. None where it did not end by
    /// itself.
    pub fn of_run(ending: &Ending, errors: &[Uncaught], values: Vec<String>) -> Option<BTreeSet<End>> {
        let mut ends: BTreeSet<End> = values.into_iter().map(End::Outcome).collect();
        ends.extend(errors.iter().map(End::error));
        match ending {
            Ending::Finished if ends.is_empty() => ends.insert(End::Passed),
            Ending::Finished => true,
            Ending::Exited(status) => ends.insert(End::Exited(*status)),
            Ending::Deadlock(_) => ends.insert(End::Deadlock),
            _ => return None,
        };
        Some(ends)
    }

    /// What the schedules of a check come to.
    fn of_check(checked: &Checked) -> BTreeSet<End> {
        let mut ends: BTreeSet<End> = checked.outcomes.iter().cloned().map(End::Outcome).collect();
        ends.extend(checked.failures().filter_map(|failure| match failure {
            Failure::Assertion(uncaught) | Failure::Error(uncaught) => Some(End::error(uncaught)),
            Failure::Deadlock(_) => Some(End::Deadlock),
            Failure::Race(_) | Failure::Invariant(_) | Failure::Livelock(_) | Failure::Never(..) => None,
        }));
        let exits = checked.exits.iter();
        ends.extend(exits.map(|status| if *status == 0 { End::Passed } else { End::Exited(*status) }));
        ends
    }
}

impl Observed {
    /// Before the first run.
    pub fn new(checked: &Checked) -> Observed {
        Observed { runs: 0, cut_off: 0, seen: Vec::new(), unseen: End::of_check(checked) }
    }

    /// Counts what a run with a seed came to; none where it did not end by itself.
    pub fn count(&mut self, seed: u64, ends: Option<BTreeSet<End>>) {
        let Some(ends) = ends else {
            self.cut_off += 1;
            return;
        };
        self.runs += 1;
        for end in ends {
            match self.seen.iter_mut().find(|seen| seen.end == end) {
                Some(seen) => seen.runs += 1,
                None => {
                    let is_reachable = self.unseen.remove(&end);
                    self.seen.push(Seen { end, runs: 1, first: seed, is_reachable });
                }
            }
        }
    }

    /// After the last run: the most frequent first. That a run ends well counts only where it names no outcome.
    pub fn conclude(&mut self) {
        self.seen.sort_by_key(|seen| (std::cmp::Reverse(seen.runs), seen.first));
        let ends = self.seen.iter().map(|seen| &seen.end).chain(&self.unseen);
        if ends.into_iter().any(|end| matches!(end, End::Outcome(_))) {
            self.unseen.remove(&End::Passed);
        }
    }

    /// What runs came to and, by the check, no schedule does.
    pub fn excluded(&self) -> impl Iterator<Item = &Seen> {
        self.seen.iter().filter(|seen| !seen.is_reachable)
    }

    /// Of what some schedule comes to: how much was seen, and how much there is.
    pub fn share(&self) -> (usize, usize) {
        let seen = self.seen.len() - self.excluded().count();
        (seen, seen + self.unseen.len())
    }
}
