//! Random small scenarios, searched with and without reduction: neither may show what the other does not.
//!
//! `CHECK_FUZZ=n` compares n of them, `CHECK_FUZZ_FROM=seed` begins with another one.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use conc::Scenario;
use conc::check::{Checked, Failure, Limits, Options, Reduction, check};
use conc::machine::Time;

use super::small;

/// Scenarios, unless the environment asks for more.
const SCENARIOS: u64 = 150;
/// States of the whole search at most; what has more is passed over.
const STATES_MAX: usize = 3_000;
/// States after which others help.
const WORKERS_FROM: usize = 8;
/// So many in ten must be small enough.
const COMPARED_MIN: u64 = 6;

/// The rules under which the scenario of a seed is searched.
fn options(seed: u64, reduction: Reduction) -> Options {
    let limits =
        Limits { states: STATES_MAX, states_failed: STATES_MAX, states_best: 30_000, walked: 0, ..Limits::default() };
    let mut options = Options { reduction, limits, ..Options::new(512) };
    match seed % 16 {
        0 => options.rules.crashes = 1,
        1..4 => options.rules.time = Time::Prompt,
        4 => {
            options.rules.time = Time::Prompt;
            options.rules.crashes = 1;
        }
        5 => options.rules.spurious = true,
        _ => {}
    }
    options
}

/// The same where others help soon; for some, states are told apart by all that they are.
fn abreast(seed: u64) -> Options {
    let options = options(seed, Reduction::All);
    let limits = Limits { alone: WORKERS_FROM, ..options.limits };
    Options { limits, workers: 3, exact: seed % 8 < 3, ..options }
}

fn searched(text: &str, options: &Options) -> Option<Checked> {
    let plan = Scenario::from_str(text).plan(&[]).ok()?;
    check(&Arc::new(plan), options, &mut |_| {}).ok()
}

/// The failures that must be the same: all but deadlocks, by place.
fn failures(checked: &Checked) -> BTreeSet<String> {
    let others = checked.failures().filter(|failure| !matches!(failure, Failure::Deadlock(_)));
    others.map(|failure| format!("{:?}", failure.key())).collect()
}

type Places = BTreeSet<(String, u32)>;

fn deadlocks(checked: &Checked) -> BTreeSet<Places> {
    let deadlocks = checked.failures().filter(|failure| matches!(failure, Failure::Deadlock(_)));
    deadlocks.map(|failure| failure.key().places().iter().cloned().collect()).collect()
}

/// What the searches of a scenario disagree about; states without reduction and with all of it. None where it is not
/// one, or too large.
fn compared(seed: u64, text: &str) -> Option<(Vec<String>, usize, usize)> {
    let search = |reduction| searched(text, &options(seed, reduction));
    let whole = search(Reduction::None).filter(|whole| whole.complete)?;
    let symmetric = search(Reduction::Symmetry)?;
    let all = search(Reduction::All)?;
    let mut differ = differences("stubborn", &whole, &search(Reduction::Stubborn)?, true);
    differ.extend(differences("sleep", &whole, &search(Reduction::Sleep)?, true));
    differ.extend(differences("symmetry", &whole, &symmetric, false));
    differ.extend(differences("all", &symmetric, &all, true));
    let crew = searched(text, &abreast(seed))?;
    differ.extend(differences("several workers", &symmetric, &crew, true));
    differ.extend(otherwise(&all, &crew));
    Some((differ, whole.states, all.states))
}

/// What one and several workers must agree about beside that: what a user is told.
fn otherwise(one: &Checked, several: &Checked) -> Vec<String> {
    let cost =
        |checked: &Checked| checked.counterexample.as_ref().map(|way| (way.failure.clone(), way.cost, way.minimal));
    let told = |checked: &Checked| format!("{:?} {:?} {:?}", checked.verdict, cost(checked), checked.assumptions);
    let mut differ = Vec::new();
    if told(one) != told(several) {
        differ.push(format!("one worker: {}, several: {}", told(one), told(several)));
    }
    if several.complete && several.collisions.is_some_and(|collisions| collisions > 0) {
        differ.push(format!("{:?} collisions", several.collisions));
    }
    differ
}

/// What two searches of a scenario disagree about. Ends have the same fingerprints in both or are fewer.
fn differences(how: &str, whole: &Checked, reduced: &Checked, same_ends: bool) -> Vec<String> {
    let mut differ = Vec::new();
    let mut same = |what: &str, whole: String, reduced: String| {
        if whole != reduced {
            differ.push(format!("{how}, {what}: without {whole}, with it {reduced}"));
        }
    };
    same("complete", whole.complete.to_string(), reduced.complete.to_string());
    same("exits", format!("{:?}", whole.exits), format!("{:?}", reduced.exits));
    same("failures", format!("{:?}", failures(whole)), format!("{:?}", failures(reduced)));
    same("outcomes", format!("{:?}", whole.outcomes), format!("{:?}", reduced.outcomes));
    if same_ends {
        let both = whole.ends.intersection(&reduced.ends).count().to_string();
        same("ends", whole.ends.len().to_string(), both.clone());
        same("ends that there are", reduced.ends.len().to_string(), both);
    }
    // Who can never go on stays so: of the states in which some cannot, the last ones are enough.
    let (all, some) = (deadlocks(whole), deadlocks(reduced));
    let is_met = |places: &&Places| some.iter().any(|larger| larger.is_superset(places));
    let lost: Vec<&Places> = all.iter().filter(|places| !is_met(places)).collect();
    same("deadlocks", format!("{lost:?}"), "[]".to_owned());
    let strange: Vec<&Places> = some.difference(&all).collect();
    same("deadlocks that there are", "[]".to_owned(), format!("{strange:?}"));
    if reduced.states > whole.states {
        differ.push(format!("{how}: {} states without, {} with it", whole.states, reduced.states));
    }
    differ
}

/// Leaves out every line without which the two still disagree.
fn smallest(seed: u64, text: &str) -> String {
    let mut text = text.to_owned();
    let differs = |text: &str| compared(seed, text).is_some_and(|(differ, ..)| !differ.is_empty());
    let mut at = 0;
    while at < text.lines().count() {
        let keeps = |number: usize, least: usize, more: usize| number < least || number >= least + more;
        // A whole body goes at once, else a line.
        let body = text.lines().skip(at).position(|line| line == "}").map_or(1, |end| end + 1);
        let shorter = [body, 1].into_iter().find_map(|lines| {
            let left: Vec<&str> = text
                .lines()
                .enumerate()
                .filter(|(number, _)| keeps(*number, at, lines))
                .map(|(_, line)| line)
                .collect();
            let shorter = left.join("\n") + "\n";
            differs(&shorter).then_some(shorter)
        });
        match shorter {
            Some(shorter) => text = shorter,
            None => at += 1,
        }
    }
    text
}

/// Each was found by this, and is as small as it gets.
const ONCE_LOST: &[&str] = &[
    // What an `await` had not yet looked at was changed before it came to look.
    "atomic n = 0\natomic k = 0\nprocess p { n = n + 1 }\nthread t { await n == 1 and k == 0 }\n\
     main { start p; start t; k.add(1) }\n",
    // A lock that its holder believes to hold was released by another.
    "lock a\nlock b\nprocess p { with b { with a { yield } } }\n\
     thread t { with a { with b { with a { yield } } } }\n\
     main { start p; start t; a.release(); with a, b { pass } }\n",
];

#[test]
fn what_was_lost_once_is_found() {
    for text in ONCE_LOST {
        // A seed with the plain rules.
        let (differ, whole, reduced) = compared(15, text).unwrap_or_else(|| panic!("too large, or wrong:\n{text}"));
        assert!(differ.is_empty(), "{differ:?}\n{text}");
        assert!(reduced < whole, "nothing is left out:\n{text}");
    }
}

/// Who may wake up by itself need not: it waits for ever as well. The seed has those rules.
const NEED_NOT_WAKE: (u64, &str) = (
    302_421,
    "lock m\ncondition c(m)\ncondition d(m)\natomic n = 0\n\
     thread a { with c { d.wait() ; n.add(1) } }\nthread b { with m { c.wait() } }",
);

#[test]
fn who_may_wake_up_need_not() {
    let (seed, text) = NEED_NOT_WAKE;
    assert!(options(seed, Reduction::All).rules.spurious);
    let (differ, ..) = compared(seed, text).expect("small enough");
    assert!(differ.is_empty(), "{differ:?}");
}

#[derive(Default)]
struct Sums {
    compared: u64,
    smaller: u64,
    whole: usize,
    reduced: usize,
}

#[test]
fn with_and_without_reduction_the_same_is_found() {
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let (from, count) = (number("CHECK_FUZZ_FROM").unwrap_or(0), number("CHECK_FUZZ").unwrap_or(SCENARIOS));
    let next = AtomicU64::new(from);
    let (sums, differing) = (Mutex::new(Sums::default()), Mutex::new(Vec::new()));
    let look = |seed: u64| {
        let text = small::scenario(seed);
        let text = if seed % 4 > 1 { small::twinned(&text) } else { text };
        let Some((differ, whole, reduced)) = compared(seed, &text) else { return };
        let mut sums = sums.lock().unwrap_or_else(PoisonError::into_inner);
        (sums.compared, sums.whole, sums.reduced) = (sums.compared + 1, sums.whole + whole, sums.reduced + reduced);
        sums.smaller += u64::from(reduced < whole);
        drop(sums);
        if !differ.is_empty() {
            let smallest = smallest(seed, &text);
            let fewer = compared(seed, &smallest).map_or(differ.clone(), |(differ, ..)| differ);
            // What several workers come by may be another thing at every run.
            let differ = if fewer.is_empty() { differ } else { fewer }.join("\n");
            let message = format!("seed {seed}, {:?}\n{differ}\n{smallest}", options(seed, Reduction::All).rules);
            println!("{message}");
            differing.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + count {
                        return;
                    }
                    look(seed);
                }
            });
        }
    });
    let sums = sums.into_inner().unwrap_or_else(PoisonError::into_inner);
    let Sums { compared, smaller, whole, reduced } = sums;
    println!("{compared} of {count} compared, {smaller} were made smaller: {whole} states without, {reduced} with");
    let differing = differing.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(differing.is_empty(), "{} of {count} differ:\n{}", differing.len(), differing.join("\n"));
    assert!(compared * 10 >= count * COMPARED_MIN, "only {compared} of {count} were small enough");
}
