//! A run as it is recorded: events as actors note them, and the file that they are streamed to.
//!
//! Answers for: the form that costs least while a run is going on. What people and programs read is made of it later.

mod note;
mod numbers;

mod file;

pub use file::Recording;
pub(crate) use file::Writer;
pub(crate) use note::{Note, Noted, first, measure};
pub(crate) use numbers::{ACTORS_MAX, FIRST_ACTOR, Numbers, pack_place};
