//! What small scenarios come to: all that can, and nothing else, in any time; in virtual time no more than that.

use std::collections::BTreeSet;

use conc::machine::{Explored, Limits, Time, explore};
use proptest::prelude::*;

use crate::graph::machine;
use crate::laws::config;
use crate::scenarios::any_scenario;

fn explored(text: &str, time: Time) -> Explored {
    explore(&machine(text, time, false), Limits { states: 30_000 }).expect("objects that can be made")
}

/// Outcomes, and who can be left waiting or ended by which error.
fn ends(found: &Explored) -> BTreeSet<String> {
    let failures = found.failures.iter().map(|(failure, _)| match failure {
        conc::machine::Failure::Deadlock(_) => "deadlock".to_owned(),
        conc::machine::Failure::Invariant(broken) => format!("invariant {}", broken.name),
        conc::machine::Failure::Uncaught(name, error) => format!("{name}: {}", error.kind),
    });
    found.outcomes.keys().cloned().chain(failures).collect()
}

#[track_caller]
fn comes_to(text: &str, expected: &[&str]) {
    let any = explored(text, Time::Any);
    assert!(any.complete, "{}", any.states);
    assert_eq!(ends(&any).into_iter().collect::<Vec<_>>(), expected, "{text}");
    let prompt = explored(text, Time::Prompt);
    assert!(prompt.complete && ends(&prompt).is_subset(&ends(&any)), "{text}");
}

#[test]
fn a_rendezvous_meets() {
    let text = "queue q(0)\nshared got = []\nprocess a { q.put(1)\n q.put(2) }\nprocess b { got.push(q.get())\n\
     got.push(q.get()) }";
    comes_to(&format!("{text}\nfinally {{ outcome got }}"), &["[1, 2]"]);
    let two = "queue q(0)\nshared got = []\nprocess a[i in 0..2] { q.put(i) }\n\
     process b { for _ in 0..2 { got.push(q.get()) } }";
    comes_to(&format!("{two}\nfinally {{ outcome got }}"), &["[0, 1]", "[1, 0]"]);
    let late =
        "queue q(0)\nprocess a { q.put(1, timeout: 1s) }\nprocess b { q.get(timeout: 1s) }\nfinally { outcome 0 }";
    comes_to(late, &["0", "a: Full", "b: Empty"]);
    let closed =
        "queue q(0)\nprocess a { q.get() }\nprocess b { q.put(1) }\nprocess c { q.close() }\nfinally { outcome 0 }";
    comes_to(closed, &["0", "a: Closed", "b: Closed"]);
    comes_to("queue q(0)\nprocess a { q.get() }\nprocess b { q.get() }\nprocess c { q.put(1) }", &["deadlock"]);
}

#[test]
fn queues_keep_their_orders() {
    let text = |order: &str| {
        format!(
            "queue q{order}\nshared got = []\nmain {{ for x in [2, 1, 3, 1] {{ q.put(x) }}\n q.close()\n\
             for x in q {{ got.push(x) }} }}
             finally {{ outcome got }}"
        )
    };
    comes_to(&text(""), &["[2, 1, 3, 1]"]);
    comes_to(&text("(order: lifo)"), &["[1, 3, 1, 2]"]);
    comes_to(&text("(order: priority)"), &["[1, 1, 2, 3]"]);
    let each = "queue q(1)\nshared got = []\nprocess a[i in 0..2] { q.put([i, 0])\n q.put([i, 1]) }
         process b { for _ in 0..4 { let [i, n] = q.get()\n if i == 0 { got.push(n) } } }\nfinally { outcome got }";
    comes_to(each, &["[0, 1]"]);
    let join = "queue q\natomic done = 0\nprocess a { q.put(1) \n q.join()\n assert done == 1 }\n\
     process b { q.get()\n done = 1\n q.task_done() }";
    comes_to(join, &[]);
}

#[test]
fn who_can_go_on_does_not_wait() {
    let closed =
        "queue q\nthread a { try { q.get() } catch Closed { } }\nmain { start a\n q.close()\n seen = q.waiting() }";
    comes_to(&format!("{closed}\nshared seen = 0\nfinally {{ outcome seen }}"), &["0"]);
    let joined = "queue q\nthread a { q.join() }\nmain { q.put(1)\n start a\n q.get()\n let before = q.waiting()\n\
         q.task_done()\n seen = [before, q.waiting()] }";
    comes_to(&format!("{joined}\nshared seen = []\nfinally {{ outcome seen }}"), &["[0, 0]", "[1, 0]"]);
}

#[test]
fn pipes_end_when_all_have_let_go() {
    let text =
        "pipe r <- w\nshared got = []\nprocess a[i in 0..2] { w.send(i) }\nprocess b { for x in r { got.push(x) } }";
    comes_to(&format!("{text}\nfinally {{ outcome got }}"), &["[0, 1]", "[1, 0]"]);
    let unread = "pipe r <- w\nprocess a { r.close() }\nprocess b { w.send(1)\n w.send(2) }";
    comes_to(unread, &["b: BrokenPipe"]);
    let held = "pipe r <- w\nprocess a { w.send(1) }\nprocess b { sleep 1s\n w.close() }\nmain { start a()\n\
     start b()\n r.recv()
         try { r.recv() } catch EOF { } }";
    comes_to(held, &[]);
    let long = "pipe r <- w\nprocess a { w.send(\"a\")\n w.send(\"b\" * 70000)\n w.send(\"c\") }\nshared got = []
         process b { for x in r { got.push(x[0]) } }\nfinally { outcome got }";
    comes_to(long, &[r#"["a", "b", "c"]"#]);
    let both = "pipe r <- w\nprocess a[i in 0..2] { w.send(\"b\" * 70000) }\nprocess b { r.recv()\n r.recv() }\n\
     finally { outcome w.waiting() }";
    comes_to(both, &["0"]);
}

#[test]
fn locks_tell_of_a_death_once() {
    let text = "lock l\nshared told = 0\nevent go\nprocess v { l.acquire()\n go.set()\n sleep 9s }
         process p[i in 0..2] { try { l.acquire() } catch OwnerDied { told = told + 1 }\n l.release() }
         main { let h = start v()\n go.wait()\n h.kill()\n h.join()\n let ps = start p\n join ps }\n\
          finally { outcome told }";
    // One that comes to its end before the signal leaves it locked.
    comes_to(text, &["1", "deadlock"]);
    let ended = "lock l\nprocess v { l.acquire() }\nmain { let h = start v()\n h.join()\n outcome_of() }
         task outcome_of() { if not l.acquire(timeout: 1s) { raise Taken(\"\") } }";
    comes_to(ended, &["main: Taken"]);
}

#[test]
fn barriers_break_for_all_or_none() {
    let text =
        "barrier b(2)\nprocess p[i in 0..2] { b.wait() }\nprocess q { b.abort() }\nfinally { outcome b.broken() }";
    comes_to(text, &["p[0]: BrokenBarrier", "p[1]: BrokenBarrier", "true"]);
    let killed = "barrier b(2)\nprocess p { b.wait() }\nmain { let h = start p()\n h.kill()\n h.join()
         try { b.wait(timeout: 1s) } catch BrokenBarrier { } }";
    comes_to(killed, &[]);
}

#[test]
fn notifications_are_not_kept() {
    let text =
        "condition c\nprocess w { with c { c.wait() } }\nprocess n { with c { c.notify() } }\nfinally { outcome 1 }";
    comes_to(text, &["1", "deadlock"]);
    let wait_for = "condition c\natomic n = 0\nprocess w { with c { c.wait_for(n == 1) } }\n\
     process n1 { with c { n = 1\n c.notify() } }";
    comes_to(wait_for, &[]);
    let set = "event e\nprocess w { if not e.wait() { raise Never(\"\") } }\nmain { let h = start w()\n\
     e.set()\n e.clear() }";
    comes_to(set, &["deadlock"]);
}

#[test]
fn pools_run_each_task_once() {
    let text = "pool w(2)\natomic runs = 0\ntask f(n) { runs.add(1)\n return n }\n\
     main { let got = w.map(f, [3, 1, 2], chunk: 1)
         assert got == [3, 1, 2] }\nfinally { outcome runs }";
    comes_to(text, &["3"]);
    let cancelled = "pool w(1)\natomic runs = 0\ntask f() { runs.add(1) }\nmain { let r = w.apply_async(f)\n\
     let s = w.apply_async(f)
         let was = s.cancel()\n w.close()\n w.join()\n assert runs == (1 if was else 2)\n\
          assert s.cancelled() == was }\nfinally { outcome runs }";
    comes_to(cancelled, &["1", "2"]);
    let died = "pool w(1)\ntask f(n) { if n == 0 { exit(1) }\n return n }\nmain { let r = w.apply_async(f, 0)\n\
     let s = w.apply_async(f, 5)
         try { r.get()\n raise Wrong(\"\") } catch WorkerDied { }\n assert s.get() == 5 }";
    comes_to(died, &[]);
    let cut = "pool w(1)\ntask f() { }\nmain { let r = w.apply_async(f)\n w.terminate()\n w.join()\n\
     try { r.get() } catch PoolClosed { raise Cut(\"\") } }";
    comes_to(cut, &["main: Cut"]);
}

/// Starting and ending actors over and over does not make states grow, nor are there more and more of them.
#[test]
fn what_is_over_is_forgotten() {
    let again = machine("process w { }\nmain { loop { let h = start w()\n h.join() } }", Time::Any, false);
    let found = explore(&again, Limits { states: 1_000 }).expect("objects");
    assert!(found.complete && found.states < 20, "{}", found.states);

    let text = "pool p(1)\ntask f(n) { return n }\nprocess w { thread t { }\n start t() }
         main { let h = none\n for i in 0..300 { h = start w()\n h.join()\n p.apply_async(f, 0).get() } }";
    let machine = machine(text, Time::Any, false);
    let (mut state, _) = machine.initial().expect("objects");
    let (mut longest, mut most) = (0, (0, 0));
    while let Some(choice) = machine.choices(&state).last().cloned() {
        machine.step(&mut state, &choice).expect("a step that is offered");
        longest = longest.max(machine.canonical(&state).len());
        let size = state.size();
        most = (most.0.max(size.0), most.1.max(size.1));
    }
    assert!(state.exit_code() == Some(0) && longest < 1_500, "{longest}");
    assert!(most.0 < 140 && most.1 < 140, "{most:?}");
}

/// Which of two actors is numbered first does not matter.
#[test]
fn numbers_are_only_names() {
    let text = "queue made\nthread t[i in 0..2] { let h = start w(i)\n made.put([i, h]) }\n\
     process w(n) { queue own\n own.put(n)\n own.get(timeout: 1s) }
         main { let ts = start t\n join ts }";
    let machine = machine(text, Time::Any, false);
    let mut forms = Vec::new();
    for order in [[0, 1], [1, 0]] {
        let (mut state, _) = machine.initial().expect("objects");
        let go = |state: &mut conc::machine::State, name: &str| {
            let actor = state.named(name).expect("started");
            let choice = machine.choices(state).into_iter().find(|choice| choice.actor == actor).expect("a step");
            machine.step(state, &choice).expect("a step that is offered");
        };
        (0..2).for_each(|_| go(&mut state, "main"));
        order.iter().for_each(|i| go(&mut state, &format!("t[{i}]")));
        // Their own queues are made in the order of the starts; the first thread is always the first to put.
        ["w", "w#2"].into_iter().for_each(|name| go(&mut state, name));
        (0..2).for_each(|i| go(&mut state, &format!("t[{i}]")));
        forms.push(machine.canonical(&state));
    }
    assert_eq!(forms[0], forms[1]);
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn virtual_time_is_one_of_the_times(text in any_scenario(2)) {
        let (any, prompt) = (explored(&text, Time::Any), explored(&text, Time::Prompt));
        if any.complete && prompt.complete {
            prop_assert!(ends(&prompt).is_subset(&ends(&any)), "{}", text);
        }
    }
}

#[test]
fn an_invariant_is_watched_in_every_state() {
    let counting = |step: &str| {
        format!(
            "atomic n = 0\nqueue q(1)\nprocess p[i in 0..2] {{ {step} }}\ninvariant small: n < 2 and q.len() <= 1\n"
        )
    };
    comes_to(&counting("n.add(1) ; q.put(1) ; n.sub(1) ; q.get()"), &["invariant small"]);
    comes_to(&counting("q.put(1) ; n.add(1) ; n.sub(1) ; q.get()"), &[]);
}
