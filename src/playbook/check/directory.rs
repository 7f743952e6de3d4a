//! The plan against the directory: everyone it names exists, can be reached, and is no person.

use std::collections::BTreeSet;

use crate::id::{PersonId, TeamId};
use crate::people::{Directory, Source};
use crate::playbook::check::{Check, NO_CHANNEL, NOBODY, NOT_CONFIGURED, NOT_IN_DIRECTORY};
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::lower::{DirectoryName, Noted, Notes, person_named};
use crate::playbook::model::Role;
use crate::playbook::yaml::unknown_name;
use crate::text::{Lang, Text};

impl Check<'_> {
    /// Messages to audiences that have no channel of their own name one.
    pub(super) fn addressed(&mut self) {
        for noted in &self.notes.unaddressed {
            let what = noted.what;
            self.out.push(
                Diagnostic::new(
                    NO_CHANNEL,
                    both!("发给 `{what}` 的通知没有渠道", "a message for `{what}` has no channel"),
                )
                .at(noted.span)
                .help(Text::both("加上 `via: [渠道]`", "add `via: [channel]`")),
            );
        }
    }

    pub(super) fn directory(&mut self, directory: &Directory) {
        directory_names(self.notes, directory, self.out);
        if directory.is_built_in() {
            return;
        }
        for role in self.playbook.roles.values() {
            self.fillable(role, directory);
        }
        for noted in &self.notes.audience_teams {
            self.hears(noted, directory);
        }
    }

    /// A team that a message is for has someone who can be reached.
    fn hears(&mut self, noted: &Noted<TeamId>, directory: &Directory) {
        let Some(team) = directory.team(&noted.what) else { return };
        if team.members.iter().any(|person| directory.is_reachable(person)) {
            return;
        }
        let id = &noted.what;
        self.out.push(
            Diagnostic::new(
                NO_CHANNEL,
                both!(
                    "团队 `{id}` 没有一个人可以联系到",
                    "nobody in the team `{id}` can be reached"
                ),
            )
            .at(noted.span),
        );
    }

    fn fillable(&mut self, role: &Role, directory: &Directory) {
        let sources = std::iter::once(&role.assign).chain(&role.deputies);
        for source in sources {
            let Some(people) = candidates(source, directory) else { return };
            if people.iter().any(|person| directory.is_reachable(person)) {
                return;
            }
        }
        let id = &role.id;
        let found = Diagnostic::new(
            NOBODY,
            both!("角色 `{id}` 无人可任", "nobody can fill the role `{id}`"),
        )
        .label(Text::both("没有一个人可以联系到", "nobody in it can be reached"));
        self.out.push(match self.notes.roles.get(id.as_str()) {
            Some(span) => found.at(*span),
            None => found,
        });
    }
}

/// Holds the names that are used against the directory.
pub(in crate::playbook) fn directory_names(
    notes: &Notes<'_>,
    directory: &Directory,
    out: &mut Diagnostics,
) {
    let mut told: BTreeSet<String> = BTreeSet::new();
    for noted in &notes.directory {
        if directory.is_built_in() {
            not_configured(noted, directory, &mut told, out);
        } else {
            in_directory(noted, directory, out);
        }
    }
}

/// Without a configuration every name leads to the operator; each is told once.
fn not_configured(
    noted: &Noted<DirectoryName>,
    directory: &Directory,
    told: &mut BTreeSet<String>,
    out: &mut Diagnostics,
) {
    let (noun, name) = noun(&noted.what);
    let is_there = match &noted.what {
        DirectoryName::Channel(id) => directory.has_channel(id),
        _ => false,
    };
    let (zh, en) = (noun.get(Lang::Zh), noun.get(Lang::En));
    if is_there || !told.insert(format!("{en} {name}")) {
        return;
    }
    out.push(
        Diagnostic::new(
            NOT_CONFIGURED,
            both!(
                "{zh} `{name}` 尚未配置，暂由值守人员承担",
                "the {en} `{name}` is not configured; the operator stands in"
            ),
        )
        .at(noted.span)
        .help(both!("写进 firebell.yaml", "add it to firebell.yaml")),
    );
}

fn in_directory(noted: &Noted<DirectoryName>, directory: &Directory, out: &mut Diagnostics) {
    let (noun, name) = noun(&noted.what);
    let known: Option<Vec<&str>> = match &noted.what {
        DirectoryName::Team(id) => directory
            .team(id)
            .is_none()
            .then(|| directory.teams().map(|team| team.id.as_str()).collect()),
        DirectoryName::Schedule(id) => directory
            .schedule(id)
            .is_none()
            .then(|| directory.schedules().map(|schedule| schedule.id.as_str()).collect()),
        DirectoryName::Ladder(id) => directory
            .ladder(id)
            .is_none()
            .then(|| directory.ladders().map(|ladder| ladder.id.as_str()).collect()),
        DirectoryName::Partner(id) => directory
            .partner(id)
            .is_none()
            .then(|| directory.partners().map(|partner| partner.id.as_str()).collect()),
        DirectoryName::Channel(id) => (!directory.has_channel(id)).then(Vec::new),
    };
    if let Some(known) = known {
        if directory.person(&PersonId::new(name)).is_some() {
            out.push(person_named(noted.span));
            return;
        }
        let found = unknown_name(NOT_IN_DIRECTORY, noted.span, &noun, name, known);
        let where_to = Text::both("配置里没有它", "the configuration does not have it");
        out.push(found.note(where_to));
        return;
    }
    reachable(noted, directory, out);
}

/// A partner or channel that is there must also be able to hear.
fn reachable(noted: &Noted<DirectoryName>, directory: &Directory, out: &mut Diagnostics) {
    let DirectoryName::Partner(id) = &noted.what else { return };
    let silent = directory.partner(id).is_some_and(|partner| partner.contacts.is_empty());
    if silent {
        out.push(
            Diagnostic::new(
                NO_CHANNEL,
                both!("合作方 `{id}` 没有联系方式", "the partner `{id}` has no contact"),
            )
            .at(noted.span),
        );
    }
}

/// Lists who may come from a source; `None` where it does not exist, which is told elsewhere.
pub(super) fn candidates(source: &Source, directory: &Directory) -> Option<Vec<PersonId>> {
    let members = |team: &TeamId| {
        directory.team(team)?;
        Some(directory.team_members(team).to_vec())
    };
    match source {
        Source::Team(team) | Source::Claim(team) => members(team),
        Source::Schedule(id) => {
            let schedule = directory.schedule(id)?;
            let turns = schedule.people().into_iter().cloned();
            let overrides = schedule.overrides.iter().filter_map(|entry| entry.person().cloned());
            Some(turns.chain(overrides).collect())
        }
    }
}

fn noun(name: &DirectoryName) -> (Text, &str) {
    match name {
        DirectoryName::Team(id) => (Text::both("团队", "team"), id.as_str()),
        DirectoryName::Schedule(id) => (Text::both("值班表", "schedule"), id.as_str()),
        DirectoryName::Ladder(id) => (Text::both("升级阶梯", "escalation"), id.as_str()),
        DirectoryName::Partner(id) => (Text::both("合作方", "partner"), id.as_str()),
        DirectoryName::Channel(id) => (Text::both("渠道", "channel"), id.as_str()),
    }
}
