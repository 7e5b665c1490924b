//! `conc check`: what it finds, with and without leaving states out; the catalogue of published cases.

mod check {
    mod command;
    mod corpus;
    #[allow(dead_code, reason = "the other tests use more of it")]
    #[path = "../suite/folder.rs"]
    mod folder;
    mod index;
    mod reduction;
}
