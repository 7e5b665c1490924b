//! The order of names: `write#2` before `write#10`, `main` before all.
//!
//! Answers for: an order that does not depend on a run. Never reads an event.

use std::cmp::Ordering;

/// Compares two names as people count: runs of digits by their value, the rest by its letters; `main` is first.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let main = |name: &str| name != "main";
    main(left).cmp(&main(right)).then_with(|| pieces(left).cmp(pieces(right))).then_with(|| left.cmp(right))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Piece<'a> {
    /// A run of digits without leading zeros: by length, then by digits, which is by value.
    Digits(usize, &'a str),
    Letters(&'a str),
}

fn pieces(name: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let digits = rest.starts_with(|c: char| c.is_ascii_digit());
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (piece, tail) = rest.split_at(end);
        rest = tail;
        match (piece.is_empty(), digits) {
            (true, _) => None,
            (false, false) => Some(Piece::Letters(piece)),
            (false, true) => {
                let value = piece.trim_start_matches('0');
                Some(Piece::Digits(value.len(), value))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn as_people_count() {
        let mut names = ["write#10", "write", "write#2", "workers/3", "main", "fork[11]", "fork[2]", "", "7"];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(names, ["main", "", "7", "fork[2]", "fork[11]", "workers/3", "write", "write#2", "write#10"]);
    }
}
