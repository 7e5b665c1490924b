//! What each body could still do, with everything that it calls and everyone that it could start.
//!
//! Answers for: that nothing is left out that could happen; what cannot happen may be in it. Never looks at a state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::footprint::Footprint;
use super::usage::locks_of;
use super::{PASSED_ON, User};
use crate::analysis::{Checked, Owner};
use crate::value::ObjectKind;

/// Stands for every operation, but for passing the object on.
pub const ANY: &[&str] = &[];
/// The operation of a `select` whose cases take one of an array of objects.
const SELECT: &str = "select";

/// What each user could still do.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    could: BTreeMap<User, Could>,
    /// By declaration: whether it is used as a value somewhere, so that handles of it may be anywhere.
    passed_on: Vec<bool>,
    /// By declaration: the names of one lock (itself, its conditions, their other conditions).
    names: Vec<BTreeSet<u32>>,
}

/// What one user could still do.
#[derive(Clone, Debug, Default, PartialEq)]
struct Could {
    /// Operations by name, on declared objects.
    named: BTreeMap<u32, BTreeSet<Arc<str>>>,
    /// Operations on handles of any kind.
    on_handles: BTreeSet<Arc<str>>,
    /// Whether it is a worker, or one could come of it.
    works: bool,
}

impl Could {
    fn of(body: &Footprint) -> Could {
        let mut could = Could { on_handles: body.on_handles.clone(), ..Could::default() };
        for touch in &body.touches {
            could.named.entry(touch.decl.0).or_default().insert(Arc::clone(&touch.operation));
        }
        could
    }

    fn add(&mut self, other: &Could) {
        for (decl, operations) in &other.named {
            self.named.entry(*decl).or_default().extend(operations.iter().cloned());
        }
        self.on_handles.extend(other.on_handles.iter().cloned());
        self.works |= other.works;
    }

    fn names(&self, decl: u32, wanted: &[&str]) -> bool {
        let is_wanted = |operation: &Arc<str>| match wanted {
            [] => &**operation != PASSED_ON,
            wanted => &**operation == SELECT || wanted.contains(&&**operation),
        };
        self.named.get(&decl).is_some_and(|operations| operations.iter().any(is_wanted))
    }

    fn handles(&self, wanted: &[&str]) -> bool {
        match wanted {
            [] => !self.on_handles.is_empty(),
            wanted => wanted.iter().any(|wanted| self.on_handles.contains(*wanted)),
        }
    }
}

impl Reach {
    /// From the bodies, each with what it calls, and from all tasks that are ever a value.
    pub(super) fn of(checked: &Checked, whole: &[(User, Footprint)], any_task: &Footprint) -> Reach {
        let mut could: BTreeMap<User, Could> = BTreeMap::new();
        let mut then: BTreeMap<User, BTreeSet<User>> = BTreeMap::new();
        for (user, body) in whole {
            let mut own = Could { works: matches!(user, User::Worker(_)), ..Could::of(body) };
            let next = then.entry(*user).or_default();
            next.extend(body.starts.iter().map(|template| User::Template(template.0)));
            if body.calls_values {
                own.add(&Could::of(any_task));
                next.extend(any_task.starts.iter().map(|template| User::Template(template.0)));
            }
            could.insert(*user, own);
        }
        let main = then.entry(User::Main).or_default();
        main.insert(User::Finally);
        if checked.main.is_none() {
            let at_file_level = (0..).zip(&checked.templates).filter(|(_, template)| template.owner == Owner::File);
            main.extend(at_file_level.map(|(template, _)| User::Template(template)));
        }
        // A worker that dies is replaced by whom its pool belongs to.
        for (decl, info) in (0..).zip(&checked.objects).filter(|(_, info)| info.kind == ObjectKind::Pool) {
            let owner = match info.owner {
                Owner::File | Owner::Main => User::Main,
                Owner::Template(template) => User::Template(template.0),
                Owner::Pool(pool) => User::Worker(pool.0),
            };
            then.entry(owner).or_default().insert(User::Worker(decl));
        }
        let could = could.keys().map(|user| (*user, closed(*user, &could, &then))).collect();
        let count = checked.objects.len();
        let mut passed_on = vec![false; count];
        let bodies = whole.iter().map(|(_, body)| body).chain([any_task]);
        for touch in bodies.flat_map(|body| &body.touches).filter(|touch| &*touch.operation == PASSED_ON) {
            passed_on.get_mut(touch.decl.0 as usize).into_iter().for_each(|slot| *slot = true);
        }
        Reach { could, passed_on, names: names(checked) }
    }

    /// Whether a user could still perform one of the operations on an object of a declaration; nobody knows what an
    /// unknown user or declaration is.
    pub fn may(&self, user: Option<User>, decl: Option<u32>, operations: &[&str]) -> bool {
        let Some(could) = user.and_then(|user| self.could.get(&user)) else { return true };
        let Some(decl) = decl else { return could.handles(operations) };
        could.names(decl, operations) || self.is_passed_on(decl) && could.handles(operations)
    }

    /// Whether handles of an object may have gone anywhere.
    pub fn is_passed_on(&self, decl: u32) -> bool {
        self.passed_on.get(decl as usize).copied().unwrap_or(true)
    }

    /// Whether a user could still end a process that is not its own.
    pub fn may_kill(&self, user: Option<User>) -> bool {
        let Some(could) = user.and_then(|user| self.could.get(&user)) else { return true };
        could.handles(&["terminate", "kill"]) || could.named.keys().any(|decl| could.names(*decl, &["terminate"]))
    }

    /// Whether a user is a worker of a pool, or one could come of it.
    pub fn may_work(&self, user: Option<User>) -> bool {
        user.and_then(|user| self.could.get(&user)).is_none_or(|could| could.works)
    }

    /// The declarations that are names of one lock: itself and the conditions over it.
    pub fn names_of_lock(&self, decl: u32) -> impl Iterator<Item = u32> + '_ {
        self.names.get(decl as usize).into_iter().flatten().copied()
    }

    /// Whether a lock is ever released but at the end of a `with`: then perhaps by one who does not hold it.
    pub fn is_released_openly(&self, decl: u32) -> bool {
        let is_open = |decl| self.could.values().any(|could| could.names(decl, &["release"]));
        let is_passed_on =
            |decl| self.is_passed_on(decl) && self.could.values().any(|could| could.handles(&["release"]));
        self.names_of_lock(decl).any(|name| is_open(name) || is_passed_on(name))
    }
}

/// What a user could do, with all that it could start, and they.
fn closed(user: User, could: &BTreeMap<User, Could>, then: &BTreeMap<User, BTreeSet<User>>) -> Could {
    let mut all = Could::default();
    let mut seen = BTreeSet::from([user]);
    let mut left = vec![user];
    while let Some(user) = left.pop() {
        could.get(&user).into_iter().for_each(|could| all.add(could));
        left.extend(then.get(&user).into_iter().flatten().copied().filter(|next| seen.insert(*next)));
    }
    all
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
