//! Figures of a run as two tables.
//!
//! Answers for: columns that line up. Never counts anything.

use unicode_width::UnicodeWidthStr as _;

use crate::program::op::OpCode;
use crate::program::signature::{Receiver, signatures};
use crate::trace::{ObjectStats, Stats, Waits};
use crate::value::ObjectKind;

/// What stands where there is nothing to say.
const NOTHING: &str = "-";

/// The figures as a table of objects and a table of actors.
pub fn stats(stats: &Stats) -> String {
    let mut out = format!("{} events in {}\n", stats.events, time(stats.duration_ns));
    if !stats.objects.is_empty() {
        out.push('\n');
        let head = ["object", "kind", "waits", "waiting", "longest", "notes", "operations"].map(String::from);
        let rows = stats.objects.iter().map(|object| {
            let [count, total, longest] = waits(&object.waits);
            [object.name.clone(), kind(object.kind).into(), count, total, longest, notes(object), operations(object)]
        });
        table(&mut out, head, rows.collect());
    }
    out.push('\n');
    let head = ["actor", "kind", "events", "time", "waits", "waiting", "longest", "slept"].map(String::from);
    let rows = stats.actors.iter().map(|actor| {
        let [count, total, longest] = waits(&actor.waits);
        let slept = if actor.slept_ns == 0 { NOTHING.into() } else { time(actor.slept_ns) };
        let kind = format!("{:?}", actor.kind).to_lowercase();
        [actor.name.clone(), kind, actor.events.to_string(), time(actor.time_ns), count, total, longest, slept]
    });
    table(&mut out, head, rows.collect());
    out
}

fn waits(waits: &Waits) -> [String; 3] {
    match waits.count {
        0 => [NOTHING; 3].map(String::from),
        count => [count.to_string(), time(waits.total_ns), time(waits.longest_ns)],
    }
}

/// What there is to say of a kind of object alone.
fn notes(object: &ObjectStats) -> String {
    let mut notes = Vec::new();
    notes.extend(object.most_items.map(|most| format!("at most {most} at a time")));
    notes.extend(object.puts.zip(object.gets).map(|(puts, gets)| format!("{puts} in, {gets} out")));
    notes.extend(object.most_out.map(|most| format!("at most {most} out")));
    notes.extend(object.longest_hold.as_ref().map(|hold| format!("{} held it {}", hold.actor, time(hold.time_ns))));
    if notes.is_empty() { NOTHING.into() } else { notes.join(", ") }
}

fn operations(object: &ObjectStats) -> String {
    let table = signatures(Receiver::Object(object.kind));
    let name = |op: OpCode| match op {
        OpCode::QueueNext | OpCode::PipeNext => "for".into(),
        OpCode::CellRead => "read".into(),
        OpCode::CellWrite => "write".into(),
        OpCode::CellMethod => "method".into(),
        OpCode::PoolTake => "take".into(),
        OpCode::PoolDone => "done".into(),
        OpCode::PoolCall => "call".into(),
        OpCode::PoolCalled => "called".into(),
        OpCode::PoolSubmit => "apply_async".into(),
        OpCode::PoolSubmitMap => "map_async".into(),
        OpCode::PoolImap => "imap".into(),
        OpCode::PoolImapUnordered => "imap_unordered".into(),
        OpCode::Arrive => "arrive".into(),
        op => match table.iter().find(|signature| signature.op == op) {
            Some(signature) => signature.name.to_owned(),
            None => format!("{op:?}"),
        },
    };
    let mut texts: Vec<String> = object.operations.iter().map(|(op, count)| format!("{count} {}", name(*op))).collect();
    if object.raised > 0 {
        texts.push(format!("{} raised", object.raised));
    }
    texts.join(", ")
}

fn kind(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Queue => "queue",
        ObjectKind::PipeEnd => "pipe end",
        ObjectKind::Lock => "lock",
        ObjectKind::Rlock => "rlock",
        ObjectKind::Rwlock => "rwlock",
        ObjectKind::Condition => "condition",
        ObjectKind::Semaphore => "semaphore",
        ObjectKind::BoundedSemaphore => "bounded semaphore",
        ObjectKind::Event => "event",
        ObjectKind::Barrier => "barrier",
        ObjectKind::Latch => "latch",
        ObjectKind::Once => "once",
        ObjectKind::Shared => "shared",
        ObjectKind::Atomic => "atomic",
        ObjectKind::Pool => "pool",
    }
}

/// Three digits and a unit.
fn time(nanos: u64) -> String {
    let (value, unit) = match nanos {
        0..1_000 => return format!("{nanos}ns"),
        1_000..1_000_000 => (nanos as f64 / 1e3, "us"),
        1_000_000..1_000_000_000 => (nanos as f64 / 1e6, "ms"),
        _ => (nanos as f64 / 1e9, "s"),
    };
    let decimals = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.decimals$}{unit}")
}

/// Rows below a head, each column as wide as its widest text.
fn table<const N: usize>(out: &mut String, head: [String; N], rows: Vec<[String; N]>) {
    let mut rows = rows;
    rows.insert(0, head);
    let mut widths = [0; N];
    for row in &rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = (*width).max(text.width());
        }
    }
    for row in &rows {
        let mut line = String::new();
        for (text, width) in row.iter().zip(widths) {
            line.push_str(text);
            line.extend(std::iter::repeat_n(' ', width - text.width() + 2));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times() {
        let shown = [0, 999, 1_500, 25_340, 999_949, 7_000_000, 51_234_000_000].map(time);
        assert_eq!(shown, ["0ns", "999ns", "1.50us", "25.3us", "1000us", "7.00ms", "51.2s"]);
    }
}
