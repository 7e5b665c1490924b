//! Random walks: the burst ahead of the exhaustive search, and those where a limit was reached first.

use std::sync::Arc;

use conc::Scenario;
use conc::check::{Checked, Limits, Options, Verdict, check, first_failure};

fn checked(text: &str, limits: Limits, seed: u64) -> Checked {
    let plan = Arc::new(Scenario::from_str(text).plan(&[]).expect("a plan"));
    check(&plan, &Options { limits, seed, ..Options::new(512) }, &mut |_| {}).expect("objects")
}

fn philosophers(second: &str) -> String {
    format!(
        "const N = 6\nlock forks[N]\nthread p[i in 0..N] {{ with forks[min(i, {second})], forks[max(i, {second})] {{ pass }} }}"
    )
}

/// Everyone takes the left fork first.
fn in_a_circle(count: usize, times: usize) -> String {
    format!(
        "const N = {count}\nlock forks[N]\nthread p[i in 0..N] {{ for _ in 0..{times} {{ with forks[i], forks[(i + 1) % N] {{ pass }} }} }}"
    )
}

#[test]
fn a_burst_of_walks_goes_ahead_of_the_search() {
    for seed in 1..=5 {
        let limits = Limits { states: 10, walked: 0, ..Limits::default() };
        let without = checked(&in_a_circle(6, 1), Limits { burst: 0, ..limits }, seed);
        let checked = checked(&in_a_circle(6, 1), limits, seed);
        assert_eq!((checked.verdict, checked.sampled), (Verdict::Deadlock, None), "{seed}");
        assert_eq!(without.verdict, Verdict::Limit);
        // What is told of the search is told of the exhaustive one.
        assert!(!checked.complete && checked.states <= 11, "{}", checked.states);
    }
}

/// It fails where `c` comes before `a`; depth first, all that the others can do is looked at before.
const LATE: &str = "atomic k = 0\nlock m\nthread c { k = 1 }\n\
                    thread b[i in 0..2] { for _ in 0..20 + i { with m { pass } } }\nthread a { assert k == 0 }";

#[test]
fn once_walks_have_failed_the_search_goes_no_further_than_for_a_failure() {
    let limits = Limits { states: 1_000, states_failed: 100, walked: 0, ..Limits::default() };
    let least = checked(LATE, Limits { burst: 0, ..limits }, 1);
    assert_eq!((least.verdict, least.states), (Verdict::Limit, 1_001));
    let walked = checked(LATE, limits, 1);
    assert_eq!((walked.verdict, walked.states, walked.complete), (Verdict::Assertion, 101, false));
    assert!(walked.counterexample.is_some_and(|one| one.minimal));
}

#[test]
fn a_burst_changes_nothing_that_is_told_of_what_was_explored_to_the_end() {
    let raises = "lock m\nlock n\natomic k = 0\nthread a { with m, n { k.add(1) } }\n\
                  thread b { with n, m { k.add(1) ; raise Oops(\"oops\") } }\n\
                  thread c[_i in 0..2] { for _ in 0..20 { with m { pass } } }";
    for text in [LATE, raises, &in_a_circle(5, 3), &philosophers("(i + 1) % N")] {
        for seed in 1..=3 {
            let with = checked(text, Limits::default(), seed);
            let without = checked(text, Limits { burst: 0, ..Limits::default() }, seed);
            assert!(with.complete && without.complete, "{text}");
            assert_eq!(
                (with.verdict, with.states, with.transitions, with.depth, &with.also, &with.outcomes, &with.exits),
                (
                    without.verdict,
                    without.states,
                    without.transitions,
                    without.depth,
                    &without.also,
                    &without.outcomes,
                    &without.exits
                ),
                "{text}"
            );
            let way = |checked: &Checked| {
                checked
                    .counterexample
                    .as_ref()
                    .map(|one| (one.failure.clone(), one.lines.clone(), one.cost, one.minimal))
            };
            assert_eq!(way(&with), way(&without), "{text}");
        }
    }
}

#[test]
fn walks_end_with_the_first_failure() {
    let plan = Arc::new(Scenario::from_str(&in_a_circle(8, 1)).plan(&[]).expect("a plan"));
    let walked = |seed| first_failure(&plan, &Options { seed, ..Options::new(512) }, 10_000).expect("objects");
    let (one, again, other) = (walked(1), walked(1), walked(2));
    assert_eq!((one.schedules, one.steps), (again.schedules, again.steps));
    assert_ne!((one.schedules, one.steps), (other.schedules, other.steps));
    for walked in [one, again, other] {
        let [(failure, way)] = &walked.failures[..] else { panic!("{:?}", walked.failures) };
        assert_eq!(failure.verdict(), Verdict::Deadlock);
        // Everyone is started, and takes one fork at least.
        assert!(way.len() >= 16 && walked.steps >= way.len(), "{} {}", way.len(), walked.steps);
    }
    let plan = Arc::new(Scenario::from_str(&philosophers("(i + 1) % N")).plan(&[]).expect("a plan"));
    let none = first_failure(&plan, &Options::new(512), 30).expect("objects");
    assert!(none.failures.is_empty() && none.schedules == 30 && none.steps > 30 * 12, "{none:?}");
}

#[test]
fn what_every_fourth_schedule_leads_to_is_found_by_walks() {
    let text =
        philosophers("(i + 1) % N").replace("min(i, (i + 1) % N)", "i").replace("max(i, (i + 1) % N)", "(i + 1) % N");
    for seed in 1..=5 {
        let limits = Limits { states: 10, burst: 0, walked: 20_000, ..Limits::default() };
        let checked = checked(&text, limits, seed);
        assert_eq!(checked.verdict, Verdict::Deadlock, "{seed}");
        assert!(checked.sampled.is_some_and(|sampled| sampled.schedules > 0 && sampled.steps < 20_000), "{seed}");
    }
}

#[test]
fn what_is_left_is_estimated() {
    let text = philosophers("(i + 1) % N");
    let all = checked(&text, Limits::default(), 1);
    assert_eq!((all.verdict, all.sampled), (Verdict::Pass, None));
    let part = Limits { states: 20, walked: 3_000, ..Limits::default() };
    let (one, again, other) = (checked(&text, part, 1), checked(&text, part, 1), checked(&text, part, 2));
    assert_eq!(one.verdict, Verdict::Limit);
    let sampled = one.sampled.expect("walks");
    assert_eq!(Some(sampled), again.sampled);
    assert_ne!(Some(sampled), other.sampled);
    assert!(sampled.steps == 3_000 && sampled.schedules > 20, "{sampled:?}");
    assert!(sampled.states as u64 <= sampled.estimate, "{sampled:?}");
    // Walks leave nothing out: they meet states that the reduction does not have to look at.
    let options = Options { reduction: conc::check::Reduction::None, ..Options::new(512) };
    let plan = Arc::new(Scenario::from_str(&text).plan(&[]).expect("a plan"));
    let whole = check(&plan, &options, &mut |_| {}).expect("objects");
    assert!(sampled.states <= whole.states && sampled.estimate as usize <= 2 * whole.states, "{sampled:?}");
}

#[test]
fn how_far_a_search_has_come_is_told_and_never_falls() {
    let plan = Arc::new(Scenario::from_str(LATE).plan(&[]).expect("a plan"));
    let mut told = Vec::new();
    let all = check(&plan, &Options::new(512), &mut |progress| told.push(progress)).expect("objects");
    assert!(all.complete && told.len() > 1, "{}", told.len());
    assert!(told.is_sorted_by(|one, next| one.share <= next.share && one.states <= next.states), "{told:?}");
    assert!(told.iter().all(|one| (0.0..=1.0).contains(&one.share) && one.states <= all.states), "{told:?}");
    // Walks have come by a failure before.
    assert!(told.iter().all(|one| one.fails) && told.iter().any(|one| one.left > 0), "{told:?}");
}
