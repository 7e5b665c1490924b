//! What expressions give.

use super::world::{check, check_error};

#[test]
fn arithmetic() {
    for (expr, printed) in [
        ("1 + 2 * 3", "7"),
        ("2 ** 10", "1024"),
        ("2 ** -1", "0.5"),
        ("2 ** 3 ** 2", "512"),
        ("-2 ** 2", "-4"),
        ("7 // 2", "3"),
        ("-7 // 2", "-4"),
        ("7 // -2", "-4"),
        ("7 % 3", "1"),
        ("-7 % 3", "2"),
        ("7 % -3", "-2"),
        ("7 / 2", "3.5"),
        ("6 / 2", "3.0"),
        ("7.5 // 2", "3.0"),
        ("-7.5 % 2", "0.5"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("1e16", "1e+16"),
        ("1e15", "1000000000000000.0"),
        ("1.5e-7", "1.5e-07"),
        ("0.0001", "0.0001"),
        ("1 + 1.0", "2.0"),
        ("\"a\" + \"b\" * 3", "abbb"),
        ("[1] + [2] * 2", "[1, 2, 2]"),
        ("3 * [0]", "[0, 0, 0]"),
        ("[0; 3]", "[0, 0, 0]"),
        ("1s + 500ms", "1.5s"),
        ("1s - 1500ms", "-500ms"),
        ("2 * 250us", "500us"),
        ("1s / 4", "250ms"),
        ("1s / 250ms", "4.0"),
        ("1500ms // 1s", "1"),
        ("1500ms % 1s", "500ms"),
        ("1.5 * 1s", "1.5s"),
        ("2m", "2m"),
        ("90s", "90s"),
        ("0s", "0s"),
    ] {
        check(expr, printed);
    }
}

#[test]
fn errors_of_arithmetic() {
    for (expr, error) in [
        ("9223372036854775807 + 1", "Overflow: the integer does not fit into 64 bits"),
        ("-9223372036854775807 - 2", "Overflow: the integer does not fit into 64 bits"),
        ("3037000500 * 3037000500", "Overflow: the integer does not fit into 64 bits"),
        ("2 ** 63", "Overflow: the integer does not fit into 64 bits"),
        ("1 // 0", "ZeroDivision: division by zero: 1 // 0"),
        ("1 % 0", "ZeroDivision: division by zero: 1 % 0"),
        ("1 / 0.0", "ZeroDivision: division by zero: 1 / 0.0"),
        ("1 + \"a\"", "TypeError: `+` does not take int 1 and string \"a\""),
        ("true + 1", "TypeError: `+` does not take bool true and int 1"),
        ("1s + 1", "TypeError: `+` does not take duration 1s and int 1"),
        ("-\"a\"", "TypeError: `-` does not take string \"a\""),
        ("[0; 10 ** 18]", "TooLarge: the value would be larger than 256 MiB"),
        ("\"a\".repeat(10 ** 12)", "TooLarge: the value would be larger than 256 MiB"),
        ("list(0..10 ** 12)", "TooLarge: the value would be larger than 256 MiB"),
    ] {
        check_error(expr, error);
    }
}

#[test]
fn comparison() {
    for (expr, printed) in [
        ("1 == 1.0", "true"),
        ("1 == true", "false"),
        ("\"1\" == 1", "false"),
        ("none == none", "true"),
        ("[1, 2] == [1.0, 2]", "true"),
        ("1 < 1.5", "true"),
        ("9007199254740993 == 9007199254740992.0", "false"),
        ("[1, 2] < [1, 3]", "true"),
        ("[1] < [1, 0]", "true"),
        ("\"a\" < \"b\"", "true"),
        ("1s >= 1000ms", "true"),
        ("1 != 2", "true"),
        ("2 in [1, 2]", "true"),
        ("3 not in [1, 2]", "true"),
        ("\"b\" in \"abc\"", "true"),
        ("\"k\" in {k: 1}", "true"),
        ("3 in (0..3)", "false"),
        ("3 in (0..=3)", "true"),
        ("true and not false", "true"),
        ("false or true", "true"),
        ("1 if 2 > 1 else 3", "1"),
    ] {
        check(expr, printed);
    }
    check_error("1 < \"a\"", "TypeError: int 1 and string \"a\" have no order");
    check_error("[1, \"a\"] < [1, 2]", "TypeError: string \"a\" and int 2 have no order");
    check_error("1 and true", "TypeError: a condition is a bool, not int 1");
    check_error("true and 1", "TypeError: a condition is a bool, not int 1");
    check_error("not 1", "TypeError: a condition is a bool, not int 1");
    check_error("1 in \"abc\"", "TypeError: a string holds strings, not int 1");
}

#[test]
fn reaching_in() {
    for (expr, printed) in [
        ("[1, 2, 3][-1]", "3"),
        ("\"añb\"[1]", "ñ"),
        ("(5..9)[1]", "6"),
        ("[1, 2, 3, 4][1..3]", "[2, 3]"),
        ("[1, 2, 3, 4][..-1]", "[1, 2, 3]"),
        ("[1, 2, 3, 4][2..]", "[3, 4]"),
        ("[1, 2, 3, 4][1..=2]", "[2, 3]"),
        ("\"hello\"[1..3]", "el"),
        ("{name: \"Bob\"}.name", "Bob"),
        ("{[3]: 4}[3]", "4"),
        ("[[1, 2], [3, 4]][1][0]", "3"),
    ] {
        check(expr, printed);
    }
    check_error("[1][1]", "IndexError: index 1 is out of range: there is 1 item");
    check_error("{a: 1}[\"b\"]", "KeyError: there is no key \"b\"");
    check_error("{a: 1}.b", "KeyError: there is no key \"b\"");
    check_error("1[0]", "TypeError: int 1 has no items to index");
    check_error("[1][\"a\"]", "TypeError: an index is an int, not string \"a\"");
}

#[test]
fn printing() {
    for (expr, printed) in [
        ("{name: \"Bob\", \"two words\": 2, [3]: 4}", "{[3]: 4, name: \"Bob\", \"two words\": 2}"),
        ("set()", "set()"),
        ("{}", "{}"),
        ("{3, 1, 2, 1}", "{1, 2, 3}"),
        ("[\"a\\n\\\"\\{\"]", "[\"a\\n\\\"\\{\"]"),
        ("0..5", "0..5"),
        ("[0..=5]", "[0..=5]"),
        ("none", "none"),
        ("[1.0, true, 250us]", "[1.0, true, 250us]"),
        ("\"n = {1 + 1}, {\"x\"}, {[\"x\"]}\"", "n = 2, x, [\"x\"]"),
        ("1, \"a\", [2]", "1 a [2]"),
        ("{if_: 1, \"if\": 2}", "{\"if\": 2, if_: 1}"),
    ] {
        check(expr, printed);
    }
}

#[test]
fn functions() {
    for (expr, printed) in [
        ("len(\"añb\")", "3"),
        ("len(0..10)", "10"),
        ("str(1.0) + \"x\"", "1.0x"),
        ("int(\" 42 \")", "42"),
        ("int(-2.9)", "-2"),
        ("float(\"1.5\")", "1.5"),
        ("float(1500ms)", "1.5"),
        ("bool([])", "false"),
        ("list(\"abc\")", "[\"a\", \"b\", \"c\"]"),
        ("set([2, 1, 2])", "{1, 2}"),
        ("min(3, 1, 2)", "1"),
        ("max([3, 1, 2])", "3"),
        ("sum(0..5)", "10"),
        ("sum([1s, 2s])", "3s"),
        ("sum([])", "0"),
        ("abs(-3)", "3"),
        ("sorted([3, 1, 2])", "[1, 2, 3]"),
        ("sorted([3, 1, 2], reverse: true)", "[3, 2, 1]"),
        ("reversed(0..3)", "[2, 1, 0]"),
        ("enumerate(\"ab\")", "[[0, \"a\"], [1, \"b\"]]"),
        ("zip([1, 2], \"ab\")", "[[1, \"a\"], [2, \"b\"]]"),
        ("range(3)", "0..3"),
        ("list(range(0, 10, 3))", "[0, 3, 6, 9]"),
        ("list(range(3, 0, -1))", "[3, 2, 1]"),
        ("type(1), type(\"\"), type([]), type(1s), type(none)", "int string list duration none"),
    ] {
        check(expr, printed);
    }
    check_error("int(\"x\")", "ValueError: \"x\" is no int");
    check_error("min([])", "ValueError: `min` of nothing");
    check_error("sorted([1, \"a\"])", "TypeError: int 1 and string \"a\" have no order");
    check_error("len(1)", "TypeError: int 1 has no length");
}

#[test]
fn methods() {
    for (expr, printed) in [
        ("\"a b  c\".split()", "[\"a\", \"b\", \"c\"]"),
        ("\"a,b\".split(\",\")", "[\"a\", \"b\"]"),
        ("\", \".join([\"a\", \"b\"])", "a, b"),
        ("\" x \".strip()", "x"),
        ("\"Ab\".upper() + \"Ab\".lower()", "ABab"),
        ("\"aXbX\".replace(\"X\", \"-\")", "a-b-"),
        ("\"abc\".starts_with(\"ab\")", "true"),
        ("\"abc\".ends_with(\"ab\")", "false"),
        ("\"ab\".repeat(2)", "abab"),
        ("{b: 1, a: 2}.keys()", "[\"a\", \"b\"]"),
        ("{b: 1, a: 2}.values()", "[2, 1]"),
        ("{b: 1}.items()", "[[\"b\", 1]]"),
        ("{b: 1}.get(\"c\", 3)", "3"),
        ("{b: 1}.get(\"c\")", "none"),
        ("[1, 2, 1].count(1)", "2"),
        ("[1, 2].index(2)", "1"),
    ] {
        check(expr, printed);
    }
    check_error("[1].index(2)", "ValueError: 2 is not in the list");
    check_error("[].pop()", "IndexError: pop from an empty list");
    check_error("{a: 1}.remove(\"b\")", "KeyError: there is no key \"b\"");
}

#[test]
fn comprehensions() {
    check("[x * 2 for x in (0..5) if x % 2 == 1]", "[2, 6]");
    check("{x * 2 for x in \"spam\"}", "{\"aa\", \"mm\", \"pp\", \"ss\"}");
    check("{k: len(k) for k in [\"a\", \"bb\"]}", "{a: 1, bb: 2}");
    check("[a + b for [a, b] in [[1, 2], [3, 4]]]", "[3, 7]");
    check("[[y for y in (0..x)] for x in (0..3)]", "[[], [0], [0, 1]]");
}
