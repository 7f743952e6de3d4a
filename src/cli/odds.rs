//! How many simulated runs look on a terminal: how likely the plan holds, when, what it waits for
//! and what it depends on. It must not know where the numbers come from.

use super::screen::{Screen, Tone};
use crate::drill::result::Outcome;
use crate::drill::score::Verdict;
use crate::drill::simulate::staffing::Lack;
use crate::drill::study::Versus;
use crate::drill::study::estimate::{Difference, Quantile, Share, Spread};
use crate::drill::study::report::{CriticalRow, MilestoneKind, PromiseKind, Study, Trial, Trials};
use crate::drill::study::tale::Retold;
use crate::drill::study::words::{
    about, lasted, later, percent, points, share, share_or_never, tone_of_missed, tried,
};
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
    parts.push(scores(screen, study));
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
    lines.extend(study.understaffed.iter().map(|one| {
        let tone = match one.lack {
            Lack::Everyone => Tone::Bad,
            Lack::OwnSource => Tone::Warn,
        };
        screen.paint(tone, one.sentence().get(lang))
    }));
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
        let missed = share_or_never(row.missed, lang);
        let missed = painted(screen, tone_of_missed(row.missed), &missed);
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

/// Shows how each part of the work went, and beneath it how long what it asks for took.
fn scores(screen: &Screen, study: &Study) -> String {
    if study.parts.is_empty() {
        return String::new();
    }
    let lang = screen.lang;
    let mut rows = Vec::new();
    for row in &study.parts {
        let [p50, p90] = row.score.map_or_else(Default::default, |score| {
            [score.p50, score.p90].map(|points| points.to_string())
        });
        let full = share_or_never(row.full, lang);
        rows.push(vec![row.part.word(lang).to_owned(), p50, p90, full, String::new()]);
        rows.extend(row.took.iter().map(|time| {
            let [p50, p90, _] = quantiles(Some(&time.took), lang);
            let limit = time.limit.map_or_else(String::new, |limit| lasted(limit, lang));
            vec![format!("  {}", time.asked.get(lang)), p50, p90, String::new(), limit]
        }));
    }
    let heading = [
        ("方面：得分与用时", "PART: SCORE AND TIMES"),
        ("P50", "P50"),
        ("P90", "P90"),
        ("满分", "ALL MET"),
        ("时限", "LIMIT"),
    ];
    screen.table(&heading, rows)
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
            about(row.waited, lang),
            about(row.worked, lang),
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
        let (title, waited) = (slow.title.get(lang), about(slow.waited, lang));
        let worked = about(slow.worked, lang);
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
    let name = |trial: &Trial| tried(trial, slower, lang);
    let row = |trial: &Trial| {
        let passed = trial
            .passed
            .map(|change| coloured(screen, change, trial.passing_moved, change.mean > 0.0));
        let ended = trial.ended.map(|change| {
            let said = later(change, lang);
            if trial.end_moved { said } else { screen.paint(Tone::Faint, &said) }
        });
        vec![
            name(trial),
            passed.unwrap_or_default(),
            ended.unwrap_or_default(),
            match trial.never_ended {
                0 => String::new(),
                runs => screen.paint(Tone::Bad, &runs.to_string()),
            },
        ]
    };
    let heading = [
        ("如果", "WHAT IF"),
        ("通过率变化", "PASSING"),
        ("到结束的变化", "TO THE END"),
        ("不再结束的次数", "NO LONGER ENDS"),
    ];
    let table = screen.table(&heading, trials.all().map(row).collect());
    let title = |trial: &Trial| trial.title.get(lang).to_owned();
    let alone: Vec<String> =
        trials.people.iter().filter(|one| one.is_needed()).map(title).collect();
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
             假设里只有经 Holm 校正仍显著的改动才着色或算作单点。\
             只反映演练文件里的人员模型，模型与真人的差别不在其内。"
        ),
        format!(
            "brackets hold 95 % intervals (Wilson); the probability of passing is known to \
             ±{half:.1} points. Of what was tried only what passes Holm's correction is coloured or \
             called a single point of failure. How far the drill's cast is from real people is not in them."
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
        change.map_or_else(String::new, |change| {
            coloured(screen, change, change.is_real(), change.mean > 0.0)
        })
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
            row.change.map_or_else(String::new, |change| {
                coloured(screen, change, change.is_real(), change.mean < 0.0)
            }),
        ]);
    }
    lines.push(screen.table(&[("", ""), ("A", "A"), ("B", "B"), ("B − A", "B − A")], rows));
    let ended = versus
        .ended_change
        .map(|change| vec![lang.pick("到结束", "to the end").to_owned(), later(change, lang)]);
    let steps = versus.steps.iter().filter(|step| step.change.is_real());
    let rows = ended
        .into_iter()
        .chain(steps.map(|step| vec![step.step.to_string(), later(step.change, lang)]));
    lines.push(String::new());
    lines.push(screen.table(&[("时间", "TIME"), ("B − A", "B − A")], rows.collect()));
    lines.join("\n")
}

/// Says a change of a share, coloured by whether it is more than luck and for the better.
fn coloured(screen: &Screen, change: Difference, real: bool, better: bool) -> String {
    let tone = match (real, better) {
        (false, _) => Tone::Faint,
        (true, true) => Tone::Good,
        (true, false) => Tone::Bad,
    };
    screen.paint(tone, &points(change))
}

fn quantiles(took: Option<&Spread>, lang: Lang) -> [String; 3] {
    let say = |quantile: Quantile| lasted(quantile.seconds, lang);
    took.map_or_else(Default::default, |took| [took.p50, took.p90, took.p99].map(say))
}

fn painted(screen: &Screen, tone: crate::timeline::Tone, words: &str) -> String {
    let tone = match tone {
        crate::timeline::Tone::Plain => return screen.paint(Tone::Faint, words),
        crate::timeline::Tone::Good => Tone::Good,
        crate::timeline::Tone::Warning => Tone::Warn,
        crate::timeline::Tone::Bad => Tone::Bad,
    };
    screen.paint(tone, words)
}
