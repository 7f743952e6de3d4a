//! What is said of calendars that cannot be read. Never their addresses.

use jiff::SignedDuration;

use super::{CALENDAR_OLD, CalendarStanding};
use crate::id::ScheduleId;
use crate::notify::Why;
use crate::people::{Directory, Zone};
use crate::runtime::rosters::tell::{self, Draft};
use crate::store::StoreError;
use crate::text::{Lang, Text, count, system};

pub(super) fn refused(why: &Why) -> Text {
    Text::both(why.sentence(Lang::Zh), why.sentence(Lang::En))
}

pub(super) fn unreadable(why: &std::io::Error) -> Text {
    Text::both(
        format!("读不到文件：{}", system::why(why, Lang::Zh)),
        format!("the file cannot be read: {}", system::why(why, Lang::En)),
    )
}

pub(super) fn unexpected() -> Text {
    Text::both("读取中断", "reading it stopped")
}

pub(super) fn not_kept(error: &StoreError) -> Text {
    Text::both(format!("无法保存：{error}"), format!("it could not be kept: {error}"))
}

pub(super) fn moved(status: u16) -> Text {
    Text::both(
        format!("服务器答复 {status}，指向另一个地址；请改写成最终地址，重定向不会被跟随"),
        format!(
            "the server answers {status} and names another address; configure that one, \
             redirects are not followed"
        ),
    )
}

pub(super) fn status(status: u16) -> Text {
    Text::both(format!("服务器答复 {status}"), format!("the server answers {status}"))
}

/// Words the news that a copy has grown old.
pub(super) fn old(
    zone: &Zone,
    directory: &Directory,
    schedule: &ScheduleId,
    standing: &CalendarStanding,
) -> Draft {
    let (zh_title, en_title) = tell::titles(directory, schedule);
    let hours = CALENDAR_OLD.as_hours();
    let copy = standing.good.map(|good| zone.civil(good).strftime("%Y-%m-%d %H:%M").to_string());
    let (name, why) = (zone.name(), standing.trouble.as_ref().map(|(_, why)| why));
    let why = |lang| why.map_or("", |why| why.get(lang));
    let (zh, en) = match copy {
        Some(at) => (
            format!("日历已超过 {hours} 小时读不到，仍按 {at}（{name}）的副本值班"),
            format!(
                "the calendar could not be read for {hours} hours; shifts are those of the copy \
                 of {at} ({name})"
            ),
        ),
        None => (
            format!("日历已超过 {hours} 小时读不到，也没有可用的副本"),
            format!("the calendar could not be read for {hours} hours, and there is no copy"),
        ),
    };
    let help = "\nfirebell doctor · firebell oncall override";
    Draft::new(
        Text::both(
            format!("{zh_title}：日历读不到"),
            format!("{en_title}: the calendar cannot be read"),
        ),
        Text::both(
            format!("{zh}\n{}{help}", why(Lang::Zh)),
            format!("{en}\n{}{help}", why(Lang::En)),
        ),
    )
}

/// Says how a calendar stands, in one line.
#[must_use]
pub fn said(standing: &CalendarStanding, age: Option<SignedDuration>) -> Text {
    let n = standing.shifts;
    let shifts = count(n, "shift", "shifts");
    let (mut zh, mut en) = match age {
        Some(age) if age < SignedDuration::from_mins(1) => {
            (format!("{n} 个班次，刚读取"), format!("{shifts}, read just now"))
        }
        Some(age) => {
            let (hours, minutes) = (age.as_hours(), age.as_mins() % 60);
            (
                format!("{n} 个班次，{hours} 小时 {minutes} 分前读取"),
                format!("{shifts}, read {hours} h {minutes} min ago"),
            )
        }
        None => ("没有可用的副本".to_owned(), "there is no copy".to_owned()),
    };
    if !standing.left_out.is_empty() {
        let n = standing.left_out.len();
        zh.push_str(&format!("；{n} 个事件未读入"));
        en.push_str(&format!("; events left out: {n}"));
    }
    if let Some((_, why)) = &standing.trouble {
        zh.push_str(&format!("；{}", why.get(Lang::Zh)));
        en.push_str(&format!("; {}", why.get(Lang::En)));
    }
    Text::both(zh, en)
}
