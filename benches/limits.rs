//! What conc's operations cost beside the same ones without it (raw system calls, crossbeam's channel) and in CPython,
//! in one run, in turns: how many times as long each takes as the limit. `cargo bench --bench limits`, with names of
//! rows behind `--` for some of them.
//!
//! Of conc and of CPython two runs are taken, of which one does a tenth as much: the difference is what the operations
//! cost, without the start of the program. Machines are shared and noisy: read the quartiles of the ratios.

#[path = "limits/raw.rs"]
mod raw;
#[path = "limits/shared.rs"]
mod shared;

mod measure;

use std::path::{Path, PathBuf};
use std::process::Command;

use measure::{CONC, quartiles, time};

/// Rounds of each row; the first does not count.
const ROUNDS: usize = 8;
/// A run has this many times the operations of the one that it is held against.
const TIMES: usize = 10;

/// A row: the scenario (and the Python program of that name), what the limit is called, constants, operations.
struct Row {
    name: &'static str,
    file: &'static str,
    sets: &'static [&'static str],
    options: &'static [&'static str],
    count: usize,
}

/// Nanoseconds of an operation.
struct Round {
    limit: f64,
    conc: f64,
    /// Where it is there.
    python: Option<f64>,
}

const fn row(name: &'static str, file: &'static str, count: usize) -> Row {
    Row { name, file, sets: &[], options: &[], count }
}

const ROWS: &[Row] = &[
    row("start_process", "start_process", 400),
    Row { sets: &["W=100"], ..row("start_process_100", "start_process", 400) },
    row("start_thread", "start_thread", 1_000),
    row("queue_processes", "queue_processes", 100_000),
    Row { sets: &["SIDES=2"], ..row("queue_processes_2", "queue_processes", 100_000) },
    row("queue_threads", "queue_threads", 200_000),
    row("rendezvous", "rendezvous", 5_000),
    row("semaphore", "semaphore", 5_000),
    row("pipe", "pipe", 5_000),
    Row { sets: &["SIZE=65_536"], ..row("pipe_64k", "pipe", 2_000) },
    row("pool", "pool", 10_000),
    row("pool_map", "pool_map", 100_000),
    row("lock", "lock", 400_000),
    Row { sets: &["SIDES=2"], ..row("lock_contended", "lock", 200_000) },
    row("barrier_2", "barrier", 5_000),
    Row { sets: &["PARTIES=8"], ..row("barrier_8", "barrier", 2_000) },
    Row { sets: &["PARTIES=64"], ..row("barrier_64", "barrier", 200) },
    Row { options: &["--schedule", "fifo"], ..row("step", "step", 5_000) },
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [ask, rest @ ..] = args.as_slice()
        && ask == "--raw"
    {
        return match rest {
            [row, count] => println!("{}", raw::measure(row, count.parse().unwrap_or(1)).unwrap_or(f64::NAN)),
            _ => raw::hello(),
        };
    }
    println!("times as long as the limit: quartiles\n");
    println!("{:<18} {:>12} {:>12} {:>27} {:>27}", "", "limit ns", "conc ns", "conc", "CPython");
    if args.is_empty() || args.iter().any(|arg| arg == "hello") {
        hello();
    }
    for row in ROWS.iter().filter(|row| args.is_empty() || args.iter().any(|arg| arg == row.name)) {
        tell(row.name, (0..=ROUNDS).filter_map(|_| round(row)).skip(1).collect());
    }
}

/// Whole processes: the smallest scenario, a program that forks once, and CPython.
fn hello() {
    let this = std::env::current_exe().unwrap_or_default().display().to_string();
    let commands = [
        vec![this, "--raw".into()],
        vec![CONC.into(), "run".into(), file("hello", "conc")],
        vec!["python3".into(), file("hello", "py")],
    ];
    let once = |_| {
        let [limit, conc, python] = commands.each_ref().map(|command| time(command).map(|ms| ms * 1e6));
        Some(Round { limit: limit?, conc: conc?, python })
    };
    tell("hello, whole", (0..=ROUNDS).filter_map(once).skip(1).collect());
}

fn tell(name: &str, rounds: Vec<Round>) {
    if rounds.is_empty() {
        return println!("{name:<18} not measured: it does not run here");
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
    println!("{name:<18} {limit:>12.0} {conc:>12.0} {of_conc:>27} {of_python:>27}");
}

/// Measures a row once.
fn round(row: &Row) -> Option<Round> {
    let raw = Command::new(std::env::current_exe().ok()?).args(["--raw", row.name, &row.count.to_string()]).output();
    let limit = String::from_utf8(raw.ok()?.stdout).ok()?.trim().parse().ok()?;
    let conc = of_difference(row.count, |count| {
        let mut command = vec![CONC.to_owned(), "run".into()];
        command.extend(row.options.iter().map(|option| (*option).to_owned()));
        let sets = row.sets.iter().map(|set| (*set).to_owned()).chain([format!("N={count}")]);
        command.extend(sets.flat_map(|set| ["--set".to_owned(), set]));
        command.push(file(row.file, "conc"));
        time(&command)
    })?;
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
