//! A runtime in one process: a store in memory, a clock moved by hand, channels that do as told.

use std::collections::VecDeque;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use firebell::clock::Clock;
use firebell::engine::{Event, Fact};
use firebell::id::{ChannelId, IncidentId};
use firebell::notify::{
    Channel, Channels, Client, ClientSettings, Configured, Delivery, Hosts, Outgoing,
};
use firebell::people::{Contact, Directory, Parts as People, Person, Team, Zone};
use firebell::runtime::{Outbound, Parts, RosterSettings, Runtime};
use firebell::signal::Monitor;
use firebell::store::{Memory, Store};
use firebell::text::Lang;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::sync::Notify;

/// A clock that stands still until it is moved.
pub struct HandClock {
    now: Mutex<Timestamp>,
    moved: Notify,
}

impl HandClock {
    pub fn at(text: &str) -> Arc<Self> {
        Arc::new(Self { now: Mutex::new(text.parse().unwrap()), moved: Notify::new() })
    }

    pub fn advance(&self, by: SignedDuration) {
        *self.now.lock().unwrap() += by;
        self.moved.notify_waiters();
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            loop {
                let moved = self.moved.notified();
                tokio::pin!(moved);
                moved.as_mut().enable();
                if self.now() >= at {
                    return;
                }
                moved.await;
            }
        })
    }
}

/// What a channel was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub channel: &'static str,
    pub address: String,
    pub subject: String,
    pub text: String,
    pub at: Timestamp,
}

/// A channel that answers what it is told to, and else takes everything.
pub struct Scripted {
    name: &'static str,
    answers: Mutex<VecDeque<Delivery>>,
    down: Mutex<Option<Delivery>>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Scripted {
    pub fn answer(&self, delivery: Delivery) {
        self.answers.lock().unwrap().push_back(delivery);
    }

    pub fn set_down(&self, delivery: Option<Delivery>) {
        *self.down.lock().unwrap() = delivery;
    }
}

impl Channel for Scripted {
    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> BoxFuture<'a, Delivery> {
        Box::pin(async move {
            self.sent.lock().unwrap().push(Sent {
                channel: self.name,
                address: outgoing.address().to_owned(),
                subject: outgoing.subject(),
                text: outgoing.text(),
                at: outgoing.at(),
            });
            let down = self.down.lock().unwrap().clone();
            let scripted = self.answers.lock().unwrap().pop_front();
            scripted.or(down).unwrap_or(Delivery::Delivered)
        })
    }
}

/// Everything around a runtime; outlives it, so that it can be started again.
pub struct Stage {
    pub clock: Arc<HandClock>,
    pub store: Arc<dyn Store>,
    pub mail: Arc<Scripted>,
    pub hook: Arc<Scripted>,
    pub sent: Arc<Mutex<Vec<Sent>>>,
    pub home: TempDir,
    /// What drills may ask outside.
    pub drill_hosts: Mutex<Hosts>,
}

impl Stage {
    pub fn new(playbooks: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("playbooks")).unwrap();
        std::fs::create_dir(home.path().join("drills")).unwrap();
        let sent: Arc<Mutex<Vec<Sent>>> = Arc::default();
        let scripted = |name| {
            let (answers, down) = (Mutex::default(), Mutex::default());
            Arc::new(Scripted { name, answers, down, sent: Arc::clone(&sent) })
        };
        let stage = Self {
            clock: HandClock::at("2026-11-21T03:00:00Z"),
            store: Arc::new(Memory::new()),
            mail: scripted("mail"),
            hook: scripted("hook"),
            sent: Arc::clone(&sent),
            home,
            drill_hosts: Mutex::default(),
        };
        for (name, text) in playbooks {
            stage.write(name, text);
        }
        stage
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path("playbooks").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn start(&self, safe_start: bool) -> Runtime {
        self.start_with(self.channels(), people(), safe_start)
    }

    /// As [`Stage::start`], with monitors.
    pub fn start_watching(&self, monitors: Vec<Monitor>) -> Runtime {
        self.start_whole((self.channels(), people()), monitors, RosterSettings::default(), false)
    }

    fn channels(&self) -> Channels {
        let mut channels = Channels::default();
        for channel in [&self.mail, &self.hook] {
            let id = ChannelId::new(channel.name);
            let channel: Arc<dyn Channel> = Arc::clone(channel) as _;
            channels.insert(id, Configured { channel, to: None, drills: true, at_most: None });
        }
        channels
    }

    /// As [`Stage::start`], with other ways out and other people.
    pub fn start_with(&self, channels: Channels, people: Directory, safe_start: bool) -> Runtime {
        self.start_whole((channels, people), Vec::new(), RosterSettings::default(), safe_start)
    }

    /// As [`Stage::start`], with other people and what the configuration says of their rosters.
    pub fn start_among(
        &self,
        people: Directory,
        rosters: RosterSettings,
        safe_start: bool,
    ) -> Runtime {
        self.start_whole((self.channels(), people), Vec::new(), rosters, safe_start)
    }

    fn start_whole(
        &self,
        (channels, people): (Channels, Directory),
        monitors: Vec<Monitor>,
        rosters: RosterSettings,
        safe_start: bool,
    ) -> Runtime {
        let client = Client::new(ClientSettings::new(true)).unwrap();
        let drill_hosts = self.drill_hosts.lock().unwrap().clone();
        Runtime::start(Parts {
            clock: Arc::clone(&self.clock) as _,
            store: Arc::clone(&self.store),
            directory: Arc::new(people),
            outbound: Outbound::new(channels, client, drill_hosts, Hosts::default()),
            playbooks: self.path("playbooks"),
            drills: self.path("drills"),
            drill_check: Arc::new(|_| Vec::new()),
            evidence: self.path("evidence"),
            base_url: Some("https://bell.example".into()),
            zone: Zone::named("Asia/Shanghai").unwrap(),
            lang: Lang::En,
            watchdog: None,
            archive_after: None,
            monitors,
            outages: firebell::drill::live::outages(&self.store).unwrap(),
            clocks: firebell::drill::live::clocks(&self.store).unwrap(),
            rosters,
            safe_start,
        })
    }

    pub fn clock_now(&self) -> Timestamp {
        Clock::now(&*self.clock)
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// Moves the clock and lets everything that is due come to rest.
    pub async fn pass(&self, runtime: &Runtime, time: SignedDuration) {
        self.clock.advance(time);
        rest(runtime).await;
    }
}

/// Waits until nothing is under way and nothing is due.
pub async fn rest(runtime: &Runtime) {
    let meters = runtime.meters();
    let at_work = || meters.in_flight.get() + meters.acting.get();
    let quiet = || at_work() == 0 && runtime.overdue(1).is_empty();
    let patience = tokio::time::Instant::now() + Duration::from_secs(20);
    let mut calm = 0;
    // Work moves between tasks, so one quiet look is not enough.
    while calm < 50 {
        tokio::task::yield_now().await;
        std::thread::yield_now();
        calm = if quiet() || runtime.is_held() { calm + 1 } else { 0 };
        assert!(tokio::time::Instant::now() < patience, "the runtime does not come to rest");
    }
}

/// The facts of an incident's journal, as they are stored.
pub fn facts(stage: &Stage, id: IncidentId) -> Vec<Fact> {
    events(stage, id).into_iter().map(|event| event.fact).collect()
}

/// Reads the journal of an incident.
pub fn events(stage: &Stage, id: IncidentId) -> Vec<Event> {
    let stream = stage.store.load(id).unwrap().expect("the incident is stored");
    let read = |bytes: &[u8]| firebell::engine::codec::decode(bytes).unwrap();
    stream.events().map(|(_, stored)| read(&stored.bytes)).collect()
}

pub fn person(id: &str, channels: &[&str]) -> Person {
    let contact = |channel: &&str| Contact {
        channel: ChannelId::new(channel),
        address: format!("{id}@{channel}.example"),
    };
    Person {
        id: id.into(),
        name: id.into(),
        lang: Lang::En,
        contacts: channels.iter().map(contact).collect(),
        drills: true,
        manner: firebell::people::Manner::default(),
    }
}

pub fn people() -> Directory {
    let team = |id: &str, members: &[&str]| Team {
        id: id.into(),
        title: id.into(),
        members: members.iter().map(|member| (*member).into()).collect(),
        schedule: None,
    };
    Directory::new(People {
        people: vec![
            person("ann", &["mail", "hook"]),
            person("bo", &["mail"]),
            person("cy", &["mail"]),
        ],
        teams: vec![
            team("duty", &["ann"]),
            team("deputies", &["bo"]),
            team("pool", &["ann", "bo", "cy"]),
        ],
        channels: ["mail", "hook"].map(ChannelId::new).into(),
        ..People::default()
    })
    .expect("the people fit together")
}
