//! A text template.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use minijinja::value::Value as Inner;
use minijinja::{Environment, Expression as Compiled};
use smol_str::SmolStr;

use crate::playbook::expression::{
    CompileError, Context, Name, SOURCE_BYTES_MAX, Scope, Shape, environment_of, messages, plain,
    scan, string_length, syntax, undeclared, unknown,
};
use crate::text::Lang;

/// The longest rendered text; what is longer is cut and ends in `…`.
pub const RENDERED_BYTES_MAX: usize = 64 * 1024;

/// The statements a template may hold. Others could rebind names and so grow without bound.
const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];

/// The one name under which a template with statements is kept in its own environment.
const OWN: &str = "template";

/// A text with `{{ … }}` to fill in and `{% if %}`, `{% for %}` to choose and repeat.
pub struct Template {
    source: SmolStr,
    lang: Lang,
    names: Vec<Name>,
    shape: Arc<Shape>,
    parts: Vec<Part>,
    /// Kept only where there are statements; `parts` then stands in when rendering fails.
    whole: Option<Box<Environment<'static>>>,
}

enum Part {
    Words(Range<usize>),
    Fill(Compiled<'static, 'static>),
}

impl Template {
    /// Compiles a template whose unknowns print in `lang`.
    ///
    /// # Errors
    /// A text that is too long, does not parse, or uses what a template may not.
    pub fn compile(source: &str, lang: Lang) -> Result<Self, CompileError> {
        if source.len() > SOURCE_BYTES_MAX {
            return Err(CompileError::TooLong);
        }
        let mut parts = Vec::new();
        let mut paths = Vec::new();
        let mut plain = true;
        for piece in pieces(source)? {
            match piece {
                Piece::Words(range) => parts.push(Part::Words(range)),
                Piece::Fill { inside, trims } => {
                    plain &= !trims;
                    let tag = &source[inside.clone()];
                    scan(tag).map_err(|error| error.shifted(inside.start))?;
                    let compiled = messages(lang)
                        .compile_expression_owned(tag.to_owned())
                        .map_err(|error| syntax(&error).shifted(inside.start))?;
                    paths.extend(compiled.undeclared_variables(true));
                    parts.push(Part::Fill(compiled));
                }
                Piece::Statement(inside) => {
                    plain = false;
                    check_statement(source, inside)?;
                }
                Piece::Comment => plain = false,
            }
        }
        let whole = if plain { None } else { Some(Box::new(whole(source, lang, &mut paths)?)) };
        let names = undeclared(paths)?;
        let shape = Shape::of(&names);
        Ok(Self { source: SmolStr::new(source), lang, names, shape, parts, whole })
    }

    /// Returns the text it was compiled from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Returns the names it uses, sorted.
    #[must_use]
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// Fills in the facts of `scope`; never fails. What is unknown, or cannot be computed, prints
    /// as unknown.
    #[must_use]
    pub fn render(&self, scope: &dyn Scope) -> String {
        let context = Context::partial(&self.shape, &self.names, scope, self.lang);
        let rendered = self.render_whole(&context);
        cut(rendered.unwrap_or_else(|| self.render_parts(&context).0))
    }

    /// Fills in as [`Template::render`] does but tells what could not be computed; used when a plan
    /// is checked with sample values.
    ///
    /// # Errors
    /// The first place that cannot be computed, and what the evaluation said.
    pub fn try_render(&self, scope: &dyn Scope) -> Result<String, String> {
        let context = Context::partial(&self.shape, &self.names, scope, self.lang);
        if let Some(environment) = &self.whole {
            let template = environment.get_template(OWN).map_err(|error| plain(&error))?;
            let rendered = template.render(context).map_err(|error| plain(&error))?;
            return Ok(cut(rendered));
        }
        match self.render_parts(&context) {
            (rendered, None) => Ok(cut(rendered)),
            (_, Some(said)) => Err(said),
        }
    }

    /// Returns the one expression the template consists of, if nothing stands around it.
    pub(super) fn only_fill(&self) -> Option<&str> {
        match (self.parts.as_slice(), &self.whole) {
            ([Part::Fill(_)], None) => self.source.get(2..self.source.len().checked_sub(2)?),
            _ => None,
        }
    }

    fn render_whole(&self, context: &Inner) -> Option<String> {
        let template = self.whole.as_ref()?.get_template(OWN).ok()?;
        template.render(context.clone()).ok()
    }

    fn render_parts(&self, context: &Inner) -> (String, Option<String>) {
        let mut out = String::with_capacity(self.source.len() + 32);
        let mut failed = None;
        for part in &self.parts {
            match part {
                Part::Words(range) => out.push_str(&self.source[range.clone()]),
                Part::Fill(compiled) => match compiled.eval(context) {
                    Ok(value) if value.is_undefined() || value.is_none() => {
                        out.push_str(unknown(self.lang));
                    }
                    Ok(value) => push(&mut out, &value),
                    Err(error) => {
                        out.push_str(unknown(self.lang));
                        failed.get_or_insert_with(|| plain(&error));
                    }
                },
            }
            if out.len() > RENDERED_BYTES_MAX {
                break;
            }
        }
        (out, failed)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({:?})", self.source)
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.lang == other.lang
    }
}

fn push(out: &mut String, value: &Inner) {
    use fmt::Write as _;
    match value.as_str() {
        Some(text) => out.push_str(text),
        None => {
            let written = write!(out, "{value}");
            debug_assert!(written.is_ok(), "writing to a string cannot fail");
        }
    }
}

fn cut(mut text: String) -> String {
    if text.len() > RENDERED_BYTES_MAX {
        text.truncate(text.floor_char_boundary(RENDERED_BYTES_MAX));
        text.push('…');
    }
    text
}

/// Compiles a template with statements into an environment of its own, which owns the text.
fn whole(
    source: &str,
    lang: Lang,
    paths: &mut Vec<String>,
) -> Result<Environment<'static>, CompileError> {
    let mut environment = environment_of(lang);
    environment.add_template_owned(OWN, source.to_owned()).map_err(|error| syntax(&error))?;
    if let Ok(template) = environment.get_template(OWN) {
        // What loops bind is declared here though single tags cannot know it.
        *paths = template.undeclared_variables(true).into_iter().collect();
    }
    Ok(environment)
}

fn check_statement(source: &str, inside: Range<usize>) -> Result<(), CompileError> {
    let text = source[inside.clone()].trim_start_matches(['-', '+']);
    let start = inside.end - text.len();
    let word = text.trim_start();
    let start = start + (text.len() - word.len());
    let length = word.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(word.len());
    let (word, rest) = word.split_at(length);
    if !STATEMENTS.contains(&word) {
        return Err(CompileError::Statement(start..start + length.max(1), word.to_owned()));
    }
    scan(rest.trim_end_matches(['-', '+'])).map_err(|error| error.shifted(start + length))
}

/// A piece of a template's text.
enum Piece {
    Words(Range<usize>),
    /// Between `{{` and `}}`; whether it trims the blanks around it.
    Fill {
        inside: Range<usize>,
        trims: bool,
    },
    /// Between `{%` and `%}`.
    Statement(Range<usize>),
    Comment,
}

/// Cuts a template at its tags.
fn pieces(source: &str) -> Result<Vec<Piece>, CompileError> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let Some((start, opening)) = next_tag(source, at) else {
            pieces.push(Piece::Words(at..source.len()));
            break;
        };
        if start > at {
            pieces.push(Piece::Words(at..start));
        }
        let inside = start + 2;
        let end = tag_end(source, inside, opening).ok_or_else(|| {
            CompileError::Syntax(Some(start..source.len()), "the tag is not closed".to_owned())
        })?;
        at = end + 2;
        pieces.push(match opening {
            '{' => fill(source, inside..end),
            '%' => Piece::Statement(inside..end),
            _ => Piece::Comment,
        });
    }
    Ok(pieces)
}

fn fill(source: &str, inside: Range<usize>) -> Piece {
    let text = &source[inside.clone()];
    let start = usize::from(text.starts_with(['-', '+']));
    let end = usize::from(text.len() > start && text.ends_with(['-', '+']));
    let trims = start + end > 0;
    Piece::Fill { inside: inside.start + start..inside.end - end, trims }
}

fn next_tag(source: &str, from: usize) -> Option<(usize, char)> {
    let mut at = from;
    loop {
        let start = at + source[at..].find('{')?;
        match source[start + 1..].chars().next() {
            Some(c @ ('{' | '%' | '#')) => return Some((start, c)),
            _ => at = start + 1,
        }
    }
}

fn tag_end(source: &str, from: usize, opening: char) -> Option<usize> {
    let closing = match opening {
        '{' => "}}",
        '%' => "%}",
        _ => return source[from..].find("#}").map(|at| from + at),
    };
    let mut at = from;
    let mut braces = 0_usize;
    while let Some(c) = source[at..].chars().next() {
        let rest = &source[at..];
        match c {
            _ if braces == 0 && rest.starts_with(closing) => return Some(at),
            '"' | '\'' => at += string_length(rest),
            '{' => {
                braces += 1;
                at += 1;
            }
            '}' => {
                braces = braces.saturating_sub(1);
                at += 1;
            }
            _ => at += c.len_utf8(),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::playbook::expression::{Fact, HereFact, IncidentFact};
    use crate::playbook::value::Value;
    use crate::text::Text;

    struct Facts {
        channels: Value,
        outage: Value,
        title: Text,
    }

    impl Scope for Facts {
        fn fact(&self, name: &Name) -> Option<Fact<'_>> {
            match name {
                Name::Variable(id) if id.as_str() == "channels_down" => {
                    Some(Fact::Value(&self.channels))
                }
                Name::Variable(id) if id.as_str() == "outage" => Some(Fact::Value(&self.outage)),
                Name::Level => Some(Fact::Integer(2)),
                Name::Incident(IncidentFact::Title) => Some(Fact::Text("客服<中断>".into())),
                Name::Here(HereFact::RoleTitle) => Some(Fact::Words(&self.title)),
                Name::Here(HereFact::PersonName) => Some(Fact::Nothing),
                _ => None,
            }
        }
    }

    fn facts() -> Facts {
        let words = |words: &[&str]| {
            Value::List(words.iter().map(|w| Value::String((*w).to_owned())).collect())
        };
        Facts {
            channels: words(&["phone", "web"]),
            outage: Value::Duration("1h30m".parse().expect("a duration")),
            title: Text::both("总指挥", "Commander"),
        }
    }

    fn render(source: &str, lang: Lang) -> String {
        let template = Template::compile(source, lang);
        template.unwrap_or_else(|e| panic!("{source}: {e:?}")).render(&facts())
    }

    #[test]
    fn facts_are_filled_in_and_texts_are_in_the_language() {
        assert_eq!(
            render("【{{ level }}级】{{ incident.title }}，请确认担任{{ role.title }}", Lang::Zh),
            "【2级】客服<中断>，请确认担任总指挥"
        );
        assert_eq!(render("[L{{level}}] as {{ role.title }}", Lang::En), "[L2] as Commander");
        assert_eq!(render("{{ channels_down|join('、') }}", Lang::Zh), "phone、web");
        assert_eq!(render("{{ outage }}", Lang::En), "1h30m");
        assert_eq!(render("{{ \"}}\" }} a } b {", Lang::En), "}} a } b {");
    }

    #[test]
    fn what_is_unknown_prints_as_unknown_and_stops_nothing() {
        assert_eq!(render("先使用{{ workaround }}。", Lang::Zh), "先使用未知。");
        assert_eq!(render("use {{ workaround.text }}", Lang::En), "use unknown");
        assert_eq!(render("for {{ person.name }}", Lang::En), "for unknown");
        assert_eq!(render("{{ workaround|default(\"网页\") }}", Lang::Zh), "网页");
        assert_eq!(render("{{ level|length }} of {{ level }}", Lang::En), "unknown of 2");
        assert_eq!(render("{% if level %}a{% endif %} {{ level|length }}", Lang::En), "a unknown");
    }

    #[test]
    fn statements_choose_and_repeat() {
        let source = "{% for c in channels_down %}- {{ c }}\n{% endfor %}{# note #}";
        assert_eq!(render(source, Lang::En), "- phone\n- web\n");
        let source = "{% if level <= 2 -%}  urgent {%- else %}calm{% endif %}";
        assert_eq!(render(source, Lang::En), "urgent");
        assert_eq!(render("a  {{- level -}}  b", Lang::En), "a2b");
    }

    #[test]
    fn names_leave_out_what_loops_bind() {
        let template =
            Template::compile("{% for c in channels_down %}{{ c }}{{ x.y }}{% endfor %}", Lang::En);
        let names: Vec<String> =
            template.expect("compiles").names().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["channels_down", "x"]);
    }

    #[test]
    fn what_could_grow_or_reach_out_is_refused_at_its_place() {
        let error = |source: &str| Template::compile(source, Lang::En).expect_err(source);
        assert_eq!(error("a {% set x = 1 %}"), CompileError::Statement(5..8, "set".to_owned()));
        assert!(matches!(error("{% include \"x\" %}"), CompileError::Statement(..)));
        assert!(matches!(error("{%- raw %}{% endraw %}"), CompileError::Statement(..)));
        assert_eq!(error("ab {{ x|lenght }}"), CompileError::UnknownFilter(8..14, "lenght".into()));
        assert_eq!(error("ab {{ 2 * 3 }}"), CompileError::Multiplication(8));
        assert!(matches!(error("{{ unclosed"), CompileError::Syntax(..)));
        assert!(matches!(error("{% if x %}"), CompileError::Syntax(..)));
        assert_eq!(error(&"x".repeat(SOURCE_BYTES_MAX + 1)), CompileError::TooLong);
    }

    #[test]
    fn a_rendered_text_is_bounded() {
        let long = Facts { channels: Value::String("长".repeat(40_000)), ..facts() };
        let template = Template::compile("{{ channels_down }}", Lang::Zh).expect("compiles");
        let text = template.render(&long);
        assert!(text.len() <= RENDERED_BYTES_MAX + '…'.len_utf8() && text.ends_with('…'));
    }

    #[test]
    fn checking_tells_what_rendering_hides() {
        let try_render = |source: &str| {
            Template::compile(source, Lang::En).expect("compiles").try_render(&facts())
        };
        assert_eq!(try_render("{{ level }}"), Ok("2".into()));
        assert!(try_render("{{ level|length }}").is_err());
        assert!(try_render("{% if true %}{{ level|length }}{% endif %}").is_err());
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_compiler_or_the_rendering(
            source in "([a-z客 ]|\\{\\{|\\}\\}|\\{%|%\\}|\\{#|if|for|endif|\"|'|\\||-|level){0,24}"
        ) {
            if let Ok(template) = Template::compile(&source, Lang::Zh) {
                let _ = template.render(&facts());
            }
        }

        #[test]
        fn a_text_without_tags_renders_as_it_is(source in "[a-z客 }%#\\n]{0,40}") {
            prop_assert_eq!(render(&source, Lang::Zh), source);
        }
    }
}
