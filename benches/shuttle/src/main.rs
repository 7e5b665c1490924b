//! The same models in conc and in shuttle, side by side in one run: how long each walks at random until it comes by the
//! first bug, and how many schedules that takes. Programs are made ready before, and no process is started.
//! `cargo run --release 2>/dev/null` in this folder; shuttle tells of every bug that it comes by.
//!
//! Machines are shared and noisy, and chance has a large part: read the medians over the seeds and the spread.

mod models;

use std::panic;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use conc::Scenario;
use conc::check::{Options, first_failure};
use shuttle::scheduler::{RandomScheduler, Scheduler, UrwRandomScheduler};
use shuttle::{Config, FailurePersistence, Runner};

/// Of each model; the first warms up and does not count.
const SEEDS: u64 = 40;
/// Schedules at most.
const SCHEDULES_MAX: usize = 1_000_000;
const TIME_MAX: Duration = Duration::from_secs(10);

/// A name, the constants N and K, where the scenario is, and how shuttle runs it.
type Model = (&'static str, usize, usize, &'static str, fn(usize, usize));

const MODELS: [Model; 6] = [
    ("philosophers", 3, 1, "philosophers.conc", models::philosophers),
    ("philosophers", 8, 1, "philosophers.conc", models::philosophers),
    ("lost updates", 2, 1, "../twins/lost_updates.conc", models::lost_updates),
    ("lost updates", 4, 2, "../twins/lost_updates.conc", models::lost_updates),
    ("lost wake-up", 1, 0, "../twins/lost_wakeup.conc", models::lost_wakeup),
    ("lost wake-up", 3, 0, "../twins/lost_wakeup.conc", models::lost_wakeup),
];

/// When the last panic began: how long it takes to be told is not what is measured.
static PANICKED: Mutex<Option<Instant>> = Mutex::new(None);

/// What it took to come by a bug.
#[derive(Clone, Copy)]
struct Took {
    schedules: usize,
    ms: f64,
}

fn main() {
    panic::set_hook(Box::new(|_| {
        if let Ok(mut panicked) = PANICKED.lock() {
            panicked.get_or_insert_with(Instant::now);
        }
    }));
    println!("the first bug, over {SEEDS} seeds: median, with the quartiles");
    println!("{:<22} {:>29} {:>29} {:>29}", "", "conc, uniform", "shuttle, uniform", "shuttle, random");
    println!("{:<22} {}   conc / shuttle, uniform", "", "schedules         milliseconds ".repeat(3));
    for model in MODELS {
        match measured(model) {
            Ok(row) => println!("{row}"),
            Err(reason) => println!("{}: not measured: {reason}", model.0),
        }
    }
}

fn measured((name, n, k, file, body): Model) -> Result<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
    let mut sets = vec![("N".to_owned(), n.to_string())];
    if k > 0 {
        sets.push(("K".to_owned(), k.to_string()));
    }
    let plan = Scenario::from_str(&text).plan(&sets).map_err(|error| format!("{file}: {error:?}"))?;
    let plan = Arc::new(plan);
    let (mut own, mut uniform, mut random) = (Vec::new(), Vec::new(), Vec::new());
    for seed in 0..=SEEDS {
        let options = Options { seed, ..Options::new(512) };
        let begun = Instant::now();
        let met = first_failure(&plan, &options, SCHEDULES_MAX).map_err(|error| error.to_string())?;
        let ms = begun.elapsed().as_secs_f64() * 1e3;
        if met.failures.is_empty() {
            return Err(format!("{file}: no bug in {} schedules", met.schedules));
        }
        own.push(Took { schedules: met.schedules, ms });
        uniform.push(shuttle(UrwRandomScheduler::new_from_seed(seed, SCHEDULES_MAX), body, (n, k))?);
        random.push(shuttle(RandomScheduler::new_from_seed(seed, SCHEDULES_MAX), body, (n, k))?);
    }
    let columns = [&own, &uniform, &random].map(|took| {
        let [_, schedules, _] = quartiles(took.iter().skip(1).map(|took| took.schedules as f64).collect());
        let [low, median, high] = quartiles(took.iter().skip(1).map(|took| took.ms).collect());
        format!("{schedules:>8.0} {median:>8.3} {low:>6.3}–{high:<6.3}")
    });
    let median = |took: &[Took]| quartiles(took.iter().skip(1).map(|took| took.ms).collect())[1];
    let label = if k > 0 { format!("{name} N={n} K={k}") } else { format!("{name} N={n}") };
    Ok(format!("{label:<22} {}   {:.2}", columns.join(" "), median(&own) / median(&uniform)))
}

/// Runs shuttle until it panics.
fn shuttle(
    scheduler: impl Scheduler + 'static,
    body: fn(usize, usize),
    (n, k): (usize, usize),
) -> Result<Took, String> {
    let mut config = Config::new();
    config.failure_persistence = FailurePersistence::None;
    config.max_time = Some(TIME_MAX);
    config.silence_warnings = true;
    let schedules = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&schedules);
    if let Ok(mut panicked) = PANICKED.lock() {
        *panicked = None;
    }
    let begun = Instant::now();
    let run = panic::AssertUnwindSafe(|| {
        Runner::new(scheduler, config).run(move || {
            counted.fetch_add(1, Relaxed);
            body(n, k);
        })
    });
    let is_bug = panic::catch_unwind(run).is_err();
    let panicked = PANICKED.lock().ok().and_then(|panicked| *panicked).filter(|_| is_bug);
    let schedules = schedules.load(Relaxed);
    let panicked = panicked.ok_or_else(|| format!("shuttle: no bug in {schedules} schedules"))?;
    Ok(Took { schedules, ms: panicked.duration_since(begun).as_secs_f64() * 1e3 })
}

/// Quartiles; the one in the middle is the median.
fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    [1, 2, 3].map(|quarter| values.get(last * quarter / 4).copied().unwrap_or(f64::NAN))
}
