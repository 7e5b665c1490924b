//! Which tests name which lines, and what they show them with.
//!
//! Answers for: reading the tests' own words, and the plans of scenarios. Never judges whether that is enough.

use std::collections::BTreeMap;
use std::path::Path;

use conc::Scenario;
use conc::analysis::ObjectInfo;
use conc::syntax::ast::ActorKeyword;
use conc::value::ObjectKind;

use super::form::Form;

/// A test that shows a line.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// Its name.
    pub(crate) name: String,
    /// Where it stands.
    pub(crate) file: String,
    pub(crate) by: By,
}

/// What a test shows something with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct By {
    /// Threads of one process; main alone is one.
    pub(crate) threads: bool,
    /// Several processes, or what several processes share.
    pub(crate) processes: bool,
    /// The command as a whole, or what is said before anything runs.
    pub(crate) outside: bool,
}

/// By line: the tests that show it, by name.
pub(crate) fn shown(root: &Path) -> BTreeMap<u16, Vec<Shown>> {
    let mut found: BTreeMap<u16, Vec<Shown>> = BTreeMap::new();
    for folder in ["tests/meaning", "tests/wrong"] {
        for (name, text) in texts(&root.join(folder), "conc") {
            let lines: Vec<u16> =
                text.lines().filter_map(|line| line.strip_prefix("# conformance: ")).flat_map(numbers).collect();
            if lines.is_empty() {
                continue;
            }
            let by = if folder == "tests/wrong" { By { outside: true, ..By::default() } } else { by(&name, &text) };
            let shown = Shown { file: format!("{folder}/{name}.conc"), name, by };
            lines.into_iter().for_each(|line| found.entry(line).or_default().push(shown.clone()));
        }
    }
    for (file, text) in texts(&root.join("tests/run"), "rs") {
        for (at, line) in text.lines().enumerate() {
            let Some(said) = line.trim().strip_prefix("// conformance: ") else { continue };
            let mut after = text.lines().skip(at).filter_map(|line| line.trim().strip_prefix("fn "));
            let name = after.next().and_then(|rest| rest.split('(').next()).unwrap_or_default().to_owned();
            let by = By { outside: true, ..By::default() };
            let shown = Shown { file: format!("tests/run/{file}.rs"), name, by };
            numbers(said).into_iter().for_each(|line| found.entry(line).or_default().push(shown.clone()));
        }
    }
    found
}

/// `17, 18`; what is no number is line 0, which there is not.
fn numbers(said: &str) -> Vec<u16> {
    said.split(',').map(|number| number.trim().parse().unwrap_or(0)).collect()
}

/// The files of a kind in a folder, by name: name and text.
fn texts(folder: &Path, ending: &str) -> Vec<(String, String)> {
    let paths = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<(String, String)> = paths
        .filter(|path| path.extension().is_some_and(|end| end == ending))
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), std::fs::read_to_string(&path).ok()?)))
        .collect();
    found.sort();
    found
}

/// What a scenario shows something with, in all its forms.
fn by(name: &str, text: &str) -> By {
    let forms = Form::of(text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut by = By::default();
    for form in forms {
        let text = form.apply(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let scenario = Scenario::named(name, text);
        let checked = scenario.checked();
        let makes = |keyword| checked.templates.iter().any(|template| template.decl.keyword == keyword);
        let mut pools = checked.objects.iter().filter(|object| object.kind == ObjectKind::Pool);
        let in_threads = |object: &ObjectInfo| {
            object.decl.args.iter().any(|arg| arg.name.as_ref().is_some_and(|name| &*name.text == "threads"))
        };
        let processes = makes(ActorKeyword::Process) || pools.clone().any(|pool| !in_threads(pool));
        let threads = makes(ActorKeyword::Thread) || makes(ActorKeyword::Timer) || pools.any(in_threads);
        by.processes |= processes;
        by.threads |= threads || !processes;
    }
    by
}
