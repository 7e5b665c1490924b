//! How expressions are read.

use conc::source::Source;
use conc::syntax::ast::{ExprKind, ItemKind};

/// An expression as its tree, or the codes of what is wrong with it.
#[track_caller]
fn check(text: &str, expected: &str) {
    let source = Source::new("e.conc", format!("const X = {text}\n"));
    let (file, diagnostics) = conc::syntax::parse(&source);
    let found = match file.items.first().map(|item| &item.kind) {
        Some(ItemKind::Const(decl)) if diagnostics.is_empty() => conc::syntax::dump_expr(&decl.value),
        _ => diagnostics.iter().map(|diagnostic| diagnostic.code.id()).collect::<Vec<_>>().join(" "),
    };
    assert_eq!(found, expected, "{text}");
}

#[test]
fn operators_bind_as_in_python() {
    check("1 + 2 * 3", "(+ 1 (* 2 3))");
    check("1 - 2 - 3", "(- (- 1 2) 3)");
    check("2 ** 3 ** 2", "(** 2 (** 3 2))");
    check("-2 ** 2", "(neg (** 2 2))");
    check("2 ** -1", "(** 2 (neg 1))");
    check("-2 * 3", "(* (neg 2) 3)");
    check("a // b % c / d", "(/ (% (// a b) c) d)");
    check("not a == b", "(not (== a b))");
    check("not a and b or c", "(or (and (not a) b) c)");
    check("a or b and not c", "(or a (and b (not c)))");
    check("a in xs and b not in xs", "(and (in a xs) (not-in b xs))");
    check("a if b else c if d else e", "(if b a (if d c e))");
    check("a or b if c else d", "(if c (or a b) d)");
    check("0 .. n + 1", "(.. 0 (+ n 1))");
    check("a if b else 0 ..= 5", "(..= (if b a 0) 5)");
    check("(1 + 2) * 3", "(* (+ 1 2) 3)");
    check("-x.y[0]", "(neg (index (field y x) 0))");
    check("+x", "(neg (neg x))");
}

#[test]
fn comparisons_do_not_chain() {
    check("a < b < c", "E0019");
    check("a == b != c", "E0019");
    check("a in b in c", "E0019");
    check("a < b and b < c", "(and (< a b) (< b c))");
    check("(a < b) == c", "(== (< a b) c)");
    check("a == not b", "E0020");
}

#[test]
fn numbers() {
    check("1_000", "1000");
    check("0xFf + 0b101 + 0o17", "(+ (+ 255 5) 15)");
    check("1.5 + 1e3 + 2.5e-3", "(+ (+ 1.5 1000.0) 0.0025)");
    check(
        "[250us, 10ms, 1.5s, 2m, 1h, 3ns]",
        "(list 250000ns 10000000ns 1500000000ns 120000000000ns 3600000000000ns 3ns)",
    );
    check("0.1s", "100000000ns");
    check("0.000000001s", "1ns");
    check("64KiB", "65536");
    check("1.5MiB", "1572864");
    check("9223372036854775807", "9223372036854775807");
    check("9223372036854775808", "E0015");
    check("-9223372036854775808", "-9223372036854775808");
    check("-9223372036854775808 ** 2", "E0015");
    check("1e999", "E0015");
    check("300000000000s", "E0015");
    for wrong in ["1__0", "1_", "0x", "0xg", "0b2", "1.2.3", "12abc", "1e5s", "5x", "1.5KB", "٣x"] {
        let source = Source::new("n.conc", format!("const X = {wrong}\n"));
        assert!(!conc::syntax::parse(&source).1.is_empty(), "{wrong}");
    }
}

#[test]
fn texts() {
    check(r#""a\n\t\r\"\\\{\}\u{1F600}""#, r#""a\n\t\r\"\\{}😀""#);
    check(r#""a {b} c""#, r#"(text "a " b " c")"#);
    check(r#""{a}{b}""#, "(text a b)");
    check(r#""{"inner {x + "y"}"}""#, r#"(text (text "inner " (+ x "y")))"#);
    check(r#""{m["key"]} {{a: 1}["a"]}""#, r#"(text (index m "key") " " (index (map "a" 1) "a"))"#);
    check("\"# no comment\"", "\"# no comment\"");
    check(r#""""#, r#""""#);
    check(r#""\q""#, "E0016");
    check(r#""\u{}""#, "E0016");
    check(r#""\u{D800}""#, "E0016");
    check(r#""{}""#, "E0017");
    check(r#""}""#, "E0018");
    check("\"abc", "E0005");
    check("\"a\nb\"", "E0005 E0005");
}

#[test]
fn literals_with_brackets() {
    check("[]", "(list)");
    check("[1, 2,]", "(list 1 2)");
    check("[0; n]", "(repeat 0 n)");
    check("{}", "(map)");
    check("{1, 2}", "(set 1 2)");
    check(r#"{name: "Bob", "two words": 2, [1 + 1]: x}"#, r#"(map "name" "Bob" "two words" 2 (+ 1 1) x)"#);
    check("{[[1]]: 2}", "(map (list 1) 2)");
    check("{a}", "(set a)");
    check("[x * 2 for x in xs if x > 1]", "(list (* x 2) for x xs if (> x 1))");
    check("{x for [x, _] in ps}", "(set x for [x _] ps)");
    check("{k: len(k) for k in names}", "(map k (call len k) for k names)");
    check("{1: 2}", "E0023");
    check("{a: 1, 2}", "E0024");
    check("{1, a: 2}", "E0024");
}

#[test]
fn calls_and_members() {
    check("f(x, timeout: 1s)", "(call f x timeout:1000000000ns)");
    check("q.join().in", "(field in (q.join))");
    check("xs[1..3]", "(slice xs 1 ..3)");
    check("xs[..3]", "(slice xs  ..3)");
    check("xs[1..]", "(slice xs 1 ..)");
    check("xs[..]", "(slice xs  ..)");
    check("xs[..=2]", "(slice xs  ..=2)");
    check("xs[-1][0]", "(index (index xs (neg 1)) 0)");
    check("start p", "(start p)");
    check("start p[2](1, b: 2).pid()", "((start p[2] 1 b:2).pid)");
    check("f(a=1)", "E0022");
    check("f(a == 1)", "(call f (== a 1))");
}

#[test]
fn newlines_are_blanks_where_an_expression_goes_on() {
    check("a +\n  b", "(+ a b)");
    check("(a\n + b\n)", "(+ a b)");
    check("[\n 1\n , 2 # two\n ]", "(list 1 2)");
    check("{\n a:\n 1,\n}", "(map \"a\" 1)");
    check("a\n  .b()\n  # between\n  .c", "(field c (a.b))");
    check("f(\n\n)", "(call f)");
    check("a..\n b", "(.. a b)");
    check("a and\n\n not b", "(and a (not b))");
    check("a\n + b", "E0009");
    check("a\r\n  .b\r\n", "(field b a)");
}

#[test]
fn places_are_those_of_the_text() {
    let text = "const 名 = f(1) + \"é\"\n";
    let source = Source::new("p.conc", text);
    let (file, _) = conc::syntax::parse(&source);
    let Some(ItemKind::Const(decl)) = file.items.first().map(|item| &item.kind) else { panic!("no constant") };
    assert_eq!(source.slice(decl.name.span), "名");
    assert_eq!(source.slice(decl.value.span), "f(1) + \"é\"");
    let ExprKind::Binary(_, left, right) = &decl.value.kind else { panic!("no sum") };
    assert_eq!((source.slice(left.span), source.slice(right.span)), ("f(1)", "\"é\""));
}
