//! What mail looks like, byte for byte and to a reader.

use super::*;
use crate::notify::gate::Pass;
use crate::notify::message::Rendered;
use crate::notify::message::tests::page;
use crate::notify::route::Destination;
use crate::text::Lang;

/// The number of the incident that [`outgoing`] is about.
pub(crate) const INCIDENT_NUMBER: u64 = 42;

/// A page by e-mail.
pub(crate) fn outgoing(lang: Lang, drill: bool) -> Outgoing {
    outgoing_of(page(lang), "li@shop.example", drill)
}

fn outgoing_of(message: Rendered, address: &str, drill: bool) -> Outgoing {
    let to = Destination { address: address.into(), shared: false };
    Outgoing::new(Pass::for_test(drill), to, message, "2026-11-21T19:00:03Z".parse().unwrap())
}

fn sender() -> Sender {
    Sender::parse("客服值守 <firebell@shop.example>").unwrap()
}

fn mail(outgoing: &Outgoing) -> String {
    String::from_utf8(compose(&sender(), outgoing).unwrap().formatted()).unwrap()
}

fn header<'a>(mail: &'a str, name: &str) -> Option<&'a str> {
    let head = mail.split("\r\n\r\n").next().unwrap();
    head.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[test]
fn a_page_in_chinese_looks_like_this() {
    insta::assert_snapshot!(mail(&outgoing(Lang::Zh, false)).replace("\r\n", "\n"));
}

#[test]
fn a_drill_s_page_in_english_looks_like_this() {
    insta::assert_snapshot!(mail(&outgoing(Lang::En, true)).replace("\r\n", "\n"));
}

#[test]
fn the_html_part_escapes_what_people_wrote() {
    let html = html::page(&outgoing(Lang::En, true));
    insta::assert_snapshot!(html);
    assert!(!html.contains("<华东>"));
}

#[test]
fn all_mail_of_an_incident_is_one_thread_with_ids_of_its_own() {
    let mut message = page(Lang::Zh);
    message.notice = crate::id::NoticeId::nth(message.incident.as_ref().unwrap().id, 2);
    let first = mail(&outgoing(Lang::Zh, false));
    let second = mail(&outgoing_of(message, "wang@shop.example", false));
    for same in ["Subject", "References", "In-Reply-To"] {
        assert_eq!(header(&first, same), header(&second, same), "{same}");
        assert!(header(&first, same).is_some(), "{same}");
    }
    assert_ne!(header(&first, "Message-ID"), header(&second, "Message-ID"));
    assert!(header(&first, "Message-ID").unwrap().ends_with("@shop.example>"));
}

#[test]
fn only_drills_bear_the_drill_s_header() {
    let (drill, live) = (mail(&outgoing(Lang::Zh, true)), mail(&outgoing(Lang::Zh, false)));
    assert_eq!(header(&drill, "X-Firebell-Drill"), Some("yes"));
    assert_eq!(header(&live, "X-Firebell-Drill"), None);
    for mail in [drill, live] {
        assert_eq!(header(&mail, "Auto-Submitted"), Some("auto-generated"));
        assert_eq!(header(&mail, "X-Firebell-Incident"), Some("42"));
        assert_eq!(header(&mail, "X-Firebell-Level"), Some("2"));
    }
}

#[test]
fn a_subject_cannot_smuggle_in_a_header() {
    let mut message = page(Lang::En);
    message.subject = "Outage\r\nBcc: all@shop.example\r\n\r\nbody".into();
    let mail = mail(&outgoing_of(message, "li@shop.example", false));
    assert_eq!(header(&mail, "Subject"), Some("Outage Bcc: all@shop.example body"));
    assert_eq!(header(&mail, "Bcc"), None);
}

#[test]
fn addresses_that_are_none_are_told_of() {
    for address in ["", "li", "li@", "a@b.example, c@d.example", "a@b\r\nBcc: c@d"] {
        let outgoing = outgoing_of(page(Lang::Zh), address, false);
        let why = compose(&sender(), &outgoing).unwrap_err();
        assert_eq!(why.code, WhyCode::BadAddress, "{address}");
    }
    assert_eq!(Sender::parse("firebell").unwrap_err().field, "from");
}

#[test]
fn a_message_without_an_incident_is_its_own_thread() {
    let mut message = page(Lang::En);
    message.incident = None;
    let mail = mail(&outgoing_of(message, "li@shop.example", false));
    assert!(header(&mail, "Message-ID").is_some());
    assert_eq!(header(&mail, "References"), None);
    assert_eq!(header(&mail, "X-Firebell-Incident"), None);
}

#[test]
fn links_that_are_no_web_addresses_are_not_clickable() {
    let mut message = page(Lang::En);
    message.links[0].url = "javascript:alert(1)".into();
    let html = html::page(&outgoing_of(message, "li@shop.example", false));
    assert!(!html.contains("href"), "{html}");
}
