//! What the law asks, in the words of a picture: the limits of statutory clocks.

use super::words::Words;
use crate::id::StepId;
use crate::playbook::statute::{Limit, Stage, StageLimit, Start};
use crate::playbook::{Clock, Moment};

impl Words<'_> {
    /// Says the legal limits of a step: of every stage of a clock that it submits.
    #[must_use]
    pub fn legal(&self, step: &StepId) -> Vec<String> {
        let submitted = self.plan().clocks.iter().flat_map(|clock| {
            let stages = clock.met_by.iter().filter(|(_, by)| *by == step);
            stages.filter_map(move |(stage, _)| Some((clock, clock.stage(stage)?)))
        });
        let say = |(clock, stage)| {
            let limits = self.legal_limit(clock, stage);
            self.lang.pick(format!("法定 {limits}"), format!("by law {limits}"))
        };
        submitted.map(say).collect()
    }

    /// Says by when a stage must be submitted.
    #[must_use]
    pub fn legal_limit(&self, clock: &Clock, stage: &Stage) -> String {
        let said: Vec<String> =
            stage.limits.iter().map(|limit| self.limit_of(clock, limit)).collect();
        said.join(self.lang.pick("，且", " and "))
    }

    fn limit_of(&self, clock: &Clock, limit: &StageLimit) -> String {
        let from = self.start(clock, &limit.from);
        let within = match limit.within {
            Limit::Promptly(own) => {
                let own = clock.internal.or(own).map(|own| self.span(&own));
                let own = own.unwrap_or_default();
                self.lang.pick(
                    format!("立即（内部目标 {own}）"),
                    format!("promptly (our own target {own})"),
                )
            }
            other => other.words().get(self.lang).to_owned(),
        };
        self.lang.pick(format!("自{from}起 {within}"), format!("{within} from {from}"))
    }

    fn start(&self, clock: &Clock, start: &Start) -> String {
        let of_plan = |moment: Moment| self.moment(clock.starts.as_ref().unwrap_or(&moment));
        match start {
            Start::Detected => of_plan(Moment::Detected),
            Start::Aware => of_plan(Moment::Aware),
            Start::Declared => of_plan(Moment::Declared),
            Start::Closed => self.moment(&Moment::Closed),
            Start::Level(level) => {
                self.lang.pick(format!("达到 {level} 级"), format!("level {level}"))
            }
            Start::Submitted(stage) => {
                let stage = clock.stage(stage).map_or("", |stage| stage.title.get(self.lang));
                self.lang.pick(format!("提交“{stage}”"), format!("submitting “{stage}”"))
            }
            Start::Named(name) => match clock.moments.get(name) {
                Some(moment) => self.moment(moment),
                None => {
                    let title = clock.regime.moments.get(name);
                    title.map_or_else(|| name.to_string(), |title| title.get(self.lang).to_owned())
                }
            },
        }
    }
}
