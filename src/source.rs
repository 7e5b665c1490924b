//! Source text and places in it.
//!
//! Answers for: what a byte offset means to a person (line, column). Never looks at what the text says.

use std::sync::Arc;

/// A half-open range of byte offsets into one source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset one past the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end`.
    pub fn new(start: usize, end: usize) -> Span {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span { start: clamp(start), end: clamp(end) }
    }

    /// The smallest range that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A line and a column, both counted from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// One scenario text with its name. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Source(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    text: String,
    line_starts: Vec<u32>,
}

impl Source {
    /// Takes a text under the name that diagnostics show (usually the path as the user typed it).
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Source {
        let text = text.into();
        let mut line_starts = vec![0];
        line_starts.extend(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32 + 1));
        Source(Arc::new(Inner { name: name.into(), text, line_starts }))
    }

    /// The name it was given.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Line and column of a byte offset; an offset past the end is the end.
    pub fn place(&self, offset: u32) -> Place {
        let offset = self.boundary(offset as usize);
        let line = self.0.line_starts.partition_point(|start| *start as usize <= offset) - 1;
        let start = self.0.line_starts[line] as usize;
        let column = self.0.text[start..offset].chars().count() as u32 + 1;
        Place { line: line as u32 + 1, column }
    }

    /// The text of a line (from 1) without its line break; empty past the end.
    pub fn line(&self, line: u32) -> &str {
        let Some(start) = (line as usize).checked_sub(1).and_then(|i| self.0.line_starts.get(i)) else {
            return "";
        };
        let rest = &self.0.text[*start as usize..];
        rest.split('\n').next().unwrap_or("").trim_end_matches('\r')
    }

    /// The line (from 1) of a byte offset; cheaper than its place.
    pub fn line_of(&self, offset: u32) -> u32 {
        self.0.line_starts.partition_point(|start| *start <= offset) as u32
    }

    /// The offset at which a line (from 1) begins, behind its blanks; past the end, that of the text.
    pub fn line_start(&self, line: u32) -> u32 {
        let start = (line as usize).checked_sub(1).and_then(|at| self.0.line_starts.get(at).copied());
        let blanks = self.line(line).len() - self.line(line).trim_start().len();
        start.map_or(self.0.text.len() as u32, |start| start + blanks as u32)
    }

    /// The text of a span, clamped to the text and to character boundaries.
    pub fn slice(&self, span: Span) -> &str {
        let span = self.clamp(span);
        &self.0.text[span.start as usize..span.end as usize]
    }

    /// The span, clamped to the text and moved outward to character boundaries.
    pub fn clamp(&self, span: Span) -> Span {
        let start = self.boundary(span.start as usize);
        let mut end = (span.end as usize).clamp(start, self.0.text.len());
        while !self.0.text.is_char_boundary(end) {
            end += 1;
        }
        Span::new(start, end)
    }

    fn boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.0.text.len());
        while !self.0.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}
