//! The same small programs in conc and in CPython, side by side in one run: how many times as long the one takes as the
//! other, whole processes, start-up included. `cargo bench`.
//!
//! Machines are shared and noisy: read the medians and the spread of the ratios, never a single time.

mod measure;

use std::path::Path;

use measure::{CONC, quartiles, time};

/// Pairs of runs of each program; the first pair warms up and does not count.
const ROUNDS: usize = 8;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/pairs");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.path().file_stem().map(|name| name.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names.dedup();
    println!("{:<12} {:>10} {:>10}   CPython / conc: quartiles", "", "conc ms", "CPython ms");
    for name in names {
        let file = |ending: &str| folder.join(format!("{name}.{ending}")).display().to_string();
        let conc = [CONC.to_owned(), "run".to_owned(), file("conc")];
        let python = ["python3".to_owned(), file("py")];
        let pairs: Vec<(f64, f64)> =
            (0..=ROUNDS).filter_map(|_| Some((time(&conc)?, time(&python)?))).skip(1).collect();
        if pairs.is_empty() {
            println!("{name:<12} not measured: one of the two does not run here");
            continue;
        }
        let [_, conc_ms, _] = quartiles(pairs.iter().map(|(conc, _)| *conc).collect());
        let [_, python_ms, _] = quartiles(pairs.iter().map(|(_, python)| *python).collect());
        let [low, median, high] = quartiles(pairs.iter().map(|(conc, python)| python / conc).collect());
        println!("{name:<12} {conc_ms:>10.1} {python_ms:>10.1}   {low:>6.2} {median:>6.2} {high:>6.2}");
    }
}
