//! Errors that nobody catches: their kind, line and message.

use super::world::run;

#[track_caller]
fn check(body: &str, error: &str) {
    assert_eq!(run(&format!("queue q\nlock m\nmain {{\n{body}\n}}")).error(), error, "{body}");
}

#[test]
fn lines_are_those_of_the_failing_part() {
    check("let x = 1\nlet y = [\n1,\nx // 0]", "ZeroDivision at 7: division by zero: 1 // 0");
    check("assert 1 == 2", "AssertionFailed at 4: 1 == 2");
    check("assert 1 == 2, \"no: {1 + 1}\"", "AssertionFailed at 4: no: 2");
    check("raise Oops(\"text\")", "Oops at 4: text");
    check("raise Oops", "Oops at 4: ");
    check("if 1 { }", "TypeError at 4: a condition is a bool, not int 1");
    check("while none { }", "TypeError at 4: a condition is a bool, not none");
    check("for x in 5 { }", "TypeError at 4: int 5 cannot be gone through");
    check("let [a, b] = [1]", "ValueError at 4: 2 names are bound, but the list has 1 item");
    check("let f = 1\nf()", "TypeError at 5: int 1 cannot be called");
    check("let s = \"a\"\ns[0] = \"b\"", "TypeError at 5: string \"a\" has no items to assign to");
}

#[test]
fn what_no_operation_may_be_given() {
    check("q.get(timeout: 0s - 1s)", "ValueError at 4: a timeout is not negative, and this is -1s");
    check("let h = [q][0]\nh.get(timeout: 1)", "TypeError at 5: `timeout` is a duration, not int 1");
    check("let h = [q][0]\nh.fly()", "TypeError at 5: queue has no method `fly`");
    check("let h = [q][0]\nh.put()", "TypeError at 5: `put` needs `x`");
    check("let h = [q][0]\nh.get(bang: 1)", "TypeError at 5: `get` has no parameter `bang`");
    check(
        "let x = [1][0]\nwith x { }",
        "TypeError at 5: `with` takes a lock, a condition, a semaphore or a side of an rwlock, not int",
    );
    check("sleep 0s - 1s", "ValueError at 4: one cannot wait for a negative time: -1s");
    check("let n = 1\nsleep n", "TypeError at 5: a time is a duration, not int 1");
}

#[test]
fn exit_takes_what_python_takes() {
    use conc::value::ErrorKind;
    let status = |text: &str| match run(&format!("main {{ {text} }}")).end {
        Err(error) => (error.kind.clone(), error.message.to_string()),
        Ok(value) => panic!("{text} returned {value:?}"),
    };
    for (text, code) in [
        ("exit()", 0),
        ("exit(none)", 0),
        ("exit(300)", 44),
        ("exit(0 - 1)", 255),
        ("exit(true)", 1),
        ("exit(false)", 0),
    ] {
        assert_eq!(status(text), (ErrorKind::Exit(code), String::new()), "{text}");
    }
    assert_eq!(status("exit(\"bye\")"), (ErrorKind::Exit(1), "bye".to_owned()));
}

#[test]
fn only_declared_instances_are_started() {
    let run = run("process p[i in [2, 5]](x) { }
        main { start p[5](1)\nlet k = 3\ntry { start p[k](1) } catch IndexError as e { print e.message } }");
    assert_eq!(run.lines, ["there is no p[3]"], "{}", run.error());
    assert_eq!(run.ops, ["Start 0, 5, [1]"]);
}

#[test]
fn messages_name_the_values() {
    let divided = |text: &str| format!("ZeroDivision at 4: division by zero: {text}");
    check("print 7 / 0", &divided("7 / 0"));
    check("print 1.5 % 0", &divided("1.5 % 0"));
    check("print 10ms // 0", &divided("10ms // 0"));
    check("print 0 ** -1", &divided("0 ** -1"));
    check("print [1, 2, 3][-4]", "IndexError at 4: index -4 is out of range: there are 3 items");
    check("let xs = []\nxs[0] = 1", "IndexError at 5: index 0 is out of range: there are no items");
    check("let xs = []\nxs.pop()", "IndexError at 5: pop from an empty list");
    check("print {a: 1}[\"b\"]", "KeyError at 4: there is no key \"b\"");
    check("let m = {a: 1}\nm.remove(\"b\")", "KeyError at 5: there is no key \"b\"");
    check("print {a: 1}.b", "KeyError at 4: there is no key \"b\"");
    check("print [1] + 2s", "TypeError at 4: `+` does not take list and duration 2s");
    check("print 1 < \"a\"", "TypeError at 4: int 1 and string \"a\" have no order");
    check("print none < 1", "TypeError at 4: none and int 1 have no order");
    check("print [1][\"a\"]", "TypeError at 4: an index is an int, not string \"a\"");
    check("print abs(\"a\")", "TypeError at 4: `abs` takes a number or a duration, not string \"a\"");
    check("print int(\"4x\")", "ValueError at 4: \"4x\" is no int");
    check("print (-8) ** 0.5", "ValueError at 4: -8 ** 0.5 is not real: a negative number has no such power");
    check("print len(5)", "TypeError at 4: int 5 has no length");
    check("print len(q)", "TypeError at 4: a queue tells how many items it holds by `.len()`, not by `len`");
    // What stands between the values of a text counts as well.
    check("let s = \"a\".repeat(2 ** 28)\nlet t = \"{s}b\"", "TooLarge at 5: the value would be larger than 256 MiB");
    check("exit([1])", "TypeError at 4: `exit` takes an int, a bool or a string, not list");
    check("print [3].index(4)", "ValueError at 4: 4 is not in the list");
    // What is long, or another at every run, is not spelled out.
    check("print \"a\".repeat(41) + 1", "TypeError at 4: `+` does not take string and int 1");
    check("print q + 1", "TypeError at 4: `+` does not take queue and int 1");
    check("print pid() + \"a\"", "TypeError at 4: `+` does not take int and string \"a\"");
}
