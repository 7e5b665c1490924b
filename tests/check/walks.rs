//! Random walks where a limit was reached first.

use std::sync::Arc;

use conc::Scenario;
use conc::check::{Checked, Limits, Options, Verdict, check};

fn checked(text: &str, limits: Limits, seed: u64) -> Checked {
    let plan = Arc::new(Scenario::from_str(text).plan(&[]).expect("a plan"));
    check(&plan, &Options { limits, seed, ..Options::new(512) }, &mut |_| {}).expect("objects")
}

fn philosophers(second: &str) -> String {
    format!(
        "const N = 6\nlock forks[N]\nthread p[i in 0..N] {{ with forks[min(i, {second})], forks[max(i, {second})] {{ pass }} }}"
    )
}

#[test]
fn what_every_fourth_schedule_leads_to_is_found_by_walks() {
    let text =
        philosophers("(i + 1) % N").replace("min(i, (i + 1) % N)", "i").replace("max(i, (i + 1) % N)", "(i + 1) % N");
    for seed in 1..=5 {
        let limits = Limits { states: 10, walked: 20_000, ..Limits::default() };
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
