//! Looks, before a drill with people starts, whether it can: at the people, channels and confirmed
//! contacts of now.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Drills, Inner, unknown};
use crate::drill::exercise::Exercise;
use crate::drill::prepare::{Outset, Preparation, Ways, prepare};
use crate::drill::scenario::{RunAs, Scenario};
use crate::engine::{Command, Mode, Recipient};
use crate::id::{ChannelId, IncidentId, PersonId};
use crate::notify::Why;
use crate::runtime::{Obstacle, Refusal, Runtime, Standing, Whom};
use crate::text::{Lang, Text};

/// The ways out as they are configured now.
struct Configured<'a> {
    runtime: &'a Runtime,
    confirmed: BTreeSet<(PersonId, ChannelId)>,
}

impl Ways for Configured<'_> {
    fn bar(&self, to: &Recipient, channel: &ChannelId) -> Option<Why> {
        self.runtime.bar(Mode::Drill, to, channel)
    }

    fn is_confirmed(&self, person: &PersonId, channel: &ChannelId) -> bool {
        self.confirmed.contains(&(person.clone(), channel.clone()))
    }
}

impl Drills {
    /// Says what a drill would find if it began at an instant; now where none is given.
    ///
    /// # Errors
    /// No such drill or plan; the store's own.
    pub async fn preparation(
        &self,
        name: &str,
        at: Option<Timestamp>,
    ) -> Result<Preparation, Refusal> {
        let book = self.inner.book();
        let scenario = book.get(name).ok_or_else(|| unknown(&book, name))?;
        let at = at.unwrap_or_else(|| self.inner.runtime.clock().now());
        self.inner.preparation(scenario, at).await
    }
}

impl Inner {
    pub(super) async fn preparation(
        &self,
        scenario: &Scenario,
        at: Timestamp,
    ) -> Result<Preparation, Refusal> {
        let playbook = self.playbook_of(scenario)?;
        let (library, directory) = (self.runtime.library(), self.runtime.directory());
        let contacts = self.runtime.reach(&Whom::default()).await?.into_iter();
        let confirmed = contacts.filter(|contact| contact.standing == Standing::Confirmed);
        let confirmed = confirmed.map(|contact| (contact.person, contact.channel)).collect();
        Ok(prepare(Outset {
            scenario,
            playbook: &playbook,
            plans: library.plans(),
            directory: &directory,
            at,
            ways: &Configured { runtime: &self.runtime, confirmed },
        }))
    }

    /// Returns what a drill begins in spite of: nothing, where nothing keeps it from starting.
    pub(super) async fn despite(
        &self,
        scenario: &Scenario,
        now: Timestamp,
        anyway: bool,
    ) -> Result<Option<Text>, Refusal> {
        // A shadow asks nobody for anything.
        if scenario.run == RunAs::Shadow {
            return Ok(None);
        }
        let found = self.preparation(scenario, now).await?;
        match found.why_not() {
            Some(why) if !anyway => {
                Err(Refusal::Drill(Obstacle::NotReady, refusal(scenario, &why)))
            }
            why => Ok(why),
        }
    }

    /// Says in the timeline what the drill was begun in spite of.
    pub(super) async fn note_despite(
        &self,
        exercise: &Exercise,
        incident: IncidentId,
    ) -> Result<(), Refusal> {
        let Some(why) = &exercise.despite else { return Ok(()) };
        let (zh, en) = (why.get(Lang::Zh), why.get(Lang::En));
        let text = format!("明知如下仍开始演练：{zh} / begun in spite of this: {en}");
        let options = super::conduct::once(format!("drill/{}/despite", exercise.run));
        match self.execute(incident, Command::Note { text }, options).await {
            Ok(_) | Err(Refusal::Answered(_) | Refusal::Rejected(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn refusal(scenario: &Scenario, why: &Text) -> Text {
    let (id, zh, en) = (&scenario.id, why.get(Lang::Zh), why.get(Lang::En));
    Text::both(
        format!(
            "演练没有开始：{zh}。用 firebell drill run {id} --dry-run 查看全部情况；\
             改好后再开始，或用 --force（`anyway: true`）照样开始"
        ),
        format!(
            "The drill was not started: {en}. See all of it with firebell drill run {id} --dry-run; \
             mend it, or start all the same with --force (`anyway: true`)"
        ),
    )
}
