//! Small random scenarios: two or three actors, a few operations each over one or two kinds of objects, so that they
//! meet and that all their schedules can be looked at.
//!
//! Answers for: the same scenario for the same seed, a statement a line. Never judges one.

use std::fmt::Write as _;

use super::chance::Chance;

/// A kind of object: its declaration, what is done with it, what is put around other statements, cases of a `select`.
struct Topic {
    declared: &'static str,
    done: &'static [&'static str],
    around: &'static [&'static str],
    cases: &'static [&'static str],
}

const TOPICS: &[Topic] = &[
    Topic {
        declared: "lock m",
        done: &[
            "with m { n.add(1) }",
            "with m { v += 1 }",
            "m.acquire()",
            "m.release()",
            "if m.acquire(block: false) { m.release() }",
            "if m.acquire(timeout: 1ms) { n.add(2) ; m.release() }",
            "if m.locked() { k.add(1) }",
            "k = m.waiting()",
        ],
        around: &["with m { S }"],
        cases: &[],
    },
    Topic {
        declared: "lock a\nlock b",
        done: &["with a, b { pass }", "with b { with a { n.add(1) } }", "with a { n.add(1) }", "a.release()"],
        around: &["with a { S }", "with b { S }"],
        cases: &[],
    },
    Topic {
        declared: "rlock r",
        done: &["with r { with r { n.add(1) } }", "r.acquire()", "r.release()", "print r.acquire(timeout: 1ms)"],
        around: &["with r { S }"],
        cases: &[],
    },
    Topic {
        declared: "semaphore s(1)",
        done: &[
            "s.acquire()",
            "s.release()",
            "s.release(2)",
            "if s.acquire(block: false) { n.add(1) }",
            "print s.acquire(timeout: 1ms)",
            "k = s.value()",
        ],
        around: &["with s { S }"],
        cases: &[],
    },
    Topic {
        declared: "bounded semaphore t(1)",
        done: &["t.acquire()", "t.release()", "with t { n.add(1) }"],
        around: &["with t { S }"],
        cases: &[],
    },
    Topic {
        declared: "condition c",
        done: &[
            "with c { c.wait() }",
            "with c { if c.wait(timeout: 1ms) { n.add(1) } }",
            "with c { c.notify() }",
            "with c { n.add(1) ; c.notify_all() }",
            "with c { c.wait_for(n > 0) }",
            "with c { c.wait_for(n > 1, timeout: 1ms) }",
            "c.notify()",
            "k = c.waiting()",
        ],
        around: &["with c { S }"],
        cases: &[],
    },
    Topic {
        declared: "lock m\ncondition c(m)\ncondition d(m)",
        done: &[
            "with m { c.wait() }",
            "with c { d.wait() ; n.add(1) }",
            "with m { c.notify() ; d.notify() }",
            "with d { d.notify_all() }",
            "with m { n.add(1) }",
            "m.release()",
        ],
        around: &["with m { S }"],
        cases: &[],
    },
    Topic {
        declared: "event e",
        done: &["e.set()", "e.wait()", "if e.wait(timeout: 1ms) { n.add(1) }", "if e.is_set() { k.add(1) }"],
        around: &["if not e.is_set() { S }"],
        cases: &["e.wait() { n.add(1) }"],
    },
    Topic {
        declared: "event e",
        done: &["e.set()", "e.clear()", "e.wait()", "print e.wait(timeout: 1ms)", "if e.is_set() { k.add(1) }"],
        around: &[],
        cases: &["e.wait() { e.clear() }"],
    },
    Topic {
        declared: "barrier g(2)",
        done: &[
            "g.wait()",
            "n = g.wait()",
            "g.wait(timeout: 1ms)",
            "g.abort()",
            "g.reset()",
            "if g.broken() { k.add(1) }",
            "k = g.waiting()",
        ],
        around: &[],
        cases: &[],
    },
    Topic {
        declared: "barrier g(2) { n.add(1) ; assert n < 3 }",
        done: &["g.wait()", "g.wait()", "if g.wait() == 0 { k.add(1) }", "n.add(1)"],
        around: &[],
        cases: &[],
    },
    Topic {
        declared: "queue q(1)",
        done: &[
            "q.put(1)",
            "q.put(2)",
            "n = q.get()",
            "q.put(3, timeout: 1ms)",
            "print q.get(timeout: 1ms)",
            "q.put_nowait(4)",
            "k = q.get_nowait()",
            "q.close()",
            "k = q.len()",
            "q.task_done()",
            "q.join()",
        ],
        around: &["for x in q { S }", "if q.full() { S }"],
        cases: &["n = q.get() { k = n }", "q.put(5) { n.add(1) }", "q.join() { }"],
    },
    Topic {
        declared: "queue q",
        done: &[
            "q.put(1)",
            "q.put(2)",
            "n = q.get()",
            "n = q.get()",
            "q.close()",
            "k = q.len()",
            "q.get(timeout: 1ms)",
        ],
        around: &["for x in q { S }", "if q.empty() { S }"],
        cases: &["x = q.get() { n = x }", "q.put(5) { n.add(1) }"],
    },
    Topic {
        declared: "queue q(order: lifo)",
        done: &["q.put(1)", "q.put(2)", "n = q.get()", "k = q.get()"],
        around: &[],
        cases: &["x = q.get() { n = x }"],
    },
    Topic {
        declared: "queue z(0)",
        done: &[
            "z.put(1)",
            "z.put(2)",
            "n = z.get()",
            "z.put(3, timeout: 1ms)",
            "k = z.get(timeout: 1ms)",
            "z.put_nowait(4)",
            "n = z.get_nowait()",
            "z.close()",
        ],
        around: &["for x in z { S }"],
        cases: &["x = z.get() { n = x }", "z.put(5) { k.add(1) }"],
    },
    Topic {
        declared: "pipe x <-> y",
        done: &[
            "x.send(1)",
            "y.send(2)",
            "n = x.recv()",
            "n = y.recv()",
            "if y.poll() { k.add(1) }",
            "if x.poll(timeout: 1ms) { k.add(1) }",
            "x.close()",
            "y.close()",
        ],
        around: &["for o in y { S }"],
        cases: &["o = x.recv() { n = o }", "o = y.recv() { n.add(o) }"],
    },
    Topic {
        declared: "rwlock w",
        done: &[
            "with w.read { k = n }",
            "with w.write { n.add(1) }",
            "w.read.acquire()",
            "w.read.release()",
            "w.write.acquire()",
            "w.write.release()",
            "print w.write.acquire(timeout: 1ms)",
            "print w.read.acquire(block: false)",
        ],
        around: &["with w.read { S }", "with w.write { S }"],
        cases: &[],
    },
    Topic {
        declared: "latch l(2)",
        done: &[
            "l.count_down()",
            "l.count_down()",
            "l.wait()",
            "if l.wait(timeout: 1ms) { n.add(1) }",
            "k = l.count()",
            "l.add()",
        ],
        around: &["if l.count() > 0 { S }"],
        cases: &[],
    },
    Topic {
        declared: "latch l(1)",
        done: &["l.count_down()", "l.wait()", "l.wait()", "k = l.count()"],
        around: &[],
        cases: &[],
    },
    Topic {
        declared: "once o { k.add(1) ; n.add(k) }",
        done: &["o.run()", "o.run()", "k.add(1)"],
        around: &[],
        cases: &[],
    },
    Topic {
        declared: "once o { await n > 0 ; if k > 0 { raise Oops(\"once\") } }",
        done: &["o.run()", "o.run()", "n.add(1)", "k.add(1)"],
        around: &[],
        cases: &[],
    },
    Topic {
        declared: "shared cells = [0, 0]",
        done: &["cells[0] = 1", "cells[1] += 1", "print cells[0]", "n = cells[1]", "print cells", "cells = [n, 1]"],
        around: &["if cells[0] == 0 { S }"],
        cases: &[],
    },
    Topic {
        declared: "pool h(1)\ntask twice(a) {\n    n.add(1)\n    return 2 * a\n}",
        done: &[
            "print h.apply(twice, 1)",
            "k = h.apply(twice, 2)",
            "let f = h.apply_async(twice, 3) ; k = f.get(timeout: 1ms)",
            "let f = h.apply_async(twice, 3) ; if f.ready() { k.add(1) }",
            "h.close()",
            "h.close() ; h.join()",
            "h.terminate()",
        ],
        around: &[],
        cases: &[],
    },
];

/// What needs no object but the variables that every scenario has.
const PLAIN: &[&str] = &[
    "n.add(1)",
    "n.add(1)",
    "n = n + 1",
    "n.sub(1)",
    "k = n",
    "k.add(1)",
    "v = 1",
    "v += 1",
    "print v",
    "assert n < 2",
    "assert n != 1",
    "assert k <= n",
    "assert v == 0",
    "sleep 1ms",
    "yield",
    "mark \"here\"",
    "await n > 0",
    "await n == 1 and k == 0",
    "while n == 0 { pass }",
    "if n.cas(0, 2) { k = 3 }",
    "n = n.swap(5)",
    "n = choose([1, 2])",
    "print random(0..2)",
    "raise Oops(\"oops\")",
    "exit(1)",
    "exit(0)",
    "return",
];

const AROUND: &[&str] = &[
    "for _ in 0..2 { S }",
    "try { S } catch { k.add(1) }",
    "try { S } finally { k.add(1) }",
    "if n < 1 { S }",
    "while n < 1 { S }",
    "try { S } catch Empty { pass }",
    "if v == 0 { S }",
];

/// What is done with the handle of a process or thread, `H`.
const ON_HANDLES: &[&str] = &[
    "H.join()",
    "H.join(timeout: 1ms)",
    "H.terminate()",
    "H.kill()",
    "if H.is_alive() { k.add(1) }",
    "if H.exitcode() == none { n.add(1) }",
    "H.join() ; n.add(1)",
    "assert H.is_alive()",
];

const CLAIMS: &[&str] = &["n < 2", "n + k < 3", "k <= n", "n != 1", "k < 2 or n > 0"];

struct Maker {
    chance: Chance,
    topics: Vec<&'static Topic>,
    /// Actors have variables of their own, so that much of what they do accords.
    apart: bool,
}

/// A scenario of a seed.
pub(crate) fn scenario(seed: u64) -> String {
    let mut chance = Chance(seed);
    let apart = chance.once_in(2);
    let count = 1 + u64::from(apart || chance.once_in(3)) + u64::from(chance.once_in(6));
    let mut topics: Vec<&'static Topic> = Vec::new();
    for _ in 0..count {
        let topic = &TOPICS[chance.below(TOPICS.len() as u64) as usize];
        let name = |topic: &Topic| topic.declared.split([' ', '(']).nth(1).map(str::to_owned);
        // Some topics are about objects of one name.
        let clashes = |other: &&Topic| name(other) == name(topic);
        if !topics.iter().any(clashes) {
            topics.push(topic);
        }
    }
    Maker { chance, topics, apart }.scenario()
}

/// The same with two that are alike: the first actor that main starts is started twice, and main may join both, or,
/// where the main is unwritten, there are two of the first template.
pub(super) fn twinned(text: &str) -> String {
    let Some(main) = text.find("main {\n") else { return text.replacen(" p0 {\n", " p0[_i in 0..2] {\n", 1) };
    let first = "    let p0 = start p0\n";
    let list = "    let all = [start p0, start p0]\n    let p0 = all[0]\n";
    let (begin, end) = match text.len() % 5 {
        0 => ("    start p0\n    let p0 = start p0\n", ""),
        1 => (list, "    for one in all { one.join() }\n"),
        2 => (list, "    join all\n"),
        3 => (list, "    k.add(1)\n    join all, p0\n    n.add(1)\n"),
        _ => ("    start p0\n    let all = [start p0]\n    all.push(start p0)\n    let p0 = none\n", "    join all\n"),
    };
    let (before, after) = text.split_at(main);
    let after = after.replacen(first, begin, 1).replacen("\n}\n", &format!("\n{end}}}\n"), 1);
    format!("{before}{after}")
}

impl Maker {
    fn scenario(&mut self) -> String {
        let mut text = String::from("atomic n = 0\natomic k = 0\nshared v = 0\n");
        if self.apart {
            text.push_str("atomic n0 = 0\natomic n1 = 0\natomic n2 = 0\n");
        }
        self.topics.iter().for_each(|topic| text.extend([topic.declared, "\n"]));
        let has_main = !self.chance.once_in(3);
        let actors = if has_main { 1 + self.chance.below(2) } else { 2 + u64::from(self.chance.once_in(3)) };
        let mut starts = String::new();
        let mut handles: Vec<String> = Vec::new();
        for at in 0..actors {
            let kind = match self.chance.below(20) {
                0..8 => "process",
                8 if has_main => "daemon process",
                9 if has_main => "daemon thread",
                _ => "thread",
            };
            // Some are given the handle of the one before.
            let given = handles.last().cloned().filter(|_| self.chance.once_in(2));
            let (parameter, argument) =
                if given.is_some() { ("(h)", given.unwrap_or_default()) } else { ("", String::new()) };
            let on: &[&str] = if parameter.is_empty() { &[] } else { &["h"] };
            let statements = 1 + self.chance.below(3);
            let body = self.body(statements, on, at);
            let _ = writeln!(text, "{kind} p{at}{parameter} {{\n{body}}}");
            let _ = writeln!(
                starts,
                "    let p{at} = start p{at}{}",
                if argument.is_empty() { argument } else { format!("({argument})") }
            );
            handles.extend(has_main.then(|| format!("p{at}")));
        }
        if self.chance.once_in(10) {
            let body = self.body(1, &[], 2);
            let _ = writeln!(text, "timer late(1ms) {{\n{body}}}");
            starts.push_str("    let late = start late\n");
            if has_main && self.chance.once_in(2) {
                starts.push_str("    late.cancel()\n");
            }
        }
        if has_main {
            let on: Vec<&str> = handles.iter().map(String::as_str).collect();
            let statements = self.chance.below(4);
            let body = self.body(statements, &on, 2);
            let _ = writeln!(text, "main {{\n{starts}{body}}}");
        }
        match self.chance.below(6) {
            0 => {}
            1 => text.push_str("finally {\n    assert n < 2\n    outcome [n, v]\n}\n"),
            _ if self.apart => text.push_str("finally {\n    outcome [n, k, n0, n1, n2]\n}\n"),
            _ => text.push_str("finally {\n    outcome [n, k]\n}\n"),
        }
        if self.chance.once_in(6) {
            let _ = writeln!(text, "invariant held: {}", self.chance.one_of(CLAIMS));
        }
        if self.chance.once_in(10) {
            let _ = writeln!(text, "eventually comes: {}", self.chance.one_of(&["n > 0", "n == 1", "k > 0"]));
        }
        text
    }

    fn body(&mut self, statements: u64, handles: &[&str], own: u64) -> String {
        let line = |_| {
            let statement = self.statement(handles, 2);
            let is_apart = self.apart && !self.chance.once_in(3);
            format!("    {}\n", if is_apart { renamed(&statement, "n", &format!("n{own}")) } else { statement })
        };
        (0..statements).map(line).collect()
    }

    fn statement(&mut self, handles: &[&str], depth: u32) -> String {
        let topic = self.topics[self.chance.below(self.topics.len() as u64) as usize];
        let around = |maker: &mut Maker, all: &[&str]| {
            let frame = maker.chance.one_of(all);
            frame.replace('S', &maker.statement(handles, depth - 1))
        };
        match self.chance.below(16) {
            0 if depth > 0 => around(self, AROUND),
            1 | 2 if depth > 0 && !topic.around.is_empty() => around(self, topic.around),
            3 if !topic.cases.is_empty() => self.select(topic),
            4..7 => self.chance.one_of(PLAIN).to_owned(),
            7..10 if !handles.is_empty() => {
                let handle = self.chance.one_of(handles);
                self.chance.one_of(ON_HANDLES).replace('H', handle)
            }
            _ => self.chance.one_of(topic.done).to_owned(),
        }
    }

    fn select(&mut self, topic: &Topic) -> String {
        let mut text = "select {".to_owned();
        for _ in 0..=self.chance.below(2) {
            let _ = write!(text, " case {} ;", self.chance.one_of(topic.cases));
        }
        text.push_str(self.chance.one_of(&["", "", " after 1ms { k.add(1) }", " else { k.add(1) }"]));
        text + " }"
    }
}

/// A statement with another name in place of one.
fn renamed(statement: &str, name: &str, other: &str) -> String {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut words: Vec<String> = vec![String::new()];
    for letter in statement.chars() {
        match words.last_mut() {
            Some(word) if is_part(letter) && word.chars().all(is_part) => word.push(letter),
            _ => words.push(letter.to_string()),
        }
    }
    words.into_iter().map(|word| if word == name { other.to_owned() } else { word }).collect()
}
