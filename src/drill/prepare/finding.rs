//! What stands in the way of a drill, in words: what is wrong, and what to do.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::NAMES_SHOWN_MAX;
use crate::text::{Lang, Text};

/// How grave it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Gravity {
    /// The drill does not start.
    Blocks,
    /// It starts, and this will show.
    Warns,
}

/// Something that stands in the way of a drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Hindrance {
    /// How grave it is.
    pub gravity: Gravity,
    /// What kind of thing; stable.
    #[schema(value_type = String)]
    pub code: SmolStr,
    /// What it is about: a role, a step, an inject's position, a channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub about: Option<SmolStr>,
    /// What is wrong.
    pub text: Text,
    /// What to do.
    pub advice: Text,
}

impl Hindrance {
    pub(super) fn soften(&mut self) {
        self.gravity = Gravity::Warns;
    }

    fn warns(code: &'static str, about: Option<&str>, text: Text, advice: Text) -> Self {
        let about = about.map(SmolStr::new);
        Self { gravity: Gravity::Warns, code: SmolStr::new_static(code), about, text, advice }
    }

    pub(super) fn nobody_configured() -> Self {
        Self::warns(
            "nobody_configured",
            None,
            Text::both(
                "还没有配置任何人员：所有角色都会落到内置的“值守人员”",
                "nobody is configured: every role falls to the built-in person “Operator”",
            ),
            Text::both(
                "在 firebell.yaml 中写上 `people` 和 `teams`",
                "write `people` and `teams` into firebell.yaml",
            ),
        )
    }

    /// Nobody can be asked for a role at all, or nobody whom a message of a drill reaches.
    pub(super) fn unfilled(role: &Named<'_>, gravity: Gravity, asked: Asked) -> Self {
        let (zh, en) = (role.title(Lang::Zh), role.title(Lang::En));
        let (code, text, advice) = match asked {
            Asked::Nobody => (
                "role_nobody",
                Text::both(
                    format!("“{zh}”无人可找：来源和代理此刻都没有能联系上的人"),
                    format!(
                        "nobody can be asked to be “{en}”: its source and every deputy have nobody \
                         with a contact"
                    ),
                ),
                Text::both(
                    "补上值班、团队成员或他们的联系方式，或给这个角色加代理来源（deputies）",
                    "fill the roster or the team, give its people contacts, or the role deputies",
                ),
            ),
            Asked::Unreachable => (
                "role_unreachable",
                Text::both(
                    format!("能担任“{zh}”的人都收不到演练消息"),
                    format!("no message of a drill reaches anybody who could be “{en}”"),
                ),
                Text::both(
                    "给他们写上 `drills: true` 和可用的联系方式，并把渠道开放给演练",
                    "give them `drills: true` and a contact that works, and open its channel to drills",
                ),
            ),
        };
        Self { gravity, ..Self::warns(code, Some(role.id), text, advice) }
    }

    pub(super) fn by_ladder_only(role: &Named<'_>) -> Self {
        let (zh, en) = (role.title(Lang::Zh), role.title(Lang::En));
        Self::warns(
            "role_by_ladder",
            Some(role.id),
            Text::both(
                format!("“{zh}”要等升级才有人知道：来源和代理都找不到人"),
                format!(
                    "“{en}” waits for its escalation: its source and its deputies reach nobody"
                ),
            ),
            Text::both("补上值班或团队成员", "fill the roster or the team"),
        )
    }

    pub(super) fn by_deputies_only(role: &Named<'_>) -> Self {
        let (zh, en) = (role.title(Lang::Zh), role.title(Lang::En));
        Self::warns(
            "role_by_deputies",
            Some(role.id),
            Text::both(
                format!("“{zh}”只能找代理：自己的来源此刻没有人"),
                format!("“{en}” falls to deputies: its own source has nobody then"),
            ),
            Text::both("补上值班或团队成员", "fill the roster or the team"),
        )
    }

    pub(super) fn first_unreachable(role: &Named<'_>, people: &[Text]) -> Self {
        let said = |lang| (role.title(lang), names(people, lang));
        let ((zh, zh_who), (en, en_who)) = (said(Lang::Zh), said(Lang::En));
        Self::warns(
            "first_unreachable",
            Some(role.id),
            Text::both(
                format!("“{zh}”先找的人收不到演练消息：{zh_who}；要等到时限过后才找下一个"),
                format!(
                    "no message of a drill reaches who is asked first to be “{en}” ({en_who}); \
                     the next is asked when their time is over"
                ),
            ),
            Text::both(
                "给他们写上 `drills: true` 和可用的联系方式",
                "give them `drills: true` and a contact that works",
            ),
        )
    }

    pub(super) fn all_taken_away(role: &Named<'_>, position: usize) -> Self {
        let (zh, en) = (role.title(Lang::Zh), role.title(Lang::En));
        let nth = position + 1;
        Self::warns(
            "role_taken_away",
            Some(role.id),
            Text::both(
                format!("第 {nth} 条注入让所有能担任“{zh}”的人一开始就缺席"),
                format!("inject {nth} takes away at once everybody who could be “{en}”"),
            ),
            Text::both("确认这正是要演练的", "make sure that this is what is to be rehearsed"),
        )
    }

    pub(super) fn unconfirmed(people: &[Text]) -> Self {
        let (zh, en) = (names(people, Lang::Zh), names(people, Lang::En));
        Self::warns(
            "contact_unconfirmed",
            None,
            Text::both(
                format!("这些先被找到的人从未确认能收到消息：{zh}"),
                format!(
                    "of those asked first, these never confirmed that messages reach them: {en}"
                ),
            ),
            Text::both(
                "用 firebell reach check 请他们确认",
                "ask them to confirm: firebell reach check",
            ),
        )
    }

    /// A step, or else a handler, tells a team that nothing reaches.
    pub(super) fn team_unreached(step: Option<&str>, team: &str) -> Self {
        let (zh, en) = match step {
            Some(step) => (format!("步骤 {step}"), format!("the step {step}")),
            None => ("预案的 `on` 规则".to_owned(), "an `on` rule of the plan".to_owned()),
        };
        let text = Text::both(
            format!("{zh}通知团队 {team}，没有一个人收得到演练消息"),
            format!("{en} tells the team {team}, and no message of a drill reaches it"),
        );
        let advice = Text::both(
            "给团队加成员，写上 `drills: true` 和可用的联系方式",
            "give the team members with `drills: true` and a contact that works",
        );
        Self::warns("team_unreached", step, text, advice)
    }

    /// An inject aims at somebody who is not there, or at a way that is none.
    pub(super) fn inject(position: usize, miss: Miss<'_>) -> Self {
        let nth = position + 1;
        let (code, zh, en) = match miss {
            Miss::NoPerson(who) => (
                "inject_nobody",
                format!("第 {nth} 条注入让 {who} 缺席，但没有这个人"),
                format!("inject {nth} lets {who} be absent, and there is no such person"),
            ),
            Miss::NoHolder(role) => (
                "inject_nobody",
                format!("第 {nth} 条注入让 {role} 缺席，但没有人会担任它"),
                format!("inject {nth} lets {role} be absent, and nobody would be asked for it"),
            ),
            Miss::Bystander(who) => (
                "inject_idle",
                format!("第 {nth} 条注入让 {who} 缺席，但没有角色会找到此人"),
                format!("inject {nth} lets {who} be absent, whom no role would ask"),
            ),
            Miss::NoChannel(channel) => (
                "inject_no_channel",
                format!("第 {nth} 条注入说到渠道 {channel}，但没有配置这个渠道"),
                format!(
                    "inject {nth} is about the channel {channel}, and none of that name is configured"
                ),
            ),
            Miss::UnusedChannel(channel) => (
                "inject_idle",
                format!("第 {nth} 条注入说到渠道 {channel}，但没有人经它收消息"),
                format!(
                    "inject {nth} is about the channel {channel}, by which nobody here is reached"
                ),
            ),
        };
        let about = nth.to_string();
        Self::warns(
            code,
            Some(&about),
            Text::both(zh, en),
            Text::both(
                "改正这条注入，否则它什么也不会考验",
                "mend the inject: as it is, it tests nothing",
            ),
        )
    }
}

/// What an inject misses.
pub(super) enum Miss<'a> {
    NoPerson(&'a str),
    NoHolder(&'a str),
    Bystander(&'a str),
    NoChannel(&'a str),
    UnusedChannel(&'a str),
}

/// Whom a role could ask.
#[derive(Clone, Copy)]
pub(super) enum Asked {
    Nobody,
    Unreachable,
}

/// A role with its name.
pub(super) struct Named<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a Text,
}

impl Named<'_> {
    fn title(&self, lang: Lang) -> &str {
        self.title.get(lang)
    }
}

/// Joins names, the first of many.
fn names(people: &[Text], lang: Lang) -> String {
    let shown: Vec<&str> = people.iter().take(NAMES_SHOWN_MAX).map(|name| name.get(lang)).collect();
    let shown = shown.join(lang.pick("、", ", "));
    match people.len().saturating_sub(NAMES_SHOWN_MAX) {
        0 => shown,
        more => {
            lang.pick(format!("{shown} 等，另有 {more} 人"), format!("{shown} and {more} more"))
        }
    }
}
