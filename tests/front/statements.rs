//! How statements and items are read, and what is left of a file with mistakes.

use conc::source::Source;

/// A file as its tree, then the codes of what is wrong with it.
#[track_caller]
fn check(text: &str, expected: &str) {
    let source = Source::new("s.conc", text);
    let (file, diagnostics) = conc::syntax::parse(&source);
    let codes: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.code.id()).collect();
    let found = format!("{}{}", conc::syntax::dump(&file), codes.join(" "));
    assert_eq!(found.trim(), expected.trim(), "{text}");
}

#[test]
fn a_statement_ends_at_a_newline_or_a_semicolon() {
    check("main { a(); b()\nc() }", "main\n  (call a)\n  (call b)\n  (call c)");
    check("main { ;;\n;a() ; }", "main\n  (call a)");
    check("main { let x = 1\r\n x = 2\r\n}", "main\n  let x 1\n  = x 2");
    check("lock a; lock b\n", "lock a\nlock b");
}

#[test]
fn words_that_declare_are_names_elsewhere() {
    check("main { let queue = 3; queue = 4; queue += 1 }", "main\n  let queue 3\n  = queue 4\n  += queue 1");
    check(
        "lock lock\nmain { lock.acquire(); event[0] = task }",
        "lock lock\nmain\n  (lock.acquire)\n  = (index event 0) task",
    );
    check("main { outcome = 1; outcome.x = 2; main.f() }", "main\n  = outcome 1\n  = (field x outcome) 2\n  (main.f)");
    check(
        "finally { outcome [a]; outcome (b); outcome -c }",
        "finally\n  outcome (list a)\n  outcome b\n  outcome (neg c)",
    );
    check("event set\nmain { set.set() }", "event set\nmain\n  (set.set)");
}

#[test]
fn the_first_line_and_the_mark_of_utf8_are_no_trouble() {
    check("\u{feff}#!/usr/bin/env -S conc run\r\nlock m", "lock m");
    check("", "");
    check("# only a comment", "");
}

#[test]
fn parts_that_go_on_after_a_newline() {
    check("main { if a { }\n  else if b { }\n\n  else { } }", "main\n  if a\n  else-if b\n  else");
    check("main { try { }\n catch A { }\n finally { } }", "main\n  try\n  catch A\n  finally");
    check("main { with a,\n b { } }", "main\n  with a b");
    check("main { print a,\n b }", "main\n  print a b");
}

#[test]
fn what_is_sound_is_read_beside_what_is_not() {
    check("main { a()\n b(\n }\nlock m", "main\n  (call a)\nlock m\nE0003");
    check("main { a(); let = 1; c() }", "main\n  (call a)\n  broken\n  (call c)\nE0007");
    check("main { if a = 1 { x() }\n c() }", "main\n  broken\n  (call c)\nE0012");
    check("lock\nlock m\nprocess { }\nqueue q", "lock m\nqueue q\nE0007 E0007");
    check("main { print \"a\n b() }", "main\n  (call b)\nE0005");
    check("main { f(\"a)\n b() }", "main\n  (call b)\nE0005");
    check("main { while a {\n b()\nprocess p { }\n", "process p\nE0003");
    check("main { } }\nlock m", "main\nlock m\nE0004");
    check("main { f([1) }\nlock m", "main\n  (call f)\nlock m\nE0003");
}
