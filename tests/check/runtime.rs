//! The parts of the runtime that do without a lock, as scenarios: that they hold under every schedule, and that what
//! they do is needed.

use std::path::Path;
use std::sync::Arc;

use conc::Scenario;
use conc::check::{Options, Verdict, check};

fn verdict(text: &str) -> Verdict {
    let plan = Arc::new(Scenario::from_str(text).plan(&[]).expect("a plan"));
    check(&plan, &Options::new(512), &mut |_| {}).expect("objects").verdict
}

fn text(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check/runtime").join(name);
    std::fs::read_to_string(file).expect("a file")
}

/// A text with one thing done otherwise.
fn otherwise(text: &str, as_it_is: &str, otherwise: &str) -> String {
    assert_eq!(text.matches(as_it_is).count(), 1, "{as_it_is}");
    text.replace(as_it_is, otherwise)
}

#[test]
fn the_lock_is_held_by_one_and_nobody_is_forgotten() {
    let lock = text("lock.conc");
    assert_eq!(verdict(&lock), Verdict::Pass);
    // Without the mark, whoever gives it back does not know of the list.
    let unmarked = otherwise(&lock, "word.cas(w, holder(w) + WAITED)", "word.cas(w, w)");
    assert_eq!(verdict(&unmarked), Verdict::Deadlock);
    // Without those left on the list it would be forgotten.
    let forgotten = otherwise(&lock, "{ word = WAITED } else { word = 0 }", "{ word = 0 } else { word = 0 }");
    assert_eq!(verdict(&forgotten), Verdict::Deadlock);
    // Told to try, and not that it is free: it is not.
    let believed = otherwise(&lock, "bell[me - 1].acquire()", "bell[me - 1].acquire()\n        return");
    assert_eq!(verdict(&believed), Verdict::Race);
}

#[test]
fn whoever_says_that_it_sleeps_is_woken() {
    let wake = text("wake.conc");
    assert_eq!(verdict(&wake), Verdict::Pass);
    let unsaid = otherwise(&wake, "if asleep.swap(1) == 0 { continue }", "");
    assert_eq!(verdict(&unsaid), Verdict::Deadlock);
    let before = otherwise(
        &wake,
        "    done = 1\n    if asleep == 1 {",
        "    let is_asleep = asleep == 1\n    done = 1\n    if is_asleep {",
    );
    assert_eq!(verdict(&before), Verdict::Deadlock);
}

#[test]
fn what_was_counted_is_collected_and_no_chunk_is_given_back_before() {
    let collect = text("collect.conc");
    assert_eq!(verdict(&collect), Verdict::Pass);
    // A chunk that has another behind it is complete, but only if that is seen first.
    let used_first = otherwise(
        &collect,
        "            let behind = next[at]\n            let full = used[at]\n",
        "            let full = used[at]\n            let behind = next[at]\n",
    );
    assert_eq!(verdict(&used_first), Verdict::Assertion);
    let counted_late = otherwise(
        &collect,
        "        let counted = told\n        if at == 0 { at = first }\n",
        "        if at == 0 { at = first }\n        let counted = told\n",
    );
    assert_eq!(verdict(&counted_late), Verdict::Assertion);
    let given_back_unread = otherwise(&collect, "behind == 0 or read < full", "behind == 0");
    assert_eq!(verdict(&given_back_unread), Verdict::Assertion);
}

#[test]
fn a_queue_is_used_at_both_ends_at_once() {
    let ends = text("ends.conc");
    assert_eq!(verdict(&ends), Verdict::Pass);
    // The last message is the back's as well.
    let last = otherwise(&ends, "m == 0 or next[m] == 0 or putter != 0", "m == 0 or putter != 0");
    assert_eq!(verdict(&last), Verdict::Deadlock);
    // Whoever waits for room has it at once.
    let passed_over = otherwise(&ends, "m == 0 or next[m] == 0 or putter != 0", "m == 0 or next[m] == 0");
    assert_eq!(verdict(&passed_over), Verdict::Assertion);
    let unseen =
        otherwise(&ends, "        with front {\n            if getter", "        if true {\n            if getter");
    assert_eq!(verdict(&unseen), Verdict::Assertion);
    let half = "    with back {\n        with front {\n            let m = first";
    let behind_its_back = otherwise(&ends, half, "    if true {\n        with front {\n            let m = first");
    assert_eq!(verdict(&behind_its_back), Verdict::Deadlock);
    let overfull = otherwise(&ends, "last // 10 == 0 or not has_room()", "last // 10 == 0");
    assert_eq!(verdict(&overfull), Verdict::Assertion);
}
