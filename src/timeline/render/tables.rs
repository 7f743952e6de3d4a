//! The tables of a report.

use super::page::{Cell, Section, Table, Words, dash};
use crate::timeline::build::Timeline;
use crate::timeline::lanes::{Bar, BarState};
use crate::timeline::measures::Measure;
use crate::timeline::notices::{NoticeFate, NoticeRow};
use crate::timeline::objectives::{ObjectiveRow, Verdict};
use crate::timeline::reason;
use crate::timeline::sentence::Tone;
use crate::timeline::span;

/// The most rows of a table that is read by eye: what comes after is in JSON and CSV.
pub(super) const ROWS_MAX: usize = 2000;

/// Builds a section; where there is nothing to list it says so.
pub(super) fn section(
    id: &'static str,
    title: &str,
    lines: Vec<String>,
    head: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
    nothing: &str,
    words: Words<'_>,
) -> Section {
    let mut lines = lines;
    let mut rows = rows;
    if rows.is_empty() {
        lines.push(nothing.to_owned());
        return Section { id, title: title.to_owned(), lines, table: None };
    }
    if rows.len() > ROWS_MAX {
        let more = rows.len() - ROWS_MAX;
        rows.truncate(ROWS_MAX);
        lines.push(words.lang.pick(
            format!("仅列前 {ROWS_MAX} 条，另有 {more} 条见 JSON 或 CSV。"),
            format!("The first {ROWS_MAX} are listed; {more} more are in JSON and CSV."),
        ));
    }
    Section { id, title: title.to_owned(), lines, table: Some(Table { head, rows }) }
}

pub(super) fn measures(timeline: &Timeline, words: Words<'_>) -> Section {
    let lang = words.lang;
    let row = |measure: &Measure| {
        let tone = match measure.kept() {
            Some(true) => Tone::Good,
            Some(false) => Tone::Bad,
            None => Tone::Plain,
        };
        let basis = match measure.by_plan {
            true => lang.pick("预案目标", "the plan's objective"),
            false => measure.name.definition(lang),
        };
        let unknown = match timeline.incident.status.is_open() && measure.from.is_some() {
            true => lang.pick("进行中", "still running"),
            false => lang.pick("未登记", "not recorded"),
        };
        let took = measure.took.map_or_else(|| unknown.to_owned(), |took| span::say(took, lang));
        vec![
            Cell::plain(measure.name.word(lang)),
            Cell::toned(took, tone),
            Cell::plain(words.span_or_dash(measure.target)),
            Cell::plain(basis),
        ]
    };
    let rows = timeline.measures.iter().map(row).collect();
    let head = vec![
        lang.pick("指标", "Time"),
        lang.pick("用时", "Took"),
        lang.pick("目标", "Target"),
        lang.pick("口径", "Measured"),
    ];
    section("measures", lang.pick("关键用时", "How fast"), Vec::new(), head, rows, "", words)
}

pub(super) fn objectives(timeline: &Timeline, words: Words<'_>) -> Section {
    let lang = words.lang;
    let row = |row: &ObjectiveRow| {
        let tone = match row.verdict {
            Verdict::Met => Tone::Good,
            Verdict::Missed | Verdict::MetLate => Tone::Bad,
            Verdict::Open | Verdict::NotJudged => Tone::Plain,
        };
        let value = match (row.took, row.measured) {
            (Some(took), _) => span::say(took, lang),
            (None, Some(measured)) => measured.to_string(),
            (None, None) => dash(),
        };
        vec![
            Cell::plain(row.title.get(lang)),
            Cell::toned(row.verdict.word(lang), tone),
            Cell::plain(value),
            Cell::plain(words.time_or_dash(row.due_at)),
        ]
    };
    let rows: Vec<_> = timeline.objectives.iter().map(row).collect();
    let met = timeline.objectives.iter().filter(|o| o.verdict == Verdict::Met).count();
    let all = rows.len();
    let summary =
        lang.pick(format!("{all} 项中达成 {met} 项。"), format!("{met} of {all} were met."));
    let lines = if all == 0 { Vec::new() } else { vec![summary] };
    let head = vec![
        lang.pick("目标", "Objective"),
        lang.pick("结果", "Result"),
        lang.pick("实际", "Actual"),
        lang.pick("时限", "Due"),
    ];
    let nothing = lang.pick("预案没有设定目标。", "The plan promises nothing measurable.");
    section("objectives", lang.pick("目标达成", "Objectives"), lines, head, rows, nothing, words)
}

pub(super) fn lanes(timeline: &Timeline, words: Words<'_>) -> Section {
    let lang = words.lang;
    let row = |lane: &str, bar: &Bar| {
        let tone = match bar.state {
            BarState::Done => Tone::Good,
            BarState::Failed => Tone::Bad,
            BarState::Skipped => Tone::Warning,
            BarState::Open | BarState::Cancelled => Tone::Plain,
        };
        let end = bar.ended.unwrap_or(timeline.lanes.to);
        let late = bar.due.is_some_and(|due| due < end);
        let due_tone = if late { Tone::Bad } else { Tone::Plain };
        let again = match bar.again.len() {
            0 => String::new(),
            n => lang.pick(format!("，共 {} 次", n + 1), format!(", {} times", n + 1)),
        };
        vec![
            Cell::plain(lane),
            Cell::plain(bar.title.get(lang)),
            Cell::toned(format!("{}{again}", bar.state.word(lang)), tone),
            Cell::plain(words.time(bar.ready)),
            Cell::plain(words.time_or_dash(bar.started)),
            Cell::plain(words.time_or_dash(bar.ended)),
            Cell::toned(words.time_or_dash(bar.due), due_tone),
        ]
    };
    let rows = timeline.lanes.lanes.iter().flat_map(|lane| {
        let title = lane.title.get(lang);
        lane.bars.iter().map(move |bar| row(title, bar))
    });
    let head = vec![
        lang.pick("泳道", "Lane"),
        lang.pick("步骤", "Step"),
        lang.pick("结果", "Result"),
        lang.pick("可开始", "Ready"),
        lang.pick("开始", "Begun"),
        lang.pick("结束", "Ended"),
        lang.pick("时限", "Due"),
    ];
    let nothing = lang.pick("没有开始任何步骤。", "No step could begin.");
    let title = lang.pick("谁在何时做什么", "Who did what when");
    section("lanes", title, Vec::new(), head, rows.collect(), nothing, words)
}

pub(super) fn notables(timeline: &Timeline, words: Words<'_>) -> Section {
    use crate::timeline::notable::NotableKind;
    let lang = words.lang;
    let rows = timeline.notables.iter().map(|notable| {
        let tone = match notable.kind {
            NotableKind::Skipped | NotableKind::RecordedLate => Tone::Warning,
            _ => Tone::Bad,
        };
        vec![
            Cell::plain(words.time(notable.at)),
            Cell::toned(notable.kind.word(lang), tone),
            Cell::plain(notable.what.get(lang)),
            Cell::plain(notable.why.get(lang)),
        ]
    });
    let head = vec![
        lang.pick("时间", "Time"),
        lang.pick("情形", "What"),
        lang.pick("对象", "About"),
        lang.pick("原因与结果", "Why, and what came of it"),
    ];
    let nothing = lang
        .pick("没有跳过、逾期、失败或升级。", "Nothing was skipped, late, failed or escalated.");
    let title = lang.pick("未按预案进行的", "What did not go as planned");
    section("notables", title, Vec::new(), head, rows.collect(), nothing, words)
}

pub(super) fn roles(timeline: &Timeline, words: Words<'_>) -> Section {
    let lang = words.lang;
    let rows = timeline.roles.iter().map(|row| {
        let taken = row.took.map(|took| span::say(took, lang));
        let asked_now = timeline.incident.status.is_open() && row.vacant == 0;
        let (taken, tone) = match taken {
            Some(taken) => (taken, Tone::Good),
            None if asked_now => (lang.pick("待确认", "not yet").to_owned(), Tone::Warning),
            None => (lang.pick("无人确认", "nobody").to_owned(), Tone::Bad),
        };
        let count = |n: u32| Cell::plain(n.to_string());
        vec![
            Cell::plain(row.title.get(lang)),
            Cell::plain(
                row.first_holder.as_ref().map_or_else(dash, |name| name.get(lang).to_owned()),
            ),
            Cell::toned(taken, tone),
            count(row.asked),
            count(row.unanswered),
            count(row.declined),
            count(row.handed_over),
        ]
    });
    let head = vec![
        lang.pick("角色", "Role"),
        lang.pick("首位担任者", "First holder"),
        lang.pick("确认用时", "Acknowledged after"),
        lang.pick("询问", "Asked"),
        lang.pick("未应答", "Silent"),
        lang.pick("回绝", "Declined"),
        lang.pick("移交", "Handed over"),
    ];
    let nothing = lang.pick("没有启用任何角色。", "No role was needed.");
    section("roles", lang.pick("角色", "Roles"), Vec::new(), head, rows.collect(), nothing, words)
}

pub(super) fn notices(timeline: &Timeline, words: Words<'_>) -> Section {
    let lang = words.lang;
    let row = |row: &NoticeRow| {
        let tone = match row.end {
            NoticeFate::Delivered => Tone::Good,
            NoticeFate::Failed | NoticeFate::NoChannel => Tone::Bad,
            NoticeFate::Pending | NoticeFate::HeldBack | NoticeFate::Withdrawn => Tone::Plain,
        };
        let fate = match &row.why {
            Some(why) if row.end != NoticeFate::Delivered => {
                let colon = lang.pick("：", ": ");
                format!("{}{colon}{}", row.end.word(lang), reason::explain(why, lang))
            }
            _ if row.within.is_some() => {
                format!("{}{}", row.end.word(lang), lang.pick("（合并）", " (in a digest)"))
            }
            _ => row.end.word(lang).to_owned(),
        };
        vec![
            Cell::plain(words.time(row.queued_at)),
            Cell::plain(row.to.get(lang)),
            Cell::plain(row.said.clone().unwrap_or_else(|| row.purpose.to_string())),
            Cell::plain(row.via.as_ref().map_or_else(dash, ToString::to_string)),
            Cell::toned(fate, tone),
            Cell::plain(words.span_or_dash(row.delivery_took)),
            Cell::plain(words.span_or_dash(row.acknowledge_took)),
        ]
    };
    let rows: Vec<_> = timeline.notices.iter().map(row).collect();
    let lines = if rows.is_empty() { Vec::new() } else { vec![totals(timeline, words)] };
    let head = vec![
        lang.pick("时间", "Time"),
        lang.pick("收件人", "To"),
        lang.pick("内容", "What"),
        lang.pick("渠道", "Channel"),
        lang.pick("结果", "Result"),
        lang.pick("送达用时", "Delivered after"),
        lang.pick("确认用时", "Seen after"),
    ];
    let nothing = lang.pick("没有发出通知。", "No notice was written.");
    section("notices", lang.pick("通知", "Notices"), lines, head, rows, nothing, words)
}

fn totals(timeline: &Timeline, words: Words<'_>) -> String {
    let t = &timeline.notice_totals;
    let (median, worst) =
        (words.span_or_dash(t.delivery_median), words.span_or_dash(t.delivery_worst));
    words.lang.pick(
        format!(
            "共 {} 条：送达 {}，未送达 {}，拦下 {}，对方确认 {}；送达用时中位 {median}，最长 {worst}。",
            t.written, t.delivered, t.failed, t.held_back, t.acknowledged
        ),
        format!(
            "{} in all: {} delivered, {} failed, {} held back, {} seen; delivered after {median} \
             (median), {worst} at worst.",
            t.written, t.delivered, t.failed, t.held_back, t.acknowledged
        ),
    )
}

pub(super) fn rows(timeline: &Timeline, words: Words<'_>) -> Section {
    let lang = words.lang;
    let rows = timeline.rows.iter().map(|row| {
        let mut time = words.time(row.occurred_at);
        if row.recorded_late {
            let recorded = words.time(row.recorded_at);
            time.push_str(&lang.pick(
                format!(
                    "
（{recorded} 补记）"
                ),
                format!(
                    "
(recorded {recorded})"
                ),
            ));
        }
        vec![
            Cell::plain(row.seq.to_string()),
            Cell::plain(time),
            Cell::plain(row.actor.get(lang)),
            Cell::toned(row.text.get(lang), row.tone),
        ]
    });
    let head = vec![
        "#",
        lang.pick("时间", "Time"),
        lang.pick("谁", "Who"),
        lang.pick("事项", "What happened"),
    ];
    section("rows", lang.pick("时间线", "Timeline"), Vec::new(), head, rows.collect(), "", words)
}
