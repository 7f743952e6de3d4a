//! What makes two states of an incident the same: everything the future depends on, and nothing
//! of the past that no condition asks for.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::reading::Reading;
use super::world::{House, awaits_answer, awaits_messages, runs_clock};
use crate::engine::{Facts, Incident, Run, Standing};
use crate::playbook::{HandlerAct, Step};

/// Repeated often enough: a step done a third time is as one done a second time.
const OFTEN: u32 = 2;

/// The fingerprint of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key([u8; 16]);

/// Returns the fingerprint of an incident's state.
pub(super) fn key(house: &House<'_>, reading: &Reading<'_>, incident: &Incident) -> Key {
    let mut text = String::with_capacity(256);
    whole(&mut text, house, incident, reading).expect("a text takes whatever is written");
    for phase in &house.playbook.phases {
        for step in &phase.steps {
            let here = phase.id == incident.phase;
            describe(&mut text, incident, reading, step, here)
                .expect("a text takes whatever is written");
        }
    }
    let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    Key(short)
}

fn whole(
    text: &mut String,
    house: &House<'_>,
    incident: &Incident,
    reading: &Reading<'_>,
) -> std::fmt::Result {
    write!(
        text,
        "{:?} {} {:?} {:?} {} ",
        incident.status,
        incident.phase,
        incident.stuck.is_some(),
        incident.level,
        incident.close_awaited,
    )?;
    // A loop that may be taken again is like one that was never taken, but for its bound.
    for ((phase, next), times) in incident.next_taken.iter() {
        let way = house.playbook.phase(phase).and_then(|phase| phase.next.get(*next as usize));
        if way.is_some_and(|way| way.at_most == Some(1)) {
            write!(text, "{phase}>{next}:{times} ")?;
        }
    }
    // A message more or less leads nowhere else.
    for (place, times) in incident.handlers_fired.iter() {
        let handler = house.playbook.handlers.get(*place as usize);
        if handler.is_some_and(|handler| matches!(handler.act, HandlerAct::Go(_))) {
            write!(text, "h{place}:{times} ")?;
        }
    }
    let alert = reading.alert_ends && incident.alert.is_some();
    write!(text, "{alert} {} ", runs_clock(incident))?;
    if let Some(ahead) = reading.ahead(&incident.phase) {
        for (name, value) in incident.variables.iter() {
            if ahead.variables.contains(name) {
                write!(text, "{name}={value:?} ")?;
            }
        }
        let facts = Facts::new(house.playbook, incident);
        for condition in &ahead.settled {
            write!(text, "{:?} ", condition.evaluate(&facts).truth)?;
        }
    }
    for (name, role) in incident.roles.iter() {
        write!(text, "{name}:{}{} ", role.engaged, role.tenure.name())?;
    }
    Ok(())
}

fn describe(
    text: &mut String,
    incident: &Incident,
    reading: &Reading<'_>,
    step: &Step,
    here: bool,
) -> std::fmt::Result {
    let Some(record) = incident.steps.get(&step.id) else { return Ok(()) };
    let current = here && record.run.visit == incident.visit;
    let ahead = reading.ahead(&incident.phase);
    let asked = ahead.is_some_and(|ahead| ahead.steps.contains(&step.id));
    let over = !current && record.run.is_settled();
    if reading.is_aside(&step.id) || (over && !asked) {
        return Ok(());
    }
    write!(text, "{} ", step.id)?;
    let plain = reading.is_plain(&step.id);
    one(text, incident, reading, &record.run, plain)?;
    // Which of several equal items is done does not matter.
    let mut items = Vec::with_capacity(record.items.len());
    for item in &record.items {
        let mut said = String::new();
        one(&mut said, incident, reading, item, plain)?;
        items.push(said);
    }
    items.sort_unstable();
    items.iter().try_for_each(|item| write!(text, "[{item}]"))
}

fn one(
    text: &mut String,
    incident: &Incident,
    reading: &Reading<'_>,
    run: &Run,
    plain: bool,
) -> std::fmt::Result {
    if plain && run.standing() == Standing::Passed {
        return text.write_str("passed ");
    }
    let messages = awaits_messages(incident, &run.key);
    let (request, attempt) = (awaits_answer(incident, run), run.key.attempt.min(OFTEN));
    if plain {
        return write!(text, "{} {request} {messages} ", run.state.name());
    }
    let late = reading.overdue.contains(&run.key.step) && run.overdue;
    write!(
        text,
        "{}{:?} {:?} {} {} {} {} {attempt} {late} {request} {messages} {} ",
        run.state.name(),
        run.state.cause(),
        run.answer,
        run.let_pass,
        run.passed_before,
        run.repeat_ended,
        run.key.iteration.min(OFTEN),
        run.approvals.len(),
    )
}
