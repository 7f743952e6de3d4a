//! Schedules that take their shifts from a calendar file.

use crate::config::code::{BAD_CALENDAR, CALENDAR_EVENT};
use crate::people::ical::{NoCalendar, Reader as CalendarReader};
use crate::people::{Shifts, Zone};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::yaml::{Fields, Node};
use crate::text::{Lang, Text};

use super::Reader;

impl Reader<'_, '_> {
    /// Reads `{ file: duty.ics }`. A calendar that cannot be read stands in without shifts.
    pub(super) fn calendar(&mut self, node: &Node, zone: &Zone) -> Shifts {
        let what = Text::both("日历", "a calendar");
        let Some(mut fields) = Fields::open(node, what, self.out) else { return Shifts::default() };
        let file = fields.require("file", self.out);
        fields.close(self.out);
        let Some((file, path)) = file.and_then(|file| Some((file, self.path(file)?))) else {
            return Shifts::default();
        };
        let shown = path.display();
        let bytes = match (self.inputs.calendar_file)(&path) {
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
