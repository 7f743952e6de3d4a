//! What of a plan's messages a drill does not let out, and teams that nobody is in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::role::{AskedPerson, asked};
use super::{Hindrance, Outset};
use crate::engine::Recipient;
use crate::id::{PlaybookId, StepId, TeamId};
use crate::notify::{Why, WhyCode};
use crate::playbook::{Action, Audience, HandlerAct, LEVEL_MILDEST, Notify, Playbook};
use crate::text::{Lang, Text};

/// A message that a drill holds back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeldBack {
    /// The plan.
    pub playbook: PlaybookId,
    /// The step that sends it; missing where a handler does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<StepId>,
    /// To whom, as plans write it: `customers`, `partner/cloud`, `channel/status`.
    pub to: String,
    /// Why.
    pub why: Text,
}

/// Looks at the messages of a plan.
pub(super) fn of_plan(
    outset: Outset<'_>,
    plan: &Playbook,
    findings: &mut Vec<Hindrance>,
) -> Vec<HeldBack> {
    let of_steps = plan.every_step().filter_map(|step| match &step.action {
        Action::Notify(notify) => Some((Some(&step.id), notify)),
        Action::Manual(_)
        | Action::Http(_)
        | Action::Decide(_)
        | Action::Approve(_)
        | Action::Wait(_)
        | Action::Set(_)
        | Action::Child(_)
        | Action::HandOff(_) => None,
    });
    let of_handlers = plan.handlers.iter().filter_map(|handler| match &handler.act {
        HandlerAct::Notify(notify) => Some((None, notify)),
        HandlerAct::Go(_) => None,
    });
    let mut held = Vec::new();
    for (step, notify) in of_steps.chain(of_handlers) {
        for to in &notify.to {
            if let Audience::Team(team) = to {
                let name = step.map(StepId::as_str);
                findings.extend(team_unreached(outset, plan, name, team));
            }
            if let Some(why) = held_back(outset, notify, to) {
                let (playbook, step) = (plan.id.clone(), step.cloned());
                let why = in_words(&why);
                held.push(HeldBack { playbook, step, to: written(to), why });
            }
        }
    }
    held
}

fn held_back(outset: Outset<'_>, notify: &Notify, to: &Audience) -> Option<Why> {
    match to {
        Audience::Role(_) | Audience::Team(_) => None,
        Audience::Partner(_) | Audience::Customers | Audience::Regulators => {
            Some(Why::new(WhyCode::DrillAudience))
        }
        Audience::Channel(channel) => {
            let to = Recipient::Audience(to.clone());
            let via = std::iter::once(channel).chain(&notify.via);
            let bars: Vec<_> = via.map(|channel| outset.ways.bar(&to, channel)).collect();
            if bars.iter().any(Option::is_none) {
                return None;
            }
            bars.into_iter().flatten().next()
        }
    }
}

fn team_unreached(
    outset: Outset<'_>,
    plan: &Playbook,
    step: Option<&str>,
    team: &TeamId,
) -> Option<Hindrance> {
    let level = plan.assume_level.unwrap_or(LEVEL_MILDEST);
    let members = outset.directory.team_members(team);
    let reached = |id| AskedPerson::is_reached(&asked(outset, level, id));
    let nobody = !members.iter().any(reached);
    nobody.then(|| Hindrance::team_unreached(step, team.as_str()))
}

/// Says a reason in both languages.
pub(super) fn in_words(why: &Why) -> Text {
    Text::both(why.sentence(Lang::Zh), why.sentence(Lang::En))
}

fn written(to: &Audience) -> String {
    match to {
        Audience::Role(role) => format!("role/{role}"),
        Audience::Team(team) => format!("team/{team}"),
        Audience::Partner(partner) => format!("partner/{partner}"),
        Audience::Customers => "customers".to_owned(),
        Audience::Regulators => "regulators".to_owned(),
        Audience::Channel(channel) => format!("channel/{channel}"),
    }
}
