//! What a report says and in which order, whatever it is printed on.

use super::clocks;
use super::kin;
use super::tables;
use crate::engine::{Mode, Status};
use crate::notify::level_word;
use crate::people::Zone;
use crate::text::{Lang, count};
use crate::timeline::build::Timeline;
use crate::timeline::sentence::Tone;
use crate::timeline::span;
use crate::timeline::story::Chain;

/// A report.
pub(super) struct Page {
    /// A line that must not be missed: this is a drill.
    pub(super) banner: Option<String>,
    pub(super) title: String,
    /// What it is about, name by name.
    pub(super) facts: Vec<(String, String)>,
    pub(super) sections: Vec<Section>,
    /// What a reader must know to trust it.
    pub(super) notes: Vec<String>,
}

/// A part of a report.
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) title: String,
    /// Said above the table; alone where there is nothing to list.
    pub(super) lines: Vec<String>,
    pub(super) table: Option<Table>,
}

/// A table.
pub(super) struct Table {
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) tone: Tone,
}

impl Cell {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), tone: Tone::Plain }
    }

    pub(super) fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self { text: text.into(), tone }
    }

    /// Returns the word that styles know the tone by.
    pub(super) const fn class(&self) -> &'static str {
        match self.tone {
            Tone::Plain => "plain",
            Tone::Good => "good",
            Tone::Warning => "warning",
            Tone::Bad => "bad",
        }
    }
}

/// Says instants and lengths of time for one reader.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) lang: Lang,
    pub(super) zone: &'a Zone,
}

impl Words<'_> {
    pub(super) fn time(&self, at: jiff::Timestamp) -> String {
        self.zone.civil(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    pub(super) fn time_or_dash(&self, at: Option<jiff::Timestamp>) -> String {
        at.map_or_else(dash, |at| self.time(at))
    }

    pub(super) fn span_or_dash(&self, length: Option<jiff::SignedDuration>) -> String {
        length.map_or_else(dash, |length| span::say(length, self.lang))
    }
}

/// What stands where nothing is known.
pub(super) fn dash() -> String {
    "—".to_owned()
}

/// Lists the sections in the order they are read; clocks and children only where there are any.
fn sections(timeline: &Timeline, words: Words<'_>) -> Vec<Section> {
    let mut sections = vec![tables::measures(timeline, words), tables::objectives(timeline, words)];
    sections.extend(clocks::clocks(timeline, words));
    sections.extend(kin::children(timeline, words));
    sections.extend([
        tables::lanes(timeline, words),
        tables::notables(timeline, words),
        tables::roles(timeline, words),
        tables::notices(timeline, words),
        tables::rows(timeline, words),
    ]);
    sections
}

/// Puts a report together.
pub(super) fn page(timeline: &Timeline, lang: Lang, zone: &Zone) -> Page {
    let words = Words { lang, zone };
    let incident = &timeline.incident;
    Page {
        banner: banner(incident.mode, lang),
        title: format!("#{} {}", incident.number, incident.title),
        facts: facts(timeline, words),
        sections: sections(timeline, words),
        notes: notes(timeline, words),
    }
}

fn banner(mode: Mode, lang: Lang) -> Option<String> {
    let line = match mode {
        Mode::Live => return None,
        Mode::Drill => {
            lang.pick("【演练】这不是真实事件。", "[DRILL] This was not a real incident.")
        }
        Mode::Simulation => lang.pick(
            "【推演】模拟人员、虚拟时钟，未对外发送。",
            "[SIMULATION] Modelled people, a virtual clock, nothing sent.",
        ),
    };
    Some(line.to_owned())
}

/// Says where an incident stands.
pub(super) fn status(timeline: &Timeline, lang: Lang) -> String {
    let incident = &timeline.incident;
    let phase = incident.phase.get(lang);
    let mut status = match incident.status {
        Status::Open => lang.pick(format!("处置中（{phase}）"), format!("open ({phase})")),
        Status::Paused => lang.pick(format!("已暂停（{phase}）"), format!("paused ({phase})")),
        Status::Closed => lang.pick("已关闭", "closed").to_owned(),
        Status::Cancelled => lang.pick("已取消（误报）", "cancelled (false alarm)").to_owned(),
    };
    if incident.stuck && incident.status.is_open() {
        status.push_str(lang.pick("，停滞", ", stuck"));
    }
    status
}

fn facts(timeline: &Timeline, words: Words<'_>) -> Vec<(String, String)> {
    let Words { lang, .. } = words;
    let incident = &timeline.incident;
    let level = |level: u8| {
        let word = level_word(level, lang);
        lang.pick(format!("{level} 级（{word}）"), format!("{level} ({word})"))
    };
    let mut current = level(incident.level);
    if incident.level_provisional {
        current.push_str(lang.pick("，暂定", ", provisional"));
    }
    if incident.level_worst < incident.level {
        let worst = level(incident.level_worst);
        current.push_str(&lang.pick(format!("，最高 {worst}"), format!(", at worst {worst}")));
    }
    let hash: String = incident.playbook_hash.chars().take(12).collect();
    let plan = incident.playbook_title.get(lang);
    let plan = format!("{plan} ({}, {hash}…)", incident.playbook);
    let pair = |zh: &str, en: &str, value: String| (lang.pick(zh, en).to_owned(), value);
    let mut facts = vec![
        pair("状态", "Status", status(timeline, lang)),
        pair("等级", "Level", current),
        pair("预案", "Playbook", plan),
        pair("发现时间", "Detected", words.time_or_dash(incident.detected_at)),
        pair("启动时间", "Declared", words.time(incident.declared_at)),
        pair("结束时间", "Ended", words.time_or_dash(incident.ended_at)),
        pair("历时", "Lasted", span::say(incident.lasted, lang)),
        pair("编号", "Id", incident.id.to_string()),
    ];
    facts.extend(kin::parent(timeline).map(|parent| pair("上级事件", "Asked for by", parent)));
    facts
}

fn notes(timeline: &Timeline, words: Words<'_>) -> Vec<String> {
    let Words { lang, .. } = words;
    let (as_of, zone) = (words.time(timeline.incident.as_of), words.zone.name());
    let mut notes = vec![chain(&timeline.chain, lang)];
    if timeline.incident.aware_at.is_none() {
        notes.push(
            lang.pick(
                "未登记知悉时间：以启动时间计。",
                "When the organisation knew was not recorded: the declaration counts.",
            )
            .to_owned(),
        );
    }
    notes.push(lang.pick(
        format!("截至 {as_of}；时间均为 {zone}。"),
        format!("As of {as_of}; times are {zone}."),
    ));
    notes
}

fn chain(chain: &Chain, lang: Lang) -> String {
    match chain {
        Chain::NotChecked => lang.pick(
            "未校验日志哈希链。可用 firebell verify 校验。".to_owned(),
            "The journal's hash chain was not checked; firebell verify does it.".to_owned(),
        ),
        Chain::Whole { events, head } => lang.pick(
            format!("日志哈希链校验通过：{events} 条事件，末端哈希 {head}。"),
            format!(
                "The journal's hash chain holds: {}, its head is {head}.",
                count(*events, "event", "events")
            ),
        ),
        Chain::Broken { at, why } => lang.pick(
            format!("日志哈希链校验失败：自第 {at} 条事件起不可信（{why}）。"),
            format!(
                "The journal's hash chain is BROKEN: not to be trusted from event {at} on ({why})."
            ),
        ),
    }
}
