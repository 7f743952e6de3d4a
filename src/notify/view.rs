//! An incident's names and times as one reader reads them, pure: titles in their language, instants
//! on their wall clock.

use jiff::Timestamp;

use crate::engine::{ClockKey, Incident, Run, RunKey, Tenure};
use crate::id::{PersonId, PhaseId, RoleId, StepId};
use crate::people::{Directory, Zone};
use crate::playbook::{LevelRule, Playbook};
use crate::text::Lang;

/// What a reader's words are made of.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The reader's language.
    pub lang: Lang,
    /// The zone that times are told in.
    pub zone: &'a Zone,
    /// The plan.
    pub playbook: &'a Playbook,
    /// The incident.
    pub incident: &'a Incident,
    /// The people.
    pub directory: &'a Directory,
}

impl View<'_> {
    /// Returns what people call a role.
    #[must_use]
    pub fn role(&self, id: &RoleId) -> String {
        let role = self.playbook.roles.get(id);
        role.map_or_else(|| id.to_string(), |role| role.title.get(self.lang).to_owned())
    }

    /// Returns what people call several roles, in one phrase.
    #[must_use]
    pub fn roles<'r>(&self, ids: impl IntoIterator<Item = &'r RoleId>) -> String {
        self.named(ids.into_iter().map(|id| self.role(id)))
    }

    /// Returns several names in one phrase.
    #[must_use]
    pub fn named(&self, names: impl IntoIterator<Item = String>) -> String {
        let names: Vec<String> = names.into_iter().collect();
        names.join(self.lang.pick("、", ", "))
    }

    /// Returns what people call a step.
    #[must_use]
    pub fn step(&self, id: &StepId) -> String {
        let title = self.playbook.step(id).and_then(|(_, step)| step.title.as_ref());
        title.map_or_else(|| id.to_string(), |title| title.get(self.lang).to_owned())
    }

    /// Returns what people call a run of a step: its title, and its item where it has one.
    #[must_use]
    pub fn run(&self, key: &RunKey) -> String {
        let step = self.step(&key.step);
        match self.incident.run_of(key).and_then(|run| run.item.as_ref()) {
            Some(item) => self.lang.pick(format!("{step}（{item}）"), format!("{step} ({item})")),
            None => step,
        }
    }

    /// Returns the run's state as it is now, while it is the current one.
    #[must_use]
    pub fn state(&self, key: &RunKey) -> Option<&Run> {
        self.incident.run_of(key)
    }

    /// Returns what people call a stage of a statutory clock.
    #[must_use]
    pub fn clock(&self, key: &ClockKey) -> String {
        let clock = self.playbook.clocks.iter().find(|clock| clock.id == key.clock);
        let named = clock.and_then(|clock| Some((clock, clock.stage(&key.stage)?)));
        named.map_or_else(
            || key.to_string(),
            |(clock, stage)| {
                let (clock, stage) = (clock.title().get(self.lang), stage.title.get(self.lang));
                self.lang.pick(format!("{clock}·{stage}"), format!("{clock}: {stage}"))
            },
        )
    }

    /// Returns what people call a phase.
    #[must_use]
    pub fn phase(&self, id: &PhaseId) -> String {
        let phase = self.playbook.phase(id);
        phase.map_or_else(|| id.to_string(), |phase| phase.title.get(self.lang).to_owned())
    }

    /// Returns what people call a person.
    #[must_use]
    pub fn person(&self, id: &PersonId) -> String {
        let person = self.directory.person(id);
        person.map_or_else(|| id.to_string(), |person| person.name.get(self.lang).to_owned())
    }

    /// Returns the person who holds a role now, by name.
    #[must_use]
    pub fn holder(&self, role: &RoleId) -> Option<String> {
        self.incident.holder(role).map(|id| self.person(id))
    }

    /// Returns by when someone must acknowledge a role.
    #[must_use]
    pub fn acknowledge_by(&self, role: &RoleId) -> Option<Timestamp> {
        match &self.incident.roles.get(role)?.tenure {
            Tenure::Offered { until, .. } | Tenure::Assigned { until, .. } => *until,
            Tenure::Vacant | Tenure::Held { .. } => None,
        }
    }

    /// Returns an instant on the reader's wall clock: the time alone on the incident's current day,
    /// else with its date.
    #[must_use]
    pub fn time(&self, at: Timestamp) -> String {
        let (at, now) = (self.zone.civil(at), self.zone.civil(self.incident.updated_at));
        let format = match at.date() == now.date() {
            true => "%H:%M",
            false => self.lang.pick("%-m月%-d日 %H:%M", "%-d %b %H:%M"),
        };
        at.strftime(format).to_string()
    }

    /// Returns an instant with its date, whatever day it is now.
    #[must_use]
    pub fn date_time(&self, at: Timestamp) -> String {
        self.zone.civil(at).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// Returns the level with the word people know it by.
    #[must_use]
    pub fn level(&self) -> String {
        let level = self.incident.level.current;
        let word = level_word(level, self.lang);
        let provisional = match self.incident.level.provisional {
            true => self.lang.pick("，暂定", ", provisional"),
            false => "",
        };
        let known = self.lang.pick("等级：", "level: ");
        let (open, close) = self.lang.pick(("（", "）"), (" (", ")"));
        format!("{known}{level}{open}{word}{provisional}{close}")
    }

    /// Tells whether the plan knows more than one level, so that it is worth a word.
    #[must_use]
    pub fn has_levels(&self) -> bool {
        matches!(self.playbook.levels.as_slice(), [_, _, ..] | [LevelRule { when: Some(_), .. }])
    }
}

/// Returns what the national scheme calls a level (GB/T: 特别重大, 重大, 较大, 一般).
#[must_use]
pub fn level_word(level: u8, lang: Lang) -> &'static str {
    match level {
        1 => lang.pick("特别重大", "critical"),
        2 => lang.pick("重大", "major"),
        3 => lang.pick("较大", "significant"),
        _ => lang.pick("一般", "minor"),
    }
}
