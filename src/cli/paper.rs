//! `firebell paper`: a plan as a checklist to print, with those the rosters name. Works without a
//! server: it is made for the day when there is none.

use super::args::{Common, Paper as Args};
use super::exit::Stop;
use super::plan;
use super::screen::Screen;
use crate::paper::Occasion;

/// Prints a plan as HTML.
///
/// # Errors
/// No such plan, or one with errors.
pub fn run(args: &Args, common: &Common, screen: &Screen) -> Result<(), Stop> {
    let (playbook, config) = plan::find(&args.playbook, common, screen)?;
    let directory = config.directory();
    let occasion = Occasion {
        lang: screen.lang,
        zone: &screen.zone,
        directory: &directory,
        at: args.at.unwrap_or(screen.now),
        printed: screen.now,
    };
    screen.raw(occasion.print(&playbook).trim_end_matches('\n'))
}
