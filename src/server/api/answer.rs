//! The doors without a token: a link's small page, whose button alone answers, and what a telephone
//! service posts of keys and replies. Opening a page changes nothing: chat programs open every link.

use askama::Template as _;
use axum::Form;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::Answer;
use crate::engine::{StepState, Through};
use crate::id::ChannelId;
use crate::notify::{Inbound, xml};
use crate::runtime::{About, Heard, LINK_PATH, NoQuestion, Press, Question};
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
    let press = match field(&fields, "do").map(Press::read) {
        Some(None) => return Err(broken_body()),
        press => press.flatten(),
    };
    let reason = field(&fields, "reason").map(str::trim).filter(|reason| !reason.is_empty());
    Ok(match app.runtime().answer(&token, press, reason, Through::Link).await {
        Ok(question) => thanked(&question, press, lang.unwrap_or(question.lang)),
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
        Some("1") => app.runtime().answer(token, None, None, Through::Telephone).await,
        Some("2") => {
            let no = Some(Press::Decline);
            app.runtime().answer(token, no, None, Through::Telephone).await
        }
        _ => app.runtime().question(token).await,
    };
    let declined = field(fields, "Digits") == Some("2");
    let (lang, words) = match outcome {
        Ok(question) if declined => (question.lang, said(&question, Some(Press::Decline))),
        Ok(question) if question.done || is_begun(&question) => {
            (question.lang, said(&question, None))
        }
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
struct Page {
    lang: &'static str,
    title: String,
    drill: Option<&'static str>,
    lines: Vec<String>,
    /// The buttons, what is asked for first: their names and words.
    buttons: Vec<(&'static str, &'static str)>,
    /// What says no, with a form of its own: whoever ends the reason with the enter key means no.
    refusal: Option<Saying>,
}

/// A button that says no, with a reason.
struct Saying {
    name: &'static str,
    word: &'static str,
    /// What the reason is asked for with.
    why: &'static str,
}

fn asked(question: &Question, lang: Lang) -> Response {
    match &question.about {
        About::Step { .. } => page(StatusCode::OK, lang, question, title(question, lang), &[]),
        _ if question.done => thanked(question, None, lang),
        _ => page(StatusCode::OK, lang, question, title(question, lang), &[]),
    }
}

fn title(question: &Question, lang: Lang) -> String {
    let name = question.name.get(lang);
    match &question.about {
        About::Contact(_) => {
            lang.pick(format!("{name}，收到了吗？"), format!("{name}, did it arrive?"))
        }
        About::Page { number, title, .. } | About::Step { number, title, .. } => {
            format!("#{number} {title}")
        }
    }
}

/// Says what is asked, by whom and by when.
fn lines(question: &Question, lang: Lang) -> Vec<String> {
    let name = question.name.get(lang);
    let first = match &question.about {
        About::Contact(channel) => lang.pick(
            format!("您通过渠道“{channel}”收到了这个链接。按下按钮，我们就知道能找到您。"),
            format!(
                "You got this link over the channel \"{channel}\". Press the button, and it is \
                 known that messages reach you there."
            ),
        ),
        About::Page { roles, .. } if roles.is_empty() => {
            lang.pick("需要您处理。", "You are asked to see to it.").to_owned()
        }
        About::Page { roles, .. } => {
            let roles: Vec<&str> = roles.iter().map(|role| role.get(lang)).collect();
            lang.pick(
                format!("{name}，请您担任：{}", roles.join("、")),
                format!("{name}, you are asked to be: {}", roles.join(", ")),
            )
        }
        About::Step { step, state, overdue, .. } => {
            let (step, state) = (step.get(lang), step_word(state, *overdue, lang));
            lang.pick(format!("步骤：{step}（{state}）"), format!("Step: {step} ({state})"))
        }
    };
    let until = question.until.map(|until| {
        let (at, zone) = (question.zone.civil(until).strftime("%Y-%m-%d %H:%M"), &question.zone);
        let zone = zone.name();
        lang.pick(format!("请于 {at} 前（{zone}）"), format!("By {at} ({zone})"))
    });
    let asks = question.asks.as_ref().map(|asks| {
        let asks = asks.get(lang);
        lang.pick(format!("总指挥：{asks}"), format!("Asked by: {asks} (commander)"))
    });
    std::iter::once(first).chain(until).chain(asks).collect()
}

fn step_word(state: &StepState, overdue: bool, lang: Lang) -> &'static str {
    match state {
        StepState::Done => lang.pick("已完成", "done"),
        StepState::Failed { .. } => lang.pick("已失败", "failed"),
        StepState::Skipped { .. } => lang.pick("已跳过", "skipped"),
        StepState::Cancelled { .. } => lang.pick("已取消", "cancelled"),
        _ if overdue => lang.pick("已逾期", "overdue"),
        StepState::Active => lang.pick("进行中", "under way"),
        StepState::Waiting => lang.pick("等待前序步骤", "waits for others"),
        StepState::Ready => lang.pick("待处理", "waits for you"),
    }
}

fn is_begun(question: &Question) -> bool {
    matches!(&question.about, About::Step { state: StepState::Active, .. })
}

fn thanked(question: &Question, press: Option<Press>, lang: Lang) -> Response {
    let title = lang.pick("已记录，谢谢", "Noted, thank you").to_owned();
    let line = said(question, press).get(lang).to_owned();
    page(StatusCode::OK, lang, question, title, &[line])
}

/// Says what was recorded.
fn said(question: &Question, press: Option<Press>) -> Text {
    match (&question.about, press) {
        (About::Contact(_), _) => Text::both(
            "已确认您能收到这里的通知。",
            "It is confirmed that messages reach you here.",
        ),
        (About::Page { number, .. }, Some(Press::Decline)) => Text::both(
            format!("事件 {number}：已记录您无法接手，正在找下一位。"),
            format!("Incident {number}: noted that you cannot take it; the next is asked."),
        ),
        (About::Page { number, .. }, _) => {
            Text::both(format!("事件 {number} 由您处理。"), format!("You have incident {number}."))
        }
        (About::Step { number, state, overdue, .. }, _) => {
            let word = |lang| step_word(state, *overdue, lang);
            Text::both(
                format!("事件 {number} 的步骤：{}。", word(Lang::Zh)),
                format!("The step of incident {number} is now: {}.", word(Lang::En)),
            )
        }
    }
}

fn button(press: Press, question: &Question, lang: Lang) -> (&'static str, &'static str) {
    let word = match press {
        Press::Accept if matches!(question.about, About::Contact(_)) => {
            lang.pick("我收到了", "I got it")
        }
        Press::Accept => lang.pick("我来处理", "I have it"),
        Press::Decline => lang.pick("我无法接手", "I cannot take it"),
        Press::Start => lang.pick("开始处理", "I begin"),
        Press::Complete => lang.pick("已完成", "It is done"),
        Press::Cannot => lang.pick("做不了", "I cannot do it"),
    };
    (press.name(), word)
}

fn leads_nowhere(none: NoQuestion, lang: Lang) -> Response {
    let (status, words) = nowhere(none);
    let page = Page {
        lang: lang.code(),
        title: lang.pick("此链接不可用", "This link cannot be used").to_owned(),
        drill: None,
        lines: vec![words.get(lang).to_owned()],
        buttons: Vec::new(),
        refusal: None,
    };
    shown(status, &page)
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

/// Shows where a question stands: what is said of it, then what is asked and may be pressed.
fn page(
    status: StatusCode,
    lang: Lang,
    question: &Question,
    title: String,
    said: &[String],
) -> Response {
    let over = question.done || (!said.is_empty() && !is_begun(question));
    let buttons: Vec<_> = match over {
        true => Vec::new(),
        false => question.presses.iter().map(|press| button(*press, question, lang)).collect(),
    };
    let refuses = |name: &str| name == Press::Decline.name() || name == Press::Cannot.name();
    let (refusals, buttons): (Vec<_>, Vec<_>) =
        buttons.into_iter().partition(|(name, _)| refuses(name));
    let why = lang.pick("如果不能，为什么？（可不填）", "If you cannot, why? (optional)");
    let refusal = refusals.first().map(|&(name, word)| Saying { name, word, why });
    let asked = if over && !said.is_empty() { Vec::new() } else { lines(question, lang) };
    let page = Page {
        lang: lang.code(),
        title,
        drill: question.drill.then(|| lang.pick("演练", "DRILL")),
        lines: said.iter().cloned().chain(asked).collect(),
        buttons,
        refusal,
    };
    shown(status, &page)
}

fn shown(status: StatusCode, page: &Page) -> Response {
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
