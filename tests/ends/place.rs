//! A run in a place of its own: an empty current directory, an empty directory for temporary files, a session.
//! Afterwards all three are looked at.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Far longer than the kernel takes to be done with a process on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// The variable by which the processes of a run are found that have left its session.
const MARK: &str = "CONC_TEST_END";

static PLACES: AtomicU32 = AtomicU32::new(0);

/// Where a run takes place, and what was there before.
pub(super) struct Place {
    folder: PathBuf,
    mark: String,
    shared: BTreeSet<String>,
}

/// A run that goes on.
pub(super) struct Running {
    pub(super) child: Child,
    pub(super) lines: Option<BufReader<std::process::ChildStdout>>,
    place: Place,
}

impl Place {
    pub(super) fn new() -> Place {
        let mark = format!("{}-{}", std::process::id(), PLACES.fetch_add(1, Ordering::Relaxed));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ends-{mark}"));
        for inner in ["here", "temporary"] {
            std::fs::create_dir_all(folder.join(inner)).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        }
        // A file that cannot hold anything, for a trace.
        for name in ["full.ron", "full.trace"] {
            std::os::unix::fs::symlink("/dev/full", folder.join(name)).unwrap_or_else(|error| panic!("{error}"));
        }
        Place { folder, mark, shared: names(Path::new("/dev/shm")) }
    }

    /// The directory in which the run takes place.
    pub(super) fn here(&self) -> PathBuf {
        self.folder.join("here")
    }

    /// Starts a run of a text, in a session of its own; standard output goes to a pipe, or to a file.
    pub(super) fn start(self, args: &[String], text: &str, output: Option<File>) -> Running {
        let piped = output.is_none();
        let errors = File::create(self.folder.join("errors")).unwrap_or_else(|error| panic!("{error}"));
        let mut child = Command::new("setsid")
            .arg(env!("CARGO_BIN_EXE_conc"))
            .arg("run")
            .args(args)
            .arg("-")
            .env(MARK, &self.mark)
            .env("TMPDIR", self.folder.join("temporary"))
            .env("NO_COLOR", "1")
            .current_dir(self.here())
            .stdin(Stdio::piped())
            .stdout(output.map_or_else(Stdio::piped, Stdio::from))
            .stderr(errors)
            .spawn()
            .unwrap_or_else(|error| panic!("setsid does not start: {error}"));
        if let Some(mut stdin) = child.stdin.take() {
            // One that was killed at once does not read it.
            let _ = stdin.write_all(text.as_bytes());
        }
        let lines = child.stdout.take().filter(|_| piped).map(BufReader::new);
        Running { child, lines, place: self }
    }
}

impl Running {
    /// Reads so many lines, or fewer, if there are no more.
    pub(super) fn read_lines(&mut self, count: u64) {
        let mut line = Vec::new();
        for _ in 0..count {
            line.clear();
            match self.lines.as_mut().map(|lines| lines.read_until(b'\n', &mut line)) {
                Some(Ok(1..)) => {}
                _ => break,
            }
        }
    }

    pub(super) fn signal(&self, signal: Signal) {
        // It may have come to its end by itself; until it is waited for its number is its own.
        let _ = kill(self.pid(), signal);
    }

    /// Sends a signal to main's process, the first child of the command, as soon as there is one.
    pub(super) fn signal_main(&mut self, signal: Signal) {
        while matches!(self.child.try_wait(), Ok(None)) {
            let mut children = processes();
            children.retain(|process| process.parent == self.pid().as_raw() && process.state != 'Z');
            if let Some(main) = children.iter().min_by_key(|process| process.started) {
                let _ = kill(Pid::from_raw(main.pid), signal);
                return;
            }
        }
    }

    /// Sends a signal to one of the processes under the command.
    pub(super) fn signal_any(&self, at: u64, signal: Signal) {
        let mut ours: Vec<Process> = self.of_run();
        ours.retain(|process| process.pid != self.pid().as_raw());
        if let Some(one) = ours.get(at as usize % ours.len().max(1)) {
            let _ = kill(Pid::from_raw(one.pid), signal);
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32)
    }

    /// Waits for the end and looks at what is left; gives the exit status and the standard error, or what is left.
    pub(super) fn finish(mut self, expected: &[&str]) -> Result<(Option<i32>, String), String> {
        self.read_lines(u64::MAX);
        self.lines = None;
        let status = self.child.wait().map_err(|error| error.to_string())?;
        let said = std::fs::read_to_string(self.place.folder.join("errors")).unwrap_or_default();
        let since = Instant::now();
        loop {
            let left = self.of_run();
            if left.is_empty() {
                break;
            }
            if since.elapsed() > PATIENCE {
                return Err(format!("processes are left: {left:?}\n{said}"));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        for folder in ["here", "temporary"] {
            let left: Vec<String> = names(&self.place.folder.join(folder)).into_iter().collect();
            if left.iter().any(|name| !expected.contains(&name.as_str())) {
                return Err(format!("files are left in {folder}: {left:?}\n{said}"));
            }
        }
        // Whatever others leave there at the same time is not called so.
        let is_ours = |name: &&String| name.contains("conc") || name.contains(&self.place.mark);
        let shared = names(Path::new("/dev/shm"));
        let left: Vec<&String> = shared.difference(&self.place.shared).filter(is_ours).collect();
        if !left.is_empty() {
            return Err(format!("shared memory is left: {left:?}\n{said}"));
        }
        std::fs::remove_dir_all(&self.place.folder).map_err(|error| error.to_string())?;
        Ok((status.code(), said))
    }

    /// The processes of the run, zombies included.
    fn of_run(&self) -> Vec<Process> {
        let session = self.child.id() as i32;
        let wanted = format!("{MARK}={}\0", self.place.mark).into_bytes();
        let is_marked = |process: &Process| {
            let environment = std::fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
            environment.windows(wanted.len()).any(|part| part == wanted)
        };
        processes().into_iter().filter(|process| process.session == session || is_marked(process)).collect()
    }
}

/// A process as the kernel shows it.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) pid: i32,
    state: char,
    pub(super) parent: i32,
    session: i32,
    started: u64,
}

/// All processes.
pub(super) fn processes() -> Vec<Process> {
    names(Path::new("/proc")).iter().filter_map(|name| process(name.parse().ok()?)).collect()
}

fn process(pid: i32) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may be anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at).and_then(|field| field.parse::<i64>().ok());
    let (parent, session, started) = (number(1)? as i32, number(3)? as i32, number(19)? as u64);
    Some(Process { pid, state: fields.first()?.chars().next()?, parent, session, started })
}

/// The names in a directory.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
