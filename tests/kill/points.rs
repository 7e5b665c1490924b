//! A death at every point of an operation, one run each.

use super::case::Case;

/// Points that may follow an actor's last event.
const AFTER_THE_END: u32 = 25;
/// More than any scenario has.
const POINTS_MAX: u32 = 5_000;

/// Kills at each point in turn, up to the last; gives how many there are. `KILL_POINTS=a..b` in the environment takes
/// these only, and `KILL_PERTURB=n` pauses before some operations.
pub(crate) fn check(case: &Case) -> Result<u32, String> {
    let only = std::env::var("KILL_POINTS").ok().and_then(|points| {
        let (from, until) = points.split_once("..")?;
        Some((from.parse().ok()?, until.parse().ok()?))
    });
    let perturb = std::env::var("KILL_PERTURB").ok().and_then(|seed| seed.parse().ok());
    let (from, until) = only.unwrap_or((1, POINTS_MAX));
    let (mut ended, mut failures) = (0, Vec::new());
    for point in from..until {
        match case.run(point, perturb) {
            Ok(true) => ended += 1,
            Ok(false) => ended = 0,
            Err(why) => failures.push(format!("killed at point {point}: {why}")),
        }
        if ended > AFTER_THE_END {
            return finish(point - ended, failures);
        }
    }
    finish(until - from, failures)
}

fn finish(points: u32, failures: Vec<String>) -> Result<u32, String> {
    match failures.first() {
        None => Ok(points),
        Some(first) => {
            let which: Vec<&str> = failures.iter().filter_map(|why| why.split(':').next()).collect();
            Err(format!("{} of {points} points fail: {}\n{first}", failures.len(), which.join(", ")))
        }
    }
}
