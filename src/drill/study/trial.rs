//! What depends on what: the same runs again with one thing changed, under the same luck, so that
//! every difference is the change's.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::estimate::{Difference, more_than_luck};
use super::report::{Trial, TrialOf, Trials};
use super::tally::{Catalogue, Sampled, Tally};
use super::{Design, Progress, once};
use crate::drill::score::Verdict;
use crate::drill::simulate::{Change, Stage};
use crate::id::{PersonId, RoleId, StepId};
use crate::text::Text;

/// How many times as long what is tried takes: a colleague who is new to it.
pub const SLOWER: f64 = 2.0;
/// How many steps are tried: those that the end waits for most often.
const STEPS_MAX: usize = 12;
/// How many roles are tried.
const ROLES_MAX: usize = 12;
/// How many people are tried: those who took a role most often.
const PEOPLE_MAX: usize = 20;
/// A trial makes this part of the study's runs,
const PART: u32 = 10;
/// but not fewer than this,
const RUNS_LEAST: u32 = 100;
/// nor more than this: pairs under one luck need few.
const RUNS_MOST: u32 = 1_000;

/// Returns how many runs one trial makes.
fn runs(design: Design) -> u32 {
    (design.runs / PART).clamp(RUNS_LEAST, RUNS_MOST).min(design.runs)
}

/// Returns how many runs all trials make at most.
pub(super) fn runs_at_most(design: Design) -> u64 {
    u64::from(runs(design)) * (1 + STEPS_MAX + ROLES_MAX + PEOPLE_MAX) as u64
}

/// Changes one thing after the other.
pub(super) fn trials(
    stage: Stage<'_>,
    catalogue: &Catalogue<'_>,
    design: Design,
    tally: &Tally,
    progress: Progress<'_>,
) -> Trials {
    let runs = runs(design);
    let made = |change: Change<'_>| -> Vec<Sampled> {
        let made: Vec<Sampled> = (0..runs)
            .into_par_iter()
            .map(|nth| once(stage, catalogue, design.take, nth, change).0)
            .collect();
        progress(u64::from(runs));
        made
    };
    let before = made(Change::None);
    let trial = |of: TrialOf, change: Change<'_>| compare(stage, of, &before, &made(change));
    let steps = most_often_waited_for(catalogue, tally).into_iter();
    let roles = stage.playbook.roles.keys().take(ROLES_MAX);
    let people = most_often_asked(tally);
    let mut trials = Trials {
        runs: u64::from(runs),
        slower: SLOWER,
        steps: steps
            .map(|step| trial(TrialOf::Step(step.clone()), Change::StepSlower(step, SLOWER)))
            .collect(),
        roles: roles
            .map(|role: &RoleId| {
                trial(TrialOf::Role(role.clone()), Change::RoleSlower(role, SLOWER))
            })
            .collect(),
        people: people
            .into_iter()
            .map(|person| trial(TrialOf::Person(person.clone()), Change::Away(person)))
            .collect(),
    };
    mark(&mut trials);
    trials
}

/// Marks what is more than luck among so many trials.
fn mark(trials: &mut Trials) {
    let passing: Vec<_> = trials.all().map(|trial| trial.passed).collect();
    let ends: Vec<_> = trials.all().map(|trial| trial.ended).collect();
    let moved = more_than_luck(&passing).into_iter().zip(more_than_luck(&ends));
    for (trial, (passing, end)) in trials.all_mut().zip(moved) {
        (trial.passing_moved, trial.end_moved) = (passing, end);
    }
}

fn title(stage: Stage<'_>, of: &TrialOf) -> Text {
    match of {
        TrialOf::Step(step) => stage.playbook.step_title(step),
        TrialOf::Role(role) => stage.playbook.role_title(role),
        TrialOf::Person(id) => {
            let person = stage.directory.person(id);
            person.map_or_else(|| Text::Same(id.to_string()), |person| person.name.clone())
        }
    }
}

fn most_often_waited_for<'a>(catalogue: &Catalogue<'a>, tally: &Tally) -> Vec<&'a StepId> {
    let mut steps: Vec<(u64, &StepId)> = tally
        .path
        .iter()
        .zip(&catalogue.steps)
        .filter(|(on_path, _)| on_path.worked > 0)
        .map(|(on_path, step)| (on_path.worked, *step))
        .collect();
    steps.sort_by_key(|(worked, _)| std::cmp::Reverse(*worked));
    steps.into_iter().take(STEPS_MAX).map(|(_, step)| step).collect()
}

fn most_often_asked(tally: &Tally) -> Vec<&PersonId> {
    let mut people: Vec<(&PersonId, u64)> =
        tally.took_part.iter().map(|(person, runs)| (person, *runs)).collect();
    people.sort_by_key(|(person, runs)| (std::cmp::Reverse(*runs), (*person).clone()));
    people.into_iter().take(PEOPLE_MAX).map(|(person, _)| person).collect()
}

fn compare(stage: Stage<'_>, of: TrialOf, before: &[Sampled], after: &[Sampled]) -> Trial {
    let pairs = || before.iter().zip(after);
    let passed = |run: &Sampled| f64::from(u8::from(run.verdict == Verdict::Passed));
    let ended = pairs().filter_map(|(before, after)| before.ended.zip(after.ended));
    Trial {
        title: title(stage, &of),
        of,
        passed: Difference::of(pairs().map(|(before, after)| (passed(before), passed(after)))),
        ended: Difference::of(ended.map(|(before, after)| (before as f64, after as f64))),
        never_ended: pairs()
            .filter(|(before, after)| before.ended.is_some() && after.ended.is_none())
            .count() as u64,
        passing_moved: false,
        end_moved: false,
    }
}
