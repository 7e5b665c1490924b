//! Snapshot files: an outline, and which run it is of.
//!
//! Answers for: format version 1, described in `docs/snapshots.md`. Never touches a file.

use std::time::Duration;

use crate::scenario::{Run, RunOptions};
use crate::schedule::Schedule;

/// What the first line says before the version.
const TITLE: &str = "# conc outline ";
/// The version that is written and read.
const VERSION: &str = "1";

/// Which of a scenario's runs: with these it is the same run every time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSettings {
    /// Who goes on when several can.
    pub schedule: Schedule,
    /// Where random choices come from.
    pub seed: u64,
}

impl Default for RunSettings {
    fn default() -> RunSettings {
        RunSettings { schedule: Schedule::Fifo, seed: 0 }
    }
}

impl RunSettings {
    /// The same with another schedule.
    pub fn schedule(self, schedule: Schedule) -> RunSettings {
        RunSettings { schedule, ..self }
    }

    /// The same with another seed.
    pub fn seed(self, seed: u64) -> RunSettings {
        RunSettings { seed, ..self }
    }

    /// What a run is asked for.
    pub fn options(&self, timeout: Duration) -> RunOptions {
        RunOptions {
            seed: Some(self.seed),
            timeout: Some(timeout),
            schedule: self.schedule.clone(),
            ..RunOptions::default()
        }
    }

    /// The schedule as a header writes it: `fifo`, `random`, `pct 3`.
    pub fn schedule_text(&self) -> String {
        match &self.schedule {
            Schedule::Free => "free".into(),
            Schedule::Fifo => "fifo".into(),
            Schedule::Random => "random".into(),
            Schedule::Pct { depth } => format!("pct {depth}"),
            Schedule::Replay(_) => "replay".into(),
        }
    }
}

/// What a snapshot file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Which run it is of.
    pub settings: RunSettings,
    /// The outline's lines, without a header.
    pub outline: String,
}

/// A header that cannot be read: where, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{mistake}")]
pub struct HeaderError {
    /// Line of the file, from 1.
    pub line: u32,
    /// What is wrong there.
    pub mistake: Mistake,
}

/// What is wrong with a line of a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// The file begins otherwise.
    #[error("not a snapshot: the first line is to be `# conc outline 1`")]
    NoTitle,
    /// Another version of the format.
    #[error("format version `{0}`, and this conc reads version 1")]
    Version(String),
    /// No `# key: value`.
    #[error("a line of the header is written `# key: value`")]
    NoKey,
    /// A key that there is not.
    #[error("there is no key `{0}`: only schedule and seed")]
    Key(String),
    /// A key that was given before.
    #[error("`{0}` is given twice")]
    Twice(String),
    /// A schedule that there is not, or that gives another run every time.
    #[error("`{0}` is no schedule that can be repeated: fifo, random or pct N")]
    Schedule(String),
    /// A seed that is no number.
    #[error("`{0}` is no seed: a whole number from 0")]
    Seed(String),
}

impl Snapshot {
    /// The snapshot of a run.
    pub fn of(settings: &RunSettings, run: &Run) -> Snapshot {
        let outline = run.trace().outline();
        let lines = outline.lines().skip_while(|line| line.starts_with('#'));
        Snapshot { settings: settings.clone(), outline: joined(lines) }
    }

    /// Reads a snapshot file. A key that is left out has the value of a run that nobody asked anything of: fifo, 0.
    pub fn parse(text: &str) -> Result<Snapshot, HeaderError> {
        let mut lines = text.lines().peekable();
        let title = lines.next().unwrap_or("");
        let version = title.strip_prefix(TITLE).ok_or(HeaderError { line: 1, mistake: Mistake::NoTitle })?;
        if version.trim() != VERSION {
            return Err(HeaderError { line: 1, mistake: Mistake::Version(version.trim().into()) });
        }
        let (mut schedule, mut seed) = (None, None);
        let mut line = 1;
        while let Some(header) = lines.next_if(|line| line.starts_with('#')) {
            line += 1;
            let wrong = |mistake| HeaderError { line, mistake };
            let (key, value) = header[1..].split_once(':').ok_or(wrong(Mistake::NoKey))?;
            let (key, value) = (key.trim(), value.trim());
            let before = match key {
                "schedule" => {
                    let read = schedule_of(value).ok_or_else(|| wrong(Mistake::Schedule(value.into())))?;
                    schedule.replace(read).is_some()
                }
                "seed" => seed.replace(value.parse().map_err(|_| wrong(Mistake::Seed(value.into())))?).is_some(),
                _ => return Err(wrong(Mistake::Key(key.into()))),
            };
            if before {
                return Err(wrong(Mistake::Twice(key.into())));
            }
        }
        let ordinary = RunSettings::default();
        let settings =
            RunSettings { schedule: schedule.unwrap_or(ordinary.schedule), seed: seed.unwrap_or(ordinary.seed) };
        Ok(Snapshot { settings, outline: joined(lines.skip_while(|line| line.trim().is_empty())) })
    }

    /// The whole file.
    pub fn format(&self) -> String {
        let RunSettings { seed, .. } = self.settings;
        let schedule = self.settings.schedule_text();
        format!("{TITLE}{VERSION}\n# schedule: {schedule}\n# seed: {seed}\n\n{}", self.outline)
    }
}

fn schedule_of(text: &str) -> Option<Schedule> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        ["fifo"] => Some(Schedule::Fifo),
        ["random"] => Some(Schedule::Random),
        ["pct", depth] => depth.parse().ok().filter(|depth| *depth > 0).map(|depth| Schedule::Pct { depth }),
        _ => None,
    }
}

/// Lines that end alike on every system, without blank ones at the end.
fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut text: String = lines.flat_map(|line| [line, "\n"]).collect();
    text.truncate(text.trim_end().len());
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(schedule: Schedule, seed: u64) -> Snapshot {
        Snapshot { settings: RunSettings { schedule, seed }, outline: "main  begin\nmain  end 0\n".into() }
    }

    #[test]
    fn what_is_written_is_read() {
        for schedule in [Schedule::Fifo, Schedule::Random, Schedule::Pct { depth: 3 }] {
            for seed in [0, 7, u64::MAX] {
                let written = snapshot(schedule.clone(), seed);
                assert_eq!(Snapshot::parse(&written.format()), Ok(written));
            }
        }
    }

    #[test]
    fn a_file_is_written_like_this() {
        let file = "# conc outline 1\n# schedule: pct 3\n# seed: 7\n\nmain  begin\nmain  end 0\n";
        assert_eq!(snapshot(Schedule::Pct { depth: 3 }, 7).format(), file);
    }

    #[test]
    fn ends_of_lines_and_of_the_file_do_not_matter() {
        let written = snapshot(Schedule::Random, 1);
        assert_eq!(Snapshot::parse(&written.format().replace('\n', "\r\n")), Ok(written.clone()));
        assert_eq!(Snapshot::parse(&(written.format() + "\n\n")), Ok(written.clone()));
        assert_eq!(Snapshot::parse(written.format().trim_end()), Ok(written));
    }

    #[test]
    fn keys_may_be_left_out_and_an_outline_is_a_snapshot() {
        let read = Snapshot::parse("# conc outline 1\nmain  begin\nmain  end 0\n");
        assert_eq!(read, Ok(snapshot(Schedule::Fifo, 0)));
        let empty = Snapshot { outline: String::new(), ..snapshot(Schedule::Random, 7) };
        assert_eq!(Snapshot::parse("# conc outline 1\n# seed: 7\n# schedule: random\n"), Ok(empty));
    }

    #[test]
    fn mistakes_have_their_line() {
        for (text, line, mistake) in [
            ("", 1, Mistake::NoTitle),
            ("main  begin\n", 1, Mistake::NoTitle),
            ("# conc outline 2\n", 1, Mistake::Version("2".into())),
            ("# conc outline 1\n# seed 7\n", 2, Mistake::NoKey),
            ("# conc outline 1\n# speed: 7\n", 2, Mistake::Key("speed".into())),
            ("# conc outline 1\n# seed: 1\n# seed: 1\n", 3, Mistake::Twice("seed".into())),
            ("# conc outline 1\n# seed: -1\n", 2, Mistake::Seed("-1".into())),
            ("# conc outline 1\n# seed: 0\n# schedule: free\n", 3, Mistake::Schedule("free".into())),
            ("# conc outline 1\n# schedule: pct\n", 2, Mistake::Schedule("pct".into())),
            ("# conc outline 1\n# schedule: pct 0\n", 2, Mistake::Schedule("pct 0".into())),
        ] {
            assert_eq!(Snapshot::parse(text), Err(HeaderError { line, mistake }), "{text:?}");
        }
    }
}
