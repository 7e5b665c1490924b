//! `conc check`: what it finds, with and without leaving states out; the catalogue of published cases.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod check {
    mod agree;
    mod best;
    #[path = "../common/chance.rs"]
    mod chance;
    mod command;
    mod corpus;
    mod explain_size;
    #[expect(dead_code, reason = "the other tests use more of it")]
    #[path = "../suite/folder.rs"]
    mod folder;
    mod fuzz;
    mod goes_on;
    mod index;
    mod mutate;
    mod observe;
    mod own;
    mod reduction;
    mod runtime;
    mod small;
    mod space;
    mod symmetry;
    mod walks;
}
