//! A lean HTTP client: one connection a caller, kept open.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value as Json;
use tokio::net::TcpStream;

/// One open connection with a token.
pub struct Caller {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    token: String,
}

impl Caller {
    pub async fn connect(address: &str, token: &str) -> Self {
        Self::try_connect(address, token).await.expect("the server listens")
    }

    /// Connects to a server that may be gone.
    pub async fn try_connect(address: &str, token: &str) -> Option<Self> {
        let stream = TcpStream::connect(address).await.ok()?;
        stream.set_nodelay(true).ok()?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection);
        Some(Self { sender, host: address.to_owned(), token: token.to_owned() })
    }

    pub async fn call(&mut self, method: &str, path: &str, body: &str) -> (StatusCode, Bytes) {
        self.try_call(method, path, body).await.expect("an answer comes")
    }

    /// Asks a server that may go away.
    pub async fn try_call(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
    ) -> Option<(StatusCode, Bytes)> {
        self.try_with(method, path, &[("content-type", "application/json")], body).await
    }

    /// As [`Caller::try_call`], with headers of its own.
    pub async fn try_with(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Option<(StatusCode, Bytes)> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.host)
            .header("authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
            .expect("the request is well formed");
        self.sender.ready().await.ok()?;
        let answer = self.sender.send_request(request).await.ok()?;
        let status = answer.status();
        Some((status, answer.into_body().collect().await.ok()?.to_bytes()))
    }

    pub async fn get(&mut self, path: &str) -> Json {
        let (status, body) = self.call("GET", path, "").await;
        assert!(status.is_success(), "GET {path}: {status} {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap_or(Json::Null)
    }

    pub async fn post(&mut self, path: &str, body: &str) -> Bytes {
        let (status, answer) = self.call("POST", path, body).await;
        assert!(status.is_success(), "POST {path}: {status} {}", String::from_utf8_lossy(&answer));
        answer
    }

    /// Declares an incident and returns its id.
    pub async fn declare(&mut self, body: &str) -> String {
        let answer = self.post("/api/v1/incidents", body).await;
        field(&answer, "id")
    }
}

/// Finds a top-level text field without parsing everything: the load must cost little.
pub fn field(answer: &[u8], name: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Id {
        id: String,
    }
    assert_eq!(name, "id");
    serde_json::from_slice::<Id>(answer).expect("the answer has an id").id
}
