//! Runs begun from a process that may have threads: the supervisor, and the children of processes with threads, are the
//! running program itself, executed anew.
//!
//! A hook that the loader calls before `main` looks for a variable in the environment that says so; in every other
//! process it does nothing. So whatever program links this library can run scenarios, a test harness included.
//!
//! Answers for: handing over a request and getting a report back. Never watches a run (see `supervisor`).
#![expect(unsafe_code, reason = "the hook stands in a section that the loader reads")]

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::process::Stdio;
use std::sync::Arc;

use super::arena::{Arena, Off};
use super::process::{self, Inherited, Lines};
use super::supervisor::{Report, Request, supervise};
use super::{StartError, sys, values};
use crate::pipeline;
use crate::source::Source;
use crate::trace::deep;

/// Says to an executed child which actor it is, and by which descriptors it reaches the run.
pub(super) const ACTOR_ENV: &str = "CONC_ACTOR";
/// Says to an executed supervisor where its request lies and where its report goes.
const SUPERVISE_ENV: &str = "CONC_SUPERVISE";
/// Exit code of either when what it was told makes no sense: the variable was set by someone else.
const MISTAKEN: i32 = 70;

#[used]
// SAFETY: the loader calls the functions of this section once, after libc is ready and before `main`, in the one
// thread.
#[unsafe(link_section = ".init_array")]
static HOOK: extern "C" fn() = hook;

extern "C" fn hook() {
    if let Ok(line) = std::env::var(ACTOR_ENV) {
        be_actor(&line);
    } else if let Ok(line) = std::env::var(SUPERVISE_ENV) {
        be_supervisor(&line);
    }
}

/// What a run that was handed over gave back.
pub struct Captured {
    /// What became of it.
    pub report: Report,
    /// What it wrote to standard output.
    pub output: Vec<u8>,
    /// What it wrote to standard error.
    pub complaints: Vec<u8>,
}

/// Runs a scenario under a supervisor of its own, from any process and any thread; what it prints is captured.
pub fn run_captured(request: &Request) -> Result<Captured, StartError> {
    // The hook must be in every program that gets here; naming it keeps the linker from leaving it out.
    std::hint::black_box(&raw const HOOK);
    let (mut asked, report) = (anonymous_file(c"conc-request")?, anonymous_file(c"conc-report")?);
    asked.write_all(deep::to_ron(request).map_err(|_| StartError::Protocol)?.as_bytes())?;
    let (output, complaints) = (anonymous_file(c"conc-stdout")?, anonymous_file(c"conc-stderr")?);
    let mut command = std::process::Command::new("/proc/self/exe");
    command.env(SUPERVISE_ENV, format!("{}:{}", asked.as_raw_fd(), report.as_raw_fd()));
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(complaints.try_clone()?);
    let status = sys::run_keeping(&mut command, vec![asked.as_raw_fd(), report.as_raw_fd()])?;
    let (text, output, complaints) = (contents(report)?, contents(output)?, contents(complaints)?);
    let text = String::from_utf8_lossy(&text);
    match deep::from_ron::<Result<Report, String>>(&text) {
        Ok(Ok(report)) => Ok(Captured { report, output, complaints }),
        Ok(Err(refusal)) => Err(StartError::Refused(refusal)),
        Err(_) => Err(StartError::Supervisor(status.to_string())),
    }
}

fn anonymous_file(name: &std::ffi::CStr) -> Result<File, StartError> {
    Ok(File::from(nix::sys::memfd::memfd_create(name, nix::sys::memfd::MFdFlags::MFD_CLOEXEC)?))
}

fn contents(mut file: File) -> Result<Vec<u8>, StartError> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn numbers<const N: usize>(line: &str) -> Option<[RawFd; N]> {
    let numbers: Vec<RawFd> = line.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

/// The rest of an executed child's life.
fn be_actor(line: &str) -> ! {
    let begun = numbers::<4>(line).and_then(|[arena, kick, lifeline, actor]| {
        let arena = Arena::attach(arena).ok()?;
        let plan = plan_again(arena)?;
        Some((arena, plan, Lines { kick, lifeline }, u32::try_from(actor).ok()?))
    });
    match begun {
        Some((arena, plan, lines, actor)) => {
            process::run_child(arena, Arc::new(plan), lines, actor, Inherited::Nothing)
        }
        None => sys::exit_now(MISTAKEN),
    }
}

/// Plans the scenario of the run a second time: planning is a function of the text, the constants given and the number
/// of processors.
fn plan_again(arena: Arena) -> Option<crate::plan::Plan> {
    use std::sync::atomic::Ordering::SeqCst;
    let header = arena.header();
    let bytes = arena.read(Off(header.request.load(SeqCst)), 0, header.request_len.load(SeqCst) as usize);
    let (name, text, sets, cores) = values::read_request(&bytes)?;
    pipeline::plan(&Source::new(name, text), &sets, cores).ok()
}

/// The rest of an executed supervisor's life.
fn be_supervisor(line: &str) -> ! {
    let Some([asked, report]) = numbers::<2>(line) else { sys::exit_now(MISTAKEN) };
    let (asked, report) = (sys::own(asked), sys::own(report));
    sys::close_over_exec(&asked);
    sys::close_over_exec(&report);
    sys::forget_variable(SUPERVISE_ENV);
    sys::die_with_parent();
    let result = supervise_request(asked);
    let untold = |error: ron::Error| deep::to_ron(&Err::<Report, String>(error.to_string()));
    let text = deep::to_ron(&result).or_else(untold).unwrap_or_default();
    let written = File::from(report).write_all(text.as_bytes());
    sys::exit_now(if written.is_ok() { 0 } else { MISTAKEN })
}

fn supervise_request(asked: OwnedFd) -> Result<Report, String> {
    let text = contents(File::from(asked)).map_err(|error| error.to_string())?;
    let request: Request = deep::from_ron(&String::from_utf8_lossy(&text)).map_err(|error| error.to_string())?;
    let source = Source::new(request.name.clone(), request.text.clone());
    let plan =
        pipeline::plan(&source, &request.sets, request.cores).map_err(|_| "the scenario has errors".to_owned())?;
    supervise(&Arc::new(plan), &request, &mut |_| {}).map_err(|error| error.to_string())
}
