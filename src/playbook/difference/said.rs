//! Takes a plan apart: what it says of each of its parts, one saying a side.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::law;
use super::{Aspect, Sayings, Subject, SubjectKind, spell};
use crate::id::VarId;
use crate::playbook::{
    Access, Action, Activation, Blocks, Child, Close, Compensate, Evidence, Handler, HandlerAct,
    Http, Join, JsonTemplate, Manual, Message, Next, Notify, Phase, Playbook, Promise, Role, Step,
    Wait,
};

/// All that a plan says.
pub(super) fn of(plan: &Playbook) -> BTreeMap<Subject, Sayings> {
    let mut all = Saying::default();
    all.add(SubjectKind::Plan, "", about(plan));
    for (name, field) in &plan.inputs {
        let said = vec![(Aspect::Definition, Some(spell::field(field)))];
        all.add(SubjectKind::Input, name.as_str(), said);
    }
    for role in plan.roles.values() {
        all.add(SubjectKind::Role, role.id.as_str(), role_says(role));
    }
    for one in &plan.resources {
        let owner = one.owner.as_ref().map(ToString::to_string);
        let said = [one.kind.as_ref().map(ToString::to_string), owner];
        let amount = one.quantity.map(|amount| amount.to_string());
        let said = spell::list(said.into_iter().chain([amount]).flatten());
        let said =
            vec![(Aspect::Title, Some(spell::text(&one.title))), (Aspect::Definition, Some(said))];
        all.add(SubjectKind::Resource, &one.id, said);
    }
    for objective in &plan.objectives {
        let said = vec![
            (Aspect::Title, objective.title.as_ref().map(spell::text)),
            (Aspect::Promise, Some(promise(&objective.promise))),
        ];
        all.add(SubjectKind::Objective, objective.id.as_str(), said);
    }
    for clock in &plan.clocks {
        all.add(SubjectKind::Clock, clock.id.as_str(), law::clock_says(clock));
    }
    for message in plan.messages.values() {
        all.add(SubjectKind::Message, message.id.as_str(), message_says(message));
    }
    for (at, phase) in plan.phases.iter().enumerate() {
        let following = plan.phases.get(at + 1);
        let said = vec![
            (Aspect::Title, Some(spell::text(&phase.title))),
            (Aspect::Ways, Some(ways(phase, following))),
        ];
        all.add(SubjectKind::Phase, phase.id.as_str(), said);
        for step in phase.every_step() {
            all.add(SubjectKind::Step, step.id.as_str(), step_says(phase, step));
        }
    }
    for handler in &plan.handlers {
        all.handler(handler);
    }
    all.0
}

pub(super) type Said = Vec<(Aspect, Option<String>)>;

#[derive(Default)]
struct Saying(BTreeMap<Subject, Sayings>);

impl Saying {
    fn add(&mut self, kind: SubjectKind, name: &str, said: Said) {
        let said = said.into_iter().filter_map(|(aspect, said)| Some((aspect, said?)));
        self.0.insert(Subject { kind, name: name.to_owned() }, said.collect());
    }

    /// Handlers have no names; they are known by what they answer and do.
    fn handler(&mut self, handler: &Handler) {
        let event = serde_json::to_value(handler.event).unwrap_or_default();
        let event = event.as_str().unwrap_or_default();
        let (act, mut said) = match &handler.act {
            HandlerAct::Go(phase) => (format!("go {phase}"), Vec::new()),
            HandlerAct::Notify(notify) => (format!("notify {}", notify.message), told(notify)),
        };
        let mut name = format!("{event} → {act}");
        while self.0.contains_key(&Subject { kind: SubjectKind::Handler, name: name.clone() }) {
            name.push('′');
        }
        said.extend([
            (Aspect::When, handler.when.as_ref().map(spell::condition)),
            (Aspect::WhilePhase, some(spell::list(&handler.while_phase))),
            (Aspect::AtMost, Some(handler.at_most.to_string())),
        ]);
        self.add(SubjectKind::Handler, &name, said);
    }
}

fn some(said: String) -> Option<String> {
    (!said.is_empty()).then_some(said)
}

fn about(plan: &Playbook) -> Said {
    let levels = plan.levels.iter().map(|rule| match &rule.when {
        Some(when) => format!("{}: {}", rule.level, spell::condition(when)),
        None => rule.level.to_string(),
    });
    let levels = levels.collect::<Vec<_>>().join("; ");
    let activations = plan.activate_when.iter().map(activation).collect::<Vec<_>>().join("; ");
    let bridge = plan.bridge.as_ref();
    vec![
        (Aspect::Title, Some(spell::text(&plan.title))),
        (Aspect::Summary, plan.summary.as_ref().map(spell::text)),
        (Aspect::Owner, plan.owner.as_ref().map(ToString::to_string)),
        (Aspect::Review, plan.review_every.as_ref().map(ToString::to_string)),
        (Aspect::Risks, some(spell::list(&plan.risks))),
        (
            Aspect::Access,
            Some(match plan.access {
                Access::Open => "open".to_owned(),
                Access::Restricted => "restricted".to_owned(),
            }),
        ),
        (Aspect::Partners, some(spell::list(&plan.partners))),
        (Aspect::Bridge, bridge.map(|b| format!("{} {}", spell::text(&b.title), b.url.source()))),
        (Aspect::Calendar, plan.calendar.as_ref().map(|calendar| calendar.id.to_string())),
        (
            Aspect::Close,
            Some(match plan.close {
                Close::Auto => "auto".to_owned(),
                Close::ByPerson => "by_person".to_owned(),
            }),
        ),
        (Aspect::Levels, some(levels)),
        (Aspect::AssumeLevel, plan.assume_level.map(|level| level.to_string())),
        (Aspect::Activation, some(activations)),
        (Aspect::Begins, plan.phases.first().map(|phase| phase.id.to_string())),
    ]
}

fn activation(activation: &Activation) -> String {
    match activation {
        Activation::Alert { match_labels, inputs } => {
            let labels = match_labels.iter().map(|(label, value)| format!("{label}={value}"));
            let inputs = inputs.iter().map(|(name, from)| format!("{name}: {}", from.source()));
            format!("alert {{{}}} {{{}}}", spell::list(labels), spell::list(inputs))
        }
        Activation::Surge { monitor, at_least, inputs } => {
            let at_least = at_least.map(|ratio| format!(" ≥ {ratio}")).unwrap_or_default();
            let inputs = inputs.iter().map(|(name, from)| format!("{name}: {}", from.source()));
            format!("surge {monitor}{at_least} {{{}}}", spell::list(inputs))
        }
    }
}

fn role_says(role: &Role) -> Said {
    vec![
        (Aspect::Title, Some(spell::text(&role.title))),
        (Aspect::Assign, Some(spell::source(&role.assign))),
        (Aspect::Deputies, some(spell::list(role.deputies.iter().map(spell::source)))),
        (Aspect::AcknowledgeWithin, role.acknowledge_within.as_ref().map(ToString::to_string)),
        (Aspect::Escalate, role.escalate.as_ref().map(ToString::to_string)),
        (Aspect::Engage, role.engage.as_ref().map(spell::condition)),
    ]
}

fn promise(promise: &Promise) -> String {
    match promise {
        Promise::Within { from, to, within } => {
            format!("{} → {} within {within}", spell::moment(from), spell::moment(to))
        }
        Promise::Measure { measure, at_least, at_most } => {
            let mut said = measure.to_string();
            for (sign, bound) in [("≥", at_least), ("≤", at_most)] {
                if let Some(bound) = bound {
                    said.push_str(&format!(" {sign} {bound}"));
                }
            }
            said
        }
    }
}

fn message_says(message: &Message) -> Said {
    let sms = message.sms.as_ref().map(|sms| {
        let vars = sms.vars.iter().map(|(name, t)| format!("{name}: {}", t.source()));
        format!("{} {{{}}}", sms.template, spell::list(vars))
    });
    vec![
        (Aspect::Subject, message.subject.as_ref().map(spell::template)),
        (Aspect::Text, Some(spell::template(&message.text))),
        (Aspect::Sms, sms),
    ]
}

/// Without ways of its own a phase is followed by the next, and saying so changes nothing.
fn ways(phase: &Phase, following: Option<&Phase>) -> String {
    if phase.next.is_empty() {
        return following.map_or_else(|| "end".to_owned(), |phase| phase.id.to_string());
    }
    let way = |next: &Next| {
        let mut said = next.to.to_string();
        if let Some(when) = &next.when {
            said.push_str(&format!(" when {}", spell::condition(when)));
        }
        if let Some(at_most) = next.at_most {
            said.push_str(&format!(" at most {at_most}"));
        }
        said
    };
    phase.next.iter().map(way).collect::<Vec<_>>().join("; ")
}

fn step_says(phase: &Phase, step: &Step) -> Said {
    let join = match step.join {
        Join::All => String::new(),
        Join::Any => " (any)".to_owned(),
        Join::AtLeast(n) => format!(" ({n})"),
    };
    let mut after: Vec<_> = step.after.iter().map(ToString::to_string).collect();
    after.sort();
    let retry = (step.retry.attempts > 1).then(|| {
        let backoff = step.retry.backoff.as_ref();
        let backoff = backoff.map_or_else(String::new, |span| format!(" backoff {span}"));
        format!("{}{backoff}", step.retry.attempts)
    });
    let mut said = vec![
        (Aspect::Title, step.title.as_ref().map(spell::text)),
        (Aspect::Phase, Some(phase.id.to_string())),
        (Aspect::Role, step.role.as_ref().map(ToString::to_string)),
        (Aspect::After, some(after.join(", ")).map(|after| format!("{after}{join}"))),
        (Aspect::When, step.when.as_ref().map(spell::condition)),
        (Aspect::StartWithin, step.start_within.as_ref().map(spell::due)),
        (Aspect::Due, step.due.as_ref().map(spell::due)),
        (Aspect::Escalate, step.escalate.as_ref().map(ToString::to_string)),
        (Aspect::Retry, retry),
        (Aspect::Timeout, step.timeout.as_ref().map(ToString::to_string)),
        (Aspect::OnFailure, Some(spell::on_failure(&step.on_failure))),
        (Aspect::OnTimeout, Some(spell::on_failure(&step.on_timeout))),
        (
            Aspect::Blocks,
            Some(match step.blocks {
                Blocks::Phase => "phase".to_owned(),
                Blocks::Close => "close".to_owned(),
                Blocks::Nothing => "nothing".to_owned(),
            }),
        ),
        (Aspect::Outlives, step.outlives_phase.then(|| "true".to_owned())),
        (Aspect::Repeat, repeat(step)),
        (Aspect::ForEach, for_each(step)),
        (Aspect::Compensate, step.compensate.as_ref().map(undone_by)),
    ];
    said.extend(action(&step.action));
    said
}

fn repeat(step: &Step) -> Option<String> {
    let repeat = step.repeat.as_ref()?;
    let mut said = format!("every {} at most {}", repeat.every, repeat.at_most);
    for (word, condition) in [("until", &repeat.until), ("while", &repeat.while_true)] {
        if let Some(condition) = condition {
            said.push_str(&format!(" {word} {}", spell::condition(condition)));
        }
    }
    Some(said)
}

fn undone_by(compensate: &Compensate) -> String {
    match compensate {
        Compensate::Nothing => "nothing".to_owned(),
        Compensate::Step(step) => step.to_string(),
    }
}

fn for_each(step: &Step) -> Option<String> {
    let each = step.for_each.as_ref()?;
    let at_once = each.at_once.map_or_else(String::new, |n| format!(" at once {n}"));
    let list = spell::expression(&each.list);
    Some(format!("{} in {list} at most {}{at_once}", each.bind, each.at_most))
}

fn action(action: &Action) -> Said {
    let does = |word: &str| (Aspect::Does, Some(word.to_owned()));
    match action {
        Action::Manual(manual) => {
            let mut said = manual_says(manual);
            said.push(does("manual"));
            said
        }
        Action::Notify(notify) => {
            let mut said = told(notify);
            said.push(does("notify"));
            said
        }
        Action::Http(http) => vec![(Aspect::Does, Some(request(http)))],
        Action::Decide(decide) => vec![
            does("decide"),
            (Aspect::Options, Some(spell::list(&decide.options))),
            (Aspect::Decides, decide.by.as_ref().map(ToString::to_string)),
            (Aspect::Default, decide.default.as_ref().map(ToString::to_string)),
        ],
        Action::Approve(approve) => {
            let by = spell::list(approve.by.iter().map(spell::approver));
            vec![
                does("approve"),
                (Aspect::Approvers, Some(format!("{by} quorum {}", approve.quorum))),
            ]
        }
        Action::Wait(Wait::For(span)) => vec![(Aspect::Does, Some(format!("wait {span}")))],
        Action::Wait(Wait::Until(until)) => {
            vec![(Aspect::Does, Some(format!("wait until {}", spell::condition(until))))]
        }
        Action::Set(values) => {
            let values =
                values.iter().map(|(name, value)| format!("{name} = {}", spell::expression(value)));
            vec![(Aspect::Does, Some(format!("set {}", spell::list(values))))]
        }
        Action::Child(child) => vec![(Aspect::Does, Some(called(child)))],
        Action::HandOff(over) => {
            let with = given(&over.with);
            vec![(Aspect::Does, Some(format!("hand over to {}{with}", over.playbook)))]
        }
    }
}

fn called(child: &Child) -> String {
    let wait = if child.wait { "" } else { " without waiting" };
    let save = child.save.iter().map(|(ours, theirs)| format!("{ours} ← {theirs}"));
    let save = spell::list(save);
    let save = if save.is_empty() { save } else { format!(" {{{save}}}") };
    format!("run {}{wait}{}{save}", child.playbook, given(&child.with))
}

fn given(with: &IndexMap<VarId, JsonTemplate>) -> String {
    let with = with.iter().map(|(name, value)| format!("{name} = {value:?}"));
    let with = spell::list(with);
    if with.is_empty() { with } else { format!(" {{{with}}}") }
}

fn request(http: &Http) -> String {
    let mut said = format!("{} {}", http.method, http.url.source());
    let headers = http.headers.iter().map(|(name, t)| format!("{name}: {}", t.source()));
    let expected = http.expect_json.iter().map(|(at, value)| format!("{at} = {value}"));
    let saved = http.save.iter().map(|(name, at)| format!("{name} ← {at}"));
    let parts = [
        spell::list(headers),
        http.body.as_ref().map_or_else(String::new, |body| format!("{body:?}")),
        spell::list(&http.expect_status),
        spell::list(expected),
        spell::list(saved),
    ];
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        said.push_str(&format!(" {{{part}}}"));
    }
    said
}

fn told(notify: &Notify) -> Said {
    vec![
        (Aspect::Recipients, Some(spell::list(notify.to.iter().map(spell::audience)))),
        (Aspect::Channels, some(spell::list(&notify.via))),
        (Aspect::Message, Some(notify.message.to_string())),
        (Aspect::Until, Some(spell::until(notify.until))),
    ]
}

fn manual_says(manual: &Manual) -> Said {
    vec![
        (Aspect::Instructions, manual.instructions.as_ref().map(spell::text)),
        (Aspect::Checklist, some(spell::checklist(&manual.checklist))),
        (Aspect::Form, some(spell::form(&manual.form))),
        (Aspect::Evidence, (manual.evidence == Evidence::Required).then(|| "required".to_owned())),
        (Aspect::Measure, manual.measure.as_ref().map(ToString::to_string)),
    ]
}
