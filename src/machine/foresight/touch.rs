//! What steps touch and how, and which touches accord.
//!
//! Two touches of one thing *accord* where steps that touch it so, by different actors, can never both be possible, or
//! give the same state in either order and neither keeps the other from being taken (Laarman, Pater, van de Pol and
//! Weber, Guard-Based Partial-Order Reduction, SPIN 2013, section 3).
//!
//! Answers for: that relation. Never looks at a state.

/// What is touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Thing {
    /// An object, or one cell of a variable.
    Object(u32, Option<i64>),
    /// Some object, nobody knows which.
    AnyObject,
    /// An actor's life.
    Actor(u32),
    /// Some actor's.
    AnyActor,
    /// Cases of several objects in which one actor waits at once.
    Cases,
    /// Who is started in which order.
    Births,
    /// Who holds which ends of pipes.
    Ends,
    /// What an invariant looks at.
    Watched,
    /// Everything.
    World,
}

/// How it is touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Way {
    /// Looks at it.
    Read,
    /// Changes it, or does what nothing better is known of.
    Write,
    /// Takes a lock, waiting for as long as it takes.
    Acquire,
    /// Of a lock that only its holder can do it with: releases it, or needs to hold it.
    Leave,
    /// Releases a lock whoever holds it.
    Open,
    /// Takes a permit, waiting for as long as it takes.
    Take,
    /// Gives permits.
    Give,
    /// Puts into a queue in order, waiting for as long as it takes.
    Put,
    /// Gets from one.
    Get,
    /// Sets an event that nobody clears.
    Set,
    /// Waits for what, once there, stays: such an event, an actor's end.
    Await,
    /// Comes to its end.
    End,
    /// Waits to be notified.
    Sleep,
}

/// A touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Touch {
    /// Of what.
    pub thing: Thing,
    /// How.
    pub way: Way,
}

impl Touch {
    pub(super) fn new(thing: Thing, way: Way) -> Touch {
        Touch { thing, way }
    }

    /// Whether the order of two steps that touch things so may matter.
    pub fn conflicts(self, other: Touch) -> bool {
        self.thing.overlaps(other.thing) && !self.way.accords(other.way)
    }

    /// Whether a step that touches something so may let one go on that waits to touch it as `self` says.
    pub(in crate::machine) fn is_enabled_by(self, other: Touch) -> bool {
        if !self.thing.overlaps(other.thing) {
            return false;
        }
        let only_takes = matches!(other.way, Way::Read | Way::Acquire | Way::Take | Way::Await);
        let same =
            matches!((self.way, other.way), (Way::Get, Way::Get) | (Way::Put, Way::Put) | (Way::Sleep, Way::Sleep));
        !only_takes && !same
    }
}

impl Thing {
    pub(in crate::machine) fn overlaps(self, other: Thing) -> bool {
        match (self, other) {
            (Thing::World, _) | (_, Thing::World) => true,
            (Thing::Object(a, first), Thing::Object(b, second)) => {
                a == b && (first == second || first.is_none() || second.is_none())
            }
            (Thing::AnyObject, Thing::Object(..) | Thing::AnyObject) | (Thing::Object(..), Thing::AnyObject) => true,
            (Thing::AnyActor, Thing::Actor(_) | Thing::AnyActor) | (Thing::Actor(_), Thing::AnyActor) => true,
            (a, b) => a == b,
        }
    }
}

impl Way {
    fn accords(self, other: Way) -> bool {
        use Way::{Acquire, Await, End, Get, Give, Leave, Put, Read, Set, Take};
        matches!(
            (self, other),
            (Read, Read)
                | (Acquire | Leave, Leave)
                | (Leave, Acquire)
                | (Take, Give)
                | (Give, Take | Give)
                | (Put, Get)
                | (Get, Put)
                | (Set | Await | Read, Await)
                | (Set, Set)
                | (Await, Set | Read)
                | (Await, End)
                | (End, Await)
        )
    }
}
