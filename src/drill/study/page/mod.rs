//! A study as one page that needs nothing else: read it, print it, mail it, keep it.
//!
//! `sections` decides what is said and in which order, `chart` where pictures put things, `exact`
//! how far the numbers can be trusted. Pure; it must not know where a page goes.

mod chart;
mod exact;
mod sections;
mod tables;

use askama::Template;

use self::chart::{Chart, WIDTH};
use super::report::Study;
use super::words;
use crate::drill::score::Verdict;
use crate::people::Zone;
use crate::text::Lang;
use crate::timeline::Tone;

#[derive(Template)]
#[template(path = "drill/study/page/study.html", whitespace = "minimize")]
struct Page {
    lang: Lang,
    title: String,
    banner: &'static str,
    facts: Vec<(&'static str, String)>,
    verdict: Headline,
    sections: Vec<Section>,
    width: f64,
}

/// What a reader in haste takes away.
struct Headline {
    class: &'static str,
    said: String,
    lines: Vec<String>,
}

/// A part of the page.
#[derive(Default)]
struct Section {
    id: &'static str,
    title: String,
    /// Said above everything; alone where there is nothing to show.
    lines: Vec<String>,
    charts: Vec<Chart>,
    table: Option<Table>,
    tales: Vec<Tale>,
}

/// A table.
struct Table {
    /// What it lists, for those who do not see where it stands.
    caption: String,
    head: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

/// A cell.
struct Cell {
    text: String,
    tone: Tone,
}

/// A run, told.
struct Tale {
    title: String,
    lines: Vec<String>,
    table: Table,
}

impl Cell {
    fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Plain }
    }

    fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }

    /// Returns the word that styles know the tone by.
    const fn class(&self) -> &'static str {
        match self.tone {
            Tone::Plain => "plain",
            Tone::Good => "good",
            Tone::Warning => "warning",
            Tone::Bad => "bad",
        }
    }
}

impl Page {
    /// Returns the language's tag.
    fn tag(&self) -> &'static str {
        self.lang.pick("zh-CN", "en")
    }
}

/// Renders a study as one self-contained HTML page; instants are told in `zone`. Everything that
/// people wrote is escaped.
#[must_use]
pub fn page(study: &Study, lang: Lang, zone: &Zone) -> String {
    let page = Page {
        lang,
        title: study.title.get(lang).to_owned(),
        banner: lang.pick(
            "【演练】模拟：没有真实事件，没有发出任何消息。",
            "[DRILL] Simulated: there was no incident, and no message was sent.",
        ),
        facts: sections::facts(study, lang, zone),
        verdict: headline(study, lang),
        sections: sections::sections(study, lang, zone),
        width: WIDTH,
    };
    let mut page = page.render().expect("writing to a string does not fail");
    page.push('\n');
    page
}

fn headline(study: &Study, lang: Lang) -> Headline {
    let class = match study.verdict {
        Verdict::Passed => "good",
        Verdict::Failed => "bad",
        Verdict::NotJudged => "warning",
    };
    let mut lines = Vec::new();
    if let Some(wanted) = study.wanted {
        let wanted = words::percent(wanted);
        let judged = match study.verdict {
            Verdict::Passed => lang.pick("达到", "reached"),
            Verdict::Failed => lang.pick("未达到", "not reached"),
            Verdict::NotJudged => lang.pick("次数太少，尚不能断定", "too few runs to tell"),
        };
        lines.push(lang.pick(
            format!("要求不低于 {wanted}：{judged}"),
            format!("Wanted at least {wanted}: {judged}"),
        ));
    }
    lines.extend(study.understaffed.iter().map(|one| one.sentence().get(lang).to_owned()));
    if study.completed.hits < study.completed.of {
        let (ended, why) = (words::share(study.completed), study.why.as_ref());
        let why = why.map_or(words::DASH, |why| why.get(lang));
        lines.push(lang.pick(
            format!("走到结束的 {ended}；其余例如：{why}"),
            format!("Came to an end: {ended}; of the others: {why}"),
        ));
    }
    if study.expectations.is_empty() {
        let said = lang.pick("没有写预期，不作判断", "Nothing is required, so nothing is judged");
        return Headline { class, said: said.to_owned(), lines };
    }
    let passed = words::share(study.passed);
    let said =
        lang.pick(format!("通过的概率 {passed}"), format!("Probability of passing {passed}"));
    Headline { class, said, lines }
}

#[cfg(test)]
mod tests;
