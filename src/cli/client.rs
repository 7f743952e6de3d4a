//! Talks to a running server for the client verbs, and turns its problems into sentences and exit
//! codes. It must not know what an incident is.

use std::time::Duration;

use serde_json::Value as Json;

use super::args::Common;
use super::exit::{Exit, Stop};
use crate::text::{Lang, system};

/// Where the server is when nobody says otherwise.
const DEFAULT_URL: &str = "http://127.0.0.1:8080";
/// How long one answer may take; a backup has its own.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long reaching the server may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection to one server.
#[derive(Debug)]
pub struct Client {
    base: String,
    token: Option<String>,
    lang: Lang,
    http: reqwest::Client,
}

impl Client {
    /// Makes a client from the options.
    ///
    /// # Errors
    /// No TLS can be set up on this machine.
    pub fn new(common: &Common, lang: Lang) -> Result<Self, Stop> {
        crate::notify::install_tls_provider();
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| Stop::new(Exit::Failure, error.to_string()))?;
        let base = common.url.as_deref().unwrap_or(DEFAULT_URL).trim_end_matches('/').to_owned();
        Ok(Self { base, token: common.token.clone(), lang, http })
    }

    /// Reads.
    ///
    /// # Errors
    /// The server's problem in words, with its exit code.
    pub async fn get(&self, path: &str) -> Result<Json, Stop> {
        let request = self.http.get(self.address(path)).timeout(TIMEOUT);
        json(self.send(request).await?, self.lang).await
    }

    /// Reads a text in the form asked for.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn text(&self, path: &str) -> Result<String, Stop> {
        let request = self.http.get(self.address(path)).timeout(TIMEOUT);
        self.send(request).await?.text().await.map_err(|error| broken(&error, self.lang))
    }

    /// Changes something.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn post(&self, path: &str, body: &Json) -> Result<Json, Stop> {
        json(self.send(self.once(path).json(body)).await?, self.lang).await
    }

    /// Changes a part of something.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn patch(&self, path: &str, body: &Json) -> Result<Json, Stop> {
        let request = self.http.patch(self.address(path)).timeout(TIMEOUT);
        json(self.send(request.json(body)).await?, self.lang).await
    }

    /// Puts something where it belongs; again, it changes nothing more.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn put(&self, path: &str, body: &Json) -> Result<Json, Stop> {
        let request = self.http.put(self.address(path)).timeout(TIMEOUT).json(body);
        json(self.send(request).await?, self.lang).await
    }

    /// Sends a file.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn post_file(&self, path: &str, content: Vec<u8>) -> Result<Json, Stop> {
        self.post_as("application/octet-stream", path, content).await
    }

    /// Sends a plan.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn post_plan(&self, path: &str, content: Vec<u8>) -> Result<Json, Stop> {
        self.post_as("application/yaml", path, content).await
    }

    async fn post_as(&self, media: &str, path: &str, content: Vec<u8>) -> Result<Json, Stop> {
        let request = self.once(path).header("Content-Type", media);
        json(self.send(request.body(content)).await?, self.lang).await
    }

    /// Begins a request that has its effect once, however often it arrives.
    fn once(&self, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.post(self.address(path)).timeout(TIMEOUT);
        request.header("Idempotency-Key", idempotency_key())
    }

    /// Removes something.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn delete(&self, path: &str) -> Result<(), Stop> {
        self.send(self.http.delete(self.address(path)).timeout(TIMEOUT)).await.map(drop)
    }

    /// Reads a long answer piece by piece, without a limit on its time.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub async fn stream(&self, path: &str) -> Result<reqwest::Response, Stop> {
        self.send(self.http.get(self.address(path))).await
    }

    /// Returns the address of the server, without a slash at its end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, Stop> {
        let request = request.header("Accept-Language", self.lang.code());
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let answer = request.send().await.map_err(|error| self.unreachable(&error))?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status().as_u16();
        let problem = answer.json::<Json>().await.unwrap_or(Json::Null);
        Err(Stop::new(Exit::of_status(status), self.words(status, &problem)))
    }

    fn words(&self, status: u16, problem: &Json) -> String {
        let say = |key: &str| problem.get(key).and_then(Json::as_str);
        let mut words = say("detail").or(say("title")).unwrap_or("").to_owned();
        if let Some(code) = say("code") {
            words = format!("{words} [{code}]");
        }
        for field in problem.get("errors").and_then(Json::as_array).into_iter().flatten() {
            let part = |key: &str| field.get(key).and_then(Json::as_str).unwrap_or("");
            words.push_str(&format!("\n  {}: {}", part("pointer"), part("detail")));
        }
        if status == 401 {
            let hint = self.lang.pick(
                "请用 --token 或 FIREBELL_TOKEN 提供令牌",
                "give a token with --token or FIREBELL_TOKEN",
            );
            words = format!("{words}\n{hint}");
        }
        if words.trim().is_empty() { format!("HTTP {status}") } else { words }
    }

    fn unreachable(&self, error: &reqwest::Error) -> Stop {
        let base = &self.base;
        let why = system::root(error, self.lang);
        let words = self.lang.pick(
            format!(
                "连接不上 {base}（{why}）；服务是否已启动（firebell serve）？地址见 FIREBELL_URL"
            ),
            format!(
                "cannot reach {base} ({why}); is the server running (firebell serve)? \
                 set its address with FIREBELL_URL"
            ),
        );
        Stop::new(Exit::Unavailable, words)
    }
}

fn broken(error: &reqwest::Error, lang: Lang) -> Stop {
    Stop::new(Exit::Failure, system::root(error, lang))
}

async fn json(answer: reqwest::Response, lang: Lang) -> Result<Json, Stop> {
    let body = answer.bytes().await.map_err(|error| broken(&error, lang))?;
    if body.is_empty() {
        return Ok(Json::Null);
    }
    serde_json::from_slice(&body).map_err(|error| Stop::new(Exit::Failure, error.to_string()))
}

/// A repeated request within this process would carry the same bytes; a new call is a new wish.
fn idempotency_key() -> String {
    let chance = crate::chance::draw::<16>();
    hex::encode(chance)
}

/// Escapes one part of a path.
#[must_use]
pub fn part(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
        .to_string()
        .replace("%2D", "-")
        .replace("%5F", "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_path_cannot_leave_it() {
        assert_eq!(part("INC-2026-0042"), "INC-2026-0042");
        assert_eq!(part("../x?y"), "%2E%2E%2Fx%3Fy");
    }
}
