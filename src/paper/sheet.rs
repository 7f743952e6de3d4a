//! Everything that stands on the paper, in order.

use jiff::Timestamp;

use super::blank::Blank;
use super::clock::{ClockSheet, clocks};
use super::entry;
use super::people::{LadderRow, People, Reached, RoleRow};
use super::step::{StepSheet, steps};
use crate::notify::level_word;
use crate::people::{Directory, Zone};
use crate::picture::words::{Words, line};
use crate::playbook::{HandlerAct, Objective, Playbook, Promise};
use crate::text::Lang;

/// For whom and when a plan is printed.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// The language.
    pub lang: Lang,
    /// The zone that times are told in.
    pub zone: &'a Zone,
    /// Whose rosters say who holds which role.
    pub directory: &'a Directory,
    /// The instant of the rosters.
    pub at: Timestamp,
    /// When it is printed.
    pub printed: Timestamp,
}

/// A plan on paper.
pub(super) struct Sheet {
    pub(super) title: String,
    pub(super) summary: Option<String>,
    /// The plan, its version and when it was printed: on every page.
    pub(super) stamp: String,
    /// What must not be missed: an outdated review, nobody configured.
    pub(super) warnings: Vec<String>,
    /// About the plan, name by name.
    pub(super) facts: Vec<(String, String)>,
    /// What is written down when it begins.
    pub(super) inputs: Vec<Blank>,
    pub(super) levels: Vec<LevelRow>,
    pub(super) assumed: Option<String>,
    /// The instant for which the roles are filled.
    pub(super) as_of: String,
    pub(super) roles: Vec<RoleRow>,
    pub(super) ladders: Vec<LadderRow>,
    pub(super) partners: Vec<(Reached, String)>,
    pub(super) resources: Vec<String>,
    pub(super) bridge: Option<String>,
    pub(super) objectives: Vec<(String, String)>,
    pub(super) clocks: Vec<ClockSheet>,
    pub(super) phases: Vec<PhaseSheet>,
    pub(super) handlers: Vec<(String, String)>,
    /// How what was written is entered later.
    pub(super) commands: Vec<String>,
}

/// A level with its rule.
pub(super) struct LevelRow {
    pub(super) level: u8,
    pub(super) word: &'static str,
    /// Any of these gives the level.
    pub(super) rules: Vec<String>,
}

/// A phase.
pub(super) struct PhaseSheet {
    pub(super) number: usize,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) steps: Vec<StepSheet>,
    /// Where it goes on, and when.
    pub(super) next: Vec<(String, String)>,
}

/// Puts everything together.
pub(super) fn sheet(plan: &Playbook, occasion: &Occasion<'_>) -> Sheet {
    let lang = occasion.lang;
    let words = Words::new(plan, lang).with(occasion.directory);
    let people = People { directory: occasion.directory, at: occasion.at, words: &words };
    Sheet {
        title: line(plan.title.get(lang)),
        summary: plan.summary.as_ref().map(|summary| line(summary.get(lang))),
        stamp: stamp(plan, occasion),
        warnings: warnings(plan, occasion),
        facts: facts(plan, &words),
        inputs: plan.inputs.iter().map(|(n, f)| Blank::of(&words, n.as_str(), f)).collect(),
        levels: levels(plan, &words),
        assumed: plan.assume_level.map(|level| {
            let level = words.level(level);
            lang.pick(
                format!("事实不清时，先按不低于 {level} 处置。"),
                format!("While the facts are not known, act as for {level} at least."),
            )
        }),
        as_of: time(occasion, occasion.at),
        roles: people.roles(plan),
        ladders: people.ladders(plan),
        partners: people.partners(plan),
        resources: resources(plan, &words),
        bridge: plan.bridge.as_ref().map(|bridge| {
            line(&format!("{}: {}", bridge.title.get(lang), words.blanks(bridge.url.source())))
        }),
        objectives: plan.objectives.iter().map(|o| objective(&words, o)).collect(),
        clocks: clocks(plan, &words),
        phases: phases(plan, &words),
        handlers: handlers(plan, &words),
        commands: entry::of_plan(plan, lang),
    }
}

/// Says an instant to the minute, with its zone.
pub(super) fn time(occasion: &Occasion<'_>, at: Timestamp) -> String {
    let civil = occasion.zone.civil(at).strftime("%Y-%m-%d %H:%M");
    format!("{civil} {}", occasion.zone.name())
}

fn version(plan: &Playbook) -> &str {
    plan.hash.get(..12).unwrap_or(&plan.hash)
}

fn stamp(plan: &Playbook, occasion: &Occasion<'_>) -> String {
    let lang = occasion.lang;
    let (id, version) = (&plan.id, version(plan));
    let title = line(plan.title.get(lang));
    let printed = time(occasion, occasion.printed);
    lang.pick(
        format!("{title} · {id} · 版本 {version} · 打印于 {printed}"),
        format!("{title} · {id} · version {version} · printed {printed}"),
    )
}

fn warnings(plan: &Playbook, occasion: &Occasion<'_>) -> Vec<String> {
    let lang = occasion.lang;
    let mut warnings = Vec::new();
    let reviewed = plan.reviewed_on.and_then(|day| {
        let midnight = occasion.zone.first_showing(day.at(0, 0, 0, 0))?;
        plan.review_every?.after(midnight)
    });
    if let Some(due) = reviewed.filter(|due| *due < occasion.printed) {
        let due = occasion.zone.civil(due).date();
        warnings.push(lang.pick(
            format!("本预案应于 {due} 前复审，现已逾期：使用前请核对。"),
            format!("This plan was to be reviewed by {due} and was not: check it before use."),
        ));
    }
    if occasion.directory.is_built_in() {
        warnings.push(
            lang.pick(
                "没有人员配置：各角色均显示内置值守人员。用 --config 指定配置后重新打印。",
                "No people are configured: every role shows the built-in operator. Print again \
                 with --config.",
            )
            .to_owned(),
        );
    }
    warnings
}

fn facts(plan: &Playbook, words: &Words<'_>) -> Vec<(String, String)> {
    let lang = words.lang;
    let fact = |zh: &str, en: &str, value: String| (lang.pick(zh, en).to_owned(), value);
    let mut facts = vec![
        fact("预案编号", "Plan", plan.id.to_string()),
        fact("版本", "Version", plan.hash.to_string()),
    ];
    if let Some(owner) = &plan.owner {
        facts.push(fact("责任团队", "Owner", words.team(owner)));
    }
    if let Some(day) = plan.reviewed_on {
        let every = plan.review_every.map(|every| {
            let every = words.span(&every);
            lang.pick(format!("，每 {every}复审"), format!(", to be reviewed every {every}"))
        });
        facts.push(fact("复审日期", "Reviewed", format!("{day}{}", every.unwrap_or_default())));
    }
    if !plan.risks.is_empty() {
        facts.push(fact("风险类别", "Risks", plan.risks.join(words.list())));
    }
    facts
}

fn levels(plan: &Playbook, words: &Words<'_>) -> Vec<LevelRow> {
    let row = |rule: &crate::playbook::LevelRule| LevelRow {
        level: rule.level,
        word: level_word(rule.level, words.lang),
        rules: match &rule.when {
            Some(when) => words.alternatives(when),
            None => vec![words.lang.pick("其他情形", "otherwise").to_owned()],
        },
    };
    plan.levels.iter().map(row).collect()
}

fn resources(plan: &Playbook, words: &Words<'_>) -> Vec<String> {
    let lang = words.lang;
    let row = |resource: &crate::playbook::Resource| {
        let mut said = line(resource.title.get(lang));
        if let Some(quantity) = resource.quantity {
            said.push_str(&format!(" × {quantity}"));
        }
        if let Some(owner) = &resource.owner {
            let owner = words.role(owner);
            said.push_str(
                &lang.pick(format!("（由{owner}调度）"), format!(" (given out by {owner})")),
            );
        }
        said
    };
    plan.resources.iter().map(row).collect()
}

fn objective(words: &Words<'_>, objective: &Objective) -> (String, String) {
    let lang = words.lang;
    let title = objective.title.as_ref().map_or(objective.id.as_str(), |title| title.get(lang));
    let promise = match &objective.promise {
        Promise::Within { from, to, within } => {
            let (from, to) = (words.moment(from), words.moment(to));
            let within = words.span(within);
            lang.pick(
                format!("自{from}至{to} ≤ {within}"),
                format!("from {from} to {to} ≤ {within}"),
            )
        }
        Promise::Measure { measure, at_least, at_most } => {
            let mut said = words.measure(measure);
            if let Some(least) = at_least {
                said.push_str(&format!(" ≥ {least}"));
            }
            if let Some(most) = at_most {
                said.push_str(&format!(" ≤ {most}"));
            }
            said
        }
    };
    (line(title), promise)
}

fn phases(plan: &Playbook, words: &Words<'_>) -> Vec<PhaseSheet> {
    let lang = words.lang;
    let sheets = steps(words, plan).into_iter().zip(&plan.phases).enumerate();
    let sheet = |(n, (steps, phase)): (usize, (Vec<StepSheet>, &crate::playbook::Phase))| {
        let next = match plan.phases.get(n + 1) {
            _ if !phase.next.is_empty() => {
                phase.next.iter().map(|next| (words.phase(&next.to), words.way_out(next))).collect()
            }
            Some(following) => {
                let when = lang.pick("全部完成后", "when all is done").to_owned();
                vec![(words.phase(&following.id), when)]
            }
            None => {
                let end = lang.pick("结束事件", "Close the incident").to_owned();
                vec![(end, lang.pick("全部完成后", "when all is done").to_owned())]
            }
        };
        PhaseSheet {
            number: n + 1,
            id: phase.id.to_string(),
            title: words.phase(&phase.id),
            steps,
            next,
        }
    };
    sheets.map(sheet).collect()
}

fn handlers(plan: &Playbook, words: &Words<'_>) -> Vec<(String, String)> {
    let row = |handler: &crate::playbook::Handler| {
        let act = match &handler.act {
            HandlerAct::Notify(notify) => {
                let to: Vec<String> = notify.to.iter().map(|to| words.audience(to)).collect();
                let to = to.join(words.list());
                words.lang.pick(format!("通知 {to}"), format!("tell {to}"))
            }
            HandlerAct::Go(phase) => {
                let phase = words.phase(phase);
                words.lang.pick(format!("转入“{phase}”"), format!("go to “{phase}”"))
            }
        };
        (words.occasion(handler), act)
    };
    plan.handlers.iter().map(row).collect()
}
