//! Locks that are taken in a circle: each of some actors may hold one and wait for the next.
//!
//! Answers for: circles that actors who run at the same time can close. Says nothing where a lock around it all, or a
//! join, keeps them apart.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::actors::Actors;
use super::bodies::Who;
use super::flow::What;
use super::held::Key;
use super::locks::{Run, is_silent};
use super::mentions::Mentions;
use super::submissions::Submissions;
use crate::analysis::{Checked, DeclId, Owner, TaskId};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// Longer circles are not looked for.
const CIRCLE_MAX: usize = 16;
/// In a file with more orders than this none is looked for.
const EDGES_MAX: usize = 512;
/// How many ways to close one circle are tried.
const TRIES_MAX: usize = 10_000;

/// Somebody waits for a lock while holding another.
struct Edge {
    from: Key,
    to: Key,
    /// All that is held at that time.
    held: Vec<Key>,
    span: Span,
    /// Where in the actor's own body, as far as that is known.
    at: Span,
    who: Who,
    replica: Option<i64>,
}

/// A lock as the writer calls it.
pub(super) fn name(checked: &Checked, key: Key) -> Arc<str> {
    let name = checked.objects.get(key.decl.0 as usize).map_or("", |info| &*info.name.text);
    let which = match (key.index, key.by) {
        (Some(index), _) => format!("[{index}]"),
        (None, Some(_)) => "[…]".into(),
        (None, None) => String::new(),
    };
    let side = key.side.map_or(String::new(), |side| format!(".{}", side.name()));
    format!("{name}{which}{side}").into()
}

/// Warns of circles, once for each set of declarations.
pub(super) fn circles(
    checked: &Checked,
    runs: &[Run],
    mentions: &Mentions,
    actors: &Actors<'_>,
    submissions: &Submissions<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let edges = edges(checked, runs, mentions);
    if edges.len() > EDGES_MAX {
        return;
    }
    let search = Search { checked, actors, submissions, edges: &edges };
    let mut said: FxHashSet<BTreeSet<DeclId>> = FxHashSet::default();
    for edge in &edges {
        let Some(path) = search.path(edge.to.whole(), edge.from.whole()) else { continue };
        let decls: BTreeSet<DeclId> = path.iter().map(|key| key.decl).collect();
        if said.contains(&decls) {
            continue;
        }
        let Some(circle) = search.close(edge, &path) else { continue };
        said.insert(decls);
        let code = Code::LockOrder { names: circle.iter().map(|edge| name(checked, edge.from.whole())).collect() };
        let mut finding = Diagnostic::new(code, edge.span);
        let mut spans = vec![edge.span];
        for other in circle.iter().skip(1) {
            if !spans.contains(&other.span) {
                spans.push(other.span);
                finding = finding.also(other.span, "and here in another order");
            }
        }
        found.push(finding);
    }
}

/// Who takes what while holding what.
fn edges(checked: &Checked, runs: &[Run], mentions: &Mentions) -> Vec<Edge> {
    let taken_by = taken_by(runs);
    let mut edges: Vec<Edge> = Vec::new();
    for run in runs {
        let whose = match run.who {
            Who::Task(_) => mentions.runners(run.who).unwrap_or_default(),
            who => vec![who],
        };
        for taken in run.found.taken.iter().filter(|taken| !taken.held.is_empty()) {
            let wanted = locks_of(taken.what, &taken_by)
                .into_iter()
                .filter(|key| !taken.held.iter().any(|held| held.whole() == key.whole()) && !is_silent(checked, *key));
            for to in wanted {
                for (from, who) in taken.held.iter().flat_map(|from| whose.iter().map(move |who| (*from, *who))) {
                    let is_own = run.who == who;
                    // Where in its caller's body a task is called is not followed.
                    let at = if is_own { taken.span } else { Span { start: u32::MAX, end: u32::MAX } };
                    let held = taken.held.clone();
                    edges.push(Edge { from, to, held, span: taken.span, at, who, replica: run.replica });
                    if edges.len() > EDGES_MAX {
                        return edges;
                    }
                }
            }
        }
    }
    edges
}

/// What each task takes, and which tasks it calls.
pub(super) fn taken_by(runs: &[Run]) -> FxHashMap<TaskId, Vec<What>> {
    let mut taken_by: FxHashMap<TaskId, Vec<What>> = FxHashMap::default();
    for run in runs {
        if let Who::Task(task) = run.who {
            taken_by.entry(task).or_default().extend(run.found.taken.iter().map(|taken| taken.what));
        }
    }
    taken_by
}

/// The lock, or the locks that a task takes, with the tasks that it calls.
pub(super) fn locks_of(what: What, taken_by: &FxHashMap<TaskId, Vec<What>>) -> BTreeSet<Key> {
    let (mut left, mut seen, mut keys) = (vec![what], BTreeSet::new(), BTreeSet::new());
    while let Some(what) = left.pop() {
        match what {
            What::Lock(key) => drop(keys.insert(key)),
            What::Task(task) if seen.insert(task) => left.extend(taken_by.get(&task).into_iter().flatten()),
            What::Task(_) => {}
        }
    }
    keys
}

/// Whether what one waits for is what the other holds, and not both read.
fn is_kept_out(waits: &Edge, holds: &Edge) -> bool {
    excludes(waits.to, holds.from)
}

/// Whether two cannot hold these at the same time.
fn excludes(one: Key, other: Key) -> bool {
    one.whole() == other.whole() && !(one.reads() && other.reads())
}

struct Search<'a> {
    checked: &'a Checked,
    actors: &'a Actors<'a>,
    submissions: &'a Submissions<'a>,
    edges: &'a [Edge],
}

impl<'a> Search<'a> {
    /// The shortest way from one lock to another, both included.
    fn path(&self, from: Key, to: Key) -> Option<Vec<Key>> {
        let mut came: FxHashMap<Key, Key> = FxHashMap::default();
        let mut left = VecDeque::from([from]);
        while let Some(at) = left.pop_front() {
            if at == to {
                let mut path = vec![to];
                let mut at = to;
                while at != from {
                    at = *came.get(&at)?;
                    path.push(at);
                }
                path.reverse();
                return (path.len() <= CIRCLE_MAX).then_some(path);
            }
            for edge in self.edges.iter().filter(|edge| edge.from.whole() == at) {
                let to = edge.to.whole();
                if to != from && !came.contains_key(&to) {
                    came.insert(to, at);
                    left.push_back(to);
                }
            }
        }
        None
    }

    /// An edge for each part of the way, by actors that can be there at the same time.
    fn close(&self, first: &'a Edge, path: &[Key]) -> Option<Vec<&'a Edge>> {
        let mut steps: Vec<(Key, Key)> = path.iter().copied().zip(path.iter().copied().skip(1)).collect();
        steps.reverse();
        let mut tries = TRIES_MAX;
        self.extend(vec![first], &mut steps, &mut tries)
    }

    fn extend(&self, circle: Vec<&'a Edge>, steps: &mut Vec<(Key, Key)>, tries: &mut usize) -> Option<Vec<&'a Edge>> {
        let Some((from, to)) = steps.pop() else {
            let ends = circle.first().zip(circle.last());
            return ends.is_some_and(|(first, last)| is_kept_out(last, first)).then_some(circle);
        };
        let of_step = |edge: &&Edge| edge.from.whole() == from && edge.to.whole() == to;
        for edge in self.edges.iter().filter(of_step) {
            *tries = tries.saturating_sub(1);
            if *tries == 0 {
                break;
            }
            if circle.last().is_none_or(|before| is_kept_out(before, edge)) && self.fits(&circle, edge) {
                let longer = circle.iter().copied().chain([edge]).collect();
                if let Some(closed) = self.extend(longer, steps, tries) {
                    return Some(closed);
                }
            }
        }
        steps.push((from, to));
        None
    }

    /// Whether another actor can be at an edge while those of the circle are at theirs.
    fn fits(&self, circle: &[&Edge], edge: &Edge) -> bool {
        let same = circle.iter().filter(|other| other.who == edge.who && other.replica == edge.replica).count() as u64;
        let is_enough = self.how_many(edge).is_some_and(|most| same < most);
        is_enough
            && circle.iter().all(|other| {
                // A lock that both hold lets only one of them in.
                let is_guarded = other.held.iter().any(|key| edge.held.iter().any(|held| excludes(*key, *held)));
                !is_guarded && self.submissions.overlap((other.who, other.at), (edge.who, edge.at))
            })
    }

    /// How many actors can be at an edge. Of the private locks of a process, only its own threads count.
    fn how_many(&self, edge: &Edge) -> Option<u64> {
        let owner = |key: &Key| self.checked.objects.get(key.decl.0 as usize).map(|info| info.owner);
        let private = edge.held.iter().chain([&edge.to]).find_map(|key| match owner(key) {
            Some(Owner::Template(owner)) => Some(owner),
            _ => None,
        });
        match (edge.who, private) {
            (Who::Actor(template), None) if edge.replica.is_some() => {
                Some(self.actors.starts_of_one(template).unwrap_or(u64::MAX))
            }
            (who @ (Who::Main | Who::Actor(_)), private) => {
                let root = private.map_or(Who::Main, Who::Actor);
                Some(self.actors.instances(who, root).unwrap_or(u64::MAX))
            }
            // What it may share with them is no process's own.
            (Who::Submitted(_), None) => Some(u64::MAX),
            _ => None,
        }
    }
}
