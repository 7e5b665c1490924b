//! Every finding there is, its code, its grade. Its words are in `report`.

use super::Severity;

/// What was found. Codes are stable and never reused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {}

impl Code {
    /// Error or warning.
    pub fn severity(&self) -> Severity {
        match *self {}
    }
}
