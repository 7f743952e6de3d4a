//! What those who lead a drill ask of it while it runs: stand still, go on, stop, step the clock. The
//! one who conducts it obeys, so that nothing happens beside the script.

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, oneshot};

use super::{Drills, Inner};
use crate::drill::archive::keep_exercise;
use crate::drill::exercise::Exercise;
use crate::drill::scenario::Scenario;
use crate::engine::{self, Command};
use crate::id::{DrillId, DrillRunId, IncidentId};
use crate::runtime::{Caller, CommitOptions, Missing, Obstacle, Refusal};
use crate::store::StoreError;
use crate::text::Text;

/// How many orders wait for one drill; whoever leads it gives them one by one.
pub(super) const ORDERS_MAX: usize = 16;
/// How many instants one step of the clock may come to; more is going round in circles.
const INSTANTS_MAX: usize = 10_000;
/// How long messages may take to leave before the clock goes on without them.
const SETTLED_WITHIN: SignedDuration = SignedDuration::from_secs(5);

/// What is asked of a drill under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Stand still.
    Pause {
        /// Why.
        reason: String,
    },
    /// Go on.
    Resume,
    /// Stop for good.
    Abort {
        /// Why.
        reason: String,
    },
    /// Step the clock of a tabletop.
    Advance(Step),
}

/// How far the clock is stepped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// To an instant.
    To(Timestamp),
    /// By so much.
    By(SignedDuration),
    /// To whatever comes next: an inject or a deadline.
    Next,
}

/// An order on its way to the one who conducts the drill.
pub(super) struct Ordered {
    by: Caller,
    order: Order,
    answer: oneshot::Sender<Result<(), Refusal>>,
}

/// The orders of one drill.
pub(super) type Orders = mpsc::Receiver<Ordered>;

/// A drill that is conducted.
pub(super) struct Conducted {
    pub(super) drill: DrillId,
    pub(super) orders: mpsc::Sender<Ordered>,
}

impl Drills {
    /// Asks something of a drill under way, and waits until it is done.
    ///
    /// # Errors
    /// No such run; one that is over; what cannot be done as things stand; the store's own.
    pub async fn order(&self, run: DrillRunId, by: &Caller, order: Order) -> Result<(), Refusal> {
        if let Order::Abort { reason } = &order
            && self.end_simulation(run, reason).await
        {
            return Ok(());
        }
        let Some(orders) = self.inner.orders_of(run) else {
            return Err(self.over_or_unknown(run));
        };
        let (answer, answered) = oneshot::channel();
        let ordered = Ordered { by: by.clone(), order, answer };
        if orders.send(ordered).await.is_err() {
            return Err(self.over_or_unknown(run));
        }
        answered.await.unwrap_or_else(|_| Err(self.over_or_unknown(run)))
    }

    fn over_or_unknown(&self, run: DrillRunId) -> Refusal {
        match self.archive().result(run) {
            Ok(Some(_)) => {
                let why = Text::both("这次演练已经结束", "This run of the drill is over");
                Refusal::Drill(Obstacle::Over, why)
            }
            Ok(None) => Refusal::NotFound {
                what: Missing::Drill,
                name: run.to_string(),
                closest: Vec::new(),
            },
            Err(error) => Refusal::Store(error),
        }
    }
}

impl Inner {
    /// Does what is asked, and says what came of it.
    pub(super) async fn obey(
        &self,
        exercise: &mut Exercise,
        scenario: &Scenario,
        incident: IncidentId,
        ordered: Ordered,
    ) {
        let Ordered { by, order, answer } = ordered;
        let done = match order {
            Order::Advance(step) => self.advance(exercise, scenario, incident, step).await,
            other => self.pass_on(&by, incident, other).await,
        };
        if let Err(error) = &done {
            tracing::info!(run = %exercise.run, %error, "an order was not carried out");
        }
        // Whoever asked may have gone; it is done all the same.
        let _ = answer.send(done);
    }

    /// Passes on what the incident itself does; the script follows it.
    async fn pass_on(
        &self,
        by: &Caller,
        incident: IncidentId,
        order: Order,
    ) -> Result<(), Refusal> {
        let command = match order {
            Order::Pause { reason } => Command::Pause { reason },
            Order::Resume => Command::Resume,
            Order::Abort { reason } => Command::Cancel { as_is: Some(reason.clone()), reason },
            Order::Advance(_) => return Ok(()),
        };
        self.runtime.execute(by, incident, command, CommitOptions::default()).await.map(drop)
    }

    /// Steps the clock of a tabletop: whatever comes on the way happens at its own instant.
    async fn advance(
        &self,
        exercise: &mut Exercise,
        scenario: &Scenario,
        incident: IncidentId,
        step: Step,
    ) -> Result<(), Refusal> {
        if exercise.beside.is_some() {
            return Err(goes_by_another());
        }
        let Some(now) = exercise.clock else { return Err(not_a_tabletop()) };
        if exercise.is_paused() {
            return Err(stands_still());
        }
        let target = match step {
            Step::To(at) => at,
            Step::By(by) => now.saturating_add(by).unwrap_or(Timestamp::MAX),
            Step::Next => self.what_comes_next(exercise, scenario, incident).await?,
        };
        if target < now {
            return Err(goes_back(now));
        }
        self.advance_to(exercise, scenario, incident, target).await
    }

    /// Lets the clock come to an instant, and whatever comes on the way happen at its own.
    pub(super) async fn advance_to(
        &self,
        exercise: &mut Exercise,
        scenario: &Scenario,
        incident: IncidentId,
        target: Timestamp,
    ) -> Result<(), Refusal> {
        for _ in 0..INSTANTS_MAX {
            if !self.runtime.incident(incident).await?.incident.status.is_open() {
                return Ok(());
            }
            let next = self.what_comes_next(exercise, scenario, incident).await?;
            let next = next.min(target);
            let at = exercise.clock.map_or(next, |clock| clock.max(next));
            self.stand_at(exercise, at).await?;
            self.let_everything_happen(exercise, scenario, incident).await?;
            let over = self.reason_to_end(exercise, scenario).await?.is_some();
            // The clock may have jumped past it.
            let there = exercise.clock.is_none_or(|clock| clock >= target);
            let more = self.what_comes_next(exercise, scenario, incident).await? <= target;
            if over || (there && !more) {
                return Ok(());
            }
        }
        tracing::error!(run = %exercise.run, "a step of the clock does not come to its end");
        Ok(())
    }

    /// Lets the clock stand at an instant, over restarts too.
    async fn stand_at(&self, exercise: &mut Exercise, at: Timestamp) -> Result<(), StoreError> {
        if exercise.clock == Some(at) {
            return Ok(());
        }
        exercise.clock = Some(at);
        self.archive.put(vec![keep_exercise(exercise)]).await?;
        self.runtime.set_clock(exercise.run, Some(at));
        Ok(())
    }

    /// Lets what is due happen in the incident and all that belong to it, then what is due of the
    /// script, then what was done in the incident it goes beside, until nothing more follows.
    pub(super) async fn let_everything_happen(
        &self,
        exercise: &mut Exercise,
        scenario: &Scenario,
        incident: IncidentId,
    ) -> Result<(), Refusal> {
        loop {
            for one in self.family(incident).await? {
                self.runtime.let_due(one).await?;
            }
            self.settle(exercise, incident).await?;
            if !self.inject_what_is_due(exercise, scenario, incident).await?
                && !self.do_what_fits(exercise, incident).await?
            {
                return Ok(());
            }
        }
    }

    /// Waits until the messages that are to leave have left, not for ever.
    async fn settle(&self, exercise: &Exercise, incident: IncidentId) -> Result<(), Refusal> {
        let clock = self.runtime.clock();
        let (mut commits, _) = self.runtime.bus().listen(None);
        let patience = clock.now().saturating_add(SETTLED_WITHIN).unwrap_or(Timestamp::MAX);
        loop {
            let now = self.now_of(exercise);
            let current = self.runtime.incident(incident).await?.incident;
            let leaving = current.outbox.values().any(|pending| pending.next_at() <= now);
            if !leaving || self.runtime.is_held() {
                return Ok(());
            }
            tokio::select! {
                _ = commits.recv() => {}
                () = clock.sleep_until(patience) => return Ok(()),
                () = self.stop.cancelled() => return Ok(()),
            }
        }
    }

    /// Lists an incident and all it asked for, and what these asked for.
    async fn family(&self, incident: IncidentId) -> Result<Vec<IncidentId>, Refusal> {
        let mut all = vec![incident];
        let mut looked_at = 0;
        while let Some(one) = all.get(looked_at).copied() {
            match self.runtime.incident(one).await {
                Ok(seen) => all.extend(seen.incident.children.keys().copied()),
                // It is asked for and has not begun.
                Err(Refusal::NotFound { .. }) => drop(all.remove(looked_at)),
                Err(error) => return Err(error),
            }
            looked_at += 1;
        }
        Ok(all)
    }

    /// Returns the next instant of the script or of an incident.
    pub(super) async fn what_comes_next(
        &self,
        exercise: &Exercise,
        scenario: &Scenario,
        incident: IncidentId,
    ) -> Result<Timestamp, Refusal> {
        let mut next = self.script_goes_on_at(exercise, scenario, incident).await?;
        for one in self.family(incident).await? {
            let seen = self.runtime.incident(one).await?;
            let deadline = engine::next_deadline(&seen.playbook, &seen.incident);
            let instants =
                [deadline.map(|deadline| deadline.at), engine::next_send(&seen.incident)];
            next = instants.into_iter().flatten().fold(next, Timestamp::min);
        }
        Ok(next)
    }
}

fn not_a_tabletop() -> Refusal {
    let why = Text::both(
        "这次演练用真实时钟；只有桌面推演（run: tabletop）的时钟可以拨",
        "This drill goes by the real clock; only a tabletop (run: tabletop) is stepped",
    );
    Refusal::Drill(Obstacle::RealClock, why)
}

fn goes_by_another() -> Refusal {
    let why = Text::both(
        "影子演练的时钟跟随真实事件，不能拨",
        "A shadow goes by the clock of its live incident, which nobody steps",
    );
    Refusal::Drill(Obstacle::RealClock, why)
}

fn stands_still() -> Refusal {
    let why =
        Text::both("演练已暂停；请先继续（resume）", "The drill stands still; resume it first");
    Refusal::Drill(Obstacle::Paused, why)
}

fn goes_back(now: Timestamp) -> Refusal {
    let why = Text::both(
        format!("时钟不能倒拨；现在是 {now}"),
        format!("The clock cannot go back; it stands at {now}"),
    );
    Refusal::Drill(Obstacle::Backwards, why)
}
