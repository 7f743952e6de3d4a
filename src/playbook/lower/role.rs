//! Roles, and the names that lead to people.

use smol_str::SmolStr;

use crate::id::{ChannelId, LadderId, PartnerId, RoleId, ScheduleId, TeamId};
use crate::people::Source;
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::lower::{
    DANGLING, Decides, DirectoryName, Lowering, Noted, PERSON_NAMED, Site,
};
use crate::playbook::model::{Approver, Audience, Resource, Role};
use crate::playbook::source::Span;
use crate::playbook::yaml::{BAD_VALUE, Entry, Fields, Node, missing, unknown_name};
use crate::text::Text;

impl<'n> Lowering<'n> {
    pub(super) fn role(&mut self, entry: &'n Entry) -> Option<Role> {
        let id = self.identifier(&entry.key.text, entry.key.span);
        let mut fields = Fields::open(&entry.value, Text::both("角色", "a role"), &mut self.out)?;
        let title = fields.require("title", &mut self.out).and_then(|n| n.text(&mut self.out));
        let assign = fields.require("assign", &mut self.out).and_then(|n| self.source(n));
        let deputies = fields.list("deputies", &mut self.out);
        let deputies = deputies.iter().filter_map(|node| self.source(node)).collect();
        let acknowledge_within = fields.duration("acknowledge_within", &mut self.out);
        let escalate = fields.take("escalate").and_then(|node| self.ladder(node));
        let engage = fields.take("engage").and_then(|node| self.condition(node, Site::Incident));
        fields.close(&mut self.out);
        let id = RoleId::new(id?);
        self.notes.decides(Decides::Role(id.clone()), entry.value.get("engage"));
        let (title, assign) = (title?, assign?);
        Some(Role { id, title, assign, deputies, acknowledge_within, escalate, engage })
    }

    /// Reads `{ schedule: … }`, `{ team: … }` or `{ claim: … }`.
    fn source(&mut self, node: &'n Node) -> Option<Source> {
        let what = Text::both("人员来源", "an assignment");
        let mut fields = Fields::open(node, what.clone(), &mut self.out)?;
        let schedule = fields.take("schedule");
        let team = fields.take("team");
        let claim = fields.take("claim");
        if let Some(entry) = fields.take_entry("person") {
            self.out.push(person_named(entry.key.span.to(entry.value.span)));
            return None;
        }
        fields.close(&mut self.out);
        match (schedule, team, claim) {
            (Some(node), None, None) => {
                let id = ScheduleId::new(self.label(node)?);
                self.directory(DirectoryName::Schedule(id.clone()), node.span);
                Some(Source::Schedule(id))
            }
            (None, Some(node), None) => self.team(node).map(Source::Team),
            (None, None, Some(node)) => self.team(node).map(Source::Claim),
            (None, None, None) => {
                self.out.push(missing(node.span, &what, "schedule"));
                None
            }
            _ => {
                self.out.push(super::step::conflict(node.span, &["schedule", "team", "claim"]));
                None
            }
        }
    }

    /// Reads the name of a team.
    pub(super) fn team(&mut self, node: &'n Node) -> Option<TeamId> {
        let id = TeamId::new(self.label(node)?);
        self.directory(DirectoryName::Team(id.clone()), node.span);
        Some(id)
    }

    /// Reads the name of an escalation ladder.
    pub(super) fn ladder(&mut self, node: &'n Node) -> Option<LadderId> {
        let id = LadderId::new(self.label(node)?);
        self.directory(DirectoryName::Ladder(id.clone()), node.span);
        Some(id)
    }

    /// Reads the name of a channel.
    pub(super) fn channel(&mut self, node: &'n Node) -> Option<ChannelId> {
        let id = ChannelId::new(self.label(node)?);
        self.directory(DirectoryName::Channel(id.clone()), node.span);
        Some(id)
    }

    /// Reads the name of an outside party that the plan lists.
    pub(super) fn listed_partner(&mut self, node: &'n Node) -> Option<PartnerId> {
        let id = PartnerId::new(self.label(node)?);
        self.directory(DirectoryName::Partner(id.clone()), node.span);
        Some(id)
    }

    fn directory(&mut self, what: DirectoryName, span: Span) {
        self.notes.directory.push(Noted { what, span });
    }

    /// Reads the name of a role of the plan.
    pub(super) fn role_ref(&mut self, node: &'n Node) -> Option<RoleId> {
        let name = node.string(&mut self.out)?;
        self.role_named(name, node.span)
    }

    fn role_named(&mut self, name: &str, span: Span) -> Option<RoleId> {
        if self.notes.roles.contains_key(name) {
            return Some(RoleId::new(name));
        }
        let noun = Text::both("角色", "role");
        let known = self.notes.roles.keys().copied();
        self.out.push_with(|| unknown_name(DANGLING, span, &noun, name, known));
        None
    }

    /// Reads whom a message is for: one or several.
    pub(super) fn audiences(&mut self, node: &'n Node) -> Vec<Audience> {
        match node.as_list() {
            Some(items) => items.iter().filter_map(|item| self.audience(item)).collect(),
            None => self.audience(node).into_iter().collect(),
        }
    }

    fn audience(&mut self, node: &'n Node) -> Option<Audience> {
        let text = node.string(&mut self.out)?;
        let named = |id: &str| SmolStr::new(id);
        match text.split_once('/') {
            Some(("role", id)) => self.role_named(id, node.span).map(Audience::Role),
            Some(("team", id)) => {
                let id = TeamId::new(named(id));
                self.directory(DirectoryName::Team(id.clone()), node.span);
                self.notes.audience_teams.push(Noted { what: id.clone(), span: node.span });
                Some(Audience::Team(id))
            }
            Some(("partner", id)) => {
                let id = PartnerId::new(named(id));
                self.directory(DirectoryName::Partner(id.clone()), node.span);
                Some(Audience::Partner(id))
            }
            Some(("channel", id)) => {
                let id = ChannelId::new(named(id));
                self.directory(DirectoryName::Channel(id.clone()), node.span);
                Some(Audience::Channel(id))
            }
            Some(("person", _)) => {
                self.out.push(person_named(node.span));
                None
            }
            None if text == "customers" => Some(Audience::Customers),
            None if text == "regulators" => Some(Audience::Regulators),
            _ => {
                self.out.push(self.no_audience(text, node.span));
                None
            }
        }
    }

    fn no_audience(&self, text: &str, span: Span) -> Diagnostic {
        let found = Diagnostic::new(
            BAD_VALUE,
            both!("`{text}` 不是通知对象", "`{text}` is nobody a message can be for"),
        )
        .at(span);
        if self.notes.roles.contains_key(text) {
            return found.help(both!("是否想写 `role/{text}`？", "did you mean `role/{text}`?"));
        }
        found.help(Text::both(
            "可以写：role/…、team/…、partner/…、channel/…、customers、regulators",
            "possible: role/…, team/…, partner/…, channel/…, customers, regulators",
        ))
    }

    /// Reads whose consent counts: roles by name, or `team/…`.
    pub(super) fn approvers(&mut self, node: &'n Node) -> Vec<Approver> {
        let items = match node.as_list() {
            Some(items) => items,
            None => std::slice::from_ref(node),
        };
        items.iter().filter_map(|item| self.approver(item)).collect()
    }

    fn approver(&mut self, node: &'n Node) -> Option<Approver> {
        let text = node.string(&mut self.out)?;
        match text.split_once('/') {
            Some(("team", id)) => {
                let id = TeamId::new(id);
                self.directory(DirectoryName::Team(id.clone()), node.span);
                Some(Approver::Team(id))
            }
            Some(("role", id)) => self.role_named(id, node.span).map(Approver::Role),
            Some(("person", _)) => {
                self.out.push(person_named(node.span));
                None
            }
            _ => self.role_named(text, node.span).map(Approver::Role),
        }
    }

    pub(super) fn resource(&mut self, node: &'n Node) -> Option<Resource> {
        let mut fields = Fields::open(node, Text::both("资源", "a resource"), &mut self.out)?;
        let id = self.required_id(&mut fields);
        let title = fields.require("title", &mut self.out).and_then(|n| n.text(&mut self.out));
        let kind = fields.take("kind").and_then(|node| self.label(node)).map(SmolStr::new);
        let quantity = fields.take("quantity").and_then(|node| node.number(&mut self.out));
        let owner = fields.take("owner").and_then(|node| self.role_ref(node));
        fields.close(&mut self.out);
        Some(Resource { id: id?, title: title?, kind, quantity, owner })
    }
}

/// Words a person's name where a plan names roles and teams.
pub(in crate::playbook) fn person_named(span: Span) -> Diagnostic {
    Diagnostic::new(PERSON_NAMED, Text::both("预案里不能写人名", "a plan must not name a person"))
        .at(span)
        .help(Text::both(
            "写角色、团队或值班表；人员在配置里",
            "name a role, a team or a schedule; persons stand in the configuration",
        ))
}
