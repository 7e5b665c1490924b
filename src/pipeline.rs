//! The one place where the stages meet: text in, plan out.
//!
//! Answers for: the order of the stages and when to stop. Never does a stage's work.

use std::sync::Arc;

use crate::analysis::{Checked, resolve};
use crate::diagnostic::{Diagnostic, Severity};
use crate::plan::{Plan, build};
use crate::program::lower::lower;
use crate::source::Source;
use crate::syntax::ast::File;
use crate::syntax::parse;

/// Text to checked scenario, with everything that is to be said about it.
pub fn check(source: &Source) -> (Checked, Vec<Diagnostic>) {
    let (file, mut diagnostics) = parse(source);
    let (checked, found) = resolve(source, file);
    // What could not be read leads to names that are not there: the first cause is enough.
    if !has_errors(&diagnostics) {
        diagnostics.extend(found);
    }
    (checked, diagnostics)
}

/// Tree to checked scenario: of a text whose tree was changed.
pub fn check_tree(source: &Source, file: File) -> (Checked, Vec<Diagnostic>) {
    resolve(source, file)
}

/// Text to plan; or what is wrong with it.
pub fn plan(source: &Source, sets: &[(String, String)], cores: u32) -> Result<Plan, Vec<Diagnostic>> {
    let (checked, diagnostics) = check(source);
    if has_errors(&diagnostics) {
        return Err(diagnostics);
    }
    plan_checked(&Arc::new(checked), sets, cores)
}

/// Checked scenario to plan.
pub fn plan_checked(checked: &Arc<Checked>, sets: &[(String, String)], cores: u32) -> Result<Plan, Vec<Diagnostic>> {
    let (program, diagnostics) = lower(checked);
    if has_errors(&diagnostics) {
        return Err(diagnostics);
    }
    build(Arc::new(program), checked, sets, cores)
}

/// Whether any of them keeps the scenario from running.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity() == Severity::Error)
}
