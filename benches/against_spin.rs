//! The same models in conc and in Promela, side by side in one run: verdicts, states with and without reduction, and
//! how many times as long SPIN takes (translated, compiled and searched) as `conc check`.
//! `cargo bench --bench against_spin`, where `spin` and `gcc` are.
//!
//! Where the two differ in a verdict, it says so and fails. Machines are shared and noisy: read the ratios' medians and
//! their spread, never a single time.

mod measure;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use measure::{CONC, quartiles, time};

/// Pairs of runs of each model; the first warms up and does not count.
const ROUNDS: usize = 5;

/// The models, with their constants.
const MODELS: [(&str, &[(&str, u32)]); 24] = [
    ("philosophers", &[("N", 3)]),
    ("philosophers", &[("N", 5)]),
    ("philosophers", &[("N", 8)]),
    ("philosophers_ordered", &[("N", 5), ("K", 1)]),
    ("philosophers_ordered", &[("N", 8), ("K", 1)]),
    ("philosophers_ordered", &[("N", 4), ("K", 2)]),
    ("philosophers_ordered", &[("N", 5), ("K", 2)]),
    ("bounded_buffer", &[("N", 4)]),
    ("bounded_buffer", &[("N", 16)]),
    ("bounded_buffer", &[("N", 32)]),
    ("readers_writers", &[("N", 2), ("K", 1)]),
    ("readers_writers", &[("N", 3), ("K", 1)]),
    ("readers_writers", &[("N", 3), ("K", 2)]),
    ("filter_lock", &[("N", 2), ("K", 2)]),
    ("filter_lock", &[("N", 3), ("K", 1)]),
    ("phases", &[("N", 3)]),
    ("phases", &[("N", 4)]),
    ("lost_updates", &[("N", 2), ("K", 10)]),
    ("lost_updates", &[("N", 4), ("K", 2)]),
    ("lost_wakeup", &[("N", 1)]),
    ("lost_wakeup", &[("N", 3)]),
    ("kept_wakeup", &[("N", 1)]),
    ("kept_wakeup", &[("N", 3)]),
    ("kept_wakeup", &[("N", 5)]),
];

/// What a search came to.
struct Searched {
    verdict: String,
    states: u64,
    seconds: f64,
}

fn main() -> ExitCode {
    if !["spin", "gcc"].iter().all(|tool| is_there(tool)) {
        println!("not measured: `spin` and `gcc` are not both here");
        return ExitCode::SUCCESS;
    }
    // It is the working directory as well: `conc check` keeps the way to a failure there.
    let work = std::env::temp_dir().join(format!("conc-against-spin-{}", std::process::id()));
    if let Err(error) = std::fs::create_dir_all(&work).and_then(|()| std::env::set_current_dir(&work)) {
        println!("not measured: {error}");
        return ExitCode::FAILURE;
    }
    let mut differ = 0;
    println!("                                                   states                              states a second");
    println!(
        "{:<30} {:<10} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}   SPIN / conc, seconds: quartiles",
        "", "verdict", "conc", "SPIN", "conc all", "SPIN all", "conc", "pan"
    );
    for (name, sets) in MODELS {
        match compared(&work, name, sets) {
            Ok(agrees) => differ += u32::from(!agrees),
            Err(reason) => {
                println!("{name}: {reason}");
                differ += 1;
            }
        }
    }
    let _ = std::fs::remove_dir_all(&work);
    ExitCode::from(u8::from(differ > 0))
}

fn is_there(tool: &str) -> bool {
    let mut command = Command::new(tool);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// One line of the table; whether the verdicts agree.
fn compared(work: &Path, name: &str, sets: &[(&str, u32)]) -> Result<bool, String> {
    let mut ratios = Vec::new();
    let (mut own_rates, mut their_rates) = (Vec::new(), Vec::new());
    let (own, theirs) = (own(name, sets, "all")?, spin(work, name, sets, &[])?);
    for _ in 0..ROUNDS {
        let own_ms = time(&check(name, sets, "all")).ok_or("it does not end as expected")?;
        let found = self::own(name, sets, "all")?;
        let begun = Instant::now();
        let searched = spin(work, name, sets, &[])?;
        ratios.push(begun.elapsed().as_secs_f64() * 1e3 / own_ms);
        own_rates.push(found.states as f64 / found.seconds.max(1e-6));
        their_rates.push(searched.states as f64 / searched.seconds.max(1e-6));
    }
    let all = |states: Result<Searched, String>| states.map_or("-".to_owned(), |found| found.states.to_string());
    // To the first failure it is another question how many there are.
    let is_pass = own.verdict == "pass";
    let (own_all, their_all) = match is_pass {
        true => (all(self::own(name, sets, "none")), all(spin(work, name, sets, &["-DNOREDUCE"]))),
        false => ("-".to_owned(), "-".to_owned()),
    };
    let label: Vec<String> = sets.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let label = format!("{name} {}", label.join(" "));
    let ([_, own_rate, _], [_, their_rate, _]) = (quartiles(own_rates), quartiles(their_rates));
    let [low, median, high] = quartiles(ratios);
    print!("{label:<30} {:<10} {:>9} {:>9} {own_all:>9} {their_all:>9}", own.verdict, own.states, theirs.states);
    println!(" {own_rate:>9.0} {their_rate:>9.0}   {low:>7.2} {median:>7.2} {high:>7.2}");
    let agrees = own.verdict == theirs.verdict;
    if !agrees {
        println!("{label}: conc says {}, SPIN {}", own.verdict, theirs.verdict);
    }
    Ok(agrees)
}

fn file(name: &str, ending: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/twins").join(format!("{name}.{ending}"))
}

/// The command that checks a model.
fn check(name: &str, sets: &[(&str, u32)], reduction: &str) -> Vec<String> {
    let sets = sets.iter().flat_map(|(name, value)| ["--set".to_owned(), format!("{name}={value}")]);
    let command = [CONC, "check", "--jobs", "1", "--format", "json", "--reduction", reduction].map(str::to_owned);
    command.into_iter().chain(sets).chain([file(name, "conc").display().to_string()]).collect()
}

fn own(name: &str, sets: &[(&str, u32)], reduction: &str) -> Result<Searched, String> {
    let command = check(name, sets, reduction);
    let (program, args) = command.split_first().ok_or("no command")?;
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let found: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok(Searched {
        verdict: found["verdict"].as_str().unwrap_or("none").to_owned(),
        states: found["states"].as_u64().unwrap_or_default(),
        seconds: found["seconds"].as_f64().unwrap_or_default(),
    })
}

/// Translates, compiles and searches.
fn spin(work: &Path, name: &str, sets: &[(&str, u32)], more: &[&str]) -> Result<Searched, String> {
    let sets = sets.iter().map(|(name, value)| format!("-D{name}={value}"));
    let model = file(name, "pml").display().to_string();
    let translate: Vec<String> = ["spin".to_owned(), "-a".to_owned()].into_iter().chain(sets).chain([model]).collect();
    said(work, &translate)?;
    let flags = ["gcc", "-O2", "-w", "-DSAFETY"].iter().chain(more).chain(&["-o", "pan", "pan.c"]);
    said(work, &flags.map(|flag| (*flag).to_owned()).collect::<Vec<_>>())?;
    let begun = Instant::now();
    // The table that the search begins with is cleared first: one that is not larger than it has to be.
    let said = said(work, &["./pan", "-w22", "-m1000000"].map(str::to_owned))?;
    let seconds = begun.elapsed().as_secs_f64();
    let states = said.lines().find_map(|line| line.strip_suffix(" states, stored")?.trim().parse().ok());
    let verdict = if said.contains("pan:1: invalid end state") {
        "deadlock"
    } else if said.contains("pan:1: assertion violated") {
        "assertion"
    } else {
        "pass"
    };
    Ok(Searched { verdict: verdict.to_owned(), states: states.ok_or(said)?, seconds })
}

fn said(folder: &Path, command: &[String]) -> Result<String, String> {
    let (program, args) = command.split_first().ok_or("no command")?;
    let mut command = Command::new(program);
    let output = command.args(args).current_dir(folder).stdin(Stdio::null()).output();
    let output = output.map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() { Ok(said) } else { Err(format!("{said}{}", String::from_utf8_lossy(&output.stderr))) }
}
