//! Replay files: read for `conc run --replay`, written where a deterministic run failed.
//!
//! Answers for: their places and what is said of them. Never runs anything.

use std::path::{Path, PathBuf};

use super::complain;
use crate::schedule::{Replay, Schedule};

/// Reads a replay; none, with a complaint, where it cannot be read.
pub(super) fn read(file: &Path) -> Option<Replay> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            complain(format!("{}: {error}", file.display()));
            return None;
        }
    };
    Replay::from_ron(&text).map_err(|error| complain(format!("{}: {error}", file.display()))).ok()
}

/// Writes the steps of a failed run to the current directory; gives the file. Nobody's file but a replay is written
/// over.
pub(super) fn keep(replay: &Replay) -> Option<PathBuf> {
    let stem = Path::new(&replay.file).file_stem().map_or("scenario".into(), |stem| stem.to_string_lossy());
    let file = PathBuf::from(format!("{stem}.replay.ron"));
    let is_ours = |text: String| Replay::from_ron(&text).is_ok();
    if file.exists() && !std::fs::read_to_string(&file).is_ok_and(is_ours) {
        complain(format!("{}: not written over, since it is no replay", file.display()));
        return None;
    }
    let written = replay.to_ron().map_err(|error| error.to_string());
    let written = written.and_then(|text| std::fs::write(&file, text).map_err(|error| error.to_string()));
    written.map_err(|error| complain(format!("{}: {error}", file.display()))).ok()?;
    Some(file)
}

/// A policy as one would type it.
pub(super) fn typed(schedule: &Schedule) -> String {
    match schedule {
        Schedule::Pct { depth } => format!("pct:{depth}"),
        other => other.name().to_owned(),
    }
}

/// What `--schedule` names.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Asked {
    /// A policy.
    Policy(Schedule),
    /// The steps that `--replay` names.
    Replay,
}

/// A policy as it is typed: `fifo`, `random`, `pct`, `pct:5`, `replay`.
pub(super) fn schedule(text: &str) -> Result<Asked, String> {
    const DEPTH: u32 = 3;
    let policy = match text.split_once(':') {
        None => match text {
            "free" => Schedule::Free,
            "fifo" => Schedule::Fifo,
            "random" => Schedule::Random,
            "pct" => Schedule::Pct { depth: DEPTH },
            "replay" => return Ok(Asked::Replay),
            _ => return Err("one of free, fifo, random, pct, pct:DEPTH, replay".into()),
        },
        Some(("pct", depth)) => match depth.parse() {
            Ok(depth @ 1..=100) => Schedule::Pct { depth },
            _ => return Err("the depth of pct is a number from 1 to 100".into()),
        },
        Some(_) => return Err("one of free, fifo, random, pct, pct:DEPTH, replay".into()),
    };
    Ok(Asked::Policy(policy))
}
