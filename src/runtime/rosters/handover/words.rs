//! The messages of a change of shift, in both languages. Pure.

use jiff::Timestamp;

use super::record::StoredHandover;
use super::work::OpenWork;
use crate::id::{PersonId, incident_number};
use crate::people::{Directory, Zone};
use crate::runtime::rosters::tell::{self, Draft};
use crate::text::{Lang, Text};

/// How many incidents one message tells of; the page of the server has the others.
const INCIDENTS_MAX: usize = 10;
/// How many steps of each.
const STEPS_MAX: usize = 5;

fn clock_time(zone: &Zone, at: Timestamp) -> String {
    format!("{} ({})", zone.civil(at).strftime("%Y-%m-%d %H:%M"), zone.name())
}

fn names<'a>(
    directory: &Directory,
    people: impl Iterator<Item = &'a PersonId>,
    lang: Lang,
) -> String {
    let names: Vec<String> = people.map(|person| tell::name(directory, person, lang)).collect();
    names.join(lang.pick("、", ", "))
}

fn draft(
    directory: &Directory,
    of: &StoredHandover,
    say: impl Fn(Lang) -> (String, String),
) -> Draft {
    let (zh_title, en_title) = tell::titles(directory, &of.schedule);
    let ((zh, zh_text), (en, en_text)) = (say(Lang::Zh), say(Lang::En));
    let subject = Text::both(format!("{zh_title}：{zh}"), format!("{en_title}: {en}"));
    Draft::new(subject, Text::both(zh_text, en_text))
}

/// Words the question to those who go.
pub(super) fn ask(zone: &Zone, directory: &Directory, of: &StoredHandover) -> Draft {
    let when = clock_time(zone, of.ends);
    draft(directory, of, |lang| {
        let next = names(directory, of.to.iter(), lang);
        let how = format!("firebell oncall handover {} --note \"…\"", of.schedule);
        let subject = lang.pick("请写交接留言", "a note for the next shift").to_owned();
        let text = lang.pick(
            format!("您的班次于 {when} 结束，由 {next} 接班。请写下接班人应知道的事：\n{how}"),
            format!(
                "Your shift ends at {when}; {next} takes over. Say what they must know:\n{how}"
            ),
        );
        (subject, text)
    })
}

/// Words the news for those who come.
pub(super) fn tell(
    zone: &Zone,
    directory: &Directory,
    of: &StoredHandover,
    open: &[OpenWork],
) -> Draft {
    let when = clock_time(zone, of.at);
    draft(directory, of, |lang| {
        let before = names(directory, of.from.iter(), lang);
        let mut lines = vec![match before.is_empty() {
            true => lang
                .pick(format!("自 {when} 起由您值班。"), format!("You are on call from {when}.")),
            false => lang.pick(
                format!("自 {when} 起由您值班，接替 {before}。"),
                format!("You are on call from {when}, after {before}."),
            ),
        }];
        lines.push(note_line(directory, of, lang));
        lines.extend(open_lines(zone, directory, of, open, lang));
        (lang.pick("接班", "your shift begins").to_owned(), lines.join("\n"))
    })
}

/// Words a note that came after the change.
pub(super) fn late(directory: &Directory, of: &StoredHandover) -> Draft {
    draft(directory, of, |lang| {
        (lang.pick("交接留言", "hand-over note").to_owned(), note_line(directory, of, lang))
    })
}

fn note_line(directory: &Directory, of: &StoredHandover, lang: Lang) -> String {
    let Some(note) = of.notes.last() else {
        return lang.pick("没有留言。", "There is no note.").to_owned();
    };
    let by = note.made.by.acting_person();
    let by = by.map_or_else(String::new, |person| tell::name(directory, person, lang));
    let text = &note.text;
    lang.pick(format!("{by} 的留言：{text}"), format!("Note of {by}: {text}"))
}

fn open_lines(
    zone: &Zone,
    directory: &Directory,
    of: &StoredHandover,
    open: &[OpenWork],
    lang: Lang,
) -> Vec<String> {
    if open.is_empty() {
        return vec![lang.pick("没有未结束的事件。", "No incident is open.").to_owned()];
    }
    let heading = lang
        .pick(format!("未结束的事件：{}", open.len()), format!("Open incidents: {}", open.len()));
    let mut lines = vec![heading];
    for work in open.iter().take(INCIDENTS_MAX) {
        lines.extend(incident_lines(zone, directory, of, work, lang));
    }
    if open.len() > INCIDENTS_MAX {
        let more = open.len() - INCIDENTS_MAX;
        lines.push(lang.pick(format!("另有 {more} 起"), format!("and {more} more")));
    }
    lines
}

fn incident_lines(
    zone: &Zone,
    directory: &Directory,
    of: &StoredHandover,
    work: &OpenWork,
    lang: Lang,
) -> Vec<String> {
    let incident = &work.seen.incident;
    let number = incident_number(incident.number, incident.declared_at);
    // Whoever comes is entitled once a role is theirs; until then the number says enough.
    if incident.restricted && !of.to.iter().all(|person| work.involves(person)) {
        let hidden = lang.pick("受限，详情请问指挥", "restricted; ask its commander");
        return vec![format!("• {number}: {hidden}")];
    }
    let mut lines = vec![format!("• {number}: {}", incident.title)];
    for (role, holder) in &work.roles {
        let title = work.seen.playbook.roles.get(role).map_or(role.as_str(), |r| r.title.get(lang));
        let holder = holder.as_ref().map(|person| tell::name(directory, person, lang));
        let holder = holder.unwrap_or_else(|| lang.pick("无人", "nobody").to_owned());
        lines.push(format!("  {title}: {holder}"));
    }
    let by = |at: Option<Timestamp>| match at {
        Some(at) => {
            let at = clock_time(zone, at);
            lang.pick(format!("，{at} 前"), format!(", by {at}"))
        }
        None => String::new(),
    };
    for step in work.steps.iter().take(STEPS_MAX) {
        let late = if step.overdue { lang.pick("（已逾期）", " (overdue)") } else { "" };
        lines.push(format!("  - {}{}{late}", step.title.get(lang), by(step.due_at)));
    }
    if work.steps.len() > STEPS_MAX {
        let more = work.steps.len() - STEPS_MAX;
        lines.push(lang.pick(format!("  另有 {more} 个步骤"), format!("  and {more} more steps")));
    }
    for stage in work.stages.iter().take(STEPS_MAX) {
        let late = if stage.late { lang.pick("（已逾期）", " (overdue)") } else { "" };
        lines.push(format!("  - {}{}{late}", stage.title.get(lang), by(stage.due_at)));
    }
    lines
}
