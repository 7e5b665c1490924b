//! How far a run reaches: one with 1 to 1,000 processes, and with 1 to 10,000 threads, that are all there at once.
//! `cargo bench --bench scale`.
//!
//! - The whole time: a run in which each waits until the last is there, and then ends.
//! - An actor's: the difference to the run of one, divided by the others; so the start of the program does not count.
//! - Memory: that of one more run, held while all are there. Private is what nobody else has, PSS counts what several
//!   processes share by parts. Of processes it is the mean of up to forty of them; of threads that of their process,
//!   divided by them.

mod measure;
#[path = "scale/memory.rs"]
mod memory;
#[path = "scale/tree.rs"]
mod tree;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use measure::{CONC, quartiles, time};
use memory::Memory;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Timed runs of each row; the first does not count.
const ROUNDS: usize = 5;
/// Processes whose memory is read.
const SAMPLES: usize = 40;

/// Actors of one kind.
struct Kind {
    name: &'static str,
    option: &'static str,
    /// So many may be there, `main` among them, unless the option says otherwise.
    untold: usize,
    counts: &'static [usize],
}

const KINDS: [Kind; 2] = [
    Kind { name: "processes", option: "--max-processes", untold: 512, counts: &[1, 10, 100, 1_000] },
    Kind { name: "threads", option: "--max-threads", untold: 1_024, counts: &[1, 10, 100, 1_000, 10_000] },
];

fn main() {
    println!("{ROUNDS} rounds: quartiles; memory of one run");
    for kind in KINDS {
        println!(
            "\n{:>10} {:^29} {:>10} {:>12} {:>10} {:>10}",
            kind.name, "whole, ms", "each, µs", "private, KiB", "PSS, KiB", "mean of"
        );
        let mut one = None;
        for count in kind.counts {
            let Some(memory) = held(&kind, *count) else {
                println!("{count:>10} not measured: conc refuses so many");
                continue;
            };
            let whole = quartiles((0..=ROUNDS).filter_map(|_| time(&command(&kind, *count, "0s"))).skip(1).collect());
            let [low, median, high] = whole;
            let begun = *one.get_or_insert(median);
            let each = match count {
                1 => "–".to_owned(),
                _ => format!("{:.1}", (median - begun) * 1e3 / (count - 1) as f64),
            };
            println!(
                "{count:>10} {low:>9.1} {median:>9.1} {high:>9.1} {each:>10} {:>12.1} {:>10.1} {:>10}",
                memory.private, memory.pss, memory.of
            );
        }
    }
}

/// A run of so many, held for so long when all are there.
fn command(kind: &Kind, count: usize, hold: &str) -> Vec<String> {
    let mut command = vec![CONC.to_owned(), "run".to_owned()];
    if count + 1 > kind.untold {
        command.extend([kind.option.to_owned(), (count + 1).to_string()]);
    }
    for set in [format!("N={count}"), format!("HOLD={hold}")] {
        command.extend(["--set".to_owned(), set]);
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/scale").join(kind.name).with_extension("conc");
    command.push(file.display().to_string());
    command
}

/// A run that is ended, and waited for, whatever happens.
struct Held(Child);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.0.id().cast_signed()), Signal::SIGTERM);
        let _ = self.0.wait();
    }
}

/// The memory of an actor while all are there; none where there cannot be so many.
fn held(kind: &Kind, count: usize) -> Option<Memory> {
    let command = command(kind, count, "60s");
    let (program, args) = command.split_first()?;
    let mut command = Command::new(program);
    let command = command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut run = Held(command.spawn().ok()?);
    let mut line = String::new();
    BufReader::new(run.0.stdout.take()?).read_line(&mut line).ok().filter(|read| *read > 0)?;
    let processes = tree::leaves(run.0.id());
    match kind.name {
        "threads" => Some(memory::of_process(*processes.first()?)?.parts(count)),
        _ => memory::mean(&processes, SAMPLES),
    }
}
