//! How large a search is, and why: a search of its own that counts what a plain one need not.
//!
//! It takes the steps that the exhaustive search takes, with the same reduction but for sleep sets, and so comes to the
//! same states or a few more; where a limit ends it, what it tells is of the part that it saw.
//!
//! Answers for: where steps come from, and what differs between states. Never says what to do about it.

mod counts;
mod joined;
mod search;

pub use counts::{Place, Size, Stage, Variety};
pub use joined::Joined;
pub(super) use search::{Search, Watch};

use std::sync::Arc;
use std::time::Instant;

use self::counts::Counts;
use self::search::Nothing;
use super::Options;
use crate::machine::Machine;
use crate::plan::Plan;
use crate::value::Error;

/// How many states a search has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// States that were met.
    pub states: usize,
    /// Steps that were taken.
    pub steps: usize,
    /// Whether that is all there are.
    pub complete: bool,
}

/// Searches, and counts.
///
/// # Errors
/// Where the scenario's objects cannot be made.
pub fn size(plan: &Arc<Plan>, options: &Options) -> Result<Size, Error> {
    let machine = Machine::new(Arc::clone(plan), options.rules);
    let (initial, _) = machine.initial()?;
    let until = options.limits.time.map(|time| Instant::now() + time);
    let mut counts = Counts::default();
    let joined = Joined::default();
    let extent = Search::new(&machine, options, &joined, &mut counts).run(&initial, options.limits.states, until);
    Ok(counts.size(&machine, extent))
}

/// How large the search is where some operations are one step with what their actor did before.
///
/// # Errors
/// Where the scenario's objects cannot be made.
pub fn extent(plan: &Arc<Plan>, options: &Options, joined: &Joined) -> Result<Extent, Error> {
    let machine = Machine::new(Arc::clone(plan), options.rules);
    let (initial, _) = machine.initial()?;
    let until = options.limits.time.map(|time| Instant::now() + time);
    Ok(Search::new(&machine, options, joined, &mut Nothing).run(&initial, options.limits.states, until))
}
