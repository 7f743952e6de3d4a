//! Reads a past from a journal. Only what people and the outside did is taken over: what the plan's
//! own rules made of it, another plan may make differently.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};

use super::{Declared, End, Episode, Heard, Mend, Past, Usual};
use crate::drill::cast::Turn;
use crate::engine::{
    Actor, AlertNote, ClockAct, ClockEvent, ClockFact, ClockRef, Command, Event, Fact, Incident,
    LadderSubject, Notice, NoticeEnd, Purpose, Recipient, RunKey, SkipReason, Tenure, ValueSource,
    evolve,
};
use crate::id::{NoticeId, PersonId, RoleId, StepId};
use crate::playbook::{Playbook, Variables};

impl Past {
    /// Reads the journal of an incident that ran under a plan; `None` where it does not begin with a
    /// declaration.
    #[must_use]
    pub fn read(playbook: &Playbook, events: &[Event]) -> Option<Self> {
        let first = events.first()?;
        let mut reader = Reader::begin(playbook, Incident::begin(first)?);
        for (position, event) in events.iter().enumerate() {
            if position > 0 {
                reader.incident = evolve(reader.incident, event);
            }
            // The declaration's own consequences follow it without anyone's doing anything.
            let declaring = position == 0 || (reader.declaring && event.cause.is_some());
            reader.declaring = declaring;
            reader.see(event);
        }
        Some(reader.finish())
    }
}

struct Reader<'a> {
    playbook: &'a Playbook,
    incident: Incident,
    declaring: bool,
    past: Past,
    needed: BTreeMap<RoleId, Timestamp>,
    /// Since when each has been asked for a role.
    asked: BTreeMap<(RoleId, PersonId), Timestamp>,
    notices: BTreeMap<NoticeId, Sent>,
    turns: BTreeMap<RunKey, Turn>,
    runs: BTreeMap<Turn, Times>,
    close_awaited: Option<Timestamp>,
}

struct Sent {
    notice: Notice,
    queued: Timestamp,
    delivered: Option<Timestamp>,
}

#[derive(Default)]
struct Times {
    ready: Option<Timestamp>,
    begun: Option<Timestamp>,
    ended: Option<Timestamp>,
}

impl<'a> Reader<'a> {
    fn begin(playbook: &'a Playbook, incident: Incident) -> Self {
        let declared = Declared {
            at: incident.declared_at,
            title: Some(incident.title.to_string()),
            detected_at: incident.detected_at,
            ..Declared::default()
        };
        Self {
            playbook,
            incident,
            declaring: true,
            past: Past { declared, ..Past::default() },
            needed: BTreeMap::new(),
            asked: BTreeMap::new(),
            notices: BTreeMap::new(),
            turns: BTreeMap::new(),
            runs: BTreeMap::new(),
            close_awaited: None,
        }
    }

    fn see(&mut self, event: &Event) {
        let at = event.occurred_at;
        self.see_role(&event.fact, at);
        self.see_message(event, at);
        self.see_step(event, at);
        match &event.fact {
            Fact::CloseAwaited => self.close_awaited = Some(at),
            Fact::Closed { .. } => {
                self.past.closing = self.close_awaited.map(|since| at.duration_since(since));
            }
            _ => {}
        }
        if self.declaring {
            self.see_declaration(&event.fact);
        } else {
            let heard = from_outside(event).into_iter().map(|command| Heard { at, command });
            self.past.heard.extend(heard);
        }
    }

    fn see_declaration(&mut self, fact: &Fact) {
        let declared = &mut self.past.declared;
        match fact {
            Fact::VariablesSet { values, source: ValueSource::Input, .. } => {
                declared.inputs.extend(plain(values));
            }
            Fact::LevelChanged { to, overruled: Some(_), .. } => declared.level = Some(*to),
            Fact::AlertReceived { alert, .. } => declared.alert = Some(alert.clone()),
            Fact::SurgeObserved(seen) => declared.surge = Some(seen.surge.clone()),
            _ => {}
        }
    }

    fn see_role(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::RoleEngaged { role, .. } => {
                self.needed.entry(role.clone()).or_insert(at);
            }
            Fact::RoleOffered { role, to, .. } => to.iter().for_each(|to| self.ask(role, to, at)),
            Fact::RoleAssigned { role, to, .. } => self.ask(role, to, at),
            Fact::RoleUnanswered { role, asked } => {
                for person in asked {
                    let answers = &mut self.past.answers;
                    answers.entry((role.clone(), person.clone())).or_insert(None);
                }
            }
            Fact::RoleDeclined { role, by, .. } => {
                self.past.answers.insert((role.clone(), by.clone()), None);
            }
            Fact::RoleAcknowledged { role, by, .. } => {
                let key = (role.clone(), by.clone());
                if let Some(asked) = self.asked.get(&key) {
                    let took = at.duration_since(*asked);
                    // Whoever lets one page pass and takes the next one answers late, not never.
                    self.past.answers.insert(key, Some(took));
                } else if let Some(needed) = self.needed.get(role) {
                    let claim = (by.clone(), at.duration_since(*needed));
                    self.past.claims.entry(role.clone()).or_insert(claim);
                }
            }
            _ => {}
        }
    }

    fn ask(&mut self, role: &RoleId, person: &PersonId, at: Timestamp) {
        self.asked.entry((role.clone(), person.clone())).or_insert(at);
    }

    fn see_message(&mut self, event: &Event, at: Timestamp) {
        match &event.fact {
            Fact::NoticeQueued { notice } => {
                self.queued(notice, at);
            }
            Fact::NoticeEnded { notice, end: NoticeEnd::Delivered { .. }, .. } => {
                let Some(sent) = self.notices.get_mut(notice) else { return };
                sent.delivered = Some(at);
                let Purpose::StepMessage { key } = &sent.notice.purpose else { return };
                let Some(turn) = self.turns.get(key) else { return };
                let took = at.duration_since(sent.queued);
                self.past.carried.insert((turn.clone(), sent.notice.to.clone()), took);
            }
            Fact::NoticeAcknowledged { notice, by } => {
                let Some(Sent { notice: sent, delivered: Some(delivered), .. }) =
                    self.notices.get(notice)
                else {
                    return;
                };
                if let Purpose::StepMessage { key } = &sent.purpose {
                    let took = at.duration_since(*delivered);
                    self.past.seen.insert((key.step.clone(), by.clone()), took);
                }
            }
            _ => {}
        }
    }

    fn queued(&mut self, notice: &Notice, at: Timestamp) {
        let kept = Sent { notice: notice.clone(), queued: at, delivered: None };
        self.notices.insert(notice.id, kept);
        if let (Recipient::Person(person), Purpose::Escalation { .. }) =
            (&notice.to, &notice.purpose)
        {
            for subject in notice.purpose.ladders() {
                if let LadderSubject::Role { role } = subject {
                    self.ask(role, person, at);
                }
            }
        }
    }

    fn see_step(&mut self, event: &Event, at: Timestamp) {
        match &event.fact {
            Fact::StepReady { key, .. }
            | Fact::StepRetried { key }
            | Fact::StepReopened { key, .. }
            | Fact::StepIterated { key } => self.ready(key, at),
            Fact::StepStarted { key } => self.begun(key, event, at),
            Fact::StepDone { key, answer, .. } => {
                self.ended(key, event, at, End::Done(answer.clone()));
            }
            Fact::StepFailed { key, why, .. } => {
                self.ended(key, event, at, End::Failed(why.clone()));
            }
            Fact::StepSkipped { key, reason: SkipReason::ByPerson { reason } } => {
                self.ended(key, event, at, End::Skipped(reason.clone()));
            }
            Fact::VariablesSet { values, source: ValueSource::Form { key }, .. } => {
                if let Some(episode) = self.episode(key) {
                    episode.form.extend(plain(values));
                }
            }
            Fact::VariablesSet { values, source: ValueSource::Saved { key }, .. } => {
                if let Some(episode) = self.episode(key) {
                    episode.saved.extend(values.iter().map(|(n, v)| (n.clone(), v.clone())));
                }
            }
            _ => {}
        }
    }

    fn ready(&mut self, key: &RunKey, at: Timestamp) {
        let of_step =
            self.turns.values().filter(|turn| turn.step == key.step && turn.item == key.item);
        let last = of_step.max_by_key(|turn| turn.nth).cloned();
        if let Some(last) = &last
            && key.attempt > 1
            && let Some(ended) = self.runs.get(last).and_then(|times| times.ended)
            && let Some(episode) = self.past.episodes.get_mut(last)
            && matches!(episode.end, Some(End::Failed(_)))
        {
            episode.mended = Some((at.duration_since(ended), Mend::Retry));
        }
        let nth = last.map_or(0, |turn| turn.nth) + 1;
        let turn = Turn { step: key.step.clone(), item: key.item, nth };
        self.turns.insert(key.clone(), turn.clone());
        self.past.episodes.insert(turn.clone(), Episode::default());
        self.runs.insert(turn, Times { ready: Some(at), ..Times::default() });
    }

    fn begun(&mut self, key: &RunKey, event: &Event, at: Timestamp) {
        let for_nobody = self.for_nobody(&key.step, &event.actor);
        let Some(turn) = self.turns.get(key) else { return };
        let Some(times) = self.runs.get_mut(turn) else { return };
        times.begun.get_or_insert(at);
        let Some(episode) = self.past.episodes.get_mut(turn) else { return };
        episode.reacted = times.ready.map(|ready| at.duration_since(ready));
        episode.in_for_nobody = for_nobody;
    }

    fn ended(&mut self, key: &RunKey, event: &Event, at: Timestamp, end: End) {
        let for_nobody = self.for_nobody(&key.step, &event.actor);
        let Some(turn) = self.turns.get(key) else { return };
        let Some(times) = self.runs.get_mut(turn) else { return };
        let Some(episode) = self.past.episodes.get_mut(turn) else { return };
        if let (Some(End::Failed(_)), End::Skipped(why), Some(failed)) =
            (&episode.end, &end, times.ended)
        {
            episode.mended = Some((at.duration_since(failed), Mend::Skip(why.clone())));
            return;
        }
        let ready = times.ready.unwrap_or(at);
        let begun = *times.begun.get_or_insert(at);
        times.ended = Some(at);
        episode.reacted = Some(begun.duration_since(ready));
        episode.worked = Some(at.duration_since(begun));
        episode.end = Some(end);
        if episode.in_for_nobody.is_none() {
            episode.in_for_nobody = for_nobody;
        }
    }

    fn episode(&mut self, key: &RunKey) -> Option<&mut Episode> {
        self.past.episodes.get_mut(self.turns.get(key)?)
    }

    /// Returns who acts on a step while nobody has its role.
    fn for_nobody(&self, step: &StepId, actor: &Actor) -> Option<PersonId> {
        let role = self.playbook.step(step)?.1.doer()?;
        let state = self.incident.roles.get(role)?;
        let held = matches!(state.tenure, Tenure::Held { .. });
        actor.acting_person().filter(|_| !held).cloned()
    }

    fn finish(self) -> Past {
        let Self { mut past, asked, .. } = self;
        for key in asked.into_keys() {
            past.answers.entry(key).or_insert(None);
        }
        let episodes = || past.episodes.values();
        past.usual = Usual {
            answer: median(past.answers.values().flatten().copied().collect()),
            reaction: median(episodes().filter_map(|one| one.reacted).collect()),
            work: median(episodes().filter_map(|one| one.worked).collect()),
        };
        past
    }
}

/// Returns what an event asks of another incident, where people or the outside did it and no step
/// did.
pub(in crate::drill) fn from_outside(event: &Event) -> Vec<Command> {
    if event.cause.is_some() {
        return Vec::new();
    }
    vec![match &event.fact {
        Fact::VariablesSet { values, source: ValueSource::Input | ValueSource::Inject, .. } => {
            // One by one: the plan may know some of them and not others.
            let each = plain(values).into_iter();
            return each.map(|one| Command::Inject { values: Map::from_iter([one]) }).collect();
        }
        Fact::AlertReceived { alert, .. } => {
            Command::Alert { alert: alert.clone(), resolved: false }
        }
        Fact::AlertResolved { name } => {
            let alert = AlertNote { name: name.clone(), ..AlertNote::default() };
            Command::Alert { alert, resolved: true }
        }
        Fact::SurgeObserved(seen) => Command::Surge { surge: seen.surge.clone(), over: false },
        Fact::SurgeSubsided(seen) => Command::Surge { surge: seen.surge.clone(), over: true },
        Fact::LevelChanged { to, overruled: Some(reason), .. } => {
            Command::SetLevel { level: *to, reason: reason.clone() }
        }
        Fact::Measured { name, value } => Command::Measure { name: name.clone(), value: *value },
        Fact::MomentSet { moment, at, grounds } => {
            Command::SetMoment { moment: moment.clone(), at: *at, grounds: grounds.clone() }
        }
        Fact::Paused { reason } => Command::Pause { reason: reason.clone() },
        Fact::Resumed => Command::Resume,
        Fact::PhaseEntered { phase, why: Some(reason), .. } => {
            Command::MovePhase { to: phase.clone(), reason: reason.clone() }
        }
        Fact::Cancelled { reason, .. } => {
            Command::Cancel { reason: reason.clone(), as_is: Some(reason.clone()) }
        }
        Fact::Clock(ClockEvent {
            key,
            what: ClockFact::Submitted { step: None, reason, reference, .. },
        }) => Command::Clock {
            clock: ClockRef { clock: key.clock.clone(), stage: Some(key.stage.clone()) },
            act: ClockAct::Submit { reason: reason.clone(), reference: reference.clone() },
        },
        _ => return Vec::new(),
    }]
}

pub(in crate::drill) fn plain(values: &Variables) -> Map<String, Json> {
    values.iter().map(|(name, value)| (name.to_string(), value.to_plain())).collect()
}

fn median(mut times: Vec<SignedDuration>) -> Option<SignedDuration> {
    times.sort_unstable();
    let middle = times.len().checked_sub(1)? / 2;
    times.get(middle).copied()
}
