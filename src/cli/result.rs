//! How the results of drills look on a terminal: a list, one result, two results beside each other.
//! It must not know where they come from.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use super::screen::{Screen, Tone};
use super::word::word;
use crate::drill::exercise::Pause;
use crate::drill::expect::Part;
use crate::drill::result::{Comparison, DrillResult};
use crate::drill::scenario::RunAs;
use crate::drill::score::{Finding, Judgement, PartScore, Verdict};
use crate::drill::shadow::Shadowing;
use crate::drill::study::words::{percent, share};
use crate::text::{Lang, count};

/// Lists results, each with when it was really run.
#[must_use]
pub fn results(screen: &Screen, items: &Json) -> String {
    let text = |item: &Json, key: &str| {
        item.get(key).and_then(Json::as_str).unwrap_or_default().to_owned()
    };
    let row = |item: &Json| {
        let ran_at = text(item, "ran_at").parse().map(|at: Timestamp| screen.moment(at));
        let verdict = text(item, "verdict");
        let tone = match verdict.as_str() {
            "passed" => Tone::Good,
            "failed" => Tone::Bad,
            _ => Tone::Faint,
        };
        // Of a step `failed` says that it broke down; a drill that failed was not passed.
        let code = if verdict == "failed" { "not_passed" } else { &verdict };
        vec![
            text(item, "drill"),
            screen.paint(tone, word(screen.lang, code)),
            item.get("score").and_then(Json::as_u64).map_or_else(String::new, |n| n.to_string()),
            word(screen.lang, &text(item, "outcome")).to_owned(),
            ran_at.unwrap_or_default(),
            text(item, "run"),
        ]
    };
    let rows: Vec<_> = items.as_array().into_iter().flatten().map(row).collect();
    if rows.is_empty() {
        return screen.lang.pick("没有演练记录", "No runs").to_owned();
    }
    let heading = [
        ("演练", "DRILL"),
        ("结论", "VERDICT"),
        ("得分", "SCORE"),
        ("过程", "OUTCOME"),
        ("运行时间", "RAN"),
        ("编号", "RUN"),
    ];
    screen.table(&heading, rows)
}

/// Shows one result.
#[must_use]
pub fn report(screen: &Screen, result: &DrillResult) -> String {
    let verdict = match result.verdict {
        Verdict::Passed => screen.paint(Tone::Good, screen.lang.pick("通过", "passed")),
        Verdict::Failed => screen.paint(Tone::Bad, screen.lang.pick("未通过", "failed")),
        Verdict::NotJudged => screen.paint(Tone::Warn, screen.lang.pick("未评判", "not judged")),
    };
    let score = result.score.map_or_else(|| "–".to_owned(), |score| score.to_string());
    let pass = result.pass_score;
    let mut lines = vec![
        format!("{}  {}", result.drill, result.title.get(screen.lang)),
        screen.lang.pick(
            format!("{verdict} · 得分 {score}（及格 {pass}）· 共 {} 条记录", result.events),
            format!(
                "{verdict} · score {score} (pass {pass}) · {}",
                count(result.events, "event", "events")
            ),
        ),
    ];
    if let Some(odds) = result.odds {
        let (passed, wanted) = (share(odds.passed), percent(odds.wanted));
        let runs = odds.passed.of;
        lines.push(screen.lang.pick(
            format!("模拟 {runs} 次，通过 {passed}，要求不低于 {wanted}"),
            format!("of {runs} simulated runs {passed} passed, wanted at least {wanted}"),
        ));
    }
    if let Some(why) = &result.why {
        lines.push(screen.paint(Tone::Warn, why.get(screen.lang)));
    }
    if let Some(at) = result.ran_at {
        let when = screen.moment(at);
        lines.push(screen.lang.pick(format!("运行于 {when}"), format!("run at {when}")));
    }
    lines.extend(interruptions(screen, result));
    lines.extend(result.beside.iter().flat_map(|follows| beside(screen, follows)));
    lines.extend(parts(screen.lang, &result.parts));
    lines.push(String::new());
    lines.push(judgements(screen, &result.judgements));
    if result.run_as == RunAs::Simulated {
        let seed = result.seed.unwrap_or_default();
        let hash = result.journal_hash.as_deref().unwrap_or("–");
        lines.push(String::new());
        lines.push(screen.paint(
            Tone::Faint,
            &screen.lang.pick(
                format!(
                    "上表为其中一次模拟，种子 {seed}，日志哈希 {hash}；完整概率见 drill simulate"
                ),
                format!(
                    "the table is of one simulated run, seed {seed}, journal hash {hash}; \
                     drill simulate tells of all"
                ),
            ),
        ));
    }
    lines.join("\n")
}

/// Says what a shadow followed of its live incident, and what its plan had no place for.
fn beside(screen: &Screen, follows: &Shadowing) -> Vec<String> {
    let Shadowing { of, followed, without_place, left_out, .. } = follows;
    let number = of.number;
    let joined = screen.moment(follows.joined_at);
    let head = screen.lang.pick(
        format!(
            "跟随真实事件 #{number}（{joined} 加入）：照做 {followed} 项，\
             预案中没有位置 {without_place} 项"
        ),
        format!(
            "beside the live incident #{number} (joined at {joined}): {followed} done too, \
             {without_place} without a place in the plan"
        ),
    );
    let named = left_out.iter().map(|words| format!("  – {}", words.get(screen.lang)));
    std::iter::once(head).chain(named).collect()
}

/// Says when a run with people stood still, and when firebell took it up again.
fn interruptions(screen: &Screen, result: &DrillResult) -> Vec<String> {
    let stood = |pause: &Pause| pause.to.unwrap_or(result.ended_at).duration_since(pause.from);
    let paused = result.pauses.iter().map(stood).fold(SignedDuration::ZERO, |all, one| all + one);
    let (times, paused) = (result.pauses.len(), SignedDuration::from_secs(paused.as_secs()));
    let mut lines = Vec::new();
    if times > 0 {
        lines.push(screen.lang.pick(
            format!("暂停 {times} 次，共 {paused:#}"),
            format!("stood still {} for {paused:#}", count(times, "time", "times")),
        ));
    }
    if let Some(why) = &result.despite {
        let why = why.get(screen.lang);
        lines.push(
            screen
                .lang
                .pick(format!("明知如下仍开始：{why}"), format!("begun in spite of this: {why}")),
        );
    }
    for at in &result.resumed {
        let when = screen.moment(*at);
        lines.push(screen.lang.pick(
            format!("firebell 中断后于 {when} 接着进行"),
            format!("taken up again at {when} after firebell had stopped"),
        ));
    }
    lines
}

/// Says what has become better and worse since the run before.
#[must_use]
pub fn comparison(screen: &Screen, comparison: &Comparison) -> String {
    let lang = screen.lang;
    let gained = comparison.score_change.map_or_else(String::new, |n| format!("{n:+}"));
    let mut lines = vec![lang.pick(
        format!("与上一次（{}）相比：得分 {gained}", comparison.before),
        format!("Compared with the run before ({}): score {gained}", comparison.before),
    )];
    let remarks = [
        (!comparison.comparable, "两次的演练文件或方式不同", "the drill was changed in between"),
        (comparison.plan_changed, "其间预案有改动", "the plan was changed in between"),
    ];
    for (_, zh, en) in remarks.iter().filter(|(holds, ..)| *holds) {
        lines.push(format!("  {}", screen.paint(Tone::Warn, lang.pick(zh, en))));
    }
    let took = |seconds: Option<f64>| {
        seconds.map_or_else(|| "–".to_owned(), |seconds| lasted(seconds, lang))
    };
    for (changes, tone, mark) in
        [(&comparison.regressions, Tone::Bad, "▼"), (&comparison.improvements, Tone::Good, "▲")]
    {
        for change in changes {
            let (before, after) = (took(change.seconds_before), took(change.seconds_after));
            let asked = change.asked.get(lang);
            lines.push(format!("  {} {asked}  {before} → {after}", screen.paint(tone, mark)));
        }
    }
    if comparison.regressions.is_empty() && comparison.improvements.is_empty() {
        lines.push(format!("  {}", lang.pick("没有明显变化", "nothing notable has changed")));
    }
    lines.join("\n")
}

/// Says how long something took, to the second: `27 min 21 s`.
#[must_use]
pub fn lasted(seconds: f64, lang: Lang) -> String {
    let whole = SignedDuration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default().as_secs();
    let (minutes, seconds) = (whole / 60, whole % 60);
    match (minutes, seconds) {
        (0, seconds) => lang.pick(format!("{seconds} 秒"), format!("{seconds} s")),
        (minutes, 0) => lang.pick(format!("{minutes} 分"), format!("{minutes} min")),
        (minutes, seconds) => {
            lang.pick(format!("{minutes} 分 {seconds} 秒"), format!("{minutes} min {seconds} s"))
        }
    }
}

fn judgements(screen: &Screen, judgements: &[Judgement]) -> String {
    let mut rows = Vec::new();
    judgements.iter().for_each(|judgement| add_rows(screen, judgement, 0, &mut rows));
    let heading =
        [("", ""), ("预期", "EXPECTED"), ("用时", "TOOK"), ("限时", "LIMIT"), ("说明", "WHY")];
    screen.table(&heading, rows)
}

/// Shows a judgement, what evaluators said to it, and the parts of a group beneath.
fn add_rows(screen: &Screen, judgement: &Judgement, depth: usize, rows: &mut Vec<Vec<String>>) {
    let (mark, why) = match &judgement.finding {
        Finding::Met => (screen.paint(Tone::Good, "✓"), String::new()),
        Finding::NotMet { why } => (screen.paint(Tone::Bad, "✗"), why.get(screen.lang).to_owned()),
        Finding::NotApplicable { why } | Finding::NotJudged { why } => {
            // What is plain from the dash needs no words; what a probe or a group says does.
            let told = judgement.rule.is_some() || judgement.seen.is_some();
            let why = if told { why.get(screen.lang).to_owned() } else { String::new() };
            (screen.paint(Tone::Faint, "–"), why)
        }
    };
    let words = |seconds: Option<f64>| seconds.map(|seconds| lasted(seconds, screen.lang));
    let seconds = words(judgement.seconds).unwrap_or_default();
    let limit = words(judgement.limit_seconds).unwrap_or_default();
    let asked = format!("{}{}", "  ".repeat(depth), judgement.asked.get(screen.lang));
    rows.push(vec![mark, asked, seconds, limit, why]);
    for said in &judgement.ratings {
        let (rating, by) = (said.given.rating.name(), &said.by);
        let line = format!("{}{rating} · {by}", "  ".repeat(depth + 1));
        let blank = String::new;
        rows.push(vec![blank(), line, blank(), blank(), said.given.note.clone()]);
    }
    judgement.of.iter().for_each(|part| add_rows(screen, part, depth + 1, rows));
}

/// Says in a line how each part of the work went; nothing where nobody knows.
#[must_use]
pub fn parts(lang: Lang, parts: &BTreeMap<Part, PartScore>) -> Option<String> {
    let one = |(part, scored): (&Part, &PartScore)| {
        let score = scored.score.map_or_else(|| "–".to_owned(), |score| score.to_string());
        format!("{} {score} ({}/{})", part.word(lang), scored.met, scored.of)
    };
    let said: Vec<String> = parts.iter().map(one).collect();
    (!said.is_empty()).then(|| said.join(" · "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::args::Output;

    #[test]
    fn a_list_of_runs_says_when_each_was_really_run() {
        let now = "2026-11-21T08:00:00Z".parse().unwrap();
        let items = json!([{
            "run": "r1", "drill": "five", "ran_at": "2026-11-21T07:55:00Z",
            "started_at": "2027-03-01T02:00:00Z", "outcome": "completed", "verdict": "passed",
            "score": 90,
        }]);
        for (lang, heading, ago) in
            [(Lang::En, "RAN", "5 min ago"), (Lang::Zh, "运行时间", "5 分钟前")]
        {
            let zone = crate::people::Zone::named("Asia/Shanghai").unwrap();
            let output = Output::Text;
            let screen = Screen { output, lang, colour: false, chatty: false, now, zone };
            let shown = results(&screen, &items);
            assert!(shown.contains(heading) && shown.contains(ago), "{shown}");
            assert!(!shown.contains("2027"), "{shown}");
        }
    }
}
