//! How operators bind.
//!
//! Answers for: precedence and associativity, which are Python's. Never builds operands.

use super::build::{Builder, Parts, span};
use super::expressions::Node;
use super::{Rule, ast};
use crate::diagnostic::Code;
use crate::source::Span;

use ast::{BinaryOp, ExprKind};

/// From loose to tight.
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const COMPARE: u8 = 4;
const ADD: u8 = 5;
const MULTIPLY: u8 = 6;
const SIGN: u8 = 7;
const POWER: u8 = 8;

/// An operator between two operands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Infix {
    Or,
    And,
    Binary(BinaryOp),
}

impl Infix {
    fn binds(self) -> u8 {
        match self {
            Infix::Or => OR,
            Infix::And => AND,
            Infix::Binary(op) => match op {
                BinaryOp::Add | BinaryOp::Sub => ADD,
                BinaryOp::Mul | BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Rem => MULTIPLY,
                BinaryOp::Pow => POWER,
                _ => COMPARE,
            },
        }
    }
}

/// The operator written so.
pub(super) fn binary_op(text: &str) -> Option<BinaryOp> {
    Some(match text {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "//" => BinaryOp::FloorDiv,
        "%" => BinaryOp::Rem,
        "**" => BinaryOp::Pow,
        "==" => BinaryOp::Eq,
        "!=" => BinaryOp::Ne,
        "<" => BinaryOp::Lt,
        "<=" => BinaryOp::Le,
        ">" => BinaryOp::Gt,
        ">=" => BinaryOp::Ge,
        "in" => BinaryOp::In,
        _ => return None,
    })
}

fn infix(parts: &Parts<'_>) -> Option<Infix> {
    let pair = parts.peek_pair().filter(|pair| pair.as_rule() == Rule::infix)?;
    let inner = pair.into_inner().next()?;
    Some(match inner.as_rule() {
        Rule::kw_or => Infix::Or,
        Rule::kw_and => Infix::And,
        Rule::not_in => Infix::Binary(BinaryOp::NotIn),
        _ => Infix::Binary(binary_op(inner.as_str())?),
    })
}

impl<'s> Builder<'s> {
    /// Operands and operators that bind at least so tightly.
    pub(super) fn operators(&mut self, parts: &mut Parts<'s>, least: u8) -> Node {
        if !self.deeper(parts) {
            return Node::missing(parts);
        }
        let mut left = self.prefixed(parts, least);
        let mut compared = false;
        while let Some(op) = infix(parts).filter(|op| op.binds() >= least) {
            let Some(sign) = parts.next() else { break };
            let binds = op.binds();
            if binds == COMPARE && std::mem::replace(&mut compared, true) {
                self.report(Code::ChainedComparison, left.expr.span.to(span(&sign)));
            }
            compared = binds == COMPARE;
            let right = self.operators(parts, if binds == POWER { SIGN } else { binds + 1 });
            left = self.joined(op, left, right);
        }
        self.depth -= 1;
        left
    }

    fn joined(&mut self, op: Infix, left: Node, right: Node) -> Node {
        let place = left.expr.span.to(right.expr.span);
        let depth = left.depth.max(right.depth) + 1;
        let (left, right) = (Box::new(left.expr), Box::new(right.expr));
        let kind = match op {
            Infix::Or => ExprKind::Or(left, right),
            Infix::And => ExprKind::And(left, right),
            Infix::Binary(op) => ExprKind::Binary(op, left, right),
        };
        self.node(kind, place, depth)
    }

    fn prefixed(&mut self, parts: &mut Parts<'s>, least: u8) -> Node {
        let Some(sign) = parts.eat(Rule::prefix) else {
            return self.operand(parts);
        };
        let here = span(&sign);
        if sign.as_str() == "not" {
            if least > NOT {
                self.report(Code::NotNeedsParens, here);
            }
            let operand = self.operators(parts, NOT);
            let (place, depth) = (here.to(operand.expr.span), operand.depth + 1);
            return self.node(ExprKind::Not(Box::new(operand.expr)), place, depth);
        }
        if let Some(least_int) = self.least_int(parts, here).filter(|_| sign.as_str() == "-") {
            return least_int;
        }
        let operand = self.operators(parts, SIGN);
        let (place, depth) = (here.to(operand.expr.span), operand.depth + 1);
        let negated = self.node(ExprKind::Negate(Box::new(operand.expr)), place, depth);
        if sign.as_str() == "-" {
            return negated;
        }
        // `+e` is `-(-e)`: the same value, and the same operands are refused.
        self.node(ExprKind::Negate(Box::new(negated.expr)), place, depth + 1)
    }

    /// `-9223372036854775808`, whose digits alone would be too large.
    fn least_int(&mut self, parts: &mut Parts<'s>, sign: Span) -> Option<Node> {
        let mut ahead = parts.clone();
        let number = ahead.eat(Rule::number)?;
        let is_least = number.as_str().replace('_', "") == "9223372036854775808";
        let goes_on = match ahead.peek() {
            Some(Rule::args | Rule::index | Rule::member) => true,
            _ => infix(&ahead) == Some(Infix::Binary(BinaryOp::Pow)),
        };
        if !is_least || goes_on {
            return None;
        }
        parts.next();
        Some(self.node(ExprKind::Int(i64::MIN), sign.to(span(&number)), 1))
    }
}
