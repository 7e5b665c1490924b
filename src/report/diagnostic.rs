//! Diagnostics as a terminal shows them.
//!
//! Answers for: drawing a finding with the source below it. Never decides what is said: that is `diagnostic`.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Source, Span};

/// Draws the findings one after the other, with a blank line between them.
pub fn render(source: &Source, diagnostics: &[Diagnostic], color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for diagnostic in diagnostics {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&render_one(source, diagnostic, &renderer));
        out.push('\n');
    }
    out
}

fn render_one(source: &Source, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let message = diagnostic.code.message();
    let help = diagnostic.code.help();
    let level = match diagnostic.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let group = Group::with_title(level.primary_title(message.as_str()).id(diagnostic.code.id()));
    let mut group = match window(source, diagnostic) {
        Some(window) => group.element(snippet(source, diagnostic, &window)),
        None => {
            let place = source.place(diagnostic.span.start);
            let origin = Origin::path(source.name()).line(place.line as usize).char_column(place.column as usize);
            group.element(origin)
        }
    };
    if let Some(help) = &help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

/// The lines that are drawn: from the first to the last place. None if they are too long to be drawn.
fn window(source: &Source, diagnostic: &Diagnostic) -> Option<Range<usize>> {
    const DRAWN_MAX: usize = 16 * 1024;
    let spans = diagnostic.related.iter().map(|(span, _)| *span).chain([diagnostic.span]);
    let whole = source.clamp(spans.reduce(Span::to)?);
    let text = source.text();
    let start = text.get(..whole.start as usize)?.rfind('\n').map_or(0, |newline| newline + 1);
    let after = text.get(whole.end as usize..)?;
    let end = after.find('\n').map_or(text.len(), |newline| whole.end as usize + newline);
    (end - start <= DRAWN_MAX).then_some(start..end)
}

fn snippet<'a>(source: &'a Source, diagnostic: &Diagnostic, window: &Range<usize>) -> Snippet<'a, Annotation<'a>> {
    let text = source.text().get(window.clone()).unwrap_or("");
    let line = source.place(Span::new(window.start, window.start).start).line;
    let shown = |span: Span| {
        let range = range(source, span);
        range.start.saturating_sub(window.start)..range.end.saturating_sub(window.start)
    };
    let mut snippet = Snippet::source(text)
        .line_start(line as usize)
        .path(source.name())
        .annotation(AnnotationKind::Primary.span(shown(diagnostic.span)));
    for (span, label) in &diagnostic.related {
        snippet = snippet.annotation(AnnotationKind::Context.span(shown(*span)).label(*label));
    }
    snippet
}

/// The span as it is drawn: within the text, on character boundaries, on one line.
fn range(source: &Source, span: Span) -> Range<usize> {
    let span = source.clamp(span);
    let (start, end) = (span.start as usize, span.end as usize);
    let first_line = source.text().get(start..end).and_then(|text| text.find('\n')).map_or(end, |at| start + at);
    start..if first_line > start { first_line } else { end }
}
