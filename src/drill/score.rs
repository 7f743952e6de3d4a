//! Judges a drill from its journal: each expectation, the score, the verdict.
//!
//! The journal is read by folding it, so that a live exercise, a simulated run and a run read back
//! from the store are judged alike. It must not know who ran the drill or how.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::drill::expect::{Ask, Expectation, Part, Rule, Scale};
use crate::drill::judge::Said;
use crate::drill::observe::Observed;
use crate::drill::result::Outcome;
use crate::drill::scenario::Pass;
use crate::engine::{Incident, NoticeEnd, Purpose, Recipient, moment};
use crate::id::{ObjectiveId, RoleId, StepId};
use crate::playbook::{Action, Audience, HandlerAct, Milestone, Moment, Notify, Playbook, Promise};
use crate::text::{Lang, Text};

/// Whether a drill was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The score was reached and every critical expectation met.
    Passed,
    /// It was not, or one was not.
    Failed,
    /// Nothing could be judged, or the run ended before everything could.
    NotJudged,
}

/// One expectation and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// What is asked for, stable over runs: comparisons match on it.
    pub key: SmolStr,
    /// What is asked for, in words.
    pub asked: Text,
    /// How much it counts.
    pub weight: u32,
    /// The drill fails when it is not met.
    pub critical: bool,
    /// Which part of the work it tells of; missing in results of before there were parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
    /// What became of it.
    pub finding: Finding,
    /// How much of its weight was earned, in percent, where it is neither all nor nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<u8>,
    /// How long it took, where it has a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// How long it might take, where it has a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_seconds: Option<f64>,
    /// How an evaluator answers, of a question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Scale>,
    /// What evaluators said; only in a result that is shown, never in the one that is stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ratings: Vec<Said>,
    /// What came back, of a probe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// How many of its parts must be met, of a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
    /// The parts of a group. Their weights do not count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub of: Vec<Judgement>,
}

impl Judgement {
    /// Makes a judgement of weight 1 of which nothing more is known.
    #[must_use]
    pub fn of(key: &str, asked: Text, finding: Finding) -> Self {
        Self {
            key: key.into(),
            asked,
            weight: 1,
            critical: false,
            part: None,
            finding,
            credit: None,
            seconds: None,
            limit_seconds: None,
            scale: None,
            ratings: Vec::new(),
            seen: None,
            rule: None,
            of: Vec::new(),
        }
    }

    /// Returns how much of its weight was earned, in percent; `None` where it does not count.
    #[must_use]
    pub fn earned(&self) -> Option<u8> {
        match self.finding {
            Finding::Met => Some(self.credit.unwrap_or(100)),
            Finding::NotMet { .. } => Some(self.credit.unwrap_or(0)),
            Finding::NotApplicable { .. } | Finding::NotJudged { .. } => None,
        }
    }
}

/// What became of an expectation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// It was met.
    Met,
    /// It was not.
    NotMet {
        /// Why not.
        why: Text,
    },
    /// It did not arise, so it does not count.
    NotApplicable {
        /// Why not.
        why: Text,
    },
    /// The journal cannot tell; it does not count.
    NotJudged {
        /// Why not.
        why: Text,
    },
}

/// A drill judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Scorecard {
    /// 0 to 100, over what could be judged, rounded down.
    pub score: Option<u8>,
    /// Whether it was passed.
    pub verdict: Verdict,
    /// Each expectation, in the order of the drill.
    pub judgements: Vec<Judgement>,
    /// The score of each part of the work.
    pub parts: BTreeMap<Part, PartScore>,
}

impl Scorecard {
    /// Sums up judgements: the same for a run that has just ended and for one that evaluators have
    /// said something of.
    #[must_use]
    pub fn sum(judgements: Vec<Judgement>, pass_score: u8, outcome: Outcome) -> Self {
        let score = score(judgements.iter());
        let verdict = verdict(&judgements, score, pass_score, outcome);
        Self { score, verdict, parts: parts(&judgements), judgements }
    }
}

/// How one part of the work went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PartScore {
    /// 0 to 100, over what could be judged, rounded down; `None` where nothing could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// How many expectations were met.
    pub met: u32,
    /// Of how many that could be judged.
    pub of: u32,
    /// How many could not be judged.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_judged: u32,
    /// How long each took, in seconds, by key: what no score tells.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seconds: BTreeMap<SmolStr, f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Scores each part of the work that a judgement tells of.
#[must_use]
pub fn parts(judgements: &[Judgement]) -> BTreeMap<Part, PartScore> {
    let mut parts = BTreeMap::new();
    for part in Part::ALL {
        let of = || judgements.iter().filter(move |judgement| judgement.part == Some(part));
        if of().next().is_none() {
            continue;
        }
        let count = |finding: fn(&Finding) -> bool| {
            u32::try_from(of().filter(|one| finding(&one.finding)).count()).unwrap_or(u32::MAX)
        };
        let met = count(|finding| matches!(finding, Finding::Met));
        let missed = count(|finding| matches!(finding, Finding::NotMet { .. }));
        let mut seconds = BTreeMap::new();
        of().for_each(|judgement| times(judgement, &mut seconds));
        let scored = PartScore {
            score: score(of()),
            met,
            of: met.saturating_add(missed),
            not_judged: count(|finding| matches!(finding, Finding::NotJudged { .. })),
            seconds,
        };
        parts.insert(part, scored);
    }
    parts
}

/// Gathers how long an expectation and the parts of a group took.
fn times(judgement: &Judgement, seconds: &mut BTreeMap<SmolStr, f64>) {
    if let Some(took) = judgement.seconds {
        seconds.insert(judgement.key.clone(), took);
    }
    judgement.of.iter().for_each(|part| times(part, seconds));
}

/// What a run left behind.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The facts gathered from its events.
    pub observed: &'a Observed,
    /// The incident as its last event left it.
    pub incident: &'a Incident,
}

/// Judges a run.
#[must_use]
pub fn judge(
    playbook: &Playbook,
    expect: &[Expectation],
    pass: Pass,
    outcome: Outcome,
    run: Seen<'_>,
) -> Scorecard {
    let bench = Bench { playbook, run, over: outcome == Outcome::Completed };
    let judgements: Vec<Judgement> =
        expect.iter().enumerate().map(|(position, one)| bench.judgement(position, one)).collect();
    Scorecard::sum(judgements, pass.score, outcome)
}

fn score<'a>(judgements: impl Iterator<Item = &'a Judgement>) -> Option<u8> {
    let (mut earned, mut all) = (0_u64, 0_u64);
    for judgement in judgements {
        let Some(percent) = judgement.earned() else { continue };
        let weight = u64::from(judgement.weight);
        earned = earned.saturating_add(weight.saturating_mul(u64::from(percent.min(100))));
        all = all.saturating_add(weight);
    }
    earned.checked_div(all).and_then(|percent| u8::try_from(percent).ok())
}

fn verdict(
    judgements: &[Judgement],
    score: Option<u8>,
    pass_score: u8,
    outcome: Outcome,
) -> Verdict {
    let (Some(score), false) = (score, outcome == Outcome::Error) else {
        return Verdict::NotJudged;
    };
    let critical = || judgements.iter().filter(|judgement| judgement.critical);
    if critical().any(|judgement| matches!(judgement.finding, Finding::NotMet { .. })) {
        Verdict::Failed
    } else if outcome == Outcome::Aborted {
        // What was still to come cannot be held against the people, nor for them.
        Verdict::NotJudged
    } else if score < pass_score {
        Verdict::Failed
    } else if critical().any(|judgement| matches!(judgement.finding, Finding::NotJudged { .. })) {
        Verdict::NotJudged
    } else {
        Verdict::Passed
    }
}

/// What one judgement looks at.
struct Bench<'a> {
    playbook: &'a Playbook,
    run: Seen<'a>,
    /// The incident came to its end: what has not happened will not.
    over: bool,
}

/// What became of an expectation and how long it took.
struct Found {
    finding: Finding,
    took: Option<SignedDuration>,
}

impl Found {
    const fn of(finding: Finding) -> Self {
        Self { finding, took: None }
    }
}

impl Bench<'_> {
    fn judgement(&self, position: usize, expectation: &Expectation) -> Judgement {
        let (key, asked, limit) = describe(self.playbook, &expectation.ask);
        let found = self.find(position, &expectation.ask);
        Judgement {
            weight: expectation.weight,
            critical: expectation.critical,
            part: Some(expectation.part),
            seconds: found.took.map(|took| took.as_secs_f64()),
            limit_seconds: limit.map(|limit| limit.as_secs_f64()),
            scale: match &expectation.ask {
                Ask::Evaluator { scale, .. } => Some(*scale),
                _ => None,
            },
            ..Judgement::of(&key, asked, found.finding)
        }
    }

    fn find(&self, position: usize, ask: &Ask) -> Found {
        match ask {
            Ask::Objective(objective) => self.objective(objective),
            Ask::Acknowledged { role, within } => self.acknowledged(role, *within),
            Ask::Step { step, is, within } => self.step(step, *is, *within),
            Ask::Reached { role, when } => {
                Found::of(self.reached(role, when.is_none() || self.run.observed.held(position)))
            }
            Ask::NeverNotify(audience) => Found::of(self.never(audience)),
            Ask::Evaluator { .. } => Found::of(Finding::NotJudged {
                why: Text::both("由评估员判定", "an evaluator judges this"),
            }),
        }
    }

    /// What has not happened: missed when the run came to its end, else nobody knows.
    fn absent(&self, zh: &str, en: &str) -> Finding {
        let why = Text::both(zh, en);
        if self.over { Finding::NotMet { why } } else { Finding::NotJudged { why } }
    }

    fn objective(&self, id: &ObjectiveId) -> Found {
        let promise = self.playbook.objectives.iter().find(|o| o.id == *id).map(|o| &o.promise);
        let took = match promise {
            Some(Promise::Within { from, to, .. }) => self.between(from, to),
            Some(Promise::Measure { .. }) | None => None,
        };
        let finding = match self.run.observed.objective_kept(id) {
            Some(true) => Finding::Met,
            Some(false) => {
                Finding::NotMet { why: Text::both("未在时限内达成", "not kept in time") }
            }
            None if matches!(promise, Some(Promise::Measure { .. })) => {
                Finding::NotJudged { why: Text::both("没有测量值", "nothing was measured") }
            }
            None => self.absent("所指的时刻没有出现", "the moment it waits for never came"),
        };
        Found { finding, took }
    }

    fn between(&self, from: &Moment, to: &Moment) -> Option<SignedDuration> {
        let from = moment(self.run.incident, from)?;
        moment(self.run.incident, to).map(|to| to.duration_since(from))
    }

    fn acknowledged(&self, role: &RoleId, within: SignedDuration) -> Found {
        let Some(needed_at) = self.run.observed.engaged_at(role) else {
            return Found::of(Finding::NotApplicable {
                why: Text::both("该角色未被启用", "the role was never needed"),
            });
        };
        self.within(
            needed_at,
            self.run.observed.acknowledged_at(role),
            Some(within),
            self.absent("无人确认", "nobody acknowledged"),
        )
    }

    fn step(&self, step: &StepId, is: Milestone, within: Option<SignedDuration>) -> Found {
        let reached = self.run.incident.milestone(step, is);
        let absent = self.absent("步骤没有达到该状态", "the step never got there");
        self.within(self.run.incident.declared_at, reached, within, absent)
    }

    fn within(
        &self,
        from: Timestamp,
        reached: Option<Timestamp>,
        limit: Option<SignedDuration>,
        absent: Finding,
    ) -> Found {
        let Some(reached) = reached else {
            // A limit that has passed is missed whatever might still have come.
            let lasted = self.run.observed.last_at().map(|last| last.duration_since(from));
            let passed = limit.zip(lasted).is_some_and(|(limit, lasted)| lasted > limit);
            let finding = match absent {
                Finding::NotJudged { why } if passed => Finding::NotMet { why },
                other => other,
            };
            return Found::of(finding);
        };
        let took = reached.duration_since(from);
        let finding = match limit {
            Some(limit) if took > limit => {
                Finding::NotMet { why: Text::both("太晚", "too late") }
            }
            _ => Finding::Met,
        };
        Found { finding, took: Some(took) }
    }

    fn reached(&self, role: &RoleId, wanted: bool) -> Finding {
        if !wanted {
            return Finding::NotApplicable {
                why: Text::both("条件未出现", "its condition never held"),
            };
        }
        let paged = self.run.observed.notices().any(|(notice, end)| {
            let for_role = match &notice.purpose {
                Purpose::RolePage { role: first, also } => first == role || also.contains(role),
                _ => false,
            };
            for_role && matches!(end, Some(NoticeEnd::Delivered { .. }))
        });
        if paged || self.run.observed.acknowledged_at(role).is_some() {
            Finding::Met
        } else {
            self.absent("没有通知到任何人", "nobody was reached")
        }
    }

    fn never(&self, audience: &Audience) -> Finding {
        let sent = self.run.observed.notices().any(|(notice, end)| {
            let passed_the_gate = matches!(end, Some(NoticeEnd::Delivered { .. }));
            let addressed = match (&notice.to, audience) {
                (Recipient::Audience(to), _) => to == audience,
                // The journal names persons: whoever got a message to a role or team counts as
                // one of it, even where the same message went to others too.
                (Recipient::Person(_), Audience::Role(_) | Audience::Team(_)) => self
                    .plan_notify(&notice.purpose)
                    .is_some_and(|notify| notify.to.contains(audience)),
                (Recipient::Person(_), _) => false,
            };
            passed_the_gate && addressed
        });
        if sent {
            Finding::NotMet { why: Text::both("发出了通知", "a message went out") }
        } else {
            Finding::Met
        }
    }

    /// Returns what the plan says about a message of its own.
    fn plan_notify(&self, purpose: &Purpose) -> Option<&Notify> {
        match purpose {
            Purpose::StepMessage { key } => match &self.playbook.step(&key.step)?.1.action {
                Action::Notify(notify) => Some(notify),
                _ => None,
            },
            Purpose::HandlerMessage { handler } => {
                let position = usize::try_from(*handler).ok()?;
                match &self.playbook.handlers.get(position)?.act {
                    HandlerAct::Notify(notify) => Some(notify),
                    HandlerAct::Go(_) => None,
                }
            }
            _ => None,
        }
    }
}

/// Names an expectation for programs and for people, with its limit.
pub(super) fn describe(playbook: &Playbook, ask: &Ask) -> (SmolStr, Text, Option<SignedDuration>) {
    let each = |f: &dyn Fn(Lang) -> String| Text::both(f(Lang::Zh), f(Lang::En));
    match ask {
        Ask::Objective(id) => {
            let objective = playbook.objectives.iter().find(|o| o.id == *id);
            let limit = objective.and_then(|o| match &o.promise {
                Promise::Within { within, .. } => within.fixed(),
                Promise::Measure { .. } => None,
            });
            let name = playbook.objective_title(id);
            let asked =
                each(&|lang| format!("{}{}", lang.pick("目标：", "objective: "), name.get(lang)));
            (format!("objective/{id}").into(), asked, limit)
        }
        Ask::Acknowledged { role, within } => {
            let title = playbook.role_title(role);
            let asked = each(&|lang| {
                let name = title.get(lang);
                lang.pick(format!("{name}已确认"), format!("{name} acknowledged"))
            });
            (format!("acknowledged/{role}").into(), asked, Some(*within))
        }
        Ask::Step { step, is, within } => {
            let title = playbook.step_title(step);
            let (zh, en) = milestone_words(*is);
            let asked = each(&|lang| format!("{}: {}", title.get(lang), lang.pick(zh, en)));
            (format!("step/{step}/{en}").into(), asked, *within)
        }
        Ask::Reached { role, .. } => {
            let title = playbook.role_title(role);
            let asked = each(&|lang| {
                let name = title.get(lang);
                lang.pick(format!("{name}收到通知"), format!("{name} was reached"))
            });
            (format!("reached/{role}").into(), asked, None)
        }
        Ask::NeverNotify(audience) => {
            let name = audience_name(audience);
            let words = audience_words(playbook, audience);
            let asked = each(&|lang| {
                let who = words.get(lang);
                lang.pick(format!("从不通知{who}"), format!("never notified: {who}"))
            });
            (format!("never/notify/{name}").into(), asked, None)
        }
        Ask::Evaluator { question, .. } => {
            (format!("evaluator/{}", question.get(Lang::En)).into(), question.clone(), None)
        }
    }
}

const fn milestone_words(milestone: Milestone) -> (&'static str, &'static str) {
    match milestone {
        Milestone::Ready => ("就绪", "ready"),
        Milestone::Started => ("开始", "started"),
        Milestone::Done => ("完成", "done"),
        Milestone::Failed => ("失败", "failed"),
        Milestone::Settled => ("结束", "settled"),
    }
}

fn audience_words(playbook: &Playbook, audience: &Audience) -> Text {
    let named = |zh: &str, en: &str, name: &str| {
        Text::both(format!("{zh}“{name}”"), format!("{en} {name}"))
    };
    match audience {
        Audience::Role(role) => playbook.role_title(role),
        Audience::Team(team) => named("小组", "team", team.as_str()),
        Audience::Partner(partner) => named("合作方", "partner", partner.as_str()),
        Audience::Customers => Text::both("客户", "customers"),
        Audience::Regulators => Text::both("监管部门", "regulators"),
        Audience::Channel(channel) => named("渠道", "channel", channel.as_str()),
    }
}

/// Names an audience as a drill's file does.
fn audience_name(audience: &Audience) -> String {
    match audience {
        Audience::Role(role) => format!("role/{role}"),
        Audience::Team(team) => format!("team/{team}"),
        Audience::Partner(partner) => format!("partner/{partner}"),
        Audience::Customers => "customers".to_owned(),
        Audience::Regulators => "regulators".to_owned(),
        Audience::Channel(channel) => format!("channel/{channel}"),
    }
}

#[cfg(test)]
mod tests;
