//! Locks that are not given back, or taken twice by the same actor.
//!
//! Answers for: what each body does with locks, and the warnings that one body is enough for. Never compares orders:
//! that is `order`.

use rustc_hash::FxHashSet;

use super::actors::Actors;
use super::bodies::{Body, Who};
use super::constant::{Eval, Known};
use super::flow::{Found, STEPS_MAX, follow};
use super::held::Key;
use super::mentions::Mentions;
use super::order;
use super::submissions::Submissions;
use crate::analysis::{Binding, Checked, DeclId};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::value::ObjectKind;

/// Of a template with more replicas than this, one stands for all.
const REPLICAS_MAX: usize = 16;

/// What one actor does with locks.
pub(super) struct Run {
    pub(super) who: Who,
    /// Which replica, where its index makes a difference.
    pub(super) replica: Option<i64>,
    pub(super) found: Found,
}

/// Warns of locks that are kept, taken twice, or taken in a circle.
pub(super) fn doubts(
    checked: &Checked,
    bodies: &[Body<'_>],
    mentions: &Mentions,
    actors: &Actors<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let Some(runs) = runs(checked, bodies) else { return };
    let blurred: FxHashSet<DeclId> = runs.iter().flat_map(|run| run.found.blurred.iter().copied()).collect();
    let foreign: FxHashSet<Key> = runs.iter().flat_map(|run| run.found.foreign.iter().copied()).collect();
    // Which of an array they are is known of some, and not of others.
    let all = || runs.iter().flat_map(|run| run.found.first.keys().chain(&run.found.foreign));
    let by_variable: FxHashSet<DeclId> = all().filter(|key| key.by.is_some()).map(|key| key.decl).collect();
    let by_value: FxHashSet<DeclId> = all().filter(|key| key.by.is_none()).map(|key| key.decl).collect();
    let is_told_apart = |key: &Key| match key.by {
        None => !by_variable.contains(&key.decl),
        Some(_) => !by_value.contains(&key.decl) && !foreign.iter().any(|other| other.decl == key.decl),
    };
    // A lock that is handed over, or passed on, is released by somebody else.
    let is_followed = |key: &Key| {
        let is_passed_on = mentions.all_of(key.decl.0 as usize).is_none();
        !is_passed_on
            && is_told_apart(key)
            && !blurred.contains(&key.decl)
            && !foreign.contains(key)
            && !is_silent(checked, *key)
    };
    let taken_by = order::taken_by(&runs);
    let mut said: FxHashSet<(DeclId, Span)> = FxHashSet::default();
    for run in &runs {
        // Where actors are killed, it is about what they leave behind.
        let is_killed = actors.kills && matches!(run.who, Who::Actor(_));
        for (key, end) in run.found.kept.iter().filter(|(key, _)| !is_killed && is_followed(key)) {
            // Permits may be taken to stay, or to be given by others.
            if is_semaphore(checked, *key) && !run.found.released.contains(key) {
                continue;
            }
            let Some(first) = run.found.first.get(key).filter(|first| said.insert((key.decl, **first))) else {
                continue;
            };
            let code = Code::LockKept { name: order::name(checked, *key) };
            found.push(Diagnostic::new(code, *first).also(*end, "still held here"));
        }
        for taken in &run.found.taken {
            for key in order::locks_of(taken.what, &taken_by) {
                let info = checked.objects.get(key.decl.0 as usize);
                let is_plain = info.is_some_and(|info| info.kind == ObjectKind::Lock);
                if is_plain && taken.held.contains(&key) && is_followed(&key) && said.insert((key.decl, taken.span)) {
                    found.push(Diagnostic::new(Code::TakenTwice { name: order::name(checked, key) }, taken.span));
                }
            }
        }
    }
    let submissions = Submissions::new(checked, bodies, actors);
    order::circles(checked, &runs, mentions, actors, &submissions, found);
}

pub(super) fn is_semaphore(checked: &Checked, key: Key) -> bool {
    let kind = checked.objects.get(key.decl.0 as usize).map(|info| info.kind);
    matches!(kind, Some(ObjectKind::Semaphore | ObjectKind::BoundedSemaphore))
}

/// A name that begins with `_` asks for silence.
pub(super) fn is_silent(checked: &Checked, key: Key) -> bool {
    checked.objects.get(key.decl.0 as usize).is_none_or(|info| info.name.text.starts_with('_'))
}

/// Follows every body, one with an index for each of its values. None if there is too much to follow.
fn runs(checked: &Checked, bodies: &[Body<'_>]) -> Option<Vec<Run>> {
    let has_locks = |kind: ObjectKind| {
        use ObjectKind as Kind;
        let is_lock = matches!(kind, Kind::Lock | Kind::Rlock | Kind::Rwlock | Kind::Condition);
        is_lock || matches!(kind, Kind::Semaphore | Kind::BoundedSemaphore)
    };
    let mut runs = Vec::new();
    if !checked.objects.iter().any(|info| has_locks(info.kind)) {
        return Some(runs);
    }
    let mut steps_left = STEPS_MAX;
    for body in bodies {
        let replicas = match body.who {
            Who::Actor(template) => checked.templates.get(template.0 as usize)?.decl.replicas.as_ref(),
            _ => None,
        };
        let values = replicas.and_then(|(index, values)| {
            let Binding::Local(local) = checked.binding(index) else { return None };
            let values = Eval { checked, known: &Known::default() }.items(values)?;
            (values.len() <= REPLICAS_MAX).then_some((local, values))
        });
        let Some((local, values)) = values else {
            let found = follow(checked, body.block, Known::default(), &mut steps_left)?;
            runs.push(Run { who: body.who, replica: None, found });
            continue;
        };
        for value in values {
            let known = Known::from_iter([(local, value)]);
            let found = follow(checked, body.block, known, &mut steps_left)?;
            runs.push(Run { who: body.who, replica: Some(value), found });
        }
    }
    Some(runs)
}
