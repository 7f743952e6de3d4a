//! Silences: make, try, list and end them; and which alerts wait.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use smol_str::SmolStr;

use super::Answer;
use super::commit::{json, once};
use crate::ingest::{Held, Matcher, SILENCES_MAX, When};
use crate::server::app::App;
use crate::server::ask::{Ask, At};
use crate::server::auth::Principal;
use crate::server::ingest::{MadeSilence, recall};
use crate::server::problem::{Kind, Problem};
use crate::server::wire::{
    MakeSilence, MutedAlert, Nothing, Page, Silence, SilenceTried, TriedAlert,
};

/// The longest a person may silence alerts at a stretch; what takes longer belongs into the
/// configuration, where it is reviewed.
const LENGTH_MAX: SignedDuration = SignedDuration::from_hours(24 * 31);
/// How far ahead one may be made.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24 * 366);
/// The longest reason.
const NOTE_CHARS_MAX: usize = 500;
/// Labels that one may name, and the bytes of each.
const LABELS_MAX: usize = 20;
const LABEL_BYTES_MAX: usize = 1_000;
/// Alerts and labels that one answer lists.
const LISTED_MAX: usize = 1_000;
const LABELS_SHOWN: usize = 20;

/// List the alerts that wait since a silence holds, another explains them, or they flap.
#[utoipa::path(get, path = "/api/v1/ingest/muted", tag = "ingest",
    responses((status = 200, body = Page<MutedAlert>)))]
pub async fn muted(State(app): State<App>, _: Principal) -> Answer {
    let mut waiting = app.ingest().hearing().waiting();
    waiting.sort_by_key(|held| std::cmp::Reverse(held.since));
    let items = waiting.into_iter().take(LISTED_MAX).map(shown).collect();
    json(StatusCode::OK, &Page { items, next: None })
}

fn shown(held: Held) -> MutedAlert {
    let Held { alert, mute, since, until } = held;
    MutedAlert {
        source: alert.source,
        name: alert.name,
        dedup_key: alert.member.unwrap_or(alert.dedup_key),
        status: alert.status.as_str().to_owned(),
        labels: alert.labels.into_iter().take(LABELS_SHOWN).collect(),
        reason: mute.as_str().into(),
        why: mute.text(),
        since,
        until,
    }
}

/// List the silences: those of the configuration, and those that people made, the latest first.
#[utoipa::path(get, path = "/api/v1/silences", tag = "ingest",
    responses((status = 200, body = Page<Silence>)))]
pub async fn list(State(app): State<App>, _: Principal) -> Answer {
    let now = app.now();
    let state = app.ingest().hearing().state();
    let configured = state.silences.configured().iter().map(|one| configured(one, now));
    let made = state.silences.made().into_iter().map(|one| made(one, now));
    let items = made.chain(configured).collect();
    drop(state);
    json(StatusCode::OK, &Page { items, next: None })
}

fn configured(silence: &crate::ingest::Silence, now: Timestamp) -> Silence {
    let ends = silence.when.ends(now);
    let (from, to) = match &silence.when {
        When::Once { from, to } => (Some(*from), Some(*to)),
        When::Weekly { .. } => (None, ends),
    };
    Silence {
        id: silence.id.clone(),
        about: silence.about.labels().clone(),
        from,
        to,
        holds: ends.is_some(),
        configured: true,
        note: silence.note.clone(),
        by: None,
    }
}

fn made(silence: &MadeSilence, now: Timestamp) -> Silence {
    Silence {
        id: silence.id.clone(),
        about: silence.about.labels().clone(),
        from: Some(silence.from),
        to: Some(silence.to),
        holds: silence.silence().when.ends(now).is_some(),
        configured: false,
        note: silence.note.clone(),
        by: Some(silence.by.clone()),
    }
}

/// Silence some alerts for a time. What still fires at its end is acted on then; incidents that are
/// open are told of their alerts as ever.
#[utoipa::path(post, path = "/api/v1/silences", tag = "ingest", request_body = MakeSilence,
    responses((status = 201, body = Silence)))]
pub async fn make(State(app): State<App>, ask: Ask<MakeSilence>) -> Answer {
    let Ask { principal, key, body, .. } = ask;
    let app = &app;
    let (about, from, to) = asked(app, &body)?;
    once(app, key, |once| async move {
        let now = app.now();
        if !app.ingest().hearing().state().silences.has_room() {
            return Err(Problem::new(
                Kind::AlreadyExists,
                format!("静默已达 {SILENCES_MAX} 个的上限；请先结束不用的"),
                format!("There are {SILENCES_MAX} silences already; end some first"),
            ));
        }
        let by = name(&principal);
        let (id, note) = (new_id(), body.note);
        let silence = MadeSilence { id, about, from, to, note, by, made_at: now };
        let store = app.runtime().store();
        app.ingest().hearing().put_silence(&**store, silence.clone(), now).await?;
        tracing::warn!(id = %silence.id, by = silence.by, until = %silence.to, "alerts silenced");
        once.answer(app, StatusCode::CREATED, &made(&silence, now)).await
    })
    .await
}

/// Say which of the alerts that fired lately a silence would have muted. It need not be the time it
/// is made for. After a start, alerts of bodies that are kept count as well. Nothing is changed.
#[utoipa::path(post, path = "/api/v1/silences/preview", tag = "ingest", request_body = MakeSilence,
    responses((status = 200, body = SilenceTried)))]
pub async fn preview(State(app): State<App>, ask: Ask<MakeSilence>) -> Answer {
    let (about, ..) = asked(&app, &ask.body)?;
    recall(&app).await;
    let state = app.ingest().hearing().state();
    let meant = state.recent.iter().rev().filter(|alert| about.holds(&alert.labels));
    let shown = |alert: &TriedAlert| TriedAlert {
        labels: alert.labels.clone().into_iter().take(LABELS_SHOWN).collect(),
        ..alert.clone()
    };
    let answer = SilenceTried {
        looked_at: state.recent.len(),
        since: state.recent.front().map(|alert| alert.at),
        muted: meant.take(LISTED_MAX).map(shown).collect(),
    };
    drop(state);
    json(StatusCode::OK, &answer)
}

/// End a silence now. What waits for its end is acted on at once.
#[utoipa::path(delete, path = "/api/v1/silences/{id}", tag = "ingest",
    responses((status = 200, body = Silence)))]
pub async fn end(State(app): State<App>, At(id): At<String>, ask: Ask<Nothing>) -> Answer {
    let now = app.now();
    let (found, configured) = {
        let state = app.ingest().hearing().state();
        let configured = state.silences.configured().iter().any(|one| one.id == id);
        (state.silences.get(&id).cloned(), configured)
    };
    let Some(silence) = found else {
        return Err(if configured { in_configuration() } else { unknown(&id) });
    };
    let silence = MadeSilence { to: silence.to.min(now), ..silence };
    let store = app.runtime().store();
    app.ingest().hearing().put_silence(&**store, silence.clone(), now).await?;
    tracing::warn!(%id, by = name(&ask.principal), "a silence was ended");
    json(StatusCode::OK, &made(&silence, now))
}

fn name(principal: &Principal) -> String {
    let service = || principal.service().map(ToString::to_string);
    principal.person().map(ToString::to_string).or_else(service).unwrap_or_default()
}

fn in_configuration() -> Problem {
    Problem::new(
        Kind::AlreadyExists,
        "此静默写在配置文件中；请修改配置后执行 firebell reload",
        "This silence stands in the configuration; change it there, then `firebell reload`",
    )
}

fn unknown(id: &str) -> Problem {
    Problem::new(
        Kind::UnknownSilence,
        format!("没有静默 {id}；GET /api/v1/silences 列出全部"),
        format!("There is no silence {id}; GET /api/v1/silences lists them"),
    )
}

fn asked(app: &App, body: &MakeSilence) -> Result<(Matcher, Timestamp, Timestamp), Problem> {
    let long = |(label, value): (&SmolStr, &String)| label.len().max(value.len()) > LABEL_BYTES_MAX;
    if body.about.len() > LABELS_MAX || body.about.iter().any(long) {
        return Err(Problem::field(
            "/match",
            "标签过多或过长",
            "There are too many labels, or they are too long",
        ));
    }
    let about = Matcher::new(body.about.clone()).ok_or_else(|| {
        Problem::field(
            "/match",
            "至少写一个标签，否则涉及所有告警",
            "Name at least one label; this would be about every alert",
        )
    })?;
    if body.note.chars().count() > NOTE_CHARS_MAX {
        return Err(Problem::field("/note", "最多 500 个字符", "At most 500 characters"));
    }
    let now = app.now();
    let from = body.from.unwrap_or(now);
    let ahead = now.saturating_add(AHEAD_MAX).unwrap_or(Timestamp::MAX);
    let longest = from.saturating_add(LENGTH_MAX).unwrap_or(Timestamp::MAX);
    if body.to <= from || body.to <= now {
        return Err(Problem::field(
            "/to",
            "结束须晚于开始，也须晚于现在",
            "It ends after it begins, and not in the past",
        ));
    }
    if from > ahead || body.to > longest {
        return Err(Problem::field(
            "/to",
            "最多提前一年设定，最长 31 天；更久的请写入配置文件",
            "It begins within a year and lasts 31 days at most; what takes longer belongs into the \
             configuration",
        ));
    }
    Ok((about, from, body.to))
}

fn new_id() -> SmolStr {
    let chance = crate::chance::draw::<6>();
    SmolStr::new(format!("s-{}", hex::encode(chance)))
}
