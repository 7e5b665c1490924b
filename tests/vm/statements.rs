//! What statements do to variables.

use super::world::{check_lines, run};

#[test]
fn variables_have_value_semantics() {
    check_lines("let a = [1]\nlet b = a\nb.push(2)\nprint a, b", &["[1] [1, 2]"]);
    check_lines("let grid = [[0; 2]; 2]\ngrid[0][1] = 5\nprint grid", &["[[0, 5], [0, 0]]"]);
    check_lines("let m = {}\nm.key = [1]\nm.key.push(2)\nm[\"x\"] = m.key\nprint m", &["{key: [1, 2], x: [1, 2]}"]);
    check_lines("let x = 1\nif true { let x = 2\nprint x }\nprint x", &["2", "1"]);
    check_lines("let [a, [b, c]] = [1, [2, 3]]\nprint a, b, c", &["1 2 3"]);
    check_lines("let xs = [1, 2]\nxs += [3]\nxs[0] += 10\nprint xs", &["[11, 2, 3]"]);
    check_lines("let s = \"a\"\ns += \"b\"\ns = s + \"c\"\nprint s", &["abc"]);
    check_lines("let x = 3\nx = x * 2 - x\nx = 1 + x\nprint x", &["4"]);
    check_lines("let a = true\nlet b = false\na = b and a\nb = not b or a\nprint a, b", &["false true"]);
}

#[test]
fn operands_are_read_left_to_right() {
    check_lines("let xs = [1, 2]\nlet ys = xs + [xs.pop()]\nprint ys, xs", &["[1, 2, 2] [1]"]);
    check_lines("let xs = [3, 4]\nprint len(xs) + xs.pop() + len(xs)", &["7"]);
    check_lines("let xs = [5, 0, 1]\nxs[xs.pop() - 1] = xs.pop()\nprint xs", &["[0]"]);
}

#[test]
fn loops() {
    check_lines("let n = 0\nwhile n < 3 { n += 1\nif n == 2 { continue }\nprint n }", &["1", "3"]);
    check_lines("for i in 0..=2 { print i }", &["0", "1", "2"]);
    check_lines("for i in 3..0 { print i }\nprint \"end\"", &["end"]);
    check_lines("for c in \"añ\" { print c }", &["a", "ñ"]);
    check_lines("for [k, v] in {b: 1, a: 2}.items() { print k, v }", &["a 2", "b 1"]);
    check_lines("for k in {b: 1, a: 2} { print k }", &["a", "b"]);
    check_lines("let xs = [1, 2]\nfor x in xs { xs.push(x) }\nprint xs", &["[1, 2, 1, 2]"]);
    check_lines("loop { loop { break }\nprint 1\nbreak }", &["1"]);
    check_lines(
        "for i in 9223372036854775806..=9223372036854775807 { print i }",
        &["9223372036854775806", "9223372036854775807"],
    );
}

#[test]
fn tasks() {
    let text = "task fib(n) { if n < 2 { return n }\nreturn fib(n - 1) + fib(n - 2) }
        task greet(name, greeting: \"hello\", sign: \"!\") { return \"{greeting} {name}{sign}\" }
        task twice(f, x) { return f(f(x)) }
        task add_one(x) { return x + 1 }
        task nothing { pass }
        main {
            print fib(15)
            print greet(\"Bob\"), greet(sign: \"?\", name: \"Ann\")
            print twice(add_one, 1)
            let fs = [add_one, fib]
            print fs[0](4), [f(6) for f in fs]
            print nothing(), add_one
        }";
    let run = run(text);
    assert_eq!(run.lines, ["610", "hello Bob! hello Ann?", "3", "5 [7, 8]", "none add_one"], "{}", run.error());
}

#[test]
fn lists_of_methods() {
    check_lines(
        "let xs = [3, 1, 2]\nxs.sort()\nxs.insert(0, 9)\nxs.remove(2)\nxs.reverse()\nxs.extend([7])\nprint xs, xs.pop(0)",
        &["[3, 1, 9, 7] 3"],
    );
    check_lines("let s = {1}\ns.add(2)\ns.remove(1)\nprint s", &["{2}"]);
    check_lines("let m = {a: {b: [1]}}\nm.a.b.push(2)\nm.a.c = 3\nprint m, m.a.b.pop()", &["{a: {b: [1, 2], c: 3}} 2"]);
}

#[test]
fn places_that_are_read_and_written() {
    check_lines("let m = {a: 1}\nm[m] = 2\nprint m", &["{a: 1, [{a: 1}]: 2}"]);
    check_lines("let m = {}\nm[1] = 2\nm[1.0] = 3\nm[1] += 4\nprint m", &["{[1]: 7}"]);
    check_lines("let m = {a: 1}\nm.a += 1\nm[\"a\"] *= 5\nprint m", &["{a: 10}"]);
    check_lines("let xs = [1, 2, 3]\nxs[0] += xs.pop()\nprint xs", &["[4, 2]"]);
    check_lines("let xs = [1, 2]\nlet i = 0\nxs[i] -= 5\nxs[-1] += i\nprint xs", &["[-4, 2]"]);
    check_lines("let m = {}\ntry { m.k += 1 } catch KeyError { print m }", &["{}"]);
    check_lines("let xs = [[1]]\nlet ys = xs\nys[0] += [2]\nprint xs, ys", &["[[1]] [[1, 2]]"]);
}

#[test]
fn texts_sort_by_their_bytes() {
    check_lines(
        "print sorted([\"b\", \"abcdefgh\", \"abcdefghi\", \"abcdefg\", \"\", \"é\", \"abcdefgé\", \"z\", \"abcdefgha\"])",
        &["[\"\", \"abcdefg\", \"abcdefgh\", \"abcdefgha\", \"abcdefghi\", \"abcdefgé\", \"b\", \"z\", \"é\"]"],
    );
    check_lines(
        "print 0, -1, 9223372036854775807, -9223372036854775807 - 1",
        &["0 -1 9223372036854775807 -9223372036854775808"],
    );
}
