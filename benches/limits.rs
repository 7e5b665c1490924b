//! What conc's operations cost beside the same ones without it (raw system calls; among threads, crossbeam's channel
//! and rayon) and in CPython, in one run, in turns: how many times as long each takes as the limit.
//! `cargo bench --bench limits`, with names of rows behind `--` for some of them, and with `--traced` for runs of conc
//! that are recorded.
//!
//! Of conc and of CPython two runs are taken, of which one does a tenth as much: the difference is what the operations
//! cost, without the start of the program. Hand-offs are measured twice, with everything on one processor and on two.
//! Machines are shared and noisy: read the quartiles of the ratios.

#[path = "limits/crates.rs"]
mod crates;
#[path = "limits/raw.rs"]
mod raw;
#[path = "limits/shared.rs"]
mod shared;

#[path = "measure/folder.rs"]
mod folder;
mod measure;
#[path = "measure/processors.rs"]
mod processors;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use folder::Folder;
use measure::{CONC, quartiles, time};
use processors::Pinned;

/// Rounds of each row; the first does not count.
const ROUNDS: usize = 8;
/// A run has this many times the operations of the one that it is held against.
const TIMES: usize = 10;
/// Events of a round of the row that tells what recording one costs: a lock is taken, and given back.
const EVENTS: f64 = 2.0;

/// A row: the scenario (and the Python program of that name), what the limit is called, constants, operations.
struct Row {
    name: &'static str,
    file: &'static str,
    sets: &'static [&'static str],
    count: usize,
    what: What,
}

/// What is told of an operation.
#[derive(Clone, Copy, PartialEq)]
enum What {
    /// What it takes.
    Time,
    /// What it takes, on one processor and on two: one who goes on lets another go on.
    HandOff,
    /// What each of its events takes more when the run is recorded.
    Recording,
}

/// Nanoseconds of an operation.
struct Round {
    limit: f64,
    conc: f64,
    /// Where it is there.
    python: Option<f64>,
}

/// How conc is run.
struct Bench {
    folder: Folder,
    /// The programs that are measured, as installed: conc, and the limits, which are this one.
    conc: String,
    limit: String,
    traced: bool,
}

const fn row(name: &'static str, file: &'static str, count: usize) -> Row {
    Row { name, file, sets: &[], count, what: What::Time }
}

const fn hand_off(name: &'static str, count: usize) -> Row {
    Row { what: What::HandOff, ..row(name, name, count) }
}

const ROWS: &[Row] = &[
    row("start_process", "start_process", 400),
    Row { sets: &["W=100"], ..row("start_process_100", "start_process", 400) },
    row("start_thread", "start_thread", 1_000),
    row("queue_processes", "queue_processes", 100_000),
    Row { sets: &["SIDES=2"], ..row("queue_processes_2", "queue_processes", 100_000) },
    row("queue_threads", "queue_threads", 200_000),
    hand_off("rendezvous", 5_000),
    hand_off("semaphore", 20_000),
    hand_off("condition", 5_000),
    hand_off("pipe", 5_000),
    Row { sets: &["SIZE=65_536"], ..row("pipe_64k", "pipe", 2_000) },
    row("pool", "pool", 30_000),
    row("pool_map", "pool_map", 500_000),
    row("pool_threads", "pool_threads", 30_000),
    row("pool_map_threads", "pool_map_threads", 500_000),
    row("lock", "lock", 400_000),
    Row { sets: &["SIDES=2"], ..row("lock_contended", "lock", 200_000) },
    Row { what: What::HandOff, ..row("barrier_2", "barrier", 5_000) },
    Row { sets: &["PARTIES=8"], ..row("barrier_8", "barrier", 2_000) },
    Row { sets: &["PARTIES=64"], ..row("barrier_64", "barrier", 200) },
    row("event_64", "event", 200),
    Row { what: What::Recording, ..row("recording", "lock", 400_000) },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [ask, rest @ ..] = args.as_slice()
        && ask == "--raw"
    {
        match rest {
            [row, count] => println!("{}", raw::measure(row, count.parse().unwrap_or(1)).unwrap_or(f64::NAN)),
            _ => raw::hello(),
        }
        return ExitCode::SUCCESS;
    }
    let (flags, names): (Vec<_>, Vec<_>) = args.into_iter().partition(|arg| arg == "--traced");
    let bench = match Bench::new(!flags.is_empty()) {
        Ok(bench) => bench,
        Err(error) => {
            println!("no folder to record in: {error}");
            return ExitCode::FAILURE;
        }
    };
    let how = if bench.traced { "; every run of conc is recorded" } else { "" };
    println!("times as long as the limit: quartiles{how}\n");
    println!("{:<26} {:>12} {:>12} {:>27} {:>27}", "", "limit ns", "conc ns", "conc", "CPython");
    let is_asked = |name: &str| names.is_empty() || names.iter().any(|asked| asked == name);
    if is_asked("hello") {
        bench.hello();
    }
    ROWS.iter().filter(|row| is_asked(row.name)).for_each(|row| bench.all_of(row));
    ExitCode::SUCCESS
}

impl Bench {
    fn new(traced: bool) -> std::io::Result<Bench> {
        let folder = Folder::new("limits")?;
        let conc = installed(&folder, Path::new(CONC))?;
        let limit = installed(&folder, &std::env::current_exe()?)?;
        Ok(Bench { folder, conc, limit, traced })
    }

    /// Whole processes: the smallest scenario, a program that forks once, and CPython.
    fn hello(&self) {
        let once = |_| {
            let conc = self.command("hello", &[], self.traced);
            let commands =
                [vec![self.limit.clone(), "--raw".into()], conc, vec!["python3".into(), file("hello", "py")]];
            let [limit, conc, python] = commands.each_ref().map(|command| time(command).map(|ms| ms * 1e6));
            Some(Round { limit: limit?, conc: conc?, python })
        };
        tell("hello, whole", (0..=ROUNDS).filter_map(once).skip(1).collect());
    }

    /// Measures a row, and tells of it.
    fn all_of(&self, row: &Row) {
        let rounds = || match self.round(row) {
            Some(_) => (0..ROUNDS).filter_map(|_| self.round(row)).collect(),
            None => Vec::new(),
        };
        if row.what != What::HandOff {
            return tell(row.name, rounds());
        }
        for count in [1, 2] {
            let name = format!("{}, {}", row.name, processors::said(count));
            match Pinned::to(count) {
                Some(_pinned) => tell(&name, rounds()),
                None => println!("{name:<26} not measured: there are not so many here"),
            }
        }
    }

    /// Measures a row once.
    fn round(&self, row: &Row) -> Option<Round> {
        let mut raw = Command::new(&self.limit);
        let raw = raw.args(["--raw", row.name, &row.count.to_string()]).output();
        let limit = String::from_utf8(raw.ok()?.stdout).ok()?.trim().parse().ok()?;
        let conc = |traced| {
            of_difference(row.count, |count| {
                let sets = row.sets.iter().map(|set| (*set).to_owned()).chain([format!("N={count}")]);
                time(&self.command(row.file, &sets.collect::<Vec<_>>(), traced))
            })
        };
        if row.what == What::Recording {
            return Some(Round { limit, conc: (conc(true)? - conc(false)?) / EVENTS, python: None });
        }
        let conc = conc(self.traced)?;
        let script = PathBuf::from(file(row.file, "py"));
        let python = script.exists().then(|| {
            of_difference(row.count, |count| {
                let mut command = vec!["python3".to_owned(), script.display().to_string(), format!("N={count}")];
                command.extend(row.sets.iter().map(|set| (*set).to_owned()));
                time(&command)
            })
        });
        Some(Round { limit, conc, python: python.flatten() })
    }

    /// How a scenario is run with these constants, and recorded where that is asked for.
    fn command(&self, name: &str, sets: &[String], traced: bool) -> Vec<String> {
        let mut command = vec![self.conc.clone(), "run".into()];
        command.extend(sets.iter().flat_map(|set| ["--set".to_owned(), set.clone()]));
        if traced {
            command.extend(["--trace".into(), self.folder.file().display().to_string()]);
        }
        command.push(file(name, "conc"));
        command
    }
}

/// A copy of a program, as one that was installed is one: how the linker has written a file shows in how dearly it is
/// mapped.
fn installed(folder: &Folder, program: &Path) -> std::io::Result<String> {
    let copy = folder.file().with_file_name(program.file_name().unwrap_or_default());
    std::fs::copy(program, &copy)?;
    Ok(copy.display().to_string())
}

fn tell(name: &str, rounds: Vec<Round>) {
    if rounds.is_empty() {
        return println!("{name:<26} not measured: it does not run here");
    }
    let of = |what: fn(&Round) -> Option<f64>| quartiles(rounds.iter().filter_map(what).collect());
    let [_, limit, _] = of(|round| Some(round.limit));
    let [_, conc, _] = of(|round| Some(round.conc));
    let shown = |[low, median, high]: [f64; 3]| match median.is_nan() {
        true => "–".to_owned(),
        false => format!("{low:>8.2} {median:>8.2} {high:>8.2}"),
    };
    let of_conc = shown(of(|round| Some(round.conc / round.limit)));
    let of_python = shown(of(|round| Some(round.python? / round.limit)));
    println!("{name:<26} {limit:>12.0} {conc:>12.0} {of_conc:>27} {of_python:>27}");
}

/// Nanoseconds of one of so many operations, by what a run takes longer than one with a tenth of them.
fn of_difference(count: usize, run: impl Fn(usize) -> Option<f64>) -> Option<f64> {
    let few = (count / TIMES).max(1);
    let (short, long) = (run(few)?, run(count)?);
    Some((long - short) * 1e6 / (count - few) as f64)
}

fn file(name: &str, ending: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/limits");
    folder.join(format!("{name}.{ending}")).display().to_string()
}
