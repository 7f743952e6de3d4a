//! The configuration as a whole: a full file, a broken one, and none. Knows only the public face.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::*;
use crate::id::{ChannelId, ScheduleId};
use crate::people::{OPERATOR, Rotation, Target};
use crate::playbook::diagnostic::Rendering;
use crate::text::Lang;

mod answered;
mod channels;
mod coverage;
mod precedence;
mod rules;

const KEY: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

fn environment() -> BTreeMap<String, String> {
    [("SMTP_PASSWORD", "s3cret"), ("ROBOT_KEY", KEY), ("HOOK_KEY", "whsec_dG9vIHNob3J0")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

fn read_with(
    yaml: &str,
    env: &BTreeMap<String, String>,
    flags: &Flags,
) -> Result<Loaded, Findings> {
    let secret_file = |path: &Path| match path.to_str() {
        Some("/etc/firebell/keys/status") => Ok(format!("{KEY}\n")),
        Some("/etc/firebell/keys/status-ingest") => Ok("0123456789abcdef\n".to_owned()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let calendar_file = |path: &Path| match path.to_str() {
        Some("/etc/firebell/duty.ics") => Ok(include_bytes!("tests/duty.ics").to_vec()),
        Some("/etc/firebell/firebell.yaml") => Ok(b"listen: x".to_vec()),
        Some("/etc/firebell/latin.ics") => Ok(b"BEGIN:VCALENDAR\r\n\xff".to_vec()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    read(&Inputs {
        file: Some(("firebell.yaml", yaml.as_bytes())),
        dir: Path::new("/etc/firebell"),
        env,
        flags,
        secret_file: &secret_file,
        calendar_file: &calendar_file,
        now: "2026-11-21T08:00:00Z".parse().expect("an instant"),
    })
}

fn loaded(yaml: &str) -> Loaded {
    read_with(yaml, &environment(), &Flags::default())
        .unwrap_or_else(|found| panic!("{}", found.render(Rendering::plain(Lang::En))))
}

fn refused(yaml: &str) -> Findings {
    match read_with(yaml, &environment(), &Flags::default()) {
        Ok(loaded) => panic!("must be refused: {:?}", loaded.config),
        Err(findings) => findings,
    }
}

#[test]
fn a_full_configuration_is_read_without_findings() {
    let loaded = loaded(include_str!("tests/full.yaml"));
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings.render(Rendering::plain(Lang::En)));
    let config = loaded.config;
    assert_eq!(config.listen.to_string(), "0.0.0.0:8080");
    assert_eq!(config.public_url.as_deref(), Some("https://bell.shop.example"));
    assert_eq!(config.data, Path::new("/var/lib/firebell"));
    assert_eq!(config.timezone.as_ref().map(crate::people::Zone::name), Some("Asia/Shanghai"));
    assert_eq!(config.playbooks, Path::new("/etc/firebell/plans"));
    assert_eq!(config.drills.dir, Path::new("/etc/firebell/exercises"));
    let per_year: Vec<_> = config.drills.per_year.iter().map(|(r, n)| (r.as_str(), *n)).collect();
    let expected =
        [("data-leak", 1), ("mass-complaint", 2), ("network-attack", 2), ("system-failure", 4)];
    assert_eq!(per_year, expected);
    assert_eq!(config.store, Store { kind: StoreKind::Sled, cache_bytes: 128 << 20 });
    assert_eq!(config.retention.archive_after.map(|d| d.as_secs()), Some(90 * 86_400));
    assert_eq!(config.watchdog.as_ref().map(|w| w.every.as_secs()), Some(30));
    assert_eq!(config.http_hosts.len(), 2);
    assert_eq!(config.grants.people.len(), 2);
    assert!(config.grants.services.contains_key("alertmanager"));
    assert_eq!(config.ingest["prometheus"].source.labels["site"], "beijing");
    assert_eq!(config.ingest["checks"].source.rules.len(), 1);
}

#[test]
fn channels_come_with_their_secrets_and_defaults() {
    let config = loaded(include_str!("tests/full.yaml")).config;
    let ChannelKind::Smtp(mail) = &config.channels["mail"].kind else { panic!("mail is SMTP") };
    assert_eq!((mail.port, mail.tls), (587, SmtpTls::StartTls));
    assert_eq!(mail.login.as_ref().map(|l| l.password.expose()), Some("s3cret"));
    assert!(config.channels["mail"].drill && !config.channels["outbox"].drill);
    let ChannelKind::Smtp(local) = &config.channels["local-mail"].kind else { panic!("SMTP") };
    assert_eq!((local.port, local.tls, local.login.is_none()), (25, SmtpTls::None, true));
    let ChannelKind::Eml { dir } = &config.channels["outbox"].kind else { panic!("eml") };
    assert_eq!(dir, Path::new("/etc/firebell/outbox"));
    let ChannelKind::Webhook(status) = &config.channels["status-webhook"].kind else {
        panic!("webhook")
    };
    assert_eq!(status.secret.expose(), KEY);
    assert!(!status.allow_private);
    let to = |id: &str| config.channels[id].to.as_deref();
    assert_eq!(to("status-webhook"), Some("https://status.shop.example/hooks/firebell"));
    assert_eq!(to("local-mail"), Some("all@shop.example"));
    assert_eq!(to("mail"), None);
    let shown = format!("{config:?}");
    for secret in ["s3cret", "whsec_", "li.lei@", "han.home"] {
        assert!(!shown.contains(secret), "{secret} must not be printed");
    }
}

#[test]
fn people_and_rosters_become_a_directory() {
    let directory = loaded(include_str!("tests/full.yaml")).config.directory();
    assert!(!directory.is_built_in());
    let han = directory.person(&"han-mei".into()).expect("configured");
    assert_eq!((han.lang, han.contacts.len()), (Lang::En, 2));
    let li = directory.person(&"li-lei".into()).expect("configured");
    assert_eq!(li.lang, Lang::Zh);
    assert_eq!(li.contacts[0].channel.as_str(), "robot", "the order of preference is kept");
    let schedule = directory.schedule(&"duty-managers".into()).expect("configured");
    assert_eq!(schedule.layers[0].start.to_string(), "2026-11-02T09:00:00");
    assert_eq!(schedule.layers[0].rotation, Rotation::weekly(jiff::civil::time(9, 0, 0, 0)));
    let who = |at: &str| {
        let people = directory.on_call(&"duty-managers".into(), at.parse().expect("an instant"));
        people.iter().map(|p| p.to_string()).collect::<Vec<_>>().join("+")
    };
    assert_eq!(who("2026-11-03T02:00:00Z"), "li-lei");
    assert_eq!(who("2026-11-10T02:00:00Z"), "han-mei+wang");
    assert_eq!(who("2026-11-10T14:00:00Z"), "wang", "the night layer wins");
    assert_eq!(who("2026-12-01T04:00:00Z"), "wang", "the override wins");
    let ladder = directory.ladder(&"duty".into()).expect("configured");
    assert_eq!(ladder.climb().count(), 6);
    assert_eq!(ladder.rungs[1].targets[0], Target::Role("commander".into()));
    let partner = directory.partner(&"cloud-provider".into()).expect("configured");
    assert_eq!(partner.verified_on, Some(jiff::civil::date(2026, 10, 1)));
}

#[test]
fn a_schedule_says_how_its_shifts_are_handed_over() {
    let full = include_str!("tests/full.yaml");
    let handover =
        |yaml: &str| loaded(yaml).config.handovers.get(&ScheduleId::new("duty-managers")).copied();
    let quarters = std::time::Duration::from_secs(45 * 60);
    assert_eq!(handover(full), Some(Handover::AskBefore(quarters)));
    let written = "handover: { ask_before: 45m }";
    assert_eq!(handover(&full.replace(written, "handover: off")), Some(Handover::Off));
    assert_eq!(handover(&full.replace(written, "")), None);
    for wrong in ["on", "{ ask_before: 25h }", "{ ask_before: 5s }", "{ before: 5m }", "30m"] {
        refused(&full.replace(written, &format!("handover: {wrong}")));
    }
}

#[test]
fn without_any_configuration_everything_leads_to_the_operator_on_this_machine() {
    let inputs = Inputs {
        file: None,
        dir: Path::new(""),
        env: &BTreeMap::new(),
        flags: &Flags::default(),
        secret_file: &|_| Err(io::Error::from(io::ErrorKind::NotFound)),
        calendar_file: &|_| Err(io::Error::from(io::ErrorKind::NotFound)),
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    let loaded = read(&inputs).expect("the defaults are good");
    assert!(loaded.warnings.is_empty());
    let config = loaded.config;
    assert!(config.listen.ip().is_loopback());
    assert_eq!(config.timezone, None, "the machine's own");
    assert_eq!(config.data, Path::new("data"));
    let ChannelKind::Eml { dir } = &config.channels["email"].kind else { panic!("eml") };
    assert_eq!(dir, &PathBuf::from("data/outbox"));
    assert!(config.directory().is_built_in());
    assert!(config.directory().is_reachable(&OPERATOR.into()));
    assert!(config.http_hosts.is_empty() && config.drill_hosts.is_empty());
}

#[test]
fn a_file_of_comments_is_no_configuration() {
    assert!(loaded("# nothing yet\n\n").config.directory().is_built_in());
    assert!(loaded("~\n").config.directory().is_built_in());
}

#[test]
fn the_sample_is_sound_and_someone_is_on_call_at_any_time_for_a_year() {
    let loaded = loaded(include_str!("../../firebell.yaml"));
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings.render(Rendering::plain(Lang::En)));
    let directory = loaded.config.directory();
    let from = "2026-11-21T00:00:00Z".parse().expect("an instant");
    let to = "2027-11-21T00:00:00Z".parse().expect("an instant");
    assert!(directory.schedules().count() > 0);
    for schedule in directory.schedules() {
        assert_eq!(schedule.gaps(from, to), [], "{}", schedule.id);
    }
}

/// Takes the comment marks from an example of the sample: the lines from one that begins so to the
/// first that is no comment, or that another example begins with.
fn uncommented(sample: &str, from: &str, before: &str) -> String {
    let lines = sample.lines().skip_while(|line| !line.trim_start().starts_with(from));
    let example = lines.take_while(|line| {
        let line = line.trim_start();
        line.starts_with('#') && !line.starts_with(before)
    });
    example.map(|line| format!("{}\n", line.replacen("# ", "", 1))).collect()
}

#[test]
fn the_ways_of_contact_that_the_sample_shows_are_sound() {
    let sample = include_str!("../../firebell.yaml");
    let channels = uncommented(sample, "# sms:", "# robot:");
    let person = uncommented(sample, "# night-lead-1:", "#!");
    let sample = sample.replacen("channels:\n", &format!("channels:\n{channels}"), 1);
    let sample = sample.replacen("people:\n", &format!("people:\n{person}"), 1);
    let secrets = ["SMS_SECRET", "VOICE_TOKEN"].map(|name| (name.to_owned(), "s3cret".to_owned()));
    let read = read_with(&sample, &secrets.into(), &Flags::default());
    let loaded =
        read.unwrap_or_else(|found| panic!("{}", found.render(Rendering::plain(Lang::En))));
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings.render(Rendering::plain(Lang::En)));
    let directory = loaded.config.directory();
    let manner = &directory.person(&"night-lead-1".into()).expect("the example").manner;
    assert_eq!((manner.rules.len(), manner.quiet.is_some(), manner.at_most), (2, true, Some(30)));
    let at_most = |id: &str| loaded.config.channels[&ChannelId::new(id)].at_most;
    assert_eq!((at_most("sms"), at_most("voice")), (Some(20), None));
}

#[test]
fn every_problem_is_printed_with_its_place_in_both_languages() {
    let found = refused(include_str!("tests/broken.yaml"));
    for lang in Lang::ALL {
        let printed = found.render(Rendering::plain(lang));
        assert!(!printed.contains("hunter2"), "a secret must not be printed");
        insta::assert_snapshot!(format!("problems_{}", lang.code()), printed);
    }
}
