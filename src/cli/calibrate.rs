//! `firebell drill calibrate`: a cast made of what people really did, from a running server or from
//! the data folder of a stopped one.

use super::args::{Calibrate, Common};
use super::client::{Client, part};
use super::exit::{Exit, Stop};
use super::screen::Screen;
use super::{settings, verify, wait};
use crate::drill::calibrate::{Calibration, calibrate, cast};
use crate::drill::experience::times;
use crate::id::PlaybookId;
use crate::runtime::Library;

/// Prints the cast of one plan.
///
/// # Errors
/// The server's problem; a store that cannot be opened; a plan that is not there.
pub fn run(verb: &Calibrate, common: &Common, screen: &Screen) -> Result<(), Stop> {
    // Whoever names a folder means that folder, whatever server the environment knows.
    let found = match common.data {
        Some(_) => offline(verb, common, screen)?,
        None => online(verb, common, screen)?,
    };
    screen.data(&found, |found| cast::write(found, screen.lang).trim_end().to_owned())
}

fn online(verb: &Calibrate, common: &Common, screen: &Screen) -> Result<Calibration, Stop> {
    let client = Client::new(common, screen.lang)?;
    let since = verb.since.map_or_else(String::new, |since| format!("&since={since}"));
    let path = format!("/api/v1/drills/cast?playbook={}{since}", part(&verb.playbook));
    let answer = wait(client.get(&path))?;
    serde_json::from_value(answer).map_err(|error| Stop::new(Exit::Failure, error.to_string()))
}

fn offline(verb: &Calibrate, common: &Common, screen: &Screen) -> Result<Calibration, Stop> {
    let config = settings::load(common, None, screen)?.config;
    let id = PlaybookId::new(&verb.playbook);
    let folders = (&config.playbooks, &config.drills.dir);
    let library = Library::read(folders.0, folders.1, &config.directory(), screen.now);
    let plan = library.playbook(&id).ok_or_else(|| {
        let folder = config.playbooks.display();
        let why = screen.lang.pick(
            format!("{folder} 中没有预案 {id}"),
            format!("there is no playbook {id} in {folder}"),
        );
        Stop::new(Exit::NotFound, why)
    })?;
    let (store, _) = verify::open(&config, screen)?;
    let times = times(&store, &id, verb.since, screen.now)
        .map_err(|error| verify::refused(screen, &error))?;
    Ok(calibrate(&plan, &times))
}
