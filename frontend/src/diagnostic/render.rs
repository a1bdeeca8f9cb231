//! Diagnostics as text for people, editors and CI.

use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use serde_json::json;

use super::{Diagnostic, Severity};
use crate::source::{FileId, SourceMap, Span};

/// How diagnostics are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// With the source underlined, as rustc does.
    #[default]
    Plain,
    /// The same in colour.
    Color,
    /// One JSON object a line, for editors.
    Json,
    /// Annotations of GitHub's workflow log.
    Github,
}

/// Prints all of them, sorted by place, with a closing line that counts them.
pub fn render(diagnostics: &[Diagnostic], sources: &SourceMap, format: Format) -> String {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_cached_key(|diagnostic| {
        let path = sources.file(diagnostic.span.file).path.clone();
        (path, diagnostic.span, diagnostic.code, diagnostic.message.clone())
    });
    let mut out = String::new();
    for diagnostic in &sorted {
        let text = match format {
            Format::Plain => snippet(diagnostic, sources, &Renderer::plain()) + "\n",
            Format::Color => {
                snippet(diagnostic, sources, &Renderer::styled().decor_style(DecorStyle::Ascii)) + "\n"
            }
            Format::Json => json_line(diagnostic, sources),
            Format::Github => annotation(diagnostic, sources),
        };
        out.push_str(&text);
        out.push('\n');
    }
    if matches!(format, Format::Plain | Format::Color) {
        out.push_str(&summary(&sorted));
    }
    out
}

fn summary(diagnostics: &[&Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let warnings = diagnostics.len() - errors;
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    format!("spec: {errors} error{}, {warnings} warning{}\n", plural(errors), plural(warnings))
}

fn word(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn snippet(diagnostic: &Diagnostic, sources: &SourceMap, renderer: &Renderer) -> String {
    let level = match diagnostic.code.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.as_str());
    let mut group = Group::with_title(title);
    for file in files(diagnostic) {
        group = group.element(annotated(diagnostic, sources, file));
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    let mut fixes = Vec::new();
    for help in &diagnostic.helps {
        match &help.fix {
            None => group = group.element(Level::HELP.message(help.text.as_str())),
            Some((span, replacement)) => {
                let window = Window::new(sources, span.file, std::iter::once(*span));
                let patch = Patch::new(window.range(*span), replacement.as_str());
                let title = Level::HELP.secondary_title(help.text.as_str());
                fixes.push(title.element(window.snippet().patch(patch)));
            }
        }
    }
    let report: Vec<Group<'_>> = std::iter::once(group).chain(fixes).collect();
    renderer.render(&report)
}

/// The file of the problem first, then those of related places.
fn files(diagnostic: &Diagnostic) -> Vec<FileId> {
    let mut files = vec![diagnostic.span.file];
    for (span, _) in &diagnostic.related {
        if !files.contains(&span.file) {
            files.push(span.file);
        }
    }
    files
}

/// The lines of a file that diagnostics of one problem are about. The renderer reads all that it is
/// given, so it is not given the whole file.
struct Window<'a> {
    path: &'a str,
    text: &'a str,
    lines: Range<usize>,
    first: usize,
}

impl<'a> Window<'a> {
    fn new(sources: &'a SourceMap, file: FileId, spans: impl Iterator<Item = Span> + Clone) -> Self {
        let start = spans.clone().map(|span| span.range().start).min().unwrap_or(0);
        let end = spans.map(|span| span.range().end).max().unwrap_or(start);
        let (lines, first) = sources.lines(file, start..end);
        let file = sources.file(file);
        Self { path: &file.path, text: file.text.get(lines.clone()).unwrap_or_default(), lines, first }
    }

    fn snippet<T: Clone>(&self) -> Snippet<'a, T> {
        Snippet::source(self.text).path(self.path).line_start(self.first).fold(true)
    }

    fn range(&self, span: Span) -> Range<usize> {
        let Range { start, end } = span.range();
        start - self.lines.start..end - self.lines.start
    }
}

fn annotated<'a>(
    diagnostic: &'a Diagnostic,
    sources: &'a SourceMap,
    file: FileId,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let related = diagnostic.related.iter().filter(|(span, _)| span.file == file);
    let primary = Some(diagnostic.span).filter(|span| span.file == file);
    let window =
        Window::new(sources, file, primary.into_iter().chain(related.clone().map(|(span, _)| *span)));
    let mut snippet = window.snippet();
    if let Some(span) = primary {
        let primary = AnnotationKind::Primary.span(window.range(span));
        let label = diagnostic.label.as_str();
        snippet = snippet.annotation(if label.is_empty() { primary } else { primary.label(label) });
    }
    for (span, text) in related {
        snippet = snippet.annotation(AnnotationKind::Context.span(window.range(*span)).label(text.as_str()));
    }
    snippet
}

/// Line and column of both ends, from 1.
fn ends(span: Span, sources: &SourceMap) -> ((usize, usize), (usize, usize)) {
    (sources.line_column(span.file, span.start), sources.line_column(span.file, span.end))
}

fn json_line(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let place = |span: Span| {
        let ((line, column), (end_line, end_column)) = ends(span, sources);
        json!({
            "file": sources.file(span.file).path,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
        })
    };
    let related: Vec<_> = diagnostic
        .related
        .iter()
        .map(|(span, text)| json!({ "place": place(*span), "message": text }))
        .collect();
    let helps: Vec<_> = diagnostic
        .helps
        .iter()
        .map(|help| match &help.fix {
            Some((span, replacement)) => {
                json!({ "message": help.text, "place": place(*span), "replacement": replacement })
            }
            None => json!({ "message": help.text }),
        })
        .collect();
    json!({
        "code": diagnostic.code.as_str(),
        "severity": word(diagnostic),
        "message": diagnostic.message,
        "label": diagnostic.label,
        "place": place(diagnostic.span),
        "related": related,
        "notes": diagnostic.notes,
        "help": helps,
    })
    .to_string()
}

fn annotation(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let ((line, column), (end_line, end_column)) = ends(diagnostic.span, sources);
    let mut body = diagnostic.message.clone();
    for help in &diagnostic.helps {
        // Writing to a String cannot fail.
        let _ = write!(body, "\nhelp: {}", help.text);
    }
    let escape = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let path = escape(&sources.file(diagnostic.span.file).path).replace(':', "%3A").replace(',', "%2C");
    format!(
        "::{} file={path},line={line},endLine={end_line},col={column},endColumn={end_column},title={}::{}",
        word(diagnostic),
        diagnostic.code,
        escape(&body),
    )
}
