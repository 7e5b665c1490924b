//! A death at every point of an operation, one run each.

use super::case::Case;

/// Points that may follow an actor's last event.
const AFTER_THE_END: u32 = 25;
/// More than any scenario has.
const POINTS_MAX: u32 = 5_000;
/// Of so many points one is tried, unless the environment says which.
const STRIDE: u32 = 4;

/// Kills at every fourth point, up to the last; gives how many there are. `KILL_POINTS=a..b` in the environment takes
/// all of these (`1..5000`: all there are), and `KILL_PERTURB=n` pauses before some operations.
pub(crate) fn check(case: &Case) -> Result<u32, String> {
    let only = std::env::var("KILL_POINTS").ok().and_then(|points| {
        let (from, until) = points.split_once("..")?;
        Some((from.parse().ok()?, until.parse().ok()?))
    });
    let perturb = std::env::var("KILL_PERTURB").ok().and_then(|seed| seed.parse().ok());
    let stride = if only.is_some() { 1 } else { STRIDE };
    let (from, until) = only.unwrap_or((1, POINTS_MAX));
    let (mut ended, mut failures) = (0, Vec::new());
    for point in (from..until).step_by(stride as usize) {
        match case.run(point, perturb) {
            Ok(true) => ended += stride,
            Ok(false) => ended = 0,
            Err(why) => failures.push(format!("killed at point {point}: {why}")),
        }
        if ended > AFTER_THE_END {
            return finish(point.saturating_sub(ended), failures);
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
