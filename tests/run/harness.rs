//! Runs the `conc` command as a user does, and looks at what is left afterwards.

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// The variable by which the processes of one test's run are found.
const MARK: &str = "CONC_TEST_MARK";

static MARKS: AtomicU32 = AtomicU32::new(0);

/// What a finished run showed.
pub(super) struct Seen {
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) code: Option<i32>,
}

/// A run that goes on in the background.
pub(super) struct Running {
    pub(super) child: Child,
    mark: String,
}

fn new_mark() -> String {
    format!("{}-{}", std::process::id(), MARKS.fetch_add(1, Ordering::Relaxed))
}

fn command(args: &[&str], mark: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conc"));
    command.args(args).env(MARK, mark).env("NO_COLOR", "1").stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// Starts `conc` with a text on its standard input.
#[track_caller]
pub(super) fn start(args: &[&str], input: &str) -> Running {
    let mark = new_mark();
    let mut child = command(args, &mark).spawn().unwrap_or_else(|error| panic!("conc does not start: {error}"));
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not read its input may have gone already.
        let _ = stdin.write_all(input.as_bytes());
    }
    Running { child, mark }
}

impl Running {
    /// Waits for the end, and that nothing is left of the run.
    #[track_caller]
    pub(super) fn finish(self) -> Seen {
        let output = self.child.wait_with_output().unwrap_or_else(|error| panic!("conc is lost: {error}"));
        assert_eq!(left_behind(&self.mark), Vec::<String>::new(), "processes left behind");
        seen(output)
    }

    /// The processes of the run that are there now, the command itself included.
    pub(super) fn processes(&self) -> Vec<String> {
        left_behind(&self.mark)
    }

    /// Reads the next line of standard output.
    pub(super) fn next_line(&mut self) -> String {
        use std::io::Read;
        let mut line = Vec::new();
        let mut byte = [0];
        if let Some(stdout) = self.child.stdout.as_mut() {
            while let Ok(1) = stdout.read(&mut byte) {
                if byte[0] == b'\n' {
                    break;
                }
                line.push(byte[0]);
            }
        }
        String::from_utf8_lossy(&line).into_owned()
    }

    /// Sends a signal to the command.
    pub(super) fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(self.child.id() as i32);
        nix::sys::signal::kill(pid, signal).unwrap_or_else(|error| panic!("no such process: {error}"));
    }

    /// Waits until every process of the run is gone.
    pub(super) fn wait_until_gone(&self) {
        while !left_behind(&self.mark).is_empty() {
            std::thread::yield_now();
        }
    }
}

fn seen(output: Output) -> Seen {
    Seen {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code(),
    }
}

/// Pid and name of each process that carries the mark; one that is ending and has given up its memory is not seen.
fn left_behind(mark: &str) -> Vec<String> {
    let wanted = format!("{MARK}={mark}\0");
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    processes
        .filter_map(Result::ok)
        .filter(|entry| {
            let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&wanted)
        })
        .map(|entry| {
            let name = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            format!("{} {}", entry.file_name().to_string_lossy(), name.trim())
        })
        .collect()
}

/// Runs a scenario given as text.
#[track_caller]
pub(super) fn run(text: &str) -> Seen {
    run_with(&[], text)
}

/// Runs a scenario given as text, with more arguments.
#[track_caller]
pub(super) fn run_with(args: &[&str], text: &str) -> Seen {
    let mut all = vec!["run", "-"];
    all.extend(args);
    start(&all, text).finish()
}

/// A scenario ends well and prints just these lines, in this order.
#[track_caller]
pub(super) fn check(text: &str, expected: &str) {
    let seen = run(text);
    assert_eq!(seen.stdout.trim_end(), trimmed(expected), "standard output; standard error: {}", seen.stderr);
    assert_eq!(seen.stderr, "", "standard error");
    assert_eq!(seen.code, Some(0), "exit status");
}

/// The same in both roads: the body as that of main, with the objects at file level used by its threads alone, and with
/// a process that uses them too, so that they lie in the arena.
#[track_caller]
pub(super) fn check_both_roads(objects: &[&str], body: &str, expected: &str) {
    let declarations = objects.join("\n");
    check(&format!("{declarations}\nmain {{\n{body}\n}}\n"), expected);
    let mut declarations = declarations;
    declarations.push_str("\ntask _keep(_x) { pass }");
    let uses: Vec<String> =
        objects.iter().filter_map(|object| name_of(object)).map(|name| format!("    _keep({name})")).collect();
    let sharing = uses.join("\n");
    check(
        &format!("{declarations}\nprocess sharer {{\n{sharing}\n}}\nmain {{\n    (start sharer).join()\n{body}\n}}\n"),
        expected,
    );
}

/// The name that a declaration gives, of objects whose handle can be passed on.
fn name_of(declaration: &str) -> Option<&str> {
    let words = declaration.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let mut names = words.skip_while(|word| KEYWORDS.contains(word));
    let name = names.next()?;
    (!declaration.starts_with("shared") && !declaration.starts_with("atomic")).then_some(name)
}

const KEYWORDS: [&str; 9] = ["queue", "lock", "rlock", "condition", "bounded", "semaphore", "event", "barrier", "pool"];

/// The lines without common indentation and blank ends.
fn trimmed(text: &str) -> String {
    let lines: Vec<&str> = text.trim_matches('\n').trim_end().lines().collect();
    let margin = lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    lines.iter().map(|line| line.get(margin..).unwrap_or("")).collect::<Vec<_>>().join("\n")
}
