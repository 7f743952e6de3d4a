//! Conducts an exercise: declares its incident, lets its injects happen, gives way to real
//! trouble, and judges it when it is over. Every step is stored, so a restart goes on with it.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use super::conclude::unreadable;
use super::orders::{Conducted, ORDERS_MAX, Orders};
use super::outlook::Asking;
use super::{Inner, gives_way};
use crate::drill::absence::Scene;
use crate::drill::archive::{drop_exercise, keep_exercise, keep_result};
use crate::drill::cue::{Cue, Listener};
use crate::drill::exercise::{Exercise, Look};
use crate::drill::file::load;
use crate::drill::inject::{InjectAct, Trigger};
use crate::drill::scenario::Scenario;
use crate::engine::{Command, Fact, Facts, Incident, Mode};
use crate::id::IncidentId;
use crate::playbook::{Condition, Playbook};
use crate::runtime::{Caller, CommitOptions, Committed, DeclareRequest, Keyed, Published, Refusal};
use crate::store::Digest;
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
        let (orders, waiting) = mpsc::channel(ORDERS_MAX);
        let conducted = Conducted { drill: exercise.drill.clone(), orders };
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.insert(exercise.run, conducted);
        drop(running);
        self.runtime.set_outages(exercise.run, &exercise.outages);
        self.runtime.set_clock(exercise.run, exercise.clock);
        let inner = Arc::clone(self);
        self.tasks.spawn(async move { inner.conduct_to_the_end(exercise, waiting).await });
    }

    async fn conduct_to_the_end(self: Arc<Self>, mut exercise: Exercise, mut orders: Orders) {
        let run = exercise.run;
        loop {
            match self.follow(&mut exercise, &mut orders).await {
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
        self.runtime.set_clock(run, None);
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
    async fn follow(&self, exercise: &mut Exercise, orders: &mut Orders) -> Result<bool, Refusal> {
        if !exercise.resumed.is_empty() {
            // That it was taken up again is known from the beginning on.
            self.archive.put(vec![keep_exercise(exercise)]).await?;
        }
        let result = match self.scenario_of(exercise).await? {
            Ok((scenario, playbook)) => match self.play(exercise, &scenario, orders).await? {
                Halt::Stopping => return Ok(false),
                Halt::Over(why) => self.result(exercise, &scenario, &playbook, why).await?,
            },
            Err(why) => unreadable(exercise, why),
        };
        if let Some(why) = &result.why {
            let (run, drill, why) = (result.run, &result.drill, why.get(Lang::En));
            tracing::warn!(%run, %drill, why, "an exercise did not come to its end");
        }
        let mut changes = vec![keep_result(&result), drop_exercise(exercise.run)];
        changes.extend(self.paged_in(exercise).await?);
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
    async fn play(
        &self,
        exercise: &mut Exercise,
        scenario: &Scenario,
        orders: &mut Orders,
    ) -> Result<Halt, Refusal> {
        let (mut commits, _) = self.runtime.bus().listen(None);
        let incident = match exercise.incident {
            Some(incident) => incident,
            None => match self.declare(exercise, scenario).await {
                Ok(incident) => incident,
                Err(Refusal::Rejected(rejection)) => return Ok(Halt::Over(Some(rejection.text))),
                Err(error) => return Err(error),
            },
        };
        let mut asking = Asking::default();
        loop {
            if self.stop.is_cancelled() {
                return Ok(Halt::Stopping);
            }
            let current = self.runtime.incident(incident).await?;
            self.look_outside(exercise, scenario, &current.incident, &mut asking).await?;
            if !current.incident.status.is_open() {
                self.hear_out(exercise, scenario, &mut asking).await?;
                return Ok(Halt::Over(None));
            }
            self.note_pause(exercise, &current.incident).await?;
            if let Some(why) = self.reason_to_end(exercise, scenario).await? {
                self.cancel(incident, &why).await?;
                self.hear_out(exercise, scenario, &mut asking).await?;
                return Ok(Halt::Over(Some(why)));
            }
            if self.keep_beside(exercise, scenario, incident).await? {
                return Ok(Halt::Over(self.end_beside(exercise, incident).await?));
            }
            if self.give_way(exercise, scenario, &current.incident).await?
                || self.inject_what_is_due(exercise, scenario, incident).await?
            {
                continue;
            }
            let until = self.look_again_at(exercise, scenario, incident).await?;
            tokio::select! {
                () = self.runtime.clock().sleep_until(until) => {}
                () = matters(&mut commits, [Some(incident), exercise.live()], scenario) => {}
                Some(ordered) = orders.recv() => {
                    self.obey(exercise, scenario, incident, ordered).await;
                }
                () = asking.heard() => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    /// Lets the next inject happen that is due; tells whether there was one.
    pub(super) async fn inject_what_is_due(
        &self,
        exercise: &mut Exercise,
        scenario: &Scenario,
        incident: IncidentId,
    ) -> Result<bool, Refusal> {
        let current = self.runtime.incident(incident).await?;
        let listener = self.listen(exercise, scenario, incident).await?;
        let facts = Facts::new(&current.playbook, &current.incident);
        let heard = |cue: &Cue| listener.heard(cue, &current.incident);
        let holds = |condition: &Condition| condition.evaluate(&facts).and_known();
        let look = Look { now: self.now_of(exercise), heard: &heard, holds: &holds };
        let open = current.incident.status.is_open();
        let due = exercise.due(scenario, look).filter(|_| open);
        if let Some(position) = due {
            self.inject(exercise, scenario, incident, position).await?;
        }
        Ok(due.is_some())
    }

    /// Returns when the script comes to something next, by the clock of the exercise.
    pub(super) async fn script_goes_on_at(
        &self,
        exercise: &Exercise,
        scenario: &Scenario,
        incident: IncidentId,
    ) -> Result<Timestamp, Refusal> {
        let current = self.runtime.incident(incident).await?;
        let listener = self.listen(exercise, scenario, incident).await?;
        let heard = |cue: &Cue| listener.heard(cue, &current.incident);
        let look = Look { now: self.now_of(exercise), heard: &heard, holds: &|_| false };
        Ok(exercise.next_at(scenario, look))
    }

    /// Returns when the script must be looked at again by the real clock. Where somebody steps the
    /// clock, nothing comes by itself but the end of what was forgotten.
    async fn look_again_at(
        &self,
        exercise: &Exercise,
        scenario: &Scenario,
        incident: IncidentId,
    ) -> Result<Timestamp, Refusal> {
        match (&exercise.beside, exercise.clock) {
            (Some(_), _) => self.beside_goes_on_at(exercise, scenario, incident).await,
            (None, Some(_)) => Ok(exercise.forgotten_at()),
            (None, None) => self.script_goes_on_at(exercise, scenario, incident).await,
        }
    }

    /// Returns the instant by the clock of the exercise.
    pub(super) fn now_of(&self, exercise: &Exercise) -> Timestamp {
        exercise.clock.unwrap_or_else(|| self.runtime.clock().now())
    }

    /// Follows the incident: the script stands still while it does, by whatever way it was paused.
    async fn note_pause(
        &self,
        exercise: &mut Exercise,
        incident: &Incident,
    ) -> Result<(), Refusal> {
        match (incident.paused_at, exercise.is_paused()) {
            (Some(at), false) => exercise.pause(at),
            (None, true) => {
                let (events, _) = self.journal(incident.id).await?;
                let resumed = events.iter().rev().find(|event| event.fact == Fact::Resumed);
                exercise.go_on(resumed.map_or(incident.updated_at, |event| event.recorded_at));
                self.runtime.set_outages(exercise.run, &exercise.outages);
            }
            (Some(_), true) | (None, false) => return Ok(()),
        }
        Ok(self.archive.put(vec![keep_exercise(exercise)]).await?)
    }

    /// Pauses for a live incident that nobody has paused for yet; tells whether it did. People say
    /// when it goes on.
    async fn give_way(
        &self,
        exercise: &mut Exercise,
        scenario: &Scenario,
        incident: &Incident,
    ) -> Result<bool, Refusal> {
        if exercise.is_paused() {
            return Ok(false);
        }
        let but_for = &exercise.gave_way | &exercise.its_own();
        let live = self.live_incident(scenario.pause_when_live, &but_for).await?;
        let Some(number) = live else { return Ok(false) };
        let why = gives_way(number);
        let reason = format!("{} / {}", why.get(Lang::Zh), why.get(Lang::En));
        match self.execute(incident.id, Command::Pause { reason }, CommitOptions::default()).await {
            Ok(_) | Err(Refusal::Rejected(_)) => {}
            Err(error) => return Err(error),
        }
        exercise.gave_way.insert(number);
        self.archive.put(vec![keep_exercise(exercise)]).await?;
        Ok(true)
    }

    /// Hears the incident's journal where an inject waits for something in it.
    pub(super) async fn listen(
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
        let (alert, surge) =
            scenario.starter().map_or((None, None), |(_, starter)| starter.split());
        let scripted = DeclareRequest {
            mode: Mode::Drill,
            title: Some(scenario.title.get(Lang::Zh).to_owned()),
            inputs: scenario.inputs.clone(),
            dedup_key: Some(format!("drill/{}", exercise.run)),
            alert: alert.cloned(),
            surge: surge.cloned(),
            drill: Some(exercise.run),
            ..DeclareRequest::live(scenario.playbook.clone())
        };
        let request = self.as_declared_beside(exercise, scenario, scripted).await?;
        if self.take_away_at_once(exercise, scenario)? {
            self.archive.put(vec![keep_exercise(exercise)]).await?;
        }
        let options = CommitOptions::default();
        let declared = self.runtime.declare(&Caller::drill(), request, options).await?;
        self.note_despite(exercise, declared.incident.id).await?;
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
        let now = self.now_of(exercise);
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
        let (directory, now) = (self.runtime.directory(), self.now_of(exercise));
        let scene = Scene { playbook, directory: &directory, incident, now };
        let outages = scene.outages(act);
        let taken = !outages.is_empty();
        exercise.outages.extend(outages);
        self.runtime.set_outages(exercise.run, &exercise.outages);
        taken
    }

    /// Tells why it must end now, if it must.
    pub(super) async fn reason_to_end(
        &self,
        exercise: &Exercise,
        scenario: &Scenario,
    ) -> Result<Option<Text>, Refusal> {
        let forgotten = self.runtime.clock().now() >= exercise.forgotten_at();
        if forgotten || self.now_of(exercise) >= exercise.over_at(scenario) {
            return Ok(Some(over_because(scenario)));
        }
        let live = self.live_incident(scenario.abort_when_live, &exercise.its_own()).await?;
        Ok(live.map(gives_way))
    }

    pub(super) async fn cancel(&self, incident: IncidentId, why: &Text) -> Result<(), Refusal> {
        let reason = format!("{} / {}", why.get(Lang::Zh), why.get(Lang::En));
        let command = Command::Cancel { as_is: Some(reason.clone()), reason };
        match self.execute(incident, command, CommitOptions::default()).await {
            // It ended in the meantime.
            Ok(_) | Err(Refusal::Rejected(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn execute(
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
        if let (InjectAct::ClockJump(by), Some(clock)) = (act, exercise.clock) {
            exercise.clock = Some(clock.saturating_add(*by).unwrap_or(Timestamp::MAX));
            self.runtime.set_clock(run, exercise.clock);
        }
        Ok(self.archive.put(vec![keep_exercise(exercise)]).await?)
    }
}

/// Lets a second attempt after a crash change nothing.
pub(super) fn once(key: String) -> CommitOptions {
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

/// Completes at the next commit that an exercise must look at: of its own incident, of the one it goes
/// beside, or of a live one that it gives way to.
async fn matters(
    commits: &mut tokio::sync::broadcast::Receiver<Arc<Published>>,
    own: [Option<IncidentId>; 2],
    scenario: &Scenario,
) {
    let gives_way_to = scenario.abort_when_live.max(scenario.pause_when_live);
    loop {
        match commits.recv().await {
            Ok(commit) => {
                let incident = &commit.incident;
                let open_live = incident.mode == Mode::Live && incident.status.is_open();
                let grave = gives_way_to.is_some_and(|level| incident.level.current <= level);
                if own.contains(&Some(incident.id)) || (open_live && grave) {
                    return;
                }
            }
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
