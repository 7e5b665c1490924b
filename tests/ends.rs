//! Whatever ends a run, and whenever: no process, zombie, shared memory, file or directory of it is left.
//!
//! `ENDS_MOMENTS=n` tries n moments of each kind of end, `ENDS_FROM=seed` begins with another one.

mod ends {
    #[expect(dead_code, reason = "other tests use more of it")]
    #[path = "../common/chance.rs"]
    mod chance;
    mod kinds;
    mod library;
    mod place;
    mod scenario;
}
