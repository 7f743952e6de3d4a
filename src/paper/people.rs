//! Who holds each role at an instant, who is asked next, who is called when nobody answers: names
//! with addresses, because on paper nothing can be looked up.

use jiff::{SignedDuration, Timestamp};

use crate::id::{LadderId, PersonId};
use crate::people::{Contact, Directory, Target, Try, tries};
use crate::picture::words::{Words, line};
use crate::playbook::{Playbook, Role};
use crate::timeline::span;

/// A person, team or desk with its addresses.
pub(super) struct Reached {
    pub(super) name: String,
    pub(super) contacts: Vec<String>,
}

/// A role with those who fill it.
pub(super) struct RoleRow {
    pub(super) title: String,
    /// When it is needed, how soon it must be taken, where its holder is found.
    pub(super) rule: Vec<String>,
    /// Said instead of a single holder: the first of several to claim it.
    pub(super) asked: Option<&'static str>,
    pub(super) holders: Vec<Reached>,
    pub(super) deputies: Vec<Reached>,
}

/// A rung of a ladder.
pub(super) struct RungRow {
    pub(super) after: String,
    pub(super) who: Vec<Reached>,
}

/// A ladder: who is called while nobody acts.
pub(super) struct LadderRow {
    pub(super) title: String,
    pub(super) repeat: Option<String>,
    pub(super) rungs: Vec<RungRow>,
}

/// Everyone of a directory at an instant.
pub(super) struct People<'a> {
    pub(super) directory: &'a Directory,
    pub(super) at: Timestamp,
    pub(super) words: &'a Words<'a>,
}

impl People<'_> {
    pub(super) fn roles(&self, plan: &Playbook) -> Vec<RoleRow> {
        plan.roles.values().map(|role| self.role(role)).collect()
    }

    fn role(&self, role: &Role) -> RoleRow {
        let lang = self.words.lang;
        let tries = tries(self.directory, &role.assign, &role.deputies, self.at, &[]);
        let mut tries = tries.into_iter();
        let (asked, holders) = match tries.next() {
            None => (None, Vec::new()),
            Some(Try::Assign { person, .. }) => (None, vec![person]),
            Some(Try::Ask { people, .. }) => {
                (Some(lang.pick("先应答者担任：", "the first to claim it:")), people)
            }
        };
        let deputies = tries.flat_map(|next| match next {
            Try::Assign { person, .. } => vec![person],
            Try::Ask { people, .. } => people,
        });
        let deputies: Vec<PersonId> = deputies.filter(|d| !holders.contains(d)).collect();
        let mut rule = Vec::new();
        if let Some(engage) = &role.engage {
            let engage = self.words.condition(engage);
            rule.push(lang.pick(format!("启用条件：{engage}"), format!("needed if {engage}")));
        }
        if let Some(within) = &role.acknowledge_within {
            let within = self.words.span(within);
            rule.push(lang.pick(format!("{within}内确认"), format!("to be taken within {within}")));
        }
        rule.push(self.words.source(&role.assign));
        if let Some(ladder) = &role.escalate {
            rule.push(
                lang.pick(
                    format!("无人应答：升级 {ladder}"),
                    format!("if nobody answers: {ladder}"),
                ),
            );
        }
        RoleRow {
            title: line(role.title.get(lang)),
            rule,
            asked,
            holders: holders.iter().map(|id| self.person(id)).collect(),
            deputies: deputies.iter().map(|id| self.person(id)).collect(),
        }
    }

    fn person(&self, id: &PersonId) -> Reached {
        match self.directory.person(id) {
            Some(person) => Reached {
                name: line(person.name.get(self.words.lang)),
                contacts: contacts(&person.contacts),
            },
            None => Reached { name: id.to_string(), contacts: Vec::new() },
        }
    }

    /// Lists the ladders that roles and steps of a plan name, each once.
    pub(super) fn ladders(&self, plan: &Playbook) -> Vec<LadderRow> {
        let mut named: Vec<&LadderId> = Vec::new();
        let of_steps = plan.every_step();
        let of_steps = of_steps.filter_map(|step| step.escalate.as_ref());
        for ladder in plan.roles.values().filter_map(|role| role.escalate.as_ref()).chain(of_steps)
        {
            if !named.contains(&ladder) {
                named.push(ladder);
            }
        }
        named.into_iter().filter_map(|id| self.ladder(id)).collect()
    }

    fn ladder(&self, id: &LadderId) -> Option<LadderRow> {
        let lang = self.words.lang;
        let ladder = self.directory.ladder(id)?;
        let mut after = SignedDuration::ZERO;
        let rungs = ladder.rungs.iter().map(|rung| {
            after = after.saturating_add(rung.after);
            let said = span::say(after, lang);
            RungRow {
                after: lang.pick(format!("{said}后"), format!("after {said}")),
                who: rung.targets.iter().flat_map(|target| self.target(target)).collect(),
            }
        });
        let rungs = rungs.collect();
        let times = u32::from(ladder.repeat);
        let repeat = (times > 0).then(|| {
            lang.pick(format!("此后再重复 {times} 轮"), format!("then {times} more rounds"))
        });
        Some(LadderRow { title: id.to_string(), repeat, rungs })
    }

    fn target(&self, target: &Target) -> Vec<Reached> {
        let people = |ids: &[PersonId]| ids.iter().map(|id| self.person(id)).collect();
        match target {
            Target::Schedule(id) => people(&self.directory.on_call(id, self.at)),
            Target::Team(id) => people(self.directory.team_members(id)),
            Target::Person(id) => vec![self.person(id)],
            Target::Role(id) => {
                vec![Reached { name: self.words.role(id), contacts: Vec::new() }]
            }
            Target::Channel(id) => {
                vec![Reached { name: id.to_string(), contacts: Vec::new() }]
            }
        }
    }

    /// Lists the partners of a plan, with the day someone last made sure of their addresses.
    pub(super) fn partners(&self, plan: &Playbook) -> Vec<(Reached, String)> {
        let lang = self.words.lang;
        let row = |id| match self.directory.partner(id) {
            Some(partner) => {
                let verified = match partner.verified_on {
                    Some(day) => lang.pick(format!("核实于 {day}"), format!("verified {day}")),
                    None => lang.pick("从未核实", "never verified").to_owned(),
                };
                let name = line(partner.title.get(lang));
                (Reached { name, contacts: contacts(&partner.contacts) }, verified)
            }
            None => {
                let nothing = lang.pick("未配置联系方式", "no contact is configured").to_owned();
                (Reached { name: id.to_string(), contacts: Vec::new() }, nothing)
            }
        };
        plan.partners.iter().map(row).collect()
    }
}

fn contacts(contacts: &[Contact]) -> Vec<String> {
    contacts.iter().map(|c| line(&format!("{}: {}", c.channel, c.address))).collect()
}
