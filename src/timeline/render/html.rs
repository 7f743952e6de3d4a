//! A report as one page that needs nothing else: print it, mail it, keep it.

use askama::Template;

use super::page::{Page, Section};
use crate::people::Zone;
use crate::text::Lang;
use crate::timeline::build::Timeline;
use crate::timeline::chart::{Chart, WIDTH, chart};
use crate::timeline::story::Chain;

#[derive(Template)]
#[template(path = "timeline/render/report.html", whitespace = "minimize")]
struct Report<'a> {
    lang: &'static str,
    page: &'a Page,
    chart: Option<Chart>,
    width: f64,
    broken: bool,
    level: u8,
    words: Labels,
}

/// The words of the picture.
struct Labels {
    picture: &'static str,
    waiting: &'static str,
    working: &'static str,
    late: &'static str,
    due: &'static str,
    failed: &'static str,
    acknowledged: &'static str,
    silent: &'static str,
    escalated: &'static str,
    level: &'static str,
    left_out: String,
}

/// Renders a report. Everything that people wrote is escaped.
pub(super) fn render(timeline: &Timeline, page: &Page, lang: Lang, zone: &Zone) -> String {
    let bars = timeline.lanes.lanes.iter().any(|lane| !lane.bars.is_empty());
    let chart = bars.then(|| chart(&timeline.lanes, lang, zone));
    let left_out = chart.as_ref().map_or(0, |chart| chart.left_out);
    let report = Report {
        lang: lang.pick("zh-CN", "en"),
        page,
        chart,
        width: WIDTH,
        broken: matches!(timeline.chain, Chain::Broken { .. }),
        level: timeline.incident.level_worst,
        words: labels(lang, left_out),
    };
    report.render().expect("writing to a string does not fail")
}

/// Renders a report that has no timeline.
pub(super) fn render_alone(page: &Page, lang: Lang) -> String {
    let report = Report {
        lang: lang.pick("zh-CN", "en"),
        page,
        chart: None,
        width: WIDTH,
        broken: false,
        level: crate::playbook::LEVEL_MILDEST,
        words: labels(lang, 0),
    };
    report.render().expect("writing to a string does not fail")
}

fn labels(lang: Lang, left_out: usize) -> Labels {
    Labels {
        picture: lang
            .pick("泳道图：各角色的步骤与时间", "Swim lanes: the steps of each role over time"),
        waiting: lang.pick("等待开始", "waiting"),
        working: lang.pick("进行", "working"),
        late: lang.pick("逾期", "late"),
        due: lang.pick("时限", "due"),
        failed: lang.pick("失败", "failed"),
        acknowledged: lang.pick("确认角色", "role taken"),
        silent: lang.pick("无人应答", "no answer"),
        escalated: lang.pick("升级", "escalation"),
        level: lang.pick("级", ""),
        left_out: match left_out {
            0 => String::new(),
            n => lang.pick(
                format!("图中略去 {n} 项，见下表。"),
                format!("{n} more are in the table below."),
            ),
        },
    }
}

impl Section {
    /// Tells whether the picture stands in it.
    fn has_picture(&self) -> bool {
        self.id == "lanes"
    }
}
