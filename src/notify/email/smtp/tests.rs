//! SMTP against a real server, which reads the mail with a parser of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value as Json;

use super::*;
use crate::notify::email::compose::tests::outgoing;
use crate::notify::peer;
use crate::text::Lang;

/// A mail server of its own for one test; it ends with the test.
struct Server {
    process: Child,
    said: BufReader<ChildStdout>,
    port: u16,
}

impl Server {
    /// Starts a server; `None` where there is none to start.
    fn start(args: &[&str]) -> Option<Self> {
        let python = peer::python_with("aiosmtpd")?;
        let mut process = Command::new(python)
            .arg(peer::root().join("tests/smtp/server.py"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stdout.take().unwrap());
        let mut server = Self { process, said, port: 0 };
        server.port = server.next()["port"].as_u64().unwrap().try_into().unwrap();
        Some(server)
    }

    /// Returns what the server says next; waits for it.
    fn next(&mut self) -> Json {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    fn settings(&self, security: Security) -> SmtpSettings {
        let from = "客服值守 <firebell@shop.example>";
        SmtpSettings {
            port: Some(self.port),
            timeout: Duration::from_secs(20),
            ..SmtpSettings::new("localhost", security, from)
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn send(settings: SmtpSettings) -> Delivery {
    Smtp::new(settings).unwrap().send(&outgoing(Lang::Zh, true)).await
}

fn why(delivery: &Delivery) -> &Why {
    match delivery {
        Delivery::Delivered => panic!("delivered"),
        Delivery::Retry { why, .. }
        | Delivery::Refused { why }
        | Delivery::Misconfigured { why } => why,
    }
}

/// Makes a certificate for `localhost` that vouches for itself; `None` without `openssl`.
fn certificate(directory: &Path) -> Option<(String, String)> {
    let path = |name: &str| directory.join(name).to_str().unwrap().to_owned();
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", &key, "-out", &cert])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .output();
    if made.is_ok_and(|output| output.status.success()) {
        return Some((cert, key));
    }
    eprintln!("\n!! NOT RUN: no `openssl` to make a certificate with\n");
    None
}

#[tokio::test]
async fn a_real_server_reads_what_was_meant() {
    let Some(mut server) = Server::start(&[]) else { return };
    assert_eq!(send(server.settings(Security::None)).await, Delivery::Delivered);
    let mail = server.next();
    assert_eq!(mail["envelope_to"], serde_json::json!(["li@shop.example"]));
    assert_eq!(mail["headers"]["Subject"], "【演练】#42 客服系统中断 <华东>");
    assert_eq!(mail["headers"]["From"], "客服值守 <firebell@shop.example>");
    assert_eq!(mail["headers"]["Date"], "Sat, 21 Nov 2026 19:00:03 +0000");
    assert_eq!(mail["type"], "multipart/alternative");
    assert_eq!(mail["defects"], serde_json::json!([]));
    assert_eq!(mail["ascii"], true, "servers without 8BITMIME take it too");
    assert!(mail["line_bytes_max"].as_u64().unwrap() <= 78, "{}", mail["line_bytes_max"]);
    let (plain, html) = (&mail["parts"]["text/plain"], &mail["parts"]["text/html"]);
    let plain = plain.as_str().unwrap().replace("\r\n", "\n");
    let html = html.as_str().unwrap();
    assert!(plain.starts_with("【演练】请确认担任总指挥\n"), "{plain}");
    assert!(html.contains("【演练】请确认担任总指挥"), "{html}");
    assert!(html.contains("请于 03:05 前确认 &#38; 接手"), "{html}");
}

#[tokio::test]
async fn a_connection_is_used_for_several_messages() {
    let Some(mut server) = Server::start(&[]) else { return };
    let smtp = Smtp::new(server.settings(Security::None)).unwrap();
    for lang in Lang::ALL {
        assert_eq!(smtp.send(&outgoing(lang, false)).await, Delivery::Delivered);
        assert!(server.next()["headers"]["Message-ID"].is_string());
    }
}

#[tokio::test]
async fn refusals_are_sorted_by_their_first_digit() {
    for (reply, later) in [("451 try again", true), ("552 mailbox full", false)] {
        let Some(server) = Server::start(&["--reply", reply]) else { return };
        let delivery = send(server.settings(Security::None)).await;
        assert_eq!(matches!(delivery, Delivery::Retry { .. }), later, "{delivery:?}");
        assert_eq!(matches!(delivery, Delivery::Refused { .. }), !later, "{delivery:?}");
        assert!(why(&delivery).detail.contains(&reply[4..]), "{delivery:?}");
    }
}

#[tokio::test]
async fn starttls_with_a_login_works_and_its_faults_are_told_apart() {
    let home = tempfile::tempdir().unwrap();
    let Some((cert, key)) = certificate(home.path()) else { return };
    let args = ["--tls", "starttls", "--auth", "bell:right", "--cert", &cert, "--key", &key];
    let Some(mut server) = Server::start(&args) else { return };
    let login =
        |password: &str| Some(Credentials { user: "bell".into(), password: Secret::new(password) });
    let settings = SmtpSettings {
        credentials: login("right"),
        ca_pem: Some(std::fs::read(&cert).unwrap()),
        ..server.settings(Security::StartTls)
    };
    assert_eq!(send(settings.clone()).await, Delivery::Delivered);
    let mail = server.next();
    assert_eq!((&mail["encrypted"], &mail["authenticated"]), (&true.into(), &true.into()));

    let wrong = SmtpSettings { credentials: login("wrong"), ..settings.clone() };
    let none = SmtpSettings { credentials: None, ..settings.clone() };
    let stranger = SmtpSettings { ca_pem: None, ..settings };
    for (settings, code) in [
        (wrong, WhyCode::NotAuthorised),
        (none, WhyCode::NotAuthorised),
        (stranger, WhyCode::Insecure),
    ] {
        let delivery = send(settings).await;
        assert!(matches!(delivery, Delivery::Misconfigured { .. }), "{delivery:?}");
        assert_eq!(why(&delivery).code, code, "{delivery:?}");
    }
}

#[tokio::test]
async fn tls_from_the_first_byte_works() {
    let home = tempfile::tempdir().unwrap();
    let Some((cert, key)) = certificate(home.path()) else { return };
    let args = ["--tls", "implicit", "--cert", &cert, "--key", &key];
    let Some(mut server) = Server::start(&args) else { return };
    let ca_pem = Some(std::fs::read(&cert).unwrap());
    let settings = SmtpSettings { ca_pem, ..server.settings(Security::Tls) };
    assert_eq!(send(settings).await, Delivery::Delivered);
    assert_eq!(server.next()["type"], "multipart/alternative");
}

#[tokio::test]
async fn a_server_that_offers_no_encryption_gets_no_mail_when_encryption_is_wanted() {
    let Some(server) = Server::start(&[]) else { return };
    let delivery = send(server.settings(Security::StartTls)).await;
    assert!(matches!(delivery, Delivery::Misconfigured { .. }), "{delivery:?}");
    assert_eq!(why(&delivery).code, WhyCode::Insecure);
}

#[tokio::test]
async fn a_server_without_login_is_the_configuration_s_fault() {
    let Some(server) = Server::start(&[]) else { return };
    let credentials = Some(Credentials { user: "bell".into(), password: Secret::new("x") });
    let settings = SmtpSettings { credentials, ..server.settings(Security::None) };
    let delivery = send(settings).await;
    assert!(matches!(delivery, Delivery::Misconfigured { .. }), "{delivery:?}");
    assert_eq!(why(&delivery).code, WhyCode::NotAuthorised);
}

#[tokio::test]
async fn a_server_that_is_down_is_tried_again() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = Some(listener.local_addr().unwrap().port());
    drop(listener);
    let settings =
        SmtpSettings { port, ..SmtpSettings::new("127.0.0.1", Security::None, "a@b.example") };
    let delivery = send(settings).await;
    assert!(matches!(delivery, Delivery::Retry { after: None, .. }), "{delivery:?}");
    assert_eq!(why(&delivery).code, WhyCode::Unreachable);
}

#[tokio::test]
async fn a_server_that_never_greets_is_tried_again() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = SmtpSettings {
        port: Some(listener.local_addr().unwrap().port()),
        timeout: Duration::from_millis(50),
        ..SmtpSettings::new("127.0.0.1", Security::None, "a@b.example")
    };
    let delivery = send(settings).await;
    assert!(matches!(delivery, Delivery::Retry { after: None, .. }), "{delivery:?}");
    assert_eq!(why(&delivery).code, WhyCode::TimedOut);
}

#[test]
fn nothing_leaves_the_machine_unencrypted() {
    for (host, allowed) in [
        ("localhost", true),
        ("127.0.0.1", true),
        ("127.8.8.8", true),
        ("::1", true),
        ("mail.shop.example", false),
        ("10.0.0.1", false),
        ("localhost.evil.example", false),
    ] {
        let built = Smtp::new(SmtpSettings::new(host, Security::None, "a@b.example"));
        assert_eq!(built.is_ok(), allowed, "{host}");
    }
}

#[test]
fn a_password_does_not_show_in_debug_output() {
    let mut settings = SmtpSettings::new("localhost", Security::Tls, "a@b.example");
    let password = Secret::new("hunter2");
    settings.credentials = Some(Credentials { user: "bell".into(), password });
    assert!(!format!("{settings:?}").contains("hunter2"));
}
