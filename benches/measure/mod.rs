//! What the benches share: timing whole processes, and quartiles.
//!
//! Machines are shared and noisy: what is compared is measured in one run, side by side, and what is read is the median
//! and the spread of the ratios, never a single time.

use std::process::{Command, Stdio};
use std::time::Instant;

/// The program that is measured.
pub(crate) const CONC: &str = env!("CARGO_BIN_EXE_conc");

/// Milliseconds that a command takes; none where it fails.
pub(crate) fn time(command: &[String]) -> Option<f64> {
    let (program, args) = command.split_first()?;
    let begun = Instant::now();
    let status = Command::new(program).args(args).stdin(Stdio::null()).stdout(Stdio::null()).status().ok()?;
    status.success().then(|| begun.elapsed().as_secs_f64() * 1e3)
}

/// Quartiles; the one in the middle is the median. Of nothing, nothing is known.
pub(crate) fn quartiles(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    [1, 2, 3].map(|quarter| values.get(last * quarter / 4).copied().unwrap_or(f64::NAN))
}
