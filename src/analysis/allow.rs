//! Warnings that the writer has seen and wants: `# conc: allow W0001`.
//!
//! Answers for: which of the warnings are still to be shown. Never silences an error.

use rustc_hash::FxHashSet;

use super::resolver::Resolver;
use crate::diagnostic::{Code, Severity, explanations, nearest};
use crate::source::Span;

/// What the comment begins with.
const MARK: &str = "# conc: allow ";
/// Behind the codes: for every line of the file.
const EVERYWHERE: &str = "everywhere";

impl Resolver {
    /// Takes out the warnings that comments allow, on their line or on the one before.
    pub(super) fn leave_out_allowed(&mut self) {
        let source = self.checked.source.clone();
        if !source.text().contains(MARK) {
            return;
        }
        let mut everywhere: FxHashSet<&str> = FxHashSet::default();
        let mut lines: FxHashSet<(u32, &str)> = FxHashSet::default();
        let mut unknown = Vec::new();
        let mut start = 0;
        for (number, line) in (1..).zip(source.text().split_inclusive('\n')) {
            if let Some((before, rest)) = line.split_once(MARK) {
                let words = || rest.split([',', ':', ' ', '\t', '\r', '\n']).filter(|word| !word.is_empty());
                let is_everywhere = words().any(|word| word == EVERYWHERE);
                // What follows the codes says why.
                for word in words().take_while(|word| is_like_a_code(word)) {
                    let at = start + before.len() + MARK.len() + rest.find(word).unwrap_or(0);
                    if !is_warning(word) {
                        unknown.push((word, Span::new(at, at + word.len())));
                    } else if is_everywhere {
                        everywhere.insert(word);
                    } else {
                        // Alone on its line, it is about the next one.
                        lines.insert((number + u32::from(before.trim().is_empty()), word));
                    }
                }
            }
            start += line.len();
        }
        self.diagnostics.retain(|found| {
            let line = source.place(found.span.start).line;
            let id = found.code.id();
            found.severity() == Severity::Error || !(everywhere.contains(id) || lines.contains(&(line, id)))
        });
        for (word, span) in unknown {
            let warnings = explanations().iter().filter(|code| code.severity == Severity::Warning);
            let near = word.starts_with('W').then(|| nearest(word, warnings.map(|code| code.id))).flatten();
            self.report(Code::AllowsNothing { word: word.into(), near }, span);
        }
    }
}

fn is_like_a_code(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(|first| matches!(first, 'W' | 'E' | 'w' | 'e')) && letters.all(|c| c.is_ascii_digit())
}

fn is_warning(word: &str) -> bool {
    explanations().iter().any(|code| code.id == word && code.severity == Severity::Warning)
}
