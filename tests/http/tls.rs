//! TLS as a client meets it: real handshakes, certificates exchanged under open connections, and peers
//! that shake hands slowly or not at all.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use firebell::config::{IngestSource, Tls as Paths};
use firebell::server::{Limits, Tls, serve};
use jiff::SignedDuration;
use rcgen::{CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use smol_str::SmolStr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::app::TestApp;
use firebell::runtime::Scope;

/// An authority, and the files of a server that it vouches for.
pub struct Files {
    folder: tempfile::TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Files {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        // A client that meets one name as both takes the certificate for one that signs itself.
        params.distinguished_name.push(DnType::CommonName, "an authority of the tests");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), authority }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The authority, in PEM.
    pub fn authority(&self) -> String {
        self.authority.pem()
    }

    fn paths(&self) -> Paths {
        Paths { cert: self.path("cert.pem"), key: self.path("key.pem"), client_ca: None }
    }

    /// Makes a certificate that ends with a year and its key.
    fn make(&self, year: i32) -> (rcgen::Certificate, KeyPair) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 12, 31);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.authority).unwrap(), key)
    }

    /// Writes one and returns its bytes.
    pub fn write(&self, year: i32) -> Vec<u8> {
        let (cert, key) = self.make(year);
        std::fs::write(self.path("cert.pem"), cert.pem()).unwrap();
        std::fs::write(self.path("key.pem"), key.serialize_pem()).unwrap();
        cert.der().to_vec()
    }

    /// A client that trusts the authority alone, and opens a connection for each call.
    fn client(&self) -> reqwest::Client {
        let root = reqwest::Certificate::from_pem(self.authority.pem().as_bytes()).unwrap();
        reqwest::Client::builder()
            .tls_certs_only([root])
            .tls_info(true)
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap()
    }
}

pub struct Served {
    app: TestApp,
    port: u16,
    stop: oneshot::Sender<()>,
    done: tokio::task::JoinHandle<()>,
}

impl Served {
    async fn start(files: &Files, limits: Limits) -> Self {
        Self::start_from(files, limits, BTreeMap::new()).await
    }

    /// Starts a server that tools may send alerts to.
    pub async fn start_from(
        files: &Files,
        limits: Limits,
        ingest: BTreeMap<SmolStr, IngestSource>,
    ) -> Self {
        let app = TestApp::start_with_tls(Tls::open(&files.paths()).unwrap(), ingest);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, stopped) = oneshot::channel::<()>();
        let (router, shared) = (app.router.clone(), app.app.clone());
        let done = tokio::spawn(serve(listener, router, shared, limits, async {
            let _ = stopped.await;
        }));
        Self { app, port, stop, done }
    }

    pub const fn app(&self) -> &TestApp {
        &self.app
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// Calls on a new connection and returns the certificate that was shown.
    async fn shown(&self, files: &Files) -> Vec<u8> {
        let answer = files.client().get(self.url("/livez")).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200);
        let info = answer.extensions().get::<reqwest::tls::TlsInfo>().unwrap();
        info.peer_certificate().unwrap().to_vec()
    }

    pub async fn end(self) {
        self.stop.send(()).unwrap();
        self.done.await.unwrap();
    }
}

#[tokio::test]
async fn a_new_certificate_is_shown_to_new_connections_while_open_ones_go_on() {
    let files = Files::new();
    let first = files.write(2030);
    let served = Served::start(&files, Limits::default()).await;
    let admin = served.app.person("ada", Scope::Admin).await;
    assert_eq!(served.shown(&files).await, first);
    // A connection that is kept open is not touched by what follows.
    let kept = {
        let root = reqwest::Certificate::from_pem(files.authority.pem().as_bytes()).unwrap();
        reqwest::Client::builder().tls_certs_only([root]).pool_max_idle_per_host(1).build().unwrap()
    };
    let livez = served.url("/livez");
    let before = kept.get(&livez).send().await.unwrap();
    assert_eq!(before.status().as_u16(), 200);
    before.bytes().await.unwrap();

    let second = files.write(2031);
    let reloaded = admin.post("/api/v1/reload", serde_json::json!({})).await.ok(200);
    assert_eq!(reloaded["certificate"]["swapped"], true, "{reloaded}");
    assert_eq!(reloaded["certificate"]["until"], "2031-12-31T00:00:00Z");
    assert_eq!(served.shown(&files).await, second);
    assert_eq!(kept.get(&livez).send().await.unwrap().status().as_u16(), 200);

    // A renewal is noticed without being told.
    let third = files.write(2032);
    let mut shown = second;
    for _ in 0..500 {
        served.app.clock.advance(SignedDuration::from_secs(31));
        shown = served.shown(&files).await;
        if shown == third {
            break;
        }
    }
    assert_eq!(shown, third);
    served.end().await;
}

#[tokio::test]
async fn a_bad_certificate_leaves_the_old_one_in_force_and_says_why() {
    let files = Files::new();
    let good = files.write(2030);
    let served = Served::start(&files, Limits::default()).await;
    let admin = served.app.person("ada", Scope::Admin).await;
    let (other, _) = files.make(2031);
    let (past, past_key) = files.make(2020);
    let key = std::fs::read(files.path("key.pem")).unwrap();
    for (cert, key, said) in [
        (other.pem().into_bytes(), key.clone(), "belong together"),
        (b"nonsense".to_vec(), key.clone(), "holds no certificate"),
        (other.pem().into_bytes(), b"nonsense".to_vec(), "holds no private key"),
        (past.pem().into_bytes(), past_key.serialize_pem().into_bytes(), "ended at 2020"),
    ] {
        std::fs::write(files.path("cert.pem"), cert).unwrap();
        std::fs::write(files.path("key.pem"), key).unwrap();
        let reloaded = admin.post("/api/v1/reload", serde_json::json!({})).await.ok(200);
        assert_eq!(reloaded["certificate"]["swapped"], false);
        let why = reloaded["certificate"]["why"].as_str().unwrap();
        assert!(why.contains(said), "{said}: {why}");
        assert_eq!(served.shown(&files).await, good);
    }
    std::fs::remove_file(files.path("cert.pem")).unwrap();
    let reloaded = admin.post("/api/v1/reload", serde_json::json!({})).await.ok(200);
    assert!(reloaded["certificate"]["why"].as_str().unwrap().contains("cannot read"), "{reloaded}");
    let told = served.app.anonymous().get("/metrics").await.text();
    assert!(told.contains("firebell_tls_certificate_expires_timestamp_seconds"), "{told}");
    served.end().await;
}

#[tokio::test]
async fn slow_and_broken_handshakes_are_bounded_and_keep_nobody_else_out() {
    let files = Files::new();
    files.write(2030);
    let limits =
        Limits { handshake: Duration::from_millis(300), handshakes: 2, ..Limits::default() };
    let served = Served::start(&files, limits).await;
    // They say nothing at all, and fill every place of a handshake.
    let mut silent = Vec::new();
    for _ in 0..6 {
        silent.push(TcpStream::connect(("127.0.0.1", served.port)).await.unwrap());
    }
    let mut plain = TcpStream::connect(("127.0.0.1", served.port)).await.unwrap();
    plain.write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    for stream in &mut silent {
        let mut rest = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest));
        // Dropped without an answer, once its time is over.
        assert!(matches!(read.await.unwrap(), Ok(0) | Err(_)));
    }
    let mut said = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), plain.read_to_end(&mut said));
    read.await.unwrap().ok();
    assert!(!said.starts_with(b"HTTP"), "plain HTTP is not answered on a port of TLS");
    served.shown(&files).await;
    served.end().await;
}

#[tokio::test]
async fn where_an_authority_for_clients_is_set_nobody_enters_without_its_certificate() {
    let files = Files::new();
    files.write(2030);
    std::fs::write(files.path("ca.pem"), files.authority.pem()).unwrap();
    let paths = Paths { client_ca: Some(files.path("ca.pem")), ..files.paths() };
    let app = TestApp::start_with_tls(Tls::open(&paths).unwrap(), BTreeMap::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::spawn(serve(
        listener,
        app.router.clone(),
        app.app.clone(),
        Limits::default(),
        std::future::pending(),
    ));
    let url = format!("https://localhost:{port}/livez");
    assert!(files.client().get(&url).send().await.is_err());
    let (cert, key) = files.make(2030);
    let pem = format!("{}{}", cert.pem(), key.serialize_pem());
    let root = reqwest::Certificate::from_pem(files.authority.pem().as_bytes()).unwrap();
    let known = reqwest::Client::builder()
        .tls_certs_only([root])
        .identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap())
        .build()
        .unwrap();
    assert_eq!(known.get(&url).send().await.unwrap().status().as_u16(), 200);
    serving.abort();
}
