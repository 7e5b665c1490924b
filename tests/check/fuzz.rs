//! Random small scenarios, searched with and without reduction: neither may show what the other does not.
//!
//! `CHECK_FUZZ=n` compares n of them, `CHECK_FUZZ_FROM=seed` begins with another one.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Instant;

use conc::check::Verdict;
use conc::machine::{Rules, Time};

use super::agree::{Asked, Comparison, compared, is_twinned};
use super::small;

/// Scenarios, unless the environment asks for more.
const SCENARIOS: u64 = 500;
/// So many in ten must be small enough.
const COMPARED_MIN: u64 = 6;
/// It is told how far it has come after so many.
const TELL_EVERY: u64 = 10_000;
/// What several workers come by may be another thing at every run: so often it is looked whether they do again.
const TRIES: usize = 20;

/// The scenario of a seed.
fn scenario(seed: u64) -> String {
    let text = small::scenario(seed);
    if is_twinned(seed) { small::twinned(&text) } else { text }
}

/// What is wrong with a scenario in one of so many tries.
fn wrong(asked: &Asked, text: &str, tries: usize) -> Vec<String> {
    let mut all = (0..tries).filter_map(|_| compared(asked, text)).map(|one| one.differ);
    all.find(|differ| !differ.is_empty()).unwrap_or_default()
}

/// Leaves out every line without which the searches still disagree.
fn smallest(asked: &Asked, text: &str, tries: usize) -> String {
    let mut text = text.to_owned();
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
            (!wrong(asked, &shorter, tries).is_empty()).then_some(shorter)
        });
        match shorter {
            Some(shorter) => text = shorter,
            None => at += 1,
        }
    }
    text
}

/// What the searches of a seed disagreed about, with the smallest scenario of which they do.
fn told(seed: u64, text: &str, differ: &[String]) -> String {
    let asked = Asked::of(seed);
    let again = (0..TRIES).filter(|_| !wrong(&asked, text, 1).is_empty()).count();
    let tries = if again == TRIES { 1 } else { TRIES };
    let smallest = smallest(&asked, text, tries);
    let fewer = wrong(&asked, &smallest, tries).join("\n");
    let differ = differ.join("\n");
    format!("seed {seed}, {asked:?}\n{differ}\nagain in {again} of {TRIES}; of the smallest\n{fewer}\n{smallest}")
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
    // The best way goes on with one of two of whom the other is over, in a state that is one with the two exchanged.
    "atomic n = 0\natomic k = 0\natomic n0 = 0\nqueue q(order: lifo)\nlock a\n\
     thread p0 {\nwith a { n0.add(1) }\nselect { case x = q.get() { n0 = x } ; after 1ms { k.add(1) } }\n}\n\
     thread p1(h) { }\nmain { start p0 ; let p0 = start p0 ; let p1 = start p1(p0) }\n\
     invariant held: k < 2 or n > 0\n",
    // Where main stood on its way to its end was where it had come from, and so told by whoever came first.
    "atomic n = 0\natomic k = 0\nbarrier g(2) { n.add(1) ; assert n < 3 }\n\
     process p0 { if g.wait() == 0 { k.add(1) } }\nthread p1 { if g.wait() == 0 { k.add(1) } }\n\
     main { start p0\nstart p1\nif g.wait() == 0 { k.add(1) } }\n",
];

#[test]
fn what_was_lost_once_is_found() {
    for text in ONCE_LOST {
        let Comparison { differ, whole, reduced, .. } =
            compared(&Asked::all(), text).unwrap_or_else(|| panic!("too large, or wrong:\n{text}"));
        assert!(differ.is_empty(), "{differ:?}\n{text}");
        assert!(reduced < whole, "nothing is left out:\n{text}");
    }
}

/// Who may wake up by itself need not: it waits for ever as well.
const NEED_NOT_WAKE: &str = "lock m\ncondition c(m)\ncondition d(m)\natomic n = 0\n\
    thread a { with c { d.wait() ; n.add(1) } }\nthread b { with m { c.wait() } }";

#[test]
fn who_may_wake_up_need_not() {
    let all = Asked::all();
    let asked = Asked { rules: Rules { spurious: true, ..all.rules }, ..all };
    let Comparison { differ, .. } = compared(&asked, NEED_NOT_WAKE).expect("small enough");
    assert!(differ.is_empty(), "{differ:?}");
}

/// Who waits for an end does not call anything else there: no one can let `p` go on, wherever main stands.
const CALLS_NOTHING_ELSE: &str = "atomic n = 0\nqueue z(0)\nprocess p { n = z.get() }\nthread t(h) { while n == 0 { pass } }\n\
    main { let p = start p\nlet t = start t(p)\nyield\nt.join(timeout: 1ms) }";

#[test]
fn who_waits_for_an_end_calls_nothing_else() {
    let all = Asked::all();
    let asked = Asked { rules: Rules { time: Time::Prompt, ..all.rules }, ..all };
    let Comparison { differ, .. } = compared(&asked, CALLS_NOTHING_ELSE).expect("small enough");
    assert!(differ.is_empty(), "{differ:?}");
}

/// Whoever waits goes round by waking up by itself, and not otherwise.
const GOES_ROUND_BY_WAKING: &str = "atomic n = 0\ncondition c\nthread p { with c { c.wait_for(n > 1, timeout: 1ms) } }\n\
    process q(h) { }\nmain { let p = start p }\n";

#[test]
fn a_round_of_wakes_is_the_same_for_all_workers() {
    let all = Asked::all();
    let asked = Asked { rules: Rules { spurious: true, ..all.rules }, ..all };
    let Comparison { differ, .. } = compared(&asked, GOES_ROUND_BY_WAKING).expect("small enough");
    assert!(differ.is_empty(), "{differ:?}");
}

#[test]
fn no_two_are_the_same() {
    let texts: HashSet<String> = (0..SCENARIOS).map(scenario).collect();
    println!("{} of {SCENARIOS} texts", texts.len());
    assert!(texts.len() as u64 * 1_000 >= SCENARIOS * 999, "{}", texts.len());
}

/// What came of all that were compared.
#[derive(Default)]
struct Sums {
    compared: u64,
    smaller: u64,
    whole: usize,
    reduced: usize,
    /// How many were searched in what way as well.
    asked: BTreeMap<&'static str, u64>,
    verdicts: BTreeMap<Verdict, u64>,
    differing: Vec<u64>,
}

impl Sums {
    fn add(&mut self, seed: u64, one: &Comparison) {
        self.compared += 1;
        (self.whole, self.reduced) = (self.whole + one.whole, self.reduced + one.reduced);
        self.smaller += u64::from(one.reduced < one.whole);
        *self.verdicts.entry(one.verdict).or_default() += 1;
        let Asked { stubborn, sleep, symmetry, several, .. } = Asked::of(seed);
        let ways = [("stubborn", stubborn), ("sleep", sleep), ("symmetry", symmetry), ("several", several)];
        for (way, _) in ways.into_iter().filter(|(_, asked)| *asked) {
            *self.asked.entry(way).or_default() += 1;
        }
        if !one.differ.is_empty() {
            self.differing.push(seed);
        }
    }
}

#[test]
fn with_and_without_reduction_the_same_is_found() {
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let (from, count) = (number("CHECK_FUZZ_FROM").unwrap_or(0), number("CHECK_FUZZ").unwrap_or(SCENARIOS));
    let (begun, next, done) = (Instant::now(), AtomicU64::new(from), AtomicU64::new(0));
    let sums = Mutex::new(Sums::default());
    let look = |seed: u64| {
        let text = scenario(seed);
        let Some(one) = compared(&Asked::of(seed), &text) else { return };
        sums.lock().unwrap_or_else(PoisonError::into_inner).add(seed, &one);
        if !one.differ.is_empty() {
            println!("{}", told(seed, &text, &one.differ));
        }
    };
    let tell = |done: u64| {
        let differing = sums.lock().unwrap_or_else(PoisonError::into_inner).differing.len();
        let rate = done as f64 / begun.elapsed().as_secs_f64();
        println!("{done} of {count}: {differing} differ; {rate:.0} a second");
    };
    std::thread::scope(|scope| {
        for _ in 0..available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + count {
                        return;
                    }
                    look(seed);
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    if done.is_multiple_of(TELL_EVERY) {
                        tell(done);
                    }
                }
            });
        }
    });
    let sums = sums.into_inner().unwrap_or_else(PoisonError::into_inner);
    let Sums { compared, smaller, whole, reduced, asked, verdicts, differing } = sums;
    println!("{compared} of {count} compared, {smaller} were made smaller: {whole} states without, {reduced} with");
    println!("as well by {asked:?}; {verdicts:?}");
    assert!(differing.is_empty(), "{} of {count} differ, by seed: {differing:?}", differing.len());
    assert!(compared * 10 >= count * COMPARED_MIN, "only {compared} of {count} were small enough");
}
