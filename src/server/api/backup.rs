//! A backup of everything, taken while the server runs.

use std::io::{self, Write};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::Response;
use futures_util::stream;
use tokio::sync::mpsc;

use super::Answer;
use crate::server::app::App;
use crate::server::auth::Principal;

/// How much is sent at once.
const PIECE_BYTES: usize = 256 * 1024;
/// How many pieces wait for a slow reader; the backup waits too then, and writes go on.
const PIECES_MAX: usize = 8;

/// Take a backup: one archive with the journal, the documents and the evidence as they are at one
/// moment. The archive ends with a manifest, so that one that was cut short is known.
#[utoipa::path(get, path = "/api/v1/backup", tag = "operation",
    responses((status = 200, body = Vec<u8>, content_type = "application/x-tar")))]
pub async fn take(State(app): State<App>, principal: Principal) -> Answer {
    tracing::info!(by = ?principal.caller.actor, "a backup is taken");
    let (sender, receiver) = mpsc::channel(PIECES_MAX);
    let (store, now) = (std::sync::Arc::clone(app.runtime().store()), app.now());
    tokio::task::spawn_blocking(move || {
        let mut pieces = Pieces { sender, piece: Vec::with_capacity(PIECE_BYTES) };
        let done = store.backup(&mut pieces, now).map_err(|error| error.to_string());
        let done = done.and_then(|()| pieces.flush().map_err(|error| error.to_string()));
        if let Err(error) = done {
            tracing::error!(error, "a backup ended early");
            // A body that breaks off tells the reader, who must not take it for whole.
            let _ = pieces.sender.blocking_send(Err(io::Error::other("the backup ended early")));
        }
    });
    let pieces = stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-tar"));
    let name = now.strftime("%Y%m%dT%H%M%SZ");
    let disposition = format!("attachment; filename=\"firebell-{name}.tar\"");
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// Hands what is written to the body, in pieces.
struct Pieces {
    sender: mpsc::Sender<Result<Bytes, io::Error>>,
    piece: Vec<u8>,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE_BYTES));
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "the reader is gone");
        self.sender.blocking_send(Ok(Bytes::from(piece))).map_err(gone)
    }
}
