//! Barriers that wait for more than there are.
//!
//! Answers for: more parties than actors that could ever wait. Says nothing of barriers that time out or are broken on
//! purpose.

use super::actors::Actors;
use super::bodies::Who;
use super::constant::{Eval, Known};
use super::mentions::Mentions;
use crate::analysis::{Checked, Owner};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::ast::Arg;
use crate::value::ObjectKind;

/// Barriers with more parties than actors that wait at them.
pub(super) fn short(checked: &Checked, mentions: &Mentions, actors: &Actors<'_>, found: &mut Vec<Diagnostic>) {
    // Where actors are killed, it may be about a party that never comes.
    if actors.kills {
        return;
    }
    let eval = Eval { checked, known: &Known::default() };
    for (id, info) in checked.objects.iter().enumerate().filter(|(_, info)| info.kind == ObjectKind::Barrier) {
        let is_array = info.decl.array.is_some();
        let names = |arg: &Arg, name: &str| arg.name.as_ref().is_some_and(|own| &*own.text == name);
        let of_name = |name: &str| info.decl.args.iter().find(|arg| names(arg, name));
        // A time limit says that not everybody is expected.
        let is_limited = info.decl.args.len() > 1;
        let parties = of_name("parties").or_else(|| info.decl.args.first());
        let parties = parties.filter(|_| !is_array && !is_limited && !info.name.text.starts_with('_'));
        let Some(parties) = parties.and_then(|arg| eval.int(&arg.value)) else { continue };
        let Some(all) = mentions.all_of(id) else { continue };
        // A time limit, or a look at whether it is broken, says that not everybody is expected.
        let is_plain = |operation: &str, args: usize| match operation {
            "wait" => args == 0,
            "parties" | "waiting" => true,
            _ => false,
        };
        if !all.iter().all(|mention| is_plain(&mention.operation, mention.args)) {
            continue;
        }
        let root = match info.owner {
            Owner::File | Owner::Main => Who::Main,
            Owner::Template(owner) => Who::Actor(owner),
            Owner::Pool(_) => continue,
        };
        let mut waiters: Vec<Who> = Vec::new();
        let mut is_certain = true;
        for mention in all.iter().filter(|mention| &*mention.operation == "wait") {
            match mention.who.and_then(|who| mentions.runners(who)) {
                Some(runners) => waiters.extend(runners),
                None => is_certain = false,
            }
        }
        waiters.sort();
        waiters.dedup();
        let counts: Option<Vec<u64>> = waiters.iter().map(|who| actors.instances(*who, root)).collect();
        let Some(counts) = counts.filter(|counts| is_certain && !counts.is_empty()) else { continue };
        let count = counts.into_iter().fold(0, u64::saturating_add);
        if count > 0 && i128::from(count) < i128::from(parties) {
            let code = Code::BarrierShort { name: info.name.text.clone(), parties: parties as u64, actors: count };
            let place = all.iter().find(|mention| &*mention.operation == "wait").map(|mention| mention.span);
            let finding = Diagnostic::new(code, info.name.span);
            found.push(match place {
                Some(place) => finding.also(place, "waits here"),
                None => finding,
            });
        }
    }
}
