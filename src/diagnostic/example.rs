//! An example of each finding, and the same mended.
//!
//! Answers for: finding those of a code in the text that has them all. Never says what is wrong with them.

/// Every example; the format is said at its top.
const ALL: &str = include_str!("examples.txt");

/// A scenario with one mistake, and without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// Yields the finding and no other.
    pub wrong: &'static str,
    /// The same as it was meant: yields nothing.
    pub mended: &'static str,
}

/// The example of a code. Those that need a huge file, or depend on the release, have none.
pub fn example(id: &str) -> Option<Example> {
    let mut parts = ALL.split("\n=== ").skip(1).filter_map(|part| part.split_once('\n'));
    let (_, text) = parts.find(|(found, _)| *found == id)?;
    let (wrong, mended) = text.split_once("\n--- instead\n")?;
    Some(Example { wrong, mended })
}
