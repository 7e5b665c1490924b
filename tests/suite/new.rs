//! `conc new`: what it writes is a scenario that passes, and nothing is written over.

use super::folder::Folder;

#[test]
fn the_template_passes() {
    let folder = Folder::with(&[]);
    let said = folder.conc("new", &["pool"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), "wrote pool.conc\ntry it: conc run pool.conc\n"));
    let run = folder.conc("run", &["pool.conc"]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), "the sum is 6\n", ""));
    folder.ends_with(0, &["--accept"]);
    folder.ends_with(0, &[]);
}

#[test]
fn nothing_is_written_over() {
    let folder = Folder::with(&[("pool.conc", "mine")]);
    for name in ["pool", "pool.conc", "no/such/folder"] {
        let said = folder.conc("new", &[name]);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{name}: {}", said.err);
    }
    assert_eq!(folder.read("pool.conc"), "mine");
    assert_eq!(folder.names(), ["pool.conc"]);
}

#[test]
fn any_name_of_a_file_gives_a_correct_scenario() {
    let folder = Folder::with(&[]);
    for name in ["a \"b\" {c}\\", "v1.2", "zwölf", "line\nbreak"] {
        let said = folder.conc("new", &[name]);
        assert_eq!(said.code, Some(0), "{name}: {}", said.err);
        let plan = folder.conc("plan", &[&format!("{name}.conc")]);
        assert_eq!((plan.code, plan.err.as_str()), (Some(0), ""), "{name}");
    }
}
