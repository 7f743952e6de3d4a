//! Writes what was found as the `cast` of a drill's file, with what it is made of beside it. What is
//! made of too little is said and left out. It must not know where it goes.

use std::fmt::Write as _;

use super::{Answers, Calibration, Found, MEDIAN_LEAST, P90_LEAST};
use crate::text::{Lang, count};

/// Writes a cast.
#[must_use]
pub fn write(of: &Calibration, lang: Lang) -> String {
    let (playbook, incidents) = (&of.playbook, of.incidents);
    let mut out = lang.pick(
        format!(
            "# 预案 {playbook}：取自 {incidents} 次真实事件和演练（不含模拟）。未等到结果的按删失数据计。\n"
        ),
        format!(
            "# {playbook}: of {}, no simulations. What was not waited out counts\n\
             # as longer than it was waited for.\n",
            count(incidents, "incident or exercise", "incidents and exercises")
        ),
    );
    let default =
        answer_lines(&of.answers, "    ", lang) + &timing_line("work", &of.work, "    ", lang);
    let roles = of
        .roles
        .iter()
        .map(|row| part("    ", row.role.as_str(), &answer_lines(&row.answers, "      ", lang)));
    let steps = of.steps.iter().map(|row| {
        part("    ", row.step.as_str(), &timing_line("work", &row.work, "      ", lang))
    });
    out += "cast:\n";
    out += &part("  ", "default", &default);
    out += &part("  ", "roles", &roles.collect::<String>());
    out += &part("  ", "steps", &steps.collect::<String>());
    out
}

/// Writes a key with what belongs to it. Where nothing can be said, remarks are all.
fn part(indent: &str, key: &str, lines: &str) -> String {
    let is_remark = |line: &str| line.trim_start().starts_with('#');
    if !lines.lines().all(is_remark) {
        return format!("{indent}{key}:\n{lines}");
    }
    let remarks = lines.lines().map(|line| line.trim_start().trim_start_matches('#').trim());
    remarks.map(|remark| format!("{indent}# {key}: {remark}\n")).collect()
}

fn answer_lines(answers: &Answers, indent: &str, lang: Lang) -> String {
    let mut out = timing_line("acknowledge", &answers.found, indent, lang);
    let ran_out = answers.ran_out;
    if let (Some(share), true) = (answers.no_show, ran_out.of > 0) {
        let (hits, of) = (ran_out.hits, ran_out.of);
        let [low, high] = [ran_out.low, ran_out.high].map(|end| 100.0 * end);
        let made_of = lang.pick(
            format!("{of} 次呼叫中 {hits} 次到时未应答 [{low:.1}%–{high:.1}%]"),
            format!("{hits} of {of} pages ran out [{low:.1}%–{high:.1}%]"),
        );
        let _ = writeln!(out, "{indent}no_show: {:.1}%  # {made_of}", 100.0 * share);
    }
    out
}

fn timing_line(key: &str, found: &Found, indent: &str, lang: Lang) -> String {
    let (came, censored) = (found.came, found.censored);
    let made_of = lang.pick(
        format!("{came} 次有结果，{censored} 次未等到"),
        format!("{came} came, {censored} not waited out"),
    );
    match (found.median, found.p90) {
        (Some(median), Some(p90)) => {
            let (median, p90) = (duration(median), duration(p90.max(median)));
            format!("{indent}{key}: {{ median: {median}, p90: {p90} }}  # {made_of}\n")
        }
        (Some(median), None) => {
            let median = duration(median);
            lang.pick(
                format!("{indent}# {key}：中位数约 {median}；{made_of}，太少，推不出 P90（需要 {P90_LEAST} 次）\n"),
                format!("{indent}# {key}: median about {median}; {made_of}: too few to tell the 90th percentile ({P90_LEAST} are wanted)\n"),
            )
        }
        (None, _) => lang.pick(
            format!("{indent}# {key}：{made_of}，太少（中位数需要 {MEDIAN_LEAST} 次，P90 需要 {P90_LEAST} 次）\n"),
            format!("{indent}# {key}: {made_of}: too few (a median wants {MEDIAN_LEAST}, a 90th percentile {P90_LEAST})\n"),
        ),
    }
}

/// Writes seconds as a drill's file takes them, to about one part in a hundred.
fn duration(seconds: u64) -> String {
    match seconds {
        0..=599 => format!("{seconds}s"),
        600..=35_999 => format!("{}m", (seconds + 30) / 60),
        _ => format!("{}h", (seconds + 1_800) / 3_600),
    }
}
