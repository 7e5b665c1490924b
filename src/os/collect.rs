//! The collector of a run that is streamed: takes the events of all actors from the arena while they go on, and writes
//! them to a file.
//!
//! It is a thread of the supervisor. Actors never wait for it, unless they are so much faster that the events it has
//! not come to would fill the memory. In a deterministic run, whose driver reads the events where they lie, it
//! collects them at the end.
//!
//! Answers for: what is in the file, and when. Never says what a number means (see `trace::recorded`).

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Relaxed, SeqCst};
use std::thread::JoinHandle;

use super::history::{self, Objects};
use super::layout::{ACTORS_MAX, state};
use super::park::Ctx;
use super::record::Reader;
use super::supervisor::MAIN;
use super::{actor, memory, sys};
use crate::plan::Plan;
use crate::trace::recorded::Writer;

/// How many bytes of events may lie in the arena, full chunks only, before actors wait.
const READY_MAX: u64 = 32 << 20;
/// What is written to the file at a time.
const WRITTEN_AT_ONCE: usize = 1 << 20;
/// How long it sleeps at most: what a slow run did should not take long to reach the file.
const PERIOD_NS: u64 = 200_000_000;

/// Events of one actor, within those that were collected.
struct Lot {
    actor: u32,
    first: u32,
    end: usize,
}

/// Collects events.
pub(super) struct Collector {
    ctx: Ctx,
    plan: Arc<Plan>,
    writer: Writer<BufWriter<File>>,
    objects: Objects,
    /// Of every actor that has not ended, or of which not all is collected.
    readers: Vec<Reader>,
    /// Actors below this have a reader, or had one.
    seen: u32,
    /// Those of them of which the file does not tell yet.
    untold: Vec<u32>,
    bytes: Vec<u8>,
    lots: Vec<Lot>,
    error: Option<io::Error>,
}

/// A collector at work.
pub(super) struct Working {
    ctx: Ctx,
    thread: JoinHandle<Collector>,
    stop: Arc<AtomicBool>,
}

impl Collector {
    /// Begins the file.
    pub(super) fn new(ctx: Ctx, plan: &Arc<Plan>, name: &str, to: &Path) -> io::Result<Collector> {
        let to = BufWriter::with_capacity(WRITTEN_AT_ONCE, File::create(to)?);
        let mut writer = Writer::begin(to, history::head(ctx.arena, plan, name), history::tasks(plan))?;
        writer.flush()?;
        Ok(Collector {
            ctx,
            plan: Arc::clone(plan),
            writer,
            objects: Objects::default(),
            readers: Vec::new(),
            seen: MAIN,
            untold: Vec::new(),
            bytes: Vec::new(),
            lots: Vec::new(),
            error: None,
        })
    }

    /// Goes to work beside the run.
    pub(super) fn work(self) -> io::Result<Working> {
        let header = self.ctx.arena.header();
        header.trace_max.fetch_min(READY_MAX, Relaxed);
        header.streaming.store(1, SeqCst);
        let (ctx, stop) = (self.ctx.clone(), Arc::new(AtomicBool::new(false)));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("collector".to_owned()).spawn(move || self.until(&stopped))?;
        Ok(Working { ctx, thread, stop })
    }

    fn until(mut self, stop: &AtomicBool) -> Collector {
        let header = self.ctx.arena.header();
        while !stop.load(SeqCst) {
            let filled = header.filled.load(SeqCst);
            if let Err(error) = self.collect() {
                self.error = Some(error);
                header.over_limit.store(memory::STREAM, SeqCst);
                header.streaming.store(0, SeqCst);
                self.tell_of_room();
                self.ctx.kick();
                break;
            }
            header.collector_sleeps.store(1, SeqCst);
            sys::futex_wait(&header.filled, filled, Some(sys::now_ns() + PERIOD_NS), false);
            header.collector_sleeps.store(0, SeqCst);
        }
        self
    }

    /// Collects what is left, once the run is over.
    pub(super) fn finish(mut self) -> io::Result<()> {
        match self.error.take() {
            Some(error) => Err(error),
            None => self.collect(),
        }
    }

    /// Writes the events since the last time.
    fn collect(&mut self) -> io::Result<()> {
        self.meet_actors();
        let arena = self.ctx.arena;
        self.bytes.clear();
        self.lots.clear();
        let (bytes, lots) = (&mut self.bytes, &mut self.lots);
        self.readers.retain_mut(|reader| {
            // What it did before that is all there will be.
            let has_ended = actor::slot(arena, reader.actor()).state.load(Acquire) == state::ENDED;
            let (first, before) = (reader.count(), bytes.len());
            reader.collect(arena, bytes, has_ended);
            if bytes.len() > before {
                lots.push(Lot { actor: reader.actor(), first, end: bytes.len() });
            }
            !has_ended
        });
        self.tell_of_room();
        self.define()?;
        let mut start = 0;
        for lot in &self.lots {
            self.writer.events(lot.actor, lot.first, self.bytes.get(start..lot.end).unwrap_or_default())?;
            start = lot.end;
        }
        self.writer.flush()
    }

    /// Learns of the actors that have been registered since the last time.
    fn meet_actors(&mut self) {
        let until = self.ctx.arena.header().actors.load(SeqCst).min(ACTORS_MAX);
        self.readers.extend((self.seen..until).map(Reader::new));
        self.untold.extend(self.seen..until);
        self.seen = until;
    }

    /// Tells who the actors are that the file does not know: whoever is meant by an event has been started, and whoever
    /// did something has its ids. And what the objects are.
    fn define(&mut self) -> io::Result<()> {
        self.meet_actors();
        let arena = self.ctx.arena;
        let (untold, known): (Vec<u32>, Vec<u32>) = std::mem::take(&mut self.untold)
            .into_iter()
            .partition(|number| actor::slot(arena, *number).state.load(Acquire) == state::FREE);
        self.untold = untold;
        let begun = self.lots.iter().filter(|lot| lot.first == 0).map(|lot| lot.actor);
        let actors: Vec<_> =
            known.into_iter().chain(begun).map(|number| (number, history::actor_info(arena, number))).collect();
        self.writer.actors(&actors)?;
        let known = self.objects.learn(arena, &self.plan);
        let new = self.objects.details.iter().skip(known);
        let objects: Vec<_> = self.objects.ids.iter().skip(known).copied().zip(new.cloned()).collect();
        self.writer.objects(&objects)
    }

    fn tell_of_room(&self) {
        let collected = &self.ctx.arena.header().collected;
        collected.fetch_add(1, SeqCst);
        sys::futex_wake(collected, u32::MAX, false);
    }
}

impl Working {
    /// Lets it come to an end.
    pub(super) fn stop(self) -> io::Result<Collector> {
        self.stop.store(true, SeqCst);
        self.ctx.wake_collector();
        self.thread.join().map_err(|_| io::Error::other("the collector of the trace went wrong"))
    }
}
