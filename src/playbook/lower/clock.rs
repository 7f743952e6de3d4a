//! Statutory clocks.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::{ClockId, MomentId, PartyId, StageId, StepId};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::lower::{DUPLICATE_ID, Decides, Lowering, NO_SUCH_STATUTE, Noted, Site};
use crate::playbook::model::{Clock, Moment};
use crate::playbook::statute::{Regime, Stage};
use crate::playbook::yaml::{Data, Fields, Node, bad_value, unknown_name};
use crate::text::{Lang, Text};

/// The most clocks of a plan.
const CLOCKS_MAX: usize = 50;

impl<'n> Lowering<'n> {
    pub(super) fn clocks(&mut self, node: &'n Node) -> Vec<Clock> {
        let items = node.list(&mut self.out).unwrap_or_default();
        if items.len() > CLOCKS_MAX {
            let message = both!("超过 {CLOCKS_MAX} 个", "there are more than {CLOCKS_MAX} clocks");
            self.out.push(bad_value(node.span, message));
        }
        let mut clocks: Vec<Clock> = Vec::with_capacity(items.len().min(CLOCKS_MAX));
        for item in items.iter().take(CLOCKS_MAX) {
            let Some(clock) = self.clock(item) else { continue };
            if clocks.iter().any(|earlier| earlier.id == clock.id) {
                let id = &clock.id;
                let message = both!("`{id}` 声明了两次", "`{id}` is declared twice");
                self.out.push(Diagnostic::new(DUPLICATE_ID, message).at(item.span));
                continue;
            }
            self.notes.decides(Decides::Clock(clock.id.clone()), item.get("when"));
            self.notes.clocks.push(Noted { what: clock.id.clone(), span: item.span });
            clocks.push(clock);
        }
        clocks
    }

    fn clock(&mut self, node: &'n Node) -> Option<Clock> {
        let mut fields = Fields::open(node, Text::both("法定时限", "a clock"), &mut self.out)?;
        let id = self.required_id(&mut fields);
        let title = fields.text("title", &mut self.out);
        let regime = fields.require("regime", &mut self.out).and_then(|node| self.regime_ref(node));
        let party = fields.take("party");
        let party = match &regime {
            Some(regime) => self.party(regime, party, fields.span()),
            None => None,
        };
        let starts = fields.take("starts").and_then(|node| self.starts(node));
        let moments = fields.take("moments");
        let moments = match (&regime, moments) {
            (Some(regime), Some(node)) => self.bound_moments(regime, node),
            _ => BTreeMap::new(),
        };
        let when = fields.take("when").and_then(|node| self.condition(node, Site::Incident));
        let met_by_node = fields.take("met_by");
        let role = fields.take("role").and_then(|node| self.role_ref(node));
        let escalate = fields.take("escalate").and_then(|node| self.ladder(node));
        let internal = fields.take("internal").and_then(|node| self.calendar_free(node));
        fields.close(&mut self.out);
        let regime = regime?;
        let calendar = self.statutes.and_then(|all| all.calendar_of(&regime)).cloned();
        let mut clock = Clock {
            id: ClockId::new(id?),
            title,
            regime,
            calendar,
            party,
            starts,
            moments,
            when,
            met_by: BTreeMap::new(),
            role,
            escalate,
            internal,
        };
        if let Some(node) = met_by_node {
            clock.met_by = self.met_by(&clock, node);
        }
        Some(clock)
    }

    fn regime_ref(&mut self, node: &'n Node) -> Option<Arc<Regime>> {
        let name = node.string(&mut self.out)?;
        let found = self.statutes.and_then(|all| all.regime(name)).cloned();
        if found.is_none() {
            let statutes = self.statutes;
            self.out.push_with(|| match statutes.filter(|all| all.broken.contains(name)) {
                Some(_) => Diagnostic::new(
                    NO_SUCH_STATUTE,
                    both!("法规 `{name}` 有误，无法使用", "the regime `{name}` cannot be used"),
                )
                .at(node.span)
                .help(both!(
                    "先修正 regimes/ 里的该文件或它的工作日历",
                    "mend its file in regimes/, or its calendar, first"
                )),
                None => {
                    let noun = Text::both("法规", "regime");
                    let known = statutes.into_iter().flat_map(|all| &all.known);
                    let known = known.map(String::as_str);
                    unknown_name(NO_SUCH_STATUTE, node.span, &noun, name, known).note(Text::both(
                        "法规是预案旁边 `regimes/` 里的 YAML 文件",
                        "regimes are YAML files in `regimes/` beside the plan",
                    ))
                }
            });
        }
        found
    }

    /// A regime that binds several parties is told which one the plan speaks for.
    fn party(
        &mut self,
        regime: &Regime,
        node: Option<&'n Node>,
        here: crate::playbook::source::Span,
    ) -> Option<PartyId> {
        let known = || regime.parties.keys().map(PartyId::as_str);
        let Some(node) = node else {
            if regime.parties.len() > 1 {
                let list: Vec<&str> = known().collect();
                let (zh, en) = (list.join("、"), list.join(", "));
                let help = both!("可选主体：{zh}", "the parties are {en}");
                let message = Text::both(
                    "须写明以哪个主体的身份（`party`）",
                    "say in which capacity it binds (`party`)",
                );
                self.out.push(Diagnostic::new(NO_SUCH_STATUTE, message).at(here).help(help));
            }
            return regime.parties.keys().next().cloned();
        };
        let name = node.string(&mut self.out)?;
        let party = PartyId::new(name);
        if regime.parties.contains_key(&party) {
            return Some(party);
        }
        let noun = Text::both("主体", "party");
        self.out.push(unknown_name(NO_SUCH_STATUTE, node.span, &noun, name, known()));
        None
    }

    /// Nothing of the plan is left to happen when its incident has closed.
    fn starts(&mut self, node: &'n Node) -> Option<Moment> {
        let moment = self.moment(node)?;
        if moment == Moment::Closed {
            let message =
                Text::both("法定时限不能以关闭起算", "a clock does not start with the close");
            self.out.push(bad_value(node.span, message));
            return None;
        }
        Some(moment)
    }

    fn bound_moments(&mut self, regime: &Regime, node: &'n Node) -> BTreeMap<MomentId, Moment> {
        let mut bound = BTreeMap::new();
        for entry in node.map(&mut self.out).unwrap_or_default() {
            let name = MomentId::new(&entry.key.text);
            let moment = self.moment(&entry.value);
            if !regime.moments.contains_key(&name) {
                let noun = Text::both("时刻", "moment");
                let known = regime.moments.keys().map(MomentId::as_str);
                let span = entry.key.span;
                self.out.push(unknown_name(NO_SUCH_STATUTE, span, &noun, name.as_str(), known));
            } else if let Some(moment) = moment {
                bound.insert(name, moment);
            }
        }
        bound
    }

    /// Reads a step, which submits the first stage, or `{ stage: step }`.
    fn met_by(&mut self, clock: &Clock, node: &'n Node) -> BTreeMap<StageId, StepId> {
        let mut met_by = BTreeMap::new();
        if !matches!(node.data, Data::Map(_)) {
            let step = self.step_ref(node);
            let first = clock.stages().find(|stage| !stage.on_demand);
            met_by.extend(first.map(|stage| stage.id.clone()).zip(step));
            return met_by;
        }
        for entry in node.map(&mut self.out).unwrap_or_default() {
            let stage = StageId::new(&entry.key.text);
            let step = self.step_ref(&entry.value);
            if clock.stage(&stage).is_none() {
                let known: Vec<&Stage> = clock.stages().collect();
                let noun = Text::both("阶段", "stage");
                let known = known.iter().map(|stage| stage.id.as_str());
                let span = entry.key.span;
                let found = unknown_name(NO_SUCH_STATUTE, span, &noun, stage.as_str(), known);
                let title = &clock.regime.title;
                let (zh, en) = (title.get(Lang::Zh), title.get(Lang::En));
                self.out.push(found.note(both!("法规：{zh}", "the regime is {en}")));
            } else if let Some(step) = step {
                met_by.insert(stage, step);
            }
        }
        met_by
    }
}
