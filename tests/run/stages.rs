//! Snapshots of the later stages for every scenario of the tutorial: instructions, and the outline of a free run.
//!
//! Trees and plans have theirs in `tests/front` and `tests/back`. Where a scenario's order or values are free, the
//! outline keeps what is fixed: the lanes of actors whose doings do not depend on chance, with values that do left out.

use conc::trace::Trace;
use conc::{RunOptions, Scenario};

fn scenario(name: &str) -> Scenario {
    let path = format!("{}/scenarios/tutorial/{name}.conc", env!("CARGO_MANIFEST_DIR"));
    Scenario::from_path(path).unwrap_or_else(|error| panic!("{error}"))
}

fn trace(name: &str) -> Trace {
    let plan = scenario(name).plan(&[]).unwrap_or_else(|found| panic!("{found:?}"));
    // `queue` sleeps for random times: a seed fixes them.
    let options = RunOptions { seed: Some(1), ..RunOptions::default() };
    let run = plan.run(&options).unwrap_or_else(|error| panic!("{error}"));
    assert!(run.passed(), "{:?} {:?}", run.ending, run.errors());
    run.trace().clone()
}

/// The lanes of these actors.
fn lanes(trace: &Trace, actors: &[&str]) -> String {
    let text = trace.by_actor();
    let lanes = text.split("\n\n").filter(|lane| lane.lines().next().is_some_and(|name| actors.contains(&name)));
    lanes.collect::<Vec<_>>().join("\n\n")
}

/// What workers did, whoever did it, in the order of the words.
fn by_workers(trace: &Trace) -> String {
    let text = trace.by_actor();
    let lanes = text.split("\n\n").filter(|lane| lane.starts_with("workers/"));
    let mut lines: Vec<&str> = lanes.flat_map(|lane| lane.lines().skip(1)).collect();
    lines.sort_unstable();
    lines.join("\n")
}

macro_rules! stages {
    ($($name:ident => $fixed:expr, [$($from:literal => $to:literal),*];)*) => {
        mod instructions {
            $(
                #[test]
                fn $name() {
                    let scenario = super::scenario(stringify!($name));
                    let (program, found) = conc::program::lower::lower(scenario.checked());
                    assert!(found.is_empty(), "{found:?}");
                    insta::assert_snapshot!(conc::program::disassemble(&program));
                }
            )*
        }
        mod outline {
            use super::Trace;
            $(
                #[test]
                fn $name() {
                    let trace = super::trace(stringify!($name));
                    let fixed: fn(&super::Trace) -> String = $fixed;
                    insta::with_settings!({ filters => vec![
                        // A worker is known by its pid alone.
                        (r"<pid workers/\d>", "<pid workers>"), $(($from, $to)),*
                    ] }, {
                        insta::assert_snapshot!(fixed(&trace));
                    });
                }
            )*
        }
    };
}

stages! {
    process => Trace::outline, [];
    thread => Trace::outline, [];
    queue_timeouts => Trace::outline, [];
    pipe_send => Trace::outline, [];
    pipe_talk => Trace::outline, [];
    pipe_rules => Trace::outline, [];
    queue => |trace| super::lanes(trace, &["main", "write", "write#2"]), [];
    mixed => |trace| {
        let members = ["main", "team[0]", "team[1]", "team[0].member[0]", "team[1].member[2]"];
        super::lanes(trace, &members)
    }, [r"(read \S+|\S+) (->|=) \d" => "$1 $2 <n>"];
    sync => |trace| super::lanes(trace, &["main", "producer", "alarm", "never", "starter[0]", "starter[2]"]),
        [r"(read \S+|stock) (->|=) \d" => "$1 $2 <n>"];
    pool_apply => |trace| format!("{}\n\n{}", super::lanes(trace, &["main"]), super::by_workers(trace)), [];
    pool_apply_async => |trace| format!("{}\n\n{}", super::lanes(trace, &["main"]), super::by_workers(trace)), [];
    pool_rules => |trace| format!("{}\n\n{}", super::lanes(trace, &["main"]), super::by_workers(trace)), [];
}
