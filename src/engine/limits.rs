//! The bounds of an incident, each with its reason. Nothing in the engine grows without one.

use jiff::SignedDuration;

/// Events one command may lead to: a loop of automatic steps is refused, not run. A phase of 200
/// steps that pages a team of 500 stays far below.
pub const EVENTS_PER_COMMIT_MAX: usize = 10_000;
/// Bytes of a remark, reason or note: an account, not an attachment.
pub const TEXT_BYTES_MAX: usize = 8 * 1024;
/// Bytes of a title: it is shown in one line and in every subject.
pub const TITLE_BYTES_MAX: usize = 512;
/// Bytes of a deduplication key, a link's relation or an address.
pub const KEY_BYTES_MAX: usize = 2 * 1024;
/// Pieces of evidence of one step, and of the incident itself.
pub const EVIDENCE_MAX: u32 = 100;
/// Labels and annotations kept of an alert, each, and the bytes of each value.
pub const ALERT_LABELS_MAX: usize = 64;
/// Bytes of one label or annotation.
pub const ALERT_VALUE_BYTES_MAX: usize = 2 * 1024;
/// Groups of a surge that the journal keeps: those that bring most.
pub const SURGE_GROUPS_MAX: usize = 10;
/// Tickets of a surge that the journal keeps: a sample.
pub const SURGE_TICKETS_MAX: usize = 10;
/// Bytes of the name of one group.
pub const SURGE_TEXT_BYTES_MAX: usize = 512;
/// References erased in one request.
pub const REDACTIONS_MAX: usize = 1_000;
/// Measures an incident keeps: plans name a few.
pub const MEASURES_MAX: usize = 200;
/// Children of one incident, those of retries and rounds included: whoever asks for more is running
/// away.
pub const CHILDREN_MAX: usize = 200;
/// How often an incident goes on by another plan: a plan that hands it back and forth is stopped.
pub const HAND_OFFS_MAX: usize = 5;
/// Visits of phases: beyond them no rule moves the incident any more, a person still may.
pub const VISITS_MAX: u32 = 1_000;
/// How long one channel has to deliver while another follows: a late page is worthless.
pub const CHANNEL_TIME: SignedDuration = SignedDuration::from_mins(5);
/// How long the last channel has: an outage of the mail server for a night loses no notice.
pub const NOTICE_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// How far `occurred_at` may lie ahead of the record: clocks of callers differ (Meaning 12).
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(2);
/// The least time a deadline leaves that a level change made shorter (Meaning 9).
pub const SHORTENED_LEAST: SignedDuration = SignedDuration::from_mins(5);
/// How late a rung may be before the time between counts as downtime (Meaning 13).
pub const DOWNTIME: SignedDuration = SignedDuration::from_mins(5);
/// Rungs of further ladders that fire in one decision with one: more than anybody is told of in one
/// message, and far below what one commit holds. The rest fire right after.
pub const RUNGS_TOGETHER_MAX: usize = 64;
/// How long whoever the last rung of a ladder called has before it counts as unanswered.
pub const ANSWER_TIME: SignedDuration = SignedDuration::from_mins(10);
/// How soon the last resort is told again that nobody answered; doubled every time.
pub const REMIND_AGAIN: SignedDuration = SignedDuration::from_mins(15);
/// The longest pause between two such reminders: several in a shift, whoever has it.
pub const REMIND_AGAIN_MAX: SignedDuration = SignedDuration::from_hours(2);
/// How soon a vacant role is sought again from the top; doubled every round.
pub const VACANCY_RETRY: SignedDuration = SignedDuration::from_mins(15);
/// The longest pause between two rounds for a vacant role.
pub const VACANCY_RETRY_MAX: SignedDuration = SignedDuration::from_hours(24);
/// The longest pause between two attempts of an automatic step; the doubling stops there.
pub const BACKOFF_MAX: SignedDuration = SignedDuration::from_hours(1);
