//! Ends of pipes: a direction holds 64 KiB on its way; a longer message goes alone and is complete when it is received.

use std::collections::VecDeque;

use super::{Act, Came, Object, fault, gives_up, object_of, pair, waits_of};
use crate::machine::State;
use crate::machine::hand::Hand;
use crate::machine::step::Tx;
use crate::program::op::{Op, OpCode};
use crate::value::{self, Value};

/// What a direction holds, in bytes of frames.
pub(crate) const BUFFER_BYTES: usize = 64 << 10;
/// What a message takes beside its value.
pub(crate) const FRAME_HEADER_BYTES: usize = 12;
/// The longest message.
const MESSAGE_BYTES_MAX: usize = 1 << 28;

#[derive(Clone, Debug)]
pub(in crate::machine) struct End {
    pub(in crate::machine) peer: u32,
    pub(in crate::machine) sends: bool,
    pub(in crate::machine) receives: bool,
    /// Processes that hold it, and whether one ever did.
    pub(in crate::machine) holders: u32,
    pub(in crate::machine) was_held: bool,
    /// What was sent to it and not received.
    pub(in crate::machine) inbox: VecDeque<Message>,
    /// How many were sent to it so far.
    sent: u64,
}

/// A message on its way.
#[derive(Clone, Debug)]
pub(in crate::machine) struct Message {
    pub(in crate::machine) value: Value,
    pub(in crate::machine) bytes: usize,
    /// Of a long one, who is sending it.
    pub(in crate::machine) sender: Option<u32>,
    /// Which of those that were sent to the end. No part of a state: it is for what comes back.
    number: u64,
}

impl End {
    pub(super) fn new(sends: bool, receives: bool) -> End {
        End { peer: 0, sends, receives, holders: 0, was_held: false, inbox: VecDeque::new(), sent: 0 }
    }

    fn is_gone(&self) -> bool {
        self.was_held && self.holders == 0
    }

    fn bytes(&self) -> usize {
        self.inbox.iter().map(|message| message.bytes).sum()
    }

    /// A message that was received stands again where it stood.
    pub(in crate::machine) fn take_back(&mut self, message: Message) {
        let at = self.inbox.iter().position(|there| there.number > message.number).unwrap_or(self.inbox.len());
        self.inbox.insert(at, message);
    }

    /// Who was in the middle of sending something here is gone; the message is on its way.
    pub(in crate::machine) fn forget(&mut self, actor: u32) {
        self.inbox.iter_mut().filter(|message| message.sender == Some(actor)).for_each(|message| message.sender = None);
    }
}

/// The bytes of a message that is sent.
fn frame_bytes(op: &Op) -> usize {
    let mut bytes = Vec::new();
    value::encode(op.args.get(0), &mut bytes);
    FRAME_HEADER_BYTES + bytes.len()
}

/// Whether an actor is in the middle of sending a long message.
pub(super) fn is_sending(state: &State, me: u32, op: &Op) -> bool {
    let there = object_of(op).and_then(|id| end(state, id)).and_then(|this| end(state, this.peer));
    there.is_some_and(|there| there.inbox.iter().any(|message| message.sender == Some(me)))
}

fn end(state: &State, id: u32) -> Option<&End> {
    match state.object(id) {
        Some(Object::End(end)) => Some(end),
        _ => None,
    }
}

fn end_mut<'t>(tx: &'t mut Tx<'_>, id: u32) -> Option<&'t mut End> {
    match tx.state.object_mut(id) {
        Some(Object::End(end)) => Some(end),
        _ => None,
    }
}

/// Whether the process of an actor has closed an end.
fn is_closed_here(state: &State, me: u32, id: u32) -> bool {
    let process = state.actor(state.process_of(me));
    process.is_some_and(|process| process.process_wide.ends.get(&id) == Some(&false))
}

pub(super) fn can(state: &State, me: u32, id: u32, this: &End, op: &Op) -> bool {
    if is_closed_here(state, me, id) {
        return true;
    }
    let Some(peer) = end(state, this.peer) else { return true };
    match op.code {
        OpCode::PipeSend => {
            let there = peer.bytes();
            !this.sends || peer.is_gone() || there == 0 || there + frame_bytes(op) <= BUFFER_BYTES
        }
        OpCode::PipeRecv | OpCode::PipeNext => !this.receives || !this.inbox.is_empty() || peer.is_gone(),
        OpCode::PipePoll => !this.receives || !this.inbox.is_empty() || peer.is_gone() || gives_up(op),
        _ => true,
    }
}

pub(super) fn perform(tx: &mut Tx<'_>, me: u32, id: u32, op: &Op) -> Act {
    if is_closed_here(tx.state, me, id) {
        return Act::Done(Err(fault::end_closed()));
    }
    match op.code {
        OpCode::PipeSend => send(tx, me, id, op),
        OpCode::PipeRecv | OpCode::PipeNext => Act::Done(receive(tx, me, id, op.code)),
        OpCode::PipePoll => Act::Done(match end(tx.state, id) {
            Some(this) if !this.receives => Err(fault::only_sends()),
            Some(this) => {
                let gone = end(tx.state, this.peer).is_some_and(End::is_gone);
                Ok(Value::Bool(!this.inbox.is_empty() || gone))
            }
            None => Err(fault::no_runtime()),
        }),
        OpCode::PipeClose => {
            close(tx, tx.state.process_of(me), id);
            Act::Done(Ok(Value::None))
        }
        _ => Act::Done(Err(fault::no_runtime())),
    }
}

fn send(tx: &mut Tx<'_>, me: u32, id: u32, op: &Op) -> Act {
    let Some((sends, peer)) = end(tx.state, id).map(|this| (this.sends, this.peer)) else {
        return Act::Done(Err(fault::no_runtime()));
    };
    if !sends {
        return Act::Done(Err(fault::only_receives()));
    }
    let bytes = frame_bytes(op);
    if bytes - FRAME_HEADER_BYTES > MESSAGE_BYTES_MAX {
        return Act::Done(Err(fault::long_message()));
    }
    let Some(there) = end_mut(tx, peer) else { return Act::Done(Err(fault::no_runtime())) };
    if there.is_gone() {
        return Act::Done(Err(fault::broken_pipe()));
    }
    let sender = (bytes > BUFFER_BYTES).then_some(me);
    there.sent += 1;
    there.inbox.push_back(Message { value: op.args.get(0).clone(), bytes, sender, number: there.sent });
    if sender.is_some() { Act::Parked } else { Act::Done(Ok(Value::None)) }
}

fn receive(tx: &mut Tx<'_>, me: u32, id: u32, code: OpCode) -> Came {
    let Some(this) = end_mut(tx, id) else { return Err(fault::no_runtime()) };
    if !this.receives {
        return Err(fault::only_sends());
    }
    match this.inbox.pop_front() {
        Some(message) => {
            if let Some(sender) = message.sender {
                tx.complete(sender, Ok(Value::None));
            }
            tx.take_in_hand(me, Hand::Message(id, Message { sender: None, ..message.clone() }));
            Ok(if code == OpCode::PipeNext { pair(Value::Bool(true), message.value) } else { message.value })
        }
        None if code == OpCode::PipeNext => Ok(pair(Value::Bool(false), Value::None)),
        None => Err(fault::end_of_file()),
    }
}

/// How many wait in an end, to receive there or to send from there, and could not go on.
pub(super) fn waiting(state: &State, id: u32, this: &End) -> i64 {
    let Some(peer) = end(state, this.peer).filter(|peer| !peer.is_gone()) else { return 0 };
    let (mut receivers, mut polls, mut senders, mut there) = (0, 0, 0, peer.bytes());
    let waits = state.actors().flat_map(|actor| waits_of(&actor.phase).map(move |op| (actor, op)));
    for (actor, op) in waits {
        if object_of(op) != Some(id) || is_closed_here(state, actor.id, id) {
            continue;
        }
        match op.code {
            OpCode::PipeRecv | OpCode::PipeNext => receivers += 1,
            OpCode::PipePoll => polls += 1,
            OpCode::PipeSend if !is_sending(state, actor.id, op) => {
                let fits = there == 0 || there + frame_bytes(op) <= BUFFER_BYTES;
                if fits { there += frame_bytes(op) } else { senders += 1 }
            }
            _ => {}
        }
    }
    let looks = if this.inbox.is_empty() { polls } else { 0 };
    (receivers - this.inbox.len() as i64).max(0) + looks + senders
}

/// A process begins to hold an end, unless it does or did.
pub(in crate::machine) fn hold(state: &mut State, process: u32, id: u32) {
    let Some(actor) = state.actor_mut(process) else { return };
    if actor.process_wide.ends.contains_key(&id) {
        return;
    }
    std::sync::Arc::make_mut(&mut actor.process_wide).ends.insert(id, true);
    if let Some(Object::End(end)) = state.object_mut(id) {
        end.holders += 1;
        end.was_held = true;
    }
}

/// A process closes an end.
fn close(tx: &mut Tx<'_>, process: u32, id: u32) {
    hold(tx.state, process, id);
    if let Some(actor) = tx.state.actor_mut(process) {
        std::sync::Arc::make_mut(&mut actor.process_wide).ends.insert(id, false);
    }
    let_go(tx, id);
}

/// An end has a holder less.
pub(in crate::machine) fn let_go(tx: &mut Tx<'_>, id: u32) {
    let Some(this) = end_mut(tx, id) else { return };
    this.holders = this.holders.saturating_sub(1);
    if this.holders > 0 {
        return;
    }
    // Nobody will receive what is being sent here.
    let senders: Vec<u32> = this.inbox.iter().filter_map(|message| message.sender).collect();
    this.inbox.retain(|message| message.sender.is_none());
    senders.into_iter().for_each(|sender| tx.complete(sender, Err(fault::broken_pipe())));
}
