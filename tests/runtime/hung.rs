//! A channel that never answers: it holds up nobody else, and what it was given goes on by another.

use std::sync::Arc;
use std::time::Duration;

use firebell::engine::{Fact, NoticeEnd};
use firebell::id::{ChannelId, IncidentId};
use firebell::notify::{Channel, Channels, Configured, Delivery, Outgoing};
use firebell::people::{Directory, Parts as People, Team};
use futures_util::future::BoxFuture;
use jiff::SignedDuration;

use crate::stage::{Stage, facts, person};
use crate::{PAGE, declare};

/// More than one channel carries at once.
const STUCK: usize = 80;
const QUICK: usize = 20;

/// Takes a message and never says a word.
struct Silent;

impl Channel for Silent {
    fn send<'a>(&'a self, _: &'a Outgoing) -> BoxFuture<'a, Delivery> {
        Box::pin(std::future::pending())
    }
}

fn people() -> Directory {
    let team = |id: &str, member: &str| Team {
        id: id.into(),
        title: id.into(),
        members: vec![member.into()],
        schedule: None,
    };
    Directory::new(People {
        people: vec![person("ann", &["hung", "mail"]), person("bob", &["mail"])],
        teams: vec![team("duty", "ann"), team("others", "bob"), team("deputies", "bob")],
        channels: ["hung", "mail"].map(ChannelId::new).into(),
        ..People::default()
    })
    .expect("the people fit together")
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let patience = tokio::time::Instant::now() + Duration::from_secs(30);
    while !holds() {
        tokio::task::yield_now().await;
        assert!(tokio::time::Instant::now() < patience, "{what} never came");
    }
}

fn why_delayed(stage: &Stage, id: IncidentId) -> Option<String> {
    facts(stage, id).into_iter().find_map(|fact| match fact {
        Fact::NoticeDelayed { why, .. } | Fact::NoticeRerouted { why, .. } => Some(why),
        _ => None,
    })
}

#[tokio::test]
async fn a_channel_that_never_answers_holds_up_no_other_and_its_pages_go_on_elsewhere() {
    let quick =
        PAGE.replace("playbook: page", "playbook: quick").replace("team: duty", "team: others");
    let stage = Stage::new(&[("page.yaml", PAGE), ("quick.yaml", &quick)]);
    let mut channels = Channels::default();
    let ways: [(&str, Arc<dyn Channel>); 2] =
        [("hung", Arc::new(Silent)), ("mail", Arc::clone(&stage.mail) as _)];
    for (id, channel) in ways {
        let configured = Configured { channel, to: None, drills: true, at_most: None };
        channels.insert(ChannelId::new(id), configured);
    }
    let runtime = stage.start_with(channels, people(), false);
    let begun = firebell::clock::Clock::now(&*stage.clock);
    let mut stuck = Vec::new();
    for _ in 0..STUCK {
        stuck.push(declare(&runtime, "page").await);
    }
    for _ in 0..QUICK {
        declare(&runtime, "quick").await;
    }
    until("a quick page", || stage.sent().len() == QUICK).await;
    assert!(stage.sent().iter().all(|sent| sent.at == begun), "no time passed for them");

    // Beyond the patience with one attempt, and with the channel.
    let before_next = |id: &IncidentId| {
        facts(&stage, *id).iter().any(|fact| {
            matches!(fact, Fact::NoticeEnded { end: NoticeEnd::Delivered { via, .. }, .. } if *via == "mail".into())
        })
    };
    for _ in 0..8 {
        stage.clock.advance(SignedDuration::from_mins(1));
        for _ in 0..2_000 {
            tokio::task::yield_now().await;
        }
    }
    until("the other way", || stuck.iter().all(before_next)).await;
    let why = why_delayed(&stage, stuck[0]).expect("the record says why");
    assert!(why == "timed_out" || why == "not delivered in time", "{why}");
    let delayed = runtime.meters().delayed.get() + runtime.meters().refused.get();
    assert!(delayed > 0, "and so do the meters");
}
