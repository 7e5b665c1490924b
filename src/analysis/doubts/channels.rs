//! Queues and pipes with nobody at the other side.
//!
//! Answers for: what is put and never taken, what is awaited and never put, an end of a pipe that nobody holds.

use super::mentions::{Mention, Mentions};
use crate::analysis::Checked;
use crate::diagnostic::{Code, Diagnostic};
use crate::value::ObjectKind;

/// Queues that are only written, or only read.
pub(super) fn one_sided(checked: &Checked, mentions: &Mentions, found: &mut Vec<Diagnostic>) {
    for (id, info) in checked.objects.iter().enumerate().filter(|(_, info)| info.kind == ObjectKind::Queue) {
        let Some(all) = mentions.all_of(id).filter(|_| !info.name.text.starts_with('_')) else { continue };
        let is_put = |mention: &&Mention| matches!(&*mention.operation, "put" | "put_nowait");
        let is_taken = |mention: &&Mention| matches!(&*mention.operation, "get" | "get_nowait" | "for");
        let (put, taken) = (all.iter().find(is_put), all.iter().find(is_taken));
        // Whoever looks at it, or closes it, has something in mind.
        if all.iter().any(|mention| !is_put(&mention) && !is_taken(&mention)) {
            continue;
        }
        let name = info.name.text.clone();
        match (put, taken) {
            (Some(put), None) => {
                let code = Code::OneSided { name, is_put: true };
                found.push(Diagnostic::new(code, info.name.span).also(put.span, "put here"));
            }
            // Who takes without waiting for ever knows that there may be nothing.
            (None, Some(taken))
                if all.iter().all(|mention| mention.args == 0 && &*mention.operation != "get_nowait") =>
            {
                let code = Code::OneSided { name, is_put: false };
                found.push(Diagnostic::new(code, info.name.span).also(taken.span, "waits here"));
            }
            _ => {}
        }
    }
}

/// Pipes of which one end is used, and the other is never named.
pub(super) fn unheld(checked: &Checked, mentions: &Mentions, found: &mut Vec<Diagnostic>) {
    let is_named = |id: usize| {
        let operated = mentions.of.get(id).is_some_and(|all| !all.is_empty());
        operated || mentions.escapes.get(id).copied().unwrap_or(true)
    };
    for (id, info) in checked.objects.iter().enumerate().filter(|(_, info)| !info.name.text.starts_with('_')) {
        let Some(peer) = info.peer.filter(|peer| !is_named(id) && is_named(peer.0 as usize)) else { continue };
        let Some(other) = checked.objects.get(peer.0 as usize) else { continue };
        let code = Code::UnheldEnd { name: info.name.text.clone(), peer: other.name.text.clone() };
        found.push(Diagnostic::new(code, info.name.span));
    }
}
