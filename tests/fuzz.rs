//! The functions that are fuzzed, over the corpus and over seeded mutations of it.
//!
//! `FUZZ_RUNS=n` makes n mutations for each target, `FUZZ_FROM=seed` begins with another one, `FUZZ_SECONDS=s` goes on
//! for so long, with one target after the other: for runs by hand, see `fuzz/README.md`.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[expect(unreachable_pub, reason = "it is a crate of its own as well")]
#[path = "../fuzz/src/lib.rs"]
mod fuzz;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use conc::value::{self, ActorRef, Error, Map, ObjectKind, ObjectRef, Shared, Value};
use fuzz::mutate::{Chance, mutated};
use fuzz::targets::{TARGETS, Target};

/// Mutations for each target, unless the environment asks for more.
const RUNS: u64 = 250;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// What a target begins with: the files of its own, and for those that read scenarios all that there are.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let mut paths = Vec::new();
    files(&root().join("fuzz/corpus").join(target), &mut paths);
    if matches!(target, "parser" | "resolver" | "vm" | "machine") {
        files(&root().join("fuzz/corpus/text"), &mut paths);
        for folder in ["scenarios", "tests/meaning", "tests/wrong"] {
            files(&root().join(folder), &mut paths);
        }
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "conc"));
    }
    if target == "snapshot" {
        files(&root().join("scenarios"), &mut paths);
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "outline"));
    }
    paths.sort();
    let mut all: Vec<(PathBuf, Vec<u8>)> =
        paths.into_iter().map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect();
    if target == "codec" {
        all.extend(encoded());
    }
    all
}

/// Values and errors as they are encoded.
fn encoded() -> Vec<(PathBuf, Vec<u8>)> {
    let list = Value::list(vec![Value::Int(-1), Value::Float(0.5), Value::from("text"), Value::None]);
    let map = Map::from_iter([(Value::from("key"), list.clone()), (Value::Int(i64::MAX), Value::Duration(5))]);
    let set = BTreeSet::from([Value::Bool(true), list.clone()]);
    let object = Value::Object(ObjectRef { id: 3, kind: ObjectKind::Queue, role: 0 });
    let values = [list, Value::Map(Shared::new(map)), Value::Set(Shared::new(set)), object, Value::Actor(ActorRef(1))];
    let mut all = Vec::new();
    for value in &values {
        let mut bytes = Vec::new();
        value::encode(value, &mut bytes);
        all.push((PathBuf::from(value::literal(value)), bytes));
    }
    let mut bytes = Vec::new();
    value::encode_error(&Error::type_error("no"), &mut bytes);
    all.push((PathBuf::from("an error"), bytes));
    all
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Runs a target on an input, and says which one it was if that fails.
fn survives(name: &str, target: Target, input: &[u8], what: &str) {
    let ended = std::panic::catch_unwind(|| target(input));
    assert!(ended.is_ok(), "{name} does not survive {what}:\n{}", String::from_utf8_lossy(input));
}

#[test]
fn the_corpus_is_survived() {
    for (name, target) in TARGETS {
        let corpus = corpus(name);
        assert!(!corpus.is_empty(), "{name} has no corpus");
        for (path, input) in corpus {
            survives(name, target, &input, &path.display().to_string());
        }
    }
}

#[test]
fn mutations_are_survived() {
    let (runs, from) = (number("FUZZ_RUNS").unwrap_or(RUNS), number("FUZZ_FROM").unwrap_or(0));
    for (name, target) in TARGETS {
        let corpus: Vec<Vec<u8>> = corpus(name).into_iter().map(|(_, input)| input).collect();
        for seed in from..from + runs {
            let input = mutated(&mut Chance(seed), &corpus);
            survives(name, target, &input, &format!("seed {seed}"));
        }
    }
}

/// By hand: as long as it is asked to, with what was done at the end.
#[test]
fn for_as_long_as_asked() {
    let Some(seconds) = number("FUZZ_SECONDS") else { return };
    let end = Instant::now() + Duration::from_secs(seconds);
    let corpora: Vec<Vec<Vec<u8>>> =
        TARGETS.iter().map(|(name, _)| corpus(name).into_iter().map(|(_, input)| input).collect()).collect();
    let mut seed = number("FUZZ_FROM").unwrap_or(1_000_000);
    let mut done: BTreeMap<&str, (u64, Duration, Duration)> = BTreeMap::new();
    while Instant::now() < end {
        for ((name, target), corpus) in TARGETS.into_iter().zip(&corpora) {
            let input = mutated(&mut Chance(seed), corpus);
            let begun = Instant::now();
            survives(name, target, &input, &format!("seed {seed}"));
            let (count, all, longest) = done.entry(name).or_default();
            (*count, *all, *longest) = (*count + 1, *all + begun.elapsed(), begun.elapsed().max(*longest));
            if begun.elapsed() > Duration::from_secs(5) {
                println!("{name}, seed {seed}: {:?}\n{}", begun.elapsed(), String::from_utf8_lossy(&input));
            }
        }
        seed += 1;
    }
    for (name, (count, all, longest)) in done {
        println!("{name}: {count} inputs, {all:.0?} in all, the longest {longest:.2?}");
    }
}
