//! `firebell simulate page`: who would be paged, over the configured rosters, by the engine that runs
//! live incidents. Works without a server; what it finds wrong is its exit code.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value as Json, json};

use super::act::pairs;
use super::args::{Common, SimulatePage};
use super::exit::{Exit, Stop};
use super::screen::{Screen, Tone, length};
use super::shift::instant;
use super::{plan, word::word};
use crate::drill::simulate::page::{Page, Paged, Trial, Wrong, page};
use crate::people::Directory;
use crate::playbook::{LEVEL_MILDEST, LEVEL_WORST, Level};

/// The most instants of one scan: a year of hours.
const INSTANTS_MAX: i64 = 9_000;
/// The shortest step of a scan.
const EVERY_MIN: SignedDuration = SignedDuration::from_mins(1);

/// Prints who would be paged; somebody needed who is not reached is a finding.
///
/// # Errors
/// No such plan; a declaration that the plan refuses; something wrong.
pub fn run(args: &SimulatePage, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let (playbook, config) = plan::find(&args.playbook, common, screen)?;
    let directory = config.directory();
    let at = args.at.as_deref().map_or(Ok(screen.now), |at| instant(at, screen))?;
    let Json::Object(inputs) = pairs(&args.inputs, screen.lang)? else {
        return Err(Stop::new(Exit::Usage, String::new()));
    };
    let level = args.level.map(|level| parse_level(level, screen)).transpose()?;
    let answer = parse_answer(&args.answer, screen)?;
    let trial =
        Trial { playbook: &playbook, directory: &directory, level, inputs: &inputs, answer };
    match (&args.every, args.days) {
        (Some(every), Some(days)) => scan(trial, at, every, days.get(), screen),
        _ => once(trial, at, screen),
    }
}

fn parse_level(level: u8, screen: &Screen) -> Result<Level, Stop> {
    if (LEVEL_WORST..=LEVEL_MILDEST).contains(&level) {
        return Ok(level);
    }
    let words = screen.lang.pick("等级为 1 至 4", "levels are 1 to 4");
    Err(Stop::new(Exit::Usage, words))
}

fn parse_answer(text: &str, screen: &Screen) -> Result<Option<SignedDuration>, Stop> {
    match text.strip_prefix("after:") {
        None if text == "never" => Ok(None),
        Some(after) => parse_length(after, screen).map(Some),
        None => {
            let words = screen.lang.pick(
                format!("`{text}`：请写 never 或 after:5m"),
                format!("`{text}`: write never, or after:5m"),
            );
            Err(Stop::new(Exit::Usage, words))
        }
    }
}

fn parse_length(text: &str, screen: &Screen) -> Result<SignedDuration, Stop> {
    let length = text.parse::<SignedDuration>().ok();
    length.filter(|length| length.is_positive()).ok_or_else(|| {
        let words = screen.lang.pick(
            format!("`{text}` 不是时长，例如 5m、1h"),
            format!("`{text}` is no length, such as 5m or 1h"),
        );
        Stop::new(Exit::Usage, words)
    })
}

fn tried(trial: Trial<'_>, at: Timestamp, screen: &Screen) -> Result<Paged, Stop> {
    page(trial, at).map_err(|rejection| {
        let mut words = rejection.text.get(screen.lang).to_owned();
        for field in &rejection.fields {
            words.push_str(&format!("\n  {}: {}", field.pointer, field.detail.get(screen.lang)));
        }
        Stop::new(Exit::Failure, words)
    })
}

fn once(trial: Trial<'_>, at: Timestamp, screen: &Screen) -> Result<(), Stop> {
    let paged = tried(trial, at, screen)?;
    screen.data(&paged, |paged| report(paged, trial.directory, screen))?;
    found(paged.wrong.is_empty())
}

fn found(nothing: bool) -> Result<(), Stop> {
    if nothing { Ok(()) } else { Err(Stop::silent(Exit::Failure)) }
}

/// Tries a page every so often and keeps the instants at which something is wrong. Steps are lengths
/// of time, not of a wall clock: a day of 23 hours has 23 of an hour.
fn scan(
    trial: Trial<'_>,
    from: Timestamp,
    every: &str,
    days: u16,
    screen: &Screen,
) -> Result<(), Stop> {
    let every = parse_length(every, screen)?.max(EVERY_MIN);
    let zone = screen.zone.time_zone().clone();
    let until = from.to_zoned(zone).saturating_add(jiff::Span::new().days(i64::from(days)));
    let until = until.timestamp();
    let (mut at, mut count, mut wrong) = (from, 0, Vec::new());
    while at < until && count < INSTANTS_MAX {
        let paged = tried(trial, at, screen)?;
        count += 1;
        if !paged.wrong.is_empty() {
            wrong.push(paged);
        }
        at = at.saturating_add(every).unwrap_or(Timestamp::MAX);
    }
    let nothing = wrong.is_empty();
    let data = json!({ "from": from, "until": until, "tried": count, "wrong": wrong });
    screen.data(&data, |_| {
        let mut parts: Vec<String> = wrong.iter().map(|paged| short(paged, screen)).collect();
        let bad = wrong.len();
        parts.push(screen.lang.pick(
            format!("共试 {count} 个时刻，{bad} 个有问题"),
            format!("instants tried: {count}; with something wrong: {bad}"),
        ));
        parts.join("\n")
    })?;
    found(nothing)
}

fn short(paged: &Paged, screen: &Screen) -> String {
    let wrong: Vec<String> = paged.wrong.iter().map(|wrong| said(wrong, screen)).collect();
    let wrong = wrong.join(screen.lang.pick("；", "; "));
    format!("{}  {}", screen.time(paged.at), screen.paint(Tone::Bad, &wrong))
}

fn report(paged: &Paged, directory: &Directory, screen: &Screen) -> String {
    let heading = [
        ("时刻", "AT"),
        ("启动后", "AFTER"),
        ("通知谁", "WHO"),
        ("渠道", "BY"),
        ("事由", "WHAT FOR"),
    ];
    let rows = paged.pages.iter().map(|page| row(paged.at, page, directory, screen)).collect();
    let mut parts = vec![screen.table(&heading, rows)];
    for wrong in &paged.wrong {
        parts.push(screen.paint(Tone::Bad, &said(wrong, screen)));
    }
    if paged.wrong.is_empty() {
        let fine = screen.lang.pick("每一步都有人被通知到", "somebody is reached at every step");
        parts.push(screen.paint(Tone::Good, fine));
    }
    parts.join("\n")
}

fn row(from: Timestamp, page: &Page, directory: &Directory, screen: &Screen) -> Vec<String> {
    let who = page.person.as_ref().map_or_else(String::new, |person| {
        let name = directory.person(person).map_or("", |known| known.name.get(screen.lang));
        if name.is_empty() || name == person.as_str() {
            person.to_string()
        } else {
            format!("{name} ({person})")
        }
    });
    let after = length(page.at.duration_since(from), screen.lang);
    let (time, channel) = (screen.time(page.at), page.channel.to_string());
    vec![time, after, who, channel, purpose(page, screen)]
}

fn purpose(page: &Page, screen: &Screen) -> String {
    let about = &page.about;
    match (page.purpose, page.rung) {
        ("role_page", _) => {
            screen.lang.pick(format!("请接任 {about}"), format!("take the role {about}"))
        }
        ("escalation", Some(rung)) => screen
            .lang
            .pick(format!("{about} 升级，第 {rung} 级"), format!("{about} escalated, rung {rung}")),
        ("last_resort", _) => screen.lang.pick(
            format!("{about} 升级无人响应，最后求助"),
            format!("nobody answered the ladder for {about}: the last resort"),
        ),
        ("escalation", None) => {
            screen.lang.pick(format!("{about} 升级"), format!("{about} escalated"))
        }
        _ => {
            let about = word(screen.lang, about);
            screen.lang.pick(format!("告知指挥：{about}"), format!("tell the commander: {about}"))
        }
    }
}

fn said(wrong: &Wrong, screen: &Screen) -> String {
    let (zh, en) = match wrong {
        Wrong::Gap { role, schedule } => (
            format!("角色 {role} 的值班表 {schedule} 无人值班"),
            format!("nobody is on call on {schedule} for the role {role}"),
        ),
        Wrong::Unreachable { role, person } => (
            format!("角色 {role} 的值班人 {person} 没有联系方式"),
            format!("{person}, on call for the role {role}, has no contact"),
        ),
        Wrong::NobodyToAsk { role } => {
            (format!("角色 {role} 无人可问"), format!("there is nobody to ask for the role {role}"))
        }
        Wrong::EmptyRung { about, rung } => (
            format!("{about} 的第 {rung} 级升级通知不到任何人"),
            format!("rung {rung} of the ladder for {about} reaches nobody"),
        ),
        Wrong::NoChannel { to } => {
            (format!("发给 {to} 的通知没有渠道"), format!("a message to {to} has no way out"))
        }
        Wrong::NobodyPaged => ("没有通知任何人".to_owned(), "nobody at all is paged".to_owned()),
        Wrong::Endless => {
            ("24 小时后仍未结束".to_owned(), "it still goes on after 24 hours".to_owned())
        }
    };
    screen.lang.pick(zh, en)
}
