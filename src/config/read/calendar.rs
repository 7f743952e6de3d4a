//! Schedules that take their shifts from a calendar: a file, or an address.

use std::time::Duration;

use crate::config::code::{BAD_CALENDAR, CALENDAR_EVENT};
use crate::config::model::{Calendar, CalendarPlace};
use crate::id::ScheduleId;
use crate::notify::Secret;
use crate::people::ical::{NoCalendar, Reader as CalendarReader};
use crate::people::{Shifts, Zone};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::yaml::{Fields, Node, missing};
use crate::text::{Lang, Text};

use super::Reader;

/// How often a calendar is read anew: rosters change by the day, and providers of calendars limit
/// who asks more often than by the minute.
const REFRESH: Duration = Duration::from_secs(15 * 60);
const REFRESH_LEAST: Duration = Duration::from_secs(60);
/// Well below the day after which a copy counts as old.
const REFRESH_MOST: Duration = Duration::from_secs(6 * 3_600);

impl Reader<'_, '_> {
    /// Reads `{ file: duty.ics }`, `{ url: https://… }` or `{ url_secret: env:NAME }`. What is
    /// behind an address a running server fetches; until then there are no shifts.
    pub(super) fn calendar(&mut self, node: &Node, id: &ScheduleId, zone: &Zone) -> Shifts {
        let what = Text::both("日历", "a calendar");
        let Some(mut fields) = Fields::open(node, what.clone(), self.out) else {
            return Shifts::default();
        };
        let refresh = fields
            .take("refresh")
            .map_or(Some(REFRESH), |node| self.duration(node, REFRESH_LEAST, REFRESH_MOST));
        let (file, url, secret) =
            (fields.take("file"), fields.take("url"), fields.take("url_secret"));
        let allow_private = match file {
            Some(_) => false,
            None => fields.boolean("allow_private", self.out).unwrap_or(false),
        };
        fields.close(self.out);
        let mut given = [file, url, secret].into_iter().flatten();
        let (first, second) = (given.next(), given.next());
        if let Some(second) = second {
            self.bad(
                second,
                both!("一个日历只有一个来源", "a calendar comes from one place"),
                both!(
                    "只写 `file`、`url`、`url_secret` 之一",
                    "write one of `file`, `url` and `url_secret`"
                ),
            );
            return Shifts::default();
        }
        if first.is_none() {
            self.out.push(
                missing(node.span, &what, "file")
                    .help(both!("或写 `url`、`url_secret`", "or write `url` or `url_secret`")),
            );
        }
        let (mut shifts, mut place) = (Shifts::default(), None);
        if let Some(node) = file
            && let Some(path) = self.path(node)
        {
            shifts = self.calendar_file(node, &path, zone);
            place = Some(CalendarPlace::File(path));
        }
        let address = match (url, secret) {
            (Some(node), _) => self.url(node, allow_private).map(Secret::new),
            (None, Some(node)) => self.secret_address(node, allow_private),
            (None, None) => None,
        };
        place = place.or(address.map(|url| CalendarPlace::Address { url, allow_private }));
        if let (Some(place), Some(refresh)) = (place, refresh) {
            self.calendars.insert(id.clone(), Calendar { place, refresh });
        }
        shifts
    }

    /// Reads a calendar's file. One that cannot be read stands in without shifts.
    fn calendar_file(&mut self, file: &Node, path: &std::path::Path, zone: &Zone) -> Shifts {
        let shown = path.display();
        let bytes = match (self.inputs.calendar_file)(path) {
            Ok(bytes) => bytes,
            Err(why) => {
                let finding = Diagnostic::new(
                    BAD_CALENDAR,
                    both!(
                        "读不到日历文件 {shown}：{why}",
                        "cannot read the calendar {shown}: {why}"
                    ),
                );
                self.out.push(finding.at(file.span).help(both!(
                    "检查路径和权限；路径相对于配置文件",
                    "check path and permissions; paths are meant from the configuration file"
                )));
                return Shifts::default();
            }
        };
        let reader = CalendarReader::around(self.inputs.now, zone, &self.names);
        let reading = std::str::from_utf8(&bytes)
            .map_err(|_| NoCalendar::NotText)
            .and_then(|text| reader.read(text));
        match reading {
            Err(why) => {
                let said = why.message();
                let (zh, en) = (said.get(Lang::Zh), said.get(Lang::En));
                let message = both!("日历文件 {shown}：{zh}", "the calendar {shown}: {en}");
                self.out.push(Diagnostic::new(BAD_CALENDAR, message).at(file.span));
                Shifts::default()
            }
            Ok(reading) => {
                for remark in &reading.remarks {
                    let said = remark.message();
                    let (zh, en) = (said.get(Lang::Zh), said.get(Lang::En));
                    let message = both!("{shown} {zh}", "{shown}, {en}");
                    self.out.push(Diagnostic::new(CALENDAR_EVENT, message).at(file.span));
                }
                reading.shifts
            }
        }
    }
}
