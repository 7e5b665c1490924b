//! Values as text: what `print` and interpolation write.
//!
//! Answers for: that a value prints as its literal, the same at every run, and that the parts which differ between
//! runs (process ids, measured times) are masked wherever they stand. Never knows what an object or actor is called:
//! [`Names`] does.

use std::fmt::Write as _;
use std::sync::Arc;

use super::{ActorRef, MAX_BYTES, MAX_DEPTH, ObjectRef, Range, Text, Value};

/// What handles are called.
pub trait Names {
    /// How an object prints.
    fn object(&self, object: ObjectRef) -> String;
    /// How a handle to an actor prints.
    fn actor(&self, actor: ActorRef) -> String;
    /// How a task prints.
    fn task(&self, task: u32) -> String;
}

/// Names for where nobody knows better: `<queue 3>`.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoNames;

impl Names for NoNames {
    fn object(&self, object: ObjectRef) -> String {
        let side = match object.role {
            0 => "",
            1 => ".read",
            _ => ".write",
        };
        format!("<{} {}{side}>", object.kind.name(), object.id)
    }

    fn actor(&self, actor: ActorRef) -> String {
        format!("<actor {}>", actor.0)
    }

    fn task(&self, task: u32) -> String {
        format!("<task {task}>")
    }
}

/// A value as `print` writes it: a string bare, anything else as its literal.
///
/// What is larger than [`MAX_BYTES`] or deeper than [`MAX_DEPTH`] ends in `…` there.
pub fn display(value: &Value, names: &dyn Names) -> Text {
    match value {
        Value::Str(text) => Text::clone(text),
        value => literal(value, names),
    }
}

/// A value as its literal.
///
/// What is larger than [`MAX_BYTES`] or deeper than [`MAX_DEPTH`] ends in `…` there.
pub fn literal(value: &Value, names: &dyn Names) -> Text {
    let mut printer = Printer { out: Text::new(), names };
    printer.value(value, MAX_DEPTH);
    printer.out
}

/// A float as Python writes it: the shortest digits that read back as the same number.
pub fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if (-4..16).contains(&exponent) => {
            let plain = format!("{value}");
            if plain.contains('.') { plain } else { plain + ".0" }
        }
        Ok(exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        Err(_) => scientific,
    }
}

/// A duration as a literal: in the largest of `s`, `ms`, `us` and `ns` that it has one of.
pub fn duration(nanoseconds: i64) -> String {
    let (unit, zeros, name) = match nanoseconds.unsigned_abs() {
        0 => return "0s".to_owned(),
        1_000_000_000.. => (1_000_000_000, 9, "s"),
        1_000_000.. => (1_000_000, 6, "ms"),
        1_000.. => (1_000, 3, "us"),
        _ => (1, 0, "ns"),
    };
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let size = nanoseconds.unsigned_abs();
    let (whole, rest) = (size / unit, size % unit);
    if rest == 0 {
        return format!("{sign}{whole}{name}");
    }
    let fraction = format!("{rest:0zeros$}");
    format!("{sign}{whole}.{}{name}", fraction.trim_end_matches('0'))
}

/// Whether a text is an identifier, so that it may stand as a key without quotes.
fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    let starts = |first: char| first == '_' || unicode_ident::is_xid_start(first);
    chars.next().is_some_and(starts) && chars.all(unicode_ident::is_xid_continue)
}

struct Printer<'a> {
    out: Text,
    names: &'a dyn Names,
}

impl Printer<'_> {
    fn value(&mut self, value: &Value, depth: usize) {
        let simple = match value {
            Value::None => "none",
            Value::Bool(true) => "true",
            Value::Bool(false) => "false",
            Value::Int(value) => return self.number(*value),
            Value::Float(value) => &float(*value),
            Value::Duration(value) => &duration(*value),
            Value::Pid(value) => return self.out.push_masked(&value.to_string(), Some(*value)),
            Value::Elapsed(value) => return self.out.push_masked(&duration(*value), None),
            Value::Str(text) => return self.quoted(text),
            Value::Object(object) => &self.names.object(*object),
            Value::Actor(actor) => &self.names.actor(*actor),
            Value::Result(result) => &format!("<result {}>", result.0),
            Value::Task(task) => &self.names.task(*task),
            Value::Error(error) => &format!("<{error}>"),
            Value::List(_) | Value::Map(_) | Value::Set(_) | Value::Range(_) => match depth.checked_sub(1) {
                Some(depth) => return self.composed(value, depth),
                None => "…",
            },
        };
        self.out.push_str(simple);
    }

    fn number(&mut self, value: i64) {
        // Writing to a string does not fail.
        let _ = write!(self.out.text, "{value}");
    }

    fn composed(&mut self, value: &Value, depth: usize) {
        match value {
            Value::List(items) => {
                self.out.push_str("[");
                self.items(items.iter(), depth);
                self.out.push_str("]");
            }
            Value::Set(items) if items.is_empty() => self.out.push_str("set()"),
            Value::Set(items) => {
                self.out.push_str("{");
                self.items(items.iter(), depth);
                self.out.push_str("}");
            }
            Value::Map(entries) => {
                self.out.push_str("{");
                for (i, (key, value)) in entries.iter().enumerate() {
                    if i > 0 {
                        self.out.push_str(", ");
                    }
                    if self.is_full() {
                        break;
                    }
                    self.key(key, depth);
                    self.out.push_str(": ");
                    self.value(value, depth);
                }
                self.out.push_str("}");
            }
            Value::Range(range) => {
                let Range { low, high, inclusive } = &**range;
                self.value(low, depth);
                self.out.push_str(if *inclusive { "..=" } else { ".." });
                self.value(high, depth);
            }
            _ => {}
        }
    }

    fn items<'v>(&mut self, items: impl Iterator<Item = &'v Value>, depth: usize) {
        for (i, item) in items.enumerate() {
            if i > 0 {
                self.out.push_str(", ");
            }
            if self.is_full() {
                break;
            }
            self.value(item, depth);
        }
    }

    /// Says that there is more, once there is enough.
    fn is_full(&mut self) -> bool {
        let full = self.out.text.len() > MAX_BYTES;
        if full {
            self.out.push_str("…");
        }
        full
    }

    fn key(&mut self, key: &Value, depth: usize) {
        match key {
            Value::Str(text) if is_identifier(&text.text) && text.masks.is_empty() => self.out.push_str(&text.text),
            Value::Str(text) => self.quoted(text),
            key => {
                self.out.push_str("[");
                self.value(key, depth);
                self.out.push_str("]");
            }
        }
    }

    fn quoted(&mut self, text: &Arc<Text>) {
        self.out.push_str("\"");
        let mut done = 0;
        for mask in &text.masks {
            let (start, end) = (mask.start as usize, mask.end as usize);
            if let (Some(before), Some(masked)) = (text.text.get(done..start), text.text.get(start..end)) {
                self.out.text.extend(before.chars().flat_map(Escaped::new));
                let masked: String = masked.chars().flat_map(Escaped::new).collect();
                self.out.push_masked(&masked, mask.pid);
                done = end;
            }
        }
        let rest = text.text.get(done..).unwrap_or_default();
        self.out.text.extend(rest.chars().flat_map(Escaped::new));
        self.out.push_str("\"");
    }
}

/// The characters that stand for one character in a string literal.
enum Escaped {
    Plain(Option<char>),
    Short(std::array::IntoIter<char, 2>),
    Code(std::char::EscapeUnicode),
}

impl Escaped {
    fn new(char: char) -> Escaped {
        match char {
            '\n' => Escaped::Short(['\\', 'n'].into_iter()),
            '\t' => Escaped::Short(['\\', 't'].into_iter()),
            '\r' => Escaped::Short(['\\', 'r'].into_iter()),
            '"' | '\\' | '{' | '}' => Escaped::Short(['\\', char].into_iter()),
            char if char.is_control() || matches!(char, '\u{2028}' | '\u{2029}') => {
                Escaped::Code(char.escape_unicode())
            }
            char => Escaped::Plain(Some(char)),
        }
    }
}

impl Iterator for Escaped {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Escaped::Plain(char) => char.take(),
            Escaped::Short(chars) => chars.next(),
            Escaped::Code(chars) => chars.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::ObjectKind;

    fn check(value: impl Into<Value>, expected: &str) {
        assert_eq!(literal(&value.into(), &NoNames).text, expected);
    }

    fn map(entries: &[(Value, Value)]) -> Value {
        Value::Map(Arc::new(entries.iter().cloned().collect()))
    }

    fn set(items: &[i64]) -> Value {
        Value::Set(Arc::new(items.iter().map(|item| Value::Int(*item)).collect()))
    }

    fn range(low: i64, high: i64, inclusive: bool) -> Value {
        Value::Range(Arc::new(Range { low: Value::Int(low), high: Value::Int(high), inclusive }))
    }

    #[test]
    fn values_print_as_their_literals() {
        check(Value::None, "none");
        check(true, "true");
        check(i64::MIN, "-9223372036854775808");
        check("tab\t \"quoted\" {x} \\ é 😀\u{7}", r#""tab\t \"quoted\" \{x\} \\ é 😀\u{7}""#);
        check(vec![], "[]");
        check(vec![Value::from("a"), Value::Int(1), vec![Value::None].into()], r#"["a", 1, [none]]"#);
        check(set(&[]), "set()");
        check(set(&[2, 1]), "{1, 2}");
        check(map(&[]), "{}");
        let entries =
            [("name".into(), "Bob".into()), ("two words".into(), Value::Int(2)), (Value::Int(3), Value::Int(4))];
        check(map(&entries), r#"{[3]: 4, name: "Bob", "two words": 2}"#);
        check(map(&[("".into(), Value::None), ("été".into(), Value::None)]), r#"{"": none, été: none}"#);
        check(range(0, 5, false), "0..5");
        check(range(-1, 5, true), "-1..=5");
        check(Value::Object(ObjectRef { id: 3, kind: ObjectKind::Queue, role: 0 }), "<queue 3>");
        check(Value::Object(ObjectRef { id: 4, kind: ObjectKind::Rwlock, role: 1 }), "<rwlock 4.read>");
    }

    #[test]
    fn floats_print_as_in_python() {
        let cases = [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e15, "1000000000000000.0"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (1e16, "1e+16"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-10, "1.5e-10"),
            (1e300, "1e+300"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ];
        for (value, expected) in cases {
            assert_eq!(float(value), expected);
        }
    }

    #[test]
    fn durations_print_as_the_shortest_literal() {
        let cases = [
            (0, "0s"),
            (1, "1ns"),
            (250_000, "250us"),
            (1_500_000, "1.5ms"),
            (10_000_000, "10ms"),
            (1_500_000_000, "1.5s"),
            (120_000_000_000, "120s"),
            (1_000_000_001, "1.000000001s"),
            (-1_500_000_000, "-1.5s"),
            (i64::MIN, "-9223372036.854775808s"),
        ];
        for (value, expected) in cases {
            assert_eq!(duration(value), expected);
        }
    }

    #[test]
    fn masks_stand_where_their_text_stands() {
        let mut inner = Text::from("{\"");
        inner.push_masked("77", Some(77));
        inner.push_str("\n");
        let value = Value::from(vec![
            Value::Pid(1234),
            map(&[(Value::Pid(5), Value::Elapsed(1_000)), (inner.into(), Value::None)]),
            "plain".into(),
            Value::Elapsed(2_000_000_000),
        ]);
        let text = literal(&value, &NoNames);
        assert_eq!(text.text, r#"[1234, {[5]: 1us, "\{\"77\n": none}, "plain", 2s]"#);
        let masked: Vec<_> =
            text.masks.iter().map(|mask| (text.text.get(mask.start as usize..mask.end as usize), mask.pid)).collect();
        let expected = [
            (Some("1234"), Some(1234)),
            (Some("5"), Some(5)),
            (Some("1us"), None),
            (Some("77"), Some(77)),
            (Some("2s"), None),
        ];
        assert_eq!(masked, expected);
    }

    #[test]
    fn a_string_at_the_top_is_bare() {
        let mut text = Text::from("pid ");
        text.push_masked("9", Some(9));
        let shown = display(&text.clone().into(), &NoNames);
        assert_eq!((shown.text, shown.masks), (text.text, text.masks));
    }

    #[test]
    fn what_is_too_deep_ends_in_dots() {
        let deep = (0..=MAX_DEPTH).fold(Value::None, |inner, _| vec![inner].into());
        assert!(literal(&deep, &NoNames).text.contains("[…]"));
    }
}
