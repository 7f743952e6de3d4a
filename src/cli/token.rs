//! `firebell token …`: access tokens of a running server.

use serde_json::{Value as Json, json};

use super::args::{Output, Token};
use super::client::{Client, part};
use super::exit::Stop;
use super::screen::Screen;
use super::view;

const COLUMNS: [(&str, &str, &str); 6] = [
    ("id", "编号", "ID"),
    ("person", "人员", "PERSON"),
    ("service", "服务", "SERVICE"),
    ("scope", "权限", "SCOPE"),
    ("created_at", "创建", "CREATED"),
    ("expires_at", "到期", "EXPIRES"),
];

/// Runs one verb.
///
/// # Errors
/// The server's problem.
pub async fn run(verb: Token, client: &Client, screen: &Screen) -> Result<(), Stop> {
    match verb {
        Token::Create { person, service, scope, expires_at } => {
            let mut body = json!({ "scope": scope });
            if let Some(person) = person {
                body["person"] = Json::from(person);
            }
            if let Some(service) = service {
                body["service"] = Json::from(service);
            }
            if let Some(at) = expires_at {
                body["expires_at"] = Json::from(at.to_string());
            }
            created(screen, &client.post("/api/v1/tokens", &body).await?)
        }
        Token::List => {
            let page = client.get("/api/v1/tokens").await?;
            screen.data(&page, |page| {
                let none = ("没有令牌", "No tokens");
                view::list(screen, page.get("items").unwrap_or(&Json::Null), &COLUMNS, none)
            })
        }
        Token::Revoke { id } => {
            client.delete(&format!("/api/v1/tokens/{}", part(&id))).await?;
            screen.remark("令牌已吊销", "the token is revoked");
            Ok(())
        }
    }
}

fn created(screen: &Screen, token: &Json) -> Result<(), Stop> {
    let secret = token.get("token").and_then(Json::as_str);
    match (screen.output, secret) {
        (Output::Json, _) | (_, None) => screen.data(token, Json::to_string),
        (_, Some(secret)) => {
            screen.remark(
                "请立即保存，令牌只显示这一次：",
                "keep it now, the token is shown only this once:",
            );
            screen.raw(secret)
        }
    }
}
