//! The repository's own scenarios, as `conc test` sees them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// First in, first out these never end. `conc check` finds the livelock.
const ENDLESS: [&str; 1] = ["scenarios/mutex/strict_turns.conc"];

#[test]
fn they_are_as_their_snapshots_and_expectations_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = conc::suite::discover(&[root.join("scenarios")], None).unwrap();
    let all = files.len();
    files.retain(|file| !ENDLESS.iter().any(|endless| *file == root.join(endless)));
    assert_eq!(files.len(), all - ENDLESS.len());
    let without: Vec<&PathBuf> = files.iter().filter(|file| !file.with_extension("outline").is_file()).collect();
    assert!(without.is_empty(), "{without:?} have no snapshot");
    let mut command = Command::new(env!("CARGO_BIN_EXE_conc"));
    command.arg("test").args(&files).current_dir(root).env("NO_COLOR", "1");
    let out = command.output().unwrap_or_else(|error| panic!("{error}"));
    assert!(out.status.success(), "{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
}
