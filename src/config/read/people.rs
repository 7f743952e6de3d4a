//! People, teams and partners.

use crate::config::code::UNREACHABLE;
use crate::id::{ChannelId, PersonId};
use crate::people::{Contact, Partner, Person, Team};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::source::Span;
use crate::playbook::yaml::{Data, Entry, Fields, Node, wrong_type};
use crate::text::{Lang, Text};

use super::Reader;

impl Reader<'_, '_> {
    pub(super) fn people(&mut self, entries: Vec<&Entry>, lang: Lang) -> Vec<Person> {
        entries.into_iter().map(|entry| self.person(entry, lang)).collect()
    }

    /// Reads a person. One who cannot be read stands in by name, so that references hold.
    fn person(&mut self, entry: &Entry, lang: Lang) -> Person {
        self.check_id(&entry.key);
        let id = PersonId::new(&entry.key.text);
        let mut person = Person {
            name: Text::Same(entry.key.text.clone()),
            id,
            lang,
            contacts: Vec::new(),
            drills: false,
            manner: crate::people::Manner::default(),
        };
        let what = Text::both("人员", "a person");
        let Some(mut fields) = Fields::open(&entry.value, what, self.out) else { return person };
        if let Some(name) = fields.text("name", self.out) {
            person.name = name;
        }
        if let Some(lang) = fields.take("lang").and_then(|node| self.lang(node)) {
            person.lang = lang;
        }
        person.drills = fields.boolean("drills", self.out).unwrap_or(false);
        let scopes = fields.list("scopes", self.out);
        let scopes = self.scopes(scopes);
        if !scopes.is_empty() {
            self.grants.people.insert(person.id.clone(), scopes);
        }
        let contacts = fields.take("contacts");
        person.contacts = contacts.map(|node| self.contacts(node)).unwrap_or_default();
        person.manner = self.manner(&mut fields, &person);
        fields.close(self.out);
        self.warn_of_silence(&person, entry.key.span);
        person
    }

    /// Warns of a person whom no message, or no drill though allowed, can reach.
    fn warn_of_silence(&mut self, person: &Person, at: Span) {
        let id = &person.id;
        let carries = |contact: &Contact| {
            // A channel that could not be read has its own finding.
            self.channels.get(&contact.channel).is_none_or(|channel| channel.drill)
        };
        let finding = if person.contacts.is_empty() {
            Diagnostic::new(
                UNREACHABLE,
                both!("没有办法联系 `{id}`", "no message can reach `{id}`"),
            )
            .help(both!("添加 `contacts:`", "add `contacts:`"))
        } else if person.drills && !person.contacts.iter().any(carries) {
            Diagnostic::new(
                UNREACHABLE,
                both!("演练无法联系到 `{id}`", "no drill can reach `{id}`"),
            )
            .help(both!(
                "给其某个渠道加上 `drill: true`",
                "set `drill: true` on one of the channels used"
            ))
        } else {
            return;
        };
        self.out.push(finding.at(at));
    }

    /// Reads contacts in order of preference: `{ email: … }`, or a list of such pairs.
    fn contacts(&mut self, node: &Node) -> Vec<Contact> {
        match &node.data {
            Data::Map(_) => {
                let entries = node.map(self.out).unwrap_or_default();
                entries.into_iter().map(|entry| self.contact(entry)).collect()
            }
            Data::List(items) => {
                let pairs = items.iter().filter_map(|item| match item.as_map() {
                    Some([pair]) => Some(self.contact(pair)),
                    _ => {
                        let wanted = Text::both("`渠道: 地址`", "`channel: address`");
                        self.out.push(wrong_type(item, &wanted));
                        None
                    }
                });
                pairs.collect()
            }
            _ => {
                self.out.push(wrong_type(node, &Text::both("映射或列表", "a mapping or a list")));
                Vec::new()
            }
        }
    }

    fn contact(&mut self, pair: &Entry) -> Contact {
        let channel = ChannelId::new(&pair.key.text);
        let address = self.address(&channel, &pair.value).unwrap_or_default();
        Contact { channel, address }
    }

    pub(super) fn teams(&mut self, entries: Vec<&Entry>) -> Vec<Team> {
        entries.into_iter().map(|entry| self.team(entry)).collect()
    }

    fn team(&mut self, entry: &Entry) -> Team {
        self.check_id(&entry.key);
        let mut team = Team {
            id: entry.key.text.as_str().into(),
            title: Text::Same(entry.key.text.clone()),
            members: Vec::new(),
            schedule: None,
        };
        let what = Text::both("团队", "a team");
        let Some(mut fields) = Fields::open(&entry.value, what, self.out) else { return team };
        if let Some(title) = fields.text("title", self.out) {
            team.title = title;
        }
        let members = fields.require("members", self.out).and_then(|node| node.list(self.out));
        team.members = members.unwrap_or_default().iter().map(|node| self.name(node)).collect();
        team.schedule = fields.string("schedule", self.out).map(Into::into);
        fields.close(self.out);
        team
    }

    /// Reads a person's id; what is none stands in as the empty id, which nobody checks again.
    pub(super) fn name(&mut self, node: &Node) -> PersonId {
        PersonId::new(node.string(self.out).unwrap_or_default())
    }

    pub(super) fn partners(&mut self, entries: Vec<&Entry>) -> Vec<Partner> {
        entries.into_iter().map(|entry| self.partner(entry)).collect()
    }

    fn partner(&mut self, entry: &Entry) -> Partner {
        self.check_id(&entry.key);
        let mut partner = Partner {
            id: entry.key.text.as_str().into(),
            title: Text::Same(entry.key.text.clone()),
            contacts: Vec::new(),
            verified_on: None,
        };
        let what = Text::both("合作方", "a partner");
        let Some(mut fields) = Fields::open(&entry.value, what, self.out) else { return partner };
        if let Some(title) = fields.text("title", self.out) {
            partner.title = title;
        }
        let contacts = fields.require("contacts", self.out);
        partner.contacts = contacts.map(|node| self.contacts(node)).unwrap_or_default();
        partner.verified_on = fields.take("verified_on").and_then(|node| self.date(node));
        fields.close(self.out);
        partner
    }
}
