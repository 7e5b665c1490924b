//! The snapshot files beside a scenario: `name.outline`, `name.LABEL.outline`, and `.new` behind them for what waits to
//! be accepted.
//!
//! Answers for: names, reading, writing. Never looks into a snapshot.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const ENDING: &str = "outline";

/// The snapshot that a scenario without any would have.
pub(super) fn first(scenario: &Path) -> PathBuf {
    scenario.with_extension(ENDING)
}

/// Every snapshot of a scenario that there is, by name; the one without a label comes first.
pub(super) fn all(scenario: &Path) -> io::Result<Vec<PathBuf>> {
    let folder = scenario.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(stem) = scenario.file_stem().and_then(|stem| stem.to_str()) else { return Ok(Vec::new()) };
    let mut labels = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let label = name.to_str().and_then(|name| label(name, stem));
        // `a.b.outline` is of `a.b.conc`, if there is one.
        labels.extend(label.filter(|label| !another_has(scenario, stem, label)).map(str::to_owned));
    }
    labels.sort();
    let plain = first(scenario);
    let plain = plain.is_file().then_some(plain);
    let named = |label: String| scenario.with_file_name(format!("{stem}.{label}.{ENDING}"));
    Ok(plain.into_iter().chain(labels.into_iter().map(named)).collect())
}

fn label<'a>(name: &'a str, stem: &str) -> Option<&'a str> {
    let label = name.strip_prefix(stem)?.strip_prefix('.')?.strip_suffix(ENDING)?.strip_suffix('.')?;
    (!label.is_empty()).then_some(label)
}

fn another_has(scenario: &Path, stem: &str, label: &str) -> bool {
    let ends = label.match_indices('.').map(|(at, _)| at).chain([label.len()]);
    ends.into_iter().any(|end| scenario.with_file_name(format!("{stem}.{}.conc", &label[..end])).exists())
}

/// What waits to be accepted as this snapshot.
pub(super) fn pending(snapshot: &Path) -> PathBuf {
    let mut name = OsString::from(snapshot);
    name.push(".new");
    name.into()
}

/// A snapshot's text; none if there is no such file.
pub(super) fn read(snapshot: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(snapshot) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes a text as the snapshot.
pub(super) fn accept(snapshot: &Path, text: &str) -> io::Result<()> {
    fs::write(snapshot, text)?;
    forget_pending(snapshot)
}

/// Nothing waits any more.
pub(super) fn forget_pending(snapshot: &Path) -> io::Result<()> {
    match fs::remove_file(pending(snapshot)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn labels() {
        assert_eq!(label("pool.random7.outline", "pool"), Some("random7"));
        assert_eq!(label("pool.a.b.outline", "pool"), Some("a.b"));
        for other in ["pool.outline", "pool..outline", "pools.x.outline", "pool.x.outline.new", "pool.conc"] {
            assert_eq!(label(other, "pool"), None, "{other}");
        }
    }
}
