//! Texts that chance makes.

use conc::source::Source;
use proptest::prelude::*;

/// Reads and resolves a text and draws what is said of it: whatever it is, that ends.
fn survives(text: &str) {
    let source = Source::new("random.conc", text);
    let (file, mut diagnostics) = conc::syntax::parse(&source);
    let _ = conc::syntax::dump(&file);
    diagnostics.extend(conc::analysis::resolve(&source, file).1);
    for diagnostic in &diagnostics {
        assert!(diagnostic.span.end as usize <= text.len(), "{diagnostic:?} is out of place");
    }
    let _ = conc::report::diagnostic::render(&source, &diagnostics, false);
}

/// Pieces that mean something, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "main",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "\"",
        "\\",
        "\n",
        ";",
        ",",
        ".",
        "..",
        "=",
        "==",
        "<-",
        "<->",
        ":",
        "#",
        "let ",
        "if ",
        "else ",
        "for ",
        "in ",
        "while ",
        "not ",
        "x",
        "q",
        "1",
        "1.5s",
        "0x",
        "process p",
        "queue q",
        "pipe a",
        "start ",
        "try ",
        "catch ",
        "select ",
        "case ",
        "after ",
        "return ",
        "raise ",
        "expect ",
        "名",
        "+",
        "**",
        "-",
        " ",
        "invariant i",
        "const N",
        "thread t",
        "with ",
        "join ",
        "outcome ",
        "\u{feff}",
        "\r\n",
        "’",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// A scenario of the tutorial with some of its bytes cut out, doubled or replaced.
fn mutated() -> impl Strategy<Value = String> {
    let texts: Vec<String> = crate::trees::tutorial().into_iter().map(|(_, text)| text).collect();
    let change = (any::<prop::sample::Index>(), 0..12_usize, pieces());
    (prop::sample::select(texts), prop::collection::vec(change, 1..4)).prop_map(|(text, changes)| {
        let mut chars: Vec<char> = text.chars().collect();
        for (index, cut, piece) in changes {
            let at = index.index(chars.len().max(1)).min(chars.len());
            let end = (at + cut).min(chars.len());
            let put: Vec<char> = piece.chars().take(cut).collect();
            chars.splice(at..end, put);
        }
        chars.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn any_pieces_are_answered(text in pieces()) {
        survives(&text);
    }

    #[test]
    fn any_mutation_is_answered(text in mutated()) {
        survives(&text);
    }
}
