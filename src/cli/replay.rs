//! `firebell replay`: what another plan would have made of an incident, with what people really did.

use std::path::Path;

use serde_json::Value as Json;

use super::args;
use super::client::{Client, part};
use super::exit::{Exit, Stop};

use super::screen::{Screen, Tone};
use crate::drill::replay::{Guessed, Moment, Pair, Replay, Replayed, Standing};
use crate::drill::result::Outcome;
use crate::drill::study::report::{MilestoneKind, PromiseKind};
use crate::drill::study::words::lasted;
use crate::text::{Lang, Text};

/// Asks the server and shows its answer.
///
/// # Errors
/// The server's problem; a file that cannot be read; with `--exit-code`, a promise that was kept and
/// would have been missed.
pub async fn run(args: &args::Replay, client: &Client, screen: &Screen) -> Result<(), Stop> {
    let answer = ask(args, client, screen).await?;
    let replayed = serde_json::from_value::<Replayed>(answer.clone());
    let replayed = replayed.map_err(|error| Stop::new(Exit::Failure, error.to_string()))?;
    screen.data(&answer, |_| shown(screen, &replayed))?;
    let worse = replayed.promises.iter().any(is_worse);
    if args.exit_code && worse { Err(Stop::silent(Exit::Failure)) } else { Ok(()) }
}

async fn ask(args: &args::Replay, client: &Client, screen: &Screen) -> Result<Json, Stop> {
    let path = format!("/api/v1/incidents/{}/replay", part(&args.incident));
    let file = Path::new(&args.playbook);
    if !file.is_file() {
        if file.extension().is_some() {
            let why = screen.lang.pick(
                format!("没有文件 {}", args.playbook),
                format!("there is no file {}", args.playbook),
            );
            return Err(Stop::new(Exit::NotFound, why));
        }
        let path = format!("{path}?playbook={}", part(&args.playbook));
        return client.post_plan(&path, Vec::new()).await;
    }
    let bytes = std::fs::read(file).map_err(|error| {
        let why = screen.lang.pick(
            format!("读不了 {}：{error}", args.playbook),
            format!("{} could not be read: {error}", args.playbook),
        );
        Stop::new(Exit::Failure, why)
    })?;
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    client.post_plan(&format!("{path}?name={}", part(&name)), bytes).await
}

fn is_worse(row: &Replay<PromiseKind>) -> bool {
    let kept = |standing: Option<Standing>| standing.and_then(|standing| standing.kept);
    kept(row.before) == Some(true) && kept(row.after) == Some(false)
}

fn shown(screen: &Screen, replayed: &Replayed) -> String {
    let mut parts = vec![head(screen, replayed), promises(screen, &replayed.promises)];
    parts.push(moments(screen, &replayed.milestones));
    parts.extend(remarks(screen, replayed));
    parts.push(screen.paint(Tone::Faint, &how_exact(screen.lang, replayed)));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

fn head(screen: &Screen, replayed: &Replayed) -> String {
    let lang = screen.lang;
    let short = |hash: &str| hash.chars().take(8).collect::<String>();
    let (before, after) = (&replayed.before, &replayed.after);
    let mut lines = vec![
        format!("#{}  {}", replayed.number, replayed.title),
        format!(
            "{} {} → {} {}",
            before.playbook,
            short(&before.hash),
            after.playbook,
            short(&after.hash)
        ),
        lang.pick("到结束：", "to the end: ").to_owned() + &pair(replayed.ended, lang),
    ];
    if replayed.outcome != Outcome::Completed {
        let why = replayed.why.as_ref().map_or("", |why| why.get(lang));
        let line = lang.pick(
            format!("新预案下没有走到结束：{why}"),
            format!("under the other plan it does not come to its end: {why}"),
        );
        lines.push(screen.paint(Tone::Warn, &line));
    }
    lines.join("\n")
}

fn promises(screen: &Screen, rows: &[Replay<PromiseKind>]) -> String {
    let lang = screen.lang;
    let row = |row: &Replay<PromiseKind>| {
        let kind = match row.kind {
            PromiseKind::Objective => lang.pick("目标", "objective"),
            PromiseKind::Clock => lang.pick("法定时限", "clock"),
        };
        let limit = row.limit.map_or_else(String::new, |limit| lasted(limit, lang));
        let unsure = if row.sure { "" } else { lang.pick("取决于推测", "rests on guesses") };
        vec![
            kind.to_owned(),
            row.title.get(lang).to_owned(),
            limit,
            standing(screen, row.before),
            standing(screen, row.after),
            screen.paint(Tone::Warn, unsure),
        ]
    };
    let heading = [
        ("", ""),
        ("承诺", "PROMISE"),
        ("时限", "LIMIT"),
        ("当时", "AS IT WAS"),
        ("新预案", "OTHER PLAN"),
        ("", ""),
    ];
    screen.table(&heading, rows.iter().map(row).collect())
}

fn standing(screen: &Screen, standing: Option<Standing>) -> String {
    let lang = screen.lang;
    let Some(Standing { kept, seconds }) = standing else {
        return screen.paint(Tone::Faint, lang.pick("无此项", "has none"));
    };
    let (tone, word) = match kept {
        Some(true) => (Tone::Good, lang.pick("达到", "kept")),
        Some(false) => (Tone::Bad, lang.pick("未达", "missed")),
        None => (Tone::Faint, lang.pick("未出现", "did not arise")),
    };
    let took = seconds.map_or_else(String::new, |took| format!(" · {}", lasted(took, lang)));
    format!("{}{took}", screen.paint(tone, word))
}

fn moments(screen: &Screen, rows: &[Moment]) -> String {
    let lang = screen.lang;
    if rows.is_empty() {
        return String::new();
    }
    let row = |row: &Moment| {
        let kind = match row.kind {
            MilestoneKind::Role => lang.pick("角色确认", "role taken"),
            MilestoneKind::Phase => lang.pick("进入阶段", "phase entered"),
            MilestoneKind::Step => lang.pick("步骤完成", "step done"),
        };
        let (before, after) = (time(row.at.before, lang), time(row.at.after, lang));
        vec![kind.to_owned(), row.title.get(lang).to_owned(), before, after, change(screen, row.at)]
    };
    let heading = [
        ("", ""),
        ("里程碑", "MILESTONE"),
        ("当时", "AS IT WAS"),
        ("新预案", "OTHER PLAN"),
        ("变化", "CHANGE"),
    ];
    screen.table(&heading, rows.iter().map(row).collect())
}

fn time(seconds: Option<u64>, lang: Lang) -> String {
    seconds.map_or_else(|| "—".to_owned(), |seconds| lasted(seconds, lang))
}

fn pair(pair: Pair, lang: Lang) -> String {
    format!("{} → {}", time(pair.before, lang), time(pair.after, lang))
}

fn change(screen: &Screen, pair: Pair) -> String {
    let (Some(before), Some(after)) = (pair.before, pair.after) else { return String::new() };
    let by = lasted(before.abs_diff(after), screen.lang);
    match after.cmp(&before) {
        std::cmp::Ordering::Less => screen.paint(Tone::Good, &format!("−{by}")),
        std::cmp::Ordering::Greater => screen.paint(Tone::Bad, &format!("+{by}")),
        std::cmp::Ordering::Equal => String::new(),
    }
}

fn remarks(screen: &Screen, replayed: &Replayed) -> Vec<String> {
    let lang = screen.lang;
    let list = |texts: &[Text]| {
        let words: Vec<&str> = texts.iter().map(|text| text.get(lang)).collect();
        words.join(lang.pick("、", ", "))
    };
    let guess = |guessed: &Guessed| match guessed {
        Guessed::Role { role, person } => format!("{person} ({role})"),
        Guessed::Step { step } => step.to_string(),
    };
    let guessed: Vec<String> = replayed.guessed.iter().map(guess).collect();
    let guessed = guessed.join(lang.pick("、", ", "));
    let (refused, lost) = (list(&replayed.refused), list(&replayed.lost));
    let each = [
        (
            lang.pick(
                "当时没有人做过，按当时的常见用时推测：",
                "nobody did it then, guessed from what was usual then: ",
            ),
            guessed,
        ),
        (
            lang.pick(
                "新预案中无处安放的外部情况：",
                "came from outside and has no place in the other plan: ",
            ),
            refused,
        ),
        (
            lang.pick(
                "当时做过、新预案中没有的步骤：",
                "was done then and is no step of the other plan: ",
            ),
            lost,
        ),
    ];
    let said = each.into_iter().filter(|(_, what)| !what.is_empty());
    said.map(|(words, what)| format!("{}{what}", screen.paint(Tone::Warn, words))).collect()
}

fn how_exact(lang: Lang, replayed: &Replayed) -> String {
    let exact = replayed.exact;
    let (alike, of, most) =
        (exact.promises_alike, exact.promises, lasted(exact.most_seconds, lang));
    lang.pick(
        format!(
            "精确程度：用原预案同样重放，{of} 项承诺中 {alike} 项与当时相同，里程碑最多相差 {most}；\
             {} 个里程碑只在一边出现。沿用每个人当时的响应与处置用时，人员按当时的值班表询问。",
            exact.only_one
        ),
        format!(
            "how exact: its own plan, replayed the same way, gives {alike} of {of} promises as they \
             were and milestones to within {most}; {} milestones come up on one side only. Everyone \
             takes as long as they took then, and those on call then are asked.",
            exact.only_one
        ),
    )
}
