//! The library's front door: a scenario from its text to what a run of it gave.
//!
//! Answers for: the order of the stages, in one place. Never does a stage's work.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::analysis::Checked;
use crate::diagnostic::{Diagnostic, Severity};
use crate::plan::Plan;
use crate::source::Source;
use crate::syntax::FILE_SIZE_MAX;
use crate::trace::{Ending, Trace, Uncaught};

/// A scenario that was read and checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    source: Source,
    checked: Option<Checked>,
    diagnostics: Vec<Diagnostic>,
}

/// Why a scenario's file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The system could not read it.
    #[error("{path}: {error}", path = .path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// It is larger than a scenario may be.
    #[error("{path}: {bytes} bytes, and {FILE_SIZE_MAX} is the most that is read", path = .path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// How large it is.
        bytes: u64,
    },
    /// It is not UTF-8.
    #[error("{path}: not UTF-8 text", path = .0.display())]
    NotText(PathBuf),
}

impl Scenario {
    /// Reads a scenario from a file.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Scenario, LoadError> {
        use std::io::Read as _;
        let path = path.as_ref();
        let read = |error| LoadError::Read { path: path.to_path_buf(), error };
        let file = std::fs::File::open(path).map_err(read)?;
        let mut bytes = Vec::new();
        file.take(FILE_SIZE_MAX as u64 + 1).read_to_end(&mut bytes).map_err(read)?;
        if bytes.len() > FILE_SIZE_MAX {
            let bytes = std::fs::metadata(path).map_or(bytes.len() as u64, |metadata| metadata.len());
            return Err(LoadError::TooLarge { path: path.to_path_buf(), bytes });
        }
        let text = String::from_utf8(bytes).map_err(|_| LoadError::NotText(path.to_path_buf()))?;
        Ok(Scenario::named(path.display().to_string(), text))
    }

    /// Reads a scenario from a text.
    #[expect(clippy::should_implement_trait, reason = "reading never fails: what is wrong is in the diagnostics")]
    pub fn from_str(text: &str) -> Scenario {
        Scenario::named("scenario", text)
    }

    /// Reads a scenario from a text under the name that diagnostics show.
    pub fn named(name: impl Into<String>, text: impl Into<String>) -> Scenario {
        let source = Source::new(name, text);
        let (file, mut diagnostics) = crate::syntax::parse(&source);
        let _ = file;
        diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        Scenario { source, checked: None, diagnostics }
    }

    /// The text.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// What was found in it: errors and warnings, in the order of the text.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Whether it has no errors; warnings do not count.
    pub fn is_correct(&self) -> bool {
        self.diagnostics.iter().all(|diagnostic| diagnostic.severity() != Severity::Error)
    }

    /// What its names mean; none where the text could not be read.
    pub fn checked(&self) -> Option<&Checked> {
        self.checked.as_ref()
    }

    /// Plans a run. `sets` are constants with other values, each a literal: `("N", "7")`.
    pub fn plan(&self, sets: &[(String, String)]) -> Result<Plan, Vec<Diagnostic>> {
        let _ = sets;
        Err(self.diagnostics.clone())
    }
}

/// How a planned scenario is to be run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Where random choices come from; another one at every run, if none.
    pub seed: Option<u64>,
    /// How long the run may take.
    pub timeout: Option<Duration>,
    /// Whether the scenario's prints and the reports of errors go straight to the standard streams, as they come; else
    /// they are kept in the [`Run`].
    pub live: bool,
    /// Whether a trace is kept.
    pub trace: bool,
}

impl Default for RunOptions {
    fn default() -> RunOptions {
        RunOptions { seed: None, timeout: None, live: false, trace: true }
    }
}

/// Why a run could not begin, or came to no end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The system refused something that a run needs.
    #[error("{doing}: {error}")]
    System {
        /// What was being done.
        doing: &'static str,
        /// What the system says.
        error: std::io::Error,
    },
}

/// What a run gave.
#[derive(Debug)]
pub struct Run {
    /// How it ended.
    pub ending: Ending,
    /// Errors that nobody caught, in the order in which they were raised.
    pub errors: Vec<Uncaught>,
    /// What was printed, whole lines in the order in which they came out; empty for a live run.
    pub output: String,
    /// What happened.
    pub trace: Trace,
}

impl Run {
    /// Whether it ended well: no uncaught error, no deadlock, in time.
    pub fn passed(&self) -> bool {
        self.ending == Ending::Finished && self.errors.is_empty()
    }

    /// What was printed.
    pub fn output(&self) -> &str {
        &self.output
    }

    /// Errors that nobody caught.
    pub fn errors(&self) -> &[Uncaught] {
        &self.errors
    }

    /// What happened.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }
}

impl Plan {
    /// Runs the scenario on real processes and threads.
    pub fn run(&self, options: &RunOptions) -> Result<Run, RunError> {
        let _ = options;
        let error = std::io::Error::from(std::io::ErrorKind::Unsupported);
        Err(RunError::System { doing: "running", error })
    }
}
