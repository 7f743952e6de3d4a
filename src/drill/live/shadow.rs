//! A rehearsal beside a live incident, carried out: its clock is stepped by the live journal and then by
//! the real clock, so that whatever was missed (it joined late, firebell stopped) happens at its own
//! instant all the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use smol_str::SmolStr;

use super::conduct::once;
use super::{Inner, Terms};
use crate::drill::archive::keep_exercise;
use crate::drill::exercise::Exercise;
use crate::drill::past::{Declared, Past};
use crate::drill::scenario::{RunAs, Scenario};
use crate::drill::shadow::{Deed, Fit, Scene, Shadowing, deeds};
use crate::engine::{Actor, Command, Event, Incident, Mode};
use crate::id::IncidentId;
use crate::playbook::Access;
use crate::runtime::{Caller, CommitOptions, DeclareRequest, Obstacle, Refusal, Scope};
use crate::store::{Query, StoreError, Summary, Which};
use crate::text::Text;

/// How long it waits at least before it looks again, so that what does not get on does not spin.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(1);

impl Inner {
    /// Finds the live incident that a drill is to go beside: the one named, else the latest of its plan;
    /// `None` for a drill that goes beside none.
    pub(super) async fn beside(
        &self,
        scenario: &Scenario,
        terms: Terms,
    ) -> Result<Option<Incident>, Refusal> {
        let named = match (scenario.run, terms.beside) {
            (RunAs::Shadow, Some(named)) => named,
            (RunAs::Shadow, None) => self.latest_of(scenario).await?,
            (_, None) => return Ok(None),
            (_, Some(_)) => return Err(refused(goes_beside_none(scenario))),
        };
        let live = self.runtime.incident(named).await?.incident;
        let number = live.number;
        if live.mode != Mode::Live {
            return Err(refused(not_live(number)));
        }
        if !live.status.is_open() {
            return Err(refused(is_over(number)));
        }
        // What only some may know of the live one, everyone would read in the rehearsal.
        if live.restricted && self.playbook_of(scenario)?.access != Access::Restricted {
            return Err(refused(would_tell(number)));
        }
        Ok(Some(Incident::clone(&live)))
    }

    async fn latest_of(&self, scenario: &Scenario) -> Result<IncidentId, Refusal> {
        let store = Arc::clone(self.runtime.store());
        let plan = scenario.playbook.clone();
        let find = tokio::task::spawn_blocking(move || -> Result<_, StoreError> {
            let mut before = None;
            loop {
                let page =
                    store.list(Query { which: Which::Open, before, limit: Query::MAX_ROWS })?;
                // Whoever may see a restricted one can name it.
                let fits = |row: &&Summary| {
                    row.mode == Mode::Live && !row.restricted && row.playbook == plan
                };
                if let Some(row) = page.iter().find(fits) {
                    return Ok(Some(row.id));
                }
                match page.last() {
                    Some(last) if page.len() == Query::MAX_ROWS => before = Some(last.number),
                    _ => return Ok(None),
                }
            }
        });
        let found = find.await.map_err(|_| Refusal::Store(StoreError::Stopped))??;
        found.ok_or_else(|| refused(nothing_beside(scenario)))
    }

    /// Declares as the live incident was declared what goes beside it; what only the drill's file knows
    /// is kept. Any other drill is declared as its file says.
    pub(super) async fn as_declared_beside(
        &self,
        exercise: &Exercise,
        scenario: &Scenario,
        scripted: DeclareRequest,
    ) -> Result<DeclareRequest, Refusal> {
        let Some(follows) = &exercise.beside else { return Ok(scripted) };
        let live = self.runtime.incident(follows.of.id).await?;
        let (events, _) = self.journal(follows.of.id).await?;
        let past = Past::read(&live.playbook, &events).unwrap_or_default();
        let Declared { level, detected_at, alert, surge, .. } = past.declared.clone();
        let mut inputs = scripted.inputs.clone();
        inputs.extend(past.declared.inputs_for(&*self.playbook_of(scenario)?));
        let beside = Some(follows.of);
        Ok(DeclareRequest { level, detected_at, alert, surge, inputs, beside, ..scripted })
    }

    /// Follows the live incident to where it stands, and the clock to now; tells whether the live one is
    /// over. Nothing is done for a drill that goes beside none.
    pub(super) async fn keep_beside(
        &self,
        exercise: &mut Exercise,
        scenario: &Scenario,
        incident: IncidentId,
    ) -> Result<bool, Refusal> {
        let Some(of) = exercise.beside.as_ref().map(|follows| follows.of.id) else {
            return Ok(false);
        };
        let live = self.runtime.incident(of).await?.incident;
        let (events, _) = self.journal(of).await?;
        let told = deeds(&events);
        let read = exercise.beside.as_ref().map_or(0, |follows| follows.read);
        for event in events.iter().filter(|event| event.seq > read && event.seq <= live.version) {
            if self.is_over(incident).await? {
                return Ok(false);
            }
            self.follow_event(exercise, scenario, (incident, event, &told)).await?;
        }
        if live.status.is_open() {
            self.advance_to(exercise, scenario, incident, self.runtime.clock().now()).await?;
            return Ok(false);
        }
        if let Some(follows) = &mut exercise.beside {
            follows.end(&told);
        }
        self.archive.put(vec![keep_exercise(exercise)]).await?;
        Ok(true)
    }

    async fn is_over(&self, incident: IncidentId) -> Result<bool, Refusal> {
        Ok(!self.runtime.incident(incident).await?.incident.status.is_open())
    }

    /// Lets the clock come to an event of the live incident, and its deeds be done.
    async fn follow_event(
        &self,
        exercise: &mut Exercise,
        scenario: &Scenario,
        (incident, event, told): (IncidentId, &Event, &[Deed]),
    ) -> Result<(), Refusal> {
        self.advance_to(exercise, scenario, incident, event.recorded_at).await?;
        if let Some(follows) = &mut exercise.beside {
            follows.take_up(event.seq, told);
        }
        self.let_everything_happen(exercise, scenario, incident).await?;
        Ok(self.archive.put(vec![keep_exercise(exercise)]).await?)
    }

    /// Does in the rehearsal what was done in the live incident and has its place there now; tells whether
    /// there was anything.
    pub(super) async fn do_what_fits(
        &self,
        exercise: &mut Exercise,
        incident: IncidentId,
    ) -> Result<bool, Refusal> {
        let Some(follows) = exercise.beside.as_mut().filter(|one| !one.waiting.is_empty()) else {
            return Ok(false);
        };
        let (events, _) = self.journal(follows.of.id).await?;
        let told = deeds(&events);
        let mut any = false;
        loop {
            let current = self.runtime.incident(incident).await?;
            if !current.incident.status.is_open() {
                return Ok(any);
            }
            let now = self.runtime.now_of(Some(exercise.run));
            let scene = Scene { playbook: &current.playbook, incident: &current.incident, now };
            let waiting = told.iter().filter(|deed| follows.waiting.contains(&deed.place));
            let Some((deed, fit)) = scene.first_of(waiting) else { return Ok(any) };
            any = true;
            match fit {
                Fit::Waits => return Ok(any),
                Fit::Needless => follows.let_go(deed),
                Fit::NoPlace => follows.leave_out(deed),
                Fit::Do { command, more: true } => {
                    if !self.repeat(incident, deed, (*command, None)).await? {
                        follows.leave_out(deed);
                    }
                }
                Fit::Do { command, more: false } => {
                    let (seq, nth) = deed.place;
                    let key = format!("drill/{}/beside/{seq}/{nth}", exercise.run);
                    match self.repeat(incident, deed, (*command, Some(key))).await? {
                        true => follows.follow(deed),
                        false => follows.leave_out(deed),
                    }
                }
            }
        }
    }

    /// Repeats an act in the rehearsal in the name of whoever did it; tells whether it took it. The key
    /// makes a second attempt after a crash change nothing.
    async fn repeat(
        &self,
        incident: IncidentId,
        deed: &Deed,
        (command, key): (Command, Option<String>),
    ) -> Result<bool, Refusal> {
        let actor = deed.by.clone().map_or(Actor::Drill, Actor::person);
        let caller = Caller { actor, scope: Scope::Admin };
        let options = key.map(once).unwrap_or_default();
        match self.runtime.execute(&caller, incident, command, options).await {
            Ok(_) | Err(Refusal::Answered(_)) => Ok(true),
            Err(Refusal::Rejected(rejection)) => {
                tracing::debug!(%incident, %rejection, "a deed has no place in the rehearsal");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Returns when a rehearsal beside a live incident must be looked at again by itself.
    pub(super) async fn beside_goes_on_at(
        &self,
        exercise: &Exercise,
        scenario: &Scenario,
        incident: IncidentId,
    ) -> Result<Timestamp, Refusal> {
        let next = self.what_comes_next(exercise, scenario, incident).await?;
        let soonest = self.runtime.clock().now().saturating_add(LOOK_AGAIN);
        Ok(next.max(soonest.unwrap_or(Timestamp::MAX)).min(exercise.forgotten_at()))
    }

    /// Ends the rehearsal of a live incident that is over: closed where nothing was left to do, else as it
    /// stands.
    pub(super) async fn end_beside(
        &self,
        exercise: &Exercise,
        incident: IncidentId,
    ) -> Result<Option<Text>, Refusal> {
        let Some(follows) = &exercise.beside else { return Ok(None) };
        let current = self.runtime.incident(incident).await?.incident;
        if !current.status.is_open() {
            return Ok(None);
        }
        if current.close_awaited {
            match self
                .execute(incident, Command::Close { force: None }, CommitOptions::default())
                .await
            {
                Ok(_) => return Ok(None),
                Err(Refusal::Rejected(_)) => {}
                Err(error) => return Err(error),
            }
        }
        let why = ended_with(follows);
        self.cancel(incident, &why).await?;
        Ok(Some(why))
    }
}

impl Exercise {
    /// Returns the live incident that it goes beside.
    pub(super) fn live(&self) -> Option<IncidentId> {
        self.beside.as_ref().map(|follows| follows.of.id)
    }

    /// Returns the number of that incident: it is none to give way to.
    pub(super) fn its_own(&self) -> BTreeSet<u64> {
        self.beside.as_ref().map(|follows| follows.of.number).into_iter().collect()
    }
}

fn refused(why: Text) -> Refusal {
    Refusal::Drill(Obstacle::NothingBeside, why)
}

fn nothing_beside(scenario: &Scenario) -> Text {
    let (id, plan) = (&scenario.id, SmolStr::new(scenario.playbook.as_str()));
    Text::both(
        format!(
            "影子演练 {id} 要跟随一个真实事件，而预案 {plan} 现在没有未关闭的真实事件；\
             请用 beside 指明跟随哪一个"
        ),
        format!(
            "The shadow {id} goes beside a live incident, and none of the playbook {plan} is open; \
             name another with beside"
        ),
    )
}

fn goes_beside_none(scenario: &Scenario) -> Text {
    let (id, run) = (&scenario.id, scenario.run.name());
    Text::both(
        format!("演练 {id} 的方式是 run: {run}；只有 run: shadow 才跟随真实事件"),
        format!("The drill {id} has run: {run}; only run: shadow goes beside a live incident"),
    )
}

fn not_live(number: u64) -> Text {
    Text::both(
        format!("事件 #{number} 本身就是演练；影子演练只跟随真实事件"),
        format!("Incident #{number} is a rehearsal itself; a shadow goes beside a live one"),
    )
}

fn is_over(number: u64) -> Text {
    Text::both(
        format!("事件 #{number} 已结束；要用新预案重演它，请用 firebell replay"),
        format!("Incident #{number} is over; to run it again under a new plan use firebell replay"),
    )
}

fn would_tell(number: u64) -> Text {
    Text::both(
        format!(
            "事件 #{number} 仅限有关人员查看，而演练的预案没有限制；请给预案加上 restricted: true"
        ),
        format!(
            "Incident #{number} is restricted and the playbook of the drill is not; \
             give the playbook restricted: true"
        ),
    )
}

fn ended_with(follows: &Shadowing) -> Text {
    let number = follows.of.number;
    Text::both(
        format!("真实事件 #{number} 已结束，影子演练随之结束"),
        format!("the live incident #{number} is over, and the shadow with it"),
    )
}
