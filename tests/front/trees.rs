//! The trees of the tutorial's scenarios, and that nothing is to be said of them.

use conc::source::Source;

/// Every scenario of the tutorial: its name and its text.
pub(crate) fn tutorial() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/tutorial");
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<(String, String)> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "conc"))
        .filter_map(|path| {
            let name = path.file_stem()?.to_str()?.to_owned();
            Some((name, std::fs::read_to_string(&path).ok()?))
        })
        .collect();
    found.sort();
    found
}

#[test]
fn the_tutorial_has_these_trees() {
    for (name, text) in tutorial() {
        let source = Source::new(format!("{name}.conc"), text);
        let (file, diagnostics) = conc::syntax::parse(&source);
        assert_eq!(conc::report::diagnostic::render(&source, &diagnostics, false), "");
        insta::with_settings!({
            prepend_module_to_snapshot => false, snapshot_path => "trees", omit_expression => true
        }, {
            insta::assert_snapshot!(name, conc::syntax::dump(&file));
        });
    }
}

#[test]
fn nothing_is_said_of_the_tutorial() {
    assert!(tutorial().len() >= 12);
    for (name, text) in tutorial() {
        let source = Source::new(format!("{name}.conc"), text);
        let (file, _) = conc::syntax::parse(&source);
        let (_, diagnostics) = conc::analysis::resolve(&source, file);
        assert_eq!(conc::report::diagnostic::render(&source, &diagnostics, false), "");
    }
}
