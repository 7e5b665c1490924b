//! How many instructions operations take, counted by callgrind, beside those that are kept in the repository.
//! `cargo bench --bench instructions`, with names of rows behind `--` for some of them, and with `--keep` to keep what
//! was counted. With `--order` there is written down instead which functions runs execute, for the linker.
//!
//! Counts repeat to a few in a thousand, whatever else the machine does, so that a change of a hundredth shows. They
//! are of one compiler on one kind of processor, and of what waits for nobody: who waits looks for a while, which is as
//! many instructions as it takes. The kernel's are not among them.
//!
//! An operation is the difference between two runs that do more and less of it, divided, so that starting up does not
//! count; all processes of a run are added up.

#[path = "measure/folder.rs"]
mod folder;
#[path = "instructions/order.rs"]
mod order;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use folder::Folder;

const CONC: &str = env!("CARGO_BIN_EXE_conc");

/// A row: what is run, with which numbers the two runs are given, and how many operations lie between them.
struct Row {
    name: &'static str,
    file: &'static str,
    how: How,
    numbers: [u64; 2],
    operations: u64,
}

/// What is run.
#[derive(Clone, Copy)]
enum How {
    /// The scenario, with the number as its `N`.
    Run,
    /// The same, recorded.
    Recorded,
    /// All its states are looked at.
    Check,
}

const fn each(name: &'static str, file: &'static str) -> Row {
    Row { name, file, how: How::Run, numbers: [1_000, 101_000], operations: 100_000 }
}

const ROWS: &[Row] = &[
    each("lock, unlock", "instructions/lock"),
    Row { how: How::Recorded, ..each("lock, unlock, recorded", "instructions/lock") },
    each("with lock", "instructions/with_lock"),
    each("semaphore, both", "instructions/semaphore"),
    each("queue, put and get", "instructions/queue"),
    each("queue of threads", "instructions/queue_threads"),
    each("pipe, send and receive", "instructions/pipe"),
    each("shared, read and write", "instructions/shared"),
    each("atomic add", "instructions/atomic"),
    each("event looked at", "instructions/event"),
    // The calls of fib(23) and those of fib(15).
    Row { numbers: [15, 23], operations: 92_735 - 1_973, ..each("local: a call", "pairs/local_calls") },
    each("local: an item of a list", "pairs/local_list"),
    each("local: a round of a loop", "pairs/local_loop"),
    each("local: an update of a map", "pairs/local_map"),
    Row { numbers: [10_000, 110_000], operations: 100_000, ..each("local: a number of a sieve", "pairs/local_sieve") },
    each("local: a piece of a text", "pairs/local_text"),
    // The states with 60 steps and those with 20.
    Row {
        how: How::Check,
        numbers: [20, 60],
        operations: 3_971 - 531,
        ..each("check, a state", "instructions/search")
    },
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let (flags, names): (Vec<_>, Vec<_>) = args.into_iter().partition(|arg| arg.starts_with("--"));
    let has = |flag: &str| flags.iter().any(|given| given == flag);
    let done = match Folder::new("instructions") {
        Ok(folder) if has("--order") => order::write(&folder),
        Ok(folder) => measure(&names, has("--keep"), &folder),
        Err(error) => Err(format!("no folder for what is counted: {error}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(names: &[String], keeps: bool, folder: &Folder) -> Result<(), String> {
    let mut kept = read_kept();
    println!("{:<28} {:>10} {:>10} {:>8}", "instructions", "counted", "kept", "");
    for row in ROWS.iter().filter(|row| names.is_empty() || names.iter().any(|name| row.name.contains(name.as_str()))) {
        let [few, many] = row.numbers;
        let counted = (count(row, many, folder)?.saturating_sub(count(row, few, folder)?)) as f64;
        let counted = (counted / row.operations as f64).round() as u64;
        let change = match kept.get(row.name) {
            Some(kept) => format!("{kept:>10} {:>+7.1}%", 100.0 * (counted as f64 / *kept as f64 - 1.0)),
            None => format!("{:>10}", "–"),
        };
        println!("{:<28} {counted:>10} {change}", row.name);
        kept.insert(row.name.to_owned(), counted);
    }
    if keeps {
        let lines: Vec<String> = kept.iter().map(|(name, count)| format!("{count:>8}  {name}\n")).collect();
        std::fs::write(kept_file(), lines.concat()).map_err(|error| format!("not kept: {error}"))?;
    }
    Ok(())
}

/// The instructions of one run, those of all its processes.
fn count(row: &Row, number: u64, folder: &Folder) -> Result<u64, String> {
    let record = folder.file();
    let mut command = Command::new("valgrind");
    // Where the counts go is left unsaid: actors write their names over the words of the command line.
    command.args(["--tool=callgrind", CONC]);
    match row.how {
        How::Run => command.args(["run", "--set", &format!("N={number}")]),
        How::Recorded => command.args(["run", "--set", &format!("N={number}"), "--trace"]).arg(&record),
        How::Check => command.args(["check", "--jobs", "1", "--reduction", "none", "--set", &format!("N={number}")]),
    };
    let here = record.parent().unwrap_or(&record);
    command.arg(benches().join(row.file).with_extension("conc")).current_dir(here);
    let ended = command.stdin(Stdio::null()).output().map_err(|error| format!("valgrind does not start: {error}"))?;
    let counts = take_all(here).map_err(|error| format!("what was counted is lost: {error}"))?;
    if !ended.status.success() || counts.is_empty() {
        let said = String::from_utf8_lossy(&ended.stderr);
        let message = "valgrind does not run conc; it must know `pidfd_open`, as from version 3.21 on";
        return Err(format!("{message}\n{said}"));
    }
    let total = |text: &String| text.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse::<u64>().ok());
    Ok(counts.iter().filter_map(total).sum())
}

/// The text of the files that callgrind left in a folder, which are gone then.
fn take_all(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("callgrind.out.")) {
            texts.push(std::fs::read_to_string(&path)?);
            std::fs::remove_file(path)?;
        }
    }
    Ok(texts)
}

fn benches() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches")
}

fn kept_file() -> PathBuf {
    benches().join("instructions/kept.txt")
}

/// What is kept, by the names of the rows.
fn read_kept() -> BTreeMap<String, u64> {
    let text = std::fs::read_to_string(kept_file()).unwrap_or_default();
    let line = |line: &str| {
        let (count, name) = line.trim().split_once("  ")?;
        Some((name.to_owned(), count.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}
