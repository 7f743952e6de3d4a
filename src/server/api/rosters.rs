//! Changes of rosters: overrides, and shifts that people swap.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use smol_str::SmolStr;
use utoipa::IntoParams;

use super::Answer;
use super::commit::{json, locate, once};
use crate::engine::FieldProblem;
use crate::id::ScheduleId;
use crate::people::{Change, Fault, Override};
use crate::runtime::{KeptSwap, NewOverride, OfferSwap, RosterError, Span, SwapState, Wanted};
use crate::server::app::App;
use crate::server::ask::{Ask, Asked, At};
use crate::server::auth::Principal;
use crate::server::problem::{Kind, Problem};
use crate::server::view::roster as view;
use crate::server::wire::{
    MadeOverride, MakeOverride, MakeSwap, Nothing, Page, ShownOverride, ShownSwap,
};

fn token(principal: &Principal) -> Option<SmolStr> {
    Some(principal.token_id().into())
}

/// Change a schedule for a while: a holiday, an illness, a shift taken over.
///
/// With the responder scope one gives one's own shift away (`off`) or takes one over (`person`); all
/// else needs the commander scope. Where overrides overlap the later one wins. The people concerned
/// are told.
#[utoipa::path(post, path = "/api/v1/overrides", tag = "people", request_body = MakeOverride,
    responses((status = 201, body = MadeOverride)))]
pub async fn make(State(app): State<App>, ask: Ask<MakeOverride>) -> Answer {
    let Ask { principal, key, body, .. } = ask;
    let app = &app;
    once(app, key, |once| async move {
        let MakeOverride { schedule, from, to, note, reason, correction, .. } = body.clone();
        let change = Override { from, to, change: change(&body)?, note };
        let new = NewOverride { schedule, change, reason, correction };
        let now = app.now();
        let kept = |made: &_| {
            once.keep(app, StatusCode::CREATED, &view::made_override(made, now)).ok().flatten()
        };
        let made =
            app.runtime().add_override(&principal.caller, token(&principal), new, kept).await?;
        let shown = view::made_override(&made, now);
        let mut response = json(StatusCode::CREATED, &shown)?;
        locate(&mut response, &format!("/api/v1/overrides/{}", made.kept.id));
        Ok(response)
    })
    .await
}

fn change(made: &MakeOverride) -> Result<Change, Problem> {
    match (&made.person, &made.off) {
        (Some(person), None) => Ok(Change::Put(person.clone())),
        (Some(with), Some(out)) if with == out => {
            Err(Problem::field("/off", "不能由本人接替本人", "Nobody stands in for themselves"))
        }
        (Some(with), Some(out)) => Ok(Change::Replace { out: out.clone(), with: with.clone() }),
        (None, Some(off)) => Ok(Change::Off(off.clone())),
        (None, None) => Err(Problem::field(
            "/person",
            "请给出 person（谁值班）或 off（谁不值班），或两者",
            "Give `person` (who is on call), `off` (who is not), or both",
        )),
    }
}

/// Which overrides.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Those of this schedule.
    #[param(value_type = Option<String>)]
    schedule: Option<ScheduleId>,
    /// Those that hold at or after this instant; now where missing.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Those that hold before this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Timestamp>,
}

/// List overrides in the order in which they were made, those taken back too: who made them, when,
/// and with which token.
#[utoipa::path(get, path = "/api/v1/overrides", tag = "people", params(Which),
    responses((status = 200, body = Page<ShownOverride>)))]
pub async fn list(State(app): State<App>, _: Principal, Asked(which): Asked<Which>) -> Answer {
    let from = which.from.unwrap_or_else(|| app.now());
    let wanted = Wanted { schedule: which.schedule, from: Some(from), to: which.to };
    let found = app.runtime().overrides(&wanted)?;
    let items: Vec<ShownOverride> =
        found.iter().map(|(kept, state)| view::shown_override(kept, *state)).collect();
    json(StatusCode::OK, &Page { items, next: None })
}

/// Take an override back, from now on: what it did until now stays done. The other half of a swap
/// goes with it. Whoever made it may, and commanders; taking back twice is allowed.
#[utoipa::path(delete, path = "/api/v1/overrides/{id}", tag = "people",
    responses((status = 200, body = ShownOverride)))]
pub async fn withdraw(State(app): State<App>, principal: Principal, At(id): At<String>) -> Answer {
    let token = token(&principal);
    let kept = app.runtime().withdraw_override(&principal.caller, token, &id).await?;
    let state = crate::runtime::OverrideStanding::Withdrawn;
    json(StatusCode::OK, &view::shown_override(&kept, state))
}

/// Offer a shift of one's own, or a part of it, to another or to anyone of the schedule; with
/// `in_return`, for a shift of theirs. Whoever is asked is told.
#[utoipa::path(post, path = "/api/v1/swaps", tag = "people", request_body = MakeSwap,
    responses((status = 201, body = ShownSwap)))]
pub async fn offer(State(app): State<App>, ask: Ask<MakeSwap>) -> Answer {
    let Ask { principal, key, body, .. } = ask;
    let app = &app;
    once(app, key, |once| async move {
        let MakeSwap { schedule, from, to, person, in_return, expires_at, note } = body;
        let (give, take) = (Span { from, to }, in_return);
        let offer = OfferSwap { schedule, give, take, to: person, expires_at, note };
        let now = app.now();
        let kept = |kept: &KeptSwap| {
            once.keep(app, StatusCode::CREATED, &view::swap(kept, now)).ok().flatten()
        };
        let token = token(&principal);
        let made = app.runtime().offer_swap(&principal.caller, token, offer, kept).await?;
        json(StatusCode::CREATED, &view::swap(&made, now))
    })
    .await
}

/// Which offers.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WhichSwaps {
    /// Those of this schedule.
    #[param(value_type = Option<String>)]
    schedule: Option<ScheduleId>,
    /// Those that stand so.
    #[param(inline)]
    state: Option<SwapState>,
}

/// List offers to change shifts, oldest first.
#[utoipa::path(get, path = "/api/v1/swaps", tag = "people", params(WhichSwaps),
    responses((status = 200, body = Page<ShownSwap>)))]
pub async fn swaps(
    State(app): State<App>,
    _: Principal,
    Asked(which): Asked<WhichSwaps>,
) -> Answer {
    let now = app.now();
    let wanted = |kept: &KeptSwap| {
        which.schedule.as_ref().is_none_or(|only| *only == kept.swap.schedule)
            && which.state.is_none_or(|only| only == kept.swap.state(now))
    };
    let all = app.runtime().swaps()?.into_iter().filter(wanted);
    let items: Vec<ShownSwap> = all.map(|kept| view::swap(&kept, now)).collect();
    json(StatusCode::OK, &Page { items, next: None })
}

/// Take an offered shift: from its beginning the roster says so, on both sides at once.
#[utoipa::path(post, path = "/api/v1/swaps/{id}/accept", tag = "people",
    responses((status = 200, body = ShownSwap)))]
pub async fn accept(State(app): State<App>, At(id): At<String>, ask: Ask<Nothing>) -> Answer {
    let Ask { principal, key, .. } = ask;
    let app = &app;
    once(app, key, |once| async move {
        let now = app.now();
        let kept =
            |kept: &KeptSwap| once.keep(app, StatusCode::OK, &view::swap(kept, now)).ok().flatten();
        let token = token(&principal);
        let swap = app.runtime().accept_swap(&principal.caller, token, &id, kept).await?;
        json(StatusCode::OK, &view::swap(&swap, now))
    })
    .await
}

/// Say no to an offer; one to anyone goes on for the others.
#[utoipa::path(post, path = "/api/v1/swaps/{id}/decline", tag = "people",
    responses((status = 200, body = ShownSwap)))]
pub async fn decline(State(app): State<App>, At(id): At<String>, ask: Ask<Nothing>) -> Answer {
    let Ask { principal, key, .. } = ask;
    let app = &app;
    once(app, key, |once| async move {
        let token = token(&principal);
        let swap = app.runtime().decline_swap(&principal.caller, token, &id).await?;
        once.answer(app, StatusCode::OK, &view::swap(&swap, app.now())).await
    })
    .await
}

/// Take an offer back. Taking back twice is allowed.
#[utoipa::path(delete, path = "/api/v1/swaps/{id}", tag = "people",
    responses((status = 200, body = ShownSwap)))]
pub async fn call_off(State(app): State<App>, principal: Principal, At(id): At<String>) -> Answer {
    let token = token(&principal);
    let swap = app.runtime().withdraw_swap(&principal.caller, token, &id).await?;
    json(StatusCode::OK, &view::swap(&swap, app.now()))
}

impl From<RosterError> for Problem {
    fn from(error: RosterError) -> Self {
        match error {
            RosterError::Faults(faults) => wrong(&faults),
            RosterError::Field(pointer, why) => {
                Self::field(pointer, why.get(crate::text::Lang::Zh), why.get(crate::text::Lang::En))
            }
            RosterError::NotYours(why) => Self::of(Kind::NotYourShift, why),
            RosterError::LeavesNobody(why) => Self::of(Kind::LeavesNobody, why),
            RosterError::Ended(why) => Self::of(Kind::OverrideEnded, why),
            RosterError::Settled(why) => Self::of(Kind::SwapSettled, why),
            RosterError::NotOnCall(why) => Self::of(Kind::NotOnCall, why),
            RosterError::Refused(refusal) => refusal.into(),
        }
    }
}

fn wrong(faults: &[Fault]) -> Problem {
    let errors: Vec<FieldProblem> = faults
        .iter()
        .map(|fault| FieldProblem { pointer: String::new(), detail: fault.kind.message() })
        .collect();
    let invalid = Kind::Rejected(crate::engine::RejectionCode::InvalidFields);
    Problem::new(invalid, "调班不成立，见 errors", "The override does not hold; see `errors`")
        .with_errors(errors)
}
