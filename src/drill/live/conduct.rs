//! Conducts an exercise: declares its incident, lets its injects happen, gives way to real
//! trouble, and judges it when it is over. Every step is stored, so a restart goes on with it.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value as Json};
use smol_str::SmolStr;
use tokio::sync::broadcast::error::RecvError;

use super::{Inner, gives_way};
use crate::drill::absence::Scene;
use crate::drill::archive::{drop_exercise, keep_exercise, keep_result};
use crate::drill::covered::covered;
use crate::drill::cue::{Cue, Listener};
use crate::drill::exercise::{Exercise, Look};
use crate::drill::file::load;
use crate::drill::inject::{InjectAct, Trigger};
use crate::drill::result::{DrillResult, Outcome, RESULT_FORMAT};
use crate::drill::review::{Review, review};
use crate::drill::scenario::{Kind, RunAs, Scenario};
use crate::drill::score::{Scorecard, Seen, Verdict, judge};
use crate::engine::{Command, Event, Fact, Facts, Incident, Mode, Status, codec};
use crate::id::IncidentId;
use crate::playbook::{Condition, Level, Playbook};
use crate::runtime::{Caller, CommitOptions, Committed, DeclareRequest, Keyed, Published, Refusal};
use crate::store::{Digest, StoreError};
use crate::text::{Lang, Text};

/// How long a failure of the store keeps an exercise from going on before it is tried again.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(5);

/// Why the script stops.
enum Halt {
    /// The incident is over or never began, for this reason where the drill knows one.
    Over(Option<Text>),
    /// firebell stops; the exercise goes on at the next start.
    Stopping,
}

impl Inner {
    /// Conducts an exercise in the background.
    pub(super) fn conduct(self: &Arc<Self>, exercise: Exercise) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(exercise.run, exercise.drill.clone());
        drop(running);
        self.runtime.set_outages(exercise.run, &exercise.outages);
        let inner = Arc::clone(self);
        self.tasks.spawn(async move { inner.conduct_to_the_end(exercise).await });
    }

    async fn conduct_to_the_end(self: Arc<Self>, mut exercise: Exercise) {
        let run = exercise.run;
        loop {
            match self.follow(&mut exercise).await {
                Ok(true) => break,
                Ok(false) => return,
                Err(error) => {
                    tracing::error!(%run, %error, "an exercise is held up; trying again");
                    if self.rest().await {
                        return;
                    }
                }
            }
        }
        self.running.lock().unwrap_or_else(PoisonError::into_inner).remove(&run);
        self.runtime.set_outages(run, &[]);
        self.changed.notify_one();
    }

    /// Waits a little; tells whether firebell stops.
    async fn rest(&self) -> bool {
        let clock = self.runtime.clock();
        let until = clock.now().saturating_add(AGAIN_AFTER).unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = clock.sleep_until(until) => false,
            () = self.stop.cancelled() => true,
        }
    }

    /// Follows the script to its end and stores the result; tells whether it is over.
    async fn follow(&self, exercise: &mut Exercise) -> Result<bool, Refusal> {
        let result = match self.scenario_of(exercise).await? {
            Ok((scenario, playbook)) => match self.play(exercise, &scenario).await? {
                Halt::Stopping => return Ok(false),
                Halt::Over(why) => self.result(exercise, &scenario, &playbook, why).await?,
            },
            Err(why) => unreadable(exercise, why),
        };
        if let Some(why) = &result.why {
            let (run, drill, why) = (result.run, &result.drill, why.get(Lang::En));
            tracing::warn!(%run, %drill, why, "an exercise did not come to its end");
        }
        let changes = vec![keep_result(&result), drop_exercise(exercise.run)];
        self.archive.put(changes).await?;
        self.count(result.verdict);
        Ok(true)
    }

    /// Reads the drill as it was when the exercise began, against the plan its incident is pinned
    /// to.
    pub(super) async fn scenario_of(
        &self,
        exercise: &Exercise,
    ) -> Result<Result<(Scenario, Arc<Playbook>), Text>, Refusal> {
        let mut playbooks: BTreeMap<_, _> = self
            .runtime
            .library()
            .playbooks()
            .map(|playbook| (playbook.id.clone(), Arc::clone(playbook)))
            .collect();
        if let Some(incident) = exercise.incident {
            let pinned = self.runtime.incident(incident).await?.playbook;
            playbooks.insert(pinned.id.clone(), pinned);
        }
        let (scenario, findings) = load("drill", exercise.source.as_bytes(), &playbooks);
        let Some(scenario) = scenario else {
            let first = findings.iter().next().map(|finding| finding.message.clone());
            return Ok(Err(first.unwrap_or_else(|| Text::from("?"))));
        };
        let playbook = playbooks.get(&scenario.playbook).cloned();
        Ok(playbook
            .map(|playbook| (scenario, playbook))
            .ok_or_else(|| Text::both("预案已不存在", "the playbook is no longer there")))
    }

    /// Lets the script happen until the incident is over.
    async fn play(&self, exercise: &mut Exercise, scenario: &Scenario) -> Result<Halt, Refusal> {
        let (mut commits, _) = self.runtime.bus().listen(None);
        let incident = match exercise.incident {
            Some(incident) => incident,
            None => match self.declare(exercise, scenario).await {
                Ok(incident) => incident,
                Err(Refusal::Rejected(rejection)) => return Ok(Halt::Over(Some(rejection.text))),
                Err(error) => return Err(error),
            },
        };
        loop {
            if self.stop.is_cancelled() {
                return Ok(Halt::Stopping);
            }
            let current = self.runtime.incident(incident).await?;
            self.look_outside(exercise, scenario, &current.incident).await?;
            if !current.incident.status.is_open() {
                return Ok(Halt::Over(None));
            }
            let now = self.runtime.clock().now();
            if let Some(why) = self.reason_to_end(exercise, scenario, now).await? {
                self.cancel(incident, &why).await?;
                return Ok(Halt::Over(Some(why)));
            }
            let facts = Facts::new(&current.playbook, &current.incident);
            let listener = self.listen(exercise, scenario, incident).await?;
            let heard = |cue: &Cue| listener.heard(cue, &current.incident);
            let holds = |condition: &Condition| condition.evaluate(&facts).and_known();
            let look = Look { now, heard: &heard, holds: &holds };
            if let Some(position) = exercise.due(scenario, look) {
                self.inject(exercise, scenario, incident, position).await?;
                continue;
            }
            let until = exercise.next_at(scenario, look);
            tokio::select! {
                () = self.runtime.clock().sleep_until(until) => {}
                () = matters(&mut commits, incident, scenario.abort_when_live) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    /// Hears the incident's journal where an inject waits for something in it.
    async fn listen(
        &self,
        exercise: &Exercise,
        scenario: &Scenario,
        incident: IncidentId,
    ) -> Result<Listener, Refusal> {
        let waits =
            |position: usize| matches!(scenario.injects[position].trigger, Trigger::After { .. });
        if !exercise.open(scenario).any(waits) {
            return Ok(Listener::default());
        }
        let (events, _) = self.journal(incident).await?;
        Ok(Listener::of(&events))
    }

    /// Declares the incident. The run's own key makes a second attempt after a crash find the first.
    async fn declare(
        &self,
        exercise: &mut Exercise,
        scenario: &Scenario,
    ) -> Result<IncidentId, Refusal> {
        let inputs: Map<String, Json> = scenario.inputs.clone();
        let (alert, surge) =
            scenario.starter().map_or((None, None), |(_, starter)| starter.split());
        let request = DeclareRequest {
            mode: Mode::Drill,
            title: Some(scenario.title.get(Lang::Zh).to_owned()),
            inputs,
            dedup_key: Some(format!("drill/{}", exercise.run)),
            alert: alert.cloned(),
            surge: surge.cloned(),
            drill: Some(exercise.run),
            ..DeclareRequest::live(scenario.playbook.clone())
        };
        if self.take_away_at_once(exercise, scenario)? {
            self.archive.put(vec![keep_exercise(exercise)]).await?;
        }
        let options = CommitOptions::default();
        let declared = self.runtime.declare(&Caller::drill(), request, options).await?;
        exercise.incident = Some(declared.incident.id);
        self.archive.put(vec![keep_exercise(exercise)]).await?;
        Ok(declared.incident.id)
    }

    /// What is missing from the beginning is missing for the first page too, which leaves with the
    /// declaration. Tells whether anything is.
    fn take_away_at_once(
        &self,
        exercise: &mut Exercise,
        scenario: &Scenario,
    ) -> Result<bool, Refusal> {
        let playbook = self.playbook_of(scenario)?;
        let now = self.runtime.clock().now();
        let mut taken = false;
        for position in exercise.due_by(scenario, Look::before(now)) {
            taken |= self.take_away(exercise, &scenario.injects[position].act, &playbook, None);
        }
        Ok(taken)
    }

    /// Takes away from the exercise's messages what an inject takes away; tells whether that is
    /// anything.
    fn take_away(
        &self,
        exercise: &mut Exercise,
        act: &InjectAct,
        playbook: &Playbook,
        incident: Option<&Incident>,
    ) -> bool {
        let (directory, now) = (self.runtime.directory(), self.runtime.clock().now());
        let scene = Scene { playbook, directory: &directory, incident, now };
        let outages = scene.outages(act);
        let taken = !outages.is_empty();
        exercise.outages.extend(outages);
        self.runtime.set_outages(exercise.run, &exercise.outages);
        taken
    }

    async fn reason_to_end(
        &self,
        exercise: &Exercise,
        scenario: &Scenario,
        now: Timestamp,
    ) -> Result<Option<Text>, Refusal> {
        if now >= exercise.over_at(scenario) {
            return Ok(Some(over_because(scenario)));
        }
        let live = self.live_incident(scenario.abort_when_live).await?;
        Ok(live.map(gives_way))
    }

    async fn cancel(&self, incident: IncidentId, why: &Text) -> Result<(), Refusal> {
        let reason = format!("{} / {}", why.get(Lang::Zh), why.get(Lang::En));
        let command = Command::Cancel { as_is: Some(reason.clone()), reason };
        match self.execute(incident, command, CommitOptions::default()).await {
            // It ended in the meantime.
            Ok(_) | Err(Refusal::Rejected(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn execute(
        &self,
        incident: IncidentId,
        command: Command,
        options: CommitOptions,
    ) -> Result<Committed, Refusal> {
        self.runtime.execute(&Caller::drill(), incident, command, options).await
    }

    /// Lets one inject happen, once: its key makes a second attempt after a crash change nothing.
    async fn inject(
        &self,
        exercise: &mut Exercise,
        scenario: &Scenario,
        incident: IncidentId,
        position: usize,
    ) -> Result<(), Refusal> {
        let act = &scenario.injects[position].act;
        let run = exercise.run;
        let seen = self.runtime.incident(incident).await?;
        if self.take_away(exercise, act, &seen.playbook, Some(&seen.incident)) {
            // Messages that are to do without it must do so after a restart, too.
            self.archive.put(vec![keep_exercise(exercise)]).await?;
        }
        for (nth, command) in act.commands().into_iter().enumerate() {
            let options = match nth {
                0 => once(format!("drill/{run}/inject/{position}")),
                nth => once(format!("drill/{run}/inject/{position}/{nth}")),
            };
            match self.execute(incident, command, options).await {
                Ok(_) | Err(Refusal::Answered(_)) => {}
                Err(Refusal::Rejected(rejection)) => {
                    let words = act.in_words();
                    tracing::warn!(%run, position, %rejection, "an inject had no effect");
                    let (zh, en) = (rejection.text.get(Lang::Zh), rejection.text.get(Lang::En));
                    let note = Command::Note { text: format!("{words}: {zh} / {en}") };
                    self.execute(incident, note, CommitOptions::default()).await?;
                }
                Err(error) => return Err(error),
            }
        }
        exercise.done.insert(position);
        Ok(self.archive.put(vec![keep_exercise(exercise)]).await?)
    }

    /// Reads the journal back and judges it.
    async fn result(
        &self,
        exercise: &Exercise,
        scenario: &Scenario,
        playbook: &Playbook,
        ended_because: Option<Text>,
    ) -> Result<DrillResult, Refusal> {
        let (events, link) = match exercise.incident {
            Some(incident) => self.journal(incident).await?,
            None => (Vec::new(), None),
        };
        let mut reviewed = review(playbook, &scenario.expect, &events);
        if let Some(review) = &mut reviewed {
            let answers = exercise.probes.clone();
            answers.into_iter().for_each(|(key, answer)| review.observed.answered(key, answer));
        }
        let (outcome, why) = ending(&events, reviewed.as_ref(), ended_because);
        let card = reviewed.as_ref().map(|Review { observed, incident }| {
            let seen = Seen { observed, incident };
            judge(playbook, &scenario.expect, scenario.pass, outcome, seen)
        });
        let card = card.unwrap_or(Scorecard {
            score: None,
            verdict: Verdict::NotJudged,
            judgements: Vec::new(),
            parts: BTreeMap::new(),
        });
        let ended_at = events.last().map_or(exercise.started_at, |event| event.recorded_at);
        Ok(DrillResult {
            format: RESULT_FORMAT,
            run: exercise.run,
            drill: scenario.id.clone(),
            title: scenario.title.clone(),
            scenario_hash: scenario.hash.clone(),
            playbook: playbook.id.clone(),
            playbook_hash: playbook.hash.clone(),
            engine: env!("CARGO_PKG_VERSION").into(),
            kind: scenario.kind,
            run_as: scenario.run,
            seed: None,
            incident: exercise.incident,
            planned_at: exercise.planned_at,
            ran_at: Some(exercise.started_at),
            started_at: exercise.started_at,
            ended_at: reviewed.and_then(|review| review.incident.ended_at).unwrap_or(ended_at),
            outcome,
            why,
            verdict: card.verdict,
            score: card.score,
            pass_score: scenario.pass.score,
            judgements: card.judgements,
            parts: card.parts,
            odds: None,
            covered: Some(Box::new(covered(
                playbook,
                &events,
                exercise.done.iter().map(|position| scenario.injects[*position].act.kind()),
            ))),
            injects_left: exercise
                .open(scenario)
                .map(|position| scenario.injects[position].act.describe())
                .collect(),
            events: events.len() as u64,
            journal_hash: link,
        })
    }

    async fn journal(
        &self,
        incident: IncidentId,
    ) -> Result<(Vec<Event>, Option<SmolStr>), Refusal> {
        let store = Arc::clone(self.runtime.store());
        let read = tokio::task::spawn_blocking(move || store.load(incident));
        let stream = read.await.map_err(|_| Refusal::Store(StoreError::Stopped))??;
        let Some(stream) = stream else { return Ok((Vec::new(), None)) };
        let events = stream.events().filter_map(|(_, stored)| codec::decode(&stored.bytes).ok());
        let link = SmolStr::new(stream.link().to_string());
        Ok((events.collect(), Some(link)))
    }
}

/// Lets a second attempt after a crash change nothing.
fn once(key: String) -> CommitOptions {
    let keyed = Keyed {
        fingerprint: Digest::of(key.as_bytes()),
        key,
        answer: Arc::new(|_| Some((204, Vec::new()))),
    };
    CommitOptions { keyed: Some(keyed), ..CommitOptions::default() }
}

fn over_because(scenario: &Scenario) -> Text {
    match scenario.lasts {
        Some(length) => Text::both(
            format!("演练到了 `lasts` 规定的时长 {length:#}"),
            format!("the drill lasted the {length:#} that `lasts` gives it"),
        ),
        None => Text::both("演练超过 30 天", "the drill lasted longer than 30 days"),
    }
}

/// Tells how an exercise ended, and why where it did not come to its end.
fn ending(
    events: &[Event],
    reviewed: Option<&Review>,
    ended_because: Option<Text>,
) -> (Outcome, Option<Text>) {
    let cancelled = events.iter().rev().find_map(|event| match &event.fact {
        Fact::Cancelled { reason, .. } => Some(Text::Same(reason.clone())),
        _ => None,
    });
    match reviewed.map(|review| review.incident.status) {
        Some(Status::Closed) => (Outcome::Completed, None),
        Some(Status::Cancelled) => (Outcome::Aborted, ended_because.or(cancelled)),
        Some(Status::Open | Status::Paused) => (Outcome::Interrupted, ended_because),
        None => (Outcome::Error, ended_because),
    }
}

/// Makes the result of an exercise whose drill or plan can no longer be read.
fn unreadable(exercise: &Exercise, why: Text) -> DrillResult {
    DrillResult {
        format: RESULT_FORMAT,
        run: exercise.run,
        drill: exercise.drill.clone(),
        title: Text::Same(exercise.drill.to_string()),
        scenario_hash: SmolStr::default(),
        playbook: "".into(),
        playbook_hash: SmolStr::default(),
        engine: env!("CARGO_PKG_VERSION").into(),
        kind: Kind::Functional,
        run_as: RunAs::Exercise,
        seed: None,
        incident: exercise.incident,
        planned_at: exercise.planned_at,
        ran_at: Some(exercise.started_at),
        started_at: exercise.started_at,
        ended_at: exercise.started_at,
        outcome: Outcome::Error,
        why: Some(why),
        verdict: Verdict::NotJudged,
        score: None,
        pass_score: 0,
        judgements: Vec::new(),
        parts: BTreeMap::new(),
        odds: None,
        covered: None,
        injects_left: Vec::new(),
        events: 0,
        journal_hash: None,
    }
}

/// Completes at the next commit that an exercise must look at: of its own incident, or of a live
/// one that it gives way to.
async fn matters(
    commits: &mut tokio::sync::broadcast::Receiver<Arc<Published>>,
    own: IncidentId,
    gives_way_to: Option<Level>,
) {
    loop {
        match commits.recv().await {
            Ok(commit) => {
                let incident = &commit.incident;
                let open_live = incident.mode == Mode::Live && incident.status.is_open();
                let grave = gives_way_to.is_some_and(|level| incident.level.current <= level);
                if incident.id == own || (open_live && grave) {
                    return;
                }
            }
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
