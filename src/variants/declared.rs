//! What can be weakened in the declaration of an object: counts, bounds, that a variable is atomic.
//!
//! Answers for: those changes. Never looks at who uses it.

use super::edit::Edit;
use super::mutant::Mutant;
use super::nodes::plus;
use super::operator::Operator;
use crate::syntax::ast::{ObjectDecl, ObjectKeyword};

/// The mutant of a declaration, which is the one with this number.
pub(super) fn weaker(decl: &ObjectDecl, own: Option<u32>) -> Option<Mutant> {
    let first = decl.args.iter().position(|arg| arg.name.is_none());
    let mut other = decl.clone();
    let (operator, target) = match decl.keyword {
        ObjectKeyword::Atomic => {
            other.keyword = ObjectKeyword::Shared;
            (Operator::AtomicPlain, decl.name.span)
        }
        ObjectKeyword::Queue => {
            let bound = other.args.remove(first?);
            (Operator::BoundDropped, bound.value.span)
        }
        ObjectKeyword::Semaphore | ObjectKeyword::BoundedSemaphore | ObjectKeyword::Barrier | ObjectKeyword::Latch => {
            let (operator, by) = match decl.keyword {
                ObjectKeyword::Barrier | ObjectKeyword::Latch => (Operator::PartyLess, -1),
                _ => (Operator::PermitMore, 1),
            };
            let count = other.args.get_mut(first?)?;
            count.value = plus(&count.value, by);
            (operator, count.value.span)
        }
        _ => return None,
    };
    let edits = vec![Edit::Object(decl.name.span, Box::new(other))];
    // What a variable holds is what matters of it.
    let changes = own.filter(|_| operator != Operator::AtomicPlain);
    Some(Mutant { operator, span: decl.name.span, target, changes, edits })
}
