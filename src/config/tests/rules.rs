//! One wrong thing at a time, and where it is shown. Must not know how it is found.

use proptest::prelude::*;

use super::*;
use crate::playbook::diagnostic::Code;
use crate::playbook::yaml::{BAD_VALUE, DUPLICATE_KEY, MISSING_KEY, UNKNOWN_KEY, WRONG_TYPE};

/// A sound beginning that the cases below add something wrong to.
const SOUND: &str = "channels:
  mail: { kind: eml, dir: out, drill: true }
people:
  li: { contacts: { mail: li@shop.example } }
  han: { contacts: { mail: han@shop.example } }
";

/// Returns code, line and the text at the place of each finding.
fn found(yaml: &str) -> Vec<(Code, usize, String)> {
    let findings = match read_with(yaml, &environment(), &Flags::default()) {
        Ok(loaded) => loaded.warnings,
        Err(findings) => findings,
    };
    let rows = findings.iter().flat_map(|one| {
        one.iter().map(|finding| {
            let span = finding.span.expect("every finding has a place");
            let source = one.source();
            (finding.code, source.place(span.start).line, source.slice(span).to_owned())
        })
    });
    rows.collect()
}

#[test]
fn the_sound_beginning_is_sound() {
    assert_eq!(found(SOUND), []);
}

#[test]
fn each_wrong_setting_of_the_server_is_found_where_it_stands() {
    for (yaml, code, at) in [
        ("lisen: 127.0.0.1:1", UNKNOWN_KEY, "lisen"),
        ("listen: 8080", WRONG_TYPE, "8080"),
        ("listen: example.com", BAD_ADDRESS, "example.com"),
        ("tls: { cert: a.pem }", MISSING_KEY, "cert"),
        ("ingest: []", WRONG_TYPE, "["),
        ("ingest: { x: { dialect: generic } }", MISSING_KEY, "dialect"),
        ("ingest: { x: { dialect: nagios, secret: env:ROBOT_KEY } }", BAD_VALUE, "nagios"),
        ("ingest: { x: { dialect: generic, secret: s3cret } }", NOT_A_SECRET, "******"),
        ("retention: { bodies: { count: -1 } }", BAD_VALUE, "-1"),
        ("retention: { bodies: { mib: 0 } }", BAD_VALUE, "0"),
        ("retention: { bodies: { age: 1m } }", BAD_VALUE, "1m"),
        (
            "alerts: { silences: { x: { match: {}, from: \"01:00\", to: \"02:00\", timezone: UTC } } }",
            BAD_VALUE,
            "{",
        ),
        (
            "alerts: { silences: { x: { match: { a: b }, from: \"01:00\", to: \"02:00\" } } }",
            MISSING_KEY,
            "{",
        ),
        (
            "alerts: { silences: { x: { match: { a: b }, from: 2026-12-02T00:00, to: 2026-12-01T00:00, timezone: UTC } } }",
            BAD_VALUE,
            "2026-12-01",
        ),
        (
            "alerts: { silences: { x: { match: { a: b }, days: sat, from: 2026-12-02T00:00, to: \"02:00\", timezone: UTC } } }",
            BAD_ADDRESS,
            "2026-12-02",
        ),
        ("alerts: { inhibit: [ { by: { a: b } } ] }", MISSING_KEY, "by"),
        ("alerts: { flapping: { changes: 1 } }", BAD_VALUE, "1"),
        ("alerts: { repeat_after: 1s }", BAD_VALUE, "1s"),
        ("lang: fr", BAD_VALUE, "fr"),
        ("timezone: Asia/Shanghia", BAD_ADDRESS, "Asia/Shanghia"),
        ("public_url: bell", BAD_ADDRESS, "bell"),
        ("public_url: https://me:pw@bell.example", BAD_ADDRESS, "https://me:pw@bell.example"),
        ("store: { kind: postgres }", BAD_VALUE, "postgres"),
        ("store: { cache_mib: 0 }", BAD_VALUE, "0"),
        ("retention: { archive_after: 1mo }", BAD_ADDRESS, "1mo"),
        ("retention: { archive_after: 1h }", BAD_VALUE, "1h"),
        ("watchdog: { url: https://hc.example, every: 1s }", BAD_VALUE, "1s"),
        ("watchdog: { every: 30s }", MISSING_KEY, "every"),
        ("http_hosts: [https://a.example]", BAD_ADDRESS, "https://a.example"),
        ("drill_hosts: a.example", WRONG_TYPE, "a.example"),
        ("drills: { per_year: { outage: 1000 } }", BAD_VALUE, "1000"),
        ("auth: { services: { grafana: {} } }", MISSING_KEY, "{"),
        ("auth: { services: { grafana: { scopes: [amdin] } } }", BAD_VALUE, "amdin"),
        ("auth: { token: x }", UNKNOWN_KEY, "token"),
        ("data: x\ndata: y", DUPLICATE_KEY, "data"),
    ] {
        let found = found(yaml);
        let codes: Vec<_> = found.iter().map(|(code, ..)| *code).collect();
        assert_eq!(codes, [code], "{yaml}");
        assert!(found[0].2.starts_with(at), "{yaml}: at {:?}", found[0].2);
    }
}

#[test]
fn each_wrong_channel_is_found_where_it_stands() {
    let smtp = "kind: smtp, host: smtp.example, from: a@shop.example";
    for (channel, code, at) in [
        ("{ kind: sms }".to_owned(), BAD_VALUE, "sms"),
        ("{ dir: out }".to_owned(), MISSING_KEY, "dir"),
        ("{ kind: eml }".to_owned(), MISSING_KEY, "kind"),
        (format!("{{ {smtp}, tls: none }}"), INSECURE, "none"),
        (format!("{{ {smtp}, tls: maybe }}"), BAD_VALUE, "maybe"),
        (format!("{{ {smtp}, port: 0 }}"), BAD_VALUE, "0"),
        (format!("{{ {smtp}, username: a }}"), MISSING_KEY, "kind"),
        (format!("{{ {smtp}, password: env:ROBOT_KEY }}"), MISSING_KEY, "env:ROBOT_KEY"),
        (format!("{{ {smtp}, username: a, password: pw }}"), NOT_A_SECRET, "**"),
        (format!("{{ {smtp}, username: a, password: 1234 }}"), NOT_A_SECRET, "****"),
        (format!("{{ {smtp}, username: a, password: env:NO }}"), MISSING_SECRET, "env:NO"),
        (format!("{{ {smtp}, timeout: 0s }}"), BAD_VALUE, "0s"),
        ("{ kind: smtp, host: localhost, from: nobody }".to_owned(), BAD_ADDRESS, "nobody"),
        ("{ kind: webhook, url: https://a.example }".to_owned(), MISSING_KEY, "kind"),
        ("{ kind: webhook, secret: env:HOOK_KEY }".to_owned(), BAD_SECRET, "env:HOOK_KEY"),
        (
            "{ kind: webhook, secret: env:ROBOT_KEY, url: http://a.example }".to_owned(),
            INSECURE,
            "http://a.example",
        ),
    ] {
        let yaml =
            format!("{SOUND}  # more\n").replace("people:", &format!("  more: {channel}\npeople:"));
        let found = found(&yaml);
        let codes: Vec<_> = found.iter().map(|(code, ..)| *code).collect();
        assert_eq!(codes, [code], "{channel}");
        assert_eq!(found[0].1, 3, "{channel}");
        assert!(found[0].2.starts_with(at), "{channel}: at {:?}", found[0].2);
    }
}

#[test]
fn each_wrong_source_of_alerts_is_found_where_it_stands() {
    let key = "secret: env:ROBOT_KEY";
    for (source, code, at) in [
        ("{ dialect: generic, secret: env:SMTP_PASSWORD }".to_owned(), BAD_SECRET, "env:SMTP"),
        (format!("{{ dialect: grafana, {key}, rules: [ {{}} ] }}"), BAD_VALUE, "["),
        (
            format!("{{ dialect: generic, {key}, rules: [ {{ when: level == 1 }} ] }}"),
            BAD_VALUE,
            "level",
        ),
        (format!("{{ dialect: generic, {key}, rules: [ {{ nmae: x }} ] }}"), UNKNOWN_KEY, "nmae"),
        (format!("{{ dialect: generic, {key}, labels: {{ a: [] }} }}"), WRONG_TYPE, "["),
        (
            format!("{{ dialect: cloudevents, {key}, rules: [ {{ name: \"{{{{ body.\" }} ] }}"),
            BAD_VALUE,
            "\"{{",
        ),
        (format!("{{ dialect: tencent, {key}, signature: {{}} }}"), BAD_VALUE, "{"),
        (format!("{{ dialect: sentry, {key}, signature: {{}} }}"), BAD_VALUE, "{"),
        (format!("{{ dialect: grafana, {key}, signature: {{ window: 5h }} }}"), BAD_VALUE, "5h"),
        (format!("{{ dialect: grafana, {key}, signature: {{ header: a b }} }}"), BAD_VALUE, "a b"),
        (
            format!("{{ dialect: grafana, {key} }}, y: {{ dialect: generic, {key} }}"),
            BAD_SECRET,
            "y",
        ),
    ] {
        let found = found(&format!("{SOUND}ingest: {{ x: {source} }}\n"));
        let codes: Vec<_> = found.iter().map(|(code, ..)| *code).collect();
        assert_eq!(codes, [code], "{source}");
        assert!(found[0].2.starts_with(at), "{source}: at {:?}", found[0].2);
    }
}

#[test]
fn plain_mail_and_plain_calls_are_allowed_on_this_machine_alone() {
    for channel in [
        "{ kind: smtp, host: 127.0.0.1, tls: none, from: a@shop.example }",
        "{ kind: webhook, secret: env:ROBOT_KEY, url: http://127.0.0.1:9/x }",
        "{ kind: webhook, secret: env:ROBOT_KEY, url: http://10.0.0.1, allow_private: true }",
    ] {
        let yaml = SOUND.replace("people:", &format!("  more: {channel}\npeople:"));
        assert_eq!(found(&yaml), [], "{channel}");
    }
}

#[test]
fn each_wrong_reference_is_found_where_it_stands() {
    let layer = "rotation: daily, start: 2026-11-02T09:00";
    let schedule = |rest: &str| format!("schedules: {{ s: {{ timezone: UTC, {rest} }} }}");
    for (yaml, code, at) in [
        ("teams: { t: { members: [li, hna] } }".to_owned(), UNKNOWN_REFERENCE, "hna"),
        ("teams: { t: { members: [] } }".to_owned(), WRONG_ROSTER, "["),
        ("teams: { t: { members: [li, li] } }".to_owned(), WRONG_ROSTER, "li"),
        ("teams: { t: { title: x } }".to_owned(), MISSING_KEY, "title"),
        ("teams: { t: { members: [li], schedule: s } }".to_owned(), UNKNOWN_REFERENCE, "s"),
        (schedule(&format!("layers: [ {{ {layer}, members: [bo] }} ]")), UNKNOWN_REFERENCE, "bo"),
        (
            schedule(&format!("layers: [ {{ {layer}, members: [[li, bo]] }} ]")),
            UNKNOWN_REFERENCE,
            "bo",
        ),
        (schedule(&format!("layers: [ {{ {layer}, members: [] }} ]")), WRONG_ROSTER, "["),
        (schedule("layers: []"), WRONG_ROSTER, "["),
        (
            schedule(&format!(
                "layers: [ {{ {layer}, members: [li] }} ], overrides: [ \
                 {{ from: 2026-11-02T09:00, to: 2026-11-02T10:00, person: han, replaces: lee }} ]"
            )),
            UNKNOWN_REFERENCE,
            "lee",
        ),
        (
            "escalations: { e: { rungs: [ { after: 5m, to: team/x } ] } }".to_owned(),
            UNKNOWN_REFERENCE,
            "team/x",
        ),
        (
            "escalations: { e: { rungs: [ { after: 5m, to: [channel/mial] } ] } }".to_owned(),
            UNKNOWN_REFERENCE,
            "channel/mial",
        ),
        ("escalations: { e: { rungs: [] } }".to_owned(), WRONG_ROSTER, "["),
        ("escalations: { e: { rungs: [ { after: 5m, to: li } ] } }".to_owned(), BAD_VALUE, "li"),
        ("partners: { p: { contacts: { fax: x } } }".to_owned(), UNKNOWN_REFERENCE, "fax"),
        (
            "partners: { p: { contacts: { mail: p@x.example }, verified_on: soon } }".to_owned(),
            BAD_ADDRESS,
            "soon",
        ),
    ] {
        let found = found(&format!("{SOUND}{yaml}\n"));
        let codes: Vec<_> = found.iter().map(|(code, ..)| *code).collect();
        assert_eq!(codes, [code], "{yaml}");
        assert_eq!((found[0].1, found[0].2.as_str()), (6, at), "{yaml}");
    }
}

#[test]
fn overlapping_overrides_point_at_each_other() {
    let yaml = format!(
        "{SOUND}schedules:
  s:
    timezone: UTC
    layers: [ {{ rotation: daily, start: 2026-11-02T09:00, members: [li] }} ]
    overrides:
      - {{ from: 2026-12-01T09:00, to: 2026-12-02T09:00, person: han }}
      - {{ from: 2026-12-02T08:00, to: 2026-12-03T09:00, person: li }}
"
    );
    let findings = refused(&yaml);
    let finding = findings.iter().flatten().next().expect("one finding");
    assert_eq!(finding.code, WRONG_ROSTER);
    assert_eq!(finding.related.len(), 1);
}

#[test]
fn those_whom_no_message_can_reach_are_warned_of() {
    for (person, expected) in [
        ("bo: {}", Some("no message can reach `bo`")),
        ("bo: { contacts: { mail: bo@x.example }, drills: true }", None),
        (
            "bo: { contacts: { quiet: bo@x.example }, drills: true }",
            Some("no drill can reach `bo`"),
        ),
    ] {
        let yaml = format!("{SOUND}  {person}\n")
            .replace("people:", "  quiet: { kind: eml, dir: q }\npeople:");
        let warnings = loaded(&yaml).warnings;
        let message = warnings.rows(Lang::En).first().map(|row| row.message.clone());
        assert_eq!(message.as_deref(), expected, "{person}");
    }
}

#[test]
fn channels_without_people_keep_everything_on_this_machine_and_say_so() {
    let yaml = "channels: { mail: { kind: smtp, host: localhost, tls: none, from: a@x.example } }";
    let loaded = loaded(yaml);
    assert_eq!(loaded.warnings.rows(Lang::En)[0].code, KEPT_LOCAL);
    assert!(loaded.config.channels.contains_key("email"));
    assert!(loaded.config.directory().is_built_in());
}

#[test]
fn people_without_channels_are_reached_through_the_outbox() {
    let loaded = loaded("people: { li: { contacts: { email: li@shop.example } } }");
    assert!(loaded.warnings.is_empty());
    assert!(loaded.config.directory().is_reachable(&"li".into()));
    assert!(loaded.config.channels["email"].drill);
}

#[test]
fn a_file_that_is_not_even_yaml_is_shown_without_its_secrets() {
    for yaml in ["a: [\n  password: hunter2\n", "password: hunter2 \0\n", "password: 'hunter2\n"] {
        let printed = refused(yaml).render(Rendering::plain(Lang::En));
        assert!(printed.contains("firebell.yaml"), "{printed}");
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}

/// A line of the full file is dropped, doubled, or loses a few characters.
#[derive(Debug, Clone)]
enum Slip {
    Drop(usize),
    Double(usize),
    Cut(usize, usize, usize),
}

fn slip() -> impl Strategy<Value = Slip> {
    prop_oneof![
        (0usize..100).prop_map(Slip::Drop),
        (0usize..100).prop_map(Slip::Double),
        (0usize..100, 0usize..60, 1usize..12).prop_map(|(line, at, n)| Slip::Cut(line, at, n)),
    ]
}

fn slipped(text: &str, slips: &[Slip]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for slip in slips {
        let count = lines.len();
        match *slip {
            Slip::Drop(line) => drop(lines.remove(line % count)),
            Slip::Double(line) => lines.insert(line % count, lines[line % count].clone()),
            Slip::Cut(line, at, n) => {
                let line = &mut lines[line % count];
                *line = line.chars().take(at).chain(line.chars().skip(at + n)).collect();
            }
        }
    }
    lines.join("\n")
}

proptest! {
    #[test]
    fn whatever_is_mistyped_is_answered_with_findings_inside_the_file(
        slips in proptest::collection::vec(slip(), 1..5)
    ) {
        let yaml = slipped(include_str!("full.yaml"), &slips);
        let findings = match read_with(&yaml, &environment(), &Flags::default()) {
            Ok(loaded) => {
                prop_assert!(!loaded.warnings.has_errors());
                loaded.warnings
            }
            Err(findings) => {
                prop_assert!(findings.has_errors(), "a refusal says why");
                findings
            }
        };
        for one in findings.iter() {
            for finding in one {
                let span = finding.span.unwrap_or_default();
                prop_assert!(span.end <= one.source().text().len() + 1, "{finding:?}");
            }
            prop_assert!(!one.render(Rendering::plain(Lang::Zh)).is_empty());
        }
    }
}

#[test]
fn an_address_must_have_the_form_its_channel_wants() {
    for (contact, at) in [("mail: han", "han"), ("hook: han@shop.example", "han@shop.example")] {
        let yaml = SOUND
            .replace("people:", "  hook: { kind: webhook, secret: env:ROBOT_KEY }\npeople:")
            .replace("mail: han@shop.example", contact);
        let found = found(&yaml);
        assert_eq!(found.len(), 1, "{contact}: {found:?}");
        assert_eq!((found[0].0, found[0].2.as_str()), (BAD_ADDRESS, at));
    }
}

/// Contact rules and quiet hours of one person.
fn reached_by(rules: &str) -> String {
    let own = "{ contacts: { mail: li@shop.example }, ";
    SOUND.replace("{ contacts: { mail: li@shop.example } ", &format!("{own}{rules} "))
}

#[test]
fn each_contact_rule_that_cannot_be_meant_is_found_where_it_stands() {
    let by = |ways: &str| format!("contact_rules: [ {{ by: [ {ways} ] }} ]");
    let zone = "timezone: UTC";
    for (rules, code, at) in [
        (by("{ channel: mial }"), UNKNOWN_REFERENCE, "mial"),
        (by("{ channel: sms }"), UNKNOWN_REFERENCE, "sms"),
        (by("{ chanel: mail }"), UNKNOWN_KEY, "chanel"),
        (by("{ channel: mail, after: 2d }"), BAD_VALUE, "2d"),
        (by("{ channel: mail }, { channel: mail }"), WRONG_ROSTER, "{"),
        ("contact_rules: [ { by: [] } ]".to_owned(), WRONG_ROSTER, "["),
        ("contact_rules: [ { levels: [5], by: [ { channel: mail } ] }, { by: [ { channel: mail } ] } ]".to_owned(), BAD_VALUE, "5"),
        ("contact_rules: [ { levels: [1, 2], by: [ { channel: mail } ] } ]".to_owned(), NO_RULE, "["),
        (format!("quiet: {{ from: 22:00, to: 08:00, {zone}, levels: [1, 4] }}"), WRONG_ROSTER, "["),
        (format!("quiet: {{ from: 22:00, to: 22:00, {zone} }}"), WRONG_ROSTER, "{"),
        (format!("quiet: {{ from: 22:00, {zone} }}"), MISSING_KEY, "from"),
        ("quiet: { from: 22:00, to: 08:00 }".to_owned(), WRONG_ROSTER, "{"),
        ("quiet: { from: 25:00, to: 08:00, timezone: UTC }".to_owned(), BAD_ADDRESS, "25:00"),
    ] {
        let found = found(&reached_by(&rules));
        assert!(found.iter().any(|(known, ..)| *known == code), "{rules}: {found:?}");
        let (_, line, text) = found.iter().find(|(known, ..)| *known == code).expect("found");
        assert!(*line == 4 && text.starts_with(at), "{rules}: line {line} at {text:?}");
    }
}

#[test]
fn contact_rules_of_several_ways_and_quiet_hours_are_read() {
    let yaml = "timezone: Asia/Shanghai
channels: { mail: { kind: eml, dir: out }, text: { kind: eml, dir: out } }
people:
  li:
    contacts: { mail: li@shop.example, text: li@text.example }
    contact_rules:
      - { levels: [1, 2], by: [ { channel: mail }, { channel: text, after: 2m } ] }
      - { by: [ { channel: mail } ] }
    quiet: { from: 22:00, to: 08:00 }
escalations:
  e:
    rungs:
      - { after: 5m, to: person/li, pick: next, when: { days: mon-fri, from: 09:00, to: 18:00 } }
      - { after: 5m, to: person/li, acknowledge: 2 }
    finally: [person/li]
";
    assert_eq!(found(yaml), []);
    let directory = read_with(yaml, &environment(), &Flags::default()).expect("sound").config;
    let directory = directory.directory();
    let li = directory.person(&"li".into()).expect("configured");
    let ways = |level| li.ways(level, &[]).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!((ways(2), ways(3)), (vec!["mail".into(), "text".into()], vec!["mail".to_owned()]));
    let quiet = li.manner.quiet.as_ref().expect("quiet hours");
    assert_eq!(
        (quiet.levels.as_slice(), quiet.hours.zone.name()),
        ([3, 4].as_slice(), "Asia/Shanghai")
    );
    let ladder = directory.ladder(&"e".into()).expect("configured");
    assert_eq!((ladder.rungs[1].terms.acknowledge, ladder.finally.len()), (2, 1));
    assert!(ladder.rungs[0].terms.when.is_some());
}

#[test]
fn a_rung_that_nobody_could_ever_answer_is_found() {
    let rung = "escalations: { e: { rungs: [ { after: 5m, to: person/li, pick: next, acknowledge: 2 } ] } }";
    let found = found(&format!("{SOUND}{rung}\n"));
    assert_eq!(found, [(WRONG_ROSTER, 6, "2".to_owned())]);
    let gone =
        "escalations: { e: { rungs: [ { after: 5m, to: person/li } ], finally: [team/gone] } }";
    let found = self::found(&format!("{SOUND}{gone}\n"));
    assert_eq!(found, [(UNKNOWN_REFERENCE, 6, "team/gone".to_owned())]);
}

#[test]
fn a_monitor_that_cannot_be_watched_is_shown_where_it_is_wrong() {
    let with = |body: &str| {
        let found = found(&format!("{SOUND}monitors:\n  m: {{ signal: s, window: 1h, {body} }}\n"));
        found.into_iter().map(|(code, _, text)| (code, text)).collect::<Vec<_>>()
    };
    for sound in [
        "rule: { ratio: 3.0, for: 10m }, levels: { 1: 5.0, 2: 4.0 }, chance: 0.001",
        "rule: { all: [ { at_least: 5 }, { any: [ { distinct: customer, least: 3 } ] } ] }",
        "rule: { share_below: 0.9, of: { outcome: answered } }, look: total, late: 6h",
    ] {
        assert_eq!(with(sound), [], "{sound}");
    }
    let ratio = "rule: { ratio: 3.0 }";
    for (body, code, text) in [
        ("", MISSING_KEY, None),
        ("rule: { at_least: 1, ratio: 3.0 }", crate::playbook::yaml::CONFLICT, Some("3.0")),
        ("rule: { ratio: 1.0 }", BAD_VALUE, Some("1.0")),
        ("rule: { ratio: .nan }", WRONG_TYPE, Some(".nan")),
        ("rule: { in_a_row: 3 }", MISSING_KEY, None),
        (&format!("{ratio}, chance: 1.5"), BAD_VALUE, Some("1.5")),
        (&format!("{ratio}, chance: 0"), BAD_VALUE, Some("0")),
        (&format!("{ratio}, late: 7h"), BAD_VALUE, Some("7h")),
        (&format!("{ratio}, groups_max: 100001"), BAD_VALUE, Some("100001")),
        (&format!("{ratio}, levels: {{ 1: 2.0, 2: 3.0 }}"), BAD_VALUE, None),
        (&format!("{ratio}, windows: 1h"), UNKNOWN_KEY, Some("windows")),
    ] {
        let found = with(body);
        let (first, at) = found.first().unwrap_or_else(|| panic!("{body} is taken"));
        assert_eq!(*first, code, "{body}: {found:?}");
        assert!(text.is_none_or(|text| at == text), "{body}: {at}");
    }
}

/// What stands behind a schedule that takes its shifts from a calendar.
fn with_calendar(ical: &str) -> String {
    format!("{SOUND}schedules:\n  duty:\n    timezone: Asia/Shanghai\n    ical: {ical}\n")
}

#[test]
fn a_schedule_takes_its_shifts_from_a_calendar_file_and_tells_of_events_that_mean_nobody() {
    let yaml = with_calendar("{ file: duty.ics }");
    let place = || (9, "duty.ics".to_owned());
    assert_eq!(found(&yaml), [(crate::config::CALENDAR_EVENT, place().0, place().1)]);
    let loaded = loaded(&yaml);
    let printed = loaded.warnings.render(Rendering::plain(Lang::En));
    assert!(printed.contains("line 11, lunch@shop.example: neither `Lunch"), "{printed}");
    let directory = loaded.config.directory();
    let on_call = |at: &str| directory.on_call(&"duty".into(), at.parse().expect("an instant"));
    assert_eq!(on_call("2026-11-23T11:59:59Z"), []);
    assert_eq!(on_call("2026-11-23T12:00:00Z"), ["han".into()]);
    assert_eq!(on_call("2026-11-26T00:00:00Z"), []);
}

#[test]
fn under_a_calendar_layers_are_for_the_hours_that_it_leaves_empty() {
    let layers = "    layers: [{ rotation: weekly, start: 2026-11-02T00:00, members: [li] }]\n";
    let loaded = loaded(&(with_calendar("{ file: duty.ics }") + layers));
    let directory = loaded.config.directory();
    let on_call = |at: &str| directory.on_call(&"duty".into(), at.parse().expect("an instant"));
    assert_eq!(on_call("2026-11-23T11:59:59Z"), ["li".into()]);
    assert_eq!(on_call("2026-11-23T12:00:00Z"), ["han".into()]);
}

#[test]
fn a_calendar_that_cannot_be_read_is_refused_where_it_is_named() {
    use crate::config::BAD_CALENDAR;
    for (ical, code, text) in [
        ("{ file: gone.ics }", BAD_CALENDAR, "gone.ics"),
        ("{ file: firebell.yaml }", BAD_CALENDAR, "firebell.yaml"),
        ("{ file: latin.ics }", BAD_CALENDAR, "latin.ics"),
        ("duty.ics", WRONG_TYPE, "duty.ics"),
        ("{ file: duty.ics, url_secret: env:KEY }", BAD_ADDRESS, "env:KEY"),
        ("{ url: https://cal.example/a.ics, refresh: 5s }", BAD_VALUE, "5s"),
        ("{ url: https://cal.example/a.ics, refresh: 7h }", BAD_VALUE, "7h"),
        ("{ url: http://cal.example/a.ics }", INSECURE, "http://cal.example/a.ics"),
        ("{ url: cal.example }", BAD_ADDRESS, "cal.example"),
        ("{ refresh: 5m }", MISSING_KEY, "{ refresh: 5m"),
        ("{ url_secret: https://cal.example/a.ics }", NOT_A_SECRET, "*************************"),
        ("{ url_secret: env:NONE }", MISSING_SECRET, "env:NONE"),
        ("{ url_secret: env:SMTP_PASSWORD }", BAD_SECRET, "env:SMTP_PASSWORD"),
        ("{ file: duty.ics, allow_private: true }", UNKNOWN_KEY, "allow_private"),
    ] {
        let findings = found(&with_calendar(ical));
        assert!(findings.contains(&(code, 9, text.to_owned())), "{ical}: {findings:?}");
    }
}

#[test]
fn a_calendar_behind_an_address_is_fetched_later_and_its_address_is_never_printed() {
    use crate::config::model::{Calendar, CalendarPlace};
    use crate::notify::Secret;
    let ical = "{ url_secret: env:CALENDAR, refresh: 30m }";
    let address = "https://cal.example/private-0a1b2c/basic.ics";
    let mut env = environment();
    env.insert("CALENDAR".to_owned(), address.to_owned());
    let read = read_with(&with_calendar(ical), &env, &Flags::default());
    let loaded =
        read.unwrap_or_else(|found| panic!("{}", found.render(Rendering::plain(Lang::En))));
    let calendar = loaded.config.calendars.get("duty").expect("it is configured");
    let place = CalendarPlace::Address { url: Secret::new(address), allow_private: false };
    let refresh = std::time::Duration::from_secs(1_800);
    assert_eq!(*calendar, Calendar { place, refresh });
    assert!(!format!("{:?}", loaded.config).contains("0a1b2c"));
    // What is not known here is no gap; what is known is judged.
    let now = "2026-11-21T08:00:00Z".parse().expect("an instant");
    let directory = loaded.config.directory();
    assert!(loaded.uncovered(&directory, now).is_empty());
    let shift = crate::people::Shift {
        from: now,
        to: now + jiff::SignedDuration::from_hours(1),
        who: vec!["li".into()],
    };
    let known = directory.with_shifts(&"duty".into(), crate::people::Shifts::new(vec![shift]));
    assert!(!loaded.uncovered(&known, now).is_empty());
    // A file says where it is, so that it can be read anew.
    let file = super::loaded(&with_calendar("{ file: duty.ics }"));
    let place = &file.config.calendars["duty"].place;
    assert_eq!(*place, CalendarPlace::File("/etc/firebell/duty.ics".into()));
}
