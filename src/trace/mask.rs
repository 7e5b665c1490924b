//! What a trace hides so that it is the same at every run: process and thread ids, and measured times.
//!
//! Answers for: what is put in their place. `<pid main>` names the actor whose id it is, `<pid conc>` is the process
//! that started main, `<pid>` one that nobody in the trace has; `<time>` is a measured time.

use rustc_hash::FxHashMap;

use super::{Datum, Status, TraceData};
use crate::program::ActorKind;
use crate::program::op::OpCode;
use crate::value::Mask;

/// What stands for a measured time.
pub(crate) const TIME: &str = "<time>";

/// What stands for the index that a barrier's wait gives: it only tells who came first.
pub(crate) const INDEX: &str = "<index>";

/// Who has which process or thread id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ids {
    names: FxHashMap<i64, String>,
}

impl Ids {
    /// The ids in a trace. A process's id is the process's, whatever threads it has.
    pub(crate) fn new(data: &TraceData) -> Ids {
        let mut names = FxHashMap::default();
        let is_process = |kind| matches!(kind, ActorKind::Main | ActorKind::Process | ActorKind::Worker);
        let (processes, threads): (Vec<_>, Vec<_>) = data.actors.iter().partition(|info| is_process(info.kind));
        for info in &processes {
            names.entry(info.pid).or_insert_with(|| info.name.clone());
        }
        for info in processes.iter().chain(&threads) {
            names.entry(info.tid).or_insert_with(|| info.name.clone());
        }
        let main = data.actors.iter().find(|info| info.kind == ActorKind::Main).map(|info| info.pid);
        for event in data.events.iter().filter(|event| event.op == OpCode::Ppid) {
            let pid = data.actors.get(event.place.actor as usize).map(|info| info.pid);
            if let (Status::Gave(Datum::Pid(parent)), true) = (&event.status, pid.is_some() && pid == main) {
                names.entry(*parent).or_insert_with(|| "conc".into());
            }
        }
        names.remove(&0);
        Ids { names }
    }

    /// Whose id it is.
    pub(crate) fn owner(&self, id: i64) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    /// What stands for an id.
    pub(crate) fn pid(&self, id: i64) -> String {
        match self.owner(id) {
            Some(name) => format!("<pid {name}>"),
            None => "<pid>".into(),
        }
    }

    /// A text with its parts masked; a part that is not a part of the text is passed over.
    pub(crate) fn text(&self, text: &str, masks: &[Mask]) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut done = 0;
        for mask in masks {
            let (start, end) = (mask.start as usize, mask.end as usize);
            let (Some(before), Some(_)) = (text.get(done..start), text.get(start..end)) else { continue };
            masked.push_str(before);
            match mask.pid {
                Some(id) => masked.push_str(&self.pid(id)),
                None => masked.push_str(TIME),
            }
            done = end;
        }
        masked.push_str(text.get(done..).unwrap_or_default());
        masked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::ActorInfo;

    fn ids() -> Ids {
        let actor = |name: &str, kind, pid, tid| ActorInfo { name: name.into(), kind, parent: None, pid, tid };
        let actors = vec![
            actor("main", ActorKind::Main, 10, 10),
            actor("member", ActorKind::Thread, 10, 12),
            actor("write#2", ActorKind::Process, 11, 11),
        ];
        Ids::new(&TraceData { actors, ..TraceData::default() })
    }

    #[test]
    fn ids_are_named() {
        let ids = ids();
        assert_eq!(ids.pid(10), "<pid main>");
        assert_eq!(ids.pid(11), "<pid write#2>");
        assert_eq!(ids.pid(12), "<pid member>");
        assert_eq!(ids.pid(99), "<pid>");
    }

    #[test]
    fn parts_of_a_text() {
        let mask = |start, end, pid| Mask { start, end, pid };
        let masks = [mask(4, 6, Some(11)), mask(11, 15, None), mask(90, 91, None)];
        assert_eq!(ids().text("pid 11 took 1.5s, é", &masks), "pid <pid write#2> took<time>s, é");
        assert_eq!(ids().text("é", &[mask(1, 2, None)]), "é");
    }
}
