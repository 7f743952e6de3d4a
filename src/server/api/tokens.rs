//! Tokens: make, list, take back; and who one is.

use axum::extract::State;
use axum::http::StatusCode;

use super::Answer;
use super::commit::{Once, json, once};
use crate::config::Grants;
use crate::runtime::Scope;
use crate::server::app::App;
use crate::server::ask::{Ask, At};
use crate::server::auth::{Grant, Held, Owner, Principal, TOKENS_MAX, TokenError};
use crate::server::problem::{Kind, Problem};
use crate::server::wire::{MakeToken, NewToken, Page, Token, WhoAmI};

/// The longest label.
const LABEL_CHARS_MAX: usize = 100;
/// The longest name of a service.
const NAME_CHARS_MAX: usize = 64;

fn shown(held: &Held) -> Token {
    let record = &held.record;
    Token {
        id: record.id.clone(),
        person: record.owner.person().cloned(),
        service: record.owner.service().map(ToString::to_string),
        scope: record.scope,
        label: record.label.clone(),
        created_at: record.created_at,
        expires_at: record.expires_at,
        revoked_at: record.revoked_at,
        last_used_at: held.last_used_at(),
    }
}

/// Say whose token this is and what it may do.
#[utoipa::path(get, path = "/api/v1/whoami", tag = "tokens",
    responses((status = 200, body = WhoAmI)))]
pub async fn whoami(State(app): State<App>, principal: Principal) -> Answer {
    let directory = app.runtime().directory();
    let person = principal.person().and_then(|id| directory.person(id));
    json(
        StatusCode::OK,
        &WhoAmI {
            person: principal.person().cloned(),
            service: principal.service().cloned(),
            name: person.map(|person| person.name.clone()),
            scope: principal.caller.scope,
        },
    )
}

/// List tokens, those taken back too.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens",
    responses((status = 200, body = Page<Token>)))]
pub async fn list(State(app): State<App>, _: Principal) -> Answer {
    let items = app.tokens().all().iter().map(|held| shown(held)).collect();
    json(StatusCode::OK, &Page { items, next: None })
}

/// Make a token. Its secret is in the answer and nowhere else: a repetition under the same
/// idempotency key is answered with the same token, without `token`.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = MakeToken,
    responses((status = 201, body = NewToken)))]
pub async fn make(State(app): State<App>, ask: Ask<MakeToken>) -> Answer {
    let Ask { body, key, .. } = ask;
    let app = &app;
    once(app, key, |once| async move { mint(app, body, &once).await }).await
}

async fn mint(app: &App, body: MakeToken, once: &Once) -> Answer {
    let owner = owner(app, &body)?;
    check(app, &body)?;
    granted(app, &owner, body.scope)?;
    let (scope, label, expires_at) = (body.scope, body.label, body.expires_at);
    let grant = Grant { owner, scope, label, expires_at };
    // What is kept for a repetition is all but the secret, which is shown once.
    let kept = |held: &Held| {
        let known = NewToken { token: None, record: shown(held) };
        once.keep(app, StatusCode::CREATED, &known).ok().flatten()
    };
    match app.tokens().mint_keeping(grant, app.now(), kept).await {
        Ok((held, secret)) => {
            let token = Some(secret.reveal().to_owned());
            json(StatusCode::CREATED, &NewToken { token, record: shown(&held) })
        }
        Err(TokenError::Store(error)) => Err(error.into()),
        Err(TokenError::TooMany) => Err(Problem::new(
            Kind::AlreadyExists,
            format!("令牌已达 {TOKENS_MAX} 个的上限；请先吊销不用的"),
            format!("There are {TOKENS_MAX} tokens already; revoke some first"),
        )),
    }
}

fn owner(app: &App, body: &MakeToken) -> Result<Owner, Problem> {
    match (&body.person, &body.service) {
        (Some(id), None) if app.runtime().directory().person(id).is_none() => Err(Problem::field(
            "/person",
            "通讯录中没有此人",
            "This person is not in the directory",
        )),
        (Some(id), None) => Ok(Owner::Person(id.clone())),
        (None, Some(name)) if !is_name(name) => Err(Problem::field(
            "/service",
            "名称应为 1 至 64 个字符，不含控制字符",
            "A name has 1 to 64 characters and no control characters",
        )),
        (None, Some(name)) => Ok(Owner::Service(name.into())),
        _ => Err(Problem::field(
            "/person",
            "请给出 person 或 service 之一",
            "Give either `person` or `service`",
        )),
    }
}

fn check(app: &App, body: &MakeToken) -> Result<(), Problem> {
    if body.label.as_ref().is_some_and(|label| label.chars().count() > LABEL_CHARS_MAX) {
        return Err(Problem::field("/label", "最多 100 个字符", "At most 100 characters"));
    }
    if body.expires_at.is_some_and(|at| at <= app.now()) {
        let (zh, en) = ("应晚于现在", "This must lie ahead");
        return Err(Problem::field("/expires_at", zh, en));
    }
    Ok(())
}

/// The configuration says who may be given what; where it names nobody, the administrator decides.
fn granted(app: &App, owner: &Owner, scope: Scope) -> Result<(), Problem> {
    let Grants { people, services } = app.grants();
    let listed = match owner {
        _ if people.is_empty() && services.is_empty() => return Ok(()),
        Owner::Person(id) => people.get(id),
        Owner::Service(name) => services.get(name.as_str()).map(|(_, scopes)| scopes),
    };
    if listed.is_some_and(|scopes| scopes.iter().any(|granted| *granted >= scope)) {
        return Ok(());
    }
    Err(Problem::field(
        "/scope",
        "配置文件没有授予此权限；请先在 firebell.yaml 中为其写上 scopes",
        "The configuration does not grant this; write `scopes` for them in firebell.yaml first",
    ))
}

fn is_name(name: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

/// Take a token back, from now on. Taking back twice is allowed.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "tokens",
    responses((status = 200, body = Token)))]
pub async fn revoke(State(app): State<App>, _: Principal, At(id): At<String>) -> Answer {
    match app.tokens().revoke(&id, app.now()).await? {
        Some(held) => json(StatusCode::OK, &shown(&held)),
        None => Err(Problem::new(
            Kind::UnknownToken,
            "没有此令牌；id 是 fbt_ 之后、第二个下划线之前的部分",
            "There is no such token; the id is what stands between `fbt_` and the next underscore",
        )),
    }
}
