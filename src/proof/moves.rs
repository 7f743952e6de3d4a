//! What may happen next, in the order of the plan.

use serde_json::{Map, Value as Json};
use smol_str::SmolStr;

use super::reading::Reading;
use super::undo::owed;
use super::world::{House, State, acknowledgeable, awaits_answer, awaits_messages, runs_clock};
use crate::engine::{ActName, Incident, Run, StepRecord, StepState, allowed_acts, next_deadline};
use crate::id::StepId;
use crate::playbook::{Action, NotifyUntil, Step};

/// Something that happens to an incident.
#[derive(Debug, Clone, PartialEq)]
pub enum Move {
    /// It is declared with these inputs.
    Declare {
        /// The inputs.
        inputs: Map<String, Json>,
        /// What declares it.
        by: Herald,
    },
    /// A person acts on a step, or the world answers one.
    Step {
        /// The step.
        step: StepId,
        /// The item of a for-each.
        item: Option<u32>,
        /// How.
        act: Happens,
    },
    /// The alert is over.
    AlertEnds,
    /// The surge has subsided.
    SurgeEnds,
    /// What the law asks for is submitted.
    Submit,
    /// Whoever may closes it.
    Close,
    /// It was a false alarm: what was done is undone.
    Cancel,
    /// Nobody does anything until something happens by itself.
    TimePasses,
}

/// Who or what declares an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Herald {
    /// A person.
    Person,
    /// An alert, which is attached.
    Alert,
    /// A surge, which is attached.
    Surge,
}

/// What happens to a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Happens {
    /// A person finishes it.
    Complete(Map<String, Json>),
    /// A person chooses.
    Answer(SmolStr),
    /// Everyone consents whose word it takes.
    Approve,
    /// Someone refuses.
    Reject,
    /// A person gives up.
    Fail,
    /// A failed step is left out.
    Skip,
    /// A failed step is tried again.
    Retry,
    /// A request or a message comes through.
    Succeed,
    /// It does not.
    Break,
    /// Everyone who was told says so.
    Acknowledge,
}

/// What may happen in a state.
pub(super) struct Moves {
    /// What becomes of each step. Where all that may become of one step does, what becomes of those
    /// after it may as well happen later.
    pub(super) steps: Vec<Vec<Move>>,
    /// What may happen whatever becomes of them.
    pub(super) anyhow: Vec<Move>,
}

/// Lists what may happen in a state.
pub(super) fn moves(house: &House<'_>, reading: &Reading<'_>, state: &State) -> Moves {
    let incident = &state.incident;
    let (mut steps, mut others) = (Vec::new(), Vec::new());
    for step in house.playbook.every_step() {
        let Some(record) = incident.steps.get(&step.id) else { continue };
        if reading.is_aside(&step.id) {
            continue;
        }
        let mut moves = Vec::new();
        for run in representatives(record) {
            of_step(reading, incident, step, run, &mut moves);
        }
        match reading.is_free(&step.id) {
            true if !moves.is_empty() => steps.push(moves),
            _ => others.append(&mut moves),
        }
    }
    if !others.is_empty() {
        steps.push(others);
    }
    let mut anyhow = Vec::new();
    if incident.close_awaited {
        anyhow.push(Move::Close);
    }
    // Statutory clocks hold up nothing but the end.
    if !incident.is_cancelling() && steps.is_empty() && anyhow.is_empty() && runs_clock(incident) {
        anyhow.push(Move::Submit);
    }
    // Where nothing is to be undone, a cancellation ends it at once.
    if !incident.is_cancelling() && !owed(house.playbook, incident).is_empty() {
        anyhow.push(Move::Cancel);
    }
    if reading.alert_ends && incident.alert.is_some() && !incident.is_cancelling() {
        anyhow.push(Move::AlertEnds);
    }
    let surge = incident.surge.as_deref();
    if reading.surge_ends && surge.is_some_and(|surge| !surge.over) && !incident.is_cancelling() {
        anyhow.push(Move::SurgeEnds);
    }
    if may_wait(house, reading, state) {
        anyhow.push(Move::TimePasses);
    }
    Moves { steps, anyhow }
}

/// Of several items in the same state, one stands for all.
fn representatives(record: &StepRecord) -> Vec<&Run> {
    if record.items.is_empty() {
        return vec![&record.run];
    }
    let mut chosen: Vec<&Run> = Vec::new();
    for item in &record.items {
        let same = |other: &&Run| other.state.name() == item.state.name();
        if !chosen.iter().any(same) {
            chosen.push(item);
        }
    }
    chosen
}

fn of_step(
    reading: &Reading<'_>,
    incident: &Incident,
    step: &Step,
    run: &Run,
    moves: &mut Vec<Move>,
) {
    if run.is_settled() && !run.is_halting() {
        return;
    }
    let mut may = |act| {
        moves.push(Move::Step { step: step.id.clone(), item: run.key.item, act });
    };
    let acts = allowed_acts(incident, step, run);
    let allowed = |act| acts.contains(&act);
    if run.is_halting() {
        [(ActName::Skip, Happens::Skip), (ActName::Retry, Happens::Retry)]
            .into_iter()
            .filter(|(act, _)| allowed(*act))
            .for_each(|(_, happens)| may(happens));
        return;
    }
    match &step.action {
        Action::Manual(_) if allowed(ActName::Complete) => {
            let forms = reading.forms.get(&step.id).map(|forms| &forms.forms);
            let forms = forms.into_iter().flatten().cloned();
            forms.for_each(|form| may(Happens::Complete(form)));
            may(Happens::Fail);
        }
        Action::Decide(decide) if allowed(ActName::Answer) => {
            decide.options.iter().for_each(|option| may(Happens::Answer(option.clone())));
        }
        Action::Approve(_) if allowed(ActName::Approve) => {
            may(Happens::Approve);
            may(Happens::Reject);
        }
        Action::Http(_) | Action::Child(_) if awaits_answer(incident, run) => {
            may(Happens::Succeed);
            may(Happens::Break);
        }
        // Where it leads is the other plan's matter.
        Action::HandOff(_) if awaits_answer(incident, run) => may(Happens::Break),
        Action::Notify(notify) => {
            if awaits_messages(incident, &run.key) {
                may(Happens::Succeed);
                may(Happens::Break);
            } else if matches!(notify.until, NotifyUntil::Acknowledged(_))
                && acknowledgeable(incident, &run.key).next().is_some()
            {
                may(Happens::Acknowledge);
            }
        }
        Action::Manual(_)
        | Action::Decide(_)
        | Action::Approve(_)
        | Action::Http(_)
        | Action::Wait(_)
        | Action::Set(_)
        | Action::Child(_)
        | Action::HandOff(_) => {}
    }
}

/// Tells whether waiting may lead anywhere: where time itself decides. Ladders only tell people.
fn may_wait(house: &House<'_>, reading: &Reading<'_>, state: &State) -> bool {
    let incident = &state.incident;
    if next_deadline(house.playbook, incident).is_none() {
        return false;
    }
    let open = || {
        let open = incident.runs().filter(|run| !run.is_settled());
        open.filter(|run| !reading.is_aside(&run.key.step))
    };
    let instant =
        open().any(|run| awaits_answer(incident, run) || awaits_messages(incident, &run.key));
    !instant && (reading.patience || open().any(|run| timed(house, run)))
}

/// Tells whether time alone moves a step on, and the incident with it.
fn timed(house: &House<'_>, run: &Run) -> bool {
    let Some((_, step)) = house.playbook.step(&run.key.step) else { return false };
    let decides = match &step.action {
        Action::Decide(decide) => decide.default.is_some() && run.due_at.is_some(),
        _ => run.alarm.is_some(),
    };
    decides && run.state != StepState::Waiting
}
