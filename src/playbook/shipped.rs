//! The shipped plans with the parts they use, for tests.

use crate::playbook::part::{Part, PartKind};
use crate::playbook::{Context, Playbook, Shelf};

/// The texts of the shipped plans, by name.
pub(crate) const PLANS: [(&str, &str); 4] = [
    ("complaint-surge", include_str!("../../playbooks/complaint-surge.yaml")),
    ("data-leak", include_str!("../../playbooks/data-leak.yaml")),
    ("network-attack", include_str!("../../playbooks/network-attack.yaml")),
    ("service-outage", include_str!("../../playbooks/service-outage.yaml")),
];

/// Writes the files of the shipped parts.
macro_rules! parts {
    ($($kind:ident $path:literal,)*) => {
        [$((PartKind::$kind, include_str!(concat!("../../playbooks/", $path, ".yaml"))),)*]
    };
}

const PARTS: [(PartKind, &str); 6] = parts! {
    Steps "steps/command",
    Regimes "regimes/cn-incident-reporting",
    Regimes "regimes/cn-pipl-57",
    Regimes "regimes/cn-network-data-security",
    Regimes "regimes/gdpr-33",
    Regimes "regimes/gdpr-34",
};

/// Loads a plan that may use the shipped parts.
pub(crate) fn load(name: &str, text: &str) -> Playbook {
    let mut shelf = Shelf::default();
    for (kind, text) in PARTS {
        let part = Part::read(kind, kind.folder(), text.as_bytes()).expect("a shipped part");
        shelf.put(part).expect("one of its name");
    }
    let context = Context { shelf: Some(&shelf), ..Context::default() };
    let loaded = Playbook::load(name, text.as_bytes(), &context);
    let shown = loaded
        .findings
        .render(crate::playbook::diagnostic::Rendering::plain(crate::text::Lang::En));
    loaded.playbook.unwrap_or_else(|| panic!("{shown}"))
}

/// Returns the text of a shipped plan.
pub(crate) fn text(name: &str) -> &'static str {
    PLANS.iter().find(|(known, _)| *known == name).expect("a shipped plan").1
}

/// Loads a shipped plan.
pub(crate) fn plan(name: &str) -> Playbook {
    load(name, text(name))
}
