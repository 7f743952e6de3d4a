//! The tables of the page: every number that a picture shows, and more.

use super::sections::{percent_or_dash, role_title};
use super::{Cell, Table, Tale};
use crate::drill::result::Outcome;
use crate::drill::study::estimate::Spread;
use crate::drill::study::part::{PartRow, PartTime, Scores};
use crate::drill::study::report::{
    CriticalRow, ExpectationRow, MilestoneKind, MilestoneRow, PromiseKind, PromiseRow, Study,
    Trial, Trials, WorstRow,
};
use crate::drill::study::words::{
    DASH, about, lasted, later, percent, points, quantile, share, share_or_never, tone_of_missed,
    tried,
};
use crate::people::Zone;
use crate::text::Lang;
use crate::timeline::Tone;

fn quantiles(took: Option<&Spread>, lang: Lang) -> [Cell; 3] {
    let quantiles = took.map(|took| [took.p50, took.p90, took.p99]);
    let said = quantiles.map(|all| all.map(|one| quantile(one, lang)));
    said.unwrap_or_else(|| [DASH; 3].map(str::to_owned)).map(Cell::plain)
}

pub(super) fn promises(study: &Study, lang: Lang) -> Table {
    let row = |row: &PromiseRow| {
        let kind = match row.kind {
            PromiseKind::Objective => lang.pick("目标", "objective"),
            PromiseKind::Clock => lang.pick("法定时限", "clock"),
        };
        let limit = row.limit.map_or_else(|| DASH.to_owned(), |limit| lasted(limit, lang));
        let mut cells = vec![
            Cell::plain(row.title.get(lang)),
            Cell::plain(kind),
            Cell::toned(share_or_never(row.missed, lang), tone_of_missed(row.missed)),
            Cell::plain(limit),
        ];
        cells.extend(quantiles(row.took.as_ref(), lang));
        cells.push(Cell::plain(row.never.to_string()));
        cells
    };
    Table {
        caption: lang.pick("承诺与未达的概率", "Promises and how often they are missed").to_owned(),
        head: vec![
            lang.pick("承诺", "Promise"),
            lang.pick("种类", "Kind"),
            lang.pick("未达概率", "Missed"),
            lang.pick("时限", "Limit"),
            "P50",
            "P90",
            "P99",
            lang.pick("未出现的次数", "Runs in which it did not arise"),
        ],
        rows: study.promises.iter().map(row).collect(),
    }
}

pub(super) fn expectations(study: &Study, lang: Lang) -> Option<Table> {
    let row = |row: &ExpectationRow| {
        let critical = if row.critical { lang.pick("一票否决", "critical") } else { "" };
        vec![
            Cell::plain(row.asked.get(lang)),
            Cell::plain(share_or_never(row.met, lang)),
            Cell::plain(critical),
            Cell::plain(row.never.to_string()),
        ]
    };
    let rows: Vec<_> = study.expectations.iter().map(row).collect();
    let head = vec![
        lang.pick("预期", "Required"),
        lang.pick("满足", "Met"),
        lang.pick("分量", "Weight"),
        lang.pick("无从判断的次数", "Runs in which it could not be judged"),
    ];
    let caption = lang.pick("预期与满足的概率", "What is required and how often it is met");
    (!rows.is_empty()).then(|| Table { caption: caption.to_owned(), head, rows })
}

pub(super) fn parts(study: &Study, lang: Lang) -> Option<Table> {
    let dash = || Cell::plain(DASH);
    let scored = |row: &PartRow| {
        let score = |of: fn(Scores) -> u8| {
            Cell::plain(row.score.map_or_else(|| DASH.to_owned(), |scores| of(scores).to_string()))
        };
        let full = Cell::plain(share_or_never(row.full, lang));
        let part = Cell::plain(row.part.word(lang));
        vec![part, dash(), score(|of| of.p50), score(|of| of.p90), full, dash(), dash(), dash()]
    };
    let timed = |row: &PartRow, time: &PartTime| {
        let limit = time.limit.map_or_else(|| DASH.to_owned(), |limit| lasted(limit, lang));
        let [p50, p90] = [time.took.p50, time.took.p90].map(|one| Cell::plain(quantile(one, lang)));
        let (part, asked) = (Cell::plain(row.part.word(lang)), Cell::plain(time.asked.get(lang)));
        vec![part, asked, dash(), dash(), dash(), p50, p90, Cell::plain(limit)]
    };
    let rows = study.parts.iter().flat_map(|row| {
        std::iter::once(scored(row)).chain(row.took.iter().map(|time| timed(row, time)))
    });
    let rows: Vec<_> = rows.collect();
    let head = vec![
        lang.pick("方面", "Part"),
        lang.pick("其中", "Of it"),
        lang.pick("得分 P50", "Score P50"),
        lang.pick("得分 P90", "Score P90"),
        lang.pick("满分", "All met"),
        lang.pick("用时 P50", "Took P50"),
        lang.pick("用时 P90", "Took P90"),
        lang.pick("时限", "Limit"),
    ];
    let caption =
        lang.pick("各方面的得分与用时", "How each part of the work scored, and how long it took");
    (!rows.is_empty()).then(|| Table { caption: caption.to_owned(), head, rows })
}

pub(super) fn times(spread: &Spread, lang: Lang) -> Table {
    let last = spread.bars.last().map(|bar| bar.from);
    let rows = spread.bars.iter().map(|bar| {
        let to = match Some(bar.from) == last {
            true => lasted(spread.most, lang),
            false => lasted(bar.to, lang),
        };
        let part = bar.runs as f64 / spread.count.max(1) as f64;
        [lasted(bar.from, lang), to, bar.runs.to_string(), percent(part)].map(Cell::plain).into()
    });
    Table {
        caption: lang.pick("到结束用了多久", "How long runs took to their end").to_owned(),
        head: vec![
            lang.pick("自", "From"),
            lang.pick("至", "To"),
            lang.pick("次数", "Runs"),
            lang.pick("比例", "Share"),
        ],
        rows: rows.collect(),
    }
}

pub(super) fn milestones(study: &Study, lang: Lang) -> Table {
    let row = |row: &MilestoneRow| {
        let kind = match row.kind {
            MilestoneKind::Role => lang.pick("角色确认", "role taken"),
            MilestoneKind::Phase => lang.pick("进入阶段", "phase entered"),
            MilestoneKind::Step => lang.pick("步骤完成", "step done"),
        };
        let mut cells = vec![
            Cell::plain(row.title.get(lang)),
            Cell::plain(kind),
            Cell::plain(percent_or_dash(row.reached.share, row.reached.of)),
        ];
        cells.extend(quantiles(row.took.as_ref(), lang));
        cells
    };
    Table {
        caption: lang.pick("里程碑与达到的时间", "Milestones and when they are reached").to_owned(),
        head: vec![
            lang.pick("里程碑", "Milestone"),
            lang.pick("种类", "Kind"),
            lang.pick("达到", "Reached"),
            "P50",
            "P90",
            "P99",
        ],
        rows: study.milestones.iter().map(row).collect(),
    }
}

pub(super) fn critical(study: &Study, lang: Lang) -> Table {
    let row = |row: &CriticalRow| {
        let role = row.role.as_ref().map_or(DASH, |role| role_title(study, role, lang));
        vec![
            Cell::plain(row.title.get(lang)),
            Cell::plain(role),
            Cell::plain(share(row.share)),
            Cell::plain(about(row.waited, lang)),
            Cell::plain(about(row.worked, lang)),
        ]
    };
    Table {
        caption: lang.pick("关键路径上的步骤", "Steps on the critical path").to_owned(),
        head: vec![
            lang.pick("步骤", "Step"),
            lang.pick("角色", "Role"),
            lang.pick("在关键路径上", "On the critical path"),
            lang.pick("平均等候", "Waited, on average"),
            lang.pick("平均处置", "Worked, on average"),
        ],
        rows: study.critical.iter().map(row).collect(),
    }
}

pub(super) fn trials(trials: &Trials, lang: Lang) -> Table {
    let dash = || DASH.to_owned();
    let row = |trial: &Trial| {
        let (passed, ended) = (trial.passed, trial.ended);
        let worse = trial.passing_moved && passed.is_some_and(|change| change.mean < 0.0);
        let tone = if worse { Tone::Bad } else { Tone::Plain };
        let never = if trial.never_ended > 0 { Tone::Bad } else { Tone::Plain };
        let alone = matches!(trial.of, crate::drill::study::report::TrialOf::Person(_));
        let alone =
            if alone && trial.is_needed() { lang.pick("单点", "single point") } else { "" };
        vec![
            Cell::plain(tried(trial, trials.slower, lang)),
            Cell::toned(passed.map_or_else(dash, points), tone),
            Cell::plain(ended.map_or_else(dash, |change| later(change, lang))),
            Cell::toned(trial.never_ended.to_string(), never),
            Cell::toned(alone, Tone::Bad),
        ]
    };
    Table {
        caption: lang.pick("一次改动一处", "One thing changed at a time").to_owned(),
        head: vec![
            lang.pick("如果", "What if"),
            lang.pick("通过率变化（百分点）", "Passing (points)"),
            lang.pick("到结束的变化", "To the end"),
            lang.pick("不再结束的次数", "Runs that no longer end"),
            "",
        ],
        rows: trials.all().map(row).collect(),
    }
}

/// Says when a run ended, or that it did not.
fn end(row: &WorstRow, lang: Lang) -> Cell {
    match (row.outcome, row.ended) {
        (Outcome::Completed, Some(ended)) => Cell::plain(lasted(ended, lang)),
        _ => Cell::toned(lang.pick("没有结束", "no end"), Tone::Bad),
    }
}

fn not_met(row: &WorstRow, lang: Lang) -> String {
    let not_met: Vec<&str> = row.not_met.iter().map(|text| text.get(lang)).collect();
    if not_met.is_empty() { DASH.to_owned() } else { not_met.join(lang.pick("；", "; ")) }
}

fn score(row: &WorstRow) -> String {
    row.score.map_or_else(|| DASH.to_owned(), |score| score.to_string())
}

pub(super) fn worst(study: &Study, lang: Lang) -> Table {
    let row = |row: &WorstRow| {
        let (number, score) = (row.sample.to_string(), score(row));
        let missed = not_met(row, lang);
        vec![Cell::plain(number), Cell::plain(score), end(row, lang), Cell::plain(missed)]
    };
    Table {
        caption: lang.pick("最差的几次", "The worst runs").to_owned(),
        head: vec![
            lang.pick("编号", "Number"),
            lang.pick("得分", "Score"),
            lang.pick("结束", "Ended"),
            lang.pick("未满足", "Not met"),
        ],
        rows: study.worst.iter().map(row).collect(),
    }
}

/// Tells one of the worst runs.
pub(super) fn tale(row: &WorstRow, lang: Lang, zone: &Zone) -> Tale {
    let number = row.sample;
    let (ended, score) = (end(row, lang).text, score(row));
    let mut lines = Vec::new();
    if row.left_out > 0 {
        let more = row.left_out;
        lines.push(lang.pick(
            format!("略去 {more} 行次要的；全部见 --sample {number}。"),
            format!("{more} less telling rows are left out; --sample {number} prints them all."),
        ));
    }
    let rows = row.timeline.iter().map(|row| {
        let clock = zone.civil(row.at).strftime("%m-%d %H:%M:%S").to_string();
        vec![
            Cell::plain(format!("+{}", lasted(row.after, lang))),
            Cell::plain(clock),
            Cell::plain(row.actor.get(lang)),
            Cell::toned(row.text.get(lang), row.tone),
        ]
    });
    let table = Table {
        caption: lang.pick(format!("第 {number} 次的时间线"), format!("Timeline of run {number}")),
        head: vec![
            lang.pick("启动后", "After"),
            lang.pick("时间", "Time"),
            lang.pick("谁", "Who"),
            lang.pick("事项", "What happened"),
        ],
        rows: rows.collect(),
    };
    let title = lang.pick(
        format!("第 {number} 次 · 得分 {score} · {ended}"),
        format!("Run {number} · score {score} · {ended}"),
    );
    Tale { title, lines, table }
}
