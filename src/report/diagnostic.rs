//! Diagnostics as a terminal shows them.
//!
//! Answers for: drawing a finding with the source below it. Never decides what is said: that is `diagnostic`.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

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
    let mut snippet = Snippet::source(source.text())
        .path(source.name())
        .annotation(AnnotationKind::Primary.span(range(source, diagnostic.span)));
    for (span, label) in &diagnostic.related {
        snippet = snippet.annotation(AnnotationKind::Context.span(range(source, *span)).label(*label));
    }
    let title = level.primary_title(message.as_str()).id(diagnostic.code.id());
    let mut group = Group::with_title(title).element(snippet);
    if let Some(help) = &help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

/// The span as the renderer can bear it: within the text, on character boundaries, on one line.
fn range(source: &Source, span: Span) -> std::ops::Range<usize> {
    let span = source.clamp(span);
    let (start, end) = (span.start as usize, span.end as usize);
    let first_line = source.text().get(start..end).and_then(|text| text.find('\n')).map_or(end, |at| start + at);
    start..if first_line > start { first_line } else { end }
}
