//! Over a real socket: bounds that only connections have, and a graceful end.

use std::time::Duration;

use firebell::runtime::Scope;
use firebell::server::{Limits, serve};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::app::TestApp;

struct Served {
    address: std::net::SocketAddr,
    stop: oneshot::Sender<()>,
    done: tokio::task::JoinHandle<()>,
}

async fn serve_it(app: &TestApp, limits: Limits) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let (router, app) = (app.router.clone(), app.app.clone());
    let done = tokio::spawn(async move {
        let stopped = async move { drop(stopped.await) };
        serve(listener, router, app, limits, stopped).await;
    });
    Served { address, stop, done }
}

async fn ask(stream: &mut TcpStream, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 64 * 1024];
    let n = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..n]).into_owned()
}

#[tokio::test]
async fn a_connection_serves_request_after_request() {
    let app = TestApp::start();
    let served = serve_it(&app, Limits::default()).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    for _ in 0..3 {
        let answer = ask(&mut stream, "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let app = TestApp::start();
    let limits = Limits { head: Duration::from_millis(50), ..Limits::default() };
    let served = serve_it(&app, limits).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: ").await.unwrap();
    let mut rest = Vec::new();
    // The peer ends the connection; what it says before, if anything, is its own affair.
    let _ = stream.read_to_end(&mut rest).await;
    assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
}

#[tokio::test]
async fn connections_over_the_bound_wait_for_room() {
    let app = TestApp::start();
    let served = serve_it(&app, Limits { connections: 1, ..Limits::default() }).await;
    let mut first = TcpStream::connect(served.address).await.unwrap();
    let request = "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n";
    assert!(ask(&mut first, request).await.contains("200 OK"));
    let mut second = TcpStream::connect(served.address).await.unwrap();
    second.write_all(request.as_bytes()).await.unwrap();
    let mut byte = [0; 1];
    let early = tokio::time::timeout(Duration::from_millis(50), second.read(&mut byte)).await;
    assert!(early.is_err(), "there was no room");
    drop(first);
    assert_eq!(second.read(&mut byte).await.unwrap(), 1);
}

#[tokio::test]
async fn a_stop_lets_running_requests_end_and_tells_streams_to_close() {
    let app = TestApp::start();
    let chief = app.person("chief", Scope::Commander).await;
    let served = serve_it(&app, Limits::default()).await;
    let token = chief.token.clone().unwrap();
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let request =
        format!("GET /api/v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
    let head = ask(&mut stream, &request).await;
    assert!(head.contains("text/event-stream"), "{head}");
    let idle = TcpStream::connect(served.address).await.unwrap();
    served.stop.send(()).unwrap();
    served.done.await.unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(String::from_utf8_lossy(&rest).ends_with("0\r\n\r\n"), "the stream ended whole");
    drop(idle);
    assert!(TcpStream::connect(served.address).await.is_err(), "the port is closed");
}
