//! Constants: what they may be made of, and in which order.
//!
//! Answers for: `Checked::consts`, each after those it uses. Never evaluates one.

use super::resolver::{Body, Resolver};
use super::{Binding, ConstId, Owner};
use crate::diagnostic::Code;

/// How far the walk over the constants has come with one of them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Visit {
    No,
    Begun,
    Done,
}

impl Resolver {
    /// Resolves the values of constants and puts them in order.
    pub(super) fn resolve_consts(&mut self) {
        for decl in self.checked.consts.clone() {
            self.const_uses.push(Vec::new());
            self.in_body(Body::constant(), |resolver| {
                resolver.expr(&decl.value);
            });
        }
        let uses = std::mem::take(&mut self.const_uses);
        let order = self.sorted_consts(&uses);
        self.renumber(&order);
    }

    /// The constants, each after those it uses; walks without recursion.
    fn sorted_consts(&mut self, uses: &[Vec<u32>]) -> Vec<u32> {
        let mut visits = vec![Visit::No; uses.len()];
        let mut order = Vec::new();
        for root in 0..uses.len() {
            let mut path = vec![(root, 0)];
            while let Some((at, next)) = path.pop() {
                let Some(visit) = visits.get_mut(at).filter(|visit| **visit != Visit::Done) else { continue };
                *visit = Visit::Begun;
                let Some(used) = uses.get(at).and_then(|uses| uses.get(next)) else {
                    *visit = Visit::Done;
                    order.push(at as u32);
                    continue;
                };
                path.push((at, next + 1));
                match visits.get(*used as usize) {
                    Some(Visit::Begun) => self.report_cycle(*used as usize),
                    _ => path.push((*used as usize, 0)),
                }
            }
        }
        order
    }

    fn report_cycle(&mut self, at: usize) {
        let Some(decl) = self.checked.consts.get(at).cloned() else { return };
        self.report_once(Code::CyclicConst { name: decl.name.text.clone() }, decl.name.span);
    }

    /// Gives the constants the numbers of their order, wherever they were bound.
    fn renumber(&mut self, order: &[u32]) {
        let mut numbers = vec![ConstId(0); order.len()];
        for (new, old) in order.iter().enumerate() {
            if let Some(number) = numbers.get_mut(*old as usize) {
                *number = ConstId(new as u32);
            }
        }
        let number = |binding: &mut Binding| {
            if let Binding::Const(id) = binding {
                *id = numbers.get(id.0 as usize).copied().unwrap_or(*id);
            }
        };
        self.checked.bindings.iter_mut().for_each(number);
        if let Some(names) = self.names.get_mut(&Owner::File) {
            names.values_mut().for_each(|(binding, _)| number(binding));
        }
        let old = std::mem::take(&mut self.checked.consts);
        self.checked.consts = order.iter().filter_map(|at| old.get(*at as usize).cloned()).collect();
        self.used = self
            .used
            .iter()
            .map(|used| match used {
                super::resolver::Used::Const(id) => {
                    super::resolver::Used::Const(numbers.get(*id as usize).map_or(*id, |number| number.0))
                }
                other => *other,
            })
            .collect();
    }
}
