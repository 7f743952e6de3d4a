//! The announcement of an exercise: who is told ahead, in which words, and what became of it. Pure;
//! the record is stored after every attempt, so that nobody is told twice after a restart.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::drill::scenario::{Announcement, RunAs, Scenario};
use crate::id::{ChannelId, DrillId, NoticeId, PersonId, RoleId};
use crate::people::{Directory, Try, Zone, tries};
use crate::playbook::Playbook;
use crate::text::{Lang, Text};

/// The version of the stored form; fields are added, never changed.
pub const INVITATION_FORMAT: u8 = 1;
/// How many planned runs are announced ahead at a time; a drill every hour with a day's notice is
/// a mistake, and its people are not to be told two dozen times.
pub const AHEAD_MAX: usize = 10;
/// How long after an attempt that failed the next one is made.
pub const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// Separates this use of the hash from every other.
const DOMAIN: &[u8] = b"firebell/drill/invitation/1";

/// The announcement of one planned run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The version of this form.
    pub format: u8,
    /// The drill.
    pub drill: DrillId,
    /// When it begins.
    pub at: Timestamp,
    /// Those who take part, and what became of telling them.
    pub people: BTreeMap<PersonId, Guest>,
    /// When those who could not be reached are tried again.
    pub again_at: Timestamp,
}

/// One who takes part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guest {
    /// What they may be asked to be.
    pub roles: Vec<RoleId>,
    /// What became of telling them.
    pub told: Told,
}

/// What became of telling someone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "told", rename_all = "snake_case")]
pub enum Told {
    /// Nobody has told them yet.
    NotYet,
    /// A channel took the message.
    Yes {
        /// The channel.
        via: ChannelId,
    },
    /// It cannot be done.
    Never {
        /// Why.
        why: String,
    },
}

/// Lists the planned runs of a drill that are to be announced by now, the next first.
#[must_use]
pub fn to_announce(scenario: &Scenario, now: Timestamp) -> Vec<Timestamp> {
    let (RunAs::Exercise | RunAs::Tabletop, Some(calendar)) = (scenario.run, &scenario.calendar)
    else {
        return Vec::new();
    };
    match scenario.notice {
        Announcement::Ahead(ahead) if ahead > SignedDuration::ZERO => {
            let until = now.saturating_add(ahead).unwrap_or(Timestamp::MAX);
            let planned = calendar.upcoming(now, AHEAD_MAX).into_iter();
            planned.take_while(|at| *at <= until).collect()
        }
        Announcement::Ahead(_) | Announcement::None { .. } => Vec::new(),
    }
}

impl Invitation {
    /// Invites those whom the plan would ask at that time and who take part in drills.
    #[must_use]
    pub fn write(
        scenario: &Scenario,
        playbook: &Playbook,
        directory: &Directory,
        at: Timestamp,
        now: Timestamp,
    ) -> Self {
        let mut people: BTreeMap<PersonId, Guest> = BTreeMap::new();
        for (role, plan) in &playbook.roles {
            let tries = tries(directory, &plan.assign, &plan.deputies, at, &[]);
            let asked = tries.into_iter().flat_map(|asked| match asked {
                Try::Assign { person, .. } => vec![person],
                Try::Ask { people, .. } => people,
            });
            for person in asked {
                if directory.person(&person).is_some_and(|person| person.drills) {
                    let guest = Guest { roles: Vec::new(), told: Told::NotYet };
                    people.entry(person).or_insert(guest).roles.push(role.clone());
                }
            }
        }
        Self { format: INVITATION_FORMAT, drill: scenario.id.clone(), at, people, again_at: now }
    }

    /// Lists those who are still to be told, where it is time to.
    #[must_use]
    pub fn to_tell(&self, now: Timestamp) -> Vec<PersonId> {
        if now < self.again_at || now >= self.at {
            return Vec::new();
        }
        let waiting = self.people.iter().filter(|(_, guest)| guest.told == Told::NotYet);
        waiting.map(|(person, _)| person.clone()).collect()
    }

    /// Names the message to one of them: the same for every attempt.
    #[must_use]
    pub fn message_id(&self, person: &PersonId) -> NoticeId {
        let mut hasher = Sha256::new();
        hasher.update(DOMAIN);
        for part in [self.drill.as_str(), &self.at.to_string(), person.as_str()] {
            hasher.update(part.len().to_be_bytes());
            hasher.update(part);
        }
        let digest: [u8; 32] = hasher.finalize().into();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        NoticeId::from_u128(u128::from_be_bytes(id))
    }

    /// Words the message to one of them: subject and text.
    #[must_use]
    pub fn words(
        &self,
        person: &PersonId,
        scenario: &Scenario,
        playbook: &Playbook,
        zone: &Zone,
    ) -> (Text, Text) {
        let each = |word: &dyn Fn(Lang) -> String| Text::both(word(Lang::Zh), word(Lang::En));
        let title = |lang| scenario.title.get(lang);
        let subject =
            each(&|lang| format!("{}{}", lang.pick("演练预告：", "Coming drill: "), title(lang)));
        let roles = self.people.get(person).map_or(&[][..], |guest| &guest.roles);
        let named = |lang: Lang| {
            let titles = roles.iter().map(|role| {
                playbook.roles.get(role).map_or(role.as_str(), |plan| plan.title.get(lang))
            });
            titles.collect::<Vec<_>>().join(lang.pick("、", ", "))
        };
        let at = zone.civil(self.at).strftime("%Y-%m-%d %H:%M").to_string();
        let (zone, plan) = (zone.name(), |lang| playbook.title.get(lang));
        let text = each(&|lang| {
            lang.pick(
                format!(
                    "“{}”将于 {at}（{zone}）开始，按预案“{}”进行。\n您可能担任：{}。\n\
                     届时的消息都带【演练】，不会发给客户、监管部门和合作方。",
                    title(lang),
                    plan(lang),
                    named(lang)
                ),
                format!(
                    "“{}” begins at {at} ({zone}) and rehearses the plan “{}”.\n\
                     You may be asked to be: {}.\n\
                     Its messages are marked [DRILL]; none goes to customers, regulators or partners.",
                    title(lang),
                    plan(lang),
                    named(lang)
                ),
            )
        });
        (subject, text)
    }
}

/// Words the message to those who watch over a drill that nobody else is told of: subject and text.
#[must_use]
pub fn confided(scenario: &Scenario, at: Timestamp, zone: &Zone) -> (Text, Text) {
    let each = |word: &dyn Fn(Lang) -> String| Text::both(word(Lang::Zh), word(Lang::En));
    let (at, zone) = (zone.civil(at).strftime("%Y-%m-%d %H:%M").to_string(), zone.name());
    let subject = each(&|lang| {
        let title = scenario.title.get(lang);
        lang.pick(
            format!("【演练】仅限安全负责人：{title}"),
            format!("[DRILL] For safety officers only: {title}"),
        )
    });
    let text = each(&|lang| {
        let title = scenario.title.get(lang);
        lang.pick(
            format!(
                "不预告的演练“{title}”将于 {at}（{zone}）开始。\n\
                 参加的人都不知道，请勿告知。需要时可中止：firebell drill abort。"
            ),
            format!(
                "“{title}”, a drill without notice, begins at {at} ({zone}).\n\
                 Nobody who takes part knows; please tell nobody. It can be stopped at any time: \
                 firebell drill abort."
            ),
        )
    });
    (subject, text)
}

/// Words the message that a drill whose file has errors misses its runs: subject and text.
#[must_use]
pub fn broken(drill: &DrillId, why: &Text) -> (Text, Text) {
    let (zh, en) = (why.get(Lang::Zh), why.get(Lang::En));
    let text = Text::both(
        format!("演练文件有错误，到期没有开始：{zh}。\n用 firebell check 查看并改正。"),
        format!(
            "Its file has errors, so what fell due was not started: {en}.\n\
             See and mend them with firebell check."
        ),
    );
    (not_started(drill), text)
}

/// Words the message that a drill went before a run of it that was decided: subject and text.
#[must_use]
pub fn withdrawn(drill: &DrillId, why: &Text) -> (Text, Text) {
    let (zh, en) = (why.get(Lang::Zh), why.get(Lang::En));
    let text = Text::both(
        format!("已到期、等待开始的演练没有开始：{zh}。"),
        format!("A run that had fallen due and waited to begin was not started: {en}."),
    );
    (not_started(drill), text)
}

fn not_started(drill: &DrillId) -> Text {
    Text::both(format!("【演练】未能开始：{drill}"), format!("[DRILL] Not started: {drill}"))
}

/// Words the message that a planned run does not take place: subject and text.
#[must_use]
pub fn called_off(scenario: &Scenario, at: Timestamp, why: &Text, zone: &Zone) -> (Text, Text) {
    let each = |word: &dyn Fn(Lang) -> String| Text::both(word(Lang::Zh), word(Lang::En));
    let (at, zone) = (zone.civil(at).strftime("%Y-%m-%d %H:%M").to_string(), zone.name());
    let subject = each(&|lang| {
        let title = scenario.title.get(lang);
        lang.pick(format!("【演练】未能开始：{title}"), format!("[DRILL] Not started: {title}"))
    });
    let text = each(&|lang| {
        let (title, why, id) = (scenario.title.get(lang), why.get(lang), &scenario.id);
        lang.pick(
            format!(
                "原定 {at}（{zone}）的“{title}”没有开始。\n原因：{why}。\n\
                 用 firebell drill run {id} --dry-run 查看全部情况；改好后可手动开始。"
            ),
            format!(
                "“{title}”, planned for {at} ({zone}), was not started.\nWhy: {why}.\n\
                 See all of it with firebell drill run {id} --dry-run; once mended, it can be \
                 started by hand."
            ),
        )
    });
    (subject, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::drill::file::load;
    use crate::people::{Contact, Parts, Person, Team};
    use crate::playbook::Context;

    const PLAN: &str = "playbook: outage
title: { zh: 中断, en: Outage }
owner: pool
levels: [ { level: 4 } ]
roles:
  lead: { title: { zh: 总指挥, en: Lead }, assign: { team: leads }, deputies: [ { team: pool } ] }
  desk: { title: { zh: 客服, en: Desk }, assign: { claim: pool } }
phases:
  - { id: work, title: Work, steps: [ { id: do, role: lead, title: Do } ] }
";

    fn directory() -> Directory {
        let person = |id: &str, drills| Person {
            id: id.into(),
            name: id.into(),
            lang: Lang::Zh,
            contacts: vec![Contact { channel: "mail".into(), address: format!("{id}@x.example") }],
            drills,
            manner: crate::people::Manner::default(),
        };
        let team = |id: &str, members: &[&str]| Team {
            id: id.into(),
            title: id.into(),
            members: members.iter().copied().map(PersonId::new).collect(),
            schedule: None,
        };
        let people = vec![person("ann", true), person("bo", true), person("spared", false)];
        let teams = vec![team("leads", &["ann"]), team("pool", &["bo", "spared"])];
        let channels = ["mail".into()].into();
        Directory::new(Parts { people, teams, channels, ..Parts::default() }).unwrap()
    }

    fn scenario(rest: &str) -> (Scenario, std::sync::Arc<Playbook>) {
        let directory = directory();
        let context = Context { directory: Some(&directory), ..Context::default() };
        let plan = Playbook::load("plan", PLAN.as_bytes(), &context).playbook.unwrap();
        let plan = std::sync::Arc::new(plan);
        let text = format!(
            "drill: d\ntitle: {{ zh: 警铃, en: Alarm }}\nplaybook: outage\nstart: declare\n\
             schedule: {{ cron: \"0 10 1 12 *\", timezone: UTC }}\n{rest}\n"
        );
        let plans = [(plan.id.clone(), std::sync::Arc::clone(&plan))].into();
        let (scenario, findings) = load("drill", text.as_bytes(), &plans);
        (scenario.unwrap_or_else(|| panic!("{findings:?}")), plan)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn an_exercise_is_announced_by_its_notice_and_nothing_else_is() {
        let (noon, ten) = (at("2026-11-30T12:00:00Z"), at("2026-12-01T10:00:00Z"));
        let (exercise, _) = scenario("run: exercise\nnotice: 24h");
        assert_eq!(to_announce(&exercise, noon), [ten]);
        assert_eq!(to_announce(&exercise, at("2026-11-30T09:59:59Z")), []);
        assert_eq!(to_announce(&exercise, ten), []);
        let times = "{ median: 2m, p90: 6m }";
        let cast = format!("cast: {{ default: {{ acknowledge: {times}, work: {times} }} }}");
        for rest in ["run: exercise", &format!("run: simulated\nnotice: 24h\n{cast}")] {
            assert_eq!(to_announce(&scenario(rest).0, noon), [], "{rest}");
        }
        let unannounced = "notice: { no_notice_within: 7d, hours: \"09:00-18:00\" }";
        assert_eq!(to_announce(&scenario(&format!("run: exercise\n{unannounced}")).0, noon), []);
    }

    #[test]
    fn those_whom_the_plan_would_ask_and_who_take_part_in_drills_are_told_in_both_languages() {
        let (scenario, plan) = scenario("run: exercise\nnotice: 24h");
        let (now, ten) = (at("2026-11-30T12:00:00Z"), at("2026-12-01T10:00:00Z"));
        let mut invitation = Invitation::write(&scenario, &plan, &directory(), ten, now);
        let names: Vec<&str> = invitation.people.keys().map(PersonId::as_str).collect();
        assert_eq!(names, ["ann", "bo"]);
        let bo = PersonId::new("bo");
        let zone = Zone::named("Asia/Shanghai").unwrap();
        let (subject, text) = invitation.words(&bo, &scenario, &plan, &zone);
        assert_eq!(subject, Text::both("演练预告：警铃", "Coming drill: Alarm"));
        assert_eq!(
            text.get(Lang::Zh),
            "“警铃”将于 2026-12-01 18:00（Asia/Shanghai）开始，按预案“中断”进行。\n\
             您可能担任：总指挥、客服。\n届时的消息都带【演练】，不会发给客户、监管部门和合作方。"
        );
        assert_eq!(
            text.get(Lang::En),
            "“Alarm” begins at 2026-12-01 18:00 (Asia/Shanghai) and rehearses the plan “Outage”.\n\
             You may be asked to be: Lead, Desk.\n\
             Its messages are marked [DRILL]; none goes to customers, regulators or partners."
        );

        assert_eq!(invitation.to_tell(now).len(), 2);
        assert_eq!(invitation.to_tell(ten), [], "too late");
        invitation.people.get_mut(&bo).unwrap().told = Told::Yes { via: "mail".into() };
        assert_eq!(invitation.to_tell(now), [PersonId::new("ann")]);
        let stored = serde_json::to_vec(&invitation).unwrap();
        let read: Invitation = serde_json::from_slice(&stored).unwrap();
        assert_eq!(read, invitation);
        assert_eq!(read.message_id(&bo), invitation.message_id(&bo));
        assert_ne!(read.message_id(&bo), read.message_id(&PersonId::new("ann")));
    }
}
