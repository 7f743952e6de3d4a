//! Hours without anyone on call.

use super::*;

const ROSTER: &str = "channels:
  mail: { kind: eml, dir: outbox }
people:
  ann: { name: Ann, contacts: { mail: ann@example.com } }
schedules:
  days:
    timezone: Asia/Shanghai
    layers:
      - { rotation: daily, start: 2026-01-01, hand_off: \"09:00\", members: [ann] }
  office:
    timezone: Asia/Shanghai
    layers:
      - rotation: daily
        start: 2026-01-01
        hand_off: \"09:00\"
        members: [ann]
        restrictions: [ { from: \"09:00\", to: \"18:00\" } ]
  soon:
    timezone: Europe/Berlin
    layers:
      - { rotation: weekly, start: 2026-11-30, hand_off: \"09:00\", members: [ann] }
  never:
    timezone: UTC
    layers:
      - { rotation: weekly, start: 2031-01-06, hand_off: \"09:00\", members: [ann] }
";

#[test]
fn hours_without_anyone_are_told_with_their_place_and_zone_in_both_languages() {
    let loaded = loaded(ROSTER);
    let now = "2026-11-21T08:00:00Z".parse().expect("an instant");
    let found = loaded.uncovered(&loaded.config.directory(), now);
    assert!(!found.has_errors());
    let printed = Lang::ALL.map(|lang| found.render(Rendering::plain(lang)));
    insta::assert_snapshot!(printed.join("\n\n"));
}

#[test]
fn a_roster_without_holes_has_nothing_to_tell() {
    let sample = loaded(include_str!("../../../firebell.yaml"));
    let built_in = loaded("# nothing yet\n");
    for now in ["2026-11-21T08:00:00Z", "2027-02-17T00:00:00Z", "2027-11-08T16:00:00Z"] {
        let now = now.parse().expect("an instant");
        for loaded in [&sample, &built_in] {
            let found = loaded.uncovered(&loaded.config.directory(), now);
            assert!(found.is_empty(), "{}", found.render(Rendering::plain(Lang::En)));
        }
    }
}
