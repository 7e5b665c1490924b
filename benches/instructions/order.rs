//! Which functions runs execute, as a script for the linker that lays them beside each other.
//!
//! What a process of a run executes is a fiftieth of the program, and a page of the program's file is mapped when it is
//! first executed, with its neighbours, in every process anew: so what is executed by many stands first, what only the
//! start of a run executes behind it, and what generic functions of libraries were made into, of which few are
//! executed, at last. `build.rs` gives the script to the linker where that can read it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{CONC, Folder, benches, take_all};

/// Runs that execute what most runs do: a scenario of `limits`, and its constants.
const RUNS: &[(&str, &[&str])] = &[
    ("hello", &[]),
    ("start_process", &["N=3"]),
    ("start_thread", &["N=3"]),
    ("queue_processes", &["N=50"]),
    ("queue_threads", &["N=50"]),
    ("pipe", &["N=5"]),
    ("pool", &["N=5"]),
    ("pool_map", &["N=50"]),
    ("pool_threads", &["N=5"]),
    ("lock", &["N=5"]),
    ("semaphore", &["N=5"]),
    ("barrier", &["N=5"]),
    ("condition", &["N=5"]),
    ("event", &["N=2", "WAITERS=3"]),
    ("rendezvous", &["N=5"]),
];

/// What a forked process of a run executes all its life.
const CHILD: &str = "*conc*os*process*run_child*";

/// Files of the system's library that every process needs, whichever of their kinds the processor wants.
const SYSTEM: &[&str] = &[
    "_exit.o",
    "_Fork.o",
    "fork.o",
    "register-atfork.o",
    "malloc.o",
    "libc_sigaction.o",
    "memmove-*-unaligned-erms.o",
    "memset-*-unaligned-erms.o",
    "memcmp-avx2-movbe.o",
    "memcmp-evex-movbe.o",
    "strlen-avx2.o",
    "strlen-evex.o",
    "syscall.o",
    "clock_gettime.o",
    "prctl.o",
    "fcntl*.o",
    "open64.o",
    "read.o",
    "write.o",
    "close.o",
    "poll.o",
    "getpid.o",
    "getrlimit64.o",
    "setrlimit64.o",
    "sigaction.o",
    "pthread_sigmask.o",
    "pthread_setspecific.o",
    "waitpid.o",
    "wait4.o",
];

/// Of a function that is only returned to, a single instruction is executed.
const INSTRUCTIONS_MIN: usize = 2;
/// What a generic function was made into is larger than this, in bytes, where most of it is not executed.
const NAMESAKES_MAX: u64 = 32 << 10;

/// Counts in how many runs functions are executed, and writes the script.
pub(super) fn write(folder: &Folder) -> Result<(), String> {
    let namesakes = namesakes()?;
    let (mut by_children, mut by_all) = (BTreeMap::new(), BTreeMap::new());
    for (file, sets) in RUNS {
        for (child_only, counts) in [(true, &mut by_children), (false, &mut by_all)] {
            for name in executed(file, sets, child_only, folder)? {
                *counts.entry(name).or_insert(0) += 1;
            }
        }
    }
    by_all.retain(|name, _| !by_children.contains_key(name));
    let [(children, generic), (start, generic_at_start)] = [by_children, by_all].map(|counts| {
        let mut names: Vec<(String, usize)> = counts.into_iter().collect();
        names.sort_by_key(|(_, runs)| std::cmp::Reverse(*runs));
        let names = names.into_iter().map(|(name, _)| name);
        names.partition::<Vec<String>, _>(|name| namesakes.get(name).is_none_or(|bytes| *bytes <= NAMESAKES_MAX))
    });
    let mut script = String::from(
        "/* What runs execute, beside each other. Written by `cargo bench --bench instructions -- --order`. */\n\
         SECTIONS {\n  .text.run : {\n",
    );
    let system = SYSTEM.iter().map(|file| format!("    *libc.a:{file}(.text .text.*)\n"));
    let sections =
        |names: Vec<String>| names.into_iter().map(|name| format!("    *(.text.{name} .text.unlikely.{name})\n"));
    script.extend(system.chain(sections(children)));
    script.extend([start, generic, generic_at_start].into_iter().flat_map(sections));
    script.push_str("  }\n} INSERT BEFORE .text;\n");
    std::fs::write(file(), script).map_err(|error| format!("not kept: {error}"))
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/os/order.ld")
}

/// The names of the functions that a run executes.
fn executed(file: &str, sets: &[&str], child_only: bool, folder: &Folder) -> Result<BTreeSet<String>, String> {
    let record = folder.file();
    let here = record.parent().unwrap_or(&record);
    let mut command = Command::new("valgrind");
    command.args([
        "--tool=callgrind",
        "--demangle=no",
        "--dump-instr=yes",
        "--compress-strings=no",
        "--compress-pos=no",
    ]);
    if child_only {
        command.args(["--collect-atstart=no", &format!("--toggle-collect={CHILD}")]);
    }
    command.args([CONC, "run"]).args(sets.iter().flat_map(|set| ["--set", set]));
    command.arg(benches().join("limits").join(file).with_extension("conc")).current_dir(here).stdin(Stdio::null());
    let ended = command.output().map_err(|error| format!("valgrind does not start: {error}"))?;
    let counts = take_all(here).map_err(|error| format!("what was counted is lost: {error}"))?;
    if !ended.status.success() || counts.is_empty() {
        return Err(format!("valgrind does not run conc\n{}", String::from_utf8_lossy(&ended.stderr)));
    }
    let mut instructions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for text in &counts {
        let mut function = "";
        for line in text.lines() {
            match line.strip_prefix("fn=") {
                // A function that calls itself is told of by its depth.
                Some(name) => function = name.split('\'').next().unwrap_or(name),
                None if line.starts_with("0x") => {
                    let at = line.split(' ').next().unwrap_or(line);
                    instructions.entry(function).or_default().insert(at);
                }
                None => {}
            }
        }
    }
    instructions.retain(|_, places| places.len() >= INSTRUCTIONS_MIN);
    Ok(instructions.into_keys().filter_map(pattern).collect())
}

/// How large the functions of the program are together whose names are of a pattern, where there are several.
fn namesakes() -> Result<BTreeMap<String, u64>, String> {
    let listed = Command::new("nm").args(["-S", CONC]).output();
    let listed = listed.map_err(|error| format!("nm does not start: {error}"))?;
    let mut found: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for line in String::from_utf8_lossy(&listed.stdout).lines() {
        let mut words = line.split(' ').skip(1);
        if let (Some(bytes), Some(name)) = (words.next(), words.nth(1).and_then(pattern)) {
            found.entry(name).or_default().push(u64::from_str_radix(bytes, 16).unwrap_or(0));
        }
    }
    found.retain(|_, sizes| sizes.len() > 1);
    Ok(found.into_iter().map(|(name, sizes)| (name, sizes.iter().sum())).collect())
}

/// The name of a Rust function, as a pattern for what differs from one compiler to the next; none for others.
fn pattern(name: &str) -> Option<String> {
    let name = name.split(".llvm.").next().unwrap_or(name);
    if let Some(legacy) = name.strip_prefix("_ZN").and_then(|rest| rest.strip_suffix('E')) {
        // At its end a hash.
        let path = legacy.get(..legacy.len().checked_sub(19)?)?;
        return Some(format!("_ZN{}17h*", path.replace('$', "?")));
    }
    // Behind `Cs`, up to `_`, which crate of that name it is.
    let mut parts = name.strip_prefix("_R")?.split("Cs");
    let mut pattern = format!("_R{}", parts.next()?);
    for part in parts {
        match part.split_once('_') {
            Some((_, rest)) => pattern.push_str(&format!("Cs*_{rest}")),
            None => pattern.push_str(&format!("Cs{part}")),
        }
    }
    Some(format!("{pattern}*"))
}
