//! Texts that are made to hurt: each is answered, with few words, in bounded stack.

use conc::diagnostic::Diagnostic;
use conc::source::Source;

/// The ids of what is said of a text, read and resolved on a thread with the stack of a language server's worker.
fn ids(text: String) -> Vec<&'static str> {
    let read = move || {
        let source = Source::new("hostile.conc", text);
        let (file, diagnostics) = conc::syntax::parse(&source);
        let found: Vec<&'static str> = diagnostics.iter().map(|found: &Diagnostic| found.code.id()).collect();
        let _ = conc::syntax::dump(&file);
        let (_, resolved) = conc::analysis::resolve(&source, file);
        let shown: Vec<Diagnostic> = diagnostics.into_iter().chain(resolved).take(20).collect();
        let _ = conc::report::diagnostic::render(&source, &shown, false);
        found
    };
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(read);
    thread.map(|thread| thread.join()).ok().and_then(Result::ok).unwrap_or(vec!["panicked"])
}

#[track_caller]
fn check(text: impl Into<String>, expected: &[&str]) {
    assert_eq!(ids(text.into()), expected);
}

fn in_main(text: &str) -> String {
    format!("main {{ let x = {text} }}")
}

const DEEP: usize = 10_000;
/// Large for a test, small for the limit: what grows faster than the text would still show.
const LARGE: usize = 12 * 1024;

#[test]
fn deep_brackets_are_refused_with_one_word() {
    check(in_main(&"(".repeat(DEEP)), &["E0002"]);
    check(in_main(&"[".repeat(DEEP)), &["E0002"]);
    check(in_main(&"{".repeat(DEEP)), &["E0002"]);
    check(in_main(&format!("{}1{}", "(".repeat(DEEP), ")".repeat(DEEP))), &["E0002"]);
    check(in_main(&format!("{}1{}", "[".repeat(DEEP), "]".repeat(DEEP))), &["E0002"]);
    check(in_main(&format!("{}1{}", "f(".repeat(DEEP), ")".repeat(DEEP))), &["E0002"]);
    check(in_main(&format!("{}1{}", "a[".repeat(DEEP), "]".repeat(DEEP))), &["E0002"]);
    check(in_main(&"\"{".repeat(DEEP)), &["E0002"]);
    check(format!("main {{ {} {} }}", "if a { ".repeat(DEEP), "}".repeat(DEEP)), &["E0002"]);
}

#[test]
fn what_nests_without_brackets_is_refused_with_one_word() {
    check(in_main(&format!("{}a", "not ".repeat(DEEP))), &["E0002"]);
    check(in_main(&format!("{}1", "- ".repeat(DEEP))), &["E0002"]);
    check(in_main(&format!("{}1", "+".repeat(DEEP))), &["E0002"]);
    check(in_main(&format!("{}1", "1 ** ".repeat(DEEP))), &["E0002"]);
    check(in_main(&format!("{}1", "1 + ".repeat(DEEP))), &["E0002"]);
    check(in_main(&format!("{}1", "1 or ".repeat(DEEP))), &["E0002"]);
    check(in_main(&format!("{}1", "1 if 2 else ".repeat(DEEP))), &["E0002"]);
    check(in_main(&format!("a{}", ".b".repeat(DEEP))), &["E0002"]);
    check(in_main(&format!("a{}", "[0]".repeat(DEEP))), &["E0002"]);
    check(in_main(&format!("a{}", "()".repeat(DEEP))), &["E0002"]);
}

#[test]
fn what_is_long_but_not_deep_is_read() {
    let branches = format!("main {{ if a {{ }} {} }}", "else if b { } ".repeat(DEEP));
    check(branches, &[]);
    check(in_main(&format!("[{}]", "1, ".repeat(DEEP))), &[]);
    check(format!("main {{ {} }}", "let x = 1;".repeat(DEEP)), &[]);
    check(format!("main {{ try {{ }} {} }}", "catch { } ".repeat(DEEP)), &[]);
}

#[test]
fn nesting_up_to_the_limit_is_read() {
    let levels = conc::syntax::NESTING_MAX - 2;
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("f(", ")"),
        ("a[", "]"),
        ("{", "}"),
        ("{[1]: ", "}"),
        ("{a: ", "}"),
        ("[1, ", "]"),
        ("[x for x in ", "]"),
        ("1 + (", ")"),
        ("not (", ")"),
        ("x.f(1, b: ", ")"),
        ("start p(", ")"),
        ("start p[", "]"),
        ("(1 if 2 else ", ")"),
    ] {
        let found = ids(in_main(&format!("{}1{}", open.repeat(levels), close.repeat(levels))));
        assert_eq!(found, [""; 0], "{open}");
    }
    check(in_main(&format!("{}1{}", "a or b and not c == d + e * -(".repeat(20), ")".repeat(20))), &[]);
    let holes = levels / 2;
    check(in_main(&format!("{}1{}", "\"{".repeat(holes), "}\"".repeat(holes))), &[]);
    for open in ["if a {", "while a {", "loop {", "for x in y {", "with a {", "if a { } else {"] {
        check(format!("main {{ {} {} }}", open.repeat(levels), "}".repeat(levels)), &[]);
    }
    let half = levels / 2;
    check(format!("main {{ {} {} }}", "try { ".repeat(half), "} finally { }".repeat(half)), &[]);
    check(format!("main {{ {} {} }}", "select { case q.get() {".repeat(half), "} }".repeat(half)), &[]);
}

#[test]
fn broken_nesting_up_to_the_limit_is_answered() {
    let levels = conc::syntax::NESTING_MAX - 1;
    let found = ids(format!("main {{ {} = {} }}", "if a { ".repeat(levels), "} junk ".repeat(levels)));
    assert_eq!(found, ["E0007"]);
    let found = ids(in_main(&format!("{} = {}", "(".repeat(levels), ")".repeat(levels))));
    assert_eq!(found, ["E0007"]);
    let found = ids(in_main(&format!("{} ! {}", "{[1]: [".repeat(levels / 2), "]}".repeat(levels / 2))));
    assert_eq!(found, ["E0008"]);
}

#[test]
fn ten_megabytes_of_anything_are_refused() {
    for piece in ["(", "a", "\"", "\n", "x=1;", "{", "}", "#", "子", "\"{", "not ", "1 + ", "main { }\n"] {
        check(piece.repeat(10 * 1024 * 1024 / piece.len()), &["E0001"]);
    }
}

#[test]
fn a_large_file_is_answered() {
    for piece in [
        "(",
        "a",
        "\"",
        "\n",
        "x=1;",
        "{",
        "}",
        "#",
        ")",
        "\"{",
        "not ",
        "= ",
        "a\n",
        "1 + ",
        "main { }\n",
        "process p { = }\n",
    ] {
        let found = ids(piece.repeat(LARGE / piece.len()));
        assert_ne!(found, ["panicked"], "{piece:?}");
        let body = ids(format!("main {{ {} }}", piece.repeat((LARGE - 16) / piece.len())));
        assert_ne!(body, ["panicked"], "{piece:?}");
        assert!(!body.contains(&"E0035"), "{piece:?} used up its budget");
    }
}

#[test]
fn every_prefix_of_a_scenario_is_answered() {
    for (_, text) in crate::trees::tutorial() {
        for (end, _) in text.char_indices() {
            let source = Source::new("prefix.conc", &text[..end]);
            let (file, diagnostics) = conc::syntax::parse(&source);
            let (_, more) = conc::analysis::resolve(&source, file);
            if end % 16 == 0 {
                let all: Vec<Diagnostic> = diagnostics.into_iter().chain(more).collect();
                let _ = conc::report::diagnostic::render(&source, &all, false);
            }
        }
    }
}
