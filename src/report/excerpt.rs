//! A piece of source with a span underlined.
//!
//! Answers for: drawing at most a few lines, whatever the size of the file. Never words anything.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use crate::source::{Source, Span};

/// How many lines of a long span are drawn.
const LINES_MAX: u32 = 4;

/// A heading, the place, the underlined source with a label, and notes below.
pub(super) struct Excerpt<'a> {
    pub(super) level: Level<'a>,
    pub(super) title: String,
    pub(super) span: Span,
    pub(super) label: String,
    pub(super) notes: Vec<String>,
}

/// Draws excerpts one after the other, with colours or without.
pub(super) fn draw(source: &Source, excerpts: Vec<Excerpt<'_>>, styled: bool) -> String {
    let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    for excerpt in excerpts {
        text.push_str(&renderer.render(&[group(source, excerpt)]));
        text.push('\n');
    }
    text
}

fn group<'a>(source: &'a Source, excerpt: Excerpt<'a>) -> Group<'a> {
    let span = source.clamp(excerpt.span);
    let first = source.place(span.start).line;
    let last = source.place(span.end).line.min(first + LINES_MAX - 1);
    let start = span.start as usize - source.text()[..span.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let lines: Vec<&str> = (first..=last).map(|line| source.line(line)).collect();
    let text = lines.join("\n");
    let end = (start + (span.end - span.start) as usize).clamp(start, text.len().max(start));
    let annotation: Annotation<'a> = AnnotationKind::Primary.span(start..end).label(excerpt.label);
    let snippet = Snippet::source(text).line_start(first as usize).path(source.name()).annotation(annotation);
    let group = excerpt.level.primary_title(excerpt.title).element(snippet);
    group.elements(excerpt.notes.into_iter().map(|note| Level::NOTE.message(note)))
}
