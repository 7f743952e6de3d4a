//! `firebell monitor`: what the configuration's monitors would have done with the past. Works without
//! a server.

use std::path::Path;

use jiff::Timestamp;

use super::args::{Backtest, Monitor as Verb};
use super::exit::{Exit, Stop};
use super::screen::{Screen, Tone};
use super::settings;
use crate::playbook::diagnostic::nearest;
use crate::signal::{self, BacktestFault, Monitor, Occurrence, Trouble};
use crate::text::{Lang, system};

/// The largest file that is read: a year of minutes with a few labels.
const FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Runs a verb.
///
/// # Errors
/// No such monitor; a file that cannot be read.
pub fn run(verb: &Verb, common: &super::args::Common, screen: &Screen) -> Result<(), Stop> {
    let config = settings::load(common, None, screen)?.config;
    match verb {
        Verb::Backtest(args) => backtest(args, &config.monitors, screen),
    }
}

fn backtest(args: &Backtest, monitors: &[Monitor], screen: &Screen) -> Result<(), Stop> {
    let found = monitors.iter().find(|monitor| monitor.id == args.monitor);
    let monitor = found.ok_or_else(|| unknown(&args.monitor, monitors, screen))?;
    let history = Sheet::open(&args.history, screen)?;
    let rows = history.occurrences(monitor, screen)?;
    let known = match &args.known {
        Some(path) => Sheet::open(path, screen)?.troubles(screen)?,
        None => Vec::new(),
    };
    let told = signal::backtest(monitor, rows, &known).map_err(|fault| {
        let zh = match fault {
            BacktestFault::Empty => "其中没有该监测的信号".to_owned(),
            BacktestFault::TooLong => "历史超过两年".to_owned(),
        };
        let why = screen.lang.pick(zh, fault.to_string());
        Stop::new(Exit::Failure, format!("{}: {why}", args.history.display()))
    })?;
    screen.data(&told, |told| text(told, monitor, &known, screen))
}

fn unknown(name: &str, monitors: &[Monitor], screen: &Screen) -> Stop {
    let hint = nearest(name, monitors.iter().map(|monitor| monitor.id.as_str()));
    let (zh, en) = match hint {
        Some(hint) => (format!("，是否想写 `{hint}`？"), format!("; did you mean `{hint}`?")),
        None => {
            ("；在配置的 `monitors:` 下添加".to_owned(), "; add it under `monitors:`".to_owned())
        }
    };
    let words = screen
        .lang
        .pick(format!("没有监测 `{name}`{zh}"), format!("there is no monitor `{name}`{en}"));
    Stop::new(Exit::NotFound, words)
}

/// A table of a file: names of its columns, and its rows.
struct Sheet<'a> {
    path: &'a Path,
    heads: csv::StringRecord,
    rows: Vec<csv::StringRecord>,
}

impl<'a> Sheet<'a> {
    fn open(path: &'a Path, screen: &Screen) -> Result<Self, Stop> {
        let unread = |why: String| Stop::new(Exit::NotFound, format!("{}: {why}", path.display()));
        let of_system = |error: &std::io::Error| unread(system::why(error, screen.lang));
        let size = std::fs::metadata(path).map_err(|error| of_system(&error))?.len();
        if size > FILE_BYTES_MAX {
            let why = screen.lang.pick("文件超过 512 MiB", "the file is larger than 512 MiB");
            return Err(Stop::new(Exit::Failure, format!("{}: {why}", path.display())));
        }
        let broken = |error: &csv::Error| {
            let line = error.position().map_or(0, csv::Position::line);
            let why = screen
                .lang
                .pick(format!("第 {line} 行不是 CSV"), format!("line {line} is not CSV: {error}"));
            Stop::new(Exit::Failure, format!("{}: {why}", path.display()))
        };
        let mut read = csv::Reader::from_path(path).map_err(|error| broken(&error))?;
        let heads = read.headers().map_err(|error| broken(&error))?.clone();
        let rows = read.into_records().collect::<Result<_, _>>().map_err(|error| broken(&error))?;
        Ok(Self { path, heads, rows })
    }

    fn column(&self, name: &str, screen: &Screen) -> Result<usize, Stop> {
        self.heads.iter().position(|head| head == name).ok_or_else(|| {
            let why = screen
                .lang
                .pick(format!("缺少列 `{name}`"), format!("there is no column `{name}`"));
            Stop::new(Exit::Failure, format!("{}: {why}", self.path.display()))
        })
    }

    fn instant(
        &self,
        row: &csv::StringRecord,
        at: usize,
        screen: &Screen,
    ) -> Result<Timestamp, Stop> {
        let text = row.get(at).unwrap_or_default();
        text.parse().map_err(|_| self.wrong(row, screen, "不是时刻", "is no instant", text))
    }

    fn wrong(
        &self,
        row: &csv::StringRecord,
        screen: &Screen,
        zh: &str,
        en: &str,
        text: &str,
    ) -> Stop {
        let line = row.position().map_or(0, csv::Position::line);
        let why = screen
            .lang
            .pick(format!("第 {line} 行：`{text}` {zh}"), format!("line {line}: `{text}` {en}"));
        Stop::new(Exit::Failure, format!("{}: {why}", self.path.display()))
    }

    /// Reads `at`, `count` and labels: every other column but `signal` and `ticket` is one.
    fn occurrences(
        &self,
        monitor: &Monitor,
        screen: &Screen,
    ) -> Result<Vec<(Timestamp, Occurrence<'_>)>, Stop> {
        let at = self.column("at", screen)?;
        let place = |name: &str| self.heads.iter().position(|head| head == name);
        let (count, signal, ticket) = (place("count"), place("signal"), place("ticket"));
        let own = [Some(at), count, signal, ticket];
        let labels: Vec<usize> =
            (0..self.heads.len()).filter(|place| !own.contains(&Some(*place))).collect();
        let mut rows = Vec::with_capacity(self.rows.len());
        for row in &self.rows {
            let get = |place: Option<usize>| row.get(place?).filter(|text| !text.is_empty());
            let when = self.instant(row, at, screen)?;
            let many = match get(count) {
                None => 1,
                Some(text) => text
                    .parse()
                    .map_err(|_| self.wrong(row, screen, "不是数量", "is no count", text))?,
            };
            if many == 0 {
                continue;
            }
            let label =
                |place: &usize| Some((self.heads.get(*place)?.into(), row.get(*place)?.into()));
            let occurrence = Occurrence {
                signal: get(signal).unwrap_or(&monitor.signal).to_owned().into(),
                at: Some(when),
                count: many,
                labels: labels.iter().filter_map(label).collect(),
                ticket: get(ticket).map(Into::into),
            };
            let occurrence = occurrence.bounded().map_err(|fault| {
                let said = fault.text();
                self.wrong(row, screen, said.get(Lang::Zh), said.get(Lang::En), "")
            })?;
            rows.push((when, occurrence));
        }
        Ok(rows)
    }

    /// Reads `from` and `until`.
    fn troubles(&self, screen: &Screen) -> Result<Vec<Trouble>, Stop> {
        let (from, until) = (self.column("from", screen)?, self.column("until", screen)?);
        let read = |row: &csv::StringRecord| {
            let from = self.instant(row, from, screen)?;
            let until = self.instant(row, until, screen)?;
            Ok(Trouble { from, until })
        };
        self.rows.iter().map(read).collect()
    }
}

fn text(told: &signal::Backtest, monitor: &Monitor, known: &[Trouble], screen: &Screen) -> String {
    let lang = screen.lang;
    let number = |n: Option<f64>| n.map_or_else(|| "–".to_owned(), |n| format!("{n:.1}"));
    let rows = told.fired.iter().map(|fired| {
        let until = fired.until.map_or_else(|| "–".to_owned(), |at| screen.moment(at));
        let delay = match fired.delay_minutes {
            Some(minutes) => lang.pick(format!("{minutes} 分钟"), format!("{minutes} min")),
            None if known.is_empty() => "–".to_owned(),
            None => screen.paint(Tone::Bad, lang.pick("误报", "false alarm")),
        };
        let level = fired.level.map_or_else(|| "–".to_owned(), |level| level.to_string());
        vec![screen.moment(fired.at), until, number(fired.peak), level, delay]
    });
    let heading = [
        ("触发", "FIRED"),
        ("平息", "OVER"),
        ("峰值倍数", "PEAK"),
        ("等级", "LEVEL"),
        ("迟于起始", "DELAY"),
    ];
    let mut lines = vec![screen.table(&heading, rows.collect())];
    let (from, until) = (screen.moment(told.from), screen.moment(told.until));
    lines.push(lang.pick(
        format!("{from} 至 {until}：计入 {} 条，略过 {} 条", told.counted, told.passed_over),
        format!("{from} to {until}: {} counted, {} passed over", told.counted, told.passed_over),
    ));
    if let Some(per_week) = told.false_alarms_per_week {
        let (all, missed) = (known.len(), told.missed);
        lines.push(lang.pick(
            format!("已知事件 {all} 起，漏报 {missed} 起；每周误报 {per_week:.2} 次"),
            format!("{all} troubles known, {missed} missed; {per_week:.2} false alarms a week"),
        ));
    }
    if let (Some(suggested), Some(is)) = (told.suggested_ratio, monitor.rule.least_ratio()) {
        lines.push(lang.pick(
            format!("平常日子里四周至多误报一次的最小倍数：{suggested:.1}（现为 {is:.1}）"),
            format!(
                "the least ratio that fires for nothing at most once in four weeks: {suggested:.1} \
                 (now {is:.1})"
            ),
        ));
    }
    lines.join("\n")
}
