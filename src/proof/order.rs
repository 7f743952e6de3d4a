//! Of which steps the order need not be tried, because nobody can tell afterwards: what asks for
//! them asks when they are settled, and what their end sets going asks for nothing that is still
//! under way. It must not know how states are found.

use std::collections::BTreeSet;

use super::question::{Question, Questions, When, sets, variable};
use crate::id::{StepId, VarId};
use crate::playbook::expression::Name;
use crate::playbook::{Action, Blocks, HandlerAct, Join, OnFailure, Phase, Playbook, Step};

/// A plan and what it asks.
pub(super) struct Order<'a> {
    pub(super) playbook: &'a Playbook,
    pub(super) questions: &'a Questions<'a>,
    pub(super) aside: &'a BTreeSet<StepId>,
}

impl Order<'_> {
    /// Finds the steps of which nobody asks how they were done, nor what was filled in.
    pub(super) fn plain(&self) -> BTreeSet<StepId> {
        let steps = self.playbook.phases.iter().flat_map(|phase| &phase.steps);
        let plain = steps.filter(|step| {
            let timed = matches!(&step.action, Action::Decide(decide) if decide.default.is_some());
            let alone = step.for_each.is_none() && step.repeat.is_none() && step.timeout.is_none();
            let human = step.action.is_human()
                || matches!(step.action, Action::Notify(_) | Action::Http(_) | Action::Child(_));
            human && alone && !timed && stays(step) && self.readers(step).next().is_none()
        });
        plain.map(|step| step.id.clone()).collect()
    }

    /// Finds the steps that may be taken one after the other.
    pub(super) fn free(&self) -> BTreeSet<StepId> {
        let phases = self.playbook.phases.iter().enumerate();
        let phases = phases.filter(|(at, phase)| !self.is_raced(*at, phase));
        let steps = phases.flat_map(|(at, phase)| phase.steps.iter().map(move |s| (at, phase, s)));
        let free = steps.filter(|(at, phase, step)| self.is_free(*at, phase, step));
        free.map(|(_, _, step)| step.id.clone()).collect()
    }

    /// Tells whether the end of a phase, or a failure in it, cuts off what somebody asks for.
    fn is_raced(&self, at: usize, phase: &Phase) -> bool {
        let last = at + 1 == self.playbook.phases.len();
        phase.steps.iter().filter(|step| !self.aside.contains(&step.id)).any(|step| {
            let calls = [&step.on_failure, &step.on_timeout];
            let calls = calls.iter().any(|go| matches!(go, OnFailure::GoStep(_)));
            let loose = !holds(step, last);
            calls || (loose && (self.readers(step).next().is_some() || !stays(step)))
        })
    }

    fn is_free(&self, at: usize, phase: &Phase, step: &Step) -> bool {
        let last = at + 1 == self.playbook.phases.len();
        let once = step.repeat.is_none() && step.timeout.is_none();
        let raced = phase.steps.iter().any(|o| o.join != Join::All && o.after.contains(&step.id));
        let entangled = match &step.action {
            Action::Decide(decide) => decide.default.is_some(),
            // Whoever works on what comes before it may not consent.
            Action::Approve(_) => {
                let mut before = phase.steps.iter().filter(|s| step.after.contains(&s.id));
                step.join != Join::All || before.any(|step| step.repeat.is_some())
            }
            Action::Wait(_) | Action::Set(_) | Action::HandOff(_) => true,
            Action::Manual(_) | Action::Notify(_) | Action::Http(_) | Action::Child(_) => false,
        };
        if !holds(step, last) || !once || raced || entangled || !stays(step) {
            return false;
        }
        let hurried = self.is_hurried(phase);
        let ordered = self.readers(step).all(|question| match &question.when {
            _ if question.phase.is_some_and(|by| by != at) => !hurried,
            When::Opening(later) => {
                question.phase.is_some() && (*later == step.id || follows(phase, later, &step.id))
            }
            When::Leaving => !hurried,
            When::Always | When::Engaging(_) | When::During(_) => false,
        });
        let opened = self.opened_by(phase, step);
        ordered && opened.into_iter().all(|later| self.asks_of_the_settled(phase, later))
    }

    /// Tells whether a phase may be left before what holds it is settled.
    fn is_hurried(&self, phase: &Phase) -> bool {
        let handlers = self.playbook.handlers.iter();
        let mut goes = handlers.filter(|handler| matches!(handler.act, HandlerAct::Go(_)));
        goes.next().is_some() || phase.steps.iter().any(|step| !stays(step))
    }

    /// Returns who asks for a step or for what it sets.
    fn readers(&self, step: &Step) -> impl Iterator<Item = &Question<'_>> {
        let sets = sets(step);
        self.questions.all.iter().filter(move |question| {
            question.reads_step(&step.id) || question.variables().any(|id| sets.contains(id))
        })
    }

    /// Returns the steps whose turn may come with the end of one: those after it, and those after
    /// them where nobody has to do anything in between.
    fn opened_by<'a>(&self, phase: &'a Phase, step: &'a Step) -> Vec<&'a Step> {
        let mut found: Vec<&Step> = Vec::new();
        let mut open = vec![step];
        while let Some(at) = open.pop() {
            for later in phase.steps.iter().filter(|later| later.after.contains(&at.id)) {
                if found.iter().any(|known| known.id == later.id) {
                    continue;
                }
                found.push(later);
                let by_itself = later.when.is_some()
                    || later.for_each.is_some()
                    || matches!(later.action, Action::Set(_) | Action::Wait(_));
                if by_itself {
                    open.push(later);
                }
            }
        }
        found
    }

    /// Tells whether a step, when its turn comes, asks only for what comes before it.
    fn asks_of_the_settled(&self, phase: &Phase, step: &Step) -> bool {
        let before = |id: &StepId| *id == step.id || follows(phase, &step.id, id);
        let settled = |id: &StepId| before(id) || !self.is_under_way(phase, id);
        let setters = |id: &VarId| {
            let steps = self.playbook.every_step().filter(|step| sets(step).contains(id));
            steps.map(|step| step.id.clone()).collect::<Vec<_>>()
        };
        let at_opening = self
            .questions
            .all
            .iter()
            .filter(|question| matches!(&question.when, When::Opening(of) if *of == step.id));
        let levels = self.questions.levels().map(|(_, levels)| levels);
        at_opening
            .flat_map(|question| {
                let levels = levels.filter(|_| question.reads_level());
                question.names().chain(levels.into_iter().flat_map(Question::names))
            })
            .all(|name| match name {
                Name::Variable(id) => setters(id).iter().all(settled),
                Name::Step(id, _) => {
                    settled(id) && variable(name).is_none_or(|id| setters(id).iter().all(settled))
                }
                Name::Level | Name::Phase | Name::Incident(_) | Name::Here(_) => true,
                Name::Role(..) | Name::Measure(_) | Name::Alert(_) | Name::Surge(_) => false,
            })
    }

    /// Tells whether a step may be under way while the incident is in a phase.
    fn is_under_way(&self, phase: &Phase, step: &StepId) -> bool {
        let Some((of, step)) = self.playbook.step(step) else { return true };
        of.id == phase.id || step.outlives_phase || step.blocks == Blocks::Close
    }
}

/// Tells whether neither a failure of a step nor its timeout leads elsewhere.
pub(super) fn stays(step: &Step) -> bool {
    let stays = |go: &OnFailure| matches!(go, OnFailure::Stop | OnFailure::Continue);
    stays(&step.on_failure) && stays(&step.on_timeout)
}

/// Tells whether a phase is not left before the step is settled.
fn holds(step: &Step, last: bool) -> bool {
    let holds = match step.blocks {
        Blocks::Phase => true,
        Blocks::Close => last,
        Blocks::Nothing => false,
    };
    holds && !step.outlives_phase
}

/// Tells whether a step waits for another of its phase, if only by way of others.
fn follows(phase: &Phase, later: &StepId, first: &StepId) -> bool {
    let mut known = BTreeSet::new();
    let mut open = vec![later];
    while let Some(at) = open.pop() {
        let step = phase.steps.iter().find(|step| step.id == *at);
        for before in step.into_iter().filter(|step| step.join == Join::All).flat_map(|s| &s.after)
        {
            if before == first {
                return true;
            }
            if known.insert(before) {
                open.push(before);
            }
        }
    }
    false
}
