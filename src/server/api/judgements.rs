//! What evaluators say of a run of a drill: their ratings of its questions, and what they saw; and
//! the runs of a drill one after another.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use smol_str::SmolStr;

use super::Answer;
use super::commit::{json, once};
use super::drills::{blocking, may_see};
use super::find::missing;
use crate::drill::judge::{
    Given, JUDGED_WITHIN, Observation, Refused, Said, Sheet, question, said,
};
use crate::drill::live::Judged;
use crate::drill::series::{RUNS_MAX, series as series_of};
use crate::id::{DrillId, DrillRunId};
use crate::runtime::Missing;
use crate::server::app::App;
use crate::server::ask::{Ask, At};
use crate::server::auth::Principal;
use crate::server::problem::{Kind, Problem};
use crate::server::wire::{
    AskedOfEvaluators, JudgedRun, Observe, RateDrill, RatedHistory, SeenByEvaluator,
};

async fn run_of(app: &App, principal: &Principal, name: &str) -> Result<Judged, Problem> {
    let unknown = || Problem::from(missing(Missing::Drill, name, Vec::new()));
    let run: DrillRunId = name.parse().map_err(|_| unknown())?;
    let judged = app.drills().judged(run).await?.ok_or_else(unknown)?;
    let visible = judged.playbook.as_ref().is_none_or(|plan| may_see(app, principal, plan));
    if visible { Ok(judged) } else { Err(unknown()) }
}

/// Look at the runs of a drill in order of time: which compare with one another, and whether it
/// gets better.
#[utoipa::path(get, path = "/api/v1/drills/{id}/series", tag = "drills",
    responses((status = 200, body = Object)))]
pub async fn series(State(app): State<App>, principal: Principal, At(name): At<String>) -> Answer {
    let drills = app.drills().clone();
    let id = DrillId::new(&name);
    let known = drills.book().get(&name).map(|scenario| scenario.playbook.clone());
    let (results, id) = blocking(move || {
        let archive = drills.archive();
        let results = archive.results(Some(&id), RUNS_MAX)?.into_iter();
        let results: Result<Vec<_>, _> = results.map(|one| archive.judged(one)).collect();
        Ok((results?, id))
    })
    .await?;
    let plan = results.first().map(|result| result.playbook.clone()).or(known);
    match plan.filter(|plan| may_see(&app, &principal, plan)) {
        Some(_) => json(StatusCode::OK, &series_of(&id, &results)),
        None => Err(missing(Missing::Drill, &name, Vec::new()).into()),
    }
}

/// Look at what a run asks evaluators, and at what they said.
#[utoipa::path(get, path = "/api/v1/drill-runs/{id}/judgements", tag = "drills",
    responses((status = 200, body = JudgedRun)))]
pub async fn show(State(app): State<App>, principal: Principal, At(name): At<String>) -> Answer {
    json(StatusCode::OK, &shown(run_of(&app, &principal, &name).await?))
}

/// Answer a question, or change the answer: within thirty days of the end of the run. Each
/// evaluator has an answer of their own, and every change is kept.
#[utoipa::path(put, path = "/api/v1/drill-runs/{id}/judgements/{key}", tag = "drills",
    request_body = RateDrill, responses((status = 200, body = JudgedRun)))]
pub async fn rate(
    State(app): State<App>,
    At((name, key)): At<(String, String)>,
    ask: Ask<RateDrill>,
) -> Answer {
    let judged = run_of(&app, &ask.principal, &name).await?;
    let asked = question(&judged.questions, &key).map_err(problem)?.clone();
    let RateDrill { rating, note } = ask.body;
    let write =
        |sheet: &mut Sheet, at| sheet.rate(&asked, Given { rating, note: note.clone(), at });
    let written = app.drills().write_down(&judged, evaluator(&ask.principal), write, |_| None);
    written.await?.map_err(problem)?;
    json(StatusCode::OK, &shown(run_of(&app, &ask.principal, &name).await?))
}

/// Write down something seen that no question asks for.
#[utoipa::path(post, path = "/api/v1/drill-runs/{id}/observations", tag = "drills",
    request_body = Observe, responses((status = 201, body = SeenByEvaluator)))]
pub async fn observe(State(app): State<App>, At(name): At<String>, ask: Ask<Observe>) -> Answer {
    let Ask { principal, key, body, .. } = ask;
    let app = &app;
    let judged = run_of(app, &principal, &name).await?;
    once(app, key, |once| async move {
        let by = evaluator(&principal);
        let Observe { text, objective } = body;
        let objective = objective.map(|objective| SmolStr::new(objective.as_str()));
        let write = |sheet: &mut Sheet, at| {
            sheet.observe(Observation { text: text.clone(), objective: objective.clone(), at })
        };
        let latest = |sheet: &Sheet| {
            let seen = sheet.observations.last()?.clone();
            Some(seen_by(&sheet.evaluator, seen))
        };
        let kept =
            |sheet: &Sheet| once.keep(app, StatusCode::CREATED, &latest(sheet)?).ok().flatten();
        let sheet = app.drills().write_down(&judged, by, write, kept).await?.map_err(problem)?;
        json(StatusCode::CREATED, &latest(&sheet))
    })
    .await
}

/// Names the evaluator: the person, else the service.
fn evaluator(principal: &Principal) -> SmolStr {
    let service = || principal.service().map(ToString::to_string);
    let name = principal.person().map(ToString::to_string).or_else(service);
    SmolStr::new(name.unwrap_or_default())
}

fn problem(refused: Refused) -> Problem {
    let kind = match &refused {
        Refused::NoSuchQuestion(_) => Kind::UnknownQuestion,
        Refused::OtherScale(_) | Refused::Empty | Refused::TooLong => Kind::BadJudgement,
        Refused::Full(_) => Kind::JudgementsFull,
        Refused::TooLate(_) => Kind::JudgingOver,
    };
    Problem::of(kind, refused.message())
}

fn seen_by(by: &SmolStr, seen: Observation) -> SeenByEvaluator {
    let Observation { text, objective, at } = seen;
    SeenByEvaluator { by: by.clone(), text, objective, at }
}

fn shown(judged: Judged) -> JudgedRun {
    let Judged { run, drill, questions, ended_at, sheets, .. } = judged;
    let questions = questions.into_iter().map(|question| {
        let ratings: Vec<Said> = said(&question.key, question.scale, &sheets);
        let history: BTreeMap<SmolStr, Vec<Given>> = sheets
            .iter()
            .filter_map(|sheet| {
                Some((sheet.evaluator.clone(), sheet.ratings.get(&question.key)?.clone()))
            })
            .collect();
        AskedOfEvaluators {
            key: question.key,
            asked: question.asked,
            scale: SmolStr::new_static(question.scale.name()),
            ratings: ratings.into_iter().map(|said| said_by(said, &history)).collect(),
        }
    });
    let questions = questions.collect();
    let observations = sheets
        .iter()
        .flat_map(|sheet| {
            sheet.observations.iter().map(|seen| seen_by(&sheet.evaluator, seen.clone()))
        })
        .collect();
    let open_until = ended_at.and_then(|ended_at| ended_at.saturating_add(JUDGED_WITHIN).ok());
    JudgedRun { run, drill, questions, observations, open_until }
}

fn said_by(said: Said, history: &BTreeMap<SmolStr, Vec<Given>>) -> RatedHistory {
    let before = history.get(&said.by).map(|given| &given[..given.len().saturating_sub(1)]);
    let Said { by, given: Given { rating, note, at }, .. } = said;
    RatedHistory { by, rating, note, at, before: before.unwrap_or_default().to_vec() }
}
