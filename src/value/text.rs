//! Text with masks: joining, repeating, making.
//!
//! Answers for: which operations keep masks. Never prints (that is `display`).

use super::arith::check_bytes;
use super::{Mask, Result, Shared, Text, Value};

impl Text {
    /// Text without masks.
    pub fn new(text: impl Into<String>) -> Text {
        Text { text: text.into(), masks: Vec::new() }
    }
}

impl Mask {
    /// The same, further on.
    fn moved(self, by: usize) -> Mask {
        let by = u32::try_from(by).unwrap_or(u32::MAX);
        Mask { start: self.start.saturating_add(by), end: self.end.saturating_add(by), pid: self.pid }
    }
}

/// `a + b`; masks stay.
pub(super) fn concat(a: &Text, b: &Text) -> Result<Value> {
    check_bytes(a.text.len() + b.text.len())?;
    let mut text = String::with_capacity(a.text.len() + b.text.len());
    text.push_str(&a.text);
    text.push_str(&b.text);
    let masks = a.masks.iter().copied().chain(b.masks.iter().map(|mask| mask.moved(a.text.len()))).collect();
    Ok(Value::Str(Shared::new(Text { text, masks })))
}

/// Puts `b` at the end of `a`; masks stay.
pub fn append(a: &mut Text, b: &Text) -> Result<()> {
    check_bytes(a.text.len() + b.text.len())?;
    if !b.masks.is_empty() {
        let len = a.text.len();
        a.masks.extend(b.masks.iter().map(|mask| mask.moved(len)));
    }
    a.text.push_str(&b.text);
    Ok(())
}

/// The text `times` times; none of a negative number.
pub(super) fn repeat(text: &str, times: i64) -> Result<Value> {
    let times = usize::try_from(times).unwrap_or(if times < 0 { 0 } else { usize::MAX });
    check_bytes(text.len().saturating_mul(times))?;
    Ok(Value::from(text.repeat(if text.is_empty() { 0 } else { times })))
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Str(Shared::new(Text::new(text)))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Str(Shared::new(Text::new(text)))
    }
}
