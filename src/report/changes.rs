//! Two texts, and where their lines differ.
//!
//! Answers for: the changed lines with a few around them, never more than fit a few screens. Never says which is right.

use std::time::Duration;

use similar::{ChangeTag, TextDiff};

/// How many equal lines are shown around changed ones.
const AROUND: usize = 3;
/// How many lines are shown at most.
const LINES_MAX: usize = 60;
/// How many characters of a line are shown at most.
const COLUMNS_MAX: usize = 160;
/// Where the texts are so large that the shortest difference is not found within this, a longer one is shown.
const SEARCH_MAX: Duration = Duration::from_secs(1);

/// The lines that differ, `-` those of the old text and `+` those of the new one; empty if none do.
pub fn changes(old: &str, new: &str, styled: bool) -> String {
    let differences = TextDiff::configure().timeout(SEARCH_MAX).diff_lines(old, new);
    let mut lines: Vec<String> = Vec::new();
    for group in differences.grouped_ops(AROUND) {
        if let Some(first) = group.first() {
            let heading = format!("@@ line {} @@", first.new_range().start + 1);
            lines.push(if styled { format!("\u{1b}[36m{heading}\u{1b}[0m") } else { heading });
        }
        for change in group.iter().flat_map(|op| differences.iter_changes(op)) {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', "\u{1b}[31m"),
                ChangeTag::Insert => ('+', "\u{1b}[32m"),
                ChangeTag::Equal => (' ', ""),
            };
            let line = format!("{sign}{}", cut(change.value().trim_end_matches(['\n', '\r'])));
            lines.push(if styled && !style.is_empty() { format!("{style}{line}\u{1b}[0m") } else { line });
        }
    }
    if lines.len() > LINES_MAX {
        let more = lines.len() - LINES_MAX;
        lines.truncate(LINES_MAX);
        lines.push(format!("… and {more} more lines"));
    }
    lines.iter().flat_map(|line| [line, "\n"]).collect()
}

/// How many lines are in only one of the texts.
pub fn changed_lines(old: &str, new: &str) -> usize {
    let differences = TextDiff::configure().timeout(SEARCH_MAX).diff_lines(old, new);
    differences.iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal).count()
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(COLUMNS_MAX) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_stand_among_equal_ones() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        assert_eq!(changes(old, &old.replace('5', "five"), false), "@@ line 2 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
        assert_eq!(changes(old, old, false), "");
        assert_eq!(changed_lines(old, &old.replace('5', "five")), 2);
    }

    #[test]
    fn what_is_huge_is_cut() {
        let old: String = (0..2_000).map(|n| format!("{n}\n")).collect();
        let new: String = (0..2_000).map(|n| format!("{n}!\n")).collect();
        let shown = changes(&old, &new, false);
        assert_eq!(shown.lines().count(), LINES_MAX + 1);
        assert!(shown.ends_with("… and 3941 more lines\n"), "{shown}");
        assert!(changes("", &"ä".repeat(1000), false).chars().count() < COLUMNS_MAX + 30);
    }

    #[test]
    fn colours_are_on_changed_lines() {
        assert_eq!(
            changes("a\n", "b\n", true),
            "\u{1b}[36m@@ line 1 @@\u{1b}[0m\n\u{1b}[31m-a\u{1b}[0m\n\u{1b}[32m+b\u{1b}[0m\n"
        );
    }
}
