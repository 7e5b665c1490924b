//! Deterministic runs by the command: schedules, invariants, replays.
#![expect(clippy::expect_used, reason = "a test may panic")]

use nix::sys::signal::Signal;

use super::harness::{run_with, start};

const RACE: &str = "shared n = 0\nprocess p[i in 0..3] { n += 1 }\nfinally { assert n == 3, \"lost\" }\n";

#[test]
fn fifo_goes_on_as_long_as_it_can() {
    let text = "process p[i in 0..2] { print \"a{i}\" ; print \"b{i}\" ; yield ; print \"c{i}\" }\n";
    let seen = run_with(&["--schedule", "fifo"], text);
    assert_eq!(seen.stdout, "a0\nb0\na1\nb1\nc0\nc1\n");
    assert_eq!((seen.stderr.as_str(), seen.code), ("", Some(0)));
}

#[test]
fn the_tutorial_prints_what_was_published() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/tutorial");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("the scenarios")
        .filter_map(|entry| entry.expect("an entry").file_name().to_str()?.strip_suffix(".conc").map(str::to_owned))
        .collect();
    names.sort();
    for name in names {
        let seen = start(&["run", &format!("scenarios/tutorial/{name}.conc"), "--schedule", "fifo"], "").finish();
        assert_eq!((seen.stderr.as_str(), seen.code), ("", Some(0)), "{name}");
        insta::assert_snapshot!(format!("fifo_{name}"), seen.stdout);
    }
}

#[test]
fn time_is_virtual() {
    let text = "main { let before = now() ; sleep 100m ; print now() - before, pid() }\n";
    let seen = run_with(&["--schedule", "fifo"], text);
    assert_eq!((seen.stdout.as_str(), seen.code), ("100m 1001\n", Some(0)), "{}", seen.stderr);
}

#[test]
fn an_invariant_that_a_step_breaks_ends_the_run() {
    let text = "atomic n = 0\nprocess p[i in 0..2] { n.add(1) }\ninvariant few: n < 2\n";
    let seen = run_with(&["--schedule", "fifo"], text);
    assert_eq!(seen.code, Some(1));
    assert!(seen.stderr.contains("the invariant `few` does not hold"), "{}", seen.stderr);
    assert!(seen.stderr.contains("broken by a step of p[1]"), "{}", seen.stderr);
    let expected = run_with(&["--schedule", "fifo"], &format!("{text}expect invariant few\n"));
    assert_eq!(expected.code, Some(0), "{}", expected.stderr);
}

/// A folder of its own, removed in the end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("conc-turns-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs the command in a folder.
fn conc(folder: &Folder, args: &[&str]) -> (String, Option<i32>) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_conc"));
    let out = command.args(args).env("NO_COLOR", "1").current_dir(&folder.0).output().expect("the command");
    (String::from_utf8_lossy(&out.stderr).into_owned(), out.status.code())
}

#[test]
fn a_failing_run_is_seen_again() {
    let folder = Folder::new("again");
    let scenario = folder.file("race.conc", RACE);
    let failing = (0..50).find(|seed| {
        let (said, code) = conc(&folder, &["run", "--schedule", "random", "--seed", &seed.to_string(), &scenario]);
        code == Some(1) && said.contains(&format!("to see it again: conc run {scenario} --replay race.replay.ron"))
    });
    assert!(failing.is_some(), "random schedules find the lost update");
    let (said, code) = conc(&folder, &["run", &scenario, "--replay", "race.replay.ron"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("AssertionFailed: lost"), "{said}");

    let (said, code) = conc(&folder, &["run", "--replay", "race.replay.ron"]);
    assert!(code == Some(1) && said.contains("AssertionFailed: lost"), "{said}");
    let (said, code) = conc(&folder, &["run", &scenario, "--schedule", "replay", "--replay", "race.replay.ron"]);
    assert!(code == Some(1) && said.contains("AssertionFailed: lost"), "{said}");
    assert_eq!(conc(&folder, &["run", &scenario, "--schedule", "replay"]).1, Some(2));
    assert_eq!(conc(&folder, &["run", &scenario, "--schedule", "fifo", "--replay", "race.replay.ron"]).1, Some(2));

    // Lines may move; what is done may not.
    folder.file("race.conc", &format!("# A comment.\n{RACE}"));
    let (said, code) = conc(&folder, &["run", &scenario, "--replay", "race.replay.ron"]);
    assert_eq!(code, Some(1), "{said}");
    folder.file("race.conc", &RACE.replace("n += 1", "n = 1"));
    let (said, code) = conc(&folder, &["run", &scenario, "--replay", "race.replay.ron"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("the replay does not fit: step "), "{said}");
    assert!(said.contains("the scenario has changed since the replay was recorded"), "{said}");
}

#[test]
fn pct_finds_it_too() {
    let folder = Folder::new("pct");
    let scenario = folder.file("race.conc", RACE);
    let fails = |seed: &i32| {
        conc(&folder, &["run", "--schedule", "pct:3", "--seed", &seed.to_string(), &scenario]).1 == Some(1)
    };
    assert!((0..50).any(|seed| fails(&seed)), "PCT finds the lost update");
}

#[test]
fn what_is_no_replay_is_said() {
    let folder = Folder::new("wrong");
    let scenario = folder.file("race.conc", RACE);
    folder.file("no.ron", "(version: 1)");
    let (said, code) = conc(&folder, &["run", &scenario, "--replay", "no.ron"]);
    assert_eq!(code, Some(2), "{said}");
    let (said, code) = conc(&folder, &["run", &scenario, "--replay", "missing.ron"]);
    assert_eq!(code, Some(2), "{said}");
    // A file of the user's own is not written over.
    folder.file("race.replay.ron", "mine");
    let fails = (0..50).any(|seed| {
        conc(&folder, &["run", "--schedule", "random", "--seed", &seed.to_string(), &scenario]).1 == Some(1)
    });
    assert!(fails);
    assert_eq!(std::fs::read_to_string(folder.0.join("race.replay.ron")).expect("it is there"), "mine");
}

#[test]
fn a_deterministic_run_leaves_nothing() {
    // Two daemons, a child that is stuck, and a deadlock.
    let text = "queue q\ndaemon process d { loop { sleep 1s } }\nprocess p { q.get() }\nmain { start d ; start p ; q.get() }\n";
    let seen = start(&["run", "-", "--schedule", "fifo", "--timeout", "300ms"], text).finish();
    assert!(matches!(seen.code, Some(3 | 4)), "{:?} {}", seen.code, seen.stderr);
}

/// Steps so long that to count them is to wait for good.
const UNCOUNTED: &str = "queue q\nmain { loop { q.put([i for i in 0..100_000]) ; q.get() } }\n";

#[test]
fn a_run_whose_steps_are_being_counted_can_be_ended() {
    let seen = run_with(&["--schedule", "pct", "--timeout", "300ms"], UNCOUNTED);
    assert_eq!(seen.code, Some(4), "{}", seen.stderr);
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let running = start(&["run", "-", "--schedule", "pct"], UNCOUNTED);
        // Main is there: signals are listened to.
        while running.processes().len() < 2 {
            std::thread::yield_now();
        }
        running.signal(signal);
        let seen = running.finish();
        assert_eq!(seen.code, Some(code), "{}", seen.stderr);
    }
}
