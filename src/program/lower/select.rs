//! `select`: cases as a list, one operation for all, then the body of the case that was chosen.
//!
//! Answers for: which case is which. Never chooses.

use super::body::Body;
use crate::program::instr::{CallSpec, Instr, Reg, Test};
use crate::syntax::ast::{Case, ExprKind, Otherwise};
use crate::value::Value;

const UNEQUAL: Test = Test(13);

impl Body<'_, '_> {
    pub(super) fn select(&mut self, cases: &[Case], otherwise: &Otherwise) {
        let stmt = self.span;
        let list = self.alloc();
        self.emit(Instr::List { dst: list, base: list, count: 0 });
        let after = self.loaded(Value::None);
        let has_else = self.loaded(Value::Bool(matches!(otherwise, Otherwise::Else(_))));
        for (number, case) in cases.iter().enumerate() {
            self.temporaries(|body| match &case.each {
                None => {
                    let none = body.loaded(Value::None);
                    body.case(case, number, list, none);
                }
                Some((name, items)) => {
                    let src = body.operand(items, &[]);
                    let item = body.declare(name);
                    body.each_of(src, item, |body| body.case(case, number, list, item));
                }
            });
        }
        if let Otherwise::After(time, _) = otherwise {
            self.expr_to(time, after);
        }
        self.span = stmt;
        self.emit(Instr::Select { base: list });
        // Now: the number of the case, what it gave, the value of its `for`.
        let mut ends = Vec::new();
        for (number, case) in cases.iter().enumerate() {
            let value = number as i16;
            let next = self.emit_pending(Instr::BranchInt { test: UNEQUAL, a: list, value, target: 0 });
            if let Some(name) = &case.name {
                self.name_register(name, after);
            }
            if let Some((name, _)) = &case.each {
                self.name_register(name, has_else);
            }
            self.block(&case.body);
            ends.push(self.jump());
            self.land([next]);
        }
        match otherwise {
            Otherwise::Wait => {}
            Otherwise::After(_, block) | Otherwise::Else(block) => self.block(block),
        }
        self.land(ends);
    }

    fn case(&mut self, case: &Case, number: usize, list: Reg, item: Reg) {
        self.span = case.operation.span;
        let ExprKind::Method(receiver, name, args) = &case.operation.kind else {
            return self.raise("TypeError", "a case is an operation on an object");
        };
        self.temporaries(|body| {
            let base = body.expr(receiver);
            for arg in args {
                body.expr(&arg.value);
            }
            let each = body.alloc();
            body.emit(Instr::Move { dst: each, src: item });
            let number = body.count(number);
            let spec = CallSpec { case: number, ..body.spec(&name.text, args) };
            let call = body.call_spec(spec);
            body.emit(Instr::SelectCase { list, base, call });
        });
    }
}
