//! The after-action report of a run of a drill or of a real incident: what was expected and what
//! happened, how it scored, what was found and what is done about it, and the timeline. Pure.

mod course;
mod doing;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::drill::judge::Sheet;
use crate::drill::result::{DrillResult, Outcome};
use crate::drill::score::{Finding as Found, Judgement, Verdict};
use crate::learn::action::Action;
use crate::learn::finding::{Finding, FindingKind, FindingState};
use crate::learn::subject::{How, Source};
use crate::people::Zone;
use crate::text::{Lang, Text};
use crate::timeline::{Front, FrontPart, Timeline, Tone, span};

/// The version of the JSON form. Fields are added, never changed.
pub const REPORT_FORMAT: u8 = 1;

/// Everything that a report is told from. Its JSON form is this.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The version of this form.
    pub format: u8,
    /// What it is about.
    pub title: Text,
    /// Which run or incident.
    pub source: Source,
    /// How real it was.
    pub how: How,
    /// The drill's result, with what evaluators said counted in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<DrillResult>,
    /// What evaluators wrote down.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sheets: Vec<Sheet>,
    /// What was found; dismissed findings are left out.
    pub findings: Vec<Arc<Finding>>,
    /// What is done about it.
    pub actions: Vec<Arc<Action>>,
    /// Earlier actions of which it showed whether they mended anything.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<Arc<Action>>,
    /// What happened; missing for a simulated run, of which no journal is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
    /// When this was told.
    pub as_of: Timestamp,
}

/// A form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportForm {
    /// For programs: everything, in both languages.
    Json,
    /// For tickets and wikis.
    Markdown,
    /// One self-contained page, ready to print.
    Html,
}

impl ReportForm {
    /// Returns the media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        }
    }
}

/// Who reads it.
#[derive(Clone, Copy)]
struct Reader<'a> {
    lang: Lang,
    zone: &'a Zone,
}

impl Reader<'_> {
    fn say(self, zh: &'static str, en: &'static str) -> String {
        self.lang.pick(zh, en).to_owned()
    }

    fn time(self, at: Timestamp) -> String {
        self.zone.civil(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    fn seconds(self, seconds: Option<f64>) -> String {
        let length = seconds.and_then(|s| SignedDuration::try_from_secs_f64(s).ok());
        length.map_or_else(|| "—".to_owned(), |length| span::say(length, self.lang))
    }
}

impl Report {
    /// Renders the report; times are told in `zone`, words in `lang`.
    #[must_use]
    pub fn render(&self, form: ReportForm, lang: Lang, zone: &Zone) -> String {
        let reader = Reader { lang, zone };
        match form {
            ReportForm::Json => {
                let mut json =
                    serde_json::to_string_pretty(self).expect("plain fields always serialise");
                json.push('\n');
                json
            }
            ReportForm::Markdown => self.front(reader).markdown(self.timeline.as_ref(), lang, zone),
            ReportForm::Html => self.front(reader).html(self.timeline.as_ref(), lang, zone),
        }
    }

    fn front(&self, reader: Reader<'_>) -> Front {
        let mut parts = Vec::new();
        if let Some(result) = &self.result {
            parts.push(expected(result, reader));
            parts.extend(scores(result, reader));
        }
        parts.push(self.found(FindingKind::Strength, reader));
        parts.push(self.found(FindingKind::Improvement, reader));
        parts.push(doing::actions(&self.actions, reader));
        parts.extend(doing::settled(&self.settled, self.source, reader));
        parts.extend(self.observed(reader));
        parts.extend(course::course(self, reader));
        let title = self.title.get(reader.lang);
        let named = reader.say("复盘报告", "After-action report");
        Front {
            banner: self.banner(reader),
            title: format!("{named}{}{title}", reader.lang.pick("：", ": ")),
            facts: self.result.as_ref().map(|result| facts(result, reader)).unwrap_or_default(),
            parts,
            notes: self.notes(reader),
        }
    }

    /// A report of a drill is unmistakably one.
    fn banner(&self, reader: Reader<'_>) -> Option<String> {
        Some(match self.how {
            How::Live => return None,
            How::Simulated => reader.say(
                "【推演】模拟人员、虚拟时钟，未对外发送。",
                "[SIMULATION] Modelled people, a virtual clock, nothing sent.",
            ),
            How::Tabletop | How::Exercise => {
                reader.say("【演练】这不是真实事件。", "[DRILL] This was not a real incident.")
            }
        })
    }

    fn found(&self, kind: FindingKind, reader: Reader<'_>) -> FrontPart {
        let lang = reader.lang;
        let (id, title, nothing) = match kind {
            FindingKind::Strength => {
                ("strengths", reader.say("做得好的", "Strengths"), ("没有记录。", "None recorded."))
            }
            FindingKind::Improvement => (
                "improvements",
                reader.say("待改进", "Areas for improvement"),
                ("没有记录。", "None recorded."),
            ),
        };
        let row = |finding: &&Arc<Finding>| {
            let state = match finding.state {
                FindingState::Proposed => {
                    lang.pick("日志提议，待人判定", "proposed by the journal")
                }
                FindingState::Accepted => lang.pick("已采纳", "accepted"),
                FindingState::Dismissed => lang.pick("未采纳", "dismissed"),
            };
            let about = finding.about.as_ref().map(ToString::to_string).unwrap_or_default();
            let tone = match kind {
                FindingKind::Strength => Tone::Good,
                FindingKind::Improvement => Tone::Warning,
            };
            let text = finding.text.get(lang).to_owned();
            vec![(text, tone), plain(about), plain(state)]
        };
        let rows: Vec<_> =
            self.findings.iter().filter(|one| one.kind == kind).map(|f| row(&f)).collect();
        let lines =
            if rows.is_empty() { vec![reader.say(nothing.0, nothing.1)] } else { Vec::new() };
        let head = vec![
            lang.pick("内容", "Finding"),
            lang.pick("关于", "About"),
            lang.pick("状态", "State"),
        ];
        FrontPart { id, title, lines, head, rows }
    }

    /// What evaluators wrote down that no question asks for.
    fn observed(&self, reader: Reader<'_>) -> Option<FrontPart> {
        let lang = reader.lang;
        let each = self.sheets.iter().flat_map(|sheet| {
            sheet.observations.iter().map(move |seen| (sheet.evaluator.to_string(), seen))
        });
        let rows: Vec<_> = each
            .map(|(by, seen)| {
                let about = seen.objective.as_ref().map(ToString::to_string).unwrap_or_default();
                vec![plain(reader.time(seen.at)), plain(by), plain(&*seen.text), plain(about)]
            })
            .collect();
        (!rows.is_empty()).then(|| FrontPart {
            id: "observations",
            title: reader.say("评估员记录", "Evaluators' notes"),
            lines: Vec::new(),
            head: vec![
                lang.pick("时间", "When"),
                lang.pick("评估员", "Evaluator"),
                lang.pick("内容", "Note"),
                lang.pick("关于", "About"),
            ],
            rows,
        })
    }

    fn notes(&self, reader: Reader<'_>) -> Vec<String> {
        let mut notes = Vec::new();
        if self.how == How::Simulated {
            notes.push(reader.say(
                "时间来自模型与随机数，不代表真人用时；同一种子每次运行结果相同。概率见 drill simulate。",
                "Times come from a model and chance and say nothing of real people; the same seed \
                 gives the same run. For odds see `drill simulate`.",
            ));
        } else {
            notes.push(reader.say(
                "时间取自日志，精确到秒；事后补记的以登记者所写为准。",
                "Times are the journal's, to the second; what was recorded later is as its recorder \
                 wrote it.",
            ));
        }
        notes.push(reader.say(
            "整改项不能手工关闭：之后的演练或真实事件做到对应部分并通过时自动关闭。",
            "No action is closed by hand: it closes when a later drill or incident exercises what \
             it mends and that goes well.",
        ));
        if self.timeline.is_none() {
            let as_of = reader.time(self.as_of);
            let zone = reader.zone.name();
            notes.push(reader.lang.pick(
                format!("截至 {as_of}；时间均为 {zone}。"),
                format!("As of {as_of}; times are {zone}."),
            ));
        }
        notes
    }
}

fn plain(text: impl Into<String>) -> (String, Tone) {
    (text.into(), Tone::Plain)
}

fn facts(result: &DrillResult, reader: Reader<'_>) -> Vec<(String, String)> {
    let lang = reader.lang;
    let (zh, en) = match result.outcome {
        Outcome::Completed => ("完成", "completed"),
        Outcome::Aborted => ("中止", "aborted"),
        Outcome::Interrupted => ("中断", "interrupted"),
        Outcome::Error => ("出错", "error"),
    };
    let mut outcome = lang.pick(zh, en).to_owned();
    if let Some(why) = &result.why {
        outcome = format!("{outcome} ({})", why.get(lang));
    }
    let verdict = match result.verdict {
        Verdict::Passed => lang.pick("通过", "passed"),
        Verdict::Failed => lang.pick("未通过", "not passed"),
        Verdict::NotJudged => lang.pick("未评判", "not judged"),
    };
    let score = result.score.map_or_else(|| "—".to_owned(), |score| score.to_string());
    let pass = result.pass_score;
    let how = How::from(result.run_as).words();
    let hash: String = result.playbook_hash.chars().take(12).collect();
    vec![
        (reader.say("演练", "Drill"), format!("{} ({})", result.drill, how.get(lang))),
        (reader.say("演练过程", "Outcome"), outcome),
        (reader.say("结论", "Verdict"), verdict.to_owned()),
        (
            reader.say("得分", "Score"),
            lang.pick(format!("{score}（及格 {pass}）"), format!("{score} (pass {pass})")),
        ),
        (reader.say("演练预案", "Plan"), format!("{} ({hash}…)", result.playbook)),
        (reader.say("运行于", "Run at"), reader.time(result.ran_at.unwrap_or(result.started_at))),
        (reader.say("运行编号", "Run"), result.run.to_string()),
    ]
}

/// What was expected and what happened.
fn expected(result: &DrillResult, reader: Reader<'_>) -> FrontPart {
    let lang = reader.lang;
    let mut rows = Vec::new();
    for judgement in &result.judgements {
        rows.push(judged(judgement, 0, reader));
        rows.extend(judgement.of.iter().map(|part| judged(part, 1, reader)));
    }
    let mut lines = Vec::new();
    if rows.is_empty() {
        lines.push(reader.say("演练没有写明预期。", "The drill expects nothing."));
    }
    if !result.injects_left.is_empty() {
        let left: Vec<&str> = result.injects_left.iter().map(|left| left.get(lang)).collect();
        lines.push(format!(
            "{}{}",
            lang.pick("未发生的注入：", "Injects that never happened: "),
            left.join("; ")
        ));
    }
    FrontPart {
        id: "expected",
        title: reader.say("预期与实际", "What was expected, and what happened"),
        lines,
        head: vec![
            lang.pick("预期", "Expected"),
            lang.pick("结果", "Result"),
            lang.pick("用时", "Took"),
            lang.pick("限时", "Limit"),
            lang.pick("权重", "Weight"),
            lang.pick("说明", "Remarks"),
        ],
        rows,
    }
}

fn judged(judgement: &Judgement, depth: usize, reader: Reader<'_>) -> Vec<(String, Tone)> {
    let lang = reader.lang;
    let (result, why) = match &judgement.finding {
        Found::Met => ((reader.say("达到", "met"), Tone::Good), ""),
        Found::NotMet { why } => ((reader.say("未达到", "not met"), Tone::Bad), why.get(lang)),
        Found::NotApplicable { why } => {
            ((reader.say("不适用", "not applicable"), Tone::Plain), why.get(lang))
        }
        Found::NotJudged { why } => {
            ((reader.say("未评判", "not judged"), Tone::Warning), why.get(lang))
        }
    };
    let mut remarks = vec![why.to_owned()];
    for said in &judgement.ratings {
        let (by, rating, note) = (&said.by, said.given.rating.name(), &said.given.note);
        remarks.push(format!("{by}: {rating} {note}"));
    }
    if judgement.critical {
        remarks.push(reader.say("关键", "critical"));
    }
    remarks.retain(|remark| !remark.trim().is_empty());
    let weight = if depth == 0 { judgement.weight.to_string() } else { String::new() };
    let indent = if depth == 0 { "" } else { "· " };
    vec![
        plain(format!("{indent}{}", judgement.asked.get(lang))),
        result,
        plain(reader.seconds(judgement.seconds)),
        plain(reader.seconds(judgement.limit_seconds)),
        plain(weight),
        plain(remarks.join("; ")),
    ]
}

/// The score of each part of the work.
fn scores(result: &DrillResult, reader: Reader<'_>) -> Option<FrontPart> {
    let lang = reader.lang;
    let row = |(part, scored): (&crate::drill::expect::Part, &crate::drill::score::PartScore)| {
        vec![
            plain(part.word(lang)),
            plain(scored.score.map_or_else(|| "—".to_owned(), |score| score.to_string())),
            plain(format!("{}/{}", scored.met, scored.of)),
            plain(scored.not_judged.to_string()),
        ]
    };
    let rows: Vec<_> = result.parts.iter().map(row).collect();
    (!rows.is_empty()).then(|| FrontPart {
        id: "scores",
        title: reader.say("分项得分", "Scores by part"),
        lines: Vec::new(),
        head: vec![
            lang.pick("方面", "Part"),
            lang.pick("得分", "Score"),
            lang.pick("达到", "Met"),
            lang.pick("未评判", "Not judged"),
        ],
        rows,
    })
}

#[cfg(test)]
mod tests;
