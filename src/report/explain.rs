//! What every code means: for `conc explain`, and as the page of the documentation.
//!
//! Answers for: the order and the headings. Never says what a code means: that is `diagnostic`.

use crate::diagnostic::{Explanation, Group, Severity, example, explanations};

/// One code, with its example.
pub fn one(code: &Explanation) -> String {
    let mut text = format!("{}: {}: {}\n\n{}\n", code.id, grade(code), code.title(), code.text);
    if let Some(example) = example(code.id) {
        text += &format!("\nFor example:\n\n{}\n", indented(example.wrong));
        text += &format!("\nInstead:\n\n{}\n", indented(example.mended));
    }
    if code.severity == Severity::Warning {
        text += &format!("\nA comment `# conc: allow {}`, on the line or on the one before, silences it.\n", code.id);
    }
    text
}

/// All codes by group, a line for each.
pub fn list() -> String {
    let mut text = String::new();
    let mut last = None;
    for code in explanations() {
        if last != Some(code.group()) {
            let gap = if last.is_some() { "\n" } else { "" };
            text += &format!("{gap}{}\n", heading(code.group()));
            last = Some(code.group());
        }
        text += &format!("  {}  {}: {}\n", code.id, code.title(), summary(code.text));
    }
    text
}

/// The page of the documentation.
pub fn page() -> String {
    let mut text = String::from(
        "# Diagnostics\n\n\
         What `conc` says of a scenario before it runs, by code. Codes are stable. `conc explain E0101` shows one of\n\
         these in the terminal, `conc explain` lists them all. An error keeps a scenario from being run; a warning does\n\
         not, and leaves the exit status alone.\n\n\
         A warning is silenced by a comment on its line or on the line before, `# conc: allow W0001` (several codes\n\
         with commas), or for the whole file, `# conc: allow W0001 everywhere`. What is unused on purpose has a name\n\
         that begins with `_`.\n\n\
         This page is generated from the table in `src/diagnostic/`, and every example is tested: the first yields\n\
         the code and nothing else, the second yields nothing.\n",
    );
    let mut last = None;
    for code in explanations() {
        if last != Some(code.group()) {
            text += &format!("\n## {}\n", heading(code.group()));
            last = Some(code.group());
        }
        text += &format!("\n### {}: {}\n\n{}\n", code.id, code.title(), code.text);
        if let Some(example) = example(code.id) {
            text += &format!("\n```conc wrong\n{}\n```\n", example.wrong.trim_end());
            text += &format!("\n```conc mended\n{}\n```\n", example.mended.trim_end());
        }
    }
    text
}

fn grade(code: &Explanation) -> &'static str {
    match code.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn heading(group: Group) -> &'static str {
    match group {
        Group::Reading => "Reading the text",
        Group::Names => "Names and what is done with them",
        Group::Planning => "Planning",
        Group::Doubts => "Warnings",
    }
}

/// The first sentence.
fn summary(text: &str) -> &str {
    text.split_inclusive(". ").next().unwrap_or(text).trim_end()
}

fn indented(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("    {line}").trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}
