//! `firebell timeline`: prints what reviewers read.

use super::args::{Output, Timeline, TimelineFormat};
use super::client::{Client, part};
use super::exit::Stop;
use super::screen::Screen;

/// Prints the timeline of an incident.
///
/// # Errors
/// The server's problem.
pub async fn run(args: &Timeline, client: &Client, screen: &Screen) -> Result<(), Stop> {
    let format = match (args.format, screen.output) {
        (TimelineFormat::Text, Output::Json) => TimelineFormat::Json,
        (asked, _) => asked,
    };
    let name = match format {
        TimelineFormat::Text => "text",
        TimelineFormat::Json => "json",
        TimelineFormat::Md => "md",
        TimelineFormat::Html => "html",
        TimelineFormat::Csv => "csv",
    };
    let incident = part(&args.incident);
    let lang = screen.lang.code();
    let path = format!("/api/v1/incidents/{incident}/timeline?format={name}&lang={lang}");
    let text = client.text(&path).await?;
    screen.raw(text.trim_end_matches('\n'))
}
