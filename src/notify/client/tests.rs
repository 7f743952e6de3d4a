//! The guarded client against servers on the loopback.

use std::sync::atomic::{AtomicUsize, Ordering};

use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

fn lookup(answer: &'static [&'static str]) -> Lookup {
    Arc::new(move |_| {
        let found = answer.iter().map(|ip| ip.parse().unwrap()).collect();
        Box::pin(async move { Ok(found) })
    })
}

fn client(allow_private: bool, lookup: Lookup) -> Client {
    Client::new(ClientSettings { allow_private, ca_pem: None, lookup }).unwrap()
}

fn call(url: &str) -> Call {
    Call {
        method: Method::POST,
        url: Url::parse(url).unwrap(),
        headers: HeaderMap::new(),
        body: b"{}".to_vec(),
        timeout: Duration::from_secs(5),
        answer_bytes_max: 64,
    }
}

async fn answering(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).and(path("/")).respond_with(template).mount(&server).await;
    server
}

#[tokio::test]
async fn private_addresses_are_refused_however_they_are_written() {
    let guarded = client(false, lookup(&["127.0.0.1"]));
    for url in [
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://localhost/",
        "https://hook.example/",
        "https://169.254.169.254/latest/meta-data/",
    ] {
        let why = guarded.call(call(url)).await.unwrap_err();
        assert_eq!(why.code, WhyCode::ForbiddenAddress, "{url}: {why}");
    }
}

#[tokio::test]
async fn one_private_address_among_public_ones_is_enough_to_refuse() {
    let guarded = client(false, lookup(&["8.8.8.8", "192.168.1.1"]));
    let why = guarded.call(call("https://hook.example/")).await.unwrap_err();
    assert_eq!(why.to_string(), "forbidden_address: hook.example leads to 192.168.1.1");
}

#[tokio::test]
async fn metadata_is_refused_even_where_private_networks_are_allowed() {
    let guarded = client(true, lookup(&["169.254.169.254"]));
    for url in ["http://100.100.100.200/latest/meta-data/", "http://metadata.example/"] {
        let why = guarded.call(call(url)).await.unwrap_err();
        assert_eq!(why.code, WhyCode::ForbiddenAddress, "{url}: {why}");
    }
}

#[tokio::test]
async fn the_connection_goes_to_the_address_that_was_checked() {
    let server = answering(ResponseTemplate::new(200).set_body_string("yes")).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    // The second answer would be another machine: it must never be asked for.
    let lookup: Lookup = Arc::new(move |_| {
        let first = counter.fetch_add(1, Ordering::SeqCst) == 0;
        let ip = if first { [127, 0, 0, 1] } else { [203, 0, 113, 1] };
        Box::pin(async move { Ok(vec![ip.into()]) })
    });
    let port = server.address().port();
    let answer =
        client(true, lookup).call(call(&format!("http://hook.example:{port}/"))).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.body.as_slice()), (200, b"yes".as_slice()));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = MockServer::start().await;
    let elsewhere = ResponseTemplate::new(307).insert_header("location", "/elsewhere");
    Mock::given(path("/")).respond_with(elsewhere).expect(1).mount(&server).await;
    let never = ResponseTemplate::new(200);
    Mock::given(path("/elsewhere")).respond_with(never).expect(0).mount(&server).await;
    let answer = client(true, system_lookup()).call(call(&server.uri())).await.unwrap();
    assert_eq!(answer.status.as_u16(), 307);
}

#[tokio::test]
async fn a_redirect_to_a_metadata_address_is_an_answer_and_no_way() {
    let elsewhere = "http://169.254.169.254/latest/meta-data/";
    for status in [301, 302, 303, 307, 308] {
        let redirect = ResponseTemplate::new(status).insert_header("location", elsewhere);
        let server = answering(redirect).await;
        let answer = client(true, system_lookup()).call(call(&server.uri())).await.unwrap();
        assert_eq!(answer.status.as_u16(), status);
        assert_eq!(server.received_requests().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_long_answer_is_cut() {
    let server = answering(ResponseTemplate::new(200).set_body_string("x".repeat(10_000))).await;
    let answer = client(true, system_lookup()).call(call(&server.uri())).await.unwrap();
    assert_eq!((answer.body.len(), answer.cut), (64, true));
}

#[tokio::test]
async fn a_slow_server_is_not_waited_for() {
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(60));
    let server = answering(slow).await;
    let mut call = call(&server.uri());
    call.timeout = Duration::from_millis(50);
    let why = client(true, system_lookup()).call(call).await.unwrap_err();
    assert_eq!(why.code, WhyCode::TimedOut);
}

#[tokio::test]
async fn failures_are_sorted_and_never_repeat_the_address() {
    let dead = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/token-in-path", listener.local_addr().unwrap())
    };
    let plain = answering(ResponseTemplate::new(200)).await;
    let tls_to_plain = plain.uri().replace("http://", "https://");
    let open = client(true, system_lookup());
    let fails = |url: String| {
        let open = open.clone();
        async move { open.call(call(&url)).await.unwrap_err() }
    };
    let why = fails(dead).await;
    assert_eq!(why.code, WhyCode::Unreachable);
    assert!(!why.detail.contains("token-in-path"), "{why}");
    assert_eq!(fails(tls_to_plain).await.code, WhyCode::Insecure);
    assert_eq!(fails("ftp://files.example/".into()).await.code, WhyCode::BadAddress);

    let strict = client(false, lookup(&["8.8.8.8"]));
    let why = strict.call(call("http://hook.example/")).await.unwrap_err();
    assert_eq!(why.code, WhyCode::Insecure, "public hosts need TLS");
    let nowhere: Lookup = Arc::new(|_| Box::pin(async { Err(io::Error::other("no such host")) }));
    let why = client(true, nowhere).call(call("http://hook.example/")).await.unwrap_err();
    assert_eq!(why.to_string(), "unreachable: no such host");
}

#[test]
fn unreadable_certificates_are_told_of() {
    let settings = ClientSettings {
        ca_pem: Some(b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n".to_vec()),
        ..ClientSettings::new(false)
    };
    assert_eq!(Client::new(settings).unwrap_err().field, "ca");
}
