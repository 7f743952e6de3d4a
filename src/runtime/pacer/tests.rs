//! A storm before a robot, under a clock that jumps to whatever is waited for.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::future::{BoxFuture, join_all};
use jiff::SignedDuration;

use super::*;
use crate::engine::Mode;
use crate::notify::gate::{self, Act, Allowed, Verdict};
use crate::notify::{Destination, Hosts, RENDERED_FORMAT, Rendered};
use crate::people::Directory;
use crate::text::Lang;

/// A clock that is set forward by whoever waits; what lies beyond its end never comes.
struct Jumping {
    now: Mutex<Timestamp>,
    end: Timestamp,
}

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            if at > self.end {
                std::future::pending::<()>().await;
            }
            let mut now = self.now.lock().unwrap();
            *now = at.max(*now);
        })
    }
}

/// A robot that takes twenty in any minute and blocks whoever sends more.
struct Robot {
    clock: Arc<Jumping>,
    taken: Mutex<Vec<(Timestamp, String)>>,
}

impl Channel for Robot {
    fn send<'a>(&'a self, outgoing: &'a Outgoing) -> BoxFuture<'a, Delivery> {
        Box::pin(async move {
            let now = self.clock.now();
            let mut taken = self.taken.lock().unwrap();
            let minute = SignedDuration::from_mins(1);
            let recent = taken.iter().filter(|(at, _)| now.duration_since(*at) < minute);
            assert!(recent.count() < 20, "blocked for ten minutes");
            taken.push((now, outgoing.text()));
            Delivery::Delivered
        })
    }
}

fn message(n: u64) -> Outgoing {
    let now = Timestamp::UNIX_EPOCH;
    let (directory, none) = (Directory::built_in_over(&"robot".into()), Hosts::default());
    let allowed =
        Allowed { directory: &directory, drill_hosts: &none, http_hosts: &none, outages: &[], now };
    let Verdict::Send(pass) = gate::pass(Mode::Live, Act::Child, allowed) else { panic!() };
    let words = Rendered {
        format: RENDERED_FORMAT,
        notice: NoticeId::from_u128(u128::from(n)),
        at: now,
        purpose: "step_ready".into(),
        lang: Lang::Zh,
        mode: Mode::Live,
        incident: None,
        role: None,
        step: None,
        outside: false,
        subject: "#42".into(),
        headline: format!("请处理：步骤 {n}"),
        text: String::new(),
        links: Vec::new(),
        answer: None,
        sms: None,
    };
    let to = Destination { address: String::new(), shared: true };
    Outgoing::new(pass, to, words, now)
}

fn stage() -> (Arc<Jumping>, Arc<Robot>, Arc<Pacer>) {
    let end = Timestamp::from_second(3_600).unwrap();
    let clock = Arc::new(Jumping { now: Mutex::new(Timestamp::UNIX_EPOCH), end });
    let robot = Arc::new(Robot { clock: Arc::clone(&clock), taken: Mutex::default() });
    let pace = Pace { most: 18, within: SignedDuration::from_mins(1) };
    let pacer = Pacer::new(pace, Arc::clone(&robot) as Arc<dyn Channel>);
    (clock, robot, pacer)
}

#[tokio::test]
async fn a_storm_of_500_reaches_a_robot_as_a_few_messages_and_is_never_blocked() {
    let (clock, robot, pacer) = stage();
    let clock: Arc<dyn Clock> = clock;
    let late = Timestamp::MAX;
    let each = (0..500).map(|n| pacer.deliver(&clock, message(n), late));
    let answers = join_all(each).await;
    assert!(answers.iter().all(|answer| answer.delivery == Delivery::Delivered));
    let taken = robot.taken.lock().unwrap();
    let digests: BTreeSet<NoticeId> = answers.iter().filter_map(|answer| answer.within).collect();
    let alone = answers.iter().filter(|answer| answer.within.is_none()).count();
    assert_eq!(digests.len() + alone, taken.len(), "each says in which message it went");
    assert!(taken.len() <= 36, "{} messages", taken.len());
    assert!(taken.last().unwrap().0 <= Timestamp::from_second(61).unwrap());
}

#[tokio::test]
async fn one_message_leaves_at_once_and_the_queue_works_again_after_a_rest() {
    let (clock, robot, pacer) = stage();
    let clock: Arc<dyn Clock> = clock;
    for n in 0..3 {
        let answer = pacer.deliver(&clock, message(n), Timestamp::MAX).await;
        assert_eq!(answer, Carried::alone(Delivery::Delivered));
    }
    let taken = robot.taken.lock().unwrap();
    assert_eq!(taken.len(), 3);
    assert!(taken.iter().all(|(at, _)| *at == Timestamp::UNIX_EPOCH));
}

#[tokio::test]
async fn what_has_no_time_left_is_given_to_the_next_channel() {
    let (clock, _, pacer) = stage();
    pacer.with(|queue| queue.sent = vec![Timestamp::UNIX_EPOCH; 18]);
    let clock: Arc<dyn Clock> = clock;
    let soon = Timestamp::from_second(5).unwrap();
    let carried = pacer.deliver(&clock, message(1), soon).await;
    let Delivery::Refused { why } = carried.delivery else { panic!() };
    assert_eq!(why.code, WhyCode::TooLate);
    assert!(pacer.with(|queue| queue.waiting.is_empty()));
}
