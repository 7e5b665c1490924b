//! A data race as data.
//!
//! Answers for: which accesses, whose, where. Never finds one (see `machine::race`).

use serde::{Deserialize, Serialize};

use crate::source::Span;

/// Two accesses to one `shared` variable of which neither comes before the other, and at least one may change it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Race {
    /// The variable, as shown.
    pub variable: String,
    /// The two, by the order of the actors.
    pub accesses: [Access; 2],
}

/// An access that is next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// Whose, by number.
    pub actor: u32,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// Whether it may change the variable.
    pub writes: bool,
}
