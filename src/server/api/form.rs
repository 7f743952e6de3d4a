//! In which form something is told that has several: the query decides, then the first that `Accept`
//! names. It must not know what is told.

use axum::http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};

use crate::learn::report::ReportForm;
use crate::server::problem::{Kind, Problem};
use crate::timeline::Format;

/// The page carries its own styles and nothing else: no scripts, nothing from elsewhere.
const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'";

/// The forms that something is told in.
pub(super) trait Form: Copy + PartialEq + 'static {
    /// All of them; the first is meant by whoever names none.
    const ALL: &'static [Self];
    /// What `text/*` means.
    const TEXT: Self;
    /// What it is called in either language.
    const CALLED: (&'static str, &'static str);

    /// Returns its name.
    fn name(self) -> &'static str;

    /// Returns its media type, with the character set.
    fn media_type(self) -> &'static str;
}

impl Form for Format {
    const ALL: &'static [Self] = &Self::ALL;
    const TEXT: Self = Self::Text;
    const CALLED: (&'static str, &'static str) = ("时间线", "The timeline");

    fn name(self) -> &'static str {
        self.name()
    }

    fn media_type(self) -> &'static str {
        self.media_type()
    }
}

impl Form for ReportForm {
    const ALL: &'static [Self] = &[Self::Json, Self::Markdown, Self::Html];
    const TEXT: Self = Self::Markdown;
    const CALLED: (&'static str, &'static str) = ("报告", "The report");

    fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Markdown => "markdown",
            Self::Html => "html",
        }
    }

    fn media_type(self) -> &'static str {
        self.media_type()
    }
}

/// Chooses the form that is asked for.
///
/// # Errors
/// It is not offered in any that is.
pub(super) fn chosen<F: Form>(asked: Option<&str>, headers: &HeaderMap) -> Result<F, Problem> {
    wanted(asked, headers).ok_or_else(not_offered::<F>)
}

fn wanted<F: Form>(asked: Option<&str>, headers: &HeaderMap) -> Option<F> {
    if let Some(name) = asked {
        // Whoever writes files names Markdown by their ending.
        let is = |form: &F| form.name() == name || (name == "md" && form.name() == "markdown");
        return F::ALL.iter().copied().find(is);
    }
    let Some(accept) = headers.get(ACCEPT) else { return F::ALL.first().copied() };
    let entries = accept.to_str().ok()?.split(',').filter_map(|entry| entry.split(';').next());
    entries.map(str::trim).find_map(|media| match media {
        "*/*" | "application/*" => F::ALL.first().copied(),
        "text/*" => Some(F::TEXT),
        _ => F::ALL.iter().copied().find(|form| {
            form.media_type().split(';').next().is_some_and(|own| media.eq_ignore_ascii_case(own))
        }),
    })
}

fn not_offered<F: Form>() -> Problem {
    let offered: Vec<&str> = F::ALL.iter().map(|form| form.name()).collect();
    let (zh, en) = F::CALLED;
    Problem::new(
        Kind::NotAcceptable,
        format!("{zh}提供以下格式：{}", offered.join("、")),
        format!("{en} is offered as {}", offered.join(", ")),
    )
    .with("offered", offered.as_slice())
}

/// Answers with a text in its form.
pub(super) fn told<F: Form>(form: F, text: String) -> Response {
    let media = HeaderValue::from_static(form.media_type());
    let mut response = ([(CONTENT_TYPE, media)], text).into_response();
    if form.name() == "html" {
        let policy = HeaderValue::from_static(PAGE_POLICY);
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<F: Form>(asked: Option<&str>, accept: Option<&str>) -> Option<F> {
        let mut headers = HeaderMap::new();
        if let Some(accept) = accept {
            headers.insert(ACCEPT, accept.parse().unwrap());
        }
        wanted(asked, &headers)
    }

    #[test]
    fn the_query_decides_then_the_first_form_accepted() {
        let timeline = of::<Format>;
        assert_eq!(timeline(None, None), Some(Format::Json));
        assert_eq!(timeline(Some("csv"), Some("text/html")), Some(Format::Csv));
        let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
        assert_eq!(timeline(None, Some(browser)), Some(Format::Html));
        let markdown = Some("image/png, text/markdown;q=0.5");
        assert_eq!(timeline(None, markdown), Some(Format::Markdown));
        assert_eq!(timeline(None, Some("*/*")), Some(Format::Json));
        assert_eq!(timeline(Some("docx"), None), None);
        assert_eq!(timeline(None, Some("image/png")), None);

        let report = of::<ReportForm>;
        assert_eq!(report(None, Some("text/*")), Some(ReportForm::Markdown));
        assert_eq!(report(None, Some("application/json")), Some(ReportForm::Json));
        assert_eq!(report(Some("md"), None), Some(ReportForm::Markdown));
        assert_eq!(report(Some("markdown"), None), Some(ReportForm::Markdown));
        assert_eq!(report(Some("csv"), None), None);
    }
}
