//! Which scenarios there are below some paths.
//!
//! Answers for: every `.conc` file, once, in the order of their paths. Never opens one.

use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

const ENDING: &str = "conc";

/// Why scenarios could not be looked for.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// A file that was named is none.
    #[error("{path}: not a scenario: its name does not end in .conc", path = .0.display())]
    NotAScenario(PathBuf),
    /// A path that is not there, or a folder that may not be read.
    #[error("{}", unreadable(.0))]
    Unreadable(#[from] walkdir::Error),
    /// There is no scenario below the paths.
    #[error("there is no scenario here: no file whose name ends in .conc")]
    Nothing,
    /// There are some, but none that was asked for.
    #[error("none of {found} scenarios has `{filter}` in its path")]
    Filtered {
        /// How many there are.
        found: usize,
        /// What was asked for.
        filter: String,
    },
}

/// Finds scenarios: files as they were named, and all that are below folders, but for hidden folders and `target`. A
/// filter is a part of the path.
pub fn discover(paths: &[PathBuf], filter: Option<&str>) -> Result<Vec<PathBuf>, DiscoverError> {
    let here = [PathBuf::from(".")];
    let mut found = Vec::new();
    for path in if paths.is_empty() { &here } else { paths } {
        if path.is_file() && !is_scenario(path) {
            return Err(DiscoverError::NotAScenario(path.clone()));
        }
        for entry in WalkDir::new(path).into_iter().filter_entry(is_looked_into) {
            let file = entry?.into_path();
            if is_scenario(&file) && file.is_file() {
                found.push(file.strip_prefix(".").map(Path::to_path_buf).unwrap_or(file));
            }
        }
    }
    found.sort();
    found.dedup();
    let all = found.len();
    if all == 0 {
        return Err(DiscoverError::Nothing);
    }
    match filter {
        Some(filter) => {
            found.retain(|path| path.to_string_lossy().contains(filter));
            let none = || DiscoverError::Filtered { found: all, filter: filter.into() };
            if found.is_empty() { Err(none()) } else { Ok(found) }
        }
        None => Ok(found),
    }
}

/// As of any other file.
fn unreadable(error: &walkdir::Error) -> String {
    match (error.path(), error.io_error()) {
        (Some(path), Some(error)) => format!("{}: {error}", path.display()),
        _ => error.to_string(),
    }
}

fn is_scenario(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == ENDING)
}

/// What was named itself is looked into whatever its name.
fn is_looked_into(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    entry.depth() == 0 || !(name.starts_with('.') || (entry.file_type().is_dir() && name == "target"))
}
