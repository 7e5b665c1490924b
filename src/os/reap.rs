//! When processes that were joined are taken out of the kernel's table.
//!
//! A process tells of its end, and then ends, which takes the kernel longer than to start the next one: whoever has
//! joined it may do that meanwhile. Before anything else that it does, the one that it joined is reaped.
//!
//! Answers for: that nobody who was joined stays behind. Never waits for who has not told of its end.

use std::sync::atomic::Ordering::Relaxed;

use super::world::World;
use super::{actor, turns};

impl World {
    /// Of one that was joined.
    pub(super) fn reap_later(&mut self, child: u32) {
        self.reap_earlier();
        self.joined = Some(child);
        if turns::are_on(self.ctx.arena) {
            self.reap_earlier();
        }
    }

    /// Reaps who was joined before.
    pub(super) fn reap_earlier(&mut self) {
        if let Some(child) = self.joined.take() {
            self.reap(child);
        }
    }

    /// Takes an ended child of this process out of the kernel's table.
    pub(super) fn reap(&self, child: u32) {
        let slot = actor::slot(self.ctx.arena, child);
        let parent = slot.parent.load(Relaxed).checked_sub(1);
        let parent_process = parent.map(|parent| actor::slot(self.ctx.arena, parent).process.load(Relaxed));
        if actor::is_process(slot)
            && parent_process == Some(self.process.actor)
            && actor::has_ended(self.ctx.arena, child)
        {
            actor::reap(&self.ctx, child);
        }
    }
}
