//! Near matches: what the writer may have meant.
//!
//! Answers for: the closest of some names, if it is close enough to be a slip. Never says what names there are.

use std::sync::Arc;

/// The candidate that is nearest to a name, if it is near enough to be meant; the first of equals.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<Arc<str>> {
    const LENGTH_MAX: usize = 64;
    let wanted: Vec<char> = name.chars().take(LENGTH_MAX + 1).collect();
    if wanted.len() > LENGTH_MAX {
        return None;
    }
    let allowed = match wanted.len() {
        // Of short names only the case may differ: others are too alike.
        0..=2 => 0,
        3..=7 => 2,
        _ => 3,
    };
    let mut best: Option<((usize, usize), &str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().take(LENGTH_MAX).collect();
        if candidate == name || letters.len().abs_diff(wanted.len()) > allowed {
            continue;
        }
        let apart = distance(&wanted, &letters, false);
        let plausible = apart <= allowed && apart < letters.len().max(wanted.len());
        // Of two that are as near, the one in the same case.
        let apart = (apart, distance(&wanted, &letters, true));
        if plausible && best.is_none_or(|(least, _)| apart < least) {
            best = Some((apart, candidate));
        }
    }
    best.map(|(_, candidate)| candidate.into())
}

/// How many letters have to be put in, left out, replaced or swapped with their neighbour; whether case counts is said.
fn distance(a: &[char], b: &[char], case_counts: bool) -> usize {
    let same = |x: char, y: char| x == y || !case_counts && x.to_lowercase().eq(y.to_lowercase());
    let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let replaced = at(&above, j) + usize::from(!same(x, y));
            let mut least = replaced.min(at(&above, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1).is_some_and(|&p| same(p, y)) && b.get(j - 1) == Some(&x);
            if swapped {
                least = least.min(at(&before, j - 1) + 1);
            }
            row.push(least);
        }
        before = above;
        above = row;
    }
    at(&above, b.len())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[track_caller]
    fn check(name: &str, candidates: &[&str], expected: Option<&str>) {
        assert_eq!(nearest(name, candidates.iter().copied()).as_deref(), expected);
    }

    #[test]
    fn slips_are_seen_through() {
        check("aquire", &["release", "acquire", "locked"], Some("acquire"));
        check("True", &["type", "true"], Some("true"));
        check("pritn", &["print"], Some("print"));
        check("put_nowiat", &["put", "put_nowait"], Some("put_nowait"));
        check("ordrs", &["ORDERS", "orders"], Some("orders"));
    }

    #[test]
    fn other_words_are_not() {
        check("banana", &["acquire", "release"], None);
        check("x", &["y"], None);
        check("", &["y"], None);
        check(&"a".repeat(100_000), &["a"], None);
    }
}
