//! A storm before a group's robot: the real channel, over HTTP, to a service that counts as the real
//! one does and goes silent for whoever sends too much.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use firebell::clock::Clock as _;
use firebell::engine::{Fact, NoticeEnd};
use firebell::id::{ChannelId, IncidentId, NoticeId};
use firebell::notify::{
    Channel, Channels, Configured, Delivery, DingTalk, HookSettings, Host, KindSettings, Outgoing,
    Secret, Service, pace::Pace,
};
use firebell::people::{Directory, Parts as People, Team};
use firebell::runtime::Runtime;
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sha2::Sha256;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::stage::{HandClock, Stage, facts, person};
use crate::{PAGE, declare};

const SECRET: &str = "SEC0123456789abcdef";
const STORM: usize = 500;

/// The robot's service: checks what it is sent, takes twenty in any minute, and then nothing for
/// ten.
struct Robot {
    clock: Arc<HandClock>,
    taken: Arc<Mutex<Vec<(Timestamp, String)>>>,
    blocked: Arc<Mutex<Option<Timestamp>>>,
}

impl Robot {
    fn judge(&self, request: &Request) -> (i64, &'static str) {
        let now = self.clock.now();
        let query: BTreeMap<_, _> = request.url.query_pairs().into_owned().collect();
        let stamp: i64 = query["timestamp"].parse().unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(format!("{stamp}\n{SECRET}").as_bytes());
        let genuine = BASE64.encode(mac.finalize().into_bytes()) == query["sign"];
        if !genuine || (now.as_millisecond() - stamp).abs() > 3_600_000 {
            return (310_000, "sign not match");
        }
        if request.body.len() > 20_000 {
            return (40_058, "too long");
        }
        let mut blocked = self.blocked.lock().unwrap();
        if blocked.is_some_and(|until| now < until) {
            return (130_101, "send too fast");
        }
        let mut taken = self.taken.lock().unwrap();
        let minute = SignedDuration::from_mins(1);
        if taken.iter().filter(|(at, _)| now.duration_since(*at) < minute).count() >= 20 {
            *blocked = Some(now + SignedDuration::from_mins(10));
            return (130_101, "send too fast");
        }
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body["msgtype"], "markdown");
        taken.push((now, body["markdown"]["text"].as_str().unwrap().to_owned()));
        (0, "ok")
    }
}

impl Respond for Robot {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let (errcode, errmsg) = self.judge(request);
        ResponseTemplate::new(200).set_body_json(json!({ "errcode": errcode, "errmsg": errmsg }))
    }
}

/// Knows when the channel behind it is at work, so that time passes only between messages.
struct Watched {
    channel: Arc<dyn Channel>,
    busy: Arc<AtomicUsize>,
}

impl Channel for Watched {
    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> BoxFuture<'a, Delivery> {
        Box::pin(async move {
            self.busy.fetch_add(1, Ordering::SeqCst);
            let delivery = self.channel.send(outgoing).await;
            self.busy.fetch_sub(1, Ordering::SeqCst);
            delivery
        })
    }

    fn host_of(&self, address: &str) -> Option<Host> {
        self.channel.host_of(address)
    }

    fn pace(&self) -> Option<Pace> {
        self.channel.pace()
    }

    fn weight(&self, outgoing: &Outgoing) -> usize {
        self.channel.weight(outgoing)
    }
}

fn channels(server: &MockServer, busy: &Arc<AtomicUsize>) -> Channels {
    let url = format!("{}/robot/send?access_token=t", server.uri());
    let robot = DingTalk { url: Secret::new(&url), secret: Some(Secret::new(SECRET)) };
    let settings = firebell::notify::ChannelSettings {
        kind: KindSettings::Hook(HookSettings {
            service: Service::DingTalk(robot),
            allow_private: true,
            timeout: Duration::from_secs(30),
            pace: None,
        }),
        to: None,
        drills: false,
        at_most: None,
    };
    let id = ChannelId::new("robot");
    let built = Channels::build([(id.clone(), settings)]).unwrap();
    let Configured { channel, to, drills, at_most } = built.get(&id).unwrap().clone();
    let watched: Arc<dyn Channel> = Arc::new(Watched { channel, busy: Arc::clone(busy) });
    let mut channels = Channels::default();
    channels.insert(id, Configured { channel: watched, to, drills, at_most });
    channels
}

fn people() -> Directory {
    let team = |id: &str| Team {
        id: id.into(),
        title: id.into(),
        members: vec!["ann".into()],
        schedule: None,
    };
    Directory::new(People {
        people: vec![person("ann", &["robot"])],
        teams: vec![team("duty"), team("deputies")],
        channels: [ChannelId::new("robot")].into(),
        ..People::default()
    })
    .expect("the people fit together")
}

/// Lets everything happen that happens at this instant.
async fn settle(busy: &AtomicUsize) {
    let patience = tokio::time::Instant::now() + Duration::from_secs(60);
    let mut calm = 0;
    while calm < 200 {
        tokio::task::yield_now().await;
        calm = if busy.load(Ordering::SeqCst) == 0 { calm + 1 } else { 0 };
        assert!(tokio::time::Instant::now() < patience, "the channel does not come to rest");
    }
}

/// Returns the message that each notice of an incident says it went in.
fn went_in(stage: &Stage, id: IncidentId) -> Vec<(NoticeId, NoticeId)> {
    let delivered = |fact: Fact| match fact {
        Fact::NoticeEnded { notice, end: NoticeEnd::Delivered { within, .. }, .. } => {
            Some((notice, within.unwrap_or(notice)))
        }
        _ => None,
    };
    facts(stage, id).into_iter().filter_map(delivered).collect()
}

async fn storm(runtime: &Runtime) -> Vec<IncidentId> {
    let mut incidents = Vec::new();
    for _ in 0..STORM {
        incidents.push(declare(runtime, "page").await);
    }
    incidents
}

#[tokio::test]
async fn a_storm_of_500_notices_reaches_a_robot_within_its_limit_and_each_says_in_which_message() {
    let stage = Stage::new(&[("page.yaml", PAGE)]);
    let server = MockServer::start().await;
    let (taken, blocked) = (Arc::default(), Arc::default());
    let clock = Arc::clone(&stage.clock);
    let robot = Robot { clock, taken: Arc::clone(&taken), blocked: Arc::clone(&blocked) };
    Mock::given(method("POST")).and(path("/robot/send")).respond_with(robot).mount(&server).await;
    let busy = Arc::new(AtomicUsize::new(0));
    let runtime = stage.start_with(channels(&server, &busy), people(), false);

    let incidents = storm(&runtime).await;
    let begun = stage.clock.now();
    for _ in 0..90 {
        settle(&busy).await;
        stage.clock.advance(SignedDuration::from_secs(1));
    }
    settle(&busy).await;

    assert_eq!(*blocked.lock().unwrap(), None, "the robot was never sent too much");
    let taken = taken.lock().unwrap();
    assert!(taken.len() <= 36, "{} messages", taken.len());
    let took = taken.last().unwrap().0.duration_since(begun);
    assert!(took <= SignedDuration::from_secs(75), "the last left after {took}");
    // Nothing is lost: whoever reads the group knows of every incident …
    let all = taken.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n");
    let said = |n: usize| all.contains(&format!("#{n} Page"));
    let silent: Vec<usize> = (1..=STORM).filter(|n| !said(*n)).collect();
    assert!(silent.is_empty(), "nobody read of {silent:?} in:\n{all}");
    // … and every record says in which message.
    let records: Vec<_> = incidents.iter().flat_map(|id| went_in(&stage, *id)).collect();
    assert_eq!(records.len(), STORM);
    let messages: BTreeSet<NoticeId> = records.iter().map(|(_, message)| *message).collect();
    assert_eq!(messages.len(), taken.len());
}
