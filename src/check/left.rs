//! What is left of a search that goes depth first, as far as the way that is being walked tells.
//!
//! Each branching shares what its state is worth evenly among its branches (Knuth, Estimating the Efficiency of
//! Backtrack Programs, Mathematics of Computation 29, 1975): what is worth something behind the way was looked at.
//!
//! Answers for: a share that never falls, and is one at the end. Never says how long it takes.

/// What is worth less than this adds nothing that could be seen.
const WORTH_MIN: f64 = 1e-6;

/// How much of a search was done, at most so far.
#[derive(Debug, Default)]
pub(super) struct Share(f64);

impl Share {
    /// With the branches on the way from the beginning: how many were begun, and how many there are.
    ///
    /// Branches may still be added while a search goes on; the share stays what it was then.
    pub(super) fn of(&mut self, way: impl Iterator<Item = (usize, usize)>) -> f64 {
        let (mut done, mut worth) = (0.0, 1.0);
        let mut way = way.peekable();
        if way.peek().is_none() {
            done = 1.0;
        }
        while let Some((begun, all)) = way.next() {
            // The last that was begun is being looked at, where the way goes on.
            let over = if way.peek().is_some() { begun.saturating_sub(1) } else { begun };
            let branches = all.max(1) as f64;
            let over = if all == 0 { 1.0 } else { over as f64 };
            done += worth * over / branches;
            worth /= branches;
            if worth < WORTH_MIN {
                break;
            }
        }
        self.0 = self.0.max(done.min(1.0));
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Share;

    /// The shares during a search of a tree, told after every step: branches by how often one branched before.
    fn search(branches: impl Fn(usize) -> usize) -> Vec<f64> {
        let (mut share, mut told) = (Share::default(), Vec::new());
        let mut stack = vec![(0, branches(0))];
        loop {
            told.push(share.of(stack.iter().copied()));
            let depth = stack.len();
            match stack.last_mut() {
                Some((begun, all)) if *begun < *all => {
                    *begun += 1;
                    stack.push((0, branches(depth)));
                }
                Some(_) => drop(stack.pop()),
                None => return told,
            }
        }
    }

    #[test]
    fn a_share_never_falls_and_is_one_at_the_end() {
        for shape in [[0, 0, 0, 0], [1, 1, 1, 0], [3, 2, 4, 0], [5, 1, 0, 0]] {
            let told = search(|depth| shape.get(depth).copied().unwrap_or(0));
            assert!(told.is_sorted(), "{told:?}");
            assert_eq!(told.last(), Some(&1.0));
        }
    }

    #[test]
    fn each_branch_is_worth_the_same() {
        let told = search(|depth| [4, 2, 0][depth.min(2)]);
        assert!((0..=4).all(|quarter| told.contains(&(f64::from(quarter) / 4.0))), "{told:?}");
        // Half of the second of four.
        assert!(told.contains(&0.375), "{told:?}");
    }

    #[test]
    fn branches_that_are_added_take_nothing_back() {
        let mut share = Share::default();
        assert_eq!(share.of([(1, 2)].into_iter()), 0.5);
        assert_eq!(share.of([(1, 4)].into_iter()), 0.5);
        assert_eq!(share.of([(3, 4)].into_iter()), 0.75);
    }
}
