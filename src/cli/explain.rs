//! `conc explain`: what a code means.
//!
//! Answers for: finding the code. What is said stands beside the code itself, in `diagnostic`; `report` draws it.

use super::{Exit, complain, out};
use crate::diagnostic::{explanations, nearest};
use crate::report;

/// Explain a code that a diagnostic showed, with an example and the usual cure
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Such as E0007; without one, all codes are listed
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(super) fn explain(args: &Args) -> Exit {
    let Some(wanted) = &args.code else {
        out(&report::explain::list());
        return Exit::Expected;
    };
    let wanted = wanted.to_uppercase();
    match explanations().iter().find(|one| one.id == wanted) {
        Some(one) => {
            out(&report::explain::one(one));
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
