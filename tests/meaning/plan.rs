//! Plans of the cases, written as their authors would write them.

use firebell::playbook::diagnostic::Rendering;
use firebell::playbook::part::{Part, PartKind};
use firebell::playbook::{Context, Playbook, Shelf};
use firebell::text::Lang;

/// The roles of a plan that does not write its own.
const ROLES: &str = "\
roles:
  commander: { title: Commander, assign: { schedule: duty }, acknowledge_within: 5m }
  support: { title: Support, assign: { claim: service }, acknowledge_within: 10m }
  engineering: { title: Engineering, assign: { schedule: platform }, acknowledge_within: 5m }
";

/// Writes a whole plan of what a case is about: the name and, where missing, the roles are added.
pub fn whole(body: &str) -> String {
    let body = dedent(body);
    let roles = if body.contains("\nroles:") || body.starts_with("roles:") { "" } else { ROLES };
    format!("playbook: case\ntitle: Case\n{roles}{body}")
}

/// The parts that plans of the cases may use.
fn shelf() -> Shelf {
    let mut shelf = Shelf::default();
    let law = Part::read(PartKind::Regimes, "law.yaml", include_bytes!("law.yaml"));
    shelf.put(law.expect("a part")).expect("the only one");
    let days = include_bytes!("../../playbooks/calendars/cn.yaml");
    let days = Part::read(PartKind::Calendars, "cn.yaml", days);
    shelf.put(days.expect("a part")).expect("the only one");
    shelf
}

/// Loads a plan that has no errors.
pub fn load(body: &str) -> Playbook {
    let text = whole(body);
    let shelf = shelf();
    let context = Context { shelf: Some(&shelf), ..Context::default() };
    let loaded = Playbook::load("case.yaml", text.as_bytes(), &context);
    match loaded.playbook {
        Some(playbook) => playbook,
        None => {
            panic!("the plan has errors:\n{}", loaded.findings.render(Rendering::plain(Lang::En)))
        }
    }
}

/// Loads a plan and returns the codes of what is wrong with it.
pub fn findings(body: &str) -> Vec<String> {
    let text = whole(body);
    let loaded = Playbook::load("case.yaml", text.as_bytes(), &Context::default());
    assert!(loaded.playbook.is_none(), "the plan is accepted");
    loaded.findings.iter().map(|finding| finding.code.to_string()).collect()
}

/// Takes away the margin that the lines have in common.
fn dedent(text: &str) -> String {
    let lines = || text.lines().filter(|line| !line.trim().is_empty());
    let margin = lines().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    lines().map(|line| format!("{}\n", &line[margin..])).collect()
}
