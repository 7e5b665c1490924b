//! Runs whose events are streamed to a file: what is in it is what the run did, however it ends, and its length is
//! bounded by the file alone.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use conc::judge::{Judgement, judge};
use conc::trace::{Ending, Recording, Stats, Trace, TraceError};
use conc::{Run, RunOptions, Scenario, Schedule};

use super::harness::{run_with, start};

/// A file in a place of this test's own, gone afterwards.
struct Streamed(PathBuf);

impl Streamed {
    fn new() -> Streamed {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("streamed-{}-{}.trace", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Streamed(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name))
    }

    fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.0).unwrap_or_default()
    }

    fn name(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for Streamed {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn trace_in(bytes: &[u8]) -> Result<Trace, TraceError> {
    Recording::open(Cursor::new(bytes))?.into_trace()
}

/// A run that is streamed, and read back; what was left in the file, too.
#[track_caller]
fn streamed(text: &str, options: RunOptions) -> (Run, Vec<u8>) {
    let file = Streamed::new();
    let plan = Arc::new(Scenario::from_str(text).plan(&[]).unwrap_or_else(|found| panic!("{found:?}")));
    let options = RunOptions { stream: Some(file.0.clone()), ..options };
    let run = plan.run(&options).unwrap_or_else(|error| panic!("{error}"));
    let judgement = judge(&plan, run.trace().data(), Some(&run.ending));
    // What the killed did last may be more than the judge tries.
    assert!(matches!(judgement, Judgement::Possible { .. } | Judgement::Undecided { .. }), "{judgement:?}");
    (run, file.bytes())
}

const EVERYTHING: &str = r#"
queue jobs(4)
queue done
pool w(2)
lock l
condition c(l)
shared count = 0
task double(x) { return x * 2 }
process worker[i in 0..3] {
    for job in jobs { with l { count = count + job }; done.put([i, job]) }
    with c { c.notify() }
}
thread slow { with c { c.wait_for(count >= 60) }; print "enough" }
main {
    let all = start worker
    let s = start slow
    print w.map(double, [1, 2, 3])
    let r = w.apply_async(double, 21)
    for i in 0..60 { jobs.put(1) }
    jobs.close()
    for one in all { one.join() }
    s.join()
    print r.get(), count, done.len()
    try { done.get(timeout: 0s); for _ in 0..100 { done.get(block: false) } } catch Empty { print "empty" }
}
"#;

#[test]
fn a_deterministic_run_has_the_same_outline_streamed_or_not() {
    for schedule in [Schedule::Fifo, Schedule::Random] {
        let options = || RunOptions { seed: Some(3), schedule: schedule.clone(), ..RunOptions::default() };
        let plan = Scenario::from_str(EVERYTHING).plan(&[]).unwrap_or_else(|found| panic!("{found:?}"));
        let kept = plan.run(&options()).unwrap_or_else(|error| panic!("{error}"));
        let (run, _) = streamed(EVERYTHING, options());
        assert!(run.passed(), "{:?} {:?}", run.ending, run.errors());
        assert_eq!(run.trace().outline(), kept.trace().outline());
    }
}

#[test]
fn a_free_run_is_streamed_whole_and_its_figures_are_those_of_its_trace() {
    for seed in 0..4 {
        let perturb = (seed % 2 == 1).then_some(seed);
        let (run, bytes) = streamed(EVERYTHING, RunOptions { perturb, ..RunOptions::default() });
        assert!(run.passed(), "{:?} {:?}", run.ending, run.errors());
        let of_trace = Stats::new(run.trace());
        let mut recording = Recording::open(Cursor::new(&bytes)).unwrap_or_else(|error| panic!("{error}"));
        let of_file = Stats::of(&mut recording).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(serde_json::to_value(of_trace).ok(), serde_json::to_value(of_file).ok());
    }
}

const LONG: &str = "const N = 60_000\nlock l\nqueue q(100)\nprocess p[i in 0..2] { for n in 0..N { with l { q.put(n) } } }\nprocess r { for _ in 0..2 * N { q.get() } }\nmain { start p; start r }";

#[test]
fn a_run_longer_than_memory_has_room_for_is_streamed_within_it() {
    let file = Streamed::new();
    let limits = ["--max-memory", "128MiB", "--timeout", "100s"];
    let seen = run_with(&[&limits[..], &["--trace", &file.name()]].concat(), LONG);
    assert_eq!((seen.code, seen.stderr.as_str()), (Some(0), ""));
    let open = File::open(&file.0).unwrap_or_else(|error| panic!("{error}"));
    let mut recording = Recording::open(open).unwrap_or_else(|error| panic!("{error}"));
    let stats = Stats::of(&mut recording).unwrap_or_else(|error| panic!("{error}"));
    // Take and let go, put, get; begins, ends, starts.
    assert_eq!(stats.events, 2 * 60_000 * 4 + 2 * 4 + 3);
    let most =
        |name: &str| stats.objects.iter().find(|object| object.name == name).and_then(|object| object.most_items);
    assert!(most("q").is_some_and(|most| (1..=100).contains(&most)), "{:?}", most("q"));
    // In memory there is no room for as much.
    let kept = file.0.with_extension("ron");
    let seen = run_with(&[&limits[..], &["--trace", &kept.display().to_string()]].concat(), LONG);
    let _ = std::fs::remove_file(kept);
    assert_eq!(seen.code, Some(4), "{}", seen.stderr);
    assert!(seen.stderr.contains(".trace"), "{}", seen.stderr);
}

#[test]
fn actors_that_die_leave_what_they_told_of() {
    let text = "queue q(3)\nprocess p { loop { q.put(1) } }\nmain {\n  for n in 1..8 {\n    let h = start p\n    for _ in 0..n * 40 { q.get() }\n    h.kill()\n    h.join()\n    while q.len() > 0 { q.get() }\n  }\n}";
    for _ in 0..5 {
        let (run, _) = streamed(text, RunOptions::default());
        assert!(run.passed(), "{:?} {:?}", run.ending, run.errors());
        for n in 1..8 {
            let name = if n == 1 { "p".to_owned() } else { format!("p#{n}") };
            // What it had in hand when it was killed may be missing, and nothing before.
            let seqs: Vec<u32> = run.trace().of(&name).map(|event| event.place.seq).collect();
            assert!(seqs.len() as u32 >= n * 40, "{name}: {seqs:?}");
            assert!((0..).zip(&seqs).all(|(at, seq)| at == *seq), "{name}: {seqs:?}");
        }
    }
}

#[test]
fn many_actors_one_after_the_other() {
    let text = "thread t { yield }\nmain { for _ in 0..3000 { (start t).join() } }";
    let file = Streamed::new();
    let seen = run_with(&["--timeout", "100s", "--trace", &file.name()], text);
    assert_eq!((seen.code, seen.stderr.as_str()), (Some(0), ""));
    let trace = trace_in(&file.bytes()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((trace.data().actors.len(), trace.events().len()), (3001, 3000 * 5 + 2));
}

#[test]
fn one_large_message_is_streamed() {
    let text = "queue q\nprocess p { q.put(\"x\".repeat(50_000_000)) }\nmain { start p; print len(q.get()) }";
    let (run, _) = streamed(text, RunOptions { memory_max: Some(8 << 30), ..RunOptions::default() });
    assert!(run.passed(), "{:?} {:?}", run.ending, run.errors());
    assert_eq!(run.output(), "50000000\n");
}

#[test]
fn a_file_that_was_cut_off_is_read_up_to_its_last_whole_block() {
    let (run, bytes) = streamed(EVERYTHING, RunOptions::default());
    let all = run.trace().events().len();
    let mut last = 0;
    for len in (0..bytes.len()).step_by(97) {
        match trace_in(&bytes[..len]) {
            Ok(trace) => {
                assert!(trace.events().len() >= last && trace.events().len() < all, "{len}");
                last = trace.events().len();
            }
            // Shorter than its beginning.
            Err(TraceError::NotStreamed) => assert_eq!(last, 0, "{len}"),
            Err(error) => panic!("{len}: {error}"),
        }
    }
}

#[test]
fn a_file_that_was_changed_is_read_or_refused() {
    let (_, bytes) = streamed(EVERYTHING, RunOptions::default());
    for at in (0..bytes.len()).step_by(13) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        let _ = trace_in(&bytes);
        let _ = Recording::open(Cursor::new(&bytes)).and_then(|mut recording| Stats::of(&mut recording));
    }
}

#[test]
fn what_was_not_streamed_is_refused() {
    for bytes in [&b""[..], b"(version: 1)\n", b"conc trace, streamed\n", b"conc trace, streamed\nE\x08\0\0\0aaaaaaaa"]
    {
        assert!(matches!(trace_in(bytes), Err(TraceError::NotStreamed)));
    }
}

const ENDLESS: &str = "lock l\nprocess p { loop { with l { } } }\nmain { start p; print \"begun\"; sleep 1h }";

#[test]
fn a_run_whose_trace_cannot_be_written_any_more_is_ended() {
    let file = Streamed::new();
    nix::unistd::mkfifo(&file.0, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap_or_else(|e| panic!("{e}"));
    let run = start(&["run", "-", "--timeout", "100s", "--trace", &file.name()], ENDLESS);
    let mut reader = File::open(&file.0).unwrap_or_else(|error| panic!("{error}"));
    let mut some = vec![0; 3 << 20];
    reader.read_exact(&mut some).unwrap_or_else(|error| panic!("{error}"));
    drop(reader);
    let seen = run.finish();
    assert_eq!(seen.code, Some(4), "{}", seen.stderr);
    assert!(seen.stderr.contains(&file.name()) && seen.stderr.contains("Broken pipe"), "{}", seen.stderr);
    // What was written until then is a trace.
    assert!(trace_in(&some).is_ok_and(|trace| trace.events().len() > 10_000));
}

#[test]
fn a_killed_supervisor_leaves_what_it_had_written() {
    let file = Streamed::new();
    let mut run = start(&["run", "-", "--timeout", "100s", "--trace", &file.name()], ENDLESS);
    assert_eq!(run.next_line(), "begun");
    while std::fs::metadata(&file.0).map_or(0, |found| found.len()) < 2 << 20 {
        std::thread::yield_now();
    }
    run.signal(nix::sys::signal::Signal::SIGKILL);
    run.wait_until_gone();
    let trace = trace_in(&file.bytes()).unwrap_or_else(|error| panic!("{error}"));
    assert!(trace.events().len() > 10_000);
}

#[test]
fn a_run_that_ends_otherwise_is_streamed_up_to_there() {
    let text = "lock a\nlock b\nthread t { with b { sleep 10ms; with a { } } }\nmain { start t; with a { sleep 10ms; with b { } } }";
    let (run, _) = streamed(text, RunOptions::default());
    assert!(matches!(run.ending, Ending::Deadlock(_)), "{:?}", run.ending);
    assert!(run.trace().outline().contains("sleep"));
}

#[test]
fn a_run_that_takes_its_trace_is_not_streamed_to_a_pipe() {
    let file = Streamed::new();
    nix::unistd::mkfifo(&file.0, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap_or_else(|e| panic!("{e}"));
    for how in ["--verify", "--outline"] {
        let seen = run_with(&["--trace", &file.name(), how], "main { print 1 }");
        assert_eq!((seen.code, seen.stdout.as_str()), (Some(2), ""), "{}", seen.stderr);
        assert!(seen.stderr.contains(&file.name()), "{}", seen.stderr);
    }
}
