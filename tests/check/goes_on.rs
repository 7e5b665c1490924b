//! Schedules that go on for ever: where the whole graph of states is needed to tell, and where it is not.

use std::sync::Arc;

use conc::Scenario;
use conc::check::{Assumption, Bound, Checked, Failure, Limits, Options, Reduction, Verdict, check};

fn checked(text: &str, reduction: Reduction, states: usize) -> Checked {
    let plan = Arc::new(Scenario::from_str(text).plan(&[]).expect("a plan"));
    let limits = Limits { states, walked: 0, ..Limits::default() };
    check(&plan, &Options { limits, reduction, ..Options::new(512) }, &mut |_| {}).expect("objects")
}

/// Who has nothing to do with each other makes many states of few.
const BESIDE: &str = "const M = 4\nlock own[M]\nthread beside[i in 0..M] { for _ in 0..3 { with own[i] { pass } } }\n";

#[test]
fn where_an_end_can_be_come_to_from_everywhere_the_whole_graph_is_not_needed() {
    let spins = format!("{BESIDE}atomic go = false\nthread a {{ while not go {{ pass }} }}\nthread s {{ go = true }}");
    let circle =
        "const N = 6\nlock forks[N]\nthread p[i in 0..N] { loop { with forks[i], forks[(i + 1) % N] { pass } } }";
    for (text, verdict, states) in [(spins.as_str(), Verdict::Pass, 3_000), (circle, Verdict::Deadlock, 1_500)] {
        let part = checked(text, Reduction::Stubborn, states);
        assert_eq!((part.verdict, part.complete), (verdict, true), "{text}");
        assert_eq!(part.assumptions.contains(&Assumption::LeavesCycles), verdict == Verdict::Pass, "{text}");
        let whole = checked(text, Reduction::None, states);
        assert_eq!((whole.complete, whole.bound), (false, Some(Bound::States)), "{text}");
    }
}

#[test]
fn who_goes_round_for_ever_is_found_with_and_without_leaving_states_out() {
    let texts = [
        // Nobody ever sets it.
        format!("{BESIDE}atomic go = false\nthread a {{ while not go {{ pass }} }}"),
        // Only one who comes first is let through.
        format!(
            "{BESIDE}atomic n = 0\nthread a {{ n.add(1) ; while n == 1 {{ pass }} }}\nthread b {{ n.cas(0, 3) ; n.cas(1, 2) }}\nthread c {{ n.cas(2, 1) }}"
        ),
    ];
    for text in texts {
        // Few enough for the whole graph.
        let text = text.replace("M = 4", "M = 3");
        let [with, without] = [Reduction::Stubborn, Reduction::None].map(|how| checked(&text, how, 1_000_000));
        for checked in [&with, &without] {
            assert!(checked.complete, "{text}");
            let livelock = |failure: &Failure| matches!(failure, Failure::Livelock(names) if names == &["a"]);
            assert!(checked.failures().any(livelock), "{text}\n{:?}", checked.failures().collect::<Vec<_>>());
        }
        assert_eq!(with.verdict, without.verdict, "{text}");
    }
}

/// Of two alike, one ends and the other sets `done`: which one, depends on where the third was.
const LEFT_OF_TWO: &str = "
atomic loc = 1
atomic done = 0
atomic gone = 0
atomic pad = 1
thread p(i) {
    if loc == i {
        if i == 1 { yield ; yield ; yield }
        if gone.add(1) == 1 { return }
    }
    done = 1
}
thread s {
    while done == 0 { loc = 2 ; pad = 0 ; pad = 1 ; loc = 1 ; pad = 0 ; pad = 1 }
}
main { start p(1) ; start p(2) ; start s }
eventually finished: done == 1
";

#[test]
fn whoever_is_left_of_two_is_the_same_in_every_state() {
    let found = checked(LEFT_OF_TWO, Reduction::None, 1_000_000);
    assert_eq!((found.verdict, found.complete), (Verdict::Pass, true), "{:?}", found.failures().collect::<Vec<_>>());
    // And where neither has to go on, nobody sets it.
    let need_not = LEFT_OF_TWO.replace("    done = 1\n", "    await pad == 0 and loc == 2\n    done = 1\n");
    let found = checked(&need_not, Reduction::None, 1_000_000);
    let never = |failure: &Failure| matches!(failure, Failure::Never(name, _) if name == "finished");
    assert!(found.failures().any(never), "{:?}", found.failures().collect::<Vec<_>>());
}
