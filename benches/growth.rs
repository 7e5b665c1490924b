//! How the cost of a check grows with the size of a scenario: states, steps, time and memory, with and without leaving
//! states out. `cargo bench --bench growth` writes the tables into `docs/checking.md` and the plots to `docs/growth`.
//!
//! `GROWTH_SIZES=n` takes only the first n sizes of each scenario, `GROWTH_STATES=n` gives up after n states.
//!
//! States, steps and bytes are the same at every run. Machines are shared and noisy: times are medians of a few runs,
//! to be compared with their neighbours and with nothing else.

#[expect(dead_code, reason = "the other benches use more of it")]
mod measure;

#[path = "../src/report/digits.rs"]
mod digits;

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use digits::grouped;
use measure::{CONC, quartiles};
use plotters::prelude::*;

/// What `--reduction` can be, the least first.
const REDUCTIONS: [&str; 3] = ["none", "stubborn", "all"];
/// Runs of each check.
const ROUNDS: usize = 3;
/// States after which a check gives up, unless the environment says otherwise.
const STATES_MAX: usize = 3_000_000;
/// The page, and where in it the tables stand.
const PAGE: &str = "docs/checking.md";
const BEGIN: &str = "<!-- growth: made by `cargo bench --bench growth`; do not edit -->\n";
const END: &str = "<!-- end of growth -->\n";
/// Where the plots are, seen from the page.
const PLOTS: &str = "growth";
const PLOT_SIZE: (u32, u32) = (960, 320);
const LEGEND_HEIGHT: u32 = 24;
/// Powers of ten with a label at most.
const DECADES_MAX: usize = 8;
/// By reduction: colour, width, and half the width of a point. A later line, which often lies on an earlier one, is
/// thinner, so that both are seen; the colours are told apart by whoever sees fewer of them (Okabe and Ito, Color
/// Universal Design, 2002).
const LINES: [(RGBColor, u32, u32); 3] =
    [(RGBColor(213, 94, 0), 2, 3), (RGBColor(86, 180, 233), 6, 5), (RGBColor(0, 60, 110), 2, 3)];

/// A scenario that grows.
struct Growing {
    /// Name of its plot.
    name: &'static str,
    title: &'static str,
    file: &'static str,
    /// The constant that grows.
    by: &'static str,
    sizes: &'static [u32],
    /// The others.
    sets: &'static [(&'static str, u32)],
}

const SCENARIOS: [Growing; 5] = [
    Growing {
        name: "philosophers_ordered",
        title: "Philosophers, forks in order: N of them eat once",
        file: "philosophers_ordered",
        by: "N",
        sizes: &[3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
        sets: &[("K", 1)],
    },
    Growing {
        name: "philosophers",
        title: "Philosophers who deadlock: N of them, for ever",
        file: "philosophers",
        by: "N",
        sizes: &[3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
        sets: &[],
    },
    Growing {
        name: "lost_updates_threads",
        title: "Lost updates: N threads add two each",
        file: "lost_updates",
        by: "N",
        sizes: &[2, 3, 4, 5],
        sets: &[("K", 2)],
    },
    Growing {
        name: "lost_updates_rounds",
        title: "Lost updates: two threads add K each",
        file: "lost_updates",
        by: "K",
        sizes: &[2, 4, 8, 16, 32],
        sets: &[("N", 2)],
    },
    Growing {
        name: "bounded_buffer",
        title: "Two producers, two consumers: N items through a queue of two",
        file: "bounded_buffer",
        by: "N",
        sizes: &[4, 8, 16, 32, 64],
        sets: &[],
    },
];

/// What is measured of a check.
const MEASURES: [(&str, Measure); 3] =
    [("states", |cost| cost.states as f64), ("seconds", |cost| cost.seconds), ("MiB", mebibytes)];

type Measure = fn(&Cost) -> f64;

/// What a check came to, and what it cost.
struct Cost {
    verdict: String,
    states: usize,
    transitions: usize,
    bytes: u64,
    seconds: f64,
}

/// By reduction, by size; none where a limit was reached, and beyond.
type Costs = Vec<Vec<Option<Cost>>>;

fn main() -> ExitCode {
    match measured() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("not measured: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measured() -> Result<(), Box<dyn Error>> {
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<usize>().ok());
    let states_max = number("GROWTH_STATES").unwrap_or(STATES_MAX);
    let sizes_max = number("GROWTH_SIZES").unwrap_or(usize::MAX);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let plots = page.with_file_name(PLOTS);
    std::fs::create_dir_all(&plots)?;
    let mut section = format!(
        "A cell is states / steps, seconds (the median of {ROUNDS} runs; where a schedule fails, with the search for \
         the best one), and the\nmemory that the search counts. At most {} states each (fewer once something has failed); \
         `-` is where that was not enough.\n",
        grouped(states_max)
    );
    for scenario in &SCENARIOS {
        let sizes = scenario.sizes.get(..sizes_max).unwrap_or(scenario.sizes);
        let mut costs: Costs = Vec::new();
        for reduction in REDUCTIONS {
            costs.push(series(scenario, sizes, reduction, states_max)?);
        }
        let table = table(scenario, sizes, &costs)?;
        println!("{}\n\n{table}", scenario.title);
        plot(&plots.join(format!("{}.svg", scenario.name)), scenario, sizes, &costs)?;
        write!(section, "\n**{}**\n\n{table}\n", scenario.title)?;
        writeln!(section, "![{}: states, seconds, MiB]({PLOTS}/{}.svg)", scenario.title, scenario.name)?;
    }
    let text = std::fs::read_to_string(&page)?;
    let (before, rest) = text.split_once(BEGIN).ok_or("the page has no place for the tables")?;
    let (_, after) = rest.split_once(END).ok_or("the tables have no end in the page")?;
    std::fs::write(&page, format!("{before}{BEGIN}\n{section}\n{END}{after}"))?;
    Ok(())
}

/// One reduction, with growing sizes, until a limit is reached.
fn series(
    scenario: &Growing,
    sizes: &[u32],
    reduction: &str,
    states_max: usize,
) -> Result<Vec<Option<Cost>>, Box<dyn Error>> {
    let mut costs = Vec::new();
    let mut is_over = false;
    for size in sizes {
        let cost = if is_over { None } else { cost(scenario, *size, reduction, states_max)? };
        is_over = cost.is_none();
        costs.push(cost);
    }
    Ok(costs)
}

/// What a check costs; none where it reached a limit.
fn cost(scenario: &Growing, size: u32, reduction: &str, states_max: usize) -> Result<Option<Cost>, Box<dyn Error>> {
    let (mut found, mut seconds) = (serde_json::Value::Null, Vec::new());
    for _ in 0..ROUNDS {
        let mut command = Command::new(CONC);
        command.args(["check", "--jobs", "1", "--format", "json", "--reduction", reduction]);
        command.args(["--max-states", &states_max.to_string()]);
        for (name, value) in scenario.sets.iter().copied().chain([(scenario.by, size)]) {
            command.args(["--set", &format!("{name}={value}")]);
        }
        let output = command.arg(file(scenario.file)).stdin(Stdio::null()).output()?;
        found =
            serde_json::from_slice(&output.stdout).map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
        if found["complete"] != true {
            return Ok(None);
        }
        seconds.push(found["seconds"].as_f64().ok_or("no time")?);
    }
    let count = |name: &str| found[name].as_u64().ok_or_else(|| format!("no {name}"));
    let (states, transitions) = (count("states")? as usize, count("transitions")? as usize);
    let bytes = count("bytes")?;
    let [_, seconds, _] = quartiles(seconds);
    let verdict = found["verdict"].as_str().unwrap_or_default().to_owned();
    Ok(Some(Cost { verdict, states, transitions, bytes, seconds }))
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/twins").join(format!("{name}.conc"))
}

/// A row a size, a column a reduction. What leaves states out must come to the same verdict.
fn table(scenario: &Growing, sizes: &[u32], costs: &Costs) -> Result<String, Box<dyn Error>> {
    let mut out =
        format!("| {} | verdict | {} |\n", scenario.by, REDUCTIONS.map(|name| format!("`{name}`")).join(" | "));
    writeln!(out, "|--:|---|{}", "--:|".repeat(REDUCTIONS.len()))?;
    for (at, size) in sizes.iter().enumerate() {
        let cells: Vec<Option<&Cost>> = costs.iter().map(|series| series.get(at).and_then(Option::as_ref)).collect();
        let mut verdicts: Vec<&str> = cells.iter().flatten().map(|cost| cost.verdict.as_str()).collect();
        verdicts.dedup();
        if verdicts.len() > 1 {
            return Err(format!("{} {}={size}: {}", scenario.file, scenario.by, verdicts.join(" or ")).into());
        }
        let cells: Vec<String> = cells.into_iter().map(|cost| cost.map_or("-".to_owned(), cell)).collect();
        writeln!(out, "| {size} | {} | {} |", verdicts.first().unwrap_or(&"-"), cells.join(" | "))?;
    }
    Ok(out)
}

fn cell(cost: &Cost) -> String {
    let Cost { states, transitions, seconds, .. } = cost;
    format!("{} / {}, {seconds:.3} s, {:.1} MiB", grouped(*states), grouped(*transitions), mebibytes(cost))
}

fn mebibytes(cost: &Cost) -> f64 {
    cost.bytes as f64 / f64::from(1 << 20)
}

/// Three plots side by side, the cost on a logarithmic scale; above them what each line is.
fn plot(to: &Path, scenario: &Growing, sizes: &[u32], costs: &Costs) -> Result<(), Box<dyn Error>> {
    let area = SVGBackend::new(to, PLOT_SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let (legend, area) = area.split_vertically(LEGEND_HEIGHT);
    for (at, (reduction, (color, width, radius))) in REDUCTIONS.iter().zip(LINES).enumerate() {
        let (x, y) = (72 + 110 * at as i32, LEGEND_HEIGHT as i32 / 2 + 4);
        legend.draw(&PathElement::new([(x, y), (x + 24, y)], color.stroke_width(width)))?;
        legend.draw(&Circle::new((x + 12, y), radius, color.filled()))?;
        legend.draw(&Text::new(*reduction, (x + 32, y - 7), ("sans-serif", 14)))?;
    }
    // Nothing is drawn of sizes that are too large for all.
    let drawn = costs.iter().map(|series| series.iter().flatten().count()).max().unwrap_or(0);
    for ((measure, of), area) in MEASURES.iter().zip(area.split_evenly((1, MEASURES.len()))) {
        let mut chart = ChartBuilder::on(&area)
            .caption(measure, ("sans-serif", 16))
            .margin(8)
            .x_label_area_size(36)
            .y_label_area_size(72)
            .build_cartesian_2d(0..drawn.max(2) - 1, decades(costs.iter().flatten().flatten().map(of)).log_scale())?;
        let size = |at: &usize| sizes.get(*at).map_or_else(String::new, u32::to_string);
        chart
            .configure_mesh()
            .axis_style(BLACK.mix(0.5))
            .bold_line_style(BLACK.mix(0.12))
            .light_line_style(TRANSPARENT)
            .label_style(("sans-serif", 13))
            .x_desc(scenario.by)
            .x_labels(drawn)
            .x_label_formatter(&size)
            .y_labels(DECADES_MAX)
            .y_label_formatter(&|value| if *value < 1.0 { value.to_string() } else { grouped(value.round() as usize) })
            .draw()?;
        for (series, (color, width, radius)) in costs.iter().zip(LINES) {
            let points = series.iter().enumerate().filter_map(|(at, cost)| Some((at, of(cost.as_ref()?))));
            let line = LineSeries::new(points, color.filled().stroke_width(width)).point_size(radius);
            chart.draw_series(line)?;
        }
    }
    area.present()?;
    Ok(())
}

/// From a power of ten to another, with all values between them.
fn decades(values: impl Iterator<Item = f64>) -> std::ops::Range<f64> {
    let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    let low = low.clamp(1e-4, 1e9).log10().floor() as i32;
    let high = (high.clamp(1e-4, 1e9).log10().ceil() as i32).max(low + 1);
    // A bit more, so that rounding takes no label away.
    0.999 * 10f64.powi(low)..1.001 * 10f64.powi(high)
}
