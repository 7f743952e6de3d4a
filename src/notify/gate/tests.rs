//! Every run, every act, every recipient, allowed and not: the whole table.

use super::*;
use crate::people::{Contact, Parts, Person};
use crate::playbook::Audience;

impl Pass {
    /// Makes passes for tests of channels, which the gate is not part of.
    pub(in crate::notify) const fn for_test(drill: bool) -> Self {
        Self::new(if drill { Mark::Drill } else { Mark::None })
    }
}

const RUNS: [Run; 4] = [Run::Live, Run::Drill, Run::Shadow, Run::Simulation];

fn directory() -> Directory {
    let person = |id: &str, drills| Person {
        id: id.into(),
        name: id.into(),
        lang: Lang::Zh,
        contacts: vec![Contact { channel: "mail".into(), address: "a@b.example".into() }],
        drills,
        manner: crate::people::Manner::default(),
    };
    Directory::new(Parts {
        people: vec![person("drilled", true), person("spared", false)],
        channels: ["mail".into()].into(),
        ..Parts::default()
    })
    .unwrap()
}

/// Every kind of recipient with what bars a drill from it, whatever else is allowed.
fn recipients() -> Vec<(Recipient, Option<WhyCode>)> {
    let audience = Recipient::Audience;
    vec![
        (Recipient::Person("drilled".into()), None),
        (Recipient::Person("spared".into()), Some(WhyCode::DrillPerson)),
        (Recipient::Person("unknown".into()), Some(WhyCode::DrillPerson)),
        (audience(Audience::Customers), Some(WhyCode::DrillAudience)),
        (audience(Audience::Regulators), Some(WhyCode::DrillAudience)),
        (audience(Audience::Partner("cloud".into())), Some(WhyCode::DrillAudience)),
        (audience(Audience::Channel("mail".into())), None),
        (audience(Audience::Role("commander".into())), None),
        (audience(Audience::Team("service".into())), None),
    ]
}

/// What an installation allows that opens nothing, at the beginning of time.
fn allowed<'a>(directory: &'a Directory, hosts: &'a Hosts) -> Allowed<'a> {
    let now = Timestamp::UNIX_EPOCH;
    Allowed { directory, drill_hosts: hosts, http_hosts: hosts, outages: &[], now }
}

fn host() -> Host {
    Host::of(&reqwest::Url::parse("https://ops.example/").unwrap()).unwrap()
}

/// What the gate must answer, told apart from how it finds out.
fn wanted_notice(
    run: Run,
    barred: Option<WhyCode>,
    channel_open: bool,
    host_open: Option<bool>,
) -> Result<bool, WhyCode> {
    match run {
        Run::Simulation => Err(WhyCode::Simulation),
        Run::Shadow => Err(WhyCode::Shadow),
        Run::Live => Ok(false),
        Run::Drill => match (barred, channel_open, host_open) {
            (Some(why), _, _) => Err(why),
            (None, false, _) => Err(WhyCode::DrillChannel),
            (None, true, Some(false)) => Err(WhyCode::DrillHost),
            (None, true, Some(true) | None) => Ok(true),
        },
    }
}

/// Turns a verdict on a notice into "sent, marked as a drill" or the reason it is held back.
fn outcome(verdict: Verdict) -> Result<bool, WhyCode> {
    match verdict {
        Verdict::Send(pass) => Ok(pass.is_drill()),
        Verdict::HoldBack(why) => Err(why.code),
        Verdict::Refuse(why) => panic!("a notice is never refused: {why}"),
    }
}

#[test]
fn notices_pass_as_the_table_says() {
    let directory = directory();
    let (channel, host) = (ChannelId::new("mail"), host());
    let (none, some) = (Hosts::default(), Hosts::new([("ops.example", None)]));
    let mut rows = 0;
    for run in RUNS {
        for (to, barred) in recipients() {
            for drills in [false, true] {
                for host_open in [None, Some(false), Some(true)] {
                    let drill_hosts = if host_open == Some(true) { &some } else { &none };
                    // Hosts of plans say nothing about notices.
                    let allowed = Allowed { drill_hosts, ..allowed(&directory, &none) };
                    let host = host_open.map(|_| &host);
                    let act = Act::Notice { to: &to, channel: &channel, drills, host };
                    let wanted = wanted_notice(run, barred, drills, host_open);
                    let row = format!("{run:?} {to:?} {drills} {host_open:?}");
                    assert_eq!(outcome(pass(run, act, allowed)), wanted, "{row}");
                    rows += 1;
                }
            }
        }
    }
    assert_eq!(rows, 4 * 9 * 2 * 3);
}

#[test]
fn requests_pass_as_the_table_says() {
    let directory = directory();
    let (none, some) = (Hosts::default(), Hosts::new([("ops.example", None)]));
    let host = host();
    for run in RUNS {
        for on_http in [false, true] {
            for on_drill in [false, true] {
                let allowed = Allowed {
                    drill_hosts: if on_drill { &some } else { &none },
                    http_hosts: if on_http { &some } else { &none },
                    ..allowed(&directory, &none)
                };
                let verdict = pass(run, Act::Request { host: &host }, allowed);
                let wanted = match run {
                    Run::Live if on_http => Verdict::Send(Pass::new(Mark::None)),
                    Run::Live => {
                        Verdict::Refuse(Why::with(WhyCode::HostNotAllowed, "ops.example:443"))
                    }
                    Run::Drill if on_drill => Verdict::Send(Pass::new(Mark::Drill)),
                    Run::Drill => {
                        Verdict::HoldBack(Why::with(WhyCode::DrillHost, "ops.example:443"))
                    }
                    Run::Simulation => Verdict::HoldBack(Why::new(WhyCode::Simulation)),
                    Run::Shadow => Verdict::HoldBack(Why::new(WhyCode::Shadow)),
                };
                assert_eq!(verdict, wanted, "{run:?} {on_http} {on_drill}");
            }
        }
    }
}

#[test]
fn a_drill_s_pass_marks_what_it_lets_out_in_either_language() {
    let drill = Pass::new(Mark::Drill);
    assert_eq!((drill.prefix(Lang::Zh), drill.prefix(Lang::En)), ("【演练】", "[DRILL] "));
    let live = Pass::new(Mark::None);
    assert_eq!((live.prefix(Lang::Zh), live.prefix(Lang::En)), ("", ""));
}

#[test]
fn what_a_drill_takes_away_is_missing_for_its_own_messages_and_for_a_while() {
    let (directory, none) = (directory(), Hosts::default());
    let at = |seconds| Timestamp::from_second(seconds).unwrap();
    let outage = |missing| Outage { missing, until: at(60) };
    let mail_down = [outage(Missing::Channel("mail".into()))];
    let away = [outage(Missing::Person("drilled".into()))];
    let person = Recipient::Person("drilled".into());
    let customers = Recipient::Audience(Audience::Customers);
    let channel = ChannelId::new("mail");
    let ask = |mode, to, outages, now| {
        let act = Act::Notice { to, channel: &channel, drills: true, host: None };
        pass(mode, act, Allowed { outages, now, ..allowed(&directory, &none) })
    };
    let drill = Mode::Drill;
    let sent = Verdict::Send(Pass::new(Mark::Drill));
    let down = Verdict::Refuse(Why::with(WhyCode::DrillChannelDown, "mail"));
    let absent = Verdict::HoldBack(Why::new(WhyCode::DrillAbsent));
    assert_eq!(ask(drill, &person, &mail_down, at(59)), down);
    assert_eq!(ask(drill, &person, &mail_down, at(60)), sent);
    assert_eq!(ask(drill, &person, &away, at(59)), absent);
    assert_eq!(ask(drill, &person, &away, at(60)), sent);
    let all_down = [outage(Missing::EveryChannel)];
    assert_eq!(ask(drill, &person, &all_down, at(59)), down);
    assert_eq!(ask(drill, &person, &all_down, at(60)), sent);
    let late =
        |channel: Option<&str>| Missing::Haste { channel: channel.map(Into::into), seconds: 90 };
    let gate = |mode, outages: &[Outage]| {
        let act = Act::Notice { to: &person, channel: &channel, drills: true, host: None };
        pass(mode, act, Allowed { outages, now: at(1), ..allowed(&directory, &none) })
    };
    let faulty = |missing, mode| match gate(mode, &[outage(missing)]) {
        Verdict::Send(pass) => (pass.late_by().map(|by| by.as_secs()), pass.again().is_some()),
        other => panic!("{other:?}"),
    };
    assert_eq!(faulty(late(None), drill), (Some(90), false));
    assert_eq!(faulty(late(Some("mail")), drill), (Some(90), false));
    assert_eq!(faulty(late(Some("sms")), drill), (None, false));
    assert_eq!(faulty(Missing::Once { channel: None }, drill), (None, true));
    assert_eq!(faulty(Missing::Once { channel: Some("sms".into()) }, drill), (None, false));
    assert_eq!(faulty(Missing::Once { channel: None }, Mode::Live), (None, false));
    let barred = Verdict::HoldBack(Why::new(WhyCode::DrillAudience));
    assert_eq!(ask(drill, &customers, &mail_down, at(0)), barred);
    let live = Verdict::Send(Pass::new(Mark::None));
    assert_eq!(ask(Mode::Live, &person, &mail_down, at(0)), live);
}

#[test]
fn a_shadow_lets_nothing_begin_either() {
    let (directory, none) = (directory(), Hosts::default());
    let begin = |run: Run| pass(run, Act::Child, allowed(&directory, &none));
    let sent = |mark| Verdict::Send(Pass::new(mark));
    assert_eq!(begin(Run::Live), sent(Mark::None));
    assert_eq!(begin(Run::Drill), sent(Mark::Drill));
    assert_eq!(begin(Run::Shadow), Verdict::HoldBack(Why::new(WhyCode::Shadow)));
    assert_eq!(begin(Run::Simulation), Verdict::HoldBack(Why::new(WhyCode::Simulation)));
}
