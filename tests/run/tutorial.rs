//! Every scenario of the tutorial in a free run, as its comments say.

use std::collections::BTreeSet;

use super::harness::{Seen, start};

#[track_caller]
fn run_file(name: &str) -> Seen {
    let seen = start(&["run", &format!("scenarios/tutorial/{name}.conc")], "").finish();
    assert_eq!(seen.stderr, "", "standard error");
    assert_eq!(seen.code, Some(0), "exit status; printed: {}", seen.stdout);
    seen
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

/// The numbers behind a word, line by line.
fn numbers_behind<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let behind = |line: &'a str| line.split_once(word).map(|(_, rest)| rest);
    text.lines().filter_map(behind).map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("")).collect()
}

#[test]
fn process() {
    let seen = run_file("process");
    let lines: Vec<&str> = seen.stdout.lines().collect();
    assert_eq!(lines.iter().filter(|line| **line == "process start").count(), 5);
    for child in 0..5 {
        assert_eq!(lines.iter().filter(|line| **line == format!("子进程： {child}")).count(), 1);
    }
    let of = |wanted: &str| lines.iter().position(|line| *line == wanted);
    assert!(of("子进程： 4") < of("Process close"), "main waits for the last one: {lines:?}");
    assert_eq!(lines.len(), 11);
}

#[test]
fn thread() {
    let seen = run_file("thread");
    insta::assert_snapshot!(seen.stdout, @r"
    thread main is running...
    thread LoopThread is running...
    thread LoopThread >>> 1
    thread LoopThread >>> 2
    thread LoopThread >>> 3
    thread LoopThread >>> 4
    thread LoopThread >>> 5
    thread LoopThread ended.
    thread main ended.
    ");
}

#[test]
fn pool_apply_async() {
    let seen = run_file("pool_apply_async");
    let main = numbers_behind(&seen.stdout, "current process ");
    let workers: BTreeSet<&str> = numbers_behind(&seen.stdout, " pid ").into_iter().collect();
    let parents: BTreeSet<&str> = numbers_behind(&seen.stdout, "parent id is ").into_iter().collect();
    assert_eq!(workers.len(), 3, "three workers share the tasks: {}", seen.stdout);
    assert_eq!(parents.into_iter().collect::<Vec<_>>(), main, "the workers are main's children");
    assert!(!workers.contains(main[0]));
    let lines: Vec<&str> = seen.stdout.lines().collect();
    assert_eq!(lines.last(), Some(&"All processes done!"));
    let begun = |task: usize| lines.iter().position(|line| line.starts_with(&format!("Task {task} pid")));
    let ended = |task: usize| lines.iter().position(|line| *line == format!("Task {task} end."));
    // Three at a time: the fourth begins when one has ended.
    assert!(begun(3) > ended(0).min(ended(1)).min(ended(2)), "{lines:?}");
    for task in 0..6 {
        assert!(begun(task).is_some() && begun(task) < ended(task), "{lines:?}");
    }
}

#[test]
fn pool_apply() {
    let seen = run_file("pool_apply");
    let tasks: Vec<&str> = seen.stdout.lines().filter(|line| line.starts_with("Task")).collect();
    for (task, lines) in tasks.chunks(2).enumerate() {
        assert!(lines[0].starts_with(&format!("Task {task} pid")), "one after the other: {tasks:?}");
        assert_eq!(lines[1], format!("Task {task} end."));
    }
    assert_eq!(tasks.len(), 12);
}

#[test]
fn pool_rules() {
    let seen = run_file("pool_rules");
    insta::assert_snapshot!(seen.stdout, @r"
    [1, 2, 3, 4]
    worker raised: 7 is odd
    join before close is refused
    closed: no more tasks
    joined
    ");
}

#[test]
fn queue() {
    let seen = run_file("queue");
    let lines: Vec<&str> = seen.stdout.lines().collect();
    for url in 1..=6 {
        let put = lines.iter().filter(|line| **line == format!("Put url_{url} to queue...")).count();
        let got = lines.iter().filter(|line| **line == format!("Get url_{url} from queue.")).count();
        assert_eq!(put, 1);
        // The last one may be terminated on its way.
        assert!(got <= 1);
    }
    let gets: Vec<&str> = lines.iter().filter(|line| line.starts_with("Get")).copied().collect();
    let of_first: Vec<&&str> = gets.iter().filter(|line| line.contains(['1', '2', '3'])).collect();
    assert!(of_first.is_sorted(), "what one writer puts comes in its order: {gets:?}");
}

#[test]
fn queue_timeouts() {
    let seen = run_file("queue_timeouts");
    insta::assert_snapshot!(seen.stdout, @r"
    full after 200ms
    full at once
    first
    empty after 200ms
    empty at once: Empty
    ");
}

#[test]
fn pipe_send() {
    insta::assert_snapshot!(run_file("pipe_send").stdout, @r#"con2 got: ["spam", 42, "egg"]"#);
}

#[test]
fn pipe_talk() {
    insta::assert_snapshot!(run_file("pipe_talk").stdout, @r#"
    parent got: {name: "Bob", spam: 42}
    talker got: {"aa", "mm", "pp", "ss"}
    parent exit
    "#);
}

#[test]
fn pipe_rules() {
    insta::assert_snapshot!(run_file("pipe_rules").stdout, @r"
    read 0
    read 1
    read 2
    end of file
    false
    the far end hung up
    nobody to send to
    ");
}

#[test]
fn sync() {
    insta::assert_snapshot!(run_file("sync").stdout, @r"
    consumed 3
    rlock held four times over
    all through the gate
    ");
}

#[test]
fn mixed() {
    let seen = run_file("mixed");
    let expected = ["team 0: 3 members done", "team 1: 3 members done", "total 6"];
    assert_eq!(sorted(&seen.stdout), expected);
    assert_eq!(seen.stdout.lines().last(), Some("total 6"), "finally comes last");
}
