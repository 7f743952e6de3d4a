//! Readers of the configuration's keys. Each takes a node of the tree and returns what it could
//! read; what is wrong goes to the collector, and a stand-in takes its place so that the rest is
//! checked too.

mod alerts;
mod calendar;
mod channels;
pub(super) mod forms;
mod hooks;
mod ingest;
mod ladders;
mod manner;
mod monitors;
mod people;
mod scalar;
mod schedules;
mod service;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::id::{ChannelId, PersonId, ScheduleId};
use crate::people::ical::Names;
use crate::people::{Directory, Parts, Person, Zone};
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::source::Span;
use crate::playbook::yaml::{Fields, Node};
use crate::text::{Lang, Text};

use super::code::KEPT_LOCAL;
use super::cross;
use super::load::Inputs;
use super::model::{Calendar, Channel, ChannelKind, Config, Grants, Handover};
use super::scope::Scope;

/// The keys of the file.
pub(super) const KEYS: [&str; 23] = [
    "listen",
    "public_url",
    "lang",
    "timezone",
    "data",
    "playbooks",
    "drills",
    "store",
    "channels",
    "people",
    "teams",
    "schedules",
    "escalations",
    "partners",
    "auth",
    "retention",
    "watchdog",
    "drill_hosts",
    "http_hosts",
    "tls",
    "monitors",
    "ingest",
    "alerts",
];

/// The id of the channel that stands in where the operator would have none.
const OUTBOX: &str = "email";

/// Where that channel writes, below the data directory.
const OUTBOX_DIR: &str = "outbox";

/// Reads the tree; collects what is wrong with it.
pub(super) struct Reader<'i, 'o> {
    inputs: &'i Inputs<'i>,
    out: &'o mut Diagnostics,
    /// Where the file ends; what stands behind it came from elsewhere.
    file_end: usize,
    /// The channels that could be read.
    channels: BTreeMap<ChannelId, Channel>,
    grants: Grants,
    /// The zone of the file.
    timezone: Option<Zone>,
    intended_gaps: BTreeSet<ScheduleId>,
    handovers: BTreeMap<ScheduleId, Handover>,
    calendars: BTreeMap<ScheduleId, Calendar>,
    /// What people are called in calendars.
    names: Names,
}

impl<'i, 'o> Reader<'i, 'o> {
    pub(super) fn new(inputs: &'i Inputs<'i>, out: &'o mut Diagnostics) -> Self {
        let file_end = out.source().text().len();
        Self {
            inputs,
            out,
            file_end,
            channels: BTreeMap::new(),
            grants: Grants::default(),
            timezone: None,
            intended_gaps: BTreeSet::new(),
            handovers: BTreeMap::new(),
            calendars: BTreeMap::new(),
            names: Names::default(),
        }
    }

    /// Reads the whole configuration; `None` only where the file is not even a mapping.
    pub(super) fn config(mut self, root: &Node) -> Option<Config> {
        let mut fields = Fields::open(root, Text::both("配置", "the configuration"), self.out)?;
        let lang = fields.take("lang").and_then(|node| self.lang(node)).unwrap_or_default();
        self.timezone = fields.take("timezone").and_then(|node| self.zone(node));
        let data = fields.take("data").and_then(|node| self.path(node));
        let data = self.inputs.flags.data.clone().or(data);
        let data = data.unwrap_or_else(|| self.inputs.dir.join("data"));
        let declared = fields.take("channels");
        let channel_ids = declared.map(|node| self.channels(node)).unwrap_or_default();
        let parts = self.parts(&mut fields, lang, channel_ids);
        self.services(fields.take("auth"));
        let directory = self.directory(parts, root, &data, declared.is_some());
        let monitors = fields.map("monitors", self.out);
        let timezone = self.timezone.clone();
        let zone = timezone.clone().unwrap_or_else(Zone::utc);
        let monitors = self.monitors(&monitors, &zone);
        let config = Config {
            monitors,
            alerts: self.alerts(fields.take("alerts"), timezone.as_ref()),
            listen: self.listen(fields.take("listen")),
            public_url: fields.take("public_url").and_then(|node| self.public_url(node)),
            lang,
            timezone,
            playbooks: self.path_or(fields.take("playbooks"), "playbooks"),
            drills: self.drills(fields.take("drills")),
            store: self.store(fields.take("store")),
            watchdog: fields.take("watchdog").and_then(|node| self.watchdog(node)),
            drill_hosts: self.hosts(fields.take("drill_hosts")),
            http_hosts: self.hosts(fields.take("http_hosts")),
            tls: fields.take("tls").and_then(|node| self.tls(node)),
            retention: self.retention(fields.take("retention")),
            ingest: fields.take("ingest").map(|node| self.ingest(node)).unwrap_or_default(),
            directory: Arc::new(directory),
            data,
            channels: self.channels,
            grants: self.grants,
            intended_gaps: self.intended_gaps,
            handovers: self.handovers,
            calendars: self.calendars,
        };
        fields.close(self.out);
        Some(config)
    }

    fn parts(
        &mut self,
        fields: &mut Fields<'_>,
        lang: Lang,
        channels: BTreeSet<ChannelId>,
    ) -> Parts {
        let people = fields.map("people", self.out);
        let teams = fields.map("teams", self.out);
        let schedules = fields.map("schedules", self.out);
        let ladders = fields.map("escalations", self.out);
        let partners = fields.map("partners", self.out);
        let people = self.people(people, lang);
        self.names = Names::of(&people);
        Parts {
            last_resort: self.last_resort(&people),
            people,
            teams: self.teams(teams),
            schedules: self.schedules(schedules),
            ladders: self.ladders(ladders),
            partners: self.partners(partners),
            channels,
        }
    }

    /// Returns who answers for the installation: its administrators, else those who command.
    fn last_resort(&self, people: &[Person]) -> Vec<PersonId> {
        let with = |scope: Scope| {
            let granted = people.iter().filter(|person| self.grants.has(&person.id, scope));
            granted.map(|person| person.id.clone()).collect::<Vec<_>>()
        };
        let administrators = with(Scope::Admin);
        if administrators.is_empty() { with(Scope::Commander) } else { administrators }
    }

    /// Makes the directory; where nobody at all is configured, the built-in one.
    fn directory(
        &mut self,
        parts: Parts,
        root: &Node,
        data: &std::path::Path,
        channels_declared: bool,
    ) -> Directory {
        let nobody = parts.people.is_empty()
            && parts.teams.is_empty()
            && parts.schedules.is_empty()
            && parts.ladders.is_empty()
            && parts.partners.is_empty();
        if !nobody {
            if !channels_declared {
                self.outbox(data);
            }
            let channels = self.channels.keys().cloned();
            let parts =
                Parts { channels: parts.channels.into_iter().chain(channels).collect(), ..parts };
            return cross::directory(parts, root, self.out);
        }
        let is_eml = |channel: &&Channel| matches!(channel.kind, ChannelKind::Eml { .. });
        let channel = match self.channels.values().find(is_eml) {
            Some(channel) => channel.id.clone(),
            None => self.outbox(data),
        };
        if channels_declared {
            let id = channel.as_str();
            self.out.push(
                Diagnostic::new(
                    KEPT_LOCAL,
                    both!(
                        "没有配置任何人员：所有通知只写入渠道 `{id}` 的文件",
                        "nobody is configured: every notice is written to the files of `{id}`"
                    ),
                )
                .at(root.get("channels").map_or(Span::default(), |node| node.span))
                .help(both!("添加 `people:`", "add `people:`")),
            );
        }
        Directory::built_in_over(&channel)
    }

    /// Adds the channel that writes `.eml` files below the data directory.
    fn outbox(&mut self, data: &std::path::Path) -> ChannelId {
        let mut id = ChannelId::new(OUTBOX);
        if self.channels.contains_key(&id) {
            id = ChannelId::new(OUTBOX_DIR);
        }
        let kind = ChannelKind::Eml { dir: PathBuf::from(data).join(OUTBOX_DIR) };
        self.channels.insert(
            id.clone(),
            Channel { id: id.clone(), drill: true, to: None, at_most: None, kind },
        );
        id
    }
}
