//! Findings as a compiler prints them, and as rows for machines.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use serde::Serialize;

use crate::playbook::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::playbook::source::{Place, Source, Span};
use crate::playbook::sources::Sources;
use crate::text::{Lang, Text};

/// Longer source lines are cut to this window, so that one long line does not hide the finding.
const TERMINAL_CELLS: usize = 120;

/// The most source text given to the renderer for one finding.
const WINDOW_BYTES_MAX: usize = 16 * 1024;

/// How findings are to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rendering {
    /// The language of the words.
    pub lang: Lang,
    /// Whether to use terminal colours.
    pub colour: bool,
}

impl Rendering {
    /// Plain text in one language.
    #[must_use]
    pub const fn plain(lang: Lang) -> Self {
        Self { lang, colour: false }
    }
}

/// A finding as a flat row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The kind of finding.
    pub code: Code,
    /// How grave it is.
    pub severity: Severity,
    /// The file.
    pub file: String,
    /// The line, from 1; 1 where the finding is about the whole file.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// The line of the end.
    pub end_line: usize,
    /// The character after the end.
    pub end_column: usize,
    /// What is wrong.
    pub message: String,
    /// A few words beside the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What to do.
    pub help: Vec<String>,
    /// Background.
    pub notes: Vec<String>,
    /// Other places that matter, such as where a file with the mistake is used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<RelatedPlace>,
}

/// A place beside the one that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RelatedPlace {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// The line of the end.
    pub end_line: usize,
    /// The character after the end.
    pub end_column: usize,
    /// Why it matters.
    pub message: String,
}

impl RelatedPlace {
    fn new(sources: &Sources, span: Span, words: &Text, lang: Lang) -> Self {
        let (source, span) = sources.locate(span);
        let (start, end) = (source.place(span.start), source.place(span.end));
        Self {
            file: source.name().to_owned(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            message: words.get(lang).to_owned(),
        }
    }
}

/// Returns the other places of a finding: its own, then the way back to the file that was asked for.
fn others(sources: &Sources, diagnostic: &Diagnostic) -> Vec<(Span, Text)> {
    let span = diagnostic.span.unwrap_or_default();
    let used = Text::both("在此使用", "used here");
    let trail = sources.trail(span).map(|at| (at, used.clone()));
    diagnostic.related.iter().cloned().chain(trail).collect()
}

impl Row {
    /// Flattens one finding.
    #[must_use]
    pub fn new(sources: &Sources, diagnostic: &Diagnostic, lang: Lang) -> Self {
        let (source, span) = sources.locate(diagnostic.span.unwrap_or_default());
        let (start, end) = (source.place(span.start), source.place(span.end));
        let words = |texts: &[Text]| texts.iter().map(|text| text.get(lang).to_owned()).collect();
        Self {
            code: diagnostic.code,
            severity: diagnostic.severity(),
            file: source.name().to_owned(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            message: diagnostic.message.get(lang).to_owned(),
            label: diagnostic.label.as_ref().map(|label| label.get(lang).to_owned()),
            help: words(&diagnostic.help),
            notes: words(&diagnostic.notes),
            related: others(sources, diagnostic)
                .iter()
                .map(|(span, words)| RelatedPlace::new(sources, *span, words, lang))
                .collect(),
        }
    }
}

/// Writes every finding, a blank line between two.
pub(super) fn all(findings: &Diagnostics, rendering: Rendering) -> String {
    let renderer = if rendering.colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(TERMINAL_CELLS);
    let mut out = String::new();
    for diagnostic in findings {
        if !out.is_empty() {
            out.push('\n');
        }
        let others = others(findings.sources(), diagnostic);
        let group = group(findings.sources(), diagnostic, &others, rendering.lang);
        out.push_str(&renderer.render(&[group]));
        out.push('\n');
    }
    if findings.left_out() > 0 {
        let more = findings.left_out();
        out.push_str(
            &rendering.lang.pick(
                format!("\n还有 {more} 处未列出\n"),
                format!("\n{more} more are not listed\n"),
            ),
        );
    }
    out
}

fn group<'a>(
    sources: &'a Sources,
    diagnostic: &'a Diagnostic,
    others: &'a [(Span, Text)],
    lang: Lang,
) -> Group<'a> {
    let level = match diagnostic.severity() {
        Severity::Error => Level::ERROR.with_name(lang.pick("错误", "error")),
        Severity::Warning => Level::WARNING.with_name(lang.pick("警告", "warning")),
        Severity::Note => Level::NOTE.with_name(lang.pick("提示", "note")),
    };
    let title = level.primary_title(diagnostic.message.get(lang)).id(diagnostic.code.as_str());
    let (source, span) = sources.locate(diagnostic.span.unwrap_or_default());
    let (here, elsewhere): (Vec<Mark<'_>>, Vec<Mark<'_>>) = others
        .iter()
        .map(|(span, words)| Mark::new(sources, *span, words.get(lang)))
        .partition(|mark| std::ptr::eq(mark.source, source));
    let window = diagnostic.span.map(|_| Window::around(source, span, &here));
    let mut group = match window {
        Some(Ok(window)) => {
            let label = diagnostic.label.as_ref().map(|label| label.get(lang));
            title.element(window.snippet(source, label, &here))
        }
        Some(Err(Place { line, column })) => {
            title.element(Origin::path(source.name()).line(line).char_column(column))
        }
        None => title.element(Origin::path(source.name())),
    };
    for mark in elsewhere {
        group = match Window::around(mark.source, mark.span, &[]) {
            Ok(window) => group.element(window.aside(&mark)),
            Err(Place { line, column }) => {
                group.element(Origin::path(mark.source.name()).line(line).char_column(column))
            }
        };
    }
    for help in &diagnostic.help {
        let level = Level::HELP.with_name(lang.pick("建议", "help"));
        group = group.element(level.message(help.get(lang)));
    }
    for note in &diagnostic.notes {
        let level = Level::NOTE.with_name(lang.pick("说明", "note"));
        group = group.element(level.message(note.get(lang)));
    }
    group
}

/// A place beside the one that a finding is about, in its file, with its words.
struct Mark<'a> {
    source: &'a Source,
    span: Span,
    words: &'a str,
}

impl<'a> Mark<'a> {
    fn new(sources: &'a Sources, span: Span, words: &'a str) -> Self {
        let (source, span) = sources.locate(span);
        Self { source, span, words }
    }
}

/// The lines of a file that a finding touches. The renderer walks the whole text it is given, so a
/// hundred findings in a large file would cost a hundred walks.
struct Window<'a> {
    text: &'a str,
    start: usize,
    line: usize,
    /// The marked place, cut at the end of its first line.
    primary: Span,
}

impl<'a> Window<'a> {
    /// Takes the lines of a place and of what is related to it; without the latter where that is
    /// too far away.
    ///
    /// # Errors
    /// The place alone, where its line is too long to show.
    fn around(source: &'a Source, span: Span, others: &[Mark<'_>]) -> Result<Self, Place> {
        let text = source.text();
        let start = text.floor_char_boundary(span.start);
        let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        let primary = Span::new(start, text.floor_char_boundary(span.end.min(line_end)).max(start));
        let all = others.iter().map(|mark| mark.span).fold(primary, Span::to);
        let window = [all, primary].into_iter().map(|cover| lines(text, cover));
        let Some(shown) = window.into_iter().find(|shown| shown.range().len() <= WINDOW_BYTES_MAX)
        else {
            return Err(source.place(start));
        };
        let line = source.place(shown.start).line;
        Ok(Self { text: &text[shown.range()], start: shown.start, line, primary })
    }

    /// Draws the place with its label and the marks of the same file.
    fn snippet(
        &self,
        source: &'a Source,
        label: Option<&'a str>,
        marks: &[Mark<'a>],
    ) -> Snippet<'a, Annotation<'a>> {
        let primary = self.shift(self.primary).range();
        let primary = AnnotationKind::Primary.span(primary).label(label);
        let marks = marks.iter().filter(|mark| self.covers(mark.span)).map(|mark| {
            AnnotationKind::Context.span(self.shift(mark.span).range()).label(mark.words)
        });
        self.bare(source).annotation(primary).annotations(marks)
    }

    /// Draws a place of another file.
    fn aside(&self, mark: &Mark<'a>) -> Snippet<'a, Annotation<'a>> {
        let place = self.shift(self.primary).range();
        self.bare(mark.source).annotation(AnnotationKind::Context.span(place).label(mark.words))
    }

    fn bare(&self, source: &'a Source) -> Snippet<'a, Annotation<'a>> {
        Snippet::source(self.text).path(source.name()).line_start(self.line)
    }

    /// Tells whether a place lies in the window.
    const fn covers(&self, span: Span) -> bool {
        self.start <= span.start && span.start < self.start + self.text.len()
    }

    /// Moves a span of the file into the window, onto characters.
    fn shift(&self, span: Span) -> Span {
        let at = |byte: usize| {
            self.text.floor_char_boundary(byte.saturating_sub(self.start).min(self.text.len()))
        };
        let start = at(span.start);
        Span::new(start, at(span.end).max(start))
    }
}

/// Stretches a range to whole lines.
fn lines(text: &str, cover: Span) -> Span {
    let low = text.floor_char_boundary(cover.start);
    let high = text.floor_char_boundary(cover.end.max(low));
    let start = text[..low].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[high..].find('\n').map_or(text.len(), |newline| high + newline + 1);
    Span::new(start, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::diagnostic::both;

    fn sample() -> Diagnostics {
        let source =
            Source::new("plans/a.yaml", "roles:\n  总指挥: { asign: 张三 }\n").expect("text");
        let at = source.text().find("asign").expect("present");
        let mut findings = Diagnostics::new(source);
        findings.push(
            Diagnostic::new(Code::new("E0105"), both!("未知的键 `asign`", "unknown key `asign`"))
                .at(Span::new(at, at + 5))
                .label(both!("不是角色的键", "not a key of a role"))
                .did_you_mean("asign", ["assign", "title"])
                .note(both!("键区分大小写", "keys are case-sensitive")),
        );
        findings.push(Diagnostic::new(Code::new("W0102"), both!("整个文件", "the whole file")));
        findings
    }

    #[test]
    fn findings_read_like_a_compilers_in_english() {
        insta::assert_snapshot!(sample().render(Rendering::plain(Lang::En)), @r#"
        error[E0105]: unknown key `asign`
         --> plans/a.yaml:2:10
          |
        2 |   总指挥: { asign: 张三 }
          |             ^^^^^ not a key of a role
          |
          = help: did you mean `assign`?
          = note: keys are case-sensitive

        warning[W0102]: the whole file
        --> plans/a.yaml
        "#);
    }

    #[test]
    fn findings_read_like_a_compilers_in_chinese() {
        insta::assert_snapshot!(sample().render(Rendering::plain(Lang::Zh)), @r#"
        错误[E0105]: 未知的键 `asign`
         --> plans/a.yaml:2:10
          |
        2 |   总指挥: { asign: 张三 }
          |             ^^^^^ 不是角色的键
          |
          = 建议: 是否想写 `assign`？
          = 说明: 键区分大小写

        警告[W0102]: 整个文件
        --> plans/a.yaml
        "#);
    }

    #[test]
    fn rows_give_machines_line_and_character() {
        let rows = sample().rows(Lang::En);
        insta::assert_json_snapshot!(rows[0], @r#"
        {
          "code": "E0105",
          "severity": "error",
          "file": "plans/a.yaml",
          "line": 2,
          "column": 10,
          "end_line": 2,
          "end_column": 15,
          "message": "unknown key `asign`",
          "label": "not a key of a role",
          "help": [
            "did you mean `assign`?"
          ],
          "notes": [
            "keys are case-sensitive"
          ]
        }
        "#);
    }

    #[test]
    fn a_line_too_long_to_show_is_named_by_its_place() {
        let source = Source::new("x.yaml", format!("a: 1\n客: {}", "长".repeat(20_000)));
        let mut findings = Diagnostics::new(source.expect("text"));
        findings.push(
            Diagnostic::new(Code::new("E0101"), both!("错", "wrong"))
                .at(Span::new(10, 13))
                .related(Span::new(0, 1), both!("先", "first")),
        );
        assert_eq!(
            findings.render(Rendering::plain(Lang::En)),
            "error[E0101]: wrong\n--> x.yaml:2:4\n"
        );
    }

    /// A mistake in a file that another uses, which is used by the plan.
    fn borrowed() -> Diagnostics {
        let source = |name, text| Source::new(name, text).expect("text");
        let mut findings = Diagnostics::new(source("plans/a.yaml", "steps:\n  - use: 隔离/主机\n"));
        let first = findings.include(source("steps/x.yaml", "use: y/b\n"), Span::new(16, 29));
        let second = findings
            .include(source("steps/y.yaml", "tilte: 隔离\n"), Span::new(first + 5, first + 8));
        findings.push(
            Diagnostic::new(Code::new("E0106"), both!("未知的键 `tilte`", "unknown key `tilte`"))
                .at(Span::new(second, second + 5)),
        );
        findings
    }

    #[test]
    fn a_mistake_in_a_file_that_is_used_shows_the_way_back() {
        insta::assert_snapshot!(borrowed().render(Rendering::plain(Lang::En)), @"
        error[E0106]: unknown key `tilte`
         --> steps/y.yaml:1:1
          |
        1 | tilte: 隔离
          | ^^^^^
          |
         ::: steps/x.yaml:1:6
          |
        1 | use: y/b
          |      --- used here
          |
         ::: plans/a.yaml:2:10
          |
        2 |   - use: 隔离/主机
          |          --------- used here
        ");
    }

    #[test]
    fn rows_name_the_file_of_the_mistake_and_the_way_back() {
        let rows = borrowed().rows(Lang::En);
        assert_eq!((rows[0].file.as_str(), rows[0].line, rows[0].column), ("steps/y.yaml", 1, 1));
        let related: Vec<_> = rows[0]
            .related
            .iter()
            .map(|at| (at.file.as_str(), at.line, at.column, at.message.as_str()))
            .collect();
        assert_eq!(
            related,
            [("steps/x.yaml", 1, 6, "used here"), ("plans/a.yaml", 2, 10, "used here")]
        );
    }

    #[test]
    fn colour_is_used_only_when_asked_for() {
        let plain = sample().render(Rendering::plain(Lang::En));
        let colour = sample().render(Rendering { lang: Lang::En, colour: true });
        assert!(!plain.contains('\u{1b}') && colour.contains('\u{1b}'));
    }

    #[test]
    fn a_span_outside_the_text_does_not_break_the_rendering() {
        let source = Source::new("x.yaml", "标题").expect("text");
        let mut findings = Diagnostics::new(source);
        findings
            .push(Diagnostic::new(Code::new("E0101"), both!("错", "wrong")).at(Span::new(1, 4000)));
        assert!(findings.render(Rendering::plain(Lang::En)).contains("wrong"));
    }
}
