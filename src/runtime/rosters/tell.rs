//! What people are told of changes to their shifts.

use jiff::Timestamp;

use super::{KeptOverride, KeptSwap, Span};
use crate::engine::Mode;
use crate::id::{NoticeId, PersonId, ScheduleId};
use crate::people::{Change, Directory, Zone};
use crate::runtime::Letter;
use crate::runtime::direct::PATIENCE;
use crate::runtime::service::Inner;
use crate::text::{Lang, Text};

/// What became of an override.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    Made,
    Withdrawn,
}

/// What became of a swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SwapNews {
    Offered,
    Declined,
    Withdrawn,
}

/// A message without its readers and its identity.
pub(super) struct Draft {
    subject: Text,
    text: Text,
}

impl Draft {
    pub(super) const fn new(subject: Text, text: Text) -> Self {
        Self { subject, text }
    }

    pub(super) fn into_parts(self) -> (Text, Text) {
        (self.subject, self.text)
    }

    pub(super) fn letter(self, id: NoticeId) -> Letter {
        Letter {
            id,
            mode: Mode::Live,
            purpose: "roster",
            subject: self.subject,
            text: self.text,
            answer: None,
        }
    }
}

impl Inner {
    /// Draws the identity of a message.
    pub(super) fn next_letter(&self) -> NoticeId {
        let drawn = self.ids.drill_run(self.clock.now());
        NoticeId::from_u128(u128::from_be_bytes(*drawn.as_bytes()))
    }

    /// Tells one person by the first of their channels that takes it; tells whether another attempt
    /// later is of use.
    pub(super) async fn tell_one(&self, person: &PersonId, letter: &Letter) -> bool {
        let directory = self.directory.load_full();
        let Some(known) = directory.person(person) else { return false };
        let mut again = false;
        for contact in &known.contacts {
            match self.hand_over(known, &contact.channel, letter, PATIENCE).await {
                Ok(()) => return false,
                Err(not_taken) => {
                    let (channel, why) = (&contact.channel, &not_taken.why);
                    tracing::warn!(%person, %channel, ?why, "a message about a roster was not taken");
                    again |= not_taken.again;
                }
            }
        }
        again
    }
}

/// Lists those whose shifts an override changes.
pub(super) fn concerned(before: &Directory, kept: &KeptOverride) -> Vec<PersonId> {
    let change = &kept.stored.change;
    let named = change.off().into_iter().chain(change.person()).cloned();
    let mut people: Vec<PersonId> = named.collect();
    if matches!(change.change, Change::Put(_)) {
        let relieved = before.segments(&kept.stored.schedule, change.from, change.to);
        people.extend(relieved.into_iter().flat_map(|segment| segment.who));
    }
    people
}

fn title(directory: &Directory, schedule: &ScheduleId, lang: Lang) -> String {
    let known = directory.schedule(schedule);
    known.map_or(schedule.as_str(), |known| known.title.get(lang)).to_owned()
}

/// Returns what a schedule is called in Chinese and in English.
pub(super) fn titles(directory: &Directory, schedule: &ScheduleId) -> (String, String) {
    (title(directory, schedule, Lang::Zh), title(directory, schedule, Lang::En))
}

pub(super) fn name(directory: &Directory, person: &PersonId, lang: Lang) -> String {
    directory.person(person).map_or(person.as_str(), |known| known.name.get(lang)).to_owned()
}

/// Says a stretch of time as a wall clock in a zone shows it.
pub(super) fn span(zone: &Zone, from: Timestamp, to: Timestamp) -> (String, String) {
    let civil = |at| zone.civil(at).strftime("%Y-%m-%d %H:%M").to_string();
    let (from, to, zone) = (civil(from), civil(to), zone.name());
    (format!("{from} 至 {to}（{zone}）"), format!("{from} to {to} ({zone})"))
}

/// Words the news of an override.
pub(super) fn of_override(
    zone: &Zone,
    directory: &Directory,
    kept: &KeptOverride,
    news: News,
) -> Draft {
    let stored = &kept.stored;
    let (when_zh, when_en) = span(zone, stored.change.from, stored.change.to);
    let say = |lang: Lang| {
        let known = |person: &PersonId| name(directory, person, lang);
        match &stored.change.change {
            Change::Put(person) => lang.pick(
                format!("由 {} 值班", known(person)),
                format!("{} is on call", known(person)),
            ),
            Change::Replace { out, with } => lang.pick(
                format!("{} 接替 {}", known(with), known(out)),
                format!("{} stands in for {}", known(with), known(out)),
            ),
            Change::Off(person) => {
                lang.pick(format!("{} 不值班", known(person)), format!("{} is off", known(person)))
            }
        }
    };
    let (zh, en) = (
        title(directory, &stored.schedule, Lang::Zh),
        title(directory, &stored.schedule, Lang::En),
    );
    let subject = match news {
        News::Made => Text::both(format!("{zh}：班次调整"), format!("{en}: shift changed")),
        News::Withdrawn => {
            Text::both(format!("{zh}：调班撤回"), format!("{en}: shift change taken back"))
        }
    };
    let taken_back = news == News::Withdrawn;
    let (back_zh, back_en) =
        if taken_back { ("（已撤回）", " (taken back)") } else { ("", "") };
    let note = stored.change.note.as_ref();
    let note_zh = note.map_or_else(String::new, |note| format!("\n备注：{note}"));
    let note_en = note.map_or_else(String::new, |note| format!("\nNote: {note}"));
    Draft {
        subject,
        text: Text::both(
            format!("{}{back_zh}：{when_zh}{note_zh}", say(Lang::Zh)),
            format!("{}{back_en}: {when_en}{note_en}", say(Lang::En)),
        ),
    }
}

/// Words the news of a swap.
pub(super) fn of_swap(
    zone: &Zone,
    directory: &Directory,
    kept: &KeptSwap,
    news: SwapNews,
) -> Draft {
    let swap = &kept.swap;
    let words = |lang: Lang| {
        let pick = |(zh, en): (String, String)| lang.pick(zh, en);
        let Span { from, to } = swap.give;
        let (who, when) = (name(directory, &swap.by, lang), pick(span(zone, from, to)));
        let back = swap.take.map(|take| pick(span(zone, take.from, take.to)));
        let shift = match back {
            Some(back) => lang.pick(
                format!("{who} 的班 {when}，换取 {back}"),
                format!("{who}'s shift {when}, in return for {back}"),
            ),
            None => lang.pick(format!("{who} 的班 {when}"), format!("{who}'s shift {when}")),
        };
        let how = match news {
            SwapNews::Offered => lang.pick(
                format!("接受：firebell oncall swap accept {}", kept.id),
                format!("To take it: firebell oncall swap accept {}", kept.id),
            ),
            SwapNews::Declined => lang.pick("对方已谢绝。", "It was declined.").to_owned(),
            SwapNews::Withdrawn => lang.pick("已撤回。", "It was withdrawn.").to_owned(),
        };
        let note = swap.note.as_ref().map_or_else(String::new, |note| format!("\n{note}"));
        format!("{shift}\n{how}{note}")
    };
    let subject = |lang: Lang| {
        let title = title(directory, &swap.schedule, lang);
        lang.pick(format!("{title}：换班"), format!("{title}: shift swap"))
    };
    Draft {
        subject: Text::both(subject(Lang::Zh), subject(Lang::En)),
        text: Text::both(words(Lang::Zh), words(Lang::En)),
    }
}
