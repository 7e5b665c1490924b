//! Makes traces by hand.

use conc::program::ActorKind;
use conc::program::op::OpCode;
use conc::trace::{ActorInfo, Datum, Event, ObjectDetail, Place, Status, TraceData};
use conc::value::ObjectKind;

/// A trace in the making. Actor 0 is `main`.
pub(crate) struct Recorder {
    pub(crate) data: TraceData,
    tickets: Vec<u64>,
}

impl Recorder {
    pub(crate) fn new() -> Recorder {
        let mut recorder = Recorder { data: TraceData::default(), tickets: Vec::new() };
        recorder.data.version = 1;
        recorder.data.file = "hand.conc".into();
        recorder.actor("main", ActorKind::Main, None);
        recorder
    }

    pub(crate) fn actor(&mut self, name: &str, kind: ActorKind, parent: Option<u32>) -> u32 {
        let index = self.data.actors.len() as u32;
        let tid = 1000 + i64::from(index);
        let pid = if kind == ActorKind::Thread { 1000 } else { tid };
        self.data.actors.push(ActorInfo { name: name.into(), kind, parent, pid, tid });
        index
    }

    pub(crate) fn object(&mut self, name: &str, kind: ObjectKind, size: Option<i64>) -> u32 {
        self.data.objects.push(ObjectDetail { name: name.into(), kind, size });
        self.tickets.push(0);
        self.data.objects.len() as u32 - 1
    }

    /// An event of an actor on nothing.
    pub(crate) fn step(&mut self, actor: u32, op: OpCode, args: &[Datum], gave: Datum) -> Place {
        let seq = self.data.events.iter().filter(|event| event.place.actor == actor).count() as u32;
        let place = Place { actor, seq };
        self.data.events.push(Event {
            place,
            time_ns: self.data.events.len() as u64,
            line: 0,
            op,
            object: None,
            actor: None,
            ticket: 0,
            cause: None,
            args: args.to_vec(),
            status: Status::Gave(gave),
        });
        place
    }

    /// An event on an object, with the next ticket.
    pub(crate) fn on(&mut self, actor: u32, object: u32, op: OpCode, args: &[Datum], gave: Datum) -> Place {
        let place = self.step(actor, op, args, gave);
        self.tickets[object as usize] += 1;
        let ticket = self.tickets[object as usize];
        let event = self.last();
        event.object = Some(object);
        event.ticket = ticket;
        place
    }

    pub(crate) fn last(&mut self) -> &mut Event {
        self.data.events.last_mut().unwrap()
    }

    pub(crate) fn caused(&mut self, cause: Place) {
        self.last().cause = Some(cause);
    }

    pub(crate) fn raised(&mut self, kind: &str, message: &str) {
        self.last().status = Status::Raised(kind.into(), message.into());
    }

    /// `start`, and the begin of the actor.
    pub(crate) fn start(&mut self, by: u32, actor: u32, args: &[Datum]) {
        let template = Datum::Int(0);
        let args = [template, Datum::None, Datum::List(args.to_vec())];
        let start = self.step(by, OpCode::Start, &args, Datum::Actor(actor));
        self.last().actor = Some(actor);
        self.step(actor, OpCode::Begin, &[], Datum::None);
        self.caused(start);
    }

    pub(crate) fn end(&mut self, actor: u32, code: i64) -> Place {
        self.step(actor, OpCode::End, &[Datum::Int(code), Datum::None], Datum::None)
    }

    pub(crate) fn join(&mut self, by: u32, actor: u32) {
        self.step(by, OpCode::Join, &[Datum::None], Datum::Bool(true));
        self.last().actor = Some(actor);
    }
}

pub(crate) fn text(text: &str) -> Datum {
    Datum::Str(text.into())
}

/// The same trace with its actors, objects and events listed in another order.
pub(crate) fn shuffled(data: &TraceData, actors: &[u32], objects: &[u32]) -> TraceData {
    let mut out = data.clone();
    let put = |order: &[u32], index: u32| order[index as usize];
    for (old, info) in data.actors.iter().enumerate() {
        let mut info = info.clone();
        info.parent = info.parent.map(|parent| put(actors, parent));
        out.actors[actors[old] as usize] = info;
    }
    for (old, info) in data.objects.iter().enumerate() {
        out.objects[objects[old] as usize] = info.clone();
    }
    for event in &mut out.events {
        event.place.actor = put(actors, event.place.actor);
        event.actor = event.actor.map(|actor| put(actors, actor));
        event.object = event.object.map(|object| put(objects, object));
        if let Some(cause) = &mut event.cause {
            cause.actor = put(actors, cause.actor);
        }
        if let Status::Gave(Datum::Actor(actor)) = &mut event.status {
            *actor = put(actors, *actor);
        }
    }
    out.events.sort_by_key(|event| event.place);
    out
}
