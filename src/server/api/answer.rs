//! The doors without a token: a link's small page, whose button alone answers, and what a telephone
//! service posts of keys and replies. Opening a page changes nothing: chat programs open every link.

use askama::Template as _;
use axum::Form;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::Answer;
use crate::id::ChannelId;
use crate::notify::{Inbound, xml};
use crate::runtime::{About, Heard, LINK_PATH, NoQuestion, Question};
use crate::server::app::App;
use crate::server::ask::{At, broken_body};
use crate::server::lang::preferred;
use crate::server::problem::{Kind, Problem};
use crate::text::{Lang, Text};

/// The page carries its own styles, posts to itself, and nothing else.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; \
                           base-uri 'none'; frame-ancestors 'none'";

/// The most fields of a form that is looked at; a telephone service sends some thirty.
const FIELDS_MAX: usize = 200;

/// Where a telephone service says how it signed.
const SIGNATURE: &str = "x-twilio-signature";

type Fields = Vec<(String, String)>;

/// Show what a link asks, with a button that answers it. Changes nothing.
#[utoipa::path(get, path = "/a/{token}", tag = "people",
    responses((status = 200, content((String = "text/html")))))]
pub async fn show(State(app): State<App>, At(token): At<String>, headers: HeaderMap) -> Response {
    let lang = preferred(&headers);
    match app.runtime().question(&token).await {
        Ok(question) => asked(&question, lang.unwrap_or(question.lang)),
        Err(none) => leads_nowhere(none, lang.unwrap_or_else(|| app.lang())),
    }
}

/// Answer what a link asks. A telephone service posts the key that was pressed, signed.
#[utoipa::path(post, path = "/a/{token}", tag = "people",
    responses((status = 200, content((String = "text/html"), (String = "text/xml")))))]
pub async fn give(
    State(app): State<App>,
    At(token): At<String>,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    let fields = form(request).await?;
    if field(&fields, "CallSid").is_some() {
        return pressed(&app, &token, &headers, &fields).await;
    }
    let lang = preferred(&headers);
    Ok(match app.runtime().answer(&token).await {
        Ok(question) => thanked(&question, lang.unwrap_or(question.lang)),
        Err(none) => leads_nowhere(none, lang.unwrap_or_else(|| app.lang())),
    })
}

/// Take a reply to a short message, as the service behind the channel posts it, signed.
#[utoipa::path(post, path = "/inbound/{channel}", tag = "people",
    responses((status = 200, content((String = "text/xml")))))]
pub async fn hear(
    State(app): State<App>,
    At(channel): At<String>,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    let fields = form(request).await?;
    let channel = ChannelId::new(&channel);
    vouched(&app, Some(&channel), &format!("/inbound/{channel}"), &headers, &fields)?;
    let (from, words) = (field(&fields, "From"), field(&fields, "Body"));
    let (from, words) = (from.unwrap_or_default(), words.unwrap_or_default());
    let heard = app.runtime().hear(&channel, from, words).await?;
    // Strangers get no answer: it would only tell them that somebody listens.
    let said =
        heard.map(|Heard { lang, words }| format!("<Message>{}</Message>", xml(words.get(lang))));
    Ok(voice(&said.unwrap_or_default()))
}

/// A key was pressed during a call.
async fn pressed(app: &App, token: &str, headers: &HeaderMap, fields: &Fields) -> Answer {
    vouched(app, None, &format!("{LINK_PATH}{token}"), headers, fields)?;
    let outcome = match field(fields, "Digits") {
        Some("1") => app.runtime().answer(token).await,
        _ => app.runtime().question(token).await,
    };
    let (lang, words) = match outcome {
        Ok(question) if question.done => (question.lang, done(&question)),
        Ok(question) => (question.lang, Text::both("没有确认。", "Not confirmed.")),
        Err(none) => (app.lang(), nowhere(none).1),
    };
    let code = lang.pick("zh-CN", "en-GB");
    Ok(voice(&format!("<Say language=\"{code}\">{}</Say>", xml(words.get(lang)))))
}

/// Refuses what a channel's other side did not sign; any channel may vouch where none is named.
fn vouched(
    app: &App,
    channel: Option<&ChannelId>,
    path: &str,
    headers: &HeaderMap,
    fields: &Fields,
) -> Result<(), Problem> {
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    let url = app.runtime().public_url().map(|base| format!("{base}{path}"));
    let vouched = url.zip(signature).is_some_and(|(url, signature)| {
        app.runtime().vouches(channel, &Inbound { url: &url, fields, signature })
    });
    if vouched {
        return Ok(());
    }
    Err(Problem::new(
        Kind::BadSignature,
        "签名不符：请核对渠道的令牌，以及服务商处填写的地址与 public_url 一致",
        "The signature does not hold: check the channel's token, and that the address given to the \
         service begins with `public_url`",
    ))
}

async fn form(request: Request) -> Result<Fields, Problem> {
    if request.headers().get(CONTENT_TYPE).is_none() {
        return Ok(Fields::new());
    }
    let fields = Form::<Fields>::from_request(request, &()).await;
    let Form(mut fields) = fields.map_err(|_| broken_body())?;
    fields.truncate(FIELDS_MAX);
    Ok(fields)
}

fn field<'f>(fields: &'f Fields, name: &str) -> Option<&'f str> {
    fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

#[derive(askama::Template)]
#[template(path = "server/answer.html")]
struct Page<'a> {
    lang: &'static str,
    title: String,
    lines: Vec<String>,
    button: Option<&'a str>,
}

fn asked(question: &Question, lang: Lang) -> Response {
    if question.done {
        return thanked(question, lang);
    }
    let name = question.name.get(lang);
    let (title, line, button) = match &question.about {
        About::Contact(channel) => (
            lang.pick(format!("{name}，收到了吗？"), format!("{name}, did it arrive?")),
            lang.pick(
                format!("您通过渠道“{channel}”收到了这个链接。按下按钮，我们就知道能找到您。"),
                format!(
                    "You got this link over the channel \"{channel}\". Press the button, and it is \
                     known that messages reach you there."
                ),
            ),
            lang.pick("我收到了", "I got it"),
        ),
        About::Page { number, title, roles } => {
            let roles: Vec<&str> = roles.iter().map(|role| role.get(lang)).collect();
            let line = match roles.as_slice() {
                [] => lang.pick("需要您处理。", "You are asked to see to it.").to_owned(),
                roles => lang.pick(
                    format!("{name}，请您担任：{}", roles.join("、")),
                    format!("{name}, you are asked to be: {}", roles.join(", ")),
                ),
            };
            (format!("#{number} {title}"), line, lang.pick("我来处理", "I have it"))
        }
    };
    page(StatusCode::OK, lang, title, vec![line], Some(button))
}

fn thanked(question: &Question, lang: Lang) -> Response {
    let title = lang.pick("已记录，谢谢", "Noted, thank you").to_owned();
    page(StatusCode::OK, lang, title, vec![done(question).get(lang).to_owned()], None)
}

fn done(question: &Question) -> Text {
    match &question.about {
        About::Contact(_) => Text::both(
            "已确认您能收到这里的通知。",
            "It is confirmed that messages reach you here.",
        ),
        About::Page { number, .. } => {
            Text::both(format!("事件 {number} 由您处理。"), format!("You have incident {number}."))
        }
    }
}

fn leads_nowhere(none: NoQuestion, lang: Lang) -> Response {
    let (status, words) = nowhere(none);
    let title = lang.pick("此链接不可用", "This link cannot be used").to_owned();
    page(status, lang, title, vec![words.get(lang).to_owned()], None)
}

fn nowhere(none: NoQuestion) -> (StatusCode, Text) {
    match none {
        NoQuestion::NotOurs => (
            StatusCode::NOT_FOUND,
            Text::both(
                "链接不完整或有误。请从消息中重新打开，不要手工输入。",
                "The link is not whole. Open it from the message again rather than typing it.",
            ),
        ),
        NoQuestion::Expired => (
            StatusCode::GONE,
            Text::both(
                "链接已过期。请使用最近一条消息中的链接。",
                "The link has expired. Use the one in the latest message.",
            ),
        ),
        NoQuestion::Over => (
            StatusCode::GONE,
            Text::both(
                "这条消息已不再需要处理：可能已有人接手，或联系方式已变更。",
                "Nothing is left to answer here: someone else may have it, or the address has \
                 changed.",
            ),
        ),
        NoQuestion::Refused(refusal) => {
            let problem = Problem::from(refusal);
            (problem.status(), problem.detail.clone())
        }
    }
}

fn page(
    status: StatusCode,
    lang: Lang,
    title: String,
    lines: Vec<String>,
    button: Option<&str>,
) -> Response {
    let page = Page { lang: lang.code(), title, lines, button };
    let Ok(html) = page.render() else { return Problem::internal().into_response() };
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    response
}

/// Answers a telephone service.
fn voice(inner: &str) -> Response {
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{inner}</Response>");
    ([(CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=utf-8"))], body).into_response()
}
