//! `firebell simulate page`: who would be paged, over the configured rosters, by the engine that runs
//! live incidents. Works without a server, or asks one for the changes that people made; what it
//! finds wrong is its exit code.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::act::pairs;
use super::args::{Common, SimulatePage};
use super::client::Client;
use super::exit::{Exit, Stop};
use super::screen::{Screen, Tone, length};
use super::shift::instant;
use super::{plan, wait, word::word};
use crate::config::{Calendar, CalendarPlace, Config};
use crate::drill::simulate::page::{Page, Paged, Trial, Wrong, page};
use crate::id::{PersonId, RoleId, ScheduleId, StepId};
use crate::people::{Change, Directory, Override};
use crate::playbook::{LEVEL_MILDEST, LEVEL_WORST, Level};
use crate::server::wire::ShownOverride;
use crate::text::{Lang, Text, count};

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
    let at = args.at.as_deref().map_or(Ok(screen.now), |at| instant(at, screen))?;
    let Json::Object(inputs) = pairs(&args.inputs, screen.lang)? else {
        return Err(Stop::new(Exit::Usage, String::new()));
    };
    let level = args.level.map(|level| parse_level(level, screen)).transpose()?;
    let answer = parse_answer(&args.answer, screen)?;
    let (directory, rosters) = rosters(args, common, &config, at, screen)?;
    let zone = &screen.zone;
    let trial =
        Trial { playbook: &playbook, directory: &directory, level, inputs: &inputs, answer, zone };
    match (&args.every, args.days) {
        (Some(every), Some(days)) => scan(trial, at, (every, days.get()), &rosters, screen),
        _ => once(trial, at, &rosters, screen),
    }
}

/// What the rosters are made of that a page was tried over.
#[derive(Debug, Serialize)]
struct Rosters {
    /// With the overrides and swaps of a running server; else as configured.
    live: bool,
    /// How many of these.
    overrides: usize,
    /// Schedules whose shifts are behind an address: only a running server knows them.
    unknown: Vec<ScheduleId>,
}

/// Reads the configured rosters, and lays over them what a running server has, where that is asked for.
fn rosters(
    args: &SimulatePage,
    common: &Common,
    config: &Config,
    at: Timestamp,
    screen: &Screen,
) -> Result<(Arc<Directory>, Rosters), Stop> {
    let behind = |calendar: &Calendar| matches!(calendar.place, CalendarPlace::Address { .. });
    let unknown = config.calendars.iter().filter(|(_, calendar)| behind(calendar));
    let unknown = unknown.map(|(schedule, _)| schedule.clone()).collect();
    let base = config.directory();
    if !args.live {
        return Ok((base, Rosters { live: false, overrides: 0, unknown }));
    }
    let client = Client::new(common, screen.lang)?;
    let answer = wait(client.get(&format!("/api/v1/overrides?from={at}")))?;
    let listed: Vec<ShownOverride> = serde_json::from_value(answer["items"].clone())
        .map_err(|error| Stop::new(Exit::Failure, error.to_string()))?;
    let laid: Vec<(ScheduleId, Override)> = listed.into_iter().filter_map(effect).collect();
    let overrides = laid.len();
    // What names somebody or something unknown here is left out there, too.
    let (directory, _) = base.with_overrides(laid);
    Ok((Arc::new(directory), Rosters { live: true, overrides, unknown }))
}

/// Returns what an override changes: less, or nothing, where it was taken back.
fn effect(shown: ShownOverride) -> Option<(ScheduleId, Override)> {
    let change = match (shown.person, shown.off) {
        (Some(with), Some(out)) => Change::Replace { out, with },
        (Some(person), None) => Change::Put(person),
        (None, Some(off)) => Change::Off(off),
        (None, None) => return None,
    };
    let to = shown.withdrawn.map_or(shown.to, |withdrawn| shown.to.min(withdrawn.at));
    let over = Override { from: shown.from, to, change, note: None };
    (over.from < over.to).then_some((shown.schedule, over))
}

impl Rosters {
    /// Says what a page was tried over.
    fn said(&self, lang: Lang) -> String {
        let n = self.overrides;
        let mut said = if self.live {
            lang.pick(
                format!("按配置的值班表和运行中服务器的 {n} 个调班"),
                format!(
                    "over the configured rosters and {} of the running server",
                    count(n, "override", "overrides")
                ),
            )
        } else {
            let (zh, en) = (
                "只按配置的值班表；运行中的调班不在内（--live 可加入）",
                "over the configured rosters alone; overrides of a running server are not in it \
                 (--live adds them)",
            );
            lang.pick(zh, en).to_owned()
        };
        if !self.unknown.is_empty() {
            let names: Vec<&str> = self.unknown.iter().map(ScheduleId::as_str).collect();
            said.push_str(&lang.pick(
                format!("；网址日历的班次这里不知道：{}", names.join("、")),
                format!("; shifts behind an address are not known here: {}", names.join(", ")),
            ));
        }
        said
    }
}

/// What is wrong, with the sentence that says it.
#[derive(Debug, Serialize)]
struct SaidWrong<'a> {
    #[serde(flatten)]
    wrong: &'a Wrong,
    says: Text,
}

/// A try as it is printed.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    at: Timestamp,
    pages: &'a [Page],
    wrong: Vec<SaidWrong<'a>>,
}

impl<'a> Shown<'a> {
    fn of(paged: &'a Paged, trial: Trial<'_>) -> Self {
        let wrong = paged.wrong.iter();
        let wrong = wrong.map(|wrong| SaidWrong { wrong, says: said(wrong, trial) }).collect();
        Self { at: paged.at, pages: &paged.pages, wrong }
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

fn once(trial: Trial<'_>, at: Timestamp, rosters: &Rosters, screen: &Screen) -> Result<(), Stop> {
    let paged = tried(trial, at, screen)?;
    let shown = Shown::of(&paged, trial);
    let data = json!({
        "at": shown.at, "pages": shown.pages, "wrong": shown.wrong, "rosters": rosters
    });
    screen.data(&data, |_| report(&shown, rosters, screen))?;
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
    (every, days): (&str, u16),
    rosters: &Rosters,
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
    let shown: Vec<Shown<'_>> = wrong.iter().map(|paged| Shown::of(paged, trial)).collect();
    let data = json!({
        "from": from, "until": until, "tried": count, "wrong": shown, "rosters": rosters
    });
    screen.data(&data, |_| {
        let mut parts: Vec<String> = shown.iter().map(|shown| short(shown, screen)).collect();
        let bad = wrong.len();
        parts.push(screen.lang.pick(
            format!("共试 {count} 个时刻，{bad} 个有问题"),
            format!("instants tried: {count}; with something wrong: {bad}"),
        ));
        parts.push(rosters.said(screen.lang));
        parts.join("\n")
    })?;
    found(nothing)
}

fn short(shown: &Shown<'_>, screen: &Screen) -> String {
    let wrong: Vec<&str> = shown.wrong.iter().map(|wrong| wrong.says.get(screen.lang)).collect();
    let wrong = wrong.join(screen.lang.pick("；", "; "));
    format!("{}  {}", screen.time(shown.at), screen.paint(Tone::Bad, &wrong))
}

fn report(shown: &Shown<'_>, rosters: &Rosters, screen: &Screen) -> String {
    let heading =
        [("时刻", "AT"), ("启动后", "AFTER"), ("通知谁", "WHO"), ("渠道", "BY"), ("内容", "SAYS")];
    let rows = shown.pages.iter().map(|page| row(shown.at, page, screen)).collect();
    let mut parts = vec![screen.table(&heading, rows)];
    for wrong in &shown.wrong {
        parts.push(screen.paint(Tone::Bad, wrong.says.get(screen.lang)));
    }
    if shown.wrong.is_empty() {
        let fine = screen.lang.pick("每一步都有人被通知到", "somebody is reached at every step");
        parts.push(screen.paint(Tone::Good, fine));
    }
    parts.push(rosters.said(screen.lang));
    parts.join("\n")
}

fn row(from: Timestamp, page: &Page, screen: &Screen) -> Vec<String> {
    let name = page.name.as_ref().map_or("", |name| name.get(screen.lang));
    let who = match &page.person {
        None => String::new(),
        Some(person) if name.is_empty() || name == person.as_str() => person.to_string(),
        Some(person) => format!("{name} ({person})"),
    };
    let after = length(page.at.duration_since(from), screen.lang);
    let says = page.says.get(screen.lang);
    let says = match page.rung {
        Some(rung) => {
            screen.lang.pick(format!("{says}（第 {rung} 级）"), format!("{says} (rung {rung})"))
        }
        None => says.to_owned(),
    };
    vec![screen.time(page.at), after, who, page.channel.to_string(), says]
}

/// What people call things of a plan and of its rosters, in one language.
struct Titles<'a> {
    trial: Trial<'a>,
    lang: Lang,
}

impl Titles<'_> {
    fn role(&self, id: &RoleId) -> String {
        let role = self.trial.playbook.roles.get(id);
        role.map_or_else(|| id.to_string(), |role| role.title.get(self.lang).to_owned())
    }

    fn person(&self, id: &PersonId) -> String {
        let known = self.trial.directory.person(id);
        known.map_or_else(|| id.to_string(), |known| known.name.get(self.lang).to_owned())
    }

    fn schedule(&self, id: &ScheduleId) -> String {
        let known = self.trial.directory.schedule(id);
        known.map_or_else(|| id.to_string(), |known| known.title.get(self.lang).to_owned())
    }

    /// What a ladder is climbed for: a role, else a step, else one of the engine's own words.
    fn subject(&self, about: &str) -> String {
        let role = RoleId::new(about);
        if self.trial.playbook.roles.contains_key(&role) {
            return self.role(&role);
        }
        let step = self.trial.playbook.step(&StepId::new(about));
        let title = step.and_then(|(_, step)| step.title.as_ref());
        title.map_or_else(|| word(self.lang, about).to_owned(), |own| own.get(self.lang).to_owned())
    }
}

fn said(wrong: &Wrong, trial: Trial<'_>) -> Text {
    let say = |lang| sentence(wrong, &Titles { trial, lang });
    Text::both(say(Lang::Zh), say(Lang::En))
}

fn sentence(wrong: &Wrong, titles: &Titles<'_>) -> String {
    let (zh, en) = match wrong {
        Wrong::Gap { role, schedule } => {
            let (role, schedule) = (titles.role(role), titles.schedule(schedule));
            (
                format!("角色“{role}”的值班表“{schedule}”无人值班"),
                format!("nobody is on call on “{schedule}” for the role {role}"),
            )
        }
        Wrong::Unreachable { role, person } => {
            let (role, person) = (titles.role(role), titles.person(person));
            (
                format!("角色“{role}”的值班人 {person} 没有联系方式"),
                format!("{person}, on call for the role {role}, has no contact"),
            )
        }
        Wrong::NobodyToAsk { role } => {
            let role = titles.role(role);
            (format!("角色“{role}”无人可问"), format!("there is nobody to ask for the role {role}"))
        }
        Wrong::EmptyRung { about, rung } => {
            let about = titles.subject(about);
            (
                format!("“{about}”的第 {rung} 级升级通知不到任何人"),
                format!("rung {rung} of the ladder for “{about}” reaches nobody"),
            )
        }
        Wrong::NoChannel { to } => {
            let to = titles.person(&PersonId::new(to));
            (format!("发给 {to} 的通知没有渠道"), format!("a message to {to} has no way out"))
        }
        Wrong::NobodyPaged => ("没有通知任何人".to_owned(), "nobody at all is paged".to_owned()),
        Wrong::Endless => {
            ("24 小时后仍未结束".to_owned(), "it still goes on after 24 hours".to_owned())
        }
    };
    titles.lang.pick(zh, en)
}
