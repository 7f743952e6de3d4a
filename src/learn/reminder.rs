//! Who is to be told of what, and when: owners of actions before, at and after the date, and the
//! plan's owner of what was long left undone, of drills that fall due, and of plans that went stale.
//! Pure.

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::learn::action::{Action, ActionState};
use crate::learn::cadence::DrillState;
use crate::learn::readiness::{PlanReadiness, Stale};
use crate::people::Zone;
use crate::text::{Lang, Text};

/// How long before its date the owner of a plan hears of its first drill.
const FIRST_TOLD: SignedDuration = SignedDuration::from_hours(24 * 15);
/// How many days before its date an owner is reminded.
const DAYS_BEFORE: i64 = 3;
/// How many days lie between reminders of what is overdue.
const DAYS_BETWEEN: i64 = 7;
/// After how many days the owner of the plan hears of it.
const DAYS_LONG: i64 = 28;
/// When on its day a reminder is due: people have arrived and have a day to act in.
const HOUR: Time = Time::constant(9, 0, 0, 0);

/// Whom a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    /// The owner of the action.
    Owner,
    /// The team that owns the plan.
    Plan,
}

/// A message that is to be sent once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Note {
    /// What it is about; one of a key is sent once.
    pub key: String,
    /// For whom.
    pub to: To,
    /// What it says.
    pub subject: Text,
    /// What it says.
    pub text: Text,
}

/// Lists the messages that an action asks for by now; of several that were missed, the latest.
pub(super) fn of_action(action: &Action, plan: &Text, zone: &Zone, now: Timestamp) -> Vec<Note> {
    if !matches!(action.state, ActionState::Open) {
        return Vec::new();
    }
    let on = |days: i64| {
        let day = action.due.checked_add(days.days()).ok()?;
        zone.first_showing(day.to_datetime(HOUR))
    };
    let has_come = |days: i64| on(days).is_some_and(|at| at <= now);
    let days_over = on(0).map_or(0, |due| now.duration_since(due).as_hours().div_euclid(24));
    let stage = if has_come(DAYS_BETWEEN) {
        let weeks = days_over / DAYS_BETWEEN;
        Some((format!("overdue/{weeks}"), overdue(weeks * DAYS_BETWEEN)))
    } else if has_come(1) {
        Some(("overdue/0".to_owned(), overdue(1)))
    } else if has_come(0) {
        Some(("due".to_owned(), Text::both("今天到期", "due today")))
    } else if has_come(-DAYS_BEFORE) {
        Some(("soon".to_owned(), Text::both("即将到期", "due soon")))
    } else {
        None
    };
    let Some((stage, when)) = stage else { return Vec::new() };
    let (id, due) = (action.id, action.due);
    let (subject, text) = words(action, plan, &when);
    let mut notes = vec![Note {
        key: format!("action/{id}/{due}/{}/{stage}", action.owner),
        to: To::Owner,
        subject: subject.clone(),
        text: text.clone(),
    }];
    if has_come(DAYS_LONG) {
        notes.push(Note { key: format!("action/{id}/{due}/long"), to: To::Plan, subject, text });
    }
    notes
}

fn overdue(days: i64) -> Text {
    Text::both(
        format!("已逾期 {days} 天"),
        format!("overdue by {}", crate::text::count(days, "day", "days")),
    )
}

fn words(action: &Action, plan: &Text, when: &Text) -> (Text, Text) {
    let Action { id, text, owner, due, .. } = action;
    let subject = |lang: Lang| {
        let (plan, when) = (plan.get(lang), when.get(lang));
        lang.pick(format!("整改项{when}：{plan}"), format!("Action {when}: {plan}"))
    };
    let body = |lang: Lang| {
        lang.pick(
            format!(
                "{text}\n负责人：{owner}\n期限：{due}\n完成后：firebell action done {id}\n\
                 之后的演练做到并通过时，它会自动关闭。"
            ),
            format!(
                "{text}\nOwner: {owner}\nDue: {due}\nWhen it is done: firebell action done {id}\n\
                 It closes by itself when a later drill exercises it and that goes well."
            ),
        )
    };
    (Text::both(subject(Lang::Zh), subject(Lang::En)), Text::both(body(Lang::Zh), body(Lang::En)))
}

/// Lists the messages that a plan asks for by now.
pub(super) fn of_plan(plan: &PlanReadiness, zone: &Zone, now: Timestamp) -> Vec<Note> {
    let mut notes = Vec::new();
    let id = &plan.playbook;
    if let Some(next) = plan.next_due_at {
        let day = zone.civil(next).date();
        // A plan that has just come into force need not be spoken of on its first day.
        let fresh = plan.last_drill.is_none() && next.duration_since(now) > FIRST_TOLD;
        let said = match plan.state {
            DrillState::Due if fresh => None,
            DrillState::Due => Some(("due", Text::both("演练即将到期", "a drill falls due"))),
            DrillState::Overdue => {
                Some(("overdue", Text::both("演练已逾期", "a drill is overdue")))
            }
            DrillState::Done | DrillState::NotRequired => None,
        };
        if let Some((stage, what)) = said {
            let more = |lang: Lang| {
                let wanted = plan.per_year;
                lang.pick(
                    format!("期限：{day}；每年 {wanted} 次"),
                    format!("By {day}; {} a year", crate::text::count(wanted, "drill", "drills")),
                )
            };
            notes.push(note(format!("plan/{id}/{day}/{stage}"), plan, &what, &more));
        }
    }
    let changed = [Stale::ChangedSince, Stale::ReviewOverdue];
    for why in plan.stale.iter().filter(|why| changed.contains(why)) {
        let stage = match why {
            Stale::ReviewOverdue => "review",
            _ => "changed",
        };
        let words = why.words();
        let what = Text::both(
            format!("预案可能过时（{}）", words.get(Lang::Zh)),
            format!("the plan went stale ({})", words.get(Lang::En)),
        );
        let more = |lang: Lang| {
            lang.pick("请评审或安排一次演练", "Review it, or arrange a drill").to_owned()
        };
        // A plan that was reviewed is another version, and falls due again.
        notes.push(note(format!("plan/{id}/{stage}/{}", plan.version), plan, &what, &more));
    }
    notes
}

fn note(key: String, plan: &PlanReadiness, what: &Text, more: &dyn Fn(Lang) -> String) -> Note {
    let title = &plan.title;
    let subject = |lang: Lang| {
        let (title, what) = (title.get(lang), what.get(lang));
        lang.pick(format!("{title}：{what}"), format!("{title}: {what}"))
    };
    let text = |lang: Lang| format!("{}\n{}\nfirebell drill due", subject(lang), more(lang));
    Note {
        key,
        to: To::Plan,
        subject: Text::both(subject(Lang::Zh), subject(Lang::En)),
        text: Text::both(text(Lang::Zh), text(Lang::En)),
    }
}

/// How often it is looked at what is due.
pub(super) const LOOK_EVERY: SignedDuration = SignedDuration::from_hours(1);

#[cfg(test)]
mod tests;
