//! The kinds of ends, each at random moments.

use std::fs::File;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use nix::sys::signal::Signal;

use super::chance::Chance;
use super::place::Place;
use super::scenario::{BOMB, HOARD, STUCK, busy, with_failing_child};

/// Moments of each kind, unless the environment asks for more.
const MOMENTS: u64 = 5;
/// Far longer than any run takes on a busy machine; an end that does not come shows by the status.
const TIMEOUT: &str = "120s";
/// Rounds of what is ended from outside.
const ENDLESS: u64 = 1_000_000;

/// Whoever counts what this process has open is alone.
pub(super) static ALONE: RwLock<()> = RwLock::new(());

/// What is done to a run from outside.
enum Act {
    Nothing,
    /// To the command.
    Signal(Signal),
    KillMain,
    /// To any process under the command.
    KillAny,
    CloseOutput,
}

/// A run, what is done to it, and how it may end.
struct Trial {
    args: Vec<String>,
    text: String,
    output: Option<File>,
    act: Act,
    /// The exit statuses that there may be; none is a death by a signal.
    statuses: Vec<Option<i32>>,
}

impl Trial {
    fn new(chance: &mut Chance, text: String, statuses: &[i32]) -> Trial {
        let policies = ["free", "free", "free", "free", "fifo", "random", "random", "pct"];
        let policy = policies[chance.below(policies.len() as u64) as usize];
        let mut trial = Trial {
            args: Vec::new(),
            text,
            output: None,
            act: Act::Nothing,
            statuses: statuses.iter().copied().map(Some).collect(),
        };
        trial.arg("--schedule", policy);
        trial.arg("--seed", &chance.below(1000).to_string());
        trial.set("ROUNDS", chance.below(5));
        trial.set("EACH", chance.below(4));
        trial
    }

    fn arg(&mut self, name: &str, value: &str) {
        self.args.extend([name.to_owned(), value.to_owned()]);
    }

    /// Gives a constant a value, where the scenario has it.
    fn set(&mut self, name: &str, value: u64) {
        if self.text.contains(&format!("const {name} ")) {
            self.args.retain(|arg| !arg.starts_with(&format!("--set={name}=")));
            self.args.push(format!("--set={name}={value}"));
        }
    }

    /// Has it go on until something is done to it.
    fn endless(mut self, chance: &mut Chance, act: Act) -> Trial {
        self.act = act;
        self.set("ROUNDS", ENDLESS);
        self.set("EACH", ENDLESS);
        // A run by priorities may keep those who print from going on for ever.
        let policy = ["free", "free", "random", "fifo"][chance.below(4) as usize];
        if let Some(at) = self.args.iter().position(|arg| arg == "--schedule") {
            self.args[at + 1] = policy.to_owned();
        }
        self
    }

    fn run(mut self, chance: &mut Chance) -> Result<(), String> {
        if !self.args.iter().any(|arg| arg == "--timeout") {
            self.arg("--timeout", TIMEOUT);
        }
        let place = Place::new();
        let mut running = place.start(&self.args, &self.text, self.output.take());
        // While it begins; or after some of its lines.
        if chance.below(3) == 0 {
            std::thread::sleep(Duration::from_micros(chance.below(20_000)));
        } else if !matches!(self.act, Act::Nothing) {
            running.read_lines(chance.below(25));
        }
        match self.act {
            Act::Nothing => {}
            Act::Signal(signal) => running.signal(signal),
            Act::KillMain => running.signal_main(Signal::SIGKILL),
            Act::KillAny => {
                running.signal_any(chance.below(64), Signal::SIGKILL);
                running.read_lines(chance.below(5));
                running.signal(Signal::SIGINT);
            }
            Act::CloseOutput => running.lines = None,
        }
        let (status, said) = running.finish(&[])?;
        if self.statuses.contains(&status) {
            Ok(())
        } else {
            Err(format!("status {status:?}, not one of {:?}\n{said}", self.statuses))
        }
    }
}

/// Tries a kind of end at random moments, unless all of them are well.
fn at_random_moments(kind: &str, trial: impl Fn(&mut Chance) -> Trial) {
    let _shared = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let (from, count) = (number("ENDS_FROM").unwrap_or(0), number("ENDS_MOMENTS").unwrap_or(MOMENTS));
    let mut failed = Vec::new();
    for seed in from..from + count {
        let mut chance = Chance(seed);
        let trial = trial(&mut chance);
        let args = trial.args.join(" ");
        if let Err(message) = trial.run(&mut chance) {
            failed.push(format!("{kind}, {seed}, {args}: {message}"));
        }
    }
    assert!(failed.is_empty(), "{} of {count}:\n{}", failed.len(), failed.join("\n"));
}

/// A run that is ended by a signal to the command.
fn at_a_signal(kind: &str, signal: Signal, status: i32) {
    at_random_moments(kind, |chance| {
        let mut trial = Trial::new(chance, busy(""), &[status]).endless(chance, Act::Signal(signal));
        // It may come before the command knows what to do with it.
        trial.statuses.push(None);
        trial
    });
}

#[test]
fn the_end_of_main() {
    at_random_moments("the end of main", |chance| Trial::new(chance, busy(""), &[0]));
}

#[test]
fn a_status_of_main() {
    at_random_moments("a status of main", |chance| Trial::new(chance, busy("exit(7)"), &[1]));
}

#[test]
fn an_error_in_main() {
    at_random_moments("an error in main", |chance| Trial::new(chance, busy("raise Oops(\"in main\")"), &[1]));
}

#[test]
fn an_error_in_a_child() {
    at_random_moments("an error in a child", |chance| Trial::new(chance, with_failing_child(), &[1]));
}

#[test]
fn a_deadlock() {
    at_random_moments("a deadlock", |chance| Trial::new(chance, STUCK.to_owned(), &[3]));
}

#[test]
fn a_deadlock_of_some() {
    at_random_moments("a deadlock of some", |chance| Trial::new(chance, busy("dead.get()"), &[3]));
}

#[test]
fn the_end_of_its_time() {
    at_random_moments("the end of its time", |chance| {
        let text = [busy(""), BOMB.to_owned()][chance.below(2) as usize].clone();
        let mut trial = Trial::new(chance, text, &[4]).endless(chance, Act::Nothing);
        trial.arg("--timeout", &format!("{}us", chance.below(200_000)));
        trial
    });
}

#[test]
fn too_many_processes() {
    at_random_moments("too many processes", |chance| {
        // With room for all it ends well; otherwise some start is refused, or before anything starts, the pool.
        let mut trial = Trial::new(chance, busy(""), &[0, 1, 2, 3, 4]);
        trial.arg("--max-processes", &(1 + chance.below(14)).to_string());
        trial
    });
}

#[test]
fn a_bomb_of_processes() {
    at_random_moments("a bomb of processes", |chance| {
        let mut trial = Trial::new(chance, BOMB.to_owned(), &[1, 4]);
        trial.arg("--max-processes", &(2 + chance.below(20)).to_string());
        // By priorities one who starts others in vain may go first for ever.
        trial.arg("--timeout", "5s");
        trial
    });
}

#[test]
fn too_much_memory() {
    at_random_moments("too much memory", |chance| {
        let mut trial = Trial::new(chance, HOARD.to_owned(), &[4]);
        trial.arg("--max-memory", &format!("{}KiB", 16 * 1024 + chance.below(32 * 1024)));
        trial
    });
}

#[test]
fn a_signal_to_end() {
    at_a_signal("SIGTERM", Signal::SIGTERM, 143);
}

#[test]
fn an_interrupt() {
    at_a_signal("SIGINT", Signal::SIGINT, 130);
}

#[test]
fn a_lost_terminal() {
    at_a_signal("SIGHUP", Signal::SIGHUP, 129);
}

#[test]
fn a_killed_supervisor() {
    at_random_moments("a killed supervisor", |chance| {
        let text = if chance.below(4) == 0 { BOMB.to_owned() } else { busy("") };
        let mut trial = Trial::new(chance, text, &[]).endless(chance, Act::Signal(Signal::SIGKILL));
        trial.statuses = vec![None];
        trial
    });
}

#[test]
fn a_killed_main() {
    at_random_moments("a killed main", |chance| {
        let mut trial = Trial::new(chance, busy(""), &[137]).endless(chance, Act::KillMain);
        trial.arg("--timeout", "20s");
        trial
    });
}

#[test]
fn anybody_killed() {
    at_random_moments("anybody killed", |chance| {
        let mut trial = Trial::new(chance, busy(""), &[130, 137, 1, 3, 5]).endless(chance, Act::KillAny);
        trial.statuses.push(None);
        trial
    });
}

#[test]
fn a_lost_reader() {
    at_random_moments("a lost reader", |chance| Trial::new(chance, busy(""), &[141]).endless(chance, Act::CloseOutput));
}

#[test]
fn no_room_for_what_is_printed() {
    at_random_moments("no room for what is printed", |chance| {
        let mut trial = Trial::new(chance, busy(""), &[141]).endless(chance, Act::Nothing);
        trial.output = File::options().write(true).open("/dev/full").ok();
        trial
    });
}

#[test]
fn no_room_for_the_trace() {
    at_random_moments("no room for the trace", |chance| {
        let files = [("nowhere/trace.json", 2), ("../full.ron", 4), ("../full.trace", 4)];
        let (file, status) = files[chance.below(3) as usize];
        let mut trial = Trial::new(chance, busy(""), &[status]);
        trial.arg("--trace", file);
        trial
    });
}
