//! Who goes on when several actors can: the policies of a deterministic run.
//!
//! Answers for: picking one of the steps that the machine says are possible. Never performs one.

/// How a run is scheduled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Schedule {
    /// As the operating system likes.
    #[default]
    Free,
    /// One step at a time: whoever has been able to go on for longest; time is virtual.
    Fifo,
    /// One step at a time, at random by the seed; time is virtual.
    Random,
    /// One step at a time, by random priorities with this many changes (PCT); time is virtual.
    Pct {
        /// Places at which a priority changes, plus 1.
        depth: u32,
    },
}
