//! How values print.
//!
//! Answers for: literals, floats and durations as text, and which parts of a text a trace masks. Never prints to a
//! stream.

use std::fmt::Write;

use super::arith::check_bytes;
use super::{ActorRef, Mask, ObjectRef, Result, ResultRef, Shared, Text, Value};

/// Knows the names of handles.
pub trait Names {
    /// The name of an object.
    fn object(&self, object: ObjectRef) -> String;
    /// The name of an actor.
    fn actor(&self, actor: ActorRef) -> String;
    /// The name of a result.
    fn result(&self, result: ResultRef) -> String {
        format!("<result {}>", result.0)
    }
    /// The name of a task.
    fn task(&self, task: u32) -> String;
}

/// Names for where none are known: kind and number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numbers;

impl Names for Numbers {
    fn object(&self, object: ObjectRef) -> String {
        format!("<{} {}>", object.kind.name(), object.id)
    }
    fn actor(&self, actor: ActorRef) -> String {
        format!("<actor {}>", actor.0)
    }
    fn task(&self, task: u32) -> String {
        format!("<task {task}>")
    }
}

/// The value as a literal, handles by number: for messages.
pub fn literal(value: &Value) -> String {
    let mut writer = Writer::new(&Numbers);
    match writer.literal(value) {
        Ok(()) if writer.text.text.len() > 200 => format!("a large {}", value.kind_name()),
        Ok(()) => writer.text.text,
        Err(_) => format!("a large {}", value.kind_name()),
    }
}

/// The value for a message about it: its kind, and a short plain value itself. Of handles, and of what no two runs have
/// the same, the kind alone.
pub fn described(value: &Value) -> String {
    const LENGTH_MAX: usize = 40;
    let kind = value.kind_name();
    let is_short = match value {
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Duration(_) => true,
        Value::Str(text) => text.text.len() <= LENGTH_MAX,
        _ => false,
    };
    if is_short { format!("{kind} {}", literal(value)) } else { kind.to_owned() }
}

/// The value as `print` shows it: a string bare, anything else as its literal.
pub fn display(value: &Value, names: &dyn Names) -> Result<Text> {
    let mut writer = Writer::new(names);
    writer.bare(value)?;
    Ok(writer.text)
}

/// Puts text together, keeping masks.
pub struct Writer<'n> {
    text: Text,
    names: &'n dyn Names,
    /// Where the text is to lie.
    room: Option<Shared<Text>>,
}

impl<'n> Writer<'n> {
    /// Nothing yet.
    pub fn new(names: &'n dyn Names) -> Writer<'n> {
        // Room for what most lines are, so that they grow once at most.
        Writer { text: Text { text: String::with_capacity(32), masks: Vec::new() }, names, room: None }
    }

    /// Nothing yet, in the room of a text that nobody needs any more, if there is one that nobody else has.
    pub fn in_room(room: Option<Shared<Text>>, names: &'n dyn Names) -> Writer<'n> {
        let Some(mut room) = room else { return Writer::new(names) };
        let Some(old) = Shared::get_mut(&mut room) else { return Writer::new(names) };
        let mut text = std::mem::take(old);
        text.text.clear();
        text.masks.clear();
        Writer { text, names, room: Some(room) }
    }

    /// Behind a text.
    pub fn behind(text: Text, names: &'n dyn Names) -> Writer<'n> {
        Writer { text, names, room: None }
    }

    /// What was put together, as it is.
    pub fn into_text(self) -> Text {
        self.text
    }

    /// What was put together.
    pub fn finish(self) -> Value {
        let Some(mut room) = self.room else { return Value::Str(Shared::new(self.text)) };
        match Shared::get_mut(&mut room) {
            Some(place) => *place = self.text,
            None => room = Shared::new(self.text),
        }
        Value::Str(room)
    }

    /// Adds plain text.
    pub fn plain(&mut self, text: &str) {
        self.text.text.push_str(text);
    }

    /// Adds a value as `print` shows it.
    pub fn bare(&mut self, value: &Value) -> Result<()> {
        match value {
            Value::Str(text) => super::text::append(&mut self.text, text),
            other => self.literal(other),
        }
    }

    /// Adds a value as its literal.
    pub fn literal(&mut self, value: &Value) -> Result<()> {
        match value {
            Value::None => self.plain("none"),
            Value::Bool(value) => self.plain(if *value { "true" } else { "false" }),
            Value::Int(value) => self.int(*value),
            Value::Float(value) => self.plain(&float(*value)),
            Value::Duration(nanos) => self.plain(&duration(*nanos)),
            Value::Pid(pid) => self.masked(&pid.to_string(), Some(*pid)),
            Value::Elapsed(nanos) => self.masked(&duration(*nanos), None),
            Value::Str(text) => self.quoted(text),
            Value::List(items) => self.sequence("[", "]", items.iter())?,
            Value::Map(map) => self.map(map)?,
            Value::Set(set) if set.is_empty() => self.plain("set()"),
            Value::Set(set) => self.sequence("{", "}", set.iter())?,
            Value::Range(range) => {
                self.literal(&range.low)?;
                self.plain(if range.inclusive { "..=" } else { ".." });
                self.literal(&range.high)?;
            }
            Value::Object(object) => self.plain(&self.names.object(*object)),
            Value::Actor(actor) => self.plain(&self.names.actor(*actor)),
            Value::Result(result) => self.plain(&self.names.result(*result)),
            Value::Task(task) => self.plain(&self.names.task(*task)),
            Value::Error(error) => self.format(format_args!("{error}")),
        }
        check_bytes(self.text.text.len())
    }

    /// The digits of an int, without the detour that formatting takes.
    #[inline]
    fn int(&mut self, value: i64) {
        self.plain(itoa::Buffer::new().format(value));
    }

    fn format(&mut self, arguments: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.text.text.write_fmt(arguments);
    }

    fn masked(&mut self, text: &str, pid: Option<i64>) {
        let start = self.text.text.len() as u32;
        self.plain(text);
        self.text.masks.push(Mask { start, end: self.text.text.len() as u32, pid });
    }

    fn sequence<'v>(&mut self, open: &str, close: &str, items: impl Iterator<Item = &'v Value>) -> Result<()> {
        self.plain(open);
        for (at, item) in items.enumerate() {
            if at > 0 {
                self.plain(", ");
            }
            self.literal(item)?;
        }
        self.plain(close);
        Ok(())
    }

    fn map(&mut self, map: &super::Map) -> Result<()> {
        self.plain("{");
        for (at, (key, value)) in map.iter().enumerate() {
            if at > 0 {
                self.plain(", ");
            }
            match key {
                Value::Str(text) if text.masks.is_empty() && is_identifier(&text.text) => self.plain(&text.text),
                Value::Str(text) => self.quoted(text),
                other => {
                    self.plain("[");
                    self.literal(other)?;
                    self.plain("]");
                }
            }
            self.plain(": ");
            self.literal(value)?;
        }
        self.plain("}");
        Ok(())
    }

    /// In quotes, with escapes; masks move along.
    fn quoted(&mut self, text: &Text) {
        self.plain("\"");
        let mut masks = text.masks.iter();
        let mut mask = masks.next();
        let mut start = None;
        for (at, character) in text.text.char_indices() {
            let here = self.text.text.len() as u32;
            if let (Some(open), Some(current)) = (start, mask)
                && at as u32 >= current.end
            {
                self.text.masks.push(Mask { start: open, end: here, pid: current.pid });
                start = None;
                mask = masks.next();
            }
            if start.is_none() && mask.is_some_and(|mask| at as u32 >= mask.start && mask.end > mask.start) {
                start = Some(here);
            }
            self.escaped(character);
        }
        if let (Some(start), Some(mask)) = (start, mask) {
            self.text.masks.push(Mask { start, end: self.text.text.len() as u32, pid: mask.pid });
        }
        self.plain("\"");
    }

    fn escaped(&mut self, character: char) {
        match character {
            '\n' => self.plain("\\n"),
            '\t' => self.plain("\\t"),
            '\r' => self.plain("\\r"),
            '"' => self.plain("\\\""),
            '\\' => self.plain("\\\\"),
            '{' => self.plain("\\{"),
            '}' => self.plain("\\}"),
            control if control.is_control() => self.format(format_args!("\\u{{{:X}}}", control as u32)),
            other => self.text.text.push(other),
        }
    }
}

/// Whether a key may stand without quotes.
fn is_identifier(text: &str) -> bool {
    const RESERVED: &[&str] = &[
        "let", "if", "else", "while", "loop", "for", "in", "break", "continue", "return", "with", "try", "catch",
        "finally", "raise", "assert", "print", "sleep", "yield", "await", "start", "join", "exit", "select", "case",
        "after", "pass", "mark", "as", "and", "or", "not", "true", "false", "none",
    ];
    let mut characters = text.chars();
    let first = characters.next().is_some_and(|first| first == '_' || unicode_ident::is_xid_start(first));
    first && characters.all(unicode_ident::is_xid_continue) && !RESERVED.contains(&text)
}

/// A float as Python prints it: the shortest text that reads back the same, with an exponent where it is far from one.
pub fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        if plain.contains('.') { plain } else { format!("{plain}.0") }
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
    }
}

/// A duration as a literal, in the largest unit that is not above it; minutes only where they are whole.
pub fn duration(nanos: i64) -> String {
    const UNITS: &[(u64, usize, &str)] = &[(1_000_000_000, 9, "s"), (1_000_000, 6, "ms"), (1, 3, "us")];
    let sign = if nanos < 0 { "-" } else { "" };
    let size = nanos.unsigned_abs();
    if size == 0 {
        return "0s".to_owned();
    }
    if size.is_multiple_of(60_000_000_000) {
        return format!("{sign}{}m", size / 60_000_000_000);
    }
    let (unit, digits, name) = UNITS.iter().find(|(unit, ..)| size >= *unit).copied().unwrap_or((1, 3, "us"));
    let unit = unit.max(1_000);
    let fraction = format!("{:0digits$}", size % unit);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}{name}", size / unit)
}
