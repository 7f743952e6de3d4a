//! The whole server in one process: real router, real runtime, a store in memory, and a clock that
//! stands still until a test moves it.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use firebell::clock::Clock;
use firebell::config::{Bodies, Grants, IngestSource};
use firebell::drill::live::Drills;
use firebell::id::{ChannelId, PersonId, ScheduleId, TeamId};
use firebell::ingest::Policy;
use firebell::learn::Learning;
use firebell::learn::cadence::Cadence;
use firebell::notify::{self, Channels, Hosts};
use firebell::people::{
    Contact, Directory, Duty, Layer, Parts as People, Person, Rotation, Schedule, Team, Zone,
};
use firebell::runtime::{self, Outbound, Runtime, Scope};
use firebell::server::{App, Grant, Owner, Parts, Tls, Tokens, router};
use firebell::signal::Monitor;
use firebell::store::{Memory, Store};
use firebell::telemetry::Metrics;
use firebell::text::Lang;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;
use smol_str::SmolStr;
use tokio::sync::watch;
use tower::ServiceExt as _;

/// When every test begins.
pub const START: &str = "2026-11-21T08:00:00Z";

/// Where people reach the server.
pub const BASE: &str = "https://bell.example.test";

/// The number that `out` has.
pub const NUMBER: &str = "+8613800000000";

/// What the service of short messages signs with.
pub const TOKEN: &str = "0123456789abcdef";

/// A clock that a test moves.
pub struct TestClock {
    micros: AtomicI64,
    moved: watch::Sender<()>,
}

impl TestClock {
    fn new(start: &str) -> Arc<Self> {
        let start: Timestamp = start.parse().expect("an instant");
        let (moved, _) = watch::channel(());
        Arc::new(Self { micros: AtomicI64::new(start.as_microsecond()), moved })
    }

    /// Moves the clock on.
    pub fn advance(&self, by: SignedDuration) {
        self.micros.fetch_add(i64::try_from(by.as_micros()).expect("short"), Ordering::SeqCst);
        self.moved.send_replace(());
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.micros.load(Ordering::SeqCst)).expect("in range")
    }

    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut moved = self.moved.subscribe();
        Box::pin(async move {
            while self.now() < at {
                if moved.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        })
    }
}

/// What a server hears of trouble by.
#[derive(Default)]
struct Heard {
    ingest: BTreeMap<SmolStr, IngestSource>,
    alerts: Policy,
    monitors: Vec<Monitor>,
    tls: Option<Tls>,
    rosters: runtime::RosterSettings,
}

/// Where the plans of the tests are.
fn plans() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A server under test.
pub struct TestApp {
    pub app: App,
    pub router: Router,
    pub clock: Arc<TestClock>,
    pub store: Arc<dyn Store>,
    folder: tempfile::TempDir,
}

/// The people: `chief` and `ada` run things, `desk1` and `desk2` answer telephones, `out` belongs
/// to no team and has a telephone, too.
fn people() -> People {
    let person = |id: &str, lang| Person {
        id: PersonId::new(id),
        name: id.into(),
        lang,
        contacts: vec![Contact { channel: "mail".into(), address: format!("{id}@example.test") }],
        drills: true,
        manner: firebell::people::Manner::default(),
    };
    let team = |id: &str, members: &[&str]| Team {
        id: TeamId::new(id),
        title: id.into(),
        members: members.iter().copied().map(PersonId::new).collect(),
        schedule: None,
    };
    let mut out = person("out", Lang::En);
    out.contacts.push(Contact { channel: "sms".into(), address: NUMBER.to_owned() });
    People {
        people: vec![
            person("chief", Lang::Zh),
            person("ada", Lang::En),
            person("desk1", Lang::En),
            person("desk2", Lang::En),
            out,
        ],
        teams: vec![
            team("lead", &["chief", "ada"]),
            team("desk", &["desk1", "desk2"]),
            team("owners", &["ada"]),
        ],
        schedules: vec![days()],
        ladders: Vec::new(),
        partners: Vec::new(),
        channels: ["mail", "sms", "group"].map(ChannelId::new).into(),
        last_resort: Vec::new(),
    }
}

/// The same people where the desk takes turns.
fn taking_turns() -> Directory {
    let mut people = people();
    let mut turns = days();
    turns.id = ScheduleId::new("turns");
    turns.title = "turns".into();
    let layer = &mut turns.layers[0];
    layer.rotation = Rotation::daily(jiff::civil::time(18, 0, 0, 0));
    layer.start = jiff::civil::date(2026, 1, 1).at(18, 0, 0, 0);
    layer.turns = ["desk1", "desk2"].map(|id| Duty::alone(PersonId::new(id))).into();
    people.teams[0].schedule = Some(turns.id.clone());
    people.schedules.push(turns);
    Directory::new(people).expect("a directory without faults")
}

/// When and among whom a server is started.
struct World {
    clock: Arc<TestClock>,
    people: Directory,
}

/// `desk1` answers every day.
fn days() -> Schedule {
    let layer = Layer {
        rotation: Rotation::daily(jiff::civil::Time::midnight()),
        start: jiff::civil::date(2026, 1, 1).at(0, 0, 0, 0),
        turns: vec![Duty::alone(PersonId::new("desk1"))],
        windows: Vec::new(),
    };
    Schedule {
        id: ScheduleId::new("days"),
        title: "days".into(),
        zone: Zone::utc(),
        layers: vec![layer],
        shifts: None,
        overrides: Vec::new(),
    }
}

fn outbound(folder: &std::path::Path) -> Outbound {
    notify::install_tls_provider();
    let mail = notify::ChannelSettings {
        kind: notify::KindSettings::Eml(notify::EmlSettings {
            directory: folder.join("outbox"),
            from: "firebell@example.test".to_owned(),
        }),
        to: None,
        drills: true,
        at_most: None,
    };
    // Nobody listens there: what is said back is what is tested.
    let account = notify::Account {
        server: "http://127.0.0.1:1".to_owned(),
        sid: "AC1".to_owned(),
        token: notify::Secret::new(TOKEN),
        from: "+15550000".to_owned(),
    };
    let sms = notify::ChannelSettings {
        kind: notify::KindSettings::Hook(notify::HookSettings {
            service: notify::Service::TwilioSms(notify::TwilioSms(account)),
            allow_private: true,
            timeout: std::time::Duration::from_secs(1),
            pace: None,
        }),
        to: None,
        drills: false,
        at_most: None,
    };
    let group = notify::ChannelSettings {
        kind: notify::KindSettings::Hook(notify::HookSettings {
            service: notify::Service::WeCom(notify::WeCom {
                url: notify::Secret::new("http://127.0.0.1:1/robot"),
            }),
            allow_private: true,
            timeout: std::time::Duration::from_secs(1),
            pace: None,
        }),
        to: Some(String::new()),
        drills: false,
        at_most: None,
    };
    let ways = [("mail", mail), ("sms", sms), ("group", group)];
    let ways = ways.map(|(name, way)| (ChannelId::new(name), way));
    let channels = Channels::build(ways).expect("all are whole");
    let http = notify::Client::new(notify::ClientSettings::new(true)).expect("a client");
    let none = || Hosts::new(std::iter::empty::<(&str, Option<u16>)>());
    Outbound::new(channels, http, none(), none())
}

/// Reads `alerts` from a file, where there is one.
fn reread(file: PathBuf, alerts: Policy) -> firebell::server::Reread {
    Arc::new(move || {
        if !file.exists() {
            return Ok(alerts.clone());
        }
        let flags = firebell::config::Flags { config: Some(file.clone()), ..Default::default() };
        let now = START.parse().expect("an instant");
        firebell::config::load(&flags, &BTreeMap::new(), now).map(|loaded| loaded.config.alerts)
    })
}

impl TestApp {
    /// Starts a server with the plans in `tests/http/plans`.
    pub fn start() -> Self {
        Self::start_on(Arc::new(Memory::new()))
    }

    /// Starts a server on a store that may hold something already.
    pub fn start_on(store: Arc<dyn Store>) -> Self {
        Self::start_with(store, Grants::default())
    }

    /// Starts a server whose configuration says who may be given a token for what.
    pub fn start_with(store: Arc<dyn Store>, grants: Grants) -> Self {
        Self::start_in(store, grants, Heard::default(), &plans())
    }

    /// Starts a server that tools may send alerts to.
    pub fn start_from(
        store: Arc<dyn Store>,
        ingest: BTreeMap<SmolStr, IngestSource>,
        alerts: Policy,
    ) -> Self {
        let heard = Heard { ingest, alerts, ..Heard::default() };
        Self::start_in(store, Grants::default(), heard, &plans())
    }

    /// Starts a server that has lost its plans.
    pub fn start_without_plans(
        store: Arc<dyn Store>,
        ingest: BTreeMap<SmolStr, IngestSource>,
    ) -> Self {
        Self::start_with_plan(store, ingest, "")
    }

    /// Starts a server that has one plan, or none where its text is empty.
    pub fn start_with_plan(
        store: Arc<dyn Store>,
        ingest: BTreeMap<SmolStr, IngestSource>,
        plan: &str,
    ) -> Self {
        let root = tempfile::tempdir().expect("a folder");
        if !plan.is_empty() {
            let folder = root.path().join("tests/http/plans");
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(folder.join("plan.yaml"), plan).expect("a file");
        }
        let heard = Heard { ingest, ..Heard::default() };
        Self::start_in(store, Grants::default(), heard, root.path())
    }

    /// Starts a server that shows a certificate.
    pub fn start_with_tls(tls: Tls, ingest: BTreeMap<SmolStr, IngestSource>) -> Self {
        let heard = Heard { ingest, tls: Some(tls), ..Heard::default() };
        Self::start_in(Arc::new(Memory::new()), Grants::default(), heard, &plans())
    }

    /// Starts a server whose monitors watch signals.
    pub fn start_watching(store: Arc<dyn Store>, monitors: Vec<Monitor>) -> Self {
        let heard = Heard { monitors, ..Heard::default() };
        Self::start_in(store, Grants::default(), heard, &plans())
    }

    /// Starts a server that sends nobody more than so many messages in ten minutes, where `out` is
    /// known to a group, too.
    pub fn start_sparing(store: Arc<dyn Store>, at_most: u16) -> Self {
        let mut people = people();
        for person in &mut people.people {
            person.manner.at_most = Some(at_most);
        }
        let contact = Contact { channel: "group".into(), address: "out-in-the-group".into() };
        people.people[4].contacts.push(contact);
        let people = Directory::new(people).expect("a directory without faults");
        let world = World { clock: TestClock::new(START), people };
        Self::start_as(store, Grants::default(), Heard::default(), &plans(), world)
    }

    /// Starts a server whose rosters the configuration says more of.
    pub fn start_with_rosters(rosters: runtime::RosterSettings) -> Self {
        let heard = Heard { rosters, ..Heard::default() };
        Self::start_in(Arc::new(Memory::new()), Grants::default(), heard, &plans())
    }

    /// Starts a server at an instant with a second schedule: `desk1` and `desk2` take turns on
    /// `turns`, from 18:00 to 18:00, and lead what `lead` leads.
    pub fn start_taking_turns(store: Arc<dyn Store>, at: &str) -> Self {
        let world = World { clock: TestClock::new(at), people: taking_turns() };
        Self::start_as(store, Grants::default(), Heard::default(), &plans(), world)
    }

    fn start_in(
        store: Arc<dyn Store>,
        grants: Grants,
        heard: Heard,
        root: &std::path::Path,
    ) -> Self {
        let people = Directory::new(people()).expect("a directory without faults");
        let world = World { clock: TestClock::new(START), people };
        Self::start_as(store, grants, heard, root, world)
    }

    fn start_as(
        store: Arc<dyn Store>,
        grants: Grants,
        heard: Heard,
        root: &std::path::Path,
        World { clock, people }: World,
    ) -> Self {
        let Heard { ingest, alerts, monitors, tls, rosters } = heard;
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = Runtime::start(runtime::Parts {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            store: Arc::clone(&store),
            directory: Arc::new(people),
            outbound: outbound(folder.path()),
            playbooks: root.join("tests/http/plans"),
            drills: root.join("tests/http/drills"),
            drill_check: Arc::new(firebell::drill::book::Book::check),
            evidence: folder.path().join("evidence"),
            base_url: Some(BASE.to_owned()),
            zone: Zone::utc(),
            lang: Lang::En,
            watchdog: None,
            archive_after: None,
            monitors,
            outages: Vec::new(),
            clocks: Vec::new(),
            rosters,
            safe_start: false,
        });
        let tokens = Tokens::open(Arc::clone(&store)).expect("no damage");
        let metrics = Arc::new(Metrics::new());
        let drills = Drills::start(runtime.clone());
        let learning =
            Learning::start(runtime.clone(), drills.clone(), Cadence(BTreeMap::default()));
        let bodies = Bodies::default();
        let reread = reread(folder.path().join("firebell.yaml"), alerts.clone());
        let app = App::new(Parts {
            runtime,
            drills,
            learning,
            tokens,
            grants,
            ingest,
            bodies,
            tls,
            alerts,
            reread,
            metrics,
        });
        Self { router: router(app.clone()), app, clock, store, folder }
    }

    /// Returns where the server keeps its files.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Makes a client with a token of a person.
    pub async fn person(&self, id: &str, scope: Scope) -> Client {
        self.client(Owner::Person(PersonId::new(id)), scope).await
    }

    /// Makes a client with a token of a program.
    pub async fn service(&self, name: &str, scope: Scope) -> Client {
        self.client(Owner::Service(name.into()), scope).await
    }

    async fn client(&self, owner: Owner, scope: Scope) -> Client {
        let grant = Grant { owner, scope, label: None, expires_at: None };
        let (_, secret) = self.app.tokens().mint(grant, self.clock.now()).await.expect("a token");
        Client { router: self.router.clone(), token: Some(secret.reveal().to_owned()) }
    }

    /// Makes a client without a token.
    pub fn anonymous(&self) -> Client {
        Client { router: self.router.clone(), token: None }
    }
}

/// Someone who calls.
#[derive(Clone)]
pub struct Client {
    router: Router,
    pub token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Reply {
    /// Reads the body as JSON.
    #[track_caller]
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| {
            panic!("{} no JSON ({error}): {}", self.status, self.text());
        })
    }

    /// Reads the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Demands a status and returns the body.
    #[track_caller]
    pub fn ok(self, status: u16) -> Json {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self.json()
    }

    /// Demands a file.
    #[track_caller]
    pub fn ok_bytes(self, bytes: &[u8]) {
        assert_eq!((self.status.as_u16(), self.bytes.as_slice()), (200, bytes));
    }

    /// Demands a problem of that status and code, well formed, and returns it.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Json {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let problem = self.ok(status);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(problem["type"], format!("urn:firebell:problem:{code}"), "{problem}");
        for member in ["title", "detail", "instance"] {
            let said = problem[member].as_str().unwrap_or_default();
            assert!(!said.is_empty(), "{member}: {problem}");
        }
        problem
    }

    /// Returns a header, empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A request being put together.
pub struct Call {
    client: Client,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Body,
}

impl Call {
    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds bytes.
    pub fn bytes(mut self, bytes: impl Into<Body>) -> Self {
        self.body = bytes.into();
        self
    }

    /// Adds a JSON body.
    pub fn json(self, body: &Json) -> Self {
        self.header("content-type", "application/json").bytes(body.to_string())
    }

    /// Sends it and reads the answer's head.
    pub async fn begin(self) -> axum::response::Response {
        let mut request = Request::builder().method(self.method).uri(self.path);
        if let Some(token) = &self.client.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request = request.body(self.body).expect("a request");
        self.client.router.oneshot(request).await.expect("the router never fails")
    }

    /// Sends it and reads the whole answer.
    pub async fn send(self) -> Reply {
        let response = self.begin().await;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a body").to_vec();
        Reply { status: parts.status, headers: parts.headers, bytes }
    }
}

impl Client {
    /// Begins a request.
    pub fn call(&self, method: Method, path: &str) -> Call {
        Call {
            client: self.clone(),
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: Body::empty(),
        }
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path).send().await
    }

    /// Changes.
    pub async fn post(&self, path: &str, body: Json) -> Reply {
        self.call(Method::POST, path).json(&body).send().await
    }

    /// Looks at an incident once nothing of it is on its way any more: what channels answer is
    /// committed at its own pace and moves the version.
    pub async fn quiet(&self, path: &str) -> Reply {
        loop {
            let reply = self.get(path).await;
            if reply.json()["pending_notices"] == 0 {
                return reply;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Declares an incident and returns the path of it.
    pub async fn declare(&self, playbook: &str) -> String {
        let body = serde_json::json!({ "playbook": playbook });
        let incident = self.post("/api/v1/incidents", body).await.ok(201);
        format!("/api/v1/incidents/{}", incident["id"].as_str().expect("an id"))
    }
}

/// Finds a step in an incident.
#[track_caller]
pub fn step<'j>(incident: &'j Json, id: &str) -> &'j Json {
    let steps = incident["steps"].as_array().expect("steps");
    steps.iter().find(|step| step["id"] == id).unwrap_or_else(|| panic!("{id}: {incident}"))
}
