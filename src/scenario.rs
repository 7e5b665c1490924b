//! The library's front door: a scenario from its text to what a run of it gave.
//!
//! Answers for: the order of the stages, in one place. Never does a stage's work.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::analysis::{Binding, Builtin, Checked};
use crate::diagnostic::Diagnostic;
use crate::os::{self, Report, Request, StartError};
use crate::pipeline;
use crate::plan::{CORES, Plan};
use crate::schedule::{Replay, Schedule};
use crate::source::Source;
use crate::syntax::FILE_SIZE_MAX;
use crate::trace::{Ending, Recording, Trace, TraceData, TraceError, Uncaught};

/// A scenario that was read and checked.
///
/// ```
/// let text = "queue q\nprocess p { q.put(1) }\nmain { start p; print q.get() }";
/// let plan = conc::Scenario::from_str(text).plan(&[]).map_err(|found| format!("{found:?}"))?;
/// let run = plan.run(&conc::RunOptions::default())?;
/// assert!(run.passed());
/// assert_eq!(run.output(), "1\n");
/// assert!(run.trace().outline().contains("main  q.get() -> 1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scenario {
    source: Source,
    checked: Arc<Checked>,
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
        let file = File::open(path).map_err(read)?;
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
        let (checked, mut diagnostics) = pipeline::check(&source);
        diagnostics.sort_by_key(|diagnostic| diagnostic.span);
        Scenario { source, checked: Arc::new(checked), diagnostics }
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
        !pipeline::has_errors(&self.diagnostics)
    }

    /// What its names mean.
    pub fn checked(&self) -> &Checked {
        &self.checked
    }

    /// Whether it makes random choices, so that two runs may differ by their seeds.
    pub fn draws(&self) -> bool {
        let draws = |binding: &Binding| {
            matches!(binding, Binding::Builtin(Builtin::Random | Builtin::Shuffle | Builtin::Choose))
        };
        self.checked.bindings.iter().any(draws)
    }

    /// Plans a run. `sets` are constants with other values, each a literal: `("N", "7")`. The plan is for [`CORES`]
    /// processors; a free run has those that there are.
    pub fn plan(&self, sets: &[(String, String)]) -> Result<Plan, Vec<Diagnostic>> {
        if !self.is_correct() {
            return Err(self.diagnostics.clone());
        }
        pipeline::plan_checked(&self.checked, sets, CORES)
    }
}

/// The most processes that a run has at a time.
pub const PROCESSES_MAX: u32 = crate::program::fault::PROCESSES_MAX;

/// The most threads that a run has at a time, those that processes begin with left out.
pub const THREADS_MAX: u32 = crate::program::fault::THREADS_MAX;

/// How a planned scenario is to be run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Where random choices come from; another one at every run, if none.
    pub seed: Option<u64>,
    /// How long the run may take.
    pub timeout: Option<Duration>,
    /// Whether a trace is kept.
    pub trace: bool,
    /// A file that the trace is streamed to while the run goes on, in memory that does not grow with it; see
    /// [`crate::trace::Recording`]. Where one is kept too, it is read from there at the end.
    pub stream: Option<PathBuf>,
    /// The most processes at a time.
    pub processes_max: u32,
    /// The most threads at a time, those that processes begin with left out.
    pub threads_max: u32,
    /// The most memory in bytes; a quarter of what the system has to give, if none.
    pub memory_max: Option<u64>,
    /// Who goes on when several can.
    pub schedule: Schedule,
    /// In a free run: actors hold back a little before some of their operations, by this seed, so that orders come up
    /// that are rare otherwise.
    pub perturb: Option<u64>,
    /// For tests: an actor whose process is killed, by name, and at which of the points of its operations, from 1.
    #[doc(hidden)]
    pub doom: Option<(String, u32)>,
}

impl Default for RunOptions {
    fn default() -> RunOptions {
        RunOptions {
            seed: None,
            timeout: None,
            trace: true,
            stream: None,
            processes_max: PROCESSES_MAX,
            threads_max: THREADS_MAX,
            memory_max: None,
            schedule: Schedule::Free,
            perturb: None,
            doom: None,
        }
    }
}

/// Why a run could not begin, or came to no end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// With as many processors as there are, the scenario cannot be planned: why.
    #[error("with the {cores} processors of this system the scenario cannot be planned", cores = .0)]
    Cores(u32, Vec<Diagnostic>),
    /// The system refused something that a run needs.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The file that the trace was streamed to cannot be read back.
    #[error("the trace cannot be read back: {0}")]
    Trace(#[from] TraceError),
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
    /// What happened; empty if no trace was kept.
    pub trace: Trace,
    /// The steps of a deterministic run, to be taken again.
    pub replay: Option<Replay>,
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
    /// Runs the scenario on real processes and threads, and keeps what it prints.
    ///
    /// The run has a supervisor of its own, so that it may be called from any thread of any program.
    pub fn run(&self, options: &RunOptions) -> Result<Run, RunError> {
        let request = Request { keeps_output: true, ..self.request(options)? };
        if request.cores != self.image.cores {
            self.again(request.cores).map_err(|found| RunError::Cores(request.cores, found))?;
        }
        let captured = os::run_captured(&request)?;
        gather(captured.report, String::from_utf8_lossy(&captured.output).into_owned(), options)
    }

    /// Runs the scenario with this very process as the supervisor: prints go straight to standard output. `told` hears
    /// of each uncaught error when it happens. Only for a process that has no other thread, and no other children.
    pub fn run_live(self: &Arc<Plan>, options: &RunOptions, told: &mut dyn FnMut(&Uncaught)) -> Result<Run, RunError> {
        let request = self.request(options)?;
        let plan = self.with_cores(request.cores).map_err(|found| RunError::Cores(request.cores, found))?;
        gather(os::supervise(&plan, &request, told)?, String::new(), options)
    }

    fn request(&self, options: &RunOptions) -> Result<Request, RunError> {
        let source = &self.image.program.source;
        Ok(Request {
            name: source.name().into(),
            text: source.text().into(),
            sets: self.sets.clone(),
            cores: if options.schedule == Schedule::Free { os::cores() } else { CORES },
            seed: options.seed.unwrap_or_else(new_seed),
            trace: options.trace,
            stream: options.stream.clone(),
            timeout_ns: options.timeout.map(|timeout| u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX)),
            processes_max: options.processes_max,
            threads_max: options.threads_max,
            memory_max: options.memory_max,
            keeps_output: false,
            schedule: options.schedule.clone(),
            perturb: options.perturb,
            doom: options.doom.clone(),
        })
    }
}

/// A seed that is another at every run.
pub fn new_seed() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    std::hash::RandomState::new().build_hasher().finish()
}

fn gather(report: Report, output: String, options: &RunOptions) -> Result<Run, RunError> {
    let read_back = |file: &PathBuf| -> Result<Trace, TraceError> { Recording::open(File::open(file)?)?.into_trace() };
    let trace = match &options.stream {
        Some(file) if options.trace => match read_back(file) {
            // It may be what could not be written.
            Err(_) if matches!(report.ending, Ending::OverLimit(_)) => Trace::new(TraceData::default()),
            read => read?,
        },
        _ => Trace::new(report.trace.unwrap_or_default()),
    };
    Ok(Run { ending: report.ending, errors: report.errors, output, trace, replay: report.replay })
}
