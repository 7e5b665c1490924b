//! Which scenarios are run; exit statuses of command lines.

use super::folder::{Folder, HELLO, HELLO_OUTLINE};

fn several() -> Folder {
    let files = ["b.conc", "a.conc", "sub/c.conc", ".hidden/d.conc", "target/e.conc", "sub/target/f.conc", "g.txt"];
    let folder = Folder::with(&files.map(|name| (name, HELLO)));
    for snapshot in ["a.outline", "b.outline", "sub/c.outline", ".hidden/d.outline"] {
        folder.write(snapshot, HELLO_OUTLINE);
    }
    folder
}

/// The paths in the order in which they were told of.
fn paths(out: &str) -> Vec<&str> {
    out.lines().filter_map(|line| line.strip_prefix("passed")?.split_whitespace().last()).collect()
}

#[test]
fn everything_below_but_hidden_and_built() {
    let folder = several();
    assert_eq!(paths(&folder.ends_with(0, &[])), ["a.conc", "b.conc", "sub/c.conc"]);
    assert_eq!(
        paths(&folder.ends_with(0, &["sub", "a.conc", "a.conc", ".hidden"])),
        [".hidden/d.conc", "a.conc", "sub/c.conc"]
    );
}

#[test]
fn a_filter_is_a_part_of_the_path() {
    let folder = several();
    assert_eq!(paths(&folder.ends_with(0, &["--filter", "sub/"])), ["sub/c.conc"]);
    let said = folder.test(&["--filter", "nothing"]);
    assert_eq!((said.code, said.out.as_str()), (Some(2), ""));
    assert!(said.err.contains("none of 3 scenarios has `nothing` in its path"), "{}", said.err);
}

#[test]
fn the_order_does_not_depend_on_the_number_of_jobs() {
    let slow = "# Sleeps.\nmain { sleep 100ms; print \"hello\" }\n";
    let folder = several();
    folder.write("a.conc", slow);
    folder.ends_with(0, &["--accept"]);
    for jobs in ["1", "2", "9"] {
        let out = folder.ends_with(0, &["--jobs", jobs]);
        assert_eq!(paths(&out), ["a.conc", "b.conc", "sub/c.conc"], "{jobs}");
    }
}

#[test]
fn wrong_command_lines_end_with_2() {
    let folder = several();
    folder.write("empty/readme.txt", "");
    for args in [
        &["empty"][..],
        &["no/such"],
        &["g.txt"],
        &["a.conc", "no.conc"],
        &["--jobs", "0"],
        &["--timeout", "soon"],
        &["--format", "html"],
    ] {
        let said = folder.test(args);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{args:?}: {}", said.err);
        assert_ne!(said.err, "", "{args:?}");
    }
    assert!(folder.test(&["empty"]).err.contains("there is no scenario here"));
}
