//! The parts of a plan in words: deadlines, conditions, moments, audiences. What authors write as
//! expressions is read by people who have never seen one. It must not know where it is printed.

use std::collections::BTreeMap;

use super::expression;
use crate::id::{PartnerId, PhaseId, RoleId, ScheduleId, StepId, TeamId, VarId};
use crate::notify::level_word;
use crate::people::{Directory, Source};
use crate::playbook::value::Field;
use crate::playbook::{
    Action, Approver, Audience, Condition, Counts, Due, Handler, HandlerEvent, Join, Level, Limit,
    Milestone, Moment, Next, Playbook, Repeat, Span, Step, Term,
};
use crate::text::Lang;

/// Says the parts of one plan in one language.
#[derive(Debug)]
pub struct Words<'a> {
    /// The language.
    pub lang: Lang,
    plan: &'a Playbook,
    fields: BTreeMap<&'a str, &'a Field>,
    /// Who knows what people call teams, schedules and partners.
    directory: Option<&'a Directory>,
}

/// Keeps a text on one line and free of what neither a page nor a picture can show.
#[must_use]
pub fn line(text: &str) -> String {
    let shown = |c: char| if c.is_control() || is_unprintable(c) { ' ' } else { c };
    let shown: String = text.chars().map(shown).collect();
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Tells whether XML 1.0 forbids a character, or it turns the direction of what follows.
#[must_use]
pub const fn is_unprintable(c: char) -> bool {
    matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl<'a> Words<'a> {
    /// Prepares to say the parts of a plan.
    #[must_use]
    pub fn new(plan: &'a Playbook, lang: Lang) -> Self {
        let mut fields: BTreeMap<&str, &Field> = BTreeMap::new();
        let forms = plan.every_step().filter_map(|step| {
            let Action::Manual(manual) = &step.action else { return None };
            Some(&manual.form)
        });
        // What a regime asks for is called as the regime does, where the plan does not ask it itself.
        let of_law = plan.clocks.iter().flat_map(|clock| &clock.regime.facts);
        for (name, field) in of_law.chain(forms.flatten()).chain(&plan.inputs) {
            fields.insert(name.as_str(), field);
        }
        Self { lang, plan, fields, directory: None }
    }

    /// Calls teams, schedules and partners as a configuration does.
    #[must_use]
    pub fn with(self, directory: &'a Directory) -> Self {
        Self { directory: Some(directory), ..self }
    }

    /// Returns what people call a team.
    #[must_use]
    pub fn team(&self, id: &TeamId) -> String {
        let known = self.directory.and_then(|directory| directory.team(id));
        line(known.filter(|team| team.id == *id).map_or(id.as_str(), |t| t.title.get(self.lang)))
    }

    fn schedule(&self, id: &ScheduleId) -> String {
        let known = self.directory.and_then(|directory| directory.schedule(id));
        line(known.filter(|s| s.id == *id).map_or(id.as_str(), |s| s.title.get(self.lang)))
    }

    fn partner(&self, id: &PartnerId) -> String {
        let known = self.directory.and_then(|directory| directory.partner(id));
        line(known.map_or(id.as_str(), |partner| partner.title.get(self.lang)))
    }

    /// Returns the plan whose parts are said.
    #[must_use]
    pub const fn plan(&self) -> &'a Playbook {
        self.plan
    }

    /// Returns what people call a role.
    #[must_use]
    pub fn role(&self, id: &RoleId) -> String {
        let title = self.plan.roles.get(id).map(|role| role.title.get(self.lang));
        line(title.unwrap_or(id.as_str()))
    }

    /// Returns what people call a step.
    #[must_use]
    pub fn step(&self, id: &StepId) -> String {
        let title = self.plan.step(id).and_then(|(_, step)| step.title.as_ref());
        line(title.map_or(id.as_str(), |title| title.get(self.lang)))
    }

    /// Returns what people call a phase.
    #[must_use]
    pub fn phase(&self, id: &PhaseId) -> String {
        line(self.plan.phase(id).map_or(id.as_str(), |phase| phase.title.get(self.lang)))
    }

    /// Returns what is asked under a name, where an input or a form asks it.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'a Field> {
        self.fields.get(name).copied()
    }

    /// Returns what people call a variable.
    #[must_use]
    pub fn variable(&self, name: &str) -> String {
        let label = self.field(name).and_then(|field| field.label.as_ref());
        line(label.map_or(name, |label| label.get(self.lang)))
    }

    /// Says a level with its word: `2 级（重大）`, `level 2 (major)`.
    #[must_use]
    pub fn level(&self, level: Level) -> String {
        let word = level_word(level, self.lang);
        self.lang.pick(format!("{level} 级（{word}）"), format!("level {level} ({word})"))
    }

    /// Says a length of time with all its parts: `1 h 30 min`.
    #[must_use]
    pub fn span(&self, span: &Span) -> String {
        let seconds = span.seconds();
        let units = [
            (u64::from(span.months()), "个月", "mo"),
            (u64::from(span.business_days()), "个工作日", "business d"),
            (seconds / 86_400, "天", "d"),
            (seconds % 86_400 / 3_600, "小时", "h"),
            (seconds % 3_600 / 60, "分", "min"),
            (seconds % 60, "秒", "s"),
        ];
        let said = units.into_iter().filter(|(n, ..)| *n > 0);
        let said: Vec<String> =
            said.map(|(n, zh, en)| format!("{n} {}", self.lang.pick(zh, en))).collect();
        if said.is_empty() {
            self.lang.pick("立即", "at once").to_owned()
        } else {
            said.join(" ")
        }
    }

    /// Says how long a deadline allows, level by level where it depends on that.
    #[must_use]
    pub fn limit(&self, limit: &Limit) -> String {
        match limit {
            Limit::Fixed(span) => self.span(span),
            Limit::ByLevel { levels, otherwise } => {
                let mut said: Vec<String> = levels
                    .iter()
                    .map(|(level, span)| {
                        let span = self.span(span);
                        self.lang.pick(format!("{level} 级 {span}"), format!("L{level} {span}"))
                    })
                    .collect();
                if let Some(span) = otherwise {
                    said.push(format!("{} {}", self.lang.pick("其余", "else"), self.span(span)));
                }
                said.join(self.list())
            }
        }
    }

    /// Says a deadline: `≤ 30 min from the declaration`.
    #[must_use]
    pub fn due(&self, due: &Due) -> String {
        let limit = self.limit(&due.limit);
        match &due.counts {
            Counts::FromReady => format!("≤ {limit}"),
            Counts::From(from) => {
                let from = self.moment(from);
                self.lang.pick(format!("≤ {limit}（自{from}起）"), format!("≤ {limit} from {from}"))
            }
            Counts::Before(term) => {
                let term = self.term(term);
                let (zh, en) =
                    (format!("{term}到期前 ≥ {limit}"), format!("≥ {limit} before {term} is due"));
                self.lang.pick(zh, en)
            }
        }
    }

    fn term(&self, term: &Term) -> String {
        let name = match term {
            Term::Step(step) => self.step(step),
            Term::Clock(clock, stage) => {
                let of = self.plan.clocks.iter().find(|known| known.id == *clock);
                let title = of.and_then(|of| Some(&of.stage(stage)?.title));
                line(title.map_or(stage.as_str(), |title| title.get(self.lang)))
            }
        };
        format!("“{name}”")
    }

    /// Says a moment.
    #[must_use]
    pub fn moment(&self, moment: &Moment) -> String {
        let fixed = |zh: &str, en: &str| self.lang.pick(zh, en).to_owned();
        match moment {
            Moment::Detected => fixed("发现", "detection"),
            Moment::Aware => fixed("知悉", "awareness"),
            Moment::Declared => fixed("启动", "the declaration"),
            Moment::Closed => fixed("结束", "the close"),
            Moment::Phase(phase) => {
                let phase = self.phase(phase);
                self.lang.pick(format!("进入“{phase}”"), format!("entering “{phase}”"))
            }
            Moment::Step(step, milestone) => {
                let word = self.milestone(*milestone);
                let step = self.step(step);
                self.lang.pick(format!("“{step}”{word}"), format!("“{step}” {word}"))
            }
        }
    }

    fn milestone(&self, milestone: Milestone) -> &'static str {
        match milestone {
            Milestone::Ready => self.lang.pick("可开始", "ready"),
            Milestone::Started => self.lang.pick("开始", "started"),
            Milestone::Done => self.lang.pick("完成", "done"),
            Milestone::Failed => self.lang.pick("失败", "failed"),
            Milestone::Settled => self.lang.pick("了结", "settled"),
        }
    }

    /// Says a condition in one line.
    #[must_use]
    pub fn condition(&self, condition: &Condition) -> String {
        match condition {
            Condition::Holds(expression) => expression::say(self, expression.source()),
            Condition::Any(conditions) => self.several(conditions, self.lang.pick(" 或 ", " or ")),
            Condition::All(conditions) => self.several(conditions, self.lang.pick(" 且 ", " and ")),
            Condition::Not(condition) => {
                let said = self.condition(condition);
                self.lang.pick(format!("并非（{said}）"), format!("not ({said})"))
            }
        }
    }

    /// Says a condition as the alternatives any of which suffices.
    #[must_use]
    pub fn alternatives(&self, condition: &Condition) -> Vec<String> {
        match condition {
            Condition::Any(conditions) => conditions.iter().map(|c| self.condition(c)).collect(),
            other => vec![self.condition(other)],
        }
    }

    fn several(&self, conditions: &[Condition], between: &str) -> String {
        let said: Vec<String> = conditions
            .iter()
            .map(|condition| match condition {
                Condition::Any(parts) | Condition::All(parts) if parts.len() > 1 => {
                    let said = self.condition(condition);
                    self.lang.pick(format!("（{said}）"), format!("({said})"))
                }
                other => self.condition(other),
            })
            .collect();
        said.join(between)
    }

    /// Says a repetition: `every 30 min, until …, at most 96 times`.
    #[must_use]
    pub fn repeat(&self, repeat: &Repeat) -> String {
        let every = self.span(&repeat.every);
        let mut said = vec![self.lang.pick(format!("每 {every}一次"), format!("every {every}"))];
        if let Some(until) = &repeat.until {
            let until = self.condition(until);
            said.push(self.lang.pick(format!("直到 {until}"), format!("until {until}")));
        }
        if let Some(while_true) = &repeat.while_true {
            let while_true = self.condition(while_true);
            said.push(self.lang.pick(format!("只要 {while_true}"), format!("while {while_true}")));
        }
        said.push(self.at_most(repeat.at_most));
        said.join(self.comma())
    }

    /// Says a bound.
    #[must_use]
    pub fn at_most(&self, times: u32) -> String {
        let en =
            if times == 1 { "at most once".to_owned() } else { format!("at most {times} times") };
        self.lang.pick(format!("至多 {times} 次"), en)
    }

    /// Says how many predecessors must be satisfied, where that is not all of them.
    #[must_use]
    pub fn join(&self, join: Join, of: usize) -> Option<String> {
        match join {
            _ if of < 2 => None,
            Join::All => None,
            Join::Any => {
                Some(self.lang.pick("前置任一即可".to_owned(), "after any of these".to_owned()))
            }
            Join::AtLeast(n) => {
                Some(self.lang.pick(format!("前置满 {n} 项即可"), format!("after {n} of these")))
            }
        }
    }

    /// Says what kind of step it is.
    #[must_use]
    pub fn kind(&self, action: &Action) -> &'static str {
        match action {
            Action::Manual(_) => self.lang.pick("人工", "manual"),
            Action::Notify(_) => self.lang.pick("通知", "notice"),
            Action::Http(_) => self.lang.pick("自动调用", "request"),
            Action::Decide(_) => self.lang.pick("决定", "decision"),
            Action::Approve(_) => self.lang.pick("审批", "approval"),
            Action::Wait(_) => self.lang.pick("等待", "wait"),
            Action::Set(_) => self.lang.pick("计算", "computed"),
            Action::Child(_) => self.lang.pick("子预案", "other plan"),
            Action::HandOff(_) => self.lang.pick("移交", "hand-off"),
        }
    }

    /// Says who hears a message.
    #[must_use]
    pub fn audience(&self, audience: &Audience) -> String {
        match audience {
            Audience::Role(role) => self.role(role),
            Audience::Team(team) => self.of_team(team),
            Audience::Partner(partner) => {
                let partner = self.partner(partner);
                self.lang.pick(format!("合作方 {partner}"), format!("partner {partner}"))
            }
            Audience::Customers => self.lang.pick("客户", "customers").to_owned(),
            Audience::Regulators => self.lang.pick("监管部门", "regulators").to_owned(),
            Audience::Channel(channel) => {
                self.lang.pick(format!("渠道 {channel}"), format!("channel {channel}"))
            }
        }
    }

    /// Says whose consent counts.
    #[must_use]
    pub fn approver(&self, approver: &Approver) -> String {
        match approver {
            Approver::Role(role) => self.role(role),
            Approver::Team(team) => self.of_team(team),
        }
    }

    /// Says where people are found.
    #[must_use]
    pub fn source(&self, source: &Source) -> String {
        match source {
            Source::Schedule(id) => {
                let schedule = self.schedule(id);
                self.lang.pick(format!("值班表 {schedule}"), format!("roster {schedule}"))
            }
            Source::Team(id) => self.of_team(id),
            Source::Claim(id) => {
                let team = self.of_team(id);
                self.lang.pick(format!("{team}（先到先得）"), format!("{team}, first to claim"))
            }
        }
    }

    fn of_team(&self, id: &TeamId) -> String {
        let team = self.team(id);
        self.lang.pick(format!("团队 {team}"), format!("team {team}"))
    }

    /// Says what a handler answers.
    #[must_use]
    pub fn event(&self, event: HandlerEvent) -> &'static str {
        match event {
            HandlerEvent::Declared => self.lang.pick("启动时", "declared"),
            HandlerEvent::LevelRaised => self.lang.pick("等级升高", "the level became worse"),
            HandlerEvent::LevelLowered => self.lang.pick("等级降低", "the level became better"),
            HandlerEvent::AlertResolved => self.lang.pick("告警解除", "the alert is over"),
            HandlerEvent::SurgeSubsided => self.lang.pick("激增回落", "the surge is over"),
            HandlerEvent::PhaseEntered => self.lang.pick("进入阶段", "a phase was entered"),
            HandlerEvent::RoleVacant => self.lang.pick("角色空缺", "a role is vacant"),
            HandlerEvent::StepFailed => self.lang.pick("步骤失败", "a step failed"),
            HandlerEvent::ClockBreached => {
                self.lang.pick("法定时限届满", "a statutory clock ran out")
            }
            HandlerEvent::Stuck => self.lang.pick("停滞", "stuck"),
        }
    }

    /// Says whom a step waits for: its role, who decides, who approves.
    #[must_use]
    pub fn who(&self, role: Option<&RoleId>, action: &Action) -> Option<String> {
        match action {
            Action::Decide(decide) => decide.by.as_ref().or(role).map(|role| self.role(role)),
            Action::Approve(approve) if !approve.by.is_empty() => {
                let by: Vec<String> = approve.by.iter().map(|by| self.approver(by)).collect();
                Some(by.join(self.list()))
            }
            _ => role.map(|role| self.role(role)),
        }
    }

    /// Says a template for people: what firebell would fill in becomes a name in brackets.
    #[must_use]
    pub fn blanks(&self, template: &str) -> String {
        let mut said = String::new();
        let mut rest = template;
        while let Some((before, inside)) = rest.split_once("{{") {
            said.push_str(before);
            let Some((inside, after)) = inside.split_once("}}") else {
                rest = inside;
                break;
            };
            let name = expression::say(self, inside.trim_matches(['-', ' ']));
            said.push_str(&format!("[{}：______]", name.trim_matches(['“', '”'])));
            rest = after;
        }
        said.push_str(rest);
        said
    }

    /// Returns what people call a measure.
    #[must_use]
    pub fn measure(&self, measure: &VarId) -> String {
        self.variable(measure.as_str())
    }

    /// Says by when a step must be begun and done.
    #[must_use]
    pub fn deadlines(&self, step: &Step) -> Vec<String> {
        let start = step.start_within.as_ref().map(|due| {
            let due = self.due(due);
            self.lang.pick(format!("开始 {due}"), format!("begin {due}"))
        });
        let done = step.due.as_ref().map(|due| {
            let due = self.due(due);
            match step.start_within {
                Some(_) => self.lang.pick(format!("完成 {due}"), format!("done {due}")),
                None => due,
            }
        });
        start.into_iter().chain(done).chain(self.legal(&step.id)).collect()
    }

    /// Says when a way out of a phase is taken, and how often.
    #[must_use]
    pub fn way_out(&self, next: &Next) -> String {
        let when = match &next.when {
            Some(when) => {
                let when = self.condition(when);
                self.lang.pick(format!("若 {when}"), format!("if {when}"))
            }
            None => self.lang.pick("否则", "otherwise").to_owned(),
        };
        match next.at_most {
            Some(times) => format!("{when}{}{}", self.comma(), self.at_most(times)),
            None => when,
        }
    }

    /// Says when a handler fires, and how often.
    #[must_use]
    pub fn occasion(&self, handler: &Handler) -> String {
        let mut said = self.event(handler.event).to_owned();
        if !handler.while_phase.is_empty() {
            let phases: Vec<String> = handler.while_phase.iter().map(|id| self.phase(id)).collect();
            let phases = phases.join(self.list());
            said.push_str(
                &self.lang.pick(format!("（阶段：{phases}）"), format!(" (in {phases})")),
            );
        }
        if let Some(when) = &handler.when {
            let when = self.condition(when);
            said.push_str(&self.lang.pick(format!("，若 {when}"), format!(", if {when}")));
        }
        format!("{said}{}{}", self.comma(), self.at_most(handler.at_most))
    }

    /// Returns what stands between parts of a sentence.
    #[must_use]
    pub fn comma(&self) -> &'static str {
        self.lang.pick("，", ", ")
    }

    /// Returns what stands between things of a list.
    #[must_use]
    pub fn list(&self) -> &'static str {
        self.lang.pick("、", ", ")
    }
}
