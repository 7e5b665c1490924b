//! The line that tells how far a check has come.

use std::time::Duration;

use super::words::count;
use crate::check::Progress;
use crate::report::digits::grouped;

/// States, their rate, how deep the search is, what is left, and whether it is known to fail.
pub fn progress(progress: &Progress, after: Duration) -> String {
    let rate = progress.states as f64 / after.as_secs_f64().max(0.001);
    let states = count(progress.states, "state");
    let left = count(progress.left, "step");
    // What is behind a step is not known before it was taken.
    let share = progress.share * 100.0;
    let fails = if progress.fails { "; it fails, and the search goes on" } else { "" };
    let rate = grouped(rate as usize);
    format!("{states}, {rate} a second, depth {}, {left} left, about {share:.0} % done{fails}", progress.depth)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::progress;
    use crate::check::Progress;

    #[test]
    fn a_line_tells_what_is_left() {
        let half = Progress { states: 2_000, depth: 30, left: 41, share: 0.499, fails: false };
        let told = progress(&half, Duration::from_secs(2));
        assert_eq!(told, "2,000 states, 1,000 a second, depth 30, 41 steps left, about 50 % done");
        let failed = progress(&Progress { fails: true, ..half }, Duration::from_secs(2));
        assert_eq!(failed, format!("{told}; it fails, and the search goes on"));
    }
}
