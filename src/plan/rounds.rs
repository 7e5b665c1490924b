//! Whether a run may come back to a state in which it was, as far as the text tells.
//!
//! Whoever stands again where it stood has gone round a loop that counts nothing, or was called or started again. Where
//! every turn of a loop takes something, such as a message or a notification, there are only so many turns if no loop
//! of which that is not known gives such things: those loops count as well then, and may make others count.
//!
//! Answers for: that no run comes back where it says so. Never looks at a value.

use rustc_hash::FxHashSet;

use super::footprint::{Footprint, object};
use crate::analysis::{Binding, Checked, DeclId, Owner, TemplateId};
use crate::program::op::OpCode;
use crate::program::signature::{Receiver, signature};
use crate::syntax::ast::{Block, Expr, ExprKind, Stmt, StmtKind};
use crate::syntax::visit::{Visitor, walk_expr, walk_stmt};
use crate::value::ObjectKind;

/// A loop that does not count its turns.
struct Round {
    /// What its turns touch.
    inside: Footprint,
    /// What each of them takes.
    takes: Vec<(DeclId, OpCode)>,
}

/// Whether some run may come back to a state; `spurious` where who waits to be notified may wake up by itself.
pub(super) fn may_come_back(checked: &Checked, spurious: bool) -> bool {
    let bodies = Bodies::new(checked);
    // Workers go round for tasks, and a condition's `wait_for` for what it waits for.
    let has_pools = checked.objects.iter().any(|info| info.kind == ObjectKind::Pool);
    if has_pools || bodies.all().any(|body| touches(body, "wait_for")) || bodies.recur() {
        return true;
    }
    let mut open = bodies.rounds(spurious);
    while !open.is_empty() {
        let around = bodies.around(&open);
        let counts = |round: &Round| round.takes.iter().any(|taken| around.gives_no_more(checked, *taken));
        let mut counted = open.iter().map(counts).collect::<Vec<_>>().into_iter();
        if counted.clone().all(|counts| !counts) {
            return true;
        }
        open.retain(|_| counted.next() == Some(false));
    }
    false
}

/// What stands in a file, by what may enter it.
struct Bodies<'a> {
    checked: &'a Checked,
    tasks: Vec<Footprint>,
    templates: Vec<Footprint>,
    /// The actions of barriers, and what is done once: their users'.
    actions: Vec<Footprint>,
    main: Vec<Footprint>,
}

impl<'a> Bodies<'a> {
    fn new(checked: &'a Checked) -> Bodies<'a> {
        let of = |block: &Block| Footprint::of_block(checked, block);
        Bodies {
            checked,
            tasks: checked.tasks.iter().map(|task| of(&task.decl.body)).collect(),
            templates: checked.templates.iter().map(|template| of(&template.decl.body)).collect(),
            actions: checked.objects.iter().filter_map(|info| info.decl.body.as_ref()).map(of).collect(),
            main: checked.main.iter().chain(&checked.finally).map(|block| of(block)).collect(),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Footprint> {
        self.tasks.iter().chain(&self.templates).chain(&self.actions).chain(&self.main)
    }

    /// The tasks and templates that a body may enter; of tasks that are values, which one is not known.
    fn entered(&self, body: &Footprint) -> impl Iterator<Item = usize> {
        let values = if body.calls_values { 0..self.tasks.len() } else { 0..0 };
        let named = body.calls.iter().chain(&body.task_values).map(|task| task.0 as usize);
        let started = body.starts.iter().map(|template| self.tasks.len() + template.0 as usize);
        named.chain(started).chain(values).collect::<Vec<_>>().into_iter()
    }

    fn body(&self, number: usize) -> Option<&Footprint> {
        self.tasks.get(number).or_else(|| self.templates.get(number - self.tasks.len()))
    }

    /// Whether some body may enter itself.
    fn recur(&self) -> bool {
        // Actions may be run by whoever waits; one that calls or starts anything is not followed.
        let acts = self.actions.iter().any(|action| self.entered(action).next().is_some());
        acts || (0..self.tasks.len() + self.templates.len()).any(|from| {
            let next = |at: usize| self.body(at).into_iter().flat_map(|body| self.entered(body));
            self.closure(next(from)).contains(&from)
        })
    }

    /// All bodies that may be entered from some on, those included.
    fn closure(&self, first: impl Iterator<Item = usize>) -> FxHashSet<usize> {
        let (mut entered, mut left) = (FxHashSet::default(), first.collect::<Vec<_>>());
        while let Some(at) = left.pop() {
            if entered.insert(at) {
                left.extend(self.body(at).into_iter().flat_map(|body| self.entered(body)));
            }
        }
        entered
    }

    /// The loops that do not count their turns.
    fn rounds(&self, spurious: bool) -> Vec<Round> {
        let checked = self.checked;
        let takes_messages = |decl: DeclId| {
            let kind = checked.objects.get(decl.0 as usize).map(|info| info.kind);
            matches!(kind, Some(ObjectKind::Queue | ObjectKind::PipeEnd))
        };
        let may_be_handles = self.all().flat_map(|body| &body.escapes).any(|escape| takes_messages(escape.decl));
        let mut finder = Finder { checked, may_be_handles, spurious, found: Vec::new() };
        checked.tasks.iter().for_each(|task| finder.block(&task.decl.body));
        checked.templates.iter().for_each(|template| finder.block(&template.decl.body));
        checked.objects.iter().filter_map(|info| info.decl.body.as_ref()).for_each(|body| finder.block(body));
        checked.main.iter().chain(&checked.finally).for_each(|body| finder.block(body));
        finder.found
    }

    /// What may be done in the turns of some loops, with all that they enter.
    fn around<'b>(&'b self, rounds: &'b [Round]) -> Around<'b> {
        let entered = self.closure(rounds.iter().flat_map(|round| self.entered(&round.inside)));
        let templates = entered.iter().filter_map(|at| at.checked_sub(self.tasks.len()));
        Around {
            templates: templates.map(|at| TemplateId(at as u32)).collect(),
            tasks: entered.iter().any(|at| *at < self.tasks.len()),
            inside: rounds
                .iter()
                .map(|round| &round.inside)
                .chain(entered.iter().filter_map(|at| self.body(*at)))
                .chain(&self.actions)
                .collect(),
        }
    }
}

/// What may be done any number of times.
struct Around<'b> {
    inside: Vec<&'b Footprint>,
    templates: FxHashSet<TemplateId>,
    /// Whether tasks are among it.
    tasks: bool,
}

impl Around<'_> {
    /// Whether what is taken there was there from the beginning, or is given only so often.
    fn gives_no_more(&self, checked: &Checked, (decl, takes): (DeclId, OpCode)) -> bool {
        let Some(info) = checked.objects.get(decl.0 as usize) else { return false };
        // One that is made anew begins with what it holds then.
        let is_made_anew = match info.owner {
            Owner::File | Owner::Main => false,
            Owner::Template(template) => self.tasks || self.templates.contains(&template),
            Owner::Pool(_) => true,
        };
        let gives = |name: &str| {
            let op = signature(Receiver::Object(info.kind), name).map(|found| found.op);
            name == "with" || op.is_some_and(|op| gives(takes).contains(&op))
        };
        let is_it = |other: DeclId| other == decl || info.kind == ObjectKind::PipeEnd;
        let gives_it = |body: &&Footprint| {
            body.touches.iter().any(|touch| is_it(touch.decl) && gives(&touch.operation))
                || body.on_handles.iter().any(|name| gives(name))
        };
        !is_made_anew && !self.inside.iter().any(gives_it)
    }
}

/// What gives what an operation takes.
fn gives(takes: OpCode) -> &'static [OpCode] {
    match takes {
        OpCode::ConditionWait => &[OpCode::ConditionNotify, OpCode::ConditionNotifyAll],
        OpCode::QueueGet | OpCode::QueueNext => &[OpCode::QueuePut],
        OpCode::PipeRecv | OpCode::PipeNext => &[OpCode::PipeSend],
        OpCode::SemaphoreAcquire => &[OpCode::SemaphoreRelease],
        _ => &[],
    }
}

fn touches(body: &Footprint, operation: &str) -> bool {
    let touched = body.touches.iter().any(|touch| &*touch.operation == operation);
    touched || body.on_handles.iter().any(|name| &**name == operation)
}

struct Finder<'a> {
    checked: &'a Checked,
    /// Whether what a loop goes through may be a queue or the end of a pipe, though no declaration names it.
    may_be_handles: bool,
    spurious: bool,
    found: Vec<Round>,
}

impl Visitor for Finder<'_> {
    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::While(condition, body) => {
                let mut inside = Footprint::of_block(self.checked, body);
                inside.add_expr(self.checked, condition);
                let takes = self.taken(body);
                self.found.push(Round { inside, takes });
            }
            StmtKind::Loop(body) => {
                let (inside, takes) = (Footprint::of_block(self.checked, body), self.taken(body));
                self.found.push(Round { inside, takes });
            }
            StmtKind::For(_, iter, body) => match self.next_of(iter) {
                Some(takes) => {
                    let inside = Footprint::of_block(self.checked, body);
                    self.found.push(Round { inside, takes: vec![takes] });
                }
                None if self.may_be_handles && !counts(self.checked, iter) => {
                    let (inside, takes) = (Footprint::of_block(self.checked, body), self.taken(body));
                    self.found.push(Round { inside, takes });
                }
                None => {}
            },
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn item(&mut self, _: &crate::syntax::ast::Item) {
        // The bodies of actors, tasks and objects are looked at for themselves.
    }

    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::ListComp(_, comp) | ExprKind::SetComp(_, comp) | ExprKind::MapComp(_, _, comp) = &expr.kind {
            let takes = self.next_of(&comp.iter);
            if takes.is_some() || self.may_be_handles && !counts(self.checked, &comp.iter) {
                let mut inside = Footprint::default();
                inside.add_expr(self.checked, expr);
                self.found.push(Round { inside, takes: takes.into_iter().collect() });
            }
        }
        walk_expr(self, expr);
    }
}

impl Finder<'_> {
    fn kind(&self, decl: DeclId) -> Option<ObjectKind> {
        self.checked.objects.get(decl.0 as usize).map(|info| info.kind)
    }

    /// What each turn of a `for` takes from a declared object.
    fn next_of(&self, iter: &Expr) -> Option<(DeclId, OpCode)> {
        let decl = object(self.checked, iter)?;
        let info = self.checked.objects.get(decl.0 as usize)?;
        let is_one = info.decl.array.is_none() || matches!(iter.kind, ExprKind::Index(..));
        match info.kind {
            ObjectKind::Queue if is_one => Some((decl, OpCode::QueueNext)),
            ObjectKind::PipeEnd if is_one => Some((decl, OpCode::PipeNext)),
            _ => None,
        }
    }

    /// What every turn takes on its way, whatever else it does.
    fn taken(&self, body: &Block) -> Vec<(DeclId, OpCode)> {
        let mut taken = Vec::new();
        self.take(body, &mut taken);
        taken
    }

    /// Whether whoever comes to its beginning comes to its end, or leaves the loop.
    fn take(&self, block: &Block, taken: &mut Vec<(DeclId, OpCode)>) -> bool {
        block.stmts.iter().all(|stmt| match &stmt.kind {
            StmtKind::With(_, body) => self.take(body, taken),
            StmtKind::Let(_, value) | StmtKind::Assign(_, _, value) | StmtKind::Expr(value) => {
                taken.extend(self.taken_by(value));
                true
            }
            StmtKind::Print(values) => {
                taken.extend(values.iter().filter_map(|value| self.taken_by(value)));
                true
            }
            _ => !goes_on_early(stmt),
        })
    }

    /// What a call takes that waits for it as long as it must.
    fn taken_by(&self, value: &Expr) -> Option<(DeclId, OpCode)> {
        let ExprKind::Method(receiver, name, args) = &value.kind else { return None };
        let decl = object(self.checked, receiver).filter(|_| args.is_empty())?;
        let op = signature(Receiver::Object(self.kind(decl)?), &name.text)?.op;
        let waits = matches!(&*name.text, "wait" | "get" | "recv" | "acquire");
        (waits && !gives(op).is_empty() && !(self.spurious && op == OpCode::ConditionWait)).then_some((decl, op))
    }
}

/// Whether what a loop goes through is no handle.
fn counts(checked: &Checked, iter: &Expr) -> bool {
    match &iter.kind {
        ExprKind::Name(name) => matches!(checked.binding(name), Binding::Const(_) | Binding::Object(_)),
        ExprKind::Range { .. }
        | ExprKind::List(_)
        | ExprKind::Repeat(..)
        | ExprKind::Map(_)
        | ExprKind::Set(_)
        | ExprKind::ListComp(..)
        | ExprKind::SetComp(..)
        | ExprKind::MapComp(..)
        | ExprKind::Str(_)
        | ExprKind::Slice(..) => true,
        _ => false,
    }
}

/// Whether a statement may begin the next turn of the loop around it.
fn goes_on_early(stmt: &Stmt) -> bool {
    struct Look(bool);
    impl Visitor for Look {
        fn stmt(&mut self, stmt: &Stmt) {
            match &stmt.kind {
                StmtKind::Continue => self.0 = true,
                StmtKind::While(..) | StmtKind::Loop(_) | StmtKind::For(..) => {}
                _ => walk_stmt(self, stmt),
            }
        }
    }
    let mut look = Look(false);
    look.stmt(stmt);
    look.0
}
