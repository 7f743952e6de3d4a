//! The draft of a notice to an authority: what the regime says must be told, filled in with what is
//! known. It must not know personal values: conditions and templates cannot read them.

use crate::engine::{ClockKey, Facts, Incident};
use crate::id::incident_number;
use crate::people::Zone;
use crate::playbook::statute::{ContentItem, Stage};
use crate::playbook::{Clock, Playbook, TextTemplate};
use crate::text::Lang;

/// Drafts the notice of a stage as Markdown in one language; `None` where the plan has no such
/// stage.
#[must_use]
pub fn draft(
    playbook: &Playbook,
    incident: &Incident,
    key: &ClockKey,
    zone: &Zone,
    lang: Lang,
) -> Option<String> {
    let clock = playbook.clocks.iter().find(|clock| clock.id == key.clock)?;
    let stage = clock.stage(&key.stage)?;
    let mut out = head(clock, stage, incident, zone, lang);
    let facts = Facts::new(playbook, incident);
    for (at, item) in stage.content.iter().enumerate() {
        let title = item.title.get(lang);
        let optional = match item.optional {
            true => lang.pick("（如有）", " (if any)"),
            false => "",
        };
        let filled = filled(item, &facts, lang);
        let body = filled.unwrap_or_else(|| lang.pick("（待填写）", "(to be written)").to_owned());
        out += &format!("\n## {}. {title}{optional}\n\n{body}\n", at + 1);
    }
    Some(out)
}

fn head(clock: &Clock, stage: &Stage, incident: &Incident, zone: &Zone, lang: Lang) -> String {
    let unknown = || lang.pick("未知", "unknown").to_owned();
    let time = |at: jiff::Timestamp| {
        let name = zone.name();
        format!("{} ({name})", zone.civil(at).strftime("%Y-%m-%d %H:%M"))
    };
    let state = incident.clock(clock, stage);
    let due_at = state.and_then(|state| state.limit.as_ref()?.due_at);
    let rows = [
        (lang.pick("报告对象", "To"), stage.to.get(lang).to_owned()),
        (lang.pick("依据", "Under"), clock.regime.title.get(lang).to_owned()),
        (lang.pick("事件编号", "Incident"), incident_number(incident.number, incident.declared_at)),
        (lang.pick("发现时间", "Noticed"), incident.detected_at.map_or_else(unknown, time)),
        (lang.pick("知悉时间", "Aware"), incident.aware_at.map_or_else(unknown, time)),
        (lang.pick("到期", "Due"), due_at.map_or_else(unknown, time)),
    ];
    let mut out = lang.pick("# 草稿：", "# Draft: ").to_owned() + stage.title.get(lang) + "\n\n";
    for (name, value) in rows {
        out += &format!("- {name}{}{value}\n", lang.pick("：", ": "));
    }
    if !stage.verified {
        out += lang.pick(
            "\n> 本阶段的要求尚未与法规原文核对。\n",
            "\n> What this stage asks for was not compared with the law.\n",
        );
    }
    out
}

fn filled(item: &ContentItem, facts: &Facts<'_>, lang: Lang) -> Option<String> {
    let TextTemplate { zh, en } = item.fill.as_ref()?;
    let template = lang.pick(zh.as_ref().or(en.as_ref()), en.as_ref().or(zh.as_ref()));
    Some(template?.render(facts))
}
