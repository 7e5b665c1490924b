//! Traces as files: RON, one event a line, and JSON.
//!
//! Answers for: reading back what was written, and a RON file that was cut off, up to the last whole line. Both keep
//! pids and times as they were; what hides them is `mask`. Never opens a file.

use serde::{Deserialize, Serialize};

use super::{ActorInfo, Datum, Event, ObjectDetail, Status, Trace, TraceData, deep};

/// The version of the format that is written and read.
pub const VERSION: u32 = 1;

/// Why a text is not a trace.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// A line of RON is not what belongs there.
    #[error("line {line}: {message}")]
    Ron {
        /// Which, from 1.
        line: usize,
        /// What the RON parser says.
        message: String,
    },
    /// The JSON is not a trace.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// It cannot be written as RON.
    #[error("{0}")]
    Write(#[from] ron::Error),
    /// A later version.
    #[error("the trace has format version {0}, this program reads version {VERSION}")]
    Version(u32),
    /// An event refers to an actor or object that the header does not have.
    #[error("event {0} refers to an actor or object that the trace does not have")]
    Reference(usize),
    /// The file was not streamed by a run.
    #[error("this is not a trace that a run was streamed to")]
    NotStreamed,
    /// What a streamed trace says of actors or objects cannot be read.
    #[error("what the trace says of its actors and objects: {0}")]
    Defined(String),
    /// An event of a streamed trace is not whole, or refers to what the trace does not have.
    #[error("event {seq} of the actor with number {actor} is not whole, or refers to what the trace does not have")]
    Event {
        /// Which actor, in the order of their starts.
        actor: u32,
        /// Which of its events, from 0.
        seq: u32,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// The first line of a RON file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    version: u32,
    file: String,
    #[serde(default)]
    scenario: String,
    #[serde(default)]
    sets: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "super::event::is_unknown")]
    cores: u32,
    #[serde(default, skip_serializing_if = "super::event::is_unknown")]
    processes_max: u32,
    #[serde(default, skip_serializing_if = "super::event::is_unknown")]
    threads_max: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    spurious: bool,
    actors: Vec<ActorInfo>,
    objects: Vec<ObjectDetail>,
}

impl Trace {
    /// RON: a line with all but the events, then each event on a line of its own, in canonical order.
    pub fn to_ron_lines(&self) -> Result<String, TraceError> {
        let data = self.data();
        let header = Header {
            version: data.version,
            file: data.file.clone(),
            scenario: data.scenario.clone(),
            sets: data.sets.clone(),
            cores: data.cores,
            processes_max: data.processes_max,
            threads_max: data.threads_max,
            spurious: data.spurious,
            actors: data.actors.clone(),
            objects: data.objects.clone(),
        };
        let mut text = deep::to_ron(&header)?;
        text.push('\n');
        for event in self.events() {
            text.push_str(&deep::to_ron(event)?);
            text.push('\n');
        }
        Ok(text)
    }

    /// Reads what [`Trace::to_ron_lines`] wrote. A last line without its end is left out.
    pub fn from_ron_lines(text: &str) -> Result<Trace, TraceError> {
        let mut lines = text.split_inclusive('\n').enumerate().filter(|(_, line)| !line.trim().is_empty());
        let wrong = |line: usize, message: String| TraceError::Ron { line: line + 1, message };
        let (at, first) = lines.next().ok_or_else(|| wrong(0, "the file is empty".into()))?;
        let header: Header = deep::from_ron(first).map_err(|error| wrong(at, error.to_string()))?;
        let mut events = Vec::new();
        for (at, line) in lines {
            match deep::from_ron::<Event>(line) {
                Ok(event) => events.push(event),
                Err(_) if !line.ends_with('\n') => break,
                Err(error) => return Err(wrong(at, error.to_string())),
            }
        }
        let Header { version, file, scenario, sets, cores, processes_max, threads_max, spurious, actors, objects } =
            header;
        checked(TraceData {
            version,
            file,
            scenario,
            sets,
            cores,
            processes_max,
            threads_max,
            spurious,
            actors,
            objects,
            events,
        })
    }

    /// JSON: one object, as `docs/trace.md` describes it.
    pub fn to_json(&self) -> Result<String, TraceError> {
        Ok(deep::to_json(self.data())?)
    }

    /// Reads what [`Trace::to_json`] wrote.
    pub fn from_json(text: &str) -> Result<Trace, TraceError> {
        checked(deep::from_json(text)?)
    }
}

fn checked(data: TraceData) -> Result<Trace, TraceError> {
    if data.version != VERSION {
        return Err(TraceError::Version(data.version));
    }
    match data.events.iter().position(|event| !is_sound(&data, event)) {
        Some(at) => Err(TraceError::Reference(at)),
        None => Ok(Trace::new(data)),
    }
}

/// Whether what an event refers to exists.
pub(super) fn is_sound(data: &TraceData, event: &Event) -> bool {
    let within = |index: u32, len: usize| (index as usize) < len;
    let actor = |index: u32| within(index, data.actors.len());
    let object = |index: u32| within(index, data.objects.len());
    let data_exist = |datum: &Datum| datum_exists(datum, &actor, &object);
    let gave = match &event.status {
        Status::Gave(datum) => data_exist(datum),
        Status::Raised(..) => true,
    };
    let places = actor(event.place.actor) && event.cause.is_none_or(|cause| actor(cause.actor));
    let targets = event.actor.is_none_or(actor) && event.object.is_none_or(object);
    gave && places && targets && event.args.iter().all(data_exist)
}

fn datum_exists(datum: &Datum, actor: &impl Fn(u32) -> bool, object: &impl Fn(u32) -> bool) -> bool {
    match datum {
        Datum::Actor(index) => actor(*index),
        Datum::Result(place) => actor(place.actor),
        Datum::Object(index) => object(*index),
        Datum::List(items) | Datum::Set(items) => items.iter().all(|item| datum_exists(item, actor, object)),
        Datum::Map(entries) => {
            entries.iter().all(|(key, value)| datum_exists(key, actor, object) && datum_exists(value, actor, object))
        }
        Datum::Range(low, high, _) => datum_exists(low, actor, object) && datum_exists(high, actor, object),
        _ => true,
    }
}
