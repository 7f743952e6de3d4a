//! A surge as people look at it: a small chart of its last day, and the same as a table for those
//! who cannot see it. Pure.

use std::fmt::Write as _;

use super::monitor::Monitor;
use super::surge::{Contributor, Point, Surge};
use crate::people::Zone;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 240.0;
/// Room for the numbers at the left, and for the hours below.
const LEFT: f64 = 48.0;
const BELOW: f64 = 28.0;
const ABOVE: f64 = 28.0;

/// Draws the hours of a surge as bars, with a line for what is usual.
#[must_use]
pub fn chart(monitor: &Monitor, surge: &Surge) -> String {
    let points = &surge.chart;
    let most = points.iter().map(|point| f64::from(point.count).max(point.usual.unwrap_or(0.0)));
    let most = most.fold(1.0, f64::max);
    let step = (WIDTH - LEFT) / f64::from(u32::try_from(points.len()).unwrap_or(1).max(1));
    let floor = HEIGHT - BELOW;
    let tall = |n: f64| n / most * (floor - ABOVE);
    let title = format!("{}: {}", monitor.id, monitor.signal);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         font-family=\"sans-serif\" font-size=\"11\">\n<title>{0}</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"16\">{0}</text>\n\
         <text x=\"{1}\" y=\"{2}\" text-anchor=\"end\">{most:.0}</text>\n\
         <text x=\"{1}\" y=\"{floor}\" text-anchor=\"end\">0</text>\n",
        escaped(&title),
        LEFT - 6.0,
        ABOVE + 4.0,
    );
    let mut usual = String::new();
    for (n, point) in (0_u32..).zip(points) {
        let (x, high) = (LEFT + step * f64::from(n), tall(f64::from(point.count)));
        let (y, wide) = (floor - high, step * 0.8);
        let fill = if point.at.as_second() + 3_600 > surge.began.as_second() {
            "#b42318"
        } else {
            "#7a8699"
        };
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{high:.1}\" \
             fill=\"{fill}\"><title>{} {}</title></rect>",
            hour(point, &monitor.zone),
            point.count,
        );
        if let Some(is) = point.usual {
            let _ = write!(usual, "{:.1},{:.1} ", x + wide / 2.0, floor - tall(is));
        }
        if n % 4 == 0 {
            let y = HEIGHT - 10.0;
            let hour = hour(point, &monitor.zone);
            let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y}\">{}</text>", &hour[6..]);
        }
    }
    let _ = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#175cd3\" stroke-width=\"2\" \
         stroke-dasharray=\"5 3\"/>\n</svg>",
        usual.trim_end(),
    );
    svg
}

/// Writes a surge as tables of text: its groups, its tickets, and the hours of its last day.
#[must_use]
pub fn table(monitor: &Monitor, surge: &Surge) -> String {
    let number = |n: Option<f64>| n.map_or_else(|| "–".to_owned(), |n| format!("{n:.1}"));
    let mut text = format!(
        "# {}: {}\n\n{} / {} min, 平常 usual {}, 倍数 ratio {}, 最高 peak {}\n",
        monitor.id,
        monitor.signal,
        surge.count,
        monitor.window,
        number(surge.usual),
        number(surge.ratio),
        number(surge.peak),
    );
    if !surge.top.is_empty() {
        let labels = monitor.group_by.join(" · ");
        let _ = write!(text, "\n| {labels} | 件数 count | 平常 usual |\n|---|---:|---:|\n");
        for group in &surge.top {
            let (name, count, usual) = (group.name(), group.count, number(group.usual));
            let _ = writeln!(text, "| {} | {count} | {usual} |", name.replace('|', "\\|"));
        }
    }
    if !surge.tickets.is_empty() {
        let _ = write!(text, "\n工单 tickets: {}\n", surge.tickets.join(", "));
    }
    text.push_str("\n| 小时 hour | 件数 count | 平常 usual |\n|---|---:|---:|\n");
    for point in &surge.chart {
        let (hour, usual) = (hour(point, &monitor.zone), number(point.usual));
        let _ = writeln!(text, "| {hour} | {} | {usual} |", point.count);
    }
    text
}

impl Contributor {
    /// Returns what the group is called: the values of its labels.
    #[must_use]
    pub fn name(&self) -> String {
        let value = |value: &smol_str::SmolStr| {
            if value.is_empty() { "–".to_owned() } else { value.to_string() }
        };
        self.values.iter().map(value).collect::<Vec<_>>().join(" · ")
    }
}

/// The month, day and hour, as the monitor's zone shows it.
fn hour(point: &Point, zone: &Zone) -> String {
    let at = zone.civil(point.at);
    format!("{:02}-{:02} {:02}:00", at.month(), at.day(), at.hour())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
