//! The file that a run is streamed to: events in the order in which they were collected, a few bytes each.
//!
//! A line says what it is; then blocks follow: a letter, the length of what comes after, and that.
//!
//! | letter | holds |
//! |---|---|
//! | `H` | all but events, actors and objects, as RON; once, first |
//! | `A` | actors that have been started, with their numbers, as RON; what is said later of one holds |
//! | `O` | objects that have been made, with their ids, as RON |
//! | `E` | events of one actor, one after the other: its number, the number of the first, then each as it was noted |
//!
//! Events of an actor come in its order, those of different actors as they were collected; what they are about is said
//! before. A file that was cut off is read up to the last whole block.
//!
//! Answers for: writing a run while it goes on, in memory that does not grow with it, and reading it back, at once or
//! event by event. Never opens a file.

use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::note::first;
use super::numbers::{ACTORS_MAX, Numbers};
use crate::program::ActorKind;
use crate::program::op::OpCode;
use crate::trace::file::{TraceError, VERSION, is_sound};
use crate::trace::{ActorInfo, Event, ObjectDetail, Trace, TraceData, deep};

/// What such a file begins with.
const BEGINNING: &[u8] = b"conc trace, streamed\n";
const HEAD: u8 = b'H';
const ACTORS: u8 = b'A';
const OBJECTS: u8 = b'O';
const EVENTS: u8 = b'E';
/// The letter of a block and its length.
const BLOCK_HEADER: usize = 5;
/// A block is no longer than this.
const BLOCK_MAX: usize = 1 << 30;
/// Before the events of a block: whose, and the number of the first.
const EVENTS_HEADER: usize = 8;
/// So many definitions are in a block.
const DEFINED_AT_ONCE: usize = 1000;

/// What is known before a run begins.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    /// Without actors, objects and events.
    run: TraceData,
    operations: Vec<OpCode>,
    tasks: Vec<String>,
}

/// Writes a run while it goes on.
pub(crate) struct Writer<W> {
    to: W,
}

impl<W: Write> Writer<W> {
    /// Writes what is known at the beginning: of `run`, all but actors, objects and events; and the names of tasks.
    pub(crate) fn begin(mut to: W, run: TraceData, tasks: Vec<String>) -> io::Result<Writer<W>> {
        to.write_all(BEGINNING)?;
        let mut writer = Writer { to };
        writer.define(HEAD, &Head { run, operations: OpCode::ALL.to_vec(), tasks })?;
        Ok(writer)
    }

    /// Writes who the actors with these numbers are.
    pub(crate) fn actors(&mut self, actors: &[(u32, ActorInfo)]) -> io::Result<()> {
        actors.chunks(DEFINED_AT_ONCE).try_for_each(|some| self.define(ACTORS, &some))
    }

    /// Writes what the objects with these ids are, in the order of their indices.
    pub(crate) fn objects(&mut self, objects: &[(u32, ObjectDetail)]) -> io::Result<()> {
        objects.chunks(DEFINED_AT_ONCE).try_for_each(|some| self.define(OBJECTS, &some))
    }

    /// Writes events of an actor, whole ones, of which the first has this number.
    pub(crate) fn events(&mut self, actor: u32, first: u32, events: &[u8]) -> io::Result<()> {
        self.header(EVENTS, EVENTS_HEADER + events.len())?;
        self.to.write_all(&actor.to_le_bytes())?;
        self.to.write_all(&first.to_le_bytes())?;
        self.to.write_all(events)
    }

    /// Hands over what has been written so far.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }

    fn define(&mut self, letter: u8, what: &impl Serialize) -> io::Result<()> {
        let text = deep::to_ron(what).map_err(io::Error::other)?;
        self.header(letter, text.len())?;
        self.to.write_all(text.as_bytes())
    }

    fn header(&mut self, letter: u8, len: usize) -> io::Result<()> {
        let len = u32::try_from(len).map_err(io::Error::other)?;
        self.to.write_all(&[letter])?;
        self.to.write_all(&len.to_le_bytes())
    }
}

/// A run that was streamed to a file.
///
/// It knows its actors and objects; its events stay where they are until they are asked for.
pub struct Recording<R> {
    from: BufReader<R>,
    run: TraceData,
    numbers: Numbers,
}

impl<R: Read + Seek> Recording<R> {
    /// Reads all but the events.
    pub fn open(from: R) -> Result<Recording<R>, TraceError> {
        let mut recording =
            Recording { from: BufReader::new(from), run: TraceData::default(), numbers: Numbers::default() };
        let mut has_head = false;
        recording.blocks(|recording, letter, block| {
            if letter != HEAD && !has_head {
                return Err(TraceError::NotStreamed);
            }
            match letter {
                HEAD => {
                    let head: Head = defined(block)?;
                    if head.run.version != VERSION {
                        return Err(TraceError::Version(head.run.version));
                    }
                    (recording.run, has_head) = (head.run, true);
                    recording.numbers = Numbers::new(head.operations, head.tasks);
                }
                ACTORS => recording.learn_actors(defined(block)?),
                OBJECTS => recording.learn_objects(defined(block)?),
                _ => {}
            }
            Ok(())
        })?;
        if has_head { Ok(recording) } else { Err(TraceError::NotStreamed) }
    }

    /// The run without its events.
    pub fn run(&self) -> &TraceData {
        &self.run
    }

    /// Every event, in the order of the file. Results of tasks are not told apart: they take reading it all.
    pub fn events(&mut self, mut event: impl FnMut(&Event)) -> Result<(), TraceError> {
        self.each(|recording, place, noted| {
            event(&recording.checked(recording.numbers.event(place, noted))?);
            Ok(())
        })
    }

    /// The whole of it, in canonical order.
    pub fn into_trace(mut self) -> Result<Trace, TraceError> {
        self.each(|recording, place, noted| {
            recording.numbers.learn_result(place, noted);
            Ok(())
        })?;
        let mut events = Vec::new();
        self.each(|recording, place, noted| {
            events.push(recording.checked(recording.numbers.event(place, noted))?);
            Ok(())
        })?;
        // Grouped by actor, whenever they were collected.
        events.sort_by_key(|event| event.place);
        self.run.events = events;
        Ok(Trace::new(self.run))
    }

    fn checked(&self, event: Event) -> Result<Event, TraceError> {
        let (actor, seq) = (event.place.actor, event.place.seq);
        if is_sound(&self.run, &event) { Ok(event) } else { Err(TraceError::Event { actor, seq }) }
    }

    fn learn_actors(&mut self, actors: Vec<(u32, ActorInfo)>) {
        for (number, info) in actors.into_iter().filter(|(number, _)| *number < ACTORS_MAX) {
            let Some(place) = Numbers::place(number, 0) else { continue };
            let index = place.actor as usize;
            if index >= self.run.actors.len() {
                self.run.actors.resize_with(index + 1, unknown);
            }
            self.run.actors[index] = info;
        }
    }

    fn learn_objects(&mut self, objects: Vec<(u32, ObjectDetail)>) {
        for (id, detail) in objects {
            self.numbers.objects.insert(id, self.run.objects.len() as u32);
            self.run.objects.push(detail);
        }
    }

    fn each(
        &mut self,
        mut event: impl FnMut(&mut Self, crate::trace::Place, &super::note::Noted) -> Result<(), TraceError>,
    ) -> Result<(), TraceError> {
        self.blocks(|recording, letter, block| {
            if letter != EVENTS {
                return Ok(());
            }
            let (head, mut rest) = block.split_at_checked(EVENTS_HEADER).ok_or(TraceError::NotStreamed)?;
            let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
            let (actor, mut seq) = (number(0), number(4));
            while let Some((noted, after)) = first(rest) {
                let place = Numbers::place(actor, seq).ok_or(TraceError::Event { actor, seq })?;
                event(recording, place, &noted)?;
                (rest, seq) = (after, seq.wrapping_add(1));
            }
            if rest.is_empty() { Ok(()) } else { Err(TraceError::Event { actor, seq }) }
        })
    }

    /// Goes through the blocks from the first to the last whole one.
    fn blocks(
        &mut self,
        mut block: impl FnMut(&mut Self, u8, &[u8]) -> Result<(), TraceError>,
    ) -> Result<(), TraceError> {
        self.from.seek(SeekFrom::Start(0))?;
        let mut bytes = vec![0; BEGINNING.len()];
        if !fill(&mut self.from, &mut bytes)? || bytes != BEGINNING {
            return Err(TraceError::NotStreamed);
        }
        loop {
            let mut header = [0; BLOCK_HEADER];
            if !fill(&mut self.from, &mut header)? {
                return Ok(());
            }
            let [letter, len @ ..] = header;
            let len = u32::from_le_bytes(len) as usize;
            if len > BLOCK_MAX {
                return Err(TraceError::NotStreamed);
            }
            // A length is not believed before there is as much.
            bytes.clear();
            if (&mut self.from).take(len as u64).read_to_end(&mut bytes)? < len {
                return Ok(());
            }
            block(self, letter, &bytes)?;
        }
    }
}

/// An actor that nothing is said of.
fn unknown() -> ActorInfo {
    ActorInfo { name: "?".to_owned(), kind: ActorKind::Thread, parent: None, pid: 0, tid: 0 }
}

fn defined<T: DeserializeOwned>(block: &[u8]) -> Result<T, TraceError> {
    let text = std::str::from_utf8(block).map_err(|_| TraceError::NotStreamed)?;
    deep::from_ron(text).map_err(|error| TraceError::Defined(error.to_string()))
}

/// Fills the bytes; false where there are not so many.
fn fill(from: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
