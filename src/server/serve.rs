//! Connections: accepted up to a bound, dropped when they dawdle, drained when the server stops.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use super::app::App;
use super::housekeeping;
use super::ingest;
use super::measure;
use super::slow::Impatient;
use super::tls::{self, Tls};

/// The bounds of the listener.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Open connections; more wait in the kernel's queue.
    pub connections: usize,
    /// How long a handshake of TLS may take.
    pub handshake: Duration,
    /// Handshakes at once; more wait their turn within that time.
    pub handshakes: usize,
    /// How long a request's head may take to arrive, and a connection may idle between requests.
    pub head: Duration,
    /// How long a peer may refuse to take what is sent to it.
    pub write: Duration,
    /// How long running requests have to end when the server stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Far above a control room with its screens, far below the memory of a small machine.
            connections: 4_096,
            handshake: tls::HANDSHAKE,
            handshakes: tls::HANDSHAKES_MAX,
            head: Duration::from_secs(30),
            write: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

/// The most header fields of a request; browsers send about twenty.
const HEADERS_MAX: usize = 64;
/// The largest head of a request, and what is buffered of a connection.
const BUFFER_BYTES_MAX: usize = 64 * 1024;
/// How long accepting rests when the system has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` completes, then lets running requests end.
///
/// Event streams are told to end; their readers come back to the next process by themselves.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    app: App,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let server = Server {
        app,
        router,
        limits,
        room: Arc::new(Semaphore::new(limits.connections)),
        handshakes: Arc::new(Semaphore::new(limits.handshakes)),
        tasks: TaskTracker::new(),
    };
    server.tasks.spawn(measure::run(server.app.clone()));
    server.tasks.spawn(housekeeping::run(server.app.clone()));
    server.tasks.spawn(tls::watch(server.app.clone()));
    server.tasks.spawn(ingest::run(server.app.clone()));
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            (stream, permit) = server.next(&listener) => server.take(stream, permit),
        }
    }
    // From here on the port refuses, so that a proxy turns to another instance.
    drop(listener);
    server.drain().await;
}

struct Server {
    app: App,
    router: Router,
    limits: Limits,
    room: Arc<Semaphore>,
    handshakes: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Server {
    async fn next(&self, listener: &TcpListener) -> (TcpStream, OwnedSemaphorePermit) {
        loop {
            let Ok(permit) = Arc::clone(&self.room).acquire_owned().await else {
                // The semaphore is never closed; were it, nothing could be served.
                std::future::pending::<Infallible>().await;
                continue;
            };
            match listener.accept().await {
                Ok((stream, _)) => return (stream, permit),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn take(&self, stream: TcpStream, permit: OwnedSemaphorePermit) {
        // Answers are small and are written whole: waiting for more to send only delays them.
        let _ = stream.set_nodelay(true);
        let stream = Impatient::new(stream, self.limits.write);
        let (app, router, limits) = (self.app.clone(), self.router.clone(), self.limits);
        let Some(acceptor) = app.tls().map(Tls::acceptor) else {
            self.tasks.spawn(converse(stream, router, app, limits, permit));
            return;
        };
        let handshakes = Arc::clone(&self.handshakes);
        self.tasks.spawn(async move {
            let shaken = async {
                let _turn = handshakes.acquire().await;
                acceptor.accept(stream).await
            };
            let shaken = tokio::select! {
                shaken = tokio::time::timeout(limits.handshake, shaken) => shaken,
                () = app.closing().cancelled() => return,
            };
            match shaken {
                Ok(Ok(stream)) => converse(stream, router, app, limits, permit).await,
                Ok(Err(error)) => tracing::debug!(%error, "a handshake failed"),
                Err(_) => tracing::debug!("a handshake took too long"),
            }
        });
    }

    async fn drain(self) {
        self.app.closing().cancel();
        self.tasks.close();
        if tokio::time::timeout(self.limits.drain, self.tasks.wait()).await.is_err() {
            let left = self.tasks.len();
            tracing::warn!(left, "some requests did not end in time");
        }
    }
}

/// Serves one connection to its end, or to that of the server.
async fn converse<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    router: Router,
    app: App,
    limits: Limits,
    permit: OwnedSemaphorePermit,
) {
    let _permit = permit;
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_headers(HEADERS_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    app.metrics().http_connections.inc();
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = app.closing().cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
    app.metrics().http_connections.dec();
}
