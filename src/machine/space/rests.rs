//! What was found out rests on some actors and objects, and a step changes some.
//!
//! Answers for: that what rests on nothing that was changed still holds; by bits, so that more may seem to have
//! changed. Never looks at a state.

use crate::machine::watch::Asked;

/// What a sight rests on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rests {
    /// On all of these actors, by their numbers.
    pub(super) actors: u64,
    /// On what is true of these.
    pub(super) flags: u64,
    /// On what decides which operations on these objects can be performed.
    pub(super) stands: u64,
    /// On all of these objects.
    pub(super) objects: u64,
    /// On more than that.
    pub(super) wide: bool,
}

/// Numbers that are told apart when it comes to what changed.
#[inline]
pub(super) fn bit(id: u32) -> u64 {
    1 << (id % u64::BITS)
}

impl Rests {
    pub(super) fn on(asked: &[Asked]) -> Rests {
        let mut rests = Rests::default();
        for one in asked {
            match one {
                Asked::Actor(id) => rests.actors |= bit(*id),
                Asked::Flag(id, _) => rests.flags |= bit(*id),
                Asked::Stand(id) => rests.stands |= bit(*id),
                Asked::Object(id) | Asked::Made(id) | Asked::Holds(id, _) => rests.objects |= bit(*id),
                // Where it changes everything is looked up.
                Asked::Head => {}
                Asked::Members(_) | Asked::Alive(_) | Asked::AllGone(_) | Asked::Parked(_) => rests.wide = true,
            }
        }
        rests
    }

    #[inline]
    pub(super) fn meets(self, changed: Rests) -> bool {
        self.wide
            || self.actors & changed.actors != 0
            || self.flags & changed.flags != 0
            || self.stands & changed.stands != 0
            || self.objects & changed.objects != 0
    }
}
