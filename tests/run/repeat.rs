//! `--repeat`, `--set`, and what of `expect` a run can see.

use super::harness::run_with;

#[test]
fn distinct_outcomes_are_counted() {
    let text = "shared n = 0\nprocess p[i in 0..2] { n += 1 }\nfinally { outcome n }";
    let seen = run_with(&["--repeat", "30", "--schedule", "random", "--seed", "1"], text);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    assert!(seen.stdout.starts_with("2 outcomes in 30 runs\n"), "{}", seen.stdout);
    assert!(seen.stdout.contains("%  outcome 1  (first in run "), "{}", seen.stdout);
    assert!(seen.stdout.contains("%  outcome 2  (first in run "), "{}", seen.stdout);
    // The seed that is shown leads to that outcome, and all of it is the same every time.
    assert_eq!(run_with(&["--repeat", "30", "--schedule", "random", "--seed", "1"], text).stdout, seen.stdout);
    for line in seen.stdout.lines().skip(1) {
        let seed = line.rsplit(' ').next().unwrap_or_default().trim_end_matches(')');
        let outcome = line.split("outcome ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
        let again = run_with(&["--schedule", "random", "--seed", seed, "--outline"], text);
        assert!(again.stdout.contains(&format!("outcome {outcome}")), "{line}\n{}", again.stdout);
    }
}

#[test]
fn the_worst_run_decides() {
    let text = "lock a\nlock b\nprocess p { with a { with b { pass } } }\nprocess q { with b { with a { pass } } }";
    let seen = run_with(&["--repeat", "40", "--schedule", "random", "--seed", "1", "--verify"], text);
    assert_eq!(seen.code, Some(3), "{}", seen.stdout);
    assert!(seen.stdout.contains("passed") && seen.stdout.contains("deadlock of main, p, q"), "{}", seen.stdout);
    // Said once, however often it came.
    assert_eq!(seen.stderr.matches("deadlock: p waits in b.acquire()").count(), 1, "{}", seen.stderr);
    let expected = format!("{text}\nexpect deadlock");
    let seen = run_with(&["--repeat", "40", "--schedule", "random", "--seed", "1"], &expected);
    assert_eq!(seen.code, Some(0), "{}", seen.stdout);
}

#[test]
fn without_an_outcome_the_lines_count_in_whatever_order() {
    let text = "process p[i in 0..3] { print i }\nmain { start p }";
    let seen = run_with(&["--repeat", "5", "--perturb", "1", "--verify"], text);
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    let first = "1 outcome in 5 runs\n     5 100.0%  passed  (first in run 1: --perturb 1)\n";
    assert_eq!(seen.stdout, format!("{first}               0\n               1\n               2\n"));
}

#[test]
fn outcomes_are_compared_with_the_expected_ones() {
    let text = "const N = 2\nshared n = 0\nmain { n = N }\nfinally { outcome n }\nexpect outcomes { 2, 3 }";
    assert_eq!(run_with(&[], text).code, Some(0));
    let seen = run_with(&["--set", "N=5"], text);
    assert_eq!(seen.code, Some(1));
    assert!(seen.stderr.contains("the outcome 5 is not among the expected ones: 2, 3"), "{}", seen.stderr);
}

#[test]
fn expected_outcomes_may_be_computed() {
    let text = "const N = 2\nmain { pass }\nfinally { outcome [N, N] }\nexpect outcomes { [N, 4 // 2], [0; 2] }";
    assert_eq!(run_with(&[], text).code, Some(0));
    let seen = run_with(&[], "main { pass }\nfinally { outcome 1 }\nexpect outcomes { 1 // 0 }");
    assert_eq!(seen.code, Some(2), "{}", seen.stderr);
}

#[test]
fn what_a_run_cannot_see_is_said_once() {
    let text = "shared n = 0\nmain { n = 1 }\neventually done: n == 1\ninvariant small: n < 2\nexpect livelock";
    let end = "; `conc check` looks for it\n";
    let free = run_with(&[], text);
    assert_eq!(free.stderr, format!("not seen by a run: `expect livelock`, `eventually done`, `invariant small`{end}"));
    let turns = run_with(&["--schedule", "fifo", "--repeat", "3"], text);
    assert_eq!(turns.stderr, format!("not seen by a run: `expect livelock`, `eventually done`{end}"));
    assert_eq!(run_with(&[], "main { pass }\nexpect pass").stderr, "");
}

#[test]
fn constants_of_every_kind() {
    let text = "const N = 1\nmain { print N }";
    for (given, shown) in [
        ("7", "7"),
        ("-7", "-7"),
        ("0.5", "0.5"),
        ("true", "true"),
        ("none", "none"),
        ("250ms", "250ms"),
        ("\"text\"", "text"),
        ("[1, [2]]", "[1, [2]]"),
        ("{a: 1}", "{a: 1}"),
        ("{1, 2}", "{1, 2}"),
        ("0..3", "0..3"),
    ] {
        let seen = run_with(&["--set", &format!("N={given}")], text);
        assert_eq!((seen.stdout.trim_end(), seen.code), (shown, Some(0)), "{given}: {}", seen.stderr);
    }
    let seen = run_with(&["--set", "M=7"], "const COUNT = 1\nmain { print COUNT }");
    assert_eq!(seen.code, Some(2));
    let seen = run_with(&["--set", "COUMT=7"], "const COUNT = 1\nmain { print COUNT }");
    assert!(seen.code == Some(2) && seen.stderr.contains("COUNT"), "{}", seen.stderr);
    let seen = run_with(&["--set", "N=1 +"], text);
    assert_eq!(seen.code, Some(2));
    let seen = run_with(&["--set", "N=\"many\""], "const N = 1\nprocess p[i in 0..N] { pass }\nmain { start p }");
    assert!(seen.code == Some(2) && seen.stderr.contains("-->"), "{}", seen.stderr);
}
