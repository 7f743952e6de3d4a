//! Many messages in one, pure: what waited for a provider's limit is told together, an incident a
//! paragraph, a thing to do a line. Nothing is asked of anyone that is not named here.

use super::message::{ANSWER_PATH, IncidentLine, Link, RENDERED_FORMAT, Rendered};
use super::outgoing::Outgoing;
use crate::text::Lang;

/// The stable name of what many messages are for.
const DIGEST: &str = "digest";

/// Lines about one incident before "and more": what follows is seen there.
const LINES_MAX: usize = 12;

/// Links under one digest.
const LINKS_MAX: usize = 5;

/// How many of them answer a page at once; the worst incidents' come first.
const ANSWERS_MAX: usize = 3;

/// Who may share a message: those of equal company and nobody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Company {
    drill: bool,
    lang: Lang,
    address: String,
    /// What goes to strangers is the plan's own words and stays alone; so does what is many already.
    alone: Option<crate::id::NoticeId>,
}

impl Company {
    /// Returns the company of a message.
    #[must_use]
    pub fn of(outgoing: &Outgoing) -> Self {
        let facts = outgoing.facts();
        Self {
            drill: outgoing.is_drill(),
            lang: outgoing.lang(),
            address: outgoing.address().to_owned(),
            alone: (facts.outside || facts.purpose == DIGEST).then_some(facts.notice),
        }
    }
}

/// Puts messages of one company into one; one alone stays as it is. `None` for none.
#[must_use]
pub fn together(mut messages: Vec<Outgoing>) -> Option<Outgoing> {
    if messages.len() < 2 {
        return messages.pop();
    }
    let words = words(&messages);
    messages.truncate(1);
    messages.pop().map(|first| first.saying(words))
}

/// What is said of one incident.
struct Paragraph<'a> {
    incident: Option<&'a IncidentLine>,
    lines: Vec<(&'a str, usize)>,
    link: Option<&'a Link>,
}

fn paragraphs(messages: &[Outgoing]) -> Vec<Paragraph<'_>> {
    let mut paragraphs: Vec<Paragraph<'_>> = Vec::new();
    for facts in messages.iter().map(Outgoing::facts) {
        let incident = facts.incident.as_ref();
        let id = |line: Option<&IncidentLine>| line.map(|line| line.id);
        let at = paragraphs.iter().position(|known| id(known.incident) == id(incident));
        let at = at.unwrap_or_else(|| {
            paragraphs.push(Paragraph { incident, lines: Vec::new(), link: None });
            paragraphs.len() - 1
        });
        let paragraph = &mut paragraphs[at];
        let mut links = facts.links.iter().filter(|link| !is_answer(link));
        paragraph.link = paragraph.link.or(links.next());
        let said = match facts.headline.as_str() {
            "" => facts.text.lines().next().unwrap_or(&facts.subject),
            headline => headline,
        };
        match paragraph.lines.iter_mut().find(|(line, _)| *line == said) {
            Some((_, times)) => *times += 1,
            None => paragraph.lines.push((said, 1)),
        }
    }
    // The worst first: whoever reads one line reads that one.
    paragraphs.sort_by_key(|paragraph| paragraph.incident.map_or(u8::MAX, |line| line.level));
    paragraphs
}

/// Tells whether a link speaks for its reader, rather than leading to where something is seen.
fn is_answer(link: &Link) -> bool {
    link.url.contains(ANSWER_PATH)
}

/// Lists the links by which the reader answers, the worst incident's first.
fn answers(messages: &[Outgoing]) -> Vec<Link> {
    let mut facts: Vec<&Rendered> = messages.iter().map(Outgoing::facts).collect();
    facts.sort_by_key(|facts| facts.incident.as_ref().map_or(u8::MAX, |line| line.level));
    let answers = facts.into_iter().filter_map(|facts| {
        let (line, link) = (facts.incident.as_ref()?, facts.answer.as_ref()?);
        Some(Link { label: format!("#{} {}", line.number, link.label), url: link.url.clone() })
    });
    answers.collect()
}

fn words(messages: &[Outgoing]) -> Rendered {
    let first = messages[0].facts();
    let lang = first.lang;
    let paragraphs = paragraphs(messages);
    let (count, incidents) = (messages.len(), paragraphs.len());
    let subject = lang.pick(
        format!("{count} 条通知（{incidents} 起事件）"),
        format!("{count} notices (incidents: {incidents})"),
    );
    let text: Vec<String> = paragraphs.iter().map(|paragraph| told(paragraph, lang)).collect();
    let links = paragraphs.iter().filter_map(|paragraph| {
        let link = paragraph.link?;
        let label = match paragraph.incident {
            Some(line) => format!("#{} {}", line.number, link.label),
            None => link.label.clone(),
        };
        Some(Link { label, url: link.url.clone() })
    });
    Rendered {
        format: RENDERED_FORMAT,
        notice: first.notice,
        at: first.at,
        purpose: DIGEST.into(),
        lang,
        mode: first.mode,
        incident: paragraphs.first().and_then(|paragraph| paragraph.incident).cloned(),
        role: None,
        step: None,
        outside: false,
        subject,
        headline: String::new(),
        text: text.join("\n\n"),
        links: answers(messages)
            .into_iter()
            .take(ANSWERS_MAX)
            .chain(links)
            .take(LINKS_MAX)
            .collect(),
        answer: None,
        sms: first.sms.clone(),
    }
}

fn told(paragraph: &Paragraph<'_>, lang: Lang) -> String {
    let title = paragraph.incident.map(|line| {
        let (number, title, level) = (line.number, &line.title, line.level);
        lang.pick(
            format!("#{number} {title}（{level} 级）"),
            format!("#{number} {title} (level {level})"),
        )
    });
    let line = |(said, times): &(&str, usize)| match times {
        1 => format!("- {said}"),
        times => format!("- {said} ×{times}"),
    };
    let mut lines: Vec<String> = title.into_iter().collect();
    lines.extend(paragraph.lines.iter().take(LINES_MAX).map(line));
    let more = paragraph.lines.iter().skip(LINES_MAX).map(|(_, times)| times).sum::<usize>();
    if more > 0 {
        lines.push(lang.pick(format!("- 另有 {more} 条"), format!("- and {more} more")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::IncidentId;
    use crate::notify::gate::Pass;
    use crate::notify::message::tests::page;
    use crate::notify::route::Destination;

    fn message(number: u64, headline: &str, drill: bool) -> Outgoing {
        let mut words = page(Lang::Zh);
        if let Some(line) = &mut words.incident {
            line.number = number;
            line.id = IncidentId::from_u128(u128::from(number));
            line.level = if number == 7 { 1 } else { 3 };
        }
        words.headline = headline.into();
        let to = Destination { address: String::new(), shared: true };
        Outgoing::new(Pass::for_test(drill), to, words, jiff::Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn one_message_stays_as_it_is() {
        let one = together(vec![message(42, "请确认", false)]).unwrap();
        assert_eq!(one.headline(), "请确认");
        assert!(together(Vec::new()).is_none());
    }

    #[test]
    fn fifty_messages_about_three_incidents_are_read_at_a_glance() {
        let messages = (0..50_u64).map(|n| {
            let number = [42, 7, 9][usize::try_from(n % 3).unwrap()];
            message(number, if n < 30 { "请处理：确认影响" } else { "步骤超时：定位根因" }, true)
        });
        let digest = together(messages.collect()).unwrap();
        assert_eq!(digest.subject(), "【演练】50 条通知（3 起事件）");
        insta::assert_snapshot!(digest.text());
    }

    #[test]
    fn a_hundred_different_lines_are_cut_and_counted() {
        let messages = (0..100).map(|n| message(42, &format!("步骤 {n}"), false)).collect();
        let text = together(messages).unwrap().text();
        assert!(text.ends_with("- 另有 88 条"), "{text}");
    }

    #[test]
    fn what_goes_to_strangers_is_never_put_together() {
        let outside = |notice: u128| {
            let mut words = page(Lang::Zh);
            words.outside = true;
            words.notice = crate::id::NoticeId::from_u128(notice);
            let to = Destination { address: String::new(), shared: true };
            Outgoing::new(Pass::for_test(false), to, words, jiff::Timestamp::UNIX_EPOCH)
        };
        assert_ne!(Company::of(&outside(1)), Company::of(&outside(2)));
        let ours = message(1, "a", false);
        assert_eq!(Company::of(&ours), Company::of(&message(2, "b", false)));
        assert_ne!(Company::of(&ours), Company::of(&message(1, "a", true)), "drills stay apart");
    }
}
