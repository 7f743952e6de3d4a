//! Requests of plans against a server on the loopback.

use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::*;
use crate::id::IncidentId;
use crate::notify::client::ClientSettings;

fn request(url: &str) -> Prepared {
    Prepared {
        format: PREPARED_FORMAT,
        request: NoticeId::nth(IncidentId::from_u128(7), 3),
        method: "POST".into(),
        url: url.into(),
        headers: vec![("X-Team".into(), "platform".into())],
        body: Some(json!({"channels": ["phone"]})),
        expect_status: Vec::new(),
        expect_json: IndexMap::new(),
        save: IndexMap::new(),
        timeout_ms: 5000,
    }
}

async fn sent(
    template: ResponseTemplate,
    drill: bool,
    change: impl Fn(&mut Prepared),
) -> (RequestOutcome, Vec<Request>) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(template).mount(&server).await;
    let mut prepared = request(&server.uri());
    change(&mut prepared);
    let client = Client::new(ClientSettings::new(true)).unwrap();
    let outcome = send(&client, Pass::for_test(drill), &prepared).await;
    (outcome, server.received_requests().await.unwrap())
}

async fn outcome(template: ResponseTemplate, change: impl Fn(&mut Prepared)) -> RequestOutcome {
    sent(template, false, change).await.0
}

fn met(status: u16) -> RequestOutcome {
    RequestOutcome::Met { status, saved: Vec::new() }
}

fn code(outcome: &RequestOutcome) -> WhyCode {
    let RequestOutcome::NotMet { why, .. } = outcome else { panic!("{outcome:?}") };
    Why::parse(why).unwrap().code
}

#[tokio::test]
async fn a_request_carries_what_the_plan_says_and_whether_it_is_serious() {
    for (drill, mode) in [(false, "live"), (true, "drill")] {
        let (outcome, requests) = sent(ResponseTemplate::new(200), drill, |_| ()).await;
        assert_eq!(outcome, met(200));
        let [request] = requests.as_slice() else { panic!("{requests:?}") };
        let header = |name: &str| request.headers.get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(request.method.as_str(), "POST");
        assert_eq!(request.body, br#"{"channels":["phone"]}"#);
        assert_eq!(header("content-type"), "application/json");
        assert_eq!(header("x-team"), "platform");
        assert_eq!(header(MODE), mode);
        assert_eq!(header(IDEMPOTENCY_KEY), NoticeId::nth(IncidentId::from_u128(7), 3).to_string());
    }
}

#[tokio::test]
async fn any_success_will_do_unless_the_plan_names_the_statuses() {
    assert_eq!(outcome(ResponseTemplate::new(204), |_| ()).await, met(204));
    let listed = |p: &mut Prepared| p.expect_status = vec![404, 409];
    assert_eq!(outcome(ResponseTemplate::new(409), listed).await, met(409));
    for (status, listed) in [(200, vec![404]), (500, Vec::new()), (302, Vec::new())] {
        let answer = ResponseTemplate::new(status).set_body_string("no\nway");
        let failed = outcome(answer, |p| p.expect_status.clone_from(&listed)).await;
        assert_eq!(code(&failed), WhyCode::UnexpectedStatus);
        let RequestOutcome::NotMet { status: told, why } = failed else { panic!() };
        assert_eq!(told, Some(status));
        assert!(why.ends_with("no way"), "{why}");
    }
}

#[tokio::test]
async fn the_answer_must_say_what_the_plan_expects() {
    let answer = || ResponseTemplate::new(200).set_body_json(json!({"state": {"ok": true}}));
    let expect = |pointer: &'static str, value: Json| {
        move |p: &mut Prepared| p.expect_json = [(pointer.to_owned(), value.clone())].into()
    };
    assert_eq!(outcome(answer(), expect("/state/ok", json!(true))).await, met(200));
    for (pointer, value) in [("/state/ok", json!("true")), ("/state/no", json!(null))] {
        let failed = outcome(answer(), expect(pointer, value)).await;
        assert_eq!(code(&failed), WhyCode::UnexpectedBody);
    }
    let not_json = ResponseTemplate::new(200).set_body_string("fine");
    let failed = outcome(not_json, expect("/state/ok", json!(true))).await;
    assert_eq!(code(&failed), WhyCode::UnexpectedBody);
}

#[tokio::test]
async fn what_is_found_is_saved_and_what_is_not_stays_unknown() {
    let answer = ResponseTemplate::new(200)
        .set_body_json(json!({"job": {"id": "j-1", "nodes": [1, 2]}, "none": null}));
    let outcome = outcome(answer, |p| {
        p.save = IndexMap::from([
            ("job".into(), "/job/id".to_owned()),
            ("nodes".into(), "/job/nodes".to_owned()),
            ("nothing".into(), "/none".to_owned()),
            ("missing".into(), "/no/such".to_owned()),
        ]);
    });
    let saved = vec![
        ("job".into(), Value::String("j-1".into())),
        ("nodes".into(), Value::List(vec![Value::Integer(1), Value::Integer(2)])),
    ];
    assert_eq!(outcome.await, RequestOutcome::Met { status: 200, saved });
}

#[tokio::test]
async fn an_answer_too_large_is_not_half_read() {
    let large = || ResponseTemplate::new(200).set_body_string(" ".repeat(ANSWER_BYTES_MAX + 1));
    let saves = |p: &mut Prepared| p.save = IndexMap::from([("a".into(), String::new())]);
    assert_eq!(code(&outcome(large(), saves).await), WhyCode::AnswerTooLarge);
    assert_eq!(outcome(large(), |_| ()).await, met(200), "nothing in it is needed");
}

#[tokio::test]
async fn a_request_that_cannot_be_made_says_why() {
    let bad: [fn(&mut Prepared); 6] = [
        |p| p.method = "PO ST".into(),
        |p| p.url = "未知".into(),
        |p| p.headers = vec![("bad name".into(), "x".into())],
        |p| p.headers = vec![("X-Team".into(), "a\r\nX-Admin: yes".into())],
        |p| p.headers = vec![("Host".into(), "evil.example".into())],
        |p| p.headers = vec![("X-Firebell-Mode".into(), "live".into())],
    ];
    for change in bad {
        let (outcome, requests) = sent(ResponseTemplate::new(200), true, change).await;
        assert_eq!(code(&outcome), WhyCode::BadRequest, "{outcome:?}");
        assert!(requests.is_empty());
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_fails_the_request() {
    let slow = ResponseTemplate::new(200).set_delay(Duration::from_secs(60));
    let failed = outcome(slow, |p| p.timeout_ms = 50).await;
    assert_eq!(code(&failed), WhyCode::TimedOut);
    assert!(matches!(failed, RequestOutcome::NotMet { status: None, .. }));
}

#[test]
fn a_request_survives_being_stored() {
    let mut request = request("https://ops.example/failover");
    request.expect_json = [("/ok".to_owned(), json!(true))].into();
    request.save = IndexMap::from([("job".into(), "/id".to_owned())]);
    assert_eq!(Prepared::from_bytes(&request.to_bytes()).unwrap(), request);
    assert_eq!(request.host().unwrap().to_string(), "ops.example:443");
    let nowhere = Prepared { url: "mailto:a@b".into(), ..request };
    assert_eq!(nowhere.host().unwrap_err().code, WhyCode::BadRequest);
}
