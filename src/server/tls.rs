//! The certificate that the server shows: read from files, exchanged while connections are open, and
//! never for a worse one. It must not know HTTP.

use std::io::{Cursor, Read as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;
use x509_cert::der::Decode as _;

use super::app::App;
use crate::config;
use crate::text::Text;

/// How often the files are looked at: a renewal is in force within this time.
const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(30);
/// A certificate that ends within this time wants renewal: automatic ones renew at 30 days.
pub const RENEWAL: SignedDuration = SignedDuration::from_hours(14 * 24);
/// The largest of the files; a chain has some kilobytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What is served, and from which files.
#[derive(Debug, Clone)]
pub struct Tls(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    paths: config::Tls,
    served: ArcSwap<Served>,
    /// What the files held when they were refused, so that each is told once.
    refused: Mutex<Option<Files>>,
}

#[derive(Debug)]
struct Served {
    files: Files,
    config: Arc<ServerConfig>,
    until: Timestamp,
}

#[derive(Clone, PartialEq, Eq)]
struct Files {
    cert: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files").finish_non_exhaustive()
    }
}

/// How looking at the files ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Reload {
    /// They are as before.
    Unchanged,
    /// A new certificate is in force.
    Swapped,
    /// What stands there cannot be used; the one before stays.
    Refused(Text),
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// What is wrong with them and what to do.
    pub fn open(paths: &config::Tls) -> Result<Self, Text> {
        let served = served(read(paths)?, paths)?;
        Ok(Self(Arc::new(Shared {
            paths: paths.clone(),
            served: ArcSwap::from_pointee(served),
            refused: Mutex::new(None),
        })))
    }

    /// Returns when the certificate ends.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.0.served.load().until
    }

    /// Returns what shakes hands, with the certificate of now.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.0.served.load().config))
    }

    /// Reads the files again. A certificate that cannot be used, or has ended, does not replace one
    /// that is served.
    pub fn reload(&self, now: Timestamp) -> Reload {
        let files = match read(&self.0.paths) {
            Ok(files) => files,
            Err(why) => return Reload::Refused(why),
        };
        if files == self.0.served.load().files {
            return Reload::Unchanged;
        }
        let new = served(files.clone(), &self.0.paths).and_then(|new| {
            if new.until > now { Ok(new) } else { Err(ended(&self.0.paths.cert, new.until)) }
        });
        match new {
            Ok(new) => {
                self.0.served.store(Arc::new(new));
                Reload::Swapped
            }
            Err(why) => {
                *self.0.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(files);
                Reload::Refused(why)
            }
        }
    }

    /// Tells whether the files hold something that was neither taken nor refused yet.
    fn is_news(&self) -> bool {
        let Ok(files) = read(&self.0.paths) else { return false };
        let refused = self.0.refused.lock().unwrap_or_else(PoisonError::into_inner);
        files != self.0.served.load().files && refused.as_ref() != Some(&files)
    }
}

/// Looks at the files until the server closes.
pub async fn watch(app: App) {
    let Some(tls) = app.tls().cloned() else { return };
    loop {
        tell(&app, &tls);
        let next = app.now().saturating_add(LOOK_EVERY).unwrap_or(Timestamp::MAX);
        tokio::select! {
            () = app.runtime().clock().sleep_until(next) => {}
            () = app.closing().cancelled() => return,
        }
        let (looking, now) = (tls.clone(), app.now());
        let looked = tokio::task::spawn_blocking(move || {
            if looking.is_news() { looking.reload(now) } else { Reload::Unchanged }
        });
        if let Ok(reload) = looked.await {
            log(&reload);
        }
    }
}

/// Writes down how a reload ended.
pub fn log(reload: &Reload) {
    match reload {
        Reload::Unchanged => {}
        Reload::Swapped => tracing::info!("a new certificate is in force"),
        Reload::Refused(why) => {
            let why = why.get(crate::text::Lang::En);
            tracing::error!(why, "the certificate of before stays in force");
        }
    }
}

fn tell(app: &App, tls: &Tls) {
    let gauge = app.metrics().tls_certificate_expires.get_or_create_owned(&Vec::new());
    gauge.set(tls.until().as_second());
}

fn served(files: Files, paths: &config::Tls) -> Result<Served, Text> {
    let chain: Vec<CertificateDer<'static>> = certificates(&files.cert, &paths.cert)?;
    let first = chain.first().ok_or_else(|| nothing_in(&paths.cert, "证书", "certificate"))?;
    let until = until(first, &paths.cert)?;
    let key = PrivateKeyDer::from_pem_slice(&files.key)
        .map_err(|_| nothing_in(&paths.key, "私钥", "private key"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&paths.cert, &error))?;
    let builder = match (&files.client_ca, &paths.client_ca) {
        (Some(bytes), Some(path)) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates(bytes, path)? {
                roots.add(authority).map_err(|error| unusable(path, &error))?;
            }
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|error| unusable(path, &error))?)
        }
        _ => builder.with_no_client_auth(),
    };
    let mut config =
        builder.with_single_cert(chain, key).map_err(|error| unusable(&paths.key, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Served { files, config: Arc::new(config), until })
}

fn read(paths: &config::Tls) -> Result<Files, Text> {
    Ok(Files {
        cert: bytes(&paths.cert)?,
        key: bytes(&paths.key)?,
        client_ca: paths.client_ca.as_deref().map(bytes).transpose()?,
    })
}

fn bytes(path: &Path) -> Result<Vec<u8>, Text> {
    let mut bytes = Vec::new();
    let done = std::fs::File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes));
    let shown = path.display();
    done.map_err(|error| {
        Text::both(format!("读不了 {shown}：{error}"), format!("cannot read {shown}: {error}"))
    })?;
    Ok(bytes)
}

fn certificates(pem: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, Text> {
    let read = CertificateDer::pem_reader_iter(Cursor::new(pem)).collect::<Result<Vec<_>, _>>();
    match read {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(nothing_in(path, "证书", "certificate")),
    }
}

/// Reads when a certificate ends.
fn until(certificate: &CertificateDer<'_>, path: &Path) -> Result<Timestamp, Text> {
    let parsed = x509_cert::Certificate::from_der(certificate).ok();
    let end = parsed.map(|parsed| parsed.tbs_certificate().validity().not_after);
    let seconds = end.map(|end| end.to_unix_duration().as_secs());
    let at = seconds.and_then(|seconds| Timestamp::from_second(seconds.try_into().ok()?).ok());
    at.ok_or_else(|| nothing_in(path, "证书", "certificate"))
}

fn nothing_in(path: &Path, zh: &str, en: &str) -> Text {
    let shown = path.display();
    Text::both(
        format!("{shown} 中没有可读的 PEM {zh}"),
        format!("{shown} holds no {en} in PEM that can be read"),
    )
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> Text {
    let shown = path.display();
    Text::both(
        format!("{shown} 不能使用（证书与私钥是否成对？）：{error}"),
        format!("{shown} cannot be used (do certificate and key belong together?): {error}"),
    )
}

fn ended(path: &Path, at: Timestamp) -> Text {
    let shown = path.display();
    Text::both(
        format!("{shown} 中的证书已于 {at} 到期"),
        format!("the certificate in {shown} ended at {at}"),
    )
}

/// How long a handshake may take: a telephone on a poor line needs a second or two.
pub const HANDSHAKE: Duration = Duration::from_secs(10);
/// Handshakes at once; each costs some processor time and may be slow on purpose. More wait their turn.
pub const HANDSHAKES_MAX: usize = 256;
