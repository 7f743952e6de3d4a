//! How many simulated runs look on a terminal: how likely the plan holds, when, what it waits for
//! and what it depends on. It must not know where the numbers come from.

use super::screen::{Screen, Tone};
use crate::drill::result::Outcome;
use crate::drill::score::Verdict;
use crate::drill::study::Versus;
use crate::drill::study::estimate::{Difference, Quantile, Share, Spread};
use crate::drill::study::report::{
    CriticalRow, MilestoneKind, PromiseKind, Study, Trial, TrialOf, Trials,
};
use crate::drill::study::tale::Retold;
use crate::text::{Lang, Text, count};
use crate::timeline::Format;

/// How wide the longest bar is, in columns: what a phone's terminal shows.
const BAR: usize = 30;
/// How many steps of the way to the end are shown.
const CRITICAL: usize = 10;

/// Shows a study.
#[must_use]
pub fn report(screen: &Screen, study: &Study) -> String {
    let mut parts = vec![head(screen, study)];
    parts.push(promises(screen, study));
    parts.push(expectations(screen, study));
    parts.extend(study.ended.as_ref().map(|ended| chart(screen, ended)));
    parts.push(milestones(screen, study));
    parts.push(critical(screen, study));
    parts.extend(study.trials.as_ref().map(|trials| self::trials(screen, trials)));
    parts.push(worst(screen, study));
    parts.push(screen.paint(Tone::Faint, &how_exact(screen, study)));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

fn head(screen: &Screen, study: &Study) -> String {
    let lang = screen.lang;
    let runs = study.runs;
    let tone = match study.verdict {
        Verdict::Passed => Tone::Good,
        Verdict::Failed => Tone::Bad,
        Verdict::NotJudged => Tone::Warn,
    };
    let passed = screen.paint(tone, &share(study.passed));
    let mut lines = vec![
        format!("{}  {}", study.drill, study.title.get(lang)),
        lang.pick(
            format!("{} · 模拟 {runs} 次 · 种子 {}", study.plan.playbook, study.seed),
            format!(
                "{} · {} · seed {}",
                study.plan.playbook,
                count(runs, "simulated run", "simulated runs"),
                study.seed
            ),
        ),
        lang.pick(format!("通过的概率 {passed}"), format!("probability of passing {passed}")),
    ];
    if let Some(wanted) = study.wanted {
        let wanted = percent(wanted);
        let words = match study.verdict {
            Verdict::Passed => lang.pick("达到", "reached"),
            Verdict::Failed => lang.pick("未达到", "not reached"),
            Verdict::NotJudged => lang.pick("次数太少，尚不能断定", "too few runs to tell"),
        };
        let words = screen.paint(tone, words);
        lines.push(lang.pick(
            format!("要求不低于 {wanted}：{words}"),
            format!("wanted at least {wanted}: {words}"),
        ));
    }
    if study.completed.hits < study.completed.of {
        let ended = share(study.completed);
        let why = study.why.as_ref().map_or("", |why| why.get(lang));
        let line = lang.pick(
            format!("走到结束的 {ended}；其余例如：{why}"),
            format!("came to an end {ended}; of the others: {why}"),
        );
        lines.push(screen.paint(Tone::Warn, &line));
    }
    lines.join("\n")
}

fn promises(screen: &Screen, study: &Study) -> String {
    if study.promises.is_empty() {
        return String::new();
    }
    let lang = screen.lang;
    let rows = study.promises.iter().map(|row| {
        let kind = match row.kind {
            PromiseKind::Objective => lang.pick("目标", "objective"),
            PromiseKind::Clock => lang.pick("法定时限", "clock"),
        };
        let missed = if row.missed.of == 0 {
            screen.paint(Tone::Faint, lang.pick("未出现", "did not arise"))
        } else {
            screen.paint(tone_of(row.missed), &share(row.missed))
        };
        let mut cells = vec![kind.to_owned(), row.title.get(lang).to_owned(), missed];
        cells.extend(quantiles(row.took.as_ref(), lang));
        cells.push(row.limit.map_or_else(String::new, |limit| lasted(limit, lang)));
        cells
    });
    let heading = [
        ("", ""),
        ("承诺", "PROMISE"),
        ("未达概率", "MISSED"),
        ("P50", "P50"),
        ("P90", "P90"),
        ("P99", "P99"),
        ("时限", "LIMIT"),
    ];
    screen.table(&heading, rows.collect())
}

fn expectations(screen: &Screen, study: &Study) -> String {
    let lang = screen.lang;
    let rows = study.expectations.iter().map(|row| {
        let met = if row.met.of == 0 {
            screen.paint(Tone::Faint, lang.pick("无从判断", "not judged"))
        } else {
            share(row.met)
        };
        let critical = if row.critical { lang.pick("一票否决", "critical") } else { "" };
        vec![row.asked.get(lang).to_owned(), met, critical.to_owned()]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return String::new();
    }
    screen.table(&[("预期", "EXPECTED"), ("满足", "MET"), ("", "")], rows)
}

/// Draws how many runs took how long to their end.
fn chart(screen: &Screen, ended: &Spread) -> String {
    let lang = screen.lang;
    let most = ended.bars.iter().map(|bar| bar.runs).max().unwrap_or(1).max(1);
    let mut lines = vec![lang.pick("从启动到结束", "From the declaration to the end").to_owned()];
    for bar in &ended.bars {
        let wide = (bar.runs * BAR as u64).div_ceil(most);
        let drawn = "█".repeat(usize::try_from(wide).unwrap_or(BAR));
        lines.push(format!("{:>12} │{drawn} {}", lasted(bar.from, lang), bar.runs));
    }
    let [p50, p90, p99] = quantiles(Some(ended), lang);
    lines.push(format!("P50 {p50} · P90 {p90} · P99 {p99}"));
    lines.join("\n")
}

fn milestones(screen: &Screen, study: &Study) -> String {
    let lang = screen.lang;
    let rows = study.milestones.iter().map(|row| {
        let kind = match row.kind {
            MilestoneKind::Role => lang.pick("角色确认", "role taken"),
            MilestoneKind::Phase => lang.pick("进入阶段", "phase entered"),
            MilestoneKind::Step => lang.pick("步骤完成", "step done"),
        };
        let mut cells = vec![kind.to_owned(), row.title.get(lang).to_owned()];
        cells.push(percent(row.reached.share));
        cells.extend(quantiles(row.took.as_ref(), lang));
        cells
    });
    let heading = [
        ("", ""),
        ("里程碑", "MILESTONE"),
        ("达到", "REACHED"),
        ("P50", "P50"),
        ("P90", "P90"),
        ("P99", "P99"),
    ];
    screen.table(&heading, rows.collect())
}

fn critical(screen: &Screen, study: &Study) -> String {
    let lang = screen.lang;
    if study.critical.is_empty() {
        return String::new();
    }
    let row = |row: &CriticalRow| {
        let role = row.role.as_ref().map(ToString::to_string).unwrap_or_default();
        vec![
            row.title.get(lang).to_owned(),
            role,
            percent(row.share.share),
            lasted(whole(row.waited), lang),
            lasted(whole(row.worked), lang),
        ]
    };
    let heading = [
        ("结束所等的步骤", "THE END WAITS FOR"),
        ("角色", "ROLE"),
        ("占比", "IN"),
        ("平均等候", "WAITED"),
        ("平均处置", "WORKED"),
    ];
    let rows = study.critical.iter().take(CRITICAL).map(row).collect();
    let mut lines = vec![screen.table(&heading, rows)];
    if let Some(slow) = study.roles.first().filter(|role| role.waited + role.worked > 0.0) {
        let (title, waited) = (slow.title.get(lang), lasted(whole(slow.waited), lang));
        let worked = lasted(whole(slow.worked), lang);
        lines.push(lang.pick(
            format!("瓶颈角色：{title}（平均等候 {waited}，处置 {worked}）"),
            format!("bottleneck: {title} (waited for {waited}, worked {worked} on average)"),
        ));
    }
    lines.join("\n")
}

fn trials(screen: &Screen, trials: &Trials) -> String {
    let lang = screen.lang;
    let slower = trials.slower;
    let name = |of: &TrialOf| match of {
        TrialOf::Step(step) => {
            lang.pick(format!("步骤 {step} 用时 {slower} 倍"), format!("{step} takes {slower}×"))
        }
        TrialOf::Role(role) => lang.pick(
            format!("角色 {role} 响应用时 {slower} 倍"),
            format!("{role} reacts {slower}× as late"),
        ),
        TrialOf::Person(person) => lang.pick(format!("{person} 缺席"), format!("{person} is away")),
    };
    let row = |trial: &Trial| {
        let ended = trial.ended.map(|change| signed(change, lang));
        vec![
            name(&trial.of),
            trial.passed.map(|change| points(screen, change)).unwrap_or_default(),
            ended.unwrap_or_default(),
            match trial.never_ended {
                0 => String::new(),
                runs => screen.paint(Tone::Bad, &runs.to_string()),
            },
        ]
    };
    let all = trials.steps.iter().chain(&trials.roles).chain(&trials.people);
    let heading = [
        ("如果", "WHAT IF"),
        ("通过率变化", "PASSING"),
        ("到结束的变化", "TO THE END"),
        ("不再结束的次数", "NO LONGER ENDS"),
    ];
    let table = screen.table(&heading, all.map(row).collect());
    let alone: Vec<String> =
        trials.people.iter().filter(|one| one.is_needed()).map(|one| name(&one.of)).collect();
    if alone.is_empty() {
        return table;
    }
    let line = lang.pick(
        format!("单点：{}", alone.join("、")),
        format!("single points of failure: {}", alone.join(", ")),
    );
    format!("{table}\n{}", screen.paint(Tone::Bad, &line))
}

fn worst(screen: &Screen, study: &Study) -> String {
    let lang = screen.lang;
    let row = |row: &crate::drill::study::report::WorstRow| {
        let ended = match (row.outcome, row.ended) {
            (Outcome::Completed, Some(ended)) => lasted(ended, lang),
            _ => screen.paint(Tone::Bad, lang.pick("没有结束", "no end")),
        };
        let not_met: Vec<&str> = row.not_met.iter().map(|text: &Text| text.get(lang)).collect();
        let score = row.score.map_or_else(String::new, |score| score.to_string());
        vec![row.sample.to_string(), score, ended, not_met.join(lang.pick("；", "; "))]
    };
    let heading =
        [("最差的几次", "WORST RUNS"), ("得分", "SCORE"), ("结束", "ENDED"), ("未满足", "NOT MET")];
    screen.table(&heading, study.worst.iter().map(row).collect())
}

fn how_exact(screen: &Screen, study: &Study) -> String {
    let half = 100.0 * (study.passed.high - study.passed.low) / 2.0;
    screen.lang.pick(
        format!(
            "方括号内为 95% 置信区间（Wilson）；通过的概率精确到 ±{half:.1} 个百分点。\
             只反映演练文件里的人员模型，模型与真人的差别不在其内。"
        ),
        format!(
            "brackets hold 95 % intervals (Wilson); the probability of passing is known to \
             ±{half:.1} points. How far the drill's cast is from real people is not in them."
        ),
    )
}

/// Shows one run: how it was judged, and what happened.
#[must_use]
pub fn retold(screen: &Screen, run: &Retold) -> String {
    let lang = screen.lang;
    let (tone, verdict) = match run.verdict {
        Verdict::Passed => (Tone::Good, lang.pick("通过", "passed")),
        Verdict::Failed => (Tone::Bad, lang.pick("未通过", "failed")),
        Verdict::NotJudged => (Tone::Warn, lang.pick("未判断", "not judged")),
    };
    let verdict = screen.paint(tone, verdict);
    let (nth, seed) = (run.sample, run.seed);
    let score = run.score.map_or_else(String::new, |score| {
        lang.pick(format!("，得分 {score}"), format!(", score {score}"))
    });
    let mut lines = vec![lang.pick(
        format!("第 {nth} 次（种子 {seed}）：{verdict}{score}"),
        format!("run {nth} (seed {seed}): {verdict}{score}"),
    )];
    lines.extend(run.why.iter().map(|why| screen.paint(Tone::Warn, why.get(lang))));
    lines.extend(run.not_met.iter().map(|asked| {
        let asked = asked.get(lang);
        lang.pick(format!("未满足：{asked}"), format!("not met: {asked}"))
    }));
    let told = run.timeline.as_ref().map(|told| told.render(Format::Text, lang, &screen.zone));
    lines.extend(told.map(|told| format!("\n{told}")));
    lines.join("\n")
}

/// Shows two plans beside each other.
#[must_use]
pub fn versus(screen: &Screen, versus: &Versus) -> String {
    let lang = screen.lang;
    let name = |version: &crate::drill::study::Version| {
        format!("{} {}", version.playbook, version.hash.get(..8).unwrap_or(&version.hash))
    };
    let mut lines = vec![
        format!("A  {}", name(&versus.before)),
        format!("B  {}", name(&versus.after)),
        lang.pick(
            format!("各模拟 {} 次，同样的运气，种子 {}", versus.runs, versus.seed),
            format!("{} runs of each under the same luck, seed {}", versus.runs, versus.seed),
        ),
        String::new(),
    ];
    let change = |change: Option<Difference>| {
        change.map(|change| points(screen, change)).unwrap_or_default()
    };
    let both = |shares: &[Share; 2]| shares.map(share);
    let [a, b] = both(&versus.passed);
    let passing = lang.pick("通过", "passed").to_owned();
    let mut rows = vec![vec![passing, a, b, change(versus.passed_change)]];
    for row in &versus.objectives {
        let [a, b] = both(&row.missed);
        let title =
            lang.pick(format!("未达 {}", row.objective), format!("missed {}", row.objective));
        rows.push(vec![
            title,
            a,
            b,
            row.change.map(|c| points_lost(screen, c)).unwrap_or_default(),
        ]);
    }
    lines.push(screen.table(&[("", ""), ("A", "A"), ("B", "B"), ("B − A", "B − A")], rows));
    let ended = versus
        .ended_change
        .map(|change| vec![lang.pick("到结束", "to the end").to_owned(), signed(change, lang)]);
    let steps = versus.steps.iter().filter(|step| step.change.is_real());
    let rows = ended
        .into_iter()
        .chain(steps.map(|step| vec![step.step.to_string(), signed(step.change, lang)]));
    lines.push(String::new());
    lines.push(screen.table(&[("时间", "TIME"), ("B − A", "B − A")], rows.collect()));
    lines.join("\n")
}

// ---- numbers as words ---------------------------------------------------------------------------

pub(super) fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

/// Says a share with its interval: `87.3% [85.7–88.7]`.
pub(super) fn share(share: Share) -> String {
    let (low, high) = (100.0 * share.low, 100.0 * share.high);
    format!("{} [{low:.1}–{high:.1}]", percent(share.share))
}

/// A promise missed more often than one time in ten is bad, more than one in a hundred a warning.
fn tone_of(missed: Share) -> Tone {
    if missed.share > 0.1 {
        Tone::Bad
    } else if missed.share > 0.01 {
        Tone::Warn
    } else {
        Tone::Good
    }
}

/// Says a change of a share that ought to be high, in points.
fn points(screen: &Screen, change: Difference) -> String {
    coloured(screen, change, change.mean > 0.0)
}

/// Says a change of a share that ought to be low.
fn points_lost(screen: &Screen, change: Difference) -> String {
    coloured(screen, change, change.mean < 0.0)
}

fn coloured(screen: &Screen, change: Difference, better: bool) -> String {
    let [mean, low, high] = [change.mean, change.low, change.high].map(|part| 100.0 * part);
    let words = format!("{mean:+.1} [{low:+.1}–{high:+.1}]");
    let tone = match (change.is_real(), better) {
        (false, _) => Tone::Faint,
        (true, true) => Tone::Good,
        (true, false) => Tone::Bad,
    };
    screen.paint(tone, &words)
}

/// Says a change of a time with its interval.
fn signed(change: Difference, lang: Lang) -> String {
    let say = |seconds: f64| {
        let sign = if seconds < 0.0 { "−" } else { "+" };
        format!("{sign}{}", lasted(whole(seconds.abs()), lang))
    };
    format!("{} [{}–{}]", say(change.mean), say(change.low), say(change.high))
}

fn quantiles(took: Option<&Spread>, lang: Lang) -> [String; 3] {
    let say = |quantile: Quantile| lasted(quantile.seconds, lang);
    took.map_or_else(Default::default, |took| [took.p50, took.p90, took.p99].map(say))
}

fn whole(seconds: f64) -> u64 {
    // Times of drills are far below what a float counts exactly.
    if seconds.is_finite() { seconds.max(0.0).round() as u64 } else { u64::MAX }
}

/// Says a time to the minute, and below ten minutes to the second: `7 min 30 s`, `2 h 05 min`.
fn lasted(seconds: u64, lang: Lang) -> String {
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => lang.pick(format!("{rest} 秒"), format!("{rest} s")),
        (0, 1..10) => {
            lang.pick(format!("{minutes} 分 {rest:02} 秒"), format!("{minutes} min {rest:02} s"))
        }
        (0, _) => lang.pick(format!("{minutes} 分"), format!("{minutes} min")),
        (0..48, _) => {
            lang.pick(format!("{hours} 时 {minutes:02} 分"), format!("{hours} h {minutes:02} min"))
        }
        _ => lang.pick(
            format!("{} 天 {} 时", hours / 24, hours % 24),
            format!("{} d {} h", hours / 24, hours % 24),
        ),
    }
}
