//! `firebell incident clock …`: statutory clocks from a terminal.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::act::{Request, without_nulls};
use super::client::{Client, part};
use super::exit::Stop;
use super::screen::Screen;
use super::view;

/// What is done with a statutory clock.
#[derive(Debug, Subcommand)]
pub enum Clock {
    /// Record that it was submitted
    Submit {
        #[command(flatten)]
        on: OnClock,
        /// Why it is late; needed where it is
        #[arg(long)]
        reason: Option<String>,
        /// The receipt's number
        #[arg(long)]
        reference: Option<String>,
    },
    /// Propose not to notify, or answer such a proposal as another person
    NotNotify {
        #[command(flatten)]
        on: OnClock,
        /// Why
        #[arg(long, required_unless_present_any = ["approve", "refuse"])]
        reason: Option<String>,
        /// Approve what another person proposed
        #[arg(long, conflicts_with = "refuse")]
        approve: bool,
        /// Refuse what another person proposed
        #[arg(long)]
        refuse: bool,
    },
    /// Record that an authority granted more time
    Extend {
        #[command(flatten)]
        on: OnClock,
        /// Until when
        #[arg(long)]
        until: Timestamp,
        /// Who granted it
        #[arg(long)]
        by: String,
        /// The document that says so
        #[arg(long)]
        document: String,
    },
    /// Draft the notice from what is known
    Draft {
        #[command(flatten)]
        on: OnClock,
    },
}

/// Which stage of which clock.
#[derive(Debug, Args)]
pub struct OnClock {
    /// The incident: its number or id
    incident: String,
    /// The clock; `clock:stage` where it has several
    clock: String,
    /// When it happened, where that was earlier
    #[arg(long, value_name = "INSTANT")]
    occurred_at: Option<Timestamp>,
}

impl OnClock {
    fn path(&self, act: &str) -> String {
        let clock = self.clock.split(':').map(part).collect::<Vec<_>>().join(":");
        format!("/api/v1/incidents/{}/clocks/{clock}/{act}", part(&self.incident))
    }

    fn ask(&self, act: &str, mut body: Json) -> Request {
        body["occurred_at"] = json!(self.occurred_at);
        Request { path: self.path(act), body: without_nulls(body) }
    }
}

/// Turns a verb into its request; `None` for the draft, which changes nothing.
fn request(verb: &Clock) -> Option<Request> {
    Some(match verb {
        Clock::Submit { on, reason, reference } => {
            on.ask("submit", json!({ "reason": reason, "reference": reference }))
        }
        Clock::NotNotify { on, reason, approve, refuse } => {
            let answer = (*approve || *refuse).then_some(*approve);
            on.ask("not-notify", json!({ "reason": reason, "approve": answer }))
        }
        Clock::Extend { on, until, by, document } => {
            on.ask("extend", json!({ "until": until, "by": by, "document": document }))
        }
        Clock::Draft { .. } => return None,
    })
}

/// Runs one verb.
///
/// # Errors
/// The server's problem.
pub async fn run(verb: Clock, client: &Client, screen: &Screen) -> Result<(), Stop> {
    if let Clock::Draft { on } = &verb {
        let draft = client.get(&on.path("draft")).await?;
        return screen.data(&draft, |draft| {
            let text = draft.get(screen.lang.code()).and_then(Json::as_str);
            text.unwrap_or_default().to_owned()
        });
    }
    let Some(Request { path, body }) = request(&verb) else { return Ok(()) };
    let incident = client.post(&path, &body).await?;
    screen.data(&incident, |incident| view::incident(screen, incident))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(subcommand)]
        clock: Clock,
    }

    fn asked(line: &str) -> Request {
        let words = std::iter::once("clock").chain(line.split(' '));
        request(&Line::try_parse_from(words).unwrap().clock).unwrap()
    }

    #[test]
    fn a_submission_names_the_stage_and_its_true_time() {
        let Request { path, body } =
            asked("submit 7 cac:report --reference R1 --occurred-at 2026-11-21T19:00:00Z");
        assert_eq!(path, "/api/v1/incidents/7/clocks/cac:report/submit");
        let wanted = json!({ "reference": "R1", "occurred_at": "2026-11-21T19:00:00Z" });
        assert_eq!(body, wanted);
    }

    #[test]
    fn not_to_notify_is_proposed_with_a_reason_and_answered_without() {
        assert_eq!(asked("not-notify 7 cac --reason none").body, json!({ "reason": "none" }));
        assert_eq!(asked("not-notify 7 cac --approve").body, json!({ "approve": true }));
        assert_eq!(asked("not-notify 7 cac --refuse").body, json!({ "approve": false }));
        assert!(Line::try_parse_from(["clock", "not-notify", "7", "cac"]).is_err());
    }
}
