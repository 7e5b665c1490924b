//! `conc test` from outside: which scenarios, what is compared, what is written, what is said.
#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod suite {
    mod finding;
    mod folder;
    mod formats;
    mod new;
    mod own;
    mod snapshots;
    mod verdicts;
}
