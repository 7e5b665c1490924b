//! `conc explain`: what a code means.
//!
//! Answers for: finding the code. What is said stands beside the code itself, in `diagnostic`.

use super::{Exit, complain, out};
use crate::diagnostic::{Severity, explanations, nearest};

/// Explain a code that a diagnostic showed, with an example and the usual cure
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Such as E0007; without one, all codes are listed
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(super) fn explain(args: &Args) -> Exit {
    let Some(wanted) = &args.code else {
        out(&explanations().iter().map(|one| format!("{}  {}\n", one.id, summary(one.text))).collect::<String>());
        return Exit::Expected;
    };
    let wanted = wanted.to_uppercase();
    match explanations().iter().find(|one| one.id == wanted) {
        Some(one) => {
            let grade = if one.severity == Severity::Error { "error" } else { "warning" };
            out(&format!("{}: {grade}\n\n{}\n", one.id, one.text));
            Exit::Expected
        }
        None => {
            let near = nearest(&wanted, explanations().iter().map(|one| one.id));
            let cure = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            complain(format!("there is no code `{wanted}`{cure}"));
            Exit::Wrong
        }
    }
}

/// The first sentence.
fn summary(text: &str) -> &str {
    let line = text.lines().next().unwrap_or("");
    line.split_inclusive(". ").next().unwrap_or(line).trim_end_matches([' ', ':'])
}
