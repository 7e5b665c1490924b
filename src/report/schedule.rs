//! What is said of deterministic runs that went wrong: a replay that does not fit, and a difference between the worlds.
//!
//! Answers for: words. Never compares.

use annotate_snippets::Level;

use super::excerpt::{Excerpt, draw};
use crate::program::op::OpCode;
use crate::source::Source;
use crate::trace::{Access, BrokenInvariant, Divergence, Misfit, Race};

/// Which invariant does not hold, and which step broke it.
pub fn broken_invariant(source: &Source, broken: &BrokenInvariant, styled: bool) -> String {
    let label = match &broken.error {
        None => "this is false".to_owned(),
        Some(error) => format!("evaluating it came to {error}"),
    };
    let title = format!("the invariant `{}` does not hold", broken.name);
    let span = broken.claimed;
    let claim = Excerpt { level: Level::ERROR, title, span, label, notes: Vec::new() };
    let mut excerpts = vec![claim];
    if let Some((actor, span)) = &broken.by {
        let title = format!("broken by a step of {actor}");
        let label = "after this".to_owned();
        excerpts.push(Excerpt { level: Level::NOTE, title, span: *span, label, notes: Vec::new() });
    }
    draw(source, excerpts, styled)
}

/// Which two accesses are both next.
pub fn race(source: &Source, race: &Race, styled: bool) -> String {
    let [first, second] = &race.accesses;
    let does = |access: &Access| if access.writes { "writes" } else { "reads" };
    let title = format!("a race on `{}`: the next step may be either access", race.variable);
    let label = format!("{} {} it next", first.name, does(first));
    let other = format!("{} {} it next", second.name, does(second));
    let one = Excerpt { level: Level::ERROR, title, span: first.span, label, notes: Vec::new() };
    let title = "the other access".to_owned();
    let another = Excerpt { level: Level::NOTE, title, span: second.span, label: other, notes: Vec::new() };
    draw(source, vec![one, another], styled)
}

/// Who goes on for ever, and how that was seen.
pub fn livelock(actors: &[String], steps: usize) -> String {
    let verb = if actors.len() == 1 { "goes" } else { "go" };
    let round = match steps {
        1 => "one step all is as it was before it".to_owned(),
        steps => format!("{steps} steps all is as it was before them"),
    };
    format!("livelock: {} {verb} on for ever: after {round}\n", actors.join(", "))
}

/// What the machine says and what the OS did, at the place.
pub fn divergence(source: &Source, divergence: &Divergence, styled: bool) -> String {
    let title = format!("a bug in conc: {} did what the machine cannot do", divergence.actor);
    let label = format!("the machine says: {}", divergence.machine);
    let notes = vec![format!("the operating system: {}", divergence.os)];
    draw(source, vec![Excerpt { level: Level::ERROR, title, span: divergence.span, label, notes }], styled)
}

/// Which step of a replay does not fit, and where its actor stands instead.
pub fn misfit(misfit: &Misfit) -> String {
    let actor = &misfit.actor;
    let wanted = match misfit.wanted {
        Some(at) => format!("{actor} was to go on at {}", place(at)),
        None => format!("{actor} was to come to its end"),
    };
    let instead = match misfit.stands {
        Some(at) if misfit.can_go_on => format!("it stands at {}", place(at)),
        Some(at) => format!("it waits at {}", place(at)),
        None => "it is not there, or has no more to do".to_owned(),
    };
    let changed = if misfit.same_scenario { "" } else { "; the scenario has changed since the replay was recorded" };
    format!("the replay does not fit: step {}: {wanted}, but {instead}{changed}\n", misfit.step)
}

fn place((line, op): (u32, OpCode)) -> String {
    format!("line {line} ({})", words(op))
}

/// `QueuePut` as `queue put`.
pub(super) fn words(op: OpCode) -> String {
    let mut words = String::new();
    for (at, letter) in format!("{op:?}").char_indices() {
        if at > 0 && letter.is_uppercase() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}
