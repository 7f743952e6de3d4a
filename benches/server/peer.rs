//! The receiver of webhooks: notes when which message came, and says yes.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Which mark (a word in the message) first came when.
pub type Arrivals = Arc<Mutex<HashMap<u32, Instant>>>;

/// Listens on loopback; returns the address and what arrives.
pub async fn listen() -> (String, Arrivals) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let address = listener.local_addr().expect("it has an address").to_string();
    let arrivals = Arrivals::default();
    let seen = Arc::clone(&arrivals);
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let service = service_fn(|request| take(request, Arc::clone(&seen)));
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                let _ = connection.await;
            });
        }
    });
    (address, arrivals)
}

async fn take(
    request: Request<Incoming>,
    seen: Arrivals,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let now = Instant::now();
    let body = request.into_body().collect().await.map(|b| b.to_bytes()).unwrap_or_default();
    if let Some(mark) = mark(&body) {
        seen.lock().expect("nobody panics here").entry(mark).or_insert(now);
    }
    Ok(Response::new(Full::default()))
}

/// Incidents of a bench are titled `mark-123-`.
fn mark(body: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once("mark-")?;
    rest.split('-').next()?.parse().ok()
}
