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
