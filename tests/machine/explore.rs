//! Every schedule of small scenarios.

use std::sync::Arc;

use conc::machine::{Explored, Limits, Machine, Rules, explore};

fn explored(text: &str) -> Explored {
    let plan = conc::Scenario::from_str(text).plan(&[]).expect("a correct scenario");
    let machine = Machine::new(Arc::new(plan), Rules::exploring(512));
    explore(&machine, Limits::default()).expect("objects that can be made")
}

#[test]
fn philosophers() {
    for (count, deadlocks) in [(2, true), (3, true)] {
        let text = format!(
            "const N = {count}\nlock forks[N]\nprocess philosopher[id in 0..N] {{\n\
             with forks[id], forks[(id + 1) % N] {{ print \"eats\" }}\n}}\n"
        );
        let found = explored(&text);
        assert!(found.complete);
        assert_eq!(found.has_deadlock(), deadlocks);
    }
}

#[test]
fn lost_update() {
    let found = explored("shared n = 0\nprocess p[i in 0..2] { n += 1 }\nfinally { outcome n }\n");
    assert_eq!(found.outcomes.keys().cloned().collect::<Vec<_>>(), ["1", "2"]);
    assert!(found.passes(), "{:?}", found.failures);
}

#[test]
fn the_tutorial_can_be_explored() {
    // Small enough to be covered, and nothing goes wrong in any schedule.
    for name in ["pipe_rules", "pipe_send", "pipe_talk", "pool_apply", "process", "queue_timeouts", "thread"] {
        let text = std::fs::read_to_string(format!("scenarios/tutorial/{name}.conc")).expect("a scenario");
        let found = explored(&text);
        assert!(found.passes(), "{name}: {} states, {:?}", found.states, found.failures);
        assert!(found.passed > 0, "{name}");
    }
}
