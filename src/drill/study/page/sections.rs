//! What the page says and in which order: pictures, and beside each a table with the same numbers.

use super::chart::{self, Awaited, Changed, Chart, Kept};
use super::{Section, exact, tables};
use crate::drill::study::estimate::Difference;
use crate::drill::study::report::{Study, Trial, Trials};
use crate::drill::study::words::{
    DASH, about, in_points, lasted, percent, quantile, share, signed, tried,
};
use crate::id::RoleId;
use crate::people::Zone;
use crate::text::Lang;

/// The most steps of the way to the end that are drawn; the table has more.
const AWAITED_MAX: usize = 12;
/// The most changes that are drawn: those that matter most.
const CHANGES_MAX: usize = 16;

/// Says what was simulated.
pub(super) fn facts(study: &Study, lang: Lang, zone: &Zone) -> Vec<(&'static str, String)> {
    let hash = |hash: &str| hash.chars().take(12).collect::<String>();
    let begin = zone.civil(study.begin).strftime("%Y-%m-%d %H:%M");
    vec![
        (lang.pick("演练", "Drill"), format!("{} ({}…)", study.drill, hash(&study.scenario_hash))),
        (
            lang.pick("预案", "Plan"),
            format!("{} ({}…)", study.plan.playbook, hash(&study.plan.hash)),
        ),
        (lang.pick("模拟次数", "Runs"), study.runs.to_string()),
        (lang.pick("种子", "Seed"), study.seed.to_string()),
        (lang.pick("每次的起始时刻", "Each begins at"), format!("{begin} ({})", zone.name())),
        (lang.pick("版本", "Version"), format!("firebell {}", study.engine)),
    ]
}

/// Lists the parts; what has nothing to show says so or is left out.
pub(super) fn sections(study: &Study, lang: Lang, zone: &Zone) -> Vec<Section> {
    let mut sections = vec![
        promises(study, lang),
        expectations(study, lang),
        parts(study, lang),
        ended(study, lang),
        milestones(study, lang),
        critical(study, lang),
    ];
    sections.extend(study.trials.as_ref().map(|of| trials(of, lang)));
    sections.extend([worst(study, lang, zone), exact::section(study, lang)]);
    sections
}

fn promises(study: &Study, lang: Lang) -> Section {
    let title = lang.pick("承诺：目标与法定时限", "Promises: objectives and statutory clocks");
    let section = Section { id: "promises", title: title.to_owned(), ..Section::default() };
    if study.promises.is_empty() {
        let nothing = lang.pick("预案没有承诺时限。", "The plan promises nothing.").to_owned();
        return Section { lines: vec![nothing], ..section };
    }
    let drawn = study.promises.iter().filter_map(|row| {
        let took = row.took.as_ref()?;
        let quantiles = [took.p50, took.p90, took.p99].map(|quantile| quantile.seconds);
        let p90 = format!("P90 {}", lasted(quantiles[1], lang));
        let said =
            row.limit.map_or(p90.clone(), |limit| format!("{p90} / {}", lasted(limit, lang)));
        Some(Kept { title: row.title.get(lang).to_owned(), quantiles, limit: row.limit, said })
    });
    let drawn: Vec<Kept> = drawn.collect();
    let alt = lang.pick(
        "每项承诺的 P50、P90、P99 与时限；同样的数字在下表。",
        "P50, P90 and P99 of each promise against its limit; the table below has the same numbers.",
    );
    let mut picture = Chart::titled(lang.pick("用时与时限", "Times against limits"), alt);
    picture.legend = vec![
        ("half", lang.pick("至 P50", "to P50")),
        ("most", lang.pick("至 P90", "to P90")),
        ("tail", lang.pick("至 P99", "to P99")),
        ("limit", lang.pick("时限", "limit")),
    ];
    let charts =
        if drawn.is_empty() { Vec::new() } else { vec![chart::against_limits(picture, &drawn)] };
    Section { charts, table: Some(tables::promises(study, lang)), ..section }
}

fn expectations(study: &Study, lang: Lang) -> Section {
    let title = lang.pick("预期", "What is required").to_owned();
    let table = tables::expectations(study, lang);
    let lines = match table {
        None => vec![lang.pick("演练没有写预期。", "The drill requires nothing.").to_owned()],
        Some(_) => Vec::new(),
    };
    Section { id: "expectations", title, lines, table, ..Section::default() }
}

fn parts(study: &Study, lang: Lang) -> Section {
    let title = lang.pick("工作的各个方面", "Parts of the work").to_owned();
    let table = tables::parts(study, lang);
    let line = match table {
        None => lang.pick("没有可以归入方面的预期。", "Nothing is required of any part."),
        Some(_) => lang.pick(
            "得分满分 100：P50 是半数模拟至少达到的得分，P90 是十次中九次至少达到的得分；用时照常，越短越好。",
            "Scores go to 100: half of the runs reach P50, nine in ten reach P90. Times are as ever: the shorter the better.",
        ),
    };
    Section { id: "parts", title, lines: vec![line.to_owned()], table, ..Section::default() }
}

fn ended(study: &Study, lang: Lang) -> Section {
    let title = lang.pick("从启动到结束", "From the declaration to the end").to_owned();
    let section = Section { id: "ended", title: title.clone(), ..Section::default() };
    let Some(spread) = &study.ended else {
        let nothing = lang.pick("没有一次走到结束。", "No run came to its end.").to_owned();
        return Section { lines: vec![nothing], ..section };
    };
    let [p50, p90, p99] = [spread.p50, spread.p90, spread.p99].map(|one| quantile(one, lang));
    let (mean, error) = (about(spread.mean, lang), about(spread.mean_error, lang));
    let (least, most) = (lasted(spread.least, lang), lasted(spread.most, lang));
    let lines = vec![
        format!("P50 {p50} · P90 {p90} · P99 {p99}"),
        lang.pick(
            format!("平均 {mean}（±{error}），最短 {least}，最长 {most}。"),
            format!("Mean {mean} (±{error}), shortest {least}, longest {most}."),
        ),
    ];
    let alt = lang.pick(
        format!("{} 次走到结束的模拟各用了多久：{}；同样的数字在下表。", spread.count, lines[0]),
        format!(
            "How long the {} runs took that came to their end: {}; the table below has the same \
             numbers.",
            spread.count, lines[0]
        ),
    );
    let picture = chart::histogram(Chart::titled(title, alt), spread, lang);
    let table = Some(tables::times(spread, lang));
    Section { lines, charts: vec![picture], table, ..section }
}

fn milestones(study: &Study, lang: Lang) -> Section {
    let title = lang.pick("里程碑", "Milestones").to_owned();
    let line = lang.pick(
        "角色自首次需要时起算，阶段与步骤自启动时起算。",
        "Roles since they were first needed; phases and steps since the declaration.",
    );
    let table = Some(tables::milestones(study, lang));
    Section { id: "milestones", title, lines: vec![line.to_owned()], table, ..Section::default() }
}

fn critical(study: &Study, lang: Lang) -> Section {
    let title = lang.pick("结束在等什么", "What the end waits for").to_owned();
    let section = Section { id: "critical", title: title.clone(), ..Section::default() };
    if study.critical.is_empty() {
        let nothing = lang.pick("没有走到结束的模拟可看。", "No run came to its end.").to_owned();
        return Section { lines: vec![nothing], ..section };
    }
    let drawn = study.critical.iter().take(AWAITED_MAX).map(|row| {
        let role = row.role.as_ref().map(|role| format!(" · {}", role_title(study, role, lang)));
        Awaited {
            title: format!("{}{}", row.title.get(lang), role.unwrap_or_default()),
            share: row.share.share,
            waited: row.waited,
            worked: row.worked,
            said: share(row.share),
        }
    });
    let alt = lang.pick(
        "各步骤出现在通向结束的关键路径上的比例，以及平均等候与处置的时间；同样的数字在下表。",
        "The share of runs in which each step is on the critical path to the end, and how long it \
         waited and was worked on, on average; the table below has the same numbers.",
    );
    let mut picture = Chart::titled(title, alt);
    picture.legend = vec![
        ("share", lang.pick("在关键路径上的比例", "share on the critical path")),
        ("wait", lang.pick("平均等候", "waiting, on average")),
        ("work", lang.pick("平均处置", "working, on average")),
    ];
    let picture = chart::awaited(picture, &drawn.collect::<Vec<_>>());
    let table = Some(tables::critical(study, lang));
    Section { lines: vec![bottleneck(study, lang)], charts: vec![picture], table, ..section }
}

fn bottleneck(study: &Study, lang: Lang) -> String {
    let slowest = study.roles.first().filter(|row| row.waited + row.worked > 0.0);
    slowest.map_or_else(String::new, |row| {
        let (title, waited, worked) =
            (row.title.get(lang), about(row.waited, lang), about(row.worked, lang));
        lang.pick(
            format!("瓶颈角色：{title}（平均等候 {waited}，处置 {worked}）。"),
            format!("Bottleneck: {title} (waited for {waited}, worked {worked} on average)."),
        )
    })
}

/// Returns what people call a role.
pub(super) fn role_title<'s>(study: &'s Study, role: &'s RoleId, lang: Lang) -> &'s str {
    let row = study.roles.iter().find(|row| row.role == *role);
    row.map_or(role.as_str(), |row| row.title.get(lang))
}

fn trials(trials: &Trials, lang: Lang) -> Section {
    let title = lang.pick("如果……", "What if").to_owned();
    let mut lines = vec![alone(trials, lang)];
    lines.retain(|line| !line.is_empty());
    let slower = trials.slower;
    let drawn = |change: Of<'_>, moved: &dyn Fn(&Trial) -> bool, more_is_better, say: Say<'_>| {
        let changes = largest(trials, change).into_iter();
        let drawn = changes.map(|(trial, change)| {
            let class = class(change, moved(trial), more_is_better);
            drawn(tried(trial, slower, lang), change, class, say)
        });
        drawn.collect::<Vec<Changed>>()
    };
    let of_end =
        drawn(&|trial| trial.ended, &|trial| trial.end_moved, false, &|mean| signed(mean, lang));
    let of_passing = drawn(&|trial| trial.passed, &|trial| trial.passing_moved, true, &in_points);
    let charts = [
        (lang.pick("通过率的变化（百分点）", "Change of passing (points)"), of_passing),
        (lang.pick("到结束的时间的变化", "Change of the time to the end"), of_end),
    ];
    let charts = charts.into_iter().filter(|(_, rows)| !rows.is_empty()).map(|(title, rows)| {
        let alt = lang.pick(
            format!("{title}：每次改动一处，线为 95% 区间；同样的数字在下表。"),
            format!("{title}: one thing changed at a time, lines are 95 % intervals; the table below has the same numbers."),
        );
        let mut picture = Chart::titled(title, alt);
        picture.legend = vec![
            ("better", lang.pick("变好", "better")),
            ("worse", lang.pick("变差", "worse")),
            ("luck", lang.pick("可能只是运气", "may be luck")),
        ];
        chart::changed(picture, &rows)
    });
    let charts = charts.collect();
    let table = tables::trials(trials, lang);
    Section { id: "trials", title, lines, charts, table: Some(table), ..Section::default() }
}

/// What is looked at of a trial.
type Of<'s> = &'s dyn Fn(&Trial) -> Option<Difference>;
/// Says a mean change; its interval is drawn.
type Say<'s> = &'s dyn Fn(f64) -> String;

/// Chooses what is drawn: the changes that matter most, the largest first.
fn largest<'t>(trials: &'t Trials, change: Of<'_>) -> Vec<(&'t Trial, Difference)> {
    let mut made: Vec<_> = trials.all().filter_map(|trial| Some((trial, change(trial)?))).collect();
    made.sort_by(|(_, a), (_, b)| b.mean.abs().total_cmp(&a.mean.abs()));
    made.truncate(CHANGES_MAX);
    made
}

fn drawn(title: String, change: Difference, class: &'static str, say: Say<'_>) -> Changed {
    let Difference { mean, low, high, .. } = change;
    Changed { title, mean, low, high, class, said: say(mean) }
}

fn class(change: Difference, moved: bool, more_is_better: bool) -> &'static str {
    match (moved, (change.mean > 0.0) == more_is_better) {
        (false, _) => "luck",
        (true, true) => "better",
        (true, false) => "worse",
    }
}

/// Names those without whom the plan fails notably more often.
fn alone(trials: &Trials, lang: Lang) -> String {
    let needed = trials.people.iter().filter(|one| one.is_needed());
    let names: Vec<String> = needed.map(|one| one.title.get(lang).to_owned()).collect();
    if names.is_empty() {
        return match trials.people.is_empty() {
            true => String::new(),
            false => lang
                .pick("没有发现单点：试过的人各缺席一次，结果没有明显变差。", "No single point of failure was found: without any one of those tried, the plan does not fail notably more often.")
                .to_owned(),
        };
    }
    lang.pick(
        format!("单点：{}。", names.join("、")),
        format!("Single points of failure: {}.", names.join(", ")),
    )
}

fn worst(study: &Study, lang: Lang, zone: &Zone) -> Section {
    let title = lang.pick("最差的几次", "The worst runs").to_owned();
    let seed = study.seed;
    let line = lang.pick(
        format!("任何一次都可以再看一遍：firebell drill simulate FILE --seed {seed} --at {} --sample 编号。", study.begin),
        format!("Any run can be read again: firebell drill simulate FILE --seed {seed} --at {} --sample NUMBER.", study.begin),
    );
    let table = Some(tables::worst(study, lang));
    let tales = study.worst.iter().filter(|row| !row.timeline.is_empty());
    let tales = tales.map(|row| tables::tale(row, lang, zone)).collect();
    Section { id: "worst", title, lines: vec![line], table, tales, ..Section::default() }
}

/// Says a part of all runs that may be nothing at all.
pub(super) fn percent_or_dash(share: f64, of: u64) -> String {
    if of == 0 { DASH.to_owned() } else { percent(share) }
}
