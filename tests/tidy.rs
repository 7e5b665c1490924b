//! The rules of the house, held by a test.

use std::fs;
use std::path::{Path, PathBuf};

/// The modules in the order in which they may use each other; what stands on one line may use its neighbours.
const ORDER: &[&[&str]] = &[
    &["source"],
    &["diagnostic"],
    &["syntax"],
    &["value"],
    &["random"],
    &["analysis"],
    &["program"],
    &["vm"],
    &["plan"],
    &["trace"],
    &["waits"],
    &["machine"],
    &["schedule"],
    &["judge"],
    &["check"],
    &["pipeline"],
    &["variants"],
    &["os"],
    &["report"],
    &["scenario"],
    &["suite"],
    &["cli"],
];
/// Tables that earlier modules read all the same: where from, what.
const TABLES: &[(&str, &str)] = &[
    ("analysis", "program::signature"),
    ("analysis", "program::ObjectSpec"),
    ("random", "program::fault"),
    ("value", "analysis::Builtin"),
];
/// A crate as a user would write it has the user's rules.
const OTHERS: &str = "tests/user_crate";
const COLUMNS_MAX: usize = 120;
const LINES_MAX: usize = 700;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder, but for what is built.
fn files(below: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(below)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let hidden = entry.file_name().to_string_lossy().starts_with(".git");
            match path.is_dir() {
                _ if hidden => {}
                true if entry.file_name() != "target" => folders.push(path),
                true => {}
                false => found.push(path),
            }
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<(PathBuf, String)> {
    let is_rust = |path: &PathBuf| path.extension().is_some_and(|end| end == "rs");
    let rust = |folder| files(folder).into_iter().filter(is_rust).filter(|path| !path.starts_with(root().join(OTHERS)));
    rust("src").chain(rust("tests")).chain(rust("benches")).map(|path| (path.clone(), text(&path))).collect()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

#[track_caller]
fn none(broken: Vec<String>, rule: &str) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

/// Lines of Rust that break a rule, with their places. Comments are left out.
fn lines(wrong: impl Fn(&Path, &str) -> bool) -> Vec<String> {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        for (number, line) in (1..).zip(text.lines()) {
            let code = line.split("//").next().unwrap_or(line);
            if wrong(&path, code) {
                broken.push(format!("{}:{number}: {}", shown(&path), line.trim()));
            }
        }
    }
    broken
}

#[test]
fn modules_say_what_they_answer_for() {
    let broken = sources().into_iter().filter(|(_, text)| !text.starts_with("//! "));
    none(broken.map(|(path, _)| shown(&path)).collect(), "a file opens with `//!`");
}

#[test]
fn nothing_is_left_to_do() {
    let words = [["to", "do!("], ["unimple", "mented!("], ["db", "g!("]].map(|halves| halves.concat());
    none(lines(|_, code| words.iter().any(|word| code.contains(word))), "nothing unfinished is committed");
}

#[test]
fn lints_are_excepted_with_a_reason() {
    let bare = ["#[al", "low("].concat();
    let bare_inner = ["#![al", "low("].concat();
    none(lines(|_, code| code.contains(&bare) || code.contains(&bare_inner)), "use `expect` with a reason");
}

#[test]
fn unsafe_stays_below_os() {
    let outside = |path: &Path, code: &str| {
        let inside = path.starts_with(root().join("src/os")) || !path.starts_with(root().join("src"));
        !inside && code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
    };
    none(lines(outside), "no `unsafe` outside src/os");
}

#[test]
fn lines_and_files_have_bounds() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        if text.lines().count() > LINES_MAX {
            broken.push(format!("{}: {} lines", shown(&path), text.lines().count()));
        }
        // The table of diagnostics is one sentence a line.
        let table = path.ends_with("src/diagnostic/code.rs");
        // So is the text of a scenario in a test.
        let in_test = path.starts_with(root().join("tests"));
        let literal =
            |line: &str| line.contains("\\n") || (in_test && line.contains(['"', ';']) && line.contains(['"', '}']));
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !table && !literal(line)) {
            if line.chars().count() > COLUMNS_MAX {
                broken.push(format!("{}:{number}: {} columns", shown(&path), line.chars().count()));
            }
        }
    }
    none(broken, "what does not fit a screen is taken apart");
}

#[test]
fn modules_use_only_those_before_them() {
    let rank = |module: &str| ORDER.iter().position(|row| row.contains(&module));
    let module_of = |path: &Path| {
        let inner = path.strip_prefix(root().join("src")).ok()?;
        let first = inner.components().next()?.as_os_str().to_str()?;
        Some(first.trim_end_matches(".rs").to_owned())
    };
    let backward = |path: &Path, code: &str| {
        let Some(module) = module_of(path) else { return false };
        let Some(own) = rank(&module) else { return false };
        if TABLES.iter().any(|(from, table)| *from == module && code.contains(&format!("crate::{table}"))) {
            return false;
        }
        let used = code.split("crate::").skip(1).flat_map(|rest| {
            let names = rest.strip_prefix('{').map_or(rest, |list| list);
            let count = if rest.starts_with('{') { usize::MAX } else { 1 };
            names.split(',').take(count).map(|name| name.split(|c: char| !c.is_alphanumeric() && c != '_'))
        });
        used.filter_map(|mut name| name.find(|word| !word.is_empty())).any(|name| rank(name) > Some(own))
    };
    none(lines(backward), "a module uses only those before it");
}

#[test]
fn every_module_has_its_place() {
    let known: Vec<&str> = ORDER.iter().flat_map(|row| row.iter().copied()).collect();
    let declared = text(&root().join("src/lib.rs"));
    let modules = declared.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    none(
        modules.filter(|module| !known.contains(module)).map(str::to_owned).collect(),
        "a module has a place in the order",
    );
}

#[test]
fn every_file_is_part_of_a_module() {
    let mut broken = Vec::new();
    for path in files("src") {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if ["main", "lib"].contains(&name) || path.extension().is_none_or(|end| end != "rs") {
            continue;
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let (name, parents) = match name {
            "mod" => {
                let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                (
                    name,
                    folder
                        .parent()
                        .map(|above| vec![above.join("mod.rs"), above.join("lib.rs"), above.with_extension("rs")]),
                )
            }
            name => (name, Some(vec![folder.join("mod.rs"), folder.join("lib.rs"), folder.with_extension("rs")])),
        };
        let declared = |parent: &PathBuf| text(parent).lines().any(|line| line.ends_with(&format!("mod {name};")));
        if !parents.unwrap_or_default().iter().any(declared) {
            broken.push(shown(&path));
        }
    }
    none(broken, "no file is dead");
}

#[test]
fn scenarios_say_what_they_show() {
    let scenarios = files("scenarios").into_iter().filter(|path| path.extension().is_some_and(|end| end == "conc"));
    let broken = scenarios.filter(|path| !text(path).starts_with('#'));
    none(broken.map(|path| shown(&path)).collect(), "a scenario opens with a comment");
}

#[test]
fn nothing_names_a_machine() {
    let homes = [["/ho", "me/"], ["/ro", "ot/"], ["/Us", "ers/"], ["/wo", "rk/"]].map(|halves| halves.concat());
    let mut broken = Vec::new();
    for path in files(".") {
        let lines = text(&path);
        for (number, line) in (1..).zip(lines.lines()) {
            if homes.iter().any(|home| line.contains(home)) {
                broken.push(format!("{}:{number}", shown(&path)));
            }
        }
    }
    none(broken, "no path of a machine");
}
