//! Names of actors in a sentence.
//!
//! Answers for: that a sentence stays one, however many there are.

/// So many names are all named.
const ALL_MAX: usize = 5;
/// Of more than that, so many are.
const FIRST: usize = 3;

/// `a`, `a and b`, `a, b and c`, `a, b, c and 21 others`.
pub(super) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let named = |names: &[S]| names.iter().map(S::as_ref).collect::<Vec<_>>().join(", ");
    match names {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [rest @ .., last] if names.len() <= ALL_MAX => format!("{} and {}", named(rest), last.as_ref()),
        _ => format!("{} and {} others", named(&names[..FIRST]), names.len() - FIRST),
    }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn a_few_are_named_and_many_are_counted() {
        let names: Vec<String> = (0..24).map(|at| format!("p[{at}]")).collect();
        assert_eq!(listed(&names[..1]), "p[0]");
        assert_eq!(listed(&names[..2]), "p[0] and p[1]");
        assert_eq!(listed(&names[..5]), "p[0], p[1], p[2], p[3] and p[4]");
        assert_eq!(listed(&names[..6]), "p[0], p[1], p[2] and 3 others");
        assert_eq!(listed(&names), "p[0], p[1], p[2] and 21 others");
    }
}
