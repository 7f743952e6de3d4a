//! One step on paper: a box to tick, who, by when, how, what to fill in, and how to enter it later.

use super::blank::Blank;
use super::entry;
use crate::id::StepId;
use crate::picture::words::{Words, line};
use crate::playbook::{
    Action, Blocks, CheckItem, Compensate, Evidence, Http, Manual, Notify, OnFailure, Phase,
    Playbook, Step, TextTemplate, Wait,
};
use crate::text::Lang;

/// A step.
pub(super) struct StepSheet {
    /// Phase and position: `2.3`.
    pub(super) number: String,
    pub(super) id: String,
    pub(super) title: String,
    pub(super) kind: &'static str,
    pub(super) who: Option<String>,
    pub(super) due: String,
    /// When, after what, and what else holds.
    pub(super) rules: Vec<String>,
    /// What to do, in the author's lines.
    pub(super) instructions: Option<String>,
    pub(super) checklist: Vec<Tick>,
    pub(super) blanks: Vec<Blank>,
    /// One of these is ticked.
    pub(super) options: Vec<String>,
    /// Each of these consents or does not.
    pub(super) approvers: Vec<String>,
    pub(super) message: Option<Letter>,
    pub(super) evidence: bool,
    /// How what was done by hand is entered later, line by line.
    pub(super) commands: Vec<String>,
}

/// An item of a checklist.
pub(super) struct Tick {
    /// Its address: `2.1`.
    pub(super) path: String,
    pub(super) depth: usize,
    pub(super) text: String,
}

/// What is said to whom, with blanks for what only an incident knows.
pub(super) struct Letter {
    pub(super) to: String,
    pub(super) via: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) text: String,
}

/// Lays out a step. `at` counts phases and steps from one.
pub(super) fn step(words: &Words<'_>, phase: &Phase, at: (usize, usize)) -> StepSheet {
    let step = phase.every_step().nth(at.1 - 1).expect("a step of the phase is laid out");
    let mut sheet = StepSheet {
        number: format!("{}.{}", at.0, at.1),
        id: step.id.to_string(),
        title: words.step(&step.id),
        kind: words.kind(&step.action),
        who: words.who(step.role.as_ref(), &step.action),
        due: words.deadlines(step).join(words.comma()),
        rules: rules(words, phase, step, at.0),
        instructions: None,
        checklist: Vec::new(),
        blanks: Vec::new(),
        options: Vec::new(),
        approvers: Vec::new(),
        message: None,
        evidence: false,
        commands: entry::of_step(words.plan(), step),
    };
    match &step.action {
        Action::Manual(manual) => fill(&mut sheet, words, manual),
        Action::Notify(notify) => sheet.message = Some(letter(words, notify)),
        Action::Decide(decide) => {
            sheet.options = decide.options.iter().map(|option| line(option)).collect();
        }
        Action::Approve(approve) => {
            sheet.approvers = approve.by.iter().map(|by| words.approver(by)).collect();
        }
        Action::Http(_)
        | Action::Wait(_)
        | Action::Set(_)
        | Action::Child(_)
        | Action::HandOff(_) => {}
    }
    sheet
}

fn fill(sheet: &mut StepSheet, words: &Words<'_>, manual: &Manual) {
    let lang = words.lang;
    sheet.instructions = manual.instructions.as_ref().map(|text| printable(text.get(lang)));
    ticks(&mut sheet.checklist, &manual.checklist, "", 0, lang);
    let blank = |(name, field): (&crate::id::VarId, _)| Blank::of(words, name.as_str(), field);
    sheet.blanks = manual.form.iter().map(blank).collect();
    sheet.evidence = manual.evidence == Evidence::Required;
    if let Some(measure) = &manual.measure {
        let measure = words.measure(measure);
        sheet.rules.push(
            lang.pick(format!("记录指标：{measure} ____"), format!("Record {measure}: ____")),
        );
    }
}

/// Lists the items of a checklist, those below an item after it.
fn ticks(ticks: &mut Vec<Tick>, items: &[CheckItem], above: &str, depth: usize, lang: Lang) {
    for (n, item) in items.iter().enumerate() {
        let path = format!("{above}{}", n + 1);
        let mut text = line(item.title.get(lang));
        if item.optional {
            text.push_str(lang.pick("（可选）", " (optional)"));
        }
        let below = format!("{path}.");
        ticks.push(Tick { path, depth, text });
        self::ticks(ticks, &item.items, &below, depth + 1, lang);
    }
}

/// Keeps an author's lines, without what cannot be printed.
pub(super) fn printable(text: &str) -> String {
    text.lines().map(line).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

fn letter(words: &Words<'_>, notify: &Notify) -> Letter {
    let to: Vec<String> = notify.to.iter().map(|to| words.audience(to)).collect();
    let via: Vec<String> = notify.via.iter().map(ToString::to_string).collect();
    let message = words.plan().messages.get(&notify.message);
    let said = |template: &TextTemplate| {
        let (first, second) =
            words.lang.pick((&template.zh, &template.en), (&template.en, &template.zh));
        let source = first.as_ref().or(second.as_ref()).map_or("", |t| t.source());
        printable(&words.blanks(source))
    };
    Letter {
        to: to.join(words.list()),
        via: (!via.is_empty()).then(|| via.join(words.list())),
        subject: message.and_then(|m| m.subject.as_ref()).map(|subject| line(&said(subject))),
        text: message.map_or_else(String::new, |message| said(&message.text)),
    }
}

/// Says when a step is done at all, after what, and what else holds.
fn rules(words: &Words<'_>, phase: &Phase, step: &Step, phase_number: usize) -> Vec<String> {
    let lang = words.lang;
    let mut rules = Vec::new();
    if !step.after.is_empty() {
        let number = |id: &StepId| phase.steps.iter().position(|step| step.id == *id);
        let before: Vec<String> = step
            .after
            .iter()
            .filter_map(number)
            .map(|n| format!("{phase_number}.{}", n + 1))
            .collect();
        let before = before.join(words.list());
        let join = words.join(step.join, step.after.len());
        let join = join.map_or_else(String::new, |join| {
            lang.pick(format!("（{join}）"), format!(" ({join})"))
        });
        rules.push(lang.pick(format!("在 {before} 之后{join}"), format!("After {before}{join}")));
    }
    if let Some(when) = &step.when {
        let when = words.condition(when);
        rules.push(lang.pick(
            format!("仅当 {when}；不清楚时照做"),
            format!("Only if {when}; when in doubt, do it"),
        ));
    }
    rules.extend(deed(words, &step.action));
    if let Some(repeat) = &step.repeat {
        let repeat = words.repeat(repeat);
        rules.push(lang.pick(format!("重复：{repeat}"), format!("Repeat {repeat}")));
    }
    if let Some(each) = &step.for_each {
        let list = words.variable(each.list.source());
        let at_most = each.at_most;
        rules.push(lang.pick(
            format!("对“{list}”逐项进行，至多 {at_most} 项"),
            format!("Once for each of “{list}”, at most {at_most}"),
        ));
    }
    match step.blocks {
        Blocks::Phase => {}
        Blocks::Close => {
            rules.push(lang.pick("结束前须完成", "Must be done before the close").to_owned());
        }
        Blocks::Nothing => {
            rules.push(lang.pick("不阻塞本阶段结束", "The phase does not wait for it").to_owned());
        }
    }
    rules.extend(failure(words, &step.on_failure));
    rules.extend(undoing(phase, step, phase_number, lang));
    if let Some(ladder) = &step.escalate {
        rules.push(lang.pick(
            format!("逾期或失败：升级 {ladder}"),
            format!("Late or failed: escalate to {ladder}"),
        ));
    }
    rules
}

/// Says which step undoes this one, or which it undoes.
fn undoing(phase: &Phase, step: &Step, phase_number: usize, lang: Lang) -> Option<String> {
    let number = |id: &StepId| {
        let place = phase.every_step().position(|other| other.id == *id)?;
        Some(format!("{phase_number}.{}", place + 1))
    };
    let by = |step: &Step| match &step.compensate {
        Some(Compensate::Step(by)) => Some(by.clone()),
        Some(Compensate::Nothing) | None => None,
    };
    if let Some(by) = by(step).as_ref().and_then(number) {
        return Some(
            lang.pick(format!("取消时由 {by} 撤销"), format!("On a cancel, undone by {by}")),
        );
    }
    let undone = phase.steps.iter().filter(|other| by(other).as_ref() == Some(&step.id));
    let undone: Vec<String> = undone.filter_map(|other| number(&other.id)).collect();
    let list = undone.join(lang.pick("、", ", "));
    (!undone.is_empty()).then(|| {
        lang.pick(
            format!("只在取消或撤销时做：撤销 {list}"),
            format!("Only on a cancel or rollback: undoes {list}"),
        )
    })
}

/// Says what happens without a person, so that a person can do it instead.
fn deed(words: &Words<'_>, action: &Action) -> Option<String> {
    let lang = words.lang;
    match action {
        Action::Wait(Wait::For(span)) => {
            let span = words.span(span);
            Some(lang.pick(format!("等待 {span}"), format!("Wait {span}")))
        }
        Action::Wait(Wait::Until(condition)) => {
            let until = words.condition(condition);
            Some(lang.pick(format!("等到 {until}"), format!("Wait until {until}")))
        }
        Action::Http(http) => Some(request(words, http)),
        Action::Set(variables) => {
            let sets: Vec<String> = variables
                .iter()
                .map(|(name, value)| {
                    format!("{} = {}", words.variable(name.as_str()), line(value.source()))
                })
                .collect();
            let sets = sets.join(lang.pick("；", "; "));
            Some(lang.pick(format!("计算：{sets}"), format!("Work out {sets}")))
        }
        Action::Approve(approve) if approve.by.len() > 1 => {
            let (quorum, all) = (approve.quorum, approve.by.len());
            Some(lang.pick(
                format!("{all} 方中须 {quorum} 方同意"),
                format!("{quorum} of {all} must consent"),
            ))
        }
        Action::Child(child) => {
            let plan = &child.playbook;
            Some(match child.wait {
                true => lang.pick(
                    format!("按预案 {plan} 另行处置，完成后继续"),
                    format!("Work through the plan {plan}, then go on"),
                ),
                false => lang.pick(
                    format!("另行启动预案 {plan}，不必等它结束"),
                    format!("Start the plan {plan}; do not wait for its end"),
                ),
            })
        }
        Action::HandOff(over) => {
            let plan = &over.playbook;
            Some(lang.pick(
                format!("移交：从这里起改用预案 {plan}"),
                format!("Hand over: from here on work by the plan {plan}"),
            ))
        }
        Action::Manual(_) | Action::Notify(_) | Action::Decide(_) | Action::Approve(_) => None,
    }
}

fn request(words: &Words<'_>, http: &Http) -> String {
    let address = line(&words.blanks(http.url.source()));
    let method = &http.method;
    words.lang.pick(
        format!("系统自动调用 {method} {address}；系统不可用时由人工完成"),
        format!("A system is called: {method} {address}; without it, do it by hand"),
    )
}

fn failure(words: &Words<'_>, on_failure: &OnFailure) -> Option<String> {
    let lang = words.lang;
    match on_failure {
        OnFailure::Stop => None,
        OnFailure::Continue => Some(lang.pick("失败也继续", "If it fails, go on").to_owned()),
        OnFailure::GoStep(step) => {
            let step = words.step(step);
            Some(lang.pick(format!("失败则做“{step}”"), format!("If it fails, do “{step}”")))
        }
        OnFailure::GoPhase(phase) => {
            let phase = words.phase(phase);
            Some(lang.pick(format!("失败则转入“{phase}”"), format!("If it fails, go to “{phase}”")))
        }
    }
}

/// Numbers the steps of a plan as the paper does.
pub(super) fn steps(words: &Words<'_>, plan: &Playbook) -> Vec<Vec<StepSheet>> {
    let phase = |(n, phase): (usize, &Phase)| {
        (0..phase.every_step().count()).map(|m| step(words, phase, (n + 1, m + 1))).collect()
    };
    plan.phases.iter().enumerate().map(phase).collect()
}
