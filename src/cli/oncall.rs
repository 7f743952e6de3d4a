//! `firebell oncall`: who is on call, from the configuration's rosters. Works without a server; what
//! people change while it runs is asked of the server.

use serde::Serialize;

use super::args::{Common, Oncall};
use super::client::Client;
use super::exit::{Exit, Stop};
use super::screen::{Screen, Tone};
use super::{settings, shift, wait};
use crate::id::ScheduleId;
use crate::people::{Directory, Schedule};
use crate::playbook::diagnostic::nearest;

#[derive(Serialize)]
struct Row {
    schedule: ScheduleId,
    title: String,
    people: Vec<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<jiff::Timestamp>,
}

#[derive(Serialize)]
struct Named {
    id: String,
    name: String,
}

/// Runs one verb, or prints who is on call.
///
/// # Errors
/// No such schedule; nobody on call; the server's problem.
pub fn run(args: Oncall, common: &Common, screen: &Screen) -> Result<(), Stop> {
    match args.verb {
        Some(verb) => wait(shift::run(verb, &Client::new(common, screen.lang)?, screen)),
        None => show(&args, common, screen),
    }
}

/// Prints who is on call at an instant; nobody is a finding.
fn show(args: &Oncall, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let directory = settings::load(common, None, screen)?.config.directory();
    let at = args.at.unwrap_or(screen.now);
    let wanted = |schedule: &&Schedule| {
        args.schedule.as_deref().is_none_or(|only| schedule.id.as_str() == only)
    };
    let rows: Vec<Row> =
        directory.schedules().filter(wanted).map(|s| row(&directory, s, at, screen)).collect();
    if let (Some(name), true) = (&args.schedule, rows.is_empty()) {
        return Err(unknown(&directory, name, screen));
    }
    let gap = rows.iter().any(|row| row.people.is_empty());
    screen.data(&rows, |rows| table(rows, screen))?;
    if gap { Err(Stop::silent(Exit::Failure)) } else { Ok(()) }
}

fn row(directory: &Directory, schedule: &Schedule, at: jiff::Timestamp, screen: &Screen) -> Row {
    let people = directory.on_call(&schedule.id, at).into_iter().map(|id| {
        let name = directory.person(&id).map_or("", |person| person.name.get(screen.lang));
        Named { name: name.to_owned(), id: id.to_string() }
    });
    Row {
        schedule: schedule.id.clone(),
        title: schedule.title.get(screen.lang).to_owned(),
        people: people.collect(),
        until: directory.next_change(&schedule.id, at),
    }
}

fn table(rows: &[Row], screen: &Screen) -> String {
    let nobody = screen.paint(Tone::Bad, screen.lang.pick("无人值班", "nobody"));
    let cells = rows.iter().map(|row| {
        let people: Vec<String> =
            row.people.iter().map(|person| format!("{} ({})", person.name, person.id)).collect();
        let until = row.until.map_or_else(String::new, |at| screen.moment(at));
        let people = if people.is_empty() { nobody.clone() } else { people.join(", ") };
        vec![row.title.clone(), people, until]
    });
    let heading = [("值班表", "SCHEDULE"), ("在岗", "ON CALL"), ("至", "UNTIL")];
    screen.table(&heading, cells.collect())
}

fn unknown(directory: &Directory, name: &str, screen: &Screen) -> Stop {
    let hint = nearest(name, directory.schedules().map(|schedule| schedule.id.as_str()));
    let words = match hint {
        Some(hint) => screen.lang.pick(
            format!("没有值班表 `{name}`，是否想写 `{hint}`？"),
            format!("there is no schedule `{name}`; did you mean `{hint}`?"),
        ),
        None => screen
            .lang
            .pick(format!("没有值班表 `{name}`"), format!("there is no schedule `{name}`")),
    };
    Stop::new(Exit::NotFound, words)
}
