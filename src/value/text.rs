//! Text that remembers which of its parts a trace masks.
//!
//! Answers for: that masks move with the text they belong to. Never decides what is masked.

use std::sync::Arc;

use super::{Mask, Text, Value};

impl Text {
    /// An empty text.
    pub fn new() -> Text {
        Text::default()
    }

    /// Appends plain text.
    pub fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Appends a text with its masks.
    pub fn push_text(&mut self, text: &Text) {
        let by = self.offset();
        self.text.push_str(&text.text);
        self.masks.extend(text.masks.iter().map(|mask| mask.moved(by)));
    }

    /// Appends text that a trace masks: a process id, or, without one, a time.
    pub fn push_masked(&mut self, text: &str, pid: Option<i64>) {
        let start = self.offset();
        self.text.push_str(text);
        self.masks.push(Mask { start, end: self.offset(), pid });
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The part between two byte offsets, with the masks that lie in it; offsets that are not on character
    /// boundaries, or not in order, give an empty text. A mask that reaches over an end is cut there.
    pub fn part(&self, start: usize, end: usize) -> Text {
        let Some(text) = self.text.get(start..end) else {
            return Text::new();
        };
        let (from, to) = (clamp(start), clamp(end));
        let inside = |mask: &Mask| {
            let (start, end) = (mask.start.max(from), mask.end.min(to));
            (start < end).then(|| Mask { start: start - from, end: end - from, pid: mask.pid })
        };
        Text { text: text.to_owned(), masks: self.masks.iter().filter_map(inside).collect() }
    }

    fn offset(&self) -> u32 {
        clamp(self.text.len())
    }
}

impl Mask {
    fn moved(self, by: u32) -> Mask {
        Mask { start: self.start.saturating_add(by), end: self.end.saturating_add(by), pid: self.pid }
    }
}

fn clamp(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::from(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text { text, masks: Vec::new() }
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Value {
        Value::Str(Arc::new(text))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::from(Text::from(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::from(Text::from(text))
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Value {
        Value::List(Arc::new(items))
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Float(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_move_with_their_text() {
        let mut inner = Text::from("pid ");
        inner.push_masked("123", Some(123));
        let mut text = Text::from("é: ");
        text.push_text(&inner);
        text.push_str(", ");
        text.push_masked("1ms", None);
        let parts: Vec<_> =
            text.masks.iter().map(|mask| text.text.get(mask.start as usize..mask.end as usize)).collect();
        assert_eq!(parts, [Some("123"), Some("1ms")]);
        let cut = text.part(9, text.text.len());
        assert_eq!((cut.text.as_str(), cut.masks.len()), ("23, 1ms", 2));
        assert_eq!(cut.masks.first(), Some(&Mask { start: 0, end: 2, pid: Some(123) }));
        assert!(text.part(1, 2).is_empty());
    }
}
