//! Values of a trace as text: literals of the language, with actors and objects by name, pids and times masked.
//!
//! Answers for: one line a value, however large or deep it is. Never shows what differs from run to run.

use std::fmt::Write as _;

use rustc_hash::FxHashMap;

use crate::trace::{Datum, Place, TIME, Trace};
use crate::value::{duration, float};

/// How deep lists and their like are shown.
const DEPTH_MAX: u32 = 40;

/// Shows the values of one trace.
pub(super) struct Shown<'a> {
    trace: &'a Trace,
    results: FxHashMap<Place, u32>,
}

impl<'a> Shown<'a> {
    pub(super) fn new(trace: &'a Trace) -> Shown<'a> {
        Shown { trace, results: trace.results() }
    }

    /// A value as its literal.
    pub(super) fn literal(&self, datum: &Datum) -> String {
        let mut out = String::new();
        self.write(&mut out, datum, 0);
        out
    }

    /// A text that was printed: in quotes and on one line, but braces as they are.
    pub(super) fn printed(&self, datum: &Datum) -> String {
        self.literal(datum).replace("\\{", "{").replace("\\}", "}")
    }

    /// Values, separated by commas.
    pub(super) fn list(&self, items: &[Datum]) -> String {
        let mut out = String::new();
        self.items(&mut out, items, 0);
        out
    }

    /// What stands for the result of the task that was handed over at a place.
    pub(super) fn result(&self, place: Place) -> String {
        match self.results.get(&place) {
            Some(number) => format!("result#{number}"),
            None => "result".into(),
        }
    }

    fn write(&self, out: &mut String, datum: &Datum, depth: u32) {
        if depth > DEPTH_MAX {
            out.push('…');
            return;
        }
        match datum {
            Datum::None => out.push_str("none"),
            Datum::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Datum::Int(value) => out.push_str(&value.to_string()),
            Datum::Float(value) => out.push_str(&float(*value)),
            Datum::Duration(nanos) => out.push_str(&duration(*nanos)),
            Datum::Pid(id) => out.push_str(&self.trace.ids().pid(*id)),
            Datum::Elapsed(_) => out.push_str(TIME),
            Datum::Str(text) => out.push_str(&quoted(text)),
            Datum::Masked(text, masks) => out.push_str(&quoted(&self.trace.ids().text(text, masks))),
            Datum::List(items) => {
                out.push('[');
                self.items(out, items, depth + 1);
                out.push(']');
            }
            Datum::Set(items) if items.is_empty() => out.push_str("set()"),
            Datum::Set(items) => {
                out.push('{');
                self.items(out, items, depth + 1);
                out.push('}');
            }
            Datum::Map(entries) => self.map(out, entries, depth + 1),
            Datum::Range(low, high, inclusive) => {
                self.write(out, low, depth + 1);
                out.push_str(if *inclusive { "..=" } else { ".." });
                self.write(out, high, depth + 1);
            }
            Datum::Object(object) => out.push_str(self.trace.object_name(*object)),
            Datum::Actor(actor) => out.push_str(self.trace.actor_name(*actor)),
            Datum::Result(place) => out.push_str(&self.result(*place)),
            Datum::Task(name) => out.push_str(name),
        }
    }

    fn items(&self, out: &mut String, items: &[Datum], depth: u32) {
        for (at, item) in items.iter().enumerate() {
            out.push_str(if at > 0 { ", " } else { "" });
            self.write(out, item, depth);
        }
    }

    fn map(&self, out: &mut String, entries: &[(Datum, Datum)], depth: u32) {
        out.push('{');
        for (at, (key, value)) in entries.iter().enumerate() {
            out.push_str(if at > 0 { ", " } else { "" });
            match key {
                Datum::Str(text) if is_name(text) => out.push_str(text),
                Datum::Str(text) => out.push_str(&quoted(text)),
                key => {
                    out.push('[');
                    self.write(out, key, depth);
                    out.push(']');
                }
            }
            out.push_str(": ");
            self.write(out, value, depth);
        }
        out.push('}');
    }
}

/// Text as a literal: one line, whatever is in it.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '"' | '\\' | '{' | '}' => out.extend(['\\', c]),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                let _ = write!(out, "\\u{{{:X}}}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    let first = |c: char| c == '_' || unicode_ident::is_xid_start(c);
    chars.next().is_some_and(first) && chars.all(unicode_ident::is_xid_continue)
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn literals() {
        assert_eq!(quoted("a \"b\" {c}\n\u{7}"), r#""a \"b\" \{c\}\n\u{7}""#);
    }
}
