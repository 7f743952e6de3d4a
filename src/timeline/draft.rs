//! The draft of a notice to an authority: what the regime says must be told, filled in with what is
//! known. It must not know personal values: conditions and templates cannot read them.

use crate::engine::{ClockKey, Facts, Incident, Mode};
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
    let title = stage.title.get(lang);
    // A draft is copied into the forms of authorities: one of a drill must not look like a real one.
    let mut out = match incident.mode {
        Mode::Live => format!("# {}{title}\n\n", lang.pick("草稿：", "Draft: ")),
        Mode::Drill | Mode::Simulation => lang.pick(
            format!("# 【演练】草稿：{title}\n\n> **【演练】这不是真实事件，不得报送。**\n\n"),
            format!(
                "# [DRILL] Draft: {title}\n\n\
                 > **[DRILL] This is not a real incident and must not be sent.**\n\n"
            ),
        ),
    };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Actor, Chance, Ctx, Declare, declare};
    use crate::id::IncidentId;
    use crate::people::{Directory, Turns};
    use crate::runtime::Library;

    #[test]
    fn what_a_drill_drafts_says_in_either_language_that_it_must_not_be_sent() {
        let file =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/data-leak.yaml");
        let playbook = Library::of_plan(&file).playbooks().next().cloned().unwrap();
        let directory = Directory::built_in();
        let zone = Zone::named("Asia/Shanghai").unwrap();
        let ctx = Ctx {
            now: "2026-11-21T19:00:00Z".parse().unwrap(),
            occurred_at: None,
            actor: Actor::Drill,
            admin: false,
            directory: &directory,
            chance: Chance::new([7; 32]),
            turns: Turns::NONE,
        };
        let keys = playbook.clocks.iter().flat_map(|clock| {
            let key = |stage: &Stage| ClockKey { clock: clock.id.clone(), stage: stage.id.clone() };
            clock.stages().map(key)
        });
        let keys: Vec<ClockKey> = keys.collect();
        assert!(!keys.is_empty());
        for mode in [Mode::Live, Mode::Drill, Mode::Simulation] {
            let declaration = Declare::new(IncidentId::from_u128(1), 1, mode);
            let incident = declare(&playbook, declaration, &ctx).unwrap().incident;
            for (lang, mark) in [(Lang::Zh, "【演练】"), (Lang::En, "[DRILL]")] {
                for key in &keys {
                    let text = draft(&playbook, &incident, key, &zone, lang).unwrap();
                    let first = text.lines().next().unwrap();
                    assert_eq!(first.contains(mark), mode != Mode::Live, "{text}");
                    assert_eq!(text.matches(mark).count(), if mode == Mode::Live { 0 } else { 2 });
                }
            }
        }
    }
}
