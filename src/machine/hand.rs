//! Messages in hand: what an actor took out of a queue or a pipe in its last step.
//!
//! On a real system a get is a moment before it is told of. Who is killed in between has got nothing, so the message
//! comes back to where it stood, perhaps after others got later ones. Only the judge can tell such a death from others:
//! it says which gets were told of. Answers for: keeping and giving back. Never decides what comes back.

use super::object::{Object, pipe, queue};
use super::step::Tx;
use super::{Machine, State};

/// A message as it was taken.
#[derive(Clone, Debug)]
pub(super) enum Hand {
    Item(u32, queue::Item),
    Message(u32, pipe::Message),
}

impl Tx<'_> {
    /// Notes what an actor has taken out.
    pub(super) fn take_in_hand(&mut self, actor: u32, hand: Hand) {
        if self.machine.rules.late_deaths
            && let Some(actor) = self.state.actor_mut(actor)
        {
            actor.hand = Some(Box::new(hand));
        }
    }
}

impl Machine {
    /// The last step of an actor is known to have returned to its program: what it took out it has.
    pub fn has_returned(&self, state: &mut State, actor: u32) {
        if let Some(actor) = state.actor_mut(actor) {
            actor.hand = None;
        }
    }

    /// What the actors of a process took out in their last steps goes back to where it stood: they are killed before
    /// they know of it.
    pub fn give_back(&self, state: &mut State, process: u32) {
        for member in state.members(process) {
            let hand = state.actor_mut(member).and_then(|actor| actor.hand.take());
            match hand.map(|hand| *hand) {
                Some(Hand::Item(id, item)) => {
                    if let Some(Object::Queue(queue)) = state.object_mut(id) {
                        queue.take_back(item);
                    }
                }
                Some(Hand::Message(id, message)) => {
                    if let Some(Object::End(end)) = state.object_mut(id) {
                        end.take_back(message);
                    }
                }
                None => {}
            }
        }
    }

    /// Whether an actor is the first of a process that goes on and that no signal is on its way to.
    pub fn can_die(&self, state: &State, actor: u32) -> bool {
        state.actor(actor).is_some_and(|it| it.is_process() && it.is_alive() && it.process_wide.signals.is_empty())
    }

    /// A signal for a process comes from outside of the scenario.
    pub fn signal_from_outside(&self, state: &mut State, process: u32, signal: i32) {
        if let Some(actor) = state.actor_mut(process)
            && actor.is_process()
            && !actor.process_wide.signals.contains(&signal)
        {
            std::sync::Arc::make_mut(&mut actor.process_wide).signals.push(signal);
        }
    }
}
