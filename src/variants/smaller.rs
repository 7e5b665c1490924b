//! What would make a search smaller.
//!
//! Each change is measured by searching once more: a constant, a number of instances or rounds, a bound that is
//! smaller; operations that are one step with what comes before them, which an atomic operation, a local variable, or
//! nothing at all in their place would make of them.
//!
//! Answers for: which changes are worth trying, and what each comes to. Never says which are sensible.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::edit::{Edit, Tree};
use super::nodes::expr;
use crate::analysis::Checked;
use crate::check::{Extent, Joined, Options, Size, extent};
use crate::plan::Plan;
use crate::program::op::OpCode;
use crate::source::Span;
use crate::syntax::ast::{Arg, Expr, ExprKind, Item, ItemKind, ObjectKeyword, Stmt, StmtKind};
use crate::syntax::visit::{Visitor, walk_item, walk_stmt};
use crate::value::{ObjectKind, Value};

/// Lines that are tried, those with the most steps.
const LINES_MAX: usize = 10;
/// Of all steps, a line with less than one in so many is not tried.
const STEPS_SHARE: usize = 50;
/// A queue without a bound in which more messages lie is tried with this one.
const BOUND: i64 = 2;
/// What only tells, or passes time.
const SILENT: [OpCode; 4] = [OpCode::Print, OpCode::Mark, OpCode::Sleep, OpCode::Yield];

/// A change to a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// What stands on a line is one step with what comes before it.
    Joined(u32, BTreeSet<OpCode>),
    /// Prints, marks, sleeps and yields are left out.
    Silent(BTreeSet<OpCode>),
    /// A variable that only one actor uses is a local of it: the variable, its only user.
    Local(String, String),
    /// A constant has another value: its name, the value, the other.
    Constant(String, i64, i64),
    /// There are fewer instances of a template.
    Instances(String, i64, i64),
    /// A loop has fewer rounds.
    Rounds(i64, i64),
    /// A queue has a bound.
    Bound(String, i64),
    /// All constants, instances and rounds are so many at most, at once.
    AtMost(i64),
}

impl Change {
    /// Of less of something: how much is left.
    pub fn to(&self) -> Option<i64> {
        match self {
            Change::Constant(_, _, to) | Change::Instances(_, _, to) | Change::Rounds(_, to) => Some(*to),
            Change::Bound(_, to) | Change::AtMost(to) => Some(*to),
            Change::Joined(..) | Change::Silent(_) | Change::Local(..) => None,
        }
    }
}

/// A change that can be tried.
#[derive(Debug)]
pub struct Candidate {
    /// What is changed.
    pub change: Change,
    /// Where.
    pub span: Span,
    how: How,
}

#[derive(Debug)]
enum How {
    Joined(Joined),
    Planned(Arc<Plan>),
}

impl Candidate {
    /// How large the search is with it; none where its objects cannot be made.
    pub fn extent(&self, plan: &Arc<Plan>, options: &Options) -> Option<Extent> {
        match &self.how {
            How::Joined(joined) => extent(plan, options, joined).ok(),
            How::Planned(plan) => extent(plan, options, &Joined::default()).ok(),
        }
    }
}

/// The changes that are worth trying.
pub fn candidates(plan: &Plan, checked: &Checked, sets: &[(String, String)], size: &Size) -> Vec<Candidate> {
    let mut all = joined(plan, size);
    let cores = plan.image.cores;
    let tree = Tree::of(checked);
    let mut planned = |change, span, edits: &[Edit], sets: &[(String, String)]| {
        if let Some(plan) = tree.plan(edits, sets, cores) {
            all.push(Candidate { change, span, how: How::Planned(Arc::new(plan)) });
        }
    };
    let constants = constants(plan);
    for (name, span, from) in &constants {
        for to in fewer(*from, size.extent.complete) {
            let change = Change::Constant(name.clone(), *from, to);
            planned(change, *span, &[], &with(sets, &[(name.clone(), to)]));
        }
    }
    let numbers = tree.numbers();
    for number in &numbers {
        for to in fewer(number.count, size.extent.complete) {
            let change = match &number.of {
                Some(name) => Change::Instances(name.clone(), number.count, to),
                None => Change::Rounds(number.count, to),
            };
            planned(change, number.span, &[number.edit(to)], sets);
        }
    }
    for (name, span, edit) in tree.bounded(size) {
        planned(Change::Bound(name, BOUND), span, &[edit], sets);
    }
    if !size.extent.complete && constants.len() + numbers.len() > 1 {
        for most in [2, 1] {
            let values: Vec<(String, i64)> =
                constants.iter().map(|(name, _, from)| (name.clone(), most.min(*from))).collect();
            let edits: Vec<Edit> = numbers.iter().map(|number| number.edit(most.min(number.count))).collect();
            planned(Change::AtMost(most), Span::default(), &edits, &with(sets, &values));
        }
    }
    all
}

/// Less of something: one less, or, where that may well be too much still, also less than that.
fn fewer(from: i64, is_complete: bool) -> Vec<i64> {
    let mut all = if is_complete { vec![from - 1] } else { vec![from - 1, from / 2, 1] };
    all.dedup();
    all
}

fn with(sets: &[(String, String)], values: &[(String, i64)]) -> Vec<(String, String)> {
    let others = sets.iter().filter(|(name, _)| values.iter().all(|(other, _)| other != name)).cloned();
    others.chain(values.iter().map(|(name, value)| (name.clone(), value.to_string()))).collect()
}

/// Constants that are ints greater than 1.
fn constants(plan: &Plan) -> Vec<(String, Span, i64)> {
    let values = plan.image.program.consts.iter().zip(&plan.image.consts);
    let ints = values.filter(|(spec, _)| !spec.name.is_empty()).filter_map(|(spec, value)| match value {
        Value::Int(value) if *value > 1 => Some((spec.name.to_string(), spec.span, *value)),
        _ => None,
    });
    ints.collect()
}

fn joined(plan: &Plan, size: &Size) -> Vec<Candidate> {
    let source = &plan.image.program.source;
    let mut all = Vec::new();
    let mut push = |change, span, joined| all.push(Candidate { change, span, how: How::Joined(joined) });
    let silent: BTreeSet<OpCode> =
        size.places.iter().flat_map(|place| &place.ops).filter(|op| SILENT.contains(op)).copied().collect();
    if !silent.is_empty() {
        let joined = Joined { codes: silent.clone(), ..Joined::default() };
        push(Change::Silent(silent), Span::default(), joined);
    }
    let is_silent = |ops: &BTreeSet<OpCode>| ops.iter().all(|op| SILENT.contains(op));
    let often = |steps: usize| steps.saturating_mul(STEPS_SHARE) >= size.extent.steps;
    let places = size.places.iter().filter(|place| often(place.steps) && !is_silent(&place.ops));
    for (place, line) in places.filter_map(|place| Some((place, place.line?))).take(LINES_MAX) {
        let start = source.line_start(line);
        let joined = Joined { lines: BTreeSet::from([line]), ..Joined::default() };
        push(Change::Joined(line, place.ops.clone()), Span { start, end: start }, joined);
    }
    let is_variable = |kind| matches!(kind, ObjectKind::Shared | ObjectKind::Atomic);
    for one in size.varieties.iter().filter(|one| is_variable(one.kind) && size.extent.complete) {
        let Some(user) = &one.only_user else { continue };
        let spec = plan.objects.get(one.object as usize).map(|planned| planned.decl as usize);
        let span = spec.and_then(|spec| plan.image.program.objects.get(spec)).map(|spec| spec.span);
        let joined = Joined { objects: BTreeSet::from([one.object]), ..Joined::default() };
        push(Change::Local(one.name.clone(), user.clone()), span.unwrap_or_default(), joined);
    }
    all
}

/// A number of instances or rounds that is written out.
struct Number {
    /// Of the template's name, or of the loop.
    span: Span,
    /// The template; none of a loop.
    of: Option<String>,
    low: i64,
    count: i64,
    inclusive: bool,
    at: Span,
}

impl Number {
    /// The change to another number.
    fn edit(&self, count: i64) -> Edit {
        let int = |value| Box::new(expr(ExprKind::Int(value), self.at));
        let high = self.low + count - i64::from(self.inclusive);
        let range = ExprKind::Range { low: int(self.low), high: int(high), inclusive: self.inclusive };
        Edit::Range(self.span, expr(range, self.at))
    }
}

impl Tree {
    /// Numbers of instances and rounds that are written out and greater than 1.
    fn numbers(&self) -> Vec<Number> {
        struct Looks(Vec<Number>);
        impl Looks {
            fn note(&mut self, span: Span, of: Option<String>, range: &Expr) {
                let ExprKind::Range { low, high, inclusive } = &range.kind else { return };
                let (ExprKind::Int(low), ExprKind::Int(high)) = (&low.kind, &high.kind) else { return };
                let count = high.saturating_sub(*low).saturating_add(i64::from(*inclusive));
                if count > 1 {
                    self.0.push(Number { span, of, low: *low, count, inclusive: *inclusive, at: range.span });
                }
            }
        }
        impl Visitor for Looks {
            fn item(&mut self, item: &Item) {
                if let ItemKind::Actor(decl) = &item.kind
                    && let Some((_, range)) = &decl.replicas
                {
                    self.note(decl.name.span, Some(decl.name.text.to_string()), range);
                }
                walk_item(self, item);
            }

            fn stmt(&mut self, stmt: &Stmt) {
                if let StmtKind::For(_, range, _) = &stmt.kind {
                    self.note(stmt.span, None, range);
                }
                walk_stmt(self, stmt);
            }
        }
        let mut looks = Looks(Vec::new());
        self.file.items.iter().for_each(|item| looks.item(item));
        looks.0
    }

    /// Queues without a bound in which many messages lie, with one.
    fn bounded(&self, size: &Size) -> Vec<(String, Span, Edit)> {
        let declared = self.file.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Object(decl) if decl.keyword == ObjectKeyword::Queue => Some(decl),
            _ => None,
        });
        let is_long = |name: &str| {
            size.varieties.iter().any(|one| {
                let own = one.name.split('[').next() == Some(name);
                own && one.kind == ObjectKind::Queue && one.longest.is_some_and(|longest| longest as i64 > BOUND)
            })
        };
        let without =
            declared.filter(|decl| decl.args.iter().all(|arg| arg.name.is_some()) && is_long(&decl.name.text));
        let bounded = without.map(|decl| {
            let mut other = (**decl).clone();
            other.args.insert(0, Arg { name: None, value: expr(ExprKind::Int(BOUND), decl.name.span) });
            (decl.name.text.to_string(), decl.name.span, Edit::Object(decl.name.span, Box::new(other)))
        });
        bounded.collect()
    }
}
