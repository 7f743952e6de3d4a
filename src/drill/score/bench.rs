//! Finds out what became of one expectation. It must not weigh it against others.

use jiff::{SignedDuration, Timestamp};

use super::words::describe;
use super::{Finding, Judgement, Seen};
use crate::drill::expect::{Ask, Asked, Expectation, Pattern, What};
use crate::drill::judge::together;
use crate::drill::observe::{Letter, Sighting};
use crate::drill::probe;
use crate::engine::{ClockKey, ClockStanding, ClockState, NoticeEnd, Purpose, Recipient, moment};
use crate::id::{ClockId, ObjectiveId, RoleId, StageId};
use crate::playbook::{Action, Audience, HandlerAct, Moment, Notify, Playbook, Promise};
use crate::text::Text;

/// What judgements look at. Patterns are numbered in the order in which they are come by, as the
/// observer does.
pub(super) struct Bench<'a> {
    pub(super) playbook: &'a Playbook,
    pub(super) run: Seen<'a>,
    /// The incident came to its end: what has not happened will not.
    pub(super) over: bool,
    /// How many patterns were judged.
    pub(super) slot: usize,
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

    fn none(arose: Text) -> Self {
        Self::of(Finding::NotApplicable { why: arose })
    }
}

/// When something happened, and what to say where it did not.
struct Happened {
    at: Option<Timestamp>,
    absent: Finding,
}

impl Bench<'_> {
    pub(super) fn judgement(&mut self, position: usize, expectation: &Expectation) -> Judgement {
        let wanted = expectation.when.is_none() || self.run.observed.held(position);
        let mut judgement = self.asked(&expectation.asked);
        if !wanted {
            let why = Text::both("条件未出现", "its condition never held");
            judgement.finding = Finding::NotApplicable { why };
            judgement.seconds = None;
        }
        Judgement {
            weight: expectation.weight,
            critical: expectation.critical,
            part: Some(expectation.part),
            ..judgement
        }
    }

    fn asked(&mut self, asked: &Asked) -> Judgement {
        let (words, limit) = describe(self.playbook, &asked.ask);
        let (mut scale, mut seen, mut group, mut of) = (None, None, None, Vec::new());
        let found = match &asked.ask {
            Ask::Seen(pattern) => {
                let sighting = self.next_sighting();
                self.seen(pattern, &sighting)
            }
            Ask::Never(pattern) => {
                let sighting = self.next_sighting();
                self.never(pattern, &sighting)
            }
            Ask::Objective(objective) => self.objective(objective),
            Ask::Reached(role) => Found::of(self.reached(role)),
            Ask::Evaluator { scale: answered_by, .. } => {
                scale = Some(*answered_by);
                let why = Text::both("由评估员判定", "an evaluator judges this");
                Found::of(Finding::NotJudged { why })
            }
            Ask::Probe(wanted) => {
                let answer = self.run.observed.answer(&asked.key);
                seen = answer.map(|answer| answer.seen.clone());
                Found::of(probe::judge(wanted, answer))
            }
            Ask::Group { rule, of: parts } => {
                of = parts.iter().map(|part| self.asked(part)).collect();
                group = Some(*rule);
                Found::of(together(*rule, &of))
            }
        };
        Judgement {
            seconds: found.took.map(|took| took.as_secs_f64()),
            limit_seconds: limit.map(|limit| limit.as_secs_f64()),
            scale,
            seen,
            rule: group,
            of,
            ..Judgement::of(&asked.key, words, found.finding)
        }
    }

    fn next_sighting(&mut self) -> Sighting {
        let slot = self.slot;
        self.slot += 1;
        self.run.observed.sighting(slot)
    }

    /// What has not happened: missed when the run came to its end, else nobody knows.
    fn absent(&self, zh: &str, en: &str) -> Finding {
        let why = Text::both(zh, en);
        if self.over { Finding::NotMet { why } } else { Finding::NotJudged { why } }
    }

    fn seen(&self, pattern: &Pattern, sighting: &Sighting) -> Found {
        if let What::Clock(clock, stage) = &pattern.what {
            return self.clock(clock, stage.as_ref(), pattern, sighting);
        }
        let Some(from) = self.counts_from(pattern) else {
            return self.never_counted(pattern);
        };
        let Happened { at, absent } = self.happened(pattern, sighting);
        self.within(from, at, pattern.within, absent)
    }

    /// Returns the instant that a pattern's time counts from; `None` where it never came.
    fn counts_from(&self, pattern: &Pattern) -> Option<Timestamp> {
        match (&pattern.from, &pattern.what) {
            (Some(from), _) => moment(self.run.incident, from),
            (None, What::Acknowledged(role)) => self.run.observed.engaged_at(role),
            (None, _) => Some(self.run.incident.declared_at),
        }
    }

    fn never_counted(&self, pattern: &Pattern) -> Found {
        let why = match (&pattern.from, &pattern.what) {
            (None, What::Acknowledged(_)) => {
                return Found::none(Text::both("该角色未被启用", "the role was never needed"));
            }
            _ => Text::both("起算的时刻没有出现", "the moment it counts from never came"),
        };
        if self.over { Found::none(why) } else { Found::of(Finding::NotJudged { why }) }
    }

    fn happened(&self, pattern: &Pattern, sighting: &Sighting) -> Happened {
        let at = match &pattern.what {
            What::Noted(audience) => {
                let letters = self.letters(audience);
                letters.map(|letter| letter.queued_at).min()
            }
            What::Notified(audience) => {
                self.letters(audience).filter_map(Letter::delivered_at).min()
            }
            What::Step(step, is) => {
                let later = || self.run.incident.milestone(step, *is);
                sighting.first.or_else(later)
            }
            _ => sighting.first,
        };
        let absent = self.why_absent(&pattern.what, sighting);
        match &pattern.by {
            None => Happened { at, absent },
            // Whoever is asked for may have consented before the rest has.
            Some(_) if at.is_none() => Happened { at: sighting.by_holder, absent },
            Some(_) => {
                let absent = self.absent("不是由该角色完成", "someone else did it");
                Happened { at: sighting.by_holder, absent }
            }
        }
    }

    fn why_absent(&self, what: &What, sighting: &Sighting) -> Finding {
        match what {
            What::Acknowledged(_) => self.absent("无人确认", "nobody acknowledged"),
            What::Step(..) => self.absent("步骤没有达到该状态", "the step never got there"),
            What::RoleEscalated(_) | What::StepEscalated(_) => {
                self.absent("没有升级", "it was never escalated")
            }
            What::Decision(..) => match &sighting.otherwise {
                Some(other) => {
                    let (zh, en) = (format!("选择了“{other}”"), format!("“{other}” was chosen"));
                    self.absent(&zh, &en)
                }
                None => self.absent("没有作出选择", "nothing was chosen"),
            },
            What::Approved(_) => self.absent("没有批准", "it was not approved"),
            What::PhaseEntered(_) => self.absent("没有进入该阶段", "the phase was never entered"),
            What::PhaseDone(_) => self.absent("该阶段没有结束", "the phase never ended"),
            What::Level(_) => self.absent("没有达到该等级", "the level was never reached"),
            What::Clock(..) => self.absent("尚未提交", "it was not submitted"),
            What::Noted(_) => self.absent("没有写出消息", "no message was written"),
            What::Notified(_) => self.absent("没有送达消息", "no message was delivered"),
            What::Closed => self.absent("事件没有关闭", "the incident never closed"),
        }
    }

    fn never(&self, pattern: &Pattern, sighting: &Sighting) -> Found {
        let at = match &pattern.what {
            What::Clock(clock, stage) => {
                self.stages(clock, stage.as_ref()).filter_map(|(_, state)| state.met_at()).min()
            }
            _ => self.happened(pattern, sighting).at,
        };
        let Some(from) = self.counts_from(pattern) else {
            // What was never needed cannot have happened too soon.
            return self.never_counted(pattern);
        };
        let took = at.map(|at| at.duration_since(from));
        let early = |took: SignedDuration| pattern.within.is_none_or(|within| took <= within);
        if took.is_some_and(early) {
            let why = match &pattern.what {
                What::Notified(_) => Text::both("发出了通知", "a message went out"),
                _ => Text::both("发生了", "it happened"),
            };
            return Found { finding: Finding::NotMet { why }, took };
        }
        let lasted = self.run.observed.last_at().map(|last| last.duration_since(from));
        let passed = pattern.within.zip(lasted).is_some_and(|(within, lasted)| lasted > within);
        let finding = if self.over || passed {
            Finding::Met
        } else {
            let why = Text::both("演练提前结束", "the run ended before its end");
            Finding::NotJudged { why }
        };
        Found { finding, took }
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
        // What was there before took no time.
        let took = reached.duration_since(from).max(SignedDuration::ZERO);
        let finding = match limit {
            Some(limit) if took > limit => {
                Finding::NotMet { why: Text::both("太晚", "too late") }
            }
            _ => Finding::Met,
        };
        Found { finding, took: Some(took) }
    }

    fn stages<'b>(
        &'b self,
        clock: &'b ClockId,
        stage: Option<&'b StageId>,
    ) -> impl Iterator<Item = (&'b ClockKey, &'b ClockState)> {
        let asked = move |key: &ClockKey| {
            key.clock == *clock && stage.is_none_or(|stage| *stage == key.stage)
        };
        let clocks = self.run.incident.clocks.iter();
        clocks.filter(move |(key, _)| asked(key)).map(|(key, state)| (key, &**state))
    }

    /// Judges a statutory clock: all of it that began to run.
    fn clock(
        &self,
        clock: &ClockId,
        stage: Option<&StageId>,
        pattern: &Pattern,
        sighting: &Sighting,
    ) -> Found {
        let (mut late, mut running, mut waived) = (false, false, false);
        let (mut met_at, mut began) = (None::<Timestamp>, None::<Timestamp>);
        for (_, state) in self.stages(clock, stage) {
            late |= state.breached_at.is_some();
            let anchor = state.limit.as_ref().map(|limit| limit.anchor);
            began = began.into_iter().chain(anchor).min();
            match &state.standing {
                ClockStanding::Running => running = true,
                ClockStanding::Met { at, late: after, .. } => {
                    late |= after;
                    met_at = met_at.max(Some(*at));
                }
                ClockStanding::Waived { .. } => waived = true,
                ClockStanding::Stopped { .. } => {}
            }
        }
        let usual = began.unwrap_or(self.run.incident.declared_at);
        let from = match &pattern.from {
            Some(from) => moment(self.run.incident, from),
            None => Some(usual),
        };
        let Some(from) = from else { return self.never_counted(pattern) };
        let took = met_at.map(|at| at.duration_since(from).max(SignedDuration::ZERO));
        if late {
            let why = Text::both("超过法定时限", "the legal limit passed");
            return Found { finding: Finding::NotMet { why }, took };
        }
        if running {
            return self.within(
                from,
                None,
                pattern.within,
                self.absent("尚未提交", "it was not submitted"),
            );
        }
        match met_at {
            Some(_) if pattern.by.is_some() && sighting.by_holder.is_none() => Found {
                finding: self.absent("不是由该角色完成", "someone else did it"),
                took,
            },
            Some(at) => self.within(from, Some(at), pattern.within, Finding::Met),
            None if waived => Found::none(Text::both("已决定不报", "it was decided not to notify")),
            None => Found::none(Text::both("没有开始计时", "it never began to run")),
        }
    }

    fn reached(&self, role: &RoleId) -> Finding {
        let paged = self.run.observed.letters().any(|letter| {
            let for_role = match &letter.notice.purpose {
                Purpose::RolePage { role: first, also } => first == role || also.contains(role),
                _ => false,
            };
            for_role && matches!(letter.end, Some((NoticeEnd::Delivered { .. }, _)))
        });
        if paged || self.run.observed.acknowledged_at(role).is_some() {
            Finding::Met
        } else {
            self.absent("没有通知到任何人", "nobody was reached")
        }
    }

    /// Walks the messages to an audience.
    fn letters<'b>(&'b self, audience: &'b Audience) -> impl Iterator<Item = &'b Letter> {
        self.run.observed.letters().filter(move |letter| match (&letter.notice.to, audience) {
            (Recipient::Audience(to), _) => to == audience,
            // The journal names persons: whoever got a message to a role or team counts as one of
            // it, even where the same message went to others too.
            (Recipient::Person(_), Audience::Role(_) | Audience::Team(_)) => self
                .plan_notify(&letter.notice.purpose)
                .is_some_and(|notify| notify.to.contains(audience)),
            (Recipient::Person(_), _) => false,
        })
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
