//! Channels to services over HTTP: what is read, what is refused, and that every preset works.

use super::*;
use crate::config::read::forms::PRESETS;
use crate::notify::{Addresses, Service};
use crate::playbook::diagnostic::Code;
use crate::playbook::yaml::{BAD_VALUE, MISSING_KEY, UNKNOWN_KEY};

/// Reads a file with one more channel, and a person on it.
fn with(channel: &str, address: &str) -> Result<Config, Vec<(Code, String)>> {
    let yaml = format!(
        "channels:\n  mail: {{ kind: eml, dir: out }}\n  more: {channel}\npeople:\n  \
         li: {{ contacts: {{ mail: li@shop.example, more: \"{address}\" }} }}\n"
    );
    let mut environment = environment();
    for (name, value) in [
        ("ROBOT_URL", "https://oapi.example/robot/send?access_token=hunter2"),
        ("PLAIN_URL", "http://oapi.example/robot/send?access_token=hunter2"),
        ("NO_URL", "hunter2"),
        ("KEY", "hunter2"),
    ] {
        environment.insert(name.to_owned(), value.to_owned());
    }
    match read_with(&yaml, &environment, &Flags::default()) {
        Ok(loaded) => {
            assert!(!format!("{:?}", loaded.config).contains("hunter2"), "{channel}");
            Ok(loaded.config)
        }
        Err(findings) => Err(findings
            .iter()
            .flat_map(|one| {
                one.iter().map(|finding| {
                    let said = finding.message.get(Lang::En).to_owned();
                    assert!(!said.contains("hunter2"), "{said}");
                    (finding.code, said)
                })
            })
            .collect()),
    }
}

#[test]
fn every_service_is_read() {
    let twilio = "account: AC1, token: env:KEY, from: \"+15005550006\"";
    for (channel, address) in [
        ("{ kind: dingtalk, secret_url: env:ROBOT_URL, secret: env:KEY }", "13800000000"),
        ("{ kind: feishu, secret_url: env:ROBOT_URL }", "ou_1"),
        ("{ kind: lark, secret_url: env:ROBOT_URL, per_minute: 30 }", "ou_1"),
        ("{ kind: wecom, secret_url: env:ROBOT_URL }", "lilei"),
        ("{ kind: slack, secret_url: env:ROBOT_URL, timeout: 5s }", "U012"),
        ("{ kind: teams, secret_url: env:ROBOT_URL }", "Li"),
        ("{ kind: ntfy, token: env:KEY }", "duty"),
        ("{ kind: gotify, server: https://push.example, token: env:KEY }", "li"),
        (&format!("{{ kind: twilio-sms, {twilio} }}"), "+8613800000000"),
        (&format!("{{ kind: twilio-voice, {twilio} }}"), "+8613800000000"),
        (
            "{ kind: aliyun-sms, key_id: L1, key_secret: env:KEY, sign: 某商城, template: SMS_1, \
             vars: { no: number, what: title } }",
            "+8613800000000",
        ),
        ("{ kind: http, preset: telegram, keys: { token: env:KEY } }", "1234"),
        (
            "{ kind: http, secret_url: env:ROBOT_URL, request: { json: { t: \"{{ text }}\" } } }",
            "a",
        ),
    ] {
        let config = with(channel, address).unwrap_or_else(|found| panic!("{channel}: {found:?}"));
        let ChannelKind::Hook(hook) = &config.channels["more"].kind else { panic!("{channel}") };
        let shared = config.channels["more"].to.is_some();
        assert_eq!(shared, hook.service.addresses() == Addresses::Mention, "{channel}");
    }
}

#[test]
fn what_cannot_work_is_refused_without_showing_a_secret() {
    for (channel, address, code) in [
        ("{ kind: dingtalk }", "1", MISSING_KEY),
        ("{ kind: dingtalk, url: https://a.example }", "1", MISSING_KEY),
        ("{ kind: wecom, secret_url: hunter2 }", "1", NOT_A_SECRET),
        ("{ kind: wecom, secret_url: env:NO_URL }", "1", BAD_SECRET),
        ("{ kind: wecom, secret_url: env:PLAIN_URL }", "1", INSECURE),
        ("{ kind: wecom, secret_url: env:ROBOT_URL, secret: env:KEY }", "1", UNKNOWN_KEY),
        ("{ kind: wecom, secret_url: env:ROBOT_URL }", "a b", BAD_ADDRESS),
        ("{ kind: wecom, secret_url: env:ROBOT_URL, per_minute: 0 }", "a", BAD_VALUE),
        ("{ kind: ntfy }", "a/b", BAD_ADDRESS),
        ("{ kind: ntfy, server: http://ntfy.example }", "a", INSECURE),
        ("{ kind: gotify, server: https://push.example }", "a", MISSING_KEY),
        (
            "{ kind: twilio-sms, account: A1, token: env:KEY, from: MG1 }",
            "13800000000",
            BAD_ADDRESS,
        ),
        ("{ kind: http, preset: barkk }", "a", BAD_VALUE),
        ("{ kind: http, preset: telegram }", "a", MISSING_KEY),
        ("{ kind: http, preset: bark, keys: { key: env:KEY } }", "a", BAD_VALUE),
        ("{ kind: http, request: { server: https://a.example, path: x } }", "a", BAD_ADDRESS),
        (
            "{ kind: http, request: { server: https://a.example, text: \"{{ titel }}\" } }",
            "a",
            BAD_VALUE,
        ),
    ] {
        let found = with(channel, address).expect_err(channel);
        assert!(found.iter().any(|(found, _)| *found == code), "{channel}: {found:?}");
    }
}

#[test]
fn every_preset_can_be_used_and_writes_a_page() {
    for (name, text) in PRESETS {
        let keys =
            if text.contains("secrets: [token]") { ", keys: { token: env:KEY }" } else { "" };
        let url = if text.contains("secret_url") { ", secret_url: env:ROBOT_URL" } else { "" };
        let channel = format!("{{ kind: http, preset: {name}{keys}{url} }}");
        let config = with(&channel, "u1").unwrap_or_else(|found| panic!("{name}: {found:?}"));
        let ChannelKind::Hook(hook) = &config.channels["more"].kind else { panic!("{name}") };
        assert!(matches!(hook.service, Service::Custom(_)), "{name}");
        assert!(text.starts_with("# "), "{name} says what it is for");
    }
}

#[test]
fn the_examples_of_the_documentation_are_read() {
    for doc in
        [include_str!("../../../docs/channels.en.md"), include_str!("../../../docs/channels.zh.md")]
    {
        let examples: Vec<&str> =
            doc.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert_eq!(examples.len(), 2);
        for example in examples {
            let mut environment = environment();
            for name in ["ROBOT_SECRET", "ALIYUN_SECRET", "TELEGRAM_TOKEN", "PAGING_KEY"] {
                environment.insert(name.to_owned(), "hunter2".to_owned());
            }
            environment.insert("ROBOT_URL".to_owned(), "https://oapi.example/x?t=1".to_owned());
            if let Err(found) = read_with(example, &environment, &Flags::default()) {
                panic!("{}", found.render(Rendering::plain(Lang::En)));
            }
        }
        for kind in ["dingtalk", "feishu", "lark", "wecom", "slack", "teams", "ntfy", "gotify"] {
            assert!(doc.contains(&format!("`{kind}`")), "{kind}");
        }
    }
}
