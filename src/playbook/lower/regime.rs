//! Legal regimes.

use indexmap::IndexMap;
use smol_str::SmolStr;

use crate::id::{CalendarId, MomentId, PartyId, RegimeId, StageId};
use crate::people::Zone;
use crate::playbook::diagnostic::{Diagnostic, Diagnostics, both};
use crate::playbook::expression::{Expression, Name};
use crate::playbook::lower::calendar::no_origin;
use crate::playbook::lower::{
    BAD_STAGES, DUPLICATE_ID, Form, Lowering, NO_SUCH_STATUTE, NOT_VERIFIED, Notes, Site,
    UNKNOWN_NAME,
};
use crate::playbook::statute::{
    ContentItem, Extension, InForce, Limit, Origin, Party, Regime, Stage, StageLimit, Start,
};
use crate::playbook::template::Template;
use crate::playbook::yaml::{Data, Fields, Node, bad_value, missing, unknown_name};
use crate::text::Text;

/// The most stages of a regime.
const STAGES_MAX: usize = 30;
/// The most items of a stage's content.
const CONTENT_MAX: usize = 50;
/// The most an authority may extend a limit, in days.
const EXTENSION_DAYS_MAX: i64 = 400;

/// The names that stand for moments of every incident.
const STARTS: [(&str, Start); 4] = [
    ("detected", Start::Detected),
    ("aware", Start::Aware),
    ("declared", Start::Declared),
    ("closed", Start::Closed),
];

/// Reads a regime. It is there when nothing that it needs is missing.
pub(in crate::playbook) fn regime(root: &Node, out: Diagnostics) -> (Option<Regime>, Diagnostics) {
    let mut lowering =
        Lowering { out, notes: Notes::default(), statutes: None, has_calendar: true };
    let regime = lowering.regime(root);
    if let Some(regime) = &regime {
        lowering.check_stages(regime, root);
        lowering.check_facts(regime);
        lowering.remark_unverified(regime, root);
    }
    (regime, lowering.out)
}

impl<'n> Lowering<'n> {
    fn regime(&mut self, root: &'n Node) -> Option<Regime> {
        let mut fields = Fields::open(root, Text::both("法规", "a regime"), &mut self.out)?;
        let id = fields.require("regime", &mut self.out).and_then(|node| self.slug(node));
        let title = fields.require("title", &mut self.out).and_then(|n| n.text(&mut self.out));
        let jurisdiction = fields.require("jurisdiction", &mut self.out);
        let jurisdiction = jurisdiction.and_then(|node| node.text(&mut self.out));
        let version = fields.text("version", &mut self.out);
        let in_force = fields.require("effective", &mut self.out);
        let in_force = in_force.and_then(|node| self.in_force(node));
        let zone = fields.take("timezone");
        let zone = zone.map_or_else(|| Some(Zone::utc()), |node| self.zone(node));
        let calendar = fields.take("calendar").and_then(|node| self.slug(node));
        let source = fields.require("source", &mut self.out);
        let source = source.map(|node| self.origins(node)).unwrap_or_default();
        let verified = fields.require("verified", &mut self.out);
        let verified = verified.and_then(|node| node.boolean(&mut self.out));
        let notes = fields.text("notes", &mut self.out);
        let parties = self.titles(fields.take("parties"));
        let moments = self.titles(fields.take("moments"));
        let facts = fields.take("facts").map(|node| self.fields(node)).unwrap_or_default();
        let when = fields.take("when");
        let condition = when.and_then(|node| self.condition(node, Site::Incident));
        let stages = fields.require("stages", &mut self.out);
        let stages = stages.map(|node| self.stages(node, verified)).unwrap_or_default();
        fields.close(&mut self.out);
        Some(Regime {
            id: RegimeId::new(id?),
            title: title?,
            jurisdiction: jurisdiction?,
            version,
            in_force: in_force?,
            zone: zone?,
            calendar: calendar.map(CalendarId::new),
            source,
            verified: verified?,
            notes,
            parties: parties
                .into_iter()
                .map(|(name, title)| (PartyId::new(name), Party { title }))
                .collect(),
            moments: moments
                .into_iter()
                .map(|(name, title)| (MomentId::new(name), title))
                .collect(),
            facts,
            when: condition,
            stages,
        })
    }

    fn titles(&mut self, node: Option<&'n Node>) -> IndexMap<SmolStr, Text> {
        let entries = node.and_then(|node| node.map(&mut self.out)).unwrap_or_default();
        let mut titles = IndexMap::new();
        for entry in entries {
            let name = self.identifier(&entry.key.text, entry.key.span);
            let title = entry.value.text(&mut self.out);
            titles.extend(name.zip(title));
        }
        titles
    }

    fn in_force(&mut self, node: &'n Node) -> Option<InForce> {
        let what = Text::both("施行时间", "when it holds");
        let mut fields = Fields::open(node, what, &mut self.out)?;
        let from = fields.take("from").and_then(|node| self.date(node));
        let until = fields.take("until").and_then(|node| self.date(node));
        let proposed = fields.boolean("proposed", &mut self.out).unwrap_or(false);
        fields.close(&mut self.out);
        if let (Some(from), Some(until)) = (from, until)
            && from > until
        {
            let message = both!("{from} 晚于 {until}", "{from} is after {until}");
            self.out.push(bad_value(node.span, message));
        }
        Some(InForce { proposed, from, until })
    }

    /// Reads a list of `{ title, url }`; there must be one.
    pub(super) fn origins(&mut self, node: &'n Node) -> Vec<Origin> {
        let items = node.list(&mut self.out).unwrap_or_default();
        let mut origins = Vec::with_capacity(items.len());
        for item in items {
            let what = Text::both("出处", "a source");
            let Some(mut fields) = Fields::open(item, what, &mut self.out) else { continue };
            let title = fields.require("title", &mut self.out).and_then(|n| n.text(&mut self.out));
            let url = fields.string("url", &mut self.out).map(str::to_owned);
            fields.close(&mut self.out);
            origins.extend(title.map(|title| Origin { title, url }));
        }
        if items.is_empty() {
            self.out.push(no_origin(node.span));
        }
        origins
    }

    fn stages(&mut self, node: &'n Node, verified: Option<bool>) -> Vec<Stage> {
        let items = node.list(&mut self.out).unwrap_or_default();
        if items.is_empty() || items.len() > STAGES_MAX {
            let message =
                both!("须有 1 到 {STAGES_MAX} 个阶段", "there must be 1 to {STAGES_MAX} stages");
            self.out.push(bad_value(node.span, message));
        }
        items.iter().filter_map(|node| self.stage(node, verified.unwrap_or(false))).collect()
    }

    fn stage(&mut self, node: &'n Node, verified: bool) -> Option<Stage> {
        let what = Text::both("阶段", "a stage");
        let mut fields = Fields::open(node, what.clone(), &mut self.out)?;
        let id = self.required_id(&mut fields);
        let title = fields.require("title", &mut self.out).and_then(|n| n.text(&mut self.out));
        let to = fields.require("to", &mut self.out).and_then(|n| n.text(&mut self.out));
        let parties = fields.list("parties", &mut self.out);
        let parties = parties.iter().filter_map(|n| n.string(&mut self.out));
        let parties = parties.map(PartyId::new).collect();
        let limits = self.stage_limits(&mut fields, &what);
        let when = fields.take("when").and_then(|node| self.condition(node, Site::Incident));
        let on_demand = fields.boolean("on_demand", &mut self.out).unwrap_or(false);
        let content = fields.list("content", &mut self.out);
        if content.len() > CONTENT_MAX {
            let message = both!("超过 {CONTENT_MAX} 项", "there are more than {CONTENT_MAX} items");
            self.out.push(bad_value(node.span, message));
        }
        let content = content.iter().filter_map(|node| self.content_item(node)).collect();
        let extension = fields.take("extension").and_then(|node| self.extension(node));
        let verified = fields.boolean("verified", &mut self.out).unwrap_or(verified);
        let notes = fields.text("notes", &mut self.out);
        fields.close(&mut self.out);
        let id = StageId::new(id?);
        let (title, to, limits) = (title?, to?, limits?);
        Some(Stage {
            id,
            title,
            parties,
            to,
            limits,
            when,
            on_demand,
            content,
            extension,
            verified,
            notes,
        })
    }

    /// Reads `from` and `within`, or several of them under `limits`.
    fn stage_limits(&mut self, fields: &mut Fields<'n>, what: &Text) -> Option<Vec<StageLimit>> {
        if let Some(several) = fields.take("limits") {
            let items = several.list(&mut self.out)?;
            let limits: Vec<StageLimit> =
                items.iter().filter_map(|node| self.one_limit(node)).collect();
            if limits.is_empty() {
                self.out.push(missing(several.span, what, "within"));
            }
            return (!limits.is_empty()).then_some(limits);
        }
        Some(vec![self.limit_of(fields)?])
    }

    fn one_limit(&mut self, node: &'n Node) -> Option<StageLimit> {
        let mut fields = Fields::open(node, Text::both("时限", "a limit"), &mut self.out)?;
        let limit = self.limit_of(&mut fields);
        fields.close(&mut self.out);
        limit
    }

    fn limit_of(&mut self, fields: &mut Fields<'n>) -> Option<StageLimit> {
        let from = fields.require("from", &mut self.out).and_then(|node| self.start(node));
        let within = fields.require("within", &mut self.out).and_then(|node| self.limit(node));
        let target = fields.take("internal");
        let internal = target.and_then(|node| self.calendar_free(node));
        let within = match (within?, target) {
            (Limit::Promptly(_), _) => Limit::Promptly(internal),
            (limit, None) => limit,
            (_, Some(node)) => {
                let message = Text::both(
                    "只有 `within: promptly` 才有内部目标",
                    "only `within: promptly` has a target of our own",
                );
                self.out.push(bad_value(node.span, message));
                return None;
            }
        };
        Some(StageLimit { from: from?, within })
    }

    fn limit(&mut self, node: &Node) -> Option<Limit> {
        let text = node.string(&mut self.out)?;
        let limit = text.parse::<Limit>();
        if limit.is_err() {
            let message = both!("`{text}` 不是法定时限", "`{text}` is not a limit");
            self.out.push(bad_value(node.span, message).help(Text::both(
                "一个数加一个单位：30m 72h 30d 4bd 1mo；或 promptly",
                "one number with one unit: 30m 72h 30d 4bd 1mo; or promptly",
            )));
        }
        limit.ok()
    }

    fn start(&mut self, node: &'n Node) -> Option<Start> {
        if let Data::Map(_) = &node.data {
            return self.start_of(node);
        }
        let name = node.string(&mut self.out)?;
        let found = STARTS.iter().find(|(known, _)| *known == name);
        if found.is_none() {
            let message = both!("`{name}` 不是时刻", "`{name}` is not a moment");
            self.out.push(
                bad_value(node.span, message)
                    .did_you_mean(name, STARTS.iter().map(|(known, _)| *known))
                    .help(Text::both(
                        "也可写 `{ submitted: 阶段 }`、`{ level: 3 }`、`{ moment: 名称 }`",
                        "or `{ submitted: stage }`, `{ level: 3 }`, `{ moment: name }`",
                    )),
            );
        }
        found.map(|(_, start)| start.clone())
    }

    fn start_of(&mut self, node: &'n Node) -> Option<Start> {
        let what = Text::both("起算时刻", "a moment to count from");
        let mut fields = Fields::open(node, what.clone(), &mut self.out)?;
        let submitted = fields.string("submitted", &mut self.out);
        let level = fields.take("level");
        let moment = fields.string("moment", &mut self.out);
        fields.close(&mut self.out);
        match (submitted, level, moment) {
            (Some(stage), None, None) => Some(Start::Submitted(StageId::new(stage))),
            (None, Some(level), None) => self.level(level).map(Start::Level),
            (None, None, Some(moment)) => Some(Start::Named(MomentId::new(moment))),
            (None, None, None) => {
                self.out.push(missing(node.span, &what, "submitted"));
                None
            }
            _ => {
                let keys = ["submitted", "level", "moment"];
                self.out.push(super::step::conflict(node.span, &keys));
                None
            }
        }
    }

    fn content_item(&mut self, node: &'n Node) -> Option<ContentItem> {
        let is_text = !matches!(node.data, Data::Map(_)) || node.get("title").is_none();
        if is_text {
            let title = node.text(&mut self.out)?;
            return Some(ContentItem { title, optional: false, fill: None });
        }
        let what = Text::both("内容要点", "an item of content");
        let mut fields = Fields::open(node, what, &mut self.out)?;
        let title = fields.require("title", &mut self.out).and_then(|n| n.text(&mut self.out));
        let optional = fields.boolean("optional", &mut self.out).unwrap_or(false);
        let fill = fields.take("fill").and_then(|node| self.text_template(node, Site::Incident));
        fields.close(&mut self.out);
        Some(ContentItem { title: title?, optional, fill })
    }

    fn extension(&mut self, node: &'n Node) -> Option<Extension> {
        let what = Text::both("延期", "an extension");
        let mut fields = Fields::open(node, what, &mut self.out)?;
        let by = fields.require("by", &mut self.out).and_then(|n| n.text(&mut self.out));
        let days = fields.require("days_at_most", &mut self.out);
        let days = days.and_then(|n| n.integer(1, EXTENSION_DAYS_MAX, &mut self.out));
        fields.close(&mut self.out);
        Some(Extension { by: by?, days_at_most: u32::try_from(days?).ok()? })
    }

    /// Stages, parties and moments that are named are there; chains end; business days have a
    /// calendar.
    fn check_stages(&mut self, regime: &Regime, root: &Node) {
        let nodes = root.get("stages").and_then(Node::as_list).unwrap_or_default();
        let span = |id: &StageId| {
            let found =
                nodes.iter().find(|n| n.get("id").and_then(Node::as_str) == Some(id.as_str()));
            found.map_or(root.span, |node| node.span)
        };
        for (at, stage) in regime.stages.iter().enumerate() {
            let here = span(&stage.id);
            if regime.stages.iter().take(at).any(|earlier| earlier.id == stage.id) {
                let id = &stage.id;
                let message = both!("阶段 `{id}` 声明了两次", "the stage `{id}` is declared twice");
                self.out.push(Diagnostic::new(DUPLICATE_ID, message).at(here));
            }
            for party in stage.parties.iter().filter(|party| !regime.parties.contains_key(*party)) {
                let known = regime.parties.keys().map(PartyId::as_str);
                let noun = Text::both("主体", "party");
                self.out.push(unknown_name(NO_SUCH_STATUTE, here, &noun, party.as_str(), known));
            }
            for limit in &stage.limits {
                self.check_start(regime, at, &limit.from, here);
                if limit.within.needs_calendar() && regime.calendar.is_none() {
                    let message = Text::both(
                        "工作日时限须有 `calendar`",
                        "a limit in business days needs a `calendar`",
                    );
                    self.out.push(Diagnostic::new(NO_SUCH_STATUTE, message).at(here));
                }
            }
        }
    }

    fn check_start(
        &mut self,
        regime: &Regime,
        at: usize,
        start: &Start,
        here: crate::playbook::source::Span,
    ) {
        match start {
            Start::Submitted(id) => match regime.stages.iter().position(|stage| stage.id == *id) {
                None => {
                    let known = regime.stages.iter().map(|stage| stage.id.as_str());
                    let noun = Text::both("阶段", "stage");
                    self.out.push(unknown_name(NO_SUCH_STATUTE, here, &noun, id.as_str(), known));
                }
                Some(before) if before >= at => {
                    let message = both!(
                        "阶段须在它所接续的 `{id}` 之后",
                        "a stage must stand after `{id}`, which it follows"
                    );
                    self.out.push(Diagnostic::new(BAD_STAGES, message).at(here));
                }
                Some(_) => {}
            },
            Start::Named(id) if !regime.moments.contains_key(id) => {
                let known = regime.moments.keys().map(MomentId::as_str);
                let noun = Text::both("时刻", "moment");
                self.out.push(unknown_name(NO_SUCH_STATUTE, here, &noun, id.as_str(), known));
            }
            _ => {}
        }
    }

    /// A regime asks for its own facts, the level and what every incident has.
    fn check_facts(&mut self, regime: &Regime) {
        let used = std::mem::take(&mut self.notes.used);
        for used in &used {
            let source = used.node.as_str().unwrap_or_default();
            let names: Vec<Name> = match used.form {
                Form::Condition | Form::Value => {
                    Expression::compile(source).map(|e| e.names().to_vec()).unwrap_or_default()
                }
                Form::Template(lang) => {
                    Template::compile(source, lang).map(|t| t.names().to_vec()).unwrap_or_default()
                }
                Form::Json => Vec::new(),
            };
            for name in names {
                let known = match &name {
                    Name::Variable(id) => regime.facts.contains_key(id),
                    Name::Level | Name::Phase | Name::Incident(_) => true,
                    _ => false,
                };
                if !known {
                    let written = name.to_string();
                    let facts = regime.facts.keys().map(crate::id::VarId::as_str);
                    let noun = Text::both("事实", "fact");
                    let found = unknown_name(UNKNOWN_NAME, used.node.span, &noun, &written, facts);
                    self.out.push(found.note(Text::both(
                        "法规用到的事实须在 `facts` 中声明",
                        "what a regime asks for is declared under `facts`",
                    )));
                }
            }
        }
    }

    fn remark_unverified(&mut self, regime: &Regime, root: &Node) {
        let unsure = regime.stages.iter().filter(|stage| !stage.verified).map(|s| s.id.as_str());
        let unsure: Vec<&str> = unsure.collect();
        if unsure.is_empty() {
            return;
        }
        let (zh, en) = (unsure.join("、"), unsure.join(", "));
        // Where a stage says so itself, the regime's own word is about the others.
        let items = root.get("stages").and_then(Node::as_list).unwrap_or_default();
        let mut own = items.iter().filter(|item| {
            let id = item.get("id").and_then(Node::as_str);
            id.is_some_and(|id| unsure.contains(&id))
        });
        let mut own = own.by_ref().map(|item| item.get("verified").map(|node| node.span));
        let of_regime = root.get("verified").map_or(root.span, |node| node.span);
        let first = own.next().flatten().unwrap_or(of_regime);
        let mut found = Diagnostic::new(
            NOT_VERIFIED,
            both!("尚未与法规原文核对的阶段：{zh}", "stages not compared with the law: {en}"),
        )
        .at(first);
        let mut told = vec![first];
        for place in own.map(|place| place.unwrap_or(of_regime)) {
            if !told.contains(&place) {
                found = found.related(place, Text::both("这里也是", "here too"));
                told.push(place);
            }
        }
        self.out.push(found.help(Text::both(
            "请法务核对后改为 `verified: true`",
            "have counsel compare them, then write `verified: true`",
        )));
    }
}
