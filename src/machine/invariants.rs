//! Invariants: conditions over what is shared, which hold in every state.
//!
//! Answers for: whether they do. Evaluating one is no step and changes nothing.

use std::sync::Arc;

use super::evaluate::Evaluated;
use super::{Machine, State};
use crate::program::CodeId;
use crate::source::Span;
use crate::value::Value;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its name.
    pub name: Arc<str>,
    /// Where it is claimed.
    pub span: Span,
    /// The error that evaluating it came to, if it did; otherwise it is false.
    pub error: Option<String>,
}

impl Machine {
    /// Whether the scenario claims invariants.
    pub fn has_invariants(&self) -> bool {
        !self.plan.image.program.invariants.is_empty()
    }

    /// The first invariant that does not hold in a state.
    pub fn broken_invariant(&self, state: &State) -> Option<Broken> {
        self.broken_invariants(state).next().map(|(_, broken)| broken)
    }

    /// The invariants that do not hold in a state, each with its number.
    pub fn broken_invariants(&self, state: &State) -> impl Iterator<Item = (u32, Broken)> {
        let invariants = (0..).zip(&self.plan.image.program.invariants);
        invariants.filter_map(|(number, (name, code))| Some((number, self.judge(state, name, *code)?)))
    }

    /// For each `eventually` claim whether it holds in a state.
    pub fn claims_that_hold(&self, state: &State) -> Vec<bool> {
        let claims = self.plan.image.program.eventually.iter();
        claims
            .map(|(_, code)| {
                matches!(self.evaluate(state, *code, Vec::new(), |_| {}), Evaluated::Gave(Value::Bool(true)))
            })
            .collect()
    }

    fn judge(&self, state: &State, name: &Arc<str>, code: CodeId) -> Option<Broken> {
        let program = &self.plan.image.program;
        let span = program.code(code).and_then(|code| code.spans.first().copied()).unwrap_or_default();
        let error = match self.evaluate(state, code, Vec::new(), |_| {}) {
            Evaluated::Gave(Value::Bool(true)) => return None,
            Evaluated::Gave(_) => None,
            Evaluated::Raised(error) => Some(error.to_string()),
            Evaluated::TooLong => Some("it takes too long to evaluate".to_owned()),
            Evaluated::Waits => Some("it waits".to_owned()),
        };
        Some(Broken { name: Arc::clone(name), span, error })
    }
}
