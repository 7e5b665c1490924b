//! Which operations a body stops at, in which order, with which arguments.

use conc::value::Value;

use super::world::{image, run, run_code};

#[track_caller]
fn check(decls: &str, body: &str, ops: &[&str]) {
    let run = run(&format!("{decls}\nmain {{\n{body}\n}}"));
    assert!(run.end.is_ok(), "{body}: {}", run.error());
    assert_eq!(run.ops, ops, "{body}");
}

#[test]
fn handles_in_variables() {
    let decls = "queue q\nlock m\nshared r = none\nshared box = {way: none}\natomic a = none";
    let set = "r = q\nbox.way = q\na = m\n";
    let check = |body: &str, ops: &[&str]| {
        let run = run(&format!("{decls}\nmain {{\n{set}{body}\n}}"));
        assert!(run.end.is_ok(), "{body}: {}", run.error());
        assert_eq!(run.ops[3..], *ops, "{body}");
    };
    let got = ["#0 QueuePut 7, true, none", "#2 CellMethod [], \"get\", []", "#0 QueueGet true, none"];
    check("q.put(7)\nassert r.get() == 7", &got);
    let read = ["#2 CellRead []", "#0 QueuePut 7, true, 1s", "#2 CellRead []", "#0 QueueGet false, none"];
    check("r.put(7, timeout: 1s)\nprint r.get(block: false) + 1", &read);
    let deep = ["#0 QueuePut 7, true, none", "#3 CellMethod [\"way\"], \"get\", [true]", "#0 QueueGet true, none"];
    check("q.put(7)\nassert box.way.get(true) == 7", &deep);
    check(
        "a.acquire()\na.release()",
        &["#4 CellRead []", "#1 LockAcquire true, none", "#4 CellRead []", "#1 LockRelease"],
    );
    let error = |body: &str| run(&format!("{decls}\nmain {{\n{set}{body}\n}}")).error();
    assert_eq!(error("r.get(1, 2, 3)"), "TypeError at 10: `get` takes 2 arguments, not 3");
    assert_eq!(error("r.pop()"), "TypeError at 10: queue has no method `pop`");
    assert_eq!(error("r = [1]\nr.pop(at: 1)"), "TypeError at 11: `pop` has no parameter `at` here");
    assert_eq!(error("r = [1]\nr.put(1)"), "TypeError at 11: list has no method `put`");
}

#[test]
fn shared_variables() {
    check("shared n = 0", "n += 1\nprint n", &["#0 CellRead []", "#0 CellWrite [], 1", "#0 CellRead []"]);
    check("shared n = 0", "n = n + n", &["#0 CellRead []", "#0 CellRead []", "#0 CellWrite [], 0"]);
    check("shared a = 0\nshared b = 1", "while a == 0 and b == 0 { }", &["#0 CellRead []", "#1 CellRead []"]);
    check("shared cells = [0; 3]", "cells[1] = cells[2]", &["#0 CellRead [2]", "#0 CellWrite [1], 0"]);
    check("shared grid = [[1, 2], [3]]", "print grid[0][1]", &["#0 CellRead [0, 1]"]);
    check("shared m = {k: 1}", "m.k += 1", &["#0 CellRead [\"k\"]", "#0 CellWrite [\"k\"], 2"]);
    check("shared log = []", "log.push(3)\nprint len(log)", &["#0 CellMethod [], \"push\", [3]", "#0 CellRead []"]);
    check("shared m = {k: []}", "m.k.push(3)", &["#0 CellMethod [\"k\"], \"push\", [3]"]);
    check("shared cells = [0]", "let i = 0\ncells[i] += 1", &["#0 CellRead [0]", "#0 CellWrite [0], 1"]);
}

#[test]
fn arrays_of_variables() {
    check("atomic flag[3] = 0", "flag[1].add(2)\nprint flag[1], len(flag)", &["#1 AtomicAdd 2", "#1 CellRead []"]);
    check("atomic flag[3] = [0, 1, 2]", "flag[2] += 1", &["#2 CellRead []", "#2 CellWrite [], 3"]);
    check("shared rows[2] = [0, 0]", "rows[1] = [7]\nrows[1][0] = 8", &["#1 CellWrite [], [7]", "#1 CellWrite [0], 8"]);
    check("atomic flag[2] = 0", "for f in flag { f.add(1) }", &["#0 AtomicAdd 1", "#1 AtomicAdd 1"]);
}

#[test]
fn methods_have_defaults() {
    check(
        "queue q",
        "q.put(1, timeout: 1s)\nq.get(block: false)\nq.put_nowait(2)\nq.get_nowait()",
        &[
            "#0 QueuePut 1, true, 1s",
            "#0 QueueGet false, none",
            "#0 QueuePut 2, false, none",
            "#0 QueueGet false, none",
        ],
    );
    check(
        "queue q[2]",
        "let h = q[1]\nh.put(block: false, x: 1)\nq[0].len()",
        &["#1 QueuePut 1, false, none", "#0 QueueLen"],
    );
    check(
        "semaphore s(3)",
        "s.release()\ns.acquire(timeout: 1s)",
        &["#0 SemaphoreRelease 1", "#0 SemaphoreAcquire true, 1s"],
    );
    check("rwlock rw", "rw.write.acquire()\nrw.write.release()", &["#0 RwAcquire true, none", "#0 RwRelease"]);
}

#[test]
fn loops_over_handles() {
    check(
        "queue q",
        "q.put(1)\nfor x in q { print x }",
        &["#0 QueuePut 1, true, none", "#0 QueueNext true, none", "#0 QueueNext true, none"],
    );
    check("pipe r <- w", "w.send(1)\nfor x in r { print x }", &["#1 PipeSend 1", "#0 PipeNext", "#0 PipeNext"]);
    let run = run("pool w(2)\nqueue q\ntask f(x) { return x }\nmain { q.put(7)\nfor x in w.imap(f, [1]) { print x } }");
    assert_eq!(run.lines, ["7"], "{}", run.error());
}

#[test]
fn pools() {
    check(
        "pool w(2)\ntask f(a, b: 5) { return a }",
        "print w.apply(f, 1)\nw.apply_async(f, b: 2, a: 1, callback: f)",
        &[
            "#0 PoolSubmit <task 0>, [1, 5], none, none",
            "result 1001 ResultGet none, true",
            "#0 PoolSubmit <task 0>, [1, 2], <task 0>, none",
        ],
    );
    check(
        "pool w(2)\ntask f(a, b: 5) { return a }",
        "w.map(f, 0..2)\nw.starmap(f, [[1, 2]], chunk: 3)",
        &[
            "#0 PoolSubmitMap <task 0>, [[0, 5], [1, 5]], none, none, none",
            "result 1001 ResultGet none, true",
            "#0 PoolSubmitMap <task 0>, [[1, 2]], 3, none, none",
            "result 1002 ResultGet none, true",
        ],
    );
}

#[test]
fn a_worker_runs_tasks_and_catches_their_errors() {
    let text = "pool w(2) { print \"ready\" }\ntask f(a) { if a == 1 { raise Odd(\"one\") }\nreturn a }\nmain { }";
    let (image, source) = image(text);
    let body = image.program.objects[0].body.unwrap();
    let work = |args: &[i64], chunk: bool| {
        let lists = args.iter().map(|arg| Value::list(vec![Value::Int(*arg)])).collect();
        Value::list(vec![Value::Task(0), Value::list(lists), Value::Bool(chunk)])
    };
    let supply = vec![work(&[5], false), work(&[1], false), work(&[0, 1, 2], true), work(&[], true)];
    let run = run_code(image, source, body, Vec::new(), supply);
    assert!(matches!(run.end, Ok(Value::None)), "{}", run.error());
    assert_eq!(run.lines, ["ready"]);
    let done: Vec<&String> = run.ops.iter().filter(|op| !op.starts_with("PoolTake")).collect();
    assert_eq!(
        done,
        ["PoolDone 5, none", "PoolDone none, Odd: one", "PoolDone [0, none, 2], Odd: one", "PoolDone [], none",]
    );
}

#[test]
fn exit_in_a_task_ends_the_worker() {
    let (image, source) = image("pool w(2)\ntask f(a) { exit(a) }\nmain { }");
    let body = image.program.objects[0].body.unwrap();
    let lists = Value::list(vec![Value::list(vec![Value::Int(3)])]);
    let supply = vec![Value::list(vec![Value::Task(0), lists, Value::Bool(false)])];
    let run = run_code(image, source, body, Vec::new(), supply);
    assert_eq!(run.error(), "exit at 2: ");
    assert_eq!(run.ops, ["PoolTake"]);
}

#[test]
fn actors() {
    check(
        "process p(a, b: 2) { }",
        "let h = start p(1)\nh.join(timeout: 1s)\njoin h, [h]",
        &["Start 0, none, [1, 2]", "actor 1001 Join 1s", "actor 1001 Join none", "actor 1001 Join none"],
    );
    check(
        "process p[i in 0..2](x) { }",
        "let h = start p(5)\nlet one = start p[1](6)\njoin h, one",
        &[
            "Start 0, 0, [5]",
            "Start 0, 1, [5]",
            "Start 0, 1, [6]",
            "actor 1001 Join none",
            "actor 1002 Join none",
            "actor 1003 Join none",
        ],
    );
    let run = run("process a { }\nthread b[i in 0..2] { }");
    assert_eq!(
        run.ops,
        [
            "Start 0, none, []",
            "Start 1, 0, []",
            "Start 1, 1, []",
            "actor 1001 Join none",
            "actor 1002 Join none",
            "actor 1003 Join none",
        ]
    );
}

#[test]
fn private_objects() {
    let ops = ["Create 0, none, [3, none], none", "#1001 QueuePut 1, true, none"];
    check("", "queue q(3)\nq.put(1)", &ops);
    check("", "queue q(order: lifo)\npass", &["Create 0, none, [none, \"lifo\"], none"]);
    check("", "shared n = 5\nn += 1", &["Create 0, none, [none], 5", "#1001 CellRead []", "#1001 CellWrite [], 6"]);
    check("", "pipe r <- w\nw.send(1)\nr.recv()", &["Create 0, none, [], none", "#1002 PipeSend 1", "#1001 PipeRecv"]);
}

#[test]
fn select_gives_the_case_that_went_on() {
    let text = |rest: &str| {
        format!(
            "queue a\nqueue b[2]\nmain {{\n{rest}\nselect {{ case x = a.get() {{ print \"a\", x }}
             for e in b case y = e.get() {{ print e == b[1], y }}\nelse {{ print \"else\" }} }} }}"
        )
    };
    let none = run(&text(""));
    assert_eq!(none.lines, ["else"], "{}", none.error());
    assert_eq!(none.ops, ["Select none, true of 3"]);
    assert_eq!(run(&text("a.put(7)")).lines, ["true 7"]);
}

#[test]
fn once_runs_a_body_first() {
    let run = run("once setup { print \"body\" }\nmain { setup.run()\nsetup.run()\nprint \"end\" }");
    assert_eq!(run.lines, ["body", "end"], "{}", run.error());
    assert_eq!(run.ops, ["#0 OnceRun", "#0 OnceRan none", "#0 OnceRun"]);
}

#[test]
fn an_error_in_a_once_is_the_callers() {
    let run = run("once setup { raise Oops(\"no\") }\nmain { try { setup.run() } catch Oops as e { print e.line } }");
    assert_eq!(run.lines, ["1"], "{}", run.error());
}

#[test]
fn wait_for_looks_again_until_the_time_is_over() {
    let ops = ["Deadline 1s", "#1 CellRead []", "DeadlineLeft 1s"];
    check("condition c\nshared n = 0", "print c.wait_for(n > 0, timeout: 1s)", &ops);
}

#[test]
fn await_captures_what_it_mentions() {
    let run = run("atomic n = 0\nmain { let k = 3\nawait n == k }");
    assert_eq!(run.ops.len(), 1);
    assert!(run.ops[0].starts_with("Await ") && run.ops[0].ends_with(", [3]"), "{:?}", run.ops);
}

#[test]
fn measured_things_leave_masks() {
    let run = run("main { let p = pid()\nprint \"pid {p}, next {p + 1}, {[p]} {now()}\" }");
    assert_eq!(run.lines, ["pid 4711, next 4712, [4711] 1.5s"]);
}
