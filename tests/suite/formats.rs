//! The formats for machines.

use super::folder::{Folder, HELLO, HELLO_OUTLINE};

fn folder() -> Folder {
    Folder::with(&[
        ("hello.conc", HELLO),
        ("hello.outline", HELLO_OUTLINE),
        ("sub/<odd> & #1.conc", "# Bye.\nmain { print \"<bye> & \\\"]]>\" }\n"),
        ("sub/<odd> & #1.outline", HELLO_OUTLINE),
        ("wrong.conc", "# Wrong.\nmain { q.get() }\n"),
    ])
}

#[test]
fn json() {
    let out = folder().ends_with(1, &["--format", "json", "--color", "always"]);
    let mut lines = Vec::new();
    for line in out.lines() {
        let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["seconds"].take().as_f64().unwrap() > 0.0);
        lines.push(serde_json::to_string_pretty(&line).unwrap());
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn junit() {
    crate::assert_said!(folder().ends_with(1, &["--format", "junit", "--color", "always"]));
}

#[test]
fn tap() {
    crate::assert_said!(folder().ends_with(1, &["--format", "tap", "--color", "always"]));
}
