//! The mutants of a scenario.
//!
//! Answers for: all of them, in the order of the text, and the plan of each. One that the language refuses is none.

use super::edit::{Edit, Tree};
use super::find::find;
use super::operator::Operator;
use crate::analysis::Checked;
use crate::plan::Plan;
use crate::source::Span;

/// A scenario that is weaker in one place.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// How.
    pub operator: Operator,
    /// Where: the statement or the declared name.
    pub span: Span,
    /// What it is about: the lock, the call, the condition that is no longer looked at again.
    pub target: Span,
    /// The declaration of the semaphore, event, latch, barrier or queue that is used otherwise.
    pub(super) changes: Option<u32>,
    pub(super) edits: Vec<Edit>,
}

/// A scenario, taken apart for its mutants.
#[derive(Debug)]
pub struct Mutants {
    tree: Tree,
    all: Vec<Mutant>,
}

impl Mutants {
    /// The mutants of a scenario, those included that will turn out to be none.
    pub fn of(checked: &Checked) -> Mutants {
        let mut tree = Tree::of(checked);
        let (all, names) = find(&tree.file, checked);
        tree.names = names;
        Mutants { tree, all }
    }

    /// In the order of the text.
    pub fn all(&self) -> &[Mutant] {
        &self.all
    }

    /// The plan of one; none where the language refuses it.
    pub fn plan(&self, mutant: &Mutant, sets: &[(String, String)], cores: u32) -> Option<Plan> {
        self.tree.plan(&mutant.edits, sets, cores)
    }

    /// The plan of the scenario itself, made in the same way.
    pub fn original(&self, sets: &[(String, String)], cores: u32) -> Option<Plan> {
        self.tree.plan(&[], sets, cores)
    }
}
