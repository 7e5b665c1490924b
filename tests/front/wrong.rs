//! Files with one mistake each, and what is said of them. The name of a file begins with the code it is about.

use std::collections::BTreeSet;

use conc::source::Source;

/// What a whole run would say: of a file that does not parse, only that.
fn said(name: &str, text: &str) -> (Vec<&'static str>, String) {
    let source = Source::new(format!("{name}.conc"), text);
    let (file, mut diagnostics) = conc::syntax::parse(&source);
    if diagnostics.is_empty() {
        diagnostics = conc::analysis::resolve(&source, file).1;
    }
    let ids = diagnostics.iter().map(|diagnostic| diagnostic.code.id()).collect();
    (ids, conc::report::diagnostic::render(&source, &diagnostics, false))
}

fn corpus() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wrong");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<(String, String)> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "conc"))
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), std::fs::read_to_string(&path).ok()?)))
        .collect();
    found.sort();
    found
}

#[test]
fn every_mistake_is_told_as_it_was() {
    for (name, text) in corpus() {
        let (ids, shown) = said(&name, &text);
        insta::with_settings!({
            prepend_module_to_snapshot => false, snapshot_path => "../wrong/said", omit_expression => true
        }, {
            insta::assert_snapshot!(name.clone(), shown);
        });
        let code = name.split('_').next().unwrap_or("");
        assert!(name == "several" || ids.contains(&code), "{name} has {ids:?}");
        assert!(name == "several" || ids.iter().all(|id| *id == code), "{name} has {ids:?}");
    }
}

#[test]
fn every_code_has_a_file() {
    // The size of a file, its depth and the budget are not for a corpus of small files: `hostile` has them.
    let mut seen: BTreeSet<&str> = ["E0001", "E0002", "E0035"].into();
    let corpus = corpus();
    seen.extend(corpus.iter().filter_map(|(name, _)| name.split('_').next()));
    // The front end's codes: those of planning and later stages have tests where they are found.
    let is_ours = |id: &&str| ["E00", "E01", "W00"].iter().any(|group| id.starts_with(group));
    let all = conc::diagnostic::explanations().iter().map(|code| code.id);
    let unseen: Vec<&str> = all.filter(is_ours).filter(|id| !seen.contains(id)).collect();
    assert_eq!(unseen, [""; 0]);
}

#[test]
fn codes_are_unique_and_explained() {
    let all = conc::diagnostic::explanations();
    let ids: BTreeSet<&str> = all.iter().map(|code| code.id).collect();
    assert_eq!(ids.len(), all.len());
    for code in all {
        assert!(code.text.len() > 30, "{} needs an explanation", code.id);
    }
}
