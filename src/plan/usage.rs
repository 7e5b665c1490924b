//! Who uses what: bodies with the tasks they call, the actions of the barriers they wait at, and the processes they
//! belong to.
//!
//! Answers for: every use there may be, and who could get an object as a value. Never counts how often.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::footprint::{Escape, Footprint, Into};
use super::{Use, User};
use crate::analysis::{Binding, Checked, DeclId, Owner, TaskId, TemplateId, has_threads};
use crate::source::Span;
use crate::syntax::ast::{ActorKeyword, ExprKind, Param};
use crate::value::ObjectKind;

/// A process, as far as the file tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Home {
    /// main's process.
    Main,
    /// A process of a template.
    Process(TemplateId),
    /// A worker of a pool.
    Pool(DeclId),
}

/// Who uses what, and where.
pub(super) struct Usage {
    /// Who uses which object by which operations.
    pub(super) uses: Vec<Use>,
    /// By declaration: the processes in which it is used.
    pub(super) homes: Vec<BTreeSet<Home>>,
    /// By declaration: where it is passed on to an unknown place, if it is.
    pub(super) escapes: Vec<Option<Span>>,
    /// By template: the bodies that start it.
    pub(super) started_by: FxHashMap<TemplateId, BTreeSet<User>>,
    /// What the instructions alone do not tell.
    pub(super) hints: Hints,
}

/// What a file says of its tasks and locks, by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Hints {
    /// By pool: the tasks that it may be handed.
    pub(super) handed: Vec<(u32, Vec<u32>)>,
    /// By pool: those that it is to call back.
    pub(super) called_back: Vec<(u32, Vec<u32>)>,
    /// The tasks that are ever values.
    pub(super) values: Vec<u32>,
    /// By declaration: the names of one lock (itself, its conditions, their other conditions).
    pub(super) names: Vec<BTreeSet<u32>>,
}

/// Reads every body of a file.
pub(super) fn usage(checked: &Checked) -> Usage {
    let tasks: Vec<_> = checked.tasks.iter().map(|task| Footprint::of_block(checked, &task.decl.body)).collect();
    let bodies = bodies(checked);
    let called_back = given(checked, &tasks, &bodies, |body| &body.called_back);
    let handed = given(checked, &tasks, &bodies, |body| &body.handed);
    let numbers = |given: &[(DeclId, Vec<TaskId>)]| {
        let of = |(pool, tasks): &(DeclId, Vec<TaskId>)| (pool.0, tasks.iter().map(|task| task.0).collect());
        given.iter().map(of).collect()
    };
    let mut hints = Hints {
        handed: numbers(&handed),
        called_back: numbers(&called_back),
        names: names(checked),
        ..Hints::default()
    };
    let mut whole: Vec<(User, Footprint)> = Vec::new();
    for (user, body) in bodies {
        // Callbacks run in the process that a pool belongs to.
        let home = |pool: DeclId| checked.objects.get(pool.0 as usize).map(|info| owner(info.owner));
        let own = called_back.iter().filter(|(pool, _)| home(*pool) == Some(user)).flat_map(|(_, tasks)| tasks);
        let own: Vec<TaskId> = own.copied().collect();
        whole.push((user, closure(checked, &tasks, body, &own)));
    }
    for (pool, given) in handed {
        match whole.iter_mut().find(|(user, _)| *user == User::Worker(pool.0)) {
            Some((_, body)) => *body = closure(checked, &tasks, std::mem::take(body), &given),
            None => whole.push((User::Worker(pool.0), closure(checked, &tasks, Footprint::default(), &given))),
        }
    }
    whole.sort_by_key(|(user, _)| *user);
    let started_by = started_by(&whole);
    let values: BTreeSet<TaskId> =
        whole.iter().map(|(_, body)| body).chain(&tasks).flat_map(|body| body.task_values.iter().copied()).collect();
    hints.values = values.iter().map(|task| task.0).collect();
    let any_task = closure(checked, &tasks, Footprint::default(), &values.into_iter().collect::<Vec<_>>());
    let homes = homes(checked, &whole, &any_task, &started_by);
    let keeps = Keeps { checked, tasks: &tasks, whole: &whole };
    let count = checked.objects.len();
    let mut escapes = keeps.escapes(count);
    spread(checked, &tasks, &mut escapes);
    Usage { uses: uses(&whole, count), homes, escapes, started_by, hints }
}

/// The bodies that actors run.
fn bodies(checked: &Checked) -> Vec<(User, Footprint)> {
    let mut bodies = Vec::new();
    let main = checked.main.as_ref().map(|block| Footprint::of_block(checked, block)).unwrap_or_default();
    bodies.push((User::Main, main));
    for (at, template) in (0..).zip(&checked.templates) {
        let mut body = Footprint::of_block(checked, &template.decl.body);
        template.decl.delay.iter().for_each(|delay| body.add_expr(checked, delay));
        bodies.push((User::Template(at), body));
    }
    for (at, object) in (0..).zip(&checked.objects) {
        if let (ObjectKind::Pool, Some(block)) = (object.kind, &object.decl.body) {
            bodies.push((User::Worker(at), Footprint::of_block(checked, block)));
        }
    }
    if let Some(block) = &checked.finally {
        bodies.push((User::Finally, Footprint::of_block(checked, block)));
    }
    bodies
}

/// The user that an owner of declarations is.
fn owner(owner: Owner) -> User {
    match owner {
        Owner::File | Owner::Main => User::Main,
        Owner::Template(template) => User::Template(template.0),
        Owner::Pool(pool) => User::Worker(pool.0),
    }
}

/// The tasks that each pool may be given, by one of the lists of a footprint.
fn given(
    checked: &Checked,
    tasks: &[Footprint],
    bodies: &[(User, Footprint)],
    list: impl Fn(&Footprint) -> &Vec<(Option<DeclId>, Option<TaskId>)>,
) -> Vec<(DeclId, Vec<TaskId>)> {
    let all = || bodies.iter().map(|(_, body)| body).chain(tasks);
    let values: BTreeSet<TaskId> = all().flat_map(|body| body.task_values.iter().copied()).collect();
    let kinds = (0..).map(DeclId).zip(&checked.objects);
    let pools = kinds.filter(|(_, info)| info.kind == ObjectKind::Pool).map(|(pool, _)| pool);
    let given = |pool: DeclId| {
        let mut given: BTreeSet<TaskId> = BTreeSet::new();
        for (_, task) in all().flat_map(&list).filter(|(to, _)| to.is_none_or(|to| to == pool)) {
            match task {
                Some(task) => drop(given.insert(*task)),
                None => given.extend(&values),
            }
        }
        (pool, given.into_iter().collect())
    };
    pools.map(given).collect()
}

/// A body with everything that it calls.
fn closure(checked: &Checked, tasks: &[Footprint], mut body: Footprint, also: &[TaskId]) -> Footprint {
    let mut called: Vec<TaskId> = body.calls.iter().chain(also).copied().collect();
    let mut entered: BTreeSet<TaskId> = BTreeSet::new();
    let mut acted: BTreeSet<DeclId> = BTreeSet::new();
    loop {
        while let Some(task) = called.pop() {
            if let Some(found) = tasks.get(task.0 as usize).filter(|_| entered.insert(task)) {
                called.extend(&found.calls);
                absorb(&mut body, found.clone());
            }
        }
        // Whoever waits at a barrier may run its action, whoever runs a `once` its body.
        let actions: Vec<DeclId> = body.touches.iter().map(|touch| touch.decl).collect();
        let Some(decl) = actions.into_iter().find(|decl| acted.insert(*decl)) else { return body };
        let action = checked.objects.get(decl.0 as usize).filter(|info| info.kind != ObjectKind::Pool);
        if let Some(block) = action.and_then(|info| info.decl.body.as_ref()) {
            let found = Footprint::of_block(checked, block);
            called.extend(&found.calls);
            absorb(&mut body, found);
        }
    }
}

fn absorb(body: &mut Footprint, other: Footprint) {
    body.touches.extend(other.touches);
    body.escapes.extend(other.escapes);
    body.starts.extend(other.starts);
    body.local_values.extend(other.local_values);
    body.task_values.extend(other.task_values);
    body.on_handles.extend(other.on_handles);
    body.calls_values |= other.calls_values;
}

/// Whoever gets a barrier, or what is done once, as a value may run its body: what that touches goes wherever it goes.
fn spread(checked: &Checked, tasks: &[Footprint], escapes: &mut [Option<Span>]) {
    let passed_on: Vec<(usize, Span)> =
        escapes.iter().enumerate().filter_map(|(at, span)| Some((at, (*span)?))).collect();
    for (at, span) in passed_on {
        let Some(info) = checked.objects.get(at).filter(|info| info.kind != ObjectKind::Pool) else { continue };
        let Some(block) = &info.decl.body else { continue };
        for touch in closure(checked, tasks, Footprint::of_block(checked, block), &[]).touches {
            if let Some(slot) = escapes.get_mut(touch.decl.0 as usize) {
                *slot = slot.or(Some(span));
            }
        }
    }
}

fn uses(whole: &[(User, Footprint)], count: usize) -> Vec<Use> {
    let mut uses = Vec::new();
    for (user, body) in whole {
        let mut own: Vec<Vec<Arc<str>>> = vec![Vec::new(); count];
        for touch in &body.touches {
            if let Some(operations) = own.get_mut(touch.decl.0 as usize)
                && !operations.contains(&touch.operation)
            {
                operations.push(touch.operation.clone());
            }
        }
        let used = (0..).zip(own).filter(|(_, operations)| !operations.is_empty());
        uses.extend(used.map(|(decl, operations)| Use { by: *user, decl, operations }));
    }
    uses
}

fn started_by(whole: &[(User, Footprint)]) -> FxHashMap<TemplateId, BTreeSet<User>> {
    let mut started: FxHashMap<TemplateId, BTreeSet<User>> = FxHashMap::default();
    for (user, body) in whole {
        for template in &body.starts {
            started.entry(*template).or_default().insert(*user);
        }
    }
    started
}

/// The processes in which each object is used.
fn homes(
    checked: &Checked,
    whole: &[(User, Footprint)],
    any_task: &Footprint,
    started_by: &FxHashMap<TemplateId, BTreeSet<User>>,
) -> Vec<BTreeSet<Home>> {
    let mut homes: Vec<BTreeSet<Home>> = vec![BTreeSet::new(); checked.objects.len()];
    for (user, body) in whole {
        let own = homes_of(checked, started_by, *user);
        // A task that came as a value may be any that is one.
        let values = body.calls_values.then_some(any_task);
        for touch in body.touches.iter().chain(values.into_iter().flat_map(|body| &body.touches)) {
            if let Some(homes) = homes.get_mut(touch.decl.0 as usize) {
                homes.extend(&own);
            }
        }
    }
    // A condition's lock is used wherever the condition is, and the two live in one place.
    for (at, info) in checked.objects.iter().enumerate() {
        for lock in locks_of(checked, info.decl.args.iter().map(|arg| &arg.value.kind), info.kind) {
            let both: BTreeSet<Home> = [at, lock].iter().filter_map(|at| homes.get(*at)).flatten().copied().collect();
            [at, lock].iter().for_each(|at| homes.get_mut(*at).into_iter().for_each(|homes| *homes = both.clone()));
        }
    }
    homes
}

/// The declarations that are one lock, for each.
fn names(checked: &Checked) -> Vec<BTreeSet<u32>> {
    let mut names: Vec<BTreeSet<u32>> = (0..checked.objects.len() as u32).map(|decl| BTreeSet::from([decl])).collect();
    for (condition, info) in checked.objects.iter().enumerate() {
        for lock in locks_of(checked, info.decl.args.iter().map(|arg| &arg.value.kind), info.kind) {
            if let Some(names) = names.get_mut(lock) {
                names.insert(condition as u32);
            }
        }
    }
    // Each of them has all of them.
    let locks: Vec<BTreeSet<u32>> = names.iter().filter(|names| names.len() > 1).cloned().collect();
    for lock in locks {
        for name in &lock {
            names.get_mut(*name as usize).into_iter().for_each(|names| names.extend(&lock));
        }
    }
    names
}

/// The lock that a condition is declared over.
pub(super) fn locks_of<'a>(
    checked: &'a Checked,
    args: impl Iterator<Item = &'a ExprKind> + 'a,
    kind: ObjectKind,
) -> impl Iterator<Item = usize> + 'a {
    let name = move |arg: &'a ExprKind| match arg {
        ExprKind::Name(name) => Some(name),
        ExprKind::Index(base, _) => match &base.kind {
            ExprKind::Name(name) => Some(name),
            _ => None,
        },
        _ => None,
    };
    args.filter(move |_| kind == ObjectKind::Condition).filter_map(name).filter_map(|name| {
        match checked.binding(name) {
            Binding::Object(lock) => Some(lock.0 as usize),
            _ => None,
        }
    })
}

/// The processes that a body may run in: a thread's are those of whoever starts it.
fn homes_of(checked: &Checked, started_by: &FxHashMap<TemplateId, BTreeSet<User>>, user: User) -> BTreeSet<Home> {
    let mut homes = BTreeSet::new();
    let mut seen = BTreeSet::from([user]);
    let mut left = vec![user];
    while let Some(user) = left.pop() {
        let template = match user {
            User::Main | User::Finally => {
                homes.insert(Home::Main);
                continue;
            }
            User::Worker(pool) => {
                // Workers that are threads belong to the process that has the pool.
                match checked.objects.get(pool as usize).filter(|info| has_threads(&info.decl)) {
                    Some(info) => left.extend([owner(info.owner)].into_iter().filter(|user| seen.insert(*user))),
                    None => drop(homes.insert(Home::Pool(DeclId(pool)))),
                }
                continue;
            }
            User::Template(template) => TemplateId(template),
        };
        let Some(info) = checked.templates.get(template.0 as usize) else { continue };
        if info.decl.keyword == ActorKeyword::Process {
            homes.insert(Home::Process(template));
            continue;
        }
        let owner = owner(info.owner);
        let starters = started_by.get(&template).into_iter().flatten().copied();
        left.extend(starters.chain([owner]).filter(|user| seen.insert(*user)));
    }
    homes
}

/// Which parameters keep to themselves what they are given.
struct Keeps<'a> {
    checked: &'a Checked,
    tasks: &'a [Footprint],
    whole: &'a [(User, Footprint)],
}

impl Keeps<'_> {
    /// By declaration: the first place where it goes who knows where.
    fn escapes(&self, count: usize) -> Vec<Option<Span>> {
        let mut escapes = vec![None; count];
        // What a variable at file level begins with, whoever reads it gets.
        let mut begins = Footprint::default();
        for info in self.checked.objects.iter().filter(|info| info.owner == Owner::File) {
            info.decl.init.iter().for_each(|init| begins.add_expr(self.checked, init));
        }
        for escape in self.whole.iter().flat_map(|(_, body)| &body.escapes).chain(&begins.escapes) {
            if let Some(slot) = escapes.get_mut(escape.decl.0 as usize)
                && !self.keeps(escape)
            {
                *slot = slot.or(Some(escape.span));
            }
        }
        escapes
    }

    /// Whether an object goes no further than a parameter on which only operations are done, in the same process.
    fn keeps(&self, escape: &Escape) -> bool {
        let own = |params: &[Param], at: usize, body: Option<&Footprint>| {
            let binding = params.get(at).map(|param| self.checked.binding(&param.name));
            match (binding, body) {
                (Some(Binding::Local(local)), Some(body)) => !body.local_values.contains(&local),
                _ => false,
            }
        };
        match escape.into {
            Into::Anywhere => false,
            Into::Local(local) => {
                let bodies = self.whole.iter().map(|(_, body)| body).chain(self.tasks);
                bodies.into_iter().all(|body| !body.local_values.contains(&local))
            }
            Into::Task(task, at) => {
                let info = self.checked.tasks.get(task.0 as usize);
                info.is_some_and(|info| own(&info.decl.params, at, self.tasks.get(task.0 as usize)))
            }
            Into::Actor(template, at) => {
                let body = self.whole.iter().find(|(user, _)| *user == User::Template(template.0));
                let info = self.checked.templates.get(template.0 as usize);
                info.is_some_and(|info| {
                    info.decl.keyword != ActorKeyword::Process && own(&info.decl.params, at, body.map(|(_, body)| body))
                })
            }
        }
    }
}
