//! Deaths at random moments, one or two in a run; and what became of every message.
//!
//! Each `tests/kill/moments/*.conc` names its *victims*. In a run one of them, by the seed, is killed at a random point
//! of its own (`os/doom.rs`), and in some runs another from outside, a random time after the start. The scenario prints
//! what its survivors miss and what they have twice (`lost 0 twice 0`); the trace says the same of each queue, to the
//! message. Every trace is judged. `KILL_MOMENTS=n` in the environment tries n moments of each scenario, and
//! `KILL_SEED=n` begins with another.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use conc::program::op::OpCode;
use conc::trace::{Datum, Event, Status, TraceData};
use conc::value::ObjectKind;
use conc::{RunOptions, Scenario};

use super::case::{TIMEOUT, went_well};
use super::chance::Chance;

/// Moments of each scenario, unless the environment asks for more.
const MOMENTS: u64 = 8;
/// The highest point that is tried, and the latest time in microseconds.
const POINTS_MAX: u64 = 400;
const AFTER_US_MAX: u64 = 5_000;
/// Of so many failures each is told of whole.
const TOLD_MAX: usize = 3;

/// What came of the moments of a scenario.
#[derive(Default)]
pub(crate) struct Tally {
    moments: u64,
    /// Actors that were killed before their ends.
    killed: u64,
    messages: u64,
    lost: u64,
    twice: u64,
    seconds: f64,
    failures: Vec<String>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { moments, killed, messages, lost, twice, seconds, failures } = self;
        write!(f, "{moments} moments, {killed} killed in time, {messages} messages, {lost} lost, {twice} twice")?;
        write!(f, ", {} failed, {seconds:.1} s", failures.len())
    }
}

/// From 1 to `most`.
fn upto(chance: &mut Chance, most: u64) -> u64 {
    chance.below(most) + 1
}

/// Who is killed in a run, and when.
struct Moment {
    seed: u64,
    victim: String,
    point: u32,
    after_us: u64,
    perturb: Option<u64>,
    /// Whether the run is streamed to a file while it goes on.
    streams: bool,
}

impl Moment {
    fn of(seed: u64, victims: &[&str]) -> Moment {
        let mut chance = Chance(seed);
        let victim = victims[upto(&mut chance, victims.len() as u64) as usize - 1].to_owned();
        // Early points are as likely as late ones: how many there are differs.
        let most = POINTS_MAX >> (upto(&mut chance, 4) - 1);
        let point = upto(&mut chance, most) as u32;
        let after_us = if upto(&mut chance, 3) == 1 { upto(&mut chance, AFTER_US_MAX) } else { 0 };
        let perturb = (upto(&mut chance, 2) == 1).then_some(seed);
        let streams = upto(&mut chance, 2) == 1;
        Moment { seed, victim, point, after_us, perturb, streams }
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Tries the moments of a scenario.
pub(crate) fn check(file: &Path) -> Result<Tally, String> {
    let scenario = Scenario::from_path(file).map_err(|error| error.to_string())?;
    if !scenario.is_correct() {
        return Err(format!("has errors: {:?}", scenario.diagnostics()));
    }
    let line = scenario.source().text().lines().find_map(|line| line.strip_prefix("# victims: "));
    let victims: Vec<&str> = line.ok_or("names no victims")?.split(' ').collect();
    let (from, begun) = (number("KILL_SEED", 0), Instant::now());
    let mut tally = Tally::default();
    for seed in from..from + number("KILL_MOMENTS", MOMENTS) {
        let moment = Moment::of(seed, &victims);
        tally.moments += 1;
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        // All tests of this program may run in one process.
        let files = format!("moment-{name}-{}-{seed}", std::process::id());
        if let Err(why) = run(&scenario, &moment, &files, &mut tally) {
            let Moment { seed, victim, point, after_us, .. } = &moment;
            let how = format!("KILL_SEED={seed}: {victim} at point {point}, another after {after_us} us");
            tally.failures.push(format!("{how}: {why}"));
        }
    }
    tally.seconds = begun.elapsed().as_secs_f64();
    match tally.failures.is_empty() {
        true => Ok(tally),
        false => Err(format!("{tally}\n{}", tally.failures[..tally.failures.len().min(TOLD_MAX)].join("\n"))),
    }
}

/// One of them; what it writes is called `files`.
fn run(scenario: &Scenario, moment: &Moment, files: &str, tally: &mut Tally) -> Result<(), String> {
    let sets = [("AFTER".to_owned(), format!("{}us", moment.after_us))];
    let plan = Arc::new(scenario.plan(&sets).map_err(|found| format!("has no plan: {found:?}"))?);
    let doom = Some((moment.victim.clone(), moment.point));
    let (seed, perturb) = (Some(moment.seed), moment.perturb);
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let stream = moment.streams.then(|| temporary.join(format!("{files}.trace")));
    let options = RunOptions { seed, timeout: Some(TIMEOUT), perturb, doom, stream, ..RunOptions::default() };
    let run = plan.run(&options).map_err(|error| error.to_string());
    options.stream.iter().for_each(|file| drop(std::fs::remove_file(file)));
    let run = run?;
    let data = run.trace().data();
    let ends = data.events.iter().filter(|event| event.op == OpCode::End).count();
    tally.killed += (data.actors.len() - ends) as u64;
    let whole = || format!("{}{}", run.output(), run.trace().outline());
    went_well(&plan, &run).map_err(|message| {
        // What an outline does not tell.
        let kept = temporary.join(format!("{files}.ron"));
        let _ = run.trace().to_ron_lines().map(|lines| std::fs::write(kept, lines));
        format!("{message}\n{}", whole())
    })?;
    let said = run.output().lines().find_map(|line| {
        let (lost, twice) = line.strip_prefix("lost ")?.split_once(" twice ")?;
        Some((lost.parse::<u64>().ok()?, twice.parse::<u64>().ok()?))
    });
    let (lost, twice) = said.ok_or_else(|| format!("does not say what is lost\n{}", whole()))?;
    let fates = Fates::of(data);
    tally.messages += fates.put;
    tally.lost += lost + fates.lost;
    tally.twice += twice + fates.twice;
    match (lost + fates.lost, twice + fates.twice) {
        (0, 0) => Ok(()),
        (lost, twice) => Err(format!("{lost} lost, {twice} twice\n{}", whole())),
    }
}

/// What a trace says of the messages of all queues and pipes in which no two are alike.
#[derive(Default)]
struct Fates {
    put: u64,
    /// Puts that were told of and gets that were not.
    lost: u64,
    twice: u64,
}

impl Fates {
    fn of(data: &TraceData) -> Fates {
        let mut messages: BTreeMap<(u32, String), (u64, u64)> = BTreeMap::new();
        for event in &data.events {
            let (Some(object), Status::Gave(gave)) = (event.object, &event.status) else { continue };
            if let Some(message) = put(event) {
                messages.entry((object, format!("{message:?}"))).or_default().0 += 1;
            } else if let Some(message) = got(event, gave) {
                messages.entry((source(data, object), format!("{message:?}"))).or_default().1 += 1;
            }
        }
        let mut fates = Fates::default();
        for (puts, gets) in messages.into_values() {
            fates.put += puts;
            fates.lost += puts.saturating_sub(gets);
            // One whose put was not told of may come out all the same.
            fates.twice += if puts < 2 { gets.saturating_sub(1) } else { gets.saturating_sub(puts + 1) };
        }
        fates
    }
}

fn put(event: &Event) -> Option<&Datum> {
    matches!(event.op, OpCode::QueuePut | OpCode::PipeSend).then(|| event.args.first())?
}

fn got<'d>(event: &Event, gave: &'d Datum) -> Option<&'d Datum> {
    match (event.op, gave) {
        (OpCode::QueueGet | OpCode::PipeRecv, message) => Some(message),
        (OpCode::QueueNext | OpCode::PipeNext, Datum::List(pair)) if pair.first() == Some(&Datum::Bool(true)) => {
            pair.get(1)
        }
        _ => None,
    }
}

/// Where what comes out of an object went in: the scenarios have one pipe at most, one way.
fn source(data: &TraceData, object: u32) -> u32 {
    let is_end = |at: u32| data.objects.get(at as usize).is_some_and(|it| it.kind == ObjectKind::PipeEnd);
    let other = (0..data.objects.len() as u32).find(|at| *at != object && is_end(*at));
    if is_end(object) { other.unwrap_or(object) } else { object }
}
