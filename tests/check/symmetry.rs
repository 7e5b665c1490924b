//! Actors that differ only by which of them they are can be exchanged: states that differ only so are one.

use std::collections::BTreeSet;
use std::sync::Arc;

use conc::Scenario;
use conc::check::{Checked, Options, Reduction, check};
use conc::machine::{Machine, Rules};

use super::small;

/// States of a scenario at most.
const STATES_MAX: usize = 2_000;
/// Random scenarios.
const RANDOM: u64 = 150;

fn searched(text: &str, reduction: Reduction) -> Checked {
    let plan = Scenario::from_str(text).plan(&[]).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
    let options = Options { reduction, ..Options::new(512) };
    check(&Arc::new(plan), &options, &mut |_| {}).expect("its objects can be made")
}

/// By fingerprint and by fingerprint up to symmetry: how many states there are; none where there are too many.
fn counted(text: &str) -> Option<(usize, usize)> {
    let plan = Scenario::from_str(text).plan(&[]).ok()?;
    let machine = Machine::new(Arc::new(plan), Rules::exploring(512));
    let (initial, _) = machine.initial().ok()?;
    let (mut met, mut classes) = (BTreeSet::new(), BTreeSet::new());
    let mut left = vec![initial];
    while let Some(state) = left.pop() {
        if !met.insert(machine.fingerprint(&state)) {
            continue;
        }
        if met.len() > STATES_MAX {
            return None;
        }
        classes.insert(machine.fingerprint_up_to(&state, true));
        for choice in machine.choices(&state) {
            let mut next = state.clone();
            if machine.step(&mut next, &choice).is_ok() {
                left.push(next);
            }
        }
    }
    Some((met.len(), classes.len()))
}

/// The search meets no more states than there are classes, and mostly as many.
#[test]
fn the_search_meets_each_class_once() {
    let (mut compared, mut smaller, mut equal) = (0, 0, 0);
    for seed in 0..RANDOM {
        let text = small::twinned(&small::scenario(seed));
        let Some((states, classes)) = counted(&text) else { continue };
        let found = searched(&text, Reduction::Symmetry);
        if !found.complete {
            continue;
        }
        // Where an order is left open, two that could be exchanged may be told apart, on ways that are not walked; and
        // of those who join, joins that are still to come may be met or not.
        assert!(found.states <= classes, "seed {seed}: {states} states, {classes} classes, {}\n{text}", found.states);
        compared += 1;
        equal += u32::from(found.states == classes);
        smaller += u32::from(classes < states);
    }
    println!("{compared} compared, {smaller} with symmetry, {equal} met as many as there are");
    assert!(equal * 10 >= compared * 8, "{equal} of {compared}");
    assert!(compared > 20 && smaller > 10, "{compared} compared, {smaller} with symmetry");
}

/// N that take turns at one lock are as many states as there are ways to share N among the places where one can stand.
#[test]
fn those_who_do_the_same_are_counted_not_named() {
    let team = |count: u32| {
        format!(
            "lock m\natomic n = 0\nthread t[_i in 0..{count}] {{ with m {{ n.add(1) }} ; n.add(1) }}\nmain {{ start t }}\n"
        )
    };
    let states = |count: u32, reduction| searched(&team(count), reduction).states;
    let whole: Vec<usize> = (1..=5).map(|count| states(count, Reduction::None)).collect();
    let counted: Vec<usize> = (1..=5).map(|count| states(count, Reduction::Symmetry)).collect();
    insta::assert_debug_snapshot!((whole, counted));
}

/// Whom main only joins it does not tell apart.
#[test]
fn those_who_are_only_joined_are_counted_as_well() {
    let declared = "lock m\natomic n = 0\n";
    let does = "{ with m { n.add(1) } ; n.add(1) }\n";
    let mains = [
        "",
        "main { let all = start t ; for one in all { one.join() } }",
        "main { let all = start t ; n.add(1) ; join all }",
        "thread last { n.add(1) }\nmain { let all = start t ; let other = start last ; join other, all }",
        "task rest(all) { for one in all { one.join() } }\nmain { let all = start t ; rest(all) ; n.add(1) }",
    ];
    let all = mains.map(|main| {
        let team = |count: u32| format!("{declared}thread t[_i in 0..{count}] {does}{main}\n");
        let states = |count: u32, reduction| searched(&team(count), reduction).states;
        let of = |reduction| (1..=4).map(|count| states(count, reduction)).collect::<Vec<_>>();
        (of(Reduction::Symmetry), of(Reduction::All), states(3, Reduction::None))
    });
    insta::assert_debug_snapshot!(all);
}

/// An index that is read, a list of handles that is for more than joining all of them, a run that may come back, and
/// names that are looked at tell them apart.
#[test]
fn those_who_are_told_apart_are_not_exchanged() {
    let start = "main { let all = start t ; ";
    for (instance, does, main) in [
        ("i", "n.add(i + 1) ; n.add(i + 1)", "main { start t }"),
        ("_i", "n.add(1) ; print name() ; n.add(1)", "main { start t }"),
        ("_i", "n.add(1) ; n.add(1)", &format!("{start} for one in all {{ one.join() }} ; print all[0].is_alive() }}")),
        ("_i", "n.add(1) ; n.add(1)", &format!("{start} for one in all {{ one.join() ; n.add(1) }} }}")),
        ("_i", "n.add(1) ; n.add(1)", &format!("{start} for one in all {{ if one.is_alive() {{ one.join() }} }} }}")),
        ("_i", "n.add(1) ; while n == 0 { pass }", &format!("{start} join all }}")),
    ] {
        let text = format!("atomic n = 0\nthread t[{instance} in 0..3] {{ {does} }}\n{main}\n");
        let (whole, symmetric) = (searched(&text, Reduction::None), searched(&text, Reduction::Symmetry));
        assert_eq!(whole.states, symmetric.states, "{text}");
    }
}

/// Who joins itself fails when its turn comes, and not before: who is in such a list matters.
#[test]
fn who_joins_itself_is_told() {
    let text = "queue q\natomic n = 0\nthread t { n.add(1) }\n\
                thread u { let all = q.get() ; for one in all { one.join() } }\n\
                main { let all = [start t, start t] ; let own = start u ; all.push(own) ; q.put(all) }\n";
    let failures = |reduction| searched(text, reduction).failures().map(|one| one.key()).collect::<Vec<_>>();
    assert_eq!(failures(Reduction::None), failures(Reduction::All));
    assert!(!failures(Reduction::None).is_empty());
}

/// Whoever is woken first is first, whichever of them it is.
#[test]
fn an_order_that_matters_is_kept() {
    let text = "queue q\nprocess t { q.put(pid()) }\nshared first = 0\n\
                main { let a = start t ; let b = start t ; first = q.get() ; assert first == a.pid() }\n";
    let (whole, symmetric) = (searched(text, Reduction::None), searched(text, Reduction::Symmetry));
    let failures = |checked: &Checked| checked.failures().map(|failure| failure.key()).collect::<Vec<_>>();
    assert_eq!(failures(&whole), failures(&symmetric));
    assert!(!failures(&whole).is_empty());
}

#[test]
fn who_reads_together_does_so_in_no_order() {
    // The readers hold the lock when nobody leads to them any more, and have ended with different statuses; or hold
    // another lock, which tells them apart.
    let main = "main { let all = [start p, start p] }\n";
    for body in [
        "latch l(1)\nprocess p { w.read.acquire() ; l.count_down() }\n",
        "rlock r\nthread p { r.acquire(block: false) ; w.read.acquire() }\n",
    ] {
        let text = format!("rwlock w\n{body}{main}");
        let (one, other) = (searched(&text, Reduction::Symmetry), searched(&text, Reduction::All));
        assert!(one.complete && other.complete);
        assert_eq!((one.ends.len(), &one.ends), (1, &other.ends), "{text}");
    }
}

#[test]
fn whom_nobody_leads_to_is_nobody_in_particular() {
    // Main has come to its end, and the daemons go on for a while: which of them is which nobody knows any more.
    let text = "atomic n = 0\nlock a\nlock b\n\
                daemon thread p { with a, b { pass }\nwith a { n.add(1) } }\nmain { start p\nstart p }\nfinally { outcome n }\n";
    let (whole, asleep) = (searched(text, Reduction::None), searched(text, Reduction::Sleep));
    assert!(whole.complete && asleep.complete);
    assert_eq!(whole.states, asleep.states);
}
