//! The repository's own scenarios, as `conc test` sees them.

use std::process::Command;

#[test]
fn they_are_as_their_snapshots_and_expectations_say() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conc"));
    // The others are checked, in `tests/check`: some of them never end.
    command
        .args(["test", "scenarios/tutorial", "scenarios/classics", "scenarios/bugs"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("NO_COLOR", "1");
    let out = command.output().unwrap_or_else(|error| panic!("{error}"));
    assert!(out.status.success(), "{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
}
