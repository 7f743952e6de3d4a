//! Beside an incident under its own plan the rehearsal comes out as the incident did; under another plan
//! it takes what it has a place for, and tells the rest.

use jiff::SignedDuration;

use super::*;
use crate::drill::house::House;
use crate::drill::past::Past;
use crate::drill::simulate::{Change, Take, sample};
use crate::engine::{
    Actor, Chance, ChildOutcome, Command, Ctx, Declare, Event, Incident, Mode, NoticeOutcome,
    Outcome, Pending, RequestOutcome, decide, declare, due, evolve, next_deadline, next_send,
};
use crate::id::{DrillRunId, IncidentId, StepId};
use crate::people::{Directory, Turns};
use crate::playbook::{Milestone, Playbook};
use crate::text::Lang;

/// A page takes two seconds to its channel in the incident and none in the rehearsal.
const NEAR: SignedDuration = SignedDuration::from_secs(10);

/// A rehearsal that follows an incident by hand, with nothing leaving it.
struct Rehearsal<'a> {
    playbook: &'a Playbook,
    directory: &'a Directory,
    incident: Incident,
    now: Timestamp,
    told: Vec<Deed>,
    follows: Shadowing,
}

impl<'a> Rehearsal<'a> {
    /// Follows an incident from its beginning to its end.
    fn beside(
        events: &[Event],
        live: &Playbook,
        playbook: &'a Playbook,
        directory: &'a Directory,
    ) -> Self {
        let declared = Past::read(live, events).unwrap().declared;
        let of = Beside { id: IncidentId::from_u128(1), number: 1 };
        let declaration = Declare {
            title: declared.title.clone(),
            level: declared.level,
            inputs: declared.inputs_for(playbook),
            detected_at: declared.detected_at,
            alert: declared.alert.clone(),
            surge: declared.surge.clone(),
            beside: Some(of),
            ..Declare::new(IncidentId::from_u128(2), 2, Mode::Drill)
        };
        let ctx = ctx(Actor::Drill, declared.at, directory);
        let incident = declare(playbook, declaration, &ctx).unwrap().incident;
        let follows = Shadowing::begin(of, declared.at);
        let told = deeds(events);
        let mut it = Self { playbook, directory, incident, now: declared.at, told, follows };
        it.settle();
        for event in events {
            it.step_to(event.recorded_at);
            it.follows.take_up(event.seq, &it.told);
            it.settle();
        }
        it
    }

    fn ask(&mut self, actor: Actor, command: Command) -> bool {
        let ctx = ctx(actor, self.now, self.directory);
        let Ok(Outcome { events, .. }) = decide(self.playbook, &self.incident, command, &ctx)
        else {
            return false;
        };
        self.incident = events.iter().fold(self.incident.clone(), evolve);
        true
    }

    fn step_to(&mut self, at: Timestamp) {
        for _ in 0..10_000 {
            let deadline = next_deadline(self.playbook, &self.incident).map(|deadline| deadline.at);
            let next = [deadline, next_send(&self.incident)].into_iter().flatten().min();
            match next.filter(|next| *next <= at) {
                Some(next) => self.now = self.now.max(next),
                None => break,
            }
            self.settle();
        }
        self.now = at;
        self.settle();
    }

    /// Lets happen what happens now, until nothing does.
    fn settle(&mut self) {
        while self.hold_back() || self.meet_deadlines() || self.follow() {}
    }

    fn hold_back(&mut self) -> bool {
        let waits = |(_, pending): &(_, &std::sync::Arc<Pending>)| pending.next_at() <= self.now;
        let Some((id, pending)) = self.incident.outbox.iter().find(waits) else { return false };
        let (id, why) = (*id, "shadow".to_owned());
        let command = match &**pending {
            Pending::Notice { .. } => {
                Command::NoticeOutcome { notice: id, outcome: NoticeOutcome::HeldBack { why } }
            }
            Pending::Request { .. } => Command::RequestOutcome {
                request: id,
                outcome: RequestOutcome::HeldBack { succeeds: true },
            },
            Pending::Child { .. } => {
                Command::ChildOutcome { request: id, outcome: ChildOutcome::HeldBack }
            }
            Pending::Recall { .. } | Pending::Report { .. } | Pending::HandOff { .. } => {
                Command::ErrandEnded { request: id }
            }
        };
        self.ask(Actor::System, command)
    }

    fn meet_deadlines(&mut self) -> bool {
        let version = self.incident.version;
        for command in due(self.playbook, &self.incident, self.now) {
            self.ask(Actor::System, command);
        }
        self.incident.version != version
    }

    fn follow(&mut self) -> bool {
        let scene = Scene { playbook: self.playbook, incident: &self.incident, now: self.now };
        let waiting = self.told.iter().filter(|deed| self.follows.waiting.contains(&deed.place));
        let Some((deed, fit)) = scene.first_of(waiting) else { return false };
        let deed = deed.clone();
        match fit {
            Fit::Waits => return false,
            Fit::Needless => self.follows.let_go(&deed),
            Fit::NoPlace => self.follows.leave_out(&deed),
            Fit::Do { command, more } => {
                let actor = deed.by.clone().map_or(Actor::Drill, Actor::person);
                match self.ask(actor, *command) {
                    true if more => {}
                    true => self.follows.follow(&deed),
                    false => self.follows.leave_out(&deed),
                }
            }
        }
        true
    }

    fn left_out(&self) -> Vec<String> {
        self.follows.left_out.iter().map(|words| words.get(Lang::En).to_owned()).collect()
    }
}

fn ctx(actor: Actor, now: Timestamp, directory: &Directory) -> Ctx<'_> {
    let chance = Chance::new([0; 32]);
    Ctx { now, occurred_at: None, actor, admin: true, directory, turns: Turns::NONE, chance }
}

macro_rules! shipped {
    ($name:literal) => {
        House::new(
            include_str!(concat!("../../../playbooks/", $name, ".yaml")),
            include_str!(concat!("../../../drills/", $name, ".yaml")),
        )
    };
}

/// Makes up an incident that really was: one of the drill's runs.
fn incident(house: &House, nth: u32) -> Vec<Event> {
    let begin = "2027-03-01T02:00:00Z".parse().unwrap();
    let take = Take { run: DrillRunId::from_u128(1), begin, seed: 11 };
    sample(house.stage(), take, nth, Change::None).events
}

#[test]
fn under_its_own_plan_the_rehearsal_comes_out_as_the_incident_did() {
    for (name, house) in [
        ("service-outage", shipped!("service-outage")),
        ("data-leak", shipped!("data-leak")),
        ("network-attack", shipped!("network-attack")),
        ("complaint-surge", shipped!("complaint-surge")),
    ] {
        for nth in 0..20 {
            let events = incident(&house, nth);
            let live = Incident::replay(&events).unwrap();
            let plan = &house.playbook;
            let beside = Rehearsal::beside(&events, plan, plan, &house.directory);
            assert_eq!(beside.left_out(), [""; 0], "{name} {nth}");
            // A message that is held back is on its way no time at all, whatever the channels do.
            let done = |incident: &Incident| -> Vec<_> {
                let of = |step: &StepId| incident.milestone(step, Milestone::Done);
                let human = |step: &&StepId| plan.step(step).unwrap().1.action.is_human();
                incident.steps.keys().filter(human).map(|step| (step.clone(), of(step))).collect()
            };
            let (theirs, ours) = (done(&live), done(&beside.incident));
            let far: Vec<_> = theirs
                .iter()
                .zip(&ours)
                .filter(|((a, theirs), (b, ours))| {
                    let apart = |(theirs, ours): (&Timestamp, &Timestamp)| {
                        ours.duration_since(*theirs).abs() > NEAR
                    };
                    a != b
                        || theirs.is_some() != ours.is_some()
                        || theirs.iter().zip(ours).any(apart)
                })
                .collect();
            assert!(far.is_empty(), "{name} {nth}: {far:#?}");
            assert_eq!(theirs.len(), ours.len(), "{name} {nth}");
            assert_eq!(beside.incident.level.current, live.level.current, "{name} {nth}");
            let held = |incident: &Incident| -> Vec<_> {
                let holder = |role| (role, incident.holder(role));
                incident.roles.keys().map(holder).map(|(r, p)| (r.clone(), p.cloned())).collect()
            };
            assert_eq!(held(&beside.incident), held(&live), "{name} {nth}");
        }
    }
}

const OLD: &str = r#"
playbook: outage
title: { zh: 中断, en: Outage }
inputs: { users: { type: integer } }
levels: [ { level: 2, when: users >= 1000 }, { level: 3 } ]
roles:
  lead: { title: { zh: 指挥, en: Lead }, assign: { team: duty } }
phases:
  - id: respond
    title: { zh: 处置, en: Respond }
    steps:
      - id: find
        role: lead
        title: { zh: 定位, en: Find }
        form: { cause: { type: text, required: true } }
      - { id: mend, after: [find], role: lead, title: { zh: 修复, en: Mend } }
"#;

const DRILL: &str = r#"
drill: try-new
title: { zh: 试新预案, en: Try the new plan }
playbook: outage
run: simulated
cast: { default: { acknowledge: { median: 1m, p90: 2m }, work: { median: 5m, p90: 9m } } }
injects: [ { at: 3m, set: { users: 5000 } } ]
expect: [ { step: mend, is: done, within: 1h } ]
"#;

#[test]
fn another_plan_takes_what_it_has_a_place_for_and_tells_the_rest() {
    let house = House::new(OLD, DRILL);
    // What was one step is two, in the other order; who finds the cause must tell nobody.
    let new = OLD
        .replace("- id: find\n        role", "- id: look\n        role")
        .replace("after: [find], ", "");
    let new = crate::playbook::shipped::load("plan.yaml", &new);
    let events = incident(&house, 0);
    let beside = Rehearsal::beside(&events, &house.playbook, &new, &house.directory);
    assert_eq!(beside.incident.level.current, 2, "what became known is known there too");
    let mended = |incident: &Incident| incident.milestone(&"mend".into(), Milestone::Done);
    assert_eq!(mended(&beside.incident), mended(&Incident::replay(&events).unwrap()));
    assert_eq!(beside.incident.milestone(&"look".into(), Milestone::Done), None);
    assert!(beside.left_out().iter().any(|words| words.ends_with("step find: done")));
    assert!(beside.follows.waiting.is_empty());
    assert!(beside.incident.status.is_open(), "nobody works on what only the new plan asks for");
}

#[test]
fn a_journal_is_followed_once_wherever_it_was_left() {
    let house = House::new(OLD, DRILL);
    let told = deeds(&incident(&house, 1));
    let places: BTreeSet<Place> = told.iter().map(|deed| deed.place).collect();
    assert_eq!(places.len(), told.len(), "each deed has its own place");
    assert!(told.iter().all(|deed| !matches!(deed.what, What::Heard(Command::Cancel { .. }))));
    let mut follows =
        Shadowing::begin(Beside { id: IncidentId::from_u128(1), number: 1 }, Timestamp::MIN);
    for deed in &told {
        follows.take_up(deed.place.0, &told);
    }
    assert_eq!(follows.waiting, places);
    for deed in &told {
        follows.leave_out(deed);
    }
    assert_eq!((follows.waiting.len(), follows.without_place as usize), (0, told.len()));
    let json = serde_json::to_string(&follows).unwrap();
    assert_eq!(serde_json::from_str::<Shadowing>(&json).unwrap(), follows);
}
