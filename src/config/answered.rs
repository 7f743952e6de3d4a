//! What is watched and leads to nothing: monitors and silent sources that no plan asks for, and surges
//! that plans wait for and nothing finds.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::source::Span;
use crate::playbook::yaml::{Data, Entry, Node};
use crate::playbook::{Activation, Playbook};

use super::code::{UNASKED_MONITOR, UNHEARD_SILENCE, UNWATCHED_SURGE};
use super::findings::Findings;
use super::load::Loaded;

/// Where monitors and sources stand in the file.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    /// Monitors that are to begin something.
    monitors: BTreeMap<SmolStr, Span>,
    sources: BTreeMap<SmolStr, Span>,
}

impl Watched {
    /// Finds them; spans beyond `end` belong to the environment.
    pub(super) fn of(root: &Node, end: usize) -> Self {
        let places = |section: &str, counts: &dyn Fn(&Entry) -> bool| {
            let entries = match root.get(section).map(|node| &node.data) {
                Some(Data::Map(entries)) => entries.as_slice(),
                _ => &[],
            };
            let here = entries.iter().filter(|entry| entry.key.span.end <= end && counts(entry));
            here.map(|entry| (SmolStr::new(&entry.key.text), entry.key.span)).collect()
        };
        let begins = |entry: &Entry| entry.value.get("begins").is_none_or(Node::is_null);
        Self { monitors: places("monitors", &begins), sources: places("ingest", &|_| true) }
    }
}

impl Loaded {
    /// Finds what is watched and leads to nothing with these plans. Nothing where no file says what
    /// is watched.
    #[must_use]
    pub fn unanswered<'p>(&self, plans: impl IntoIterator<Item = &'p Playbook>) -> Findings {
        let mut out = Diagnostics::new(self.places.file().clone());
        if self.file.is_none() {
            return Findings::default();
        }
        let plans: Vec<&Playbook> = plans.into_iter().collect();
        self.unasked_monitors(&plans, &mut out);
        self.unheard_silences(&plans, &mut out);
        self.unwatched_surges(&plans, &mut out);
        out.sort();
        Findings::new(vec![out])
    }

    fn unasked_monitors(&self, plans: &[&Playbook], out: &mut Diagnostics) {
        let is_named = |id: &SmolStr| surges(plans).any(|(_, monitor)| monitor == id);
        for (id, span) in self.places.watched().monitors.iter().filter(|(id, _)| !is_named(id)) {
            let message = both!(
                "没有预案的 `activate_when` 写到监测 `{id}`，激增时不会启动任何预案",
                "no plan's `activate_when` names the monitor `{id}`; its surges begin nothing"
            );
            out.push(Diagnostic::new(UNASKED_MONITOR, message).at(*span).help(both!(
                "在预案中写 `- surge: {{ monitor: {id} }}`；只想观察则写 `begins: nothing`",
                "write `- surge: {{ monitor: {id} }}` in a plan, or `begins: nothing` to only watch"
            )));
        }
    }

    fn unheard_silences(&self, plans: &[&Playbook], out: &mut Diagnostics) {
        let watched = self.config.ingest.values().map(|one| &one.source);
        for source in watched.filter(|source| source.silent_after.is_some()) {
            let labels = source.silent().labels;
            let mut asked = plans.iter().flat_map(|plan| &plan.activate_when);
            if asked.any(|activation| activation.answers(&labels)) {
                continue;
            }
            let id = &source.id;
            let message = both!(
                "来源 `{id}` 写了 `silent_after`，但没有预案响应它的沉默",
                "the source `{id}` has `silent_after`, and no plan answers to its silence"
            );
            let finding = Diagnostic::new(UNHEARD_SILENCE, message).help(both!(
                "在预案中写 `- alert: {{ match: {{ alertname: SourceSilent, source: {id} }} }}`",
                "write `- alert: {{ match: {{ alertname: SourceSilent, source: {id} }} }}` in a plan"
            ));
            let place = self.places.watched().sources.get(id);
            out.push(place.map_or(finding.clone(), |span| finding.at(*span)));
        }
    }

    fn unwatched_surges(&self, plans: &[&Playbook], out: &mut Diagnostics) {
        let names = || self.config.monitors.iter().map(|monitor| monitor.id.as_str());
        for (plan, monitor) in
            surges(plans).filter(|(_, monitor)| !names().any(|id| id == *monitor))
        {
            let plan = &plan.id;
            let message = both!(
                "预案 `{plan}` 等待监测 `{monitor}` 的激增，配置中没有这个监测",
                "the plan `{plan}` waits for surges of the monitor `{monitor}`, which is not \
                 configured"
            );
            let finding = Diagnostic::new(UNWATCHED_SURGE, message);
            out.push(finding.did_you_mean(monitor, names()));
        }
    }
}

/// Walks the monitors that plans name.
fn surges<'p>(plans: &[&'p Playbook]) -> impl Iterator<Item = (&'p Playbook, &'p SmolStr)> {
    let each = plans.iter().flat_map(|plan| plan.activate_when.iter().map(move |one| (*plan, one)));
    each.filter_map(|(plan, activation)| match activation {
        Activation::Surge { monitor, .. } => Some((plan, monitor)),
        Activation::Alert { .. } => None,
    })
}
