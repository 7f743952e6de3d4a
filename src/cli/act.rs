//! What people do to an incident from a terminal: each verb is one request. It must not know what
//! the server makes of it.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::client::part;
use super::exit::{Exit, Stop};
use crate::text::Lang;

/// The verbs that change a running incident.
#[derive(Debug, Subcommand)]
pub enum Act {
    /// Acknowledge a role
    Ack(OnRole),
    /// Claim a role
    Claim(OnRole),
    /// Say that you cannot take a role, so that another person is asked
    Decline {
        #[command(flatten)]
        on: OnRole,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Give up a role
    Release(OnRole),
    /// Give a role to a person, who must acknowledge
    Assign {
        #[command(flatten)]
        on: OnRole,
        /// The person
        #[arg(long)]
        to: String,
    },
    /// Pass a role on
    HandOver {
        #[command(flatten)]
        on: OnRole,
        /// To whom
        #[arg(long)]
        to: String,
        /// What they must know
        #[arg(long)]
        note: String,
    },
    /// Begin a step
    Start(OnStep),
    /// Tick an item of a step's checklist
    Check {
        #[command(flatten)]
        on: OnStep,
        /// The item, `2` or `2.1`
        item: String,
        /// Take the tick back
        #[arg(long)]
        undo: bool,
    },
    /// Complete a step
    Complete {
        #[command(flatten)]
        on: OnStep,
        /// A form field; a list is separated by commas; may be repeated
        #[arg(long = "form", value_name = "NAME=VALUE")]
        form: Vec<String>,
        /// A number for the step's measure
        #[arg(long)]
        measure: Option<f64>,
        /// A remark; why, where it submits late what a law asks for
        #[arg(long)]
        note: Option<String>,
    },
    /// Say that a step failed
    Fail {
        #[command(flatten)]
        on: OnStep,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Leave a step out
    Skip {
        #[command(flatten)]
        on: OnStep,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Try a failed step again
    Retry(OnStep),
    /// Answer a decision
    Answer {
        #[command(flatten)]
        on: OnStep,
        /// The option
        option: String,
        /// A remark; why, where it submits late what a law asks for
        #[arg(long)]
        note: Option<String>,
    },
    /// Approve
    Approve {
        #[command(flatten)]
        on: OnStep,
        /// A remark; why, where it submits late what a law asks for
        #[arg(long)]
        note: Option<String>,
    },
    /// Reject
    Reject {
        #[command(flatten)]
        on: OnStep,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Work on a settled step again
    ReopenStep {
        #[command(flatten)]
        on: OnStep,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Write something down
    Note {
        #[command(flatten)]
        on: OnIncident,
        /// What
        text: String,
    },
    /// Set an earlier entry of the timeline right
    Correct {
        #[command(flatten)]
        on: OnIncident,
        /// The entry's number in the timeline
        of: u64,
        /// What is right
        text: String,
    },
    /// Answer what was asked when declaring
    Input {
        #[command(flatten)]
        on: OnIncident,
        /// An input; a list is separated by commas
        #[arg(required = true, value_name = "NAME=VALUE")]
        values: Vec<String>,
    },
    /// Record a measured number
    Measure {
        #[command(flatten)]
        on: OnIncident,
        /// The measure
        name: String,
        /// The number
        value: f64,
    },
    /// Say when the trouble was noticed (detected), when the organisation knew (aware), or when a
    /// moment of a law came
    Moment {
        #[command(flatten)]
        on: OnIncident,
        /// detected, aware, or a moment of a regime
        moment: String,
        /// When
        at: Timestamp,
        /// What shows it
        #[arg(long)]
        grounds: Option<String>,
    },
    /// Set the level over the rules
    Level {
        #[command(flatten)]
        on: OnIncident,
        /// 1 (worst) to 4
        level: u8,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Move to a phase
    Phase {
        #[command(flatten)]
        on: OnIncident,
        /// The phase
        to: String,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Freeze the steps' deadlines and ladders
    Pause {
        #[command(flatten)]
        on: OnIncident,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Let a paused incident run on
    Resume(OnIncident),
    /// End it in favour of another one about the same trouble
    Merge {
        #[command(flatten)]
        on: OnIncident,
        /// The other
        into: String,
    },
    /// Link another incident
    Link {
        #[command(flatten)]
        on: OnIncident,
        /// The other
        to: String,
        /// duplicate, caused_by or related
        #[arg(long, default_value = "related")]
        relation: String,
    },
    /// End it
    Close {
        #[command(flatten)]
        on: OnIncident,
        /// Overrule what blocks it, and why
        #[arg(long, value_name = "REASON")]
        force: Option<String>,
    },
    /// End it as a false alarm, once what was done is undone
    Cancel {
        #[command(flatten)]
        on: OnIncident,
        /// Why
        #[arg(long)]
        reason: String,
        /// Leave what was done as it is, and why
        #[arg(long, value_name = "REASON")]
        as_is: Option<String>,
    },
    /// Undo what was done, the latest first
    Rollback {
        #[command(flatten)]
        on: OnIncident,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Run an ended incident again
    Reopen {
        #[command(flatten)]
        on: OnIncident,
        /// The phase to begin with; the last one unless given
        #[arg(long)]
        phase: Option<String>,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Erase personal content; the timeline stays provable
    Redact {
        #[command(flatten)]
        on: OnIncident,
        /// Single pieces: references of the JSON timeline, hashes of files
        #[arg(required_unless_present = "fields")]
        references: Vec<String>,
        /// An input or form field: everything ever given for it; may be repeated
        #[arg(long = "field", value_name = "NAME")]
        fields: Vec<String>,
        /// Why
        #[arg(long)]
        reason: String,
    },
}

/// Which incident, and when it really happened.
#[derive(Debug, Args)]
pub struct OnIncident {
    /// Its number or id
    incident: String,
    /// When it was really done, where that was earlier
    #[arg(long, value_name = "TIME")]
    occurred_at: Option<Timestamp>,
}

/// Which role.
#[derive(Debug, Args)]
pub struct OnRole {
    #[command(flatten)]
    on: OnIncident,
    /// The role
    role: String,
}

/// Which step.
#[derive(Debug, Args)]
pub struct OnStep {
    #[command(flatten)]
    on: OnIncident,
    /// The step; `step:0` is the first item of a for-each
    step: String,
}

impl OnIncident {
    fn ask(self, act: &str, body: Json) -> Request {
        let path = format!("/api/v1/incidents/{}/{act}", part(&self.incident));
        let mut body = body;
        body["occurred_at"] = json!(self.occurred_at);
        Request { path, body: without_nulls(body) }
    }
}

impl OnRole {
    fn ask(self, act: &str, body: Json) -> Request {
        self.on.ask(&format!("roles/{}/{act}", part(&self.role)), body)
    }
}

impl OnStep {
    fn ask(self, act: &str, body: Json) -> Request {
        // An item of a for-each is named after a colon, which stays.
        let step = self.step.split(':').map(part).collect::<Vec<_>>().join(":");
        self.on.ask(&format!("steps/{step}/{act}"), body)
    }
}

/// What to send where.
#[derive(Debug, PartialEq)]
pub struct Request {
    /// The address below the server's.
    pub path: String,
    /// What is sent.
    pub body: Json,
}

/// Turns a verb into its request.
///
/// # Errors
/// A wrong `NAME=VALUE`.
pub fn request(act: Act, lang: Lang) -> Result<Request, Stop> {
    Ok(match act {
        Act::Ack(on) => on.ask("acknowledge", json!({})),
        Act::Claim(on) => on.ask("claim", json!({})),
        Act::Decline { on, reason } => on.ask("decline", json!({ "reason": reason })),
        Act::Release(on) => on.ask("release", json!({})),
        Act::Assign { on, to } => on.ask("assign", json!({ "to": to })),
        Act::HandOver { on, to, note } => on.ask("hand-over", json!({ "to": to, "note": note })),
        Act::Start(on) => on.ask("start", json!({})),
        Act::Check { on, item, undo } => on.ask("check", json!({ "item": item, "done": !undo })),
        Act::Complete { on, form, measure, note } => {
            let body = json!({ "form": pairs(&form, lang)?, "measure": measure, "note": note });
            on.ask("complete", body)
        }
        Act::Fail { on, reason } => on.ask("fail", json!({ "reason": reason })),
        Act::Skip { on, reason } => on.ask("skip", json!({ "reason": reason })),
        Act::Retry(on) => on.ask("retry", json!({})),
        Act::Answer { on, option, note } => {
            on.ask("answer", json!({ "option": option, "note": note }))
        }
        Act::Approve { on, note } => on.ask("approve", json!({ "note": note })),
        Act::Reject { on, reason } => on.ask("reject", json!({ "reason": reason })),
        Act::ReopenStep { on, reason } => on.ask("reopen", json!({ "reason": reason })),
        Act::Note { on, text } => on.ask("notes", json!({ "text": text })),
        Act::Correct { on, of, text } => on.ask("corrections", json!({ "of": of, "text": text })),
        Act::Input { on, values } => on.ask("inputs", json!({ "values": pairs(&values, lang)? })),
        Act::Measure { on, name, value } => {
            on.ask("measures", json!({ "name": name, "value": value }))
        }
        Act::Moment { on, moment, at, grounds } => {
            on.ask("moments", json!({ "moment": moment, "at": at, "grounds": grounds }))
        }
        Act::Level { on, level, reason } => {
            on.ask("level", json!({ "level": level, "reason": reason }))
        }
        Act::Phase { on, to, reason } => on.ask("phase", json!({ "to": to, "reason": reason })),
        Act::Pause { on, reason } => on.ask("pause", json!({ "reason": reason })),
        Act::Resume(on) => on.ask("resume", json!({})),
        Act::Merge { on, into } => on.ask("merge", json!({ "into": into })),
        Act::Link { on, to, relation } => on.ask("link", json!({ "to": to, "relation": relation })),
        Act::Close { on, force } => on.ask("close", json!({ "force": force })),
        Act::Cancel { on, reason, as_is } => {
            on.ask("cancel", json!({ "reason": reason, "as_is": as_is }))
        }
        Act::Rollback { on, reason } => on.ask("rollback", json!({ "reason": reason })),
        Act::Reopen { on, phase, reason } => {
            on.ask("reopen", json!({ "phase": phase, "reason": reason }))
        }
        Act::Redact { on, references, fields, reason } => {
            let body = json!({ "references": references, "fields": fields, "reason": reason });
            on.ask("redact", body)
        }
    })
}

/// Leaves out what was not said.
#[must_use]
pub fn without_nulls(mut body: Json) -> Json {
    if let Json::Object(fields) = &mut body {
        fields.retain(|_, value| !value.is_null());
    }
    body
}

/// Reads `NAME=VALUE` pairs. Values stay texts: the server reads each by the type of its field, so
/// that a telephone number keeps its zeros.
///
/// # Errors
/// A pair without `=`.
pub fn pairs(given: &[String], lang: Lang) -> Result<Json, Stop> {
    let mut pairs = Map::new();
    for pair in given {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            let words = lang.pick(
                format!("`{pair}`：请写成 NAME=VALUE，如 users=1200"),
                format!("`{pair}`: write NAME=VALUE, such as users=1200"),
            );
            Stop::new(Exit::Usage, words)
        })?;
        pairs.insert(name.to_owned(), Json::from(value));
    }
    Ok(Json::Object(pairs))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(subcommand)]
        act: Act,
    }

    fn asked(line: &str) -> Request {
        let words = std::iter::once("incident").chain(line.split(' '));
        request(Line::try_parse_from(words).unwrap().act, Lang::En).unwrap()
    }

    #[test]
    fn a_completion_becomes_a_path_and_a_body() {
        let line = "complete INC-2026-0007 call:2 --form users=1200 --form cause=线路中断 \
                    --form list=1,2";
        let Request { path, body } = asked(&line.replace("                    ", ""));
        assert_eq!(path, "/api/v1/incidents/INC-2026-0007/steps/call:2/complete");
        let form = json!({ "users": "1200", "cause": "线路中断", "list": "1,2" });
        assert_eq!(body, json!({ "form": form }));
    }

    #[test]
    fn an_erasure_names_pieces_or_fields() {
        let Request { path, body } = asked("redact 7 --field phone --reason asked");
        assert_eq!(path, "/api/v1/incidents/7/redact");
        let fields = json!({ "references": [], "fields": ["phone"], "reason": "asked" });
        assert_eq!(body, fields);
        assert_eq!(asked("redact 7 9f86 --reason asked").body["references"], json!(["9f86"]));
        let nothing = Line::try_parse_from(["incident", "redact", "7", "--reason", "asked"]);
        assert!(nothing.is_err());
    }

    #[test]
    fn every_act_can_be_entered_later_at_its_true_time() {
        for line in ["ack 7 commander", "start 7 locate", "note 7 x", "approve 7 go"] {
            let Request { body, .. } = asked(&format!("{line} --occurred-at 2026-11-21T19:00:00Z"));
            assert_eq!(body["occurred_at"], json!("2026-11-21T19:00:00Z"), "{line}");
        }
    }

    #[test]
    fn a_pair_without_a_value_is_a_usage_error() {
        let wrong = pairs(&["users".into()], Lang::Zh).unwrap_err();
        assert_eq!(wrong.exit, Exit::Usage);
        assert_eq!(wrong.message, "`users`：请写成 NAME=VALUE，如 users=1200");
    }
}
