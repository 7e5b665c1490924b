//! The ways in which a scenario's synchronisation is weakened.
//!
//! Most are the operators of Bradbury, Cordy and Dingel, Mutation Operators for Concurrent Java (ConMAn), MUTATION
//! 2006, as far as the language has what they change. A wait without its loop is a pattern of Farchi, Nir and Ur,
//! Concurrent Bug Patterns and How to Test Them, IPDPS 2003. Those of messages and bounds are of neither.
//!
//! Answers for: the table. Never says where one applies.

/// A way to weaken a scenario in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operator {
    /// A lock is not taken, and so not released: of a `with`, or by `acquire` and its `release`s.
    LockDropped,
    /// A lock is let go in the middle of what it guards, and taken again.
    LockSplit,
    /// Two locks are taken in the other order.
    LocksSwapped,
    /// A lock that was taken is not released.
    ReleaseDropped,
    /// Who writes under an rwlock takes the side of the readers.
    WriteAsRead,
    /// What is waited for is looked at once, not after every wake-up.
    WaitOnce,
    /// Nothing is waited for: a wait, its loop, an `await`, a loop that only looks.
    WaitDropped,
    /// Nobody is notified.
    NotifyDropped,
    /// One is notified, not all.
    NotifyOne,
    /// A permit of a semaphore is not taken.
    TakeDropped,
    /// A permit is not given.
    GiveDropped,
    /// An event is not set or cleared, a latch not counted down, a queue not closed or told that an item is done.
    SignalDropped,
    /// A message is not sent.
    SendDropped,
    /// A message that is awaited and not looked at is not awaited.
    ReceiveDropped,
    /// An end is not awaited.
    JoinDropped,
    /// A semaphore has one permit more.
    PermitMore,
    /// A barrier or a latch waits for one less.
    PartyLess,
    /// A queue has no bound.
    BoundDropped,
    /// An atomic variable is a shared one.
    AtomicPlain,
    /// What an atomic does in one step is done in two: a read and a write.
    AtomicSplit,
}

impl Operator {
    /// Every one.
    pub const ALL: &[Operator] = &[
        Operator::LockDropped,
        Operator::LockSplit,
        Operator::LocksSwapped,
        Operator::ReleaseDropped,
        Operator::WriteAsRead,
        Operator::WaitOnce,
        Operator::WaitDropped,
        Operator::NotifyDropped,
        Operator::NotifyOne,
        Operator::TakeDropped,
        Operator::GiveDropped,
        Operator::SignalDropped,
        Operator::SendDropped,
        Operator::ReceiveDropped,
        Operator::JoinDropped,
        Operator::PermitMore,
        Operator::PartyLess,
        Operator::BoundDropped,
        Operator::AtomicPlain,
        Operator::AtomicSplit,
    ];

    /// Its name in machine formats and in the documentation.
    pub fn name(self) -> &'static str {
        match self {
            Operator::LockDropped => "lock-dropped",
            Operator::LockSplit => "lock-split",
            Operator::LocksSwapped => "locks-swapped",
            Operator::ReleaseDropped => "release-dropped",
            Operator::WriteAsRead => "write-as-read",
            Operator::WaitOnce => "wait-once",
            Operator::WaitDropped => "wait-dropped",
            Operator::NotifyDropped => "notify-dropped",
            Operator::NotifyOne => "notify-one",
            Operator::TakeDropped => "take-dropped",
            Operator::GiveDropped => "give-dropped",
            Operator::SignalDropped => "signal-dropped",
            Operator::SendDropped => "send-dropped",
            Operator::ReceiveDropped => "receive-dropped",
            Operator::JoinDropped => "join-dropped",
            Operator::PermitMore => "permit-more",
            Operator::PartyLess => "party-less",
            Operator::BoundDropped => "bound-dropped",
            Operator::AtomicPlain => "atomic-plain",
            Operator::AtomicSplit => "atomic-split",
        }
    }
}
